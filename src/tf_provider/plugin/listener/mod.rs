//! The local socket on which Terraform connects.

mod tcp;
#[cfg(unix)]
mod unix;

use std::io;

use super::connection::Duplex;
use super::handshake::ListenOn;

/// Where a client connects, as written in the announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `unix` or `tcp`.
    pub(super) network: &'static str,
    /// A path, or an address with a port.
    pub(super) place: String,
}

/// An open socket. Dropping it removes what it left in the file system.
#[derive(Debug)]
pub(super) enum Listener {
    /// In the file system.
    #[cfg(unix)]
    Unix(unix::Listener),
    /// On the loopback address.
    Tcp(tcp::Listener),
}

/// Why there is no socket.
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
        /// What is wrong with it.
        cause: io::Error,
    },
    /// The path would not fit into the system's structure, or not into the
    /// announcement.
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
    /// The group that may connect is not known, or cannot be set.
    #[cfg(unix)]
    #[error("cannot let the group {group} of PLUGIN_UNIX_SOCKET_GROUP connect: {cause}")]
    Group {
        /// The group asked for, as text that is safe to show.
        group: String,
        /// What is wrong with it.
        cause: io::Error,
    },
    /// No port is free.
    #[error("cannot listen on any of the ports {from} to {to} of 127.0.0.1: {cause}")]
    Port {
        /// The first port tried.
        from: u16,
        /// The last port tried.
        to: u16,
        /// Why the last of them did not work.
        cause: io::Error,
    },
    /// The kind of socket does not exist here.
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
            ListenOn::Unix { directory, group } => {
                unix::Listener::open(directory.as_deref(), group.as_deref()).map(Self::Unix)
            }
            #[cfg(not(unix))]
            ListenOn::Unix { .. } => Err(ListenError::Unsupported),
            ListenOn::Tcp { ports } => tcp::Listener::open(ports.clone()).map(Self::Tcp),
        }
    }

    /// Where a client connects.
    pub(super) fn address(&self) -> Address {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => listener.address(),
            Self::Tcp(listener) => listener.address(),
        }
    }

    /// Waits for a client. Can be cancelled without losing one.
    ///
    /// # Errors
    /// When the system cannot give us another connection for the moment.
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => listener.accept().await,
            Self::Tcp(listener) => listener.accept().await,
        }
    }
}
