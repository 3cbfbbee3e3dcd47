//! Finding what exists and bringing it under Terraform.
//!
//! What the CLI on the path knows is run with it. What it is too old for is run
//! with it where `TF_CLI` names a newer one, and always through the plugin
//! client, under the checks that Terraform makes.

mod brownfield;
mod data_sources;
mod doctor;
mod functions;
mod generated;
mod identities;
mod lists;
mod schema;

use serde_json::{Value, json};
use webex_cc_simulator::{Options, Simulator};

use crate::support::pem;
use crate::support::plugin_client::{Launch, Plugin};

/// A simulator that lets active connectors be edited.
fn simulator() -> Simulator {
    Simulator::start(Options { active_lock: false, ..Options::default() }).expect("a simulator")
}

/// Ten connectors of all kinds, as people have made them in Control Hub over
/// the years, with credentials that only Webex knows. Their ids, by their place.
fn made_by_hand(simulator: &Simulator) -> Vec<String> {
    let certificate = pem::pair().certificate;
    let connectors = [
        basic("Zendesk"),
        basic("Help desk (old) – do not use"),
        basic("crm_api"),
        oauth("ServiceNow", "CLIENT_CREDENTIALS_SECRET", json!({"scope": "useraccount"})),
        oauth("Ünïcode & \"quotes\" ${not} %{a template}", "CLIENT_CREDENTIALS_SECRET", json!({})),
        oauth("Billing", "CLIENT_CREDENTIALS_SECRET", json!({"active": false})),
        oauth("CRM", "PASSWORD", json!({"username": "service", "password": SECRET})),
        oauth(
            "CRM 2",
            "PASSWORD",
            json!({
                "username": "service", "password": SECRET, "scope": "a b",
                "validationUrl": "https://login.example.com/check",
            }),
        ),
        oauth(
            "Ledger",
            "CLIENT_CREDENTIALS_CERTIFICATE",
            json!({"certificate": certificate, "privateKey": SECRET, "clientSecret": null}),
        ),
        oauth(
            "Ledger test",
            "CLIENT_CREDENTIALS_CERTIFICATE",
            json!({"certificate": certificate, "privateKey": SECRET, "clientSecret": null}),
        ),
    ];
    let store = |(place, fields): (usize, Value)| {
        let id = format!("5c7c2677-0000-4000-8000-{place:012}");
        simulator.store(simulator.organization(), &id, fields);
        id
    };
    connectors.into_iter().enumerate().map(store).collect()
}

/// What no output, state or plan may hold.
const SECRET: &str = "canary-only-webex-knows";

fn basic(name: &str) -> Value {
    json!({
        "name": name, "authenticationType": "BASIC", "grantType": null,
        "resourceDomain": "https://example.zendesk.com/api/v2/", "username": "agent",
        "password": SECRET, "validationUrl": "https://example.zendesk.com",
    })
}

fn oauth(name: &str, grant: &str, more: Value) -> Value {
    let mut fields = json!({
        "name": name, "authenticationType": "OAUTH2", "grantType": grant,
        "resourceDomain": "https://api.example.com/v1", "clientId": "contact-center",
        "clientSecret": SECRET, "tokenUrl": "https://login.example.com/token",
    });
    let Value::Object(more) = more else { panic!("an object") };
    fields.as_object_mut().expect("an object").extend(more);
    fields
}

/// A provider that calls a simulator.
async fn plugin(simulator: &Simulator) -> Plugin {
    Launch::new(env!("CARGO_BIN_EXE_terraform-provider-webex"))
        .with("WEBEX_CC_BASE_URL", simulator.base_url())
        .with("WEBEX_ACCESS_TOKEN", simulator.token())
        .start()
        .await
}
