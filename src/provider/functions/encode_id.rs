//! The signature of `encode_id`.

use super::arguments;
use super::webex_id::{EncodeIdError, encode_id};
use tf_provider::function::{Function, FunctionError, Parameter, Signature};
use tf_provider::value::{Type, Value};

const DESCRIPTION: &str = "\
The reverse of `decode_id`: makes an id of the public Webex APIs from a type and a UUID, in \
URL-safe base64 without padding, as Webex does.

It makes no request, so it does not check that the id exists.";

/// The function.
pub struct EncodeId;

impl Function for EncodeId {
    fn signature(&self) -> Signature {
        let kind = "The type, such as `ORGANIZATION`, `PEOPLE` or `PLACE`, in any letter case.";
        let cluster = "The cluster in the id, at most one. Default `us`, which nearly all ids \
        contain, in every region.";
        Signature::new("Makes a Webex id from a type and a UUID", Type::String)
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
