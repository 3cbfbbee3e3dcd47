//! What can be read of a connector: the one table of the data sources.
//!
//! It is the resource's table without credentials and their versions, told from
//! the reader's side. The values come from the resource's own mapping, so that
//! a data source and a state never disagree.

use std::collections::BTreeMap;

use super::{model, schema};
use tf_provider::object::{Object, State};
use tf_provider::schema::Attribute;
use tf_provider::value::{Type, Value};
use webex_contact_center::{Connector, OrganizationId};

/// One attribute that can be read.
#[derive(Clone, Debug)]
pub struct ReadableAttribute {
    /// Its name, which is the resource's.
    pub name: &'static str,
    /// Its type, which is the resource's.
    pub ty: Type,
    /// One sentence in Markdown.
    pub description: &'static str,
}

const fn text(name: &'static str, description: &'static str) -> ReadableAttribute {
    ReadableAttribute { name, ty: Type::String, description }
}

/// The table.
pub const READABLE_ATTRIBUTES: [ReadableAttribute; 15] = [
    text("id", "The connector's id, a UUID. Flows refer to the connector by it."),
    text("name", "The name under which Flow Designer offers the connector."),
    text("organization_id", "The organization that owns the connector."),
    text(
        "authentication_type",
        "How the endpoint authenticates its callers: `basic`, `oauth2`, or what Webex calls a type \
         that this version of the provider does not know.",
    ),
    text(
        "resource_domain_url",
        "The address of the endpoint. Flows append their request path to it.",
    ),
    text(
        "grant_type",
        "The OAuth 2.0 grant: `client_credentials`, `password`, `client_credentials_certificate`, \
         or what Webex calls one that this version of the provider does not know. Null for basic \
         authentication.",
    ),
    text("client_id", "The OAuth 2.0 client identifier."),
    text("token_url", "The address of the authorization server's token endpoint."),
    text("scope", "The OAuth 2.0 scope that is requested."),
    text("certificate", "The certificate (PEM) of the `client_credentials_certificate` grant."),
    text("username", "The user name of the service account."),
    text("validation_url", "The address against which Webex checks user name and password."),
    ReadableAttribute {
        name: "active",
        ty: Type::Bool,
        description: "Whether flows can use the connector.",
    },
    text("created_time", "When the connector was created (RFC 3339)."),
    text("last_updated_time", "When the connector was changed last, by anybody (RFC 3339)."),
];

/// The table as attributes that only the provider sets.
#[must_use]
pub fn attributes() -> Vec<Attribute> {
    let rows = READABLE_ATTRIBUTES.into_iter();
    rows.map(|row| Attribute::computed(row.name, row.ty, row.description)).collect()
}

/// The table as the type of one element of a list.
#[must_use]
pub fn object_type() -> Type {
    Type::Object(READABLE_ATTRIBUTES.into_iter().map(|row| (row.name.to_owned(), row.ty)).collect())
}

/// What Webex has of a connector.
///
/// `base` holds what the user wrote: where it means the same, its spelling
/// stays, as Terraform demands of a data source's arguments.
#[must_use]
pub fn values(
    connector: &Connector,
    organization: OrganizationId,
    base: &Object,
) -> BTreeMap<String, Value> {
    let mut spelled = Object::null(schema::block());
    for row in &READABLE_ATTRIBUTES {
        spelled.set(row.name, base.get(row.name).clone());
    }
    let state: State = model::state(connector, organization, &spelled);
    let value = |name: &'static str| (name.to_owned(), state.object().get(name).clone());
    READABLE_ATTRIBUTES.iter().map(|row| value(row.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{READABLE_ATTRIBUTES, schema};
    use tf_provider::schema::Attribute;

    #[test]
    fn everything_but_credentials_is_visible() {
        let block = schema::schema().block;
        let is_about_credentials = |attribute: &&Attribute| {
            attribute.is_sensitive() || attribute.name.ends_with("_wo_version")
        };
        let mut expected = block
            .attributes
            .iter()
            .filter(|attribute| !is_about_credentials(attribute))
            .map(|attribute| (attribute.name, attribute.ty.clone()))
            .collect::<Vec<_>>();
        let mut visible = READABLE_ATTRIBUTES.map(|row| (row.name, row.ty)).to_vec();
        expected.sort_by_key(|(name, _)| *name);
        visible.sort_by_key(|(name, _)| *name);
        assert_eq!(visible, expected);
    }
}
