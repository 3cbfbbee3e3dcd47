//! Terraform provider for Webex Contact Center custom connectors.

pub mod invisible;
pub mod provider;
pub mod secret;
pub mod tf_provider;
pub mod webex;
