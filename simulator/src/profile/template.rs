//! The templates of a profile: texts and JSON with placeholders, read in reverse.

use serde::Deserialize;
use serde_json::Value;

use super::bindings::Bindings;
use super::pointer::Pointer;
use crate::words;

/// The placeholders that are no field of a connector.
const OTHER_NAMES: [&str; 3] = ["organization", "page", "cursor"];

/// The fields that no request sends.
const NEVER_SENT: [&str; 3] = ["organization_id", "created_time", "last_updated_time"];

/// A placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The name.
    pub(crate) name: &'static str,
    /// Whether the member, parameter or header is left out without a value.
    pub(crate) optional: bool,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Constant text.
    Constant(String),
    /// A placeholder.
    Place(Place),
}

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Text(pub(crate) Vec<Part>);

/// JSON with placeholders.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) enum Template {
    /// A constant.
    Constant(Value),
    /// A placeholder that becomes the typed value.
    Place(Place),
    /// A text with placeholders in it.
    Text(Text),
    /// An array.
    Array(Vec<Template>),
    /// An object.
    Object(Vec<(String, Template)>),
}

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut constant = String::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '{' | '}' if characters.peek() == Some(&character) => {
                    characters.next();
                    constant.push(character);
                }
                '}' => return Err(format!("{text}: a brace is closed that was not opened")),
                '{' => {
                    let mut name = String::new();
                    loop {
                        match characters.next() {
                            Some('}') => break,
                            Some(other) => name.push(other),
                            None => return Err(format!("{text}: a brace is not closed")),
                        }
                    }
                    if !constant.is_empty() {
                        parts.push(Part::Constant(std::mem::take(&mut constant)));
                    }
                    parts.push(Part::Place(Place::parse(&name)?));
                }
                other => constant.push(other),
            }
        }
        if !constant.is_empty() {
            parts.push(Part::Constant(constant));
        }
        Ok(Self(parts))
    }
}

impl Place {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, optional) = match text.strip_suffix('?') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let fields = words::FIELDS.iter().map(|(word, _)| *word);
        let known = fields.filter(|word| !NEVER_SENT.contains(word)).chain(OTHER_NAMES);
        let name = known.into_iter().find(|known| *known == name);
        let name = name.ok_or_else(|| format!("{{{text}}}: is no placeholder"))?;
        Ok(Self { name, optional })
    }
}

impl Text {
    /// Whether it may be left out, because no value is there.
    pub(crate) fn is_optional(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Place(place) if place.optional))
    }

    /// Takes the values of the placeholders out of a text. Returns whether the
    /// text has this form.
    pub(crate) fn take<'a>(&self, text: &'a str, taken: &mut Vec<(&'static str, &'a str)>) -> bool {
        take(&self.0, text, taken)
    }
}

fn take<'a>(parts: &[Part], text: &'a str, taken: &mut Vec<(&'static str, &'a str)>) -> bool {
    match parts {
        [] => text.is_empty(),
        [Part::Constant(constant), parts @ ..] => {
            text.strip_prefix(constant.as_str()).is_some_and(|rest| take(parts, rest, taken))
        }
        [Part::Place(place), parts @ ..] => {
            let ends = text.char_indices().map(|(index, _)| index).chain([text.len()]);
            for end in ends {
                let (value, rest) = text.split_at(end);
                let before = taken.len();
                if taken.iter().all(|(name, other)| *name != place.name || *other == value) {
                    taken.push((place.name, value));
                    if take(parts, rest, taken) {
                        return true;
                    }
                    taken.truncate(before);
                }
            }
            false
        }
    }
}

impl TryFrom<Value> for Template {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => {
                let Text(mut parts) = Text::try_from(text)?;
                match parts.as_slice() {
                    [] => Self::Constant(Value::String(String::new())),
                    [Part::Constant(text)] => Self::Constant(Value::String(text.clone())),
                    [Part::Place(_)] => match parts.remove(0) {
                        Part::Place(place) => Self::Place(place),
                        Part::Constant(text) => Self::Constant(Value::String(text)),
                    },
                    _ => Self::Text(Text(parts)),
                }
            }
            Value::Array(elements) => {
                Self::Array(elements.into_iter().map(Self::try_from).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let member = |(name, value)| Ok::<_, String>((name, Self::try_from(value)?));
                Self::Object(members.into_iter().map(member).collect::<Result<_, _>>()?)
            }
            constant @ (Value::Null | Value::Bool(_) | Value::Number(_)) => {
                Self::Constant(constant)
            }
        })
    }
}

impl Template {
    /// Whether it may be left out, because no value is there.
    fn is_optional(&self) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Place(place) => place.optional,
            Self::Text(text) => text.is_optional(),
            Self::Array(elements) => !elements.is_empty() && elements.iter().all(Self::is_optional),
            Self::Object(members) => {
                !members.is_empty() && members.iter().all(|(_, member)| member.is_optional())
            }
        }
    }

    /// Takes the values of the placeholders out of a value. Members that the
    /// template does not have are errors, except below `overlay`, where they
    /// become the rest.
    pub(crate) fn take(
        &self,
        value: &Value,
        at: &Pointer,
        overlay: Option<&Pointer>,
        bindings: &mut Bindings,
    ) {
        match (self, value) {
            (Self::Constant(constant), value) => {
                if constant != value {
                    bindings.errors.push(format!("{at}: must be {constant}."));
                }
            }
            (Self::Place(place), value) => bindings.typed(place.name, value),
            (Self::Text(text), Value::String(value)) => {
                let mut taken = Vec::new();
                if text.take(value, &mut taken) {
                    taken.into_iter().for_each(|(name, value)| bindings.text(name, value));
                } else {
                    bindings.errors.push(format!("{at}: is not as the profile says."));
                }
            }
            (Self::Array(elements), Value::Array(values)) => {
                let mut missing = elements.len().saturating_sub(values.len());
                let mut rest = values.iter().enumerate();
                for element in elements {
                    if missing > 0 && element.is_optional() {
                        missing -= 1;
                    } else if let Some((index, value)) = rest.next() {
                        element.take(value, &at.child(&index.to_string()), overlay, bindings);
                    } else {
                        bindings.errors.push(format!("{at}: has too few elements."));
                    }
                }
                if rest.next().is_some() {
                    bindings.errors.push(format!("{at}: has too many elements."));
                }
            }
            (Self::Object(members), Value::Object(values)) => {
                for (name, member) in members {
                    match values.get(name) {
                        Some(value) => member.take(value, &at.child(name), overlay, bindings),
                        None if member.is_optional() => {}
                        None => bindings.errors.push(format!("{}: is missing.", at.child(name))),
                    }
                }
                for (name, value) in values {
                    if members.iter().any(|(known, _)| known == name) {
                        continue;
                    }
                    let at = at.child(name);
                    match overlay.and_then(|overlay| at.below(overlay)) {
                        Some(below) => below.place(&mut bindings.rest, value.clone()),
                        None => bindings.errors.push(format!("{at}: is not known.")),
                    }
                }
            }
            (Self::Text(_), _) => bindings.errors.push(format!("{at}: must be a string.")),
            (Self::Array(_), _) => bindings.errors.push(format!("{at}: must be an array.")),
            (Self::Object(_), _) => bindings.errors.push(format!("{at}: must be an object.")),
        }
    }

    /// Calls a function for each constant and placeholder with its place.
    pub(crate) fn each_leaf(&self, at: &Pointer, visit: &mut impl FnMut(&Pointer, &Self)) {
        match self {
            Self::Constant(_) | Self::Place(_) | Self::Text(_) => visit(at, self),
            Self::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    element.each_leaf(&at.child(&index.to_string()), visit);
                }
            }
            Self::Object(members) => {
                for (name, member) in members {
                    member.each_leaf(&at.child(name), visit);
                }
            }
        }
    }

    /// Whether it has a placeholder.
    pub(crate) fn has(&self, name: &str) -> bool {
        let mut found = false;
        self.each_leaf(&Pointer::default(), &mut |_, leaf| {
            found |= match leaf {
                Self::Place(place) => place.name == name,
                Self::Text(Text(parts)) => parts
                    .iter()
                    .any(|part| matches!(part, Part::Place(place) if place.name == name)),
                Self::Constant(_) | Self::Array(_) | Self::Object(_) => false,
            };
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn taken(template: Value, value: &Value, overlay: Option<&str>) -> Bindings {
        let mut bindings = Bindings::default();
        let overlay = overlay.map(|text| Pointer::try_from(text.to_owned()).unwrap());
        let template = Template::try_from(template).unwrap();
        template.take(value, &Pointer::default(), overlay.as_ref(), &mut bindings);
        bindings
    }

    #[test]
    fn values_are_taken_out_of_texts_and_json() {
        let template = json!({"a": "{name}", "b": ["x", "{scope?}"], "c": "{{{id}}}-{version}"});
        let found = taken(template, &json!({"a": "n", "b": ["x"], "c": "{a-b}-7"}), None);
        assert_eq!(found.errors, [""; 0]);
        assert_eq!(found.get("name"), Some(&json!("n")));
        assert_eq!(found.get("scope"), None);
        assert_eq!(found.get("id"), Some(&json!("a-b")));
        assert_eq!(found.get("version"), Some(&json!("7")));
    }

    #[test]
    fn what_is_not_in_the_template_is_an_error_or_the_rest() {
        let template = json!({"kind": 1, "o": {"name": "{name}", "in": {"scope": "{scope?}"}}});
        let value = json!({"kind": 2, "o": {"name": "n", "new": 1, "in": {"x": 2}}, "y": 3});
        let found = taken(template, &value, Some("/o"));
        assert_eq!(found.errors, ["/kind: must be 1.", "/y: is not known."]);
        assert_eq!(found.rest, json!({"new": 1, "in": {"x": 2}}));
    }

    #[test]
    fn wrong_templates_are_refused() {
        for text in ["{", "}", "{colour}", "{name", "{created_time}", "{?}"] {
            assert!(Template::try_from(json!(text)).is_err(), "{text}");
        }
    }
}
