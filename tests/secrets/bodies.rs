//! The bodies of all requests that may carry a credential: for each kind of connector, each form of
//! its credentials, and each way in which Webex may return credentials.

use serde_json::{Value as Json, json};
use tf_provider::value::Value;
use webex_cc_simulator::{Options, SecretsInAnswers, Simulator};

use super::{MODES, simulator};
use crate::support::checker::{of, plain};
use crate::support::connectors::{Connector, Form, ONLY_WEBEX_KNOWS, all};
use crate::support::simulator::{start, stored};
use crate::support::terraform_core::{Instance, TerraformCore, failed};

/// Returns the body that creates a connector. Absent fields have no key.
fn create(connector: &Connector, form: Form) -> Json {
    let mut body = with_credentials(connector, form, 0);
    body.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    body
}

/// Returns the body that replaces a connector.
fn replace(connector: &Connector, form: Form, generation: usize, id: &str, version: i64) -> Json {
    let mut body = with_credentials(connector, form, generation);
    body["id"] = json!(id);
    body["version"] = json!(version);
    if let Some(certificate) = connector.second_certificate.as_ref().filter(|_| generation > 0) {
        body["certificate"] = json!(certificate);
    }
    body
}

fn with_credentials(connector: &Connector, form: Form, generation: usize) -> Json {
    match form {
        Form::Absent => connector.json(),
        _ => connector.json_with(|credential| &credential.values[generation]),
    }
}

/// The members that only the service sets. An update sends back what was read.
const SET_BY_SERVICE: [&str; 5] =
    ["organizationId", "systemDefault", "createdTime", "lastUpdatedTime", "links"];

/// Returns the writes since the last call, as method and body without what only the service sets.
fn writes(simulator: &Simulator) -> Vec<(String, Json)> {
    let journal = simulator.journal();
    simulator.clear_journal();
    let writes = journal.into_iter().filter(|exchange| exchange.method != "GET");
    let write = |exchange: webex_cc_simulator::Exchange| {
        let mut body = exchange.body;
        if let Some(body) = body.as_object_mut() {
            body.retain(|name, _| !SET_BY_SERVICE.contains(&name.as_str()));
        }
        (exchange.method, body)
    };
    writes.map(write).collect()
}

fn one(method: &str, body: Json) -> Vec<(String, Json)> {
    vec![(method.to_owned(), body)]
}

/// Fails the test unless state has the stateful credentials and no others.
#[track_caller]
fn keeps_what_was_configured(
    held: &Instance,
    connector: &Connector,
    form: Form,
    generation: usize,
) {
    for (index, credential) in connector.credentials.iter().enumerate() {
        let is_stateful = form == Form::Stateful || (form == Form::Mixed && index == 0);
        let expected = match is_stateful {
            true => Value::from(credential.values[generation].as_str()),
            false => Value::Null,
        };
        let [kept, write_only] =
            [credential.argument, credential.write_only].map(|name| of(&held.state, name));
        assert_eq!((kept, write_only), (&expected, &Value::Null), "{}, {form:?}", connector.kind);
    }
}

/// Creates, updates another field, and rotates the credentials.
async fn writes_carry_credentials(
    core: &mut TerraformCore,
    simulator: &Simulator,
    connector: &Connector,
    form: Form,
) {
    let configuration = connector.object(form, 0);
    let (held, _) = core.settle(None, &plain(&configuration)).await.unwrap();
    assert_eq!(writes(simulator), one("POST", create(connector, form)));
    keeps_what_was_configured(&held, connector, form, 0);
    let id = held.id().to_owned();

    let edited = connector.clone().edited();
    let (held, _) = core.settle(Some(&held), &plain(&edited.object(form, 0))).await.unwrap();
    assert_eq!(writes(simulator), one("PUT", replace(&edited, form, 0, &id, 0)));
    keeps_what_was_configured(&held, connector, form, 0);

    let (held, _) = core.settle(Some(&held), &plain(&configuration)).await.unwrap();
    assert_eq!(writes(simulator), one("PUT", replace(connector, form, 0, &id, 1)));

    let rotated = plain(&connector.object(form, 1));
    let (held, _) = core.settle(Some(&held), &rotated).await.unwrap();
    if form == Form::WithoutVersion && connector.second_certificate.is_none() {
        // Terraform sees no difference.
        assert_eq!(writes(simulator), []);
    } else {
        assert_eq!(writes(simulator), one("PUT", replace(connector, form, 1, &id, 2)));
        keeps_what_was_configured(&held, connector, form, 1);
    }
    simulator.remove(simulator.organization(), &id);
}

#[tokio::test]
async fn every_write_carries_the_configured_credentials() {
    for mode in MODES {
        let simulator = simulator(mode);
        let (plugin, mut core) = TerraformCore::connected(&simulator).await;
        for connector in all() {
            for form in Form::GIVEN {
                writes_carry_credentials(&mut core, &simulator, &connector, form).await;
            }
        }
        plugin.shutdown().await.assert_tidy();
    }
}

/// Imports a connector, which has to succeed.
async fn imported(core: &mut TerraformCore, id: &str) -> Instance {
    let (imported, said) = core.import(id).await.unwrap();
    assert!(!failed(&said), "{said:?}");
    imported.expect("a connector")
}

#[tokio::test]
async fn absent_credentials_have_no_key() {
    for mode in MODES {
        let simulator = simulator(mode);
        let (_plugin, mut core) = TerraformCore::connected(&simulator).await;
        for connector in all() {
            let absent = connector.object(Form::Absent, 0);
            let refused = core.plan(None, &plain(&absent)).await.unwrap().messages;
            assert!(failed(&refused), "{refused:#?}");
            let expected =
                connector.credentials.iter().map(|credential| Some(credential.write_only));
            let arguments = refused.iter().map(|message| message.at.as_deref());
            assert!(arguments.eq(expected), "{refused:#?}");
            assert_eq!(writes(&simulator), [], "nothing was created");

            let id = connector.make_by_hand(&simulator);
            let held = imported(&mut core, &id).await;
            let (held, _) = core.settle(Some(&held), &plain(&absent)).await.unwrap();
            assert_eq!(writes(&simulator), [], "an import changes nothing");
            keeps_what_was_configured(&held, &connector, Form::Absent, 0);

            let edited = connector.clone().edited();
            core.settle(Some(&held), &plain(&edited.object(Form::Absent, 0))).await.unwrap();
            let version = version_before(&simulator);
            assert_eq!(
                writes(&simulator),
                one("PUT", replace(&edited, Form::Absent, 0, &id, version))
            );
            for credential in &connector.credentials {
                assert_eq!(stored(&simulator)[credential.key], json!(ONLY_WEBEX_KNOWS));
            }
            simulator.remove(simulator.organization(), &id);
        }
    }
}

/// Returns the version before the last write.
fn version_before(simulator: &Simulator) -> i64 {
    stored(simulator)["version"].as_i64().expect("a version") - 1
}

#[tokio::test]
async fn credential_added_after_an_import_is_sent_once() {
    for form in Form::GIVEN {
        let simulator = simulator(SecretsInAnswers::Mask);
        let (_plugin, mut core) = TerraformCore::connected(&simulator).await;
        for connector in all() {
            let id = connector.make_by_hand(&simulator);
            let held = imported(&mut core, &id).await;
            let configuration = plain(&connector.object(form, 0));
            let (held, plan) = core.settle(Some(&held), &configuration).await.unwrap();
            let said = plan.messages;
            let body = replace(&connector, form, 0, &id, version_before(&simulator));
            assert_eq!(writes(&simulator), one("PUT", body), "{}, {form:?}", connector.kind);
            keeps_what_was_configured(&held, &connector, form, 0);
            // A warning explains an update in which no argument differs.
            let explained = said.iter().filter(|message| {
                !message.is_error
                    && message.summary().contains("will be sent to Webex for the first")
            });
            let expected = match form {
                Form::WithoutVersion => connector.credentials.len(),
                Form::Stateful | Form::WriteOnly | Form::Mixed | Form::Absent => 0,
            };
            assert_eq!(explained.count(), expected, "{form:?}: {said:#?}");
            simulator.remove(simulator.organization(), &id);
        }
    }
}

/// An active connector has to be deactivated first. All three requests carry the credentials.
#[tokio::test]
async fn deactivation_and_activation_carry_the_credentials() {
    for mode in MODES {
        let options = Options { secrets: mode, active_lock: true, ..Options::default() };
        let simulator = start(options);
        let (_plugin, mut core) = TerraformCore::connected(&simulator).await;
        for connector in all() {
            let [first, second] = [0, 1].map(|n| plain(&connector.object(Form::WriteOnly, n)));
            let (held, _) = core.settle(None, &first).await.unwrap();
            writes(&simulator);
            let id = held.id().to_owned();
            core.settle(Some(&held), &second).await.unwrap();

            let edit = |version, active: bool| {
                let mut body = replace(&connector, Form::WriteOnly, 1, &id, version);
                body["active"] = json!(active);
                body
            };
            let mut switch = edit(0, false);
            switch["certificate"] = connector.json()["certificate"].clone();
            let sent = writes(&simulator).into_iter().map(|(_, body)| body).collect::<Vec<_>>();
            // This server counts the new credential as an edit, so the provider deactivates without
            // it.
            let mut without = switch.clone();
            for credential in &connector.credentials {
                without.as_object_mut().expect("an object").remove(credential.key);
            }
            // The refusal of the first one shows that the server locks active connectors.
            let mut expected = vec![edit(0, true), switch, without, edit(1, false), edit(2, true)];
            // A new private key does not belong to the old certificate, which a deactivation sends.
            if !expected[1]["certificate"].is_null() {
                expected.remove(1);
            }
            assert_eq!(sent, expected, "{}", connector.kind);
            for credential in &connector.credentials {
                assert_eq!(stored(&simulator)[credential.key], json!(credential.values[1]));
            }
            simulator.remove(simulator.organization(), &id);
        }
    }
}
