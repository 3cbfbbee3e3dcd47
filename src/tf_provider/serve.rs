//! The entry point of a provider's `main`.

use std::process::ExitCode;

use super::plugin::{self, Mode, ProviderInfo};
use super::provider::Registry;
use super::server::Server;

/// Serves a provider until Terraform has finished with it, and returns the exit
/// code for `main` to return at once.
///
/// `registry` is called once, after Terraform has received the address to
/// connect to, so that its work overlaps with the connecting.
///
/// Takes over the process: its signals, its panic hook, its log, standard
/// output and standard error. Call it once, with no async runtime running.
pub fn serve(info: &ProviderInfo, mode: Mode, registry: impl FnOnce() -> Registry) -> ExitCode {
    plugin::run(info, mode, |lifetime| Server::new(registry(), lifetime))
}
