//! Keeps the client below Webex's rate limit.
//!
//! Webex allows 300 requests a minute per client id and does not process more (documented). The
//! limiter is a sliding window: a request waits only if as many as the limit were sent in the
//! minute before it. All operations of a client share it, in order of arrival.
//!
//! Other processes with the same client id count at Webex and are not seen here. A response 429 is
//! how they show. After one, requests are spread evenly for some minutes, at the rate that Webex
//! has just accepted.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::budget::{Budget, Interruption};

/// The window of the limit, and some time for requests that arrive later than they were sent.
const WINDOW: Duration = Duration::from_millis(60_500);

/// The longest pause of all operations: two minutes. Afterwards each operation obeys the
/// `Retry-After` of its own responses.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// How long requests are spread evenly after a response 429: five minutes.
const CAUTION: Duration = Duration::from_secs(300);

/// The smallest rate after responses 429, as a part of the limit.
const SMALLEST_PART: usize = 10;

/// Limits the rate of requests.
pub(crate) struct Limiter {
    /// Orders the waiting requests. Tokio's mutex is fair.
    queue: Mutex<()>,
    window: StdMutex<Window>,
}

/// The requests of the last minute.
struct Window {
    /// The most requests in a window.
    limit: usize,
    /// When they were sent, without those that Webex refused.
    sent: VecDeque<Instant>,
    /// The end of a pause that the server asked for.
    paused_until: Option<Instant>,
    /// Set for some time after a response 429.
    caution: Option<Caution>,
}

/// The rate after a response 429.
#[derive(Clone, Copy)]
struct Caution {
    /// The time between two requests.
    interval: Duration,
    until: Instant,
}

impl Limiter {
    /// Creates a limiter of at most `per_minute` requests in any minute.
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        let limit = usize::try_from(per_minute.get()).unwrap_or(usize::MAX);
        let window = Window { limit, sent: VecDeque::new(), paused_until: None, caution: None };
        Self { queue: Mutex::new(()), window: StdMutex::new(window) }
    }

    /// Waits until a request may be sent, and returns the time it waited.
    pub(crate) async fn acquire(&self, budget: &Budget) -> Result<Duration, Interruption> {
        let arrived = Instant::now();
        let _turn = budget.run(self.queue.lock()).await?;
        loop {
            let wait = self.window().take(Instant::now());
            let Some(wait) = wait else { return Ok(arrived.elapsed()) };
            budget.wait(wait).await?;
        }
    }

    /// Delays all requests, because the server has refused one and asked for it.
    pub(crate) fn pause(&self, duration: Duration) {
        let until = Instant::now() + duration.min(LONGEST_PAUSE);
        let mut window = self.window();
        // A refused request was not processed (documented), so it does not count. Which one it was
        // does not matter: without the oldest, the window errs on the side of waiting.
        window.sent.pop_front();
        window.paused_until = window.paused_until.max(Some(until));
        let accepted = window.sent.len().max(window.limit / SMALLEST_PART).max(1);
        let interval = WINDOW / u32::try_from(accepted).unwrap_or(u32::MAX);
        window.caution = Some(Caution { interval, until: until + CAUTION });
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    /// Counts a request, or returns the time to wait before the next call.
    fn take(&mut self, now: Instant) -> Option<Duration> {
        while self.sent.front().is_some_and(|sent| now.duration_since(*sent) >= WINDOW) {
            self.sent.pop_front();
        }
        let oldest = self.sent.front().filter(|_| self.sent.len() >= self.limit);
        let room = oldest.map(|oldest| *oldest + WINDOW);
        let caution = self.caution.filter(|caution| caution.until > now);
        let spread =
            caution.and_then(|caution| self.sent.back().map(|last| *last + caution.interval));
        let next = [self.paused_until, room, spread].into_iter().flatten().max();
        match next.filter(|next| *next > now) {
            Some(next) => Some(next - now),
            None => {
                self.sent.push_back(now);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn limiter(per_minute: u32) -> Limiter {
        Limiter::new(NonZeroU32::new(per_minute).unwrap())
    }

    fn budget() -> Budget {
        Budget::within(Duration::from_secs(3600), CancellationToken::new())
    }

    /// Sends so many requests, and returns when.
    async fn schedule(limiter: &Limiter, requests: u32) -> Vec<Instant> {
        let mut sent = Vec::new();
        for _ in 0..requests {
            limiter.acquire(&budget()).await.unwrap();
            sent.push(Instant::now());
        }
        sent
    }

    /// Fails the test if a minute has more requests than the limit. A request that is late by the
    /// timer's millisecond counts too.
    #[track_caller]
    fn keeps_the_limit(sent: &[Instant], limit: u32) {
        let window = MINUTE + Duration::from_millis(1);
        for (index, start) in sent.iter().enumerate() {
            let in_window = sent.iter().skip(index).filter(|at| **at - *start <= window).count();
            assert!(in_window <= limit as usize, "{in_window} requests with limit {limit}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_within_the_limit_are_not_delayed() {
        for limit in [1, 60, 300] {
            let (limiter, started) = (limiter(limit), Instant::now());
            schedule(&limiter, limit).await;
            assert_eq!(started.elapsed(), Duration::ZERO);
            assert!(limiter.acquire(&budget()).await.unwrap() > MINUTE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_requests_than_the_limit() {
        for limit in [1, 2, 7, 60, 300, 1000] {
            for pause in [Duration::ZERO, Duration::from_millis(70), Duration::from_secs(7)] {
                let (limiter, mut sent) = (limiter(limit), Vec::new());
                for _ in 0..limit * 3 {
                    sent.extend(schedule(&limiter, 1).await);
                    tokio::time::sleep(pause).await;
                }
                keeps_the_limit(&sent, limit);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn full_rate_costs_little_more_than_the_minutes_that_it_needs() {
        let (limiter, started) = (limiter(300), Instant::now());
        schedule(&limiter, 900).await;
        assert!(started.elapsed() < MINUTE * 2 + Duration::from_secs(2), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn pause_delays_all_requests_and_spreads_those_that_follow() {
        let limiter = limiter(300);
        schedule(&limiter, 61).await;
        limiter.pause(Duration::from_secs(7));
        let started = Instant::now();
        let sent = schedule(&limiter, 100).await;
        assert_eq!(sent[0] - started, Duration::from_secs(7));
        // Webex has accepted 60 in the minute before.
        for pair in sent.windows(2) {
            assert!(pair[1] - pair[0] >= Duration::from_secs(1), "{:?}", pair[1] - pair[0]);
        }
        keeps_the_limit(&sent, 60);
        tokio::time::sleep(CAUTION).await;
        let started = Instant::now();
        schedule(&limiter, 200).await;
        assert_eq!(started.elapsed(), Duration::ZERO, "the full rate is back");
    }

    #[tokio::test(start_paused = true)]
    async fn repeated_refusals_leave_a_tenth_of_the_rate() {
        let limiter = limiter(300);
        schedule(&limiter, 100).await;
        for _ in 0..100 {
            limiter.pause(Duration::from_secs(1));
        }
        let started = Instant::now();
        schedule(&limiter, 31).await;
        let took = started.elapsed();
        assert!(took > Duration::from_secs(60) && took < Duration::from_secs(63), "{took:?}");
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
