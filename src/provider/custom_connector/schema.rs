//! The arguments of a custom connector: the one table.

use std::sync::LazyLock;

use super::credentials::CredentialArguments;
use crate::provider::timeouts;
use tf_provider::schema::{Attribute, Block, IdentityAttribute, IdentitySchema, Schema};
use tf_provider::value::Type;
use webex_contact_center::Credential;

/// The name of the resource, its data source and its list resource.
pub const TYPE_NAME: &str = "webex_cc_custom_connector";

const DESCRIPTION: &str = "\
A custom connector of Webex Contact Center: the stored credentials with which flows call another \
company's HTTP endpoints. In Flow Designer, the *HTTP Request* activity picks it while *Use \
Authenticated Endpoint* is on, and appends the request path to the connector's resource domain.

An organization can have up to 10 custom connectors.";

/// The resource's arguments.
#[must_use]
pub fn schema() -> Schema {
    Schema::new(Block {
        description: DESCRIPTION.into(),
        attributes: attributes(),
        blocks: vec![timeouts::block()],
    })
}

/// The resource's arguments, built once: each state that is made needs them.
#[must_use]
pub fn block() -> &'static Block {
    static BLOCK: LazyLock<Block> = LazyLock::new(|| schema().block);
    &BLOCK
}

fn attributes() -> Vec<Attribute> {
    let credential = |credential| CredentialArguments::of(credential).attributes();
    let mut attributes = vec![
        Attribute::computed(
            "id",
            Type::String,
            "The connector's id, a UUID. Flows refer to the connector by it.",
        )
        .use_state_for_unknown(),
        Attribute::required(
            "name",
            Type::String,
            "The name in Flow Designer. It must be unique in the organization.",
        ),
        Attribute::optional_computed(
            "organization_id",
            Type::String,
            "The organization that owns the connector, as a UUID or in the base64 form of the \
             Webex APIs. Default: the provider's organization.",
        )
        .use_state_for_unknown()
        .requires_replace(),
        Attribute::optional(
            "authentication_type",
            Type::String,
            "How the endpoint authenticates its callers: `basic` or `oauth2`. Webex cannot edit \
             it.",
        )
        .default_value("basic")
        .requires_replace(),
        Attribute::required(
            "resource_domain_url",
            Type::String,
            "The `https://` address of the endpoint, with or without a path. Flows append their \
             request path to it.",
        ),
        Attribute::optional_computed(
            "grant_type",
            Type::String,
            "The OAuth 2.0 grant: `client_credentials`, `password` or \
             `client_credentials_certificate`. Default with `oauth2`: `client_credentials`. Webex \
             cannot edit it.",
        )
        .use_state_for_unknown()
        .requires_replace(),
        Attribute::optional(
            "client_id",
            Type::String,
            "The OAuth 2.0 client identifier that the third party issued.",
        ),
    ];
    attributes.extend(credential(Credential::ClientSecret));
    attributes.extend([
        Attribute::optional(
            "token_url",
            Type::String,
            "The `https://` address of the authorization server's token endpoint.",
        ),
        Attribute::optional(
            "scope",
            Type::String,
            "The OAuth 2.0 scope to request. Several scopes are separated by a space (RFC 6749, \
             section 3.3).",
        ),
        Attribute::optional(
            "certificate",
            Type::String,
            "The certificate (PEM) of the `client_credentials_certificate` grant. It is not a \
             secret.",
        ),
    ]);
    attributes.extend(credential(Credential::PrivateKey));
    attributes.extend([Attribute::optional(
        "username",
        Type::String,
        "The user name of the service account with which Webex authenticates.",
    )]);
    attributes.extend(credential(Credential::Password));
    attributes.extend([
        Attribute::optional(
            "validation_url",
            Type::String,
            "The `https://` address against which Webex checks `username` and `password` when the \
             connector is saved.",
        ),
        Attribute::optional(
            "active",
            Type::Bool,
            "Whether flows can use the connector. If `false`, the connector stays in Webex, and \
             calls of flows that use it fail.",
        )
        .default_value(true),
        Attribute::computed(
            "created_time",
            Type::String,
            "When the connector was created (RFC 3339).",
        )
        .use_state_for_unknown(),
        Attribute::computed(
            "last_updated_time",
            Type::String,
            "When anybody last changed the connector (RFC 3339).",
        ),
    ]);
    attributes
}

/// Returns the schema of the resource identity.
#[must_use]
pub fn identity() -> IdentitySchema {
    IdentitySchema {
        version: 0,
        attributes: vec![
            IdentityAttribute {
                name: "organization_id".into(),
                ty: Type::String,
                required_for_import: false,
                description: "The organization's UUID. The provider's organization if not set."
                    .into(),
            },
            IdentityAttribute {
                name: "id".into(),
                ty: Type::String,
                required_for_import: true,
                description: "The connector's UUID.".into(),
            },
        ],
    }
}
