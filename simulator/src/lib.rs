//! Simulates the connector API of Webex Contact Center over HTTP, as far as the API is
//! documented, seen or assumed. Fault scripts make requests fail.
//!
//! Webex offers no sandbox. Tests start a [`Simulator`] in their own process, and the
//! program `webex-cc-simulator` is for everyone else. The simulator implements the
//! contract in `docs/api/custom-connectors.openapi.yaml`. It shares no code with the
//! client that it tests.
//!
//! `server` reads a request from a connection. `service` applies the fault scripts of
//! `faults`, and records the request in the `journal` and for the `har`. `api` checks
//! the access and reads the request. `operations` carry it out, with the rules in
//! `connector`, the deviations in `behavior` and the data in `store`. `flows` has the
//! calls about flows. `oauth` and `tokens` issue tokens. `control` reads and changes
//! all of this without the rules of the API.
//!
//! `profile` reads a document that describes another API, and `profile_api` then
//! replaces `api`. `browser` acts as a person who fills in the form.

mod api;
mod api_error;
mod behavior;
pub mod browser;
mod clock;
mod connector;
mod control;
mod faults;
mod file;
mod filter;
mod flow;
mod flows;
mod har;
mod journal;
mod message;
mod oauth;
mod operations;
mod options;
mod paging;
mod profile;
mod profile_api;
mod rate_limit;
mod server;
mod service;
mod store;
mod tokens;
mod words;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

pub use crate::behavior::Behavior;
pub use crate::faults::{Action, Moment, Script, ScriptedResponse};
pub use crate::journal::Exchange;
pub use crate::options::{
    Authorization, CONNECTOR_LIMIT, CursorForm, DEFAULT_ORGANIZATION, OmittedSecret, Options,
    SecretsInAnswers, TimeForm, VersionForm,
};
use crate::server::{SharedService, lock};
use crate::service::Service;

/// A running simulator. Dropping it stops it and closes its connections.
///
/// It runs on its own thread, so it responds even while the test blocks on a
/// child process, pauses its clock, or has no runtime.
///
/// ```
/// use webex_cc_simulator::{Options, Script, Simulator};
///
/// # fn main() -> std::io::Result<()> {
/// let simulator = Simulator::start(Options::default())?;
/// simulator.faults([Script::close_after().method("POST").times(1)]);
/// assert!(simulator.base_url().starts_with("http://127.0.0.1:"));
/// assert!(simulator.journal().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Simulator {
    service: SharedService,
    address: SocketAddr,
    base_url: String,
    organization: String,
    token: String,
    /// Nothing is sent through it. Dropping it is the signal.
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Starts a simulator. It accepts connections when this returns.
    ///
    /// # Errors
    /// When the address cannot be bound, the state file cannot be read, parsed or
    /// written, or the system refuses a thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let service = Service::new(options)?;
        let first = |values: &[String]| values.first().cloned().unwrap_or_default();
        let organization = first(&service.options.organizations);
        let token = first(&service.options.tokens);
        let service = Arc::new(Mutex::new(service));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&service);
        let thread = std::thread::Builder::new()
            .name("webex-cc-simulator".to_owned())
            .spawn(move || runtime.block_on(server::serve(listener, served, stopped)))?;
        Ok(Self {
            service,
            address,
            base_url: format!("http://{address}"),
            organization,
            token,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Returns `http://` with address and port, without a slash at the end. API,
    /// token endpoints and control interface have this base URL.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Returns the address on which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the first organization.
    #[must_use]
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// Returns the first access token that may read and write.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns every request since the start or since
    /// [`clear_journal`](Self::clear_journal), in order of arrival. Requests to
    /// the control interface are not among them.
    #[must_use]
    pub fn journal(&self) -> Vec<Exchange> {
        lock(&self.service).journal.clone()
    }

    /// Clears the journal.
    pub fn clear_journal(&self) {
        lock(&self.service).journal.clear();
    }

    /// Starts to record what is served, if that has not begun.
    pub fn record(&self) {
        lock(&self.service).recording.get_or_insert_default();
    }

    /// Returns what was served since the start of the recording, as a browser
    /// records it (HAR 1.2).
    #[must_use]
    pub fn har(&self) -> Value {
        lock(&self.service).har()
    }

    /// Writes the recording to the file that the options name, or leaves the file
    /// unchanged.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_har(&self) -> io::Result<()> {
        lock(&self.service).save_har()
    }

    /// Replaces all fault scripts by these. Without any there are no more faults.
    ///
    /// # Panics
    /// When a scripted response cannot be sent, because its status is below 200
    /// or a header is invalid.
    pub fn faults(&self, scripts: impl IntoIterator<Item = Script>) {
        must(lock(&self.service).set_faults(scripts.into_iter().collect()));
    }

    /// Replaces the deviations of the service from what a client may expect.
    ///
    /// # Panics
    /// When a field or a literal is not known.
    pub fn behave(&self, behavior: Behavior) {
        must(lock(&self.service).set_behavior(behavior));
    }

    /// Returns a connector as it is stored, secrets included.
    ///
    /// # Panics
    /// When the organization does not exist.
    #[must_use]
    pub fn stored(&self, organization: &str, id: &str) -> Option<Value> {
        let service = lock(&self.service);
        let connector = must(service.known(organization)).connector(id)?;
        Some(Value::Object(connector.0.clone()))
    }

    /// Returns all connectors of an organization as they are stored, in the order
    /// in which they were created.
    ///
    /// # Panics
    /// When the organization does not exist.
    #[must_use]
    pub fn all_stored(&self, organization: &str) -> Vec<Value> {
        let service = lock(&self.service);
        let connectors = &must(service.known(organization)).connectors;
        connectors.iter().map(|connector| Value::Object(connector.0.clone())).collect()
    }

    /// Returns the flows of an organization, as the list of flows shows them.
    #[must_use]
    pub fn flows(&self, organization: &str) -> Vec<Value> {
        lock(&self.service).flows_of(organization)
    }

    /// Edits or creates a connector without the API. The given fields replace the
    /// stored ones, the others stay, and nothing is checked. `version` and
    /// `lastUpdatedTime` increase unless the fields set other values. Returns the
    /// stored connector.
    ///
    /// # Panics
    /// When the organization does not exist, `fields` is not an object, or the
    /// state file cannot be written.
    pub fn store(&self, organization: &str, id: &str, fields: Value) -> Value {
        let Value::Object(fields) = fields else { panic!("the fields are not a JSON object") };
        must(lock(&self.service).put_stored(organization, id, fields))
    }

    /// Deletes a connector without the API.
    ///
    /// # Panics
    /// When there is no such connector, or the state file cannot be written.
    pub fn remove(&self, organization: &str, id: &str) {
        must(lock(&self.service).remove_stored(organization, id));
    }

    /// Adds a reference from a flow of this name to a connector.
    ///
    /// # Panics
    /// When there is no such connector, or the state file cannot be written.
    pub fn add_reference(&self, organization: &str, connector_id: &str, flow_name: &str) {
        must(lock(&self.service).add_reference(organization, connector_id, flow_name, "flow"));
    }

    /// Removes all references to connectors of an organization.
    ///
    /// # Panics
    /// When the organization does not exist, or the state file cannot be written.
    pub fn clear_references(&self, organization: &str) {
        must(lock(&self.service).clear_references(organization));
    }

    /// Expires every access token, those of the options included. Refresh tokens
    /// stay valid.
    pub fn expire_tokens(&self) {
        let mut service = lock(&self.service);
        let now = service.clock.now();
        service.tokens.expire(now);
    }

    /// Replaces the limit of requests in a minute. `None` is no limit.
    pub fn limit_requests(&self, limit: Option<u32>) {
        lock(&self.service).rate_limit.set(limit);
    }

    /// Moves the simulator's clock forward: tokens expire, the minute of the rate
    /// limit passes, created connectors become visible. Delays of responses are
    /// in real time and do not change.
    pub fn advance_clock(&self, by: Duration) {
        lock(&self.service).clock.advance(by);
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // This fails only after a panic of the thread, which has been printed.
            let _ = thread.join();
        }
    }
}

/// Panics with the error of a control request, so that the test fails.
fn must<T>(result: Result<T, control::ControlError>) -> T {
    result.unwrap_or_else(|error| panic!("the simulator refused: {error}"))
}
