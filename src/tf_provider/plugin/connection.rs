//! Connections: accepted, proven to come from the right client, handed on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt, future, stream};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::Connected;

use super::lifetime::{Client, Lifetime};
use super::listener::Listener;

/// How long a client may take to prove itself.
const PROOF_TIMEOUT: Duration = Duration::from_secs(10);

/// How many clients may be busy proving themselves at a time.
const PROOFS_AT_ONCE: usize = 32;

/// The pause after the system had no connection to give, which it lacks when
/// too many files are open; asking again at once would only burn time.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Bytes in both directions.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection on which calls may come.
pub(super) struct Connection {
    io: Box<dyn Duplex>,
    /// Counted as long as the connection lasts.
    _client: Client,
}

/// All clients that prove themselves, as they come.
///
/// A client that stays silent holds up nobody else. Without `tls`, any client
/// that reaches the socket counts as proven.
pub(super) fn accept_all(
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    lifetime: Lifetime,
) -> impl Stream<Item = io::Result<Connection>> {
    let acceptor = tls.map(TlsAcceptor::from);
    stream::unfold(listener, |listener| async {
        loop {
            match listener.accept().await {
                Ok(connection) => return Some((connection, listener)),
                Err(error) => {
                    tracing::warn!(%error, "Cannot accept a connection for the moment");
                    sleep(PAUSE_AFTER_FAILURE).await;
                }
            }
        }
    })
    .map(move |connection| prove(connection, acceptor.clone()))
    .buffer_unordered(PROOFS_AT_ONCE)
    .filter_map(move |proven| {
        future::ready(match proven {
            Ok(io) => Some(Ok(Connection { io, _client: lifetime.client() })),
            Err(error) => {
                tracing::warn!(%error, "Refused a connection");
                None
            }
        })
    })
}

async fn prove(
    connection: Box<dyn Duplex>,
    acceptor: Option<TlsAcceptor>,
) -> io::Result<Box<dyn Duplex>> {
    match acceptor {
        None => Ok(connection),
        Some(acceptor) => Ok(Box::new(timeout(PROOF_TIMEOUT, acceptor.accept(connection)).await??)),
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::{FutureExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::accept_all;
    use crate::plugin::Lifetime;
    use crate::plugin::handshake::ListenOn;
    use crate::plugin::listener::Listener;

    #[tokio::test]
    async fn a_connection_carries_bytes_and_counts_until_it_ends() {
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
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "pong");

        drop(server);
        assert_eq!(lifetime.clients(), 0);
    }
}
