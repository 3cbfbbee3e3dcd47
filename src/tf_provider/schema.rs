//! Schemas: the attributes of objects, in ordered tables.
//!
//! One table per object is the only declaration of its attributes. The planner,
//! the codec and the protocol's schema messages read it, and so can generated
//! documentation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::value::{Type, Value};

/// The schema of an object in configuration and state.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The version, raised when older state needs to be converted.
    pub version: i64,
    /// The attributes and blocks.
    pub block: Block,
}

impl Schema {
    /// Returns version 0 of a schema.
    #[must_use]
    pub fn new(block: impl Into<Block>) -> Self {
        Self { version: 0, block: block.into() }
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// Returns the type by which values of this schema are read and written.
    #[must_use]
    pub fn value_type(&self) -> Type {
        self.block.value_type()
    }
}

/// Attributes and nested blocks.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The description in Markdown.
    pub description: Cow<'static, str>,
    /// The attributes, in the order of their documentation.
    pub attributes: Vec<Attribute>,
    /// The nested blocks.
    pub blocks: Vec<NestedBlock>,
}

impl Block {
    /// Returns a block of these attributes.
    #[must_use]
    pub fn new(attributes: impl IntoIterator<Item = Attribute>) -> Self {
        Self { attributes: attributes.into_iter().collect(), ..Self::default() }
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds nested blocks.
    #[must_use]
    pub fn blocks(mut self, blocks: impl IntoIterator<Item = NestedBlock>) -> Self {
        self.blocks.extend(blocks);
        self
    }

    /// Returns the attribute with this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Returns the type of the block's values: an object of attributes and blocks.
    #[must_use]
    pub fn value_type(&self) -> Type {
        let attributes = self
            .attributes
            .iter()
            .map(|attribute| (attribute.name.clone().into_owned(), attribute.ty.clone()));
        let blocks =
            self.blocks.iter().map(|block| (block.name.clone().into_owned(), block.value_type()));
        Type::Object(attributes.chain(blocks).collect())
    }
}

impl<const N: usize> From<[Attribute; N]> for Block {
    fn from(attributes: [Attribute; N]) -> Self {
        Self::new(attributes)
    }
}

/// The source of an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// The user must set it.
    Required,
    /// The user may set it; otherwise it is null.
    Optional,
    /// The user may set it; otherwise the provider does.
    OptionalComputed,
    /// Only the provider sets it.
    Computed,
}

/// One attribute.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attribute {
    /// The name in configuration.
    pub name: Cow<'static, str>,
    /// The type. [`Type::Secret`] in it makes the attribute sensitive.
    pub ty: Type,
    /// The source of the value.
    pub requirement: Requirement,
    /// The description, one or two sentences in Markdown.
    pub description: Cow<'static, str>,
    /// The value if the configuration has none.
    pub default: Option<Value>,
    /// Whether the attribute is sensitive although its type has no credential.
    pub sensitive: bool,
    /// Whether the value exists in configuration only, never in plan or state.
    pub write_only: bool,
    /// The attribute for the same value, stored in state, if the attribute is
    /// write-only and Terraform does not support that.
    pub stored_alternative: Option<Cow<'static, str>>,
    /// Whether a change requires a replacement.
    pub requires_replace: bool,
    /// Whether the computed value never changes. Otherwise any update may change
    /// it, and the plan of an update shows it as unknown. A null is not kept: the
    /// provider may have learned to set the attribute since.
    pub use_state_for_unknown: bool,
    /// The deprecation message, which names the attribute to use instead.
    pub deprecated: Option<Cow<'static, str>>,
}

impl Attribute {
    fn new(
        name: impl Into<Cow<'static, str>>,
        ty: Type,
        requirement: Requirement,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            ty,
            requirement,
            description: description.into(),
            default: None,
            sensitive: false,
            write_only: false,
            stored_alternative: None,
            requires_replace: false,
            use_state_for_unknown: false,
            deprecated: None,
        }
    }

    /// Returns an attribute that the user must set.
    #[must_use]
    pub fn required(
        name: impl Into<Cow<'static, str>>,
        ty: Type,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(name, ty, Requirement::Required, description)
    }

    /// Returns an attribute that the user may set.
    #[must_use]
    pub fn optional(
        name: impl Into<Cow<'static, str>>,
        ty: Type,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(name, ty, Requirement::Optional, description)
    }

    /// Returns an attribute that the user may set, and otherwise the provider.
    #[must_use]
    pub fn optional_computed(
        name: impl Into<Cow<'static, str>>,
        ty: Type,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(name, ty, Requirement::OptionalComputed, description)
    }

    /// Returns an attribute that only the provider sets.
    #[must_use]
    pub fn computed(
        name: impl Into<Cow<'static, str>>,
        ty: Type,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(name, ty, Requirement::Computed, description)
    }

    /// Returns a credential that the user may set, stored in state.
    #[must_use]
    pub fn secret(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::optional(name, Type::Secret, description)
    }

    /// Returns a credential that the user may set, stored nowhere.
    #[must_use]
    pub fn write_only_secret(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::secret(name, description).write_only()
    }

    /// Makes Terraform hide the value. Strings in it are decoded as credentials,
    /// which `Debug` does not show; numbers and booleans it shows. A dynamic value
    /// cannot be sensitive: [`Registry::check`] refuses it.
    ///
    /// [`Registry::check`]: super::provider::Registry::check
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.ty = self.ty.with_secrets();
        self.sensitive = true;
        self
    }

    /// Keeps the value in configuration only. Since Terraform 1.11.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Names the attribute to use with a Terraform that does not support
    /// write-only attributes.
    #[must_use]
    pub fn stored_alternative(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.stored_alternative = Some(name.into());
        self
    }

    /// Sets the default of an optional attribute, which becomes computed, too:
    /// Terraform allows a plan to fill in computed attributes only.
    #[must_use]
    pub fn default_value(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        if self.requirement == Requirement::Optional {
            self.requirement = Requirement::OptionalComputed;
        }
        self
    }

    /// Deprecates the attribute. The message names the attribute to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.deprecated = Some(message.into());
        self
    }

    /// Makes a change require a replacement.
    #[must_use]
    pub fn requires_replace(mut self) -> Self {
        self.requires_replace = true;
        self
    }

    /// Makes plans keep the computed value from state.
    #[must_use]
    pub fn use_state_for_unknown(mut self) -> Self {
        self.use_state_for_unknown = true;
        self
    }

    /// Whether Terraform hides the value.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.sensitive || self.ty.contains_secret()
    }

    /// Whether the provider may set the attribute.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        match self.requirement {
            Requirement::OptionalComputed | Requirement::Computed => true,
            Requirement::Required | Requirement::Optional => false,
        }
    }
}

/// The form of a block's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// At most once: an object or null.
    Single,
    /// Any number of times, in order.
    List,
    /// Any number of times, regardless of order. No attribute in it may be
    /// write-only.
    Set,
}

/// A block within a block.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NestedBlock {
    /// The name in configuration.
    pub name: Cow<'static, str>,
    /// The attributes and blocks inside.
    pub block: Block,
    /// The form of its values.
    pub nesting: Nesting,
    /// How often it must occur.
    pub min_items: u32,
    /// How often it may occur; zero for any number of times.
    pub max_items: u32,
    /// Whether the block configures the provider's own behavior, such as
    /// timeouts. A change then does not change the remote object.
    pub local: bool,
}

impl NestedBlock {
    fn new(name: impl Into<Cow<'static, str>>, block: impl Into<Block>, nesting: Nesting) -> Self {
        let block = block.into();
        Self { name: name.into(), block, nesting, min_items: 0, max_items: 0, local: false }
    }

    /// Returns a block that may occur once.
    #[must_use]
    pub fn single(name: impl Into<Cow<'static, str>>, block: impl Into<Block>) -> Self {
        Self::new(name, block, Nesting::Single)
    }

    /// Returns a block that may be repeated, in order.
    #[must_use]
    pub fn list(name: impl Into<Cow<'static, str>>, block: impl Into<Block>) -> Self {
        Self::new(name, block, Nesting::List)
    }

    /// Returns a block that may be repeated, regardless of order.
    #[must_use]
    pub fn set(name: impl Into<Cow<'static, str>>, block: impl Into<Block>) -> Self {
        Self::new(name, block, Nesting::Set)
    }

    /// Makes the user write the block at least once.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.min_items = 1;
        if self.nesting == Nesting::Single {
            self.max_items = 1;
        }
        self
    }

    /// Limits how often the block may be repeated.
    #[must_use]
    pub fn at_most(mut self, items: u32) -> Self {
        self.max_items = items;
        self
    }

    /// Marks the block as local to the provider.
    #[must_use]
    pub fn local(mut self) -> Self {
        self.local = true;
        self
    }

    /// Returns the value of an absent block.
    #[must_use]
    pub fn absent(&self) -> Value {
        match self.nesting {
            Nesting::Single => Value::Null,
            Nesting::List | Nesting::Set => Value::List(Vec::new()),
        }
    }

    fn value_type(&self) -> Type {
        let inner = self.block.value_type();
        match self.nesting {
            Nesting::Single => inner,
            Nesting::List => Type::List(Box::new(inner)),
            Nesting::Set => Type::Set(Box::new(inner)),
        }
    }
}

/// The schema of a resource identity.
#[derive(Clone, Debug)]
pub struct IdentitySchema {
    /// The version, raised when stored identities need to be converted.
    pub version: i64,
    /// The attributes.
    pub attributes: Vec<IdentityAttribute>,
}

impl IdentitySchema {
    /// Returns version 0 of an identity schema.
    #[must_use]
    pub fn new(attributes: impl IntoIterator<Item = IdentityAttribute>) -> Self {
        Self { version: 0, attributes: attributes.into_iter().collect() }
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// Returns the type by which identities are read and written.
    #[must_use]
    pub fn value_type(&self) -> Type {
        let attributes = self
            .attributes
            .iter()
            .map(|attribute| (attribute.name.clone().into_owned(), attribute.ty.clone()));
        Type::Object(attributes.collect::<BTreeMap<_, _>>())
    }
}

/// One attribute of an identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// The name.
    pub name: Cow<'static, str>,
    /// The type.
    pub ty: Type,
    /// Whether an import block must set it; otherwise it may.
    pub required_for_import: bool,
    /// The description, one sentence.
    pub description: Cow<'static, str>,
}

impl IdentityAttribute {
    /// Returns an attribute that an import block must set.
    #[must_use]
    pub fn required(
        name: impl Into<Cow<'static, str>>,
        ty: Type,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (name, description) = (name.into(), description.into());
        Self { name, ty, required_for_import: true, description }
    }

    /// Returns an attribute that an import block may set.
    #[must_use]
    pub fn optional(
        name: impl Into<Cow<'static, str>>,
        ty: Type,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { required_for_import: false, ..Self::required(name, ty, description) }
    }
}
