//! Data sources.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::client::{ClientCapabilities, Deferred};
use super::diagnostics::Diagnostics;
use super::object::{Configuration, State};
use super::resource::ValidateRequest;
use super::schema::Schema;

/// A type of remote object that Terraform reads and never changes.
#[async_trait]
pub trait DataSource: Send + Sync {
    /// Returns the schema of arguments and results.
    fn schema(&self) -> Schema;

    /// Checks a configuration offline. Values may be unknown.
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Reads the object.
    ///
    /// # Errors
    /// The messages, at least one of them an error.
    async fn read(&self, request: DataSourceRequest) -> Result<DataSourceResponse, Diagnostics>;
}

/// The request to read a data source.
#[derive(Debug)]
#[non_exhaustive]
pub struct DataSourceRequest {
    /// The configuration, wholly known.
    pub configuration: Configuration,
    /// The capabilities of the client.
    pub client: ClientCapabilities,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The result of a read.
#[derive(Debug, Default)]
pub struct DataSourceResponse {
    /// The arguments and results.
    pub state: State,
    /// Warnings.
    pub diagnostics: Diagnostics,
    /// The reason why the object cannot be read yet.
    pub deferred: Option<Deferred>,
}

impl DataSourceResponse {
    /// Returns the result with these arguments and results.
    #[must_use]
    pub fn new(state: impl Into<State>) -> Self {
        Self { state: state.into(), ..Self::default() }
    }
}
