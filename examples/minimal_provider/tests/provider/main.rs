//! The life of the minimal provider: under Terraform's rules, call by call, and
//! through the real CLI.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks for what it expects")]

mod calls;
mod command_line;
mod life_cycle;
mod matrix;

use std::collections::BTreeMap;
use std::path::Path;

use tf_provider::value::{Type, Value};
use tf_provider_testing::core::TerraformCore;
use tf_provider_testing::plugin_client::{Launch, Plugin};

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-minimal");

/// Starts the provider, configured with a folder.
async fn running(folder: &Path) -> (Plugin, TerraformCore) {
    let plugin = Launch::new(PROGRAM).with("TF_LOG", "TRACE").start().await;
    let configuration = object([("folder", folder.to_str().unwrap().into())]);
    let core = TerraformCore::start(plugin.provider(), "minimal_note", configuration).await;
    (plugin, core.unwrap())
}

/// Returns an object of exactly these attributes.
fn object<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    Value::Map(attributes.map(|(name, value)| (name.to_owned(), value)).into())
}

/// Returns an object of a type, in which everything else is null or empty.
fn filled<const N: usize>(ty: &Type, attributes: [(&str, Value); N]) -> Value {
    let Type::Object(types) = ty else { panic!("an object") };
    let absent = types.iter().map(|(name, ty)| match ty {
        Type::List(element) | Type::Set(element) if matches!(**element, Type::Object(_)) => {
            (name.clone(), Value::List(Vec::new()))
        }
        _ => (name.clone(), Value::Null),
    });
    let mut entries = absent.collect::<BTreeMap<_, _>>();
    for (name, value) in attributes {
        assert!(entries.insert(name.to_owned(), value).is_some(), "there is no {name:?}");
    }
    Value::Map(entries)
}

/// Returns the type of a block's elements.
fn element<'t>(ty: &'t Type, name: &str) -> &'t Type {
    let Type::Object(types) = ty else { panic!("an object") };
    match &types[name] {
        Type::List(element) | Type::Set(element) => element,
        single => single,
    }
}
