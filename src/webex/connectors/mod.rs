//! The custom connectors of an organization.
//!
//! Reads come from one shared list per organization ([`snapshot`]), writes each
//! have a file of their own: [`create`], [`update`], [`delete`]. What JSON looks
//! like is known to [`wire`] only.

mod content;
mod create;
mod delete;
mod snapshot;
mod update;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use super::budget::Budget;
use super::client::Client;
use super::error::{BodyProblem, Error, ErrorKind, Operation, PagingProblem};
use super::exchange::{Persistence, Response, kind_of_interruption};
use super::identifiers::{ConnectorId, OrganizationId};
use super::request::{FlowSearch, Request};

pub use content::{
    AuthenticationType, Connector, ConnectorContent, FlowConnector, GrantType, Reference,
};
pub use create::{CreateAftermath, CreateError, Created};
pub use delete::{DeleteAftermath, DeleteError, Deleted};
pub(crate) use snapshot::Snapshots;
pub use update::{UpdateAftermath, UpdateError};

use content::Secrets;
use snapshot::List;
use wire::Page;

/// How long [`Connectors::quick_look`] may take.
const QUICK: Duration = Duration::from_secs(3);

/// The waits between looks for something that our own write made a moment ago
/// and that Webex does not show yet (faults row 6): 7.75 seconds in all.
const UNTIL_VISIBLE: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// How many pages of a list are read: 10,000 connectors, a thousand times the
/// documented limit.
const MOST_PAGES: usize = 100;

/// The custom connectors of one organization.
#[derive(Clone)]
pub struct Connectors {
    client: Client,
    organization: OrganizationId,
}

impl Connectors {
    pub(crate) fn new(client: Client, organization: OrganizationId) -> Self {
        Self { client, organization }
    }

    /// The organization.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// Creates a connector, with one POST that is never repeated once it may
    /// have been carried out.
    ///
    /// When the answer is lost, the connector is looked up by its name, which
    /// is unique in the organization, and adopted if it can only be ours; see
    /// [`Created::adopted`].
    ///
    /// # Errors
    /// The error says what is true afterwards: [`CreateError::aftermath`].
    pub async fn create(
        &self,
        content: &ConnectorContent,
        budget: &Budget,
    ) -> Result<Created, CreateError> {
        create::create(self, content, budget).await
    }

    /// Reads a connector, from the list that all reads of this organization
    /// share. None means that it is gone: it is not in the list, *and* reading
    /// it by its id is answered by the API with 404.
    ///
    /// # Errors
    /// Anything else that keeps us from knowing.
    pub async fn read(
        &self,
        id: &ConnectorId,
        budget: &Budget,
    ) -> Result<Option<Connector>, Error> {
        let list = self.snapshot(Persistence::Normal, budget).await?;
        match list.by_id(id) {
            Some(connector) => Ok(Some(connector.clone())),
            None => self.get(id, budget).await,
        }
    }

    /// Reads a connector by its id, past the shared list. None means what it
    /// means for [`read`](Self::read).
    ///
    /// # Errors
    /// Anything that keeps us from knowing.
    pub async fn read_fresh(
        &self,
        id: &ConnectorId,
        budget: &Budget,
    ) -> Result<Option<Connector>, Error> {
        if let Some(connector) = self.get(id, budget).await? {
            return Ok(Some(connector));
        }
        // With a wrong base URL everything is 404. The list would be too.
        self.forget_snapshot();
        let list = self.snapshot(Persistence::Normal, budget).await?;
        Ok(list.by_id(id).cloned())
    }

    /// All connectors of the organization, from the shared list.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn list(&self, budget: &Budget) -> Result<Arc<[Connector]>, Error> {
        Ok(self.snapshot(Persistence::Normal, budget).await?.connectors())
    }

    /// The connector with exactly this name, from the shared list.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn find_by_name(
        &self,
        name: &str,
        budget: &Budget,
    ) -> Result<Option<Connector>, Error> {
        let list = self.snapshot(Persistence::Normal, budget).await?;
        Ok(list.by_name(name).cloned())
    }

    /// A look at the list for early warnings: one attempt of at most three
    /// seconds, from the shared list if there is one, and filling it if not.
    /// None when it cannot be had, for whatever reason.
    pub async fn quick_look(&self, budget: &Budget) -> Option<Arc<[Connector]>> {
        let list = self.snapshot(Persistence::OneAttempt, &budget.at_most(QUICK)).await;
        list.ok().map(|list| list.connectors())
    }

    /// Replaces a connector's content.
    ///
    /// `expected_version` is the version that the decision to update was made
    /// on; another one on the server is [`ErrorKind::Stale`] and nothing is
    /// overwritten. Without one, the version is read first.
    ///
    /// One PUT, where the server lets an active connector be edited. Where it
    /// does not (423), the connector is deactivated, edited and activated
    /// again; if the edit fails, it is activated again all the same.
    ///
    /// # Errors
    /// The error says what is true afterwards: [`UpdateError::aftermath`].
    pub async fn update(
        &self,
        id: &ConnectorId,
        content: &ConnectorContent,
        expected_version: Option<i64>,
        budget: &Budget,
    ) -> Result<Connector, UpdateError> {
        update::update(self, id, content, expected_version, budget).await
    }

    /// Deletes a connector. That it is gone already is a success too.
    ///
    /// Where the server refuses to delete an active connector (423), it is
    /// deactivated first, and activated again if deleting it fails.
    ///
    /// # Errors
    /// The error says what is true afterwards: [`DeleteError::aftermath`].
    pub async fn delete(&self, id: &ConnectorId, budget: &Budget) -> Result<Deleted, DeleteError> {
        delete::delete(self, id, budget).await
    }

    /// What refers to a connector, flows above all.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn references(
        &self,
        id: &ConnectorId,
        budget: &Budget,
    ) -> Result<Vec<Reference>, Error> {
        let request = self.client.endpoints().references(self.organization, id);
        let (rows, _) = self.pages(request, wire::references, Persistence::Normal, budget).await?;
        Ok(rows)
    }

    /// The connectors that Flow Designer offers, by the one call that Cisco
    /// documents (webex reference §2.1): names and ids only, and presumably
    /// only of active connectors.
    ///
    /// # Errors
    /// When the choices cannot be read.
    pub async fn flow_connectors(
        &self,
        search: FlowSearch<'_>,
        budget: &Budget,
    ) -> Result<Vec<FlowConnector>, Error> {
        let request = self.client.endpoints().flow_connectors(self.organization, search);
        let response = self.send(&request, budget).await?;
        wire::flow_connectors(response.body()).map_err(|problem| response.unreadable(problem))
    }

    /// Reads a connector by its id. None on a 404 that the API itself speaks.
    /// What we created a moment ago gets some time to become visible.
    async fn get(&self, id: &ConnectorId, budget: &Budget) -> Result<Option<Connector>, Error> {
        let request = self.client.endpoints().read(self.organization, id);
        let mut pauses = UNTIL_VISIBLE.into_iter();
        loop {
            let error = match self.send(&request, budget).await {
                Ok(response) => return read_connector(&response, id).map(Some),
                Err(error) => error,
            };
            if *error.kind() != ErrorKind::NotFound || !error.is_spoken_by_api() {
                return Err(error);
            }
            let is_young = self.client.snapshots().is_young(self.organization, id);
            let Some(pause) = pauses.next().filter(|_| is_young) else { return Ok(None) };
            budget
                .wait(pause)
                .await
                .map_err(|interruption| error.with_kind(kind_of_interruption(interruption)))?;
        }
    }

    /// Replaces a connector. An error whose outcome is unknown may mean that it
    /// was replaced.
    async fn put(
        &self,
        operation: Operation,
        id: &ConnectorId,
        body: serde_json::Result<super::body::Body>,
        budget: &Budget,
    ) -> Result<Connector, Error> {
        let body = body.map_err(|_| Error::new(operation, ErrorKind::Unsendable))?;
        let request = self.client.endpoints().replace(operation, self.organization, id, body);
        let response = self.write(&request, budget).await?;
        read_connector(&response, id).map_err(|error| error.with_outcome_unknown(true))
    }

    /// Switches a connector on or off and changes nothing else.
    ///
    /// The secrets go along, because whether Webex keeps a secret that it is
    /// not sent is unknown. A server that takes them for an edit of an active
    /// connector (423), or finds them wrong (400), gets the request without.
    async fn switch(
        &self,
        operation: Operation,
        connector: &Connector,
        active: bool,
        secrets: Secrets<'_>,
        budget: &Budget,
    ) -> Result<Connector, Error> {
        let mut connector = connector.clone();
        let mut secrets = secrets;
        let mut may_read_again = true;
        loop {
            let body = wire::switch(&connector, active, secrets);
            let error = match self.put(operation, &connector.id, body, budget).await {
                Ok(switched) => return Ok(switched),
                Err(error) => error,
            };
            let is_refused = matches!(error.kind(), ErrorKind::Locked | ErrorKind::InvalidRequest);
            if is_refused && !error.outcome_unknown() && !secrets.is_empty() {
                secrets = Secrets::default();
                continue;
            }
            let is_conflict = *error.kind() == ErrorKind::Conflict;
            if !error.outcome_unknown() && !is_conflict {
                return Err(error);
            }
            match self.get(&connector.id, &budget.for_looking()).await {
                Ok(Some(found)) if found.active == active => return Ok(found),
                // Someone else edited it meanwhile; switching what they made
                // of it overwrites nothing.
                Ok(Some(found)) if is_conflict && may_read_again => {
                    may_read_again = false;
                    connector = found;
                }
                Ok(Some(_)) => return Err(error.with_outcome_unknown(false)),
                Ok(None) | Err(_) => return Err(error),
            }
        }
    }

    async fn send(&self, request: &Request, budget: &Budget) -> Result<Response, Error> {
        self.client.send(self.organization, request, Persistence::Normal, budget).await
    }

    /// Sends a request that changes something. However it ends, the snapshot is
    /// not true any more.
    async fn write(&self, request: &Request, budget: &Budget) -> Result<Response, Error> {
        let _invalidation = self.client.snapshots().invalidate_at_end(self.organization);
        self.send(request, budget).await
    }

    async fn snapshot(&self, persistence: Persistence, budget: &Budget) -> Result<List, Error> {
        self.client.snapshots().get(self, persistence, budget).await
    }

    fn forget_snapshot(&self) {
        self.client.snapshots().invalidate(self.organization);
    }

    /// Reads the list from the server.
    async fn fetch_list(&self, persistence: Persistence, budget: &Budget) -> Result<List, Error> {
        let request = self.client.endpoints().list(self.organization);
        let (rows, first) = self.pages(request, wire::connectors, persistence, budget).await?;
        Ok(List::new(rows, first.server_time(), first.received))
    }

    /// Reads all pages of a list. Also gives the first answer, for its date.
    async fn pages<T>(
        &self,
        mut request: Request,
        read: impl Fn(&[u8]) -> Result<Page<T>, BodyProblem>,
        persistence: Persistence,
        budget: &Budget,
    ) -> Result<(Vec<T>, Response), Error> {
        let mut rows = Vec::new();
        let mut seen = vec![request.url.clone()];
        let mut first = None;
        loop {
            let response =
                self.client.send(self.organization, &request, persistence, budget).await?;
            let page = read(response.body()).map_err(|problem| response.unreadable(problem))?;
            rows.extend(page.rows);
            let paging = |problem| response.error(ErrorKind::Paging(problem));
            if let Some(next) = page.next {
                request.url = next_page(&request.url, &next).map_err(paging)?;
                if seen.contains(&request.url) {
                    return Err(paging(PagingProblem::Loop));
                }
                if seen.len() == MOST_PAGES {
                    return Err(paging(PagingProblem::TooManyPages { limit: MOST_PAGES }));
                }
                seen.push(request.url.clone());
                first.get_or_insert(response);
            } else {
                return Ok((rows, first.unwrap_or(response)));
            }
        }
    }
}

/// The next page's URL: the same place with the link's query.
///
/// Links are relative to the host (documented). Only their query is used, so a
/// base URL with a path still works, and no link leads to another place.
fn next_page(current: &url::Url, link: &str) -> Result<url::Url, PagingProblem> {
    let target = current.join(link).map_err(|_| PagingProblem::BadLink)?;
    if target.origin() != current.origin() {
        return Err(PagingProblem::OtherOrigin { host: target.host_str().map(str::to_owned) });
    }
    let mut next = current.clone();
    next.set_query(Some(target.query().ok_or(PagingProblem::BadLink)?));
    Ok(next)
}

/// A connector from an answer about the one that was asked for.
fn read_connector(response: &Response, id: &ConnectorId) -> Result<Connector, Error> {
    let connector =
        wire::connector(response.body()).map_err(|problem| response.unreadable(problem))?;
    if connector.id == *id {
        Ok(connector)
    } else {
        Err(response.unreadable(BodyProblem::OtherConnector))
    }
}
