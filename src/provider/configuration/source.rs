//! Arguments of the provider, read from the provider block first and from the
//! environment second.

use super::schema::variable;
use safe_text::Secret;
use tf_provider::diagnostics::Diagnostic;
use tf_provider::object::{Argument, Configuration, Object};
use tf_provider::value::{Path, Value};

/// Looks up an environment variable.
pub type Environment<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// Reads a variable of the process. One that is set but empty counts as absent:
/// pipelines pass on secrets that they do not have as empty variables.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn process_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// The place where an argument is given, so that messages can point there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An argument of the provider block.
    Block(&'static str),
    /// The environment variable of an argument.
    Environment(&'static str),
}

impl Origin {
    /// Returns the name of the argument or of the variable.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Block(argument) => argument,
            Self::Environment(argument) => variable(argument),
        }
    }

    /// Returns the argument that is given, in either place.
    #[must_use]
    pub fn argument(self) -> &'static str {
        match self {
            Self::Block(argument) | Self::Environment(argument) => argument,
        }
    }

    /// Whether it is in the provider block.
    #[must_use]
    pub fn is_block(self) -> bool {
        matches!(self, Self::Block(_))
    }

    /// Returns an error that points at the place.
    #[must_use]
    pub fn error(self, problem: &str, detail: impl Into<String>) -> Diagnostic {
        self.at(Diagnostic::error(format!("{} {problem}", self.name()), detail.into()))
    }

    /// Returns the error that another argument is given as well, which excludes
    /// this one.
    #[must_use]
    pub fn excluded_by(self, other: Self, detail: &str) -> Diagnostic {
        self.error(&format!("and {} exclude each other", other.name()), detail)
    }

    /// Returns a message that points at the place. Variables have none that
    /// Terraform could show.
    #[must_use]
    pub fn at(self, message: Diagnostic) -> Diagnostic {
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
    /// The place where it is given.
    pub origin: Origin,
}

/// The provider block and the environment.
pub struct Source<'a> {
    block: &'a Configuration,
    environment: Environment<'a>,
}

impl<'a> Source<'a> {
    /// Returns a source that looks into `block` first.
    #[must_use]
    pub fn new(block: &'a Configuration, environment: Environment<'a>) -> Self {
        Self { block, environment }
    }

    /// Returns the environment alone.
    pub fn environment(&self) -> Environment<'a> {
        self.environment
    }

    fn object(&self) -> &'a Object {
        self.block.object()
    }

    /// Reads a string.
    #[must_use]
    pub fn string(&self, argument: &'static str) -> Argument<Given<String>> {
        self.given(argument, self.object().string(argument), str::to_owned, |text| text)
    }

    /// Reads a credential.
    #[must_use]
    pub fn secret(&self, argument: &'static str) -> Argument<Given<Secret>> {
        self.given(argument, self.block.secret(argument), Secret::clone, Secret::new)
    }

    /// Reads that of two strings which is given. They exclude each other within
    /// the provider block and within the environment; the provider block wins.
    ///
    /// # Errors
    ///
    /// When both are given in the same place. `detail` is then the message's.
    pub fn one_of(
        &self,
        first: &'static str,
        second: &'static str,
        detail: &str,
    ) -> Result<Argument<Given<String>>, Diagnostic> {
        let (first, second) = match (self.string(first), self.string(second)) {
            (Argument::Unknown, _) | (_, Argument::Unknown) => return Ok(Argument::Unknown),
            (first, second) => (first.known(), second.known()),
        };
        if let (Some(first), Some(second)) = (&first, &second)
            && first.origin.is_block() == second.origin.is_block()
        {
            return Err(second.origin.excluded_by(first.origin, detail));
        }
        let second_wins = second.as_ref().is_some_and(|second| second.origin.is_block());
        let given = if second_wins { second } else { first.or(second) };
        Ok(given.map_or(Argument::Absent, Argument::Known))
    }

    /// Reads an integer within bounds.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn integer(
        &self,
        argument: &'static str,
        bounds: std::ops::RangeInclusive<u32>,
    ) -> Result<Argument<u32>, Diagnostic> {
        let number = self.object().number(argument);
        let text = self.given(argument, number, |number| number.to_string(), |text| text);
        convert(text, |Given { value, origin }| {
            let number = value.parse::<u32>().ok().filter(|number| bounds.contains(number));
            number.ok_or_else(|| {
                let (least, most) = (bounds.start(), bounds.end());
                origin.error(
                    "is out of range",
                    format!("It must be a whole number from {least} to {most}."),
                )
            })
        })
    }

    /// Reads a boolean.
    ///
    /// # Errors
    ///
    /// When the variable is neither true nor false.
    pub fn boolean(&self, argument: &'static str) -> Result<Argument<bool>, Diagnostic> {
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

    /// Whether the provider block has the argument with a value that is known
    /// only after apply.
    #[must_use]
    pub fn is_unknown(&self, argument: &str) -> bool {
        matches!(self.object().get(argument), Value::Unknown)
    }

    /// Returns where the argument is given; if it is not, the provider block.
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
        parse: impl FnOnce(String) -> T,
    ) -> Argument<Given<T>> {
        match from_block {
            Argument::Known(value) => {
                Argument::Known(Given { value: take(value), origin: Origin::Block(argument) })
            }
            Argument::Unknown => Argument::Unknown,
            Argument::Absent => match (self.environment)(variable(argument)) {
                None => Argument::Absent,
                Some(text) => Argument::Known(Given {
                    value: parse(text),
                    origin: Origin::Environment(argument),
                }),
            },
        }
    }
}

/// Converts an argument that is known.
pub(super) fn convert<T, U, E>(
    argument: Argument<T>,
    convert: impl FnOnce(T) -> Result<U, E>,
) -> Result<Argument<U>, E> {
    match argument {
        Argument::Absent => Ok(Argument::Absent),
        Argument::Unknown => Ok(Argument::Unknown),
        Argument::Known(value) => convert(value).map(Argument::Known),
    }
}
