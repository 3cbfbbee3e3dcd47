//! The process around the provider: from the start of the program to the first
//! call, and from the last call to the exit code.
//!
//! Terraform starts a provider as a child process, passes the terms in the
//! environment ([`handshake`]), reads one line from its standard output, and
//! then speaks gRPC over a local socket ([`listener`]), secured by certificates
//! that both sides make for this one run ([`tls`]). Standard error carries log
//! lines ([`log`]). [`run`] does all of it for any implementation of the
//! protocol's calls.
//!
//! Invariants:
//! - Only the handshake line reaches standard output, or the instructions of
//!   debug mode.
//! - Only JSON lines written by [`log`] reach standard error once the process
//!   serves Terraform, whichever library or thread writes. Exceptions are
//!   aborts, which the Rust runtime reports itself: a stack overflow, a panic
//!   while panicking, and no memory.
//! - If Terraform passes a client certificate, only a client that proves to own
//!   it gets as far as HTTP.
//! - The socket is removed on every exit except `kill -9` and an abort.
//! - The process ends within two seconds after Shutdown, and after Terraform's
//!   death where its process can be watched. Where it cannot (Windows, another
//!   PID namespace), it ends within twelve seconds after the last connection
//!   has closed, or 92 seconds after the start if no client has connected.
//!   Each of these grows to [`TIME_FOR_CHANGES`](crate::TIME_FOR_CHANGES) while
//!   an update or a delete is in progress.
//! - A call that keeps the thread busy does not keep the process: after SIGTERM
//!   and after Terraform's death, [`watchdog`] ends it one second later.

mod connection;
mod go_plugin_services;
pub mod handshake;
mod handshake_output;
mod listener;
mod log;
mod memory;
mod parent;
mod process;
mod provider_info;
mod signals;
mod tls;
mod watchdog;

pub(crate) use process::run;
pub use process::{Mode, started_by_terraform};
pub use provider_info::ProviderInfo;
