//! The signature of `encode_id`.

use super::arguments;
use super::webex_id::{EncodeIdError, encode_id};
use tf_provider::function::{Function, FunctionError, Parameter, Signature};
use tf_provider::value::{Type, Value};

const DESCRIPTION: &str = "\
The reverse of `decode_id`: makes the id by which the public Webex APIs know something, from its \
type and its UUID. The id is written as Webex writes it, in url-safe base64 without padding.

It makes no call: whether there is anything of that id is not checked.";

/// The function.
pub struct EncodeId;

impl Function for EncodeId {
    fn signature(&self) -> Signature {
        let kind = "What the id is of, such as `ORGANIZATION`, `PEOPLE` or `PLACE`. It is written \
                    in capitals.";
        let cluster = "The cluster that the id names, at most once. `us` if not given, which nearly \
                       all ids name, wherever their organization lives.";
        Signature::new("Makes a Webex id of a type and a UUID", Type::String)
            .description(DESCRIPTION)
            .parameter(Parameter::new("type", Type::String, kind))
            .parameter(Parameter::new("uuid", Type::String, "The UUID."))
            .variadic(Parameter::new("cluster", Type::String, cluster))
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let (kind, uuid) = (arguments::string(arguments, 0)?, arguments::string(arguments, 1)?);
        let cluster = match arguments.get(2..).unwrap_or_default() {
            [] => None,
            [_] => Some(arguments::string(arguments, 2)?),
            [_, _, ..] => {
                let text = "An id names one cluster only. Remove this argument and what follows.";
                return Err(FunctionError::argument(3, text));
            }
        };
        arguments::result(encode_id(kind, uuid, cluster), EncodeIdError::argument)
    }
}
