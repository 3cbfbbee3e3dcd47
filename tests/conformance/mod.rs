//! The protocol's 28 calls, over gRPC and mutual TLS, to the program itself.
//!
//! [`calls`] sends every call well and badly, [`life_cycle`] leads objects
//! through their lives under Terraform's own checks, [`corner_cases`] has the
//! cases that the field tests providers by, one test each.

mod calls;
mod corner_cases;
mod life_cycle;

use tf_provider::value::Value;

use crate::support::checker::plain;
use crate::support::connectors::{self, Form};

/// Returns a complete configuration with a write-only password.
fn basic(name: &str) -> Value {
    plain(&connectors::basic().with("name", name).object(Form::WriteOnly, 0))
}

/// Returns the object with another value of one argument.
fn with(object: Value, name: &str, value: impl Into<Value>) -> Value {
    let Value::Map(mut entries) = object else { panic!("an object") };
    assert!(entries.insert(name.to_owned(), value.into()).is_some(), "there is no {name:?}");
    Value::Map(entries)
}
