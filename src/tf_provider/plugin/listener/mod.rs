//! The local socket on which Terraform connects.

mod tcp;
#[cfg(unix)]
mod unix;

use std::io;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncWrite};

use super::handshake::ListenOn;

/// Bytes in both directions.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// The address to connect to, as written in the handshake line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `unix` or `tcp`.
    pub(super) network: &'static str,
    /// A path, or an address with a port.
    pub(super) place: String,
}

/// An open socket. Dropping it removes its files.
#[derive(Debug)]
pub(super) enum Listener {
    /// In the file system.
    #[cfg(unix)]
    Unix(unix::PrivateSocket),
    /// On the loopback address.
    Tcp(tcp::LoopbackPort),
}

/// The reason why no socket could be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListenError {
    /// The folder for the socket cannot be used.
    #[cfg(unix)]
    #[error(
        "cannot make a socket in {folder}: {cause}. Set TMPDIR to a folder that can be written to"
    )]
    Folder {
        /// The folder, as text that is safe to show.
        folder: String,
        /// The error of the system.
        cause: io::Error,
    },
    /// The path does not fit into the system's structure, or not into the
    /// handshake line.
    #[cfg(unix)]
    #[error(
        "cannot make a socket in {folder}: the path has to be text without \"|\" and control \
         characters, and with the socket's name it has to stay under {limit} bytes. Set TMPDIR to a \
         shorter path, such as /tmp"
    )]
    Path {
        /// The folder, as text that is safe to show.
        folder: String,
        /// The number of bytes.
        limit: usize,
    },
    /// No port is free.
    #[error("cannot listen on any of the ports {from} to {to} of 127.0.0.1: {cause}")]
    Port {
        /// The first port tried.
        from: u16,
        /// The last port tried.
        to: u16,
        /// The error at the last of them.
        cause: io::Error,
    },
    /// The system has no such sockets.
    #[cfg(not(unix))]
    #[error("this system has no Unix sockets")]
    Unsupported,
}

impl Listener {
    /// Opens a socket. Needs a tokio runtime.
    ///
    /// # Errors
    /// When none can be opened.
    pub(super) fn open(listen_on: &ListenOn) -> Result<Self, ListenError> {
        match listen_on {
            #[cfg(unix)]
            ListenOn::Unix => unix::PrivateSocket::open().map(Self::Unix),
            #[cfg(not(unix))]
            ListenOn::Unix => Err(ListenError::Unsupported),
            ListenOn::Tcp { ports } => tcp::LoopbackPort::open(ports.clone()).map(Self::Tcp),
        }
    }

    /// Returns the address to connect to.
    pub(super) fn address(&self) -> Address {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => listener.address(),
            Self::Tcp(listener) => listener.address(),
        }
    }

    /// Returns the folder that dropping the socket removes.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => Some(listener.folder()),
            Self::Tcp(_) => None,
        }
    }

    /// Waits for a client. Cancelling it loses none.
    ///
    /// # Errors
    /// When the system cannot open another connection for the moment.
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => listener.accept().await,
            Self::Tcp(listener) => listener.accept().await,
        }
    }
}
