//! A write that failed, and what is true now.

use super::super::connector::Connector;
use super::super::error::Error;
use super::super::identifiers::ConnectorId;

/// A create, an update or a delete that failed, or of which it is not known
/// whether it was carried out ([`outcome_unknown`]).
///
/// [`outcome_unknown`]: super::super::error::ErrorDetails::outcome_unknown
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct WriteError {
    /// What happened. When something refers to a connector that was to be
    /// deleted, the kind is [`Referenced`](super::super::ErrorKind::Referenced).
    #[source]
    pub error: Error,
    /// The connector that was to be written, as far as it is known.
    pub remote: RemoteState,
    /// Whether flows can use it.
    pub availability: Availability,
    /// Whether Webex may hold other credentials than before the write, or none.
    ///
    /// Each request on the way either carried the new ones or left them out, and
    /// whether Webex keeps or blanks what is left out is unknown (assumed).
    pub credentials_uncertain: bool,
    /// The connector that has the name that was asked for. With a
    /// [`RemoteState::Unknown`] it may or may not be the one that was to be
    /// created: it is older than the request, has other fields, or may be
    /// another create's of this process.
    pub name_holder: Option<Box<Connector>>,
    /// How many custom connectors the organization has. Found out when Webex
    /// calls a create invalid: the limit of 10 has no error of its own that is
    /// documented.
    pub connectors_in_organization: Option<usize>,
}

/// A connector after a write that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteState {
    /// It does not exist. Where the response to a create was lost, no connector
    /// has the name, not even after some seconds: it is safe to create it again,
    /// because names are unique.
    Absent,
    /// The write has changed nothing. It was not read again.
    Unchanged,
    /// It is like this: as it was, or as the write or somebody else has left it.
    Found(Box<Connector>),
    /// It was created. Nothing but its id is known.
    OnlyId(ConnectorId),
    /// It could not be found out. It was like this when it was last seen, if it
    /// was seen after the write was sent.
    Unknown(Option<Box<Connector>>),
}

/// Whether flows can use a connector after a write that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// The write has not changed it.
    Unaffected,
    /// It had to be deactivated for the write, and is active again.
    Restored,
    /// It is inactive, because it had to be deactivated for the write and could
    /// not be activated again, for this reason. Flows that use it fail meanwhile.
    Lost(Error),
    /// It may be inactive, because it had to be deactivated for the write.
    Uncertain,
}

impl WriteError {
    /// A write that has not affected what flows can use.
    pub(super) fn new(error: Error, remote: RemoteState) -> Self {
        Self {
            error,
            remote,
            availability: Availability::Unaffected,
            credentials_uncertain: false,
            name_holder: None,
            connectors_in_organization: None,
        }
    }

    /// A write that has changed nothing.
    pub(super) fn unchanged(error: Error) -> Self {
        Self::new(error, RemoteState::Unchanged)
    }

    /// A write after which nobody knows what there is. What it sent may be what
    /// Webex has.
    pub(super) fn unknown(error: Error, last_seen: Option<Connector>) -> Self {
        let remote = RemoteState::Unknown(last_seen.map(Box::new));
        Self { credentials_uncertain: true, ..Self::new(error, remote) }
    }

    /// A write for which the connector was deactivated, or may have been.
    pub(super) fn with_availability(self, availability: Availability) -> Self {
        Self { availability, credentials_uncertain: true, ..self }
    }

    pub(super) fn with_name_holder(self, holder: Option<Connector>) -> Self {
        Self { name_holder: holder.map(Box::new), ..self }
    }
}

impl From<Connector> for RemoteState {
    fn from(connector: Connector) -> Self {
        Self::Found(Box::new(connector))
    }
}
