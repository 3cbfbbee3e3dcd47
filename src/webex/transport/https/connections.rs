//! The thread that serves the connections to one origin.
//!
//! The library reads what a server sends without a limit until a response is complete: informational
//! responses (1xx), or the digits of a chunk's size. A server that sends them without an end keeps a
//! thread busy, and a busy thread looks at no clock. So it is never the thread of a caller: the
//! deadline of the request ends it, and neither other calls nor other servers wait.

use std::convert::Infallible;
use std::io;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio_util::context::TokioContext;

/// A thread with a runtime of its own. It ends when this is dropped.
pub(super) struct Connections {
    runtime: Handle,
    _end: oneshot::Sender<Infallible>,
}

impl Connections {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new().name("connections".to_owned());
        thread.spawn(move || runtime.block_on(ended))?;
        Ok(Self { runtime: handle, _end: end })
    }

    /// Returns a future that the caller polls. The connections that it makes and the tasks that it
    /// spawns belong to this thread.
    pub(super) fn serve<F: Future>(&self, request: F) -> TokioContext<F> {
        TokioContext::new(request, self.runtime.clone())
    }
}
