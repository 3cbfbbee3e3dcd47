//! Random APIs: a person uses one in a browser, the recording is learned, and the client runs a
//! whole life cycle with the learned profile.

use std::time::Duration;

use api_learner::{Bytes, Form, Outcome};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use safe_text::Secret;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use webex_cc_simulator::{Options, Simulator, browser};
use webex_contact_center::{
    Budget, Client, ConnectorContent, ConnectorFields, ConnectorId, Credential, Credentials, Field,
    OAUTH2, OrganizationId, Planned, Profile, Row, Settings,
};

use crate::support::random_profiles::{Choices, form, options, profile};
use crate::support::simulator::all_stored;

/// Draws the same 40 APIs in every run, or as many new ones as `PROFILE_CASES` says.
fn config() -> ProptestConfig {
    let number = std::env::var("PROFILE_CASES").ok().and_then(|text| text.parse().ok());
    let rng_seed = if number.is_some() { RngSeed::Random } else { RngSeed::Fixed(1) };
    let config =
        ProptestConfig { failure_persistence: None, rng_seed, ..ProptestConfig::default() };
    ProptestConfig { cases: number.unwrap_or(40), ..config }
}

/// Learns the API of a simulator from the recording of a person.
pub(super) fn learned(options: Options) -> Outcome {
    let simulator = Simulator::start(options).expect("a simulator");
    let har = browser::play(&simulator, &form()).expect("a recording");
    let form = Form::read(form().to_string().as_bytes()).expect("a form");
    let har = har.to_string();
    api_learner::learn(&form, &[&Bytes(har.as_bytes())]).expect("a profile")
}

/// Returns a form's connector as it is at creation, or after its edits.
fn content(typed: &Value, last: bool, suffix: &str) -> ConnectorContent {
    let text = |name: &str| {
        let value = &typed[name];
        let value = value.as_array().map_or(value, |values| {
            let found = if last { values.last() } else { values.first() };
            found.expect("a value")
        });
        value.as_str().map(str::to_owned)
    };
    let field = |field: Field| Some((field, text(Row::of(field).argument)?));
    let mut fields: ConnectorFields =
        webex_contact_center::readable_fields().filter_map(|(name, _)| field(name)).collect();
    fields.set(Field::Name, text("name").map(|name| format!("{name}{suffix}")));
    let is_oauth2 = fields.get(Field::AuthenticationType) == Some(OAUTH2);
    if fields.get(Field::AuthenticationType).is_none() {
        fields.set(Field::AuthenticationType, Some("basic".to_owned()));
    }
    if is_oauth2 && fields.get(Field::GrantType).is_none() {
        fields.set(Field::GrantType, Some("client_credentials".to_owned()));
    }
    let secrets = Credential::ALL.into_iter().filter_map(|credential| {
        Some((credential, Secret::new(text(Row::of_credential(credential).argument)?)))
    });
    ConnectorContent { active: true, fields, secrets: secrets.collect() }
}

fn budget() -> Budget {
    Budget::within(Duration::from_secs(60), CancellationToken::new())
}

/// Fails the test unless the simulator has the fields and credentials of a connector.
fn stores(simulator: &Simulator, index: usize, content: &ConnectorContent, why: &str) {
    let stored = &all_stored(simulator)[index];
    let names = [
        (Field::Name, "name"),
        (Field::ResourceDomainUrl, "resourceDomain"),
        (Field::ClientId, "clientId"),
        (Field::TokenUrl, "tokenUrl"),
        (Field::Scope, "scope"),
        (Field::Certificate, "certificate"),
        (Field::Username, "username"),
        (Field::ValidationUrl, "validationUrl"),
    ];
    for (field, name) in names {
        let expected = content.fields.get(field).map_or(Value::Null, |text| json!(text));
        assert_eq!(stored[name], expected, "{name}: {why}");
    }
    let credentials = [
        (Credential::ClientSecret, "clientSecret"),
        (Credential::PrivateKey, "privateKey"),
        (Credential::Password, "password"),
    ];
    for (credential, name) in credentials {
        if let Some(secret) = content.secrets.get(credential) {
            assert_eq!(stored[name], json!(secret.expose()), "{name}: {why}");
        }
    }
    assert_eq!(stored["active"], json!(content.active), "{why}");
}

/// Runs a whole life cycle with a learned profile.
async fn life_cycle(simulator: &Simulator, learned: &str, why: &str) {
    let profile = Profile::parse(learned).unwrap_or_else(|problems| panic!("{problems:#?}: {why}"));
    let credentials = Credentials::AccessToken(Secret::from(simulator.token()));
    let mut settings = Settings::new(simulator.base_url().parse().unwrap(), credentials);
    settings.profile = profile.without_base_url();
    settings.visibility_timeout = Duration::ZERO;
    let client = Client::new(settings).unwrap();
    let organization = OrganizationId::parse(simulator.organization()).unwrap();
    let connectors = client.connectors(organization);
    let form = form();
    let typed = form.as_array().unwrap();
    let mut created: Vec<(ConnectorId, ConnectorContent)> = Vec::new();
    for (index, typed) in typed.iter().enumerate() {
        let content = content(typed, false, " again");
        let made = connectors.create(&content, &budget()).await;
        let made = made.unwrap_or_else(|failure| panic!("create: {failure:?}: {why}"));
        assert!(made.not_switched.is_none(), "{:?}: {why}", made.not_switched);
        stores(simulator, index, &content, why);
        let read = connectors.read(&made.connector.id, &budget()).await;
        let read = read.unwrap_or_else(|error| panic!("read: {error}: {why}"));
        let read = read.unwrap_or_else(|| panic!("it is gone: {why}"));
        for (field, value) in [
            (Field::Name, content.fields.name()),
            (Field::AuthenticationType, content.fields.get(Field::AuthenticationType).unwrap()),
        ] {
            assert_eq!(read.fields.get(field), Some(value), "{why}");
        }
        assert!(read.unrecognized.is_empty(), "{:?}: {why}", read.unrecognized);
        assert_eq!(read.active, Some(true), "{why}");
        created.push((made.connector.id, content));
    }
    let list =
        connectors.list(&budget()).await.unwrap_or_else(|error| panic!("list: {error}: {why}"));
    assert_eq!(list.len(), typed.len(), "{why}");
    for (index, ((id, _), typed)) in created.iter().zip(typed).enumerate() {
        // Another text, and the last credentials.
        let edited = content(typed, true, " edited");
        let read = connectors.read_fresh(id, &budget()).await.unwrap().expect("the connector");
        let planned = Planned { version: read.version, ..Planned::default() };
        let updated = connectors.update(id, &edited, &planned, &budget()).await;
        updated.unwrap_or_else(|failure| panic!("update: {failure:?}: {why}"));
        stores(simulator, index, &edited, why);
        let inactive = ConnectorContent { active: false, ..edited };
        let switched = connectors.update(id, &inactive, &Planned::default(), &budget()).await;
        switched.unwrap_or_else(|failure| panic!("deactivate: {failure:?}: {why}"));
        stores(simulator, index, &inactive, why);
    }
    for (id, _) in &created {
        let deleted = connectors.delete(id, &budget()).await;
        deleted.unwrap_or_else(|failure| panic!("delete: {failure:?}: {why}"));
    }
    assert!(all_stored(simulator).is_empty(), "{why}");
}

/// Learns the API that bytes choose, and runs a life cycle with it.
fn is_learned_and_used(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let mut options = options(&mut choices);
    let profile = profile(&mut choices);
    options.profile = Some(profile.clone());
    let outcome = learned(options.clone());
    let why = format!("{}\n{}\nof {profile:#}", outcome.report, outcome.profile);
    assert!(outcome.whole, "{why}");
    let simulator = Simulator::start(options).expect("a simulator");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(life_cycle(&simulator, &outcome.profile, &why));
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_api_is_learned_and_used(bytes in prop::collection::vec(any::<u8>(), 60)) {
        is_learned_and_used(&bytes);
    }
}

/// An id equals a version number, and the create returns no id.
#[test]
fn random_api_whose_ids_equal_versions_is_learned_and_used() {
    is_learned_and_used(&[
        0, 0, 0, 108, 0, 43, 0, 0, 0, 0, 0, 0, 1, 21, 0, 1, 0, 0, 0, 0, 0, 0, 3, 153, 240, 184,
        207, 62, 167, 131, 218, 83, 180, 197, 239, 31, 107, 221, 237, 233, 173, 195, 29, 103, 168,
        168, 221, 18, 222, 200, 45, 174, 147, 2, 248, 147, 211, 156, 71, 84,
    ]);
}

/// The profiles are not only learned: each that is drawn can be used as it is.
#[tokio::test]
async fn drawn_profile_is_used_as_it_is() {
    for seed in 0..64_u8 {
        let bytes: Vec<u8> = (0..60)
            .map(|n: u8| seed.wrapping_mul(31).wrapping_add(n.wrapping_mul(seed | 1)))
            .collect();
        let mut choices = Choices::new(&bytes);
        let mut options = options(&mut choices);
        let profile = profile(&mut choices);
        options.profile = Some(profile.clone());
        let simulator = Simulator::start(options).expect("a simulator");
        life_cycle(&simulator, &profile.to_string(), &format!("{seed}: {profile:#}")).await;
    }
}
