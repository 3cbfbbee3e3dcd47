//! Flows: drafts, validation, publication.

use serde_json::{Value, json};

use crate::support::{Harness, ORGANIZATION, Response, basic};

/// A flow with one HTTP activity, in one of three shapes.
fn flow(shape: usize, connector: &Value) -> Value {
    match shape {
        0 => json!({"name": "Greeting", "process": {"activities": {"1": {"name": "Ask",
            "properties": {"activityName": "http-request-v2", "connectorId": connector}}}},
            "diagram": {"widgets": {"1": {"properties": {"activityName": "http-request-v2"}}}}}),
        1 => json!({"flowName": "Greeting", "nodes": [{"id": "n", "name": "Ask",
            "activityType": "action",
            "properties": {"activityName": "http-request-v2", "connectorId": connector}}]}),
        _ => json!({"flowName": "Greeting", "nodes": [{"name": "Ask",
            "activityName": "http-request", "inputs": {"connectorId": connector}}]}),
    }
}

async fn call(harness: &Harness, method: &str, path: &str, body: Option<&Value>) -> Response {
    let path = format!("/{ORGANIZATION}/project/5e5c9ad6d61f870d6d778c1b/{path}");
    harness.call(method, &path, body).await
}

#[tokio::test]
async fn flow_becomes_a_draft_and_is_published() {
    let harness = Harness::new();
    let created = harness.create(&basic("crm")).await;
    let id = json!(created.expect(201).id());
    for shape in 0..3 {
        let document = flow(shape, &id);
        let path = if shape == 0 { "v2/flows:import" } else { "v2/flows:import?overwrite=true" };
        let checked = call(&harness, "POST", "v2/flows:validate", Some(&document)).await;
        let checked = checked.expect(200).json();
        assert_eq!((&checked["valid"], &checked["errors"]), (&json!(true), &json!([])));
        assert_eq!(checked["warnings"][0]["code"], "FC1007");
        let imported = call(&harness, "POST", path, Some(&document)).await.expect(201).json();
        let made = &imported["flow"];
        assert_eq!((&made["name"], &made["version"]), (&json!("Greeting"), &json!(shape)));
        let flow = made["id"].as_str().unwrap().to_owned();

        let draft = format!("v2/flows/{flow}");
        assert_eq!(call(&harness, "GET", &draft, None).await.json(), document);
        let exported = format!("{draft}:export?version=draft");
        assert_eq!(call(&harness, "GET", &exported, None).await.json(), document);
        let result = call(&harness, "GET", &format!("{draft}:validate"), None).await.json();
        assert_eq!(result["valid"], true);
        let body = json!({"comment": "a", "tagIds": ["Live"]});
        let publish = format!("flows/{flow}:publish");
        let published = call(&harness, "POST", &publish, Some(&body)).await.expect(200);
        assert_eq!(published.json()["latestVersion"]["version"], shape + 1);
        let latest = call(&harness, "GET", &format!("{draft}:export"), None).await;
        assert_eq!(latest.json(), document);
    }
    let again = call(&harness, "POST", "v2/flows:import", Some(&flow(0, &id))).await;
    assert_eq!(again.expect(409).json()["code"], "FLOW_EXISTS");
    assert_eq!(harness.simulator.flows(ORGANIZATION)[0]["status"], "Published");
}

#[tokio::test]
async fn http_activity_needs_a_connector_of_the_organization() {
    let harness = Harness::new();
    for shape in 0..3 {
        for (connector, code) in [
            (Value::Null, "FC1015"),
            (json!(""), "FC1015"),
            (json!("5c7c2677-0000-4000-8000-000000000001"), ""),
        ] {
            let document = flow(shape, &connector);
            let checked = call(&harness, "POST", "v2/flows:validate", Some(&document)).await;
            let checked = checked.expect(200).json();
            assert_eq!(checked["valid"], false);
            let errors = checked["errors"].as_array().unwrap();
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!(
                (&errors[0]["code"], &errors[0]["activityLabel"]),
                (&json!(code), &json!("Ask"))
            );
            let imported = call(&harness, "POST", "v2/flows:import", Some(&document)).await;
            assert_eq!(imported.expect(422).json()["summary"], "1 error(s), 1 warning(s).");
        }
    }
    assert_eq!(harness.simulator.flows(ORGANIZATION), [Value::Null; 0]);
}

/// A connector that was deleted after the import keeps the draft from being published.
#[tokio::test]
async fn draft_is_validated_again_when_it_is_published() {
    let harness = Harness::new();
    let created = harness.create(&basic("crm")).await;
    let id = created.expect(201).id();
    let document = flow(2, &json!(id));
    let imported = call(&harness, "POST", "v2/flows:import", Some(&document)).await;
    let flow = imported.expect(201).json()["flow"]["id"].as_str().unwrap().to_owned();
    harness.simulator.remove(ORGANIZATION, &id);
    let publish = format!("flows/{flow}:publish");
    let refused = call(&harness, "POST", &publish, Some(&json!({}))).await.expect(400).json();
    assert_eq!(
        (&refused["code"], &refused["details"][0]["activityLabel"]),
        (&json!("INVALID_FLOW"), &json!("Ask"))
    );
    let unchecked = format!("{publish}?skipValidation=true");
    call(&harness, "POST", &unchecked, Some(&json!({}))).await.expect(200);
}

#[tokio::test]
async fn requests_outside_of_the_documentation_are_refused() {
    let harness = Harness::new();
    for (method, path, body, status) in [
        ("POST", "v2/flows:validate", Some(json!([])), 400),
        ("POST", "v2/flows:import", Some(json!({"nodes": []})), 400),
        ("POST", "v2/flows:import", None, 415),
        ("GET", "v2/flows/none", None, 404),
        ("GET", "v2/flows/none:validate", None, 404),
        ("GET", "v2/flows/none:copy", None, 404),
        ("POST", "flows/none:publish", Some(json!({})), 404),
    ] {
        let answered = call(&harness, method, path, body.as_ref()).await;
        assert_eq!(answered.status, status, "{path}: {}", answered.text);
    }
}
