//! Tests of the server with small resources: panics, and corner cases of the
//! protocol.

mod corner_cases;
mod kinds;
mod notices;
mod panics;
mod promises;

use std::collections::BTreeMap;

use tonic::Request;

use super::Server;
use crate::lifetime::Lifetime;
use crate::protocol::tfplugin5 as protocol;
use crate::provider::Registry;
use crate::schema::{Attribute, IdentityAttribute, IdentitySchema, Schema};
use crate::value::{Type, Value, msgpack};

/// Returns a server in a process that has just started.
fn server(registry: Registry) -> Server {
    Server::new(registry, Lifetime::new())
}

/// Returns the schema of these tests: a name, a dynamic value, a number, a
/// write-only credential, and an id.
fn schema() -> Schema {
    Schema::new([
        Attribute::computed("id", Type::String, "Its id.").use_state_for_unknown(),
        Attribute::required("name", Type::String, "Its name."),
        Attribute::optional("anything", Type::Dynamic, "Anything."),
        Attribute::optional("number", Type::Number, "A number."),
        Attribute::write_only_secret("secret_wo", "A credential."),
    ])
}

/// Returns the identity schema of these tests.
fn identity() -> IdentitySchema {
    IdentitySchema::new([IdentityAttribute::required("id", Type::String, "Its id.")])
}

/// Returns a value of the schema with these attributes set.
fn thing<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    let Type::Object(types) = schema().value_type() else { unreachable!("schemas are objects") };
    let mut entries = BTreeMap::from_iter(types.into_keys().map(|name| (name, Value::Null)));
    for (name, value) in attributes {
        assert!(entries.insert(name.to_owned(), value).is_some(), "there is no {name:?}");
    }
    Value::Map(entries)
}

/// Encodes a value of the schema as Terraform does.
fn sent(value: &Value) -> Option<protocol::DynamicValue> {
    let msgpack = msgpack::encode(value, &schema().value_type()).unwrap().into();
    Some(protocol::DynamicValue { msgpack, json: Default::default() })
}

/// Encodes a value of any type as Terraform does.
fn sent_as(value: &Value, ty: &Type) -> protocol::DynamicValue {
    let msgpack = msgpack::encode(value, ty).unwrap().into();
    protocol::DynamicValue { msgpack, json: Default::default() }
}

/// Decodes a value of the schema as Terraform does.
fn received(value: Option<&protocol::DynamicValue>) -> Value {
    msgpack::decode(&value.expect("a value").msgpack, &schema().value_type()).unwrap()
}

/// Returns a request to the service.
fn request<T>(content: T) -> Request<T> {
    Request::new(content)
}
