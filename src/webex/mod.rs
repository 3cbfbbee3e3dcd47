//! The API client: HTTP and JSON, and nothing of Terraform.
//!
//! [`Client::new`] takes [`Settings`] and does nothing else. Its
//! [`connectors`](Client::connectors) are the operations on one organization's
//! custom connectors; each takes a [`Budget`] that bounds it.
//!
//! Three promises hold for every operation:
//!
//! - **What failed is a type.** [`ErrorDetails::kind`] says what happened. A write that
//!   fails also says what is true afterwards ([`WriteError`]), so that state can
//!   be kept even then, and no connector stays deactivated unnoticed.
//! - **Nothing happens twice.** Only what was surely not carried out, or does no
//!   harm when repeated, is sent again (`retry`); everything else is looked up.
//! - **No secret comes out.** Credentials are [`Secret`](safe_text::Secret)s
//!   up to the byte where they leave; a [`Connector`] has no place for one; texts
//!   of the server are cleaned of those of the call.
//!
//! The layers, from the outside in, put together in `client`:
//!
//! ```text
//! connectors   operations: reconciliation, the activation saga, shared lists
//! request      operation → http::Request, without I/O
//! pipeline     one request: token, turn, attempts, waits
//!   auth       where tokens come from
//!   limiter    how many requests a minute
//!   retry      whether to send again, a pure function
//! transport    sends once: TLS, proxy, deadlines, limits
//! ```
//!
//! The contract that it speaks is written down in
//! `docs/api/custom-connectors.openapi.yaml`; what of it Cisco documents and
//! what is assumed is marked there.

mod auth;
mod body;
mod budget;
mod client;
mod connector;
mod connectors;
mod equivalence;
mod error;
mod error_body;
mod fields;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod identifiers;
mod json;
mod kinds;
mod limiter;
mod percent;
mod pipeline;
mod redact;
mod request;
mod retry;
mod session;
mod settings;
mod shape;
mod single_flight;
#[cfg(test)]
mod testing;
mod transport;

pub use auth::Notice;
pub use budget::{Budget, CLEAN_UP_GRACE, STOP_GRACE};
pub use client::Client;
pub use connector::{Connector, ConnectorContent, FlowConnector};
pub use connectors::{
    Availability, ConnectorPages, Connectors, Created, Deleted, RemoteState, WriteError,
};
pub use equivalence::{Equivalence, is_same_key};
pub use error::{
    BodyProblem, Cause, CertificateProblem, Deadline, Error, ErrorDetails, ErrorKind, OauthError,
    Operation, PagingProblem, Reference, TokenProblem,
};
pub use fields::{
    ConnectorFields, Credential, FIELDS, Field, FieldContent, Row, Secrets, kind_dependent_fields,
    readable_fields,
};
pub use identifiers::{
    ConnectorId, InvalidConnectorId, InvalidOrganizationId, InvalidWebexId, OrganizationId, WebexId,
};
pub use kinds::{
    Applies, BASIC, CLIENT_CREDENTIALS, CLIENT_CREDENTIALS_CERTIFICATE, ConnectorKind, OAUTH2,
    PASSWORD,
};
pub use request::FlowSearch;
pub use settings::{
    APPLICATIONS_URL, Credentials, Deadlines, Setting, SettingProblem, Settings, SettingsError,
    TOKEN_URL,
};

/// What a tenant answers, held against the contract.
pub mod probe {
    pub use super::connectors::{Difference, DifferenceKind, Probe, ProbeTarget, Requirement};
    pub use super::shape::{JsonKind, Shape};
}
