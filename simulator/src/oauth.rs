//! The two token endpoints: refreshing an access token, and tokens of a
//! Service App for an organization.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{CACHE_CONTROL, HeaderValue};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::message::{Answer, Request};
use crate::problem::Problem;
use crate::tokens::{Access, Grant};
use crate::world::World;

/// Reads the url-safe alphabet with its padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The body of a request for tokens of a Service App.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ApplicationTokenRequest {
    client_id: String,
    client_secret: String,
    target_org_id: String,
}

impl World {
    /// `POST /v1/access_token` with `grant_type=refresh_token`.
    pub(crate) fn access_token(&mut self, request: &Request) -> Result<Answer, Problem> {
        expect_post(request, "application/x-www-form-urlencoded")?;
        let field = |name: &str| {
            form_urlencoded::parse(&request.body)
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        if field("grant_type") != "refresh_token" {
            let message = "The grant_type has to be refresh_token.";
            return Err(Problem::Public(StatusCode::BAD_REQUEST, message));
        }
        self.check_client(&field("client_id"), &field("client_secret"))?;
        let now = self.clock.now();
        let grant = self.tokens.refresh(&field("refresh_token"), now).ok_or(Problem::Public(
            StatusCode::BAD_REQUEST,
            "The refresh token is unknown, has expired or was replaced.",
        ))?;
        Ok(granted(&grant))
    }

    /// `POST /v1/applications/{applicationId}/token`.
    pub(crate) fn application_token(
        &mut self,
        request: &Request,
        application: &str,
    ) -> Result<Answer, Problem> {
        expect_post(request, "application/json")?;
        if self.bearer(request)? != Access::Applications {
            let message = "The token lacks the scope spark:applications_token.";
            return Err(Problem::Public(StatusCode::FORBIDDEN, message));
        }
        if application != self.tokens.settings().service_app_id {
            let message = "The application could not be found.";
            return Err(Problem::Public(StatusCode::NOT_FOUND, message));
        }
        let wrong = Problem::Public(
            StatusCode::BAD_REQUEST,
            "The body has to hold clientId, clientSecret and targetOrgId.",
        );
        let body: ApplicationTokenRequest =
            serde_json::from_slice(&request.body).map_err(|_| wrong)?;
        self.check_client(&body.client_id, &body.client_secret)?;
        let organization = organization_uuid(&body.target_org_id);
        if self.store.organization(&organization).is_none() {
            let message = "The Service App is not authorized in the target organization.";
            return Err(Problem::Public(StatusCode::FORBIDDEN, message));
        }
        let now = self.clock.now();
        Ok(granted(&self.tokens.issue(&organization, now)))
    }

    fn check_client(&self, id: &str, secret: &str) -> Result<(), Problem> {
        let settings = self.tokens.settings();
        if id == settings.client_id && secret == settings.client_secret {
            return Ok(());
        }
        Err(Problem::Public(StatusCode::UNAUTHORIZED, "Client authentication failed."))
    }
}

fn expect_post(request: &Request, media_type: &str) -> Result<(), Problem> {
    if request.method != Method::POST {
        return Err(Problem::Framework(StatusCode::METHOD_NOT_ALLOWED));
    }
    if !request.is_of_type(media_type) {
        return Err(Problem::Framework(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(())
}

fn granted(grant: &Grant) -> Answer {
    let body = json!({
        "access_token": grant.access_token,
        "expires_in": grant.expires_in,
        "refresh_token": grant.refresh_token,
        "refresh_token_expires_in": grant.refresh_token_expires_in,
        "token_type": "Bearer",
    });
    // RFC 6749, section 5.1, demands that tokens are not cached.
    Answer::json(StatusCode::OK, &body)
        .with_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// The UUID in either form of an organization id: bare, or base64 of
/// `ciscospark://us/ORGANIZATION/<uuid>`.
fn organization_uuid(id: &str) -> String {
    let decoded = BASE64.decode(id).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let uri = decoded.as_deref().filter(|uri| uri.starts_with("ciscospark://"));
    match uri.and_then(|uri| uri.rsplit_once("/ORGANIZATION/")) {
        Some((_, uuid)) => uuid.to_ascii_lowercase(),
        None => id.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_an_organization_id() {
        const UUID: &str = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430";
        assert_eq!(organization_uuid(&UUID.to_uppercase()), UUID);
        let encoded = BASE64.encode(format!("ciscospark://us/ORGANIZATION/{UUID}"));
        assert_eq!(organization_uuid(&encoded), UUID);
        assert_eq!(organization_uuid(encoded.trim_end_matches('=')), UUID);
    }
}
