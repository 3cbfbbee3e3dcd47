//! The families of APIs, each through the real CLI: with a profile that is given, and with one that
//! is learned from the recording of a person.

use std::fmt::Write as _;
use std::process::Command;

use serde_json::{Value, json};
use webex_cc_simulator::{CursorForm, Options, Simulator, TimeForm, VersionForm, browser};

use crate::support::connectors::{Connector, Form, all};
use crate::support::random_profiles::form;
use crate::support::simulator::{all_stored, id_of, start};
use crate::support::terraform::Terraform;

/// An API, with what its profile cannot tell.
fn options(family: &str, active_lock: bool) -> Options {
    let profile = |text: &str| Some(serde_json::from_str(text).expect("a profile"));
    match family {
        "rest" => Options {
            profile: profile(include_str!("../support/profiles/rest.json")),
            version_as: VersionForm::Text,
            times_as: TimeForm::Rfc3339,
            page_size_cap: 3,
            active_lock,
            ..Options::default()
        },
        "rpc" => Options {
            profile: profile(include_str!("../support/profiles/rpc.json")),
            cursor_as: CursorForm::Object,
            page_size_cap: 3,
            active_lock,
            ..Options::default()
        },
        "one discriminator" => Options {
            profile: profile(include_str!("../support/profiles/one_discriminator.json")),
            active_lock,
            ..Options::default()
        },
        _ => Options { active_lock, ..Options::default() },
    }
}

/// Returns the profile that the program learns from the recording of a person.
fn learned(options: Options) -> String {
    let simulator = start(options);
    let recording = browser::play(&simulator, &form()).expect("a recording");
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("form.json"), form().to_string()).expect("the form");
    std::fs::write(path("control-hub.har"), recording.to_string()).expect("the recording");
    let output = Command::new(env!("CARGO_BIN_EXE_terraform-provider-webex"))
        .args(["learn", "--form", "form.json", "--output", "webex-api.json", "control-hub.har"])
        .current_dir(folder.path())
        .output()
        .expect("the program");
    let report = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{report}");
    std::fs::read_to_string(path("webex-api.json")).expect("the profile")
}

/// Returns a configuration of all kinds of connectors.
fn configuration(connectors: &[Connector], form: Form, generation: usize) -> String {
    let mut text = String::new();
    for (index, connector) in connectors.iter().enumerate() {
        let arguments = connector.hcl_of(form, generation);
        let _ = write!(
            text,
            "resource \"webex_cc_custom_connector\" \"c{index}\" {{\n{arguments}\n}}\n\n"
        );
    }
    text
}

/// Returns the connectors in the order in which they are configured.
fn stored(simulator: &Simulator, connectors: &[Connector]) -> Vec<Value> {
    let all = all_stored(simulator);
    let named = |connector: &Connector| {
        let name = connector.text("name");
        all.iter().find(|one| one["name"].as_str() == name.as_deref()).cloned()
    };
    connectors.iter().map(|connector| named(connector).expect("a stored connector")).collect()
}

#[track_caller]
fn stores(simulator: &Simulator, connectors: &[Connector], generation: usize) {
    for (stored, connector) in stored(simulator, connectors).iter().zip(connectors) {
        let mut expected = connector.json_with(|credential| &credential.values[generation]);
        if let Some(certificate) = connector.second_certificate.as_ref().filter(|_| generation > 0)
        {
            expected["certificate"] = json!(certificate);
        }
        for (field, value) in expected.as_object().expect("an object") {
            assert_eq!(&stored[field], value, "{field} in {stored:#}");
        }
    }
}

/// Creates connectors of every kind, and changes, reads, imports and destroys them.
fn completes_a_life_cycle(family: &str, profile: Option<&str>, active_lock: bool) {
    let simulator = start(options(family, active_lock));
    let organization = simulator.organization().to_owned();
    let mut terraform = Terraform::with(&simulator);
    if let Some(profile) = profile {
        terraform.write("webex-api.json", profile);
        terraform.set("WEBEX_CC_API_PROFILE", "webex-api.json");
    }
    let connectors = all().map(Connector::trimmed);
    let write = |connectors: &[Connector], form, generation| {
        terraform.write("main.tf", &configuration(connectors, form, generation));
    };

    write(&connectors, Form::WriteOnly, 0);
    terraform.apply().succeeded().says("4 added").does_not_say("Warning: Webex did not take");
    stores(&simulator, &connectors, 0);
    terraform.plans_nothing();

    let edited = connectors.clone().map(Connector::edited);
    write(&edited, Form::WriteOnly, 0);
    terraform.apply().succeeded().says("0 added, 4 changed, 0 destroyed");
    stores(&simulator, &edited, 0);
    terraform.plans_nothing();

    write(&edited, Form::WriteOnly, 1);
    terraform.apply().succeeded().says("4 changed");
    stores(&simulator, &edited, 1);
    terraform.plans_nothing();

    // An edit in Control Hub.
    let first = id_of(&stored(&simulator, &edited)[0]);
    simulator.store(&organization, &first, json!({ edited[0].editable_key(): "drifted" }));
    terraform.plan().succeeded().says("drifted").says("1 to change");
    terraform.apply().succeeded().says("1 changed");
    stores(&simulator, &edited, 1);

    // Deactivation and activation.
    let mut inactive = edited.clone();
    inactive[1] = inactive[1].clone().with("active", false);
    write(&inactive, Form::WriteOnly, 1);
    terraform.apply().succeeded().says("1 changed");
    assert_eq!(stored(&simulator, &inactive)[1]["active"], json!(false));
    terraform.plans_nothing();
    write(&edited, Form::WriteOnly, 1);
    terraform.apply().succeeded().says("1 changed");
    assert_eq!(stored(&simulator, &edited)[1]["active"], json!(true));

    // Data sources, and an import into another state.
    let name = edited[0].text("name").expect("a name");
    let shown = terraform.attributes("webex_cc_custom_connector.c0")["id"].clone();
    let shown = shown.as_str().expect("an id");
    let reading = format!(
        "\ndata \"webex_cc_custom_connector\" \"one\" {{\n  name = \"{name}\"\n}}\n\n\
         data \"webex_cc_custom_connectors\" \"all\" {{}}\n\n\
         output \"id\" {{\n  value = data.webex_cc_custom_connector.one.id\n}}\n\n\
         output \"count\" {{\n  value = length(data.webex_cc_custom_connectors.all.connectors)\n}}\n"
    );
    terraform.write("data.tf", &reading);
    terraform.apply().succeeded();
    let outputs = terraform.outputs();
    assert_eq!((&outputs["id"], &outputs["count"]), (&json!(shown), &json!(4)));
    terraform.run(["state", "rm", "webex_cc_custom_connector.c0"]).succeeded();
    let id = format!("{organization}/{shown}");
    terraform.run(["import", "-no-color", "webex_cc_custom_connector.c0", &id]).succeeded();
    assert_eq!(terraform.attributes("webex_cc_custom_connector.c0")["name"], json!(name));
    terraform.apply().succeeded();

    terraform.destroy().succeeded().says("4 destroyed");
    assert_eq!(all_stored(&simulator), Vec::<Value>::new());
}

#[test]
fn api_of_the_built_in_profile_is_learned() {
    let profile = learned(options("built in", true));
    completes_a_life_cycle("built in", Some(&profile), true);
}

#[test]
fn rest_api_is_used() {
    let profile = include_str!("../support/profiles/rest.json");
    completes_a_life_cycle("rest", Some(profile), false);
    completes_a_life_cycle("rest", Some(profile), true);
}

#[test]
fn rest_api_is_learned() {
    let profile = learned(options("rest", true));
    completes_a_life_cycle("rest", Some(&profile), true);
}

#[test]
fn rpc_api_is_used() {
    let profile = include_str!("../support/profiles/rpc.json");
    completes_a_life_cycle("rpc", Some(profile), false);
    completes_a_life_cycle("rpc", Some(profile), true);
}

#[test]
fn rpc_api_is_learned() {
    let profile = learned(options("rpc", true));
    completes_a_life_cycle("rpc", Some(&profile), true);
}

#[test]
fn api_with_one_discriminator_is_used() {
    let profile = include_str!("../support/profiles/one_discriminator.json");
    completes_a_life_cycle("one discriminator", Some(profile), false);
}

#[test]
fn api_with_one_discriminator_is_learned() {
    let profile = learned(options("one discriminator", true));
    completes_a_life_cycle("one discriminator", Some(&profile), true);
}

/// Of an API that was recorded with some kinds of connectors only, the others are refused.
#[test]
fn kind_that_was_not_recorded_is_refused_with_the_recording_to_make() {
    let mut profile: Value =
        serde_json::from_str(include_str!("../support/profiles/rest.json")).expect("a profile");
    let bodies = profile.pointer_mut("/calls/create/body_by_kind").expect("bodies");
    bodies.as_object_mut().expect("an object").remove("password");
    let simulator = start(options("rest", true));
    let mut terraform = Terraform::with(&simulator);
    terraform.write("webex-api.json", &profile.to_string());
    terraform.set("WEBEX_CC_API_PROFILE", "webex-api.json");
    let connectors = all();
    let password = connectors.iter().find(|one| one.kind == "password").expect("a connector");
    terraform.write("main.tf", &password.resource());
    terraform
        .plan()
        .failed()
        .says("The API profile does not know this kind of connector")
        .says("Record creating and editing a connector with grant_type \"password\"");
    assert_eq!(all_stored(&simulator), Vec::<Value>::new());
}

#[test]
fn profile_in_the_configuration_wins_and_its_problems_are_reported_together() {
    let simulator = start(options("rest", true));
    let mut terraform = Terraform::with(&simulator);
    terraform.set("WEBEX_CC_API_PROFILE", "does-not-exist.json");
    terraform.write("main.tf", &all()[0].resource());
    terraform
        .plan()
        .failed()
        .says("WEBEX_CC_API_PROFILE cannot be used")
        .says("The file \"does-not-exist.json\" cannot be read");
    terraform.write("webex-api.json", include_str!("../support/profiles/rest.json"));
    let provider =
        |file: &str| format!("provider \"webex\" {{\n  api_profile = file(\"{file}\")\n}}\n");
    terraform.write("provider.tf", &provider("webex-api.json"));
    terraform.apply().succeeded().says("1 added");

    terraform.write("wrong.json", r#"{"format": 2, "calls": {"read": {}}, "fields": {}}"#);
    terraform.write("provider.tf", &provider("wrong.json"));
    let problems =
        ["/format: must be 1", "/calls/read: must have the member", "/fields: must have"];
    let output = terraform.validate().failed().says("api_profile cannot be used");
    problems.iter().fold(output, |output, problem| output.says(problem));
}
