//! The framework: Terraform's plugin protocol 5 over tonic.
//!
//! It knows nothing of Webex and nothing of HTTP requests. A provider describes
//! itself by schemas and traits; this room turns the protocol's calls into
//! calls of those traits.

pub mod diagnostics;
pub mod plugin;
pub(crate) mod protocol;
pub mod value;
