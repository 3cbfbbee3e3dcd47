//! The protocol's 28 calls, over gRPC and mutual TLS, to the program itself.
//!
//! [`calls`] makes every call with valid and invalid values, [`life_cycle`] runs life cycles under
//! Terraform's own checks, [`corner_cases`] has one test for each corner case, [`deferral`] those of
//! a provider that is not configured yet, [`flows`] the action, [`minimal_refresh`] other clients.

mod calls;
mod corner_cases;
mod deferral;
mod flows;
mod life_cycle;
mod minimal_refresh;

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
