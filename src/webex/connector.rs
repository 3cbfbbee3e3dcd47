//! A connector as it is sent, and as Webex returns it.
//!
//! These are different types, because Webex returns no reliable secrets: a [`Connector`] has no
//! field for one.

use super::fields::{ConnectorFields, Secrets};
use super::identifiers::{ConnectorId, OrganizationId};

/// A connector to send to Webex.
///
/// The caller is responsible for setting the fields that apply to the kind of connector. An absent
/// secret is left out of every request. Any other absent field is left out of a create, and null in
/// an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorContent {
    /// Whether flows can use it.
    pub active: bool,
    /// The fields that Webex returns.
    pub fields: ConnectorFields,
    /// The credentials, which Webex does not return.
    pub secrets: Secrets,
}

/// A connector as Webex returns it.
///
/// Values are spelled as Webex spells them, so that a value that Webex changed or ignored is
/// noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// The id by which flows refer to the connector.
    pub id: ConnectorId,
    /// The organization in the response, if it names one.
    pub organization_id: Option<OrganizationId>,
    /// The number of its edits, if the server counts them (assumed).
    pub version: Option<i64>,
    /// Whether flows can use it.
    pub active: bool,
    /// Its fields.
    pub fields: ConnectorFields,
    /// When it was created, in milliseconds since 1970 (UTC).
    pub created_time: Option<i64>,
    /// When it was last changed, in milliseconds since 1970 (UTC).
    pub last_updated_time: Option<i64>,
}

/// A connector as Flow Designer offers it (documented).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowConnector {
    /// Its id.
    pub id: ConnectorId,
    /// Its name.
    pub name: String,
}

impl Connector {
    /// Returns the name, which is unique in the organization.
    #[must_use]
    pub fn name(&self) -> &str {
        self.fields.name()
    }

    /// Whether two states of a connector are equal apart from `active`, version and time of the
    /// last change.
    pub(crate) fn has_content_of(&self, other: &Self) -> bool {
        let Self { version, active, last_updated_time, .. } = *other;
        Self { version, active, last_updated_time, ..self.clone() } == *other
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use safe_text::Secret;

    use super::*;
    use crate::connectors::wire;
    use crate::fields::Credential;
    use crate::testing::content;

    proptest! {
        #[test]
        fn debug_of_connector_content_shows_no_secret(secret in "[A-Z]{3}[!-~]{5,30}") {
            use Credential::{ClientSecret, Password, PrivateKey};
            let secrets = [ClientSecret, PrivateKey, Password];
            let secrets = secrets.map(|credential| (credential, Secret::from(&*secret)));
            let content = ConnectorContent { secrets: secrets.into_iter().collect(), ..content() };
            let body = wire::create(&content).unwrap();
            let shown = format!("{content:?} {content:#?} {body:?} {:?}", content.secrets.to_vec());
            prop_assert!(!shown.contains(&secret), "{shown}");
        }
    }
}
