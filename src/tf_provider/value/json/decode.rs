//! Reads JSON by type.

use std::collections::BTreeMap;

use crate::value::error::{DecodeError, DecodeErrorKind};
use crate::value::limits::{MAX_DEPTH, deeper};
use crate::value::path::Step;
use crate::value::type_check::{element_step, expectation};
use crate::value::{Number, Type, Value};
use json_reader::{Kind as JsonKind, Literal, Reader};
use safe_text::Secret;

/// The largest depth of brackets, including those of types: an object's takes two.
const MAX_BRACKETS: usize = 3 * MAX_DEPTH;

/// Reads a value of the type, strictly: the attributes of an object are exactly
/// those of its type.
///
/// # Errors
///
/// A [`DecodeError`] when the bytes are not one JSON value of the type, nested
/// at most [`MAX_DEPTH`] levels.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    read_whole(bytes, Origin::Message, ty, MAX_DEPTH)
}

/// Reads a value that another version of the provider may have written.
///
/// Attributes that the value lacks become null. Attributes that the type lacks
/// are dropped. Where the type of an attribute has changed between string,
/// number and boolean, the value is converted as Terraform itself does when it
/// reads a state file.
///
/// # Errors
///
/// As [`decode`], for the attributes that are kept.
pub fn decode_state(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    read_whole(bytes, Origin::State, ty, MAX_DEPTH)
}

/// The origin of the JSON, which decides how closely it has to follow its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Message,
    State,
}

fn read_whole(bytes: &[u8], origin: Origin, ty: &Type, depth: usize) -> Result<Value, DecodeError> {
    let mut reader = Reader::new(bytes, MAX_BRACKETS)?;
    let value = read(&mut reader, origin, ty, depth)?;
    reader.end()?;
    Ok(value)
}

fn read(
    reader: &mut Reader<'_>,
    origin: Origin,
    ty: &Type,
    depth: usize,
) -> Result<Value, DecodeError> {
    let kind = reader.peek()?;
    if kind == JsonKind::Null {
        reader.null()?;
        return Ok(Value::Null);
    }
    match ty {
        Type::Bool => read_bool(reader, origin, kind).map(Value::Bool),
        Type::Number => Ok(Value::Number(read_number(reader, origin, kind)?)),
        Type::String => match read_text(reader, origin, kind)? {
            Text::Literal(literal) => Ok(Value::String(literal.decode().into_owned())),
            Text::Scalar(scalar) => Ok(Value::String(scalar.to_owned())),
        },
        Type::Secret => match read_text(reader, origin, kind)? {
            Text::Literal(literal) => Ok(Value::from(literal.decode_secret())),
            Text::Scalar(scalar) => Ok(Value::from(Secret::from(scalar))),
        },
        Type::Dynamic => read_dynamic(reader, origin, kind, deeper(depth)?),
        Type::List(element) | Type::Set(element) => {
            expect(JsonKind::Array, kind, expectation(ty))?;
            let (items, _) = read_items(reader, origin, ty, deeper(depth)?, |_| Some(element))?;
            Ok(Value::List(items))
        }
        Type::Tuple(elements) => {
            expect(JsonKind::Array, kind, expectation(ty))?;
            let element = |index| elements.get(index);
            let (items, found) = read_items(reader, origin, ty, deeper(depth)?, element)?;
            let expected = elements.len();
            if found != expected {
                return Err(DecodeErrorKind::WrongLength { expected, found }.into());
            }
            Ok(Value::List(items))
        }
        Type::Map(element) => {
            expect(JsonKind::Object, kind, expectation(ty))?;
            read_map(reader, origin, element, deeper(depth)?)
        }
        Type::Object(types) => {
            expect(JsonKind::Object, kind, expectation(ty))?;
            read_object(reader, origin, types, deeper(depth)?)
        }
    }
}

/// Reads an array, and returns its elements that have a type, and the number of all.
fn read_items<'t>(
    reader: &mut Reader<'_>,
    origin: Origin,
    ty: &Type,
    depth: usize,
    element_type: impl Fn(usize) -> Option<&'t Type>,
) -> Result<(Vec<Value>, usize), DecodeError> {
    let (mut items, mut found) = (Vec::new(), 0);
    reader.array(|reader, index| {
        found += 1;
        let Some(element) = element_type(index) else {
            reader.skip()?;
            return Ok(());
        };
        let item = read(reader, origin, element, depth);
        items.push(item.map_err(|error| error.within(element_step(ty, index)))?);
        Ok::<_, DecodeError>(())
    })?;
    Ok((items, found))
}

fn read_map(
    reader: &mut Reader<'_>,
    origin: Origin,
    element: &Type,
    depth: usize,
) -> Result<Value, DecodeError> {
    let mut entries = BTreeMap::new();
    reader.object(|reader, key| {
        let key = key.decode().into_owned();
        let value = if entries.contains_key(&key) {
            Err(DecodeErrorKind::DuplicateKey.into())
        } else {
            read(reader, origin, element, depth)
        };
        match value {
            Ok(value) => drop(entries.insert(key, value)),
            Err(error) => return Err(error.within(Step::Key(key))),
        }
        Ok(())
    })?;
    Ok(Value::Map(entries))
}

fn read_object(
    reader: &mut Reader<'_>,
    origin: Origin,
    types: &BTreeMap<String, Type>,
    depth: usize,
) -> Result<Value, DecodeError> {
    let mut entries = BTreeMap::new();
    reader.object(|reader, key| {
        let name = key.decode();
        let Some((name, ty)) = types.get_key_value(name.as_ref()) else {
            if origin == Origin::State {
                reader.skip()?;
                return Ok(());
            }
            return Err(DecodeErrorKind::UnexpectedAttribute.at(&name));
        };
        if entries.contains_key(name) {
            return Err(DecodeErrorKind::DuplicateKey.at(name));
        }
        let value = read(reader, origin, ty, depth)
            .map_err(|error| error.within(Step::Attribute(name.clone())))?;
        entries.insert(name.clone(), value);
        Ok(())
    })?;
    for name in types.keys() {
        if entries.contains_key(name) {
            continue;
        }
        if origin == Origin::Message {
            return Err(DecodeErrorKind::MissingAttribute.at(name));
        }
        entries.insert(name.clone(), Value::Null);
    }
    Ok(Value::Map(entries))
}

/// Reads `{"type": …, "value": …}`, in either order. Terraform writes the value
/// first, so it is skipped, and read when its type is known.
fn read_dynamic(
    reader: &mut Reader<'_>,
    origin: Origin,
    kind: JsonKind,
    depth: usize,
) -> Result<Value, DecodeError> {
    const EXPECTED: &str = "an object of a type and a value";
    expect(JsonKind::Object, kind, EXPECTED)?;
    let (mut ty, mut value) = (None, None);
    reader.object(|reader, key| {
        let name = key.decode();
        let part = match name.as_ref() {
            "type" => &mut ty,
            "value" => &mut value,
            _ => return Err(DecodeErrorKind::UnexpectedAttribute.at(&name)),
        };
        if part.replace(reader.skip()?).is_some() {
            return Err(DecodeErrorKind::DuplicateKey.at(&name));
        }
        Ok(())
    })?;
    let (Some(ty), Some(value)) = (ty, value) else {
        return Err(DecodeError::wrong_kind(EXPECTED, "another object"));
    };
    let ty = Type::from_json(ty.as_bytes())?;
    let value = read_whole(value.as_bytes(), origin, &ty, depth)?;
    Ok(Value::Dynamic(Box::new((ty, value))))
}

fn read_bool(reader: &mut Reader<'_>, origin: Origin, kind: JsonKind) -> Result<bool, DecodeError> {
    let expected = expectation(&Type::Bool);
    if origin == Origin::State && kind == JsonKind::String {
        return match reader.string()?.decode().as_ref() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(DecodeError::wrong_kind(expected, describe(kind))),
        };
    }
    expect(JsonKind::Bool, kind, expected)?;
    Ok(reader.bool()?)
}

fn read_number(
    reader: &mut Reader<'_>,
    origin: Origin,
    kind: JsonKind,
) -> Result<Number, DecodeError> {
    if origin == Origin::State && kind == JsonKind::String {
        return Ok(reader.string()?.decode().parse::<Number>()?);
    }
    expect(JsonKind::Number, kind, expectation(&Type::Number))?;
    Ok(reader.number()?.parse::<Number>()?)
}

/// A string, or a number or boolean stored before the attribute became a string.
enum Text<'a> {
    Literal(Literal<'a>),
    Scalar(&'a str),
}

fn read_text<'a>(
    reader: &mut Reader<'a>,
    origin: Origin,
    kind: JsonKind,
) -> Result<Text<'a>, DecodeError> {
    let text = if origin == Origin::State && matches!(kind, JsonKind::Number | JsonKind::Bool) {
        Text::Scalar(reader.skip()?)
    } else {
        expect(JsonKind::String, kind, expectation(&Type::String))?;
        Text::Literal(reader.string()?)
    };
    Ok(text)
}

fn expect(wanted: JsonKind, found: JsonKind, expected: &'static str) -> Result<(), DecodeError> {
    if wanted == found { Ok(()) } else { Err(DecodeError::wrong_kind(expected, describe(found))) }
}

fn describe(kind: JsonKind) -> &'static str {
    match kind {
        JsonKind::Null => "null",
        JsonKind::Bool => "a boolean",
        JsonKind::Number => "a number",
        JsonKind::String => "a text",
        JsonKind::Array => "a list",
        JsonKind::Object => "an object",
    }
}
