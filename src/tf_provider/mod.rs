//! A framework for Terraform providers: plugin protocol 5 over tonic.
//!
//! A provider describes itself by schemas and implements traits:
//! [`Provider`](provider::Provider) for the provider block,
//! [`Resource`](resource::Resource), [`DataSource`](data_source::DataSource),
//! [`ListResource`](list::ListResource) and [`Function`](function::Function). It
//! registers them in a [`Registry`](provider::Registry), and calls [`serve()`] in
//! `main`. The framework runs the process as go-plugin does, decodes the calls,
//! plans by the schemas, and encodes the responses.
//!
//! A whole provider, with one function:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use async_trait::async_trait;
//! use tf_provider::diagnostics::Diagnostics;
//! use tf_provider::function::{Function, FunctionError, Parameter, Signature};
//! use tf_provider::provider::{ConfigureRequest, Provider, Registry};
//! use tf_provider::schema::{Block, Schema};
//! use tf_provider::value::{Type, Value};
//! use tf_provider::{Mode, ProviderInfo, serve};
//!
//! const INFO: ProviderInfo = ProviderInfo {
//!     name: "hello",
//!     version: "0.1.0",
//!     address: "registry.terraform.io/example/hello",
//!     log_targets: &[("terraform_provider_hello", "")],
//! };
//!
//! struct Hello;
//!
//! #[async_trait]
//! impl Provider for Hello {
//!     fn schema(&self) -> Schema {
//!         Schema::new(Block::default())
//!     }
//!
//!     async fn configure(&self, _request: ConfigureRequest) -> Diagnostics {
//!         Diagnostics::new()
//!     }
//! }
//!
//! /// Configurations call it as `provider::hello::greet("world")`.
//! struct Greet;
//!
//! impl Function for Greet {
//!     fn signature(&self) -> Signature {
//!         Signature::new("Greets somebody by name.", Type::String)
//!             .parameter(Parameter::new("name", Type::String, "The name."))
//!     }
//!
//!     fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
//!         match arguments {
//!             [Value::String(name)] => Ok(format!("Hello, {name}!").into()),
//!             _ => Err(FunctionError::argument(0, "A name is needed.")),
//!         }
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     serve(&INFO, Mode::Child, || {
//!         Registry::new(Box::new(Hello)).function("greet", Box::new(Greet))
//!     })
//! }
//! ```
//!
//! # Not supported
//!
//! - Protocol 6 and its nested attributes, ephemeral resources, actions, deferral,
//!   and `provider_meta`.
//! - Moves from another resource type: each is refused.
//! - Blocks of other nestings than single and list. Inside of blocks, defaults,
//!   computed values and replacements have no effect.
//!
//! # Invariants
//!
//! - A failure or a panic inside of a call becomes a diagnostic, and ends no other
//!   call. gRPC errors remain for calls that are not served, for messages that
//!   cannot be decoded, and for panics outside of the provider's code.
//! - A read that panics, or returns values that do not fit the schema, keeps the
//!   state, the private state and the identity of its request. Such an apply keeps
//!   its last [`Checkpoint`](resource::Checkpoint), or else the prior state. The
//!   messages of a response that does not fit are lost.
//! - An attribute of [`Type::Secret`](value::Type::Secret) is sensitive, and its
//!   values are decoded as secrets, which `Debug` does not show. Inside of a list,
//!   a map or an object, the values are secrets, but Terraform shows them.
//! - The framework's own messages contain no values. They contain names, versions,
//!   and the keys of maps in paths.
//! - The log contains events of the framework and of the crates that the provider
//!   names, and of no others.

pub mod action;
mod check;
pub mod client;
pub mod data_source;
pub mod diagnostics;
pub mod ephemeral;
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

pub use async_trait::async_trait;
pub use lifetime::TIME_FOR_CHANGES;
pub use plugin::{Mode, ProviderInfo, handshake, started_by_terraform};
pub use safe_text::Secret;
pub use serve::serve;
