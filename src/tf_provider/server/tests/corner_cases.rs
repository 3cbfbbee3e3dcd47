//! Corner cases of the protocol that need a resource made for the test.

use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::{identity, received, request, schema, sent, sent_as, server, thing};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::function::{Function, FunctionError, Parameter, Signature};
use crate::list::{ListItem, ListRequest, ListResource, ListSink};
use crate::object::{Identity, Object};
use crate::protocol::tfplugin5 as protocol;
use crate::protocol::tfplugin5::provider_server::Provider as _;
use crate::provider::{Provider, Registry};
use crate::resource::{
    ApplyResponse, CreateRequest, DeleteRequest, ReadRequest, ReadResponse, Resource, UpdateRequest,
};
use crate::schema::{IdentitySchema, Schema};
use crate::value::{Type, Value, msgpack};

/// A resource with the planned state; its id is always 1.
struct Echo;

fn echoed(object: &Object) -> ApplyResponse {
    ApplyResponse {
        identity: Some(Identity::new(Object::default().with("id", "1"))),
        ..ApplyResponse::new(object.clone().with("id", "1"))
    }
}

#[async_trait]
impl Resource for Echo {
    fn schema(&self) -> Schema {
        schema()
    }
    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity())
    }
    async fn read(&self, request: ReadRequest) -> Result<ReadResponse, Diagnostics> {
        Ok(ReadResponse::new(request.state))
    }
    async fn create(&self, request: CreateRequest) -> Result<ApplyResponse, Diagnostics> {
        Ok(echoed(&request.plan))
    }
    async fn update(&self, request: UpdateRequest) -> Result<ApplyResponse, Diagnostics> {
        Ok(echoed(&request.plan))
    }
    async fn delete(&self, request: DeleteRequest) -> Result<ApplyResponse, Diagnostics> {
        let id = request.identity.as_ref().and_then(|identity| identity.string("id").known());
        match id {
            Some("1") => Ok(ApplyResponse::deleted()),
            id => Err(Diagnostic::error("Refused", format!("The identity is {id:?}.")).into()),
        }
    }
}

#[async_trait]
impl Provider for Echo {}

/// Finds objects until the client stops, and sends their number.
struct Endless(mpsc::UnboundedSender<usize>);

/// A search, which may be dropped at any time.
struct Search<'a> {
    found: usize,
    ended: &'a mpsc::UnboundedSender<usize>,
}

impl Drop for Search<'_> {
    fn drop(&mut self) {
        self.ended.send(self.found).unwrap();
    }
}

#[async_trait]
impl ListResource for Endless {
    fn schema(&self) -> Schema {
        schema()
    }
    async fn list(&self, _request: ListRequest, sink: ListSink) -> Result<(), Diagnostics> {
        let mut search = Search { found: 0, ended: &self.0 };
        loop {
            let id = search.found.to_string();
            let object = Object::default().with("id", id.as_str());
            if !sink.send(ListItem::new(format!("Thing {id}"), object)).await {
                return Ok(());
            }
            search.found += 1;
        }
    }
}

/// Joins any number of strings by a separator.
struct Join;

impl Function for Join {
    fn signature(&self) -> Signature {
        let parameter = |name| Parameter::new(name, Type::String, "A text.");
        Signature::new("Joins texts.", Type::String)
            .parameter(parameter("separator"))
            .variadic(parameter("texts"))
    }
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let texts = arguments.iter().filter_map(|value| {
            if let Value::String(text) = value { Some(text.as_str()) } else { None }
        });
        let texts: Vec<_> = texts.collect();
        Ok(texts[1..].join(texts[0]).into())
    }
}

/// Returns its argument.
struct Same;

impl Function for Same {
    fn signature(&self) -> Signature {
        Signature::new("Returns its argument.", Type::Dynamic)
            .parameter(Parameter::new("it", Type::Dynamic, "It.").allow_null().allow_unknown())
    }
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        Ok(arguments[0].clone())
    }
}

fn registry() -> Registry {
    Registry::new(Echo).resource("thing", Echo).function("join", Join).function("same", Same)
}

/// Plans and applies a create, and returns the new state.
async fn created(config: &Value) -> Value {
    let server = server(registry());
    let planned = server
        .plan_resource_change(request(protocol::plan_resource_change::Request {
            type_name: "thing".to_owned(),
            proposed_new_state: sent(config),
            config: sent(config),
            ..Default::default()
        }))
        .await
        .expect("no gRPC error")
        .into_inner();
    assert_eq!((&planned.diagnostics[..], planned.deferred), (&[][..], None));
    let applied = server
        .apply_resource_change(request(protocol::apply_resource_change::Request {
            type_name: "thing".to_owned(),
            planned_state: planned.planned_state,
            config: sent(config),
            ..Default::default()
        }))
        .await
        .expect("no gRPC error")
        .into_inner();
    assert_eq!(applied.diagnostics, []);
    received(applied.new_state.as_ref())
}

#[tokio::test]
async fn dynamic_values_keep_their_type() {
    let list = Type::List(Box::new(Type::Number));
    let object = Type::Object([("a".to_owned(), list.clone())].into());
    let numbers = Value::List(vec![1.into(), Value::Null]);
    for (ty, value) in [
        (Type::String, Value::from("text")),
        (Type::Bool, true.into()),
        (list.clone(), numbers.clone()),
        (object, Value::Map([("a".to_owned(), numbers)].into())),
        (Type::Tuple(vec![Type::String, list]), Value::List(vec!["a".into(), Value::Null])),
        (Type::String, Value::Null),
    ] {
        let dynamic = Value::Dynamic(Box::new((ty, value)));
        let config = thing([("name", "a".into()), ("anything", dynamic.clone())]);
        let state = created(&config).await;
        assert_eq!(state, thing([("name", "a".into()), ("id", "1".into()), ("anything", dynamic)]));
    }
    // A null without a type stays null.
    let state = created(&thing([("name", "a".into())])).await;
    assert_eq!(state, thing([("name", "a".into()), ("id", "1".into())]));
}

#[tokio::test]
async fn numbers_keep_their_precision() {
    for digits in
        ["1e400", "-1e-400", "0.1000000000000000055511151231257827", "36893488147419103233"]
    {
        let number = Value::Number(digits.parse().unwrap());
        let state = created(&thing([("name", "a".into()), ("number", number.clone())])).await;
        assert_eq!(state, thing([("name", "a".into()), ("id", "1".into()), ("number", number)]));
    }
}

#[tokio::test]
async fn variadic_function_takes_any_number_of_arguments() {
    let server = server(registry());
    let call = async |arguments: &[Value]| {
        let arguments = arguments.iter().map(|value| sent_as(value, &Type::String)).collect();
        let name = "join".to_owned();
        let response = server
            .call_function(request(protocol::call_function::Request { name, arguments }))
            .await
            .expect("no gRPC error")
            .into_inner();
        match (response.result, response.error) {
            (Some(result), None) => Ok(msgpack::decode(&result.msgpack, &Type::String).unwrap()),
            (None, Some(error)) => Err(error),
            both => panic!("{both:?}"),
        }
    };
    assert_eq!(call(&["-".into()]).await, Ok("".into()));
    assert_eq!(call(&["-".into(), "a".into()]).await, Ok("a".into()));
    assert_eq!(call(&["-".into(), "a".into(), "b".into(), "c".into()]).await, Ok("a-b-c".into()));
    assert_eq!(call(&["-".into(), Value::Unknown]).await, Ok(Value::Unknown));
    let error = call(&["-".into(), "a".into(), Value::Null]).await.unwrap_err();
    assert_eq!(error.function_argument, Some(2), "{error:?}");
    let error = call(&[]).await.unwrap_err();
    assert_eq!(error.function_argument, None, "{error:?}");
    let flag = sent_as(&true.into(), &Type::Bool);
    let text = sent_as(&"a".into(), &Type::String);
    let wrong = protocol::call_function::Request {
        name: "join".to_owned(),
        arguments: vec![text.clone(), text, flag],
    };
    let response = server.call_function(request(wrong)).await.unwrap().into_inner();
    assert_eq!(response.error.and_then(|error| error.function_argument), Some(2));
}

#[tokio::test]
async fn function_takes_and_returns_dynamic_values() {
    let server = server(registry());
    let value = Value::Dynamic(Box::new((Type::Number, 7.into())));
    let arguments = vec![sent_as(&value, &Type::Dynamic)];
    let call = protocol::call_function::Request { name: "same".to_owned(), arguments };
    let response = server.call_function(request(call)).await.unwrap().into_inner();
    assert_eq!(response.error, None);
    let result = msgpack::decode(&response.result.unwrap().msgpack, &Type::Dynamic).unwrap();
    assert_eq!(result, value);
}

fn wanted(limit: i64, include_resource_object: bool) -> protocol::list_resource::Request {
    protocol::list_resource::Request {
        type_name: "thing".to_owned(),
        config: sent(&thing([("name", "a".into())])),
        include_resource_object,
        limit,
    }
}

#[tokio::test]
async fn list_ends_at_its_limit() {
    let (ended, mut ends) = mpsc::unbounded_channel();
    let server = server(registry().list_resource("thing", Endless(ended)));
    for limit in [1, 3, 100] {
        let events = server.list_resource(request(wanted(limit, false))).await.unwrap();
        let events: Vec<_> = events.into_inner().collect().await;
        assert_eq!(i64::try_from(events.len()), Ok(limit));
        // The last send returns `false`.
        let more = i64::try_from(ends.recv().await.unwrap()).unwrap();
        assert_eq!(more, limit - 1, "{limit} wanted");
    }
}

#[tokio::test]
async fn list_ends_when_the_client_disconnects() {
    let (ended, mut ends) = mpsc::unbounded_channel();
    let server = server(registry().list_resource("thing", Endless(ended)));
    let mut events = server.list_resource(request(wanted(0, false))).await.unwrap().into_inner();
    assert!(events.next().await.is_some());
    drop(events);
    assert!(ends.recv().await.unwrap() < 100);
}

#[tokio::test]
async fn list_includes_objects_on_request() {
    let (ended, _ends) = mpsc::unbounded_channel();
    let server = server(registry().list_resource("thing", Endless(ended)));
    for include in [false, true] {
        let mut events =
            server.list_resource(request(wanted(1, include))).await.unwrap().into_inner();
        let event = events.next().await.unwrap().unwrap();
        assert!(event.identity.is_some(), "an identity always");
        assert_eq!(event.resource_object.is_some(), include);
        if include {
            let object = received(event.resource_object.as_ref());
            assert_eq!(object, thing([("id", "0".into())]));
        }
    }
}

/// A client that allows deferral gets an ordinary plan. OpenTofu 1.11.0 allows it
/// by mistake.
#[tokio::test]
async fn plan_is_never_deferred() {
    let server = server(registry());
    let client_capabilities =
        Some(protocol::ClientCapabilities { deferral_allowed: true, ..Default::default() });
    let unknown = sent(&thing([("name", Value::Unknown)]));
    let planned = server
        .plan_resource_change(request(protocol::plan_resource_change::Request {
            type_name: "thing".to_owned(),
            proposed_new_state: unknown.clone(),
            config: unknown,
            client_capabilities,
            ..Default::default()
        }))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((planned.deferred, planned.diagnostics.len()), (None, 0));
}

#[tokio::test]
async fn apply_of_unknown_values_creates_nothing() {
    let server = server(registry());
    let unknown = sent(&thing([("name", Value::Unknown)]));
    let applied = server
        .apply_resource_change(request(protocol::apply_resource_change::Request {
            type_name: "thing".to_owned(),
            planned_state: unknown.clone(),
            config: unknown,
            ..Default::default()
        }))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(applied.diagnostics.len(), 1);
    assert_eq!(applied.new_state, None, "nothing existed before, and nothing was created");
}

#[tokio::test]
async fn replacement_does_not_plan_the_old_identity() {
    let server = server(registry());
    let id = Value::Map([("id".to_owned(), "1".into())].into());
    let known = Some(protocol::ResourceIdentityData {
        identity_data: Some(sent_as(&id, &identity().value_type())),
    });
    let plan = async |prior: Option<protocol::DynamicValue>| {
        let request = request(protocol::plan_resource_change::Request {
            type_name: "thing".to_owned(),
            prior_state: prior,
            proposed_new_state: sent(&thing([("name", "new".into())])),
            config: sent(&thing([("name", "new".into())])),
            prior_identity: known.clone(),
            ..Default::default()
        });
        server.plan_resource_change(request).await.unwrap().into_inner().planned_identity
    };
    let prior = sent(&thing([("name", "old".into()), ("id", "1".into())]));
    assert_eq!(plan(prior).await, known);
    assert_eq!(plan(sent(&Value::Null)).await, None);
}

/// Terraform sends no identity with the deletion that is a part of a replacement.
#[tokio::test]
async fn deletion_without_an_identity_has_that_of_the_state() {
    let server = server(registry());
    for (id, errors) in [("1", 0), ("2", 1)] {
        let prior = thing([("name", "a".into()), ("id", id.into())]);
        let delete = protocol::apply_resource_change::Request {
            type_name: "thing".to_owned(),
            prior_state: sent(&prior),
            planned_state: sent(&Value::Null),
            config: sent(&Value::Null),
            ..Default::default()
        };
        let applied = server.apply_resource_change(request(delete)).await.unwrap().into_inner();
        assert_eq!(applied.diagnostics.len(), errors, "{applied:?}");
        let kept = applied.new_identity.and_then(|identity| identity.identity_data);
        let expected = Value::Map([("id".to_owned(), id.into())].into());
        let expected = sent_as(&expected, &identity().value_type());
        assert_eq!(kept, Some(expected).filter(|_| errors > 0), "a failed one keeps it");
    }
}

#[tokio::test]
async fn update_that_changes_the_identity_is_an_error() {
    let server = server(registry());
    let other = Value::Map([("id".to_owned(), "2".into())].into());
    let planned_identity = Some(protocol::ResourceIdentityData {
        identity_data: Some(sent_as(&other, &identity().value_type())),
    });
    let old = thing([("name", "old".into()), ("id", "2".into())]);
    let new = thing([("name", "new".into()), ("id", "2".into())]);
    let applied = server
        .apply_resource_change(request(protocol::apply_resource_change::Request {
            type_name: "thing".to_owned(),
            prior_state: sent(&old),
            planned_state: sent(&new),
            config: sent(&thing([("name", "new".into())])),
            planned_identity,
            ..Default::default()
        }))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(applied.diagnostics.len(), 1);
    assert!(applied.diagnostics[0].detail.contains("id differs"), "{applied:?}");
    assert_eq!(
        received(applied.new_state.as_ref()),
        thing([("name", "new".into()), ("id", "1".into())])
    );
}
