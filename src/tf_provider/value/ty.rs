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

impl Type {
    /// Whether values of the type contain credentials, at any depth.
    #[must_use]
    pub fn contains_secret(&self) -> bool {
        match self {
            Self::Secret => true,
            Self::Bool | Self::Number | Self::String | Self::Dynamic => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => {
                element.contains_secret()
            }
            Self::Tuple(elements) => elements.iter().any(Self::contains_secret),
            Self::Object(attributes) => attributes.values().any(Self::contains_secret),
        }
    }

    /// Returns the type with every string in it as a credential.
    #[must_use]
    pub fn with_secrets(self) -> Self {
        let boxed = |element: Box<Self>| Box::new(element.with_secrets());
        match self {
            Self::String | Self::Secret => Self::Secret,
            Self::Bool | Self::Number | Self::Dynamic => self,
            Self::List(element) => Self::List(boxed(element)),
            Self::Set(element) => Self::Set(boxed(element)),
            Self::Map(element) => Self::Map(boxed(element)),
            Self::Tuple(elements) => {
                Self::Tuple(elements.into_iter().map(Self::with_secrets).collect())
            }
            Self::Object(attributes) => Self::Object(
                attributes.into_iter().map(|(name, ty)| (name, ty.with_secrets())).collect(),
            ),
        }
    }
}
