//! What happens during a command: the network, a signal, or somebody in Control Hub.

use std::time::Duration;

use serde_json::{Value as Json, json};
use webex_cc_simulator::{CONNECTOR_LIMIT, Exchange, Simulator};

use super::block::{self, Block};
use super::rules::{Overtaking, id};
use super::scenario::{Argument, Fault, Moment};
use crate::support::plugin_client::Plugin;
use crate::support::plugin_client::proto::tfplugin5::stop;
use crate::support::simulator;

/// The time in which somebody can act before the provider looks a connector up.
pub(super) const LATENCY: Duration = Duration::from_millis(30);

/// What somebody has done in Control Hub during a command.
pub(super) enum Intrusion {
    /// Nothing.
    None,
    /// An edit.
    Edit(Overtaking),
    /// A new connector.
    Connector(Json),
}

/// Somebody in Control Hub.
pub(super) struct Person<'a> {
    pub(super) simulator: &'a Simulator,
    /// The number of the next secret.
    pub(super) next_secret: &'a mut u32,
}

impl Person<'_> {
    /// Edits a connector. The new name is never taken.
    pub(super) fn edit(&mut self, connector: &Json, argument: Argument) -> Overtaking {
        let fields = match argument {
            Argument::Secret => block::replaced_by_hand(connector, self.number()),
            Argument::Account => vec![(block::account_field(connector), "by hand".into())],
            Argument::Domain => vec![("resourceDomain", "https://by-hand.example.com".into())],
            Argument::Name => vec![("name", format!("By hand {}", id(connector)).into())],
        };
        let edited = Json::from_iter(fields.clone());
        self.simulator.store(self.simulator.organization(), id(connector), edited);
        Overtaking { id: id(connector).to_owned(), fields, survives: true }
    }

    /// Creates a connector with the arguments of a block and other secrets.
    pub(super) fn create(&mut self, block: &Block, name: Json) -> Json {
        let number = self.number();
        let id = format!("6e1f0c4e-52a1-4d63-9a55-{number:012}");
        let mut fields = block.made_by_hand(number);
        fields["name"] = name;
        self.simulator.store(self.simulator.organization(), &id, fields)
    }

    fn number(&mut self) -> u32 {
        *self.next_secret += 1;
        *self.next_secret
    }
}

/// Waits for the moment of a fault, and carries it out. Without such a moment, it waits forever.
///
/// `unwritten` are the connectors before the command, and `blocks` the configured ones.
pub(super) async fn disturb(
    mut person: Person<'_>,
    plugin: &mut Plugin,
    unwritten: &[Json],
    blocks: &[Block],
    fault: &Fault,
) -> Intrusion {
    while !has_come(&person.simulator.journal(), fault) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    match fault {
        Fault::Stop => {
            let stopped = plugin.provider().stop(stop::Request {}).await;
            stopped.expect("Stop is always answered");
            Intrusion::None
        }
        Fault::Kill => {
            plugin.kill();
            Intrusion::None
        }
        Fault::Overtaken { argument, .. } => {
            // The one that was written last. A write that Webex refused leaves none.
            let stored = simulator::all_stored(person.simulator).into_iter();
            let written = stored.filter(|found| !unwritten.contains(found));
            let last = written.max_by_key(|found| found["lastUpdatedTime"].as_u64());
            last.map_or(Intrusion::None, |last| Intrusion::Edit(person.edit(&last, *argument)))
        }
        Fault::Rival => {
            let journal = person.simulator.journal();
            let lost = journal.iter().find(|request| is_lost(request) && request.method == "POST");
            let name = lost.map(|request| request.body["name"].clone());
            let stored = simulator::all_stored(person.simulator);
            let is_free = |name: &Json| !stored.iter().any(|found| found["name"] == *name);
            match name.filter(|name| is_free(name) && stored.len() < CONNECTOR_LIMIT) {
                Some(name) => {
                    let block = blocks.iter().find(|block| name == block.name);
                    let block = block.expect("a block with the name of the request");
                    // Nobody else means the same service.
                    let block = Block { domain: block.domain + 1000, ..block.clone() };
                    Intrusion::Connector(person.create(&block, json!(name)))
                }
                None => Intrusion::None,
            }
        }
        Fault::None | Fault::Failure { .. } | Fault::Lag => Intrusion::None,
    }
}

/// Whether the moment of a fault has come.
fn has_come(journal: &[Exchange], fault: &Fault) -> bool {
    match fault {
        Fault::Stop | Fault::Kill => journal.iter().any(|request| request.method != "GET"),
        Fault::Overtaken { moment: Moment::Written(write), .. } => {
            let is_done = |request: &&Exchange| {
                is_write(request) && request.status.is_some_and(|status| status < 300)
            };
            u32::try_from(journal.iter().filter(is_done).count()).unwrap() >= *write
        }
        Fault::Overtaken { moment: Moment::ResponseLost(_), .. } | Fault::Rival => {
            journal.iter().any(is_lost)
        }
        Fault::Overtaken { moment: Moment::Planned(_), .. }
        | Fault::None
        | Fault::Failure { .. }
        | Fault::Lag => false,
    }
}

fn is_write(request: &Exchange) -> bool {
    ["POST", "PUT"].contains(&request.method.as_str())
}

fn is_lost(request: &Exchange) -> bool {
    is_write(request) && request.status.is_none()
}
