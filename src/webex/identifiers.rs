//! The ids in paths of requests.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use thiserror::Error;
use uuid::Uuid;

use safe_text::{Secret, is_invisible};

/// The prefix of an organization's id in the public Webex APIs, before it is encoded as base64. The
/// part between the slashes is the cluster.
const PUBLIC_SCHEME: &str = "ciscospark://";

/// The kind of an organization's id in the public Webex APIs.
const KIND: &str = "ORGANIZATION";

/// The longest connector id, in bytes. Webex uses UUIDs of 36 bytes; the limit bounds URLs.
const LONGEST_CONNECTOR_ID: usize = 512;

/// The id of a Webex organization.
///
/// The Contact Center APIs expect its UUID; the public Webex APIs return the same UUID in base64.
/// Both are accepted, and the UUID is kept.
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
    /// Fails when the text is no id, or the id of another kind of object.
    pub fn parse(text: &str) -> Result<Self, InvalidOrganizationId> {
        match WebexId::parse(text) {
            Ok(WebexId { kind, uuid }) if kind.as_deref().is_none_or(|kind| kind == KIND) => {
                Ok(Self(uuid))
            }
            Ok(_) | Err(_) => Err(InvalidOrganizationId),
        }
    }

    /// Reads the organization at the end of an access token, after the last underscore. Webex
    /// tokens usually have it (seen, not documented).
    #[must_use]
    pub fn from_access_token(token: &Secret) -> Option<Self> {
        let (_, suffix) = token.expose().rsplit_once('_')?;
        hyphenated(suffix).map(Self)
    }

    /// Returns the id in the form of the public Webex APIs, which the Service App token API
    /// expects.
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

/// An id in any form that Webex shows: a UUID, or base64 of one, or base64 of
/// `ciscospark://<cluster>/<kind>/<UUID>`, in the standard or the URL-safe alphabet, with or
/// without padding.
///
/// Webex's documentation shows all of these forms; each API uses its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebexId {
    /// The kind of object, such as `ORGANIZATION`, if the id contains it.
    pub kind: Option<String>,
    /// The UUID.
    pub uuid: Uuid,
}

/// The reason why a text has no UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidWebexId {
    /// Neither a UUID nor base64 of one or of a Webex address.
    #[error("it is neither a UUID nor base64 of one or of an address `ciscospark://…`")]
    NotAnId,
    /// A Webex address that does not end in a UUID.
    #[error("it names an object with an id that is not a UUID")]
    NoUuid,
}

impl WebexId {
    /// Reads an id.
    ///
    /// # Errors
    /// Fails when the text has no UUID.
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

/// Base64 in the URL-safe alphabet, with or without padding, and with any trailing bits.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Reads a UUID with hyphens, the form that Webex uses.
fn hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// The id of a connector.
///
/// Webex uses UUIDs (seen, not documented), but the client does not depend on it: the text is sent
/// as one percent-encoded path segment, so it addresses nothing but a connector.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectorId(String);

/// The reason why a text cannot be the id of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidConnectorId {
    /// The text is empty.
    #[error("the id of a connector must not be empty")]
    Empty,
    /// `.` or `..`, which URLs resolve as relative segments, percent-encoded or not.
    #[error("`.` and `..` cannot be ids of connectors")]
    Dots,
    /// A control character or another invisible one, which could hide text.
    #[error("the id of a connector must not contain invisible characters")]
    ControlCharacter,
    /// More than 512 bytes.
    #[error("the id of a connector must not be longer than 512 bytes")]
    TooLong,
}

impl ConnectorId {
    /// Reads an id.
    ///
    /// # Errors
    /// Fails when the text cannot be sent as one path segment, see [`InvalidConnectorId`].
    pub fn parse(text: &str) -> Result<Self, InvalidConnectorId> {
        if text.is_empty() {
            Err(InvalidConnectorId::Empty)
        } else if text == "." || text == ".." {
            Err(InvalidConnectorId::Dots)
        } else if text.chars().any(is_invisible) {
            Err(InvalidConnectorId::ControlCharacter)
        } else if text.len() > LONGEST_CONNECTOR_ID {
            Err(InvalidConnectorId::TooLong)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// Returns the id as Webex spells it.
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
            ("a\u{202e}b", InvalidConnectorId::ControlCharacter),
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
