//! Calls of each kind of object: deferred, stopped, panicking, streaming, and in
//! their spans.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use futures_util::{FutureExt as _, StreamExt as _};

use super::promises::{Scripted, kept, named, received, refreshed, registry, sent, thing};
use super::{request, sent_as, server};
use crate::action::{Action, InvokeRequest, Progress};
use crate::client::Deferred;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::ephemeral::{CloseRequest, EphemeralResource, OpenRequest, OpenResponse};
use crate::function::{Function, FunctionError, Parameter, Signature};
use crate::list::{ListItem, ListRequest, ListResource, ListSink};
use crate::object::{Object, PrivateState};
use crate::protocol::tfplugin5 as protocol;
use crate::protocol::tfplugin5::provider_server::Provider as _;
use crate::provider::{ConfigureRequest, ConfigureResponse, Provider, Registry};
use crate::resource::ReadResponse;
use crate::schema::{Attribute, Block, Schema};
use crate::value::{Type, Value, msgpack};

/// Sends objects from four tasks at a time.
struct Crowd;

#[async_trait]
impl ListResource for Crowd {
    fn schema(&self) -> Schema {
        Schema::new(Block::default())
    }
    async fn list(&self, _request: ListRequest, sink: ListSink) -> Result<(), Diagnostics> {
        let sender = || async {
            let item = || ListItem::new("a", Object::default().with("name", "a"));
            while sink.send(item()).await {}
        };
        tokio::join!(sender(), sender(), sender(), sender());
        // The search is dropped with the stream.
        std::future::pending().await
    }
}

#[tokio::test]
async fn limit_of_a_list_holds_for_concurrent_senders() {
    let lifetime = crate::lifetime::Lifetime::new();
    let registry = registry(Scripted::default()).list_resource("thing", Crowd);
    let server = crate::server::Server::new(registry, lifetime.clone());
    let wanted = protocol::list_resource::Request {
        type_name: "thing".to_owned(),
        config: Some(sent_as(&Value::Map(BTreeMap::new()), &Type::Object(BTreeMap::new()))),
        limit: 100,
        ..Default::default()
    };
    let events = server.list_resource(request(wanted)).await.unwrap().into_inner();
    let events: Vec<_> = events.collect().await;
    assert_eq!(events.len(), 100);
    lifetime.calls_finished().await;
}

/// A response that waits is an error for a client that did not allow it.
#[tokio::test]
async fn deferral_must_be_allowed() {
    let waiting = || ReadResponse { deferred: Some(Deferred::AbsentPrerequisite), ..kept() };
    let read = refreshed(waiting(), named("a")).await;
    assert_eq!((read.deferred, read.diagnostics.len()), (None, 1), "{:?}", read.diagnostics);
    assert!(!received(read.new_state.as_ref()).is_null(), "state is kept");
}

/// Serves an ephemeral resource and an action that panic.
struct Panics;

#[async_trait]
impl EphemeralResource for Panics {
    fn schema(&self) -> Schema {
        Schema::new(Block::default())
    }
    async fn open(&self, _request: OpenRequest) -> Result<OpenResponse, Diagnostics> {
        panic!("hunter2")
    }
    async fn close(&self, _request: CloseRequest) -> Result<Diagnostics, Diagnostics> {
        panic!("hunter2")
    }
}

#[async_trait]
impl Action for Panics {
    fn schema(&self) -> Schema {
        Schema::new(Block::default())
    }
    async fn invoke(
        &self,
        _request: InvokeRequest,
        progress: Progress,
    ) -> Result<Diagnostics, Diagnostics> {
        progress.report("begun").await;
        panic!("hunter2")
    }
}

#[tokio::test]
async fn kinds_without_objects_are_unimplemented_and_panics_are_errors() {
    use protocol::invoke_action::event::Type as Event;
    let open = || protocol::open_ephemeral_resource::Request {
        type_name: "thing".to_owned(),
        config: Some(sent_as(&Value::Map(BTreeMap::new()), &Type::Object(BTreeMap::new()))),
        ..Default::default()
    };
    let invoke = || protocol::invoke_action::Request {
        action_type: "thing".to_owned(),
        config: open().config,
        ..Default::default()
    };
    let none = server(registry(Scripted::default()));
    let refused = none.open_ephemeral_resource(request(open())).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unimplemented);
    let refused = none.invoke_action(request(invoke())).await.map(drop).unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unimplemented);
    let list = protocol::list_resource::Request { config: open().config, ..Default::default() };
    let refused = none.list_resource(request(list)).await.map(drop).unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unimplemented);
    let validate = protocol::validate_list_resource_config::Request::default();
    let refused = none.validate_list_resource_config(request(validate)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unimplemented);

    let registry =
        registry(Scripted::default()).ephemeral_resource("thing", Panics).action("thing", Panics);
    let lifetime = crate::lifetime::Lifetime::new();
    let server = crate::server::Server::new(registry, lifetime.clone());
    let opened = server.open_ephemeral_resource(request(open())).await.unwrap().into_inner();
    assert!(opened.diagnostics[0].detail.contains("OpenEphemeralResource"), "{opened:?}");
    let events = server.invoke_action(request(invoke())).await.unwrap().into_inner();
    let events: Vec<_> = events.map(|event| event.unwrap().r#type.unwrap()).collect().await;
    let [Event::Progress(_), Event::Completed(completed)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert!(completed.diagnostics[0].detail.contains("InvokeAction"), "{completed:?}");
    assert!(!format!("{opened:?} {events:?}").contains("hunter2"));

    // A client that disconnects does not end an action, and the process waits for it.
    drop(server.invoke_action(request(invoke())).await.unwrap());
    lifetime.calls_finished().await;
    assert!(lifetime.changes_finished().now_or_never().is_some(), "it is one of the calls");
}

/// A function whose error and whose arguments come from elsewhere.
struct Fails;

impl Function for Fails {
    fn signature(&self) -> Signature {
        let parameter = Parameter::new("it", Type::String, "It.").allow_unknown().allow_null();
        Signature::new("Fails.", Type::String).parameter(parameter).deprecated("Use another.")
    }
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        if let Value::String(text) = &arguments[0] {
            return Err(FunctionError::argument(0, text.as_str()));
        }
        Ok(if arguments[0].is_null() { "null" } else { "unknown" }.into())
    }
}

#[tokio::test]
async fn function_takes_what_its_parameters_allow_and_its_error_is_printable() {
    let registry = registry(Scripted::default()).function("fails", Fails);
    let server = server(registry);
    let call = async |argument: Value| {
        let arguments = vec![sent_as(&argument, &Type::String)];
        let call = protocol::call_function::Request { name: "fails".to_owned(), arguments };
        server.call_function(request(call)).await.unwrap().into_inner()
    };
    for (argument, expected) in [(Value::Null, "null"), (Value::Unknown, "unknown")] {
        let result = call(argument).await.result.unwrap();
        assert_eq!(msgpack::decode(&result.msgpack, &Type::String), Ok(expected.into()));
    }
    let error = call("a\u{1b}[2Jb.".into()).await.error.unwrap();
    assert_eq!(error.text, "a\\u{1b}[2Jb");
}

#[tokio::test]
async fn function_is_described_as_it_is_declared() {
    let server = server(registry(Scripted::default()).function("fails", Fails));
    let get = request(protocol::get_functions::Request {});
    let functions = server.get_functions(get).await.unwrap().into_inner().functions;
    let parameter = &functions["fails"].parameters[0];
    assert!(parameter.allow_null_value && parameter.allow_unknown_values);
    assert_eq!(functions["fails"].deprecation_message, "Use another.");
}

#[tokio::test]
async fn registry_that_contradicts_itself_is_an_error_of_get_schema() {
    let server = server(registry(Scripted::default()).list_resource("other", Crowd));
    let get = request(protocol::get_provider_schema::Request {});
    let schemas = server.get_schema(get).await.unwrap().into_inner();
    assert_eq!(schemas.diagnostics.len(), 1, "{:?}", schemas.diagnostics);
    assert!(schemas.diagnostics[0].detail.contains("there is no resource of this name"));
}

#[tokio::test]
async fn provider_code_runs_in_the_span_of_its_call() {
    let _log = tracing::subscriber::set_default(tracing_subscriber::registry());
    let span = Arc::new(OnceLock::new());
    let resource = Scripted { read: Some(kept()), span: span.clone(), ..Scripted::default() };
    let read = request(protocol::read_resource::Request {
        type_name: "thing".to_owned(),
        current_state: sent(&thing([("name", "a".into())])),
        ..Default::default()
    });
    server(registry(resource)).read_resource(read).await.unwrap();
    assert_eq!(span.get(), Some(&"call"));
}

/// Configures until it is stopped.
struct Slow;

#[async_trait]
impl Provider for Slow {
    async fn configure(&self, request: ConfigureRequest) -> Result<ConfigureResponse, Diagnostics> {
        request.stop.cancelled().await;
        Err(Diagnostic::error("Stopped", "It was stopped.").into())
    }
}

#[tokio::test]
async fn configure_is_stopped() {
    let server = server(Registry::new(Slow));
    let (configured, _) = tokio::join!(
        server.configure(request(protocol::configure::Request::default())),
        server.stop(request(protocol::stop::Request {})),
    );
    assert_eq!(configured.unwrap().into_inner().diagnostics[0].summary, "Stopped");
}

/// Has a configuration that is not known yet.
struct Unknown;

#[async_trait]
impl Provider for Unknown {
    async fn configure(&self, _: ConfigureRequest) -> Result<ConfigureResponse, Diagnostics> {
        Ok(ConfigureResponse::unknown())
    }
}

/// OpenTofu 1.11 allows deferral by mistake.
#[tokio::test]
async fn calls_wait_for_the_configuration_of_the_provider() {
    let resource = Scripted { read: Some(kept()), ..Scripted::default() };
    let server = server(Registry::new(Unknown).resource("thing", resource));
    for (version, allowed, waits) in
        [("1.14.0", true, true), ("1.14.0", false, false), ("1.11.2", true, false)]
    {
        let terraform_version = version.to_owned();
        let configure = protocol::configure::Request { terraform_version, ..Default::default() };
        server.configure(request(configure)).await.unwrap();
        let read = protocol::read_resource::Request {
            type_name: "thing".to_owned(),
            current_state: sent(&thing([("name", "b".into())])),
            private: b"stored".to_vec(),
            current_identity: named("b"),
            client_capabilities: Some(protocol::ClientCapabilities {
                deferral_allowed: allowed,
                ..Default::default()
            }),
            ..Default::default()
        };
        let read = server.read_resource(request(read)).await.unwrap().into_inner();
        assert_eq!(read.deferred.is_some(), waits, "{version}: {read:?}");
        assert_eq!((read.private.as_slice(), read.new_identity), (&b"stored"[..], named("b")));
        let name = if waits { "b" } else { "a" };
        assert_eq!(received(read.new_state.as_ref()), thing([("name", name.into())]));
    }
}

/// Each kind of call names itself and its type, in the spans that the log shows.
#[tokio::test]
async fn span_names_the_kind_of_its_type() {
    let _log = tracing::subscriber::set_default(tracing_subscriber::registry());
    for (call, field) in [
        ("ReadResource", "tf_resource_type"),
        ("ReadDataSource", "tf_data_source_type"),
        ("ListResource", "tf_list_resource_type"),
        ("OpenEphemeralResource", "tf_ephemeral_resource_type"),
        ("InvokeAction", "tf_action_type"),
        ("CallFunction", "tf_function_name"),
    ] {
        assert_eq!(crate::server::rpc::Rpc::new(call, "thing").kind(), field);
    }
}

/// Records the span in which each kind of code runs.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<&'static str>>>);

impl Spans {
    fn note(&self) {
        let span = tracing::Span::current();
        self.0.lock().unwrap().push(span.metadata().map_or("none", |metadata| metadata.name()));
    }
}

#[async_trait]
impl ListResource for Spans {
    async fn list(&self, _request: ListRequest, _sink: ListSink) -> Result<(), Diagnostics> {
        self.note();
        Ok(())
    }
}

#[async_trait]
impl Action for Spans {
    fn schema(&self) -> Schema {
        Schema::default()
    }
    async fn invoke(
        &self,
        _request: InvokeRequest,
        _progress: Progress,
    ) -> Result<Diagnostics, Diagnostics> {
        self.note();
        Ok(Diagnostics::new())
    }
}

impl Function for Spans {
    fn signature(&self) -> Signature {
        Signature::new("Notes.", Type::String)
    }
    fn call(&self, _arguments: &[Value]) -> Result<Value, FunctionError> {
        self.note();
        Ok(Value::Null)
    }
}

#[tokio::test]
async fn streams_and_functions_run_in_the_span_of_their_call() {
    let _log = tracing::subscriber::set_default(tracing_subscriber::registry());
    let spans = Spans::default();
    let registry = registry(Scripted::default())
        .list_resource("thing", spans.clone())
        .action("thing", spans.clone())
        .function("thing", spans.clone());
    let server = server(registry);
    let name = || "thing".to_owned();
    let list = protocol::list_resource::Request { type_name: name(), ..Default::default() };
    let events = server.list_resource(request(list)).await.unwrap().into_inner();
    assert_eq!(events.count().await, 0);
    let invoke = protocol::invoke_action::Request { action_type: name(), ..Default::default() };
    let events = server.invoke_action(request(invoke)).await.unwrap().into_inner();
    assert_eq!(events.count().await, 1);
    let call = protocol::call_function::Request { name: name(), ..Default::default() };
    server.call_function(request(call)).await.unwrap();
    assert_eq!(*spans.0.lock().unwrap(), ["call"; 3]);
}

/// Searches until the test lets it end, without a look at its sink.
struct Stubborn(Arc<tokio::sync::Notify>);

#[async_trait]
impl ListResource for Stubborn {
    async fn list(&self, _request: ListRequest, _sink: ListSink) -> Result<(), Diagnostics> {
        self.0.notified().await;
        Ok(())
    }
}

/// The process waits for a search as for any other call.
#[tokio::test]
async fn search_is_one_of_the_calls() {
    let end = Arc::new(tokio::sync::Notify::new());
    let lifetime = crate::lifetime::Lifetime::new();
    let registry = registry(Scripted::default()).list_resource("thing", Stubborn(end.clone()));
    let server = crate::server::Server::new(registry, lifetime.clone());
    let list =
        protocol::list_resource::Request { type_name: "thing".to_owned(), ..Default::default() };
    let events = server.list_resource(request(list.clone())).await.unwrap().into_inner();
    tokio::task::yield_now().await;
    assert!(lifetime.calls_finished().now_or_never().is_none());
    end.notify_one();
    assert_eq!(events.count().await, 0);
    lifetime.calls_finished().await;

    // A client that is gone does not wait for it.
    drop(server.list_resource(request(list)).await.unwrap());
    lifetime.calls_finished().await;
}

/// Keeps a clone of everything that reports.
#[derive(Clone, Default)]
struct Keeps {
    sinks: Arc<Mutex<Vec<ListSink>>>,
    progress: Arc<Mutex<Vec<Progress>>>,
}

#[async_trait]
impl ListResource for Keeps {
    async fn list(&self, _request: ListRequest, sink: ListSink) -> Result<(), Diagnostics> {
        self.sinks.lock().unwrap().push(sink.clone());
        sink.send(ListItem::new("a", Object::default().with("name", "a"))).await;
        Ok(())
    }
}

#[async_trait]
impl Action for Keeps {
    fn schema(&self) -> Schema {
        Schema::default()
    }
    async fn invoke(
        &self,
        _request: InvokeRequest,
        progress: Progress,
    ) -> Result<Diagnostics, Diagnostics> {
        self.progress.lock().unwrap().push(progress.clone());
        progress.report("begun").await;
        Ok(Diagnostics::new())
    }
}

#[tokio::test(start_paused = true)]
async fn stream_ends_with_its_call_although_a_clone_is_kept() {
    let limit = std::time::Duration::from_secs(1);
    let keeps = Keeps::default();
    let registry = registry(Scripted::default())
        .list_resource("thing", keeps.clone())
        .action("thing", keeps.clone());
    let server = server(registry);
    let name = || "thing".to_owned();
    let list = protocol::list_resource::Request { type_name: name(), ..Default::default() };
    let events = server.list_resource(request(list)).await.unwrap().into_inner();
    let events = tokio::time::timeout(limit, events.count()).await;
    assert_eq!(events, Ok(1), "of the list");
    let invoke = protocol::invoke_action::Request { action_type: name(), ..Default::default() };
    let events = server.invoke_action(request(invoke)).await.unwrap().into_inner();
    let events = tokio::time::timeout(limit, events.count()).await;
    assert_eq!(events, Ok(2), "of the action");
}

/// Opens a value that does not fit its schema, and notes what is closed.
#[derive(Clone, Default)]
struct Misfit(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl EphemeralResource for Misfit {
    fn schema(&self) -> Schema {
        Schema::new([Attribute::computed("token", Type::String, "A token.")])
    }
    async fn open(&self, _request: OpenRequest) -> Result<OpenResponse, Diagnostics> {
        Ok(OpenResponse {
            private: PrivateState::encode(&"lease"),
            diagnostics: Diagnostic::warning("Opened", "It was opened.").into(),
            ..OpenResponse::new(Object::default().with("token", 7))
        })
    }
    async fn close(&self, request: CloseRequest) -> Result<Diagnostics, Diagnostics> {
        self.0.lock().unwrap().push(request.private.decode());
        Ok(Diagnostic::warning("Closed", "It was closed.").into())
    }
}

/// Terraform closes nothing that it could not open.
#[tokio::test]
async fn ephemeral_value_that_does_not_fit_is_closed() {
    let misfit = Misfit::default();
    let server = server(registry(Scripted::default()).ephemeral_resource("thing", misfit.clone()));
    let open = protocol::open_ephemeral_resource::Request {
        type_name: "thing".to_owned(),
        ..Default::default()
    };
    let opened = server.open_ephemeral_resource(request(open)).await.unwrap().into_inner();
    let said: Vec<_> = opened.diagnostics.iter().map(|said| said.summary.as_str()).collect();
    let [first, misfitting, last] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!((*first, *last), ("Opened", "Closed"));
    assert!(misfitting.contains("does not fit"), "{misfitting}");
    assert_eq!(*misfit.0.lock().unwrap(), ["lease"]);
}
