//! The signature of `rebind_connectors`.

use super::super::arguments;
use super::{RebindError, rebind_connectors};
use tf_provider::function::{Function, FunctionError, Parameter, Signature};
use tf_provider::value::{Type, Value};

const DESCRIPTION: &str = "\
Exchanges the ids of connectors in an exported flow. Flows refer to a connector by its id, and the \
same connector has another id in each organization. Every HTTP activity gets the id that the map \
has for the name of its connector. Every other byte of the document stays the same.

Exports of older flows contain ids without names. For those, use the old id as the key. If the map \
lacks a connector that the flow uses, the error lists all such connectors.

The function makes no request, so it does not check that the ids exist.";

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
