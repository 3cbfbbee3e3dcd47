//! The command `schema` prints the same schemas as the CLI.

use std::process::Command;

use serde_json::Value;

use crate::support::terraform::Terraform;

/// The parts that only later versions of the CLI print.
const LATER: [&str; 3] = ["list_resource_schemas", "resource_identity_schemas", "action_schemas"];

fn only_provider(document: &str) -> serde_json::Map<String, Value> {
    let document: Value = serde_json::from_str(document).expect("JSON");
    assert_eq!(document["format_version"], "1.0");
    let providers = document["provider_schemas"].as_object().expect("providers");
    let [provider] = providers.values().collect::<Vec<_>>()[..] else { panic!("one provider") };
    provider.as_object().expect("an object").clone()
}

#[test]
fn schema_command_prints_what_the_cli_prints() {
    let program = env!("CARGO_BIN_EXE_terraform-provider-webex");
    let output = Command::new(program).arg("schema").output().expect("the program");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
    let mut ours = only_provider(&String::from_utf8(output.stdout).expect("UTF-8"));

    let terraform = Terraform::offline();
    let theirs = terraform.run(["providers", "schema", "-json"]).succeeded().stdout;
    let theirs = only_provider(&theirs);
    for (name, schemas) in &theirs {
        assert_eq!(ours.get(name), Some(schemas), "{name}");
        ours.remove(name);
    }
    let more = ours.keys().filter(|name| !LATER.contains(&name.as_str())).collect::<Vec<_>>();
    assert!(more.is_empty(), "the CLI does not print {more:?}");
    if !ours.is_empty() {
        let left = ours.keys().cloned().collect::<Vec<_>>().join(", ");
        crate::support::terraform::skipped(&format!("{left}: this CLI does not print them"));
    }
}
