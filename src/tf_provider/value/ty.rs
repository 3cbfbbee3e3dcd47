//! The types that values are read and written by.

use std::collections::BTreeMap;

/// The type of a value, as a schema states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `"bool"`
    Bool,
    /// `"number"`
    Number,
    /// `"string"`
    String,
    /// `"string"` on the wire; its values are read as secrets.
    ///
    /// This is how "sensitive" becomes a matter of types: a schema gives this
    /// type to sensitive attributes, and the decoder never makes a plain string
    /// of one.
    Secret,
    /// `"dynamic"`: each value brings its own type.
    Dynamic,
    /// `["list", …]`
    List(Box<Type>),
    /// `["set", …]`
    Set(Box<Type>),
    /// `["map", …]`
    Map(Box<Type>),
    /// `["tuple", […]]`
    Tuple(Vec<Type>),
    /// `["object", {…}]`
    Object(BTreeMap<String, Type>),
}
