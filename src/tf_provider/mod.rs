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
//! use std::fs;
//! use std::process::ExitCode;
//!
//! use tf_provider::prelude::*;
//!
//! const INFO: ProviderInfo =
//!     ProviderInfo::new("text", "0.1.0", "registry.terraform.io/example/text");
//!
//! fn main() -> ExitCode {
//!     serve(&INFO, Mode::Child, || Registry::new(Text).resource("text_file", File))
//! }
//!
//! struct Text;
//!
//! impl Provider for Text {}
//!
//! struct File;
//!
//! #[async_trait]
//! impl Resource for File {
//!     fn schema(&self) -> Schema {
//!         Schema::new([
//!             Attribute::required("path", Type::String, "The file.").requires_replace(),
//!             Attribute::optional("text", Type::String, "The text.").default_value(""),
//!             Attribute::computed("bytes", Type::Number, "The length."),
//!         ])
//!     }
//!
//!     async fn read(&self, request: ReadRequest) -> Result<ReadResponse> {
//!         let file = request.state.into_object();
//!         match fs::read_to_string(file.string("path").unwrap_or_default()) {
//!             Ok(text) => Ok(ReadResponse::new(with_text(file, &text))),
//!             Err(_) => Ok(ReadResponse::gone()),
//!         }
//!     }
//!
//!     async fn create(&self, request: CreateRequest) -> Result<ApplyResponse> {
//!         write(request.plan)
//!     }
//!
//!     async fn update(&self, request: UpdateRequest) -> Result<ApplyResponse> {
//!         write(request.plan)
//!     }
//!
//!     async fn delete(&self, request: DeleteRequest) -> Result<ApplyResponse> {
//!         let path = request.prior.string("path").unwrap_or_default();
//!         fs::remove_file(path).map_err(failed)?;
//!         Ok(ApplyResponse::deleted())
//!     }
//! }
//!
//! fn write(plan: Plan) -> Result<ApplyResponse> {
//!     let text = plan.string("text").unwrap_or_default().to_owned();
//!     fs::write(plan.string("path").unwrap_or_default(), &text).map_err(failed)?;
//!     Ok(ApplyResponse::new(with_text(plan.into_object(), &text)))
//! }
//!
//! fn with_text(file: Object, text: &str) -> Object {
//!     file.with("text", text).with("bytes", text.len() as i64)
//! }
//!
//! fn failed(error: std::io::Error) -> Diagnostic {
//!     Diagnostic::error("Cannot write the file", error.to_string())
//! }
//! ```
//!
//! The framework does the rest:
//!
//! - It plans from the schema.
//! - `?` ends a call with a message. State, private state and identity stay what they
//!   are.
//! - A response has the object. What it does not set is kept: the private state and the
//!   identity. Attributes that it leaves out are null. If the resource has an identity,
//!   the attributes of the same names are its values.
//! - If a value of the provider block is not known yet
//!   ([`ConfigureResponse::unknown`](provider::ConfigureResponse::unknown)), plans and
//!   reads wait if Terraform allows that.
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
//! - Blocks with the nesting modes map and group. [`Nesting`](schema::Nesting) cannot
//!   express them, and neither can HashiCorp's SDKs: SDKv2 has lists and sets, and
//!   terraform-plugin-framework has lists, sets and single blocks. Use a list or a set
//!   of blocks with a name in each, or an attribute that is a map.
//! - Write-only attributes inside of sets and dynamic values inside of collections, which
//!   Terraform forbids, and sensitive dynamic values.
//!   [`Registry::check`](provider::Registry::check) finds all three.
//!
//! # Other frameworks in Rust
//!
//! The crate `tf-provider` (0.2.2) and the repository `cramt/tofu-sdk-rs` (as of June
//! 2026) implement protocol 6. This framework implements protocol 5, which every
//! Terraform since 0.12 supports.
//!
//! They have these features, and this framework does not:
//!
//! | | `tf-provider` | `tofu-sdk-rs` |
//! |---|---|---|
//! | models as structs | by serde | by reflection, with the schema |
//! | blocks with labels (map) | yes | yes |
//! | blocks of the nesting mode group | yes | no |
//! | nested attributes (protocol 6) | yes | no |
//! | `provider_meta` | yes | no |
//! | semantic equality by type, `timeouts`, state stores, TypeScript | no | yes |
//!
//! This framework has these features:
//!
//! | | `tf-provider` | `tofu-sdk-rs` |
//! |---|---|---|
//! | plans from the schema | no | defaults and computed values |
//! | replacements by the schema inside of blocks | no | no |
//! | an update makes computed values unknown, except stable ones | no | no |
//! | write-only attributes, identities, lists, actions, ephemeral resources, moves | no | yes |
//! | generated configuration, deferral | no | no |
//! | a created object whose values do not fit the schema stays in state | no | values always fit |
//! | intermediate results of a call that panics stay in state | no | no |
//! | panics become messages | no | yes, with their text |
//! | a credential is a type that only a configuration opens | no | no |
//! | numbers keep all digits | no | 64 bits |
//! | only the client that started the process can connect | no | no |
//! | a change is finished although the connection to Terraform breaks | no | no |
//! | tests under Terraform's rules without Terraform | no | no |
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
//!   taints a created object and does not forget it. An ephemeral value that does not fit
//!   is closed, because Terraform closes only what it could open.
//! - Private state and identity are kept unless a response sets them. An object without
//!   a stored identity gets that of the attributes of the same names. So does the delete
//!   of a replacement, for which Terraform sends none.
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
mod pairs;
mod panics;
pub mod plan;
mod plugin;
pub mod prelude;
mod protocol;
pub mod provider;
mod raw_state;
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
pub use raw_state::RawState;
pub use safe_text::Secret;
pub use serve::serve;
