//! `ignore_changes` on credentials. Terraform plans without the ignored arguments and applies with
//! them, so the provider sends only what the plan has shown.

use serde_json::json;
use webex_cc_simulator::{Options, Simulator};

use crate::support::connectors::{ADDRESS, Form, password_grant, resource};
use crate::support::simulator::{id_of, start, stored};
use crate::support::terraform::Terraform;

/// Returns a connector with two credentials, which ignores changes of some arguments.
fn connector(arguments: &str, ignored: &str) -> String {
    let plain = password_grant().hcl(Form::Absent);
    resource(&format!("{plain}{arguments}\n  lifecycle {{\n    ignore_changes = [{ignored}]\n  }}"))
}

fn each_lock(test: impl Fn(&Simulator)) {
    for active_lock in [true, false] {
        test(&start(Options { active_lock, ..Options::default() }));
    }
}

fn secrets(simulator: &Simulator) -> [serde_json::Value; 2] {
    let now = stored(simulator);
    [now["clientSecret"].clone(), now["password"].clone()]
}

fn write_only(client_secret: &str, password: &str, version: u32, scope: &str) -> String {
    format!(
        "  client_secret_wo = \"{client_secret}\"\n  client_secret_wo_version = {version}\n  \
         password_wo = \"{password}\"\n  password_wo_version = {version}\n  scope = \"{scope}\"\n"
    )
}

#[test]
fn ignored_write_only_credentials_are_not_sent() {
    let ignored = "client_secret_wo, password_wo";
    each_lock(|simulator| {
        let terraform =
            Terraform::applied(simulator, &connector(&write_only("s1", "p1", 1, "a"), ignored));
        // A new version would send what is ignored.
        terraform.write("main.tf", &connector(&write_only("s2", "p2", 2, "a"), ignored));
        terraform.plan().failed().says("client_secret_wo_version needs client_secret_wo");
        // Another argument reaches Webex, and the credentials stay behind.
        terraform.write("main.tf", &connector(&write_only("s3", "p3", 1, "b"), ignored));
        terraform.plan().succeeded().does_not_say("version needs");
        terraform.apply().succeeded().says("1 changed");
        assert_eq!(stored(simulator)["scope"], "b");
        assert_eq!(secrets(simulator), [json!("s1"), json!("p1")]);
        terraform.plan().succeeded().says("No changes");
    });
}

#[test]
fn only_the_credential_that_is_not_ignored_is_sent() {
    each_lock(|simulator| {
        let ignored = "client_secret_wo, client_secret_wo_version";
        let terraform =
            Terraform::applied(simulator, &connector(&write_only("s1", "p1", 1, "a"), ignored));
        let rotated = connector(&write_only("s2", "p2", 2, "a"), ignored);
        terraform.write("main.tf", &rotated);
        terraform.apply().succeeded().says("1 changed");
        assert_eq!(secrets(simulator), [json!("s1"), json!("p2")]);
        terraform.plan().succeeded().says("No changes");
    });
}

#[test]
fn ignored_stateful_credential_is_sent_as_state_has_it() {
    let arguments = |secret: &str, scope: &str| {
        format!("  client_secret = \"{secret}\"\n  password = \"p\"\n  scope = \"{scope}\"\n")
    };
    each_lock(|simulator| {
        let terraform =
            Terraform::applied(simulator, &connector(&arguments("s1", "a"), "client_secret"));
        terraform.write("main.tf", &connector(&arguments("s2", "b"), "client_secret"));
        terraform.apply().succeeded().says("1 changed");
        assert_eq!(stored(simulator)["scope"], "b");
        assert_eq!(secrets(simulator), [json!("s1"), json!("p")]);
        terraform.plan().succeeded().says("No changes");
    });
}

#[test]
fn placeholder_of_an_imported_connector_is_not_sent() {
    let ignored = "client_secret, password, client_secret_wo, password_wo";
    let placeholders = [
        "  client_secret = \"placeholder\"\n  password = \"placeholder\"\n",
        "  client_secret_wo = \"placeholder\"\n  password_wo = \"placeholder\"\n",
    ];
    for placeholder in placeholders {
        each_lock(|simulator| {
            let real = "  client_secret = \"real\"\n  password = \"real\"\n  scope = \"a\"\n";
            let terraform = Terraform::applied(simulator, &connector(real, ""));
            let id = id_of(&stored(simulator));
            terraform.run(["state", "rm", ADDRESS]).succeeded();
            let with =
                |scope: &str| connector(&format!("{placeholder}  scope = \"{scope}\"\n"), ignored);
            terraform.write("main.tf", &with("a"));
            terraform.run(["import", "-no-color", ADDRESS, &id]).succeeded();
            terraform.plan().succeeded().says("No changes");
            terraform.write("main.tf", &with("b"));
            terraform.apply().succeeded().says("1 changed");
            assert_eq!(stored(simulator)["scope"], "b");
            assert_eq!(secrets(simulator), [json!("real"), json!("real")]);
        });
    }
}

#[test]
fn edit_that_overwrites_a_credential_of_others_warns() {
    const WARNING: &str = "its credentials will be overwritten";
    each_lock(|simulator| {
        let arguments = |scope: &str| write_only("s1", "p1", 1, scope);
        let terraform = Terraform::applied(simulator, &connector(&arguments("a"), ""));
        let id = id_of(&stored(simulator));
        let theirs = json!({ "password": "theirs", "lastUpdatedTime": 4_102_444_800_000_u64 });
        simulator.store(simulator.organization(), &id, theirs);
        terraform.write("main.tf", &connector(&arguments("b"), ""));
        terraform
            .plan()
            .succeeded()
            .says(WARNING)
            .says("If somebody replaced client_secret and password on purpose");
        // A new version is meant to overwrite it.
        terraform.write("main.tf", &connector(&write_only("s1", "p1", 2, "b"), ""));
        terraform.plan().succeeded().does_not_say(WARNING);
        // So is leaving the credentials to others.
        let left = connector(&arguments("b"), "client_secret_wo, password_wo");
        terraform.write("main.tf", &left);
        terraform.apply().succeeded().does_not_say(WARNING);
        assert_eq!(stored(simulator)["password"], "theirs");
    });
}
