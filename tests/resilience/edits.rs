//! Edits by others, interrupted edits, and edits of active connectors.

use serde_json::json;
use webex_cc_simulator::{Action, Behavior, OmittedSecret, Options, Script};

use super::{applied, on, pass};
use crate::support::connectors::{
    ADDRESS, Connector, Form, PASSWORD, basic, password_grant, resource,
};
use crate::support::simulator::{
    all_stored, count, delete_by_hand, id_of, last_body, locked, start, stored, unlocked,
};
use crate::support::terraform::Terraform;

#[test]
fn edit_between_plan_and_apply_is_not_overwritten() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    terraform.write("main.tf", &basic().edited().resource());
    terraform.run(["plan", "-no-color", "-out=saved"]).succeeded();
    let id = id_of(&stored(&simulator));
    simulator.store(simulator.organization(), &id, json!({ "scope": "theirs" }));
    simulator.clear_journal();
    terraform
        .run(["apply", "-no-color", "saved"])
        .failed()
        .says("Could not update connector \"Zendesk\"")
        .says("Somebody changed the connector after it was read")
        .says("Run `terraform plan` again");
    assert_eq!(stored(&simulator)["username"], json!("agent"));
    assert_eq!(stored(&simulator)["scope"], json!("theirs"));
    assert_eq!(count(&simulator, "PUT"), 0, "the provider reads before it writes");

    terraform.apply().succeeded().says("1 changed");
    assert_eq!(stored(&simulator)["username"], json!("agent2"));
    terraform.plans_nothing();
}

#[test]
fn put_carries_the_planned_version() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    let version = stored(&simulator)["version"].clone();
    terraform.write("main.tf", &basic().edited().resource());
    terraform.apply().succeeded();
    assert_eq!(last_body(&simulator, "PUT")["version"], version);
}

/// The provider reads the connector to find out whether the PUT was carried out.
#[test]
fn lost_response_to_an_update_converges() {
    for script in [Script::close_after(), Script::close_before(), Script::answer(503, json!(null))]
    {
        let simulator = unlocked();
        let terraform = applied(&simulator);
        simulator.faults([on("PUT", script.times(1))]);
        terraform.write("main.tf", &basic().edited().resource());
        terraform.apply().succeeded().says("1 changed");
        assert_eq!(stored(&simulator)["username"], json!("agent2"));
        assert_eq!(stored(&simulator)["password"], json!(PASSWORD));
        terraform.plans_nothing();
    }
}

/// A gateway does not wait until Webex has checked the credentials with the third party.
#[test]
fn gateway_timeout_of_an_update_sends_the_credentials_once() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    simulator.faults([on("PUT", Script::answer(504, json!(null)))]);
    terraform.write("main.tf", &basic().edited().resource());
    terraform
        .apply()
        .failed()
        .says("It is not known whether Webex made the change.")
        .says("so the next apply sends those of the configuration again");
    assert_eq!(count(&simulator, "PUT"), 1);

    simulator.faults([]);
    terraform.apply().succeeded().says("1 changed");
    assert_eq!(stored(&simulator)["username"], json!("agent2"));
    terraform.plans_nothing();
}

/// The edit is refused after the connector was deactivated for it.
#[test]
fn refused_edit_leaves_the_connector_active() {
    let simulator = locked();
    let terraform = applied(&simulator);
    // 423 for the edit; the deactivation passes; the edit is refused.
    let refused = json!({ "error": { "message": [{ "description": "username: too short" }] } });
    simulator.faults([
        on("PUT", Script::answer(423, json!({ "error": "locked" })).times(1)),
        pass("PUT", 1),
        on("PUT", Script::answer(400, refused).times(1)),
    ]);
    terraform.write("main.tf", &basic().edited().resource());
    terraform
        .apply()
        .failed()
        .says("The edit was not made.")
        .says("is active again")
        .says("Webex says: username: too short");
    assert_eq!(stored(&simulator)["active"], json!(true));
    let attributes = terraform.attributes(ADDRESS);
    assert_eq!((&attributes["active"], &attributes["username"]), (&json!(true), &json!("agent")));

    simulator.faults([]);
    terraform.apply().succeeded().says("1 changed");
    assert_eq!(stored(&simulator)["username"], json!("agent2"));
    terraform.plans_nothing();
}

/// Webex is slow while the connector is inactive. The edit itself succeeds.
#[test]
fn long_time_without_service_is_reported_after_an_update() {
    let simulator = locked();
    let mut terraform = applied(&simulator);
    // 423 for the edit; the deactivation passes; the edit takes long.
    let slow = Script::new(Action::DelayMs(5_200)).times(1);
    simulator.faults([pass("PUT", 2), on("PUT", slow)]);
    terraform.write("main.tf", &basic().edited().resource());
    terraform
        .apply()
        .succeeded()
        .says("1 changed")
        .says("Warning: Connector \"Zendesk\"")
        .says("was inactive for 5.")
        .says("Nothing is left to do: the connector is active again, with its change.");
    assert_eq!(stored(&simulator)["active"], json!(true));
    // At the usual speed, only the log says it.
    terraform.set("TF_LOG_PROVIDER", "INFO");
    terraform.write("main.tf", &basic().resource());
    terraform
        .apply()
        .succeeded()
        .says("1 changed")
        .says(&format!("connector {} was inactive for", id_of(&stored(&simulator))))
        .does_not_say("Warning: Connector");
    terraform.plans_nothing();
}

/// Activating the connector again fails, too. State and error say so, and the next
/// apply activates it.
#[test]
fn failed_reactivation_is_reported_and_repaired() {
    let simulator = locked();
    let terraform = applied(&simulator);
    simulator.faults([
        on("PUT", Script::answer(423, json!({ "error": "locked" })).times(1)),
        pass("PUT", 1),
        on("PUT", Script::answer(403, json!({ "error": "no" }))),
    ]);
    terraform.write("main.tf", &basic().edited().resource());
    terraform
        .apply()
        .failed()
        .says("is INACTIVE: flows that use it fail")
        .says("State has active = false");
    assert_eq!(stored(&simulator)["active"], json!(false));
    let attributes = terraform.attributes(ADDRESS);
    assert_eq!(attributes["active"], json!(false));

    simulator.faults([]);
    terraform.apply().succeeded().says("1 changed");
    assert_eq!(stored(&simulator)["active"], json!(true));
    assert_eq!(stored(&simulator)["username"], json!("agent2"));
    terraform.plans_nothing();
}

/// `ignore_changes` hides the difference in `active`. What the provider has deactivated, it
/// activates.
#[test]
fn connector_left_deactivated_is_activated_under_ignore_changes() {
    let simulator = locked();
    let ignoring = |connector: Connector| {
        let lifecycle = "  lifecycle {\n    ignore_changes = [active]\n  }\n";
        resource(&format!("{}{lifecycle}", connector.hcl(Form::Stateful)))
    };
    let terraform = Terraform::applied(&simulator, &ignoring(basic()));
    simulator.faults([pass("PUT", 2), on("PUT", Script::answer(403, json!({ "error": "no" })))]);
    terraform.write("main.tf", &ignoring(basic().edited()));
    terraform.apply().failed().says("is INACTIVE: flows that use it fail");
    assert_eq!(stored(&simulator)["active"], json!(false));

    simulator.faults([]);
    terraform.apply().succeeded().says("1 changed").says("was activated again");
    assert_eq!(stored(&simulator)["active"], json!(true));
    assert_eq!(stored(&simulator)["username"], json!("agent2"));
    terraform.plans_nothing();

    // A deactivation by somebody else is ignored, as the configuration says.
    let id = id_of(&stored(&simulator));
    simulator.store(simulator.organization(), &id, json!({ "active": false }));
    terraform.plans_nothing();
    assert_eq!(stored(&simulator)["active"], json!(false));
}

/// The server checks no versions, so the provider has to.
#[test]
fn edit_between_plan_and_apply_is_noticed_without_the_server() {
    for lock in [false, true] {
        let simulator = start(Options {
            active_lock: lock,
            behavior: Behavior { unchecked_versions: true, ..Behavior::default() },
            ..Options::default()
        });
        let terraform = applied(&simulator);
        terraform.write("main.tf", &basic().edited().resource());
        terraform.run(["plan", "-no-color", "-out=saved"]).succeeded();
        let id = id_of(&stored(&simulator));
        simulator.store(
            simulator.organization(),
            &id,
            json!({ "validationUrl": "https://theirs.example" }),
        );
        simulator.clear_journal();
        terraform
            .run(["apply", "-no-color", "saved"])
            .failed()
            .says("Somebody changed the connector after it was read")
            .says("Nothing was overwritten");
        assert_eq!(count(&simulator, "PUT"), 0);
        assert_eq!(stored(&simulator)["username"], json!("agent"));
        terraform.apply().succeeded().says("1 changed");
    }
}

/// A plan without a refresh is based on an old state.
#[test]
fn plan_without_refresh_overwrites_nothing_that_has_moved() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    let id = id_of(&stored(&simulator));
    simulator.store(
        simulator.organization(),
        &id,
        json!({ "validationUrl": "https://theirs.example" }),
    );
    terraform.write("main.tf", &basic().edited().resource());
    terraform
        .run(["apply", "-auto-approve", "-no-color", "-refresh=false"])
        .failed()
        .says("Somebody changed the connector after it was read");
    assert_eq!(stored(&simulator)["validationUrl"], json!("https://theirs.example"));
    assert_eq!(stored(&simulator)["username"], json!("agent"));
}

/// A proxy responds to a PUT with a page of status 200, and Webex never gets the request.
#[test]
fn page_in_place_of_an_update_changes_nothing() {
    for (simulator, before) in [(unlocked(), 0), (locked(), 1), (locked(), 2), (locked(), 3)] {
        let terraform = applied(&simulator);
        let mut scripts = vec![
            pass("PUT", before),
            on("PUT", Script::answer(200, "<html>sign in</html>".into()).times(1)),
        ];
        scripts.retain(|script| script.times != Some(0));
        simulator.faults(scripts);
        terraform.write("main.tf", &basic().edited().resource());
        let output = terraform.apply().failed().says("cannot be read: it is not JSON");
        let is_active = stored(&simulator)["active"] == json!(true);
        assert!(is_active || output.text().contains("is INACTIVE"), "{before}");
        terraform.apply().succeeded().says("1 changed");
        assert_eq!(stored(&simulator)["username"], json!("agent2"));
        assert_eq!(stored(&simulator)["active"], json!(true));
        terraform.plans_nothing();
    }
}

/// Webex responds with 200 and leaves `active` as it was.
#[test]
fn ignored_deactivation_is_reported() {
    let simulator = locked();
    let terraform = applied(&simulator);
    // 423 for the edit; the deactivation has no effect.
    let ignored = Script::answer(200, stored(&simulator));
    simulator.faults([pass("PUT", 1), on("PUT", ignored.times(1))]);
    terraform.write("main.tf", &basic().edited().resource());
    terraform
        .apply()
        .failed()
        .says(
            "success for the request to deactivate the connector, but the connector is still active",
        )
        .says("The connector is as it was before, and is active.")
        .does_not_say("although the connector is already inactive");
    assert_eq!(stored(&simulator)["active"], json!(true));

    terraform.apply().succeeded().says("1 changed");
    assert_eq!(stored(&simulator)["username"], json!("agent2"));
    terraform.plans_nothing();
}

/// Webex responds with 200 to the activation and leaves the connector inactive.
#[test]
fn ignored_reactivation_is_reported_and_repaired() {
    let simulator = locked();
    let terraform = applied(&simulator);
    let mut inactive = stored(&simulator);
    inactive["active"] = json!(false);
    // 423 for the edit; the deactivation passes; the edit is refused.
    let ignored = Script::answer(200, inactive);
    let refused = Script::answer(400, json!({ "error": "no" }));
    simulator.faults([pass("PUT", 2), on("PUT", refused.times(1)), on("PUT", ignored)]);
    terraform.write("main.tf", &basic().edited().resource());
    terraform
        .apply()
        .failed()
        .says("is INACTIVE: flows that use it fail")
        .says("but the connector is still inactive")
        .does_not_say("is active again");
    assert_eq!(stored(&simulator)["active"], json!(false));

    simulator.faults([]);
    terraform.apply().succeeded().says("1 changed");
    assert_eq!(stored(&simulator)["active"], json!(true));
    terraform.plans_nothing();
}

/// Webex does not deactivate a connector that flows use.
#[test]
fn refused_deactivation_of_an_edit_names_the_flows() {
    let simulator = locked();
    let terraform = applied(&simulator);
    let id = id_of(&stored(&simulator));
    simulator.add_reference(simulator.organization(), &id, "Order status");
    let in_use = Script::answer(412, json!({ "error": "in use" }));
    simulator.faults([pass("PUT", 1), on("PUT", in_use.times(1))]);
    terraform.write("main.tf", &basic().edited().resource());
    terraform
        .apply()
        .failed()
        .says("The connector is in use.")
        .says("\"Order status\"")
        .says("The connector is as it was before, and is active.")
        .says("Then select the connector in those flows again, and publish them.");
    assert_eq!(stored(&simulator)["active"], json!(true));
}

/// This server blanks a credential that a PUT leaves out. The connector stays
/// inactive, the error says so, and the next apply activates it.
#[test]
fn refused_reactivation_keeps_the_credentials() {
    let options = Options { omitted_secret: OmittedSecret::Blank, ..Options::default() };
    let simulator = start(options);
    let terraform = applied(&simulator);
    // The refusal, the deactivation and the edit pass. Then the validation fails once.
    simulator.faults([
        pass("PUT", 3),
        on("PUT", Script::answer(400, json!({ "error": "validation failed" })).times(1)),
    ]);
    terraform.write("main.tf", &basic().edited().resource());
    terraform.apply().failed().says("is INACTIVE");
    assert_eq!(stored(&simulator)["password"], json!(PASSWORD));
    assert_eq!(stored(&simulator)["active"], json!(false));

    terraform.apply().succeeded().says("1 changed");
    assert_eq!(stored(&simulator)["password"], json!(PASSWORD));
    assert_eq!(stored(&simulator)["active"], json!(true));
    terraform.plans_nothing();
}

/// The error does not advise to deactivate the connector.
#[test]
fn lock_of_an_inactive_connector_has_its_own_error() {
    let simulator = locked();
    let terraform = applied(&simulator);
    let inactive = basic().with("active", false);
    terraform.write("main.tf", &inactive.resource());
    terraform.apply().succeeded();
    simulator.faults([on("PUT", Script::answer(423, json!({ "error": "busy" })))]);
    terraform.write("main.tf", &inactive.edited().resource());
    terraform
        .apply()
        .failed()
        .says("423, locked, although the connector is already inactive")
        .does_not_say("Set active to false");
    simulator.faults([]);
    terraform.apply().succeeded().says("1 changed");
}

/// The connection breaks at each step of updating an active connector, before and after processing.
/// The next apply converges, and the connector is active.
#[test]
fn update_interrupted_at_any_step_converges() {
    for step in 0..4 {
        for cut in [Script::close_before(), Script::close_after()] {
            let simulator = locked();
            let mut terraform = applied(&simulator);
            let mut scripts = vec![pass("PUT", step), on("PUT", cut)];
            scripts.retain(|script| script.times != Some(0));
            simulator.faults(scripts);
            terraform.write("main.tf", &basic().edited().resource());
            terraform.set("WEBEX_CC_MAX_RETRIES", "0");
            let output = terraform.apply();
            let is_active = stored(&simulator)["active"] == json!(true);
            let text = output.text();
            assert!(
                is_active || text.contains("INACTIVE") || text.contains("may be inactive"),
                "step {step}: deactivated unnoticed\n{text}"
            );

            simulator.faults([]);
            terraform.apply().succeeded();
            assert_eq!(stored(&simulator)["active"], json!(true), "step {step}");
            assert_eq!(stored(&simulator)["username"], json!("agent2"), "step {step}");
            assert_eq!(stored(&simulator)["password"], json!(PASSWORD));
            terraform.plans_nothing();
        }
    }
}

/// The connector is deleted in Control Hub between plan and apply.
#[test]
fn update_of_a_deleted_connector_explains_the_next_plan() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    terraform.write("main.tf", &basic().edited().resource());
    terraform.run(["plan", "-no-color", "-out=saved"]).succeeded();
    delete_by_hand(&simulator, &id_of(&stored(&simulator)));
    terraform
        .run(["apply", "-no-color", "saved"])
        .failed()
        .says("Webex does not have the connector any more.")
        .says("it plans to create the connector again, with a new id")
        .does_not_say("connector_path");
    terraform.plan().succeeded().says("1 to add");
}

/// A rename needs the name of a connector that the same apply renames, or deletes.
#[test]
fn rename_waits_for_a_name_that_the_same_apply_frees() {
    for simulator in [unlocked(), locked()] {
        let terraform = Terraform::with(&simulator);
        let named = |names: &[(&str, &str)]| {
            let resources = names.iter().map(|(key, name)| {
                basic().with("name", *name).resource().replace("\"test\"", &format!("\"{key}\""))
            });
            terraform.write("main.tf", &resources.collect::<String>());
        };
        named(&[("a", "one"), ("b", "two"), ("c", "three")]);
        terraform.apply().succeeded().says("3 added");
        named(&[("a", "two"), ("b", "three")]);
        let late = Script::answer(429, json!(null)).header("Retry-After", "1");
        simulator.faults([on("DELETE", late.times(1))]);
        terraform.apply().succeeded().says("0 added, 2 changed, 1 destroyed");
        let all = all_stored(&simulator);
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|stored| stored["active"] == json!(true)), "{all:#?}");
        terraform.plans_nothing();
        // A swap needs another name in between.
        named(&[("a", "three"), ("b", "two")]);
        terraform
            .apply()
            .failed()
            .says("Apply again: this run also deletes or renames the other connector.")
            .says("Connectors that swap their names need a third name in between.");
        let all = all_stored(&simulator);
        assert!(all.iter().all(|stored| stored["active"] == json!(true)), "{all:#?}");
    }
}

/// The name is taken by another connector.
#[test]
fn rename_to_a_taken_name_names_its_holder() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    let rival = password_grant().make_by_hand(&simulator);
    terraform.write("main.tf", &basic().with("name", "CRM").resource());
    terraform.plan().succeeded().says("is already taken");
    terraform
        .apply()
        .failed()
        .says("Could not update connector \"Zendesk\"")
        .says(&format!("The name \"CRM\" belongs to the connector {rival}"));
}
