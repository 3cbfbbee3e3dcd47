//! The custom connectors of an organization.
//!
//! All callers share, by organization (`organizations`), one cached list (`list_cache`), what the
//! process has learned (`knowledge`), and the names that it frees (`releases`). Each write has a
//! file: `create`, `update`, `delete`. Updates and deletes share the deactivation and reactivation
//! of a connector (`activation`). Both of these and an edit are one request (`replace`). All writes
//! share the description of a failure ([`WriteError`]).

mod activation;
pub(super) mod choices;
mod contract;
mod create;
mod delete;
mod freshness;
mod knowledge;
mod list_cache;
mod name_conflict;
mod organizations;
mod paging;
mod probe;
mod releases;
mod replace;
mod update;
mod write_error;

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use super::budget::Budget;
use super::calls::CallName;
use super::connector::{Connector, FlowConnector, ReadObject, Reference};
use super::error::{Error, ErrorDetails, ErrorKind, Operation};
use super::fields::Field;
use super::identifiers::{ConnectorId, OrganizationId};
use super::pipeline::{Response, RetryMode};
use super::problems::{BodyProblem, PagingProblem};
use super::profile::{Profile, Source};
use super::request::{FlowSearch, Request};
use super::session::Session;

pub use contract::{Difference, DifferenceKind, Requirement};
pub use create::Created;
pub use delete::Deleted;
pub use freshness::{LastWrite, Reading};
pub(crate) use organizations::Organizations;
pub use paging::ConnectorPages;
pub use probe::{Probe, ProbeTarget};
pub use update::{Planned, Updated};
pub use write_error::{Availability, RemoteState, WriteError};

use list_cache::{ConnectorList, is_refusal};
use organizations::Shared;
use paging::{MOST_BYTES, Pages};

/// How many custom connectors an organization can have (documented by Cisco).
pub const CONNECTOR_LIMIT: usize = 10;

/// The longest time of [`Connectors::list_best_effort`].
const BEST_EFFORT_TIMEOUT: Duration = Duration::from_secs(3);

/// The most connectors of a list that are read by id at a time, because its rows lack fields. An
/// organization has ten connectors, and a response may have 4 MiB.
const READS_AT_ONCE: usize = 10;

/// The custom connectors of one organization.
#[derive(Clone)]
pub struct Connectors {
    session: Arc<Session>,
    shared: Arc<Shared>,
    organization: OrganizationId,
}

/// Where a connector was found.
enum Presence {
    /// By its id.
    Found(Connector),
    /// In the list only, with the 404 to the read by its id. It is not visible yet, or the profile
    /// has another path. The row is no base for a write: it may lack members.
    OnlyListed(Connector, Error),
    /// Neither by its id nor in the list.
    Gone,
}

impl Connectors {
    pub(crate) fn new(
        session: Arc<Session>,
        organizations: &Organizations,
        organization: OrganizationId,
    ) -> Self {
        Self { session, shared: organizations.shared(organization), organization }
    }

    /// Returns the organization.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// Reads a connector from the list that all reads of this organization share. Returns `None`
    /// when it is gone: it is not in the list, *and* the API responds with 404 to a read by its id.
    ///
    /// A row that lacks something is completed by reading the connector by its id, once until the
    /// list is read again. When the list is refused, connectors are read by their ids.
    ///
    /// # Errors
    /// Fails when the list or the connector cannot be read for another reason.
    pub async fn read(
        &self,
        id: &ConnectorId,
        budget: &Budget,
    ) -> Result<Option<Connector>, Error> {
        self.shared.knowledge.note_requested(id);
        let list = match self.list_unless_refused(budget).await {
            Ok(list) => list,
            Err(error) if is_refusal(&error) => {
                // Without the list, a 404 may come from a wrong path.
                let found = self.get(id, budget).await?;
                return found.map(Some).ok_or(error);
            }
            Err(error) => return Err(error),
        };
        let row = list.by_id(id).cloned();
        // Otherwise a completed row would copy the whole list.
        drop(list);
        match row {
            Some(row) => self.complete(row, budget).await.map(Some),
            None => self.get(id, budget).await,
        }
    }

    /// Returns the list, or the refusal that an earlier read found.
    async fn list_unless_refused(&self, budget: &Budget) -> Result<ConnectorList, Error> {
        if let Some(refusal) = self.shared.list_cache.refusal() {
            return Err(refusal);
        }
        let list = self.cached_list(RetryMode::Normal, budget).await;
        if let Err(error) = &list
            && is_refusal(error)
        {
            self.shared.list_cache.note_refusal(error);
        }
        list
    }

    /// Returns a connector with what a row of the list lacks.
    async fn complete(&self, row: Connector, budget: &Budget) -> Result<Connector, Error> {
        if !row.is_short() || !self.session.endpoints.profile.has_call(CallName::Read) {
            return Ok(row);
        }
        let Some(mut connector) = self.get(&row.id, budget).await? else { return Ok(row) };
        // A list keeps no whole objects: a write reads its own.
        connector.object = ReadObject::default();
        self.shared.list_cache.complete(&connector);
        Ok(connector)
    }

    /// Returns connectors with what rows of the list lack. Objects of another type are left out,
    /// which a short row may not tell.
    async fn completed(
        &self,
        rows: Vec<Connector>,
        budget: &Budget,
    ) -> Result<Vec<Connector>, Error> {
        let completed = rows.into_iter().map(|row| self.complete(row, budget));
        let mut completed = stream::iter(completed).buffered(READS_AT_ONCE);
        let (mut connectors, mut bytes) = (Vec::new(), 0);
        while let Some(connector) = completed.next().await {
            let connector = match connector {
                Err(error) if error.kind == ErrorKind::UnreadableBody(BodyProblem::OtherType) => {
                    continue;
                }
                connector => connector?,
            };
            bytes += connector.fields.bytes();
            if bytes > MOST_BYTES {
                let problem = PagingProblem::TooManyBytes { limit: MOST_BYTES };
                return Err(Error::new(Operation::ListConnectors, ErrorKind::Paging(problem)));
            }
            connectors.push(connector);
        }
        Ok(connectors)
    }

    /// Reads a connector by its id instead of from the shared list. Returns `None` when it is gone,
    /// like [`read`](Self::read).
    ///
    /// # Errors
    /// Fails when the connector or, after a 404, the list cannot be read.
    pub async fn read_fresh(
        &self,
        id: &ConnectorId,
        budget: &Budget,
    ) -> Result<Option<Connector>, Error> {
        match self.look_up(id, budget).await? {
            Presence::Found(connector) | Presence::OnlyListed(connector, _) => Ok(Some(connector)),
            Presence::Gone => Ok(None),
        }
    }

    /// Looks for a connector by its id and, after a 404, in a new list.
    async fn look_up(&self, id: &ConnectorId, budget: &Budget) -> Result<Presence, Error> {
        self.shared.knowledge.note_requested(id);
        let missing = match self.get_or_missing(id, budget).await {
            Ok(connector) => return Ok(Presence::Found(connector)),
            Err(error) if is_missing(&error, Operation::ReadConnector) => error,
            Err(error) => return Err(error),
        };
        // With a wrong base URL every response is 404, also that for the list.
        self.forget_list();
        let list = self.cached_list(RetryMode::Normal, budget).await?;
        let row = list.by_id(id).cloned();
        Ok(row.map_or(Presence::Gone, |row| Presence::OnlyListed(row, missing)))
    }

    /// Returns all connectors of the organization, from the shared list.
    ///
    /// # Errors
    /// Fails when the list, or the connector of a short row, cannot be read.
    pub async fn list(&self, budget: &Budget) -> Result<Arc<[Connector]>, Error> {
        let mut pauses = self.session.pauses_until_visible();
        let list = loop {
            let list = self.cached_list(RetryMode::Normal, budget).await?;
            // What this process has created may not be in the list yet.
            if !self.shared.knowledge.lacks_created(&list) {
                break list;
            }
            let Some(pause) = pauses.next() else { break list };
            if budget.wait(pause).await.is_err() {
                break list;
            }
            self.forget_list();
        };
        if !list.connectors().iter().any(Connector::is_short) {
            return Ok(list.connectors());
        }
        let rows = list.connectors().to_vec();
        // Otherwise a completed row would copy the whole list.
        drop(list);
        Ok(self.completed(rows, budget).await?.into())
    }

    /// Returns the connectors of the organization by page, for callers that may stop before the
    /// last one. The pages are not cached.
    #[must_use]
    pub fn pages(&self) -> ConnectorPages {
        ConnectorPages { connectors: self.clone(), pages: self.list_pages(RetryMode::Normal) }
    }

    /// Returns the list for optional checks, from the cache or with one attempt of at most three
    /// seconds.
    ///
    /// # Errors
    /// Fails when the list cannot be read in that time.
    pub async fn list_best_effort(&self, budget: &Budget) -> Result<Arc<[Connector]>, Error> {
        let budget = budget.at_most(BEST_EFFORT_TIMEOUT);
        Ok(self.cached_list(RetryMode::OneAttempt, &budget).await?.connectors())
    }

    /// Lists the references for an error; none if they cannot be read.
    async fn references_best_effort(&self, id: &ConnectorId, budget: &Budget) -> Vec<Reference> {
        self.references(id, &budget.for_reconciliation()).await.unwrap_or_default()
    }

    /// Lists the objects that refer to a connector, for example flows.
    ///
    /// # Errors
    /// Fails when the list cannot be read.
    pub async fn references(
        &self,
        id: &ConnectorId,
        budget: &Budget,
    ) -> Result<Vec<Reference>, Error> {
        let (organization, id) = (self.organization, id.clone());
        let pages = Pages::new(
            Arc::clone(&self.session),
            organization,
            RetryMode::Normal,
            Box::new(move |endpoints, page, number| {
                endpoints.references(organization, &id, page, number)
            }),
            Profile::references,
        );
        let found = pages.all(budget).await?.0;
        let redactor = &self.session.pipeline.redactor;
        Ok(found.into_iter().map(|reference| reference.without_credentials(redactor)).collect())
    }

    /// Lists the connectors that Flow Designer offers, with the only endpoint that Cisco documents.
    /// It returns names and ids, presumably of active connectors only (assumed).
    ///
    /// # Errors
    /// Fails when the connectors cannot be read.
    pub async fn flow_connectors(
        &self,
        search: FlowSearch<'_>,
        budget: &Budget,
    ) -> Result<Vec<FlowConnector>, Error> {
        let request = self.session.endpoints.flow_connectors(self.organization, search);
        let response = self.send(&request, budget).await?;
        choices::flow_connectors(response.body()).map_err(|problem| response.unreadable(problem))
    }

    /// Reads a connector by its id. Returns `None` after a 404 of the API, but not after one of a
    /// gateway. A connector that was just created gets time to become visible.
    async fn get(&self, id: &ConnectorId, budget: &Budget) -> Result<Option<Connector>, Error> {
        match self.get_or_missing(id, budget).await {
            Err(error) if is_missing(&error, Operation::ReadConnector) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Reads a connector like [`get`](Self::get). The error of a missing one is the 404.
    async fn get_or_missing(&self, id: &ConnectorId, budget: &Budget) -> Result<Connector, Error> {
        let request = self.session.endpoints.read(self.organization, id)?;
        let mut pauses = self.session.pauses_until_visible();
        loop {
            let error = match self.send(&request, budget).await {
                Ok(response) => match self.read_response(CallName::Read, &response, id)? {
                    Some(connector) => return Ok(connector),
                    // Null stands in its place.
                    None => {
                        let error = response.error(ErrorKind::NotFound);
                        ErrorDetails { is_from_api: true, ..(*error).clone() }.into()
                    }
                },
                Err(error) if is_missing(&error, Operation::ReadConnector) => error,
                Err(error) => return Err(error),
            };
            let may_appear = self.shared.knowledge.was_just_created(id);
            let Some(pause) = pauses.next().filter(|_| may_appear) else { return Err(error) };
            budget
                .wait(pause)
                .await
                .map_err(|interruption| error.with_kind(interruption.into()))?;
        }
    }

    /// Reads a connector from a response, and checks its id. `None` when the response does not hold
    /// it.
    fn read_response(
        &self,
        name: CallName,
        response: &Response,
        id: &ConnectorId,
    ) -> Result<Option<Connector>, Error> {
        let profile = &self.session.endpoints.profile;
        let unreadable = |problem| response.unreadable(problem);
        let call = profile.call(name).map_err(|_| unreadable(BodyProblem::OtherShape))?;
        let source = if name == CallName::Read { Source::Read } else { Source::Write };
        match profile.connector(call, response.body(), source) {
            Ok(Some(connector)) if connector.id == *id => Ok(Some(connector)),
            Ok(Some(_)) => Err(unreadable(BodyProblem::OtherConnector)),
            Ok(None) => Ok(None),
            // A write may return only a part of the connector.
            Err(BodyProblem::Missing(_))
                if source == Source::Write && profile.is_about(call, response.body(), id) =>
            {
                Ok(None)
            }
            Err(problem) => Err(unreadable(problem)),
        }
    }

    /// Whether a connector may be what one edit has made of another.
    fn is_one_edit(&self, before: &Connector, after: &Connector) -> bool {
        let versions = before.version.as_ref().zip(after.version.as_ref());
        versions.is_none_or(|(before, after)| {
            before == after || self.shared.knowledge.is_one_edit(before, after)
        })
    }

    /// Whether it is known that an active connector refuses edits and deletes.
    fn locks_active(&self) -> bool {
        let profile = self.session.endpoints.profile.active_is_locked();
        profile.unwrap_or_else(|| self.shared.knowledge.locks_active())
    }

    async fn send(&self, request: &Request, budget: &Budget) -> Result<Response, Error> {
        self.session.send(self.organization, request, RetryMode::Normal, budget).await
    }

    /// Sends a write, and drops the cached list at its end, also after an error.
    async fn write(&self, request: &Request, budget: &Budget) -> Result<Response, Error> {
        let _invalidation = self.shared.list_cache.invalidate_at_end();
        self.send(request, budget).await
    }

    async fn cached_list(
        &self,
        retry_mode: RetryMode,
        budget: &Budget,
    ) -> Result<ConnectorList, Error> {
        let fetch = || {
            let (connectors, budget) = (self.clone(), budget.clone());
            async move { connectors.fetch_list(retry_mode, &budget).await }
        };
        self.shared.list_cache.get(retry_mode, budget, fetch).await
    }

    fn forget_list(&self) {
        self.shared.list_cache.invalidate();
    }

    /// Reads the list from the server.
    async fn fetch_list(
        &self,
        retry_mode: RetryMode,
        budget: &Budget,
    ) -> Result<ConnectorList, Error> {
        let (mut rows, first) = self.list_pages(retry_mode).all(budget).await?;
        // Without a name a row is of no use to those who look for one.
        if rows.iter().any(|row| row.fields.get(Field::Name).is_none()) {
            rows = self.completed(rows, budget).await?;
        }
        let server_time = first.as_ref().and_then(Response::server_time);
        let received = first.map_or_else(Instant::now, |first| first.received);
        Ok(ConnectorList::new(rows, server_time, received))
    }

    fn list_pages(&self, retry_mode: RetryMode) -> Pages<Connector> {
        let organization = self.organization;
        Pages::new(
            Arc::clone(&self.session),
            organization,
            retry_mode,
            Box::new(move |endpoints, page, number| endpoints.list(organization, page, number)),
            Profile::connectors,
        )
    }
}

/// Whether the API says in response to a step that the thing does not exist. A 404 of a gateway
/// does not say that, nor does one of the token endpoint, which fails the same step.
fn is_missing(error: &Error, operation: Operation) -> bool {
    error.kind == ErrorKind::NotFound && error.operation == operation && error.is_from_api
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use serde_json::{Value, json};

    use super::paging::MOST_PAGES;
    use super::*;
    use crate::testing::{
        ID, OTHER_ID, Script, budget, connectors, content, empty, id, object, page, problem, raw,
        response, with,
    };
    use safe_text::Shown;

    fn other() -> Value {
        with(object(1, 1), &json!({"id": OTHER_ID, "name": "other"}))
    }

    fn linked(rows: &[Value], next: &str) -> Value {
        json!({"meta": {"links": {"next": next}}, "data": rows})
    }

    #[tokio::test(start_paused = true)]
    async fn ten_concurrent_reads_cost_one_request() {
        let rows: Vec<_> =
            (0..10).map(|n| with(object(1, 1), &json!({"id": format!("id-{n}")}))).collect();
        let script = Script::new([response(200, &page(&rows)).after(Duration::from_secs(1))]);
        let connectors = connectors(script.clone());
        let budget = budget();
        let ids: Vec<_> =
            (0..10).map(|n| ConnectorId::parse(&format!("id-{n}")).unwrap()).collect();
        for read in join_all(ids.iter().map(|id| connectors.read(id, &budget))).await {
            assert!(read.unwrap().is_some());
        }
        assert!(connectors.read(&ids[3], &budget).await.unwrap().is_some());
        assert_eq!(script.lines(), ["GET /v2/connector"]);
    }

    #[tokio::test(start_paused = true)]
    async fn connector_missing_from_list_and_by_id_is_gone() {
        let script = Script::new([response(200, &page(&[other()])), problem(404, "not found")]);
        let connectors = connectors(script.clone());
        assert_eq!(connectors.read(&id(), &budget()).await, Ok(None));
        assert_eq!(script.lines(), ["GET /v2/connector", &format!("GET /connector/{ID}")]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_other_failure_means_gone() {
        for status in [400, 401, 403, 405, 410, 500] {
            let mut replies = vec![response(200, &page(&[]))];
            replies.extend((0..6).map(|_| problem(status, "not found")));
            let connectors = connectors(Script::new(replies));
            assert!(connectors.read(&id(), &budget()).await.is_err(), "{status}");
        }
        // A gateway's 404 does not mean that the connector is gone.
        let script = Script::new([response(200, &page(&[])), raw(404, "<html>not found</html>")]);
        let error = connectors(script).read(&id(), &budget()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        // Neither does a 404 for the list.
        let script = Script::new([empty(404), empty(404)]);
        let error = connectors(script).read(&id(), &budget()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
    }

    #[tokio::test(start_paused = true)]
    async fn connector_missing_from_the_list_is_read_by_id() {
        let broken = json!({"id": ID, "connectorType": "CUSTOM"});
        let script =
            Script::new([response(200, &page(&[broken, other()])), response(200, &object(3, 1))]);
        let connectors = connectors(script.clone());
        assert_eq!(
            connectors.read(&id(), &budget()).await.unwrap().unwrap().version,
            Some(3.into())
        );
        assert!(script.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn fresh_read_confirms_a_404_by_the_list() {
        let script = Script::new([empty(404), response(200, &page(&[other()]))]);
        assert_eq!(connectors(script).read_fresh(&id(), &budget()).await, Ok(None));
        // Below a wrong base URL every response is 404.
        let script = Script::new([empty(404), empty(404)]);
        let error = connectors(script).read_fresh(&id(), &budget()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
    }

    #[tokio::test(start_paused = true)]
    async fn response_about_another_connector_is_unreadable() {
        let script = Script::new([response(200, &other())]);
        let error = connectors(script).read_fresh(&id(), &budget()).await.unwrap_err();
        let expected = ErrorKind::UnreadableBody(BodyProblem::OtherConnector);
        assert_eq!(error.kind, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn status_404_right_after_a_create_is_waited_out() {
        let script = Script::new([
            response(201, &object(0, 1)),
            empty(404),
            empty(404),
            response(200, &object(0, 1)),
        ]);
        let connectors = connectors(script.clone());
        connectors.create(&content(), &budget()).await.unwrap();
        assert!(connectors.read_fresh(&id(), &budget()).await.unwrap().is_some());
        assert!(script.is_done());
        // After the visibility window a 404 means that the connector is gone.
        tokio::time::advance(Duration::from_secs(31)).await;
        script.then(empty(404));
        script.then(response(200, &page(&[])));
        assert_eq!(connectors.read_fresh(&id(), &budget()).await, Ok(None));
    }

    #[tokio::test(start_paused = true)]
    async fn wait_for_a_created_connector_is_bounded() {
        let mut replies = vec![response(201, &object(0, 1))];
        replies.extend((0..6).map(|_| empty(404)));
        replies.push(response(200, &page(&[])));
        let script = Script::new(replies);
        let connectors = connectors(script.clone());
        connectors.create(&content(), &budget()).await.unwrap();
        assert_eq!(connectors.read_fresh(&id(), &budget()).await, Ok(None));
        let waited = Duration::from_millis(250 + 500 + 1000 + 2000 + 4000);
        assert_eq!(script.requests().last().unwrap().at, waited);
        assert!(script.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn all_pages_of_a_list_are_read() {
        let link = "/organization/x/v2/connector?page=1&pageSize=100";
        let script = Script::new([
            response(200, &linked(&[object(1, 1)], link)),
            response(200, &page(&[other()])),
        ]);
        let list = connectors(script.clone()).list(&budget()).await.unwrap();
        assert_eq!(list.len(), 2);
        assert!(script.requests()[1].line.ends_with("/v2/connector?page=1&pageSize=100"));
    }

    #[tokio::test(start_paused = true)]
    async fn looping_and_endless_pages_are_errors() {
        let link = |n: usize| format!("/organization/x/v2/connector?page={n}");
        let script = Script::new([1, 2, 1].map(|n| response(200, &linked(&[], &link(n)))));
        let error = connectors(script.clone()).list(&budget()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Paging(PagingProblem::Loop));
        assert_eq!(script.requests().len(), 3);

        let script = Script::new((1..200).map(|n| response(200, &linked(&[], &link(n)))));
        let error = connectors(script.clone()).list(&budget()).await.unwrap_err();
        let limit = MOST_PAGES;
        assert_eq!(error.kind, ErrorKind::Paging(PagingProblem::TooManyPages { limit }));
        assert_eq!(script.requests().len(), MOST_PAGES);
    }

    #[tokio::test(start_paused = true)]
    async fn next_page_at_another_host_is_not_read() {
        for (link, host) in [
            ("https://evil.example/x?page=1", Some("evil.example")),
            ("//evil.example/x?page=1", Some("evil.example")),
            ("http://api.example/x?page=1", Some("api.example")),
            ("https://api.example:8443/x?page=1", Some("api.example:8443")),
        ] {
            let script = Script::new([response(200, &linked(&[], link))]);
            let error = connectors(script.clone()).list(&budget()).await.unwrap_err();
            let problem = PagingProblem::OtherOrigin { host: host.map(str::to_owned) };
            assert_eq!(error.kind, ErrorKind::Paging(problem));
            assert_eq!(script.requests().len(), 1);
        }
        // Another path at the same host is not requested either.
        let link = "/organization/x/secrets?page=1";
        let script = Script::new([response(200, &linked(&[], link)), response(200, &page(&[]))]);
        connectors(script.clone()).list(&budget()).await.unwrap();
        assert_eq!(script.lines(), ["GET /v2/connector", "GET /v2/connector"]);
    }

    #[tokio::test(start_paused = true)]
    async fn best_effort_list_is_short() {
        let script = Script::new([empty(503), crate::testing::Reply::Hang]);
        let connectors = connectors(script.clone());
        assert!(connectors.list_best_effort(&budget()).await.is_err());
        let began = tokio::time::Instant::now();
        assert!(connectors.list_best_effort(&budget()).await.is_err());
        assert_eq!(began.elapsed(), BEST_EFFORT_TIMEOUT);
        assert_eq!(script.requests().len(), 2);
        // Reads use the list that it has cached.
        script.then(response(200, &page(&[object(1, 1)])));
        assert_eq!(connectors.list_best_effort(&budget()).await.unwrap().len(), 1);
        assert_eq!(connectors.list(&budget()).await.unwrap().len(), 1);
        assert_eq!(script.requests().len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn read_survives_a_failed_best_effort_list() {
        let script = Script::new([
            empty(503).after(Duration::from_secs(1)),
            empty(503),
            response(200, &page(&[object(1, 1)])),
        ]);
        let connectors = connectors(script.clone());
        let budget = budget();
        let (id, look) = (id(), connectors.list_best_effort(&budget));
        let (look, read) = tokio::join!(look, connectors.read(&id, &budget));
        assert!(look.is_err() && read.unwrap().is_some());
        assert!(script.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn references_are_listed() {
        let flow = json!({"id": "f", "name": "Main", "type": "flow"});
        let script = Script::new([response(200, &page(&[flow]))]);
        let found = connectors(script.clone()).references(&id(), &budget()).await.unwrap();
        let expected = Reference {
            id: Some(Shown::new("f")),
            name: Some(Shown::new("Main")),
            kind: Some(Shown::new("flow")),
        };
        assert_eq!(found, [expected]);
        assert_eq!(script.lines(), [format!("GET /connector/{ID}/incoming-references")]);
    }
}
