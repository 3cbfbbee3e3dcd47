//! Makes bodies, paths and queries from templates.
//!
//! A body is serialized into a buffer that is wiped, so a credential is copied nowhere else.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use safe_text::Secret;
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::super::body::RequestBody;
use super::super::calls::ProfileGap;
use super::super::connector::{Connector, Version};
use super::super::fields::{ConnectorFields, Field, NO_SECRETS, Secrets};
use super::super::identifiers::{ConnectorId, OrganizationId};
use super::super::kinds::ConnectorKind;
use super::super::percent::encoded;
use super::template::{Piece, Placeholder};
use super::{Call, Encoding, FieldName, JsonTemplate, Name, Profile, QueryValue, TextTemplate};

/// The values of a request.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) organization: OrganizationId,
    pub(crate) id: Option<&'a ConnectorId>,
    pub(crate) version: Option<&'a Version>,
    pub(crate) active: Option<bool>,
    pub(crate) page: Option<u64>,
    pub(crate) cursor: Option<&'a Value>,
    /// The fields to write. `None` sends back those of `read`.
    pub(crate) fields: Option<&'a ConnectorFields>,
    pub(crate) secrets: &'a Secrets,
    /// The connector as it was read, for a request that sends it back.
    pub(crate) read: Option<&'a Connector>,
}

impl<'a> Values<'a> {
    /// Returns the values of a request about an organization.
    pub(crate) fn new(organization: OrganizationId) -> Self {
        Self {
            organization,
            id: None,
            version: None,
            active: None,
            page: None,
            cursor: None,
            fields: None,
            secrets: &NO_SECRETS,
            read: None,
        }
    }

    /// Returns the values of a request about a connector.
    pub(crate) fn of(organization: OrganizationId, id: &'a ConnectorId) -> Self {
        Self { id: Some(id), ..Self::new(organization) }
    }

    fn written_fields(&self) -> Option<&'a ConnectorFields> {
        self.fields.or_else(|| self.read.map(|read| &read.fields))
    }
}

/// A value for a placeholder.
enum Rendered<'a> {
    Text(Cow<'a, str>),
    Json(Cow<'a, Value>),
    Secret(&'a Secret),
    /// A credential in another encoding.
    Encoded(Zeroizing<String>),
}

/// The value of a placeholder in a request.
enum Lookup<'a> {
    Value(Rendered<'a>),
    /// There is none.
    Absent,
    /// The value in Webex is not known and must not be overwritten.
    Unknown,
}

/// Renders the templates of a profile.
pub(super) struct Renderer<'a> {
    profile: &'a Profile,
    values: Values<'a>,
}

impl Profile {
    /// Returns the URL of a call.
    pub(crate) fn url(&self, call: &Call, base: &Url, values: Values<'_>) -> Url {
        let renderer = Renderer { profile: self, values };
        let path = renderer.text(&call.path, encoded);
        let mut url = base.clone();
        url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
        let parameters = call.query.iter().filter_map(|(name, value)| {
            let value = match value {
                QueryValue::Text(text) => {
                    if renderer.is_left_out(text) {
                        return None;
                    }
                    renderer.text(text, str::to_owned)
                }
                QueryValue::Json(template) => {
                    let node = Node { template, base: None, path: Some(&[]), renderer: &renderer };
                    serde_json::to_string(&node).unwrap_or_default()
                }
            };
            Some(format!("{}={}", encoded(name), encoded(&value)))
        });
        let query = parameters.collect::<Vec<_>>().join("&");
        url.set_query((!query.is_empty()).then_some(&query));
        url
    }

    /// Returns the headers of a call.
    pub(crate) fn headers_of(
        &self,
        call: &Call,
        values: Values<'_>,
    ) -> Vec<(http::HeaderName, HeaderValue)> {
        let renderer = Renderer { profile: self, values };
        let header = |(name, text): &(http::HeaderName, TextTemplate)| {
            if renderer.is_left_out(text) {
                return None;
            }
            Some((name.clone(), HeaderValue::from_str(&renderer.text(text, str::to_owned)).ok()?))
        };
        self.headers().iter().chain(&call.headers).filter_map(header).collect()
    }

    /// Returns the body of a call, or `None` when it has none.
    ///
    /// `watched` are the secrets to remove from responses.
    ///
    /// # Errors
    /// The profile cannot write connectors of this kind.
    pub(crate) fn body(
        &self,
        call: &Call,
        kind: Option<ConnectorKind>,
        values: Values<'_>,
        watched: &Secrets,
    ) -> Result<Option<serde_json::Result<RequestBody>>, ProfileGap> {
        let template = match (&call.body, kind) {
            (None, _) => return Ok(None),
            (Some(super::BodyTemplate::Any(template)), _) => template,
            (Some(super::BodyTemplate::ByKind(_)), None) => return Err(ProfileGap::UnknownKind),
            (Some(super::BodyTemplate::ByKind(templates)), Some(kind)) => {
                templates.get(&kind.index()).ok_or(ProfileGap::Kind(kind))?
            }
        };
        let renderer = Renderer { profile: self, values };
        let path = call.overlay.as_ref().map(super::Pointer::tokens);
        let node = Node { template, base: None, path, renderer: &renderer };
        Ok(Some(RequestBody::json(&node.overlaid(), watched.to_vec())))
    }
}

impl<'a> Renderer<'a> {
    fn lookup(&self, name: Name) -> Lookup<'a> {
        let text = |text: Option<&'a str>| {
            text.map_or(Lookup::Absent, |text| Lookup::Value(Rendered::Text(text.into())))
        };
        let json = |value: Option<Value>| {
            value.map_or(Lookup::Absent, |value| Lookup::Value(Rendered::Json(Cow::Owned(value))))
        };
        let values = &self.values;
        match name {
            Name::Organization => {
                Lookup::Value(Rendered::Text(values.organization.to_string().into()))
            }
            Name::Id => {
                let is_number = self.profile.field(FieldName::Id).is_some_and(|id| id.is_number);
                let id = values.id.map(ConnectorId::as_str);
                match id.filter(|_| is_number).and_then(|id| id.parse::<i64>().ok()) {
                    Some(number) => json(Some(number.into())),
                    None => text(id),
                }
            }
            Name::Version => json(values.version.map(Version::to_json)),
            Name::Active => {
                let entry = self.profile.field(FieldName::Active);
                let literal = |active: bool| {
                    let word = if active { "true" } else { "false" };
                    let values = entry.map(|entry| entry.values.as_slice()).unwrap_or_default();
                    let found = values.iter().find(|(name, _)| name == word);
                    found.map_or(Value::Bool(active), |(_, value)| value.clone())
                };
                json(values.active.map(literal))
            }
            Name::Page => json(values.page.map(Value::from)),
            Name::Cursor => json(values.cursor.cloned()),
            Name::Field(field) => self.field(field),
            Name::Credential(credential) => {
                let Some(secret) = values.secrets.get(credential) else { return Lookup::Absent };
                let entry = self.profile.field(FieldName::Credential(credential));
                Lookup::Value(match entry.map_or(Encoding::Text, |entry| entry.encoding) {
                    Encoding::Text | Encoding::List => Rendered::Secret(secret),
                    other @ (Encoding::Crlf | Encoding::Escaped | Encoding::Base64) => {
                        Rendered::Encoded(Zeroizing::new(encode(secret.expose(), other)))
                    }
                })
            }
        }
    }

    fn field(&self, field: Field) -> Lookup<'a> {
        let values = &self.values;
        if let Some(read) = values.read {
            // A literal that is not known goes back as it is.
            if let Some(literal) = read.unrecognized.get(&field) {
                return Lookup::Value(Rendered::Json(Cow::Borrowed(literal)));
            }
            if values.fields.is_none() && read.not_told.contains(&field) {
                return Lookup::Unknown;
            }
        }
        let fields = values.written_fields();
        let value = fields.and_then(|fields| fields.get(field));
        if matches!(field, Field::AuthenticationType | Field::GrantType) {
            let kind = fields.and_then(ConnectorFields::kind);
            let literal = kind.and_then(|kind| self.profile.literal(field, kind));
            return match (literal, value) {
                (Some(literal), _) => Lookup::Value(Rendered::Json(Cow::Owned(literal.clone()))),
                (None, Some(value)) => Lookup::Value(Rendered::Text(value.into())),
                (None, None) => Lookup::Absent,
            };
        }
        let Some(value) = value else { return Lookup::Absent };
        let entry = self.profile.field(FieldName::Field(field));
        Lookup::Value(match entry.map_or(Encoding::Text, |entry| entry.encoding) {
            Encoding::Text => Rendered::Text(value.into()),
            Encoding::List => {
                let words = value.split_ascii_whitespace().map(Value::from).collect();
                Rendered::Json(Cow::Owned(Value::Array(words)))
            }
            other @ (Encoding::Crlf | Encoding::Escaped | Encoding::Base64) => {
                Rendered::Text(encode(value, other).into())
            }
        })
    }

    /// Whether the place of a text is left out.
    fn is_left_out(&self, text: &TextTemplate) -> bool {
        text.placeholders().any(|placeholder| self.leaves_out(placeholder))
    }

    fn leaves_out(&self, placeholder: Placeholder) -> bool {
        match self.lookup(placeholder.name) {
            Lookup::Value(_) => false,
            Lookup::Absent => placeholder.is_optional,
            Lookup::Unknown => true,
        }
    }

    /// Returns a text without credentials. `encode` is the encoding of its place.
    fn text(&self, template: &TextTemplate, encode: impl Fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Constant(text) => text.clone(),
            Piece::Placeholder(placeholder) => match self.lookup(placeholder.name) {
                Lookup::Value(Rendered::Text(text)) => encode(&text),
                Lookup::Value(Rendered::Json(value)) => match &*value {
                    Value::String(text) => encode(text),
                    Value::Null => String::new(),
                    Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                        encode(&value.to_string())
                    }
                },
                // A profile with a credential here is refused.
                Lookup::Value(Rendered::Secret(_) | Rendered::Encoded(_)) => String::new(),
                Lookup::Absent | Lookup::Unknown => String::new(),
            },
        };
        template.0.iter().map(piece).collect()
    }
}

/// Returns a text in another encoding.
fn encode(text: &str, encoding: Encoding) -> String {
    let lines = |end: &str| text.replace("\r\n", "\n").replace('\n', end);
    match encoding {
        Encoding::Text | Encoding::List => text.to_owned(),
        Encoding::Crlf => lines("\r\n"),
        Encoding::Escaped => lines("\\n"),
        Encoding::Base64 => STANDARD.encode(text),
    }
}

/// A part of a body.
#[derive(Clone, Copy)]
struct Node<'a> {
    template: &'a JsonTemplate,
    /// The value that was read at this place, to be overlaid.
    base: Option<&'a Value>,
    /// The rest of the way to the place of the overlay.
    path: Option<&'a [String]>,
    renderer: &'a Renderer<'a>,
}

impl<'a> Node<'a> {
    /// Whether the part is left out of its object or array.
    fn is_left_out(&self) -> bool {
        match self.template {
            JsonTemplate::Text(text) => self.renderer.is_left_out(text),
            JsonTemplate::Scalar(_) | JsonTemplate::Array(_) | JsonTemplate::Object(_) => false,
        }
    }

    /// Returns the child of a name or an index.
    fn child(&self, token: &str, template: &'a JsonTemplate) -> Self {
        let rest = self.path.and_then(<[String]>::split_first);
        let path = rest.filter(|(first, _)| *first == token).map(|(_, rest)| rest);
        let base = self.base.and_then(|base| member(base, token));
        Self { template, base, path, renderer: self.renderer }.overlaid()
    }

    /// Returns the part with the object that was read, if it is the place of the overlay.
    fn overlaid(self) -> Self {
        match self.path {
            Some([]) => {
                let read = self.renderer.values.read;
                Self { base: read.and_then(|read| read.object.value()), ..self }
            }
            Some(_) | None => self,
        }
    }
}

fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let members = object.as_object()?;
    let other_case = || members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    members.get(name).or_else(|| other_case().map(|(_, value)| value))
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.template {
            JsonTemplate::Scalar(value) => value.serialize(serializer),
            JsonTemplate::Text(text) => self.serialize_text(text, serializer),
            JsonTemplate::Array(elements) => {
                let mut array = serializer.serialize_seq(None)?;
                for (index, template) in elements.iter().enumerate() {
                    let child = self.child(&index.to_string(), template);
                    if !child.is_left_out() {
                        array.serialize_element(&child)?;
                    }
                }
                array.end()
            }
            JsonTemplate::Object(members) => {
                let mut object = serializer.serialize_map(None)?;
                for (name, template) in members {
                    let child = self.child(name, template);
                    if !child.is_left_out() {
                        object.serialize_entry(name, &child)?;
                    }
                }
                let is_written = |name: &str| {
                    members.iter().any(|(own, template)| {
                        own.eq_ignore_ascii_case(name) && !self.child(own, template).is_left_out()
                    })
                };
                let read = self.base.and_then(Value::as_object);
                for (name, value) in read.into_iter().flatten() {
                    if !is_written(name) {
                        object.serialize_entry(name, value)?;
                    }
                }
                object.end()
            }
        }
    }
}

impl Node<'_> {
    fn serialize_text<S: Serializer>(
        &self,
        text: &TextTemplate,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let Some(placeholder) = text.only() else {
            let has_credential = |found: Placeholder| matches!(found.name, Name::Credential(_));
            if text.placeholders().any(has_credential) {
                return Err(S::Error::custom("a credential within a longer text"));
            }
            return serializer.serialize_str(&self.renderer.text(text, str::to_owned));
        };
        match self.renderer.lookup(placeholder.name) {
            Lookup::Value(Rendered::Text(text)) => serializer.serialize_str(&text),
            Lookup::Value(Rendered::Json(value)) => value.serialize(serializer),
            Lookup::Value(Rendered::Secret(secret)) => serializer.serialize_str(secret.expose()),
            Lookup::Value(Rendered::Encoded(text)) => serializer.serialize_str(&text),
            Lookup::Absent | Lookup::Unknown => serializer.serialize_none(),
        }
    }
}
