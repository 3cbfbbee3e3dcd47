//! Deletes a connector, also one that has to be deactivated first.

use tokio::time::Instant;

use super::super::budget::Budget;
use super::super::calls::CallName;
use super::super::connector::{Connector, Reference, Version};
use super::super::error::{Error, ErrorKind, Operation};
use super::super::fields::NO_SECRETS;
use super::super::identifiers::ConnectorId;
use super::activation::Deactivated;
use super::write_error::{RemoteState, WriteError, log_inactive_time};
use super::{Connectors, LastWrite, Presence, is_missing};

/// A deleted connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Whether it was gone before the delete.
    pub was_missing: bool,
}

impl Connectors {
    /// Deletes a connector. One that is gone already is a success, when neither a read by id nor
    /// the list finds it: a 404 alone may come from a server without this method at this path. A
    /// response of success with a body that is not the API's is settled by such a read as well.
    ///
    /// When the server refuses to delete an active connector (423), it is deactivated first, and
    /// activated again if the delete fails.
    ///
    /// # Errors
    /// The error describes the connector after the failure.
    pub async fn delete(&self, id: &ConnectorId, budget: &Budget) -> Result<Deleted, WriteError> {
        self.delete_after(id, &LastWrite::default(), budget).await
    }

    /// Deletes a connector like [`delete`](Self::delete). One that Webex does not show is not gone
    /// when the caller has created it moments ago: it gets time to become visible, and then the
    /// delete fails with [`ErrorKind::NotFound`].
    ///
    /// # Errors
    /// The error describes the connector after the failure.
    pub async fn delete_after(
        &self,
        id: &ConnectorId,
        last: &LastWrite,
        budget: &Budget,
    ) -> Result<Deleted, WriteError> {
        self.shared.knowledge.note_requested(id);
        let release = self.shared.releases.begin(id, None);
        let deletion = Deletion { connectors: self, id, last, budget };
        let outcome = deletion.run().await;
        if outcome.is_ok() {
            self.shared.knowledge.note_deleted(id);
            release.succeeded();
        }
        outcome
    }
}

/// The delete of a connector.
struct Deletion<'a> {
    connectors: &'a Connectors,
    id: &'a ConnectorId,
    last: &'a LastWrite,
    budget: &'a Budget,
}

impl Deletion<'_> {
    async fn run(&self) -> Result<Deleted, WriteError> {
        let profile = &self.connectors.session.endpoints.profile;
        let is_locked = self.connectors.locks_active();
        let mut version = None;
        if is_locked || profile.uses_version(CallName::Delete) {
            let Some(current) = self.current().await? else {
                return Ok(Deleted { was_missing: true });
            };
            if is_locked && current.is_active() {
                let locked = Error::new(Operation::DeleteConnector, ErrorKind::Locked);
                return self.saga_from(locked, current).await;
            }
            version = current.version;
        }
        match self.attempt(version.as_ref()).await {
            Err(failure) if failure.error.kind == ErrorKind::Locked => {
                self.saga(failure.error).await
            }
            settled => settled,
        }
    }

    /// Sends a DELETE, and reads its outcome if necessary.
    async fn attempt(&self, version: Option<&Version>) -> Result<Deleted, WriteError> {
        let organization = self.connectors.organization;
        let endpoints = &self.connectors.session.endpoints;
        let request =
            endpoints.delete(organization, self.id, version).map_err(WriteError::unchanged)?;
        let mut may_be_too_early = self.connectors.shared.knowledge.was_just_created(self.id);
        let mut pauses = self.connectors.session.pauses_until_visible();
        let mut may_be_deleted = false;
        loop {
            let error = match self.connectors.write(&request, self.budget).await {
                Ok(response) => match endpoints.profile.confirm_delete(response.body(), self.id) {
                    Ok(()) => return Ok(Deleted { was_missing: false }),
                    // A gateway or a proxy may have responded in Webex's place.
                    Err(problem) => response.unreadable(problem).with_outcome_unknown(true),
                },
                Err(error) => error,
            };
            let is_referenced =
                matches!(error.kind, ErrorKind::Referenced(_)) || !error.referring_kinds.is_empty();
            if is_referenced {
                let references = self.connectors.references_best_effort(self.id, self.budget).await;
                // A request with a version may have been refused for that.
                let may_be_stale = endpoints.profile.uses_version(CallName::Delete)
                    && references.is_empty()
                    && error.referring_kinds.is_empty();
                return Err(if may_be_stale {
                    WriteError::unchanged(error.with_kind(ErrorKind::Conflict))
                } else {
                    referenced(error, references)
                });
            }
            let is_unclear = error.outcome_unknown;
            may_be_deleted |= is_unclear;
            let is_missing = is_missing(&error, Operation::DeleteConnector);
            if !is_unclear && !is_missing {
                return Err(WriteError::unchanged(error));
            }
            // A 404 may also mean that the server lacks this method at this path, so the connector
            // is read after a 404 as well.
            return match self.connectors.look_up(self.id, &self.budget.for_reconciliation()).await {
                // It may not be visible yet.
                Ok(Presence::Gone)
                    if self.connectors.is_recent(self.last.created, self.budget).await =>
                {
                    match pauses.next() {
                        Some(pause) if self.budget.wait(pause).await.is_ok() => continue,
                        Some(_) | None if may_be_deleted => {
                            Err(unknown(error.with_outcome_unknown(true)))
                        }
                        Some(_) | None => Err(WriteError::unchanged(error)),
                    }
                }
                Ok(Presence::Gone) => Ok(Deleted { was_missing: !may_be_deleted }),
                Ok(Presence::Found(_) | Presence::OnlyListed(..))
                    if is_missing && std::mem::take(&mut may_be_too_early) =>
                {
                    continue;
                }
                Ok(Presence::Found(found) | Presence::OnlyListed(found, _)) => {
                    Err(WriteError::new(error, found.into()))
                }
                Err(_) if is_unclear => Err(unknown(error)),
                Err(reason) => Err(unknown(reason)),
            };
        }
    }

    /// Lists the references for a decision. The endpoint is assumed: its absence (404 of the API)
    /// allows the delete, any other failure prevents it.
    async fn references_for_sure(&self) -> Result<Vec<Reference>, Error> {
        match self.connectors.references(self.id, self.budget).await {
            Err(error) if matches!(error.kind, ErrorKind::NotInProfile(_)) => Ok(Vec::new()),
            Err(error) if is_missing(&error, Operation::ListReferences) => Ok(Vec::new()),
            found => found,
        }
    }

    async fn saga(&self, locked: Error) -> Result<Deleted, WriteError> {
        match self.current().await? {
            Some(current) => self.saga_from(locked, current).await,
            None => Ok(Deleted { was_missing: false }),
        }
    }

    /// Reads the connector. One that was created moments ago gets time to become visible.
    async fn current(&self) -> Result<Option<Connector>, WriteError> {
        let mut pauses = self.connectors.session.pauses_until_visible();
        loop {
            let found = self.connectors.read_fresh(self.id, self.budget).await;
            let found = found.map_err(WriteError::unchanged)?;
            if found.is_some() || !self.connectors.is_recent(self.last.created, self.budget).await {
                return Ok(found);
            }
            match pauses.next() {
                Some(pause) if self.budget.wait(pause).await.is_ok() => {}
                Some(_) | None => {
                    let error = Error::new(Operation::DeleteConnector, ErrorKind::NotFound);
                    return Err(WriteError::unchanged(error));
                }
            }
        }
    }

    /// Deactivates the connector, deletes it, and activates it again if the delete fails.
    async fn saga_from(&self, locked: Error, current: Connector) -> Result<Deleted, WriteError> {
        self.connectors.note_lock(&locked, &current)?;
        // Deactivating it would send back what the row has, and drop the rest.
        if current.is_row() {
            return Err(WriteError::new(locked, current.into()));
        }
        // Deactivating a connector in use would break flows in vain. It might also blank the
        // secrets, which are unknown here.
        match self.references_for_sure().await {
            Ok(references) if references.is_empty() => {}
            // The words of the refusal advise to deactivate the connector, which would be wrong.
            Ok(references) => return Err(referenced(locked.without_descriptions(), references)),
            Err(error) => return Err(WriteError::new(error, current.into())),
        }
        let budget = self.connectors.reserve_switch(&current, self.budget).await?;
        let reserved = Deletion { budget: &budget, ..*self };
        reserved.switch_and_delete(&current).await
    }

    /// Deactivates an active connector and deletes it. Activates it again if the delete fails, as
    /// it was found after that.
    async fn switch_and_delete(&self, current: &Connector) -> Result<Deleted, WriteError> {
        let connectors = self.connectors;
        let began = Instant::now();
        let inactive = connectors.deactivate(current, &NO_SECRETS, &NO_SECRETS, self.budget).await;
        let inactive =
            inactive.map_err(|failure| failure.before_the_write().measured(self.id, began))?;
        let mut failure = match self.attempt(inactive.connector.version.as_ref()).await {
            Ok(deleted) => {
                log_inactive_time(self.id, began);
                return Ok(deleted);
            }
            Err(failure) => failure,
        };
        if failure.error.kind == ErrorKind::Locked {
            failure.error = failure.error.with_kind(ErrorKind::LockedThoughInactive);
        }
        let latest = match &failure.remote {
            RemoteState::Found(found) if !found.is_row() => {
                Deactivated { connector: (**found).clone(), ..inactive }
            }
            RemoteState::Found(_)
            | RemoteState::Absent
            | RemoteState::Unchanged
            | RemoteState::OnlyId(_)
            | RemoteState::Unknown(_) => inactive,
        };
        let undone = connectors.undo(failure, latest, &NO_SECRETS, true, self.budget).await;
        Err(undone.measured(self.id, began))
    }
}

/// Returns the error for 412, or for another status with the kinds of the referring objects.
fn referenced(error: Error, references: Vec<Reference>) -> WriteError {
    WriteError::unchanged(error.with_kind(ErrorKind::Referenced(references)))
}

/// Returns an error with an unknown outcome. A delete carries no credentials, so Webex has the old
/// ones unless the connector was deactivated.
fn unknown(error: Error) -> WriteError {
    WriteError::new(error, RemoteState::Unknown(None))
}

#[cfg(test)]
mod tests;
