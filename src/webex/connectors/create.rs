//! Creating a connector: never twice, and never without knowing its id if that
//! can be helped.
//!
//! A POST whose answer is lost is not repeated. The connector is looked up by
//! its name instead, which is unique in the organization. It is ours if
//!
//! - its id was not in a list that we had read before,
//! - everything visible is as we sent it, and
//! - it was created since our request began, by the *server's* clock: the
//!   answer to the look-up carries the server's `Date`, and our own clock only
//!   measures how long ago the request began. How far the two clocks are apart
//!   therefore does not matter, and no list has to be read before each create.
//!
//! Anything less is an error that names the id.

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::super::budget::Budget;
use super::super::error::{Error, ErrorKind, Operation};
use super::super::exchange::{Persistence, Response};
use super::super::identifiers::ConnectorId;
use super::snapshot::List;
use super::{Connector, ConnectorContent, Connectors, UNTIL_VISIBLE, wire};

/// How far the clock that dates answers and the one that dates connectors may
/// be apart, both being Webex's. `Date` has a resolution of one second, and its
/// rounding is in favour of the connector already.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// A connector that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The connector as Webex has it.
    pub connector: Connector,
    /// Whether the answer to our request was lost and the connector was
    /// recognized by its name, fields and time instead. Worth a warning: its
    /// secrets cannot be compared.
    pub adopted: bool,
}

/// A connector could not be created, or it is not known whether it was.
#[derive(Clone, Debug)]
pub struct CreateError {
    /// What happened.
    pub error: Error,
    /// What is true now.
    pub aftermath: CreateAftermath,
    /// How many custom connectors the organization has, found out when Webex
    /// found the request invalid: the limit of 10 has no error of its own that
    /// is documented.
    pub connectors_in_organization: Option<usize>,
}

/// What is true after a create that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateAftermath {
    /// Nothing was created.
    NotCreated,
    /// The answer was lost, and no connector has the name, also not after some
    /// seconds. It is safe to create it again: if it turns up after all, the
    /// name is taken and nothing is created twice.
    NotSeen,
    /// Another connector of the organization has the name.
    NameTakenBy(Box<Connector>),
    /// The answer was lost, and a connector has the name that may or may not be
    /// ours: it is older than our request, or has other fields.
    Found(Box<Connector>),
    /// It was created. Its id is known; the rest may not be.
    Created {
        /// Its id.
        id: ConnectorId,
    },
    /// It may have been created, and it could not be looked up, because that
    /// failed or the run was stopped.
    Unknown,
}

impl fmt::Display for CreateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl std::error::Error for CreateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

pub(super) async fn create(
    connectors: &Connectors,
    content: &ConnectorContent,
    budget: &Budget,
) -> Result<Created, CreateError> {
    let body = wire::create(content).map_err(|_| {
        let error = Error::new(Operation::CreateConnector, ErrorKind::Unsendable);
        failed(error, CreateAftermath::NotCreated)
    })?;
    let attempt = Attempt {
        connectors,
        content,
        budget,
        began: Instant::now(),
        known: connectors.client.snapshots().known_ids(connectors.organization),
    };
    let request = connectors.client.endpoints().create(connectors.organization, body);
    match connectors.write(&request, budget).await {
        Ok(response) => attempt.accepted(&response).await,
        Err(error) if error.outcome_unknown() => attempt.reconcile(error).await,
        Err(error) if *error.kind() == ErrorKind::Conflict => Err(attempt.name_taken(error).await),
        Err(error) if *error.kind() == ErrorKind::InvalidRequest => {
            Err(attempt.invalid(error).await)
        }
        Err(error) => Err(failed(error, CreateAftermath::NotCreated)),
    }
}

/// One create, with what is needed to recognize its connector.
struct Attempt<'a> {
    connectors: &'a Connectors,
    content: &'a ConnectorContent,
    budget: &'a Budget,
    began: Instant,
    known: HashSet<ConnectorId>,
}

impl Attempt<'_> {
    /// The server says that it was created.
    async fn accepted(&self, response: &Response) -> Result<Created, CreateError> {
        let problem = match wire::connector(response.body()) {
            Ok(connector) => return Ok(self.created(connector, false)),
            Err(problem) => problem,
        };
        let budget = self.budget.for_looking();
        if let Some(id) = wire::connector_id(response.body()) {
            self.connectors.client.snapshots().note_created(self.connectors.organization, &id);
            let error = match self.connectors.get(&id, &budget).await {
                Ok(Some(connector)) => return Ok(self.created(connector, false)),
                Ok(None) => response.unreadable(problem),
                Err(error) => error,
            };
            return Err(failed(error, CreateAftermath::Created { id }));
        }
        // The name is unique, so whoever has it now is what was created.
        let error = response.unreadable(problem);
        match self.look(&budget).await {
            Ok(Some((connector, _))) => Ok(self.created(connector, false)),
            Ok(None) | Err(_) => Err(failed(error, CreateAftermath::Unknown)),
        }
    }

    /// The answer was lost (faults rows 3 and 4).
    async fn reconcile(&self, error: Error) -> Result<Created, CreateError> {
        match self.look(&self.budget.for_looking()).await {
            Ok(Some((connector, list))) if self.is_ours(&connector, &list) => {
                Ok(self.created(connector, true))
            }
            Ok(Some((connector, _))) => {
                Err(failed(error, CreateAftermath::Found(Box::new(connector))))
            }
            Ok(None) => Err(failed(error, CreateAftermath::NotSeen)),
            Err(_) => Err(failed(error, CreateAftermath::Unknown)),
        }
    }

    /// Looks for the name, giving what was just created time to become visible.
    async fn look(&self, budget: &Budget) -> Result<Option<(Connector, List)>, Error> {
        let mut pauses = UNTIL_VISIBLE.into_iter();
        loop {
            self.connectors.forget_snapshot();
            let list = self.connectors.snapshot(Persistence::Normal, budget).await?;
            if let Some(connector) = list.by_name(&self.content.name) {
                return Ok(Some((connector.clone(), list)));
            }
            let Some(pause) = pauses.next() else { return Ok(None) };
            if budget.wait(pause).await.is_err() {
                return Ok(None);
            }
        }
    }

    fn is_ours(&self, connector: &Connector, list: &List) -> bool {
        !self.known.contains(&connector.id)
            && self.content.is_like(connector)
            && self.is_created_since(connector, list).unwrap_or(false)
    }

    /// Whether a connector was created since our request began, by the server's
    /// clock. None when one of the two times is missing.
    fn is_created_since(&self, connector: &Connector, list: &List) -> Option<bool> {
        let milliseconds = u64::try_from(connector.created_time?).ok()?;
        let created = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))?;
        let ago = list.received.saturating_duration_since(self.began);
        let began = list.server_time?.checked_sub(ago + CLOCK_TOLERANCE)?;
        Some(created >= began)
    }

    /// 409: finds out who has the name (faults row 10). Webex may not tell
    /// upper and lower case apart.
    async fn name_taken(&self, error: Error) -> CreateError {
        let budget = self.budget.for_looking();
        let Ok(list) = self.connectors.snapshot(Persistence::Normal, &budget).await else {
            return failed(error, CreateAftermath::NotCreated);
        };
        match list.holder_of(&self.content.name) {
            Some(holder) => failed(
                error.with_kind(ErrorKind::NameTaken),
                CreateAftermath::NameTakenBy(Box::new(holder.clone())),
            ),
            None => failed(error, CreateAftermath::NotCreated),
        }
    }

    /// 400: counts the connectors, because the limit of 10 is the likeliest
    /// reason that is not in the request (faults row 14).
    async fn invalid(&self, error: Error) -> CreateError {
        let budget = self.budget.for_looking();
        let list = self.connectors.snapshot(Persistence::OneAttempt, &budget).await;
        CreateError {
            connectors_in_organization: list.ok().map(|list| list.len()),
            ..failed(error, CreateAftermath::NotCreated)
        }
    }

    fn created(&self, connector: Connector, adopted: bool) -> Created {
        let snapshots = self.connectors.client.snapshots();
        snapshots.note_created(self.connectors.organization, &connector.id);
        Created { connector, adopted }
    }
}

fn failed(error: Error, aftermath: CreateAftermath) -> CreateError {
    CreateError { error, aftermath, connectors_in_organization: None }
}
