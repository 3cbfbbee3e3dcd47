//! The parts that every call shares: endpoints, tokens and the pipeline.

use std::sync::Arc;
use std::time::Duration;

use super::auth::Tokens;
use super::budget::Budget;
use super::error::Error;
use super::identifiers::OrganizationId;
use super::pipeline::{HttpPipeline, ProbeResponse, Response, RetryMode};
use super::request::{Endpoints, Request};

/// The first wait for a write to become visible in reads.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Sends requests about an organization, with its access token.
pub(crate) struct Session {
    pub(crate) endpoints: Endpoints,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) pipeline: Arc<HttpPipeline>,
    pub(crate) visibility_timeout: Duration,
}

impl Session {
    /// Returns the waits between reads of a connector that a recent write made and Webex may not
    /// show yet. Each is twice the one before; together they stay within `visibility_timeout`.
    pub(crate) fn pauses_until_visible(&self) -> impl Iterator<Item = Duration> + use<> {
        let mut left = self.visibility_timeout;
        let doubling = std::iter::successors(Some(FIRST_PAUSE), |pause| pause.checked_mul(2));
        doubling.map_while(move |pause| {
            left = left.checked_sub(pause)?;
            Some(pause)
        })
    }

    /// Sends a request once and returns the response of any status.
    pub(crate) async fn probe(
        &self,
        organization: OrganizationId,
        request: &Request,
        budget: &Budget,
    ) -> Result<ProbeResponse, Error> {
        let bearer = self.tokens.for_organization(organization);
        self.pipeline.probe(request, &bearer, budget).await
    }

    /// Sends a request until it succeeds or must not be retried.
    pub(crate) async fn send(
        &self,
        organization: OrganizationId,
        request: &Request,
        retry_mode: RetryMode,
        budget: &Budget,
    ) -> Result<Response, Error> {
        let bearer = self.tokens.for_organization(organization);
        self.pipeline.run(request, &bearer, retry_mode, budget).await
    }
}
