//! Reads and checks the calls of a profile.

use std::collections::BTreeMap;

use http::{HeaderName, Method};
use serde_json::Value;

use super::super::super::calls::CallName;
use super::super::super::fields::{Credential, Field};
use super::super::template::Placeholder;
use super::super::{
    BodyTemplate, Call, FieldName, JsonTemplate, Name, NextEntry, Pointer, QueryValue,
    ResponseEntry, TextTemplate,
};
use super::{Members, Part, Reader};

impl Reader {
    #[expect(clippy::type_complexity, reason = "the calls, and what only rows have")]
    pub(super) fn calls(
        &mut self,
        part: &Part<'_>,
    ) -> Option<(BTreeMap<CallName, Call>, BTreeMap<FieldName, Option<Pointer>>)> {
        let mut members = self.object(part)?;
        let mut calls = BTreeMap::new();
        let mut overrides = BTreeMap::new();
        for name in CallName::ALL {
            let Some(part) = members.get(name.name()) else { continue };
            if let Some(call) = self.call(name, &part, &mut overrides) {
                calls.insert(name, call);
            }
        }
        self.finish(&members);
        let has = |name| calls.contains_key(&name);
        if has(CallName::Activate) != has(CallName::Deactivate) {
            self.problem(&part.pointer, "must have both activate and deactivate, or none of them");
        }
        Some((calls, overrides))
    }

    fn call(
        &mut self,
        name: CallName,
        part: &Part<'_>,
        overrides: &mut BTreeMap<FieldName, Option<Pointer>>,
    ) -> Option<Call> {
        let mut members = self.object(part)?;
        let standing = self.standing(&mut members);
        let method = match members.get("method") {
            Some(part) => self.method(&part),
            None => {
                self.missing(&members, "method");
                None
            }
        };
        let path = match members.get("path") {
            Some(part) => self.path(&part),
            None => {
                self.missing(&members, "path");
                None
            }
        };
        let query = members.get("query").map(|part| self.query(&part)).unwrap_or_default();
        let headers = self.headers(members.get("headers"), &["content-type"]);
        let body = self.body(name, &mut members);
        let overlay_part = members.get("overlay");
        let overlay = overlay_part.as_ref().and_then(|part| self.pointer(part));
        let response = members.get("response");
        let response =
            response.and_then(|part| self.response(name, &part, overrides)).unwrap_or_default();
        self.finish(&members);
        let call = Call {
            standing,
            method: method?,
            path: path?,
            query,
            headers,
            body,
            overlay,
            response,
        };
        self.check_placeholders(name, &call, &part.pointer);
        if let Some(part) = overlay_part {
            self.check_overlay(name, &call, &part.pointer);
        }
        if matches!(name, CallName::List | CallName::References) && call.response.rows.is_none() {
            self.problem(&part.pointer, "must have the member response.rows");
        }
        if name == CallName::Read && call.response.object.is_none() {
            self.problem(&part.pointer, "must have the member response.object");
        }
        Some(call)
    }

    fn method(&mut self, part: &Part<'_>) -> Option<Method> {
        let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let found = known.into_iter().find(|method| part.value.as_str() == Some(method.as_str()));
        if found.is_none() {
            self.problem(&part.pointer, "must be GET, POST, PUT, PATCH or DELETE");
        }
        found
    }

    fn path(&mut self, part: &Part<'_>) -> Option<TextTemplate> {
        let path = self.template(part)?;
        let text = part.value.as_str().unwrap_or_default();
        // What a URL keeps as it is, and the braces of placeholders.
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/{}?".contains(&byte);
        let without_marks = text.replace("?}", "}");
        if !text.starts_with('/') || text.starts_with("//") {
            self.problem(&part.pointer, "must begin with one /");
        } else if without_marks.contains('?') || !text.bytes().all(is_plain) {
            self.problem(
                &part.pointer,
                "must be a path without query and fragment, percent-encoded where needed",
            );
        } else if text.split('/').any(is_relative) {
            self.problem(&part.pointer, "must not have the segments . and ..");
        }
        Some(path)
    }

    fn query(&mut self, part: &Part<'_>) -> Vec<(String, QueryValue)> {
        let Some(members) = self.open_object(part) else { return Vec::new() };
        let mut query = Vec::new();
        for (name, part) in members.each() {
            let value = match part.value {
                Value::Object(_) | Value::Array(_) => QueryValue::Json(self.json_template(&part)),
                Value::String(_) => match self.template(&part) {
                    Some(template) => QueryValue::Text(template),
                    None => continue,
                },
                Value::Null | Value::Bool(_) | Value::Number(_) => {
                    self.problem(&part.pointer, "must be a text, an object or an array");
                    continue;
                }
            };
            query.push((name.to_owned(), value));
        }
        query
    }

    fn body(&mut self, name: CallName, members: &mut Members<'_>) -> Option<BodyTemplate> {
        let body = members.get("body");
        let by_kind = members.get("body_by_kind");
        match (body, by_kind) {
            (Some(_), Some(part)) => {
                self.problem(&part.pointer, "cannot be set together with body");
                None
            }
            (Some(part), None) => Some(BodyTemplate::Any(self.json_template(&part))),
            (None, Some(part)) => {
                let is_write = matches!(
                    name,
                    CallName::Create | CallName::Update | CallName::Activate | CallName::Deactivate
                );
                if !is_write {
                    self.problem(&part.pointer, "is possible for calls that write only");
                }
                let mut templates = BTreeMap::new();
                for (kind, part) in self.by_kind(&part)? {
                    templates.insert(kind, self.json_template(&part));
                }
                Some(BodyTemplate::ByKind(templates))
            }
            (None, None) => None,
        }
    }

    fn response(
        &mut self,
        name: CallName,
        part: &Part<'_>,
        overrides: &mut BTreeMap<FieldName, Option<Pointer>>,
    ) -> Option<ResponseEntry> {
        let mut members = self.object(part)?;
        let mut entry = ResponseEntry::default();
        let is_list = matches!(name, CallName::List | CallName::References);
        if is_list {
            entry.rows = members.get("rows").and_then(|part| self.pointer(&part));
            entry.row = members.get("row").and_then(|part| self.pointer(&part));
            entry.next = members.get("next").and_then(|part| self.next(&part));
            match (name, members.get("fields")) {
                (_, None) => {}
                (CallName::References, Some(part)) => {
                    entry.reference = self.reference(&part);
                }
                (_, Some(part)) => self.overrides(&part, overrides),
            }
        } else {
            entry.object = members.get("object").and_then(|part| self.pointer(&part));
        }
        if name == CallName::Create {
            entry.id = members.get("id").and_then(|part| self.pointer(&part));
            if let Some(part) = members.get("id_header")
                && let Some(text) = self.text(&part)
            {
                entry.id_header = HeaderName::from_bytes(text.as_bytes()).ok();
                if entry.id_header.is_none() {
                    self.problem(&part.pointer, "is not the name of a header");
                }
            }
        }
        self.finish(&members);
        Some(entry)
    }

    fn reference(&mut self, part: &Part<'_>) -> [Option<Pointer>; 3] {
        let Some(mut members) = self.object(part) else { return [None, None, None] };
        let found = ["id", "name", "type"].map(|name| {
            let part = members.get(name)?;
            if part.value.is_null() { None } else { self.pointer(&part) }
        });
        self.finish(&members);
        found
    }

    fn overrides(&mut self, part: &Part<'_>, overrides: &mut BTreeMap<FieldName, Option<Pointer>>) {
        let Some(mut members) = self.object(part) else { return };
        for name in FieldName::all() {
            let Some(part) = members.get(name.name()) else { continue };
            let pointer = if part.value.is_null() { None } else { self.pointer(&part) };
            overrides.insert(name, pointer);
        }
        self.finish(&members);
    }

    fn next(&mut self, part: &Part<'_>) -> Option<NextEntry> {
        let mut members = self.object(part)?;
        let link = members.get("link").and_then(|part| self.pointer(&part));
        let cursor = members.get("cursor").and_then(|part| self.pointer(&part));
        let page = members.get("page");
        let first = page.as_ref().and_then(|part| {
            let first = part.value.as_u64().filter(|first| *first <= 1);
            if first.is_none() {
                self.problem(&part.pointer, "must be 0 or 1, the number of the first page");
            }
            first
        });
        let total = members.get("total").and_then(|part| self.pointer(&part));
        let pages = members.get("pages").and_then(|part| self.pointer(&part));
        self.finish(&members);
        match (link, cursor, first) {
            (Some(link), None, None) => Some(NextEntry::Link(link)),
            (None, Some(cursor), None) => Some(NextEntry::Cursor(cursor)),
            (None, None, Some(first)) => Some(NextEntry::Page { first, total, pages }),
            _ => {
                self.problem(&part.pointer, "must have one of link, cursor and page");
                None
            }
        }
    }

    /// Checks that each placeholder of a call can have a value, and that the id is there where it
    /// is needed.
    fn check_placeholders(&mut self, name: CallName, call: &Call, pointer: &str) {
        let mut in_body = Vec::new();
        let mut note = |placeholder| in_body.push(placeholder);
        match &call.body {
            None => {}
            Some(BodyTemplate::Any(template)) => template.placeholders(&mut note),
            Some(BodyTemplate::ByKind(templates)) => {
                templates.values().for_each(|template| template.placeholders(&mut note));
            }
        }
        let mut in_url: Vec<Placeholder> = call.path.placeholders().collect();
        for (_, value) in &call.query {
            match value {
                QueryValue::Text(text) => in_url.extend(text.placeholders()),
                QueryValue::Json(json) => json.placeholders(&mut |found| in_url.push(found)),
            }
        }
        let mut allowed = vec![Name::Organization];
        let is_write = matches!(
            name,
            CallName::Create | CallName::Update | CallName::Activate | CallName::Deactivate
        );
        if !matches!(name, CallName::List | CallName::Create) {
            allowed.push(Name::Id);
        }
        if matches!(name, CallName::List | CallName::References) {
            allowed.extend([Name::Cursor, Name::Page]);
        }
        if is_write || name == CallName::Delete {
            allowed.extend([Name::Version].into_iter().filter(|_| name != CallName::Create));
        }
        if is_write {
            allowed.push(Name::Active);
            allowed.extend(FieldName::all().filter_map(FieldName::readable).map(Name::Field));
        }
        self.allow(pointer, &in_url, &allowed);
        if is_write {
            allowed.extend(Credential::ALL.map(Name::Credential));
        }
        self.allow(pointer, &in_body, &allowed);
        let all = || in_url.iter().chain(&in_body);
        let has = |wanted: Name| all().any(|placeholder| placeholder.name == wanted);
        let in_headers = call.headers.iter().flat_map(|(_, text)| text.placeholders());
        let id_in_headers = in_headers.into_iter().any(|found| found.name == Name::Id);
        if !matches!(name, CallName::List | CallName::Create) && !has(Name::Id) && !id_in_headers {
            self.problem(pointer, "must have the placeholder {id}");
        }
        for (needed, is_needed) in [
            (Name::Cursor, matches!(call.response.next, Some(NextEntry::Cursor(_)))),
            (Name::Page, matches!(call.response.next, Some(NextEntry::Page { .. }))),
        ] {
            if is_needed && !has(needed) {
                let name = needed.text();
                self.problem(pointer, format!("must have the placeholder {{{name}}}"));
            }
        }
        if matches!(name, CallName::Create | CallName::Update) && !has(Name::Field(Field::Name)) {
            self.problem(pointer, "must have the placeholder {name}");
        }
    }

    fn check_overlay(&mut self, name: CallName, call: &Call, pointer: &str) {
        if !matches!(name, CallName::Update | CallName::Activate | CallName::Deactivate) {
            self.problem(pointer, "is possible for update, activate and deactivate only");
            return;
        }
        let Some(overlay) = &call.overlay else { return };
        let is_object = |template: &JsonTemplate| {
            matches!(template.at(overlay.tokens()), Some(JsonTemplate::Object(_)))
        };
        let fits = match &call.body {
            None => false,
            Some(BodyTemplate::Any(template)) => is_object(template),
            Some(BodyTemplate::ByKind(templates)) => templates.values().all(is_object),
        };
        if !fits {
            self.problem(pointer, "must be the place of an object in the body");
        }
    }
}

/// Whether a segment means another folder, also percent-encoded.
fn is_relative(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}
