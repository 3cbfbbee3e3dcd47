//! Decides whether a request is sent again, and when.
//!
//! [`may_repeat`], [`may_have_executed`] and [`pause`] are pure functions of a request's idempotency,
//! its outcome and the server's `Retry-After`. None depends on texts.

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

/// Whether a request may be sent again: it was not carried out, or does no harm twice.
///
/// The pipeline handles a 401 first, by renewing the token.
pub(crate) fn may_repeat(idempotency: Idempotency, outcome: AttemptOutcome) -> bool {
    match execution(outcome) {
        Execution::Final | Execution::Unknown => false,
        Execution::NotBegun => true,
        // A save calls a third party, so saving again could lock an account there.
        Execution::Failed => idempotency.changes_nothing(),
        Execution::Lost => {
            !matches!(idempotency, Idempotency::Create | Idempotency::ReplaceCredentials)
        }
    }
}

/// Whether a failed request may have been carried out, so that a read has to find out.
pub(crate) fn may_have_executed(idempotency: Idempotency, outcome: AttemptOutcome) -> bool {
    match execution(outcome) {
        Execution::Final | Execution::NotBegun => false,
        Execution::Failed | Execution::Lost | Execution::Unknown => !idempotency.changes_nothing(),
    }
}

impl Idempotency {
    fn changes_nothing(self) -> bool {
        matches!(self, Self::Read | Self::IssueToken)
    }
}

/// What an outcome says about the execution of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Execution {
    /// It succeeded or was refused, and another attempt would have the same outcome.
    Final,
    /// It was not carried out, and may succeed later: 429, no connection.
    NotBegun,
    /// The server failed while it carried the request out.
    Failed,
    /// There was no response, or one of a gateway instead of the server.
    Lost,
    /// The response cannot be read, or the client stopped waiting for it.
    Unknown,
}

fn execution(outcome: AttemptOutcome) -> Execution {
    match outcome {
        AttemptOutcome::Status(status) => match status.as_u16() {
            429 => Execution::NotBegun,
            // 408: the server stopped waiting for the request. 502 to 504: a gateway does not know
            // the outcome.
            408 | 502..=504 => Execution::Lost,
            500..=599 => Execution::Failed,
            _ => Execution::Final,
        },
        AttemptOutcome::Failure(kind) => match kind {
            FailureKind::NameResolution
            | FailureKind::Connection
            | FailureKind::Timeout(Deadline::Connect) => Execution::NotBegun,
            FailureKind::Certificate(_)
            | FailureKind::Tls
            | FailureKind::NotTls
            | FailureKind::Unsendable => Execution::Final,
            FailureKind::Timeout(Deadline::FirstByte | Deadline::Idle | Deadline::Total)
            | FailureKind::ConnectionLost => Execution::Lost,
            FailureKind::BodyTooLarge
            | FailureKind::Compressed
            | FailureKind::Stopped
            | FailureKind::DeadlineExceeded => Execution::Unknown,
        },
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

    /// Whether a request may be repeated, and whether it may have been carried out.
    const FINAL: (bool, bool) = (false, false);
    const REPEAT: (bool, bool) = (true, true);
    const NOT_BEGUN: (bool, bool) = (true, false);
    const READ: (bool, bool) = (false, true);

    /// One row per outcome: for a read, a replacement, a delete and a create.
    #[test]
    fn every_outcome_says_whether_to_repeat_and_whether_to_read() {
        use FailureKind as F;
        let of = |idempotency, outcome| {
            (may_repeat(idempotency, outcome), may_have_executed(idempotency, outcome))
        };
        let status = |code| AttemptOutcome::Status(StatusCode::from_u16(code).unwrap());
        let failure = AttemptOutcome::Failure;
        let table = [
            (status(200), [FINAL; 4]),
            (status(201), [FINAL; 4]),
            (status(204), [FINAL; 4]),
            (status(301), [FINAL; 4]),
            (status(307), [FINAL; 4]),
            (status(400), [FINAL; 4]),
            (status(401), [FINAL; 4]),
            (status(403), [FINAL; 4]),
            (status(404), [FINAL; 4]),
            (status(408), [NOT_BEGUN, REPEAT, REPEAT, READ]),
            (status(409), [FINAL; 4]),
            (status(412), [FINAL; 4]),
            (status(418), [FINAL; 4]),
            (status(423), [FINAL; 4]),
            (status(429), [NOT_BEGUN; 4]),
            (status(500), [NOT_BEGUN, READ, READ, READ]),
            (status(501), [NOT_BEGUN, READ, READ, READ]),
            (status(502), [NOT_BEGUN, REPEAT, REPEAT, READ]),
            (status(503), [NOT_BEGUN, REPEAT, REPEAT, READ]),
            (status(504), [NOT_BEGUN, REPEAT, REPEAT, READ]),
            (status(599), [NOT_BEGUN, READ, READ, READ]),
            (failure(F::NameResolution), [NOT_BEGUN; 4]),
            (failure(F::Connection), [NOT_BEGUN; 4]),
            (failure(F::Timeout(Deadline::Connect)), [NOT_BEGUN; 4]),
            (failure(F::Certificate(CertificateProblem::Expired)), [FINAL; 4]),
            (failure(F::Tls), [FINAL; 4]),
            (failure(F::NotTls), [FINAL; 4]),
            (failure(F::Unsendable), [FINAL; 4]),
            (failure(F::Timeout(Deadline::FirstByte)), [NOT_BEGUN, REPEAT, REPEAT, READ]),
            (failure(F::Timeout(Deadline::Idle)), [NOT_BEGUN, REPEAT, REPEAT, READ]),
            (failure(F::Timeout(Deadline::Total)), [NOT_BEGUN, REPEAT, REPEAT, READ]),
            (failure(F::ConnectionLost), [NOT_BEGUN, REPEAT, REPEAT, READ]),
            (failure(F::BodyTooLarge), [FINAL, READ, READ, READ]),
            (failure(F::Compressed), [FINAL, READ, READ, READ]),
            (failure(F::Stopped), [FINAL, READ, READ, READ]),
            (failure(F::DeadlineExceeded), [FINAL, READ, READ, READ]),
        ];
        for (outcome, expected) in table {
            let found = SEMANTICS.map(|idempotency| of(idempotency, outcome));
            assert_eq!(found, expected, "{outcome:?}");
            // A replacement with credentials is not repeated before a read.
            let (repeats, executed) = of(Idempotency::Replace, outcome);
            let carrying = of(Idempotency::ReplaceCredentials, outcome);
            assert_eq!(carrying, (repeats && !executed, executed), "{outcome:?}");
            let grant = of(Idempotency::IssueToken, outcome);
            assert_eq!(grant, of(Idempotency::Read, outcome), "{outcome:?}");
        }
    }

    #[test]
    fn create_that_may_have_executed_is_never_repeated() {
        for code in 100..=999 {
            let outcome = AttemptOutcome::Status(StatusCode::from_u16(code).unwrap());
            let create = Idempotency::Create;
            let both = may_have_executed(create, outcome) && may_repeat(create, outcome);
            assert!(!both, "{code}");
            assert!(!may_have_executed(Idempotency::Read, outcome));
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
