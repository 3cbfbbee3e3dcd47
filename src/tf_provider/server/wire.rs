//! Converts the protocol's messages to the framework's types and back.

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::function::FunctionError;
use crate::object::{Configuration, Identity, Object, State};
use crate::protocol::tfplugin5 as protocol;
use crate::provider::Registered;
use crate::resource::ValidateRequest;
use crate::schema::IdentitySchema;
use crate::value::{Path, Step, Type, Value, json, msgpack};

/// Reads a value by its type. A value that was not sent is null.
pub(super) fn decode(
    value: Option<&protocol::DynamicValue>,
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

/// Reads an object by its schema; `None` if it is null.
pub(super) fn decode_object<T: ?Sized>(
    value: Option<&protocol::DynamicValue>,
    served: &Registered<T>,
    what: &str,
) -> Result<Option<Object>, Diagnostics> {
    let value = decode(value, served.value_type(), what)?;
    Ok(Object::from_value(value, &served.schema().block))
}

/// Reads a configuration by its schema. An absent one has all arguments null.
pub(super) fn decode_configuration<T: ?Sized>(
    value: Option<&protocol::DynamicValue>,
    served: &Registered<T>,
) -> Result<Configuration, Diagnostics> {
    let object = decode_object(value, served, "configuration")?;
    Ok(Configuration::new(object.unwrap_or_else(|| Object::null(&served.schema().block))))
}

/// Validates a configuration.
pub(super) fn validate<T: ?Sized>(
    value: Option<&protocol::DynamicValue>,
    served: &Registered<T>,
    validate: fn(&T, ValidateRequest<'_>) -> Diagnostics,
) -> Result<Diagnostics, Diagnostics> {
    let configuration = decode_configuration(value, served)?;
    Ok(validate(&served.object, ValidateRequest { configuration: &configuration }))
}

/// Reads an identity; `None` if there is none.
pub(super) fn decode_identity(
    identity: Option<&protocol::ResourceIdentityData>,
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
pub(super) fn encode(value: &Value, ty: &Type) -> Result<protocol::DynamicValue, Diagnostics> {
    let bytes = msgpack::encode(value, ty).map_err(|error| {
        Diagnostics::from(Diagnostic::error(
            "The provider produced a value that does not fit its schema",
            format!("{error}. This is a defect of the provider; please report it."),
        ))
    })?;
    Ok(protocol::DynamicValue { msgpack: bytes.into(), json: bytes::Bytes::new() })
}

/// Writes a state; null if there is none.
pub(super) fn encode_state(
    state: Option<State>,
    ty: &Type,
) -> Result<protocol::DynamicValue, Diagnostics> {
    let value = state.map_or(Value::Null, |state| state.into_object().into_value());
    encode(&value, ty)
}

/// Writes an identity.
pub(super) fn encode_identity(
    identity: Option<Identity>,
    schema: Option<&(IdentitySchema, Type)>,
) -> Result<Option<protocol::ResourceIdentityData>, Diagnostics> {
    let (Some(identity), Some((_, ty))) = (identity, schema) else { return Ok(None) };
    let identity_data = encode(&identity.0.into_value(), ty)?;
    Ok(Some(protocol::ResourceIdentityData { identity_data: Some(identity_data) }))
}

pub(super) fn diagnostics(messages: Diagnostics) -> Vec<protocol::Diagnostic> {
    messages.into_iter().map(diagnostic).collect()
}

pub(super) fn diagnostic(message: Diagnostic) -> protocol::Diagnostic {
    let severity = match message.severity() {
        Severity::Error => protocol::diagnostic::Severity::Error,
        Severity::Warning => protocol::diagnostic::Severity::Warning,
    };
    protocol::Diagnostic {
        severity: severity.into(),
        summary: message.summary().to_owned(),
        detail: message.detail().to_owned(),
        attribute: message.attribute().map(attribute_path),
    }
}

pub(super) fn attribute_path(path: &Path) -> protocol::AttributePath {
    use protocol::attribute_path::step::Selector;
    let steps = path.steps().iter().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        protocol::attribute_path::Step { selector: Some(selector) }
    });
    protocol::AttributePath { steps: steps.collect() }
}

pub(super) fn function_error(error: FunctionError) -> protocol::FunctionError {
    let argument = error.argument.and_then(|position| i64::try_from(position).ok());
    // Terraform puts the text into a sentence of its own and ends that with a full stop.
    let text = error.text.strip_suffix('.').unwrap_or(&error.text).to_owned();
    protocol::FunctionError { text, function_argument: argument }
}
