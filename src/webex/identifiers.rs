//! The ids that go into paths.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use thiserror::Error;
use uuid::Uuid;

use safe_text::Secret;

/// The prefix of an organization's id in the public Webex APIs, before it is
/// encoded as base64. The part between the slashes is the cluster.
const PUBLIC_SCHEME: &str = "ciscospark://";

/// How the public Webex APIs call an organization in its id.
const KIND: &str = "ORGANIZATION";

/// The longest connector id that is sent, in bytes. Webex uses UUIDs of 36;
/// the limit keeps an absurd id from becoming an absurd URL.
const LONGEST_CONNECTOR_ID: usize = 512;

/// A Webex organization.
///
/// The Contact Center APIs want its UUID; the public Webex APIs show the same
/// UUID wrapped in base64. Both are accepted, the UUID is
/// kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrganizationId(Uuid);

/// A text that is not an organization's id in any known form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "an organization's id is a UUID, or the base64 form of one or of \
     `ciscospark://us/ORGANIZATION/<UUID>`"
)]
pub struct InvalidOrganizationId;

impl OrganizationId {
    /// Reads an id of an organization in any form of [`WebexId`].
    ///
    /// # Errors
    /// When it is no id, or that of something else.
    pub fn parse(text: &str) -> Result<Self, InvalidOrganizationId> {
        match WebexId::parse(text) {
            Ok(WebexId { kind, uuid }) if kind.as_deref().is_none_or(|kind| kind == KIND) => {
                Ok(Self(uuid))
            }
            Ok(_) | Err(_) => Err(InvalidOrganizationId),
        }
    }

    /// The organization that an access token names at its end, after the last
    /// underscore. Webex tokens usually do (seen, not documented).
    #[must_use]
    pub fn from_access_token(token: &Secret) -> Option<Self> {
        let (_, suffix) = token.expose().rsplit_once('_')?;
        hyphenated(suffix).map(Self)
    }

    /// The id as the public Webex APIs write it, which is what the Service App
    /// token API expects as its target.
    pub(crate) fn public(self) -> String {
        let plain = format!("{PUBLIC_SCHEME}us/{KIND}/{self}");
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(plain)
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

/// An id as Webex shows it to people and programs: a UUID, or base64 of one, or
/// base64 of `ciscospark://<cluster>/<kind>/<UUID>`, in the standard or the
/// url-safe alphabet, with or without padding.
///
/// Webex's documentation shows all of these forms; which one an API gives
/// depends on the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebexId {
    /// What it is the id of, such as `ORGANIZATION`, where the id says so.
    pub kind: Option<String>,
    /// The UUID within.
    pub uuid: Uuid,
}

/// Why there is no UUID in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidWebexId {
    /// Neither a UUID nor base64 of one or of a Webex address.
    #[error("it is neither a UUID nor base64 of one or of an address `ciscospark://…`")]
    NotAnId,
    /// A Webex address that ends in something else.
    #[error("what it names is known by another kind of id than a UUID")]
    NoUuid,
}

impl WebexId {
    /// Reads an id.
    ///
    /// # Errors
    /// When there is no UUID in it.
    pub fn parse(text: &str) -> Result<Self, InvalidWebexId> {
        if let Some(uuid) = hyphenated(text) {
            return Ok(Self { kind: None, uuid });
        }
        let url_safe = text.replace('+', "-").replace('/', "_");
        let bytes = BASE64.decode(url_safe).map_err(|_| InvalidWebexId::NotAnId)?;
        let plain = String::from_utf8(bytes).map_err(|_| InvalidWebexId::NotAnId)?;
        if let Some(uuid) = hyphenated(&plain) {
            return Ok(Self { kind: None, uuid });
        }
        let path = plain.strip_prefix(PUBLIC_SCHEME).ok_or(InvalidWebexId::NotAnId)?;
        let parts = path.split('/').collect::<Vec<_>>();
        match parts.as_slice() {
            [cluster, kind, id] if !cluster.is_empty() && !kind.is_empty() => {
                let uuid = hyphenated(id).ok_or(InvalidWebexId::NoUuid)?;
                Ok(Self { kind: Some((*kind).to_owned()), uuid })
            }
            _ => Err(InvalidWebexId::NoUuid),
        }
    }
}

/// Reads base64 with and without padding, and whatever the bits are that stand
/// for nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// UUIDs have several spellings; Webex uses the one with hyphens.
fn hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// The id of a connector.
///
/// Webex uses UUIDs (seen, not documented), but no part of this client depends on it: the text is
/// sent as one percent-encoded path segment and therefore cannot address
/// anything but a connector.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectorId(String);

/// Why a text cannot be the id of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidConnectorId {
    /// There is no text.
    #[error("the id of a connector must not be empty")]
    Empty,
    /// `.` and `..` mean "here" and "up" in a path, percent-encoded or not.
    #[error("`.` and `..` cannot be ids of connectors")]
    Dots,
    /// A control character, which no id has and which could hide text.
    #[error("the id of a connector must not contain control characters")]
    ControlCharacter,
    /// More than 512 bytes.
    #[error("the id of a connector must not be longer than 512 bytes")]
    TooLong,
}

impl ConnectorId {
    /// Takes an id in.
    ///
    /// # Errors
    /// When the text cannot be sent as one path segment, see
    /// [`InvalidConnectorId`].
    pub fn parse(text: &str) -> Result<Self, InvalidConnectorId> {
        if text.is_empty() {
            Err(InvalidConnectorId::Empty)
        } else if text == "." || text == ".." {
            Err(InvalidConnectorId::Dots)
        } else if text.chars().any(char::is_control) {
            Err(InvalidConnectorId::ControlCharacter)
        } else if text.len() > LONGEST_CONNECTOR_ID {
            Err(InvalidConnectorId::TooLong)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The id as Webex gave it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectorId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose;
    use proptest::prelude::*;

    use super::*;

    const UUID: &str = "8035bad7-e14f-4540-a0a9-1f8f0c1d2e3b";

    #[test]
    fn organization_id_is_read_in_every_form() {
        let public = format!("ciscospark://us/ORGANIZATION/{UUID}");
        let expected = OrganizationId::parse(UUID).unwrap();
        for text in [
            UUID.to_owned(),
            UUID.to_uppercase(),
            general_purpose::STANDARD.encode(&public),
            general_purpose::STANDARD_NO_PAD.encode(&public),
            general_purpose::URL_SAFE.encode(&public),
            general_purpose::URL_SAFE_NO_PAD.encode(&public),
            general_purpose::STANDARD.encode(format!("ciscospark://urn:x/ORGANIZATION/{UUID}")),
            general_purpose::STANDARD.encode(UUID),
        ] {
            assert_eq!(OrganizationId::parse(&text), Ok(expected), "{text}");
        }
        assert_eq!(expected.to_string(), UUID);
        assert_eq!(OrganizationId::parse(&expected.public()), Ok(expected));
    }

    #[test]
    fn other_texts_are_no_organization_id() {
        let person = general_purpose::STANDARD.encode(format!("ciscospark://us/PEOPLE/{UUID}"));
        let longer =
            general_purpose::STANDARD.encode(format!("ciscospark://us/ORGANIZATION/{UUID}/x"));
        let simple = UUID.replace('-', "");
        for text in ["", "8035bad7", "..", "ä", simple.as_str(), &person, &longer] {
            assert_eq!(OrganizationId::parse(text), Err(InvalidOrganizationId), "{text}");
        }
    }

    #[test]
    fn access_token_names_its_organization_at_its_end() {
        let token = Secret::new(format!("MTIz_PF84_{UUID}"));
        assert_eq!(OrganizationId::from_access_token(&token), OrganizationId::parse(UUID).ok());
        for text in ["", "token", "token_", "token_8035bad7", UUID] {
            assert_eq!(OrganizationId::from_access_token(&Secret::from(text)), None, "{text}");
        }
    }

    #[test]
    fn connector_id_that_could_leave_the_path_is_refused() {
        for (text, problem) in [
            ("", InvalidConnectorId::Empty),
            (".", InvalidConnectorId::Dots),
            ("..", InvalidConnectorId::Dots),
            ("a\nb", InvalidConnectorId::ControlCharacter),
            ("a\u{0}b", InvalidConnectorId::ControlCharacter),
        ] {
            assert_eq!(ConnectorId::parse(text), Err(problem), "{text:?}");
        }
        assert_eq!(ConnectorId::parse(&"x".repeat(513)), Err(InvalidConnectorId::TooLong));
        assert!(ConnectorId::parse(&"x".repeat(512)).is_ok());
    }

    proptest! {
        #[test]
        fn parsing_an_id_never_panics(text in ".*") {
            let _ = OrganizationId::parse(&text);
            let _ = ConnectorId::parse(&text);
            let _ = OrganizationId::from_access_token(&Secret::from(text.as_str()));
        }
    }
}
