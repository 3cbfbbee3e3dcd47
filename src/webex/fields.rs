//! The table of a custom connector's fields.
//!
//! A row has the resource's argument, the equality of values, and the kinds of connector that need
//! the field. Requests, responses, drift, `doctor`, validation and the readable attributes are
//! derived from the table. Control Hub's form shows these fields (documented). Where they stand in
//! JSON is in the [API profile](super::profile::Profile).

use std::collections::BTreeMap;

use safe_text::Secret;

use super::equivalence::Equivalence;
use super::kinds::{Applies, ConnectorKind};

/// A field that Webex returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The name, unique in the organization.
    Name,
    /// The authentication at the third party.
    AuthenticationType,
    /// The OAuth 2.0 grant. Absent for basic authentication.
    GrantType,
    /// The URL to which flows append their request paths.
    ResourceDomainUrl,
    /// The OAuth client identifier (RFC 6749, 2.2).
    ClientId,
    /// The third party's token endpoint (RFC 6749, 3.2).
    TokenUrl,
    /// The OAuth scope (RFC 6749, 3.3).
    Scope,
    /// The certificate of the certificate grant, in PEM.
    Certificate,
    /// The user name of the service account.
    Username,
    /// The URL at which Webex checks user name and password.
    ValidationUrl,
}

/// A field that is a credential. Webex may return it absent, null, masked or in the clear
/// (assumed); it is never read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// The OAuth client secret.
    ClientSecret,
    /// The private key of the certificate, in PEM.
    PrivateKey,
    /// The password of the service account.
    Password,
}

impl Credential {
    /// All credentials.
    pub const ALL: [Self; 3] = [Self::ClientSecret, Self::PrivateKey, Self::Password];
}

/// The field of a row, with the values that it can have.
#[derive(Clone, Copy, Debug)]
pub enum FieldContent {
    /// Any text.
    Text(Field, Equivalence),
    /// One of a few words. Another word that Webex returns is kept as Webex spells it.
    Literal(Field),
    /// A credential.
    Credential(Credential),
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The field, with the values that it can have.
    pub content: FieldContent,
    /// The name of the resource's argument.
    pub argument: &'static str,
    /// Whether it applies, by kind, in the order of [`ConnectorKind::ALL`].
    applies: [Applies; 4],
}

/// The table, in the order in which requests have the fields.
#[rustfmt::skip]
pub const FIELDS: &[Row] = {
    use Applies::{Never, Optional, Required};
    use FieldContent::{Literal, Text};
    use Credential::{ClientSecret, Password, PrivateKey};
    use Equivalence::{Address, Pem};
    // The columns: basic, client credentials, password grant, certificate.
    &[
        row(Text(Field::Name, Equivalence::Text), "name",
            [Required, Required,    Required, Required]),
        row(Literal(Field::AuthenticationType), "authentication_type",
            [Required, Required,    Required, Required]),
        row(Literal(Field::GrantType), "grant_type",
            [Never,    Optional,    Required, Required]),
        row(Text(Field::ResourceDomainUrl, Address), "resource_domain_url",
            [Required, Required,    Required, Required]),
        row(Text(Field::ClientId, Equivalence::Text), "client_id",
            [Never,    Required,    Required, Required]),
        row(FieldContent::Credential(ClientSecret), "client_secret",
            [Never,    Required,    Required, Never   ]),
        row(Text(Field::TokenUrl, Address), "token_url",
            [Never,    Required,    Required, Required]),
        row(Text(Field::Scope, Equivalence::Text), "scope",
            [Never,    Optional,    Optional, Optional]),
        row(Text(Field::Certificate, Pem), "certificate",
            [Never,    Never,       Never,    Required]),
        row(FieldContent::Credential(PrivateKey), "private_key",
            [Never,    Never,       Never,    Required]),
        row(Text(Field::Username, Equivalence::Text), "username",
            [Required, Never,       Required, Never   ]),
        row(FieldContent::Credential(Password), "password",
            [Required, Never,       Required, Never   ]),
        row(Text(Field::ValidationUrl, Address), "validation_url",
            [Required, Never,       Optional, Never   ]),
    ]
};

const fn row(content: FieldContent, argument: &'static str, applies: [Applies; 4]) -> Row {
    Row { content, argument, applies }
}

impl Row {
    /// Returns the field, unless it is a credential.
    #[must_use]
    pub fn field(&self) -> Option<Field> {
        match self.content {
            FieldContent::Text(field, _) | FieldContent::Literal(field) => Some(field),
            FieldContent::Credential(_) => None,
        }
    }

    /// Returns the credential, if it is one.
    #[must_use]
    pub fn credential(&self) -> Option<Credential> {
        match self.content {
            FieldContent::Credential(credential) => Some(credential),
            FieldContent::Text(..) | FieldContent::Literal(_) => None,
        }
    }

    /// Returns the row of a field.
    #[must_use]
    pub fn of(field: Field) -> &'static Self {
        Self::find(|row| row.field() == Some(field))
    }

    /// Returns the row of a credential.
    #[must_use]
    pub fn of_credential(credential: Credential) -> &'static Self {
        Self::find(|row| row.credential() == Some(credential))
    }

    #[expect(clippy::expect_used, reason = "a test finds the row of each field")]
    fn find(is: impl Fn(&Self) -> bool) -> &'static Self {
        FIELDS.iter().find(|row| is(row)).expect("each field has a row")
    }

    /// Returns the way in which two values of the field are compared.
    #[must_use]
    pub fn equivalence(&self) -> Equivalence {
        match self.content {
            FieldContent::Text(_, equivalence) => equivalence,
            FieldContent::Literal(_) | FieldContent::Credential(_) => Equivalence::Text,
        }
    }

    /// Whether the field applies to a kind of connector.
    #[must_use]
    pub fn applies_to(&self, kind: ConnectorKind) -> Applies {
        let [basic, client_credentials, password, certificate] = self.applies;
        match kind {
            ConnectorKind::Basic => basic,
            ConnectorKind::ClientCredentials => client_credentials,
            ConnectorKind::Password => password,
            ConnectorKind::Certificate => certificate,
        }
    }

    /// Whether every kind of connector needs the field.
    #[must_use]
    pub fn is_always_required(&self) -> bool {
        ConnectorKind::ALL.into_iter().all(|kind| self.applies_to(kind) == Applies::Required)
    }
}

/// Returns the rows that apply to some kinds of connector only, without the literals.
pub fn kind_dependent_fields() -> impl Iterator<Item = &'static Row> {
    let is_literal = |row: &&Row| matches!(row.content, FieldContent::Literal(_));
    FIELDS.iter().filter(move |row| !row.is_always_required() && !is_literal(row))
}

/// Returns the rows of the fields that Webex returns.
pub fn readable_fields() -> impl Iterator<Item = (Field, &'static Row)> {
    FIELDS.iter().filter_map(|row| Some((row.field()?, row)))
}

/// The fields of a connector that Webex returns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectorFields(BTreeMap<Field, String>);

impl ConnectorFields {
    /// Returns the value of a field.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// Sets a field, or removes it with `None`.
    pub fn set(&mut self, field: Field, value: Option<String>) {
        match value {
            Some(value) => drop(self.0.insert(field, value)),
            None => drop(self.0.remove(&field)),
        }
    }

    /// Returns the length of all values together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.values().map(String::len).sum()
    }

    /// Returns the fields with one field set.
    #[must_use]
    pub fn with(mut self, field: Field, value: &str) -> Self {
        self.set(field, Some(value.to_owned()));
        self
    }

    /// Returns the fields without one.
    #[must_use]
    pub fn without(mut self, field: Field) -> Self {
        self.set(field, None);
        self
    }

    /// Returns the connector's name; empty if it is not set.
    #[must_use]
    pub fn name(&self) -> &str {
        self.get(Field::Name).unwrap_or_default()
    }

    /// Returns the kind of connector, if the words are known.
    #[must_use]
    pub fn kind(&self) -> Option<ConnectorKind> {
        ConnectorKind::of(self.get(Field::AuthenticationType)?, self.get(Field::GrantType))
    }
}

impl FromIterator<(Field, String)> for ConnectorFields {
    fn from_iter<I: IntoIterator<Item = (Field, String)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

/// The credentials of a connector that a request carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<Credential, Secret>);

/// No credentials.
pub(crate) static NO_SECRETS: Secrets = Secrets(BTreeMap::new());

impl Secrets {
    /// Returns a credential.
    #[must_use]
    pub fn get(&self, credential: Credential) -> Option<&Secret> {
        self.0.get(&credential)
    }

    /// Returns the credentials with one more. An empty one is left out: whether Webex keeps or
    /// blanks a credential that a request leaves out is unknown, but an empty one could only blank
    /// it.
    #[must_use]
    pub fn with(mut self, credential: Credential, secret: Secret) -> Self {
        if !secret.is_empty() {
            self.0.insert(credential, secret);
        }
        self
    }

    /// Returns the credentials without one.
    #[must_use]
    pub fn without(mut self, credential: Credential) -> Self {
        self.0.remove(&credential);
        self
    }

    /// Whether there are no credentials.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn to_vec(&self) -> Vec<Secret> {
        self.0.values().cloned().collect()
    }
}

impl FromIterator<(Credential, Secret)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (Credential, Secret)>>(secrets: I) -> Self {
        secrets
            .into_iter()
            .fold(Self::default(), |all, (credential, secret)| all.with(credential, secret))
    }
}
