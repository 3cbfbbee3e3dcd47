//! The recording of what was served, as a browser writes it (HAR 1.2).

mod noise;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::message::{Request, Response};

pub(crate) use self::noise::with_noise;

/// Returns the document with these entries.
pub(crate) fn document(entries: Vec<Value>) -> Value {
    json!({
        "log": {
            "version": "1.2",
            "creator": {"name": "webex-cc-simulator", "version": env!("CARGO_PKG_VERSION")},
            "pages": [],
            "entries": entries,
        }
    })
}

/// Returns the entry of a request that began at a time in milliseconds. Without
/// a response the connection was closed.
pub(crate) fn entry(
    request: &Request,
    response: Option<&Response>,
    base_url: Option<&str>,
    started: u64,
    milliseconds: u64,
) -> Value {
    let query: Vec<Value> = form_urlencoded::parse(request.query.as_bytes())
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let mut sent = json!({
        "method": request.method.as_str(),
        "url": url(request, base_url),
        "httpVersion": "HTTP/1.1",
        "headers": headers(&request.headers),
        "queryString": query,
        "cookies": request_cookies(&request.headers),
        "headersSize": -1,
        "bodySize": request.body.len(),
    });
    if !request.body.is_empty() {
        let text = String::from_utf8_lossy(&request.body);
        let media_type = request.header(CONTENT_TYPE).unwrap_or_default();
        sent["postData"] = json!({"mimeType": media_type, "text": text});
    }
    json!({
        "startedDateTime": rfc3339(started),
        "time": milliseconds,
        "request": sent,
        "response": received(response),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_resourceType": "fetch",
    })
}

fn received(response: Option<&Response>) -> Value {
    let Some(response) = response else {
        return json!({
            "status": 0,
            "statusText": "",
            "httpVersion": "",
            "headers": [],
            "cookies": [],
            "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
            "_error": "net::ERR_EMPTY_RESPONSE",
        });
    };
    let header = |name| response.headers.get(name).and_then(|value| value.to_str().ok());
    let mut content = json!({
        "size": response.body.len(),
        "mimeType": header(CONTENT_TYPE).unwrap_or("x-unknown"),
    });
    if !response.body.is_empty() {
        content["text"] = json!(String::from_utf8_lossy(&response.body));
    }
    json!({
        "status": response.status.as_u16(),
        "statusText": response.status.canonical_reason().unwrap_or_default(),
        "httpVersion": "HTTP/1.1",
        "headers": headers(&response.headers),
        "cookies": response_cookies(&response.headers),
        "content": content,
        "redirectURL": header(LOCATION).filter(|_| response.status.is_redirection()).unwrap_or_default(),
        "headersSize": -1,
        "bodySize": response.body.len(),
    })
}

/// Returns the URL, below the address that the profile names, or else with the
/// host that the client named.
fn url(request: &Request, base_url: Option<&str>) -> String {
    let own = format!("http://{}", request.header(HOST).unwrap_or("localhost"));
    let base = base_url.map_or(own.as_str(), |url| url.trim_end_matches('/'));
    let mut url = format!("{base}{}", request.path);
    if !request.query.is_empty() {
        url.push('?');
        url.push_str(&request.query);
    }
    url
}

fn headers(headers: &HeaderMap) -> Value {
    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| json!({"name": name.as_str(), "value": String::from_utf8_lossy(value.as_bytes())});
    // The host is in the URL.
    headers.iter().filter(|(name, _)| *name != HOST).map(pair).collect()
}

fn request_cookies(headers: &HeaderMap) -> Value {
    let values = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split("; ")).filter_map(cookie).collect()
}

fn response_cookies(headers: &HeaderMap) -> Value {
    let values = headers.get_all(SET_COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    values.filter_map(|value| value.split(';').next()).filter_map(cookie).collect()
}

fn cookie(text: &str) -> Option<Value> {
    let (name, value) = text.split_once('=')?;
    Some(json!({"name": name, "value": value}))
}
