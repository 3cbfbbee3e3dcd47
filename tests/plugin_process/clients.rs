//! The client that started the provider, and other clients.

use std::time::Duration;

use tokio::time::timeout;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::plugin_process::{serves, stop};
use crate::support::plugin_client::connection::open;
use crate::support::plugin_client::proto::tfplugin5::{DynamicValue, prepare_provider_config};
use crate::support::plugin_client::{Credentials, Identity, Plugin, provider_on};
use crate::support::provider;

/// Whether a client with these credentials gets a response.
async fn admits(plugin: &Plugin, credentials: &Credentials<'_>) -> bool {
    match plugin.connect(credentials).await {
        Ok(channel) => serves(provider_on(channel)).await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test]
async fn clients_without_the_right_certificate_are_refused() {
    let plugin = provider().with("TF_LOG", "warn").start().await;
    let other = Identity::generate();
    for credentials in [
        Credentials::None,
        Credentials::Other(&other),
        Credentials::Stolen(&other),
        Credentials::Plaintext,
    ] {
        assert!(!admits(&plugin, &credentials).await);
    }
    assert!(admits(&plugin, &Credentials::Own).await, "the right one still gets in");
    serves(plugin.provider()).await.unwrap();

    let ended = plugin.shutdown().await;
    let log = &ended.assert_tidy().stderr;
    let refusals = log.iter().filter(|line| line.contains("Refused a connection")).count();
    assert!(refusals >= 4, "{log:#?}");
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_accepted() {
    let plugin = provider().start().await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let channel = plugin.connect_with(&Credentials::Own, &[version]).await.unwrap();
        serves(provider_on(channel)).await.unwrap();
        let refused = plugin.connect_with(&Credentials::None, &[version]).await;
        if let Ok(channel) = refused {
            serves(provider_on(channel)).await.unwrap_err();
        }
    }
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn client_without_tls_is_served_in_plaintext() {
    let plugin = provider().without_tls().start().await;
    assert_eq!(plugin.announcement.fields[5], "", "a sixth field, empty");
    serves(plugin.provider()).await.unwrap();
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn silent_clients_do_not_block_others() {
    let plugin = provider().start().await;
    let mut silent = Vec::new();
    for _ in 0..5 {
        silent.push(open(&plugin.announcement.address).await.unwrap());
    }
    // The provider gives up silent clients after ten seconds.
    let admitted = timeout(Duration::from_secs(5), admits(&plugin, &Credentials::Own)).await;
    assert_eq!(admitted, Ok(true));
    let ended = plugin.shutdown().await;
    assert!(ended.assert_tidy().status.success());
}

#[tokio::test]
async fn health_check_covers_the_plugin_service() {
    let plugin = provider().start().await;
    let mut health = HealthClient::new(plugin.channel());
    let mut check = async |service: &str| {
        let request = HealthCheckRequest { service: service.to_owned() };
        health.check(request).await.map(|answer| answer.into_inner().status)
    };
    assert_eq!(check("plugin").await.unwrap(), ServingStatus::Serving as i32);
    assert_eq!(check("something else").await.unwrap_err().code(), Code::NotFound);
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn message_above_the_default_limit_is_accepted() {
    let plugin = provider().start().await;
    let config = DynamicValue { msgpack: vec![0xc0; 24 << 20].into(), json: Default::default() };
    let request = prepare_provider_config::Request { config: Some(config) };
    let answer = plugin.provider().prepare_provider_config(request).await;
    // Any message about the value will do.
    if let Err(status) = answer {
        assert!(!matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted), "{status:?}");
    }
    serves(plugin.provider()).await.unwrap();
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn stop_does_not_end_the_process() {
    let plugin = provider().start().await;
    assert_eq!(stop(plugin.provider()).await, "");
    serves(plugin.provider()).await.unwrap();
    plugin.shutdown().await.assert_tidy();
}
