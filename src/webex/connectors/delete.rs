//! Deletes a connector, also one that has to be deactivated first.

use tokio::time::Instant;

use super::super::budget::Budget;
use super::super::calls::CallName;
use super::super::connector::{Connector, Reference, Version};
use super::super::error::{Error, ErrorKind, Operation};
use super::super::fields::NO_SECRETS;
use super::super::identifiers::ConnectorId;
use super::activation::{ActivationError, Deactivated};
use super::write_error::{RemoteState, WriteError, log_inactive_time};
use super::{Connectors, LastWrite, Presence, is_missing};

/// A deleted connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Whether it was gone before the delete.
    pub was_missing: bool,
}

impl Connectors {
    /// Deletes a connector. One that is gone already is a success, when neither a read by id nor
    /// the list finds it: a 404 alone may come from a server without this method at this path. A
    /// response of success with a body that is not the API's is settled by such a read as well.
    ///
    /// When the server refuses to delete an active connector (423), it is deactivated first, and
    /// activated again if the delete fails.
    ///
    /// # Errors
    /// The error describes the connector after the failure.
    pub async fn delete(&self, id: &ConnectorId, budget: &Budget) -> Result<Deleted, WriteError> {
        self.delete_after(id, &LastWrite::default(), budget).await
    }

    /// Deletes a connector like [`delete`](Self::delete). One that Webex does not show is not gone
    /// when the caller has created it moments ago: it gets time to become visible, and then the
    /// delete fails with [`ErrorKind::NotFound`].
    ///
    /// # Errors
    /// The error describes the connector after the failure.
    pub async fn delete_after(
        &self,
        id: &ConnectorId,
        last: &LastWrite,
        budget: &Budget,
    ) -> Result<Deleted, WriteError> {
        self.shared.knowledge.note_requested(id);
        let release = self.shared.releases.begin(id, None);
        let deletion = Deletion { connectors: self, id, last, budget };
        let outcome = deletion.run().await;
        if outcome.is_ok() {
            self.shared.knowledge.note_deleted(id);
            release.succeeded();
        }
        outcome
    }
}

/// The delete of a connector.
struct Deletion<'a> {
    connectors: &'a Connectors,
    id: &'a ConnectorId,
    last: &'a LastWrite,
    budget: &'a Budget,
}

impl Deletion<'_> {
    async fn run(&self) -> Result<Deleted, WriteError> {
        let profile = &self.connectors.session.endpoints.profile;
        let is_locked = self.connectors.locks_active();
        let mut version = None;
        if is_locked || profile.uses_version(CallName::Delete) {
            let Some(current) = self.current().await? else {
                return Ok(Deleted { was_missing: true });
            };
            if is_locked && current.is_active() {
                let locked = Error::new(Operation::DeleteConnector, ErrorKind::Locked);
                return self.saga_from(locked, current).await;
            }
            version = current.version;
        }
        match self.attempt(version.as_ref()).await {
            Err(failure) if failure.error.kind == ErrorKind::Locked => {
                self.saga(failure.error).await
            }
            settled => settled,
        }
    }

    /// Sends a DELETE, and reads its outcome if necessary.
    async fn attempt(&self, version: Option<&Version>) -> Result<Deleted, WriteError> {
        let organization = self.connectors.organization;
        let endpoints = &self.connectors.session.endpoints;
        let request =
            endpoints.delete(organization, self.id, version).map_err(WriteError::unchanged)?;
        let mut may_be_too_early = self.connectors.shared.knowledge.was_just_created(self.id);
        let mut pauses = self.connectors.session.pauses_until_visible();
        let mut may_be_deleted = false;
        loop {
            let error = match self.connectors.write(&request, self.budget).await {
                Ok(response) => match endpoints.profile.confirm_delete(response.body(), self.id) {
                    Ok(()) => return Ok(Deleted { was_missing: false }),
                    // A gateway or a proxy may have responded in Webex's place.
                    Err(problem) => response.unreadable(problem).with_outcome_unknown(true),
                },
                Err(error) => error,
            };
            let is_referenced =
                matches!(error.kind, ErrorKind::Referenced(_)) || !error.referring_kinds.is_empty();
            if is_referenced {
                let references = self.connectors.references_best_effort(self.id, self.budget).await;
                return Err(referenced(error, references));
            }
            let is_unclear = error.outcome_unknown;
            may_be_deleted |= is_unclear;
            let is_missing = is_missing(&error, Operation::DeleteConnector);
            if !is_unclear && !is_missing {
                return Err(WriteError::unchanged(error));
            }
            // A 404 may also mean that the server lacks this method at this path, so the connector
            // is read after a 404 as well.
            return match self.connectors.look_up(self.id, &self.budget.for_reconciliation()).await {
                // It may not be visible yet.
                Ok(Presence::Gone)
                    if self.connectors.is_recent(self.last.created, self.budget).await =>
                {
                    match pauses.next() {
                        Some(pause) if self.budget.wait(pause).await.is_ok() => continue,
                        Some(_) | None if may_be_deleted => {
                            Err(unknown(error.with_outcome_unknown(true)))
                        }
                        Some(_) | None => Err(WriteError::unchanged(error)),
                    }
                }
                Ok(Presence::Gone) => Ok(Deleted { was_missing: !may_be_deleted }),
                Ok(Presence::Found(_) | Presence::OnlyListed(..))
                    if is_missing && std::mem::take(&mut may_be_too_early) =>
                {
                    continue;
                }
                Ok(Presence::Found(found) | Presence::OnlyListed(found, _)) => {
                    Err(WriteError::new(error, found.into()))
                }
                Err(_) if is_unclear => Err(unknown(error)),
                Err(reason) => Err(unknown(reason)),
            };
        }
    }

    /// Lists the references for a decision. The endpoint is assumed: its absence (404 of the API)
    /// allows the delete, any other failure prevents it.
    async fn references_for_sure(&self) -> Result<Vec<Reference>, Error> {
        match self.connectors.references(self.id, self.budget).await {
            Err(error) if matches!(error.kind, ErrorKind::NotInProfile(_)) => Ok(Vec::new()),
            Err(error) if is_missing(&error, Operation::ListReferences) => Ok(Vec::new()),
            found => found,
        }
    }

    async fn saga(&self, locked: Error) -> Result<Deleted, WriteError> {
        match self.current().await? {
            Some(current) => self.saga_from(locked, current).await,
            None => Ok(Deleted { was_missing: false }),
        }
    }

    /// Reads the connector. One that was created moments ago gets time to become visible.
    async fn current(&self) -> Result<Option<Connector>, WriteError> {
        let mut pauses = self.connectors.session.pauses_until_visible();
        loop {
            let found = self.connectors.read_fresh(self.id, self.budget).await;
            let found = found.map_err(WriteError::unchanged)?;
            if found.is_some() || !self.connectors.is_recent(self.last.created, self.budget).await {
                return Ok(found);
            }
            match pauses.next() {
                Some(pause) if self.budget.wait(pause).await.is_ok() => {}
                Some(_) | None => {
                    let error = Error::new(Operation::DeleteConnector, ErrorKind::NotFound);
                    return Err(WriteError::unchanged(error));
                }
            }
        }
    }

    /// Deactivates the connector, deletes it, and activates it again if the delete fails.
    async fn saga_from(&self, locked: Error, current: Connector) -> Result<Deleted, WriteError> {
        self.connectors.note_lock(&locked, &current)?;
        // Deactivating it would send back what the row has, and drop the rest.
        if current.is_row() {
            return Err(WriteError::new(locked, current.into()));
        }
        // Deactivating a connector in use would break flows in vain. It might also blank the
        // secrets, which are unknown here.
        match self.references_for_sure().await {
            Ok(references) if references.is_empty() => {}
            // The words of the refusal advise to deactivate the connector, which would be wrong.
            Ok(references) => return Err(referenced(locked.without_descriptions(), references)),
            Err(error) => return Err(WriteError::new(error, current.into())),
        }
        let budget = self.connectors.reserve_switch(&current, self.budget).await?;
        let reserved = Deletion { budget: &budget, ..*self };
        reserved.switch_and_delete(&current).await
    }

    /// Deactivates an active connector and deletes it. Activates it again if the delete fails, as
    /// it was found after that.
    async fn switch_and_delete(&self, current: &Connector) -> Result<Deleted, WriteError> {
        let connectors = self.connectors;
        let began = Instant::now();
        let inactive = connectors.deactivate(current, &NO_SECRETS, &NO_SECRETS, self.budget).await;
        let inactive = inactive.map_err(ActivationError::before_the_write)?;
        let mut failure = match self.attempt(inactive.connector.version.as_ref()).await {
            Ok(deleted) => {
                log_inactive_time(self.id, began);
                return Ok(deleted);
            }
            Err(failure) => failure,
        };
        if failure.error.kind == ErrorKind::Locked {
            failure.error = failure.error.with_kind(ErrorKind::LockedThoughInactive);
        }
        let latest = match &failure.remote {
            RemoteState::Found(found) if !found.is_row() => {
                Deactivated { connector: (**found).clone(), ..inactive }
            }
            RemoteState::Found(_)
            | RemoteState::Absent
            | RemoteState::Unchanged
            | RemoteState::OnlyId(_)
            | RemoteState::Unknown(_) => inactive,
        };
        let undone = connectors.undo(failure, latest, &NO_SECRETS, true, self.budget).await;
        Err(undone.measured(self.id, began))
    }
}

/// Returns the error for 412, or for another status with the kinds of the referring objects.
fn referenced(error: Error, references: Vec<Reference>) -> WriteError {
    WriteError::unchanged(error.with_kind(ErrorKind::Referenced(references)))
}

/// Returns an error with an unknown outcome. A delete carries no credentials, so Webex has the old
/// ones unless the connector was deactivated.
fn unknown(error: Error) -> WriteError {
    WriteError::new(error, RemoteState::Unknown(None))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{
        ID, Reply, Script, budget, connectors, content, empty, found_connector, id, lost, object,
        page, problem, raw, response, with,
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
        let gone =
            || [problem(404, "not found"), problem(404, "not found"), response(200, &page(&[]))];
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
        let script =
            saga([empty(412), response(200, &page(&[flow])), response(200, &object(5, 1))]);
        let failure = delete(&script).await.unwrap_err();
        assert!(matches!(&failure.error.kind, ErrorKind::Referenced(found) if found.len() == 1));
        assert_eq!(failure.availability, Availability::Restored);
        let found = found_connector(&failure);
        assert_eq!((found.active, found.version.clone()), (Some(true), Some(5.into())));
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
        let script = Script::new([
            empty(423),
            response(200, &object(3, 1)),
            response(200, &page(&[])),
            response(200, &inactive(4)).after(std::time::Duration::from_secs(3)),
            response(200, &object(5, 1)),
        ]);
        let connectors = connectors(script.clone());
        let (id, budget) = (id(), budget());
        let (ended, ()) = tokio::join!(connectors.delete(&id, &budget), async {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            budget.stop.cancel();
        });
        let failure = ended.unwrap_err();
        assert_eq!(failure.error.kind, ErrorKind::Stopped);
        assert_eq!(failure.availability, Availability::Restored);
        assert!(found_connector(&failure).is_active());
        assert_eq!(script.requests().len(), 5);
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
}
