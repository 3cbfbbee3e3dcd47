//! The arguments and the result of a function call. The framework has read the
//! arguments by the types of the signature.

use std::collections::BTreeMap;
use std::fmt::Display;

use tf_provider::function::FunctionError;
use tf_provider::value::Value;

/// Returns an argument that is a string.
///
/// # Errors
///
/// When it is of another type, which the signature prevents.
pub(super) fn string(arguments: &[Value], position: usize) -> Result<&str, FunctionError> {
    if let Some(Value::String(text)) = arguments.get(position) {
        return Ok(text);
    }
    Err(FunctionError::argument(position, "This argument must be a text."))
}

/// Returns an argument that is a map of strings.
///
/// # Errors
///
/// When an element is null.
pub(super) fn strings(
    arguments: &[Value],
    position: usize,
) -> Result<BTreeMap<String, String>, FunctionError> {
    let Some(Value::Map(entries)) = arguments.get(position) else {
        return Err(FunctionError::argument(position, "This argument must be a map of texts."));
    };
    let read = entries.iter().map(|(key, value)| {
        if let Value::String(text) = value {
            return Ok((key.clone(), text.clone()));
        }
        let text = format!("The map has no text for {key:?}. Give it one, or remove the key.");
        Err(FunctionError::argument(position, text))
    });
    read.collect()
}

/// Converts the result of a computation. `argument` returns the position of the
/// argument at fault, counted from 0.
pub(super) fn result<E: Display>(
    result: Result<String, E>,
    argument: impl FnOnce(&E) -> usize,
) -> Result<Value, FunctionError> {
    result
        .map(Value::from)
        .map_err(|error| FunctionError::argument(argument(&error), error.to_string()))
}
