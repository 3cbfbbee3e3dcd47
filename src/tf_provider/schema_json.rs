//! The schemas of a provider as `terraform providers schema -json` prints them
//! (its documented format 1.0), for tools that have no Terraform.
//!
//! Like Terraform's own output, it leaves out members that are false or empty.

use serde_json::{Map, Value as JsonValue, json};

use super::protocol::tfplugin5::schema::nested_block::NestingMode;
use super::protocol::tfplugin5::{self as protocol, StringKind};
use super::provider::Registry;
use super::schema_messages;

/// Returns the schemas of everything that is served, under the provider's full
/// address.
#[must_use]
pub fn describe(registry: &Registry, address: &str) -> JsonValue {
    let served = schema_messages::provider_schema(registry);
    let identities = schema_messages::identity_schemas(registry);
    let described = object([
        ("provider", served.provider.map_or(JsonValue::Null, schema)),
        ("resource_schemas", named(served.resource_schemas, schema)),
        ("data_source_schemas", named(served.data_source_schemas, schema)),
        ("list_resource_schemas", named(served.list_resource_schemas, schema)),
        ("ephemeral_resource_schemas", named(served.ephemeral_resource_schemas, schema)),
        ("action_schemas", named(served.action_schemas, action)),
        ("resource_identity_schemas", named(identities, identity)),
        ("functions", named(served.functions, function)),
    ]);
    json!({"format_version": "1.0", "provider_schemas": {address: described}})
}

fn named<T>(
    messages: impl IntoIterator<Item = (String, T)>,
    describe: impl Fn(T) -> JsonValue,
) -> JsonValue {
    object(messages.into_iter().map(|(name, message)| (name, describe(message))))
}

/// Returns an object of the members that are neither false nor empty.
fn object<N: Into<String>>(members: impl IntoIterator<Item = (N, JsonValue)>) -> JsonValue {
    let is_kept = |value: &JsonValue| match value {
        JsonValue::Null | JsonValue::Bool(false) => false,
        JsonValue::String(text) => !text.is_empty(),
        JsonValue::Array(items) => !items.is_empty(),
        JsonValue::Object(members) => !members.is_empty(),
        JsonValue::Bool(true) | JsonValue::Number(_) => true,
    };
    let members = members.into_iter().filter(|(_, value)| is_kept(value));
    JsonValue::Object(members.map(|(name, value)| (name.into(), value)).collect::<Map<_, _>>())
}

fn schema(message: protocol::Schema) -> JsonValue {
    object([
        ("version", json!(message.version)),
        ("block", message.block.map_or(JsonValue::Null, block)),
    ])
}

fn action(message: protocol::ActionSchema) -> JsonValue {
    message.schema.map_or(JsonValue::Null, schema)
}

fn block(message: protocol::schema::Block) -> JsonValue {
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

fn attribute(message: protocol::schema::Attribute) -> JsonValue {
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

fn nested_block(message: protocol::schema::NestedBlock) -> JsonValue {
    let nesting_mode = match message.nesting() {
        NestingMode::Single => json!("single"),
        NestingMode::List => json!("list"),
        NestingMode::Set => json!("set"),
        NestingMode::Map => json!("map"),
        NestingMode::Group => json!("group"),
        NestingMode::Invalid => JsonValue::Null,
    };
    object([
        ("nesting_mode", nesting_mode),
        ("block", message.block.map_or(JsonValue::Null, block)),
        ("min_items", count(message.min_items)),
        ("max_items", count(message.max_items)),
    ])
}

fn count(items: i64) -> JsonValue {
    if items == 0 { JsonValue::Null } else { json!(items) }
}

fn identity(message: protocol::ResourceIdentitySchema) -> JsonValue {
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

fn function(message: protocol::Function) -> JsonValue {
    let parameters = message.parameters.into_iter().map(parameter);
    object([
        ("description", json!(message.description)),
        ("summary", json!(message.summary)),
        ("deprecation_message", json!(message.deprecation_message)),
        ("return_type", message.r#return.map_or(JsonValue::Null, |result| ty(&result.r#type))),
        ("parameters", parameters.collect()),
        ("variadic_parameter", message.variadic_parameter.map_or(JsonValue::Null, parameter)),
    ])
}

fn parameter(message: protocol::function::Parameter) -> JsonValue {
    object([
        ("name", json!(message.name)),
        ("description", json!(message.description)),
        ("is_nullable", json!(message.allow_null_value)),
        ("type", ty(&message.r#type)),
    ])
}

fn text_kind(kind: StringKind) -> JsonValue {
    match kind {
        StringKind::Plain => json!("plain"),
        StringKind::Markdown => json!("markdown"),
    }
}

/// Returns a type, which is JSON in the messages already.
fn ty(json: &[u8]) -> JsonValue {
    serde_json::from_slice(json).unwrap_or_default()
}
