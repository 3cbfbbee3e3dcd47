//! The real Terraform CLI in a folder of its own, with a provider that was just built.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use crate::left_out::skipped;
use crate::system;
use serde_json::Value;

/// A working directory with configuration, state and environment.
pub struct Terraform {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    hidden: &'static str,
}

/// The output and the exit code of a command.
#[derive(Debug)]
pub struct Output {
    /// The exit code; `None` when a signal ended the command.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Returns all output, without the line breaks and the frame that Terraform draws around
    /// messages.
    pub fn text(&self) -> String {
        let all = format!("{}\n{}", self.stdout, self.stderr);
        let lines = all.lines().map(|line| line.trim_start_matches(['│', '╷', '╵', ' ']).trim());
        lines.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Fails the test unless the command succeeded.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test unless the command failed with exit code 1.
    #[track_caller]
    pub fn failed(self) -> Self {
        assert_eq!(self.code, Some(1), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test unless the output contains these words.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        let text = self.text();
        assert!(text.contains(words), "{words:?} is not in:\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test if the output contains these words.
    #[track_caller]
    pub fn does_not_say(self, words: &str) -> Self {
        let text = self.text();
        assert!(!text.contains(words), "{words:?} is in:\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

impl Terraform {
    /// Creates a folder with a build of a provider. `source` is the provider's address in
    /// configurations, such as `example/cloud`; the name of the program has to be
    /// `terraform-provider-cloud` then. The commands do not see environment variables that
    /// begin with `hidden`.
    pub fn of(binary: &Path, source: &str, hidden: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let binaries = system::in_configuration(binary.parent().expect("the folder of the binary"));
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{ \"{source}\" = \"{binaries}\" }}\n  \
             direct {{}}\n}}\n"
        );
        fs::write(folder.path().join("terraform.rc"), settings).expect("the CLI configuration");
        let terraform = Self { folder, environment: Vec::new(), hidden };
        let (_, name) = source.rsplit_once('/').expect("a namespace and a name");
        terraform.write(
            "versions.tf",
            &format!(
                "terraform {{\n  required_providers {{\n    {name} = {{ source = \"{source}\" }}\n  \
                 }}\n}}\n"
            ),
        );
        terraform
    }

    /// Sets an environment variable of the commands.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.environment.retain(|(name, _)| name != variable);
        self.environment.push((variable.to_owned(), value.to_owned()));
    }

    /// Removes an environment variable of the commands.
    pub fn unset(&mut self, variable: &str) {
        self.environment.retain(|(name, _)| name != variable);
    }

    /// The path of the folder.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Writes a file of the configuration.
    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.path().join(file), text).expect("a file of the configuration");
    }

    /// Reads a file of the folder.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).expect("a file of the folder")
    }

    /// Returns a command, ready to run.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        // Pipelines set absent variables to empty strings.
        let program = std::env::var("TF_CLI").ok().filter(|program| !program.is_empty());
        let program = program.unwrap_or_else(|| "terraform".to_owned());
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env("TF_CLI_CONFIG_FILE", self.folder.path().join("terraform.rc"))
            .env("TF_DATA_DIR", self.folder.path().join(".terraform"))
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("CHECKPOINT_DISABLE", "1");
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            let ours = name.starts_with(self.hidden) || name.starts_with("TF_LOG");
            if ours || name.to_ascii_lowercase().ends_with("_proxy") {
                command.env_remove(&variable);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        let output = self
            .command(arguments)
            .output()
            .expect("the terraform command; install Terraform, or name another CLI in TF_CLI");
        Output {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Returns whether the CLI has this version or a later one, and its version. Terraform and
    /// OpenTofu share versions up to 1.5 only; beyond, compare features that both have.
    pub fn is_at_least(&self, major: u32, minor: u32) -> (bool, String) {
        let output = self.run(["version", "-json"]).succeeded();
        let version = serde_json::from_str::<Value>(&output.stdout).expect("a version as JSON");
        let version = version["terraform_version"].as_str().expect("a version").to_owned();
        let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
        let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        (found >= (major, minor), version)
    }

    /// Whether the CLI is Terraform and not OpenTofu.
    pub fn is_terraform(&self) -> bool {
        self.run(["version"]).stdout.starts_with("Terraform")
    }

    /// Returns whether the CLI is Terraform of this version or later. If not, the output of the
    /// test names what it skips.
    pub fn is_terraform_since(&self, major: u32, minor: u32, what: &str) -> bool {
        let (is_new, version) = self.is_at_least(major, minor);
        let is_terraform = self.is_terraform();
        if is_new && is_terraform {
            return true;
        }
        let name = if is_terraform { "Terraform" } else { "OpenTofu" };
        skipped(&format!(
            "{what}: it needs Terraform {major}.{minor}, and this is {name} {version}"
        ));
        false
    }

    /// `terraform validate`.
    pub fn validate(&self) -> Output {
        self.run(["validate", "-no-color"])
    }

    /// `terraform plan`.
    pub fn plan(&self) -> Output {
        self.run(["plan", "-no-color"])
    }

    /// `terraform apply` without confirmation.
    pub fn apply(&self) -> Output {
        self.run(["apply", "-auto-approve", "-no-color"])
    }

    /// `terraform destroy` without confirmation.
    pub fn destroy(&self) -> Output {
        self.run(["destroy", "-auto-approve", "-no-color"])
    }

    /// Fails the test unless the plan is empty.
    #[track_caller]
    pub fn plans_nothing(&self) {
        let output = self.run(["plan", "-no-color", "-detailed-exitcode"]);
        assert_eq!(output.code, Some(0), "{}\n{}", output.stdout, output.stderr);
    }

    /// Returns the values of all outputs.
    pub fn outputs(&self) -> Value {
        let outputs = self.run(["output", "-json"]).succeeded().stdout;
        let outputs = serde_json::from_str::<BTreeMap<String, Value>>(&outputs).expect("JSON");
        outputs.into_iter().map(|(name, output)| (name, output["value"].clone())).collect()
    }

    /// Returns the attributes of a resource, which has to be in the state file.
    #[track_caller]
    pub fn attributes(&self, address: &str) -> Value {
        self.instance(address)["attributes"].clone()
    }

    /// Returns the only instance of a resource, which has to be in the state file.
    #[track_caller]
    pub fn instance(&self, address: &str) -> Value {
        let state = serde_json::from_str::<Value>(&self.read("terraform.tfstate"))
            .expect("the state file is JSON");
        let (kind, name) = address.split_once('.').expect("an address of type and name");
        let mut resources = state["resources"].as_array().into_iter().flatten();
        let resource = resources.find(|resource| {
            resource["type"] == kind && resource["name"] == name && resource["mode"] == "managed"
        });
        resource.expect("a resource in the state file")["instances"][0].clone()
    }
}
