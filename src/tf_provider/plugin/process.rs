//! The life of the process, from the first instruction to the exit code.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tonic::transport::Server;

use super::announcement::{Shell, debug_instructions, handshake_line};
use super::connection::accept_all;
use super::handshake::{self, Handshake, HandshakeError, ListenOn, Transport};
use super::lifetime::{Lifetime, TIME_FOR_CHANGES};
use super::listener::{ListenError, Listener};
use super::parent::Parent;
use super::side_services::routes;
use super::signals::Signals;
use super::tls::{ServerIdentity, TlsError};
use super::{log, panics};
use crate::protocol::tfplugin5::provider_server::Provider;

/// How much of a large message may be under way before the receiver has to
/// acknowledge it: per call, and for all calls of a connection together.
const CALL_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// How long connections may take to close after the last call has ended.
const TIME_TO_CLOSE: Duration = Duration::from_millis(40);

/// Which provider the process is.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its local name, such as `webex`.
    pub name: &'static str,
    /// Its version, without a leading `v`.
    pub version: &'static str,
    /// Its full address, such as `registry.terraform.io/example/webex`.
    pub address: &'static str,
}

/// Who uses the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The Terraform that started it, once.
    Child,
    /// Any Terraform that is told to, until somebody presses Ctrl-C. For
    /// debuggers: there is no encryption and no cookie.
    Debug,
}

/// Whether Terraform (and not a person) started this process.
#[must_use]
pub fn started_by_terraform() -> bool {
    handshake::is_cookie(std::env::var_os(handshake::cookie_name()))
}

/// Serves a provider until Terraform is done with it, and returns the exit code
/// for `main` to return at once.
///
/// `make_service` is called once, with a handle on the life of the process,
/// after Terraform has been told where to connect: the more of the work it does
/// is done while Terraform connects.
///
/// Takes over the process: its signals, its panic hook, its log, standard
/// output and standard error. To be called once, and with no async runtime
/// running.
pub fn run<S, F>(about: &About, mode: Mode, make_service: F) -> ExitCode
where
    S: Provider,
    F: FnOnce(Lifetime) -> S,
{
    // The parent is noted before anything takes time in which it could end.
    let parent = Parent::note();
    panics::install_hook();
    log::install(about);
    match serve(about, mode, parent, make_service) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            explain(about, mode, &error);
            ExitCode::FAILURE
        }
    }
}

/// Why the process ends without having served.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot start the event loop: {0}")]
    Runtime(io::Error),
    #[error("cannot take over the signals: {0}")]
    Signals(io::Error),
    #[error("cannot tell Terraform where to connect: {0}")]
    Announcement(io::Error),
    #[error("cannot serve connections: {0}")]
    Connections(#[from] tonic::transport::Error),
}

fn serve<S, F>(about: &About, mode: Mode, parent: Parent, make_service: F) -> Result<(), StartError>
where
    S: Provider,
    F: FnOnce(Lifetime) -> S,
{
    let handshake = match mode {
        Mode::Child => Handshake::from_environment(std::env::var_os, Transport::native())?,
        Mode::Debug => debug_handshake(),
    };
    // One thread: a provider waits for others nearly all of the time, and each
    // start of a thread would delay the start of the process.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let outcome = runtime.block_on(serve_connections(about, mode, handshake, parent, make_service));
    // Look-ups of host names run in threads that cannot be interrupted.
    runtime.shutdown_background();
    outcome
}

/// Debug mode: the usual place, no certificates.
fn debug_handshake() -> Handshake {
    let listen_on = match Transport::native() {
        Transport::Unix => ListenOn::Unix { directory: None, group: None },
        Transport::Tcp => ListenOn::Tcp { ports: 0..=0 },
    };
    Handshake { listen_on, client_certificate: None, multiplexing_asked: false }
}

async fn serve_connections<S, F>(
    about: &About,
    mode: Mode,
    handshake: Handshake,
    parent: Parent,
    make_service: F,
) -> Result<(), StartError>
where
    S: Provider,
    F: FnOnce(Lifetime) -> S,
{
    // Before there is anything on disk that a signal could leave behind.
    let mut signals = Signals::install().map_err(StartError::Signals)?;
    let identity = handshake.client_certificate.map(ServerIdentity::for_client).transpose()?;
    let listener = Listener::open(&handshake.listen_on)?;

    let address = listener.address();
    let announcement = match mode {
        Mode::Child => {
            let certificate = identity.as_ref().map(|identity| &identity.certificate);
            handshake_line(&address, certificate, handshake.multiplexing_asked)
        }
        Mode::Debug => {
            debug_instructions(about.address, &address, std::process::id(), Shell::native())
        }
    };
    announce(&announcement).map_err(StartError::Announcement)?;
    tracing::debug!(version = about.version, address = address.place, "The provider listens");

    let lifetime = match mode {
        Mode::Child => Lifetime::new(),
        Mode::Debug => Lifetime::of_many_runs(),
    };
    let routes = routes(make_service(lifetime.clone()), &lifetime).await;
    let clients = accept_all(listener, identity.map(|identity| identity.config), lifetime.clone());
    let server = Server::builder()
        .initial_stream_window_size(CALL_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .add_routes(routes)
        .serve_with_incoming_shutdown(clients, lifetime.closing().cancelled_owned());

    let end = async {
        let ending = wait_for_end(mode, &lifetime, parent, &mut signals).await;
        tracing::debug!(reason = ending.reason(), "The provider ends");
        wind_down(ending, &lifetime).await;
    };
    tokio::select! {
        // It returns when the connections have closed after `end` told them to.
        served = server => Ok(served?),
        () = end => Ok(()),
    }
}

/// Why the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Terraform is done with us; after 2 s it kills us.
    Shutdown,
    /// Terraform itself has ended.
    Orphaned,
    /// Nobody is connected any more.
    Abandoned,
    /// Somebody asked for it by a signal. Whoever stops a container or a job
    /// waits for 10 s or more before they kill.
    Terminated,
}

impl Ending {
    fn reason(self) -> &'static str {
        match self {
            Self::Shutdown => "Terraform is done",
            Self::Orphaned => "Terraform has ended",
            Self::Abandoned => "nobody is connected",
            Self::Terminated => "a signal",
        }
    }

    /// How long calls may take to come back after they were told to stop. Most
    /// often none is running.
    fn time_for_calls(self) -> Duration {
        match self {
            Self::Shutdown | Self::Orphaned | Self::Abandoned => Duration::from_millis(1500),
            Self::Terminated => Duration::from_secs(8),
        }
    }
}

async fn wait_for_end(
    mode: Mode,
    lifetime: &Lifetime,
    parent: Parent,
    signals: &mut Signals,
) -> Ending {
    let signal = async {
        match mode {
            Mode::Child => signals.terminated().await,
            Mode::Debug => signals.interrupted().await,
        }
    };
    let alone = async {
        match mode {
            Mode::Child => tokio::select! {
                () = parent.gone() => Ending::Orphaned,
                () = lifetime.abandoned() => Ending::Abandoned,
            },
            // It serves whoever comes, for as long as it takes them to come.
            Mode::Debug => std::future::pending().await,
        }
    };
    tokio::select! {
        () = lifetime.shutdown() => Ending::Shutdown,
        ending = alone => ending,
        () = signal => Ending::Terminated,
    }
}

/// Lets what is running come to its end, within bounds.
async fn wind_down(ending: Ending, lifetime: &Lifetime) {
    lifetime.stop();
    // Those that are still running then are cut off. A change may be between
    // two requests that belong together and gets more time for the second,
    // whoever has gone: nobody but us knows that it is needed. Whoever kills us
    // meanwhile does no more harm than ending by ourselves would.
    let _ = tokio::join!(
        timeout(ending.time_for_calls(), lifetime.idle()),
        timeout(TIME_FOR_CHANGES, lifetime.unchanging()),
    );
    lifetime.closing().cancel();
    sleep(TIME_TO_CLOSE).await;
}

/// Writes the one thing that ever goes to standard output.
fn announce(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// Says on standard error why the process ends: to a person in plain words, to
/// Terraform as a log line.
fn explain(about: &About, mode: Mode, error: &StartError) {
    let for_a_person = match (mode, error) {
        (Mode::Child, StartError::Handshake(HandshakeError::NotStartedByTerraform)) => format!(
            "This program is the Terraform provider \"{name}\", version {version}. Terraform starts \
             it when a configuration needs it; by itself it does nothing.\n\
             To use it, name it in the required_providers block of a configuration and run \
             terraform init.\n",
            name = about.name,
            version = about.version,
        ),
        (Mode::Debug, error) => format!("The provider cannot start: {error}\n"),
        (Mode::Child, error) => {
            let error = error.to_string();
            log::write_error("The provider cannot start", &[("error", error.as_str())]);
            return;
        }
    };
    // Nobody is left to tell when this fails.
    let _ = io::stderr().lock().write_all(for_a_person.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Ending, Lifetime, TIME_FOR_CHANGES, TIME_TO_CLOSE, wind_down};

    const ALL: [Ending; 4] =
        [Ending::Shutdown, Ending::Orphaned, Ending::Abandoned, Ending::Terminated];

    #[tokio::test(start_paused = true)]
    async fn calls_that_heed_the_stop_are_all_that_is_waited_for() {
        for ending in ALL {
            let lifetime = Lifetime::new();
            let stopping = lifetime.stopping();
            let call = lifetime.spawn(async move {
                stopping.cancelled().await;
                // The request that is under way.
                tokio::time::sleep(Duration::from_millis(300)).await;
            });
            let started = Instant::now();
            wind_down(ending, &lifetime).await;
            assert_eq!(started.elapsed(), Duration::from_millis(300) + TIME_TO_CLOSE);
            assert!(call.is_finished());
            assert!(lifetime.closing().is_cancelled());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn changes_have_the_time_that_they_need() {
        for ending in ALL {
            let lifetime = Lifetime::new();
            let (stopping, change) = (lifetime.stopping(), lifetime.change());
            let call = lifetime.spawn(async move {
                stopping.cancelled().await;
                tokio::time::sleep(TIME_FOR_CHANGES - Duration::from_secs(1)).await;
                drop(change);
            });
            wind_down(ending, &lifetime).await;
            assert!(call.is_finished(), "{ending:?}");

            // But not for ever.
            let lifetime = Lifetime::new();
            let _change = lifetime.change();
            let started = Instant::now();
            wind_down(ending, &lifetime).await;
            assert_eq!(started.elapsed(), TIME_FOR_CHANGES + TIME_TO_CLOSE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_never_end_are_cut_off_in_time() {
        // Terraform kills two seconds after Shutdown; an orphan has two, too.
        let limits = [2, 2, 2, 10].map(Duration::from_secs);
        for (ending, limit) in ALL.into_iter().zip(limits) {
            let lifetime = Lifetime::new();
            lifetime.spawn(pending::<()>());
            let started = Instant::now();
            wind_down(ending, &lifetime).await;
            assert!(started.elapsed() < limit, "{ending:?}: {:?}", started.elapsed());
        }
    }
}
