//! The arguments of a call, taken out of the values that the framework has read
//! by the types of the signature.

use std::collections::BTreeMap;

use tf_provider::function::FunctionError;
use tf_provider::value::Value;

/// A text.
///
/// # Errors
///
/// When it is something else, which the signature does not let through.
pub(super) fn text(arguments: &[Value], position: usize) -> Result<&str, FunctionError> {
    if let Some(Value::String(text)) = arguments.get(position) {
        return Ok(text);
    }
    Err(FunctionError::argument(position, "This argument must be a text."))
}

/// A map of texts.
///
/// # Errors
///
/// When a text is missing in it: null has no place in a map of ids.
pub(super) fn texts(
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
