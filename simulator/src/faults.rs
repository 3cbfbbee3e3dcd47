//! Fault scripts: what goes wrong, for which requests, how many times.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One fault script: the requests it is for, how often it acts, what it does.
///
/// Scripts are ordered. The first one that matches a request and has times
/// left acts; the others do not see that request.
///
/// ```
/// use webex_cc_simulator::{Action, Script};
///
/// let lost_create = Script::close_after().method("POST").path("/organization/*/connector").times(1);
/// assert_eq!(lost_create.times, Some(1));
/// # let _: Action = lost_create.action;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The method it is for, in any letter case; none is every method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The paths it is for, without the query: `*` stands for any text within
    /// one part of the path, `**` for any number of parts; none is every path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How many times it acts; none is always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// What it does.
    pub action: Action,
}

/// What a fault script does to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Answers this instead of what the API would answer.
    Answer(ScriptedAnswer),
    /// Lets the request take effect at once and holds the answer back for this
    /// many milliseconds. A client that gives up meanwhile has made its
    /// change nevertheless.
    DelayMs(u64),
    /// Closes the connection without a byte of an answer.
    Close(Moment),
    /// Sends the body of the answer one byte at a time, this many milliseconds
    /// apart, after a head without its length.
    DripMs(u64),
}

/// An answer that a fault script gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedAnswer {
    /// The status, from 200 to 999.
    pub status: u16,
    /// Headers by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body: a string is sent as it is, null is no body, everything else
    /// is sent as JSON with its content type.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// Whether the request takes effect first, as when a gateway loses the
    /// true answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub apply: bool,
}

/// When a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Before the request takes effect: it never does.
    Before,
    /// After the request took effect: only its answer is lost.
    After,
}

impl Script {
    /// A script that does this to every request, always.
    #[must_use]
    pub fn new(action: Action) -> Self {
        Self { method: None, path: None, times: None, action }
    }

    /// Answers with this status and body instead of processing the request.
    #[must_use]
    pub fn answer(status: u16, body: Value) -> Self {
        let headers = BTreeMap::new();
        Self::new(Action::Answer(ScriptedAnswer { status, headers, body, apply: false }))
    }

    /// Answers with this status and body after the request took effect.
    #[must_use]
    pub fn lost_answer(status: u16, body: Value) -> Self {
        let headers = BTreeMap::new();
        Self::new(Action::Answer(ScriptedAnswer { status, headers, body, apply: true }))
    }

    /// Closes the connection before the request takes effect.
    #[must_use]
    pub fn close_before() -> Self {
        Self::new(Action::Close(Moment::Before))
    }

    /// Closes the connection after the request took effect.
    #[must_use]
    pub fn close_after() -> Self {
        Self::new(Action::Close(Moment::After))
    }

    /// Limits the script to one method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Limits the script to the paths that this glob matches.
    #[must_use]
    pub fn path(mut self, glob: &str) -> Self {
        self.path = Some(glob.to_owned());
        self
    }

    /// Lets the script act this many times only.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Adds a header to a scripted answer; does nothing to another action.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Action::Answer(answer) = &mut self.action {
            answer.headers.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        self.times != Some(0)
            && self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|glob| path_matches(glob, path))
    }
}

/// The scripts in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    scripts: Vec<Script>,
}

impl Faults {
    /// Puts these scripts in the place of the ones before.
    pub(crate) fn replace(&mut self, scripts: Vec<Script>) {
        self.scripts = scripts;
    }

    /// The scripts with the times they have left.
    pub(crate) fn scripts(&self) -> &[Script] {
        &self.scripts
    }

    /// The action for a request, which uses up one time of its script.
    pub(crate) fn claim(&mut self, method: &str, path: &str) -> Option<Action> {
        let script = self.scripts.iter_mut().find(|script| script.matches(method, path))?;
        script.times = script.times.map(|times| times - 1);
        Some(script.action.clone())
    }
}

fn path_matches(glob: &str, path: &str) -> bool {
    let glob: Vec<&str> = glob.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    parts_match(&glob, &path)
}

fn parts_match(glob: &[&str], path: &[&str]) -> bool {
    match (glob, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=path.len()).any(|taken| parts_match(rest, &path[taken..])),
        ([wanted, glob_rest @ ..], [part, path_rest @ ..]) => {
            text_matches(wanted.as_bytes(), part.as_bytes()) && parts_match(glob_rest, path_rest)
        }
        ([], [_, ..]) | ([_, ..], []) => false,
    }
}

fn text_matches(glob: &[u8], text: &[u8]) -> bool {
    match (glob, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|taken| text_matches(rest, &text[taken..])),
        ([wanted, glob_rest @ ..], [byte, text_rest @ ..]) => {
            wanted == byte && text_matches(glob_rest, text_rest)
        }
        ([], [_, ..]) | ([_, ..], []) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn globs() {
        for (glob, path, expected) in [
            ("/organization/*/connector", "/organization/o/connector", true),
            ("/organization/*/connector", "/organization/o/connector/c", false),
            ("/organization/*/connector", "/organization/a/b/connector", false),
            ("/organization/*/connector/*", "/organization/o/connector/c", true),
            ("/organization/**", "/organization/o/v2/connector", true),
            ("/organization/**", "/organization", true),
            ("/**/connector", "/organization/o/v2/connector", true),
            ("/**/incoming-*", "/organization/o/connector/c/incoming-references", true),
            ("/v1/acc*ken", "/v1/access_token", true),
            ("/v1/acc*ken", "/v1/access_tokens", false),
            ("**", "/anything/at/all", true),
            ("/exact", "/exact", true),
            ("/exact", "/exact/", false),
        ] {
            assert_eq!(path_matches(glob, path), expected, "{glob} on {path}");
        }
    }

    #[test]
    fn the_first_script_with_times_left_acts() {
        let mut faults = Faults::default();
        faults.replace(vec![
            Script::answer(500, json!(null)).method("post").times(1),
            Script::answer(503, json!(null)).path("/a/*"),
        ]);
        let status = |action: Option<Action>| match action {
            Some(Action::Answer(answer)) => Some(answer.status),
            Some(Action::DelayMs(_) | Action::Close(_) | Action::DripMs(_)) | None => None,
        };
        assert_eq!(status(faults.claim("POST", "/a/b")), Some(500));
        assert_eq!(status(faults.claim("POST", "/a/b")), Some(503));
        assert_eq!(status(faults.claim("GET", "/a/b")), Some(503));
        assert_eq!(status(faults.claim("POST", "/b")), None);
    }

    #[test]
    fn scripts_have_the_documented_json_form() {
        let text = json!([
            {"method": "POST", "path": "/organization/*/connector", "times": 1,
             "action": {"answer": {"status": 429, "headers": {"Retry-After": "1"}, "body": "slow down"}}},
            {"action": {"answer": {"status": 502, "apply": true}}},
            {"action": {"delay_ms": 2000}},
            {"action": {"close": "before"}},
            {"action": {"close": "after"}},
            {"action": {"drip_ms": 100}},
        ]);
        let scripts: Vec<Script> = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(
            scripts[0],
            Script::answer(429, json!("slow down"))
                .method("POST")
                .path("/organization/*/connector")
                .times(1)
                .header("Retry-After", "1")
        );
        assert_eq!(scripts[4], Script::close_after());
        assert_eq!(serde_json::to_value(&scripts).unwrap(), text);
        for wrong in [
            json!({"action": {"close": "soon"}}),
            json!({"action": {"answer": {"status": 500, "aply": true}}}),
            json!({"methods": "POST", "action": {"drip_ms": 1}}),
            json!({"method": "POST"}),
        ] {
            assert!(serde_json::from_value::<Script>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
