//! Requests and responses as plain values, so that only the server needs
//! connections.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// A request with a completely read body.
#[derive(Debug)]
pub(crate) struct Request {
    /// The method.
    pub(crate) method: Method,
    /// The path exactly as it was sent.
    pub(crate) path: String,
    /// The query exactly as it was sent, without its question mark.
    pub(crate) query: String,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
    /// The id by which the logs of the service identify the request.
    pub(crate) tracking_id: String,
    /// The segments of the path, each decoded after the split, so that an
    /// escaped slash does not end a segment.
    segments: Vec<String>,
}

impl Request {
    /// Creates a request from its head and body.
    pub(crate) fn new(parts: &http::request::Parts, body: Bytes) -> Self {
        let path = parts.uri.path().to_owned();
        let segments = path
            .split('/')
            .skip(1)
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        Self {
            method: parts.method.clone(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers.clone(),
            tracking_id: format!("ccconfig_{}", Uuid::new_v4()),
            path,
            body,
            segments,
        }
    }

    /// Returns the decoded segments of the path.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// Returns the first value of a query parameter, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        form_value(self.query.as_bytes(), name)
    }

    /// Returns a header as text. One that is not text counts as absent.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether `Content-Type` names this media type.
    pub(crate) fn is_of_type(&self, media_type: &str) -> bool {
        self.header(CONTENT_TYPE)
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case(media_type))
    }
}

/// Returns the first value of a field in form encoding, decoded.
pub(crate) fn form_value(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A complete response.
#[derive(Debug)]
pub(crate) struct Response {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers, without those that hyper adds.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

impl Response {
    /// Creates a response without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// Creates a response with a JSON body.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Every body consists of JSON values already, so this cannot fail. If
        // that changed, a null would show it.
        let body = serde_json::to_value(body).unwrap_or(Value::Null).to_string();
        Self::empty(status)
            .with_header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .with_body(body)
    }

    /// Sets a header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body.
    pub(crate) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}
