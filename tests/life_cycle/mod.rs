//! The life of a connector through the real CLI, for each row of the rule
//! table: create → empty plan → update → drift → import → destroy.

mod import;
mod rows;
mod spellings;

use serde_json::{Value, json};
use webex_cc_simulator::{Exchange, Options, Simulator};

/// The address of the one connector that these tests manage.
pub(crate) const ADDRESS: &str = "webex_cc_custom_connector.test";

/// A configuration with one connector of these arguments.
pub(crate) fn connector(arguments: &str) -> String {
    format!("resource \"webex_cc_custom_connector\" \"test\" {{\n{arguments}\n}}\n")
}

/// A simulator that lets active connectors be edited.
pub(crate) fn without_lock() -> Simulator {
    Simulator::start(Options { active_lock: false, ..Options::default() }).expect("a simulator")
}

/// The calls so far, each as `METHOD path status`, with the organization and
/// the ids of connectors shortened. The journal is empty afterwards.
pub(crate) fn calls(simulator: &Simulator) -> Vec<String> {
    let calls = simulator.journal().iter().map(|exchange| call(exchange, simulator)).collect();
    simulator.clear_journal();
    calls
}

fn call(exchange: &Exchange, simulator: &Simulator) -> String {
    let path = exchange.path.replace(simulator.organization(), "ORG");
    let segments = path.split('/').map(|segment| match segment.len() {
        36 => "ID",
        _ => segment,
    });
    let path = segments.collect::<Vec<_>>().join("/");
    format!("{} {path} {}", exchange.method, exchange.status.unwrap_or_default())
}

/// The body of the last call of a method.
pub(crate) fn last_body(simulator: &Simulator, method: &str) -> Value {
    let journal = simulator.journal();
    let exchange = journal.iter().rev().find(|exchange| exchange.method == method);
    exchange.map_or(json!(null), |exchange| exchange.body.clone())
}
