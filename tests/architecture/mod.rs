//! Rules of the source code that neither Cargo nor Clippy checks: imports
//! without circles, known places that expose credentials, files of a readable
//! length.
//!
//! Cargo checks which crate may import which. The `clippy.toml` of each crate
//! bans the environment, the arguments and the end of the process.

mod import_graph;
pub(crate) mod tokens;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use self::import_graph::ImportGraph;
use self::tokens::tokens;
use crate::support::workspace;

/// Reads all libraries and programs of the workspace.
fn crates() -> Vec<ImportGraph> {
    let packages = workspace::packages();
    let roots = packages.iter().flat_map(|package| package.roots());
    let text_of = |file: &str| fs::read_to_string(top().join(file)).ok();
    let graphs = roots.map(|root| {
        let root = root.strip_prefix(top()).expect("a file of the workspace");
        ImportGraph::read(&root.to_string_lossy().replace('\\', "/"), text_of)
    });
    graphs.collect()
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Fails the test with all breaches at once.
#[track_caller]
fn no_breach(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn imports_of_files_have_no_circles() {
    no_breach(crates().iter().flat_map(ImportGraph::circles).collect());
}

/// The places at which a credential leaves its type. A new one is a decision.
#[test]
fn credentials_are_exposed_at_known_places_only() {
    let crates = crates();
    let files: BTreeSet<_> = crates.iter().flat_map(ImportGraph::files).collect();
    let exposes = |file: &&str| {
        let tokens = tokens(&fs::read_to_string(top().join(file)).expect("a source file"));
        tokens.windows(2).any(|two| [".", "::"].contains(&two[0].as_str()) && two[1] == "expose")
    };
    let exposing: Vec<_> = files.into_iter().filter(exposes).collect();
    assert_eq!(exposing, SINKS.map(|(file, _)| file));
}

/// Files in alphabetical order, each with the purpose of exposing a credential.
const SINKS: [(&str, &str); 14] = [
    ("examples/minimal_provider/src/note.rs", "the length of a credential, as an example"),
    ("src/provider/custom_connector/validation/pem.rs", "whether a private key is one, and fits"),
    ("src/provider/unseen.rs", "whether blanks or line ends surround a credential"),
    ("src/safe_text/secret.rs", "the type itself"),
    ("src/tf_provider/value/equality.rs", "comparison after Unicode normalization"),
    (
        "src/tf_provider/value/msgpack/encode.rs",
        "state and plan of the stateful form, to Terraform",
    ),
    ("src/webex/auth/grant.rs", "the JSON body of a Service App's token request"),
    ("src/webex/body.rs", "the form body of a token request"),
    ("src/webex/equivalence.rs", "whether private keys differ in more than line ends"),
    ("src/webex/error.rs", "whether a token can travel in a header"),
    ("src/webex/identifiers.rs", "the organization at the end of an access token"),
    ("src/webex/profile/render.rs", "the JSON body of a request"),
    ("src/webex/redact.rs", "the search for secrets in texts of the server"),
    ("src/webex/request.rs", "the Authorization header"),
];

#[test]
fn files_have_at_most_700_lines_of_code() {
    let files = files_below(&top().join("src"));
    assert!(files.len() > 30, "the sources were not found");
    let long = files.into_iter().filter_map(|file| {
        let text = fs::read_to_string(&file).expect("a source file");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//")).count();
        (lines > 700).then(|| format!("{} has {lines} lines of code", file.display()))
    });
    no_breach(long.collect());
}

/// Returns the source files of a folder, those of tests included.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files = paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] });
    files.filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}
