//! The limit of requests per minute.

/// How long a window lasts, in milliseconds.
const WINDOW: u64 = 60_000;

/// Counts requests in windows of a minute. A window begins with the first
/// request after the last one ended.
#[derive(Debug)]
pub(crate) struct RateLimit {
    limit: Option<u32>,
    window_ends: u64,
    used: u32,
}

impl RateLimit {
    /// Accepts this many requests a minute, or any number of them.
    pub(crate) fn new(limit: Option<u32>) -> Self {
        Self { limit, window_ends: 0, used: 0 }
    }

    /// Counts a request, or says after how many seconds to try again.
    pub(crate) fn admit(&mut self, now: u64) -> Result<(), u64> {
        let Some(limit) = self.limit else { return Ok(()) };
        if now >= self.window_ends {
            self.window_ends = now + WINDOW;
            self.used = 0;
        }
        if self.used == limit {
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
    fn a_window_is_a_minute() {
        let mut rate = RateLimit::new(Some(2));
        assert_eq!(rate.admit(1_000), Ok(()));
        assert_eq!(rate.admit(2_000), Ok(()));
        assert_eq!(rate.admit(2_500), Err(59));
        assert_eq!(rate.admit(60_999), Err(1));
        assert_eq!(rate.admit(61_000), Ok(()));
    }

    #[test]
    fn no_limit() {
        let mut rate = RateLimit::new(None);
        assert!((0..1000).all(|_| rate.admit(0).is_ok()));
    }
}
