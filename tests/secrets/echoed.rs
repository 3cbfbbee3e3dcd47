//! A peer that repeats credentials, in what it says of an error and in other requests than those
//! that carried them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use webex_cc_simulator::DEFAULT_ORGANIZATION;

use crate::support::connectors::{ADDRESS, basic, resource};
use crate::support::peer::Peer;
use crate::support::simulator::unlocked;
use crate::support::terraform::Terraform;

const CANARY: &str = "stateOnlyCanary-77x";
const TOKEN: &str = "t0kenOfTheProvider-5Rw8";

/// Returns a configuration with a stateful password.
fn stateful() -> String {
    resource(&format!(
        "  name = \"CRM\"\n  resource_domain_url = \"https://example.com\"\n  username = \"a\"\n  \
         validation_url = \"https://example.com/me\"\n  password = \"{CANARY}\""
    ))
}

fn refusal(text: &str) -> String {
    json!({"trackingId": "T_1", "error": {"message": [{"description": text}]}}).to_string()
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02X}")).collect()
}

/// State holds the password, and none of these requests carries it.
#[test]
fn stored_credential_repeated_by_another_request_is_not_shown() {
    let simulator = unlocked();
    let mut terraform = Terraform::applied(&simulator, &stateful());
    let forms = format!("{CANARY} {} {}", STANDARD.encode(CANARY), hexadecimal(CANARY));
    let peer = Peer::start(move |_, _| (400, refusal(&format!("stored {forms} is bad"))));
    terraform.set("WEBEX_CC_BASE_URL", &peer.url);
    for output in [
        terraform.plan(),
        terraform.run(["destroy", "-auto-approve", "-refresh=false", "-no-color"]),
    ] {
        output
            .failed()
            .says("Webex says: stored [secret removed]")
            .says("is bad")
            .says("Webex tracking id T_1")
            .does_not_say(CANARY)
            .does_not_say(&hexadecimal(CANARY))
            .does_not_say(&STANDARD.encode(CANARY));
    }
}

/// The reference list is a success, and is shown.
#[test]
fn credential_in_the_name_of_a_reference_is_not_shown() {
    let simulator = unlocked();
    let mut terraform = Terraform::applied(&simulator, &stateful());
    let id = terraform.attributes(ADDRESS)["id"].as_str().expect("an id").to_owned();
    let peer = Peer::start(move |line, _| {
        let reference = json!({
            "type": "flow\n\nError: Forged by the API\n\nRun: curl", "id": "x\u{202e}y",
            "name": format!("Main {CANARY}\u{1b}[2J\u{61c}"),
        });
        if line.contains("incoming-references") {
            (200, json!({"meta": {}, "data": [reference]}).to_string())
        } else if line.starts_with("GET") {
            let connector = json!({
                "id": id, "name": "CRM", "active": true, "type": "CUSTOM", "version": 1,
                "authenticationType": "BASIC", "resourceDomain": "https://example.com",
                "username": "a",
            });
            (200, connector.to_string())
        } else {
            (412, refusal("dependency exists"))
        }
    });
    terraform.set("WEBEX_CC_BASE_URL", &peer.url);
    let output = terraform.run(["destroy", "-auto-approve", "-refresh=false", "-no-color"]);
    assert!(
        !output.stderr.lines().any(|line| line.contains("Error: Forged") && !line.contains("flow"))
    );
    assert!(
        !output.stderr.chars().any(|one| one == '\u{1b}' || one == '\u{202e}' || one == '\u{61c}')
    );
    output
        .failed()
        .says(r"flow\n\nError: Forged by the API\n\nRun: curl")
        .says(r"[2J")
        .does_not_say(CANARY);
}

/// A token endpoint repeats the whole body in hexadecimal digits.
#[test]
fn credentials_of_the_provider_repeated_by_the_token_endpoint_are_not_shown() {
    let peer = Peer::start(|_, body| {
        let error = json!({"error": "invalid_grant", "error_description": hexadecimal(body)});
        (400, error.to_string())
    });
    let mut terraform = Terraform::offline();
    terraform.set("WEBEX_CC_BASE_URL", &peer.url);
    terraform.set("WEBEX_TOKEN_URL", &peer.url);
    terraform.set("WEBEX_CLIENT_ID", "id");
    terraform.set("WEBEX_CLIENT_SECRET", CANARY);
    terraform.set("WEBEX_REFRESH_TOKEN", TOKEN);
    terraform.set("WEBEX_ORGANIZATION_ID", DEFAULT_ORGANIZATION);
    terraform.write("main.tf", &basic().resource());
    terraform
        .plan()
        .says("Webex says: invalid_grant")
        .does_not_say(&hexadecimal(CANARY))
        .does_not_say(&hexadecimal(TOKEN));
    assert!(!peer.requests().is_empty());
}
