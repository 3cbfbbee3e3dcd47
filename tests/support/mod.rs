//! What several tests need.

pub(crate) mod checker;
pub(crate) mod core;
pub(crate) mod pem;
pub(crate) mod plugin_client;
pub(crate) mod system;
pub(crate) mod terraform;
pub(crate) mod workspace;
