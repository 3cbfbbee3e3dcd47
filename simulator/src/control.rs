//! The control interface under `/_simulator`: what tests and curious people
//! see and change behind the API's back.

use std::fmt;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::connector::{Connector, Document};
use crate::faults::{Action, Script};
use crate::message::{Answer, Request};
use crate::store::{Organization, Reference};
use crate::world::{World, scripted_headers};

/// Why a control call was refused, in words for its author.
#[derive(Debug)]
pub(crate) struct Refusal(StatusCode, String);

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.1)
    }
}

/// The body that makes a flow refer to a connector.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewReference {
    connector_id: String,
    name: String,
    #[serde(rename = "type", default = "flow")]
    kind: String,
}

/// The body that moves the clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    advance_ms: u64,
}

fn flow() -> String {
    "flow".to_owned()
}

impl World {
    /// Answers a control call.
    pub(crate) fn control(&mut self, request: &Request) -> Answer {
        self.control_call(request).unwrap_or_else(|Refusal(status, error)| {
            Answer::json(status, &json!({ "error": error }))
        })
    }

    fn control_call(&mut self, request: &Request) -> Result<Answer, Refusal> {
        let segments = request.segments();
        let method = &request.method;
        let done = Ok(Answer::empty(StatusCode::NO_CONTENT));
        match segments.get(1..).unwrap_or_default() {
            ["requests"] if method == Method::GET => ok(&self.journal.exchanges()),
            ["requests"] if method == Method::DELETE => {
                self.journal.clear();
                done
            }
            ["faults"] if method == Method::GET => ok(&self.faults.scripts()),
            ["faults"] if method == Method::PUT => {
                self.set_faults(body(request)?)?;
                done
            }
            ["faults"] if method == Method::DELETE => {
                self.set_faults(Vec::new())?;
                done
            }
            ["organizations", organization, "connectors"] if method == Method::GET => {
                ok(&self.known(organization)?.connectors)
            }
            ["organizations", organization, "connectors", id] if method == Method::GET => {
                ok(self.known(organization)?.connector(id).ok_or_else(|| no_connector(id))?)
            }
            ["organizations", organization, "connectors", id] if method == Method::PUT => {
                ok(&self.put_stored(organization, id, body(request)?)?)
            }
            ["organizations", organization, "connectors", id] if method == Method::DELETE => {
                self.remove_stored(organization, id)?;
                done
            }
            ["organizations", organization, "references"] if method == Method::GET => {
                ok(&self.known(organization)?.references)
            }
            ["organizations", organization, "references"] if method == Method::POST => {
                let NewReference { connector_id, name, kind } = body(request)?;
                let reference = self.add_reference(organization, &connector_id, &name, &kind)?;
                Ok(Answer::json(StatusCode::CREATED, &reference))
            }
            ["organizations", organization, "references"] if method == Method::DELETE => {
                self.clear_references(organization)?;
                done
            }
            ["tokens", "expire"] if method == Method::POST => {
                self.tokens.expire(self.clock.now());
                done
            }
            ["clock"] if method == Method::POST => {
                let ClockMove { advance_ms } = body(request)?;
                self.clock.advance(std::time::Duration::from_millis(advance_ms));
                done
            }
            _ => {
                let text = format!("there is no control call {method} {}", request.path);
                Err(Refusal(StatusCode::NOT_FOUND, text))
            }
        }
    }

    /// Puts fault scripts in force, after a look whether they can be played.
    pub(crate) fn set_faults(&mut self, scripts: Vec<Script>) -> Result<(), Refusal> {
        for script in &scripts {
            let Action::Answer(answer) = &script.action else { continue };
            if !(200..=999).contains(&answer.status) {
                let text = format!("the status {} cannot be sent", answer.status);
                return Err(Refusal(StatusCode::BAD_REQUEST, text));
            }
            scripted_headers(answer).map_err(|text| Refusal(StatusCode::BAD_REQUEST, text))?;
        }
        self.faults.replace(scripts);
        Ok(())
    }

    /// Changes what is stored: the given fields take the place of the stored
    /// ones, the others stay. A connector that does not exist is created.
    ///
    /// Nothing is checked, so that things can be stored which the API would
    /// refuse. As an edit in Control Hub does, it moves `version` and
    /// `lastUpdatedTime` on, unless the fields say otherwise.
    pub(crate) fn put_stored(
        &mut self,
        organization: &str,
        id: &str,
        mut fields: Document,
    ) -> Result<Value, Refusal> {
        let time = self.clock.stamp();
        let owner = organization.to_ascii_lowercase();
        let organization = self.changed(organization)?;
        fields.insert("id".to_owned(), json!(id));
        if let Some(connector) = organization.connector_mut(id) {
            let told: Document = fields
                .iter()
                .filter(|(field, _)| ["version", "lastUpdatedTime"].contains(&field.as_str()))
                .filter(|(field, value)| connector.0.get(*field) != Some(value))
                .map(|(field, value)| (field.clone(), value.clone()))
                .collect();
            fields.retain(|field, _| !["version", "lastUpdatedTime"].contains(&field.as_str()));
            connector.write(fields, time);
            connector.0.extend(told);
        } else {
            let mut connector = Document::new();
            connector.insert("organizationId".to_owned(), json!(owner));
            connector.insert("connectorType".to_owned(), json!("CUSTOM"));
            connector.insert("active".to_owned(), json!(true));
            connector.insert("version".to_owned(), json!(0));
            connector.insert("systemDefault".to_owned(), json!(false));
            connector.insert("createdTime".to_owned(), json!(time));
            connector.insert("lastUpdatedTime".to_owned(), json!(time));
            connector.extend(fields);
            organization.connectors.push(Connector(connector));
        }
        let stored = organization.connector(id).map(|connector| connector.0.clone());
        self.saved()?;
        Ok(stored.map_or(Value::Null, Value::Object))
    }

    /// Removes a stored connector, whatever its state, and what refers to it.
    pub(crate) fn remove_stored(&mut self, organization: &str, id: &str) -> Result<(), Refusal> {
        if !self.changed(organization)?.remove(id) {
            return Err(no_connector(id));
        }
        self.saved()
    }

    /// Makes something refer to a connector.
    pub(crate) fn add_reference(
        &mut self,
        organization: &str,
        connector_id: &str,
        name: &str,
        kind: &str,
    ) -> Result<Reference, Refusal> {
        let organization = self.changed(organization)?;
        if organization.connector(connector_id).is_none() {
            return Err(no_connector(connector_id));
        }
        let reference = Reference {
            id: Uuid::new_v4().to_string(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            connector_id: connector_id.to_owned(),
        };
        organization.references.push(reference.clone());
        self.saved()?;
        Ok(reference)
    }

    /// Removes everything that refers to connectors of an organization.
    pub(crate) fn clear_references(&mut self, organization: &str) -> Result<(), Refusal> {
        self.changed(organization)?.references.clear();
        self.saved()
    }

    /// An organization that has to exist.
    pub(crate) fn known(&self, id: &str) -> Result<&Organization, Refusal> {
        self.store.organization(id).ok_or_else(|| no_organization(id))
    }

    fn changed(&mut self, id: &str) -> Result<&mut Organization, Refusal> {
        self.store.organization_mut(id).ok_or_else(|| no_organization(id))
    }

    fn saved(&mut self) -> Result<(), Refusal> {
        self.store
            .save()
            .map_err(|error| Refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
    }
}

fn ok(body: &impl serde::Serialize) -> Result<Answer, Refusal> {
    Ok(Answer::json(StatusCode::OK, body))
}

fn body<T: serde::de::DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    serde_json::from_slice(&request.body)
        .map_err(|error| Refusal(StatusCode::BAD_REQUEST, format!("the body is wrong: {error}")))
}

fn no_organization(id: &str) -> Refusal {
    Refusal(StatusCode::NOT_FOUND, format!("there is no organization {id}"))
}

fn no_connector(id: &str) -> Refusal {
    Refusal(StatusCode::NOT_FOUND, format!("there is no connector {id}"))
}
