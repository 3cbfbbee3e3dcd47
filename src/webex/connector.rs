//! A connector as it is sent, and as Webex returns it.
//!
//! These are different types, because Webex returns no reliable secrets: a [`Connector`] has no
//! field for one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use safe_text::Shown;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{ConnectorFields, Field, Secrets, readable_fields};
use super::identifiers::{ConnectorId, OrganizationId};
use super::redact::Redactor;

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
    /// The version, if the server has versions (assumed).
    pub version: Option<Version>,
    /// Whether flows can use it. A row of a list may not tell it.
    pub active: Option<bool>,
    /// Its fields.
    pub fields: ConnectorFields,
    /// The fields that the response leaves out. They are not empty: nothing is known of them.
    pub not_told: BTreeSet<Field>,
    /// The fields whose literal the profile does not know, with the literal. [`fields`] has it as a
    /// text.
    ///
    /// [`fields`]: Self::fields
    pub unrecognized: BTreeMap<Field, Value>,
    /// When it was created, in milliseconds since 1970 (UTC).
    pub created_time: Option<i64>,
    /// When it was last changed, in milliseconds since 1970 (UTC).
    pub last_updated_time: Option<i64>,
    /// The object that was read, to be sent back.
    pub(crate) object: ReadObject,
}

/// The version of a connector, as Webex has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Version {
    /// A number, which counts the edits (assumed).
    Number(i64),
    /// A text.
    Text(String),
}

impl Version {
    /// Whether this version comes after another. Texts that are no numbers have no order: then any
    /// other version counts as later.
    #[must_use]
    pub fn is_after(&self, other: &Self) -> bool {
        match (self.number(), other.number()) {
            (Some(own), Some(other)) => own > other,
            _ => self != other,
        }
    }

    /// Returns how far another version is ahead, if both are numbers.
    pub(crate) fn distance_to(&self, later: &Self) -> Option<i64> {
        later.number()?.checked_sub(self.number()?)
    }

    fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Number(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

impl From<i64> for Version {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Text(text) => text.fmt(formatter),
        }
    }
}

/// The response that a connector was read from.
///
/// Two are always equal: connectors are compared by their fields.
#[derive(Clone)]
pub(crate) enum ReadObject {
    /// A row of a list.
    Row {
        /// Whether it lacks something that a read by id tells.
        is_short: bool,
    },
    /// The object, without credentials and masked texts. A request that sends the whole object
    /// begins with it, so that members that the client does not know survive.
    Whole {
        /// The object.
        value: Arc<Value>,
        /// Whether it is the response to a write that lacks something that Webex sets.
        is_short: bool,
    },
}

impl ReadObject {
    /// Returns the object; `None` for a row of a list.
    pub(crate) fn value(&self) -> Option<&Value> {
        match self {
            Self::Whole { value, .. } => Some(value),
            Self::Row { .. } => None,
        }
    }
}

impl Default for ReadObject {
    fn default() -> Self {
        Self::Row { is_short: false }
    }
}

impl PartialEq for ReadObject {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ReadObject {}

impl fmt::Debug for ReadObject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ReadObject")
    }
}

/// A connector as Flow Designer offers it (documented).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowConnector {
    /// Its id.
    pub id: ConnectorId,
    /// Its name.
    pub name: String,
}

/// An object that refers to a connector, for example a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The id, if Webex returns it.
    pub id: Option<Shown>,
    /// The name, if Webex returns it.
    pub name: Option<Shown>,
    /// The kind of object, for example `flow`.
    pub kind: Option<Shown>,
}

impl Reference {
    /// Returns the reference without the credentials that a redactor knows.
    pub(crate) fn without_credentials(self, redactor: &Redactor) -> Self {
        let clean = |text: Option<Shown>| text.map(|text| Shown::new(&redactor.clean(&text)));
        Self { id: clean(self.id), name: clean(self.name), kind: clean(self.kind) }
    }
}

impl Connector {
    /// Returns an active connector with these fields, and nothing else.
    #[must_use]
    pub fn new(id: ConnectorId, fields: ConnectorFields) -> Self {
        Self {
            id,
            organization_id: None,
            version: None,
            active: Some(true),
            fields,
            not_told: BTreeSet::new(),
            unrecognized: BTreeMap::new(),
            created_time: None,
            last_updated_time: None,
            object: ReadObject::default(),
        }
    }

    /// Returns the name, which is unique in the organization.
    #[must_use]
    pub fn name(&self) -> &str {
        self.fields.name()
    }

    /// Whether flows can use it, also when that is not told.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active != Some(false)
    }

    /// Whether this is a row of a list, or the response to a write, that lacks something that a
    /// read by id tells.
    pub(crate) fn is_short(&self) -> bool {
        match self.object {
            ReadObject::Row { is_short } | ReadObject::Whole { is_short, .. } => is_short,
        }
    }

    /// Whether this is a row of a list. A request that sends it back would drop what the row does
    /// not have.
    pub(crate) fn is_row(&self) -> bool {
        self.object.value().is_none()
    }

    /// Whether the response to a write lacks what an earlier response had of this connector.
    pub(crate) fn lacks_what_is_told_by(&self, earlier: &Self) -> bool {
        let lacks_version = self.version.is_none() && earlier.version.is_some();
        let lacks_time = self.last_updated_time.is_none() && earlier.last_updated_time.is_some();
        self.is_short() && (lacks_version || lacks_time)
    }

    /// Whether somebody has saved the connector since it was read as `earlier`. Where there are no
    /// versions, the content decides.
    pub(crate) fn has_moved_since(&self, earlier: &Self) -> bool {
        self.version != earlier.version || self.version.is_none() && !self.has_content_of(earlier)
    }

    /// Whether two states of a connector are equal apart from `active`, version and time of the
    /// last change. Fields that one of them does not tell do not count.
    pub(crate) fn has_content_of(&self, other: &Self) -> bool {
        let is_told = |field| !self.not_told.contains(&field) && !other.not_told.contains(&field);
        self.id == other.id
            && readable_fields().all(|(field, _)| {
                !is_told(field) || self.fields.get(field) == other.fields.get(field)
            })
    }

    /// Takes the fields that the response leaves out from what was sent.
    pub(crate) fn complete_from(&mut self, sent: &ConnectorFields) {
        for field in std::mem::take(&mut self.not_told) {
            self.fields.set(field, sent.get(field).map(str::to_owned));
        }
    }

    /// Whether Webex may have made this of `sent`. Fields that are not told do not count, nor do
    /// literals that are not known.
    pub(crate) fn may_be(&self, sent: &ConnectorFields) -> bool {
        readable_fields().all(|(field, row)| {
            self.not_told.contains(&field)
                || self.unrecognized.contains_key(&field)
                || row.equivalence().may_be_stored_as(sent.get(field), self.fields.get(field))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use safe_text::Secret;

    use super::*;
    use crate::fields::Credential;
    use crate::testing::content;

    proptest! {
        #[test]
        fn debug_of_connector_content_shows_no_secret(secret in "[A-Z]{3}[!-~]{5,30}") {
            use Credential::{ClientSecret, Password, PrivateKey};
            let secrets = [ClientSecret, PrivateKey, Password];
            let secrets = secrets.map(|credential| (credential, Secret::from(&*secret)));
            let content = ConnectorContent { secrets: secrets.into_iter().collect(), ..content() };
            let shown = format!("{content:?} {content:#?} {:?}", content.secrets.to_vec());
            prop_assert!(!shown.contains(&secret), "{shown}");
        }
    }
}
