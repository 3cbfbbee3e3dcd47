//! Checks of values against their types, and the words for both in messages.

use std::collections::BTreeMap;

use super::error::{EncodeError, EncodeErrorKind};
use super::path::Step;
use super::{Type, Value};

/// Returns the step to an element of a list or tuple. There is none into a set:
/// the protocol's paths cannot name its elements.
pub(super) fn element_step(ty: &Type, index: usize) -> Option<Step> {
    let index = i64::try_from(index).unwrap_or(i64::MAX);
    (!matches!(ty, Type::Set(_))).then_some(Step::Index(index))
}

/// Checks that a tuple has as many elements as its type.
pub(super) fn check_length(expected: usize, found: usize) -> Result<(), EncodeError> {
    if expected == found {
        return Ok(());
    }
    Err(EncodeErrorKind::WrongLength { expected, found }.into())
}

/// Checks that an object has exactly the attributes of its type.
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

/// Returns the words for the values of a type, as a message encodes them.
pub(super) fn expectation(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "a boolean",
        Type::Number => "a number",
        Type::String | Type::Secret => "a text",
        Type::Dynamic => "a pair of a type and a value",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Tuple(_) => "a tuple",
        Type::Object(_) => "an object",
    }
}

/// Returns the error that a value is of another kind than its type.
pub(super) fn mismatch(ty: &Type, value: &Value) -> EncodeError {
    const DYNAMIC: &str = "a value with its type";
    let expected = if *ty == Type::String {
        "a text that is not secret"
    } else if *ty == Type::Dynamic {
        DYNAMIC
    } else {
        expectation(ty)
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
        Value::Dynamic(_) => DYNAMIC,
    };
    EncodeErrorKind::WrongKind { expected, found }.into()
}
