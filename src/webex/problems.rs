//! The problems of responses and connections, which errors name as their reason.

use thiserror::Error as ThisError;

/// The deadlines of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum Deadline {
    /// No connection in time.
    #[error("no connection in time")]
    Connect,
    /// Connected, but no response in time.
    #[error("connected, but no response in time")]
    FirstByte,
    /// The response began and then stalled.
    #[error("the response began, but stalled")]
    Idle,
    /// The response was too slow to be complete in time.
    #[error("the response was not complete in time")]
    Total,
}

/// The reason why a certificate was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum CertificateProblem {
    /// It is for another host.
    #[error("it is for another host")]
    WrongHost,
    /// It is no longer valid.
    #[error("it has expired")]
    Expired,
    /// It is not valid yet, or this machine's clock is wrong.
    #[error("it is not valid yet")]
    NotYetValid,
    /// No trusted authority issued it: it is self-signed, or of a private authority.
    #[error("its issuer is not trusted")]
    UnknownIssuer,
    /// It was revoked.
    #[error("it was revoked")]
    Revoked,
    /// Anything else, see [`ErrorDetails::cause`]. Windows and macOS verify certificates
    /// themselves, and report some of the problems above as text only.
    #[error("it cannot be verified")]
    Other,
}

/// The OAuth error codes (RFC 6749 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OauthError {
    /// `invalid_client`: client id or client secret is wrong.
    InvalidClient,
    /// `invalid_grant`: the refresh token is wrong, expired or revoked.
    InvalidGrant,
    /// `invalid_request`
    InvalidRequest,
    /// `invalid_scope`
    InvalidScope,
    /// `unauthorized_client`
    UnauthorizedClient,
    /// `unsupported_grant_type`
    UnsupportedGrantType,
}

/// The reason why a response cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum BodyProblem {
    /// The body is empty.
    #[error("it is empty")]
    Empty,
    /// The body is not JSON, for example the page of a gateway.
    #[error("it is not JSON")]
    NotJson,
    /// The body is JSON of another type than expected.
    #[error("it has another shape than expected")]
    OtherShape,
    /// A required field is missing or null.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// The body is compressed, although the request excludes that.
    #[error("it is compressed")]
    Compressed,
    /// The response is about another connector than the request.
    #[error("it describes another connector")]
    OtherConnector,
    /// The connector is no custom connector. The client does not handle others: a PUT would turn
    /// one into a custom connector.
    #[error("it describes a connector of another type")]
    OtherType,
    /// The token is of a type that the client cannot use (RFC 6749 §7.1).
    #[error("its `token_type` is not Bearer")]
    OtherTokenType,
}

/// The reason why a list cannot be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum PagingProblem {
    /// The next page of a page was already read.
    #[error("its pages form a loop")]
    Loop,
    /// The list has more pages than the client reads.
    #[error("it has more than {limit} pages")]
    TooManyPages {
        /// The limit.
        limit: usize,
    },
    /// The list has more rows than the client keeps.
    #[error("it has more than {limit} rows")]
    TooManyRows {
        /// The limit.
        limit: usize,
    },
    /// The list has more bytes than the client reads.
    #[error("it has more than {limit} bytes")]
    TooManyBytes {
        /// The limit.
        limit: usize,
    },
    /// The link to the next page leads to another host.
    #[error("its next page is said to be{}", at_host(host))]
    OtherOrigin {
        /// The host of the link.
        host: Option<String>,
    },
    /// The link to the next page is no URL with a query.
    #[error("the link to its next page cannot be read")]
    BadLink,
}

impl OauthError {
    /// Reads an OAuth error code.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        match code {
            "invalid_client" => Some(Self::InvalidClient),
            "invalid_grant" => Some(Self::InvalidGrant),
            "invalid_request" => Some(Self::InvalidRequest),
            "invalid_scope" => Some(Self::InvalidScope),
            "unauthorized_client" => Some(Self::UnauthorizedClient),
            "unsupported_grant_type" => Some(Self::UnsupportedGrantType),
            _ => None,
        }
    }
}

fn at_host(host: &Option<String>) -> String {
    host.as_ref().map_or_else(|| " elsewhere".to_owned(), |host| format!(" at the host {host}"))
}
