//! The command `profile`.

use std::process::Command;

use serde_json::Value;

/// Runs `profile`, and returns the exit code, standard output and standard error.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_terraform-provider-webex"))
        .arg("profile")
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn profile_in_force_is_printed_and_can_be_loaded() {
    let (code, built_in, stderr) = run(&[], &[]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let json: Value = serde_json::from_str(&built_in).expect("JSON");
    assert_eq!(json["calls"]["create"]["standing"], "assumed");

    // What it prints is a profile.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("webex-api.json");
    for text in [built_in.as_str(), include_str!("../support/profiles/rpc.json")] {
        std::fs::write(&path, text).expect("the profile");
        let named = ("WEBEX_CC_API_PROFILE", path.to_str().expect("a path"));
        assert_eq!(run(&[], &[named]), (Some(0), text.to_owned(), String::new()));
    }
    let (code, elsewhere, _) = run(&[], &[("WEBEX_CC_CONNECTOR_PATH", "v3/link")]);
    assert_eq!(code, Some(0));
    assert!(elsewhere.contains("/organization/{organization}/v3/link/{id}"), "{elsewhere}");
    // What the provider refuses is not in force.
    let path_of_calls = ("WEBEX_CC_CONNECTOR_PATH", "v3/link");
    let both = [("WEBEX_CC_API_PROFILE", path.to_str().expect("a path")), path_of_calls];
    let (code, _, stderr) = run(&[], &both);
    assert!(code == Some(1) && stderr.contains("exclude each other"), "{stderr}");

    std::fs::write(&path, r#"{"format": 1, "calls": {"read": {}}}"#).expect("the profile");
    let named = ("WEBEX_CC_API_PROFILE", path.to_str().expect("a path"));
    let (code, stdout, stderr) = run(&[], &[named]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    for problem in ["/calls/read: must have the member method", "must have the member fields"] {
        assert!(stderr.contains(problem), "{problem:?} is not in {stderr}");
    }
}

#[test]
fn json_schema_of_profiles_is_printed() {
    let (code, schema, stderr) = run(&["--schema"], &[]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema["properties"]["calls"]["properties"]["create"].is_object());
    assert_eq!(run(&["--shema"], &[]).0, Some(2));
}

/// A redirection to a full disk leaves a part of the document.
#[cfg(target_os = "linux")]
#[test]
fn document_that_cannot_be_written_is_an_error() {
    for arguments in [&["profile"][..], &["profile", "--schema"], &["schema"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
        let output = Command::new(env!("CARGO_BIN_EXE_terraform-provider-webex"))
            .args(arguments)
            .env_clear()
            .stdout(full)
            .output()
            .expect("the program");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("The output cannot be written: "), "{stderr}");
    }
}
