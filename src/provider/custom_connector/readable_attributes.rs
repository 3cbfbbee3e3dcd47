//! The attributes of the data sources: the resource's, without credentials and
//! their versions.
//!
//! The values come from the resource's own mapping, so that a data source and a
//! state never disagree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tf_provider::object::Object;
use tf_provider::schema::Attribute;
use tf_provider::value::{Type, Value};
use webex_contact_center::{Connector, OrganizationId};

use super::credentials::CREDENTIALS;
use super::private_data::Returned;
use super::{model, schema};

/// The sentences that differ from the resource's, because a reader sets nothing.
const DESCRIPTIONS: [(&str, &str); 12] = [
    ("name", "The name under which Flow Designer offers the connector."),
    ("organization_id", "The organization that owns the connector."),
    (
        "authentication_type",
        "How the endpoint authenticates its callers: `basic`, `oauth2`, or Webex's own name of a \
         type that this version of the provider does not know.",
    ),
    ("resource_domain_url", "The address of the endpoint. Flows append their request path to it."),
    (
        "grant_type",
        "The OAuth 2.0 grant: `client_credentials`, `password`, `client_credentials_certificate`, \
         or Webex's own name of a grant that this version of the provider does not know. Null for \
         basic \
         authentication.",
    ),
    ("client_id", "The OAuth 2.0 client identifier."),
    ("token_url", "The address of the authorization server's token endpoint."),
    ("scope", "The OAuth 2.0 scope that is requested."),
    ("certificate", "The certificate (PEM) of the `client_credentials_certificate` grant."),
    ("username", "The user name of the service account."),
    ("validation_url", "The address with which Webex checks user name and password."),
    ("active", "Whether flows can use the connector."),
];

/// Returns the resource's attributes without credentials.
fn readable() -> impl Iterator<Item = &'static Attribute> {
    let is_about_credentials =
        |name: &str| CREDENTIALS.iter().any(|row| row.names().contains(&name));
    schema::block().attributes.iter().filter(move |row| !is_about_credentials(&row.name))
}

/// Returns the attributes, which only the provider sets.
#[must_use]
pub fn attributes() -> Vec<Attribute> {
    let description = |row: &Attribute| {
        let own = DESCRIPTIONS.iter().find(|(name, _)| *name == row.name);
        own.map_or(row.description.clone(), |(_, description)| Cow::from(*description))
    };
    let attribute =
        |row: &Attribute| Attribute::computed(row.name.clone(), row.ty.clone(), description(row));
    readable().map(attribute).collect()
}

/// Returns the type of one element of a list.
#[must_use]
pub fn object_type() -> Type {
    Type::Object(readable().map(|row| (row.name.to_string(), row.ty.clone())).collect())
}

/// Returns the values of a connector.
///
/// `base` holds what the user wrote. Where it means the same, its spelling
/// stays, as Terraform demands for the arguments of a data source.
#[must_use]
pub fn values(
    connector: &Connector,
    organization: OrganizationId,
    base: &Object,
) -> BTreeMap<String, Value> {
    let mut spelled = Object::null(schema::block());
    for row in readable() {
        spelled.set(&row.name, base.get(&row.name).clone());
    }
    let state = model::state(connector, organization, &spelled, &Returned::new());
    readable().map(|row| (row.name.to_string(), state.object().get(&row.name).clone())).collect()
}
