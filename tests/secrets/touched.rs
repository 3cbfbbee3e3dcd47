//! Credentials that may have changed in Control Hub. Webex does not return them, so a plan can only
//! warn.

use serde_json::json;
use webex_cc_simulator::{OmittedSecret, Options, Script, SecretsInAnswers, Simulator};

use super::{MODES, simulator};
use crate::resilience::{on, pass};
use crate::support::connectors::{ADDRESS, Form, password_grant, resource};
use crate::support::simulator::{id_of, locked, start, stored, writes};
use crate::support::terraform::Terraform;

const WARNING: &str = "Somebody else has saved connector";

/// Returns a configuration of a connector with two credentials.
fn connector(credentials: &str) -> String {
    resource(&format!("{}{credentials}", password_grant().hcl(Form::Absent)))
}

fn write_only(version: u32) -> String {
    connector(&format!(
        "  client_secret = \"stateful\"\n  password_wo = \"wo\"\n  password_wo_version = {version}"
    ))
}

fn applied(simulator: &Simulator, configuration: &str) -> Terraform {
    let terraform = Terraform::applied(simulator, configuration);
    terraform.plan().succeeded().does_not_say(WARNING);
    terraform
}

#[test]
fn save_by_others_is_reported_with_its_time_and_a_remedy() {
    for mode in MODES {
        let simulator = simulator(mode);
        let organization = simulator.organization();
        let terraform = applied(&simulator, &write_only(1));
        let id = id_of(&stored(&simulator));
        let theirs = json!({ "password": "theirs", "lastUpdatedTime": 4_102_444_800_000_u64 });
        simulator.store(organization, &id, theirs);

        for _ in 0..2 {
            terraform
                .plan()
                .succeeded()
                .says("No changes")
                .says(WARNING)
                .says(&format!("Somebody else has saved connector \"CRM\" ({id})"))
                .says("The connector was saved outside Terraform at 2100-01-01T00:00:00Z.")
                .says("it does not read credentials")
                .says("client_secret and password may have been replaced")
                .says("To send your credentials again, raise password_wo_version (it is 1).")
                // The message points at the line of the write-only argument.
                .says("password_wo = \"wo\"");
            // A refresh does not end the warning.
            terraform.run(["apply", "-refresh-only", "-auto-approve", "-no-color"]).succeeded();
        }

        terraform.write("main.tf", &write_only(2));
        terraform.apply().succeeded().says("1 changed").does_not_say(WARNING);
        let now = stored(&simulator);
        assert_eq!((&now["password"], &now["clientSecret"]), (&json!("wo"), &json!("stateful")));
        terraform.plan().succeeded().says("No changes").does_not_say(WARNING);
    }
}

#[test]
fn stateful_credential_is_advised_to_become_write_only() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let stateful = "  client_secret = \"one\"\n  password      = \"two\"";
    let terraform = applied(&simulator, &connector(stateful));
    let id = id_of(&stored(&simulator));
    simulator.store(simulator.organization(), &id, json!({ "clientSecret": "theirs" }));
    terraform
        .plan()
        .succeeded()
        .says(WARNING)
        .says("replace client_secret by client_secret_wo and client_secret_wo_version = 1")
        .says("client_secret = \"one\"");
    let moved =
        "  client_secret_wo = \"one\"\n  client_secret_wo_version = 1\n  password = \"two\"";
    terraform.write("main.tf", &connector(moved));
    terraform.apply().succeeded().says("1 changed");
    let now = stored(&simulator);
    assert_eq!(now["clientSecret"], json!("one"));
    terraform.plan().succeeded().does_not_say(WARNING);
}

#[test]
fn credential_without_a_version_is_advised_to_get_one() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let secrets = "  client_secret_wo = \"one\"\n  password_wo      = \"two\"";
    let terraform = applied(&simulator, &connector(secrets));
    simulator.store(simulator.organization(), &id_of(&stored(&simulator)), json!({}));
    terraform
        .plan()
        .succeeded()
        .says("To send your credentials again, set client_secret_wo_version = 1.");
    // Without credentials in the configuration there is no warning.
    terraform.write("main.tf", &connector(""));
    terraform.plan().succeeded().says("No changes").does_not_say(WARNING);
}

/// This server blanks a credential that an update leaves out, so an update would remove it.
#[test]
fn removed_credential_sends_nothing() {
    let options = Options { omitted_secret: OmittedSecret::Blank, ..Options::default() };
    let simulator = start(options);
    let organization = simulator.organization();
    let terraform = applied(&simulator, &write_only(1));
    let id = id_of(&stored(&simulator));
    simulator.store(organization, &id, json!({ "password": "theirs", "clientSecret": "theirs" }));
    terraform.plan().succeeded().says(
        "If somebody else manages the credential from now on, remove password_wo and \
         password_wo_version: then none is sent.",
    );

    simulator.clear_journal();
    terraform.write("main.tf", &connector(""));
    terraform.apply().succeeded().says("0 added, 1 changed, 0 destroyed");
    assert_eq!(writes(&simulator), 0, "nothing is sent");
    let now = stored(&simulator);
    assert_eq!((&now["password"], &now["clientSecret"]), (&json!("theirs"), &json!("theirs")));
    let attributes = terraform.attributes(ADDRESS);
    assert_eq!(attributes["password_wo_version"], json!(null));
    assert_eq!(attributes["client_secret"], json!(null));
    terraform.plan().succeeded().says("No changes").does_not_say(WARNING);

    // A credential that is configured again is sent, also without a version.
    let again = "  client_secret_wo = \"ours\"\n  password_wo = \"ours\"";
    terraform.write("main.tf", &connector(again));
    terraform
        .apply()
        .succeeded()
        .says("0 added, 1 changed, 0 destroyed")
        .says("password_wo of connector \"CRM\"");
    let now = stored(&simulator);
    assert_eq!((&now["password"], &now["clientSecret"]), (&json!("ours"), &json!("ours")));
    terraform.plan().succeeded().says("No changes");
}

#[test]
fn visible_drift_is_repaired_with_the_credentials() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let terraform = applied(&simulator, &write_only(1));
    let id = id_of(&stored(&simulator));
    simulator.store(
        simulator.organization(),
        &id,
        json!({ "username": "x", "password": "theirs" }),
    );
    terraform.plan().succeeded().says("1 to change").says("its credentials will be overwritten");
    terraform.apply().succeeded();
    let now = stored(&simulator);
    assert_eq!((&now["password"], &now["username"]), (&json!("wo"), &json!("service")));
    terraform.plan().succeeded().does_not_say(WARNING);
}

#[test]
fn imported_connector_raises_no_warning() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let terraform = applied(&simulator, &write_only(1));
    let id = id_of(&stored(&simulator));
    terraform.run(["state", "rm", ADDRESS]).succeeded();
    simulator.store(simulator.organization(), &id, json!({}));
    terraform.write("main.tf", &connector(""));
    terraform.run(["import", "-no-color", ADDRESS, &id]).succeeded();
    terraform.plan().succeeded().says("No changes").does_not_say(WARNING);
}

/// Own writes move the time as well, even if they fail.
#[test]
fn own_writes_raise_no_warning() {
    let simulator = locked();
    let terraform = applied(&simulator, &write_only(1));

    // An update of an active connector.
    terraform.write("main.tf", &write_only(2));
    terraform.apply().succeeded();
    terraform.plan().succeeded().says("No changes").does_not_say(WARNING);

    // The edit is refused, and the connector is activated again.
    terraform.write("main.tf", &write_only(3));
    simulator.faults([
        on("PUT", Script::answer(423, json!(null))).times(1),
        pass("PUT", 1),
        on("PUT", Script::answer(400, json!({ "error": "no" }))).times(1),
    ]);
    terraform.apply().failed();
    simulator.faults([]);
    terraform.write("main.tf", &write_only(2));
    terraform.plan().succeeded().says("1 to change").does_not_say(WARNING);

    // The edit is carried out, and its response is lost.
    terraform.write("main.tf", &write_only(4));
    simulator.faults([
        on("PUT", Script::answer(423, json!(null))).times(1),
        pass("PUT", 1),
        on("PUT", Script::lost_answer(502, json!("<html>"))),
        Script::answer(502, json!("<html>")).method("GET").path("/organization/*/connector/*"),
    ]);
    let mut impatient = Terraform::with(&simulator);
    impatient.set("WEBEX_CC_MAX_RETRIES", "0");
    for file in ["main.tf", "terraform.tfstate"] {
        impatient.write(file, &terraform.read(file));
    }
    impatient.apply().failed();
    simulator.faults([]);
    impatient.write("main.tf", &write_only(2));
    impatient.plan().succeeded().does_not_say(WARNING);

    // A delete is refused, because a flow uses the connector.
    let terraform = impatient;
    terraform.write("main.tf", &write_only(5));
    terraform.apply().succeeded();
    let flow = json!({ "data": [], "error": "in use" });
    simulator.faults([Script::answer(412, flow).method("DELETE")]);
    terraform.destroy().failed();
    simulator.faults([]);
    terraform.plan().succeeded().says("No changes").does_not_say(WARNING);
}

/// The credential changes in Control Hub between plan and apply. The apply is refused, and the
/// change does not count as an own write later.
#[test]
fn edit_that_refused_an_apply_is_reported_later() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let terraform = applied(&simulator, &write_only(1));
    let id = id_of(&stored(&simulator));
    terraform.write("main.tf", &write_only(2));
    terraform.run(["plan", "-no-color", "-out=plan"]).succeeded();
    simulator.store(simulator.organization(), &id, json!({ "password": "theirs" }));
    terraform.run(["apply", "-no-color", "plan"]).failed().says("Nothing was overwritten");

    terraform.write("main.tf", &write_only(1));
    terraform.plan().succeeded().says("No changes").says(WARNING);
}
