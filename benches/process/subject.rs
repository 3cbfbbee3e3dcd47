//! A measured program.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use webex_cc_simulator::{Options, Simulator};

/// The most connectors of an organization.
pub(crate) const CONNECTORS_PER_ORGANIZATION: usize = 10;

/// The measured resource of our provider.
pub(crate) const RESOURCE: &str = "webex_cc_custom_connector";

/// A provider's binary.
pub(crate) struct Subject {
    /// The name in reports.
    pub(crate) name: String,
    /// The binary.
    pub(crate) program: PathBuf,
    /// The origin.
    pub(crate) kind: Kind,
}

/// The origin of a provider.
pub(crate) enum Kind {
    /// Our provider, in this or another version.
    Webex,
    /// Another provider with our resource type, arguments and environment.
    Twin,
    /// Another provider, with the settings for it.
    Other(Example),
}

/// The settings for another provider.
pub(crate) struct Example {
    /// The provider block, with every attribute.
    pub(crate) provider: Value,
    /// A resource type, and a configuration with every attribute.
    pub(crate) resource: Option<(String, Value)>,
}

impl Subject {
    pub(crate) fn webex(name: &str, program: &Path) -> Self {
        Self { name: name.to_owned(), program: program.to_owned(), kind: Kind::Webex }
    }

    pub(crate) fn other(name: &str, program: &Path, example: Example) -> Self {
        Self { name: name.to_owned(), program: program.to_owned(), kind: Kind::Other(example) }
    }

    /// Returns a provider that has our resource type.
    pub(crate) fn twin(name: &str, program: &Path) -> Self {
        Self { name: name.to_owned(), program: program.to_owned(), kind: Kind::Twin }
    }

    /// Whether the provider is ours.
    pub(crate) fn is_webex(&self) -> bool {
        matches!(self.kind, Kind::Webex)
    }

    /// Returns the resource type for calls, if one is known.
    pub(crate) fn resource(&self) -> Option<&str> {
        match &self.kind {
            Kind::Webex | Kind::Twin => Some(RESOURCE),
            Kind::Other(example) => Some(&example.resource.as_ref()?.0),
        }
    }

    /// Returns the configuration of the object with this number. Other attributes
    /// are null.
    pub(crate) fn configuration(&self, number: usize) -> Value {
        match &self.kind {
            Kind::Webex | Kind::Twin => json!({
                "name": format!("Connector {number}"),
                "organization_id": organization(number / CONNECTORS_PER_ORGANIZATION),
                "resource_domain_url": "https://example.zendesk.com/api/v2/",
                "username": "agent",
                "password": "a credential of usual length",
                "validation_url": "https://example.zendesk.com",
            }),
            Kind::Other(example) => {
                example.resource.as_ref().map_or(Value::Null, |(_, value)| value.clone())
            }
        }
    }
}

/// Returns the organization with this number.
pub(crate) fn organization(number: usize) -> String {
    format!("3f1c9a52-7d4e-4b8a-9c06-{number:012}")
}

/// Starts a simulator with organizations for `connectors` connectors.
pub(crate) fn simulator(connectors: usize, active_lock: bool) -> Simulator {
    simulator_with(connectors, Options { active_lock, ..Options::default() })
}

/// Starts a simulator with organizations for `connectors` connectors.
pub(crate) fn simulator_with(connectors: usize, options: Options) -> Simulator {
    let organizations = connectors.div_ceil(CONNECTORS_PER_ORGANIZATION).max(1);
    let options = Options {
        organizations: (0..organizations).map(organization).collect(),
        tokens: vec!["simulator-token".to_owned()],
        ..options
    };
    Simulator::start(options).expect("a simulator")
}

/// Deletes all connectors in the simulator, without the provider.
pub(crate) fn clear(simulator: &Simulator, connectors: usize) {
    for number in 0..connectors.div_ceil(CONNECTORS_PER_ORGANIZATION).max(1) {
        let organization = organization(number);
        for connector in simulator.all_stored(&organization) {
            simulator.remove(&organization, connector["id"].as_str().unwrap());
        }
    }
    simulator.clear_journal();
}
