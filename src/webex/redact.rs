//! Removes secrets from texts of the server.
//!
//! A server may repeat parts of a request, whole or truncated, plain or encoded. Every run of eight
//! bytes that also occurs in a secret of the call, in any of the usual encodings, is replaced.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::percent::encoded;
use safe_text::Secret;

/// The replacement of a secret.
const PLACEHOLDER: &str = "[secret removed]";

/// The replacement of a text that cannot be redacted.
const WITHHELD: &str = "[withheld, because it may contain a secret]";

/// The bytes in a row that count as a part of a secret.
const WINDOW: usize = 8;

/// The length in bytes below which a secret is like ordinary text.
const TOO_SHORT: usize = 4;

/// The secrets of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor {
    secrets: Vec<Secret>,
}

impl Redactor {
    /// Adds a secret.
    pub(crate) fn watch(&mut self, secret: &Secret) {
        if !secret.is_empty() && !self.secrets.contains(secret) {
            self.secrets.push(secret.clone());
        }
    }

    /// Returns the text with everything replaced that could be a part of a secret.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut covered = vec![false; text.len()];
        for secret in &self.secrets {
            for form in forms(secret.expose()) {
                if form.len() < TOO_SHORT {
                    if text.contains(form.as_str()) {
                        return WITHHELD.to_owned();
                    }
                } else {
                    cover(text.as_bytes(), form.as_bytes(), &mut covered);
                }
            }
        }
        replaced(text, &covered)
    }
}

/// Marks every byte of `text` in a run that also occurs in `secret`.
fn cover(text: &[u8], secret: &[u8], covered: &mut [bool]) {
    let length = secret.len().min(WINDOW);
    let windows: HashSet<&[u8]> = secret.windows(length).collect();
    for (start, window) in text.windows(length).enumerate() {
        if windows.contains(window)
            && let Some(run) = covered.get_mut(start..start + length)
        {
            run.fill(true);
        }
    }
}

fn replaced(text: &str, covered: &[bool]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut inside = false;
    for (start, character) in text.char_indices() {
        let end = start + character.len_utf8();
        let hidden = covered.get(start..end).is_some_and(|bytes| bytes.contains(&true));
        if !hidden {
            clean.push(character);
        } else if !inside {
            clean.push_str(PLACEHOLDER);
        }
        inside = hidden;
    }
    clean
}

/// Returns the encodings of a secret: plain, in a JSON string, in a URL or a form, and in base64,
/// alone or after another text such as a user name.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let mut forms = vec![secret.to_owned(), json_escaped(secret)];
    let in_url = encoded(secret);
    for encoded in [lowercase_hex(&in_url), in_url] {
        forms.push(encoded.replace("%20", "+"));
        forms.push(encoded);
    }
    for (offset, prefix) in ["", "\0", "\0\0"].into_iter().enumerate() {
        let shifted = Zeroizing::new(format!("{prefix}{secret}"));
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let encoded = Zeroizing::new(engine.encode(shifted.as_bytes()));
            // The characters at both ends also depend on the text around the secret.
            let (first, last) = (if offset == 0 { 0 } else { offset + 1 }, encoded.len() - 1);
            forms.push(encoded.get(first..last).unwrap_or_default().to_owned());
        }
    }
    let mut forms: Vec<_> = forms.into_iter().map(Zeroizing::new).collect();
    // A short secret has fragments of base64 that match ordinary text.
    forms.retain(|form| !form.is_empty() && (form.len() >= TOO_SHORT || form.as_str() == secret));
    forms
}

fn json_escaped(secret: &str) -> String {
    let quoted = Zeroizing::new(serde_json::to_string(secret).unwrap_or_default());
    quoted.trim_matches('"').to_owned()
}

/// Returns percent-encoded text with its hexadecimal digits in lower case.
fn lowercase_hex(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        text.push('%');
        text.push_str(&digits.to_ascii_lowercase());
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    const CANARY: &str = "cAn4ry \"sécret\"/+?&=\nwith everything";

    fn redactor(secret: &str) -> Redactor {
        let mut redactor = Redactor::default();
        redactor.watch(&Secret::from(secret));
        redactor
    }

    #[test]
    fn secret_is_removed_in_every_encoding() {
        let encodings = [
            CANARY.to_owned(),
            serde_json::to_string(CANARY).unwrap(),
            super::encoded(CANARY),
            lowercase_hex(&super::encoded(CANARY)),
            super::encoded(CANARY).replace("%20", "+"),
            STANDARD.encode(CANARY),
            STANDARD.encode(format!("user:{CANARY}")),
            STANDARD.encode(format!("me:{CANARY}")),
            URL_SAFE_NO_PAD.encode(format!("u:{CANARY}")),
        ];
        for encoded in encodings {
            let clean = redactor(CANARY).clean(&format!("before {encoded} after"));
            assert!(clean.starts_with("before "), "{clean}");
            assert!(clean.ends_with(" after"), "{clean}");
            let inside = clean.trim_start_matches("before ").trim_end_matches(" after");
            for window in encoded.as_bytes().windows(WINDOW) {
                let hit = inside.as_bytes().windows(WINDOW).any(|found| found == window);
                assert!(!hit, "{clean} still shows {}", String::from_utf8_lossy(window));
            }
        }
    }

    #[test]
    fn truncated_secret_is_removed() {
        let clean = redactor(CANARY).clean("invalid secret 'cAn4ry \"s…'");
        assert_eq!(clean, "invalid secret '[secret removed]…'");
        let clean = redactor("0123456789abcdef").clean("ends in 89abcdef.");
        assert_eq!(clean, "ends in [secret removed].");
    }

    #[test]
    fn short_secrets_are_removed_whole() {
        assert_eq!(redactor("hunter").clean("no hunter here"), "no [secret removed] here");
        assert_eq!(redactor("abc").clean("an abc"), WITHHELD);
        assert_eq!(redactor("abc").clean("nothing"), "nothing");
    }

    #[test]
    fn text_without_secrets_is_unchanged() {
        assert_eq!(
            redactor(CANARY).clean("tokenUrl: not a valid URL ä"),
            "tokenUrl: not a valid URL ä"
        );
        assert_eq!(Redactor::default().clean("x"), "x");
    }

    proptest! {
        #[test]
        fn random_secret_is_removed(secret in ".{8,40}", before in ".{0,20}", after in ".{0,20}") {
            let clean = redactor(&secret).clean(&format!("{before}{secret}{after}"));
            prop_assert!(!clean.contains(&secret));
        }
    }
}
