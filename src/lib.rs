//! Terraform provider for Webex Contact Center custom connectors.

pub mod provider;
