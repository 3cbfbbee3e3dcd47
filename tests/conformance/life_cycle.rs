//! Life cycles of objects under Terraform's own checks.

use serde_json::json;
use tf_provider::value::{Type, Value};
use webex_cc_simulator::Simulator;

use super::{basic, with};
use crate::support::checker::{of, plain};
use crate::support::connectors::{self, Form};
use crate::support::simulator::{all_stored, delete_by_hand, unlocked, writes};
use crate::support::terraform_core::{Action, Instance, TerraformCore, failed};

/// Applies a change, after which nothing is left to plan.
async fn settle(
    core: &mut TerraformCore,
    before: Option<Instance>,
    configuration: &Value,
) -> Instance {
    let (after, plan) = core.settle(before.as_ref(), configuration).await.unwrap();
    assert_ne!(plan.action, Action::Nothing);
    after
}

/// Destroys the object, and checks that nothing is left.
async fn destroy(core: &mut TerraformCore, simulator: &Simulator, object: &Instance) {
    let plan = core.plan(Some(object), &Value::Null).await.unwrap();
    assert_eq!((plan.action, &plan.planned), (Action::Delete, &Value::Null));
    let (left, said) = core.apply(Some(object), &Value::Null, &plan).await.unwrap();
    assert_eq!((left, said), (None, Vec::new()));
    assert_eq!(all_stored(simulator).len(), 0);
}

/// Returns one complete configuration of each kind, in various forms.
fn configurations() -> [Value; 4] {
    let forms = [Form::WriteOnly, Form::WriteOnly, Form::Stateful, Form::WithoutVersion];
    let mut forms = forms.into_iter();
    connectors::all().map(|connector| plain(&connector.object(forms.next().expect("a form"), 0)))
}

#[tokio::test]
async fn life_cycle_of_each_kind_passes_terraforms_checks() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    for configuration in configurations() {
        let created = settle(&mut core, None, &configuration).await;
        let renamed = with(configuration.clone(), "name", "Renamed");
        let updated = settle(&mut core, Some(created.clone()), &renamed).await;
        assert_eq!(of(&updated.state, "id"), of(&created.state, "id"), "updated in place");

        let id = of(&updated.state, "id");
        let Value::String(id) = id else { panic!("an id: {id:?}") };
        let (imported, said) = core.import(id).await.unwrap();
        assert!(!failed(&said), "{said:?}");
        let imported = imported.expect("it was imported");
        assert_eq!(imported.identity, updated.identity);

        let organization = simulator.organization();
        simulator.store(organization, id, json!({"active": false, "scope": "drift"}));
        core.configure().await.unwrap();
        let (drifted, said) = core.refresh(&updated).await.unwrap();
        assert!(!failed(&said), "{said:?}");
        let repaired = settle(&mut core, drifted, &renamed).await;

        let tainted = Instance { tainted: true, ..repaired };
        // Terraform hides the tainted object from the plan, so it looks like a rival. The plan
        // deletes it first and does not fail.
        core.configure().await.unwrap();
        let plan = core.plan(Some(&tainted), &renamed).await.unwrap();
        let warning = plan.messages.iter().find(|message| message.text.contains("will fail"));
        assert!(
            warning.is_some_and(|warning| warning.text.contains("unless the same plan deletes"))
        );
        let replaced = settle(&mut core, Some(tainted.clone()), &renamed).await;
        assert_ne!(of(&replaced.state, "id"), of(&tainted.state, "id"), "replaced");
        destroy(&mut core, &simulator, &replaced).await;
    }
    plugin.shutdown().await.assert_tidy();
}

/// Since version 1.13, `terraform test` serves all runs of a file with one Configure.
#[tokio::test]
async fn plan_after_an_apply_looks_ahead_again() {
    let simulator = unlocked();
    connectors::basic().with("name", "Rival").make_by_hand(&simulator);
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let first = basic("First");
    let plan = core.plan(None, &first).await.unwrap();
    let (created, _) = core.apply(None, &first, &plan).await.unwrap();
    core.refresh(&created.expect("it was created")).await.unwrap();
    let plan = core.plan(None, &basic("Rival")).await.unwrap();
    let is_warned = plan.messages.iter().any(|message| message.text.contains("will fail"));
    assert!(is_warned, "{:?}", plan.messages);
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn change_of_authentication_replaces_the_connector() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let kinds = configurations();
    let mut before: Option<Instance> = None;
    for configuration in &kinds {
        let configuration = with(configuration.clone(), "name", "Same");
        let plan = core.plan(before.as_ref(), &configuration).await.unwrap();
        let expected = if before.is_some() { Action::Replace } else { Action::Create };
        assert_eq!(plan.action, expected);
        before = Some(settle(&mut core, before, &configuration).await);
        assert_eq!(all_stored(&simulator).len(), 1);
    }
    destroy(&mut core, &simulator, &before.expect("the last one")).await;
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn deleted_connector_is_read_as_gone_with_a_warning() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let configuration = basic("Gone");
    let created = settle(&mut core, None, &configuration).await;
    let Value::String(id) = of(&created.state, "id") else { panic!("an id") };
    delete_by_hand(&simulator, id);
    core.configure().await.unwrap();
    let (left, said) = core.refresh(&created).await.unwrap();
    assert_eq!(left, None);
    assert!(!failed(&said) && said[0].text.contains("no longer exists"), "{said:?}");
    let again = settle(&mut core, None, &configuration).await;
    destroy(&mut core, &simulator, &again).await;
    plugin.shutdown().await.assert_tidy();
}

/// Each argument is unknown by itself, then all of them together.
#[tokio::test]
async fn unknown_values_raise_no_error() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let configurable = core.shape.attributes(|attribute| attribute.required || attribute.optional);
    let configurable: Vec<_> = configurable.into_iter().map(str::to_owned).collect();
    for configuration in configurations() {
        let Value::Map(set) = &configuration else { panic!("an object") };
        let is_set = |name: &String| !set[name].is_null();
        let mut all = configuration.clone();
        for name in configurable.iter().filter(|name| is_set(name)) {
            all = with(all, name, Value::Unknown);
        }
        let one_by_one = configurable.iter().filter(|name| is_set(name));
        let one_by_one = one_by_one.map(|name| with(configuration.clone(), name, Value::Unknown));
        for unknown in one_by_one.chain([all]) {
            let said = core.validate(&unknown).await.unwrap();
            assert!(!failed(&said), "{unknown:?}: {said:?}");
            // The checker requires the plan to be unknown where the configuration is.
            let plan = core.plan(None, &unknown).await.unwrap();
            assert!(!failed(&plan.messages), "{unknown:?}: {:?}", plan.messages);
        }
        let existing = settle(&mut core, None, &configuration).await;
        for name in configurable.iter().filter(|name| is_set(name)) {
            let unknown = with(configuration.clone(), name, Value::Unknown);
            let plan = core.plan(Some(&existing), &unknown).await.unwrap();
            assert!(!failed(&plan.messages), "{name}: {:?}", plan.messages);
        }
        destroy(&mut core, &simulator, &existing).await;
    }
    plugin.shutdown().await.assert_tidy();
}

/// `dynamic "timeouts"` over an unknown value makes the block unknown. Arguments
/// within the block may be unknown, too.
#[tokio::test]
async fn unknown_blocks_raise_no_error() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let Type::Object(types) = core.shape.ty().clone() else { panic!("an object") };
    let Type::Object(timeouts) = &types["timeouts"] else { panic!("a block") };
    let inner = Value::Map(timeouts.keys().map(|name| (name.clone(), Value::Unknown)).collect());
    for block in [Value::Unknown, inner] {
        let configuration = with(basic("Timeouts"), "timeouts", block);
        let said = core.validate(&configuration).await.unwrap();
        assert!(!failed(&said), "{said:?}");
        let plan = core.plan(None, &configuration).await.unwrap();
        assert!(!failed(&plan.messages), "{plan:?}");
    }
    plugin.shutdown().await.assert_tidy();
}

/// Terraform never applies unknown values. The provider must not create a connector from the rest.
#[tokio::test]
async fn apply_of_unknown_values_is_refused() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    for name in ["name", "password_wo", "username", "active"] {
        let configuration = with(basic("Unknown"), name, Value::Unknown);
        let plan = core.plan(None, &configuration).await.unwrap();
        simulator.clear_journal();
        let (made, said) = core.apply(None, &configuration, &plan).await.unwrap();
        assert_eq!(made, None);
        assert!(failed(&said), "{name} is unknown: {said:?}");
        assert_eq!(writes(&simulator), 0, "{name} is unknown, and something was written");
    }
    plugin.shutdown().await.assert_tidy();
}
