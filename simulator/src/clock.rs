//! The simulator's clock: the system's time, moved forward on request, so that
//! a test does not wait until tokens expire and rate limits pass.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
}
