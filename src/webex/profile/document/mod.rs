//! Reads and checks a profile. All problems are found at once.

mod calls;
mod fields;

use std::collections::BTreeMap;

use http::HeaderName;
use serde_json::{Map, Value};
use url::Url;

use super::super::kinds::ConnectorKind;
use super::pointer::DEEPEST;
use super::read::FieldPlaces;
use super::template::{Placeholder, bounded, escaped};
use super::{
    Document, HeaderTemplate, JsonTemplate, KindKey, Name, Pointer, Profile, ProfileProblem,
    Standing, TextTemplate,
};

/// The format that this version reads.
const FORMAT: u64 = 1;

/// The largest document, in bytes.
const LARGEST: usize = 1024 * 1024;

/// The most members of an object whose names the profile chooses, such as headers.
const MOST_MEMBERS: usize = 100;

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

pub(super) struct Reader {
    problems: Vec<ProfileProblem>,
}

/// A part of the document, with its JSON Pointer.
#[derive(Clone)]
pub(super) struct Part<'a> {
    pub(super) value: &'a Value,
    pub(super) pointer: String,
}

/// The members of an object, with its JSON Pointer.
pub(super) struct Members<'a> {
    members: &'a Map<String, Value>,
    pub(super) pointer: String,
    known: Vec<&'static str>,
}

impl<'a> Members<'a> {
    pub(super) fn get(&mut self, name: &'static str) -> Option<Part<'a>> {
        self.known.push(name);
        let value = self.members.get(name)?;
        Some(Part { value, pointer: format!("{}/{name}", self.pointer) })
    }

    pub(super) fn each(&self) -> impl Iterator<Item = (&'a str, Part<'a>)> + use<'a> {
        let pointer = self.pointer.clone();
        self.members.iter().map(move |(name, value)| {
            (name.as_str(), Part { value, pointer: format!("{pointer}/{}", escaped(name)) })
        })
    }
}

impl Reader {
    pub(super) fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        let pointer = bounded_pointer(pointer);
        self.problems.push(ProfileProblem { pointer, message: message.into() });
    }

    pub(super) fn object<'a>(&mut self, part: &Part<'a>) -> Option<Members<'a>> {
        let Value::Object(members) = part.value else {
            self.problem(&part.pointer, "must be an object");
            return None;
        };
        Some(Members { members, pointer: part.pointer.clone(), known: Vec::new() })
    }

    /// Reads an object whose names the profile chooses.
    pub(super) fn open_object<'a>(&mut self, part: &Part<'a>) -> Option<Members<'a>> {
        let members = self.object(part)?;
        if members.members.len() > MOST_MEMBERS {
            self.problem(&part.pointer, format!("must have at most {MOST_MEMBERS} members"));
            return None;
        }
        Some(members)
    }

    pub(super) fn text<'a>(&mut self, part: &Part<'a>) -> Option<&'a str> {
        let text = part.value.as_str();
        if text.is_none() {
            self.problem(&part.pointer, "must be a text");
        }
        text
    }

    /// Reports the members that were not asked for.
    pub(super) fn finish(&mut self, members: &Members<'_>) {
        for (name, part) in members.each() {
            if !members.known.contains(&name) {
                let known = members.known.join(", ");
                self.problem(&part.pointer, format!("is unknown; the members are {known}"));
            }
        }
    }

    pub(super) fn missing(&mut self, members: &Members<'_>, name: &str) {
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
    pub(super) fn headers(
        &mut self,
        part: Option<Part<'_>>,
        allowed: &[&str],
    ) -> Vec<HeaderTemplate> {
        let Some(members) = part.and_then(|part| self.open_object(&part)) else {
            return Vec::new();
        };
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

    pub(super) fn template(&mut self, part: &Part<'_>) -> Option<TextTemplate> {
        let text = self.text(part)?;
        match TextTemplate::parse(text) {
            Ok(template) => Some(template),
            Err(problem) => {
                self.problem(&part.pointer, problem.to_string());
                None
            }
        }
    }

    pub(super) fn json_template(&mut self, part: &Part<'_>) -> JsonTemplate {
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
    pub(super) fn allow(&mut self, pointer: &str, found: &[Placeholder], allowed: &[Name]) {
        for placeholder in found {
            if !allowed.contains(&placeholder.name) {
                let name = placeholder.name.text();
                self.problem(pointer, format!("cannot have the placeholder {{{name}}}"));
            }
        }
    }

    pub(super) fn standing(&mut self, members: &mut Members<'_>) -> Standing {
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

    pub(super) fn pointer(&mut self, part: &Part<'_>) -> Option<Pointer> {
        let pointer = Pointer::parse(self.text(part)?);
        if pointer.is_none() {
            self.problem(
                &part.pointer,
                format!("must be a JSON Pointer of at most {DEEPEST} levels, such as /data"),
            );
        }
        pointer
    }

    pub(super) fn by_kind<'a>(&mut self, part: &Part<'a>) -> Option<Vec<(KindKey, Part<'a>)>> {
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

/// Returns a pointer that a message can show: names come from the document.
fn bounded_pointer(pointer: &str) -> String {
    let shown = pointer.split('/').map(bounded).collect::<Vec<_>>().join("/");
    shown.chars().take(300).collect()
}
