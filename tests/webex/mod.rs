//! The API client and the simulator, over real sockets: names, literals, statuses.
//!
//! Unit tests with a paused clock cover what depends on time.

mod life_cycle;

mod outages;

mod load;

use std::time::Duration;

use safe_text::Secret;
use terraform_provider_webex::provider::custom_connector::credentials::CREDENTIALS;
use tokio_util::sync::CancellationToken;
use webex_cc_simulator::Simulator;
use webex_contact_center::{
    BASIC, Budget, Client, ConnectorContent, ConnectorFields, Connectors, Credentials, Field,
    OAUTH2, OrganizationId, Planned, Settings, readable_fields,
};

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

/// Returns the plan of an update that is based on a version.
fn planned(version: i64) -> Planned {
    Planned { version: Some(version.into()), ..Planned::default() }
}

fn budget() -> Budget {
    Budget::within(Duration::from_secs(120), CancellationToken::new())
}

/// Returns the content of a connector, under another name.
fn content(connector: &Connector, name: &str) -> ConnectorContent {
    let mut fields = readable_fields()
        .filter_map(|(field, row)| Some((field, connector.text(row.argument)?)))
        .collect::<ConnectorFields>()
        .with(Field::Name, name)
        .with(Field::AuthenticationType, if connector.kind == BASIC { BASIC } else { OAUTH2 });
    if connector.kind != BASIC {
        fields.set(Field::GrantType, Some(connector.kind.to_owned()));
    }
    let secrets = connector.credentials.iter().map(|credential| {
        let arguments = CREDENTIALS.iter().find(|row| row.stateful == credential.argument).unwrap();
        (arguments.credential, Secret::from(credential.values[0].as_str()))
    });
    ConnectorContent { active: true, fields, secrets: secrets.collect() }
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
