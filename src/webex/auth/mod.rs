//! Tokens: where they come from, how long they serve, how they are renewed.
//!
//! An access token is renewed shortly before its end and when the API refuses
//! it. However many operations need a token at the same moment, one request
//! gets it for all of them. The request runs on its own, so that an operation
//! that is stopped meanwhile does not throw away the refresh token that the
//! answer may hold.

mod bearer;
mod grant;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::budget::Budget;
use super::error::{Error, Operation};
use super::identifiers::OrganizationId;
use super::pipeline::{HttpPipeline, Token};
use super::request::Endpoints;
use super::settings::Credentials;
use super::single_flight::{Join, SharedRequest, single_flight};
use safe_text::Secret;

pub(crate) use bearer::Bearer;

/// How long before its end a token is renewed, unless its whole life is short.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// How long getting a token may take in all, retries included.
const RENEWAL_TIME: Duration = Duration::from_secs(60);

/// How long an attempt to renew a token that still serves is put off after a
/// failure.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Something that the user should be told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Webex gave a new refresh token. It is used as long as this process
    /// lives, but the one that the user has stored may end.
    RefreshTokenReplaced {
        /// When the new one ends, if Webex said so.
        valid_until: Option<SystemTime>,
    },
}

/// All tokens of a client.
pub(crate) struct Tokens {
    credentials: Credentials,
    pipeline: Arc<HttpPipeline>,
    endpoints: Endpoints,
    /// One per token: per target organization for Service Apps, else one.
    slots: Mutex<HashMap<Option<OrganizationId>, TokenSlot>>,
    /// The refresh token to use next, once Webex has given one.
    replaced: Mutex<Option<Secret>>,
    notices: Mutex<Vec<Notice>>,
}

/// A token, and the request that will bring the next one.
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

    /// The authorization for requests about one organization.
    pub(crate) fn for_organization(self: &Arc<Self>, organization: OrganizationId) -> Bearer {
        let key =
            matches!(self.credentials, Credentials::ServiceApp { .. }).then_some(organization);
        Bearer { tokens: Arc::clone(self), key }
    }

    /// What the user should be told; each notice is given once.
    pub(crate) fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *lock(&self.notices))
    }

    /// The token to use now, fetched or renewed if need be.
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
            // An operation that is stopped must not throw a new refresh token away.
            let shared = SharedRequest::detached(self.operation(), request, done);
            slot.in_flight = Some(shared.clone());
            Join::Started(shared)
        };
        single_flight(budget, join).await
    }

    /// Gets a token and puts it where everybody finds it.
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
                current.renew_from = Some(now + AFTER_FAILURE);
                // The renewal came before it was needed: the old token still serves.
                let serves = current.ends.is_none_or(|ends| ends > now);
                if serves { Ok(current.token.clone()) } else { Err(error) }
            }
        }
    }

    /// Forgets a token that was refused, unless it was replaced already.
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

    fn secrets(&self) -> Vec<Secret> {
        let mut secrets: Vec<_> = lock(&self.replaced).iter().cloned().collect();
        match &self.credentials {
            Credentials::AccessToken(token) => secrets.push(token.clone()),
            Credentials::RefreshToken { client_secret, refresh_token, .. } => {
                secrets.extend([client_secret.clone(), refresh_token.clone()]);
            }
            Credentials::ServiceApp { client_secret, access_token, .. } => {
                secrets.extend([client_secret.clone(), access_token.clone()]);
            }
        }
        secrets
    }
}

/// A lock that a panic elsewhere does not break: nothing panics while holding
/// one, and what they guard is replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
