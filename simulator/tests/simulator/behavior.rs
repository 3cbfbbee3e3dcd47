use std::time::Duration;

use serde_json::{Value, json};
use webex_cc_simulator::{Behavior, Options, Script, TimeForm, VersionForm};

use crate::support::{
    Harness, ORGANIZATION, basic, client_secret, connector_path, list_path, with, without,
};

fn with_behavior(behavior: Behavior) -> Harness {
    Harness::with(Options { active_lock: false, behavior, ..Options::default() })
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn ignored_fields_are_accepted_and_not_stored() {
    let ignored_fields = words(&["scope", "active"]);
    let harness = with_behavior(Behavior { ignored_fields, ..Behavior::default() });
    let body = with(&client_secret("a"), json!({"active": false}));
    let created = harness.create(&body).await.expect(201).json();
    assert_eq!(created["scope"], Value::Null);
    assert_eq!(created["active"], true);
    let id = created["id"].as_str().unwrap();
    let update = with(&body, json!({"id": id, "version": 0, "name": "b"}));
    let updated = harness.replace(id, &update).await.expect(200).json();
    assert_eq!(updated["name"], "b");
    assert_eq!(updated["active"], true, "activation changes nothing");
    assert_eq!(harness.stored(id)["scope"], Value::Null);
}

#[tokio::test]
async fn short_rows_leave_fields_out_of_lists_only() {
    let short_rows_without = words(&["token_url", "version"]);
    let harness = with_behavior(Behavior { short_rows_without, ..Behavior::default() });
    let id = harness.create(&client_secret("a")).await.id();
    let row = harness.list(&[]).await.json()["data"][0].clone();
    assert_eq!(row["clientId"], "client");
    assert_eq!((row.get("tokenUrl"), row.get("version")), (None, None));
    assert_eq!(harness.read(&id).await.json()["tokenUrl"], "https://login.example.com/token");
}

#[tokio::test]
async fn literals_differ_in_responses() {
    let literals = words(&["basic=BASIC_AUTH", "password=ROPC", "false=off"]);
    let harness = with_behavior(Behavior { literals, ..Behavior::default() });
    let body = with(&basic("a"), json!({"active": false}));
    let shown = harness.create(&body).await.expect(201).json();
    assert_eq!(shown["authenticationType"], "BASIC_AUTH");
    assert_eq!(shown["active"], "off");
    let shown = harness.create(&crate::support::password("b")).await.expect(201).json();
    assert_eq!(shown["grantType"], "ROPC");
    assert_eq!(shown["authenticationType"], "OAUTH2");
}

#[tokio::test]
async fn extra_members_survive_what_sends_them_back() {
    let extra_members = Some(json!({"region": {"code": "eu"}, "name": "not this"}));
    let harness = with_behavior(Behavior { extra_members, ..Behavior::default() });
    let created = harness.create(&client_secret("a")).await.expect(201).json();
    assert_eq!(created["name"], "a");
    assert_eq!(created["region"], json!({"code": "eu"}));
    let id = created["id"].as_str().unwrap();
    // Everything that was read may be sent.
    let everything = with(&created, json!({"scope": "write", "links": []}));
    let kept = harness.replace(id, &everything).await.expect(200).json();
    assert_eq!(kept["region"], json!({"code": "eu"}));
    assert_eq!(kept["scope"], "write");
    let stranger = with(&kept, json!({"surprise": 1}));
    harness.replace(id, &stranger).await.expect(400);
    let lost = harness.replace(id, &without(&kept, &["region"])).await.expect(200).json();
    assert_eq!(lost.get("region"), None);
    harness.replace(id, &with(&kept, json!({"version": 2}))).await.expect(400);
}

#[tokio::test]
async fn empty_members_are_left_out() {
    let harness = with_behavior(Behavior { omit_empty: true, ..Behavior::default() });
    let id = harness.create(&without(&client_secret("a"), &["scope"])).await.id();
    let read = harness.read(&id).await.json();
    assert_eq!((read.get("scope"), read.get("username")), (None, None));
    assert_eq!(read["systemDefault"], false);
    let update = with(&client_secret("a"), json!({"id": id, "version": 0, "scope": ""}));
    assert_eq!(harness.replace(&id, &update).await.expect(200).json().get("scope"), None);
}

#[tokio::test]
async fn updates_become_visible_later() {
    let behavior = Behavior { update_visible_after_ms: 5_000, ..Behavior::default() };
    let harness = with_behavior(behavior);
    let id = harness.create(&basic("a")).await.id();
    let update = with(&basic("b"), json!({"id": id, "version": 0}));
    assert_eq!(harness.replace(&id, &update).await.expect(200).json()["name"], "b");
    assert_eq!(harness.read(&id).await.json()["name"], "a");
    assert_eq!(harness.list(&[]).await.json()["data"][0]["name"], "a");
    harness.simulator.advance_clock(Duration::from_secs(5));
    assert_eq!(harness.read(&id).await.json()["name"], "b");
    assert_eq!(harness.list(&[]).await.json()["data"][0]["version"], 1);
}

#[tokio::test]
async fn unchecked_versions_may_be_stale_or_missing() {
    let harness = with_behavior(Behavior { unchecked_versions: true, ..Behavior::default() });
    let id = harness.create(&basic("a")).await.id();
    let stale = with(&basic("b"), json!({"id": id, "version": 7}));
    assert_eq!(harness.replace(&id, &stale).await.expect(200).json()["version"], 1);
    let missing = with(&basic("c"), json!({"id": id}));
    assert_eq!(harness.replace(&id, &missing).await.expect(200).json()["version"], 2);
}

#[tokio::test]
async fn a_refused_list_leaves_reads() {
    let harness = with_behavior(Behavior { refused_list: true, ..Behavior::default() });
    let id = harness.create(&basic("a")).await.id();
    harness.list(&[]).await.expect(403);
    harness.read(&id).await.expect(200);
    let body = json!({"refused_list": false});
    harness.call("PUT", "/_simulator/behavior", Some(&body)).await.expect(204);
    harness.list(&[]).await.expect(200);
    harness.call("DELETE", "/_simulator/behavior", None).await.expect(204);
    harness.list(&[]).await.expect(403);
    let shown = harness.get("/_simulator/behavior").await.expect(200).json();
    assert_eq!(shown["refused_list"], true);
    let wrong = json!({"ignored_fields": ["colour"]});
    harness.call("PUT", "/_simulator/behavior", Some(&wrong)).await.expect(400);
    let wrong = json!([{"action": {"behave": {"literals": ["x=y"]}}}]);
    harness.call("PUT", "/_simulator/faults", Some(&wrong)).await.expect(400);
}

#[tokio::test]
async fn a_refused_method_is_a_405_that_allows_others() {
    let harness = with_behavior(Behavior::default());
    let id = harness.create(&basic("a")).await.id();
    let refused_methods = words(&["PUT"]);
    harness.simulator.behave(Behavior { refused_methods, ..Behavior::default() });
    let update = with(&basic("b"), json!({"id": id, "version": 0}));
    let refused = harness.replace(&id, &update).await.expect(405);
    assert_eq!(refused.header("Allow"), Some("DELETE, GET, PATCH"));
    assert_eq!(harness.stored(&id)["name"], "a");
    harness.read(&id).await.expect(200);
    harness.call("GET", &list_path(), None).await.expect(200);
}

#[tokio::test]
async fn a_script_deviates_for_some_requests() {
    let harness = with_behavior(Behavior::default());
    let id = harness.create(&basic("a")).await.id();
    let ignored_fields = words(&["name"]);
    let ignoring = Behavior { ignored_fields, ..Behavior::default() };
    harness.simulator.faults([Script::behave(ignoring).call("update").times(1)]);
    let at = |version: u64| with(&basic("b"), json!({"id": id, "version": version}));
    assert_eq!(harness.replace(&id, &at(0)).await.expect(200).json()["name"], "a");
    assert_eq!(harness.replace(&id, &at(1)).await.expect(200).json()["name"], "b");
    let calls: Vec<_> = harness.simulator.journal().into_iter().map(|one| one.call).collect();
    assert_eq!(
        calls,
        [Some("create"), Some("update"), Some("update")].map(|call| call.map(str::to_owned))
    );
}

#[tokio::test]
async fn versions_and_times_can_be_texts() {
    let harness = Harness::with(Options {
        version_as: VersionForm::Text,
        times_as: TimeForm::Rfc3339,
        active_lock: false,
        ..Options::default()
    });
    let created = harness.create(&basic("a")).await.expect(201).json();
    let id = created["id"].as_str().unwrap();
    assert_eq!(created["version"], "0");
    assert!(created["createdTime"].as_str().unwrap().starts_with("20"));
    let numeric = with(&created, json!({"version": 0}));
    harness.call("PUT", &connector_path(id), Some(&numeric)).await.expect(400);
    let replaced = harness.replace(id, &created).await.expect(200).json();
    assert_eq!(replaced["version"], "1");
    assert_eq!(harness.stored(id)["version"], 1);
    assert_eq!(harness.simulator.all_stored(ORGANIZATION).len(), 1);
}
