//! Calls of the kinds that not every CLI knows: lists, ephemeral resources, actions
//! and deferral.

use tf_provider::value::{Type, Value};
use tf_provider_testing::checker::{Shape, decode, encode};
use tf_provider_testing::plugin_client::Launch;
use tf_provider_testing::plugin_client::proto::tfplugin5::{
    self as protocol, ClientCapabilities, DynamicValue,
};

use super::life_cycle::tempfile;
use super::{PROGRAM, filled, object, running};

fn text(name: &str) -> (Value, Type) {
    let ty = Type::Object([(name.to_owned(), Type::String)].into());
    (object([(name, "a".into())]), ty)
}

fn sent(value: &Value, ty: &Type) -> Option<DynamicValue> {
    Some(encode(value, ty))
}

#[tokio::test]
async fn action_reports_progress_and_completes_once() {
    use protocol::invoke_action::event::Type as Event;
    let folder = tempfile();
    let (plugin, mut core) = running(folder.path()).await;
    let (config, ty) = text("file");
    for (file, errors) in [("a", 0), ("no/such/folder", 1)] {
        let config = tf_set(&config, "file", file);
        let request = protocol::invoke_action::Request {
            action_type: "minimal_touch".to_owned(),
            config: sent(&config, &ty),
            client_capabilities: None,
        };
        let mut stream = core.client().invoke_action(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(event) = stream.message().await.unwrap() {
            events.push(event.r#type.expect("an event is progress or a result"));
        }
        let [Event::Progress(progress), Event::Completed(completed)] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!(progress.message, format!("Touching {file}"));
        assert_eq!(completed.diagnostics.len(), errors);
    }
    assert!(folder.path().join("a").exists());
    plugin.shutdown().await.assert_tidy();
}

fn tf_set(value: &Value, name: &str, text: &str) -> Value {
    let Value::Map(entries) = value.clone() else { panic!("an object") };
    let entries = entries.into_iter();
    Value::Map(
        entries
            .map(|(key, old)| if key == name { (key, text.into()) } else { (key, old) })
            .collect(),
    )
}

/// Terraform closes ephemeral resources in the same process after a Stop.
#[tokio::test]
async fn ephemeral_resource_is_renewed_and_closed_after_a_stop() {
    let folder = tempfile();
    let (plugin, mut core) = running(folder.path()).await;
    let ty = Type::Object(["user", "password"].map(|name| (name.to_owned(), Type::String)).into());
    let config = filled(&ty, [("user", "ann".into())]);
    let type_name = || "minimal_password".to_owned();
    let client = core.client();
    let opened = client
        .open_ephemeral_resource(protocol::open_ephemeral_resource::Request {
            type_name: type_name(),
            config: sent(&config, &ty),
            client_capabilities: None,
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(opened.diagnostics, []);
    let result = decode(opened.result.as_ref(), &ty).unwrap();
    assert_eq!(result, object([("user", "ann".into()), ("password", "ann-password".into())]));
    assert!(opened.renew_at.is_some());
    assert!(folder.path().join("ann.lease").exists());

    let renew = protocol::renew_ephemeral_resource::Request {
        type_name: type_name(),
        private: opened.private.clone(),
    };
    let renewed = client.renew_ephemeral_resource(renew).await.unwrap().into_inner();
    assert_eq!(renewed.private, opened.private, "kept");
    client.stop(protocol::stop::Request {}).await.unwrap();
    let close = protocol::close_ephemeral_resource::Request {
        type_name: type_name(),
        private: renewed.private,
    };
    let closed = client.close_ephemeral_resource(close).await.unwrap().into_inner();
    assert_eq!(closed.diagnostics, []);
    assert!(!folder.path().join("ann.lease").exists());
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn list_finds_notes_up_to_its_limit() {
    let folder = tempfile();
    let (plugin, mut core) = running(folder.path()).await;
    for title in ["one", "two", "three"] {
        let note = core.shape.object([("title", title)]);
        core.settle(None, &note).await.unwrap();
    }
    for (limit, found) in [(0, 3), (2, 2)] {
        let empty = Type::Object([].into());
        let request = protocol::list_resource::Request {
            type_name: "minimal_note".to_owned(),
            config: sent(&object([]), &empty),
            include_resource_object: true,
            limit,
        };
        let mut stream = core.client().list_resource(request).await.unwrap().into_inner();
        let mut titles = Vec::new();
        while let Some(event) = stream.message().await.unwrap() {
            assert!(event.identity.is_some() && event.resource_object.is_some(), "{event:?}");
            titles.push(event.display_name);
        }
        assert_eq!(titles, ["one", "two", "three"][..found]);
    }
    plugin.shutdown().await.assert_tidy();
}

/// A client that allows it gets a deferred response while the provider's folder is
/// unknown, and any other an ordinary one.
#[tokio::test]
async fn calls_are_deferred_if_the_client_allows_it() {
    let plugin = Launch::new(PROGRAM).start().await;
    let mut client = plugin.provider();
    let schemas = client.get_schema(protocol::get_provider_schema::Request {}).await.unwrap();
    let schemas = schemas.into_inner();
    assert_eq!(schemas.diagnostics, [], "the registry is sound");
    let capabilities = schemas.server_capabilities.unwrap();
    assert!(capabilities.move_resource_state, "there is a move");
    let shape = Shape::of(&schemas.resource_schemas["minimal_note"]).unwrap();
    let data = Shape::of(&schemas.data_source_schemas["minimal_note"]).unwrap();
    let folder = Type::Object([("folder".to_owned(), Type::String)].into());
    let unknown = object([("folder", Value::Unknown)]);
    let configure = protocol::configure::Request {
        terraform_version: "1.15.0".to_owned(),
        config: sent(&unknown, &folder),
        client_capabilities: None,
    };
    let configured = client.configure(configure).await.unwrap().into_inner();
    assert_eq!(configured.diagnostics, []);

    let note = shape.object([("title", "a")]);
    let type_name = || "minimal_note".to_owned();
    for deferral_allowed in [true, false] {
        let client_capabilities =
            Some(ClientCapabilities { deferral_allowed, write_only_attributes_allowed: true });
        let planned = client
            .plan_resource_change(protocol::plan_resource_change::Request {
                type_name: type_name(),
                prior_state: Some(shape.encode(&Value::Null)),
                proposed_new_state: Some(shape.encode(&note)),
                config: Some(shape.encode(&note)),
                client_capabilities,
                ..Default::default()
            })
            .await
            .unwrap()
            .into_inner();
        let read = client
            .read_resource(protocol::read_resource::Request {
                type_name: type_name(),
                current_state: Some(shape.encode(&shape.object([("id", "1")]))),
                client_capabilities,
                ..Default::default()
            })
            .await
            .unwrap()
            .into_inner();
        let import = client
            .import_resource_state(protocol::import_resource_state::Request {
                type_name: type_name(),
                id: "1".to_owned(),
                client_capabilities,
                ..Default::default()
            })
            .await
            .unwrap()
            .into_inner();
        let read_data = client
            .read_data_source(protocol::read_data_source::Request {
                type_name: type_name(),
                config: Some(data.encode(&data.object([("id", "1")]))),
                client_capabilities,
                ..Default::default()
            })
            .await
            .unwrap()
            .into_inner();
        let deferred = [planned.deferred, read.deferred, import.deferred, read_data.deferred];
        assert_eq!(deferred.map(|deferred| deferred.is_some()), [deferral_allowed; 4]);
        // A plan needs no folder; the others fail without one.
        let errors = [read.diagnostics, import.diagnostics, read_data.diagnostics];
        assert!(errors.iter().all(|errors| errors.is_empty() == deferral_allowed), "{errors:?}");
        assert_eq!(planned.diagnostics, []);
        assert!(shape.decode(read.new_state.as_ref()).is_ok_and(|kept| !kept.is_null()));
    }
    plugin.shutdown().await.assert_tidy();
}

/// The log lines of a call carry its ID and its name.
#[tokio::test]
async fn log_lines_of_a_call_name_it() {
    let folder = tempfile();
    let (plugin, mut core) = running(folder.path()).await;
    core.settle(None, &core.shape.object([("title", "a")])).await.unwrap();
    let lines = plugin.stderr();
    let served: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &serde_json::Value| line["@message"] == "served request")
        .collect();
    assert!(served.len() > 5, "{lines:#?}");
    for line in &served {
        assert!(line["tf_rpc"].is_string() && line["tf_req_id"].is_string(), "{line}");
    }
    let create = served.iter().find(|line| line["tf_rpc"] == "ApplyResourceChange").unwrap();
    assert_eq!(create["tf_resource_type"], "minimal_note");
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn unknown_type_of_action_is_named() {
    let folder = tempfile();
    let (plugin, mut core) = running(folder.path()).await;
    let (config, ty) = text("file");
    let plan = protocol::plan_action::Request {
        action_type: "minimal_other".to_owned(),
        config: sent(&config, &ty),
        client_capabilities: None,
    };
    let planned = core.client().plan_action(plan).await.unwrap().into_inner();
    assert_eq!(planned.diagnostics.len(), 1);
    assert!(planned.diagnostics[0].detail.contains("minimal_other"), "{planned:?}");
    plugin.shutdown().await.assert_tidy();
}
