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

use serde_json::Value as Json;
use webex_cc_simulator::Simulator;

use crate::support::connectors::{basic, certificate, client_credentials, password_grant};

/// Makes ten connectors of all kinds in a simulator as if in Control Hub. Returns their ids.
fn made_by_hand(simulator: &Simulator) -> Vec<String> {
    let certificate = certificate();
    let connectors = [
        basic(),
        basic().with("name", "Help desk (old) – do not use"),
        basic().with("name", "crm_api"),
        client_credentials(),
        client_credentials()
            .with("name", "Ünïcode & \"quotes\" ${not} %{a template}")
            .with("scope", Json::Null),
        client_credentials()
            .with("name", "Billing")
            .with("scope", Json::Null)
            .with("active", false),
        password_grant(),
        password_grant()
            .with("name", "CRM 2")
            .with("scope", "a b")
            .with("validation_url", "https://login.example.com/check"),
        certificate.clone(),
        certificate.with("name", "Ledger test"),
    ];
    let store = |(place, connector): (usize, crate::support::connectors::Connector)| {
        let id = format!("5c7c2677-0000-4000-8000-{place:012}");
        simulator.store(simulator.organization(), &id, connector.made_by_hand());
        id
    };
    connectors.into_iter().enumerate().map(store).collect()
}
