//! Files that are no recordings, or broken ones: a clear error, and never their text.

use std::io::{self, Read};

use serde_json::{Value, json};

use super::browser::{Browser, har};
use super::elsewhere::Elsewhere;
use super::page::{Habits, Sheet, form, four, visit};
use crate::{Bytes, Form, Recording, learn, scrub};

fn typed() -> Vec<Sheet> {
    vec![four().remove(0)]
}

fn recorded() -> Vec<u8> {
    let mut page = Browser::new();
    visit(&Elsewhere, &mut page, &typed(), Habits::default());
    page.har()
}

/// Returns the error of both commands.
fn refusal(bytes: &[u8]) -> Option<String> {
    let form = Form::read(&form(&typed())).unwrap();
    let learned = learn(&form, &[&Bytes(bytes)]).err().map(|error| error.to_string());
    let scrubbed = scrub(None, &[&Bytes(bytes)]).err().map(|error| error.to_string());
    if let Some(error) = &scrubbed {
        assert_eq!(learned.as_ref(), Some(error), "both commands read alike");
    }
    if let Some(error) = &learned {
        assert!(!error.contains("canary") && error.len() < 300, "{error}");
    }
    learned
}

#[test]
fn cut_off_recordings_are_refused_at_every_place() {
    let whole = recorded();
    assert_eq!(refusal(&whole), None);
    for percent in 0..100 {
        let error = refusal(&whole[..whole.len() * percent / 100]).unwrap();
        let expected = if percent == 0 { "is empty" } else { "is cut off" };
        assert!(error.contains(expected), "{percent}: {error}");
    }
    for end in [1, 2, 3] {
        let error = refusal(&whole[..whole.len() - end]).unwrap();
        assert!(error.contains("is cut off"), "{error}");
    }
}

#[test]
fn wrong_types_are_refused() {
    let entry: Value = serde_json::from_slice(&recorded()).unwrap();
    let entry = entry["log"]["entries"][1].clone();
    let mut wrong = vec![json!("text"), json!(17), json!([1]), json!(true)];
    for place in [
        "/request",
        "/request/method",
        "/request/url",
        "/request/headers",
        "/request/postData",
        "/request/postData/text",
        "/response",
        "/response/status",
        "/response/headers",
        "/response/content",
    ] {
        for value in &mut wrong {
            let mut bent = entry.clone();
            let target = bent.pointer_mut(place);
            let Some(target) = target else { panic!("{place} is missing") };
            let same = (target.is_string() && value.is_string())
                || (target.is_number() && value.is_number());
            if same {
                continue;
            }
            // A list of something else than headers.
            *target = value.clone();
            let error = refusal(&har(&[bent])).unwrap();
            assert!(error.contains("is no HAR file: an entry has a wrong"), "{place}: {error}");
        }
    }
    for text in [
        "[]",
        "17",
        "null",
        "\"canary\"",
        "{}",
        "{\"log\":17}",
        "{\"log\":{}}",
        "{\"log\":[]}",
        "{\"log\":{\"entries\":{}}}",
        "{\"log\":{\"entries\":[17]}}",
        "{\"log\":{\"entries\":null}}",
    ] {
        let error = refusal(text.as_bytes()).unwrap();
        assert!(error.contains("is no HAR file"), "{text}: {error}");
    }
    for text in ["canary", "<html>", "{\"log\":canary}", "{\"log\":{}}}", "\0", "{\"a\":\"\0\"}"] {
        let error = refusal(text.as_bytes()).unwrap();
        assert!(error.contains("is not JSON"), "{text}: {error}");
    }
    for bytes in
        [&b"{\"a\":\"\xff\"}"[..], b"\xff\xfe{\0}\0", b"{\"log\":{\"entries\":[\"\xe9\"]}}"]
    {
        assert!(refusal(bytes).unwrap().contains("is no"));
    }
}

#[test]
fn empty_and_foreign_recordings_teach_nothing() {
    let error = refusal(&har(&[])).unwrap();
    assert!(error.starts_with("No request in the recording has the values of the form"), "{error}");
    let mut page = Browser::new();
    visit(&Elsewhere, &mut page, &[four().remove(1)], Habits::default());
    let error = refusal(&page.har()).unwrap();
    assert!(error.starts_with("No request in the recording has the values of the form"), "{error}");
}

#[test]
fn hostile_nesting_is_refused_and_long_texts_are_cut() {
    for open in ["[", "{\"a\":"] {
        let text = format!("{{\"log\":{{\"entries\":[{}", open.repeat(200_000));
        assert!(refusal(text.as_bytes()).unwrap().contains("nested too deeply"));
    }
    // Deep bodies are only texts.
    let mut whole: Value = serde_json::from_slice(&recorded()).unwrap();
    let entries = whole["log"]["entries"].as_array_mut().unwrap();
    let mut deep = entries[1].clone();
    deep["response"]["content"]["text"] = json!("[".repeat(100_000));
    entries.push(deep);
    let mut halves = entries[1].clone();
    halves["_comment"] = json!("HALF");
    entries.push(halves);
    let text = whole.to_string().replace("HALF", "\\ud83d \\ude00 \\ud83d\\ude00 \\ud83d");
    assert_eq!(refusal(text.as_bytes()), None);
}

#[test]
fn marks_and_crlf_are_accepted() {
    let mut marked = b"\xef\xbb\xbf".to_vec();
    let pretty: Value = serde_json::from_slice(&recorded()).unwrap();
    let pretty = serde_json::to_string_pretty(&pretty).unwrap().replace('\n', "\r\n");
    marked.extend(pretty.into_bytes());
    assert_eq!(refusal(&marked), None);
}

#[test]
fn forms_are_read_strictly() {
    let refused = |text: &str| Form::read(text.as_bytes()).unwrap_err().to_string();
    for (text, expected) in [
        ("", "not JSON"),
        ("{}", "array"),
        ("[]", "no connector"),
        ("[17]", "/0 is not an object"),
        (r#"[{"name":"a","secret":"canary"}]"#, "unknown key \"secret\""),
        (r#"[{"name":"a","password":17}]"#, "/0/password is neither"),
        (
            r#"[{"name":"a","password":[17]}]"#,
            "/0/password has a value in its array that is not a text",
        ),
        (r#"[{"name":"a","name":"b"}]"#, "/0/name is there twice"),
        (r#"[{"username":"a"}]"#, "/0 has no name"),
        (r#"[{"name":"a","authentication_type":"canary"}]"#, "neither basic nor oauth2"),
        (r#"[{"name":"a","authentication_type":"oauth2","grant_type":"x"}]"#, "/0/grant_type"),
        (r#"[{"name":"a","grant_type":"password"}]"#, "without the authentication_type"),
    ] {
        let error = refused(text);
        assert!(error.contains(expected) && !error.contains("canary"), "{text}: {error}");
    }
}

/// A recording that is made while it is read.
struct Endless {
    length: usize,
}

struct Stream {
    text: Vec<u8>,
    position: usize,
    left: usize,
    filler: Vec<u8>,
    end: Vec<u8>,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position == self.text.len() {
            self.position = 0;
            if self.left > 0 {
                self.left = self.left.saturating_sub(self.filler.len());
                self.text.clone_from(&self.filler);
            } else if self.end.is_empty() {
                return Ok(0);
            } else {
                self.text = std::mem::take(&mut self.end);
            }
        }
        let count = buffer.len().min(self.text.len() - self.position);
        buffer[..count].copy_from_slice(&self.text[self.position..self.position + count]);
        self.position += count;
        Ok(count)
    }
}

impl Recording for Endless {
    fn name(&self) -> String {
        "large.har".to_owned()
    }

    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        let whole = recorded();
        let text = String::from_utf8(whole.clone()).unwrap();
        let end = text.find("],\"pages\"").unwrap();
        let (start, rest) = whole.split_at(end);
        let mut page = Browser::new();
        let mut filler = Vec::new();
        // A picture, a page, and JSON of the same host.
        let mut image =
            page.entry("GET", "https://cdn.example.org/a.png", None, super::page::ok(json!({})));
        image["response"]["content"] =
            json!({"mimeType": "image/png", "encoding": "base64", "text": "QUJD".repeat(200_000)});
        let rows: Vec<Value> =
            (0..2_000).map(|n| json!({"id": n, "name": format!("row {n}")})).collect();
        let list = page.entry(
            "GET",
            "https://cc-config.example.net/svc/v3/agents?limit=2000",
            None,
            super::page::ok(json!({"items": rows})),
        );
        for entry in [image, list] {
            filler.extend(format!(",{entry}").into_bytes());
        }
        Ok(Box::new(Stream {
            text: start.to_vec(),
            position: 0,
            left: self.length,
            filler,
            end: rest.to_vec(),
        }))
    }
}

#[test]
fn memory_does_not_grow_with_the_recording() {
    let form = Form::read(&form(&typed())).unwrap();
    let peak = |length: usize| {
        let recording = Endless { length };
        let mut whole = false;
        let memory = allocation_counter::measure(|| {
            let outcome = learn(&form, &[&recording]).unwrap();
            whole = outcome.whole;
        });
        assert!(whole);
        memory.bytes_max
    };
    let (small, large) = (peak(2_000_000), peak(10_000_000));
    println!("{small} and {large} bytes");
    assert!(large < 120_000_000, "{large}");
    assert!(large < small + 60_000_000, "{small} and {large}");
}

/// One text of many megabytes, and many small values.
#[test]
fn one_large_text_takes_little_memory() {
    let form = Form::read(&form(&typed())).unwrap();
    let mut text = b"{\"log\":{\"entries\":[],\"comment\":\"".to_vec();
    text.extend(b"a\\n".repeat(8_000_000));
    text.extend(b"\"}}");
    let memory = allocation_counter::measure(|| {
        assert!(learn(&form, &[&Bytes(&text)]).is_err());
    });
    assert!(memory.bytes_max < 20_000_000, "{}", memory.bytes_max);
    let mut text = b"{\"log\":{\"entries\":[{\"request\":{\"headers\":[".to_vec();
    text.extend(b"{\"name\":\"a\",\"value\":\"b\"},".repeat(1_000_000));
    let memory = allocation_counter::measure(|| {
        assert!(learn(&form, &[&Bytes(&text)]).unwrap_err().to_string().contains("no HAR file"));
    });
    assert!(memory.bytes_max < 60_000_000, "{}", memory.bytes_max);
}
