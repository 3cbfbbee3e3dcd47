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
