//! Reads values as JSON, the form in which state files keep them.
//!
//! A value with a dynamic type is an object of its `type` and its `value`. JSON
//! has no unknown and no infinite values.

mod decode;

pub use decode::{decode, decode_state};

#[cfg(test)]
mod tests;
