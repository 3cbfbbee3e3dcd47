//! Simulators, their connectors and the requests that they received.

use std::time::Duration;

use serde_json::Value as Json;
use webex_cc_simulator::{DEFAULT_ORGANIZATION, Exchange, Options, Simulator};

/// The second organization of the examples.
pub(crate) const ANOTHER_ORGANIZATION: &str = "9b2e7c10-51d3-4f0a-8f7e-6a4c2d9e1b58";

/// Starts a simulator.
pub(crate) fn start(options: Options) -> Simulator {
    Simulator::start(options).expect("a simulator")
}

/// Starts a simulator that refuses to edit or delete active connectors.
pub(crate) fn locked() -> Simulator {
    start(Options::default())
}

/// Starts a simulator that edits and deletes active connectors.
pub(crate) fn unlocked() -> Simulator {
    start(Options { active_lock: false, ..Options::default() })
}

/// Starts a simulator with two organizations.
pub(crate) fn two_organizations(active_lock: bool) -> Simulator {
    let organizations = [DEFAULT_ORGANIZATION, ANOTHER_ORGANIZATION].map(str::to_owned).to_vec();
    start(Options { organizations, active_lock, ..Options::default() })
}

/// Returns the connectors of the first organization.
pub(crate) fn all_stored(simulator: &Simulator) -> Vec<Json> {
    simulator.all_stored(simulator.organization())
}

/// Returns the only connector of the first organization.
#[track_caller]
pub(crate) fn stored(simulator: &Simulator) -> Json {
    let mut all = all_stored(simulator);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// Deletes a connector in Control Hub, long after the last write: one that was created moments ago and
/// is not found counts as not visible yet.
pub(crate) fn delete_by_hand(simulator: &Simulator, id: &str) {
    simulator.advance_clock(Duration::from_secs(10 * 60));
    simulator.remove(simulator.organization(), id);
}

/// Returns the id of a connector.
pub(crate) fn id_of(connector: &Json) -> String {
    connector["id"].as_str().expect("an id").to_owned()
}

/// Returns the requests so far, each as `METHOD path status`, with the organization and the ids of
/// connectors shortened. Empties the journal.
pub(crate) fn calls(simulator: &Simulator) -> Vec<String> {
    let calls = simulator.journal().iter().map(|exchange| call(exchange, simulator)).collect();
    simulator.clear_journal();
    calls
}

fn call(exchange: &Exchange, simulator: &Simulator) -> String {
    let path = exchange.path.replace(simulator.organization(), "ORG");
    let segments = path.split('/').map(|segment| if segment.len() == 36 { "ID" } else { segment });
    let path = segments.collect::<Vec<_>>().join("/");
    format!("{} {path} {}", exchange.method, exchange.status.unwrap_or_default())
}

/// Counts the requests of a method.
pub(crate) fn count(simulator: &Simulator, method: &str) -> usize {
    simulator.journal().iter().filter(|exchange| exchange.method == method).count()
}

/// Counts the requests that write.
pub(crate) fn writes(simulator: &Simulator) -> usize {
    simulator.journal().len() - count(simulator, "GET")
}

/// Returns the body of the last request of a method.
pub(crate) fn last_body(simulator: &Simulator, method: &str) -> Json {
    let journal = simulator.journal();
    let exchange = journal.iter().rev().find(|exchange| exchange.method == method);
    exchange.map_or(Json::Null, |exchange| exchange.body.clone())
}
