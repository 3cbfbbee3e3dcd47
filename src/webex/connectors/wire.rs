//! The JSON of connectors: every name and every literal of the API is here and
//! nowhere else, but for the names in [`contract`](super::contract).
//!
//! The names of a connector's fields are assumed; those of pages, errors and
//! choices are documented. `docs/api/custom-connectors.openapi.yaml` marks each.

use serde::{Serialize, Serializer};

use super::super::body::Body;
use super::super::error::{BodyProblem, Reference};
use super::super::identifiers::{ConnectorId, OrganizationId};
use super::super::json::{self, Object};
use super::content::{
    AuthenticationType, Connector, ConnectorContent, FlowConnector, GrantType, Secrets,
};
use safe_text::Secret;

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
///
/// `watched` are the secrets of the whole operation. A body may leave them out
/// because the server refused one that had them, and what it answers now may
/// still be about those.
pub(crate) fn set_active(
    connector: &Connector,
    active: bool,
    secrets: Secrets<'_>,
    watched: Secrets<'_>,
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
    Body::json(&written, watched.to_vec())
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
    if object.text("connectorType").is_some_and(|kind| !kind.eq_ignore_ascii_case(CUSTOM)) {
        return Err(BodyProblem::OtherType);
    }
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

/// Reads a page of connectors: the custom ones among them.
///
/// A row that cannot be read is left out instead of making the whole list
/// unreadable: what is missing from a list is read by its id before anything is
/// concluded, and that read says what is wrong with it.
pub(crate) fn connectors(body: &[u8]) -> Result<Page<Connector>, BodyProblem> {
    page(body, |row| from_object(row).ok())
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{ID, ORGANIZATION, content, id, object, organization, with};

    fn basic() -> ConnectorContent {
        ConnectorContent {
            authentication_type: AuthenticationType::Basic,
            grant_type: None,
            client_id: None,
            client_secret: None,
            token_url: None,
            username: Some("svc".to_owned()),
            password: Some(Secret::from("p\"w\n")),
            validation_url: Some("https://crm.example/check".to_owned()),
            ..content()
        }
    }

    fn password() -> ConnectorContent {
        ConnectorContent {
            grant_type: Some(GrantType::Password),
            scope: Some("a b".to_owned()),
            username: Some("svc".to_owned()),
            password: Some(Secret::from("pw")),
            ..content()
        }
    }

    fn certificate() -> ConnectorContent {
        ConnectorContent {
            grant_type: Some(GrantType::ClientCredentialsCertificate),
            client_secret: None,
            certificate: Some("PEM".to_owned()),
            private_key: Some(Secret::from("KEY")),
            ..content()
        }
    }

    fn text(body: serde_json::Result<Body>) -> String {
        String::from_utf8(body.unwrap().bytes().to_vec()).unwrap()
    }

    fn without_secrets(content: ConnectorContent) -> ConnectorContent {
        ConnectorContent { client_secret: None, private_key: None, password: None, ..content }
    }

    /// Golden bodies of creates: absent fields have no key.
    #[test]
    fn creates_byte_by_byte() {
        for (content, expected) in [
            (
                basic(),
                r#"{"name":"crm","connectorType":"CUSTOM","active":true,"authenticationType":"BASIC","resourceDomain":"https://crm.example/api","username":"svc","password":"p\"w\n","validationUrl":"https://crm.example/check"}"#,
            ),
            (
                content(),
                r#"{"name":"crm","connectorType":"CUSTOM","active":true,"authenticationType":"OAUTH2","grantType":"CLIENT_CREDENTIALS_SECRET","resourceDomain":"https://crm.example/api","clientId":"abc","clientSecret":"s3cret-canary","tokenUrl":"https://crm.example/token"}"#,
            ),
            (
                password(),
                r#"{"name":"crm","connectorType":"CUSTOM","active":true,"authenticationType":"OAUTH2","grantType":"PASSWORD","resourceDomain":"https://crm.example/api","clientId":"abc","clientSecret":"s3cret-canary","tokenUrl":"https://crm.example/token","scope":"a b","username":"svc","password":"pw"}"#,
            ),
            (
                certificate(),
                r#"{"name":"crm","connectorType":"CUSTOM","active":true,"authenticationType":"OAUTH2","grantType":"CLIENT_CREDENTIALS_CERTIFICATE","resourceDomain":"https://crm.example/api","clientId":"abc","tokenUrl":"https://crm.example/token","certificate":"PEM","privateKey":"KEY"}"#,
            ),
        ] {
            assert_eq!(text(create(&content)), expected);
        }
    }

    /// Golden bodies of replacements: absent fields are null, but an absent
    /// secret has no key.
    #[test]
    fn replacements_byte_by_byte() {
        let head = format!(r#"{{"id":"{ID}","version":3,"name":"crm","connectorType":"CUSTOM""#);
        for (content, active, expected) in [
            (
                basic(),
                true,
                r#","active":true,"authenticationType":"BASIC","grantType":null,"resourceDomain":"https://crm.example/api","clientId":null,"tokenUrl":null,"scope":null,"certificate":null,"username":"svc","password":"p\"w\n","validationUrl":"https://crm.example/check"}"#,
            ),
            (
                without_secrets(basic()),
                false,
                r#","active":false,"authenticationType":"BASIC","grantType":null,"resourceDomain":"https://crm.example/api","clientId":null,"tokenUrl":null,"scope":null,"certificate":null,"username":"svc","validationUrl":"https://crm.example/check"}"#,
            ),
            (
                content(),
                true,
                r#","active":true,"authenticationType":"OAUTH2","grantType":"CLIENT_CREDENTIALS_SECRET","resourceDomain":"https://crm.example/api","clientId":"abc","clientSecret":"s3cret-canary","tokenUrl":"https://crm.example/token","scope":null,"certificate":null,"username":null,"validationUrl":null}"#,
            ),
            (
                certificate(),
                true,
                r#","active":true,"authenticationType":"OAUTH2","grantType":"CLIENT_CREDENTIALS_CERTIFICATE","resourceDomain":"https://crm.example/api","clientId":"abc","tokenUrl":"https://crm.example/token","scope":null,"certificate":"PEM","privateKey":"KEY","username":null,"validationUrl":null}"#,
            ),
        ] {
            assert_eq!(
                text(replace(&id(), Some(3), &content, active)),
                format!("{head}{expected}")
            );
        }
    }

    #[test]
    fn an_empty_or_absent_secret_is_never_sent() {
        let empty = Some(Secret::from(""));
        let content = ConnectorContent {
            client_secret: empty.clone(),
            private_key: empty.clone(),
            password: empty,
            ..password()
        };
        for body in [create(&content), replace(&id(), None, &content, true)] {
            assert!(body.as_ref().unwrap().secrets().is_empty());
            let sent: Value = serde_json::from_str(&text(body)).unwrap();
            for key in ["clientSecret", "privateKey", "password", "version"] {
                assert!(sent.get(key).is_none(), "{key}");
            }
        }
    }

    #[test]
    fn a_switch_sends_back_what_was_read() {
        let read = with(object(4, 17), &json!({"grantType": "NEW_GRANT", "scope": "x"}));
        let connector = connector(read.to_string().as_bytes()).unwrap();
        let content = content();
        let secrets = content.secrets();
        let sent: Value =
            serde_json::from_str(&text(set_active(&connector, false, secrets, secrets))).unwrap();
        assert_eq!(
            sent,
            json!({
                "id": ID, "version": 4, "name": "crm", "connectorType": "CUSTOM", "active": false,
                "authenticationType": "OAUTH2", "grantType": "NEW_GRANT",
                "resourceDomain": "https://crm.example/api", "clientId": "abc",
                "clientSecret": "s3cret-canary", "tokenUrl": "https://crm.example/token",
                "scope": "x", "certificate": null, "username": null, "validationUrl": null,
            })
        );
        // The masked secret that was read is not sent back.
        let without = set_active(&connector, false, Secrets::default(), secrets).unwrap();
        assert_eq!(without.secrets(), secrets.to_vec(), "they are watched for all the same");
        assert!(!text(Ok(without)).contains("clientSecret"));
    }

    #[test]
    fn a_connector_is_read() {
        let read = connector(object(3, 17).to_string().as_bytes()).unwrap();
        let expected = Connector {
            id: id(),
            organization_id: Some(organization()),
            version: Some(3),
            name: "crm".to_owned(),
            active: true,
            authentication_type: Some(AuthenticationType::Oauth2),
            grant_type: Some(GrantType::ClientCredentials),
            resource_domain: Some("https://crm.example/api".to_owned()),
            client_id: Some("abc".to_owned()),
            token_url: Some("https://crm.example/token".to_owned()),
            scope: None,
            certificate: None,
            username: None,
            validation_url: None,
            created_time: Some(17),
            last_updated_time: Some(17),
        };
        assert_eq!(read, expected);
        assert!(content().is_like(&read));
    }

    #[test]
    fn the_unexpected_is_tolerated() {
        let body = format!(
            r#"{{"LASTUPDATEDTIME":5,"future":{{"deep":[1]}},"Active":false,"ID":"{ID}","Name":"n",
               "authenticationType":"SAML","grantType":"oauth9","organizationId":"{ORGANIZATION}"}}"#
        );
        let read = connector(body.as_bytes()).unwrap();
        assert_eq!(read.authentication_type, Some(AuthenticationType::Other("SAML".to_owned())));
        assert_eq!(read.grant_type, Some(GrantType::Other("oauth9".to_owned())));
        assert_eq!((read.last_updated_time, read.active, read.version), (Some(5), false, None));
        let body = format!(r#"{{"id":"{ID}","name":"n","active":true,"grantType":"password"}}"#);
        let read = connector(body.as_bytes()).unwrap();
        assert_eq!(read.grant_type, Some(GrantType::Password));
    }

    #[test]
    fn a_secret_that_comes_back_goes_nowhere() {
        for echoed in [json!("****"), json!("s3cret-canary"), json!(null), json!({"x": 1})] {
            let body = with(object(3, 17), &json!({"clientSecret": echoed, "password": echoed}));
            let read = connector(body.to_string().as_bytes()).unwrap();
            assert!(!format!("{read:?}").contains("canary"));
        }
    }

    #[test]
    fn what_every_connector_has_must_be_there() {
        for key in ["id", "name", "active"] {
            let mut body = object(3, 17);
            body[key] = Value::Null;
            let problem = connector(body.to_string().as_bytes()).unwrap_err();
            assert_eq!(problem, BodyProblem::Missing(key));
        }
    }

    #[test]
    fn a_connector_of_another_type_is_none_of_ours() {
        let of_type = |kind: Value| with(object(3, 17), &json!({ "connectorType": kind }));
        for (kind, expected) in [
            (json!("SALESFORCE"), Some(BodyProblem::OtherType)),
            (json!("custom"), None),
            (json!(null), None),
        ] {
            let read = connector(of_type(kind).to_string().as_bytes());
            assert_eq!(read.err(), expected);
        }
    }

    #[test]
    fn lists_are_read_in_both_shapes() {
        let other = with(object(1, 1), &json!({"connectorType": "SALESFORCE"}));
        let rows = json!([object(1, 1), other, {"id": "x"}, 5]);
        let bare = connectors(rows.to_string().as_bytes()).unwrap();
        let meta = json!({"meta": {"links": {"next": "/organization/x?page=1"}}, "data": rows});
        let wrapped = connectors(meta.to_string().as_bytes()).unwrap();
        assert_eq!((bare.rows.len(), bare.next), (1, None));
        assert_eq!(wrapped.rows, bare.rows);
        assert_eq!(wrapped.next.as_deref(), Some("/organization/x?page=1"));
        assert!(connectors(b"{}").is_err());
    }

    #[test]
    fn the_documented_choices_are_read() {
        let body = json!({"count": 2, "source": "list", "choices": [
            {"name": "SNOWConnector", "value": ID}, {"name": "broken"}], "isSearchEnabled": true});
        let read = flow_connectors(body.to_string().as_bytes()).unwrap();
        assert_eq!(read, [FlowConnector { id: id(), name: "SNOWConnector".to_owned() }]);
    }
}
