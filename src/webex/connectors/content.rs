//! What a connector is: what is sent, and what is read.
//!
//! The two are different types, because Webex gives no secret back that could
//! be relied on: a [`Connector`] has no place for one.

use super::super::identifiers::{ConnectorId, OrganizationId};
use super::equivalence::Equivalence;
use safe_text::Secret;

/// What is sent to Webex.
///
/// Which fields apply to which kind of authentication is the caller's concern.
/// An absent secret is left out of every request; any other absent field is
/// left out of a create, and null in an update. An empty secret counts as
/// absent: whether Webex keeps or blanks a secret that it is not sent is
/// unknown, but an empty one could only blank it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorContent {
    /// Unique in the organization.
    pub name: String,
    /// An inactive connector cannot be used by flows.
    pub active: bool,
    /// How Webex authenticates at the third party.
    pub authentication_type: AuthenticationType,
    /// Which OAuth 2.0 grant it uses. None for basic authentication.
    pub grant_type: Option<GrantType>,
    /// The URL to which flows append their request paths.
    pub resource_domain: Option<String>,
    /// OAuth's client id.
    pub client_id: Option<String>,
    /// OAuth's client secret.
    pub client_secret: Option<Secret>,
    /// The third party's token endpoint.
    pub token_url: Option<String>,
    /// OAuth's scope.
    pub scope: Option<String>,
    /// The certificate of the certificate grant, in PEM. Not a secret.
    pub certificate: Option<String>,
    /// Its private key, in PEM.
    pub private_key: Option<Secret>,
    /// The service account.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The URL at which Webex tries user name and password.
    pub validation_url: Option<String>,
}

/// What is read from Webex.
///
/// It comes as Webex sent it, spelled as Webex spells it, so that a value that
/// was changed or ignored on the way can be noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// Its id. Flows refer to the connector by it.
    pub id: ConnectorId,
    /// The organization that it says it belongs to.
    pub organization_id: Option<OrganizationId>,
    /// Counts its edits, if the server does (assumed).
    pub version: Option<i64>,
    /// Unique in the organization.
    pub name: String,
    /// Whether flows can use it.
    pub active: bool,
    /// How Webex authenticates at the third party.
    pub authentication_type: Option<AuthenticationType>,
    /// Which OAuth 2.0 grant it uses.
    pub grant_type: Option<GrantType>,
    /// The URL to which flows append their request paths.
    pub resource_domain: Option<String>,
    /// OAuth's client id.
    pub client_id: Option<String>,
    /// The third party's token endpoint.
    pub token_url: Option<String>,
    /// OAuth's scope.
    pub scope: Option<String>,
    /// The certificate of the certificate grant, in PEM.
    pub certificate: Option<String>,
    /// The service account.
    pub username: Option<String>,
    /// The URL at which Webex tries user name and password.
    pub validation_url: Option<String>,
    /// When it was created, in milliseconds since 1970 (UTC).
    pub created_time: Option<i64>,
    /// When it was last changed, in milliseconds since 1970 (UTC).
    pub last_updated_time: Option<i64>,
}

/// How Webex authenticates at the third party.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AuthenticationType {
    /// User name and password.
    Basic,
    /// OAuth 2.0.
    Oauth2,
    /// One that this version does not know, in Webex's spelling.
    Other(String),
}

/// Which OAuth 2.0 grant is used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GrantType {
    /// Client credentials with a client secret.
    ClientCredentials,
    /// Client credentials with a certificate.
    ClientCredentialsCertificate,
    /// User name and password.
    Password,
    /// One that this version does not know, in Webex's spelling.
    Other(String),
}

/// A connector as Flow Designer offers it (documented).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowConnector {
    /// Its id.
    pub id: ConnectorId,
    /// Its name.
    pub name: String,
}

/// The secrets of a content: what a connector that was read lacks for being
/// sent back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Secrets<'a> {
    pub(crate) client_secret: Option<&'a Secret>,
    pub(crate) private_key: Option<&'a Secret>,
    pub(crate) password: Option<&'a Secret>,
}

impl ConnectorContent {
    /// The secrets that are there and not empty.
    pub(crate) fn secrets(&self) -> Secrets<'_> {
        let filled = |secret: &'_ Option<Secret>| secret.as_ref().is_some_and(|s| !s.is_empty());
        Secrets {
            client_secret: self.client_secret.as_ref().filter(|_| filled(&self.client_secret)),
            private_key: self.private_key.as_ref().filter(|_| filled(&self.private_key)),
            password: self.password.as_ref().filter(|_| filled(&self.password)),
        }
    }

    /// Whether a connector has everything visible as it was sent, apart from
    /// whether it is active.
    pub(crate) fn is_like(&self, connector: &Connector) -> bool {
        let Self {
            name,
            active: _,
            authentication_type,
            grant_type,
            resource_domain,
            client_id,
            client_secret: _,
            token_url,
            scope,
            certificate,
            private_key: _,
            username,
            password: _,
            validation_url,
        } = self;
        let text = |sent: &Option<String>, found: &Option<String>| {
            Equivalence::Text.is_equivalent_field(sent.as_deref(), found.as_deref())
        };
        let address = |sent: &Option<String>, found: &Option<String>| {
            Equivalence::Address.is_equivalent_field(sent.as_deref(), found.as_deref())
        };
        Equivalence::Text.holds(name, &connector.name)
            && Some(authentication_type) == connector.authentication_type.as_ref()
            && *grant_type == connector.grant_type
            && address(resource_domain, &connector.resource_domain)
            && text(client_id, &connector.client_id)
            && address(token_url, &connector.token_url)
            && text(scope, &connector.scope)
            && Equivalence::Pem
                .is_equivalent_field(certificate.as_deref(), connector.certificate.as_deref())
            && text(username, &connector.username)
            && address(validation_url, &connector.validation_url)
    }
}

impl Connector {
    /// Whether it says the same as another state of itself, apart from whether
    /// it is active, and from what every save moves.
    pub(crate) fn has_content_of(&self, other: &Self) -> bool {
        let Self { version, active, last_updated_time, .. } = *other;
        Self { version, active, last_updated_time, ..self.clone() } == *other
    }
}

impl Secrets<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.client_secret.is_none() && self.private_key.is_none() && self.password.is_none()
    }

    pub(crate) fn to_vec(self) -> Vec<Secret> {
        [self.client_secret, self.private_key, self.password]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn debug_never_shows_a_secret(secret in "[A-Z]{3}[!-~]{5,30}") {
            let one = || Some(Secret::from(&*secret));
            let content = ConnectorContent {
                name: "crm".to_owned(),
                active: true,
                authentication_type: AuthenticationType::Oauth2,
                grant_type: Some(GrantType::Password),
                resource_domain: None,
                client_id: None,
                client_secret: one(),
                token_url: None,
                scope: None,
                certificate: None,
                private_key: one(),
                username: None,
                password: one(),
                validation_url: None,
            };
            let body = super::super::wire::create(&content).unwrap();
            let secrets = content.secrets();
            let shown = format!("{content:?} {content:#?} {secrets:?} {body:?} {:?}", secrets.to_vec());
            prop_assert!(!shown.contains(&secret), "{shown}");
        }
    }
}
