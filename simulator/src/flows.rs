//! The flows of an organization, as Cisco documents the calls about them
//! (developer.webex.com, *Flows*): drafts, validation and publication.
//!
//! Two rules of the validator are not in the documentation. It refuses an HTTP
//! activity without a connector, with the code FC1015 (seen). It refuses an HTTP
//! activity with a connector that Flow Designer does not offer (assumed).
//!
//! Flows are kept in memory only. A published flow does not keep its connectors
//! from being deleted; the control interface adds references.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api_error::ApiError;
use crate::flow::{Flow, PROJECT};
use crate::message::{Request, Response};
use crate::service::Service;

/// The tags of a published version (documented).
const TAGS: [&str; 4] = ["Live", "Test", "Dev", "Latest"];

/// A call about flows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call<'a> {
    List,
    ValidateDocument,
    Import,
    ReadDraft(&'a str),
    ValidateDraft(&'a str),
    Export(&'a str),
    Publish(&'a str),
}

impl<'a> Call<'a> {
    /// Returns the organization and the call that a request is.
    pub(crate) fn of(method: &Method, segments: &[&'a str]) -> Option<(&'a str, Self)> {
        let [organization, "project", PROJECT, rest @ ..] = segments else { return None };
        let call = match (method.as_str(), rest) {
            ("GET", ["flows"]) => Self::List,
            ("POST", ["flows", flow]) => Self::Publish(flow.strip_suffix(":publish")?),
            ("POST", ["v2", "flows:validate"]) => Self::ValidateDocument,
            ("POST", ["v2", "flows:import"]) => Self::Import,
            ("GET", ["v2", "flows", flow]) => match flow.split_once(':') {
                None => Self::ReadDraft(flow),
                Some((id, "validate")) => Self::ValidateDraft(id),
                Some((id, "export")) => Self::Export(id),
                Some(_) => return None,
            },
            _ => return None,
        };
        Some((organization, call))
    }
}

impl Service {
    /// Handles a call about flows.
    pub(crate) fn flow_call(
        &mut self,
        request: &Request,
        organization: &str,
        call: Call<'_>,
    ) -> Result<Response, ApiError> {
        // A dry run needs the scope of reads only (assumed).
        let is_read = request.method == Method::GET || matches!(call, Call::ValidateDocument);
        self.authorize(request, is_read)?;
        let organization = self.accessible(organization)?;
        match call {
            Call::List => Ok(Response::json(StatusCode::OK, &self.flows_of(&organization))),
            Call::ValidateDocument => match document(request) {
                Ok((_, flow)) => Ok(Response::json(
                    StatusCode::OK,
                    &self.findings(&organization, &flow).result(),
                )),
                Err(refusal) => Ok(*refusal),
            },
            Call::Import => Ok(self.import(request, organization)),
            Call::ReadDraft(id) => {
                Ok(Response::json(StatusCode::OK, &self.flow(&organization, id)?.draft))
            }
            Call::ValidateDraft(id) => {
                let flow = self.flow(&organization, id)?;
                let findings = self.findings(&organization, &flow.draft);
                let body = json!({"valid": findings.errors.is_empty(), "results": findings.all()});
                Ok(Response::json(StatusCode::OK, &body))
            }
            Call::Export(id) => {
                let flow = self.flow(&organization, id)?;
                let exported = match request.parameter("version").as_deref() {
                    Some("draft") => Some(&flow.draft),
                    None | Some("latest") => flow.published.last().map(|(document, _)| document),
                    Some(_) => None,
                };
                let exported = exported.ok_or(ApiError::Framework(StatusCode::NOT_FOUND))?;
                Ok(Response::json(StatusCode::OK, exported))
            }
            Call::Publish(id) => self.publish(request, &organization, id),
        }
    }

    /// Returns the flows of an organization without their documents.
    pub(crate) fn flows_of(&self, organization: &str) -> Vec<Value> {
        let flows = self.flows.iter().filter(|flow| flow.organization == organization);
        flows.map(Flow::summary).collect()
    }

    /// Makes a draft of a document.
    fn import(&mut self, request: &Request, organization: String) -> Response {
        let (name, draft) = match document(request) {
            Ok(document) => document,
            Err(refusal) => return *refusal,
        };
        let overwrite = request.parameter("overwrite").as_deref() == Some("true");
        let findings = self.findings(&organization, &draft);
        if !findings.errors.is_empty() {
            return Response::json(StatusCode::UNPROCESSABLE_ENTITY, &findings.result());
        }
        let is_same = |flow: &&mut Flow| flow.organization == organization && flow.name == name;
        let summary = match self.flows.iter_mut().find(is_same) {
            Some(_) if !overwrite => {
                let message = format!("A flow named {name} already exists.");
                return refusal(StatusCode::CONFLICT, "FLOW_EXISTS", &message, &[]);
            }
            Some(flow) => {
                flow.draft = draft;
                flow.version += 1;
                flow.summary()
            }
            None => {
                let flow_type = request.parameter("flowType").unwrap_or_else(|| "FLOW".to_owned());
                // Ids of flows are shorter than those of connectors (seen).
                let id = Uuid::new_v4().simple().to_string()[..24].to_owned();
                let (version, published) = (0, Vec::new());
                let flow = Flow { id, organization, name, flow_type, draft, version, published };
                let summary = flow.summary();
                self.flows.push(flow);
                summary
            }
        };
        let body = json!({"flow": summary, "preflightWarnings": [], "preflightWarningsCount": 0});
        Response::json(StatusCode::CREATED, &body)
    }

    /// Makes a version of a draft.
    fn publish(
        &mut self,
        request: &Request,
        organization: &str,
        id: &str,
    ) -> Result<Response, ApiError> {
        let flow = self.flow(organization, id)?;
        let parameters = serde_json::from_slice(&request.body).ok().filter(Value::is_object);
        let Some(parameters) = parameters else {
            let message = "The body must be a JSON object.";
            return Ok(refusal(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message, &[]));
        };
        let tags = parameters["tagIds"].as_array().into_iter().flatten();
        let tags = tags.map(|tag| tag.as_str().unwrap_or_default().to_owned());
        let tags = tags.collect::<Vec<_>>();
        if let Some(tag) = tags.iter().find(|tag| !TAGS.contains(&tag.as_str())) {
            let message = format!("There is no tag {tag}.");
            return Ok(refusal(StatusCode::BAD_REQUEST, "INVALID_REQUEST", &message, &[]));
        }
        let findings = self.findings(organization, &flow.draft);
        let skips = request.parameter("skipValidation").as_deref() == Some("true");
        if !skips && !findings.errors.is_empty() {
            let message = "Flow document failed validation.";
            return Ok(refusal(StatusCode::BAD_REQUEST, "INVALID_FLOW", message, &findings.errors));
        }
        let flow = self.flows.iter_mut().find(|flow| flow.id == id);
        let flow = flow.ok_or(ApiError::Framework(StatusCode::NOT_FOUND))?;
        flow.published.push((flow.draft.clone(), tags));
        Ok(Response::json(StatusCode::OK, &flow.published_as(&parameters["comment"])))
    }

    fn flow(&self, organization: &str, id: &str) -> Result<&Flow, ApiError> {
        let is_it = |flow: &&Flow| flow.organization == organization && flow.id == id;
        self.flows.iter().find(is_it).ok_or(ApiError::Framework(StatusCode::NOT_FOUND))
    }

    /// Checks a document.
    fn findings(&self, organization: &str, document: &Value) -> Findings {
        let mut activities = Vec::new();
        collect(document, &mut activities);
        let mut findings = Findings::default();
        for activity in &activities {
            let is_http = activity.kind.starts_with("http-request");
            let message = match activity.connector {
                _ if !is_http => continue,
                None => "Select a connector for the HTTP request.".to_owned(),
                Some(id) if self.offers(organization, id) => continue,
                Some(id) => format!("Connector {id} was not found."),
            };
            let code = if activity.connector.is_none() { "FC1015" } else { "" };
            findings.errors.push(json!({
                "code": code,
                "activityName": activity.kind,
                "activityLabel": activity.label,
                "message": message,
                "severity": "ERROR",
            }));
        }
        if activities.iter().any(|activity| !activity.has_description) {
            findings.warnings.push(json!({
                "code": "FC1007",
                "message": "Add descriptions for activities",
                "severity": "RECOMMENDATION",
                "activityLabel": "",
            }));
        }
        findings
    }

    fn offers(&self, organization: &str, id: &str) -> bool {
        let mut connectors = self.visible_connectors(organization);
        connectors.any(|connector| connector.is_active() && connector.id() == id)
    }
}

/// The errors and warnings of a document.
#[derive(Default)]
struct Findings {
    errors: Vec<Value>,
    warnings: Vec<Value>,
}

impl Findings {
    /// Returns the result of validating a document.
    fn result(&self) -> Value {
        let (errors, warnings) = (self.errors.len(), self.warnings.len());
        json!({
            "valid": errors == 0,
            "errors": self.errors,
            "warnings": self.warnings,
            "summary": format!("{errors} error(s), {warnings} warning(s)."),
        })
    }

    fn all(&self) -> Vec<&Value> {
        self.errors.iter().chain(&self.warnings).collect()
    }
}

/// An activity in a document of any shape.
struct Activity<'a> {
    label: &'a str,
    kind: &'a str,
    connector: Option<&'a str>,
    has_description: bool,
}

/// Collects the activities of a document: objects that name an activity, or with
/// properties that do. The diagram repeats them, and is left out.
fn collect<'a>(value: &'a Value, activities: &mut Vec<Activity<'a>>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, activities)),
        Value::Object(members) => {
            let own = value["activityName"].as_str();
            let inner = if own.is_some() { &value["inputs"] } else { &value["properties"] };
            if let Some(kind) = own.or(inner["activityName"].as_str()) {
                let settings = if inner.is_object() { inner } else { value };
                let connector = settings["connectorId"].as_str().filter(|id| !id.is_empty());
                let label = value["name"].as_str().or(inner["name"].as_str()).unwrap_or_default();
                let has_description =
                    value["description"].is_string() || settings["description"].is_string();
                activities.push(Activity { label, kind, connector, has_description });
                return;
            }
            let members = members.iter().filter(|(name, _)| *name != "diagram");
            members.for_each(|(_, member)| collect(member, activities));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns the document of a request and its name, or the refusal.
fn document(request: &Request) -> Result<(String, Value), Box<Response>> {
    let invalid = |message: &str, path: &str| {
        let details = [json!({"path": path, "code": "INVALID", "message": message})];
        Box::new(refusal(StatusCode::BAD_REQUEST, "INVALID_FLOW", message, &details))
    };
    if !request.is_of_type("application/json") {
        return Err(Box::new(Response::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE)));
    }
    let document = serde_json::from_slice::<Value>(&request.body).ok().filter(Value::is_object);
    let document = document.ok_or_else(|| invalid("The flow must be a JSON object.", ""))?;
    let name = document["flowName"].as_str().or(document["name"].as_str());
    let name = name.filter(|name| !name.trim().is_empty()).map(str::to_owned);
    let name = name.ok_or_else(|| invalid("flowName is missing.", "/flowName"))?;
    Ok((name, document))
}

/// Returns an error in the shape of these calls (documented).
fn refusal(status: StatusCode, code: &str, message: &str, details: &[Value]) -> Response {
    Response::json(status, &json!({"code": code, "message": message, "details": details}))
}
