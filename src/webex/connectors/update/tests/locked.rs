//! Tests updates of a connector that Webex wants deactivated first.

use super::*;

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
    // Nor is one that shows in the version only, as that of a secret does.
    let later = with(deactivated, &json!({"version": 5}));
    let script = Script::new(begin().into_iter().chain([response(200, &later)]));
    let failure = update(&script).await.unwrap_err();
    assert_eq!(failure.availability, Availability::Uncertain);
    assert!(script.is_done());
    // The same holds for the activation.
    let script =
        saga(response(200, &inactive(5)), [lost(), empty(409), response(200, &object(6, 1))]);
    assert_eq!(update(&script).await.unwrap().version, Some(6.into()));
}

/// The response says that the connector is inactive, and somebody saves it before the read.
#[tokio::test(start_paused = true)]
async fn active_connector_is_not_reported_as_inactive_after_a_save_by_someone_else() {
    let replies = [response(200, &inactive(6)), response(200, &object(7, 1))];
    let failure = update(&saga(response(200, &inactive(5)), replies)).await.unwrap_err();
    assert!(matches!(failure.error.kind, ErrorKind::Stale { .. }), "{failure:?}");
    assert!(!matches!(failure.availability, Availability::Lost(_)), "{failure:?}");
    assert!(found_connector(&failure).is_active());
}

/// Where the account changes, the deactivation carries no new secret.
#[tokio::test(start_paused = true)]
async fn deactivation_that_a_read_does_not_show_yet_is_not_taken_for_lost() {
    for changed in [json!({}), json!({"clientId": "another"})] {
        let before = with(old(3), &changed);
        let deactivated = with(with(old(4), &json!({"active": false})), &changed);
        let rest = || {
            [response(200, &deactivated), response(200, &inactive(5)), response(200, &object(6, 1))]
        };
        let repeated = vec![lost(), response(200, &before), empty(409)];
        let failed = vec![empty(500), response(200, &before), response(200, &before)];
        for first in [repeated, failed] {
            let begin = [response(200, &before), empty(423)];
            let script = Script::new(begin.into_iter().chain(first).chain(rest()));
            let connectors = connectors(script.clone());
            let updated = connectors.update(&id(), &content(), &planned(3), &budget()).await;
            assert_eq!(updated.unwrap().connector.version, Some(6.into()), "{changed}");
            assert!(script.is_done());
        }
    }
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

/// Updates a connector of version 3, and stops after so many seconds.
async fn update_stopped_after(script: &Arc<Script>, seconds: u64) -> WriteError {
    script.first(response(200, &old(3)));
    let connectors = connectors(script.clone());
    let (id, content, planned, budget) = (id(), content(), planned(3), budget());
    let (ended, ()) = tokio::join!(connectors.update(&id, &content, &planned, &budget), async {
        tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
        budget.stop.cancel();
    });
    ended.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn update_stopped_after_deactivating_reactivates() {
    let script = Script::new([
        empty(423),
        response(200, &with(old(4), &json!({"active": false})))
            .after(std::time::Duration::from_secs(3)),
        response(200, &old(5)),
    ]);
    let failure = update_stopped_after(&script, 1).await;
    assert_eq!(failure.error.kind, ErrorKind::Stopped);
    assert_eq!(failure.availability, Availability::Restored);
    assert!(found_connector(&failure).is_active());
    assert_eq!(script.requests().last().unwrap().json()["active"], true);
}

#[tokio::test(start_paused = true)]
async fn update_stopped_before_the_response_to_its_deactivation_reactivates() {
    let script = Script::new([
        empty(423),
        response(200, &old(4)).after(std::time::Duration::from_secs(60)),
        response(200, &with(old(4), &json!({"active": false}))),
        response(200, &old(5)),
    ]);
    let began = tokio::time::Instant::now();
    let failure = update_stopped_after(&script, 1).await;
    assert_eq!(failure.error.kind, ErrorKind::Stopped);
    assert!(found_connector(&failure).is_active());
    assert_eq!(script.requests().last().unwrap().json()["active"], true);
    assert!(began.elapsed() <= std::time::Duration::from_secs(1) + CLEAN_UP_GRACE);
    assert!(script.is_done());
    // Two saves have left the credentials out.
    assert_eq!(failure.availability, Availability::Restored);
    assert!(failure.credentials_uncertain && failure.inactive_for.is_some());
}

#[tokio::test(start_paused = true)]
async fn edit_by_others_during_the_undo_is_reported() {
    let theirs =
        |version, active| with(object(version, 1), &json!({"scope": "theirs", "active": active}));
    let script = Script::new([
        empty(423),
        response(200, &with(old(4), &json!({"active": false}))),
        problem(400, "scope"),
        empty(409),
        response(200, &theirs(5, false)),
        response(200, &theirs(6, true)),
    ]);
    let failure = update(&script).await.unwrap_err();
    assert!(matches!(failure.error.kind, ErrorKind::Stale { .. }), "{failure:?}");
    assert_eq!(failure.availability, Availability::Restored);
    assert_eq!(found_connector(&failure).version, Some(6.into()));
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn stop_during_the_reactivation_bounds_it() {
    let again = || empty(429).header("retry-after", "100");
    let script = saga(response(200, &inactive(5)), [again(), again()]);
    let began = tokio::time::Instant::now();
    let failure = update_stopped_after(&script, 60).await;
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

/// Webex checks the credentials of a request with the third party, which locks an account after
/// some wrong ones.
#[tokio::test(start_paused = true)]
async fn deactivation_sends_no_new_secret_to_the_old_destination() {
    for (key, value) in [
        ("clientId", "another"),
        ("tokenUrl", "https://another.example/token"),
        ("resourceDomain", "https://another.example/api"),
    ] {
        let before = |version| with(old(version), &json!({ key: value }));
        let script = Script::new([
            response(200, &before(3)),
            empty(423),
            response(200, &with(before(4), &json!({"active": false}))),
            response(200, &inactive(5)),
            response(200, &object(6, 1)),
        ]);
        update_of_version_3(&script).await.unwrap();
        let [deactivation, edit, activation] =
            [2, 3, 4].map(|index| script.requests()[index].json());
        assert_eq!(deactivation[key], value);
        assert!(deactivation.get("clientSecret").is_none(), "{key}");
        for request in [edit, activation] {
            assert_eq!(request["clientSecret"], "s3cret-canary");
        }
        // An undo does not send it either.
        let script = Script::new([
            response(200, &before(3)),
            empty(423),
            response(200, &with(before(4), &json!({"active": false}))),
            empty(400),
            response(200, &before(5)),
        ]);
        update_of_version_3(&script).await.unwrap_err();
        let undo = script.requests().last().unwrap().json();
        assert_eq!((undo[key].clone(), undo.get("clientSecret")), (json!(value), None));
    }
}
