//! The calls of an API profile, and what a profile may lack.

use super::kinds::ConnectorKind;

/// The calls of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallName {
    /// Lists the connectors of an organization.
    List,
    /// Reads a connector by its id.
    Read,
    /// Creates a connector.
    Create,
    /// Edits a connector.
    Update,
    /// Deletes a connector.
    Delete,
    /// Activates a connector, where that is a call of its own.
    Activate,
    /// Deactivates a connector, where that is a call of its own.
    Deactivate,
    /// Lists what refers to a connector.
    References,
}

/// The part that a profile lacks for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileGap {
    /// It lacks the call.
    #[error("it has no call `{}`", .0.name())]
    Call(CallName),
    /// It cannot create or update connectors of this kind.
    #[error("it does not say how to write a connector with {}", .0.title())]
    Kind(ConnectorKind),
    /// It does not know the kind that a connector has in Webex.
    #[error("it does not know the kind of this connector")]
    UnknownKind,
    /// The argument has no place in a request.
    #[error("it does not say where `{0}` belongs in a request")]
    Argument(&'static str),
    /// It neither has `active` in requests nor calls to activate and deactivate a connector.
    #[error("it does not say how to activate or deactivate a connector")]
    Activation,
}

impl CallName {
    /// All calls, in the order of the document.
    pub const ALL: [Self; 8] = [
        Self::List,
        Self::Read,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Activate,
        Self::Deactivate,
        Self::References,
    ];

    /// Returns the key in the document.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::References => "references",
        }
    }
}
