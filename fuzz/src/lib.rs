//! The properties that hold for any bytes from outside: no panic, memory in
//! proportion to the input, and the same value after a round trip.
//!
//! The fuzzer looks for bytes that violate them, with one program per function.
//! The project's tests call the same functions with every file of the corpus.
//! The functions that reach private code of the API client are in
//! `src/webex/fuzzing.rs`.

#[allow(clippy::duplicate_mod, reason = "the tests include this file in addition to their own")]
#[path = "../../src/tf_provider_testing/value_json.rs"]
mod value_json;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::LazyLock;

use api_learner::{Bytes, Form};
use terraform_provider_webex::provider;
use terraform_provider_webex::provider::custom_connector::schema::{TYPE_NAME, schema};
use terraform_provider_webex::provider::functions::rebind_connectors::rebind_connectors;
use tf_provider::RawState;
use tf_provider::handshake::{Handshake, HandshakeError, SocketKind};
use tf_provider::provider::Registry;
use tf_provider::value::{Type, json, msgpack};

/// The memory that any input may take in addition to the part that grows with its size.
pub const BASE: usize = 64 << 10;

/// Terraform's cookie (reference: go-plugin's handshake).
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The types with which values are read. The first byte of an input selects one.
static TYPES: LazyLock<Vec<Type>> = LazyLock::new(|| {
    let object =
        Type::Object([("a".to_owned(), Type::String), ("b".to_owned(), Type::Bool)].into());
    vec![
        Type::Dynamic,
        schema().value_type(),
        Type::List(Box::new(object)),
        Type::Map(Box::new(Type::Dynamic)),
        Type::Set(Box::new(Type::Number)),
        Type::Tuple(vec![Type::Secret, Type::Number, Type::Dynamic]),
        Type::Number,
        Type::String,
    ]
});

static REGISTRY: LazyLock<Registry> = LazyLock::new(provider::registry);

/// A value in msgpack, as a call brings it.
pub fn msgpack(bytes: &[u8]) {
    let Some((ty, message)) = typed(bytes) else { return };
    let read = within(message.len() * 700 + BASE, || msgpack::decode(message, ty));
    let Ok(value) = read else { return };
    let written = msgpack::encode(&value, ty).expect("what was read can be written");
    let again = msgpack::decode(&written, ty).expect("what was written can be read");
    assert!(again.equals(&value, ty), "{value:?} became {again:?}");
}

/// A value in JSON, as a call or a state file brings it.
pub fn json(bytes: &[u8]) {
    let Some((ty, text)) = typed(bytes) else { return };
    let read = within(text.len() * 700 + BASE, || json::decode(text, ty));
    let lenient = within(text.len() * 700 + BASE, || json::decode_state(text, ty));
    let Ok(value) = read else { return };
    let same = lenient.is_ok_and(|lenient| lenient.equals(&value, ty));
    assert!(same, "as state it reads otherwise: {value:?}");
    let written = value_json::value_json(&value);
    let again = json::decode(written.as_bytes(), ty).expect("what was written can be read");
    assert!(again.equals(&value, ty), "{value:?} became {again:?}");
}

/// A type, as a value of dynamic type brings it along.
pub fn type_json(bytes: &[u8]) {
    let read = within(bytes.len() * 700 + BASE, || Type::from_json(bytes));
    let Ok(ty) = read else { return };
    let written = ty.to_json();
    assert_eq!(Type::from_json(&written).expect("what was written can be read"), ty);
}

/// A state, as an older or newer provider, or an editor, left it in the file.
pub fn raw_state(bytes: &[u8]) {
    let served = &REGISTRY.resources[TYPE_NAME];
    let state = RawState::new(0, bytes, served.value_type());
    match within(bytes.len() * 700 + BASE, || served.object.upgrade(state)) {
        Ok(object) => {
            msgpack::encode(&object.into_value(), served.value_type()).expect("the schema's keys");
        }
        Err(messages) => assert!(messages.has_errors()),
    }
}

/// The environment of the process: lines of `NAME=value`.
pub fn handshake(bytes: &[u8]) {
    let variables: BTreeMap<&[u8], &[u8]> = bytes
        .split(|&byte| byte == b'\n')
        .filter_map(|line| {
            let end = line.iter().position(|&byte| byte == b'=')?;
            Some((&line[..end], &line[end + 1..]))
        })
        .collect();
    let look_up = |name: &'static str| {
        // A line cannot hold the line breaks of a certificate.
        let value = String::from_utf8_lossy(variables.get(name.as_bytes())?).replace("\\n", "\n");
        Some(OsString::from(value))
    };
    for socket in [SocketKind::Unix, SocketKind::Tcp] {
        let read = within(bytes.len() * 16 + BASE, || Handshake::from_environment(look_up, socket));
        let demanded = look_up("PLUGIN_CLIENT_CERT").is_some_and(|value| !value.is_empty());
        match read {
            Ok(handshake) => assert_eq!(
                handshake.client_certificate.is_some(),
                demanded,
                "a certificate that was asked for is demanded, or nothing is served"
            ),
            Err(HandshakeError::NotStartedByTerraform) => {
                assert!(look_up("TF_PLUGIN_MAGIC_COOKIE").is_none_or(|cookie| cookie != COOKIE));
            }
            Err(refusal) => assert!(!refusal.to_string().is_empty()),
        }
    }
}

/// A flow document, as a user gives it to `rebind_connectors`.
pub fn flow(bytes: &[u8]) {
    const IDS: [(&str, &str); 3] = [
        ("crm", "5c7c2677-0000-4000-8000-000000000001"),
        ("tickets", "5c7c2677-0000-4000-8000-000000000002"),
        ("5c7c2677-0000-4000-8000-000000000003", "5c7c2677-0000-4000-8000-000000000004"),
    ];
    let Ok(flow) = std::str::from_utf8(bytes) else { return };
    let ids = IDS.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
    let rebound = within(flow.len() * 64 + BASE, || rebind_connectors(flow, &ids));
    if let Ok(rebound) = rebound {
        let again = rebind_connectors(&rebound, &ids);
        assert_eq!(again, Ok(rebound), "doing it twice does no harm");
    }
}

/// A recording of a browser, as somebody gives it to `learn` and `scrub`.
pub fn learn(bytes: &[u8]) {
    const FORM: &str = r#"[
        {"name": ["canary desk", "canary desk two"], "username": "canary-user",
         "password": ["canary-password", "canary-password-two"],
         "resource_domain_url": "https://canary.example.com",
         "validation_url": "https://canary.example.com"},
        {"name": "canary crm", "authentication_type": "oauth2", "client_id": "canary-client",
         "client_secret": "canary-secret", "token_url": "https://canary.example.com/token",
         "resource_domain_url": "https://canary.example.com/crm", "scope": "canary.read"}
    ]"#;
    let form = Form::read(FORM.as_bytes()).expect("a form");
    let recording = Bytes(bytes);
    let limit = bytes.len() * 4096 + 16 * BASE;
    match within(limit, || api_learner::learn(&form, &[&recording])) {
        Ok(outcome) => {
            let profile = outcome.profile;
            assert!(profile.ends_with("}\n"), "{profile}");
            for text in [&profile, &outcome.report] {
                assert!(!text.contains("canary-password"), "{text}");
                assert!(!text.contains("canary-secret"), "{text}");
            }
        }
        Err(error) => assert!(!error.to_string().contains("canary"), "{error}"),
    }
    if let Ok(scrubber) = api_learner::scrub(Some(&form), &[&recording]) {
        let mut copy = Vec::new();
        scrubber.write(&mut copy).expect("what was read can be copied");
        let copy = String::from_utf8(copy).expect("text");
        assert!(!copy.contains("canary-password"), "{copy}");
        assert!(!copy.contains("canary-secret"), "{copy}");
    }
}

fn typed(bytes: &[u8]) -> Option<(&'static Type, &[u8])> {
    let (choice, rest) = bytes.split_first()?;
    Some((&TYPES[usize::from(*choice) % TYPES.len()], rest))
}

/// Runs something that may take so many bytes of memory at once.
pub fn within<T>(limit: usize, work: impl FnOnce() -> T) -> T {
    let mut outcome = None;
    let memory = allocation_counter::measure(|| outcome = Some(work()));
    let most = usize::try_from(memory.bytes_max).expect("a size");
    assert!(most <= limit, "{most} bytes at once, and {limit} are allowed");
    outcome.expect("the work was done")
}
