//! What is remembered beside a connector's state, in Terraform's private state.
//!
//! It is plain text in the state file: numbers and ids, no credentials.

use serde::{Deserialize, Serialize};

use crate::tf_provider::object::Private;
use crate::webex::Connector;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The connector's `version` when it was read last. A PUT carries it, so
    /// that an edit between plan and apply is noticed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// When our own last write was done, by Webex's clock, in milliseconds
    /// since 1970. Nothing after an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<i64>,
    /// When somebody else changed the connector after that without a visible
    /// difference: a credential may have changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touched: Option<i64>,
    /// The id of the connector that is being replaced, so that the plan of its
    /// successor does not take it for a rival.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
}

impl Memory {
    /// Reads what was remembered.
    #[must_use]
    pub fn recall(private: &Private) -> Self {
        private.recall()
    }

    /// Remembers our own write.
    #[must_use]
    pub fn of_write(connector: &Connector) -> Self {
        Self {
            version: connector.version,
            written: connector.last_updated_time,
            touched: None,
            replaced: None,
        }
    }

    /// Remembers a read. `unchanged` says that nothing visible has changed.
    #[must_use]
    pub fn after_read(self, connector: &Connector, unchanged: bool) -> Self {
        let moved_on = match (self.written, connector.last_updated_time) {
            (Some(written), Some(now)) => now > written,
            (None, _) | (_, None) => false,
        };
        let touched = match connector.last_updated_time {
            Some(time) if moved_on && unchanged => Some(time),
            _ => None,
        };
        Self { version: connector.version, touched, ..self }
    }

    /// The form in which Terraform keeps it.
    #[must_use]
    pub fn private(&self) -> Private {
        Private::remember(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use crate::provider::custom_connector::model::tests::connector;
    use crate::tf_provider::object::Private;

    #[test]
    fn what_is_remembered_comes_back() {
        let memory = Memory {
            version: Some(3),
            written: Some(1_774_641_703_000),
            touched: None,
            replaced: Some("id".to_owned()),
        };
        assert_eq!(Memory::recall(&memory.private()), memory);
    }

    #[test]
    fn what_cannot_be_read_counts_as_nothing() {
        for bytes in [&b""[..], b"\xff", b"[]", b"{\"version\":\"three\"}"] {
            let private = Private::from_bytes(bytes.to_vec());
            assert_eq!(Memory::recall(&private), Memory::default());
        }
    }

    #[test]
    fn a_later_write_of_somebody_else_is_noticed_when_nothing_visible_changed() {
        let mut theirs = connector();
        let ours = Memory::of_write(&theirs);
        assert_eq!(ours.clone().after_read(&theirs, true).touched, None);

        theirs.last_updated_time = theirs.last_updated_time.map(|time| time + 1);
        theirs.version = Some(8);
        let after = ours.clone().after_read(&theirs, true);
        assert_eq!((after.touched, after.version), (theirs.last_updated_time, Some(8)));
        // What is visible is shown as drift, and repairing it sends the
        // credentials again.
        assert_eq!(ours.after_read(&theirs, false).touched, None);
    }

    #[test]
    fn nothing_is_suspected_of_an_imported_connector() {
        assert_eq!(Memory::default().after_read(&connector(), true).touched, None);
    }
}
