//! The document: its parts as types.

use std::collections::BTreeMap;

use http::{HeaderName, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::pointer::Pointer;
use super::template::{Template, Text};
use crate::words::{self, Kind};

/// A profile.
#[derive(Debug)]
pub(crate) struct Profile {
    /// The address of the API, if the profile names one.
    pub(crate) base_url: Option<String>,
    /// The headers that every call needs.
    pub(crate) headers: Vec<(HeaderName, Text)>,
    /// The calls.
    pub(crate) calls: BTreeMap<CallName, Call>,
    fields: BTreeMap<String, Field>,
    /// The members by which a custom connector is known.
    pub(crate) custom_only: Vec<(Pointer, Value)>,
    /// Whether reads leave out what is empty.
    pub(crate) reads_omit_empty: bool,
}

/// The name of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallName {
    /// Activates. It is before `update`, because a body may fit both.
    Activate,
    /// Deactivates.
    Deactivate,
    /// Lists connectors.
    List,
    /// Reads one.
    Read,
    /// Creates one.
    Create,
    /// Changes one.
    Update,
    /// Deletes one.
    Delete,
    /// Lists what refers to one.
    References,
}

impl CallName {
    /// Returns the name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::List => "list",
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::References => "references",
        }
    }

    /// Whether it changes nothing.
    pub(crate) fn is_read(self) -> bool {
        match self {
            Self::List | Self::Read | Self::References => true,
            Self::Activate | Self::Deactivate | Self::Create | Self::Update | Self::Delete => false,
        }
    }
}

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    /// The name.
    pub(crate) name: CallName,
    /// The method.
    pub(crate) method: Method,
    /// The segments of the path.
    pub(crate) path: Vec<Text>,
    /// The query parameters.
    pub(crate) query: BTreeMap<String, Parameter>,
    /// The headers that only this call needs.
    pub(crate) headers: Vec<(HeaderName, Text)>,
    /// The body.
    pub(crate) bodies: Bodies,
    /// The place in the body of the object that was read.
    pub(crate) overlay: Option<Pointer>,
    /// The places in the response.
    pub(crate) response: Response,
}

/// The bodies of a call.
#[derive(Debug)]
pub(crate) enum Bodies {
    /// No body.
    None,
    /// One for all kinds of connectors.
    One(Template),
    /// One for each kind.
    ByKind(BTreeMap<Kind, Template>),
}

/// The value of a query parameter.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) enum Parameter {
    /// A text.
    Text(Text),
    /// JSON as text.
    Json(Template),
}

impl TryFrom<Value> for Parameter {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Text::try_from(text).map(Self::Text),
            value @ (Value::Array(_) | Value::Object(_)) => {
                Template::try_from(value).map(Self::Json)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                Err("a query parameter must be a string, an object or an array".to_owned())
            }
        }
    }
}

/// The places in a response.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    /// The place of the connector.
    pub(crate) object: Option<Pointer>,
    /// The place of the id, if the response holds only that.
    pub(crate) id: Option<Pointer>,
    /// The header that ends with the id as its last segment.
    pub(crate) id_header: Option<String>,
    /// The place of the rows.
    #[serde(default)]
    pub(crate) rows: Pointer,
    /// The place of the object in a row.
    #[serde(default)]
    pub(crate) row: Pointer,
    /// The places in a row that differ; none if rows never have the field.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, Option<Pointer>>,
    /// How the next page is found.
    pub(crate) next: Option<Next>,
}

/// How the next page is found.
#[derive(Debug)]
pub(crate) enum Next {
    /// By a link at this place.
    Link(Pointer),
    /// By a cursor at this place.
    Cursor(Pointer),
    /// By numbers that count from `first`.
    Page { first: u64, total: Option<Pointer>, pages: Option<Pointer> },
}

/// `Next` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNext {
    link: Option<Pointer>,
    cursor: Option<Pointer>,
    page: Option<u64>,
    total: Option<Pointer>,
    pages: Option<Pointer>,
}

impl<'de> Deserialize<'de> for Next {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = WrittenNext::deserialize(deserializer)?;
        match (written.link, written.cursor, written.page, written.total, written.pages) {
            (Some(link), None, None, None, None) => Ok(Self::Link(link)),
            (None, Some(cursor), None, None, None) => Ok(Self::Cursor(cursor)),
            (None, None, Some(first), total, pages) => Ok(Self::Page { first, total, pages }),
            _ => Err(serde::de::Error::custom("next: needs one of link, cursor and page")),
        }
    }
}

/// A field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    #[serde(rename = "standing")]
    _standing: Standing,
    /// Its place in the object.
    #[serde(default)]
    pub(crate) at: Places,
    /// The literals by word.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, Value>,
    /// The JSON type of an id.
    #[serde(rename = "type")]
    kind: Option<JsonType>,
    /// The spelling of a text.
    #[serde(default)]
    pub(crate) encoding: Encoding,
}

/// The place of a field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum Places {
    /// In no response.
    #[default]
    Nowhere,
    /// At the same place for all kinds.
    One(Pointer),
    /// At one place for each kind.
    ByKind(BTreeMap<Kind, Pointer>),
}

/// How a text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encoding {
    /// As it is.
    #[default]
    Text,
    /// With line breaks as CR LF.
    Crlf,
    /// With line breaks as the two characters `\n`.
    Escaped,
    /// As base64.
    Base64,
    /// As an array of words.
    List,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum JsonType {
    Number,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Documented,
    Seen,
    Inferred,
    Assumed,
    Learned,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: u64,
    base_url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    calls: BTreeMap<String, Value>,
    fields: BTreeMap<String, Value>,
    #[serde(default)]
    custom_only: BTreeMap<String, Value>,
    reads_omit_empty: Option<Switch>,
    #[serde(rename = "active_is_locked")]
    _active_is_locked: Option<Switch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    #[serde(rename = "standing")]
    _standing: Standing,
    value: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCall {
    #[serde(rename = "standing")]
    _standing: Standing,
    method: String,
    path: String,
    #[serde(default)]
    query: BTreeMap<String, Parameter>,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    body: Option<Template>,
    body_by_kind: Option<BTreeMap<Kind, Template>>,
    overlay: Option<Pointer>,
    response: Option<Response>,
}

impl Profile {
    /// Reads a profile. The error names the first part that is not understood.
    pub(crate) fn parse(value: &Value) -> Result<Self, String> {
        let document: Document = part("", value)?;
        if document.format != 1 {
            return Err(format!("/format: {} is not supported, only 1 is", document.format));
        }
        let mut calls = BTreeMap::new();
        for (name, call) in &document.calls {
            let at = format!("/calls/{name}");
            let name: CallName = part(&at, &Value::String(name.clone()))?;
            calls.insert(name, Call::parse(name, &at, call)?);
        }
        let mut fields = BTreeMap::new();
        for (name, field) in document.fields {
            let at = format!("/fields/{name}");
            if words::stored_name(&name).is_none() {
                return Err(format!("{at}: is not a field of a connector"));
            }
            fields.insert(name, part(&at, &field)?);
        }
        if let Some(name) = ["id", "name"].into_iter().find(|name| !fields.contains_key(*name)) {
            return Err(format!("/fields/{name}: is missing"));
        }
        let custom_only = document
            .custom_only
            .into_iter()
            .map(|(at, value)| Ok((Pointer::try_from(at)?, value)))
            .collect::<Result<_, String>>()
            .map_err(|error| format!("/custom_only: {error}"))?;
        Ok(Self {
            base_url: document.base_url,
            headers: headers("/headers", document.headers)?,
            calls,
            fields,
            custom_only,
            reads_omit_empty: document.reads_omit_empty.is_some_and(|switch| switch.value),
        })
    }

    /// Returns a field, if the API has it.
    pub(crate) fn field(&self, word: &str) -> Option<&Field> {
        self.fields.get(word)
    }

    /// Returns the place of a field for a kind of connector.
    pub(crate) fn place(&self, word: &str, kind: Kind) -> Option<&Pointer> {
        match &self.field(word)?.at {
            Places::Nowhere => None,
            Places::One(at) => Some(at),
            Places::ByKind(places) => places.get(&kind),
        }
    }

    /// Whether ids are JSON numbers.
    pub(crate) fn has_numeric_ids(&self) -> bool {
        self.field("id").is_some_and(|field| field.kind == Some(JsonType::Number))
    }

    /// Whether the API names objects in its paths, as REST does.
    pub(crate) fn names_objects_in_paths(&self) -> bool {
        self.calls.values().any(|call| {
            call.path.iter().flat_map(|Text(parts)| parts).any(
                |part| matches!(part, super::template::Part::Place(place) if place.name == "id"),
            )
        })
    }
}

impl Call {
    fn parse(name: CallName, at: &str, value: &Value) -> Result<Self, String> {
        let call: WrittenCall = part(at, value)?;
        let method = Method::from_bytes(call.method.as_bytes())
            .ok()
            .filter(|_| ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&call.method.as_str()))
            .ok_or_else(|| format!("{at}/method: {} is no method", call.method))?;
        let path = call
            .path
            .strip_prefix('/')
            .filter(|path| !path.contains(['?', '#']))
            .ok_or_else(|| format!("{at}/path: must begin with a slash and have no query"))?;
        let path = path
            .split('/')
            .map(|segment| Text::try_from(segment.to_owned()))
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{at}/path: {error}"))?;
        let bodies = match (call.body, call.body_by_kind) {
            (None, None) => Bodies::None,
            (Some(body), None) => Bodies::One(body),
            (None, Some(bodies)) => Bodies::ByKind(bodies),
            (Some(_), Some(_)) => return Err(format!("{at}: has body and body_by_kind")),
        };
        Ok(Self {
            name,
            method,
            path,
            query: call.query,
            headers: headers(&format!("{at}/headers"), call.headers)?,
            bodies,
            overlay: call.overlay,
            response: call.response.unwrap_or_default(),
        })
    }

    /// Returns the body for a kind.
    pub(crate) fn body(&self, kind: Kind) -> Option<&Template> {
        match &self.bodies {
            Bodies::None => None,
            Bodies::One(body) => Some(body),
            Bodies::ByKind(bodies) => bodies.get(&kind),
        }
    }
}

/// Reads a part of the document. The error says which.
fn part<T: DeserializeOwned>(at: &str, value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| match at {
        "" => error.to_string(),
        at => format!("{at}: {error}"),
    })
}

fn headers(at: &str, written: BTreeMap<String, Value>) -> Result<Vec<(HeaderName, Text)>, String> {
    let members: Map<String, Value> = written.into_iter().collect();
    let header = |(name, value): (String, Value)| {
        let at = format!("{at}/{name}");
        let name = HeaderName::try_from(&name).map_err(|error| format!("{at}: {error}"))?;
        Ok((name, part(&at, &value)?))
    };
    members.into_iter().map(header).collect()
}
