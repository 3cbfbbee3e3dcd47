//! The protocol's 28 calls, over gRPC and mutual TLS, to the program itself.
//!
//! [`calls`] sends every call well and badly, [`life_cycle`] leads objects
//! through their lives under Terraform's own checks, [`corner_cases`] has the
//! cases that the field tests providers by, one test each.

mod calls;
mod corner_cases;
mod life_cycle;

use terraform_provider_webex::tf_provider::value::Value;
use webex_cc_simulator::{Options, Simulator};

use crate::support::plugin_client::{Launch, Plugin};
use crate::support::terraform_core::TerraformCore;

/// The one managed resource.
const CONNECTOR: &str = "webex_cc_custom_connector";

/// The provider, to be started as Terraform does it.
fn provider() -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_terraform-provider-webex"))
}

/// A simulator that lets active connectors be edited.
fn simulator() -> Simulator {
    Simulator::start(Options { active_lock: false, ..Options::default() }).expect("a simulator")
}

/// A provider that calls a simulator, and the core that speaks to it.
async fn running(simulator: &Simulator) -> (Plugin, TerraformCore) {
    let plugin = provider()
        .with("WEBEX_CC_BASE_URL", simulator.base_url())
        .with("WEBEX_ACCESS_TOKEN", simulator.token())
        .start()
        .await;
    let core = TerraformCore::start(plugin.provider(), CONNECTOR, &[])
        .await
        .expect("a configured provider");
    (plugin, core)
}

/// A complete configuration with a write-only password.
fn basic(core: &TerraformCore, name: &'static str) -> Value {
    let texts = [
        ("name", name),
        ("resource_domain_url", "https://example.com/api/"),
        ("username", "agent"),
        ("password_wo", "canary-password"),
        ("validation_url", "https://example.com"),
    ];
    with(core.shape.object(texts), "password_wo_version", 1)
}

/// The same object with another value of one argument.
fn with(object: Value, name: &str, value: impl Into<Value>) -> Value {
    let Value::Map(mut entries) = object else { panic!("an object") };
    assert!(entries.insert(name.to_owned(), value.into()).is_some(), "there is no {name:?}");
    Value::Map(entries)
}
