//! Updating a connector: one PUT, or the saga of deactivating, editing and
//! activating again.
//!
//! A PUT of the same content may be repeated, but a repetition meets the
//! version that the first try left behind. Whatever ends unclear is therefore
//! settled by reading the connector: is everything as we sent it, and has its
//! version moved?

use std::fmt;

use super::super::budget::Budget;
use super::super::error::{Error, ErrorKind, Operation};
use super::super::identifiers::ConnectorId;
use super::super::pipeline::RetryMode;
use super::activation::{ActivationError, Deactivated, Reactivated, is_about_the_content};
use super::content::Secrets;
use super::{Connector, ConnectorContent, Connectors, wire};

/// A connector could not be updated, or it is not known whether it was.
#[derive(Clone, Debug)]
pub struct UpdateError {
    /// What happened.
    pub error: Error,
    /// What is true now.
    pub aftermath: UpdateAftermath,
    /// With [`ErrorKind::NameTaken`], the connector that has the name.
    pub name_taken_by: Option<Box<Connector>>,
}

/// What is true after an update that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateAftermath {
    /// Nothing was saved by us, and the connector is as it was, or as somebody
    /// else left it.
    Unchanged(Option<Box<Connector>>),
    /// It was deactivated for the edit, and is active again without it. What is
    /// visible of it is as it was, or as somebody else left it; its credentials
    /// are [uncertain](Self::leaves_credentials_uncertain).
    Reactivated(Box<Connector>),
    /// It is inactive, because it was deactivated for the edit and could not be
    /// activated again. Flows that use it fail meanwhile.
    LeftDeactivated {
        /// What it is like, as far as is known. Its content may be the old or
        /// the new one.
        connector: Box<Connector>,
        /// Why it could not be activated again.
        reason: Error,
    },
    /// It does not exist any more.
    Gone,
    /// It could not be found out.
    Unknown {
        /// Whether it may be inactive because we deactivated it.
        may_be_inactive: bool,
        /// The connector as it was when last seen, if it was seen after the
        /// update was sent.
        last_seen: Option<Box<Connector>>,
    },
}

impl UpdateAftermath {
    /// Whether Webex may hold other credentials than before the update, or
    /// none.
    ///
    /// Each PUT on the way either carried the new ones or left them out, and
    /// whether Webex keeps or blanks what is left out is unknown (assumed).
    #[must_use]
    pub fn leaves_credentials_uncertain(&self) -> bool {
        match self {
            Self::Unchanged(_) | Self::Gone => false,
            Self::Reactivated(_) | Self::LeftDeactivated { .. } | Self::Unknown { .. } => true,
        }
    }
}

impl fmt::Display for UpdateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl std::error::Error for UpdateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

pub(super) async fn update(
    connectors: &Connectors,
    id: &ConnectorId,
    content: &ConnectorContent,
    expected_version: Option<i64>,
    budget: &Budget,
) -> Result<Connector, UpdateError> {
    let edit = Edit { connectors, id, content, budget };
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

/// What came of a PUT that did not simply succeed, if it is not the end.
enum Settled {
    /// It did succeed.
    Done(Box<Connector>),
    /// It was refused because the connector is active.
    Locked(Error),
}

/// What is to be done to which connector.
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

    /// The connector as it is before anything was done to it.
    async fn current(&self) -> Result<Connector, UpdateError> {
        match self.connectors.read_fresh(self.id, self.budget).await {
            Ok(Some(connector)) => Ok(connector),
            Ok(None) => Err(gone(Error::new(Operation::ReadConnector, ErrorKind::NotFound))),
            Err(error) => Err(failed(error, UpdateAftermath::Unchanged(None))),
        }
    }

    /// Finds out what a PUT that did not simply succeed has done.
    async fn settle(
        &self,
        error: Error,
        version: Option<i64>,
        active: bool,
    ) -> Result<Settled, UpdateError> {
        let is_unclear = error.outcome_unknown;
        let is_conflict = error.kind == ErrorKind::Conflict;
        let is_missing = error.kind == ErrorKind::NotFound;
        if !is_unclear && error.kind == ErrorKind::Locked {
            return Ok(Settled::Locked(error));
        }
        if !is_unclear && !is_conflict && !is_missing {
            return Err(failed(error, UpdateAftermath::Unchanged(None)));
        }
        let found = match self.connectors.read_fresh(self.id, &self.budget.for_looking()).await {
            Ok(Some(found)) => found,
            Ok(None) => return Err(gone(error)),
            Err(reason) if is_missing && !is_unclear => {
                return Err(failed(reason, UpdateAftermath::Unchanged(None)));
            }
            Err(_) if is_unclear => return Err(failed(error, unknown(None))),
            Err(_) => return Err(failed(error, UpdateAftermath::Unchanged(None))),
        };
        if is_unclear && self.took_effect(&found, version, active) {
            return Ok(Settled::Done(found.into()));
        }
        if is_missing && !is_unclear {
            // It was not visible yet; now it is.
            return match self.put(version, active, self.budget).await {
                Ok(connector) => Ok(Settled::Done(connector.into())),
                Err(error) if error.kind == ErrorKind::Locked => Ok(Settled::Locked(error)),
                Err(error) if error.outcome_unknown => Err(failed(error, unknown(None))),
                Err(error) => Err(failed(error, UpdateAftermath::Unchanged(Some(found.into())))),
            };
        }
        if error.kind == ErrorKind::Locked && found.version == version {
            return Ok(Settled::Locked(error));
        }
        if is_conflict {
            return Err(self.conflict(error, version, found).await);
        }
        let aftermath = if version.is_some() && found.version == version {
            UpdateAftermath::Unchanged(Some(found.into()))
        } else {
            unknown(Some(found))
        };
        Err(failed(error, aftermath))
    }

    /// Whether a connector is what our PUT would have made of it.
    ///
    /// Where the server counts no versions, a new secret leaves no trace, so
    /// nothing is concluded when one was sent.
    fn took_effect(&self, found: &Connector, version: Option<i64>, active: bool) -> bool {
        let moved = match (version, found.version) {
            (Some(before), Some(after)) => after > before,
            _ => self.content.secrets().is_empty(),
        };
        moved && found.active == active && self.content.is_like(found)
    }

    /// 409 or 412: tells a stale version from a name that is taken by looking
    /// at the version, not at the text.
    async fn conflict(&self, error: Error, version: Option<i64>, found: Connector) -> UpdateError {
        if version != found.version {
            let kind = ErrorKind::Stale { expected: version, found: found.version };
            let aftermath = UpdateAftermath::Unchanged(Some(found.into()));
            return failed(error.with_kind(kind), aftermath);
        }
        let budget = self.budget.for_looking();
        let list = self.connectors.snapshot(RetryMode::Normal, &budget).await.ok();
        let holder = list
            .as_ref()
            .and_then(|list| list.holder_of(&self.content.name))
            .filter(|holder| holder.id != *self.id)
            .cloned();
        let error = if holder.is_some() { error.with_kind(ErrorKind::NameTaken) } else { error };
        UpdateError {
            name_taken_by: holder.map(Box::new),
            ..failed(error, UpdateAftermath::Unchanged(Some(found.into())))
        }
    }

    /// Deactivates, edits, and activates again.
    async fn saga(&self, locked: Error, version: Option<i64>) -> Result<Connector, UpdateError> {
        let current = self.current().await?;
        if version.is_some() && current.version.is_some() && version != current.version {
            let kind = ErrorKind::Stale { expected: version, found: current.version };
            return Err(failed(
                locked.with_kind(kind),
                UpdateAftermath::Unchanged(Some(current.into())),
            ));
        }
        if !current.active {
            // Then being active is not what locks it.
            let error = locked.with_kind(ErrorKind::LockedThoughInactive);
            return Err(failed(error, UpdateAftermath::Unchanged(Some(current.into()))));
        }
        let secrets = self.content.secrets();
        let deactivated = match self.connectors.deactivate(&current, secrets, self.budget).await {
            Ok(deactivated) => deactivated,
            Err(ActivationError { error, .. }) if error.outcome_unknown => {
                let last_seen = None;
                let aftermath = UpdateAftermath::Unknown { may_be_inactive: true, last_seen };
                return Err(failed(error, aftermath));
            }
            Err(ActivationError { error, connector }) => {
                return Err(failed(error, UpdateAftermath::Unchanged(Some(connector.into()))));
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
                Err(failed(error, UpdateAftermath::Reactivated(connector.into())))
            }
            Err(ActivationError { error, connector }) => {
                let reason = error.clone();
                let aftermath =
                    UpdateAftermath::LeftDeactivated { connector: connector.into(), reason };
                Err(failed(error, aftermath))
            }
        }
    }

    /// Edits a connector that we deactivated.
    async fn edit_inactive(&self, inactive: &Connector) -> Result<Connector, UpdateError> {
        let error = match self.put(inactive.version, false, self.budget).await {
            Ok(edited) => return Ok(edited),
            Err(error) => error,
        };
        match self.settle(error, inactive.version, false).await? {
            Settled::Done(edited) => Ok(*edited),
            Settled::Locked(error) => {
                let error = error.with_kind(ErrorKind::LockedThoughInactive);
                Err(failed(error, UpdateAftermath::Unchanged(None)))
            }
        }
    }

    /// Activates a connector again whose edit failed.
    ///
    /// With the old content go the secrets that the deactivation carried, so
    /// that new ones do not get there by way of an undo only.
    async fn undo(&self, failure: UpdateError, deactivated: Deactivated<'_>) -> UpdateError {
        if failure.aftermath == UpdateAftermath::Gone {
            return failure;
        }
        // Whoever edited it meanwhile is not overwritten either, nor given
        // secrets that might not be theirs.
        let (latest, secrets) = match &failure.aftermath {
            UpdateAftermath::Unchanged(Some(found))
            | UpdateAftermath::Unknown { last_seen: Some(found), .. }
                if found.version != deactivated.connector.version =>
            {
                ((**found).clone(), Secrets::default())
            }
            UpdateAftermath::Unchanged(_)
            | UpdateAftermath::Reactivated(_)
            | UpdateAftermath::LeftDeactivated { .. }
            | UpdateAftermath::Gone
            | UpdateAftermath::Unknown { .. } => (deactivated.connector, deactivated.secrets),
        };
        let watched = self.content.secrets();
        let activate = async |budget: Budget| {
            let switched = self.connectors.reactivate(&latest, secrets, watched, &budget).await;
            match switched {
                // They may be why the edit was refused. It had better be active
                // with whatever it has, which is uncertain anyway.
                Err(refused) if is_about_the_content(&refused.error) && !secrets.is_empty() => {
                    let (latest, none) = (&refused.connector, Secrets::default());
                    self.connectors.reactivate(latest, none, watched, &budget).await
                }
                switched => switched,
            }
        };
        let activated = self.budget.clean_up(activate).await;
        let aftermath = match activated {
            Ok(Reactivated { connector, .. }) => match failure.aftermath {
                UpdateAftermath::Unknown { .. } => UpdateAftermath::Unknown {
                    may_be_inactive: false,
                    last_seen: Some(connector.into()),
                },
                UpdateAftermath::Unchanged(_)
                | UpdateAftermath::Reactivated(_)
                | UpdateAftermath::LeftDeactivated { .. }
                | UpdateAftermath::Gone => UpdateAftermath::Reactivated(connector.into()),
            },
            Err(ActivationError { error: reason, connector }) => {
                UpdateAftermath::LeftDeactivated { connector: connector.into(), reason }
            }
        };
        UpdateError { aftermath, ..failure }
    }
}

fn unknown(last_seen: Option<Connector>) -> UpdateAftermath {
    UpdateAftermath::Unknown { may_be_inactive: false, last_seen: last_seen.map(Box::new) }
}

fn gone(error: Error) -> UpdateError {
    failed(error.with_kind(ErrorKind::NotFound), UpdateAftermath::Gone)
}

fn failed(error: Error, aftermath: UpdateAftermath) -> UpdateError {
    UpdateError { error, aftermath, name_taken_by: None }
}

#[cfg(test)]
mod tests;
