//! Describes everything that a provider serves, in the protocol's messages.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::function::{Parameter, Signature};
use super::protocol::tfplugin5 as protocol;
use super::provider::{Registry, Table};
use super::schema::{Attribute, Block, IdentitySchema, NestedBlock, Nesting, Requirement, Schema};

/// Returns the optional parts of the protocol: destroys are planned, no call
/// depends on an earlier GetSchema, and imported state becomes configuration. Moves
/// of states are announced if there is one.
fn capabilities(registry: &Registry) -> protocol::ServerCapabilities {
    protocol::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: registry
            .resources
            .values()
            .any(|served| !served.object.moves_from().is_empty()),
        generate_resource_config: true,
    }
}

/// Returns the names of everything that is served.
pub(crate) fn metadata(registry: &Registry) -> protocol::get_metadata::Response {
    use protocol::get_metadata::{
        ActionMetadata, DataSourceMetadata, EphemeralMetadata, FunctionMetadata,
        ListResourceMetadata, ResourceMetadata,
    };
    protocol::get_metadata::Response {
        server_capabilities: Some(capabilities(registry)),
        resources: names(&registry.resources, |type_name| ResourceMetadata { type_name }),
        data_sources: names(&registry.data_sources, |type_name| DataSourceMetadata { type_name }),
        functions: names(&registry.functions, |name| FunctionMetadata { name }),
        list_resources: names(&registry.list_resources, |type_name| ListResourceMetadata {
            type_name,
        }),
        ephemeral_resources: names(&registry.ephemeral_resources, |type_name| EphemeralMetadata {
            type_name,
        }),
        actions: names(&registry.actions, |type_name| ActionMetadata { type_name }),
        ..Default::default()
    }
}

/// Returns the schemas of everything that is served, without identities.
pub(crate) fn provider_schema(registry: &Registry) -> protocol::get_provider_schema::Response {
    protocol::get_provider_schema::Response {
        provider: Some(schema(registry.provider.schema())),
        resource_schemas: schemas(&registry.resources),
        data_source_schemas: schemas(&registry.data_sources),
        list_resource_schemas: schemas(&registry.list_resources),
        ephemeral_resource_schemas: schemas(&registry.ephemeral_resources),
        action_schemas: schemas(&registry.actions)
            .into_iter()
            .map(|(name, schema)| (name, protocol::ActionSchema { schema: Some(schema) }))
            .collect(),
        functions: functions(registry),
        server_capabilities: Some(capabilities(registry)),
        ..Default::default()
    }
}

/// Returns the identity schemas of the managed resources that have one.
pub(crate) fn identity_schemas(
    registry: &Registry,
) -> HashMap<String, protocol::ResourceIdentitySchema> {
    let identities = registry.resources.iter().filter_map(|(name, served)| {
        let (schema, _) = served.identity()?;
        Some((name.to_string(), identity_schema(schema)))
    });
    identities.collect()
}

/// Returns the signatures of the functions.
pub(crate) fn functions(registry: &Registry) -> HashMap<String, protocol::Function> {
    let functions = registry.functions.iter();
    functions.map(|(name, served)| (name.to_string(), function(&served.signature()))).collect()
}

fn names<T, M>(table: &BTreeMap<Cow<'static, str>, T>, message: fn(String) -> M) -> Vec<M> {
    table.keys().map(|name| message(name.to_string())).collect()
}

fn schemas<T: ?Sized>(table: &Table<T>) -> HashMap<String, protocol::Schema> {
    table.iter().map(|(name, served)| (name.to_string(), schema(served.schema()))).collect()
}

fn schema(schema: &Schema) -> protocol::Schema {
    protocol::Schema { version: schema.version, block: Some(block(&schema.block)) }
}

fn block(source: &Block) -> protocol::schema::Block {
    protocol::schema::Block {
        // Terraform reads the schema's version, never the block's.
        version: 0,
        attributes: source.attributes.iter().map(attribute).collect(),
        block_types: source.blocks.iter().map(nested_block).collect(),
        description: source.description.to_string(),
        description_kind: protocol::StringKind::Markdown.into(),
        deprecated: false,
        deprecation_message: String::new(),
    }
}

fn attribute(source: &Attribute) -> protocol::schema::Attribute {
    let (required, optional, computed) = match source.requirement {
        Requirement::Required => (true, false, false),
        Requirement::Optional => (false, true, false),
        Requirement::OptionalComputed => (false, true, true),
        Requirement::Computed => (false, false, true),
    };
    protocol::schema::Attribute {
        name: source.name.to_string(),
        r#type: source.ty.to_json(),
        description: source.description.to_string(),
        required,
        optional,
        computed,
        sensitive: source.is_sensitive(),
        description_kind: protocol::StringKind::Markdown.into(),
        deprecated: source.deprecated.is_some(),
        write_only: source.write_only,
        deprecation_message: text(&source.deprecated),
    }
}

fn nested_block(source: &NestedBlock) -> protocol::schema::NestedBlock {
    use protocol::schema::nested_block::NestingMode;
    let nesting = match source.nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
    };
    protocol::schema::NestedBlock {
        type_name: source.name.to_string(),
        block: Some(block(&source.block)),
        nesting: nesting.into(),
        min_items: source.min_items.into(),
        max_items: source.max_items.into(),
    }
}

fn identity_schema(source: &IdentitySchema) -> protocol::ResourceIdentitySchema {
    let attributes = source.attributes.iter().map(|attribute| {
        protocol::resource_identity_schema::IdentityAttribute {
            name: attribute.name.to_string(),
            r#type: attribute.ty.to_json(),
            required_for_import: attribute.required_for_import,
            optional_for_import: !attribute.required_for_import,
            description: attribute.description.to_string(),
        }
    });
    protocol::ResourceIdentitySchema {
        version: source.version,
        identity_attributes: attributes.collect(),
    }
}

fn function(source: &Signature) -> protocol::Function {
    protocol::Function {
        parameters: source.parameters.iter().map(parameter).collect(),
        variadic_parameter: source.variadic.as_ref().map(parameter),
        r#return: Some(protocol::function::Return { r#type: source.result.to_json() }),
        summary: source.summary.to_string(),
        description: source.description.to_string(),
        description_kind: protocol::StringKind::Markdown.into(),
        deprecation_message: text(&source.deprecated),
    }
}

fn parameter(source: &Parameter) -> protocol::function::Parameter {
    protocol::function::Parameter {
        name: source.name.to_string(),
        r#type: source.ty.to_json(),
        allow_null_value: source.allow_null,
        allow_unknown_values: source.allow_unknown,
        description: source.description.to_string(),
        description_kind: protocol::StringKind::Markdown.into(),
    }
}

fn text(text: &Option<Cow<'static, str>>) -> String {
    text.as_deref().unwrap_or_default().to_owned()
}
