//! Deleting a connector, also one that has to be deactivated first.

use std::fmt;

use super::super::budget::Budget;
use super::super::error::{Error, ErrorKind, Operation};
use super::super::exchange::kind_of_interruption;
use super::super::identifiers::ConnectorId;
use super::content::Secrets;
use super::{Connector, Connectors};

/// A connector that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Whether it was gone before we came.
    pub was_missing: bool,
}

/// A connector could not be deleted, or it is not known whether it was.
///
/// When something refers to it, the kind of the error is
/// [`ErrorKind::Referenced`] and holds what does.
#[derive(Clone, Debug)]
pub struct DeleteError {
    /// What happened.
    pub error: Error,
    /// What is true now.
    pub aftermath: DeleteAftermath,
}

/// What is true after a delete that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeleteAftermath {
    /// It is still there, as it was. When it was deactivated for the delete, it
    /// is active again; its version has moved then.
    StillThere(Option<Box<Connector>>),
    /// It is still there, but inactive, because it was deactivated for the
    /// delete and could not be activated again. Flows that use it fail
    /// meanwhile.
    LeftDeactivated {
        /// What it is like.
        connector: Box<Connector>,
        /// Why it could not be activated again.
        reason: Error,
    },
    /// It could not be found out.
    Unknown {
        /// Whether it may be inactive because we deactivated it.
        may_be_inactive: bool,
    },
}

impl fmt::Display for DeleteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl std::error::Error for DeleteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

pub(super) async fn delete(
    connectors: &Connectors,
    id: &ConnectorId,
    budget: &Budget,
) -> Result<Deleted, DeleteError> {
    let removal = Removal { connectors, id, budget };
    match removal.attempt().await {
        Ok(deleted) => Ok(deleted),
        Err(failure) if *failure.error.kind() == ErrorKind::Locked => removal.saga(failure).await,
        Err(failure) => Err(failure),
    }
}

/// Which connector is to go.
struct Removal<'a> {
    connectors: &'a Connectors,
    id: &'a ConnectorId,
    budget: &'a Budget,
}

impl Removal<'_> {
    /// One DELETE, and finding out what it did.
    async fn attempt(&self) -> Result<Deleted, DeleteError> {
        let organization = self.connectors.organization;
        let request = self.connectors.client.endpoints().delete(organization, self.id);
        let mut may_be_too_early =
            self.connectors.client.snapshots().is_young(organization, self.id);
        loop {
            let error = match self.connectors.write(&request, self.budget).await {
                Ok(_) => return Ok(Deleted { was_missing: false }),
                Err(error) => error,
            };
            if *error.kind() == ErrorKind::NotFound && error.is_spoken_by_api() {
                // A repetition does not find what the first try removed.
                let was_missing = !error.outcome_unknown();
                if was_missing
                    && std::mem::take(&mut may_be_too_early)
                    && let Ok(Some(_)) = self.connectors.get(self.id, self.budget).await
                {
                    continue;
                }
                return Ok(Deleted { was_missing });
            }
            if let ErrorKind::Referenced(_) = error.kind() {
                return Err(self.referenced(error).await);
            }
            if !error.outcome_unknown() {
                return Err(failed(error, DeleteAftermath::StillThere(None)));
            }
            return match self.connectors.get(self.id, &self.budget.for_looking()).await {
                Ok(None) => Ok(Deleted { was_missing: false }),
                Ok(Some(found)) => {
                    Err(failed(error, DeleteAftermath::StillThere(Some(found.into()))))
                }
                Err(_) => Err(failed(error, DeleteAftermath::Unknown { may_be_inactive: false })),
            };
        }
    }

    /// 412: finds out what refers to it (faults row 12).
    async fn referenced(&self, error: Error) -> DeleteError {
        let budget = self.budget.for_looking();
        let references = self.connectors.references(self.id, &budget).await.unwrap_or_default();
        let error = error.with_kind(ErrorKind::Referenced(references));
        failed(error, DeleteAftermath::StillThere(None))
    }

    /// Deactivates and deletes (faults row 13).
    async fn saga(&self, locked: DeleteError) -> Result<Deleted, DeleteError> {
        let current = match self.connectors.get(self.id, self.budget).await {
            Ok(Some(current)) => current,
            Ok(None) => return Ok(Deleted { was_missing: false }),
            Err(error) => return Err(failed(error, DeleteAftermath::StillThere(None))),
        };
        if !current.active {
            // Then being active is not what locks it.
            let aftermath = DeleteAftermath::StillThere(Some(current.into()));
            return Err(DeleteError { aftermath, ..locked });
        }
        let switched = self
            .connectors
            .switch(
                Operation::DeactivateConnector,
                &current,
                false,
                Secrets::default(),
                self.budget,
            )
            .await;
        let inactive = match switched {
            Ok(inactive) => inactive,
            Err(error) if error.outcome_unknown() => {
                return Err(failed(error, DeleteAftermath::Unknown { may_be_inactive: true }));
            }
            Err(error) => {
                return Err(failed(error, DeleteAftermath::StillThere(Some(current.into()))));
            }
        };
        let failure = match self.budget.check() {
            Ok(()) => match self.attempt().await {
                Ok(deleted) => return Ok(deleted),
                Err(failure) => failure,
            },
            Err(interruption) => {
                let kind = kind_of_interruption(interruption);
                let error = Error::new(Operation::DeleteConnector, kind);
                failed(error, DeleteAftermath::StillThere(None))
            }
        };
        Err(self.undo(failure, inactive).await)
    }

    /// Activates a connector again whose deletion failed.
    async fn undo(&self, failure: DeleteError, inactive: Connector) -> DeleteError {
        let budget = self.budget.for_undoing();
        let operation = Operation::ReactivateConnector;
        let switched =
            self.connectors.switch(operation, &inactive, true, Secrets::default(), &budget).await;
        let aftermath = match (switched, failure.aftermath) {
            (Ok(active), _) => DeleteAftermath::StillThere(Some(active.into())),
            (Err(_), DeleteAftermath::Unknown { .. }) => {
                DeleteAftermath::Unknown { may_be_inactive: true }
            }
            (Err(reason), _) => {
                DeleteAftermath::LeftDeactivated { connector: inactive.into(), reason }
            }
        };
        DeleteError { aftermath, ..failure }
    }
}

fn failed(error: Error, aftermath: DeleteAftermath) -> DeleteError {
    DeleteError { error, aftermath }
}
