//! Tests the pipeline over a scripted transport.

use std::num::NonZeroU32;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::problems::CertificateProblem;
use crate::profile::NextPage;
use crate::testing::{
    ID, Reply, Script, budget, client, connectors, content, empty, id, lost, object, organization,
    page, planned, problem, raw, reply_with, response, settings, static_token,
};
use crate::transport::LARGEST_RESPONSE;
use crate::{Client, Credentials};

fn list() -> Reply {
    response(200, &page(&[]))
}

async fn read(script: &Arc<Script>, budget: &Budget) -> Result<usize, Error> {
    connectors(script.clone()).list(budget).await.map(|list| list.len())
}

#[tokio::test(start_paused = true)]
async fn request_is_retried_after_the_advised_seconds() {
    let script = Script::new([problem(429, "slow down").header("retry-after", "20"), list()]);
    assert_eq!(read(&script, &budget()).await, Ok(0));
    let at = script.requests()[1].at;
    assert!(at >= Duration::from_secs(20) && at <= Duration::from_secs(22), "{at:?}");
}

#[tokio::test(start_paused = true)]
async fn request_is_retried_at_a_date_of_the_server_clock() {
    let until = SystemTime::UNIX_EPOCH + Duration::from_millis(1_774_641_703_000 + 30_000);
    let until = httpdate::fmt_http_date(until);
    let script = Script::new([problem(429, "").header("retry-after", &until), list()]);
    assert_eq!(read(&script, &budget()).await, Ok(0));
    let at = script.requests()[1].at;
    assert!(at >= Duration::from_secs(30) && at <= Duration::from_secs(33), "{at:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_after_delays_all_operations() {
    let script = Script::new([empty(429).header("retry-after", "20"), list(), list(), list()]);
    let client = client(script.clone());
    let request = client.session.endpoints.list(organization(), &NextPage::None, 0).unwrap();
    let budget = budget();
    let send = || client.session.send(organization(), &request, RetryMode::Normal, &budget);
    let (first, second) = tokio::join!(send(), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        send().await
    });
    assert!(first.is_ok() && second.is_ok());
    let times: Vec<_> = script.requests().iter().map(|request| request.at).collect();
    assert!(times[1] >= Duration::from_secs(20), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn absent_and_negative_advice_mean_backoff() {
    for reply in [empty(429), empty(429).header("retry-after", "-5")] {
        let script = Script::new([reply, list()]);
        assert_eq!(read(&script, &budget()).await, Ok(0));
        let at = script.requests()[1].at;
        assert!(at >= Duration::from_secs(1) && at < Duration::from_secs(3), "{at:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn wait_beyond_the_deadline_is_not_begun_and_reported() {
    let day = Duration::from_secs(86_400);
    let script = Script::new([empty(429).header("retry-after", "86400")]);
    let error = read(&script, &budget()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::RateLimited { retry_after: Some(day) });
    assert!(error.needed_wait.unwrap() >= day);
    assert_eq!((error.attempts, error.waited), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn error_counts_attempts_and_waits() {
    let script = Script::new((0..6).map(|_| empty(429).header("retry-after", "10")));
    let error = read(&script, &budget()).await.unwrap_err();
    assert_eq!(error.attempts, 6);
    assert!(error.waited >= Duration::from_secs(50), "{:?}", error.waited);
    assert!(error.elapsed >= error.waited);
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn reads_are_retried_after_transient_failures() {
    for reply in [
        empty(429),
        empty(500),
        raw(502, "<html>"),
        empty(503),
        empty(504),
        lost(),
        Reply::Failure(FailureKind::Connection),
        Reply::Failure(FailureKind::NameResolution),
        Reply::Failure(FailureKind::Timeout(Deadline::FirstByte)),
    ] {
        let script = Script::new([reply.clone(), reply, list()]);
        assert_eq!(read(&script, &budget()).await, Ok(0));
        assert_eq!(script.requests().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn retries_are_bounded_by_settings_and_budget() {
    let script = Script::new((0..9).map(|_| lost()));
    let error = read(&script, &budget()).await.unwrap_err();
    assert_eq!((&error.kind, error.attempts), (&ErrorKind::ConnectionLost, 6));

    let mut few = settings(static_token());
    few.max_retries = 0;
    let script = Script::new([lost()]);
    let client = Client::over(few, script.clone()).unwrap();
    assert!(client.connectors(organization()).list(&budget()).await.is_err());
    assert_eq!(script.requests().len(), 1);

    let script = Script::new((0..9).map(|_| empty(503).header("retry-after", "10")));
    let short = Budget::within(Duration::from_secs(25), CancellationToken::new());
    let error = read(&script, &short).await.unwrap_err();
    assert_eq!((&error.kind, error.attempts), (&ErrorKind::ServerError, 3));
}

#[tokio::test(start_paused = true)]
async fn status_403_is_not_retried_and_names_the_operation() {
    let script = Script::new([problem(403, "insufficient scope")]);
    let error = read(&script, &budget()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden);
    assert_eq!(error.descriptions, ["insufficient scope"]);
    assert_eq!(error.server_tracking_id.as_deref(), Some("ccconfig_1"));
    assert_eq!(
        error.to_string(),
        "could not list the organization's connectors: not allowed (host api.example, \
         status 403, tracking id ccconfig_1); Webex says: insufficient scope"
    );
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn tracking_id_is_in_every_request_and_in_the_error() {
    let script = Script::new([empty(503), empty(403)]);
    let error = read(&script, &budget()).await.unwrap_err();
    let ids: Vec<_> =
        script.requests().iter().map(|request| request.headers["trackingid"].clone()).collect();
    assert_ne!(ids[0], ids[1]);
    assert_eq!(error.tracking_id.as_deref(), Some(ids[1].to_str().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn unreadable_responses_have_distinct_error_kinds() {
    let too_large = ErrorKind::BodyTooLarge { limit: LARGEST_RESPONSE };
    for (reply, kind) in [
        (raw(200, "<html>"), ErrorKind::UnreadableBody(BodyProblem::NotJson)),
        (raw(200, ""), ErrorKind::UnreadableBody(BodyProblem::Empty)),
        (raw(200, "{\"data\":[{"), ErrorKind::UnreadableBody(BodyProblem::NotJson)),
        (raw(200, "{}"), ErrorKind::UnreadableBody(BodyProblem::OtherShape)),
        (Reply::Failure(FailureKind::BodyTooLarge), too_large),
        (
            Reply::Failure(FailureKind::Compressed),
            ErrorKind::UnreadableBody(BodyProblem::Compressed),
        ),
    ] {
        let script = Script::new([reply]);
        assert_eq!(read(&script, &budget()).await.unwrap_err().kind, kind);
    }
}

#[tokio::test(start_paused = true)]
async fn error_shows_no_body_and_no_secret() {
    let echo = json!({"error": {"message": "clientSecret s3cret-canary is wrong"},
        "clientSecret": "s3cret-canary", "trackingId": "static-access-token"});
    for reply in [response(400, &echo), raw(400, "<p>s3cret-canary</p>"), response(200, &echo)] {
        let script = Script::new([reply, list(), list(), list(), list(), list(), list()]);
        let error = connectors(script).create(&content(), &budget()).await.unwrap_err();
        let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
        assert!(!shown.contains("canary"), "{shown}");
        assert!(!shown.contains("static-access"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn request_that_takes_too_long_is_abandoned() {
    let script = Script::new([Reply::Hang, list()]);
    assert_eq!(read(&script, &budget()).await, Ok(0));
    assert!(script.requests()[1].at >= Duration::from_secs(60));

    let script = Script::new([Reply::Hang]);
    let short = Budget::within(Duration::from_secs(5), CancellationToken::new());
    let error = read(&script, &short).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DeadlineExceeded);
    assert_eq!(error.elapsed, Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn certificate_and_tls_failures_are_not_retried() {
    let problem = CertificateProblem::UnknownIssuer;
    for (failure, kind) in [
        (FailureKind::Certificate(problem), ErrorKind::Certificate(problem)),
        (FailureKind::Tls, ErrorKind::Tls),
        (FailureKind::NotTls, ErrorKind::NotTls),
    ] {
        let script = Script::new([Reply::Failure(failure)]);
        let error = read(&script, &budget()).await.unwrap_err();
        assert_eq!(error.kind, kind);
        assert_eq!((error.attempts, error.host.as_deref()), (1, Some("api.example")));
    }
}

#[tokio::test(start_paused = true)]
async fn redirect_is_not_followed_and_only_its_host_is_named() {
    for (location, host) in [
        ("https://evil.example/path?token=x", Some("evil.example")),
        ("http://user:pw@api.example/", Some("api.example")),
        ("/elsewhere", Some("api.example")),
        ("https://", None),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let script = Script::new([empty(status).header("location", location)]);
            let error = read(&script, &budget()).await.unwrap_err();
            let target_host = host.map(str::to_owned);
            assert_eq!(error.kind, ErrorKind::Redirected { target_host });
            assert_eq!(script.requests().len(), 1);
            assert!(!error.to_string().contains("pw"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn credential_in_the_host_of_a_redirect_is_not_shown() {
    let token = "hQ3vXq7Lw2Zb9Tk4";
    let host = format!("https://{token}.evil.example/");
    let script = Script::new([empty(302).header("location", &host)]);
    let credentials = Credentials::AccessToken(Secret::from(token));
    let client = Client::over(settings(credentials), script).unwrap();
    let error = client.connectors(organization()).list(&budget()).await.unwrap_err();
    let ErrorKind::Redirected { target_host: Some(host) } = &error.kind else {
        panic!("{error:?}")
    };
    assert!(host.ends_with(".evil.example"), "{host}");
    assert!(!host.to_lowercase().contains(&token.to_lowercase()), "{host}");
}

#[tokio::test(start_paused = true)]
async fn requests_stay_below_the_configured_limit() {
    let mut slow = settings(static_token());
    slow.requests_per_minute = NonZeroU32::new(60).unwrap();
    let script = Script::new((0..90).map(|_| list()));
    let client = Client::over(slow, script.clone()).unwrap();
    for _ in 0..90 {
        let request = client.session.endpoints.list(organization(), &NextPage::None, 0).unwrap();
        let budget = budget();
        let sent = client.session.send(organization(), &request, RetryMode::Normal, &budget);
        assert!(sent.await.is_ok());
    }
    let times: Vec<_> = script.requests().iter().map(|request| request.at).collect();
    let first_minute = times.iter().filter(|at| **at < Duration::from_secs(60)).count();
    assert!(first_minute <= 60, "{first_minute}");
    assert!(times[89] < Duration::from_secs(100), "{:?}", times[89]);
}

/// A server that processes a number of requests a minute and refuses the rest.
struct Busy {
    per_minute: usize,
    minute: std::sync::Mutex<(Instant, usize)>,
    refused: std::sync::atomic::AtomicUsize,
}

#[async_trait]
impl Transport for Busy {
    async fn send(&self, _: http::Request<bytes::Bytes>) -> Result<RawResponse, Failure> {
        let minute = Duration::from_secs(60);
        let mut window = self.minute.lock().unwrap();
        if window.0.elapsed() >= minute {
            *window = (Instant::now(), 0);
        }
        window.1 += 1;
        if window.1 <= self.per_minute {
            let body = page(&[]).to_string();
            return Ok(reply_with(200, &[], &body, SystemTime::UNIX_EPOCH));
        }
        self.refused.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let left = (minute - window.0.elapsed()).as_secs() + 1;
        let headers = [("retry-after", left.to_string())];
        Ok(reply_with(429, &headers, "", SystemTime::UNIX_EPOCH))
    }
}

#[tokio::test(start_paused = true)]
async fn operations_survive_a_lower_limit_of_the_server() {
    let server = Arc::new(Busy {
        per_minute: 40,
        minute: std::sync::Mutex::new((Instant::now(), 0)),
        refused: std::sync::atomic::AtomicUsize::new(0),
    });
    let client = Client::over(settings(static_token()), server.clone()).unwrap();
    let request = client.session.endpoints.list(organization(), &NextPage::None, 0).unwrap();
    let budget = budget();
    let sent = futures_util::future::join_all(
        (0..200).map(|_| client.session.send(organization(), &request, RetryMode::Normal, &budget)),
    );
    assert!(sent.await.iter().all(Result::is_ok));
    // 160, 120, 80 and 40 requests were refused.
    let refused = server.refused.load(std::sync::atomic::Ordering::SeqCst);
    assert!(refused <= 400, "{refused}");
}

/// Keeps the fields of events as text.
struct Recorder(Arc<std::sync::Mutex<String>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Recorder {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Fields<'a>(&'a mut String);
        impl tracing::field::Visit for Fields<'_> {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{}={value:?} ", field.name()));
            }
        }
        event.record(&mut Fields(&mut self.0.lock().unwrap()));
    }
}

#[tokio::test(start_paused = true)]
async fn log_has_each_attempt_and_nothing_private() {
    use tracing_subscriber::layer::SubscriberExt as _;
    let text = Arc::new(std::sync::Mutex::new(String::new()));
    let recorder = tracing_subscriber::registry().with(Recorder(text.clone()));
    // With only one subscriber, tracing caches the interest of the first thread with an event, and
    // the threads of other tests have no subscriber.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(recorder);
    tracing::callsite::rebuild_interest_cache();
    let script = Script::new([
        response(200, &object(3, 1)),
        lost(),
        response(200, &object(3, 1)),
        response(200, &object(4, 1)),
    ]);
    let connectors = connectors(script.clone());
    connectors.update(&id(), &content(), &planned(3), &budget()).await.unwrap();
    let text = text.lock().unwrap().clone();
    for part in [
        "message=GET /organization/{organization}/connector/{id} 200 in 0 ms, attempt 1",
        "message=PUT /organization/{organization}/connector/{id} failed after 0 ms, attempt 1: \
         ConnectionLost",
        "host=\"api.example\"",
        script.requests()[1].headers["trackingid"].to_str().unwrap(),
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    for private in [ID, "s3cret-canary", "static-access-token", "crm"] {
        assert!(!text.contains(private), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn stop_ends_waits_and_reads_at_once() {
    for replies in [vec![Reply::Hang], vec![empty(429).header("retry-after", "100")]] {
        let script = Script::new(replies);
        let budget = budget();
        let (ended, ()) = tokio::join!(read(&script, &budget), async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            budget.stop.cancel();
        });
        let error = ended.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Stopped);
        assert_eq!(error.elapsed, Duration::from_secs(2));
        assert_eq!(script.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn no_request_starts_after_a_stop() {
    let script = Script::new([list()]);
    let budget = budget();
    budget.stop.cancel();
    assert_eq!(read(&script, &budget).await.unwrap_err().kind, ErrorKind::Stopped);
    assert!(script.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn create_in_flight_at_a_stop_is_finished() {
    let created = response(201, &object(0, 1)).after(Duration::from_secs(4));
    let script = Script::new([created]);
    let budget = budget();
    let connectors = connectors(script.clone());
    let content = content();
    let (ended, ()) = tokio::join!(connectors.create(&content, &budget), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        budget.stop.cancel();
    });
    assert_eq!(ended.unwrap().connector.id.as_str(), ID);
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn write_in_flight_at_a_stop_ends_after_the_grace() {
    let script = Script::new([response(200, &object(1, 1)), Reply::Hang]);
    let budget = budget();
    let connectors = connectors(script.clone());
    let (id, content, planned) = (id(), content(), planned(1));
    let began = Instant::now();
    let (ended, ()) = tokio::join!(connectors.update(&id, &content, &planned, &budget), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        budget.stop.cancel();
    });
    let failure = ended.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::Stopped);
    assert!(failure.error.outcome_unknown);
    assert_eq!(began.elapsed(), Duration::from_secs(1) + STOP_GRACE);
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn new_client_sends_nothing() {
    let script = Script::new([]);
    drop(client(script.clone()));
    assert!(script.requests().is_empty());
}
