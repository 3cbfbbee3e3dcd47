//! Panics: each is an error of one call. Its message contains no value, state is
//! kept, and the next call is served.

use async_trait::async_trait;
use futures_util::StreamExt as _;

use super::{identity, received, request, schema, sent, server, thing};
use crate::data_source::{DataSource, DataSourceRequest, DataSourceResponse};
use crate::diagnostics::Diagnostics;
use crate::function::{Function, FunctionError, Signature};
use crate::list::{ListItem, ListRequest, ListResource, ListSink};
use crate::object::{Object, PrivateState, State};
use crate::protocol::tfplugin5::provider_server::Provider as Service;
use crate::protocol::tfplugin5::{self as protocol, Diagnostic};
use crate::provider::{ConfigureRequest, ConfigureResponse, Provider, Registry};
use crate::raw_state::RawState;
use crate::resource::{
    ApplyResponse, CheckPlanRequest, CheckPlanResponse, Checkpoint, CreateRequest, DeleteRequest,
    ImportRequest, ImportResponse, ReadRequest, ReadResponse, Resource, UpdateRequest,
    ValidateRequest,
};
use crate::schema::{IdentitySchema, Schema};
use crate::value::{Type, Value};

/// The text of every panic, as of an assertion on a credential.
const CANARY: &str = "canary-in-a-panic";

/// The name of an object whose calls save a checkpoint before they panic.
const CHECKPOINT: &str = "checkpoint";

/// Panics in everything but its schemas.
struct Panics;

fn panics() -> ! {
    panic!("{CANARY}");
}

/// Saves a checkpoint if the object has the name for it.
fn save(checkpoint: &Checkpoint, name: &Value) {
    if *name == Value::from(CHECKPOINT) {
        let object = Object::default().with("name", "saved").with("id", "7");
        checkpoint.save(ApplyResponse {
            private: PrivateState::encode(&"saved"),
            ..ApplyResponse::new(object.with("secret_wo", CANARY))
        });
    }
}

#[async_trait]
impl Resource for Panics {
    fn schema(&self) -> Schema {
        schema().version(1)
    }
    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity())
    }
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        panics()
    }
    async fn check_plan(&self, _request: CheckPlanRequest<'_>) -> CheckPlanResponse {
        panics()
    }
    async fn read(&self, _request: ReadRequest) -> Result<ReadResponse, Diagnostics> {
        tokio::task::yield_now().await;
        panics()
    }
    async fn create(&self, request: CreateRequest) -> Result<ApplyResponse, Diagnostics> {
        save(&request.checkpoint, request.plan.get("name"));
        tokio::task::yield_now().await;
        panics()
    }
    async fn update(&self, request: UpdateRequest) -> Result<ApplyResponse, Diagnostics> {
        save(&request.checkpoint, request.plan.get("name"));
        panics()
    }
    async fn delete(&self, request: DeleteRequest) -> Result<ApplyResponse, Diagnostics> {
        save(&request.checkpoint, request.prior.get("name"));
        panics()
    }
    async fn import(&self, _request: ImportRequest) -> Result<ImportResponse, Diagnostics> {
        panics()
    }
    fn upgrade(&self, _state: RawState<'_>) -> Result<Object, Diagnostics> {
        panics()
    }
    fn generate(&self, _schema: &Schema, _state: &State) -> Object {
        panics()
    }
}

#[async_trait]
impl Provider for Panics {
    fn schema(&self) -> Schema {
        schema()
    }
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        panics()
    }
    async fn configure(&self, _: ConfigureRequest) -> Result<ConfigureResponse, Diagnostics> {
        panics()
    }
}

#[async_trait]
impl DataSource for Panics {
    fn schema(&self) -> Schema {
        schema()
    }
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        panics()
    }
    async fn read(&self, _request: DataSourceRequest) -> Result<DataSourceResponse, Diagnostics> {
        panics()
    }
}

#[async_trait]
impl ListResource for Panics {
    fn schema(&self) -> Schema {
        schema()
    }
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        panics()
    }
    async fn list(&self, _request: ListRequest, found: ListSink) -> Result<(), Diagnostics> {
        found.send(ListItem::new("one", Object::default().with("id", "1"))).await;
        panics()
    }
}

impl Function for Panics {
    fn signature(&self) -> Signature {
        Signature::new("Panics.", Type::String)
    }
    fn call(&self, _arguments: &[Value]) -> Result<Value, FunctionError> {
        panics()
    }
}

/// Panics in its schema.
struct NoSchema;

#[async_trait]
impl ListResource for NoSchema {
    fn schema(&self) -> Schema {
        panics()
    }
    async fn list(&self, _request: ListRequest, _found: ListSink) -> Result<(), Diagnostics> {
        Ok(())
    }
}

fn registry() -> Registry {
    Registry::new(Panics)
        .resource("thing", Panics)
        .data_source("thing", Panics)
        .list_resource("thing", Panics)
        .function("panics", Panics)
}

/// Asserts one message, which names the call and not the text of the panic.
#[track_caller]
fn assert_defect(call: &str, messages: &[Diagnostic]) {
    let [message] = messages else { panic!("{call}: {messages:?}") };
    assert_eq!(message.severity(), protocol::diagnostic::Severity::Error);
    let text = format!("{}\n{}", message.summary, message.detail);
    assert!(text.contains(call), "{text}");
    assert!(text.contains("report this"), "{text}");
    assert!(!text.contains(CANARY), "{text}");
}

macro_rules! unary {
    ($server:expr, $method:ident, $request:expr) => {
        Service::$method(&$server, request($request)).await.expect("no gRPC error").into_inner()
    };
}

#[tokio::test]
async fn panic_in_a_call_that_changes_nothing_is_its_error() {
    let server = server(registry());
    let name = || "thing".to_owned();
    let config = || sent(&thing([("name", "a".into()), ("secret_wo", CANARY.into())]));
    let raw = || Some(protocol::RawState { json: b"{}".to_vec(), flatmap: [].into() });

    let response = unary!(
        server,
        prepare_provider_config,
        protocol::prepare_provider_config::Request { config: config() }
    );
    assert_defect("PrepareProviderConfig", &response.diagnostics);
    let response = unary!(
        server,
        configure,
        protocol::configure::Request { config: config(), ..Default::default() }
    );
    assert_defect("Configure", &response.diagnostics);
    let response = unary!(
        server,
        validate_resource_type_config,
        protocol::validate_resource_type_config::Request {
            type_name: name(),
            config: config(),
            client_capabilities: None
        }
    );
    assert_defect("ValidateResourceTypeConfig", &response.diagnostics);
    let response = unary!(
        server,
        upgrade_resource_state,
        protocol::upgrade_resource_state::Request {
            type_name: name(),
            version: 0,
            raw_state: raw()
        }
    );
    assert_defect("UpgradeResourceState", &response.diagnostics);
    // State of the current version is not converted.
    let response = unary!(
        server,
        upgrade_resource_state,
        protocol::upgrade_resource_state::Request {
            type_name: name(),
            version: 1,
            raw_state: raw()
        }
    );
    assert_eq!(response.diagnostics, []);
    assert_eq!(received(response.upgraded_state.as_ref()), thing([]));
    let response = unary!(
        server,
        plan_resource_change,
        protocol::plan_resource_change::Request {
            type_name: name(),
            proposed_new_state: config(),
            config: config(),
            ..Default::default()
        }
    );
    assert_defect("PlanResourceChange", &response.diagnostics);
    let response = unary!(
        server,
        import_resource_state,
        protocol::import_resource_state::Request {
            type_name: name(),
            id: "1".to_owned(),
            ..Default::default()
        }
    );
    assert_defect("ImportResourceState", &response.diagnostics);
    assert!(response.imported_resources.is_empty());
    let response = unary!(
        server,
        generate_resource_config,
        protocol::generate_resource_config::Request { type_name: name(), state: config() }
    );
    assert_defect("GenerateResourceConfig", &response.diagnostics);
    let response = unary!(
        server,
        validate_data_source_config,
        protocol::validate_data_source_config::Request { type_name: name(), config: config() }
    );
    assert_defect("ValidateDataSourceConfig", &response.diagnostics);
    let response = unary!(
        server,
        read_data_source,
        protocol::read_data_source::Request {
            type_name: name(),
            config: config(),
            ..Default::default()
        }
    );
    assert_defect("ReadDataSource", &response.diagnostics);
    let response = unary!(
        server,
        validate_list_resource_config,
        protocol::validate_list_resource_config::Request {
            type_name: name(),
            config: config(),
            ..Default::default()
        }
    );
    assert_defect("ValidateListResourceConfig", &response.diagnostics);

    // Calls that do not panic are still served.
    let response = unary!(server, get_schema, protocol::get_provider_schema::Request {});
    assert_eq!(response.resource_schemas.len(), 1);
}

#[tokio::test]
async fn panic_in_a_function_is_its_error() {
    let server = server(registry());
    let response = unary!(
        server,
        call_function,
        protocol::call_function::Request { name: "panics".to_owned(), arguments: Vec::new() }
    );
    let error = response.error.expect("an error");
    assert!(error.text.contains("panicked"), "{error:?}");
    assert!(!error.text.contains(CANARY) && response.result.is_none(), "{error:?}");
}

#[tokio::test]
async fn list_keeps_the_objects_found_before_a_panic() {
    let server = server(registry());
    let wanted = protocol::list_resource::Request {
        type_name: "thing".to_owned(),
        config: sent(&thing([("name", "a".into())])),
        ..Default::default()
    };
    let events = server.list_resource(request(wanted.clone())).await.unwrap().into_inner();
    let events: Vec<_> = events.map(|event| event.expect("no gRPC error")).collect().await;
    let [found, defect] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((found.display_name.as_str(), found.diagnostic.len()), ("one", 0));
    assert_defect("ListResource", &defect.diagnostic);

    let server = super::server(registry().list_resource("thing", NoSchema));
    let events = server.list_resource(request(wanted)).await.unwrap().into_inner();
    let events: Vec<_> = events.map(|event| event.expect("no gRPC error")).collect().await;
    assert_eq!(events.len(), 1);
    assert_defect("ListResource", &events[0].diagnostic);
}

#[tokio::test]
async fn panic_in_a_schema_fails_only_the_calls_that_need_it() {
    let server = server(registry().list_resource("thing", NoSchema));
    for _ in 0..2 {
        let response = unary!(server, get_schema, protocol::get_provider_schema::Request {});
        assert_defect("GetSchema", &response.diagnostics);
    }
    let response = unary!(server, get_metadata, protocol::get_metadata::Request {});
    assert!(response.diagnostics.is_empty());
}

#[tokio::test]
async fn panic_in_a_read_keeps_state_private_state_and_identity() {
    let server = server(registry());
    let state = thing([("name", "a".into()), ("id", "1".into())]);
    let current_identity = Some(protocol::ResourceIdentityData {
        identity_data: Some(super::sent_as(
            &Value::Map([("id".to_owned(), "1".into())].into()),
            &identity().value_type(),
        )),
    });
    let response = unary!(
        server,
        read_resource,
        protocol::read_resource::Request {
            type_name: "thing".to_owned(),
            current_state: sent(&state),
            private: b"remembered".to_vec(),
            current_identity: current_identity.clone(),
            ..Default::default()
        }
    );
    assert_defect("ReadResource", &response.diagnostics);
    assert_eq!(received(response.new_state.as_ref()), state);
    assert_eq!(response.private, b"remembered");
    assert_eq!(response.new_identity, current_identity);
}

/// Create, update and delete, each before and after a checkpoint.
#[tokio::test]
async fn panic_in_an_apply_keeps_the_last_checkpoint() {
    let server = server(registry());
    for name in ["a", CHECKPOINT] {
        let old = thing([("name", name.into()), ("id", "1".into())]);
        let new = thing([("name", name.into()), ("id", Value::Unknown)]);
        let nothing = Value::Null;
        for (prior, planned) in [(&nothing, &new), (&old, &new), (&old, &nothing)] {
            let config =
                if planned.is_null() { nothing.clone() } else { thing([("name", name.into())]) };
            let response = unary!(
                server,
                apply_resource_change,
                protocol::apply_resource_change::Request {
                    type_name: "thing".to_owned(),
                    prior_state: sent(prior),
                    planned_state: sent(planned),
                    config: sent(&config),
                    planned_private: b"remembered".to_vec(),
                    ..Default::default()
                }
            );
            assert_defect("ApplyResourceChange", &response.diagnostics);
            let kept = received(response.new_state.as_ref());
            if name == CHECKPOINT {
                // Without the write-only value that the checkpoint was given.
                assert_eq!(kept, thing([("name", "saved".into()), ("id", "7".into())]));
                assert_eq!(response.private, b"\"saved\"");
                assert!(response.new_identity.is_some());
            } else {
                assert_eq!(&kept, prior);
                assert_eq!(response.private, b"remembered");
            }
        }
    }
}

#[tokio::test]
async fn panic_in_a_call_does_not_end_concurrent_calls() {
    let server = server(registry());
    let state = sent(&thing([("name", "a".into())]));
    let reads = (0..50).map(|_| {
        server.read_resource(request(protocol::read_resource::Request {
            type_name: "thing".to_owned(),
            current_state: state.clone(),
            ..Default::default()
        }))
    });
    for response in futures_util::future::join_all(reads).await {
        assert_defect("ReadResource", &response.expect("no gRPC error").into_inner().diagnostics);
    }
}
