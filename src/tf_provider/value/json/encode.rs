//! Value → JSON, by type.

use crate::value::error::{EncodeError, EncodeErrorKind};
use crate::value::limits::{MAX_DEPTH, MAX_ENCODED};
use crate::value::path::Step;
use crate::value::type_check::{check_attributes, check_length, deeper, element_step, mismatch};
use crate::value::{Type, Value};

/// Writes a value by its type.
///
/// This is a sink of secrets: what comes back holds them in the clear.
///
/// # Errors
///
/// An [`EncodeError`] when the value is not of the type, is unknown or infinite
/// anywhere, is nested beyond [`MAX_DEPTH`], or takes more than [`MAX_ENCODED`].
/// A [`Value::Secret`] where the type does not say [`Type::Secret`] is refused,
/// too: nothing would mark it as sensitive from there on.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut output = Vec::new();
    write(&mut output, value, ty, MAX_DEPTH)?;
    Ok(output)
}

fn write(output: &mut Vec<u8>, value: &Value, ty: &Type, depth: usize) -> Result<(), EncodeError> {
    match (ty, value) {
        (_, Value::Null) => output.extend(b"null"),
        (_, Value::Unknown) => return Err(EncodeErrorKind::UnknownInJson.into()),
        (Type::Bool, Value::Bool(flag)) => output.extend(flag.to_string().as_bytes()),
        (Type::Number, Value::Number(number)) if number.is_finite() => {
            output.extend(number.to_string().as_bytes());
        }
        (Type::Number, Value::Number(_)) => return Err(EncodeErrorKind::InfinityInJson.into()),
        (Type::String | Type::Secret, Value::String(text)) => write_text(output, text),
        (Type::Secret, Value::Secret(secret)) => write_text(output, secret.expose()),
        (Type::Dynamic, Value::Dynamic(inner)) => {
            let (ty, value) = inner.as_ref();
            output.extend(br#"{"value":"#);
            write(output, value, ty, deeper(depth)?)?;
            output.extend(br#","type":"#);
            output.extend(ty.to_json());
            output.push(b'}');
        }
        (Type::List(element) | Type::Set(element), Value::List(items)) => {
            let types = std::iter::repeat(element.as_ref());
            write_items(output, ty, items.iter().zip(types), deeper(depth)?)?;
        }
        (Type::Tuple(types), Value::List(items)) => {
            check_length(types.len(), items.len())?;
            write_items(output, ty, items.iter().zip(types), deeper(depth)?)?;
        }
        (Type::Map(element), Value::Map(entries)) => {
            let depth = deeper(depth)?;
            let entries = entries.iter().map(|(key, value)| (key, value, element.as_ref()));
            write_entries(output, entries, Step::Key, depth)?;
        }
        (Type::Object(types), Value::Map(entries)) => {
            check_attributes(types, entries)?;
            let depth = deeper(depth)?;
            // Both are sorted by name and have the same names.
            let attributes =
                entries.iter().zip(types.values()).map(|((name, value), ty)| (name, value, ty));
            write_entries(output, attributes, Step::Attribute, depth)?;
        }
        _ => return Err(mismatch(ty, value)),
    }
    if output.len() > MAX_ENCODED {
        return Err(EncodeErrorKind::TooLarge.into());
    }
    Ok(())
}

fn write_items<'v>(
    output: &mut Vec<u8>,
    ty: &Type,
    items: impl Iterator<Item = (&'v Value, &'v Type)>,
    depth: usize,
) -> Result<(), EncodeError> {
    output.push(b'[');
    for (index, (item, element)) in items.enumerate() {
        if index > 0 {
            output.push(b',');
        }
        write(output, item, element, depth)
            .map_err(|error| error.within(element_step(ty, index)))?;
    }
    output.push(b']');
    Ok(())
}

fn write_entries<'v>(
    output: &mut Vec<u8>,
    entries: impl Iterator<Item = (&'v String, &'v Value, &'v Type)>,
    step: impl Fn(String) -> Step,
    depth: usize,
) -> Result<(), EncodeError> {
    output.push(b'{');
    for (index, (name, value, ty)) in entries.enumerate() {
        if index > 0 {
            output.push(b',');
        }
        write_text(output, name);
        output.push(b':');
        write(output, value, ty, depth).map_err(|error| error.within(step(name.clone())))?;
    }
    output.push(b'}');
    Ok(())
}

/// Writes a text in quotes, straight into the output: an escaped copy of a
/// secret must not be left anywhere else.
pub(in super::super) fn write_text(output: &mut Vec<u8>, text: &str) {
    output.push(b'"');
    let mut plain = 0;
    for (position, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        output.extend(&text.as_bytes()[plain..position]);
        plain = position + 1;
        match byte {
            b'"' => output.extend(br#"\""#),
            b'\\' => output.extend(br"\\"),
            b'\n' => output.extend(br"\n"),
            _ => output.extend(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    output.extend(&text.as_bytes()[plain..]);
    output.push(b'"');
}
