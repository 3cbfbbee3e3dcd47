//! State as Terraform stores it, of an older version or of another type.

use std::collections::BTreeMap;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::object::Object;
use super::value::{Type, Value, json};

/// A state or an identity that is to be converted: the JSON of a state file.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RawState<'a> {
    /// The version of the schema by which it was stored.
    pub version: i64,
    /// The JSON.
    pub json: &'a [u8],
    /// The type of the present schema.
    ty: &'a Type,
}

impl<'a> RawState<'a> {
    /// Takes the JSON of a state file. `ty` is the type of the present schema.
    #[must_use]
    pub fn new(version: i64, json: &'a [u8], ty: &'a Type) -> Self {
        Self { version, json, ty }
    }

    /// Decodes the attributes that the present schema has. Others are dropped, and
    /// those that are missing are null.
    ///
    /// # Errors
    /// When an attribute has another type by now, or when it is not JSON.
    pub fn decode(self) -> Result<Object, Diagnostics> {
        self.decode_as(self.ty)
    }

    /// Decodes one attribute of the schema by which it was stored; null if there is
    /// no such attribute.
    ///
    /// # Errors
    /// When the attribute has another type, or when it is not JSON.
    pub fn attribute(self, name: &str, ty: Type) -> Result<Value, Diagnostics> {
        let ty = Type::Object(BTreeMap::from([(name.to_owned(), ty)]));
        Ok(self.decode_as(&ty)?.get(name).content().clone())
    }

    fn decode_as(self, ty: &Type) -> Result<Object, Diagnostics> {
        let unreadable = |cause: String| {
            Diagnostic::error(
                "The stored state cannot be read",
                format!(
                    "Restore the state from a backup, or remove this resource with `terraform \
                     state rm` and import it again. Nothing was changed. The problem: {cause}."
                ),
            )
        };
        match json::decode_state(self.json, ty).map_err(|error| unreadable(error.to_string()))? {
            Value::Map(entries) => Ok(Object::from_entries(entries)),
            Value::Null
            | Value::Unknown
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Secret(_)
            | Value::List(_)
            | Value::Dynamic(_) => Err(unreadable("it is not an object".to_owned()).into()),
        }
    }
}
