//! Deactivating a connector for an edit or a delete, and activating it again.
//!
//! Both are a PUT of what is there already. Whoever saves the connector in
//! between is not overwritten: nothing is deactivated then, and what is
//! activated again is theirs.

use super::super::budget::Budget;
use super::super::connector::Connector;
use super::super::error::{Error, ErrorKind, Operation};
use super::super::fields::{NO_SECRETS, Secrets};
use super::{Connectors, wire};

/// A connector that we deactivated.
pub(super) struct Deactivated<'a> {
    /// As it is now.
    pub(super) connector: Connector,
    /// The secrets that Webex took together with the deactivation.
    pub(super) secrets: &'a Secrets,
}

/// A connector that is active again.
pub(super) struct Reactivated {
    /// As it is now.
    pub(super) connector: Connector,
    /// How it was noticed that it is not what we left, because somebody else
    /// saved it meanwhile: the kind is [`ErrorKind::Stale`].
    pub(super) overtaken: Option<Error>,
}

/// A connector that was not switched, as far as is known.
pub(super) struct ActivationError {
    /// Why not. Its outcome is unknown if it may have been switched all the same.
    pub(super) error: Error,
    /// As it was seen last.
    pub(super) connector: Connector,
}

impl Connectors {
    /// Deactivates a connector and changes nothing else.
    ///
    /// The secrets go along, because whether Webex keeps a secret that it is
    /// not sent is unknown. A server that takes them for an edit of an active
    /// connector (423), or finds them wrong (400), gets the request without.
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

    /// Activates a connector again that we deactivated; one that is active
    /// already is left alone.
    ///
    /// Secrets that were given are never left out because they are refused:
    /// Webex might blank them, and then the connector would be active and
    /// useless.
    ///
    /// What somebody else made of it meanwhile is activated without our
    /// secrets, which might not be theirs.
    ///
    /// `watched` are the secrets of the whole operation, which no error may
    /// show, also if they are left out here.
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

/// Whether a request was refused for what it says, of which the secrets are a
/// part.
pub(super) fn is_about_the_content(error: &Error) -> bool {
    let is_refused = matches!(error.kind, ErrorKind::Locked | ErrorKind::InvalidRequest);
    is_refused && !error.outcome_unknown
}

/// Whether only a look can tell what a switch that did not succeed has done.
fn is_to_be_settled(error: &Error) -> bool {
    error.outcome_unknown || error.kind == ErrorKind::Conflict
}

/// The error, about somebody else's edit if there was one.
fn stale(error: Error, expected: &Connector, found: &Connector) -> Error {
    if expected.version == found.version {
        return error;
    }
    error.with_kind(ErrorKind::Stale { expected: expected.version, found: found.version })
}
