//! Reads connectors, rows and pages from responses.
//!
//! A member that a response leaves out is not told, which is not the same as null. A credential is
//! not decoded.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use safe_text::Shown;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::calls::CallName;
use super::super::connector::{Connector, ReadObject, Reference, Version};
use super::super::fields::{ConnectorFields, Field, Row, readable_fields};
use super::super::identifiers::{ConnectorId, OrganizationId};
use super::super::json::{self, Object};
use super::super::kinds::{Applies, BASIC, ConnectorKind, OAUTH2};
use super::super::problems::BodyProblem;
use super::super::shape::is_masked;
use super::pointer::{DEEPEST, Found, Places, Slot};
use super::{
    Call, Encoding, FieldEntry, FieldName, FieldPlace, KindKey, NextEntry, Pointer, Profile,
};

/// The slots of the fields in the objects of connectors.
#[derive(Clone, Debug)]
pub(super) struct FieldPlaces {
    places: Places,
    fields: BTreeMap<FieldName, SlotOf>,
    conditions: Vec<(Slot, Value)>,
    /// The places of credentials, whose values are not decoded.
    credentials: Vec<Pointer>,
}

/// The slot of a field.
#[derive(Clone, Debug)]
enum SlotOf {
    Any(Slot),
    ByKind(BTreeMap<KindKey, Slot>),
}

impl FieldPlaces {
    pub(super) fn new(
        fields: &BTreeMap<FieldName, FieldEntry>,
        conditions: &[(Pointer, Value)],
        overrides: &BTreeMap<FieldName, Option<Pointer>>,
    ) -> Self {
        let mut places = Places::default();
        let mut slots = BTreeMap::new();
        let mut credentials = Vec::new();
        for (name, entry) in fields {
            if let FieldName::Credential(_) = name {
                credentials.extend(entry.at.pointers().cloned());
                continue;
            }
            let slot = match (overrides.get(name), &entry.at) {
                (Some(None), _) | (None, FieldPlace::Nowhere) => continue,
                (Some(Some(pointer)), _) | (None, FieldPlace::Any(pointer)) => {
                    SlotOf::Any(places.add(pointer))
                }
                (None, FieldPlace::ByKind(pointers)) => {
                    let slot = |(kind, pointer): (&KindKey, _)| (*kind, places.add(pointer));
                    SlotOf::ByKind(pointers.iter().map(slot).collect())
                }
            };
            slots.insert(*name, slot);
        }
        let condition = |(pointer, value): &(Pointer, Value)| (places.add(pointer), value.clone());
        let conditions = conditions.iter().map(condition).collect();
        Self { places, fields: slots, conditions, credentials }
    }

    /// Returns the value of a field, also when it is null. Without a known kind, it is the first
    /// that any kind has.
    fn get<'a>(
        &self,
        found: &Found<'a>,
        name: FieldName,
        kind: Option<ConnectorKind>,
    ) -> Option<&'a RawValue> {
        match (self.fields.get(&name)?, kind) {
            (SlotOf::Any(slot), _) => found.get(*slot),
            (SlotOf::ByKind(slots), Some(kind)) => found.get(*slots.get(&kind.index())?),
            (SlotOf::ByKind(slots), None) => slots.values().find_map(|slot| found.get(*slot)),
        }
    }
}

/// One page of a list.
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) next: NextPage,
}

/// The next page of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NextPage {
    /// There is none.
    None,
    /// It has this URL or path.
    Link(String),
    /// It has this cursor.
    Cursor(Value),
    /// It has the next number, unless this many rows or pages are all.
    Number { total: Option<u64>, pages: Option<u64> },
}

/// The kind of a response that may leave out members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A row of a list, which may have fewer members than the connector.
    Row,
    /// The response to a read by id.
    Read,
    /// The response to a write.
    Write,
}

impl Profile {
    /// Reads the connector in a response. `None` when null stands in its place.
    pub(crate) fn connector(
        &self,
        call: &Call,
        body: &[u8],
        source: Source,
    ) -> Result<Option<Connector>, BodyProblem> {
        let Some(place) = &call.response.object else { return Ok(None) };
        let document = json::document(body)?;
        let object = place.find(document).ok_or(BodyProblem::OtherShape)?;
        if object.get() == "null" && !place.is_root() {
            return Ok(None);
        }
        let Some(object) = json::single(object) else { return Err(BodyProblem::OtherShape) };
        self.read(object, source).map(Some)
    }

    /// Whether an object in a response is about the connector with this id, also when it cannot be
    /// read as a whole.
    pub(crate) fn is_about(&self, call: &Call, body: &[u8], id: &ConnectorId) -> bool {
        self.new_id(call, body).is_some_and(|found| found == *id)
    }

    /// Reads only the id of a new connector.
    pub(crate) fn new_id(&self, call: &Call, body: &[u8]) -> Option<ConnectorId> {
        let document = json::document(body).ok()?;
        let id = match (&call.response.id, &call.response.object) {
            (Some(place), _) => place.find(document)?,
            (None, Some(place)) => {
                let object = json::single(place.find(document)?)?;
                let places = &self.0.places;
                places.get(&places.places.find(object), FieldName::Id, None)?
            }
            (None, None) => return None,
        };
        ConnectorId::parse(&scalar(id)?).ok()
    }

    /// Returns the id of a new connector in a response: in its body, or in a header.
    pub(crate) fn created_id(
        &self,
        call: &Call,
        body: &[u8],
        headers: &HeaderMap,
    ) -> Option<ConnectorId> {
        let in_header = || {
            let value = headers.get(call.response.id_header.as_ref()?)?.to_str().ok()?;
            let path = value.split(['?', '#']).next()?.trim_end_matches('/');
            let segment = percent_decode_str(path.rsplit('/').next()?).decode_utf8().ok()?;
            ConnectorId::parse(&segment).ok()
        };
        self.new_id(call, body).or_else(in_header)
    }

    /// Checks the body of a response of success to a delete: nothing, or what the profile says. Any
    /// other, such as an empty object, may come from a gateway or a proxy.
    pub(crate) fn confirm_delete(&self, body: &[u8], id: &ConnectorId) -> Result<(), BodyProblem> {
        let call = self.call(CallName::Delete).map_err(|_| BodyProblem::OtherShape)?;
        let document = match json::document(body) {
            Ok(document) => document,
            Err(BodyProblem::Empty) => return Ok(()),
            Err(problem) => return Err(problem),
        };
        let place = call.response.object.as_ref().ok_or(BodyProblem::OtherShape)?;
        let confirmed = place.find(document).ok_or(BodyProblem::OtherShape)?;
        let places = &self.0.places;
        let found = places.get(&places.places.find(confirmed), FieldName::Id, None);
        match found.and_then(scalar) {
            Some(found) if found == id.as_str() => Ok(()),
            Some(_) => Err(BodyProblem::OtherConnector),
            None if place.is_root() => Err(BodyProblem::Missing("id")),
            None => Ok(()),
        }
    }

    /// Reads the custom connectors of a page.
    ///
    /// An unreadable row is left out, and the rest of the list stays readable. A connector missing
    /// from a list is read by its id, which returns the error.
    pub(crate) fn connectors(&self, body: &[u8]) -> Result<Page<Connector>, BodyProblem> {
        let call = self.call(CallName::List).map_err(|_| BodyProblem::OtherShape)?;
        self.page(call, body, |row| self.read(row, Source::Row).ok())
    }

    /// Reads a page of the references to a connector.
    pub(crate) fn references(&self, body: &[u8]) -> Result<Page<Reference>, BodyProblem> {
        let call = self.call(CallName::References).map_err(|_| BodyProblem::OtherShape)?;
        self.page(call, body, |row| {
            let text =
                |place: &Option<Pointer>| Some(Shown::new(&scalar(place.as_ref()?.find(row)?)?));
            let [id, name, kind] = &call.response.reference;
            Some(Reference { id: text(id), name: text(name), kind: text(kind) })
        })
    }

    pub(super) fn page<T>(
        &self,
        call: &Call,
        body: &[u8],
        read: impl Fn(&RawValue) -> Option<T>,
    ) -> Result<Page<T>, BodyProblem> {
        let document = json::document(body)?;
        let place = call.response.rows.as_ref().ok_or(BodyProblem::OtherShape)?;
        // Older servers return the rows without anything around them (documented).
        let found = place.find(document).filter(|rows| json::is_array(rows.get().as_bytes()));
        let (rows, next) = match found {
            Some(rows) => (rows, self.next(call, document)),
            None if json::is_array(body) && !place.is_nested_in_array() => {
                (document, NextPage::None)
            }
            None => return Err(BodyProblem::OtherShape),
        };
        let object = |raw: &'_ RawValue| match &call.response.row {
            Some(place) => place.find(raw).and_then(&read),
            None => read(raw),
        };
        let rows = json::array(rows.get().as_bytes())?.into_iter().filter_map(object).collect();
        Ok(Page { rows, next })
    }

    fn next(&self, call: &Call, document: &RawValue) -> NextPage {
        let text = |place: &Pointer| json::text(place.find(document)?);
        let number =
            |place: &Option<Pointer>| scalar(place.as_ref()?.find(document)?)?.parse::<u64>().ok();
        match &call.response.next {
            None => NextPage::None,
            Some(NextEntry::Link(place)) => text(place).map_or(NextPage::None, NextPage::Link),
            Some(NextEntry::Cursor(place)) => {
                let found = place.find(document).map(RawValue::get);
                let cursor = found.and_then(|raw| serde_json::from_str::<Value>(raw).ok());
                let is_end = |cursor: &Value| {
                    matches!(cursor, Value::Null | Value::Bool(false)) || cursor == ""
                };
                let cursor = cursor.filter(|cursor| !is_end(cursor));
                cursor.map_or(NextPage::None, NextPage::Cursor)
            }
            Some(NextEntry::Page { total, pages, .. }) => {
                NextPage::Number { total: number(total), pages: number(pages) }
            }
        }
    }

    /// Reads an object of a connector.
    pub(super) fn read(&self, object: &RawValue, source: Source) -> Result<Connector, BodyProblem> {
        let places = if source == Source::Row { &self.0.row_places } else { &self.0.places };
        if !json::is_object(object.get().as_bytes()) {
            return Err(BodyProblem::OtherShape);
        }
        let found = places.places.find(object);
        let is_custom = |(slot, expected): &(Slot, Value)| {
            let value = found.get(*slot).filter(|raw| raw.get() != "null");
            value.is_none_or(|raw| is_literal(raw, expected))
        };
        if !places.conditions.iter().all(is_custom) {
            return Err(BodyProblem::OtherType);
        }
        let text = |name| places.get(&found, name, None).and_then(scalar);
        let id = text(FieldName::Id).and_then(|id| ConnectorId::parse(&id).ok());
        let organization = text(FieldName::OrganizationId);
        let mut reading = Reading { profile: self, places, found: &found, source, kind: None };
        let mut connector = Connector {
            id: id.ok_or(BodyProblem::Missing("id"))?,
            organization_id: organization.and_then(|id| OrganizationId::parse(&id).ok()),
            version: places.get(&found, FieldName::Version, None).and_then(version),
            active: None,
            fields: ConnectorFields::default(),
            not_told: BTreeSet::new(),
            unrecognized: BTreeMap::new(),
            created_time: places.get(&found, FieldName::CreatedTime, None).and_then(time),
            last_updated_time: places.get(&found, FieldName::LastUpdatedTime, None).and_then(time),
            object: ReadObject::Row { is_short: false },
        };
        reading.literals(&mut connector);
        for (field, _) in readable_fields() {
            if !matches!(field, Field::AuthenticationType | Field::GrantType) {
                reading.field(field, &mut connector);
            }
        }
        connector.active = match self.field(FieldName::Active) {
            // The profile has no such member: a connector is active unless it says otherwise.
            None => Some(true),
            Some(entry) => {
                let raw = places.get(&found, FieldName::Active, None);
                let word = raw.and_then(|raw| word_of(entry, raw));
                word.map(|word| word == "true")
            }
        };
        let is_missing = |name| {
            let has_place = self.0.places.fields.contains_key(&name);
            has_place && places.get(&found, name, None).is_none()
        };
        let lacks_what_webex_sets =
            [FieldName::Version, FieldName::CreatedTime, FieldName::LastUpdatedTime]
                .into_iter()
                .any(is_missing);
        if source == Source::Row {
            let lacks_fields = connector.active.is_none() || !connector.not_told.is_empty();
            connector.object = ReadObject::Row { is_short: lacks_fields || lacks_what_webex_sets };
        } else {
            if connector.fields.get(Field::Name).is_none() {
                return Err(BodyProblem::Missing("name"));
            }
            if connector.active.is_none() {
                return Err(BodyProblem::Missing("active"));
            }
            let credentials = &self.0.places.credentials;
            let value = without_credentials(object, credentials, &mut Vec::new(), false);
            let is_short = source == Source::Write && lacks_what_webex_sets;
            connector.object =
                ReadObject::Whole { value: value.unwrap_or_default().into(), is_short };
        }
        Ok(connector)
    }
}

/// Reads the fields of one object.
struct Reading<'a, 'b> {
    profile: &'a Profile,
    places: &'a FieldPlaces,
    found: &'a Found<'b>,
    source: Source,
    kind: Option<ConnectorKind>,
}

impl<'b> Reading<'_, 'b> {
    /// Reads the authentication type and the grant, and finds the kind of connector.
    fn literals(&mut self, connector: &mut Connector) {
        let raw = |field| self.places.get(self.found, FieldName::Field(field), None);
        let word = |field| {
            let entry = self.profile.field(FieldName::Field(field))?;
            word_of(entry, raw(field)?)
        };
        let (type_word, grant_word) = (word(Field::AuthenticationType), word(Field::GrantType));
        let kind_of = |word: &str| ConnectorKind::ALL.into_iter().find(|kind| kind.name() == word);
        self.kind = match type_word {
            Some(OAUTH2) => grant_word.and_then(kind_of),
            Some(word) => kind_of(word),
            None => None,
        };
        let authentication_type = match (self.kind, type_word) {
            (Some(kind), _) => Some(kind.spelled().0),
            (None, Some(OAUTH2)) => Some(OAUTH2),
            (None, Some(_) | None) => None,
        };
        match (authentication_type, raw(Field::AuthenticationType)) {
            (Some(word), _) => connector.fields.set(Field::AuthenticationType, Some(word.into())),
            (None, raw) => self.without_word(Field::AuthenticationType, raw, connector),
        }
        let grant = self.kind.and_then(|kind| kind.spelled().1);
        match (self.kind, grant, raw(Field::GrantType)) {
            (Some(_), Some(grant), _) => connector.fields.set(Field::GrantType, Some(grant.into())),
            // Basic connectors have none.
            (Some(_), None, _) => {}
            (None, _, raw) => match grant_word {
                Some(word) => connector.fields.set(Field::GrantType, Some(word.to_owned())),
                None => self.without_word(Field::GrantType, raw, connector),
            },
        }
        if self.kind.is_none() && connector.fields.get(Field::AuthenticationType) == Some(BASIC) {
            self.kind = Some(ConnectorKind::Basic);
        }
    }

    /// Reads a literal that the profile does not know.
    fn without_word(&self, field: Field, raw: Option<&'b RawValue>, connector: &mut Connector) {
        let Some(raw) = raw else {
            connector.not_told.insert(field);
            return;
        };
        if let (Some(text), Ok(value)) = (scalar(raw), serde_json::from_str(raw.get()))
            && !text.is_empty()
        {
            connector.fields.set(field, Some(text));
            connector.unrecognized.insert(field, value);
        }
    }

    fn field(&self, field: Field, connector: &mut Connector) {
        let name = FieldName::Field(field);
        let Some(raw) = self.places.get(self.found, name, self.kind) else {
            let is_empty = self.source == Source::Read && self.profile.0.reads_omit_empty;
            if self.may_have(field) && !is_empty {
                connector.not_told.insert(field);
            }
            return;
        };
        let encoding = self.profile.field(name).map_or(Encoding::Text, |entry| entry.encoding);
        match decoded(raw, encoding) {
            Some(text) => connector.fields.set(field, Some(text)),
            None if raw.get() == "null" => {}
            // A value of another type is not understood.
            None => drop(connector.not_told.insert(field)),
        }
    }

    /// Whether a connector of this kind can have a field.
    fn may_have(&self, field: Field) -> bool {
        self.kind.is_none_or(|kind| Row::of(field).applies_to(kind) != Applies::Never)
    }
}

/// Returns the word of a literal.
fn word_of<'a>(entry: &'a FieldEntry, raw: &RawValue) -> Option<&'a str> {
    let found = entry.values.iter().find(|(_, value)| is_literal(raw, value));
    found.map(|(word, _)| word.as_str())
}

/// Whether a value is a literal, for texts in any letter case.
fn is_literal(raw: &RawValue, literal: &Value) -> bool {
    match serde_json::from_str::<Value>(raw.get()) {
        Ok(Value::String(text)) => {
            literal.as_str().is_some_and(|literal| literal.eq_ignore_ascii_case(&text))
        }
        Ok(value) => value == *literal,
        Err(_) => false,
    }
}

/// Returns a text or a number as text.
fn scalar(raw: &RawValue) -> Option<String> {
    match serde_json::from_str::<Value>(raw.get()).ok()? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn version(raw: &RawValue) -> Option<Version> {
    if let Some(number) = json::whole_number(raw) {
        return Some(Version::Number(number));
    }
    json::text(raw).filter(|text| !text.is_empty()).map(Version::Text)
}

/// Returns a time in milliseconds since 1970: a number, or RFC 3339.
fn time(raw: &RawValue) -> Option<i64> {
    if let Some(number) = json::whole_number(raw) {
        return Some(number);
    }
    let text = json::text(raw)?;
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let time = OffsetDateTime::parse(&text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Returns a text that stands in JSON in an encoding.
fn decoded(raw: &RawValue, encoding: Encoding) -> Option<String> {
    match encoding {
        Encoding::List => {
            let words = serde_json::from_str::<Vec<String>>(raw.get()).ok();
            words.map(|words| words.join(" ")).or_else(|| scalar(raw))
        }
        Encoding::Text | Encoding::Crlf => scalar(raw),
        Encoding::Escaped => scalar(raw).map(|text| text.replace("\\n", "\n")),
        Encoding::Base64 => {
            let text = scalar(raw)?;
            let bytes = STANDARD.decode(text.trim()).ok();
            Some(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(text))
        }
    }
}

/// Returns a value without credentials and without texts that look masked. `None` if the value is
/// one, or cannot be searched because it is too deep.
///
/// In an array nothing is left out, because that would move or break the other elements: then there
/// is no value at all. None of the values that are left out is decoded.
fn without_credentials(
    raw: &RawValue,
    credentials: &[Pointer],
    at: &mut Vec<String>,
    is_in_array: bool,
) -> Option<Value> {
    let text = raw.get();
    if credentials.iter().any(|credential| credential.is_at(at)) || is_masked(text) {
        return None;
    }
    let is_array = json::is_array(text.as_bytes());
    if !is_array && !json::is_object(text.as_bytes()) {
        return serde_json::from_str(text).ok();
    }
    if at.len() >= DEEPEST {
        return None;
    }
    let mut child = |name: String, raw, is_in_array| {
        at.push(name);
        let value = without_credentials(raw, credentials, at, is_in_array);
        at.pop();
        value
    };
    if is_array {
        let elements = json::array(text.as_bytes()).ok()?.into_iter().enumerate();
        let elements = elements.map(|(index, raw)| child(index.to_string(), raw, true));
        return elements.collect::<Option<_>>().map(Value::Array);
    }
    let mut members = Map::new();
    for (name, raw) in Object::from_raw(raw).ok()?.members() {
        match child(name.to_owned(), raw, is_in_array) {
            Some(value) => drop(members.insert(name.to_owned(), value)),
            None if is_in_array => return None,
            None => {}
        }
    }
    Some(Value::Object(members))
}
