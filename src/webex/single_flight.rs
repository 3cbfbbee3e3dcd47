//! Single flight: one request in flight, shared by all callers that need its result.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;

use super::budget::{Budget, Interruption};
use super::error::{Error, ErrorDetails, ErrorKind, Operation};

/// A request in flight.
#[derive(Clone)]
pub(crate) struct SharedRequest<T: Clone> {
    operation: Operation,
    result: Shared<BoxFuture<'static, Result<T, Error>>>,
    /// Whether it runs in a task of its own, also when no caller waits for it.
    is_detached: bool,
}

/// A cached result, or the request in flight that returns one.
pub(crate) enum Join<T: Clone> {
    /// The cached result. No request is needed.
    Cached(T),
    /// A request that this caller has started.
    Started(SharedRequest<T>),
    /// A request that another caller has started.
    Joined {
        shared: SharedRequest<T>,
        /// Whether it retries less than this caller would. Then any failure of it is worth another
        /// request.
        is_weaker: bool,
    },
}

impl<T: Clone + Send + Sync + 'static> SharedRequest<T> {
    /// Creates a request that makes progress while a caller waits for it. The budget of the caller
    /// that starts it has to bound it from within.
    ///
    /// `done` receives the result before any caller does.
    pub(crate) fn new(
        operation: Operation,
        request: impl Future<Output = Result<T, Error>> + Send + 'static,
        done: impl FnOnce(&Result<T, Error>) + Send + 'static,
    ) -> Self {
        let result = finished(operation, request, done).boxed().shared();
        Self { operation, result, is_detached: false }
    }

    /// Starts a request in a task of its own, which runs to its end without a waiting caller.
    pub(crate) fn detached(
        operation: Operation,
        request: impl Future<Output = Result<T, Error>> + Send + 'static,
        done: impl FnOnce(&Result<T, Error>) + Send + 'static,
    ) -> Self {
        let task = tokio::spawn(finished(operation, request, done));
        let result = async move {
            task.await.unwrap_or_else(|_| Err(Error::new(operation, ErrorKind::Stopped)))
        };
        Self { operation, result: result.boxed().shared(), is_detached: true }
    }
}

/// Runs a request. A panic becomes an error for all callers that wait.
async fn finished<T>(
    operation: Operation,
    request: impl Future<Output = Result<T, Error>>,
    done: impl FnOnce(&Result<T, Error>),
) -> Result<T, Error> {
    let result = AssertUnwindSafe(request).catch_unwind().await;
    let result = result.unwrap_or_else(|_| Err(Error::new(operation, ErrorKind::Defect)));
    done(&result);
    result
}

/// Waits for the result of a request that is started at most once at a time.
///
/// `join` returns a cached result or a request in flight, and otherwise starts one. A caller that
/// joined the request of another caller joins again when it failed because of the other caller's
/// budget.
pub(crate) async fn single_flight<T: Clone>(
    budget: &Budget,
    mut join: impl FnMut() -> Join<T>,
) -> Result<T, Error> {
    let began = Instant::now();
    loop {
        let (shared, has_joined, is_weaker) = match join() {
            Join::Cached(result) => return Ok(result),
            Join::Started(shared) => (shared, false, false),
            Join::Joined { shared, is_weaker } => (shared, true, is_weaker),
        };
        // The budget of this caller bounds the request from within, which gives the better error.
        let result = if has_joined || shared.is_detached {
            let interrupted = |interruption| interrupted(shared.operation, interruption, began);
            budget.run(shared.result).await.map_err(interrupted)?
        } else {
            shared.result.await
        };
        match result {
            Err(error) if has_joined && (is_weaker || is_about_the_budget(&error)) => {}
            result => return result,
        }
    }
}

/// Returns the error about an interrupted wait for a request.
fn interrupted(operation: Operation, interruption: Interruption, began: Instant) -> Error {
    let elapsed = began.elapsed();
    let details = ErrorDetails::new(operation, interruption.into());
    Error::from(ErrorDetails { elapsed, waited: elapsed, ..details })
}

fn is_about_the_budget(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Stopped | ErrorKind::DeadlineExceeded)
}
