//! Tests of the wire format, also of hostile messages.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{decode, encode};
use crate::value::arbitrary::{schema_type, typed_value};
use crate::value::{
    DecodeErrorKind, EncodeErrorKind, MAX_DEPTH, Number, NumberError, Type, TypeError, Value,
};
use safe_text::Secret;

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |index| u8::from_str_radix(&hex[index..index + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

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

fn kind(message: &[u8], ty: &Type) -> DecodeErrorKind {
    decode(message, ty).unwrap_err().kind().clone()
}

/// The vectors are from Terraform's own tests and a recorded session.
#[test]
fn vectors_are_read_and_written() {
    let hello = || Value::from("hello");
    let hellos = || Value::List(vec![hello()]);
    for (ty, value, message) in [
        (Type::String, hello(), "a568656c6c6f"),
        (Type::Secret, Value::from(Secret::from("hello")), "a568656c6c6f"),
        (Type::String, Value::from(""), "a0"),
        (Type::String, Value::Unknown, "d40000"),
        (list(Type::String), Value::Unknown, "d40000"),
        (Type::Dynamic, Value::Unknown, "d40000"),
        (Type::String, Value::Null, "c0"),
        (object(&[("a", Type::Bool)]), Value::Null, "c0"),
        (Type::Dynamic, Value::Null, "c0"),
        (Type::Bool, Value::Bool(true), "c3"),
        (Type::Bool, Value::Bool(false), "c2"),
        (Type::Number, number("0"), "00"),
        (Type::Number, number("1"), "01"),
        (Type::Number, number("-1"), "ff"),
        (Type::Number, number("127"), "7f"),
        (Type::Number, number("128"), "cc80"),
        (Type::Number, number("-33"), "d0df"),
        (Type::Number, number("65536"), "ce00010000"),
        (Type::Number, number("9223372036854775807"), "cf7fffffffffffffff"),
        (Type::Number, number("-9223372036854775808"), "d38000000000000000"),
        (
            Type::Number,
            number("18446744073709551615"),
            "b43138343436373434303733373039353531363135",
        ),
        (Type::Number, number("9223372036854775808"), "b339323233333732303336383534373735383038"),
        (Type::Number, number("1.5"), "cb3ff8000000000000"),
        (Type::Number, number("0.8"), "a3302e38"),
        (Type::Number, Value::Number(Number::INFINITY), "cb7ff0000000000000"),
        (Type::Number, Value::Number(Number::NEGATIVE_INFINITY), "cbfff0000000000000"),
        (list(Type::String), hellos(), "91a568656c6c6f"),
        (Type::Set(Box::new(Type::String)), hellos(), "91a568656c6c6f"),
        (
            Type::Tuple(vec![Type::String, Type::Bool]),
            Value::List(vec![hello(), Value::Bool(true)]),
            "92a568656c6c6fc3",
        ),
        (list(Type::String), Value::List(vec![]), "90"),
        (map(Type::String), entries(&[("greeting", hello())]), "81a86772656574696e67a568656c6c6f"),
        (
            object(&[("greeting", Type::String)]),
            entries(&[("greeting", hello())]),
            "81a86772656574696e67a568656c6c6f",
        ),
        (map(Type::String), entries(&[]), "80"),
        (Type::Dynamic, dynamic(Type::String, hello()), "92c40822737472696e6722a568656c6c6f"),
        (Type::Dynamic, dynamic(Type::String, Value::Null), "92c40822737472696e6722c0"),
        (
            Type::Dynamic,
            dynamic(list(Type::String), hellos()),
            "92c4115b226c697374222c22737472696e67225d91a568656c6c6f",
        ),
    ] {
        assert_eq!(decode(&bytes(message), &ty).as_ref(), Ok(&value), "reading {message}");
        assert_eq!(encode(&value, &ty).map(|written| hex(&written)).as_deref(), Ok(message));
    }
}

#[test]
fn other_encodings_of_a_value_are_read() {
    for (ty, value, message) in [
        (Type::String, Value::Unknown, "c7070c8201c202a2782d"),
        (Type::String, Value::Unknown, "d5ff0102"),
        (Type::Number, Value::Unknown, "c8000005"),
        (Type::Bool, Value::Unknown, "c90000000105ff"),
        (Type::Bool, Value::Unknown, "d87f00000000000000000000000000000000"),
        (Type::Number, number("1"), "cc01"),
        (Type::Number, number("1"), "d10001"),
        (Type::Number, number("18446744073709551615"), "cfffffffffffffffff"),
        (Type::Number, number("1.5"), "ca3fc00000"),
        (Type::Number, number("1500"), "a5312e356533"),
        (Type::Number, number("0"), "cb8000000000000000"),
        (Type::Number, Value::Number(Number::INFINITY), "ca7f800000"),
        (Type::String, Value::from("a"), "d90161"),
        (Type::String, Value::from("a"), "da000161"),
        (Type::String, Value::from("a"), "db0000000161"),
        (list(Type::Bool), Value::List(vec![Value::Bool(true)]), "dc0001c3"),
        (list(Type::Bool), Value::List(vec![Value::Bool(true)]), "dd00000001c3"),
        (map(Type::Bool), entries(&[("a", Value::Bool(true))]), "de0001a161c3"),
        (map(Type::Bool), entries(&[("a", Value::Bool(true))]), "df00000001a161c3"),
        (Type::Dynamic, dynamic(Type::Bool, Value::Bool(true)), "92a622626f6f6c22c3"),
    ] {
        assert_eq!(decode(&bytes(message), &ty), Ok(value), "{message}");
    }
}

#[test]
fn error_names_the_fault_and_its_place() {
    let wrong = |expected, found| DecodeErrorKind::WrongKind { expected, found };
    let pair = || object(&[("a", Type::String), ("b", Type::Bool)]);
    for (ty, message, path, kind) in [
        (Type::String, "", "", DecodeErrorKind::Truncated),
        (Type::String, "a5686565", "", DecodeErrorKind::Truncated),
        (Type::String, "dbffffffff00", "", DecodeErrorKind::Truncated),
        (Type::Number, "cf00", "", DecodeErrorKind::Truncated),
        (Type::String, "d400", "", DecodeErrorKind::Truncated),
        (Type::String, "c9ffffffff00", "", DecodeErrorKind::Truncated),
        (Type::String, "a0a0", "", DecodeErrorKind::TrailingBytes),
        (Type::String, "c1", "", DecodeErrorKind::Malformed { offset: 0 }),
        (list(Type::String), "91c1", "[0]", DecodeErrorKind::Malformed { offset: 1 }),
        (Type::String, "a2c328", "", DecodeErrorKind::NotUtf8),
        (Type::String, "c40161", "", wrong("a text", "binary data")),
        (Type::String, "01", "", wrong("a text", "a number")),
        (Type::Secret, "c3", "", wrong("a text", "a boolean")),
        (Type::Bool, "01", "", wrong("a boolean", "a number")),
        (Type::Number, "c3", "", wrong("a number", "a boolean")),
        (Type::Number, "a161", "", NumberError::Syntax.into()),
        (Type::Number, "a2c328", "", DecodeErrorKind::NotUtf8),
        (Type::Number, "cb7ff8000000000000", "", NumberError::NotANumber.into()),
        (Type::Number, "caffc00000", "", NumberError::NotANumber.into()),
        (Type::Number, "ac316531303030303030303030", "", NumberError::OutOfRange.into()),
        (list(Type::Bool), "80", "", wrong("a list", "a map")),
        (list(Type::Bool), "92c301", "[1]", wrong("a boolean", "a number")),
        (Type::Set(Box::new(Type::Bool)), "92c301", "", wrong("a boolean", "a number")),
        (
            Type::Tuple(vec![Type::Bool]),
            "90",
            "",
            DecodeErrorKind::WrongLength { expected: 1, found: 0 },
        ),
        (
            Type::Tuple(vec![Type::Bool]),
            "92c3c3",
            "",
            DecodeErrorKind::WrongLength { expected: 1, found: 2 },
        ),
        (map(Type::Bool), "90", "", wrong("a map", "a list")),
        (map(Type::Bool), "81a16101", r#"["a"]"#, wrong("a boolean", "a number")),
        (map(Type::Bool), "8101c3", "", wrong("a text as key", "a number")),
        (map(Type::Bool), "81c0c3", "", wrong("a text as key", "null")),
        (map(Type::Bool), "82a161c3a161c3", r#"["a"]"#, DecodeErrorKind::DuplicateKey),
        (pair(), "81a161a0", "b", DecodeErrorKind::MissingAttribute),
        (pair(), "80", "a", DecodeErrorKind::MissingAttribute),
        (pair(), "83a161a0a162c3a163c0", "c", DecodeErrorKind::UnexpectedAttribute),
        (pair(), "82a161a0a161a0", "a", DecodeErrorKind::DuplicateKey),
        (list(pair()), "9182a161a0a162a0", "[0].b", wrong("a boolean", "a text")),
        (Type::Dynamic, "a0", "", wrong("a pair of a type and a value", "a text")),
        (Type::Dynamic, "93c0c0c0", "", wrong("a pair of a type and a value", "a list")),
        (Type::Dynamic, "92c0c0", "", wrong("the type of the value", "null")),
        (Type::Dynamic, "92c40578c0", "", DecodeErrorKind::Truncated),
        (Type::Dynamic, "92c4012ac0", "", TypeError::Malformed { offset: 0 }.into()),
        (Type::Dynamic, "92c4046e756c6cc0", "", TypeError::NotAType.into()),
        (Type::Dynamic, "92c40622626f6f6c2201", "", wrong("a boolean", "a number")),
    ] {
        let error = decode(&bytes(message), &ty).unwrap_err();
        assert_eq!((error.path().to_string().as_str(), error.kind()), (path, &kind), "{message}");
    }
}

#[test]
fn errors_do_not_contain_the_value() {
    let ty = object(&[("port", Type::Number), ("password", Type::Secret)]);
    let message = encode(
        &entries(&[("port", Value::from("hunter2")), ("password", Value::from("hunter2"))]),
        &object(&[("port", Type::String), ("password", Type::String)]),
    );
    let error = decode(&message.unwrap(), &ty).unwrap_err();
    assert_eq!(error.to_string(), "port: it is not a decimal number");
    assert!(!format!("{error:?}").contains("hunter2"));

    let value = decode(&bytes("a768756e74657232"), &Type::Secret).unwrap();
    assert_eq!(format!("{value:?}"), "Secret(Secret(…))");
}

#[test]
fn value_of_another_type_is_not_written() {
    let secret = || Value::from(Secret::from("hunter2"));
    let pair = || object(&[("a", Type::String), ("b", Type::Bool)]);
    let wrong = |expected, found| EncodeErrorKind::WrongKind { expected, found };
    for (ty, value, path, kind) in [
        (Type::Bool, number("1"), "", wrong("a boolean", "a number")),
        (Type::String, secret(), "", wrong("a text that is not secret", "a secret")),
        (
            list(Type::String),
            Value::List(vec![Value::Null, secret()]),
            "[1]",
            wrong("a text that is not secret", "a secret"),
        ),
        (Type::Dynamic, Value::from("a"), "", wrong("a value with its type", "a text")),
        (
            Type::Dynamic,
            dynamic(Type::String, secret()),
            "",
            wrong("a text that is not secret", "a secret"),
        ),
        (
            Type::String,
            dynamic(Type::String, Value::Null),
            "",
            wrong("a text that is not secret", "a value with its type"),
        ),
        (
            Type::Tuple(vec![]),
            Value::List(vec![Value::Null]),
            "",
            EncodeErrorKind::WrongLength { expected: 0, found: 1 },
        ),
        (pair(), entries(&[("a", Value::Null)]), "b", EncodeErrorKind::MissingAttribute),
        (
            pair(),
            entries(&[("a", Value::Null), ("b", Value::Null), ("c", Value::Null)]),
            "c",
            EncodeErrorKind::UnexpectedAttribute,
        ),
        (
            map(pair()),
            entries(&[("k", entries(&[("a", Value::Null), ("b", Value::from(""))]))]),
            r#"["k"].b"#,
            wrong("a boolean", "a text"),
        ),
    ] {
        let error = encode(&value, &ty).unwrap_err();
        assert_eq!((error.path().to_string().as_str(), error.kind()), (path, &kind));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn depth_is_limited_in_both_directions() {
    let nested = |levels: usize| {
        let ty = (0..levels).fold(Type::Bool, |ty, _| list(ty));
        let value = (0..levels).fold(Value::Bool(true), |value, _| Value::List(vec![value]));
        let message = ["91".repeat(levels).as_str(), "c3"].concat();
        (ty, value, bytes(&message))
    };
    let (ty, value, message) = nested(MAX_DEPTH);
    assert_eq!(encode(&value, &ty).as_ref(), Ok(&message));
    assert_eq!(decode(&message, &ty).as_ref(), Ok(&value));

    let (ty, value, message) = nested(MAX_DEPTH + 1);
    assert_eq!(encode(&value, &ty).unwrap_err().kind(), &EncodeErrorKind::TooDeep);
    assert_eq!(kind(&message, &ty), DecodeErrorKind::TooDeep);
}

#[test]
fn depth_of_nested_dynamic_values_is_limited() {
    let nested = |levels: usize| {
        let shell = [b"\x92\xc4\x09\"dynamic\"".as_slice()].concat();
        [shell.repeat(levels), b"\xc0".to_vec()].concat()
    };
    assert!(decode(&nested(MAX_DEPTH), &Type::Dynamic).is_ok());
    assert_eq!(kind(&nested(10_000), &Type::Dynamic), DecodeErrorKind::TooDeep);

    let list = |levels: usize| {
        let ty = format!(r#"{}"bool"{}"#, r#"["list","#.repeat(levels), "]".repeat(levels));
        [
            b"\x92\xc5".as_slice(),
            &u16::try_from(ty.len()).unwrap().to_be_bytes(),
            ty.as_bytes(),
            &b"\x91".repeat(levels),
            b"\xc3",
        ]
        .concat()
    };
    assert!(decode(&list(MAX_DEPTH - 1), &Type::Dynamic).is_ok());
    assert_eq!(kind(&list(MAX_DEPTH), &Type::Dynamic), DecodeErrorKind::TooDeep);
}

#[test]
fn attributes_are_written_in_the_order_of_their_names() {
    let ty = object(&[("b", Type::Bool), ("a", Type::Bool)]);
    let value = entries(&[("b", Value::Bool(true)), ("a", Value::Bool(false))]);
    assert_eq!(hex(&encode(&value, &ty).unwrap()), "82a161c2a162c3");
}

/// Tries all sequences of up to four attributes for a type with three.
#[test]
fn attributes_are_read_in_any_order() {
    let names = ["a", "b", "c"];
    let ty = object(&names.map(|name| (name, Type::Bool)));
    let value = entries(&names.map(|name| (name, Value::Bool(true))));
    let mut sequences = vec![Vec::new()];
    let mut first = 0;
    for _ in 0..4 {
        let last = sequences.len();
        for index in first..last {
            let longer = ["a", "b", "c", "d"].map(|name| [&*sequences[index], &[name]].concat());
            sequences.extend(longer);
        }
        first = last;
    }
    for sequence in sequences {
        let wrong = sequence.iter().enumerate().find_map(|(position, name)| {
            if !names.contains(name) {
                Some((*name, DecodeErrorKind::UnexpectedAttribute))
            } else if sequence[..position].contains(name) {
                Some((*name, DecodeErrorKind::DuplicateKey))
            } else {
                None
            }
        });
        let missing = || names.into_iter().find(|name| !sequence.contains(name));
        let wrong = wrong.or_else(|| Some((missing()?, DecodeErrorKind::MissingAttribute)));

        let attributes = sequence.iter().map(|name| format!("a1{:02x}c3", name.as_bytes()[0]));
        let message = format!("8{}{}", sequence.len(), attributes.collect::<String>());
        match (decode(&bytes(&message), &ty), wrong) {
            (Ok(read), None) => assert_eq!(read, value, "{sequence:?}"),
            (Err(error), Some((name, kind))) => {
                assert_eq!((error.path().to_string().as_str(), error.kind()), (name, &kind));
            }
            (read, wrong) => panic!("{sequence:?}: {read:?} instead of {wrong:?}"),
        }
    }
}

/// Returns the peak of memory for reading a message, in bytes.
fn peak(message: &[u8], ty: &Type) -> usize {
    let memory = allocation_counter::measure(|| drop(decode(message, ty)));
    usize::try_from(memory.bytes_max).unwrap()
}

#[test]
fn declared_lengths_allocate_nothing() {
    for message in ["ddffffffff", "dfffffffff", "dbffffffff", "dd7fffffff00", "c6ffffffff"] {
        for ty in [list(Type::String), map(Type::String), object(&[]), Type::String, Type::Dynamic]
        {
            let used = peak(&bytes(message), &ty);
            assert!(used < 1_024, "{used} bytes for {message} as {ty:?}");
        }
    }
}

#[test]
fn memory_is_linear_in_the_message() {
    const COUNT: u32 = 800_000;
    let many = |marker: u8, each: &[u8]| {
        [&[marker], COUNT.to_be_bytes().as_slice(), &each.repeat(COUNT as usize)].concat()
    };
    let tuple = format!(r#"["tuple",["bool"{}]]"#, r#","bool""#.repeat(500_000));
    let tuple_length = u32::try_from(tuple.len()).unwrap().to_be_bytes();
    let heavy_type = [b"\x92\xc6".as_slice(), &tuple_length, tuple.as_bytes(), b"\xc0"].concat();
    for (what, ty, message) in [
        ("nothing", list(Type::String), many(0xdd, b"\xc0")),
        ("booleans", list(Type::Bool), many(0xdd, b"\xc3")),
        ("empty texts", list(Type::String), many(0xdd, b"\xa0")),
        ("empty secrets", list(Type::Secret), many(0xdd, b"\xa0")),
        ("texts", list(Type::String), many(0xdd, b"\xa9123456789")),
        (
            "floats of many digits",
            list(Type::Number),
            many(0xdd, b"\xcb\x00\x0f\xff\xff\xff\xff\xff\xff"),
        ),
        ("empty lists", list(list(Type::Bool)), many(0xdd, b"\x90")),
        ("lists of one", list(list(Type::Bool)), many(0xdd, b"\x91\xc3")),
        ("empty maps", list(map(Type::Bool)), many(0xdd, b"\x80")),
        ("maps of one", list(map(Type::Bool)), many(0xdd, b"\x81\xa0\xc3")),
        ("dynamic values", list(Type::Dynamic), many(0xdd, b"\x92\xa6\"bool\"\xc3")),
        ("a large type", Type::Dynamic, heavy_type),
    ] {
        let (used, received) = (peak(&message, &ty), message.len());
        assert!(used <= received * 700, "{what}: {used} bytes for {received}");
        // Otherwise nothing was measured.
        assert!(used > received, "{what}: {used} bytes for {received}");
    }
}

#[test]
fn large_values_are_read() {
    let text = "x".repeat(20 << 20);
    let message = encode(&Value::from(text.as_str()), &Type::String).unwrap();
    assert_eq!(decode(&message, &Type::String), Ok(Value::String(text)));

    let items: Vec<Value> = (0..100_000_i64).map(Value::from).collect();
    let message = encode(&Value::List(items.clone()), &list(Type::Number)).unwrap();
    assert_eq!(decode(&message, &list(Type::Number)), Ok(Value::List(items)));
}

proptest! {
    #[test]
    fn message_of_every_value_is_read_back((ty, value) in typed_value(schema_type())) {
        let message = encode(&value, &ty).unwrap();
        prop_assert_eq!(decode(&message, &ty), Ok(value));
    }

    #[test]
    fn truncated_message_is_refused(
        (ty, value) in typed_value(schema_type()),
        cut in any::<prop::sample::Index>(),
    ) {
        let message = encode(&value, &ty).unwrap();
        let message = &message[..cut.index(message.len())];
        prop_assert_eq!(kind(message, &ty), DecodeErrorKind::Truncated);
    }

    #[test]
    fn any_message_is_read_or_refused(ty in schema_type(), message in any::<Vec<u8>>()) {
        if let Ok(value) = decode(&message, &ty) {
            // The value can be written and read again.
            let written = encode(&value, &ty).unwrap();
            prop_assert_eq!(decode(&written, &ty), Ok(value));
        }
    }

    #[test]
    fn damaged_message_is_read_or_refused(
        (ty, value) in typed_value(schema_type()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut message = encode(&value, &ty).unwrap();
        for (place, byte) in damage {
            let place = place.index(message.len());
            message[place] = byte;
        }
        if let Ok(value) = decode(&message, &ty) {
            prop_assert!(encode(&value, &ty).is_ok());
        }
    }
}

#[test]
fn map_keeps_every_key() {
    let keys = ["", "a", "é", "\u{0}"];
    let value = Value::Map(BTreeMap::from(keys.map(|key| (key.to_owned(), Value::Null))));
    let message = encode(&value, &map(Type::Bool)).unwrap();
    assert_eq!(decode(&message, &map(Type::Bool)), Ok(value));
}
