//! The facts about a request that its errors report.

use std::time::Duration;

use http::header::{ALLOW, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::super::address::host_with_port;
use super::super::budget::Interruption;
use super::super::error::{Error, ErrorDetails, ErrorKind, Operation};
use super::super::error_body::{ErrorBody, safe};
use super::super::problems::BodyProblem;
use super::super::redact::Redactor;
use super::super::request::{Request, TRACKING_ID};
use super::super::transport::{Failure, FailureKind, LARGEST_RESPONSE, RawResponse};
use safe_text::Shown;

/// The facts about a request, collected during its attempts.
#[derive(Clone)]
pub(super) struct RequestContext {
    pub(super) details: ErrorDetails,
    started: Instant,
}

impl RequestContext {
    pub(super) fn new(request: &Request) -> Self {
        let mut details = ErrorDetails::new(request.operation, ErrorKind::Stopped);
        details.method = Some(request.method.clone());
        details.host = host_with_port(&request.url);
        Self { details, started: Instant::now() }
    }

    pub(super) fn error(&self, kind: ErrorKind, status: Option<StatusCode>) -> Error {
        Error::from(self.details(kind, status))
    }

    fn details(&self, kind: ErrorKind, status: Option<StatusCode>) -> ErrorDetails {
        ErrorDetails { kind, status, elapsed: self.started.elapsed(), ..self.details.clone() }
    }

    pub(super) fn interrupted(&self, interruption: Interruption) -> Error {
        self.error(interruption.into(), None)
    }
}

/// Returns the error for a response of another status than 2xx.
pub(super) fn refusal(
    context: &RequestContext,
    request: &Request,
    response: &RawResponse,
    retry_after: Option<Duration>,
    is_renewable: bool,
    redactor: &Redactor,
) -> Error {
    let problem = ErrorBody::read(response.body.as_slice(), redactor);
    let kind = match response.status.as_u16() {
        300..=399 => ErrorKind::Redirected {
            target_host: target_host(&request.url, &response.headers, redactor),
        },
        400 | 422 => ErrorKind::InvalidRequest,
        401 => ErrorKind::Unauthorized { refreshable: is_renewable },
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        412 if request.operation == Operation::DeleteConnector => ErrorKind::Referenced(Vec::new()),
        409 | 412 => ErrorKind::Conflict,
        423 => ErrorKind::Locked,
        429 => ErrorKind::RateLimited { retry_after },
        500..=599 => ErrorKind::ServerError,
        _ => ErrorKind::UnexpectedStatus,
    };
    Error::from(ErrorDetails {
        server_tracking_id: server_tracking_id(&response.headers, redactor).or(problem.tracking_id),
        descriptions: problem.descriptions,
        referring_kinds: problem.referring_kinds,
        allowed_methods: allowed_methods(response),
        oauth: problem.oauth,
        is_from_api: problem.is_from_api,
        ..context.details(kind, Some(response.status))
    })
}

/// Returns the error for a request without a response.
pub(super) fn failed(context: &RequestContext, failure: Failure) -> Error {
    let kind = match failure.kind {
        FailureKind::NameResolution => ErrorKind::NameResolution,
        FailureKind::Connection => ErrorKind::Connection,
        FailureKind::Certificate(problem) => ErrorKind::Certificate(problem),
        FailureKind::Tls => ErrorKind::Tls,
        FailureKind::NotTls => ErrorKind::NotTls,
        FailureKind::Timeout(deadline) => ErrorKind::Timeout(deadline),
        FailureKind::ConnectionLost => ErrorKind::ConnectionLost,
        FailureKind::BodyTooLarge => ErrorKind::BodyTooLarge { limit: LARGEST_RESPONSE },
        FailureKind::Compressed => ErrorKind::UnreadableBody(BodyProblem::Compressed),
        FailureKind::Unsendable => ErrorKind::Unsendable,
        FailureKind::Stopped => ErrorKind::Stopped,
        FailureKind::DeadlineExceeded => ErrorKind::DeadlineExceeded,
    };
    Error::from(ErrorDetails { cause: failure.cause, ..context.details(kind, failure.status) })
}

/// Returns the host of a redirect's target, without the rest of its URL.
fn target_host(url: &Url, headers: &HeaderMap, redactor: &Redactor) -> Option<String> {
    let location = headers.get(LOCATION)?.to_str().ok()?;
    let target = url.join(location).ok()?;
    host_with_port(&target).map(|host| Shown::new(&redactor.clean(&host)).to_string())
}

pub(super) fn server_tracking_id(headers: &HeaderMap, redactor: &Redactor) -> Option<Shown> {
    headers.get(TRACKING_ID)?.to_str().ok().map(|id| safe(id, redactor))
}

/// Returns the methods in the header `Allow` of a response of status 405.
fn allowed_methods(response: &RawResponse) -> Vec<Method> {
    if response.status != StatusCode::METHOD_NOT_ALLOWED {
        return Vec::new();
    }
    let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let values = response.headers.get_all(ALLOW).iter().filter_map(|value| value.to_str().ok());
    let named = values.flat_map(|value| value.split(',')).map(str::trim).collect::<Vec<_>>();
    known.into_iter().filter(|method| named.contains(&method.as_str())).collect()
}
