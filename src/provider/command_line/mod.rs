//! The command line, for people.
//!
//! Exit codes: 0 is success, 1 is a finding or a failure, 2 is a usage error, 3 is a profile that
//! was learned in part.

mod learn;
mod recordings;
mod scrub;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use super::configuration::profile;
use super::configuration::source::process_environment;
use super::{ADDRESS, NAME, VERSION, doctor, registry, user_agent};
use tf_provider::schema_json;
use webex_contact_center::Profile;

/// The next step after the command line is read.
#[derive(Debug)]
pub enum Next {
    /// End the process.
    Exit(ExitCode),
    /// Serve the provider to a Terraform that is started by hand.
    Debug,
}

/// The help text.
const HELP: &str = "\
The Terraform provider for Webex Contact Center custom connectors.

Terraform starts this program by itself. To use it, name its source in a
configuration and run `terraform init`. Its documentation is on its page in the
registry from which it was installed, and in the folder docs/ of its sources.
The commands below are for people.

USAGE
    terraform-provider-webex COMMAND

COMMANDS
    doctor       check what works in your organization, and advise about the
                 rest; reads the provider's environment variables, such as
                 WEBEX_CC_REGION and WEBEX_ACCESS_TOKEN, writes nothing to
                 Webex, and prints no credentials
      --json     print the result for an issue, without names and ids
    profile      print the API profile in force: the one in the file that
                 WEBEX_CC_API_PROFILE names, or the built-in one
      --schema   print the JSON Schema of API profiles instead
    learn --form FORM.json RECORDING.har [MORE.har ...]
                 learn the API of your organization from a browser's recording;
                 writes an API profile, and a report to standard error; the
                 form lists what you typed, one object for each connector
      --output FILE          write the profile to a file
    scrub RECORDING.har [MORE.har ...]
                 copy a recording so that you can publish it: with the same
                 calls, and every value replaced
      --form FORM.json       keep what the learned profile needs
      --scrubbed-form FILE   write the form with the same replacements
      --output FILE          write the copy to a file
    schema       print what `terraform providers schema -json` would print
    --debug      serve until Ctrl-C, and print how to attach Terraform
    --version    print the version
    --help       print this text

EXIT CODES
    0  success; for doctor: everything that can be checked works
    1  failure; for doctor: there is a problem
    2  invalid command line; for learn and scrub: or invalid form
    3  for learn: the profile is written, and covers a part of the API
";

/// The exit code of a usage error.
const USAGE_ERROR: u8 = 2;

/// Runs the command of the arguments, which exclude the name of the program.
pub fn run(arguments: impl Iterator<Item = OsString>) -> Next {
    let arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    let arguments = arguments.collect::<Vec<_>>();
    let words = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    match words.as_slice() {
        [] => {
            print(io::stderr(), HELP);
            Next::Exit(ExitCode::FAILURE)
        }
        ["--help" | "-h" | "help"]
        | ["doctor" | "schema" | "profile" | "learn" | "scrub", "--help" | "-h"] => {
            print(io::stdout(), HELP);
            Next::Exit(ExitCode::SUCCESS)
        }
        ["--version" | "-V" | "version"] => {
            print(io::stdout(), &format!("terraform-provider-{NAME} {VERSION}\n"));
            Next::Exit(ExitCode::SUCCESS)
        }
        ["--debug" | "-debug"] => Next::Debug,
        ["schema"] => {
            let schema = format!("{:#}\n", schema_json::describe(&registry(), ADDRESS));
            Next::Exit(print_document(&schema))
        }
        ["doctor"] => Next::Exit(run_doctor(Format::Page)),
        ["doctor", "--json"] => Next::Exit(run_doctor(Format::Json)),
        ["profile"] => Next::Exit(match profile::in_force(&process_environment) {
            Ok(profile) => print_document(profile.text()),
            Err(problem) => {
                print(io::stderr(), &format!("{}\n", doctor::text(&problem)));
                ExitCode::FAILURE
            }
        }),
        ["profile", "--schema"] => Next::Exit(print_document(Profile::schema())),
        ["learn", rest @ ..] => Next::Exit(learn::run(rest, &usage_error)),
        ["scrub", rest @ ..] => Next::Exit(scrub::run(rest, &usage_error)),
        ["doctor" | "schema" | "profile", first, ..] | [first, ..] => {
            Next::Exit(usage_error(&format!("There is no argument {first:?}.")))
        }
    }
}

/// Says why a command cannot be carried out as it is given.
fn usage_error(problem: &str) -> ExitCode {
    print(io::stderr(), &format!("{problem} Try --help.\n"));
    ExitCode::from(USAGE_ERROR)
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// A page, each line as soon as it is known.
    Page,
    /// JSON.
    Json,
}

/// Runs the doctor and prints its report.
fn run_doctor(format: Format) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            print(io::stderr(), &format!("This system cannot make network calls: {error}.\n"));
            return ExitCode::FAILURE;
        }
    };
    let mut print_line = |check: &doctor::report::Check| {
        if format == Format::Page {
            print(io::stdout(), &doctor::report::line(check));
        }
    };
    if format == Format::Page {
        print(io::stdout(), &doctor::report::head());
    }
    let agent = user_agent("");
    let examination = doctor::examine(&process_environment, &agent, &mut print_line);
    let report = runtime.block_on(examination);
    print(
        io::stdout(),
        &match format {
            Format::Page => report.conclusion(),
            Format::Json => report.json(),
        },
    );
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a document, which is usually redirected to a file. A part of it would be of no use.
fn print_document(text: &str) -> ExitCode {
    let mut output = io::stdout();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            print(io::stderr(), &format!("The output cannot be written: {error}.\n"));
            ExitCode::FAILURE
        }
    }
}

/// Writes a text. A closed output is no error.
fn print(mut output: impl io::Write, text: &str) {
    let _ = output.write_all(text.as_bytes());
    let _ = output.flush();
}
