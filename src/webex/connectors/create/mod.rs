//! Creates a connector, never twice, and finds its id after a lost response if possible.
//!
//! A POST with a lost response is not repeated, nor is one with a response of success that is not
//! the new connector, for example the page of a proxy. The connector is looked up by its name,
//! which is unique in the organization. It is adopted if
//!
//! - its id was not in a list read before the request,
//! - no caller of this process has read, edited or deleted it by its id,
//! - no other create of this process has made it or may still have made it: of two resources with
//!   the same name only one can own it,
//! - all fields that Webex returns are as in the request, and
//! - it was created after the request began, by the *server's* clock: the response to the look-up
//!   carries the server's `Date`, and this machine's clock only measures how long ago the request
//!   began. So the difference of the two clocks does not matter, and no list has to be read before
//!   each create.
//!
//! Otherwise the create fails with an error that names the id. If no connector has the name,
//! somebody may have renamed the new one already: the error names the connectors that are new.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::super::budget::Budget;
use super::super::calls::CallName;
use super::super::connector::{Connector, ConnectorContent};
use super::super::error::{Error, ErrorKind};
use super::super::identifiers::ConnectorId;
use super::super::json;
use super::super::pipeline::{Response, RetryMode};
use super::super::problems::BodyProblem;
use super::super::profile::Source;
use super::Connectors;
use super::knowledge::CreateInFlight;
use super::list_cache::ConnectorList;
use super::name_conflict::Wait;
use super::write_error::{RemoteState, WriteError};

/// The accepted difference between the clocks for the `Date` of responses and for the times of
/// connectors, both Webex's. `Date` is rounded down to a second, which only makes the check more
/// tolerant.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// A connector that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The connector as Webex returned it.
    pub connector: Connector,
    /// Whether the response was lost and the connector was identified by its name, fields and time
    /// instead. The user should be warned: its secrets cannot be compared.
    pub adopted: bool,
    /// The reason why it could not be activated or deactivated, where that is a call of its own.
    pub not_switched: Option<Error>,
}

impl Connectors {
    /// Creates a connector, with one POST that is not repeated when it may have been carried out.
    ///
    /// When the response is lost, the connector is looked up by its name, which is unique in the
    /// organization, and adopted if no one else can have created it; see [`Created::adopted`].
    ///
    /// When the name or the room is taken by a connector that this process deletes or renames, the
    /// create waits for that and is sent once more.
    ///
    /// # Errors
    /// The error describes the connector after the failure.
    pub async fn create(
        &self,
        content: &ConnectorContent,
        budget: &Budget,
    ) -> Result<Created, WriteError> {
        self.wait_before_create(content, budget).await;
        let began = Instant::now();
        let refusal = match self.create_once(content, budget).await {
            Err(failure) if failure.remote == RemoteState::Absent => failure,
            settled => return settled,
        };
        match self.wait_to_create(content, &refusal, began, budget).await {
            Wait::Unrelated => Err(refusal),
            Wait::StillHeld => Err(refusal.with_released_holder()),
            Wait::Freed => {
                let again = self.create_once(content, budget).await;
                again.map_err(|failure| failure.after_waiting_for(&refusal))
            }
        }
    }

    /// Creates a connector without waiting for a name.
    async fn create_once(
        &self,
        content: &ConnectorContent,
        budget: &Budget,
    ) -> Result<Created, WriteError> {
        let request =
            self.session.endpoints.create(self.organization, content).map_err(not_created)?;
        let creating = self.shared.knowledge.creating(content.fields.name());
        let is_id_returned = self.session.endpoints.profile.returns_new_id();
        if !is_id_returned {
            // The new connector is the one that no list before had.
            self.forget_list();
            self.cached_list(RetryMode::Normal, budget).await.map_err(not_created)?;
        }
        let creation = Creation {
            connectors: self,
            content,
            budget,
            began: Instant::now(),
            known: self.shared.list_cache.listed_ids(),
            is_id_returned,
            creating,
        };
        match self.write(&request, budget).await {
            Ok(response) => creation.switched(creation.accepted(&response).await?).await,
            Err(error) if error.outcome_unknown => {
                creation.switched(creation.reconcile(error).await?).await
            }
            Err(error) if error.kind == ErrorKind::Conflict => {
                Err(creation.name_taken(error).await)
            }
            Err(error) if error.kind == ErrorKind::InvalidRequest => {
                Err(creation.invalid(error).await)
            }
            Err(error) => Err(not_created(error)),
        }
    }
}

/// A create, with the facts that identify its connector.
struct Creation<'a> {
    connectors: &'a Connectors,
    content: &'a ConnectorContent,
    budget: &'a Budget,
    began: Instant,
    known: Arc<HashSet<ConnectorId>>,
    /// Whether responses to creates have the new id.
    is_id_returned: bool,
    creating: CreateInFlight<'a>,
}

/// The result of a look-up by the name.
struct Lookup {
    /// The connector that has the name.
    holder: Option<Connector>,
    /// The last list that was read.
    list: ConnectorList,
}

impl Creation<'_> {
    /// Reads the connector after a response of success.
    async fn accepted(&self, response: &Response) -> Result<Created, WriteError> {
        let profile = &self.connectors.session.endpoints.profile;
        let found = match profile.call(CallName::Create) {
            Ok(call) => {
                let id = profile.created_id(call, response.body(), response.headers());
                (profile.connector(call, response.body(), Source::Write), id)
            }
            Err(_) => (Ok(None), None),
        };
        let (problem, id) = match found {
            (Ok(Some(connector)), _) if self.is_known(&connector.id) => {
                (BodyProblem::OtherConnector, None)
            }
            (Ok(Some(connector)), _) => return Ok(self.completed(connector).await),
            (Ok(None), None) if !self.is_id_returned => {
                return self.created_without_id(response).await;
            }
            (Ok(None), id) => (BodyProblem::Missing("id"), id),
            (Err(problem), id) => (problem, id),
        };
        let error = response.unreadable(problem).with_outcome_unknown(true);
        let Some(id) = id.filter(|id| !self.is_known(id)) else {
            return self.reconcile(error).await;
        };
        self.connectors.shared.knowledge.note_created(&id);
        let error = match self.connectors.get(&id, &self.budget.for_reconciliation()).await {
            Ok(Some(connector)) => return Ok(self.created(connector, false)),
            Ok(None) => response.unreadable(problem),
            Err(error) => error,
        };
        Err(WriteError::new(error, RemoteState::OnlyId(id)))
    }

    /// Looks up the connector after a response that has no id by the API profile.
    async fn created_without_id(&self, response: &Response) -> Result<Created, WriteError> {
        let is_page = !response.body().is_empty() && json::document(response.body()).is_err();
        let error = || response.unreadable(BodyProblem::Missing("id")).with_outcome_unknown(true);
        // The response says that it was created, and the list may show it later.
        let Ok(lookup) = self.find(&self.budget.for_reconciliation()).await else {
            return Err(WriteError::unknown(error(), None));
        };
        match lookup.holder {
            Some(connector) if !is_page && self.may_be_ours(&connector, &lookup.list) => {
                Ok(self.created(connector, false))
            }
            holder => Err(self.unconfirmed(error(), holder, &lookup.list)),
        }
    }

    /// Whether a connector that no earlier list had is the one of a confirmed create. Its time
    /// counts if it has one.
    fn may_be_ours(&self, connector: &Connector, list: &ConnectorList) -> bool {
        !self.is_known(&connector.id)
            && !self.creating.may_be_of_another_create(&connector.id)
            && connector.may_be(&self.content.fields)
            && self.is_created_since(connector, list).unwrap_or(true)
    }

    /// Looks up the connector after a lost response.
    async fn reconcile(&self, error: Error) -> Result<Created, WriteError> {
        let Ok(lookup) = self.find(&self.budget.for_reconciliation()).await else {
            return Err(WriteError::unknown(error, None));
        };
        let is_lost = !matches!(error.kind, ErrorKind::UnreadableBody(_));
        match lookup.holder {
            Some(connector) if self.is_ours(&connector, &lookup.list) => {
                Ok(self.created(connector, true))
            }
            // A response of success was not lost: the list may show the connector later.
            None if is_lost && self.new_connectors(&lookup.list).is_empty() => {
                Err(not_created(error))
            }
            holder => Err(self.unconfirmed(error, holder, &lookup.list)),
        }
    }

    /// Returns the error of a create with an unknown outcome after its look-up.
    fn unconfirmed(
        &self,
        error: Error,
        holder: Option<Connector>,
        list: &ConnectorList,
    ) -> WriteError {
        let new_connectors = if holder.is_none() { self.new_connectors(list) } else { Vec::new() };
        let failure = WriteError::unknown(error, None).with_name_holder(holder);
        WriteError { new_connectors, ..failure }
    }

    /// Returns the connectors of a list that may be the result of this create, whatever their names
    /// are now. One without a time counts as new if an earlier list is known.
    fn new_connectors(&self, list: &ConnectorList) -> Vec<Connector> {
        let is_new = |connector: &&Connector| {
            !self.is_known(&connector.id)
                && !self.creating.knows(connector)
                && self.is_created_since(connector, list).unwrap_or(!self.known.is_empty())
        };
        list.connectors().iter().filter(is_new).cloned().collect()
    }

    /// Looks up a connector of this name. A new connector gets time to become visible.
    async fn find(&self, budget: &Budget) -> Result<Lookup, Error> {
        let mut pauses = self.connectors.session.pauses_until_visible();
        loop {
            self.connectors.forget_list();
            let list = self.connectors.cached_list(RetryMode::Normal, budget).await?;
            if let Some(row) = list.by_name(self.content.fields.name()) {
                let connector = self.connectors.complete(row.clone(), budget).await?;
                return Ok(Lookup { holder: Some(connector), list });
            }
            let Some(pause) = pauses.next() else { return Ok(Lookup { holder: None, list }) };
            if budget.wait(pause).await.is_err() {
                return Ok(Lookup { holder: None, list });
            }
        }
    }

    fn is_ours(&self, connector: &Connector, list: &ConnectorList) -> bool {
        self.may_be_ours(connector, list) && self.is_created_since(connector, list).is_some()
    }

    /// Whether a connector existed before the request, or belongs to another caller.
    fn is_known(&self, id: &ConnectorId) -> bool {
        self.known.contains(id) || self.connectors.shared.knowledge.is_requested(id)
    }

    /// Whether a connector was created after the request began, by the server's clock. `None` when
    /// one of the two times is missing.
    fn is_created_since(&self, connector: &Connector, list: &ConnectorList) -> Option<bool> {
        let milliseconds = u64::try_from(connector.created_time?).ok()?;
        let created = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))?;
        let ago = list.received.saturating_duration_since(self.began);
        let began = list.server_time?.checked_sub(ago + CLOCK_TOLERANCE)?;
        Some(created >= began)
    }

    /// Returns the error for 409, with the connector that has the name. Webex may compare names
    /// without letter case.
    async fn name_taken(&self, error: Error) -> WriteError {
        let budget = self.budget.for_reconciliation();
        let list = self.connectors.cached_list(RetryMode::Normal, &budget).await.ok();
        match list.as_ref().and_then(|list| list.holder_of(self.content.fields.name())) {
            Some(holder) => not_created(error.with_kind(ErrorKind::NameTaken))
                .with_name_holder(Some(holder.clone())),
            None => not_created(error),
        }
    }

    /// Returns the error for 400, with the number of connectors: the limit of 10 is the likeliest
    /// reason apart from the request.
    async fn invalid(&self, error: Error) -> WriteError {
        let budget = self.budget.for_reconciliation();
        let list = self.connectors.cached_list(RetryMode::OneAttempt, &budget).await;
        let connectors_in_organization = list.ok().map(|list| list.connectors().len());
        WriteError { connectors_in_organization, ..not_created(error) }
    }

    /// Activates or deactivates the new connector, where that is a call of its own.
    async fn switched(&self, created: Created) -> Result<Created, WriteError> {
        let endpoints = &self.connectors.session.endpoints;
        let Created { connector, .. } = &created;
        let is_in_body = endpoints.profile.writes_active(CallName::Create);
        if is_in_body || connector.active == Some(self.content.active) {
            return Ok(created);
        }
        let (active, watched) = (self.content.active, &self.content.secrets);
        let budget = self.budget.for_reconciliation();
        match self.connectors.switch(connector, active, watched, &budget).await {
            (connector, None) => Ok(Created { connector, ..created }),
            // What somebody else has made of it is not what was created.
            (_, not_switched) => Ok(Created { not_switched, ..created }),
        }
    }

    /// Returns the connector of a response, with what the response lacks of the version and the
    /// times.
    async fn completed(&self, connector: Connector) -> Created {
        let mut created = self.created(connector, false);
        let told = &created.connector;
        if told.is_short() {
            let budget = self.budget.for_reconciliation();
            let seen = self.connectors.get(&told.id, &budget).await;
            if let Ok(Some(seen)) = seen
                && seen.may_be(&self.content.fields)
                && (told.version.is_none() || told.version == seen.version)
            {
                created.connector = seen;
            }
        }
        created
    }

    fn created(&self, connector: Connector, adopted: bool) -> Created {
        self.connectors.shared.knowledge.note_created(&connector.id);
        Created { connector, adopted, not_switched: None }
    }
}

fn not_created(error: Error) -> WriteError {
    WriteError::new(error, RemoteState::Absent)
}

#[cfg(test)]
mod tests;
