//! Updates a connector with one edit, or with the saga of deactivating, editing and activating it.
//!
//! The connector is read before each edit. One that has moved since the plan is not overwritten, and
//! what the client does not know of it survives. An unclear outcome is settled by reading the
//! connector again: the edit took effect if all fields are as in the request and the version is
//! later.

use std::time::Duration;

use tokio::time::Instant;

use super::super::budget::Budget;
use super::super::calls::CallName;
use super::super::connector::{Connector, ConnectorContent, Version};
use super::super::error::{Error, ErrorKind, Operation};
use super::super::fields::{ConnectorFields, Field, NO_SECRETS, readable_fields};
use super::super::identifiers::ConnectorId;
use super::super::pipeline::RetryMode;
use super::activation::{ActivationError, Deactivated, Reactivated, may_still_be_done};
use super::name_conflict::Wait;
use super::write_error::{Availability, RemoteState, WriteError, log_inactive_time, together};
use super::{Connectors, Presence};

/// A connector as it was when an update was planned.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// Its version, if the server had one.
    pub version: Option<Version>,
    /// Its fields. They decide where there are no versions.
    pub fields: Option<ConnectorFields>,
    /// Whether flows could use it.
    pub active: Option<bool>,
    /// When the caller created it, in milliseconds since 1970 (UTC), by Webex's clock, if no response
    /// has shown it since.
    pub created: Option<i64>,
}

/// A connector that was updated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The connector as Webex returned it.
    pub connector: Connector,
    /// How long the connector was inactive because the edit needed that: from the request that
    /// deactivated it to the response that shows it active again. `None` if the edit left it in
    /// service, or if it is inactive now because that was asked for.
    pub inactive_for: Option<Duration>,
    /// The reason why it could not be activated or deactivated after the edit, where that is a call
    /// of its own.
    pub not_switched: Option<Error>,
}

impl Updated {
    /// Returns the outcome of an edit that did not take the connector out of service.
    fn in_service(connector: Connector) -> Self {
        Self { connector, inactive_for: None, not_switched: None }
    }
}

impl Planned {
    /// Returns the plan of an update that is based on a connector.
    fn of(connector: &Connector) -> Self {
        Self {
            version: connector.version.clone(),
            fields: Some(connector.fields.clone()),
            active: connector.active,
            created: None,
        }
    }

    /// Whether a connector is as it was when the update was planned.
    fn is(&self, current: &Connector) -> bool {
        if let (Some(planned), Some(now)) = (&self.version, &current.version) {
            return planned == now;
        }
        self.fields.as_ref().is_none_or(|fields| current.may_be(fields))
            && (self.active.is_none() || current.active.is_none() || self.active == current.active)
    }
}

impl Connectors {
    /// Replaces a connector's content.
    ///
    /// `planned` is the state on which the decision to update is based. When the server has another
    /// one, the update fails with [`ErrorKind::Stale`] and overwrites nothing.
    ///
    /// A server that allows edits of active connectors gets one edit. After a refusal (423) the
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
        planned: &Planned,
        budget: &Budget,
    ) -> Result<Updated, WriteError> {
        self.shared.knowledge.note_requested(id);
        let name = content.fields.name();
        let release = self.shared.releases.begin(id, Some(name));
        let outcome = match self.update_once(id, content, planned, budget).await {
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
    ) -> Result<Updated, WriteError> {
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
                let again = self.update_once(id, content, &Planned::of(found), budget).await;
                let updated = again.map_err(|failure| failure.after_waiting_for(&refusal))?;
                let inactive_for = together(refusal.inactive_for, updated.inactive_for);
                Ok(Updated { inactive_for, ..updated })
            }
        }
    }

    /// Replaces a connector's content without waiting for a name.
    async fn update_once(
        &self,
        id: &ConnectorId,
        content: &ConnectorContent,
        planned: &Planned,
        budget: &Budget,
    ) -> Result<Updated, WriteError> {
        let edit = Edit { connectors: self, id, content, budget };
        let current = edit.current(planned).await?;
        let edited = edit.edit(&current).await?;
        edit.switched(edited).await
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
    /// Edits the connector, which was `current`. `active` is sent along.
    async fn put(
        &self,
        current: &Connector,
        active: bool,
        budget: &Budget,
    ) -> Result<Connector, Error> {
        let connectors = self.connectors;
        let endpoints = &connectors.session.endpoints;
        let request = endpoints.update(connectors.organization, current, self.content, active);
        let edited =
            connectors.replace(request, current, &self.content.fields, None, budget).await?;
        connectors.shared.knowledge.note_edit(current, &edited);
        Ok(edited)
    }

    /// Reads the connector before anything is done to it, and checks that it is as planned. A state
    /// that is older than the planned one gets time to become visible.
    async fn current(&self, planned: &Planned) -> Result<Connector, WriteError> {
        let mut pauses = self.connectors.session.pauses_until_visible();
        loop {
            let current = match self.connectors.look_up(self.id, self.budget).await {
                Ok(Presence::Found(connector)) => connector,
                Ok(absent @ (Presence::OnlyListed(..) | Presence::Gone)) => {
                    let error = match absent {
                        Presence::OnlyListed(_, error) => error,
                        Presence::Found(_) | Presence::Gone => {
                            let error = Error::new(Operation::ReadConnector, ErrorKind::NotFound);
                            if !self.connectors.is_recent(planned.created, self.budget).await {
                                return Err(gone(error));
                            }
                            // It was created moments ago, and may become visible.
                            error
                        }
                    };
                    match pauses.next() {
                        Some(pause) if self.budget.wait(pause).await.is_ok() => continue,
                        Some(_) | None => return Err(WriteError::unchanged(error)),
                    }
                }
                Err(error) => return Err(WriteError::unchanged(error)),
            };
            if planned.is(&current) {
                return Ok(current);
            }
            let is_older = matches!((&planned.version, &current.version), (Some(planned), Some(now))
                if planned.is_after(now) && !now.is_after(planned));
            let pause = pauses.next().filter(|_| is_older);
            if let Some(pause) = pause
                && self.budget.wait(pause).await.is_ok()
            {
                continue;
            }
            let (expected, found) = (planned.version.clone(), current.version.clone());
            let error =
                Error::new(Operation::UpdateConnector, ErrorKind::Stale { expected, found });
            return Err(WriteError::new(error, current.into()));
        }
    }

    /// Edits the connector with one request, or with the saga.
    async fn edit(&self, current: &Connector) -> Result<Updated, WriteError> {
        if current.is_active() && self.connectors.locks_active() {
            let locked = Error::new(Operation::UpdateConnector, ErrorKind::Locked);
            return self.saga(locked, current).await;
        }
        let error = match self.put(current, self.content.active, self.budget).await {
            Ok(connector) => return Ok(Updated::in_service(connector)),
            Err(error) => error,
        };
        match self.settle(error, current, self.content.active).await? {
            Settled::Done(connector) => Ok(Updated::in_service(*connector)),
            Settled::Locked(error) => self.saga(error, current).await,
        }
    }

    /// Activates or deactivates the edited connector, where that is a call of its own.
    async fn switched(&self, updated: Updated) -> Result<Updated, WriteError> {
        let endpoints = &self.connectors.session.endpoints;
        let active = self.content.active;
        let edited = &updated.connector;
        if endpoints.profile.writes_active(CallName::Update) || edited.active == Some(active) {
            return Ok(updated);
        }
        let watched = &self.content.secrets;
        let switch = async |budget| self.connectors.switch(edited, active, watched, &budget).await;
        let (connector, not_switched) = self.budget.clean_up(switch).await;
        match not_switched {
            // Somebody else has saved the connector after the edit, perhaps with other credentials.
            Some(error) if matches!(error.kind, ErrorKind::Stale { .. }) => {
                let failure = WriteError::new(error, connector.into());
                Err(WriteError { credentials_uncertain: true, ..failure })
            }
            not_switched => Ok(Updated { connector, not_switched, ..updated }),
        }
    }

    /// Finds out the outcome of an edit without a clear success. One with credentials that has most
    /// likely not arrived is sent once more.
    async fn settle(
        &self,
        error: Error,
        current: &Connector,
        active: bool,
    ) -> Result<Settled, WriteError> {
        let failure = match self.settle_once(error, current, active).await {
            Err(failure) if !self.content.secrets.is_empty() => failure,
            settled => return settled,
        };
        let is_unmoved = matches!(&failure.remote, RemoteState::Found(found)
            if current.version.is_some() && found.version == current.version);
        let may_repeat = failure.error.outcome_unknown
            && is_unmoved
            && self.connectors.may_repeat(&failure.error, self.budget).await;
        if !may_repeat {
            return Err(failure);
        }
        match self.put(current, active, self.budget).await {
            Ok(connector) => Ok(Settled::Done(connector.into())),
            Err(error) => {
                // It may be in conflict with the first attempt.
                let is_unclear = error.outcome_unknown || error.kind == ErrorKind::Conflict;
                self.settle_once(error.with_outcome_unknown(is_unclear), current, active).await
            }
        }
    }

    async fn settle_once(
        &self,
        error: Error,
        current: &Connector,
        active: bool,
    ) -> Result<Settled, WriteError> {
        let version = &current.version;
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
            match self.connectors.look_up(self.id, &self.budget.for_reconciliation()).await {
                Ok(Presence::Found(found)) => found,
                Ok(Presence::Gone) => return Err(gone(error)),
                // The row may be older than the edit, and lack what would show it.
                Ok(Presence::OnlyListed(..)) if is_unclear => {
                    return Err(WriteError::unknown(error, None));
                }
                Ok(Presence::OnlyListed(_, reason)) => return Err(WriteError::unchanged(reason)),
                Err(reason) if is_missing && !is_unclear => {
                    return Err(WriteError::unchanged(reason));
                }
                Err(_) if is_unclear => return Err(WriteError::unknown(error, None)),
                Err(_) => return Err(WriteError::unchanged(error)),
            };
        let may_come = is_unclear
            && may_still_be_done(&error)
            && version.is_some()
            && found.version == *version
            && !self.content.secrets.is_empty();
        if may_come {
            found = self.connectors.read_until_changed(found, self.budget).await;
        }
        if is_unclear && self.took_effect(&found, current, active) {
            return Ok(Settled::Done(found.into()));
        }
        if is_conflict {
            return Err(self.conflict(error, current, found).await);
        }
        if is_missing && !is_unclear || version.is_some() && found.version == *version && !may_come
        {
            return Err(WriteError::new(error, found.into()));
        }
        Err(WriteError::unknown(error, Some(found)))
    }

    /// Whether a connector is as the edit would have left it.
    ///
    /// Without versions a new secret is not visible, so an edit with a secret counts as not
    /// effective. A version that moved by more than one edit moves it is also somebody else's.
    fn took_effect(&self, found: &Connector, before: &Connector, active: bool) -> bool {
        let moved = match (&before.version, &found.version) {
            (Some(before), Some(after)) => {
                self.connectors.shared.knowledge.is_one_edit(before, after)
            }
            _ => self.content.secrets.is_empty(),
        };
        let writes_active =
            self.connectors.session.endpoints.profile.writes_active(CallName::Update);
        moved
            && (!writes_active || found.active == Some(active))
            && found.may_be(&self.content.fields)
    }

    /// Returns the error for 409 or 412: a stale version or a taken name. The version decides, not
    /// the text. Where there are none, the content does.
    async fn conflict(&self, error: Error, current: &Connector, found: Connector) -> WriteError {
        if found.has_moved_since(current) {
            let (expected, now) = (current.version.clone(), found.version.clone());
            let kind = ErrorKind::Stale { expected, found: now };
            // Ours may have been carried out before theirs.
            let credentials_uncertain = error.outcome_unknown && !self.content.secrets.is_empty();
            let failure = WriteError::new(error.with_kind(kind), found.into());
            return WriteError { credentials_uncertain, ..failure };
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
    async fn saga(&self, locked: Error, current: &Connector) -> Result<Updated, WriteError> {
        self.connectors.note_lock(&locked, current)?;
        // Deactivating the connector for a name that is taken would be in vain.
        if current.name() != self.content.fields.name()
            && let Some(holder) = self.name_holder().await
        {
            let error = locked.with_kind(ErrorKind::NameTaken).without_descriptions();
            let failure = WriteError::new(error, current.clone().into());
            return Err(failure.with_name_holder(Some(holder)));
        }
        let budget = self.connectors.reserve_switch(current, self.budget).await?;
        let reserved = Edit { budget: &budget, ..*self };
        reserved.switch_and_edit(current).await
    }

    /// Deactivates an active connector, edits it, and activates it again.
    async fn switch_and_edit(&self, current: &Connector) -> Result<Updated, WriteError> {
        let secrets = &self.content.secrets;
        // New secrets do not belong to another account or server: Webex would check them there, and
        // a third party locks an account after some wrong ones.
        let carried = if self.keeps_destination(current) { secrets } else { &NO_SECRETS };
        let began = Instant::now();
        let deactivated = self.connectors.deactivate(current, carried, secrets, self.budget).await;
        let deactivated =
            deactivated.map_err(|failure| failure.before_the_write().measured(self.id, began))?;
        let edited = match self.edit_inactive(&deactivated.connector).await {
            Ok(edited) => edited,
            Err(failure) => {
                return Err(self.undo(failure, deactivated).await.measured(self.id, began));
            }
        };
        if !self.content.active {
            return Ok(Updated::in_service(edited));
        }
        // The saga is finished also after a stop or the deadline.
        let finish =
            async |budget| self.connectors.reactivate(&edited, secrets, secrets, &budget).await;
        match self.budget.clean_up(finish).await {
            Ok(Reactivated { connector, overtaken: None }) => Ok(Updated {
                inactive_for: Some(log_inactive_time(self.id, began)),
                ..Updated::in_service(connector)
            }),
            Ok(Reactivated { connector, overtaken: Some(error) }) => {
                let failure = WriteError::new(error, connector.into());
                Err(failure.with_availability(Availability::Restored).measured(self.id, began))
            }
            Err(ActivationError { error, connector, .. }) => {
                let failure = WriteError::new(error.clone(), RemoteState::Found(connector));
                Err(failure.with_availability(Availability::Lost(error)))
            }
        }
    }

    /// Whether the edit leaves the account and the servers of the credentials as they are.
    fn keeps_destination(&self, current: &Connector) -> bool {
        let is_same_kind = current.fields.kind() == self.content.fields.kind();
        is_same_kind
            && readable_fields().all(|(field, row)| {
                let wanted = self.content.fields.get(field);
                match field {
                    Field::Name | Field::Scope | Field::AuthenticationType | Field::GrantType => {
                        true
                    }
                    Field::ResourceDomainUrl
                    | Field::ClientId
                    | Field::TokenUrl
                    | Field::Certificate
                    | Field::Username
                    | Field::ValidationUrl => {
                        let present = current.fields.get(field);
                        if current.not_told.contains(&field) {
                            return wanted.is_none();
                        }
                        row.equivalence().may_be_stored_as(wanted, present)
                    }
                }
            })
    }

    /// Edits the deactivated connector.
    async fn edit_inactive(&self, inactive: &Connector) -> Result<Connector, WriteError> {
        let error = match self.put(inactive, false, self.budget).await {
            Ok(edited) => return Ok(edited),
            Err(error) => error,
        };
        match self.settle(error, inactive, false).await? {
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
        let theirs = |found: &Connector| {
            let before = &deactivated.connector;
            let is_known = found.may_be(&before.fields) || found.may_be(&self.content.fields);
            found.version != before.version || found.version.is_none() && !is_known
        };
        let latest = match &failure.remote {
            RemoteState::Absent => return failure,
            RemoteState::Found(found) | RemoteState::Unknown(Some(found)) if theirs(found) => {
                Deactivated { connector: (**found).clone(), secrets: &NO_SECRETS }
            }
            RemoteState::Unchanged
            | RemoteState::Found(_)
            | RemoteState::OnlyId(_)
            | RemoteState::Unknown(_) => deactivated,
        };
        self.connectors.undo(failure, latest, &self.content.secrets, false, self.budget).await
    }
}

/// Returns the error about a connector that is gone.
fn gone(error: Error) -> WriteError {
    WriteError::new(error.with_kind(ErrorKind::NotFound), RemoteState::Absent)
}

#[cfg(test)]
mod tests;
