//! Measures the provider as Terraform meets it: as a process.
//!
//! `make bench` builds the release binary and runs this against it; nothing
//! leaves the machine. Webex is played by the simulator, Terraform by the
//! tests' plugin client where milliseconds count, and by the real CLI where
//! users wait for it. The outcome is `report.json` and `report.md`.
//!
//! Everything that is compared is measured in turn, not one after the other: on
//! a machine that others use as well, the load changes from minute to minute.
//! What does not depend on the load (calls, memory, instructions, CPU time) is
//! reported beside what does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a measurement that fails ends with a panic; what it finds is printed"
)]
#![allow(clippy::disallowed_methods, reason = "measurements are set up by the environment")]

mod api_calls;
mod artifact;
mod cli;
mod machine;
mod report;
mod session;
mod settings;
mod starts;
mod statistics;
mod subject;
mod throughput;
mod workspace;

/// The tests' tools: the plugin client and the real CLI.
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/mod.rs"]
mod support;

use report::Report;
use settings::Settings;

/// A part of the report, and how it is measured.
type Section = (&'static str, fn(&Settings, &mut Report));

/// In the order of the report: what takes long, and disturbs, comes last.
const SECTIONS: [Section; 8] = [
    ("artifact", artifact::measure),
    ("starts", starts::measure),
    ("calls", api_calls::measure),
    ("cli", cli::measure),
    ("provider", cli::measure_provider),
    ("throughput", throughput::measure),
    ("instructions", throughput::measure_instructions),
    ("build", artifact::measure_clean_build),
];

fn main() {
    let settings = Settings::from_environment();
    let mut report = Report::begin(&settings);
    for (name, measure) in SECTIONS {
        if settings.wants(name) {
            eprintln!("measuring: {name} (load {})", machine::load());
            measure(&settings, &mut report);
        }
    }
    println!("{}", report.write(&settings.folder));
}
