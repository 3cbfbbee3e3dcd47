//! Finds existing connectors and brings them under Terraform.
//!
//! The CLI runs everything that it supports. Where it is too old, `TF_CLI` may name a newer one,
//! and the plugin client makes the same calls under Terraform's checks.

mod brownfield;
mod data_sources;
mod doctor;
mod functions;
mod generated;
mod identities;
mod learn;
mod lists;
mod profile;
mod schema;

use crate::support::connectors::made_by_hand;
