//! The crates of all builds, compared with `deny.toml`, and the ban on unsafe
//! code.
//!
//! cargo-deny reads the same file and checks more: `make deny` runs it, as CI
//! does. These tests need no further tool, so that a change of the dependencies
//! is noticed where it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;

use crate::support::{files, workspace};

/// The parts of `deny.toml` that the tests read.
#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Reasoned>,
    skip: Vec<Reasoned>,
}

/// A crate, with an optional version after `@`, and the reason.
#[derive(Deserialize)]
struct Reasoned {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
    allow_git: Vec<String>,
}

fn deny() -> Deny {
    basic_toml::from_str(&files::read("deny.toml")).unwrap()
}

/// A crate that is part of a build of the workspace.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    name: String,
    version: String,
    /// The source, when that is not the Rust registry: a path or a repository.
    elsewhere: Option<String>,
    license: String,
}

/// Returns all crates of all builds: every system, tests and build scripts too.
fn parts() -> BTreeSet<Part> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--workspace", "--target", "all", "--edges", "all"])
        .args(["--prefix", "none", "--format", "{p}|{l}"])
        .current_dir(files::root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let parts = text.lines().filter_map(|line| {
        // Lines without a version are features.
        let (package, license) = line.trim_end_matches(" (*)").split_once('|')?;
        let mut words = package.splitn(3, ' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        let place = words.next().filter(|words| *words != "(proc-macro)").map(str::to_owned);
        Some(Part {
            name: name.to_owned(),
            version: version.to_owned(),
            elsewhere: place,
            license: license.to_owned(),
        })
    });
    let parts: BTreeSet<_> = parts.collect();
    assert!(parts.len() > 100, "cargo tree lists too few crates: {parts:?}");
    parts
}

/// Whether the allowed licenses satisfy an SPDX expression. The older `/` is OR.
fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let outcome = either(&mut rest, allowed);
    assert!(rest.is_empty(), "{expression:?} is no expression");
    outcome
}

fn either(words: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut outcome = both(words, allowed);
    while let Some((&"OR", rest)) = words.split_first() {
        *words = rest;
        outcome |= both(words, allowed);
    }
    outcome
}

fn both(words: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut outcome = one(words, allowed);
    while let Some((&"AND", rest)) = words.split_first() {
        *words = rest;
        outcome &= one(words, allowed);
    }
    outcome
}

fn one(words: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    let (first, rest) = words.split_first().expect("a license");
    *words = rest;
    if *first == "(" {
        let outcome = either(words, allowed);
        let (close, rest) = words.split_first().expect("a closing parenthesis");
        assert_eq!(*close, ")");
        *words = rest;
        return outcome;
    }
    if let Some((&"WITH", rest)) = words.split_first() {
        let (exception, rest) = rest.split_first().expect("an exception");
        *words = rest;
        return allowed(&format!("{first} WITH {exception}"));
    }
    allowed(first)
}

#[test]
fn spdx_expressions_are_evaluated() {
    let allowed = |license: &str| ["MIT", "ISC"].contains(&license);
    for good in ["MIT", "GPL-3.0 OR MIT", "MIT/GPL-3.0", "MIT AND ISC", "(GPL-3.0 OR ISC) AND MIT"]
    {
        assert!(satisfied(good, &allowed), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "GPL-3.0 OR GPL-2.0 AND MIT", "MIT WITH Something"] {
        assert!(!satisfied(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_license_is_allowed() {
    let licenses = deny().licenses;
    for part in parts() {
        let excepted = licenses.exceptions.iter().find(|exception| exception.name == part.name);
        let more = excepted.map_or(&[][..], |exception| exception.allow.as_slice());
        let allowed =
            |license: &str| licenses.allow.iter().chain(more).any(|allowed| allowed == license);
        assert!(satisfied(&part.license, &allowed), "{part:?} is not in deny.toml");
    }
}

#[test]
fn crates_come_from_the_workspace_or_the_allowed_registry() {
    let sources = deny().sources;
    assert_eq!(sources.allow_git, Vec::<String>::new());
    let packages = workspace::packages().into_iter();
    let folders = packages.map(|package| (package.name.clone(), package.folder().to_owned()));
    let folders: BTreeMap<_, _> = folders.collect();
    for part in parts() {
        let folder = folders.get(&part.name).map(|folder| format!("({})", folder.display()));
        assert_eq!(part.elsewhere, folder, "{part:?}");
    }
    let lock = files::read("Cargo.lock");
    for line in lock.lines().filter_map(|line| line.strip_prefix("source = ")) {
        let source = line.trim_matches('"').trim_start_matches("registry+");
        assert!(sources.allow_registry.iter().any(|allowed| allowed == source), "{source}");
    }
}

#[test]
fn no_crate_is_banned_or_duplicated_without_a_reason() {
    let bans = deny().bans;
    let mut versions = BTreeMap::<String, Vec<String>>::new();
    for part in parts() {
        let banned = bans.deny.iter().find(|banned| banned.name == part.name);
        assert!(banned.is_none(), "{part:?}: {}", banned.unwrap().reason);
        versions.entry(part.name).or_default().push(part.version);
    }
    let skipped = |name: &str, version: &str| {
        bans.skip.iter().any(|skip| match skip.name.split_once('@') {
            Some((crate_name, prefix)) => {
                crate_name == name && format!("{version}.").starts_with(&format!("{prefix}."))
            }
            None => skip.name == name,
        })
    };
    for (name, mut versions) in versions {
        versions.dedup();
        versions.retain(|version| !skipped(&name, version));
        assert!(
            versions.len() <= 1,
            "{name} is there as {versions:?}; deny.toml says why others are"
        );
    }
    for reasoned in bans.skip.iter().chain(&bans.deny) {
        assert!(reasoned.reason.len() > 5, "{} has no reason", reasoned.name);
    }
}

/// The fuzz targets are a workspace of their own, which an ordinary build does not read. So its lock
/// file would become stale unnoticed, and the targets would be fuzzed with other crates.
#[test]
fn lock_file_of_the_fuzz_targets_is_current() {
    let ours = lock("Cargo.lock");
    let fuzzed = lock("fuzz/Cargo.lock");
    let packages = workspace::packages();
    for locked in &fuzzed {
        let versions = ours.iter().filter(|other| other.name == locked.name);
        let versions = versions.map(|other| other.version.as_str()).collect::<Vec<_>>();
        assert!(
            versions.is_empty() || versions.contains(&locked.version.as_str()),
            "{} is {} in fuzz/Cargo.lock, and {versions:?} in Cargo.lock",
            locked.name,
            locked.version
        );
        let Some(package) = packages.iter().find(|package| package.name == locked.name) else {
            continue;
        };
        let needed = package.dependencies.iter().filter(|one| one.kind.as_deref() != Some("dev"));
        let needed = needed.map(|one| one.name.as_str()).collect::<BTreeSet<_>>();
        let listed = locked.dependencies.iter().filter_map(|one| one.split(' ').next());
        assert_eq!(
            listed.collect::<BTreeSet<_>>(),
            needed,
            "{} in fuzz/Cargo.lock is stale: run cargo metadata in fuzz/",
            locked.name
        );
    }
    for name in ["webex_contact_center", "tf_provider", "libfuzzer-sys"] {
        assert!(fuzzed.iter().any(|locked| locked.name == name), "{name} is not locked");
    }
}

/// A crate in a lock file.
#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

fn lock(file: &str) -> Vec<Locked> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    basic_toml::from_str::<Lock>(&files::read(file)).unwrap().package
}

/// Each package of the workspace inherits the lints of the workspace, which
/// forbid unsafe code so that no module can allow it.
#[test]
fn unsafe_code_is_forbidden_everywhere() {
    #[derive(Deserialize)]
    struct Manifest {
        workspace: Option<Workspace>,
        lints: Lints,
    }
    #[derive(Deserialize)]
    struct Workspace {
        members: Vec<String>,
        lints: BTreeMap<String, BTreeMap<String, toml_value::Any>>,
    }
    #[derive(Deserialize)]
    struct Lints {
        workspace: bool,
    }
    let read = |folder: &str| -> Manifest {
        basic_toml::from_str(&files::read(&format!("{folder}/Cargo.toml"))).unwrap()
    };
    let workspace = read(".").workspace.expect("the workspace");
    let unsafe_code = &workspace.lints["rust"]["unsafe_code"];
    assert_eq!(unsafe_code.text(), Some("forbid"));
    for member in workspace.members {
        assert!(read(&member).lints.workspace, "{member} has lints of its own");
    }
}

/// A value of TOML. Only strings are read.
mod toml_value {
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(untagged)]
    pub(super) enum Any {
        Text(String),
        Other(serde::de::IgnoredAny),
    }

    impl Any {
        pub(super) fn text(&self) -> Option<&str> {
            if let Self::Text(text) = self { Some(text) } else { None }
        }
    }
}
