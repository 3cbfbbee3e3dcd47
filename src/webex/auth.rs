//! Tokens: where they come from, how long they serve, how they are renewed.
//!
//! An access token is renewed shortly before its end and when the API refuses
//! it. However many operations need a token at the same moment, one request
//! gets it for all of them. The request runs on its own, so that an operation
//! that is stopped meanwhile does not throw away the refresh token that the
//! answer may hold.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
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
use super::exchange::{Authorize, Exchange, Persistence, Response, Token, interrupted};
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
        let began = Instant::now();
        loop {
            let (flight, is_mine) = match self.board(key, budget) {
                Boarding::Ready(token) => return Ok(token),
                Boarding::Flight { flight, is_mine } => (flight, is_mine),
            };
            let landed = budget
                .run(flight)
                .await
                .map_err(|interruption| interrupted(self.operation(), interruption, began))?;
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
        let task = tokio::spawn(async move {
            let fetched = AssertUnwindSafe(tokens.fetch(key, &budget)).catch_unwind().await;
            // Whoever comes next asks again.
            lock(&tokens.slots).entry(key).or_default().flight = None;
            fetched.unwrap_or_else(|_| Err(Error::new(tokens.operation(), ErrorKind::Defect)))
        });
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

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use serde_json::{Value, json};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::webex::error::OauthError;
    use crate::webex::testing::{
        ORGANIZATION, Reply, Script, answer, budget, empty, organization, page, raw, refresh_token,
        settings, static_token,
    };
    use crate::webex::{Client, ConnectorId};

    const OTHER_ORGANIZATION: &str = "11111111-2222-4333-8444-555555555555";

    fn client(script: &Arc<Script>, credentials: Credentials) -> Client {
        Client::over(settings(credentials), script.clone()).unwrap()
    }

    fn grant(token: &str) -> Reply {
        answer(
            200,
            &json!({"access_token": token, "expires_in": 1_209_599, "token_type": "Bearer"}),
        )
    }

    fn list() -> Reply {
        answer(200, &page(&[]))
    }

    fn service_app() -> Credentials {
        Credentials::ServiceApp {
            application_id: "app-id".to_owned(),
            client_id: "client".to_owned(),
            client_secret: Secret::from("client-secret-value"),
            access_token: Secret::from("applications-token"),
        }
    }

    /// A read that no snapshot answers.
    async fn read(client: &Client, number: usize) -> Result<(), Error> {
        let id = ConnectorId::parse(&format!("id-{number}")).unwrap();
        let request = client.endpoints().read(organization(), &id);
        client.send(organization(), &request, Persistence::Normal, &budget()).await.map(drop)
    }

    fn lines(script: &Script) -> Vec<String> {
        script
            .lines()
            .iter()
            .zip(script.seen())
            .map(|(line, seen)| format!("{line} {}", seen.token.unwrap_or_default()))
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_token_is_turned_into_an_access_token_once() {
        let script = Script::new([grant("first"), list(), list()]);
        let client = client(&script, refresh_token());
        read(&client, 1).await.unwrap();
        read(&client, 2).await.unwrap();
        assert_eq!(
            lines(&script),
            ["POST /v1/access_token ", "GET /connector/id-1 first", "GET /connector/id-2 first"]
        );
        assert_eq!(
            script.seen()[0].body,
            "grant_type=refresh_token&client_id=client&client_secret=client-secret-value\
             &refresh_token=refresh-token-value"
        );
        assert_eq!(script.seen()[0].headers["content-type"], "application/x-www-form-urlencoded");
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_met_by_those_who_wait_and_by_nobody_later() {
        let script =
            Script::new([Reply::Panic.after(Duration::from_secs(1)), grant("first"), list()]);
        let client = client(&script, refresh_token());
        let ended = tokio::join!(read(&client, 1), read(&client, 2));
        for ended in [ended.0, ended.1] {
            assert_eq!(*ended.unwrap_err().kind(), ErrorKind::Defect);
        }
        assert!(read(&client, 3).await.is_ok());
        assert!(script.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn row_8_a_401_leads_to_one_refresh_and_one_replay() {
        let script = Script::new([grant("first"), empty(401), grant("second"), list()]);
        read(&client(&script, refresh_token()), 1).await.unwrap();
        assert_eq!(
            lines(&script),
            [
                "POST /v1/access_token ",
                "GET /connector/id-1 first",
                "POST /v1/access_token ",
                "GET /connector/id-1 second"
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn row_8_a_second_401_is_an_error() {
        let script = Script::new([grant("first"), empty(401), grant("second"), empty(401)]);
        let error = read(&client(&script, refresh_token()), 1).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Unauthorized { refreshable: true });
        assert_eq!(error.attempts(), 2);
        assert!(script.is_done() && script.seen().len() == 4);
    }

    #[tokio::test(start_paused = true)]
    async fn row_8_a_static_token_is_not_replayed() {
        let script = Script::new([empty(401)]);
        let error = read(&client(&script, static_token()), 1).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Unauthorized { refreshable: false });
        assert_eq!(script.seen().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn row_8_and_23_fifty_operations_share_each_refresh() {
        let second = Duration::from_secs(1);
        let mut replies = vec![grant("first").after(second)];
        replies.extend((0..50).map(|_| empty(401).after(second)));
        replies.push(grant("second").after(second));
        replies.extend((0..50).map(|_| list()));
        let script = Script::new(replies);
        let client = client(&script, refresh_token());
        let reads = join_all((0..50).map(|number| read(&client, number))).await;
        assert!(reads.iter().all(Result::is_ok));
        let refreshes = lines(&script).iter().filter(|line| line.contains("access_token")).count();
        assert_eq!((refreshes, script.seen().len()), (2, 102));
    }

    #[tokio::test(start_paused = true)]
    async fn row_8_a_late_401_of_the_old_token_renews_nothing() {
        let script = Script::new([
            grant("first"),
            empty(401).after(Duration::from_secs(1)),
            empty(401).after(Duration::from_secs(5)),
            grant("second"),
            list(),
            list(),
        ]);
        let client = client(&script, refresh_token());
        let (first, second) = tokio::join!(read(&client, 1), read(&client, 2));
        assert!(first.is_ok() && second.is_ok());
        let refreshes = lines(&script).iter().filter(|line| line.contains("access_token")).count();
        assert_eq!((refreshes, script.seen().len()), (2, 6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_ahead_of_its_end() {
        let script = Script::new([
            answer(200, &json!({"access_token": "first", "expires_in": 1000})),
            list(),
            grant("second"),
            list(),
        ]);
        let client = client(&script, refresh_token());
        read(&client, 1).await.unwrap();
        tokio::time::advance(Duration::from_secs(901)).await;
        read(&client, 2).await.unwrap();
        assert_eq!(lines(&script)[3], "GET /connector/id-2 second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_still_serves_survives_a_failed_renewal() {
        let script = Script::new([
            answer(200, &json!({"access_token": "first", "expires_in": 1000})),
            list(),
            empty(400),
            list(),
            list(),
            grant("second"),
            list(),
        ]);
        let client = client(&script, refresh_token());
        read(&client, 1).await.unwrap();
        tokio::time::advance(Duration::from_secs(901)).await;
        read(&client, 2).await.unwrap();
        // It is left alone for a while, and then tried again.
        read(&client, 3).await.unwrap();
        tokio::time::advance(AFTER_FAILURE).await;
        read(&client, 4).await.unwrap();
        let tokens: Vec<_> = script.seen().iter().filter_map(|seen| seen.token.clone()).collect();
        assert_eq!(tokens, ["first", "first", "first", "second"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_replaced_refresh_token_is_used_and_noticed_once() {
        let script = Script::new([
            answer(
                200,
                &json!({"access_token": "first", "refresh_token": "refresh-2",
                    "refresh_token_expires_in": 7_776_000}),
            ),
            list(),
            empty(401),
            grant("second"),
            list(),
        ]);
        let client = client(&script, refresh_token());
        read(&client, 1).await.unwrap();
        let notices = client.take_notices();
        assert!(
            matches!(notices[..], [Notice::RefreshTokenReplaced { valid_until: Some(_) }]),
            "{notices:?}"
        );
        assert!(client.take_notices().is_empty());
        read(&client, 2).await.unwrap();
        assert!(script.seen()[3].body.ends_with("&refresh_token=refresh-2"));
        assert!(client.take_notices().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_refresh_token_is_no_news() {
        let script = Script::new([
            answer(200, &json!({"access_token": "a", "refresh_token": "refresh-token-value"})),
            list(),
        ]);
        let client = client(&script, refresh_token());
        read(&client, 1).await.unwrap();
        assert!(client.take_notices().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn refused_credentials_are_told_by_code_and_not_repeated() {
        for (body, code) in [
            (json!({"error": "invalid_grant"}), Some(OauthError::InvalidGrant)),
            (json!({"error": "invalid_client"}), Some(OauthError::InvalidClient)),
            (json!({"message": "refresh-token-value is unknown"}), None),
        ] {
            let script = Script::new([answer(400, &body)]);
            let error = read(&client(&script, refresh_token()), 1).await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::CredentialsRefused { code });
            assert_eq!(error.operation(), Operation::RefreshAccessToken);
            assert!(!format!("{error:?}").contains("refresh-token-value"));
            assert_eq!(script.seen().len(), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_token_endpoint_is_asked_again() {
        let script = Script::new([empty(503), empty(429), grant("first"), list()]);
        read(&client(&script, refresh_token()), 1).await.unwrap();
        assert!(script.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn row_27_a_token_that_no_header_can_carry_is_refused_and_not_shown() {
        for token in ["line\nbreak-canary", "", "t\u{e9}st-canary"] {
            let script = Script::new([grant(token)]);
            let error = read(&client(&script, refresh_token()), 1).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::UnusableToken(_)), "{error:?}");
            assert!(!format!("{error:?} {error}").contains("canary"));
        }
        let script = Script::new([raw(200, "<html>")]);
        let error = read(&client(&script, refresh_token()), 1).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UnreadableBody(BodyProblem::NotJson));
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_app_has_a_token_for_each_organization() {
        let script = Script::new([grant("one"), list(), grant("two"), list(), list()]);
        let client = client(&script, service_app());
        let other = OrganizationId::parse(OTHER_ORGANIZATION).unwrap();
        client.connectors(organization()).list(&budget()).await.unwrap();
        client.connectors(other).list(&budget()).await.unwrap();
        read(&client, 1).await.unwrap();
        let tokens: Vec<_> = script.seen().iter().filter_map(|seen| seen.token.clone()).collect();
        assert_eq!(tokens, ["applications-token", "one", "applications-token", "two", "one"]);
        assert_eq!(script.lines()[0], "POST /v1/applications/app-id/token");
        let body: Value = script.seen()[0].json();
        assert_eq!(body["clientId"], "client");
        assert_eq!(body["clientSecret"], "client-secret-value");
        let target = body["targetOrgId"].as_str().unwrap();
        assert_eq!(OrganizationId::parse(target).unwrap().to_string(), ORGANIZATION);
        assert_ne!(target, ORGANIZATION);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_app_makes_a_new_token_on_401() {
        let script = Script::new([grant("one"), empty(401), grant("two"), list()]);
        read(&client(&script, service_app()), 1).await.unwrap();
        assert!(script.is_done());
        let script = Script::new([empty(401)]);
        let error = read(&client(&script, service_app()), 1).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::CredentialsRefused { code: None });
    }

    #[tokio::test(start_paused = true)]
    async fn row_35_a_stopped_operation_does_not_throw_a_refresh_away() {
        let script = Script::new([grant("first").after(Duration::from_secs(3)), list()]);
        let client = client(&script, refresh_token());
        let stopped = budget();
        let request = client.endpoints().list(organization());
        let (first, second, ()) = tokio::join!(
            client.send(organization(), &request, Persistence::Normal, &stopped),
            read(&client, 1),
            async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                stopped.stop.cancel();
            }
        );
        assert_eq!(*first.err().unwrap().kind(), ErrorKind::Stopped);
        second.unwrap();
        assert_eq!(script.seen().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn another_operations_stop_is_not_ours() {
        let script = Script::new([Reply::Hang, grant("first"), list()]);
        let client = client(&script, refresh_token());
        let stopped = Budget::within(Duration::from_secs(600), CancellationToken::new());
        let request = client.endpoints().list(organization());
        let (first, second, ()) = tokio::join!(
            client.send(organization(), &request, Persistence::Normal, &stopped),
            read(&client, 1),
            async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                stopped.stop.cancel();
            }
        );
        assert!(first.is_err());
        second.unwrap();
        assert!(script.is_done());
    }
}
