//! Times of the generic planner for one connector.
//!
//! Three kinds of plan: no change, which is the usual one, an update, and a create.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use terraform_provider_webex::provider::custom_connector::schema;
use tf_provider::object::{Configuration, Object, State};
use tf_provider::plan::plan_change;

fn planner(criterion: &mut Criterion) {
    let block = schema::schema().block;
    let written = |username: &str| {
        Object::null(&block)
            .with("name", "Zendesk")
            .with("resource_domain_url", "https://example.zendesk.com/api/v2/")
            .with("username", username)
            .with("password", safe_text::Secret::from("a credential"))
            .with("validation_url", "https://example.zendesk.com")
    };
    let stored = written("agent")
        .with("id", "6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10")
        .with("organization_id", "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430")
        .with("authentication_type", "basic")
        .with("active", true);
    let prior = State::new(stored.clone());
    for (kind, username, prior) in [
        ("unchanged", "agent", Some(&prior)),
        ("changed", "agent2", Some(&prior)),
        ("new", "agent", None),
    ] {
        let configuration = Configuration::new(written(username));
        let proposed = match prior {
            Some(_) => stored.clone().with("username", username),
            None => written(username),
        };
        criterion.bench_function(&format!("plan of one connector, {kind}"), |bencher| {
            bencher.iter_batched(
                || proposed.clone(),
                |proposed| plan_change(&block, black_box(&configuration), prior, proposed, |_| {}),
                BatchSize::SmallInput,
            );
        });
    }
}

criterion_group!(benches, planner);
criterion_main!(benches);
