//! Finds the headers that calls need.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::{Json, member};
use crate::slots::{around_placeholders, with_placeholders};
use crate::story::Story;
use crate::values::{has_credential_word, name_words};

/// The headers of the profile: those of all calls, and those of a group of calls.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    pub(crate) all: Vec<(String, String)>,
    pub(crate) own: BTreeMap<&'static str, Vec<(String, String)>>,
    /// Headers that carry secrets or values of one session: names only.
    pub(crate) refused: BTreeSet<String>,
}

/// Words in names of headers with values that belong to one session or call.
const SESSION_WORDS: [&str; 11] = [
    "key",
    "request",
    "trace",
    "correlation",
    "tracking",
    "transaction",
    "device",
    "timestamp",
    "time",
    "user",
    "span",
];

/// Headers by their names in lower case.
type Own = BTreeMap<String, (String, String)>;

/// Finds the headers that are equal in all calls of a group.
pub(crate) fn find(story: &Story, groups: &[(&'static str, Vec<usize>)]) -> Headers {
    let mut headers = Headers::default();
    let mut by_group: Vec<(&'static str, Own)> = Vec::new();
    for (name, calls) in groups.iter().filter(|(_, calls)| !calls.is_empty()) {
        let mut common: Option<Own> = None;
        for &call in calls {
            let own = own_headers(story, call, &mut headers.refused);
            common = Some(match common {
                None => own,
                Some(mut known) => {
                    known.retain(|key, (_, value)| {
                        own.get(key).is_some_and(|(_, other)| other == value)
                    });
                    known
                }
            });
        }
        by_group.push((name, common.unwrap_or_default()));
    }
    let Some((_, first)) = by_group.first().cloned() else { return headers };
    let all: Own = first
        .into_iter()
        .filter(|(key, (_, value))| {
            key != "content-type"
                && by_group
                    .iter()
                    .all(|(_, own)| own.get(key).is_some_and(|(_, other)| other == value))
        })
        .collect();
    for (name, own) in by_group {
        let rest = own.into_iter().filter(|(key, _)| !all.contains_key(key));
        let rest: Vec<(String, String)> = rest.map(|(_, pair)| pair).collect();
        if !rest.is_empty() {
            headers.own.insert(name, rest);
        }
    }
    headers.all = all.into_values().collect();
    headers
}

/// Returns the headers of a call that are not the browser's, by their names in lower case.
fn own_headers(
    story: &Story,
    call: usize,
    refused: &mut BTreeSet<String>,
) -> BTreeMap<String, (String, String)> {
    let mut own = BTreeMap::new();
    let Some(Json::Object(headers)) = story.calls[call].request.get("headers") else { return own };
    for (name, value) in headers {
        let key = name.to_ascii_lowercase();
        let Some(value) = value.as_text() else { continue };
        match key.as_str() {
            "content-type" => {
                let kind = value.split(';').next().unwrap_or_default().trim();
                let body = story.calls[call].request.get("body").is_some();
                if body && !kind.eq_ignore_ascii_case("application/json") && kind.contains("json") {
                    own.insert(key, ("Content-Type".to_owned(), kind.to_owned()));
                }
                continue;
            }
            "accept" => {
                let first = value.split([',', ';']).next().unwrap_or_default().trim();
                let generic = ["*/*", "application/json", "text/plain", "text/html", ""];
                if !generic.contains(&first) {
                    own.insert(key, ("Accept".to_owned(), value.to_owned()));
                }
                continue;
            }
            "if-match" => {
                // The version, if it is one, is written by the template of the call.
                continue;
            }
            _ => {}
        }
        let organization = story.organization.as_deref();
        let place = [member("headers"), member(name)];
        let text = with_placeholders(story, call, &place, value, true);
        if organization.is_some_and(|organization| value.contains(organization)) {
            // What stands beside the organization must be harmless, too.
            if story.is_of_session(value) || story.is_private(&around_placeholders(&text)) {
                refused.insert(key);
            } else {
                own.insert(key, (name.clone(), text));
            }
            continue;
        }
        let words = name_words(name);
        let session = has_credential_word(name)
            || words.iter().any(|word| SESSION_WORDS.contains(&word.as_str()));
        let secret = story.is_private(value) || text.contains("{name}");
        if text.contains("{id}") {
            continue;
        }
        if session || secret {
            refused.insert(key);
        } else if value.len() <= 200 && !value.is_empty() && value.is_ascii() {
            own.insert(key, (name.clone(), text));
        }
    }
    own
}
