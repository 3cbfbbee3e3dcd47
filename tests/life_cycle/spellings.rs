//! Other spellings of the same values replace nothing and update nothing.

use base64::Engine as _;
use serde_json::json;

use crate::support::connectors::{ADDRESS, Connector, Form, certificate, resource};
use crate::support::simulator::{locked, stored, writes};
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
    terraform.plan().says("must be replaced").says("Flows that use this connector");
}
