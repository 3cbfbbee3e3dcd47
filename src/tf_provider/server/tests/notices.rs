//! The notices of a provider: the response of the next call has them, once.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::StreamExt as _;

use super::promises::{Scripted, kept, named, received, sent, thing};
use super::{request, server};
use crate::action::{Action, InvokeRequest, Progress};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::list::{ListItem, ListRequest, ListResource, ListSink};
use crate::object::Object;
use crate::protocol::tfplugin5 as protocol;
use crate::protocol::tfplugin5::provider_server::Provider as _;
use crate::provider::{Provider, Registry};
use crate::schema::Schema;
use crate::server::Server;
use crate::value::Value;

/// Has one notice, to be taken once.
#[derive(Clone)]
struct Notices(Arc<Mutex<Diagnostics>>);

fn notices() -> Notices {
    let notice = Diagnostic::warning("A token was replaced", "It was about to expire.");
    Notices(Arc::new(Mutex::new(notice.into())))
}

#[async_trait]
impl Provider for Notices {
    fn take_notices(&self) -> Diagnostics {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl ListResource for Notices {
    async fn list(&self, _request: ListRequest, sink: ListSink) -> Result<(), Diagnostics> {
        sink.send(ListItem::new("a", Object::default().with("name", "a"))).await;
        Ok(())
    }
}

#[async_trait]
impl Action for Notices {
    fn schema(&self) -> Schema {
        Schema::default()
    }
    async fn invoke(
        &self,
        _request: InvokeRequest,
        _progress: Progress,
    ) -> Result<Diagnostics, Diagnostics> {
        Err(Diagnostic::error("Refused", "It was refused.").into())
    }
}

/// Panics when it is asked for notices.
struct Panics;

#[async_trait]
impl Provider for Panics {
    fn take_notices(&self) -> Diagnostics {
        panic!("hunter2")
    }
}

fn noticing() -> Server {
    let notices = notices();
    let registry = Registry::new(notices.clone())
        .resource("thing", Scripted::default())
        .list_resource("thing", notices.clone())
        .action("thing", notices);
    server(registry)
}

fn summaries(messages: &[protocol::Diagnostic]) -> Vec<&str> {
    messages.iter().map(|message| message.summary.as_str()).collect()
}

#[tokio::test]
async fn failed_apply_has_the_notices_once() {
    let server = noticing();
    let update = || protocol::apply_resource_change::Request {
        type_name: "thing".to_owned(),
        prior_state: sent(&thing([("name", "a".into())])),
        planned_state: sent(&thing([("name", "b".into())])),
        planned_identity: named("a"),
        ..Default::default()
    };
    let first = server.apply_resource_change(request(update())).await.unwrap().into_inner();
    assert_eq!(summaries(&first.diagnostics), ["Refused", "A token was replaced"]);
    let second = server.apply_resource_change(request(update())).await.unwrap().into_inner();
    assert_eq!(summaries(&second.diagnostics), ["Refused"]);
}

/// Even one that ends at its limit.
#[tokio::test]
async fn list_has_the_notices_once() {
    for limit in [0, 1] {
        let server = noticing();
        for notices in [1, 0] {
            let list = protocol::list_resource::Request {
                type_name: "thing".to_owned(),
                limit,
                ..Default::default()
            };
            let events = server.list_resource(request(list)).await.unwrap().into_inner();
            let events: Vec<_> = events.map(|event| event.unwrap()).collect().await;
            assert_eq!(events[0].display_name, "a");
            let said = events[1..].iter().flat_map(|event| summaries(&event.diagnostic));
            let said: Vec<_> = said.collect();
            assert_eq!(said, ["A token was replaced"][..notices], "{limit}");
        }
    }
}

#[tokio::test]
async fn failed_action_has_the_notices_once() {
    use protocol::invoke_action::event::Type as Event;
    let server = noticing();
    for expected in [&["Refused", "A token was replaced"][..], &["Refused"]] {
        let invoke = protocol::invoke_action::Request {
            action_type: "thing".to_owned(),
            ..Default::default()
        };
        let events = server.invoke_action(request(invoke)).await.unwrap().into_inner();
        let events: Vec<_> = events.map(|event| event.unwrap().r#type.unwrap()).collect().await;
        let [Event::Completed(completed)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(summaries(&completed.diagnostics), expected);
    }
}

#[tokio::test]
async fn panic_in_the_notices_does_not_fail_a_call() {
    let resource = Scripted { read: Some(kept()), ..Scripted::default() };
    let server = server(Registry::new(Panics).resource("thing", resource));
    let read = protocol::read_resource::Request {
        type_name: "thing".to_owned(),
        current_state: sent(&thing([("name", "b".into())])),
        ..Default::default()
    };
    let read = server.read_resource(request(read)).await.unwrap().into_inner();
    assert_eq!(read.diagnostics, []);
    let name = Value::from("a");
    assert_eq!(received(read.new_state.as_ref()), thing([("name", name)]));
}
