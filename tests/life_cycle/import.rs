//! Import: by id, by organization and id, and what goes wrong.

use serde_json::json;

use super::{ADDRESS, connector, without_lock};
use crate::support::terraform::Terraform;

const ARGUMENTS: &str = r#"
  name                = "Zendesk"
  resource_domain_url = "https://example.zendesk.com/api/v2/"
  username            = "agent"
  validation_url      = "https://example.zendesk.com"
"#;

/// A connector that somebody made in Control Hub.
fn made_by_hand(simulator: &webex_cc_simulator::Simulator) -> String {
    let id = "6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10";
    let fields = json!({
        "name": "Zendesk", "connectorType": "CUSTOM", "active": true,
        "authenticationType": "BASIC", "grantType": null,
        "resourceDomain": "https://example.zendesk.com/api/v2/", "username": "agent",
        "password": "only-webex-knows", "validationUrl": "https://example.zendesk.com",
    });
    simulator.store(simulator.organization(), id, fields);
    id.to_owned()
}

#[test]
fn an_imported_connector_plans_empty_without_its_secret() {
    for with_organization in [false, true] {
        let simulator = without_lock();
        let id = made_by_hand(&simulator);
        let terraform = Terraform::with(&simulator);
        terraform.write("main.tf", &connector(ARGUMENTS));
        let import_id = match with_organization {
            true => format!("{}/{id}", simulator.organization()),
            false => id.clone(),
        };
        terraform.run(["import", "-no-color", ADDRESS, &import_id]).succeeded();
        terraform.plans_nothing();

        // An update without the secret leaves its key out.
        terraform.write("main.tf", &connector(&ARGUMENTS.replace("\"agent\"", "\"agent2\"")));
        terraform
            .apply()
            .succeeded()
            .says("1 changed")
            .says("The update is sent without password")
            .says("To be sure, set password_wo before applying.");
        let body = super::last_body(&simulator, "PUT");
        assert_eq!(body.get("password"), None);
        let stored = simulator.stored(simulator.organization(), &id).expect("the connector");
        assert_eq!(stored["password"], json!("only-webex-knows"));
        terraform.plans_nothing();

        // A secret that is added later is an update in place.
        let arguments = format!("{ARGUMENTS}\n  password = \"new\"");
        terraform.write("main.tf", &connector(&arguments.replace("\"agent\"", "\"agent2\"")));
        terraform
            .apply()
            .succeeded()
            .says("0 added, 1 changed, 0 destroyed")
            .does_not_say("The update is sent without");
        let stored = simulator.stored(simulator.organization(), &id).expect("the connector");
        assert_eq!(stored["password"], json!("new"));
        terraform.plans_nothing();
    }
}

#[test]
fn an_import_block_works_as_well() {
    let simulator = without_lock();
    let id = made_by_hand(&simulator);
    let terraform = Terraform::with(&simulator);
    let block = format!("import {{\n  to = {ADDRESS}\n  id = \"{id}\"\n}}\n");
    terraform.write("main.tf", &format!("{}{block}", connector(ARGUMENTS)));
    terraform.apply().succeeded().says("1 imported, 0 added, 0 changed, 0 destroyed");
    terraform.plans_nothing();
}

/// Editing it would make a custom connector of it, and destroying it would take
/// it away from whoever uses it.
#[test]
fn a_connector_of_another_type_is_not_taken_over() {
    let simulator = without_lock();
    let id = made_by_hand(&simulator);
    simulator.store(simulator.organization(), &id, json!({ "connectorType": "SALESFORCE" }));
    let terraform = Terraform::with(&simulator);
    terraform.write("main.tf", &connector(ARGUMENTS));
    terraform
        .run(["import", "-no-color", ADDRESS, &id])
        .failed()
        .says("Webex has a connector with this id, but it is not a custom connector.")
        .says("Nothing was imported.")
        .says("the data source webex_cc_custom_connectors lists those that can");
    assert!(terraform.run(["state", "list"]).stdout.is_empty());
    let data = format!("data \"webex_cc_custom_connector\" \"test\" {{\n  id = \"{id}\"\n}}\n");
    terraform.write("main.tf", &data);
    terraform.plan().failed().says("it is not a custom connector");
}

#[test]
fn importing_what_does_not_exist_says_so() {
    let simulator = without_lock();
    let terraform = Terraform::with(&simulator);
    terraform.write("main.tf", &connector(ARGUMENTS));
    let missing = "00000000-0000-4000-8000-000000000000";
    terraform
        .run(["import", "-no-color", ADDRESS, missing])
        .failed()
        .says("There is no such connector")
        .says("Check the id on the connector's page");
    terraform
        .run(["import", "-no-color", ADDRESS, "not-an-organization/x"])
        .failed()
        .says("The organization id cannot be read");
}
