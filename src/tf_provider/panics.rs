//! Panics: caught per call, and reported by their place in the source only.
//!
//! A panic's text may quote a value that must not be seen. Only the place is
//! kept, which is what a report of the defect needs.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

thread_local! {
    /// The place of this thread's last panic. A panic is caught on the thread
    /// on which it happened, so [`catch_panic`] finds its own here.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A call ended by a panic, which is a defect of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panicked {
    /// The place in the source (`src/file.rs:line:column`), when known.
    location: Option<String>,
}

impl fmt::Display for Panicked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(formatter, "the provider panicked at {location}"),
            None => formatter.write_str("the provider panicked"),
        }
    }
}

/// Runs one call, and turns a panic in it into an error of that call alone.
///
/// State that the call shares with others has to be sound after a panic at any
/// point: use locks that recover from poisoning, or hold no lock across code
/// that may panic.
///
/// # Errors
/// When the future panics. The panic's text is dropped unread.
pub(crate) async fn catch_panic<F: Future>(call: F) -> Result<F::Output, Panicked> {
    AssertUnwindSafe(call)
        .catch_unwind()
        .await
        .map_err(|_text| Panicked { location: LAST_PANIC.take() })
}

/// Replaces Rust's report of a panic, which would show the text. `report` gets
/// the place of each panic, when known.
pub(crate) fn install_hook(report: impl Fn(Option<&str>) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |panic| {
        let location = panic.location().map(ToString::to_string);
        report(location.as_deref());
        // A thread that is ending may have dropped the variable already.
        let _ = LAST_PANIC.try_with(|last| last.replace(location));
    }));
}

#[cfg(test)]
mod tests {
    use super::catch_panic;

    #[tokio::test]
    async fn caught_panic_is_an_error_without_its_text() {
        let panicked = catch_panic(async { assert_eq!("hunter2", "") }).await.unwrap_err();
        assert!(!format!("{panicked} {panicked:?}").contains("hunter2"));
        assert_eq!(catch_panic(async { 7 }).await, Ok(7));
    }
}
