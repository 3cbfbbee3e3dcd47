//! Terraform's core for custom connectors.

use std::ops::{Deref, DerefMut};

use terraform_provider_webex::provider::custom_connector::schema::TYPE_NAME;
use tf_provider::value::Value;
use tf_provider_testing::core;
pub(crate) use tf_provider_testing::core::{
    Action, Checked, Instance, Message, Plan, answer, failed, messages,
};
use tonic::transport::Channel;
use webex_cc_simulator::Simulator;

use super::plugin_client::Plugin;
use super::plugin_client::proto::tfplugin5::provider_client::ProviderClient;
use super::provider;

/// An environment that configures the provider, with an address at which nothing listens.
const UNREACHABLE: [(&str, &str); 4] = [
    ("WEBEX_CC_BASE_URL", "http://127.0.0.1:1"),
    ("WEBEX_ACCESS_TOKEN", "token"),
    ("WEBEX_ORGANIZATION_ID", "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430"),
    ("WEBEX_CC_PREFLIGHT_CHECKS", "false"),
];

/// Terraform's core for custom connectors, connected to one process.
#[derive(Clone)]
pub(crate) struct TerraformCore(core::TerraformCore);

impl TerraformCore {
    /// Starts the provider in this environment, with logs at TRACE, and configures it.
    pub(crate) async fn running(environment: &[(&str, &str)]) -> (Plugin, Self) {
        let (plugin, core) = Self::try_running(environment).await;
        (plugin, core.expect("a configured provider"))
    }

    /// Starts the provider with an environment, which may not be enough to configure it.
    pub(crate) async fn try_running(environment: &[(&str, &str)]) -> (Plugin, Checked<Self>) {
        // The limit of Webex would slow the tests down.
        let launch =
            provider().with("TF_LOG", "TRACE").with("WEBEX_CC_REQUESTS_PER_MINUTE", "100000");
        let launch =
            environment.iter().fold(launch, |launch, (name, value)| launch.with(name, value));
        let plugin = launch.start().await;
        let core = Self::start(plugin.provider()).await;
        (plugin, core)
    }

    /// Starts the provider with credentials and an address at which nothing listens.
    pub(crate) async fn without_webex() -> (Plugin, Self) {
        Self::running(&UNREACHABLE).await
    }

    /// Starts the provider, and connects it to a simulator.
    pub(crate) async fn connected(simulator: &Simulator) -> (Plugin, Self) {
        Self::running(&[
            ("WEBEX_CC_BASE_URL", simulator.base_url()),
            ("WEBEX_ACCESS_TOKEN", simulator.token()),
        ])
        .await
    }

    /// Configures the provider by its environment, which must raise no message.
    pub(crate) async fn start(client: ProviderClient<Channel>) -> Checked<Self> {
        core::TerraformCore::start(client, TYPE_NAME, Value::Null).await.map(Self)
    }
}

impl Deref for TerraformCore {
    type Target = core::TerraformCore;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for TerraformCore {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
