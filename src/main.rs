//! Serves the provider when Terraform started the process, and otherwise runs the
//! command line.

use std::alloc::System;
use std::process::ExitCode;

use terraform_provider_webex::provider::{self, command_line};
use tf_provider::{Mode, ProviderInfo};
use zeroizing_alloc::ZeroAlloc;

/// Overwrites all memory of the heap when it is freed: also the buffers of libraries, through which
/// credentials pass.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

const INFO: ProviderInfo = ProviderInfo::new(provider::NAME, provider::VERSION, provider::ADDRESS)
    .log_targets(&[("terraform_provider_webex", ""), ("webex_contact_center", "webex")]);

#[expect(clippy::disallowed_methods, reason = "the one place that reads the arguments")]
fn main() -> ExitCode {
    if tf_provider::started_by_terraform() {
        return tf_provider::serve(&INFO, Mode::Child, provider::registry);
    }
    match command_line::run(std::env::args_os().skip(1)) {
        command_line::Next::Exit(code) => code,
        command_line::Next::Debug => tf_provider::serve(&INFO, Mode::Debug, provider::registry),
    }
}
