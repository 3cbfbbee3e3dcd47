//! Random types and values, for property tests.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::{Number, Type, Value};
use safe_text::Secret;

/// Generates a type as it may come over the wire.
pub(crate) fn wire_type() -> BoxedStrategy<Type> {
    types(prop_oneof![
        Just(Type::Bool),
        Just(Type::Number),
        Just(Type::String),
        Just(Type::Dynamic)
    ])
}

/// Generates a type as a schema may declare it, with secrets.
pub(crate) fn schema_type() -> BoxedStrategy<Type> {
    types(prop_oneof![
        Just(Type::Bool),
        Just(Type::Number),
        Just(Type::String),
        Just(Type::Secret),
        Just(Type::Dynamic),
    ])
}

fn types(primitive: impl Strategy<Value = Type> + 'static) -> BoxedStrategy<Type> {
    let compound = |inner: BoxedStrategy<Type>| {
        prop_oneof![
            inner.clone().prop_map(|element| Type::List(Box::new(element))),
            inner.clone().prop_map(|element| Type::Set(Box::new(element))),
            inner.clone().prop_map(|element| Type::Map(Box::new(element))),
            vec(inner.clone(), 0..4).prop_map(Type::Tuple),
            btree_map(name(), inner, 0..4).prop_map(Type::Object),
        ]
    };
    primitive.prop_recursive(4, 24, 4, compound).boxed()
}

/// Generates a type and a value of it, null and unknown included.
pub(crate) fn typed_value(types: BoxedStrategy<Type>) -> BoxedStrategy<(Type, Value)> {
    types.prop_flat_map(|ty| (Just(ty.clone()), value_of(&ty, true))).boxed()
}

/// Generates a type and a value of it that JSON can express.
pub(crate) fn json_value(types: BoxedStrategy<Type>) -> BoxedStrategy<(Type, Value)> {
    types.prop_flat_map(|ty| (Just(ty.clone()), value_of(&ty, false))).boxed()
}

/// Generates a value of the type, with `unknown` also one that JSON cannot express.
pub(crate) fn value_of(ty: &Type, unknown: bool) -> BoxedStrategy<Value> {
    let known = match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => number(unknown).prop_map(Value::Number).boxed(),
        Type::String => any::<String>().prop_map(Value::String).boxed(),
        Type::Secret => any::<String>().prop_map(|text| Value::from(Secret::new(text))).boxed(),
        Type::Dynamic => wire_type()
            .prop_filter("a dynamic value brings a definite type", |ty| *ty != Type::Dynamic)
            .prop_flat_map(move |ty| (Just(ty.clone()), value_of(&ty, unknown)))
            .prop_map(|typed| Value::Dynamic(Box::new(typed)))
            .boxed(),
        Type::List(element) | Type::Set(element) => {
            vec(value_of(element, unknown), 0..4).prop_map(Value::List).boxed()
        }
        Type::Map(element) => btree_map(any::<String>(), value_of(element, unknown), 0..4)
            .prop_map(Value::Map)
            .boxed(),
        Type::Tuple(types) => {
            let values: Vec<_> = types.iter().map(|ty| value_of(ty, unknown)).collect();
            values.prop_map(Value::List).boxed()
        }
        Type::Object(types) => {
            let values: Vec<_> = types.values().map(|ty| value_of(ty, unknown)).collect();
            let names: Vec<_> = types.keys().cloned().collect();
            values
                .prop_map(move |values| {
                    Value::Map(BTreeMap::from_iter(names.iter().cloned().zip(values)))
                })
                .boxed()
        }
    };
    let unknowns = u32::from(unknown);
    prop_oneof![8 => known, 1 => Just(Value::Null), unknowns => Just(Value::Unknown)].boxed()
}

fn number(infinite: bool) -> BoxedStrategy<Number> {
    let infinities = u32::from(infinite);
    prop_oneof![
        4 => any::<i64>().prop_map(Number::from),
        2 => any::<u64>().prop_map(Number::from),
        4 => any::<f64>()
            .prop_filter_map("not a number", |float| Number::try_from(float).ok())
            .prop_filter("infinite", Number::is_finite),
        4 => "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,3})?"
            .prop_filter_map("out of range", |text| text.parse().ok()),
        infinities => Just(Number::INFINITY),
        infinities => Just(Number::NEGATIVE_INFINITY),
    ]
    .boxed()
}

/// Returns the JSON of a value that JSON can express.
pub(crate) fn json_text(value: &Value) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    match value {
        Value::Null => "null".to_owned(),
        Value::Unknown => panic!("JSON cannot express an unknown value"),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Secret(secret) => quoted(secret.open().expose()),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(json_text).collect();
            format!("[{}]", items.join(","))
        }
        Value::Map(entries) => {
            let entry =
                |(key, value): (&String, _)| format!("{}:{}", quoted(key), json_text(value));
            let entries: Vec<_> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Dynamic(inner) => {
            let ty = String::from_utf8(inner.0.to_json()).unwrap();
            format!("{{\"value\":{},\"type\":{ty}}}", json_text(&inner.1))
        }
    }
}

/// Generates mostly names that Terraform allows, sometimes any string.
fn name() -> BoxedStrategy<String> {
    prop_oneof![9 => "[a-z_][a-z0-9_]{0,8}", 1 => any::<String>()].boxed()
}
