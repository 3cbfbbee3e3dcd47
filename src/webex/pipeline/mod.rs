//! One request with everything around it: a token, its turn, its attempts and
//! the waits between them.
//!
//! This is where the layers meet: [`Authorize`] gives the token, the
//! [`Limiter`] the turn, the [`Transport`] sends, [`retry`] decides. What comes
//! out is an answer of status 2xx, or a typed error.

mod context;
mod probe;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::{HeaderValue, StatusCode};
use tokio::time::Instant;
use uuid::Uuid;

use super::budget::{Budget, STOP_GRACE};
use super::error::{BodyProblem, Cause, Deadline, Error, ErrorKind};
use super::limiter::Limiter;
use super::redact::Redactor;
use super::request::Request;
use super::retry::{self, AttemptOutcome, Idempotency, RetryDecision};
use super::transport::{Failure, FailureKind, RawResponse, Transport};
use safe_text::Secret;

use context::{RequestContext, failed, redactor, refusal, server_tracking_id};

pub(crate) use probe::ProbeResponse;

/// What our tracking ids begin with, so that Webex's support can tell whose
/// they are.
const TRACKING_PREFIX: &str = "TERRAFORMWEBEX";

/// Sends requests until they are answered or nothing more can be done.
pub(crate) struct HttpPipeline {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) limiter: Limiter,
    pub(crate) max_retries: u32,
    pub(crate) request_timeout: Duration,
    pub(crate) user_agent: HeaderValue,
}

/// A token, and which of its kind it is.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    /// Counts up with each renewal, so that of many operations whose token was
    /// refused only the first renews it.
    pub(crate) generation: u64,
}

/// Where the token of a request comes from.
#[async_trait]
pub(crate) trait Authorize: Send + Sync {
    /// The token to use now; none where a request needs none.
    async fn token(&self, budget: &Budget) -> Result<Option<Token>, Error>;

    /// Whether another token can be had when one is refused.
    fn is_renewable(&self) -> bool;

    /// A token that is newer than the refused one.
    async fn renew(&self, refused: &Token, budget: &Budget) -> Result<Token, Error>;

    /// Every secret that this source knows, to be kept out of texts.
    fn secrets(&self) -> Vec<Secret>;
}

/// How often a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryMode {
    /// As often as the settings allow.
    Normal,
    /// Once: for what is nice to know but not worth waiting for.
    OneAttempt,
}

/// An answer of status 2xx.
pub(crate) struct Response {
    pub(crate) response: RawResponse,
    /// When the answer was complete.
    pub(crate) received: Instant,
    context: RequestContext,
}

/// How the last attempt to send a request ended.
struct LastAttempt {
    outcome: Result<RawResponse, Failure>,
    at: Instant,
    /// What the answer says about when to come back.
    retry_after: Option<Duration>,
    /// Knows what must not be shown of it.
    redactor: Redactor,
}

impl Response {
    pub(crate) fn body(&self) -> &[u8] {
        self.response.body.as_slice()
    }

    /// The server's clock when it answered.
    pub(crate) fn server_time(&self) -> Option<SystemTime> {
        retry::server_time(&self.response.headers)
    }

    /// An error about an answer that looked good at first.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        self.context.error(kind, Some(self.response.status))
    }

    /// An error about a body that cannot be read, after a request that was
    /// carried out.
    pub(crate) fn unreadable(&self, problem: BodyProblem) -> Error {
        self.error(ErrorKind::UnreadableBody(problem))
    }
}

impl HttpPipeline {
    /// Sends a request until it is answered with 2xx, or nothing more can be
    /// done about it.
    pub(crate) async fn run(
        &self,
        request: &Request,
        authorize: &dyn Authorize,
        retry_mode: RetryMode,
        budget: &Budget,
    ) -> Result<Response, Error> {
        let mut context = RequestContext::new(request);
        let end = self.send(request, authorize, retry_mode, budget, &mut context).await?;
        match end.outcome {
            Ok(response) if response.status.is_success() => {
                context.details.outcome_unknown = false;
                context.details.server_tracking_id =
                    server_tracking_id(&response.headers, &end.redactor);
                Ok(Response { response, received: end.at, context })
            }
            Ok(response) => {
                let is_renewable = authorize.is_renewable();
                let advice = end.retry_after;
                Err(refusal(&context, request, &response, advice, is_renewable, &end.redactor))
            }
            Err(failure) => Err(failed(&context, failure)),
        }
    }

    /// Sends a request until it is sent no more, with a token, in its turn, and
    /// with the waits between attempts; the error is one of all these. How often
    /// it was tried, and what became of it, is in `context`.
    async fn send(
        &self,
        request: &Request,
        authorize: &dyn Authorize,
        retry_mode: RetryMode,
        budget: &Budget,
        context: &mut RequestContext,
    ) -> Result<LastAttempt, Error> {
        budget.check().map_err(|interruption| context.interrupted(interruption))?;
        let mut token = authorize.token(budget).await?;
        let mut may_renew = authorize.is_renewable();
        let mut retries = 0;
        loop {
            if request.is_limited {
                let waited = self.limiter.acquire(budget).await;
                context.details.waited +=
                    waited.map_err(|interruption| context.interrupted(interruption))?;
            }
            let outcome = self.attempt(request, token.as_ref(), context, budget).await;
            let ending = match &outcome {
                Ok(response) => AttemptOutcome::Status(response.status),
                Err(failure) => AttemptOutcome::Failure(failure.kind),
            };
            let is_unauthorized = ending == AttemptOutcome::Status(StatusCode::UNAUTHORIZED);
            if is_unauthorized
                && may_renew
                && let Some(refused) = &token
            {
                may_renew = false;
                let renewed = authorize.renew(refused, budget).await;
                let unknown = context.details.outcome_unknown;
                token = Some(renewed.map_err(|error| error.with_outcome_unknown(unknown))?);
                continue;
            }
            let at = Instant::now();
            let decision = retry::decide(request.idempotency, ending);
            context.details.outcome_unknown |=
                retry::may_have_executed(request.idempotency, ending);

            let retry_after = outcome
                .as_ref()
                .ok()
                .and_then(|response| retry::retry_after(&response.headers, SystemTime::now()));
            let pause = retry::pause(retries, ending, retry_after, fastrand::f64());
            if ending == AttemptOutcome::Status(StatusCode::TOO_MANY_REQUESTS) && request.is_limited
            {
                self.limiter.pause(retry_after.unwrap_or(pause));
            }
            let may_retry = decision == RetryDecision::Retry
                && retry_mode == RetryMode::Normal
                && retries < self.max_retries;
            let fits = pause < budget.remaining();
            if may_retry && fits {
                retries += 1;
                let waiting = Instant::now();
                let waited = budget.wait(pause).await;
                context.details.waited += waiting.elapsed();
                waited.map_err(|interruption| context.interrupted(interruption))?;
                continue;
            }
            context.details.needed_wait = (may_retry && !fits).then_some(pause);
            let redactor = redactor(request, authorize, token.as_ref());
            return Ok(LastAttempt { outcome, at, retry_after, redactor });
        }
    }

    /// Sends a request once.
    async fn attempt(
        &self,
        request: &Request,
        token: Option<&Token>,
        context: &mut RequestContext,
        budget: &Budget,
    ) -> Result<RawResponse, Failure> {
        let tracking_id = format!("{TRACKING_PREFIX}_{}", Uuid::new_v4());
        let secret = token.map(|token| &token.secret);
        let http = request.to_http(secret, &tracking_id, &self.user_agent).map_err(|error| {
            Failure::new(FailureKind::Unsendable).because(Cause::new(error.to_string()))
        })?;
        context.details.attempts += 1;
        context.details.tracking_id = Some(tracking_id);
        context.details.server_tracking_id = None;
        let started = Instant::now();
        let ended = self.in_time(request.idempotency, http, budget).await;
        log(request, context, started, &ended);
        ended
    }

    /// Sends a request within what is left of the operation's time.
    async fn in_time(
        &self,
        idempotency: Idempotency,
        http: http::Request<bytes::Bytes>,
        budget: &Budget,
    ) -> Result<RawResponse, Failure> {
        let left = budget.remaining();
        let too_late = if left < self.request_timeout {
            FailureKind::DeadlineExceeded
        } else {
            FailureKind::Timeout(Deadline::Total)
        };
        let sending =
            tokio::time::timeout(left.min(self.request_timeout), self.transport.send(http));
        tokio::pin!(sending);
        let ended = tokio::select! {
            biased;
            ended = &mut sending => ended,
            () = budget.stop.cancelled() => {
                if idempotency == Idempotency::Read {
                    return Err(Failure::new(FailureKind::Stopped));
                }
                // The answer of a write holds what must not be lost.
                match tokio::time::timeout(STOP_GRACE, sending).await {
                    Ok(ended) => ended,
                    Err(_) => return Err(Failure::new(FailureKind::Stopped)),
                }
            }
        };
        ended.unwrap_or_else(|_| Err(Failure::new(too_late)))
    }
}

/// One line per attempt. Neither bodies nor headers nor ids in paths.
fn log(
    request: &Request,
    context: &RequestContext,
    started: Instant,
    ended: &Result<RawResponse, Failure>,
) {
    let tracking_id = context.details.tracking_id.as_deref();
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (method, path) = (request.method.as_str(), request.template);
    let attempt = context.details.attempts;
    match ended {
        Ok(response) => {
            let status = response.status.as_u16();
            let bytes = response.body.len();
            tracing::debug!(
                method,
                path,
                status,
                bytes,
                milliseconds,
                attempt,
                tracking_id,
                "answered"
            );
        }
        Err(failure) => {
            let kind = failure.kind;
            tracing::debug!(
                method,
                path,
                ?kind,
                milliseconds,
                attempt,
                tracking_id,
                "not answered"
            );
        }
    }
}
