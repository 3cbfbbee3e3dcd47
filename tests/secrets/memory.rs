//! Looks for credentials in the memory of a process that no longer needs them.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::FileExt as _;

use safe_text::Secret;

use crate::support::checker::plain;
use crate::support::connectors::{Form, basic};
use crate::support::plugin_client::Plugin;
use crate::support::simulator::unlocked;
use crate::support::terraform::skipped;
use crate::support::terraform_core::TerraformCore;

const CANARY: &str = "MEMCANARY-q8Zt4Lw7Xp2";

/// Returns the places of a text in the heap and in other writable memory. None when the system does
/// not show it.
fn places(plugin: &Plugin, text: &str) -> Option<Vec<String>> {
    let process = format!("/proc/{}", plugin.process());
    let memory = fs::File::open(format!("{process}/mem")).ok()?;
    let mut found = Vec::new();
    for line in fs::read_to_string(format!("{process}/maps")).ok()?.lines() {
        let (range, rest) = line.split_once(' ')?;
        let is_stack = rest.ends_with("[stack]");
        if !rest.starts_with("rw") || is_stack {
            // The environment is on the stack, and Terraform puts it there.
            continue;
        }
        let (start, end) = range.split_once('-')?;
        let start = u64::from_str_radix(start, 16).ok()?;
        let end = u64::from_str_radix(end, 16).ok()?;
        let mut bytes = vec![0; usize::try_from(end - start).ok()?];
        if memory.read_exact_at(&mut bytes, start).is_err() {
            continue;
        }
        let at = bytes.windows(text.len()).enumerate();
        let at = at.filter(|(_, window)| *window == text.as_bytes());
        found.extend(at.map(|(at, _)| {
            let around = &bytes[at.saturating_sub(40)..(at + 60).min(bytes.len())];
            format!("{line} {:?}", String::from_utf8_lossy(around))
        }));
    }
    Some(found)
}

#[tokio::test]
async fn credential_is_not_left_in_the_memory_of_the_process() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let connector = basic().object(Form::WriteOnly, 0).with("password_wo", Secret::from(CANARY));
    core.settle(None, &plain(&connector)).await.expect("a connector");
    // The same process works on another one.
    let other = basic().with("name", "Another").object(Form::WriteOnly, 0);
    core.settle(None, &plain(&other)).await.expect("a connector");
    match places(&plugin, CANARY) {
        Some(found) => assert_eq!(found, [""; 0], "{found:#?}"),
        None => skipped("memory that the system does not show"),
    }
    plugin.shutdown().await.assert_tidy();
}

/// A core file would hold everything.
#[tokio::test]
async fn process_writes_no_core_file() {
    // The provider inherits the limit, which is often zero already.
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Core);
    limit.current = limit.maximum;
    setrlimit(Resource::Core, limit).expect("a limit that is allowed");
    let simulator = unlocked();
    let (plugin, _core) = TerraformCore::connected(&simulator).await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", plugin.process())).expect("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    let words = core.split_whitespace().collect::<Vec<_>>();
    assert_eq!(words[4..6], ["0", "0"], "{core}");
    plugin.shutdown().await.assert_tidy();
}
