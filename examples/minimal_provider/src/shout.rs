//! The function `shout`.

use tf_provider::function::{Function, FunctionError, Parameter, Signature};
use tf_provider::value::{Type, Value};

/// Writes a text in capitals.
pub(crate) struct Shout;

impl Function for Shout {
    fn signature(&self) -> Signature {
        let text = Parameter::new("text", Type::String, "The text, or null.").allow_null();
        Signature::new("Writes a text in capitals", Type::String)
            .description("Writes a text in capitals. Null stays null.")
            .parameter(text)
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
