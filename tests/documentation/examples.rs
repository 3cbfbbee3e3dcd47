//! All configuration in pages comes from files, and all examples work.

use std::collections::BTreeSet;
use std::fs;

use webex_cc_simulator::Simulator;

use super::{contract, markdown, none};
use crate::support::connectors::incidents;
use crate::support::files;
use crate::support::simulator::{all_stored, locked, two_organizations};
use crate::support::terraform::{Terraform, skipped};

/// The variables of examples that have no default. The private key fits the certificate of the
/// example.
fn variables() -> [(&'static str, String); 12] {
    let text = str::to_owned;
    [
        ("client_secret", text("example-secret")),
        ("incidents_client_secret", text("example-secret")),
        ("help_desk_password", text("example-password")),
        ("customers_client_secret", text("example-secret")),
        ("customers_password", text("example-password")),
        ("ledger_private_key", files::read("examples/demo/private_key.pem")),
        ("passwords", text(r#"{ acme = "one-password", globex = "another-password" }"#)),
        (
            "secrets",
            text(r#"{ "Help desk" = { password = "a" }, "Incidents" = { client_secret = "b" } }"#),
        ),
        ("webex_client_id", text("simulator-client")),
        ("webex_client_secret", text("simulator-client-secret")),
        ("webex_refresh_token", text("simulator-refresh-token")),
        ("webex_applications_token", text("simulator-applications-token")),
    ]
}

/// Returns the folders below `examples/` that hold a configuration, without modules.
fn folders() -> BTreeSet<String> {
    let files = files::below("examples", ".tf").into_iter();
    let folders = files.map(|file| file.rsplit_once('/').unwrap().0.to_owned());
    folders.filter(|folder| !folder.starts_with("examples/modules/")).collect()
}

/// Copies the files of an example that `belongs` selects into the folder of the test.
fn copy(terraform: &mut Terraform, folder: &str, belongs: impl Fn(&str) -> bool) {
    for entry in fs::read_dir(files::root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() || !belongs(&name) {
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap();
        // Modules have another path from the folder of the test.
        let modules = files::root().join("examples/modules").display().to_string();
        let text = text.replace("\"../modules/", &format!("\"{}/", modules.replace('\\', "/")));
        if name.ends_with(".tf") && text.contains("required_providers") {
            // The example has its own `versions.tf` settings.
            fs::remove_file(terraform.folder().join("versions.tf")).unwrap();
        }
        terraform.write(&name, &text);
        for (variable, value) in variables() {
            if text.contains(&format!("variable \"{variable}\"")) {
                terraform.set(&format!("TF_VAR_{variable}"), &value);
            }
        }
    }
}

/// Files are formatted, validated and applied by other tests.
#[test]
fn configuration_in_pages_comes_from_examples() {
    let examples = [".tf", ".hcl"].iter().flat_map(|ending| files::below("examples", ending));
    let examples = examples.map(|file| lines(&files::read(&file))).collect::<Vec<_>>();
    let mut findings = Vec::new();
    for page in files::pages() {
        for code in markdown::parse(&files::read(&page)).code {
            let is_configuration = code.language == "terraform";
            let shown = lines(&code.lines.join("\n"));
            let is_part = |example: &Vec<String>| {
                example.windows(shown.len()).any(|part| part == shown.as_slice())
            };
            if is_configuration && !examples.iter().any(is_part) {
                findings.push(format!("{page}:{}: is in no file below examples/", code.line));
            }
        }
    }
    none(findings);
}

fn lines(text: &str) -> Vec<String> {
    text.trim_matches('\n').lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Files in the registry's layout exist for pages.
#[test]
fn every_example_of_an_object_is_on_a_page() {
    let pages = files::pages().into_iter().map(|page| files::read(&page));
    let pages = pages.collect::<String>();
    let folders =
        ["provider", "resources", "data-sources", "list-resources", "actions", "functions"];
    let mut findings = Vec::new();
    for folder in folders {
        for ending in [".tf", ".sh", ".hcl"] {
            for file in files::below(&format!("examples/{folder}"), ending) {
                if !pages.contains(files::read(&file).trim_end()) {
                    findings.push(format!("{file} is on no page"));
                }
            }
        }
    }
    none(findings);
}

#[test]
fn examples_are_formatted() {
    let terraform = Terraform::offline();
    let examples = files::root().join("examples").display().to_string();
    terraform.run(["fmt", "-check", "-recursive", "-diff", "-no-color", &examples]).succeeded();
}

#[test]
fn examples_validate() {
    let valid = |folder: &str, belongs: &dyn Fn(&str) -> bool| {
        let mut terraform = Terraform::offline();
        copy(&mut terraform, folder, belongs);
        terraform.run(["get", "-no-color"]).succeeded();
        let output = terraform.validate();
        assert_eq!(output.code, Some(0), "{folder}: {}{}", output.stdout, output.stderr);
    };
    // Two imports of the same object exclude each other.
    let by_identity = "import-by-identity.tf";
    for folder in folders() {
        if !is_for_this_cli(&folder) {
            continue;
        }
        valid(&folder, &|name| name != by_identity);
        let has_identity = files::root().join(&folder).join(by_identity).exists();
        if has_identity && imports_by_identity() {
            valid(&folder, &|name| !name.starts_with("import") || name == by_identity);
        }
    }
}

/// Returns whether this version of the CLI supports the example.
fn is_for_this_cli(folder: &str) -> bool {
    let files = files::below(folder, ".tf");
    let texts = files.iter().map(|file| files::read(file)).collect::<String>();
    if texts.contains("\naction \"") {
        return Terraform::offline().is_terraform_since(1, 14, &format!("{folder}, an action"));
    }
    let Some((_, rest)) = texts.split_once("required_version = \">= ") else { return true };
    let wanted = rest.split('"').next().unwrap();
    let (major, minor) = wanted.split_once('.').unwrap();
    let terraform = Terraform::offline();
    let (is_new_enough, version) =
        terraform.is_at_least(major.parse().unwrap(), minor.parse().unwrap());
    if !is_new_enough {
        skipped(&format!("validation of {folder}: it needs {wanted}, and this is {version}"));
    }
    is_new_enough
}

/// Terraform supports it since 1.12, OpenTofu does not yet.
fn imports_by_identity() -> bool {
    Terraform::offline().is_terraform_since(1, 12, "validating the import by identity")
}

/// The examples leave nothing to plan, and make only calls that their page lists.
#[test]
fn examples_of_resources_apply() {
    let page = "resources/cc_custom_connector.md";
    for folder in [
        "connectors-from-map",
        "many-organizations",
        "quick-start",
        "resources/webex_cc_custom_connector",
    ] {
        let simulator = two_organizations(true);
        let mut terraform = Terraform::with(&simulator);
        copy(&mut terraform, &format!("examples/{folder}"), |name| !name.starts_with("import"));
        terraform.run(["get", "-no-color"]).succeeded();
        terraform.apply().succeeded();
        terraform.plans_nothing();
        terraform.destroy().succeeded();
        assert!(all_stored(&simulator).is_empty(), "{folder}");
        assert!(simulator.journal().len() > 3, "{folder} has made no calls");
        calls_are_documented(&simulator, page, folder);
    }
}

/// The examples find the connector, and make only calls that their page lists.
#[test]
fn examples_of_reads_apply() {
    let examples = [
        ("data-sources/webex_cc_custom_connector", Some("data-sources/cc_custom_connector.md")),
        ("data-sources/webex_cc_custom_connectors", Some("data-sources/cc_custom_connectors.md")),
        ("data-sources/webex_cc_flow_connectors", Some("data-sources/cc_flow_connectors.md")),
        ("functions/decode_id", None),
        ("functions/encode_id", None),
        ("functions/rebind_connectors", Some("data-sources/cc_flow_connectors.md")),
        ("promote-flow", Some("data-sources/cc_flow_connectors.md")),
    ];
    for (folder, page) in examples {
        let simulator = two_organizations(true);
        let id = incidents().make_by_hand(&simulator);
        let mut terraform = Terraform::with(&simulator);
        copy(&mut terraform, &format!("examples/{folder}"), |_| true);
        terraform.run(["get", "-no-color"]).succeeded();
        terraform.apply().succeeded().does_not_say("Warning: Check block");
        let outputs = terraform.run(["output", "-json"]).succeeded().stdout;
        match page {
            Some(page) => {
                assert!(outputs.contains(&id), "{folder} has not found it: {outputs}");
                assert!(!simulator.journal().is_empty(), "{folder} has made no calls");
                calls_are_documented(&simulator, page, folder);
            }
            None => {
                // A comment in the example holds the result.
                let text = files::read(&format!("examples/{folder}/function.tf"));
                let promised = text.lines().find_map(|line| line.trim().strip_prefix("# "));
                assert!(outputs.contains(promised.unwrap()), "{folder}: {outputs}");
                assert!(simulator.journal().is_empty(), "{folder} has made calls");
            }
        }
    }
}

#[test]
fn example_of_a_query_finds_a_connector() {
    let simulator = two_organizations(true);
    let id = incidents().make_by_hand(&simulator);
    let mut terraform = Terraform::with(&simulator);
    if !terraform.is_terraform_since(1, 14, "the example of a query") {
        return;
    }
    copy(&mut terraform, "examples/list-resources/webex_cc_custom_connector", |_| true);
    terraform.write("provider.tf", "provider \"webex\" {}\n");
    terraform.run(["query", "-no-color"]).succeeded().says(&id);
    calls_are_documented(&simulator, "list-resources/cc_custom_connector.md", "query");
}

#[track_caller]
fn calls_are_documented(simulator: &Simulator, page: &str, folder: &str) {
    let page = files::read(&format!("docs/{page}"));
    let documented = contract::operations()
        .into_iter()
        .filter(|operation| page.contains(&format!("`{} {}`", operation.method, operation.path)));
    let documented = documented.collect::<Vec<_>>();
    for exchange in simulator.journal() {
        let (method, path) = (&exchange.method, &exchange.path);
        let is_known = documented.iter().any(|operation| operation.is(method, path));
        assert!(is_known, "{folder} makes a call that its page does not have: {method} {path}");
    }
}

/// Terraform needs no other file.
#[test]
fn configuration_in_the_readme_applies() {
    let code = markdown::parse(&files::read("README.md")).code;
    let pasted = code.into_iter().find(|code| code.language == "terraform").unwrap();
    let simulator = two_organizations(true);
    let mut terraform = Terraform::with(&simulator);
    fs::remove_file(terraform.folder().join("versions.tf")).unwrap();
    terraform.write("main.tf", &pasted.lines.join("\n"));
    terraform.validate().succeeded();
    terraform.set("TF_VAR_client_secret", "pasted");
    terraform.apply().succeeded().says("1 added");
    terraform.plans_nothing();
}

/// `versions.tf` and the README name the same versions.
#[test]
fn modules_state_the_versions_that_they_need() {
    let mut modules = 0;
    for file in files::below("examples/modules", "versions.tf") {
        let text = files::read(&file);
        let needed = text.split("required_version = \">= ").nth(1).unwrap();
        let needed = needed.split('"').next().unwrap();
        let readme = files::read(&file.replace("versions.tf", "README.md"));
        let words = readme.split_whitespace().collect::<Vec<_>>().join(" ");
        // OpenTofu has no actions.
        let said = if file.contains("/flow-publication/") {
            format!("Needs Terraform {needed}; OpenTofu has no actions.")
        } else {
            format!("Needs Terraform {needed} or OpenTofu {needed}.")
        };
        assert!(words.contains(&said), "{file}: the README does not say {said:?}");
        modules += 1;
    }
    assert!(modules >= 2, "no module says what it needs");
}

#[test]
fn modules_pass_their_own_tests() {
    let root = files::root().join("examples/modules");
    let mut modules = 0;
    for entry in fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        if !entry.path().is_dir() {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let folder = format!("examples/modules/{name}");
        if !is_for_this_cli(&folder) {
            continue;
        }
        let simulator = locked();
        let terraform = Terraform::with(&simulator);
        fs::remove_file(terraform.folder().join("versions.tf")).unwrap();
        for file in files::below(&folder, "") {
            let below = file.strip_prefix(&format!("{folder}/")).unwrap();
            let path = terraform.folder().join(below);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(files::root().join(&file), path).unwrap();
        }
        // `get` installs the modules of tests. The provider is there already.
        terraform.run(["get", "-no-color"]).succeeded();
        terraform.run(["test", "-no-color"]).succeeded().says("0 failed");
        assert!(all_stored(&simulator).is_empty(), "{name} leaves something");
        assert!(!simulator.journal().is_empty(), "{name} has called nobody");
        let flows = simulator.flows(simulator.organization());
        let published = flows.iter().filter(|flow| flow["status"] == "Published").count();
        assert_eq!(published, usize::from(name == "flow-publication"), "{flows:?}");
        modules += 1;
    }
    assert!(modules >= 1, "there are no modules");
}

/// Until 1.0, a minor version may change the meaning of a configuration.
#[test]
fn version_constraints_allow_only_patches() {
    let version = env!("CARGO_PKG_VERSION");
    let (minor, _) = version.rsplit_once('.').unwrap();
    let (mut findings, mut constraints) = (Vec::new(), 0);
    let examples = files::below("examples", ".tf");
    for file in files::pages().into_iter().chain(examples) {
        let text = files::read(&file);
        let blocks = text.split("\"webex-contact-center/webex\"\n").skip(1);
        for constraint in blocks.filter_map(|block| block.trim_start().strip_prefix("version")) {
            constraints += 1;
            let constraint = constraint.split('"').nth(1).unwrap_or_default();
            if constraint != format!("~> {minor}.0") {
                findings.push(format!("{file}: {constraint:?} is not \"~> {minor}.0\""));
            }
        }
    }
    assert!(constraints >= 3, "no page shows a constraint");
    none(findings);
}
