//! The signature of `decode_id`.

use super::arguments;
use super::webex_id::{DecodeIdError, decode_id};
use tf_provider::function::{Function, FunctionError, Parameter, Signature};
use tf_provider::value::{Type, Value};

const DESCRIPTION: &str = "\
The public Webex APIs and Control Hub know an organization, a person or a place by an id that is \
base64, such as `Y2lzY29zcGFyazovL3VzL…`; the Contact Center wants the UUID that is inside. This \
function takes it out, whichever alphabet and padding the id is written in, and in lower case. A \
UUID is returned as it is.

It makes no call: whether there is anything of that id is not checked.";

/// The function.
pub struct DecodeId;

impl Function for DecodeId {
    fn signature(&self) -> Signature {
        let id = Parameter::new("id", Type::String, "The id as Webex gives it, or a UUID.");
        Signature::new("Finds the UUID inside a Webex id", Type::String)
            .description(DESCRIPTION)
            .parameter(id)
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let id = arguments::string(arguments, 0)?;
        arguments::result(decode_id(id), DecodeIdError::argument)
    }
}
