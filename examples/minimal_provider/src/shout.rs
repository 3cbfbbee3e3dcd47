//! The function `shout`.

use tf_provider::prelude::*;

/// Writes a text in capitals.
pub(crate) struct Shout;

impl Function for Shout {
    fn signature(&self) -> Signature {
        Signature::new("Writes a text in capitals", Type::String)
            .description("Writes a text in capitals. Null stays null.")
            .parameter(Parameter::new("text", Type::String, "The text, or null.").allow_null())
            .deprecated("Use upper instead.")
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        match arguments {
            [Value::String(text)] if text.is_empty() => {
                Err(FunctionError::argument(0, "There is nothing to shout."))
            }
            [Value::String(text)] => Ok(text.to_uppercase().into()),
            _ => Ok(Value::Null),
        }
    }
}
