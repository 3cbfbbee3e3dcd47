//! Credentials: the requests that carry them, and the places that must not hold them.

mod bodies;
mod canary;
mod corner_cases;
mod destinations;
mod echoed;
mod forms;
mod guide;
mod ignored;
mod memory;
mod proxy;
mod search;
mod touched;
mod uncertain;

use webex_cc_simulator::{Options, SecretsInAnswers, Simulator};

use crate::support::simulator::start;

/// The ways in which Webex may return credentials. The real one is unknown.
pub(crate) const MODES: [SecretsInAnswers; 4] = [
    SecretsInAnswers::Omit,
    SecretsInAnswers::Null,
    SecretsInAnswers::Mask,
    SecretsInAnswers::Echo,
];

/// Starts a simulator that returns credentials like this and edits active connectors.
fn simulator(secrets: SecretsInAnswers) -> Simulator {
    start(Options { secrets, active_lock: false, ..Options::default() })
}
