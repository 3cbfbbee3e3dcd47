//! What can go wrong in a call, as types.
//!
//! Decisions are made on [`ErrorKind`], never on text. Texts from Webex are
//! kept apart in [`Error::descriptions`]: only known error fields are read,
//! they are bounded, free of control characters and of every secret of the
//! call. A raw body, a URL or a header never gets here.

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};

use super::auth::TokenProblem;
use super::connectors::Reference;
use super::transport::Deadline;

/// A call that did not succeed.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Details>);

/// The parts of an [`Error`], filled in by the layer that knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) kind: ErrorKind,
    pub(crate) operation: Operation,
    pub(crate) method: Option<Method>,
    pub(crate) host: Option<String>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) tracking_id: Option<String>,
    pub(crate) server_tracking_id: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) waited: Duration,
    pub(crate) needed_wait: Option<Duration>,
    pub(crate) descriptions: Vec<String>,
    pub(crate) referring_kinds: Vec<String>,
    pub(crate) oauth: Option<OauthError>,
    pub(crate) cause: Option<Cause>,
    pub(crate) outcome_unknown: bool,
    pub(crate) spoken_by_api: bool,
}

/// The steps that a client takes, in the words in which errors name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `POST …/connector`
    CreateConnector,
    /// `GET …/connector/{id}`
    ReadConnector,
    /// `GET …/v2/connector`
    ListConnectors,
    /// `PUT …/connector/{id}` with new content.
    UpdateConnector,
    /// `PUT …/connector/{id}` with `active: false` before an edit or a delete.
    DeactivateConnector,
    /// `PUT …/connector/{id}` with `active: true` afterwards.
    ReactivateConnector,
    /// `DELETE …/connector/{id}`
    DeleteConnector,
    /// `GET …/connector/{id}/incoming-references`
    ListReferences,
    /// `GET …/inputs/connectorId/choices`
    ListFlowConnectors,
    /// `POST` at the token endpoint with a refresh token.
    RefreshAccessToken,
    /// `POST …/applications/{id}/token` for a Service App.
    MakeServiceAppToken,
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::CreateConnector => "create the connector",
            Self::ReadConnector => "read the connector",
            Self::ListConnectors => "list the organization's connectors",
            Self::UpdateConnector => "update the connector",
            Self::DeactivateConnector => "deactivate the connector",
            Self::ReactivateConnector => "reactivate the connector",
            Self::DeleteConnector => "delete the connector",
            Self::ListReferences => "list what refers to the connector",
            Self::ListFlowConnectors => "list the connectors that flows can use",
            Self::RefreshAccessToken => "refresh the access token",
            Self::MakeServiceAppToken => "make an access token for the Service App",
        })
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The host's name could not be resolved.
    NameResolution,
    /// No connection: refused, unreachable, or denied by a proxy.
    Connection,
    /// The host's TLS certificate was not accepted.
    Certificate(CertificateProblem),
    /// The TLS handshake failed for another reason than the certificate.
    Tls,
    /// Something that is not TLS answered on a TLS port.
    NotTls,
    /// A deadline of the transport passed.
    Timeout(Deadline),
    /// The connection ended before the answer was complete.
    ConnectionLost,
    /// Any 3xx. Not followed, because the token would go there too.
    Redirected {
        /// The host it points to, when it names one.
        target_host: Option<String>,
    },
    /// Status 401. When the credentials can be renewed, they were, and the new
    /// token was refused as well.
    Unauthorized {
        /// Whether the credentials can be renewed at all.
        refreshable: bool,
    },
    /// The token endpoint does not accept the credentials.
    CredentialsRefused {
        /// OAuth's error code (RFC 6749 §5.2), when it gave one.
        code: Option<OauthError>,
    },
    /// The token endpoint answered with a token that no header can carry.
    UnusableToken(TokenProblem),
    /// Status 403: the token's scopes or its owner's role do not suffice.
    Forbidden,
    /// Status 404.
    NotFound,
    /// Status 409, and another connector of the organization has the name.
    NameTaken,
    /// Status 409 or 412, and the connector is not of the version that was expected.
    Stale {
        /// The version that was sent.
        expected: Option<i64>,
        /// The version that it has.
        found: Option<i64>,
    },
    /// Status 409 or 412 for a reason that could not be told.
    Conflict,
    /// Status 412: something refers to the connector.
    Referenced(Vec<Reference>),
    /// Status 423. Control Hub lets only deactivated connectors be edited or
    /// deleted, so a connector that is active is deactivated then; who reads of
    /// this kind has one that cannot be.
    Locked,
    /// Status 423 about a connector that was found to be inactive.
    LockedThoughInactive,
    /// Status 429, and no attempt is left, or the wait that Webex demands is longer
    /// than the time that is left.
    RateLimited {
        /// What `Retry-After` said last.
        retry_after: Option<Duration>,
    },
    /// Status 400. [`Error::descriptions`] says why, in Webex's words.
    InvalidRequest,
    /// Status 5xx.
    ServerError,
    /// Any other status.
    UnexpectedStatus,
    /// An answer that cannot be read.
    UnreadableBody(BodyProblem),
    /// An answer that does not end in time to be kept in memory.
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A list that does not end properly.
    Paging(PagingProblem),
    /// The user stopped the run.
    Stopped,
    /// The operation's deadline passed.
    DeadlineExceeded,
    /// The request could not be sent from this machine: no certificate
    /// authority is trusted, or an id makes no URL. [`Error::cause`] says more.
    Unsendable,
    /// A panic ended a request that several operations were waiting for. The
    /// place is in the log.
    Defect,
}

/// Why a certificate was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateProblem {
    /// It is for another host.
    WrongHost,
    /// It is no longer valid.
    Expired,
    /// It is not valid yet, or this machine's clock is wrong.
    NotYetValid,
    /// Nobody who is trusted vouches for it: self-signed, or a private
    /// authority.
    UnknownIssuer,
    /// It was revoked.
    Revoked,
    /// Anything else, see [`Error::cause`]. Windows and macOS verify certificates
    /// themselves, and say of some of the problems above only in words which it is.
    Other,
}

/// OAuth's error codes (RFC 6749 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OauthError {
    /// `invalid_client`: client id or client secret is wrong.
    InvalidClient,
    /// `invalid_grant`: the refresh token is wrong, ended, or was revoked.
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

/// Why an answer cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyProblem {
    /// Nothing came.
    Empty,
    /// It is not JSON: a gateway's page, or something binary.
    NotJson,
    /// It is JSON, but not the object that belongs here.
    OtherShape,
    /// A field that every answer must have is missing or null.
    Missing(&'static str),
    /// It is compressed, although that was not asked for.
    Compressed,
    /// It describes another connector than the one asked for.
    OtherConnector,
    /// It describes a connector that is no custom connector. The client has
    /// nothing to do with those: a PUT would make a custom one of it.
    OtherType,
}

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PagingProblem {
    /// A page names a page as the next that was already read.
    Loop,
    /// More pages than the client is willing to read.
    TooManyPages {
        /// The limit.
        limit: usize,
    },
    /// More rows than the client is willing to keep.
    TooManyRows {
        /// The limit.
        limit: usize,
    },
    /// The next page is said to be at another host.
    OtherOrigin {
        /// That host.
        host: Option<String>,
    },
    /// The link to the next page is no link.
    BadLink,
}

/// Which connection, certificate or parser problem exactly, in the words of the
/// library that met it. Free of URLs and of bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause(String);

impl Cause {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

impl Error {
    /// An error of which nothing is known but the step and the kind.
    pub(crate) fn new(operation: Operation, kind: ErrorKind) -> Self {
        Self(Box::new(Details {
            kind,
            operation,
            method: None,
            host: None,
            status: None,
            tracking_id: None,
            server_tracking_id: None,
            attempts: 0,
            elapsed: Duration::ZERO,
            waited: Duration::ZERO,
            needed_wait: None,
            descriptions: Vec::new(),
            referring_kinds: Vec::new(),
            oauth: None,
            cause: None,
            outcome_unknown: false,
            spoken_by_api: false,
        }))
    }

    pub(crate) fn from_details(details: Details) -> Self {
        Self(Box::new(details))
    }

    pub(crate) fn into_details(self) -> Details {
        *self.0
    }

    /// The same error, after more was found out about it.
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_cause(mut self, cause: Cause) -> Self {
        self.0.cause = Some(cause);
        self
    }

    pub(crate) fn with_outcome_unknown(mut self, unknown: bool) -> Self {
        self.0.outcome_unknown = unknown;
        self
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// During which step.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// The request's method, when there was a request.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        self.0.method.as_ref()
    }

    /// The host that was asked.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.0.host.as_deref()
    }

    /// The status that it answered, when it answered.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// Our own id of the last attempt, sent in the `TrackingID` header.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.0.tracking_id.as_deref()
    }

    /// Webex's id of the last attempt, by which its support finds it.
    #[must_use]
    pub fn server_tracking_id(&self) -> Option<&str> {
        self.0.server_tracking_id.as_deref()
    }

    /// How often the request was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long all of it took, waits included.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// How much of [`elapsed`](Self::elapsed) was spent waiting before and
    /// between attempts.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.0.waited
    }

    /// The wait before a further attempt that did not fit into the time that
    /// was left, if that is why there was no further attempt.
    #[must_use]
    pub fn needed_wait(&self) -> Option<Duration> {
        self.0.needed_wait
    }

    /// What Webex says about it: at most five sentences of at most 300
    /// characters, without control characters, with every secret of this call
    /// replaced.
    #[must_use]
    pub fn descriptions(&self) -> &[String] {
        &self.0.descriptions
    }

    /// The kinds of things (for example `flow`) that Webex says refer to the
    /// connector.
    #[must_use]
    pub fn referring_kinds(&self) -> &[String] {
        &self.0.referring_kinds
    }

    /// The technical cause below it, when there is one.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.0.cause.as_ref()
    }

    /// Whether the request may have been carried out all the same, because its
    /// answer was lost. Always false for reads.
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// The OAuth error code that the answer names.
    pub(crate) fn oauth(&self) -> Option<OauthError> {
        self.0.oauth
    }

    /// Whether the answer is the API's own. A page of a gateway is not, and no
    /// conclusion is drawn from its status.
    pub(crate) fn is_spoken_by_api(&self) -> bool {
        self.0.spoken_by_api
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "could not {}: {}", self.0.operation, self.0.kind)?;
        if let Some(host) = &self.0.host {
            write!(formatter, " (host {host}")?;
            if let Some(status) = self.0.status {
                write!(formatter, ", status {}", status.as_u16())?;
            }
            if let Some(id) = self.0.server_tracking_id.as_ref().or(self.0.tracking_id.as_ref()) {
                write!(formatter, ", tracking id {id}")?;
            }
            formatter.write_str(")")?;
        }
        for description in &self.0.descriptions {
            write!(formatter, "; Webex says: {description}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameResolution => formatter.write_str("the host's name cannot be resolved"),
            Self::Connection => formatter.write_str("no connection"),
            Self::Certificate(problem) => {
                write!(formatter, "the host's TLS certificate is not accepted: {problem}")
            }
            Self::Tls => formatter.write_str("the TLS handshake failed"),
            Self::NotTls => formatter.write_str("the host does not speak TLS on this port"),
            Self::Timeout(deadline) => deadline.fmt(formatter),
            Self::ConnectionLost => {
                formatter.write_str("the connection ended before the answer was complete")
            }
            Self::Redirected { target_host: Some(host) } => {
                write!(formatter, "redirected to the host {host}, which is not followed")
            }
            Self::Redirected { target_host: None } => {
                formatter.write_str("redirected, which is not followed")
            }
            Self::Unauthorized { refreshable: true } => {
                formatter.write_str("the access token is not accepted, nor is the renewed one")
            }
            Self::Unauthorized { refreshable: false } => {
                formatter.write_str("the access token is not accepted and cannot be renewed")
            }
            Self::CredentialsRefused { .. } => formatter.write_str("the credentials are refused"),
            Self::UnusableToken(problem) => write!(formatter, "the new access token {problem}"),
            Self::Forbidden => formatter.write_str("not allowed"),
            Self::NotFound => formatter.write_str("not found"),
            Self::NameTaken => formatter.write_str("the name is taken"),
            Self::Stale { .. } => formatter.write_str("it was changed by someone else meanwhile"),
            Self::Conflict => formatter.write_str("in conflict with what Webex has"),
            Self::Referenced(_) => formatter.write_str("something refers to it"),
            Self::Locked => formatter.write_str("locked"),
            Self::LockedThoughInactive => formatter.write_str("locked although it is inactive"),
            Self::RateLimited { .. } => formatter.write_str("too many requests"),
            Self::InvalidRequest => formatter.write_str("Webex finds the request invalid"),
            Self::ServerError => formatter.write_str("an error inside Webex"),
            Self::UnexpectedStatus => formatter.write_str("an unexpected status"),
            Self::UnreadableBody(problem) => write!(formatter, "an unreadable answer: {problem}"),
            Self::BodyTooLarge { limit } => {
                write!(formatter, "an answer of more than {limit} bytes")
            }
            Self::Paging(problem) => write!(formatter, "a list that does not end: {problem}"),
            Self::Stopped => formatter.write_str("stopped"),
            Self::DeadlineExceeded => formatter.write_str("the operation's deadline has passed"),
            Self::Unsendable => formatter.write_str("the request cannot be sent"),
            Self::Defect => formatter.write_str("a defect of the client ended the request"),
        }
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::WrongHost => "it is for another host",
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet",
            Self::UnknownIssuer => "its issuer is not trusted",
            Self::Revoked => "it was revoked",
            Self::Other => "it cannot be verified",
        })
    }
}

impl fmt::Display for BodyProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("it is empty"),
            Self::NotJson => formatter.write_str("it is not JSON"),
            Self::OtherShape => formatter.write_str("it has another shape than expected"),
            Self::Missing(field) => write!(formatter, "it has no `{field}`"),
            Self::Compressed => formatter.write_str("it is compressed"),
            Self::OtherConnector => formatter.write_str("it describes another connector"),
            Self::OtherType => formatter.write_str("it describes a connector of another type"),
        }
    }
}

impl fmt::Display for PagingProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loop => formatter.write_str("its pages form a loop"),
            Self::TooManyPages { limit } => write!(formatter, "it has more than {limit} pages"),
            Self::TooManyRows { limit } => write!(formatter, "it has more than {limit} rows"),
            Self::OtherOrigin { host: Some(host) } => {
                write!(formatter, "its next page is said to be at the host {host}")
            }
            Self::OtherOrigin { host: None } => {
                formatter.write_str("its next page is said to be elsewhere")
            }
            Self::BadLink => formatter.write_str("the link to its next page cannot be read"),
        }
    }
}

impl OauthError {
    /// Reads an error code.
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

#[cfg(test)]
impl Error {
    /// An error with everything that an error can know, for tests of what is
    /// made of it.
    pub(crate) fn for_tests(operation: Operation, kind: ErrorKind) -> Self {
        let mut error = Self::new(operation, kind);
        let details = &mut *error.0;
        details.method = Some(Method::GET);
        details.host = Some("api.wxcc-us1.cisco.com".to_owned());
        details.status = StatusCode::from_u16(418).ok();
        details.tracking_id = Some("TERRAFORMWEBEX_1".to_owned());
        details.server_tracking_id = Some("ccconfig_1".to_owned());
        details.attempts = 3;
        details.elapsed = Duration::from_secs(75);
        details.waited = Duration::from_millis(6500);
        details.descriptions = vec!["name: must not be that".to_owned()];
        error
    }

    /// The same after so much of 75 seconds was spent waiting.
    pub(crate) fn after_waiting(mut self, waited: Duration) -> Self {
        self.0.waited = waited;
        self
    }
}
