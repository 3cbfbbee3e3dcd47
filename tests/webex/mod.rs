//! The API client against the simulator, over real sockets.
//!
//! What depends on time alone is tested beside the code, under a paused clock.
//! Here the two sides of the contract meet: names, literals, statuses.

/// One life of a connector, for each way to authenticate.
mod life_cycle;

/// Connections that die at each step of each operation.
mod outages;

/// Many operations at once: rate limit, shared lists, shared refreshes.
mod load;

use std::time::Duration;

use safe_text::Secret;
use tokio_util::sync::CancellationToken;
use webex_cc_simulator::{Options, Simulator};
use webex_contact_center::{
    AuthenticationType, Budget, Client, ConnectorContent, Connectors, Credentials, GrantType,
    OrganizationId, Settings,
};

fn simulator(options: Options) -> Simulator {
    Simulator::start(options).unwrap()
}

fn settings(simulator: &Simulator) -> Settings {
    let base = simulator.base_url();
    let credentials = Credentials::AccessToken(Secret::from(simulator.token()));
    let mut settings = Settings::new(base.parse().unwrap(), credentials);
    settings.token_url = format!("{base}/v1/access_token").parse().unwrap();
    settings.applications_url = format!("{base}/v1/applications").parse().unwrap();
    // A test that waits for what never comes should not take long.
    settings.visibility_timeout = Duration::ZERO;
    settings.max_retries = 2;
    settings
}

fn organization(simulator: &Simulator) -> OrganizationId {
    OrganizationId::parse(simulator.organization()).unwrap()
}

fn connectors(simulator: &Simulator) -> Connectors {
    Client::new(settings(simulator)).unwrap().connectors(organization(simulator))
}

fn budget() -> Budget {
    Budget::within(Duration::from_secs(120), CancellationToken::new())
}

fn secret(text: &str) -> Option<Secret> {
    Some(Secret::from(text))
}

/// Basic authentication.
fn basic(name: &str) -> ConnectorContent {
    ConnectorContent {
        name: name.to_owned(),
        active: true,
        authentication_type: AuthenticationType::Basic,
        grant_type: None,
        resource_domain: Some("https://crm.example/api".to_owned()),
        client_id: None,
        client_secret: None,
        token_url: None,
        scope: None,
        certificate: None,
        private_key: None,
        username: Some("svc".to_owned()),
        password: secret("pass word\n\"ü\""),
        validation_url: Some("https://crm.example/check".to_owned()),
    }
}

/// OAuth 2.0 with a client secret.
fn client_credentials(name: &str) -> ConnectorContent {
    ConnectorContent {
        authentication_type: AuthenticationType::Oauth2,
        grant_type: Some(GrantType::ClientCredentials),
        client_id: Some("abc".to_owned()),
        client_secret: secret("s3cret"),
        token_url: Some("https://crm.example/token".to_owned()),
        scope: Some("read write".to_owned()),
        username: None,
        password: None,
        validation_url: None,
        ..basic(name)
    }
}

/// OAuth 2.0 with user name and password.
fn password_grant(name: &str) -> ConnectorContent {
    ConnectorContent {
        grant_type: Some(GrantType::Password),
        username: Some("svc".to_owned()),
        password: secret("pw"),
        validation_url: Some("https://crm.example/check".to_owned()),
        ..client_credentials(name)
    }
}

/// OAuth 2.0 with a certificate.
fn certificate_grant(name: &str) -> ConnectorContent {
    ConnectorContent {
        grant_type: Some(GrantType::ClientCredentialsCertificate),
        client_secret: None,
        certificate: Some(
            "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n".to_owned(),
        ),
        private_key: secret("-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"),
        ..client_credentials(name)
    }
}

/// Method and last part of the path of every request so far.
fn calls(simulator: &Simulator) -> Vec<String> {
    simulator
        .journal()
        .iter()
        .map(|exchange| {
            let is_by_id =
                exchange.path.matches('/').count() == 4 && !exchange.path.contains("/v2/");
            let last = exchange.path.rsplit('/').next().unwrap_or_default();
            format!("{} {}", exchange.method, if is_by_id { "{id}" } else { last })
        })
        .collect()
}
