use serde_json::{Value, json};
use webex_cc_simulator::{CONNECTOR_LIMIT, OmittedSecret, Options, SecretsInAnswers};

use crate::support::{
    Harness, ORGANIZATION, basic, client_secret, connector_path, connectors_path, list_path, read,
    references_path, samples, with, without,
};

fn unlocked() -> Options {
    Options { active_lock: false, ..Options::default() }
}

#[tokio::test]
async fn a_created_connector_has_sent_and_service_fields() {
    let harness = Harness::with(Options { secrets: SecretsInAnswers::Echo, ..unlocked() });
    for sample in samples() {
        let created = harness.create(&sample).await.expect(201).json();
        for (field, value) in sample.as_object().unwrap() {
            assert_eq!(&created[field], value, "{field}");
        }
        assert_eq!(created["organizationId"], ORGANIZATION);
        assert_eq!(created["version"], 0);
        assert_eq!(created["systemDefault"], false);
        assert_eq!(created["createdTime"], created["lastUpdatedTime"]);
        // 1 January 2020 in milliseconds. A time in seconds is smaller.
        assert!(created["createdTime"].as_u64().unwrap() > 1_577_836_800_000);
        let id = created["id"].as_str().unwrap();
        assert!(uuid::Uuid::try_parse(id).is_ok());
        assert_eq!(harness.read(id).await.expect(200).json(), created);
        assert_eq!(harness.stored(id), created);
    }
}

#[tokio::test]
async fn invalid_creates_are_described_by_field() {
    let harness = Harness::new();
    let [basic, secret, password, certificate] = samples();
    let cases: &[(Value, &[&str])] = &[
        (without(&basic, &["name"]), &["name"]),
        (with(&basic, json!({"name": " "})), &["name"]),
        (with(&basic, json!({"name": 1})), &["name"]),
        (without(&basic, &["connectorType"]), &["connectorType"]),
        (with(&basic, json!({"active": "yes"})), &["active"]),
        (with(&basic, json!({"authenticationType": "DIGEST"})), &["authenticationType"]),
        (with(&basic, json!({"grantType": "PASSWORD"})), &["grantType"]),
        (without(&secret, &["grantType"]), &["grantType"]),
        (with(&secret, json!({"grantType": 1})), &["grantType"]),
        (with(&basic, json!({"resourceDomain": "http://crm.example.com"})), &["resourceDomain"]),
        (with(&basic, json!({"validationUrl": "https:///me"})), &["validationUrl"]),
        (with(&secret, json!({"tokenUrl": "https://login.example.com/a b"})), &["tokenUrl"]),
        (without(&basic, &["username", "password"]), &["username", "password"]),
        (without(&basic, &["validationUrl"]), &["validationUrl"]),
        (with(&basic, json!({"clientId": "client"})), &["clientId"]),
        (with(&basic, json!({"clientSecret": ""})), &["clientSecret"]),
        (without(&secret, &["clientSecret", "tokenUrl"]), &["clientSecret", "tokenUrl"]),
        (with(&secret, json!({"clientId": ""})), &["clientId"]),
        (with(&secret, json!({"username": "service"})), &["username"]),
        (with(&secret, json!({"clientSecret": 5})), &["clientSecret"]),
        (without(&password, &["username"]), &["username"]),
        (without(&certificate, &["privateKey", "certificate"]), &["certificate", "privateKey"]),
        (with(&certificate, json!({"clientSecret": "s"})), &["clientSecret"]),
        (with(&basic, json!({"id": "5"})), &["id"]),
        (with(&basic, json!({"version": 0})), &["version"]),
        (with(&basic, json!({"organizationId": "other"})), &["organizationId"]),
        (with(&basic, json!({"clientID": "client"})), &["clientID"]),
    ];
    for (body, fields) in cases {
        let descriptions = harness.create(body).await.expect(400).descriptions();
        let named: Vec<&str> =
            descriptions.iter().map(|text| text.split_once(": ").unwrap().0).collect();
        assert_eq!(&named, fields, "{body}");
    }
    assert!(harness.simulator.all_stored(ORGANIZATION).is_empty());
}

#[tokio::test]
async fn optional_fields_can_be_omitted_or_null() {
    let harness = Harness::new();
    let [basic, secret, password, certificate] = samples();
    for body in [
        without(&basic, &["active"]),
        with(&basic, json!({"name": "nulls", "grantType": null, "clientId": null, "scope": null})),
        with(&basic, json!({"name": "owner", "organizationId": ORGANIZATION})),
        without(&secret, &["scope"]),
        without(&password, &["scope", "validationUrl"]),
        without(&certificate, &["scope"]),
    ] {
        let created = harness.create(&body).await.expect(201).json();
        assert_eq!(created["active"], true);
    }
}

#[tokio::test]
async fn a_body_without_json_or_its_content_type_is_refused() {
    let harness = Harness::new();
    let url = format!("{}{}", harness.simulator.base_url(), connectors_path());
    let post = || harness.client.post(&url).bearer_auth(&harness.token);
    let without_type = post().body(basic("a").to_string());
    let response = read(without_type).await.unwrap().expect(415);
    assert_eq!(response.json()["error"], "Unsupported Media Type");
    for text in ["", "{", "[]", "\"a\""] {
        let invalid = post().header("Content-Type", "application/json; charset=utf-8").body(text);
        let response = read(invalid).await.unwrap().expect(400);
        assert_eq!(response.descriptions(), ["body: must be a JSON object."]);
    }
}

#[tokio::test]
async fn names_are_unique_within_an_organization() {
    const OTHER: &str = "0b8f7a0e-2f55-4c1d-9d0b-6f4f6f6c1f11";
    let harness = Harness::with(Options {
        organizations: vec![ORGANIZATION.to_owned(), OTHER.to_owned()],
        ..unlocked()
    });
    harness.create(&basic("taken")).await.expect(201);
    let response = harness.create(&client_secret("taken")).await.expect(409);
    assert_eq!(response.json()["error"]["reason"], "similar entity is already present");
    assert!(response.descriptions()[0].starts_with("name: "));

    let id = harness.create(&basic("free")).await.expect(201).id();
    let renamed = with(&basic("taken"), json!({"id": id, "version": 0}));
    harness.replace(&id, &renamed).await.expect(409);
    assert_eq!(harness.stored(&id)["name"], "free");

    let elsewhere = format!("/organization/{OTHER}/connector");
    harness.call("POST", &elsewhere, Some(&basic("taken"))).await.expect(201);
}

#[tokio::test]
async fn an_eleventh_connector_is_refused() {
    let harness = Harness::new();
    for number in 0..CONNECTOR_LIMIT {
        harness.create(&basic(&format!("connector {number}"))).await.expect(201);
    }
    let response = harness.create(&basic("one more")).await.expect(400);
    assert!(response.descriptions()[0].contains("10"), "{}", response.text);
    assert_eq!(harness.simulator.all_stored(ORGANIZATION).len(), 10);
}

#[tokio::test]
async fn a_replacement_increases_version_and_time() {
    let harness = Harness::with(unlocked());
    let created = harness.create(&client_secret("a")).await.json();
    let id = created["id"].as_str().unwrap();
    let change = with(
        &without(&client_secret("b"), &["scope"]),
        json!({"id": id, "version": 0, "resourceDomain": "https://new.example.com"}),
    );
    let replaced = harness.replace(id, &change).await.expect(200).json();
    assert_eq!(replaced["name"], "b");
    assert_eq!(replaced["resourceDomain"], "https://new.example.com");
    assert_eq!(replaced["scope"], Value::Null, "the whole object is replaced");
    assert_eq!(replaced["version"], 1);
    assert_eq!(replaced["createdTime"], created["createdTime"]);
    assert!(replaced["lastUpdatedTime"].as_u64() > created["lastUpdatedTime"].as_u64());

    // A response is a valid request.
    let again = harness.replace(id, &replaced).await.expect(200).json();
    assert_eq!(again["version"], 2);
    assert!(again["lastUpdatedTime"].as_u64() > replaced["lastUpdatedTime"].as_u64());
}

#[tokio::test]
async fn an_invalid_or_stale_replacement_is_refused() {
    let harness = Harness::with(unlocked());
    let id = harness.create(&basic("a")).await.id();
    let valid = with(&basic("b"), json!({"id": id, "version": 0}));
    let cases: &[(Value, &str)] = &[
        (without(&valid, &["id"]), "id: must not be null."),
        (with(&valid, json!({"id": "other"})), "id: must be the one in the path."),
        (without(&valid, &["version"]), "version: must be the number in the last response."),
        (without(&valid, &["active"]), "active: must be true or false."),
        (without(&valid, &["username"]), "username: must not be null."),
        (with(&valid, json!({"surprise": 1})), "surprise: is not a field of a connector."),
    ];
    for (body, description) in cases {
        let response = harness.replace(&id, body).await.expect(400);
        assert_eq!(response.descriptions(), [*description]);
    }
    let other_method = with(&client_secret("b"), json!({"id": id, "version": 0}));
    assert_eq!(
        harness.replace(&id, &other_method).await.expect(400).descriptions(),
        ["authenticationType: cannot be changed.", "grantType: cannot be changed."]
    );
    let stale = with(&valid, json!({"version": 7}));
    let response = harness.replace(&id, &stale).await.expect(409);
    assert_eq!(response.json()["error"]["reason"], "stale version");
    assert_eq!(harness.stored(&id)["version"], 0);
    harness.replace("unknown", &valid).await.expect(404);
    harness.replace(&id, &valid).await.expect(200);
}

#[tokio::test]
async fn an_active_connector_refuses_edits_and_deletes() {
    let harness = Harness::new();
    let id = harness.create(&client_secret("a")).await.id();
    let at = |version: u64, active: bool, name: &str| {
        let fields = json!({"id": id, "version": version, "active": active});
        with(&client_secret(name), fields)
    };
    let response = harness.replace(&id, &at(0, true, "b")).await.expect(423);
    let sentence = "Deactivate the connector to enable edit and delete options.";
    assert_eq!(response.descriptions(), [sentence]);
    harness.replace(&id, &at(0, false, "b")).await.expect(423);
    harness.delete(&id).await.expect(423);
    let new_secret = with(&at(0, true, "a"), json!({"clientSecret": "second-secret"}));
    harness.replace(&id, &new_secret).await.expect(423);

    // A request that changes nothing, or only `active`, is allowed. An omitted
    // secret is no change.
    harness.replace(&id, &at(0, true, "a")).await.expect(200);
    harness.replace(&id, &without(&at(1, false, "a"), &["clientSecret"])).await.expect(200);
    // An inactive connector can be edited, and activated in the same request.
    harness.replace(&id, &at(2, false, "b")).await.expect(200);
    harness.replace(&id, &at(3, true, "c")).await.expect(200);
    harness.delete(&id).await.expect(423);
    harness.replace(&id, &at(4, false, "c")).await.expect(200);
    harness.delete(&id).await.expect(204);
}

#[tokio::test]
async fn without_the_lock_an_active_connector_is_editable() {
    let harness = Harness::with(unlocked());
    let id = harness.create(&basic("a")).await.id();
    let edited = with(&basic("b"), json!({"id": id, "version": 0}));
    harness.replace(&id, &edited).await.expect(200);
    harness.delete(&id).await.expect(204);
    assert_eq!(harness.simulator.stored(ORGANIZATION, &id), None);
    harness.read(&id).await.expect(404);
    harness.delete(&id).await.expect(404);
}

#[tokio::test]
async fn a_deactivation_without_the_secret_can_blank_it() {
    let harness =
        Harness::with(Options { omitted_secret: OmittedSecret::Blank, ..Options::default() });
    let id = harness.create(&client_secret("a")).await.id();
    let fields = json!({"id": id, "version": 0, "active": false});
    let deactivated = with(&without(&client_secret("a"), &["clientSecret"]), fields);
    harness.replace(&id, &deactivated).await.expect(200);
    assert_eq!(harness.stored(&id)["clientSecret"], "");
}

#[tokio::test]
async fn an_omitted_secret_is_kept_and_a_blank_one_stored() {
    let harness = Harness::with(unlocked());
    for (sample, secrets) in samples().into_iter().zip([
        &["password"][..],
        &["clientSecret"],
        &["clientSecret", "password"],
        &["privateKey"],
    ]) {
        let id = harness.create(&sample).await.id();
        let update = |version: u64| with(&sample, json!({"id": id, "version": version}));
        harness.replace(&id, &without(&update(0), secrets)).await.expect(200);
        for secret in secrets {
            assert_eq!(harness.stored(&id)[secret], sample[secret], "kept");
        }
        let mut nulls = update(1);
        let mut blanks = update(2);
        for secret in secrets {
            nulls[secret] = Value::Null;
            blanks[secret] = json!("");
        }
        harness.replace(&id, &nulls).await.expect(200);
        for secret in secrets {
            assert_eq!(harness.stored(&id)[secret], sample[secret], "null counts as omitted");
        }
        harness.replace(&id, &blanks).await.expect(200);
        for secret in secrets {
            assert_eq!(harness.stored(&id)[secret], "", "a blank secret is stored");
        }
    }
}

#[tokio::test]
async fn responses_show_secrets_as_the_option_demands() {
    for (secrets, set, unset) in [
        (SecretsInAnswers::Omit, None, None),
        (SecretsInAnswers::Null, Some(Value::Null), Some(Value::Null)),
        (SecretsInAnswers::Mask, Some(json!("****")), Some(Value::Null)),
        (SecretsInAnswers::Echo, Some(json!("first-secret")), Some(Value::Null)),
    ] {
        let harness = Harness::with(Options { secrets, ..unlocked() });
        let created = harness.create(&client_secret("a")).await.json();
        let id = created["id"].as_str().unwrap();
        let update = with(&client_secret("a"), json!({"id": id, "version": 0}));
        let replaced = harness.replace(id, &update).await.expect(200).json();
        let read = harness.read(id).await.json();
        let listed = harness.list(&[]).await.json()["data"][0].clone();
        for shown in [created, replaced, read, listed] {
            assert_eq!(shown.get("clientSecret"), set.as_ref(), "{secrets:?}");
            assert_eq!(shown.get("password"), unset.as_ref(), "{secrets:?}");
            assert_eq!(shown.get("privateKey"), unset.as_ref(), "{secrets:?}");
        }
    }
}

#[tokio::test]
async fn a_connector_in_use_is_not_deleted() {
    let harness = Harness::with(unlocked());
    let id = harness.create(&basic("a")).await.id();
    harness.simulator.add_reference(ORGANIZATION, &id, "Greeting");
    let response = harness.delete(&id).await.expect(412);
    assert_eq!(response.json()["error"]["reason"], "dependency exists");
    assert_eq!(response.json()["error"]["referencedEntities"], json!(["flow"]));
    assert_eq!(response.descriptions(), ["flow: Greeting refers to it."]);

    let references = harness.get(&references_path(&id)).await.expect(200);
    let data = references.json()["data"].clone();
    assert_eq!(data.as_array().unwrap().len(), 1);
    assert_eq!(data[0]["name"], "Greeting");
    assert_eq!(data[0]["type"], "flow");
    assert_eq!(references.json()["meta"]["totalRecords"], 1);

    harness.simulator.clear_references(ORGANIZATION);
    harness.delete(&id).await.expect(204);
    harness.get(&references_path(&id)).await.expect(404);
}

#[tokio::test]
async fn a_new_connector_is_hidden_until_it_becomes_visible() {
    let visible_after = std::time::Duration::from_secs(5);
    let harness = Harness::with(Options { visible_after, ..unlocked() });
    let id = harness.create(&basic("a")).await.expect(201).id();
    harness.read(&id).await.expect(404);
    assert_eq!(harness.list(&[]).await.json()["meta"]["totalRecords"], 0);
    harness.create(&basic("a")).await.expect(409);
    harness.simulator.advance_clock(visible_after);
    harness.read(&id).await.expect(200);
    assert_eq!(harness.list(&[]).await.json()["meta"]["totalRecords"], 1);
}

#[tokio::test]
async fn one_of_many_concurrent_writes_succeeds() {
    let harness = std::sync::Arc::new(Harness::with(unlocked()));
    let mut creates = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let harness = std::sync::Arc::clone(&harness);
        creates.spawn(async move { harness.create(&basic("same")).await.status });
    }
    let mut statuses = creates.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");

    let id = harness.simulator.all_stored(ORGANIZATION)[0]["id"].as_str().unwrap().to_owned();
    let mut updates = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (harness, id) = (std::sync::Arc::clone(&harness), id.clone());
        updates.spawn(async move {
            let name = format!("name {number}");
            let update = with(&basic(&name), json!({"id": id, "version": 0}));
            harness.replace(&id, &update).await.status
        });
    }
    let mut statuses = updates.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    assert_eq!(harness.stored(&id)["version"], 1);
    assert_eq!(harness.simulator.journal().len(), 40);
}

#[tokio::test]
async fn an_escaped_slash_in_an_id_does_not_end_a_segment() {
    let harness = Harness::with(unlocked());
    harness.simulator.store(ORGANIZATION, "a/b", basic("odd"));
    assert_eq!(harness.read("a%2Fb").await.expect(200).json()["name"], "odd");
    harness.read("a/b").await.expect(404);
    harness.delete("a%2fb").await.expect(204);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_framework_errors() {
    let harness = Harness::new();
    let id = harness.create(&basic("a")).await.id();
    let response = harness.get("/organization/connector").await.expect(404);
    assert_eq!(response.json()["path"], "/organization/connector");
    for (method, path) in
        [("PATCH", connector_path(&id)), ("GET", connectors_path()), ("POST", list_path())]
    {
        let response = harness.call(method, &path, None).await.expect(405);
        assert_eq!(response.json()["error"], "Method Not Allowed");
        assert_eq!(response.json()["status"], 405);
        assert!(response.header("TrackingID").is_some());
    }
}
