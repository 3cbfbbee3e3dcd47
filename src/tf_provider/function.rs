//! Provider-defined functions: pure and offline. Since Terraform 1.8.

use super::value::{Type, Value};

/// A function that configurations call as `provider::NAME::FUNCTION(…)`.
///
/// It may be called before the provider is configured, and must always return
/// the same result for the same arguments.
pub trait Function: Send + Sync {
    /// Returns the parameters and the type of the result.
    fn signature(&self) -> Signature;

    /// Computes the result. Arguments are known and not null. Those of a variadic
    /// parameter come last.
    ///
    /// # Errors
    ///
    /// When an argument is invalid.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}

/// The parameters and the type of the result.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The summary, one sentence in plain text.
    pub summary: &'static str,
    /// The description in Markdown.
    pub description: &'static str,
    /// The parameters in order.
    pub parameters: Vec<Parameter>,
    /// A last parameter for any number of arguments.
    pub variadic: Option<Parameter>,
    /// The type of the result.
    pub result: Type,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name in documentation.
    pub name: &'static str,
    /// The type.
    pub ty: Type,
    /// The description, one sentence in Markdown.
    pub description: &'static str,
}

/// The error of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// The fault and the remedy.
    pub text: String,
    /// The argument at fault, counted from zero.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// Returns the error of an invalid argument.
    #[must_use]
    pub fn argument(position: usize, text: impl Into<String>) -> Self {
        Self { text: text.into(), argument: Some(position) }
    }
}
