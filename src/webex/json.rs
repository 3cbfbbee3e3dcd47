//! Reads JSON objects leniently, and copies only the members that are asked for.
//!
//! Unknown fields, another order and another letter case of the keys are accepted. A value is
//! decoded only when its key is asked for: a secret that the server returns is never copied.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::problems::BodyProblem;

/// The members of a JSON object, not yet decoded.
#[derive(Debug)]
pub(crate) struct Object<'a>(Vec<(String, &'a RawValue)>);

/// The elements of a JSON array, not yet decoded.
pub(crate) type Array<'a> = Vec<&'a RawValue>;

impl<'a> Object<'a> {
    /// Reads a body that should be an object.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, BodyProblem> {
        parse(body)
    }

    /// Reads an element of an array that should be an object.
    pub(crate) fn from_raw(raw: &'a RawValue) -> Result<Self, BodyProblem> {
        parse(raw.get().as_bytes())
    }

    /// Returns all members with their names, in order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, raw)| (name.as_str(), *raw))
    }

    /// Returns a member, also when it is null.
    pub(crate) fn member(&self, key: &str) -> Option<&'a RawValue> {
        let exact = self.0.iter().find(|(name, _)| name == key);
        let found =
            exact.or_else(|| self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)));
        found.map(|(_, raw)| *raw)
    }

    /// Returns a member, unless it is absent or null.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a RawValue> {
        self.member(key).filter(|raw| raw.get() != "null")
    }

    /// Returns a member that is a string.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        text(self.raw(key)?)
    }

    /// Returns a member that is an array.
    pub(crate) fn array(&self, key: &str) -> Option<Array<'a>> {
        serde_json::from_str(self.raw(key)?.get()).ok()
    }

    /// Returns a member that is an object.
    pub(crate) fn object(&self, key: &str) -> Option<Object<'a>> {
        Self::from_raw(self.raw(key)?).ok()
    }
}

/// Reads a body that should be an array.
pub(crate) fn array(body: &[u8]) -> Result<Array<'_>, BodyProblem> {
    parse(body)
}

/// Reads an element that should be a string.
pub(crate) fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// Reads a whole number, in any notation.
pub(crate) fn whole_number(raw: &RawValue) -> Option<i64> {
    let raw = raw.get();
    if let Ok(integer) = serde_json::from_str::<i64>(raw) {
        return Some(integer);
    }
    let number = serde_json::from_str::<f64>(raw).ok()?;
    // 2^53: up to here a float holds every whole number.
    let is_exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be a whole number in range")]
    is_exact.then_some(number as i64)
}

/// Reads a body as JSON of any type.
pub(crate) fn document(body: &[u8]) -> Result<&RawValue, BodyProblem> {
    parse(body)
}

/// Returns an object, or the only element of an array.
pub(crate) fn single(raw: &RawValue) -> Option<&RawValue> {
    if !is_array(raw.get().as_bytes()) {
        return Some(raw);
    }
    match array(raw.get().as_bytes()).ok()?.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// Whether a body's first character begins an array.
pub(crate) fn is_array(body: &[u8]) -> bool {
    begins_with(body, b'[')
}

/// Whether a body's first character begins an object.
pub(crate) fn is_object(body: &[u8]) -> bool {
    begins_with(body, b'{')
}

fn begins_with(body: &[u8], first: u8) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&first)
}

/// Parses a body. Serde's error texts quote the body, so only their category is kept.
fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, BodyProblem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(BodyProblem::Empty);
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => BodyProblem::OtherShape,
        Category::Io | Category::Syntax | Category::Eof => BodyProblem::NotJson,
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry::<String, &RawValue>()? {
            members.push(member);
        }
        Ok(Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn members_are_found_in_any_order_and_letter_case() {
        let object = Object::parse(
            br#"{"NEW":[1,{"a":2}],"CreatedTime":17,"NAME":"n","active":true,"scope":null}"#,
        )
        .unwrap();
        assert_eq!(object.text("name").as_deref(), Some("n"));
        assert_eq!(object.raw("createdTime").and_then(whole_number), Some(17));
        assert_eq!(object.text("scope"), None);
        assert_eq!(object.text("missing"), None);
        assert_eq!(object.array("new").map(|array| array.len()), Some(2));
    }

    #[test]
    fn exact_key_wins_over_other_letter_case() {
        let object = Object::parse(br#"{"NAME":"other","name":"exact"}"#).unwrap();
        assert_eq!(object.text("name").as_deref(), Some("exact"));
    }

    #[test]
    fn whole_numbers_are_read_in_any_notation() {
        let object = Object::parse(br#"{"a":1774641703000,"b":1.0e3,"c":1.5,"d":"1"}"#).unwrap();
        assert_eq!(object.raw("a").and_then(whole_number), Some(1_774_641_703_000));
        assert_eq!(object.raw("b").and_then(whole_number), Some(1000));
        assert_eq!(object.raw("c").and_then(whole_number), None);
        assert_eq!(object.raw("d").and_then(whole_number), None);
    }

    #[test]
    fn bodies_without_an_object_have_distinct_problems() {
        for (body, problem) in [
            (&b""[..], BodyProblem::Empty),
            (b" \r\n", BodyProblem::Empty),
            (b"<html>", BodyProblem::NotJson),
            (b"\x00\xff", BodyProblem::NotJson),
            (b"{\"name\":\"trunc", BodyProblem::NotJson),
            (b"{\"name\":\"\xff\"}", BodyProblem::NotJson),
            (b"{} trailing", BodyProblem::NotJson),
            (b"[]", BodyProblem::OtherShape),
            (b"\"text\"", BodyProblem::OtherShape),
        ] {
            assert_eq!(Object::parse(body).unwrap_err(), problem, "{body:?}");
        }
    }

    #[test]
    fn deeply_nested_body_is_read() {
        let body = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let object = Object::parse(body.as_bytes()).unwrap();
        assert!(object.text("a").is_none());
    }

    proptest! {
        #[test]
        fn parsing_a_body_never_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Object::parse(&body);
            let _ = array(&body);
        }
    }
}
