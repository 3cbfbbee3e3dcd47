//! List resources: what `terraform query` finds. Since Terraform 1.14.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::object::{Configuration, Identity, State};
use super::resource::ValidateRequest;
use super::schema::Schema;

/// A way to find existing objects of a managed resource of the same name.
#[async_trait]
pub trait ListResource: Send + Sync {
    /// What to search by.
    fn schema(&self) -> Schema;

    /// Checks a configuration without any call. Values may be unknown.
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Sends what it finds, until [`ListSink::send`] says that nobody listens.
    async fn list(&self, request: ListRequest, found: ListSink);
}

/// What to search for.
#[derive(Debug)]
pub struct ListRequest {
    /// What the user wrote, wholly known.
    pub configuration: Configuration,
    /// Whether the objects themselves are wanted beside their identities.
    pub include_object: bool,
    /// Ends when Terraform wants to stop.
    pub stop: CancellationToken,
}

/// One object.
#[derive(Debug)]
pub struct ListItem {
    /// What tells it from every other one.
    pub identity: Identity,
    /// What a person calls it.
    pub display_name: String,
    /// The object, when it was asked for.
    pub object: Option<State>,
}

/// Where a search puts what it finds. It is closed when the limit is reached or
/// the client has gone.
#[derive(Clone, Debug)]
pub struct ListSink {
    events: mpsc::Sender<Result<ListItem, Diagnostic>>,
    /// How many more objects are wanted.
    wanted: Arc<AtomicUsize>,
}

impl ListSink {
    /// A channel that holds `capacity` items, so that a search never runs far
    /// ahead of the client, and takes `limit` of them.
    #[must_use]
    pub fn channel(
        capacity: usize,
        limit: usize,
    ) -> (Self, mpsc::Receiver<Result<ListItem, Diagnostic>>) {
        let (events, receiver) = mpsc::channel(capacity);
        (Self { events, wanted: Arc::new(AtomicUsize::new(limit)) }, receiver)
    }

    /// Hands over one object. `false` says that the search is over: this was the
    /// last one that is wanted, or nobody listens any more.
    pub async fn send(&self, item: ListItem) -> bool {
        let wanted = self.wanted.load(Ordering::Relaxed);
        if wanted == 0 || self.events.send(Ok(item)).await.is_err() {
            return false;
        }
        self.wanted.store(wanted - 1, Ordering::Relaxed);
        wanted > 1
    }

    /// Ends when nobody listens any more.
    pub async fn closed(&self) {
        self.events.closed().await;
    }

    /// Reports a problem.
    pub async fn fail(&self, problem: Diagnostic) {
        // Whoever has stopped listening does not miss the problem.
        let _ = self.events.send(Err(problem)).await;
    }
}
