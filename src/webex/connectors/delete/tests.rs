//! Tests deletes, request by request, with scripted responses.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::testing::{
    ID, Reply, Script, budget, connectors, content, empty, found_connector, id, lost, object, page,
    problem, raw, response, with,
};
use crate::{Availability, Operation};

async fn delete(script: &Arc<Script>) -> Result<Deleted, WriteError> {
    connectors(script.clone()).delete(&id(), &budget()).await
}

fn lines(script: &Script) -> Vec<String> {
    let short = |line: &String| line.replace(ID, "{id}");
    script.lines().iter().map(short).collect()
}

fn inactive(version: i64) -> Value {
    with(object(version, 1), &json!({"active": false}))
}

#[tokio::test(start_paused = true)]
async fn delete_costs_one_request() {
    for status in [200, 204] {
        let script = Script::new([empty(status)]);
        assert_eq!(delete(&script).await.unwrap(), Deleted { was_missing: false });
        assert_eq!(lines(&script), ["DELETE /connector/{id}"]);
    }
}

#[tokio::test(start_paused = true)]
async fn delete_of_an_absent_connector_succeeds() {
    let gone = || [problem(404, "not found"), problem(404, "not found"), response(200, &page(&[]))];
    let script = Script::new(gone());
    assert_eq!(delete(&script).await.unwrap(), Deleted { was_missing: true });
    assert_eq!(
        lines(&script),
        ["DELETE /connector/{id}", "GET /connector/{id}", "GET /v2/connector"]
    );
    // The second attempt does not find the connector that the first one deleted.
    let script = Script::new([lost()].into_iter().chain(gone()));
    assert_eq!(delete(&script).await.unwrap(), Deleted { was_missing: false });
    // A gateway's page does not mean that the connector is gone.
    let script = Script::new([raw(404, "<html>")]);
    assert_eq!(delete(&script).await.unwrap_err().error.kind, ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn delete_with_404_fails_while_the_connector_is_readable() {
    // The server lacks DELETE at this path only.
    let script = Script::new([problem(404, "no route matched"), response(200, &object(3, 1))]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::NotFound);
    found_connector(&failure);
    assert_eq!(failure.availability, Availability::Unaffected);
    // Only the list has the connector.
    let script = Script::new([empty(404), empty(404), response(200, &page(&[object(3, 1)]))]);
    let failure = delete(&script).await.unwrap_err();
    found_connector(&failure);
    assert_eq!(failure.availability, Availability::Unaffected);
}

#[tokio::test(start_paused = true)]
async fn delete_with_404_fails_when_reads_fail() {
    // Below a wrong base URL every response is 404.
    for look in [vec![empty(404), empty(404)], vec![empty(403)], vec![empty(404), empty(403)]] {
        let script = Script::new([empty(404)].into_iter().chain(look));
        let failure = delete(&script).await.unwrap_err();
        assert_eq!(failure.remote, RemoteState::Unknown(None));
        assert_eq!(failure.availability, Availability::Unaffected);
        assert!(script.is_done());
    }
}

#[tokio::test(start_paused = true)]
async fn delete_with_404_right_after_the_create_is_repeated() {
    let script = Script::new([
        response(201, &object(0, 1)),
        empty(404),
        empty(404),
        response(200, &object(0, 1)),
        empty(204),
    ]);
    let connectors = connectors(script.clone());
    connectors.create(&content(), &budget()).await.unwrap();
    let deleted = connectors.delete(&id(), &budget()).await.unwrap();
    assert_eq!(deleted, Deleted { was_missing: false });
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn delete_of_a_connector_in_use_names_its_references() {
    let flow = json!({"id": "f", "name": "Main", "type": "flow"});
    let script = Script::new([problem(412, "in use"), response(200, &page(&[flow]))]);
    let failure = delete(&script).await.unwrap_err();
    let ErrorKind::Referenced(references) = &failure.error.kind else { panic!("{failure:?}") };
    let names: Vec<_> = references.iter().filter_map(|found| found.name.as_deref()).collect();
    assert_eq!(names, ["Main"]);
    assert_eq!(failure.remote, RemoteState::Unchanged);
    // Without the names the error has the same kind.
    let script = Script::new([empty(412), empty(403)]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::Referenced(Vec::<Reference>::new()));
}

#[tokio::test(start_paused = true)]
async fn unclear_delete_is_settled_by_reading() {
    let script = Script::new([empty(500), empty(404), response(200, &page(&[]))]);
    assert_eq!(delete(&script).await.unwrap(), Deleted { was_missing: false });
    let script = Script::new([empty(500), response(200, &object(3, 1))]);
    let failure = delete(&script).await.unwrap_err();
    found_connector(&failure);
    assert_eq!(failure.availability, Availability::Unaffected);
    let script = Script::new([empty(500), empty(403)]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None));
    assert_eq!(failure.availability, Availability::Unaffected);
}

#[tokio::test(start_paused = true)]
async fn refused_delete_changes_nothing() {
    for status in [400, 401, 403] {
        let script = Script::new([empty(status)]);
        let failure = delete(&script).await.unwrap_err();
        assert_eq!(failure.remote, RemoteState::Unchanged);
        assert_eq!(script.requests().len(), 1);
    }
}

fn saga(rest: impl IntoIterator<Item = Reply>) -> Arc<Script> {
    let begin = [
        empty(423),
        response(200, &object(3, 1)),
        response(200, &page(&[])),
        response(200, &inactive(4)),
    ];
    Script::new(begin.into_iter().chain(rest))
}

#[tokio::test(start_paused = true)]
async fn locked_connector_is_deactivated_and_deleted() {
    let script = saga([empty(204)]);
    assert_eq!(delete(&script).await.unwrap(), Deleted { was_missing: false });
    assert_eq!(
        lines(&script),
        [
            "DELETE /connector/{id}",
            "GET /connector/{id}",
            "GET /connector/{id}/incoming-references",
            "PUT /connector/{id}",
            "DELETE /connector/{id}"
        ]
    );
    assert_eq!(script.requests()[3].json()["active"], false);
}

#[tokio::test(start_paused = true)]
async fn connector_in_use_is_not_deactivated() {
    let flow = json!({"id": "f", "name": "Main", "type": "flow"});
    let script =
        Script::new([empty(423), response(200, &object(3, 1)), response(200, &page(&[flow]))]);
    let failure = delete(&script).await.unwrap_err();
    assert!(matches!(&failure.error.kind, ErrorKind::Referenced(found) if found.len() == 1));
    assert!(script.is_done() && script.requests().len() == 3);
}

#[tokio::test(start_paused = true)]
async fn delete_with_unknown_references_deactivates_nothing() {
    let look = |reply: Reply| [empty(423), response(200, &object(3, 1)), reply];
    for reply in [empty(403), raw(200, "<html>")] {
        let script = Script::new(look(reply));
        let failure = delete(&script).await.unwrap_err();
        assert_eq!(failure.error.operation, Operation::ListReferences);
        assert!(found_connector(&failure).is_active());
        assert_eq!(failure.availability, Availability::Unaffected);
        assert_eq!(script.requests().len(), 3, "nothing was deactivated");
    }
    // The endpoint is assumed. Without it, the response to the delete decides.
    let rest = [response(200, &inactive(4)), empty(204)];
    let script = Script::new(look(empty(404)).into_iter().chain(rest));
    assert_eq!(delete(&script).await.unwrap(), Deleted { was_missing: false });
}

#[tokio::test(start_paused = true)]
async fn referring_kinds_count_as_a_reference_with_any_status() {
    let body = json!({"error": {"key": "400", "reason": "dependency exists",
        "referencedEntities": ["flow"]}});
    let script = Script::new([response(400, &body), response(200, &page(&[]))]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::Referenced(Vec::new()));
    assert_eq!(failure.error.referring_kinds, ["flow"]);
}

#[tokio::test(start_paused = true)]
async fn connector_is_reactivated_after_a_refused_delete() {
    let flow = json!({"id": "f", "name": "Main", "type": "flow"});
    let script = saga([empty(412), response(200, &page(&[flow])), response(200, &object(5, 1))]);
    let failure = delete(&script).await.unwrap_err();
    assert!(matches!(&failure.error.kind, ErrorKind::Referenced(found) if found.len() == 1));
    assert_eq!(failure.availability, Availability::Restored);
    let found = found_connector(&failure);
    assert_eq!((found.active, found.version.clone()), (Some(true), Some(5.into())));
}

/// A profile may send the version in `If-Match`.
#[tokio::test(start_paused = true)]
async fn refused_version_of_a_delete_is_no_reference() {
    let mut profile: Value = serde_json::from_str(crate::Profile::built_in().text()).unwrap();
    profile["calls"]["delete"]["headers"] = json!({"If-Match": "{version}"});
    let mut settings = crate::testing::settings(crate::testing::static_token());
    settings.profile = crate::Profile::parse(&profile.to_string()).unwrap();
    let flow = json!({"id": "f", "name": "Main", "type": "flow"});
    for (references, kind) in
        [(vec![], ErrorKind::Conflict), (vec![flow], ErrorKind::Referenced(Vec::new()))]
    {
        let script = Script::new([
            response(200, &object(3, 1)),
            empty(412),
            response(200, &page(&references)),
        ]);
        let client = crate::Client::over(settings.clone(), script.clone()).unwrap();
        let connectors = client.connectors(crate::testing::organization());
        let failure = connectors.delete(&id(), &budget()).await.unwrap_err();
        let found = std::mem::discriminant(&failure.error.kind);
        assert_eq!(found, std::mem::discriminant(&kind), "{failure:?}");
        assert!(script.is_done());
    }
}

#[tokio::test(start_paused = true)]
async fn delete_reports_a_failed_reactivation() {
    let script = saga([empty(403), empty(403)]);
    let failure = delete(&script).await.unwrap_err();
    assert!(matches!(failure.availability, Availability::Lost(_)), "{failure:?}");
    assert!(!found_connector(&failure).is_active());
}

#[tokio::test(start_paused = true)]
async fn ignored_switch_is_reported_by_a_delete() {
    // The deactivation.
    let script = Script::new([
        empty(423),
        response(200, &object(3, 1)),
        response(200, &page(&[])),
        response(200, &object(4, 1)),
        response(200, &object(4, 1)),
    ]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::ActiveUnchanged);
    assert_eq!(failure.availability, Availability::Unaffected);
    assert!(found_connector(&failure).is_active() && failure.credentials_uncertain);
    // The activation after a refused delete.
    let script = saga([empty(403), response(200, &inactive(5)), response(200, &inactive(5))]);
    let failure = delete(&script).await.unwrap_err();
    let Availability::Lost(reason) = &failure.availability else { panic!("{failure:?}") };
    assert_eq!(reason.kind, ErrorKind::ActiveUnchanged);
    assert!(!found_connector(&failure).is_active());
}

#[tokio::test(start_paused = true)]
async fn delete_names_the_references_of_a_refused_deactivation() {
    // The list of references becomes complete between the two requests.
    let flow = json!({"id": "f", "name": "Main", "type": "flow"});
    let script = Script::new([
        empty(423),
        response(200, &object(3, 1)),
        response(200, &page(&[])),
        empty(412),
        response(200, &object(3, 1)),
        response(200, &page(&[flow])),
    ]);
    let failure = delete(&script).await.unwrap_err();
    assert!(matches!(&failure.error.kind, ErrorKind::Referenced(found) if found.len() == 1));
    assert!(found_connector(&failure).is_active());
}

#[tokio::test(start_paused = true)]
async fn page_in_place_of_a_delete_response_is_settled_by_reading() {
    let pages = [
        raw(200, "<html>"),
        raw(200, "[]"),
        raw(200, "null"),
        raw(201, "{}"),
        raw(202, r#"{"login": "https://proxy.example"}"#),
        response(200, &with(object(3, 1), &json!({"id": "another"}))),
    ];
    for reply in pages {
        // It is still there.
        let script = Script::new([reply.clone(), response(200, &object(3, 1))]);
        let failure = delete(&script).await.unwrap_err();
        assert!(matches!(failure.error.kind, ErrorKind::UnreadableBody(_)), "{failure:?}");
        found_connector(&failure);
        // It is gone.
        let script = Script::new([reply, empty(404), response(200, &page(&[]))]);
        assert_eq!(delete(&script).await.unwrap(), Deleted { was_missing: false });
        assert!(script.is_done());
    }
    // A connector that was deactivated for the delete is activated again.
    let script =
        saga([raw(200, "<html>"), response(200, &inactive(4)), response(200, &object(5, 1))]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.availability, Availability::Restored);
    // The API may return the deleted connector.
    let script = Script::new([response(200, &object(3, 1))]);
    assert_eq!(delete(&script).await.unwrap(), Deleted { was_missing: false });
}

#[tokio::test(start_paused = true)]
async fn lock_of_an_inactive_connector_fails_its_delete() {
    let script = Script::new([empty(423), response(200, &inactive(3))]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::LockedThoughInactive);
    // A lock that remains after the deactivation has another reason, too.
    let script = saga([empty(423), response(200, &object(5, 1))]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::LockedThoughInactive);
    // A lock that prevents the deactivation is an error of that step.
    let script = Script::new([
        empty(423),
        response(200, &object(3, 1)),
        response(200, &page(&[])),
        empty(423),
    ]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::Locked);
    assert_eq!(failure.error.operation, Operation::DeactivateConnector);
}

#[tokio::test(start_paused = true)]
async fn failed_delete_reports_how_long_the_connector_was_inactive() {
    let late = |reply: Reply, seconds| reply.after(std::time::Duration::from_secs(seconds));
    let script = Script::new([
        late(empty(423), 30),
        late(response(200, &object(3, 1)), 10),
        late(response(200, &page(&[])), 10),
        late(response(200, &inactive(4)), 3),
        late(empty(403), 2),
        late(response(200, &object(5, 1)), 1),
    ]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.availability, Availability::Restored);
    assert_eq!(failure.inactive_for, Some(std::time::Duration::from_secs(6)));
}

#[tokio::test(start_paused = true)]
async fn delete_stopped_after_deactivating_reactivates() {
    let deactivated =
        |seconds| response(200, &inactive(4)).after(std::time::Duration::from_secs(seconds));
    let active = || response(200, &object(5, 1));
    // The response comes soon after the stop, or too late.
    for rest in [
        vec![deactivated(3), active()],
        vec![deactivated(60), response(200, &inactive(4)), active()],
    ] {
        let begin = [empty(423), response(200, &object(3, 1)), response(200, &page(&[]))];
        let script = Script::new(begin.into_iter().chain(rest));
        let (connectors, id, budget) = (connectors(script.clone()), id(), budget());
        let (ended, ()) = tokio::join!(connectors.delete(&id, &budget), async {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            budget.stop.cancel();
        });
        let failure = ended.unwrap_err();
        assert_eq!(failure.error.kind, ErrorKind::Stopped);
        assert_eq!(failure.availability, Availability::Restored);
        assert!(failure.credentials_uncertain && failure.inactive_for.is_some());
        assert!(found_connector(&failure).is_active());
        assert!(script.is_done());
    }
}

#[tokio::test(start_paused = true)]
async fn references_404_of_a_gateway_deactivates_nothing() {
    let script =
        Script::new([empty(423), response(200, &object(3, 1)), raw(404, "<html>no</html>")]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.error.operation, Operation::ListReferences);
    assert!(found_connector(&failure).is_active());
    assert_eq!(script.requests().len(), 3, "nothing was deactivated");
    // Nor does one of the token endpoint, with any body.
    for reply in [empty(404), problem(404, "no such application")] {
        let token = json!({"access_token": "first-access-token", "expires_in": 7200});
        let script = Script::new([
            response(200, &token),
            empty(423),
            response(200, &object(3, 1)),
            empty(401),
            reply,
        ]);
        let settings = crate::testing::settings(crate::testing::refresh_token());
        let client = crate::Client::over(settings, script.clone()).unwrap();
        let connectors = client.connectors(crate::testing::organization());
        let failure = connectors.delete(&id(), &budget()).await.unwrap_err();
        assert_eq!(failure.error.operation, Operation::RefreshAccessToken);
        assert!(found_connector(&failure).is_active());
        assert!(script.is_done() && script.requests().len() == 5);
    }
}

#[tokio::test(start_paused = true)]
async fn unclear_delete_right_after_the_create_is_not_confirmed_by_absence() {
    let last = |script: &Script| LastWrite {
        created: Some(script.server_now() - 5000),
        ..LastWrite::default()
    };
    // It becomes visible, and is deleted.
    let script = Script::new([empty(500), empty(404), response(200, &page(&[])), empty(204)]);
    let connectors = connectors(script.clone());
    connectors.delete_after(&id(), &last(&script), &budget()).await.unwrap();
    assert!(script.is_done());
    // It stays away: the first delete may have been carried out or not.
    let gone = || [empty(404), empty(404), response(200, &page(&[]))];
    let script = Script::new([empty(500), empty(404), response(200, &page(&[]))]);
    for reply in (0..6).flat_map(|_| gone()) {
        script.then(reply);
    }
    let connectors = crate::testing::connectors(script.clone());
    let failure = connectors.delete_after(&id(), &last(&script), &budget()).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None));
}

#[tokio::test(start_paused = true)]
async fn row_of_the_list_is_not_sent_back() {
    let listed = response(200, &page(&[object(3, 1)]));
    let script = Script::new([empty(423), empty(404), listed]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::Locked);
    assert!(script.is_done() && script.requests().len() == 3);
}

#[tokio::test(start_paused = true)]
async fn edit_by_someone_else_during_a_delete_is_kept_without_versions() {
    let theirs = |active: bool| {
        let changes = json!({"version": null, "scope": "theirs", "active": active});
        response(200, &with(object(0, 1), &changes))
    };
    let script = saga([empty(500), theirs(false), theirs(true)]);
    let failure = delete(&script).await.unwrap_err();
    assert_eq!(failure.availability, Availability::Restored);
    assert_eq!(script.requests().last().unwrap().json()["scope"], "theirs");
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn lock_of_an_inactive_connector_does_not_deactivate_another() {
    let script = Script::new([empty(423), response(200, &inactive(3)), empty(204)]);
    let connectors = connectors(script.clone());
    connectors.delete(&id(), &budget()).await.unwrap_err();
    connectors.delete(&id(), &budget()).await.unwrap();
    assert_eq!(script.requests().len(), 3);
}
