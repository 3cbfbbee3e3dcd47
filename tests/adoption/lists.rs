//! The list resource: its events, its limit, and `terraform query`.

use serde_json::json;
use terraform_provider_webex::provider::custom_connector::schema::TYPE_NAME;
use tf_provider::value::Value;
use webex_cc_simulator::{Action, Options, Script, Simulator};

use super::made_by_hand;
use crate::support::checker::{self, Shape, of};
use crate::support::connectors::ONLY_WEBEX_KNOWS;
use crate::support::plugin_client::proto::tfplugin5 as protocol;
use crate::support::simulator::{start, unlocked};
use crate::support::terraform::Terraform;
use crate::support::terraform_core::{Message, TerraformCore, answer, messages};

/// One event that passed Terraform's checks.
#[derive(Debug)]
struct Event {
    name: String,
    id: String,
    object: Option<Value>,
}

/// Lists connectors. Returns all events and messages.
async fn search(
    core: &mut TerraformCore,
    arguments: &[(&'static str, &str)],
    include_object: bool,
    limit: i64,
) -> (Vec<Event>, Vec<Message>) {
    let mut stream = listed(core, arguments, include_object, limit).await;
    let (mut events, mut said) = (Vec::new(), Vec::new());
    while let Some(event) = stream.message().await.expect("an event") {
        said.extend(messages(&event.diagnostic).unwrap());
        if event.identity.is_some() {
            events.push(checked(core, event, include_object));
        } else {
            assert!(!event.diagnostic.is_empty(), "an event without anything in it");
        }
    }
    (events, said)
}

async fn listed(
    core: &mut TerraformCore,
    arguments: &[(&'static str, &str)],
    include_resource_object: bool,
    limit: i64,
) -> tonic::Streaming<protocol::list_resource::Event> {
    let schemas = core.client().get_schema(protocol::get_provider_schema::Request {}).await;
    let schemas = answer("GetSchema", schemas).unwrap();
    let shape = Shape::of(&schemas.list_resource_schemas[TYPE_NAME]).unwrap();
    // The configuration of a list has no computed attributes.
    assert_eq!(shape.attributes(|attribute| attribute.computed), Vec::<&str>::new());
    let config = Some(shape.encode(&shape.object(arguments.iter().copied())));
    let type_name = TYPE_NAME.to_owned();
    let request = protocol::validate_list_resource_config::Request {
        type_name: type_name.clone(),
        config: config.clone(),
        ..Default::default()
    };
    let validated = core.client().validate_list_resource_config(request).await;
    let validated = answer("ValidateListResourceConfig", validated).unwrap();
    assert_eq!(messages(&validated.diagnostics).unwrap(), []);
    let request =
        protocol::list_resource::Request { type_name, config, include_resource_object, limit };
    let stream = core.client().list_resource(request).await;
    answer("ListResource", stream).unwrap()
}

/// Checks an event as Terraform does: an identity that fits its schema, a name, and an object of
/// the resource's schema if one was requested.
fn checked(
    core: &TerraformCore,
    event: protocol::list_resource::Event,
    include_object: bool,
) -> Event {
    let identity =
        checker::identity_problems(event.identity.as_ref(), core.identity.as_ref(), None, true)
            .unwrap();
    let Some(Value::String(id)) = identity.as_ref().map(|identity| of(identity, "id")).cloned()
    else {
        panic!("{identity:?}")
    };
    assert_eq!(event.resource_object.is_some(), include_object);
    let object = event.resource_object.map(|object| {
        let object = core.shape.decode(Some(&object)).unwrap();
        assert_eq!(core.shape.state_problems(&object), Vec::<String>::new());
        assert!(!format!("{object:?}").contains(ONLY_WEBEX_KNOWS));
        object
    });
    assert!(!event.display_name.is_empty());
    Event { name: event.display_name, id, object }
}

#[tokio::test]
async fn list_returns_objects_only_on_request() {
    let simulator = unlocked();
    let ids = made_by_hand(&simulator);
    let (_plugin, mut core) = TerraformCore::connected(&simulator).await;
    for include_object in [false, true] {
        let (events, said) = search(&mut core, &[], include_object, 0).await;
        assert_eq!(said, []);
        assert_eq!(
            events.iter().map(|event| &event.id).collect::<Vec<_>>(),
            ids.iter().collect::<Vec<_>>()
        );
        for event in events {
            let Some(object) = event.object else { continue };
            // An import has the same state.
            let (imported, _) = core.import(&event.id).await.unwrap();
            assert_eq!(object, imported.unwrap().state, "{}", event.name);
        }
    }
    let (crm, _) = search(&mut core, &[("name_regex", "^CRM")], false, 0).await;
    assert_eq!(crm.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["CRM", "CRM 2"]);
}

fn list_calls(simulator: &Simulator) -> usize {
    let journal = simulator.journal().into_iter();
    journal.filter(|exchange| exchange.path.ends_with("/v2/connector")).count()
}

#[tokio::test]
async fn list_with_a_limit_reads_no_further_page() {
    let options = Options { page_size_cap: 2, ..Options::default() };
    let simulator = start(options);
    made_by_hand(&simulator);
    let (_plugin, mut core) = TerraformCore::connected(&simulator).await;
    simulator.clear_journal();
    assert_eq!(search(&mut core, &[], false, 0).await.0.len(), 10);
    assert_eq!(list_calls(&simulator), 5, "five pages of two");

    for limit in [3, 4] {
        simulator.clear_journal();
        let (events, said) = search(&mut core, &[], false, limit).await;
        assert_eq!((events.len() as i64, said), (limit, Vec::new()));
        assert_eq!(list_calls(&simulator), 2, "{limit} are on two pages");
    }
}

#[tokio::test]
async fn list_that_fails_keeps_its_results() {
    let options = Options { page_size_cap: 4, ..Options::default() };
    let simulator = start(options);
    made_by_hand(&simulator);
    let (_plugin, mut core) = TerraformCore::connected(&simulator).await;
    // The first page passes.
    let first = Script::new(Action::DelayMs(0)).times(1);
    simulator.faults([first, Script::answer(403, json!({}))]);
    let (events, said) = search(&mut core, &[], false, 0).await;
    assert_eq!(events.len(), 4);
    assert!(said[0].is_error && said[0].text.contains("Could not list the connectors"), "{said:?}");
}

/// Needs Terraform 1.14: query, generated configuration, imports by identity, no changes.
#[test]
fn terraform_query_generates_what_plans_empty() {
    let simulator = unlocked();
    let ids = made_by_hand(&simulator);
    let terraform = Terraform::with(&simulator);
    if !terraform.is_terraform_since(1, 14, "terraform query") {
        return;
    }
    let query = format!("list \"{TYPE_NAME}\" \"all\" {{\n  provider = webex\n}}\n");
    terraform.write("all.tfquery.hcl", &query);
    terraform.write("provider.tf", "provider \"webex\" {}\n");
    let found = terraform.run(["query", "-no-color", "-generate-config-out=all.tf"]).succeeded();
    for id in &ids {
        assert!(found.stdout.contains(id.as_str()), "{id}");
    }
    terraform.apply().succeeded().says("10 imported, 0 added, 0 changed, 0 destroyed");
    terraform.plans_nothing();
    assert!(!terraform.read("terraform.tfstate").contains(ONLY_WEBEX_KNOWS));
}
