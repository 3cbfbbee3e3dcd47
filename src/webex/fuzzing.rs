//! Functions for the fuzzer: they read input that a hostile or broken server can send.
//!
//! The readers are private to the client. This module exists in tests and under the fuzzer
//! (`--cfg fuzzing`) only; `fuzz/README.md` describes how to run it.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};

use super::calls::CallName;
use super::connectors::choices;
use super::error_body::ErrorBody;
use super::percent;
use super::profile::{Profile, Source};
use super::redact::{Redactor, base32};
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
    drop(choices::flow_connectors(body));
    static PROFILE: LazyLock<Profile> = LazyLock::new(Profile::built_in);
    let profile = &*PROFILE;
    drop(profile.connectors(body));
    drop(profile.references(body));
    drop(profile.examine(CallName::List, body, &|_| true));
    if let Ok(call) = profile.call(CallName::Read) {
        drop(profile.connector(call, body, Source::Read));
        if let Some(id) = profile.new_id(call, body) {
            assert!(!id.as_str().is_empty());
        }
    }
}

/// Reads a document as an API profile, and makes requests with one that is valid.
pub fn profile(document: &[u8]) {
    let Ok(text) = std::str::from_utf8(document) else { return };
    match Profile::parse(text) {
        Ok(profile) => assert_eq!(profile.text(), text),
        Err(problems) => assert!(!problems.is_empty() && problems.len() <= 50),
    }
}

/// Reads an error that repeats a credential. The first byte chooses how it is written, and the rest
/// is the text around it.
///
/// # Panics
/// Panics when the credential can be read in what would be shown, in any of the ways to write it.
pub fn error_body(bytes: &[u8]) {
    /// The bytes around the credential. More would cost time and find nothing: 300 characters are
    /// shown.
    const AROUND: usize = 4096;
    static FORMS: LazyLock<Vec<String>> = LazyLock::new(|| forms(CANARY));
    static PARTS: LazyLock<BTreeMap<usize, HashSet<Vec<char>>>> =
        LazyLock::new(|| readable_parts(&FORMS));
    let Some((choice, around)) = bytes.split_first() else { return };
    let form = &FORMS[usize::from(*choice) % FORMS.len()];
    let around = String::from_utf8_lossy(&around[..around.len().min(AROUND)]);
    let middle = around.char_indices().nth(around.chars().count() / 2);
    let (before, after) = around.split_at(middle.map_or(0, |(middle, _)| middle));
    let text = format!("{before}{form}{after}");
    let body = serde_json::json!({
        "trackingId": text,
        "error": {"message": [{"description": text}], "referencedEntities": [text]},
    });
    let redactor = Redactor::default();
    redactor.watch(&Secret::new(CANARY.to_owned()));
    let problem = ErrorBody::read(body.to_string().as_bytes(), &redactor);
    let texts = problem.descriptions.iter().chain(&problem.referring_kinds);
    for shown in texts.chain(&problem.tracking_id).map(|text| plain(text)) {
        for (length, parts) in &*PARTS {
            let is_shown = shown.windows(*length).any(|part| parts.contains(part));
            assert!(!is_shown, "{text:?} is shown as {shown:?}");
        }
    }
}

/// Returns the parts of the forms of the credential that must not be readable, by length.
///
/// Sixteen characters of a form that is looked for as it is are two windows of the redactor. Other
/// forms are decoded first, so that a part has to hold eight letters and digits of the credential,
/// the punctuation between them, and half an escape at each end.
fn readable_parts(forms: &[String]) -> BTreeMap<usize, HashSet<Vec<char>>> {
    let mut parts = BTreeMap::<usize, HashSet<Vec<char>>>::new();
    for form in forms {
        let is_decoded = form.contains(['\\', '&', '%', '+']) || form.contains("0x");
        let form = plain(form);
        let each = form.len().div_ceil(CANARY.len());
        let length = if is_decoded { 16.max(12 * each) } else { 16 };
        parts.entry(length).or_default().extend(form.windows(length).map(<[char]>::to_vec));
    }
    parts
}

/// Returns the letters and digits of a text, in lower case.
fn plain(text: &str) -> Vec<char> {
    text.chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns a credential in every form that must not be readable.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    let each = |form: &dyn Fn(char) -> String| secret.chars().map(form).collect::<String>();
    let bytes = |prefix: &str| {
        let form = |byte: u8| format!("{prefix}{byte:02x}");
        secret.bytes().map(form).collect::<String>()
    };
    let url = percent::encoded(secret);
    let entities = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        text.replace('"', "&quot;")
    };
    let json = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let wide = |one: char| match one {
        '!'..='~' => char::from_u32(u32::from(one) + 0xfee0).unwrap_or(one).to_string(),
        other => other.to_string(),
    };
    vec![
        secret.to_owned(),
        json(secret),
        json(&json(secret)),
        url.clone(),
        url.to_ascii_lowercase().replace("%20", "+"),
        percent::encoded(&url),
        bytes("%"),
        bytes("%").to_uppercase(),
        bytes("\\x"),
        bytes("="),
        entities(secret),
        entities(&entities(secret)),
        each(&|one| format!("&#{};", u32::from(one))),
        each(&|one| format!("&#x{:X};", u32::from(one))),
        each(&|one| format!("&#{} ", u32::from(one))),
        each(&|one| format!("&#{:07};", u32::from(one))),
        each(&|one| format!("%u{:04x}", u32::from(one))),
        each(&|one| format!("U+{:04X} ", u32::from(one))),
        secret.bytes().map(|byte| format!("\\{byte:03o}")).collect(),
        bytes(" 0x"),
        each(&|one| format!("\\u{:04x}", u32::from(one))),
        each(&|one| format!("\\\\u{:04x}", u32::from(one))),
        each(&|one| format!("\\u{{{:x}}}", u32::from(one))),
        STANDARD.encode(secret),
        STANDARD.encode(format!("user:{secret}")),
        STANDARD.encode(format!("me:{secret}@host")),
        URL_SAFE_NO_PAD.encode(format!("u:{secret}")),
        base32(secret.as_bytes()),
        base32(format!("u:{secret}:more").as_bytes()),
        base32(format!("abcd{secret}").as_bytes()).to_lowercase(),
        bytes(""),
        bytes("").to_uppercase(),
        bytes(" "),
        secret.to_uppercase(),
        secret.to_lowercase(),
        each(&|one| format!("{one}\u{200b}")),
        each(&|one| format!("{one}\u{ad}")),
        each(&|one| format!("{one}\u{61c}\u{e0061}")),
        each(&|one| format!("{one} ")),
        each(&|one| format!("{one}-")),
        each(&|one| format!("{one}\n")),
        each(&wide),
    ]
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

    use proptest::prelude::*;

    /// Runs a property on every file of a corpus. `factor` is the bytes of memory that a byte of
    /// input may take.
    fn replay(target: &str, factor: usize, property: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
        let files: Vec<_> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() >= 5, "{} seeds in {folder:?}", files.len());
        // The first call makes what stays in memory.
        property(b" ");
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

    /// Every form, in every text of the corpus.
    #[test]
    fn repeated_credentials_of_the_corpus_are_not_shown() {
        replay("error_body", 4096, |bytes| {
            super::error_body(bytes);
            for form in 0..super::forms(super::CANARY).len() {
                let choice = u8::try_from(form).unwrap();
                super::error_body(&[&[choice], bytes].concat());
            }
        });
    }

    #[test]
    fn profiles_of_the_corpus_hold() {
        replay("profile", 512, super::profile);
    }

    #[test]
    fn retry_afters_of_the_corpus_hold() {
        replay("retry_after", 16, super::retry_after);
    }

    proptest! {
        /// Properties that libFuzzer checks as well. Text is likelier than bytes to hold half an escape.
        #[test]
        fn repeated_credential_is_never_shown(choice in any::<u8>(), around in "[ -~\\\\%&=#;u0-9a-f\u{ad}\u{200b}]{0,60}") {
            super::error_body(&[&[choice], around.as_bytes()].concat());
        }
    }
}
