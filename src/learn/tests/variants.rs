//! APIs and recordings that differ in one respect from the families.

use serde_json::{Value, json};

use super::browser::{Browser, har};
use super::elsewhere::Elsewhere;
use super::families::{learned, profile};
use super::located::Located;
use super::page::{Api, Habits, ORGANIZATION, Sheet, form, four, visit};
use super::today::Today;
use crate::Outcome;

/// A recorded call, to be altered.
struct Exchange {
    method: String,
    /// The path with the query.
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Value,
    status: u64,
    response: Value,
}

fn entries(api: &dyn Api, sheets: &[Sheet], alter: &mut dyn FnMut(&mut Exchange)) -> Vec<Value> {
    recorded(api, sheets, Habits::default(), alter)
}

fn recorded(
    api: &dyn Api,
    sheets: &[Sheet],
    habits: Habits,
    alter: &mut dyn FnMut(&mut Exchange),
) -> Vec<Value> {
    let mut page = Browser::new();
    visit(api, &mut page, sheets, habits);
    let json = |text: &Value| serde_json::from_str(text.as_str().unwrap_or("null")).unwrap();
    for entry in &mut page.entries {
        let url = entry["request"]["url"].as_str().unwrap();
        let mut exchange = Exchange {
            method: entry["request"]["method"].as_str().unwrap().to_owned(),
            target: url.strip_prefix(&page.host).unwrap().to_owned(),
            headers: Vec::new(),
            body: json(&entry["request"]["postData"]["text"]),
            status: entry["response"]["status"].as_u64().unwrap(),
            response: json(&entry["response"]["content"]["text"]),
        };
        alter(&mut exchange);
        entry["request"]["url"] = json!(format!("{}{}", page.host, exchange.target));
        for (name, value) in exchange.headers {
            let header = json!({"name": name, "value": value});
            entry["request"]["headers"].as_array_mut().unwrap().push(header);
        }
        if !exchange.body.is_null() {
            entry["request"]["postData"]["text"] = json!(exchange.body.to_string());
        }
        entry["response"]["status"] = json!(exchange.status);
        if !exchange.response.is_null() {
            entry["response"]["content"] = json!({
                "mimeType": "application/json", "text": exchange.response.to_string(),
            });
        }
    }
    page.entries
}

const TODAY: Today = Today { nulls: false };

/// Learns today's API with one difference.
fn altered(alter: &mut dyn FnMut(&mut Exchange)) -> Outcome {
    learned(&form(&four()), &[har(&entries(&TODAY, &four(), alter))])
}

/// Adds members to each connector in a response.
fn extend(value: &mut Value, added: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| extend(item, added)),
        Value::Object(members) if members.contains_key("connectorType") => {
            members.extend(added.as_object().unwrap().clone());
        }
        Value::Object(members) => members.values_mut().for_each(|member| extend(member, added)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_list(exchange: &Exchange) -> bool {
    exchange.target.contains("/v2/connector?")
}

/// Returns all bodies of a call.
fn bodies(call: &Value) -> Vec<&Value> {
    let by_kind = call["body_by_kind"].as_object().into_iter().flat_map(|all| all.values());
    call.get("body").into_iter().chain(by_kind).collect()
}

#[track_caller]
fn says(outcome: &Outcome, text: &str) {
    assert!(outcome.report.contains(text), "{}\n{}", outcome.report, outcome.profile);
}

#[track_caller]
fn is_missing(outcome: &Outcome, text: &str) {
    let missing = outcome.report.split("\nMissing\n").nth(1).unwrap_or_default();
    assert!(missing.contains(text), "{}\n{}", outcome.report, outcome.profile);
    assert!(!outcome.whole, "{}", outcome.report);
}

#[test]
fn update_sends_back_members_that_no_argument_manages() {
    let defaults = json!({"description": null, "timeout": 30, "tags": [], "zone": "UTC"});
    let one_edited = vec![four().remove(0), {
        let mut sheet = four().remove(1);
        sheet.iter_mut().for_each(|(_, values)| values.truncate(1));
        sheet
    }];
    let no_switch = Habits { no_switch: true, ..Habits::default() };
    for (sheets, habits) in [(four(), Habits::default()), (one_edited, no_switch)] {
        let entries = recorded(&TODAY, &sheets, habits, &mut |call| {
            extend(&mut call.response, &defaults);
            if !call.body.is_null() {
                extend(&mut call.body, &defaults);
                call.body["origin"] = json!("CONTROL_HUB");
            }
        });
        let outcome = learned(&form(&sheets), &[har(&entries)]);
        let profile = profile(&outcome);
        let (create, update) = (&profile["calls"]["create"], &profile["calls"]["update"]);
        assert_eq!(update["overlay"], "", "{}", outcome.profile);
        assert!(!bodies(update).is_empty(), "{}", outcome.profile);
        for body in bodies(update) {
            for member in defaults.as_object().unwrap().keys() {
                assert_eq!(body.get(member), None, "{member}: {}", outcome.profile);
            }
            assert_eq!(body["connectorType"], "CUSTOM", "{}", outcome.profile);
            // Nothing shows this one, so the update must have it.
            assert_eq!(body["origin"], "CONTROL_HUB", "{}", outcome.profile);
        }
        for body in bodies(create) {
            assert_eq!((&body["timeout"], &body["zone"]), (&json!(30), &json!("UTC")));
        }
    }
}

#[test]
fn words_of_states_are_told_apart() {
    let pairs = [
        ("IN_SERVICE", "OUT_OF_SERVICE", false),
        ("DEPLOYED", "UNDEPLOYED", true),
        ("DEPLOYED", "RETIRED", true),
        ("INSTALLED", "REMOVED", true),
        ("INSTALLED", "UNINSTALLED", true),
        ("DISCOVERABLE", "VISIBLE", false),
        ("ACTIVATED", "DEACTIVATED", true),
        ("active", "inactive", true),
        ("ENABLED", "DISABLED", true),
        ("ON", "DISABLED", true),
        ("RUNNING", "INACTIVE", true),
        ("running", "not_running", true),
        ("live", "paused", true),
    ];
    for (active, inactive, is_certain) in pairs {
        let mut replace = |call: &mut Exchange| {
            for value in [&mut call.body, &mut call.response] {
                let text = value.to_string();
                let text = text.replace("\"status\":\"on\"", &format!("\"status\":\"{active}\""));
                let text =
                    text.replace("\"status\":\"off\"", &format!("\"status\":\"{inactive}\""));
                *value = serde_json::from_str(&text).unwrap();
            }
        };
        let har = har(&entries(&Located, &four(), &mut replace));
        let outcome = learned(&form(&four()), &[har]);
        let values = &profile(&outcome)["fields"]["active"]["values"];
        assert_eq!(*values, json!({"true": active, "false": inactive}), "{}", outcome.report);
        let reported = outcome.report.contains("the words of the two states do not show");
        assert_eq!(reported, !is_certain, "{active}: {}", outcome.report);
    }
}

#[test]
fn single_switch_is_no_part_of_a_profile() {
    let failed = |call: &mut Exchange| {
        if call.target.ends_with("/enable") {
            call.status = 503;
        }
    };
    let har = har(&entries(&Elsewhere, &four(), &mut { failed }));
    let outcome = learned(&form(&four()), &[har]);
    is_missing(&outcome, "activation: activate is not in the recording.");
    assert_eq!(profile(&outcome)["calls"].get("deactivate"), None, "{}", outcome.profile);
    webex_contact_center::Profile::parse(&outcome.profile).unwrap();
}

#[test]
fn names_stand_in_writes_only_and_the_longest_first() {
    let mut name = String::new();
    let outcome = altered(&mut |call| {
        if let Some(current) = call.body["name"].as_str() {
            name = current.replace(' ', "%20");
        }
        if call.method == "PUT" {
            call.target.push_str(&format!("?note=saved%3A%20{name}"));
        } else if !is_list(call) && call.method != "POST" && !name.is_empty() {
            call.target.push_str(&format!("?note=opened%3A%20{name}"));
        }
    });
    let calls = &profile(&outcome)["calls"];
    assert_eq!(calls["update"]["query"]["note"], "saved: {name}", "{}", outcome.profile);
    assert_eq!(calls["read"].get("query"), None, "{}", outcome.profile);
    assert_eq!(calls["delete"].get("query"), None, "{}", outcome.profile);
    webex_contact_center::Profile::parse(&outcome.profile).unwrap();
}

#[test]
fn empty_error_in_a_response_is_no_failure() {
    let mut add = |call: &mut Exchange| {
        if let Some(response) = call.response.as_object_mut() {
            response.insert("error".to_owned(), json!({}));
        }
    };
    let outcome = altered(&mut add);
    assert!(outcome.whole, "{}", outcome.report);
    let usual = altered(&mut |_| {});
    assert_eq!(profile(&outcome)["calls"], profile(&usual)["calls"]);
}

#[test]
fn overlapping_recordings_and_a_late_row_do_not_hide_the_version() {
    let all = entries(&TODAY, &four(), &mut |_| {});
    let usual = learned(&form(&four()), &[har(&all)]);
    let overlapping = [har(&all[..all.len() * 2 / 3]), har(&all)];
    let outcome = learned(&form(&four()), &overlapping);
    assert_eq!(profile(&outcome), profile(&usual), "{}", outcome.report);
    let mut lists = 0;
    let outcome = altered(&mut |call| {
        lists += usize::from(is_list(call));
        // The list after the edits of the first connector.
        if is_list(call) && lists == 6 {
            call.response["data"][0]["version"] = json!(1);
        }
    });
    assert_eq!(profile(&outcome), profile(&usual), "{}", outcome.report);
}

#[test]
fn missing_version_and_header_that_is_not_understood_are_reported() {
    let mut remove = |call: &mut Exchange| {
        for value in [&mut call.body, &mut call.response] {
            let text = value.to_string().replace("\"version\":", "\"counted\":");
            *value = serde_json::from_str(&text).unwrap();
            extend(value, &json!({"counted": 7}));
            if value.get("counted").is_some() {
                value["counted"] = json!(7);
            }
        }
    };
    let outcome = altered(&mut remove);
    assert!(outcome.whole, "{}", outcome.report);
    says(&outcome, "version: no member of the responses changes with each update.");
    let mut count = 0;
    let outcome = altered(&mut |call| {
        remove(call);
        if call.method == "PUT" {
            count += 1;
            call.headers.push(("If-Match", format!("\"tag-{count}\"")));
        }
    });
    is_missing(&outcome, "update: the header If-Match is omitted");
}

#[test]
fn switches_of_the_page_are_no_credentials() {
    let outcome = altered(&mut |call| {
        call.headers.push(("cookie", "cookie_consent=true; auth=1; session=on".to_owned()));
        call.headers.push(("X-CSRF", "1".to_owned()));
        if is_list(call) {
            call.target.push_str("&includeInactive=true");
        }
    });
    let list = &profile(&outcome)["calls"]["list"];
    assert_eq!(list["query"]["includeInactive"], "true", "{}", outcome.report);
}

#[test]
fn constants_that_look_random_are_missing() {
    let hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let outcome = altered(&mut |call| {
        if call.method == "POST" {
            call.body["connectorTypeId"] = json!("0a0b0c0d-1111-4222-8333-999955556666");
            call.body["apiToken"] = json!("0a0b0c0d-1111-4222-8333-777755556666");
            call.body["extensions"] = json!({"persistedQuery": {"sha256Hash": hash}});
        }
    });
    is_missing(
        &outcome,
        "create: body/connectorTypeId is omitted, because it looks like an id, a time, a name or a \
         credential of the recording. If the call needs it, add it to the profile.",
    );
    let missing = outcome.report.split("Missing").nth(1).unwrap();
    assert!(!missing.contains("apiToken"), "{}", outcome.report);
    for body in bodies(&profile(&outcome)["calls"]["create"]) {
        assert_eq!(body["extensions"]["persistedQuery"]["sha256Hash"], hash);
        assert_eq!((body.get("connectorTypeId"), body.get("apiToken")), (None, None));
    }
}

#[test]
fn repeated_parameter_is_missing() {
    let outcome = altered(&mut |call| {
        if is_list(call) {
            call.target.push_str("&include=a&include=b");
        }
    });
    is_missing(
        &outcome,
        "list: the parameter include is sent more than once, which a profile cannot express.",
    );
    // Other calls of the page do not matter.
    let outcome = altered(&mut |call| {
        if call.method == "POST" && call.status == 201 {
            call.target.push_str("?a=1");
        }
    });
    assert!(outcome.whole, "{}", outcome.report);
}

/// Lists of one API with several pages, of which each has a number of rows.
fn pages(parameters: &dyn Fn(usize) -> String, added: &Value) -> Outcome {
    let mut page = Browser::new();
    visit(&TODAY, &mut page, &four(), Habits::default());
    let mut all: Vec<Value> = Vec::new();
    for mut entry in page.entries {
        let text = entry["response"]["content"]["text"].as_str().unwrap_or("null");
        let response: Value = serde_json::from_str(text).unwrap();
        let Some(rows) = response["data"].as_array() else {
            all.push(entry);
            continue;
        };
        for (number, rows) in rows.chunks(2).enumerate() {
            let url = format!("{}/organization/{ORGANIZATION}/v2/connector?", page.host);
            entry["request"]["url"] = json!(format!("{url}{}", parameters(number)));
            let mut response = json!({"data": rows, "total": 5});
            response.as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
            entry["response"]["content"]["text"] = json!(response.to_string());
            all.push(entry.clone());
        }
    }
    learned(&form(&four()), &[har(&all)])
}

#[test]
fn echoed_sizes_and_filters_are_no_cursors() {
    let mut lists = 0;
    let outcome = altered(&mut |call| {
        if is_list(call) {
            lists += 1;
            call.response["facets"] = json!(["CUSTOM_OWNED", "SHARED_2024"]);
            call.response["limits"] = json!({"most": 1000, "pageSize": 2000, "total": 3000});
            if lists % 2 == 0 {
                let own = ["&limit=2000", "&rows=3000", "&most=1000", "&owner=SHARED_2024"];
                call.target.push_str(own[lists / 2 % 4]);
            }
        }
    });
    let next = &profile(&outcome)["calls"]["list"]["response"]["next"];
    assert_eq!(*next, json!({"link": "/meta/links/next"}), "{}", outcome.profile);
}

#[test]
fn pages_by_offset_are_missing_and_by_number_are_learned() {
    let outcome = pages(&|number| format!("offset={}", 2 * number), &json!({}));
    is_missing(&outcome, "list: its pages begin at the number of a row (an offset)");
    let outcome = pages(&|number| format!("chunk={number}"), &json!({}));
    assert!(outcome.whole, "{}", outcome.report);
    let list = &profile(&outcome)["calls"]["list"];
    assert_eq!(list["query"]["chunk"], "{page}", "{}", outcome.profile);
    assert_eq!(list["response"]["next"], json!({"page": 0, "total": "/total"}));
}

#[test]
fn body_whose_members_are_all_omitted_is_empty() {
    let mut count = 0;
    let outcome = altered(&mut |call| {
        if call.method == "DELETE" {
            count += 1;
            call.body = json!({"requested": 1_764_158_400_123_u64 + count});
        }
    });
    let calls = &profile(&outcome)["calls"];
    assert_eq!(calls["delete"]["body"], json!({}), "{}", outcome.profile);
    assert_eq!(calls["read"].get("body"), None, "{}", outcome.profile);
}

#[test]
fn ids_and_names_as_names_of_members_are_in_no_profile() {
    let holds_none = |outcome: &Outcome| {
        for text in [&outcome.profile, &outcome.report] {
            let is_there = (0..4).any(|number| text.contains(&TODAY.id(number)));
            assert!(
                !is_there && !text.contains("canary") && !text.contains(ORGANIZATION),
                "{text}"
            );
        }
    };
    // The connector as a member that is named by its id, or by its name.
    for key in ["id", "name"] {
        let outcome = altered(&mut |call| {
            if let Some(key) = call.response[key].as_str() {
                call.response = json!({ key: call.response });
            }
        });
        holds_none(&outcome);
        is_missing(&outcome, "name: the responses use ids as names of members");
    }
    // A member of the connector that is named by the id.
    let outcome = altered(&mut |call| {
        if let Some(id) = call.response["id"].as_str() {
            call.response = json!({"id": id, id: call.response});
        }
    });
    holds_none(&outcome);
    // A segment with a value of the session.
    let session = "canary-session-0123456789";
    let outcome = altered(&mut |call| {
        call.headers.push(("cookie", format!("JSESSIONID={session}")));
        if call.method == "DELETE" {
            call.target.push_str(&format!(";jsessionid={session}"));
        }
    });
    holds_none(&outcome);
    is_missing(&outcome, "delete: its path has a value of the session");
    assert_eq!(profile(&outcome)["calls"].get("delete"), None, "{}", outcome.profile);
}
