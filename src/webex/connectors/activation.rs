//! Deactivates a connector for an edit or a delete, and activates it again.
//!
//! Both are a PUT of the present content. An edit by someone else in between is not overwritten:
//! then nothing is deactivated, or the connector is activated again with that edit.

use super::super::budget::Budget;
use super::super::connector::Connector;
use super::super::error::{Error, ErrorKind, Operation};
use super::super::fields::{NO_SECRETS, Secrets};
use super::{Connectors, wire};

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
    pub(super) async fn deactivate<'a>(
        &self,
        current: &Connector,
        secrets: &'a Secrets,
        budget: &Budget,
    ) -> Result<Deactivated<'a>, ActivationError> {
        let mut carried = secrets;
        loop {
            let body = wire::set_active(current, false, carried, secrets);
            let operation = Operation::DeactivateConnector;
            let error = match self.put(operation, &current.id, body, budget).await {
                Ok(connector) => return Ok(Deactivated { connector, secrets: carried }),
                Err(error) => error,
            };
            if is_about_the_content(&error) && !carried.is_empty() {
                carried = &NO_SECRETS;
                continue;
            }
            if !is_to_be_settled(&error) {
                return Err(ActivationError { error, connector: current.clone() });
            }
            let found = match self.get(&current.id, &budget.for_reconciliation()).await {
                Ok(Some(found)) => found,
                Ok(None) | Err(_) => {
                    return Err(ActivationError { error, connector: current.clone() });
                }
            };
            let may_be_ours = error.outcome_unknown && !found.active;
            if may_be_ours && found.has_content_of(current) {
                return Ok(Deactivated { connector: found, secrets: carried });
            }
            let error = stale(error, current, &found).with_outcome_unknown(may_be_ours);
            return Err(ActivationError { error, connector: found });
        }
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
        while !connector.active {
            let body = wire::set_active(&connector, true, carried, watched);
            let operation = Operation::ReactivateConnector;
            let error = match self.put(operation, &connector.id, body, budget).await {
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
            let is_ours = error.outcome_unknown && found.has_content_of(&connector);
            if found.active && is_ours {
                return Ok(Reactivated { connector: found, overtaken });
            }
            let is_moved = found.version != connector.version;
            let error = stale(error, &connector, &found).with_outcome_unknown(false);
            if !found.active && (overtaken.is_some() || !is_moved) {
                return Err(ActivationError { error, connector: found });
            }
            overtaken = Some(error);
            connector = found;
            carried = &NO_SECRETS;
        }
        Ok(Reactivated { connector, overtaken })
    }
}

/// Whether a request was refused for its content, which includes the secrets.
pub(super) fn is_about_the_content(error: &Error) -> bool {
    let is_refused = matches!(error.kind, ErrorKind::Locked | ErrorKind::InvalidRequest);
    is_refused && !error.outcome_unknown
}

/// Whether the outcome of a failed PUT has to be read from the server.
fn is_to_be_settled(error: &Error) -> bool {
    error.outcome_unknown || error.kind == ErrorKind::Conflict
}

/// Returns the error; an edit by someone else makes it [`ErrorKind::Stale`].
fn stale(error: Error, expected: &Connector, found: &Connector) -> Error {
    if expected.version == found.version {
        return error;
    }
    error.with_kind(ErrorKind::Stale { expected: expected.version, found: found.version })
}
