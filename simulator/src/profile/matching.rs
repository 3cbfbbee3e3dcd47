//! Which call a request is, and what it says.

use std::collections::BTreeSet;

use http::HeaderName;
use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::bindings::Bindings;
use super::document::{Bodies, Call, CallName, Next, Parameter, Profile};
use super::pointer::Pointer;
use super::template::{Template, Text};
use crate::message::Request;
use crate::words::Kind;

/// The query parameter of links to further pages.
pub(crate) const CONTINUATION: &str = "continuation";

/// A call that a request may be.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    /// The call.
    pub(crate) call: &'a Call,
    /// The kind of connector with the matching body, if the bodies differ by kind.
    pub(crate) kind: Option<Kind>,
    /// The values of the request.
    pub(crate) bindings: Bindings,
}

/// The calls that a request may be.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// The calls with this method and path, those with the fewest errors only.
    Calls(Vec<Candidate<'a>>),
    /// Other methods exist for this path.
    WrongMethod(BTreeSet<String>),
    /// No call has this path.
    Nothing,
}

impl Profile {
    /// Returns the calls that a request may be.
    pub(crate) fn find(&self, request: &Request) -> Found<'_> {
        let mut candidates = Vec::new();
        for call in self.calls.values() {
            for path in self.paths(request) {
                if request.method == call.method && fits(call, path) {
                    self.read(call, path, request, &mut candidates);
                    break;
                }
            }
        }
        if candidates.is_empty() {
            let methods = self.methods(request);
            return match methods.is_empty() {
                true => Found::Nothing,
                false => Found::WrongMethod(methods),
            };
        }
        let errors = |candidate: &Candidate| candidate.bindings.errors.len();
        let fewest = candidates.iter().map(errors).min().unwrap_or_default();
        candidates.retain(|candidate| errors(candidate) == fewest);
        Found::Calls(candidates)
    }

    /// Returns the call that a request is, or would be if it were valid.
    pub(crate) fn call(&self, request: &Request) -> Option<CallName> {
        match self.find(request) {
            Found::Calls(candidates) => candidates.first().map(|candidate| candidate.call.name),
            Found::WrongMethod(_) | Found::Nothing => None,
        }
    }

    /// Returns the methods of the calls with the path of a request.
    pub(crate) fn methods(&self, request: &Request) -> BTreeSet<String> {
        let paths: Vec<&str> = self.paths(request).collect();
        self.calls
            .values()
            .filter(|call| paths.iter().any(|path| fits(call, path)))
            .map(|call| call.method.to_string())
            .collect()
    }

    /// Returns the path of a request, and the one below the path of the
    /// profile's base URL.
    fn paths<'a>(&self, request: &'a Request) -> impl Iterator<Item = &'a str> {
        let prefix = self.base_url.as_deref().and_then(|url| {
            let (_, rest) = url.split_once("://")?;
            rest.find('/').map(|start| rest[start..].trim_end_matches('/'))
        });
        let path = request.path.as_str();
        let below = prefix.filter(|prefix| !prefix.is_empty());
        let below = below.and_then(|prefix| path.strip_prefix(prefix));
        [Some(path), below.filter(|rest| rest.starts_with('/'))].into_iter().flatten()
    }

    fn read<'a>(
        &'a self,
        call: &'a Call,
        path: &str,
        request: &Request,
        candidates: &mut Vec<Candidate<'a>>,
    ) {
        let bodies: Vec<(Option<Kind>, Option<&Template>)> = match &call.bodies {
            Bodies::None => vec![(None, None)],
            Bodies::One(body) => vec![(None, Some(body))],
            Bodies::ByKind(bodies) => {
                bodies.iter().map(|(kind, body)| (Some(*kind), Some(body))).collect()
            }
        };
        for (kind, body) in bodies {
            let mut bindings = Bindings::default();
            take_path(call, path, &mut bindings);
            take_query(call, request, &mut bindings);
            for (name, text) in self.headers.iter().chain(&call.headers) {
                take_header(name, text, request, &mut bindings);
            }
            take_body(call, body, request, &mut bindings);
            if bindings.get("active").is_some() {
                let active = self.sent_word("active", &bindings);
                let wanted = match call.name {
                    CallName::Activate => Some("true"),
                    CallName::Deactivate => Some("false"),
                    CallName::List
                    | CallName::Read
                    | CallName::Create
                    | CallName::Update
                    | CallName::Delete
                    | CallName::References => None,
                };
                if wanted.is_some_and(|wanted| active != Some(wanted)) {
                    bindings.errors.push("active: does not fit this call.".to_owned());
                }
            }
            candidates.push(Candidate { call, kind, bindings });
        }
    }

    /// Returns the word of the literal that a request sends.
    pub(crate) fn sent_word(&self, field: &str, bindings: &Bindings) -> Option<&str> {
        let mut values = self.field(field)?.values.iter();
        let sent = values.find(|(_, literal)| bindings.is_literal(field, literal));
        sent.map(|(word, _)| word.as_str())
    }

    /// Returns the word of a literal.
    pub(crate) fn word<'a>(&'a self, field: &str, literal: &Value) -> Option<&'a str> {
        let values = &self.field(field)?.values;
        values.iter().find(|(_, known)| *known == literal).map(|(word, _)| word.as_str())
    }
}

fn fits(call: &Call, path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    segments.len() == call.path.len()
        && call.path.iter().zip(segments).all(|(text, segment)| {
            let mut taken = Vec::new();
            text.take(segment, &mut taken) && taken.iter().all(|(_, value)| !value.is_empty())
        })
}

fn take_path(call: &Call, path: &str, bindings: &mut Bindings) {
    for (text, segment) in call.path.iter().zip(path.split('/').skip(1)) {
        let mut taken = Vec::new();
        text.take(segment, &mut taken);
        for (name, value) in taken {
            bindings.text(name, &percent_decode_str(value).decode_utf8_lossy());
        }
    }
}

fn take_query(call: &Call, request: &Request, bindings: &mut Bindings) {
    let mut pairs: Vec<(String, String)> =
        form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    if matches!(call.response.next, Some(Next::Link(_))) {
        pairs.retain(|(name, _)| name != CONTINUATION);
    }
    for (name, parameter) in &call.query {
        let position = pairs.iter().position(|(sent, _)| sent == name);
        match (position.map(|index| pairs.remove(index).1), parameter) {
            (Some(value), Parameter::Text(text)) => take_text(name, text, &value, bindings),
            (Some(value), Parameter::Json(template)) => match serde_json::from_str(&value) {
                Ok(value) => template.take(&value, &Pointer::default(), None, bindings),
                Err(_) => bindings.errors.push(format!("{name}: must be JSON.")),
            },
            (None, Parameter::Text(text)) if text.is_optional() => {}
            (None, Parameter::Text(_) | Parameter::Json(_)) => {
                bindings.errors.push(format!("{name}: the query parameter is missing."));
            }
        }
    }
    for (name, _) in pairs {
        bindings.errors.push(format!("{name}: the query parameter is not known."));
    }
}

fn take_header(name: &HeaderName, text: &Text, request: &Request, bindings: &mut Bindings) {
    match request.header(name.clone()) {
        Some(value) => take_text(name.as_str(), text, value, bindings),
        None if text.is_optional() => {}
        None => bindings.errors.push(format!("{name}: the header is missing.")),
    }
}

fn take_text(name: &str, text: &Text, value: &str, bindings: &mut Bindings) {
    let mut taken = Vec::new();
    if text.take(value, &mut taken) {
        taken.into_iter().for_each(|(name, value)| bindings.text(name, value));
    } else {
        bindings.errors.push(format!("{name}: is not as the profile says."));
    }
}

fn take_body(call: &Call, body: Option<&Template>, request: &Request, bindings: &mut Bindings) {
    let Some(template) = body else {
        if !request.body.is_empty() {
            bindings.errors.push("body: must be empty.".to_owned());
        }
        return;
    };
    let has_own_type = call.headers.iter().any(|(name, _)| name == CONTENT_TYPE);
    if !has_own_type && !request.is_of_type("application/json") {
        bindings.errors.push("Content-Type: must be application/json.".to_owned());
    }
    match serde_json::from_slice(&request.body) {
        Ok(value) => {
            template.take(&value, &Pointer::default(), call.overlay.as_ref(), bindings);
        }
        Err(_) => bindings.errors.push("body: must be JSON.".to_owned()),
    }
}
