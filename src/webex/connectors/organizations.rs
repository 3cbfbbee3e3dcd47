//! Holds what all callers of a client share of each organization.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::super::error::Error;
use super::super::identifiers::OrganizationId;
use super::super::lock::lock;
use super::knowledge::Knowledge;
use super::list_cache::ListCache;
use super::releases::Releases;

/// The organizations that a client has been used for.
#[derive(Default)]
pub(crate) struct Organizations(Mutex<HashMap<OrganizationId, Arc<Shared>>>);

/// What all callers share of one organization.
#[derive(Default)]
pub(crate) struct Shared {
    pub(super) list_cache: Arc<ListCache>,
    pub(super) knowledge: Knowledge,
    pub(super) releases: Releases,
}

impl Organizations {
    /// Returns what all callers share of an organization.
    pub(crate) fn shared(&self, organization: OrganizationId) -> Arc<Shared> {
        Arc::clone(self.all().entry(organization).or_default())
    }

    /// Returns the refusals of lists that no caller has taken yet.
    pub(crate) fn take_refusals(&self) -> Vec<Error> {
        self.all().values().filter_map(|shared| shared.list_cache.take_refusal()).collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<OrganizationId, Arc<Shared>>> {
        lock(&self.0)
    }
}
