//! Data sources.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::diagnostics::Diagnostics;
use super::object::{Configuration, State};
use super::resource::ValidateRequest;
use super::schema::Schema;

/// Something that Terraform reads and never changes.
#[async_trait]
pub trait DataSource: Send + Sync {
    /// Its arguments and results.
    fn schema(&self) -> Schema;

    /// Checks a configuration without any call. Values may be unknown.
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Reads it.
    async fn read(&self, request: DataSourceRequest) -> Result<DataSourceResponse, Diagnostics>;
}

/// What to read.
#[derive(Debug)]
pub struct DataSourceRequest {
    /// What the user wrote, wholly known.
    pub configuration: Configuration,
    /// Ends when Terraform wants to stop.
    pub stop: CancellationToken,
}

/// What was read.
#[derive(Debug)]
pub struct DataSourceResponse {
    /// Arguments and results.
    pub state: State,
    /// Warnings.
    pub diagnostics: Diagnostics,
}
