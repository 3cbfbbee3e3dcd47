//! The flows of an organization: validation, import as a draft, publication.
//!
//! All calls are documented by Cisco. An import and a publication are sent once: what may have
//! been carried out is not repeated.

use std::sync::Arc;

use http::Method;
use safe_text::Shown;
use serde_json::json;
use serde_json::value::RawValue;
use thiserror::Error as ThisError;

use super::body::RequestBody;
use super::budget::Budget;
use super::error::{Error, ErrorKind, Operation};
use super::error_body::safe;
use super::identifiers::OrganizationId;
use super::json::Object;
use super::percent::encoded;
use super::pipeline::{Response, RetryMode};
use super::problems::BodyProblem;
use super::redact::Redactor;
use super::request::{Endpoints, FLOW_PROJECT, Request, below};
use super::session::Session;

/// The most findings that are kept of each severity.
const MOST_FINDINGS: usize = 50;

/// The flows of one organization.
#[derive(Clone)]
pub struct Flows {
    session: Arc<Session>,
    organization: OrganizationId,
}

/// A flow as a document: a JSON object with a name.
#[derive(Clone, Debug)]
pub struct FlowDocument {
    json: Box<RawValue>,
    name: Shown,
}

/// The reason why a text is not a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum FlowProblem {
    /// The text is not a JSON object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// The object has neither `flowName` nor `name`.
    #[error("it has neither a flowName nor a name")]
    NoName,
}

/// The type of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowType {
    /// A flow.
    #[default]
    Flow,
    /// A flow that other flows call.
    Subflow,
}

impl FlowType {
    /// All types.
    pub const ALL: [Self; 2] = [Self::Flow, Self::Subflow];

    /// Returns Webex's word for the type.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Flow => "FLOW",
            Self::Subflow => "SUBFLOW",
        }
    }
}

/// The result of a validation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowFindings {
    /// Whether the flow can be imported or published.
    pub valid: bool,
    /// The errors to correct: the first 50.
    pub errors: Vec<FlowFinding>,
    /// Warnings and recommendations: the first 50.
    pub warnings: Vec<FlowFinding>,
}

/// A finding of the validator about a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowFinding {
    /// The name of the activity that it is about.
    pub activity: Option<Shown>,
    /// Webex's code, for example `FC1015`.
    pub code: Option<Shown>,
    /// Webex's words.
    pub message: Shown,
    /// Webex's advice.
    pub advice: Option<Shown>,
}

/// A draft of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowDraft {
    id: String,
    /// The id as it can be shown.
    pub shown_id: Shown,
    /// Warnings about the import.
    pub warnings: Vec<FlowFinding>,
}

impl FlowDocument {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is not a JSON object with a name.
    pub fn parse(text: &str) -> Result<Self, FlowProblem> {
        let json = serde_json::from_str::<Box<RawValue>>(text);
        let json = json.map_err(|_| FlowProblem::NotAnObject)?;
        let object = Object::from_raw(&json).map_err(|_| FlowProblem::NotAnObject)?;
        let given = |key| object.text(key).filter(|name| !name.trim().is_empty());
        let name = given("flowName").or_else(|| given("name")).ok_or(FlowProblem::NoName)?;
        Ok(Self { name: Shown::new(&name), json })
    }

    /// Returns the name of the flow.
    #[must_use]
    pub fn name(&self) -> &Shown {
        &self.name
    }
}

impl Flows {
    pub(crate) fn new(session: Arc<Session>, organization: OrganizationId) -> Self {
        Self { session, organization }
    }

    /// Validates a document, and stores nothing.
    ///
    /// # Errors
    /// Fails when the validation cannot be carried out.
    pub async fn validate(
        &self,
        flow: &FlowDocument,
        budget: &Budget,
    ) -> Result<FlowFindings, Error> {
        let request = self.post(Operation::ValidateFlow, "v2/flows:validate", "", &flow.json)?;
        self.findings(&self.send(&request, budget).await?)
    }

    /// Imports a document as a draft. With `overwrite`, it takes the place of the draft of the flow
    /// with this name.
    ///
    /// # Errors
    /// Fails when the flow is not imported, or the response does not hold its id.
    pub async fn import(
        &self,
        flow: &FlowDocument,
        flow_type: FlowType,
        overwrite: bool,
        budget: &Budget,
    ) -> Result<FlowDraft, Error> {
        let query = format!("overwrite={overwrite}&flowType={}", flow_type.word());
        let request = self.post(Operation::ImportFlow, "v2/flows:import", &query, &flow.json)?;
        let response = self.send(&request, budget).await?;
        let unreadable = |problem| response.unreadable(problem).with_outcome_unknown(true);
        let object = Object::parse(response.body()).map_err(unreadable)?;
        let id = object.object("flow").and_then(|flow| flow.text("id"));
        let id = id.filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| unreadable(BodyProblem::Missing("flow.id")))?;
        let redactor = &self.session.pipeline.redactor;
        let warnings = findings(&object, "preflightWarnings", redactor);
        Ok(FlowDraft { shown_id: safe(&id, redactor), id, warnings })
    }

    /// Validates a draft.
    ///
    /// # Errors
    /// Fails when the validation cannot be carried out.
    pub async fn validate_draft(
        &self,
        draft: &FlowDraft,
        flow_type: FlowType,
        budget: &Budget,
    ) -> Result<FlowFindings, Error> {
        let path = format!("v2/flows/{}:validate", encoded(&draft.id));
        let query = format!("versionId=draft&flowType={}", flow_type.word());
        let operation = Operation::ValidateDraft;
        let template = "v2/flows/{flow}:validate";
        let request = self.request(operation, Method::GET, &path, template, &query, None);
        self.findings(&self.send(&request, budget).await?)
    }

    /// Publishes a draft. `tags` are the labels of the version. Returns its number, if Webex says
    /// it.
    ///
    /// # Errors
    /// Fails when the draft is not published.
    pub async fn publish(
        &self,
        draft: &FlowDraft,
        flow_type: FlowType,
        comment: Option<&str>,
        tags: &[String],
        budget: &Budget,
    ) -> Result<Option<i64>, Error> {
        let path = format!("flows/{}:publish", encoded(&draft.id));
        let query = format!("skipValidation=false&flowType={}", flow_type.word());
        let mut parameters = json!({});
        if let Some(comment) = comment {
            parameters["comment"] = json!(comment);
        }
        if !tags.is_empty() {
            parameters["tagIds"] = json!(tags);
        }
        let operation = Operation::PublishFlow;
        let body = RequestBody::json(&parameters, Vec::new())
            .map_err(|_| Error::new(operation, ErrorKind::Unsendable))?;
        let template = "flows/{flow}:publish";
        let request = self.request(operation, Method::POST, &path, template, &query, Some(body));
        let response = self.send(&request, budget).await?;
        let version = Object::parse(response.body()).ok().and_then(|flow| {
            let version = flow.object("latestVersion")?;
            super::json::whole_number(version.raw("version")?)
        });
        Ok(version)
    }

    async fn send(&self, request: &Request, budget: &Budget) -> Result<Response, Error> {
        self.session.send(self.organization, request, RetryMode::Normal, budget).await
    }

    fn post(
        &self,
        operation: Operation,
        path: &str,
        query: &str,
        body: &RawValue,
    ) -> Result<Request, Error> {
        let body = RequestBody::json(&body, Vec::new())
            .map_err(|_| Error::new(operation, ErrorKind::Unsendable))?;
        Ok(self.request(operation, Method::POST, path, path, query, Some(body)))
    }

    /// Builds a request. `template` is the path without ids, for logs.
    fn request(
        &self,
        operation: Operation,
        method: Method,
        path: &str,
        template: &str,
        query: &str,
        body: Option<RequestBody>,
    ) -> Request {
        let project = format!("/{}/project/{FLOW_PROJECT}", self.organization);
        let Endpoints { base_url, .. } = &self.session.endpoints;
        let mut url = below(base_url, &format!("{project}/{path}"));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let template = format!("/{{organization}}/project/{{project}}/{template}");
        Request::new(operation, method, url, template, body)
    }

    /// Reads the result of a validation, of a document or of a draft.
    fn findings(&self, response: &Response) -> Result<FlowFindings, Error> {
        let redactor = &self.session.pipeline.redactor;
        read_findings(response.body(), redactor).map_err(|problem| response.unreadable(problem))
    }
}

/// Reads the result of a validation. A flow with errors is not valid, whatever else the result says.
fn read_findings(body: &[u8], redactor: &Redactor) -> Result<FlowFindings, BodyProblem> {
    let object = Object::parse(body)?;
    let valid = object.raw("valid").ok_or(BodyProblem::Missing("valid"))?;
    let mut errors = findings(&object, "errors", redactor);
    let mut warnings = findings(&object, "warnings", redactor);
    for raw in object.array("results").into_iter().flatten() {
        let Ok(result) = Object::from_raw(raw) else { continue };
        let is_error = result.text("severity").is_none_or(|severity| severity == "ERROR");
        let list = if is_error { &mut errors } else { &mut warnings };
        list.extend(finding(&result, redactor));
        list.truncate(MOST_FINDINGS);
    }
    Ok(FlowFindings { valid: valid.get() == "true" && errors.is_empty(), errors, warnings })
}

fn findings(object: &Object<'_>, key: &str, redactor: &Redactor) -> Vec<FlowFinding> {
    let elements = object.array(key).into_iter().flatten().take(MOST_FINDINGS);
    elements.filter_map(|raw| finding(&Object::from_raw(raw).ok()?, redactor)).collect()
}

fn finding(object: &Object<'_>, redactor: &Redactor) -> Option<FlowFinding> {
    let text = |key| object.text(key).filter(|text| !text.trim().is_empty());
    let shown = |text: Option<String>| text.map(|text| safe(&text, redactor));
    // An error about an edge names the activity at which it begins. `activityName` is the kind of
    // the activity.
    let activity = text("activityLabel").or_else(|| text("from")).or_else(|| text("activityName"));
    let message = text("message").or_else(|| text("code"))?;
    Some(FlowFinding {
        activity: shown(activity),
        code: shown(text("code")),
        message: safe(&message, redactor),
        advice: shown(text("suggestion").or_else(|| text("hint"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ORGANIZATION, Script, budget, client, organization, raw, response};

    const FLOW: &str = r#"{ "flowName": "Greeting", "nodes": [1.50] }"#;

    fn flows(script: &Arc<Script>) -> Flows {
        client(script.clone()).flows(organization())
    }

    #[test]
    fn document_is_an_object_with_a_name() {
        for (text, expected) in [
            (FLOW, Ok("Greeting")),
            (r#"{"name":"Export"}"#, Ok("Export")),
            (r#"{"flowName":" ","name":"Export"}"#, Ok("Export")),
            ("[]", Err(FlowProblem::NotAnObject)),
            ("{", Err(FlowProblem::NotAnObject)),
            ("", Err(FlowProblem::NotAnObject)),
            (r#"{"name":1}"#, Err(FlowProblem::NoName)),
        ] {
            let parsed = FlowDocument::parse(text).map(|flow| flow.name().to_string());
            assert_eq!(parsed, expected.map(str::to_owned), "{text}");
        }
    }

    #[tokio::test]
    async fn every_request_is_as_documented() {
        let script = Script::new([
            response(200, &json!({"valid": true, "errors": [], "warnings": []})),
            response(201, &json!({"flow": {"id": "a/b"}, "preflightWarnings": []})),
            response(200, &json!({"valid": true, "results": []})),
            response(200, &json!({"id": "a/b", "latestVersion": {"version": 3}})),
        ]);
        let flows = flows(&script);
        let flow = FlowDocument::parse(FLOW).unwrap();
        assert!(flows.validate(&flow, &budget()).await.unwrap().valid);
        let draft = flows.import(&flow, FlowType::Subflow, true, &budget()).await.unwrap();
        assert!(flows.validate_draft(&draft, FlowType::Flow, &budget()).await.unwrap().valid);
        let tags = ["Live".to_owned()];
        let version = flows.publish(&draft, FlowType::Flow, Some("c"), &tags, &budget()).await;
        assert_eq!(version, Ok(Some(3)));

        let project = format!("/{ORGANIZATION}/project/5e5c9ad6d61f870d6d778c1b");
        let sent = script.requests();
        let lines = sent.iter().map(|request| request.line.clone()).collect::<Vec<_>>();
        assert_eq!(
            lines,
            [
                format!("POST {project}/v2/flows:validate"),
                format!("POST {project}/v2/flows:import?overwrite=true&flowType=SUBFLOW"),
                format!("GET {project}/v2/flows/a%2Fb:validate?versionId=draft&flowType=FLOW"),
                format!("POST {project}/flows/a%2Fb:publish?skipValidation=false&flowType=FLOW"),
            ]
        );
        assert_eq!([&sent[0].body, &sent[1].body], [FLOW; 2], "byte by byte");
        assert_eq!(sent[3].json(), json!({"comment": "c", "tagIds": ["Live"]}));
    }

    #[tokio::test]
    async fn import_and_publication_are_sent_once() {
        for status in [500, 502] {
            let failed = || raw(status, "");
            let script = Script::new([failed(), failed()]);
            let flow = FlowDocument::parse(FLOW).unwrap();
            let error = flows(&script).import(&flow, FlowType::Flow, false, &budget()).await;
            let error = error.unwrap_err();
            assert!(error.outcome_unknown, "{error}");
            let draft = FlowDraft { id: "a".into(), shown_id: Shown::new("a"), warnings: vec![] };
            let error = flows(&script).publish(&draft, FlowType::Flow, None, &[], &budget()).await;
            assert!(error.unwrap_err().outcome_unknown);
            assert_eq!(script.requests().len(), 2);
        }
    }

    #[test]
    fn findings_name_their_activity() {
        let redactor = Redactor::default();
        let document = json!({
            "valid": false,
            "errors": [
                {"activityName": "start", "from": "NewContact", "message": "Condition", "suggestion": "Use out"},
                {"activityName": "http-request-v2", "activityLabel": "Look up", "code": "FC1015", "message": "Select"},
            ],
            "warnings": [{"severity": "RECOMMENDATION", "code": "FC1007", "message": "Describe"}],
        });
        let read = read_findings(document.to_string().as_bytes(), &redactor).unwrap();
        let names = read.errors.iter().map(|error| error.activity.as_deref()).collect::<Vec<_>>();
        assert_eq!((read.valid, names), (false, vec![Some("NewContact"), Some("Look up")]));
        assert_eq!(read.errors[0].advice.as_deref(), Some("Use out"));
        assert_eq!(read.warnings[0].code.as_deref(), Some("FC1007"));

        let draft = json!({"valid": true, "results": [
            {"severity": "ERROR", "code": "FC1015", "message": "Select", "activityLabel": "Look up"},
            {"severity": "WARNING", "message": "Isolated", "hint": "Connect it"},
        ]});
        let read = read_findings(draft.to_string().as_bytes(), &redactor).unwrap();
        assert_eq!((read.valid, read.errors.len(), read.warnings.len()), (false, 1, 1));
        assert_eq!(read_findings(b"{}", &redactor), Err(BodyProblem::Missing("valid")));
    }
}
