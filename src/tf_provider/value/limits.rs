//! Limits to the depth and the size of a value.
//!
//! A message may come from a broken or hostile peer. The lengths that it
//! declares never decide the size of an allocation. The values that it contains
//! count against a [`MemoryLimit`], which grows with the size of the message.

use std::mem::size_of;

use super::{Type, Value};

/// The largest depth of nested lists, maps, objects and dynamic values.
///
/// Terraform sets no limit of its own; real schemas stay below ten.
pub const MAX_DEPTH: usize = 64;

/// The largest encoded value in bytes: the limit of Terraform for one message.
pub const MAX_ENCODED: usize = 256 << 20;

/// Returns the most bytes of memory that decoding a message of this length may
/// take.
///
/// A list of booleans takes one byte per element on the wire and a hundred in
/// memory. The first part allows ordinary values of up to some 400,000 elements,
/// the second large ones.
#[must_use]
pub const fn memory_limit(message: usize) -> usize {
    (64 << 20) + message.saturating_mul(4)
}

/// Goes down one of the levels that are left.
pub(super) fn deeper(levels: usize) -> Result<usize, TooDeep> {
    levels.checked_sub(1).ok_or(TooDeep)
}

/// The value is nested beyond [`MAX_DEPTH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooDeep;

/// The memory limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

/// The memory that the rest of a message may still take.
#[derive(Debug)]
pub(super) struct MemoryLimit {
    left: usize,
}

impl MemoryLimit {
    /// While it grows, a collection takes up to three times its content: the old
    /// half is copied into a new whole.
    const GROWTH: usize = 3;
    /// A list's first allocation is for four elements.
    const FIRST: usize = 4;
    /// A tree map allocates nodes for eleven entries at a time.
    const NODE: usize = 11;

    pub(super) fn for_message(length: usize) -> Self {
        Self { left: memory_limit(length) }
    }

    /// Counts a string, or the digits of a number.
    pub(super) fn bytes(&mut self, count: usize) -> Result<(), Exhausted> {
        self.left = self.left.checked_sub(count).ok_or(Exhausted)?;
        Ok(())
    }

    /// Counts the next element of a list that has `present` elements.
    pub(super) fn element(&mut self, present: usize) -> Result<(), Exhausted> {
        let first = if present == 0 { Self::FIRST } else { 0 };
        self.bytes((first + Self::GROWTH) * size_of::<Value>())
    }

    /// Counts the next entry of a map or object that has `present` entries.
    pub(super) fn entry(&mut self, present: usize, key: usize) -> Result<(), Exhausted> {
        let first = if present == 0 { Self::NODE } else { 0 };
        self.bytes((first + Self::GROWTH) * size_of::<(String, Value)>() + key)
    }

    /// Counts the box of a dynamic value.
    pub(super) fn dynamic(&mut self) -> Result<(), Exhausted> {
        self.bytes(size_of::<(Type, Value)>())
    }

    /// Counts a part of a dynamic value's type.
    pub(super) fn type_node(&mut self) -> Result<(), Exhausted> {
        self.bytes(Self::GROWTH * size_of::<(String, Type)>())
    }

    /// Counts the next attribute of an object type that has `present` attributes,
    /// without the attribute's own type.
    pub(super) fn type_attribute(&mut self, present: usize, name: usize) -> Result<(), Exhausted> {
        let first = if present == 0 { Self::NODE * size_of::<(String, Type)>() } else { 0 };
        self.bytes(first + name)
    }
}
