//! The files that other people's CI uses: the example workflow, the image of the simulator, the address of the
//! provider, and the weekly look at Cisco's API.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};

use serde_yaml_ng::Value as Yaml;

use super::{is_installed, run};
use crate::support::files::{self, root};
use crate::support::source;
use crate::support::system::is_unix;
use crate::support::terraform::{Terraform, skipped};

const WORKFLOW: &str = "examples/workflows/test-module.yml";

/// An owner of another namespace changes `ADDRESS`; this test then names the files that follow.
#[test]
fn every_configuration_names_the_address_of_the_provider() {
    let examples = [".tf", ".hcl", ".sh"].iter().flat_map(|end| files::below("examples", end));
    let scripts = files::below(".ci", "").into_iter().chain(files::below("src", ".rs"));
    let mut findings = Vec::new();
    let mut sources = 0;
    for file in examples.chain(files::pages()).chain(scripts) {
        let text = files::read(&file);
        for (number, line) in text.lines().enumerate() {
            let words = line.split('"').nth(1).unwrap_or_default();
            let is_source = line.trim_start().starts_with("source ") && words.ends_with("/webex");
            sources += usize::from(is_source);
            if is_source && words != source() {
                findings.push(format!("{file}:{}: {words} is not {}", number + 1, source()));
            }
        }
        // These read it from its one place.
        let reads = file.starts_with(".ci/") || file.starts_with("src/") || file.ends_with(".sh");
        if reads && file != "src/provider/mod.rs" && text.contains(source()) {
            findings.push(format!("{file} repeats the address"));
        }
    }
    assert!(sources > 10 && findings.is_empty(), "{sources}\n{}", findings.join("\n"));
}

#[test]
fn image_of_the_simulator_is_static_and_without_roots_rights() {
    let text = files::read("Dockerfile");
    let (_, image) = text.split_once("\nFROM scratch\n").expect("an image that holds nothing else");
    let user = image.lines().find_map(|line| line.strip_prefix("USER ")).expect("a user");
    let numbers = user.split(':').map(|number| number.parse::<u32>().unwrap());
    assert!(numbers.into_iter().all(|number| number > 0), "{user}");
    let toolchain = files::read("rust-toolchain.toml");
    let version = toolchain.split('"').nth(1).unwrap();
    assert!(text.contains(&format!("FROM rust:{version}-alpine AS build")), "not {version}");
    assert!(text.contains(&format!("RUSTUP_TOOLCHAIN={version}")), "not {version}");
}

/// The workflow builds the platforms that the README promises.
#[test]
fn releases_are_for_the_platforms_that_the_readme_names() {
    let workflow: Yaml =
        serde_yaml_ng::from_str(&files::read(".github/workflows/build.yml")).unwrap();
    let matrix = &workflow["jobs"]["build"]["strategy"]["matrix"]["include"];
    let targets = matrix.as_sequence().unwrap().iter();
    let targets = targets.map(|entry| entry["target"].as_str().unwrap().to_owned());
    let systems = ["unknown-linux-musl", "apple-darwin", "pc-windows-msvc"];
    let expected = systems
        .iter()
        .flat_map(|system| ["x86_64", "aarch64"].map(|machine| format!("{machine}-{system}")));
    assert_eq!(targets.collect::<BTreeSet<_>>(), expected.collect());
    let words = files::read("README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Releases will be for Linux, macOS and Windows (amd64, arm64)"));
}

#[test]
fn weekly_look_finds_connectors_in_an_openapi() {
    if !is_installed("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    let look = |document: &str| {
        fs::write(&file, document).unwrap();
        let mut command = Command::new("python3");
        command.arg(root().join(".ci/watch-api")).arg(&file);
        command
    };
    let known = r#"{"paths": {"/{orgId}/inputs/{inputName}/choices": {"get": {"summary": "Choices", "tags": ["Flows"]}}}}"#;
    assert_eq!(run(&mut look(known)).stdout, b"");
    let news = r#"{"paths": {"/organization/{orgid}/connector": {"post": {}}, "/x": {"get": {"operationId": "listConnectors"}}},
        "components": {"schemas": {"ConnectorDto": {}, "Site": {}}}}"#;
    let found = String::from_utf8(run(&mut look(news)).stdout).unwrap();
    let expected =
        ["operation GET /x", "path /organization/{orgid}/connector", "schema ConnectorDto"];
    assert_eq!(found.lines().collect::<Vec<_>>(), expected);
    // Another document is no good news.
    let mut other = look("{\"paths\": {}}");
    let status = other.stdin(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(!status.success());
}

#[test]
fn guide_shows_the_example_workflow() {
    assert!(files::read("docs/guides/ci.md").contains(&files::read(WORKFLOW)));
}

/// Runs the steps of the example workflow on a module, as the runner does. Only the build is left
/// out.
#[test]
fn steps_of_the_example_workflow_test_a_module() {
    if !is_unix("the steps of the example workflow") {
        return;
    }
    let terraform = Terraform::offline();
    if !terraform.is_terraform() {
        skipped("the steps of the example workflow, which call terraform");
        return;
    }
    let workspace = terraform.folder().join("workspace");
    let module = "examples/modules/flow-promotion";
    for file in files::below(module, "") {
        let path = workspace.join(file.strip_prefix(&format!("{module}/")).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(root().join(&file), path).unwrap();
    }
    let programs = workspace.join("provider/target/release");
    fs::create_dir_all(&programs).unwrap();
    let built = std::path::Path::new(env!("CARGO_BIN_EXE_terraform-provider-webex"));
    let simulator = built.with_file_name("webex-cc-simulator");
    if !simulator.exists() {
        skipped("the steps of the example workflow: the simulator is not built");
        return;
    }
    fs::copy(simulator, programs.join("webex-cc-simulator")).unwrap();
    let mirror = terraform.folder().join("mirror");
    let mut install = Command::new(root().join(".ci/install"));
    install.arg("--mirror").arg(&mirror).arg("--binary").arg(built);
    let printed = String::from_utf8(run(&mut install).stdout).unwrap();
    terraform.write("ci.rc", &super::block(&printed, "provider_installation"));

    let workflow: Yaml = serde_yaml_ng::from_str(&files::read(WORKFLOW)).unwrap();
    let job = &workflow["jobs"]["test"];
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let here = |text: &str| text.replace("8080", &port.to_string());
    let mut commands = vec!["set -e".to_owned()];
    for step in job["steps"].as_sequence().unwrap() {
        let Some(command) = step["run"].as_str() else { continue };
        let is_build = step["working-directory"].as_str() == Some("provider");
        if !is_build {
            commands.push(here(command));
        }
    }
    assert!(commands.len() > 5, "{commands:#?}");
    // The runner ends what a job leaves behind.
    commands.insert(1, "trap 'kill $(jobs -p)' EXIT".to_owned());
    let mut shell = Command::new("bash");
    shell.args(["-c", &commands.join("\n")]).current_dir(&workspace);
    shell.env("GITHUB_WORKSPACE", &workspace).env("TF_IN_AUTOMATION", "1");
    shell.env("TF_CLI_CONFIG_FILE", terraform.folder().join("ci.rc"));
    shell.env("CHECKPOINT_DISABLE", "1").stdin(Stdio::null());
    for (name, value) in job["env"].as_mapping().unwrap() {
        shell.env(name.as_str().unwrap(), here(value.as_str().unwrap()));
    }
    let output = run(&mut shell);
    let mut text = String::new();
    output.stdout.as_slice().read_to_string(&mut text).unwrap();
    assert!(text.contains("3 passed, 0 failed") || text.contains("4 passed, 0 failed"), "{text}");
}
