//! How long the process lives, and what runs in it meanwhile.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// How long to wait for the first client. Terraform itself gives up a provider
/// that it could not connect to after 60 s.
const PATIENCE_FOR_THE_FIRST: Duration = Duration::from_secs(90);

/// How long to wait for another client when the last one has gone. Terraform
/// keeps one connection for as long as it needs the provider.
const PATIENCE_FOR_ANOTHER: Duration = Duration::from_secs(10);

/// How long changes of what exists may take to come to their end when the
/// process ends for whatever reason: longer than it takes to finish a request
/// that is in flight and to undo what was half done.
pub const TIME_FOR_CHANGES: Duration = Duration::from_secs(16);

/// A handle on the life of the process, shared by all who have a say in it.
///
/// Two different things end: *Stop* asks running calls to come back early with
/// what they have, and *shutdown* ends the process. Terraform sends Stop on
/// Ctrl-C and shuts the provider down when it has collected the answers.
#[derive(Clone, Debug)]
pub struct Lifetime {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// A new token takes the place of the cancelled one where one process
    /// serves many runs of Terraform.
    stop: Mutex<CancellationToken>,
    outlives_stop: bool,
    shutdown: CancellationToken,
    closing: CancellationToken,
    calls: TaskTracker,
    /// Of the calls, those that change or delete what exists.
    changes: TaskTracker,
    /// The number of clients.
    clients: watch::Sender<usize>,
}

impl Default for Lifetime {
    fn default() -> Self {
        Self::new()
    }
}

impl Lifetime {
    /// The life of a process that serves one run of Terraform: after a Stop,
    /// everything that starts is stopped at once.
    #[must_use]
    pub fn new() -> Self {
        Self::with(false)
    }

    /// The life of a process that serves one run of Terraform after the other,
    /// as in debug mode: a Stop ends what runs, and the next run starts afresh.
    #[must_use]
    pub fn of_many_runs() -> Self {
        Self::with(true)
    }

    fn with(outlives_stop: bool) -> Self {
        let (calls, changes) = (TaskTracker::new(), TaskTracker::new());
        // A closed tracker still takes tasks; closing lets `idle` return.
        calls.close();
        changes.close();
        Self {
            inner: Arc::new(Inner {
                stop: Mutex::new(CancellationToken::new()),
                outlives_stop,
                shutdown: CancellationToken::new(),
                closing: CancellationToken::new(),
                calls,
                changes,
                clients: watch::Sender::new(0),
            }),
        }
    }

    /// Asks all running calls to end their waits and to answer with what they
    /// have. This is the whole of the protocol's Stop call; it does not wait.
    pub fn stop(&self) {
        let mut stop = self.token();
        stop.cancel();
        if self.inner.outlives_stop {
            *stop = CancellationToken::new();
        }
    }

    /// What a call watches to learn of a Stop. To be fetched when the call
    /// starts and not kept for the next one.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.token().clone()
    }

    /// Asks the process to end.
    pub(super) fn shut_down(&self) {
        self.inner.shutdown.cancel();
    }

    /// Returns when the end of the process has been asked for.
    pub(super) async fn shutdown(&self) {
        self.inner.shutdown.cancelled().await;
    }

    /// Cancelled when connections are to be closed. Streams that would
    /// otherwise stay open for ever watch it.
    pub(super) fn closing(&self) -> CancellationToken {
        self.inner.closing.clone()
    }

    /// Runs a call as a task of its own.
    ///
    /// A dropped handle does not cancel it: when Terraform dies, its connection
    /// breaks, and a request that is under way to the API is still finished.
    pub(super) fn spawn<F>(&self, call: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.calls.spawn(call)
    }

    /// Returns when no call is running.
    pub(super) async fn idle(&self) {
        self.inner.calls.wait().await;
    }

    /// Says that something that exists is being changed or deleted, for as long
    /// as the answer lives.
    ///
    /// Such a call may be between two requests that belong together: what the
    /// first has taken out of service, the second puts back. The process gives
    /// it [`TIME_FOR_CHANGES`] to come to an end in which nothing is left half
    /// done.
    #[must_use]
    pub fn change(&self) -> Change {
        Change { _token: self.inner.changes.token() }
    }

    /// Returns when nothing that exists is being changed.
    pub(super) async fn unchanging(&self) {
        self.inner.changes.wait().await;
    }

    /// Counts a client for as long as the answer lives.
    pub(super) fn client(&self) -> Client {
        self.inner.clients.send_modify(|clients| *clients += 1);
        Client { lifetime: self.clone() }
    }

    /// The number of clients that are connected.
    #[cfg(test)]
    pub(super) fn clients(&self) -> usize {
        *self.inner.clients.borrow()
    }

    /// Returns when no client has been there for so long that none will come.
    ///
    /// This is the sign of an orphan where the parent cannot be watched, or is
    /// a wrapper that outlives Terraform.
    pub(super) async fn abandoned(&self) {
        let mut clients = self.inner.clients.subscribe();
        let mut patience = PATIENCE_FOR_THE_FIRST;
        while timeout(patience, clients.wait_for(|&clients| clients > 0)).await.is_ok() {
            // It fails only when there is no sender, and `self` holds one.
            let _ = clients.wait_for(|&clients| clients == 0).await;
            patience = PATIENCE_FOR_ANOTHER;
        }
    }

    fn token(&self) -> MutexGuard<'_, CancellationToken> {
        // The token stays whole whatever panicked while it was locked.
        self.inner.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that exists is being changed or deleted.
#[derive(Debug)]
pub struct Change {
    _token: TaskTrackerToken,
}

/// A client that is connected.
#[derive(Debug)]
pub(super) struct Client {
    lifetime: Lifetime,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.lifetime.inner.clients.send_modify(|clients| *clients -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::time::{Instant, sleep, timeout};

    use super::{Lifetime, PATIENCE_FOR_ANOTHER, PATIENCE_FOR_THE_FIRST};

    #[test]
    fn a_stop_lasts_unless_many_runs_are_served() {
        for (lifetime, lasts) in [(Lifetime::new(), true), (Lifetime::of_many_runs(), false)] {
            let running = lifetime.stopping();
            assert!(!running.is_cancelled());
            lifetime.clone().stop();
            assert!(running.is_cancelled());
            assert_eq!(lifetime.stopping().is_cancelled(), lasts);
        }
    }

    #[tokio::test]
    async fn a_call_outlives_whoever_waits_for_it() {
        let lifetime = Lifetime::new();
        assert!(lifetime.idle().now_or_never().is_some());

        let (finish, finished) = tokio::sync::oneshot::channel::<()>();
        drop(lifetime.spawn(finished));
        tokio::task::yield_now().await;
        assert!(lifetime.idle().now_or_never().is_none());
        assert!(!finish.is_closed(), "the call is still there");

        finish.send(()).unwrap();
        lifetime.idle().await;
    }

    #[tokio::test(start_paused = true)]
    async fn without_any_client_the_process_is_abandoned() {
        let started = Instant::now();
        Lifetime::new().abandoned().await;
        assert_eq!(started.elapsed(), PATIENCE_FOR_THE_FIRST);
    }

    #[tokio::test(start_paused = true)]
    async fn with_a_client_the_process_is_not_abandoned() {
        let lifetime = Lifetime::new();
        let watcher = tokio::spawn({
            let lifetime = lifetime.clone();
            async move { lifetime.abandoned().await }
        });
        let (first, second) = (lifetime.client(), lifetime.client());
        drop(first);
        sleep(Duration::from_secs(86_400)).await;
        drop(second);
        sleep(PATIENCE_FOR_ANOTHER / 2).await;
        let third = lifetime.client();
        sleep(PATIENCE_FOR_ANOTHER * 2).await;
        assert!(!watcher.is_finished(), "the third came in time");

        drop(third);
        let left = Instant::now();
        timeout(PATIENCE_FOR_ANOTHER * 2, watcher).await.unwrap().unwrap();
        assert_eq!(left.elapsed(), PATIENCE_FOR_ANOTHER);
    }
}
