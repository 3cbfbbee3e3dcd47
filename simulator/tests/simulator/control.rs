use serde_json::{Value, json};

use crate::support::{
    Harness, ORGANIZATION, Response, basic, client_secret, connector_path, connectors_path, read,
    references_path, with,
};

/// Sends a request to the control interface, which requires no token.
async fn control(harness: &Harness, method: &str, path: &str, body: Value) -> Response {
    let url = format!("{}/_simulator/{path}", harness.simulator.base_url());
    let mut request = harness.client.request(method.parse().unwrap(), url);
    if !body.is_null() {
        request = request.body(body.to_string());
    }
    read(request).await.unwrap()
}

#[tokio::test]
async fn the_journal_holds_requests_until_it_is_cleared() {
    let harness = Harness::new();
    let id = harness.create(&basic("a")).await.id();
    harness.list(&[("page", "0"), ("filter", "name==a")]).await.expect(200);
    let form = harness
        .client
        .post(format!("{}/v1/access_token", harness.simulator.base_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("X-Twice", "a")
        .header("X-Twice", "b")
        .body("grant_type=none");
    read(form).await.unwrap().expect(400);
    harness.read("%2Fodd").await.expect(404);

    let journal = control(&harness, "GET", "requests", json!(null)).await.expect(200).json();
    let journal = journal.as_array().unwrap();
    assert_eq!(journal.len(), 4);
    for exchange in journal {
        let keys: Vec<&String> = exchange.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["body", "call", "headers", "method", "path", "query", "status"]);
    }
    let create = &journal[0];
    assert_eq!(create["method"], "POST");
    assert_eq!(create["path"], connectors_path());
    assert_eq!(create["query"], "");
    assert_eq!(create["status"], 201);
    assert_eq!(create["body"], basic("a"));
    assert_eq!(create["headers"]["authorization"], format!("Bearer {}", harness.token));
    assert_eq!(create["headers"]["content-type"], "application/json");
    assert_eq!(journal[1]["query"], "page=0&filter=name%3D%3Da");
    assert_eq!(journal[1]["body"], Value::Null);
    assert_eq!(journal[2]["body"], "grant_type=none");
    assert_eq!(journal[2]["headers"]["x-twice"], "a, b");
    assert_eq!(journal[3]["path"], connector_path("%2Fodd"));
    assert_eq!(json!(harness.simulator.journal()), json!(journal));

    control(&harness, "DELETE", "requests", json!(null)).await.expect(204);
    harness.read(&id).await.expect(200);
    let journal = control(&harness, "GET", "requests", json!(null)).await.json();
    assert_eq!(journal.as_array().unwrap().len(), 1);
    harness.simulator.clear_journal();
    assert!(harness.simulator.journal().is_empty());
}

#[tokio::test]
async fn fault_scripts_are_replaced_deleted_and_checked() {
    let harness = Harness::new();
    let scripts = json!([
        {"method": "GET", "path": "/organization/*/v2/connector", "times": 2,
         "action": {"respond": {"status": 503, "headers": {"Retry-After": "1"}, "body": {"a": 1}}}},
        {"path": "/**", "action": {"respond": {"status": 504}}},
    ]);
    control(&harness, "PUT", "faults", scripts).await.expect(204);
    harness.list(&[]).await.expect(503);
    harness.read("x").await.expect(504);
    let left = control(&harness, "GET", "faults", json!(null)).await.expect(200).json();
    assert_eq!(left[0]["times"], 1);
    control(&harness, "DELETE", "faults", json!(null)).await.expect(204);
    harness.list(&[]).await.expect(200);

    for wrong in [
        json!({"action": {"drip_ms": 1}}),
        json!([{"action": {"explode": true}}]),
        json!([{"action": {"respond": {"status": 101}}}]),
        json!([{"action": {"respond": {"status": 200, "headers": {"a b": "c"}}}}]),
        json!([{"action": {"respond": {"status": 200, "headers": {"a": "b\nc"}}}}]),
    ] {
        let response = control(&harness, "PUT", "faults", wrong).await.expect(400);
        assert!(response.json()["error"].is_string());
    }
}

#[tokio::test]
async fn stored_connectors_are_read_edited_and_deleted() {
    let harness = Harness::new();
    let created = harness.create(&client_secret("a")).await.json();
    let id = created["id"].as_str().unwrap();
    let path = format!("organizations/{ORGANIZATION}/connectors/{id}");
    let stored = control(&harness, "GET", &path, json!(null)).await.expect(200).json();
    assert_eq!(stored["clientSecret"], "first-secret");
    assert_eq!(stored["name"], "a");

    // An edit of some fields, as in Control Hub.
    let edited = control(&harness, "PUT", &path, json!({"name": "b"})).await.expect(200).json();
    assert_eq!(edited["name"], "b");
    assert_eq!(edited["clientSecret"], "first-secret");
    assert_eq!(edited["version"], 1);
    assert!(edited["lastUpdatedTime"].as_u64() > stored["lastUpdatedTime"].as_u64());

    // The whole object with a change.
    let whole = with(&edited, json!({"clientSecret": "second-secret"}));
    let edited = control(&harness, "PUT", &path, whole).await.expect(200).json();
    assert_eq!(edited["clientSecret"], "second-secret");
    assert_eq!(edited["version"], 2);

    // Another version and time, and fields that the API refuses.
    let unchecked = json!({"version": 40, "lastUpdatedTime": 1, "grantType": "NEW", "novel": [1]});
    let edited = control(&harness, "PUT", &path, unchecked).await.expect(200).json();
    assert_eq!(edited["version"], 40);
    assert_eq!(edited["lastUpdatedTime"], 1);
    let read = harness.read(id).await.expect(200).json();
    assert_eq!(read["grantType"], "NEW");
    assert_eq!(read["novel"], json!([1]));

    let all = format!("organizations/{ORGANIZATION}/connectors");
    let listed = control(&harness, "GET", &all, json!(null)).await.expect(200).json();
    assert_eq!(listed, json!([edited]));

    control(&harness, "DELETE", &path, json!(null)).await.expect(204);
    harness.read(id).await.expect(404);
    control(&harness, "GET", &path, json!(null)).await.expect(404);
    control(&harness, "DELETE", &path, json!(null)).await.expect(404);
}

#[tokio::test]
async fn a_put_with_a_new_id_creates_a_connector() {
    let harness = Harness::new();
    let path = format!("organizations/{ORGANIZATION}/connectors/made-by-hand");
    control(&harness, "PUT", &path, basic("a")).await.expect(200);
    let read = harness.read("made-by-hand").await.expect(200).json();
    assert_eq!(read["id"], "made-by-hand");
    assert_eq!(read["organizationId"], ORGANIZATION);
    assert_eq!(read["version"], 0);
    assert_eq!(read["active"], true);
}

#[tokio::test]
async fn references_are_added_listed_and_removed() {
    let harness = Harness::new();
    let id = harness.create(&basic("a")).await.id();
    let path = format!("organizations/{ORGANIZATION}/references");
    let body = json!({"connectorId": id, "name": "Greeting", "type": "flow"});
    let made = control(&harness, "POST", &path, body).await.expect(201).json();
    assert_eq!(made["name"], "Greeting");
    let references = harness.get(&references_path(&id)).await.json();
    let expected = json!([{"id": made["id"], "name": "Greeting", "type": "flow"}]);
    assert_eq!(references["data"], expected);
    let listed = control(&harness, "GET", &path, json!(null)).await.json();
    assert_eq!(listed, json!([made]));
    control(&harness, "DELETE", &path, json!(null)).await.expect(204);
    let references = harness.get(&references_path(&id)).await.json();
    assert_eq!(references["data"], json!([]));

    let unknown = json!({"connectorId": "unknown", "name": "Greeting"});
    control(&harness, "POST", &path, unknown).await.expect(404);
    control(&harness, "POST", &path, json!({"name": "Greeting"})).await.expect(400);
}

#[tokio::test]
async fn the_clock_advances_and_tokens_expire() {
    let harness = Harness::new();
    let created = harness.create(&basic("a")).await.json();
    control(&harness, "POST", "clock", json!({"advance_ms": 3_600_000})).await.expect(204);
    let later = harness.create(&basic("b")).await.json();
    let hour = later["createdTime"].as_u64().unwrap() - created["createdTime"].as_u64().unwrap();
    assert!((3_600_000..3_700_000).contains(&hour), "{hour}");
    control(&harness, "POST", "tokens/expire", json!(null)).await.expect(204);
    harness.list(&[]).await.expect(401);
}

#[tokio::test]
async fn unknown_control_requests_are_not_found() {
    let harness = Harness::new();
    for (method, path) in [
        ("GET", ""),
        ("POST", "requests"),
        ("GET", "tokens/expire"),
        ("GET", "organizations/unknown/connectors"),
        ("POST", "organizations"),
    ] {
        let response = control(&harness, method, path, json!(null)).await.expect(404);
        assert!(response.json()["error"].is_string(), "{method} {path}");
    }
    assert!(harness.simulator.journal().is_empty());
}
