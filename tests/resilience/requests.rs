//! Headers of every request.

use serde_json::json;

use super::{applied, on_list};
use crate::support::connectors::basic;
use crate::support::simulator::unlocked;

#[test]
fn requests_carry_user_agent_and_tracking_id() {
    let simulator = unlocked();
    let mut terraform = applied(&simulator);
    terraform.set("TF_APPEND_USER_AGENT", "pipeline/7");
    terraform.write("main.tf", &basic().edited().resource());
    terraform.apply().succeeded();
    let journal = simulator.journal();
    let mut tracking_ids = std::collections::BTreeSet::new();
    for exchange in &journal {
        let header = |name: &str| exchange.headers.get(name).map_or("", String::as_str);
        let user_agent = header("user-agent");
        let own = format!("terraform-provider-webex/{} Terraform/", env!("CARGO_PKG_VERSION"));
        assert!(user_agent.starts_with(&own), "{user_agent}");
        assert!(user_agent.ends_with(" pipeline/7"), "{user_agent}");
        assert_eq!(header("accept"), "application/json");
        assert_eq!(header("authorization"), format!("Bearer {}", simulator.token()));
        assert!(header("trackingid").starts_with("TERRAFORMWEBEX_"));
        tracking_ids.insert(header("trackingid").to_owned());
    }
    assert_eq!(tracking_ids.len(), journal.len(), "each request has an id of its own");
}

#[test]
fn error_shows_the_tracking_id_of_the_request() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    let script = webex_cc_simulator::Script::answer(401, json!(null));
    simulator.faults([on_list(script)]);
    let output = terraform.plan().failed();
    let journal = simulator.journal();
    output.says(&journal[0].headers["trackingid"]);
}
