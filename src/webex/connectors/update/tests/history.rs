//! Tests updates after other updates of the same process, which teach it how far an edit moves the
//! version and whether active connectors are locked.

use super::*;

/// Edits whose versions move by other distances than one: the server ignores an edit without a
/// difference, or somebody else saves between the read and the edit.
const HISTORIES: [&[i64]; 6] = [&[], &[0], &[0, 0], &[1, 0], &[1, 2], &[2, 1]];

/// Carries out edits that move the version by these distances, and then updates a connector of
/// version 3.
async fn update_after(history: &[i64], replies: Vec<Reply>) -> Result<Connector, WriteError> {
    let script = Script::new([]);
    let connectors = connectors(script.clone());
    for step in history {
        script.then(response(200, &old(3)));
        script.then(response(200, &object(3 + step, 1)));
        connectors.update(&id(), &content(), &Planned::default(), &budget()).await.unwrap();
    }
    script.then(response(200, &old(3)));
    for reply in replies {
        script.then(reply);
    }
    let updated = connectors.update(&id(), &content(), &planned(3), &budget()).await;
    assert!(script.is_done(), "{history:?}");
    updated.map(|updated| updated.connector)
}

#[tokio::test(start_paused = true)]
async fn unclear_update_is_settled_by_reading_after_any_history() {
    for history in HISTORIES {
        for (found, expected) in [
            (object(4, 1), "done"),
            (object(3, 1), "unchanged"),
            (old(4), "unknown"),
            (object(5, 1), "unknown"),
        ] {
            let replies = vec![empty(500), response(200, &found)];
            let outcome = match update_after(history, replies).await {
                Ok(_) => "done",
                Err(WriteError { remote: RemoteState::Found(_), .. }) => "unchanged",
                Err(WriteError { remote: RemoteState::Unknown(Some(_)), .. }) => "unknown",
                Err(failure) => panic!("{failure:?}"),
            };
            assert_eq!(outcome, expected, "after {history:?}: {found}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lost_response_to_a_deactivation_is_settled_after_any_history() {
    for history in HISTORIES {
        let replies = vec![
            empty(423),
            lost(),
            response(200, &with(old(4), &json!({"active": false}))),
            response(200, &inactive(5)),
            response(200, &object(6, 1)),
        ];
        let connector = update_after(history, replies).await.unwrap();
        assert_eq!(connector.version, Some(6.into()), "{history:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn lock_of_an_inactive_connector_does_not_deactivate_others() {
    let script = Script::new([
        response(200, &inactive(3)),
        empty(423),
        response(200, &old(3)),
        response(200, &object(4, 1)),
    ]);
    let connectors = connectors(script.clone());
    let failure = connectors.update(&id(), &content(), &planned(3), &budget()).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::LockedThoughInactive);
    // An edit of an active connector is tried without a deactivation.
    connectors.update(&id(), &content(), &planned(3), &budget()).await.unwrap();
    assert!(script.is_done());
}
