//! Reads: what counts as deleted, retries, and the number of calls.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use webex_cc_simulator::{Options, Script};

use super::{applied, on_list};
use crate::support::connectors::{ADDRESS, Form, basic, resource};
use crate::support::simulator::{
    all_stored, calls, count, delete_by_hand, id_of, start, stored, unlocked,
};
use crate::support::terraform::Terraform;

#[test]
fn deleted_connector_is_created_again_with_a_warning() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    let id = id_of(&stored(&simulator));
    delete_by_hand(&simulator, &id);
    terraform
        .plan()
        .succeeded()
        .says("no longer exists")
        .says(&format!("has no connector with the id {id}"))
        .says("1 to add");
    assert_eq!(
        calls(&simulator),
        ["GET /organization/ORG/v2/connector 200", "GET /organization/ORG/connector/ID 404"]
    );
    terraform.apply().succeeded().says("1 added");
    terraform.plans_nothing();
}

/// Everything else is an error, and state stays as it is.
#[test]
fn only_a_404_counts_as_deleted() {
    let answers = [
        (400, json!({ "error": { "message": [{ "description": "connector not found" }] } })),
        (401, json!({ "error": "expired" })),
        (403, json!({ "error": "forbidden" })),
        (404, json!("<html>Not Found</html>")),
        (405, json!({ "timestamp": 1, "status": 405, "error": "Method Not Allowed", "path": "/" })),
        (500, json!(null)),
        (302, json!(null)),
        (200, json!("<html>Sign in</html>")),
        (200, json!({ "meta": {}, "data": null })),
    ];
    for (status, body) in answers {
        let simulator = unlocked();
        let mut terraform = applied(&simulator);
        terraform.set("WEBEX_CC_MAX_RETRIES", "0");
        let id = id_of(&stored(&simulator));
        simulator.faults([
            Script::answer(status, body).header("Location", "https://evil.example.com/x")
        ]);
        terraform
            .plan()
            .failed()
            .says("Could not read connector \"Zendesk\"")
            .says("Nothing was changed. State has what was known before.");
        assert_eq!(terraform.attributes(ADDRESS)["id"], json!(id));
    }
}

/// The error names the target's host. The token is not sent there.
#[test]
fn redirect_is_reported_and_not_followed() {
    let simulator = unlocked();
    let elsewhere = unlocked();
    let terraform = applied(&simulator);
    let location = format!("{}/organization/x/v2/connector", elsewhere.base_url());
    simulator.faults([on_list(Script::answer(307, json!(null)).header("Location", &location))]);
    terraform
        .plan()
        .failed()
        .says("redirects to 127.0.0.1")
        .says("The provider follows no redirect");
    assert_eq!(elsewhere.journal(), []);
}

#[test]
fn read_only_token_names_the_missing_scope() {
    let options = Options {
        read_only_tokens: vec!["read-only".to_owned()],
        active_lock: false,
        ..Options::default()
    };
    let simulator = start(options);
    let mut terraform = applied(&simulator);
    terraform.set("WEBEX_ACCESS_TOKEN", "read-only");
    terraform.set("WEBEX_ORGANIZATION_ID", simulator.organization());
    terraform.plans_nothing();
    terraform.write("main.tf", &basic().edited().resource());
    simulator.clear_journal();
    terraform.apply().failed().says("cjp:config_write").says("status 403");
    assert_eq!(count(&simulator, "PUT"), 1);
}

#[test]
fn expired_static_token_names_renewable_credentials() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    simulator.expire_tokens();
    terraform
        .plan()
        .failed()
        .says("it is wrong, or it has expired")
        .says("client_id, client_secret and refresh_token");
}

#[test]
fn refresh_makes_one_call_per_organization() {
    let organizations = [
        "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430",
        "a1b0f7d2-3c5e-4f60-8d9a-1b2c3d4e5f60",
        "b2c1e8f3-4d6f-4a71-9e0b-2c3d4e5f6a71",
    ];
    let options = Options {
        organizations: organizations.map(str::to_owned).to_vec(),
        active_lock: false,
        ..Options::default()
    };
    let simulator = start(options);
    let terraform = Terraform::with(&simulator);
    let mut configuration = String::new();
    for (position, organization) in organizations.into_iter().enumerate() {
        let connector = basic()
            .with("name", "c${count.index}")
            .with("organization_id", organization)
            .hcl(Form::Stateful);
        let _ = write!(
            configuration,
            "resource \"webex_cc_custom_connector\" \"r{position}\" {{\n  count = 10\n\
             {connector}}}\n"
        );
    }
    terraform.write("main.tf", &configuration);
    terraform.apply().succeeded().says("30 added");
    simulator.clear_journal();
    terraform.plans_nothing();
    let journal = simulator.journal();
    assert_eq!(journal.len(), 3, "{journal:#?}");
    for organization in organizations {
        let path = format!("/organization/{organization}/v2/connector");
        assert_eq!(journal.iter().filter(|exchange| exchange.path == path).count(), 1);
    }
    terraform.destroy().succeeded().says("30 destroyed");
}

#[test]
fn read_is_retried_after_a_transient_fault() {
    for script in [Script::answer(503, json!(null)), Script::close_before(), Script::close_after()]
    {
        let simulator = unlocked();
        let terraform = applied(&simulator);
        simulator.faults([on_list(script.times(2))]);
        terraform.plans_nothing();
    }
}

/// A plan of new connectors reads nothing that it needs. What it cannot compare, it says, once for
/// all connectors.
#[test]
fn plan_of_new_connectors_warns_that_it_could_not_be_checked() {
    const WARNING: &str = "Warning: This plan could not be checked with Webex";
    let simulator = unlocked();
    let plan = |change: &dyn Fn(&mut Terraform)| {
        let mut terraform = Terraform::with(&simulator);
        let arguments = basic().with("name", "c${count.index}").hcl(Form::Stateful);
        terraform.write("main.tf", &resource(&format!("  count = 3\n{arguments}")));
        change(&mut terraform);
        terraform.plan().succeeded().says("3 to add")
    };
    plan(&|_| {}).does_not_say(WARNING);
    let wrong = format!("wrong_{}", simulator.organization());
    plan(&|terraform| terraform.set("WEBEX_ACCESS_TOKEN", &wrong))
        .says(WARNING)
        .says("Webex does not accept the access token")
        .says("The apply may fail for that")
        .says("2 more similar warnings");
    let unreachable = plan(&|terraform| terraform.set("WEBEX_CC_BASE_URL", "http://127.0.0.1:1"));
    unreachable.says(WARNING).says("No connection to 127.0.0.1:");
    simulator.faults([on_list(Script::answer(403, json!({ "error": "forbidden" })))]);
    plan(&|_| {}).says(WARNING).says("does not allow the request to list");
}

/// Each command is a process of its own. What the one before has written moments ago is not gone.
#[test]
fn connector_that_becomes_visible_late_stays_in_state() {
    for lock in [false, true] {
        let visible_after = Duration::from_secs(100);
        let simulator = start(Options { visible_after, active_lock: lock, ..Options::default() });
        let terraform = Terraform::with(&simulator);
        terraform.write("main.tf", &basic().resource());
        terraform.apply().succeeded();
        let output = terraform.plan().succeeded();
        output
            .says("No changes")
            .says("Webex does not show the last change")
            .does_not_say("deleted it outside");
        if lock {
            // A destroy that needs the connector's content does not leave it behind.
            let destroyed = terraform.destroy().failed();
            destroyed
                .says("Webex does not show it yet")
                .says("Nothing was changed in Webex or in state");
            assert_eq!(all_stored(&simulator).len(), 1);
            simulator.advance_clock(Duration::from_secs(110));
            terraform.plans_nothing();
        }
        terraform.destroy().succeeded().says("1 destroyed");
        assert!(all_stored(&simulator).is_empty());
    }
}
