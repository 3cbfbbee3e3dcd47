//! TLS in front of a simulator.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The protocols of ALPN, by preference.
pub(crate) const HTTP_2: &[&str] = &["h2", "http/1.1"];
pub(crate) const HTTP_1: &[&str] = &["http/1.1"];

/// Ends TLS in front of another address, and passes the bytes on. It works until the end of the
/// process.
pub(crate) struct TlsFront {
    /// The URL of its root.
    pub(crate) url: String,
    /// The authority of its certificate, in PEM.
    pub(crate) authority: String,
    connections: Arc<AtomicUsize>,
}

impl TlsFront {
    /// Starts a front that offers these protocols by ALPN.
    pub(crate) fn start(target: SocketAddr, protocols: &[&str]) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], key)
                .expect("a configuration");
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();

        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let url = format!("https://{}", listener.local_addr().expect("an address"));
        let connections = Arc::<AtomicUsize>::default();
        let accepted = Arc::clone(&connections);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                while let Ok((stream, _)) = listener.accept().await {
                    accepted.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(pass_on(acceptor.clone(), stream, target));
                }
            });
        });
        let authority = base64::engine::general_purpose::STANDARD.encode(issuer.der());
        let authority =
            format!("-----BEGIN CERTIFICATE-----\n{authority}\n-----END CERTIFICATE-----\n");
        Self { url, authority, connections }
    }

    /// Returns the number of connections since the last call.
    pub(crate) fn take_connections(&self) -> usize {
        self.connections.swap(0, Ordering::SeqCst)
    }
}

async fn pass_on(acceptor: TlsAcceptor, stream: TcpStream, target: SocketAddr) {
    let _ = stream.set_nodelay(true);
    let Ok(mut client) = acceptor.accept(stream).await else { return };
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let _ = server.set_nodelay(true);
    // Either side may end the connection at any time.
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}
