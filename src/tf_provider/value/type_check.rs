//! What both codecs ask of a value and its type.

use std::collections::BTreeMap;

use super::error::{EncodeError, EncodeErrorKind};
use super::path::Step;
use super::{Type, Value};

/// The value is nested too deeply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooDeep;

/// Goes down one of the levels that are left.
pub(super) fn deeper(levels: usize) -> Result<usize, TooDeep> {
    levels.checked_sub(1).ok_or(TooDeep)
}

/// The step to an element of a list or tuple. There is none into a set: the
/// protocol's paths cannot name its elements.
pub(super) fn element_step(ty: &Type, index: usize) -> Option<Step> {
    let index = i64::try_from(index).unwrap_or(i64::MAX);
    (!matches!(ty, Type::Set(_))).then_some(Step::Index(index))
}

/// Makes sure that a tuple has as many elements as its type.
pub(super) fn check_length(expected: usize, found: usize) -> Result<(), EncodeError> {
    if expected == found {
        return Ok(());
    }
    Err(EncodeErrorKind::WrongLength { expected, found }.into())
}

/// Makes sure that an object has exactly the attributes of its type.
pub(super) fn check_attributes(
    types: &BTreeMap<String, Type>,
    entries: &BTreeMap<String, Value>,
) -> Result<(), EncodeError> {
    let lacking = |name: &&String| !entries.contains_key(*name);
    let unknown = |name: &&String| !types.contains_key(*name);
    let (kind, name) = if let Some(name) = types.keys().find(lacking) {
        (EncodeErrorKind::MissingAttribute, name)
    } else if let Some(name) = entries.keys().find(unknown) {
        (EncodeErrorKind::UnexpectedAttribute, name)
    } else {
        return Ok(());
    };
    Err(EncodeError::from(kind).within(Step::Attribute(name.clone())))
}

/// The error that a value is of another kind than its type.
pub(super) fn mismatch(ty: &Type, value: &Value) -> EncodeError {
    let expected = match ty {
        Type::Bool => "a boolean",
        Type::Number => "a number",
        Type::String => "a text that is not secret",
        Type::Secret => "a text",
        Type::Dynamic => "a value with its type",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Tuple(_) => "a tuple",
        Type::Object(_) => "an object",
    };
    let found = match value {
        Value::Null => "null",
        Value::Unknown => "an unknown value",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Secret(_) => "a secret",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Dynamic(_) => "a value with its type",
    };
    EncodeErrorKind::WrongKind { expected, found }.into()
}
