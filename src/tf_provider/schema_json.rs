//! Everything that a provider serves, as `terraform providers schema -json`
//! shows it (its documented format 1.0), for tools that have no Terraform.
//!
//! As Terraform's own, it leaves out what is false, empty or nothing.

use serde_json::{Map, Value, json};

use super::function::{Parameter, Signature};
use super::provider::Registry;
use super::schema::{Attribute, Block, IdentitySchema, NestedBlock, Nesting, Requirement, Schema};
use super::value::Type;

/// Describes what is served, under the provider's full address.
#[must_use]
pub fn describe(registry: &Registry, address: &str) -> Value {
    let identities = registry.resources.iter().filter_map(|(name, served)| {
        let (schema, _) = served.identity()?;
        Some((*name, identity(schema)))
    });
    let served = object([
        ("provider", schema(registry.provider.schema())),
        ("resource_schemas", named(&registry.resources, |served| schema(served.schema()))),
        ("data_source_schemas", named(&registry.data_sources, |served| schema(served.schema()))),
        (
            "list_resource_schemas",
            named(&registry.list_resources, |served| schema(served.schema())),
        ),
        ("resource_identity_schemas", object(identities)),
        ("functions", named(&registry.functions, |served| function(&served.signature()))),
    ]);
    json!({"format_version": "1.0", "provider_schemas": {address: served}})
}

fn named<T>(
    table: &std::collections::BTreeMap<&'static str, T>,
    describe: impl Fn(&T) -> Value,
) -> Value {
    object(table.iter().map(|(name, served)| (*name, describe(served))))
}

/// An object without the members that say nothing.
fn object<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let says_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    };
    let members = members.into_iter().filter(|(_, value)| says_something(value));
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

fn schema(source: &Schema) -> Value {
    object([("version", json!(source.version)), ("block", block(&source.block))])
}

fn block(source: &Block) -> Value {
    object([
        ("attributes", object(source.attributes.iter().map(|row| (row.name, attribute(row))))),
        ("block_types", object(source.blocks.iter().map(|row| (row.name, nested(row))))),
        ("description", json!(source.description)),
        ("description_kind", json!("markdown")),
    ])
}

fn attribute(source: &Attribute) -> Value {
    object([
        ("type", ty(&source.ty)),
        ("description", json!(source.description)),
        ("description_kind", json!("markdown")),
        ("required", json!(source.requirement == Requirement::Required)),
        (
            "optional",
            json!(source.is_configurable() && source.requirement != Requirement::Required),
        ),
        ("computed", json!(source.is_computed())),
        ("sensitive", json!(source.is_sensitive())),
        ("write_only", json!(source.write_only)),
        ("deprecated", json!(source.deprecated.is_some())),
        ("deprecation_message", json!(source.deprecated)),
    ])
}

fn nested(source: &NestedBlock) -> Value {
    let nesting = match source.nesting {
        Nesting::Single => "single",
        Nesting::List => "list",
    };
    object([("nesting_mode", json!(nesting)), ("block", block(&source.block))])
}

fn identity(source: &IdentitySchema) -> Value {
    let attributes = source.attributes.iter().map(|row| {
        let described = object([
            ("type", ty(&row.ty)),
            ("description", json!(row.description)),
            ("required_for_import", json!(row.required_for_import)),
            ("optional_for_import", json!(!row.required_for_import)),
        ]);
        (row.name, described)
    });
    object([("version", json!(source.version)), ("attributes", object(attributes))])
}

fn function(source: &Signature) -> Value {
    let parameters = source.parameters.iter().map(parameter).collect::<Vec<_>>();
    object([
        ("description", json!(source.description)),
        ("summary", json!(source.summary)),
        ("return_type", ty(&source.result)),
        ("parameters", Value::Array(parameters)),
        ("variadic_parameter", source.variadic.as_ref().map_or(Value::Null, parameter)),
    ])
}

fn parameter(source: &Parameter) -> Value {
    object([
        ("name", json!(source.name)),
        ("description", json!(source.description)),
        ("type", ty(&source.ty)),
    ])
}

/// A type as the protocol writes it, which is JSON.
fn ty(source: &Type) -> Value {
    serde_json::from_slice(&source.to_json()).unwrap_or_default()
}
