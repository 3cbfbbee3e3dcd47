//! Applies the examples of `docs/guides/secrets.md`, and compares its outputs with the real CLI.

use serde_json::json;
use webex_cc_simulator::{SecretsInAnswers, Simulator};

use super::search::{Canary, Search, contents};
use super::simulator;
use crate::support::files;
use crate::support::simulator::{id_of, last_body, stored};
use crate::support::terraform::{Terraform, skipped};

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

/// Returns the words of a text, with placeholders for ids and times.
fn words(text: &str) -> Vec<String> {
    let is_id = |word: &str| word.len() == 36 && word.split('-').count() == 5;
    let is_time = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_digit())
            && word.contains('T')
            && word.ends_with('Z')
    };
    text.split([' ', '\n', '"', '(', ')'])
        .filter(|word| !word.is_empty())
        .map(|word| match word {
            id if is_id(id) => "ID".to_owned(),
            time if is_time(time.trim_end_matches(['.', ',', ';'])) => "TIME".to_owned(),
            other => other.to_owned(),
        })
        .collect()
}

/// Returns the block of output in the guide that contains a text.
fn shown(mark: &str) -> String {
    let guide = files::read("docs/guides/secrets.md");
    let blocks = guide.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut found = blocks.filter(|block| block.contains(mark));
    found.next().expect("a block of output in the guide").to_owned()
}

#[track_caller]
fn is_in(shown: &str, output: &str) {
    let (shown, output) = (words(shown), words(output));
    let found = output.windows(shown.len()).any(|part| part == shown.as_slice());
    assert!(found, "the guide shows\n{}\nbut it is\n{}", shown.join(" "), output.join(" "));
}

#[test]
fn outputs_in_the_guide_match_the_cli() {
    let simulator = simulator(SecretsInAnswers::Omit);
    let terraform = with_example(&simulator, "write-only");
    terraform.apply().succeeded();
    terraform.write("main.tf", &example("write-only").replace("version = 1", "version = 2"));
    let plan = terraform.plan().succeeded();
    if terraform.is_terraform() {
        is_in(&shown("client_secret_wo_version = 1 -> 2"), &plan.stdout);
    } else {
        skipped("the plan of a rotation in the guide: OpenTofu shows write-only arguments as well");
    }

    terraform.apply().succeeded();
    let id = id_of(&stored(&simulator));
    simulator.store(simulator.organization(), &id, json!({ "clientSecret": "theirs" }));
    let plan = terraform.plan().succeeded();
    is_in(&shown("Somebody else has saved"), &plan.stdout);
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
