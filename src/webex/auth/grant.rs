//! The requests for tokens: with a refresh token, or for a Service App.

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use super::super::body::{FormValue, RequestBody};
use super::super::budget::Budget;
use super::super::error::{Error, ErrorKind, TokenProblem};
use super::super::identifiers::OrganizationId;
use super::super::json::{self, Object};
use super::super::lock::lock;
use super::super::notice::Notice;
use super::super::pipeline::{Response, RetryMode};
use super::super::problems::BodyProblem;
use super::super::settings::Credentials;
use super::Tokens;
use super::bearer::FixedToken;
use safe_text::Secret;

/// A token of a token endpoint.
pub(super) struct IssuedToken {
    pub(super) access_token: Secret,
    pub(super) lifetime: Option<Duration>,
}

impl Tokens {
    /// Requests a token with the client's credentials. A fixed access token needs no request.
    pub(super) async fn request_token(
        &self,
        key: Option<OrganizationId>,
        budget: &Budget,
    ) -> Result<IssuedToken, Error> {
        match (&self.credentials, key) {
            (Credentials::RefreshToken { client_id, client_secret, refresh_token }, _) => {
                let refresh_token = lock(&self.replaced).clone().unwrap_or(refresh_token.clone());
                let body = RequestBody::form(&[
                    ("grant_type", FormValue::Plain("refresh_token")),
                    ("client_id", FormValue::Plain(client_id)),
                    ("client_secret", FormValue::Secret(client_secret)),
                    ("refresh_token", FormValue::Secret(&refresh_token)),
                ]);
                let request = self.endpoints.refresh_token(body);
                let response =
                    self.pipeline.run(&request, &FixedToken(None), RetryMode::Normal, budget).await;
                let response = response.map_err(refused)?;
                self.note_replacement(&response, &refresh_token);
                issued_token(&response)
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
                let body = RequestBody::json(&form, vec![client_secret.clone()])
                    .map_err(|_| Error::new(self.operation(), ErrorKind::Unsendable))?;
                let request = self.endpoints.service_app_token(application_id, body);
                let authorization = FixedToken(Some(access_token.clone()));
                let response =
                    self.pipeline.run(&request, &authorization, RetryMode::Normal, budget).await;
                issued_token(&response.map_err(refused)?)
            }
            (Credentials::AccessToken(token), _)
            | (Credentials::ServiceApp { access_token: token, .. }, None) => {
                Ok(IssuedToken { access_token: token.clone(), lifetime: None })
            }
        }
    }

    /// Stores a new refresh token from a response, which Webex "may" return (documented). It may
    /// also return the same one.
    fn note_replacement(&self, response: &Response, used: &Secret) {
        let Ok(object) = Object::parse(response.body()) else { return };
        let Some(given) = object.text("refresh_token").map(Secret::new) else { return };
        if given.is_empty() || given == *used {
            return;
        }
        self.pipeline.redactor.watch_token(&given);
        *lock(&self.replaced) = Some(given);
        let lifetime = seconds(&object, "refresh_token_expires_in");
        let valid_until = lifetime.and_then(|lifetime| SystemTime::now().checked_add(lifetime));
        let mut notices = lock(&self.notices);
        notices.clear();
        notices.push(Notice::RefreshTokenReplaced { valid_until });
    }
}

/// The body of a Service App's token request (documented).
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

fn issued_token(response: &Response) -> Result<IssuedToken, Error> {
    let object = Object::parse(response.body()).map_err(|problem| response.unreadable(problem))?;
    // RFC 6749 §5.1 requires the type. A response without one is accepted: all tokens of Webex are
    // bearer tokens (documented).
    if object.text("token_type").is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(response.unreadable(BodyProblem::OtherTokenType));
    }
    let access_token = object
        .text("access_token")
        .map(Secret::new)
        .ok_or_else(|| response.unreadable(BodyProblem::Missing("access_token")))?;
    TokenProblem::check(&access_token)
        .map_err(|problem| response.error(ErrorKind::UnusableToken(problem)))?;
    Ok(IssuedToken { access_token, lifetime: seconds(&object, "expires_in") })
}

fn seconds(object: &Object<'_>, key: &str) -> Option<Duration> {
    u64::try_from(json::whole_number(object.raw(key)?)?).ok().map(Duration::from_secs)
}

/// Returns the error of a token endpoint. Its statuses 400, 401 and 403 are about the credentials
/// (RFC 6749 §5.2).
fn refused(error: Error) -> Error {
    match error.status.map(|status| status.as_u16()) {
        Some(400 | 401 | 403) => {
            let code = error.oauth;
            error.with_kind(ErrorKind::CredentialsRefused { code })
        }
        _ => error,
    }
}
