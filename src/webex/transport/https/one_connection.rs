//! Connects once until it is known which version of HTTP the server speaks.
//!
//! Terraform applies ten changes at a time. One connection by HTTP/2 carries all of them, but the
//! version is known only after the TLS handshake, and until then the library connects once for each
//! request. Here the others wait for the first. If it speaks HTTP/2, they use it. If not, they
//! connect at once, and later ones do not wait any more.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::Connection;
use tokio::sync::Semaphore;
use tower::{Layer, Service};

/// A layer around the connector of one origin.
#[derive(Clone)]
pub(super) struct OneConnectionFirst(Arc<Server>);

/// The facts about a server.
struct Server {
    /// Whoever connects has it, until HTTP/1.1 is known.
    turn: Semaphore,
    has_http_1: AtomicBool,
    /// The number of connections so far by HTTP/2.
    http_2: AtomicUsize,
}

impl Default for OneConnectionFirst {
    fn default() -> Self {
        Self(Arc::new(Server {
            turn: Semaphore::new(1),
            has_http_1: AtomicBool::new(false),
            http_2: AtomicUsize::new(0),
        }))
    }
}

impl<S> Layer<S> for OneConnectionFirst {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Connector<S> {
        Connector { inner, server: Arc::clone(&self.0) }
    }
}

/// A connector that waits for its turn.
#[derive(Clone)]
pub(super) struct Connector<S> {
    inner: S,
    server: Arc<Server>,
}

impl<S, R> Service<R> for Connector<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
    S::Response: Connection + Send,
    S::Error: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.inner.call(request);
        let server = Arc::clone(&self.server);
        Box::pin(async move {
            let before = server.http_2.load(Ordering::Relaxed);
            let mut turn = None;
            if !server.has_http_1.load(Ordering::Relaxed) {
                turn = server.turn.acquire().await.ok();
                if server.http_2.load(Ordering::Relaxed) != before {
                    drop(turn);
                    // The library gives the new connection to the request. Should that fail, the
                    // deadline for connections ends this.
                    return pending().await;
                }
            }
            if server.has_http_1.load(Ordering::Relaxed) {
                turn = None;
            }
            let connection = connecting.await?;
            if connection.connected().is_negotiated_h2() {
                server.http_2.fetch_add(1, Ordering::Relaxed);
            } else {
                server.has_http_1.store(true, Ordering::Relaxed);
            }
            drop(turn);
            Ok(connection)
        })
    }
}
