//! The framework by itself, serving small things made for the purpose: what no
//! real provider should ever show, and what the real one here has no example
//! of.

mod corner_cases;
mod panics;

use std::collections::BTreeMap;

use tonic::Request;

use super::Server;
use crate::lifetime::Lifetime;
use crate::protocol::tfplugin5 as protocol;
use crate::provider::Registry;
use crate::schema::{Attribute, Block, IdentityAttribute, IdentitySchema, Schema};
use crate::value::{Type, Value, msgpack};

/// A server of a registry, as it is when the process has just started.
fn server(registry: Registry) -> Server {
    Server::new(registry, Lifetime::new())
}

/// The one schema of these tests: a name, anything, a number, a credential that
/// is kept nowhere, and an id.
fn schema() -> Schema {
    Schema::new(Block {
        description: "A thing.",
        attributes: vec![
            Attribute::computed("id", Type::String, "Its id.").use_state_for_unknown(),
            Attribute::required("name", Type::String, "Its name."),
            Attribute::optional("anything", Type::Dynamic, "Anything."),
            Attribute::optional("number", Type::Number, "A number."),
            Attribute::write_only_secret("secret_wo", "A credential."),
        ],
        blocks: Vec::new(),
    })
}

/// The identity that goes with it.
fn identity() -> IdentitySchema {
    IdentitySchema {
        version: 0,
        attributes: vec![IdentityAttribute {
            name: "id",
            ty: Type::String,
            required_for_import: true,
            description: "Its id.",
        }],
    }
}

/// A value of the schema with these attributes set.
fn thing<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    let Type::Object(types) = schema().value_type() else { unreachable!("schemas are objects") };
    let mut entries = BTreeMap::from_iter(types.into_keys().map(|name| (name, Value::Null)));
    for (name, value) in attributes {
        assert!(entries.insert(name.to_owned(), value).is_some(), "there is no {name:?}");
    }
    Value::Map(entries)
}

/// How Terraform sends a value.
fn sent(value: &Value) -> Option<protocol::DynamicValue> {
    let msgpack = msgpack::encode(value, &schema().value_type()).unwrap().into();
    Some(protocol::DynamicValue { msgpack, json: Default::default() })
}

/// How Terraform sends a value of any type.
fn sent_as(value: &Value, ty: &Type) -> protocol::DynamicValue {
    let msgpack = msgpack::encode(value, ty).unwrap().into();
    protocol::DynamicValue { msgpack, json: Default::default() }
}

/// What Terraform receives.
fn received(value: Option<&protocol::DynamicValue>) -> Value {
    msgpack::decode(&value.expect("a value").msgpack, &schema().value_type()).unwrap()
}

/// A request as the protocol's service takes it.
fn request<T>(content: T) -> Request<T> {
    Request::new(content)
}
