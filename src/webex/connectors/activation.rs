//! Deactivates a connector for an edit or a delete, and activates it again.
//!
//! Both are a switch: an update to the present content, or a call of its own. A switch that may have
//! been carried out is read back before anything is claimed. It counts only when the server shows
//! it: a response of success with the old `active` is settled by a read, and is an error if that
//! shows the old `active` as well.
//!
//! An edit by someone else in between is not overwritten: then nothing is deactivated, or the
//! connector is activated again with that edit.

use std::time::Duration;

use http::StatusCode;

use super::super::budget::Budget;
use super::super::connector::Connector;
use super::super::error::{Error, ErrorKind, Operation};
use super::super::fields::{NO_SECRETS, Secrets};
use super::Connectors;
use super::write_error::{Availability, RemoteState, WriteError};

/// The wait before a PUT with credentials is sent once more.
const REPETITION_PAUSE: Duration = Duration::from_secs(1);

/// A connector that the client has deactivated.
pub(super) struct Deactivated<'a> {
    /// Its present state.
    pub(super) connector: Connector,
    /// The secrets that the deactivation carried.
    pub(super) secrets: &'a Secrets,
}

/// A connector that is active again.
pub(super) struct Reactivated {
    /// Its present state.
    pub(super) connector: Connector,
    /// The error that reveals an edit by someone else meanwhile: its kind is [`ErrorKind::Stale`].
    pub(super) overtaken: Option<Error>,
}

/// A connector that could not be deactivated or activated.
pub(super) struct ActivationError {
    /// The reason. Its outcome is unknown if the PUT may have taken effect all the same.
    pub(super) error: Error,
    /// The state that was read last.
    pub(super) connector: Box<Connector>,
    /// Whether the connector was deactivated and is active again.
    pub(super) is_restored: bool,
}

impl ActivationError {
    /// Returns the error of a connector that is as it was read.
    fn new(error: Error, connector: Connector) -> Self {
        Self { error, connector: Box::new(connector), is_restored: false }
    }

    /// Returns the error of a write whose deactivation has failed.
    pub(super) fn before_the_write(self) -> WriteError {
        let Self { error, connector, is_restored } = self;
        if is_restored {
            let failure = WriteError::new(error, RemoteState::Found(connector));
            return failure.with_availability(Availability::Restored);
        }
        if error.outcome_unknown {
            return WriteError::unknown(error, None).with_availability(Availability::Uncertain);
        }
        // The server may have stored or blanked the secrets although it ignored `active`.
        let credentials_uncertain = error.kind == ErrorKind::ActiveUnchanged;
        WriteError {
            credentials_uncertain,
            ..WriteError::new(error, RemoteState::Found(connector))
        }
    }
}

/// The result of a switch: of a request that turns a connector on or off, and changes nothing else.
enum Switch {
    /// It was carried out.
    Done(Connector),
    /// It may have been carried out. The connector was read after it.
    Unclear(Error, Connector),
}

impl Connectors {
    /// Sends a switch once, and reads the connector if it may have been carried out. `is_repeated`
    /// is whether an earlier one may have been.
    async fn send_switch(
        &self,
        before: &Connector,
        active: bool,
        secrets: &Secrets,
        watched: &Secrets,
        is_repeated: bool,
        budget: &Budget,
    ) -> Result<Switch, ActivationError> {
        let endpoints = &self.session.endpoints;
        let request = endpoints.set_active(self.organization, before, active, secrets, watched);
        let error = match self.replace(request, before, &before.fields, Some(active), budget).await
        {
            Ok(connector) => return Ok(Switch::Done(connector)),
            // It may be in conflict with the earlier one.
            Err(error) if is_repeated && error.kind == ErrorKind::Conflict => {
                error.with_outcome_unknown(true)
            }
            Err(error) => error,
        };
        let may_be_done = error.outcome_unknown || error.kind == ErrorKind::Conflict;
        if may_be_done
            && let Ok(Some(found)) = self.get(&before.id, &budget.for_reconciliation()).await
        {
            return Ok(Switch::Unclear(error, found));
        }
        Err(ActivationError::new(error, before.clone()))
    }

    /// Returns the connector if it is switched, by the response or by what was read after it.
    fn settle_switch(
        &self,
        before: &Connector,
        active: bool,
        switch: Switch,
    ) -> Result<Connector, ActivationError> {
        let (error, found) = match switch {
            Switch::Done(connector) => return Ok(connector),
            Switch::Unclear(error, found) => (error, found),
        };
        let may_be_ours = error.outcome_unknown && found.active == Some(active);
        let has_same_content = found.has_content_of(before);
        // A version that moved by more than one edit shows somebody else's save, whose secrets must
        // survive.
        if may_be_ours && has_same_content && self.is_one_edit(before, &found) {
            return Ok(found);
        }
        let is_ignored = error.kind == ErrorKind::ActiveUnchanged && found.active != Some(active);
        let error = if is_ignored && has_same_content {
            error.with_outcome_unknown(false)
        } else {
            // It does not matter who has activated an active connector.
            stale(error, before, &found).with_outcome_unknown(may_be_ours && !active)
        };
        Err(ActivationError::new(error, found))
    }

    /// Notes that an active connector refuses a write. An inactive one has another reason, which is
    /// an error.
    pub(super) fn note_lock(&self, locked: &Error, current: &Connector) -> Result<(), WriteError> {
        if !current.is_active() {
            let error = locked.clone().with_kind(ErrorKind::LockedThoughInactive);
            return Err(WriteError::new(error, current.clone().into()));
        }
        self.shared.knowledge.note_lock();
        Ok(())
    }

    /// Returns a budget with which a connector may be deactivated: its requests have room in the
    /// rate limit up to the reactivation.
    pub(super) async fn reserve_switch(
        &self,
        current: &Connector,
        budget: &Budget,
    ) -> Result<Budget, WriteError> {
        let reserved = self.session.pipeline.limiter.reserve_switch(budget).await;
        reserved.map_err(|interruption| {
            let error = Error::new(Operation::DeactivateConnector, interruption.into());
            WriteError::new(error, current.clone().into())
        })
    }

    /// Deactivates a connector and changes nothing else.
    ///
    /// The request carries the secrets, because it is unknown whether Webex keeps a secret that a
    /// request leaves out. A server may treat them as an edit of an active connector (423) or
    /// refuse them (400). Then the request is repeated without them.
    ///
    /// The error of a connector in use names what refers to it.
    ///
    /// `watched` are the secrets of the whole operation, see [`reactivate`](Self::reactivate).
    pub(super) async fn deactivate<'a>(
        &self,
        current: &Connector,
        secrets: &'a Secrets,
        watched: &Secrets,
        budget: &Budget,
    ) -> Result<Deactivated<'a>, ActivationError> {
        match self.try_to_deactivate(current, secrets, watched, budget).await {
            Err(ActivationError { error, connector, .. }) if may_be_referenced(&error) => {
                let references = self.references_best_effort(&current.id, budget).await;
                let is_referenced = !references.is_empty() || !error.referring_kinds.is_empty();
                let error = if is_referenced {
                    error.with_kind(ErrorKind::Referenced(references))
                } else {
                    error
                };
                Err(ActivationError::new(error, *connector))
            }
            Err(failure) if failure.error.outcome_unknown && budget.stop.is_cancelled() => {
                Err(self.restore_after_stop(current, failure, secrets, watched, budget).await)
            }
            settled => settled,
        }
    }

    /// Activates a connector again whose deactivation was carried out, but was stopped before its
    /// response.
    async fn restore_after_stop(
        &self,
        before: &Connector,
        failure: ActivationError,
        secrets: &Secrets,
        watched: &Secrets,
        budget: &Budget,
    ) -> ActivationError {
        let restore = async |budget: Budget| {
            let found = self.get(&before.id, &budget).await.ok()??;
            let is_ours = !found.is_active()
                && found.has_content_of(before)
                && self.is_one_edit(before, &found);
            if !is_ours {
                return None;
            }
            self.reactivate(&found, secrets, watched, &budget).await.ok()
        };
        match budget.clean_up(restore).await {
            Some(Reactivated { connector, .. }) => {
                let error = failure.error.with_outcome_unknown(false);
                ActivationError { error, connector: connector.into(), is_restored: true }
            }
            None => failure,
        }
    }

    async fn try_to_deactivate<'a>(
        &self,
        current: &Connector,
        secrets: &'a Secrets,
        watched: &Secrets,
        budget: &Budget,
    ) -> Result<Deactivated<'a>, ActivationError> {
        let (mut carried, mut is_repeated) = (secrets, false);
        loop {
            let sent = self.send_switch(current, false, carried, watched, is_repeated, budget);
            let mut switch = match sent.await {
                Err(refused) if is_about_the_content(&refused.error) && !carried.is_empty() => {
                    carried = &NO_SECRETS;
                    continue;
                }
                sent => sent?,
            };
            if let Switch::Unclear(error, found) = &mut switch {
                // One read does not prove that a connector is still active: it may be late.
                let is_without_effect = error.outcome_unknown && found == current;
                let may_come = may_still_be_done(error);
                if is_without_effect
                    && !may_come
                    && !is_repeated
                    && self.may_repeat(error, budget).await
                {
                    is_repeated = true;
                    continue;
                }
                if is_without_effect || may_be_in_conflict_with_itself(error, current, found) {
                    *found = self.read_until_changed(found.clone(), budget).await;
                }
                if is_without_effect && may_come && found == current {
                    return Err(ActivationError::new(error.clone(), found.clone()));
                }
            }
            let connector = self.settle_switch(current, false, switch)?;
            return Ok(Deactivated { connector, secrets: carried });
        }
    }

    /// Whether a PUT with credentials may be sent once more that a read has shown to be without
    /// effect. It waits before that.
    ///
    /// Credentials that Webex has checked and refused must not be sent again: a third party locks
    /// an account after some wrong ones. So only a request that most likely did not arrive is
    /// repeated.
    pub(super) async fn may_repeat(&self, error: &Error, budget: &Budget) -> bool {
        let is_unavailable = matches!(error.status.map(|status| status.as_u16()), Some(502 | 503));
        let is_likely_lost = is_unavailable || error.kind == ErrorKind::ConnectionLost;
        is_likely_lost
            && self.session.pipeline.max_retries > 0
            && budget.wait(REPETITION_PAUSE).await.is_ok()
    }

    /// Reads a connector again until it changes, at most for the time in which a write becomes
    /// visible.
    pub(super) async fn read_until_changed(&self, first: Connector, budget: &Budget) -> Connector {
        for pause in self.session.pauses_until_visible() {
            if budget.for_reconciliation().wait(pause).await.is_err() {
                break;
            }
            match self.get(&first.id, &budget.for_reconciliation()).await {
                Ok(Some(found)) if found != first => return found,
                Ok(_) => {}
                Err(_) => break,
            }
        }
        first
    }

    /// Activates a connector again. An active one is not changed.
    ///
    /// Refused secrets are not left out of a second attempt: Webex might blank them, and then the
    /// connector would be active and useless.
    ///
    /// After an edit by someone else the connector is activated without the secrets, which may not
    /// belong to that edit.
    ///
    /// `watched` are the secrets of the whole operation. No error may show them, also when this
    /// request leaves them out.
    pub(super) async fn reactivate(
        &self,
        inactive: &Connector,
        secrets: &Secrets,
        watched: &Secrets,
        budget: &Budget,
    ) -> Result<Reactivated, ActivationError> {
        let mut connector = inactive.clone();
        let mut carried = secrets;
        let mut overtaken = None;
        while !connector.is_active() {
            let sent = self.send_switch(&connector, true, carried, watched, false, budget).await;
            let settled = sent.and_then(|switch| self.settle_switch(&connector, true, switch));
            let failure = match settled {
                Ok(connector) => return Ok(Reactivated { connector, overtaken }),
                Err(failure) => failure,
            };
            let ActivationError { error, connector: found, .. } = &failure;
            let is_ignored =
                error.kind == ErrorKind::ActiveUnchanged && found.has_content_of(&connector);
            let may_go_on = overtaken.is_none() && matches!(error.kind, ErrorKind::Stale { .. });
            if is_ignored || !found.is_active() && !may_go_on {
                return Err(failure);
            }
            overtaken = Some(failure.error);
            connector = *failure.connector;
            carried = &NO_SECRETS;
        }
        Ok(Reactivated { connector, overtaken })
    }

    /// Activates a connector again after a failed write, also after a stop or the deadline. Returns
    /// the error of the write with the connector as it is now.
    ///
    /// `deactivated` is the connector as it was read last, with the secrets to send. `may_be_gone`
    /// is whether an unknown outcome of the write may mean that the connector is gone.
    pub(super) async fn undo(
        &self,
        failure: WriteError,
        deactivated: Deactivated<'_>,
        watched: &Secrets,
        may_be_gone: bool,
        budget: &Budget,
    ) -> WriteError {
        let Deactivated { connector: latest, secrets } = deactivated;
        let activate = async |budget: Budget| {
            let activated = self.reactivate(&latest, secrets, watched, &budget).await;
            match activated {
                // The secrets may be the reason why the write was refused. The connector is better
                // active with the present ones, which are uncertain anyway.
                Err(refused) if is_about_the_content(&refused.error) && !secrets.is_empty() => {
                    let latest = &refused.connector;
                    self.reactivate(latest, &NO_SECRETS, watched, &budget).await
                }
                activated => activated,
            }
        };
        let is_unknown = matches!(failure.remote, RemoteState::Unknown(_));
        let mut failure = failure;
        let (remote, availability) = match budget.clean_up(activate).await {
            Ok(Reactivated { connector, .. }) if is_unknown && !may_be_gone => {
                (RemoteState::Unknown(Some(connector.into())), Availability::Restored)
            }
            Ok(Reactivated { connector, overtaken }) => {
                // Somebody else's edit is more than the reason why ours was not made.
                failure.error = overtaken.unwrap_or(failure.error);
                (connector.into(), Availability::Restored)
            }
            Err(_) if is_unknown && may_be_gone => {
                (RemoteState::Unknown(None), Availability::Uncertain)
            }
            Err(ActivationError { error, connector, .. }) => {
                (RemoteState::Found(connector), Availability::Lost(error))
            }
        };
        WriteError { remote, ..failure }.with_availability(availability)
    }

    /// Activates or deactivates a connector that was created or edited, where that is a call of its
    /// own. Returns its state, and the reason if it is not switched.
    pub(super) async fn switch(
        &self,
        connector: &Connector,
        active: bool,
        watched: &Secrets,
        budget: &Budget,
    ) -> (Connector, Option<Error>) {
        let (switched, error) = if active {
            match self.reactivate(connector, &NO_SECRETS, watched, budget).await {
                Ok(Reactivated { connector, overtaken }) => (connector, overtaken),
                Err(ActivationError { error, connector, .. }) => (*connector, Some(error)),
            }
        } else {
            match self.deactivate(connector, &NO_SECRETS, watched, budget).await {
                Ok(Deactivated { connector, .. }) => (connector, None),
                Err(ActivationError { error, connector, .. }) => (*connector, Some(error)),
            }
        };
        let is_done = switched.active == Some(active);
        let is_stale = |error: &Error| matches!(error.kind, ErrorKind::Stale { .. });
        let error = error.filter(|error| is_stale(error) || !is_done);
        (switched, error)
    }
}

/// Whether a request was refused for its content, which includes the secrets.
pub(super) fn is_about_the_content(error: &Error) -> bool {
    let is_refused = matches!(error.kind, ErrorKind::Locked | ErrorKind::InvalidRequest);
    is_refused && !error.outcome_unknown
}

/// Whether a deactivation may have been refused because something refers to the connector.
fn may_be_referenced(error: &Error) -> bool {
    let is_precondition =
        error.kind == ErrorKind::Conflict && error.status == Some(StatusCode::PRECONDITION_FAILED);
    !error.outcome_unknown && (is_precondition || !error.referring_kinds.is_empty())
}

/// Whether a PUT may still be carried out although its response is lost: a gateway or the client
/// did not wait until Webex had checked the credentials. The client waits for a response no longer
/// than the operation may take, and less after a stop.
pub(super) fn may_still_be_done(error: &Error) -> bool {
    let is_status = matches!(error.status.map(|status| status.as_u16()), Some(408 | 504));
    is_status
        || matches!(
            error.kind,
            ErrorKind::Timeout(_) | ErrorKind::DeadlineExceeded | ErrorKind::Stopped
        )
}

/// Whether the first attempt of a request that was repeated may have caused its conflict, and Webex
/// does not show that yet.
fn may_be_in_conflict_with_itself(error: &Error, before: &Connector, found: &Connector) -> bool {
    let is_unmoved = before.version.is_some() && found.version == before.version;
    error.kind == ErrorKind::Conflict && error.attempts > 1 && is_unmoved
}

/// Returns the error; an edit by someone else makes it [`ErrorKind::Stale`].
fn stale(error: Error, expected: &Connector, found: &Connector) -> Error {
    if !found.has_moved_since(expected) {
        return error;
    }
    let (expected, found) = (expected.version.clone(), found.version.clone());
    error.with_kind(ErrorKind::Stale { expected, found })
}
