//! Provider-defined functions: pure and offline. Since Terraform 1.8.

use std::borrow::Cow;

use super::value::{Type, Value};

/// A function that configurations call as `provider::NAME::FUNCTION(…)`.
///
/// It may be called before the provider is configured, and must always return
/// the same result for the same arguments.
pub trait Function: Send + Sync {
    /// Returns the parameters and the type of the result.
    fn signature(&self) -> Signature;

    /// Computes the result. Arguments are known and not null, except for those of
    /// parameters that allow it. Those of a variadic parameter come last.
    ///
    /// # Errors
    ///
    /// When an argument is invalid.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}

/// The parameters and the type of the result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Signature {
    /// The summary, one sentence in plain text.
    pub summary: Cow<'static, str>,
    /// The description in Markdown.
    pub description: Cow<'static, str>,
    /// The parameters in order.
    pub parameters: Vec<Parameter>,
    /// A last parameter for any number of arguments.
    pub variadic: Option<Parameter>,
    /// The type of the result.
    pub result: Type,
    /// The deprecation message, which names the function to use instead.
    pub deprecated: Option<Cow<'static, str>>,
}

impl Signature {
    /// Returns the signature of a function without parameters. The summary is the
    /// description, too.
    #[must_use]
    pub fn new(summary: impl Into<Cow<'static, str>>, result: Type) -> Self {
        let summary = summary.into();
        Self {
            description: summary.clone(),
            summary,
            parameters: Vec::new(),
            variadic: None,
            result,
            deprecated: None,
        }
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds a parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Sets the last parameter, for any number of arguments.
    #[must_use]
    pub fn variadic(mut self, parameter: Parameter) -> Self {
        self.variadic = Some(parameter);
        self
    }

    /// Deprecates the function. The message names the function to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.deprecated = Some(message.into());
        self
    }
}

/// One parameter.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Parameter {
    /// The name in documentation.
    pub name: Cow<'static, str>,
    /// The type.
    pub ty: Type,
    /// The description, one sentence in Markdown.
    pub description: Cow<'static, str>,
    /// Whether the argument may be null.
    pub allow_null: bool,
    /// Whether the function is called with an unknown argument. Otherwise the
    /// result is unknown.
    pub allow_unknown: bool,
}

impl Parameter {
    /// Returns a parameter whose arguments are known and not null.
    #[must_use]
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        ty: Type,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            ty,
            description: description.into(),
            allow_null: false,
            allow_unknown: false,
        }
    }

    /// Allows null.
    #[must_use]
    pub fn allow_null(mut self) -> Self {
        self.allow_null = true;
        self
    }

    /// Allows unknown values.
    #[must_use]
    pub fn allow_unknown(mut self) -> Self {
        self.allow_unknown = true;
        self
    }
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
