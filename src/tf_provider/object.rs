//! Objects in their three roles: configuration, plan and state.
//!
//! The roles are distinct types. [`Plan::new`] and [`State::new`] clear the
//! write-only attributes of the block that they are given, at every depth.
//! [`Configuration::secret`] has no counterpart on a plan or a state, so a
//! request that takes a credential from one of them by mistake does not compile.
//! [`Object::get`] still returns the [`Value::Secret`] of a stored credential.
//!
//! ```
//! use tf_provider::object::Configuration;
//! fn reads(configuration: &Configuration) {
//!     let _ = configuration.secret("password_wo");
//! }
//! ```
//!
//! ```compile_fail
//! use tf_provider::object::Plan;
//! fn reads(plan: &Plan) {
//!     let _ = plan.secret("password_wo");
//! }
//! ```
//!
//! ```compile_fail
//! use tf_provider::object::State;
//! fn reads(state: &State) {
//!     let _ = state.object().secret("password");
//! }
//! ```

use std::collections::BTreeMap;

use super::schema::Block;
use super::value::{Number, Value};
use safe_text::Secret;

/// The value of an attribute: absent, unknown, or known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument<T> {
    /// Null.
    Absent,
    /// Known only after apply.
    Unknown,
    /// Known.
    Known(T),
}

impl<T> Argument<T> {
    /// Returns the value, if it is known.
    #[must_use]
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown => None,
        }
    }

    /// Whether the attribute is null.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the attribute is unknown.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

/// The values of attributes and blocks by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(BTreeMap<String, Value>);

impl Object {
    /// Returns an object with all attributes null.
    ///
    /// A block that may be repeated is an empty list, as Terraform requires.
    #[must_use]
    pub fn null(block: &Block) -> Self {
        let attributes =
            block.attributes.iter().map(|attribute| (attribute.name.to_owned(), Value::Null));
        let blocks = block.blocks.iter().map(|nested| {
            let absent = match nested.nesting {
                super::schema::Nesting::Single => Value::Null,
                super::schema::Nesting::List => Value::List(Vec::new()),
            };
            (nested.name.to_owned(), absent)
        });
        Self(attributes.chain(blocks).collect())
    }

    /// Returns the object in a decoded value; `None` if the value is null.
    ///
    /// An unknown object has all attributes unknown.
    #[must_use]
    pub fn from_value(value: Value, block: &Block) -> Option<Self> {
        match value {
            Value::Map(entries) => Some(Self(entries)),
            Value::Unknown => {
                let mut object = Self::null(block);
                object.0.values_mut().for_each(|value| *value = Value::Unknown);
                Some(object)
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Secret(_)
            | Value::List(_)
            | Value::Dynamic(_) => None,
        }
    }

    /// Returns an object of these entries.
    pub(crate) fn from_entries(entries: BTreeMap<String, Value>) -> Self {
        Self(entries)
    }

    /// Returns the object as one value.
    #[must_use]
    pub fn into_value(self) -> Value {
        Value::Map(self.0)
    }

    /// Returns an attribute's value; null if there is no such attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// Returns the names of the attributes and blocks.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Returns the object with one attribute set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Returns a string attribute.
    ///
    /// Like all accessors by type, it returns [`Argument::Absent`] for an attribute
    /// that does not exist or has another type.
    #[must_use]
    pub fn string(&self, name: &str) -> Argument<&str> {
        self.argument(name, |value| {
            if let Value::String(text) = value { Some(text.as_str()) } else { None }
        })
    }

    /// Returns a credential, for a [`Configuration`].
    fn secret(&self, name: &str) -> Argument<&Secret> {
        self.argument(
            name,
            |value| {
                if let Value::Secret(secret) = value { Some(secret) } else { None }
            },
        )
    }

    /// Returns a boolean attribute.
    #[must_use]
    pub fn bool(&self, name: &str) -> Argument<bool> {
        self.argument(name, |value| if let Value::Bool(flag) = value { Some(*flag) } else { None })
    }

    /// Returns a number attribute.
    #[must_use]
    pub fn number(&self, name: &str) -> Argument<&Number> {
        self.argument(
            name,
            |value| {
                if let Value::Number(number) = value { Some(number) } else { None }
            },
        )
    }

    /// Returns a copy of a nested object, that of a single block.
    #[must_use]
    pub fn object(&self, name: &str) -> Argument<Object> {
        self.argument(name, |value| {
            if let Value::Map(entries) = value { Some(Self(entries.clone())) } else { None }
        })
    }

    /// The codec reads every value by its type. A value of another type means
    /// that the caller asked for the wrong attribute.
    fn argument<'a, T>(
        &'a self,
        name: &str,
        known: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Argument<T> {
        let value = self.get(name);
        if matches!(value, Value::Unknown) {
            return Argument::Unknown;
        }
        known(value).map_or(Argument::Absent, Argument::Known)
    }

    /// Whether all values in the object are known.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        self.0.values().all(Value::is_wholly_known)
    }

    /// Sets write-only attributes to null, at every depth.
    pub(crate) fn clear_write_only(&mut self, block: &Block) {
        clear_write_only(&mut self.0, block);
    }
}

fn clear_write_only(entries: &mut BTreeMap<String, Value>, block: &Block) {
    for attribute in block.attributes.iter().filter(|attribute| attribute.write_only) {
        entries.insert(attribute.name.to_owned(), Value::Null);
    }
    for nested in &block.blocks {
        match entries.get_mut(nested.name) {
            Some(Value::Map(inner)) => clear_write_only(inner, &nested.block),
            Some(Value::List(items)) => {
                for item in items {
                    if let Value::Map(inner) = item {
                        clear_write_only(inner, &nested.block);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Defines a role of an object.
macro_rules! role {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(Object);

        impl $name {
            /// The values.
            #[must_use]
            pub fn object(&self) -> &Object {
                &self.0
            }

            /// Returns the values, to build another object from.
            #[must_use]
            pub fn into_object(self) -> Object {
                self.0
            }
        }
    };
}

role! {
    /// The configuration that the user wrote, the only role with write-only values.
    Configuration
}
role! {
    /// The planned state.
    Plan
}
role! {
    /// The state.
    State
}

impl Configuration {
    /// Makes a configuration of the values that Terraform sent.
    #[must_use]
    pub fn new(object: Object) -> Self {
        Self(object)
    }

    /// Returns a credential at the top level. Plans and states have no such
    /// method.
    #[must_use]
    pub fn secret(&self, name: &str) -> Argument<&Secret> {
        self.0.secret(name)
    }
}

impl Plan {
    /// Makes a plan, and clears the block's write-only attributes.
    #[must_use]
    pub fn new(mut object: Object, block: &Block) -> Self {
        object.clear_write_only(block);
        Self(object)
    }
}

impl State {
    /// Makes a state, and clears the block's write-only attributes.
    #[must_use]
    pub fn new(mut object: Object, block: &Block) -> Self {
        object.clear_write_only(block);
        Self(object)
    }
}

/// The resource identity: the values that identify one remote object.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity(pub Object);

/// The private state: the provider's own data, stored with an object's state.
///
/// The state file contains it in plain text, so it must not hold secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrivateState(Vec<u8>);

impl PrivateState {
    /// Takes the bytes that Terraform stored.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the bytes for Terraform to store.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Encodes a structure as JSON. One without a JSON form becomes empty.
    #[must_use]
    pub fn encode<T: serde::Serialize>(content: &T) -> Self {
        Self(serde_json::to_vec(content).unwrap_or_default())
    }

    /// Decodes a structure. Empty and unreadable content, such as that of a newer
    /// version, is the default.
    #[must_use]
    pub fn decode<T: serde::de::DeserializeOwned + Default>(&self) -> T {
        serde_json::from_slice(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::resource::{Checkpoint, CreateRequest};
    use crate::schema::{Attribute, Block, NestedBlock};
    use crate::value::Type;

    /// Returns a block with write-only attributes at every depth.
    fn block() -> Block {
        let attributes = || {
            vec![
                Attribute::secret("secret", ""),
                Attribute::write_only_secret("secret_wo", ""),
                Attribute::optional("name", Type::String, ""),
            ]
        };
        let inner = Block { attributes: attributes(), ..Block::default() };
        let nested = Block {
            attributes: attributes(),
            blocks: vec![NestedBlock::list("many", inner.clone())],
            ..Block::default()
        };
        Block {
            attributes: attributes(),
            blocks: vec![NestedBlock::single("one", nested), NestedBlock::list("many", inner)],
            ..Block::default()
        }
    }

    /// Returns an object with the same secret in all of these attributes.
    fn object(secret: &str) -> Object {
        let arguments = || {
            Object::default()
                .with("secret", Secret::from(secret))
                .with("secret_wo", Secret::from(secret))
                .with("name", "a")
        };
        let many = || Value::List(vec![arguments().into_value(), arguments().into_value()]);
        let one = arguments().with("many", many()).into_value();
        arguments().with("one", one).with("many", many())
    }

    /// Collects the values of an attribute at all depths.
    fn all(value: &Value, name: &str, found: &mut Vec<Value>) {
        if let Value::List(items) = value {
            items.iter().for_each(|item| all(item, name, found));
        }
        if let Value::Map(entries) = value {
            found.extend(entries.get(name).cloned());
            entries.values().for_each(|entry| all(entry, name, found));
        }
    }

    #[test]
    fn plan_and_state_have_no_write_only_value_at_any_depth() {
        let objects = [
            Plan::new(object("hunter2"), &block()).into_object(),
            State::new(object("hunter2"), &block()).into_object(),
        ];
        for object in objects {
            let (mut blank, mut kept) = (Vec::new(), Vec::new());
            let value = object.into_value();
            all(&value, "secret_wo", &mut blank);
            all(&value, "secret", &mut kept);
            assert_eq!(blank, vec![Value::Null; 6]);
            assert_eq!(kept, vec![Value::from(Secret::from("hunter2")); 6]);
        }
    }

    #[test]
    fn credential_is_read_from_a_configuration_only() {
        let configuration = Configuration::new(object("hunter2"));
        assert_eq!(configuration.secret("secret_wo").known(), Some(&Secret::from("hunter2")));
        assert_eq!(configuration.object().string("secret_wo"), Argument::Absent);
    }

    proptest! {
        #[test]
        fn debug_never_shows_a_secret(secret in "[A-Z]{3}[!-~]{5,30}") {
            let object = object(&secret);
            let request = CreateRequest {
                configuration: Configuration::new(object.clone()),
                plan: Plan::new(object.clone(), &block()),
                private: PrivateState::default(),
                checkpoint: Checkpoint::default(),
                stop: CancellationToken::new(),
            };
            let value = Value::Dynamic(Box::new((Type::Secret, Value::from(Secret::from(&*secret)))));
            let argument = request.configuration.secret("secret");
            let shown = format!("{request:?} {request:#?} {value:?} {argument:?} {object:?}");
            prop_assert!(!shown.contains(&secret), "{shown}");
        }
    }
}
