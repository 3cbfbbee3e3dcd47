//! Values as JSON, the form in which state files keep them.
//!
//! A value whose type is dynamic is written as an object of its `type` and its
//! `value`. JSON can say neither "unknown" nor "infinite", so writing those is
//! an error.

mod decode;
mod encode;

pub use decode::{decode, decode_state};
pub use encode::encode;
pub(super) use encode::write_text;

#[cfg(test)]
mod tests;
