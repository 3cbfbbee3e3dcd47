//! The program: serves Terraform, or runs the command line for people.

use std::process::ExitCode;

use terraform_provider_webex::provider::{self, command_line};
use tf_provider::plugin::{self, About, Mode};
use tf_provider::server::Server;

/// How the provider presents itself.
const ABOUT: About =
    About { name: provider::NAME, version: provider::VERSION, address: provider::ADDRESS };

#[expect(clippy::disallowed_methods, reason = "the one place that reads the arguments")]
fn main() -> ExitCode {
    if plugin::started_by_terraform() {
        return serve(Mode::Child);
    }
    match command_line::run(std::env::args_os().skip(1)) {
        command_line::Next::Exit(code) => code,
        command_line::Next::Debug => serve(Mode::Debug),
    }
}

fn serve(mode: Mode) -> ExitCode {
    plugin::run(&ABOUT, mode, |lifetime| Server::new(provider::registry(), lifetime))
}
