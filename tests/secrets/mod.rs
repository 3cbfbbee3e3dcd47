//! Credentials: what is sent, what is kept, what is never seen.

mod bodies;
mod canary;
mod corner_cases;
mod forms;
mod guide;
mod proxy;
mod search;
mod touched;
mod uncertain;

use webex_cc_simulator::{Options, SecretsInAnswers, Simulator};

use crate::support::simulator::start;

/// Every way in which Webex may answer with credentials; which it does is
/// unknown.
pub(crate) const MODES: [SecretsInAnswers; 4] = [
    SecretsInAnswers::Omit,
    SecretsInAnswers::Null,
    SecretsInAnswers::Mask,
    SecretsInAnswers::Echo,
];

/// A simulator that lets active connectors be edited and answers like this.
fn simulator(secrets: SecretsInAnswers) -> Simulator {
    start(Options { secrets, active_lock: false, ..Options::default() })
}
