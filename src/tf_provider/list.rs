//! List resources, which `terraform query` searches. Since Terraform 1.14.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::object::{Configuration, Identity, State};
use super::resource::ValidateRequest;
use super::schema::Schema;

/// Finds existing objects of the managed resource of the same name.
#[async_trait]
pub trait ListResource: Send + Sync {
    /// Returns the schema of the search criteria; by default there are none.
    fn schema(&self) -> Schema {
        Schema::default()
    }

    /// Checks a configuration offline. Values may be unknown.
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Sends the objects found, until [`ListSink::send`] returns `false`. The search
    /// is dropped when the client disconnects.
    ///
    /// # Errors
    /// When the search cannot continue. The objects that were sent are kept.
    async fn list(&self, request: ListRequest, sink: ListSink) -> Result<(), Diagnostics>;
}

/// The request to list objects.
#[derive(Debug)]
#[non_exhaustive]
pub struct ListRequest {
    /// The search criteria, wholly known.
    pub configuration: Configuration,
    /// Whether the objects are wanted in addition to their identities.
    pub include_object: bool,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

impl ListRequest {
    /// Returns a request for the identities of all objects that match.
    #[must_use]
    pub fn new(configuration: Configuration) -> Self {
        Self { configuration, include_object: false, stop: CancellationToken::new() }
    }
}

/// One object found.
#[derive(Debug)]
pub struct ListItem {
    /// The object's name for people.
    pub display_name: String,
    /// The object's identity. `None` is that of the attributes of the same names.
    pub identity: Option<Identity>,
    /// The object. It is sent if the request includes it.
    pub object: Option<State>,
}

impl ListItem {
    /// Returns an item with an object, of which the identity is a part.
    #[must_use]
    pub fn new(display_name: impl Into<String>, object: impl Into<State>) -> Self {
        let object = Some(object.into());
        Self { display_name: display_name.into(), identity: None, object }
    }
}

/// Receives the objects that a list resource finds.
///
/// Clones may send concurrently; the limit holds for all of them together.
#[derive(Clone, Debug)]
pub struct ListSink {
    events: mpsc::Sender<Result<ListItem, Diagnostic>>,
    /// The number of objects still wanted.
    wanted: Arc<AtomicUsize>,
}

impl ListSink {
    /// Returns a channel for `limit` items. It holds `capacity` items, at least one,
    /// so that a search never runs far ahead of the client.
    #[must_use]
    pub fn channel(
        capacity: usize,
        limit: usize,
    ) -> (Self, mpsc::Receiver<Result<ListItem, Diagnostic>>) {
        let (events, receiver) = mpsc::channel(capacity.max(1));
        (Self { events, wanted: Arc::new(AtomicUsize::new(limit)) }, receiver)
    }

    /// Sends one object. Returns `false` if the search is over: the limit is
    /// reached, or the client has disconnected.
    pub async fn send(&self, item: ListItem) -> bool {
        let take = |wanted: usize| wanted.checked_sub(1);
        let taken = self.wanted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        match taken {
            Ok(wanted) => self.events.send(Ok(item)).await.is_ok() && wanted > 1,
            Err(_) => false,
        }
    }

    /// Returns when the limit is reached, or the client has disconnected.
    pub(crate) async fn closed(&self) {
        self.events.closed().await;
    }

    /// Sends errors and warnings.
    pub async fn report(&self, messages: impl Into<Diagnostics>) {
        for message in messages.into() {
            // A client that has disconnected does not miss the message.
            let _ = self.events.send(Err(message)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Object;

    #[tokio::test]
    async fn channel_holds_at_least_one_item() {
        let (sink, mut found) = ListSink::channel(0, 1);
        assert!(!sink.send(ListItem::new("a", Object::default())).await, "the limit is reached");
        assert!(found.recv().await.is_some());
    }
}
