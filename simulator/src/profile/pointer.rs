//! JSON Pointers (RFC 6901), by which values are found and placed.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The longest array that a pointer creates.
const LONGEST: usize = 100;

/// A JSON Pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Pointer(Vec<String>);

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let rest = text.strip_prefix('/').ok_or_else(|| format!("{text}: is no JSON Pointer"))?;
        let token = |token: &str| token.replace("~1", "/").replace("~0", "~");
        Ok(Self(rest.split('/').map(token).collect()))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in &self.0 {
            write!(formatter, "/{}", token.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

impl Pointer {
    /// Whether it points to the whole document.
    pub(crate) fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the pointer to a member or an element.
    pub(crate) fn child(&self, token: &str) -> Self {
        Self(self.0.iter().cloned().chain([token.to_owned()]).collect())
    }

    /// Returns what remains of this pointer below another one.
    pub(crate) fn below(&self, other: &Self) -> Option<Self> {
        self.0.strip_prefix(other.0.as_slice()).map(|rest| Self(rest.to_vec()))
    }

    /// Returns the pointer under which `inner` is this pointer, if it ends in it.
    pub(crate) fn without_end(&self, inner: &Self) -> Option<Self> {
        self.0.strip_suffix(inner.0.as_slice()).map(|start| Self(start.to_vec()))
    }

    /// Returns the pointer to the object or array around the value.
    pub(crate) fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, start)| Self(start.to_vec()))
    }

    /// Returns the value to which it points.
    pub(crate) fn get<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(root, |node, token| match node {
            Value::Object(members) => members.get(token),
            Value::Array(elements) => elements.get(token.parse::<usize>().ok()?),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })
    }

    /// Places a value. Objects and arrays on the way are created, an array for
    /// each token that is a number. If something else is on the way,
    /// nothing is placed.
    pub(crate) fn place(&self, root: &mut Value, value: Value) {
        let mut node = root;
        for token in &self.0 {
            let index = token.parse::<usize>().ok().filter(|index| *index < LONGEST);
            if node.is_null() {
                *node = match index {
                    Some(_) => Value::Array(Vec::new()),
                    None => Value::Object(Map::new()),
                };
            }
            node = match (node, index) {
                (Value::Object(members), _) => members.entry(token.clone()).or_insert(Value::Null),
                (Value::Array(elements), Some(index)) => {
                    if elements.len() <= index {
                        elements.resize(index + 1, Value::Null);
                    }
                    &mut elements[index]
                }
                _ => return,
            };
        }
        *node = value;
    }

    /// Removes the value from the object around it and returns it.
    pub(crate) fn remove(&self, root: &mut Value) -> Option<Value> {
        let (last, start) = self.0.split_last()?;
        let parent = start.iter().try_fold(root, |node, token| match node {
            Value::Object(members) => members.get_mut(token),
            Value::Array(elements) => elements.get_mut(token.parse::<usize>().ok()?),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        });
        parent?.as_object_mut()?.remove(last)
    }
}

/// Lays one value over another: objects are merged member by member, everything
/// else is replaced.
pub(crate) fn lay_over(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointer(text: &str) -> Pointer {
        Pointer::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_number_in_a_pointer_creates_an_array() {
        let mut root = Value::Null;
        pointer("/0/result/data~1json").place(&mut root, json!(1));
        pointer("/0/result/next").place(&mut root, json!("a"));
        assert_eq!(root, json!([{"result": {"data/json": 1, "next": "a"}}]));
        let mut object = json!({"0": {}, "text": "a"});
        pointer("/0/json").place(&mut object, json!(true));
        pointer("/text/below").place(&mut object, json!(true));
        assert_eq!(object, json!({"0": {"json": true}, "text": "a"}));
        assert_eq!(pointer("/0/json").remove(&mut object), Some(json!(true)));
        assert!(Pointer::try_from("a".to_owned()).is_err());
    }

    #[test]
    fn objects_are_laid_over_member_by_member() {
        let mut base = json!({"a": {"b": 1, "c": 2}, "d": 3});
        lay_over(&mut base, json!({"a": {"b": null}, "e": [1]}));
        assert_eq!(base, json!({"a": {"b": null, "c": 2}, "d": 3, "e": [1]}));
    }
}
