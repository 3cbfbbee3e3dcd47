//! Writes that do not come to their end can leave Webex with other credentials
//! than before, or with none. That is told, and the next plan sends the
//! configured ones again, whatever the user does with the configuration.

use serde_json::{Value, json};
use webex_cc_simulator::{Action, OmittedSecret, Options, Script, Simulator};

use crate::life_cycle::{ADDRESS, connector};
use crate::support::terraform::Terraform;

const AGAIN: &str = "The credentials will be sent to Webex again";

/// A connector with basic authentication and these arguments beside.
fn arguments(username: &str, password: &str) -> String {
    connector(&format!(
        r#"
  name                = "Zendesk"
  resource_domain_url = "https://example.zendesk.com/api/v2/"
  validation_url      = "https://example.zendesk.com"
  username            = "{username}"
  {password}
"#
    ))
}

/// Both forms of a credential.
fn forms(password: &str, version: u32) -> [String; 2] {
    [
        format!("password = \"{password}\""),
        format!("password_wo = \"{password}\"\n  password_wo_version = {version}"),
    ]
}

/// A simulator that locks active connectors.
fn locking(omitted_secret: OmittedSecret) -> Simulator {
    Simulator::start(Options { omitted_secret, ..Options::default() }).expect("a simulator")
}

fn on(method: &str, script: Script) -> Script {
    script.method(method).path("/organization/*/connector/**")
}

/// Lets some requests of a method pass.
fn pass(method: &str, times: u32) -> Script {
    on(method, Script::new(Action::DelayMs(0)).times(times))
}

fn stored(simulator: &Simulator) -> Value {
    simulator.all_stored(simulator.organization())[0].clone()
}

/// A rotation is refused, and given up. The new secret is not in Webex with the
/// old content, and Webex gets the old one again to be sure.
#[test]
fn a_rotation_that_was_given_up_leaves_the_old_credential() {
    for form in 0..2 {
        for omitted in [OmittedSecret::Keep, OmittedSecret::Blank] {
            let simulator = locking(omitted);
            let terraform = Terraform::with(&simulator);
            let old = arguments("agent", &forms("old-password", 1)[form]);
            terraform.write("main.tf", &old);
            terraform.apply().succeeded();

            // The lock, the deactivation with the new secret (refused as an
            // edit) and without it pass; the edit is refused.
            simulator.faults([
                pass("PUT", 3),
                on("PUT", Script::answer(400, json!({ "error": "username: no" })).times(1)),
            ]);
            terraform.write("main.tf", &arguments("agent2", &forms("new-password", 2)[form]));
            terraform
                .apply()
                .failed()
                .says("The edit was not made.")
                .says("is active again")
                .says("Which credentials Webex has now cannot be seen, so the next plan sends");
            let now = stored(&simulator);
            assert_eq!((&now["active"], &now["username"]), (&json!(true), &json!("agent")));
            assert_ne!(now["password"], json!("new-password"));

            simulator.faults([]);
            terraform.write("main.tf", &old);
            terraform.plan().succeeded().says("1 to change").says(AGAIN);
            terraform.apply().succeeded().says("1 changed");
            assert_eq!(stored(&simulator)["password"], json!("old-password"));
            terraform.plan().succeeded().says("No changes").does_not_say(AGAIN);
        }
    }
}

/// A delete does not know the credentials, so a deactivation for it may cost
/// them.
#[test]
fn a_delete_that_failed_after_deactivating_costs_no_credential_for_long() {
    for password in forms("the-password", 1) {
        let simulator = locking(OmittedSecret::Blank);
        let terraform = Terraform::with(&simulator);
        terraform.write("main.tf", &arguments("agent", &password));
        terraform.apply().succeeded();

        simulator.faults([
            pass("DELETE", 1),
            on("DELETE", Script::answer(403, json!({ "error": "no" })).times(1)),
        ]);
        terraform
            .destroy()
            .failed()
            .says("The connector is still there. It had to be deactivated first, and is active")
            .says("Whether Webex has kept its credentials cannot be seen");
        assert_eq!(stored(&simulator)["active"], json!(true));
        assert_ne!(stored(&simulator)["password"], json!("the-password"), "this server blanks");

        terraform.plan().succeeded().says("1 to change").says(AGAIN);
        terraform.apply().succeeded();
        assert_eq!(stored(&simulator)["password"], json!("the-password"));
        terraform.plan().succeeded().says("No changes").does_not_say(AGAIN);
    }
}

/// Where the configuration holds none, nothing can be sent, and that is told.
#[test]
fn without_credentials_in_the_configuration_the_doubt_is_told() {
    let simulator = locking(OmittedSecret::Keep);
    let terraform = Terraform::with(&simulator);
    terraform.write("main.tf", &arguments("agent", &forms("the-password", 1)[0]));
    terraform.apply().succeeded();
    let id = stored(&simulator)["id"].as_str().expect("an id").to_owned();
    terraform.run(["state", "rm", ADDRESS]).succeeded();
    terraform.write("main.tf", &arguments("agent", ""));
    terraform.run(["import", "-no-color", ADDRESS, &id]).succeeded();

    simulator.faults([
        pass("PUT", 2),
        on("PUT", Script::answer(400, json!({ "error": "username: no" })).times(1)),
    ]);
    terraform.write("main.tf", &arguments("agent2", ""));
    terraform.apply().failed().says("the configuration holds none to send again");
    simulator.faults([]);
    terraform.write("main.tf", &arguments("agent", ""));
    terraform.plan().succeeded().says("No changes").does_not_say(AGAIN);
}
