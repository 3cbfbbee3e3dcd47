//! One request with everything around it: a token, its turn, its attempts and
//! the waits between them.
//!
//! This is where the layers meet: [`Authorize`] gives the token, the
//! [`Limiter`] the turn, the [`Transport`] sends, [`retry`] decides. What comes
//! out is an answer of status 2xx, or a typed error.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use super::budget::{Budget, Interruption, STOP_GRACE};
use super::error::{BodyProblem, Cause, Details, Error, ErrorKind};
use super::limiter::Limiter;
use super::problem::{Problem, safe};
use super::redact::Redactor;
use super::request::{Request, Semantics, TRACKING_ID};
use super::retry::{self, Decision, Ending};
use super::transport::{Answer, Deadline, Failure, FailureKind, LARGEST_ANSWER, Transport};
use crate::secret::Secret;

/// What our tracking ids begin with, so that Webex's support can tell whose
/// they are.
const TRACKING_PREFIX: &str = "TERRAFORMWEBEX";

/// Sends requests until they are answered or nothing more can be done.
pub(crate) struct Exchange {
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
pub(crate) enum Persistence {
    /// As often as the settings allow.
    Normal,
    /// Once: for what is nice to know but not worth waiting for.
    OneAttempt,
}

/// An answer of status 2xx.
pub(crate) struct Response {
    pub(crate) answer: Answer,
    /// When the answer was complete.
    pub(crate) received: Instant,
    context: Context,
}

impl Response {
    pub(crate) fn body(&self) -> &[u8] {
        self.answer.body.as_slice()
    }

    /// The server's clock when it answered.
    pub(crate) fn server_time(&self) -> Option<SystemTime> {
        retry::server_time(&self.answer.headers)
    }

    /// An error about an answer that looked good at first.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        self.context.error(kind, Some(self.answer.status))
    }

    /// An error about a body that cannot be read, after a request that was
    /// carried out.
    pub(crate) fn unreadable(&self, problem: BodyProblem) -> Error {
        self.error(ErrorKind::UnreadableBody(problem))
    }
}

/// What is known about a request while it is being sent.
#[derive(Clone)]
struct Context {
    details: Details,
    started: Instant,
}

impl Context {
    fn new(request: &Request) -> Self {
        let mut details = Error::new(request.operation, ErrorKind::Stopped).into_details();
        details.method = Some(request.method.clone());
        details.host = request.url.host_str().map(str::to_owned);
        Self { details, started: Instant::now() }
    }

    fn error(&self, kind: ErrorKind, status: Option<StatusCode>) -> Error {
        let mut details = self.details.clone();
        details.kind = kind;
        details.status = status;
        details.elapsed = self.started.elapsed();
        Error::from_details(details)
    }

    fn interrupted(&self, interruption: Interruption) -> Error {
        self.error(kind_of_interruption(interruption), None)
    }
}

/// The kind of an error about a wait that was cut short.
pub(crate) fn kind_of_interruption(interruption: Interruption) -> ErrorKind {
    match interruption {
        Interruption::Stopped => ErrorKind::Stopped,
        Interruption::DeadlineExceeded => ErrorKind::DeadlineExceeded,
    }
}

impl Exchange {
    /// Sends a request until it is answered with 2xx, or nothing more can be
    /// done about it.
    pub(crate) async fn run(
        &self,
        request: &Request,
        authorize: &dyn Authorize,
        persistence: Persistence,
        budget: &Budget,
    ) -> Result<Response, Error> {
        let mut context = Context::new(request);
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
            let ended = self.attempt(request, token.as_ref(), &mut context, budget).await;
            let ending = match &ended {
                Ok(answer) => Ending::Status(answer.status),
                Err(failure) => Ending::Failure(failure.kind),
            };
            let is_unauthorized = ending == Ending::Status(StatusCode::UNAUTHORIZED);
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
            let decision = retry::decide(request.semantics, ending);
            let answer = match ended {
                Ok(answer) if decision == Decision::Accept => {
                    context.details.outcome_unknown = false;
                    let redactor = redactor(request, authorize, token.as_ref());
                    context.details.server_tracking_id =
                        server_tracking_id(&answer.headers, &redactor);
                    let received = Instant::now();
                    return Ok(Response { answer, received, context });
                }
                other => other,
            };
            context.details.outcome_unknown |= retry::may_have_executed(request.semantics, ending);

            let advice = answer
                .as_ref()
                .ok()
                .and_then(|answer| retry::retry_after(&answer.headers, SystemTime::now()));
            let pause = retry::pause(retries, ending, advice, fastrand::f64());
            if ending == Ending::Status(StatusCode::TOO_MANY_REQUESTS) && request.is_limited {
                self.limiter.pause(advice.unwrap_or(pause));
            }
            let may_retry = decision == Decision::Retry
                && persistence == Persistence::Normal
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
            return Err(match answer {
                Ok(answer) => {
                    let is_renewable = authorize.is_renewable();
                    refusal(&context, request, &answer, advice, is_renewable, &redactor)
                }
                Err(failure) => failed(&context, failure),
            });
        }
    }

    /// Sends a request once.
    async fn attempt(
        &self,
        request: &Request,
        token: Option<&Token>,
        context: &mut Context,
        budget: &Budget,
    ) -> Result<Answer, Failure> {
        let tracking_id = format!("{TRACKING_PREFIX}_{}", Uuid::new_v4());
        let secret = token.map(|token| &token.secret);
        let http = request.to_http(secret, &tracking_id, &self.user_agent).map_err(|error| {
            Failure::new(FailureKind::Unsendable).because(Cause::new(error.to_string()))
        })?;
        context.details.attempts += 1;
        context.details.tracking_id = Some(tracking_id);
        context.details.server_tracking_id = None;
        let started = Instant::now();
        let ended = self.in_time(request.semantics, http, budget).await;
        log(request, context, started, &ended);
        ended
    }

    /// Sends a request within what is left of the operation's time.
    async fn in_time(
        &self,
        semantics: Semantics,
        http: http::Request<bytes::Bytes>,
        budget: &Budget,
    ) -> Result<Answer, Failure> {
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
                if semantics == Semantics::Read {
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

/// Everything that must not show up in the error of this request.
fn redactor(request: &Request, authorize: &dyn Authorize, token: Option<&Token>) -> Redactor {
    let mut redactor = Redactor::default();
    let in_body = request.body.iter().flat_map(|body| body.secrets());
    for secret in in_body.chain(token.map(|token| &token.secret)).chain(&authorize.secrets()) {
        redactor.watch(secret);
    }
    redactor
}

/// The error for an answer of another status than 2xx.
fn refusal(
    context: &Context,
    request: &Request,
    answer: &Answer,
    retry_after: Option<Duration>,
    is_renewable: bool,
    redactor: &Redactor,
) -> Error {
    let problem = Problem::read(answer.body.as_slice(), redactor);
    let kind = match answer.status.as_u16() {
        300..=399 => {
            ErrorKind::Redirected { target_host: target_host(&request.url, &answer.headers) }
        }
        400 => ErrorKind::InvalidRequest,
        401 => ErrorKind::Unauthorized { refreshable: is_renewable },
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        412 if request.method == Method::DELETE => ErrorKind::Referenced(Vec::new()),
        409 | 412 => ErrorKind::Conflict,
        423 => ErrorKind::Locked,
        429 => ErrorKind::RateLimited { retry_after },
        500..=599 => ErrorKind::ServerError,
        _ => ErrorKind::UnexpectedStatus,
    };
    let mut details = context.error(kind, Some(answer.status)).into_details();
    details.server_tracking_id =
        server_tracking_id(&answer.headers, redactor).or(problem.tracking_id);
    details.descriptions = problem.descriptions;
    details.referring_kinds = problem.referring_kinds;
    details.oauth = problem.oauth;
    details.spoken_by_api = problem.spoken_by_api;
    Error::from_details(details)
}

/// The error for a request without an answer.
fn failed(context: &Context, failure: Failure) -> Error {
    let kind = match failure.kind {
        FailureKind::NameResolution => ErrorKind::NameResolution,
        FailureKind::Connection => ErrorKind::Connection,
        FailureKind::Certificate(problem) => ErrorKind::Certificate(problem),
        FailureKind::Tls => ErrorKind::Tls,
        FailureKind::NotTls => ErrorKind::NotTls,
        FailureKind::Timeout(deadline) => ErrorKind::Timeout(deadline),
        FailureKind::ConnectionLost => ErrorKind::ConnectionLost,
        FailureKind::BodyTooLarge => ErrorKind::BodyTooLarge { limit: LARGEST_ANSWER },
        FailureKind::Compressed => ErrorKind::UnreadableBody(BodyProblem::Compressed),
        FailureKind::Unsendable => ErrorKind::Unsendable,
        FailureKind::Stopped => ErrorKind::Stopped,
        FailureKind::DeadlineExceeded => ErrorKind::DeadlineExceeded,
    };
    let error = context.error(kind, failure.status);
    match failure.cause {
        Some(cause) => error.with_cause(cause),
        None => error,
    }
}

/// The host that a redirect points to, without anything else of its address.
fn target_host(url: &Url, headers: &HeaderMap) -> Option<String> {
    let location = headers.get(LOCATION)?.to_str().ok()?;
    url.join(location).ok()?.host_str().map(str::to_owned)
}

fn server_tracking_id(headers: &HeaderMap, redactor: &Redactor) -> Option<String> {
    headers.get(TRACKING_ID)?.to_str().ok().map(|id| safe(id, redactor))
}

/// One line per attempt. Neither bodies nor headers nor ids in paths.
fn log(request: &Request, context: &Context, started: Instant, ended: &Result<Answer, Failure>) {
    let tracking_id = context.details.tracking_id.as_deref();
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (method, path) = (request.method.as_str(), request.template);
    let attempt = context.details.attempts;
    match ended {
        Ok(answer) => {
            let status = answer.status.as_u16();
            let bytes = answer.body.len();
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
