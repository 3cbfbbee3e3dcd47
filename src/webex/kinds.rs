//! The kinds of custom connectors, as Control Hub's form has them.
//!
//! The [table of fields](super::fields::FIELDS) assigns fields to kinds. According to Cisco's
//! documentation the last three fields show "if the Authentication Type is Basic Authentication and
//! the Grant Type is Password Grant". The two exclude each other in the form, so the client reads
//! "and" as "or".

/// A kind of connector: an authentication type, and with OAuth 2.0 a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectorKind {
    /// Basic authentication (RFC 7617).
    Basic,
    /// OAuth 2.0, client credentials grant with a secret (RFC 6749, 4.4).
    ClientCredentials,
    /// OAuth 2.0, resource owner password credentials grant (RFC 6749, 4.3).
    Password,
    /// OAuth 2.0, client credentials grant with a certificate.
    Certificate,
}

impl ConnectorKind {
    /// All kinds, in the order of the form.
    pub const ALL: [Self; 4] =
        [Self::Basic, Self::ClientCredentials, Self::Password, Self::Certificate];

    /// Returns the place in [`ALL`](Self::ALL).
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Basic => 0,
            Self::ClientCredentials => 1,
            Self::Password => 2,
            Self::Certificate => 3,
        }
    }

    /// Returns the name in an API profile: the grant, or the authentication type without one.
    #[must_use]
    pub fn name(self) -> &'static str {
        let (authentication_type, grant) = self.spelled();
        grant.unwrap_or(authentication_type)
    }

    /// Returns the kind of a configuration, or `None` for an unknown literal. An absent grant is
    /// the form's default, client credentials.
    #[must_use]
    pub fn of(authentication_type: &str, grant_type: Option<&str>) -> Option<Self> {
        match (authentication_type, grant_type) {
            (BASIC, _) => Some(Self::Basic),
            (OAUTH2, None | Some(CLIENT_CREDENTIALS)) => Some(Self::ClientCredentials),
            (OAUTH2, Some(PASSWORD)) => Some(Self::Password),
            (OAUTH2, Some(CLIENT_CREDENTIALS_CERTIFICATE)) => Some(Self::Certificate),
            _ => None,
        }
    }

    /// Returns the authentication type and the grant of a configuration.
    #[must_use]
    pub fn spelled(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Basic => (BASIC, None),
            Self::ClientCredentials => (OAUTH2, Some(CLIENT_CREDENTIALS)),
            Self::Password => (OAUTH2, Some(PASSWORD)),
            Self::Certificate => (OAUTH2, Some(CLIENT_CREDENTIALS_CERTIFICATE)),
        }
    }

    /// Returns the name in messages and documentation.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Basic => "authentication_type \"basic\"",
            Self::ClientCredentials => "grant_type \"client_credentials\"",
            Self::Password => "grant_type \"password\"",
            Self::Certificate => "grant_type \"client_credentials_certificate\"",
        }
    }
}

/// The literal of basic authentication.
pub const BASIC: &str = "basic";
/// The literal of OAuth 2.0.
pub const OAUTH2: &str = "oauth2";
/// The literal of the client credentials grant with a secret.
pub const CLIENT_CREDENTIALS: &str = "client_credentials";
/// The literal of the password grant.
pub const PASSWORD: &str = "password";
/// The literal of the client credentials grant with a certificate.
pub const CLIENT_CREDENTIALS_CERTIFICATE: &str = "client_credentials_certificate";

/// Whether an argument applies to a kind of connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// It must be set when the connector is created. An imported connector may lack it: Control
    /// Hub's form marks only the name and the resource domain as mandatory (seen).
    Required,
    /// It may be set.
    Optional,
    /// It must not be set.
    Never,
}
