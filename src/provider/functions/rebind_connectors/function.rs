//! The signature of `rebind_connectors`.

use super::super::arguments;
use super::{RebindError, rebind_connectors};
use tf_provider::function::{Function, FunctionError, Parameter, Signature};
use tf_provider::value::{Type, Value};

const DESCRIPTION: &str = "\
Flows refer to a connector by its id, and a connector has another id in every organization. An \
exported flow that is imported elsewhere therefore has to have the ids of its connectors \
exchanged. This function does that: every HTTP activity gets the id that the map has for the name \
of its connector. Everything else in the document stays as it is, byte by byte.

Exports of older flows give ids without names; the map may then hold the old id instead of a name. \
A flow that uses a connector that the map does not have is an error, which lists all such \
connectors.

It makes no call: whether there are connectors of these ids is not checked.";

/// The function.
pub struct RebindConnectors;

impl Function for RebindConnectors {
    fn signature(&self) -> Signature {
        let flow = "The flow as Flow Designer exported it, for example by `file(\"flow.json\")`.";
        let connectors = "The ids of the connectors to use, by name (or by old id), such as the \
                          attribute `ids` of the data source `webex_cc_flow_connectors`.";
        Signature::new("Exchanges the ids of connectors in an exported flow", Type::String)
            .description(DESCRIPTION)
            .parameter(Parameter::new("flow_json", Type::String, flow))
            .parameter(Parameter::new("connectors", Type::Map(Box::new(Type::String)), connectors))
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let flow = arguments::string(arguments, 0)?;
        let connectors = arguments::strings(arguments, 1)?;
        arguments::result(rebind_connectors(flow, &connectors), RebindError::argument)
    }
}
