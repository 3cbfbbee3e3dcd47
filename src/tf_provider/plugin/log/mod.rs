//! The log: one JSON object per line on standard error, as Terraform reads it.
//!
//! The form is that of HashiCorp's hclog. Terraform crashes when a reserved
//! field is no string, and shows a line raw when the time has not exactly six
//! fractional digits, so only [`mod@line`] writes one. Events of other crates are
//! dropped: at their lower levels they show the traffic, headers with tokens
//! included.

mod layer;
mod level;
mod line;

use std::io::{self, Write};

use time::OffsetDateTime;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;

use self::layer::HclogLayer;
use self::line::Line;
use super::provider_info::ProviderInfo;
use crate::panics;

/// The module that Terraform shows for the provider itself.
const ROOT_MODULE: &str = "provider";

/// Starts logging if the environment asks for it.
///
/// If it does not, nothing is installed, and a log statement in the program
/// costs the comparison of two numbers.
#[expect(clippy::disallowed_methods, reason = "the log level is in the environment")]
pub(super) fn install(info: &ProviderInfo) {
    let wanted = level::from_environment(info.name, |name| std::env::var(name).ok());
    if let Some(level) = wanted {
        let layer = HclogLayer::new(level, info.log_targets, write);
        let subscriber = tracing_subscriber::registry().with(layer);
        // It fails if there is one already, which then stays.
        let _ = tracing::subscriber::set_global_default(subscriber);
    }
}

/// Makes every panic write one line with its place, and nothing else.
pub(super) fn report_panics() {
    panics::install_hook(|location| {
        write_error(
            "The provider panicked. This is a defect of the provider: please report it.",
            &[("location", location.unwrap_or("unknown"))],
        );
    });
}

/// Writes one line about a failure, also if logging is off.
pub(super) fn write_error(message: &str, fields: &[(&str, &str)]) {
    let mut line = Line::new(Level::ERROR, OffsetDateTime::now_utc(), ROOT_MODULE, &message);
    for (name, value) in fields {
        line.field(name, *value);
    }
    write(&line.finish());
}

/// Writes one line at once, so that lines of several threads do not mix.
fn write(line: &str) {
    // A closed standard error is no reason to fail.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::report_panics;
    use crate::panics::catch_panic;

    /// Set in the process that the test below starts.
    const OWN_PROCESS: &str = "PANICS_IN_OWN_PROCESS";

    /// The hook belongs to the whole process, so the test starts itself again.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test calls itself")]
    fn panic_writes_one_line_with_its_place() {
        if std::env::var_os(OWN_PROCESS).is_some() {
            report_panics();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let panicked = runtime.block_on(catch_panic(async { assert_eq!("hunter2\n{}", "") }));
            assert!(panicked.unwrap_err().to_string().contains("log/mod.rs:"));
            return;
        }
        let name = concat!(module_path!(), "::panic_writes_one_line_with_its_place");
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "--test-threads=1"])
            .arg(name.split_once("::").unwrap().1)
            .env(OWN_PROCESS, "1")
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");

        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        let line: serde_json::Value = serde_json::from_str(&stderr).unwrap();
        assert_eq!(line["@level"], "error");
        assert!(line["location"].as_str().unwrap().contains("log/mod.rs:"), "{line}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
}
