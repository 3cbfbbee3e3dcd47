//! Import by id, by organization and id, and its errors.

use serde_json::json;

use crate::support::connectors::{ADDRESS, Form, ONLY_WEBEX_KNOWS, PASSWORD, basic, resource};
use crate::support::simulator::{last_body, stored, unlocked};
use crate::support::terraform::Terraform;

#[test]
fn imported_connector_plans_empty_without_credentials() {
    for with_organization in [false, true] {
        let simulator = unlocked();
        let id = basic().make_by_hand(&simulator);
        let terraform = Terraform::configured(&simulator, &resource(&basic().hcl(Form::Absent)));
        let import_id = match with_organization {
            true => format!("{}/{id}", simulator.organization()),
            false => id,
        };
        terraform.run(["import", "-no-color", ADDRESS, &import_id]).succeeded();
        terraform.plans_nothing();

        // An update without the secret leaves its key out.
        terraform.write("main.tf", &resource(&basic().edited().hcl(Form::Absent)));
        terraform
            .apply()
            .succeeded()
            .says("1 changed")
            .says("The update is sent without password")
            .says("To be sure, set password_wo before applying.");
        assert_eq!(last_body(&simulator, "PUT").get("password"), None);
        assert_eq!(stored(&simulator)["password"], json!(ONLY_WEBEX_KNOWS));
        terraform.plans_nothing();

        // A secret that is added later is an update in place.
        terraform.write("main.tf", &basic().edited().resource());
        terraform
            .apply()
            .succeeded()
            .says("0 added, 1 changed, 0 destroyed")
            .does_not_say("The update is sent without");
        assert_eq!(stored(&simulator)["password"], json!(PASSWORD));
        terraform.plans_nothing();
    }
}

#[test]
fn import_block_imports_without_changes() {
    let simulator = unlocked();
    let id = basic().make_by_hand(&simulator);
    let terraform = Terraform::with(&simulator);
    let block = format!("import {{\n  to = {ADDRESS}\n  id = \"{id}\"\n}}\n");
    terraform.write("main.tf", &format!("{}{block}", resource(&basic().hcl(Form::Absent))));
    terraform.apply().succeeded().says("1 imported, 0 added, 0 changed, 0 destroyed");
    terraform.plans_nothing();
}

/// An edit would change the type of the connector, and a destroy would break its users.
#[test]
fn connector_of_another_type_is_not_imported() {
    let simulator = unlocked();
    let id = basic().make_by_hand(&simulator);
    simulator.store(simulator.organization(), &id, json!({ "connectorType": "SALESFORCE" }));
    let terraform = Terraform::configured(&simulator, &resource(&basic().hcl(Form::Absent)));
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
fn import_of_a_missing_connector_is_an_error() {
    let simulator = unlocked();
    let terraform = Terraform::configured(&simulator, &resource(&basic().hcl(Form::Absent)));
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
