//! Each kind of connector, from creation to destruction.

use serde_json::{Value, json};

use crate::support::connectors::{
    ADDRESS, Connector, Form, PASSWORD, basic, certificate, client_credentials, password_grant,
    resource,
};
use crate::support::simulator::{all_stored, calls, id_of, last_body, locked, stored, unlocked};
use crate::support::terraform::Terraform;

/// The new connector needs the name of the old one, which still exists.
#[test]
fn create_before_destroy_explains_the_name_conflict() {
    let simulator = unlocked();
    let terraform = Terraform::with(&simulator);
    let with = |lifecycle: &str, connector: Connector| {
        let arguments = connector.with("name", "Zendesk").hcl(Form::Stateful);
        terraform.write("main.tf", &resource(&format!("{arguments}{lifecycle}")));
    };
    let before = "  lifecycle {\n    create_before_destroy = true\n  }";
    with(before, basic());
    terraform.apply().succeeded();
    let id = id_of(&stored(&simulator));

    with(before, client_credentials());
    terraform
        .plan()
        .succeeded()
        .says("add a second resource with another name")
        .says("create_before_destroy does not help");
    terraform
        .apply()
        .failed()
        .says(&format!("The connector {id} has the name \"Zendesk\""))
        .says("has create_before_destroy, remove create_before_destroy");
    stored(&simulator);

    with("", client_credentials());
    terraform.apply().succeeded().says("1 added, 0 changed, 1 destroyed");
    terraform.plans_nothing();
}

/// Fails the test unless every field of `expected` is stored.
#[track_caller]
fn stores(stored: &Value, expected: &Value) {
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&stored[field], value, "{field} in {stored:#}");
    }
}

#[track_caller]
fn completes_a_life_cycle(connector: &Connector) {
    let simulator = unlocked();
    let organization = simulator.organization();
    let terraform = Terraform::with(&simulator);
    let expected = |connector: &Connector| connector.json_with(|credential| &credential.values[0]);

    terraform.write("main.tf", &connector.resource());
    terraform.apply().succeeded();
    let created = stored(&simulator);
    stores(&created, &expected(connector));
    let id = id_of(&created);
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
    let attributes = terraform.attributes(ADDRESS);
    assert_eq!(attributes["id"], json!(id));
    assert_eq!(attributes["organization_id"], json!(organization));
    assert_eq!(attributes["created_time"].as_str().map(|time| time.ends_with('Z')), Some(true));

    terraform.plans_nothing();
    assert_eq!(calls(&simulator), ["GET /organization/ORG/v2/connector 200"]);

    let edited = connector.clone().edited();
    terraform.write("main.tf", &edited.resource());
    terraform.apply().succeeded().says("0 added, 1 changed, 0 destroyed");
    let same = || simulator.stored(organization, &id).expect("the same connector");
    stores(&same(), &expected(&edited));
    assert_eq!(
        calls(&simulator),
        [
            "GET /organization/ORG/v2/connector 200",
            "GET /organization/ORG/connector/ID 200",
            "PUT /organization/ORG/connector/ID 200"
        ]
    );
    terraform.plans_nothing();

    // An edit in Control Hub is drift, which the next apply repairs.
    simulator.store(organization, &id, json!({ connector.editable_key(): "drifted" }));
    terraform.plan().succeeded().says("drifted").says("1 to change");
    terraform.apply().succeeded().says("1 changed");
    stores(&same(), &expected(&edited));
    terraform.plans_nothing();

    simulator.clear_journal();
    terraform.destroy().succeeded().says("1 destroyed");
    assert_eq!(
        calls(&simulator),
        ["GET /organization/ORG/v2/connector 200", "DELETE /organization/ORG/connector/ID 204"]
    );
    assert_eq!(all_stored(&simulator), Vec::<Value>::new());
}

#[test]
fn life_cycle_of_basic_authentication() {
    completes_a_life_cycle(&basic());
}

#[test]
fn life_cycle_of_client_credentials() {
    completes_a_life_cycle(&client_credentials());
}

#[test]
fn life_cycle_of_the_password_grant() {
    completes_a_life_cycle(&password_grant());
}

#[test]
fn life_cycle_of_a_certificate() {
    completes_a_life_cycle(&certificate());
}

/// The server refuses to edit or delete active connectors. The connector is active again
/// afterwards.
#[test]
fn active_connector_is_deactivated_for_edit_and_delete() {
    let simulator = locked();
    let terraform = Terraform::applied(&simulator, &basic().resource());
    simulator.clear_journal();

    terraform.write("main.tf", &basic().edited().resource());
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
    assert_eq!(stored(&simulator)["active"], json!(true));
    assert_eq!(stored(&simulator)["username"], json!("agent2"));
    terraform.plans_nothing();

    terraform.destroy().succeeded().says("1 destroyed");
    assert_eq!(all_stored(&simulator), Vec::<Value>::new());
}

#[test]
fn active_deactivates_and_activates_the_connector() {
    let simulator = unlocked();
    let terraform = Terraform::applied(&simulator, &basic().with("active", false).resource());
    assert_eq!(stored(&simulator)["active"], json!(false));
    terraform.plans_nothing();

    terraform.write("main.tf", &basic().resource());
    terraform.apply().succeeded().says("1 changed");
    assert_eq!(stored(&simulator)["active"], json!(true));
    assert_eq!(last_body(&simulator, "PUT")["password"], json!(PASSWORD));
    terraform.plans_nothing();
}

#[test]
fn change_of_timeouts_writes_nothing() {
    let simulator = unlocked();
    let terraform = Terraform::applied(&simulator, &basic().resource());
    simulator.clear_journal();
    let arguments = format!("{}  timeouts {{ create = \"3m\" }}", basic().hcl(Form::Stateful));
    terraform.write("main.tf", &resource(&arguments));
    terraform.apply().succeeded().says("1 changed");
    assert_eq!(calls(&simulator), ["GET /organization/ORG/v2/connector 200"]);
    terraform.plans_nothing();
}

/// State keeps the user's spelling.
#[test]
fn another_spelling_of_a_url_plans_nothing() {
    let simulator = unlocked();
    let terraform = Terraform::applied(&simulator, &basic().resource());
    let spelling = json!({
        "resourceDomain": "https://EXAMPLE.zendesk.com/api/v2/",
        "validationUrl": "https://example.zendesk.com:443/",
    });
    simulator.store(simulator.organization(), &id_of(&stored(&simulator)), spelling);
    terraform.plans_nothing();
    let attributes = terraform.attributes(ADDRESS);
    assert_eq!(attributes["resource_domain_url"], json!("https://example.zendesk.com/api/v2/"));
}

/// Flows refer to a connector by its id.
#[test]
fn replacement_warns_about_flows() {
    let simulator = unlocked();
    let terraform = Terraform::applied(&simulator, &client_credentials().resource());
    terraform.write("main.tf", &password_grant().with("name", "ServiceNow").resource());
    terraform
        .plan()
        .succeeded()
        .says("must be replaced")
        .says("will stop working")
        .says("cannot change grant_type")
        .does_not_say("already taken");
    terraform.apply().succeeded().says("1 added, 0 changed, 1 destroyed");
    terraform.plans_nothing();
}
