//! The limit of requests per minute.

/// The length of a window in milliseconds.
const WINDOW: u64 = 60_000;

/// Counts requests in windows of a minute. A window begins with the first
/// request after the previous window ended.
#[derive(Debug)]
pub(crate) struct RateLimit {
    limit: Option<u32>,
    window_ends: u64,
    used: u32,
}

impl RateLimit {
    /// Creates a limit of this many requests a minute, or no limit.
    pub(crate) fn new(limit: Option<u32>) -> Self {
        Self { limit, window_ends: 0, used: 0 }
    }

    /// Replaces the limit. The window and its count stay.
    pub(crate) fn set(&mut self, limit: Option<u32>) {
        self.limit = limit;
    }

    /// Counts a request. The error is the number of seconds until the next
    /// window.
    pub(crate) fn admit(&mut self, now: u64) -> Result<(), u64> {
        let Some(limit) = self.limit else { return Ok(()) };
        if now >= self.window_ends {
            self.window_ends = now + WINDOW;
            self.used = 0;
        }
        if self.used >= limit {
            return Err((self.window_ends - now).div_ceil(1000));
        }
        self.used += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_lasts_a_minute() {
        let mut rate_limit = RateLimit::new(Some(2));
        assert_eq!(rate_limit.admit(1_000), Ok(()));
        assert_eq!(rate_limit.admit(2_000), Ok(()));
        assert_eq!(rate_limit.admit(2_500), Err(59));
        assert_eq!(rate_limit.admit(60_999), Err(1));
        assert_eq!(rate_limit.admit(61_000), Ok(()));
    }
}
