//! The API: which request each token may send, and what the request does.

use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api_error::ApiError;
use crate::clock::milliseconds;
use crate::connector::{self, Connector, JsonObject};
use crate::filter::Filter;
use crate::message::{Request, Response};
use crate::options::CONNECTOR_LIMIT;
use crate::paging;
use crate::service::Service;
use crate::store::Organization;
use crate::tokens::Scope;

/// The project of Flow Designer's activities, which is the same in every
/// organization (documented by Cisco).
const FLOW_PROJECT: &str = "5e5c9ad6d61f870d6d778c1b";

/// The resource that a path names within its organization.
#[derive(Clone, Copy, Debug)]
enum Resource<'a> {
    Connectors,
    ConnectorList,
    Connector(&'a str),
    References(&'a str),
    Choices { activity: &'a str, input: &'a str },
}

impl Service {
    /// Handles a request, regardless of fault scripts.
    pub(crate) fn handle(&mut self, request: &Request) -> Result<Response, ApiError> {
        let segments = request.segments();
        let (organization, resource) = match segments.as_slice() {
            ["v1", "access_token"] => return self.access_token(request),
            ["v1", "applications", id, "token"] => return self.application_token(request, id),
            ["organization", organization, "connector"] => (organization, Resource::Connectors),
            ["organization", organization, "v2", "connector"] => {
                (organization, Resource::ConnectorList)
            }
            ["organization", organization, "connector", id] => {
                (organization, Resource::Connector(id))
            }
            ["organization", organization, "connector", id, "incoming-references"] => {
                (organization, Resource::References(id))
            }
            [
                organization,
                "project",
                FLOW_PROJECT,
                "v2",
                "activities",
                activity,
                "inputs",
                input,
                "choices",
            ] => (organization, Resource::Choices { activity, input }),
            _ => return Err(ApiError::Framework(StatusCode::NOT_FOUND)),
        };
        self.authorize(request)?;
        let organization = self.accessible(organization)?;
        match (request.method.as_str(), resource) {
            ("POST", Resource::Connectors) => self.create(request, &organization),
            ("GET", Resource::ConnectorList) => self.list(request, &organization),
            ("GET", Resource::Connector(id)) => self.read(&organization, id),
            ("PUT", Resource::Connector(id)) => self.replace(request, &organization, id),
            ("DELETE", Resource::Connector(id)) => self.delete(&organization, id),
            ("GET", Resource::References(id)) => self.references(request, &organization, id),
            ("GET", Resource::Choices { activity, input }) => {
                self.choices(request, &organization, activity, input)
            }
            _ => Err(ApiError::Framework(StatusCode::METHOD_NOT_ALLOWED)),
        }
    }

    /// Accepts a request with a valid token of sufficient scope that is within
    /// the rate limit.
    fn authorize(&mut self, request: &Request) -> Result<(), ApiError> {
        let scope = self.scope(request)?;
        let now = self.clock.now();
        self.rate_limit.admit(now).map_err(ApiError::too_many_requests)?;
        let is_read = request.method == Method::GET;
        match scope {
            Scope::Write => Ok(()),
            Scope::Read if is_read => Ok(()),
            Scope::Read | Scope::Applications => {
                let missing = if is_read { "cjp:config_read" } else { "cjp:config_write" };
                let description = format!("The token lacks the scope {missing}.");
                Err(ApiError::new(StatusCode::FORBIDDEN, "access denied", &description))
            }
        }
    }

    /// Returns the scope of the request's token.
    pub(crate) fn scope(&self, request: &Request) -> Result<Scope, ApiError> {
        if !request.headers.contains_key(AUTHORIZATION) {
            return Err(ApiError::invalid(vec!["Authorization: header is missing.".to_owned()]));
        }
        request
            .header(AUTHORIZATION)
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, token)| self.tokens.scope(token.trim(), self.clock.now()))
            .ok_or_else(|| {
                let description = "The access token is invalid or has expired.";
                ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", description)
            })
    }

    /// Returns the organization's UUID as it is stored. An organization that does
    /// not exist is a 403, like one to which the token has no access, and not a
    /// 404 like a missing connector.
    fn accessible(&self, id: &str) -> Result<String, ApiError> {
        let id = id.to_ascii_lowercase();
        if self.store.organization(&id).is_none() {
            let description = format!("The token has no access to the organization {id}.");
            return Err(ApiError::new(StatusCode::FORBIDDEN, "access denied", &description));
        }
        Ok(id)
    }

    fn create(&mut self, request: &Request, organization: &str) -> Result<Response, ApiError> {
        let body = json_object(request)?;
        let id = Uuid::new_v4().to_string();
        let time = self.clock.timestamp();
        let connector =
            connector::new_connector(&body, organization, &id, time).map_err(ApiError::invalid)?;
        let visible_after = milliseconds(self.options.visible_after);
        let response = Response::json(StatusCode::CREATED, &connector.shown(self.options.secrets));
        let organization = self.organization_mut(organization)?;
        if organization.is_name_taken(connector.name(), None) {
            return Err(name_taken(connector.name()));
        }
        if organization.connectors.len() >= CONNECTOR_LIMIT {
            let description = format!(
                "connector: an organization can have at most {CONNECTOR_LIMIT} custom connectors."
            );
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "limit reached", &description));
        }
        organization.connectors.push(connector);
        if visible_after > 0 {
            self.hidden_until.insert(id, time + visible_after);
        }
        Ok(response)
    }

    fn list(&mut self, request: &Request, organization: &str) -> Result<Response, ApiError> {
        let filter = request
            .parameter("filter")
            .filter(|filter| !filter.is_empty())
            .map(|filter| Filter::parse(&filter))
            .transpose()
            .map_err(|error| ApiError::invalid(vec![error]))?;
        let search = request.parameter("search").unwrap_or_default().to_lowercase();
        let attributes = request.parameter("attributes").filter(|names| !names.is_empty());
        let rows = self
            .visible_connectors(organization)
            .filter(|connector| {
                filter.as_ref().is_none_or(|filter| filter.accepts(|field| connector.text(field)))
            })
            .filter(|connector| connector.name().to_lowercase().contains(&search))
            .map(|connector| {
                let mut shown = connector.shown(self.options.secrets);
                if let Some(names) = &attributes {
                    shown.retain(|field, _| names.split(',').any(|name| name.trim() == field));
                }
                Value::Object(shown)
            })
            .collect();
        paging::page(request, organization, self.options.page_size_cap, rows)
    }

    fn read(&self, organization: &str, id: &str) -> Result<Response, ApiError> {
        let connector = self.visible_connector(organization, id)?;
        Ok(Response::json(StatusCode::OK, &connector.shown(self.options.secrets)))
    }

    fn replace(
        &mut self,
        request: &Request,
        organization: &str,
        id: &str,
    ) -> Result<Response, ApiError> {
        let (lock, secrets) = (self.options.active_lock, self.options.secrets);
        let omitted_secret = self.options.omitted_secret;
        let time = self.clock.timestamp();
        let owner = organization;
        let organization = self.organization_mut(organization)?;
        let stored = organization.connector(id).ok_or_else(|| ApiError::no_connector(id))?;
        let body = json_object(request)?;
        let replacement = connector::replacement(&body, owner, stored, omitted_secret)
            .map_err(ApiError::invalid)?;
        if replacement.version != stored.version() {
            let description = format!(
                "version: {} was sent, but the connector is at {}.",
                replacement.version,
                stored.version()
            );
            return Err(ApiError::new(StatusCode::CONFLICT, "stale version", &description));
        }
        if lock && stored.is_active() && replacement.is_edit {
            return Err(locked());
        }
        let name = replacement.fields.get("name").and_then(Value::as_str).unwrap_or_default();
        if organization.is_name_taken(name, Some(id)) {
            return Err(name_taken(name));
        }
        let connector = organization.connector_mut(id).ok_or_else(|| ApiError::no_connector(id))?;
        connector.write(replacement.fields, time);
        Ok(Response::json(StatusCode::OK, &connector.shown(secrets)))
    }

    fn delete(&mut self, organization: &str, id: &str) -> Result<Response, ApiError> {
        let lock = self.options.active_lock;
        let organization = self.organization_mut(organization)?;
        let stored = organization.connector(id).ok_or_else(|| ApiError::no_connector(id))?;
        if lock && stored.is_active() {
            return Err(locked());
        }
        let references: Vec<String> = organization
            .references_to(id)
            .map(|reference| format!("{}: {} refers to it.", reference.kind, reference.name))
            .collect();
        if !references.is_empty() {
            return Err(ApiError::in_use(references));
        }
        organization.remove(id);
        Ok(Response::empty(StatusCode::NO_CONTENT))
    }

    fn references(
        &self,
        request: &Request,
        organization: &str,
        id: &str,
    ) -> Result<Response, ApiError> {
        self.visible_connector(organization, id)?;
        let rows = self
            .store
            .organization(organization)
            .into_iter()
            .flat_map(|organization| organization.references_to(id))
            .map(|reference| {
                json!({"id": reference.id, "name": reference.name, "type": reference.kind})
            })
            .collect();
        paging::page(request, organization, self.options.page_size_cap, rows)
    }

    /// Returns the connectors that Flow Designer offers to an HTTP request: the
    /// active ones (inferred), with name and id only.
    fn choices(
        &self,
        request: &Request,
        organization: &str,
        activity: &str,
        input: &str,
    ) -> Result<Response, ApiError> {
        if !["http-request", "http-request-v2"].contains(&activity) || input != "connectorId" {
            let description = format!("activity {activity} has no input {input} with choices.");
            return Err(ApiError::new(StatusCode::NOT_FOUND, "not found", &description));
        }
        let search = request.parameter("search").unwrap_or_default();
        let by_id = match request.parameter("validate").as_deref() {
            None | Some("" | "false") => false,
            Some("true") => true,
            Some(_) => {
                return Err(ApiError::invalid(vec!["validate: must be true or false.".to_owned()]));
            }
        };
        let lowered = search.to_lowercase();
        let choices: Vec<Value> = self
            .visible_connectors(organization)
            .filter(|connector| connector.is_active())
            .filter(|connector| {
                if by_id {
                    connector.id() == search
                } else {
                    connector.name().to_lowercase().contains(&lowered)
                }
            })
            .map(|connector| json!({"name": connector.name(), "value": connector.id()}))
            .collect();
        Ok(Response::json(
            StatusCode::OK,
            &json!({
                "count": choices.len(),
                "source": "list",
                "choices": choices,
                "isSearchEnabled": true,
                "resolvedInput": input,
                "activity": activity,
                "input": input,
            }),
        ))
    }

    fn organization_mut(&mut self, organization: &str) -> Result<&mut Organization, ApiError> {
        self.store.organization_mut(organization).ok_or(ApiError::Framework(StatusCode::NOT_FOUND))
    }

    /// Returns the connectors that reads see at this time.
    fn visible_connectors(&self, organization: &str) -> impl Iterator<Item = &Connector> {
        let now = self.clock.now();
        self.store
            .organization(organization)
            .into_iter()
            .flat_map(|organization| &organization.connectors)
            .filter(move |connector| {
                self.hidden_until.get(connector.id()).is_none_or(|until| *until <= now)
            })
    }

    fn visible_connector(&self, organization: &str, id: &str) -> Result<&Connector, ApiError> {
        self.visible_connectors(organization)
            .find(|connector| connector.id() == id)
            .ok_or_else(|| ApiError::no_connector(id))
    }
}

/// Returns the body of a write. It has to be a JSON object, and `Content-Type`
/// has to say so.
fn json_object(request: &Request) -> Result<JsonObject, ApiError> {
    if !request.is_of_type("application/json") {
        return Err(ApiError::Framework(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    serde_json::from_slice(&request.body)
        .map_err(|_| ApiError::invalid(vec!["body: must be a JSON object.".to_owned()]))
}

fn name_taken(name: &str) -> ApiError {
    let description = format!("name: a connector named {name} is already present.");
    ApiError::new(StatusCode::CONFLICT, "similar entity is already present", &description)
}

fn locked() -> ApiError {
    let description = "Deactivate the connector to enable edit and delete options.";
    ApiError::new(StatusCode::LOCKED, "locked", description)
}
