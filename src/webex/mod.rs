//! A client of the Webex Contact Center API for custom connectors: HTTP and JSON, without
//! Terraform.
//!
//! A [`Client`] is made of [`Settings`]. [`Client::connectors`] returns the operations on the
//! connectors of one organization: read, list, create, update, delete, and [`probe`] for the
//! differences between a tenant and the contract. Each takes a [`Budget`]: a deadline and a
//! cancellation.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use safe_text::Secret;
//! use tokio_util::sync::CancellationToken;
//! use url::Url;
//! use webex_contact_center::{Budget, Client, Credentials, OrganizationId, Settings};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let base_url = Url::parse("https://api.wxcc-us1.cisco.com")?;
//!     let credentials = Credentials::AccessToken(Secret::from("an access token"));
//!     let client = Client::new(Settings::new(base_url, credentials))?;
//!
//!     let organization = OrganizationId::parse("8035bad7-e14f-4540-a0a9-1f8f0c1d2e3b")?;
//!     let budget = Budget::within(Duration::from_secs(60), CancellationToken::new());
//!     let connectors = client.connectors(organization).list(&budget).await?;
//!     assert!(connectors.iter().all(|connector| !connector.name().is_empty()));
//!     Ok(())
//! }
//! ```
//!
//! # Promises
//!
//! - **Errors are types.** [`ErrorDetails::kind`] has the reason of a failure. A [`WriteError`]
//!   also describes the connector after a failed write, so that the caller can record it, and
//!   reports a connector that remains deactivated.
//! - **Retries are safe.** A request is sent again only if it was not carried out, or if repeating
//!   it is harmless (`retry`). The outcome of any other failed write is read from the server.
//! - **No secret is shown.** Credentials are [`Secret`](safe_text::Secret)s until they are
//!   serialized. A [`Connector`] has no field for one. The secrets of a call are removed from the
//!   server's texts.
//!
//! The client follows no redirect, makes no decision by the text of a message, changes no connector
//! of another type, and writes no file.
//!
//! # Layers
//!
//! Imports run one way, from the assembly at the top to the small vocabulary at the ground. A
//! module uses modules of its own line and of the lines below.
//!
//! - `client`: the assembly of all layers.
//! - `connectors`: the operations. `create`, `update`, `delete` and `activation` are the writes,
//!   `releases` and `name_conflict` the waits for a name that another write of this process frees,
//!   `list_cache` and `paging` the reads, `knowledge` what the process has learned of an
//!   organization, `probe` and `contract` the comparison of a tenant's responses with the contract,
//!   `write_error` the error of a write.
//! - `flows`: validation, import and publication of flows.
//! - `session`: the parts that all operations share.
//! - `auth`: access tokens and their renewal.
//! - `single_flight`: one request in flight, shared by all callers that need its result.
//! - `pipeline`: one request with a token, within the rate limit, with retries.
//! - `request`: builds requests without I/O.
//! - `profile`, `calls`: the API profile, which makes requests and reads responses, and its calls.
//! - `retry`: decides about another attempt, as a pure function.
//! - `transport`: sends a request once, with TLS, proxy, deadlines and size limits.
//! - `settings`, `limiter`, `rate_window`: the settings and their checks, the rate limit.
//! - `error_body`, `shape`: the known fields of an error response, the shape of any response.
//! - `redact`, `percent`, `json`: redaction of secrets, percent-encoding, lenient JSON objects.
//! - `error`, `problems`, `notice`: the errors of calls, the problems that they name, and events
//!   that the user should learn once.
//! - `connector`, `fields`, `kinds`, `equivalence`, `address`, `identifiers`, `body`, `budget`: the
//!   vocabulary.
//!
//! `docs/api/custom-connectors.openapi.yaml` is the contract. It marks its parts as documented by
//! Cisco or assumed.

mod address;
mod auth;
mod body;
mod budget;
mod calls;
mod client;
mod connector;
mod connectors;
mod equivalence;
mod error;
mod error_body;
mod fields;
mod flows;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod identifiers;
mod json;
mod kinds;
mod limiter;
mod lock;
mod notice;
mod percent;
mod pipeline;
mod problems;
mod profile;
mod rate_window;
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

pub use address::{Address, AddressProblem};
pub use budget::{Budget, CLEAN_UP_GRACE, STOP_GRACE};
pub use calls::{CallName, ProfileGap};
pub use client::Client;
pub use connector::{Connector, ConnectorContent, FlowConnector, Reference, Version};
pub use connectors::{
    Availability, CONNECTOR_LIMIT, ConnectorPages, Connectors, Created, Deleted, LastWrite,
    Planned, Reading, RemoteState, Updated, WriteError,
};
pub use equivalence::{Equivalence, is_same_key};
pub use error::{Cause, Error, ErrorDetails, ErrorKind, Operation, TokenProblem};
pub use fields::{
    ConnectorFields, Credential, FIELDS, Field, FieldContent, Row, Secrets, kind_dependent_fields,
    readable_fields,
};
pub use flows::{FlowDocument, FlowDraft, FlowFinding, FlowFindings, FlowProblem, FlowType, Flows};
pub use identifiers::{
    ConnectorId, InvalidConnectorId, InvalidOrganizationId, InvalidWebexId, OrganizationId, WebexId,
};
pub use kinds::{
    Applies, BASIC, CLIENT_CREDENTIALS, CLIENT_CREDENTIALS_CERTIFICATE, ConnectorKind, OAUTH2,
    PASSWORD,
};
pub use notice::Notice;
pub use problems::{BodyProblem, CertificateProblem, Deadline, OauthError, PagingProblem};
pub use profile::{Profile, ProfileProblem, Standing};
pub use request::FlowSearch;
pub use settings::{
    APPLICATIONS_URL, Credentials, Deadlines, Proxy, Setting, SettingProblem, Settings,
    SettingsError, TOKEN_URL, is_loopback,
};

/// The comparison of a tenant's responses with the contract, see [`Connectors::probe`].
pub mod probe {
    pub use super::connectors::{Difference, DifferenceKind, Probe, ProbeTarget, Requirement};
    pub use super::profile::Examined;
    pub use super::shape::{JsonKind, Shape};
}
