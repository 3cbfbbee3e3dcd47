//! The simulator's own reading of an API profile, the document that describes an
//! API for connectors: its calls, and the places of fields.

mod bindings;
mod document;
mod matching;
mod object;
mod pointer;
mod template;

pub(crate) use self::bindings::Bindings;
pub(crate) use self::document::{Call, CallName, Next, Parameter, Profile};
pub(crate) use self::matching::{CONTINUATION, Candidate, Found};
pub(crate) use self::object::{Shape, is_empty, stranger, without_empty};
pub(crate) use self::pointer::{Pointer, lay_over};
pub(crate) use self::template::{Part, Template, Text};
