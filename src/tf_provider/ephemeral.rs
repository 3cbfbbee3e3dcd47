//! Ephemeral resources: values for one run, stored nowhere. Since Terraform 1.10.

use std::time::SystemTime;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::client::{ClientCapabilities, Deferred};
use super::diagnostics::{Diagnostic, Diagnostics};
use super::object::{Configuration, Object, PrivateState};
use super::resource::ValidateRequest;
use super::schema::Schema;

/// A value that lives for one run, such as a token.
#[async_trait]
pub trait EphemeralResource: Send + Sync {
    /// Returns the schema of arguments and results.
    fn schema(&self) -> Schema;

    /// Checks a configuration offline. Values may be unknown.
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Returns the value.
    ///
    /// # Errors
    /// The messages, at least one of them an error.
    async fn open(&self, request: OpenRequest) -> Result<OpenResponse, Diagnostics>;

    /// Prolongs the value. Called after [`OpenResponse::renew_at`].
    ///
    /// # Errors
    /// The messages, at least one of them an error.
    async fn renew(&self, _request: RenewRequest) -> Result<RenewResponse, Diagnostics> {
        let detail = "Run the command again. This type of ephemeral resource cannot be renewed.";
        Err(Diagnostic::error("The ephemeral resource cannot be renewed", detail).into())
    }

    /// Releases the value, and returns warnings. Terraform closes also after a Stop.
    ///
    /// # Errors
    /// When the value could not be released.
    async fn close(&self, _request: CloseRequest) -> Result<Diagnostics, Diagnostics> {
        Ok(Diagnostics::new())
    }
}

/// The request for a value.
#[derive(Debug)]
#[non_exhaustive]
pub struct OpenRequest {
    /// The configuration, wholly known.
    pub configuration: Configuration,
    /// The capabilities of the client.
    pub client: ClientCapabilities,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// A value for one run.
#[derive(Debug, Default)]
pub struct OpenResponse {
    /// The arguments and results.
    pub result: Object,
    /// Data for the calls to renew and close.
    pub private: PrivateState,
    /// When Terraform should renew the value, if it expires.
    pub renew_at: Option<SystemTime>,
    /// Warnings.
    pub diagnostics: Diagnostics,
    /// The reason why there is no value yet.
    pub deferred: Option<Deferred>,
}

impl OpenResponse {
    /// Returns the value with these arguments and results.
    #[must_use]
    pub fn new(result: Object) -> Self {
        Self { result, ..Self::default() }
    }
}

/// The request to prolong a value.
#[derive(Debug)]
#[non_exhaustive]
pub struct RenewRequest {
    /// The data of the last response.
    pub private: PrivateState,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// A prolonged value.
#[derive(Debug, Default)]
pub struct RenewResponse {
    /// Data for the next calls. An empty one keeps that of the request.
    pub private: PrivateState,
    /// When Terraform should renew the value again.
    pub renew_at: Option<SystemTime>,
    /// Warnings.
    pub diagnostics: Diagnostics,
}

/// The request to release a value.
#[derive(Debug)]
#[non_exhaustive]
pub struct CloseRequest {
    /// The data of the last response.
    pub private: PrivateState,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}
