//! Connections: accepted, proven to come from the right client, handed on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::Connected;

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
pub(super) struct Connection(Box<dyn Duplex>);

/// All clients that prove themselves, as they come.
///
/// A client that stays silent holds up nobody else. Without `tls`, any client
/// that reaches the socket counts as proven.
pub(super) fn accept_all(
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
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
    .filter_map(async |proven| match proven {
        Ok(connection) => Some(Ok(connection)),
        Err(error) => {
            tracing::warn!(%error, "Refused a connection");
            None
        }
    })
}

async fn prove(
    connection: Box<dyn Duplex>,
    acceptor: Option<TlsAcceptor>,
) -> io::Result<Connection> {
    let Some(acceptor) = acceptor else { return Ok(Connection(connection)) };
    let proven = timeout(PROOF_TIMEOUT, acceptor.accept(connection)).await??;
    Ok(Connection(Box::new(proven)))
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
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
