//! Calls of each kind of object: deferred, stopped, panicking, streaming, and in
//! their spans.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

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
use crate::object::{Identity, Object};
use crate::protocol::tfplugin5 as protocol;
use crate::protocol::tfplugin5::provider_server::Provider as _;
use crate::provider::{ConfigureRequest, Provider, Registry};
use crate::resource::ReadResponse;
use crate::schema::{Block, Schema};
use crate::value::{Type, Value, msgpack};

/// Sends objects from four tasks at a time.
struct Crowd;

#[async_trait]
impl ListResource for Crowd {
    fn schema(&self) -> Schema {
        Schema::new(Block::default())
    }
    async fn list(&self, _request: ListRequest, sink: ListSink) {
        let sender = || async {
            let item = || ListItem {
                identity: Identity(Object::default().with("name", "a")),
                display_name: "a".to_owned(),
                object: None,
            };
            while sink.send(item()).await {}
        };
        tokio::join!(sender(), sender(), sender(), sender());
        sink.closed().await;
    }
}

#[tokio::test]
async fn limit_of_a_list_holds_for_concurrent_senders() {
    let lifetime = crate::lifetime::Lifetime::new();
    let registry = registry(Scripted::default()).list_resource("thing", Box::new(Crowd));
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
    // The sink is closed then, and the search has ended.
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
    async fn close(&self, _request: CloseRequest) -> Diagnostics {
        panic!("hunter2")
    }
}

#[async_trait]
impl Action for Panics {
    fn schema(&self) -> Schema {
        Schema::new(Block::default())
    }
    async fn invoke(&self, _request: InvokeRequest, progress: Progress) -> Diagnostics {
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

    let registry = registry(Scripted::default())
        .ephemeral_resource("thing", Box::new(Panics))
        .action("thing", Box::new(Panics));
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
        Signature::new("Fails.", Type::String).parameter(parameter)
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
    let registry = registry(Scripted::default()).function("fails", Box::new(Fails));
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
    fn schema(&self) -> Schema {
        Schema::new(Block::default())
    }
    async fn configure(&self, request: ConfigureRequest) -> Diagnostics {
        request.stop.cancelled().await;
        Diagnostic::warning("Stopped", "It was stopped.").into()
    }
}

#[tokio::test]
async fn configure_is_stopped() {
    let server = server(Registry::new(Box::new(Slow)));
    let (configured, _) = tokio::join!(
        server.configure(request(protocol::configure::Request::default())),
        server.stop(request(protocol::stop::Request {})),
    );
    assert_eq!(configured.unwrap().into_inner().diagnostics[0].summary, "Stopped");
}
