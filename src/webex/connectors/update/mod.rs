//! Updating a connector: one PUT, or the saga of deactivating, editing and
//! activating again.
//!
//! A PUT of the same content may be repeated, but a repetition meets the
//! version that the first try left behind. Whatever ends unclear is therefore
//! settled by reading the connector: is everything as we sent it, and has its
//! version moved?

use super::super::budget::Budget;
use super::super::connector::{Connector, ConnectorContent};
use super::super::error::{Error, ErrorKind, Operation};
use super::super::fields::{NO_SECRETS, Secrets};
use super::super::identifiers::ConnectorId;
use super::super::pipeline::RetryMode;
use super::activation::{ActivationError, Deactivated, Reactivated, is_about_the_content};
use super::write_error::{Availability, RemoteState, WriteError};
use super::{Connectors, wire};

impl Connectors {
    /// Replaces a connector's content.
    ///
    /// `expected_version` is the version that the decision to update was made
    /// on. Another one on the server is [`ErrorKind::Stale`] and nothing is
    /// overwritten. Without one, the version is read first.
    ///
    /// One PUT, where the server lets an active connector be edited. Where it
    /// does not (423), the connector is deactivated, edited and activated
    /// again. If the edit fails, it is activated again all the same.
    ///
    /// # Errors
    /// The error says what is true afterwards.
    pub async fn update(
        &self,
        id: &ConnectorId,
        content: &ConnectorContent,
        expected_version: Option<i64>,
        budget: &Budget,
    ) -> Result<Connector, WriteError> {
        let edit = Edit { connectors: self, id, content, budget };
        let version = match expected_version {
            Some(version) => Some(version),
            None => edit.current().await?.version,
        };
        let error = match edit.put(version, content.active, budget).await {
            Ok(connector) => return Ok(connector),
            Err(error) => error,
        };
        match edit.settle(error, version, content.active).await? {
            Settled::Done(connector) => Ok(*connector),
            Settled::Locked(error) => edit.saga(error, version).await,
        }
    }
}

/// The outcome of a PUT that did not simply succeed, if it is not the end.
enum Settled {
    /// It did succeed.
    Done(Box<Connector>),
    /// It was refused because the connector is active.
    Locked(Error),
}

/// The edit of a connector.
struct Edit<'a> {
    connectors: &'a Connectors,
    id: &'a ConnectorId,
    content: &'a ConnectorContent,
    budget: &'a Budget,
}

impl Edit<'_> {
    async fn put(
        &self,
        version: Option<i64>,
        active: bool,
        budget: &Budget,
    ) -> Result<Connector, Error> {
        let body = wire::replace(self.id, version, self.content, active);
        self.connectors.put(Operation::UpdateConnector, self.id, body, budget).await
    }

    /// Reads the connector before anything is done to it.
    async fn current(&self) -> Result<Connector, WriteError> {
        match self.connectors.read_fresh(self.id, self.budget).await {
            Ok(Some(connector)) => Ok(connector),
            Ok(None) => Err(gone(Error::new(Operation::ReadConnector, ErrorKind::NotFound))),
            Err(error) => Err(WriteError::unchanged(error)),
        }
    }

    /// Finds out what a PUT that did not simply succeed has done.
    async fn settle(
        &self,
        error: Error,
        version: Option<i64>,
        active: bool,
    ) -> Result<Settled, WriteError> {
        let is_unclear = error.outcome_unknown;
        let is_conflict = error.kind == ErrorKind::Conflict;
        let is_missing = error.kind == ErrorKind::NotFound;
        if !is_unclear && error.kind == ErrorKind::Locked {
            return Ok(Settled::Locked(error));
        }
        if !is_unclear && !is_conflict && !is_missing {
            return Err(WriteError::unchanged(error));
        }
        let found =
            match self.connectors.read_fresh(self.id, &self.budget.for_reconciliation()).await {
                Ok(Some(found)) => found,
                Ok(None) => return Err(gone(error)),
                Err(reason) if is_missing && !is_unclear => {
                    return Err(WriteError::unchanged(reason));
                }
                Err(_) if is_unclear => return Err(WriteError::unknown(error, None)),
                Err(_) => return Err(WriteError::unchanged(error)),
            };
        if is_unclear && self.took_effect(&found, version, active) {
            return Ok(Settled::Done(found.into()));
        }
        if is_missing && !is_unclear {
            // It was not visible yet; now it is.
            return match self.put(version, active, self.budget).await {
                Ok(connector) => Ok(Settled::Done(connector.into())),
                Err(error) if error.kind == ErrorKind::Locked => Ok(Settled::Locked(error)),
                Err(error) if error.outcome_unknown => Err(WriteError::unknown(error, None)),
                Err(error) => Err(WriteError::new(error, found.into())),
            };
        }
        if error.kind == ErrorKind::Locked && found.version == version {
            return Ok(Settled::Locked(error));
        }
        if is_conflict {
            return Err(self.conflict(error, version, found).await);
        }
        if version.is_some() && found.version == version {
            return Err(WriteError::new(error, found.into()));
        }
        Err(WriteError::unknown(error, Some(found)))
    }

    /// Whether a connector is what our PUT would have made of it.
    ///
    /// Where the server counts no versions, a new secret leaves no trace, so
    /// nothing is concluded when one was sent.
    fn took_effect(&self, found: &Connector, version: Option<i64>, active: bool) -> bool {
        let moved = match (version, found.version) {
            (Some(before), Some(after)) => after > before,
            _ => self.content.secrets.is_empty(),
        };
        moved && found.active == active && self.content.fields.is_equivalent(&found.fields)
    }

    /// 409 or 412: tells a stale version from a name that is taken by looking
    /// at the version, not at the text.
    async fn conflict(&self, error: Error, version: Option<i64>, found: Connector) -> WriteError {
        if version != found.version {
            let kind = ErrorKind::Stale { expected: version, found: found.version };
            return WriteError::new(error.with_kind(kind), found.into());
        }
        let budget = self.budget.for_reconciliation();
        let list = self.connectors.cached_list(RetryMode::Normal, &budget).await.ok();
        let holder = list
            .as_ref()
            .and_then(|list| list.holder_of(self.content.fields.name()))
            .filter(|holder| holder.id != *self.id)
            .cloned();
        let error = if holder.is_some() { error.with_kind(ErrorKind::NameTaken) } else { error };
        WriteError::new(error, found.into()).with_name_holder(holder)
    }

    /// Deactivates, edits, and activates again.
    async fn saga(&self, locked: Error, version: Option<i64>) -> Result<Connector, WriteError> {
        let current = self.current().await?;
        if version.is_some() && current.version.is_some() && version != current.version {
            let kind = ErrorKind::Stale { expected: version, found: current.version };
            return Err(WriteError::new(locked.with_kind(kind), current.into()));
        }
        if !current.active {
            // Then being active is not what locks it.
            let error = locked.with_kind(ErrorKind::LockedThoughInactive);
            return Err(WriteError::new(error, current.into()));
        }
        let secrets = &self.content.secrets;
        let deactivated = match self.connectors.deactivate(&current, secrets, self.budget).await {
            Ok(deactivated) => deactivated,
            Err(ActivationError { error, .. }) if error.outcome_unknown => {
                let unknown = WriteError::unknown(error, None);
                return Err(unknown.with_availability(Availability::Uncertain));
            }
            Err(ActivationError { error, connector }) => {
                return Err(WriteError::new(error, connector.into()));
            }
        };
        let edited = match self.edit_inactive(&deactivated.connector).await {
            Ok(edited) => edited,
            Err(failure) => return Err(self.undo(failure, deactivated).await),
        };
        if !self.content.active {
            return Ok(edited);
        }
        // What was begun is finished, whatever happened meanwhile.
        let finish =
            async |budget| self.connectors.reactivate(&edited, secrets, secrets, &budget).await;
        match self.budget.clean_up(finish).await {
            Ok(Reactivated { connector, overtaken: None }) => Ok(connector),
            Ok(Reactivated { connector, overtaken: Some(error) }) => {
                let failure = WriteError::new(error, connector.into());
                Err(failure.with_availability(Availability::Restored))
            }
            Err(ActivationError { error, connector }) => {
                let failure = WriteError::new(error.clone(), connector.into());
                Err(failure.with_availability(Availability::Lost(error)))
            }
        }
    }

    /// Edits a connector that we deactivated.
    async fn edit_inactive(&self, inactive: &Connector) -> Result<Connector, WriteError> {
        let error = match self.put(inactive.version, false, self.budget).await {
            Ok(edited) => return Ok(edited),
            Err(error) => error,
        };
        match self.settle(error, inactive.version, false).await? {
            Settled::Done(edited) => Ok(*edited),
            Settled::Locked(error) => {
                Err(WriteError::unchanged(error.with_kind(ErrorKind::LockedThoughInactive)))
            }
        }
    }

    /// Activates a connector again whose edit failed.
    ///
    /// With the old content go the secrets that the deactivation carried, so
    /// that new ones do not get there by way of an undo only.
    async fn undo(&self, failure: WriteError, deactivated: Deactivated<'_>) -> WriteError {
        // Somebody else's edit in between is not overwritten either, nor given
        // secrets that might not be theirs.
        let theirs = |found: &Connector| found.version != deactivated.connector.version;
        let (latest, secrets): (_, &Secrets) = match &failure.remote {
            RemoteState::Absent => return failure,
            RemoteState::Found(found) | RemoteState::Unknown(Some(found)) if theirs(found) => {
                ((**found).clone(), &NO_SECRETS)
            }
            RemoteState::Unchanged
            | RemoteState::Found(_)
            | RemoteState::OnlyId(_)
            | RemoteState::Unknown(_) => (deactivated.connector, deactivated.secrets),
        };
        let watched = &self.content.secrets;
        let activate = async |budget: Budget| {
            let activated = self.connectors.reactivate(&latest, secrets, watched, &budget).await;
            match activated {
                // They may be why the edit was refused. It had better be active
                // with whatever it has, which is uncertain anyway.
                Err(refused) if is_about_the_content(&refused.error) && !secrets.is_empty() => {
                    let latest = &refused.connector;
                    self.connectors.reactivate(latest, &NO_SECRETS, watched, &budget).await
                }
                activated => activated,
            }
        };
        let (remote, availability) = match self.budget.clean_up(activate).await {
            Ok(Reactivated { connector, .. }) => {
                let remote = match failure.remote {
                    RemoteState::Unknown(_) => RemoteState::Unknown(Some(connector.into())),
                    RemoteState::Absent
                    | RemoteState::Unchanged
                    | RemoteState::Found(_)
                    | RemoteState::OnlyId(_) => connector.into(),
                };
                (remote, Availability::Restored)
            }
            Err(ActivationError { error, connector }) => {
                (connector.into(), Availability::Lost(error))
            }
        };
        WriteError { remote, ..failure }.with_availability(availability)
    }
}

/// The connector does not exist any more.
fn gone(error: Error) -> WriteError {
    WriteError::new(error.with_kind(ErrorKind::NotFound), RemoteState::Absent)
}

#[cfg(test)]
mod tests;
