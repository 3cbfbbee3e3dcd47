//! Actions: operations that change no state. Since Terraform 1.14.

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::client::{ClientCapabilities, Deferred};
use super::diagnostics::Diagnostics;
use super::object::Configuration;
use super::resource::ValidateRequest;
use super::schema::Schema;

/// An operation that a configuration triggers.
#[async_trait]
pub trait Action: Send + Sync {
    /// Returns the schema of the arguments.
    fn schema(&self) -> Schema;

    /// Checks a configuration offline. Values may be unknown.
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Checks that the action can be carried out later.
    async fn plan(&self, _request: PlanActionRequest) -> PlanActionResponse {
        PlanActionResponse::default()
    }

    /// Carries out the action, even if the client disconnects meanwhile, and returns
    /// warnings.
    ///
    /// # Errors
    /// When the action could not be carried out.
    async fn invoke(
        &self,
        request: InvokeRequest,
        progress: Progress,
    ) -> Result<Diagnostics, Diagnostics>;
}

/// The request to plan an action.
#[derive(Debug)]
#[non_exhaustive]
pub struct PlanActionRequest {
    /// The configuration. Values may be unknown.
    pub configuration: Configuration,
    /// The capabilities of the client.
    pub client: ClientCapabilities,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The plan of an action.
#[derive(Debug, Default)]
pub struct PlanActionResponse {
    /// Messages. An error refuses the plan.
    pub diagnostics: Diagnostics,
    /// The reason why the action cannot be planned yet.
    pub deferred: Option<Deferred>,
}

/// The request to carry out an action.
#[derive(Debug)]
#[non_exhaustive]
pub struct InvokeRequest {
    /// The configuration, wholly known.
    pub configuration: Configuration,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// Reports the progress of an action to the user.
#[derive(Clone, Debug)]
pub struct Progress(mpsc::Sender<String>);

impl Progress {
    pub(crate) fn channel() -> (Self, mpsc::Receiver<String>) {
        let (sender, receiver) = mpsc::channel(16);
        (Self(sender), receiver)
    }

    /// Shows a message.
    pub async fn report(&self, message: impl Into<String>) {
        // A client that has disconnected does not miss the message.
        let _ = self.0.send(message.into()).await;
    }
}
