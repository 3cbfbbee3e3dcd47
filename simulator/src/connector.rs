//! A stored connector, and the rules that decide what one may consist of.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::options::{OmittedSecret, SecretsInAnswers};

/// A JSON object: what is sent, stored and answered.
pub(crate) type Document = Map<String, Value>;

/// The fields that hold a secret.
const SECRETS: [&str; 3] = ["clientSecret", "password", "privateKey"];

/// The fields that hold a URL.
const URLS: [&str; 3] = ["resourceDomain", "tokenUrl", "validationUrl"];

/// The fields that apply to some kinds of connectors only.
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

/// The fields that every connector has and a client decides.
const COMMON: [&str; 6] =
    ["name", "connectorType", "active", "authenticationType", "grantType", "resourceDomain"];

/// The fields that only the service decides. A replacement may repeat them,
/// since it sends the whole object.
const DECIDED_BY_SERVICE: [&str; 5] =
    ["version", "systemDefault", "createdTime", "lastUpdatedTime", "links"];

/// One way to authenticate, and the conditional fields that it needs and takes.
struct Kind {
    authentication_type: &'static str,
    grant_type: Option<&'static str>,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

/// The forms of Control Hub, one per way to authenticate.
const KINDS: [Kind; 4] = [
    Kind {
        authentication_type: "BASIC",
        grant_type: None,
        required: &["username", "password", "validationUrl"],
        optional: &[],
    },
    Kind {
        authentication_type: "OAUTH2",
        grant_type: Some("CLIENT_CREDENTIALS_SECRET"),
        required: &["clientId", "clientSecret", "tokenUrl"],
        optional: &["scope"],
    },
    Kind {
        authentication_type: "OAUTH2",
        grant_type: Some("PASSWORD"),
        required: &["clientId", "clientSecret", "tokenUrl", "username", "password"],
        optional: &["scope", "validationUrl"],
    },
    Kind {
        authentication_type: "OAUTH2",
        grant_type: Some("CLIENT_CREDENTIALS_CERTIFICATE"),
        required: &["clientId", "certificate", "privateKey", "tokenUrl"],
        optional: &["scope"],
    },
];

/// A connector as it is really stored, secrets included.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Connector(pub(crate) Document);

impl Connector {
    /// A field that holds text.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).and_then(Value::as_str)
    }

    /// The UUID.
    pub(crate) fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// The name.
    pub(crate) fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    /// Whether flows can use it.
    pub(crate) fn is_active(&self) -> bool {
        self.0.get("active").and_then(Value::as_bool).unwrap_or(false)
    }

    /// How many writes it has seen since it was created.
    pub(crate) fn version(&self) -> u64 {
        self.0.get("version").and_then(Value::as_u64).unwrap_or_default()
    }

    /// Puts the given fields in the place of the stored ones, as one write.
    pub(crate) fn write(&mut self, fields: Document, time: u64) {
        let version = self.version() + 1;
        self.0.extend(fields);
        self.0.insert("version".to_owned(), json!(version));
        self.0.insert("lastUpdatedTime".to_owned(), json!(time));
    }

    /// Whether these fields would change anything but `active`. A secret that
    /// was not `sent` does not count: whatever becomes of it, the client did
    /// not ask for a change.
    fn is_edited_by(&self, fields: &Document, sent: &Document) -> bool {
        let is_sent = |field: &str| sent.get(field).is_some_and(|value| !value.is_null());
        fields
            .iter()
            .filter(|(field, _)| *field != "active")
            .filter(|(field, _)| !SECRETS.contains(&field.as_str()) || is_sent(field))
            .any(|(field, value)| self.0.get(field).unwrap_or(&Value::Null) != value)
    }

    /// The object as an answer shows it.
    pub(crate) fn shown(&self, secrets: SecretsInAnswers) -> Document {
        let mut document = self.0.clone();
        for field in SECRETS {
            let is_set = document.get(field).is_some_and(|value| !value.is_null());
            match secrets {
                SecretsInAnswers::Omit => {
                    document.remove(field);
                }
                SecretsInAnswers::Null => {
                    document.insert(field.to_owned(), Value::Null);
                }
                SecretsInAnswers::Mask => {
                    let shown = if is_set { json!("****") } else { Value::Null };
                    document.insert(field.to_owned(), shown);
                }
                SecretsInAnswers::Echo => {}
            }
        }
        document
    }
}

/// Checks the body of a create request and returns the connector it asks for,
/// or one description per field that is wrong.
pub(crate) fn created(
    body: &Document,
    organization: &str,
    id: &str,
    time: u64,
) -> Result<Connector, Vec<String>> {
    let mut wrong = Vec::new();
    for field in ["id"].into_iter().chain(DECIDED_BY_SERVICE) {
        if body.contains_key(field) {
            wrong.push(format!("{field}: must not be sent when creating."));
        }
    }
    let mut document = content(body, organization, None, &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    document.extend([
        ("organizationId".to_owned(), json!(organization)),
        ("id".to_owned(), json!(id)),
        ("version".to_owned(), json!(0)),
        ("systemDefault".to_owned(), json!(false)),
        ("createdTime".to_owned(), json!(time)),
        ("lastUpdatedTime".to_owned(), json!(time)),
    ]);
    Ok(Connector(document))
}

/// What a replace request asks for.
#[derive(Debug)]
pub(crate) struct Replacement {
    /// The version that the client saw.
    pub(crate) version: u64,
    /// The fields to store.
    pub(crate) fields: Document,
    /// Whether they change anything but `active`.
    pub(crate) is_edit: bool,
}

/// Checks the body of a replace request against what is stored.
///
/// `version` is demanded: a client that does not say what it saw would
/// overwrite other people's edits unnoticed.
pub(crate) fn replaced(
    body: &Document,
    organization: &str,
    stored: &Connector,
    omitted_secret: OmittedSecret,
) -> Result<Replacement, Vec<String>> {
    let mut wrong = Vec::new();
    match body.get("id").and_then(Value::as_str) {
        None => wrong.push("id: must not be null.".to_owned()),
        Some(id) if id != stored.id() => {
            wrong.push("id: must be the one in the path.".to_owned());
        }
        Some(_) => {}
    }
    let version = body.get("version").and_then(Value::as_u64);
    if version.is_none() {
        wrong.push("version: must be the number that the last answer held.".to_owned());
    }
    if !body.get("active").is_some_and(Value::is_boolean) {
        wrong.push("active: must be true or false.".to_owned());
    }
    for field in ["authenticationType", "grantType"] {
        let sent = body.get(field).unwrap_or(&Value::Null);
        if sent != stored.0.get(field).unwrap_or(&Value::Null) {
            wrong.push(format!("{field}: cannot be changed."));
        }
    }
    let fields = content(body, organization, Some((stored, omitted_secret)), &mut wrong);
    match version {
        Some(version) if wrong.is_empty() => {
            let is_edit = stored.is_edited_by(&fields, body);
            Ok(Replacement { version, fields, is_edit })
        }
        Some(_) | None => Err(wrong),
    }
}

/// The fields that a client decides, each checked. On a replacement, `stored`
/// says what a secret that was left out falls back to.
fn content(
    body: &Document,
    organization: &str,
    stored: Option<(&Connector, OmittedSecret)>,
    wrong: &mut Vec<String>,
) -> Document {
    let known = |field: &str| {
        COMMON.contains(&field)
            || CONDITIONAL.contains(&field)
            || DECIDED_BY_SERVICE.contains(&field)
            || ["id", "organizationId"].contains(&field)
    };
    for field in body.keys().filter(|field| !known(field)) {
        wrong.push(format!("{field}: is not a field of a connector."));
    }
    if body.get("organizationId").is_some_and(|sent| sent != organization) {
        wrong.push("organizationId: must be the one in the path.".to_owned());
    }

    let mut document = Document::new();
    let name = required_text(body, "name", wrong);
    document.insert("name".to_owned(), name);
    if body.get("connectorType").and_then(Value::as_str) != Some("CUSTOM") {
        wrong.push("connectorType: must be CUSTOM.".to_owned());
    }
    document.insert("connectorType".to_owned(), json!("CUSTOM"));
    let active = body.get("active").unwrap_or(&Value::Bool(true));
    if !active.is_boolean() && stored.is_none() {
        wrong.push("active: must be true or false.".to_owned());
    }
    document.insert("active".to_owned(), active.clone());
    let domain = required_text(body, "resourceDomain", wrong);
    document.insert("resourceDomain".to_owned(), domain);

    if let Some(kind) = kind(body, wrong) {
        document.insert("authenticationType".to_owned(), json!(kind.authentication_type));
        document.insert("grantType".to_owned(), json!(kind.grant_type));
        for field in CONDITIONAL {
            let value = conditional(body, field, kind, stored, wrong);
            document.insert(field.to_owned(), value);
        }
    }
    for field in URLS {
        let url = document.get(field).and_then(Value::as_str);
        if url.is_some_and(|url| !is_https(url)) {
            wrong.push(format!("{field}: must be a URL that starts with https://."));
        }
    }
    document
}

fn kind(body: &Document, wrong: &mut Vec<String>) -> Option<&'static Kind> {
    let authentication_type = body.get("authenticationType").and_then(Value::as_str);
    let grant_type = body.get("grantType").filter(|value| !value.is_null());
    if !KINDS.iter().any(|kind| Some(kind.authentication_type) == authentication_type) {
        wrong.push("authenticationType: must be BASIC or OAUTH2.".to_owned());
        return None;
    }
    let found = KINDS.iter().find(|kind| {
        Some(kind.authentication_type) == authentication_type
            && kind.grant_type == grant_type.and_then(Value::as_str)
            && kind.grant_type.is_some() == grant_type.is_some()
    });
    if found.is_none() {
        wrong.push("grantType: does not fit the authenticationType.".to_owned());
    }
    found
}

fn conditional(
    body: &Document,
    field: &str,
    kind: &Kind,
    stored: Option<(&Connector, OmittedSecret)>,
    wrong: &mut Vec<String>,
) -> Value {
    let required = kind.required.contains(&field);
    let is_secret = SECRETS.contains(&field);
    match body.get(field).filter(|value| !value.is_null()) {
        Some(_) if !required && !kind.optional.contains(&field) => {
            wrong.push(format!("{field}: does not apply to this way to authenticate."));
            Value::Null
        }
        Some(Value::String(text)) => {
            // A blank secret is stored like any other, so that tests can see
            // that one arrived.
            if required && !is_secret && text.trim().is_empty() {
                wrong.push(format!("{field}: must not be blank."));
            }
            json!(text)
        }
        Some(_) => {
            wrong.push(format!("{field}: must be a string."));
            Value::Null
        }
        None if required && is_secret && stored.is_some() => match stored {
            Some((connector, OmittedSecret::Keep)) => {
                connector.0.get(field).cloned().unwrap_or(Value::Null)
            }
            Some((_, OmittedSecret::Blank)) | None => json!(""),
        },
        None => {
            if required {
                wrong.push(format!("{field}: must not be null."));
            }
            Value::Null
        }
    }
}

fn required_text(body: &Document, field: &str, wrong: &mut Vec<String>) -> Value {
    match body.get(field) {
        Some(Value::String(text)) if !text.trim().is_empty() => json!(text),
        Some(Value::String(_)) => {
            wrong.push(format!("{field}: must not be blank."));
            Value::Null
        }
        Some(_) | None => {
            wrong.push(format!("{field}: must be a string."));
            Value::Null
        }
    }
}

fn is_https(url: &str) -> bool {
    url.strip_prefix("https://").is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace)
    })
}
