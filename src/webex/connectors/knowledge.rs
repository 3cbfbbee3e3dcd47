//! Keeps what this process has learned of an organization: how Webex behaves there, and which
//! connectors its own calls are about.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::super::connector::{Connector, Version};
use super::super::identifiers::ConnectorId;
use super::super::lock::lock;
use super::list_cache::ConnectorList;

/// The time after a create during which a 404 may mean that the connector is not visible yet.
const VISIBILITY_WINDOW: Duration = Duration::from_secs(30);

/// The knowledge of one organization.
#[derive(Default)]
pub(super) struct Knowledge(Mutex<Facts>);

/// The facts that are known.
#[derive(Default)]
struct Facts {
    /// The ids that callers have read, edited or deleted.
    requested: HashSet<ConnectorId>,
    /// The connectors that this process created, with the times.
    created: HashMap<ConnectorId, Instant>,
    /// The names of creates in flight, with their numbers.
    creating: HashMap<String, usize>,
    /// Whether an active connector was found to refuse an edit or a delete.
    locks_active: bool,
    /// How far one edit moves the version: the shortest way of all confirmed edits.
    version_step: Option<i64>,
}

impl Knowledge {
    /// Notes that a caller reads, edits or deletes a connector.
    pub(super) fn note_requested(&self, id: &ConnectorId) {
        self.facts().requested.insert(id.clone());
    }

    /// Whether a caller has read, edited or deleted a connector, so that it is not the result of a
    /// create in flight.
    pub(super) fn is_requested(&self, id: &ConnectorId) -> bool {
        self.facts().requested.contains(id)
    }

    /// Notes a connector that this process created.
    pub(super) fn note_created(&self, id: &ConnectorId) {
        self.facts().created.insert(id.clone(), Instant::now());
    }

    /// Notes a connector that this process deleted.
    pub(super) fn note_deleted(&self, id: &ConnectorId) {
        self.facts().created.remove(id);
    }

    /// Whether a list lacks a connector that this process has just created.
    pub(super) fn lacks_created(&self, list: &ConnectorList) -> bool {
        let facts = self.facts();
        let mut recent = facts.created.iter().filter(|(_, time)| is_recent(**time));
        recent.any(|(id, _)| list.by_id(id).is_none())
    }

    /// Whether this process created a connector within the visibility window.
    pub(super) fn was_just_created(&self, id: &ConnectorId) -> bool {
        self.facts().created.get(id).is_some_and(|time| is_recent(*time))
    }

    /// Notes a create in flight of this name until the guard is dropped.
    pub(super) fn creating(&self, name: &str) -> CreateInFlight<'_> {
        *self.facts().creating.entry(name.to_owned()).or_default() += 1;
        CreateInFlight { knowledge: self, name: name.to_owned() }
    }

    /// Whether an active connector was found to refuse an edit or a delete.
    pub(super) fn locks_active(&self) -> bool {
        self.facts().locks_active
    }

    /// Notes that an active connector refuses edits and deletes.
    pub(super) fn note_lock(&self) {
        self.facts().locks_active = true;
    }

    /// Notes how far a confirmed edit has moved the version. An edit without a difference may not
    /// move it, and somebody else's save in between moves it further, so the shortest way counts.
    pub(super) fn note_edit(&self, before: &Connector, after: &Connector) {
        let step = before.version.as_ref().zip(after.version.as_ref());
        let step = step.and_then(|(before, after)| before.distance_to(after));
        if let Some(step) = step.filter(|step| *step > 0) {
            let known = &mut self.facts().version_step;
            *known = Some(known.map_or(step, |known| known.min(step)));
        }
    }

    /// Whether a version comes from another by one edit. How far an edit moves it is learned from
    /// confirmed edits. Until then one is assumed: more may be somebody else's edit of a secret,
    /// which nothing else shows.
    pub(super) fn is_one_edit(&self, before: &Version, after: &Version) -> bool {
        match before.distance_to(after) {
            Some(distance) => distance == self.facts().version_step.unwrap_or(1),
            None => after.is_after(before),
        }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        lock(&self.0)
    }
}

fn is_recent(time: Instant) -> bool {
    time.elapsed() < VISIBILITY_WINDOW
}

/// A create in flight.
pub(super) struct CreateInFlight<'a> {
    knowledge: &'a Knowledge,
    name: String,
}

impl CreateInFlight<'_> {
    /// Whether another create of this process has made a connector of this name, or may still make
    /// one.
    pub(super) fn may_be_of_another_create(&self, id: &ConnectorId) -> bool {
        let facts = self.knowledge.facts();
        facts.created.contains_key(id) || facts.creating.get(&self.name).is_some_and(|&n| n > 1)
    }

    /// Whether this process has created a connector, or is creating one of its name.
    pub(super) fn knows(&self, connector: &Connector) -> bool {
        let facts = self.knowledge.facts();
        facts.created.contains_key(&connector.id) || facts.creating.contains_key(connector.name())
    }
}

impl Drop for CreateInFlight<'_> {
    fn drop(&mut self) {
        let creating = &mut self.knowledge.facts().creating;
        if let Some(count) = creating.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                creating.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::id;

    #[test]
    fn create_detects_other_creates_of_its_name() {
        let knowledge = Knowledge::default();
        let first = knowledge.creating("crm");
        assert!(!first.may_be_of_another_create(&id()));
        let other = knowledge.creating("other");
        let second = knowledge.creating("crm");
        assert!(first.may_be_of_another_create(&id()) && second.may_be_of_another_create(&id()));
        assert!(!other.may_be_of_another_create(&id()));
        drop(second);
        assert!(!first.may_be_of_another_create(&id()));
        knowledge.note_created(&id());
        assert!(first.may_be_of_another_create(&id()));
    }
}
