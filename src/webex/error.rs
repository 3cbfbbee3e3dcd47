//! The errors of calls, as types.
//!
//! Decisions depend on [`ErrorKind`], never on text. Texts from Webex are in
//! [`ErrorDetails::descriptions`]: they come from known error fields, are bounded, and are free of
//! control characters and of every credential that the process has seen. An error never holds a raw
//! body, a URL or a header.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use http::{Method, StatusCode};
use safe_text::{Secret, Shown};
use thiserror::Error as ThisError;

use super::budget::Interruption;
use super::calls::ProfileGap;
use super::connector::{Reference, Version};
use super::problems::{BodyProblem, CertificateProblem, Deadline, OauthError, PagingProblem};

/// The longest token that is sent, in bytes. Servers refuse larger headers, often by closing the
/// connection, which would look like another problem.
const LONGEST_TOKEN: usize = 8 * 1024;

/// The error of a call. It dereferences to its [details](ErrorDetails).
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<ErrorDetails>);

/// The parts of an [`Error`], filled in by the layer that knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorDetails {
    /// The kind of error.
    pub kind: ErrorKind,
    /// The step that failed.
    pub operation: Operation,
    /// The request's method, when there was a request.
    pub method: Option<Method>,
    /// The host that the request went to, with its port unless that is the default one.
    pub host: Option<String>,
    /// The status of the response, when there was one.
    pub status: Option<StatusCode>,
    /// The client's id of the last attempt, sent in the `TrackingID` header.
    pub tracking_id: Option<String>,
    /// Webex's id of the last attempt, by which its support finds it.
    pub server_tracking_id: Option<Shown>,
    /// The number of times that the request was sent.
    pub attempts: u32,
    /// The time of all attempts, waits included.
    pub elapsed: Duration,
    /// The part of [`elapsed`](Self::elapsed) that was spent waiting before and between attempts.
    pub waited: Duration,
    /// The wait before another attempt, if it was longer than the remaining time and no other
    /// attempt was made for that reason.
    pub needed_wait: Option<Duration>,
    /// Webex's explanation: at most five texts, without the credentials that this process has seen.
    pub descriptions: Vec<Shown>,
    /// The kinds of objects that refer to the connector, for example `flow`.
    pub referring_kinds: Vec<Shown>,
    /// The methods that the server allows at this path, in a response of status 405.
    pub allowed_methods: Vec<Method>,
    /// The OAuth error code in the response.
    pub oauth: Option<OauthError>,
    /// The technical cause, when there is one.
    pub cause: Option<Cause>,
    /// Whether the request may have been carried out although it failed, because its response was
    /// lost. Always false for reads.
    pub outcome_unknown: bool,
    /// Whether the response may come from the API: it has a JSON object or no body. The page of a
    /// gateway does not, and its status proves nothing about a connector.
    pub is_from_api: bool,
}

/// The steps of the client, as errors name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The profile's call `create`.
    CreateConnector,
    /// The profile's call `read`.
    ReadConnector,
    /// The profile's call `list`.
    ListConnectors,
    /// The profile's call `update`.
    UpdateConnector,
    /// The deactivation of a connector before an edit or a delete.
    DeactivateConnector,
    /// The activation of a connector, also after an edit.
    ReactivateConnector,
    /// The profile's call `delete`.
    DeleteConnector,
    /// The profile's call `references`.
    ListReferences,
    /// `GET …/inputs/connectorId/choices`
    ListFlowConnectors,
    /// `POST …/v2/flows:validate`
    ValidateFlow,
    /// `POST …/v2/flows:import`
    ImportFlow,
    /// `GET …/v2/flows/{id}:validate`
    ValidateDraft,
    /// `POST …/flows/{id}:publish`
    PublishFlow,
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
            Self::ValidateFlow => "validate the flow",
            Self::ImportFlow => "import the flow",
            Self::ValidateDraft => "validate the draft of the flow",
            Self::PublishFlow => "publish the flow",
            Self::RefreshAccessToken => "refresh the access token",
            Self::MakeServiceAppToken => "make an access token for the Service App",
        })
    }
}

/// The kind of error.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum ErrorKind {
    /// The host's name could not be resolved.
    #[error("the host's name cannot be resolved")]
    NameResolution,
    /// No connection: refused, unreachable, or denied by a proxy.
    #[error("no connection")]
    Connection,
    /// The host's TLS certificate was not accepted.
    #[error("the host's TLS certificate is not accepted: {0}")]
    Certificate(CertificateProblem),
    /// The TLS handshake failed for another reason than the certificate.
    #[error("the TLS handshake failed")]
    Tls,
    /// The host responded in another protocol on a TLS port.
    #[error("the host does not speak TLS on this port")]
    NotTls,
    /// A deadline of the transport passed.
    #[error(transparent)]
    Timeout(Deadline),
    /// The connection ended before the response was complete.
    #[error("the connection was lost")]
    ConnectionLost,
    /// Any 3xx. Not followed, because the token would go there too.
    #[error("redirected{}, which is not followed", to_host(target_host))]
    Redirected {
        /// The host of its target, when it names one.
        target_host: Option<String>,
    },
    /// Status 401. When the credentials can be renewed, they were, and the new token was refused as
    /// well.
    #[error("Webex does not accept the access token")]
    Unauthorized {
        /// Whether the credentials can be renewed at all.
        refreshable: bool,
    },
    /// The token endpoint does not accept the credentials.
    #[error("the credentials are refused")]
    CredentialsRefused {
        /// The OAuth error code (RFC 6749 §5.2), if the response has one.
        code: Option<OauthError>,
    },
    /// The token endpoint returned a token that no header can carry.
    #[error("the new access token {0}")]
    UnusableToken(TokenProblem),
    /// Status 403: the token's scopes or its owner's role do not suffice.
    #[error("not allowed")]
    Forbidden,
    /// Status 404.
    #[error("not found")]
    NotFound,
    /// Status 409, and another connector of the organization has the name.
    #[error("the name is taken")]
    NameTaken,
    /// Status 409 or 412, and the connector is not of the version that was expected.
    #[error("somebody else changed it")]
    Stale {
        /// The version that was sent.
        expected: Option<Version>,
        /// The version that it has.
        found: Option<Version>,
    },
    /// Status 409 or 412 for an unknown reason.
    #[error("a conflict with what Webex has")]
    Conflict,
    /// Status 412: something refers to the connector.
    #[error("it is in use")]
    Referenced(Vec<Reference>),
    /// Status 423. Control Hub allows edits and deletes of inactive connectors only, so the client
    /// deactivates an active one first. An error of this kind means that the connector cannot be
    /// deactivated.
    #[error("locked")]
    Locked,
    /// Status 423 about a connector that was found to be inactive.
    #[error("locked although it is inactive")]
    LockedThoughInactive,
    /// Status 2xx to an activation or a deactivation, and `active` is what it was before.
    #[error("Webex did not change `active`")]
    ActiveUnchanged,
    /// Status 429, and no attempt is left, or the wait that Webex demands is longer than the
    /// remaining time.
    #[error("too many requests")]
    RateLimited {
        /// The last `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// Status 400. [`ErrorDetails::descriptions`] has the reason in Webex's words.
    #[error("Webex finds the request invalid")]
    InvalidRequest,
    /// Status 5xx.
    #[error("an internal error of Webex")]
    ServerError,
    /// Any other status.
    #[error("an unexpected status")]
    UnexpectedStatus,
    /// A response that cannot be read.
    #[error("an unreadable response")]
    UnreadableBody(BodyProblem),
    /// A response that is too large to be kept in memory.
    #[error("a response of more than {limit} bytes")]
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A list that does not end properly.
    #[error("a list that does not end: {0}")]
    Paging(PagingProblem),
    /// The user stopped the run.
    #[error("Terraform was asked to stop")]
    Stopped,
    /// The operation's deadline passed.
    #[error("the time limit was reached")]
    DeadlineExceeded,
    /// The request could not be sent from this machine: no certificate authority is trusted, or an
    /// id makes no URL. [`ErrorDetails::cause`] has the details.
    #[error("the request cannot be sent")]
    Unsendable,
    /// The API profile does not say how to make the request. Nothing was sent.
    #[error("the API profile lacks this: {0}")]
    NotInProfile(ProfileGap),
    /// A panic ended a request that several operations waited for. The log has its location.
    #[error("a defect of the provider")]
    Defect,
}

impl From<Interruption> for ErrorKind {
    fn from(interruption: Interruption) -> Self {
        match interruption {
            Interruption::Stopped => Self::Stopped,
            Interruption::DeadlineExceeded => Self::DeadlineExceeded,
        }
    }
}

/// The reason why a token cannot be used. It never holds the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum TokenProblem {
    /// The token is empty.
    #[error("is empty")]
    Empty,
    /// It begins with the word of the header, which requests put before the token.
    #[error("begins with `Bearer`, which does not belong to the token")]
    Bearer,
    /// A line break, another control character, a blank or a character outside of ASCII. The usual
    /// cause is a line break at the end of a file with the token.
    #[error("contains a line break, a space or another character that no HTTP header can carry")]
    NotPrintable,
    /// More than 8 KiB.
    #[error("is longer than 8 KiB, which servers do not accept in a header")]
    TooLong,
}

/// Whether a text begins with `Bearer` and a blank, in any letter case.
fn has_scheme(text: &str) -> bool {
    let word = text.split_whitespace().next().filter(|word| word.len() < text.trim().len());
    word.is_some_and(|word| word.trim_end_matches(':').eq_ignore_ascii_case("bearer"))
}

impl TokenProblem {
    /// Fails when a header cannot carry the token.
    pub fn check(token: &Secret) -> Result<(), Self> {
        let text = token.expose();
        if text.is_empty() {
            Err(Self::Empty)
        } else if has_scheme(text) {
            Err(Self::Bearer)
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Err(Self::NotPrintable)
        } else if text.len() > LONGEST_TOKEN {
            Err(Self::TooLong)
        } else {
            Ok(())
        }
    }
}

/// The exact connection, certificate or parser problem, in the words of the library that reports
/// it. Free of URLs and bodies.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("{0}")]
pub struct Cause(Shown);

impl Cause {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        // A certificate or a proxy may have any text in it.
        Self(Shown::new(&text.into()))
    }
}

impl Error {
    /// Creates an error with only the step and the kind.
    #[must_use]
    pub fn new(operation: Operation, kind: ErrorKind) -> Self {
        Self(Box::new(ErrorDetails::new(operation, kind)))
    }

    /// Returns the error with another kind.
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Returns the error without Webex's words, which are about another reason.
    pub(crate) fn without_descriptions(mut self) -> Self {
        self.0.descriptions.clear();
        self
    }

    pub(crate) fn with_outcome_unknown(mut self, unknown: bool) -> Self {
        self.0.outcome_unknown = unknown;
        self
    }
}

impl ErrorDetails {
    /// Creates details with only the step and the kind.
    #[must_use]
    pub fn new(operation: Operation, kind: ErrorKind) -> Self {
        Self {
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
            allowed_methods: Vec::new(),
            oauth: None,
            cause: None,
            outcome_unknown: false,
            is_from_api: false,
        }
    }
}

impl Deref for Error {
    type Target = ErrorDetails;

    fn deref(&self) -> &ErrorDetails {
        &self.0
    }
}

impl From<ErrorDetails> for Error {
    fn from(details: ErrorDetails) -> Self {
        Self(Box::new(details))
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
            let id = self.0.server_tracking_id.as_deref().or(self.0.tracking_id.as_deref());
            if let Some(id) = id {
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

fn to_host(host: &Option<String>) -> String {
    host.as_ref().map(|host| format!(" to the host {host}")).unwrap_or_default()
}
