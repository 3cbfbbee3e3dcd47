//! Tests of HTTP/2 and of its fallback, with servers that keep the protocol and with hostile ones.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::{Barrier, mpsc};
use tokio_rustls::server::TlsStream;

use super::*;

/// The number of requests at a time, as Terraform applies changes.
const TOGETHER: usize = 10;

const HTTP_2: &[&str] = &["h2", "http/1.1"];

/// A server, its authority, and what it has seen.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    https: Https,
}

/// Starts a server behind TLS that does the same with each connection.
async fn behind_tls<F, Fut>(protocols: &[&str], deadlines: Deadlines, behave: F) -> Server
where
    F: Fn(TlsStream<TcpStream>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let authority = authority();
    let acceptor = acceptor(&authority, protocols);
    let (address, connections) = peer(move |stream| {
        let (acceptor, behave) = (acceptor.clone(), behave.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                behave(stream).await;
            }
        }
    })
    .await;
    let mut settings = settings_for("https", "127.0.0.1", address.port(), deadlines);
    settings.certificate_authorities = Some(pem(authority.der()));
    Server { address, connections, https: Https::new(&settings) }
}

/// Starts a server that responds when so many requests are waiting. It tells the versions of HTTP.
async fn responding(
    protocols: &[&str],
    together: usize,
    body: Bytes,
) -> (Server, mpsc::UnboundedReceiver<http::Version>) {
    let (versions, received) = mpsc::unbounded_channel();
    let barrier = Arc::new(Barrier::new(together));
    let server = behind_tls(protocols, deadlines(), move |stream| {
        let (versions, barrier) = (versions.clone(), Arc::clone(&barrier));
        let body = body.clone();
        async move {
            let respond = service_fn(move |request: http::Request<_>| {
                let (versions, barrier) = (versions.clone(), Arc::clone(&barrier));
                let body = body.clone();
                let _: &http::Request<hyper::body::Incoming> = &request;
                async move {
                    versions.send(request.version()).unwrap();
                    barrier.wait().await;
                    Ok::<_, Infallible>(http::Response::new(Full::new(body)))
                }
            });
            let io = TokioIo::new(stream);
            let negotiated = io.inner().get_ref().1.alpn_protocol() == Some(b"h2");
            let _ = if negotiated {
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                server.serve_connection(io, respond).await
            } else {
                hyper::server::conn::http1::Builder::new().serve_connection(io, respond).await
            };
        }
    })
    .await;
    (server, received)
}

async fn send_together(server: &Server) -> Vec<Result<u16, Failure>> {
    let requests = (0..TOGETHER).map(|_| send(&server.https, server.address));
    futures_util::future::join_all(requests).await
}

#[tokio::test]
async fn requests_share_one_connection_by_http_2() {
    let (server, mut versions) = responding(HTTP_2, TOGETHER, Bytes::new()).await;
    for _ in 0..2 {
        assert_eq!(send_together(&server).await, vec![Ok(200); TOGETHER]);
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    for _ in 0..2 * TOGETHER {
        assert_eq!(versions.recv().await, Some(http::Version::HTTP_2));
    }
}

/// The server responds to ten requests at once only, so ten connections are open at a time.
#[tokio::test]
async fn server_without_http_2_gets_a_connection_for_each_request() {
    for protocols in [&["http/1.1"][..], &[]] {
        let (server, mut versions) = responding(protocols, TOGETHER, Bytes::new()).await;
        for _ in 0..2 {
            assert_eq!(send_together(&server).await, vec![Ok(200); TOGETHER]);
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), TOGETHER);
        assert_eq!(versions.recv().await, Some(http::Version::HTTP_11));
    }
}

/// One fails, and the others do not wait for its connection for ever.
#[tokio::test]
async fn failed_first_connection_does_not_stop_the_others() {
    let (other, _versions) = responding(HTTP_2, TOGETHER - 1, Bytes::new()).await;
    let (target, first) = (other.address, Arc::new(AtomicUsize::new(0)));
    let (address, _) = peer(move |mut stream| {
        let first = Arc::clone(&first);
        async move {
            if first.fetch_add(1, Ordering::SeqCst) > 0 {
                let mut server = TcpStream::connect(target).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
            }
        }
    })
    .await;
    let server = Server { address, ..other };
    let mut sent = send_together(&server).await;
    sent.retain(|sent| *sent != Ok(200));
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn body_is_cut_off_by_http_2_too() {
    let body = Bytes::from(vec![b' '; LARGEST_RESPONSE + 1]);
    let (server, mut versions) = responding(HTTP_2, 1, body).await;
    let failure = send(&server.https, server.address).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::BodyTooLarge);
    assert_eq!(versions.recv().await, Some(http::Version::HTTP_2));
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
/// The header `:status: 200`.
const OK_STATUS: &[u8] = &[0x88];
/// The header `:status: 103`.
const EARLY_HINTS: &[u8] = b"\x08\x03103";

/// Reads until the request of stream 1 has arrived.
async fn read_request(stream: &mut TlsStream<TcpStream>) -> Option<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.ok()?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.ok()?;
        if head[3] == HEADERS {
            return Some(());
        }
    }
}

/// Sends one request to a server that sends `first` and then `rest` for ever. Returns the failure,
/// and how many bytes the server could send.
async fn hostile(first: Vec<u8>, rest: Vec<u8>) -> (FailureKind, usize) {
    let bytes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&bytes);
    let deadlines = Deadlines { connect: LONG, first_byte: SHORT, idle: SHORT };
    // The library adds both up.
    let deadlines = Deadlines { connect: SHORT * 4, ..deadlines };
    let server = behind_tls(HTTP_2, deadlines, move |mut stream| {
        let (first, rest, counted) = (first.clone(), rest.clone(), Arc::clone(&counted));
        async move {
            let settings = frame(SETTINGS, 0, 0, &[]);
            if stream.write_all(&settings).await.is_err()
                || read_request(&mut stream).await.is_none()
            {
                return;
            }
            // A peer that reads nothing keeps its own replies in memory, which is its own fault.
            let (mut reader, mut writer) = tokio::io::split(stream);
            let reading = async { while reader.read_u8().await.is_ok() {} };
            let writing = async {
                let _ = writer.write_all(&first).await;
                while !rest.is_empty() && writer.write_all(&rest).await.is_ok() {
                    counted.fetch_add(rest.len(), Ordering::SeqCst);
                }
                let _ = writer.flush().await;
                if rest.is_empty() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! { () = reading => {}, () = writing => {} }
        }
    })
    .await;
    let failure = send(&server.https, server.address).await.unwrap_err();
    assert_eq!(server.connections.load(Ordering::SeqCst), 1, "nothing is sent again");
    (failure.kind, bytes.load(Ordering::SeqCst))
}

#[tokio::test]
async fn hostile_frames_end_a_request_within_its_limits() {
    let literal = [&[0x00, 0x01, b'x', 0x7f, 0x80, 0x3f][..], &[b'y'; 8191]].concat();
    let many = |frame: Vec<u8>| frame.repeat(64);
    let lost = FailureKind::ConnectionLost;
    let first_byte = FailureKind::Timeout(Deadline::FirstByte);
    let response = || frame(HEADERS, END_HEADERS, 1, OK_STATUS);
    for (what, first, rest, expected) in [
        (
            "a header without an end",
            frame(HEADERS, 0, 1, OK_STATUS),
            many(frame(CONTINUATION, 0, 1, &literal)),
            vec![lost],
        ),
        (
            "an empty header without an end",
            frame(HEADERS, 0, 1, OK_STATUS),
            many(frame(CONTINUATION, 0, 1, &[])),
            vec![lost],
        ),
        (
            "a header that is too large",
            [
                frame(HEADERS, 0, 1, OK_STATUS),
                frame(CONTINUATION, 0, 1, &literal).repeat(2),
                frame(CONTINUATION, END_HEADERS, 1, &literal),
            ]
            .concat(),
            Vec::new(),
            vec![lost],
        ),
        (
            "informational responses",
            Vec::new(),
            many(frame(HEADERS, END_HEADERS, 1, EARLY_HINTS)),
            vec![lost, first_byte],
        ),
        ("settings", Vec::new(), many(frame(SETTINGS, 0, 0, &[])), vec![lost, first_byte]),
        ("pings", Vec::new(), many(frame(PING, 0, 0, &[0; 8])), vec![lost, first_byte]),
        (
            "a push",
            frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82, 0x87, 0x84]),
            Vec::new(),
            vec![lost],
        ),
        ("a refused stream", frame(RST_STREAM, 0, 1, &[0, 0, 0, 7]), Vec::new(), vec![lost]),
        ("a reset", frame(RST_STREAM, 0, 1, &[0, 0, 0, 2]), Vec::new(), vec![lost]),
        ("resets of others", Vec::new(), many(frame(RST_STREAM, 0, 3, &[0; 4])), vec![lost]),
        ("a farewell", frame(GOAWAY, 0, 0, &[0; 8]), Vec::new(), vec![lost, first_byte]),
        (
            "empty data",
            response(),
            many(frame(DATA, 0, 1, &[])),
            vec![lost, FailureKind::Timeout(Deadline::Idle)],
        ),
        (
            "data without an end",
            response(),
            frame(DATA, 0, 1, &[b' '; 16_384]).repeat(257),
            // It ignores the window of the client.
            vec![lost],
        ),
        ("no HTTP", b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), Vec::new(), vec![lost]),
    ] {
        let began = std::time::Instant::now();
        let (kind, bytes) = hostile(first, rest).await;
        assert!(expected.contains(&kind), "{what}: {kind:?} after {bytes} bytes");
        assert!(began.elapsed() < LONG, "{what}");
    }
}
