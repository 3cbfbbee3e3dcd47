//! The commands `learn` and `scrub`, as a person starts them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::files::root;

const FORM: &str = r#"[{
    "name": ["canary desk", "canary desk two"], "username": "canary-user",
    "password": "canary-password", "resource_domain_url": "https://canary.example.com"
}]"#;

fn run(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terraform-provider-webex"));
    command.current_dir(folder).args(words).output().unwrap()
}

/// Makes a folder with a form and recordings.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("form.json"), FORM).unwrap();
    for (name, seed) in [("life.har", "life"), ("cut.har", "truncated")] {
        let seed = root().join("fuzz/corpus/learn").join(seed);
        fs::copy(seed, folder.path().join(name)).unwrap();
    }
    folder
}

#[track_caller]
fn ends(output: &Output, code: i32) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{errors}");
    assert!(!errors.contains("canary"), "{errors}");
    assert_eq!(output.stdout.is_empty(), [1, 2].contains(&code), "{errors}");
}

#[test]
fn learn_says_how_much_was_learned() {
    let folder = folder();
    let learned = run(folder.path(), &["learn", "--form", "form.json", "life.har"]);
    ends(&learned, 0);
    let profile = String::from_utf8(learned.stdout).unwrap();
    webex_contact_center::Profile::parse(&profile).unwrap();
    assert!(!profile.contains("canary"), "{profile}");
    for (words, code) in [
        (&["learn", "life.har"][..], 2),
        (&["learn", "--form", "form.json"], 2),
        (&["learn", "--form", "missing.json", "life.har"], 2),
        (&["learn", "--form", "life.har", "life.har"], 2),
        (&["learn", "--what", "life.har"], 2),
        (&["learn", "--form", "form.json", "cut.har"], 1),
        (&["learn", "--form", "form.json", "missing.har"], 1),
        (&["learn", "--form", "form.json", "form.json"], 1),
        (&["scrub"], 2),
        (&["scrub", "life.har", "--scrubbed-form", "out.json"], 2),
        (&["scrub", "life.har", "--form", "form.json", "--scrubbed-form", "x", "--output", "x"], 2),
        (&["scrub", "cut.har"], 1),
    ] {
        ends(&run(folder.path(), words), code);
    }
    fs::write(folder.path().join("form.json"), r#"[{"name": "a", "color": "b"}]"#).unwrap();
    let unknown = run(folder.path(), &["learn", "--form", "form.json", "life.har"]);
    ends(&unknown, 2);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("unknown key \"color\""));
}

#[test]
fn profile_that_the_provider_refuses_is_reported_with_its_problems() {
    let folder = folder();
    let life = folder.path().join("life.har");
    let recording = fs::read_to_string(&life).unwrap();
    // The page sends the name in a form that nobody typed.
    let sent = r#"{\"name\":\"canary desk\","#;
    let (first, rest) = recording.split_once(sent).unwrap();
    fs::write(&life, format!(r#"{first}{{\"name\":\"c-desk\",{rest}"#)).unwrap();
    let learned = run(folder.path(), &["learn", "--form", "form.json", "life.har"]);
    ends(&learned, 3);
    let errors = String::from_utf8_lossy(&learned.stderr);
    assert!(errors.contains("The provider does not accept the profile:"), "{errors}");
    assert!(errors.contains("/calls/create: must have the placeholder {name}"), "{errors}");
}

#[test]
fn output_is_written_as_a_whole_and_for_its_owner() {
    let folder = folder();
    let file = folder.path().join("out.json");
    fs::write(&file, "before").unwrap();
    let words = ["learn", "--form", "form.json", "--output", "out.json"];
    let cut = run(folder.path(), &[&words[..], &["cut.har"]].concat());
    ends(&cut, 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), "before");
    let learned = run(folder.path(), &[&words[..], &["life.har"]].concat());
    assert!(learned.status.success(), "{learned:?}");
    assert!(learned.stdout.is_empty());
    assert!(fs::read_to_string(&file).unwrap().starts_with("{\n  \"format\": 1"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.count(), 4, "nothing else is left");
}

#[test]
fn scrubbed_recordings_teach_the_same() {
    let folder = folder();
    let words = ["scrub", "--form", "form.json", "--scrubbed-form", "other.json", "life.har"];
    let copy = run(folder.path(), &words);
    ends(&copy, 0);
    let text = String::from_utf8(copy.stdout).unwrap();
    assert!(!text.contains("canary") && !text.contains("77aa"), "{text}");
    fs::write(folder.path().join("copy.har"), text).unwrap();
    let other = fs::read_to_string(folder.path().join("other.json")).unwrap();
    assert!(!other.contains("canary"), "{other}");
    let profile = |form: &str, har: &str| {
        let learned = run(folder.path(), &["learn", "--form", form, har]);
        let text = String::from_utf8(learned.stdout).unwrap();
        text.lines().filter(|line| !line.contains("base_url")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(profile("other.json", "copy.har"), profile("form.json", "life.har"));
}

#[cfg(unix)]
#[test]
fn form_without_an_end_is_refused() {
    let folder = folder();
    let output = run(folder.path(), &["learn", "--form", "/dev/zero", "life.har"]);
    ends(&output, 2);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("/dev/zero is larger than 1 MiB."), "{errors}");
}

#[test]
fn name_of_a_file_cannot_forge_a_message() {
    let folder = folder();
    let name = "x\u{1b}[31m\nError: forged.har";
    for words in [
        &["learn", "--form", "form.json", name][..],
        &["scrub", name],
        &["learn", "--form", name, "life.har"],
    ] {
        let output = run(folder.path(), words);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains("forged.har"), "{errors}");
        assert!(!errors.contains('\u{1b}') && !errors.contains("\nError:"), "{errors}");
    }
}
