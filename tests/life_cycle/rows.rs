//! Each row of the rule table, from creation to destruction.

use serde_json::{Value, json};
use webex_cc_simulator::{Options, Simulator};

use super::{ADDRESS, calls, connector, last_body, without_lock};
use crate::support::pem;
use crate::support::terraform::Terraform;

/// One row: its arguments, and what Webex is to hold.
struct Row {
    arguments: String,
    /// The same with another value of one argument, and the JSON field that
    /// holds it.
    changed: (String, &'static str, Value),
    /// What the simulator stores beside ids, versions and times.
    stored: Value,
}

/// The new connector would need the name of the old one, which is still there.
#[test]
fn who_creates_before_destroying_is_told_why_that_fails() {
    let simulator = without_lock();
    let terraform = Terraform::with(&simulator);
    let with = |lifecycle: &str, row: Row| connector(&format!("{}\n{lifecycle}", row.arguments));
    let before = "  lifecycle {\n    create_before_destroy = true\n  }";
    terraform.write("main.tf", &with(before, basic()));
    terraform.apply().succeeded();
    let id = terraform.attributes(ADDRESS).expect("it is in state")["id"].clone();
    let id = id.as_str().expect("an id");

    let mut other = client_credentials();
    other.arguments = other.arguments.replace("ServiceNow", "Zendesk");
    let other = |lifecycle: &str| connector(&format!("{}\n{lifecycle}", other.arguments));
    terraform.write("main.tf", &other(before));
    terraform
        .plan()
        .succeeded()
        .says("add a second resource under another name")
        .says("create_before_destroy does not help");
    terraform
        .apply()
        .failed()
        .says(&format!("The connector {id} has the name \"Zendesk\""))
        .says("If this connector is to replace that one, remove create_before_destroy");
    assert_eq!(simulator.all_stored(simulator.organization()).len(), 1);

    terraform.write("main.tf", &other(""));
    terraform.apply().succeeded().says("1 added, 0 changed, 1 destroyed");
    terraform.plans_nothing();
}

fn basic() -> Row {
    let arguments = |username: &str| {
        format!(
            r#"
  name                = "Zendesk"
  resource_domain_url = "https://example.zendesk.com/api/v2/"
  username            = "{username}"
  password            = "basic-password"
  validation_url      = "https://example.zendesk.com"
"#
        )
    };
    Row {
        arguments: arguments("agent"),
        changed: (arguments("agent2"), "username", json!("agent2")),
        stored: json!({
            "name": "Zendesk", "active": true, "authenticationType": "BASIC", "grantType": null,
            "resourceDomain": "https://example.zendesk.com/api/v2/", "clientId": null,
            "tokenUrl": null, "scope": null, "certificate": null, "username": "agent",
            "password": "basic-password", "validationUrl": "https://example.zendesk.com",
        }),
    }
}

fn client_credentials() -> Row {
    let arguments = |scope: &str| {
        format!(
            r#"
  name                = "ServiceNow"
  authentication_type = "oauth2"
  resource_domain_url = "https://dev1.service-now.com"
  client_id           = "abc"
  client_secret       = "oauth-secret"
  token_url           = "https://dev1.service-now.com/oauth_token.do"
  scope               = "{scope}"
"#
        )
    };
    Row {
        arguments: arguments("useraccount"),
        changed: (arguments("useraccount offline"), "scope", json!("useraccount offline")),
        stored: json!({
            "name": "ServiceNow", "active": true, "authenticationType": "OAUTH2",
            "grantType": "CLIENT_CREDENTIALS_SECRET",
            "resourceDomain": "https://dev1.service-now.com", "clientId": "abc",
            "clientSecret": "oauth-secret",
            "tokenUrl": "https://dev1.service-now.com/oauth_token.do", "scope": "useraccount",
            "certificate": null, "username": null, "validationUrl": null,
        }),
    }
}

fn password() -> Row {
    let arguments = |username: &str| {
        format!(
            r#"
  name                = "CRM"
  authentication_type = "oauth2"
  grant_type          = "password"
  resource_domain_url = "https://org.api.crm.example.com/api/data/v9.2/"
  client_id           = "crm"
  client_secret       = "crm-secret"
  token_url           = "https://login.example.com/token"
  username            = "{username}"
  password            = "crm-password"
"#
        )
    };
    Row {
        arguments: arguments("service"),
        changed: (arguments("service2"), "username", json!("service2")),
        stored: json!({
            "name": "CRM", "active": true, "authenticationType": "OAUTH2",
            "grantType": "PASSWORD",
            "resourceDomain": "https://org.api.crm.example.com/api/data/v9.2/",
            "clientId": "crm", "clientSecret": "crm-secret",
            "tokenUrl": "https://login.example.com/token", "scope": null, "certificate": null,
            "username": "service", "password": "crm-password", "validationUrl": null,
        }),
    }
}

fn certificate() -> Row {
    let pair = pem::pair();
    let arguments = |client_id: &str| {
        format!(
            r#"
  name                = "Ledger"
  authentication_type = "oauth2"
  grant_type          = "client_credentials_certificate"
  resource_domain_url = "https://ledger.example.com"
  client_id           = "{client_id}"
  certificate         = <<-PEM
{}PEM
  private_key         = <<-PEM
{}PEM
  token_url           = "https://login.example.com/token"
"#,
            pair.certificate, pair.private_key
        )
    };
    Row {
        arguments: arguments("ledger"),
        changed: (arguments("ledger2"), "clientId", json!("ledger2")),
        stored: json!({
            "name": "Ledger", "active": true, "authenticationType": "OAUTH2",
            "grantType": "CLIENT_CREDENTIALS_CERTIFICATE",
            "resourceDomain": "https://ledger.example.com", "clientId": "ledger",
            "privateKey": pair.private_key,
            "tokenUrl": "https://login.example.com/token", "scope": null,
            "certificate": pair.certificate, "username": null, "validationUrl": null,
        }),
    }
}

/// Fails the test unless every field of `expected` is stored as it says.
#[track_caller]
fn stores(stored: &Value, expected: &Value) {
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&stored[field], value, "{field} in {stored:#}");
    }
}

#[track_caller]
fn lives(row: &Row) {
    let simulator = without_lock();
    let organization = simulator.organization();
    let terraform = Terraform::with(&simulator);

    terraform.write("main.tf", &connector(&row.arguments));
    terraform.apply().succeeded();
    let [created] = &simulator.all_stored(organization)[..] else { panic!("one connector") };
    stores(created, &row.stored);
    let id = created["id"].as_str().expect("an id").to_owned();
    // Planning looks for rivals of the new connector, and Terraform plans again
    // when it applies. Creating is one POST.
    assert_eq!(
        calls(&simulator),
        [
            "GET /organization/ORG/v2/connector 200",
            "GET /organization/ORG/v2/connector 200",
            "POST /organization/ORG/connector 201",
        ]
    );
    let attributes = terraform.attributes(ADDRESS).expect("the connector in state");
    assert_eq!(attributes["id"], json!(id));
    assert_eq!(attributes["organization_id"], json!(organization));
    assert_eq!(attributes["created_time"].as_str().map(|time| time.ends_with('Z')), Some(true));

    terraform.plans_nothing();
    assert_eq!(calls(&simulator), ["GET /organization/ORG/v2/connector 200"]);

    let (arguments, field, value) = &row.changed;
    terraform.write("main.tf", &connector(arguments));
    terraform.apply().succeeded().says("0 added, 1 changed, 0 destroyed");
    let mut expected = row.stored.clone();
    expected[field] = value.clone();
    stores(&simulator.stored(organization, &id).expect("the same connector"), &expected);
    assert_eq!(
        calls(&simulator),
        ["GET /organization/ORG/v2/connector 200", "PUT /organization/ORG/connector/ID 200"]
    );
    terraform.plans_nothing();

    // Somebody edits it in Control Hub; the next apply puts it right.
    simulator.store(organization, &id, json!({ *field: "drifted" }));
    terraform.plan().succeeded().says("drifted").says("1 to change");
    terraform.apply().succeeded().says("1 changed");
    stores(&simulator.stored(organization, &id).expect("the same connector"), &expected);
    terraform.plans_nothing();

    simulator.clear_journal();
    terraform.destroy().succeeded().says("1 destroyed");
    assert_eq!(
        calls(&simulator),
        ["GET /organization/ORG/v2/connector 200", "DELETE /organization/ORG/connector/ID 204"]
    );
    assert_eq!(simulator.all_stored(organization), Vec::<Value>::new());
}

#[test]
fn basic_lives() {
    lives(&basic());
}

#[test]
fn client_credentials_lives() {
    lives(&client_credentials());
}

#[test]
fn password_lives() {
    lives(&password());
}

#[test]
fn certificate_lives() {
    lives(&certificate());
}

/// A server that lets only deactivated connectors be edited or deleted: the
/// connector is active again afterwards.
#[test]
fn an_active_connector_is_edited_and_deleted_by_way_of_deactivation() {
    let simulator = Simulator::start(Options::default()).expect("a simulator");
    let organization = simulator.organization();
    let terraform = Terraform::with(&simulator);
    let row = basic();
    terraform.write("main.tf", &connector(&row.arguments));
    terraform.apply().succeeded();
    simulator.clear_journal();

    terraform.write("main.tf", &connector(&row.changed.0));
    terraform.apply().succeeded().says("1 changed");
    let puts = calls(&simulator).into_iter().filter(|call| call.starts_with("PUT"));
    assert_eq!(
        puts.collect::<Vec<_>>(),
        [
            "PUT /organization/ORG/connector/ID 423",
            "PUT /organization/ORG/connector/ID 200",
            "PUT /organization/ORG/connector/ID 200",
            "PUT /organization/ORG/connector/ID 200",
        ]
    );
    assert_eq!(simulator.all_stored(organization)[0]["active"], json!(true));
    assert_eq!(simulator.all_stored(organization)[0]["username"], json!("agent2"));
    terraform.plans_nothing();

    terraform.destroy().succeeded().says("1 destroyed");
    assert_eq!(simulator.all_stored(organization), Vec::<Value>::new());
}

#[test]
fn active_false_deactivates_and_true_activates() {
    let simulator = without_lock();
    let organization = simulator.organization();
    let terraform = Terraform::with(&simulator);
    let row = basic();
    terraform.write("main.tf", &connector(&format!("{}\n  active = false", row.arguments)));
    terraform.apply().succeeded();
    assert_eq!(simulator.all_stored(organization)[0]["active"], json!(false));
    terraform.plans_nothing();

    terraform.write("main.tf", &connector(&row.arguments));
    terraform.apply().succeeded().says("1 changed");
    assert_eq!(simulator.all_stored(organization)[0]["active"], json!(true));
    assert_eq!(last_body(&simulator, "PUT")["password"], json!("basic-password"));
    terraform.plans_nothing();
}

#[test]
fn a_change_of_the_timeouts_calls_nobody() {
    let simulator = without_lock();
    let terraform = Terraform::with(&simulator);
    let row = basic();
    terraform.write("main.tf", &connector(&row.arguments));
    terraform.apply().succeeded();
    simulator.clear_journal();
    let arguments = format!("{}\n  timeouts {{ create = \"3m\" }}", row.arguments);
    terraform.write("main.tf", &connector(&arguments));
    terraform.apply().succeeded().says("1 changed");
    assert_eq!(calls(&simulator), ["GET /organization/ORG/v2/connector 200"]);
    terraform.plans_nothing();
}

/// What Webex spells otherwise keeps the user's spelling.
#[test]
fn another_spelling_of_an_address_is_no_difference() {
    let simulator = without_lock();
    let organization = simulator.organization();
    let terraform = Terraform::with(&simulator);
    terraform.write("main.tf", &connector(&basic().arguments));
    terraform.apply().succeeded();
    let id = simulator.all_stored(organization)[0]["id"].as_str().expect("an id").to_owned();
    let spelling = json!({
        "resourceDomain": "https://EXAMPLE.zendesk.com/api/v2",
        "validationUrl": "https://example.zendesk.com:443/",
    });
    simulator.store(organization, &id, spelling);
    terraform.plans_nothing();
    let attributes = terraform.attributes(ADDRESS).expect("the connector in state");
    assert_eq!(attributes["resource_domain_url"], json!("https://example.zendesk.com/api/v2/"));
}

/// A replacement is announced, because flows refer to a connector by its id.
#[test]
fn a_replacement_warns_of_the_flows() {
    let simulator = without_lock();
    let terraform = Terraform::with(&simulator);
    terraform.write("main.tf", &connector(&client_credentials().arguments));
    terraform.apply().succeeded();
    let arguments = client_credentials().arguments.replace(
        "client_id ",
        "grant_type          = \"password\"\n  username = \"u\"\n  password = \"p\"\n  client_id ",
    );
    terraform.write("main.tf", &connector(&arguments));
    terraform
        .plan()
        .succeeded()
        .says("must be replaced")
        .says("Flows that use this connector will stop working")
        .says("cannot change grant_type")
        .does_not_say("already taken");
    terraform.apply().succeeded().says("1 added, 0 changed, 1 destroyed");
    terraform.plans_nothing();
}
