//! Tests updates where activation is a call of its own.

use super::*;
use crate::testing::{settings, static_token};
use crate::{Client, Connectors, Profile};

/// Returns connectors by a profile with calls to activate and deactivate.
fn connectors(script: &Arc<Script>) -> Connectors {
    let mut profile: Value = serde_json::from_str(Profile::built_in().text()).unwrap();
    profile["calls"]["update"]["body"].as_object_mut().unwrap().remove("active");
    for (name, path) in [("activate", "on"), ("deactivate", "off")] {
        profile["calls"][name] = json!({
            "standing": "learned", "method": "POST",
            "path": format!("/organization/{{organization}}/connector/{{id}}/{path}"),
            "response": { "object": "" },
        });
    }
    let mut settings = settings(static_token());
    settings.profile = Profile::parse(&profile.to_string()).unwrap();
    let client = Client::over(settings, script.clone()).unwrap();
    client.connectors(crate::testing::organization())
}

#[tokio::test(start_paused = true)]
async fn edit_with_a_refused_switch_is_still_an_edit() {
    let script =
        Script::new([response(200, &old(3)), response(200, &object(4, 1)), problem(403, "no")]);
    let off = ConnectorContent { active: false, ..content() };
    let updated = connectors(&script).update(&id(), &off, &planned(3), &budget()).await.unwrap();
    assert_eq!((updated.connector.version, updated.connector.active), (Some(4.into()), Some(true)));
    assert_eq!(updated.not_switched.unwrap().kind, ErrorKind::Forbidden);
    assert!(script.is_done());
}

#[tokio::test(start_paused = true)]
async fn lost_response_to_a_switch_is_settled_by_reading() {
    let off = ConnectorContent { active: false, ..content() };
    for (found, is_switched) in [(inactive(5), true), (object(4, 1), false)] {
        let script = Script::new([
            response(200, &old(3)),
            response(200, &object(4, 1)),
            empty(500),
            response(200, &found),
        ]);
        let updated = connectors(&script).update(&id(), &off, &planned(3), &budget()).await;
        let updated = updated.unwrap();
        assert_eq!(updated.connector.active, Some(!is_switched));
        assert_eq!(updated.not_switched.is_none(), is_switched);
        assert!(script.is_done());
    }
}
