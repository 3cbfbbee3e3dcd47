//! Data sources, through the CLI and under Terraform's checks.

use serde_json::json;
use tf_provider::value::Value;
use webex_cc_simulator::Script;

use super::made_by_hand;
use crate::support::checker::{Shape, of};
use crate::support::connectors::ONLY_WEBEX_KNOWS;
use crate::support::plugin_client::proto::tfplugin5 as protocol;
use crate::support::simulator::unlocked;
use crate::support::terraform::Terraform;
use crate::support::terraform_core::{Message, TerraformCore, answer, failed, messages};

const ALL: &str = "webex_cc_custom_connectors";

#[test]
fn connector_is_found_by_name_and_by_id() {
    let simulator = unlocked();
    let ids = made_by_hand(&simulator);
    let terraform = Terraform::with(&simulator);
    let text = format!(
        r#"
data "webex_cc_custom_connector" "by_name" {{
  name = "Ledger"
}}
data "webex_cc_custom_connector" "by_id" {{
  id              = "{}"
  organization_id = "{}"
}}
output "found" {{
  value = [data.webex_cc_custom_connector.by_name.id, data.webex_cc_custom_connector.by_id.name]
}}
output "same" {{
  value = data.webex_cc_custom_connector.by_name == data.webex_cc_custom_connector.by_id
}}
"#,
        ids[8],
        simulator.organization()
    );
    terraform.write("main.tf", &text);
    terraform.apply().succeeded();
    let found = terraform.outputs();
    assert_eq!(found["found"], json!([ids[8], "Ledger"]));
    assert_eq!(found["same"], json!(true));
    terraform.plans_nothing();
    assert!(!terraform.read("terraform.tfstate").contains(ONLY_WEBEX_KNOWS));
}

#[test]
fn missing_connector_is_an_error_on_its_argument() {
    let simulator = unlocked();
    made_by_hand(&simulator);
    let terraform = Terraform::with(&simulator);
    let look = |arguments: &str| {
        let text = format!("data \"webex_cc_custom_connector\" \"x\" {{\n{arguments}\n}}\n");
        terraform.write("main.tf", &text);
        terraform.plan().failed()
    };
    look("name = \"zendesk\"")
        .says("There is no connector named \"zendesk\"")
        .says("There is \"Zendesk\": the case of letters counts.")
        .says("name = \"zendesk\"");
    look("id = \"00000000-0000-4000-8000-000000000000\"").says("There is no such connector");
    look("name = \"a\"\nid = \"b\"").says("id and name exclude each other");
    look("").says("id or name is missing");
    look("id = \"..\"").says("The id cannot be used");
    look("name = \"a\"\norganization_id = \"x\"").says("The organization id cannot be read");

    // Names are unique, but the provider does not rely on it.
    let twin = json!({"name": "Zendesk", "authenticationType": "BASIC"});
    simulator.store(simulator.organization(), "5c7c2677-0000-4000-8000-00000000000f", twin);
    look("name = \"Zendesk\"")
        .says("There are 2 connectors named \"Zendesk\"")
        .says("5c7c2677-0000-4000-8000-00000000000f");
}

#[test]
fn connectors_are_sorted_and_filtered() {
    let simulator = unlocked();
    let ids = made_by_hand(&simulator);
    let terraform = Terraform::with(&simulator);
    terraform.write(
        "main.tf",
        r#"
data "webex_cc_custom_connectors" "all" {}
data "webex_cc_custom_connectors" "off" {
  active = false
}
data "webex_cc_custom_connectors" "crm" {
  name_regex = "(?i)^crm"
}
data "webex_cc_custom_connectors" "none" {
  name_regex = "^nothing$"
}
output "names" {
  value = [
    for data in [
      data.webex_cc_custom_connectors.all, data.webex_cc_custom_connectors.off,
      data.webex_cc_custom_connectors.crm, data.webex_cc_custom_connectors.none,
    ] : data.connectors[*].name
  ]
}
output "ids" {
  value = data.webex_cc_custom_connectors.crm.ids
}
"#,
    );
    terraform.apply().succeeded();
    let found = terraform.outputs();
    let names = &found["names"];
    let expected = json!([
        "Billing",
        "CRM",
        "CRM 2",
        "Help desk (old) – do not use",
        "Ledger",
        "Ledger test",
        "ServiceNow",
        "Zendesk",
        "crm_api",
        "Ünïcode & \"quotes\" ${not} %{a template}",
    ]);
    assert_eq!(names[0], expected);
    assert_eq!(names[1], json!(["Billing"]));
    assert_eq!(names[2], json!(["CRM", "CRM 2", "crm_api"]));
    assert_eq!(names[3], json!([]));
    let expected = json!({"CRM": ids[6], "CRM 2": ids[7], "crm_api": ids[2]});
    assert_eq!(found["ids"], expected);
    // Four data sources share one list per process.
    terraform.plans_nothing();
    assert!(!terraform.read("terraform.tfstate").contains(ONLY_WEBEX_KNOWS));
}

#[test]
fn invalid_regex_is_an_error_without_a_call() {
    let terraform = Terraform::offline();
    terraform.write("main.tf", &format!("data \"{ALL}\" \"x\" {{\n  name_regex = \"a(\"\n}}\n"));
    terraform
        .validate()
        .failed()
        .says("name_regex cannot be used as a regular expression")
        .says("name_regex = \"a(\"");
}

#[test]
fn flow_connectors_use_only_the_documented_endpoint() {
    let simulator = unlocked();
    let ids = made_by_hand(&simulator);
    // This tenant serves only the documented endpoint.
    simulator.faults([Script::answer(404, json!({})).path("/organization/*/v2/connector")]);
    let terraform = Terraform::with(&simulator);
    terraform.write(
        "main.tf",
        r#"
data "webex_cc_flow_connectors" "crm" {
  search = "crm"
}
output "crm" {
  value = data.webex_cc_flow_connectors.crm
}
"#,
    );
    terraform.apply().succeeded();
    let found = terraform.outputs();
    let crm = &found["crm"];
    assert_eq!(crm["ids"], json!({"CRM": ids[6], "CRM 2": ids[7], "crm_api": ids[2]}));
    assert_eq!(crm["connectors"][0], json!({"name": "CRM", "id": ids[6]}));
    let paths = simulator.journal().into_iter().map(|exchange| exchange.path);
    let paths = paths.collect::<std::collections::BTreeSet<_>>();
    assert_eq!(paths.len(), 1, "{paths:?}");
    assert!(paths.iter().all(|path| path.ends_with("/inputs/connectorId/choices")), "{paths:?}");
}

#[test]
fn data_source_without_credentials_names_the_variable() {
    let terraform = Terraform::offline();
    for source in ["webex_cc_custom_connectors", "webex_cc_flow_connectors"] {
        terraform.write("main.tf", &format!("data \"{source}\" \"x\" {{}}\n"));
        terraform.plan().failed().says("WEBEX_ACCESS_TOKEN");
    }
}

/// Reads a data source under Terraform's checks: the response fits the schema, is wholly known, and
/// keeps the configured values.
async fn read(
    core: &mut TerraformCore,
    name: &str,
    arguments: &[(&'static str, &str)],
) -> Result<(Value, Vec<Message>), String> {
    let schemas = core.client().get_schema(protocol::get_provider_schema::Request {}).await;
    let schemas = answer("GetSchema", schemas)?;
    let shape = Shape::of(&schemas.data_source_schemas[name]).map_err(|wrong| wrong.join("; "))?;
    let configuration = shape.object(arguments.iter().copied());
    let config = Some(shape.encode(&configuration));
    let request = protocol::validate_data_source_config::Request {
        type_name: name.to_owned(),
        config: config.clone(),
    };
    let validated = core.client().validate_data_source_config(request).await;
    let said = messages(&answer("ValidateDataSourceConfig", validated)?.diagnostics)?;
    if failed(&said) {
        return Ok((Value::Null, said));
    }
    let request = protocol::read_data_source::Request {
        type_name: name.to_owned(),
        config,
        ..Default::default()
    };
    let read = answer("ReadDataSource", core.client().read_data_source(request).await)?;
    let said = messages(&read.diagnostics)?;
    if failed(&said) {
        return Ok((Value::Null, said));
    }
    let state = shape.decode(read.state.as_ref())?;
    let problems = shape.state_problems(&state);
    if !problems.is_empty() {
        return Err(problems.join("; "));
    }
    for name in shape.attributes(|_| true) {
        let wanted = of(&configuration, name);
        if !wanted.is_null() && wanted != of(&state, name) {
            return Err(format!("{name} is not as the user wrote it"));
        }
    }
    Ok((state, said))
}

#[tokio::test]
async fn data_source_responses_pass_terraforms_checks() {
    let simulator = unlocked();
    let ids = made_by_hand(&simulator);
    let (_plugin, mut core) = TerraformCore::connected(&simulator).await;
    let organization = simulator.organization().to_uppercase();
    for (name, arguments) in [
        ("webex_cc_custom_connector", vec![("name", "CRM"), ("organization_id", &organization)]),
        ("webex_cc_custom_connector", vec![("id", ids[0].as_str())]),
        (ALL, vec![("organization_id", organization.as_str())]),
        (ALL, vec![("name_regex", "^Z")]),
        ("webex_cc_flow_connectors", vec![("search", "CRM")]),
        ("webex_cc_flow_connectors", vec![("organization_id", &organization)]),
    ] {
        let (state, said) = read(&mut core, name, &arguments).await.unwrap();
        assert!(!state.is_null(), "{name} {arguments:?}: {said:?}");
        assert_eq!(said, [], "{name} {arguments:?}");
    }
    let wrong = read(&mut core, ALL, &[("name_regex", "[")]).await.unwrap().1;
    assert_eq!(wrong[0].at.as_deref(), Some("name_regex"), "{wrong:?}");
}
