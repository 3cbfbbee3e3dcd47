//! Where the value of an argument comes from: the provider block, then the
//! environment.

use super::schema::variable;
use safe_text::Secret;
use tf_provider::diagnostics::Diagnostic;
use tf_provider::object::{Argument, Configuration, Object};
use tf_provider::value::{Path, Value};

/// A look at an environment variable.
pub type Environment<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// The process's own environment. A variable that is set but empty counts as
/// absent, which is how pipelines pass on what they do not have.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn process_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Which of the two it was, so that messages can point there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An argument of the provider block.
    Block(&'static str),
    /// The environment variable that stands in for the argument.
    Environment(&'static str),
}

impl Origin {
    /// How a message names the place.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Block(argument) => argument,
            Self::Environment(argument) => variable(argument),
        }
    }

    /// The argument that was given, in whichever way.
    #[must_use]
    pub fn argument(self) -> &'static str {
        match self {
            Self::Block(argument) | Self::Environment(argument) => argument,
        }
    }

    /// Whether it stands in the provider block.
    #[must_use]
    pub fn is_block(self) -> bool {
        matches!(self, Self::Block(_))
    }

    /// An error that points at the place.
    #[must_use]
    pub fn error(self, problem: &str, detail: impl Into<String>) -> Diagnostic {
        let message = Diagnostic::error(format!("{} {problem}", self.name()), detail.into());
        match self {
            Self::Block(argument) => message.at(Path::attribute(argument)),
            Self::Environment(_) => message,
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Where it was found.
    pub origin: Origin,
}

/// The provider block over the environment.
pub struct Source<'a> {
    block: &'a Configuration,
    environment: Environment<'a>,
}

impl<'a> Source<'a> {
    /// Looks into `block` first.
    #[must_use]
    pub fn new(block: &'a Configuration, environment: Environment<'a>) -> Self {
        Self { block, environment }
    }

    fn object(&self) -> &'a Object {
        self.block.object()
    }

    /// A text.
    #[must_use]
    pub fn text(&self, argument: &'static str) -> Argument<Given<String>> {
        self.given(argument, self.object().string(argument), str::to_owned, Some)
    }

    /// A credential.
    #[must_use]
    pub fn secret(&self, argument: &'static str) -> Argument<Given<Secret>> {
        self.given(argument, self.block.secret(argument), Secret::clone, |text| {
            Some(Secret::new(text))
        })
    }

    /// A whole number within bounds.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn whole_number(
        &self,
        argument: &'static str,
        bounds: std::ops::RangeInclusive<u32>,
    ) -> Result<Argument<u32>, Diagnostic> {
        let texts =
            self.given(argument, self.object().number(argument), |number| number.to_string(), Some);
        match texts {
            Argument::Absent => Ok(Argument::Absent),
            Argument::Unknown => Ok(Argument::Unknown),
            Argument::Known(Given { value, origin }) => value
                .parse::<u32>()
                .ok()
                .filter(|number| bounds.contains(number))
                .map(Argument::Known)
                .ok_or_else(|| {
                    let (least, most) = (bounds.start(), bounds.end());
                    origin.error(
                        "is out of range",
                        format!("It must be a whole number from {least} to {most}."),
                    )
                }),
        }
    }

    /// A truth value.
    ///
    /// # Errors
    ///
    /// When the environment holds something else than `true` or `false`.
    pub fn truth(&self, argument: &'static str) -> Result<Argument<bool>, Diagnostic> {
        let given = self.object().bool(argument);
        if !given.is_absent() {
            return Ok(given);
        }
        match (self.environment)(variable(argument)).as_deref() {
            None => Ok(Argument::Absent),
            Some("true" | "1") => Ok(Argument::Known(true)),
            Some("false" | "0") => Ok(Argument::Known(false)),
            Some(_) => Err(Origin::Environment(argument)
                .error("is neither true nor false", "Set it to \"true\" or \"false\".")),
        }
    }

    /// Whether the provider block has the argument, with a value that is known
    /// only after apply.
    #[must_use]
    pub fn is_unknown(&self, argument: &str) -> bool {
        matches!(self.object().get(argument), Value::Unknown)
    }

    /// Where an argument's value is found, given or not.
    #[must_use]
    pub fn origin(&self, argument: &'static str) -> Origin {
        if self.object().get(argument).is_null() && (self.environment)(variable(argument)).is_some()
        {
            Origin::Environment(argument)
        } else {
            Origin::Block(argument)
        }
    }

    fn given<B, T>(
        &self,
        argument: &'static str,
        from_block: Argument<B>,
        take: impl FnOnce(B) -> T,
        parse: impl FnOnce(String) -> Option<T>,
    ) -> Argument<Given<T>> {
        match from_block {
            Argument::Known(value) => {
                Argument::Known(Given { value: take(value), origin: Origin::Block(argument) })
            }
            Argument::Unknown => Argument::Unknown,
            Argument::Absent => (self.environment)(variable(argument))
                .and_then(parse)
                .map_or(Argument::Absent, |value| {
                    Argument::Known(Given { value, origin: Origin::Environment(argument) })
                }),
        }
    }
}
