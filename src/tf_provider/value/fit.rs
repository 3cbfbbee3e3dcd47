//! Keeps what fits of a value that does not fit its type.

use std::collections::BTreeMap;

use super::error::{EncodeError, EncodeErrorKind};
use super::limits::{MAX_DEPTH, deeper};
use super::type_check::{element_step, mismatch};
use super::{Step, Type, Value};

/// Returns the parts of a value that fit the type, and the faults of the others,
/// which become null. Attributes that the type lacks are dropped.
///
/// The object that a response describes may exist by now. It must not be
/// forgotten because one of its attributes is misspelled.
pub(crate) fn fit(value: Value, ty: &Type) -> (Value, Vec<EncodeError>) {
    let mut faults = Vec::new();
    let value = part(value, ty, MAX_DEPTH, &mut faults);
    (value, faults)
}

fn part(value: Value, ty: &Type, depth: usize, faults: &mut Vec<EncodeError>) -> Value {
    let nests = matches!(value, Value::Dynamic(_) | Value::List(_) | Value::Map(_));
    let inner = match deeper(depth) {
        Ok(inner) => inner,
        Err(error) if nests => {
            faults.push(EncodeErrorKind::from(error).into());
            return Value::Null;
        }
        Err(_) => 0,
    };
    match (ty, value) {
        (_, value @ (Value::Null | Value::Unknown))
        | (Type::Bool, value @ Value::Bool(_))
        | (Type::Number, value @ Value::Number(_))
        | (Type::String | Type::Secret, value @ Value::String(_))
        | (Type::Secret, value @ Value::Secret(_)) => value,
        (Type::Dynamic, Value::Dynamic(dynamic)) => {
            let (ty, value) = *dynamic;
            let value = part(value, &ty, inner, faults);
            Value::Dynamic(Box::new((ty, value)))
        }
        (Type::List(element) | Type::Set(element), Value::List(items)) => {
            let items = items.into_iter().enumerate().map(|(index, item)| {
                within(element_step(ty, index), faults, |faults| part(item, element, inner, faults))
            });
            Value::List(items.collect())
        }
        (Type::Tuple(types), Value::List(items)) if types.len() == items.len() => {
            let items = items.into_iter().zip(types).enumerate().map(|(index, (item, element))| {
                within(element_step(ty, index), faults, |faults| part(item, element, inner, faults))
            });
            Value::List(items.collect())
        }
        (Type::Map(element), Value::Map(entries)) => {
            let entries = entries.into_iter().map(|(key, value)| {
                let step = Some(Step::Key(key.clone()));
                (key, within(step, faults, |faults| part(value, element, inner, faults)))
            });
            Value::Map(entries.collect())
        }
        (Type::Object(types), Value::Map(entries)) => object(types, entries, inner, faults),
        (ty, value) => {
            faults.push(mismatch(ty, &value));
            Value::Null
        }
    }
}

fn object(
    types: &BTreeMap<String, Type>,
    mut entries: BTreeMap<String, Value>,
    depth: usize,
    faults: &mut Vec<EncodeError>,
) -> Value {
    let fitting = types.iter().map(|(name, ty)| {
        let step = Some(Step::Attribute(name.clone()));
        let value = within(step, faults, |faults| match entries.remove(name) {
            Some(value) => part(value, ty, depth, faults),
            None => {
                faults.push(EncodeErrorKind::MissingAttribute.into());
                Value::Null
            }
        });
        (name.clone(), value)
    });
    let fitting = fitting.collect();
    faults.extend(entries.into_keys().map(|name| {
        EncodeError::from(EncodeErrorKind::UnexpectedAttribute).within(Step::Attribute(name))
    }));
    Value::Map(fitting)
}

/// Collects the faults of a part as seen from one step further out.
fn within(
    step: Option<Step>,
    faults: &mut Vec<EncodeError>,
    part: impl FnOnce(&mut Vec<EncodeError>) -> Value,
) -> Value {
    let mut inner = Vec::new();
    let value = part(&mut inner);
    faults.extend(inner.into_iter().map(|fault| fault.within(step.clone())));
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::arbitrary::{schema_type, typed_value};
    use crate::value::msgpack;

    proptest! {
        #[test]
        fn value_of_the_type_is_kept_whole((ty, value) in typed_value(schema_type())) {
            prop_assert_eq!(fit(value.clone(), &ty), (value, Vec::new()));
        }

        #[test]
        fn what_is_kept_of_any_value_can_be_written(
            (_, value) in typed_value(schema_type()),
            ty in schema_type(),
        ) {
            let (kept, faults) = fit(value.clone(), &ty);
            prop_assert!(msgpack::encode(&kept, &ty).is_ok());
            prop_assert_eq!(faults.is_empty(), msgpack::encode(&value, &ty).is_ok());
        }
    }
}
