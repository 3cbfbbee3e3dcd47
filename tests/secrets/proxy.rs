//! Credentials of a proxy from `HTTPS_PROXY`, with a proxy that connects and with one that refuses.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::search::{Canary, Search, contents, unpacked};
use crate::support::connectors::basic;
use crate::support::pem::pem;
use crate::support::simulator::{all_stored, unlocked};
use crate::support::terraform::Terraform;

const HOST: &str = "api.wxcc-us1.cisco.com";

const USER: &str = "pRx7wUserQ4mZ2";
const PASSWORD: &str = "k9Tv2LqXw8RbZ5nC";

/// The response of a proxy to a request to connect.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// Connects to the simulator, behind a certificate for Webex's host.
    Connects,
    /// Responds with this status, and a body that repeats the credentials.
    Answers(u16),
    /// Closes the connection.
    Closes,
}

/// Returns the parameters of the certificate of [`HOST`]. macOS requires the purpose, and a life of
/// at most 825 days.
fn parameters() -> rcgen::CertificateParams {
    let mut parameters = rcgen::CertificateParams::new([HOST.to_owned()]).expect("a name");
    let now = time::OffsetDateTime::now_utc();
    parameters.not_before = now - time::Duration::days(1);
    parameters.not_after = now + time::Duration::days(1);
    parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    parameters
}

/// A proxy in a thread, and the requests that it got.
struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    certificate: String,
}

impl Proxy {
    fn start(manner: Manner, simulator: SocketAddr) -> Self {
        let made = rcgen::KeyPair::generate().expect("a key");
        let key = PrivatePkcs8KeyDer::from(made.serialize_der());
        let made = parameters().self_signed(&made).expect("a certificate");
        let certificate = pem("CERTIFICATE", made.der());
        let tls = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![made.der().clone()], key.into())
        .expect("a certificate with its key");
        let tls = TlsAcceptor::from(Arc::new(tls));

        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let address = listener.local_addr().expect("an address");
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let seen = heads.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                while let Ok((client, _)) = listener.accept().await {
                    let (tls, seen) = (tls.clone(), seen.clone());
                    tokio::spawn(serve(client, manner, simulator, tls, seen));
                }
            });
        });
        Self { address, heads, certificate }
    }
}

async fn serve(
    mut client: TcpStream,
    manner: Manner,
    simulator: SocketAddr,
    tls: TlsAcceptor,
    seen: Arc<Mutex<Vec<String>>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    seen.lock().unwrap().push(head.clone());
    match manner {
        Manner::Closes => {}
        Manner::Answers(status) => {
            let body = format!("{head}\n{USER}:{PASSWORD}");
            let answer = format!(
                "HTTP/1.1 {status} {PASSWORD}\r\nX-Echo: {PASSWORD}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = client.write_all(answer.as_bytes()).await;
            let _ = client.shutdown().await;
        }
        Manner::Connects => {
            let _ = client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
            let Ok(mut client) = tls.accept(client).await else { return };
            let Ok(mut server) = TcpStream::connect(simulator).await else { return };
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
    }
}

#[test]
fn proxy_credentials_are_used_and_never_shown() {
    let search = Search::of(&[Canary::new("user", USER), Canary::new("password", PASSWORD)]);
    for manner in [
        Manner::Connects,
        Manner::Answers(407),
        Manner::Answers(502),
        Manner::Answers(200),
        Manner::Closes,
    ] {
        let simulator = unlocked();
        let proxy = Proxy::start(manner, simulator.address());
        let mut terraform = Terraform::offline();
        terraform.set("WEBEX_CC_REGION", "us1");
        terraform.set("WEBEX_ACCESS_TOKEN", simulator.token());
        terraform.set("WEBEX_CC_MAX_RETRIES", "1");
        terraform.set("WEBEX_CC_CA_CERTIFICATE_PEM", &proxy.certificate);
        terraform.set("HTTPS_PROXY", &format!("http://{USER}:{PASSWORD}@{}", proxy.address));
        terraform.set("TF_LOG", "TRACE");
        terraform.set("TF_LOG_PROVIDER", "TRACE");
        terraform.write("main.tf", &basic().resource());

        let output = terraform.apply();
        let connects = matches!(manner, Manner::Connects);
        assert_eq!(output.code, Some(i32::from(!connects)), "{manner:?}: {}", output.stdout);
        assert_eq!(all_stored(&simulator).len(), usize::from(connects));

        let heads = proxy.heads.lock().unwrap().clone();
        assert!(heads[0].starts_with(&format!("CONNECT {HOST}:443 ")), "{heads:?}");
        assert!(!search.hits("what the proxy was asked", heads[0].as_bytes()).is_empty());

        let printed = [("stdout", output.stdout), ("stderr", output.stderr)];
        let printed = printed.into_iter().flat_map(|(name, text)| unpacked(name, text.into()));
        let places = printed.chain(contents(&terraform.folder()));
        let hits = places.flat_map(|(place, bytes)| search.hits(&place, &bytes));
        assert_eq!(hits.collect::<Vec<_>>(), [], "{manner:?}");
    }
}
