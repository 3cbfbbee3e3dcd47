//! The API: which request each token may send, and what the request does.

use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api_error::ApiError;
use crate::connector::{self, Connector, JsonObject};
use crate::filter::Filter;
use crate::flow::PROJECT as FLOW_PROJECT;
use crate::flows;
use crate::message::{Request, Response};
use crate::options::VersionForm;
use crate::paging;
use crate::profile::{CallName, is_empty};
use crate::service::Service;
use crate::tokens::Scope;
use crate::words;

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
        match segments.as_slice() {
            ["v1", "access_token"] => return self.access_token(request),
            ["v1", "applications", id, "token"] => return self.application_token(request, id),
            _ => {}
        }
        if let Some((organization, call)) = flows::Call::of(&request.method, &segments) {
            return self.flow_call(request, organization, call);
        }
        if let Some(profile) = self.profile.clone() {
            return self.handle_by_profile(&profile, request);
        }
        let (organization, resource) =
            resource(&segments).ok_or(ApiError::Framework(StatusCode::NOT_FOUND))?;
        self.authorize(request, request.method == Method::GET)?;
        let organization = self.accessible(organization)?;
        self.check_method(request, resource.methods())?;
        match (request.method.as_str(), resource) {
            ("POST", Resource::Connectors) => self.create(request, &organization),
            ("GET", Resource::ConnectorList) => self.list(request, &organization),
            ("GET", Resource::Connector(id)) => self.read(&organization, id),
            ("PUT", Resource::Connector(id)) => self.replace(request, &organization, id),
            ("DELETE", Resource::Connector(id)) => {
                self.delete_connector(&organization, id)?;
                Ok(Response::empty(StatusCode::NO_CONTENT))
            }
            ("GET", Resource::References(id)) => self.references(request, &organization, id),
            ("GET", Resource::Choices { activity, input }) => {
                self.choices(request, &organization, activity, input)
            }
            _ => Err(ApiError::Framework(StatusCode::METHOD_NOT_ALLOWED)),
        }
    }

    /// Returns which call a request is, by its name in an API profile.
    pub(crate) fn call(&self, request: &Request) -> Option<&'static str> {
        if let Some(profile) = &self.profile {
            return profile.call(request).map(CallName::word);
        }
        let segments = request.segments();
        let (_, resource) = resource(&segments)?;
        match (request.method.as_str(), resource) {
            ("POST", Resource::Connectors) => Some("create"),
            ("GET", Resource::ConnectorList) => Some("list"),
            ("GET", Resource::Connector(_)) => Some("read"),
            ("PUT", Resource::Connector(_)) => Some("update"),
            ("DELETE", Resource::Connector(_)) => Some("delete"),
            ("GET", Resource::References(_)) => Some("references"),
            _ => None,
        }
    }

    /// Refuses a method that the behavior refuses. `methods` are those of the
    /// path.
    pub(crate) fn check_method<'a>(
        &self,
        request: &Request,
        methods: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ApiError> {
        if !self.behavior.refuses(request.method.as_str()) {
            return Ok(());
        }
        let patch = (request.method == Method::PUT).then_some("PATCH");
        let allowed = methods.into_iter().chain(patch);
        let allowed: Vec<&str> = allowed.filter(|method| !self.behavior.refuses(method)).collect();
        Err(ApiError::MethodNotAllowed(allowed.join(", ")))
    }

    /// Accepts a request with a valid token of sufficient scope that is within
    /// the rate limit.
    pub(crate) fn authorize(&mut self, request: &Request, is_read: bool) -> Result<(), ApiError> {
        let scope = self.scope(request)?;
        let now = self.clock.now();
        self.rate_limit.admit(now).map_err(ApiError::too_many_requests)?;
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
    pub(crate) fn accessible(&self, id: &str) -> Result<String, ApiError> {
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
        let mut members = self.behavior.members();
        members.retain(|name, _| !connector::is_known(name));
        let connector = self.create_connector(organization, &id, &body, members)?;
        Ok(Response::json(StatusCode::CREATED, &self.shown(&connector)))
    }

    fn list(&self, request: &Request, organization: &str) -> Result<Response, ApiError> {
        self.check_list()?;
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
                let mut shown = self.shown(connector);
                for (word, name) in words::FIELDS {
                    if self.behavior.is_short_of(word) {
                        shown.remove(name);
                    }
                }
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
        Ok(Response::json(StatusCode::OK, &self.shown(connector)))
    }

    fn replace(
        &mut self,
        request: &Request,
        organization: &str,
        id: &str,
    ) -> Result<Response, ApiError> {
        self.stored_connector(organization, id)?;
        let mut body = json_object(request)?;
        if self.options.version_as == VersionForm::Text {
            let version = body.get("version").and_then(Value::as_str);
            let version = version.and_then(|text| text.parse::<u64>().ok());
            body.insert("version".to_owned(), json!(version));
        }
        let mut members = body.clone();
        members.retain(|name, _| !connector::is_known(name));
        let connector = self.replace_connector(organization, id, &body, Some(members))?;
        Ok(Response::json(StatusCode::OK, &self.shown(&connector)))
    }

    /// Returns a connector as responses show it.
    fn shown(&self, connector: &Connector) -> JsonObject {
        let mut shown = connector.shown(self.options.secrets);
        for (name, value) in &mut shown {
            match name.as_str() {
                "version" => *value = self.options.version_as.write(value),
                "createdTime" | "lastUpdatedTime" => *value = self.options.times_as.write(value),
                "active" | "authenticationType" | "grantType" => {
                    let state = value.as_bool().map(words::word_of_state);
                    let word = state.or(value.as_str().and_then(words::word_of_literal));
                    if let Some(literal) = word.and_then(|word| self.behavior.literal(word)) {
                        *value = literal;
                    }
                }
                _ => {}
            }
        }
        if self.behavior.omit_empty {
            shown.retain(|_, value| !is_empty(value));
        }
        shown
    }

    fn references(
        &self,
        request: &Request,
        organization: &str,
        id: &str,
    ) -> Result<Response, ApiError> {
        let rows = self
            .references_to(organization, id)?
            .into_iter()
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
}

/// Returns the organization and the resource that a path names.
fn resource<'a>(segments: &[&'a str]) -> Option<(&'a str, Resource<'a>)> {
    match *segments {
        ["organization", organization, "connector"] => Some((organization, Resource::Connectors)),
        ["organization", organization, "v2", "connector"] => {
            Some((organization, Resource::ConnectorList))
        }
        ["organization", organization, "connector", id] => {
            Some((organization, Resource::Connector(id)))
        }
        ["organization", organization, "connector", id, "incoming-references"] => {
            Some((organization, Resource::References(id)))
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
        ] => Some((organization, Resource::Choices { activity, input })),
        _ => None,
    }
}

impl Resource<'_> {
    fn methods(self) -> impl Iterator<Item = &'static str> {
        match self {
            Self::Connectors => &["POST"][..],
            Self::Connector(_) => &["DELETE", "GET", "PUT"],
            Self::ConnectorList | Self::References(_) | Self::Choices { .. } => &["GET"],
        }
        .iter()
        .copied()
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
