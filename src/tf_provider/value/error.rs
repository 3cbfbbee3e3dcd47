//! Errors of reading and writing values.
//!
//! The texts name places and kinds, never contents: users see them, and the
//! value at fault may be a credential.

use std::fmt;

use super::limits::{MAX_DEPTH, MAX_ENCODED, TooDeep};
use super::number::NumberError;
use super::path::{Path, Step};
use super::type_json::TypeError;
use json_reader::{ReadError, ReadErrorKind};

/// A message that is not a value of the type it should be.
pub type DecodeError = LocatedError<DecodeErrorKind>;

/// A value that is not of the type by which it is written.
pub type EncodeError = LocatedError<EncodeErrorKind>;

/// An error with its place in the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedError<K> {
    path: Path,
    kind: K,
}

impl<K> LocatedError<K> {
    /// The place in the value.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The fault.
    #[must_use]
    pub fn kind(&self) -> &K {
        &self.kind
    }

    /// Returns the error as seen from one step further out, if there is a step.
    pub(super) fn within(self, step: impl Into<Option<Step>>) -> Self {
        match step.into() {
            Some(step) => Self { path: self.path.within(step), kind: self.kind },
            None => self,
        }
    }
}

impl<K: fmt::Display> fmt::Display for LocatedError<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(formatter, "{}: ", self.path)?;
        }
        self.kind.fmt(formatter)
    }
}

impl<K: fmt::Debug + fmt::Display> std::error::Error for LocatedError<K> {}

/// The fault of a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeErrorKind {
    /// The message ends within a value, or declares more than it holds.
    #[error("the message ends too early")]
    Truncated,
    /// The message goes on after the value.
    #[error("the message goes on after its end")]
    TrailingBytes,
    /// The message is not written in the format it should be.
    #[error("the message is malformed at byte {offset}")]
    Malformed {
        /// The position, counted in bytes from 0.
        offset: usize,
    },
    /// A string is not UTF-8.
    #[error("the text is not valid UTF-8")]
    NotUtf8,
    /// Nested beyond [`MAX_DEPTH`].
    #[error("the value is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// A value of another kind than its type.
    #[error("{expected} is needed here, but {found} was found")]
    WrongKind {
        /// The kind that the type needs.
        expected: &'static str,
        /// The kind of the value.
        found: &'static str,
    },
    /// An attribute of the object's type is absent. The path names it.
    #[error("the attribute is missing")]
    MissingAttribute,
    /// The object's type has no such attribute. The path names it.
    #[error("there is no such attribute")]
    UnexpectedAttribute,
    /// The same key twice. The path names it.
    #[error("the key is given twice")]
    DuplicateKey,
    /// A tuple with too many or too few elements.
    #[error("{expected} elements are needed here, but {found} were found")]
    WrongLength {
        /// The number in the type.
        expected: usize,
        /// The number in the message.
        found: usize,
    },
    /// A number that cannot be kept.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// A dynamic value's type that cannot be read.
    #[error("the type of the value cannot be read: {0}")]
    Type(#[from] TypeError),
}

impl DecodeError {
    pub(super) fn wrong_kind(expected: &'static str, found: &'static str) -> Self {
        DecodeErrorKind::WrongKind { expected, found }.into()
    }
}

impl DecodeErrorKind {
    /// Returns this fault of an attribute.
    pub(super) fn at(self, attribute: &str) -> DecodeError {
        DecodeError { path: Path::attribute(attribute), kind: self }
    }
}

impl<K: Into<DecodeErrorKind>> From<K> for DecodeError {
    fn from(kind: K) -> Self {
        Self { path: Path::root(), kind: kind.into() }
    }
}

impl From<TooDeep> for DecodeErrorKind {
    fn from(TooDeep: TooDeep) -> Self {
        Self::TooDeep
    }
}

impl From<ReadError> for DecodeErrorKind {
    fn from(fault: ReadError) -> Self {
        match fault.kind {
            ReadErrorKind::Syntax => Self::Malformed { offset: fault.offset },
            ReadErrorKind::Truncated => Self::Truncated,
            ReadErrorKind::Trailing => Self::TrailingBytes,
            ReadErrorKind::NotUtf8 => Self::NotUtf8,
            ReadErrorKind::TooDeep => Self::TooDeep,
        }
    }
}

/// The fault of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeErrorKind {
    /// The value is of another kind than its type.
    #[error("{expected} is needed here, but {found} was given")]
    WrongKind {
        /// The kind that the type needs.
        expected: &'static str,
        /// The kind of the value.
        found: &'static str,
    },
    /// An attribute of the object's type is absent. The path names it.
    #[error("the attribute is missing")]
    MissingAttribute,
    /// The object's type has no such attribute. The path names it.
    #[error("there is no such attribute")]
    UnexpectedAttribute,
    /// A tuple with too many or too few elements.
    #[error("{expected} elements are needed here, but {found} were given")]
    WrongLength {
        /// The number in the type.
        expected: usize,
        /// The number in the value.
        found: usize,
    },
    /// Nested beyond [`MAX_DEPTH`].
    #[error("the value is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// The message would be longer than [`MAX_ENCODED`].
    #[error("the value takes more than {} MiB", MAX_ENCODED >> 20)]
    TooLarge,
}

impl<K: Into<EncodeErrorKind>> From<K> for EncodeError {
    fn from(kind: K) -> Self {
        Self { path: Path::root(), kind: kind.into() }
    }
}

impl From<TooDeep> for EncodeErrorKind {
    fn from(TooDeep: TooDeep) -> Self {
        Self::TooDeep
    }
}
