//! Tests updates, request by request, with scripted responses.

mod history;
mod locked;
mod switched;
mod unversioned;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::testing::{
    ID, OTHER_ID, Reply, Script, budget, connectors, content, empty, found_connector, id, lost,
    object, page, planned, problem, raw, response, with,
};
use crate::{CLEAN_UP_GRACE, Credential, Field, Secrets};

/// Updates a connector of version 3, which the first request reads.
async fn update(script: &Arc<Script>) -> Result<Connector, WriteError> {
    script.first(response(200, &old(3)));
    let connectors = connectors(script.clone());
    let updated = connectors.update(&id(), &content(), &planned(3), &budget()).await;
    updated.map(|updated| updated.connector)
}

fn lines(script: &Script) -> Vec<String> {
    let short = |line: &String| line.replace(ID, "{id}");
    let lines = script.lines();
    assert_eq!(lines[0], format!("GET /connector/{ID}"), "each update reads first");
    lines.iter().skip(1).map(short).collect()
}

fn inactive(version: i64) -> Value {
    with(object(version, 1), &json!({"active": false}))
}

/// Returns a connector with the scope from before the update.
fn old(version: i64) -> Value {
    with(object(version, 1), &json!({"scope": "old"}))
}

#[tokio::test(start_paused = true)]
async fn update_costs_a_read_and_a_put_with_the_version() {
    let script = Script::new([response(200, &object(4, 1))]);
    assert_eq!(update(&script).await.unwrap().version, Some(4.into()));
    assert_eq!(lines(&script), ["PUT /connector/{id}"]);
    assert_eq!(script.requests()[1].json()["version"], 3);
    assert_eq!(script.requests()[1].json()["clientSecret"], "s3cret-canary");
}

/// Updates a connector whose version is not known from before.
async fn update_without_a_plan(script: &Arc<Script>) -> Result<Connector, WriteError> {
    let connectors = connectors(script.clone());
    let updated = connectors.update(&id(), &content(), &Planned::default(), &budget()).await;
    updated.map(|updated| updated.connector)
}

#[tokio::test(start_paused = true)]
async fn update_sends_the_version_that_was_read() {
    let script = Script::new([response(200, &old(7)), response(200, &object(8, 1))]);
    update_without_a_plan(&script).await.unwrap();
    assert_eq!(lines(&script), ["PUT /connector/{id}"]);
    assert_eq!(script.requests()[1].json()["version"], 7);
    // A server without versions gets none.
    let unversioned = with(old(0), &json!({"version": null}));
    let script = Script::new([response(200, &unversioned), response(200, &unversioned)]);
    update_without_a_plan(&script).await.unwrap();
    assert_eq!(script.requests()[1].json()["version"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn connector_that_moved_since_the_plan_is_not_overwritten() {
    let put = |script: &Script| script.lines().iter().any(|line| line.starts_with("PUT"));
    let fields = content().fields.with(Field::Scope, "old");
    let unversioned = |scope: &str| with(old(0), &json!({"version": null, "scope": scope}));
    let by_fields = |active| Planned { fields: Some(fields.clone()), active, ..Planned::default() };
    for (planned, found, is_moved) in [
        (planned(3), old(3), false),
        (planned(3), old(4), true),
        // Where there are no versions, what is visible decides.
        (by_fields(Some(true)), unversioned("old"), false),
        (by_fields(Some(true)), unversioned("theirs"), true),
        (by_fields(Some(false)), unversioned("old"), true),
        (by_fields(None), unversioned("old"), false),
    ] {
        let script = Script::new([response(200, &found), response(200, &object(9, 1))]);
        let connectors = connectors(script.clone());
        let outcome = connectors.update(&id(), &content(), &planned, &budget()).await;
        assert_eq!(put(&script), !is_moved, "{planned:?} {found}");
        if let Err(failure) = outcome {
            assert!(matches!(failure.error.kind, ErrorKind::Stale { .. }), "{failure:?}");
            assert_eq!(failure.remote, RemoteState::from(crate::testing::read(&found)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn older_state_than_the_planned_one_is_read_again() {
    let script = Script::new([
        response(200, &old(2)),
        response(200, &old(2)),
        response(200, &old(3)),
        response(200, &object(4, 1)),
    ]);
    let connectors = connectors(script.clone());
    connectors.update(&id(), &content(), &planned(3), &budget()).await.unwrap();
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn field_that_a_response_leaves_out_is_sent_back_as_it_was_sent() {
    let mut short = inactive(5);
    short.as_object_mut().unwrap().remove("tokenUrl");
    let script = Script::new([
        empty(423),
        response(200, &with(old(4), &json!({"active": false}))),
        response(200, &short),
        response(200, &object(6, 1)),
    ]);
    update(&script).await.unwrap();
    let [edit, activation] = [3, 4].map(|index| script.requests()[index].json());
    assert!(edit["tokenUrl"].is_string(), "{edit}");
    assert_eq!(activation["tokenUrl"], edit["tokenUrl"]);
}

#[tokio::test(start_paused = true)]
async fn members_that_the_client_does_not_know_survive() {
    let theirs = json!({"shiny": {"deep": [1]}, "clientSecret": "in-the-clear", "token": "****"});
    let script = Script::new([
        response(200, &with(old(3), &theirs)),
        empty(423),
        response(200, &with(with(old(4), &theirs), &json!({"active": false}))),
        response(200, &with(inactive(5), &theirs)),
        response(200, &object(6, 1)),
    ]);
    let content = ConnectorContent { secrets: Secrets::default(), ..content() };
    let connectors = connectors(script.clone());
    connectors.update(&id(), &content, &planned(3), &budget()).await.unwrap();
    assert!(script.is_done());
    for request in script.requests().iter().skip(1) {
        let sent = request.json();
        assert_eq!(sent["shiny"], json!({"deep": [1]}));
        assert_eq!(sent["systemDefault"], json!(false));
        for credential in ["clientSecret", "token"] {
            assert!(sent.get(credential).is_none(), "{credential} is in {sent}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lock_is_known_after_the_first_refusal() {
    let script = saga(response(200, &inactive(5)), [response(200, &object(6, 1))]);
    script.first(response(200, &old(3)));
    let connectors = connectors(script.clone());
    connectors.update(&id(), &content(), &planned(3), &budget()).await.unwrap();
    for reply in [
        response(200, &old(6)),
        response(200, &with(old(7), &json!({"active": false}))),
        response(200, &inactive(8)),
        response(200, &object(9, 1)),
    ] {
        script.then(reply);
    }
    connectors.update(&id(), &content(), &planned(6), &budget()).await.unwrap();
    assert!(script.is_done());
}

/// Updates a connector that the script's first reply describes.
async fn update_of_version_3(script: &Arc<Script>) -> Result<Connector, WriteError> {
    let connectors = connectors(script.clone());
    let updated = connectors.update(&id(), &content(), &planned(3), &budget()).await;
    updated.map(|updated| updated.connector)
}

/// Updates a connector without credentials.
async fn update_plain(script: &Arc<Script>) -> Result<Connector, WriteError> {
    let plain = ConnectorContent { secrets: Secrets::default(), ..content() };
    script.first(response(200, &old(3)));
    let updated = connectors(script.clone()).update(&id(), &plain, &planned(3), &budget()).await;
    updated.map(|updated| updated.connector)
}

#[tokio::test(start_paused = true)]
async fn put_with_a_lost_response_is_sent_again() {
    for reply in [lost(), empty(502), empty(503), empty(504), Reply::Hang] {
        let script = Script::new([reply, response(200, &object(4, 1))]);
        assert_eq!(update_plain(&script).await.unwrap().version, Some(4.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn put_with_credentials_is_not_repeated_before_a_read() {
    for reply in [lost(), empty(502), empty(503)] {
        // It took effect.
        let script = Script::new([reply.clone(), response(200, &object(4, 1))]);
        assert_eq!(update(&script).await.unwrap().version, Some(4.into()));
        assert_eq!(lines(&script), ["PUT /connector/{id}", "GET /connector/{id}"]);
        // It did not arrive.
        let script =
            Script::new([reply.clone(), response(200, &old(3)), response(200, &object(4, 1))]);
        assert_eq!(update(&script).await.unwrap().version, Some(4.into()));
        // The repetition is the last one.
        let script = Script::new([
            reply.clone(),
            response(200, &old(3)),
            reply.clone(),
            response(200, &old(3)),
        ]);
        found_connector(&update(&script).await.unwrap_err());
        assert!(script.is_done() && script.requests().len() == 5);
    }
    // So it is for the deactivation.
    let script = Script::new([
        empty(423),
        empty(503),
        response(200, &old(3)),
        response(200, &with(old(4), &json!({"active": false}))),
        response(200, &inactive(5)),
        response(200, &object(6, 1)),
    ]);
    assert_eq!(update(&script).await.unwrap().version, Some(6.into()));
}

#[tokio::test(start_paused = true)]
async fn gateway_timeout_sends_credentials_once() {
    let puts = |script: &Script| lines(script).iter().filter(|line| line.contains("PUT")).count();
    for reply in [empty(504), empty(408), Reply::Hang] {
        // Webex is still waiting for the third party, and saves later.
        let script = Script::new([
            reply.clone(),
            response(200, &old(3)),
            response(200, &old(3)),
            response(200, &object(4, 1)),
        ]);
        assert_eq!(update(&script).await.unwrap().version, Some(4.into()));
        assert_eq!(puts(&script), 1);
        // The third party refuses the credentials.
        let unmoved = (0..6).map(|_| response(200, &old(3)));
        let script = Script::new([reply].into_iter().chain(unmoved));
        let failure = update(&script).await.unwrap_err();
        assert!(matches!(failure.remote, RemoteState::Unknown(Some(_))), "{failure:?}");
        assert!(failure.credentials_uncertain);
        assert_eq!(puts(&script), 1);
        assert!(script.is_done());
    }
}

/// The time of the operation ends before that of the request.
#[tokio::test(start_paused = true)]
async fn put_past_the_deadline_of_the_operation_may_still_be_done() {
    let unmoved = || (0..6).map(|_| response(200, &old(3)));
    let edit = Script::new([response(200, &old(3)), Reply::Hang].into_iter().chain(unmoved()));
    let deactivation = [response(200, &old(3)), empty(423), Reply::Hang];
    let deactivation = Script::new(deactivation.into_iter().chain(unmoved()));
    for (script, availability) in
        [(edit, Availability::Unaffected), (deactivation, Availability::Uncertain)]
    {
        let budget = budget().at_most(Duration::from_secs(30));
        let connectors = connectors(script.clone());
        let failure = connectors.update(&id(), &content(), &planned(3), &budget).await;
        let failure = failure.unwrap_err();
        assert_eq!(failure.error.kind, ErrorKind::DeadlineExceeded);
        assert!(matches!(failure.remote, RemoteState::Unknown(_)), "{failure:?}");
        assert!(failure.credentials_uncertain);
        assert_eq!(failure.availability, availability);
        assert!(script.is_done());
    }
}

#[tokio::test(start_paused = true)]
async fn edit_by_others_after_an_unclear_put_leaves_credentials_uncertain() {
    let theirs = with(object(5, 1), &json!({"scope": "theirs"}));
    let script =
        Script::new([empty(503), response(200, &old(3)), empty(409), response(200, &theirs)]);
    let failure = update(&script).await.unwrap_err();
    assert!(matches!(failure.error.kind, ErrorKind::Stale { .. }), "{failure:?}");
    assert!(failure.credentials_uncertain && failure.error.outcome_unknown);
    // The only PUT was refused.
    let script = Script::new([empty(409), response(200, &theirs)]);
    let failure = update(&script).await.unwrap_err();
    assert!(!failure.credentials_uncertain && !failure.error.outcome_unknown);
}

#[tokio::test(start_paused = true)]
async fn conflict_with_the_first_attempt_is_a_success() {
    for status in [409, 412] {
        let script = Script::new([lost(), empty(status), response(200, &object(4, 1))]);
        assert_eq!(update_plain(&script).await.unwrap().version, Some(4.into()));
        assert_eq!(
            lines(&script),
            ["PUT /connector/{id}", "PUT /connector/{id}", "GET /connector/{id}"]
        );
    }
    // A conflict with an edit by someone else is an error.
    let script = Script::new([lost(), empty(409), response(200, &old(4))]);
    let failure = update_plain(&script).await.unwrap_err();
    assert_eq!(
        failure.error.kind,
        ErrorKind::Stale { expected: Some(3.into()), found: Some(4.into()) }
    );
}

#[tokio::test(start_paused = true)]
async fn unclear_update_is_settled_by_reading() {
    for (reply, found, expected) in [
        (empty(500), object(4, 1), Ok(4)),
        (raw(200, "<html>"), object(4, 1), Ok(4)),
        (response(200, &with(object(4, 1), &json!({"id": OTHER_ID}))), object(4, 1), Ok(4)),
        (empty(500), old(3), Err("unchanged")),
        (empty(500), object(3, 1), Err("unchanged")),
        (empty(500), old(4), Err("unknown")),
        (empty(500), inactive(4), Err("unknown")),
        // Somebody else has edited it, too.
        (empty(500), object(5, 1), Err("unknown")),
    ] {
        let script = Script::new([reply, response(200, &found)]);
        let outcome = update(&script).await;
        match (outcome, expected) {
            (Ok(connector), Ok(version)) => assert_eq!(connector.version, Some(version.into())),
            (Err(failure), Err("unchanged")) => {
                found_connector(&failure);
                assert_eq!(failure.availability, Availability::Unaffected);
            }
            (Err(failure), Err("unknown")) => {
                assert!(matches!(failure.remote, RemoteState::Unknown(Some(_))), "{failure:?}");
                assert_eq!(failure.availability, Availability::Unaffected);
            }
            (outcome, expected) => panic!("{outcome:?} instead of {expected:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn edit_by_someone_else_after_an_edit_without_a_body_is_not_ours() {
    let found = || response(200, &object(5, 1));
    let script = Script::new([empty(200), found(), found()]);
    let failure = update(&script).await.unwrap_err();
    assert!(matches!(failure.remote, RemoteState::Unknown(Some(_))), "{failure:?}");
    let script = Script::new([empty(200), response(200, &object(4, 1))]);
    assert_eq!(update(&script).await.unwrap().version, Some(4.into()));
}

#[tokio::test(start_paused = true)]
async fn unversioned_update_of_a_secret_stays_unclear() {
    let unversioned = with(object(0, 1), &json!({"version": null}));
    let replies = || [response(200, &unversioned), empty(500), response(200, &unversioned)];
    let failure = update_without_a_plan(&Script::new(replies())).await.unwrap_err();
    assert!(matches!(failure.remote, RemoteState::Unknown(_)));
    let plain = ConnectorContent { secrets: Secrets::default(), ..content() };
    let connectors = connectors(Script::new(replies()));
    assert!(connectors.update(&id(), &plain, &Planned::default(), &budget()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn stale_version_overwrites_nothing() {
    for status in [409, 412] {
        let script = Script::new([problem(status, "similar entity"), response(200, &object(5, 1))]);
        let failure = update(&script).await.unwrap_err();
        let kind = ErrorKind::Stale { expected: Some(3.into()), found: Some(5.into()) };
        assert_eq!(failure.error.kind, kind);
        let found = found_connector(&failure);
        assert_eq!(failure.availability, Availability::Unaffected);
        assert_eq!(found.version, Some(5.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn taken_name_differs_from_a_stale_version() {
    let holder = with(object(0, 1), &json!({"id": OTHER_ID}));
    let script = Script::new([
        empty(409),
        response(200, &old(3)),
        response(200, &page(&[holder, with(old(3), &json!({"name": "old"}))])),
    ]);
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::NameTaken);
    assert_eq!(failure.name_holder.unwrap().id.as_str(), OTHER_ID);
    let script = Script::new([empty(409), response(200, &old(3)), response(200, &page(&[old(3)]))]);
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::Conflict);
    assert!(failure.name_holder.is_none());
}

#[tokio::test(start_paused = true)]
async fn update_of_a_missing_connector_is_not_found() {
    // It is deleted between the read and the edit.
    let script = Script::new([empty(404), empty(404), response(200, &page(&[]))]);
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Absent);
    assert_eq!(failure.error.kind, ErrorKind::NotFound);
    let script = Script::new([empty(404), response(200, &page(&[]))]);
    let failure = update_without_a_plan(&script).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Absent);
    // The server lacks the method at this path.
    let script = Script::new([empty(404), response(200, &old(3))]);
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::NotFound);
    found_connector(&failure);
    // Below a wrong base URL every response is 404.
    let script = Script::new([empty(404), empty(404)]);
    let failure = update_without_a_plan(&script).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unchanged);
    assert_eq!(failure.error.operation, Operation::ListConnectors);
}

#[tokio::test(start_paused = true)]
async fn refused_update_changes_nothing() {
    for status in [400, 401, 403, 405] {
        let script = Script::new([problem(status, "no")]);
        let failure = update(&script).await.unwrap_err();
        assert_eq!(failure.remote, RemoteState::Unchanged);
        assert_eq!(script.requests().len(), 2);
    }
}

fn saga(edit: Reply, rest: impl IntoIterator<Item = Reply>) -> Arc<Script> {
    let begin = [empty(423), response(200, &with(old(4), &json!({"active": false})))];
    Script::new(begin.into_iter().chain([edit]).chain(rest))
}

#[tokio::test(start_paused = true)]
async fn connector_that_only_the_list_has_is_not_updated() {
    let listed = || response(200, &page(&[with(old(3), &json!({"shiny": 1}))]));
    // It becomes visible.
    let script = Script::new([
        empty(404),
        listed(),
        response(200, &with(old(3), &json!({"shiny": 1}))),
        response(200, &object(4, 1)),
    ]);
    update_of_version_3(&script).await.unwrap();
    assert_eq!(script.requests().last().unwrap().json()["shiny"], 1);
    // It does not: the profile has another path of the call, for example.
    let script = Script::new((0..6).flat_map(|_| [empty(404), listed()]));
    let failure = update_of_version_3(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::NotFound);
    assert_eq!(failure.error.operation, Operation::ReadConnector);
    assert_eq!(failure.remote, RemoteState::Unchanged);
    assert!(script.is_done());
    // Nor does a row settle an edit.
    let script = Script::new([empty(500), empty(404), listed()]);
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None));
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn partial_response_to_a_write_is_completed_by_one_read() {
    let partial = || {
        let mut object = object(4, 1);
        for key in ["version", "lastUpdatedTime", "createdTime"] {
            object.as_object_mut().unwrap().remove(key);
        }
        response(200, &object)
    };
    let script = Script::new([partial(), response(200, &object(4, 17))]);
    let connector = update(&script).await.unwrap();
    assert_eq!((connector.version, connector.last_updated_time), (Some(4.into()), Some(17)));
    assert!(script.is_done());
    // The read fails, or shows an edit by someone else.
    for reply in [empty(403), response(200, &with(object(5, 18), &json!({"scope": "theirs"})))] {
        let script = Script::new([partial(), reply]);
        let connector = update(&script).await.unwrap();
        assert_eq!((connector.version, connector.last_updated_time), (None, None));
        assert!(script.is_done());
    }
    // A server that never tells it is not asked.
    let mut untold = old(3);
    for key in ["version", "lastUpdatedTime", "createdTime"] {
        untold.as_object_mut().unwrap().remove(key);
    }
    let script = Script::new([response(200, &untold), partial()]);
    update_without_a_plan(&script).await.unwrap();
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn token_endpoint_that_is_not_found_says_nothing_of_a_connector() {
    // The path of the token endpoint is wrong.
    for reply in [empty(404), problem(404, "no route")] {
        let script = Script::new([reply.clone(), reply]);
        let mut settings = crate::testing::settings(crate::testing::refresh_token());
        settings.max_retries = 0;
        let client = crate::Client::over(settings, script.clone()).unwrap();
        let connectors = client.connectors(crate::testing::organization());
        let failure =
            connectors.update(&id(), &content(), &planned(3), &budget()).await.unwrap_err();
        assert_eq!(failure.error.operation, Operation::RefreshAccessToken);
        assert_eq!(failure.remote, RemoteState::Unchanged);
        assert_eq!(script.requests().len(), 1, "it was not taken for a missing connector");
    }
}
