//! Tests the transport with faulty peers on loopback addresses.

mod floods;
mod http_2;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::testing::{budget, organization, pem, settings, static_token};
use crate::{BodyProblem, Client, Error, ErrorKind};

/// Long enough for a loopback connection on a busy machine, short enough for a test that waits for
/// it to pass.
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(20);

/// Starts a peer that does the same with each connection, and counts them.
async fn peer<F, Fut>(behave: F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(behave(stream));
        }
    });
    (address, connections)
}

/// Reads the head of a request.
async fn read_head(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Starts a peer that sends a text in response to every request and closes the connection.
async fn saying(text: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    peer(move |mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(text.as_bytes()).await.unwrap();
    })
    .await
}

fn deadlines() -> Deadlines {
    Deadlines { connect: LONG, first_byte: LONG, idle: LONG }
}

fn settings_for(scheme: &str, host: &str, port: u16, deadlines: Deadlines) -> Settings {
    let mut settings = settings(static_token());
    settings.base_url = Url::parse(&format!("{scheme}://{host}:{port}")).unwrap();
    settings.deadlines = deadlines;
    settings.max_retries = 0;
    settings
}

async fn list(settings: Settings) -> Result<usize, Error> {
    let client = Client::new(settings).unwrap();
    client.connectors(organization()).list(&budget()).await.map(|list| list.len())
}

async fn kind(settings: Settings) -> ErrorKind {
    list(settings).await.unwrap_err().kind.clone()
}

async fn plain(address: SocketAddr) -> ErrorKind {
    kind(settings_for("http", "127.0.0.1", address.port(), deadlines())).await
}

#[tokio::test]
async fn response_is_read() {
    let (address, _) = saying("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"data\":[]}").await;
    let settings = settings_for("http", "127.0.0.1", address.port(), deadlines());
    assert_eq!(list(settings).await, Ok(0));
}

#[tokio::test]
async fn refused_connection_is_a_connection_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(plain(address).await, ErrorKind::Connection);
}

#[tokio::test]
async fn unresolvable_name_is_reported_with_its_host() {
    // RFC 6761 §6.4: names in `invalid` resolve to nothing, anywhere.
    let host = "unresolvable.invalid";
    let error = list(settings_for("https", host, 443, deadlines())).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NameResolution, "{error:?}");
    assert_eq!(error.host.as_deref(), Some(host));
    let cause = error.cause.as_ref().unwrap().to_string();
    let times = cause.matches("cannot be resolved").count();
    assert!(cause.starts_with("the name unresolvable.invalid cannot be") && times == 1, "{cause}");
}

#[tokio::test]
async fn endless_body_is_cut_off() {
    let (address, _) = peer(|mut stream| async move {
        read_head(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let piece = vec![b' '; 64 * 1024];
        while stream.write_all(&piece).await.is_ok() {}
    })
    .await;
    assert_eq!(plain(address).await, ErrorKind::BodyTooLarge { limit: LARGEST_RESPONSE });
}

#[tokio::test]
async fn truncated_body_is_a_lost_connection() {
    let (address, _) = saying("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"data\":[]}").await;
    assert_eq!(plain(address).await, ErrorKind::ConnectionLost);
}

#[tokio::test]
async fn compressed_body_is_not_decompressed() {
    let (address, _) =
        saying("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n123").await;
    assert_eq!(plain(address).await, ErrorKind::UnreadableBody(BodyProblem::Compressed));
}

#[tokio::test]
async fn response_that_is_not_http_is_a_lost_connection() {
    let (address, _) = saying("\u{0}\u{1}garbage\r\n\r\n").await;
    assert_eq!(plain(address).await, ErrorKind::ConnectionLost);
    let (address, _) = saying("").await;
    assert_eq!(plain(address).await, ErrorKind::ConnectionLost);
}

async fn silent() -> (SocketAddr, Arc<AtomicUsize>) {
    peer(|mut stream| async move {
        read_head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await
}

#[tokio::test]
async fn late_connection_is_a_connect_timeout() {
    // Accepts, but never begins the TLS handshake.
    let (address, _) = silent().await;
    let deadlines = Deadlines { connect: SHORT, ..deadlines() };
    let settings = settings_for("https", "127.0.0.1", address.port(), deadlines);
    assert_eq!(kind(settings).await, ErrorKind::Timeout(Deadline::Connect));
}

#[tokio::test]
async fn late_first_byte_is_a_timeout() {
    let (address, _) = silent().await;
    let deadlines = Deadlines { connect: SHORT, first_byte: SHORT, idle: LONG };
    let settings = settings_for("http", "127.0.0.1", address.port(), deadlines);
    assert_eq!(kind(settings).await, ErrorKind::Timeout(Deadline::FirstByte));
}

#[tokio::test]
async fn stalled_body_is_an_idle_timeout() {
    let (address, _) = peer(|mut stream| async move {
        read_head(&mut stream).await;
        let begin = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{";
        stream.write_all(begin).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let deadlines = Deadlines { idle: SHORT, ..deadlines() };
    let settings = settings_for("http", "127.0.0.1", address.port(), deadlines);
    assert_eq!(kind(settings).await, ErrorKind::Timeout(Deadline::Idle));
}

#[tokio::test]
async fn slow_body_is_a_total_timeout() {
    let (address, _) = peer(|mut stream| async move {
        read_head(&mut stream).await;
        let begin = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n";
        stream.write_all(begin).await.unwrap();
        let mut clock = tokio::time::interval(SHORT / 20);
        while stream.write_all(b" ").await.is_ok() {
            clock.tick().await;
        }
    })
    .await;
    let mut settings = settings_for("http", "127.0.0.1", address.port(), deadlines());
    settings.request_timeout = SHORT;
    assert_eq!(kind(settings).await, ErrorKind::Timeout(Deadline::Total));
}

#[tokio::test]
async fn token_is_not_sent_to_the_target_of_a_redirect() {
    let (target, connections) = saying("HTTP/1.1 200 OK\r\n\r\n").await;
    let (address, _) = peer(move |mut stream| async move {
        read_head(&mut stream).await;
        let response = format!("HTTP/1.1 307 X\r\nLocation: http://{target}/x\r\n\r\n");
        stream.write_all(response.as_bytes()).await.unwrap();
    })
    .await;
    let target_host = Some(target.to_string());
    assert_eq!(plain(address).await, ErrorKind::Redirected { target_host });
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

/// Returns a certificate that every system accepts: with a name of its own, and valid for at most
/// 825 days (macOS).
fn certificate(name: &str, until: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = until - time::Duration::days(30);
    params.not_after = until;
    params
}

/// Returns a private authority.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = certificate("A private authority", later());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Starts a TLS server with a certificate for one host.
async fn tls_peer(
    issuer: Option<&CertifiedIssuer<'static, KeyPair>>,
    host: &str,
    valid_until: OffsetDateTime,
) -> SocketAddr {
    tls_peer_saying(OK, issuer, host, valid_until).await
}

/// Starts a TLS server with a certificate that is its own authority, as `openssl req -x509` makes
/// it. Returns its address and its certificate in PEM.
async fn own_authority(host: &str, valid_until: OffsetDateTime) -> (SocketAddr, Vec<u8>) {
    let mut params = certificate("A server", valid_until);
    params.subject_alt_names =
        CertificateParams::new(vec![host.to_owned()]).unwrap().subject_alt_names;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let address = tls_server(OK, certificate.der().clone(), key).await;
    (address, pem(certificate.der()))
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"data\":[]}";

/// Starts a TLS server with a given response. After an incomplete one it sends an invalid TLS
/// record.
async fn tls_peer_saying(
    response: &'static str,
    issuer: Option<&CertifiedIssuer<'static, KeyPair>>,
    host: &str,
    valid_until: OffsetDateTime,
) -> SocketAddr {
    let mut params = certificate("A server", valid_until);
    params.subject_alt_names =
        CertificateParams::new(vec![host.to_owned()]).unwrap().subject_alt_names;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer),
        None => params.self_signed(&key),
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    tls_server(response, certificate.unwrap().der().clone(), key).await
}

/// Returns the TLS side of a server that has a certificate for 127.0.0.1 and offers these protocols
/// by ALPN.
fn acceptor(issuer: &CertifiedIssuer<'static, KeyPair>, protocols: &[&str]) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let mut params = certificate("A server", later());
    params.subject_alt_names =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().subject_alt_names;
    let certificate = params.signed_by(&key, issuer).unwrap().der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = server_config(certificate, key);
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

async fn tls_server(
    response: &'static str,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> SocketAddr {
    let acceptor = TlsAcceptor::from(Arc::new(server_config(certificate, key)));
    let (address, _) = peer(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            read_head(&mut stream).await;
            stream.write_all(response.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            if response.ends_with('}') {
                let _ = stream.shutdown().await;
            } else {
                let (mut wire, _) = stream.into_inner();
                let record = [&b"\x17\x03\x03\x00\x20"[..], &[0; 32]].concat();
                wire.write_all(&record).await.unwrap();
            }
        }
    })
    .await;
    address
}

fn server_config(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

fn later() -> OffsetDateTime {
    OffsetDateTime::now_utc() + time::Duration::days(1)
}

async fn over_tls(address: SocketAddr, authority: Option<Vec<u8>>) -> Result<usize, Error> {
    let mut settings = settings_for("https", "127.0.0.1", address.port(), deadlines());
    settings.certificate_authorities = authority;
    // A retry would show in the number of attempts.
    settings.max_retries = 3;
    list(settings).await
}

/// Other systems than Linux have verifiers of their own.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn given_certificate_that_is_its_own_authority_is_trusted() {
    let (address, given) = own_authority("127.0.0.1", later()).await;
    let (another, another_given) = own_authority("127.0.0.1", later()).await;
    assert_eq!(over_tls(address, Some(given.clone())).await.unwrap(), 0);
    assert_eq!(over_tls(address, Some([another_given, given.clone()].concat())).await.unwrap(), 0);
    let refused =
        async |address, given| over_tls(address, Some(given)).await.unwrap_err().kind.clone();
    assert!(matches!(refused(another, given).await, ErrorKind::Certificate(_)));

    // Its host and its validity count all the same.
    let earlier = OffsetDateTime::now_utc() - time::Duration::days(1);
    for (host, until, problem) in [
        ("127.0.0.1", earlier, CertificateProblem::Expired),
        ("other.example", later(), CertificateProblem::WrongHost),
    ] {
        let (address, given) = own_authority(host, until).await;
        assert_eq!(refused(address, given).await, ErrorKind::Certificate(problem));
    }
}

#[tokio::test]
async fn bad_certificates_have_distinct_problems_and_are_fatal() {
    let authority = authority();
    let trusted = || Some(pem(authority.der()));
    let issuer = Some(&authority);
    let earlier = OffsetDateTime::now_utc() - time::Duration::days(1);
    for (address, trusted, problem) in [
        (tls_peer(None, "127.0.0.1", later()).await, trusted(), CertificateProblem::UnknownIssuer),
        (tls_peer(issuer, "127.0.0.1", later()).await, None, CertificateProblem::UnknownIssuer),
        (tls_peer(issuer, "127.0.0.1", earlier).await, trusted(), CertificateProblem::Expired),
        (
            tls_peer(issuer, "other.example", later()).await,
            trusted(),
            CertificateProblem::WrongHost,
        ),
    ] {
        let error = over_tls(address, trusted).await.unwrap_err();
        if matches!(error.kind, ErrorKind::Unsendable) {
            // The machine trusts no authority, like a minimal container.
            continue;
        }
        // Linux uses rustls' own verifier. Other systems report some problems as text only.
        let in_words = !cfg!(target_os = "linux")
            && error.kind == ErrorKind::Certificate(CertificateProblem::Other);
        assert!(in_words || error.kind == ErrorKind::Certificate(problem), "{error:?}");
        assert_eq!(
            (error.attempts, error.host.as_deref()),
            (1, Some(address.to_string().as_str()))
        );
    }
}

/// Sends a request to a peer, and returns the status or the failure.
async fn send(https: &Https, address: SocketAddr) -> Result<u16, Failure> {
    let request = http::Request::get(format!("https://{address}/")).body(Bytes::new()).unwrap();
    https.send(request).await.map(|response| response.status.as_u16())
}

#[tokio::test]
async fn authorities_are_read_once_and_off_the_way() {
    let authority = authority();
    let [first, second] = [
        tls_peer(Some(&authority), "127.0.0.1", later()).await,
        tls_peer(Some(&authority), "127.0.0.1", later()).await,
    ];
    let loads = Arc::new(AtomicUsize::new(0));
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (counted, released) = (Arc::clone(&loads), std::sync::Mutex::new(released));
    let given = pem(authority.der());
    let settings = settings_for("https", "127.0.0.1", first.port(), deadlines());
    let https = Https::trusting(&settings, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        // Ends when the sender is dropped.
        let _ = released.lock().unwrap().recv();
        trust::client_config(Some(&given))
    });
    https.prepare();
    https.prepare();
    let waiting = async { tokio::join!(send(&https, first), send(&https, second)) };
    let release = async {
        tokio::time::sleep(SHORT).await;
        drop(release);
    };
    let (sent, ()) = tokio::join!(waiting, release);
    assert_eq!(sent, (Ok(200), Ok(200)));
    assert_eq!(send(&https, first).await, Ok(200));
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn run_over_http_reads_no_authorities() {
    let settings = settings_for("http", "127.0.0.1", 1, deadlines());
    let https = Https::trusting(&settings, || panic!("authorities are read"));
    https.prepare();
    let request = http::Request::get("http://127.0.0.1:1/").body(Bytes::new()).unwrap();
    assert_eq!(https.send(request).await.err().unwrap().kind, FailureKind::Connection);
    assert!(https.tls.get().is_none());
}

#[tokio::test]
async fn system_without_authorities_fails_each_request_with_the_reason() {
    const CAUSE: &str = "No CA certificates were loaded from the system";
    let settings = settings_for("https", "127.0.0.1", 1, deadlines());
    let https = Https::trusting(&settings, || Err(CAUSE.to_owned()));
    https.prepare();
    for _ in 0..2 {
        let failure = send(&https, ([127, 0, 0, 1], 1).into()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unsendable);
        assert_eq!(failure.cause.unwrap().to_string(), CAUSE);
    }
}

#[tokio::test]
async fn private_authority_can_be_trusted() {
    let authority = authority();
    let address = tls_peer(Some(&authority), "127.0.0.1", later()).await;
    assert_eq!(over_tls(address, Some(pem(authority.der()))).await, Ok(0));
}

/// The request was sent before the failure, so a create may have been carried out.
#[tokio::test]
async fn tls_failure_after_the_handshake_is_a_lost_connection() {
    let authority = authority();
    for response in ["", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"data\""] {
        let address = tls_peer_saying(response, Some(&authority), "127.0.0.1", later()).await;
        let error = over_tls(address, Some(pem(authority.der()))).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::ConnectionLost, "{response:?}: {error:?}");
        let cause = error.cause.as_ref().unwrap().to_string();
        assert!(!cause.is_empty());
    }
}

#[tokio::test]
async fn plaintext_on_a_tls_port_is_not_tls() {
    let (address, _) = peer(|mut stream| async move {
        let response = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(response).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let error = over_tls(address, Some(pem(authority().der()))).await.unwrap_err();
    assert_eq!((&error.kind, error.attempts), (&ErrorKind::NotTls, 1));
}

#[tokio::test]
async fn proxy_is_used_with_hidden_credentials() {
    let (heads, mut received) = tokio::sync::mpsc::unbounded_channel();
    let (address, connections) = peer(move |mut stream| {
        let heads = heads.clone();
        async move {
            heads.send(read_head(&mut stream).await).unwrap();
            let response = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(response).await.unwrap();
        }
    })
    .await;
    let through = |host: &str, exceptions: &str| {
        let proxy = format!("http://user:hunter2canary@{address}");
        let proxy = Some(Proxy::parse(&proxy, exceptions).unwrap());
        list(Settings { proxy, ..settings_for("https", host, 443, deadlines()) })
    };
    let error = through("proxied.invalid", "").await.unwrap_err();
    let head = received.recv().await.unwrap();
    assert!(head.starts_with("CONNECT proxied.invalid:443 HTTP/1.1\r\n"), "{head}");
    let credentials = base64::engine::general_purpose::STANDARD.encode("user:hunter2canary");
    assert!(head.to_lowercase().contains("proxy-authorization: basic"), "{head}");
    assert!(head.contains(&credentials), "{head}");
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("Connection"), "{shown}");
    for secret in ["hunter2canary", &credentials, "user:"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    // A loopback address needs no proxy.
    through("127.0.0.1", "").await.unwrap_err();
    through("proxied.invalid", "other.invalid, proxied.invalid").await.unwrap_err();
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
