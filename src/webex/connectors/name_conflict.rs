//! Waits for a name, or for room in the organization, that this process is about to free.

use std::time::Duration;

use tokio::time::Instant;

use super::super::budget::Budget;
use super::super::connector::ConnectorContent;
use super::super::error::ErrorKind;
use super::super::identifiers::ConnectorId;
use super::super::pipeline::RetryMode;
use super::list_cache::ConnectorList;
use super::releases::ReleaseState;
use super::write_error::WriteError;
use super::{CONNECTOR_LIMIT, Connectors};

/// The time within which a delete or a rename of the same run begins: Terraform starts independent
/// operations together, in any order.
const START_GRACE: Duration = Duration::from_secs(2);

/// The wait after a conflict whose reason the list does not show any more.
const UNSEEN_CONFLICT_PAUSE: Duration = Duration::from_secs(1);

/// The result of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// This process frees nothing that the write needs.
    Unrelated,
    /// This process has freed it. The write can be sent once more.
    Freed,
    /// This process was to free it, and has not.
    StillHeld,
}

impl Connectors {
    /// Waits until a create can be sent once more that was refused because of its name or of the
    /// limit of connectors. `began` is the time of the refused request.
    pub(super) async fn wait_to_create(
        &self,
        content: &ConnectorContent,
        refusal: &WriteError,
        began: Instant,
        budget: &Budget,
    ) -> Wait {
        let name = content.fields.name();
        match (&refusal.error.kind, &refusal.name_holder) {
            (ErrorKind::NameTaken, Some(holder)) => {
                self.wait_for_name(name, &holder.id, None, budget).await
            }
            (ErrorKind::Conflict, None) => self.wait_after_unseen_conflict(None, budget).await,
            // The status 400 may mean refused credentials. They must not be sent again: a third
            // party locks an account after some wrong ones.
            (ErrorKind::InvalidRequest, _) if content.secrets.is_empty() => {
                let count = refusal.connectors_in_organization.unwrap_or_default();
                self.wait_for_room(count, began, budget).await
            }
            _ => Wait::Unrelated,
        }
    }

    /// Waits before a create with credentials until a delete of this process makes room, if a list
    /// shows an organization with as many connectors as Webex allows. A refusal would not show its
    /// reason. Without a cached list, a delete in flight is the reason to read one.
    pub(super) async fn wait_before_create(&self, content: &ConnectorContent, budget: &Budget) {
        if content.secrets.is_empty() {
            return;
        }
        let count = match self.shared.list_cache.cached_count() {
            Some(count) => count,
            None if self.shared.releases.is_delete_in_flight() => {
                let list = self.cached_list(RetryMode::OneAttempt, budget).await;
                list.map(|list| list.connectors().len()).unwrap_or_default()
            }
            None => return,
        };
        if count >= CONNECTOR_LIMIT {
            self.wait_for_room(count, Instant::now(), budget).await;
        }
    }

    /// Waits until this process has deleted or renamed the holder of a name, and until the list
    /// shows it. `own` is the connector that is to get the name.
    pub(super) async fn wait_for_name(
        &self,
        name: &str,
        holder: &ConnectorId,
        own: Option<&ConnectorId>,
        budget: &Budget,
    ) -> Wait {
        let releases = &self.shared.releases;
        if let Some(own) = own
            && !releases.wait_for(own, holder)
        {
            return Wait::StillHeld;
        }
        let wait = self.wait_for_release(name, holder, budget).await;
        if let Some(own) = own {
            releases.wait_for_none(own);
        }
        if wait == Wait::Freed {
            let is_held = |list: &ConnectorList| {
                list.holder_of(name).is_some_and(|found| found.id == *holder)
            };
            self.wait_while(is_held, budget).await;
        }
        wait
    }

    async fn wait_for_release(&self, name: &str, holder: &ConnectorId, budget: &Budget) -> Wait {
        let releases = &self.shared.releases;
        let mut changes = releases.subscribe();
        let grace = budget.at_most(START_GRACE);
        let mut has_begun = false;
        loop {
            let (patience, otherwise) = match releases.state(holder, name) {
                ReleaseState::Ended => return Wait::Freed,
                ReleaseState::InFlight => {
                    has_begun = true;
                    (budget, Wait::StillHeld)
                }
                ReleaseState::None if has_begun => return Wait::StillHeld,
                ReleaseState::None => (&grace, Wait::Unrelated),
            };
            if patience.run(changes.changed()).await.is_err() {
                return otherwise;
            }
        }
    }

    /// Waits after a 409 whose reason the list does not show: a delete or a rename of this process
    /// may have ended in between. `own` is the connector that is to get the name.
    pub(super) async fn wait_after_unseen_conflict(
        &self,
        own: Option<&ConnectorId>,
        budget: &Budget,
    ) -> Wait {
        if !self.shared.releases.is_any_recent(own) {
            return Wait::Unrelated;
        }
        match budget.wait(UNSEEN_CONFLICT_PAUSE).await {
            Ok(()) => Wait::Freed,
            Err(_) => Wait::StillHeld,
        }
    }

    /// Waits until a delete of this process makes room in an organization with as many connectors
    /// as Webex allows.
    async fn wait_for_room(&self, count: usize, began: Instant, budget: &Budget) -> Wait {
        let releases = &self.shared.releases;
        let mut changes = releases.subscribe();
        let grace = budget.at_most(START_GRACE);
        loop {
            let freed = releases.deletes_since(began);
            if count + freed < CONNECTOR_LIMIT {
                return Wait::Unrelated;
            }
            if freed > 0 {
                break;
            }
            let is_in_flight = releases.is_delete_in_flight();
            let patience = if is_in_flight { budget } else { &grace };
            if patience.run(changes.changed()).await.is_err() {
                return Wait::Unrelated;
            }
        }
        self.wait_while(|list| list.connectors().len() >= CONNECTOR_LIMIT, budget).await;
        Wait::Freed
    }

    /// Reads the list until it no longer shows something, at most for the time in which a write
    /// becomes visible.
    async fn wait_while(&self, is_shown: impl Fn(&ConnectorList) -> bool, budget: &Budget) {
        let mut pauses = self.session.pauses_until_visible();
        loop {
            self.forget_list();
            let Ok(list) = self.cached_list(RetryMode::Normal, budget).await else { return };
            let Some(pause) = pauses.next().filter(|_| is_shown(&list)) else { return };
            if budget.wait(pause).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Planned;
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::connectors::{Availability, RemoteState};
    use crate::fields::Field;
    use crate::testing::{
        ID, OTHER_ID, Reply, Script, budget, connectors, content, empty, id, object, page, problem,
        response, with,
    };

    /// Returns the connector that has the name of the create.
    fn holder() -> Value {
        with(object(0, 1), &json!({"id": OTHER_ID}))
    }

    fn other_id() -> ConnectorId {
        ConnectorId::parse(OTHER_ID).unwrap()
    }

    fn list(rows: &[Value]) -> Reply {
        response(200, &page(rows))
    }

    /// Delays the response to a first request, so that the second request is sent before it.
    fn soon(reply: Reply) -> Reply {
        reply.after(Duration::from_millis(100))
    }

    fn late(reply: Reply) -> Reply {
        reply.after(Duration::from_secs(5))
    }

    fn created() -> Reply {
        response(201, &object(0, 1))
    }

    fn posts(script: &Script) -> usize {
        script.lines().iter().filter(|line| line.starts_with("POST")).count()
    }

    fn named(name: &str) -> ConnectorContent {
        let ConnectorContent { active, fields, secrets } = content();
        ConnectorContent { active, fields: fields.with(Field::Name, name), secrets }
    }

    /// Runs a create beside the delete of the connector that has its name.
    async fn create_beside_a_delete(
        script: &Arc<Script>,
        head_start: Duration,
    ) -> Result<(), WriteError> {
        create_content_beside_a_delete(script, &content(), head_start).await
    }

    async fn create_content_beside_a_delete(
        script: &Arc<Script>,
        content: &ConnectorContent,
        head_start: Duration,
    ) -> Result<(), WriteError> {
        let connectors = connectors(script.clone());
        let (budget, other) = (budget(), other_id());
        let (created, _) = tokio::join!(connectors.create(content, &budget), async {
            tokio::time::sleep(head_start).await;
            connectors.delete(&other, &budget).await
        });
        created.map(|_| ())
    }

    #[tokio::test(start_paused = true)]
    async fn create_waits_for_the_delete_that_frees_its_name() {
        let script = Script::new([
            soon(problem(409, "taken")),
            late(empty(204)),
            list(&[holder()]),
            list(&[]),
            created(),
        ]);
        create_beside_a_delete(&script, Duration::ZERO).await.unwrap();
        assert!(script.is_done());
        assert_eq!(script.requests().last().unwrap().at, Duration::from_secs(5));
        // The delete begins a moment after the refusal.
        let script = Script::new([
            problem(409, "taken"),
            list(&[holder()]),
            late(empty(204)),
            list(&[]),
            created(),
        ]);
        create_beside_a_delete(&script, START_GRACE / 2).await.unwrap();
        assert!(script.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn create_after_a_finished_delete_waits_until_the_list_shows_it() {
        let script = Script::new([
            empty(204),
            problem(409, "taken"),
            list(&[holder()]),
            list(&[holder()]),
            list(&[holder()]),
            list(&[]),
            created(),
        ]);
        let connectors = connectors(script.clone());
        connectors.delete(&other_id(), &budget()).await.unwrap();
        connectors.create(&content(), &budget()).await.unwrap();
        assert!(script.is_done());
        // The list has dropped the connector already.
        let script = Script::new([empty(204), problem(409, "taken"), list(&[]), created()]);
        let connectors = crate::testing::connectors(script.clone());
        connectors.delete(&other_id(), &budget()).await.unwrap();
        connectors.create(&content(), &budget()).await.unwrap();
        assert!(script.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn create_is_sent_once_more_and_not_again() {
        let mut replies = vec![empty(204), problem(409, "taken")];
        replies.extend((0..7).map(|_| list(&[holder()])));
        replies.extend([problem(409, "taken"), list(&[holder()])]);
        let script = Script::new(replies);
        let connectors = connectors(script.clone());
        connectors.delete(&other_id(), &budget()).await.unwrap();
        let failure = connectors.create(&content(), &budget()).await.unwrap_err();
        assert!(failure.holder_is_released && failure.error.kind == ErrorKind::NameTaken);
        assert!(script.is_done());
        assert_eq!(posts(&script), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn create_beside_a_failed_delete_is_not_sent_again() {
        let script =
            Script::new([soon(problem(409, "taken")), late(empty(403)), list(&[holder()])]);
        let failure = create_beside_a_delete(&script, Duration::ZERO).await.unwrap_err();
        assert!(failure.holder_is_released);
        assert_eq!(failure.name_holder.unwrap().id, other_id());
        assert_eq!(posts(&script), 1);
        // The holder is no concern of this process.
        let script = Script::new([problem(409, "taken"), list(&[holder()])]);
        let connectors = connectors(script.clone());
        let began = Instant::now();
        let failure = connectors.create(&content(), &budget()).await.unwrap_err();
        assert!(!failure.holder_is_released && failure.name_holder.is_some());
        assert_eq!(began.elapsed(), START_GRACE);
        assert_eq!(posts(&script), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn create_waits_for_the_rename_that_frees_its_name() {
        let renamed = with(object(1, 1), &json!({"id": OTHER_ID, "name": "renamed"}));
        let script = Script::new([
            soon(problem(409, "taken")),
            response(200, &holder()),
            late(response(200, &renamed)),
            list(&[holder()]),
            list(&[renamed]),
            created(),
        ]);
        let connectors = connectors(script.clone());
        let (budget, content, other, edited) = (budget(), content(), other_id(), named("renamed"));
        let planned = Planned::default();
        let (created, updated) = tokio::join!(
            connectors.create(&content, &budget),
            connectors.update(&other, &edited, &planned, &budget),
        );
        created.unwrap();
        updated.unwrap();
        assert!(script.is_done());
    }

    /// Returns as many connectors as an organization can have.
    fn ten() -> Vec<Value> {
        let one =
            |n: usize| with(object(0, 1), &json!({"id": n.to_string(), "name": n.to_string()}));
        (0..CONNECTOR_LIMIT).map(one).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn create_at_the_limit_waits_for_a_delete() {
        let plain = ConnectorContent { secrets: crate::Secrets::default(), ..content() };
        let script = Script::new([
            soon(problem(400, "limit reached")),
            late(empty(204)),
            list(&ten()),
            list(&ten()[1..]),
            created(),
        ]);
        create_content_beside_a_delete(&script, &plain, Duration::ZERO).await.unwrap();
        assert!(script.is_done());
        // Another reason for a 400 is not waited for.
        let script =
            Script::new([soon(problem(400, "password")), late(empty(204)), list(&ten()[3..])]);
        let failure =
            create_content_beside_a_delete(&script, &plain, Duration::ZERO).await.unwrap_err();
        assert_eq!(failure.error.kind, ErrorKind::InvalidRequest);
        assert_eq!(posts(&script), 1);
    }

    /// A third party locks an account after some wrong passwords.
    #[tokio::test(start_paused = true)]
    async fn create_with_refused_credentials_is_not_sent_again() {
        let script = Script::new([soon(problem(400, "password")), late(empty(204)), list(&ten())]);
        let failure = create_beside_a_delete(&script, Duration::ZERO).await.unwrap_err();
        assert_eq!(failure.error.kind, ErrorKind::InvalidRequest);
        assert_eq!(posts(&script), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn create_in_a_full_organization_waits_before_it_is_sent() {
        let script = Script::new([
            list(&ten()),
            late(empty(204)),
            list(&ten()),
            list(&ten()[1..]),
            created(),
        ]);
        let connectors = connectors(script.clone());
        connectors.list(&budget()).await.unwrap();
        let (budget, content, other) = (budget(), content(), other_id());
        let (created, deleted) =
            tokio::join!(connectors.create(&content, &budget), connectors.delete(&other, &budget),);
        created.unwrap();
        deleted.unwrap();
        assert_eq!(posts(&script), 1);
        assert!(script.is_done());
    }

    /// No list is cached: this process has read none, or the delete has dropped it.
    #[tokio::test(start_paused = true)]
    async fn create_reads_the_list_while_a_delete_is_in_flight() {
        let script = Script::new([
            late(empty(204)),
            list(&ten()),
            list(&ten()),
            list(&ten()[1..]),
            created(),
        ]);
        let connectors = connectors(script.clone());
        let (budget, content, other) = (budget(), content(), other_id());
        let (deleted, created) =
            tokio::join!(connectors.delete(&other, &budget), connectors.create(&content, &budget));
        created.unwrap();
        deleted.unwrap();
        assert_eq!(posts(&script), 1);
        assert!(script.is_done());
    }

    /// Returns the connector of the rename.
    fn own(version: i64) -> Value {
        with(object(version, 1), &json!({"name": "old"}))
    }

    /// Runs a rename beside the delete of the connector that has its name. Both succeed.
    async fn rename_beside_a_delete(script: &Arc<Script>) {
        let connectors = connectors(script.clone());
        let (budget, content, id, other) = (budget(), content(), id(), other_id());
        let planned = Planned::default();
        let (updated, deleted) = tokio::join!(
            connectors.update(&id, &content, &planned, &budget),
            connectors.delete(&other, &budget),
        );
        assert_eq!(updated.unwrap().connector.version, Some(4.into()));
        deleted.unwrap();
        assert!(script.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn rename_waits_for_the_delete_that_frees_its_name() {
        let script = Script::new([
            response(200, &own(3)),
            soon(problem(409, "taken")),
            late(empty(204)),
            response(200, &own(3)),
            list(&[holder(), own(3)]),
            list(&[own(3)]),
            response(200, &own(3)),
            response(200, &object(4, 1)),
        ]);
        rename_beside_a_delete(&script).await;
    }

    #[tokio::test(start_paused = true)]
    async fn rename_after_a_delete_in_between_is_sent_once_more() {
        let script = Script::new([
            response(200, &own(3)),
            soon(problem(409, "taken")),
            empty(204),
            response(200, &own(3)),
            list(&[own(3)]),
            response(200, &own(3)),
            response(200, &object(4, 1)),
        ]);
        rename_beside_a_delete(&script).await;
    }

    #[tokio::test(start_paused = true)]
    async fn connector_is_not_deactivated_for_a_taken_name() {
        let script = Script::new([
            response(200, &own(3)),
            problem(423, "Deactivate the connector"),
            list(&[holder(), own(3)]),
        ]);
        let connectors = connectors(script.clone());
        let failure =
            connectors.update(&id(), &content(), &Planned::default(), &budget()).await.unwrap_err();
        assert_eq!(failure.error.kind, ErrorKind::NameTaken);
        assert_eq!(failure.error.descriptions, [""; 0], "those of the refusal would mislead");
        assert_eq!(failure.availability, Availability::Unaffected);
        assert!(matches!(failure.remote, RemoteState::Found(_)));
        assert!(script.is_done());
        let puts = script.lines().iter().filter(|line| line.starts_with("PUT")).count();
        assert_eq!(puts, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn renames_that_need_each_other_do_not_wait() {
        let first = || with(object(3, 1), &json!({"name": "a"}));
        let second = || with(object(3, 1), &json!({"id": OTHER_ID, "name": "b"}));
        let script = Script::new([
            response(200, &first()),
            soon(problem(409, "taken")),
            response(200, &second()),
            late(problem(409, "taken")),
            response(200, &first()),
            list(&[first(), second()]),
            response(200, &second()),
            list(&[first(), second()]),
        ]);
        let connectors = connectors(script.clone());
        let (budget, id, other) = (budget(), id(), other_id());
        let (to_b, to_a, planned) = (named("b"), named("a"), Planned::default());
        let (one, two) = tokio::join!(
            connectors.update(&id, &to_b, &planned, &budget),
            connectors.update(&other, &to_a, &planned, &budget),
        );
        let (one, two) = (one.unwrap_err(), two.unwrap_err());
        assert!(one.holder_is_released && two.holder_is_released, "{one:?} {two:?}");
        assert_eq!(one.name_holder.unwrap().id.as_str(), OTHER_ID);
        assert_eq!(two.name_holder.unwrap().id.as_str(), ID);
        assert_eq!(script.requests().last().unwrap().at, Duration::from_secs(5));
        assert!(script.is_done());
    }
}
