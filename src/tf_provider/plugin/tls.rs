//! Mutual TLS between two processes that know each other's certificate.
//!
//! go-plugin calls it AutoMTLS. Each side makes a certificate for this one run.
//! The client's comes in the environment, ours goes out in the handshake line.
//! Only identity is validated: the client has to show, byte for byte, the
//! certificate from the environment, and to prove that it holds the key.

use std::fmt;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};

/// The name in both certificates.
const SERVER_NAME: &str = "localhost";

/// Our side of the mutual TLS.
#[derive(Debug)]
pub(super) struct ServerIdentity {
    /// Our certificate, in DER, for the handshake line.
    pub(super) certificate: CertificateDer<'static>,
    /// The settings for accepting connections.
    pub(super) config: Arc<ServerConfig>,
}

impl ServerIdentity {
    /// Makes a certificate, and settings that accept only the owner of
    /// `client_certificate`.
    ///
    /// # Errors
    /// When the cryptographic library cannot make a key.
    pub(super) fn for_client(
        client_certificate: CertificateDer<'static>,
    ) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Arc::new(ExactClient { client_certificate, provider: provider.clone() });

        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new([SERVER_NAME.to_owned()])?;
        parameters.distinguished_name.push(DnType::CommonName, SERVER_NAME);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // The validity stays as wide as the library makes it: a certificate
        // that is pinned for the life of a process needs no clock.
        let certificate = parameters.self_signed(&key)?.der().clone();

        let mut config = ServerConfig::builder_with_provider(provider)
            // Both 1.2 and 1.3: hardened hosts may still allow only the former.
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![certificate.clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A client connects once; session tickets would only cost time.
        config.send_tls13_tickets = 0;
        Ok(Self { certificate, config: Arc::new(config) })
    }
}

/// The reason why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    /// The certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The settings were refused.
    #[error("cannot set up TLS: {0}")]
    Settings(#[from] rustls::Error),
}

/// Accepts one certificate.
///
/// The stock verifier would refuse it: Terraform's certificate is marked as a
/// certificate authority, which must not be an end entity.
struct ExactClient {
    client_certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for ExactClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ExactClient")
    }
}

impl ClientCertVerifier for ExactClient {
    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if *end_entity == self.client_certificate {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    // Anyone may have seen the certificate. These two check that the client
    // holds its key.

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
        // Terraform's key is on P-521, which `ring` does not know and AWS-LC does.
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
