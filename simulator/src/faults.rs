//! Fault scripts, which make requests fail.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::behavior::Behavior;

/// A fault script: the requests it matches, how often it acts and what it does.
///
/// Scripts are ordered. The first one that matches a request and has times left
/// acts; the others ignore that request.
///
/// ```
/// use webex_cc_simulator::{Action, Script};
///
/// let script = Script::close_after().method("POST").path("/organization/*/connector").times(1);
/// assert_eq!(script.times, Some(1));
/// # let _: Action = script.action;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The method it matches, in any letter case; none matches every method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path it matches, without the query: `*` matches any text within a
    /// segment, `**` any number of segments; none matches every path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The call it matches, by its name in an API profile: `list`, `read`,
    /// `create`, `update`, `delete`, `activate`, `deactivate` or `references`;
    /// none matches every request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// How many times it acts; none means always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// The action.
    pub action: Action,
}

/// The action of a fault script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Sends this response instead of the one of the API.
    Respond(ScriptedResponse),
    /// Processes the request at once and delays its response by this many
    /// milliseconds. The request takes effect even if the client gives up
    /// before.
    DelayMs(u64),
    /// Closes the connection without sending a byte.
    Close(Moment),
    /// Sends the body of the response one byte at a time, this many milliseconds
    /// apart, without `Content-Length`.
    DripMs(u64),
    /// Processes the request with these deviations in place of those in force.
    Behave(Box<Behavior>),
}

/// A response that a fault script sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedResponse {
    /// The status, from 200 to 999.
    pub status: u16,
    /// Headers by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body: a string is sent as it is, null is no body, everything else is
    /// sent as JSON with its content type.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// Whether the request takes effect first, as when a gateway loses the
    /// response of the API.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub apply: bool,
}

/// The moment at which a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Before the request takes effect, which it never does.
    Before,
    /// After the request took effect. Only its response is lost.
    After,
}

impl Script {
    /// Creates a script that always acts on every request.
    #[must_use]
    pub fn new(action: Action) -> Self {
        Self { method: None, path: None, call: None, times: None, action }
    }

    /// Creates a script that responds with this status and body and does not
    /// process the request.
    #[must_use]
    pub fn answer(status: u16, body: Value) -> Self {
        let headers = BTreeMap::new();
        Self::new(Action::Respond(ScriptedResponse { status, headers, body, apply: false }))
    }

    /// Creates a script that responds with this status and body after the
    /// request took effect.
    #[must_use]
    pub fn lost_answer(status: u16, body: Value) -> Self {
        let headers = BTreeMap::new();
        Self::new(Action::Respond(ScriptedResponse { status, headers, body, apply: true }))
    }

    /// Creates a script that closes the connection before the request takes
    /// effect.
    #[must_use]
    pub fn close_before() -> Self {
        Self::new(Action::Close(Moment::Before))
    }

    /// Creates a script that closes the connection after the request took
    /// effect.
    #[must_use]
    pub fn close_after() -> Self {
        Self::new(Action::Close(Moment::After))
    }

    /// Creates a script that processes the request with these deviations.
    #[must_use]
    pub fn behave(behavior: Behavior) -> Self {
        Self::new(Action::Behave(Box::new(behavior)))
    }

    /// Limits the script to one call, by its name in an API profile.
    #[must_use]
    pub fn call(mut self, name: &str) -> Self {
        self.call = Some(name.to_owned());
        self
    }

    /// Limits the script to one method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Limits the script to the paths that match this glob.
    #[must_use]
    pub fn path(mut self, glob: &str) -> Self {
        self.path = Some(glob.to_owned());
        self
    }

    /// Limits how many times the script acts.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Adds a header to a scripted response. Other actions ignore it.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Action::Respond(answer) = &mut self.action {
            answer.headers.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    fn matches(&self, method: &str, path: &str, call: Option<&str>) -> bool {
        self.times != Some(0)
            && self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|glob| path_matches(glob, path))
            && self.call.as_deref().is_none_or(|wanted| Some(wanted) == call)
    }
}

/// Returns the action for a request and uses up one time of its script.
pub(crate) fn claim(
    scripts: &mut [Script],
    method: &str,
    path: &str,
    call: Option<&str>,
) -> Option<Action> {
    let script = scripts.iter_mut().find(|script| script.matches(method, path, call))?;
    script.times = script.times.map(|times| times - 1);
    Some(script.action.clone())
}

fn path_matches(glob: &str, path: &str) -> bool {
    let glob: Vec<&str> = glob.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    glob_matches(&glob, &path, "**", |glob, segment| {
        glob_matches(glob.as_bytes(), segment.as_bytes(), b'*', |wanted, byte| wanted == byte)
    })
}

/// Whether the items match a glob, in which `wildcard` matches any number of
/// items.
fn glob_matches<T: Copy + PartialEq>(
    glob: &[T],
    items: &[T],
    wildcard: T,
    matches: fn(T, T) -> bool,
) -> bool {
    match (glob, items) {
        ([], _) => items.is_empty(),
        ([first, glob @ ..], _) if *first == wildcard => {
            (0..=items.len()).any(|taken| glob_matches(glob, &items[taken..], wildcard, matches))
        }
        ([_, ..], []) => false,
        ([wanted, glob @ ..], [item, items @ ..]) => {
            matches(*wanted, *item) && glob_matches(glob, items, wildcard, matches)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn globs_match_segments_and_paths() {
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
    fn scripts_have_the_documented_json_form() {
        let text = json!([
            {"method": "POST", "path": "/organization/*/connector", "times": 1,
             "action": {"respond":
                {"status": 429, "headers": {"Retry-After": "1"}, "body": "slow down"}}},
            {"action": {"respond": {"status": 502, "apply": true}}},
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
            json!({"action": {"respond": {"status": 500, "aply": true}}}),
            json!({"methods": "POST", "action": {"drip_ms": 1}}),
            json!({"method": "POST"}),
        ] {
            assert!(serde_json::from_value::<Script>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
