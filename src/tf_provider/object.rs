//! Objects in their three roles: configuration, plan and state.
//!
//! The roles are distinct types. A write-only argument exists in a
//! [`Configuration`] only: plans and states are made by functions that blank
//! it, so no code can carry it further by mistake. Credentials can be read from
//! a [`Configuration`] only: a request that takes one from a plan or a state
//! does not compile.
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

/// The value of an argument: absent, not known yet, or known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument<T> {
    /// Not set.
    Absent,
    /// To be known only after apply.
    Unknown,
    /// Set.
    Known(T),
}

impl<T> Argument<T> {
    /// The value, when there is one.
    #[must_use]
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown => None,
        }
    }

    /// Whether it is not set.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether it is set but not known yet.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

/// Attribute and block values by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(BTreeMap<String, Value>);

impl Object {
    /// An object with all attributes null.
    ///
    /// A block that may be repeated is an empty list, as Terraform wants it.
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

    /// The object in a decoded value; `None` when the value is null.
    ///
    /// An object that is unknown as a whole has all attributes unknown.
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

    /// An object of these entries.
    pub(crate) fn from_entries(entries: BTreeMap<String, Value>) -> Self {
        Self(entries)
    }

    /// The object as one value.
    #[must_use]
    pub fn into_value(self) -> Value {
        Value::Map(self.0)
    }

    /// An attribute's value; null when there is no such attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// The names of its attributes and blocks.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Gives an attribute a value.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The same object with one more value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// A text.
    #[must_use]
    pub fn string(&self, name: &str) -> Argument<&str> {
        self.argument(name, |value| {
            if let Value::String(text) = value { Some(text.as_str()) } else { None }
        })
    }

    /// A credential. Only a [`Configuration`] gives one away.
    fn secret(&self, name: &str) -> Argument<&Secret> {
        self.argument(
            name,
            |value| {
                if let Value::Secret(secret) = value { Some(secret) } else { None }
            },
        )
    }

    /// A truth value.
    #[must_use]
    pub fn bool(&self, name: &str) -> Argument<bool> {
        self.argument(name, |value| if let Value::Bool(flag) = value { Some(*flag) } else { None })
    }

    /// A number.
    #[must_use]
    pub fn number(&self, name: &str) -> Argument<&Number> {
        self.argument(
            name,
            |value| {
                if let Value::Number(number) = value { Some(number) } else { None }
            },
        )
    }

    /// A nested object, of a block that stands there once.
    #[must_use]
    pub fn object(&self, name: &str) -> Argument<Object> {
        self.argument(name, |value| {
            if let Value::Map(entries) = value { Some(Self(entries.clone())) } else { None }
        })
    }

    /// The codec has read every value by its type, so a value of another type
    /// can only mean that the caller asked for the wrong attribute: absent.
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

    /// Whether everything in it is known.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        self.0.values().all(Value::is_wholly_known)
    }

    /// Blanks what may exist in configuration only, at every depth.
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

/// Declares a role of an object.
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

            /// The values, to build another object from.
            #[must_use]
            pub fn into_object(self) -> Object {
                self.0
            }
        }
    };
}

role! {
    /// What the user wrote. The only role in which write-only values exist.
    Configuration
}
role! {
    /// What Terraform has been told will be.
    Plan
}
role! {
    /// What is.
    State
}

impl Configuration {
    /// Takes what Terraform sent.
    #[must_use]
    pub fn new(object: Object) -> Self {
        Self(object)
    }

    /// A credential. A plan and a state have no such method, so that what is
    /// sent can only be what the user configured.
    #[must_use]
    pub fn secret(&self, name: &str) -> Argument<&Secret> {
        self.0.secret(name)
    }
}

impl Plan {
    /// A plan, without the write-only values.
    #[must_use]
    pub fn new(mut object: Object, block: &Block) -> Self {
        object.clear_write_only(block);
        Self(object)
    }
}

impl State {
    /// A state, without the write-only values.
    #[must_use]
    pub fn new(mut object: Object, block: &Block) -> Self {
        object.clear_write_only(block);
        Self(object)
    }
}

/// The values that tell one remote object from every other one.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity(pub Object);

/// What a provider remembers beside the state of an object.
///
/// It is stored in plain text in the state file: no secrets. Content that
/// cannot be read, such as that of a newer version, counts as nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrivateState(Vec<u8>);

impl PrivateState {
    /// Takes the bytes that Terraform kept.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes for Terraform to keep.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Remembers a structure.
    #[must_use]
    pub fn encode<T: serde::Serialize>(content: &T) -> Self {
        Self(serde_json::to_vec(content).unwrap_or_default())
    }

    /// What was remembered.
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

    /// Write-only arguments at every depth at which there can be some.
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

    /// The same secret in all of these arguments.
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

    /// The values of an argument at all depths.
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
    fn plans_and_states_have_no_write_only_value_at_any_depth() {
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
    fn a_configuration_gives_its_credentials_away_and_an_object_does_not() {
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
