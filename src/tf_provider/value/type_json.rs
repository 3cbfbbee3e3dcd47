//! Types as JSON, their form in schemas and dynamic values.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Serialize, Serializer};

use super::Type;
use super::limits::{MAX_DEPTH, TooDeep, deeper};
use json_reader::{Kind, ReadError, ReadErrorKind, Reader};

/// The reason why a type cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// Not JSON.
    #[error("it is malformed at byte {offset}")]
    Malformed {
        /// The position, counted in bytes from 0.
        offset: usize,
    },
    /// JSON, but not a type: another name, or parts of the wrong kind or number.
    #[error("it is not one of Terraform's types")]
    NotAType,
    /// An object type with the same attribute twice, or with an optional
    /// attribute that it does not have.
    #[error("the attributes of an object type contradict each other")]
    Attributes,
    /// Nested beyond [`MAX_DEPTH`].
    #[error("it is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

impl Type {
    /// Writes the type as Terraform does: `"string"`, `["list","string"]`,
    /// `["object",{"name":"string"}]`.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Strings and maps of strings always have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a type as Terraform writes it.
    ///
    /// The third part of an object type, the list of its optional attributes,
    /// is checked and dropped: it affects the conversion of values, and values
    /// on the wire have all attributes. The result never contains
    /// [`Type::Secret`]: only a schema knows the sensitive attributes.
    ///
    /// # Errors
    ///
    /// A [`TypeError`] when the bytes are not a type, nested at most
    /// [`MAX_DEPTH`] levels.
    pub fn from_json(bytes: &[u8]) -> Result<Self, TypeError> {
        // Each level of a type opens up to two brackets: `["object",{`.
        let mut reader = Reader::new(bytes, 2 * MAX_DEPTH + 1)?;
        let ty = read(&mut reader, MAX_DEPTH)?;
        reader.end()?;
        Ok(ty)
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool => serializer.serialize_str("bool"),
            Self::Number => serializer.serialize_str("number"),
            Self::String | Self::Secret => serializer.serialize_str("string"),
            Self::Dynamic => serializer.serialize_str("dynamic"),
            Self::List(element) => ("list", element).serialize(serializer),
            Self::Set(element) => ("set", element).serialize(serializer),
            Self::Map(element) => ("map", element).serialize(serializer),
            Self::Tuple(elements) => ("tuple", elements).serialize(serializer),
            Self::Object(attributes) => ("object", attributes).serialize(serializer),
        }
    }
}

fn read(reader: &mut Reader<'_>, depth: usize) -> Result<Type, TypeError> {
    match reader.peek()? {
        Kind::String => match reader.string()?.decode().as_ref() {
            "bool" => Ok(Type::Bool),
            "number" => Ok(Type::Number),
            "string" => Ok(Type::String),
            "dynamic" => Ok(Type::Dynamic),
            _ => Err(TypeError::NotAType),
        },
        Kind::Array => {
            let depth = deeper(depth)?;
            read_compound(reader, depth)
        }
        Kind::Null | Kind::Bool | Kind::Number | Kind::Object => Err(TypeError::NotAType),
    }
}

/// Reads `["name", parts]`, and `["object", {…}, […]]`.
fn read_compound(reader: &mut Reader<'_>, depth: usize) -> Result<Type, TypeError> {
    let (mut name, mut ty) = (None, None);
    reader.array(|reader, index| {
        match (index, reader.peek()?, &mut ty) {
            (0, Kind::String, _) => name = Some(reader.string()?.decode()),
            (1, kind, _) => {
                ty = Some(match (name.as_deref(), kind) {
                    (Some("list"), _) => Type::List(Box::new(read(reader, depth)?)),
                    (Some("set"), _) => Type::Set(Box::new(read(reader, depth)?)),
                    (Some("map"), _) => Type::Map(Box::new(read(reader, depth)?)),
                    (Some("tuple"), Kind::Array) => Type::Tuple(read_elements(reader, depth)?),
                    (Some("object"), Kind::Object) => Type::Object(read_attributes(reader, depth)?),
                    _ => return Err(TypeError::NotAType),
                });
            }
            (2, Kind::Array, Some(Type::Object(attributes))) => {
                check_optional(reader, attributes)?;
            }
            _ => return Err(TypeError::NotAType),
        }
        Ok(())
    })?;
    ty.ok_or(TypeError::NotAType)
}

fn read_elements(reader: &mut Reader<'_>, depth: usize) -> Result<Vec<Type>, TypeError> {
    let mut elements = Vec::new();
    reader.array(|reader, _| {
        elements.push(read(reader, depth)?);
        Ok::<_, TypeError>(())
    })?;
    Ok(elements)
}

fn read_attributes(
    reader: &mut Reader<'_>,
    depth: usize,
) -> Result<BTreeMap<String, Type>, TypeError> {
    let mut attributes = BTreeMap::new();
    reader.object(|reader, name| {
        match attributes.entry(name.decode().into_owned()) {
            Entry::Occupied(_) => return Err(TypeError::Attributes),
            Entry::Vacant(entry) => entry.insert(read(reader, depth)?),
        };
        Ok(())
    })?;
    Ok(attributes)
}

fn check_optional(
    reader: &mut Reader<'_>,
    attributes: &BTreeMap<String, Type>,
) -> Result<(), TypeError> {
    reader.array(|reader, _| {
        if reader.peek()? != Kind::String {
            return Err(TypeError::NotAType);
        }
        let name = reader.string()?.decode();
        if attributes.contains_key(name.as_ref()) { Ok(()) } else { Err(TypeError::Attributes) }
    })
}

impl From<ReadError> for TypeError {
    fn from(fault: ReadError) -> Self {
        match fault.kind {
            ReadErrorKind::TooDeep => Self::TooDeep,
            ReadErrorKind::Syntax
            | ReadErrorKind::Truncated
            | ReadErrorKind::Trailing
            | ReadErrorKind::NotUtf8 => Self::Malformed { offset: fault.offset },
        }
    }
}

impl From<TooDeep> for TypeError {
    fn from(TooDeep: TooDeep) -> Self {
        Self::TooDeep
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{MAX_DEPTH, TypeError};
    use crate::value::Type;
    use crate::value::arbitrary::wire_type;

    fn object(attributes: &[(&str, Type)]) -> Type {
        Type::Object(attributes.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect())
    }

    #[test]
    fn types_are_written_and_read_as_terraform_does() {
        for (ty, json) in [
            (Type::Bool, r#""bool""#),
            (Type::Number, r#""number""#),
            (Type::String, r#""string""#),
            (Type::Dynamic, r#""dynamic""#),
            (Type::List(Box::new(Type::String)), r#"["list","string"]"#),
            (Type::Set(Box::new(Type::Bool)), r#"["set","bool"]"#),
            (Type::Map(Box::new(Type::Dynamic)), r#"["map","dynamic"]"#),
            (Type::Tuple(vec![]), r#"["tuple",[]]"#),
            (Type::Tuple(vec![Type::Bool, Type::Number]), r#"["tuple",["bool","number"]]"#),
            (object(&[]), r#"["object",{}]"#),
            (
                object(&[("a", Type::String), ("b", Type::Bool)]),
                r#"["object",{"a":"string","b":"bool"}]"#,
            ),
        ] {
            assert_eq!(ty.to_json(), json.as_bytes());
            assert_eq!(Type::from_json(json.as_bytes()), Ok(ty));
        }
        assert_eq!(Type::Secret.to_json(), br#""string""#);
    }

    #[test]
    fn optional_attributes_are_accepted_and_dropped() {
        let read = |json: &str| Type::from_json(json.as_bytes());
        let expected = object(&[("a", Type::String)]);
        assert_eq!(read(r#" [ "object" , {"a" : "string"} , ["a"] ] "#), Ok(expected.clone()));
        assert_eq!(read(r#"["object",{"a":"string"},[]]"#), Ok(expected));
        assert_eq!(read(r#"["object",{"a":"string"},["b"]]"#), Err(TypeError::Attributes));
    }

    #[test]
    fn json_that_is_no_type_is_refused() {
        for json in [
            r#""any""#,
            r#""String""#,
            "null",
            "1",
            "{}",
            "[]",
            r#"["list"]"#,
            r#"["string"]"#,
            r#"["list","string","string"]"#,
            r#"["tuple","string"]"#,
            r#"["tuple",{}]"#,
            r#"["object",["string"]]"#,
            r#"["object",{},{}]"#,
            r#"["object",{},[],[]]"#,
            r#"["object",{"a":null}]"#,
            r#"["object",{"a":"string"},[1]]"#,
            r#"["map","string",[]]"#,
            r#"[["list"],"string"]"#,
        ] {
            assert_eq!(Type::from_json(json.as_bytes()), Err(TypeError::NotAType), "{json}");
        }
        for json in ["", "\"", "[\"list\",", "string", "\"string\" x", "\"\u{0}\""] {
            let error = Type::from_json(json.as_bytes()).unwrap_err();
            assert!(matches!(error, TypeError::Malformed { .. }), "{json}: {error}");
        }
        assert_eq!(
            Type::from_json(br#"["object",{"a":"string","\u0061":"string"}]"#),
            Err(TypeError::Attributes)
        );
    }

    #[test]
    fn depth_is_limited() {
        let nested = |levels: usize| {
            let json = format!(
                r#"{}"string"{}"#,
                r#"["object",{"a":"#.repeat(levels),
                "}]".repeat(levels)
            );
            Type::from_json(json.as_bytes())
        };
        let mut expected = Type::String;
        for _ in 0..MAX_DEPTH {
            expected = Type::Object(BTreeMap::from([("a".to_owned(), expected)]));
        }
        assert_eq!(nested(MAX_DEPTH), Ok(expected));
        assert_eq!(nested(MAX_DEPTH + 1), Err(TypeError::TooDeep));
        assert_eq!(Type::from_json("[".repeat(10_000_000).as_bytes()), Err(TypeError::NotAType));
        assert_eq!(
            Type::from_json(r#"["list","#.repeat(1_000_000).as_bytes()),
            Err(TypeError::TooDeep)
        );
    }

    proptest! {
        #[test]
        fn json_of_every_type_is_read_back(ty in wire_type()) {
            prop_assert_eq!(Type::from_json(&ty.to_json()), Ok(ty));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            drop(Type::from_json(&bytes));
        }
    }
}
