//! Tests tokens with a scripted token endpoint.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::BodyProblem;
use crate::ErrorKind;
use crate::pipeline::RetryMode;
use crate::problems::OauthError;
use crate::profile::NextPage;
use crate::testing::{
    ORGANIZATION, Reply, Script, budget, empty, organization, page, raw, refresh_token, response,
    settings, static_token,
};
use crate::{Client, ConnectorId};

const OTHER_ORGANIZATION: &str = "11111111-2222-4333-8444-555555555555";

fn client(script: &Arc<Script>, credentials: Credentials) -> Client {
    Client::over(settings(credentials), script.clone()).unwrap()
}

fn token_response(token: &str) -> Reply {
    response(200, &json!({"access_token": token, "expires_in": 1_209_599, "token_type": "Bearer"}))
}

fn list() -> Reply {
    response(200, &page(&[]))
}

fn service_app() -> Credentials {
    Credentials::ServiceApp {
        application_id: "app-id".to_owned(),
        client_id: "client".to_owned(),
        client_secret: Secret::from("client-secret-value"),
        access_token: Secret::from("applications-token"),
    }
}

/// Reads a connector without the shared list.
async fn read(client: &Client, number: usize) -> Result<(), Error> {
    let id = ConnectorId::parse(&format!("id-{number}")).unwrap();
    let request = client.session.endpoints.read(organization(), &id)?;
    client.session.send(organization(), &request, RetryMode::Normal, &budget()).await.map(drop)
}

fn lines(script: &Script) -> Vec<String> {
    script
        .lines()
        .iter()
        .zip(script.requests())
        .map(|(line, request)| format!("{line} {}", request.token.unwrap_or_default()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn refresh_token_is_exchanged_once_for_several_reads() {
    let script = Script::new([token_response("first"), list(), list()]);
    let client = client(&script, refresh_token());
    read(&client, 1).await.unwrap();
    read(&client, 2).await.unwrap();
    assert_eq!(
        lines(&script),
        ["POST /v1/access_token ", "GET /connector/id-1 first", "GET /connector/id-2 first"]
    );
    assert_eq!(
        script.requests()[0].body,
        "grant_type=refresh_token&client_id=client&client_secret=client-secret-value\
         &refresh_token=refresh-token-value"
    );
    assert_eq!(script.requests()[0].headers["content-type"], "application/x-www-form-urlencoded");
}

#[tokio::test(start_paused = true)]
async fn panic_in_a_token_request_fails_its_waiters_only() {
    let script =
        Script::new([Reply::Panic.after(Duration::from_secs(1)), token_response("first"), list()]);
    let client = client(&script, refresh_token());
    let ended = tokio::join!(read(&client, 1), read(&client, 2));
    for ended in [ended.0, ended.1] {
        assert_eq!(ended.unwrap_err().kind, ErrorKind::Defect);
    }
    assert!(read(&client, 3).await.is_ok());
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn status_401_leads_to_one_refresh_and_one_replay() {
    let script =
        Script::new([token_response("first"), empty(401), token_response("second"), list()]);
    read(&client(&script, refresh_token()), 1).await.unwrap();
    assert_eq!(
        lines(&script),
        [
            "POST /v1/access_token ",
            "GET /connector/id-1 first",
            "POST /v1/access_token ",
            "GET /connector/id-1 second"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn second_401_is_an_error() {
    let script =
        Script::new([token_response("first"), empty(401), token_response("second"), empty(401)]);
    let error = read(&client(&script, refresh_token()), 1).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized { refreshable: true });
    assert_eq!(error.attempts, 2);
    assert!(script.is_done() && script.requests().len() == 4);
}

#[tokio::test(start_paused = true)]
async fn request_with_a_static_token_is_not_replayed() {
    let script = Script::new([empty(401)]);
    let error = read(&client(&script, static_token()), 1).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized { refreshable: false });
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn fifty_operations_share_each_refresh() {
    let second = Duration::from_secs(1);
    let mut replies = vec![token_response("first").after(second)];
    replies.extend((0..50).map(|_| empty(401).after(second)));
    replies.push(token_response("second").after(second));
    replies.extend((0..50).map(|_| list()));
    let script = Script::new(replies);
    let client = client(&script, refresh_token());
    let reads = join_all((0..50).map(|number| read(&client, number))).await;
    assert!(reads.iter().all(Result::is_ok));
    let refreshes = lines(&script).iter().filter(|line| line.contains("access_token")).count();
    assert_eq!((refreshes, script.requests().len()), (2, 102));
}

#[tokio::test(start_paused = true)]
async fn late_401_about_the_old_token_renews_nothing() {
    let script = Script::new([
        token_response("first"),
        empty(401).after(Duration::from_secs(1)),
        empty(401).after(Duration::from_secs(5)),
        token_response("second"),
        list(),
        list(),
    ]);
    let client = client(&script, refresh_token());
    let (first, second) = tokio::join!(read(&client, 1), read(&client, 2));
    assert!(first.is_ok() && second.is_ok());
    let refreshes = lines(&script).iter().filter(|line| line.contains("access_token")).count();
    assert_eq!((refreshes, script.requests().len()), (2, 6));
}

#[tokio::test(start_paused = true)]
async fn token_is_renewed_before_it_expires() {
    let script = Script::new([
        response(200, &json!({"access_token": "first", "expires_in": 1000})),
        list(),
        token_response("second"),
        list(),
    ]);
    let client = client(&script, refresh_token());
    read(&client, 1).await.unwrap();
    tokio::time::advance(Duration::from_secs(901)).await;
    read(&client, 2).await.unwrap();
    assert_eq!(lines(&script)[3], "GET /connector/id-2 second");
}

#[tokio::test(start_paused = true)]
async fn valid_token_survives_a_failed_renewal() {
    let script = Script::new([
        response(200, &json!({"access_token": "first", "expires_in": 1000})),
        list(),
        empty(400),
        list(),
        list(),
        token_response("second"),
        list(),
    ]);
    let client = client(&script, refresh_token());
    read(&client, 1).await.unwrap();
    tokio::time::advance(Duration::from_secs(901)).await;
    read(&client, 2).await.unwrap();
    // The renewal is not tried again before some time has passed.
    read(&client, 3).await.unwrap();
    tokio::time::advance(AFTER_FAILURE).await;
    read(&client, 4).await.unwrap();
    let tokens: Vec<_> =
        script.requests().iter().filter_map(|request| request.token.clone()).collect();
    assert_eq!(tokens, ["first", "first", "first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn expired_token_is_not_used_after_a_failed_renewal() {
    let script = Script::new([
        response(200, &json!({"access_token": "first", "expires_in": 1000})),
        list(),
        empty(400),
        token_response("second"),
        list(),
    ]);
    let client = client(&script, refresh_token());
    read(&client, 1).await.unwrap();
    tokio::time::advance(Duration::from_secs(1001)).await;
    read(&client, 2).await.unwrap_err();
    read(&client, 3).await.unwrap();
    assert_eq!(script.requests().last().unwrap().token.as_deref(), Some("second"));
}

#[tokio::test(start_paused = true)]
async fn replaced_refresh_token_is_used_and_reported_once() {
    let script = Script::new([
        response(
            200,
            &json!({"access_token": "first", "refresh_token": "refresh-2",
                "refresh_token_expires_in": 7_776_000}),
        ),
        list(),
        empty(401),
        token_response("second"),
        list(),
    ]);
    let client = client(&script, refresh_token());
    read(&client, 1).await.unwrap();
    let notices = client.take_notices();
    assert!(
        matches!(notices[..], [Notice::RefreshTokenReplaced { valid_until: Some(_) }]),
        "{notices:?}"
    );
    assert!(client.take_notices().is_empty());
    read(&client, 2).await.unwrap();
    assert!(script.requests()[3].body.ends_with("&refresh_token=refresh-2"));
    assert!(client.take_notices().is_empty());
}

#[tokio::test(start_paused = true)]
async fn unchanged_refresh_token_is_not_reported() {
    let script = Script::new([
        response(200, &json!({"access_token": "a", "refresh_token": "refresh-token-value"})),
        list(),
    ]);
    let client = client(&script, refresh_token());
    read(&client, 1).await.unwrap();
    assert!(client.take_notices().is_empty());
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_have_a_code_and_are_not_sent_again() {
    for (body, code) in [
        (json!({"error": "invalid_grant"}), Some(OauthError::InvalidGrant)),
        (json!({"error": "invalid_client"}), Some(OauthError::InvalidClient)),
        (json!({"message": "refresh-token-value is unknown"}), None),
    ] {
        let script = Script::new([response(400, &body)]);
        let error = read(&client(&script, refresh_token()), 1).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::CredentialsRefused { code });
        assert_eq!(error.operation, Operation::RefreshAccessToken);
        assert!(!format!("{error:?}").contains("refresh-token-value"));
        assert_eq!(script.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn busy_token_endpoint_is_retried() {
    let script = Script::new([empty(503), empty(429), token_response("first"), list()]);
    read(&client(&script, refresh_token()), 1).await.unwrap();
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn issued_token_unfit_for_a_header_is_refused_and_hidden() {
    for token in ["line\nbreak-canary", "", "t\u{e9}st-canary"] {
        let script = Script::new([token_response(token)]);
        let error = read(&client(&script, refresh_token()), 1).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::UnusableToken(_)), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("canary"));
    }
    let script = Script::new([raw(200, "<html>")]);
    let error = read(&client(&script, refresh_token()), 1).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnreadableBody(BodyProblem::NotJson));
}

#[tokio::test(start_paused = true)]
async fn only_bearer_tokens_are_used() {
    let issued = |kind: &Value| {
        response(200, &json!({"access_token": "canary", "expires_in": 9, "token_type": kind}))
    };
    for kind in [json!("bearer"), json!("BEARER"), Value::Null] {
        let script = Script::new([issued(&kind), list()]);
        read(&client(&script, refresh_token()), 1).await.unwrap();
    }
    for kind in ["mac", "DPoP", "", "Bearer "] {
        for credentials in [refresh_token(), service_app()] {
            let script = Script::new([issued(&json!(kind))]);
            let error = read(&client(&script, credentials), 1).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::UnreadableBody(BodyProblem::OtherTokenType));
            assert!(!format!("{error:?} {error}").contains("canary"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn service_app_has_a_token_for_each_organization() {
    let script =
        Script::new([token_response("one"), list(), token_response("two"), list(), list()]);
    let client = client(&script, service_app());
    let other = OrganizationId::parse(OTHER_ORGANIZATION).unwrap();
    client.connectors(organization()).list(&budget()).await.unwrap();
    client.connectors(other).list(&budget()).await.unwrap();
    read(&client, 1).await.unwrap();
    let tokens: Vec<_> =
        script.requests().iter().filter_map(|request| request.token.clone()).collect();
    assert_eq!(tokens, ["applications-token", "one", "applications-token", "two", "one"]);
    assert_eq!(script.lines()[0], "POST /v1/applications/app-id/token");
    let body: Value = script.requests()[0].json();
    assert_eq!(body["clientId"], "client");
    assert_eq!(body["clientSecret"], "client-secret-value");
    let target = body["targetOrgId"].as_str().unwrap();
    assert_eq!(OrganizationId::parse(target).unwrap().to_string(), ORGANIZATION);
    assert_ne!(target, ORGANIZATION);
}

#[tokio::test(start_paused = true)]
async fn service_app_makes_a_new_token_after_a_401() {
    let script = Script::new([token_response("one"), empty(401), token_response("two"), list()]);
    read(&client(&script, service_app()), 1).await.unwrap();
    assert!(script.is_done());
    let script = Script::new([empty(401)]);
    let error = read(&client(&script, service_app()), 1).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::CredentialsRefused { code: None });
}

#[tokio::test(start_paused = true)]
async fn stopped_operation_does_not_lose_a_refresh() {
    let script = Script::new([token_response("first").after(Duration::from_secs(3)), list()]);
    let client = client(&script, refresh_token());
    let stopped = budget();
    let request = client.session.endpoints.list(organization(), &NextPage::None, 0).unwrap();
    let (first, second, ()) = tokio::join!(
        client.session.send(organization(), &request, RetryMode::Normal, &stopped),
        read(&client, 1),
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stopped.stop.cancel();
        }
    );
    assert_eq!(first.err().unwrap().kind, ErrorKind::Stopped);
    second.unwrap();
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn stop_of_another_operation_does_not_end_a_read() {
    let script = Script::new([Reply::Hang, token_response("first"), list()]);
    let client = client(&script, refresh_token());
    let stopped = Budget::within(Duration::from_secs(600), CancellationToken::new());
    let request = client.session.endpoints.list(organization(), &NextPage::None, 0).unwrap();
    let (first, second, ()) = tokio::join!(
        client.session.send(organization(), &request, RetryMode::Normal, &stopped),
        read(&client, 1),
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stopped.stop.cancel();
        }
    );
    assert!(first.is_err());
    second.unwrap();
    assert!(script.is_done());
}
