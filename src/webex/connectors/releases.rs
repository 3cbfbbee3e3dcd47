//! The deletes and edits of this process that may free the name of a connector.
//!
//! Terraform deletes, renames and creates connectors in parallel, so that a create may need a name
//! that a delete of the same run is about to free.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::super::identifiers::{ConnectorId, OrganizationId};

/// The time after a delete or a rename during which the server may still refuse the old name.
const RECENT: Duration = Duration::from_secs(30);

/// The deletes and edits of all organizations.
#[derive(Default)]
pub(crate) struct Releases {
    organizations: Mutex<HashMap<OrganizationId, HashMap<ConnectorId, Release>>>,
    /// Notifies the operations that wait for a name.
    changes: watch::Sender<()>,
}

/// A delete or an edit that is in flight or has succeeded.
struct Release {
    /// The name after an edit; none after a delete.
    new_name: Option<String>,
    /// The time of its success; none while it is in flight.
    ended: Option<Instant>,
    /// The connector whose name an edit waits for.
    waits_for: Option<ConnectorId>,
}

/// The state of the delete or the rename of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReleaseState {
    /// This process neither deletes nor renames the connector.
    None,
    /// The delete or the rename is in flight.
    InFlight,
    /// The delete or the rename has succeeded a moment ago.
    Ended,
}

impl Releases {
    /// Notes a delete, or an edit with its new name, until the guard is dropped.
    pub(crate) fn begin(
        &self,
        organization: OrganizationId,
        id: &ConnectorId,
        new_name: Option<&str>,
    ) -> ReleaseInFlight<'_> {
        let new_name = new_name.map(str::to_owned);
        let release = Release { new_name, ended: None, waits_for: None };
        self.organizations().entry(organization).or_default().insert(id.clone(), release);
        self.changes.send_replace(());
        ReleaseInFlight { releases: self, organization, id: id.clone() }
    }

    /// Returns a receiver that is notified when a delete or an edit begins or ends.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Returns whether this process frees the name of a connector.
    pub(crate) fn state(
        &self,
        organization: OrganizationId,
        id: &ConnectorId,
        name: &str,
    ) -> ReleaseState {
        let organizations = self.organizations();
        let release = organizations.get(&organization).and_then(|releases| releases.get(id));
        match release {
            Some(release) if release.frees(name) => release.state(),
            Some(_) | None => ReleaseState::None,
        }
    }

    /// Whether a delete or an edit of another connector is in flight or has just succeeded.
    pub(crate) fn is_any_recent(
        &self,
        organization: OrganizationId,
        own: Option<&ConnectorId>,
    ) -> bool {
        let organizations = self.organizations();
        let releases = organizations.get(&organization).into_iter().flatten();
        let mut others = releases.filter(|(id, _)| Some(*id) != own);
        others.any(|(_, release)| release.state() != ReleaseState::None)
    }

    /// Whether a delete of an organization is in flight.
    pub(crate) fn is_delete_in_flight(&self, organization: OrganizationId) -> bool {
        let organizations = self.organizations();
        organizations.get(&organization).is_some_and(|releases| {
            releases.values().any(|release| release.new_name.is_none() && release.ended.is_none())
        })
    }

    /// Returns the number of deletes of an organization that have succeeded since a time.
    pub(crate) fn deletes_since(&self, organization: OrganizationId, time: Instant) -> usize {
        let organizations = self.organizations();
        let releases = organizations.get(&organization).into_iter().flat_map(HashMap::values);
        let deletes = releases.filter(|release| release.new_name.is_none());
        deletes.filter(|release| release.ended.is_some_and(|ended| ended >= time)).count()
    }

    /// Notes that the edit of a connector waits for the name of another. Returns false, and notes
    /// nothing, if that one waits for the first, directly or by others: they would wait for ever.
    pub(crate) fn wait_for(
        &self,
        organization: OrganizationId,
        id: &ConnectorId,
        other: &ConnectorId,
    ) -> bool {
        let mut organizations = self.organizations();
        let releases = organizations.entry(organization).or_default();
        let mut next = Some(other);
        while let Some(current) = next {
            if current == id {
                return false;
            }
            next = releases.get(current).and_then(|release| release.waits_for.as_ref());
        }
        if let Some(release) = releases.get_mut(id) {
            release.waits_for = Some(other.clone());
        }
        true
    }

    /// Notes that the edit of a connector no longer waits.
    pub(crate) fn wait_for_none(&self, organization: OrganizationId, id: &ConnectorId) {
        let mut organizations = self.organizations();
        let releases = organizations.entry(organization).or_default();
        if let Some(release) = releases.get_mut(id) {
            release.waits_for = None;
        }
    }

    /// Nothing panics while holding the lock, so a poisoned one is intact.
    fn organizations(
        &self,
    ) -> MutexGuard<'_, HashMap<OrganizationId, HashMap<ConnectorId, Release>>> {
        self.organizations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Release {
    /// Whether a connector has lost its name by this. The server may compare names without letter
    /// case.
    fn frees(&self, name: &str) -> bool {
        self.new_name.as_ref().is_none_or(|new| new.to_lowercase() != name.to_lowercase())
    }

    fn state(&self) -> ReleaseState {
        match self.ended {
            None => ReleaseState::InFlight,
            Some(ended) if ended.elapsed() < RECENT => ReleaseState::Ended,
            Some(_) => ReleaseState::None,
        }
    }
}

/// A delete or an edit in flight. Dropping it means that it has failed.
pub(crate) struct ReleaseInFlight<'a> {
    releases: &'a Releases,
    organization: OrganizationId,
    id: ConnectorId,
}

impl ReleaseInFlight<'_> {
    /// Notes that the delete or the edit has succeeded.
    pub(crate) fn succeeded(&self) {
        let mut organizations = self.releases.organizations();
        let releases = organizations.entry(self.organization).or_default();
        if let Some(release) = releases.get_mut(&self.id) {
            release.ended = Some(Instant::now());
        }
    }
}

impl Drop for ReleaseInFlight<'_> {
    fn drop(&mut self) {
        let mut organizations = self.releases.organizations();
        let releases = organizations.entry(self.organization).or_default();
        if releases.get(&self.id).is_some_and(|release| release.ended.is_none()) {
            releases.remove(&self.id);
        }
        drop(organizations);
        self.releases.changes.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OTHER_ID, id, organization};

    #[tokio::test(start_paused = true)]
    async fn name_of_a_deleted_or_renamed_connector_is_free_for_a_while() {
        let releases = Releases::default();
        let (organization, id) = (organization(), id());
        let state = |name| releases.state(organization, &id, name);
        assert_eq!(state("crm"), ReleaseState::None);
        let rename = releases.begin(organization, &id, Some("CRM"));
        assert_eq!((state("old"), state("crm")), (ReleaseState::InFlight, ReleaseState::None));
        drop(rename);
        assert_eq!(state("old"), ReleaseState::None, "it has failed");
        let delete = releases.begin(organization, &id, None);
        let began = Instant::now();
        assert!(releases.is_delete_in_flight(organization));
        assert_eq!(releases.deletes_since(organization, began), 0);
        delete.succeeded();
        drop(delete);
        assert_eq!(state("crm"), ReleaseState::Ended);
        assert_eq!(releases.deletes_since(organization, began), 1);
        assert!(!releases.is_delete_in_flight(organization));
        assert!(releases.is_any_recent(organization, None));
        assert!(!releases.is_any_recent(organization, Some(&id)));
        tokio::time::advance(RECENT).await;
        assert_eq!(state("crm"), ReleaseState::None);
        assert!(!releases.is_any_recent(organization, None));
    }

    #[test]
    fn edits_that_wait_for_each_other_are_detected() {
        let releases = Releases::default();
        let (organization, a) = (organization(), id());
        let b = ConnectorId::parse(OTHER_ID).unwrap();
        let c = ConnectorId::parse("c").unwrap();
        let _edits = [&a, &b, &c].map(|id| releases.begin(organization, id, Some("x")));
        assert!(releases.wait_for(organization, &a, &b));
        assert!(releases.wait_for(organization, &b, &c));
        assert!(!releases.wait_for(organization, &c, &a), "c, a, b, c");
        releases.wait_for_none(organization, &a);
        assert!(releases.wait_for(organization, &c, &a));
    }
}
