//! The API client and the simulator, over real sockets: names, literals, statuses.
//!
//! Unit tests with a paused clock cover what depends on time.

mod life_cycle;

mod outages;

mod load;

use std::time::Duration;

use terraform_provider_webex::secret::Secret;
use terraform_provider_webex::webex::{
    AuthenticationType, Budget, Client, ConnectorContent, Connectors, Credentials, GrantType,
    OrganizationId, Settings,
};
use tokio_util::sync::CancellationToken;
use webex_cc_simulator::Simulator;

use crate::support::connectors::{self, Connector};

fn settings(simulator: &Simulator) -> Settings {
    let base = simulator.base_url();
    let credentials = Credentials::AccessToken(Secret::from(simulator.token()));
    let mut settings = Settings::new(base.parse().unwrap(), credentials);
    settings.token_url = format!("{base}/v1/access_token").parse().unwrap();
    settings.applications_url = format!("{base}/v1/applications").parse().unwrap();
    // Tests should not wait long for a connector that does not exist.
    settings.visibility_timeout = Duration::ZERO;
    settings.max_retries = 2;
    settings
}

/// The credentials of the simulator's own app.
fn refresh_token() -> Credentials {
    Credentials::RefreshToken {
        client_id: "simulator-client".to_owned(),
        client_secret: Secret::from("simulator-client-secret"),
        refresh_token: Secret::from("simulator-refresh-token"),
    }
}

fn organization(simulator: &Simulator) -> OrganizationId {
    OrganizationId::parse(simulator.organization()).unwrap()
}

fn calling(simulator: &Simulator) -> Connectors {
    Client::new(settings(simulator)).unwrap().connectors(organization(simulator))
}

fn budget() -> Budget {
    Budget::within(Duration::from_secs(120), CancellationToken::new())
}

/// Returns the content of a connector, under another name.
fn content(connector: &Connector, name: &str) -> ConnectorContent {
    let secret = |argument: &str| {
        let mut credentials = connector.credentials.iter();
        let found = credentials.find(|credential| credential.argument == argument)?;
        Some(Secret::from(found.values[0].as_str()))
    };
    let (authentication_type, grant_type) = match connector.kind {
        "basic" => (AuthenticationType::Basic, None),
        "password" => (AuthenticationType::Oauth2, Some(GrantType::Password)),
        "client_credentials" => (AuthenticationType::Oauth2, Some(GrantType::ClientCredentials)),
        _ => (AuthenticationType::Oauth2, Some(GrantType::ClientCredentialsCertificate)),
    };
    ConnectorContent {
        name: name.to_owned(),
        active: true,
        authentication_type,
        grant_type,
        resource_domain: connector.text("resource_domain_url"),
        client_id: connector.text("client_id"),
        client_secret: secret("client_secret"),
        token_url: connector.text("token_url"),
        scope: connector.text("scope"),
        certificate: connector.text("certificate"),
        private_key: secret("private_key"),
        username: connector.text("username"),
        password: secret("password"),
        validation_url: connector.text("validation_url"),
    }
}

fn basic(name: &str) -> ConnectorContent {
    content(&connectors::basic(), name)
}

fn client_credentials(name: &str) -> ConnectorContent {
    content(&connectors::client_credentials(), name)
}

/// Returns the method and the last part of the path of every request.
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
