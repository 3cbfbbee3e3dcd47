//! Import by id, by organization and id, and its errors.

use serde_json::json;

use crate::support::connectors::{
    ADDRESS, Form, ONLY_WEBEX_KNOWS, PASSWORD, basic, certificate, client_credentials, resource,
};
use crate::support::simulator::{calls, last_body, stored, unlocked};
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
            .says("is sent without password")
            .says("set password_wo before you apply.");
        assert_eq!(last_body(&simulator, "PUT").get("password"), None);
        assert_eq!(stored(&simulator)["password"], json!(ONLY_WEBEX_KNOWS));
        terraform.plans_nothing();

        // A secret that is added later is an update in place.
        terraform.write("main.tf", &basic().edited().resource());
        terraform
            .apply()
            .succeeded()
            .says("0 added, 1 changed, 0 destroyed")
            .does_not_say("is sent without");
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
        .says("the data source webex_cc_custom_connectors lists them");
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

/// Control Hub's form marks only the name and the resource domain as mandatory.
#[test]
fn connector_that_lacks_what_a_new_one_needs_is_adopted() {
    for (connector, argument, key) in [
        (basic(), "validation_url", "validationUrl"),
        (basic(), "username", "username"),
        (client_credentials(), "client_id", "clientId"),
        (client_credentials(), "token_url", "tokenUrl"),
        (certificate(), "certificate", "certificate"),
    ] {
        let simulator = unlocked();
        let id = connector.make_by_hand(&simulator);
        simulator.store(simulator.organization(), &id, json!({ key: null }));
        let mut without = connector.clone();
        without.arguments.remove(argument);
        let terraform = Terraform::with(&simulator);
        let block = format!("import {{\n  to = {ADDRESS}\n  id = \"{id}\"\n}}\n");
        let adopted = resource(&without.hcl(Form::Absent));
        terraform.write("main.tf", &format!("{adopted}{block}"));
        terraform.apply().succeeded().says("1 imported, 0 added, 0 changed, 0 destroyed");
        terraform.plans_nothing();

        // A new one needs it, and taking it away is warned of.
        terraform.write("main.tf", &adopted.replace("\"test\"", "\"new\""));
        terraform.plan().failed().says(&format!("{argument} is missing"));
        terraform.write("main.tf", &resource(&connector.hcl(Form::Absent)));
        terraform.apply().succeeded().says("1 changed");
        terraform.write("main.tf", &adopted);
        terraform.plan().succeeded().says(&format!("removes {argument}"));
    }
}

#[test]
fn import_by_a_name_or_a_respelled_id_names_the_id() {
    let simulator = unlocked();
    let id = basic().make_by_hand(&simulator);
    let organization = simulator.organization();
    let terraform = Terraform::configured(&simulator, &resource(&basic().hcl(Form::Absent)));
    let import = |given: &str| {
        simulator.clear_journal();
        let output = terraform.run(["import", "-no-color", ADDRESS, given]).failed();
        let output = output.says("Nothing was imported.");
        let made = calls(&simulator);
        assert_eq!(made, ["GET /organization/ORG/v2/connector 200"], "{given:?}");
        output
    };
    let uses = format!("Use \"{id}\".");
    for (given, problem) in [
        (id.to_uppercase(), "Webex writes the id in another way."),
        (format!("{{{id}}}"), "Webex writes the id in another way."),
        (id.replace('-', ""), "Webex writes the id in another way."),
        (format!("urn:uuid:{id}"), "Webex writes the id in another way."),
        (format!(" {id}"), "It begins or ends with a space."),
        (format!("{id}\n"), "It begins or ends with a line break."),
        (format!("{organization}/{id} "), "It begins or ends with a space."),
    ] {
        import(&given).says("The import id cannot be used").says(problem).says(&uses);
    }
    let name = basic().text("name").expect("a name");
    for given in [name.clone(), name.to_uppercase(), format!("{organization}/{name}")] {
        import(&given)
            .says("A connector is imported by its id")
            .says(&format!("id = \"{organization}/{id}\""));
    }
    let unknown = "00000000-0000-4000-8000-00000000000A";
    for given in ["Another name", unknown] {
        import(given)
            .says("There is no such connector")
            .says("is neither the id nor the name of a connector");
    }
    // An id that is no UUID is an id if the list has it.
    let other = "connector-7";
    simulator.store(organization, other, basic().with("name", "Other").made_by_hand());
    terraform.write("main.tf", &resource(&basic().with("name", "Other").hcl(Form::Absent)));
    terraform.run(["import", "-no-color", ADDRESS, other]).succeeded();
    terraform.plans_nothing();
}
