//! `decode_id` and `encode_id`, which convert between the ids of Webex's public
//! APIs and the UUIDs of the Contact Center.
//!
//! The public APIs hand out ids that are base64 of an address such as
//! `ciscospark://us/ORGANIZATION/<uuid>`, in the url-safe alphabet or the
//! standard one, mostly without padding. Webex's documentation also shows ids of
//! organizations that are base64 of the bare UUID. The Contact Center's APIs
//! want the UUID.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as WRITTEN;
use uuid::Uuid;

use webex_contact_center::{InvalidWebexId, WebexId};

const SCHEME: &str = "ciscospark://";

/// The cluster of an id when none is given. Nearly all ids name it, in whatever
/// region their organization is.
const DEFAULT_CLUSTER: &str = "us";

/// Why an id cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeIdError {
    /// Neither a UUID nor base64 of one or of a Webex address.
    #[error(
        "This is no Webex id: it is neither a UUID nor base64 of one or of an address that begins \
         with {SCHEME}. Copy the whole id from Control Hub or from a response of Webex's API."
    )]
    NotAnId,
    /// A Webex address that does not end with a UUID.
    #[error(
        "This Webex id has no UUID, because its object has another kind of id. Only ids of the \
         form {SCHEME}<cluster>/<type>/<uuid> can be decoded."
    )]
    NoUuid,
}

impl DecodeIdError {
    /// Returns the argument at fault, counted from 0.
    #[must_use]
    pub fn argument(&self) -> usize {
        match self {
            Self::NotAnId | Self::NoUuid => 0,
        }
    }
}

/// Returns the UUID inside a Webex id, in lower case. A UUID is returned as it is.
///
/// # Errors
///
/// When there is none.
pub fn decode_id(id: &str) -> Result<String, DecodeIdError> {
    match WebexId::parse(id) {
        Ok(id) => Ok(id.uuid.to_string()),
        Err(InvalidWebexId::NotAnId) => Err(DecodeIdError::NotAnId),
        Err(InvalidWebexId::NoUuid) => Err(DecodeIdError::NoUuid),
    }
}

/// Why an id cannot be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeIdError {
    /// The type is empty or has characters that no type has.
    #[error(
        "This is no type of a Webex id. A type is made of letters, digits and underscores, such \
         as ORGANIZATION, PEOPLE or PLACE."
    )]
    Type,
    /// Not a UUID.
    #[error(
        "This is no UUID. Give one of the form 01234567-89ab-cdef-0123-456789abcdef; decode_id \
         finds it in a Webex id."
    )]
    Uuid,
    /// The cluster is empty or has characters that no cluster has.
    #[error(
        "This is no cluster of a Webex id. A cluster is made of letters, digits and the signs \
         `:`, `.`, `-` and `_`, such as us or urn:TEAM:us-west-2_r; leave it out for us."
    )]
    Cluster,
}

impl EncodeIdError {
    /// Returns the argument at fault, counted from 0.
    #[must_use]
    pub fn argument(&self) -> usize {
        match self {
            Self::Type => 0,
            Self::Uuid => 1,
            Self::Cluster => 2,
        }
    }
}

/// Returns the id of an object in Webex's public APIs, in url-safe base64 without
/// padding, which is how the APIs write it.
///
/// Types are written in capitals, as in all ids that were seen; a UUID is
/// written in lower case; without a cluster it is `us`.
///
/// # Errors
///
/// When an argument cannot be part of an id.
pub fn encode_id(kind: &str, uuid: &str, cluster: Option<&str>) -> Result<String, EncodeIdError> {
    let made_of = |text: &str, signs: &str| {
        let fits = |character: char| character.is_ascii_alphanumeric() || signs.contains(character);
        !text.is_empty() && text.chars().all(fits)
    };
    if !made_of(kind, "_") {
        return Err(EncodeIdError::Type);
    }
    let uuid = parse_uuid(uuid).ok_or(EncodeIdError::Uuid)?;
    let cluster = cluster.unwrap_or(DEFAULT_CLUSTER);
    if !made_of(cluster, ":.-_") {
        return Err(EncodeIdError::Cluster);
    }
    let kind = kind.to_ascii_uppercase();
    Ok(WRITTEN.encode(format!("{SCHEME}{cluster}/{kind}/{uuid}")))
}

/// Parses a UUID in its usual form of 36 characters. The forms in braces, with a
/// prefix or without hyphens do not occur in Webex.
pub(super) fn parse_uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::{DecodeIdError, EncodeIdError, decode_id, encode_id};

    const UUID: &str = "f5b36187-c8dd-4727-8b2f-f9c447f29046";

    /// The example in Webex's documentation of people.
    const PERSON: &str =
        "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY";

    #[test]
    fn documented_id_is_decoded_and_encoded() {
        assert_eq!(decode_id(PERSON).as_deref(), Ok(UUID));
        assert_eq!(encode_id("PEOPLE", UUID, None).as_deref(), Ok(PERSON));
        assert_eq!(encode_id("people", &UUID.to_uppercase(), Some("us")).as_deref(), Ok(PERSON));
    }

    #[test]
    fn uuid_is_returned_as_it_is() {
        assert_eq!(decode_id(UUID).as_deref(), Ok(UUID));
        assert_eq!(decode_id(&UUID.to_uppercase()).as_deref(), Ok(UUID));
    }

    #[test]
    fn documented_id_of_an_organization_is_decoded() {
        let organization = "96abc2aa-3dcc-11e5-a152-fe34819cdc9a";
        let id = "OTZhYmMyYWEtM2RjYy0xMWU1LWExNTItZmUzNDgxOWNkYzlh";
        assert_eq!(decode_id(id).as_deref(), Ok(organization));
    }

    #[test]
    fn ids_of_any_padding_and_alphabet_are_decoded() {
        // The tildes make the two alphabets differ.
        let address = format!("ciscospark://~~~?/ORGANIZATION/{UUID}");
        let (standard, url_safe) = (STANDARD.encode(&address), URL_SAFE.encode(&address));
        assert_ne!(standard, url_safe);
        assert!(standard.ends_with('='), "{standard}");
        for id in [
            standard.as_str(),
            url_safe.as_str(),
            standard.trim_end_matches('='),
            url_safe.trim_end_matches('='),
        ] {
            assert_eq!(decode_id(id).as_deref(), Ok(UUID), "{id}");
        }
    }

    #[test]
    fn ids_without_a_uuid_are_refused() {
        let encode = |address: &str| URL_SAFE_NO_PAD.encode(address);
        for id in [
            String::new(),
            "hello".to_owned(),
            format!(" {UUID}"),
            format!("{{{UUID}}}"),
            UUID.replace('-', ""),
            format!("{PERSON}\n"),
            PERSON[1..].to_owned(),
            encode(&format!("https://us/PEOPLE/{UUID}")),
            encode(&format!("{UUID}\n")),
            URL_SAFE_NO_PAD.encode([0xff, 0xfe, 0xfd]),
        ] {
            assert_eq!(decode_id(&id), Err(DecodeIdError::NotAnId), "{id:?}");
        }
        for address in [
            "ciscospark://us/APPLICATION/C4e8a".to_owned(),
            format!("ciscospark://us/MEMBERSHIP/{UUID}:{UUID}"),
            format!("ciscospark://us/{UUID}"),
            format!("ciscospark://us//{UUID}"),
            format!("ciscospark:///PEOPLE/{UUID}"),
            format!("ciscospark://us/PEOPLE/{UUID}/more"),
            "ciscospark://".to_owned(),
        ] {
            assert_eq!(decode_id(&encode(&address)), Err(DecodeIdError::NoUuid), "{address}");
        }
    }

    #[test]
    fn errors_name_the_argument_at_fault() {
        for (kind, uuid, cluster, error, argument) in [
            ("", UUID, None, EncodeIdError::Type, 0),
            ("A/B", UUID, None, EncodeIdError::Type, 0),
            ("PEOPLE\n", UUID, None, EncodeIdError::Type, 0),
            ("PEOPLE", "", None, EncodeIdError::Uuid, 1),
            ("PEOPLE", PERSON, None, EncodeIdError::Uuid, 1),
            ("PEOPLE", UUID, Some(""), EncodeIdError::Cluster, 2),
            ("PEOPLE", UUID, Some("us/PEOPLE"), EncodeIdError::Cluster, 2),
        ] {
            let refused = encode_id(kind, uuid, cluster).unwrap_err();
            assert_eq!((refused, refused.argument()), (error, argument), "{kind} {uuid}");
        }
        assert_eq!(DecodeIdError::NotAnId.argument(), 0);
    }

    proptest! {
        #[test]
        fn encoded_ids_can_be_decoded(
            kind in "[A-Z_]{1,20}",
            bytes in any::<u128>(),
            cluster in prop::option::of("[a-zA-Z0-9:._-]{1,30}"),
        ) {
            let uuid = uuid::Uuid::from_u128(bytes).to_string();
            let id = encode_id(&kind, &uuid, cluster.as_deref()).unwrap();
            prop_assert_eq!(decode_id(&id), Ok(uuid));
        }

        #[test]
        fn decoding_never_panics(id in any::<String>()) {
            let _ = decode_id(&id);
        }
    }
}
