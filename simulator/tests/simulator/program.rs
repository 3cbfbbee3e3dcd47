use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use webex_cc_simulator::{Options, Simulator};

use crate::support::{Harness, ORGANIZATION, basic, connectors_path, list_path, profile};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_webex-cc-simulator"))
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// A running program, which is killed at the end of the test.
struct Running(Child);

impl Running {
    /// Starts the program and waits for the line with its address.
    fn start(arguments: &[&str]) -> (Self, String) {
        let mut running = Self(program().args(arguments).stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        let stdout = running.0.stdout.take().unwrap();
        let mut stdout = BufReader::new(stdout);
        stdout.read_line(&mut line).unwrap();
        running.0.stdout = Some(stdout.into_inner());
        let url = line.strip_prefix("listening on ").unwrap().strip_suffix('\n').unwrap();
        (running, url.to_owned())
    }

    /// Sends a Unix signal and returns the exit code and the rest of the output.
    fn end(self, signal: &str) -> (Option<i32>, String) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.ended()
    }

    /// Kills the program and returns the exit code and the rest of the output.
    fn kill(mut self) -> (Option<i32>, String) {
        self.0.kill().unwrap();
        self.ended()
    }

    fn ended(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        (self.0.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_program_prints_one_line_serves_and_ends() {
    let signals = if cfg!(unix) {
        &["-TERM", "-INT"][..]
    } else {
        // Not captured, since the output of a passing test is not shown.
        writeln!(std::io::stderr(), "LEFT OUT: the end by a signal: it needs a Unix").unwrap();
        &["killed"][..]
    };
    for signal in signals {
        let (running, url) = Running::start(&["--token", "mine", "--listen", "127.0.0.1:0"]);
        assert!(url.starts_with("http://127.0.0.1:"));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let path = format!("{url}{}", list_path());
        let response = client.get(path).bearer_auth("mine").send().await.unwrap();
        assert_eq!(response.status(), 200);
        if cfg!(unix) {
            assert_eq!(running.end(signal), (Some(0), String::new()));
        } else {
            assert_eq!(running.kill().1, "");
        }
        assert!(std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).is_err());
    }
}

#[test]
fn help_and_version_are_printed() {
    let help = run(&["--help"]);
    assert!(help.status.success());
    let text = String::from_utf8(help.stdout).unwrap();
    for flag in ["--listen <ADDR>", "--refresh-token-seconds <N>"] {
        assert!(text.contains(flag), "{flag}");
    }
    let version = run(&["--version"]);
    assert!(version.status.success());
    let text = String::from_utf8(version.stdout).unwrap();
    assert_eq!(text, format!("webex-cc-simulator {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_flag_is_reported_with_exit_code_2() {
    for arguments in [&["--colour"][..], &["--secrets", "shout"], &["--listen"], &["stray"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("webex-cc-simulator: "), "{text}");
        assert!(text.contains("--help"), "{text}");
    }
}

#[test]
fn an_address_in_use_is_reported_with_exit_code_1() {
    let simulator = Simulator::start(Options::default()).unwrap();
    let address = simulator.address().to_string();
    let output = run(&["--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&format!("cannot serve {address}: ")), "{text}");
}

fn with_state(file: &Path) -> Options {
    Options { state: Some(file.to_owned()), active_lock: false, ..Options::default() }
}

#[tokio::test]
async fn the_state_file_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let harness = Harness::with(with_state(&file));
    let id = harness.create(&basic("a")).await.expect(201).id();
    let deleted = harness.create(&basic("b")).await.expect(201).id();
    harness.delete(&deleted).await.expect(204);
    harness.simulator.add_reference(ORGANIZATION, &id, "Greeting");
    harness.simulator.store(ORGANIZATION, &id, json!({"scope": "edited"}));
    let before = harness.simulator.all_stored(ORGANIZATION);
    drop(harness);

    let harness = Harness::with(with_state(&file));
    assert_eq!(harness.simulator.all_stored(ORGANIZATION), before);
    assert_eq!(before[0]["scope"], "edited");
    harness.delete(&id).await.expect(412);
    // The folder holds no other file, and other users cannot read the secrets.
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["state.json"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn the_state_file_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let (running, url) = Running::start(&["--state", file.to_str().unwrap(), "--token", "mine"]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let created = client
        .post(format!("{url}{}", connectors_path()))
        .bearer_auth("mine")
        .header("Content-Type", "application/json")
        .body(basic("a").to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(created.status(), 201);
    let (code, _) = running.kill();
    assert_ne!(code, Some(0));
    let simulator = Simulator::start(with_state(&file)).unwrap();
    assert_eq!(simulator.all_stored(ORGANIZATION)[0]["name"], "a");
}

#[tokio::test]
async fn an_unusable_state_file_is_an_error_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.json");
    std::fs::write(&broken, "{").unwrap();
    for file in [broken.clone(), folder.path().join("missing").join("state.json")] {
        let error = Simulator::start(with_state(&file)).unwrap_err();
        assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&broken).unwrap(), "{", "the file stays as it is");
}

#[tokio::test]
async fn a_write_that_cannot_be_saved_is_a_500() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inner").join("state.json");
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    let harness = Harness::with(with_state(&file));
    std::fs::remove_dir_all(folder.path().join("inner")).unwrap();
    let response = harness.create(&basic("a")).await.expect(500);
    assert_eq!(response.json()["error"]["reason"], "state not saved");
}

#[tokio::test]
async fn a_recording_is_written_at_the_end() {
    if !cfg!(unix) {
        // Not captured, since the output of a passing test is not shown.
        writeln!(std::io::stderr(), "LEFT OUT: the end by a signal: it needs a Unix").unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("served.har");
    let (running, url) = Running::start(&["--token", "mine", "--har", file.to_str().unwrap()]);
    assert!(!file.exists());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let path = format!("{url}{}", list_path());
    client.get(path).bearer_auth("mine").send().await.unwrap();
    assert_eq!(running.end("-TERM"), (Some(0), String::new()));
    let har: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(har["log"]["entries"].as_array().unwrap().len(), 1);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing else is left");

    let output = run(&["--har", "/nowhere/served.har"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("the recording /nowhere/served.har.new: "), "{text}");
}

#[test]
fn the_program_plays_a_form() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (form, har, api) = (file("form.json"), file("page.har"), file("api.json"));
    std::fs::write(&api, profile("rest").to_string()).unwrap();
    let typed = json!([{
        "name": "crm",
        "resource_domain_url": "https://crm.example.com",
        "username": "service",
        "password": "typed-password",
        "validation_url": "https://crm.example.com/me",
    }]);
    std::fs::write(&form, typed.to_string()).unwrap();
    let flags = ["--profile", &api, "--version-as=text", "--play", &form, "--har", &har];
    let output = run(&flags);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty());
    let text = std::fs::read_to_string(&har).unwrap();
    assert!(text.contains("typed-password") && text.contains("/integrations/v3/"));

    std::fs::write(&form, json!([{"colour": "red"}]).to_string()).unwrap();
    let output = run(&flags);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("/0/colour: is not a field of the form"), "{text}");
    let output = run(&["--profile", &file("missing.json")]);
    assert_eq!(output.status.code(), Some(2));
    std::fs::write(&api, "{}").unwrap();
    let output = run(&["--profile", &api]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("the profile is wrong: missing field `format`"), "{text}");
}
