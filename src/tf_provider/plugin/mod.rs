//! The process around the provider: everything between the start of the
//! program and the first call, and between the last call and its end.
//!
//! Terraform starts a provider as a child process, hands it a contract in the
//! environment ([`handshake`]), reads one line from its standard output, and
//! from then on speaks gRPC over a local socket ([`listener`]) secured by
//! certificates that live as long as the two processes ([`tls`]). Standard
//! error carries log lines ([`log`]). [`run`] does all of it for any
//! implementation of the protocol's calls.
//!
//! What always holds:
//! - Nothing but the one announcing line ever reaches standard output.
//! - Nothing but JSON lines of our own reaches standard error, whichever
//!   library or thread has something to say.
//! - When a client certificate is demanded, nobody without exactly that
//!   certificate gets as far as HTTP.
//! - The socket is removed on every way out except `kill -9` of this process.
//! - The process does not outlive Terraform by more than two seconds, or by more
//!   than [`TIME_FOR_CHANGES`] where something that exists was being changed: it
//!   is not left half done.

mod announcement;
mod connection;
pub mod handshake;
pub mod lifetime;
mod listener;
mod log;
pub mod panics;
mod parent;
mod process;
mod side_services;
mod signals;
mod tls;

pub use lifetime::{Lifetime, TIME_FOR_CHANGES};
pub use process::{About, Mode, run, started_by_terraform};
