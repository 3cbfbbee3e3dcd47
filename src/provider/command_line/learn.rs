//! The command `learn`.

use std::io::{self, Write};
use std::process::ExitCode;

use api_learner::Recording;
use webex_contact_center::Profile;

use super::print;
use super::recordings::{Arguments, read_form, write_whole};

/// The exit code for a profile that does not have the whole life cycle, or that the provider does
/// not accept.
const PARTLY: u8 = 3;

/// Learns a profile, prints it, and prints the report to standard error.
pub(super) fn run(words: &[&str], usage_error: &dyn Fn(&str) -> ExitCode) -> ExitCode {
    let arguments = match Arguments::read(words, &["--form", "--output"]) {
        Ok(arguments) => arguments,
        Err(problem) => return usage_error(&problem),
    };
    let Some(form) = arguments.option("--form") else {
        return usage_error("learn needs --form FORM.json, which lists what you typed.");
    };
    let form = match read_form(form) {
        Ok(form) => form,
        Err(problem) => return usage_error(&problem),
    };
    let files = arguments.files();
    let recordings: Vec<&dyn Recording> = files.iter().map(|file| file as _).collect();
    let outcome = match api_learner::learn(&form, &recordings) {
        Ok(outcome) => outcome,
        Err(error) => {
            print(io::stderr(), &format!("{error}\n"));
            return ExitCode::FAILURE;
        }
    };
    let text = outcome.profile.as_bytes();
    let written = match arguments.option("--output") {
        Some(path) => write_whole(path, &mut |output| output.write_all(text)),
        None => {
            let mut output = io::stdout().lock();
            output.write_all(text).and_then(|()| output.flush())
        }
    };
    print(io::stderr(), &outcome.report);
    let problems = Profile::parse(&outcome.profile).err().unwrap_or_default();
    if !problems.is_empty() {
        let problems: String = problems.iter().map(|problem| format!("  {problem}\n")).collect();
        print(io::stderr(), &format!("The provider does not accept the profile:\n{problems}"));
    }
    match written {
        Ok(()) if outcome.whole && problems.is_empty() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(PARTLY),
        Err(error) => {
            print(io::stderr(), &format!("The profile cannot be written: {error}.\n"));
            ExitCode::FAILURE
        }
    }
}
