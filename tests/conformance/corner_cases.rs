//! Corner cases of providers, as far as this provider has them. The framework's own tests cover the
//! others (dynamic values, variadic functions).

use serde_json::json;
use terraform_provider_webex::provider::custom_connector::schema::TYPE_NAME;
use tf_provider::value::{Number, Value};

use super::{basic, with};
use crate::support::checker::{self, Shape, of};
use crate::support::plugin_client::proto::tfplugin5::{self as protocol, RawState};
use crate::support::simulator::unlocked;
use crate::support::terraform_core::{Action, Instance, TerraformCore, answer, failed, messages};

async fn upgraded(
    core: &mut TerraformCore,
    version: i64,
    raw_state: RawState,
) -> Result<Value, Vec<String>> {
    let request = protocol::upgrade_resource_state::Request {
        type_name: TYPE_NAME.to_owned(),
        version,
        raw_state: Some(raw_state),
    };
    let upgraded = core.client().upgrade_resource_state(request).await;
    let upgraded = answer("UpgradeResourceState", upgraded).unwrap();
    let said = messages(&upgraded.diagnostics).unwrap();
    if failed(&said) {
        return Err(said.into_iter().map(|message| message.text).collect());
    }
    let state = core.shape.decode(upgraded.upgraded_state.as_ref()).unwrap();
    assert_eq!(core.shape.state_problems(&state), Vec::<String>::new());
    Ok(state)
}

fn raw(json: impl Into<Vec<u8>>) -> RawState {
    RawState { json: json.into(), flatmap: Default::default() }
}

/// The state has missing and extra keys, and a write-only value that an older provider may have
/// kept.
#[tokio::test]
async fn schema_upgrade_fits_the_state_to_the_schema() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let old = json!({
        "id": "5c7c2677-0000-4000-8000-000000000001",
        "name": "Old",
        "password_wo": "canary-that-must-not-be-kept",
        "an_argument_of_the_past": [1, {"a": null}],
        "timeouts": null,
    });
    let state = upgraded(&mut core, 0, raw(old.to_string())).await.unwrap();
    assert_eq!(of(&state, "name"), &Value::from("Old"));
    assert_eq!(of(&state, "username"), &Value::Null);
    assert_eq!(of(&state, "password_wo"), &Value::Null);

    let newer = upgraded(&mut core, 1, raw("{}")).await.unwrap_err();
    assert!(newer[0].contains("newer provider"), "{newer:?}");
    let flatmap = RawState { json: Vec::new(), flatmap: [("id".into(), "1".into())].into() };
    let flatmap = upgraded(&mut core, 0, flatmap).await.unwrap_err();
    assert!(flatmap[0].contains("0.11"), "{flatmap:?}");
    for wrong in ["", "null", "[]", "\"text\"", "{\"name\": 3, ", "{\"name\": {\"a\": 1}}"] {
        assert!(upgraded(&mut core, 0, raw(wrong)).await.is_err(), "{wrong:?}");
    }
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn move_from_another_provider_is_refused() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let request = protocol::move_resource_state::Request {
        source_provider_address: "registry.terraform.io/hashicorp/random".to_owned(),
        source_type_name: "random_password".to_owned(),
        source_state: Some(raw("{\"result\": \"canary-from-elsewhere\"}")),
        target_type_name: TYPE_NAME.to_owned(),
        ..Default::default()
    };
    let moved = answer("MoveResourceState", core.client().move_resource_state(request).await);
    let said = messages(&moved.unwrap().diagnostics).unwrap();
    assert!(failed(&said) && said[0].text.contains("random_password"), "{said:?}");
    assert!(!said[0].text.contains("canary"), "{said:?}");
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn create_and_read_set_the_identity() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let configuration = basic("Identity");
    let (made, _) = core.settle(None, &configuration).await.unwrap();
    let identity = made.identity.clone().expect("an identity");
    assert_eq!(of(&identity, "id"), of(&made.state, "id"));
    assert_eq!(of(&identity, "organization_id"), &Value::from(simulator.organization()));
    // An older state has no identity. Reading adds it.
    let (read, _) = core.refresh(&Instance { identity: None, ..made.clone() }).await.unwrap();
    assert_eq!(read.unwrap().identity, Some(identity));
    plugin.shutdown().await.assert_tidy();
}

/// The stored identity is not the object's.
#[tokio::test]
async fn identity_of_another_object_is_refused() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let configuration = basic("Identity");
    let (made, _) = core.settle(None, &configuration).await.unwrap();
    let other = made.identity.clone().expect("an identity");
    let other = with(other, "id", "00000000-0000-4000-8000-000000000000");
    let confused = Instance { identity: Some(other), ..made.clone() };
    let (kept, said) = core.refresh(&confused).await.unwrap();
    assert!(failed(&said), "{said:?}");
    assert_eq!(kept, Some(confused));
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn identity_upgrade_refuses_newer_versions() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let mut upgrade = async |version: i64, json: &str| {
        let request = protocol::upgrade_resource_identity::Request {
            type_name: TYPE_NAME.to_owned(),
            version,
            raw_identity: Some(raw(json)),
        };
        let upgraded = core.client().upgrade_resource_identity(request).await;
        let upgraded = answer("UpgradeResourceIdentity", upgraded).unwrap();
        let said = messages(&upgraded.diagnostics).unwrap();
        if failed(&said) {
            return None;
        }
        let data = upgraded.upgraded_identity.expect("an identity").identity_data;
        let ty = core.identity.as_ref().expect("the type of an identity");
        Some(checker::decode(data.as_ref(), ty).expect("an identity of its type"))
    };
    let identity = upgrade(0, "{\"id\": \"a\", \"extra\": 1}").await.expect("it is readable");
    assert_eq!(of(&identity, "id"), &Value::from("a"));
    assert_eq!(of(&identity, "organization_id"), &Value::Null);
    for (version, json) in [(1, "{}"), (0, ""), (0, "null"), (0, "[1]"), (0, "{\"id\": [")] {
        assert_eq!(upgrade(version, json).await, None, "version {version}: {json}");
    }
    plugin.shutdown().await.assert_tidy();
}

/// State keeps the user's spelling, also after the write itself.
#[tokio::test]
async fn another_spelling_by_webex_plans_nothing() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let configuration = basic("Spelling");
    let configuration = with(configuration, "resource_domain_url", "https://EXAMPLE.com:443/api");
    let (made, _) = core.settle(None, &configuration).await.unwrap();
    let Value::String(id) = of(&made.state, "id") else { panic!("an id") };
    let spelling = json!({"resourceDomain": "https://example.com/api"});
    simulator.store(simulator.organization(), id, spelling);
    core.configure().await.unwrap();
    let (read, _) = core.refresh(&made).await.unwrap();
    let plan = core.plan(read.as_ref(), &configuration).await.unwrap();
    assert_eq!(plan.action, Action::Nothing, "{plan:?}");
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn timeouts_are_validated_and_change_only_state() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let block = |create: &str| {
        let names = ["create", "read", "update", "delete"];
        let entries = names.map(|name| (name.to_owned(), Value::Null)).into();
        with(Value::Map(entries), "create", create)
    };
    let configuration = with(basic("Timeouts"), "timeouts", block("soon"));
    let said = core.validate(&configuration).await.unwrap();
    assert_eq!(said[0].at.as_deref(), Some("timeouts.create"), "{said:?}");

    let (made, _) = core.settle(None, &with(configuration, "timeouts", block("1m"))).await.unwrap();
    assert_eq!(of(of(&made.state, "timeouts"), "create"), &Value::from("1m"));
    // Another timeout changes only state.
    simulator.clear_journal();
    let configuration = with(basic("Timeouts"), "timeouts", block("2m"));
    let plan = core.plan(Some(&made), &configuration).await.unwrap();
    assert_eq!(plan.action, Action::Update);
    core.apply(Some(&made), &configuration, &plan).await.unwrap();
    assert!(simulator.journal().is_empty());
    plugin.shutdown().await.assert_tidy();
}

/// No float holds these numbers.
#[tokio::test]
async fn numbers_keep_every_digit() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let mut before = None;
    for digits in
        ["9007199254740993", "18446744073709551617", "0.1", "-123456789.000000000000000000000001"]
    {
        let number: Number = digits.parse().expect("a number");
        let configuration = with(basic("Numbers"), "password_wo_version", number.clone());
        let plan = core.plan(before.as_ref(), &configuration).await.unwrap();
        assert_ne!(plan.action, Action::Nothing, "{digits} is another number");
        let (after, said) = core.apply(before.as_ref(), &configuration, &plan).await.unwrap();
        assert!(!failed(&said), "{said:?}");
        let (after, _) = core.refresh(&after.expect("an object")).await.unwrap();
        let after = after.expect("an object");
        assert_eq!(of(&after.state, "password_wo_version"), &Value::Number(number));
        before = Some(after);
    }
    plugin.shutdown().await.assert_tidy();
}

/// A provider block with unknown values plans new objects without a call. An operation that needs a
/// call names the unknown argument.
#[tokio::test]
async fn unknown_provider_block_plans_and_names_the_argument() {
    let (plugin, mut core) = TerraformCore::without_webex().await;
    let mut client = plugin.provider();
    let schemas = client.get_schema(protocol::get_provider_schema::Request {}).await;
    let schema = schemas.unwrap().into_inner().provider.expect("a provider schema");
    let shape = Shape::of(&schema).unwrap();
    let configuration = basic("Early");
    let stored = Instance {
        state: with(core.shape.empty(), "id", "5c7c2677-0000-4000-8000-000000000001"),
        private: Vec::new(),
        identity: None,
        tainted: false,
    };
    for name in shape.attributes(|_| true) {
        let block = with(shape.object([("base_url", "http://127.0.0.1:1")]), name, Value::Unknown);
        let block = match name {
            "access_token" => block,
            _ => with(block, "access_token", "canary-token"),
        };
        let config = Some(shape.encode(&block));
        let request = protocol::prepare_provider_config::Request { config: config.clone() };
        let prepared =
            answer("PrepareProviderConfig", client.prepare_provider_config(request).await);
        let prepared = messages(&prepared.unwrap().diagnostics).unwrap();
        assert!(!failed(&prepared), "{name}: {prepared:?}");
        let request = protocol::configure::Request { config, ..Default::default() };
        let configured = answer("Configure", client.configure(request).await).unwrap();
        let said = messages(&configured.diagnostics).unwrap();
        assert!(!failed(&said), "{name}: {said:?}");

        let plan = core.plan(None, &configuration).await.unwrap();
        assert!(!failed(&plan.messages), "{name}: {plan:?}");
        assert_eq!(plan.action, Action::Create);
        // The message names the unknown argument, and neither one that excludes it nor one that is
        // missing. A read does not need preflight_checks.
        let (kept, said) = core.refresh(&stored).await.unwrap();
        assert_eq!(kept.as_ref(), Some(&stored));
        let summary = format!("The provider's {name} is not known yet");
        let named = failed(&said) && said[0].text.contains(&summary);
        assert_eq!(named, name != "preflight_checks", "{name}: {said:?}");
    }
    plugin.shutdown().await.assert_tidy();
}

/// OpenTofu 1.11.0 allows deferral by mistake.
#[tokio::test]
async fn plan_is_never_deferred() {
    let (plugin, core) = TerraformCore::without_webex().await;
    let mut client = plugin.provider();
    let configuration = basic("Now");
    for deferral_allowed in [false, true] {
        let capabilities =
            protocol::ClientCapabilities { deferral_allowed, write_only_attributes_allowed: true };
        let request = protocol::plan_resource_change::Request {
            type_name: TYPE_NAME.to_owned(),
            proposed_new_state: Some(core.shape.encode(&configuration)),
            config: Some(core.shape.encode(&configuration)),
            client_capabilities: Some(capabilities),
            ..Default::default()
        };
        let planned = answer("PlanResourceChange", client.plan_resource_change(request).await);
        let planned = planned.unwrap();
        assert_eq!(planned.deferred, None);
        assert!(planned.planned_state.is_some(), "{planned:?}");
    }
    plugin.shutdown().await.assert_tidy();
}
