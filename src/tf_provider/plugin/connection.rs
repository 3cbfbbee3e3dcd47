//! Connections: accepted, authenticated, and counted while they last.

use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, future, stream};
use rustls::ServerConfig;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::Connected;

use super::listener::{Duplex, Listener};
use crate::lifetime::{ClientGuard, Lifetime};

/// How long a client's TLS handshake may take.
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How many TLS handshakes may run at a time.
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
/// Up to [`CONCURRENT_HANDSHAKES`] silent clients delay nobody else. Without
/// `tls`, every client that reaches the socket is accepted.
pub(super) fn accept_all(
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    lifetime: Lifetime,
) -> impl Stream<Item = io::Result<Pin<Connection>>> {
    let acceptor = tls.map(TlsAcceptor::from);
    stream::unfold(listener, |listener| async {
        loop {
            match listener.accept().await {
                Ok(connection) => return Some((connection, listener)),
                Err(error) => {
                    tracing::warn!(%error, "Cannot accept a connection for the moment");
                    sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
    })
    .map(move |connection| authenticate(connection, acceptor.clone()))
    .buffer_unordered(CONCURRENT_HANDSHAKES)
    .filter_map(move |authenticated| {
        future::ready(match authenticated {
            Ok(io) => Some(Ok(Pin::new(Connection { io, _client: lifetime.client() }))),
            Err(error) => {
                tracing::warn!(%error, "Refused a connection");
                None
            }
        })
    })
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

    use futures_util::{FutureExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::accept_all;
    use crate::lifetime::Lifetime;
    use crate::plugin::handshake::ListenOn;
    use crate::plugin::listener::Listener;

    #[tokio::test]
    async fn connection_carries_bytes_and_counts_until_it_closes() {
        let lifetime = Lifetime::new();
        let listener = Listener::open(&ListenOn::Tcp { ports: 0..=0 }).unwrap();
        let place = listener.address().place;
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
}
