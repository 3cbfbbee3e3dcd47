//! What goes wrong between the provider and Webex, seen through the real CLI:
//! what the user reads, what is in state, and that the next apply converges.
//!
//! `docs/design/faults.md` lists every fault and the tests that prove each.

mod creates;
mod deadlines;
mod deletes;
mod edits;
mod reads;
mod requests;
mod tokens;

use serde_json::Value;
use webex_cc_simulator::{Script, Simulator};

use crate::life_cycle::connector;
use crate::support::terraform::Terraform;

/// The arguments of one connector.
pub(crate) const ARGUMENTS: &str = r#"
  name                = "Zendesk"
  resource_domain_url = "https://example.zendesk.com/api/v2/"
  username            = "agent"
  password            = "basic-password"
  validation_url      = "https://example.zendesk.com"
"#;

/// The same with another user name.
fn edited() -> String {
    ARGUMENTS.replace("\"agent\"", "\"agent2\"")
}

/// A folder with one connector, applied.
fn applied(simulator: &Simulator) -> Terraform {
    let terraform = Terraform::with(simulator);
    terraform.write("main.tf", &connector(ARGUMENTS));
    terraform.apply().succeeded();
    simulator.clear_journal();
    terraform
}

/// The one connector that is stored.
#[track_caller]
fn stored(simulator: &Simulator) -> Value {
    let all = simulator.all_stored(simulator.organization());
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].clone()
}

fn id_of(connector: &Value) -> String {
    connector["id"].as_str().expect("an id").to_owned()
}

/// A script for the requests of one method to connectors.
fn on(method: &str, script: Script) -> Script {
    script.method(method).path("/organization/*/connector/**")
}

/// A script for the one request that creates.
fn on_create(script: Script) -> Script {
    script.method("POST").path("/organization/*/connector")
}

/// A script for the list of connectors.
fn on_list(script: Script) -> Script {
    script.method("GET").path("/organization/*/v2/connector")
}

/// How many requests of a method there were.
fn count(simulator: &Simulator, method: &str) -> usize {
    simulator.journal().iter().filter(|exchange| exchange.method == method).count()
}
