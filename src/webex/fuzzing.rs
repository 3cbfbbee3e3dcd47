//! Functions for the fuzzer: they read input that a hostile or broken server can send.
//!
//! The readers are private to the client. This module exists in tests and under the fuzzer
//! (`--cfg fuzzing`) only; `fuzz/README.md` describes how to run it.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};

use super::connectors::wire;
use super::error_body::ErrorBody;
use super::redact::Redactor;
use super::retry;
use safe_text::Secret;

/// A secret that no text from a response may contain.
const CANARY: &str = "canary-secret-of-the-call";

/// Reads any body as an error and as each kind of success.
///
/// # Panics
/// Panics when a text from it must not be shown to a user.
pub fn api_body(body: &[u8]) {
    let redactor = Redactor::default();
    redactor.watch(&Secret::new(CANARY.to_owned()));
    let problem = ErrorBody::read(body, &redactor);
    assert!(problem.descriptions.len() <= 5, "{problem:?}");
    let texts = problem.descriptions.iter().chain(&problem.referring_kinds);
    for text in texts.chain(&problem.tracking_id).map(|text| &**text) {
        assert!(text.chars().count() <= 301, "{text:?}");
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(!text.contains(CANARY), "{text:?}");
    }
    drop(wire::connector(body));
    drop(wire::connectors(body));
    drop(wire::references(body));
    drop(wire::flow_connectors(body));
    if let Some(id) = wire::connector_id(body) {
        assert!(!id.as_str().is_empty());
    }
}

/// Reads `Retry-After` and, after a line break, `Date`.
///
/// # Panics
/// Panics when the advice is longer than a year or negative.
pub fn retry_after(bytes: &[u8]) {
    let (advice, date) = match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&bytes[..end], Some(&bytes[end + 1..])),
        None => (bytes, None),
    };
    let mut headers = HeaderMap::new();
    let Ok(value) = HeaderValue::from_bytes(advice) else { return };
    headers.insert(RETRY_AFTER, value);
    if let Some(Ok(value)) = date.map(HeaderValue::from_bytes) {
        headers.insert(DATE, value);
    }
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let advised = retry::retry_after(&headers, now);
    if let Some(advised) = advised {
        assert!(advised <= Duration::from_secs(366 * 24 * 3600), "{advised:?}");
        assert!(!advice.starts_with(b"-"), "a negative number is no advice");
    }
    let _ = retry::server_time(&headers);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Runs a property on every file of a corpus. `factor` is the bytes of memory that a byte of
    /// input may take.
    fn replay(target: &str, factor: usize, property: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
        let files: Vec<_> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() >= 5, "{} seeds in {folder:?}", files.len());
        for file in files {
            println!("{}", file.display());
            let bytes = std::fs::read(file).unwrap();
            let memory = allocation_counter::measure(|| property(&bytes));
            let limit = bytes.len() * factor + (64 << 10);
            assert!(memory.bytes_max <= limit.try_into().unwrap(), "{} bytes", memory.bytes_max);
        }
    }

    #[test]
    fn api_bodies_of_the_corpus_hold() {
        replay("api_body", 512, super::api_body);
    }

    #[test]
    fn retry_afters_of_the_corpus_hold() {
        replay("retry_after", 16, super::retry_after);
    }
}
