use std::time::Duration;

use serde_json::{Value, json};
use webex_cc_simulator::{Authorization, Options};

use crate::support::{
    Harness, ORGANIZATION, Response, basic, connector_path, list_path, query_string, read, with,
};

async fn with_authorization(harness: &Harness, value: Option<&str>) -> Response {
    let path = list_path();
    let mut request = harness.client.get(format!("{}{path}", harness.simulator.base_url()));
    if let Some(value) = value {
        request = request.header("Authorization", value);
    }
    read(request).await.unwrap()
}

async fn refresh(harness: &Harness, form: &[(&str, &str)]) -> Response {
    let body = query_string(form);
    let url = format!("{}/v1/access_token", harness.simulator.base_url());
    let media_type = "application/x-www-form-urlencoded";
    read(harness.client.post(url).header("Content-Type", media_type).body(body)).await.unwrap()
}

fn refresh_form(refresh_token: &str) -> [(&'static str, &str); 4] {
    [
        ("grant_type", "refresh_token"),
        ("client_id", "simulator-client"),
        ("client_secret", "simulator-client-secret"),
        ("refresh_token", refresh_token),
    ]
}

#[tokio::test]
async fn requests_without_a_valid_token_are_refused() {
    let harness = Harness::new();
    let bearer = format!("bearer {}", harness.token);
    with_authorization(&harness, Some(&bearer)).await.expect(200);
    let response = with_authorization(&harness, None).await.expect(400);
    assert_eq!(response.descriptions(), ["Authorization: header is missing."]);
    for value in
        ["Bearer other", "Bearer ", "Bearer", "Basic dTpw", "Bearer simulator-applications"]
    {
        with_authorization(&harness, Some(value)).await.expect(401).descriptions();
    }
    harness.simulator.expire_tokens();
    with_authorization(&harness, Some(&bearer)).await.expect(401);
}

#[tokio::test]
async fn a_read_only_token_cannot_write() {
    let mut harness = Harness::with(Options {
        read_only_tokens: vec!["reader".to_owned()],
        active_lock: false,
        ..Options::default()
    });
    let id = harness.create(&basic("a")).await.expect(201).id();
    harness.token = "reader".to_owned();
    harness.read(&id).await.expect(200);
    harness.list(&[]).await.expect(200);
    let update = with(&basic("b"), json!({"id": id, "version": 0}));
    for response in [
        harness.create(&basic("b")).await,
        harness.replace(&id, &update).await,
        harness.delete(&id).await,
    ] {
        let descriptions = response.expect(403).descriptions();
        assert_eq!(descriptions, ["The token lacks the scope cjp:config_write."]);
    }
    assert_eq!(harness.stored(&id)["name"], "a");
    harness.token = "simulator-applications-token".to_owned();
    harness.read(&id).await.expect(403);
}

#[tokio::test]
async fn an_unknown_organization_is_forbidden() {
    let harness = Harness::new();
    harness.get("/organization/0b8f7a0e-2f55-4c1d-9d0b-6f4f6f6c1f11/connector/a").await.expect(403);
    let upper = connector_path("a").replace(ORGANIZATION, &ORGANIZATION.to_uppercase());
    harness.get(&upper).await.expect(404);
}

#[tokio::test]
async fn requests_beyond_the_rate_limit_are_not_processed() {
    let harness = Harness::with(Options { rate_limit: Some(2), ..Options::default() });
    harness.create(&basic("a")).await.expect(201);
    harness.list(&[]).await.expect(200);
    let response = harness.create(&basic("b")).await.expect(429);
    let seconds: u64 = response.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    response.descriptions();
    assert_eq!(harness.simulator.all_stored(ORGANIZATION).len(), 1);

    harness.simulator.advance_clock(Duration::from_secs(seconds));
    harness.create(&basic("b")).await.expect(201);
}

#[tokio::test]
async fn access_tokens_and_unused_refresh_tokens_expire() {
    let mut harness = Harness::with(Options {
        authorization: Authorization {
            access_token_lifetime: Duration::from_secs(60),
            refresh_token_lifetime: Duration::from_secs(600),
            ..Authorization::default()
        },
        ..Options::default()
    });
    let response = refresh(&harness, &refresh_form("simulator-refresh-token")).await.expect(200);
    assert_eq!(response.header("Cache-Control"), Some("no-store"));
    let grant = response.json();
    assert_eq!(grant["token_type"], "Bearer");
    assert_eq!(grant["expires_in"], 60);
    assert_eq!(grant["refresh_token"], "simulator-refresh-token");
    assert_eq!(grant["refresh_token_expires_in"], 600);
    harness.token = grant["access_token"].as_str().unwrap().to_owned();
    assert!(harness.token.ends_with(&format!("_{ORGANIZATION}")));
    harness.create(&basic("a")).await.expect(201);

    harness.simulator.advance_clock(Duration::from_secs(60));
    harness.list(&[]).await.expect(401);
    // Each use extends the lifetime of the refresh token.
    refresh(&harness, &refresh_form("simulator-refresh-token")).await.expect(200);
    harness.simulator.advance_clock(Duration::from_secs(599));
    refresh(&harness, &refresh_form("simulator-refresh-token")).await.expect(200);
    harness.simulator.advance_clock(Duration::from_secs(600));
    refresh(&harness, &refresh_form("simulator-refresh-token")).await.expect(400);
}

#[tokio::test]
async fn expiring_access_tokens_keeps_refresh_tokens_valid() {
    let mut harness = Harness::new();
    let access_token =
        |response: Response| response.json()["access_token"].as_str().unwrap().to_owned();
    harness.token = access_token(refresh(&harness, &refresh_form("simulator-refresh-token")).await);
    harness.list(&[]).await.expect(200);
    harness.simulator.expire_tokens();
    harness.list(&[]).await.expect(401);
    harness.token = access_token(refresh(&harness, &refresh_form("simulator-refresh-token")).await);
    harness.list(&[]).await.expect(200);
}

#[tokio::test]
async fn a_rotated_refresh_token_is_valid_once() {
    let harness = Harness::with(Options {
        authorization: Authorization { rotate_refresh_token: true, ..Authorization::default() },
        ..Options::default()
    });
    let first =
        refresh(&harness, &refresh_form("simulator-refresh-token")).await.expect(200).json();
    let second = first["refresh_token"].as_str().unwrap();
    assert_ne!(second, "simulator-refresh-token");
    refresh(&harness, &refresh_form("simulator-refresh-token")).await.expect(400);
    refresh(&harness, &refresh_form(second)).await.expect(200);
}

#[tokio::test]
async fn the_token_endpoint_refuses_invalid_requests() {
    let harness = Harness::new();
    let changed = |field: &str, value: &'static str| {
        refresh_form("simulator-refresh-token")
            .map(|(key, old)| (key, if key == field { value } else { old }))
    };
    let response = refresh(&harness, &changed("client_secret", "wrong")).await.expect(401);
    assert_eq!(response.json()["message"], "Client authentication failed.");
    assert_eq!(response.json()["trackingId"], response.header("TrackingID").unwrap());
    refresh(&harness, &changed("client_id", "wrong")).await.expect(401);
    refresh(&harness, &changed("refresh_token", "wrong")).await.expect(400);
    refresh(&harness, &changed("grant_type", "password")).await.expect(400);
    refresh(&harness, &[]).await.expect(400);
    harness.call("POST", "/v1/access_token", Some(&json!({}))).await.expect(415);
    harness.get("/v1/access_token").await.expect(405);
}

#[tokio::test]
async fn a_service_app_gets_tokens_for_an_organization() {
    const OTHER: &str = "0b8f7a0e-2f55-4c1d-9d0b-6f4f6f6c1f11";
    let mut harness = Harness::with(Options {
        organizations: vec![ORGANIZATION.to_owned(), OTHER.to_owned()],
        ..Options::default()
    });
    let path = "/v1/applications/simulator-service-app/token";
    let body = |organization: &str| -> Value {
        json!({
            "clientId": "simulator-client",
            "clientSecret": "simulator-client-secret",
            "targetOrgId": organization,
        })
    };
    harness.call("POST", path, Some(&body(OTHER))).await.expect(403);
    harness.token = "simulator-applications-token".to_owned();
    let unknown = body("11111111-2f55-4c1d-9d0b-6f4f6f6c1f11");
    harness.call("POST", path, Some(&unknown)).await.expect(403);
    harness.call("POST", "/v1/applications/other/token", Some(&body(OTHER))).await.expect(404);
    harness.call("POST", path, Some(&json!({"clientId": "simulator-client"}))).await.expect(400);
    let mut wrong = body(OTHER);
    wrong["clientSecret"] = json!("wrong");
    harness.call("POST", path, Some(&wrong)).await.expect(401);

    let grant = harness.call("POST", path, Some(&body(OTHER))).await.expect(200).json();
    assert_eq!(grant["expires_in"], 14 * 24 * 60 * 60);
    harness.token = grant["access_token"].as_str().unwrap().to_owned();
    assert!(harness.token.ends_with(&format!("_{OTHER}")));
    harness.get(&format!("/organization/{OTHER}/v2/connector")).await.expect(200);
    let refresh_token = grant["refresh_token"].as_str().unwrap();
    let renewed = refresh(&harness, &refresh_form(refresh_token)).await.expect(200).json();
    assert!(renewed["access_token"].as_str().unwrap().ends_with(&format!("_{OTHER}")));
}
