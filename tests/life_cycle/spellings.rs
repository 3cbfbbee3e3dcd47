//! Another spelling of what there is: it replaces nothing and updates nothing.

use base64::Engine as _;
use serde_json::json;
use webex_cc_simulator::{Options, Simulator};

use super::{ADDRESS, calls, connector};
use crate::support::pem;
use crate::support::terraform::Terraform;

const ID: &str = "6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10";

/// The organization's id as the public Webex APIs write it.
fn base64(organization: &str) -> String {
    let address = format!("ciscospark://us/ORGANIZATION/{organization}");
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(address)
}

fn with_lock() -> Simulator {
    Simulator::start(Options::default()).expect("a simulator")
}

fn arguments(organization: &str, host: &str, scope: &str, certificate: &str, key: &str) -> String {
    format!(
        r#"
  organization_id     = "{organization}"
  name                = "Ledger"
  authentication_type = "oauth2"
  grant_type          = "client_credentials_certificate"
  resource_domain_url = "{host}"
  token_url           = "{host}"
  client_id           = "ledger"
  scope               = "{scope}"
  certificate         = {}
  private_key         = {}
"#,
        json!(certificate),
        json!(key)
    )
}

/// An import stores the organization's UUID and Webex's spelling of everything
/// else; configurations may spell otherwise.
#[test]
fn an_imported_connector_is_neither_replaced_nor_updated_for_its_spelling() {
    let simulator = with_lock();
    let organization = simulator.organization().to_owned();
    let pair = pem::pair();
    let fields = json!({
        "name": "Ledger", "connectorType": "CUSTOM", "active": true,
        "authenticationType": "OAUTH2", "grantType": "CLIENT_CREDENTIALS_CERTIFICATE",
        "resourceDomain": "https://ledger.example.com/", "clientId": "ledger", "scope": "a",
        "tokenUrl": "https://ledger.example.com/", "certificate": pair.certificate,
        "privateKey": "only-webex-knows",
    });
    simulator.store(&organization, ID, fields);
    let terraform = Terraform::with(&simulator);
    let windows = pair.certificate.replace('\n', "\r\n");
    let spelled = |scope: &str| {
        let arguments = arguments(
            &base64(&organization),
            "https://LEDGER.example.com:443",
            scope,
            &windows,
            &pair.private_key,
        );
        connector(&arguments.replace("private_key ", "private_key_wo "))
    };
    let without_key = |text: String| {
        let lines = text.lines().filter(|line| !line.contains("private_key_wo"));
        lines.collect::<Vec<_>>().join("\n")
    };
    terraform.write("main.tf", &without_key(spelled("a")));
    terraform.run(["import", "-no-color", ADDRESS, ID]).succeeded();
    terraform.plans_nothing();
    for capitals in [false, true] {
        let spelling = if capitals { organization.to_uppercase() } else { base64(&organization) };
        let text = without_key(spelled("a")).replace(&base64(&organization), &spelling);
        terraform.write("main.tf", &text);
        terraform.plans_nothing();
        terraform.apply().succeeded().says("0 added, 0 changed, 0 destroyed");
    }
    let writes = calls(&simulator).into_iter().filter(|call| !call.starts_with("GET"));
    assert_eq!(writes.collect::<Vec<_>>(), [""; 0]);

    // What is really another value is an update in place, and stays one.
    terraform.write("main.tf", &spelled("b"));
    terraform
        .apply()
        .succeeded()
        .says("0 added, 1 changed, 0 destroyed")
        .does_not_say("stop working");
    let stored = simulator.stored(&organization, ID).expect("the same connector");
    assert_eq!((&stored["scope"], &stored["active"]), (&json!("b"), &json!(true)));
    terraform.plans_nothing();
}

#[test]
fn a_created_connector_is_neither_replaced_nor_updated_for_its_spelling() {
    let simulator = with_lock();
    let organization = simulator.organization().to_owned();
    let pair = pem::pair();
    let (certificate, key) = (&*pair.certificate, &*pair.private_key);
    let terraform = Terraform::with(&simulator);
    let first = arguments(&organization, "https://ledger.example.com", "a", certificate, key);
    let implied = first.lines().filter(|line| !line.contains("organization_id"));
    terraform.write("main.tf", &connector(&implied.collect::<Vec<_>>().join("\n")));
    terraform.apply().succeeded();
    calls(&simulator);

    let respelled = |pem: &str| format!("{}\r\n", pem.replace('\n', "\r\n"));
    let (certificate, key) = (respelled(certificate), respelled(key));
    let again =
        arguments(&base64(&organization), "https://ledger.example.com/", "a", &certificate, &key);
    terraform.write("main.tf", &connector(&again));
    terraform.plans_nothing();
    let writes = calls(&simulator).into_iter().filter(|call| !call.starts_with("GET"));
    assert_eq!(writes.collect::<Vec<_>>(), [""; 0]);

    // Another organization is another organization, however it is spelled.
    let elsewhere = base64("9b2e7c10-4f3d-4a6b-8e21-7c5d0f9a1b34");
    terraform.write("main.tf", &connector(&again.replace(&base64(&organization), &elsewhere)));
    terraform.plan().says("must be replaced").says("Flows that use this connector");
}
