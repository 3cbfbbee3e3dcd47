//! Measures the provider as a process.
//!
//! `make bench` builds the release binary and runs this against it, without any
//! network. The simulator takes the place of Webex. The tests' plugin client takes
//! the place of Terraform for times in milliseconds, and the real CLI runs the
//! commands of users. The results are `report.json` and `report.md`.
//!
//! Compared programs are measured in turn: on a machine with other work, the load
//! changes from minute to minute. Figures that do not depend on the load (calls,
//! memory, instructions) are reported as well.
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
mod first_call;
mod instructions;
mod machine;
mod many;
mod network;
mod report;
mod session;
mod settings;
mod starts;
mod statistics;
mod subject;
mod throughput;
mod workspace;

/// The tests' tools: the plugin client and the real CLI.
#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use report::Report;
use settings::Settings;

/// The name of a part of the report, and its measurement.
type Section = (&'static str, fn(&Settings, &mut Report));

/// The sections in the order of the report: long and disturbing ones come last.
const SECTIONS: [Section; 12] = [
    ("artifact", artifact::measure),
    ("starts", starts::measure),
    ("first_call", first_call::measure),
    ("calls", api_calls::measure),
    ("cli", cli::measure),
    ("network", network::measure),
    ("many", many::measure),
    ("provider", cli::measure_provider),
    ("throughput", throughput::measure),
    ("instructions", instructions::measure),
    ("budget", instructions::check),
    ("build", artifact::measure_clean_build),
];

fn main() {
    let settings = Settings::from_environment();
    let mut report = Report::begin(&settings);
    for (name, measure) in SECTIONS {
        if settings.wants(name) {
            eprintln!("measuring: {name} (load {})", machine::load());
            let started = Instant::now();
            measure(&settings, &mut report);
            report.finish_section(name, started.elapsed());
            // A run that is stopped leaves what it has measured.
            report.write(&settings.folder);
        }
    }
    println!("{}", report.table());
}
