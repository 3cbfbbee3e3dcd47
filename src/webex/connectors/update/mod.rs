//! Updates a connector with one PUT, or with the saga of deactivating, editing and activating it.
//!
//! A PUT of the same content may be repeated, but then its version is stale if the first attempt
//! took effect. An unclear outcome is therefore settled by reading the connector: the PUT took
//! effect if all fields are as in the request and the version is higher.

use super::super::budget::Budget;
use super::super::connector::{Connector, ConnectorContent};
use super::super::error::{Error, ErrorKind, Operation};
use super::super::fields::{NO_SECRETS, Secrets};
use super::super::identifiers::ConnectorId;
use super::super::pipeline::RetryMode;
use super::activation::{
    ActivationError, Deactivated, Reactivated, is_about_the_content, is_gateway_timeout,
};
use super::name_conflict::Wait;
use super::write_error::{Availability, RemoteState, WriteError};
use super::{Connectors, wire};

impl Connectors {
    /// Replaces a connector's content.
    ///
    /// `expected_version` is the version on which the decision to update is based. With another one
    /// on the server the update fails with [`ErrorKind::Stale`] and overwrites nothing. Without
    /// one, the version is read first.
    ///
    /// A server that allows edits of active connectors gets one PUT. After a refusal (423) the
    /// connector is deactivated, edited and activated again. If the edit fails, it is activated
    /// again as well.
    ///
    /// When the name is taken by a connector that this process deletes or renames, the update waits
    /// for that and is sent once more.
    ///
    /// # Errors
    /// The error describes the connector after the failure.
    pub async fn update(
        &self,
        id: &ConnectorId,
        content: &ConnectorContent,
        expected_version: Option<i64>,
        budget: &Budget,
    ) -> Result<Connector, WriteError> {
        self.list_cache.note_requested(self.organization, id);
        let name = content.fields.name();
        let release = self.list_cache.releases.begin(self.organization, id, Some(name));
        let outcome = match self.update_once(id, content, expected_version, budget).await {
            Err(failure) => self.update_with_a_freed_name(id, content, failure, budget).await,
            updated => updated,
        };
        if outcome.is_ok() {
            release.succeeded();
        }
        outcome
    }

    /// Sends an update once more that was refused because of its name, when this process frees the
    /// name.
    async fn update_with_a_freed_name(
        &self,
        id: &ConnectorId,
        content: &ConnectorContent,
        refusal: WriteError,
        budget: &Budget,
    ) -> Result<Connector, WriteError> {
        let is_active_still =
            matches!(refusal.availability, Availability::Unaffected | Availability::Restored);
        let (RemoteState::Found(found), true) = (&refusal.remote, is_active_still) else {
            return Err(refusal);
        };
        let name = content.fields.name();
        let wait = match (&refusal.error.kind, &refusal.name_holder) {
            (ErrorKind::NameTaken, Some(holder)) => {
                self.wait_for_name(name, &holder.id, Some(id), budget).await
            }
            (ErrorKind::Conflict, None) if found.name() != name => {
                self.wait_after_unseen_conflict(Some(id), budget).await
            }
            _ => Wait::Unrelated,
        };
        match wait {
            Wait::Unrelated => Err(refusal),
            Wait::StillHeld => Err(refusal.with_released_holder()),
            Wait::Freed => {
                let again = self.update_once(id, content, found.version, budget).await;
                again.map_err(|failure| failure.after_waiting_for(&refusal))
            }
        }
    }

    /// Replaces a connector's content without waiting for a name.
    async fn update_once(
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

/// The settled outcome of a PUT without a clear success.
enum Settled {
    /// It succeeded.
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

    /// Finds out the outcome of a PUT without a clear success. One with credentials that has most
    /// likely not arrived is sent once more.
    async fn settle(
        &self,
        error: Error,
        version: Option<i64>,
        active: bool,
    ) -> Result<Settled, WriteError> {
        let failure = match self.settle_once(error, version, active).await {
            Err(failure) if !self.content.secrets.is_empty() => failure,
            settled => return settled,
        };
        let is_unmoved = matches!(&failure.remote, RemoteState::Found(found)
            if version.is_some() && found.version == version);
        let may_repeat = failure.error.outcome_unknown
            && is_unmoved
            && self.connectors.may_repeat(&failure.error, self.budget).await;
        if !may_repeat {
            return Err(failure);
        }
        match self.put(version, active, self.budget).await {
            Ok(connector) => Ok(Settled::Done(connector.into())),
            Err(error) => {
                // It may be in conflict with the first attempt.
                let is_unclear = error.outcome_unknown || error.kind == ErrorKind::Conflict;
                self.settle_once(error.with_outcome_unknown(is_unclear), version, active).await
            }
        }
    }

    async fn settle_once(
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
        let mut found =
            match self.connectors.read_fresh(self.id, &self.budget.for_reconciliation()).await {
                Ok(Some(found)) => found,
                Ok(None) => return Err(gone(error)),
                Err(reason) if is_missing && !is_unclear => {
                    return Err(WriteError::unchanged(reason));
                }
                Err(_) if is_unclear => return Err(WriteError::unknown(error, None)),
                Err(_) => return Err(WriteError::unchanged(error)),
            };
        let may_come = is_unclear
            && is_gateway_timeout(&error)
            && version.is_some()
            && found.version == version
            && !self.content.secrets.is_empty();
        if may_come {
            found = self.connectors.read_until_changed(found, self.budget).await;
        }
        if is_unclear && self.took_effect(&found, version, active) {
            return Ok(Settled::Done(found.into()));
        }
        if is_missing && !is_unclear {
            // The connector was not visible before; now it is.
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
        if version.is_some() && found.version == version && !may_come {
            return Err(WriteError::new(error, found.into()));
        }
        Err(WriteError::unknown(error, Some(found)))
    }

    /// Whether a connector is as the PUT would have left it.
    ///
    /// Without versions a new secret is not visible, so a PUT with a secret counts as not
    /// effective.
    fn took_effect(&self, found: &Connector, version: Option<i64>, active: bool) -> bool {
        let moved = match (version, found.version) {
            (Some(before), Some(after)) => after > before,
            _ => self.content.secrets.is_empty(),
        };
        moved && found.active == active && self.content.fields.may_be_stored_as(&found.fields)
    }

    /// Returns the error for 409 or 412: a stale version or a taken name. The version decides, not
    /// the text.
    async fn conflict(&self, error: Error, version: Option<i64>, found: Connector) -> WriteError {
        if version != found.version {
            let kind = ErrorKind::Stale { expected: version, found: found.version };
            return WriteError::new(error.with_kind(kind), found.into());
        }
        let holder = self.name_holder().await;
        let error = if holder.is_some() { error.with_kind(ErrorKind::NameTaken) } else { error };
        WriteError::new(error, found.into()).with_name_holder(holder)
    }

    /// Returns the other connector that has the name, if the list can be read.
    async fn name_holder(&self) -> Option<Connector> {
        let budget = self.budget.for_reconciliation();
        let list = self.connectors.cached_list(RetryMode::Normal, &budget).await.ok()?;
        let holder = list.holder_of(self.content.fields.name())?;
        (holder.id != *self.id).then(|| holder.clone())
    }

    /// Deactivates the connector, edits it, and activates it again.
    async fn saga(&self, locked: Error, version: Option<i64>) -> Result<Connector, WriteError> {
        let current = self.current().await?;
        if version.is_some() && current.version.is_some() && version != current.version {
            let kind = ErrorKind::Stale { expected: version, found: current.version };
            return Err(WriteError::new(locked.with_kind(kind), current.into()));
        }
        if !current.active {
            // The lock has another reason than an active connector.
            let error = locked.with_kind(ErrorKind::LockedThoughInactive);
            return Err(WriteError::new(error, current.into()));
        }
        // Deactivating the connector for a name that is taken would be in vain.
        if current.name() != self.content.fields.name()
            && let Some(holder) = self.name_holder().await
        {
            let error = locked.with_kind(ErrorKind::NameTaken).without_descriptions();
            return Err(WriteError::new(error, current.into()).with_name_holder(Some(holder)));
        }
        let budget = match self.connectors.reserve_switch(self.budget).await {
            Ok(budget) => budget,
            Err(error) => return Err(WriteError::new(error, current.into())),
        };
        let reserved = Edit { budget: &budget, ..*self };
        reserved.switch_and_edit(&current).await
    }

    /// Deactivates an active connector, edits it, and activates it again.
    async fn switch_and_edit(&self, current: &Connector) -> Result<Connector, WriteError> {
        let secrets = &self.content.secrets;
        let deactivated = match self.connectors.deactivate(current, secrets, self.budget).await {
            Ok(deactivated) => deactivated,
            Err(ActivationError { error, .. }) if error.outcome_unknown => {
                let unknown = WriteError::unknown(error, None);
                return Err(unknown.with_availability(Availability::Uncertain));
            }
            Err(failure) => return Err(failure.before_the_write()),
        };
        let edited = match self.edit_inactive(&deactivated.connector).await {
            Ok(edited) => edited,
            Err(failure) => return Err(self.undo(failure, deactivated).await),
        };
        if !self.content.active {
            return Ok(edited);
        }
        // The saga is finished also after a stop or the deadline.
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

    /// Edits the deactivated connector.
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

    /// Activates the connector again after a failed edit.
    ///
    /// The request carries the old content and the secrets of the deactivation, so that an undo
    /// does not store new secrets on its own.
    async fn undo(&self, failure: WriteError, deactivated: Deactivated<'_>) -> WriteError {
        // An edit by someone else in between is not overwritten, and gets no secrets, which may not
        // belong to it.
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
                // The secrets may be the reason why the edit was refused. The connector is better
                // active with the present ones, which are uncertain anyway.
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

/// Returns the error about a connector that is gone.
fn gone(error: Error) -> WriteError {
    WriteError::new(error.with_kind(ErrorKind::NotFound), RemoteState::Absent)
}

#[cfg(test)]
mod tests;
