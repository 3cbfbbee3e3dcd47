//! Tests servers that send bytes without an end that are no response.

use std::io::{Read as _, Write as _};

use super::*;

/// Starts a server that sends `first` and then `rest` for ever, by a thread of its own.
fn flood(first: &'static [u8], rest: &'static [u8]) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).unwrap() > 0);
        stream.write_all(first).unwrap();
        let rest = rest.repeat(16_384);
        while stream.write_all(&rest).is_ok() {}
    });
    address
}

/// Another call waits a hundred times for ten milliseconds while a request is in flight. If the
/// flood held the thread of both, it would wait a few times only.
#[tokio::test]
async fn flood_ends_with_its_request_and_delays_no_other_call() {
    const TICK: Duration = Duration::from_millis(10);
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (what, first, rest) in [
        ("informational responses", &b""[..], &b"HTTP/1.1 100 Continue\r\n\r\n"[..]),
        ("early hints", b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
        ("the size of a chunk", chunked, b"0"),
        ("chunks of one byte", chunked, b"1\r\n \r\n"),
        ("a header", b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        ("trailers", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    ] {
        let address = flood(first, rest);
        let settings = settings_for("http", "127.0.0.1", address.port(), deadlines());
        let https = Https::new(&settings);
        let request = http::Request::get(format!("http://{address}/")).body(Bytes::new()).unwrap();
        let sending = timeout(TICK * 100, https.send(request));
        let mut ticks = 0;
        let ticking = async {
            loop {
                tokio::time::sleep(TICK).await;
                ticks += 1;
            }
        };
        let ended = tokio::select! { ended = sending => ended, () = ticking => unreachable!() };
        match ended.map(|sent| sent.map(|_| ())) {
            Err(_) => assert!(ticks >= 20, "{what}: {ticks} ticks"),
            Ok(Err(failure)) => assert_eq!(failure.kind, FailureKind::ConnectionLost, "{what}"),
            Ok(Ok(())) => panic!("{what}: a response"),
        }
    }
}
