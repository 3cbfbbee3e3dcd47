//! The deletes and edits of this process that may free the name of a connector.
//!
//! Terraform deletes, renames and creates connectors in parallel, so that a create may need a name
//! that a delete of the same run is about to free.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::super::identifiers::ConnectorId;
use super::super::lock::lock;

/// The time after a delete or a rename during which the server may still refuse the old name.
const RECENT: Duration = Duration::from_secs(30);

/// The deletes and edits of one organization.
#[derive(Default)]
pub(super) struct Releases {
    connectors: Mutex<HashMap<ConnectorId, Release>>,
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
pub(super) enum ReleaseState {
    /// This process neither deletes nor renames the connector.
    None,
    /// The delete or the rename is in flight.
    InFlight,
    /// The delete or the rename has succeeded a moment ago.
    Ended,
}

impl Releases {
    /// Notes a delete, or an edit with its new name, until the guard is dropped.
    pub(super) fn begin(&self, id: &ConnectorId, new_name: Option<&str>) -> ReleaseInFlight<'_> {
        let new_name = new_name.map(str::to_owned);
        let release = Release { new_name, ended: None, waits_for: None };
        self.connectors().insert(id.clone(), release);
        self.changes.send_replace(());
        ReleaseInFlight { releases: self, id: id.clone() }
    }

    /// Returns a receiver that is notified when a delete or an edit begins or ends.
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Returns whether this process frees the name of a connector.
    pub(super) fn state(&self, id: &ConnectorId, name: &str) -> ReleaseState {
        match self.connectors().get(id) {
            Some(release) if release.frees(name) => release.state(),
            Some(_) | None => ReleaseState::None,
        }
    }

    /// Whether a delete or an edit of another connector is in flight or has just succeeded.
    pub(super) fn is_any_recent(&self, own: Option<&ConnectorId>) -> bool {
        let connectors = self.connectors();
        let mut others = connectors.iter().filter(|(id, _)| Some(*id) != own);
        others.any(|(_, release)| release.state() != ReleaseState::None)
    }

    /// Whether a delete is in flight.
    pub(super) fn is_delete_in_flight(&self) -> bool {
        let connectors = self.connectors();
        let mut releases = connectors.values();
        releases.any(|release| release.new_name.is_none() && release.ended.is_none())
    }

    /// Returns the number of deletes that have succeeded since a time.
    pub(super) fn deletes_since(&self, time: Instant) -> usize {
        let connectors = self.connectors();
        let deletes = connectors.values().filter(|release| release.new_name.is_none());
        deletes.filter(|release| release.ended.is_some_and(|ended| ended >= time)).count()
    }

    /// Notes that the edit of a connector waits for the name of another. Returns false, and notes
    /// nothing, if that one waits for the first, directly or by others: they would wait for ever.
    pub(super) fn wait_for(&self, id: &ConnectorId, other: &ConnectorId) -> bool {
        let mut connectors = self.connectors();
        let mut next = Some(other);
        while let Some(current) = next {
            if current == id {
                return false;
            }
            next = connectors.get(current).and_then(|release| release.waits_for.as_ref());
        }
        if let Some(release) = connectors.get_mut(id) {
            release.waits_for = Some(other.clone());
        }
        true
    }

    /// Notes that the edit of a connector no longer waits.
    pub(super) fn wait_for_none(&self, id: &ConnectorId) {
        if let Some(release) = self.connectors().get_mut(id) {
            release.waits_for = None;
        }
    }

    fn connectors(&self) -> MutexGuard<'_, HashMap<ConnectorId, Release>> {
        lock(&self.connectors)
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
pub(super) struct ReleaseInFlight<'a> {
    releases: &'a Releases,
    id: ConnectorId,
}

impl ReleaseInFlight<'_> {
    /// Notes that the delete or the edit has succeeded.
    pub(super) fn succeeded(&self) {
        if let Some(release) = self.releases.connectors().get_mut(&self.id) {
            release.ended = Some(Instant::now());
        }
    }
}

impl Drop for ReleaseInFlight<'_> {
    fn drop(&mut self) {
        let mut connectors = self.releases.connectors();
        if connectors.get(&self.id).is_some_and(|release| release.ended.is_none()) {
            connectors.remove(&self.id);
        }
        drop(connectors);
        self.releases.changes.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OTHER_ID, id};

    #[tokio::test(start_paused = true)]
    async fn name_of_a_deleted_or_renamed_connector_is_free_for_a_while() {
        let releases = Releases::default();
        let id = id();
        let state = |name| releases.state(&id, name);
        assert_eq!(state("crm"), ReleaseState::None);
        let rename = releases.begin(&id, Some("CRM"));
        assert_eq!((state("old"), state("crm")), (ReleaseState::InFlight, ReleaseState::None));
        drop(rename);
        assert_eq!(state("old"), ReleaseState::None, "it has failed");
        let delete = releases.begin(&id, None);
        let began = Instant::now();
        assert!(releases.is_delete_in_flight());
        assert_eq!(releases.deletes_since(began), 0);
        delete.succeeded();
        drop(delete);
        assert_eq!(state("crm"), ReleaseState::Ended);
        assert_eq!(releases.deletes_since(began), 1);
        assert!(!releases.is_delete_in_flight());
        assert!(releases.is_any_recent(None));
        assert!(!releases.is_any_recent(Some(&id)));
        tokio::time::advance(RECENT).await;
        assert_eq!(state("crm"), ReleaseState::None);
        assert!(!releases.is_any_recent(None));
    }

    #[test]
    fn edits_that_wait_for_each_other_are_detected() {
        let releases = Releases::default();
        let a = id();
        let b = ConnectorId::parse(OTHER_ID).unwrap();
        let c = ConnectorId::parse("c").unwrap();
        let _edits = [&a, &b, &c].map(|id| releases.begin(id, Some("x")));
        assert!(releases.wait_for(&a, &b));
        assert!(releases.wait_for(&b, &c));
        assert!(!releases.wait_for(&c, &a), "c, a, b, c");
        releases.wait_for_none(&a);
        assert!(releases.wait_for(&c, &a));
    }
}
