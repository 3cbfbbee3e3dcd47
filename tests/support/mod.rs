//! Helpers of the tests.

pub(crate) mod connectors;
pub(crate) mod files;
pub(crate) mod peer;
pub(crate) mod pem;
pub(crate) mod random_profiles;
pub(crate) mod simulator;
pub(crate) mod terraform;
pub(crate) mod terraform_core;
pub(crate) mod tls;
pub(crate) mod workspace;

pub(crate) use tf_provider_testing::{checker, plugin_client, system, value_json};

/// Returns the address of the provider without its host, as configurations name it.
pub(crate) fn source() -> &'static str {
    let address = terraform_provider_webex::provider::ADDRESS;
    address.strip_prefix("registry.terraform.io/").expect("an address of the registry")
}

/// Returns the start of the provider that was just built.
pub(crate) fn provider() -> plugin_client::Launch {
    plugin_client::Launch::new(env!("CARGO_BIN_EXE_terraform-provider-webex"))
}
