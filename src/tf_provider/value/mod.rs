//! Terraform values and their encodings.
//!
//! Every [`Value`] is read and written by its [`Type`], which comes from a
//! schema. Terraform uses [`msgpack`] on the wire, and [`json`] in state files
//! and in some older calls.

mod equality;
mod error;
mod fit;
pub mod json;
mod limits;
pub mod msgpack;
mod number;
mod path;
mod sealed;
mod ty;
mod type_check;
mod type_json;

#[cfg(test)]
pub(crate) mod arbitrary;

use std::collections::BTreeMap;

pub use error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, LocatedError};
pub(crate) use fit::fit;
pub use limits::{MAX_DEPTH, MAX_ENCODED};
pub use number::{MAX_DIGITS, Number, NumberError};
pub use path::{Path, Step};
pub use sealed::SealedSecret;
pub use ty::Type;
pub use type_json::TypeError;

use safe_text::Secret;

/// A value in Terraform: null, unknown, or known.
///
/// `Debug` is safe to print: sensitive strings are [`Secret`]s.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Null.
    Null,
    /// Known only after apply. Refinements of an unknown value (a prefix, bounds)
    /// are dropped.
    Unknown,
    /// `true` or `false`.
    Bool(bool),
    /// A number, without loss.
    Number(Number),
    /// A string.
    String(String),
    /// A string of an attribute that is sensitive by its schema.
    Secret(SealedSecret),
    /// A list, a set (in the order received) or a tuple.
    List(Vec<Value>),
    /// A map, or an object with exactly the attributes of its type.
    Map(BTreeMap<String, Value>),
    /// A value with its type, where the schema leaves the type open.
    Dynamic(Box<(Type, Value)>),
}

impl Value {
    /// Whether the value is null, also if it is the null of a dynamic value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.content(), Self::Null)
    }

    /// Whether the value is unknown, also if it is that of a dynamic value.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.content(), Self::Unknown)
    }

    /// Returns the value without the type that a dynamic value brings.
    #[must_use]
    pub fn content(&self) -> &Self {
        match self {
            Self::Dynamic(inner) => inner.1.content(),
            Self::Null
            | Self::Unknown
            | Self::Bool(_)
            | Self::Number(_)
            | Self::String(_)
            | Self::Secret(_)
            | Self::List(_)
            | Self::Map(_) => self,
        }
    }

    /// Returns the part of the value at a path; `None` if there is no such part.
    #[must_use]
    pub fn at(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, |value, step| match (value.content(), step) {
            (Self::Map(entries), Step::Attribute(name) | Step::Key(name)) => entries.get(name),
            (Self::List(items), Step::Index(index)) => items.get(usize::try_from(*index).ok()?),
            (
                Self::Null
                | Self::Unknown
                | Self::Bool(_)
                | Self::Number(_)
                | Self::String(_)
                | Self::Secret(_)
                | Self::List(_)
                | Self::Map(_)
                | Self::Dynamic(_),
                Step::Attribute(_) | Step::Key(_) | Step::Index(_),
            ) => None,
        })
    }

    pub(crate) fn at_mut(&mut self, path: &Path) -> Option<&mut Self> {
        path.steps().iter().try_fold(self, |value, step| match (value, step) {
            (Self::Map(entries), Step::Attribute(name) | Step::Key(name)) => entries.get_mut(name),
            (Self::List(items), Step::Index(index)) => items.get_mut(usize::try_from(*index).ok()?),
            (
                Self::Null
                | Self::Unknown
                | Self::Bool(_)
                | Self::Number(_)
                | Self::String(_)
                | Self::Secret(_)
                | Self::List(_)
                | Self::Map(_)
                | Self::Dynamic(_),
                Step::Attribute(_) | Step::Key(_) | Step::Index(_),
            ) => None,
        })
    }

    /// Whether the value, and everything in it, is known.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::List(items) => items.iter().all(Self::is_wholly_known),
            Self::Map(entries) => entries.values().all(Self::is_wholly_known),
            Self::Dynamic(inner) => inner.1.is_wholly_known(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Secret(_) => {
                true
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Number(integer.into())
    }
}

impl From<Secret> for Value {
    fn from(secret: Secret) -> Self {
        Self::Secret(secret.into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
