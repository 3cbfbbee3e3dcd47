//! Ends of the process: on request, by a signal, or without clients.

use std::time::Duration;

use crate::plugin_process::serves;
use crate::support::provider;
use crate::support::system::{Signal, is_unix};

#[tokio::test]
async fn shutdown_ends_the_process_at_once() {
    // The fastest of five, because the machine may be busy.
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let ended = provider().start().await.shutdown().await;
        assert!(ended.assert_tidy().status.success(), "{ended:?}");
        fastest = fastest.min(ended.took);
    }
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
}

#[tokio::test]
async fn terminal_signals_do_not_end_the_process() {
    if !is_unix("signals from the terminal") {
        return;
    }
    let plugin = provider().with("TF_LOG", "debug").start().await;
    for (signal, name) in
        [(Signal::Interrupt, "SIGINT"), (Signal::Quit, "SIGQUIT"), (Signal::HangUp, "SIGHUP")]
    {
        plugin.signal(signal);
        // The log has a line once the signal has arrived.
        while !plugin.stderr().iter().any(|line| line.contains(name)) {
            serves(plugin.provider()).await.unwrap();
        }
    }
    serves(plugin.provider()).await.unwrap();
    assert!(plugin.shutdown().await.assert_tidy().status.success());
}

#[tokio::test]
async fn sigterm_ends_the_process_in_order() {
    if !is_unix("the signal that asks for an end") {
        return;
    }
    let plugin = provider().start().await;
    serves(plugin.provider()).await.unwrap();
    plugin.signal(Signal::Terminate);
    let ended = plugin.ended().await;
    assert!(ended.assert_tidy().status.success(), "{ended:?}");
}

#[tokio::test]
async fn orphaned_process_ends() {
    if !is_unix("the end of an orphan whose connection lasts") {
        return;
    }
    let plugin = provider().with("TF_LOG", "debug").below_a_shell().start().await;
    serves(plugin.provider()).await.unwrap();
    let ended = plugin.kill_parent().await;
    assert!(ended.took < Duration::from_secs(2), "{ended:?}");
    let log = &ended.assert_tidy().stderr;
    assert!(log.iter().any(|line| line.contains("Terraform has exited")), "{log:#?}");
}

/// On Windows, the provider notices the end of Terraform in this way only.
#[tokio::test]
async fn process_without_clients_ends() {
    let plugin = provider().with("TF_LOG", "debug").start().await;
    serves(plugin.provider()).await.unwrap();
    let ended = plugin.abandon().await;
    let log = &ended.assert_tidy().stderr;
    assert!(ended.status.success(), "{ended:?}");
    assert!(log.iter().any(|line| line.contains("no client is connected")), "{log:#?}");
}

#[tokio::test]
async fn debug_mode_ends_on_ctrl_c() {
    let plugin = provider().debugging().start().await;
    let variable = &plugin.announcement.fields[0];
    for part in ["\"Protocol\":\"grpc\"", "\"ProtocolVersion\":5", "\"Test\":true"] {
        assert!(variable.contains(part), "{variable}");
    }
    assert!(variable.contains(&format!("\"Pid\":{}", plugin.process())), "{variable}");
    serves(plugin.provider()).await.unwrap();
    if !is_unix("the end of debug mode by Ctrl-C") {
        return;
    }
    plugin.signal(Signal::Interrupt);
    assert!(plugin.ended().await.assert_tidy().status.success());
}
