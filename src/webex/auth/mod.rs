//! Access tokens: their source, their lifetime and their renewal.
//!
//! An access token is renewed shortly before it expires and when the API refuses it. One request
//! fetches it for all operations that need it at the same time. The request runs in a task of its
//! own, so that a stopped operation does not lose the refresh token that the response may hold.

mod bearer;
mod grant;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::budget::Budget;
use super::error::{Error, Operation};
use super::identifiers::OrganizationId;
use super::lock::lock;
use super::notice::Notice;
use super::pipeline::{HttpPipeline, Token};
use super::request::Endpoints;
use super::settings::Credentials;
use super::single_flight::{Join, SharedRequest, single_flight};
use safe_text::Secret;

pub(crate) use bearer::Bearer;

/// The time before its expiry at which a token is renewed; at most a tenth of its lifetime.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// The longest time to get a token, retries included.
const RENEWAL_TIME: Duration = Duration::from_secs(60);

/// The time between a failed renewal of a valid token and the next one.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// All tokens of a client.
pub(crate) struct Tokens {
    credentials: Credentials,
    pipeline: Arc<HttpPipeline>,
    endpoints: Endpoints,
    /// The tokens: one per target organization for a Service App, else one.
    slots: Mutex<HashMap<Option<OrganizationId>, TokenSlot>>,
    /// The refresh token that Webex returned last.
    replaced: Mutex<Option<Secret>>,
    notices: Mutex<Vec<Notice>>,
}

/// A token, and the request in flight for the next one.
#[derive(Default)]
struct TokenSlot {
    current: Option<CurrentToken>,
    in_flight: Option<SharedRequest<Token>>,
    generation: u64,
}

#[derive(Clone)]
struct CurrentToken {
    token: Token,
    renew_from: Option<Instant>,
    ends: Option<Instant>,
}

impl Tokens {
    pub(crate) fn new(
        credentials: Credentials,
        pipeline: Arc<HttpPipeline>,
        endpoints: Endpoints,
    ) -> Arc<Self> {
        Arc::new(Self {
            credentials,
            pipeline,
            endpoints,
            slots: Mutex::default(),
            replaced: Mutex::default(),
            notices: Mutex::default(),
        })
    }

    /// Returns the authorization for requests about one organization.
    pub(crate) fn for_organization(self: &Arc<Self>, organization: OrganizationId) -> Bearer {
        let key =
            matches!(self.credentials, Credentials::ServiceApp { .. }).then_some(organization);
        Bearer { tokens: Arc::clone(self), key }
    }

    /// Returns the notices that no call has taken yet.
    pub(crate) fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *lock(&self.notices))
    }

    /// Returns the current token, after fetching or renewing it if necessary.
    async fn token(
        self: &Arc<Self>,
        key: Option<OrganizationId>,
        budget: &Budget,
    ) -> Result<Token, Error> {
        let join = || {
            let now = Instant::now();
            let mut slots = lock(&self.slots);
            let slot = slots.entry(key).or_default();
            if let Some(current) = &slot.current
                && current.renew_from.is_none_or(|renew_from| renew_from > now)
            {
                return Join::Cached(current.token.clone());
            }
            if let Some(shared) = &slot.in_flight {
                return Join::Joined { shared: shared.clone(), is_weaker: false };
            }
            let (fetching, tokens) = (Arc::clone(self), Arc::clone(self));
            let budget = Budget::within(RENEWAL_TIME, budget.stop.clone());
            let request = async move { fetching.fetch(key, &budget).await };
            let done = move |_: &Result<Token, Error>| {
                lock(&tokens.slots).entry(key).or_default().in_flight = None;
            };
            // A stopped operation must not lose a new refresh token.
            let shared = SharedRequest::detached(self.operation(), request, done);
            slot.in_flight = Some(shared.clone());
            Join::Started(shared)
        };
        single_flight(budget, join).await
    }

    /// Requests a token and stores it for all operations.
    async fn fetch(&self, key: Option<OrganizationId>, budget: &Budget) -> Result<Token, Error> {
        let asked = Instant::now();
        let granted = self.request_token(key, budget).await;
        let mut slots = lock(&self.slots);
        let slot = slots.entry(key).or_default();
        match granted {
            Ok(grant) => {
                slot.generation += 1;
                let token = Token { secret: grant.access_token, generation: slot.generation };
                slot.current = Some(CurrentToken {
                    token: token.clone(),
                    renew_from: grant.lifetime.and_then(|lifetime| {
                        asked.checked_add(lifetime.saturating_sub(MARGIN.min(lifetime / 10)))
                    }),
                    ends: grant.lifetime.and_then(|lifetime| asked.checked_add(lifetime)),
                });
                Ok(token)
            }
            Err(error) => {
                let Some(current) = &mut slot.current else { return Err(error) };
                let now = Instant::now();
                if current.ends.is_some_and(|ends| ends <= now) {
                    slot.current = None;
                    return Err(error);
                }
                // The renewal was early: the old token is still valid.
                current.renew_from = Some(now + AFTER_FAILURE);
                Ok(current.token.clone())
            }
        }
    }

    /// Drops a refused token, unless it was replaced already.
    fn forget(&self, key: Option<OrganizationId>, refused: &Token) {
        let mut slots = lock(&self.slots);
        let slot = slots.entry(key).or_default();
        if slot.current.as_ref().is_some_and(|held| held.token.generation <= refused.generation) {
            slot.current = None;
        }
    }

    fn operation(&self) -> Operation {
        match self.credentials {
            Credentials::ServiceApp { .. } => Operation::MakeServiceAppToken,
            Credentials::AccessToken(_) | Credentials::RefreshToken { .. } => {
                Operation::RefreshAccessToken
            }
        }
    }
}
