//! The signature of `decode_id`.

use super::arguments;
use super::webex_id::{DecodeIdError, decode_id};
use tf_provider::function::{Function, FunctionError, Parameter, Signature};
use tf_provider::value::{Type, Value};

const DESCRIPTION: &str = "\
The public Webex APIs and Control Hub use base64 ids, such as `Y2lzY29zcGFyazovL3VzL…`. The \
Contact Center uses the UUID inside. This function returns that UUID in lower case, for any \
base64 alphabet and padding. It returns a UUID unchanged.

It makes no request, so it does not check that the id exists.";

/// The function.
pub struct DecodeId;

impl Function for DecodeId {
    fn signature(&self) -> Signature {
        let id = Parameter::new("id", Type::String, "An id of the Webex APIs, or a UUID.");
        Signature::new("Finds the UUID inside a Webex id", Type::String)
            .description(DESCRIPTION)
            .parameter(id)
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let id = arguments::string(arguments, 0)?;
        arguments::result(decode_id(id), DecodeIdError::argument)
    }
}
