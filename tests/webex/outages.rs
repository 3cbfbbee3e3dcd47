//! Connections that break at each step of each operation.
//!
//! A script with no delay lets the first requests pass. The next ones break before or after they
//! are carried out, a few times or until the end. The client must not report anything false, and
//! after the outage, the same operation must succeed.

use futures_util::future::join_all;
use webex_cc_simulator::{Action, Moment, Script, Simulator};
use webex_contact_center::{
    Availability, ConnectorContent, ConnectorId, Field, Planned, RemoteState,
};

use super::{budget, calling, client_credentials, planned};
use crate::support::connectors;
use crate::support::simulator::{all_stored, locked};

/// After how many requests the connection breaks, when, and for how many requests.
#[derive(Clone, Copy, Debug)]
struct Outage {
    after: u32,
    moment: Moment,
    requests: Option<u32>,
}

impl Outage {
    fn begin(self, simulator: &Simulator) {
        let pass = Script::new(Action::DelayMs(0)).times(self.after);
        let cut = Script { times: self.requests, ..Script::new(Action::Close(self.moment)) };
        simulator.faults([pass, cut]);
    }
}

fn outages(steps: u32) -> Vec<Outage> {
    let mut outages = Vec::new();
    for after in 0..steps {
        for moment in [Moment::Before, Moment::After] {
            for requests in [Some(1), Some(2), Some(6), None] {
                outages.push(Outage { after, moment, requests });
            }
        }
    }
    outages
}

async fn created(simulator: &Simulator) -> ConnectorId {
    let created = calling(simulator).create(&client_credentials("crm"), &budget()).await;
    created.unwrap().connector.id
}

#[tokio::test]
async fn create_converges_after_an_outage() {
    join_all(outages(2).into_iter().map(|outage| async move {
        let simulator = locked();
        let connectors = calling(&simulator);
        outage.begin(&simulator);
        let outcome = connectors.create(&client_credentials("crm"), &budget()).await;
        simulator.faults([]);
        let stored = all_stored(&simulator);
        match outcome {
            Ok(created) => assert_eq!(stored[0]["id"], created.connector.id.as_str(), "{outage:?}"),
            Err(failure) => {
                let is_honest = match failure.remote {
                    RemoteState::Absent => stored.is_empty(),
                    RemoteState::Unknown(_) => true,
                    RemoteState::Unchanged | RemoteState::Found(_) | RemoteState::OnlyId(_) => {
                        false
                    }
                };
                let is_honest = is_honest && failure.name_holder.is_none();
                assert!(is_honest, "{outage:?}: {failure:?}, but {stored:?}");
                let again = connectors.create(&client_credentials("crm"), &budget()).await;
                if let Err(failure) = again {
                    assert_eq!(failure.remote, RemoteState::Absent, "{outage:?}: {failure:?}");
                    assert_eq!(stored[0]["id"], failure.name_holder.unwrap().id.as_str());
                }
            }
        }
        assert_eq!(all_stored(&simulator).len(), 1, "{outage:?}");
    }))
    .await;
}

#[tokio::test]
async fn update_converges_after_an_outage() {
    join_all(outages(5).into_iter().map(|outage| async move {
        let simulator = locked();
        let connectors = calling(&simulator);
        let id = created(&simulator).await;
        let content = client_credentials("crm");
        let fields = content.fields.with(Field::Scope, "new");
        let wanted = ConnectorContent { fields, ..content };
        outage.begin(&simulator);
        let outcome = connectors.update(&id, &wanted, &planned(0), &budget()).await;
        simulator.faults([]);
        let stored = || simulator.stored(simulator.organization(), id.as_str()).unwrap();
        let now = stored();
        match outcome {
            Ok(updated) => {
                assert!(updated.connector.is_active() && now["active"] == true, "{outage:?}");
            }
            Err(failure) => {
                let is_active = now["active"] == true;
                let is_honest = match (&failure.availability, &failure.remote) {
                    (_, RemoteState::Absent | RemoteState::OnlyId(_)) => false,
                    (Availability::Lost(_) | Availability::Uncertain, _) => true,
                    (_, RemoteState::Unknown(_)) => is_active,
                    (_, RemoteState::Unchanged | RemoteState::Found(_)) => {
                        is_active && now["scope"] != "new"
                    }
                };
                assert!(is_honest, "{outage:?}: {failure:?}, but {now}");
            }
        }
        connectors.update(&id, &wanted, &Planned::default(), &budget()).await.unwrap();
        let now = stored();
        assert!(now["active"] == true && now["scope"] == "new", "{outage:?}: {now}");
        let secret = &connectors::client_credentials().credentials[0].values[0];
        assert_eq!(now["clientSecret"], secret.as_str(), "{outage:?}");
    }))
    .await;
}

#[tokio::test]
async fn delete_converges_after_an_outage() {
    join_all(outages(5).into_iter().map(|outage| async move {
        let simulator = locked();
        let connectors = calling(&simulator);
        let id = created(&simulator).await;
        outage.begin(&simulator);
        let outcome = connectors.delete(&id, &budget()).await;
        simulator.faults([]);
        let now = simulator.stored(simulator.organization(), id.as_str());
        let is_active = now.map(|now| now["active"] == true);
        match outcome {
            Ok(deleted) => assert!(!deleted.was_missing && is_active.is_none(), "{outage:?}"),
            Err(failure) => {
                let is_honest = match (&failure.availability, &failure.remote) {
                    (_, RemoteState::Absent | RemoteState::OnlyId(_)) => false,
                    (Availability::Lost(_) | Availability::Uncertain, _) => true,
                    (_, RemoteState::Unknown(_)) => is_active != Some(false),
                    (_, RemoteState::Unchanged | RemoteState::Found(_)) => is_active == Some(true),
                };
                assert!(is_honest, "{outage:?}: {failure:?}, but {is_active:?}");
            }
        }
        connectors.delete(&id, &budget()).await.unwrap();
        assert!(all_stored(&simulator).is_empty(), "{outage:?}");
    }))
    .await;
}
