//! The log: one JSON object per line on standard error, as Terraform reads it.
//!
//! The form is that of HashiCorp's hclog. Terraform ends with a crash of its
//! own when a reserved field is no string, and shows a line raw when the time
//! has not exactly six fractional digits, so nothing but [`line`] ever writes
//! one. Other libraries' events are dropped unseen: at their lower levels they
//! show what goes over the wire, headers with tokens included.

mod layer;
mod level;
mod line;

use std::io::{self, Write};

use time::OffsetDateTime;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;

use self::layer::HclogLayer;
use self::line::Line;
use super::process::About;

/// The first part of the name of every module here, as tracing reports it.
const OWN_CRATE: &str = env!("CARGO_CRATE_NAME");

/// What Terraform shows as the origin of lines from the provider itself.
const ROOT_MODULE: &str = "provider";

/// Starts logging if the environment asks for it.
///
/// When it does not, nothing is installed, and a log statement in the program
/// costs the comparison of two numbers.
pub(super) fn install(about: &About) {
    let wanted = level::from_environment(about.name, |name| std::env::var(name).ok());
    if let Some(level) = wanted {
        let subscriber = tracing_subscriber::registry().with(HclogLayer::new(level, write));
        // It fails when there is one already, which then stays.
        let _ = tracing::subscriber::set_global_default(subscriber);
    }
}

/// Writes one line about a failure, whether or not logging is on.
pub(super) fn write_error(message: &str, fields: &[(&str, &str)]) {
    let mut line = Line::new(Level::ERROR, OffsetDateTime::now_utc(), ROOT_MODULE, &message);
    for (name, value) in fields {
        line.text(name, value);
    }
    write(&line.finish());
}

/// Writes one line in one piece, so that threads do not mix theirs.
fn write(line: &str) {
    // A closed standard error is no reason to fail: nobody wants to know.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}
