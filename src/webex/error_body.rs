//! Reads the known fields of an error response, and no others.
//!
//! Error responses have several shapes:
//!
//! - Cisco documents one for the Configuration APIs:
//!   `{"trackingId","error":{"key","reason","message":[{"description"}],"referencedEntities":[…]}}`.
//! - `error` may be a string instead, also in the errors of Spring.
//! - The public Webex APIs return `{"message","errors":[{"description"}],"trackingId"}`.
//! - A token endpoint follows RFC 6749 §5.2.

use super::json::{self, Array, Object};
use super::problems::OauthError;
use super::redact::Redactor;
use safe_text::is_invisible;

/// The most descriptions that are kept.
const MOST_DESCRIPTIONS: usize = 5;

/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 300;

/// The largest body, in bytes, that is read as an error.
const LARGEST_BODY: usize = 64 * 1024;

/// The fields of an error response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    pub(crate) descriptions: Vec<String>,
    pub(crate) referring_kinds: Vec<String>,
    pub(crate) tracking_id: Option<String>,
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
        let tracking_id = object.text("trackingId").map(|id| safe(&id, redactor));

        let mut descriptions: Vec<String> = Vec::new();
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

/// Returns a text of the server that can be shown: without secrets, without characters that could
/// hide or reorder other text, and of bounded length.
///
/// Secrets are removed before and after the control characters, because either removal may join the
/// parts that the other one searches for.
pub(crate) fn safe(text: &str, redactor: &Redactor) -> String {
    let clean: String = redactor
        .clean(text)
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .filter(|character| !is_invisible(*character))
        .collect();
    let clean = redactor.clean(clean.trim());
    match clean.char_indices().nth(LONGEST_DESCRIPTION) {
        Some((end, _)) => format!("{}…", clean.get(..end).unwrap_or_default()),
        None => clean,
    }
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
        assert_eq!(read(&long).descriptions.concat().chars().count(), LONGEST_DESCRIPTION + 1);
        let many = format!(
            r#"{{"message":[{}]}}"#,
            (0..50).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",")
        );
        assert_eq!(read(&many).descriptions.len(), MOST_DESCRIPTIONS);
        let nasty = read(r#"{"message":"a\u0000b\u001b[2Jc\r\nd\u202ee"}"#);
        assert_eq!(nasty.descriptions, ["a b [2Jc  de"]);
    }

    #[test]
    fn secret_with_invisible_characters_is_removed() {
        let mut redactor = Redactor::default();
        redactor.watch(&Secret::from("0123456789"));
        assert_eq!(safe("is 012\u{200b}3456\u{200b}789!", &redactor), "is [secret removed]!");
    }

    #[test]
    fn echoed_secrets_are_removed() {
        let mut redactor = Redactor::default();
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
