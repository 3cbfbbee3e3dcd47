//! One request whose answer is of interest whatever it is.

use http::StatusCode;

use super::super::budget::Budget;
use super::super::error::Error;
use super::super::redact::Redactor;
use super::super::request::Request;
use super::super::transport::Answer;
use super::{Authorize, Context, Exchange, failed, redactor, refusal};

/// An answer of any status.
pub(crate) struct Seen {
    pub(crate) answer: Answer,
    /// What the answer means, when its status is not 2xx.
    pub(crate) refusal: Option<Error>,
    /// Knows what must not be shown of it.
    pub(crate) redactor: Redactor,
}

impl Exchange {
    /// Sends a request once; after a 401 once more, if the token can be
    /// renewed. Nothing is waited for but the rate limit.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn look(
        &self,
        request: &Request,
        authorize: &dyn Authorize,
        budget: &Budget,
    ) -> Result<Seen, Error> {
        let mut context = Context::new(request);
        budget.check().map_err(|interruption| context.interrupted(interruption))?;
        let mut token = authorize.token(budget).await?;
        let mut may_renew = authorize.is_renewable();
        loop {
            let waited = self.limiter.acquire(budget).await;
            context.details.waited +=
                waited.map_err(|interruption| context.interrupted(interruption))?;
            let ended = self.attempt(request, token.as_ref(), &mut context, budget).await;
            let answer = ended.map_err(|failure| failed(&context, failure))?;
            if answer.status == StatusCode::UNAUTHORIZED
                && may_renew
                && let Some(refused) = &token
            {
                may_renew = false;
                token = Some(authorize.renew(refused, budget).await?);
                continue;
            }
            let redactor = redactor(request, authorize, token.as_ref());
            let refusal = (!answer.status.is_success()).then(|| {
                let is_renewable = authorize.is_renewable();
                refusal(&context, request, &answer, None, is_renewable, &redactor)
            });
            return Ok(Seen { answer, refusal, redactor });
        }
    }
}
