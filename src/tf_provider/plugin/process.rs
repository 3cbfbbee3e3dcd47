//! The life of the process, from the first instruction to the exit code.

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tonic::transport;

use super::connection::accept_all;
use super::go_plugin_services::routes;
use super::handshake::{self, Handshake, HandshakeError, ListenOn, SocketKind};
use super::handshake_output::{Shell, debug_instructions, handshake_line};
use super::listener::{ListenError, Listener};
use super::log;
use super::memory;
use super::parent::Parent;
use super::provider_info::ProviderInfo;
use super::signals::Signals;
use super::tls::{ServerIdentity, TlsError};
use super::watchdog;
use crate::lifetime::Lifetime;
use crate::protocol::tfplugin5::provider_server::Provider as ProviderService;

/// The flow-control windows of HTTP/2: per call, and per connection.
const CALL_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// How long connections may take to close after the last call has ended.
const TIME_TO_CLOSE: Duration = Duration::from_millis(40);

/// The client that a process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The Terraform that started the process, once.
    Child,
    /// Any Terraform that is set up to attach, until somebody presses Ctrl-C.
    /// For debuggers: there is no encryption and no cookie.
    Debug,
}

/// Whether Terraform (and not a person) started this process.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the cookie is in the environment")]
pub fn started_by_terraform() -> bool {
    handshake::is_cookie(std::env::var_os(handshake::COOKIE_NAME))
}

/// Serves a provider; see [`serve`](crate::serve()). `make_service` gets a handle
/// on the life of the process.
pub(crate) fn run<S: ProviderService>(
    info: &ProviderInfo,
    mode: Mode,
    make_service: impl FnOnce(Lifetime) -> S,
) -> ExitCode {
    // First of all, before the parent could end.
    let parent = Parent::current();
    if mode == Mode::Child {
        memory::keep_private();
    }
    log::report_panics();
    log::install(info);
    match serve(info, mode, parent, make_service) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report_start_error(info, mode, &error);
            ExitCode::FAILURE
        }
    }
}

/// The reason why the process ends without having served.
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
    #[error("cannot start a thread: {0}")]
    Watchdog(io::Error),
    #[error("cannot tell Terraform where to connect: {0}")]
    HandshakeOutput(io::Error),
    #[error("cannot serve connections: {0}")]
    Connections(#[from] transport::Error),
}

fn serve<S: ProviderService>(
    info: &ProviderInfo,
    mode: Mode,
    parent: Parent,
    make_service: impl FnOnce(Lifetime) -> S,
) -> Result<(), StartError> {
    let handshake = match mode {
        Mode::Child => child_handshake()?,
        Mode::Debug => debug_handshake(),
    };
    let runtime = (info.runtime)().map_err(StartError::Runtime)?;
    let served = runtime.block_on(serve_connections(info, mode, handshake, parent, make_service));
    // Look-ups of host names run in threads that cannot be interrupted.
    runtime.shutdown_background();
    served
}

/// Returns the terms of the Terraform that started the process.
#[expect(clippy::disallowed_methods, reason = "the terms are in the environment")]
fn child_handshake() -> Result<Handshake, HandshakeError> {
    Handshake::from_environment(std::env::var_os, SocketKind::native())
}

/// Returns the terms of debug mode: the default socket, no certificates.
fn debug_handshake() -> Handshake {
    let listen_on = match SocketKind::native() {
        SocketKind::Unix => ListenOn::Unix,
        SocketKind::Tcp => ListenOn::Tcp { ports: 0..=0 },
    };
    Handshake { listen_on, client_certificate: None }
}

async fn serve_connections<S: ProviderService>(
    info: &ProviderInfo,
    mode: Mode,
    handshake: Handshake,
    parent: Parent,
    make_service: impl FnOnce(Lifetime) -> S,
) -> Result<(), StartError> {
    // Before the socket is on disk, where a signal could leave it behind.
    let mut signals = Signals::install().map_err(StartError::Signals)?;
    let identity = handshake.client_certificate.map(ServerIdentity::for_client).transpose()?;
    let listener = Listener::open(&handshake.listen_on)?;

    let address = listener.address();
    let lifetime = Lifetime::new();
    let end = end_of_a_blocked_process(mode, parent, lifetime.clone(), info.time_for_changes);
    watchdog::start(listener.folder(), end).map_err(StartError::Watchdog)?;

    let output = match mode {
        Mode::Child => {
            let certificate = identity.as_ref().map(|identity| &identity.certificate);
            handshake_line(&address, certificate)
        }
        Mode::Debug => {
            debug_instructions(info.address, &address, std::process::id(), Shell::native())
        }
    };
    print(&output).map_err(StartError::HandshakeOutput)?;
    tracing::debug!(version = info.version, address = address.place, "The provider listens");

    let routes = routes(make_service(lifetime.clone()), &lifetime).await;
    let clients = accept_all(listener, identity.map(|identity| identity.config), lifetime.clone());
    let server = transport::Server::builder()
        .initial_stream_window_size(CALL_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .add_routes(routes)
        .serve_with_incoming_shutdown(clients, lifetime.closing().cancelled_owned());

    let end = async {
        let reason = wait_for_shutdown(mode, &lifetime, parent, &mut signals).await;
        tracing::debug!(reason = reason.text(), "The provider exits");
        shut_down(reason, &lifetime, info.time_for_changes).await;
    };
    tokio::select! {
        // The server returns when the connections have closed, on the order of `end`.
        served = server => Ok(served?),
        () = end => Ok(()),
    }
}

/// The reason why the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShutdownReason {
    /// Terraform has finished, and kills the process after 2 s.
    Requested,
    /// Terraform itself has ended.
    Orphaned,
    /// No client is connected any more.
    Abandoned,
    /// A signal. Container and job runtimes wait for 10 s or more before they
    /// kill.
    Terminated,
}

impl ShutdownReason {
    fn text(self) -> &'static str {
        match self {
            Self::Requested => "Terraform is done",
            Self::Orphaned => "Terraform has exited",
            Self::Abandoned => "no client is connected",
            Self::Terminated => "a signal",
        }
    }

    /// Returns how long calls may run after the stop. Most often none is running.
    fn call_timeout(self) -> Duration {
        match self {
            Self::Requested | Self::Orphaned | Self::Abandoned => Duration::from_millis(1500),
            Self::Terminated => Duration::from_secs(8),
        }
    }
}

async fn wait_for_shutdown(
    mode: Mode,
    lifetime: &Lifetime,
    parent: Parent,
    signals: &mut Signals,
) -> ShutdownReason {
    let signal = async {
        match mode {
            Mode::Child => signals.terminated().await,
            Mode::Debug => signals.interrupted().await,
        }
    };
    let alone = async {
        match mode {
            Mode::Child => tokio::select! {
                () = parent.gone() => ShutdownReason::Orphaned,
                () = lifetime.abandoned() => ShutdownReason::Abandoned,
            },
            // Debug mode waits for clients indefinitely.
            Mode::Debug => std::future::pending().await,
        }
    };
    tokio::select! {
        () = lifetime.shutdown() => ShutdownReason::Requested,
        ending = alone => ending,
        () = signal => ShutdownReason::Terminated,
    }
}

/// Returns what the watchdog waits for: a signal or the end of Terraform, and then the time that an
/// orderly end takes.
fn end_of_a_blocked_process(
    mode: Mode,
    parent: Parent,
    lifetime: Lifetime,
    time_for_changes: Duration,
) -> impl FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send + 'static {
    move || {
        Box::pin(async move {
            let reason = wait_for_the_end(mode, parent).await;
            shut_down(reason, &lifetime, time_for_changes).await;
        })
    }
}

/// Waits for the two ends that nothing in the process decides.
async fn wait_for_the_end(mode: Mode, parent: Parent) -> ShutdownReason {
    let signal = async {
        match Signals::install() {
            Ok(mut signals) => match mode {
                Mode::Child => signals.only_terminated().await,
                Mode::Debug => signals.interrupted().await,
            },
            Err(_) => std::future::pending().await,
        }
    };
    let orphaned = async {
        match mode {
            Mode::Child => parent.gone().await,
            Mode::Debug => std::future::pending().await,
        }
    };
    tokio::select! {
        () = orphaned => ShutdownReason::Orphaned,
        () = signal => ShutdownReason::Terminated,
    }
}

/// Stops running calls, waits for them within bounds, and closes connections.
async fn shut_down(reason: ShutdownReason, lifetime: &Lifetime, time_for_changes: Duration) {
    lifetime.end();
    // Calls that still run after that are cut off. An update may be between two
    // dependent requests. It gets more time, even if Terraform has ended:
    // nothing else will send the second one.
    let _ = tokio::join!(
        timeout(reason.call_timeout(), lifetime.calls_finished()),
        timeout(time_for_changes, lifetime.changes_finished()),
    );
    lifetime.closing().cancel();
    sleep(TIME_TO_CLOSE).await;
}

/// Writes the handshake line or the instructions: nothing else goes to standard
/// output.
fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// Reports on standard error why the process ends: to a person as plain text, to
/// Terraform as a log line.
fn report_start_error(info: &ProviderInfo, mode: Mode, error: &StartError) {
    let text = match (mode, error) {
        (Mode::Child, StartError::Handshake(HandshakeError::NotStartedByTerraform)) => format!(
            "This program is the Terraform provider \"{name}\", version {version}. Terraform \
             starts it when a configuration needs it; by itself it does nothing.\nTo use it, name \
             it in the required_providers block of a configuration and run terraform init.\n",
            name = info.name,
            version = info.version,
        ),
        (Mode::Debug, error) => format!("The provider cannot start: {error}\n"),
        (Mode::Child, error) => {
            let error = error.to_string();
            log::write_error("The provider cannot start", &[("error", error.as_str())]);
            return;
        }
    };
    // There is nowhere to report that this failed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{
        Lifetime, Mode, Parent, ShutdownReason, TIME_TO_CLOSE, end_of_a_blocked_process, shut_down,
    };

    /// Shorter than the default, which is a policy of the provider.
    const TIME_FOR_CHANGES: Duration = Duration::from_secs(12);

    const ALL: [ShutdownReason; 4] = [
        ShutdownReason::Requested,
        ShutdownReason::Orphaned,
        ShutdownReason::Abandoned,
        ShutdownReason::Terminated,
    ];

    #[tokio::test(start_paused = true)]
    async fn shutdown_waits_for_calls_that_heed_the_stop_only() {
        for reason in ALL {
            let lifetime = Lifetime::new();
            let stopping = lifetime.stopping();
            let call = lifetime.spawn(async move {
                stopping.cancelled().await;
                // The request in flight.
                tokio::time::sleep(Duration::from_millis(300)).await;
            });
            let started = Instant::now();
            shut_down(reason, &lifetime, TIME_FOR_CHANGES).await;
            assert_eq!(started.elapsed(), Duration::from_millis(300) + TIME_TO_CLOSE);
            assert!(call.is_finished());
            assert!(lifetime.closing().is_cancelled());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_waits_for_changes_within_a_bound() {
        for reason in ALL {
            let lifetime = Lifetime::new();
            let (stopping, change) = (lifetime.stopping(), lifetime.change());
            let call = lifetime.spawn(async move {
                stopping.cancelled().await;
                tokio::time::sleep(TIME_FOR_CHANGES - Duration::from_secs(1)).await;
                drop(change);
            });
            shut_down(reason, &lifetime, TIME_FOR_CHANGES).await;
            assert!(call.is_finished(), "{reason:?}");

            // A change that never ends is cut off.
            let lifetime = Lifetime::new();
            let _change = lifetime.change();
            let started = Instant::now();
            shut_down(reason, &lifetime, TIME_FOR_CHANGES).await;
            assert_eq!(started.elapsed(), TIME_FOR_CHANGES + TIME_TO_CLOSE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_cuts_off_calls_that_never_end() {
        // Terraform kills two seconds after Shutdown; an orphan has two, too.
        let limits = [2, 2, 2, 10].map(Duration::from_secs);
        for (reason, limit) in ALL.into_iter().zip(limits) {
            let lifetime = Lifetime::new();
            lifetime.spawn(pending::<()>());
            let started = Instant::now();
            shut_down(reason, &lifetime, TIME_FOR_CHANGES).await;
            assert!(started.elapsed() < limit, "{reason:?}: {:?}", started.elapsed());
        }
    }

    #[cfg(unix)]
    mod blocked_process {
        use std::process::{Child, Command};
        use std::time::Instant;

        use rustix::process::{Pid, Signal, kill_process};

        use super::super::{Signals, watchdog};
        use super::*;

        /// Names the folder of a process that this test starts from its own program.
        const FOLDER: &str = "WATCHDOG_TEST_FOLDER";

        #[test]
        #[expect(clippy::disallowed_methods, reason = "the test starts itself")]
        fn blocked_process_ends_after_sigterm() {
            if let Some(folder) = std::env::var_os(FOLDER) {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(async move {
                    let _signals = Signals::install().unwrap();
                    let end = end_of_a_blocked_process(
                        Mode::Child,
                        Parent::current(),
                        Lifetime::new(),
                        TIME_FOR_CHANGES,
                    );
                    watchdog::start(Some(folder.clone().into()), end).unwrap();
                    // The watchdog waits for the signal as soon as it has the processor.
                    std::thread::sleep(Duration::from_millis(500));
                    std::fs::create_dir(folder).unwrap();
                    // Neither an await nor an event from here on.
                    std::thread::sleep(Duration::from_secs(600));
                    pending::<()>().await
                });
                return;
            }
            let parent = tempfile::tempdir().unwrap();
            let folder = parent.path().join("socket");
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "plugin::process::tests::blocked_process::blocked_process_ends_after_sigterm",
                ])
                .env(FOLDER, &folder)
                .spawn()
                .unwrap();
            let started = Instant::now();
            while !folder.exists() && started.elapsed() < Duration::from_secs(60) {
                std::thread::sleep(Duration::from_millis(20));
            }
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
            let ended = ends_within(&mut child, Duration::from_secs(15));
            let _ = child.kill();
            assert_eq!(ended, Some(1));
            assert!(!folder.exists(), "the folder of the socket is left behind");
        }

        fn ends_within(child: &mut Child, limit: Duration) -> Option<i32> {
            let started = Instant::now();
            while started.elapsed() < limit {
                if let Ok(Some(status)) = child.try_wait() {
                    return status.code();
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            None
        }
    }
}
