//! Replays the fuzzer's corpus through the functions that the fuzz targets call.

use crate::support::files::root;

#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "it is a library of its own there")]
mod properties;

/// The name of a target, and its function.
type Target = (&'static str, fn(&[u8]));

/// The targets of the public interface. `src/webex/fuzzing.rs` replays the others.
const TARGETS: [Target; 7] = [
    ("msgpack", properties::msgpack),
    ("json", properties::json),
    ("type_json", properties::type_json),
    ("raw_state", properties::raw_state),
    ("handshake", properties::handshake),
    ("flow", properties::flow),
    ("learn", properties::learn),
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

/// The mutations are those that the fuzzer tries first.
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
    let of_the_client = ["api_body", "error_body", "profile", "retry_after"];
    expected.extend(of_the_client.map(str::to_owned));
    expected.sort();
    assert_eq!(names("fuzz/fuzz_targets"), expected);
    assert_eq!(names("fuzz/corpus"), expected);
}
