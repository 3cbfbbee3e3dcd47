//! The forms of a credential through the real CLI: ephemeral values, changes of the form, import,
//! generated configuration.

use serde_json::{Value, json};
use webex_cc_simulator::SecretsInAnswers;

use super::{MODES, simulator};
use crate::support::connectors::{ADDRESS, Form, ONLY_WEBEX_KNOWS, client_credentials, resource};
use crate::support::simulator::{all_stored, last_body, stored, writes};
use crate::support::terraform::Terraform;

fn with(credentials: &str) -> String {
    resource(&format!("{}{credentials}", client_credentials().hcl(Form::Absent)))
}

/// Fails the test if the state file holds a write-only value.
#[track_caller]
fn state_has_nothing_of(terraform: &Terraform, credential: &str) {
    let state = terraform.read("terraform.tfstate");
    assert!(!state.contains(credential), "{state}");
    let attributes = terraform.attributes(ADDRESS);
    assert_eq!(attributes["client_secret_wo"], json!(null));
}

const EPHEMERAL: &str = "variable \"secret\" {\n  type      = string\n  ephemeral = true\n}\n";

#[test]
fn ephemeral_variable_is_sent_and_not_stored() {
    for mode in MODES {
        let simulator = simulator(mode);
        let mut terraform = Terraform::with(&simulator);
        let configuration = |version: u32| {
            let credentials =
                format!("  client_secret_wo = var.secret\n  client_secret_wo_version = {version}");
            format!("{EPHEMERAL}{}", with(&credentials))
        };
        terraform.set("TF_VAR_secret", "from-a-vault-1");
        terraform.write("main.tf", &configuration(1));
        terraform.run(["plan", "-no-color", "-out=plan"]).succeeded();
        terraform.run(["apply", "-no-color", "plan"]).succeeded();
        assert_eq!(stored(&simulator)["clientSecret"], json!("from-a-vault-1"));
        state_has_nothing_of(&terraform, "from-a-vault-1");
        terraform.plans_nothing();

        // Another value is no difference; another version is one.
        terraform.set("TF_VAR_secret", "from-a-vault-2");
        terraform.plans_nothing();
        terraform.write("main.tf", &configuration(2));
        terraform.apply().succeeded().says("1 changed");
        assert_eq!(stored(&simulator)["clientSecret"], json!("from-a-vault-2"));
        state_has_nothing_of(&terraform, "from-a-vault-2");
        terraform.plans_nothing();
        terraform.destroy().succeeded();
    }
}

#[test]
fn ephemeral_value_in_a_stateful_argument_is_refused() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let mut terraform = Terraform::with(&simulator);
    terraform.set("TF_VAR_secret", "from-a-vault");
    terraform.write("main.tf", &format!("{EPHEMERAL}{}", with("  client_secret = var.secret")));
    // The message is the CLI's, with a capital letter in OpenTofu.
    terraform.plan().failed().says("phemeral value").says("client_secret = var.secret");
}

#[test]
fn change_between_forms_updates_in_place() {
    for mode in MODES {
        let simulator = simulator(mode);
        let terraform = Terraform::applied(&simulator, &with("  client_secret = \"stateful-1\""));
        assert!(terraform.read("terraform.tfstate").contains("stateful-1"));
        let id = stored(&simulator)["id"].clone();

        for (credentials, sent) in [
            (
                "  client_secret_wo = \"write-only-1\"\n  client_secret_wo_version = 1",
                "write-only-1",
            ),
            ("  client_secret = \"stateful-2\"", "stateful-2"),
            ("  client_secret_wo = \"write-only-2\"", "write-only-2"),
        ] {
            terraform.write("main.tf", &with(credentials));
            terraform.apply().succeeded().says("0 added, 1 changed, 0 destroyed");
            assert_eq!(last_body(&simulator, "PUT")["clientSecret"], json!(sent));
            assert_eq!(stored(&simulator)["id"], id);
            terraform.plans_nothing();
            let attributes = terraform.attributes(ADDRESS);
            let kept = sent.starts_with("stateful");
            assert_eq!(attributes["client_secret"], if kept { json!(sent) } else { json!(null) });
        }
        let state = terraform.read("terraform.tfstate");
        for credential in ["stateful-1", "stateful-2", "write-only"] {
            assert!(!state.contains(credential), "{credential} is in {state}");
        }
    }
}

/// A write-only value without a version is no difference that Terraform sees.
#[test]
fn write_only_credential_after_an_import_is_sent() {
    for mode in MODES {
        let simulator = simulator(mode);
        let id = client_credentials().make_by_hand(&simulator);
        let terraform = Terraform::configured(&simulator, &with(""));
        terraform.run(["import", "-no-color", ADDRESS, &id]).succeeded();
        terraform.plans_nothing();

        terraform.write("main.tf", &with("  client_secret_wo = \"mine\""));
        terraform
            .plan()
            .succeeded()
            .says("0 to add, 1 to change, 0 to destroy")
            .says("client_secret_wo of connector")
            .says("To keep the credential that Webex has, remove client_secret_wo.");
        assert_eq!(stored(&simulator)["clientSecret"], json!(ONLY_WEBEX_KNOWS));
        terraform.apply().succeeded().says("1 changed");
        assert_eq!(stored(&simulator)["clientSecret"], json!("mine"));
        terraform.plans_nothing();
        state_has_nothing_of(&terraform, "mine");
    }
}

#[test]
fn import_block_sends_the_configured_credential() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let id = client_credentials().make_by_hand(&simulator);
    let terraform = Terraform::with(&simulator);
    let block = format!("import {{\n  to = {ADDRESS}\n  id = \"{id}\"\n}}\n");
    let configured = with("  client_secret_wo = \"mine\"\n  client_secret_wo_version = 7");
    terraform.write("main.tf", &format!("{configured}{block}"));
    terraform.apply().succeeded().says("1 imported, 0 added, 1 changed, 0 destroyed");
    assert_eq!(stored(&simulator)["clientSecret"], json!("mine"));
    terraform.plans_nothing();
}

/// Terraform generates the configuration of an import.
#[test]
fn generated_configuration_holds_no_credential() {
    for mode in MODES {
        let simulator = simulator(mode);
        let id = client_credentials().make_by_hand(&simulator);
        let terraform = Terraform::configured(
            &simulator,
            &format!("import {{\n  to = {ADDRESS}\n  id = \"{id}\"\n}}\n"),
        );
        terraform
            .run(["plan", "-no-color", "-generate-config-out=generated.tf"])
            .succeeded()
            .says("1 to import, 0 to add, 0 to change, 0 to destroy");
        let generated = terraform.read("generated.tf");
        assert!(!generated.contains(ONLY_WEBEX_KNOWS) && !generated.contains("****"));
        terraform.validate().succeeded();
        terraform.apply().succeeded().says("1 imported, 0 added, 0 changed, 0 destroyed");
        terraform.plans_nothing();
        assert_eq!(stored(&simulator)["clientSecret"], json!(ONLY_WEBEX_KNOWS));
    }
}

#[test]
fn moved_block_sends_nothing() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let terraform = Terraform::with(&simulator);
    let credentials = "  client_secret_wo = \"mine\"\n  client_secret_wo_version = 1";
    terraform.write("main.tf", &with(credentials));
    terraform.apply().succeeded();
    simulator.clear_journal();
    let elsewhere = with(credentials).replace("\"test\"", "\"elsewhere\"");
    let moved =
        format!("moved {{\n  from = {ADDRESS}\n  to   = webex_cc_custom_connector.elsewhere\n}}\n");
    terraform.write("main.tf", &format!("{elsewhere}{moved}"));
    terraform.apply().succeeded().says("0 added, 0 changed, 0 destroyed");
    assert_eq!(writes(&simulator), 0);
    let attributes = terraform.attributes("webex_cc_custom_connector.elsewhere");
    assert_eq!(attributes["client_secret_wo"], json!(null));
}

/// The value becomes known during the apply.
#[test]
fn credential_that_is_empty_at_apply_is_refused() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let late = "resource \"terraform_data\" \"late\" {\n  input = \"\"\n}\n";
    for argument in ["client_secret", "client_secret_wo"] {
        let terraform = Terraform::with(&simulator);
        let credentials = format!("  {argument} = terraform_data.late.output");
        terraform.write("main.tf", &format!("{late}{}", with(&credentials)));
        terraform.plan().succeeded();
        terraform.apply().failed().says(&format!("{argument} is empty"));
        assert_eq!(all_stored(&simulator), Vec::<Value>::new());
    }
}
