//! Connections of the plugin client: certificates, TLS, sockets of both kinds.

use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{DigitallySignedStruct, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tonic::codegen::{BoxFuture, Context, Poll, Service};
use tonic::transport::{Channel, Endpoint};

use super::Address;

/// A certificate with its key, as go-plugin makes it: self-signed, on P-521, and an authority.
pub struct Identity {
    certificate: rcgen::Certificate,
    key: rcgen::KeyPair,
}

impl Identity {
    /// Makes a certificate.
    pub fn generate() -> Self {
        use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
        let mut parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.extended_key_usages = vec![ClientAuth, ServerAuth];
        Self { certificate: parameters.self_signed(&key).unwrap(), key }
    }

    fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub(crate) fn pem(&self) -> String {
        let body = STANDARD.encode(self.certificate.der());
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    }

    fn key(&self) -> PrivatePkcs8KeyDer<'static> {
        self.key.serialize_der().into()
    }
}

/// How a client authenticates.
pub enum Credentials<'a> {
    /// With the certificate of the client that started the provider.
    Own,
    /// With another certificate.
    Other(&'a Identity),
    /// With the right certificate, but another key.
    Stolen(&'a Identity),
    /// With no certificate, over TLS.
    None,
    /// Without TLS.
    Plaintext,
}

/// Both versions of TLS that a client may speak.
pub const ALL_VERSIONS: &[&SupportedProtocolVersion] = rustls::ALL_VERSIONS;

/// Opens a connection to `address`, where the server has to have the certificate `pinned`.
///
/// A refusal may show here or in the first call: under TLS 1.3, the client finishes the handshake
/// before the server has checked its certificate.
pub(crate) async fn connect(
    address: &Address,
    pinned: Option<&CertificateDer<'static>>,
    own: Option<&Identity>,
    credentials: &Credentials<'_>,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Channel, tonic::transport::Error> {
    let tls = match credentials {
        Credentials::Plaintext => None,
        Credentials::Own => own.map(|own| tls(pinned, Some((own, own)), versions)),
        Credentials::Other(other) => Some(tls(pinned, Some((other, other)), versions)),
        Credentials::Stolen(other) => Some(tls(pinned, own.map(|own| (own, *other)), versions)),
        Credentials::None => Some(tls(pinned, None, versions)),
    };
    let dialer = Dialer { address: address.clone(), tls };
    Endpoint::from_static("http://localhost").connect_with_connector(dialer).await
}

/// Returns TLS with the certificate of one identity and the key of another.
fn tls(
    pinned: Option<&CertificateDer<'static>>,
    client: Option<(&Identity, &Identity)>,
    versions: &[&'static SupportedProtocolVersion],
) -> TlsConnector {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let pinned = pinned.cloned().expect("a certificate in the announcement");
    let verifier = Arc::new(Pinned { certificate: pinned, provider: provider.clone() });
    let config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match client {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = provider.key_provider.load_private_key(key.key().into()).unwrap();
            // The certificate and the key need not match.
            let shown = rustls::sign::CertifiedKey::new(vec![certificate.certificate()], key);
            let shown = rustls::sign::SingleCertAndKey::from(shown);
            config.with_client_cert_resolver(Arc::new(shown))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// Connects to a socket, with or without TLS.
#[derive(Clone)]
struct Dialer {
    address: Address,
    tls: Option<TlsConnector>,
}

/// Bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Connects without sending anything.
pub async fn open(address: &Address) -> io::Result<Box<dyn Duplex>> {
    match address {
        #[cfg(unix)]
        Address::Unix(socket) => Ok(Box::new(UnixStream::connect(socket).await?)),
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        Address::Tcp(address) => {
            let connection = TcpStream::connect(address).await?;
            // Go does it for every connection.
            connection.set_nodelay(true)?;
            Ok(Box::new(connection))
        }
    }
}

impl Dialer {
    async fn dial(self) -> io::Result<TokioIo<Box<dyn Duplex>>> {
        let plain = open(&self.address).await?;
        let connection: Box<dyn Duplex> = match self.tls {
            None => plain,
            Some(tls) => {
                let name = ServerName::try_from("localhost").unwrap();
                Box::new(tls.connect(name, plain).await?)
            }
        };
        Ok(TokioIo::new(connection))
    }
}

impl Service<http::Uri> for Dialer {
    type Response = TokioIo<Box<dyn Duplex>>;
    type Error = io::Error;
    type Future = BoxFuture<Self::Response, io::Error>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _address: http::Uri) -> Self::Future {
        Box::pin(self.clone().dial())
    }
}

/// Accepts the announced certificate, if its name is `localhost`.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<rustls::crypto::CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        assert_eq!(*end_entity, self.certificate, "the announced certificate");
        let parsed = rustls::server::ParsedCertificate::try_from(end_entity)?;
        rustls::client::verify_server_name(&parsed, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
