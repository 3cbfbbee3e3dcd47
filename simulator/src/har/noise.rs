//! The other traffic in the recording of a page: static files, analytics,
//! preflights, other lists, a check of the session, and calls that fail and are
//! repeated.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The host of the page itself.
const PAGE: &str = "https://admin.example.com";
/// The host of its static files.
const FILES: &str = "https://static.example.com";
/// The host to which it reports what people do.
const ANALYTICS: &str = "https://metrics.example.com";
/// The cookies of the page.
const COOKIES: &str = "SESSION=8a1f6f0cba7d4bb9; csrf=37b0; _visitor=GS1.1.17";

/// Adds the other traffic of a page of Control Hub. Every other response
/// of the API becomes base64, as browsers write compressed ones.
pub(crate) fn with_noise(entries: Vec<Value>, organization: &str) -> Vec<Value> {
    let Some(first) = entries.first().cloned() else { return entries };
    let time = &first["startedDateTime"];
    let other = |method, url: &str, body, status, media_type, text: &str| {
        entry(time, method, url, body, status, media_type, text)
    };
    let base = origin(&first);
    let session = json!({"user": {"name": "Ada Admin", "roles": ["admin"]}, "orgId": organization});
    let teams = json!({
        "meta": {"orgid": organization, "page": 0, "pageSize": 100, "totalRecords": 2},
        "data": [
            {"id": "0b2f5e52-70a6-4a8e-9d6c-0d3d7a0f1a11", "name": "Sales", "active": true, "version": 4},
            {"id": "9a7d0fd4-6a0e-4b9c-8f7b-5a0b6f1c2d22", "name": "Support", "active": false, "version": 1},
        ],
    });
    let points = json!({
        "data": [{"id": "7c1de0a9-2f6b-4a57-a0c3-4d5e6f708133", "name": "Main line", "type": "VOICE"}],
    });
    let mut all = vec![
        other(
            "GET",
            &format!("{PAGE}/connectors"),
            None,
            200,
            "text/html",
            "<!doctype html><div id=app></div>",
        ),
        other(
            "GET",
            &format!("{FILES}/main.3f9c2a.js"),
            None,
            200,
            "text/javascript",
            "(()=>{window.app={}})();",
        ),
        other("GET", &format!("{FILES}/main.3f9c2a.css"), None, 200, "text/css", "body{margin:0}"),
        other(
            "GET",
            &format!("{base}/session/check?renew=true"),
            None,
            200,
            "application/json",
            &session.to_string(),
        ),
        other(
            "GET",
            &format!("{base}/organization/{organization}/team?page=0&pageSize=100"),
            None,
            200,
            "application/json",
            &teams.to_string(),
        ),
        other(
            "GET",
            &format!("{base}/organization/{organization}/v2/entry-point?page=0"),
            None,
            200,
            "application/json",
            &points.to_string(),
        ),
    ];
    all[3]["response"]["cookies"] = json!([{"name": "SESSION", "value": "8a1f6f0cba7d4bb9"}]);
    all[3]["response"]["headers"] = json!([
        {"name": "content-type", "value": "application/json"},
        {"name": "set-cookie", "value": "SESSION=8a1f6f0cba7d4bb9; Path=/; HttpOnly; Secure"},
    ]);
    let mut failed = Vec::new();
    for (index, mut api) in entries.into_iter().enumerate() {
        let time = api["startedDateTime"].clone();
        let method = api["request"]["method"].as_str().unwrap_or_default().to_owned();
        let url = api["request"]["url"].as_str().unwrap_or_default().to_owned();
        all.push(preflight(&time, &method, &url));
        // The first call of each method fails and is sent again.
        if !failed.contains(&method) {
            all.push(failure(&api, failed.len()));
            failed.push(method.clone());
        }
        if index % 2 == 1 {
            encode(&mut api["response"]["content"]);
        }
        all.push(api);
        let event = json!({
            "events": [{"type": "xhr", "method": method, "page": "/connectors", "url": url, "index": index}],
            "visitor": "GS1.1.17",
        });
        let url = format!("{ANALYTICS}/v1/collect");
        all.push(entry(&time, "POST", &url, Some(&event), 204, "", ""));
    }
    all
}

fn origin(entry: &Value) -> String {
    let url = entry["request"]["url"].as_str().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let host = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

fn preflight(time: &Value, method: &str, url: &str) -> Value {
    let mut preflight = entry(time, "OPTIONS", url, None, 204, "", "");
    preflight["request"]["headers"] = json!([
        {"name": "origin", "value": PAGE},
        {"name": "access-control-request-method", "value": method},
        {"name": "access-control-request-headers", "value": "authorization,content-type"},
    ]);
    preflight["request"]["cookies"] = json!([]);
    preflight["response"]["headers"] = json!([
        {"name": "access-control-allow-origin", "value": PAGE},
        {"name": "access-control-allow-methods", "value": method},
    ]);
    preflight["_resourceType"] = json!("preflight");
    preflight
}

/// Returns the same call with a failure in place of its response.
fn failure(api: &Value, number: usize) -> Value {
    let mut failed = api.clone();
    let response = &mut failed["response"];
    if number.is_multiple_of(2) {
        let text = json!({"message": "upstream connect error"}).to_string();
        response["status"] = json!(503);
        response["statusText"] = json!("Service Unavailable");
        response["content"] =
            json!({"size": text.len(), "mimeType": "application/json", "text": text});
    } else {
        response["status"] = json!(0);
        response["statusText"] = json!("");
        response["headers"] = json!([]);
        response["content"] = json!({"size": 0, "mimeType": "x-unknown"});
        response["_error"] = json!("net::ERR_NETWORK_CHANGED");
    }
    failed
}

fn encode(content: &mut Value) {
    if let Some(text) = content["text"].as_str() {
        let encoded = STANDARD.encode(text);
        content["text"] = json!(encoded);
        content["encoding"] = json!("base64");
    }
}

fn entry(
    time: &Value,
    method: &str,
    url: &str,
    body: Option<&Value>,
    status: u16,
    media_type: &str,
    text: &str,
) -> Value {
    let query = url.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let query: Vec<Value> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let cookies: Vec<Value> = COOKIES
        .split("; ")
        .filter_map(|cookie| cookie.split_once('='))
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let mut request = json!({
        "method": method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "headers": [
            {"name": "referer", "value": format!("{PAGE}/")},
            {"name": "cookie", "value": COOKIES},
        ],
        "queryString": query,
        "cookies": cookies,
        "headersSize": -1,
        "bodySize": 0,
    });
    if let Some(body) = body {
        let text = body.to_string();
        request["bodySize"] = json!(text.len());
        request["postData"] = json!({"mimeType": "application/json", "text": text});
    }
    let mut content = json!({"size": text.len(), "mimeType": media_type});
    if !text.is_empty() {
        content["text"] = json!(text);
    }
    let headers = if media_type.is_empty() {
        json!([])
    } else {
        json!([{"name": "content-type", "value": media_type}])
    };
    json!({
        "startedDateTime": time,
        "time": 12,
        "request": request,
        "response": {
            "status": status,
            "statusText": if status == 204 { "No Content" } else { "OK" },
            "httpVersion": "HTTP/1.1",
            "headers": headers,
            "cookies": [],
            "content": content,
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": text.len(),
        },
        "cache": {},
        "timings": {"send": 0, "wait": 12, "receive": 0},
    })
}
