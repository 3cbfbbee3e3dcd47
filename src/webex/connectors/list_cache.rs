//! Caches one list of connectors per organization, shared by all reads of a run.
//!
//! Refreshing ten connectors of an organization costs one request. A write to the organization
//! drops the list. The list alone never proves that a connector is gone.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::super::budget::Budget;
use super::super::connector::{Connector, Version};
use super::super::error::{Error, Operation};
use super::super::identifiers::{ConnectorId, OrganizationId};
use super::super::pipeline::RetryMode;
use super::super::single_flight::{Join, SharedRequest, single_flight};
use super::releases::Releases;

/// The time for which a list is used. A run seldom takes longer; a longer process should not plan
/// with an old list.
const LONGEST_LIFE: Duration = Duration::from_secs(5 * 60);

/// The time after a create during which a 404 may mean that the connector is not visible yet.
const VISIBILITY_WINDOW: Duration = Duration::from_secs(30);

/// The connectors of an organization at one moment.
#[derive(Clone, Debug)]
pub(crate) struct ConnectorList {
    connectors: Arc<[Connector]>,
    /// Where the connectors are. Of several with the same id, the first counts.
    by_id: Arc<HashMap<ConnectorId, usize>>,
    /// The server's time of the list.
    pub(crate) server_time: Option<SystemTime>,
    /// The time of this machine at that moment.
    pub(crate) received: Instant,
}

impl ConnectorList {
    pub(crate) fn new(
        rows: Vec<Connector>,
        server_time: Option<SystemTime>,
        received: Instant,
    ) -> Self {
        let by_id = rows.iter().enumerate().rev().map(|(index, row)| (row.id.clone(), index));
        let by_id = by_id.collect();
        Self { connectors: rows.into(), by_id: Arc::new(by_id), server_time, received }
    }

    pub(crate) fn connectors(&self) -> Arc<[Connector]> {
        Arc::clone(&self.connectors)
    }

    pub(crate) fn by_id(&self, id: &ConnectorId) -> Option<&Connector> {
        self.connectors.get(*self.by_id.get(id)?)
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&Connector> {
        self.connectors.iter().find(|connector| connector.name() == name)
    }

    /// Returns the connector that has a name, in the exact letter case if there is one: the server
    /// may compare names without it.
    pub(crate) fn holder_of(&self, name: &str) -> Option<&Connector> {
        let lower = name.to_lowercase();
        self.by_name(name).or_else(|| {
            self.connectors.iter().find(|connector| connector.name().to_lowercase() == lower)
        })
    }
}

/// The lists of all organizations.
#[derive(Default)]
pub(crate) struct ListCache {
    entries: Mutex<HashMap<OrganizationId, CacheEntry>>,
    /// The names that this process frees.
    pub(crate) releases: Releases,
}

/// The list and the recent creates of one organization.
#[derive(Default)]
struct CacheEntry {
    /// The number of writes. A list that was requested before the end of a write is not cached.
    generation: u64,
    list: Option<ConnectorList>,
    /// The list request in flight, and its retry mode.
    in_flight: Option<(SharedRequest<ConnectorList>, RetryMode)>,
    /// The ids of all lists so far.
    listed: Arc<HashSet<ConnectorId>>,
    /// The ids that callers have read, edited or deleted.
    requested: HashSet<ConnectorId>,
    /// The connectors that this process created, with the times.
    created: HashMap<ConnectorId, Instant>,
    /// The names of creates in flight, with their numbers.
    creating: HashMap<String, usize>,
    /// The refusal of the list, by which reads do without it.
    refusal: Option<Error>,
    /// Whether the user knows of it.
    is_refusal_told: bool,
    /// Whether an active connector was found to refuse an edit or a delete.
    locks_active: bool,
    /// How far one edit moves the version: the shortest way of all confirmed edits.
    version_step: Option<i64>,
}

impl ListCache {
    /// Returns the cached list, or the result of one request for all callers meanwhile. `fetch`
    /// makes the request.
    pub(crate) async fn get<F>(
        self: &Arc<Self>,
        organization: OrganizationId,
        retry_mode: RetryMode,
        budget: &Budget,
        fetch: impl Fn() -> F,
    ) -> Result<ConnectorList, Error>
    where
        F: Future<Output = Result<ConnectorList, Error>> + Send + 'static,
    {
        let join = || {
            let mut entries = self.entries();
            let entry = entries.entry(organization).or_default();
            if let Some(list) = &entry.list
                && list.received.elapsed() < LONGEST_LIFE
            {
                return Join::Cached(list.clone());
            }
            if let Some((shared, theirs)) = &entry.in_flight {
                let is_weaker = *theirs == RetryMode::OneAttempt && retry_mode != *theirs;
                return Join::Joined { shared: shared.clone(), is_weaker };
            }
            let (cache, generation) = (Arc::clone(self), entry.generation);
            let done = move |list: &Result<ConnectorList, Error>| {
                cache.store(organization, generation, list)
            };
            let shared = SharedRequest::new(Operation::ListConnectors, fetch(), done);
            entry.in_flight = Some((shared.clone(), retry_mode));
            Join::Started(shared)
        };
        single_flight(budget, join).await
    }

    /// Caches a list, unless a write has ended since it was requested.
    fn store(
        &self,
        organization: OrganizationId,
        generation: u64,
        list: &Result<ConnectorList, Error>,
    ) {
        let mut entries = self.entries();
        let entry = entries.entry(organization).or_default();
        let rows = list.iter().flat_map(|list| list.connectors.iter());
        // The ids are copied if a create still has them.
        Arc::make_mut(&mut entry.listed).extend(rows.map(|connector| connector.id.clone()));
        if entry.generation == generation {
            entry.in_flight = None;
            entry.list = list.as_ref().ok().cloned();
        }
    }

    /// Returns the number of connectors in the cached list, if there is one.
    pub(crate) fn cached_count(&self, organization: OrganizationId) -> Option<usize> {
        let entries = self.entries();
        let list = entries.get(&organization)?.list.as_ref()?;
        (list.received.elapsed() < LONGEST_LIFE).then_some(list.connectors.len())
    }

    /// Drops an organization's list, and detaches the request in flight from later callers.
    pub(crate) fn invalidate(&self, organization: OrganizationId) {
        let mut entries = self.entries();
        let entry = entries.entry(organization).or_default();
        entry.generation += 1;
        entry.list = None;
        entry.in_flight = None;
    }

    /// Returns a guard that drops an organization's list when it is dropped, also after a panic or
    /// a cancellation.
    pub(crate) fn invalidate_at_end(&self, organization: OrganizationId) -> Invalidation<'_> {
        Invalidation { list_cache: self, organization }
    }

    /// Returns the ids of all lists so far, also of those that a write has dropped.
    pub(crate) fn listed_ids(&self, organization: OrganizationId) -> Arc<HashSet<ConnectorId>> {
        let entries = self.entries();
        entries.get(&organization).map(|entry| Arc::clone(&entry.listed)).unwrap_or_default()
    }

    /// Notes that a caller reads, edits or deletes a connector.
    pub(crate) fn note_requested(&self, organization: OrganizationId, id: &ConnectorId) {
        let mut entries = self.entries();
        let entry = entries.entry(organization).or_default();
        entry.requested.insert(id.clone());
    }

    /// Whether a caller has read, edited or deleted a connector, so that it is not the result of a
    /// create in flight.
    pub(crate) fn is_requested(&self, organization: OrganizationId, id: &ConnectorId) -> bool {
        let entries = self.entries();
        entries.get(&organization).is_some_and(|entry| entry.requested.contains(id))
    }

    /// Notes a connector that this process created.
    pub(crate) fn note_created(&self, organization: OrganizationId, id: &ConnectorId) {
        let mut entries = self.entries();
        let entry = entries.entry(organization).or_default();
        entry.created.insert(id.clone(), Instant::now());
    }

    /// Notes a connector that this process deleted.
    pub(crate) fn note_deleted(&self, organization: OrganizationId, id: &ConnectorId) {
        self.entries().entry(organization).or_default().created.remove(id);
    }

    /// Whether a list lacks a connector that this process has just created.
    pub(crate) fn lacks_created(&self, organization: OrganizationId, list: &ConnectorList) -> bool {
        let entries = self.entries();
        let created = entries.get(&organization).map(|entry| &entry.created);
        created
            .into_iter()
            .flatten()
            .any(|(id, created)| created.elapsed() < VISIBILITY_WINDOW && list.by_id(id).is_none())
    }

    /// Whether this process created a connector within the visibility window.
    pub(crate) fn was_just_created(&self, organization: OrganizationId, id: &ConnectorId) -> bool {
        let entries = self.entries();
        let created = entries.get(&organization).and_then(|entry| entry.created.get(id));
        created.is_some_and(|created| created.elapsed() < VISIBILITY_WINDOW)
    }

    /// Replaces a short row of the cached list by the connector that was read by its id.
    pub(crate) fn complete(&self, organization: OrganizationId, connector: &Connector) {
        let mut entries = self.entries();
        let entry = entries.entry(organization).or_default();
        let Some(list) = &mut entry.list else { return };
        if list.by_id(&connector.id).is_some_and(Connector::is_short)
            && let Some(index) = list.by_id.get(&connector.id)
            // All rows are copied if a caller still has the list.
            && let Some(row) = Arc::make_mut(&mut list.connectors).get_mut(*index)
        {
            *row = connector.clone();
        }
    }

    /// Returns the refusal of the list, if there was one.
    pub(crate) fn refusal(&self, organization: OrganizationId) -> Option<Error> {
        self.entries().get(&organization)?.refusal.clone()
    }

    /// Notes that the list was refused.
    pub(crate) fn note_refusal(&self, organization: OrganizationId, refusal: &Error) {
        let mut entries = self.entries();
        entries.entry(organization).or_default().refusal = Some(refusal.clone());
    }

    /// Returns the refusals that no caller has taken yet.
    pub(crate) fn take_refusals(&self) -> Vec<Error> {
        let mut entries = self.entries();
        let untold = entries.values_mut().filter(|entry| !entry.is_refusal_told);
        let take = |entry: &mut CacheEntry| {
            entry.is_refusal_told = entry.refusal.is_some();
            entry.refusal.clone()
        };
        untold.filter_map(take).collect()
    }

    /// Whether an active connector was found to refuse an edit or a delete.
    pub(crate) fn locks_active(&self, organization: OrganizationId) -> bool {
        self.entries().get(&organization).is_some_and(|entry| entry.locks_active)
    }

    /// Notes that an active connector refuses edits and deletes.
    pub(crate) fn note_lock(&self, organization: OrganizationId) {
        self.entries().entry(organization).or_default().locks_active = true;
    }

    /// Notes how far a confirmed edit has moved the version. An edit without a difference may not
    /// move it, and somebody else's save in between moves it further, so the shortest way counts.
    pub(crate) fn note_edit(
        &self,
        organization: OrganizationId,
        before: &Connector,
        after: &Connector,
    ) {
        let step = before.version.as_ref().zip(after.version.as_ref());
        let step = step.and_then(|(before, after)| before.distance_to(after));
        if let Some(step) = step.filter(|step| *step > 0) {
            let mut entries = self.entries();
            let known = &mut entries.entry(organization).or_default().version_step;
            *known = Some(known.map_or(step, |known| known.min(step)));
        }
    }

    /// Whether a version comes from another by one edit. How far an edit moves it is learned from
    /// confirmed edits. Until then one is assumed: more may be somebody else's edit of a secret,
    /// which nothing else shows.
    pub(crate) fn is_one_edit(
        &self,
        organization: OrganizationId,
        before: &Version,
        after: &Version,
    ) -> bool {
        let step = self.entries().get(&organization).and_then(|entry| entry.version_step);
        match before.distance_to(after) {
            Some(distance) => distance == step.unwrap_or(1),
            None => after.is_after(before),
        }
    }

    /// Notes a create in flight of this name until the guard is dropped.
    pub(crate) fn creating(&self, organization: OrganizationId, name: &str) -> CreateInFlight<'_> {
        let mut entries = self.entries();
        let entry = entries.entry(organization).or_default();
        *entry.creating.entry(name.to_owned()).or_default() += 1;
        CreateInFlight { list_cache: self, organization, name: name.to_owned() }
    }

    /// Nothing panics while holding the lock, so a poisoned one is intact.
    fn entries(&self) -> MutexGuard<'_, HashMap<OrganizationId, CacheEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops a list from the cache at the end of a write.
pub(crate) struct Invalidation<'a> {
    list_cache: &'a ListCache,
    organization: OrganizationId,
}

impl Drop for Invalidation<'_> {
    fn drop(&mut self) {
        self.list_cache.invalidate(self.organization);
    }
}

/// A create in flight.
pub(crate) struct CreateInFlight<'a> {
    list_cache: &'a ListCache,
    organization: OrganizationId,
    name: String,
}

impl CreateInFlight<'_> {
    /// Whether another create of this process has made a connector of this name, or may still make
    /// one.
    pub(crate) fn may_be_of_another_create(&self, id: &ConnectorId) -> bool {
        let entries = self.list_cache.entries();
        let Some(entry) = entries.get(&self.organization) else { return false };
        entry.created.contains_key(id) || entry.creating.get(&self.name).is_some_and(|&n| n > 1)
    }
}

impl Drop for CreateInFlight<'_> {
    fn drop(&mut self) {
        let mut entries = self.list_cache.entries();
        let entry = entries.entry(self.organization).or_default();
        if let Some(count) = entry.creating.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                entry.creating.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ErrorKind;
    use crate::testing::{
        Reply, Script, budget, connectors, content, empty, id, object, organization, page, planned,
        response, with,
    };

    #[tokio::test(start_paused = true)]
    async fn list_is_dropped_after_each_write() {
        let other = with(object(1, 1), &json!({"id": "other"}));
        let list = || response(200, &page(std::slice::from_ref(&other)));
        let both = || response(200, &page(&[other.clone(), object(0, 1)]));
        let script = Script::new([
            list(),
            response(201, &object(0, 1)),
            both(),
            response(200, &object(0, 1)),
            response(200, &object(1, 1)),
            both(),
            empty(204),
            list(),
        ]);
        let connectors = connectors(script.clone());
        let budget = budget();
        for _ in 0..2 {
            connectors.list(&budget).await.unwrap();
        }
        connectors.create(&content(), &budget).await.unwrap();
        connectors.list(&budget).await.unwrap();
        connectors.update(&id(), &content(), &planned(0), &budget).await.unwrap();
        connectors.list(&budget).await.unwrap();
        connectors.delete(&id(), &budget).await.unwrap();
        for _ in 0..2 {
            connectors.list(&budget).await.unwrap();
        }
        assert!(script.is_done());
        assert_eq!(script.requests().len(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn list_requested_before_the_end_of_a_write_is_not_cached() {
        let script = Script::new([
            response(200, &page(&[])).after(Duration::from_secs(5)),
            response(201, &object(0, 1)).after(Duration::from_secs(1)),
            response(200, &page(&[object(0, 1)])),
        ]);
        let connectors = connectors(script.clone());
        let (budget, content) = (budget(), content());
        let (old, created) =
            tokio::join!(connectors.list(&budget), connectors.create(&content, &budget));
        created.unwrap();
        assert_eq!(old.unwrap().len(), 1, "it waits for what this process has created");
        assert_eq!(connectors.list(&budget).await.unwrap().len(), 1);
        assert!(script.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn stop_of_the_first_reader_does_not_fail_the_second() {
        let script = Script::new([
            response(200, &page(&[])).after(Duration::from_secs(5)),
            response(200, &page(&[object(0, 1)])),
        ]);
        let connectors = connectors(script.clone());
        let (first, second) = (budget(), budget());
        let (stopped, read, ()) =
            tokio::join!(connectors.list(&first), connectors.list(&second), async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                first.stop.cancel();
            });
        assert_eq!(stopped.unwrap_err().kind, ErrorKind::Stopped);
        assert_eq!(read.unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn panic_in_a_list_request_fails_its_waiters_only() {
        let script = Script::new([
            Reply::Panic.after(Duration::from_secs(1)),
            response(200, &page(&[object(1, 1)])),
        ]);
        let connectors = connectors(script.clone());
        let (first, second) = (budget(), budget());
        let (first, second) = tokio::join!(connectors.list(&first), connectors.list(&second));
        for ended in [first, second] {
            assert_eq!(ended.unwrap_err().kind, ErrorKind::Defect);
        }
        assert_eq!(connectors.list(&budget()).await.unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn failed_and_expired_lists_are_not_cached() {
        let list = || response(200, &page(&[object(1, 1)]));
        let script = Script::new([empty(403), list(), list()]);
        let connectors = connectors(script.clone());
        assert!(connectors.list(&budget()).await.is_err());
        connectors.list(&budget()).await.unwrap();
        tokio::time::advance(LONGEST_LIFE).await;
        connectors.list(&budget()).await.unwrap();
        assert!(script.is_done());
    }

    #[test]
    fn create_detects_other_creates_of_its_name() {
        let list_cache = ListCache::default();
        let organization = organization();
        let first = list_cache.creating(organization, "crm");
        assert!(!first.may_be_of_another_create(&id()));
        let other = list_cache.creating(organization, "other");
        let second = list_cache.creating(organization, "crm");
        assert!(first.may_be_of_another_create(&id()) && second.may_be_of_another_create(&id()));
        assert!(!other.may_be_of_another_create(&id()));
        drop(second);
        assert!(!first.may_be_of_another_create(&id()));
        list_cache.note_created(organization, &id());
        assert!(first.may_be_of_another_create(&id()));
    }

    /// Lists so many connectors and reads each, from short rows if `is_short`. Returns the
    /// allocations and their bytes.
    fn cost_of_reading(rows: usize, is_short: bool) -> (u64, u64) {
        let id = |number: usize| format!("5c7c2677-0000-4000-8000-{number:012}");
        let whole = |number| with(object(1, 1), &json!({"id": id(number), "name": id(number)}));
        let row = |number| match is_short {
            true => json!({"id": id(number), "name": id(number), "connectorType": "CUSTOM"}),
            false => whole(number),
        };
        let all = (0..rows).map(row).collect::<Vec<_>>();
        let by_id = (0..rows).map(|number| response(200, &whole(number)));
        let replies = std::iter::once(response(200, &page(&all)));
        let script = Script::new(replies.chain(by_id.filter(|_| is_short)));
        let connectors = connectors(script.clone());
        let ids = (0..rows).map(|number| ConnectorId::parse(&id(number)).unwrap());
        let ids = ids.collect::<Vec<_>>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let cost = allocation_counter::measure(|| {
            runtime.block_on(async {
                for id in &ids {
                    let found = connectors.read(id, &budget()).await.unwrap().unwrap();
                    assert_eq!(found.id, *id);
                }
            });
        });
        assert!(script.is_done());
        (cost.count_total, cost.bytes_total)
    }

    #[test]
    fn reading_ten_thousand_connectors_costs_in_proportion() {
        for is_short in [false, true] {
            let [small, large] = [2_500, 10_000].map(|rows| cost_of_reading(rows, is_short));
            assert!(large.0 <= small.0 * 4 + small.0 / 16, "{small:?} → {large:?} allocations");
            assert!(large.1 <= small.1 * 4 + small.1 / 2, "{small:?} → {large:?} bytes");
        }
    }

    /// A search allocates nothing, so this compares times: the best of many, as other work on the
    /// machine only adds to them. By a search through all rows, the factor would be about 100.
    #[test]
    fn look_up_takes_no_longer_in_a_list_of_ten_thousand() {
        let time = |rows: usize| {
            let id = |number: usize| format!("5c7c2677-0000-4000-8000-{number:012}");
            let row = crate::testing::read(&object(1, 1));
            let rows = (0..rows).map(|number| {
                let mut row = row.clone();
                row.id = ConnectorId::parse(&id(number)).unwrap();
                row
            });
            let list = ConnectorList::new(rows.collect(), None, Instant::now());
            let all = list.connectors();
            let sample = all.iter().step_by(all.len() / 100).collect::<Vec<_>>();
            let times = (0..50).map(|_| {
                let began = std::time::Instant::now();
                for row in &sample {
                    assert!(std::ptr::eq(list.by_id(&row.id).unwrap(), *row));
                }
                began.elapsed()
            });
            times.min().unwrap()
        };
        let (short, long) = (time(100), time(10_000));
        assert!(long < short * 20, "{short:?} → {long:?}");
    }

    #[test]
    fn name_holder_is_found_in_any_letter_case() {
        let row = |name: &str| {
            let object = with(object(1, 1), &json!({"name": name, "id": name}));
            crate::testing::read(&object)
        };
        let list = ConnectorList::new(vec![row("CRM"), row("crm")], None, Instant::now());
        assert_eq!(list.holder_of("crm").unwrap().name(), "crm");
        assert_eq!(list.holder_of("Crm").unwrap().name(), "CRM");
        assert!(list.holder_of("other").is_none());
    }
}
