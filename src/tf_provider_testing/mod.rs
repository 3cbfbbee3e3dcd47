//! Makes Terraform's calls and checks the responses, for the tests of providers.
//!
//! Test a provider as a process, in three ways:
//!
//! - [`core`] makes the calls of Terraform's core in Terraform's order, and checks each
//!   response by Terraform's rules ([`checker`]). It needs no Terraform, and covers the
//!   behavior of all versions.
//! - [`calls`] makes every call of the protocol with valid and invalid values.
//! - [`cli`] runs the real command-line interface in a separate folder.
//!
//! [`plugin_client`] is the connection below [`core`]: go-plugin's handshake, mutual
//! TLS, and the side streams.
//!
//! To test a life cycle under Terraform's rules, in the provider's package:
//!
//! ```no_run
//! use tf_provider::value::Value;
//! use tf_provider_testing::core::TerraformCore;
//! use tf_provider_testing::plugin_client::Launch;
//!
//! # async fn test() {
//! // In a test: env!("CARGO_BIN_EXE_terraform-provider-example")
//! let plugin = Launch::new("target/debug/terraform-provider-example").start().await;
//! let mut core = TerraformCore::start(plugin.provider(), "example_thing", Value::Null).await.unwrap();
//! let configuration = core.shape.object([("name", "a")]);
//! // Validates, plans, applies, reads, and plans nothing.
//! let (thing, _) = core.settle(None, &configuration).await.unwrap();
//! let plan = core.plan(Some(&thing), &Value::Null).await.unwrap();
//! core.apply(Some(&thing), &Value::Null, &plan).await.unwrap();
//! plugin.shutdown().await.assert_tidy();
//! # }
//! ```
//!
//! A test fails with a panic, or with an `Err` that names the broken rule. If the
//! installed CLI is too old for a test, the test reports `LEFT OUT`, with a count.
//!
//! # Not supported
//!
//! - Sets of blocks that are nested in each other: [`checker`] does not know the rules
//!   by which Terraform pairs their elements.
//! - Protocol 6.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test says what it skips")]

pub mod calls;
pub mod checker;
pub mod cli;
pub mod core;
mod left_out;
pub mod plugin_client;
pub mod system;
pub mod value_json;
