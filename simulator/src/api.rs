//! The API: who may call what, and what each call does to a connector.

use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::milliseconds;
use crate::connector::{self, Connector, Document};
use crate::filter::Filter;
use crate::list;
use crate::message::{Answer, Request};
use crate::options::CONNECTOR_LIMIT;
use crate::problem::Problem;
use crate::store::Organization;
use crate::tokens::Access;
use crate::world::World;

/// The project under which Flow Designer's activities are found. It is the
/// same in every organization (documented by Cisco).
const FLOW_PROJECT: &str = "5e5c9ad6d61f870d6d778c1b";

/// The part of the path that follows the organization.
#[derive(Clone, Copy, Debug)]
enum Resource<'a> {
    Connectors,
    ConnectorList,
    Connector(&'a str),
    References(&'a str),
    Choices { activity: &'a str, input: &'a str },
}

impl World {
    /// Answers a call, fault scripts aside.
    pub(crate) fn call(&mut self, request: &Request) -> Result<Answer, Problem> {
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
            _ => return Err(Problem::Framework(StatusCode::NOT_FOUND)),
        };
        self.authorize(request)?;
        let organization = self.accessible(organization)?;
        let method = &request.method;
        match resource {
            Resource::Connectors if method == Method::POST => self.create(request, &organization),
            Resource::ConnectorList if method == Method::GET => self.list(request, &organization),
            Resource::Connector(id) if method == Method::GET => self.read(&organization, id),
            Resource::Connector(id) if method == Method::PUT => {
                self.replace(request, &organization, id)
            }
            Resource::Connector(id) if method == Method::DELETE => self.delete(&organization, id),
            Resource::References(id) if method == Method::GET => {
                self.references(request, &organization, id)
            }
            Resource::Choices { activity, input } if method == Method::GET => {
                self.choices(request, &organization, activity, input)
            }
            Resource::Connectors
            | Resource::ConnectorList
            | Resource::Connector(_)
            | Resource::References(_)
            | Resource::Choices { .. } => Err(Problem::Framework(StatusCode::METHOD_NOT_ALLOWED)),
        }
    }

    /// Lets a request through that carries a living token of sufficient scope
    /// and is within the rate limit.
    fn authorize(&mut self, request: &Request) -> Result<(), Problem> {
        let access = self.bearer(request)?;
        let now = self.clock.now();
        self.rate.admit(now).map_err(Problem::too_many)?;
        let is_read = request.method == Method::GET;
        match access {
            Access::Write => Ok(()),
            Access::Read if is_read => Ok(()),
            Access::Read | Access::Applications => {
                let scope = if is_read { "cjp:config_read" } else { "cjp:config_write" };
                let description = format!("The token lacks the scope {scope}.");
                Err(Problem::new(StatusCode::FORBIDDEN, "access denied", &description))
            }
        }
    }

    /// What the token of a request may be used for.
    pub(crate) fn bearer(&self, request: &Request) -> Result<Access, Problem> {
        if !request.headers.contains_key(AUTHORIZATION) {
            return Err(Problem::invalid(vec!["Authorization: header is missing.".to_owned()]));
        }
        request
            .header(AUTHORIZATION)
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, token)| self.tokens.access(token.trim(), self.clock.now()))
            .ok_or_else(|| {
                let description = "The access token is invalid or has expired.";
                Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", description)
            })
    }

    /// The organization's UUID as it is stored. One that does not exist looks
    /// like one that the token has no access to, and not like a missing
    /// connector.
    fn accessible(&self, id: &str) -> Result<String, Problem> {
        let id = id.to_ascii_lowercase();
        if self.store.organization(&id).is_none() {
            let description = format!("The token has no access to the organization {id}.");
            return Err(Problem::new(StatusCode::FORBIDDEN, "access denied", &description));
        }
        Ok(id)
    }

    fn create(&mut self, request: &Request, organization: &str) -> Result<Answer, Problem> {
        let body = object(request)?;
        let id = Uuid::new_v4().to_string();
        let time = self.clock.stamp();
        let connector =
            connector::created(&body, organization, &id, time).map_err(Problem::invalid)?;
        let visible_after = milliseconds(self.options.visible_after);
        let answer = Answer::json(StatusCode::CREATED, &connector.shown(self.options.secrets));
        let organization = self.changeable(organization)?;
        if organization.is_name_taken(connector.name(), None) {
            return Err(name_taken(connector.name()));
        }
        if organization.connectors.len() >= CONNECTOR_LIMIT {
            let description = format!(
                "connector: an organization can have at most {CONNECTOR_LIMIT} custom connectors."
            );
            return Err(Problem::new(StatusCode::BAD_REQUEST, "limit reached", &description));
        }
        organization.connectors.push(connector);
        if visible_after > 0 {
            self.hidden_until.insert(id, time + visible_after);
        }
        Ok(answer)
    }

    fn list(&mut self, request: &Request, organization: &str) -> Result<Answer, Problem> {
        let filter = request
            .parameter("filter")
            .filter(|filter| !filter.is_empty())
            .map(|filter| Filter::parse(&filter))
            .transpose()
            .map_err(|wrong| Problem::invalid(vec![wrong]))?;
        let search = request.parameter("search").unwrap_or_default().to_lowercase();
        let attributes = request.parameter("attributes").filter(|names| !names.is_empty());
        let rows = self
            .visible(organization)
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
        list::page(request, organization, self.options.page_size_cap, rows)
    }

    fn read(&self, organization: &str, id: &str) -> Result<Answer, Problem> {
        let connector = self.one_visible(organization, id)?;
        Ok(Answer::json(StatusCode::OK, &connector.shown(self.options.secrets)))
    }

    fn replace(
        &mut self,
        request: &Request,
        organization: &str,
        id: &str,
    ) -> Result<Answer, Problem> {
        let (lock, secrets) = (self.options.active_lock, self.options.secrets);
        let omitted_secret = self.options.omitted_secret;
        let time = self.clock.stamp();
        let owner = organization;
        let organization = self.changeable(organization)?;
        let stored = organization.connector(id).ok_or_else(|| Problem::no_connector(id))?;
        let body = object(request)?;
        let replacement =
            connector::replaced(&body, owner, stored, omitted_secret).map_err(Problem::invalid)?;
        if replacement.version != stored.version() {
            let description = format!(
                "version: {} was sent, but the connector is at {}.",
                replacement.version,
                stored.version()
            );
            return Err(Problem::new(StatusCode::CONFLICT, "stale version", &description));
        }
        if lock && stored.is_active() && replacement.is_edit {
            return Err(locked());
        }
        let name = replacement.fields.get("name").and_then(Value::as_str).unwrap_or_default();
        if organization.is_name_taken(name, Some(id)) {
            return Err(name_taken(name));
        }
        let connector = organization.connector_mut(id).ok_or_else(|| Problem::no_connector(id))?;
        connector.write(replacement.fields, time);
        Ok(Answer::json(StatusCode::OK, &connector.shown(secrets)))
    }

    fn delete(&mut self, organization: &str, id: &str) -> Result<Answer, Problem> {
        let lock = self.options.active_lock;
        let organization = self.changeable(organization)?;
        let stored = organization.connector(id).ok_or_else(|| Problem::no_connector(id))?;
        if lock && stored.is_active() {
            return Err(locked());
        }
        let users: Vec<String> = organization
            .references_to(id)
            .map(|reference| format!("{}: {} refers to it.", reference.kind, reference.name))
            .collect();
        if !users.is_empty() {
            return Err(Problem::referred_to(users));
        }
        organization.remove(id);
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    fn references(
        &self,
        request: &Request,
        organization: &str,
        id: &str,
    ) -> Result<Answer, Problem> {
        self.one_visible(organization, id)?;
        let rows = self
            .store
            .organization(organization)
            .into_iter()
            .flat_map(|organization| organization.references_to(id))
            .map(|reference| {
                json!({"id": reference.id, "name": reference.name, "type": reference.kind})
            })
            .collect();
        list::page(request, organization, self.options.page_size_cap, rows)
    }

    /// The connectors that Flow Designer offers to an HTTP request: the active
    /// ones (inferred), by name and id only.
    fn choices(
        &self,
        request: &Request,
        organization: &str,
        activity: &str,
        input: &str,
    ) -> Result<Answer, Problem> {
        if !["http-request", "http-request-v2"].contains(&activity) || input != "connectorId" {
            let description = format!("activity {activity} has no input {input} with choices.");
            return Err(Problem::new(StatusCode::NOT_FOUND, "not found", &description));
        }
        let search = request.parameter("search").unwrap_or_default();
        let by_id = match request.parameter("validate").as_deref() {
            None | Some("" | "false") => false,
            Some("true") => true,
            Some(_) => {
                return Err(Problem::invalid(vec!["validate: must be true or false.".to_owned()]));
            }
        };
        let lowered = search.to_lowercase();
        let choices: Vec<Value> = self
            .visible(organization)
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
        Ok(Answer::json(
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

    fn changeable(&mut self, organization: &str) -> Result<&mut Organization, Problem> {
        self.store.organization_mut(organization).ok_or(Problem::Framework(StatusCode::NOT_FOUND))
    }

    /// The connectors that reads see by now.
    fn visible(&self, organization: &str) -> impl Iterator<Item = &Connector> {
        let now = self.clock.now();
        self.store
            .organization(organization)
            .into_iter()
            .flat_map(|organization| &organization.connectors)
            .filter(move |connector| {
                self.hidden_until.get(connector.id()).is_none_or(|until| *until <= now)
            })
    }

    fn one_visible(&self, organization: &str, id: &str) -> Result<&Connector, Problem> {
        self.visible(organization)
            .find(|connector| connector.id() == id)
            .ok_or_else(|| Problem::no_connector(id))
    }
}

/// The body of a write, which has to be a JSON object and say so.
fn object(request: &Request) -> Result<Document, Problem> {
    if !request.is_of_type("application/json") {
        return Err(Problem::Framework(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    serde_json::from_slice(&request.body)
        .map_err(|_| Problem::invalid(vec!["body: must be a JSON object.".to_owned()]))
}

fn name_taken(name: &str) -> Problem {
    let description = format!("name: a connector named {name} is already present.");
    Problem::new(StatusCode::CONFLICT, "similar entity is already present", &description)
}

fn locked() -> Problem {
    let description = "Deactivate the connector to enable edit and delete options.";
    Problem::new(StatusCode::LOCKED, "locked", description)
}
