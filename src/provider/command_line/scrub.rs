//! The command `scrub`.

use std::io::{self, Write};
use std::process::ExitCode;

use api_learner::{Recording, ScrubError};

use super::print;
use super::recordings::{Arguments, read_form, write_whole};

/// Writes a copy of recordings that can be published.
pub(super) fn run(words: &[&str], usage_error: &dyn Fn(&str) -> ExitCode) -> ExitCode {
    let known = ["--form", "--output", "--scrubbed-form"];
    let arguments = match Arguments::read(words, &known) {
        Ok(arguments) => arguments,
        Err(problem) => return usage_error(&problem),
    };
    let form = match arguments.option("--form").map(read_form).transpose() {
        Ok(form) => form,
        Err(problem) => return usage_error(&problem),
    };
    let scrubbed_form = arguments.option("--scrubbed-form");
    if scrubbed_form.is_some() && form.is_none() {
        return usage_error("--scrubbed-form needs --form FORM.json.");
    }
    if scrubbed_form.is_some() && scrubbed_form == arguments.option("--output") {
        return usage_error("--output and --scrubbed-form need different files.");
    }
    let files = arguments.files();
    let recordings: Vec<&dyn Recording> = files.iter().map(|file| file as _).collect();
    let scrubber = match api_learner::scrub(form.as_ref(), &recordings) {
        Ok(scrubber) => scrubber,
        Err(error) => {
            print(io::stderr(), &format!("{error}\n"));
            return ExitCode::FAILURE;
        }
    };
    let mut failure = None;
    let mut copy = |output: &mut dyn Write| {
        scrubber.write(output).map_err(|error| match error {
            ScrubError::Output(error) => error,
            ScrubError::Recording(error) => {
                failure = Some(error);
                io::ErrorKind::Other.into()
            }
        })
    };
    let written = match arguments.option("--output") {
        Some(path) => write_whole(path, &mut copy),
        None => {
            let mut output = io::BufWriter::new(io::stdout().lock());
            copy(&mut output).and_then(|()| output.flush())
        }
    };
    let scrubbed = scrubber.scrubbed();
    let written = written.and_then(|()| match (scrubbed_form, &scrubbed.form) {
        (Some(path), Some(form)) => {
            write_whole(path, &mut |output| output.write_all(form.as_bytes()))
        }
        (Some(_), None) | (None, _) => Ok(()),
    });
    if let Some(note) = &scrubbed.note {
        let text = format!("Constants of the API were replaced, too: {note}\n");
        print(io::stderr(), &text);
    }
    match (written, failure) {
        (Ok(()), _) => ExitCode::SUCCESS,
        (Err(_), Some(error)) => {
            print(io::stderr(), &format!("{error}\n"));
            ExitCode::FAILURE
        }
        (Err(error), None) => {
            print(io::stderr(), &format!("The copy cannot be written: {error}.\n"));
            ExitCode::FAILURE
        }
    }
}
