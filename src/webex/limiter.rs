//! Keeps the client below Webex's rate limit.
//!
//! Webex allows 300 requests a minute per client id and does not process more (documented). The
//! limiter is a token bucket: a tenth of a minute's requests may go at once, so that a plan of a
//! few connectors is not delayed. The rest is spread evenly, so that no sliding window of a minute
//! holds more than the limit. All operations of a client share it, in order of arrival.

use std::num::NonZeroU32;
use std::sync::{Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::budget::{Budget, Interruption};

const MINUTE: Duration = Duration::from_secs(60);

/// The time added to a minute, because timers are exact to a millisecond only.
const SLACK: Duration = Duration::from_millis(5);

/// The longest pause of all operations: two minutes. Afterwards each operation obeys the
/// `Retry-After` of its own responses.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// Limits the rate of requests.
pub(crate) struct Limiter {
    /// Orders the waiting requests. Tokio's mutex is fair.
    queue: Mutex<()>,
    bucket: StdMutex<Bucket>,
}

/// The state of the generic cell rate algorithm: one point in time instead of a count of tokens.
struct Bucket {
    /// The time between two requests after the burst.
    interval: Duration,
    /// The time by which a burst may be ahead of the even rate.
    lead: Duration,
    /// The time of the next request at the even rate.
    due: Option<Instant>,
    /// The end of a pause that the server asked for.
    paused_until: Option<Instant>,
}

impl Limiter {
    /// Creates a limiter of at most `per_minute` requests in any minute.
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        let limit = per_minute.get();
        let burst = (limit / 10).max(1);
        let interval = (MINUTE + SLACK) / (limit - burst + 1);
        let bucket =
            Bucket { interval, lead: interval * (burst - 1), due: None, paused_until: None };
        Self { queue: Mutex::new(()), bucket: StdMutex::new(bucket) }
    }

    /// Waits until a request may be sent, and returns the time it waited.
    pub(crate) async fn acquire(&self, budget: &Budget) -> Result<Duration, Interruption> {
        let arrived = Instant::now();
        let _turn = budget.run(self.queue.lock()).await?;
        loop {
            let wait = self.bucket().take(Instant::now());
            let Some(wait) = wait else { return Ok(arrived.elapsed()) };
            budget.wait(wait).await?;
        }
    }

    /// Delays all requests, because the server asked for it.
    pub(crate) fn pause(&self, duration: Duration) {
        let until = Instant::now() + duration.min(LONGEST_PAUSE);
        let mut bucket = self.bucket();
        bucket.paused_until = bucket.paused_until.max(Some(until));
        // No second burst right after the pause.
        bucket.due = bucket.due.max(Some(until + bucket.lead));
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    /// Counts a request, or returns the time to wait before the next call.
    fn take(&mut self, now: Instant) -> Option<Duration> {
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Some(until - now);
        }
        let due = self.due.map_or(now, |due| due.max(now));
        let wait = (due - now).saturating_sub(self.lead);
        if wait.is_zero() {
            self.due = Some(due + self.interval);
            return None;
        }
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio_util::sync::CancellationToken;

    use super::*;

    fn limiter(per_minute: u32) -> Limiter {
        Limiter::new(NonZeroU32::new(per_minute).unwrap())
    }

    fn budget() -> Budget {
        Budget::within(Duration::from_secs(3600), CancellationToken::new())
    }

    #[tokio::test(start_paused = true)]
    async fn requests_within_the_burst_are_not_delayed() {
        let limiter = limiter(300);
        for _ in 0..30 {
            assert_eq!(limiter.acquire(&budget()).await, Ok(Duration::ZERO));
        }
        assert!(limiter.acquire(&budget()).await.unwrap() > Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_requests_than_the_limit() {
        for limit in [1, 2, 7, 10, 60, 300, 1000] {
            let limiter = limiter(limit);
            let mut passed = Vec::new();
            for _ in 0..limit * 3 {
                limiter.acquire(&budget()).await.unwrap();
                passed.push(Instant::now());
            }
            // A request that is late by the timer's millisecond counts too.
            let window = MINUTE + Duration::from_millis(1);
            for (index, start) in passed.iter().enumerate() {
                let in_window = passed.iter().skip(index).filter(|at| **at - *start <= window);
                assert!(in_window.count() <= limit as usize, "limit {limit}");
            }
            // The rate is at most a tenth below the limit.
            let whole = *passed.last().unwrap() - *passed.first().unwrap();
            assert!(whole <= MINUTE * 3 + MINUTE / 3, "limit {limit} took {whole:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pause_delays_all_requests_and_ends_without_a_burst() {
        let limiter = Arc::new(limiter(300));
        limiter.pause(Duration::from_secs(7));
        let started = Instant::now();
        limiter.acquire(&budget()).await.unwrap();
        assert_eq!(started.elapsed(), Duration::from_secs(7));
        limiter.acquire(&budget()).await.unwrap();
        assert!(started.elapsed() > Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn absurd_pause_delays_others_no_longer_than_the_bound() {
        let limiter = limiter(300);
        limiter.pause(Duration::from_secs(86_400));
        let started = Instant::now();
        limiter.acquire(&budget()).await.unwrap();
        assert_eq!(started.elapsed(), LONGEST_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn wait_for_the_rate_limit_ends_at_once_after_a_stop() {
        let limiter = limiter(1);
        limiter.acquire(&budget()).await.unwrap();
        let budget = budget();
        let started = Instant::now();
        let (first, second, ()) =
            tokio::join!(limiter.acquire(&budget), limiter.acquire(&budget), async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                budget.stop.cancel();
            });
        assert_eq!((first, second), (Err(Interruption::Stopped), Err(Interruption::Stopped)));
        assert_eq!(started.elapsed(), Duration::from_secs(2));
    }
}
