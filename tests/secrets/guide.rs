//! Applies the examples of the guides about secrets.

use serde_json::json;
use webex_cc_simulator::{SecretsInAnswers, Simulator};

use super::search::{Canary, Search, contents};
use super::simulator;
use crate::support::files;
use crate::support::simulator::{last_body, stored};
use crate::support::terraform::Terraform;

fn example(name: &str) -> String {
    files::read(&format!("examples/guides/secrets/{name}/main.tf"))
}

/// Returns a folder with an example of the guide, and values of its variables.
fn with_example(simulator: &Simulator, name: &str) -> Terraform {
    let mut terraform = Terraform::with(simulator);
    terraform.write("main.tf", &example(name));
    terraform.set("TF_VAR_client_secret", "the client secret");
    terraform.set("TF_VAR_service_password", "the password");
    terraform
}

#[test]
fn examples_of_the_guide_apply() {
    for (name, key, kept) in [
        ("write-only", "clientSecret", false),
        ("stateful", "clientSecret", true),
        ("two-credentials", "password", false),
    ] {
        let simulator = simulator(SecretsInAnswers::Mask);
        let terraform = with_example(&simulator, name);
        terraform.apply().succeeded().says("1 added");
        terraform.plans_nothing();
        let stored = stored(&simulator);
        let value = stored[key].as_str().expect("a credential");
        assert!(value.starts_with("the "), "{value}");
        assert_eq!(terraform.read("terraform.tfstate").contains(value), kept, "{name}");
    }
    // Another version sends both credentials.
    let simulator = simulator(SecretsInAnswers::Null);
    let terraform = with_example(&simulator, "two-credentials");
    terraform.apply().succeeded();
    terraform.write("main.tf", &example("two-credentials").replace("version = 7", "version = 8"));
    terraform.apply().succeeded().says("1 changed");
    let body = last_body(&simulator, "PUT");
    assert_eq!(
        (&body["clientSecret"], &body["password"]),
        (&json!("the client secret"), &json!("the password"))
    );
}

#[test]
fn provider_block_accepts_ephemeral_values() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let mut terraform = with_example(&simulator, "write-only");
    terraform.unset("WEBEX_ACCESS_TOKEN");
    terraform.set("TF_VAR_token", simulator.token());
    terraform.write(
        "provider.tf",
        "variable \"token\" {\n  type      = string\n  ephemeral = true\n}\n\nprovider \"webex\" {\n  \
         access_token = var.token\n}\n",
    );
    terraform.run(["plan", "-no-color", "-out=plan"]).succeeded();
    terraform.run(["apply", "-no-color", "plan"]).succeeded();
    let files = contents(&terraform.folder());
    let search = Search::of(&[Canary::new("token", "simulator-token")]);
    let hits = files.iter().flat_map(|(name, bytes)| search.hits(name, bytes));
    assert_eq!(hits.collect::<Vec<_>>(), []);
}
