//! A plugin client that acts as Terraform does.
//!
//! It starts a provider with go-plugin's environment and a certificate as go-plugin makes it, reads
//! the line on standard output, pins the provider's certificate, opens the side streams, and makes
//! calls. For tests of refusals, it can connect with the wrong certificate, with none, or without
//! TLS.

pub mod connection;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use futures_util::{StreamExt as _, stream};
use rustls::SupportedProtocolVersion;
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::codegen::StdError;
use tonic::transport::Channel;

/// The messages and clients of the protocol.
pub mod proto {
    #![allow(dead_code, missing_docs, unreachable_pub, clippy::all)]

    /// Terraform's own protocol.
    pub mod tfplugin5 {
        tonic::include_proto!("tfplugin5");
    }

    /// The services that go-plugin adds.
    pub mod plugin {
        tonic::include_proto!("plugin");
    }
}

use crate::system::{self, Signal};
use connection::connect;
pub use connection::{ALL_VERSIONS, Credentials, Identity};
use proto::plugin::grpc_broker_client::GrpcBrokerClient;
use proto::plugin::grpc_controller_client::GrpcControllerClient;
use proto::plugin::grpc_stdio_client::GrpcStdioClient;
use proto::tfplugin5::provider_client::ProviderClient;

/// Terraform's limit for messages.
const MESSAGE_LIMIT: usize = 256 << 20;

/// A deadline that a busy machine meets.
pub const PATIENCE: Duration = Duration::from_secs(30);

const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// How to start a provider.
pub struct Launch {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    directory: Option<PathBuf>,
    identity: Option<Identity>,
    debugging: bool,
    is_somebody_elses: bool,
    /// The provider's temporary files, removed at the end.
    temporary: tempfile::TempDir,
}

impl Launch {
    /// Starts a program as Terraform does, in an otherwise empty environment and with an empty
    /// temporary folder.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let identity = Identity::generate();
        let launch = Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            directory: None,
            identity: None,
            debugging: false,
            is_somebody_elses: false,
            temporary,
        };
        let pem = identity.pem();
        let mut launch = launch
            .with_what_the_system_needs()
            .with("HOME", "/nonexistent")
            .with("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
            .with("PLUGIN_PROTOCOL_VERSIONS", "6,5")
            .with("PLUGIN_MIN_PORT", "10000")
            .with("PLUGIN_MAX_PORT", "25000")
            .with("PLUGIN_CLIENT_CERT", pem);
        launch.identity = Some(identity);
        launch
    }

    /// Sets an environment variable.
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Names the temporary folder as Unix and Windows do, and passes on the variables that the
    /// system needs.
    fn with_what_the_system_needs(self) -> Self {
        let folder = self.temporary.path().to_owned();
        let launch = self.with("TMPDIR", &folder).with("TMP", folder);
        system::needed_variables().fold(launch, |launch, (name, value)| launch.with(name, value))
    }

    /// Removes an environment variable.
    pub fn without(mut self, name: &str) -> Self {
        self.environment.remove(&OsString::from(name));
        self
    }

    /// As with `TF_DISABLE_PLUGIN_TLS`.
    pub fn without_tls(mut self) -> Self {
        self.identity = None;
        self.without("PLUGIN_CLIENT_CERT")
    }

    /// Adds an argument.
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets the working directory.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Starts debug mode, without cookie and certificates.
    pub fn debugging(mut self) -> Self {
        self.identity = None;
        self.environment.clear();
        self.debugging = true;
        self.with_what_the_system_needs().argument("--debug")
    }

    /// Allows version 6 of the protocol, and a broken connection instead of a response to Shutdown.
    pub fn somebody_elses(mut self) -> Self {
        self.is_somebody_elses = true;
        self
    }

    /// Starts the provider from a shell that waits for it. [`Plugin::kill_parent`] kills the shell.
    /// For Unix.
    pub fn below_a_shell(mut self) -> Self {
        let provider = std::mem::replace(&mut self.program, "/bin/sh".into());
        self.arguments.insert(0, "-c".into());
        self.arguments.insert(1, "\"$0\" \"$@\" & wait".into());
        self.arguments.insert(2, provider.into());
        self
    }

    /// Starts the process.
    fn spawn(&self) -> Child {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command.spawn().unwrap()
    }

    /// Starts the provider, reads its announcement, and connects.
    pub async fn start(self) -> Plugin {
        let executed = Instant::now();
        let mut child = self.spawn();
        let stderr = Stderr::collect(child.stderr.take().unwrap());
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        let announcement = tokio::time::timeout(PATIENCE, async {
            while stdout.read_line(&mut text).await.unwrap() > 0 {
                if !self.debugging {
                    return Announcement::parse(&text);
                }
                if text.ends_with("Ctrl-C to stop it.\n") {
                    return Announcement::parse_debug_text(&text);
                }
            }
            None
        });
        let announcement = announcement.await.expect("an announcement in time");
        let announcement = announcement
            .unwrap_or_else(|| panic!("no announcement: {text:?}; stderr: {:#?}", stderr.lines()));
        let announced = Instant::now();
        assert!(self.is_somebody_elses || announcement.protocol == 5, "{text:?}");
        let rest_of_stdout = tokio::spawn(async move {
            let mut rest = String::new();
            stdout.read_to_string(&mut rest).await.unwrap();
            rest
        });

        let own = self.identity.as_ref();
        let credentials = if own.is_some() { Credentials::Own } else { Credentials::Plaintext };
        let channel = announcement.connect(own, &credentials, ALL_VERSIONS).await.unwrap();
        let (hold_open, closed) = oneshot::channel();
        let side_streams = open_side_streams(channel.clone(), closed);
        Plugin {
            launch: self,
            child,
            executed,
            announced,
            announcement,
            channel,
            side_streams,
            hold_open: Some(hold_open),
            stderr,
            rest_of_stdout,
        }
    }

    /// Starts a program that is expected to end by itself.
    pub async fn run(self) -> Output {
        let output = tokio::time::timeout(PATIENCE, self.spawn().wait_with_output());
        let output = output.await.expect("an end in time").unwrap();
        Output {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            left_behind: left_behind(&self.temporary),
        }
    }
}

/// The results of a program that ended by itself.
#[derive(Debug)]
pub struct Output {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// The names in its temporary folder.
    pub left_behind: Vec<PathBuf>,
}

/// The address of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A socket in the file system, as on Unix.
    Unix(PathBuf),
    /// A port, as on Windows.
    Tcp(SocketAddr),
}

impl Address {
    /// Parses an address as go-plugin does.
    fn parse(network: &str, place: &str) -> Option<Self> {
        match network {
            "unix" => Some(Self::Unix(place.into())),
            "tcp" => place.parse().map(Self::Tcp).ok(),
            _ => None,
        }
    }

    /// Returns the path of a socket in the file system.
    pub fn socket(&self) -> &Path {
        match self {
            Self::Unix(socket) => socket,
            Self::Tcp(address) => panic!("{address} is no socket in the file system"),
        }
    }
}

/// The parsed line of standard output.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// All fields.
    pub fields: Vec<String>,
    /// The version of the protocol.
    pub protocol: u32,
    /// The address.
    pub address: Address,
    /// The provider's certificate.
    pub certificate: Option<CertificateDer<'static>>,
}

impl Announcement {
    /// Parses the line as go-plugin does.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<String> = line.trim().split('|').map(str::to_owned).collect();
        let [core, version, network, place, protocol, certificate, ..] = fields.as_slice() else {
            return None;
        };
        if [core.as_str(), protocol] != ["1", "grpc"] {
            return None;
        }
        let address = Address::parse(network, place)?;
        let version = version.parse().ok()?;
        // go-plugin ignores a certificate of up to 50 characters.
        let certificate = (certificate.len() > 50)
            .then(|| STANDARD_NO_PAD.decode(certificate).map(CertificateDer::from))
            .transpose()
            .ok()?;
        Some(Self { protocol: version, address, certificate, fields })
    }

    /// Reads the variable in the output of debug mode as Terraform does.
    fn parse_debug_text(text: &str) -> Option<Self> {
        let (_, quoted) = text.split_once("TF_REATTACH_PROVIDERS")?;
        let (_, quoted) = quoted.split_once('\'')?;
        let (json, _) = quoted.split_once('\'')?;
        let providers: serde_json::Value = serde_json::from_str(json).ok()?;
        let (_, provider) = providers.as_object()?.iter().next()?;
        let text = |pointer: &str| provider.pointer(pointer)?.as_str();
        let address = Address::parse(text("/Addr/Network")?, text("/Addr/String")?)?;
        Some(Self { fields: vec![json.to_owned()], protocol: 5, address, certificate: None })
    }

    /// Connects to the announced address.
    async fn connect(
        &self,
        own: Option<&Identity>,
        credentials: &Credentials<'_>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Channel, tonic::transport::Error> {
        connect(&self.address, self.certificate.as_ref(), own, credentials, versions).await
    }
}

/// A started provider with a connection to it.
pub struct Plugin {
    launch: Launch,
    child: Child,
    /// When the start of the process began.
    pub executed: Instant,
    /// When its announcement was complete.
    pub announced: Instant,
    /// Its announcement.
    pub announcement: Announcement,
    channel: Channel,
    side_streams: JoinHandle<()>,
    /// Closes the client's side of the side streams when it is dropped.
    hold_open: Option<oneshot::Sender<()>>,
    stderr: Stderr,
    rest_of_stdout: JoinHandle<String>,
}

impl Plugin {
    /// The protocol's calls.
    pub fn provider(&self) -> ProviderClient<Channel> {
        provider_on(self.channel.clone())
    }

    /// The connection, for other services.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Opens a further connection.
    pub async fn connect(&self, credentials: &Credentials<'_>) -> Result<Channel, StdError> {
        self.connect_with(credentials, ALL_VERSIONS).await
    }

    /// Opens a further connection over certain versions of TLS.
    pub async fn connect_with(
        &self,
        credentials: &Credentials<'_>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Channel, StdError> {
        let own = self.launch.identity.as_ref();
        Ok(self.announcement.connect(own, credentials, versions).await?)
    }

    /// The lines of standard error so far.
    pub fn stderr(&self) -> Vec<String> {
        self.stderr.lines()
    }

    /// The id of the process that was started.
    pub fn process(&self) -> u32 {
        self.child.id().expect("a process that has not been waited for")
    }

    /// Sends a signal to the process that was started. For Unix.
    pub fn signal(&self, signal: Signal) {
        system::send(signal, self.process());
    }

    /// Kills the process that was started, without waiting.
    pub fn kill(&mut self) {
        self.child.start_kill().unwrap();
    }

    /// Ends the process as Terraform does, which waits for two seconds and then kills.
    pub async fn shutdown(mut self) -> Ended {
        let mut controller = GrpcControllerClient::new(self.channel.clone());
        let answer = controller.shutdown(proto::plugin::Empty {}).await;
        assert!(self.launch.is_somebody_elses || answer.is_ok(), "{answer:?}");
        let answered = Instant::now();
        self.wait(answered).await
    }

    /// Closes all connections and waits for its end.
    pub async fn abandon(mut self) -> Ended {
        drop(self.hold_open.take());
        self.side_streams.abort();
        let _ = (&mut self.side_streams).await;
        // A channel without a connection replaces the channel.
        let nobody = tonic::transport::Endpoint::from_static("http://localhost").connect_lazy();
        drop(std::mem::replace(&mut self.channel, nobody));
        self.side_streams = tokio::spawn(std::future::ready(()));
        self.wait(Instant::now()).await
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> Ended {
        self.wait(Instant::now()).await
    }

    /// Kills the process that was started: the provider, or the shell above it. Waits for the
    /// provider's end.
    pub async fn kill_parent(mut self) -> Ended {
        self.kill();
        self.wait(Instant::now()).await
    }

    async fn wait(&mut self, since: Instant) -> Ended {
        let ended = async {
            // The end of the process closes both outputs, even if it is no direct child.
            let rest_of_stdout = (&mut self.rest_of_stdout).await.unwrap();
            self.stderr.closed().await;
            let took = since.elapsed();
            let status = self.child.wait().await.unwrap();
            (rest_of_stdout, took, status)
        };
        let ended = tokio::time::timeout(PATIENCE, ended).await;
        let (rest_of_stdout, took, status) = ended.expect("an end in time");
        // They end with the connection, and panic if anything arrived.
        (&mut self.side_streams).await.unwrap();
        Ended {
            status,
            took,
            rest_of_stdout,
            stderr: self.stderr.lines(),
            left_behind: left_behind(&self.launch.temporary),
        }
    }
}

/// How a provider ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit status of the process that was started.
    pub status: ExitStatus,
    /// The time until the provider ended.
    pub took: Duration,
    /// Its standard output after the announcement.
    pub rest_of_stdout: String,
    /// Its standard error.
    pub stderr: Vec<String>,
    /// The names in its temporary folder.
    pub left_behind: Vec<PathBuf>,
}

impl Ended {
    /// Checks that no files are left, and no output but log lines.
    pub fn assert_tidy(&self) -> &Self {
        assert_eq!(self.left_behind, Vec::<PathBuf>::new(), "files left behind");
        assert_eq!(self.rest_of_stdout, "", "standard output after the announcement");
        for line in &self.stderr {
            assert_is_log_line(line);
        }
        self
    }
}

/// Checks a line of standard error against Terraform's requirements.
pub fn assert_is_log_line(line: &str) {
    let fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    for reserved in ["@level", "@message", "@module", "@timestamp"] {
        assert!(fields.get(reserved).is_some_and(serde_json::Value::is_string), "{line}");
    }
    let time = fields["@timestamp"].as_str().unwrap();
    assert_eq!(time.len(), "2026-01-02T03:04:05.000006Z".len(), "{line}");
}

/// The protocol's calls on a connection, within Terraform's limits.
pub fn provider_on(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT)
}

/// Opens the two streams that go-plugin keeps open, until `closed`.
fn open_side_streams(channel: Channel, closed: oneshot::Receiver<()>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let stdio = async {
            let mut client = GrpcStdioClient::new(channel.clone());
            let mut output = client.stream_stdio(()).await.ok()?.into_inner();
            if let Ok(Some(piece)) = output.message().await {
                panic!("the provider sent output: {piece:?}");
            }
            Some(())
        };
        let broker = async {
            let mut client = GrpcBrokerClient::new(channel.clone());
            let nothing = stream::pending().take_until(closed);
            let announced = client.start_stream(nothing).await;
            let mut connections = announced.ok()?.into_inner();
            if let Ok(Some(connection)) = connections.message().await {
                panic!("the provider announced a connection: {connection:?}");
            }
            Some(())
        };
        tokio::join!(stdio, broker);
    })
}

fn left_behind(folder: &tempfile::TempDir) -> Vec<PathBuf> {
    folder.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Collects lines of standard error.
struct Stderr {
    lines: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl Stderr {
    fn collect(source: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let reader = tokio::spawn(async move {
            let mut source = BufReader::new(source).lines();
            while let Some(line) = source.next_line().await.unwrap() {
                sink.lock().unwrap().push(line);
            }
        });
        Self { lines, reader }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    async fn closed(&mut self) {
        (&mut self.reader).await.unwrap();
    }
}

/// Returns the folder of a socket.
pub fn folder_of(socket: &Path) -> &Path {
    socket.parent().expect("a socket in a folder")
}
