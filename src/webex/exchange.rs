//! One request with everything around it: a token, its turn, its attempts and
//! the waits between them.
//!
//! This is where the layers meet: [`Authorize`] gives the token, the
//! [`Limiter`] the turn, the [`Transport`] sends, [`retry`] decides. What comes
//! out is an answer of status 2xx, or a typed error.

mod look;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use super::budget::{Budget, Interruption, STOP_GRACE};
use super::error::{BodyProblem, Cause, Details, Error, ErrorKind, Operation};
use super::limiter::Limiter;
use super::problem::{Problem, safe};
use super::redact::Redactor;
use super::request::{Request, Semantics, TRACKING_ID};
use super::retry::{self, Decision, Ending};
use super::transport::{Answer, Deadline, Failure, FailureKind, LARGEST_ANSWER, Transport};
use crate::secret::Secret;

pub(crate) use look::Seen;

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

/// The error about a wait for something that another operation had begun.
pub(crate) fn interrupted(
    operation: Operation,
    interruption: Interruption,
    began: Instant,
) -> Error {
    let mut details = Error::new(operation, kind_of_interruption(interruption)).into_details();
    details.elapsed = began.elapsed();
    details.waited = details.elapsed;
    Error::from_details(details)
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

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::webex::Client;
    use crate::webex::error::CertificateProblem;
    use crate::webex::testing::{
        ID, Reply, Script, answer, budget, client, connectors, content, empty, id, lost, object,
        organization, page, problem, raw, reply_with, settings, static_token,
    };

    fn list() -> Reply {
        answer(200, &page(&[]))
    }

    async fn read(script: &Arc<Script>, budget: &Budget) -> Result<usize, Error> {
        connectors(script.clone()).list(budget).await.map(|list| list.len())
    }

    #[tokio::test(start_paused = true)]
    async fn row_1_waits_as_told_and_then_goes_on() {
        let script = Script::new([problem(429, "slow down").header("retry-after", "20"), list()]);
        assert_eq!(read(&script, &budget()).await, Ok(0));
        let at = script.seen()[1].at;
        assert!(at >= Duration::from_secs(20) && at <= Duration::from_secs(22), "{at:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn row_1_waits_until_a_date_by_the_servers_clock() {
        let until = SystemTime::UNIX_EPOCH + Duration::from_millis(1_774_641_703_000 + 30_000);
        let until = httpdate::fmt_http_date(until);
        let script = Script::new([problem(429, "").header("retry-after", &until), list()]);
        assert_eq!(read(&script, &budget()).await, Ok(0));
        let at = script.seen()[1].at;
        assert!(at >= Duration::from_secs(30) && at <= Duration::from_secs(33), "{at:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn row_1_what_one_operation_is_told_holds_for_all() {
        let script = Script::new([empty(429).header("retry-after", "20"), list(), list(), list()]);
        let client = client(script.clone());
        let request = client.endpoints().list(organization());
        let budget = budget();
        let send = || client.send(organization(), &request, Persistence::Normal, &budget);
        let (first, second) = tokio::join!(send(), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            send().await
        });
        assert!(first.is_ok() && second.is_ok());
        let times: Vec<_> = script.seen().iter().map(|seen| seen.at).collect();
        assert!(times[1] >= Duration::from_secs(20), "{times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn row_1_absent_or_negative_advice_means_backoff() {
        for reply in [empty(429), empty(429).header("retry-after", "-5")] {
            let script = Script::new([reply, list()]);
            assert_eq!(read(&script, &budget()).await, Ok(0));
            let at = script.seen()[1].at;
            assert!(at >= Duration::from_secs(1) && at < Duration::from_secs(3), "{at:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn row_1_an_absurd_wait_is_not_begun_and_the_error_names_it() {
        let day = Duration::from_secs(86_400);
        let script = Script::new([empty(429).header("retry-after", "86400")]);
        let error = read(&script, &budget()).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::RateLimited { retry_after: Some(day) });
        assert!(error.needed_wait().unwrap() >= day);
        assert_eq!((error.attempts(), error.waited()), (1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn row_1_the_error_says_how_often_and_how_long_was_tried() {
        let script = Script::new((0..6).map(|_| empty(429).header("retry-after", "10")));
        let error = read(&script, &budget()).await.unwrap_err();
        assert_eq!(error.attempts(), 6);
        assert!(error.waited() >= Duration::from_secs(50), "{:?}", error.waited());
        assert!(error.elapsed() >= error.waited());
        assert!(script.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn row_2_reads_are_repeated() {
        for reply in [
            empty(429),
            empty(500),
            raw(502, "<html>"),
            empty(503),
            empty(504),
            lost(),
            Reply::Failure(FailureKind::Connection),
            Reply::Failure(FailureKind::NameResolution),
            Reply::Failure(FailureKind::Timeout(Deadline::FirstByte)),
        ] {
            let script = Script::new([reply.clone(), reply, list()]);
            assert_eq!(read(&script, &budget()).await, Ok(0));
            assert_eq!(script.seen().len(), 3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn row_2_retries_end_with_the_settings_and_with_the_budget() {
        let script = Script::new((0..9).map(|_| lost()));
        let error = read(&script, &budget()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (&ErrorKind::ConnectionLost, 6));

        let mut few = settings(static_token());
        few.max_retries = 0;
        let script = Script::new([lost()]);
        let client = Client::over(few, script.clone()).unwrap();
        assert!(client.connectors(organization()).list(&budget()).await.is_err());
        assert_eq!(script.seen().len(), 1);

        let script = Script::new((0..9).map(|_| empty(503).header("retry-after", "10")));
        let short = Budget::within(Duration::from_secs(25), CancellationToken::new());
        let error = read(&script, &short).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (&ErrorKind::ServerError, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn row_9_a_403_is_not_repeated_and_names_the_operation() {
        let script = Script::new([problem(403, "insufficient scope")]);
        let error = read(&script, &budget()).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Forbidden);
        assert_eq!(error.descriptions(), ["insufficient scope"]);
        assert_eq!(error.server_tracking_id(), Some("ccconfig_1"));
        assert_eq!(
            error.to_string(),
            "could not list the organization's connectors: not allowed (host api.example, \
             status 403, tracking id ccconfig_1); Webex says: insufficient scope"
        );
        assert_eq!(script.seen().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn our_tracking_id_is_on_every_request_and_in_the_error() {
        let script = Script::new([empty(503), empty(403)]);
        let error = read(&script, &budget()).await.unwrap_err();
        let ids: Vec<_> =
            script.seen().iter().map(|seen| seen.headers["trackingid"].clone()).collect();
        assert_ne!(ids[0], ids[1]);
        assert_eq!(error.tracking_id(), Some(ids[1].to_str().unwrap()));
    }

    #[tokio::test(start_paused = true)]
    async fn row_15_what_is_no_answer_of_the_api_is_told_by_type() {
        let too_large = ErrorKind::BodyTooLarge { limit: LARGEST_ANSWER };
        for (reply, kind) in [
            (raw(200, "<html>"), ErrorKind::UnreadableBody(BodyProblem::NotJson)),
            (raw(200, ""), ErrorKind::UnreadableBody(BodyProblem::Empty)),
            (raw(200, "{\"data\":[{"), ErrorKind::UnreadableBody(BodyProblem::NotJson)),
            (raw(200, "{}"), ErrorKind::UnreadableBody(BodyProblem::Missing("data"))),
            (Reply::Failure(FailureKind::BodyTooLarge), too_large),
            (
                Reply::Failure(FailureKind::Compressed),
                ErrorKind::UnreadableBody(BodyProblem::Compressed),
            ),
        ] {
            let script = Script::new([reply]);
            assert_eq!(*read(&script, &budget()).await.unwrap_err().kind(), kind);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn row_15_an_error_never_shows_a_body_or_a_secret() {
        let echo = json!({"error": {"message": "clientSecret s3cret-canary is wrong"},
            "clientSecret": "s3cret-canary", "trackingId": "static-access-token"});
        for reply in [answer(400, &echo), raw(400, "<p>s3cret-canary</p>"), answer(200, &echo)] {
            let script = Script::new([reply, list(), list(), list(), list(), list(), list()]);
            let error = connectors(script).create(&content(), &budget()).await.unwrap_err();
            let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
            assert!(!shown.contains("canary"), "{shown}");
            assert!(!shown.contains("static-access"), "{shown}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn row_16_a_request_that_takes_too_long_is_given_up() {
        let script = Script::new([Reply::Hang, list()]);
        assert_eq!(read(&script, &budget()).await, Ok(0));
        assert!(script.seen()[1].at >= Duration::from_secs(60));

        let script = Script::new([Reply::Hang]);
        let short = Budget::within(Duration::from_secs(5), CancellationToken::new());
        let error = read(&script, &short).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::DeadlineExceeded);
        assert_eq!(error.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn row_17_a_bad_certificate_is_fatal_at_once() {
        let problem = CertificateProblem::UnknownIssuer;
        for (failure, kind) in [
            (FailureKind::Certificate(problem), ErrorKind::Certificate(problem)),
            (FailureKind::Tls, ErrorKind::Tls),
            (FailureKind::NotTls, ErrorKind::NotTls),
        ] {
            let script = Script::new([Reply::Failure(failure)]);
            let error = read(&script, &budget()).await.unwrap_err();
            assert_eq!(*error.kind(), kind);
            assert_eq!((error.attempts(), error.host()), (1, Some("api.example")));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn row_18_a_redirect_is_not_followed_and_only_its_host_is_named() {
        for (location, host) in [
            ("https://evil.example/path?token=x", Some("evil.example")),
            ("http://user:pw@api.example/", Some("api.example")),
            ("/elsewhere", Some("api.example")),
            ("https://", None),
        ] {
            for status in [301, 302, 303, 307, 308] {
                let script = Script::new([empty(status).header("location", location)]);
                let error = read(&script, &budget()).await.unwrap_err();
                let target_host = host.map(str::to_owned);
                assert_eq!(*error.kind(), ErrorKind::Redirected { target_host });
                assert_eq!(script.seen().len(), 1);
                assert!(!error.to_string().contains("pw"));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn row_23_requests_keep_to_the_limit() {
        let mut slow = settings(static_token());
        slow.requests_per_minute = NonZeroU32::new(60).unwrap();
        let script = Script::new((0..90).map(|_| list()));
        let client = Client::over(slow, script.clone()).unwrap();
        for _ in 0..90 {
            let request = client.endpoints().list(organization());
            let budget = budget();
            let sent = client.send(organization(), &request, Persistence::Normal, &budget);
            assert!(sent.await.is_ok());
        }
        let times: Vec<_> = script.seen().iter().map(|seen| seen.at).collect();
        let first_minute = times.iter().filter(|at| **at < Duration::from_secs(60)).count();
        assert!(first_minute <= 60, "{first_minute}");
        assert!(times[89] < Duration::from_secs(100), "{:?}", times[89]);
    }

    /// A server that processes some requests a minute and refuses the rest.
    struct Busy {
        per_minute: usize,
        minute: std::sync::Mutex<(Instant, usize)>,
        refused: std::sync::atomic::AtomicUsize,
    }

    #[async_trait]
    impl Transport for Busy {
        async fn send(&self, _: http::Request<bytes::Bytes>) -> Result<Answer, Failure> {
            let minute = Duration::from_secs(60);
            let mut window = self.minute.lock().unwrap();
            if window.0.elapsed() >= minute {
                *window = (Instant::now(), 0);
            }
            window.1 += 1;
            if window.1 <= self.per_minute {
                let body = page(&[]).to_string();
                return Ok(reply_with(200, &[], &body, SystemTime::UNIX_EPOCH));
            }
            self.refused.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let left = (minute - window.0.elapsed()).as_secs() + 1;
            let headers = [("retry-after", left.to_string())];
            Ok(reply_with(429, &headers, "", SystemTime::UNIX_EPOCH))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn rows_1_and_23_operations_survive_a_limit_that_is_lower_than_ours() {
        let server = Arc::new(Busy {
            per_minute: 40,
            minute: std::sync::Mutex::new((Instant::now(), 0)),
            refused: std::sync::atomic::AtomicUsize::new(0),
        });
        let client = Client::over(settings(static_token()), server.clone()).unwrap();
        let request = client.endpoints().list(organization());
        let budget = budget();
        let sent = futures_util::future::join_all(
            (0..200).map(|_| client.send(organization(), &request, Persistence::Normal, &budget)),
        );
        assert!(sent.await.iter().all(Result::is_ok));
        // 160, 120, 80 and 40 had to come back.
        let refused = server.refused.load(std::sync::atomic::Ordering::SeqCst);
        assert!(refused <= 400, "{refused}");
    }

    /// Keeps the fields of events as text.
    struct Recorder(Arc<std::sync::Mutex<String>>);

    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Recorder {
        fn on_event(
            &self,
            event: &tracing::Event<'_>,
            _: tracing_subscriber::layer::Context<'_, S>,
        ) {
            struct Fields<'a>(&'a mut String);
            impl tracing::field::Visit for Fields<'_> {
                fn record_debug(
                    &mut self,
                    field: &tracing::field::Field,
                    value: &dyn std::fmt::Debug,
                ) {
                    self.0.push_str(&format!("{}={value:?} ", field.name()));
                }
            }
            event.record(&mut Fields(&mut self.0.lock().unwrap()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_log_tells_each_attempt_and_nothing_private() {
        use tracing_subscriber::layer::SubscriberExt as _;
        let text = Arc::new(std::sync::Mutex::new(String::new()));
        let recorder = tracing_subscriber::registry().with(Recorder(text.clone()));
        // While there is only one subscriber, tracing asks that of whichever
        // thread meets an event first, and other tests' threads have none.
        let _second = tracing::Dispatch::new(tracing_subscriber::registry());
        let _guard = tracing::subscriber::set_default(recorder);
        tracing::callsite::rebuild_interest_cache();
        let script = Script::new([lost(), answer(200, &object(4, 1))]);
        let connectors = connectors(script.clone());
        connectors.update(&id(), &content(), Some(3), &budget()).await.unwrap();
        let text = text.lock().unwrap().clone();
        for part in [
            "method=\"PUT\" path=\"/organization/{organization}/connector/{id}\"",
            "kind=ConnectionLost",
            "status=200",
            "attempt=1",
            "attempt=2",
            script.seen()[1].headers["trackingid"].to_str().unwrap(),
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        for private in [ID, "s3cret-canary", "static-access-token", "crm"] {
            assert!(!text.contains(private), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn row_35_a_stop_ends_waits_and_reads_at_once() {
        for replies in [vec![Reply::Hang], vec![empty(429).header("retry-after", "100")]] {
            let script = Script::new(replies);
            let budget = budget();
            let (ended, ()) = tokio::join!(read(&script, &budget), async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                budget.stop.cancel();
            });
            let error = ended.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Stopped);
            assert_eq!(error.elapsed(), Duration::from_secs(2));
            assert_eq!(script.seen().len(), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn row_35_nothing_new_starts_after_a_stop() {
        let script = Script::new([list()]);
        let budget = budget();
        budget.stop.cancel();
        assert_eq!(*read(&script, &budget).await.unwrap_err().kind(), ErrorKind::Stopped);
        assert!(script.seen().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn row_35_a_write_in_flight_is_finished_and_its_id_known() {
        let created = answer(201, &object(0, 1)).after(Duration::from_secs(4));
        let script = Script::new([created]);
        let budget = budget();
        let connectors = connectors(script.clone());
        let content = content();
        let (ended, ()) = tokio::join!(connectors.create(&content, &budget), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            budget.stop.cancel();
        });
        assert_eq!(ended.unwrap().connector.id.as_str(), ID);
        assert_eq!(script.seen().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn row_35_a_write_in_flight_is_not_waited_for_forever() {
        let script = Script::new([Reply::Hang]);
        let budget = budget();
        let connectors = connectors(script.clone());
        let (id, content) = (id(), content());
        let began = Instant::now();
        let (ended, ()) = tokio::join!(connectors.update(&id, &content, Some(1), &budget), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            budget.stop.cancel();
        });
        let failure = ended.unwrap_err();
        assert_eq!(*failure.error.kind(), ErrorKind::Stopped);
        assert!(failure.error.outcome_unknown());
        assert_eq!(began.elapsed(), Duration::from_secs(1) + STOP_GRACE);
        assert_eq!(script.seen().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_client_does_nothing_before_its_first_call() {
        let script = Script::new([]);
        drop(client(script.clone()));
        assert!(script.seen().is_empty());
    }
}
