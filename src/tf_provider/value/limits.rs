//! How deep and how large a value may be.
//!
//! A message may come from a broken or hostile peer. What it *declares* (the
//! length of a list, say) never decides what is allocated; what is really in it
//! is paid for from a [`Budget`] that grows with the size of the message.

use std::mem::size_of;

use super::{Type, Value};

/// The most levels of lists, maps, objects and dynamic values in each other.
///
/// Terraform sets no limit of its own; real schemas stay below ten.
pub const MAX_DEPTH: usize = 64;

/// The largest encoded value in bytes: what Terraform accepts as one message.
pub const MAX_ENCODED: usize = 256 << 20;

/// The most bytes of memory that decoding takes, for a message of this length.
///
/// A list of booleans takes one byte per element on the wire and a hundred in
/// memory, so the first part lets ordinary values be as sparse as they like
/// (up to some 400,000 elements), and the second lets large ones be large.
#[must_use]
pub const fn memory_limit(message: usize) -> usize {
    (64 << 20) + message.saturating_mul(4)
}

/// The memory that the rest of a message may still take.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
}

/// There is no budget left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Budget {
    /// Growing collections take up to three times their content for a moment
    /// (the old half is copied into a new whole), hence the factors below.
    const GROWTH: usize = 3;
    /// A list's first allocation has room for four elements.
    const FIRST: usize = 4;
    /// A tree map allocates nodes for eleven entries at a time.
    const NODE: usize = 11;

    pub(super) fn for_message(length: usize) -> Self {
        Self { left: memory_limit(length) }
    }

    /// Pays for a text or for the digits of a number.
    pub(super) fn bytes(&mut self, count: usize) -> Result<(), Exhausted> {
        self.left = self.left.checked_sub(count).ok_or(Exhausted)?;
        Ok(())
    }

    /// Pays for the next element of a list that has so many.
    pub(super) fn element(&mut self, present: usize) -> Result<(), Exhausted> {
        let first = if present == 0 { Self::FIRST } else { 0 };
        self.bytes((first + Self::GROWTH) * size_of::<Value>())
    }

    /// Pays for the next entry of a map or object that has so many.
    pub(super) fn entry(&mut self, present: usize, key: usize) -> Result<(), Exhausted> {
        let first = if present == 0 { Self::NODE } else { 0 };
        self.bytes((first + Self::GROWTH) * size_of::<(String, Value)>() + key)
    }

    /// Pays for the box around a value that brings its type along.
    pub(super) fn dynamic(&mut self) -> Result<(), Exhausted> {
        self.bytes(size_of::<(Type, Value)>())
    }

    /// Pays for a part of a type that comes along with a value.
    pub(super) fn type_node(&mut self) -> Result<(), Exhausted> {
        self.bytes(Self::GROWTH * size_of::<(String, Type)>())
    }

    /// Pays for the next attribute of an object type that has so many; its own
    /// type is paid for apart.
    pub(super) fn type_attribute(&mut self, present: usize, name: usize) -> Result<(), Exhausted> {
        let first = if present == 0 { Self::NODE * size_of::<(String, Type)>() } else { 0 };
        self.bytes(first + name)
    }
}
