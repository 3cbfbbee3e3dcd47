//! Panics: one log line with the place, never the text.
//!
//! A panic's text is made by whoever panicked, and may quote a value that must
//! not be seen. Only the place in the source is kept, which is what a report of
//! the defect needs.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::log;

thread_local! {
    /// Where this thread panicked last. A panic is caught on the thread on
    /// which it happened, so [`guard`] finds its own here.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A call ended by a panic, which is a defect of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    location: Option<String>,
}

impl Panicked {
    /// The place in the source (`src/file.rs:line:column`), when known.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(formatter, "the provider panicked at {location}"),
            None => formatter.write_str("the provider panicked"),
        }
    }
}

impl std::error::Error for Panicked {}

/// Runs one call so that a panic in it is an error of that call alone.
///
/// State that the call shares with others has to be sound after a panic at any
/// point: use locks that recover from poisoning, or hold no lock across code
/// that may panic.
///
/// # Errors
/// When the future panics. The panic's text is dropped unread.
pub async fn guard<F: Future>(call: F) -> Result<F::Output, Panicked> {
    AssertUnwindSafe(call)
        .catch_unwind()
        .await
        .map_err(|_text| Panicked { location: LAST_PANIC.take() })
}

/// Makes every panic of the process leave one log line, and nothing else, on
/// standard error. Rust's own report would not be JSON and would show the text.
pub(super) fn install_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        log::write_error(
            "The provider panicked. This is a defect of the provider: please report it.",
            &[("location", location.as_deref().unwrap_or("unknown"))],
        );
        // A thread that is being taken down has no such variable any more.
        let _ = LAST_PANIC.try_with(|last| last.replace(location));
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{guard, install_hook};

    #[tokio::test]
    async fn a_panic_is_an_error_without_its_text() {
        let panicked = guard(async { assert_eq!("hunter2", "") }).await.unwrap_err();
        assert!(!format!("{panicked} {panicked:?}").contains("hunter2"));
        assert_eq!(guard(async { 7 }).await, Ok(7));
    }

    /// Says to the test below that it runs in a process of its own.
    const OWN_PROCESS: &str = "PANICS_IN_OWN_PROCESS";

    /// The hook belongs to the whole process, so the test starts itself again.
    #[test]
    fn a_panic_leaves_one_line_with_the_place() {
        if std::env::var_os(OWN_PROCESS).is_some() {
            install_hook();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let panicked = runtime.block_on(guard(async { assert_eq!("hunter2\n{}", "") }));
            let location = panicked.unwrap_err().location().map(str::to_owned);
            assert!(location.is_some_and(|place| place.contains("panics.rs:")));
            return;
        }
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "--test-threads=1"])
            .arg(
                concat!(module_path!(), "::a_panic_leaves_one_line_with_the_place")
                    .split_once("::")
                    .unwrap()
                    .1,
            )
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
        assert!(line["location"].as_str().unwrap().contains("panics.rs:"), "{line}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
}
