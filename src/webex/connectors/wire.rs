//! The JSON of connectors: every name and every literal of the API is here and
//! nowhere else.
//!
//! The names of §2.3 are assumed (webex reference); those of §2.1 and §2.2 are
//! documented. The contract is written down in
//! `docs/api/custom-connectors.openapi.yaml`.

use serde::{Serialize, Serializer};

use super::super::body::Body;
use super::super::error::BodyProblem;
use super::super::identifiers::{ConnectorId, OrganizationId};
use super::super::json::{self, Object};
use super::content::{
    AuthenticationType, Connector, ConnectorContent, FlowConnector, GrantType, Reference, Secrets,
};
use crate::secret::Secret;

/// What tells custom connectors from the others of an organization.
const CUSTOM: &str = "CUSTOM";

const BASIC: &str = "BASIC";
const OAUTH2: &str = "OAUTH2";

const CLIENT_CREDENTIALS_SECRET: &str = "CLIENT_CREDENTIALS_SECRET";
const CLIENT_CREDENTIALS_CERTIFICATE: &str = "CLIENT_CREDENTIALS_CERTIFICATE";
const PASSWORD: &str = "PASSWORD";

/// A connector in a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    name: &'a str,
    connector_type: &'a str,
    active: bool,
    #[serde(skip_serializing_if = "Field::is_left_out")]
    authentication_type: Field<'a>,
    #[serde(skip_serializing_if = "Field::is_left_out")]
    grant_type: Field<'a>,
    #[serde(skip_serializing_if = "Field::is_left_out")]
    resource_domain: Field<'a>,
    #[serde(skip_serializing_if = "Field::is_left_out")]
    client_id: Field<'a>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    client_secret: Option<&'a Secret>,
    #[serde(skip_serializing_if = "Field::is_left_out")]
    token_url: Field<'a>,
    #[serde(skip_serializing_if = "Field::is_left_out")]
    scope: Field<'a>,
    #[serde(skip_serializing_if = "Field::is_left_out")]
    certificate: Field<'a>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    private_key: Option<&'a Secret>,
    #[serde(skip_serializing_if = "Field::is_left_out")]
    username: Field<'a>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    password: Option<&'a Secret>,
    #[serde(skip_serializing_if = "Field::is_left_out")]
    validation_url: Field<'a>,
}

/// A field that is no secret: in a create it is left out when absent, in a
/// replacement it is null, because a replacement says what the whole object is.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Field<'a> {
    Text(&'a str),
    Null,
    LeftOut,
}

impl<'a> Field<'a> {
    fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }

    fn when_absent(self, text: Option<&'a str>) -> Self {
        text.map_or(self, Self::Text)
    }
}

/// The one place at which the secrets of connectors leave.
fn exposed<S: Serializer>(secret: &Option<&Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_str(secret.expose()),
        None => serializer.serialize_none(),
    }
}

/// The body of a create.
pub(crate) fn create(content: &ConnectorContent) -> serde_json::Result<Body> {
    let secrets = content.secrets();
    Body::json(&written(content, None, None, content.active, Field::LeftOut), secrets.to_vec())
}

/// The body of a replacement by new content.
pub(crate) fn replace(
    id: &ConnectorId,
    version: Option<i64>,
    content: &ConnectorContent,
    active: bool,
) -> serde_json::Result<Body> {
    let secrets = content.secrets();
    let written = written(content, Some(id.as_str()), version, active, Field::Null);
    Body::json(&written, secrets.to_vec())
}

/// The body of a replacement by what is there already, apart from whether it is
/// active.
pub(crate) fn switch(
    connector: &Connector,
    active: bool,
    secrets: Secrets<'_>,
) -> serde_json::Result<Body> {
    let null = Field::Null;
    let written = Written {
        id: Some(connector.id.as_str()),
        version: connector.version,
        name: &connector.name,
        connector_type: CUSTOM,
        active,
        authentication_type: null
            .when_absent(connector.authentication_type.as_ref().map(authentication_literal)),
        grant_type: null.when_absent(connector.grant_type.as_ref().map(grant_literal)),
        resource_domain: null.when_absent(connector.resource_domain.as_deref()),
        client_id: null.when_absent(connector.client_id.as_deref()),
        client_secret: secrets.client_secret,
        token_url: null.when_absent(connector.token_url.as_deref()),
        scope: null.when_absent(connector.scope.as_deref()),
        certificate: null.when_absent(connector.certificate.as_deref()),
        private_key: secrets.private_key,
        username: null.when_absent(connector.username.as_deref()),
        password: secrets.password,
        validation_url: null.when_absent(connector.validation_url.as_deref()),
    };
    Body::json(&written, secrets.to_vec())
}

fn written<'a>(
    content: &'a ConnectorContent,
    id: Option<&'a str>,
    version: Option<i64>,
    active: bool,
    absent: Field<'a>,
) -> Written<'a> {
    let secrets = content.secrets();
    Written {
        id,
        version,
        name: &content.name,
        connector_type: CUSTOM,
        active,
        authentication_type: Field::Text(authentication_literal(&content.authentication_type)),
        grant_type: absent.when_absent(content.grant_type.as_ref().map(grant_literal)),
        resource_domain: absent.when_absent(content.resource_domain.as_deref()),
        client_id: absent.when_absent(content.client_id.as_deref()),
        client_secret: secrets.client_secret,
        token_url: absent.when_absent(content.token_url.as_deref()),
        scope: absent.when_absent(content.scope.as_deref()),
        certificate: absent.when_absent(content.certificate.as_deref()),
        private_key: secrets.private_key,
        username: absent.when_absent(content.username.as_deref()),
        password: secrets.password,
        validation_url: absent.when_absent(content.validation_url.as_deref()),
    }
}

/// Reads a connector. Its secrets, should the server send them, are not
/// decoded.
pub(crate) fn connector(body: &[u8]) -> Result<Connector, BodyProblem> {
    from_object(&Object::parse(body)?)
}

/// Reads at least the id of a connector: an answer to a create may say no more.
pub(crate) fn connector_id(body: &[u8]) -> Option<ConnectorId> {
    let object = Object::parse(body).ok()?;
    ConnectorId::parse(&object.text("id")?).ok()
}

fn from_object(object: &Object<'_>) -> Result<Connector, BodyProblem> {
    let id = object.text("id").and_then(|id| ConnectorId::parse(&id).ok());
    let organization = object.text("organizationId");
    Ok(Connector {
        id: id.ok_or(BodyProblem::Missing("id"))?,
        organization_id: organization.and_then(|id| OrganizationId::parse(&id).ok()),
        version: object.integer("version"),
        name: object.text("name").ok_or(BodyProblem::Missing("name"))?,
        active: object.boolean("active").ok_or(BodyProblem::Missing("active"))?,
        authentication_type: object.text("authenticationType").map(authentication_type),
        grant_type: object.text("grantType").map(grant_type),
        resource_domain: object.text("resourceDomain"),
        client_id: object.text("clientId"),
        token_url: object.text("tokenUrl"),
        scope: object.text("scope"),
        certificate: object.text("certificate"),
        username: object.text("username"),
        validation_url: object.text("validationUrl"),
        created_time: object.integer("createdTime"),
        last_updated_time: object.integer("lastUpdatedTime"),
    })
}

/// One page of a list.
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// The link to the next page; absent on the last (documented).
    pub(crate) next: Option<String>,
}

/// Reads a page of connectors.
///
/// A row that cannot be read is left out instead of making the whole list
/// unreadable: what is missing from a list is read by its id before anything is
/// concluded, and that read says what is wrong with it.
pub(crate) fn connectors(body: &[u8]) -> Result<Page<Connector>, BodyProblem> {
    page(body, |row| {
        let is_custom =
            row.text("connectorType").is_none_or(|kind| kind.eq_ignore_ascii_case(CUSTOM));
        is_custom.then(|| from_object(row).ok()).flatten()
    })
}

/// Reads a page of what refers to a connector.
pub(crate) fn references(body: &[u8]) -> Result<Page<Reference>, BodyProblem> {
    page(body, |row| {
        Some(Reference { id: row.text("id"), name: row.text("name"), kind: row.text("type") })
    })
}

/// Reads the connectors that Flow Designer offers.
pub(crate) fn flow_connectors(body: &[u8]) -> Result<Vec<FlowConnector>, BodyProblem> {
    let object = Object::parse(body)?;
    let choices = object.array("choices").ok_or(BodyProblem::Missing("choices"))?;
    let choice = |raw| {
        let object = Object::from_raw(raw).ok()?;
        let id = ConnectorId::parse(&object.text("value")?).ok()?;
        Some(FlowConnector { id, name: object.text("name")? })
    };
    Ok(choices.into_iter().filter_map(choice).collect())
}

/// `{"meta":{…},"data":[…]}`, or a bare array from older servers (both
/// documented).
fn page<T>(body: &[u8], read: impl Fn(&Object<'_>) -> Option<T>) -> Result<Page<T>, BodyProblem> {
    let row = |raw| read(&Object::from_raw(raw).ok()?);
    if json::is_array(body) {
        let rows = json::array(body)?.into_iter().filter_map(row).collect();
        return Ok(Page { rows, next: None });
    }
    let object = Object::parse(body)?;
    let data = object.array("data").ok_or(BodyProblem::Missing("data"))?;
    let links = object.object("meta").and_then(|meta| meta.object("links"));
    let next = links.and_then(|links| links.text("next"));
    Ok(Page { rows: data.into_iter().filter_map(row).collect(), next })
}

fn authentication_literal(value: &AuthenticationType) -> &str {
    match value {
        AuthenticationType::Basic => BASIC,
        AuthenticationType::Oauth2 => OAUTH2,
        AuthenticationType::Other(text) => text,
    }
}

fn authentication_type(text: String) -> AuthenticationType {
    match text.to_ascii_uppercase().as_str() {
        BASIC => AuthenticationType::Basic,
        OAUTH2 => AuthenticationType::Oauth2,
        _ => AuthenticationType::Other(text),
    }
}

fn grant_literal(value: &GrantType) -> &str {
    match value {
        GrantType::ClientCredentials => CLIENT_CREDENTIALS_SECRET,
        GrantType::ClientCredentialsCertificate => CLIENT_CREDENTIALS_CERTIFICATE,
        GrantType::Password => PASSWORD,
        GrantType::Other(text) => text,
    }
}

fn grant_type(text: String) -> GrantType {
    match text.to_ascii_uppercase().as_str() {
        CLIENT_CREDENTIALS_SECRET => GrantType::ClientCredentials,
        CLIENT_CREDENTIALS_CERTIFICATE => GrantType::ClientCredentialsCertificate,
        PASSWORD => GrantType::Password,
        _ => GrantType::Other(text),
    }
}
