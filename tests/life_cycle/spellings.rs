//! Other spellings of the same values replace nothing and update nothing.

use base64::Engine as _;
use serde_json::json;
use webex_cc_simulator::Script;

use crate::resilience::on;
use crate::support::connectors::{
    ADDRESS, Connector, Form, certificate, client_credentials, resource,
};
use crate::support::simulator::{id_of, locked, stored, unlocked, writes};
use crate::support::terraform::Terraform;

/// Returns the organization's id as the public Webex APIs write it.
fn base64(organization: &str) -> String {
    let address = format!("ciscospark://us/ORGANIZATION/{organization}");
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(address)
}

/// Gives a connector's URLs this host, and a scope.
fn at(host: &str, connector: Connector) -> Connector {
    connector.with("resource_domain_url", host).with("token_url", host).with("scope", "a")
}

/// An import stores the organization's UUID and Webex's spelling of all values.
#[test]
fn imported_connector_in_another_spelling_plans_nothing() {
    let simulator = locked();
    let organization = simulator.organization();
    let connector = certificate();
    let id = at("https://ledger.example.com/", connector.clone()).make_by_hand(&simulator);
    let terraform = Terraform::with(&simulator);
    let windows = connector.text("certificate").expect("a certificate").replace('\n', "\r\n");
    let spelled = at("https://LEDGER.example.com:443", connector)
        .with("certificate", windows)
        .with("organization_id", base64(organization));
    terraform.write("main.tf", &resource(&spelled.hcl(Form::Absent)));
    terraform.run(["import", "-no-color", ADDRESS, &id]).succeeded();
    terraform.plans_nothing();
    for spelling in [base64(organization), organization.to_uppercase()] {
        let spelled = spelled.clone().with("organization_id", spelling);
        terraform.write("main.tf", &resource(&spelled.hcl(Form::Absent)));
        terraform.plans_nothing();
        terraform.apply().succeeded().says("0 added, 0 changed, 0 destroyed");
    }
    assert_eq!(writes(&simulator), 0);

    // A different value is an update in place.
    let other = spelled.with("scope", "b").hcl(Form::WithoutVersion);
    terraform.write("main.tf", &resource(&other));
    terraform
        .apply()
        .succeeded()
        .says("0 added, 1 changed, 0 destroyed")
        .does_not_say("stop working");
    let stored = simulator.stored(organization, &id).expect("the same connector");
    assert_eq!((&stored["scope"], &stored["active"]), (&json!("b"), &json!(true)));
    terraform.plans_nothing();
}

#[test]
fn created_connector_in_another_spelling_plans_nothing() {
    let simulator = locked();
    let organization = simulator.organization();
    let connector = certificate();
    let terraform = Terraform::applied(
        &simulator,
        &at("https://ledger.example.com", connector.clone()).resource(),
    );
    stored(&simulator);
    simulator.clear_journal();

    let windows = |pem: &str| format!("{}\r\n", pem.replace('\n', "\r\n"));
    let text = windows(&connector.text("certificate").expect("a certificate"));
    let mut again = at("https://ledger.example.com/", connector)
        .with("organization_id", base64(organization))
        .with("certificate", text);
    let key = &mut again.credentials[0].values[0];
    *key = windows(key);
    terraform.write("main.tf", &again.resource());
    terraform.plans_nothing();
    assert_eq!(writes(&simulator), 0);

    // Another organization is a replacement in every spelling.
    let elsewhere = base64("9b2e7c10-4f3d-4a6b-8e21-7c5d0f9a1b34");
    terraform.write("main.tf", &again.with("organization_id", elsewhere).resource());
    terraform.plan().says("must be replaced").says("Flows that use connector");
}

/// Returns a configuration with a token URL that ends with this path.
fn with_token_path(path: &str) -> String {
    client_credentials().with("token_url", format!("https://a.example.com{path}")).resource()
}

/// A token endpoint may return 404 with the slash, so the correction has to arrive.
#[test]
fn corrected_slash_is_planned_and_sent() {
    for simulator in [locked(), unlocked()] {
        let terraform = Terraform::applied(&simulator, &with_token_path("/token/"));
        for path in ["/token", "/token/", "/token//"] {
            terraform.write("main.tf", &with_token_path(path));
            terraform.apply().succeeded().says("0 added, 1 changed, 0 destroyed");
            let expected = json!(format!("https://a.example.com{path}"));
            assert_eq!(stored(&simulator)["tokenUrl"], expected);
            terraform.plans_nothing();
        }
    }
}

/// A correction that was made in Control Hub is drift, and agreeing with it plans nothing.
#[test]
fn slash_corrected_in_control_hub_is_drift() {
    let simulator = unlocked();
    let terraform = Terraform::applied(&simulator, &with_token_path("/token/"));
    let id = id_of(&stored(&simulator));
    let corrected = json!({ "tokenUrl": "https://a.example.com/token" });
    simulator.store(simulator.organization(), &id, corrected);
    terraform.plan().succeeded().says("1 to change").says("https://a.example.com/token/");
    terraform.write("main.tf", &with_token_path("/token"));
    terraform.plans_nothing();
    assert_eq!(stored(&simulator)["tokenUrl"], json!("https://a.example.com/token"));
}

/// Webex may store a URL with a slash that was not sent, or without one that was.
#[test]
fn slash_that_webex_adds_or_removes_is_no_difference() {
    for (sent, returned) in [("/token", "/token/"), ("/token/", "/token")] {
        let simulator = unlocked();
        // The response to the create, and the value in Webex from then on.
        let id = client_credentials().make_by_hand(&simulator);
        let url = |path: &str| json!(format!("https://a.example.com{path}"));
        let made = json!({ "tokenUrl": url(returned) });
        let answer = simulator.store(simulator.organization(), &id, made);
        let on_create = Script::answer(201, answer).method("POST").times(1);
        simulator.faults([on_create]);
        let mut terraform = Terraform::with(&simulator);
        // A connector that was listed before never counts as created.
        terraform.set("WEBEX_CC_PREFLIGHT_CHECKS", "false");
        terraform.write("main.tf", &with_token_path(sent));
        terraform.apply().succeeded();
        let keeps_what_was_sent = || {
            terraform.plans_nothing();
            terraform.run(["apply", "-refresh-only", "-auto-approve", "-no-color"]).succeeded();
            terraform.plans_nothing();
            assert_eq!(terraform.attributes(ADDRESS)["token_url"], url(sent));
            assert_eq!(stored(&simulator)["tokenUrl"], url(returned));
        };
        keeps_what_was_sent();

        // Somebody else's slash is drift all the same. An update remembers like a create.
        let organization = simulator.organization();
        let mut answer = simulator.store(organization, &id, json!({ "tokenUrl": url("/t//") }));
        terraform.plan().succeeded().says("1 to change");
        answer["tokenUrl"] = url(returned);
        simulator.faults([on("PUT", Script::answer(200, answer).times(1))]);
        terraform.apply().succeeded().says("1 changed");
        simulator.store(organization, &id, json!({ "tokenUrl": url(returned) }));
        keeps_what_was_sent();
    }
}
