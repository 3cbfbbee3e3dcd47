//! Connections: accepted, authenticated, and counted while they last.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, stream};
use rustls::ServerConfig;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::Connected;

use super::listener::{Duplex, Listener};
use crate::lifetime::{ClientGuard, Lifetime};

/// How long a client's TLS handshake may take.
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How many TLS handshakes may run at a time. One more ends the oldest of them.
const CONCURRENT_HANDSHAKES: usize = 32;

/// The back-off after a failed `accept`, usually caused by too many open files.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// An authenticated connection.
pub(super) struct Connection {
    io: Box<dyn Duplex>,
    /// Counts the client as long as the connection lasts.
    _client: ClientGuard,
}

/// Yields the connections of all authenticated clients.
///
/// Silent clients delay nobody else: if there are too many of them, each new
/// client ends the handshake of the oldest one. Without `tls`, every client that
/// reaches the socket is accepted.
pub(super) fn accept_all(
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    lifetime: Lifetime,
) -> impl Stream<Item = io::Result<Pin<Connection>>> {
    let acceptor = tls.map(TlsAcceptor::from);
    let clients = (listener, Handshakes::default(), acceptor, lifetime);
    stream::unfold(clients, |(listener, mut handshakes, acceptor, lifetime)| async {
        loop {
            tokio::select! {
                // A client that has sent its part is not mistaken for a silent one.
                biased;
                authenticated = handshakes.next() => match authenticated {
                    Ok(io) => {
                        let connection = Connection { io, _client: lifetime.client() };
                        let clients = (listener, handshakes, acceptor, lifetime);
                        return Some((Ok(Pin::new(connection)), clients));
                    }
                    Err(error) => tracing::warn!(%error, "Refused a connection"),
                },
                connection = accept(&listener) => {
                    handshakes.begin(authenticate(connection, acceptor.clone()).boxed());
                }
            }
        }
    })
}

/// Waits for a client, also while the system has no connection left.
async fn accept(listener: &Listener) -> Box<dyn Duplex> {
    loop {
        match listener.accept().await {
            Ok(connection) => return connection,
            Err(error) => {
                tracing::warn!(%error, "Cannot accept a connection for the moment");
                sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
}

type Handshake = BoxFuture<'static, io::Result<Box<dyn Duplex>>>;

/// The handshakes in progress, oldest first.
#[derive(Default)]
struct Handshakes(VecDeque<Handshake>);

impl Handshakes {
    /// Adds a handshake, in place of the oldest one if there are too many.
    fn begin(&mut self, handshake: Handshake) {
        if self.0.len() == CONCURRENT_HANDSHAKES {
            self.0.pop_front();
            tracing::warn!("Closed a connection: its client has sent nothing");
        }
        self.0.push_back(handshake);
    }

    /// Waits for the first handshake that finishes. Cancelling it loses none.
    async fn next(&mut self) -> io::Result<Box<dyn Duplex>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Box<dyn Duplex>>> {
        for index in 0..self.0.len() {
            if let Some(Poll::Ready(finished)) =
                self.0.get_mut(index).map(|handshake| handshake.poll_unpin(context))
            {
                drop(self.0.remove(index));
                return Poll::Ready(finished);
            }
        }
        Poll::Pending
    }
}

async fn authenticate(
    connection: Box<dyn Duplex>,
    acceptor: Option<TlsAcceptor>,
) -> io::Result<Box<dyn Duplex>> {
    match acceptor {
        None => Ok(connection),
        Some(acceptor) => {
            let accepted = timeout(TLS_HANDSHAKE_TIMEOUT, acceptor.accept(connection)).await??;
            Ok(Box::new(accepted))
        }
    }
}

impl Deref for Connection {
    type Target = dyn Duplex;

    fn deref(&self) -> &Self::Target {
        &*self.io
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.io
    }
}

/// A pinned pointer reads and writes by its target.
impl Connected for Pin<Connection> {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use futures_util::{FutureExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::{CONCURRENT_HANDSHAKES, TLS_HANDSHAKE_TIMEOUT, accept_all};
    use crate::lifetime::Lifetime;
    use crate::plugin::handshake::ListenOn;
    use crate::plugin::listener::Listener;
    use crate::plugin::tls::ServerIdentity;

    fn listener() -> (Listener, String) {
        let listener = Listener::open(&ListenOn::Tcp { ports: 0..=0 }).unwrap();
        let place = listener.address().place;
        (listener, place)
    }

    #[tokio::test]
    async fn connection_carries_bytes_and_counts_until_it_closes() {
        let lifetime = Lifetime::new();
        let (listener, place) = listener();
        let mut clients = pin!(accept_all(listener, None, lifetime.clone()));
        assert!(clients.next().now_or_never().is_none());
        assert_eq!(lifetime.clients(), 0);

        let (client, server) = tokio::join!(TcpStream::connect(place), clients.next());
        let (mut client, mut server) = (client.unwrap(), server.unwrap().unwrap());
        assert_eq!(lifetime.clients(), 1);
        client.write_all(b"ping").await.unwrap();
        server.read_exact(&mut [0; 4]).await.unwrap();
        server.write_all(b"pong").await.unwrap();
        server.shutdown().await.unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        assert_eq!(response, "pong");

        drop(server);
        assert_eq!(lifetime.clients(), 0);
    }

    /// Any number of clients that connect and say nothing.
    #[tokio::test]
    async fn silent_clients_make_room_for_new_ones() {
        let (listener, place) = listener();
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let tls = ServerIdentity::for_client(key.cert.der().clone()).unwrap().config;
        let mut clients = pin!(accept_all(listener, Some(tls), Lifetime::new()));
        let silent = async {
            let mut silent = Vec::new();
            for _ in 0..=CONCURRENT_HANDSHAKES {
                silent.push(TcpStream::connect(&place).await.unwrap());
            }
            // The first one is closed as soon as the last one has connected.
            assert_eq!(silent[0].read(&mut [0; 1]).await.unwrap(), 0);
            assert!(silent[1].read(&mut [0; 1]).now_or_never().is_none(), "the second waits");
        };
        let in_time = Duration::from_secs(5);
        assert!(in_time < TLS_HANDSHAKE_TIMEOUT);
        tokio::select! {
            _ = clients.next() => panic!("nobody has the certificate"),
            ended = tokio::time::timeout(in_time, silent) => ended.expect("an end in time"),
        }
    }
}
