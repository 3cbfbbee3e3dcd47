//! What a write that failed has left, as far as it is known: this decides what
//! goes into state.

use webex_contact_center::{
    Connector, ConnectorId, CreateAftermath, CreateError, DeleteAftermath, DeleteError,
    UpdateAftermath, UpdateError,
};

/// What is known to exist after a write that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// What was there before, if anything.
    Before,
    /// What was there before, but inactive as far as is known.
    BeforeInactive,
    /// This connector, as it was found or left.
    ListSink(&'a Connector),
    /// A connector of which only the id is known.
    Id(&'a ConnectorId),
}

impl<'a> Known<'a> {
    /// What a failed create has left.
    #[must_use]
    pub fn after_create(failure: &'a CreateError) -> Self {
        match &failure.aftermath {
            CreateAftermath::Created { id } => Self::Id(id),
            CreateAftermath::NotCreated
            | CreateAftermath::NotSeen
            | CreateAftermath::NameTakenBy(_)
            | CreateAftermath::Found(_)
            | CreateAftermath::Unknown => Self::Before,
        }
    }

    /// What a failed update has left.
    #[must_use]
    pub fn after_update(failure: &'a UpdateError) -> Self {
        match &failure.aftermath {
            UpdateAftermath::Unchanged(Some(connector))
            | UpdateAftermath::Reactivated(connector)
            | UpdateAftermath::LeftDeactivated { connector, .. } => Self::ListSink(connector),
            UpdateAftermath::Unknown { may_be_inactive: true, .. } => Self::BeforeInactive,
            UpdateAftermath::Unchanged(None)
            | UpdateAftermath::Gone
            | UpdateAftermath::Unknown { may_be_inactive: false, .. } => Self::Before,
        }
    }

    /// What a failed delete has left.
    #[must_use]
    pub fn after_delete(failure: &'a DeleteError) -> Self {
        match &failure.aftermath {
            DeleteAftermath::StillThere(Some(connector))
            | DeleteAftermath::Reactivated(connector)
            | DeleteAftermath::LeftDeactivated { connector, .. } => Self::ListSink(connector),
            DeleteAftermath::Unknown { may_be_inactive: true } => Self::BeforeInactive,
            DeleteAftermath::StillThere(None)
            | DeleteAftermath::Unknown { may_be_inactive: false } => Self::Before,
        }
    }
}
