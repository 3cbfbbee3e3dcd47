//! The action `webex_cc_flow_publish`, which Terraform knows since 1.14.

use serde_json::{Value as Json, json};
use tf_provider::value::Value;
use webex_cc_simulator::{Options, Script, Simulator};

use crate::support::checker::Shape;
use crate::support::connectors::incidents;
use crate::support::plugin_client::Plugin;
use crate::support::plugin_client::proto::tfplugin5 as protocol;
use crate::support::plugin_client::proto::tfplugin5::invoke_action::event::Type as Event;
use crate::support::simulator::{calls, last_body, locked, start};
use crate::support::terraform_core::{Message, TerraformCore, answer, messages};

const TYPE_NAME: &str = "webex_cc_flow_publish";

/// The output of an action: reports, errors, warnings.
#[derive(Debug)]
struct Said {
    reports: Vec<String>,
    errors: Vec<Message>,
    warnings: Vec<Message>,
}

/// A process of the provider, with the schema of the action.
struct Runner {
    plugin: Plugin,
    core: TerraformCore,
    shape: Shape,
}

impl Runner {
    async fn connected(simulator: &Simulator) -> Self {
        let (plugin, mut core) = TerraformCore::connected(simulator).await;
        let schemas = core.client().get_schema(protocol::get_provider_schema::Request {}).await;
        let schemas = answer("GetSchema", schemas).unwrap();
        let schema = schemas.action_schemas[TYPE_NAME].schema.as_ref().unwrap();
        Self { plugin, core, shape: Shape::of(schema).unwrap() }
    }

    /// Validates, plans and invokes the action, as Terraform does.
    async fn run(&mut self, arguments: &[(&'static str, Value)]) -> Said {
        let config = Some(self.shape.encode(&self.shape.object(arguments.to_vec())));
        let client = self.core.client();
        let validated = client.validate_action_config(protocol::validate_action_config::Request {
            type_name: TYPE_NAME.to_owned(),
            config: config.clone(),
        });
        let validated = answer("ValidateActionConfig", validated.await).unwrap();
        assert_eq!(validated.diagnostics, []);
        let planned = client.plan_action(protocol::plan_action::Request {
            action_type: TYPE_NAME.to_owned(),
            config: config.clone(),
            client_capabilities: None,
        });
        assert_eq!(answer("PlanAction", planned.await).unwrap().diagnostics, []);
        let invoked = client.invoke_action(protocol::invoke_action::Request {
            action_type: TYPE_NAME.to_owned(),
            config,
            client_capabilities: None,
        });
        let mut stream = invoked.await.unwrap().into_inner();
        let mut said = Said { reports: vec![], errors: vec![], warnings: vec![] };
        let mut completed = 0;
        while let Some(event) = stream.message().await.unwrap() {
            match event.r#type.unwrap() {
                Event::Progress(progress) => said.reports.push(progress.message),
                Event::Completed(result) => {
                    completed += 1;
                    let all = messages(&result.diagnostics).unwrap();
                    (said.errors, said.warnings) =
                        all.into_iter().partition(|message| message.is_error);
                }
            }
        }
        assert_eq!(completed, 1);
        said
    }

    async fn ended(self) {
        drop(self.core);
        self.plugin.shutdown().await.assert_tidy();
    }
}

/// A flow with two HTTP activities. Their connectors are `first` and `second`.
fn flow(first: Option<&str>, second: Option<&str>) -> Value {
    let node = |name: &str, connector: Option<&str>| {
        json!({
            "name": name,
            "activityName": "http-request-v2",
            "description": "Asks.",
            "inputs": {"connectorId": connector},
        })
    };
    let nodes = [node("Open \u{201c}it\u{201d}", first), node("Close it", second)];
    json!({"flowName": "Greeting", "nodes": nodes}).to_string().into()
}

fn published(simulator: &Simulator) -> Vec<(String, String)> {
    let text = |flow: &Json, key: &str| flow[key].as_str().unwrap().to_owned();
    let flows = simulator.flows(simulator.organization());
    flows.iter().map(|flow| (text(flow, "name"), text(flow, "status"))).collect()
}

#[tokio::test]
async fn flow_is_validated_imported_and_published() {
    let simulator = locked();
    let id = incidents().make_by_hand(&simulator);
    let mut runner = Runner::connected(&simulator).await;
    let document = flow(Some(&id), Some(&id));
    let said = runner
        .run(&[
            ("flow_json", document.clone()),
            ("comment", "From a test".into()),
            ("tags", Value::List(vec!["Live".into()])),
        ])
        .await;
    assert_eq!((said.errors.len(), said.warnings.len()), (0, 0), "{said:?}");
    let reports = said.reports.iter().map(|report| report.split(':').nth(1).unwrap_or_default());
    let steps = reports.map(|report| report.split_whitespace().next().unwrap().to_owned());
    assert_eq!(
        steps.collect::<Vec<_>>(),
        ["validating", "importing", "validating", "publishing", "published"]
    );
    assert!(said.reports[4].contains("as version 1"), "{said:?}");
    let sent = last_body(&simulator, "POST");
    assert_eq!(sent, json!({"comment": "From a test", "tagIds": ["Live"]}));
    let made = calls(&simulator);
    let made = made.iter().map(|call| call.rsplit_once('/').unwrap().1).collect::<Vec<_>>();
    assert_eq!(made[..2], ["flows:validate 200", "flows:import 201"]);
    assert!(made[2].ends_with(":validate 200") && made[3].ends_with(":publish 200"), "{made:?}");
    assert_eq!(published(&simulator), [("Greeting".to_owned(), "Published".to_owned())]);

    // A second import needs to be allowed.
    let said = runner.run(&[("flow_json", document.clone())]).await;
    assert!(said.errors[0].detail().contains("overwrite = true"), "{said:?}");
    let again = [("flow_json", document), ("overwrite", true.into())];
    let said = runner.run(&again).await;
    assert!(said.errors.is_empty() && said.reports[4].contains("version 2"), "{said:?}");
    runner.ended().await;
}

#[tokio::test]
async fn draft_can_stay_unpublished() {
    let simulator = locked();
    let id = incidents().make_by_hand(&simulator);
    let mut runner = Runner::connected(&simulator).await;
    let arguments = [("flow_json", flow(Some(&id), Some(&id))), ("publish", false.into())];
    let said = runner.run(&arguments).await;
    assert!(said.errors.is_empty() && said.reports[3].contains("not published"), "{said:?}");
    assert_eq!(published(&simulator), [("Greeting".to_owned(), "Draft".to_owned())]);
    runner.ended().await;
}

/// Each error names its activity, and nothing is stored.
#[tokio::test]
async fn invalid_flow_is_not_imported() {
    let simulator = locked();
    let mut runner = Runner::connected(&simulator).await;
    let unknown = "5c7c2677-0000-4000-8000-000000000001";
    let said = runner.run(&[("flow_json", flow(None, Some(unknown)))]).await;
    let summaries = said.errors.iter().map(Message::summary).collect::<Vec<_>>();
    assert_eq!(
        summaries,
        [
            "Flow \"Greeting\", activity \"Open \u{201c}it\u{201d}\" is not valid",
            "Flow \"Greeting\", activity \"Close it\" is not valid",
        ]
    );
    assert!(said.errors[0].detail().contains("FC1015"), "{said:?}");
    assert!(said.errors[0].detail().contains("Nothing was imported"), "{said:?}");
    assert!(said.errors[1].detail().contains(unknown), "{said:?}");
    assert_eq!(said.reports.len(), 1, "{said:?}");
    assert_eq!(published(&simulator), []);
    runner.ended().await;
}

/// The validator of drafts may find more than the one of documents.
#[tokio::test]
async fn invalid_draft_is_not_published() {
    let simulator = locked();
    let id = incidents().make_by_hand(&simulator);
    let mut runner = Runner::connected(&simulator).await;
    let results = json!([
        {"code": "FC1015", "message": "Select a connector", "severity": "ERROR", "activityLabel": "Later"},
        {"code": "FC1007", "message": "Describe", "severity": "RECOMMENDATION"},
    ]);
    let found = json!({"valid": false, "results": results});
    simulator.faults([Script::answer(200, found).method("GET").path("/**/v2/flows/*").times(1)]);
    let said = runner.run(&[("flow_json", flow(Some(&id), Some(&id)))]).await;
    assert!(said.errors[0].summary().contains("activity \"Later\""), "{said:?}");
    assert!(said.errors[0].detail().contains("Nothing was published"), "{said:?}");
    assert!(said.warnings[0].detail().contains("FC1007"), "{said:?}");
    assert_eq!(published(&simulator), [("Greeting".to_owned(), "Draft".to_owned())]);
    runner.ended().await;
}

/// A call that may have been carried out is not repeated, and the error says so.
#[tokio::test]
async fn lost_publication_is_reported() {
    let simulator = locked();
    let id = incidents().make_by_hand(&simulator);
    let mut runner = Runner::connected(&simulator).await;
    let results = json!([{"code": "FC1007", "message": "Describe", "severity": "RECOMMENDATION"}]);
    let found = json!({"valid": true, "results": results});
    simulator.faults([
        Script::answer(200, found).method("POST").path("/**/v2/flows:validate").times(1),
        Script::answer(502, "gateway".into()).method("POST").path("/**/*:publish"),
    ]);
    let said = runner.run(&[("flow_json", flow(Some(&id), Some(&id)))]).await;
    assert!(said.warnings[0].detail().contains("FC1007"), "{said:?}");
    assert!(
        said.errors[0].detail().contains("It is not known whether it was published"),
        "{said:?}"
    );
    let sent = calls(&simulator);
    assert_eq!(sent.iter().filter(|call| call.contains(":publish")).count(), 1, "{sent:?}");
    runner.ended().await;
}

#[tokio::test]
async fn missing_scope_is_named() {
    let token = format!("reader_{}", webex_cc_simulator::DEFAULT_ORGANIZATION);
    let simulator = start(Options { read_only_tokens: vec![token.clone()], ..Options::default() });
    let id = incidents().make_by_hand(&simulator);
    let (plugin, core) = TerraformCore::running(&[
        ("WEBEX_CC_BASE_URL", simulator.base_url()),
        ("WEBEX_ACCESS_TOKEN", &token),
    ])
    .await;
    drop(core);
    let core = TerraformCore::start(plugin.provider()).await.unwrap();
    let mut runner = Runner { shape: shape(&plugin).await, plugin, core };
    let said = runner.run(&[("flow_json", flow(Some(&id), Some(&id)))]).await;
    assert!(said.errors[0].detail().contains("cjp:config_write"), "{said:?}");
    runner.ended().await;
}

async fn shape(plugin: &Plugin) -> Shape {
    let schemas = plugin.provider().get_schema(protocol::get_provider_schema::Request {}).await;
    let schemas = answer("GetSchema", schemas).unwrap();
    Shape::of(schemas.action_schemas[TYPE_NAME].schema.as_ref().unwrap()).unwrap()
}

#[tokio::test]
async fn wrong_arguments_are_refused_offline() {
    let (plugin, mut core) = TerraformCore::without_webex().await;
    let shape = shape(&plugin).await;
    for (argument, value, words) in [
        ("flow_json", Value::from("[]"), "not a JSON object"),
        ("flow_json", "{}".into(), "neither a flowName nor a name"),
        ("flow_type", "flow".into(), "Use FLOW or SUBFLOW"),
        ("tags", Value::List(vec!["live".into()]), "Live, Test, Dev, Latest"),
        ("organization_id", "x".into(), "neither a UUID"),
    ] {
        let mut arguments = vec![("flow_json", Value::from(r#"{"name":"a"}"#))];
        arguments.retain(|(name, _)| *name != argument);
        arguments.push((argument, value));
        let validated =
            core.client().validate_action_config(protocol::validate_action_config::Request {
                type_name: TYPE_NAME.to_owned(),
                config: Some(shape.encode(&shape.object(arguments))),
            });
        let said = answer("ValidateActionConfig", validated.await).unwrap().diagnostics;
        assert!(said.len() == 1 && said[0].detail.contains(words), "{argument}: {said:?}");
    }
    plugin.shutdown().await.assert_tidy();
}
