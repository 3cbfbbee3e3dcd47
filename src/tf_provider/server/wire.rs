//! Converts the protocol's messages to the framework's types and back.

use crate::client::{ClientCapabilities, Deferred};
use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::function::FunctionError;
use crate::object::{Configuration, Identity, Object, State};
use crate::protocol::tfplugin5 as protocol;
use crate::provider::Registered;
use crate::resource::ValidateRequest;
use crate::schema::IdentitySchema;
use crate::value::{EncodeError, Path, Step, Type, Value, fit, json, msgpack};
use safe_text::shown_lines;

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
                "Run `terraform init -upgrade`, and report this message if it happens again. The \
                 {what} does not fit this provider's schema: {error}. Nothing was changed."
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
    Ok(validate(&served.object, ValidateRequest::new(&configuration)))
}

/// Returns the capabilities of a client. An old one sends none.
pub(super) fn client(sent: Option<&protocol::ClientCapabilities>) -> ClientCapabilities {
    sent.map_or_else(ClientCapabilities::default, |sent| ClientCapabilities {
        deferral_allowed: sent.deferral_allowed,
        write_only_attributes_allowed: sent.write_only_attributes_allowed,
    })
}

/// Writes the reason why a call has to wait. It is an error if the client did not
/// allow that.
pub(super) fn deferred(
    reason: Option<Deferred>,
    client: ClientCapabilities,
) -> Result<Option<protocol::Deferred>, Diagnostics> {
    use protocol::deferred::Reason;
    let Some(reason) = reason else { return Ok(None) };
    if !client.deferral_allowed {
        return Err(Diagnostic::error(
            "The provider deferred a call that cannot wait",
            "This version of Terraform did not allow it. This is a defect of the provider; please \
             report it.",
        )
        .into());
    }
    let reason = match reason {
        Deferred::ResourceConfigUnknown => Reason::ResourceConfigUnknown,
        Deferred::ProviderConfigUnknown => Reason::ProviderConfigUnknown,
        Deferred::AbsentPrerequisite => Reason::AbsentPrereq,
    };
    Ok(Some(protocol::Deferred { reason: reason.into() }))
}

/// Reads an identity; `None` if there is none.
pub(super) fn decode_identity(
    identity: Option<&protocol::ResourceIdentityData>,
    schema: Option<&(IdentitySchema, Type)>,
) -> Result<Option<Identity>, Diagnostics> {
    let (Some(identity), Some((_, ty))) = (identity, schema) else { return Ok(None) };
    let value = decode(identity.identity_data.as_ref(), ty, "identity")?;
    if let Value::Map(entries) = value {
        return Ok(Some(Identity::new(Object::from_entries(entries))));
    }
    Ok(None)
}

/// Writes a value, in msgpack as Terraform prefers.
pub(super) fn encode(value: &Value, ty: &Type) -> Result<protocol::DynamicValue, Diagnostics> {
    let bytes = msgpack::encode(value, ty)
        .map_err(|error| Diagnostics::from(misfit(&[error], "Nothing was kept.")))?;
    Ok(protocol::DynamicValue { msgpack: bytes.into(), json: bytes::Bytes::new() })
}

/// Writes a value, or what fits of it. The faults are an error in `messages`.
fn encode_fitting(
    value: Value,
    ty: &Type,
    messages: &mut Diagnostics,
) -> Result<protocol::DynamicValue, Diagnostics> {
    if let Ok(bytes) = msgpack::encode(&value, ty) {
        return Ok(protocol::DynamicValue { msgpack: bytes.into(), json: bytes::Bytes::new() });
    }
    let (value, faults) = fit(value, ty);
    let encoded = encode(&value, ty)?;
    messages.push(misfit(&faults, "Everything else was kept."));
    Ok(encoded)
}

fn misfit(faults: &[EncodeError], kept: &str) -> Diagnostic {
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    Diagnostic::error(
        "The provider produced a value that does not fit its schema",
        format!(
            "{}. {kept} This is a defect of the provider; please report it.",
            faults.join("; ")
        ),
    )
}

/// Writes a state; null if there is none. Write-only values are cleared by the
/// schema that is served. What does not fit the schema becomes null, with an error
/// in `messages`: the object exists, and Terraform must not forget it.
pub(super) fn encode_state<T: ?Sized>(
    state: Option<State>,
    served: &Registered<T>,
    messages: &mut Diagnostics,
) -> Result<protocol::DynamicValue, Diagnostics> {
    let value = state.map_or(Value::Null, |state| {
        let mut object = state.into_object();
        object.normalize_state(&served.schema().block);
        object.into_value()
    });
    encode_fitting(value, served.value_type(), messages)
}

/// Writes an identity, or what fits of it, with an error in `messages`.
pub(super) fn encode_identity(
    identity: Option<Identity>,
    schema: Option<&(IdentitySchema, Type)>,
    messages: &mut Diagnostics,
) -> Result<Option<protocol::ResourceIdentityData>, Diagnostics> {
    let (Some(identity), Some((_, ty))) = (identity, schema) else { return Ok(None) };
    let identity_data = encode_fitting(identity.into_object().into_value(), ty, messages)?;
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
    let text = shown_lines(error.text.strip_suffix('.').unwrap_or(&error.text));
    protocol::FunctionError { text, function_argument: argument }
}
