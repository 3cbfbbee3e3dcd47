//! What is true when the connection dies at any step of any operation.
//!
//! A small server that locks active connectors loses requests before or after
//! it carries them out, once or for good. Afterwards two things must hold: the
//! client never claims more than is true, and once the server can be reached
//! again, doing the same operation leads to where it was meant to lead.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::testing::{
    ID, SERVER_EPOCH, budget, connectors, content, id, object, page, reply_with, with,
};
use crate::transport::{Failure, FailureKind, RawResponse, Transport};

/// A server with room for one connector.
struct Server {
    inside: Mutex<Inside>,
    began: tokio::time::Instant,
}

struct Inside {
    connector: Option<Value>,
    requests: usize,
    outage: Option<Outage>,
}

/// From which request on the connection is dead, and for how many.
#[derive(Clone, Copy, Debug)]
struct Outage {
    from: usize,
    requests: usize,
    carried_out: bool,
}

impl Server {
    fn new(connector: Option<Value>, outage: Option<Outage>) -> Arc<Self> {
        let inside = Mutex::new(Inside { connector, requests: 0, outage });
        Arc::new(Self { inside, began: tokio::time::Instant::now() })
    }

    fn connector(&self) -> Option<Value> {
        self.inside.lock().unwrap().connector.clone()
    }

    fn requests(&self) -> usize {
        self.inside.lock().unwrap().requests
    }

    fn repair(&self) {
        self.inside.lock().unwrap().outage = None;
    }

    fn now(&self) -> i64 {
        SERVER_EPOCH + i64::try_from(self.began.elapsed().as_millis()).unwrap()
    }
}

impl Inside {
    /// Carries a request out, and answers with a status and a body.
    fn carry_out(&mut self, request: &http::Request<Bytes>, now: i64) -> (u16, Value) {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let is_list = request.uri().path().ends_with("/v2/connector");
        if request.uri().path().ends_with("/incoming-references") {
            return (200, page(&[]));
        }
        let held = self.connector.clone();
        match (request.method(), held) {
            (&Method::GET, held) if is_list => (200, page(held.as_slice())),
            (&Method::GET, Some(held)) => (200, held),
            (&Method::POST, Some(_)) => (409, json!({})),
            (&Method::POST, None) => {
                let made = with(object(0, now), &body);
                self.connector = Some(made.clone());
                (201, made)
            }
            (&Method::PUT, Some(held)) => {
                if body["version"] != held["version"] {
                    return (409, json!({}));
                }
                let mut switched = held.clone();
                switched["active"] = body["active"].clone();
                let mut edited = with(held.clone(), &body);
                if held["active"] == true && edited != switched {
                    return (423, json!({}));
                }
                edited["version"] = json!(held["version"].as_i64().unwrap() + 1);
                self.connector = Some(edited.clone());
                (200, edited)
            }
            (&Method::DELETE, Some(held)) if held["active"] == true => (423, json!({})),
            (&Method::DELETE, Some(_)) => {
                self.connector = None;
                (204, Value::Null)
            }
            _ => (404, json!({})),
        }
    }
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: http::Request<Bytes>) -> Result<RawResponse, Failure> {
        let now = self.now();
        let mut inside = self.inside.lock().unwrap();
        let number = inside.requests;
        inside.requests += 1;
        let is_lost =
            |outage: &Outage| number >= outage.from && number - outage.from < outage.requests;
        let outage = inside.outage.filter(is_lost);
        if outage.is_some_and(|outage| !outage.carried_out) {
            return Err(Failure::new(FailureKind::ConnectionLost));
        }
        let (status, body) = inside.carry_out(&request, now);
        if outage.is_some() {
            return Err(Failure::new(FailureKind::ConnectionLost));
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now).unwrap());
        Ok(reply_with(status, &[], &body.to_string(), now))
    }
}

/// Every outage that an operation of some requests can meet.
fn outages(requests: usize) -> impl Iterator<Item = Outage> {
    (0..requests).flat_map(|from| {
        [1, 2, 6, usize::MAX].into_iter().flat_map(move |requests| {
            [false, true].map(|carried_out| Outage { from, requests, carried_out })
        })
    })
}

/// What the test wants: an edit of a connector that has another scope.
fn wanted() -> ConnectorContent {
    ConnectorContent { scope: Some("new".to_owned()), ..content() }
}

fn before() -> Value {
    with(object(3, SERVER_EPOCH - 1000), &json!({"scope": "old", "clientSecret": "s3cret-canary"}))
}

#[tokio::test(start_paused = true)]
async fn a_create_converges_from_every_outage() {
    for outage in outages(1) {
        let server = Server::new(None, Some(outage));
        let connectors = connectors(server.clone());
        match connectors.create(&content(), &budget()).await {
            Ok(created) => {
                assert_eq!(created.connector.id.as_str(), ID);
                assert!(created.adopted, "{outage:?}");
            }
            Err(failure) => {
                let honest = match failure.aftermath {
                    CreateAftermath::NotSeen => server.connector().is_none(),
                    CreateAftermath::Unknown => true,
                    CreateAftermath::NotCreated
                    | CreateAftermath::NameTakenBy(_)
                    | CreateAftermath::Found(_)
                    | CreateAftermath::Created { .. } => false,
                };
                assert!(honest, "{outage:?}: {failure:?}");
                server.repair();
                // The next apply creates it, or is told who has the name.
                match connectors.create(&content(), &budget()).await {
                    Ok(created) => assert!(!created.adopted),
                    Err(failure) => {
                        let CreateAftermath::NameTakenBy(holder) = failure.aftermath else {
                            panic!("{outage:?}: {failure:?}")
                        };
                        assert_eq!(holder.id.as_str(), ID);
                    }
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_converges_from_every_outage() {
    let undisturbed = Server::new(Some(before()), None);
    connectors(undisturbed.clone()).update(&id(), &wanted(), Some(3), &budget()).await.unwrap();
    assert_eq!(undisturbed.requests(), 5, "423, read, deactivate, edit, activate");

    for outage in outages(5) {
        let server = Server::new(Some(before()), Some(outage));
        let connectors = connectors(server.clone());
        let outcome = connectors.update(&id(), &wanted(), Some(3), &budget()).await;
        let now = server.connector().unwrap();
        match outcome {
            Ok(connector) => assert!(connector.active, "{outage:?}"),
            Err(failure) => {
                let is_honest = match &failure.aftermath {
                    UpdateAftermath::Unchanged(_) | UpdateAftermath::Reactivated(_) => {
                        now["active"] == true && now["scope"] == "old"
                    }
                    UpdateAftermath::LeftDeactivated { .. }
                    | UpdateAftermath::Unknown { may_be_inactive: true, .. } => true,
                    UpdateAftermath::Unknown { may_be_inactive: false, .. } => {
                        now["active"] == true
                    }
                    UpdateAftermath::Gone => false,
                };
                assert!(is_honest, "{outage:?}: {:?}, but {now}", failure.aftermath);
            }
        }
        server.repair();
        // The next apply reads the version first.
        let connector = connectors.update(&id(), &wanted(), None, &budget()).await.unwrap();
        assert!(connector.active && connector.scope.as_deref() == Some("new"), "{outage:?}");
        let now = server.connector().unwrap();
        assert_eq!((&now["active"], &now["scope"]), (&json!(true), &json!("new")), "{outage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_converges_from_every_outage() {
    let undisturbed = Server::new(Some(before()), None);
    connectors(undisturbed.clone()).delete(&id(), &budget()).await.unwrap();
    assert_eq!(undisturbed.requests(), 5, "423, read, references, deactivate, delete");

    for outage in outages(5) {
        let server = Server::new(Some(before()), Some(outage));
        let connectors = connectors(server.clone());
        let outcome = connectors.delete(&id(), &budget()).await;
        let is_active = server.connector().map(|now| now["active"] == true);
        match outcome {
            Ok(deleted) => {
                assert!(!deleted.was_missing, "{outage:?}");
                assert_eq!(is_active, None, "{outage:?}");
            }
            Err(failure) => {
                let is_honest = match failure.aftermath {
                    DeleteAftermath::StillThere(_) | DeleteAftermath::Reactivated(_) => {
                        is_active == Some(true)
                    }
                    DeleteAftermath::LeftDeactivated { .. }
                    | DeleteAftermath::Unknown { may_be_inactive: true } => true,
                    DeleteAftermath::Unknown { may_be_inactive: false } => is_active != Some(false),
                };
                assert!(is_honest, "{outage:?}: {:?}, but {is_active:?}", failure.aftermath);
            }
        }
        server.repair();
        connectors.delete(&id(), &budget()).await.unwrap();
        assert_eq!(server.connector(), None, "{outage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rotated_secret_reaches_a_locked_connector() {
    let server = Server::new(Some(before()), None);
    let rotated = ConnectorContent {
        client_secret: Some(safe_text::Secret::from("rotated")),
        scope: Some("old".to_owned()),
        ..content()
    };
    connectors(server.clone()).update(&id(), &rotated, Some(3), &budget()).await.unwrap();
    let now = server.connector().unwrap();
    assert_eq!((&now["clientSecret"], &now["active"]), (&json!("rotated"), &json!(true)));
}
