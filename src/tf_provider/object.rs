//! Objects in their three roles: configuration, plan and state.
//!
//! The roles are distinct types, which can be read like an [`Object`]. Before the
//! server sends a plan or a state, it clears the write-only attributes of the served
//! schema, at every depth, and sets what is missing to null.
//!
//! A credential is read from a configuration only, at any depth:
//!
//! ```
//! use tf_provider::object::Configuration;
//! use tf_provider::value::Path;
//! fn reads(configuration: &Configuration) {
//!     let _ = configuration.secret("password_wo");
//!     let nested = Path::attribute("rule").index(0).name("token_wo");
//!     let _ = configuration.secret_at(&nested);
//! }
//! ```
//!
//! A request that takes one from a plan or a state does not compile, by a method:
//!
//! ```compile_fail,E0599
//! use tf_provider::object::Plan;
//! fn reads(plan: &Plan) {
//!     let _ = plan.secret("password_wo");
//! }
//! ```
//!
//! ```compile_fail,E0599
//! use tf_provider::object::State;
//! fn reads(state: &State) {
//!     let _ = state.secret("password");
//! }
//! ```
//!
//! or by its value, at any depth:
//!
//! ```compile_fail,E0599
//! use tf_provider::object::State;
//! use tf_provider::value::Value;
//! fn reads(state: &State) {
//!     if let Value::Secret(secret) = state.get("password") {
//!         let _ = secret.expose();
//!     }
//! }
//! ```
//!
//! ```compile_fail,E0599
//! use tf_provider::object::Plan;
//! use tf_provider::value::{Path, Value};
//! fn reads(plan: &Plan) {
//!     let nested = Path::attribute("rule").index(0).name("token");
//!     if let Some(Value::Secret(secret)) = plan.at(&nested) {
//!         let _ = secret.expose();
//!     }
//! }
//! ```

use std::collections::BTreeMap;
use std::ops::Deref;

use super::schema::Block;
use super::value::{Number, Path, Value};
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

    /// Returns the value if it is known, and otherwise an empty one.
    #[must_use]
    pub fn unwrap_or_default(self) -> T
    where
        T: Default,
    {
        self.known().unwrap_or_default()
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
        let attributes = block.attributes.iter().map(|row| (row.name.to_string(), Value::Null));
        let blocks = block.blocks.iter().map(|row| (row.name.to_string(), row.absent()));
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

    pub(crate) fn entries(&self) -> &BTreeMap<String, Value> {
        &self.0
    }

    pub(crate) fn entries_mut(&mut self) -> &mut BTreeMap<String, Value> {
        &mut self.0
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
    pub fn block(&self, name: &str) -> Argument<Object> {
        self.argument(name, |value| {
            if let Value::Map(entries) = value { Some(Self(entries.clone())) } else { None }
        })
    }

    /// Returns copies of nested objects, those of a repeated block. An unknown
    /// element has all attributes absent.
    #[must_use]
    pub fn blocks(&self, name: &str) -> Argument<Vec<Object>> {
        self.argument(name, |value| {
            let Value::List(items) = value else { return None };
            let objects = items.iter().map(|item| match item {
                Value::Map(entries) => Self(entries.clone()),
                Value::Null
                | Value::Unknown
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Secret(_)
                | Value::List(_)
                | Value::Dynamic(_) => Self::default(),
            });
            Some(objects.collect())
        })
    }

    /// Changes each of the nested objects of a block, with its position.
    pub fn update_blocks(&mut self, name: &str, mut update: impl FnMut(usize, &mut Object)) {
        let instances = self.0.get_mut(name).into_iter().flat_map(instances_mut);
        for (position, entries) in instances.enumerate() {
            let mut object = Object(std::mem::take(entries));
            update(position, &mut object);
            *entries = object.0;
        }
    }

    /// Returns the part of the object at a path; `None` if there is no such part.
    #[must_use]
    pub fn at(&self, path: &Path) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        self.0.get(first)?.at(&rest)
    }

    /// Sets the part of the object at a path. Has no effect if there is nothing
    /// that could contain it.
    pub fn set_at(&mut self, path: &Path, value: impl Into<Value>) {
        let Some((first, rest)) = path.split_first() else { return };
        if rest.is_root() {
            self.set(first, value);
        } else if let Some(part) = self.0.get_mut(first).and_then(|part| part.at_mut(&rest)) {
            *part = value.into();
        }
    }

    /// The codec reads every value by its type. A value of another type means
    /// that the caller asked for the wrong attribute.
    fn argument<'a, T>(
        &'a self,
        name: &str,
        known: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Argument<T> {
        argument(self.get(name), known)
    }

    /// Whether all values in the object are known.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        self.0.values().all(Value::is_wholly_known)
    }

    /// Sets write-only attributes to null, at every depth.
    pub(crate) fn clear_write_only(&mut self, block: &Block) {
        normalize(&mut self.0, block, false);
    }

    /// Sets write-only and missing attributes to null, and repeated blocks that are
    /// missing or null to no blocks, at every depth.
    pub(crate) fn normalize_state(&mut self, block: &Block) {
        normalize(&mut self.0, block, true);
    }
}

fn normalize(entries: &mut BTreeMap<String, Value>, block: &Block, fills: bool) {
    for attribute in &block.attributes {
        let is_missing = || !entries.contains_key(attribute.name.as_ref());
        if attribute.write_only || fills && is_missing() {
            entries.insert(attribute.name.to_string(), Value::Null);
        }
    }
    for nested in &block.blocks {
        if fills && entries.get(nested.name.as_ref()).is_none_or(Value::is_null) {
            entries.insert(nested.name.to_string(), nested.absent());
        }
        for inner in entries.get_mut(nested.name.as_ref()).into_iter().flat_map(instances_mut) {
            normalize(inner, &nested.block, fills);
        }
    }
}

/// Returns the known objects in the value of a block.
pub(crate) fn instances_mut(
    value: &mut Value,
) -> impl Iterator<Item = &mut BTreeMap<String, Value>> {
    let (one, many) = match value {
        Value::Map(entries) => (Some(entries), None),
        Value::List(items) => (None, Some(items)),
        Value::Null
        | Value::Unknown
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Secret(_)
        | Value::Dynamic(_) => (None, None),
    };
    let many = many
        .into_iter()
        .flatten()
        .filter_map(|item| if let Value::Map(entries) = item { Some(entries) } else { None });
    one.into_iter().chain(many)
}

fn argument<'a, T>(value: &'a Value, known: impl FnOnce(&'a Value) -> Option<T>) -> Argument<T> {
    let value = value.content();
    if matches!(value, Value::Unknown) {
        return Argument::Unknown;
    }
    known(value).map_or(Argument::Absent, Argument::Known)
}

fn secret(value: &Value) -> Argument<&Secret> {
    argument(
        value,
        |value| if let Value::Secret(secret) = value { Some(secret.open()) } else { None },
    )
}

impl FromIterator<(String, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

/// Defines a role of an object.
macro_rules! role {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name(Object);

        impl $name {
            /// Gives this role to values.
            #[must_use]
            pub fn new(object: Object) -> Self {
                Self(object)
            }

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

        impl Deref for $name {
            type Target = Object;

            fn deref(&self) -> &Object {
                &self.0
            }
        }

        impl From<Object> for $name {
            fn from(object: Object) -> Self {
                Self(object)
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
role! {
    /// The resource identity: the values that identify one remote object.
    Identity
}

impl Configuration {
    /// Returns a credential at the top level.
    #[must_use]
    pub fn secret(&self, name: &str) -> Argument<&Secret> {
        secret(self.0.get(name))
    }

    /// Returns a credential at any depth.
    #[must_use]
    pub fn secret_at(&self, path: &Path) -> Argument<&Secret> {
        self.0.at(path).map_or(Argument::Absent, secret)
    }

    /// Returns a credential that is stored in state, as this configuration's plan
    /// has it. It is another than the configuration's where `ignore_changes` keeps
    /// the stored one.
    #[must_use]
    pub fn planned_secret<'p>(&self, plan: &'p Plan, name: &str) -> Argument<&'p Secret> {
        secret(plan.object().get(name))
    }
}

/// The private state: the provider's own data, stored with an object's state.
/// An empty one in a response keeps that of the request.
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

    /// Returns these bytes, or those of the request if there are none.
    pub(crate) fn or(self, kept: &[u8]) -> Vec<u8> {
        if self.0.is_empty() { kept.to_vec() } else { self.0 }
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
            [
                Attribute::secret("secret", ""),
                Attribute::write_only_secret("secret_wo", ""),
                Attribute::optional("name", Type::String, ""),
            ]
        };
        let nested = Block::new(attributes()).blocks([NestedBlock::list("many", attributes())]);
        let one = NestedBlock::single("one", nested);
        Block::new(attributes()).blocks([one, NestedBlock::list("many", attributes())])
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
    fn write_only_values_are_cleared_at_every_depth() {
        for clear in [Object::clear_write_only, Object::normalize_state] {
            let mut object = object("hunter2");
            clear(&mut object, &block());
            let (mut blank, mut kept) = (Vec::new(), Vec::new());
            let value = object.into_value();
            all(&value, "secret_wo", &mut blank);
            all(&value, "secret", &mut kept);
            assert_eq!(blank, vec![Value::Null; 6]);
            assert_eq!(kept, vec![Value::from(Secret::from("hunter2")); 6]);
        }
    }

    #[test]
    fn missing_parts_of_a_state_are_null_at_every_depth() {
        let inner = Object::default().with("name", "a").into_value();
        let mut object = Object::default().with("one", inner.clone());
        object.set("many", Value::List(vec![inner]));
        object.normalize_state(&block());
        let nested = Object::null(&block().blocks[0].block).with("name", "a");
        let many = Object::null(&block().blocks[1].block).with("name", "a").into_value();
        let expected = Object::null(&block()).with("one", nested.into_value());
        assert_eq!(object, expected.with("many", Value::List(vec![many])));
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
                plan: Plan::new(object.clone()),
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
