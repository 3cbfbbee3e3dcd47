//! The journal: requests and the statuses of their responses.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::message::Request;

/// One request to the API or to a token endpoint, as the journal shows it.
///
/// It holds everything that was sent, credentials included, because tests look
/// for them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exchange {
    /// The method, in upper case.
    pub method: String,
    /// The path as it was sent, still percent-encoded.
    pub path: String,
    /// The query as it was sent, without its question mark; empty without a
    /// query.
    pub query: String,
    /// The headers by their lower-case names. Values of a repeated header are
    /// joined by a comma.
    pub headers: BTreeMap<String, String>,
    /// The body: parsed when it is JSON, otherwise a string; null when empty.
    pub body: Value,
    /// The call, by its name in an API profile; none for other requests.
    pub call: Option<String>,
    /// The status of the response; none when the connection was closed without
    /// one.
    pub status: Option<u16>,
}

impl Exchange {
    /// Creates the record of a request and the status of its response.
    pub(crate) fn new(request: &Request, call: Option<&str>, status: Option<u16>) -> Self {
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in &request.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            headers
                .entry(name.as_str().to_owned())
                .and_modify(|values| *values = format!("{values}, {value}"))
                .or_insert_with(|| value.into_owned());
        }
        Self {
            method: request.method.as_str().to_owned(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers,
            body: body(&request.body),
            call: call.map(str::to_owned),
            status,
        }
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
    fn a_body_is_json_a_string_or_null() {
        assert_eq!(body(b""), Value::Null);
        assert_eq!(body(br#"{"name":"a"}"#), json!({"name": "a"}));
        assert_eq!(body(b"grant_type=refresh_token"), json!("grant_type=refresh_token"));
        assert_eq!(body(b"\xff"), json!("\u{fffd}"));
    }
}
