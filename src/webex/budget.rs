//! The time that an operation may take, and its cancellation.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::rate_window::Reservation;

/// The time that a write in flight gets for its response after the user stops the run: 5 seconds.
///
/// Abandoning it at once would lose the id of a connector that Webex creates all the same.
pub const STOP_GRACE: Duration = Duration::from_secs(5);

/// The time that cleaning up may take in all after the deadline of an operation or after a stop: 10
/// seconds. After a stop, no request begins in its last [`STOP_GRACE`].
///
/// Cleaning up is finding out whether a write with a lost response took effect (after a stop, a
/// deactivation only), and activating a connector again that was deactivated for an edit or a delete
/// that failed.
pub const CLEAN_UP_GRACE: Duration = Duration::from_secs(10);

/// The longest budget: one year. It stands for "no deadline" and can be added to any clock.
const FAR_FUTURE: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// The bounds of one operation: a deadline and a cancellation.
///
/// Every wait of the client ends at the deadline, and at once when `stop` is cancelled. A write in
/// flight gets [`STOP_GRACE`] for its response. No request begins afterwards, apart from the
/// cleaning up described at [`CLEAN_UP_GRACE`].
#[derive(Clone, Debug)]
pub struct Budget {
    /// The time at which the operation has to end.
    pub deadline: Instant,
    /// Cancelled when the user stops the run.
    pub stop: CancellationToken,
    /// The requests that are admitted ahead of the others.
    pub(crate) reservation: Option<Reservation>,
}

/// The reason why a wait ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interruption {
    Stopped,
    DeadlineExceeded,
}

impl Budget {
    /// Creates a budget that ends after `duration` or when `stop` is cancelled.
    #[must_use]
    pub fn within(duration: Duration, stop: CancellationToken) -> Self {
        Self { deadline: after(duration), stop, reservation: None }
    }

    /// Returns the time until the deadline; zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Fails after the deadline or a stop.
    pub(crate) fn check(&self) -> Result<(), Interruption> {
        if self.stop.is_cancelled() {
            Err(Interruption::Stopped)
        } else if self.remaining().is_zero() {
            Err(Interruption::DeadlineExceeded)
        } else {
            Ok(())
        }
    }

    /// Waits for a time.
    pub(crate) async fn wait(&self, duration: Duration) -> Result<(), Interruption> {
        self.run(tokio::time::sleep(duration)).await
    }

    /// Waits for a future that may be abandoned without harm.
    pub(crate) async fn run<F: Future>(&self, future: F) -> Result<F::Output, Interruption> {
        self.check()?;
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Interruption::Stopped),
            output = future => Ok(output),
            () = tokio::time::sleep_until(self.deadline) => Err(Interruption::DeadlineExceeded),
        }
    }

    /// Returns this budget with at most `duration` until its deadline.
    pub(crate) fn at_most(&self, duration: Duration) -> Self {
        Self { deadline: self.deadline.min(after(duration)), ..self.clone() }
    }

    /// Returns a budget with at least [`CLEAN_UP_GRACE`] to find out the outcome of a write with a
    /// lost response. A stop still ends it, because a read is a new request.
    pub(crate) fn for_reconciliation(&self) -> Self {
        Self { deadline: self.deadline.max(after(CLEAN_UP_GRACE)), ..self.clone() }
    }

    /// Finishes or undoes a write in several steps, also after a stop.
    ///
    /// `work` gets a budget of its own: the remaining time of this one, or [`CLEAN_UP_GRACE`] if
    /// that is more. A stop before or during it does not end it at once: it bounds the rest by that
    /// grace.
    pub(crate) async fn clean_up<F: Future>(&self, work: impl FnOnce(Self) -> F) -> F::Output {
        let give_up = CancellationToken::new();
        let deadline = self.deadline.max(after(CLEAN_UP_GRACE));
        let work = work(Self { deadline, stop: give_up.clone(), ..self.clone() });
        let grace = async {
            self.stop.cancelled().await;
            tokio::time::sleep(CLEAN_UP_GRACE - STOP_GRACE).await;
            give_up.cancel();
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            output = work => output,
            never = grace => match never {},
        }
    }
}

fn after(duration: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(duration).unwrap_or(now + FAR_FUTURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wait_ends_at_the_deadline() {
        let budget = Budget::within(Duration::from_secs(3), CancellationToken::new());
        let started = Instant::now();
        assert_eq!(budget.wait(Duration::from_secs(60)).await, Err(Interruption::DeadlineExceeded));
        assert_eq!(started.elapsed(), Duration::from_secs(3));
        assert_eq!(budget.check(), Err(Interruption::DeadlineExceeded));
    }

    #[tokio::test(start_paused = true)]
    async fn wait_ends_at_once_after_a_stop() {
        let budget = Budget::within(Duration::from_secs(60), CancellationToken::new());
        let stop = budget.stop.clone();
        let started = Instant::now();
        let (ended, ()) = tokio::join!(budget.wait(Duration::from_secs(30)), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stop.cancel();
        });
        assert_eq!(ended, Err(Interruption::Stopped));
        assert_eq!(started.elapsed(), Duration::from_secs(1));
    }

    /// Returns how long cleaning up that never succeeds lasts with a stop `stopped_after` its
    /// start.
    async fn endless_clean_up(budget: &Budget, stopped_after: Duration) -> Duration {
        let began = Instant::now();
        let stop = budget.stop.clone();
        let work = async |budget: Budget| {
            while budget.wait(Duration::from_millis(100)).await.is_ok() {}
            began.elapsed()
        };
        let (lasted, ()) = tokio::join!(budget.clean_up(work), async {
            tokio::time::sleep(stopped_after).await;
            stop.cancel();
        });
        lasted
    }

    #[tokio::test(start_paused = true)]
    async fn stop_before_or_during_cleaning_up_leaves_it_a_grace() {
        let minute = Duration::from_secs(60);
        let budget = Budget::within(10 * minute, CancellationToken::new());
        let grace = CLEAN_UP_GRACE - STOP_GRACE;
        assert_eq!(endless_clean_up(&budget, minute).await, minute + grace);
        // Now the run is stopped already.
        assert_eq!(budget.for_reconciliation().check(), Err(Interruption::Stopped));
        assert_eq!(endless_clean_up(&budget, minute).await, grace);
    }

    #[tokio::test(start_paused = true)]
    async fn passed_deadline_leaves_time_for_cleaning_up() {
        let budget = Budget::within(Duration::ZERO, CancellationToken::new());
        assert_eq!(budget.for_reconciliation().remaining(), CLEAN_UP_GRACE);
        let left = budget.clean_up(|budget| async move { budget.remaining() }).await;
        assert_eq!(left, CLEAN_UP_GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn longest_duration_does_not_overflow() {
        let budget = Budget::within(Duration::MAX, CancellationToken::new());
        assert!(budget.remaining() > Duration::from_secs(3600));
    }
}
