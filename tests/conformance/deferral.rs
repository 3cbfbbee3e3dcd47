//! Calls to a provider that is not configured yet, because a value of its block is unknown.

use tf_provider::value::Value;
use tonic::transport::Channel;

use super::basic;
use crate::support::checker::Shape;
use crate::support::plugin_client::proto::tfplugin5::provider_client::ProviderClient;
use crate::support::plugin_client::proto::tfplugin5::{self as protocol, ClientCapabilities};
use crate::support::provider;
use crate::support::terraform_core::answer;

const TYPE_NAME: &str = "webex_cc_custom_connector";
const ID: &str = "5c7c2677-0000-4000-8000-000000000001";

/// The reasons to wait, and the number of errors, of a plan, a read, an import, reads of the data
/// sources, and the plan of an action.
async fn calls(
    client: &mut ProviderClient<Channel>,
    deferral_allowed: bool,
) -> Vec<(Option<i32>, usize)> {
    let schemas = client.get_schema(protocol::get_provider_schema::Request {}).await;
    let schemas = answer("GetSchema", schemas).unwrap();
    let shape = Shape::of(&schemas.resource_schemas[TYPE_NAME]).unwrap();
    let client_capabilities =
        Some(ClientCapabilities { deferral_allowed, write_only_attributes_allowed: true });
    let type_name = || TYPE_NAME.to_owned();
    let configuration = Some(shape.encode(&basic("Later")));
    let planned = client.plan_resource_change(protocol::plan_resource_change::Request {
        type_name: type_name(),
        proposed_new_state: configuration.clone(),
        config: configuration,
        client_capabilities,
        ..Default::default()
    });
    let planned = answer("PlanResourceChange", planned.await).unwrap();
    let mut found = vec![(planned.deferred, planned.diagnostics)];
    let read = client.read_resource(protocol::read_resource::Request {
        type_name: type_name(),
        current_state: Some(shape.encode(&shape.object([("id", ID)]))),
        client_capabilities,
        ..Default::default()
    });
    let read = answer("ReadResource", read.await).unwrap();
    let kept = shape.decode(read.new_state.as_ref()).unwrap();
    assert_eq!(kept, shape.object([("id", ID)]), "the state is kept");
    found.push((read.deferred, read.diagnostics));
    let import = client.import_resource_state(protocol::import_resource_state::Request {
        type_name: type_name(),
        id: ID.to_owned(),
        client_capabilities,
        ..Default::default()
    });
    let import = answer("ImportResourceState", import.await).unwrap();
    found.push((import.deferred, import.diagnostics));
    for (name, schema) in &schemas.data_source_schemas {
        let shape = Shape::of(schema).unwrap();
        let argument = if name == TYPE_NAME { vec![("id", ID)] } else { Vec::new() };
        let read = client.read_data_source(protocol::read_data_source::Request {
            type_name: name.clone(),
            config: Some(shape.encode(&shape.object(argument))),
            client_capabilities,
            ..Default::default()
        });
        let read = answer("ReadDataSource", read.await).unwrap();
        found.push((read.deferred, read.diagnostics));
    }
    for (name, schema) in &schemas.action_schemas {
        let shape = Shape::of(schema.schema.as_ref().unwrap()).unwrap();
        let planned = client.plan_action(protocol::plan_action::Request {
            action_type: name.clone(),
            config: Some(shape.encode(&shape.object([("flow_json", r#"{"name":"a"}"#)]))),
            client_capabilities,
        });
        let planned = answer("PlanAction", planned.await).unwrap();
        found.push((planned.deferred, planned.diagnostics));
    }
    let found = found.into_iter();
    found.map(|(deferred, errors)| (deferred.map(|it| it.reason), errors.len())).collect()
}

#[tokio::test]
async fn calls_wait_for_the_configuration_if_the_client_allows_it() {
    let reason = Some(i32::from(protocol::deferred::Reason::ProviderConfigUnknown));
    for (version, waits) in [("1.14.0", true), ("1.11.0", false)] {
        let plugin = provider().start().await;
        let mut client = plugin.provider();
        let schemas = client.get_schema(protocol::get_provider_schema::Request {}).await;
        let schemas = answer("GetSchema", schemas).unwrap();
        let shape = Shape::of(schemas.provider.as_ref().unwrap()).unwrap();
        let configuration = shape.object([
            ("base_url", Value::Unknown),
            ("access_token", "token".into()),
            ("organization_id", "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430".into()),
        ]);
        let configured = client.configure(protocol::configure::Request {
            terraform_version: version.to_owned(),
            config: Some(shape.encode(&configuration)),
            client_capabilities: None,
        });
        assert_eq!(answer("Configure", configured.await).unwrap().diagnostics, []);

        // A plan of a resource or of an action needs no call.
        let errors = [0, 1, 1, 1, 1, 1, 0];
        assert_eq!(calls(&mut client, false).await, errors.map(|count| (None, count)));
        if waits {
            assert_eq!(calls(&mut client, true).await, [(reason, 0); 7]);
        } else {
            assert_eq!(calls(&mut client, true).await, errors.map(|count| (None, count)));
        }
        plugin.shutdown().await.assert_tidy();
    }
}
