//! Recordings with more in them than the life cycle, and with less.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::browser::{Browser, Reply, har};
use super::elsewhere::Elsewhere;
use super::families::{holds_none, learned, profile, scrubbed};
use super::located::Located;
use super::page::{Api, Habits, ORGANIZATION, Sheet, Stored, form, four, sheet, visit};
use super::procedures::Procedures;
use super::today::Today;

fn entries(api: &dyn Api, sheets: &[Sheet], habits: Habits) -> Vec<Value> {
    let mut page = Browser::new();
    visit(api, &mut page, sheets, habits);
    page.entries
}

fn apis() -> [(&'static str, &'static dyn Api); 4] {
    [
        ("today", &Today { nulls: false }),
        ("elsewhere", &Elsewhere),
        ("procedures", &Procedures),
        ("located", &Located),
    ]
}

/// Whatever else a browser has recorded does not change what is learned.
#[test]
fn noise_changes_nothing() {
    for (name, api) in apis() {
        let quiet = entries(api, &four(), Habits::default());
        let expected = learned(&form(&four()), &[har(&quiet)]);
        let mut noisy = Vec::new();
        let mut browser = Browser::new();
        for (number, entry) in quiet.iter().enumerate() {
            let started = entry["startedDateTime"].clone();
            let mut add = |mut other: Value| {
                other["startedDateTime"] = started.clone();
                noisy.push(other);
            };
            let method = entry["request"]["method"].as_str().unwrap().to_owned();
            let url = entry["request"]["url"].as_str().unwrap().to_owned();
            let body = entry["request"]["postData"]["text"].as_str().map(str::to_owned);
            if method != "GET" {
                // The browser asks first, and the gateway fails once.
                add(browser.entry("OPTIONS", &url, None, Reply::status(204)));
                let failed = Reply { status: 503, body: None, location: None };
                add(browser.entry(&method, &url, body.clone(), failed));
                let failed = Reply {
                    status: 400,
                    body: Some(json!({"error": {"key": "400", "message": "canary"}})),
                    location: None,
                };
                add(browser.entry(&method, &url, body.clone(), failed));
                let mut aborted = browser.entry(&method, &url, body.clone(), Reply::status(0));
                aborted["response"]["content"] = json!({"size": 0, "mimeType": "x-unknown"});
                add(aborted);
            }
            add(browser.entry(
                "POST",
                "https://stats.example.org/collect/canary-visitor",
                Some(json!({"event": "click", "page": "canary page", "n": number}).to_string()),
                Reply::ok(json!({"ok": true})),
            ));
            add(browser.entry(
                "GET",
                "https://cc-config.example.net/api/users/canary-user-7/flags?t=1764158400123",
                None,
                Reply::ok(
                    json!({"flags": {"a": true}, "user": {"id": "u-77123", "name": "canary"}}),
                ),
            ));
            add(browser.entry(
                "POST",
                "https://cc-config.example.net/api/presence",
                Some(json!({"state": "active", "at": 1_764_158_400_123_u64}).to_string()),
                Reply::status(204),
            ));
            add(browser.entry("GET", "https://cdn.example.org/logo.png", None, Reply::status(200)));
            add(browser.entry("GET", "data:image/png;base64,AAAA", None, Reply::status(200)));
            let mut socket =
                browser.entry("GET", "wss://cc-config.example.net/ws", None, Reply::status(101));
            socket["_webSocketMessages"] = json!([{"type": "send", "data": "canary"}]);
            add(socket);
            noisy.push(entry.clone());
        }
        let outcome = learned(&form(&four()), &[har(&noisy)]);
        assert_eq!(profile(&outcome), profile(&expected), "{name}: {}", outcome.report);
        assert_eq!(outcome.whole, expected.whole);
        let (_, copy) = scrubbed(&form(&four()), &[har(&noisy)]);
        let canaries = ["canary".to_owned(), ORGANIZATION.to_owned(), "u-77123".to_owned()];
        holds_none(&String::from_utf8(copy).unwrap(), &canaries);
    }
}

/// A page may send its token, values of its session, and the person's name in any request.
#[test]
fn values_of_the_session_are_in_no_profile_and_in_no_copy() {
    let tokens =
        [&*format!("YjE2ZGQ0NmUtZmU0Ni00ZTQwLWI0Y2Yt_PF84_{ORGANIZATION}"), "abcdefghijklmnop"];
    let added = json!({
        "apiToken": "sk_live_abcdefgh",
        "secret": "topsecret",
        "createdByName": "Alice Smith",
        "hint": "****rd-1",
        "encoded": "cGVyc29uOmh1bnRlcjIyMg==",
        "shouted": "CANARY-S3CRET-CRM",
        "place": 48.137_154,
    });
    for (name, api) in apis() {
        let quiet = entries(api, &four(), Habits::default());
        let expected = learned(&form(&four()), &[har(&quiet)]);
        for token in tokens {
            let mut entries = quiet.clone();
            for entry in &mut entries {
                let request = &mut entry["request"];
                let url = request["url"].as_str().unwrap();
                let mark = if url.contains('?') { '&' } else { '?' };
                request["url"] = json!(format!("{url}{mark}access_token={token}&api_key=AKIAIO"));
                for header in request["headers"].as_array_mut().unwrap() {
                    if header["name"] == "authorization" {
                        header["value"] = json!(format!("Bearer {token}"));
                    }
                }
                let encoded = json!({"name": "x-b64", "value": "dXNlcjpodW50ZXIyMg=="});
                request["headers"].as_array_mut().unwrap().push(encoded);
                let body = request["postData"]["text"].as_str().unwrap_or_default();
                if let Ok(Value::Object(mut body)) = serde_json::from_str(body)
                    && !body.is_empty()
                {
                    body.extend(added.as_object().unwrap().clone());
                    body.insert("with".to_owned(), json!(format!("Bearer {token}")));
                    request["postData"]["text"] = json!(Value::Object(body).to_string());
                }
            }
            let outcome = learned(&form(&four()), &[har(&entries)]);
            assert_eq!(profile(&outcome), profile(&expected), "{name}: {}", outcome.report);
            let (_, copy) = scrubbed(&form(&four()), &[har(&entries)]);
            let mut canaries: Vec<String> =
                [token, "sk_live_abcdefgh", "topsecret", "Alice", "rd-1", "AKIAIO", "48.137154"]
                    .map(str::to_owned)
                    .into();
            canaries.extend(token.split('_').filter(|part| part.len() > 8).map(str::to_owned));
            canaries.extend(
                ["dXNlcjpodW50ZXIyMg", "cGVyc29uOmh1bnRlcjIyMg", "CANARY"].map(str::to_owned),
            );
            holds_none(&String::from_utf8(copy).unwrap(), &canaries);
        }
    }
}

/// Firefox has no resource types, other times, and cuts what it writes down otherwise.
#[test]
fn other_browsers_and_encodings_change_nothing() {
    for (name, api) in apis() {
        let chrome = entries(api, &four(), Habits::default());
        let expected = learned(&form(&four()), &[har(&chrome)]);
        let mut firefox = chrome.clone();
        for entry in &mut firefox {
            let entry = entry.as_object_mut().unwrap();
            entry.remove("_resourceType");
            let time = entry["startedDateTime"].as_str().unwrap().replace(".000Z", ".000+02:00");
            entry["startedDateTime"] = json!(time);
            entry.insert("pageref".to_owned(), json!("page_1"));
            entry["request"]["headers"]
                .as_array_mut()
                .unwrap()
                .retain(|header| !header["name"].as_str().unwrap().starts_with(':'));
            if let Some(post) = entry["request"].get_mut("postData") {
                post["params"] = json!([]);
            }
        }
        let mut reversed = firefox.clone();
        reversed.reverse();
        let outcome = learned(&form(&four()), &[har(&reversed)]);
        assert_eq!(profile(&outcome), profile(&expected), "{name}: times order the calls");
        let mut packed = chrome.clone();
        for (number, entry) in packed.iter_mut().enumerate() {
            if let Some(text) = entry["response"]["content"].get("text").cloned() {
                let text = text.as_str().unwrap().as_bytes();
                let bytes = if number % 2 == 0 { text.to_vec() } else { gzip(text) };
                entry["response"]["content"]["text"] = json!(STANDARD.encode(bytes));
                entry["response"]["content"]["encoding"] = json!("base64");
            }
            if number % 3 == 0
                && let Some(text) = entry["request"]["postData"].get("text").cloned()
            {
                let bytes = gzip(text.as_str().unwrap().as_bytes());
                entry["request"]["postData"]["text"] = json!(STANDARD.encode(bytes));
            }
        }
        let outcome = learned(&form(&four()), &[har(&packed)]);
        assert_eq!(profile(&outcome), profile(&expected), "{name}: encoded bodies");
        // Chrome leaves out what authenticates, unless it is told not to.
        let mut sanitized = chrome;
        for entry in &mut sanitized {
            entry["request"]["headers"].as_array_mut().unwrap().retain(|header| {
                !["authorization", "cookie"].contains(&header["name"].as_str().unwrap())
            });
        }
        let outcome = learned(&form(&four()), &[har(&sanitized)]);
        assert_eq!(profile(&outcome), profile(&expected), "{name}: sanitized");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    packed.extend(miniz_oxide::deflate::compress_to_vec(bytes, 6));
    packed.extend([0; 8]);
    packed
}

#[test]
fn several_recordings_are_one() {
    for (name, api) in apis() {
        let together = entries(api, &four(), Habits::default());
        let expected = learned(&form(&four()), &[har(&together)]);
        let hars: Vec<Vec<u8>> = together.chunks(together.len() / 3 + 1).map(har).collect();
        let outcome = learned(&form(&four()), &hars);
        assert_eq!(profile(&outcome), profile(&expected), "{name}");
        let (form, copy) = scrubbed(&form(&four()), &hars);
        let again = learned(&form, &[copy]);
        let calls = |outcome| profile(outcome)["calls"].clone();
        assert_eq!(calls(&again), calls(&outcome), "{name}");
    }
}

/// The report names the parts that are not recorded, and the rest is learned.
#[test]
fn parts_of_a_life_are_learned_in_part() {
    let only = Habits::default();
    let parts = [
        ("create", Habits { no_create: true, ..only }),
        ("update", Habits { no_update: true, ..only }),
        ("delete", Habits { no_delete: true, ..only }),
        ("activation", Habits { no_switch: true, edits_active: true, ..only }),
    ];
    for (name, api) in apis() {
        for (missing, habits) in parts {
            let outcome = learned(&form(&four()), &[har(&entries(api, &four(), habits))]);
            println!("{name} without {missing}:\n{}", outcome.report);
            let profile = profile(&outcome);
            for call in ["list", "read", "create", "update", "delete"] {
                let by_update = missing == "update" && ["today", "located"].contains(&name);
                let present = profile["calls"].get(call).is_some();
                assert_eq!(
                    present,
                    call != missing || by_update,
                    "{name} without {missing}: {call}"
                );
            }
            let by_update = missing == "update" && ["today", "located"].contains(&name);
            assert_eq!(outcome.whole, by_update, "{name} without {missing}");
            let section = outcome.report.split("Missing").nth(1).unwrap_or_default();
            assert_eq!(section.contains(&format!("{missing}:")), !by_update, "{name} {missing}");
        }
    }
}

/// A page that encrypts a password before it sends it.
struct Encrypting;

impl Api for Encrypting {
    fn list(&self, page: &mut Browser, all: &[Stored]) {
        Located.list(page, all);
    }
    fn read(&self, page: &mut Browser, one: &Stored) {
        Located.read(page, one);
    }
    fn create(&self, page: &mut Browser, one: &Stored) {
        Located.create(page, &encrypted(one));
    }
    fn update(&self, page: &mut Browser, before: &Stored, after: &Stored) {
        Located.update(page, before, &encrypted(after));
    }
    fn switch(&self, page: &mut Browser, before: &Stored, after: &Stored) {
        Located.switch(page, before, after);
    }
    fn delete(&self, page: &mut Browser, one: &Stored) {
        Located.delete(page, one);
    }
    fn id(&self, number: usize) -> String {
        Located.id(number)
    }
}

fn encrypted(one: &Stored) -> Stored {
    let mut one = one.clone();
    for (argument, values) in &mut one.sheet {
        if ["password", "client_secret", "private_key"].contains(argument) {
            for value in values {
                *value = STANDARD.encode(value.bytes().map(|byte| byte ^ 0x5a).collect::<Vec<_>>());
            }
        }
    }
    one
}

#[test]
fn encrypted_credentials_are_said_to_be_unmanageable() {
    let outcome =
        learned(&form(&four()), &[har(&entries(&Encrypting, &four(), Habits::default()))]);
    assert!(!outcome.whole);
    for credential in ["password", "client_secret", "private_key"] {
        assert!(outcome.report.contains(&format!("  {credential}: the typed value is not in")));
        assert!(profile(&outcome)["fields"].get(credential).is_none(), "{}", outcome.profile);
    }
    assert!(outcome.report.contains("so the provider cannot send it"));
}

/// Cisco's own sample has one URL in two places; here are more values that are equal or short.
#[test]
fn equal_and_short_values_are_told_apart_by_edits_and_names() {
    let sheets = vec![
        sheet(&[
            ("name", &["a", "b"]),
            ("resource_domain_url", &["https://x.example.com"]),
            ("username", &["1", "2"]),
            ("password", &["1", "true"]),
            ("validation_url", &["https://x.example.com"]),
        ]),
        sheet(&[
            ("name", &["admin"]),
            ("authentication_type", &["oauth2"]),
            ("grant_type", &["password"]),
            ("resource_domain_url", &["https://y.example.com"]),
            ("client_id", &["admin"]),
            ("client_secret", &["admin", "0"]),
            ("token_url", &["https://y.example.com"]),
            ("username", &["admin"]),
            ("password", &["admin"]),
            ("validation_url", &["https://y.example.com"]),
        ]),
    ];
    for (name, api) in apis() {
        let outcome = learned(&form(&sheets), &[har(&entries(api, &sheets, Habits::default()))]);
        println!("{name}\n{}\n{}", outcome.report, outcome.profile);
        let usual = learned(
            &form(&[four().remove(0), four().remove(2)]),
            &[har(&entries(api, &[four().remove(0), four().remove(2)], Habits::default()))],
        );
        assert_eq!(profile(&outcome), profile(&usual), "{name}: {}", outcome.report);
        assert!(outcome.report.contains("the names decide"), "{name}: {}", outcome.report);
    }
}

/// Two people work at the same time, and one page lists the other's connector.
#[test]
fn interleaved_connectors_are_told_apart() {
    for (name, api) in apis() {
        let sheets = four();
        let all: Vec<Stored> = sheets
            .iter()
            .enumerate()
            .map(|(number, sheet)| Stored {
                id: api.id(number),
                version: 0,
                active: true,
                edits: 0,
                sheet: sheet.clone(),
            })
            .collect();
        let mut page = Browser::new();
        api.list(&mut page, &[]);
        for one in &all {
            api.create(&mut page, one);
        }
        api.list(&mut page, &all);
        let mut now = all.clone();
        for one in &now {
            api.read(&mut page, one);
        }
        for round in 0..3 {
            for one in &mut now {
                let before = one.clone();
                one.version += 1;
                match round {
                    0 => one.active = false,
                    1 => one.edits += 1,
                    _ => one.active = true,
                }
                if round == 1 {
                    api.update(&mut page, &before, one);
                } else {
                    api.switch(&mut page, &before, one);
                }
            }
            for one in now.iter().rev() {
                api.read(&mut page, one);
            }
            api.list(&mut page, &now);
        }
        for one in &now {
            api.delete(&mut page, one);
        }
        let outcome = learned(&form(&sheets), &[page.har()]);
        let usual = learned(&form(&sheets), &[har(&entries(api, &sheets, Habits::default()))]);
        assert!(outcome.whole, "{name}: {}", outcome.report);
        assert_eq!(profile(&outcome), profile(&usual), "{name}: {}", outcome.report);
    }
}
