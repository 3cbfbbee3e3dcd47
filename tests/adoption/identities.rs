//! Imports by identity, and the examples that import.

use tf_provider::value::Value;
use webex_cc_simulator::Simulator;

use crate::support::checker::of;
use crate::support::connectors::incidents;
use crate::support::files;
use crate::support::simulator::{stored, unlocked};
use crate::support::terraform::Terraform;
use crate::support::terraform_core::{Action, TerraformCore};

/// The connector that the examples import.
const ID: &str = "5c7c2677-0e2a-4f57-a9ab-3d7d7a3ad9f1";

fn identity(parts: &[(&str, &str)]) -> Value {
    let part = |name: &str| parts.iter().find(|(part, _)| *part == name).map(|(_, text)| *text);
    let names = ["id", "organization_id"];
    Value::Map(names.map(|name| (name.to_owned(), Value::from(part(name)))).into())
}

#[tokio::test]
async fn import_by_identity_works_without_the_organization() {
    let simulator = unlocked();
    let organization = simulator.organization().to_owned();
    simulator.store(&organization, ID, incidents().made_by_hand());
    let (_plugin, mut core) = TerraformCore::connected(&simulator).await;
    let whole = identity(&[("id", ID), ("organization_id", &organization)]);
    for given in [&identity(&[("id", ID)]), &whole] {
        let (imported, said) = core.import_identity(given).await.unwrap();
        let imported = imported.unwrap_or_else(|| panic!("{said:?}"));
        assert_eq!(imported.identity.as_ref(), Some(&whole));
        assert_eq!(of(&imported.state, "name"), &Value::from("Incidents"));
        let configuration = core.generate(&imported).await.unwrap();
        let plan = core.plan(Some(&imported), &configuration).await.unwrap();
        assert_eq!(plan.action, Action::Nothing);
    }
    let (gone, said) = core.import_identity(&identity(&[("id", "no-such-id")])).await.unwrap();
    assert_eq!(gone, None);
    assert!(said[0].text.contains("There is no such connector"), "{said:?}");
}

/// Reads an example of the resource.
fn example(file: &str) -> String {
    files::read(&format!("examples/resources/webex_cc_custom_connector/{file}"))
}

/// Returns a folder with the resource of the examples, into which it can be imported.
fn to_import(simulator: &Simulator) -> Terraform {
    simulator.store(simulator.organization(), ID, incidents().made_by_hand());
    let mut terraform = Terraform::with(simulator);
    terraform.write("resource.tf", &example("resource.tf"));
    terraform.set("TF_VAR_incidents_client_secret", "example-secret");
    terraform
}

#[test]
fn example_of_the_import_command_works() {
    for line in example("import.sh").lines().filter(|line| line.starts_with("terraform ")) {
        let simulator = unlocked();
        let terraform = to_import(&simulator);
        let arguments = line.split_whitespace().skip(1).collect::<Vec<_>>();
        terraform.run(arguments).succeeded().says("Import successful!");
        assert!(terraform.read("terraform.tfstate").contains(ID), "{line}");
    }
}

#[test]
fn examples_of_import_blocks_work() {
    for (file, names_identity) in
        [("import-by-string-id.tf", false), ("import-by-identity.tf", true)]
    {
        let simulator = unlocked();
        let terraform = to_import(&simulator);
        if names_identity && !terraform.is_terraform_since(1, 12, file) {
            continue;
        }
        terraform.write("import.tf", &example(file));
        terraform.apply().succeeded().says("1 imported, 0 added");
        terraform.plans_nothing();
        stored(&simulator);
    }
}
