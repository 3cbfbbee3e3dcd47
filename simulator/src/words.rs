//! The words by which profiles, forms and options name the fields of a connector
//! and its kinds, next to the names and literals under which it is stored.

use serde::{Deserialize, Serialize};

/// Each field: its word, and the name under which it is stored.
pub(crate) const FIELDS: [(&str, &str); 19] = [
    ("id", "id"),
    ("organization_id", "organizationId"),
    ("version", "version"),
    ("active", "active"),
    ("created_time", "createdTime"),
    ("last_updated_time", "lastUpdatedTime"),
    ("name", "name"),
    ("authentication_type", "authenticationType"),
    ("grant_type", "grantType"),
    ("resource_domain_url", "resourceDomain"),
    ("client_id", "clientId"),
    ("client_secret", "clientSecret"),
    ("token_url", "tokenUrl"),
    ("scope", "scope"),
    ("certificate", "certificate"),
    ("private_key", "privateKey"),
    ("username", "username"),
    ("password", "password"),
    ("validation_url", "validationUrl"),
];

/// The words of the fields that are typed as text.
pub(crate) const TEXTS: [&str; 11] = [
    "name",
    "resource_domain_url",
    "client_id",
    "client_secret",
    "token_url",
    "scope",
    "certificate",
    "private_key",
    "username",
    "password",
    "validation_url",
];

/// The words of the fields that hold a secret.
pub(crate) const CREDENTIALS: [&str; 3] = ["client_secret", "private_key", "password"];

/// Returns the name under which the field of a word is stored.
pub(crate) fn stored_name(word: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(known, _)| *known == word).map(|(_, name)| *name)
}

/// Returns the literal under which the word of an authentication type or of a
/// grant is stored.
pub(crate) fn stored_literal(word: &str) -> Option<&'static str> {
    LITERALS.iter().find(|(known, _)| *known == word).map(|(_, literal)| *literal)
}

/// Returns the word of a stored literal.
pub(crate) fn word_of_literal(literal: &str) -> Option<&'static str> {
    LITERALS.iter().find(|(_, known)| *known == literal).map(|(word, _)| *word)
}

/// Returns the word of a state.
pub(crate) fn word_of_state(active: bool) -> &'static str {
    if active { "true" } else { "false" }
}

/// The words of authentication types and grants, each with the stored literal.
const LITERALS: [(&str, &str); 5] = [
    ("basic", "BASIC"),
    ("oauth2", "OAUTH2"),
    ("client_credentials", "CLIENT_CREDENTIALS_SECRET"),
    ("password", "PASSWORD"),
    ("client_credentials_certificate", "CLIENT_CREDENTIALS_CERTIFICATE"),
];

/// A kind of connector, which is a form in Control Hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Basic authentication.
    Basic,
    /// OAuth 2.0 with a client secret.
    ClientCredentials,
    /// OAuth 2.0 with the password of a user.
    Password,
    /// OAuth 2.0 with a certificate.
    ClientCredentialsCertificate,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 4] =
        [Self::Basic, Self::ClientCredentials, Self::Password, Self::ClientCredentialsCertificate];

    /// Returns the word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::ClientCredentialsCertificate => "client_credentials_certificate",
        }
    }

    /// Returns the kind of a word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether the form of this kind has a field.
    pub(crate) fn has(self, word: &str) -> bool {
        let own: &[&str] = match self {
            Self::Basic => &["username", "password", "validation_url"],
            Self::ClientCredentials => &["client_id", "client_secret", "token_url", "scope"],
            Self::Password => &[
                "client_id",
                "client_secret",
                "token_url",
                "scope",
                "username",
                "password",
                "validation_url",
            ],
            Self::ClientCredentialsCertificate => {
                &["client_id", "certificate", "private_key", "token_url", "scope"]
            }
        };
        own.contains(&word)
    }

    /// Returns the word of the authentication type.
    pub(crate) fn authentication_type(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::ClientCredentials | Self::Password | Self::ClientCredentialsCertificate => {
                "oauth2"
            }
        }
    }
}
