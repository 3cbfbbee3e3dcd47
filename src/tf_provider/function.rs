//! Provider-defined functions: pure, offline. Since Terraform 1.8.

use super::value::{Type, Value};

/// A function that configurations call as `provider::NAME::FUNCTION(…)`.
///
/// It may be called before the provider is configured, and must answer the
/// same for the same arguments for ever.
pub trait Function: Send + Sync {
    /// Its parameters and its result.
    fn signature(&self) -> Signature;

    /// Computes it. Arguments are known, and null only where allowed; those of
    /// a variadic parameter come last.
    ///
    /// # Errors
    ///
    /// When an argument does not fit.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}

/// Parameters and result.
#[derive(Clone, Debug)]
pub struct Signature {
    /// One sentence in plain text.
    pub summary: &'static str,
    /// The whole story, in Markdown.
    pub description: &'static str,
    /// The parameters in order.
    pub parameters: Vec<Parameter>,
    /// A last parameter that may be given any number of times.
    pub variadic: Option<Parameter>,
    /// The type of the result.
    pub result: Type,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name in documentation.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// One sentence in Markdown.
    pub description: &'static str,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// What is wrong and what to do.
    pub text: String,
    /// The argument at fault, counted from zero.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// An argument does not fit.
    #[must_use]
    pub fn argument(position: usize, text: impl Into<String>) -> Self {
        Self { text: text.into(), argument: Some(position) }
    }
}
