//! Faults between the provider and Webex through the real CLI: the messages, the state, and that
//! the next apply converges.
//!
//! `docs/design/faults.md` lists every fault and the tests that prove each.

mod creates;
mod deadlines;
mod deletes;
mod edits;
mod network;
mod reads;
mod requests;
mod tokens;

use webex_cc_simulator::{Action, Script, Simulator};

use crate::support::connectors::basic;
use crate::support::terraform::Terraform;

/// Returns a folder in which a connector with basic authentication is applied.
fn applied(simulator: &Simulator) -> Terraform {
    let terraform = Terraform::applied(simulator, &basic().resource());
    simulator.clear_journal();
    terraform
}

/// Returns a script for the requests of one method to connectors.
pub(crate) fn on(method: &str, script: Script) -> Script {
    script.method(method).path("/organization/*/connector/**")
}

/// Returns a script that lets requests of one method to connectors pass.
pub(crate) fn pass(method: &str, times: u32) -> Script {
    on(method, Script::new(Action::DelayMs(0)).times(times))
}

/// Returns a script for the request that creates a connector.
fn on_create(script: Script) -> Script {
    script.method("POST").path("/organization/*/connector")
}

/// Returns a script for the list of connectors.
fn on_list(script: Script) -> Script {
    script.method("GET").path("/organization/*/v2/connector")
}
