//! Reads the known fields of an error response, and no others.
//!
//! Error responses have several shapes:
//!
//! - Cisco documents one for the Configuration APIs:
//!   `{"trackingId","error":{"key","reason","message":[{"description"}],"referencedEntities":[…]}}`.
//! - `error` may be a string instead, also in the errors of Spring.
//! - The public Webex APIs return `{"message","errors":[{"description"}],"trackingId"}`.
//! - The calls about flows return `{"code","message","details":[{"path","code","message"}]}`, and
//!   for a flow that is not valid `{"valid","errors":[{"message"}],"warnings","summary"}`.
//! - A token endpoint follows RFC 6749 §5.2.

use super::json::{self, Array, Object};
use super::problems::OauthError;
use super::redact::Redactor;
use safe_text::Shown;

/// The most descriptions that are kept.
const MOST_DESCRIPTIONS: usize = 5;

/// The largest body, in bytes, that is read as an error.
const LARGEST_BODY: usize = 64 * 1024;

/// The fields of an error response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    pub(crate) descriptions: Vec<Shown>,
    pub(crate) referring_kinds: Vec<Shown>,
    pub(crate) tracking_id: Option<Shown>,
    pub(crate) oauth: Option<OauthError>,
    /// Whether the response may come from the API: its body is a JSON object, or empty.
    pub(crate) is_from_api: bool,
}

impl ErrorBody {
    /// Reads a body, without the secrets of `redactor`.
    pub(crate) fn read(body: &[u8], redactor: &Redactor) -> Self {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Self { is_from_api: true, ..Self::default() };
        }
        if body.len() > LARGEST_BODY {
            return Self::default();
        }
        let Ok(object) = Object::parse(body) else { return Self::default() };
        let mut texts = Vec::new();
        let mut referring_kinds = Vec::new();
        let mut oauth = None;
        if let Some(error) = object.object("error") {
            texts.extend(error.text("reason"));
            read_messages(&error, "message", &mut texts);
            referring_kinds = strings(error.array("referencedEntities"));
        } else if let Some(error) = object.text("error") {
            oauth = OauthError::parse(&error);
            texts.push(error);
        }
        texts.extend(object.text("error_description"));
        read_messages(&object, "message", &mut texts);
        read_messages(&object, "errors", &mut texts);
        read_messages(&object, "details", &mut texts);
        let tracking_id = object.text("trackingId").map(|id| safe(&id, redactor));

        let mut descriptions: Vec<Shown> = Vec::new();
        for text in texts {
            let description = safe(&text, redactor);
            if !description.is_empty() && !descriptions.contains(&description) {
                descriptions.push(description);
            }
        }
        descriptions.truncate(MOST_DESCRIPTIONS);
        let referring_kinds = referring_kinds.iter().map(|kind| safe(kind, redactor)).collect();
        Self { descriptions, referring_kinds, tracking_id, oauth, is_from_api: true }
    }
}

/// Reads a string, or an array of strings or of objects with a description.
fn read_messages(object: &Object<'_>, key: &str, texts: &mut Vec<String>) {
    if let Some(text) = object.text(key) {
        texts.push(text);
        return;
    }
    for element in object.array(key).into_iter().flatten().take(MOST_DESCRIPTIONS) {
        if let Some(text) = json::text(element) {
            texts.push(text);
        } else if let Ok(element) = Object::from_raw(element) {
            texts.extend(element.text("description").or_else(|| element.text("message")));
        }
    }
}

fn strings(array: Option<Array<'_>>) -> Vec<String> {
    array.into_iter().flatten().take(MOST_DESCRIPTIONS).filter_map(json::text).collect()
}

/// Returns a text of the server that can be shown: one line of bounded length, of letters, digits
/// and ordinary punctuation, without credentials. A replacement character stands for any other.
pub(crate) fn safe(text: &str, redactor: &Redactor) -> Shown {
    let clean = redactor.clean(text.trim());
    let mut lines = clean.lines().map(str::trim_end);
    let mut line = lines.next().unwrap_or_default().to_owned();
    if lines.any(|line| !line.is_empty()) {
        line.push('…');
    }
    let ordinary = line.chars().map(|character| {
        if is_ordinary(character) { character } else { char::REPLACEMENT_CHARACTER }
    });
    Shown::new(&ordinary.collect::<String>())
}

/// Whether a character is a letter, a digit, a blank or ordinary punctuation.
fn is_ordinary(character: char) -> bool {
    const PUNCTUATION: &str = "–—‘’‚“”„«»‹›…·•¿¡°§€£¥©®™";
    character == ' '
        || character.is_ascii_punctuation()
        || character.is_alphanumeric()
        || PUNCTUATION.contains(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use safe_text::Secret;

    fn read(body: &str) -> ErrorBody {
        ErrorBody::read(body.as_bytes(), &Redactor::default())
    }

    #[test]
    fn every_documented_error_shape_is_read() {
        let cases = [
            (
                r#"{"trackingId":"ccconfig_1","error":{"key":"400","reason":"dependency exists","message":[{"description":"siteId: not found for given orgId."}],"referencedEntities":["flow"]}}"#,
                vec!["dependency exists", "siteId: not found for given orgId."],
                Some("ccconfig_1"),
            ),
            (r#"{"error":"Unauthorized"}"#, vec!["Unauthorized"], None),
            (
                r#"{"timestamp":1,"status":405,"error":"Method Not Allowed","path":"/organization/x"}"#,
                vec!["Method Not Allowed"],
                None,
            ),
            (
                r#"{"message":"Bad","errors":[{"description":"Worse"}],"trackingId":"X_2"}"#,
                vec!["Bad", "Worse"],
                Some("X_2"),
            ),
            (
                r#"{"error":"invalid_grant","error_description":"expired"}"#,
                vec!["invalid_grant", "expired"],
                None,
            ),
            (r#"{"error":{"message":"plain"}}"#, vec!["plain"], None),
            (
                r#"{"code":"INVALID_FLOW","message":"Flow","details":[{"path":"/a","code":"Q","message":"Queue"}]}"#,
                vec!["Flow", "Queue"],
                None,
            ),
        ];
        for (body, descriptions, tracking_id) in cases {
            let problem = read(body);
            assert_eq!(problem.descriptions, descriptions, "{body}");
            assert_eq!(problem.tracking_id.as_deref(), tracking_id, "{body}");
            assert!(problem.is_from_api);
        }
        assert_eq!(read(r#"{"error":"invalid_grant"}"#).oauth, Some(OauthError::InvalidGrant));
        assert_eq!(read(r#"{"error":{"referencedEntities":["flow"]}}"#).referring_kinds, ["flow"]);
    }

    #[test]
    fn bodies_that_are_no_errors_yield_nothing() {
        for body in ["<html>secret</html>", "plain text", "[1]", "{\"error\":", "\"text\""] {
            assert_eq!(read(body), ErrorBody::default(), "{body}");
        }
        let large = format!(r#"{{"message":"{}"}}"#, "x".repeat(LARGEST_BODY));
        assert_eq!(read(&large), ErrorBody::default());
        assert_eq!(read(r#"{"clientSecret":"hunter2","path":"/x"}"#).descriptions, [""; 0]);
    }

    #[test]
    fn error_texts_are_bounded_and_free_of_control_characters() {
        let long = format!(r#"{{"message":"{}"}}"#, "ä".repeat(1000));
        let [description] = &read(&long).descriptions[..] else { panic!("{long}") };
        assert_eq!(description.chars().count(), 301);
        let many = format!(
            r#"{{"message":[{}]}}"#,
            (0..50).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",")
        );
        assert_eq!(read(&many).descriptions.len(), MOST_DESCRIPTIONS);
        let nasty = read(r#"{"message":"a\u0000b\u001b[2Jc\u202ed\u061ce\r\nError: forged"}"#);
        assert_eq!(nasty.descriptions, ["a\u{fffd}b\u{fffd}[2Jc\u{fffd}d\u{fffd}e…"]);
        let ordinary = "Name «Zürich – 客户» isn’t 100% \"free\": {a=b}.";
        let read = read(&serde_json::json!({"message": ordinary}).to_string());
        assert_eq!(read.descriptions, [ordinary]);
    }

    #[test]
    fn secret_with_invisible_characters_is_removed() {
        let redactor = Redactor::default();
        redactor.watch(&Secret::from("0123456789"));
        assert_eq!(safe("is 012\u{200b}3456\u{200b}789!", &redactor), "is [secret removed]!");
    }

    #[test]
    fn echoed_secrets_are_removed() {
        let redactor = Redactor::default();
        redactor.watch(&Secret::from("line one of it\nline two of it"));
        let body =
            br#"{"message":"got line one of it\nline two of it","trackingId":"line one of it"}"#;
        let problem = ErrorBody::read(body, &redactor);
        assert_eq!(problem.descriptions, ["got [secret removed]"]);
        assert_eq!(problem.tracking_id.as_deref(), Some("[secret removed]"));
    }

    proptest! {
        #[test]
        fn reading_an_error_body_never_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = ErrorBody::read(&body, &Redactor::default());
        }
    }
}
