//! The requests of the last minute, counted for the rate limit.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::lock::lock;

/// The window of the limit, and some time for requests that arrive later than they were sent.
pub(super) const WINDOW: Duration = Duration::from_millis(60_500);

/// The longest pause of all operations: two minutes. Afterwards each operation obeys the
/// `Retry-After` of its own responses.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// How long requests are spread evenly after a response 429: five minutes.
pub(super) const CAUTION: Duration = Duration::from_secs(300);

/// The wait for reserved requests that were not sent yet.
const RESERVED_PAUSE: Duration = Duration::from_millis(100);

/// The smallest rate after responses 429, as a part of the limit.
const SMALLEST_PART: usize = 10;

/// Counts requests in a sliding window. Clones share the counts.
#[derive(Clone)]
pub(crate) struct RateWindow(Arc<Mutex<Window>>);

/// The requests of the last minute.
struct Window {
    /// The most requests in a window.
    limit: usize,
    /// When they were sent, without those that Webex refused.
    sent: VecDeque<Instant>,
    /// The number of requests that are reserved and not sent.
    reserved: usize,
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

/// Requests of one operation that are admitted together, before the first of them is sent.
///
/// Later requests of the operation are admitted at once as well: they bring the connector back. Only
/// a pause that the server has asked for delays any of them.
#[derive(Clone)]
pub(crate) struct Reservation(Arc<ReservedRequests>);

struct ReservedRequests {
    window: RateWindow,
    /// The requests that were not sent yet.
    left: AtomicUsize,
    /// The permit to make a connector inactive, for a reservation of that kind.
    _inactive: Option<OwnedSemaphorePermit>,
}

impl RateWindow {
    /// Creates a window of at most `per_minute` requests.
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        let window = Window {
            limit: usize::try_from(per_minute.get()).unwrap_or(usize::MAX),
            sent: VecDeque::new(),
            reserved: 0,
            paused_until: None,
            caution: None,
        };
        Self(Arc::new(Mutex::new(window)))
    }

    /// Reserves requests, or returns the time to wait before the next call. The reservation keeps
    /// the permit, if there is one.
    pub(crate) fn reserve(
        &self,
        requests: usize,
        permit: &mut Option<OwnedSemaphorePermit>,
    ) -> Result<Reservation, Duration> {
        let requests = self.lock().reserve(requests, Instant::now())?;
        Ok(Reservation(Arc::new(ReservedRequests {
            window: self.clone(),
            left: AtomicUsize::new(requests),
            _inactive: permit.take(),
        })))
    }

    /// Delays all requests, because the server has refused one and asked for it.
    pub(crate) fn pause(&self, duration: Duration) {
        let until = Instant::now() + duration.min(LONGEST_PAUSE);
        let mut window = self.lock();
        // A refused request was not processed (documented), so it does not count. Which one it was
        // does not matter: without the oldest, the window errs on the side of waiting.
        window.sent.pop_front();
        window.paused_until = window.paused_until.max(Some(until));
        let accepted = window.sent.len().max(window.limit / SMALLEST_PART).max(1);
        let interval = WINDOW / u32::try_from(accepted).unwrap_or(u32::MAX);
        window.caution = Some(Caution { interval, until: until + CAUTION });
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        lock(&self.0)
    }
}

impl Reservation {
    /// Counts a request as sent, or returns the time to wait before the next call.
    pub(crate) fn take(&self, now: Instant) -> Option<Duration> {
        let mut window = self.0.window.lock();
        if let Some(end) = window.paused_until.filter(|end| *end > now) {
            return Some(end - now);
        }
        let less_one = |left: usize| left.checked_sub(1);
        if self.0.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less_one).is_ok() {
            window.reserved -= 1;
        }
        window.sent.push_back(now);
        None
    }
}

impl Drop for ReservedRequests {
    fn drop(&mut self) {
        self.window.lock().reserved -= *self.left.get_mut();
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reservation").field(&self.0.left).finish()
    }
}

impl Window {
    /// Reserves requests, or returns the time to wait before the next call. More than
    /// the limit are not reserved.
    fn reserve(&mut self, requests: usize, now: Instant) -> Result<usize, Duration> {
        while self.sent.front().is_some_and(|sent| now.duration_since(*sent) >= WINDOW) {
            self.sent.pop_front();
        }
        let requests = requests.min(self.limit);
        let excess = (self.sent.len() + self.reserved + requests).saturating_sub(self.limit);
        let room = match excess.checked_sub(1) {
            None => None,
            Some(last) => {
                let leaves = self.sent.get(last).map(|sent| *sent + WINDOW);
                Some(leaves.unwrap_or(now + RESERVED_PAUSE))
            }
        };
        let caution = self.caution.filter(|caution| caution.until > now);
        let spread = caution.and_then(|caution| {
            let interval = caution.interval.saturating_mul(u32::try_from(requests).ok()?);
            self.sent.back().map(|last| *last + interval)
        });
        match [self.paused_until, room, spread].into_iter().flatten().max() {
            Some(next) if next > now => Err(next - now),
            Some(_) | None => {
                self.reserved += requests;
                Ok(requests)
            }
        }
    }
}
