//! Caches the list of connectors of an organization, shared by all reads of a run.
//!
//! Refreshing ten connectors of an organization costs one request. A write to the organization
//! drops the list. The list alone never proves that a connector is gone.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::super::budget::Budget;
use super::super::connector::Connector;
use super::super::error::{Error, ErrorKind, Operation};
use super::super::identifiers::ConnectorId;
use super::super::lock::lock;
use super::super::pipeline::RetryMode;
use super::super::single_flight::{Join, SharedRequest, single_flight};

/// The time for which a list is used. A run seldom takes longer; a longer process should not plan
/// with an old list.
const LONGEST_LIFE: Duration = Duration::from_secs(5 * 60);

/// The connectors of an organization at one moment.
#[derive(Clone, Debug)]
pub(super) struct ConnectorList {
    connectors: Arc<[Connector]>,
    /// Where the connectors are. Of several with the same id, the first counts.
    by_id: Arc<HashMap<ConnectorId, usize>>,
    /// The server's time of the list.
    pub(super) server_time: Option<SystemTime>,
    /// The time of this machine at that moment.
    pub(super) received: Instant,
}

impl ConnectorList {
    pub(super) fn new(
        rows: Vec<Connector>,
        server_time: Option<SystemTime>,
        received: Instant,
    ) -> Self {
        let by_id = rows.iter().enumerate().rev().map(|(index, row)| (row.id.clone(), index));
        let by_id = by_id.collect();
        Self { connectors: rows.into(), by_id: Arc::new(by_id), server_time, received }
    }

    pub(super) fn connectors(&self) -> Arc<[Connector]> {
        Arc::clone(&self.connectors)
    }

    pub(super) fn by_id(&self, id: &ConnectorId) -> Option<&Connector> {
        self.connectors.get(*self.by_id.get(id)?)
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&Connector> {
        self.connectors.iter().find(|connector| connector.name() == name)
    }

    /// Returns the connector that has a name, in the exact letter case if there is one: the server
    /// may compare names without it.
    pub(super) fn holder_of(&self, name: &str) -> Option<&Connector> {
        let lower = name.to_lowercase();
        self.by_name(name).or_else(|| {
            self.connectors.iter().find(|connector| connector.name().to_lowercase() == lower)
        })
    }
}

/// The list of one organization.
#[derive(Default)]
pub(super) struct ListCache(Mutex<State>);

/// The state of the list.
#[derive(Default)]
struct State {
    /// The number of writes. A list that was requested before the end of a write is not cached.
    generation: u64,
    list: Option<ConnectorList>,
    /// The list request in flight, and its retry mode.
    in_flight: Option<(SharedRequest<ConnectorList>, RetryMode)>,
    /// The ids of all lists so far.
    listed: Arc<HashSet<ConnectorId>>,
    /// The refusal of the list, by which reads do without it.
    refusal: Option<Error>,
    /// Whether the user knows of it.
    is_refusal_told: bool,
}

impl ListCache {
    /// Returns the cached list, or the result of one request for all callers meanwhile. `fetch`
    /// makes the request.
    pub(super) async fn get<F>(
        self: &Arc<Self>,
        retry_mode: RetryMode,
        budget: &Budget,
        fetch: impl Fn() -> F,
    ) -> Result<ConnectorList, Error>
    where
        F: Future<Output = Result<ConnectorList, Error>> + Send + 'static,
    {
        let join = || {
            let mut state = self.state();
            if let Some(list) = state.present_list() {
                return Join::Cached(list.clone());
            }
            if let Some((shared, theirs)) = &state.in_flight {
                let is_weaker = *theirs == RetryMode::OneAttempt && retry_mode != *theirs;
                return Join::Joined { shared: shared.clone(), is_weaker };
            }
            let (cache, generation) = (Arc::clone(self), state.generation);
            let done = move |list: &Result<ConnectorList, Error>| cache.store(generation, list);
            let shared = SharedRequest::new(Operation::ListConnectors, fetch(), done);
            state.in_flight = Some((shared.clone(), retry_mode));
            Join::Started(shared)
        };
        single_flight(budget, join).await
    }

    /// Caches a list, unless a write has ended since it was requested.
    fn store(&self, generation: u64, list: &Result<ConnectorList, Error>) {
        let mut state = self.state();
        let rows = list.iter().flat_map(|list| list.connectors.iter());
        // The ids are copied if a create still has them.
        Arc::make_mut(&mut state.listed).extend(rows.map(|connector| connector.id.clone()));
        if state.generation == generation {
            state.in_flight = None;
            state.list = list.as_ref().ok().cloned();
        }
    }

    /// Returns the number of connectors in the cached list, if there is one.
    pub(super) fn cached_count(&self) -> Option<usize> {
        Some(self.state().present_list()?.connectors.len())
    }

    /// Drops the list, and detaches the request in flight from later callers.
    pub(super) fn invalidate(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.list = None;
        state.in_flight = None;
    }

    /// Returns a guard that drops the list when it is dropped, also after a panic or a
    /// cancellation.
    pub(super) fn invalidate_at_end(&self) -> Invalidation<'_> {
        Invalidation(self)
    }

    /// Returns the ids of all lists so far, also of those that a write has dropped.
    pub(super) fn listed_ids(&self) -> Arc<HashSet<ConnectorId>> {
        Arc::clone(&self.state().listed)
    }

    /// Replaces a short row of the cached list by the connector that was read by its id.
    pub(super) fn complete(&self, connector: &Connector) {
        let Some(list) = &mut self.state().list else { return };
        if list.by_id(&connector.id).is_some_and(Connector::is_short)
            && let Some(index) = list.by_id.get(&connector.id)
            // All rows are copied if a caller still has the list.
            && let Some(row) = Arc::make_mut(&mut list.connectors).get_mut(*index)
        {
            *row = connector.clone();
        }
    }

    /// Returns the refusal of the list, if there was one.
    pub(super) fn refusal(&self) -> Option<Error> {
        self.state().refusal.clone()
    }

    /// Notes that the list was refused.
    pub(super) fn note_refusal(&self, refusal: &Error) {
        self.state().refusal = Some(refusal.clone());
    }

    /// Returns the refusal, if no caller has taken it yet.
    pub(super) fn take_refusal(&self) -> Option<Error> {
        let mut state = self.state();
        let refusal = state.refusal.clone().filter(|_| !state.is_refusal_told);
        state.is_refusal_told = state.refusal.is_some();
        refusal
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl State {
    /// Returns the list, if it is not too old.
    fn present_list(&self) -> Option<&ConnectorList> {
        self.list.as_ref().filter(|list| list.received.elapsed() < LONGEST_LIFE)
    }
}

/// Drops a list from the cache at the end of a write.
pub(super) struct Invalidation<'a>(&'a ListCache);

impl Drop for Invalidation<'_> {
    fn drop(&mut self) {
        self.0.invalidate();
    }
}

/// Whether the server refuses a list for good: the token may not read it, or it is not there.
pub(super) fn is_refusal(error: &Error) -> bool {
    // A token endpoint that fails the request is another problem.
    if error.operation != Operation::ListConnectors {
        return false;
    }
    match error.kind {
        ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::InvalidRequest
        | ErrorKind::UnexpectedStatus
        | ErrorKind::NotInProfile(_) => true,
        ErrorKind::NameResolution
        | ErrorKind::Connection
        | ErrorKind::Certificate(_)
        | ErrorKind::Tls
        | ErrorKind::NotTls
        | ErrorKind::Timeout(_)
        | ErrorKind::ConnectionLost
        | ErrorKind::Redirected { .. }
        | ErrorKind::Unauthorized { .. }
        | ErrorKind::CredentialsRefused { .. }
        | ErrorKind::UnusableToken(_)
        | ErrorKind::NameTaken
        | ErrorKind::Stale { .. }
        | ErrorKind::Conflict
        | ErrorKind::Referenced(_)
        | ErrorKind::Locked
        | ErrorKind::LockedThoughInactive
        | ErrorKind::ActiveUnchanged
        | ErrorKind::RateLimited { .. }
        | ErrorKind::ServerError
        | ErrorKind::UnreadableBody(_)
        | ErrorKind::BodyTooLarge { .. }
        | ErrorKind::Paging(_)
        | ErrorKind::Stopped
        | ErrorKind::DeadlineExceeded
        | ErrorKind::Unsendable
        | ErrorKind::Defect => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{
        Reply, Script, budget, connectors, content, empty, id, object, page, planned, response,
        with,
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
