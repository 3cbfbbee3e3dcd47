//! Writes msgpack by type.

use std::convert::Infallible;

use rmp::encode::{self, ByteBuf, ValueWriteError};

use crate::value::error::{EncodeError, EncodeErrorKind};
use crate::value::limits::{MAX_DEPTH, MAX_ENCODED, deeper};
use crate::value::path::Step;
use crate::value::type_check::{check_attributes, check_length, element_step, mismatch};
use crate::value::{Number, Type, Value};

/// An unknown value without refinements: an extension of code 0 with one byte.
const UNKNOWN: [u8; 3] = [0xd4, 0x00, 0x00];

/// Writes a value by its type.
///
/// The result contains secrets in the clear.
///
/// # Errors
///
/// An [`EncodeError`] when the value is not of the type, is nested beyond
/// [`MAX_DEPTH`], or takes more than [`MAX_ENCODED`]. A [`Value::Secret`] where
/// the type is not [`Type::Secret`] is refused, too: nothing would mark it as
/// sensitive from there on.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut output = ByteBuf::new();
    write(&mut output, value, ty, MAX_DEPTH)?;
    Ok(output.into_vec())
}

fn write(output: &mut ByteBuf, value: &Value, ty: &Type, depth: usize) -> Result<(), EncodeError> {
    match (ty, value) {
        (_, Value::Null) => {
            let Ok(()) = encode::write_nil(output);
        }
        (_, Value::Unknown) => output.as_mut_vec().extend(UNKNOWN),
        (Type::Bool, Value::Bool(flag)) => {
            let Ok(()) = encode::write_bool(output, *flag);
        }
        (Type::Number, Value::Number(number)) => write_number(output, number)?,
        (Type::String | Type::Secret, Value::String(text)) => write_text(output, text)?,
        (Type::Secret, Value::Secret(secret)) => write_text(output, secret.open().expose())?,
        (Type::Dynamic, Value::Dynamic(inner)) => {
            let (ty, value) = inner.as_ref();
            let json = ty.to_json();
            length(json.len())?;
            written(encode::write_array_len(output, 2).map(drop));
            written(encode::write_bin(output, &json));
            write(output, value, ty, deeper(depth)?)?;
        }
        (Type::List(element) | Type::Set(element), Value::List(items)) => {
            let types = std::iter::repeat(element.as_ref());
            write_items(output, ty, items, types, deeper(depth)?)?;
        }
        (Type::Tuple(types), Value::List(items)) => {
            check_length(types.len(), items.len())?;
            write_items(output, ty, items, types.iter(), deeper(depth)?)?;
        }
        (Type::Map(element), Value::Map(entries)) => {
            let depth = deeper(depth)?;
            written(encode::write_map_len(output, length(entries.len())?).map(drop));
            for (key, value) in entries {
                write_text(output, key)?;
                write(output, value, element, depth)
                    .map_err(|error| error.within(Step::Key(key.clone())))?;
            }
        }
        (Type::Object(types), Value::Map(entries)) => {
            check_attributes(types, entries)?;
            let depth = deeper(depth)?;
            written(encode::write_map_len(output, length(entries.len())?).map(drop));
            // Both are sorted by name and have the same names.
            for ((name, value), ty) in entries.iter().zip(types.values()) {
                write_text(output, name)?;
                write(output, value, ty, depth)
                    .map_err(|error| error.within(Step::Attribute(name.clone())))?;
            }
        }
        _ => return Err(mismatch(ty, value)),
    }
    if output.as_slice().len() > MAX_ENCODED {
        return Err(EncodeErrorKind::TooLarge.into());
    }
    Ok(())
}

fn write_items<'t>(
    output: &mut ByteBuf,
    ty: &Type,
    items: &[Value],
    types: impl Iterator<Item = &'t Type>,
    depth: usize,
) -> Result<(), EncodeError> {
    written(encode::write_array_len(output, length(items.len())?).map(drop));
    for (index, (item, element)) in items.iter().zip(types).enumerate() {
        write(output, item, element, depth)
            .map_err(|error| error.within(element_step(ty, index)))?;
    }
    Ok(())
}

/// Writes a number as Terraform does: an integer if it fits in 64 bits with
/// sign, a float if that is exact, otherwise its decimal digits.
fn write_number(output: &mut ByteBuf, number: &Number) -> Result<(), EncodeError> {
    if let Some(integer) = number.to_i64() {
        written(encode::write_sint(output, integer).map(drop));
        return Ok(());
    }
    if !number.is_integer()
        && let Some(float) = number.to_f64_exact()
    {
        written(encode::write_f64(output, float));
        return Ok(());
    }
    write_text(output, &number.to_string())
}

fn write_text(output: &mut ByteBuf, text: &str) -> Result<(), EncodeError> {
    length(text.len())?;
    written(encode::write_str(output, text));
    Ok(())
}

/// Checks that a length fits into the message, and so into msgpack's 32 bits.
fn length(length: usize) -> Result<u32, EncodeError> {
    u32::try_from(length)
        .ok()
        .filter(|_| length <= MAX_ENCODED)
        .ok_or_else(|| EncodeErrorKind::TooLarge.into())
}

/// Drops the result of a write into memory, which by its type cannot fail.
fn written(result: Result<(), ValueWriteError<Infallible>>) {
    let Ok(()) = result;
}
