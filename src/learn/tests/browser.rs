//! The recording that a browser writes.

use serde_json::{Value, json};

/// The host of most pages' API.
pub(super) const HOST: &str = "https://cc-config.example.net";

/// A recording in the making.
pub(super) struct Browser {
    pub(super) entries: Vec<Value>,
    pub(super) host: String,
    /// Headers that the page sets.
    pub(super) headers: Vec<(String, String)>,
    clock: u32,
}

/// A response.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) location: Option<String>,
}

impl Reply {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body), location: None }
    }

    pub(super) fn status(status: u16) -> Self {
        Self { status, body: None, location: None }
    }
}

impl Browser {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), host: HOST.to_owned(), headers: Vec::new(), clock: 0 }
    }

    /// Writes down a call.
    pub(super) fn fetch(&mut self, method: &str, path: &str, body: Option<Value>, reply: Reply) {
        let url = format!("{}{path}", self.host);
        let entry = self.entry(method, &url, body.map(|body| body.to_string()), reply);
        self.entries.push(entry);
    }

    pub(super) fn entry(
        &mut self,
        method: &str,
        url: &str,
        body: Option<String>,
        reply: Reply,
    ) -> Value {
        self.clock += 1;
        let (minute, second) = (self.clock / 60, self.clock % 60);
        let mut headers = vec![
            json!({"name": ":authority", "value": "cc-config.example.net"}),
            json!({"name": "accept", "value": "application/json, text/plain, */*"}),
            json!({"name": "authorization", "value": "Bearer canary-bearer-token-0123456789"}),
            json!({"name": "cookie", "value": "sid=canary-cookie-0123456789"}),
            json!({"name": "origin", "value": "https://admin.webex.com"}),
            json!({"name": "sec-fetch-mode", "value": "cors"}),
            json!({"name": "trackingid", "value": format!("NA_{}", self.clock)}),
            json!({"name": "user-agent", "value": "Mozilla/5.0 (X11; Linux x86_64)"}),
        ];
        for (name, value) in &self.headers {
            headers.push(json!({"name": name, "value": value}));
        }
        let mut request = json!({
            "method": method,
            "url": url,
            "httpVersion": "http/2.0",
            "headers": headers,
            "queryString": [],
            "cookies": [{"name": "sid", "value": "canary-cookie-0123456789"}],
            "headersSize": -1,
            "bodySize": body.as_ref().map_or(0, String::len),
        });
        if let Some(body) = body {
            let json = json!({"name": "content-type", "value": "application/json"});
            request["headers"].as_array_mut().unwrap().push(json);
            request["postData"] = json!({"mimeType": "application/json", "text": body});
        }
        let mut response_headers =
            vec![json!({"name": "date", "value": "Thu, 26 Nov 2026 12:00:00 GMT"})];
        if let Some(location) = reply.location {
            response_headers.push(json!({"name": "Location", "value": location}));
        }
        let mut content = json!({"size": 0, "mimeType": "x-unknown"});
        if let Some(body) = reply.body {
            let text = body.to_string();
            content = json!({"size": text.len(), "mimeType": "application/json", "text": text});
        }
        json!({
            "startedDateTime": format!("2026-11-26T12:{minute:02}:{second:02}.000Z"),
            "time": 12.5,
            "_resourceType": "fetch",
            "request": request,
            "response": {
                "status": reply.status,
                "statusText": "",
                "httpVersion": "http/2.0",
                "headers": response_headers,
                "cookies": [],
                "content": content,
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": -1,
            },
            "cache": {},
            "timings": {"send": 0, "wait": 1, "receive": 1},
        })
    }

    /// Returns the file.
    pub(super) fn har(&self) -> Vec<u8> {
        har(&self.entries)
    }
}

/// Makes a file of entries.
pub(super) fn har(entries: &[Value]) -> Vec<u8> {
    let log = json!({"log": {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "537.36"},
        "pages": [{"id": "page_1", "title": "https://admin.webex.com/canary-page-title"}],
        "entries": entries,
    }});
    log.to_string().into_bytes()
}
