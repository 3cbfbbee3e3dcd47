//! The schemas of a provider as `terraform providers schema -json` prints them
//! (its documented format 1.0), for tools that have no Terraform.
//!
//! Like Terraform's own output, it leaves out members that are false or empty.

use serde_json::{Map, Value, json};

use super::protocol::tfplugin5::schema::nested_block::NestingMode;
use super::protocol::tfplugin5::{self as protocol, StringKind};
use super::provider::Registry;
use super::schema_messages;

/// Returns the schemas of everything that is served, under the provider's full
/// address.
#[must_use]
pub fn describe(registry: &Registry, address: &str) -> Value {
    let served = schema_messages::provider_schema(registry);
    let identities = schema_messages::identity_schemas(registry);
    let described = object([
        ("provider", served.provider.map_or(Value::Null, schema)),
        ("resource_schemas", named(served.resource_schemas, schema)),
        ("data_source_schemas", named(served.data_source_schemas, schema)),
        ("list_resource_schemas", named(served.list_resource_schemas, schema)),
        ("resource_identity_schemas", named(identities, identity)),
        ("functions", named(served.functions, function)),
    ]);
    json!({"format_version": "1.0", "provider_schemas": {address: described}})
}

fn named<T>(
    messages: impl IntoIterator<Item = (String, T)>,
    describe: impl Fn(T) -> Value,
) -> Value {
    object(messages.into_iter().map(|(name, message)| (name, describe(message))))
}

/// Returns an object of the members that are neither false nor empty.
fn object<N: Into<String>>(members: impl IntoIterator<Item = (N, Value)>) -> Value {
    let is_kept = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    };
    let members = members.into_iter().filter(|(_, value)| is_kept(value));
    Value::Object(members.map(|(name, value)| (name.into(), value)).collect::<Map<_, _>>())
}

fn schema(message: protocol::Schema) -> Value {
    object([
        ("version", json!(message.version)),
        ("block", message.block.map_or(Value::Null, block)),
    ])
}

fn block(message: protocol::schema::Block) -> Value {
    let description_kind = text_kind(message.description_kind());
    let attributes = message.attributes.into_iter();
    let blocks = message.block_types.into_iter();
    object([
        ("attributes", named(attributes.map(|row| (row.name.clone(), row)), attribute)),
        ("block_types", named(blocks.map(|row| (row.type_name.clone(), row)), nested_block)),
        ("description", json!(message.description)),
        ("description_kind", description_kind),
    ])
}

fn attribute(message: protocol::schema::Attribute) -> Value {
    object([
        ("type", ty(&message.r#type)),
        ("description_kind", text_kind(message.description_kind())),
        ("description", json!(message.description)),
        ("required", json!(message.required)),
        ("optional", json!(message.optional)),
        ("computed", json!(message.computed)),
        ("sensitive", json!(message.sensitive)),
        ("write_only", json!(message.write_only)),
        ("deprecated", json!(message.deprecated)),
        ("deprecation_message", json!(message.deprecation_message)),
    ])
}

fn nested_block(message: protocol::schema::NestedBlock) -> Value {
    let nesting_mode = match message.nesting() {
        NestingMode::Single => json!("single"),
        NestingMode::List => json!("list"),
        NestingMode::Set => json!("set"),
        NestingMode::Map => json!("map"),
        NestingMode::Group => json!("group"),
        NestingMode::Invalid => Value::Null,
    };
    object([("nesting_mode", nesting_mode), ("block", message.block.map_or(Value::Null, block))])
}

fn identity(message: protocol::ResourceIdentitySchema) -> Value {
    let attributes = message.identity_attributes.into_iter().map(|row| {
        let described = object([
            ("type", ty(&row.r#type)),
            ("description", json!(row.description)),
            ("required_for_import", json!(row.required_for_import)),
            ("optional_for_import", json!(row.optional_for_import)),
        ]);
        (row.name, described)
    });
    object([("version", json!(message.version)), ("attributes", object(attributes))])
}

fn function(message: protocol::Function) -> Value {
    let parameters = message.parameters.into_iter().map(parameter);
    object([
        ("description", json!(message.description)),
        ("summary", json!(message.summary)),
        ("return_type", message.r#return.map_or(Value::Null, |result| ty(&result.r#type))),
        ("parameters", parameters.collect()),
        ("variadic_parameter", message.variadic_parameter.map_or(Value::Null, parameter)),
    ])
}

fn parameter(message: protocol::function::Parameter) -> Value {
    object([
        ("name", json!(message.name)),
        ("description", json!(message.description)),
        ("type", ty(&message.r#type)),
    ])
}

fn text_kind(kind: StringKind) -> Value {
    match kind {
        StringKind::Plain => json!("plain"),
        StringKind::Markdown => json!("markdown"),
    }
}

/// Returns a type, which is JSON in the messages already.
fn ty(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap_or_default()
}
