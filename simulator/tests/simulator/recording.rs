use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use webex_cc_simulator::{Options, Simulator, TimeForm, VersionForm, browser};

use crate::random::form;
use crate::support::{Harness, ORGANIZATION, basic, connectors_path, profile};

fn simulator(name: &str, har_noise: bool) -> Simulator {
    let text = name == "rest";
    Simulator::start(Options {
        profile: (name != "none").then(|| profile(name)),
        version_as: if text { VersionForm::Text } else { VersionForm::Number },
        times_as: if text { TimeForm::Rfc3339 } else { TimeForm::Milliseconds },
        page_size_cap: 3,
        har_noise,
        ..Options::default()
    })
    .unwrap()
}

fn entries(har: &Value) -> &[Value] {
    assert_eq!(har["log"]["version"], "1.2");
    har["log"]["entries"].as_array().unwrap()
}

fn sent(entry: &Value) -> String {
    entry["request"]["postData"]["text"].as_str().unwrap_or_default().to_owned()
}

fn header<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    let headers = entry["request"]["headers"].as_array().unwrap();
    headers.iter().find(|header| header["name"] == name)?["value"].as_str()
}

#[test]
fn a_played_form_is_recorded_for_every_profile() {
    for name in ["none", "rest", "rpc", "one_discriminator"] {
        let simulator = simulator(name, false);
        let har =
            browser::play(&simulator, &form()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let entries = entries(&har);
        let bodies: String = entries.iter().map(sent).collect();
        for typed in [
            "crm basic two",
            "https://crm2.example.com",
            "service-two",
            "typed-password-1",
            "typed-password-2",
            "typed-secret-1",
            "typed-secret-2",
            "typed-secret-3",
            "typed-secret-4",
            "typed-password-3",
            "client-of-certificate",
        ] {
            assert!(bodies.contains(typed), "{name}: {typed}");
        }
        assert_eq!(bodies.matches("typed-secret-4").count(), 1, "{name}: typed once, sent once");
        let journal = simulator.journal();
        let count =
            |call: &str| journal.iter().filter(|one| one.call.as_deref() == Some(call)).count();
        assert_eq!(count("create"), 4, "{name}");
        assert_eq!(count("delete"), 4, "{name}");
        // Each list has two pages while there are four connectors.
        assert!(count("list") >= 4, "{name}");
        let switches = count("activate") + count("deactivate");
        assert_eq!(switches > 0, ["rest", "rpc"].contains(&name), "{name}");
        assert!(count("update") >= 5, "{name}");
        assert_eq!(journal.len(), entries.len());
        assert!(simulator.all_stored(ORGANIZATION).is_empty(), "{name}");
        for entry in entries {
            let status = entry["response"]["status"].as_u64().unwrap();
            assert!((200..300).contains(&status), "{name}: {entry}");
            assert!(header(entry, "authorization").unwrap().starts_with("Bearer "));
            assert!(header(entry, "x-request-id").is_some());
            assert_eq!(entry["request"]["cookies"][0]["name"], "SESSION");
            assert!(entry["request"]["url"].as_str().unwrap().starts_with(simulator.base_url()));
        }
    }
}

#[test]
fn the_host_of_a_recording_is_the_profiles() {
    let mut profile = profile("rest");
    profile["base_url"] = json!("https://hub.example.com/api/");
    let simulator = Simulator::start(Options {
        profile: Some(profile),
        version_as: VersionForm::Text,
        ..Options::default()
    })
    .unwrap();
    let har = browser::play(&simulator, &json!([form()[0]])).unwrap();
    let url = entries(&har)[0]["request"]["url"].as_str().unwrap();
    let start =
        format!("https://hub.example.com/api/integrations/v3/tenants/{ORGANIZATION}/links?");
    assert!(url.starts_with(&start), "{url}");
}

#[test]
fn noise_surrounds_the_calls_of_the_api() {
    let simulator = simulator("rpc", true);
    let har = browser::play(&simulator, &form()).unwrap();
    let entries = entries(&har);
    let calls = simulator.journal().len();
    let with = |at: &str, value: Value| {
        entries.iter().filter(|entry| *entry.pointer(at).unwrap_or(&Value::Null) == value).count()
    };
    assert_eq!(with("/request/method", json!("OPTIONS")), calls);
    assert_eq!(with("/response/content/mimeType", json!("text/javascript")), 1);
    // The first call of each method failed.
    assert_eq!(with("/response/status", json!(503)) + with("/response/status", json!(0)), 2);
    let encoded = entries.iter().find(|entry| entry["response"]["content"]["encoding"] == "base64");
    let text = encoded.unwrap()["response"]["content"]["text"].as_str().unwrap();
    let decoded: Value = serde_json::from_slice(&STANDARD.decode(text).unwrap()).unwrap();
    assert!(decoded[0]["result"]["data"]["json"].is_object());
    let urls: Vec<&str> =
        entries.iter().filter_map(|entry| entry["request"]["url"].as_str()).collect();
    for part in ["/session/check", "/team?", "metrics.example.com"] {
        assert!(urls.iter().any(|url| url.contains(part)), "{part}");
    }
}

#[test]
fn wrong_forms_are_refused_before_anything_is_sent() {
    let simulator = simulator("none", false);
    for (form, expected) in [
        (json!({}), "the form must be an array of objects"),
        (json!([{"colour": "red"}]), "/0/colour: is not a field of the form"),
        (json!([{"name": 5}]), "/0/name: must be a text or texts"),
        (json!([{"name": []}]), "/0/name: must be a text or texts"),
        (json!([{"grant_type": "x", "authentication_type": "oauth2"}]), "/0/authentication_type: "),
    ] {
        let error = browser::play(&simulator, &form).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(simulator.journal().is_empty());
    let mut incomplete = form();
    incomplete[0].as_object_mut().unwrap().remove("username");
    let error = browser::play(&simulator, &incomplete).unwrap_err();
    assert!(error.starts_with("create: POST ") && error.contains("username"), "{error}");
}

#[tokio::test]
async fn a_recording_holds_requests_and_responses() {
    let harness = Harness::new();
    harness.list(&[]).await.expect(200);
    harness.simulator.record();
    harness.create(&basic("a")).await.expect(201);
    harness.list(&[("filter", "connectorType==\"CUSTOM\"")]).await.expect(200);
    harness.simulator.faults([webex_cc_simulator::Script::close_before()]);
    harness.try_call("GET", "/closed", None).await.unwrap_err();
    let har = harness.simulator.har();
    let [create, list, closed] = entries(&har) else { panic!("{har}") };
    let request = &create["request"];
    assert_eq!(request["method"], "POST");
    let url = format!("{}{}", harness.simulator.base_url(), connectors_path());
    assert_eq!(request["url"], url);
    assert_eq!(request["postData"]["mimeType"], "application/json");
    let body: Value = serde_json::from_str(&sent(create)).unwrap();
    assert_eq!(body, basic("a"));
    assert_eq!(request["bodySize"], sent(create).len());
    let response = &create["response"];
    assert_eq!(response["status"], 201);
    assert_eq!(response["statusText"], "Created");
    let content: Value =
        serde_json::from_str(response["content"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(content["name"], "a");
    assert_eq!(
        list["request"]["queryString"],
        json!([{"name": "filter", "value": "connectorType==\"CUSTOM\""}])
    );
    assert_eq!(closed["response"]["status"], 0);
    for entry in entries(&har) {
        for member in ["startedDateTime", "time", "cache", "timings"] {
            assert!(entry.get(member).is_some(), "{member}");
        }
        for member in
            ["httpVersion", "headers", "queryString", "cookies", "headersSize", "bodySize"]
        {
            assert!(entry["request"].get(member).is_some(), "{member}");
        }
        for member in
            ["httpVersion", "headers", "cookies", "redirectURL", "headersSize", "bodySize"]
        {
            assert!(entry["response"].get(member).is_some(), "{member}");
        }
    }
}
