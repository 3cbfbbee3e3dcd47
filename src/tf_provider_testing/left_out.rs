//! Reports parts that a test leaves out, because the system or the CLI lacks them.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Reports what a test skips, with a count. Standard error shows it also for tests that pass.
pub fn skipped(what: &str) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
    writeln!(io::stderr(), "LEFT OUT ({number}): {what}").expect("standard error");
}
