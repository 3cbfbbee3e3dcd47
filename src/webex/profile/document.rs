//! Reads and checks a profile. All problems are found at once.

use std::collections::BTreeMap;

use http::{HeaderName, Method};
use serde_json::{Map, Value};
use url::Url;

use super::super::calls::CallName;
use super::super::fields::{Credential, Field};
use super::super::kinds::{
    BASIC, CLIENT_CREDENTIALS, CLIENT_CREDENTIALS_CERTIFICATE, ConnectorKind, OAUTH2, PASSWORD,
};
use super::read::FieldPlaces;
use super::template::{Placeholder, bounded, escaped};
use super::{
    BodyTemplate, Call, Document, Encoding, FieldEntry, FieldName, FieldPlace, HeaderTemplate,
    JsonTemplate, KindKey, Name, NextEntry, Pointer, Profile, ProfileProblem, QueryValue,
    ResponseEntry, Standing, TextTemplate,
};

/// The format that this version reads.
const FORMAT: u64 = 1;

/// The largest document, in bytes.
const LARGEST: usize = 1024 * 1024;

/// The most problems that are reported.
const MOST_PROBLEMS: usize = 50;

/// The headers that the client sets itself, and those with credentials.
const RESERVED_HEADERS: [&str; 16] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "accept-encoding",
    "trackingid",
    "user-agent",
    "origin",
    "referer",
];

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// All problems, each with its JSON Pointer. They quote names of the document, but no values.
    pub fn parse(text: &str) -> Result<Self, Vec<ProfileProblem>> {
        let whole = |message: String| vec![ProfileProblem { pointer: String::new(), message }];
        if text.len() > LARGEST {
            return Err(whole(format!("is larger than {LARGEST} bytes")));
        }
        let value = serde_json::from_str::<Value>(text).map_err(|error| {
            whole(format!("is not JSON (line {}, column {})", error.line(), error.column()))
        })?;
        let mut reader = Reader { problems: Vec::new() };
        let document = reader.document(&value, text);
        match document {
            Some(document) if reader.problems.is_empty() => Ok(Self(document.into())),
            _ => {
                reader.problems.truncate(MOST_PROBLEMS);
                Err(reader.problems)
            }
        }
    }
}

struct Reader {
    problems: Vec<ProfileProblem>,
}

/// A part of the document, with its JSON Pointer.
#[derive(Clone)]
struct Part<'a> {
    value: &'a Value,
    pointer: String,
}

/// The members of an object, with its JSON Pointer.
struct Members<'a> {
    members: &'a Map<String, Value>,
    pointer: String,
    known: Vec<&'static str>,
}

impl<'a> Members<'a> {
    fn get(&mut self, name: &'static str) -> Option<Part<'a>> {
        self.known.push(name);
        let value = self.members.get(name)?;
        Some(Part { value, pointer: format!("{}/{name}", self.pointer) })
    }

    fn each(&self) -> impl Iterator<Item = (&'a str, Part<'a>)> + use<'a> {
        let pointer = self.pointer.clone();
        self.members.iter().map(move |(name, value)| {
            (name.as_str(), Part { value, pointer: format!("{pointer}/{}", escaped(name)) })
        })
    }
}

impl Reader {
    fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        let pointer = bounded_pointer(pointer);
        self.problems.push(ProfileProblem { pointer, message: message.into() });
    }

    fn object<'a>(&mut self, part: &Part<'a>) -> Option<Members<'a>> {
        let Value::Object(members) = part.value else {
            self.problem(&part.pointer, "must be an object");
            return None;
        };
        Some(Members { members, pointer: part.pointer.clone(), known: Vec::new() })
    }

    fn text<'a>(&mut self, part: &Part<'a>) -> Option<&'a str> {
        let text = part.value.as_str();
        if text.is_none() {
            self.problem(&part.pointer, "must be a text");
        }
        text
    }

    /// Reports the members that were not asked for.
    fn finish(&mut self, members: &Members<'_>) {
        for (name, part) in members.each() {
            if !members.known.contains(&name) {
                let known = members.known.join(", ");
                self.problem(&part.pointer, format!("is unknown; the members are {known}"));
            }
        }
    }

    fn missing(&mut self, members: &Members<'_>, name: &str) {
        self.problem(&members.pointer, format!("must have the member {name}"));
    }

    fn document(&mut self, value: &Value, text: &str) -> Option<Document> {
        let mut members = self.object(&Part { value, pointer: String::new() })?;
        // A hint for editors.
        let _ = members.get("$schema");
        match members.get("format") {
            None => self.missing(&members, "format"),
            Some(part) if part.value.as_u64() == Some(FORMAT) => {}
            Some(part) => self.problem(
                &part.pointer,
                format!("must be {FORMAT}, the format that this version of the provider reads"),
            ),
        }
        let base_url = members.get("base_url").and_then(|part| self.base_url(&part));
        let headers = self.headers(members.get("headers"), &[]);
        let calls = members.get("calls");
        let calls = match calls {
            Some(part) => self.calls(&part),
            None => {
                self.missing(&members, "calls");
                None
            }
        };
        let fields = match members.get("fields") {
            Some(part) => self.fields(&part),
            None => {
                self.missing(&members, "fields");
                None
            }
        };
        let custom_only = members.get("custom_only").map(|part| self.custom_only(&part));
        let omit = members.get("reads_omit_empty");
        let reads_omit_empty = omit.and_then(|part| self.behavior(&part)).unwrap_or(false);
        let locked = members.get("active_is_locked");
        let active_is_locked = locked.and_then(|part| self.behavior(&part));
        self.finish(&members);
        let (calls, row_overrides) = calls?;
        let fields = fields?;
        let custom_only = custom_only.unwrap_or_default();
        let places = FieldPlaces::new(&fields, &custom_only, &BTreeMap::new());
        let row_places = FieldPlaces::new(&fields, &custom_only, &row_overrides);
        Some(Document {
            text: text.to_owned(),
            base_url,
            headers,
            calls,
            fields,
            custom_only,
            reads_omit_empty,
            active_is_locked,
            row_overrides,
            places,
            row_places,
        })
    }

    fn base_url(&mut self, part: &Part<'_>) -> Option<Url> {
        let text = self.text(part)?;
        let url = Url::parse(text).ok();
        if url.is_none() {
            self.problem(&part.pointer, "must be a URL, such as https://api.example.com");
        }
        url
    }

    /// Reads the headers. `allowed` are the headers that only a call may have.
    fn headers(&mut self, part: Option<Part<'_>>, allowed: &[&str]) -> Vec<HeaderTemplate> {
        let Some(members) = part.and_then(|part| self.object(&part)) else { return Vec::new() };
        let mut headers = Vec::new();
        for (name, part) in members.each() {
            let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
                self.problem(&part.pointer, "is not the name of a header");
                continue;
            };
            let is_content_type = header == http::header::CONTENT_TYPE;
            if RESERVED_HEADERS.contains(&header.as_str())
                || is_content_type && !allowed.contains(&header.as_str())
            {
                self.problem(&part.pointer, "is a header that a profile cannot set");
                continue;
            }
            let Some(text) = self.template(&part) else { continue };
            let is_printable = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            if !part.value.as_str().is_some_and(is_printable) {
                self.problem(&part.pointer, "must be printable ASCII");
            }
            let names: Vec<_> = text.placeholders().collect();
            self.allow(&part.pointer, &names, &[Name::Organization, Name::Id, Name::Version]);
            headers.push((header, text));
        }
        headers
    }

    fn template(&mut self, part: &Part<'_>) -> Option<TextTemplate> {
        let text = self.text(part)?;
        match TextTemplate::parse(text) {
            Ok(template) => Some(template),
            Err(problem) => {
                self.problem(&part.pointer, problem.to_string());
                None
            }
        }
    }

    fn json_template(&mut self, part: &Part<'_>) -> JsonTemplate {
        let mut found = Vec::new();
        let template = JsonTemplate::parse(part.value, &part.pointer, &mut |place, problem| {
            found.push((place, problem.to_string()));
        });
        for (place, problem) in found {
            self.problem(&place, problem);
        }
        if template.has_mixed_credential() {
            self.problem(&part.pointer, "cannot have a credential within a longer text");
        }
        template
    }

    /// Reports the placeholders that a place cannot have.
    fn allow(&mut self, pointer: &str, found: &[Placeholder], allowed: &[Name]) {
        for placeholder in found {
            if !allowed.contains(&placeholder.name) {
                let name = placeholder.name.text();
                self.problem(pointer, format!("cannot have the placeholder {{{name}}}"));
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "the calls, and what only rows have")]
    fn calls(
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

    fn standing(&mut self, members: &mut Members<'_>) -> Standing {
        let Some(part) = members.get("standing") else {
            self.missing(members, "standing");
            return Standing::Assumed;
        };
        let found = Standing::ALL.into_iter().find(|one| part.value.as_str() == Some(one.name()));
        found.unwrap_or_else(|| {
            let all = Standing::ALL.map(Standing::name).join(", ");
            self.problem(&part.pointer, format!("must be one of {all}"));
            Standing::Assumed
        })
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
        let Some(members) = self.object(part) else { return Vec::new() };
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
                self.problem(&part.pointer, "cannot be set beside body");
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

    fn by_kind<'a>(&mut self, part: &Part<'a>) -> Option<Vec<(KindKey, Part<'a>)>> {
        let mut members = self.object(part)?;
        let mut found = Vec::new();
        for kind in ConnectorKind::ALL {
            if let Some(part) = members.get(kind.name()) {
                found.push((kind.index(), part));
            }
        }
        self.finish(&members);
        Some(found)
    }

    fn pointer(&mut self, part: &Part<'_>) -> Option<Pointer> {
        let pointer = Pointer::parse(self.text(part)?);
        if pointer.is_none() {
            self.problem(&part.pointer, "must be a JSON Pointer, such as /data or an empty text");
        }
        pointer
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
        match call.response.next {
            Some(NextEntry::Cursor(_)) => allowed.push(Name::Cursor),
            Some(NextEntry::Page { .. }) => allowed.push(Name::Page),
            Some(NextEntry::Link(_)) | None => {}
        }
        if is_write || name == CallName::Delete {
            allowed.extend([Name::Version].into_iter().filter(|_| name != CallName::Create));
        }
        if is_write {
            allowed.push(Name::Active);
            allowed.extend(FieldName::all().filter_map(|field| match field {
                FieldName::Field(field) => Some(Name::Field(field)),
                _ => None,
            }));
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

    fn fields(&mut self, part: &Part<'_>) -> Option<BTreeMap<FieldName, FieldEntry>> {
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
        let words: &[&str] = match name {
            FieldName::Active => &["true", "false"],
            FieldName::Field(Field::AuthenticationType) => {
                &[BASIC, OAUTH2, CLIENT_CREDENTIALS, PASSWORD, CLIENT_CREDENTIALS_CERTIFICATE]
            }
            FieldName::Field(Field::GrantType) => {
                &[BASIC, CLIENT_CREDENTIALS, PASSWORD, CLIENT_CREDENTIALS_CERTIFICATE]
            }
            _ => &[],
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
                _ => self.problem(&part.pointer, "must be text or number"),
            }
        }
        let encoding = match name {
            FieldName::Field(field) => self.encoding(&mut members, field == Field::Scope),
            FieldName::Credential(_) => self.encoding(&mut members, false),
            _ => Encoding::Text,
        };
        self.finish(&members);
        Some(FieldEntry { standing, at, values, is_number, encoding })
    }

    fn field_place(&mut self, name: FieldName, part: &Part<'_>) -> FieldPlace {
        let may_depend = match name {
            FieldName::Field(field) => {
                !matches!(field, Field::AuthenticationType | Field::GrantType | Field::Name)
            }
            FieldName::Credential(_) => true,
            _ => false,
        };
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
            _ => self.pointer(part).map_or(FieldPlace::Nowhere, FieldPlace::Any),
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

    fn custom_only(&mut self, part: &Part<'_>) -> Vec<(Pointer, Value)> {
        let Some(members) = self.object(part) else { return Vec::new() };
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

    fn behavior(&mut self, part: &Part<'_>) -> Option<bool> {
        let mut members = self.object(part)?;
        self.standing(&mut members);
        let value = members.get("value");
        if value.is_none() {
            self.missing(&members, "value");
        }
        self.finish(&members);
        let value = value?;
        let found = value.value.as_bool();
        if found.is_none() {
            self.problem(&value.pointer, "must be true or false");
        }
        found
    }
}

/// Whether a segment means another folder, also percent-encoded.
fn is_relative(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// Returns a pointer that a message can show: names come from the document.
fn bounded_pointer(pointer: &str) -> String {
    let shown = pointer.split('/').map(bounded).collect::<Vec<_>>().join("/");
    shown.chars().take(300).collect()
}
