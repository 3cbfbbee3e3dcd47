//! The API profile: the contract with Webex as data.
//!
//! Cisco publishes no API for writing connectors, so what this client assumes of paths, methods,
//! bodies and literals is a document. The client carries one, `built_in.json`, and takes another.
//! A profile says for each call what is sent, as a template, and for each field where it stands in
//! a response and which literals it has. `schema.json` is its JSON Schema.
//!
//! - `template`: texts and JSON with placeholders.
//! - `pointer`: JSON Pointers.
//! - `document`: reads and checks the document.
//! - `render`: makes bodies, paths and queries from templates.
//! - `read`: reads connectors, rows and pages from responses.
//! - `examine`: finds what a profile does not know of the connectors in a response.

mod document;
mod examine;
mod pointer;
mod read;
mod render;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderName, Method};
use serde_json::Value;
use url::Url;

use super::calls::{CallName, ProfileGap};
use super::fields::{Credential, FIELDS, Field, Row};
use super::kinds::{Applies, ConnectorKind};

pub use examine::Examined;
pub(crate) use pointer::Pointer;
pub(crate) use read::{NextPage, Page, Source};
pub(crate) use render::Values;
pub(crate) use template::{JsonTemplate, Name, TextTemplate};

use read::FieldPlaces;

/// The profile that the client carries.
const BUILT_IN: &str = include_str!("built_in.json");

/// The JSON Schema of profiles.
const SCHEMA: &str = include_str!("schema.json");

/// A profile that was read and checked. Cheap to clone.
#[derive(Clone)]
pub struct Profile(Arc<Document>);

/// The parts of a profile.
#[derive(Clone)]
struct Document {
    /// The text that it was read from.
    text: String,
    base_url: Option<Url>,
    headers: Vec<HeaderTemplate>,
    calls: BTreeMap<CallName, Call>,
    fields: BTreeMap<FieldName, FieldEntry>,
    custom_only: Vec<(Pointer, Value)>,
    reads_omit_empty: bool,
    active_is_locked: Option<bool>,
    /// The places in a row of the list that differ from those in a connector.
    row_overrides: BTreeMap<FieldName, Option<Pointer>>,
    /// The places of the fields in a connector, and in a row of the list.
    places: FieldPlaces,
    row_places: FieldPlaces,
}

/// A header with its value.
pub(crate) type HeaderTemplate = (HeaderName, TextTemplate);

/// The standing of what a profile says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Documented by Cisco.
    Documented,
    /// Seen in Cisco's public screenshots, samples or exports.
    Seen,
    /// Inferred from what is documented or seen.
    Inferred,
    /// Assumed by this project.
    Assumed,
    /// Learned from a recording of a tenant.
    Learned,
}

/// The entries of `fields`: the arguments, and what only Webex sets. A [`Name`] is a value that a
/// request can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FieldName {
    Id,
    OrganizationId,
    Version,
    Active,
    CreatedTime,
    LastUpdatedTime,
    Field(Field),
    Credential(Credential),
}

impl FieldName {
    /// Returns the readable field, if it is one.
    pub(crate) fn readable(self) -> Option<Field> {
        match self {
            Self::Field(field) => Some(field),
            Self::Id
            | Self::OrganizationId
            | Self::Version
            | Self::Active
            | Self::CreatedTime
            | Self::LastUpdatedTime
            | Self::Credential(_) => None,
        }
    }
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) standing: Standing,
    pub(crate) method: Method,
    pub(crate) path: TextTemplate,
    pub(crate) query: Vec<(String, QueryValue)>,
    pub(crate) headers: Vec<HeaderTemplate>,
    pub(crate) body: Option<BodyTemplate>,
    /// The place of the object that was read, overlaid with the template.
    pub(crate) overlay: Option<Pointer>,
    pub(crate) response: ResponseEntry,
}

/// The value of a parameter in a query.
#[derive(Clone, Debug)]
pub(crate) enum QueryValue {
    Text(TextTemplate),
    /// JSON as text.
    Json(JsonTemplate),
}

/// The template of a body.
#[derive(Clone, Debug)]
pub(crate) enum BodyTemplate {
    /// For every kind of connector.
    Any(JsonTemplate),
    ByKind(BTreeMap<KindKey, JsonTemplate>),
}

/// A kind of connector as a key, by its place in [`ConnectorKind::ALL`].
pub(crate) type KindKey = usize;

/// Where the parts of a response stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseEntry {
    /// The connector.
    pub(crate) object: Option<Pointer>,
    /// The id of a new connector.
    pub(crate) id: Option<Pointer>,
    /// The header whose last path segment is the id of a new connector.
    pub(crate) id_header: Option<HeaderName>,
    /// The rows of a list.
    pub(crate) rows: Option<Pointer>,
    /// The object within a row.
    pub(crate) row: Option<Pointer>,
    pub(crate) next: Option<NextEntry>,
    /// Of a reference: its id, name and type.
    pub(crate) reference: [Option<Pointer>; 3],
}

/// How the next page of a list is found.
#[derive(Clone, Debug)]
pub(crate) enum NextEntry {
    Link(Pointer),
    Cursor(Pointer),
    Page { first: u64, total: Option<Pointer>, pages: Option<Pointer> },
}

/// A field.
#[derive(Clone, Debug)]
pub(crate) struct FieldEntry {
    pub(crate) standing: Standing,
    pub(crate) at: FieldPlace,
    /// The literals by their words.
    pub(crate) values: Vec<(String, Value)>,
    pub(crate) is_number: bool,
    pub(crate) encoding: Encoding,
}

/// The place of a field in a connector.
#[derive(Clone, Debug)]
pub(crate) enum FieldPlace {
    /// It is never read.
    Nowhere,
    Any(Pointer),
    ByKind(BTreeMap<KindKey, Pointer>),
}

/// How a text stands in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Text,
    /// With line breaks of CR and LF.
    Crlf,
    /// With line breaks as the two characters `\n`.
    Escaped,
    /// Base64 of the UTF-8 text.
    Base64,
    /// An array of the words.
    List,
}

/// A problem of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileProblem {
    /// The JSON Pointer of the part that is wrong.
    pub pointer: String,
    /// The problem.
    pub message: String,
}

impl fmt::Display for ProfileProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "(the document)" } else { &self.pointer };
        write!(formatter, "{pointer}: {}", self.message)
    }
}

impl Standing {
    /// All of them, the surest first.
    pub const ALL: [Self; 5] =
        [Self::Documented, Self::Seen, Self::Inferred, Self::Assumed, Self::Learned];

    /// Returns the word in the document.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Seen => "seen",
            Self::Inferred => "inferred",
            Self::Assumed => "assumed",
            Self::Learned => "learned",
        }
    }
}

impl FieldName {
    const READ_ONLY: [Self; 6] = [
        Self::Id,
        Self::OrganizationId,
        Self::Version,
        Self::Active,
        Self::CreatedTime,
        Self::LastUpdatedTime,
    ];

    /// Returns all names, in the order of the document.
    fn all() -> impl Iterator<Item = Self> {
        let arguments = FIELDS.iter().map(|row| match (row.field(), row.credential()) {
            (Some(field), _) => Self::Field(field),
            (None, credential) => credential.map_or(Self::Id, Self::Credential),
        });
        Self::READ_ONLY.into_iter().chain(arguments)
    }

    /// Returns the key in the document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::OrganizationId => "organization_id",
            Self::Version => "version",
            Self::Active => "active",
            Self::CreatedTime => "created_time",
            Self::LastUpdatedTime => "last_updated_time",
            Self::Field(field) => Row::of(field).argument,
            Self::Credential(credential) => Row::of_credential(credential).argument,
        }
    }
}

impl FieldPlace {
    fn pointers(&self) -> impl Iterator<Item = &Pointer> {
        let (any, by_kind) = match self {
            Self::Nowhere => (None, None),
            Self::Any(pointer) => (Some(pointer), None),
            Self::ByKind(pointers) => (None, Some(pointers.values())),
        };
        any.into_iter().chain(by_kind.into_iter().flatten())
    }
}

impl Profile {
    /// Returns the profile that the client carries.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test reads the document")]
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN).expect("the built-in profile is valid")
    }

    /// Returns the built-in profile with another path of connectors below an organization, or
    /// `None` when it is no path of plain segments.
    #[must_use]
    pub fn built_in_at(connector_path: &str) -> Option<Self> {
        let is_plain = |segment: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain)
        };
        if !connector_path.split('/').all(is_plain) {
            return None;
        }
        let text = BUILT_IN
            .replace("/connector\"", &format!("/{connector_path}\""))
            .replace("/connector/", &format!("/{connector_path}/"));
        Self::parse(&text).ok()
    }

    /// Returns the JSON Schema of profiles.
    #[must_use]
    pub fn schema() -> &'static str {
        SCHEMA
    }

    /// Returns the document.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Returns the base URL, when the API is not at the host of the region.
    #[must_use]
    pub fn base_url(&self) -> Option<&Url> {
        self.0.base_url.as_ref()
    }

    /// Returns the profile without its base URL, so that another one applies.
    #[must_use]
    pub fn without_base_url(self) -> Self {
        let mut document = (*self.0).clone();
        document.base_url = None;
        Self(document.into())
    }

    /// Returns the standing of each call and field, by the JSON Pointers of the entries.
    pub fn standings(&self) -> impl Iterator<Item = (String, Standing)> {
        let document = &*self.0;
        let calls = document.calls.iter();
        let calls = calls.map(|(name, call)| (format!("/calls/{}", name.name()), call.standing));
        let fields = document.fields.iter();
        let fields =
            fields.map(|(name, entry)| (format!("/fields/{}", name.name()), entry.standing));
        calls.chain(fields)
    }

    /// Whether an active connector refuses edits and deletes, if the profile says so.
    #[must_use]
    pub fn active_is_locked(&self) -> Option<bool> {
        self.0.active_is_locked
    }

    /// Whether the profile has a call.
    #[must_use]
    pub fn has_call(&self, name: CallName) -> bool {
        self.0.calls.contains_key(&name)
    }

    /// Whether activation is a call of its own.
    #[must_use]
    pub fn has_activation_calls(&self) -> bool {
        self.has_call(CallName::Activate) && self.has_call(CallName::Deactivate)
    }

    /// Checks that the profile can write connectors of a kind.
    ///
    /// # Errors
    /// The part that it lacks.
    pub fn can_write(&self, kind: ConnectorKind) -> Result<(), ProfileGap> {
        let create = self.call(CallName::Create)?;
        let Some(template) = create.template(kind) else { return Err(ProfileGap::Kind(kind)) };
        let written = self.written(create, template);
        for row in FIELDS {
            let applies = row.applies_to(kind);
            match row.field() {
                Some(field @ (Field::AuthenticationType | Field::GrantType)) => {
                    let is_written = written.contains(&Name::Field(field));
                    let has_literal = self.literal(field, kind).is_some();
                    if is_written && applies != Applies::Never && !has_literal {
                        return Err(ProfileGap::Kind(kind));
                    }
                }
                _ if applies == Applies::Required && !written.contains(&Name::of(row)) => {
                    return Err(ProfileGap::Kind(kind));
                }
                _ => {}
            }
        }
        // One body for all kinds has to say which kind it is.
        let kinds = [Field::AuthenticationType, Field::GrantType].map(Name::Field);
        let tells_kind = kinds.iter().any(|name| written.contains(name));
        let has_kinds = self.field(FieldName::Field(Field::AuthenticationType)).is_some();
        let is_for_all = !matches!(create.body, Some(BodyTemplate::ByKind(_)));
        if is_for_all && has_kinds && !tells_kind { Err(ProfileGap::Kind(kind)) } else { Ok(()) }
    }

    /// Checks that an argument has a place in the requests that create connectors of a kind.
    ///
    /// # Errors
    /// The argument has none.
    pub fn can_write_argument(
        &self,
        row: &'static Row,
        kind: ConnectorKind,
    ) -> Result<(), ProfileGap> {
        let create = self.call(CallName::Create)?;
        let Some(template) = create.template(kind) else { return Err(ProfileGap::Kind(kind)) };
        let is_literal = matches!(row.field(), Some(Field::AuthenticationType | Field::GrantType));
        if is_literal || self.written(create, template).contains(&Name::of(row)) {
            Ok(())
        } else {
            Err(ProfileGap::Argument(row.argument))
        }
    }

    /// Whether requests that create or update a connector carry `active`.
    #[must_use]
    pub fn writes_active(&self, name: CallName) -> bool {
        let Ok(call) = self.call(name) else { return false };
        let bodies: Vec<&JsonTemplate> = match &call.body {
            None => Vec::new(),
            Some(BodyTemplate::Any(template)) => vec![template],
            Some(BodyTemplate::ByKind(templates)) => templates.values().collect(),
        };
        bodies
            .into_iter()
            .any(|template| self.written(call, Some(template)).contains(&Name::Active))
    }

    /// Whether responses to creates have the new id.
    #[must_use]
    pub fn returns_new_id(&self) -> bool {
        self.call(CallName::Create).is_ok_and(|call| {
            let ResponseEntry { object, id, id_header, .. } = &call.response;
            object.is_some() || id.is_some() || id_header.is_some()
        })
    }

    /// Whether a call sends the version of the connector.
    pub(crate) fn uses_version(&self, name: CallName) -> bool {
        let Ok(call) = self.call(name) else { return false };
        let body = match &call.body {
            Some(BodyTemplate::Any(template)) => Some(template),
            Some(BodyTemplate::ByKind(_)) | None => None,
        };
        self.written(call, body).contains(&Name::Version)
    }

    pub(crate) fn call(&self, name: CallName) -> Result<&Call, ProfileGap> {
        self.0.calls.get(&name).ok_or(ProfileGap::Call(name))
    }

    /// Returns the path of a call without ids, for logs.
    pub(crate) fn path_template(&self, call: &Call) -> String {
        call.path.shown()
    }

    /// Returns the number of the first page of a list, when pages have numbers.
    pub(crate) fn first_page(&self, name: CallName) -> Option<u64> {
        match self.call(name).ok()?.response.next {
            Some(NextEntry::Page { first, .. }) => Some(first),
            Some(NextEntry::Link(_) | NextEntry::Cursor(_)) | None => None,
        }
    }

    pub(crate) fn headers(&self) -> &[HeaderTemplate] {
        &self.0.headers
    }

    fn field(&self, name: FieldName) -> Option<&FieldEntry> {
        self.0.fields.get(&name)
    }

    /// Returns the names of the placeholders in a call.
    fn written(&self, call: &Call, body: Option<&JsonTemplate>) -> Vec<Name> {
        let mut names = Vec::new();
        let mut note = |placeholder: template::Placeholder| names.push(placeholder.name);
        if let Some(body) = body {
            body.placeholders(&mut note);
        }
        call.path.placeholders().for_each(&mut note);
        for (_, value) in &call.query {
            match value {
                QueryValue::Text(text) => text.placeholders().for_each(&mut note),
                QueryValue::Json(json) => json.placeholders(&mut note),
            }
        }
        for (_, text) in &call.headers {
            text.placeholders().for_each(&mut note);
        }
        names
    }

    /// Returns the literal of a kind's authentication type or grant.
    fn literal(&self, field: Field, kind: ConnectorKind) -> Option<&Value> {
        let values = &self.field(FieldName::Field(field))?.values;
        let (authentication_type, _) = kind.spelled();
        let word =
            |word: &str| values.iter().find(|(name, _)| name == word).map(|(_, value)| value);
        let own = word(kind.name());
        own.or_else(|| word(authentication_type).filter(|_| field == Field::AuthenticationType))
    }
}

impl Call {
    /// Returns the template of the body for a kind of connector. The outer `None` means that there
    /// is none for this kind, the inner one that the call has no body.
    #[expect(clippy::option_option, reason = "documented above")]
    pub(crate) fn template(&self, kind: ConnectorKind) -> Option<Option<&JsonTemplate>> {
        match &self.body {
            None => Some(None),
            Some(BodyTemplate::Any(template)) => Some(Some(template)),
            Some(BodyTemplate::ByKind(templates)) => templates.get(&kind.index()).map(Some),
        }
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Profile({} calls)", self.0.calls.len())
    }
}
