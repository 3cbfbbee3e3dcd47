//! Credentials that are missing, that are given twice, or that belong to no version.

use safe_text::Secret;
use terraform_provider_webex::provider::custom_connector::validation;
use tf_provider::object::{Configuration, Object};
use tf_provider::value::Value;

use super::{are, errors, good, validate, warnings};
use crate::support::connectors::{Connector, Credential, Form, all, resource};
use crate::support::simulator::unlocked;
use crate::support::terraform::Terraform;

/// Calls `check` with each credential of each kind.
fn credentials(check: impl Fn(&Connector, &Credential)) {
    for connector in all() {
        for credential in &connector.credentials {
            check(&connector, credential);
        }
    }
}

#[test]
fn create_requires_credentials() {
    credentials(|connector, credential| {
        let mut without = connector.object(Form::WriteOnly, 0);
        without.set(credential.write_only, Value::Null);
        without.set(credential.version, Value::Null);
        let expected = format!(
            "{}: {} is missing | Set {}, which state does not keep, or {}.",
            credential.write_only, credential.argument, credential.write_only, credential.argument
        );
        let configuration = Configuration::new(without);
        assert_eq!(errors(&validate(&configuration)), [""; 0], "an import does without");
        are(&validation::validate_creation(&configuration), &[&expected], connector.kind);
    });
}

#[test]
fn forms_of_a_credential_exclude_each_other() {
    credentials(|connector, credential| {
        let value = Secret::from(credential.values[0].as_str());
        let both = connector.object(Form::WriteOnly, 0).with(credential.argument, value.clone());
        let (write_only, stateful, version) =
            (credential.write_only, credential.argument, credential.version);
        let expected = format!(
            "{write_only}: {stateful} and {write_only} exclude each other | Keep one of them. \
             {write_only} is safer: state keeps {stateful}, but not {write_only}."
        );
        are(&validate(&Configuration::new(both)), &[&expected], connector.kind);

        let stateful_only = connector.object(Form::Stateful, 0).with(version, 1);
        let expected = format!(
            "{version}: {version} needs {write_only} | Set {write_only}, or remove \
             {version}."
        );
        let stateful_only = Configuration::new(stateful_only);
        let planned = |prior: &Object| validation::validate_versions(&stateful_only, Some(prior));
        are(&validation::validate_versions(&stateful_only, None), &[&expected], connector.kind);
        let before = connector.object(Form::Stateful, 0);
        let raised = format!(
            "{version}: {version} needs {write_only} | Set {write_only}, remove it from ignore_changes \
             if it is there, or leave {version} as it was. A new {version} means that"
        );
        are(&planned(&before.clone().with(version, 2)), &[&raised], connector.kind);
        let same = planned(&before.with(version, 1));
        assert_eq!(same.iter().count(), 0, "there is nothing to send");
        assert_eq!(errors(&validate(&stateful_only)), [""; 0], "a destroy does without");

        if stateful == "private_key" {
            return;
        }
        for (form, other) in [(stateful, write_only), (write_only, stateful)] {
            let empty = connector.object(Form::Absent, 0);
            let empty = empty.with(form, Secret::from("")).with(other, Value::Null);
            let expected = format!(
                "{form}: {form} is empty | The provider never sends an empty credential, which could \
                 only remove the one that Webex has."
            );
            are(&validate(&Configuration::new(empty)), &[&expected], connector.kind);
        }
    });
}

/// JSON carries any string.
#[test]
fn unusual_credentials_are_accepted() {
    let long = "x".repeat(100_000);
    for secret in ["with a line break\n", "\u{0}", "sécret", " ", &long] {
        for argument in ["password", "password_wo"] {
            let object = good("basic")
                .with("password_wo", Value::Null)
                .with("password_wo_version", Value::Null)
                .with(argument, Secret::from(secret));
            let messages = validate(&Configuration::new(object));
            assert_eq!(errors(&messages), [""; 0], "{secret:.20?}");
            let warning = format!("{argument} of connector");
            let warned = warnings(&messages, &warning).len();
            let is_unseen = secret.trim() != secret || secret.contains('\u{0}');
            assert_eq!(warned, usize::from(is_unseen), "{secret:.20?}");
        }
    }
}

/// A pipeline that destroys does not have the ephemeral values of one that applies.
#[test]
fn version_without_its_ephemeral_value_does_not_block_destroy() {
    let simulator = unlocked();
    let mut terraform = Terraform::with(&simulator);
    let variable = "variable \"password\" {\n  ephemeral = true\n  default = null\n}\n";
    let arguments = format!(
        "{}\n  password_wo = var.password\n  password_wo_version = 1\n",
        crate::support::connectors::basic().hcl(Form::Absent)
    );
    let raised = arguments.replace("_version = 1", "_version = 2");
    let configuration = format!("{variable}{}", resource(&arguments));
    terraform.write("main.tf", &configuration);
    terraform.set("TF_VAR_password", "hunter2");
    terraform.apply().succeeded();
    terraform.unset("TF_VAR_password");
    terraform.validate().succeeded();
    terraform.plan().succeeded().says("No changes.").does_not_say("password_wo_version needs");
    terraform.write("main.tf", &format!("{variable}{}", resource(&raised)));
    terraform.plan().failed().says("Error: password_wo_version needs password_wo");
    terraform.write("main.tf", &configuration);
    terraform.run(["plan", "-refresh-only", "-no-color"]).succeeded();
    terraform.destroy().succeeded().says("1 destroyed");
}
