//! What several tests need.

pub(crate) mod plugin_client;
