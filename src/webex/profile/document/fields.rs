//! Reads and checks the fields of a profile.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::fields::Field;
use super::super::super::kinds::{
    BASIC, CLIENT_CREDENTIALS, CLIENT_CREDENTIALS_CERTIFICATE, OAUTH2, PASSWORD,
};
use super::super::{Encoding, FieldEntry, FieldName, FieldPlace, Pointer};
use super::{Members, Part, Reader};

impl Reader {
    pub(super) fn fields(&mut self, part: &Part<'_>) -> Option<BTreeMap<FieldName, FieldEntry>> {
        let mut members = self.object(part)?;
        let mut fields = BTreeMap::new();
        for name in FieldName::all() {
            match members.get(name.name()) {
                Some(part) => {
                    if let Some(entry) = self.field_entry(name, &part) {
                        fields.insert(name, entry);
                    }
                }
                None if matches!(name, FieldName::Id | FieldName::Field(Field::Name)) => {
                    self.missing(&members, name.name());
                }
                None => {}
            }
        }
        self.finish(&members);
        Some(fields)
    }

    fn field_entry(&mut self, name: FieldName, part: &Part<'_>) -> Option<FieldEntry> {
        let mut members = self.object(part)?;
        let standing = self.standing(&mut members);
        let at = match members.get("at") {
            None => FieldPlace::Nowhere,
            Some(part) => self.field_place(name, &part),
        };
        let is_needed = matches!(name, FieldName::Id | FieldName::Field(Field::Name));
        if is_needed && matches!(at, FieldPlace::Nowhere) {
            self.missing(&members, "at");
        }
        let words: &[&str] = match name.readable() {
            Some(Field::AuthenticationType) => {
                &[BASIC, OAUTH2, CLIENT_CREDENTIALS, PASSWORD, CLIENT_CREDENTIALS_CERTIFICATE]
            }
            Some(Field::GrantType) => {
                &[BASIC, CLIENT_CREDENTIALS, PASSWORD, CLIENT_CREDENTIALS_CERTIFICATE]
            }
            Some(_) | None if name == FieldName::Active => &["true", "false"],
            Some(_) | None => &[],
        };
        let mut values = Vec::new();
        if !words.is_empty() {
            match members.get("values") {
                Some(part) => values = self.values(&part, words),
                None if matches!(at, FieldPlace::Nowhere) => {}
                None => self.missing(&members, "values"),
            }
        }
        let mut is_number = false;
        if name == FieldName::Id
            && let Some(part) = members.get("type")
        {
            match part.value.as_str() {
                Some("number") => is_number = true,
                Some("text") => {}
                Some(_) | None => self.problem(&part.pointer, "must be text or number"),
            }
        }
        let is_text = name.readable().is_some() || matches!(name, FieldName::Credential(_));
        let may_be_list = name == FieldName::Field(Field::Scope);
        let encoding =
            if is_text { self.encoding(&mut members, may_be_list) } else { Encoding::Text };
        self.finish(&members);
        Some(FieldEntry { standing, at, values, is_number, encoding })
    }

    fn field_place(&mut self, name: FieldName, part: &Part<'_>) -> FieldPlace {
        let may_depend =
            name.readable().map_or(matches!(name, FieldName::Credential(_)), |field| {
                !matches!(field, Field::AuthenticationType | Field::GrantType | Field::Name)
            });
        match part.value {
            Value::Null => FieldPlace::Nowhere,
            Value::Object(_) if may_depend => {
                let mut places = BTreeMap::new();
                for (kind, part) in self.by_kind(part).unwrap_or_default() {
                    if let Some(pointer) = self.pointer(&part) {
                        places.insert(kind, pointer);
                    }
                }
                FieldPlace::ByKind(places)
            }
            Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => self.pointer(part).map_or(FieldPlace::Nowhere, FieldPlace::Any),
        }
    }

    fn values(&mut self, part: &Part<'_>, words: &[&str]) -> Vec<(String, Value)> {
        let Some(members) = self.object(part) else { return Vec::new() };
        let mut values: Vec<(String, Value)> = Vec::new();
        for (word, part) in members.each() {
            if !words.contains(&word) {
                let words = words.join(", ");
                self.problem(&part.pointer, format!("is unknown; the words are {words}"));
            } else if matches!(part.value, Value::Null | Value::Array(_) | Value::Object(_)) {
                self.problem(&part.pointer, "must be a text, a number, true or false");
            } else if values.iter().any(|(_, value)| value == part.value) {
                self.problem(&part.pointer, "must differ from the literals of the other words");
            } else {
                values.push((word.to_owned(), part.value.clone()));
            }
        }
        values
    }

    fn encoding(&mut self, members: &mut Members<'_>, may_be_list: bool) -> Encoding {
        let Some(part) = members.get("encoding") else { return Encoding::Text };
        match part.value.as_str() {
            Some("text") => Encoding::Text,
            Some("crlf") => Encoding::Crlf,
            Some("escaped") => Encoding::Escaped,
            Some("base64") => Encoding::Base64,
            Some("list") if may_be_list => Encoding::List,
            _ => {
                let list = if may_be_list { ", list" } else { "" };
                self.problem(
                    &part.pointer,
                    format!("must be one of text, crlf, escaped, base64{list}"),
                );
                Encoding::Text
            }
        }
    }

    pub(super) fn custom_only(&mut self, part: &Part<'_>) -> Vec<(Pointer, Value)> {
        let Some(members) = self.open_object(part) else { return Vec::new() };
        let mut conditions = Vec::new();
        for (name, part) in members.each() {
            let Some(pointer) = Pointer::parse(name).filter(|pointer| !pointer.is_root()) else {
                self.problem(&part.pointer, "is not a JSON Pointer to a member");
                continue;
            };
            if matches!(part.value, Value::Null | Value::Array(_) | Value::Object(_)) {
                self.problem(&part.pointer, "must be a text, a number, true or false");
                continue;
            }
            conditions.push((pointer, part.value.clone()));
        }
        conditions
    }
}
