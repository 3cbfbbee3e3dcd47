//! The walls of the house: reads the sources and fails on a breach.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path below `src/`, and its text without comments.
struct Source {
    path: String,
    code: String,
}

impl Source {
    /// The room that the file belongs to.
    fn room(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }
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
                found.push(Source { path, code: without_comments(&text) });
            }
        }
    }
    assert!(found.len() > 30, "the sources were not found");
    found
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The same without the unit tests, which stand at the end of a file.
fn without_tests(code: &str) -> &str {
    code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
}

/// Fails the test with all breaches at once.
#[track_caller]
fn no_breach(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn rooms_import_only_what_they_may() {
    let allowed: [(&str, &[&str]); 7] = [
        ("secret", &[]),
        ("invisible", &[]),
        ("tf_provider", &["secret", "invisible", "tf_provider"]),
        ("webex", &["secret", "invisible", "webex"]),
        ("provider", &["secret", "invisible", "tf_provider", "webex", "provider"]),
        ("main", &["tf_provider", "provider"]),
        ("lib", &[]),
    ];
    let rooms = ["secret", "invisible", "tf_provider", "webex", "provider"];
    let mut breaches = Vec::new();
    for source in sources() {
        let Some((_, may)) = allowed.iter().find(|(room, _)| *room == source.room()) else {
            breaches.push(format!("src/{} is in no room", source.path));
            continue;
        };
        for room in rooms.iter().filter(|room| !may.contains(room)) {
            for prefix in ["crate", "terraform_provider_webex"] {
                if without_tests(&source.code).contains(&format!("{prefix}::{room}::")) {
                    breaches.push(format!("src/{} imports {room}", source.path));
                }
            }
        }
        // Braces would hide a room from the search above.
        if source.code.contains("use crate::{") {
            breaches.push(format!("src/{} imports several rooms in one line", source.path));
        }
    }
    no_breach(breaches);
}

/// Each of these stays in the room, or in the files, that it belongs to.
#[test]
fn what_belongs_to_a_room_stays_there() {
    let owned: [(&str, &[&str]); 6] = [
        ("reqwest::", &["webex/"]),
        ("protocol::tfplugin5", &["tf_provider/"]),
        ("tonic::", &["tf_provider/"]),
        ("std::env::var", &["tf_provider/plugin/", "provider/configuration/", "main.rs"]),
        ("std::env::args", &["main.rs"]),
        ("process::exit", &[]),
    ];
    let mut breaches = Vec::new();
    for source in sources() {
        for (what, places) in owned {
            let may = places.iter().any(|place| source.path.starts_with(place));
            if !may && without_tests(&source.code).contains(what) {
                breaches.push(format!("src/{} uses {what}", source.path));
            }
        }
    }
    no_breach(breaches);
}

/// The places at which a credential leaves its type. A new one is a decision.
#[test]
fn credentials_are_exposed_at_known_places_only() {
    let sinks = SINKS.map(|(path, _)| path);
    let mut breaches = Vec::new();
    for source in sources() {
        let exposes = without_tests(&source.code).contains(".expose()");
        if exposes && !sinks.contains(&source.path.as_str()) {
            breaches.push(format!("src/{} exposes a credential", source.path));
        }
    }
    for (path, _) in SINKS {
        if !sources().iter().any(|source| source.path == path && source.code.contains(".expose()"))
        {
            breaches.push(format!("src/{path} is listed and exposes nothing"));
        }
    }
    no_breach(breaches);
}

/// Where, and what for.
const SINKS: [(&str, &str); 12] = [
    ("secret.rs", "the type itself"),
    ("tf_provider/value/msgpack/encode.rs", "state and plan of the stateful form, to Terraform"),
    ("tf_provider/value/equality.rs", "comparison after Unicode normalization"),
    ("webex/connectors/wire.rs", "the JSON body of a request"),
    ("webex/connectors/sameness.rs", "whether two private keys differ in more than line ends"),
    ("webex/body.rs", "the form body of a token request"),
    ("webex/auth.rs", "whether a token can travel in a header"),
    ("webex/auth/grant.rs", "the JSON body of a Service App's token request"),
    ("webex/request.rs", "the Authorization header"),
    ("webex/redact.rs", "the search for secrets in texts of the server"),
    ("webex/identifiers.rs", "the organization at the end of an access token"),
    ("provider/custom_connector/validation.rs", "whether a private key is one, and fits"),
];

#[test]
fn files_can_be_read_in_one_go() {
    let long = sources().into_iter().filter_map(|source| {
        let lines = without_tests(&source.code).lines().count();
        (lines > 700).then(|| format!("src/{} has {lines} lines of code", source.path))
    });
    no_breach(long.collect());
}
