//! Limits to the depth and the size of a value.
//!
//! The lengths that a message declares never decide the size of an allocation,
//! so memory grows with the bytes that were received.

/// The largest depth of nested lists, maps, objects and dynamic values.
///
/// Terraform sets no limit of its own; real schemas stay below ten.
pub const MAX_DEPTH: usize = 64;

/// The largest encoded value in bytes: the limit of Terraform for one message.
pub const MAX_ENCODED: usize = 256 << 20;

/// Goes down one of the levels that are left.
pub(super) fn deeper(levels: usize) -> Result<usize, TooDeep> {
    levels.checked_sub(1).ok_or(TooDeep)
}

/// The value is nested beyond [`MAX_DEPTH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooDeep;
