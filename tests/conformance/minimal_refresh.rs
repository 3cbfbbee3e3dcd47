//! Clients that send less than others, or in another order.
//!
//! With `-minimal-refresh`, Terraform 1.17 plans on the state as it is. Only if something changes
//! does it read the object, and plan again. Terraform before 1.16.5 and OpenTofu may send no
//! identity with an update or a delete.

use serde_json::json;
use tf_provider::value::Value;
use webex_cc_simulator::Simulator;

use super::with;
use crate::support::checker::{of, plain};
use crate::support::connectors::{self, Form};
use crate::support::simulator::{all_stored, count, last_body, stored, unlocked, writes};
use crate::support::terraform_core::{Action, Instance, TerraformCore, failed};

/// A connector with a write-only password of this version.
fn configuration(name: &str, version: usize) -> Value {
    plain(&connectors::basic().with("name", name).object(Form::WriteOnly, version))
}

async fn created(core: &mut TerraformCore, simulator: &Simulator) -> (Value, Instance) {
    let configuration = configuration("Help desk", 0);
    let (instance, _) = core.settle(None, &configuration).await.unwrap();
    core.configure().await.unwrap();
    simulator.clear_journal();
    (configuration, instance)
}

/// Plans on the state as it is, reads if that changes something, and plans again.
async fn minimal(
    core: &mut TerraformCore,
    instance: &Instance,
    configuration: &Value,
) -> (Action, Option<Instance>, Action) {
    let first = core.plan(Some(instance), configuration).await.unwrap().action;
    if first == Action::Nothing {
        return (first, Some(instance.clone()), first);
    }
    let (read, said) = core.refresh(instance).await.unwrap();
    assert!(!failed(&said), "{said:?}");
    let second = core.plan(read.as_ref(), configuration).await.unwrap();
    assert!(!failed(&second.messages), "{:?}", second.messages);
    let (after, said) = core.apply(read.as_ref(), configuration, &second).await.unwrap();
    assert!(!failed(&said), "{said:?}");
    (first, after, second.action)
}

#[tokio::test]
async fn plan_without_a_change_reads_nothing() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let (configuration, instance) = created(&mut core, &simulator).await;
    let id = instance.id();
    simulator.store(simulator.organization(), id, json!({"name": "Edited"}));
    let (first, _, _) = minimal(&mut core, &instance, &configuration).await;
    assert_eq!((first, writes(&simulator)), (Action::Nothing, 0), "the edit is not seen");
    plugin.shutdown().await.assert_tidy();
}

/// The second plan is about the object as it was read: an edit of another argument is undone.
#[tokio::test]
async fn change_is_planned_on_what_was_read() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let (before, instance) = created(&mut core, &simulator).await;
    let organization = simulator.organization();
    simulator.store(organization, instance.id(), json!({"username": "somebody"}));
    let renamed = with(before.clone(), "name", "Renamed");
    let (first, after, second) = minimal(&mut core, &instance, &renamed).await;
    assert_eq!((first, second), (Action::Update, Action::Update));
    let now = stored(&simulator);
    assert_eq!((&now["name"], &now["username"]), (&json!("Renamed"), &json!(of_text(&before))));
    let after = after.unwrap();
    let (next, _) = core.settle(Some(&after), &renamed).await.unwrap();
    assert_eq!(next.state, after.state);
    plugin.shutdown().await.assert_tidy();
}

fn of_text(configuration: &Value) -> String {
    let Value::String(text) = of(configuration, "username") else { panic!("a user name") };
    text.clone()
}

/// A connector that was deleted by hand is found missing by the read, and created.
#[tokio::test]
async fn deleted_connector_is_created_again() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let (before, instance) = created(&mut core, &simulator).await;
    simulator.remove(simulator.organization(), instance.id());
    let renamed = with(before, "name", "Renamed");
    let first = core.plan(Some(&instance), &renamed).await.unwrap();
    assert_eq!(first.action, Action::Update);
    let (read, said) = core.refresh(&instance).await.unwrap();
    assert!(read.is_none() && !failed(&said), "{said:?}");
    let second = core.plan(None, &renamed).await.unwrap();
    let (after, said) = core.apply(None, &renamed, &second).await.unwrap();
    assert!(after.is_some() && !failed(&said), "{said:?}");
    assert_eq!(all_stored(&simulator).len(), 1);
    plugin.shutdown().await.assert_tidy();
}

/// A new version of a write-only argument is a change of the configuration alone.
#[tokio::test]
async fn rotation_is_sent() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let (_, instance) = created(&mut core, &simulator).await;
    let rotated = configuration("Help desk", 1);
    let (first, _, second) = minimal(&mut core, &instance, &rotated).await;
    assert_eq!((first, second), (Action::Update, Action::Update));
    assert_eq!(count(&simulator, "PUT"), 1);
    let sent = &last_body(&simulator, "PUT")["password"];
    assert!(sent.is_string(), "the password is sent: {sent}");
    plugin.shutdown().await.assert_tidy();
}

/// Without the read between, the update is refused, because its version is stale.
#[tokio::test]
async fn plan_on_stale_state_overwrites_nothing() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let (before, instance) = created(&mut core, &simulator).await;
    simulator.store(simulator.organization(), instance.id(), json!({"username": "somebody"}));
    let renamed = with(before, "name", "Renamed");
    let plan = core.plan(Some(&instance), &renamed).await.unwrap();
    let (kept, said) = core.apply(Some(&instance), &renamed, &plan).await.unwrap();
    assert!(failed(&said) && kept.is_some(), "{said:?}");
    assert_eq!(stored(&simulator)["username"], "somebody");
    plugin.shutdown().await.assert_tidy();
}

/// Updates and deletes do not need the identity, and an update restores it.
#[tokio::test]
async fn identity_may_be_missing_in_update_and_delete() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let (before, instance) = created(&mut core, &simulator).await;
    let nameless = Instance { identity: None, ..instance.clone() };
    let renamed = with(before, "name", "Renamed");
    let plan = core.plan(Some(&nameless), &renamed).await.unwrap();
    let (updated, said) = core.apply(Some(&nameless), &renamed, &plan).await.unwrap();
    assert_eq!(said, []);
    let updated = updated.unwrap();
    assert_eq!(updated.identity, instance.identity, "restored");
    let (read, said) = core.refresh(&Instance { identity: None, ..updated.clone() }).await.unwrap();
    assert_eq!(said, []);
    assert_eq!(read.unwrap().identity, instance.identity);

    let nameless = Instance { identity: None, ..updated };
    let plan = core.plan(Some(&nameless), &Value::Null).await.unwrap();
    let (left, said) = core.apply(Some(&nameless), &Value::Null, &plan).await.unwrap();
    assert_eq!((left, said), (None, Vec::new()));
    assert_eq!(all_stored(&simulator).len(), 0);
    plugin.shutdown().await.assert_tidy();
}
