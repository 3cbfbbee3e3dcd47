//! The life of the process, and the calls, changes and clients in it.

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
const FIRST_CLIENT_TIMEOUT: Duration = Duration::from_secs(90);

/// How long to wait for another client after the last one has disconnected.
/// Terraform keeps one connection for as long as it needs the provider.
const NEXT_CLIENT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long updates and deletes in flight may run while the process ends, for
/// any reason. A provider must finish or undo a change within this time after
/// its `stop` token is cancelled.
pub const TIME_FOR_CHANGES: Duration = Duration::from_secs(16);

/// A handle on the life of the process, shared by the server and the plugin.
///
/// *Stop* asks running calls to return early with what they have. *Shutdown*
/// ends the process. Terraform sends Stop on Ctrl-C, and shuts the provider
/// down when it has collected the responses.
#[derive(Clone, Debug)]
pub(crate) struct Lifetime {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Cancelled when the process ends.
    ending: CancellationToken,
    /// Replaced after each Stop: the calls that start later are not meant, such as
    /// those that close ephemeral resources.
    stop: Mutex<CancellationToken>,
    shutdown: CancellationToken,
    closing: CancellationToken,
    calls: TaskTracker,
    /// The calls that update or delete an existing object.
    changes: TaskTracker,
    /// The number of clients.
    clients: watch::Sender<usize>,
}

impl Lifetime {
    /// Returns the life of a process that has just started.
    pub(crate) fn new() -> Self {
        let (calls, changes) = (TaskTracker::new(), TaskTracker::new());
        // A closed tracker still accepts tasks; closing lets `wait` return.
        calls.close();
        changes.close();
        let ending = CancellationToken::new();
        Self {
            inner: Arc::new(Inner {
                stop: Mutex::new(ending.child_token()),
                ending,
                shutdown: CancellationToken::new(),
                closing: CancellationToken::new(),
                calls,
                changes,
                clients: watch::Sender::new(0),
            }),
        }
    }

    /// Asks all running calls to end their waits and to return what they have,
    /// as the protocol's Stop call does. Returns without waiting for them.
    pub(crate) fn stop(&self) {
        let mut stop = self.stop_token();
        stop.cancel();
        *stop = self.inner.ending.child_token();
    }

    /// Stops all running calls, and those that start later: the process ends.
    pub(crate) fn end(&self) {
        self.inner.ending.cancel();
    }

    /// Returns the token that a Stop cancels. A call fetches it when it starts,
    /// and no later call may use it.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stop_token().clone()
    }

    /// Asks the process to end.
    pub(crate) fn shut_down(&self) {
        self.inner.shutdown.cancel();
    }

    /// Returns when the process has been asked to end.
    pub(crate) async fn shutdown(&self) {
        self.inner.shutdown.cancelled().await;
    }

    /// Returns the token that is cancelled when connections have to close.
    /// Streams that would otherwise stay open forever watch it.
    pub(crate) fn closing(&self) -> CancellationToken {
        self.inner.closing.clone()
    }

    /// Runs a call as a task of its own.
    ///
    /// Dropping the handle does not cancel the task: when Terraform dies, its
    /// connection breaks, and a request in flight to the API still finishes.
    pub(crate) fn spawn<F>(&self, call: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.calls.spawn(call)
    }

    /// Returns when no call is running.
    pub(crate) async fn calls_finished(&self) {
        self.inner.calls.wait().await;
    }

    /// Returns a guard that marks an update or delete as in progress until it
    /// is dropped.
    ///
    /// Such a call may be between two dependent requests. Shutdown allows it
    /// [`TIME_FOR_CHANGES`] to send the second one.
    #[must_use]
    pub(crate) fn change(&self) -> ChangeGuard {
        ChangeGuard { _token: self.inner.changes.token() }
    }

    /// Returns when no update or delete is in progress.
    pub(crate) async fn changes_finished(&self) {
        self.inner.changes.wait().await;
    }

    /// Returns a guard that counts a client until it is dropped.
    pub(crate) fn client(&self) -> ClientGuard {
        self.inner.clients.send_modify(|clients| *clients += 1);
        ClientGuard { lifetime: self.clone() }
    }

    /// Returns the number of connected clients.
    #[cfg(test)]
    pub(crate) fn clients(&self) -> usize {
        *self.inner.clients.borrow()
    }

    /// Returns when no client has been connected for so long that none will
    /// come.
    ///
    /// This detects an orphan where the parent cannot be watched, or is a
    /// wrapper that outlives Terraform.
    pub(crate) async fn abandoned(&self) {
        let mut clients = self.inner.clients.subscribe();
        let mut limit = FIRST_CLIENT_TIMEOUT;
        while timeout(limit, clients.wait_for(|&clients| clients > 0)).await.is_ok() {
            // It fails only without a sender, and `self` holds one.
            let _ = clients.wait_for(|&clients| clients == 0).await;
            limit = NEXT_CLIENT_TIMEOUT;
        }
    }

    fn stop_token(&self) -> MutexGuard<'_, CancellationToken> {
        // A panic while the lock is held leaves the token valid.
        self.inner.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks an update or delete as in progress.
#[derive(Debug)]
pub(crate) struct ChangeGuard {
    _token: TaskTrackerToken,
}

/// Counts a client as connected.
#[derive(Debug)]
pub(crate) struct ClientGuard {
    lifetime: Lifetime,
}

impl Drop for ClientGuard {
    fn drop(&mut self) {
        self.lifetime.inner.clients.send_modify(|clients| *clients -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::time::{Instant, sleep, timeout};

    use super::{FIRST_CLIENT_TIMEOUT, Lifetime, NEXT_CLIENT_TIMEOUT};

    #[test]
    fn stop_is_meant_for_running_calls_and_the_end_for_all() {
        let lifetime = Lifetime::new();
        for end in [Lifetime::stop, Lifetime::stop, Lifetime::end] {
            let running = lifetime.stopping();
            assert!(!running.is_cancelled());
            end(&lifetime);
            assert!(running.is_cancelled());
        }
        assert!(lifetime.stopping().is_cancelled(), "a call of a process that ends");
    }

    #[tokio::test]
    async fn dropped_call_handle_does_not_cancel_the_call() {
        let lifetime = Lifetime::new();
        assert!(lifetime.calls_finished().now_or_never().is_some());

        let (finish, finished) = tokio::sync::oneshot::channel::<()>();
        drop(lifetime.spawn(finished));
        tokio::task::yield_now().await;
        assert!(lifetime.calls_finished().now_or_never().is_none());
        assert!(!finish.is_closed(), "the call is still there");

        finish.send(()).unwrap();
        lifetime.calls_finished().await;
    }

    #[tokio::test(start_paused = true)]
    async fn process_without_any_client_is_abandoned() {
        let started = Instant::now();
        Lifetime::new().abandoned().await;
        assert_eq!(started.elapsed(), FIRST_CLIENT_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn process_with_a_client_is_not_abandoned() {
        let lifetime = Lifetime::new();
        let watcher = tokio::spawn({
            let lifetime = lifetime.clone();
            async move { lifetime.abandoned().await }
        });
        let (first, second) = (lifetime.client(), lifetime.client());
        drop(first);
        sleep(Duration::from_secs(86_400)).await;
        drop(second);
        sleep(NEXT_CLIENT_TIMEOUT / 2).await;
        let third = lifetime.client();
        sleep(NEXT_CLIENT_TIMEOUT * 2).await;
        assert!(!watcher.is_finished(), "the third came in time");

        drop(third);
        let left = Instant::now();
        timeout(NEXT_CLIENT_TIMEOUT * 2, watcher).await.unwrap().unwrap();
        assert_eq!(left.elapsed(), NEXT_CLIENT_TIMEOUT);
    }
}
