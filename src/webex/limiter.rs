//! Keeps the client below Webex's rate limit.
//!
//! Webex allows 300 requests a minute per client id and does not process more (documented). The
//! limiter is a sliding window: a request waits only if as many as the limit were sent in the
//! minute before it. All operations of a client share it, in order of arrival.
//!
//! Other processes with the same client id count at Webex and are not seen here. A response 429 is
//! how they show. After one, requests are spread evenly for some minutes, at the rate that Webex
//! has just accepted.
//!
//! An operation that takes a connector out of service reserves its requests before the first of
//! them ([`Reservation`]), so that the connector is not inactive while they wait for this limit.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::budget::{Budget, Interruption};
use super::rate_window::{RateWindow, Reservation};

/// The requests that a connector is inactive for: its deactivation, the edit or the delete, and its
/// reactivation.
const SWITCH_REQUESTS: usize = 3;

/// The most connectors that are inactive at a time. At the documented limit of requests, more would
/// not be faster.
const MOST_INACTIVE: usize = 3;

/// Limits the rate of requests.
pub(crate) struct Limiter {
    /// Orders the waiting requests. Tokio's mutex is fair.
    queue: Mutex<()>,
    window: RateWindow,
    inactive: Arc<Semaphore>,
}

impl Limiter {
    /// Creates a limiter of at most `per_minute` requests in any minute.
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        Self {
            queue: Mutex::new(()),
            window: RateWindow::new(per_minute),
            inactive: Arc::new(Semaphore::new(MOST_INACTIVE)),
        }
    }

    /// Waits until a request may be sent, and returns the time it waited.
    pub(crate) async fn acquire(&self, budget: &Budget) -> Result<Duration, Interruption> {
        let arrived = Instant::now();
        let reservation = match &budget.reservation {
            Some(reservation) => reservation.clone(),
            None => self.reserve(1, None, budget).await?,
        };
        while let Some(wait) = reservation.take(Instant::now()) {
            budget.wait(wait).await?;
        }
        Ok(arrived.elapsed())
    }

    /// Waits until a connector may be made inactive, and reserves the requests for that. A budget
    /// with the reservation waits for nothing but the server.
    pub(crate) async fn reserve_switch(&self, budget: &Budget) -> Result<Budget, Interruption> {
        let permit = budget.run(Arc::clone(&self.inactive).acquire_owned()).await?.ok();
        let reservation = self.reserve(SWITCH_REQUESTS, permit, budget).await?;
        Ok(Budget { reservation: Some(reservation), ..budget.clone() })
    }

    /// Waits until so many requests may be sent, and reserves them.
    async fn reserve(
        &self,
        requests: usize,
        mut permit: Option<OwnedSemaphorePermit>,
        budget: &Budget,
    ) -> Result<Reservation, Interruption> {
        let _turn = budget.run(self.queue.lock()).await?;
        loop {
            match self.window.reserve(requests, &mut permit) {
                Ok(reservation) => return Ok(reservation),
                Err(wait) => budget.wait(wait).await?,
            }
        }
    }

    /// Delays all requests, because the server has refused one and asked for it.
    pub(crate) fn pause(&self, duration: Duration) {
        self.window.pause(duration);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio_util::sync::CancellationToken;

    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::rate_window::{CAUTION, LONGEST_PAUSE, WINDOW};
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

    /// The next step of an operation.
    #[derive(Clone, Debug)]
    enum Step {
        Wait(Duration),
        Send,
        /// Makes a connector inactive, and sends so many of the reserved requests, with waits.
        Switch(usize, Duration),
        /// Sends a request that the server refuses, and asks to wait for so long.
        Refused(Duration),
    }

    fn step() -> impl Strategy<Value = Step> {
        let milliseconds = |most: u64| (0..most).prop_map(Duration::from_millis);
        prop_oneof![
            3 => milliseconds(40_000).prop_map(Step::Wait),
            6 => Just(Step::Send),
            2 => (0..=SWITCH_REQUESTS, milliseconds(20_000)).prop_map(|(n, wait)| Step::Switch(n, wait)),
            1 => milliseconds(150_000).prop_map(Step::Refused),
        ]
    }

    async fn operate(limiter: &Limiter, steps: Vec<Step>, limit: u32) -> Vec<Instant> {
        let mut sent = Vec::new();
        let budget = Budget::within(Duration::from_secs(1 << 30), CancellationToken::new());
        for step in steps {
            match step {
                Step::Wait(wait) => tokio::time::sleep(wait).await,
                Step::Send => {
                    limiter.acquire(&budget).await.unwrap();
                    sent.push(Instant::now());
                }
                Step::Switch(requests, wait) => {
                    let switch = limiter.reserve_switch(&budget).await.unwrap();
                    // What is sent beyond the reservation brings a connector back.
                    for _ in 0..requests.min(limit as usize) {
                        limiter.acquire(&switch).await.unwrap();
                        sent.push(Instant::now());
                        tokio::time::sleep(wait).await;
                    }
                }
                // The server has not processed it, so it does not count.
                Step::Refused(wait) => {
                    limiter.acquire(&budget).await.unwrap();
                    limiter.pause(wait);
                }
            }
        }
        sent
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn every_schedule_keeps_the_limit(
            limit in 1_u32..40,
            operations in prop::collection::vec(prop::collection::vec(step(), 1..30), 1..10),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            let mut sent = runtime.block_on(async {
                let limiter = limiter(limit);
                let operations = operations.into_iter().map(|steps| operate(&limiter, steps, limit));
                futures_util::future::join_all(operations).await.concat()
            });
            sent.sort();
            keeps_the_limit(&sent, limit);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_sent_in_order_of_arrival() {
        let limiter = limiter(5);
        let order = std::sync::Mutex::new(Vec::new());
        let send = async |number: u64| {
            tokio::time::sleep(Duration::from_millis(number)).await;
            // Some of them want three.
            if number.is_multiple_of(3) {
                drop(limiter.reserve_switch(&budget()).await.unwrap());
            } else {
                limiter.acquire(&budget()).await.unwrap();
            }
            order.lock().unwrap().push(number);
        };
        futures_util::future::join_all((0..40).map(send)).await;
        let order = order.into_inner().unwrap();
        // The permit to make a connector inactive is asked for before.
        let singles = order.iter().copied().filter(|number| number % 3 != 0);
        assert!(singles.is_sorted(), "{order:?}");
        let switches = order.iter().copied().filter(|number| number % 3 == 0);
        assert!(switches.is_sorted(), "{order:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn full_rate_costs_little_more_than_the_minutes_that_it_needs() {
        let (limiter, started) = (limiter(300), Instant::now());
        schedule(&limiter, 900).await;
        assert!(started.elapsed() < MINUTE * 2 + Duration::from_secs(2), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn reserved_requests_do_not_wait_for_the_limit() {
        let limiter = limiter(10);
        let switch = limiter.reserve_switch(&budget()).await.unwrap();
        let others = schedule(&limiter, 7).await;
        let started = Instant::now();
        let waiting = async {
            limiter.acquire(&budget()).await.unwrap();
            started.elapsed()
        };
        let switching = async {
            let mut sent = Vec::new();
            for _ in 0..SWITCH_REQUESTS {
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert_eq!(limiter.acquire(&switch).await, Ok(Duration::ZERO));
                sent.push(Instant::now());
            }
            // A further one brings the connector back.
            assert_eq!(limiter.acquire(&switch).await, Ok(Duration::ZERO));
            sent
        };
        let (waited, sent) = tokio::join!(waiting, switching);
        assert!(waited > MINUTE, "{waited:?}");
        keeps_the_limit(&[others, sent].concat(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn reservation_waits_for_room_and_returns_what_it_did_not_use() {
        let limiter = limiter(10);
        schedule(&limiter, 8).await;
        let started = Instant::now();
        let switch = limiter.reserve_switch(&budget()).await.unwrap();
        assert_eq!(started.elapsed(), WINDOW, "two of ten are left, and a switch needs three");
        limiter.acquire(&switch).await.unwrap();
        drop(switch);
        let started = Instant::now();
        schedule(&limiter, 9).await;
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn few_connectors_are_inactive_at_a_time() {
        for limit in [1, 300] {
            let limiter = limiter(limit);
            let inactive = AtomicUsize::new(0);
            let switch = || async {
                let budget = limiter.reserve_switch(&budget()).await.unwrap();
                let others = inactive.fetch_add(1, Ordering::Relaxed);
                assert!(others < MOST_INACTIVE);
                for _ in 0..SWITCH_REQUESTS {
                    assert_eq!(limiter.acquire(&budget).await, Ok(Duration::ZERO));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                inactive.fetch_sub(1, Ordering::Relaxed);
            };
            tokio::join!(switch(), switch(), switch(), switch(), switch(), switch(), switch());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pause_of_the_server_delays_reserved_requests() {
        let limiter = limiter(300);
        let switch = limiter.reserve_switch(&budget()).await.unwrap();
        limiter.pause(Duration::from_secs(7));
        assert_eq!(limiter.acquire(&switch).await, Ok(Duration::from_secs(7)));
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
