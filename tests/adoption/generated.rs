//! Generated configuration of imported connectors: it is valid, plans nothing and holds no secret.

use std::collections::BTreeMap;

use terraform_provider_webex::provider::custom_connector::schema::TYPE_NAME;
use tf_provider::value::Value;

use super::made_by_hand;
use crate::support::checker::of;
use crate::support::connectors::{ADDRESS, ONLY_WEBEX_KNOWS, basic};
use crate::support::simulator::{
    ANOTHER_ORGANIZATION, all_stored, two_organizations, unlocked, writes,
};
use crate::support::terraform::Terraform;
use crate::support::terraform_core::{Action, Instance, TerraformCore};

/// Imports a connector in a run of its own, generates its configuration, and plans with it. Returns
/// both.
async fn fed_back(core: &mut TerraformCore, id: &str) -> (Value, Instance) {
    core.configure().await.unwrap();
    let (imported, said) = core.import(id).await.unwrap();
    let imported = imported.unwrap_or_else(|| panic!("{id} is not there: {said:?}"));
    let configuration = core.generate(&imported).await.unwrap();
    assert_eq!(core.validate(&configuration).await.unwrap(), [], "{id}");
    let plan = core.plan(Some(&imported), &configuration).await.unwrap();
    assert_eq!(plan.action, Action::Nothing, "{id}: {:?}", plan.planned);
    assert_eq!(plan.messages, [], "{id}");
    (configuration, imported)
}

/// Returns the attributes that are not null.
fn set(object: &Value) -> BTreeMap<&str, &Value> {
    let Value::Map(entries) = object else { panic!("an object") };
    let entries = entries.iter().filter(|(_, value)| !value.is_null());
    entries.map(|(name, value)| (name.as_str(), value)).collect()
}

#[tokio::test]
async fn generated_configuration_is_valid_and_plans_empty() {
    let simulator = unlocked();
    let ids = made_by_hand(&simulator);
    let (_plugin, mut core) = TerraformCore::connected(&simulator).await;
    for id in &ids {
        let (configuration, _) = fed_back(&mut core, id).await;
        assert!(!format!("{configuration:?}").contains(ONLY_WEBEX_KNOWS));
    }

    // Defaults are left out.
    let (basic, _) = fed_back(&mut core, &ids[0]).await;
    let names = set(&basic).into_keys().collect::<Vec<_>>();
    assert_eq!(names, ["name", "resource_domain_url", "username", "validation_url"]);
    let (inactive, _) = fed_back(&mut core, &ids[5]).await;
    assert_eq!(of(&inactive, "active"), &Value::Bool(false));
}

#[tokio::test]
async fn generated_configuration_names_another_organization() {
    let simulator = two_organizations(false);
    let id = "5c7c2677-0000-4000-8000-000000000001";
    simulator.store(ANOTHER_ORGANIZATION, id, basic().made_by_hand());
    let (_plugin, mut core) = TerraformCore::connected(&simulator).await;
    let (configuration, _) = fed_back(&mut core, &format!("{ANOTHER_ORGANIZATION}/{id}")).await;
    assert_eq!(of(&configuration, "organization_id"), &Value::from(ANOTHER_ORGANIZATION));
}

/// Uses `import` blocks, generates the configuration, and applies it.
#[test]
fn generated_configuration_of_the_cli_plans_empty() {
    let simulator = unlocked();
    let ids = made_by_hand(&simulator);
    let terraform = Terraform::with(&simulator);
    let imports = ids.iter().enumerate().map(|(place, id)| {
        format!("import {{\n  to = {TYPE_NAME}.c{place}\n  id = \"{id}\"\n}}\n")
    });
    terraform.write("imports.tf", &imports.collect::<String>());
    terraform
        .run(["plan", "-no-color", "-generate-config-out=connectors.tf"])
        .succeeded()
        .says("Plan: 10 to import, 0 to add, 0 to change, 0 to destroy.");
    let generated = terraform.read("connectors.tf");
    assert!(!generated.contains(ONLY_WEBEX_KNOWS));
    assert_eq!(generated.matches("resource \"").count(), 10);
    terraform.run(["fmt", "-check", "-diff", "connectors.tf"]).succeeded();
    terraform.validate().succeeded();
    terraform.apply().succeeded().says("10 imported, 0 added, 0 changed, 0 destroyed");
    terraform.plans_nothing();
    assert!(!terraform.read("terraform.tfstate").contains(ONLY_WEBEX_KNOWS));
    assert_eq!(writes(&simulator), 0, "adopting writes nothing");
}

/// Terraform asks the provider for a `moved` block from another type. State stays as it is.
#[test]
fn move_from_another_type_is_refused() {
    let simulator = unlocked();
    let terraform = Terraform::applied(&simulator, "resource \"terraform_data\" \"old\" {}\n");
    let moved = format!("moved {{\n  from = terraform_data.old\n  to   = {ADDRESS}\n}}\n");
    terraform.write("main.tf", &format!("{}{moved}", basic().resource()));
    terraform.plan().failed().says("does not support moved operations across resource types");
    assert_eq!(all_stored(&simulator), Vec::<serde_json::Value>::new());
}
