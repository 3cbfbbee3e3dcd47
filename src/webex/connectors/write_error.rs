//! The error of a write, with the state of the connector after it.

use std::time::Duration;

use tokio::time::Instant;

use super::super::connector::Connector;
use super::super::error::Error;
use super::super::identifiers::ConnectorId;

/// The error of a create, an update or a delete that failed or has an unknown outcome
/// ([`outcome_unknown`]).
///
/// [`outcome_unknown`]: super::super::error::ErrorDetails::outcome_unknown
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct WriteError {
    /// The error. Its kind is [`Referenced`](super::super::ErrorKind::Referenced) when an object
    /// refers to the connector of a delete.
    #[source]
    pub error: Error,
    /// The known state of the connector.
    pub remote: RemoteState,
    /// Whether flows can use the connector.
    pub availability: Availability,
    /// How long the connector was inactive, if the write had to deactivate it and it is active
    /// again ([`Availability::Restored`]): from the request that deactivated it to the response that
    /// shows it active.
    pub inactive_for: Option<Duration>,
    /// Whether Webex may have other credentials than before the write, or none.
    ///
    /// Each request of the write carried the new credentials or left them out. It is unknown
    /// whether Webex keeps or blanks those that are left out.
    pub credentials_uncertain: bool,
    /// The connector that has the name of the request. With [`RemoteState::Unknown`] it may or may
    /// not be the created one: it is older than the request, has other fields, or may be of another
    /// create of this process.
    pub name_holder: Option<Box<Connector>>,
    /// The connectors that are new since a create whose outcome is unknown, if none has the name of
    /// the request: one of them may be the created one, if somebody has renamed it.
    pub new_connectors: Vec<Connector>,
    /// Whether this process deletes or renames the connector that has the name, or was to.
    pub holder_is_released: bool,
    /// The number of custom connectors in the organization. It is counted when Webex finds a create
    /// invalid: the limit of 10 has no documented error of its own.
    pub connectors_in_organization: Option<usize>,
}

/// The state of a connector after a failed write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteState {
    /// It does not exist. After a create with a lost response no connector has the name, also some
    /// seconds later, and none is new. Creating it again is safe, because names are unique.
    Absent,
    /// It is unchanged. It was not read again.
    Unchanged,
    /// It was read: unchanged, or as the write or someone else left it.
    Found(Box<Connector>),
    /// It was created, and only its id is known.
    OnlyId(ConnectorId),
    /// It is unknown. The connector was read like this after the write was sent, if at all.
    Unknown(Option<Box<Connector>>),
}

/// Whether flows can use a connector after a failed write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// The write has not changed this.
    Unaffected,
    /// The connector was deactivated for the write, and is active again.
    Restored,
    /// The connector was deactivated for the write, and could not be activated again, for this
    /// reason. Flows that use it fail meanwhile.
    Lost(Error),
    /// The connector may be inactive, because it was to be deactivated for the write.
    Uncertain,
}

impl WriteError {
    /// Creates the error of a write that has not deactivated the connector.
    pub(super) fn new(error: Error, remote: RemoteState) -> Self {
        Self {
            error,
            remote,
            availability: Availability::Unaffected,
            inactive_for: None,
            credentials_uncertain: false,
            name_holder: None,
            new_connectors: Vec::new(),
            holder_is_released: false,
            connectors_in_organization: None,
        }
    }

    /// Creates the error of a write that has changed nothing.
    pub(super) fn unchanged(error: Error) -> Self {
        Self::new(error, RemoteState::Unchanged)
    }

    /// Creates the error of a write with an unknown outcome. Webex may have its credentials.
    pub(super) fn unknown(error: Error, last_seen: Option<Connector>) -> Self {
        let remote = RemoteState::Unknown(last_seen.map(Box::new));
        Self { credentials_uncertain: true, ..Self::new(error, remote) }
    }

    /// Returns the error of a write that has deactivated the connector, or may have.
    pub(super) fn with_availability(self, availability: Availability) -> Self {
        Self { availability, credentials_uncertain: true, ..self }
    }

    /// Returns the error with the time since the deactivation, if the connector is active again.
    pub(super) fn measured(self, id: &ConnectorId, deactivation: Instant) -> Self {
        match self.availability {
            Availability::Restored => {
                Self { inactive_for: Some(log_inactive_time(id, deactivation)), ..self }
            }
            Availability::Unaffected | Availability::Lost(_) | Availability::Uncertain => self,
        }
    }

    /// Returns the error of a write that needs a name which this process was to free.
    pub(super) fn with_released_holder(self) -> Self {
        let holder_is_released = self.name_holder.is_some();
        Self { holder_is_released, ..self }
    }

    /// Returns the error of a write that was sent again after another write of this process had
    /// freed the name.
    pub(super) fn after_waiting_for(self, refusal: &Self) -> Self {
        let id = |failure: &Self| failure.name_holder.as_ref().map(|holder| holder.id.clone());
        let is_same = self.name_holder.is_some() && id(&self) == id(refusal);
        let credentials_uncertain = self.credentials_uncertain || refusal.credentials_uncertain;
        let inactive_for = together(refusal.inactive_for, self.inactive_for);
        Self { holder_is_released: is_same, credentials_uncertain, inactive_for, ..self }
    }

    pub(super) fn with_name_holder(self, holder: Option<Connector>) -> Self {
        Self { name_holder: holder.map(Box::new), ..self }
    }
}

/// Adds the times that a connector was inactive in two attempts.
pub(super) fn together(first: Option<Duration>, second: Option<Duration>) -> Option<Duration> {
    [first, second].into_iter().flatten().reduce(|first, second| first + second)
}

/// Logs and returns the time since the request that deactivated a connector.
pub(super) fn log_inactive_time(id: &ConnectorId, deactivation: Instant) -> Duration {
    let time = deactivation.elapsed();
    tracing::info!(
        "connector {id} was inactive for {} ms, because Webex allows no write to an active one",
        time.as_millis()
    );
    time
}

impl From<Connector> for RemoteState {
    fn from(connector: Connector) -> Self {
        Self::Found(Box::new(connector))
    }
}
