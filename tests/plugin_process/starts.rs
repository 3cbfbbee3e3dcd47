//! Starts: announced as documented, in poor surroundings, or not at all.

use std::fs;

use crate::plugin_process::{provider, serves};
use crate::support::core::{Action, Core, failed};
use crate::support::plugin_client::{Address, assert_is_log_line, folder_of};
use crate::support::system::{Barren, is_unix, mode};

#[tokio::test]
async fn one_line_announces_a_private_socket() {
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
async fn a_temporary_folder_with_a_long_path_is_no_obstacle() {
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

#[tokio::test]
async fn neither_home_nor_a_writable_folder_is_needed() {
    let nowhere = Barren::new();
    let plugin = provider().without("HOME").directory(nowhere.path()).start().await;
    serves(plugin.provider()).await.unwrap();
    plugin.shutdown().await.assert_tidy();
    nowhere.assert_empty();
}

/// Row 41: no HOME, nowhere to write but the temporary folder, nobody to call.
#[tokio::test]
async fn schema_validate_and_plan_need_neither_home_nor_network() {
    let nowhere = Barren::new();
    let plugin = provider()
        .without("HOME")
        .directory(nowhere.path())
        .with("WEBEX_CC_BASE_URL", "https://webex.invalid")
        .with("WEBEX_ACCESS_TOKEN", "token_3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430")
        .start()
        .await;
    let connector = "webex_cc_custom_connector";
    let mut core = Core::start(plugin.provider(), connector, &[]).await.expect("it is configured");
    let configuration = core.shape.object([
        ("name", "Offline"),
        ("resource_domain_url", "https://example.com"),
        ("username", "agent"),
        ("password_wo", "password"),
        ("validation_url", "https://example.com"),
    ]);
    assert_eq!(core.validate(&configuration).await, Ok(Vec::new()));
    let plan = core.plan(None, &configuration).await.expect("a plan");
    assert_eq!((plan.action, &plan.messages), (Action::Create, &Vec::new()));
    let (made, said) = core.apply(None, &configuration, &plan).await.expect("an answer");
    assert!(made.is_none() && failed(&said), "only applying needs the network: {said:?}");
    plugin.shutdown().await.assert_tidy();
    nowhere.assert_empty();
}

#[tokio::test]
async fn ten_at_once_do_not_disturb_each_other() {
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
async fn a_person_is_told_what_this_is() {
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
async fn what_cannot_be_served_is_refused_with_the_reason() {
    let mut cases = vec![
        (
            provider().with("PLUGIN_PROTOCOL_VERSIONS", "6,7"),
            "Terraform offers plugin protocol 6, 7",
        ),
        (provider().with("PLUGIN_CLIENT_CERT", "a certificate?"), "PLUGIN_CLIENT_CERT"),
    ];
    if cfg!(unix) {
        cases.push((provider().with("TMPDIR", "/nonexistent"), "TMPDIR"));
    } else {
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
async fn the_log_is_as_loud_as_asked() {
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
