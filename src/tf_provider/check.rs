//! Contradictions in what a provider registers.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::function::Signature;
use super::provider::{Registry, Table};
use super::resource::Resource;
use super::schema::{Attribute, Block, NestedBlock, Nesting, Requirement};
use super::value::{Path, Type, msgpack};

/// The names that Terraform itself uses in blocks of resources and data sources.
const RESERVED: &[&str] =
    &["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

/// The names that Terraform itself uses, or reserves, in provider blocks.
const RESERVED_BY_PROVIDERS: &[&str] =
    &["alias", "count", "depends_on", "for_each", "lifecycle", "locals", "source", "version"];

impl Registry {
    /// Returns the contradictions in what is registered, one sentence each. They
    /// are also the errors of the call GetSchema, with which every command of
    /// Terraform begins.
    ///
    /// A test of each provider should call it:
    ///
    /// ```
    /// # use tf_provider::provider::Registry;
    /// # fn test(registry: Registry) {
    /// assert_eq!(registry.check(), [""; 0]);
    /// # }
    /// ```
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut found: Vec<String> =
            self.repeated.iter().map(|what| format!("{what} is registered twice")).collect();
        let block = &self.provider.schema().block;
        Checker::new("the provider", Role::Provider, &mut found).block(block);
        check_table(&self.resources, "resource", Role::Resource, &mut found);
        check_table(&self.data_sources, "data source", Role::Other, &mut found);
        check_table(&self.list_resources, "list resource", Role::Other, &mut found);
        check_table(&self.ephemeral_resources, "ephemeral resource", Role::Other, &mut found);
        check_table(&self.actions, "action", Role::Action, &mut found);
        for (name, served) in &self.resources {
            check_identity(name, served.identity().map(|(schema, _)| schema), &mut found);
        }
        for name in self.list_resources.keys() {
            check_list(name, &self.resources, &mut found);
        }
        for (name, function) in &self.functions {
            check_function(name, &function.signature(), &mut found);
        }
        found
    }
}

fn check_table<T: ?Sized>(table: &Table<T>, kind: &str, role: Role, found: &mut Vec<String>) {
    for (name, served) in table {
        let place = format!("{kind} {name:?}");
        check_name(name, &place, found);
        Checker::new(&place, role, found).block(&served.schema().block);
    }
}

fn check_name(name: &str, place: &str, found: &mut Vec<String>) {
    if !is_name(name) {
        found.push(format!("{place}: the name is not one of lowercase letters"));
    }
}

fn check_function(name: &str, signature: &Signature, found: &mut Vec<String>) {
    let place = format!("function {name:?}");
    check_name(name, &place, found);
    let parameters = signature.parameters.iter().chain(&signature.variadic);
    check_names(parameters.map(|it| &it.name), &format!("{place}: the parameter"), found);
}

/// Finds names that are invalid or not unique.
fn check_names<'a>(
    all: impl Iterator<Item = &'a Cow<'static, str>>,
    place: &str,
    found: &mut Vec<String>,
) {
    let mut names = BTreeSet::new();
    for name in all {
        if !names.insert(name) {
            found.push(format!("{place} {name} is declared twice"));
        }
        if !is_name(name) {
            found.push(format!("{place} {name} is a name that Terraform does not allow"));
        }
    }
}

fn check_list(name: &str, resources: &Table<dyn Resource>, found: &mut Vec<String>) {
    match resources.get(name) {
        None => found.push(format!("list resource {name:?}: there is no resource of this name")),
        Some(resource) if resource.identity().is_none() => {
            found.push(format!("list resource {name:?}: the resource has no identity"));
        }
        Some(_) => {}
    }
}

fn check_identity(
    name: &str,
    schema: Option<&super::schema::IdentitySchema>,
    found: &mut Vec<String>,
) {
    let place = format!("resource {name:?}: the identity's");
    let attributes = schema.map_or(&[][..], |schema| &schema.attributes);
    check_names(attributes.iter().map(|attribute| &attribute.name), &place, found);
    for attribute in attributes {
        let place = format!("{place} {}", attribute.name);
        match &attribute.ty {
            Type::Bool | Type::Number | Type::String => {}
            Type::List(element)
                if matches!(**element, Type::Bool | Type::Number | Type::String) => {}
            Type::Secret
            | Type::Dynamic
            | Type::List(_)
            | Type::Set(_)
            | Type::Map(_)
            | Type::Tuple(_)
            | Type::Object(_) => {
                found.push(format!("{place} is neither a primitive nor a list of primitives"));
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The use of a schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Is the provider block.
    Provider,
    /// Has a configuration, plans and states.
    Resource,
    /// Has a configuration, and calls with capabilities.
    Action,
    /// Has a configuration only.
    Other,
}

struct Checker<'a> {
    place: &'a str,
    role: Role,
    found: &'a mut Vec<String>,
}

impl<'a> Checker<'a> {
    fn new(place: &'a str, role: Role, found: &'a mut Vec<String>) -> Self {
        Self { place, role, found }
    }

    fn block(mut self, block: &Block) {
        self.walk(block, &Path::root(), &[]);
    }

    /// `nesting` holds those of the blocks around, outermost first.
    fn walk(&mut self, block: &Block, path: &Path, nesting: &[Nesting]) {
        let reserved = match self.role {
            Role::Provider => RESERVED_BY_PROVIDERS,
            Role::Resource | Role::Action | Role::Other => RESERVED,
        };
        let mut names = BTreeSet::new();
        let rows = block.attributes.iter().map(|row| &row.name);
        for name in rows.chain(block.blocks.iter().map(|row| &row.name)) {
            let at = path.clone().name(name);
            if !names.insert(name) {
                self.report(&at, "is declared twice");
            }
            if !is_name(name) || path.is_root() && reserved.contains(&name.as_ref()) {
                self.report(&at, "is a name that Terraform does not allow");
            }
        }
        for attribute in &block.attributes {
            let at = path.clone().name(&attribute.name);
            for fault in self.attribute(attribute, block, nesting) {
                self.report(&at, fault);
            }
        }
        for nested in &block.blocks {
            let at = path.clone().name(&nested.name);
            if let Some(fault) = items_fault(nested) {
                self.report(&at, fault);
            }
            let nesting = [nesting, &[nested.nesting]].concat();
            self.walk(&nested.block, &at, &nesting);
        }
    }

    fn attribute(
        &self,
        attribute: &Attribute,
        block: &Block,
        nesting: &[Nesting],
    ) -> Vec<&'static str> {
        let computed = attribute.is_computed();
        let default_fits = attribute
            .default
            .as_ref()
            .is_none_or(|default| msgpack::encode(default, &attribute.ty).is_ok());
        let alternative_exists = attribute
            .stored_alternative
            .as_deref()
            .is_none_or(|name| attribute.write_only && block.attribute(name).is_some());
        let is_dynamic = attribute.ty == Type::Dynamic;
        let repeats = nesting.iter().any(|nesting| *nesting != Nesting::Single);
        let can_be_write_only = match self.role {
            Role::Resource | Role::Action => true,
            Role::Provider | Role::Other => false,
        };
        let rules = [
            (
                attribute.default.is_some() && attribute.requirement == Requirement::Required,
                "is required, and its default has no effect",
            ),
            (
                attribute.default.is_some() && attribute.requirement == Requirement::Computed,
                "cannot be set, and its default is a constant",
            ),
            (!default_fits, "has a default of another type"),
            (
                attribute.write_only && computed,
                "is write-only, and cannot be computed or defaulted",
            ),
            (
                attribute.write_only && nesting.contains(&Nesting::Set),
                "is write-only inside of a set, which Terraform does not allow",
            ),
            (
                attribute.write_only && !can_be_write_only,
                "is write-only outside of a resource and an action",
            ),
            (!alternative_exists, "names a stored alternative that does not exist"),
            (
                attribute.use_state_for_unknown && !computed,
                "is not computed, and no state replaces it",
            ),
            (
                attribute.write_only && attribute.requires_replace,
                "is write-only, so no change can be seen",
            ),
            (
                is_dynamic && repeats || contains_dynamic(&attribute.ty),
                "is dynamic inside of a collection, which Terraform does not allow",
            ),
            (
                attribute.is_sensitive() && has_dynamic(&attribute.ty),
                "is sensitive and dynamic, so its strings are not read as credentials",
            ),
        ];
        rules.into_iter().filter_map(|(is_broken, fault)| is_broken.then_some(fault)).collect()
    }

    fn report(&mut self, at: &Path, fault: &str) {
        self.found.push(format!("{}: {at} {fault}", self.place));
    }
}

fn items_fault(nested: &NestedBlock) -> Option<&'static str> {
    let is_wrong = match nested.nesting {
        Nesting::Single => nested.min_items != nested.max_items || nested.max_items > 1,
        Nesting::List | Nesting::Set => nested.max_items > 0 && nested.min_items > nested.max_items,
    };
    is_wrong.then_some("occurs in a number that cannot be")
}

/// Whether a collection contains dynamic values.
fn contains_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Bool | Type::Number | Type::String | Type::Secret | Type::Dynamic => false,
        Type::List(element) | Type::Set(element) | Type::Map(element) => has_dynamic(element),
        Type::Tuple(elements) => elements.iter().any(contains_dynamic),
        Type::Object(attributes) => attributes.values().any(contains_dynamic),
    }
}

/// Whether there are dynamic values at any depth.
fn has_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::Bool | Type::Number | Type::String | Type::Secret => false,
        Type::List(element) | Type::Set(element) | Type::Map(element) => has_dynamic(element),
        Type::Tuple(elements) => elements.iter().any(has_dynamic),
        Type::Object(attributes) => attributes.values().any(has_dynamic),
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::data_source::{DataSource, DataSourceRequest, DataSourceResponse};
    use crate::diagnostics::Diagnostics;
    use crate::function::{Function, FunctionError, Parameter, Signature};
    use crate::list::{ListRequest, ListResource, ListSink};
    use crate::provider::Provider;
    use crate::resource::{
        ApplyResponse, CreateRequest, DeleteRequest, ReadRequest, ReadResponse, UpdateRequest,
    };
    use crate::schema::{IdentityAttribute, IdentitySchema, Schema};
    use crate::value::Value;

    /// Serves a schema for every kind that the test needs.
    struct Serves(Block);

    #[async_trait]
    impl Provider for Serves {
        fn schema(&self) -> Schema {
            Schema::new(self.0.clone())
        }
    }

    #[async_trait]
    impl Resource for Serves {
        fn schema(&self) -> Schema {
            Schema::new(self.0.clone())
        }
        async fn read(&self, _: ReadRequest) -> Result<ReadResponse, Diagnostics> {
            Ok(ReadResponse::gone())
        }
        async fn create(&self, _: CreateRequest) -> Result<ApplyResponse, Diagnostics> {
            Ok(ApplyResponse::deleted())
        }
        async fn update(&self, _: UpdateRequest) -> Result<ApplyResponse, Diagnostics> {
            Ok(ApplyResponse::deleted())
        }
        async fn delete(&self, _: DeleteRequest) -> Result<ApplyResponse, Diagnostics> {
            Ok(ApplyResponse::deleted())
        }
    }

    #[async_trait]
    impl DataSource for Serves {
        fn schema(&self) -> Schema {
            Schema::new(self.0.clone())
        }
        async fn read(&self, _: DataSourceRequest) -> Result<DataSourceResponse, Diagnostics> {
            Ok(DataSourceResponse::default())
        }
    }

    #[async_trait]
    impl ListResource for Serves {
        fn schema(&self) -> Schema {
            Schema::new(self.0.clone())
        }
        async fn list(&self, _: ListRequest, _sink: ListSink) -> Result<(), Diagnostics> {
            Ok(())
        }
    }

    fn block(attributes: Vec<Attribute>, blocks: Vec<NestedBlock>) -> Block {
        Block { attributes, blocks, ..Block::default() }
    }

    fn registry() -> Registry {
        Registry::new(Serves(Block::default()))
    }

    /// Returns the faults of a block in a resource.
    fn faults(block: &Block) -> Vec<String> {
        let mut found = Vec::new();
        Checker::new("thing", Role::Resource, &mut found).block(block);
        found
    }

    #[track_caller]
    fn assert_fault(block: &Block, expected: &str) {
        let found = faults(block);
        assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
    }

    #[test]
    fn names_are_registered_once_and_lists_have_a_resource() {
        let serves = || Serves(Block::default());
        let found = registry().data_source("a", serves()).data_source("a", serves()).check();
        assert_eq!(found, ["the data source \"a\" is registered twice"]);
        let found = registry().list_resource("a", serves()).check();
        assert_eq!(found, ["list resource \"a\": there is no resource of this name"]);
        let found = registry().resource("a", serves()).list_resource("a", serves()).check();
        assert_eq!(found, ["list resource \"a\": the resource has no identity"]);
        let found = registry().data_source("A-b", serves()).check();
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn attributes_do_not_contradict_themselves() {
        let text = || Attribute::optional("a", Type::String, "");
        let list = |ty| Type::List(Box::new(ty));
        let object = |ty| Type::Object([("o".to_owned(), ty)].into());
        for (attribute, expected) in [
            (Attribute::required("a", Type::String, "").default_value("x"), "is required"),
            (Attribute::computed("a", Type::String, "").default_value("x"), "cannot be set"),
            (text().default_value(1), "default of another type"),
            (text().default_value("x").write_only(), "is write-only, and cannot"),
            (text().write_only().stored_alternative("b"), "stored alternative"),
            (text().stored_alternative("a"), "stored alternative"),
            (text().use_state_for_unknown(), "is not computed"),
            (text().write_only().requires_replace(), "no change can be seen"),
            (Attribute::optional("a", list(Type::Dynamic), ""), "is dynamic inside"),
            (Attribute::optional("a", list(object(Type::Dynamic)), ""), "is dynamic inside"),
            (Attribute::optional("a", Type::Dynamic, "").sensitive(), "is sensitive and dynamic"),
            (Attribute::optional("a", object(Type::Dynamic), "").sensitive(), "is sensitive and"),
            (Attribute::optional("count", Type::Number, ""), "does not allow"),
            (Attribute::optional("A", Type::Number, ""), "does not allow"),
        ] {
            assert_fault(&block(vec![attribute], Vec::new()), expected);
        }
        assert_fault(&block(vec![text(), text()], Vec::new()), "is declared twice");
        let sound = block(
            vec![
                text().write_only().stored_alternative("b"),
                Attribute::optional("b", Type::Dynamic, ""),
                Attribute::optional("c", list(Type::Secret), "").default_value(Value::List(vec![])),
            ],
            vec![NestedBlock::single("d", block(vec![text().write_only()], Vec::new())).required()],
        );
        assert_eq!(faults(&sound), [""; 0]);
    }

    #[test]
    fn provider_block_has_its_own_reserved_names() {
        let provider = |name: &'static str| {
            let attribute = Attribute::optional(name, Type::String, "");
            Registry::new(Serves(block(vec![attribute], Vec::new()))).check()
        };
        for name in ["alias", "version", "source", "locals", "for_each"] {
            assert_eq!(
                provider(name),
                [format!("the provider: {name} is a name that Terraform does not allow")]
            );
        }
        for name in ["provider", "connection"] {
            assert_eq!(provider(name), [""; 0]);
        }
        assert_eq!(
            faults(&block(vec![Attribute::optional("version", Type::String, "")], vec![])),
            [""; 0]
        );
    }

    /// Has two parameters of these names.
    struct Calls(&'static str, &'static str);

    impl Function for Calls {
        fn signature(&self) -> Signature {
            let parameter = |name| Parameter::new(name, Type::String, "");
            Signature::new("", Type::String)
                .parameter(parameter(self.0))
                .variadic(parameter(self.1))
        }
        fn call(&self, _arguments: &[Value]) -> Result<Value, FunctionError> {
            Ok(Value::Null)
        }
    }

    #[test]
    fn functions_and_identities_have_valid_names() {
        for (name, parameters, expected) in [
            ("a", Calls("b", "c"), None),
            ("A-b", Calls("b", "c"), Some("\"A-b\": the name is not")),
            ("a", Calls("b", "b"), Some("the parameter b is declared twice")),
            ("a", Calls("B c", "b"), Some("the parameter B c is a name that")),
        ] {
            let found = registry().function(name, parameters).check();
            assert_eq!(found.len(), usize::from(expected.is_some()), "{found:?}");
            assert!(found.iter().all(|fault| fault.contains(expected.unwrap())), "{found:?}");
        }
        let identity = |name: &'static str| {
            let schema = IdentitySchema::new([IdentityAttribute::required(name, Type::String, "")]);
            let mut found = Vec::new();
            check_identity("a", Some(&schema), &mut found);
            found
        };
        assert_eq!(identity("id"), [""; 0]);
        assert!(identity("Id")[0].contains("Id is a name that"), "{:?}", identity("Id"));
    }

    #[test]
    fn blocks_do_not_contradict_themselves() {
        let secret = || block(vec![Attribute::write_only_secret("a", "")], Vec::new());
        let set = |block| self::block(Vec::new(), vec![NestedBlock::set("s", block)]);
        assert_fault(&set(secret()), "s.a is write-only inside of a set");
        // Also in a block in the set.
        let inner = block(Vec::new(), vec![NestedBlock::single("o", secret())]);
        assert_fault(&set(inner), "s.o.a is write-only inside of a set");
        let dynamic = block(vec![Attribute::optional("a", Type::Dynamic, "")], Vec::new());
        assert_fault(&set(dynamic), "s.a is dynamic inside");
        let wrong = NestedBlock::list("l", Block::default()).required().at_most(0);
        assert_eq!(faults(&block(Vec::new(), vec![wrong])), [""; 0], "any number");
        let twice = NestedBlock::single("o", Block::default()).at_most(2);
        assert_fault(&block(Vec::new(), vec![twice]), "a number that cannot be");

        let found = registry().data_source("a", Serves(secret())).check();
        assert!(found[0].contains("outside of a resource"), "{found:?}");
    }
}
