//! A stored connector, and the rules for its fields.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::options::{OmittedSecret, SecretsInAnswers};

/// A JSON object.
pub(crate) type JsonObject = Map<String, Value>;

/// The fields that hold a secret.
const SECRETS: [&str; 3] = ["clientSecret", "password", "privateKey"];

/// The fields that hold a URL.
const URLS: [&str; 3] = ["resourceDomain", "tokenUrl", "validationUrl"];

/// The fields that apply to some authentication methods only.
const CONDITIONAL: [&str; 9] = [
    "clientId",
    "clientSecret",
    "tokenUrl",
    "scope",
    "certificate",
    "privateKey",
    "username",
    "password",
    "validationUrl",
];

/// The fields that every connector has and that the client sets.
const COMMON: [&str; 6] =
    ["name", "connectorType", "active", "authenticationType", "grantType", "resourceDomain"];

/// The fields that only the service sets. A replacement may repeat them, since
/// it sends the whole object.
const SET_BY_SERVICE: [&str; 5] =
    ["version", "systemDefault", "createdTime", "lastUpdatedTime", "links"];

/// An authentication method with its conditional fields.
struct AuthenticationMethod {
    authentication_type: &'static str,
    grant_type: Option<&'static str>,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

/// The authentication methods, each of which is a form in Control Hub.
const AUTHENTICATION_METHODS: [AuthenticationMethod; 4] = [
    AuthenticationMethod {
        authentication_type: "BASIC",
        grant_type: None,
        required: &["username", "password", "validationUrl"],
        optional: &[],
    },
    AuthenticationMethod {
        authentication_type: "OAUTH2",
        grant_type: Some("CLIENT_CREDENTIALS_SECRET"),
        required: &["clientId", "clientSecret", "tokenUrl"],
        optional: &["scope"],
    },
    AuthenticationMethod {
        authentication_type: "OAUTH2",
        grant_type: Some("PASSWORD"),
        required: &["clientId", "clientSecret", "tokenUrl", "username", "password"],
        optional: &["scope", "validationUrl"],
    },
    AuthenticationMethod {
        authentication_type: "OAUTH2",
        grant_type: Some("CLIENT_CREDENTIALS_CERTIFICATE"),
        required: &["clientId", "certificate", "privateKey", "tokenUrl"],
        optional: &["scope"],
    },
];

/// A connector as it is stored, secrets included.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Connector(pub(crate) JsonObject);

impl Connector {
    /// Returns a field that holds a string.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).and_then(Value::as_str)
    }

    /// Returns the id.
    pub(crate) fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// Returns the name.
    pub(crate) fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    /// Whether flows can use the connector.
    pub(crate) fn is_active(&self) -> bool {
        self.0.get("active").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Returns the number of writes since it was created.
    pub(crate) fn version(&self) -> u64 {
        self.0.get("version").and_then(Value::as_u64).unwrap_or_default()
    }

    /// Returns the members that are not fields of a connector.
    pub(crate) fn unknown_members(&self) -> JsonObject {
        let unknown = self.0.iter().filter(|(name, _)| !is_known(name));
        unknown.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Replaces the given fields, and all unknown members if there are new ones,
    /// as one write.
    pub(crate) fn write(&mut self, fields: JsonObject, members: Option<JsonObject>, time: u64) {
        let version = self.version() + 1;
        self.0.extend(fields);
        if let Some(members) = members {
            self.0.retain(|name, _| is_known(name));
            self.0.extend(members);
        }
        self.0.insert("version".to_owned(), json!(version));
        self.0.insert("lastUpdatedTime".to_owned(), json!(time));
    }

    /// Whether these fields change anything but `active`. A secret that the
    /// client has not `sent` does not count as a change.
    fn is_edited_by(&self, fields: &JsonObject, sent: &JsonObject) -> bool {
        let is_sent = |field: &str| sent.get(field).is_some_and(|value| !value.is_null());
        fields
            .iter()
            .filter(|(field, _)| *field != "active")
            .filter(|(field, _)| !SECRETS.contains(&field.as_str()) || is_sent(field))
            .any(|(field, value)| self.0.get(field).unwrap_or(&Value::Null) != value)
    }

    /// Returns the object as responses show it.
    pub(crate) fn shown(&self, secrets: SecretsInAnswers) -> JsonObject {
        let mut shown = self.0.clone();
        for field in SECRETS {
            let is_set = shown.get(field).is_some_and(|value| !value.is_null());
            match secrets {
                SecretsInAnswers::Omit => {
                    shown.remove(field);
                }
                SecretsInAnswers::Mask if is_set => {
                    shown.insert(field.to_owned(), json!("****"));
                }
                SecretsInAnswers::Null | SecretsInAnswers::Mask => {
                    shown.insert(field.to_owned(), Value::Null);
                }
                SecretsInAnswers::Echo => {}
            }
        }
        shown
    }
}

/// Checks the body of a create request and returns the new connector. The error
/// holds one description for each invalid field.
pub(crate) fn new_connector(
    body: &JsonObject,
    organization: &str,
    id: &str,
    time: u64,
) -> Result<Connector, Vec<String>> {
    let mut errors = Vec::new();
    for field in ["id"].into_iter().chain(SET_BY_SERVICE) {
        if body.contains_key(field) {
            errors.push(format!("{field}: must not be sent when creating."));
        }
    }
    let mut fields = checked_fields(body, organization, None, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    fields.insert("id".to_owned(), json!(id));
    fields.extend(service_fields(organization, time));
    Ok(Connector(fields))
}

/// Returns the fields, except for the id, that the service adds to a new
/// connector.
pub(crate) fn service_fields(organization: &str, time: u64) -> [(String, Value); 5] {
    [
        ("organizationId".to_owned(), json!(organization)),
        ("version".to_owned(), json!(0)),
        ("systemDefault".to_owned(), json!(false)),
        ("createdTime".to_owned(), json!(time)),
        ("lastUpdatedTime".to_owned(), json!(time)),
    ]
}

/// Whether a connector has a field of this name.
pub(crate) fn is_known(field: &str) -> bool {
    COMMON.contains(&field)
        || CONDITIONAL.contains(&field)
        || SET_BY_SERVICE.contains(&field)
        || ["id", "organizationId"].contains(&field)
}

/// A valid replace request.
#[derive(Debug)]
pub(crate) struct Replacement {
    /// The version that the client has read.
    pub(crate) version: u64,
    /// The fields to store.
    pub(crate) fields: JsonObject,
    /// Whether they change anything but `active`.
    pub(crate) is_edit: bool,
}

/// Checks the body of a replace request against the stored connector. The error
/// holds one description for each invalid field.
///
/// `version` is required, because a client that does not send the version it has
/// read would overwrite the edits of others unnoticed.
pub(crate) fn replacement(
    body: &JsonObject,
    organization: &str,
    stored: &Connector,
    omitted_secret: OmittedSecret,
) -> Result<Replacement, Vec<String>> {
    let mut errors = Vec::new();
    match body.get("id").and_then(Value::as_str) {
        None => errors.push("id: must not be null.".to_owned()),
        Some(id) if id != stored.id() => {
            errors.push("id: must be the one in the path.".to_owned());
        }
        Some(_) => {}
    }
    let version = body.get("version").and_then(Value::as_u64);
    if version.is_none() {
        errors.push("version: must be the number in the last response.".to_owned());
    }
    if !body.get("active").is_some_and(Value::is_boolean) {
        errors.push("active: must be true or false.".to_owned());
    }
    for field in ["authenticationType", "grantType"] {
        let sent = body.get(field).unwrap_or(&Value::Null);
        if sent != stored.0.get(field).unwrap_or(&Value::Null) {
            errors.push(format!("{field}: cannot be changed."));
        }
    }
    let fields = checked_fields(body, organization, Some((stored, omitted_secret)), &mut errors);
    match version {
        Some(version) if errors.is_empty() => {
            let is_edit = stored.is_edited_by(&fields, body);
            Ok(Replacement { version, fields, is_edit })
        }
        Some(_) | None => Err(errors),
    }
}

/// Checks the fields that the client sets and returns them. On a replacement,
/// `stored` determines the value of an omitted secret.
fn checked_fields(
    body: &JsonObject,
    organization: &str,
    stored: Option<(&Connector, OmittedSecret)>,
    errors: &mut Vec<String>,
) -> JsonObject {
    // An unknown member that has been read comes back.
    let was_read =
        |field: &str| stored.is_some_and(|(connector, _)| connector.0.contains_key(field));
    for field in body.keys().filter(|field| !is_known(field) && !was_read(field)) {
        errors.push(format!("{field}: is not a field of a connector."));
    }
    if body.get("organizationId").is_some_and(|sent| sent != organization) {
        errors.push("organizationId: must be the one in the path.".to_owned());
    }

    let mut fields = JsonObject::new();
    let name = required_text(body, "name", errors);
    fields.insert("name".to_owned(), name);
    if body.get("connectorType").and_then(Value::as_str) != Some("CUSTOM") {
        errors.push("connectorType: must be CUSTOM.".to_owned());
    }
    fields.insert("connectorType".to_owned(), json!("CUSTOM"));
    let active = body.get("active").unwrap_or(&Value::Bool(true));
    if !active.is_boolean() && stored.is_none() {
        errors.push("active: must be true or false.".to_owned());
    }
    fields.insert("active".to_owned(), active.clone());
    let domain = required_text(body, "resourceDomain", errors);
    fields.insert("resourceDomain".to_owned(), domain);

    if let Some(method) = authentication_method(body, errors) {
        fields.insert("authenticationType".to_owned(), json!(method.authentication_type));
        fields.insert("grantType".to_owned(), json!(method.grant_type));
        for field in CONDITIONAL {
            let value = conditional_field(body, field, method, stored, errors);
            fields.insert(field.to_owned(), value);
        }
    }
    for field in URLS {
        let url = fields.get(field).and_then(Value::as_str);
        if url.is_some_and(|url| !is_https(url)) {
            errors.push(format!("{field}: must be a URL that starts with https://."));
        }
    }
    fields
}

fn authentication_method(
    body: &JsonObject,
    errors: &mut Vec<String>,
) -> Option<&'static AuthenticationMethod> {
    let authentication_type = body.get("authenticationType").and_then(Value::as_str);
    let grant_type = body.get("grantType").filter(|value| !value.is_null());
    let mut methods = AUTHENTICATION_METHODS
        .iter()
        .filter(|method| Some(method.authentication_type) == authentication_type)
        .peekable();
    if methods.peek().is_none() {
        errors.push("authenticationType: must be BASIC or OAUTH2.".to_owned());
        return None;
    }
    let found = methods.find(|method| method.grant_type.map(Value::from).as_ref() == grant_type);
    if found.is_none() {
        errors.push("grantType: does not fit the authenticationType.".to_owned());
    }
    found
}

fn conditional_field(
    body: &JsonObject,
    field: &str,
    method: &AuthenticationMethod,
    stored: Option<(&Connector, OmittedSecret)>,
    errors: &mut Vec<String>,
) -> Value {
    let required = method.required.contains(&field);
    let is_secret = SECRETS.contains(&field);
    match body.get(field).filter(|value| !value.is_null()) {
        Some(_) if !required && !method.optional.contains(&field) => {
            errors.push(format!("{field}: does not apply to this way to authenticate."));
            Value::Null
        }
        Some(Value::String(text)) => {
            // A blank secret is stored like any other, so that tests see it.
            if required && !is_secret && text.trim().is_empty() {
                errors.push(format!("{field}: must not be blank."));
            }
            json!(text)
        }
        Some(_) => {
            errors.push(format!("{field}: must be a string."));
            Value::Null
        }
        None if !required => Value::Null,
        None => match stored.filter(|_| is_secret) {
            Some((connector, OmittedSecret::Keep)) => {
                connector.0.get(field).cloned().unwrap_or(Value::Null)
            }
            Some((_, OmittedSecret::Blank)) => json!(""),
            None => {
                errors.push(format!("{field}: must not be null."));
                Value::Null
            }
        },
    }
}

fn required_text(body: &JsonObject, field: &str, errors: &mut Vec<String>) -> Value {
    match body.get(field) {
        Some(Value::String(text)) if !text.trim().is_empty() => json!(text),
        Some(Value::String(_)) => {
            errors.push(format!("{field}: must not be blank."));
            Value::Null
        }
        Some(_) | None => {
            errors.push(format!("{field}: must be a string."));
            Value::Null
        }
    }
}

fn is_https(url: &str) -> bool {
    url.strip_prefix("https://").is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace)
    })
}
