//! The settings of a run, from `BENCH_…` variables.

use std::env;
use std::path::{Path, PathBuf};

use crate::subject::{Example, RESOURCE, Subject};

/// The settings of a run.
pub(crate) struct Settings {
    /// The folder of the report.
    pub(crate) folder: PathBuf,
    /// All programs to measure; ours is the first.
    pub(crate) subjects: Vec<Subject>,
    /// Whether to measure little, as a check of the measuring itself.
    pub(crate) quick: bool,
    /// Whether a clean build is timed, which takes minutes.
    pub(crate) clean_build: bool,
    /// The only sections to measure; all if empty.
    only: Vec<String>,
}

impl Settings {
    /// Reads the environment. `BENCH_OWN`: our binary. `BENCH_BASE`: an older build
    /// of it, with the name `BENCH_BASE_NAME`. `BENCH_PROVIDER`: another provider,
    /// with `BENCH_PROVIDER_CONFIGURATION` (JSON), and for calls about resources
    /// `BENCH_RESOURCE` and `BENCH_CONFIGURATION` (JSON with every attribute of the
    /// resource, or anything if the type is ours). `BENCH_QUICK`, `BENCH_CLEAN_BUILD`, `BENCH_ONLY` (sections, with
    /// commas) and `BENCH_FOLDER` set the other fields.
    pub(crate) fn from_environment() -> Self {
        let own = path("BENCH_OWN")
            .unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_terraform-provider-webex")));
        let mut subjects = vec![Subject::webex("webex", &own)];
        if let Some(base) = path("BENCH_BASE") {
            let name = text("BENCH_BASE_NAME").unwrap_or_else(|| "base".to_owned());
            subjects.push(Subject::webex(&name, &base));
        }
        if let Some(other) = path("BENCH_PROVIDER") {
            let name = name_of(&other);
            subjects.push(match example() {
                Example { resource: Some((resource, _)), .. } if resource == RESOURCE => {
                    Subject::twin(&format!("{name} (other)"), &other)
                }
                example => Subject::other(&name, &other, example),
            });
        }
        Self {
            folder: path("BENCH_FOLDER").unwrap_or_else(|| PathBuf::from("target/bench")),
            subjects,
            quick: text("BENCH_QUICK").is_some(),
            clean_build: text("BENCH_CLEAN_BUILD").is_some(),
            only: text("BENCH_ONLY")
                .iter()
                .flat_map(|list| list.split(',').map(|name| name.trim().to_owned()))
                .collect(),
        }
    }

    /// Whether to measure a section.
    pub(crate) fn wants(&self, section: &str) -> bool {
        // It fails instead of reporting, so it runs alone.
        let by_default = section != "budget";
        (self.only.is_empty() && by_default) || self.only.iter().any(|name| name == section)
    }

    /// Returns the number of repetitions: `thorough`, or few in a quick run.
    pub(crate) fn rounds(&self, thorough: usize) -> usize {
        if self.quick { thorough.min(3) } else { thorough }
    }
}

/// Returns the program's name without its version.
fn name_of(program: &Path) -> String {
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.trim_start_matches("terraform-provider-").to_owned()
}

fn example() -> Example {
    let json = |name| {
        let text = text(name)?;
        Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    Example {
        provider: json("BENCH_PROVIDER_CONFIGURATION").unwrap_or_else(|| serde_json::json!({})),
        resource: text("BENCH_RESOURCE").zip(json("BENCH_CONFIGURATION")),
    }
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn path(name: &str) -> Option<PathBuf> {
    // The benches run in the package's folder, as `make` does.
    text(name).map(|value| std::path::absolute(value).unwrap())
}
