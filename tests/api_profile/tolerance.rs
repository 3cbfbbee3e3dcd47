//! Services that deviate from their profile: what the provider does then is the same for every API.

use serde_json::json;
use webex_cc_simulator::{Behavior, Options, Simulator};

use crate::support::connectors::{basic, client_credentials};
use crate::support::simulator::{all_stored, calls, count, id_of, start, stored};
use crate::support::terraform::Terraform;

/// The APIs under test.
const PROFILES: [&str; 2] = [
    include_str!("../../src/webex/profile/built_in.json"),
    include_str!("../support/profiles/rest.json"),
];

fn each(behavior: &Behavior, test: impl Fn(&Simulator, Terraform)) {
    for profile in PROFILES {
        let simulator = start(Options {
            profile: Some(serde_json::from_str(profile).expect("a profile")),
            active_lock: false,
            behavior: behavior.clone(),
            ..Options::default()
        });
        let mut terraform = Terraform::with(&simulator);
        terraform.write("webex-api.json", profile);
        terraform.set("WEBEX_CC_API_PROFILE", "webex-api.json");
        test(&simulator, terraform);
    }
}

fn with(change: impl FnOnce(&mut Behavior)) -> Behavior {
    let mut behavior = Behavior::default();
    change(&mut behavior);
    behavior
}

#[test]
fn omitted_member_plans_nothing() {
    each(&with(|behavior| behavior.omit_empty = true), |_, terraform| {
        terraform.write("main.tf", &client_credentials().resource());
        terraform.apply().succeeded();
        terraform.plans_nothing();
    });
}

#[test]
fn short_row_is_completed_by_one_read() {
    let behavior = with(|behavior| {
        behavior.short_rows_without = vec!["username".to_owned(), "validation_url".to_owned()];
    });
    each(&behavior, |simulator, terraform| {
        terraform.write("main.tf", &basic().resource());
        terraform.apply().succeeded();
        calls(simulator);
        terraform.plans_nothing();
        assert_eq!(count(simulator, "GET"), 2, "the list, and the connector");
        // Drift in a field that rows lack is found all the same.
        let id = id_of(&stored(simulator));
        simulator.store(simulator.organization(), &id, json!({"username": "drifted"}));
        terraform.plan().succeeded().says("drifted").says("1 to change");
    });
}

#[test]
fn literal_that_is_not_known_plans_nothing() {
    each(&Behavior::default(), |simulator, terraform| {
        terraform.write("main.tf", &client_credentials().resource());
        terraform.apply().succeeded();
        simulator.behave(with(|behavior| {
            behavior.literals = vec!["client_credentials=NEW_GRANT".to_owned()];
        }));
        let output = terraform.run(["plan", "-no-color", "-detailed-exitcode"]);
        assert_eq!(output.code, Some(0), "{}", output.text());
        output
            .says("has a value of grant_type that the API profile does not know")
            .says("add Webex's word \"NEW_GRANT\"");
        // An update does not change it.
        terraform.write("main.tf", &client_credentials().edited().resource());
        terraform.apply().succeeded().says("1 changed");
        assert_eq!(stored(simulator)["grantType"], json!("CLIENT_CREDENTIALS_SECRET"));
    });
}

#[test]
fn unknown_members_survive_an_update() {
    let extra = json!({"shiny": {"deep": [1, 2]}, "note": "kept"});
    let behavior = with(|behavior| behavior.extra_members = Some(extra.clone()));
    each(&behavior, |simulator, terraform| {
        terraform.write("main.tf", &basic().resource());
        terraform.apply().succeeded();
        terraform.write("main.tf", &basic().edited().resource());
        terraform.apply().succeeded().says("1 changed");
        for (name, value) in extra.as_object().expect("an object") {
            assert_eq!(&stored(simulator)[name], value);
        }
    });
}

#[test]
fn switch_that_changes_nothing_is_a_failure() {
    each(&Behavior::default(), |simulator, terraform| {
        terraform.write("main.tf", &basic().resource());
        terraform.apply().succeeded();
        simulator.behave(with(|behavior| behavior.ignored_fields = vec!["active".to_owned()]));
        terraform.write("main.tf", &basic().with("active", false).resource());
        terraform.apply().failed();
        assert_eq!(stored(simulator)["active"], json!(true));
        assert_eq!(terraform.attributes("webex_cc_custom_connector.test")["active"], json!(true));
    });
}

#[test]
fn created_connector_is_never_tainted_because_of_its_echo() {
    let behavior = with(|behavior| behavior.ignored_fields = vec!["scope".to_owned()]);
    each(&behavior, |simulator, terraform| {
        terraform.write("main.tf", &client_credentials().with("scope", "read").resource());
        let output = terraform.apply().succeeded();
        // A response of the other API leaves the scope out, which says nothing.
        if terraform.read("webex-api.json") == PROFILES[0] {
            output.says("Webex did not take scope of connector").says("State has what was sent");
        }
        let id = id_of(&stored(simulator));
        // An ordinary difference.
        simulator.behave(Behavior::default());
        terraform.plan().succeeded().says("0 to add, 1 to change, 0 to destroy");
        terraform.apply().succeeded().says("1 changed");
        assert_eq!(id_of(&stored(simulator)), id);
        assert_eq!(stored(simulator)["scope"], json!("read"));
        terraform.plans_nothing();
    });
}

/// This API has neither versions nor times. What is visible decides.
#[test]
fn edit_between_plan_and_apply_is_noticed_without_versions() {
    let profile = include_str!("../support/profiles/one_discriminator.json");
    let simulator = start(Options {
        profile: Some(serde_json::from_str(profile).expect("a profile")),
        ..Options::default()
    });
    let mut terraform = Terraform::with(&simulator);
    terraform.write("webex-api.json", profile);
    terraform.set("WEBEX_CC_API_PROFILE", "webex-api.json");
    terraform.write("main.tf", &basic().resource());
    terraform.apply().succeeded();
    terraform.write("main.tf", &basic().edited().resource());
    terraform.run(["plan", "-no-color", "-out=saved"]).succeeded();
    let id = id_of(&stored(&simulator));
    let theirs = json!({"validationUrl": "https://theirs.example"});
    simulator.store(simulator.organization(), &id, theirs);
    terraform
        .run(["apply", "-no-color", "saved"])
        .failed()
        .says("Somebody changed the connector after it was read");
    assert_eq!(stored(&simulator)["validationUrl"], json!("https://theirs.example"));
    terraform.apply().succeeded().says("1 changed");
}

#[test]
fn refused_list_is_not_the_end() {
    each(&Behavior::default(), |simulator, terraform| {
        terraform.write("main.tf", &basic().resource());
        terraform.apply().succeeded();
        simulator.behave(with(|behavior| behavior.refused_list = true));
        terraform
            .plan()
            .succeeded()
            .says("No changes")
            .says("Webex refuses the list of connectors");
        terraform.write("main.tf", &basic().edited().resource());
        terraform.apply().succeeded().says("1 changed");
        terraform.destroy().succeeded();
        assert!(all_stored(simulator).is_empty());
    });
}

#[test]
fn refused_method_names_those_that_are_allowed() {
    let simulator = start(Options { active_lock: false, ..Options::default() });
    let terraform = Terraform::applied(&simulator, &basic().resource());
    simulator.behave(with(|behavior| behavior.refused_methods = vec!["PUT".to_owned()]));
    terraform.write("main.tf", &basic().edited().resource());
    terraform
        .apply()
        .failed()
        .says("does not allow PUT at this path")
        .says("PATCH")
        .says("run the provider's command `learn`");
}

#[test]
fn update_that_is_visible_late_is_not_undone() {
    let behavior = with(|behavior| behavior.update_visible_after_ms = 1500);
    each(&behavior, |simulator, terraform| {
        terraform.write("main.tf", &basic().resource());
        terraform.apply().succeeded();
        terraform.write("main.tf", &basic().edited().resource());
        terraform.apply().succeeded().says("1 changed");
        assert_eq!(stored(simulator)["username"], json!("agent2"));
    });
}
