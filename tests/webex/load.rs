//! Many operations at once: rate limit, shared lists, shared refreshes.

use std::num::NonZeroU32;

use futures_util::future::join_all;
use serde_json::Value;
use webex_cc_simulator::{Options, Script, Simulator};
use webex_contact_center::{Client, Connectors, OrganizationId};

use super::{basic, budget, calling, calls, refresh_token, settings};
use crate::support::simulator::{locked, start};

/// Returns five organizations, which hold ten connectors each.
fn organizations() -> Vec<String> {
    (1..=5).map(|n| format!("{n}1111111-2222-4333-8444-555555555555")).collect()
}

fn organizations_of(simulator: &Simulator, per_minute: u32) -> Vec<Connectors> {
    let mut settings = settings(simulator);
    settings.requests_per_minute = NonZeroU32::new(per_minute).unwrap();
    let client = Client::new(settings).unwrap();
    let organization = |id: &String| client.connectors(OrganizationId::parse(id).unwrap());
    organizations().iter().map(organization).collect()
}

async fn create_fifty(connectors: &[Connectors]) {
    let creates = (0..50).map(|number| async move {
        let content = basic(&format!("connector {number}"));
        connectors[number % 5].create(&content, &budget()).await
    });
    for created in join_all(creates).await {
        assert!(!created.unwrap().adopted);
    }
}

#[tokio::test]
async fn fifty_operations_stay_below_the_rate_limit() {
    let simulator = start(Options {
        organizations: organizations(),
        rate_limit: Some(300),
        ..Options::default()
    });
    create_fifty(&organizations_of(&simulator, 300)).await;
    assert_eq!(simulator.journal().len(), 50, "no call was refused, none was repeated");
    assert!(simulator.journal().iter().all(|exchange| exchange.status == Some(201)));
}

#[tokio::test]
async fn fifty_operations_survive_a_used_up_rate_limit() {
    let simulator = start(Options { organizations: organizations(), ..Options::default() });
    let busy = Script::answer(429, Value::Null).header("Retry-After", "1").times(10);
    simulator.faults([busy]);
    create_fifty(&organizations_of(&simulator, 6000)).await;
    assert_eq!(simulator.journal().len(), 60, "ten calls were refused and repeated");
}

#[tokio::test]
async fn ten_parallel_reads_cost_one_call() {
    let simulator = locked();
    let connectors = calling(&simulator);
    let mut ids = Vec::new();
    for number in 0..10 {
        let content = basic(&number.to_string());
        ids.push(connectors.create(&content, &budget()).await.unwrap().connector.id);
    }
    simulator.clear_journal();
    let budget = budget();
    for read in join_all(ids.iter().map(|id| connectors.read(id, &budget))).await {
        assert!(read.unwrap().is_some());
    }
    assert_eq!(calls(&simulator), ["GET connector"]);
    assert!(connectors.list_best_effort(&budget).await.is_ok_and(|list| list.len() == 10));
    assert_eq!(calls(&simulator).len(), 1);
}

#[tokio::test]
async fn list_of_many_pages_is_read_completely() {
    let simulator = start(Options { page_size_cap: 3, ..Options::default() });
    let connectors = calling(&simulator);
    for number in 0..10 {
        connectors.create(&basic(&number.to_string()), &budget()).await.unwrap();
    }
    simulator.clear_journal();
    assert_eq!(connectors.list(&budget()).await.unwrap().len(), 10);
    assert_eq!(simulator.journal().len(), 4);
}

#[tokio::test]
async fn fifty_reads_share_one_token_refresh() {
    let simulator = start(Options { organizations: organizations(), ..Options::default() });
    let mut settings = settings(&simulator);
    settings.requests_per_minute = NonZeroU32::new(6000).unwrap();
    settings.credentials = refresh_token();
    let client = Client::new(settings).unwrap();
    // The refresh token belongs to the first organization.
    let organization = OrganizationId::parse(&organizations()[0]).unwrap();
    let connectors = client.connectors(organization);
    let id = connectors.create(&basic("crm"), &budget()).await.unwrap().connector.id;
    simulator.expire_tokens();
    simulator.clear_journal();
    let budget = budget();
    for read in join_all((0..50).map(|_| connectors.read_fresh(&id, &budget))).await {
        assert!(read.unwrap().is_some());
    }
    let refreshes = calls(&simulator).iter().filter(|call| call.contains("access_token")).count();
    assert_eq!(refreshes, 1);
    let refused =
        simulator.journal().iter().filter(|exchange| exchange.status == Some(401)).count();
    assert_eq!(simulator.journal().len(), 50 + refused + 1);
}
