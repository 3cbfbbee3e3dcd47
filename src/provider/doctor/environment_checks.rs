//! Checks of the environment, before any call.

use serde_json::{Map, json};

use super::report::{Check, Checks, Outcome};
use crate::provider::configuration;
use crate::provider::configuration::schema::{ENVIRONMENT, variable};
use crate::provider::configuration::source::Environment;
use crate::provider::configuration::status::{ConfiguredProvider, ProviderStatus};
use tf_provider::diagnostics::{Diagnostic, Severity};
use tf_provider::object::{Configuration, Object};
use webex_contact_center::OrganizationId;

/// A hint for users who set the provider block only.
const NO_BLOCK: &str = "This command reads environment variables only, not the provider block of \
                        a configuration.";

/// Configures the provider from the environment. Returns none when that is not
/// enough for a call.
pub(super) fn configuration(
    checks: &mut Checks<'_>,
    environment: Environment<'_>,
    user_agent: &str,
) -> Option<ConfiguredProvider> {
    const NAME: &str = "configuration";
    let is_set = |name: &&str| environment(name).is_some_and(|value| !value.is_empty());
    let set = ENVIRONMENT.iter().map(|(_, name)| *name).filter(is_set).collect::<Vec<_>>();
    let nothing = Configuration::new(Object::default());
    let (status, messages) = configuration::read(&nothing, environment, user_agent);
    let mut facts = Map::from_iter([("variables".to_owned(), json!(set))]);
    for argument in ["region", "connector_path"] {
        if let Some(value) = environment(variable(argument)) {
            facts.insert(argument.to_owned(), json!(value));
        }
    }
    let mut add = |outcome, message: String| {
        checks.push(Check { name: NAME, outcome, message, facts: facts.clone() });
    };
    for message in messages.iter() {
        let outcome = match message.severity() {
            Severity::Error => Outcome::Problem,
            Severity::Warning => Outcome::Note,
        };
        add(outcome, text(message));
    }
    match status {
        ProviderStatus::Ready(provider) => {
            add(Outcome::Good, format!("From environment variables: {}.", set.join(", ")));
            Some(provider)
        }
        ProviderStatus::Missing(arguments) => {
            for argument in arguments {
                add(Outcome::Problem, missing(argument));
            }
            None
        }
        // The environment has no unknown values. Errors are added above.
        ProviderStatus::Unknown(_) | ProviderStatus::Unconfigured => None,
    }
}

/// Returns the organization to examine; none when it is not known.
pub(super) fn organization(
    checks: &mut Checks<'_>,
    provider: &ConfiguredProvider,
    environment: Environment<'_>,
) -> Option<OrganizationId> {
    const NAME: &str = "organization";
    let Some(organization) = provider.organization else {
        let message = "Set WEBEX_ORGANIZATION_ID to the organization to examine. Control Hub shows \
                       the id under Management > Account. This command found no WEBEX_ACCESS_TOKEN \
                       that ends with the id of an organization.";
        checks.push(Check::new(NAME, Outcome::Problem, message));
        return None;
    };
    let source = variable("organization_id");
    let (origin, fact) = if environment(source).is_some() {
        (source, "setting")
    } else {
        ("the end of the access token", "token")
    };
    let message = format!("{organization}, from {origin}.");
    checks.push(Check::new(NAME, Outcome::Good, message).with("from", fact));
    Some(organization)
}

/// Returns a message of the configuration as one text.
pub fn text(message: &Diagnostic) -> String {
    format!("{}. {}", message.summary(), message.detail())
}

fn missing(argument: &str) -> String {
    match argument {
        "region" => format!(
            "WEBEX_CC_REGION is not set. Set it to the region of your Contact Center, such as us1 \
             or eu1. You can set WEBEX_CC_BASE_URL instead. {NO_BLOCK}"
        ),
        _ => format!(
            "There are no credentials. Set WEBEX_ACCESS_TOKEN; or WEBEX_CLIENT_ID, \
             WEBEX_CLIENT_SECRET and WEBEX_REFRESH_TOKEN, for tokens that are renewed; or, for a \
             Service App, WEBEX_SERVICE_APP_ID with its WEBEX_CLIENT_ID and WEBEX_CLIENT_SECRET, \
             a WEBEX_ACCESS_TOKEN of scope spark:applications_token, and WEBEX_ORGANIZATION_ID \
             for the organization to examine, one at a time. {NO_BLOCK}"
        ),
    }
}
