//! How messages and Terraform name a connector.

use safe_text::Shown;
use tf_provider::object::{Identity, Object, State};
use webex_contact_center::{ConnectorId, OrganizationId};

use super::schema::TYPE_NAME;

/// Names a connector in messages: `"crm" (5c7c2677-…)`.
#[must_use]
pub fn named(state: &State) -> String {
    let text = |argument: &str| state.object().string(argument).known().map(str::to_owned);
    let id = text("id").unwrap_or_default();
    match text("name") {
        Some(name) => format!("{:?} ({})", Shown::new(&name), Shown::new(&id)),
        None => Shown::new(&id).to_string(),
    }
}

/// Returns the connector's resource identity.
#[must_use]
pub fn identity(id: &ConnectorId, organization: OrganizationId) -> Identity {
    let object = Object::default().with("id", id.as_str());
    Identity::new(object.with("organization_id", organization.to_string()))
}

/// Returns the block that adopts an existing connector.
#[must_use]
pub fn import_block(organization: OrganizationId, id: &ConnectorId) -> String {
    // The id is Webex's: nothing in it may end the string or be evaluated.
    let text = format!("{:?}", Shown::new(&format!("{organization}/{id}")));
    let text = text.replace("${", "$${").replace("%{", "%%{");
    format!("import {{\n  to = {TYPE_NAME}.<NAME>\n  id = {text}\n}}")
}
