//! Corner cases of write-only arguments, under Terraform's checks. `forms` covers the real CLI.

use safe_text::Secret;
use terraform_provider_webex::provider::custom_connector::schema::TYPE_NAME;
use tf_provider::value::Value;
use webex_cc_simulator::SecretsInAnswers;

use super::simulator;
use crate::support::checker::{of, plain};
use crate::support::connectors::{Connector, Form, all};
use crate::support::plugin_client::proto::tfplugin5::{
    self as proto, ClientCapabilities, RawState,
};
use crate::support::terraform_core::{Action, TerraformCore, failed};

const WRITE_ONLY: [&str; 3] = ["client_secret_wo", "private_key_wo", "password_wo"];

#[track_caller]
fn is_blank(object: &Value) {
    assert!(!object.is_null(), "an object");
    for argument in WRITE_ONLY {
        assert_eq!(of(object, argument), &Value::Null, "{argument}");
    }
}

#[tokio::test]
async fn write_only_values_are_in_no_plan_and_no_state() {
    let simulator = simulator(SecretsInAnswers::Echo);
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    for connector in all() {
        let mut held = None;
        for generation in [0, 1] {
            let configuration = plain(&connector.object(Form::WriteOnly, generation));
            let (after, plan) = core.settle(held.as_ref(), &configuration).await.unwrap();
            assert_ne!(plan.action, Action::Nothing);
            is_blank(&plan.planned);
            is_blank(&after.state);
            held = Some(after);
        }
        let held = held.expect("a connector");
        let private = String::from_utf8_lossy(&held.private).into_owned();
        for credential in &connector.credentials {
            for value in &credential.values {
                assert!(!private.contains(&value[..8]), "{private}");
            }
        }
        let plan = core.plan(Some(&held), &Value::Null).await.unwrap();
        let left = core.apply(Some(&held), &Value::Null, &plan).await.unwrap();
        assert_eq!(left, (None, Vec::new()));
    }
    plugin.shutdown().await.assert_tidy();
}

/// Webex may return credentials in an import.
#[tokio::test]
async fn import_leaves_credentials_null() {
    for mode in super::MODES {
        let simulator = simulator(mode);
        let (plugin, mut core) = TerraformCore::connected(&simulator).await;
        for connector in all() {
            let configuration = plain(&connector.object(Form::WriteOnly, 0));
            let (held, _) = core.settle(None, &configuration).await.unwrap();
            let (imported, said) = core.import(held.id()).await.unwrap();
            assert!(!failed(&said), "{said:?}");
            let imported = imported.expect("a connector").state;
            is_blank(&imported);
            for credential in &connector.credentials {
                assert_eq!(of(&imported, credential.argument), &Value::Null, "{mode:?}");
            }
        }
        plugin.shutdown().await.assert_tidy();
    }
}

/// No other type describes a connector. The refusal shows nothing of the other object.
#[tokio::test]
async fn move_from_another_type_shows_no_values() {
    let (_plugin, mut core) = TerraformCore::without_webex().await;
    let state = r#"{"id":"1","client_secret_wo":"hunter2hunter2"}"#;
    let request = proto::move_resource_state::Request {
        source_provider_address: "registry.terraform.io/example/other".to_owned(),
        source_type_name: "other_connector".to_owned(),
        source_state: Some(RawState { json: state.into(), ..RawState::default() }),
        target_type_name: TYPE_NAME.to_owned(),
        ..Default::default()
    };
    let answer = core.client().move_resource_state(request).await.expect("an answer").into_inner();
    assert_eq!(answer.target_state, None);
    let [message] = &answer.diagnostics[..] else { panic!("{:?}", answer.diagnostics) };
    assert_eq!(message.summary, "The resource cannot be moved from another type");
    assert!(
        message.detail.contains("Replace the `moved` block by an `import` block"),
        "{message:?}"
    );
    assert!(!format!("{message:?}").contains("hunter2"));
}

/// A state from elsewhere may hold a write-only value. It is gone after the first read, and the log
/// does not hold it.
#[tokio::test]
async fn upgrade_drops_write_only_values() {
    let (plugin, mut core) = TerraformCore::without_webex().await;
    let state = r#"{
        "id": "6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10", "name": "a",
        "client_secret_wo": "hunter2hunter2", "client_secret_wo_version": 3,
        "password": "kept in state", "an_argument_of_tomorrow": true
    }"#;
    let request = proto::upgrade_resource_state::Request {
        type_name: TYPE_NAME.to_owned(),
        version: 0,
        raw_state: Some(RawState { json: state.into(), ..RawState::default() }),
    };
    let answer = core.client().upgrade_resource_state(request).await;
    let answer = answer.expect("an answer").into_inner();
    assert_eq!(answer.diagnostics, []);
    let upgraded = core.shape.decode(answer.upgraded_state.as_ref()).expect("a state");
    is_blank(&upgraded);
    assert_eq!(of(&upgraded, "client_secret_wo_version"), &Value::from(3));
    assert_eq!(of(&upgraded, "password"), &Value::from("kept in state"));
    let log = plugin.shutdown().await.assert_tidy().stderr.join("\n");
    assert!(log.contains("UpgradeResourceState") && !log.contains("hunter2"), "{log}");
}

/// `bad_input` covers all messages.
#[tokio::test]
async fn forms_of_credentials_are_validated() {
    let (_plugin, mut core) = TerraformCore::without_webex().await;
    for connector in all().into_iter().map(Connector::trimmed) {
        for form in Form::GIVEN {
            let said = core.validate(&plain(&connector.object(form, 0))).await;
            assert_eq!(said, Ok(Vec::new()), "{} {form:?}", connector.kind);
        }
        for credential in &connector.credentials {
            let both = connector.object(Form::WriteOnly, 0);
            let both = both.with(credential.argument, Secret::from(credential.values[0].as_str()));
            let said = core.validate(&plain(&both)).await.unwrap();
            let [message] = &said[..] else { panic!("one message") };
            assert_eq!(message.at.as_deref(), Some(credential.write_only));
            assert!(message.is_error && message.summary().contains("exclude each other"));

            let alone = connector.object(Form::Absent, 0).with(credential.version, 1);
            let alone = plain(&alone);
            assert_eq!(core.validate(&alone).await, Ok(Vec::new()), "a destroy does without");
            let planned = core.plan(None, &alone).await.unwrap();
            let messages = planned.messages.iter();
            let message = messages.clone().find(|it| it.at.as_deref() == Some(credential.version));
            let message = match message {
                Some(message) => message,
                // The credential itself is missing, which says more.
                None => {
                    let at = Some(credential.write_only);
                    let mut missing = messages.filter(|it| it.at.as_deref() == at);
                    let missing = missing.next().expect("a message");
                    assert!(missing.is_error && missing.summary().ends_with("is missing"));
                    continue;
                }
            };
            assert_eq!(message.at.as_deref(), Some(credential.version));
            assert!(message.is_error && message.summary().ends_with(credential.write_only));
        }
    }
}

/// An older Terraform would store the value. Without a write-only argument, it works.
#[tokio::test]
async fn write_only_arguments_need_terraform_1_11() {
    let old =
        Some(ClientCapabilities { deferral_allowed: false, write_only_attributes_allowed: false });
    let (_plugin, mut core) = TerraformCore::without_webex().await;
    for capabilities in [old, None] {
        for connector in all().into_iter().map(Connector::trimmed) {
            let configuration = plain(&connector.object(Form::WriteOnly, 0));
            let messages = core.validate_as(&configuration, capabilities).await.unwrap();
            assert_eq!(messages.len(), connector.credentials.len(), "{messages:#?}");
            for credential in &connector.credentials {
                let at = Some(credential.write_only);
                let message = messages.iter().find(|message| message.at.as_deref() == at);
                let message = message.expect("a message on the argument");
                assert!(message.is_error);
                let expected = format!("{} needs Terraform 1.11 or later", credential.write_only);
                assert_eq!(message.summary(), expected);
                assert!(message.detail().contains(&format!("use {} instead", credential.argument)));
                assert!(!format!("{message:?}").contains(&credential.values[0][..8]));
            }
            // An unknown value counts as set.
            let unknown = connector
                .credentials
                .iter()
                .fold(connector.object(Form::Absent, 0), |object, one| {
                    object.with(one.write_only, Value::Unknown)
                });
            let messages = core.validate_as(&plain(&unknown), capabilities).await.unwrap();
            assert_eq!(messages.len(), connector.credentials.len());
            let stateful = plain(&connector.object(Form::Stateful, 0));
            assert_eq!(core.validate_as(&stateful, capabilities).await, Ok(Vec::new()));
        }
    }
}
