//! The form: what was typed while recording.

use std::fmt;

use crate::json::Json;

/// An argument of the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Argument {
    Name,
    AuthenticationType,
    GrantType,
    ResourceDomainUrl,
    ClientId,
    ClientSecret,
    TokenUrl,
    Scope,
    Certificate,
    PrivateKey,
    Username,
    Password,
    ValidationUrl,
}

impl Argument {
    /// All arguments, in the order of a profile.
    pub(crate) const ALL: [Self; 13] = [
        Self::Name,
        Self::AuthenticationType,
        Self::GrantType,
        Self::ResourceDomainUrl,
        Self::ClientId,
        Self::ClientSecret,
        Self::TokenUrl,
        Self::Scope,
        Self::Certificate,
        Self::PrivateKey,
        Self::Username,
        Self::Password,
        Self::ValidationUrl,
    ];

    /// Returns the name in the configuration, the form and the profile.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::AuthenticationType => "authentication_type",
            Self::GrantType => "grant_type",
            Self::ResourceDomainUrl => "resource_domain_url",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::TokenUrl => "token_url",
            Self::Scope => "scope",
            Self::Certificate => "certificate",
            Self::PrivateKey => "private_key",
            Self::Username => "username",
            Self::Password => "password",
            Self::ValidationUrl => "validation_url",
        }
    }

    /// Whether it is a credential.
    pub(crate) fn is_credential(self) -> bool {
        matches!(self, Self::ClientSecret | Self::PrivateKey | Self::Password)
    }

    /// Whether it is one of a few words, and not typed.
    pub(crate) fn is_choice(self) -> bool {
        matches!(self, Self::AuthenticationType | Self::GrantType)
    }

    /// Whether it is a URL.
    pub(crate) fn is_address(self) -> bool {
        matches!(self, Self::ResourceDomainUrl | Self::TokenUrl | Self::ValidationUrl)
    }
}

/// A kind of connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Basic,
    ClientCredentials,
    Password,
    Certificate,
}

impl Kind {
    /// All kinds, in the order of a profile.
    pub(crate) const ALL: [Self; 4] =
        [Self::Basic, Self::ClientCredentials, Self::Password, Self::Certificate];

    /// Returns the name in a profile.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::Certificate => "client_credentials_certificate",
        }
    }

    /// Whether a connector of this kind must have an argument.
    pub(crate) fn requires(self, argument: Argument) -> bool {
        use Argument as A;
        match argument {
            A::Name | A::AuthenticationType | A::ResourceDomainUrl => true,
            A::GrantType | A::ClientId | A::TokenUrl => self != Self::Basic,
            A::ClientSecret => matches!(self, Self::ClientCredentials | Self::Password),
            A::Certificate | A::PrivateKey => self == Self::Certificate,
            A::Username | A::Password => matches!(self, Self::Basic | Self::Password),
            A::ValidationUrl => self == Self::Basic,
            A::Scope => false,
        }
    }

    /// Whether a connector of this kind may have an argument.
    pub(crate) fn allows(self, argument: Argument) -> bool {
        self.requires(argument)
            || argument == Argument::Scope && self != Self::Basic
            || argument == Argument::ValidationUrl && self == Self::Password
    }
}

/// The values that were typed for one connector.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) kind: Kind,
    /// For each argument that was typed, the value at creation and those of later edits.
    pub(crate) values: Vec<(Argument, Vec<String>)>,
}

impl Typed {
    /// Returns the values of an argument; none if it was not typed.
    pub(crate) fn of(&self, argument: Argument) -> &[String] {
        let found = self.values.iter().find(|(known, _)| *known == argument);
        found.map_or(&[], |(_, values)| values)
    }
}

/// The form that says what was typed while recording: one object for each connector.
#[derive(Clone)]
pub struct Form {
    pub(crate) connectors: Vec<Typed>,
    pub(crate) source: Json,
}

impl fmt::Debug for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Form({} connectors)", self.connectors.len())
    }
}

/// A form that cannot be used. The text holds keys of the form, and no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError(String);

impl fmt::Display for FormError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for FormError {}

impl Form {
    /// Reads a form.
    ///
    /// # Errors
    /// When it is no JSON array of objects, or an object has an unknown key or a wrong value.
    pub fn read(text: &[u8]) -> Result<Self, FormError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let source = Json::read(text).ok_or_else(|| FormError("it is not JSON".to_owned()))?;
        let Json::Array(items) = &source else {
            return Err(FormError(
                "it has to be an array with one object for each connector".to_owned(),
            ));
        };
        if items.is_empty() {
            return Err(FormError("it names no connector".to_owned()));
        }
        let connectors = items.iter().enumerate().map(|(index, item)| typed(index, item));
        Ok(Self { connectors: connectors.collect::<Result<_, _>>()?, source: source.clone() })
    }
}

fn typed(index: usize, item: &Json) -> Result<Typed, FormError> {
    let Json::Object(members) = item else {
        return Err(FormError(format!("/{index} is not an object")));
    };
    let mut values: Vec<(Argument, Vec<String>)> = Vec::new();
    for (key, value) in members {
        let place = format!("/{index}/{key}");
        let Some(argument) = Argument::ALL.into_iter().find(|known| known.word() == key) else {
            return Err(FormError(format!("/{index} has the unknown key {key:?}")));
        };
        if values.iter().any(|(known, _)| *known == argument) {
            return Err(FormError(format!("{place} is there twice")));
        }
        let texts = match value {
            Json::Null => Vec::new(),
            Json::Text(text) => vec![text.clone()],
            Json::Array(items) => {
                let texts = items.iter().map(|item| item.as_text().map(str::to_owned));
                texts.collect::<Option<Vec<_>>>().ok_or_else(|| {
                    FormError(format!("{place} has a value in its array that is not a text"))
                })?
            }
            Json::Bool(_) | Json::Number(_) | Json::Object(_) => {
                return Err(FormError(format!("{place} is neither a text nor an array of texts")));
            }
        };
        if !texts.is_empty() {
            values.push((argument, texts));
        }
    }
    let word = |argument: Argument| {
        let found = values.iter().find(|(known, _)| *known == argument);
        found.and_then(|(_, texts)| texts.first()).map(String::as_str)
    };
    let kind = match (word(Argument::AuthenticationType), word(Argument::GrantType)) {
        (None | Some("basic"), None) => Kind::Basic,
        (Some("oauth2"), None | Some("client_credentials")) => Kind::ClientCredentials,
        (Some("oauth2"), Some("password")) => Kind::Password,
        (Some("oauth2"), Some("client_credentials_certificate")) => Kind::Certificate,
        (None | Some("basic"), Some(_)) => {
            return Err(FormError(format!(
                "/{index} has a grant_type without the authentication_type \"oauth2\""
            )));
        }
        (Some("oauth2"), Some(_)) => {
            return Err(FormError(format!(
                "/{index}/grant_type is not client_credentials, password or \
                 client_credentials_certificate"
            )));
        }
        (Some(_), _) => {
            return Err(FormError(format!(
                "/{index}/authentication_type is neither basic nor oauth2"
            )));
        }
    };
    values.retain(|(argument, _)| !argument.is_choice());
    if !values.iter().any(|(argument, _)| *argument == Argument::Name) {
        return Err(FormError(format!("/{index} has no name")));
    }
    values.sort_by_key(|(argument, _)| *argument);
    Ok(Typed { kind, values })
}
