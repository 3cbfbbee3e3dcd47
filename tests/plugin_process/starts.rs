//! Starts of the process: the announcement, restricted environments, refusals.

use std::fs;

use crate::plugin_process::serves;
use crate::support::checker::plain;
use crate::support::connectors::{Form, basic};
use crate::support::plugin_client::{Address, assert_is_log_line, folder_of};
use crate::support::provider;
use crate::support::system::{UnwritableFolder, is_unix, mode};
use crate::support::terraform_core::{Action, TerraformCore, failed};
use webex_cc_simulator::{Options, Simulator};

#[tokio::test]
async fn announcement_names_a_private_socket() {
    let plugin = provider().start().await;
    let fields = &plugin.announcement.fields;
    assert_eq!(fields.len(), 6, "{fields:?}");
    assert!(!fields[5].contains(['=', '-', '_']), "base64 of the standard alphabet, no padding");
    match &plugin.announcement.address {
        Address::Unix(socket) => {
            assert!(cfg!(unix) && socket.as_os_str().len() < 104, "{socket:?}");
            assert_eq!((mode(folder_of(socket)), mode(socket)), (0o700, 0o600));
        }
        Address::Tcp(address) => {
            assert!(cfg!(windows) && address.ip().is_loopback(), "{address}");
            assert!((10000..=25000).contains(&address.port()), "a port that Terraform allows");
        }
    }

    serves(plugin.provider()).await.unwrap();
    let ended = plugin.shutdown().await;
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(ended.assert_tidy().stderr, Vec::<String>::new(), "no log was asked for");
}

#[tokio::test]
async fn long_temporary_path_does_not_prevent_the_start() {
    if !is_unix("a socket in a folder with a long path") {
        return;
    }
    let parent = tempfile::tempdir().unwrap();
    let long = parent.path().join("x".repeat(120));
    fs::create_dir(&long).unwrap();
    let plugin = provider().with("TMPDIR", &long).start().await;
    let socket = plugin.announcement.address.socket().to_owned();
    serves(plugin.provider()).await.unwrap();
    plugin.shutdown().await.assert_tidy();
    assert!(!folder_of(&socket).exists(), "{socket:?}");
    assert_eq!(fs::read_dir(&long).unwrap().count(), 0);
}

/// Terraform shows why a provider does not start only with `TF_LOG`.
#[tokio::test]
async fn missing_temporary_folder_does_not_prevent_the_start() {
    if !is_unix("a socket outside of the temporary folder") {
        return;
    }
    let plugin = provider().with("TMPDIR", "/nonexistent").start().await;
    let socket = plugin.announcement.address.socket().to_owned();
    serves(plugin.provider()).await.unwrap();
    plugin.shutdown().await.assert_tidy();
    assert!(!folder_of(&socket).exists(), "{socket:?}");
}

#[tokio::test]
async fn start_needs_neither_home_nor_writable_folder() {
    let nowhere = UnwritableFolder::new();
    let plugin = provider().without("HOME").directory(nowhere.path()).start().await;
    serves(plugin.provider()).await.unwrap();
    plugin.shutdown().await.assert_tidy();
    nowhere.assert_empty();
}

/// Only the temporary folder is writable.
#[tokio::test]
async fn plan_needs_neither_home_nor_network() {
    let nowhere = UnwritableFolder::new();
    let plugin = provider()
        .without("HOME")
        .directory(nowhere.path())
        .with("WEBEX_CC_BASE_URL", "https://webex.invalid")
        .with("WEBEX_ACCESS_TOKEN", "token_3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430")
        .start()
        .await;
    let mut core = TerraformCore::start(plugin.provider()).await.expect("it is configured");
    let configuration = plain(&basic().trimmed().object(Form::WithoutVersion, 0));
    assert_eq!(core.validate(&configuration).await, Ok(Vec::new()));
    let plan = core.plan(None, &configuration).await.expect("a plan");
    assert_eq!(plan.action, Action::Create);
    let [warning] = &plan.messages[..] else { panic!("one message: {:?}", plan.messages) };
    assert!(!warning.is_error && warning.text.starts_with("This plan could not be checked"));
    let (made, said) = core.apply(None, &configuration, &plan).await.expect("an answer");
    assert!(made.is_none() && failed(&said), "only applying needs the network: {said:?}");
    plugin.shutdown().await.assert_tidy();
    nowhere.assert_empty();
}

#[tokio::test]
async fn ten_processes_start_in_parallel() {
    let starts = (0..10).map(|_| provider().start());
    let plugins = futures_util::future::join_all(starts).await;
    for plugin in &plugins {
        serves(plugin.provider()).await.unwrap();
    }
    let ends = plugins.into_iter().map(|plugin| plugin.shutdown());
    for ended in futures_util::future::join_all(ends).await {
        assert!(ended.assert_tidy().status.success(), "{ended:?}");
    }
}

#[tokio::test]
async fn start_by_hand_explains_the_program() {
    for start in [
        provider().without("TF_PLUGIN_MAGIC_COOKIE"),
        provider().with("TF_PLUGIN_MAGIC_COOKIE", "a wrong one"),
    ] {
        let output = start.run().await;
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, "");
        assert!(output.stderr.contains("Terraform provider"), "{output:?}");
        assert!(!output.stderr.contains('{'), "words, not a log: {output:?}");
        assert!(output.left_behind.is_empty(), "{output:?}");
    }
}

#[tokio::test]
async fn unsupported_handshake_is_refused_with_the_reason() {
    let mut cases = vec![
        (
            provider().with("PLUGIN_PROTOCOL_VERSIONS", "6,7"),
            "Terraform offers plugin protocol 6, 7",
        ),
        (provider().with("PLUGIN_CLIENT_CERT", "a certificate?"), "PLUGIN_CLIENT_CERT"),
    ];
    if !cfg!(unix) {
        cases.push((provider().with("PLUGIN_MIN_PORT", "25001"), "PLUGIN_MIN_PORT"));
    }
    for (start, reason) in cases {
        let output = start.run().await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(output.stdout, "", "no announcement");
        assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
        assert_is_log_line(output.stderr.trim());
        assert!(output.stderr.contains(reason), "{output:?}");
        assert!(output.left_behind.is_empty(), "{output:?}");
    }
}

#[tokio::test]
async fn log_level_follows_the_environment() {
    let plugin = provider().with("TF_LOG", "trace").start().await;
    serves(plugin.provider()).await.unwrap();
    let ended = plugin.shutdown().await;
    let log = &ended.assert_tidy().stderr;
    assert!(log.iter().any(|line| line.contains("The provider listens")), "{log:#?}");
    for line in log {
        assert!(line.contains("\"@module\":\"provider"), "a line of our own: {line}");
    }

    let plugin = provider().with("TF_LOG", "trace").with("TF_LOG_PROVIDER_WEBEX", "off");
    let ended = plugin.start().await.shutdown().await;
    assert_eq!(ended.stderr, Vec::<String>::new());
}

#[tokio::test]
async fn log_shows_the_module_of_each_crate() {
    let simulator = Simulator::start(Options::default()).expect("a simulator");
    let plugin = provider()
        .with("WEBEX_CC_BASE_URL", simulator.base_url())
        .with("WEBEX_ACCESS_TOKEN", simulator.token())
        .with("TF_LOG", "debug")
        .start()
        .await;
    let mut core = TerraformCore::start(plugin.provider()).await.expect("it is configured");
    let _not_found = core.import("6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10").await;
    let ended = plugin.shutdown().await;
    let log = &ended.assert_tidy().stderr;
    for module in ["provider.tf_provider.plugin.process", "provider.webex.pipeline"] {
        let shown = format!("\"@module\":\"{module}\"");
        assert!(log.iter().any(|line| line.contains(&shown)), "{module}: {log:#?}");
    }
}
