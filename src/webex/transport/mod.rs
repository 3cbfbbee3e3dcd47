//! Sends one request and reads its response, once.
//!
//! [`Https`] is the implementation over the network. Tests implement [`Transport`] with scripted
//! responses.

mod https;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::body::WipedBuffer;
use super::error::Cause;
use super::problems::{CertificateProblem, Deadline};

pub(crate) use https::Https;

/// The largest response that is kept in memory, in bytes: 4 MiB, a hundred times the largest list
/// that the documented limits allow.
pub(crate) const LARGEST_RESPONSE: usize = 4 * 1024 * 1024;

/// Sends one request and reads its response, once, without redirects and retries.
#[async_trait]
pub(crate) trait Transport: Send + Sync {
    /// Sends a request. Dropping the future abandons it.
    async fn send(&self, request: http::Request<Bytes>) -> Result<RawResponse, Failure>;
}

/// A complete response.
pub(crate) struct RawResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: WipedBuffer,
}

/// The reason why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) cause: Option<Cause>,
    /// The status, when the header of a response had arrived.
    pub(crate) status: Option<StatusCode>,
}

/// The kinds of failures, as far as their consequences differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    NameResolution,
    Connection,
    Certificate(CertificateProblem),
    Tls,
    NotTls,
    Timeout(Deadline),
    ConnectionLost,
    BodyTooLarge,
    Compressed,
    Unsendable,
    /// The user stopped the run while the request was in flight.
    Stopped,
    /// The operation's deadline passed while the request was in flight.
    DeadlineExceeded,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind) -> Self {
        Self { kind, cause: None, status: None }
    }

    pub(crate) fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    pub(crate) fn after_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }
}
