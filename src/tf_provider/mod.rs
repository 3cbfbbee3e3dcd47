//! The framework: Terraform's plugin protocol 5 over tonic.
//!
//! It knows nothing of Webex and nothing of HTTP requests. A provider describes
//! itself by schemas and traits; this room turns the protocol's calls into
//! calls of those traits.

pub mod data_source;
pub mod diagnostics;
pub mod function;
mod lifetime;
pub mod list;
pub mod object;
mod panics;
pub mod plan;
mod plugin;
mod protocol;
pub mod provider;
pub mod resource;
pub mod schema;
pub mod schema_json;
mod schema_messages;
mod serve;
mod server;
pub mod value;

pub use lifetime::TIME_FOR_CHANGES;
pub use plugin::{Mode, ProviderInfo, handshake, started_by_terraform};
pub use serve::serve;
