//! The two token endpoints: one refreshes an access token, one grants tokens of
//! a Service App for an organization.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{CACHE_CONTROL, HeaderValue};
use http::{Method, StatusCode};
use serde::Deserialize;

use crate::api_error::ApiError;
use crate::message::{Request, Response, form_value};
use crate::service::Service;
use crate::tokens::{Grant, Scope};

/// Decodes the URL-safe alphabet, with or without padding.
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

impl Service {
    /// Handles `POST /v1/access_token` with `grant_type=refresh_token`.
    pub(crate) fn access_token(&mut self, request: &Request) -> Result<Response, ApiError> {
        expect_post(request, "application/x-www-form-urlencoded")?;
        let field = |name: &str| form_value(&request.body, name).unwrap_or_default();
        if field("grant_type") != "refresh_token" {
            let message = "The grant_type has to be refresh_token.";
            return Err(ApiError::Public(StatusCode::BAD_REQUEST, message));
        }
        self.check_client(&field("client_id"), &field("client_secret"))?;
        let now = self.clock.now();
        let grant = self.tokens.refresh(&field("refresh_token"), now).ok_or(ApiError::Public(
            StatusCode::BAD_REQUEST,
            "The refresh token is unknown, has expired or was replaced.",
        ))?;
        Ok(granted(&grant))
    }

    /// Handles `POST /v1/applications/{applicationId}/token`.
    pub(crate) fn application_token(
        &mut self,
        request: &Request,
        application: &str,
    ) -> Result<Response, ApiError> {
        expect_post(request, "application/json")?;
        if self.scope(request)? != Scope::Applications {
            let message = "The token lacks the scope spark:applications_token.";
            return Err(ApiError::Public(StatusCode::FORBIDDEN, message));
        }
        if application != self.options.authorization.service_app_id {
            let message = "The application could not be found.";
            return Err(ApiError::Public(StatusCode::NOT_FOUND, message));
        }
        let invalid = ApiError::Public(
            StatusCode::BAD_REQUEST,
            "The body has to hold clientId, clientSecret and targetOrgId.",
        );
        let body: ApplicationTokenRequest =
            serde_json::from_slice(&request.body).map_err(|_| invalid)?;
        self.check_client(&body.client_id, &body.client_secret)?;
        let organization = organization_uuid(&body.target_org_id);
        if self.store.organization(&organization).is_none() {
            let message = "The Service App is not authorized in the target organization.";
            return Err(ApiError::Public(StatusCode::FORBIDDEN, message));
        }
        let now = self.clock.now();
        Ok(granted(&self.tokens.issue(&organization, now)))
    }

    fn check_client(&self, id: &str, secret: &str) -> Result<(), ApiError> {
        let settings = &self.options.authorization;
        if id == settings.client_id && secret == settings.client_secret {
            return Ok(());
        }
        Err(ApiError::Public(StatusCode::UNAUTHORIZED, "Client authentication failed."))
    }
}

fn expect_post(request: &Request, media_type: &str) -> Result<(), ApiError> {
    if request.method != Method::POST {
        return Err(ApiError::Framework(StatusCode::METHOD_NOT_ALLOWED));
    }
    if !request.is_of_type(media_type) {
        return Err(ApiError::Framework(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(())
}

fn granted(grant: &Grant) -> Response {
    // RFC 6749, section 5.1: responses with tokens must not be cached.
    Response::json(StatusCode::OK, grant)
        .with_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// Returns the UUID of an organization id, which is either bare or base64 of
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
    fn an_organization_id_is_a_uuid_or_base64() {
        const UUID: &str = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430";
        assert_eq!(organization_uuid(&UUID.to_uppercase()), UUID);
        let encoded = BASE64.encode(format!("ciscospark://us/ORGANIZATION/{UUID}"));
        assert_eq!(organization_uuid(&encoded), UUID);
        assert_eq!(organization_uuid(encoded.trim_end_matches('=')), UUID);
    }
}
