//! A port of the loopback address, for systems without Unix sockets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use tokio::net::TcpListener;

use super::{Address, Duplex, ListenError};

/// A listening port.
#[derive(Debug)]
pub(in super::super) struct LoopbackPort {
    socket: TcpListener,
    address: SocketAddr,
}

impl LoopbackPort {
    /// Takes the first free port of the range.
    pub(super) fn open(ports: RangeInclusive<u16>) -> Result<Self, ListenError> {
        let (from, to) = (*ports.start(), *ports.end());
        let mut cause = io::Error::from(io::ErrorKind::AddrInUse);
        for port in ports {
            match listen(port) {
                Ok(listener) => return Ok(listener),
                Err(error) => cause = error,
            }
        }
        Err(ListenError::Port { from, to, cause })
    }

    pub(super) fn address(&self) -> Address {
        Address { network: "tcp", place: self.address.to_string() }
    }

    pub(super) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        let (connection, _peer) = self.socket.accept().await?;
        // Otherwise each small response waits some 40 ms for an acknowledgement.
        connection.set_nodelay(true)?;
        Ok(Box::new(connection))
    }
}

fn listen(port: u16) -> io::Result<LoopbackPort> {
    let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    socket.set_nonblocking(true)?;
    let address = socket.local_addr()?;
    Ok(LoopbackPort { socket: TcpListener::from_std(socket)?, address })
}

#[cfg(test)]
mod tests {
    use super::{ListenError, LoopbackPort};

    #[tokio::test]
    async fn port_in_use_is_skipped() {
        let first = LoopbackPort::open(0..=0).unwrap();
        let port = first.address.port();
        let error = LoopbackPort::open(port..=port).unwrap_err();
        assert!(matches!(error, ListenError::Port { from, to, .. } if from == port && to == port));
        // The next port may be in use as well, so the range reaches to the end.
        let second = LoopbackPort::open(port..=u16::MAX).unwrap();
        assert!(second.address.port() > port);
        assert!(second.address().place.starts_with("127.0.0.1:"), "{second:?}");
    }
}
