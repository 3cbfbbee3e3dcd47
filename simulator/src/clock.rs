//! Time as the simulator sees it: the system's, moved forward on request, so
//! that a test can let tokens end and rate limits pass without waiting.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock that never goes backwards and can be moved forward.
#[derive(Debug)]
pub(crate) struct Clock {
    base: Duration,
    started: Instant,
    shift: Duration,
    last_stamp: u64,
}

impl Clock {
    /// Starts at the time of the system.
    pub(crate) fn new() -> Self {
        let base = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { base, started: Instant::now(), shift: Duration::ZERO, last_stamp: 0 }
    }

    /// Now, in milliseconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        milliseconds(self.base + self.started.elapsed() + self.shift)
    }

    /// Now, as the time of a write. Each call returns a later time than the
    /// one before, so that every write moves `lastUpdatedTime`.
    pub(crate) fn stamp(&mut self) -> u64 {
        self.last_stamp = self.now().max(self.last_stamp + 1);
        self.last_stamp
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.shift += by;
    }
}

/// A duration in whole milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_grow_and_the_clock_can_be_moved() {
        let mut clock = Clock::new();
        let first = clock.stamp();
        assert!(clock.stamp() > first);
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() >= first + 3_600_000);
    }
}
