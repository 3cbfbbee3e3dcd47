//! Tests of the JSON form, also of hostile and foreign state files.

use proptest::prelude::*;

use super::{decode, decode_state};
use crate::value::arbitrary::{json_text, json_value, schema_type};
use crate::value::{DecodeErrorKind, MAX_DEPTH, NumberError, Type, TypeError, Value};
use safe_text::Secret;

fn list(element: Type) -> Type {
    Type::List(Box::new(element))
}

fn map(element: Type) -> Type {
    Type::Map(Box::new(element))
}

fn object(attributes: &[(&str, Type)]) -> Type {
    Type::Object(attributes.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect())
}

fn entries(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

fn dynamic(ty: Type, value: Value) -> Value {
    Value::Dynamic(Box::new((ty, value)))
}

#[test]
fn values_are_read() {
    for (ty, value, json) in [
        (Type::Bool, Value::Bool(true), "true"),
        (Type::Bool, Value::Bool(false), "false"),
        (Type::String, Value::Null, "null"),
        (Type::Dynamic, Value::Null, "null"),
        (Type::String, Value::from("a\"\\\n\u{1}é😀"), r#""a\"\\\n\u0001é😀""#),
        (Type::Secret, Value::from(Secret::from("-----\nKEY\t\"\n")), r#""-----\nKEY\u0009\"\n""#),
        (Type::Number, number("18446744073709551616.5"), "18446744073709551616.5"),
        (Type::Number, number("0.1"), "0.1"),
        (list(Type::Number), Value::List(vec![number("1"), Value::Null]), "[1,null]"),
        (list(Type::Number), Value::List(vec![]), "[]"),
        (
            Type::Tuple(vec![Type::Bool, Type::String]),
            Value::List(vec![Value::Bool(true), Value::from("a")]),
            r#"[true,"a"]"#,
        ),
        (
            map(Type::Bool),
            entries(&[("a\n", Value::Bool(true)), ("b", Value::Null)]),
            r#"{"a\n":true,"b":null}"#,
        ),
        (object(&[]), entries(&[]), "{}"),
        (
            object(&[("b", Type::Bool), ("a", Type::String)]),
            entries(&[("a", Value::from("x")), ("b", Value::Null)]),
            r#"{"a":"x","b":null}"#,
        ),
        (
            Type::Dynamic,
            dynamic(list(Type::String), Value::List(vec![Value::from("a")])),
            r#"{"value":["a"],"type":["list","string"]}"#,
        ),
        (Type::Dynamic, dynamic(Type::Bool, Value::Null), r#"{"value":null,"type":"bool"}"#),
    ] {
        assert_eq!(decode(json.as_bytes(), &ty).as_ref(), Ok(&value), "reading {json}");
        assert_eq!(decode_state(json.as_bytes(), &ty), Ok(value), "reading {json} as state");
    }
}

#[test]
fn other_spellings_of_a_value_are_read() {
    for (ty, value, json) in [
        (Type::Number, number("1500"), " 1.5E+3 "),
        (Type::String, Value::from("é/"), r#""\u00e9\/""#),
        (
            Type::Dynamic,
            dynamic(Type::Bool, Value::Bool(true)),
            r#"{ "type" : "bool" , "value" : true }"#,
        ),
        (object(&[("a", Type::Bool)]), entries(&[("a", Value::Bool(true))]), "{\"\\u0061\":true}"),
    ] {
        assert_eq!(decode(json.as_bytes(), &ty), Ok(value), "{json}");
    }
}

#[test]
fn error_names_the_fault_and_its_place() {
    let wrong = |expected, found| DecodeErrorKind::WrongKind { expected, found };
    let pair = || object(&[("a", Type::String), ("b", Type::Bool)]);
    let typed = "an object of a type and a value";
    for (ty, json, path, kind) in [
        (Type::String, "", "", DecodeErrorKind::Truncated),
        (Type::String, "\"a", "", DecodeErrorKind::Truncated),
        (Type::String, "\"a\" \"b\"", "", DecodeErrorKind::TrailingBytes),
        (Type::String, "a", "", DecodeErrorKind::Malformed { offset: 0 }),
        (Type::String, r#""\ud800""#, "", DecodeErrorKind::Malformed { offset: 1 }),
        (Type::String, "1", "", wrong("a text", "a number")),
        (Type::Secret, "[]", "", wrong("a text", "a list")),
        (Type::Bool, "\"true\"", "", wrong("a boolean", "a text")),
        (Type::Number, "\"1\"", "", wrong("a number", "a text")),
        (Type::Number, "NaN", "", DecodeErrorKind::Malformed { offset: 0 }),
        (Type::Number, "1e1000000000", "", NumberError::OutOfRange.into()),
        (list(Type::Bool), "{}", "", wrong("a list", "an object")),
        (list(Type::Bool), "[true,1]", "[1]", wrong("a boolean", "a number")),
        (Type::Set(Box::new(Type::Bool)), "[true,1]", "", wrong("a boolean", "a number")),
        (
            Type::Tuple(vec![Type::Bool]),
            "[]",
            "",
            DecodeErrorKind::WrongLength { expected: 1, found: 0 },
        ),
        (
            Type::Tuple(vec![Type::Bool]),
            "[true,{},[]]",
            "",
            DecodeErrorKind::WrongLength { expected: 1, found: 3 },
        ),
        (map(Type::Bool), "[]", "", wrong("a map", "a list")),
        (map(Type::Bool), r#"{"a":1}"#, r#"["a"]"#, wrong("a boolean", "a number")),
        (map(Type::Bool), r#"{"a":true,"\u0061":true}"#, r#"["a"]"#, DecodeErrorKind::DuplicateKey),
        (pair(), r#"{"a":"x"}"#, "b", DecodeErrorKind::MissingAttribute),
        (pair(), r#"{"a":"x","b":true,"c":1}"#, "c", DecodeErrorKind::UnexpectedAttribute),
        (pair(), r#"{"a":"x","a":"x","b":true}"#, "a", DecodeErrorKind::DuplicateKey),
        (list(pair()), r#"[{"a":"x","b":"y"}]"#, "[0].b", wrong("a boolean", "a text")),
        (Type::Dynamic, "\"a\"", "", wrong(typed, "a text")),
        (Type::Dynamic, "{}", "", wrong(typed, "another object")),
        (Type::Dynamic, r#"{"type":"bool"}"#, "", wrong(typed, "another object")),
        (
            Type::Dynamic,
            r#"{"type":"bool","type":"bool","value":true}"#,
            "type",
            DecodeErrorKind::DuplicateKey,
        ),
        (
            Type::Dynamic,
            r#"{"type":"bool","value":true,"x":1}"#,
            "x",
            DecodeErrorKind::UnexpectedAttribute,
        ),
        (Type::Dynamic, r#"{"type":"any","value":true}"#, "", TypeError::NotAType.into()),
        (Type::Dynamic, r#"{"type":"bool","value":1}"#, "", wrong("a boolean", "a number")),
    ] {
        let error = decode(json.as_bytes(), &ty).unwrap_err();
        assert_eq!((error.path().to_string().as_str(), error.kind()), (path, &kind), "{json}");
    }
    assert_eq!(decode(b"\"\xff\"", &Type::String).unwrap_err().kind(), &DecodeErrorKind::NotUtf8);
}

#[test]
fn state_of_another_version_is_fitted_to_the_type() {
    let ty = object(&[
        ("name", Type::String),
        ("port", Type::Number),
        ("active", Type::Bool),
        ("password", Type::Secret),
        ("rules", list(object(&[("id", Type::String), ("note", Type::String)]))),
    ]);
    let state = br#"{
        "name": 12.50, "port": "8080", "active": "true", "password": 1234, "gone": {"a": [1, "x"]},
        "rules": [{"id": true, "old": null}]
    }"#;
    let expected = entries(&[
        ("name", Value::from("12.50")),
        ("port", number("8080")),
        ("active", Value::Bool(true)),
        ("password", Value::from(Secret::from("1234"))),
        (
            "rules",
            Value::List(vec![entries(&[("id", Value::from("true")), ("note", Value::Null)])]),
        ),
    ]);
    assert_eq!(decode_state(state, &ty), Ok(expected));
    assert!(decode(state, &ty).is_err());

    let nothing = ["active", "name", "password", "port", "rules"].map(|name| (name, Value::Null));
    assert_eq!(decode_state(b"{}", &ty), Ok(entries(&nothing)));
}

#[test]
fn state_that_cannot_be_converted_is_refused() {
    let ty = object(&[("port", Type::Number), ("active", Type::Bool), ("name", Type::String)]);
    for (state, path) in [
        (r#"{"port":"many"}"#, "port"),
        (r#"{"port":true}"#, "port"),
        (r#"{"active":"yes"}"#, "active"),
        (r#"{"active":1}"#, "active"),
        (r#"{"name":["a"]}"#, "name"),
        (r#"{"name":"a","name":"b"}"#, "name"),
        ("[]", ""),
        (r#"{"gone":[1,]}"#, ""),
        (r#"{"gone":1} {}"#, ""),
    ] {
        let error = decode_state(state.as_bytes(), &ty).unwrap_err();
        assert_eq!(error.path().to_string(), path, "{state}: {error}");
    }
}

#[test]
fn errors_do_not_contain_the_value() {
    for (ty, json) in [
        (Type::Number, "\"hunter2\""),
        (Type::Secret, "[\"hunter2\"]"),
        (Type::Secret, "\"hunter2"),
        (Type::Secret, r#""hunter2\x""#),
        (Type::Bool, "\"hunter2\""),
        (Type::Secret, "hunter2"),
    ] {
        for error in [decode(json.as_bytes(), &ty), decode_state(json.as_bytes(), &ty)] {
            if let Err(error) = error {
                assert!(!format!("{error} {error:?}").contains("hunter2"), "{json}: {error}");
            }
        }
    }
}

#[test]
fn depth_is_limited() {
    let nested = |levels: usize| {
        let ty = (0..levels).fold(Type::Bool, |ty, _| list(ty));
        let json = ["[".repeat(levels).as_str(), "true", "]".repeat(levels).as_str()].concat();
        decode(json.as_bytes(), &ty)
    };
    assert!(nested(MAX_DEPTH).is_ok());
    assert_eq!(nested(MAX_DEPTH + 1).unwrap_err().kind(), &DecodeErrorKind::TooDeep);

    let dynamics = |levels: usize| {
        let ends = r#","type":"dynamic"}"#.repeat(levels);
        let json = [r#"{"value":"#.repeat(levels).as_str(), "null", ends.as_str()].concat();
        decode(json.as_bytes(), &Type::Dynamic)
    };
    assert!(dynamics(MAX_DEPTH).is_ok());
    assert_eq!(dynamics(10_000).unwrap_err().kind(), &DecodeErrorKind::TooDeep);

    // The depth of skipped values is limited, too.
    let ignored = format!(r#"{{"gone":{}}}"#, "[".repeat(1_000_000));
    let error = decode_state(ignored.as_bytes(), &object(&[])).unwrap_err();
    assert_eq!(error.kind(), &DecodeErrorKind::TooDeep);
}

#[test]
fn memory_is_linear_in_the_message() {
    let many = |each: &str| format!("[{each}{}]", format!(",{each}").repeat(700_000));
    for (what, ty, json) in [
        ("nothing", list(Type::String), many("null")),
        ("numbers", list(Type::Number), many("1e1099")),
        ("texts", list(Type::String), many(r#""\n""#)),
        ("secrets", list(Type::Secret), many(r#""\n""#)),
        ("empty lists", list(list(Type::Bool)), many("[]")),
        ("maps of one", list(map(Type::Bool)), many(r#"{"":true}"#)),
        ("dynamic values", list(Type::Dynamic), many(r#"{"value":1,"type":"number"}"#)),
        (
            "attributes to be filled",
            list(object(&[("a", Type::Bool), ("b", Type::Bool)])),
            many("{}"),
        ),
    ] {
        let memory = allocation_counter::measure(|| drop(decode_state(json.as_bytes(), &ty)));
        let (used, received) = (usize::try_from(memory.bytes_max).unwrap(), json.len());
        assert!(used <= received * 700, "{what}: {used} bytes for {received}");
        // Otherwise nothing was measured.
        assert!(used > received / 2, "{what}: {used} bytes for {received}");
    }
}

proptest! {
    #[test]
    fn json_of_every_value_is_read_back((ty, value) in json_value(schema_type())) {
        let json = json_text(&value);
        prop_assert_eq!(decode(json.as_bytes(), &ty), Ok(value.clone()));
        prop_assert_eq!(decode_state(json.as_bytes(), &ty), Ok(value));
    }

    #[test]
    fn any_text_is_read_or_refused(ty in schema_type(), text in "[\\[\\]{}:,\"\\\\a0-9.eE+\\- ntu]{0,40}") {
        if let Ok(value) = decode(text.as_bytes(), &ty) {
            prop_assert_eq!(decode(json_text(&value).as_bytes(), &ty), Ok(value));
        }
        drop(decode_state(text.as_bytes(), &ty));
    }

    #[test]
    fn damaged_json_is_read_or_refused(
        (ty, value) in json_value(schema_type()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut json = json_text(&value).into_bytes();
        for (place, byte) in damage {
            let place = place.index(json.len());
            json[place] = byte;
        }
        drop(decode(&json, &ty));
        drop(decode_state(&json, &ty));
    }
}
