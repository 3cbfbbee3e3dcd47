//! Helpers of the tests.

pub(crate) mod checker;
pub(crate) mod connectors;
pub(crate) mod files;
pub(crate) mod peer;
pub(crate) mod pem;
pub(crate) mod plugin_client;
pub(crate) mod random_profiles;
pub(crate) mod simulator;
pub(crate) mod system;
pub(crate) mod terraform;
pub(crate) mod terraform_core;
pub(crate) mod value_json;
pub(crate) mod workspace;
