//! Describes everything that a provider serves, in the protocol's messages.

use std::collections::{BTreeMap, HashMap};

use super::function::{Parameter, Signature};
use super::protocol::tfplugin5 as protocol;
use super::provider::{Registered, Registry};
use super::schema::{Attribute, Block, IdentitySchema, NestedBlock, Nesting, Requirement, Schema};

/// The optional parts of the protocol, all served: destroys are planned, no call
/// depends on an earlier GetSchema, moves of states are answered, and imported
/// state becomes configuration.
const CAPABILITIES: protocol::ServerCapabilities = protocol::ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: true,
};

/// Returns the names of everything that is served.
pub(crate) fn metadata(registry: &Registry) -> protocol::get_metadata::Response {
    use protocol::get_metadata::{
        DataSourceMetadata, FunctionMetadata, ListResourceMetadata, ResourceMetadata,
    };
    protocol::get_metadata::Response {
        server_capabilities: Some(CAPABILITIES),
        resources: names(&registry.resources, |type_name| ResourceMetadata { type_name }),
        data_sources: names(&registry.data_sources, |type_name| DataSourceMetadata { type_name }),
        functions: names(&registry.functions, |name| FunctionMetadata { name }),
        list_resources: names(&registry.list_resources, |type_name| ListResourceMetadata {
            type_name,
        }),
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
        functions: functions(registry),
        server_capabilities: Some(CAPABILITIES),
        ..Default::default()
    }
}

/// Returns the identity schemas of the managed resources that have one.
pub(crate) fn identity_schemas(
    registry: &Registry,
) -> HashMap<String, protocol::ResourceIdentitySchema> {
    let identities = registry.resources.iter().filter_map(|(name, served)| {
        let (schema, _) = served.identity()?;
        Some(((*name).to_owned(), identity_schema(schema)))
    });
    identities.collect()
}

/// Returns the signatures of the functions.
pub(crate) fn functions(registry: &Registry) -> HashMap<String, protocol::Function> {
    let functions = registry.functions.iter();
    functions.map(|(name, served)| ((*name).to_owned(), function(&served.signature()))).collect()
}

fn names<T, M>(table: &BTreeMap<&'static str, T>, message: fn(String) -> M) -> Vec<M> {
    table.keys().map(|name| message((*name).to_owned())).collect()
}

fn schemas<T: ?Sized>(
    table: &BTreeMap<&'static str, Registered<T>>,
) -> HashMap<String, protocol::Schema> {
    table.iter().map(|(name, served)| ((*name).to_owned(), schema(served.schema()))).collect()
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
        description: source.description.to_owned(),
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
        name: source.name.to_owned(),
        r#type: source.ty.to_json(),
        description: source.description.to_owned(),
        required,
        optional,
        computed,
        sensitive: source.is_sensitive(),
        description_kind: protocol::StringKind::Markdown.into(),
        deprecated: source.deprecated.is_some(),
        write_only: source.write_only,
        deprecation_message: source.deprecated.unwrap_or_default().to_owned(),
    }
}

fn nested_block(source: &NestedBlock) -> protocol::schema::NestedBlock {
    use protocol::schema::nested_block::NestingMode;
    let nesting = match source.nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
    };
    protocol::schema::NestedBlock {
        type_name: source.name.to_owned(),
        block: Some(block(&source.block)),
        nesting: nesting.into(),
        min_items: 0,
        max_items: 0,
    }
}

fn identity_schema(source: &IdentitySchema) -> protocol::ResourceIdentitySchema {
    let attributes = source.attributes.iter().map(|attribute| {
        protocol::resource_identity_schema::IdentityAttribute {
            name: attribute.name.to_owned(),
            r#type: attribute.ty.to_json(),
            required_for_import: attribute.required_for_import,
            optional_for_import: !attribute.required_for_import,
            description: attribute.description.to_owned(),
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
        summary: source.summary.to_owned(),
        description: source.description.to_owned(),
        description_kind: protocol::StringKind::Markdown.into(),
        deprecation_message: String::new(),
    }
}

fn parameter(source: &Parameter) -> protocol::function::Parameter {
    protocol::function::Parameter {
        name: source.name.to_owned(),
        r#type: source.ty.to_json(),
        allow_null_value: false,
        allow_unknown_values: false,
        description: source.description.to_owned(),
        description_kind: protocol::StringKind::Markdown.into(),
    }
}
