//! The server: connections, and the waiting, dripping and closing on them.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::Sleep;

use crate::message::{Answer, Request};
use crate::world::World;

/// The largest request body that is read. A larger one is a 413.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// The world, shared by all connections.
pub(crate) type Shared = Arc<Mutex<World>>;

/// Locks the world. A panic in another call does not make it unusable: what
/// that call did is still what a test wants to look at.
pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts connections until it is told to stop, or until nobody can tell it
/// any more.
pub(crate) async fn serve(
    listener: TcpListener,
    world: Shared,
    stop: oneshot::Receiver<Infallible>,
) {
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(connection(stream, Arc::clone(&world)));
                }
                // For example too many open files: some may be closed soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    tokio::select! {
        () = accept => {}
        _ = stop => {}
    }
}

async fn connection(stream: TcpStream, world: Shared) {
    // Without it a dripped byte would wait for the acknowledgement of the one
    // before. A system that refuses it only makes answers slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(request, Arc::clone(&world)));
    // An error here is a client that went away or a connection that a script
    // closed; neither concerns anybody else.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The reason for closing a connection without an answer.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a fault script closed the connection")
    }
}

impl std::error::Error for Closed {}

/// Answers one request. An error makes hyper close the connection without a
/// byte of an answer.
async fn answer(
    request: http::Request<Incoming>,
    world: Shared,
) -> Result<Response<AnswerBody>, Closed> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        return Ok(response(Answer::empty(StatusCode::PAYLOAD_TOO_LARGE), None));
    };
    let request = Request::new(&parts, body.to_bytes());
    if request.segments().first() == Some(&"_simulator") {
        return Ok(response(lock(&world).control(&request), None));
    }
    let outcome = lock(&world).receive(&request);
    tokio::time::sleep(outcome.delay).await;
    outcome.answer.map(|answer| response(answer, outcome.drip)).ok_or(Closed)
}

fn response(answer: Answer, interval: Option<Duration>) -> Response<AnswerBody> {
    let body = AnswerBody {
        rest: answer.body,
        drip: interval
            .map(|interval| Drip { interval, next: Box::pin(tokio::time::sleep(interval)) }),
    };
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// A body that is sent at once or byte by byte.
struct AnswerBody {
    rest: Bytes,
    drip: Option<Drip>,
}

struct Drip {
    interval: Duration,
    next: Pin<Box<Sleep>>,
}

impl Body for AnswerBody {
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
            // The length is kept secret, as a server does that produces its
            // answer bit by bit.
            Some(_) if !self.rest.is_empty() => SizeHint::new(),
            Some(_) | None => SizeHint::with_exact(self.rest.len() as u64),
        }
    }
}
