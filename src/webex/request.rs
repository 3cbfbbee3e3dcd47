//! Requests, built without sending them.
//!
//! Every path, query and header of this client is written here and nowhere
//! else. Ids and search texts are percent-encoded down to RFC 3986's unreserved
//! characters, so none can leave its place.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Method};
use url::Url;
use zeroize::Zeroizing;

use super::body::Body;
use super::error::Operation;
use super::identifiers::{ConnectorId, OrganizationId};
use super::settings::Settings;
use crate::secret::Secret;

/// Webex's header for ids by which a request is found in logs. A request
/// without it gets one from the server; ours is shown in errors.
pub(crate) const TRACKING_ID: HeaderName = HeaderName::from_static("trackingid");

/// The project under which Flow Designer's activities are. It is the same in
/// every organization (webex reference §2.1, documented).
const FLOW_PROJECT: &str = "5e5c9ad6d61f870d6d778c1b";

/// The `filter` that keeps other kinds of connectors out of the list, in RSQL
/// (webex reference §2.3, assumed).
const CUSTOM_ONLY: &str = "connectorType==\"CUSTOM\"";

/// What is asked for a page. The server caps it silently (documented), which
/// is harmless.
const PAGE_SIZE: usize = 100;

/// What may happen when a request is sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Semantics {
    /// Changes nothing.
    Read,
    /// Replaces an object by the same content again.
    Replace,
    /// Makes a new object each time.
    Create,
    /// Removes what may be gone already.
    Delete,
    /// Gives a token. Harmless when repeated, but the answer may hold a new
    /// refresh token, so it is waited for when the run is stopped.
    Grant,
}

/// One request, ready to be sent as often as needed.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) operation: Operation,
    pub(crate) semantics: Semantics,
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The path without ids, for logs.
    pub(crate) template: &'static str,
    pub(crate) body: Option<Body>,
    /// Whether it counts against the Contact Center's rate limit.
    pub(crate) is_limited: bool,
}

/// Which of Flow Designer's connectors are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowSearch<'a> {
    /// Those whose name contains a text; all of them when it is empty.
    Name(&'a str),
    /// The one with this id.
    Id(&'a ConnectorId),
}

/// Where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    base: Url,
    token: Url,
    applications: Url,
    connector: String,
}

impl Endpoints {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            base: settings.base_url.clone(),
            token: settings.token_url.clone(),
            applications: settings.applications_url.clone(),
            connector: settings.connector_path.clone(),
        }
    }

    pub(crate) fn create(&self, organization: OrganizationId, body: Body) -> Request {
        Request {
            operation: Operation::CreateConnector,
            semantics: Semantics::Create,
            method: Method::POST,
            url: self.connectors(organization, ""),
            template: "/organization/{organization}/connector",
            body: Some(body),
            is_limited: true,
        }
    }

    pub(crate) fn read(&self, organization: OrganizationId, id: &ConnectorId) -> Request {
        self.by_id(Operation::ReadConnector, Semantics::Read, Method::GET, organization, id, None)
    }

    /// A PUT: an update, a deactivation or a reactivation.
    pub(crate) fn replace(
        &self,
        operation: Operation,
        organization: OrganizationId,
        id: &ConnectorId,
        body: Body,
    ) -> Request {
        self.by_id(operation, Semantics::Replace, Method::PUT, organization, id, Some(body))
    }

    pub(crate) fn delete(&self, organization: OrganizationId, id: &ConnectorId) -> Request {
        let operation = Operation::DeleteConnector;
        self.by_id(operation, Semantics::Delete, Method::DELETE, organization, id, None)
    }

    pub(crate) fn list(&self, organization: OrganizationId) -> Request {
        let path = format!("/organization/{organization}/v2/{}", self.connector);
        let filter = encoded(CUSTOM_ONLY);
        let query = format!("page=0&pageSize={PAGE_SIZE}&filter={filter}");
        Request {
            operation: Operation::ListConnectors,
            semantics: Semantics::Read,
            method: Method::GET,
            url: below(&self.base, &path, Some(&query)),
            template: "/organization/{organization}/v2/connector",
            body: None,
            is_limited: true,
        }
    }

    pub(crate) fn references(&self, organization: OrganizationId, id: &ConnectorId) -> Request {
        let rest = format!("/{}/incoming-references", encoded(id.as_str()));
        let mut url = self.connectors(organization, &rest);
        url.set_query(Some(&format!("page=0&pageSize={PAGE_SIZE}")));
        Request {
            operation: Operation::ListReferences,
            semantics: Semantics::Read,
            method: Method::GET,
            url,
            template: "/organization/{organization}/connector/{id}/incoming-references",
            body: None,
            is_limited: true,
        }
    }

    pub(crate) fn flow_connectors(
        &self,
        organization: OrganizationId,
        search: FlowSearch<'_>,
    ) -> Request {
        let path = format!(
            "/{organization}/project/{FLOW_PROJECT}/v2/activities/http-request/inputs/connectorId/choices"
        );
        let query = match search {
            FlowSearch::Name(text) => format!("search={}&validate=false", encoded(text)),
            FlowSearch::Id(id) => format!("search={}&validate=true", encoded(id.as_str())),
        };
        Request {
            operation: Operation::ListFlowConnectors,
            semantics: Semantics::Read,
            method: Method::GET,
            url: below(&self.base, &path, Some(&query)),
            template: "/{organization}/project/{project}/v2/activities/http-request/inputs/connectorId/choices",
            body: None,
            is_limited: true,
        }
    }

    pub(crate) fn refresh_token(&self, body: Body) -> Request {
        Request {
            operation: Operation::RefreshAccessToken,
            semantics: Semantics::Grant,
            method: Method::POST,
            url: self.token.clone(),
            template: "(token endpoint)",
            body: Some(body),
            is_limited: false,
        }
    }

    pub(crate) fn service_app_token(&self, application_id: &str, body: Body) -> Request {
        Request {
            operation: Operation::MakeServiceAppToken,
            semantics: Semantics::Grant,
            method: Method::POST,
            url: below(&self.applications, &format!("/{}/token", encoded(application_id)), None),
            template: "/applications/{application}/token",
            body: Some(body),
            is_limited: false,
        }
    }

    fn by_id(
        &self,
        operation: Operation,
        semantics: Semantics,
        method: Method,
        organization: OrganizationId,
        id: &ConnectorId,
        body: Option<Body>,
    ) -> Request {
        Request {
            operation,
            semantics,
            method,
            url: self.connectors(organization, &format!("/{}", encoded(id.as_str()))),
            template: "/organization/{organization}/connector/{id}",
            body,
            is_limited: true,
        }
    }

    fn connectors(&self, organization: OrganizationId, rest: &str) -> Url {
        let path = format!("/organization/{organization}/{}{rest}", self.connector);
        below(&self.base, &path, None)
    }
}

impl Request {
    /// The request as it goes out.
    ///
    /// # Errors
    /// When the parts make no valid request, which takes an id or a search text
    /// of absurd length.
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
            // A compressed answer could be a bomb; these answers are small.
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

/// The one place at which a token becomes a header.
fn bearer(token: &Secret) -> http::Result<HeaderValue> {
    let text = Zeroizing::new(format!("Bearer {}", token.expose()));
    let mut value = HeaderValue::from_str(&text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// A URL below another one, whose path is kept as a prefix.
fn below(base: &Url, path: &str, query: Option<&str>) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url.set_query(query);
    url
}

/// Percent-encodes everything but the unreserved characters (RFC 3986 §2.3).
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
