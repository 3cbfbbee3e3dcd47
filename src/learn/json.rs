//! JSON with the order of its members, and the places of values in it.

use std::cell::Cell;
use std::fmt;
use std::fmt::Write as _;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// The most values of one document. A larger one is not read.
const MAX_VALUES: usize = 200_000;

/// The width of a line of a printed document.
const WIDTH: usize = 100;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// A step from a value to one that it contains.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    Index(usize),
    Member(String),
}

/// The way from a document to a value.
pub(crate) type Place = Vec<Step>;

/// Makes a step to a member.
pub(crate) fn member(name: &str) -> Step {
    Step::Member(name.to_owned())
}

/// Returns the JSON Pointer (RFC 6901) of a place.
pub(crate) fn pointer(place: &[Step]) -> String {
    place.iter().fold(String::new(), |mut text, step| {
        match step {
            Step::Index(index) => {
                let _ = write!(text, "/{index}");
            }
            Step::Member(name) => {
                text.push('/');
                text.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
        }
        text
    })
}

impl Json {
    /// Reads a document.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let count = Cell::new(0);
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let value = Seed(&count).deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(value)
    }

    /// Makes a text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Returns the text of a text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Returns a scalar that can identify something, as text: a text or a number.
    pub(crate) fn token(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Null | Self::Bool(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// Returns a member; the last one of several with one name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Sets a member of an object.
    pub(crate) fn set(&mut self, name: &str, value: Self) {
        if let Self::Object(members) = self {
            match members.iter_mut().find(|(key, _)| key == name) {
                Some((_, old)) => *old = value,
                None => members.push((name.to_owned(), value)),
            }
        }
    }

    /// Returns the value at a place.
    pub(crate) fn at(&self, place: &[Step]) -> Option<&Self> {
        place.iter().try_fold(self, |value, step| match (value, step) {
            (Self::Array(items), Step::Index(index)) => items.get(*index),
            (Self::Object(_), Step::Member(name)) => value.get(name),
            _ => None,
        })
    }

    /// Returns the value at a JSON Pointer.
    pub(crate) fn at_pointer(&self, pointer: &str) -> Option<&Self> {
        pointer.split('/').skip(1).try_fold(self, |value, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            if let Self::Array(items) = value {
                items.get(step.parse::<usize>().ok()?)
            } else {
                value.get(&step)
            }
        })
    }

    /// Whether the value contains no others.
    pub(crate) fn is_leaf(&self) -> bool {
        match self {
            Self::Array(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => true,
        }
    }

    /// Returns the number of values in the document.
    pub(crate) fn count(&self) -> usize {
        1 + match self {
            Self::Array(items) => items.iter().map(Self::count).sum::<usize>(),
            Self::Object(members) => members.iter().map(|(_, value)| value.count()).sum(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => 0,
        }
    }

    /// Calls a function with every value and its place, parents first. The function says whether
    /// to go on inside of the value.
    pub(crate) fn walk<'a>(&'a self, each: &mut dyn FnMut(&[Step], &'a Self) -> bool) {
        let mut place = Place::new();
        self.walk_from(&mut place, each);
    }

    fn walk_from<'a>(&'a self, place: &mut Place, each: &mut dyn FnMut(&[Step], &'a Self) -> bool) {
        if !each(place, self) {
            return;
        }
        match self {
            Self::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    place.push(Step::Index(index));
                    item.walk_from(place, each);
                    place.pop();
                }
            }
            Self::Object(members) => {
                for (name, value) in members {
                    place.push(Step::Member(name.clone()));
                    value.walk_from(place, each);
                    place.pop();
                }
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => {}
        }
    }

    /// Returns the leaves with their places. `whole` says which containers count as a leaf.
    pub(crate) fn leaves(&self, whole: &dyn Fn(&Self) -> bool) -> Vec<(Place, &Self)> {
        let mut leaves = Vec::new();
        self.walk(&mut |place, value| {
            let leaf = value.is_leaf() || whole(value);
            if leaf {
                leaves.push((place.to_vec(), value));
            }
            !leaf
        });
        leaves
    }

    /// Puts a value at a place, and makes the containers on the way.
    pub(crate) fn put(&mut self, place: &[Step], value: Self) {
        let Some((step, rest)) = place.split_first() else {
            *self = value;
            return;
        };
        match step {
            Step::Index(index) => {
                if !matches!(self, Self::Array(_)) {
                    *self = Self::Array(Vec::new());
                }
                if let Self::Array(items) = self {
                    while items.len() <= *index {
                        items.push(Self::Null);
                    }
                    items[*index].put(rest, value);
                }
            }
            Step::Member(name) => {
                if !matches!(self, Self::Object(_)) {
                    *self = Self::Object(Vec::new());
                }
                if let Self::Object(members) = self {
                    let known = members.iter().position(|(key, _)| key == name);
                    let index = known.unwrap_or_else(|| {
                        members.push((name.clone(), Self::Null));
                        members.len() - 1
                    });
                    members[index].1.put(rest, value);
                }
            }
        }
    }

    /// Returns the document on one line.
    pub(crate) fn compact(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, false);
        text
    }

    /// Returns the document for people: what fits stands on one line.
    pub(crate) fn pretty(&self) -> String {
        let mut text = String::new();
        self.write_pretty(&mut text, 0, 0, 0);
        text.push('\n');
        text
    }

    fn write(&self, text: &mut String, spaced: bool) {
        let (gap, edge) = if spaced { (" ", " ") } else { ("", "") };
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => text.push_str(&number.to_string()),
            Self::Text(content) => text.push_str(&quoted(content)),
            Self::Array(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                        text.push_str(gap);
                    }
                    item.write(text, spaced);
                }
                text.push(']');
            }
            Self::Object(members) if members.is_empty() => text.push_str("{}"),
            Self::Object(members) => {
                text.push('{');
                text.push_str(edge);
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                        text.push_str(gap);
                    }
                    text.push_str(&quoted(name));
                    text.push(':');
                    text.push_str(gap);
                    value.write(text, spaced);
                }
                text.push_str(edge);
                text.push('}');
            }
        }
    }

    fn write_pretty(&self, text: &mut String, level: usize, column: usize, depth: usize) {
        let mut line = String::new();
        self.write(&mut line, true);
        let breaks = depth < 1 && !self.is_leaf();
        if !breaks && column + line.chars().count() < WIDTH {
            text.push_str(&line);
            return;
        }
        let inner = level + 2;
        match self {
            Self::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index == 0 { "[" } else { "," });
                    let _ = write!(text, "\n{:inner$}", "");
                    item.write_pretty(text, inner, inner, depth + 1);
                }
                let _ = write!(text, "\n{:level$}]", "");
            }
            Self::Object(members) => {
                for (index, (name, value)) in members.iter().enumerate() {
                    text.push_str(if index == 0 { "{" } else { "," });
                    let name = quoted(name);
                    let _ = write!(text, "\n{:inner$}{name}: ", "");
                    value.write_pretty(text, inner, inner + name.len() + 2, depth + 1);
                }
                let _ = write!(text, "\n{:level$}}}", "");
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => text.push_str(&line),
        }
    }
}

/// Returns a text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

pub(crate) struct Seed<'a>(pub(crate) &'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        self.0.set(self.0.get() + 1);
        if self.0.get() > MAX_VALUES {
            return Err(D::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::text(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Seed(self.0))? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            object.push((name, members.next_value_seed(Seed(self.0))?));
        }
        Ok(Json::Object(object))
    }
}
