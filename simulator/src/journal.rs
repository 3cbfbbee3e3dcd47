//! What was asked and what was answered, in the order of arrival.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::message::Request;

/// One request to the API or to a token endpoint, as the journal shows it.
///
/// It holds whatever was sent, credentials included: that is what a test looks
/// for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exchange {
    /// The method, in upper case.
    pub method: String,
    /// The path as it was sent, still percent-encoded.
    pub path: String,
    /// The query as it was sent, without its question mark; empty when there
    /// was none.
    pub query: String,
    /// The headers by their lower-case names. Values of a repeated header are
    /// joined by a comma.
    pub headers: BTreeMap<String, String>,
    /// The body: parsed when it is JSON, otherwise a string; null when empty.
    pub body: Value,
    /// The status of the answer, or none when the connection was closed
    /// without one.
    pub status: Option<u16>,
}

/// All exchanges since the start or since the last clearing.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    exchanges: Vec<Exchange>,
}

impl Journal {
    /// Notes a request together with the status it gets.
    pub(crate) fn record(&mut self, request: &Request, status: Option<u16>) {
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in &request.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            headers
                .entry(name.as_str().to_owned())
                .and_modify(|known| *known = format!("{known}, {value}"))
                .or_insert_with(|| value.into_owned());
        }
        self.exchanges.push(Exchange {
            method: request.method.as_str().to_owned(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers,
            body: body(&request.body),
            status,
        });
    }

    /// The exchanges so far.
    pub(crate) fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Forgets them.
    pub(crate) fn clear(&mut self) {
        self.exchanges.clear();
    }
}

fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_json_text_or_nothing() {
        assert_eq!(body(b""), Value::Null);
        assert_eq!(body(br#"{"name":"a"}"#), json!({"name": "a"}));
        assert_eq!(body(b"grant_type=refresh_token"), json!("grant_type=refresh_token"));
        assert_eq!(body(b"\xff"), json!("\u{fffd}"));
    }
}
