//! The server: it accepts connections, and delays, drips and closes them.
//!
//! A connection speaks HTTP/1.1 or, from its first byte on, HTTP/2. So a program that ends TLS in
//! front of the simulator can offer either.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::Sleep;

use crate::message::{Request, Response};
use crate::service::Service;

/// The largest request body that is read. A larger one is a 413.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// The service, shared by all connections.
pub(crate) type SharedService = Arc<Mutex<Service>>;

/// Locks the service. After a panic in another call it stays usable, because a
/// test may still read what that call did.
pub(crate) fn lock(service: &SharedService) -> MutexGuard<'_, Service> {
    service.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts connections until the sender of `stop` is dropped.
pub(crate) async fn serve(
    listener: TcpListener,
    service: SharedService,
    stop: oneshot::Receiver<Infallible>,
) {
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(serve_connection(stream, Arc::clone(&service)));
                }
                // For example too many open files, of which some may be closed
                // soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    tokio::select! {
        () = accept => {}
        _ = stop => {}
    }
}

async fn serve_connection(stream: TcpStream, service: SharedService) {
    // Otherwise a dripped byte waits until the previous one is acknowledged. A
    // system that refuses this only makes responses slower.
    let _ = stream.set_nodelay(true);
    let handler = service_fn(|request| respond(request, Arc::clone(&service)));
    // An error is a client that disconnected or a connection that a script
    // closed. Neither affects other connections.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), handler)
        .await;
}

/// The error by which a connection is closed without a response.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a fault script closed the connection")
    }
}

impl std::error::Error for Closed {}

/// Responds to one request. On an error hyper closes the connection without
/// sending a byte.
async fn respond(
    request: http::Request<Incoming>,
    service: SharedService,
) -> Result<http::Response<ResponseBody>, Closed> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        return Ok(to_http(Response::empty(StatusCode::PAYLOAD_TOO_LARGE), None));
    };
    let request = Request::new(&parts, body.to_bytes());
    if request.segments().first() == Some(&"_simulator") {
        return Ok(to_http(lock(&service).control(&request), None));
    }
    let outcome = lock(&service).receive(&request);
    tokio::time::sleep(outcome.delay).await;
    outcome.response.map(|response| to_http(response, outcome.drip)).ok_or(Closed)
}

fn to_http(response: Response, interval: Option<Duration>) -> http::Response<ResponseBody> {
    let body = ResponseBody {
        rest: response.body,
        drip: interval
            .map(|interval| Drip { interval, next: Box::pin(tokio::time::sleep(interval)) }),
    };
    let mut http = http::Response::new(body);
    *http.status_mut() = response.status;
    *http.headers_mut() = response.headers;
    http
}

/// A body that is sent at once or byte by byte.
struct ResponseBody {
    rest: Bytes,
    drip: Option<Drip>,
}

struct Drip {
    interval: Duration,
    next: Pin<Box<Sleep>>,
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let mut size = self.rest.len();
        if let Some(drip) = &mut self.drip {
            ready!(drip.next.as_mut().poll(context));
            drip.next.set(tokio::time::sleep(drip.interval));
            size = 1;
        }
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(size)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.drip {
            // A server that produces its response piece by piece does not know
            // the length in advance.
            Some(_) if !self.rest.is_empty() => SizeHint::new(),
            Some(_) | None => SizeHint::with_exact(self.rest.len() as u64),
        }
    }
}
