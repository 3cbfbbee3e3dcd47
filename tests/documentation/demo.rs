//! The demo runs, and the picture of the README shows what the programs print now.

use std::path::Path;
use std::process::{Command, Stdio};

use webex_cc_simulator::Simulator;

use crate::packaging::is_installed;
use crate::support::files;
use crate::support::simulator::{all_stored, locked};
use crate::support::system::is_unix;
use crate::support::terraform::{Terraform, skipped};

/// The picture.
const PICTURE: &str = "docs/recording/recording.svg";

/// The folder of the provider that was just built.
fn programs() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_terraform-provider-webex")).parent().unwrap()
}

/// Runs a script of the project against a simulator, and returns its output.
fn play(script: &str, simulator: &Simulator, arguments: &[&str]) -> String {
    let mut command = Command::new(files::root().join(script));
    command.args(arguments).stdin(Stdio::null());
    command.env("DEMO_PROGRAMS", programs()).env("DEMO_SIMULATOR", simulator.base_url());
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{script}: {text}{errors}");
    text
}

#[test]
fn demo_plays_both_acts_and_leaves_nothing() {
    if !is_unix("the demo") || !is_installed("curl") {
        return;
    }
    let (is_new_enough, version) = Terraform::offline().is_at_least(1, 11);
    if !is_new_enough {
        skipped(&format!("the demo: it needs 1.11, and this is {version}"));
        return;
    }
    let simulator = locked();
    let printed = play("examples/demo/run.sh", &simulator, &[]);
    // Each step of the second act proves its point in two lines.
    let (_, second_act) = printed.split_once("8. ").expect("the second act");
    for step in second_act.split("\n\n").take(5) {
        assert_eq!(step.lines().count(), 3, "{step}");
    }
    assert!(second_act.trim_end().ends_with("Nothing is left behind."), "{printed}");
    assert_eq!(all_stored(&simulator), [] as [serde_json::Value; 0]);
}

#[test]
fn recording_shows_what_the_programs_print() {
    if !is_unix("the recording") || !is_installed("python3") {
        return;
    }
    let committed = files::read(PICTURE);
    // Another version of the CLI prints other words.
    let version = committed.split("<title>Terraform ").nth(1).unwrap();
    let (minor, _) = version.split_whitespace().next().unwrap().rsplit_once('.').unwrap();
    let (_, found) = Terraform::offline().is_at_least(1, 11);
    if !Terraform::offline().is_terraform() || !found.starts_with(&format!("{minor}.")) {
        skipped(&format!("the recording: it is of Terraform {minor}, and this is {found}"));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made.svg");
    let simulator = locked();
    play("docs/recording/record.py", &simulator, &["--output", &made.display().to_string()]);
    let made = std::fs::read_to_string(made).unwrap();
    assert_eq!(texts(&committed), texts(&made), "run `make recording`");
    assert!(committed.len() < 150_000, "the picture is too large for a first screen");
    for forbidden in ["<script", "http://", "https://", "@import", "<image", "url("] {
        // Addresses of connectors are texts.
        let outside_of_texts = committed.lines().filter(|line| !line.starts_with("<text"));
        let found = outside_of_texts.filter(|line| line.contains(forbidden)).collect::<Vec<_>>();
        assert!(found.iter().all(|line| line.starts_with("<svg ")), "{forbidden}: {found:?}");
    }
}

/// Returns the texts of a picture, without places and colors.
fn texts(picture: &str) -> Vec<&str> {
    let lines = picture.lines().filter(|line| line.starts_with("<text"));
    lines.filter_map(|line| Some(line.split_once('>')?.1)).collect()
}
