//! Functions through the CLI: results, and errors at their argument.

use serde_json::{Value, json};

use crate::support::terraform::{Output, Terraform};

const UUID: &str = "f5b36187-c8dd-4727-8b2f-f9c447f29046";

/// An id from Webex's documentation of people.
const PERSON: &str =
    "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY";

/// Evaluates an expression without a provider block.
fn evaluate(expression: &str) -> Result<Value, Output> {
    let terraform = Terraform::offline();
    terraform.write("main.tf", &format!("output \"x\" {{\n  value = {expression}\n}}\n"));
    let applied = terraform.apply();
    if applied.code != Some(0) {
        return Err(applied);
    }
    let output = terraform.run(["output", "-json", "x"]).succeeded().stdout;
    Ok(serde_json::from_str(&output).expect("JSON"))
}

#[test]
fn ids_are_encoded_and_decoded() {
    let two = format!("provider::webex::encode_id(\"PEOPLE\", \"{UUID}\", \"urn:TEAM:eu\")");
    for (expression, result) in [
        (format!("provider::webex::decode_id(\"{PERSON}\")"), UUID),
        (format!("provider::webex::encode_id(\"people\", \"{UUID}\")"), PERSON),
        (format!("provider::webex::decode_id({two})"), UUID),
    ] {
        assert_eq!(evaluate(&expression).unwrap(), json!(result), "{expression}");
    }
}

#[test]
fn flow_is_rebound_to_other_connectors() {
    let flow = json!({"process": {"activities": {"1": {"properties": {
        "activityName": "http-request", "connectorId": "00000000-0000-4000-8000-000000000001",
        "connectorId:name": "crm", "authenticated": true, "httpRequestPath": "/a",
    }}}}});
    let text = flow.to_string();
    let quoted = serde_json::to_string(&text).unwrap();
    let rebound =
        evaluate(&format!("provider::webex::rebind_connectors({quoted}, {{ crm = \"{UUID}\" }})"))
            .unwrap();
    let expected = text.replace("00000000-0000-4000-8000-000000000001", UUID);
    assert_eq!(rebound, json!(expected));
}

#[test]
fn function_errors_point_at_the_argument() {
    let function = |call: &str| evaluate(&format!("provider::webex::{call}")).unwrap_err();
    function("decode_id(\"nonsense\")")
        .says("Invalid value for \"id\" parameter")
        .says("This is no Webex id")
        .does_not_say("..");
    function(&format!("encode_id(\"PEOPLE\", \"{PERSON}\")"))
        .says("Invalid value for \"uuid\" parameter")
        .says("This is no UUID");
    function(&format!("encode_id(\"PEOPLE\", \"{UUID}\", \"us\", \"eu\")"))
        .says("Invalid value for \"cluster\" parameter")
        .says("one cluster only");
    function("rebind_connectors(\"{\", {})")
        .says("Invalid value for \"flow_json\" parameter")
        .says("The flow is not JSON");
    let flow = r#"jsonencode({ activityName = "http-request", connectorId = "a", connectorId_name = "crm" })"#;
    function(&format!("rebind_connectors({flow}, {{}})"))
        .says("Invalid value for \"connectors\" parameter")
        .says("\"crm\"");
    function(&format!("rebind_connectors({flow}, {{ crm = null }})"))
        .says("Invalid value for \"connectors\" parameter")
        .says("The map has no text for \"crm\"");
}
