//! `request_timeout` in the provider block.

use std::time::Duration;

use safe_text::Secret;
use terraform_provider_webex::provider::configuration;
use terraform_provider_webex::provider::configuration::status::ProviderStatus;
use tf_provider::object::{Configuration, Object};
use tf_provider::value::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use webex_cc_simulator::{Action, Script};
use webex_contact_center::{Budget, Deadline, ErrorKind, OrganizationId};

use super::{applied, on_list};
use crate::support::connectors::basic;
use crate::support::simulator::unlocked;

const ORGANIZATION: &str = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430";

/// Lists connectors through a provider block with this `request_timeout`. The host responds after
/// `silence`, which passes on a paused clock. The rest uses the real clock, because it uses
/// sockets.
async fn list_of_a_slow_host(request_timeout: &str, silence: Duration) -> Result<usize, ErrorKind> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        tokio::time::pause();
        tokio::time::sleep(silence).await;
        tokio::time::resume();
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"data\":[]}";
        stream.write_all(answer).await.unwrap();
    });
    let block = Object::default()
        .with("base_url", Value::from(base_url.as_str()))
        .with("access_token", Value::from(Secret::from("token")))
        .with("request_timeout", Value::from(request_timeout))
        .with("max_retries", Value::from(0));
    let (status, messages) = configuration::read(&Configuration::new(block), &|_| None, "tests");
    let ProviderStatus::Ready(ready) = status else { panic!("{messages:?}") };
    let organization = OrganizationId::parse(ORGANIZATION).unwrap();
    let budget = Budget::within(Duration::from_secs(600), CancellationToken::new());
    let list = ready.client.connectors(organization).list(&budget).await;
    list.map(|list| list.len()).map_err(|error| error.kind.clone())
}

#[test]
fn first_byte_may_use_the_request_timeout() {
    let too_late = || Err(ErrorKind::Timeout(Deadline::FirstByte));
    let cases =
        [("60s", 54, Ok(0)), ("60s", 70, too_late()), ("5m", 290, Ok(0)), ("5m", 310, too_late())];
    for (request_timeout, silence, expected) in cases {
        // Each case has a runtime, because a timeout leaves the clock paused.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let silence = Duration::from_secs(silence);
        let found = runtime.block_on(list_of_a_slow_host(request_timeout, silence));
        assert_eq!(found, expected, "{request_timeout} {silence:?}");
    }
}

/// The message advises a longer `request_timeout`.
#[test]
fn slow_response_succeeds_with_a_longer_request_timeout() {
    let simulator = unlocked();
    let terraform = applied(&simulator);
    simulator.faults([on_list(Script::new(Action::DelayMs(1_000)))]);
    let with = |request_timeout: &str| {
        let provider = format!(
            "provider \"webex\" {{\n  request_timeout = \"{request_timeout}\"\n  max_retries     = 0\n}}\n"
        );
        terraform.write("main.tf", &format!("{provider}{}", basic().resource()));
    };
    with("500ms");
    terraform
        .plan()
        .failed()
        .says("was too slow: connected, but no response in time.")
        .says("raise request_timeout");
    with("1m");
    terraform.plans_nothing();
}
