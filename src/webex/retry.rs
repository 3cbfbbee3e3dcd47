//! Decides whether a request is sent again, and when.
//!
//! [`decide`] and [`pause`] are pure functions of a request's idempotency, its outcome and the
//! server's `Retry-After`. Neither depends on texts.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use super::problems::Deadline;
use super::transport::FailureKind;

/// The effect of sending a request twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idempotency {
    /// A read changes nothing.
    Read,
    /// A replacement stores the same content again.
    Replace,
    /// A replacement that carries credentials. Webex may check them with a third party, which locks
    /// an account after some wrong ones.
    ReplaceCredentials,
    /// A create makes a new object each time.
    Create,
    /// A delete may find the object gone already.
    Delete,
    /// A token request is harmless when repeated. Its response may hold a new refresh token, so a
    /// stop waits for it like for a write.
    IssueToken,
}

/// The bound of the first wait. It doubles with each further one.
const FIRST_BOUND: Duration = Duration::from_millis(500);

/// The largest bound.
const LARGEST_BOUND: Duration = Duration::from_secs(30);

/// The shortest wait after a 429 without `Retry-After`.
const RATE_LIMIT_FLOOR: Duration = Duration::from_secs(1);

/// The longest wait that `Retry-After` can ask for: one year. It keeps sums from overflowing.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60 * 60 * 24 * 366);

/// The outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    Status(StatusCode),
    Failure(FailureKind),
}

/// The decision about a request after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// The request succeeded.
    Accept,
    /// The request may be sent again: it was not carried out, or does no harm twice.
    Retry,
    /// Another attempt would not help.
    Stop,
    /// The request may have been carried out and must not be sent again. A read has to find out.
    Reconcile,
}

/// Decides about a request after an attempt.
///
/// The pipeline handles a 401 first, by renewing the token.
pub(crate) fn decide(idempotency: Idempotency, ending: AttemptOutcome) -> RetryDecision {
    match (class(ending), idempotency) {
        (FailureClass::Success, _) => RetryDecision::Accept,
        (FailureClass::NotProcessed, _) => RetryDecision::Retry,
        (FailureClass::Refused, _) => RetryDecision::Stop,
        // Webex failed while it carried the request out. A save calls a third party, so saving
        // again could lock an account there.
        (FailureClass::Failed, idempotency) if idempotency.changes_nothing() => {
            RetryDecision::Retry
        }
        (FailureClass::Failed, _)
        | (FailureClass::Lost, Idempotency::Create | Idempotency::ReplaceCredentials) => {
            RetryDecision::Reconcile
        }
        (FailureClass::Lost, _) => RetryDecision::Retry,
        (FailureClass::Unreadable | FailureClass::Interrupted, idempotency)
            if idempotency.changes_nothing() =>
        {
            RetryDecision::Stop
        }
        (FailureClass::Unreadable | FailureClass::Interrupted, _) => RetryDecision::Reconcile,
    }
}

/// Whether a failed request may have been carried out.
pub(crate) fn may_have_executed(idempotency: Idempotency, ending: AttemptOutcome) -> bool {
    match class(ending) {
        FailureClass::Success | FailureClass::NotProcessed | FailureClass::Refused => false,
        FailureClass::Failed
        | FailureClass::Lost
        | FailureClass::Unreadable
        | FailureClass::Interrupted => !idempotency.changes_nothing(),
    }
}

impl Idempotency {
    fn changes_nothing(self) -> bool {
        matches!(self, Self::Read | Self::IssueToken)
    }
}

/// The meaning of an outcome for whether the request was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailureClass {
    Success,
    /// Not carried out, and may succeed later: 429, no connection.
    NotProcessed,
    /// Not carried out, and will not be later.
    Refused,
    /// An error on the server, after it began.
    Failed,
    /// No response, or one of a gateway instead of the server.
    Lost,
    /// An unreadable response.
    Unreadable,
    /// The client stopped waiting.
    Interrupted,
}

fn class(ending: AttemptOutcome) -> FailureClass {
    match ending {
        AttemptOutcome::Status(status) => class_of_status(status),
        AttemptOutcome::Failure(kind) => match kind {
            FailureKind::NameResolution
            | FailureKind::Connection
            | FailureKind::Timeout(Deadline::Connect) => FailureClass::NotProcessed,
            FailureKind::Certificate(_)
            | FailureKind::Tls
            | FailureKind::NotTls
            | FailureKind::Unsendable => FailureClass::Refused,
            FailureKind::Timeout(Deadline::FirstByte | Deadline::Idle | Deadline::Total)
            | FailureKind::ConnectionLost => FailureClass::Lost,
            FailureKind::BodyTooLarge | FailureKind::Compressed => FailureClass::Unreadable,
            FailureKind::Stopped | FailureKind::DeadlineExceeded => FailureClass::Interrupted,
        },
    }
}

fn class_of_status(status: StatusCode) -> FailureClass {
    match status.as_u16() {
        200..=299 => FailureClass::Success,
        429 => FailureClass::NotProcessed,
        // 408: the server stopped waiting for the request. 502 to 504: a gateway does not know the
        // outcome.
        408 | 502..=504 => FailureClass::Lost,
        500..=599 => FailureClass::Failed,
        _ => FailureClass::Refused,
    }
}

/// Reads `Retry-After`, in seconds or as an HTTP date (RFC 9110 §10.2.3).
///
/// A date counts from the server's own `Date`, so this machine's clock does not matter; `now`
/// replaces an absent `Date`. A date in the past means no wait. An unreadable value, such as a
/// negative number, is ignored.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = server_time(headers).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default().min(LONGEST_RETRY_AFTER))
}

/// Returns the server's time, to the second (RFC 9110 §6.6.1).
pub(crate) fn server_time(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// Returns the wait before the next attempt.
///
/// With `retry_after`: that time and up to a tenth more, never less. Otherwise exponential backoff
/// with full jitter: any time between zero and a bound that doubles with each attempt, so that
/// operations that failed together are not retried together. `random` is between 0 and 1.
pub(crate) fn pause(
    retry: u32,
    ending: AttemptOutcome,
    retry_after: Option<Duration>,
    random: f64,
) -> Duration {
    let doubled = FIRST_BOUND.saturating_mul(1u32.checked_shl(retry).unwrap_or(u32::MAX));
    let backoff = doubled.min(LARGEST_BOUND).mul_f64(random);
    match retry_after {
        Some(advised) if !advised.is_zero() => {
            advised + (advised / 10).min(LARGEST_BOUND).mul_f64(random)
        }
        Some(_) | None if ending == AttemptOutcome::Status(StatusCode::TOO_MANY_REQUESTS) => {
            RATE_LIMIT_FLOOR + backoff
        }
        Some(_) | None => backoff,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::problems::CertificateProblem;

    const SEMANTICS: [Idempotency; 4] =
        [Idempotency::Read, Idempotency::Replace, Idempotency::Delete, Idempotency::Create];

    /// One row per outcome: the decisions for a read, a replacement, a delete and a create.
    #[test]
    fn every_outcome_has_its_retry_decision() {
        use FailureKind as F;
        use RetryDecision::{Accept, Reconcile, Retry, Stop};
        let status = |code| AttemptOutcome::Status(StatusCode::from_u16(code).unwrap());
        let failure = AttemptOutcome::Failure;
        let table = [
            (status(200), [Accept; 4]),
            (status(201), [Accept; 4]),
            (status(204), [Accept; 4]),
            (status(301), [Stop; 4]),
            (status(307), [Stop; 4]),
            (status(400), [Stop; 4]),
            (status(401), [Stop; 4]),
            (status(403), [Stop; 4]),
            (status(404), [Stop; 4]),
            (status(408), [Retry, Retry, Retry, Reconcile]),
            (status(409), [Stop; 4]),
            (status(412), [Stop; 4]),
            (status(418), [Stop; 4]),
            (status(423), [Stop; 4]),
            (status(429), [Retry; 4]),
            (status(500), [Retry, Reconcile, Reconcile, Reconcile]),
            (status(501), [Retry, Reconcile, Reconcile, Reconcile]),
            (status(502), [Retry, Retry, Retry, Reconcile]),
            (status(503), [Retry, Retry, Retry, Reconcile]),
            (status(504), [Retry, Retry, Retry, Reconcile]),
            (status(599), [Retry, Reconcile, Reconcile, Reconcile]),
            (failure(F::NameResolution), [Retry; 4]),
            (failure(F::Connection), [Retry; 4]),
            (failure(F::Timeout(Deadline::Connect)), [Retry; 4]),
            (failure(F::Certificate(CertificateProblem::Expired)), [Stop; 4]),
            (failure(F::Tls), [Stop; 4]),
            (failure(F::NotTls), [Stop; 4]),
            (failure(F::Unsendable), [Stop; 4]),
            (failure(F::Timeout(Deadline::FirstByte)), [Retry, Retry, Retry, Reconcile]),
            (failure(F::Timeout(Deadline::Idle)), [Retry, Retry, Retry, Reconcile]),
            (failure(F::Timeout(Deadline::Total)), [Retry, Retry, Retry, Reconcile]),
            (failure(F::ConnectionLost), [Retry, Retry, Retry, Reconcile]),
            (failure(F::BodyTooLarge), [Stop, Reconcile, Reconcile, Reconcile]),
            (failure(F::Compressed), [Stop, Reconcile, Reconcile, Reconcile]),
            (failure(F::Stopped), [Stop, Reconcile, Reconcile, Reconcile]),
            (failure(F::DeadlineExceeded), [Stop, Reconcile, Reconcile, Reconcile]),
        ];
        for (ending, expected) in table {
            let found = SEMANTICS.map(|idempotency| decide(idempotency, ending));
            assert_eq!(found, expected, "{ending:?}");
            // A replacement with credentials is not repeated before a read.
            let replaced = decide(Idempotency::Replace, ending);
            let may_have_executed = may_have_executed(Idempotency::Replace, ending);
            let expected = if may_have_executed { Reconcile } else { replaced };
            let carrying = decide(Idempotency::ReplaceCredentials, ending);
            assert_eq!(carrying, expected, "{ending:?}");
            let grant = decide(Idempotency::IssueToken, ending);
            assert_eq!(grant, decide(Idempotency::Read, ending), "{ending:?}");
        }
    }

    #[test]
    fn create_that_may_have_executed_is_never_repeated() {
        for code in 100..=999 {
            let ending = AttemptOutcome::Status(StatusCode::from_u16(code).unwrap());
            if may_have_executed(Idempotency::Create, ending) {
                assert_eq!(decide(Idempotency::Create, ending), RetryDecision::Reconcile, "{code}");
            }
            assert!(!may_have_executed(Idempotency::Read, ending));
        }
    }

    fn headers(retry_after: &str, date: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(retry_after).unwrap());
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        headers
    }

    #[test]
    fn retry_after_is_read_in_every_form() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let now = httpdate::parse_http_date(date).unwrap();
        let seconds = Duration::from_secs;
        for (value, expected) in [
            ("0", Some(seconds(0))),
            ("7", Some(seconds(7))),
            (" 7 ", Some(seconds(7))),
            ("86400", Some(seconds(86_400))),
            ("99999999999999999999999", Some(LONGEST_RETRY_AFTER)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("Sun, 06 Nov 1994 08:49:57 GMT", Some(seconds(20))),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(seconds(0))),
            ("Sat, 06 Nov 2094 08:49:37 GMT", Some(LONGEST_RETRY_AFTER)),
        ] {
            assert_eq!(retry_after(&headers(value, Some(date)), SystemTime::now()), expected);
            assert_eq!(retry_after(&headers(value, None), now), expected, "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn pause_is_never_shorter_than_the_advice() {
        let ending = AttemptOutcome::Status(StatusCode::TOO_MANY_REQUESTS);
        let advised = Duration::from_secs(20);
        assert_eq!(pause(0, ending, Some(advised), 0.0), advised);
        assert_eq!(pause(0, ending, Some(advised), 0.5), Duration::from_secs(21));
        for advice in [None, Some(Duration::ZERO)] {
            assert_eq!(pause(0, ending, advice, 0.0), RATE_LIMIT_FLOOR);
        }
    }

    #[test]
    fn backoff_bound_doubles_up_to_a_limit() {
        let ending = AttemptOutcome::Failure(FailureKind::ConnectionLost);
        let bounds: Vec<_> = (0..9).map(|retry| pause(retry, ending, None, 1.0)).collect();
        let expected = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000];
        assert_eq!(bounds, expected.map(Duration::from_millis));
        assert_eq!(pause(u32::MAX, ending, None, 1.0), LARGEST_BOUND);
        assert_eq!(pause(3, ending, None, 0.0), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn reading_retry_after_never_panics(value in "[ -~]{0,40}", date in "[ -~]{0,40}") {
            let _ = retry_after(&headers(&value, Some(&date)), SystemTime::UNIX_EPOCH);
        }
    }
}
