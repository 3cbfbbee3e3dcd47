//! All integration tests, in one program so that they are linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

/// Tools of the tests: the plugin client that stands in for Terraform.
mod support;

/// The process: handshake, mutual TLS, signals, orphans, ends.
mod plugin_process;
