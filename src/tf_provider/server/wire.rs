//! From the protocol's messages to this room's types and back.

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::function::{FunctionError, Parameter, Signature};
use crate::object::{Configuration, Identity, Object, State};
use crate::protocol::tfplugin5 as wire;
use crate::schema::{Attribute, Block, IdentitySchema, NestedBlock, Nesting, Requirement, Schema};
use crate::value::{Path, Step, Type, Value, json, msgpack};

/// Reads a value by its type. What was not sent counts as null.
pub(super) fn decode(
    value: Option<&wire::DynamicValue>,
    ty: &Type,
    what: &str,
) -> Result<Value, Diagnostics> {
    let Some(value) = value else { return Ok(Value::Null) };
    let decoded = if !value.msgpack.is_empty() {
        msgpack::decode(&value.msgpack, ty)
    } else if !value.json.is_empty() {
        json::decode(&value.json, ty)
    } else {
        return Ok(Value::Null);
    };
    decoded.map_err(|error| {
        Diagnostic::error(
            "Terraform sent a value that cannot be read",
            format!(
                "The {what} does not fit this provider's schema: {error}. Nothing was changed. \
                 Run `terraform init -upgrade`, and report this if it happens again."
            ),
        )
        .into()
    })
}

/// Reads an object; `None` when it is null.
pub(super) fn decode_object(
    value: Option<&wire::DynamicValue>,
    block: &Block,
    ty: &Type,
    what: &str,
) -> Result<Option<Object>, Diagnostics> {
    Ok(Object::from_value(decode(value, ty, what)?, block))
}

/// Reads a configuration. An absent one has all arguments null.
pub(super) fn decode_configuration(
    value: Option<&wire::DynamicValue>,
    block: &Block,
    ty: &Type,
) -> Result<Configuration, Diagnostics> {
    let object = decode_object(value, block, ty, "configuration")?;
    Ok(Configuration::new(object.unwrap_or_else(|| Object::null(block))))
}

/// Reads an identity; `None` when there is none.
pub(super) fn decode_identity(
    identity: Option<&wire::ResourceIdentityData>,
    schema: Option<&(IdentitySchema, Type)>,
) -> Result<Option<Identity>, Diagnostics> {
    let (Some(identity), Some((_, ty))) = (identity, schema) else { return Ok(None) };
    let value = decode(identity.identity_data.as_ref(), ty, "identity")?;
    if let Value::Map(entries) = value {
        return Ok(Some(Identity(Object::from_entries(entries))));
    }
    Ok(None)
}

/// Writes a value, in msgpack as Terraform prefers.
pub(super) fn encode(value: &Value, ty: &Type) -> Result<wire::DynamicValue, Diagnostics> {
    let bytes = msgpack::encode(value, ty).map_err(|error| {
        Diagnostics::from(Diagnostic::error(
            "The provider produced a value that does not fit its schema",
            format!("{error}. This is a defect of the provider; please report it."),
        ))
    })?;
    Ok(wire::DynamicValue { msgpack: bytes.into(), json: bytes::Bytes::new() })
}

/// Writes a state; null when there is none.
pub(super) fn encode_state(
    state: Option<State>,
    ty: &Type,
) -> Result<wire::DynamicValue, Diagnostics> {
    let value = state.map_or(Value::Null, |state| state.into_object().into_value());
    encode(&value, ty)
}

/// Writes an identity.
pub(super) fn encode_identity(
    identity: Option<Identity>,
    schema: Option<&(IdentitySchema, Type)>,
) -> Result<Option<wire::ResourceIdentityData>, Diagnostics> {
    let (Some(identity), Some((_, ty))) = (identity, schema) else { return Ok(None) };
    let identity_data = encode(&identity.0.into_value(), ty)?;
    Ok(Some(wire::ResourceIdentityData { identity_data: Some(identity_data) }))
}

pub(super) fn diagnostics(messages: Diagnostics) -> Vec<wire::Diagnostic> {
    messages.into_iter().map(diagnostic).collect()
}

pub(super) fn diagnostic(message: Diagnostic) -> wire::Diagnostic {
    let severity = match message.severity() {
        Severity::Error => wire::diagnostic::Severity::Error,
        Severity::Warning => wire::diagnostic::Severity::Warning,
    };
    wire::Diagnostic {
        severity: severity.into(),
        summary: message.summary().to_owned(),
        detail: message.detail().to_owned(),
        attribute: message.attribute().map(attribute_path),
    }
}

pub(super) fn attribute_path(path: &Path) -> wire::AttributePath {
    use wire::attribute_path::step::Selector;
    let steps = path.steps().iter().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        wire::attribute_path::Step { selector: Some(selector) }
    });
    wire::AttributePath { steps: steps.collect() }
}

pub(super) fn schema(schema: &Schema) -> wire::Schema {
    wire::Schema { version: schema.version, block: Some(block(&schema.block)) }
}

fn block(source: &Block) -> wire::schema::Block {
    wire::schema::Block {
        // Terraform reads the version of the schema, never this one.
        version: 0,
        attributes: source.attributes.iter().map(attribute).collect(),
        block_types: source.blocks.iter().map(nested_block).collect(),
        description: source.description.to_owned(),
        description_kind: wire::StringKind::Markdown.into(),
        deprecated: false,
        deprecation_message: String::new(),
    }
}

fn attribute(source: &Attribute) -> wire::schema::Attribute {
    let (required, optional, computed) = match source.requirement {
        Requirement::Required => (true, false, false),
        Requirement::Optional => (false, true, false),
        Requirement::OptionalComputed => (false, true, true),
        Requirement::Computed => (false, false, true),
    };
    wire::schema::Attribute {
        name: source.name.to_owned(),
        r#type: source.ty.to_json(),
        description: source.description.to_owned(),
        required,
        optional,
        computed,
        sensitive: source.is_sensitive(),
        description_kind: wire::StringKind::Markdown.into(),
        deprecated: source.deprecated.is_some(),
        write_only: source.write_only,
        deprecation_message: source.deprecated.unwrap_or_default().to_owned(),
    }
}

fn nested_block(source: &NestedBlock) -> wire::schema::NestedBlock {
    use wire::schema::nested_block::NestingMode;
    let (nesting, max_items) = match source.nesting {
        Nesting::Single => (NestingMode::Single, 0),
        Nesting::List => (NestingMode::List, 0),
    };
    wire::schema::NestedBlock {
        type_name: source.name.to_owned(),
        block: Some(block(&source.block)),
        nesting: nesting.into(),
        min_items: 0,
        max_items,
    }
}

pub(super) fn identity_schema(source: &IdentitySchema) -> wire::ResourceIdentitySchema {
    let attributes = source.attributes.iter().map(|attribute| {
        wire::resource_identity_schema::IdentityAttribute {
            name: attribute.name.to_owned(),
            r#type: attribute.ty.to_json(),
            required_for_import: attribute.required_for_import,
            optional_for_import: !attribute.required_for_import,
            description: attribute.description.to_owned(),
        }
    });
    wire::ResourceIdentitySchema {
        version: source.version,
        identity_attributes: attributes.collect(),
    }
}

pub(super) fn function(source: &Signature) -> wire::Function {
    wire::Function {
        parameters: source.parameters.iter().map(parameter).collect(),
        variadic_parameter: source.variadic.as_ref().map(parameter),
        r#return: Some(wire::function::Return { r#type: source.result.to_json() }),
        summary: source.summary.to_owned(),
        description: source.description.to_owned(),
        description_kind: wire::StringKind::Markdown.into(),
        deprecation_message: String::new(),
    }
}

fn parameter(source: &Parameter) -> wire::function::Parameter {
    wire::function::Parameter {
        name: source.name.to_owned(),
        r#type: source.ty.to_json(),
        allow_null_value: false,
        allow_unknown_values: false,
        description: source.description.to_owned(),
        description_kind: wire::StringKind::Markdown.into(),
    }
}

pub(super) fn function_error(error: FunctionError) -> wire::FunctionError {
    let argument = error.argument.and_then(|position| i64::try_from(position).ok());
    wire::FunctionError { text: error.text, function_argument: argument }
}
