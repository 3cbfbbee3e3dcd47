//! A server that replaces Webex, with the responses that a test wants.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A peer in threads of its own, and the requests that it got.
pub(crate) struct Peer {
    /// The URL of its root.
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// Starts a peer. `answer` gets the line and the body of a request, and returns a status and a
    /// body.
    pub(crate) fn start(
        answer: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (answer, requests) = (Arc::new(answer), Arc::<Mutex<Vec<String>>>::default());
        let seen = requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, seen) = (answer.clone(), seen.clone());
                thread::spawn(move || serve(&stream, &*answer, &seen));
            }
        });
        Self { url, requests }
    }

    /// Returns the lines of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("the requests").clone()
    }
}

/// Responds to the requests of a connection until the connection ends.
fn serve(
    mut stream: &TcpStream,
    answer: &(dyn Fn(&str, &str) -> (u16, String) + Send + Sync),
    seen: &Mutex<Vec<String>>,
) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let first = first.trim_end().trim_end_matches(" HTTP/1.1");
        seen.lock().expect("the requests").push(first.to_owned());
        let (status, text) = answer(first, &String::from_utf8_lossy(&body));
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        if stream.write_all(format!("{head}{text}").as_bytes()).is_err() {
            return;
        }
    }
}
