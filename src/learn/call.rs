//! A recorded call: request and response as JSON documents.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::har::{self, Entry};
use crate::json::{Json, Place, Step, member};
use crate::values::has_credential_word;

/// A call to one host. Batches are taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) origin: String,
    pub(crate) method: String,
    /// `{"path": […], "query": {…}, "headers": {…}, "body": …}`, all of it decoded.
    pub(crate) request: Json,
    /// The segments of the path as they were sent.
    pub(crate) path: Vec<String>,
    pub(crate) status: u64,
    pub(crate) location: Option<String>,
    pub(crate) response: Option<Json>,
    pub(crate) started: String,
    /// How the call was authenticated.
    pub(crate) bearer: bool,
    pub(crate) cookie: bool,
    pub(crate) csrf: bool,
    /// What authenticated it: tokens, cookies, and headers of the session.
    pub(crate) credentials: Vec<String>,
    /// Whether it has a body that is not JSON.
    pub(crate) other_body: bool,
    /// Whether it is a part of a batch.
    pub(crate) batched: bool,
    /// The parameters of the query that are sent more than once.
    pub(crate) repeated: BTreeSet<String>,
}

/// Headers that say nothing about the API: the browser's, the connection's, and those that
/// authenticate.
const IGNORED_HEADERS: [&str; 48] = [
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "alt-used",
    "authorization",
    "baggage",
    "b3",
    "cache-control",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "forwarded",
    "host",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "newrelic",
    "origin",
    "pragma",
    "priority",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "rtt",
    "save-data",
    "sentry-trace",
    "te",
    "traceparent",
    "tracestate",
    "trackingid",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "downlink",
    "device-memory",
    "dpr",
    "ect",
    "viewport-width",
    "width",
    "x-forwarded-for",
];

/// The shortest cookie that is treated as a credential, unless its name says that it is one.
const SHORTEST_CREDENTIAL: usize = 16;

/// Returns what authenticates a request.
fn credentials(headers: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in headers {
        match name.to_ascii_lowercase().as_str() {
            "authorization" | "proxy-authorization" => {
                let token = value.split_once(' ').map_or(value.as_str(), |(_, token)| token);
                found.push(token.trim().to_owned());
            }
            "cookie" => {
                let pairs = value.split(';').filter_map(|pair| pair.trim().split_once('='));
                let own = pairs.filter(|(name, value)| {
                    value.len() >= SHORTEST_CREDENTIAL || has_credential_word(name)
                });
                found.extend(own.map(|(_, value)| value.to_owned()));
            }
            name if has_credential_word(name) => found.push(value.clone()),
            _ => {}
        }
    }
    // A switch such as `cookie_consent=true` says nothing about equal values elsewhere.
    let switches = ["true", "false"];
    found.retain(|value| value.len() >= 4 && !switches.contains(&&*value.to_ascii_lowercase()));
    found
}

impl Call {
    /// Makes calls of an entry: none if it cannot be one of the API.
    pub(crate) fn of(entry: Entry) -> Vec<Self> {
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        if !methods.contains(&entry.method.as_str()) || !entry.url.starts_with("http") {
            return Vec::new();
        }
        let Ok(url) = Url::parse(&entry.url) else { return Vec::new() };
        let origin = url.origin().ascii_serialization();
        let path: Vec<String> = url.path().split('/').skip(1).map(str::to_owned).collect();
        let decoded = path.iter().map(|segment| Json::text(decode(segment)));
        let mut query = Json::Object(Vec::new());
        let mut repeated = BTreeSet::new();
        for (name, value) in url.query_pairs() {
            if query.get(&name).is_some() {
                repeated.insert(name.clone().into_owned());
            }
            let json = har::json_of(value.as_bytes());
            query.set(&name, json.unwrap_or_else(|| Json::text(value)));
        }
        let body = entry.body.as_deref().and_then(har::json_of);
        let lower = |name: &str| name.to_ascii_lowercase();
        let has = |word: &str| entry.headers.iter().any(|(name, _)| lower(name) == word);
        let bearer = entry.headers.iter().any(|(name, value)| {
            lower(name) == "authorization"
                && value.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "))
        });
        let csrf = entry.headers.iter().any(|(name, _)| {
            let name = lower(name);
            name.contains("csrf") || name.contains("xsrf")
        });
        let cookie = has("cookie");
        let mut headers = Json::Object(Vec::new());
        for (name, value) in &entry.headers {
            let key = lower(name);
            let ignored = key.starts_with(':')
                || key.starts_with("sec-")
                || key.starts_with("x-b3-")
                || IGNORED_HEADERS.contains(&key.as_str());
            if !ignored {
                headers.set(name, Json::text(value));
            }
        }
        let mut members = vec![
            ("path".to_owned(), Json::Array(decoded.collect())),
            ("query".to_owned(), query),
            ("headers".to_owned(), headers),
        ];
        let other_body = entry.body.is_some() && body.is_none();
        members.extend(body.map(|body| ("body".to_owned(), body)));
        let call = Self {
            origin,
            method: entry.method,
            request: Json::Object(members),
            path,
            status: entry.status,
            location: entry.location,
            response: entry.content.as_deref().and_then(har::json_of),
            started: entry.started,
            bearer,
            cookie,
            csrf,
            credentials: credentials(&entry.headers),
            other_body,
            batched: false,
            repeated,
        };
        call.split()
    }

    /// Takes a batch of several procedures apart: their names stand in the last segment, their
    /// arguments under their numbers.
    fn split(self) -> Vec<Self> {
        let last = self.path.last().map(|last| decode(last)).unwrap_or_default();
        let names: Vec<&str> = last.split(',').collect();
        let batch = self.request.get("query").is_some_and(|query| query.get("batch").is_some());
        if !batch || names.len() < 2 || names.len() > 50 {
            return vec![self];
        }
        let results = match &self.response {
            Some(Json::Array(results)) if results.len() == names.len() => Some(results.clone()),
            Some(_) | None => None,
        };
        let part = |(index, name): (usize, &&str)| {
            let mut call = self.clone();
            call.batched = true;
            call.path.pop();
            call.path.push((*name).to_owned());
            let segment = Step::Index(call.path.len() - 1);
            call.request.put(&[member("path"), segment], Json::text(*name));
            for place in [vec![member("query"), member("input")], vec![member("body")]] {
                let Some(all @ Json::Object(_)) = self.request.at(&place) else { continue };
                let own = all.get(&index.to_string()).cloned();
                let own = own.map(|own| ("0".to_owned(), own)).into_iter().collect();
                call.request.put(&place, Json::Object(own));
            }
            let result = results.as_ref().and_then(|results| results.get(index)).cloned();
            call.response = result.map(|result| Json::Array(vec![result]));
            call
        };
        names.iter().enumerate().map(part).collect()
    }

    /// Whether the server did what was asked for.
    pub(crate) fn succeeded(&self) -> bool {
        (200..300).contains(&self.status) && !self.reports_error()
    }

    /// Whether a response of status 200 reports an error, as those of procedure calls do.
    fn reports_error(&self) -> bool {
        let response = match &self.response {
            Some(Json::Array(items)) if items.len() == 1 => items.first(),
            other => other.as_ref(),
        };
        let Some(Json::Object(members)) = response else { return false };
        members.iter().any(|(name, value)| {
            matches!(name.as_str(), "error" | "errors")
                && match value {
                    Json::Object(members) => !members.is_empty(),
                    Json::Array(items) => !items.is_empty(),
                    Json::Text(text) => !text.is_empty(),
                    Json::Null | Json::Bool(_) | Json::Number(_) => false,
                }
        })
    }

    /// Returns the segment of the `Location` header that is an id.
    pub(crate) fn located(&self) -> Option<String> {
        let location = self.location.as_deref()?;
        let path = location.split(['?', '#']).next()?;
        let last = path.trim_end_matches('/').rsplit('/').next()?;
        (!last.is_empty()).then(|| decode(last))
    }

    /// Returns the members that say which operation is called, where the path does not.
    pub(crate) fn operation(&self) -> Vec<(Place, String)> {
        const NAMES: [&str; 8] = [
            "method",
            "operation",
            "operationName",
            "action",
            "procedure",
            "command",
            "op",
            "query",
        ];
        let mut found = Vec::new();
        for part in ["body", "query"] {
            let Some(part_json) = self.request.get(part) else { continue };
            for name in NAMES {
                if let Some(Json::Text(text)) = part_json.get(name) {
                    found.push((vec![member(part), member(name)], text.clone()));
                }
            }
        }
        // Options such as `?validate=true` make another operation of a write.
        if self.method != "GET"
            && let Some(Json::Object(parameters)) = self.request.get("query")
        {
            for (name, value) in parameters {
                if matches!(value.as_text(), Some("true" | "false")) {
                    let text = value.as_text().unwrap_or_default().to_owned();
                    found.push((vec![member("query"), member(name)], text));
                }
            }
        }
        found
    }

    /// Returns the size in memory, in values.
    pub(crate) fn weight(&self) -> usize {
        self.request.count() + self.response.as_ref().map_or(0, Json::count)
    }
}

/// Decodes a segment of a path.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
