//! How the page fills the templates of a profile.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::profile::{Call, Parameter, Part, Template, Text};

/// The characters that `encodeURIComponent` encodes.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The values of placeholders.
pub(super) type Values = BTreeMap<&'static str, Value>;

/// Returns the path.
pub(super) fn path(call: &Call, values: &Values) -> String {
    let segment = |Text(parts): &Text| -> String {
        let part = |part: &Part| match part {
            Part::Constant(constant) => constant.clone(),
            Part::Place(place) => encoded(&plain(values.get(place.name))),
        };
        parts.iter().map(part).collect()
    };
    call.path.iter().map(|text| format!("/{}", segment(text))).collect()
}

/// Returns the query.
pub(super) fn query(call: &Call, values: &Values) -> String {
    let parameter = |(name, parameter): (&String, &Parameter)| {
        let value = match parameter {
            Parameter::Text(parts) => text(parts, values)?,
            Parameter::Json(template) => json(template, values)?.to_string(),
        };
        Some(format!("{}={}", encoded(name), encoded(&value)))
    };
    call.query.iter().filter_map(parameter).collect::<Vec<_>>().join("&")
}

/// Returns a text, or nothing if it is left out.
pub(super) fn text(Text(parts): &Text, values: &Values) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Constant(constant) => text.push_str(constant),
            Part::Place(place) => match values.get(place.name).filter(|value| !value.is_null()) {
                None if place.optional => return None,
                value => text.push_str(&plain(value)),
            },
        }
    }
    Some(text)
}

/// Returns JSON, or nothing if it is left out.
pub(super) fn json(template: &Template, values: &Values) -> Option<Value> {
    match template {
        Template::Constant(constant) => Some(constant.clone()),
        Template::Place(place) => match values.get(place.name).filter(|value| !value.is_null()) {
            None if place.optional => None,
            value => Some(value.cloned().unwrap_or(Value::Null)),
        },
        Template::Text(parts) => text(parts, values).map(Value::String),
        Template::Array(elements) => {
            Some(elements.iter().filter_map(|element| json(element, values)).collect())
        }
        Template::Object(members) => {
            let member = |(name, member): &(String, Template)| {
                json(member, values).map(|value| (name.clone(), value))
            };
            Some(Value::Object(members.iter().filter_map(member).collect::<Map<_, _>>()))
        }
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
