//! The types by which values are read and written.

use std::collections::BTreeMap;

/// The type of a value, as in a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `"bool"`
    Bool,
    /// `"number"`
    Number,
    /// `"string"`
    String,
    /// `"string"` on the wire; values are read as [`Value::Secret`].
    ///
    /// A schema gives this type to sensitive attributes. The decoder never makes a
    /// plain string of one.
    ///
    /// [`Value::Secret`]: super::Value::Secret
    Secret,
    /// `"dynamic"`: each value comes with its own type.
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
