//! Schemas: what an object's arguments are, in ordered tables.
//!
//! One table per object is the only place where an argument is declared. The
//! planner, the codec, the protocol's schema messages, the documentation and
//! the tests about documentation all read it.

use std::collections::BTreeMap;

use super::value::{Type, Value};

/// What an object looks like in configuration and state.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Raised when state written by an older provider needs to be converted.
    pub version: i64,
    /// The arguments.
    pub block: Block,
}

impl Schema {
    /// The first version of a schema.
    #[must_use]
    pub fn new(block: Block) -> Self {
        Self { version: 0, block }
    }

    /// The type by which values of this schema are read and written.
    #[must_use]
    pub fn value_type(&self) -> Type {
        self.block.value_type()
    }
}

/// Arguments and nested blocks.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// What the object is, in Markdown.
    pub description: &'static str,
    /// The arguments, in the order in which they are documented.
    pub attributes: Vec<Attribute>,
    /// The nested blocks.
    pub blocks: Vec<NestedBlock>,
}

impl Block {
    /// The attribute of that name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The type of the block's values: an object of attributes and blocks.
    #[must_use]
    pub fn value_type(&self) -> Type {
        let attributes = self
            .attributes
            .iter()
            .map(|attribute| (attribute.name.to_owned(), attribute.ty.clone()));
        let blocks = self.blocks.iter().map(|block| (block.name.to_owned(), block.value_type()));
        Type::Object(attributes.chain(blocks).collect())
    }
}

/// Who gives an attribute its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// The user must.
    Required,
    /// The user may; otherwise it is null.
    Optional,
    /// The user may; otherwise the provider does.
    OptionalComputed,
    /// Only the provider does.
    Computed,
}

/// One argument.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name in configuration.
    pub name: &'static str,
    /// Its type. [`Type::Secret`] makes it sensitive.
    pub ty: Type,
    /// Who gives it its value.
    pub requirement: Requirement,
    /// One or two sentences in Markdown.
    pub description: &'static str,
    /// The value when configuration has none.
    pub default: Option<Value>,
    /// Whether it exists in configuration only, never in plan or state.
    pub write_only: bool,
    /// The argument that replaces a write-only one where Terraform knows none:
    /// the same value, stored in state.
    pub stored_alternative: Option<&'static str>,
    /// Whether a change needs a new object.
    pub requires_replace: bool,
    /// Whether the computed value stays for the life of the object. Otherwise
    /// every update may change it, so that a plan shows it as unknown.
    pub use_state_for_unknown: bool,
    /// What to use instead, when it should no longer be used.
    pub deprecated: Option<&'static str>,
}

impl Attribute {
    fn new(
        name: &'static str,
        ty: Type,
        requirement: Requirement,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            ty,
            requirement,
            description,
            default: None,
            write_only: false,
            stored_alternative: None,
            requires_replace: false,
            use_state_for_unknown: false,
            deprecated: None,
        }
    }

    /// The user must set it.
    #[must_use]
    pub fn required(name: &'static str, ty: Type, description: &'static str) -> Self {
        Self::new(name, ty, Requirement::Required, description)
    }

    /// The user may set it.
    #[must_use]
    pub fn optional(name: &'static str, ty: Type, description: &'static str) -> Self {
        Self::new(name, ty, Requirement::Optional, description)
    }

    /// The user may set it, and the provider does otherwise.
    #[must_use]
    pub fn optional_computed(name: &'static str, ty: Type, description: &'static str) -> Self {
        Self::new(name, ty, Requirement::OptionalComputed, description)
    }

    /// Only the provider sets it.
    #[must_use]
    pub fn computed(name: &'static str, ty: Type, description: &'static str) -> Self {
        Self::new(name, ty, Requirement::Computed, description)
    }

    /// A credential that the user may set and that is kept in state.
    #[must_use]
    pub fn secret(name: &'static str, description: &'static str) -> Self {
        Self::optional(name, Type::Secret, description)
    }

    /// A credential that the user may set and that is kept nowhere.
    #[must_use]
    pub fn write_only_secret(name: &'static str, description: &'static str) -> Self {
        let mut attribute = Self::secret(name, description);
        attribute.write_only = true;
        attribute
    }

    /// Names the argument to use instead of a write-only one with a Terraform
    /// that does not support those.
    #[must_use]
    pub fn stored_alternative(mut self, name: &'static str) -> Self {
        self.stored_alternative = Some(name);
        self
    }

    /// The value when configuration has none. Terraform allows a plan to fill
    /// in only what is computed, so the attribute becomes that.
    #[must_use]
    pub fn default_value(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self.requirement = Requirement::OptionalComputed;
        self
    }

    /// A change needs a new object.
    #[must_use]
    pub fn requires_replace(mut self) -> Self {
        self.requires_replace = true;
        self
    }

    /// The computed value stays for the life of the object.
    #[must_use]
    pub fn use_state_for_unknown(mut self) -> Self {
        self.use_state_for_unknown = true;
        self
    }

    /// Whether Terraform must not show it.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.ty == Type::Secret
    }

    /// Whether the provider may give it a value.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        match self.requirement {
            Requirement::OptionalComputed | Requirement::Computed => true,
            Requirement::Required | Requirement::Optional => false,
        }
    }

    /// Whether the user may give it a value.
    #[must_use]
    pub fn is_configurable(&self) -> bool {
        self.requirement != Requirement::Computed
    }
}

/// How the repetitions of a block make one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// At most once: an object or null.
    Single,
    /// Any number of times, in order.
    List,
}

/// A block within a block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// Its name in configuration.
    pub name: &'static str,
    /// What it holds.
    pub block: Block,
    /// How often it may stand there.
    pub nesting: Nesting,
    /// Whether it only steers the provider, so that a change of it reaches no
    /// API and leaves computed values as they are.
    pub local: bool,
}

impl NestedBlock {
    /// A block that stands there once or not at all.
    #[must_use]
    pub fn single(name: &'static str, block: Block) -> Self {
        Self { name, block, nesting: Nesting::Single, local: false }
    }

    /// A block that may be repeated.
    #[must_use]
    pub fn list(name: &'static str, block: Block) -> Self {
        Self { name, block, nesting: Nesting::List, local: false }
    }

    /// It only steers the provider.
    #[must_use]
    pub fn local(mut self) -> Self {
        self.local = true;
        self
    }

    fn value_type(&self) -> Type {
        let inner = self.block.value_type();
        match self.nesting {
            Nesting::Single => inner,
            Nesting::List => Type::List(Box::new(inner)),
        }
    }
}

/// The attributes that tell one remote object from every other one.
#[derive(Clone, Debug)]
pub struct IdentitySchema {
    /// Raised when stored identities need to be converted.
    pub version: i64,
    /// The attributes.
    pub attributes: Vec<IdentityAttribute>,
}

impl IdentitySchema {
    /// The type by which identities are read and written.
    #[must_use]
    pub fn value_type(&self) -> Type {
        let attributes = self
            .attributes
            .iter()
            .map(|attribute| (attribute.name.to_owned(), attribute.ty.clone()));
        Type::Object(attributes.collect::<BTreeMap<_, _>>())
    }
}

/// One attribute of an identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether an import block must give it; otherwise it may.
    pub required_for_import: bool,
    /// One sentence.
    pub description: &'static str,
}
