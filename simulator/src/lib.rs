//! An HTTP server that behaves as the connector API of Webex Contact Center
//! is documented, seen and assumed to behave, with faults on demand.
//!
//! It exists because Webex offers no sandbox. Tests start it in their own
//! process through [`Simulator`]; the program `webex-cc-simulator` serves it
//! to everybody else. It is written from the contract in
//! `docs/api/custom-connectors.openapi.yaml` and shares nothing with the
//! client it is used to test.
//!
//! The way of a request: `server` reads it from a connection, `world` plays
//! `faults` and notes it in the `journal`, `api` decides who may call what,
//! `connector` and `store` hold the rules and the data, `oauth` and `tokens`
//! grant access, `control` is the way behind all this.

mod api;
mod clock;
mod connector;
mod control;
mod faults;
mod filter;
mod journal;
mod list;
mod message;
mod oauth;
mod options;
mod problem;
mod rate;
mod server;
mod store;
mod tokens;
mod world;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

pub use crate::faults::{Action, Moment, Script, ScriptedAnswer};
pub use crate::journal::Exchange;
pub use crate::options::{
    Authorization, CONNECTOR_LIMIT, DEFAULT_ORGANIZATION, OmittedSecret, Options, SecretsInAnswers,
};
use crate::server::{Shared, lock};
use crate::world::World;

/// A running simulator. Dropping it stops it and closes its connections.
///
/// It runs on a thread of its own, so it answers whatever the test around it
/// does meanwhile: block on a child process, pause its clock, or have no
/// runtime at all.
///
/// ```
/// use webex_cc_simulator::{Options, Script, Simulator};
///
/// # fn main() -> std::io::Result<()> {
/// let simulator = Simulator::start(Options::default())?;
/// simulator.faults([Script::answer(503, "maintenance".into()).times(1)]);
/// assert!(simulator.base_url().starts_with("http://127.0.0.1:"));
/// assert!(simulator.journal().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Simulator {
    world: Shared,
    address: SocketAddr,
    base_url: String,
    organizations: Vec<String>,
    tokens: Vec<String>,
    /// Never sent through: dropping it is the signal.
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Starts a simulator, which accepts connections when this returns.
    ///
    /// # Errors
    /// When the address cannot be bound, the state file cannot be read,
    /// understood or written, or the system grants no thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let world = World::new(options)?;
        let organizations = world.options.organizations.clone();
        let tokens = world.options.tokens.clone();
        let world = Arc::new(Mutex::new(world));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&world);
        let thread = std::thread::Builder::new()
            .name("webex-cc-simulator".to_owned())
            .spawn(move || runtime.block_on(server::serve(listener, served, stopped)))?;
        Ok(Self {
            world,
            address,
            base_url: format!("http://{address}"),
            organizations,
            tokens,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// `http://` with address and port, without a slash at its end. API, token
    /// endpoints and control interface are all under it.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first organization.
    #[must_use]
    pub fn organization(&self) -> &str {
        self.organizations.first().map_or("", String::as_str)
    }

    /// The first access token that may read and write.
    #[must_use]
    pub fn token(&self) -> &str {
        self.tokens.first().map_or("", String::as_str)
    }

    /// Every request since the start or since
    /// [`clear_journal`](Self::clear_journal), in order of arrival; control
    /// calls are not among them.
    #[must_use]
    pub fn journal(&self) -> Vec<Exchange> {
        lock(&self.world).journal.exchanges().to_vec()
    }

    /// Forgets the requests so far.
    pub fn clear_journal(&self) {
        lock(&self.world).journal.clear();
    }

    /// Puts these fault scripts in the place of all others; none of them ends
    /// all faults.
    ///
    /// # Panics
    /// When a scripted answer cannot be sent: a status below 200, or an
    /// invalid header.
    pub fn faults(&self, scripts: impl IntoIterator<Item = Script>) {
        must(lock(&self.world).set_faults(scripts.into_iter().collect()));
    }

    /// A connector as it is really stored, secrets included.
    ///
    /// # Panics
    /// When the organization does not exist.
    #[must_use]
    pub fn stored(&self, organization: &str, id: &str) -> Option<Value> {
        let world = lock(&self.world);
        let connector = must(world.known(organization)).connector(id)?;
        Some(Value::Object(connector.0.clone()))
    }

    /// All connectors of an organization as they are really stored, in the
    /// order in which they were created.
    ///
    /// # Panics
    /// When the organization does not exist.
    #[must_use]
    pub fn all_stored(&self, organization: &str) -> Vec<Value> {
        let world = lock(&self.world);
        let connectors = &must(world.known(organization)).connectors;
        connectors.iter().map(|connector| Value::Object(connector.0.clone())).collect()
    }

    /// Edits a connector behind the API's back, or creates one: the fields
    /// given take the place of the stored ones, the others stay, and nothing
    /// is checked. `version` and `lastUpdatedTime` move on unless the fields
    /// say otherwise. Returns what is stored now.
    ///
    /// # Panics
    /// When the organization does not exist, `fields` is not an object, or the
    /// state file cannot be written.
    pub fn store(&self, organization: &str, id: &str, fields: Value) -> Value {
        let Value::Object(fields) = fields else { panic!("the fields are not a JSON object") };
        must(lock(&self.world).put_stored(organization, id, fields))
    }

    /// Deletes a connector behind the API's back.
    ///
    /// # Panics
    /// When there is no such connector, or the state file cannot be written.
    pub fn remove(&self, organization: &str, id: &str) {
        must(lock(&self.world).remove_stored(organization, id));
    }

    /// Makes a flow of this name use a connector.
    ///
    /// # Panics
    /// When there is no such connector, or the state file cannot be written.
    pub fn add_reference(&self, organization: &str, connector_id: &str, flow_name: &str) {
        must(lock(&self.world).add_reference(organization, connector_id, flow_name, "flow"));
    }

    /// Makes no flow use any connector of an organization.
    ///
    /// # Panics
    /// When the organization does not exist, or the state file cannot be
    /// written.
    pub fn clear_references(&self, organization: &str) {
        must(lock(&self.world).clear_references(organization));
    }

    /// Ends every access token, those from the options too. Refresh tokens
    /// live on.
    pub fn expire_tokens(&self) {
        let mut world = lock(&self.world);
        let now = world.clock.now();
        world.tokens.expire(now);
    }

    /// Moves the simulator's clock forward: tokens end, the rate limit's
    /// minute passes, created connectors become visible. Delays of answers
    /// are in real time and not affected.
    pub fn advance_clock(&self, by: Duration) {
        lock(&self.world).clock.advance(by);
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It fails only if the thread panicked, which has been printed.
            let _ = thread.join();
        }
    }
}

/// A test that asks for the impossible is told so on the spot.
fn must<T>(result: Result<T, control::Refusal>) -> T {
    result.unwrap_or_else(|refusal| panic!("the simulator cannot do that: {refusal}"))
}
