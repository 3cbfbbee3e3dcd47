//! Builds the requests of the client, without I/O.
//!
//! The calls about connectors come from the [API profile](super::profile::Profile). The others are
//! documented by Cisco.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Method};
use safe_text::Secret;
use url::Url;
use zeroize::Zeroizing;

use super::body::RequestBody;
use super::calls::{CallName, ProfileGap};
use super::connector::{Connector, ConnectorContent, Version};
use super::error::{Error, ErrorKind, Operation};
use super::fields::Secrets;
use super::identifiers::{ConnectorId, OrganizationId};
use super::kinds::ConnectorKind;
use super::percent::encoded;
use super::profile::{NextPage, Profile, Values};
use super::retry::Idempotency;
use super::settings::Settings;

/// Webex's header for the id of a request in its logs. A request without it gets one from the
/// server; errors show the client's.
pub(crate) const TRACKING_ID: HeaderName = HeaderName::from_static("trackingid");

/// The project of Flow Designer's activities, the same in every organization (documented).
pub(crate) const FLOW_PROJECT: &str = "5e5c9ad6d61f870d6d778c1b";

/// The path of [`Endpoints::flow_connectors`], for logs.
const CHOICES_TEMPLATE: &str =
    "/{organization}/project/{project}/v2/activities/http-request/inputs/connectorId/choices";

/// A request that can be sent several times.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) operation: Operation,
    /// The call of the API profile, if it is one.
    pub(crate) call: Option<CallName>,
    pub(crate) idempotency: Idempotency,
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The path without ids, for logs.
    pub(crate) template: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
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
    pub(crate) base_url: Url,
    /// The base URL of the calls about connectors.
    connectors_url: Url,
    token_url: Url,
    applications_url: Url,
    pub(crate) profile: Profile,
}

impl Endpoints {
    pub(crate) fn new(settings: &Settings) -> Self {
        let profile = settings.profile.clone();
        Self {
            base_url: settings.base_url.clone(),
            connectors_url: profile.base_url().unwrap_or(&settings.base_url).clone(),
            token_url: settings.token_url.clone(),
            applications_url: settings.applications_url.clone(),
            profile,
        }
    }

    /// Builds a create.
    pub(crate) fn create(
        &self,
        organization: OrganizationId,
        content: &ConnectorContent,
    ) -> Result<Request, Error> {
        let values = Values {
            active: Some(content.active),
            fields: Some(&content.fields),
            secrets: &content.secrets,
            ..Values::new(organization)
        };
        let kind = content.fields.kind();
        self.connector_call(
            Operation::CreateConnector,
            CallName::Create,
            kind,
            values,
            &content.secrets,
        )
    }

    pub(crate) fn read(
        &self,
        organization: OrganizationId,
        id: &ConnectorId,
    ) -> Result<Request, Error> {
        self.about(Operation::ReadConnector, CallName::Read, organization, id)
    }

    /// Builds an update to new content.
    pub(crate) fn update(
        &self,
        organization: OrganizationId,
        current: &Connector,
        content: &ConnectorContent,
        active: bool,
    ) -> Result<Request, Error> {
        let values = Values {
            version: current.version.as_ref(),
            active: Some(active),
            fields: Some(&content.fields),
            secrets: &content.secrets,
            read: Some(current),
            ..Values::of(organization, &current.id)
        };
        let kind = content.fields.kind();
        self.connector_call(
            Operation::UpdateConnector,
            CallName::Update,
            kind,
            values,
            &content.secrets,
        )
    }

    /// Builds the activation or deactivation of a connector, which changes nothing else.
    ///
    /// `watched` are the secrets of the whole operation. The body may leave them out after the
    /// server refused them, and its response may still repeat them.
    pub(crate) fn set_active(
        &self,
        organization: OrganizationId,
        current: &Connector,
        active: bool,
        secrets: &Secrets,
        watched: &Secrets,
    ) -> Result<Request, Error> {
        let (operation, own) = if active {
            (Operation::ReactivateConnector, CallName::Activate)
        } else {
            (Operation::DeactivateConnector, CallName::Deactivate)
        };
        let call = if self.profile.has_call(own) {
            own
        } else if self.profile.writes_active(CallName::Update) {
            CallName::Update
        } else {
            return Err(Error::new(operation, ErrorKind::NotInProfile(ProfileGap::Activation)));
        };
        let values = Values {
            version: current.version.as_ref(),
            active: Some(active),
            secrets,
            read: Some(current),
            ..Values::of(organization, &current.id)
        };
        self.connector_call(operation, call, current.fields.kind(), values, watched)
    }

    pub(crate) fn delete(
        &self,
        organization: OrganizationId,
        id: &ConnectorId,
        version: Option<&Version>,
    ) -> Result<Request, Error> {
        let values = Values { version, ..Values::of(organization, id) };
        let none = Secrets::default();
        self.connector_call(Operation::DeleteConnector, CallName::Delete, None, values, &none)
    }

    /// Builds the request for a page of the list.
    pub(crate) fn list(
        &self,
        organization: OrganizationId,
        page: &NextPage,
        number: u64,
    ) -> Result<Request, Error> {
        let values = Values::new(organization);
        self.page(Operation::ListConnectors, CallName::List, values, page, number)
    }

    /// Builds the request for a page of the references to a connector.
    pub(crate) fn references(
        &self,
        organization: OrganizationId,
        id: &ConnectorId,
        page: &NextPage,
        number: u64,
    ) -> Result<Request, Error> {
        let values = Values::of(organization, id);
        self.page(Operation::ListReferences, CallName::References, values, page, number)
    }

    /// Builds the request for a page: the first one, or the one after `number` pages.
    fn page(
        &self,
        operation: Operation,
        call: CallName,
        values: Values<'_>,
        page: &NextPage,
        number: u64,
    ) -> Result<Request, Error> {
        let first = self.profile.first_page(call);
        let cursor = match page {
            NextPage::Cursor(cursor) => Some(cursor),
            NextPage::None | NextPage::Link(_) | NextPage::Number { .. } => None,
        };
        let values = Values { cursor, page: first.map(|first| first + number), ..values };
        self.connector_call(operation, call, None, values, &Secrets::default())
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
        let operation = Operation::ListFlowConnectors;
        Request::new(operation, Method::GET, url, CHOICES_TEMPLATE.to_owned(), None)
    }

    pub(crate) fn refresh_token(&self, body: RequestBody) -> Request {
        let template = "(token endpoint)".to_owned();
        let operation = Operation::RefreshAccessToken;
        Request::new(operation, Method::POST, self.token_url.clone(), template, Some(body))
    }

    pub(crate) fn service_app_token(&self, application_id: &str, body: RequestBody) -> Request {
        let url = below(&self.applications_url, &format!("/{}/token", encoded(application_id)));
        let template = "/applications/{application}/token".to_owned();
        Request::new(Operation::MakeServiceAppToken, Method::POST, url, template, Some(body))
    }

    fn about(
        &self,
        operation: Operation,
        call: CallName,
        organization: OrganizationId,
        id: &ConnectorId,
    ) -> Result<Request, Error> {
        let values = Values::of(organization, id);
        self.connector_call(operation, call, None, values, &Secrets::default())
    }

    fn connector_call(
        &self,
        operation: Operation,
        name: CallName,
        kind: Option<ConnectorKind>,
        values: Values<'_>,
        watched: &Secrets,
    ) -> Result<Request, Error> {
        let gap = |gap| Error::new(operation, ErrorKind::NotInProfile(gap));
        let call = self.profile.call(name).map_err(gap)?;
        let body = self.profile.body(call, kind, values, watched).map_err(gap)?;
        let body = body.transpose().map_err(|_| Error::new(operation, ErrorKind::Unsendable))?;
        let url = self.profile.url(call, &self.connectors_url, values);
        let template = self.profile.path_template(call);
        let request = Request::new(operation, call.method.clone(), url, template, body);
        let headers = self.profile.headers_of(call, values);
        Ok(Request { call: Some(name), headers, ..request })
    }
}

impl Request {
    /// Creates a request. The operation determines whether it may be repeated, and whether the rate
    /// limit applies.
    pub(crate) fn new(
        operation: Operation,
        method: Method,
        url: Url,
        template: String,
        body: Option<RequestBody>,
    ) -> Self {
        use Idempotency::{Create, Delete, IssueToken, Read, Replace};
        let idempotency = match operation {
            Operation::CreateConnector | Operation::ImportFlow | Operation::PublishFlow => Create,
            Operation::ReadConnector
            | Operation::ListConnectors
            | Operation::ListReferences
            | Operation::ListFlowConnectors
            | Operation::ValidateFlow
            | Operation::ValidateDraft => Read,
            Operation::UpdateConnector
            | Operation::DeactivateConnector
            | Operation::ReactivateConnector => Replace,
            Operation::DeleteConnector => Delete,
            Operation::RefreshAccessToken | Operation::MakeServiceAppToken => IssueToken,
        };
        // A reactivation is repeated all the same: it brings the connector back into service.
        let is_reactivation = operation == Operation::ReactivateConnector;
        let has_secrets = body.as_ref().is_some_and(|body| !body.secrets().is_empty());
        let carries_credentials = idempotency == Replace && has_secrets && !is_reactivation;
        let idempotency =
            if carries_credentials { Idempotency::ReplaceCredentials } else { idempotency };
        let is_limited = idempotency != IssueToken;
        let (call, headers) = (None, Vec::new());
        Self { operation, call, idempotency, method, url, template, headers, body, is_limited }
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
            // A small compressed response could expand to a huge one.
            .header(ACCEPT_ENCODING, "identity")
            .header(USER_AGENT, user_agent)
            .header(TRACKING_ID, tracking_id);
        if let Some(token) = token {
            builder = builder.header(AUTHORIZATION, bearer(token)?);
        }
        let is_set = |name: &HeaderName| self.headers.iter().any(|(header, _)| header == name);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        if !is_set(&ACCEPT) {
            builder = builder.header(ACCEPT, "application/json");
        }
        match &self.body {
            Some(body) if is_set(&CONTENT_TYPE) => builder.body(body.bytes()),
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
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ID, ORGANIZATION, content, organization, settings, static_token};

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

    /// Returns a connector as it was read.
    fn current() -> Connector {
        crate::testing::read(&serde_json::json!({"id": ID, "name": "crm", "active": true}))
    }

    #[test]
    fn every_request_is_exact() {
        let endpoints = endpoints("https://api.example");
        let bodiless = format!("{HEADERS}trackingid: T_1\nuser-agent: agent/1\n\n");
        let json_headers = format!(
            "{HEADERS}content-type: application/json\ntrackingid: T_1\nuser-agent: agent/1\n\n"
        );
        let with_body = format!("{json_headers}{{\"a\":1}}");
        let base = format!("https://api.example/organization/{ORGANIZATION}");
        let (organization, content, current) = (organization(), content(), current());
        let created = format!(
            "{json_headers}{}",
            r#"{"active":true,"authenticationType":"OAUTH2","clientId":"abc","clientSecret":"s3cret-canary","connectorType":"CUSTOM","grantType":"CLIENT_CREDENTIALS_SECRET","name":"crm","resourceDomain":"https://crm.example/api","tokenUrl":"https://crm.example/token"}"#
        );
        let updated = format!(
            "{json_headers}{}",
            r#"{"active":false,"authenticationType":"OAUTH2","certificate":null,"clientId":"abc","clientSecret":"s3cret-canary","connectorType":"CUSTOM","grantType":"CLIENT_CREDENTIALS_SECRET","id":"ID","name":"crm","resourceDomain":"https://crm.example/api","scope":null,"tokenUrl":"https://crm.example/token","username":null,"validationUrl":null}"#
                .replace("\"ID\"", &format!("\"{ID}\""))
        );
        for (request, line, rest) in [
            (
                endpoints.create(organization, &content).unwrap(),
                format!("POST {base}/connector"),
                &created,
            ),
            (
                endpoints.read(organization, &id()).unwrap(),
                format!("GET {base}/connector/{ID}"),
                &bodiless,
            ),
            (
                endpoints.list(organization, &NextPage::None, 0).unwrap(),
                format!(
                    "GET {base}/v2/connector?filter=connectorType%3D%3D%22CUSTOM%22&page=0&pageSize=100"
                ),
                &bodiless,
            ),
            (
                endpoints.update(organization, &current, &content, false).unwrap(),
                format!("PUT {base}/connector/{ID}"),
                &updated,
            ),
            (
                endpoints.delete(organization, &id(), None).unwrap(),
                format!("DELETE {base}/connector/{ID}"),
                &bodiless,
            ),
            (
                endpoints.references(organization, &id(), &NextPage::None, 0).unwrap(),
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
    fn headers_of_a_profile_are_sent() {
        let rest = include_str!("../../tests/support/profiles/rest.json");
        let mut settings = settings(static_token());
        settings.profile = Profile::parse(rest).unwrap();
        let request = Endpoints::new(&settings).read(organization(), &id()).unwrap();
        let expected = format!("x-requested-by: control-hub\nx-tenant: {ORGANIZATION}\n");
        assert!(shown(&request).contains(&expected), "{}", shown(&request));
        assert_eq!(request.template, "/integrations/v3/tenants/{organization}/links/{id}");
    }

    #[test]
    fn missing_call_is_an_error() {
        let mut json: serde_json::Value = serde_json::from_str(Profile::built_in().text()).unwrap();
        json["calls"].as_object_mut().unwrap().remove("delete");
        let mut settings = settings(static_token());
        settings.profile = Profile::parse(&json.to_string()).unwrap();
        let error = Endpoints::new(&settings).delete(organization(), &id(), None).unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotInProfile(ProfileGap::Call(CallName::Delete)));
    }

    #[test]
    fn path_of_the_base_url_is_kept_as_a_prefix() {
        for base in ["https://gateway.example/webex", "https://gateway.example/webex/"] {
            let request = endpoints(base).read(organization(), &id()).unwrap();
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
                endpoints.read(organization(), &id).unwrap().url.as_str(),
                format!("{base}/{segment}")
            );
            let references =
                endpoints.references(organization(), &id, &NextPage::None, 0).unwrap().url;
            assert_eq!(references.path(), format!("{}/{segment}/incoming-references", &base[19..]));
        }
    }

    #[test]
    fn authorization_header_is_marked_as_sensitive() {
        let request =
            endpoints("https://api.example").list(organization(), &NextPage::None, 0).unwrap();
        let agent = HeaderValue::from_static("agent/1");
        let token = Secret::from("a-token");
        let http = request.to_http(Some(&token), "T_1", &agent).unwrap();
        assert!(http.headers()[AUTHORIZATION].is_sensitive());
        assert!(!format!("{http:?} {request:?}").contains("a-token"));
        let without = request.to_http(None, "T_1", &agent).unwrap();
        assert!(!without.headers().contains_key(AUTHORIZATION));
    }
}
