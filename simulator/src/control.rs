//! The control interface under `/_simulator`, by which tests and people read and
//! change the service without the rules of the API.

use std::fmt;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::behavior::Behavior;
use crate::connector::{self, Connector, JsonObject};
use crate::faults::{Action, Script};
use crate::message::{Request, Response};
use crate::service::{Service, scripted_headers};
use crate::store::{Organization, Reference};

/// The reason for refusing a control request, and the status of the response.
#[derive(Debug)]
pub(crate) struct ControlError(StatusCode, String);

impl fmt::Display for ControlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.1)
    }
}

/// The body of a request that adds a reference to a connector.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewReference {
    connector_id: String,
    name: String,
    #[serde(rename = "type", default = "flow")]
    kind: String,
}

/// The body of a request that moves the clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    advance_ms: u64,
}

fn flow() -> String {
    "flow".to_owned()
}

impl Service {
    /// Handles a control request.
    pub(crate) fn control(&mut self, request: &Request) -> Response {
        self.handle_control(request).unwrap_or_else(|ControlError(status, error)| {
            Response::json(status, &json!({ "error": error }))
        })
    }

    fn handle_control(&mut self, request: &Request) -> Result<Response, ControlError> {
        let segments = request.segments();
        let done = Ok(Response::empty(StatusCode::NO_CONTENT));
        match (request.method.as_str(), segments.get(1..).unwrap_or_default()) {
            ("GET", ["requests"]) => ok(&self.journal),
            ("DELETE", ["requests"]) => {
                self.journal.clear();
                done
            }
            ("GET", ["faults"]) => ok(&self.faults),
            ("PUT", ["faults"]) => {
                self.set_faults(body(request)?)?;
                done
            }
            ("DELETE", ["faults"]) => {
                self.set_faults(Vec::new())?;
                done
            }
            ("GET", ["behavior"]) => ok(&self.behavior),
            ("PUT", ["behavior"]) => {
                self.set_behavior(body(request)?)?;
                done
            }
            ("DELETE", ["behavior"]) => {
                self.set_behavior(self.options.behavior.clone())?;
                done
            }
            ("GET", ["organizations", organization, "connectors"]) => {
                ok(&self.known(organization)?.connectors)
            }
            ("GET", ["organizations", organization, "connectors", id]) => {
                ok(self.known(organization)?.connector(id).ok_or_else(|| no_connector(id))?)
            }
            ("PUT", ["organizations", organization, "connectors", id]) => {
                ok(&self.put_stored(organization, id, body(request)?)?)
            }
            ("DELETE", ["organizations", organization, "connectors", id]) => {
                self.remove_stored(organization, id)?;
                done
            }
            ("GET", ["organizations", organization, "references"]) => {
                ok(&self.known(organization)?.references)
            }
            ("POST", ["organizations", organization, "references"]) => {
                let NewReference { connector_id, name, kind } = body(request)?;
                let reference = self.add_reference(organization, &connector_id, &name, &kind)?;
                Ok(Response::json(StatusCode::CREATED, &reference))
            }
            ("DELETE", ["organizations", organization, "references"]) => {
                self.clear_references(organization)?;
                done
            }
            ("POST", ["tokens", "expire"]) => {
                self.tokens.expire(self.clock.now());
                done
            }
            ("POST", ["clock"]) => {
                let ClockMove { advance_ms } = body(request)?;
                self.clock.advance(std::time::Duration::from_millis(advance_ms));
                done
            }
            (method, _) => {
                let text = format!("there is no control call {method} {}", request.path);
                Err(ControlError(StatusCode::NOT_FOUND, text))
            }
        }
    }

    /// Replaces the fault scripts, if the responses of all new ones can be sent.
    pub(crate) fn set_faults(&mut self, scripts: Vec<Script>) -> Result<(), ControlError> {
        for script in &scripts {
            if let Action::Behave(behavior) = &script.action {
                checked(behavior)?;
            }
            let Action::Respond(answer) = &script.action else { continue };
            if !(200..=999).contains(&answer.status) {
                let text = format!("the status {} cannot be sent", answer.status);
                return Err(ControlError(StatusCode::BAD_REQUEST, text));
            }
            scripted_headers(answer).map_err(|text| ControlError(StatusCode::BAD_REQUEST, text))?;
        }
        self.faults = scripts;
        Ok(())
    }

    /// Replaces the deviations of the service.
    pub(crate) fn set_behavior(&mut self, behavior: Behavior) -> Result<(), ControlError> {
        checked(&behavior)?;
        self.behavior = behavior;
        Ok(())
    }

    /// Replaces the given fields of a stored connector, or creates it.
    ///
    /// Nothing is checked, so that a test can store what the API refuses. Like an
    /// edit in Control Hub it increases `version` and `lastUpdatedTime`, unless
    /// the fields set other values.
    pub(crate) fn put_stored(
        &mut self,
        organization: &str,
        id: &str,
        mut fields: JsonObject,
    ) -> Result<Value, ControlError> {
        let time = self.clock.timestamp();
        let owner = organization.to_ascii_lowercase();
        let organization = self.known_mut(organization)?;
        fields.insert("id".to_owned(), json!(id));
        if let Some(connector) = organization.connector_mut(id) {
            // Stored values of these fields may come from a read before the edit.
            fields.retain(|field, value| {
                !["version", "lastUpdatedTime"].contains(&field.as_str())
                    || connector.0.get(field) != Some(value)
            });
            connector.write(fields.clone(), None, time);
            connector.0.extend(fields);
        } else {
            let mut connector = JsonObject::from_iter(connector::service_fields(&owner, time));
            connector.insert("connectorType".to_owned(), json!("CUSTOM"));
            connector.insert("active".to_owned(), json!(true));
            connector.extend(fields);
            organization.connectors.push(Connector(connector));
        }
        let stored = organization.connector(id).map(|connector| connector.0.clone());
        self.save()?;
        Ok(stored.map_or(Value::Null, Value::Object))
    }

    /// Removes a stored connector, even an active one, and the references to it.
    pub(crate) fn remove_stored(
        &mut self,
        organization: &str,
        id: &str,
    ) -> Result<(), ControlError> {
        if !self.known_mut(organization)?.remove(id) {
            return Err(no_connector(id));
        }
        self.save()
    }

    /// Adds a reference to a connector.
    pub(crate) fn add_reference(
        &mut self,
        organization: &str,
        connector_id: &str,
        name: &str,
        kind: &str,
    ) -> Result<Reference, ControlError> {
        let organization = self.known_mut(organization)?;
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
        self.save()?;
        Ok(reference)
    }

    /// Removes all references to connectors of an organization.
    pub(crate) fn clear_references(&mut self, organization: &str) -> Result<(), ControlError> {
        self.known_mut(organization)?.references.clear();
        self.save()
    }

    /// Returns an organization, or an error if it does not exist.
    pub(crate) fn known(&self, id: &str) -> Result<&Organization, ControlError> {
        self.store.organization(id).ok_or_else(|| no_organization(id))
    }

    fn known_mut(&mut self, id: &str) -> Result<&mut Organization, ControlError> {
        self.store.organization_mut(id).ok_or_else(|| no_organization(id))
    }

    fn save(&mut self) -> Result<(), ControlError> {
        self.store
            .save()
            .map_err(|error| ControlError(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
    }
}

fn checked(behavior: &Behavior) -> Result<(), ControlError> {
    behavior.check().map_err(|text| ControlError(StatusCode::BAD_REQUEST, text))
}

fn ok(body: &impl serde::Serialize) -> Result<Response, ControlError> {
    Ok(Response::json(StatusCode::OK, body))
}

fn body<T: serde::de::DeserializeOwned>(request: &Request) -> Result<T, ControlError> {
    serde_json::from_slice(&request.body).map_err(|error| {
        ControlError(StatusCode::BAD_REQUEST, format!("the body is wrong: {error}"))
    })
}

fn no_organization(id: &str) -> ControlError {
    ControlError(StatusCode::NOT_FOUND, format!("there is no organization {id}"))
}

fn no_connector(id: &str) -> ControlError {
    ControlError(StatusCode::NOT_FOUND, format!("there is no connector {id}"))
}
