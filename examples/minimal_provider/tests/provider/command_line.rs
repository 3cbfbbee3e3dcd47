//! The life of a note through the real CLI.

use std::path::Path;

use tf_provider_testing::cli::{Terraform, skipped};
use tf_provider_testing::system::in_configuration;

use super::PROGRAM;
use super::life_cycle::tempfile;

const NOTE: &str = r#"
resource "minimal_note" "n" {
  title  = "Zürich"
  pin    = 1234
  tokens = ["s3cr3t-token"]
  section {
    heading  = "first"
    language = "en"
    footnote {
      text = "see below"
    }
  }
  section {
    heading = "second"
  }
  label {
    name = "red"
  }
  label {
    name  = "urgent"
    color = "red"
  }
}
"#;

/// Returns a folder with the provider block.
fn terraform(notes: &Path) -> Terraform {
    let terraform = Terraform::of(Path::new(PROGRAM), "example/minimal", "MINIMAL_");
    let folder = in_configuration(notes);
    terraform
        .write("provider.tf", &format!("provider \"minimal\" {{\n  folder = \"{folder}\"\n}}\n"));
    terraform
}

#[test]
fn note_runs_its_life_cycle() {
    let notes = tempfile();
    let terraform = terraform(notes.path());
    terraform.write("main.tf", NOTE);
    // No plan shows a credential, not even in a list, and no sensitive number.
    let plan = terraform.plan().succeeded().does_not_say("s3cr3t-token").does_not_say("1234");
    assert!(plan.text().contains("style = \"plain\""), "{}", plan.text());
    terraform.apply().succeeded().does_not_say("s3cr3t-token").does_not_say("1234");
    terraform.plans_nothing();
    let note = terraform.attributes("minimal_note.n");
    assert_eq!(note["section"][0]["footnote"]["position"], 1);
    assert_eq!(note["section"][1]["anchor"], "#second");

    // A nested change updates, and a nested change of the language replaces.
    terraform.write("main.tf", &NOTE.replace("see below", "see above"));
    let plan = terraform.plan().succeeded().says("0 to add, 1 to change, 0 to destroy");
    assert!(plan.text().contains("cipher_length = (known after apply)"), "{}", plan.text());
    for stable in ["anchor", "rank"] {
        assert!(!plan.text().contains(stable), "{}", plan.text());
    }
    terraform.apply().succeeded();
    terraform.plans_nothing();
    terraform.write("main.tf", &NOTE.replace("\"en\"", "\"de\""));
    terraform
        .plan()
        .succeeded()
        .says("forces replacement")
        .says("1 to add, 0 to change, 1 to destroy");
    terraform.apply().succeeded();
    terraform.plans_nothing();
    terraform.write(
        "main.tf",
        &NOTE.replace("\"de\"", "\"en\"").replace("\"red\"\n  }", "\"blue\"\n  }"),
    );
    terraform.apply().succeeded();
    terraform.plans_nothing();
    terraform.destroy().succeeded();
    assert_eq!(notes.path().read_dir().unwrap().count(), 0);
}

#[test]
fn state_of_the_first_version_is_upgraded() {
    let notes = tempfile();
    let terraform = terraform(notes.path());
    terraform.write("main.tf", "resource \"minimal_note\" \"n\" {\n  title = \"a\"\n}\n");
    terraform.apply().succeeded();
    // Before there were sections, and the title was a name.
    let state = terraform.read("terraform.tfstate");
    let mut state = serde_json::from_str::<serde_json::Value>(&state).unwrap();
    let instance = &mut state["resources"][0]["instances"][0];
    instance["schema_version"] = 0.into();
    let attributes = instance["attributes"].as_object_mut().unwrap();
    attributes.remove("section");
    attributes.remove("label");
    let title = attributes.remove("title").unwrap();
    attributes.insert("name".to_owned(), title);
    terraform.write("terraform.tfstate", &state.to_string());
    let plan = terraform.run(["plan", "-no-color", "-refresh=false", "-detailed-exitcode"]);
    assert_eq!(plan.code, Some(0), "{}\n{}", plan.stdout, plan.stderr);
    terraform.plans_nothing();
}

#[test]
fn object_of_another_type_is_moved() {
    let notes = tempfile();
    let terraform = terraform(notes.path());
    if !terraform.is_at_least(1, 8).0 {
        skipped("a move from another type: it needs Terraform 1.8");
        return;
    }
    let note = "resource \"minimal_note\" \"n\" {\n  title = \"a\"\n}\n";
    terraform.write("main.tf", note);
    terraform.apply().succeeded();
    terraform.run(["state", "rm", "minimal_note.n"]).succeeded();
    terraform.write("main.tf", "resource \"terraform_data\" \"d\" {\n  input = \"1\"\n}\n");
    terraform.apply().succeeded();
    let moved = "moved {\n  from = terraform_data.d\n  to = minimal_note.n\n}\n";
    terraform.write("main.tf", &format!("{note}{moved}"));
    terraform.apply().succeeded().says("0 added, 0 changed, 0 destroyed");
    assert_eq!(terraform.attributes("minimal_note.n")["title"], "a");
    terraform.plans_nothing();
}

#[test]
fn note_is_imported_and_read() {
    let notes = tempfile();
    let terraform = terraform(notes.path());
    let note = "resource \"minimal_note\" \"n\" {\n  title = \"a\"\n}\n";
    terraform.write("main.tf", note);
    terraform.apply().succeeded();
    terraform.run(["state", "rm", "minimal_note.n"]).succeeded();
    terraform.run(["import", "-no-color", "minimal_note.n", "1"]).succeeded();
    terraform.plans_nothing();
    let data = "data \"minimal_note\" \"d\" {\n  id = minimal_note.n.id\n}\n\
                output \"title\" {\n  value = data.minimal_note.d.title\n}\n";
    terraform.write("data.tf", data);
    terraform.apply().succeeded();
    assert_eq!(terraform.outputs()["title"], "a");
}

#[test]
fn function_is_called() {
    let notes = tempfile();
    let terraform = terraform(notes.path());
    if !terraform.is_at_least(1, 8).0 {
        skipped("a function: it needs Terraform 1.8");
        return;
    }
    let output = "output \"loud\" {\n  value = [provider::minimal::shout(\"a\"), \
                  provider::minimal::shout(null)]\n}\n";
    terraform.write("main.tf", output);
    terraform.apply().succeeded();
    assert_eq!(terraform.outputs()["loud"], serde_json::json!(["A", null]));
    terraform.write("main.tf", "output \"loud\" {\n  value = provider::minimal::shout(\"\")\n}\n");
    terraform.plan().failed().says("There is nothing to shout");
}

#[test]
fn ephemeral_password_reaches_a_nested_write_only_argument() {
    let notes = tempfile();
    let terraform = terraform(notes.path());
    if !terraform.is_at_least(1, 11).0 {
        skipped("an ephemeral resource and a write-only argument: they need Terraform 1.11");
        return;
    }
    let password = "ephemeral \"minimal_password\" \"p\" {\n  user = \"ann\"\n}\n";
    let cipher = "text = \"see below\"\n cipher_wo = ephemeral.minimal_password.p.password";
    let note = NOTE.replace("text = \"see below\"", cipher);
    terraform.write("main.tf", &format!("{password}{note}"));
    terraform.apply().succeeded().does_not_say("ann-password");
    terraform.plans_nothing();
    let note = terraform.attributes("minimal_note.n");
    assert_eq!(note["section"][0]["cipher_length"], 12);
    assert!(!terraform.read("terraform.tfstate").contains("ann-password"));
    assert!(!notes.path().join("ann.lease").exists(), "it was closed");
}

#[test]
fn query_and_action_are_run() {
    let notes = tempfile();
    let terraform = terraform(notes.path());
    if !terraform.is_terraform_since(1, 14, "a query and an action") {
        return;
    }
    let note = "resource \"minimal_note\" \"n\" {\n  title = \"a\"\n  lifecycle {\n    \
                action_trigger {\n      events  = [after_create]\n      actions = \
                [action.minimal_touch.t]\n    }\n  }\n}\n\
                action \"minimal_touch\" \"t\" {\n  config {\n    file = \"touched\"\n  }\n}\n";
    terraform.write("main.tf", note);
    terraform.apply().succeeded().says("Touching touched");
    assert!(notes.path().join("touched").exists());
    terraform
        .write("notes.tfquery.hcl", "list \"minimal_note\" \"all\" {\n  provider = minimal\n}\n");
    terraform.run(["query", "-no-color"]).succeeded().says("title=a");
}
