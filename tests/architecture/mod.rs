//! Rules of the source code that neither Cargo nor Clippy checks: imports
//! without circles, known places that expose credentials, files of a readable
//! length.
//!
//! Cargo checks which crate may import which. The `clippy.toml` of each crate
//! bans the environment, the arguments and the end of the process.

mod import_graph;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

use self::import_graph::ImportGraph;
use self::tokens::tokens;
use crate::support::workspace;

/// A source file: its path below `src/` and its text.
struct Source {
    path: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let below = path.strip_prefix(&root).expect("a path below src");
                let path = below.to_string_lossy().replace('\\', "/");
                found.push(Source { path, text });
            }
        }
    }
    assert!(found.len() > 30, "the sources were not found");
    found
}

/// Fails the test with all breaches at once.
#[track_caller]
fn no_breach(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn imports_of_files_have_no_circles() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut circles = Vec::new();
    for package in workspace::packages() {
        for root in package.roots() {
            let root = root.strip_prefix(top).expect("a file of the workspace");
            let root = root.to_string_lossy().replace('\\', "/");
            let graph = ImportGraph::read(&root, |file| fs::read_to_string(top.join(file)).ok());
            circles.extend(graph.circles());
        }
    }
    no_breach(circles);
}

/// The places at which a credential leaves its type. A new one is a decision.
#[test]
fn credentials_are_exposed_at_known_places_only() {
    let exposes = |source: &Source| {
        let tokens = tokens(&source.text);
        tokens.windows(2).any(|two| [".", "::"].contains(&two[0].as_str()) && two[1] == "expose")
    };
    let exposing = sources().into_iter().filter(exposes).map(|source| source.path);
    // Files of unit tests are no part of the program.
    let mut exposing: Vec<_> = exposing.filter(|path| !path.ends_with("/tests.rs")).collect();
    exposing.sort();
    assert_eq!(exposing, SINKS.map(|(path, _)| path));
}

/// Files in alphabetical order, each with the purpose of exposing a credential.
const SINKS: [(&str, &str); 13] = [
    ("provider/custom_connector/validation.rs", "whether a private key is one, and fits"),
    ("safe_text/secret.rs", "the type itself"),
    ("tf_provider/value/equality.rs", "comparison after Unicode normalization"),
    ("tf_provider/value/json/encode.rs", "state and plan of the stateful form, in JSON"),
    ("tf_provider/value/msgpack/encode.rs", "the same to Terraform"),
    ("webex/auth/grant.rs", "the JSON body of a Service App's token request"),
    ("webex/body.rs", "the form body of a token request"),
    ("webex/connectors/wire.rs", "the JSON body of a request"),
    ("webex/equivalence.rs", "whether private keys differ in more than line ends"),
    ("webex/error.rs", "whether a token can travel in a header"),
    ("webex/identifiers.rs", "the organization at the end of an access token"),
    ("webex/redact.rs", "the search for secrets in texts of the server"),
    ("webex/request.rs", "the Authorization header"),
];

#[test]
fn files_have_at_most_700_lines_of_code() {
    let long = sources().into_iter().filter_map(|source| {
        let code = source.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//")).count();
        (lines > 700).then(|| format!("src/{} has {lines} lines of code", source.path))
    });
    no_breach(long.collect());
}
