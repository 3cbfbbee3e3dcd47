//! Builds requests without sending them.
//!
//! Every path, query and header of the client is defined here. In ids and search texts all but RFC
//! 3986's unreserved characters are percent-encoded, so that they stay in their segment or
//! parameter.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Method};
use url::Url;
use zeroize::Zeroizing;

use super::body::RequestBody;
use super::error::Operation;
use super::identifiers::{ConnectorId, OrganizationId};
use super::percent::encoded;
use super::retry::Idempotency;
use super::settings::Settings;
use safe_text::Secret;

/// Webex's header for the id of a request in its logs. A request without it gets one from the
/// server; errors show the client's.
pub(crate) const TRACKING_ID: HeaderName = HeaderName::from_static("trackingid");

/// The project of Flow Designer's activities, the same in every organization (documented).
const FLOW_PROJECT: &str = "5e5c9ad6d61f870d6d778c1b";

/// The `filter` for custom connectors in a list, in RSQL (assumed).
const CUSTOM_ONLY: &str = "connectorType==\"CUSTOM\"";

/// The path of one connector, for logs.
const CONNECTOR_TEMPLATE: &str = "/organization/{organization}/connector/{id}";

/// The rows of a page that a request asks for. The server may return fewer (documented).
pub(crate) const PAGE_SIZE: usize = 100;

/// A request that can be sent several times.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) operation: Operation,
    pub(crate) idempotency: Idempotency,
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The path without ids, for logs.
    pub(crate) template: &'static str,
    pub(crate) body: Option<RequestBody>,
    /// Whether it counts against the rate limit of the Contact Center APIs.
    pub(crate) is_limited: bool,
}

/// The search for connectors in Flow Designer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowSearch<'a> {
    /// Connectors with this text in the name; all when it is empty.
    Name(&'a str),
    /// The connector with this id.
    Id(&'a ConnectorId),
}

/// The URLs of the APIs.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    base_url: Url,
    token_url: Url,
    applications_url: Url,
    connector_path: String,
}

impl Endpoints {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            base_url: settings.base_url.clone(),
            token_url: settings.token_url.clone(),
            applications_url: settings.applications_url.clone(),
            connector_path: settings.connector_path.clone(),
        }
    }

    pub(crate) fn create(&self, organization: OrganizationId, body: RequestBody) -> Request {
        Request::new(Operation::CreateConnector, self.connectors(organization), Some(body))
    }

    pub(crate) fn read(&self, organization: OrganizationId, id: &ConnectorId) -> Request {
        Request::new(Operation::ReadConnector, self.connector(organization, id), None)
    }

    /// Creates a PUT: an update, a deactivation or a reactivation.
    pub(crate) fn replace(
        &self,
        operation: Operation,
        organization: OrganizationId,
        id: &ConnectorId,
        body: RequestBody,
    ) -> Request {
        Request::new(operation, self.connector(organization, id), Some(body))
    }

    pub(crate) fn delete(&self, organization: OrganizationId, id: &ConnectorId) -> Request {
        Request::new(Operation::DeleteConnector, self.connector(organization, id), None)
    }

    pub(crate) fn list(&self, organization: OrganizationId) -> Request {
        let path = format!("/organization/{organization}/v2/{}", self.connector_path);
        let mut url = below(&self.base_url, &path);
        let filter = encoded(CUSTOM_ONLY);
        url.set_query(Some(&format!("page=0&pageSize={PAGE_SIZE}&filter={filter}")));
        Request::new(Operation::ListConnectors, url, None)
    }

    pub(crate) fn references(&self, organization: OrganizationId, id: &ConnectorId) -> Request {
        let mut url = below(&self.connector(organization, id), "/incoming-references");
        url.set_query(Some(&format!("page=0&pageSize={PAGE_SIZE}")));
        Request::new(Operation::ListReferences, url, None)
    }

    pub(crate) fn flow_connectors(
        &self,
        organization: OrganizationId,
        search: FlowSearch<'_>,
    ) -> Request {
        let path = format!(
            "/{organization}/project/{FLOW_PROJECT}/v2/activities/http-request/inputs/connectorId/choices"
        );
        let (search, validate) = match search {
            FlowSearch::Name(text) => (text, false),
            FlowSearch::Id(id) => (id.as_str(), true),
        };
        let mut url = below(&self.base_url, &path);
        url.set_query(Some(&format!("search={}&validate={validate}", encoded(search))));
        Request::new(Operation::ListFlowConnectors, url, None)
    }

    pub(crate) fn refresh_token(&self, body: RequestBody) -> Request {
        Request::new(Operation::RefreshAccessToken, self.token_url.clone(), Some(body))
    }

    pub(crate) fn service_app_token(&self, application_id: &str, body: RequestBody) -> Request {
        let url = below(&self.applications_url, &format!("/{}/token", encoded(application_id)));
        Request::new(Operation::MakeServiceAppToken, url, Some(body))
    }

    fn connectors(&self, organization: OrganizationId) -> Url {
        below(&self.base_url, &format!("/organization/{organization}/{}", self.connector_path))
    }

    fn connector(&self, organization: OrganizationId, id: &ConnectorId) -> Url {
        below(&self.connectors(organization), &format!("/{}", encoded(id.as_str())))
    }
}

impl Request {
    /// Creates a request. The operation determines its method, whether it may be repeated, and
    /// whether the rate limit applies.
    fn new(operation: Operation, url: Url, body: Option<RequestBody>) -> Self {
        use Idempotency::{Create, Delete, IssueToken, Read, Replace};
        let (method, idempotency, template) = match operation {
            Operation::CreateConnector => {
                (Method::POST, Create, "/organization/{organization}/connector")
            }
            Operation::ReadConnector => (Method::GET, Read, CONNECTOR_TEMPLATE),
            Operation::UpdateConnector
            | Operation::DeactivateConnector
            | Operation::ReactivateConnector => (Method::PUT, Replace, CONNECTOR_TEMPLATE),
            Operation::DeleteConnector => (Method::DELETE, Delete, CONNECTOR_TEMPLATE),
            Operation::ListConnectors => {
                (Method::GET, Read, "/organization/{organization}/v2/connector")
            }
            Operation::ListReferences => (
                Method::GET,
                Read,
                "/organization/{organization}/connector/{id}/incoming-references",
            ),
            Operation::ListFlowConnectors => (
                Method::GET,
                Read,
                "/{organization}/project/{project}/v2/activities/http-request/inputs/connectorId/choices",
            ),
            Operation::RefreshAccessToken => (Method::POST, IssueToken, "(token endpoint)"),
            Operation::MakeServiceAppToken => {
                (Method::POST, IssueToken, "/applications/{application}/token")
            }
        };
        // A reactivation is repeated all the same: it brings the connector back into service.
        let is_reactivation = operation == Operation::ReactivateConnector;
        let has_secrets = body.as_ref().is_some_and(|body| !body.secrets().is_empty());
        let carries_credentials = idempotency == Replace && has_secrets && !is_reactivation;
        let idempotency =
            if carries_credentials { Idempotency::ReplaceCredentials } else { idempotency };
        let is_limited = idempotency != IssueToken;
        Self { operation, idempotency, method, url, template, body, is_limited }
    }

    /// Returns the HTTP request.
    ///
    /// # Errors
    /// Fails when the URL is too long, by an id or a search text.
    pub(crate) fn to_http(
        &self,
        token: Option<&Secret>,
        tracking_id: &str,
        user_agent: &HeaderValue,
    ) -> http::Result<http::Request<Bytes>> {
        let mut builder = http::Request::builder()
            .method(self.method.clone())
            .uri(self.url.as_str())
            .header(ACCEPT, "application/json")
            // A small compressed response could expand to a huge one.
            .header(ACCEPT_ENCODING, "identity")
            .header(USER_AGENT, user_agent)
            .header(TRACKING_ID, tracking_id);
        if let Some(token) = token {
            builder = builder.header(AUTHORIZATION, bearer(token)?);
        }
        match &self.body {
            Some(body) => builder.header(CONTENT_TYPE, body.media_type()).body(body.bytes()),
            None => builder.body(Bytes::new()),
        }
    }
}

/// Returns the `Authorization` header of a token.
fn bearer(token: &Secret) -> http::Result<HeaderValue> {
    let text = Zeroizing::new(format!("Bearer {}", token.expose()));
    let mut value = HeaderValue::from_str(&text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Returns a URL with a path appended to the one of `base`.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ID, ORGANIZATION, organization, settings, static_token};

    fn endpoints(base: &str) -> Endpoints {
        let mut settings = settings(static_token());
        settings.base_url = Url::parse(base).unwrap();
        Endpoints::new(&settings)
    }

    /// Returns a request as text: line, headers in alphabetical order, body.
    fn shown(request: &Request) -> String {
        let token = Secret::from("a-token");
        let agent = HeaderValue::from_static("agent/1");
        let http = request.to_http(Some(&token), "T_1", &agent).unwrap();
        let mut headers: Vec<_> = http
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
            .collect();
        headers.sort();
        let body = String::from_utf8(http.body().to_vec()).unwrap();
        format!("{} {}\n{}\n{body}", http.method(), http.uri(), headers.concat())
    }

    const HEADERS: &str = "accept-encoding: identity\naccept: application/json\n\
        authorization: Bearer a-token\n";

    fn id() -> ConnectorId {
        ConnectorId::parse(ID).unwrap()
    }

    fn json_body() -> RequestBody {
        RequestBody::json(&serde_json::json!({"a": 1}), Vec::new()).unwrap()
    }

    #[test]
    fn every_request_is_exact() {
        let endpoints = endpoints("https://api.example");
        let bodiless = format!("{HEADERS}trackingid: T_1\nuser-agent: agent/1\n\n");
        let with_body = format!(
            "{HEADERS}content-type: application/json\ntrackingid: T_1\nuser-agent: agent/1\n\n{{\"a\":1}}"
        );
        let base = format!("https://api.example/organization/{ORGANIZATION}");
        let organization = organization();
        for (request, line, rest) in [
            (
                endpoints.create(organization, json_body()),
                format!("POST {base}/connector"),
                &with_body,
            ),
            (endpoints.read(organization, &id()), format!("GET {base}/connector/{ID}"), &bodiless),
            (
                endpoints.list(organization),
                format!(
                    "GET {base}/v2/connector?page=0&pageSize=100&filter=connectorType%3D%3D%22CUSTOM%22"
                ),
                &bodiless,
            ),
            (
                endpoints.replace(Operation::UpdateConnector, organization, &id(), json_body()),
                format!("PUT {base}/connector/{ID}"),
                &with_body,
            ),
            (
                endpoints.delete(organization, &id()),
                format!("DELETE {base}/connector/{ID}"),
                &bodiless,
            ),
            (
                endpoints.references(organization, &id()),
                format!("GET {base}/connector/{ID}/incoming-references?page=0&pageSize=100"),
                &bodiless,
            ),
            (
                endpoints.flow_connectors(organization, FlowSearch::Name("S NOW&x=1")),
                format!(
                    "GET https://api.example/{ORGANIZATION}/project/5e5c9ad6d61f870d6d778c1b/v2/activities/http-request/inputs/connectorId/choices?search=S%20NOW%26x%3D1&validate=false"
                ),
                &bodiless,
            ),
            (
                endpoints.flow_connectors(organization, FlowSearch::Id(&id())),
                format!(
                    "GET https://api.example/{ORGANIZATION}/project/5e5c9ad6d61f870d6d778c1b/v2/activities/http-request/inputs/connectorId/choices?search={ID}&validate=true"
                ),
                &bodiless,
            ),
            (
                endpoints.refresh_token(json_body()),
                "POST https://webexapis.com/v1/access_token".to_owned(),
                &with_body,
            ),
            (
                endpoints.service_app_token("app/id", json_body()),
                "POST https://webexapis.com/v1/applications/app%2Fid/token".to_owned(),
                &with_body,
            ),
        ] {
            assert_eq!(shown(&request), format!("{line}\n{rest}"));
        }
    }

    #[test]
    fn path_of_the_base_url_is_kept_as_a_prefix() {
        for base in ["https://gateway.example/webex", "https://gateway.example/webex/"] {
            let request = endpoints(base).read(organization(), &id());
            let expected =
                format!("https://gateway.example/webex/organization/{ORGANIZATION}/connector/{ID}");
            assert_eq!(request.url.as_str(), expected);
        }
    }

    #[test]
    fn connector_id_stays_in_its_path_segment() {
        let endpoints = endpoints("https://api.example");
        let base = format!("https://api.example/organization/{ORGANIZATION}/connector");
        for (id, segment) in [
            ("../site", "..%2Fsite"),
            ("%2f..", "%252f.."),
            ("%2e%2e", "%252e%252e"),
            ("a b?c#d;e", "a%20b%3Fc%23d%3Be"),
            ("...", "..."),
            ("\\..\\", "%5C..%5C"),
            ("ä\u{308}", "%C3%A4%CC%88"),
        ] {
            let id = ConnectorId::parse(id).unwrap();
            assert_eq!(
                endpoints.read(organization(), &id).url.as_str(),
                format!("{base}/{segment}")
            );
            let references = endpoints.references(organization(), &id).url;
            assert_eq!(references.path(), format!("{}/{segment}/incoming-references", &base[19..]));
        }
    }

    #[test]
    fn authorization_header_is_marked_as_sensitive() {
        let request = endpoints("https://api.example").list(organization());
        let agent = HeaderValue::from_static("agent/1");
        let token = Secret::from("a-token");
        let http = request.to_http(Some(&token), "T_1", &agent).unwrap();
        assert!(http.headers()[AUTHORIZATION].is_sensitive());
        assert!(!format!("{http:?} {request:?}").contains("a-token"));
        let without = request.to_http(None, "T_1", &agent).unwrap();
        assert!(!without.headers().contains_key(AUTHORIZATION));
    }
}
