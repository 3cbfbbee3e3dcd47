//! The bodies of all requests that may carry a credential, as they arrive: for
//! each row of the rule table, each form of its credentials, and each way in
//! which Webex may answer with credentials.

use serde_json::{Value as Json, json};
use terraform_provider_webex::tf_provider::value::Value;
use webex_cc_simulator::{Options, SecretsInAnswers, Simulator};

use super::rows::{Form, Row, rows};
use super::{MODES, calling, simulator};
use crate::support::checker::{of, plain};
use crate::support::terraform_core::{Instance, TerraformCore, failed};

/// The bodies of the writes since the last time, with their methods.
fn writes(simulator: &Simulator) -> Vec<(String, Json)> {
    let journal = simulator.journal();
    simulator.clear_journal();
    let writes = journal.into_iter().filter(|exchange| exchange.method != "GET");
    writes.map(|exchange| (exchange.method, exchange.body)).collect()
}

fn one(method: &str, body: Json) -> Vec<(String, Json)> {
    vec![(method.to_owned(), body)]
}

/// Fails the test unless state has of the credentials what was configured in
/// the stateful form, and nothing of the others.
#[track_caller]
fn keeps_what_was_configured(held: &Instance, row: &Row, form: Form, generation: usize) {
    for (index, credential) in row.credentials.iter().enumerate() {
        let is_stateful = form == Form::Stateful || (form == Form::Mixed && index == 0);
        let expected = match is_stateful {
            true => Value::from(credential.values[generation].as_str()),
            false => Value::Null,
        };
        let [kept, write_only] =
            [credential.argument, credential.write_only].map(|name| of(&held.state, name));
        assert_eq!((kept, write_only), (&expected, &Value::Null), "{}, {form:?}", row.title);
    }
}

/// Create, update of another field, rotation.
async fn lives(core: &mut TerraformCore, simulator: &Simulator, row: &Row, form: Form) {
    let configuration = row.configuration(form, 0);
    let (held, _) = core.settle(None, &plain(&configuration)).await.unwrap();
    assert_eq!(writes(simulator), one("POST", row.create(form)));
    keeps_what_was_configured(&held, row, form, 0);
    let id = held.id().to_owned();

    let (argument, key, value) = &row.edit;
    let edited = configuration.clone().with(argument, value.as_str().unwrap_or_default());
    let (held, _) = core.settle(Some(&held), &plain(&edited)).await.unwrap();
    let mut body = row.replace(form, 0, &id, 0);
    body[*key] = value.clone();
    assert_eq!(writes(simulator), one("PUT", body));
    keeps_what_was_configured(&held, row, form, 0);

    let (held, _) = core.settle(Some(&held), &plain(&configuration)).await.unwrap();
    assert_eq!(writes(simulator), one("PUT", row.replace(form, 0, &id, 1)));

    let rotated = plain(&row.configuration(form, 1));
    let (held, _) = core.settle(Some(&held), &rotated).await.unwrap();
    if form == Form::WithoutVersion && row.rotation.is_none() {
        // Nothing that Terraform could see has changed.
        assert_eq!(writes(simulator), []);
    } else {
        assert_eq!(writes(simulator), one("PUT", row.replace(form, 1, &id, 2)));
        keeps_what_was_configured(&held, row, form, 1);
    }
    simulator.remove(simulator.organization(), &id);
}

#[tokio::test]
async fn configured_credentials_are_in_every_write_exactly_as_configured() {
    for mode in MODES {
        let simulator = simulator(mode);
        let (plugin, mut core) = calling(&simulator).await;
        for row in rows() {
            for form in Form::GIVEN {
                lives(&mut core, &simulator, &row, form).await;
            }
        }
        plugin.shutdown().await.assert_tidy();
    }
}

/// What somebody else has stored, credentials included.
fn made_by_hand(simulator: &Simulator, row: &Row) -> String {
    // A connector of its own, because one provider remembers what it has seen.
    let id = format!("6e1f0c4e-52a1-4d63-9a55-{:012x}", row.title.len());
    let mut fields = row.create.clone();
    for credential in &row.credentials {
        fields[credential.key] = json!("only Webex knows");
    }
    simulator.store(simulator.organization(), &id, fields);
    simulator.clear_journal();
    id
}

/// Takes over what is there; an import has to succeed.
async fn imported(core: &mut TerraformCore, id: &str) -> Instance {
    let (imported, said) = core.import(id).await.unwrap();
    assert!(!failed(&said), "{said:?}");
    imported.expect("a connector")
}

fn stored(simulator: &Simulator, id: &str) -> Json {
    simulator.stored(simulator.organization(), id).expect("the connector")
}

#[tokio::test]
async fn what_is_not_configured_has_no_key() {
    for mode in MODES {
        let simulator = simulator(mode);
        let (_plugin, mut core) = calling(&simulator).await;
        for row in rows() {
            let absent = row.configuration(Form::Absent, 0);
            let refused = core.plan(None, &plain(&absent)).await.unwrap().messages;
            assert!(failed(&refused), "{refused:#?}");
            let expected = row.credentials.iter().map(|credential| Some(credential.write_only));
            let arguments = refused.iter().map(|message| message.at.as_deref());
            assert!(arguments.eq(expected), "{refused:#?}");
            assert_eq!(writes(&simulator), [], "nothing was created");

            let id = made_by_hand(&simulator, &row);
            let held = imported(&mut core, &id).await;
            let (held, _) = core.settle(Some(&held), &plain(&absent)).await.unwrap();
            assert_eq!(writes(&simulator), [], "an import changes nothing");
            keeps_what_was_configured(&held, &row, Form::Absent, 0);

            let (argument, key, value) = &row.edit;
            let edited = absent.clone().with(argument, value.as_str().unwrap_or_default());
            core.settle(Some(&held), &plain(&edited)).await.unwrap();
            let mut body = row.replace(Form::Absent, 0, &id, 0);
            body[*key] = value.clone();
            body["version"] = stored_version_before(&simulator, &id);
            assert_eq!(writes(&simulator), one("PUT", body));
            for credential in &row.credentials {
                assert_eq!(stored(&simulator, &id)[credential.key], json!("only Webex knows"));
            }
            simulator.remove(simulator.organization(), &id);
        }
    }
}

/// The version that the last write was made on.
fn stored_version_before(simulator: &Simulator, id: &str) -> Json {
    let version = stored(simulator, id)["version"].as_i64().expect("a version");
    json!(version - 1)
}

#[tokio::test]
async fn a_credential_that_is_added_after_an_import_is_sent_once() {
    for form in Form::GIVEN {
        let simulator = simulator(SecretsInAnswers::Mask);
        let (_plugin, mut core) = calling(&simulator).await;
        for row in rows() {
            let id = made_by_hand(&simulator, &row);
            let held = imported(&mut core, &id).await;
            let configuration = plain(&row.configuration(form, 0));
            let (held, plan) = core.settle(Some(&held), &configuration).await.unwrap();
            let said = plan.messages;
            let mut body = row.replace(form, 0, &id, 0);
            body["version"] = stored_version_before(&simulator, &id);
            assert_eq!(writes(&simulator), one("PUT", body), "{}, {form:?}", row.title);
            keeps_what_was_configured(&held, &row, form, 0);
            // An update in which nothing else differs says why it is made.
            let explained = said.iter().filter(|message| {
                !message.is_error
                    && message.summary().contains("will be sent to Webex for the first")
            });
            let expected = match form {
                Form::WithoutVersion => row.credentials.len(),
                Form::Stateful | Form::WriteOnly | Form::Mixed | Form::Absent => 0,
            };
            assert_eq!(explained.count(), expected, "{form:?}: {said:#?}");
            simulator.remove(simulator.organization(), &id);
        }
    }
}

/// Where an active connector has to be deactivated first, the credentials are
/// in each of the three requests, beside what was there before and after.
#[tokio::test]
async fn the_requests_that_deactivate_and_activate_carry_them_too() {
    for mode in MODES {
        let options = Options { secrets: mode, active_lock: true, ..Options::default() };
        let simulator = Simulator::start(options).expect("a simulator");
        let (_plugin, mut core) = calling(&simulator).await;
        for row in rows() {
            let [first, second] = [0, 1].map(|n| plain(&row.configuration(Form::WriteOnly, n)));
            let (held, _) = core.settle(None, &first).await.unwrap();
            writes(&simulator);
            let id = held.id().to_owned();
            core.settle(Some(&held), &second).await.unwrap();

            let edit = |version, active: bool| {
                let mut body = row.replace(Form::WriteOnly, 1, &id, version);
                body["active"] = json!(active);
                body
            };
            let mut switch = edit(0, false);
            if let Some((_, key, _)) = &row.rotation {
                switch[*key] = row.replace[*key].clone();
            }
            let sent = writes(&simulator).into_iter().map(|(_, body)| body).collect::<Vec<_>>();
            // A server that takes the new credential for an edit of an active
            // connector gets the deactivation once more without it.
            let mut without = switch.clone();
            for credential in &row.credentials {
                without.as_object_mut().expect("an object").remove(credential.key);
            }
            let expected = [edit(0, true), switch, without, edit(1, false), edit(2, true)];
            assert_eq!(sent, expected, "{}", row.title);
            for credential in &row.credentials {
                assert_eq!(stored(&simulator, &id)[credential.key], json!(credential.values[1]));
            }
            simulator.remove(simulator.organization(), &id);
        }
    }
}
