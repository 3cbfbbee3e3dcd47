//! Every argument may be unknown.

use terraform_provider_webex::provider::configuration;
use terraform_provider_webex::provider::configuration::schema as provider_schema;
use terraform_provider_webex::provider::custom_connector::{schema, validation};
use terraform_provider_webex::provider::provider_data::ProviderData;
use tf_provider::object::{Configuration, Object};
use tf_provider::schema::Requirement;
use tf_provider::value::Value;

use super::errors;
use crate::support::checker::{of, plain};
use crate::support::connectors::{Connector, Form, all};
use crate::support::terraform_core::{Action, TerraformCore};

/// Returns the arguments that a user can set.
fn configurable() -> Vec<String> {
    let attributes = schema::schema().block.attributes;
    let attributes = attributes.into_iter().filter(|one| one.requirement != Requirement::Computed);
    attributes.map(|attribute| attribute.name.into_owned()).collect()
}

/// Returns valid connectors of all kinds and forms, each with one argument unknown, with two, and
/// with all.
fn with_unknowns() -> Vec<(String, Object)> {
    let mut found = Vec::new();
    for connector in all().into_iter().map(Connector::trimmed) {
        for form in [Form::Stateful, Form::WriteOnly] {
            let good = connector.object(form, 0);
            let title = format!("{} {form:?}", connector.kind);
            for (index, first) in configurable().into_iter().enumerate() {
                let one = good.clone().with(&first, Value::Unknown);
                for second in &configurable()[index + 1..] {
                    let two = one.clone().with(second, Value::Unknown);
                    found.push((format!("{title}: {first}, {second}"), two));
                }
                found.push((format!("{title}: {first}"), one));
            }
            let all = configurable()
                .into_iter()
                .fold(good.clone(), |object, argument| object.with(&argument, Value::Unknown));
            found.push((format!("{title}: all"), all.with("timeouts", Value::Unknown)));
            let limits = ["create", "read", "update", "delete"].iter().fold(
                Object::default(),
                |limits, &operation| {
                    let unknown = operation == "create";
                    limits.with(operation, if unknown { Value::Unknown } else { Value::Null })
                },
            );
            let limits = limits.into_value();
            found.push((format!("{title}: a timeout"), good.with("timeouts", limits)));
        }
    }
    found
}

#[test]
fn unknown_arguments_raise_no_error() {
    for (title, object) in with_unknowns() {
        let configuration = Configuration::new(object);
        assert_eq!(errors(&validation::validate(&configuration)), [""; 0], "{title}");
        assert_eq!(errors(&validation::validate_creation(&configuration)), [""; 0], "{title}");
    }
}

/// Plans through the protocol, without an address and without credentials.
#[tokio::test]
async fn plan_with_unknown_arguments_makes_no_call() {
    let (plugin, mut core) = TerraformCore::without_webex().await;
    for (title, object) in with_unknowns() {
        // Two unknown arguments at once would take long and prove little more.
        if title.contains(',') {
            continue;
        }
        let configuration = plain(&object);
        // Every plan is a run of its own.
        core.configure().await.unwrap();
        assert_eq!(core.validate(&configuration).await, Ok(Vec::new()), "{title}");
        // Each is a run of its own.
        core.configure().await.unwrap();
        let plan = core.plan(None, &configuration).await;
        let plan = plan.unwrap_or_else(|rule| panic!("{title}: {rule}"));
        assert_eq!((plan.action, plan.messages), (Action::Create, Vec::new()), "{title}");
        for argument in configurable() {
            let unknown = object.get(&argument) == &Value::Unknown;
            if unknown && !argument.ends_with("_wo") {
                assert_eq!(of(&plan.planned, &argument), &Value::Unknown, "{title}");
            }
        }
    }
    plugin.shutdown().await.assert_tidy();
}

#[test]
fn unknown_provider_arguments_raise_no_error() {
    let names = provider_schema::ENVIRONMENT.map(|(name, _)| name);
    let nothing = |_: &str| None;
    for name in names {
        let block = Configuration::new(Object::default().with(name, Value::Unknown));
        assert_eq!(errors(&configuration::validate(&block)), [""; 0], "{name}");
        let (_, messages) = configuration::read(&block, &nothing, "agent");
        assert_eq!(errors(&messages), [""; 0], "{name}");
    }
    let all = names.iter().fold(Object::default(), |all, name| all.with(name, Value::Unknown));
    let (_, messages) = configuration::read(&Configuration::new(all), &nothing, "agent");
    assert_eq!(errors(&messages), [""; 0]);
}

/// The message names the unknown argument and a variable. It advises to remove the argument,
/// because the provider block wins over the environment.
#[test]
fn unknown_provider_argument_is_named() {
    let environment = |name: &str| match name {
        "WEBEX_ACCESS_TOKEN" => Some("token".to_owned()),
        "WEBEX_CC_BASE_URL" => Some("https://a.example".to_owned()),
        _ => None,
    };
    for (argument, variable) in provider_schema::ENVIRONMENT {
        let block = Configuration::new(Object::default().with(argument, Value::Unknown));
        let (status, messages) = configuration::read(&block, &environment, "agent");
        assert_eq!(errors(&messages), [""; 0], "{argument}");
        let connection = ProviderData::default();
        connection.set(status);
        let Err(message) = connection.ready() else {
            assert_eq!(argument, "preflight_checks");
            continue;
        };
        assert_eq!(message.summary(), format!("The provider's {argument} is not known yet"));
        let way_out = format!("remove {argument} from the provider block and set {variable}.");
        assert!(message.detail().contains(&way_out), "{message:?}");
    }
}
