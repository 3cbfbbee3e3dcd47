use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use webex_cc_simulator::{Action, Options, Script};

use crate::support::{Harness, ORGANIZATION, basic, connector_path, connectors_path};

const CREATE: &str = "/organization/*/connector";

fn stored(harness: &Harness) -> usize {
    harness.simulator.all_stored(ORGANIZATION).len()
}

/// Waits until this many requests have arrived.
async fn arrival(harness: &Harness, count: usize) {
    while harness.simulator.journal().len() < count {
        tokio::task::yield_now().await;
    }
}

/// Sends a request on a new connection and returns every byte of the response.
async fn raw(harness: &Harness, method: &str, path: &str, body: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(harness.simulator.address()).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: simulator\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        harness.token,
        body.len(),
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    // A reset ends the response, too.
    let _ = stream.read_to_end(&mut received).await;
    received
}

#[tokio::test]
async fn a_scripted_response_replaces_that_of_the_api() {
    let harness = Harness::new();
    harness.simulator.faults([Script::answer(429, json!("slow down"))
        .method("POST")
        .path(CREATE)
        .times(1)
        .header("Retry-After", "1")]);
    harness.list(&[]).await.expect(200);
    let response = harness.create(&basic("a")).await.expect(429);
    assert_eq!(response.text, "slow down");
    assert_eq!(response.header("Retry-After"), Some("1"));
    assert_eq!(stored(&harness), 0);
    harness.create(&basic("a")).await.expect(201);
    let statuses: Vec<_> =
        harness.simulator.journal().iter().map(|exchange| exchange.status).collect();
    assert_eq!(statuses, [Some(200), Some(429), Some(201)]);
}

#[tokio::test]
async fn a_scripted_body_is_text_json_or_empty() {
    let harness = Harness::new();
    harness.simulator.faults([
        Script::answer(502, json!("<html>Bad Gateway</html>"))
            .header("content-type", "text/html")
            .times(1),
        Script::answer(500, json!({"error": "text"})).times(1),
        Script::answer(503, json!(null)).times(1),
    ]);
    let html = harness.list(&[]).await.expect(502);
    assert_eq!(html.text, "<html>Bad Gateway</html>");
    assert_eq!(html.header("content-type"), Some("text/html"));
    let text = harness.list(&[]).await.expect(500);
    assert_eq!(text.json(), json!({"error": "text"}));
    assert_eq!(text.header("content-type"), Some("application/json"));
    assert_eq!(harness.list(&[]).await.expect(503).text, "");
}

#[tokio::test]
async fn a_lost_response_keeps_the_effect() {
    let harness = Harness::new();
    harness.simulator.faults([Script::lost_answer(502, json!(null)).path(CREATE)]);
    harness.create(&basic("a")).await.expect(502);
    assert_eq!(stored(&harness), 1);
}

#[tokio::test]
async fn close_before_prevents_the_effect() {
    let harness = Harness::new();
    harness.simulator.faults([Script::close_before().path(CREATE)]);
    let path = connectors_path();
    assert_eq!(raw(&harness, "POST", &path, &basic("a").to_string()).await, b"");
    assert_eq!(stored(&harness), 0);
    let error = harness.try_call("POST", &path, Some(&basic("a"))).await.unwrap_err();
    assert!(error.is_request(), "{error:?}");
    let journal = harness.simulator.journal();
    assert_eq!(journal.len(), 2);
    assert_eq!(journal[0].status, None);
    assert_eq!(journal[0].body["name"], "a");
}

#[tokio::test]
async fn close_after_keeps_the_effect() {
    let harness = Harness::new();
    harness.simulator.faults([Script::close_after().path(CREATE).times(1)]);
    let path = connectors_path();
    assert_eq!(raw(&harness, "POST", &path, &basic("a").to_string()).await, b"");
    assert_eq!(stored(&harness), 1);
    assert_eq!(harness.simulator.journal()[0].status, None);
    // The script has no times left.
    let response = raw(&harness, "POST", &path, &basic("a").to_string()).await;
    assert!(response.starts_with(b"HTTP/1.1 409"));
}

#[tokio::test]
async fn a_reused_connection_is_closed_as_well() {
    let harness = Harness::new();
    harness.list(&[]).await.expect(200);
    harness.simulator.faults([Script::close_after().times(1)]);
    let path = connectors_path();
    harness.try_call("POST", &path, Some(&basic("a"))).await.unwrap_err();
    assert_eq!(stored(&harness), 1);
    assert_eq!(harness.simulator.journal().len(), 2, "the client did not send it again");
    harness.list(&[]).await.expect(200);
}

#[tokio::test]
async fn a_delayed_response_does_not_delay_the_effect() {
    let harness = Harness::new();
    harness.simulator.faults([Script::new(Action::DelayMs(200)).times(1)]);
    let begin = Instant::now();
    harness.create(&basic("a")).await.expect(201);
    assert!(begin.elapsed() >= Duration::from_millis(200));

    // The connector is created even if the client gives up.
    harness.simulator.faults([Script::new(Action::DelayMs(600_000)).times(1)]);
    let body = basic("b");
    tokio::select! {
        response = harness.create(&body) => panic!("too early: {response:?}"),
        () = arrival(&harness, 2) => {}
    }
    assert_eq!(stored(&harness), 2);
}

#[tokio::test]
async fn latency_delays_every_response() {
    let latency = Duration::from_millis(60);
    let harness = Harness::with(Options { latency, ..Options::default() });
    let begin = Instant::now();
    harness.list(&[]).await.expect(200);
    harness.list(&[]).await.expect(200);
    assert!(begin.elapsed() >= 2 * latency);
}

#[tokio::test]
async fn a_dripped_body_arrives_byte_by_byte() {
    let harness = Harness::new();
    harness.simulator.faults([Script::new(Action::DripMs(5)).times(1)]);
    let path = connector_path("unknown");
    let begin = Instant::now();
    let received = String::from_utf8(raw(&harness, "GET", &path, "").await).unwrap();
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    assert!(!head.to_lowercase().contains("content-length"), "{head}");
    let bytes = body.matches("1\r\n").count();
    assert!(bytes > 100, "{body}");
    assert!(begin.elapsed() >= Duration::from_millis(5) * u32::try_from(bytes).unwrap());
    // The whole body is the response of the API.
    harness.simulator.faults([Script::new(Action::DripMs(1))]);
    let response = harness.read("unknown").await.expect(404);
    response.descriptions();
}

#[tokio::test]
async fn scripts_act_in_order_and_run_out() {
    let harness = Harness::new();
    harness.simulator.faults([
        Script::answer(500, json!(null)).method("get").times(2),
        Script::answer(501, json!(null)).path("/organization/**").times(1),
    ]);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(harness.list(&[]).await.status);
    }
    assert_eq!(statuses, [500, 500, 501, 200]);
    harness.simulator.faults([Script::answer(500, json!(null))]);
    harness.list(&[]).await.expect(500);
    harness.simulator.faults([]);
    harness.list(&[]).await.expect(200);
}

#[tokio::test]
async fn scripts_match_token_endpoints() {
    let harness = Harness::new();
    harness.simulator.faults([Script::answer(503, json!(null)).path("/v1/access_token")]);
    harness.call("POST", "/v1/access_token", None).await.expect(503);
    harness.list(&[]).await.expect(200);
}

#[tokio::test]
async fn stopping_closes_waiting_connections() {
    let harness = Harness::new();
    harness.simulator.faults([Script::new(Action::DelayMs(600_000))]);
    let address = harness.simulator.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: simulator\r\n\r\n").await.unwrap();
    arrival(&harness, 1).await;
    drop(harness);
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received).await;
    assert_eq!(received, b"");
    assert!(TcpStream::connect(address).await.is_err());
}
