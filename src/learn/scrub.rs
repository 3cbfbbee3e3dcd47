//! Makes copies of recordings that can be published.

use std::io::{self, Write};

use crate::form::{Argument, Form};
use crate::har::{self, Recording};
use crate::json::{Json, Step};
use crate::learn::{self, LearnError};
use crate::stand_ins::{StandIns, is_media, written};
use crate::values::{name_words, normal, time_of};

/// A recording without its values, and the form with the same stand-ins.
#[derive(Clone, Debug)]
pub struct Scrubbed {
    /// The form, if there was one.
    pub form: Option<String>,
    /// A message about the form: why what the profile holds was replaced, too.
    pub note: Option<String>,
}

/// Why there is no copy.
#[derive(Debug)]
pub enum ScrubError {
    /// A recording cannot be used.
    Recording(LearnError),
    /// The copy cannot be written.
    Output(io::Error),
}

/// Prepares copies: all recordings are read once, so that a broken one is noticed before anything
/// is written.
///
/// # Errors
/// When a recording cannot be read.
pub fn scrub<'a>(
    form: Option<&'a Form>,
    recordings: &'a [&'a dyn Recording],
) -> Result<Scrubber<'a>, LearnError> {
    let mut stand_ins = StandIns::default();
    for recording in recordings {
        har::each_entry(*recording, &mut |json| {
            let entry = har::entry(&json)?;
            if let Ok(url) = url::Url::parse(&entry.url)
                && form.is_none()
                && stand_ins.origins.len() < 10_000
            {
                stand_ins.origins.insert(url.origin().ascii_serialization());
            }
            for body in [&entry.body, &entry.content].into_iter().flatten() {
                if let Some(body) = har::json_of(body) {
                    collect_names(&mut stand_ins, &body);
                }
            }
            Ok(())
        })?;
    }
    let mut note = None;
    if let Some(form) = form {
        for typed in &form.connectors {
            for (argument, values) in &typed.values {
                let name = if *argument == Argument::Name { "{name}" } else { "" };
                for value in values.iter().filter(|value| !value.is_empty()) {
                    stand_ins.secret.push((normal(value), name));
                    if *argument == Argument::Scope {
                        stand_ins.scopes.insert(normal(value));
                    }
                }
            }
        }
        match learn::learn_all(form, recordings) {
            Ok(learned) => {
                let story = &learned.story;
                let ids = story.ids.iter().flatten().map(|id| (id.clone(), "{id}"));
                stand_ins.secret.extend(ids);
                let organization = story.organization.iter();
                stand_ins.secret.extend(organization.map(|id| (id.clone(), "{organization}")));
                stand_ins.origins.insert(learned.origin.clone());
                keep(&mut stand_ins, &learned.profile);
            }
            Err(error) => note = Some(error.to_string()),
        }
        stand_ins.secret.sort_by(|left, right| {
            right.0.len().cmp(&left.0.len()).then(right.1.len().cmp(&left.1.len()))
        });
    }
    Ok(Scrubber { stand_ins, form, recordings, note })
}

/// Recordings that are ready to be copied.
pub struct Scrubber<'a> {
    stand_ins: StandIns,
    form: Option<&'a Form>,
    recordings: &'a [&'a dyn Recording],
    note: Option<String>,
}

impl std::fmt::Debug for Scrubber<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Scrubber({} recordings)", self.recordings.len())
    }
}

impl Scrubber<'_> {
    /// Returns the form with stand-ins, and a message if the recording fits no form.
    #[must_use]
    pub fn scrubbed(&self) -> Scrubbed {
        let form = self.form.map(|form| self.form_text(form));
        Scrubbed { form, note: self.note.clone() }
    }

    /// Writes one recording with the entries of all.
    ///
    /// # Errors
    /// When a recording has changed since it was read, or the output cannot be written.
    pub fn write(&self, output: &mut dyn Write) -> Result<(), ScrubError> {
        let start = "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"terraform-provider-webex \
                     scrub\",\"version\":\"1\"},\"entries\":[";
        output.write_all(start.as_bytes()).map_err(ScrubError::Output)?;
        let mut failure = None;
        let mut first = true;
        // The times of each recording begin after those of the one before.
        let mut offset = 0;
        for recording in self.recordings {
            let mut begin = None;
            let mut end = offset;
            let read = har::each_entry(*recording, &mut |json| {
                let started = json.get("startedDateTime").and_then(Json::as_text);
                let time = started.and_then(time_of).map(|time| {
                    let begin = *begin.get_or_insert(time);
                    let shifted =
                        offset + (time - begin).clamp(-86_400_000, 864_000_000) + 86_400_000;
                    end = end.max(shifted);
                    shifted
                });
                let mut text = if first { "\n" } else { ",\n" }.to_owned();
                first = false;
                text.push_str(&self.entry(&json, time)?.compact());
                output.write_all(text.as_bytes()).map_err(|error| {
                    failure = Some(error);
                    "cannot be copied.".to_owned()
                })
            });
            if let Some(error) = failure {
                return Err(ScrubError::Output(error));
            }
            read.map_err(|error| ScrubError::Recording(error.into()))?;
            offset = end + 1_000;
        }
        output.write_all(b"\n]}}\n").map_err(ScrubError::Output)
    }

    fn form_text(&self, form: &Form) -> String {
        let Json::Array(items) = &form.source else { return String::new() };
        let items = items.iter().map(|item| {
            let Json::Object(members) = item else { return Json::Null };
            let members = members.iter().map(|(key, value)| {
                let choice = ["authentication_type", "grant_type"].contains(&key.as_str());
                let replaced = match value {
                    _ if choice => value.clone(),
                    Json::Text(text) => Json::Text(self.stand_ins.text(text)),
                    Json::Array(texts) => {
                        Json::Array(texts.iter().map(|text| self.stand_ins.json(text)).collect())
                    }
                    Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => value.clone(),
                };
                (key.clone(), replaced)
            });
            Json::Object(members.collect())
        });
        Json::Array(items.collect()).pretty()
    }

    fn entry(&self, json: &Json, time: Option<i64>) -> Result<Json, String> {
        let entry = har::entry(json)?;
        let stand_ins = &self.stand_ins;
        let number = |number: i64| Json::Number(number.into());
        let object = |members: Vec<(&str, Json)>| {
            Json::Object(members.into_iter().map(|(name, v)| (name.to_owned(), v)).collect())
        };
        let url = match stand_ins.url(&entry.url) {
            Some(url) => url,
            None => format!("data:,{}", stand_ins.other(&entry.url)),
        };
        let query = url::Url::parse(&url).ok();
        let query = query.iter().flat_map(|url| {
            let pairs = url.query_pairs().map(|(name, value)| {
                object(vec![("name", Json::text(name)), ("value", Json::text(value))])
            });
            pairs.collect::<Vec<_>>()
        });
        let query: Vec<Json> = query.collect();
        let method = if entry.method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            entry.method.clone()
        } else {
            "GET".to_owned()
        };
        let mut request = vec![
            ("method", Json::text(method)),
            ("url", Json::text(&url)),
            ("httpVersion", Json::text("HTTP/1.1")),
            ("headers", self.headers(json.get("request"))),
            ("queryString", Json::Array(query)),
            ("cookies", Json::Array(Vec::new())),
            ("headersSize", number(-1)),
            ("bodySize", number(-1)),
        ];
        let media = |part: Option<&Json>| {
            let kind = part.and_then(|part| part.get("mimeType")).and_then(Json::as_text);
            Json::text(kind.filter(|kind| is_media(kind)).unwrap_or("application/octet-stream"))
        };
        let post = json.get("request").and_then(|request| request.get("postData"));
        if let Some(body) = &entry.body {
            let text = self.body(body, media(post).as_text().unwrap_or_default());
            request.push((
                "postData",
                object(vec![("mimeType", media(post)), ("text", Json::Text(text))]),
            ));
        }
        let content = json.get("response").and_then(|response| response.get("content"));
        let mut response_content = vec![("size", number(0)), ("mimeType", media(content))];
        if let Some(body) = &entry.content {
            let text = self.body(body, "");
            response_content.push(("text", Json::Text(text)));
        }
        let response = vec![
            ("status", Json::Number(entry.status.into())),
            ("statusText", Json::text("")),
            ("httpVersion", Json::text("HTTP/1.1")),
            ("headers", self.headers(json.get("response"))),
            ("cookies", Json::Array(Vec::new())),
            ("content", object(response_content)),
            ("redirectURL", Json::text("")),
            ("headersSize", number(-1)),
            ("bodySize", number(-1)),
        ];
        let mut members = Vec::new();
        if let Some(time) = time {
            members.push(("startedDateTime", Json::Text(time_text(time))));
        }
        members.push(("time", number(0)));
        let sort = json.get("_resourceType").and_then(Json::as_text);
        let word = |text: &&str| text.len() <= 20 && text.bytes().all(|b| b.is_ascii_lowercase());
        if let Some(sort) = sort.filter(word) {
            members.push(("_resourceType", Json::text(sort)));
        }
        members.push(("request", object(request)));
        members.push(("response", object(response)));
        members.push(("cache", object(Vec::new())));
        let timings = vec![("send", number(0)), ("wait", number(0)), ("receive", number(0))];
        members.push(("timings", object(timings)));
        Ok(object(members))
    }

    fn body(&self, body: &[u8], media: &str) -> String {
        if let Some(json) = har::json_of(body) {
            return written(&self.stand_ins.json(&json));
        }
        let text = String::from_utf8_lossy(body);
        if media.starts_with("application/x-www-form-urlencoded") {
            return self.stand_ins.query(&text);
        }
        self.stand_ins.other(&text)
    }

    /// Replaces the values of headers. Cookies are left out.
    fn headers(&self, part: Option<&Json>) -> Json {
        let Some(Json::Array(headers)) = part.and_then(|part| part.get("headers")) else {
            return Json::Array(Vec::new());
        };
        let headers = headers.iter().filter_map(|header| {
            let name = header.get("name")?.as_text()?;
            let key = name.to_ascii_lowercase();
            if key.contains("cookie") {
                return None;
            }
            let value = header.get("value").and_then(Json::token).unwrap_or_default();
            let value = self.stand_ins.header(&key, &value);
            Some(Json::Object(vec![
                ("name".to_owned(), Json::Text(self.stand_ins.name(name))),
                ("value".to_owned(), Json::Text(value)),
            ]))
        });
        Json::Array(headers.collect())
    }
}

/// Keeps what a profile holds.
fn keep(stand_ins: &mut StandIns, profile: &Json) {
    profile.walk(&mut |place, value| {
        if let Json::Text(text) = value {
            let last = match place.last() {
                Some(Step::Member(name)) => name.as_str(),
                Some(Step::Index(_)) | None => "",
            };
            if last == "path" && place.len() == 3 {
                stand_ins.segments.extend(text.split('/').map(str::to_owned));
            } else if last != "base_url" && last != "standing" {
                let plain = text.replace("{{", "{").replace("}}", "}");
                stand_ins.kept.insert(plain.to_lowercase());
                stand_ins.templates.insert(text.clone());
            }
        }
        true
    });
    // A word that was typed, or that is a place of the profile, is no constant.
    let secret: Vec<String> =
        stand_ins.secret.iter().map(|(text, _)| text.to_lowercase()).collect();
    stand_ins.kept.retain(|text| !secret.contains(text) && !text.starts_with('/'));
}

/// Remembers values that are names or ids, which may stand in paths.
fn collect_names(stand_ins: &mut StandIns, body: &Json) {
    const WORDS: [&str; 14] = [
        "id", "ids", "name", "slug", "login", "user", "username", "email", "account", "key",
        "token", "handle", "title", "uuid",
    ];
    body.walk(&mut |place, value| {
        if let (Some(Step::Member(name)), Json::Text(text)) = (place.last(), value)
            && text.len() <= 200
            && stand_ins.names.len() < 1_000_000
            && name_words(name).iter().any(|word| WORDS.contains(&word.as_str()))
        {
            let hash = stand_ins.hash(text);
            stand_ins.names.insert(hash);
        }
        true
    });
}

/// Returns a time of the year 2000 as HAR files have it.
fn time_text(milliseconds: i64) -> String {
    let milliseconds = milliseconds.max(0);
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (month, day) = (days / 28 % 12 + 1, days % 28 + 1);
    let year = 2000 + days / 336;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z")
}
