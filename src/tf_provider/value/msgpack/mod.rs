//! Values as msgpack, the form in which Terraform sends and expects them.
//!
//! Every value is read and written by its type: nil is null, an extension of
//! any code is an unknown value, and a value whose type is dynamic is an array
//! of its type, as JSON, and of the value itself.

mod decode;
mod encode;
mod reader;

pub use decode::decode;
pub use encode::encode;

#[cfg(test)]
mod tests;
