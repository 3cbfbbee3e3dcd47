//! Interrupted runs of the real Terraform, and interrupted calls.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use webex_cc_simulator::{Action, Script, Simulator};

use crate::support::checker::plain;
use crate::support::connectors::{ADDRESS, Connector, Form, basic};
use crate::support::plugin_client::proto::tfplugin5::stop;
use crate::support::plugin_client::{PATIENCE, Plugin};
use crate::support::simulator::{count, id_of, locked, stored, unlocked};
use crate::support::system::{self, Signal, is_linux, is_socket, is_unix};
use crate::support::terraform::Terraform;
use crate::support::terraform_core::{TerraformCore, failed};

/// Starts a simulator that delays its response to each POST.
fn slow(answer_after: Duration) -> Simulator {
    let simulator = unlocked();
    let milliseconds = u64::try_from(answer_after.as_millis()).expect("a short time");
    simulator.faults([Script::new(Action::DelayMs(milliseconds)).method("POST")]);
    simulator
}

/// Polls until there is something.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn creation_is_under_way(simulator: &Simulator) -> Option<()> {
    (count(simulator, "POST") > 0).then_some(())
}

/// Starts `terraform apply` in a process group and with a temporary folder of its own.
fn apply(terraform: &mut Terraform, temporary: &Path, connector: &Connector) -> Child {
    terraform.set("TMPDIR", temporary.to_str().expect("a path in UTF-8"));
    terraform.write("main.tf", &connector.resource());
    let mut command = terraform.command(["apply", "-auto-approve", "-no-color"]);
    system::own_group(&mut command);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the terraform command")
}

/// Counts the sockets in a folder, at any depth.
fn sockets(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => sockets(&entry.path()),
            Ok(kind) if is_socket(kind) => 1,
            _ => 0,
        })
        .sum()
}

/// Returns the state and the parent of a process, from `/proc`.
fn state_and_parent(process: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold any character.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// Returns the child processes of a process.
fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("the processes").flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes
        .filter(|&process| state_and_parent(process).is_some_and(|(_, id)| id == parent))
        .collect()
}

fn wait_for_the_end_of(processes: &[u32]) {
    until("the end of the provider", || {
        let gone = |process: &u32| state_and_parent(*process).is_none_or(|(state, _)| state == 'Z');
        processes.iter().all(gone).then_some(())
    });
}

/// After `kill -9` of Terraform, the provider ends and removes its socket. The
/// next apply finds the connector and does not create a second one.
#[test]
fn killed_terraform_leaves_no_process_and_no_duplicate() {
    if !is_linux("killing Terraform while it creates a connector") {
        return;
    }
    let simulator = slow(Duration::from_secs(60));
    let temporary = tempfile::tempdir().expect("a folder");
    let mut terraform = Terraform::with(&simulator);
    let mut child = apply(&mut terraform, temporary.path(), &basic());
    until("the creation", || creation_is_under_way(&simulator));
    let providers = children(child.id());
    assert!(!providers.is_empty(), "Terraform has started its provider");
    assert!(sockets(temporary.path()) > 0, "the provider listens in the temporary folder");

    child.kill().expect("Terraform is killed");
    let killed = Instant::now();
    child.wait().expect("it has ended");
    wait_for_the_end_of(&providers);
    let took = killed.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(sockets(temporary.path()), 0, "its socket is gone as well");

    simulator.faults([]);
    let id = id_of(&stored(&simulator));
    terraform.apply().failed().says(&id).says("import {");
    stored(&simulator);
    terraform.run(["import", "-no-color", ADDRESS, &id]).succeeded();
    terraform.apply().succeeded();
    terraform.plans_nothing();
}

/// After `kill -9` of Terraform between deactivating and activating, the provider
/// finishes what it has begun before it ends.
#[cfg(target_os = "linux")]
#[test]
fn killed_terraform_leaves_the_connector_active() {
    let simulator = locked();
    let temporary = tempfile::tempdir().expect("a folder");
    let mut terraform = Terraform::applied(&simulator, &basic().resource());
    simulator.clear_journal();
    // The refusal and the deactivation pass, and the edit is delayed.
    let write = |delay| Script::new(Action::DelayMs(delay)).method("PUT");
    simulator.faults([write(0).times(2), write(3_000).times(1)]);
    let mut child = apply(&mut terraform, temporary.path(), &basic().edited());
    until("the edit", || (count(&simulator, "PUT") == 3).then_some(()));
    assert_eq!(stored(&simulator)["active"], false, "flows fail from here on");
    let providers = children(child.id());

    child.kill().expect("Terraform is killed");
    child.wait().expect("it has ended");
    wait_for_the_end_of(&providers);
    let now = stored(&simulator);
    assert_eq!((&now["active"], &now["username"]), (&true.into(), &"agent2".into()));
    assert_eq!(sockets(temporary.path()), 0, "its socket is gone as well");
    simulator.faults([]);
    terraform.apply().succeeded();
    terraform.plans_nothing();
}

/// Requests that have to wait for the rate limit wait before the connector is
/// deactivated. A stop during the wait leaves it as it was.
#[test]
fn connector_stays_active_while_its_update_waits_for_the_rate_limit() {
    if !is_unix("Ctrl-C while an update waits") {
        return;
    }
    let simulator = locked();
    let temporary = tempfile::tempdir().expect("a folder");
    let mut terraform = Terraform::applied(&simulator, &basic().resource());
    simulator.clear_journal();
    // There is room for the refusal and a read, and not for three writes more.
    terraform.set("WEBEX_CC_REQUESTS_PER_MINUTE", "4");
    let child = apply(&mut terraform, temporary.path(), &basic().edited());
    until("the refusal", || (count(&simulator, "PUT") == 1).then_some(()));
    thread::sleep(Duration::from_secs(1));
    assert_eq!(stored(&simulator)["active"], true, "it works while the update waits");
    system::send_to_group(Signal::Interrupt, child.id());
    let output = child.wait_with_output().expect("an end");
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("text"));
    assert!(text.concat().contains("Terraform was asked to stop"), "{text:?}");
    let now = stored(&simulator);
    assert_eq!((&now["active"], &now["username"]), (&true.into(), &"agent".into()));
    assert_eq!(count(&simulator, "PUT"), 1);
}

/// Ctrl-C goes to every process in the group. The create in flight is finished,
/// its id saved, and the next plan is empty.
#[test]
fn ctrl_c_during_a_create_saves_the_id() {
    if !is_unix("Ctrl-C while a connector is created") {
        return;
    }
    let simulator = slow(Duration::from_secs(1));
    let temporary = tempfile::tempdir().expect("a folder");
    let mut terraform = Terraform::with(&simulator);
    let child = apply(&mut terraform, temporary.path(), &basic());
    until("the creation", || creation_is_under_way(&simulator));
    system::send_to_group(Signal::Interrupt, child.id());
    let output = child.wait_with_output().expect("an end");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("Interrupt received"), "{text}");

    let attributes = terraform.attributes(ADDRESS);
    assert_eq!(attributes["id"], stored(&simulator)["id"]);
    let instance = terraform.instance(ADDRESS);
    assert_eq!(instance.get("status"), None::<&Value>, "it is not tainted");
    assert_eq!(sockets(temporary.path()), 0);
    simulator.faults([]);
    terraform.plans_nothing();
}

/// An interruption of a create in flight.
#[derive(Clone, Copy, Debug)]
enum Stopper {
    Stop,
    Terminate,
}

/// Starts a create and interrupts it. Returns whether it failed, and the id in its response.
async fn stopped(
    stopper: Stopper,
    simulator: &Simulator,
) -> (Plugin, TerraformCore, bool, Option<String>) {
    let (plugin, mut core) = TerraformCore::connected(simulator).await;
    let configuration = plain(&basic().object(Form::WithoutVersion, 0));
    let plan = core.plan(None, &configuration).await.expect("a plan");
    let applied = {
        let apply = core.apply(None, &configuration, &plan);
        tokio::pin!(apply);
        loop {
            tokio::select! {
                applied = &mut apply => panic!("it was not to end by itself: {applied:?}"),
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
            if creation_is_under_way(simulator).is_some() {
                break;
            }
        }
        match stopper {
            Stopper::Stop => {
                plugin.provider().stop(stop::Request {}).await.expect("an answer");
            }
            Stopper::Terminate => plugin.signal(Signal::Terminate),
        }
        apply.await
    };
    let (object, said) = applied.unwrap_or_else(|broken| panic!("{stopper:?}: {broken}"));
    let id = object.map(|object| object.id().to_owned());
    (plugin, core, failed(&said), id)
}

/// The provider waits for the response to a write in flight, and the response to
/// the call holds what was created.
#[tokio::test]
async fn stop_and_sigterm_finish_the_write_in_flight() {
    for stopper in [Stopper::Stop, Stopper::Terminate] {
        if matches!(stopper, Stopper::Terminate) && !is_unix("a signal during a write") {
            continue;
        }
        let simulator = slow(Duration::from_millis(500));
        let (plugin, core, failed, id) = stopped(stopper, &simulator).await;
        assert_eq!(id, Some(id_of(&stored(&simulator))), "{stopper:?}");
        assert!(!failed, "{stopper:?}");
        drop(core);
        let ended = match stopper {
            Stopper::Stop => plugin.shutdown().await,
            Stopper::Terminate => plugin.ended().await,
        };
        assert!(ended.assert_tidy().status.success(), "{stopper:?}: {ended:?}");
    }
}

#[tokio::test]
async fn stop_ends_a_wait_at_once() {
    let simulator = locked();
    let slow_down = serde_json::json!({"trackingId": "t", "error": "slow down"});
    simulator.faults([Script::answer(429, slow_down).method("POST").header("Retry-After", "60")]);
    let began = Instant::now();
    let (plugin, core, failed, id) = stopped(Stopper::Stop, &simulator).await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(failed && id.is_none());
    assert_eq!(count(&simulator, "POST"), 1, "nothing new is begun");
    drop(core);
    plugin.shutdown().await.assert_tidy();
}
