//! Procedures of which the create returns nothing, and in which short numbers are equal: ids,
//! versions, codes of kinds, numbers of rows.

use serde_json::{Value, json};

use super::browser::{Browser, Reply};
use super::families::{learned, profile};
use super::page::{Api, Habits, Sheet, Stored, form, four, visit};

/// What a page does in addition.
#[derive(Clone, Copy, Default)]
struct Counted {
    /// Ids are numbers from this one on, and UUIDs otherwise.
    first_id: Option<u64>,
    /// A second key of each connector that is sent wherever the id is.
    has_second_key: bool,
    /// A call before each create that sends the same.
    validates: bool,
}

impl Counted {
    fn key(self, one: &Stored) -> Value {
        self.first_id.map_or_else(|| json!(one.id), |_| json!(one.id.parse::<u64>().unwrap()))
    }

    fn target(self, one: &Stored) -> Value {
        let mut target = json!({"ref": self.key(one)});
        if self.has_second_key {
            target["rank"] = json!(one.id.chars().rev().collect::<String>());
        }
        target
    }
}

fn settings(one: &Stored, secrets: bool) -> Value {
    let kinds = ["basic", "client_credentials", "password", "client_credentials_certificate"];
    let mode = kinds.iter().position(|kind| *kind == one.kind()).unwrap();
    let mut all = json!({"authentication_type": mode, "on": one.active});
    let arguments = [
        "name",
        "resource_domain_url",
        "client_id",
        "token_url",
        "scope",
        "certificate",
        "username",
        "validation_url",
    ];
    for argument in arguments {
        all[argument] = one.json(argument);
    }
    for argument in ["client_secret", "private_key", "password"] {
        if secrets && one.get(argument).is_some() {
            all[argument] = one.json(argument);
        }
    }
    all
}

impl Counted {
    fn object(self, one: &Stored) -> Value {
        let mut object = settings(one, false);
        object["revision"] = json!(one.version);
        let target = self.target(one);
        object.as_object_mut().unwrap().extend(target.as_object().unwrap().clone());
        object
    }

    fn save(self, page: &mut Browser, before: &Stored, after: &Stored, secrets: bool) {
        let mut body = settings(after, secrets);
        body["target"] = self.target(after);
        body["revision"] = json!(before.version);
        page.fetch("POST", "/rpc/save", Some(body), Reply::ok(self.object(after)));
    }
}

impl Api for Counted {
    fn list(&self, page: &mut Browser, all: &[Stored]) {
        // One row to a page.
        for number in 0..all.len().max(1) {
            let rows: Vec<Value> =
                all.iter().skip(number).take(1).map(|one| self.object(one)).collect();
            let next = number + 1;
            let link = (next < all.len()).then(|| format!("/rpc/list?continuation={next}"));
            let path = if number == 0 {
                "/rpc/list".to_owned()
            } else {
                format!("/rpc/list?continuation={number}")
            };
            page.fetch("GET", &path, None, Reply::ok(json!({"rows": rows, "next": link})));
        }
    }

    fn read(&self, page: &mut Browser, one: &Stored) {
        let target = self.target(one);
        let text = |name: &str| target[name].to_string().replace('"', "");
        let mut path = format!("/rpc/open?ref={}", text("ref"));
        if self.has_second_key {
            path.push_str(&format!("&rank={}", text("rank")));
        }
        page.fetch("GET", &path, None, Reply::ok(self.object(one)));
    }

    fn create(&self, page: &mut Browser, one: &Stored) {
        if self.validates {
            let body = Some(settings(one, true));
            page.fetch("POST", "/rpc/add-dry", body, Reply::ok(json!({})));
        }
        page.fetch("POST", "/rpc/add", Some(settings(one, true)), Reply::ok(json!({})));
    }

    fn update(&self, page: &mut Browser, before: &Stored, after: &Stored) {
        self.save(page, before, after, true);
    }

    fn switch(&self, page: &mut Browser, before: &Stored, after: &Stored) {
        self.save(page, before, after, false);
    }

    fn delete(&self, page: &mut Browser, one: &Stored) {
        let body = Some(json!({"target": self.target(one)}));
        page.fetch("POST", "/rpc/remove", body, Reply::ok(json!({"done": true})));
    }

    fn id(&self, number: usize) -> String {
        let number = u64::try_from(number).unwrap();
        match self.first_id {
            Some(first) => (first + number).to_string(),
            None => format!("{:08x}-1a2b-4c3d-8e4f-00abcdef0123", 0x5c7c_2677 + number),
        }
    }
}

fn outcome(api: Counted, sheets: &[Sheet]) -> crate::Outcome {
    let mut page = Browser::new();
    visit(&api, &mut page, sheets, Habits::default());
    learned(&form(sheets), &[page.har()])
}

#[track_caller]
fn is_learned(api: Counted, sheets: &[Sheet]) {
    let outcome = outcome(api, sheets);
    let why = format!("{}\n{}", outcome.report, outcome.profile);
    // One connector does not show how kinds differ.
    assert!(outcome.whole || sheets.len() == 1, "{why}");
    let profile = profile(&outcome);
    let calls = [
        ("list", "/rpc/list"),
        ("read", "/rpc/open"),
        ("create", "/rpc/add"),
        ("update", "/rpc/save"),
        ("delete", "/rpc/remove"),
    ];
    for (call, path) in calls {
        assert_eq!(profile["calls"][call]["path"], path, "{call}: {why}");
    }
    assert_eq!(profile["fields"]["id"]["at"], "/ref", "{why}");
    assert_eq!(profile["fields"]["version"]["at"], "/revision", "{why}");
    assert_eq!(profile["calls"]["read"]["query"]["ref"], "{id}", "{why}");
    let update = &profile["calls"]["update"];
    let by_kind = update["body_by_kind"].as_object().into_iter().flat_map(|all| all.values());
    for body in update.get("body").into_iter().chain(by_kind) {
        assert_eq!(body["target"], json!({"ref": "{id}"}), "{why}");
        assert_eq!(body["revision"], "{version}", "{why}");
    }
    assert_eq!(profile["calls"]["create"].get("response"), None, "{why}");
}

#[test]
fn version_in_many_requests_is_no_id() {
    is_learned(Counted::default(), &four());
    for number in 0..4 {
        is_learned(Counted::default(), &[four().remove(number)]);
    }
}

#[test]
fn ids_that_are_equal_to_versions_and_codes_are_found() {
    for first in 0..9 {
        is_learned(Counted { first_id: Some(first), ..Counted::default() }, &four());
        for number in 0..4 {
            let sheets = [four().remove(number)];
            is_learned(Counted { first_id: Some(first), ..Counted::default() }, &sheets);
        }
    }
}

#[test]
fn second_key_that_is_sent_with_each_id_is_reported() {
    for sheets in [four(), vec![four().remove(0)]] {
        let outcome = outcome(Counted { has_second_key: true, ..Counted::default() }, &sheets);
        assert!(!outcome.whole, "{}", outcome.profile);
        let says = "id: more than one value of a connector may be its id.";
        assert!(outcome.report.contains(says), "{}\n{}", outcome.report, outcome.profile);
    }
}

#[test]
fn call_that_sends_the_same_as_the_create_is_reported() {
    for sheets in [four(), vec![four().remove(0)]] {
        let outcome = outcome(Counted { validates: true, ..Counted::default() }, &sheets);
        assert!(!outcome.whole, "{}", outcome.profile);
        let says = "nothing shows which of them creates it.";
        assert!(outcome.report.contains(says), "{}\n{}", outcome.report, outcome.profile);
    }
}
