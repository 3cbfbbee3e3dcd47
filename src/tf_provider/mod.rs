//! A framework for Terraform providers: plugin protocol 5 over tonic.
//!
//! To write a provider, implement these traits:
//!
//! - [`Provider`](provider::Provider) for the provider block,
//! - [`Resource`](resource::Resource), [`DataSource`](data_source::DataSource),
//!   [`ListResource`](list::ListResource),
//!   [`EphemeralResource`](ephemeral::EphemeralResource), [`Action`](action::Action)
//!   and [`Function`](function::Function) for its objects.
//!
//! Each of them returns a schema. Register them in a
//! [`Registry`](provider::Registry), one line each, and call [`serve()`] in `main`.
//! The framework runs the process as go-plugin does, decodes the calls, plans from the
//! schemas, and encodes the responses. The optional features of a resource (to check and
//! modify plans, import, move, upgrade, generate configuration) are methods with a
//! default.
//!
//! # A first provider
//!
//! Its only resource keeps a text in a file:
//!
//! ```no_run
//! use std::{fs, process::ExitCode};
//!
//! use tf_provider::diagnostics::{Diagnostic, Diagnostics};
//! use tf_provider::object::{Object, State};
//! use tf_provider::provider::{ConfigureRequest, Provider, Registry};
//! use tf_provider::resource::{
//!     ApplyResponse, CreateRequest, DeleteRequest, ReadRequest, ReadResponse, Resource,
//!     UpdateRequest,
//! };
//! use tf_provider::schema::{Attribute, Block, Schema};
//! use tf_provider::value::Type;
//! use tf_provider::{Mode, ProviderInfo, async_trait, serve};
//!
//! const INFO: ProviderInfo =
//!     ProviderInfo::new("text", "0.1.0", "registry.terraform.io/example/text");
//!
//! fn main() -> ExitCode {
//!     serve(&INFO, Mode::Child, || {
//!         Registry::new(Box::new(Text)).resource("text_file", Box::new(File))
//!     })
//! }
//!
//! struct Text;
//!
//! #[async_trait]
//! impl Provider for Text {
//!     fn schema(&self) -> Schema {
//!         Schema::new(Block::default())
//!     }
//!
//!     async fn configure(&self, _request: ConfigureRequest) -> Diagnostics {
//!         Diagnostics::new()
//!     }
//! }
//!
//! struct File;
//!
//! impl File {
//!     fn write(&self, planned: &Object) -> ApplyResponse {
//!         let path = planned.string("path").known().unwrap_or_default();
//!         let text = planned.string("text").known().unwrap_or_default();
//!         match fs::write(path, text) {
//!             Ok(()) => {
//!                 let state = planned.clone().with("bytes", text.len() as i64);
//!                 let state = Some(State::new(state, &self.schema().block));
//!                 ApplyResponse { state, ..ApplyResponse::default() }
//!             }
//!             Err(error) => ApplyResponse {
//!                 diagnostics: Diagnostic::error("Cannot write", error.to_string()).into(),
//!                 ..ApplyResponse::default()
//!             },
//!         }
//!     }
//! }
//!
//! #[async_trait]
//! impl Resource for File {
//!     fn schema(&self) -> Schema {
//!         let path = Attribute::required("path", Type::String, "The file.").requires_replace();
//!         let text = Attribute::optional("text", Type::String, "The text.").default_value("");
//!         let bytes = Attribute::computed("bytes", Type::Number, "The length.");
//!         Schema::new(Block { attributes: vec![path, text, bytes], ..Block::default() })
//!     }
//!
//!     async fn read(&self, request: ReadRequest) -> ReadResponse {
//!         let path = request.state.object().string("path").known().unwrap_or_default();
//!         let Ok(text) = fs::read_to_string(path) else { return ReadResponse::default() };
//!         let length = text.len() as i64;
//!         let object = request.state.object().clone().with("text", text).with("bytes", length);
//!         let state = Some(State::new(object, &self.schema().block));
//!         ReadResponse { state, ..ReadResponse::default() }
//!     }
//!
//!     async fn create(&self, request: CreateRequest) -> ApplyResponse {
//!         self.write(request.plan.object())
//!     }
//!
//!     async fn update(&self, request: UpdateRequest) -> ApplyResponse {
//!         self.write(request.plan.object())
//!     }
//!
//!     async fn delete(&self, request: DeleteRequest) -> ApplyResponse {
//!         let path = request.prior.object().string("path").known().unwrap_or_default();
//!         let diagnostics = match fs::remove_file(path) {
//!             Ok(()) => Diagnostics::new(),
//!             Err(error) => Diagnostic::error("Cannot delete", error.to_string()).into(),
//!         };
//!         let state = diagnostics.has_errors().then(|| request.prior.clone());
//!         ApplyResponse { state, diagnostics, ..ApplyResponse::default() }
//!     }
//! }
//! ```
//!
//! `examples/minimal_provider` in the repository has one object of each kind: nested
//! blocks with defaults, computed values and credentials at every depth, an identity,
//! private state, an upgrade, a move, a data source, a list, an ephemeral resource, an
//! action and a function. Its tests show how to use the crate `tf_provider_testing`,
//! which makes Terraform's calls and checks the responses.
//!
//! # Not supported
//!
//! - Protocol 6 with its nested attributes, and `provider_meta`.
//! - Blocks with the nesting modes map and group.
//! - Write-only attributes inside of sets, which Terraform forbids, and dynamic values
//!   inside of collections. [`Registry::check`](provider::Registry::check) finds both.
//!
//! # Other frameworks in Rust
//!
//! The crate `tf-provider` (0.2.2) and the repository `tofu-sdk-rs` (2026) implement
//! protocol 6. This framework implements protocol 5, which every Terraform since 0.12
//! supports.
//!
//! Only `tf-provider` has models that are derived from structs, nested attributes, and
//! `provider_meta`. Only `tofu-sdk-rs` has models by reflection, semantic equality by
//! type, `timeouts`, state stores and a TypeScript interface.
//!
//! Only this framework has these features:
//!
//! - It plans defaults, computed values and replacements inside of nested blocks.
//!   `tf-provider` leaves planning to each resource, and the planner of `tofu-sdk-rs`
//!   covers the top level.
//! - If the values of a create do not fit the schema, or the create panics, state keeps
//!   the known part of the object.
//! - Credentials are a type that only a configuration opens.
//! - Numbers keep all digits.
//! - The process accepts only the client that started it, finishes a change in flight,
//!   and exits with Terraform.
//!
//! Unlike `tf-provider`, it has write-only attributes, identities, lists, ephemeral
//! resources, actions, moves and deferral.
//!
//! # Invariants
//!
//! - A failure or a panic inside of a call becomes a diagnostic, and ends no other
//!   call. gRPC errors are only for calls that are not served, for messages that
//!   cannot be decoded, and for panics outside of the provider's code.
//! - A read that fails or panics keeps the state, the private state and the identity
//!   of its request. An apply that panics keeps its last
//!   [`Checkpoint`](resource::Checkpoint), or else the prior state.
//! - If values of a response do not fit the schema, the response keeps the others, the
//!   identity, the private state and the messages, and gets an error. Terraform then
//!   taints a created object and does not forget it.
//! - Private state and identity are kept unless a response sets them.
//! - An attribute with [`Type::Secret`](value::Type::Secret) in its type is sensitive,
//!   and so is every other attribute on request. Values of that type are decoded as
//!   secrets, which `Debug` does not show.
//! - A credential is read from a configuration only; see [`object`]. Write-only values
//!   are cleared from each state that is sent, by the served schema.
//! - The framework's own messages contain no values. They contain names, versions,
//!   and the keys of maps in paths.
//! - The log contains events of the framework and of the crates that the provider
//!   names, and of no others. A log line of a call has the name and the ID of the call.
//! - After a Stop, running calls end early, and later calls are served.

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
