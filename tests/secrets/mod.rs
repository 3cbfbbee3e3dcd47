//! Credentials: what is sent, what is kept, what is never seen.

mod bodies;
mod canary;
mod corner_cases;
mod forms;
mod guide;
mod proxy;
pub(crate) mod rows;
mod search;
mod touched;
mod uncertain;

use terraform_provider_webex::provider::custom_connector::schema::TYPE_NAME;
use webex_cc_simulator::{Options, SecretsInAnswers, Simulator};

use crate::support::plugin_client::{Launch, Plugin};
use crate::support::terraform_core::TerraformCore;

/// Every way in which Webex may answer with credentials; which it does is
/// unknown.
pub(crate) const MODES: [SecretsInAnswers; 4] = [
    SecretsInAnswers::Omit,
    SecretsInAnswers::Null,
    SecretsInAnswers::Mask,
    SecretsInAnswers::Echo,
];

/// A provider in this environment, which logs all that it can, and the core that
/// speaks to it.
pub(crate) async fn running(environment: &[(&str, &str)]) -> (Plugin, TerraformCore) {
    // The limit of Webex would slow the tests down.
    let launch = Launch::new(env!("CARGO_BIN_EXE_terraform-provider-webex"))
        .with("TF_LOG", "TRACE")
        .with("WEBEX_CC_REQUESTS_PER_MINUTE", "100000");
    let launch = environment.iter().fold(launch, |launch, (name, value)| launch.with(name, value));
    let plugin = launch.start().await;
    let core =
        TerraformCore::start(plugin.provider(), TYPE_NAME, &[]).await.expect("it is configured");
    assert_eq!(core.configured, [], "configuring has nothing to say");
    (plugin, core)
}

/// A provider that calls a simulator.
async fn calling(simulator: &Simulator) -> (Plugin, TerraformCore) {
    let address = ("WEBEX_CC_BASE_URL", simulator.base_url());
    running(&[address, ("WEBEX_ACCESS_TOKEN", simulator.token())]).await
}

/// A simulator that lets active connectors be edited and answers like this.
fn simulator(secrets: SecretsInAnswers) -> Simulator {
    let options = Options { secrets, active_lock: false, ..Options::default() };
    Simulator::start(options).expect("a simulator")
}
