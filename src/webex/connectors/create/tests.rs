//! Tests creates, request by request, with scripted responses.

use serde_json::{Value, json};

use super::*;
use crate::problems::Deadline;
use crate::testing::{
    ID, OTHER_ID, Reply, SERVER_EPOCH, Script, budget, connectors, content, empty, id, lost,
    object, page, problem, raw, response, with,
};
use crate::transport::FailureKind;
use crate::{Field, Planned};

async fn create(script: &std::sync::Arc<Script>) -> Result<Created, WriteError> {
    connectors(script.clone()).create(&content(), &budget()).await
}

fn seconds(count: i64) -> i64 {
    SERVER_EPOCH + count * 1000
}

fn rows(rows: &[Value]) -> Reply {
    response(200, &page(rows))
}

#[tokio::test(start_paused = true)]
async fn create_costs_one_post() {
    let script = Script::new([response(201, &object(0, seconds(0)))]);
    let created = create(&script).await.unwrap();
    assert_eq!((created.connector.id.as_str(), created.adopted), (ID, false));
    assert_eq!(script.lines(), ["POST /connector"]);
    assert_eq!(script.requests()[0].json()["clientSecret"], "s3cret-canary");
}

#[tokio::test(start_paused = true)]
async fn create_that_was_not_processed_is_sent_again() {
    for reply in [
        empty(429),
        Reply::Failure(FailureKind::Connection),
        Reply::Failure(FailureKind::Timeout(Deadline::Connect)),
    ] {
        let script = Script::new([reply, response(201, &object(0, seconds(0)))]);
        assert!(!create(&script).await.unwrap().adopted);
        assert_eq!(script.lines(), ["POST /connector", "POST /connector"]);
    }
}

/// Returns the replies after which the outcome is unknown.
fn unclear() -> Vec<Reply> {
    vec![
        lost(),
        empty(500),
        raw(502, "<html>"),
        empty(503),
        empty(504),
        Reply::Hang,
        Reply::Failure(FailureKind::Timeout(Deadline::FirstByte)),
        Reply::Failure(FailureKind::BodyTooLarge),
    ]
}

#[tokio::test(start_paused = true)]
async fn connector_of_a_lost_response_is_adopted() {
    for reply in unclear() {
        let script = Script::new([reply, rows(&[object(0, seconds(1))])]);
        let created = create(&script).await.unwrap();
        assert_eq!((created.connector.id.as_str(), created.adopted), (ID, true));
        assert_eq!(script.lines(), ["POST /connector", "GET /v2/connector"]);
    }
}

#[tokio::test(start_paused = true)]
async fn create_without_a_connector_is_safe_to_repeat() {
    for reply in unclear() {
        let mut replies = vec![reply];
        replies.extend((0..6).map(|_| rows(&[])));
        let script = Script::new(replies);
        let failure = create(&script).await.unwrap_err();
        assert_eq!(failure.remote, RemoteState::Absent);
        assert!(failure.error.outcome_unknown);
        assert!(script.is_done());
        let posts = script.lines().iter().filter(|line| line.starts_with("POST")).count();
        assert_eq!(posts, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn connector_that_becomes_visible_later_is_adopted() {
    let script = Script::new([lost(), rows(&[]), rows(&[]), rows(&[object(0, seconds(0))])]);
    assert!(create(&script).await.unwrap().adopted);
}

#[tokio::test(start_paused = true)]
async fn only_a_connector_of_this_create_is_adopted() {
    let ours = object(0, seconds(60));
    for (found, adopted) in [
        (ours.clone(), true),
        // The server spells a URL differently.
        (with(ours.clone(), &json!({"resourceDomain": "https://CRM.example/api/"})), true),
        (with(ours.clone(), &json!({"scope": "other"})), false),
        (with(ours.clone(), &json!({"clientId": null})), false),
        (with(ours.clone(), &json!({"createdTime": seconds(57)})), false),
        (with(ours.clone(), &json!({"createdTime": seconds(0)})), false),
        (with(ours.clone(), &json!({"createdTime": null})), false),
    ] {
        let script = Script::new([lost(), rows(std::slice::from_ref(&found))]);
        let connectors = connectors(script.clone());
        tokio::time::advance(Duration::from_secs(60)).await;
        let outcome = connectors.create(&content(), &budget()).await;
        assert_eq!(outcome.is_ok(), adopted, "{found}");
        if let Err(failure) = outcome {
            let Some(connector) = failure.name_holder else { panic!("{failure:?}") };
            assert_eq!(failure.remote, RemoteState::Unknown(None));
            assert_eq!(connector.id.as_str(), ID);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn connector_is_not_adopted_without_a_server_date() {
    let undated = rows(&[object(0, seconds(0))]).header("date", "no date");
    let script = Script::new([lost(), undated]);
    let failure = create(&script).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None), "{failure:?}");
    assert!(failure.name_holder.is_some(), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn connector_from_before_the_create_is_not_adopted() {
    let known = object(0, seconds(9));
    let script = Script::new([rows(std::slice::from_ref(&known)), lost(), rows(&[known])]);
    let connectors = connectors(script.clone());
    connectors.list(&budget()).await.unwrap();
    let failure = connectors.create(&content(), &budget()).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None), "{failure:?}");
    assert!(failure.name_holder.is_some(), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn connector_of_another_create_is_not_adopted() {
    // Two resources with the same name and fields: one gets a response, the other does not, in
    // either order.
    let made = || response(201, &object(0, seconds(0)));
    let found = || rows(&[object(0, seconds(0))]);
    let late = Duration::from_secs(1);
    for (one, other) in [
        (made(), lost().after(late)),
        (made().after(late), lost()),
        (lost().after(late), lost().after(2 * late)),
    ] {
        let script = Script::new([one, other, found(), found()]);
        let connectors = connectors(script.clone());
        let (budget, content) = (budget(), content());
        let (one, other) = tokio::join!(
            connectors.create(&content, &budget),
            connectors.create(&content, &budget)
        );
        let owners = [&one, &other].into_iter().filter(|created| created.is_ok()).count();
        assert_eq!(owners, 1, "{one:?} {other:?}");
        let failure = one.err().or(other.err()).unwrap();
        assert_eq!(failure.remote, RemoteState::Unknown(None), "{failure:?}");
        assert!(failure.name_holder.is_some(), "{failure:?}");
    }
}

/// The connector is renamed after the create, and before the look-up.
#[tokio::test(start_paused = true)]
async fn lost_create_names_new_connectors_of_other_names() {
    let renamed = with(object(0, seconds(0)), &json!({"name": "renamed"}));
    let undated = with(renamed.clone(), &json!({"createdTime": null}));
    let older = with(renamed.clone(), &json!({"createdTime": seconds(-99)}));
    let other = with(renamed.clone(), &json!({"id": OTHER_ID}));
    for (reply, listed_before, listed, new) in [
        (lost(), None, renamed.clone(), true),
        (raw(200, "<html>"), None, renamed.clone(), true),
        (lost(), None, older, false),
        (lost(), None, undated.clone(), false),
        (lost(), Some(other), undated.clone(), true),
        (lost(), Some(undated.clone()), undated, false),
        (lost(), Some(renamed.clone()), renamed, false),
    ] {
        let before = listed_before.as_ref().map(|before| rows(std::slice::from_ref(before)));
        let after = (0..6).map(|_| rows(std::slice::from_ref(&listed)));
        let script = Script::new(before.into_iter().chain([reply.clone()]).chain(after));
        let connectors = connectors(script.clone());
        if listed_before.is_some() {
            connectors.list(&budget()).await.unwrap();
        }
        let failure = connectors.create(&content(), &budget()).await.unwrap_err();
        let ids = failure.new_connectors.iter().map(|new| new.id.as_str()).collect::<Vec<_>>();
        assert_eq!(ids, if new { vec![ID] } else { vec![] }, "{listed} {reply:?}");
        let is_absent = failure.remote == RemoteState::Absent;
        assert_eq!(is_absent, !new, "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn lost_create_does_not_name_connectors_of_other_creates() {
    // The other create gets its response before the look-up, or during it.
    let other = with(object(0, seconds(0)), &json!({"id": OTHER_ID, "name": "other"}));
    for delay in [0, 9] {
        let made = response(201, &other).after(Duration::from_secs(delay));
        let lists = (0..20).map(|_| rows(std::slice::from_ref(&other)));
        let lost = lost().after(Duration::from_secs(1));
        let script = Script::new([lost, made].into_iter().chain(lists));
        let connectors = connectors(script.clone());
        let (budget, one) = (budget(), content());
        let two =
            ConnectorContent { fields: content().fields.with(Field::Name, "other"), ..content() };
        let (one, two) =
            tokio::join!(connectors.create(&one, &budget), connectors.create(&two, &budget));
        assert_eq!(two.unwrap().connector.id.as_str(), OTHER_ID);
        let failure = one.unwrap_err();
        assert!(failure.new_connectors.is_empty(), "{failure:?}");
        assert_eq!(failure.remote, RemoteState::Absent);
    }
}

#[tokio::test(start_paused = true)]
async fn create_whose_lookup_fails_has_an_unknown_outcome() {
    let script = Script::new([lost(), empty(403)]);
    let failure = create(&script).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None));
    assert_eq!(failure.name_holder, None);
    assert_eq!(failure.error.kind, ErrorKind::ConnectionLost);
}

#[tokio::test(start_paused = true)]
async fn create_past_its_deadline_is_still_looked_up() {
    let script = Script::new([Reply::Hang, rows(&[object(0, seconds(1))])]);
    let connectors = connectors(script.clone());
    let short = Budget { deadline: Instant::now() + Duration::from_secs(9), ..budget() };
    assert!(connectors.create(&content(), &short).await.unwrap().adopted);
}

#[tokio::test(start_paused = true)]
async fn created_connector_is_found_after_an_incomplete_response() {
    // The response has only the id.
    let script = Script::new([response(201, &json!({"id": ID})), response(200, &object(0, 1))]);
    let created = create(&script).await.unwrap();
    assert_eq!((created.connector.name(), created.adopted), ("crm", false));
    // And reading the connector fails.
    let script = Script::new([response(201, &json!({"id": ID})), empty(403)]);
    let failure = create(&script).await.unwrap_err();
    let RemoteState::OnlyId(id) = failure.remote else { panic!("{failure:?}") };
    assert_eq!(id.as_str(), ID);
    // The response is empty.
    let script = Script::new([empty(201), rows(&[object(0, seconds(0))])]);
    assert!(create(&script).await.unwrap().adopted);
    let script = Script::new([raw(201, "<html>"), empty(403)]);
    let failure = create(&script).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None));
    assert_eq!(failure.name_holder, None);
}

#[tokio::test(start_paused = true)]
async fn unreadable_success_adopts_only_a_connector_of_this_create() {
    let pages = || [raw(200, "<html>"), response(201, &json!({})), empty(201), raw(200, "[]")];
    for reply in pages() {
        let older = object(0, seconds(-99));
        let script = Script::new([reply.clone(), rows(&[older])]);
        let failure = create(&script).await.unwrap_err();
        assert_eq!(failure.remote, RemoteState::Unknown(None), "{failure:?}");
        assert_eq!(failure.name_holder.unwrap().id.as_str(), ID);
        let other = with(object(0, seconds(0)), &json!({"scope": "other"}));
        let script = Script::new([reply.clone(), rows(&[other])]);
        assert!(create(&script).await.unwrap_err().name_holder.is_some());
        let script = Script::new([reply, rows(&[object(0, seconds(0))])]);
        assert!(create(&script).await.unwrap().adopted);
    }
    // No connector has the name.
    let mut replies = vec![raw(200, "<html>")];
    replies.extend((0..6).map(|_| rows(&[])));
    let failure = create(&Script::new(replies)).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None), "the response was not lost");
    assert!(failure.error.outcome_unknown);
}

#[tokio::test(start_paused = true)]
async fn known_connector_in_the_response_is_not_adopted() {
    // The response repeats a connector of state.
    for body in [object(0, seconds(0)), json!({"id": ID})] {
        let mine = || response(200, &object(0, seconds(0)));
        let script = Script::new([mine(), response(201, &body), rows(&[object(0, seconds(0))])]);
        let connectors = connectors(script.clone());
        connectors.read_fresh(&id(), &budget()).await.unwrap();
        let failure = connectors.create(&content(), &budget()).await.unwrap_err();
        assert_eq!(failure.remote, RemoteState::Unknown(None), "{failure:?}");
        assert_eq!(failure.name_holder.unwrap().id.as_str(), ID);
        assert!(script.is_done());
    }
}

#[tokio::test(start_paused = true)]
async fn connector_that_this_process_deletes_or_edits_is_not_adopted() {
    let fresh = || object(0, seconds(0));
    let slow = Duration::from_secs(5);
    let late = || lost().after(Duration::from_secs(1));
    let deletion = Script::new([late(), empty(204).after(slow), rows(&[fresh()])]);
    let edit = Script::new([
        late(),
        response(200, &fresh()),
        response(200, &fresh()).after(slow),
        rows(&[fresh()]),
    ]);
    for (script, is_delete) in [(deletion, true), (edit, false)] {
        let connectors = connectors(script.clone());
        let (budget, content, id) = (budget(), content(), id());
        let (created, ()) = tokio::join!(connectors.create(&content, &budget), async {
            if is_delete {
                connectors.delete(&id, &budget).await.unwrap();
            } else {
                connectors.update(&id, &content, &Planned::default(), &budget).await.unwrap();
            }
        });
        let failure = created.unwrap_err();
        assert_eq!(failure.remote, RemoteState::Unknown(None), "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn connector_of_any_earlier_list_is_not_adopted() {
    let known = object(0, seconds(9));
    let script =
        Script::new([rows(std::slice::from_ref(&known)), empty(204), lost(), rows(&[known])]);
    let connectors = connectors(script.clone());
    connectors.list(&budget()).await.unwrap();
    // A write drops the list.
    let other = ConnectorId::parse(OTHER_ID).unwrap();
    connectors.delete(&other, &budget()).await.unwrap();
    let failure = connectors.create(&content(), &budget()).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn create_with_a_taken_name_names_the_holder() {
    for name in ["crm", "CRM"] {
        let holder = with(object(4, seconds(5)), &json!({"id": OTHER_ID, "name": name}));
        let script = Script::new([problem(409, "similar entity"), rows(&[holder])]);
        let failure = create(&script).await.unwrap_err();
        assert_eq!(failure.error.kind, ErrorKind::NameTaken);
        assert_eq!(failure.remote, RemoteState::Absent);
        let holder = failure.name_holder.unwrap();
        assert_eq!(holder.id.as_str(), OTHER_ID);
        assert_eq!(failure.error.descriptions, ["similar entity"]);
    }
    let script = Script::new([empty(409), rows(&[])]);
    let failure = create(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::Conflict);
    assert_eq!(failure.remote, RemoteState::Absent);
    assert!(!failure.error.outcome_unknown && failure.name_holder.is_none());
}

#[tokio::test(start_paused = true)]
async fn invalid_create_counts_the_connectors() {
    let many: Vec<_> =
        (0..10).map(|n| with(object(0, 1), &json!({"id": format!("{n}")}))).collect();
    let script = Script::new([problem(400, "limit reached"), rows(&many)]);
    let failure = create(&script).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::InvalidRequest);
    assert_eq!(failure.connectors_in_organization, Some(10));
    assert_eq!(failure.error.descriptions, ["limit reached"]);
    assert_eq!(failure.error.server_tracking_id.as_deref(), Some("ccconfig_1"));
    // The count is optional: its failure is ignored.
    let script = Script::new([problem(400, "password"), empty(503)]);
    let failure = create(&script).await.unwrap_err();
    assert_eq!(failure.connectors_in_organization, None);
    assert_eq!(failure.remote, RemoteState::Absent);
    assert!(!failure.error.outcome_unknown && failure.name_holder.is_none());
}

#[tokio::test(start_paused = true)]
async fn stopped_create_is_not_looked_up() {
    let script = Script::new([Reply::Hang]);
    let connectors = connectors(script.clone());
    let (budget, content) = (budget(), content());
    let (ended, ()) = tokio::join!(connectors.create(&content, &budget), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        budget.stop.cancel();
    });
    let failure = ended.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None));
    assert_eq!(failure.name_holder, None);
    assert_eq!(failure.error.kind, ErrorKind::Stopped);
    assert_eq!(script.lines(), ["POST /connector"]);
}

#[tokio::test(start_paused = true)]
async fn row_without_its_time_is_completed_before_it_is_adopted() {
    let mut row = object(0, seconds(0));
    row.as_object_mut().unwrap().remove("createdTime");
    let script = Script::new([lost(), rows(&[row]), response(200, &object(0, seconds(0)))]);
    assert!(create(&script).await.unwrap().adopted);
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn partial_response_to_a_create_is_completed_by_one_read() {
    for key in ["createdTime", "version", "lastUpdatedTime"] {
        let mut partial = object(0, seconds(0));
        partial.as_object_mut().unwrap().remove(key);
        let partial = response(201, &partial);
        let script = Script::new([partial.clone(), response(200, &object(0, seconds(0)))]);
        let connector = create(&script).await.unwrap().connector;
        assert_eq!(connector.version, Some(0.into()));
        assert_eq!(
            (connector.created_time, connector.last_updated_time),
            (Some(seconds(0)), Some(seconds(0)))
        );
        assert!(script.is_done());
        // The connector is created, whatever the read says.
        let script = Script::new([partial, empty(403)]);
        assert_eq!(create(&script).await.unwrap().connector.name(), "crm");
    }
}

#[tokio::test(start_paused = true)]
async fn confirmed_create_without_an_id_stays_unknown() {
    let mut profile: Value = serde_json::from_str(crate::Profile::built_in().text()).unwrap();
    profile["calls"]["create"].as_object_mut().unwrap().remove("response");
    let mut settings = crate::testing::settings(crate::testing::static_token());
    settings.profile = crate::Profile::parse(&profile.to_string()).unwrap();
    let script = Script::new([rows(&[]), empty(201)].into_iter().chain((0..6).map(|_| rows(&[]))));
    let client = crate::Client::over(settings, script.clone()).unwrap();
    let connectors = client.connectors(crate::testing::organization());
    let failure = connectors.create(&content(), &budget()).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Unknown(None));
    assert!(script.is_done());
}
