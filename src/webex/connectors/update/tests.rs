//! Tests updates, request by request, with scripted responses.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::testing::{
    ID, OTHER_ID, Reply, Script, budget, connectors, content, empty, found_connector, id, lost,
    object, page, planned, problem, raw, response, with,
};
use crate::{CLEAN_UP_GRACE, Credential, Field};

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
async fn locked_connector_is_deactivated_edited_and_activated() {
    let script = saga(response(200, &inactive(5)), [response(200, &object(6, 1))]);
    let connector = update(&script).await.unwrap();
    assert_eq!((connector.version, connector.active), (Some(6.into()), Some(true)));
    let sent: Vec<_> = script
        .requests()
        .iter()
        .filter(|request| !request.body.is_empty())
        .map(|request| {
            let body = request.json();
            (body["version"].clone(), body["active"].clone(), body["scope"].clone())
        })
        .collect();
    let null = Value::Null;
    assert_eq!(
        sent,
        [
            (json!(3), json!(true), null.clone()),
            (json!(3), json!(false), json!("old")),
            (json!(4), json!(false), null.clone()),
            (json!(5), json!(true), null),
        ]
    );
    for request in script.requests().iter().filter(|request| !request.body.is_empty()) {
        assert_eq!(request.json()["clientSecret"], "s3cret-canary");
    }
}

#[tokio::test(start_paused = true)]
async fn inactive_time_is_from_the_deactivation_to_the_reactivation() {
    let late = |reply: Reply, milliseconds| reply.after(Duration::from_millis(milliseconds));
    let replies = |edit| {
        Script::new([
            late(response(200, &old(3)), 70),
            late(empty(423), 90),
            late(response(200, &with(old(4), &json!({"active": false}))), 1000),
            late(edit, 300),
            late(response(200, &object(6, 1)), 40),
        ])
    };
    let script = replies(response(200, &inactive(5)));
    let connectors = connectors(script.clone());
    let updated = connectors.update(&id(), &content(), &planned(3), &budget()).await.unwrap();
    assert_eq!(updated.inactive_for, Some(Duration::from_millis(1340)));
    // A refused edit takes as long, and so does its undo.
    let script = replies(empty(400));
    let connectors = crate::testing::connectors(script.clone());
    let failure = connectors.update(&id(), &content(), &planned(3), &budget()).await.unwrap_err();
    assert_eq!(failure.inactive_for, Some(Duration::from_millis(1340)));
    // An edit that the server takes at once needs no deactivation.
    let script = Script::new([response(200, &old(3)), late(response(200, &object(4, 1)), 900)]);
    let connectors = crate::testing::connectors(script.clone());
    let updated = connectors.update(&id(), &content(), &planned(3), &budget()).await.unwrap();
    assert_eq!(updated.inactive_for, None);
}

#[tokio::test(start_paused = true)]
async fn deactivation_is_repeated_without_a_refused_secret() {
    let script = Script::new([
        empty(423),
        empty(423),
        response(200, &inactive(4)),
        response(200, &inactive(5)),
        response(200, &object(6, 1)),
    ]);
    update(&script).await.unwrap();
    let requests = script.requests();
    assert!(
        requests[2].body.contains("clientSecret") && !requests[3].body.contains("clientSecret")
    );
    assert_eq!(requests[4].json()["clientSecret"], "s3cret-canary");
}

#[tokio::test(start_paused = true)]
async fn connector_planned_inactive_is_not_reactivated() {
    let script = saga(response(200, &inactive(5)), []);
    let content = ConnectorContent { active: false, ..content() };
    let connectors = connectors(script.clone());
    script.first(response(200, &old(3)));
    let updated = connectors.update(&id(), &content, &planned(3), &budget()).await.unwrap();
    assert!(!updated.connector.is_active() && script.is_done());
    assert_eq!(updated.inactive_for, None, "it is still inactive, as planned");
}

#[tokio::test(start_paused = true)]
async fn connector_is_reactivated_after_a_failed_edit() {
    let script = saga(problem(400, "password is wrong"), [response(200, &old(5))]);
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::InvalidRequest);
    assert_eq!(failure.availability, Availability::Restored);
    let connector = found_connector(&failure);
    assert_eq!((connector.active, connector.version.clone()), (Some(true), Some(5.into())));
    let undo = script.requests().last().unwrap().json();
    assert_eq!((undo["scope"].clone(), undo["active"].clone()), (json!("old"), json!(true)));
}

#[tokio::test(start_paused = true)]
async fn reactivation_after_an_edit_is_not_repeated_without_its_secret() {
    for status in [400, 423] {
        let script = saga(response(200, &inactive(5)), [empty(status), response(200, &old(6))]);
        let failure = update(&script).await.unwrap_err();
        assert!(matches!(failure.availability, Availability::Lost(_)), "{failure:?}");
        let connector = found_connector(&failure);
        assert_eq!((connector.active, connector.version.clone()), (Some(false), Some(5.into())));
        assert_eq!(script.requests().len(), 5, "it was not sent again without the secret");
    }
}

#[tokio::test(start_paused = true)]
async fn undo_adds_no_new_secret_to_the_old_content() {
    // The deactivation has stored the secret.
    let script = saga(empty(400), [response(200, &old(5))]);
    update(&script).await.unwrap_err();
    assert_eq!(script.requests().last().unwrap().json()["clientSecret"], "s3cret-canary");
    // Webex refuses the secret in the activation.
    let script = saga(empty(400), [empty(400), response(200, &old(5))]);
    let failure = update(&script).await.unwrap_err();
    assert!(script.is_done());
    assert_eq!(failure.availability, Availability::Restored);
    assert!(found_connector(&failure).is_active());
    assert!(script.requests().last().unwrap().json().get("clientSecret").is_none());
    // The deactivation has not stored the secret, and the edit with it failed.
    let script = Script::new([
        empty(423),
        empty(423),
        response(200, &with(old(4), &json!({"active": false}))),
        empty(400),
        response(200, &old(5)),
    ]);
    update(&script).await.unwrap_err();
    let undo = script.requests().last().unwrap().json();
    assert_eq!((undo["active"].clone(), undo.get("clientSecret")), (json!(true), None));
}

#[tokio::test(start_paused = true)]
async fn update_reports_a_failed_reactivation() {
    let script = saga(empty(403), [empty(403)]);
    let failure = update(&script).await.unwrap_err();
    let Availability::Lost(reason) = &failure.availability else { panic!("{failure:?}") };
    let connector = found_connector(&failure);
    assert_eq!((connector.active, connector.version.clone()), (Some(false), Some(4.into())));
    assert_eq!(reason.operation, Operation::ReactivateConnector);
    assert_eq!(failure.error.operation, Operation::UpdateConnector);

    let script = saga(response(200, &inactive(5)), [empty(403)]);
    let failure = update(&script).await.unwrap_err();
    assert!(matches!(failure.availability, Availability::Lost(_)), "{failure:?}");
    assert_eq!(failure.inactive_for, None, "it is still inactive");
    let connector = found_connector(&failure);
    // The edit succeeded, so the state should have it.
    assert_eq!((connector.active, connector.version.clone()), (Some(false), Some(5.into())));
}

#[tokio::test(start_paused = true)]
async fn ignored_deactivation_fails_the_update() {
    let script = Script::new([empty(423), response(200, &old(4)), response(200, &old(4))]);
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::ActiveUnchanged);
    assert_eq!(failure.error.operation, Operation::DeactivateConnector);
    assert!(!failure.error.outcome_unknown);
    // The deactivation carried the new secret, which Webex may have stored.
    assert!(failure.credentials_uncertain);
    assert_eq!(failure.availability, Availability::Unaffected);
    let connector = found_connector(&failure);
    assert_eq!((connector.active, connector.version.clone()), (Some(true), Some(4.into())));
    assert!(script.is_done() && script.requests().len() == 4);
    // A read that shows the connector inactive counts.
    let script = Script::new([
        empty(423),
        response(200, &old(4)),
        response(200, &with(old(4), &json!({"active": false}))),
        response(200, &inactive(5)),
        response(200, &object(6, 1)),
    ]);
    assert_eq!(update(&script).await.unwrap().version, Some(6.into()));
}

#[tokio::test(start_paused = true)]
async fn ignored_reactivation_leaves_the_connector_inactive() {
    // After the edit.
    let script = saga(
        response(200, &inactive(5)),
        [response(200, &inactive(6)), response(200, &inactive(6))],
    );
    let failure = update(&script).await.unwrap_err();
    let Availability::Lost(reason) = &failure.availability else { panic!("{failure:?}") };
    assert_eq!(reason.kind, ErrorKind::ActiveUnchanged);
    assert!(!found_connector(&failure).is_active());
    assert!(script.is_done() && script.requests().len() == 6);
    // After a refused edit.
    let still = || response(200, &with(old(5), &json!({"active": false})));
    let script = saga(empty(403), [still(), still()]);
    let failure = update(&script).await.unwrap_err();
    assert!(matches!(failure.availability, Availability::Lost(_)), "{failure:?}");
    assert!(!found_connector(&failure).is_active());
    // A read that shows the connector active counts.
    let script = saga(
        response(200, &inactive(5)),
        [response(200, &inactive(6)), response(200, &object(6, 1))],
    );
    assert!(update(&script).await.unwrap().is_active());
}

#[tokio::test(start_paused = true)]
async fn refused_deactivation_names_the_references() {
    let flow = json!({"id": "f", "name": "Main", "type": "flow"});
    let script = Script::new([
        empty(423),
        problem(412, "in use"),
        response(200, &old(3)),
        response(200, &page(&[flow])),
    ]);
    let failure = update(&script).await.unwrap_err();
    assert!(matches!(&failure.error.kind, ErrorKind::Referenced(found) if found.len() == 1));
    assert_eq!(failure.error.operation, Operation::DeactivateConnector);
    assert!(found_connector(&failure).is_active());
    // Nothing refers to it: the reason stays unknown.
    let script =
        Script::new([empty(423), empty(412), response(200, &old(3)), response(200, &page(&[]))]);
    assert_eq!(update(&script).await.unwrap_err().error.kind, ErrorKind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn page_in_place_of_any_put_response_is_settled_by_reading() {
    let html = || raw(200, "<html>");
    // The deactivation, the edit and the activation were carried out.
    let script = Script::new([
        empty(423),
        html(),
        response(200, &with(old(4), &json!({"active": false}))),
        html(),
        response(200, &inactive(5)),
        html(),
        response(200, &object(6, 1)),
    ]);
    assert_eq!(update(&script).await.unwrap().version, Some(6.into()));
    // None of them was.
    let script = Script::new([empty(423), html(), response(200, &old(3))]);
    let failure = update(&script).await.unwrap_err();
    assert!(found_connector(&failure).is_active());
    let undone = [response(200, &old(5))];
    let found = response(200, &with(old(4), &json!({"active": false})));
    let script = saga(html(), [found].into_iter().chain(undone));
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.availability, Availability::Restored);
    let script = saga(response(200, &inactive(5)), [html(), response(200, &inactive(5))]);
    let failure = update(&script).await.unwrap_err();
    assert!(matches!(failure.availability, Availability::Lost(_)), "{failure:?}");
}

/// Returns a connector with an edit by someone else, made while it is deactivated.
fn theirs(version: i64) -> Value {
    with(inactive(version), &json!({"scope": "theirs"}))
}

fn activated(version: i64) -> Value {
    with(theirs(version), &json!({"active": true}))
}

#[tokio::test(start_paused = true)]
async fn edit_by_someone_else_during_the_saga_is_kept() {
    let script = saga(empty(409), [response(200, &theirs(9)), response(200, &activated(10))]);
    let failure = update(&script).await.unwrap_err();
    assert_eq!(
        failure.error.kind,
        ErrorKind::Stale { expected: Some(4.into()), found: Some(9.into()) }
    );
    let undo = script.requests().last().unwrap().json();
    assert_eq!((undo["scope"].clone(), undo["version"].clone()), (json!("theirs"), json!(9)));
    assert!(undo.get("clientSecret").is_none());
    assert_eq!(failure.availability, Availability::Restored);
    assert!(found_connector(&failure).is_active());
}

#[tokio::test(start_paused = true)]
async fn edit_by_someone_else_before_activating_is_reported() {
    let script = saga(
        response(200, &inactive(5)),
        [empty(409), response(200, &theirs(9)), response(200, &activated(10))],
    );
    let failure = update(&script).await.unwrap_err();
    assert_eq!(
        failure.error.kind,
        ErrorKind::Stale { expected: Some(5.into()), found: Some(9.into()) }
    );
    assert!(!failure.error.outcome_unknown);
    let last = script.requests().last().unwrap().json();
    assert_eq!((last["version"].clone(), last["scope"].clone()), (json!(9), json!("theirs")));
    assert!(last.get("clientSecret").is_none());
    assert_eq!(failure.availability, Availability::Restored);
    let found = found_connector(&failure);
    assert_eq!((found.is_active(), found.fields.get(Field::Scope)), (true, Some("theirs")));
    // The other edit has activated the connector itself.
    let script = saga(response(200, &inactive(5)), [empty(409), response(200, &activated(7))]);
    let failure = update(&script).await.unwrap_err();
    assert_eq!(
        failure.error.kind,
        ErrorKind::Stale { expected: Some(5.into()), found: Some(7.into()) }
    );
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn edit_by_someone_else_before_deactivating_is_kept() {
    for found in [activated(4), theirs(4)] {
        let script = Script::new([
            empty(423),
            empty(409),
            response(200, &found),
            response(200, &inactive(9)),
        ]);
        let failure = update(&script).await.unwrap_err();
        let stale = ErrorKind::Stale { expected: Some(3.into()), found: Some(4.into()) };
        assert_eq!(failure.error.kind, stale);
        let left = found_connector(&failure);
        assert_eq!(failure.availability, Availability::Unaffected);
        assert_eq!(left.fields.get(Field::Scope), Some("theirs"));
        assert_eq!(script.requests().len(), 4, "nothing more was sent");
    }
}

#[tokio::test(start_paused = true)]
async fn lost_response_to_an_activation_is_settled_by_reading() {
    // The deactivation was carried out.
    let deactivated = with(old(4), &json!({"active": false}));
    let begin = || [empty(423), lost()];
    let rest =
        [response(200, &deactivated), response(200, &inactive(5)), response(200, &object(6, 1))];
    let script = Script::new(begin().into_iter().chain(rest));
    assert_eq!(update(&script).await.unwrap().version, Some(6.into()));
    assert!(script.is_done());
    // An edit by someone else since then is not overwritten, and the deactivation is reported.
    let script = Script::new(begin().into_iter().chain([response(200, &theirs(5))]));
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None));
    assert_eq!(failure.availability, Availability::Uncertain);
    // The same holds for the activation.
    let script =
        saga(response(200, &inactive(5)), [lost(), empty(409), response(200, &object(6, 1))]);
    assert_eq!(update(&script).await.unwrap().version, Some(6.into()));
}

#[tokio::test(start_paused = true)]
async fn stale_version_prevents_the_deactivation() {
    let script = Script::new([response(200, &old(5))]);
    let failure = update_of_version_3(&script).await.unwrap_err();
    assert_eq!(
        failure.error.kind,
        ErrorKind::Stale { expected: Some(3.into()), found: Some(5.into()) }
    );
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn lock_of_an_inactive_connector_fails_its_update() {
    let script = Script::new([response(200, &inactive(3)), empty(423)]);
    let failure = update_of_version_3(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::LockedThoughInactive);
    found_connector(&failure);
    assert_eq!(failure.availability, Availability::Unaffected);
    // A lock that remains after the deactivation has another reason, too.
    let script = saga(empty(423), [response(200, &old(5))]);
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::LockedThoughInactive);
}

#[tokio::test(start_paused = true)]
async fn update_stopped_after_deactivating_reactivates() {
    let script = Script::new([
        empty(423),
        response(200, &with(old(4), &json!({"active": false})))
            .after(std::time::Duration::from_secs(3)),
        response(200, &old(5)),
    ]);
    let connectors = connectors(script.clone());
    let (id, content, planned, budget) = (id(), content(), planned(3), budget());
    script.first(response(200, &old(3)));
    let (ended, ()) = tokio::join!(connectors.update(&id, &content, &planned, &budget), async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        budget.stop.cancel();
    });
    let failure = ended.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::Stopped);
    assert_eq!(failure.availability, Availability::Restored);
    assert!(found_connector(&failure).is_active());
    assert_eq!(script.requests().last().unwrap().json()["active"], true);
}

#[tokio::test(start_paused = true)]
async fn stop_during_the_reactivation_bounds_it() {
    let again = || empty(429).header("retry-after", "100");
    let script = saga(response(200, &inactive(5)), [again(), again()]);
    let connectors = connectors(script.clone());
    let (id, content, planned, budget) = (id(), content(), planned(3), budget());
    script.first(response(200, &old(3)));
    let began = tokio::time::Instant::now();
    let (ended, ()) = tokio::join!(connectors.update(&id, &content, &planned, &budget), async {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        budget.stop.cancel();
    });
    let failure = ended.unwrap_err();
    assert!(matches!(failure.availability, Availability::Lost(_)));
    assert!(began.elapsed() <= std::time::Duration::from_secs(60) + CLEAN_UP_GRACE);
    assert_eq!(script.requests().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn update_without_a_secret_sends_no_key_for_it() {
    let script = Script::new([]);
    for secrets in
        [Secrets::default(), Secrets::default().with(Credential::ClientSecret, "".into())]
    {
        script.then(response(200, &object(3, 1)));
        script.then(response(200, &object(4, 1)));
        let content = ConnectorContent { secrets, ..content() };
        let connectors = connectors(script.clone());
        connectors.update(&id(), &content, &planned(3), &budget()).await.unwrap();
        assert!(!script.requests().last().unwrap().body.contains("clientSecret"));
    }
}
