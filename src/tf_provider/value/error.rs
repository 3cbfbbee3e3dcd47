//! Why a value could not be read or written.
//!
//! The texts name places and kinds, never contents: they are shown to users,
//! and the value at fault may be a credential.

use std::fmt;

use super::limits::{Exhausted, MAX_DEPTH, MAX_ENCODED};
use super::number::NumberError;
use super::path::{Path, Step};
use super::type_check::TooDeep;
use super::type_json::TypeError;
use json_reader::{ReadError, ReadErrorKind};

/// A message that does not hold a value of the type it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    path: Path,
    kind: DecodeErrorKind,
}

/// What is wrong with a message.
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
        /// Where, counted in bytes from 0.
        offset: usize,
    },
    /// A text is not UTF-8.
    #[error("the text is not valid UTF-8")]
    NotUtf8,
    /// Nested beyond [`MAX_DEPTH`].
    #[error("the value is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// Decoding would take more than [`memory_limit`](super::memory_limit).
    #[error("the value has too many parts to be kept in memory")]
    TooLarge,
    /// Something else stands where a value of the type should.
    #[error("{expected} is needed here, but {found} was found")]
    WrongKind {
        /// What the type asks for.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// An attribute of the object's type is absent; the path names it.
    #[error("the attribute is missing")]
    MissingAttribute,
    /// The object's type has no such attribute; the path names it.
    #[error("there is no such attribute")]
    UnexpectedAttribute,
    /// The same key twice; the path names it.
    #[error("the key is given twice")]
    DuplicateKey,
    /// A tuple with too many or too few elements.
    #[error("{expected} elements are needed here, but {found} were found")]
    WrongLength {
        /// How many the type has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A number that cannot be kept.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The type that a dynamic value brings along.
    #[error("the type of the value cannot be read: {0}")]
    Type(#[from] TypeError),
}

impl DecodeError {
    /// Where in the value the problem is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the problem is.
    #[must_use]
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.kind
    }

    /// The same error seen from one step further out, if there is a step.
    pub(super) fn within(self, step: impl Into<Option<Step>>) -> Self {
        match step.into() {
            Some(step) => Self { path: self.path.within(step), kind: self.kind },
            None => self,
        }
    }

    pub(super) fn wrong_kind(expected: &'static str, found: &'static str) -> Self {
        DecodeErrorKind::WrongKind { expected, found }.into()
    }
}

impl DecodeErrorKind {
    /// This error about an attribute.
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

impl From<Exhausted> for DecodeErrorKind {
    fn from(Exhausted: Exhausted) -> Self {
        Self::TooLarge
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

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        located(formatter, &self.path, &self.kind)
    }
}

impl std::error::Error for DecodeError {}

/// A value that cannot be written by the type it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError {
    path: Path,
    kind: EncodeErrorKind,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeErrorKind {
    /// The value is of another kind than its type.
    #[error("{expected} is needed here, but {found} was given")]
    WrongKind {
        /// What the type asks for.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// An attribute of the object's type is absent; the path names it.
    #[error("the attribute is missing")]
    MissingAttribute,
    /// The object's type has no such attribute; the path names it.
    #[error("there is no such attribute")]
    UnexpectedAttribute,
    /// A tuple with too many or too few elements.
    #[error("{expected} elements are needed here, but {found} were given")]
    WrongLength {
        /// How many the type has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// JSON has no way to say that a value is unknown.
    #[error("the value is not known, which JSON cannot express")]
    UnknownInJson,
    /// JSON has no infinities.
    #[error("the number is infinite, which JSON cannot express")]
    InfinityInJson,
    /// Nested beyond [`MAX_DEPTH`].
    #[error("the value is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// The message would be longer than [`MAX_ENCODED`].
    #[error("the value takes more than {} MiB", MAX_ENCODED >> 20)]
    TooLarge,
}

impl EncodeError {
    /// Where in the value the problem is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the problem is.
    #[must_use]
    pub fn kind(&self) -> &EncodeErrorKind {
        &self.kind
    }

    /// The same error seen from one step further out, if there is a step.
    pub(super) fn within(self, step: impl Into<Option<Step>>) -> Self {
        match step.into() {
            Some(step) => Self { path: self.path.within(step), kind: self.kind },
            None => self,
        }
    }
}

impl From<EncodeErrorKind> for EncodeError {
    fn from(kind: EncodeErrorKind) -> Self {
        Self { path: Path::root(), kind }
    }
}

impl From<TooDeep> for EncodeError {
    fn from(TooDeep: TooDeep) -> Self {
        EncodeErrorKind::TooDeep.into()
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        located(formatter, &self.path, &self.kind)
    }
}

impl std::error::Error for EncodeError {}

fn located(
    formatter: &mut fmt::Formatter<'_>,
    path: &Path,
    kind: &dyn fmt::Display,
) -> fmt::Result {
    if path.is_root() { write!(formatter, "{kind}") } else { write!(formatter, "{path}: {kind}") }
}
