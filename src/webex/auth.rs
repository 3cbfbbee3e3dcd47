//! Tokens: where they come from, how long they serve, how they are renewed.
//!
//! An access token is renewed shortly before its end and when the API refuses
//! it. However many operations need a token at the same moment, one request
//! gets it for all of them. The request runs on its own, so that an operation
//! that is stopped meanwhile does not throw away the refresh token that the
//! answer may hold.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use serde::Serialize;
use serde::Serializer;
use thiserror::Error as ThisError;
use tokio::time::Instant;

use super::body::{Body, FormValue};
use super::budget::Budget;
use super::error::{BodyProblem, Error, ErrorKind, Operation};
use super::exchange::{Authorize, Exchange, Persistence, Response, Token, kind_of_interruption};
use super::identifiers::OrganizationId;
use super::json::Object;
use super::request::Endpoints;
use super::settings::Credentials;
use crate::secret::Secret;

/// The longest token that is sent. Servers refuse larger headers, often by
/// closing the connection, which would look like something else.
const LONGEST_TOKEN: usize = 8 * 1024;

/// How long before its end a token is renewed, unless its whole life is short.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// How long getting a token may take in all, retries included.
const RENEWAL_TIME: Duration = Duration::from_secs(60);

/// How long an attempt to renew a token that still serves is put off after a
/// failure.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Why a token cannot be used. Never holds the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum TokenProblem {
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// A line break, another control character, a blank or a character outside
    /// of ASCII. A line break at the end is the usual cause: it comes along
    /// when a token is read from a file.
    #[error("contains a line break, a blank or another character that no HTTP header can carry")]
    NotPrintable,
    /// More than 8 KiB.
    #[error("is longer than 8 KiB, which servers do not accept in a header")]
    TooLong,
}

impl TokenProblem {
    /// Whether a token can travel in a header.
    pub(crate) fn check(token: &Secret) -> Result<(), Self> {
        let text = token.expose();
        if text.is_empty() {
            Err(Self::Empty)
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Err(Self::NotPrintable)
        } else if text.len() > LONGEST_TOKEN {
            Err(Self::TooLong)
        } else {
            Ok(())
        }
    }
}

/// Something that the user should be told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Webex gave a new refresh token. It is used for the rest of the run, but
    /// the one that the user has stored will end.
    RefreshTokenReplaced {
        /// When the new one ends, if Webex said so.
        valid_until: Option<SystemTime>,
    },
}

/// All tokens of a client.
pub(crate) struct Tokens {
    credentials: Credentials,
    exchange: Arc<Exchange>,
    endpoints: Endpoints,
    /// One per token: per target organization for Service Apps, else one.
    slots: Mutex<HashMap<Option<OrganizationId>, Slot>>,
    /// The refresh token to use next, once Webex has given one.
    replaced: Mutex<Option<Secret>>,
    notices: Mutex<Vec<Notice>>,
}

/// A token, and the request that will bring the next one.
#[derive(Default)]
struct Slot {
    current: Option<Current>,
    flight: Option<Flight>,
    generation: u64,
}

#[derive(Clone)]
struct Current {
    token: Token,
    renew_from: Option<Instant>,
    ends: Option<Instant>,
}

/// One request for a token, for everybody who waits for it.
type Flight = Shared<BoxFuture<'static, Result<Token, Error>>>;

/// What a token endpoint gives.
struct Grant {
    access_token: Secret,
    lifetime: Option<Duration>,
}

impl Tokens {
    pub(crate) fn new(
        credentials: Credentials,
        exchange: Arc<Exchange>,
        endpoints: Endpoints,
    ) -> Arc<Self> {
        Arc::new(Self {
            credentials,
            exchange,
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

    /// The token to use now, got or renewed if need be.
    async fn token(
        self: &Arc<Self>,
        key: Option<OrganizationId>,
        budget: &Budget,
    ) -> Result<Token, Error> {
        loop {
            let (flight, is_mine) = match self.board(key, budget) {
                Boarding::Ready(token) => return Ok(token),
                Boarding::Flight { flight, is_mine } => (flight, is_mine),
            };
            let landed = budget.run(flight).await.map_err(|interruption| {
                Error::new(self.operation(), kind_of_interruption(interruption))
            })?;
            match landed {
                Ok(token) => return Ok(token),
                // Renewed too early to matter yet: the old one still serves.
                Err(error) => match self.still_serving(key) {
                    Some(token) => return Ok(token),
                    // Someone else's budget ended, not ours.
                    None if !is_mine && is_about_the_budget(&error) => {}
                    None => return Err(error),
                },
            }
        }
    }

    fn board(self: &Arc<Self>, key: Option<OrganizationId>, budget: &Budget) -> Boarding {
        let now = Instant::now();
        let mut slots = lock(&self.slots);
        let slot = slots.entry(key).or_default();
        if let Some(current) = &slot.current
            && current.renew_from.is_none_or(|renew_from| renew_from > now)
        {
            return Boarding::Ready(current.token.clone());
        }
        if let Some(flight) = &slot.flight {
            return Boarding::Flight { flight: flight.clone(), is_mine: false };
        }
        let tokens = Arc::clone(self);
        let budget = Budget::within(RENEWAL_TIME, budget.stop.clone());
        let task = tokio::spawn(async move { tokens.fetch(key, &budget).await });
        let operation = self.operation();
        let flight = async move {
            task.await.unwrap_or_else(|_| Err(Error::new(operation, ErrorKind::Stopped)))
        };
        let flight = flight.boxed().shared();
        slot.flight = Some(flight.clone());
        Boarding::Flight { flight, is_mine: true }
    }

    /// Gets a token and puts it where everybody finds it.
    async fn fetch(&self, key: Option<OrganizationId>, budget: &Budget) -> Result<Token, Error> {
        let asked = Instant::now();
        let granted = self.grant(key, budget).await;
        let mut slots = lock(&self.slots);
        let slot = slots.entry(key).or_default();
        slot.flight = None;
        match granted {
            Ok(grant) => {
                slot.generation += 1;
                let token = Token { secret: grant.access_token, generation: slot.generation };
                slot.current = Some(Current {
                    token: token.clone(),
                    renew_from: grant.lifetime.and_then(|lifetime| {
                        asked.checked_add(lifetime.saturating_sub(MARGIN.min(lifetime / 10)))
                    }),
                    ends: grant.lifetime.and_then(|lifetime| asked.checked_add(lifetime)),
                });
                Ok(token)
            }
            Err(error) => {
                if let Some(current) = &mut slot.current {
                    current.renew_from = Some(Instant::now() + AFTER_FAILURE);
                }
                Err(error)
            }
        }
    }

    async fn grant(&self, key: Option<OrganizationId>, budget: &Budget) -> Result<Grant, Error> {
        match (&self.credentials, key) {
            (Credentials::RefreshToken { client_id, client_secret, refresh_token }, _) => {
                let refresh_token = lock(&self.replaced).clone().unwrap_or(refresh_token.clone());
                let body = Body::form(&[
                    ("grant_type", FormValue::Plain("refresh_token")),
                    ("client_id", FormValue::Plain(client_id)),
                    ("client_secret", FormValue::Secret(client_secret)),
                    ("refresh_token", FormValue::Secret(&refresh_token)),
                ]);
                let request = self.endpoints.refresh_token(body);
                let response =
                    self.exchange.run(&request, &Fixed(None), Persistence::Normal, budget).await;
                let response = response.map_err(refused)?;
                self.note_replacement(&response, &refresh_token);
                read_grant(&response)
            }
            (
                Credentials::ServiceApp { application_id, client_id, client_secret, access_token },
                Some(organization),
            ) => {
                let form = ServiceAppForm {
                    client_id,
                    client_secret,
                    target_organization: organization.public(),
                };
                let body = Body::json(&form, vec![client_secret.clone()])
                    .map_err(|_| Error::new(self.operation(), ErrorKind::Unsendable))?;
                let request = self.endpoints.service_app_token(application_id, body);
                let authorization = Fixed(Some(access_token.clone()));
                let response =
                    self.exchange.run(&request, &authorization, Persistence::Normal, budget).await;
                read_grant(&response.map_err(refused)?)
            }
            (Credentials::AccessToken(token), _)
            | (Credentials::ServiceApp { access_token: token, .. }, None) => {
                Ok(Grant { access_token: token.clone(), lifetime: None })
            }
        }
    }

    /// Webex "may" answer with a new refresh token (documented). It may also
    /// answer with the same one.
    fn note_replacement(&self, response: &Response, used: &Secret) {
        let Ok(object) = Object::parse(response.body()) else { return };
        let Some(given) = object.text("refresh_token").map(Secret::new) else { return };
        if given.is_empty() || given == *used {
            return;
        }
        *lock(&self.replaced) = Some(given);
        let lifetime = seconds(&object, "refresh_token_expires_in");
        let valid_until = lifetime.and_then(|lifetime| SystemTime::now().checked_add(lifetime));
        let mut notices = lock(&self.notices);
        notices.clear();
        notices.push(Notice::RefreshTokenReplaced { valid_until });
    }

    fn still_serving(&self, key: Option<OrganizationId>) -> Option<Token> {
        let slots = lock(&self.slots);
        let current = slots.get(&key)?.current.as_ref()?;
        let serves = current.ends.is_none_or(|ends| ends > Instant::now());
        serves.then(|| current.token.clone())
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

enum Boarding {
    Ready(Token),
    Flight { flight: Flight, is_mine: bool },
}

/// Authorizes requests about one organization.
pub(crate) struct Bearer {
    tokens: Arc<Tokens>,
    key: Option<OrganizationId>,
}

#[async_trait]
impl Authorize for Bearer {
    async fn token(&self, budget: &Budget) -> Result<Option<Token>, Error> {
        if let Credentials::AccessToken(secret) = &self.tokens.credentials {
            return Ok(Some(Token { secret: secret.clone(), generation: 0 }));
        }
        self.tokens.token(self.key, budget).await.map(Some)
    }

    fn is_renewable(&self) -> bool {
        !matches!(self.tokens.credentials, Credentials::AccessToken(_))
    }

    async fn renew(&self, refused: &Token, budget: &Budget) -> Result<Token, Error> {
        self.tokens.forget(self.key, refused);
        self.tokens.token(self.key, budget).await
    }

    fn secrets(&self) -> Vec<Secret> {
        self.tokens.secrets()
    }
}

/// A token that is what it is, or none.
struct Fixed(Option<Secret>);

#[async_trait]
impl Authorize for Fixed {
    async fn token(&self, _: &Budget) -> Result<Option<Token>, Error> {
        Ok(self.0.clone().map(|secret| Token { secret, generation: 0 }))
    }

    fn is_renewable(&self) -> bool {
        false
    }

    async fn renew(&self, refused: &Token, _: &Budget) -> Result<Token, Error> {
        Ok(refused.clone())
    }

    fn secrets(&self) -> Vec<Secret> {
        self.0.iter().cloned().collect()
    }
}

/// The body of a Service App's token request (webex reference §3, documented).
#[derive(Serialize)]
struct ServiceAppForm<'a> {
    #[serde(rename = "clientId")]
    client_id: &'a str,
    #[serde(rename = "clientSecret", serialize_with = "exposed")]
    client_secret: &'a Secret,
    #[serde(rename = "targetOrgId")]
    target_organization: String,
}

fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn read_grant(response: &Response) -> Result<Grant, Error> {
    let object = Object::parse(response.body()).map_err(|problem| response.unreadable(problem))?;
    let access_token = object
        .text("access_token")
        .map(Secret::new)
        .ok_or_else(|| response.unreadable(BodyProblem::Missing("access_token")))?;
    TokenProblem::check(&access_token)
        .map_err(|problem| response.error(ErrorKind::UnusableToken(problem)))?;
    Ok(Grant { access_token, lifetime: seconds(&object, "expires_in") })
}

fn seconds(object: &Object<'_>, key: &str) -> Option<Duration> {
    u64::try_from(object.integer(key)?).ok().map(Duration::from_secs)
}

/// At a token endpoint these statuses are about the credentials themselves
/// (RFC 6749 §5.2).
fn refused(error: Error) -> Error {
    match error.status().map(|status| status.as_u16()) {
        Some(400 | 401 | 403) => {
            let code = error.oauth();
            error.with_kind(ErrorKind::CredentialsRefused { code })
        }
        _ => error,
    }
}

fn is_about_the_budget(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Stopped | ErrorKind::DeadlineExceeded)
}

/// A lock that a panic elsewhere does not break: nothing panics while holding
/// one, and what they guard is replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
