//! Deletes of connectors that are in use, missing, or active, and interrupted deletes.

use serde_json::{Value, json};
use webex_cc_simulator::Script;

use super::{applied, on, pass};
use crate::support::connectors::{ADDRESS, basic};
use crate::support::simulator::{
    all_stored, count, delete_by_hand, id_of, locked, stored, unlocked,
};
use crate::support::terraform::Terraform;

#[test]
fn delete_of_a_connector_in_use_names_the_flows() {
    for simulator in [unlocked(), locked()] {
        let terraform = applied(&simulator);
        let id = id_of(&stored(&simulator));
        simulator.add_reference(simulator.organization(), &id, "Order status");
        simulator.add_reference(simulator.organization(), &id, "Callback");
        terraform
            .destroy()
            .failed()
            .says("Could not delete connector \"Zendesk\"")
            .says("The connector is in use.")
            .says("\"Order status\"")
            .says("\"Callback\"")
            .says("use a `removed` block");
        assert_eq!(stored(&simulator)["active"], json!(true));
        assert_eq!(terraform.attributes(ADDRESS)["id"], json!(id));

        simulator.clear_references(simulator.organization());
        terraform.destroy().succeeded();
        assert_eq!(all_stored(&simulator), Vec::<Value>::new());
    }
}

/// The provider may not list what refers to the connector. It does not deactivate
/// the connector to find out.
#[test]
fn connector_with_unknown_references_is_not_deactivated() {
    let simulator = locked();
    let terraform = applied(&simulator);
    simulator.faults([on("GET", Script::answer(403, json!({ "error": "no" })))
        .path("/organization/*/connector/*/incoming-references")]);
    simulator.clear_journal();
    terraform
        .destroy()
        .failed()
        .says("does not allow the request to list what refers to the connector")
        .says("Nothing was changed.")
        .says("set active = false, apply, and then delete the connector");
    assert_eq!(count(&simulator, "PUT"), 0);
    assert_eq!(stored(&simulator)["active"], json!(true));

    // The advice of the error works.
    terraform.write("main.tf", &basic().with("active", false).resource());
    terraform.apply().succeeded();
    terraform.destroy().succeeded();
}

/// The next apply depends on the configuration, and the error says so.
#[test]
fn connector_left_inactive_by_a_delete_is_repaired() {
    for still_configured in [true, false] {
        let simulator = locked();
        let terraform = applied(&simulator);
        let no = || Script::answer(403, json!({ "error": "no" }));
        simulator.faults([pass("DELETE", 1), on("DELETE", no()), pass("PUT", 1), on("PUT", no())]);
        terraform
            .destroy()
            .failed()
            .says("is INACTIVE: flows that use it fail")
            .says("To put the connector back into service, activate it in Control Hub.")
            .says(
                "activates the connector if the configuration still has it, and deletes it if not",
            );
        assert_eq!(stored(&simulator)["active"], json!(false));

        simulator.faults([]);
        if still_configured {
            terraform.apply().succeeded();
            assert_eq!(stored(&simulator)["active"], json!(true));
        } else {
            terraform.write("main.tf", "");
            terraform.apply().succeeded();
            assert_eq!(all_stored(&simulator), Vec::<Value>::new());
        }
    }
}

/// The connector is deleted in Control Hub between plan and apply.
#[test]
fn delete_of_a_missing_connector_succeeds() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    terraform.run(["plan", "-destroy", "-no-color", "-out=saved"]).succeeded();
    delete_by_hand(&simulator, &id_of(&stored(&simulator)));
    terraform.run(["apply", "-no-color", "saved"]).succeeded().says("1 destroyed");
}

/// A DELETE may return 404 although the connector can be read.
#[test]
fn delete_404_of_an_existing_connector_keeps_state() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    let id = id_of(&stored(&simulator));
    for body in [json!({ "message": "no Route matched with those values" }), Value::Null] {
        simulator.faults([on("DELETE", Script::answer(404, body))]);
        terraform
            .destroy()
            .failed()
            .says("Could not delete connector \"Zendesk\"")
            .says("The connector was not deleted, and is active: Webex still returns it");
        assert_eq!(terraform.attributes(ADDRESS)["id"], json!(id));
    }
    simulator.faults([]);
    terraform.destroy().succeeded();
    assert_eq!(all_stored(&simulator), Vec::<Value>::new());
}

/// A proxy responds to the DELETE with a page of status 200, and Webex never gets the request.
#[test]
fn page_in_place_of_a_delete_keeps_the_connector_in_state() {
    for (simulator, before) in [(unlocked(), 0), (locked(), 1)] {
        let terraform = applied(&simulator);
        let mut scripts = vec![
            pass("DELETE", before),
            on("DELETE", Script::answer(200, "<html>sign in</html>".into()).times(1)),
        ];
        scripts.retain(|script| script.times != Some(0));
        simulator.faults(scripts);
        terraform
            .destroy()
            .failed()
            .says("Could not delete connector \"Zendesk\"")
            .says("cannot be read: it is not JSON")
            .says("The connector was not deleted");
        let connector = stored(&simulator);
        assert_eq!(connector["active"], json!(true));
        assert_eq!(terraform.attributes(ADDRESS)["id"], connector["id"]);
        terraform.destroy().succeeded();
        assert_eq!(all_stored(&simulator), Vec::<Value>::new());
    }
}

/// Two connectors under other keys. One apply deletes and creates connectors of the same names.
#[test]
fn renamed_keys_delete_and_create_in_one_apply() {
    for simulator in [unlocked(), locked()] {
        let terraform = Terraform::with(&simulator);
        let keyed = |prefix: &str| {
            let resources = ["one", "two"].map(|name| {
                let connector = basic().with("name", name).resource();
                connector.replace("\"test\"", &format!("\"{prefix}_{name}\""))
            });
            terraform.write("main.tf", &resources.concat());
        };
        keyed("a");
        terraform.apply().succeeded().says("2 added");
        let names = || {
            let mut names: Vec<_> =
                all_stored(&simulator).iter().map(|stored| stored["name"].clone()).collect();
            names.sort_by_key(Value::to_string);
            names
        };
        // The deletes are late, so that each create meets a connector of its name.
        let late = Script::answer(503, json!(null)).header("Retry-After", "1");
        simulator.faults([on("DELETE", late.times(2))]);
        keyed("b");
        terraform.apply().succeeded().says("2 added, 0 changed, 2 destroyed");
        assert_eq!(names(), [json!("one"), json!("two")]);
        terraform.plans_nothing();
    }
}

/// A delete that had no effect does not hide that somebody saves the connector afterwards, or has
/// saved it before.
#[test]
fn failed_delete_does_not_hide_a_save_by_others() {
    // The delete fails, and its outcome is read.
    let simulator = unlocked();
    let mut terraform = applied(&simulator);
    terraform.set("WEBEX_CC_MAX_RETRIES", "0");
    simulator.faults([on("DELETE", Script::answer(503, Value::Null))]);
    terraform.destroy().failed().says("The connector was not deleted, and is active.");
    simulator.faults([]);
    let id = id_of(&stored(&simulator));
    simulator.store(simulator.organization(), &id, json!({ "password": "theirs" }));
    terraform.plan().succeeded().says("Somebody else has saved connector");

    // The delete is refused before anything is written.
    let simulator = locked();
    let terraform = applied(&simulator);
    terraform.run(["plan", "-destroy", "-no-color", "-out=saved"]).succeeded();
    let id = id_of(&stored(&simulator));
    simulator.store(simulator.organization(), &id, json!({ "password": "theirs" }));
    simulator.faults([on("GET", Script::answer(403, json!({ "error": "no" })))
        .path("/organization/*/connector/*/incoming-references")]);
    terraform.run(["apply", "-no-color", "saved"]).failed().says("Nothing was changed.");
    simulator.faults([]);
    terraform.plan().succeeded().says("Somebody else has saved connector");
}

/// An update that failed and was taken back does not hide a save by others either.
#[test]
fn failed_update_does_not_hide_a_save_by_others() {
    let simulator = unlocked();
    let mut terraform = applied(&simulator);
    terraform.set("WEBEX_CC_MAX_RETRIES", "0");
    simulator.faults([on("PUT", Script::answer(503, Value::Null))]);
    terraform.write("main.tf", &basic().edited().resource());
    terraform.apply().failed().says("The connector is as it was before, and is active.");
    simulator.faults([]);
    terraform.write("main.tf", &basic().resource());
    let id = id_of(&stored(&simulator));
    simulator.store(simulator.organization(), &id, json!({ "password": "theirs" }));
    terraform.plan().succeeded().says("Somebody else has saved connector");
}

/// The connection breaks at each step of deleting an active connector. A connector that stays
/// inactive is reported, and the next destroy converges.
#[test]
fn delete_interrupted_at_any_step_converges() {
    for (method, step) in [("DELETE", 0), ("DELETE", 1), ("PUT", 0)] {
        for cut in [Script::close_before(), Script::close_after()] {
            let simulator = locked();
            let mut terraform = applied(&simulator);
            let mut scripts = vec![pass(method, step), on(method, cut)];
            scripts.retain(|script| script.times != Some(0));
            simulator.faults(scripts);
            terraform.set("WEBEX_CC_MAX_RETRIES", "0");
            let text = terraform.destroy().text();
            let left = all_stored(&simulator);
            if let Some(connector) = left.first() {
                let is_active = connector["active"] == json!(true);
                let told = text.contains("INACTIVE") || text.contains("may be inactive");
                assert!(is_active || told, "{method} {step}: deactivated unnoticed\n{text}");
                assert_eq!(terraform.attributes(ADDRESS)["id"], connector["id"]);
            }

            simulator.faults([]);
            terraform.destroy().succeeded();
            assert_eq!(all_stored(&simulator), Vec::<Value>::new());
        }
    }
}
