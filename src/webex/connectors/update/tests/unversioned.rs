//! Tests updates by a server without versions, where the visible fields decide.

use super::*;

fn unversioned(object: Value) -> Value {
    with(object, &json!({"version": null}))
}

fn theirs() -> Value {
    with(unversioned(object(0, 1)), &json!({"scope": "theirs"}))
}

fn off(object: Value) -> Value {
    with(object, &json!({"active": false}))
}

fn puts(script: &Script) -> usize {
    script.lines().iter().filter(|line| line.starts_with("PUT")).count()
}

/// Updates a connector that is as it was planned.
async fn update_as_planned(script: &Arc<Script>) -> Result<Connector, WriteError> {
    let fields = Some(content().fields.with(Field::Scope, "old"));
    let planned = Planned { fields, active: Some(true), ..Planned::default() };
    script.first(response(200, &unversioned(old(0))));
    let updated = connectors(script.clone()).update(&id(), &content(), &planned, &budget()).await;
    updated.map(|updated| updated.connector)
}

#[tokio::test(start_paused = true)]
async fn edit_by_someone_else_while_waiting_for_a_name_is_kept() {
    let own = |scope: &str| with(theirs(), &json!({"name": "old", "scope": scope}));
    let holder = with(unversioned(object(0, 1)), &json!({"id": OTHER_ID}));
    let script = Script::new([
        response(200, &own("old")),
        empty(409).after(Duration::from_millis(100)),
        empty(204).after(Duration::from_secs(5)),
        response(200, &own("old")),
        response(200, &page(&[holder, own("old")])),
        response(200, &page(&[own("theirs")])),
        response(200, &own("theirs")),
    ]);
    let connectors = connectors(script.clone());
    let (budget, content, id, planned) = (budget(), content(), id(), Planned::default());
    let other = crate::ConnectorId::parse(OTHER_ID).unwrap();
    let (updated, deleted) = tokio::join!(
        connectors.update(&id, &content, &planned, &budget),
        connectors.delete(&other, &budget),
    );
    deleted.unwrap();
    let failure = updated.unwrap_err();
    assert!(matches!(failure.error.kind, ErrorKind::Stale { .. }), "{failure:?}");
    assert_eq!(puts(&script), 1);
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn edit_by_someone_else_during_the_saga_is_kept_without_versions() {
    // The response to the edit is lost, and the read shows another content than either.
    let script = Script::new([
        empty(423),
        response(200, &off(unversioned(old(0)))),
        empty(500),
        response(200, &off(theirs())),
        response(200, &theirs()),
    ]);
    let failure = update_as_planned(&script).await.unwrap_err();
    let undo = script.requests().last().unwrap().json();
    assert_eq!((undo["scope"].clone(), undo["active"].clone()), (json!("theirs"), json!(true)));
    assert!(undo.get("clientSecret").is_none());
    assert_eq!(failure.availability, Availability::Restored);
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn edit_by_someone_else_before_activating_is_kept_without_versions() {
    let script = Script::new([
        empty(423),
        response(200, &off(unversioned(old(0)))),
        response(200, &off(unversioned(object(0, 1)))),
        empty(409),
        response(200, &off(theirs())),
        response(200, &theirs()),
    ]);
    let failure = update_as_planned(&script).await.unwrap_err();
    assert!(matches!(failure.error.kind, ErrorKind::Stale { .. }), "{failure:?}");
    assert_eq!(failure.availability, Availability::Restored);
    assert_eq!(found_connector(&failure).fields.get(Field::Scope), Some("theirs"));
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn conflict_with_an_edit_by_someone_else_is_stale_without_versions() {
    let script = Script::new([empty(412), response(200, &theirs())]);
    let failure = update_as_planned(&script).await.unwrap_err();
    assert!(matches!(failure.error.kind, ErrorKind::Stale { .. }), "{failure:?}");
    assert_eq!(found_connector(&failure).fields.get(Field::Scope), Some("theirs"));
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn edit_without_a_body_gets_time_to_become_visible() {
    let update_as_planned = async |script: &Arc<Script>| {
        script.first(response(200, &unversioned(old(0))));
        let mut profile: Value = serde_json::from_str(crate::Profile::built_in().text()).unwrap();
        profile["calls"]["update"].as_object_mut().unwrap().remove("response");
        let mut settings = crate::testing::settings(crate::testing::static_token());
        settings.profile = crate::Profile::parse(&profile.to_string()).unwrap();
        let client = crate::Client::over(settings, script.clone()).unwrap();
        let connectors = client.connectors(crate::testing::organization());
        let updated = connectors.update(&id(), &content(), &Planned::default(), &budget()).await;
        updated.map(|updated| updated.connector)
    };
    let before = || response(200, &unversioned(old(0)));
    let after = || response(200, &unversioned(object(0, 1)));
    let script = Script::new([empty(204), before(), before(), after()]);
    let connector = update_as_planned(&script).await.unwrap();
    assert_eq!(connector.fields.get(Field::Scope), None);
    assert!(script.is_done());
    // An ignored field never becomes visible, and is reported as Webex has it.
    let script = Script::new([empty(204)].into_iter().chain((0..6).map(|_| before())));
    let connector = update_as_planned(&script).await.unwrap();
    assert_eq!(connector.fields.get(Field::Scope), Some("old"));
    assert!(script.is_done());
    // A visible one costs one read.
    let script = Script::new([empty(204), after()]);
    update_as_planned(&script).await.unwrap();
    assert!(script.is_done());
}
