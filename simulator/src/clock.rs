//! The simulator's clock: the system's time, moved forward on request, so that
//! a test does not wait until tokens expire and rate limits pass.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// A clock that never goes backwards and can be moved forward.
#[derive(Debug)]
pub(crate) struct Clock {
    start_time: Duration,
    started: Instant,
    offset: Duration,
    last_timestamp: u64,
}

impl Clock {
    /// Creates a clock that starts at the system's time.
    pub(crate) fn new() -> Self {
        let start_time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start_time, started: Instant::now(), offset: Duration::ZERO, last_timestamp: 0 }
    }

    /// Returns the time in milliseconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        milliseconds(self.start_time + self.started.elapsed() + self.offset)
    }

    /// Returns the time of a write. Each call returns a later time than the
    /// previous one, so that every write changes `lastUpdatedTime`.
    pub(crate) fn timestamp(&mut self) -> u64 {
        self.last_timestamp = self.now().max(self.last_timestamp + 1);
        self.last_timestamp
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.offset += by;
    }
}

/// Returns a duration in whole milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Returns a time in milliseconds since 1970 as HTTP has it (RFC 9110, 5.6.7).
pub(crate) fn http_date(milliseconds: u64) -> String {
    const FORM: &[BorrowedFormatItem<'_>] = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let seconds = i64::try_from(milliseconds / 1000).unwrap_or(i64::MAX);
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // Each part of the form is a part of every date.
    time.format(FORM).unwrap_or_default()
}

/// Returns a time in milliseconds since 1970 as RFC 3339 has it, in UTC.
pub(crate) fn rfc3339(milliseconds: u64) -> String {
    let nanoseconds = i128::from(milliseconds) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .ok()
        .and_then(|time| time.format(FORM).ok())
        .unwrap_or_default()
}

/// With all three digits of the milliseconds, as JavaScript writes times.
const FORM: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_grow_and_the_clock_moves_forward() {
        let mut clock = Clock::new();
        let first = clock.timestamp();
        assert!(clock.timestamp() > first);
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() >= first + 3_600_000);
    }

    #[test]
    fn a_time_is_written_as_rfc_3339_has_it() {
        assert_eq!(rfc3339(1_577_836_800_007), "2020-01-01T00:00:00.007Z");
    }
}
