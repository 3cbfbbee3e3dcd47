//! What the program does when a person starts it.
//!
//! Exit codes: 0 is success, 1 is a finding or a failure, 2 is a command line
//! that cannot be understood.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use super::{NAME, VERSION};

/// What follows from the command line.
#[derive(Debug)]
pub enum Next {
    /// Nothing more is to be done.
    Exit(ExitCode),
    /// The provider is to be served to a Terraform that is started by hand.
    Debug,
}

/// The help text.
const HELP: &str = "\
The Terraform provider for Webex Contact Center custom connectors.

Terraform starts this program by itself. To use it, name it in a configuration
and run `terraform init`; see README.md.

USAGE
    terraform-provider-webex [OPTION]

OPTIONS
    --debug      serve until Ctrl-C, and print how to attach Terraform to it
    --version    print the version
    --help       print this text
";

/// The exit code of a command line that cannot be understood.
const USAGE: u8 = 2;

/// Does what the arguments (without the program's name) say.
pub fn run(arguments: impl Iterator<Item = OsString>) -> Next {
    let arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    let arguments = arguments.collect::<Vec<_>>();
    let words = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    match words.as_slice() {
        [] => {
            say(io::stderr(), HELP);
            Next::Exit(ExitCode::FAILURE)
        }
        ["--help" | "-h" | "help"] => {
            say(io::stdout(), HELP);
            Next::Exit(ExitCode::SUCCESS)
        }
        ["--version" | "-V" | "version"] => {
            say(io::stdout(), &format!("terraform-provider-{NAME} {VERSION}\n"));
            Next::Exit(ExitCode::SUCCESS)
        }
        ["--debug" | "-debug"] => Next::Debug,
        [first, ..] => {
            let text = format!("{first:?} is not an option of this program.\n\n{HELP}");
            say(io::stderr(), &text);
            Next::Exit(ExitCode::from(USAGE))
        }
    }
}

/// Writes a text. When nobody reads it any more, nobody misses it.
fn say(mut output: impl io::Write, text: &str) {
    let _ = output.write_all(text.as_bytes());
    let _ = output.flush();
}
