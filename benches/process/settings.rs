//! What is measured, and how thoroughly: read from `BENCH_…` variables.

use std::env;
use std::path::{Path, PathBuf};

use crate::subject::{Example, Subject};

/// What this run is to do.
pub(crate) struct Settings {
    /// Where the report goes.
    pub(crate) folder: PathBuf,
    /// All programs to measure; ours is the first.
    pub(crate) subjects: Vec<Subject>,
    /// Measures little, to see whether the measuring works.
    pub(crate) quick: bool,
    /// Whether a clean build is timed, which takes minutes.
    pub(crate) clean_build: bool,
    /// The only sections to measure; all where it is empty.
    only: Vec<String>,
}

impl Settings {
    /// `BENCH_OWN`: our binary. `BENCH_BASE`: an older build of it, and
    /// `BENCH_BASE_NAME` how to call it. `BENCH_PROVIDER`: anybody's provider,
    /// with `BENCH_PROVIDER_CONFIGURATION` (JSON), and for calls about
    /// resources `BENCH_RESOURCE` and `BENCH_CONFIGURATION` (JSON with every
    /// attribute of the resource). `BENCH_QUICK`, `BENCH_CLEAN_BUILD`,
    /// `BENCH_ONLY` (sections, with commas) and `BENCH_FOLDER` for the rest.
    pub(crate) fn from_environment() -> Self {
        let own = path("BENCH_OWN")
            .unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_terraform-provider-webex")));
        let mut subjects = vec![Subject::webex("webex", &own)];
        if let Some(base) = path("BENCH_BASE") {
            let name = text("BENCH_BASE_NAME").unwrap_or_else(|| "base".to_owned());
            subjects.push(Subject::webex(&name, &base));
        }
        if let Some(other) = path("BENCH_PROVIDER") {
            subjects.push(Subject::other(&name_of(&other), &other, example()));
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

    /// Whether a section is to be measured.
    pub(crate) fn wants(&self, section: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == section)
    }

    /// How often to measure: this often, or hardly in a quick run.
    pub(crate) fn rounds(&self, thorough: usize) -> usize {
        if self.quick { thorough.min(3) } else { thorough }
    }
}

/// The program's name, without a version behind it.
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
    // The benches run in the package's folder, where `make` runs too.
    text(name).map(|value| std::path::absolute(value).unwrap())
}
