//! Sends one request to its end: with a token, within the rate limit, with retries and the waits
//! between them.
//!
//! [`Authorize`] supplies the token, the [`Limiter`] delays the request, the [`Transport`] sends it
//! and [`retry`] decides about another attempt. The result is a response of status 2xx or a typed
//! error.

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
use super::error::{Cause, Error, ErrorKind};
use super::limiter::Limiter;
use super::problems::{BodyProblem, Deadline};
use super::redact::Redactor;
use super::request::Request;
use super::retry::{self, AttemptOutcome, Idempotency};
use super::transport::{Failure, FailureKind, RawResponse, Transport};
use safe_text::Secret;

use context::{RequestContext, failed, refusal, server_tracking_id};

pub(crate) use probe::ProbeResponse;

/// The prefix of tracking ids. Webex's support recognizes the requests of this client by it.
const TRACKING_PREFIX: &str = "TERRAFORMWEBEX";

/// Sends requests until they succeed or must not be retried.
pub(crate) struct HttpPipeline {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) limiter: Limiter,
    pub(crate) max_retries: u32,
    pub(crate) request_timeout: Duration,
    pub(crate) user_agent: HeaderValue,
    /// Removes all credentials that the process has seen from texts of responses.
    pub(crate) redactor: Redactor,
}

/// An access token and its generation.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    /// Counts the renewals, so that of many operations with a refused token only the first renews
    /// it.
    pub(crate) generation: u64,
}

/// The source of a request's token.
#[async_trait]
pub(crate) trait Authorize: Send + Sync {
    /// Returns the current token, or none for a request without authorization.
    async fn token(&self, budget: &Budget) -> Result<Option<Token>, Error>;

    /// Whether a refused token can be renewed.
    fn is_renewable(&self) -> bool;

    /// Returns a token that is newer than the refused one.
    async fn renew(&self, refused: &Token, budget: &Budget) -> Result<Token, Error>;
}

/// How often a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryMode {
    /// As often as the settings allow.
    Normal,
    /// Once, for optional information.
    OneAttempt,
}

/// A response of status 2xx.
pub(crate) struct Response {
    pub(crate) response: RawResponse,
    /// When the response was complete.
    pub(crate) received: Instant,
    context: RequestContext,
}

/// The last attempt to send a request.
struct LastAttempt {
    outcome: Result<RawResponse, Failure>,
    at: Instant,
    /// The wait that `Retry-After` asks for.
    retry_after: Option<Duration>,
}

impl Response {
    pub(crate) fn body(&self) -> &[u8] {
        self.response.body.as_slice()
    }

    pub(crate) fn headers(&self) -> &http::HeaderMap {
        &self.response.headers
    }

    /// Returns the server's time of the response.
    pub(crate) fn server_time(&self) -> Option<SystemTime> {
        retry::server_time(&self.response.headers)
    }

    /// Returns an error about a response of status 2xx.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        self.context.error(kind, Some(self.response.status))
    }

    /// Returns an error about the body of a response of status 2xx.
    pub(crate) fn unreadable(&self, problem: BodyProblem) -> Error {
        self.error(ErrorKind::UnreadableBody(problem))
    }
}

impl HttpPipeline {
    /// Sends a request until it succeeds with 2xx or must not be retried.
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
                    server_tracking_id(&response.headers, &self.redactor);
                Ok(Response { response, received: end.at, context })
            }
            Ok(response) => {
                let is_renewable = authorize.is_renewable();
                let advice = end.retry_after;
                Err(refusal(&context, request, &response, advice, is_renewable, &self.redactor))
            }
            Err(failure) => Err(failed(&context, failure)),
        }
    }

    /// Sends a request with a token, within the rate limit, until an attempt is the last one.
    /// `context` counts the attempts. An error is about the token or an interrupted wait.
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
            let may_retry = retry::may_repeat(request.idempotency, ending)
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
            return Ok(LastAttempt { outcome, at, retry_after });
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
        for secret in request.body.iter().flat_map(|body| body.secrets()) {
            self.redactor.watch(secret);
        }
        if let Some(token) = token {
            self.redactor.watch_token(&token.secret);
        }
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

    /// Sends a request within the remaining time of the operation.
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
                // The response to a write may hold the id of a new connector or a new token.
                match tokio::time::timeout(STOP_GRACE, sending).await {
                    Ok(ended) => ended,
                    Err(_) => return Err(Failure::new(FailureKind::Stopped)),
                }
            }
        };
        ended.unwrap_or_else(|_| Err(Failure::new(too_late)))
    }
}

/// Logs an attempt in one line, without bodies, headers, and ids in paths. The message has what a
/// person reads; Terraform prints the fields in any order.
fn log(
    request: &Request,
    context: &RequestContext,
    started: Instant,
    ended: &Result<RawResponse, Failure>,
) {
    let tracking_id = context.details.tracking_id.as_deref();
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (method, path) = (request.method.as_str(), request.template.as_str());
    let attempt = context.details.attempts;
    let host = context.details.host.as_deref();
    match ended {
        Ok(response) => {
            let status = response.status.as_u16();
            let bytes = response.body.len();
            tracing::debug!(
                host,
                bytes,
                tracking_id,
                "{method} {path} {status} in {milliseconds} ms, attempt {attempt}"
            );
        }
        Err(failure) => {
            let kind = failure.kind;
            tracing::debug!(
                host,
                tracking_id,
                "{method} {path} failed after {milliseconds} ms, attempt {attempt}: {kind:?}"
            );
        }
    }
}
