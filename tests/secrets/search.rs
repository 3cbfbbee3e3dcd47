//! Searches for credentials in every encoding, whole or in part.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value as Json;

/// The characters of a credential that count as a hit, in any encoding.
const PART: usize = 8;

/// The same in hexadecimal digits. Eight of them would be in a random id sooner or later.
const HEXADECIMAL_PART: usize = 2 * PART;

/// A credential with a name for reports.
#[derive(Clone, Debug)]
pub(crate) struct Canary {
    /// The name in reports.
    pub(crate) name: String,
    /// The credential.
    pub(crate) text: String,
}

impl Canary {
    /// Names a credential, which must be unlike all other text of the test.
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let (name, text) = (name.into(), text.into());
        assert!(text.len() >= PART, "{name} is too short to be told from other text");
        Self { name, text }
    }
}

/// A place that holds a part of a credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    /// The name of the credential.
    pub(crate) canary: String,
    /// The encoding.
    pub(crate) encoding: &'static str,
    /// The place.
    pub(crate) place: String,
}

/// All parts of all credentials in all encodings.
#[derive(Default)]
pub(crate) struct Search {
    parts: HashMap<Vec<u8>, (String, &'static str)>,
}

impl Search {
    /// Prepares a search. A part that two credentials share belongs to neither.
    pub(crate) fn of(canaries: &[Canary]) -> Self {
        let mut parts = HashMap::<Vec<u8>, Option<(String, &'static str)>>::new();
        for canary in canaries {
            for (encoding, form) in encodings(&canary.text) {
                for part in form.windows(length(encoding)) {
                    let owner = parts
                        .entry(part.to_vec())
                        .or_insert_with(|| Some((canary.name.clone(), encoding)));
                    if owner.as_ref().is_some_and(|(name, _)| *name != canary.name) {
                        *owner = None;
                    }
                }
            }
        }
        for canary in canaries {
            for (encoding, form) in encodings(&canary.text) {
                let beginning = &parts[&form[..length(encoding)]];
                assert!(beginning.is_some(), "{} is like another in {encoding}", canary.name);
            }
        }
        let owned = |(part, owner): (_, Option<_>)| Some((part, owner?));
        Self { parts: parts.into_iter().filter_map(owned).collect() }
    }

    /// Returns the credentials of which these bytes hold a part, each once.
    pub(crate) fn hits(&self, place: &str, bytes: &[u8]) -> Vec<Hit> {
        let windows = bytes.windows(PART).chain(bytes.windows(HEXADECIMAL_PART));
        let mut hits = windows
            .filter_map(|window| self.parts.get(window))
            .map(|(canary, encoding)| Hit {
                canary: canary.clone(),
                encoding,
                place: place.to_owned(),
            })
            .collect::<Vec<_>>();
        hits.sort();
        hits.dedup();
        hits
    }
}

/// Returns the length of a part in an encoding.
fn length(encoding: &str) -> usize {
    if encoding.ends_with("hexadecimal") { HEXADECIMAL_PART } else { PART }
}

/// Returns a text in all encodings.
fn encodings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let json = serde_json::to_string(text).expect("JSON");
    let json = &json[1..json.len() - 1];
    let in_html = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let debug = format!("{text:?}");
    let mut forms = vec![
        ("plain", text.as_bytes().to_vec()),
        ("JSON", json.as_bytes().to_vec()),
        ("JSON as Go writes it", in_html.into_bytes()),
        ("JSON within JSON", json.replace('\\', "\\\\").replace('"', "\\\"").into_bytes()),
        ("Debug", debug.as_bytes()[1..debug.len() - 1].to_vec()),
        ("hexadecimal", hexadecimal(text, false).into_bytes()),
        ("upper-case hexadecimal", hexadecimal(text, true).into_bytes()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ];
    for (name, upper) in [("URL", true), ("URL in lower case", false)] {
        let encoded = percent_encoded(text, upper);
        forms.push(("form", encoded.replace("%20", "+").into_bytes()));
        forms.push((name, encoded.into_bytes()));
    }
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend(text.as_bytes());
        for (name, engine) in [("base64", STANDARD), ("URL-safe base64", URL_SAFE)] {
            let encoded = engine.encode(&bytes);
            // The characters at both ends depend on their neighbors.
            let first = [0, 2, 3][before];
            let last = encoded.trim_end_matches('=').len() - 1;
            forms.push((name, encoded.as_bytes()[first..last].to_vec()));
        }
    }
    forms
}

fn hexadecimal(text: &str, upper: bool) -> String {
    let digits = text.bytes().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") });
    digits.collect()
}

fn percent_encoded(text: &str, upper: bool) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ if upper => format!("%{byte:02X}"),
        _ => format!("%{byte:02x}"),
    });
    encoded.collect()
}

/// Returns the contents of a folder: files, the entries of archives, and private state.
pub(crate) fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut contents = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            contents.extend(self::contents(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            contents.extend(unpacked(&name, bytes));
        }
    }
    contents
}

/// Returns a file and everything inside.
pub(crate) fn unpacked(name: &str, bytes: Vec<u8>) -> Vec<(String, Vec<u8>)> {
    let mut contents = Vec::new();
    for (entry, inner) in entries_of_zip(&bytes) {
        contents.extend(unpacked(&format!("{name}/{entry}"), inner));
    }
    if let Ok(json) = serde_json::from_slice::<Json>(&bytes) {
        private_states(&json, &mut |private| contents.push((format!("{name}:private"), private)));
    }
    contents.push((name.to_owned(), bytes));
    contents
}

fn private_states(json: &Json, found: &mut impl FnMut(Vec<u8>)) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| private_states(item, found)),
        Json::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Json::String(text) if key == "private" => {
                        found(STANDARD.decode(text).expect("base64"));
                    }
                    _ => private_states(value, found),
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Returns the entries of a zip archive, or none. Reads the directory at the end, because Terraform
/// writes lengths after the data.
fn entries_of_zip(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    if !bytes.starts_with(b"PK\x03\x04") {
        return Vec::new();
    }
    let number = |at: usize, length: usize| {
        let digits = bytes[at..at + length].iter().rev();
        digits.fold(0_usize, |number, &digit| (number << 8) | usize::from(digit))
    };
    let end = bytes.windows(4).rposition(|window| window == b"PK\x05\x06").expect("a directory");
    let (count, mut at) = (number(end + 10, 2), number(end + 16, 4));
    let mut entries = Vec::new();
    for _ in 0..count {
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02", "an entry of the directory");
        let (method, packed) = (number(at + 10, 2), number(at + 20, 4));
        let (name, extra, comment) = (number(at + 28, 2), number(at + 30, 2), number(at + 32, 2));
        let header = number(at + 42, 4);
        let title = String::from_utf8_lossy(&bytes[at + 46..at + 46 + name]).into_owned();
        let data = header + 30 + number(header + 26, 2) + number(header + 28, 2);
        let data = &bytes[data..data + packed];
        let plain = match method {
            0 => data.to_vec(),
            8 => miniz_oxide::inflate::decompress_to_vec(data).expect("deflated data"),
            other => panic!("{title} is packed by method {other}"),
        };
        entries.push((title, plain));
        at += 46 + name + extra + comment;
    }
    entries
}

#[test]
fn search_finds_every_encoding() {
    let text = "cAn4ry <\"sécret\">/+?&=\nwith everything";
    let search = Search::of(&[Canary::new("canary", text)]);
    let json = serde_json::to_string(text).expect("JSON");
    let go = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let places = [
        ("plain", text.to_owned()),
        ("JSON", json.clone()),
        ("JSON as Go writes it", go),
        ("a log line that quotes JSON", serde_json::to_string(&json).expect("JSON")),
        ("Debug", format!("{text:?}")),
        ("URL", percent_encoded(text, true)),
        ("URL in lower case", percent_encoded(text, false)),
        ("form", percent_encoded(text, true).replace("%20", "+")),
        ("hexadecimal", hexadecimal(text, false)),
        ("upper-case hexadecimal", hexadecimal(text, true)),
        ("base64", STANDARD.encode(text)),
        ("base64 behind one", STANDARD.encode(format!(":{text}"))),
        ("base64 behind two", STANDARD.encode(format!("u:{text}"))),
        ("base64 behind three", STANDARD.encode(format!("me:{text}"))),
        ("base64 before something", STANDARD.encode(format!("{text} and more"))),
        ("URL-safe base64", URL_SAFE.encode(format!("me:{text}"))),
        ("the beginning", text[..PART].to_owned()),
        ("the end", text[text.len() - PART..].to_owned()),
        ("the beginning in base64", STANDARD.encode(&text[..PART])),
    ];
    for (place, content) in places {
        let around = format!("before it{content}behind it");
        assert!(!search.hits(place, around.as_bytes()).is_empty(), "{place}: {around}");
    }
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    assert!(!search.hits("UTF-16", &wide).is_empty());
    assert_eq!(search.hits("elsewhere", b"nothing with 'cAn4ry ' in it"), []);
    // Four characters in hexadecimal digits may be a part of any random id.
    assert_eq!(search.hits("id", hexadecimal(&text[..PART / 2], false).as_bytes()), []);
}

#[test]
fn search_reads_archives_and_private_state() {
    let private = STANDARD.encode("{\"leak\":\"hunter2hunter2\"}");
    let state = format!("{{\"resources\":[{{\"instances\":[{{\"private\":\"{private}\"}}]}}]}}");
    // One deflated entry. Only the directory holds its lengths.
    let packed = miniz_oxide::deflate::compress_to_vec(state.as_bytes(), 6);
    let length = u32::try_from(packed.len()).expect("a short text").to_le_bytes();
    let mut archive = b"PK\x03\x04\x14\0\x08\0\x08\0\0\0\0\0\0\0\0\0".to_vec();
    archive.extend(b"\0\0\0\0\0\0\0\0\x07\0\0\0tfstate");
    archive.extend(&packed);
    let directory = u32::try_from(archive.len()).expect("a short text").to_le_bytes();
    archive.extend(b"PK\x01\x02\x14\0\x14\0\x08\0\x08\0\0\0\0\0\0\0\0\0");
    archive.extend(length);
    archive.extend(b"\0\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0tfstate");
    archive.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0\0\0\0\0");
    archive.extend(directory);
    archive.extend(b"\0\0");

    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("below")).expect("a folder");
    fs::write(folder.path().join("below/plan"), archive).expect("a file");
    let search = Search::of(&[Canary::new("canary", "hunter2hunter2")]);
    let contents = contents(folder.path());
    // The archive may show it, too, where deflating saves nothing.
    let inside = contents.iter().filter(|(name, _)| name != "plan");
    let hits = inside.flat_map(|(name, bytes)| search.hits(name, bytes));
    let places = hits.map(|hit| (hit.place, hit.encoding)).collect::<Vec<_>>();
    let expected = [("plan/tfstate:private", "plain"), ("plan/tfstate", "base64")];
    assert_eq!(places, expected.map(|(place, encoding)| (place.to_owned(), encoding)));
}
