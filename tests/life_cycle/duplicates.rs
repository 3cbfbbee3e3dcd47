//! Two resources of one connector or of one name, and replacements that are not what they seem.

use serde_json::json;

use crate::support::connectors::{ADDRESS, Form, basic, resource};
use crate::support::simulator::{all_stored, stored, unlocked};
use crate::support::terraform::Terraform;

/// Returns a resource of another name in the configuration.
fn second(arguments: &str) -> String {
    resource(arguments).replace("\"test\"", "\"second\"")
}

#[test]
fn second_resource_of_a_connector_is_noticed() {
    let simulator = unlocked();
    let id = basic().make_by_hand(&simulator);
    let import = |to: &str| format!("import {{\n  to = {to}\n  id = \"{id}\"\n}}\n");
    let other = ADDRESS.replace(".test", ".second");
    let arguments = basic().hcl(Form::Absent);
    let both = format!("{}{}", resource(&arguments), second(&arguments));

    let terraform = Terraform::with(&simulator);
    terraform.write("main.tf", &format!("{both}{}{}", import(ADDRESS), import(&other)));
    let two = format!("Two resources manage connector {id}");
    terraform.plan().succeeded().says(&two);
    // It is in state already.
    terraform.write("main.tf", &format!("{}{}", resource(&arguments), import(ADDRESS)));
    terraform.apply().succeeded().says("1 imported");
    terraform.write("main.tf", &format!("{both}{}", import(&other)));
    terraform.plan().succeeded().says(&two);
    // The command sees one resource only. The next plan sees both.
    terraform.write("main.tf", &both);
    terraform.run(["import", "-no-color", &other, &id]).succeeded();
    terraform.plan().succeeded().says(&two).says("terraform state rm");
    terraform.run(["state", "rm", &other]).succeeded();
    terraform.write("main.tf", &resource(&arguments));
    terraform.plans_nothing();
}

#[test]
fn two_connectors_of_one_name_are_noticed_by_the_plan() {
    let simulator = unlocked();
    let terraform = Terraform::with(&simulator);
    let one = resource(&basic().hcl(Form::Stateful));
    let namesake = second(&basic().hcl(Form::Stateful));
    let warning = "Two connectors are named \"Zendesk\"";
    // Both are new, or one of them is.
    terraform.write("main.tf", &format!("{one}{namesake}"));
    terraform.plan().succeeded().says(warning);
    terraform.write("main.tf", &one);
    terraform.apply().succeeded().does_not_say(warning);
    terraform.write("main.tf", &format!("{one}{namesake}"));
    terraform.plan().succeeded().says(warning).does_not_say("already taken");
    // A name that passes on belongs to one of them at a time.
    let renamed = resource(&basic().with("name", "Renamed").hcl(Form::Stateful));
    terraform.write("main.tf", &format!("{renamed}{namesake}"));
    terraform.plan().succeeded().does_not_say(warning).does_not_say("already taken");
    terraform.apply().succeeded().says("1 added, 1 changed");
    terraform.plans_nothing();
}

#[test]
fn replaced_connector_is_not_its_own_rival() {
    let simulator = unlocked();
    let terraform = Terraform::configured(&simulator, &basic().resource());
    terraform.apply().succeeded();
    terraform.run(["taint", ADDRESS]).succeeded();
    let quiet = |arguments: &[&str]| {
        let command = ["plan", "-no-color"].iter().chain(arguments);
        terraform
            .run(command)
            .succeeded()
            .says("1 to add, 0 to change, 1 to destroy")
            .does_not_say("already taken")
            .does_not_say("Two connectors")
    };
    quiet(&[]);
    terraform.run(["untaint", ADDRESS]).succeeded();
    quiet(&[&format!("-replace={ADDRESS}")]);
}

/// The output of the changed resource is known only after apply.
#[test]
fn unknown_kind_replaces_nothing_that_turns_out_the_same() {
    let simulator = unlocked();
    let terraform = Terraform::with(&simulator);
    let write = |kind: &str, generation: u32| {
        let arguments = basic().hcl(Form::Stateful).replace("authentication_type = \"basic\"", "")
            + "  authentication_type = terraform_data.kind.output\n";
        let kind = format!(
            "resource \"terraform_data\" \"kind\" {{\n  input = \"{kind}\"\n  \
             triggers_replace = {generation}\n}}\n"
        );
        terraform.write("main.tf", &format!("{kind}{}", resource(&arguments)));
    };
    write("basic", 1);
    terraform.apply().succeeded();
    let before = stored(&simulator);
    write("basic", 2);
    terraform
        .plan()
        .succeeded()
        .says("authentication_type of connector \"Zendesk\"")
        .says("is not known yet")
        .does_not_say("will stop working")
        .says("1 to add, 1 to change, 1 to destroy");
    terraform.apply().succeeded();
    assert_eq!(stored(&simulator)["id"], before["id"]);
    terraform.plans_nothing();
    // It turns out to be another one: nothing is replaced that no plan has shown.
    write("oauth2", 2);
    terraform.apply().failed().says("inconsistent final plan");
    assert_eq!(stored(&simulator), before);
    assert_eq!(stored(&simulator)["authenticationType"], json!("BASIC"));
    assert_eq!(all_stored(&simulator).len(), 1);
}
