//! Sends one request and returns its response of any status.

use super::super::budget::Budget;
use super::super::error::Error;
use super::super::redact::Redactor;
use super::super::request::Request;
use super::super::transport::RawResponse;
use super::{Authorize, HttpPipeline, RequestContext, RetryMode, failed, refusal};

/// A response of any status.
pub(crate) struct ProbeResponse {
    pub(crate) response: RawResponse,
    /// The error that the response means, when its status is not 2xx.
    pub(crate) refusal: Option<Error>,
    /// Removes all credentials that the process has seen from texts of the response.
    pub(crate) redactor: Redactor,
}

impl HttpPipeline {
    /// Sends a request once; after a 401 once more, if the token can be renewed. It waits for the
    /// rate limit only.
    ///
    /// # Errors
    /// Fails when there is no response.
    pub(crate) async fn probe(
        &self,
        request: &Request,
        authorize: &dyn Authorize,
        budget: &Budget,
    ) -> Result<ProbeResponse, Error> {
        let mut context = RequestContext::new(request);
        let once = RetryMode::OneAttempt;
        let end = self.send(request, authorize, once, budget, &mut context).await?;
        let response = end.outcome.map_err(|failure| failed(&context, failure))?;
        let redactor = self.redactor.clone();
        let refusal = (!response.status.is_success()).then(|| {
            let is_renewable = authorize.is_renewable();
            refusal(&context, request, &response, end.retry_after, is_renewable, &redactor)
        });
        Ok(ProbeResponse { response, refusal, redactor })
    }
}
