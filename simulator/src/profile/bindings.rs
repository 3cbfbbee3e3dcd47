//! The values of a request: those in the places of placeholders.

use std::collections::BTreeMap;

use serde_json::Value;

/// The values of a request, and its errors.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    values: BTreeMap<&'static str, Bound>,
    /// The part below the overlay that is not in the template.
    pub(crate) rest: Value,
    /// One sentence for each error.
    pub(crate) errors: Vec<String>,
}

/// A value, and whether its JSON type matters.
#[derive(Debug)]
struct Bound {
    value: Value,
    typed: bool,
}

impl Bindings {
    /// Adds a JSON value.
    pub(crate) fn typed(&mut self, name: &'static str, value: &Value) {
        self.add(name, Bound { value: value.clone(), typed: true });
    }

    /// Adds a value from a text. An empty value counts as none.
    pub(crate) fn text(&mut self, name: &'static str, value: &str) {
        if !value.is_empty() {
            self.add(name, Bound { value: Value::String(value.to_owned()), typed: false });
        }
    }

    fn add(&mut self, name: &'static str, bound: Bound) {
        match self.values.get(name) {
            Some(other) if as_text(&other.value) != as_text(&bound.value) => {
                self.errors.push(format!("{name}: differs between two places of the request."));
            }
            Some(other) if other.typed => {}
            Some(_) | None => {
                self.values.insert(name, bound);
            }
        }
    }

    /// Replaces a value that is there.
    pub(crate) fn replace(&mut self, name: &str, value: Value) {
        if let Some(bound) = self.values.get_mut(name) {
            bound.value = value;
        }
    }

    /// Returns a value; null if the request says so.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).map(|bound| &bound.value)
    }

    /// Whether a value is this literal. In a text, the JSON type does not matter.
    pub(crate) fn is_literal(&self, name: &str, literal: &Value) -> bool {
        self.values.get(name).is_some_and(|bound| {
            bound.value == *literal || !bound.typed && as_text(&bound.value) == as_text(literal)
        })
    }

    /// Returns a value as text. An error says that its JSON type is wrong; it
    /// has to be a number, or else a text.
    pub(crate) fn of_type(&self, name: &str, number: bool) -> Result<Option<String>, String> {
        match self.values.get(name) {
            None | Some(Bound { value: Value::Null, .. }) => Ok(None),
            Some(bound) if bound.typed && bound.value.is_number() != number => {
                let kind = if number { "number" } else { "string" };
                Err(format!("{name}: must be a {kind}."))
            }
            Some(bound) => Ok(Some(as_text(&bound.value))),
        }
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
