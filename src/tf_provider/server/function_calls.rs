//! Calls about functions.

use std::time::Instant;

use tracing::Instrument as _;

use super::rpc::{Rpc, served};
use super::{Server, wire};
use crate::function::{FunctionError, Parameter, Signature};
use crate::panics::catch_panic;
use crate::protocol::tfplugin5 as protocol;
use crate::value::Value;

impl Server {
    pub(super) async fn function_result(
        &self,
        request: &protocol::call_function::Request,
    ) -> protocol::call_function::Response {
        let call = async {
            let started = Instant::now();
            let computed = catch_panic(async { self.compute(request) }).await;
            let failed = computed.as_ref().map_or(true, Result::is_err);
            served(started, usize::from(failed));
            computed
        };
        let span = Rpc::new("CallFunction", &request.name).span();
        let computed = call.instrument(span).await.unwrap_or_else(|panicked| {
            Err(FunctionError {
                text: format!(
                    "A defect in this provider ended the function call ({panicked}). Please report \
                     it."
                ),
                argument: None,
            })
        });
        match computed {
            Ok(result) => protocol::call_function::Response { result: Some(result), error: None },
            Err(error) => protocol::call_function::Response {
                result: None,
                error: Some(wire::function_error(error)),
            },
        }
    }

    fn compute(
        &self,
        request: &protocol::call_function::Request,
    ) -> Result<protocol::DynamicValue, FunctionError> {
        let whole = |text: String| FunctionError { text, argument: None };
        let function = self.registry.functions.get(request.name.as_str()).ok_or_else(|| {
            whole(format!("This version of the provider has no function {:?}.", request.name))
        })?;
        let signature = function.signature();
        let parameters = parameters(&signature, request.arguments.len())?;
        let mut arguments = Vec::with_capacity(parameters.len());
        for (position, (parameter, sent)) in parameters.iter().zip(&request.arguments).enumerate() {
            let value =
                wire::decode(Some(sent), &parameter.ty, "argument").map_err(|messages| {
                    let text = messages.iter().map(|message| message.detail()).collect::<String>();
                    FunctionError::argument(position, text)
                })?;
            if value.is_null() && !parameter.allow_null {
                let text = format!("{} must not be null.", parameter.name);
                return Err(FunctionError::argument(position, text));
            }
            arguments.push(value);
        }
        let mut pairs = arguments.iter().zip(&parameters);
        let is_callable = pairs.all(|(value, row)| row.allow_unknown || value.is_wholly_known());
        let result = if is_callable { function.call(&arguments)? } else { Value::Unknown };
        wire::encode(&result, &signature.result)
            .map_err(|messages| whole(messages.iter().map(|message| message.detail()).collect()))
    }
}

/// Returns the parameter of each argument sent.
fn parameters(signature: &Signature, sent: usize) -> Result<Vec<&Parameter>, FunctionError> {
    let fixed = signature.parameters.len();
    let fits = sent == fixed || (sent > fixed && signature.variadic.is_some());
    if !fits {
        let text = format!("The function takes {fixed} arguments, and {sent} were given.");
        return Err(FunctionError { text, argument: None });
    }
    let variadic = signature.variadic.iter().cycle().take(sent - fixed);
    Ok(signature.parameters.iter().chain(variadic).collect())
}
