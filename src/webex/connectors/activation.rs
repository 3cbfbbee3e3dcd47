//! Deactivates a connector for an edit or a delete, and activates it again.
//!
//! Both are an update to the present content, or calls of their own. An edit by someone else in between is not overwritten:
//! then nothing is deactivated, or the connector is activated again with that edit.
//!
//! Either counts only when the server shows it: a response of success with the old `active` is
//! settled by a read, and is an error if that shows the old `active` as well.

use std::time::Duration;

use http::StatusCode;

use super::super::budget::Budget;
use super::super::connector::Connector;
use super::super::error::{Error, ErrorKind, Operation};
use super::super::fields::{NO_SECRETS, Secrets};
use super::Connectors;
use super::write_error::WriteError;

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
    pub(super) connector: Connector,
}

impl ActivationError {
    /// Returns the error of a write whose deactivation has failed.
    pub(super) fn before_the_write(self) -> WriteError {
        let Self { error, connector } = self;
        // The server may have stored or blanked the secrets although it ignored `active`.
        let credentials_uncertain = error.kind == ErrorKind::ActiveUnchanged;
        WriteError { credentials_uncertain, ..WriteError::new(error, connector.into()) }
    }
}

impl Connectors {
    /// Returns a budget with which a connector may be deactivated: its requests have room in the
    /// rate limit up to the reactivation.
    pub(super) async fn reserve_switch(&self, budget: &Budget) -> Result<Budget, Error> {
        let reserved = self.session.pipeline.limiter.reserve_switch(budget).await;
        reserved
            .map_err(|interruption| Error::new(Operation::DeactivateConnector, interruption.into()))
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
            Err(ActivationError { error, connector }) if may_be_referenced(&error) => {
                let references = self.references_best_effort(&current.id, budget).await;
                let is_referenced = !references.is_empty() || !error.referring_kinds.is_empty();
                let error = if is_referenced {
                    error.with_kind(ErrorKind::Referenced(references))
                } else {
                    error
                };
                Err(ActivationError { error, connector })
            }
            settled => settled,
        }
    }

    async fn try_to_deactivate<'a>(
        &self,
        current: &Connector,
        secrets: &'a Secrets,
        watched: &Secrets,
        budget: &Budget,
    ) -> Result<Deactivated<'a>, ActivationError> {
        let mut carried = secrets;
        let mut is_repeated = false;
        loop {
            let endpoints = &self.session.endpoints;
            let request = endpoints.set_active(self.organization, current, false, carried, watched);
            let error = match self.replace(request, current, &current.fields, budget).await {
                Ok(connector) => return Ok(Deactivated { connector, secrets: carried }),
                // It may be in conflict with the first attempt.
                Err(error) if is_repeated && error.kind == ErrorKind::Conflict => {
                    error.with_outcome_unknown(true)
                }
                Err(error) => error,
            };
            if is_about_the_content(&error) && !carried.is_empty() {
                carried = &NO_SECRETS;
                continue;
            }
            if !is_to_be_settled(&error) {
                return Err(ActivationError { error, connector: current.clone() });
            }
            let mut found = match self.get(&current.id, &budget.for_reconciliation()).await {
                Ok(Some(found)) => found,
                Ok(None) | Err(_) => {
                    return Err(ActivationError { error, connector: current.clone() });
                }
            };
            if error.kind == ErrorKind::Conflict
                && error.attempts > 1
                && current.version.is_some()
                && found.version == current.version
            {
                // The first attempt of a request that was repeated may have caused the conflict,
                // and Webex does not show it yet.
                found = self.read_until_changed(found, budget).await;
            }
            if !secrets.is_empty() && error.outcome_unknown && found == *current {
                if is_gateway_timeout(&error) {
                    found = self.read_until_changed(found, budget).await;
                    if found == *current {
                        return Err(ActivationError { error, connector: found });
                    }
                } else if !is_repeated && self.may_repeat(&error, budget).await {
                    is_repeated = true;
                    continue;
                }
            }
            let may_be_ours = error.outcome_unknown && found.active == Some(false);
            let has_same_content = found.has_content_of(current);
            // A version that moved by more than one edit shows somebody else's save, whose secrets
            // must survive.
            if may_be_ours && has_same_content && self.is_one_edit(current, &found) {
                return Ok(Deactivated { connector: found, secrets: carried });
            }
            if error.kind == ErrorKind::ActiveUnchanged && has_same_content {
                let error = error.with_outcome_unknown(false);
                return Err(ActivationError { error, connector: found });
            }
            let error = stale(error, current, &found).with_outcome_unknown(may_be_ours);
            return Err(ActivationError { error, connector: found });
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
            let endpoints = &self.session.endpoints;
            let request =
                endpoints.set_active(self.organization, &connector, true, carried, watched);
            let error = match self.replace(request, &connector, &connector.fields, budget).await {
                Ok(connector) => return Ok(Reactivated { connector, overtaken }),
                Err(error) => error,
            };
            if !is_to_be_settled(&error) {
                return Err(ActivationError { error, connector });
            }
            let found = match self.get(&connector.id, &budget.for_reconciliation()).await {
                Ok(Some(found)) => found,
                Ok(None) | Err(_) => return Err(ActivationError { error, connector }),
            };
            let has_same_content = found.has_content_of(&connector);
            let may_be_ours = error.outcome_unknown && self.is_one_edit(&connector, &found);
            if found.active == Some(true) && has_same_content && may_be_ours {
                return Ok(Reactivated { connector: found, overtaken });
            }
            if error.kind == ErrorKind::ActiveUnchanged && has_same_content {
                let error = error.with_outcome_unknown(false);
                return Err(ActivationError { error, connector: found });
            }
            let is_moved = found.has_moved_since(&connector);
            let error = stale(error, &connector, &found).with_outcome_unknown(false);
            if !found.is_active() && (overtaken.is_some() || !is_moved) {
                return Err(ActivationError { error, connector: found });
            }
            overtaken = Some(error);
            connector = found;
            carried = &NO_SECRETS;
        }
        Ok(Reactivated { connector, overtaken })
    }
}

impl Connectors {
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
                Err(ActivationError { error, connector }) => (connector, Some(error)),
            }
        } else {
            match self.deactivate(connector, &NO_SECRETS, watched, budget).await {
                Ok(Deactivated { connector, .. }) => (connector, None),
                Err(ActivationError { error, connector }) => (connector, Some(error)),
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
/// did not wait until Webex had checked the credentials.
pub(super) fn is_gateway_timeout(error: &Error) -> bool {
    let is_status = matches!(error.status.map(|status| status.as_u16()), Some(408 | 504));
    is_status || matches!(error.kind, ErrorKind::Timeout(_))
}

/// Whether the outcome of a failed PUT has to be read from the server.
fn is_to_be_settled(error: &Error) -> bool {
    error.outcome_unknown || error.kind == ErrorKind::Conflict
}

/// Returns the error; an edit by someone else makes it [`ErrorKind::Stale`].
fn stale(error: Error, expected: &Connector, found: &Connector) -> Error {
    if !found.has_moved_since(expected) {
        return error;
    }
    let (expected, found) = (expected.version.clone(), found.version.clone());
    error.with_kind(ErrorKind::Stale { expected, found })
}
