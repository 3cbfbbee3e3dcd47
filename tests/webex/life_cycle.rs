//! The life cycle of a connector, for each kind.

use std::time::Duration;

use safe_text::Secret;
use serde_json::json;
use webex_cc_simulator::{Authorization, OmittedSecret, Options, SecretsInAnswers, Simulator};
use webex_contact_center::{
    Availability, Client, ConnectorContent, ConnectorId, Credential, Credentials, ErrorKind, Field,
    FlowSearch, Notice, OrganizationId, Planned, RemoteState,
};

use super::{
    basic, budget, calling, calls, client_credentials, content, organization, planned,
    refresh_token, settings,
};
use crate::support::connectors;
use crate::support::simulator::{all_stored, locked, start, unlocked};

/// All four kinds, with every optional field.
fn kinds() -> [ConnectorContent; 4] {
    connectors::all().map(|connector| {
        let full = match connector.kind {
            "basic" => connector,
            "password" => {
                connector.with("scope", "a b").with("validation_url", "https://a.example")
            }
            _ => connector.with("scope", "read write"),
        };
        content(&full, full.kind)
    })
}

/// Fails the test unless Webex has exactly these secrets.
#[track_caller]
fn has_the_secrets(simulator: &Simulator, id: &ConnectorId, content: &ConnectorContent) {
    let stored = simulator.stored(simulator.organization(), id.as_str()).unwrap();
    for (key, secret) in [
        ("clientSecret", Credential::ClientSecret),
        ("privateKey", Credential::PrivateKey),
        ("password", Credential::Password),
    ] {
        let found = stored.get(key).and_then(|value| value.as_str());
        assert_eq!(found, content.secrets.get(secret).map(Secret::expose));
    }
}

#[tokio::test]
async fn client_life_cycle_keeps_the_secrets_of_each_kind() {
    for secrets in [
        SecretsInAnswers::Omit,
        SecretsInAnswers::Null,
        SecretsInAnswers::Mask,
        SecretsInAnswers::Echo,
    ] {
        let simulator = start(Options { secrets, active_lock: false, ..Options::default() });
        let connectors = calling(&simulator);
        for content in kinds() {
            let created = connectors.create(&content, &budget()).await.unwrap();
            let (connector, id) = (created.connector.clone(), created.connector.id);
            assert!(!created.adopted);
            assert_eq!(connector.version, Some(0.into()));
            assert!(connector.created_time.is_some() && connector.last_updated_time.is_some());
            has_the_secrets(&simulator, &id, &content);
            assert_eq!(connectors.read(&id, &budget()).await.unwrap(), Some(connector.clone()));

            let domain = (Field::ResourceDomainUrl, "https://other.example");
            let fields = content.fields.clone().with(domain.0, domain.1);
            let edit = ConnectorContent { fields, ..content.clone() };
            let updated = connectors.update(&id, &edit, &planned(0), &budget()).await.unwrap();
            let edited = updated.connector;
            assert_eq!(edited.version, Some(1.into()));
            assert_eq!(edited.fields, edit.fields);

            assert!(!connectors.delete(&id, &budget()).await.unwrap().was_missing);
            assert!(connectors.delete(&id, &budget()).await.unwrap().was_missing);
            assert_eq!(connectors.read(&id, &budget()).await, Ok(None));
            assert_eq!(connectors.read_fresh(&id, &budget()).await, Ok(None));
        }
    }
}

#[tokio::test]
async fn update_costs_a_read_and_a_write() {
    let simulator = unlocked();
    let connectors = calling(&simulator);
    let content = client_credentials("crm");
    let id = connectors.create(&content, &budget()).await.unwrap().connector.id;
    connectors.update(&id, &content, &planned(0), &budget()).await.unwrap();
    connectors.delete(&id, &budget()).await.unwrap();
    assert_eq!(calls(&simulator), ["POST connector", "GET {id}", "PUT {id}", "DELETE {id}"]);
}

#[tokio::test]
async fn locked_connector_is_edited_and_deleted() {
    for omitted_secret in [OmittedSecret::Keep, OmittedSecret::Blank] {
        let simulator = start(Options { omitted_secret, ..Options::default() });
        let connectors = calling(&simulator);
        for content in kinds() {
            let id = connectors.create(&content, &budget()).await.unwrap().connector.id;
            simulator.clear_journal();
            // A new secret and another field at once.
            let mut edit = content.clone();
            for credential in
                [Credential::ClientSecret, Credential::PrivateKey, Credential::Password]
            {
                if edit.secrets.get(credential).is_some() {
                    edit.secrets = edit.secrets.with(credential, Secret::from("rotated"));
                }
            }
            if edit.fields.get(Field::ClientId).is_some() {
                edit.fields.set(Field::ClientId, Some("other".to_owned()));
            }
            let updated = connectors.update(&id, &edit, &planned(0), &budget()).await.unwrap();
            assert!(updated.connector.is_active() && updated.inactive_for.is_some());
            has_the_secrets(&simulator, &id, &edit);
            connectors.delete(&id, &budget()).await.unwrap();
            assert!(all_stored(&simulator).is_empty());
        }
    }
}

#[tokio::test]
async fn deactivation_costs_a_read_and_a_write() {
    let simulator = locked();
    let connectors = calling(&simulator);
    let content = client_credentials("crm");
    let id = connectors.create(&content, &budget()).await.unwrap().connector.id;
    simulator.clear_journal();
    let inactive = ConnectorContent { active: false, ..content.clone() };
    let updated = connectors.update(&id, &inactive, &planned(0), &budget()).await.unwrap();
    assert!(!updated.connector.is_active());
    let updated = connectors.update(&id, &content, &planned(1), &budget()).await.unwrap();
    assert!(updated.connector.is_active());
    assert_eq!(calls(&simulator), ["GET {id}", "PUT {id}", "GET {id}", "PUT {id}"]);
}

#[tokio::test]
async fn taken_name_and_connector_limit_are_typed_errors() {
    let simulator = locked();
    let connectors = calling(&simulator);
    let first = connectors.create(&basic("0"), &budget()).await.unwrap().connector;
    let failure = connectors.create(&basic("0"), &budget()).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::NameTaken);
    assert_eq!(failure.remote, RemoteState::Absent);
    assert_eq!(failure.name_holder.unwrap().id, first.id);
    for number in 1..10 {
        connectors.create(&basic(&number.to_string()), &budget()).await.unwrap();
    }
    let failure = connectors.create(&basic("10"), &budget()).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::InvalidRequest);
    assert_eq!(failure.connectors_in_organization, Some(10));
    assert!(!failure.error.descriptions.is_empty());
    assert!(failure.error.server_tracking_id.is_some());

    let renamed = ConnectorContent { active: false, ..basic("1") };
    let version = connectors
        .update(
            &first.id,
            &ConnectorContent { active: false, ..basic("0") },
            &planned(0),
            &budget(),
        )
        .await
        .unwrap()
        .connector
        .version;
    let failure = connectors
        .update(&first.id, &renamed, &Planned { version, ..Planned::default() }, &budget())
        .await
        .unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::NameTaken);
    assert_eq!(failure.name_holder.unwrap().name(), "1");
}

#[tokio::test]
async fn stale_update_does_not_overwrite_an_edit() {
    let simulator = locked();
    let connectors = calling(&simulator);
    let content = client_credentials("crm");
    let id = connectors.create(&content, &budget()).await.unwrap().connector.id;
    let organization = simulator.organization();
    simulator.store(organization, id.as_str(), json!({"scope": "changed by hand"}));
    let failure = connectors.update(&id, &content, &planned(0), &budget()).await.unwrap_err();
    assert_eq!(
        failure.error.kind,
        ErrorKind::Stale { expected: Some(0.into()), found: Some(1.into()) }
    );
    assert_eq!(failure.availability, Availability::Unaffected);
    let RemoteState::Found(found) = failure.remote else { panic!("{failure:?}") };
    assert_eq!(found.fields.get(Field::Scope), Some("changed by hand"));
    let stored = simulator.stored(organization, id.as_str()).unwrap();
    assert_eq!(stored["scope"], "changed by hand");
}

#[tokio::test]
async fn refused_delete_keeps_the_connector_active() {
    for active_lock in [true, false] {
        let simulator = start(Options { active_lock, ..Options::default() });
        let connectors = calling(&simulator);
        let id = connectors.create(&basic("crm"), &budget()).await.unwrap().connector.id;
        simulator.add_reference(simulator.organization(), id.as_str(), "Greeting");
        let failure = connectors.delete(&id, &budget()).await.unwrap_err();
        let ErrorKind::Referenced(references) = &failure.error.kind else { panic!("{failure:?}") };
        assert_eq!(references[0].name.as_deref(), Some("Greeting"));
        assert_eq!(references[0].kind.as_deref(), Some("flow"));
        assert_eq!(failure.remote, RemoteState::Unchanged);
        assert_eq!(failure.availability, Availability::Unaffected);
        let stored = simulator.stored(simulator.organization(), id.as_str()).unwrap();
        assert_eq!(stored["active"], true);
    }
}

#[tokio::test]
async fn delayed_visibility_is_waited_for() {
    let simulator = start(Options {
        visible_after: Duration::from_millis(300),
        active_lock: false,
        ..Options::default()
    });
    let mut settings = settings(&simulator);
    settings.visibility_timeout = Duration::from_secs(8);
    let connectors = Client::new(settings).unwrap().connectors(organization(&simulator));
    let created = connectors.create(&basic("crm"), &budget()).await.unwrap().connector;
    assert_eq!(connectors.read_fresh(&created.id, &budget()).await.unwrap(), Some(created));
}

#[tokio::test]
async fn removed_connector_is_reported_as_gone() {
    let simulator = locked();
    let connectors = calling(&simulator);
    let id = connectors.create(&basic("crm"), &budget()).await.unwrap().connector.id;
    simulator.remove(simulator.organization(), id.as_str());
    assert_eq!(connectors.read(&id, &budget()).await, Ok(None));
    let failure = connectors.update(&id, &basic("crm"), &planned(0), &budget()).await.unwrap_err();
    assert_eq!(failure.remote, RemoteState::Absent);
}

#[tokio::test]
async fn read_only_token_cannot_create() {
    let simulator =
        start(Options { read_only_tokens: vec!["reader".to_owned()], ..Options::default() });
    let mut settings = settings(&simulator);
    settings.credentials = Credentials::AccessToken(Secret::from("reader"));
    let connectors = Client::new(settings).unwrap().connectors(organization(&simulator));
    assert!(connectors.list(&budget()).await.unwrap().is_empty());
    let failure = connectors.create(&basic("crm"), &budget()).await.unwrap_err();
    assert_eq!(failure.error.kind, ErrorKind::Forbidden);
    assert_eq!(failure.remote, RemoteState::Absent);
    assert!(!failure.error.outcome_unknown);
}

#[tokio::test]
async fn flow_connectors_are_searched_by_name_and_id() {
    let simulator = locked();
    let connectors = calling(&simulator);
    let created = connectors.create(&basic("SNOW Connector"), &budget()).await.unwrap().connector;
    for search in [FlowSearch::Name("SNOW C"), FlowSearch::Name(""), FlowSearch::Id(&created.id)] {
        let found = connectors.flow_connectors(search, &budget()).await.unwrap();
        assert_eq!(found.len(), 1, "{search:?}");
        assert_eq!((&found[0].id, found[0].name.as_str()), (&created.id, created.name()));
    }
    assert!(
        connectors.flow_connectors(FlowSearch::Name("other"), &budget()).await.unwrap().is_empty()
    );
}

fn refreshing(simulator: &Simulator) -> Client {
    let mut settings = settings(simulator);
    settings.credentials = refresh_token();
    Client::new(settings).unwrap()
}

#[tokio::test]
async fn expired_token_is_refreshed_during_a_run() {
    let authorization = Authorization { rotate_refresh_token: true, ..Authorization::default() };
    let simulator = start(Options { authorization, ..Options::default() });
    let client = refreshing(&simulator);
    let connectors = client.connectors(organization(&simulator));
    let id = connectors.create(&basic("crm"), &budget()).await.unwrap().connector.id;
    assert!(matches!(
        client.take_notices()[..],
        [Notice::RefreshTokenReplaced { valid_until: Some(_) }]
    ));
    for _ in 0..2 {
        simulator.expire_tokens();
        // Webex refuses the replaced refresh token.
        assert!(connectors.read_fresh(&id, &budget()).await.unwrap().is_some());
    }
    let refreshes = calls(&simulator).iter().filter(|call| call.contains("access_token")).count();
    assert_eq!(refreshes, 3);
}

#[tokio::test]
async fn expired_static_token_is_an_error() {
    let simulator = locked();
    let connectors = calling(&simulator);
    simulator.expire_tokens();
    let error = connectors.list(&budget()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized { refreshable: false });
}

#[tokio::test]
async fn refused_credentials_are_an_error_without_secrets() {
    let simulator = locked();
    let mut settings = settings(&simulator);
    settings.credentials = Credentials::RefreshToken {
        client_id: "simulator-client".to_owned(),
        client_secret: Secret::from("wrong-canary"),
        refresh_token: Secret::from("simulator-refresh-token"),
    };
    let connectors = Client::new(settings).unwrap().connectors(organization(&simulator));
    let error = connectors.list(&budget()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::CredentialsRefused { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn service_app_serves_many_organizations() {
    let organizations = [
        "11111111-2222-4333-8444-555555555555".to_owned(),
        "22222222-2222-4333-8444-555555555555".to_owned(),
    ];
    let authorization = Authorization {
        access_token_lifetime: Duration::from_secs(60),
        ..Authorization::default()
    };
    let simulator = start(Options {
        organizations: organizations.to_vec(),
        authorization,
        ..Options::default()
    });
    let mut settings = settings(&simulator);
    settings.credentials = Credentials::ServiceApp {
        application_id: "simulator-service-app".to_owned(),
        client_id: "simulator-client".to_owned(),
        client_secret: Secret::from("simulator-client-secret"),
        access_token: Secret::from("simulator-applications-token"),
    };
    let client = Client::new(settings).unwrap();
    for organization in &organizations {
        let connectors = client.connectors(OrganizationId::parse(organization).unwrap());
        connectors.create(&basic("crm"), &budget()).await.unwrap();
        simulator.advance_clock(Duration::from_secs(120));
        assert_eq!(connectors.list(&budget()).await.unwrap().len(), 1);
    }
    let journal = simulator.journal();
    let made = journal.iter().filter(|exchange| exchange.path.ends_with("/token")).count();
    assert_eq!(made, 4);
}
