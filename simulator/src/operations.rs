//! The effects of the calls on the stored connectors, for any form of requests
//! and responses.

use http::StatusCode;
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::clock::milliseconds;
use crate::connector::{self, Connector, JsonObject};
use crate::options::CONNECTOR_LIMIT;
use crate::service::Service;
use crate::store::{Organization, Reference};

impl Service {
    /// Creates a connector. `members` are no fields of connectors.
    pub(crate) fn create_connector(
        &mut self,
        organization: &str,
        id: &str,
        body: &JsonObject,
        members: JsonObject,
    ) -> Result<Connector, ApiError> {
        let time = self.clock.timestamp();
        let mut connector =
            connector::new_connector(body, organization, id, time).map_err(ApiError::invalid)?;
        let visible_after = milliseconds(self.options.visible_after);
        for name in self.behavior.ignored() {
            let ignored = if name == "active" { Value::Bool(true) } else { Value::Null };
            connector.0.insert(name.to_owned(), ignored);
        }
        connector.0.extend(members);
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
        organization.connectors.push(connector.clone());
        if visible_after > 0 {
            self.hidden_until.insert(id.to_owned(), time + visible_after);
        }
        Ok(connector)
    }

    /// Replaces the fields of a connector, and its other members if `members`
    /// names new ones.
    pub(crate) fn replace_connector(
        &mut self,
        organization: &str,
        id: &str,
        body: &JsonObject,
        members: Option<JsonObject>,
    ) -> Result<Connector, ApiError> {
        let stored = self.stored_connector(organization, id)?;
        let mut body = body.clone();
        if self.behavior.unchecked_versions {
            body.insert("version".to_owned(), json!(stored.version()));
        }
        let omitted_secret = self.options.omitted_secret;
        let mut replacement = connector::replacement(&body, organization, stored, omitted_secret)
            .map_err(ApiError::invalid)?;
        check_version(stored, replacement.version)?;
        if self.options.active_lock && stored.is_active() && replacement.is_edit {
            return Err(locked());
        }
        let name = replacement.fields.get("name").and_then(Value::as_str).unwrap_or_default();
        let owner = self.store.organization(organization);
        if owner.is_some_and(|owner| owner.is_name_taken(name, Some(id))) {
            return Err(name_taken(name));
        }
        for ignored in self.behavior.ignored() {
            replacement.fields.remove(ignored);
        }
        self.write(organization, id, replacement.fields, members)
    }

    /// Activates or deactivates a connector.
    pub(crate) fn activate_connector(
        &mut self,
        organization: &str,
        id: &str,
        active: bool,
        version: Option<u64>,
    ) -> Result<Connector, ApiError> {
        let stored = self.stored_connector(organization, id)?;
        if let Some(version) = version.filter(|_| !self.behavior.unchecked_versions) {
            check_version(stored, version)?;
        }
        let mut fields = JsonObject::new();
        if !self.behavior.ignored().any(|name| name == "active") {
            fields.insert("active".to_owned(), json!(active));
        }
        self.write(organization, id, fields, None)
    }

    fn write(
        &mut self,
        organization: &str,
        id: &str,
        fields: JsonObject,
        members: Option<JsonObject>,
    ) -> Result<Connector, ApiError> {
        let time = self.clock.timestamp();
        let visible_after = self.behavior.update_visible_after_ms;
        let organization = self.organization_mut(organization)?;
        let connector = organization.connector_mut(id).ok_or_else(|| ApiError::no_connector(id))?;
        let before = connector.clone();
        connector.write(fields, members, time);
        let after = connector.clone();
        if visible_after > 0 {
            self.outdated.insert(id.to_owned(), (time + visible_after, before));
        }
        Ok(after)
    }

    /// Deletes a connector.
    pub(crate) fn delete_connector(
        &mut self,
        organization: &str,
        id: &str,
    ) -> Result<(), ApiError> {
        let stored = self.stored_connector(organization, id)?;
        if self.options.active_lock && stored.is_active() {
            return Err(locked());
        }
        let organization = self.organization_mut(organization)?;
        let references: Vec<String> = organization
            .references_to(id)
            .map(|reference| format!("{}: {} refers to it.", reference.kind, reference.name))
            .collect();
        if !references.is_empty() {
            return Err(ApiError::in_use(references));
        }
        organization.remove(id);
        Ok(())
    }

    /// Returns what refers to a connector.
    pub(crate) fn references_to(
        &self,
        organization: &str,
        id: &str,
    ) -> Result<Vec<&Reference>, ApiError> {
        self.visible_connector(organization, id)?;
        let organization = self.store.organization(organization).into_iter();
        Ok(organization.flat_map(|organization| organization.references_to(id)).collect())
    }

    /// Refuses to list connectors if the behavior does.
    pub(crate) fn check_list(&self) -> Result<(), ApiError> {
        if self.behavior.refused_list {
            let description = "The token may not list connectors.";
            return Err(ApiError::new(StatusCode::FORBIDDEN, "access denied", description));
        }
        Ok(())
    }

    /// Returns a connector as it is stored.
    pub(crate) fn stored_connector(
        &self,
        organization: &str,
        id: &str,
    ) -> Result<&Connector, ApiError> {
        let organization = self.store.organization(organization);
        organization
            .and_then(|organization| organization.connector(id))
            .ok_or_else(|| ApiError::no_connector(id))
    }

    fn organization_mut(&mut self, organization: &str) -> Result<&mut Organization, ApiError> {
        self.store.organization_mut(organization).ok_or(ApiError::Framework(StatusCode::NOT_FOUND))
    }

    /// Returns the connectors as reads see them at this time.
    pub(crate) fn visible_connectors(
        &self,
        organization: &str,
    ) -> impl Iterator<Item = &Connector> {
        let now = self.clock.now();
        self.store
            .organization(organization)
            .into_iter()
            .flat_map(|organization| &organization.connectors)
            .filter(move |connector| {
                self.hidden_until.get(connector.id()).is_none_or(|until| *until <= now)
            })
            .map(move |connector| match self.outdated.get(connector.id()) {
                Some((until, before)) if *until > now => before,
                Some(_) | None => connector,
            })
    }

    /// Returns a connector as reads see it at this time.
    pub(crate) fn visible_connector(
        &self,
        organization: &str,
        id: &str,
    ) -> Result<&Connector, ApiError> {
        self.visible_connectors(organization)
            .find(|connector| connector.id() == id)
            .ok_or_else(|| ApiError::no_connector(id))
    }
}

fn check_version(stored: &Connector, sent: u64) -> Result<(), ApiError> {
    if sent == stored.version() {
        return Ok(());
    }
    let description =
        format!("version: {sent} was sent, but the connector is at {}.", stored.version());
    Err(ApiError::new(StatusCode::CONFLICT, "stale version", &description))
}

fn name_taken(name: &str) -> ApiError {
    let description = format!("name: a connector named {name} is already present.");
    ApiError::new(StatusCode::CONFLICT, "similar entity is already present", &description)
}

fn locked() -> ApiError {
    let description = "Deactivate the connector to enable edit and delete options.";
    ApiError::new(StatusCode::LOCKED, "locked", description)
}
