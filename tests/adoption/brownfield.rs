//! Follows the guide about existing connectors step by step, with a mirror and with `init`.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::Path;

use webex_cc_simulator::Simulator;

use super::made_by_hand;
use crate::support::connectors::{ONLY_WEBEX_KNOWS, basic};
use crate::support::simulator::{
    ANOTHER_ORGANIZATION, all_stored, two_organizations, unlocked, writes,
};
use crate::support::source;
use crate::support::terraform::Terraform;
use crate::support::{files, system};

/// Returns a folder in which `terraform init` installs the provider that was just built.
fn installable(simulator: &Simulator) -> Terraform {
    let terraform = Terraform::with(simulator);
    fs::remove_file(terraform.folder().join("versions.tf")).expect("the file of other tests");
    let version = terraform.run(["version", "-json"]).succeeded().stdout;
    let version: serde_json::Value = serde_json::from_str(&version).expect("JSON");
    let platform = version["platform"].as_str().expect("a platform");
    let number = env!("CARGO_PKG_VERSION");
    let mirror = terraform.folder().join("mirror");
    for host in ["registry.terraform.io", "registry.opentofu.org"] {
        let folder = mirror.join(format!("{host}/{}/{number}/{platform}", source()));
        fs::create_dir_all(&folder).expect("a folder of the mirror");
        let program = folder.join(format!("terraform-provider-webex_v{number}{EXE_SUFFIX}"));
        let built = Path::new(env!("CARGO_BIN_EXE_terraform-provider-webex"));
        fs::hard_link(built, &program)
            .or_else(|_| fs::copy(built, &program).map(drop))
            .expect("it");
    }
    let settings = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
        system::in_configuration(&mirror)
    );
    terraform.write("terraform.rc", &settings);
    terraform
}

fn example(terraform: &Terraform, step: &str, file: &str) {
    terraform.write(file, &files::read(&format!("examples/guides/brownfield/{step}/{file}")));
}

/// Fails the test if adopting wrote to Webex or stored a credential.
fn nothing_was_touched(simulator: &Simulator, terraform: &Terraform) {
    assert_eq!(writes(simulator), 0, "adopting writes nothing to Webex");
    let state = terraform.read("terraform.tfstate");
    assert!(!state.contains(ONLY_WEBEX_KNOWS), "credentials stay in Webex");
}

#[test]
fn four_commands_adopt_ten_connectors() {
    let simulator = unlocked();
    made_by_hand(&simulator);
    let terraform = installable(&simulator);
    example(&terraform, "adopt", "main.tf");

    terraform.run(["init", "-no-color"]).succeeded();
    terraform
        .run(["plan", "-no-color", "-out=adopt.tfplan"])
        .succeeded()
        .says("Plan: 10 to import, 0 to add, 0 to change, 0 to destroy.");
    terraform
        .run(["apply", "-no-color", "adopt.tfplan"])
        .succeeded()
        .says("10 imported, 0 added, 0 changed, 0 destroyed");
    terraform.plans_nothing();
    nothing_was_touched(&simulator, &terraform);

    // A connector that the data source does not find any more is not deleted.
    let main = terraform.read("main.tf");
    let narrower = main.replace("\"existing\" {}", "\"existing\" {\n  active = true\n}");
    assert_ne!(main, narrower);
    terraform.write("main.tf", &narrower);
    terraform.plan().failed().says("cannot be destroyed");
    terraform.write("main.tf", &main);

    // A file describes the connectors from here on.
    let connectors = terraform.run(["output", "-json", "connectors"]).succeeded().stdout;
    assert!(!connectors.contains(ONLY_WEBEX_KNOWS));
    terraform.write("connectors.json", &connectors);
    example(&terraform, "own", "main.tf");
    // The exit code would count that the data source is gone.
    terraform.plan().succeeded().says("No changes.");
    let edited = connectors.replace("\"useraccount\"", "\"useraccount offline\"");
    assert_ne!(connectors, edited);
    terraform.write("connectors.json", &edited);
    terraform.apply().succeeded().says("0 added, 1 changed, 0 destroyed");
    let stored = all_stored(&simulator);
    let edited = stored.iter().find(|connector| connector["name"] == "ServiceNow").expect("it");
    assert_eq!(edited["scope"], "useraccount offline");
    assert_eq!(
        edited["clientSecret"], ONLY_WEBEX_KNOWS,
        "the credential that only Webex knows is kept"
    );
    terraform.plans_nothing();
}

/// The token belongs to one of the two organizations.
#[test]
fn connectors_of_two_organizations_are_adopted_in_place() {
    let simulator = two_organizations(false);
    made_by_hand(&simulator);
    let elsewhere = "5c7c2677-0000-4000-8000-000000000100";
    simulator.store(ANOTHER_ORGANIZATION, elsewhere, basic().made_by_hand());
    let terraform = installable(&simulator);
    example(&terraform, "many", "main.tf");

    terraform.run(["init", "-no-color"]).succeeded();
    terraform
        .apply()
        .succeeded()
        .says("11 imported, 0 added, 0 changed, 0 destroyed")
        .does_not_say("stays in another organization");
    terraform.plans_nothing();
    nothing_was_touched(&simulator, &terraform);

    let connectors = terraform.run(["output", "-json", "connectors"]).succeeded().stdout;
    terraform.write("connectors.json", &connectors);
    example(&terraform, "own", "main.tf");
    terraform.plan().succeeded().says("No changes.").does_not_say("stays in another organization");
    let edited = connectors.replace("\"useraccount\"", "\"useraccount offline\"");
    terraform.write("connectors.json", &edited.replace("\"agent\"", "\"robot\""));
    terraform.apply().succeeded().says("5 changed, 0 destroyed");
    let there = simulator.all_stored(ANOTHER_ORGANIZATION);
    assert_eq!((there.len(), &there[0]["username"]), (1, &"robot".into()));
}

/// Returns a folder with generated configuration for this number of connectors.
fn generated(simulator: &Simulator, number: usize) -> Terraform {
    let terraform = installable(simulator);
    example(&terraform, "generate", "main.tf");
    terraform.run(["init", "-no-color"]).succeeded();
    terraform.apply().succeeded();
    let blocks = terraform.run(["output", "-raw", "import_blocks"]).succeeded().stdout;
    terraform.write("imports.tf", &blocks);
    terraform
        .run(["plan", "-no-color", "-generate-config-out=connectors.tf"])
        .succeeded()
        .says(&format!("Plan: {number} to import, 0 to add, 0 to change, 0 to destroy."));
    terraform
}

/// The names differ only in characters that an address cannot hold.
#[test]
fn generated_addresses_of_similar_names_are_distinct() {
    let simulator = unlocked();
    for (id, name) in [
        ("aaaaaaaa-0000-4000-8000-000000000001", "Help desk"),
        ("bbbbbbbb-0000-4000-8000-000000000002", "help-desk"),
        ("cccccccc-0000-4000-8000-000000000003", "Справка"),
        ("dddddddd-0000-4000-8000-000000000004", "ヘルプ"),
    ] {
        simulator.store(simulator.organization(), id, basic().with("name", name).made_by_hand());
    }
    generated(&simulator, 4);
}

#[test]
fn import_blocks_and_configuration_are_generated() {
    let simulator = unlocked();
    made_by_hand(&simulator);
    let terraform = generated(&simulator, 10);
    terraform.apply().succeeded().says("10 imported, 0 added, 0 changed, 0 destroyed");
    terraform.plans_nothing();
    nothing_was_touched(&simulator, &terraform);
}

#[test]
fn terraform_query_imports_all_connectors() {
    let simulator = unlocked();
    made_by_hand(&simulator);
    let terraform = installable(&simulator);
    if !terraform.is_terraform_since(1, 14, "the guide's way by terraform query") {
        return;
    }
    example(&terraform, "query", "main.tf");
    example(&terraform, "query", "connectors.tfquery.hcl");
    terraform.run(["init", "-no-color"]).succeeded();
    terraform.run(["query", "-no-color", "-generate-config-out=connectors.tf"]).succeeded();
    terraform.apply().succeeded().says("10 imported, 0 added, 0 changed, 0 destroyed");
    terraform.plans_nothing();
    nothing_was_touched(&simulator, &terraform);
}
