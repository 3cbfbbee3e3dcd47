//! Equality of values as Terraform defines it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::{Type, Value};

impl Value {
    /// Whether two values of a type are equal for Terraform.
    ///
    /// Strings are compared in Unicode's normal form C, in which Terraform sends
    /// and stores them, numbers by value, and sets regardless of order. Null and
    /// unknown equal themselves only; the null of a dynamic value has no type. A
    /// secret equals a string of the same content, so that a value may be compared
    /// before and after its schema made it a secret.
    ///
    /// In contrast, `==` compares representations.
    #[must_use]
    pub fn equals(&self, other: &Self, ty: &Type) -> bool {
        compare(self, other, ty).is_eq()
    }
}

/// Compares values, to sort sets by.
fn compare(left: &Value, right: &Value, ty: &Type) -> Ordering {
    if left.is_null() || right.is_null() {
        return right.is_null().cmp(&left.is_null());
    }
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::List(left), Value::List(right)) => match ty {
            Type::Set(element) => compare_sets(left, right, element),
            Type::List(element) => compare_lists(left, right, |_| element.as_ref()),
            Type::Tuple(types) => {
                compare_lists(left, right, |index| types.get(index).unwrap_or(&Type::Dynamic))
            }
            // The values are not of the type. They are compared nevertheless.
            Type::Bool
            | Type::Number
            | Type::String
            | Type::Secret
            | Type::Dynamic
            | Type::Map(_)
            | Type::Object(_) => compare_lists(left, right, |_| &Type::Dynamic),
        },
        (Value::Map(left), Value::Map(right)) => compare_maps(left, right, ty),
        (Value::Dynamic(left), Value::Dynamic(right)) => {
            let ((left_type, left), (right_type, right)) = (left.as_ref(), right.as_ref());
            // Types with the same JSON differ in secrecy at most.
            left_type
                .to_json()
                .cmp(&right_type.to_json())
                .then_with(|| compare(left, right, left_type))
        }
        _ => match (text(left), text(right)) {
            (Some(left), Some(right)) => compare_texts(left, right),
            _ => rank(left).cmp(&rank(right)),
        },
    }
}

fn compare_lists<'t>(
    left: &[Value],
    right: &[Value],
    element: impl Fn(usize) -> &'t Type,
) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| {
        let pairs = left.iter().zip(right).enumerate();
        first_difference(pairs.map(|(index, (left, right))| compare(left, right, element(index))))
    })
}

fn compare_sets(left: &[Value], right: &[Value], element: &Type) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| {
        let (left, right) = (sorted(left, element), sorted(right, element));
        first_difference(left.iter().zip(right).map(|(left, right)| compare(left, right, element)))
    })
}

fn sorted<'v>(items: &'v [Value], element: &Type) -> Vec<&'v Value> {
    let mut items: Vec<&Value> = items.iter().collect();
    items.sort_by(|left, right| compare(left, right, element));
    items
}

fn compare_maps(
    left: &BTreeMap<String, Value>,
    right: &BTreeMap<String, Value>,
    ty: &Type,
) -> Ordering {
    let element = |key: &str| match ty {
        Type::Map(element) => element.as_ref(),
        Type::Object(types) => types.get(key).unwrap_or(&Type::Dynamic),
        Type::Bool
        | Type::Number
        | Type::String
        | Type::Secret
        | Type::Dynamic
        | Type::List(_)
        | Type::Set(_)
        | Type::Tuple(_) => &Type::Dynamic,
    };
    left.len().cmp(&right.len()).then_with(|| {
        let (left, right) = (sorted_entries(left), sorted_entries(right));
        first_difference(left.into_iter().zip(right).map(
            |((left_key, left), (right_key, right))| {
                compare_texts(left_key, right_key)
                    .then_with(|| compare(left, right, element(left_key)))
            },
        ))
    })
}

/// Returns the entries in the order of their normalized keys.
fn sorted_entries(entries: &BTreeMap<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by(|(left, _), (right, _)| compare_texts(left, right));
    entries
}

fn first_difference(mut orderings: impl Iterator<Item = Ordering>) -> Ordering {
    orderings.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

/// Returns the content of a string, secret or not.
fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Secret(secret) => Some(secret.open().expose()),
        Value::Null
        | Value::Unknown
        | Value::Bool(_)
        | Value::Number(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Dynamic(_) => None,
    }
}

/// Compares by character, without a normalized copy of a secret.
fn compare_texts(left: &str, right: &str) -> Ordering {
    if left == right { Ordering::Equal } else { left.nfc().cmp(right.nfc()) }
}

/// Returns the position of a value's kind in the order.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Unknown => 1,
        Value::Bool(_) => 2,
        Value::Number(_) => 3,
        Value::String(_) | Value::Secret(_) => 4,
        Value::List(_) => 5,
        Value::Map(_) => 6,
        Value::Dynamic(_) => 7,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use crate::value::arbitrary::{schema_type, typed_value};
    use crate::value::{Type, Value};
    use safe_text::Secret;

    const COMPOSED: &str = "caf\u{e9}";
    const DECOMPOSED: &str = "cafe\u{301}";

    fn list(items: &[&str]) -> Value {
        Value::List(items.iter().copied().map(Value::from).collect())
    }

    fn number(text: &str) -> Value {
        Value::Number(text.parse().unwrap())
    }

    #[test]
    fn strings_are_compared_in_normal_form() {
        let (composed, decomposed) = (Value::from(COMPOSED), Value::from(DECOMPOSED));
        assert_ne!(composed, decomposed);
        assert!(composed.equals(&decomposed, &Type::String));
        assert!(composed.equals(&Value::from(Secret::from(DECOMPOSED)), &Type::Secret));
        assert!(!composed.equals(&Value::from("cafe"), &Type::String));
        assert!(!composed.equals(&Value::from(Secret::from("cafe")), &Type::Secret));

        let map = |key: &str| Value::Map(BTreeMap::from([(key.to_owned(), Value::Null)]));
        let ty = Type::Map(Box::new(Type::String));
        assert!(map(COMPOSED).equals(&map(DECOMPOSED), &ty));
        assert!(!map(COMPOSED).equals(&map("cafe"), &ty));
    }

    #[test]
    fn order_matters_except_in_sets() {
        let string = || Box::new(Type::String);
        let (one, other) = (list(&["a", "b", "a"]), list(&["b", "a", "a"]));
        assert!(one.equals(&other, &Type::Set(string())));
        assert!(!one.equals(&other, &Type::List(string())));
        assert!(!one.equals(&other, &Type::Tuple(vec![Type::String; 3])));
        let fewer = list(&["a", "b", "b"]);
        assert!(!one.equals(&fewer, &Type::Set(string())), "how often an element occurs counts");
        assert!(!one.equals(&list(&["a", "b"]), &Type::Set(string())));
    }

    #[test]
    fn nested_sets_are_compared_by_value() {
        let ty = Type::Set(Box::new(Type::Set(Box::new(Type::String))));
        let one = Value::List(vec![list(&["x", COMPOSED]), list(&["y"])]);
        let other = Value::List(vec![list(&["y"]), list(&[DECOMPOSED, "x"])]);
        assert!(one.equals(&other, &ty));
    }

    #[test]
    fn values_of_different_kinds_are_not_equal() {
        assert!(number("1").equals(&number("1.0"), &Type::Number));
        assert!(!Value::Null.equals(&Value::Unknown, &Type::String));
        assert!(!Value::from("").equals(&Value::Null, &Type::String));
        assert!(!Value::from("1").equals(&number("1"), &Type::Dynamic));
        let dynamic = |ty, value| Value::Dynamic(Box::new((ty, value)));
        let (text, secret) =
            (dynamic(Type::String, Value::from("a")), dynamic(Type::Secret, Value::from("a")));
        assert!(text.equals(&secret, &Type::Dynamic));
        let null = dynamic(Type::Bool, Value::Null);
        assert!(null.equals(&Value::Null, &Type::Dynamic));
        assert!(null.equals(&dynamic(Type::String, Value::Null), &Type::Dynamic));
        assert!(!null.equals(&text, &Type::Dynamic));
    }

    proptest! {
        #[test]
        fn value_equals_itself((ty, value) in typed_value(schema_type())) {
            prop_assert!(value.equals(&value.clone(), &ty));
        }

        #[test]
        fn equality_is_symmetric(
            (ty, left, right) in schema_type().prop_flat_map(|ty| {
                let values = || crate::value::arbitrary::value_of(&ty, true);
                (Just(ty.clone()), values(), values())
            })
        ) {
            prop_assert_eq!(left.equals(&right, &ty), right.equals(&left, &ty));
        }
    }
}
