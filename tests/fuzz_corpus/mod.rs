//! The corpus of the fuzzer, replayed: every file that was ever interesting,
//! through the very functions that the fuzz targets call.

use crate::support::files::root;

#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "it is a library of its own there")]
mod properties;

/// A target's name, and what it does with bytes.
type Target = (&'static str, fn(&[u8]));

/// The targets that are reached through the public interface. Two more are in
/// `src/webex/fuzzing.rs`, with a replay of their own.
const TARGETS: [Target; 6] = [
    ("msgpack", properties::msgpack),
    ("json", properties::json),
    ("type_json", properties::type_json),
    ("raw_state", properties::raw_state),
    ("handshake", properties::handshake),
    ("flow", properties::flow),
];

fn names(folder: &str) -> Vec<String> {
    let entries = root().join(folder).read_dir().unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.map(|name| name.trim_end_matches(".rs").to_owned()).collect();
    names.sort();
    names
}

#[test]
fn corpus_violates_no_property() {
    for (target, property) in TARGETS {
        let folder = format!("fuzz/corpus/{target}");
        let files = names(&folder);
        assert!(files.len() >= 5, "{} seeds in {folder}", files.len());
        for file in files {
            let bytes = std::fs::read(root().join(&folder).join(&file)).unwrap();
            println!("{folder}/{file}");
            property(&bytes);
        }
    }
}

/// Bytes near those of the corpus, as the fuzzer would try them first.
#[test]
fn mutated_corpus_violates_no_property() {
    for (target, property) in TARGETS {
        let folder = format!("fuzz/corpus/{target}");
        for file in names(&folder) {
            let bytes = std::fs::read(root().join(&folder).join(&file)).unwrap();
            let bytes = &bytes[..bytes.len().min(200)];
            for place in 0..bytes.len() {
                property(&bytes[..place]);
                for bit in [0x01, 0x10, 0x80] {
                    let mut bent = bytes.to_vec();
                    bent[place] ^= bit;
                    property(&bent);
                }
            }
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let mut expected: Vec<_> = TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
    expected.extend(["api_body".to_owned(), "retry_after".to_owned()]);
    expected.sort();
    assert_eq!(names("fuzz/fuzz_targets"), expected);
    assert_eq!(names("fuzz/corpus"), expected);
}
