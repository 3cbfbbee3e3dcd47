//! The JSON form of a value, as Terraform writes it into state.

use tf_provider::value::{SealedSecret, Type, Value, msgpack};

/// Returns a value as JSON.
///
/// # Panics
/// At an unknown value and at an infinite number, which JSON cannot express.
pub fn value_json(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Unknown => panic!("JSON cannot express an unknown value"),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => {
            assert!(number.is_finite(), "JSON cannot express an infinite number");
            number.to_string()
        }
        Value::String(text) => quoted(text),
        Value::Secret(secret) => quoted(&exposed(secret)),
        Value::List(items) => {
            let items = items.iter().map(value_json).collect::<Vec<_>>();
            format!("[{}]", items.join(","))
        }
        Value::Map(entries) => {
            let entry =
                |(key, value): (&String, _)| format!("{}:{}", quoted(key), value_json(value));
            let entries = entries.iter().map(entry).collect::<Vec<_>>();
            format!("{{{}}}", entries.join(","))
        }
        Value::Dynamic(inner) => {
            let ty = String::from_utf8(inner.0.to_json()).expect("JSON is UTF-8");
            format!("{{\"value\":{},\"type\":{ty}}}", value_json(&inner.1))
        }
    }
}

/// Returns the content of a credential, which its message holds in the clear.
pub fn exposed(secret: &SealedSecret) -> String {
    let message = msgpack::encode(&Value::Secret(secret.clone()), &Type::Secret);
    match message.map(|message| msgpack::decode(&message, &Type::String)) {
        Ok(Ok(Value::String(text))) => text,
        other => panic!("{other:?} is no credential"),
    }
}

fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|character| match character {
        '"' | '\\' => format!("\\{character}"),
        '\0'..' ' => format!("\\u{:04x}", u32::from(character)),
        _ => character.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
