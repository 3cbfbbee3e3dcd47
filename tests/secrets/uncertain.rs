//! Interrupted writes can leave Webex with other credentials, or with none. The error reports it,
//! and the next plan sends the configured credentials again.

use serde_json::json;
use webex_cc_simulator::{OmittedSecret, Options, Script, Simulator};

use crate::resilience::{on, pass};
use crate::support::connectors::{ADDRESS, Connector, Form, PASSWORD, basic, resource};
use crate::support::simulator::{start, stored};
use crate::support::terraform::Terraform;

const AGAIN: &str = "will be sent to Webex again";

/// Both forms of a credential.
const FORMS: [Form; 2] = [Form::Stateful, Form::WriteOnly];

/// Starts a simulator that locks active connectors.
fn locking(omitted_secret: OmittedSecret) -> Simulator {
    start(Options { omitted_secret, ..Options::default() })
}

/// The edit with the new credential is refused, and the user restores the old configuration.
#[test]
fn abandoned_rotation_restores_the_old_credential() {
    for form in FORMS {
        for omitted in [OmittedSecret::Keep, OmittedSecret::Blank] {
            let simulator = locking(omitted);
            let terraform = Terraform::with(&simulator);
            let old = resource(&basic().hcl(form));
            terraform.write("main.tf", &old);
            terraform.apply().succeeded();

            // The lock and the deactivation pass. The new credential does not go with the old user
            // name. The edit is refused.
            simulator.faults([
                pass("PUT", 2),
                on("PUT", Script::answer(400, json!({ "error": "username: no" })).times(1)),
            ]);
            terraform.write("main.tf", &resource(&basic().edited().hcl_of(form, 1)));
            terraform
                .apply()
                .failed()
                .says("The edit was not made.")
                .says("is active again")
                .says("It is not known which credentials Webex has now, so the next apply sends");
            let now = stored(&simulator);
            assert_eq!((&now["active"], &now["username"]), (&json!(true), &json!("agent")));
            assert_ne!(now["password"], json!(basic().credentials[0].values[1]));

            simulator.faults([]);
            terraform.write("main.tf", &old);
            terraform.plan().succeeded().says("1 to change").says(AGAIN);
            terraform.apply().succeeded().says("1 changed");
            assert_eq!(stored(&simulator)["password"], json!(PASSWORD));
            terraform.plan().succeeded().says("No changes").does_not_say(AGAIN);
        }
    }
}

/// A delete does not know the credentials, so a deactivation may remove them.
#[test]
fn failed_delete_sends_the_credentials_again() {
    for form in FORMS {
        let simulator = locking(OmittedSecret::Blank);
        let terraform = Terraform::applied(&simulator, &resource(&basic().hcl(form)));

        simulator.faults([
            pass("DELETE", 1),
            on("DELETE", Script::answer(403, json!({ "error": "no" })).times(1)),
        ]);
        terraform
            .destroy()
            .failed()
            .says("The connector was not deleted. It had to be deactivated first, was inactive for")
            .says("It is not known whether Webex kept the connector's credentials");
        assert_eq!(stored(&simulator)["active"], json!(true));
        assert_ne!(stored(&simulator)["password"], json!(PASSWORD), "this server blanks");

        terraform.plan().succeeded().says("1 to change").says(AGAIN);
        terraform.apply().succeeded();
        assert_eq!(stored(&simulator)["password"], json!(PASSWORD));
        terraform.plan().succeeded().says("No changes").does_not_say(AGAIN);
    }
}

/// Nothing can be sent again.
#[test]
fn failed_edit_without_credentials_explains_the_risk() {
    let simulator = locking(OmittedSecret::Keep);
    let absent = |connector: &Connector| resource(&connector.hcl(Form::Absent));
    let terraform = Terraform::applied(&simulator, &basic().resource());
    let id = stored(&simulator)["id"].as_str().expect("an id").to_owned();
    terraform.run(["state", "rm", ADDRESS]).succeeded();
    terraform.write("main.tf", &absent(&basic()));
    terraform.run(["import", "-no-color", ADDRESS, &id]).succeeded();

    simulator.faults([
        pass("PUT", 2),
        on("PUT", Script::answer(400, json!({ "error": "username: no" })).times(1)),
    ]);
    terraform.write("main.tf", &absent(&basic().edited()));
    terraform.apply().failed().says("the configuration has none to send");
    simulator.faults([]);
    terraform.write("main.tf", &absent(&basic()));
    terraform.plan().succeeded().says("No changes").does_not_say(AGAIN);
}
