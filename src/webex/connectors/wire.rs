//! The JSON of connectors, of lists and of the connectors that Flow Designer offers.
//!
//! Names and literals of the form's fields are in the [table of fields](super::super::fields); all
//! others are here, and in [`contract`](super::contract). `docs/api/custom-connectors.openapi.yaml`
//! marks which of them are documented and which are assumed.

use safe_text::{Secret, Shown};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::super::body::RequestBody;
use super::super::connector::{Connector, ConnectorContent, FlowConnector};
use super::super::error::Reference;
use super::super::fields::{
    ConnectorFields, FIELDS, Field, FieldContent, Secrets, readable_fields,
};
use super::super::identifiers::{ConnectorId, OrganizationId};
use super::super::json::{self, Object};
use super::super::problems::BodyProblem;

/// The type of custom connectors among the connectors of an organization.
const CUSTOM: &str = "CUSTOM";

/// A connector in a request.
struct ConnectorJson<'a> {
    id: Option<&'a ConnectorId>,
    version: Option<i64>,
    active: bool,
    fields: &'a ConnectorFields,
    secrets: &'a Secrets,
}

impl Serialize for ConnectorJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        if let Some(id) = self.id {
            object.serialize_entry("id", id.as_str())?;
        }
        if let Some(version) = self.version {
            object.serialize_entry("version", &version)?;
        }
        object.serialize_entry("connectorType", CUSTOM)?;
        object.serialize_entry("active", &self.active)?;
        for row in FIELDS {
            match row.content {
                FieldContent::Text(field, _) | FieldContent::Literal(field, _) => {
                    let value = self.fields.get(field).map(|value| row.json_word(value));
                    // A replacement has all fields.
                    if value.is_some() || self.id.is_some() {
                        object.serialize_entry(row.json, &value)?;
                    }
                }
                FieldContent::Credential(credential) => {
                    if let Some(secret) = self.secrets.get(credential) {
                        object.serialize_entry(row.json, &Exposed(secret))?;
                    }
                }
            }
        }
        object.end()
    }
}

/// A secret that is serialized in the clear, in request bodies only.
struct Exposed<'a>(&'a Secret);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

/// Returns the body of a create.
pub(crate) fn create(content: &ConnectorContent) -> serde_json::Result<RequestBody> {
    let ConnectorContent { active, fields, secrets } = content;
    let written = ConnectorJson { id: None, version: None, active: *active, fields, secrets };
    RequestBody::json(&written, secrets.to_vec())
}

/// Returns the body of a replacement by new content.
pub(crate) fn replace(
    id: &ConnectorId,
    version: Option<i64>,
    content: &ConnectorContent,
    active: bool,
) -> serde_json::Result<RequestBody> {
    let ConnectorContent { active: _, fields, secrets } = content;
    RequestBody::json(
        &ConnectorJson { id: Some(id), version, active, fields, secrets },
        secrets.to_vec(),
    )
}

/// Returns the body of a replacement that only activates or deactivates a connector.
///
/// `watched` are the secrets of the whole operation. The body may leave them out after the server
/// refused them, and its response may still repeat them.
pub(crate) fn set_active(
    connector: &Connector,
    active: bool,
    secrets: &Secrets,
    watched: &Secrets,
) -> serde_json::Result<RequestBody> {
    let Connector { id, version, fields, .. } = connector;
    let written = ConnectorJson { id: Some(id), version: *version, active, fields, secrets };
    RequestBody::json(&written, watched.to_vec())
}

/// Reads a connector. Secrets in the body are not decoded.
pub(crate) fn connector(body: &[u8]) -> Result<Connector, BodyProblem> {
    from_object(&Object::parse(body)?)
}

/// Reads only the id of a connector, for an incomplete response to a create.
pub(crate) fn connector_id(body: &[u8]) -> Option<ConnectorId> {
    let object = Object::parse(body).ok()?;
    ConnectorId::parse(&object.text("id")?).ok()
}

/// Checks the body of a response of success to a delete: nothing, an empty object, or the deleted
/// connector. Any other may come from a gateway or a proxy.
pub(crate) fn confirm_delete(body: &[u8], id: &ConnectorId) -> Result<(), BodyProblem> {
    let object = match Object::parse(body) {
        Ok(object) => object,
        Err(BodyProblem::Empty) => return Ok(()),
        Err(problem) => return Err(problem),
    };
    match object.text("id") {
        Some(found) if found == id.as_str() => Ok(()),
        Some(_) => Err(BodyProblem::OtherConnector),
        None if object.members().next().is_none() => Ok(()),
        None => Err(BodyProblem::Missing("id")),
    }
}

fn from_object(object: &Object<'_>) -> Result<Connector, BodyProblem> {
    if object.text("connectorType").is_some_and(|kind| !kind.eq_ignore_ascii_case(CUSTOM)) {
        return Err(BodyProblem::OtherType);
    }
    let id = object.text("id").and_then(|id| ConnectorId::parse(&id).ok());
    let organization = object.text("organizationId");
    let fields = readable_fields()
        .filter_map(|(field, row)| Some((field, row.value_of(object.text(row.json)?))))
        .collect::<ConnectorFields>();
    if fields.get(Field::Name).is_none() {
        return Err(BodyProblem::Missing("name"));
    }
    Ok(Connector {
        id: id.ok_or(BodyProblem::Missing("id"))?,
        organization_id: organization.and_then(|id| OrganizationId::parse(&id).ok()),
        version: object.integer("version"),
        active: object.boolean("active").ok_or(BodyProblem::Missing("active"))?,
        fields,
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

/// Reads the custom connectors of a page.
///
/// An unreadable row is left out, and the rest of the list stays readable. A connector missing from
/// a list is read by its id, which returns the error.
pub(crate) fn connectors(body: &[u8]) -> Result<Page<Connector>, BodyProblem> {
    page(body, |row| from_object(row).ok())
}

/// Reads a page of the references to a connector.
pub(crate) fn references(body: &[u8]) -> Result<Page<Reference>, BodyProblem> {
    page(body, |row| {
        let shown = |key| row.text(key).map(|text| Shown::new(&text));
        Some(Reference { id: shown("id"), name: shown("name"), kind: shown("type") })
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

/// Reads a page: `{"meta":{…},"data":[…]}`, or a bare array from older servers (both documented).
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fields::{Credential, NO_SECRETS};
    use crate::kinds::{BASIC, CLIENT_CREDENTIALS_CERTIFICATE, PASSWORD};
    use crate::testing::{ID, ORGANIZATION, content, id, object, organization, with};

    fn basic() -> ConnectorContent {
        let fields = ConnectorFields::default()
            .with(Field::Name, "crm")
            .with(Field::AuthenticationType, BASIC)
            .with(Field::ResourceDomainUrl, "https://crm.example/api")
            .with(Field::Username, "svc")
            .with(Field::ValidationUrl, "https://crm.example/check");
        let secrets = Secrets::default().with(Credential::Password, "p\"w\n".into());
        ConnectorContent { active: true, fields, secrets }
    }

    fn password() -> ConnectorContent {
        let ConnectorContent { active, fields, secrets } = content();
        let fields = fields
            .with(Field::GrantType, PASSWORD)
            .with(Field::Scope, "a b")
            .with(Field::Username, "svc");
        let secrets = secrets.with(Credential::Password, "pw".into());
        ConnectorContent { active, fields, secrets }
    }

    fn certificate() -> ConnectorContent {
        let fields = content()
            .fields
            .with(Field::GrantType, CLIENT_CREDENTIALS_CERTIFICATE)
            .with(Field::Certificate, "PEM");
        let secrets = Secrets::default().with(Credential::PrivateKey, "KEY".into());
        ConnectorContent { active: true, fields, secrets }
    }

    fn text(body: serde_json::Result<RequestBody>) -> String {
        String::from_utf8(body.unwrap().bytes().to_vec()).unwrap()
    }

    fn without_secrets(content: ConnectorContent) -> ConnectorContent {
        ConnectorContent { secrets: Secrets::default(), ..content }
    }

    /// Golden bodies of creates: absent fields have no key.
    #[test]
    fn bodies_of_creates_are_exact() {
        for (content, expected) in [
            (
                basic(),
                r#"{"connectorType":"CUSTOM","active":true,"name":"crm","authenticationType":"BASIC","resourceDomain":"https://crm.example/api","username":"svc","password":"p\"w\n","validationUrl":"https://crm.example/check"}"#,
            ),
            (
                content(),
                r#"{"connectorType":"CUSTOM","active":true,"name":"crm","authenticationType":"OAUTH2","grantType":"CLIENT_CREDENTIALS_SECRET","resourceDomain":"https://crm.example/api","clientId":"abc","clientSecret":"s3cret-canary","tokenUrl":"https://crm.example/token"}"#,
            ),
            (
                password(),
                r#"{"connectorType":"CUSTOM","active":true,"name":"crm","authenticationType":"OAUTH2","grantType":"PASSWORD","resourceDomain":"https://crm.example/api","clientId":"abc","clientSecret":"s3cret-canary","tokenUrl":"https://crm.example/token","scope":"a b","username":"svc","password":"pw"}"#,
            ),
            (
                certificate(),
                r#"{"connectorType":"CUSTOM","active":true,"name":"crm","authenticationType":"OAUTH2","grantType":"CLIENT_CREDENTIALS_CERTIFICATE","resourceDomain":"https://crm.example/api","clientId":"abc","tokenUrl":"https://crm.example/token","certificate":"PEM","privateKey":"KEY"}"#,
            ),
        ] {
            assert_eq!(text(create(&content)), expected);
        }
    }

    /// Golden bodies of replacements: absent fields are null, but an absent secret has no key.
    #[test]
    fn bodies_of_replacements_are_exact() {
        let head = format!(r#"{{"id":"{ID}","version":3,"connectorType":"CUSTOM""#);
        for (content, active, expected) in [
            (
                basic(),
                true,
                r#","active":true,"name":"crm","authenticationType":"BASIC","grantType":null,"resourceDomain":"https://crm.example/api","clientId":null,"tokenUrl":null,"scope":null,"certificate":null,"username":"svc","password":"p\"w\n","validationUrl":"https://crm.example/check"}"#,
            ),
            (
                without_secrets(basic()),
                false,
                r#","active":false,"name":"crm","authenticationType":"BASIC","grantType":null,"resourceDomain":"https://crm.example/api","clientId":null,"tokenUrl":null,"scope":null,"certificate":null,"username":"svc","validationUrl":"https://crm.example/check"}"#,
            ),
            (
                content(),
                true,
                r#","active":true,"name":"crm","authenticationType":"OAUTH2","grantType":"CLIENT_CREDENTIALS_SECRET","resourceDomain":"https://crm.example/api","clientId":"abc","clientSecret":"s3cret-canary","tokenUrl":"https://crm.example/token","scope":null,"certificate":null,"username":null,"validationUrl":null}"#,
            ),
            (
                certificate(),
                true,
                r#","active":true,"name":"crm","authenticationType":"OAUTH2","grantType":"CLIENT_CREDENTIALS_CERTIFICATE","resourceDomain":"https://crm.example/api","clientId":"abc","tokenUrl":"https://crm.example/token","scope":null,"certificate":"PEM","privateKey":"KEY","username":null,"validationUrl":null}"#,
            ),
        ] {
            assert_eq!(
                text(replace(&id(), Some(3), &content, active)),
                format!("{head}{expected}")
            );
        }
    }

    #[test]
    fn empty_and_absent_secrets_are_not_sent() {
        let credentials = [Credential::ClientSecret, Credential::PrivateKey, Credential::Password];
        let secrets = credentials.into_iter().map(|one| (one, Secret::from(""))).collect();
        let content = ConnectorContent { secrets, ..password() };
        for body in [create(&content), replace(&id(), None, &content, true)] {
            assert!(body.as_ref().unwrap().secrets().is_empty());
            let sent: Value = serde_json::from_str(&text(body)).unwrap();
            for key in ["clientSecret", "privateKey", "password", "version"] {
                assert!(sent.get(key).is_none(), "{key}");
            }
        }
    }

    #[test]
    fn activation_sends_back_what_was_read() {
        let read = with(object(4, 17), &json!({"grantType": "NEW_GRANT", "scope": "x"}));
        let connector = connector(read.to_string().as_bytes()).unwrap();
        let content = content();
        let secrets = &content.secrets;
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
        let without = set_active(&connector, false, &NO_SECRETS, secrets).unwrap();
        assert_eq!(without.secrets(), secrets.to_vec(), "they are watched for all the same");
        assert!(!text(Ok(without)).contains("clientSecret"));
    }

    #[test]
    fn connector_is_read() {
        let read = connector(object(3, 17).to_string().as_bytes()).unwrap();
        let expected = Connector {
            id: id(),
            organization_id: Some(organization()),
            version: Some(3),
            active: true,
            fields: content().fields,
            created_time: Some(17),
            last_updated_time: Some(17),
        };
        assert_eq!(read, expected);
        assert!(content().fields.may_be_stored_as(&read.fields));
    }

    #[test]
    fn unknown_fields_and_literals_are_tolerated() {
        let body = format!(
            r#"{{"LASTUPDATEDTIME":5,"future":{{"deep":[1]}},"Active":false,"ID":"{ID}","Name":"n",
               "authenticationType":"SAML","grantType":"oauth9","organizationId":"{ORGANIZATION}"}}"#
        );
        let read = connector(body.as_bytes()).unwrap();
        assert_eq!(read.fields.get(Field::AuthenticationType), Some("SAML"));
        assert_eq!(read.fields.get(Field::GrantType), Some("oauth9"));
        assert_eq!((read.last_updated_time, read.active, read.version), (Some(5), false, None));
        let body = format!(r#"{{"id":"{ID}","name":"n","active":true,"grantType":"password"}}"#);
        let read = connector(body.as_bytes()).unwrap();
        assert_eq!(read.fields.get(Field::GrantType), Some(PASSWORD));
    }

    #[test]
    fn returned_secret_is_not_kept() {
        for echoed in [json!("****"), json!("s3cret-canary"), json!(null), json!({"x": 1})] {
            let body = with(object(3, 17), &json!({"clientSecret": echoed, "password": echoed}));
            let read = connector(body.to_string().as_bytes()).unwrap();
            assert!(!format!("{read:?}").contains("canary"));
        }
    }

    #[test]
    fn connector_without_a_required_field_is_unreadable() {
        for key in ["id", "name", "active"] {
            let mut body = object(3, 17);
            body[key] = Value::Null;
            let problem = connector(body.to_string().as_bytes()).unwrap_err();
            assert_eq!(problem, BodyProblem::Missing(key));
        }
    }

    #[test]
    fn connector_of_another_type_is_refused() {
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
    fn documented_choices_are_read() {
        let body = json!({"count": 2, "source": "list", "choices": [
            {"name": "SNOWConnector", "value": ID}, {"name": "broken"}], "isSearchEnabled": true});
        let read = flow_connectors(body.to_string().as_bytes()).unwrap();
        assert_eq!(read, [FlowConnector { id: id(), name: "SNOWConnector".to_owned() }]);
    }
}
