//! Creates with an unknown outcome, and creates that are refused.

use serde_json::json;
use webex_cc_simulator::{Action, Script};

use super::{applied, on, on_create};
use crate::support::connectors::{ADDRESS, basic};
use crate::support::simulator::{count, id_of, stored, unlocked};
use crate::support::terraform::Terraform;

/// The POST is not sent again.
#[test]
fn lost_response_to_a_create_adopts_the_connector() {
    let lost = [
        Script::close_after(),
        Script::lost_answer(502, "<html>Bad Gateway</html>".into()),
        Script::lost_answer(504, json!(null)),
        Script::lost_answer(500, json!({"error": "oops"})),
    ];
    for script in lost {
        let simulator = unlocked();
        let terraform = Terraform::configured(&simulator, &basic().resource());
        simulator.faults([on_create(script.times(1))]);
        terraform
            .apply()
            .succeeded()
            .says("The response to creating connector \"Zendesk\" was lost")
            .says("1 added");
        assert_eq!(count(&simulator, "POST"), 1);
        let attributes = terraform.attributes(ADDRESS);
        assert_eq!(attributes["id"], stored(&simulator)["id"]);
        terraform.plans_nothing();
    }
}

/// A proxy responds to the POST instead of Webex, and somebody else's connector has the name.
#[test]
fn unreadable_success_does_not_take_over_a_connector() {
    for (status, body) in [(200, json!("<html>sign in</html>")), (201, json!({}))] {
        for theirs in [basic().with("resource_domain_url", "https://other.example.com"), basic()] {
            let simulator = unlocked();
            let rival = theirs.make_by_hand(&simulator);
            simulator.advance_clock(std::time::Duration::from_secs(60));
            let terraform = Terraform::configured(&simulator, &basic().resource());
            simulator.faults([on_create(Script::answer(status, body.clone()).times(1))]);
            terraform
                .apply()
                .failed()
                .says("Could not confirm that connector \"Zendesk\" was created")
                .says(&format!("has a connector {rival} with this name"))
                .says("State does not have the connector at this address.");
            let addresses = terraform.run(["state", "list"]).text();
            assert!(!addresses.contains("webex_cc_custom_connector"), "{addresses}");
            terraform.apply().failed().says("Nothing was created.");
            assert_eq!(id_of(&stored(&simulator)), rival);
            assert_eq!(count(&simulator, "DELETE"), 0);
        }
    }
}

/// Two resources have the same name and fields, and one response is lost. The one
/// connector does not end up at two addresses.
#[test]
fn connector_of_another_resource_is_not_adopted() {
    let simulator = unlocked();
    let terraform = Terraform::with(&simulator);
    let first = basic().resource();
    let second = first.replace("\"test\"", "\"second\"");
    terraform.write("main.tf", &format!("{first}{second}"));
    simulator.faults([
        on_create(Script::new(Action::DelayMs(0)).times(1)),
        on_create(Script::answer(504, json!(null)).times(1)),
    ]);
    terraform
        .apply()
        .failed()
        .says("another resource of the same name")
        .says("and no other resource has it");
    let addresses = terraform.run(["state", "list"]).succeeded().text();
    assert_eq!(addresses.matches("webex_cc_custom_connector").count(), 1, "{addresses}");
    stored(&simulator);
}

/// The connection ends before the connector is created. The POST is not sent
/// again; applying again works.
#[test]
fn create_that_never_arrived_is_safe_to_repeat() {
    let simulator = unlocked();
    let terraform = Terraform::configured(&simulator, &basic().resource());
    simulator.faults([on_create(Script::close_before().times(1))]);
    terraform.apply().failed().says("Apply again. Names are unique").says("tracking id");
    assert_eq!(count(&simulator, "POST"), 1);
    terraform.apply().succeeded().says("1 added");
    stored(&simulator);
    terraform.plans_nothing();
}

/// A 429 proves that nothing was created.
#[test]
fn rate_limited_create_is_sent_again() {
    let simulator = unlocked();
    let terraform = Terraform::configured(&simulator, &basic().resource());
    let limited = Script::answer(429, json!(null)).header("Retry-After", "0");
    simulator.faults([on_create(limited.times(2))]);
    terraform.apply().succeeded().says("1 added");
    assert_eq!(count(&simulator, "POST"), 3);
    stored(&simulator);
}

/// The plan warns. The apply fails with the id and the block that adopts the
/// existing connector.
#[test]
fn taken_name_is_reported_with_the_import_block() {
    let simulator = unlocked();
    let organization = simulator.organization();
    let other = basic().with("resource_domain_url", "https://other.example.com");
    let rival = other.make_by_hand(&simulator);
    let mut terraform = Terraform::configured(&simulator, &basic().resource());
    let block = format!("id = \"{organization}/{rival}\"");
    terraform.plan().succeeded().says("is already taken").says(&block);
    terraform
        .apply()
        .failed()
        .says("Could not create connector \"Zendesk\"")
        .says("on main.tf line")
        .says("Nothing was created.")
        .says(&format!("import it by the id {organization}/{rival}"))
        .does_not_say("If the connector is yours");
    assert_eq!(id_of(&stored(&simulator)), rival);

    terraform.set("WEBEX_CC_PREFLIGHT_CHECKS", "false");
    simulator.clear_journal();
    terraform.plan().succeeded().does_not_say("already taken");
    assert_eq!(simulator.journal(), []);
}

/// The connector that a replacement deletes holds its name for a moment.
#[test]
fn name_of_a_deleted_connector_is_refused_for_a_moment() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    let taken = json!({ "error": "similar entity" });
    simulator.faults([on_create(Script::answer(409, taken.clone()).times(1))]);
    terraform
        .run(["apply", "-no-color", "-auto-approve", &format!("-replace={ADDRESS}")])
        .succeeded()
        .says("1 added, 0 changed, 1 destroyed");
    assert_eq!(count(&simulator, "POST"), 2);
    stored(&simulator);
    terraform.plans_nothing();
}

#[test]
fn eleventh_connector_is_refused_with_the_limit() {
    let simulator = unlocked();
    let organization = simulator.organization();
    for number in 0..10 {
        let id = format!("6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a{number:02}");
        let fields = json!({ "name": format!("c{number}"), "connectorType": "CUSTOM" });
        simulator.store(organization, &id, fields);
    }
    let terraform = Terraform::configured(&simulator, &basic().resource());
    terraform.plan().succeeded().says("no room for another custom connector");
    terraform.apply().failed().says("Webex allows 10").says("Webex says:").says("tracking id");
}

/// Webex checks the credentials with the third party, which refuses them.
#[test]
fn refused_credentials_quote_webex_without_a_retry() {
    let simulator = unlocked();
    let terraform = Terraform::configured(&simulator, &basic().resource());
    let body = json!({
        "trackingId": "ccconfig_42",
        "error": { "key": "400", "reason": "invalid", "message": [
            { "description": "validationUrl: https://example.zendesk.com answered 401" },
        ]},
    });
    simulator.faults([on_create(Script::answer(400, body))]);
    terraform
        .apply()
        .failed()
        .says("Nothing was created.")
        .says("Webex says: validationUrl: https://example.zendesk.com answered 401")
        .says("Webex tracking id ccconfig_42");
    assert_eq!(count(&simulator, "POST"), 1);
}

/// The response to the PUT is a 200 that holds another value.
#[test]
fn ignored_argument_is_an_error_and_state_has_webexs_value() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    let mut answer = stored(&simulator);
    answer["username"] = json!("somebody else");
    answer["version"] = json!(9);
    simulator.faults([on("PUT", Script::lost_answer(200, answer).times(1))]);
    terraform.write("main.tf", &basic().edited().resource());
    terraform
        .apply()
        .failed()
        .says("Webex did not take username of connector \"Zendesk\" as it was sent")
        .says("Sent: \"agent2\". Webex has: \"somebody else\"")
        .says("on main.tf line");
    let attributes = terraform.attributes(ADDRESS);
    assert_eq!(attributes["username"], json!("somebody else"));
}

/// The response to the create cannot be read. State has the id, and the next plan
/// does not replace the connector.
#[test]
fn create_with_an_unreadable_response_keeps_the_id() {
    let simulator = unlocked();
    let terraform = Terraform::configured(&simulator, &basic().resource());
    simulator.faults([on_create(Script::lost_answer(201, "<html>".into()).times(1))]);
    terraform.apply().succeeded().says("1 added");
    let attributes = terraform.attributes(ADDRESS);
    assert_eq!(attributes["id"], stored(&simulator)["id"]);
    assert_eq!(count(&simulator, "POST"), 1);
    terraform.plans_nothing();
}
