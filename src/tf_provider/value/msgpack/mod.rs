//! Values as msgpack, the form in which Terraform sends and expects them.
//!
//! Every value is read and written by its type. Nil is null, an extension of any
//! code is an unknown value, and a value with a dynamic type is an array of the
//! type, as JSON, and the value itself.

mod decode;
mod encode;
mod reader;

pub use decode::decode;
pub use encode::encode;

#[cfg(test)]
mod tests;
