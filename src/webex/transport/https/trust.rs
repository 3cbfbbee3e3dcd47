//! The TLS configuration: which servers are trusted.
//!
//! The authorities are the system's and those that the user gives.
//!
//! `openssl req -x509` makes certificates that are their own authority (`CA:TRUE`), and people give
//! the certificate of such a server as the one to trust. rustls refuses an authority as a server's
//! certificate, even if it is trusted. OpenSSL, curl and Go accept it, and so does this verifier if
//! the server shows exactly a given certificate.

use std::sync::Arc;
use std::thread;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::sync::oneshot;

/// Makes a TLS configuration.
pub(super) type Loader = Arc<dyn Fn() -> Result<ClientConfig, String> + Send + Sync>;

/// A TLS configuration that is being made.
pub(super) type Loading = Shared<BoxFuture<'static, Result<ClientConfig, String>>>;

/// Makes a TLS configuration in a thread of its own.
pub(super) fn in_a_thread(load: Loader) -> Loading {
    let (sender, receiver) = oneshot::channel();
    let work = Arc::clone(&load);
    let thread = thread::Builder::new().name("authorities".to_owned());
    // A thread that could not be started, or ended early, has dropped the sender.
    drop(thread.spawn(move || drop(sender.send(work()))));
    let loading = async move { receiver.await.unwrap_or_else(|_| load()) };
    loading.boxed().shared()
}

/// Returns a configuration that trusts the system's authorities and those of a PEM text, and offers
/// HTTP/2 and HTTP/1.1.
pub(super) fn client_config(pem: Option<&[u8]>) -> Result<ClientConfig, String> {
    let given = CertificateDer::pem_slice_iter(pem.unwrap_or_default())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    let provider = CryptoProvider::get_default().cloned();
    let provider = provider.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
    let platform = system::verifier(given.clone(), Arc::clone(&provider))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(GivenOrTrusted { platform, given }))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Windows, macOS and others have authorities and verifiers of their own.
#[cfg(not(target_os = "linux"))]
mod system {
    use rustls_platform_verifier::Verifier;

    use super::{Arc, CertificateDer, CryptoProvider, ServerCertVerifier};

    pub(super) fn verifier(
        given: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, String> {
        let verifier = Verifier::new_with_extra_roots(given, provider);
        Ok(Arc::new(verifier.map_err(|error| error.to_string())?))
    }
}

/// The authorities of a Linux system: files of a package.
#[cfg(target_os = "linux")]
mod system {
    use std::path::{Path, PathBuf};

    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls_native_certs::load_certs_from_paths;

    use super::{Arc, CertificateDer, CryptoProvider, ServerCertVerifier};

    pub(super) fn verifier(
        given: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, String> {
        let mut roots = RootCertStore::empty();
        for authority in given {
            roots.add(authority).map_err(|error| error.to_string())?;
        }
        roots.add_parsable_certificates(authorities());
        if roots.is_empty() {
            return Err("No CA certificates were loaded from the system".to_owned());
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        Ok(verifier.build().map_err(|error| error.to_string())?)
    }

    /// Reads what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, otherwise one source of the system.
    fn authorities() -> Vec<CertificateDer<'static>> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a convention of all programs, as of OpenSSL"
        )]
        let is_named =
            ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| std::env::var_os(name).is_some());
        if is_named {
            return rustls_native_certs::load_native_certs().certs;
        }
        let places = openssl_probe::probe();
        one_source(places.cert_file.as_deref(), &places.cert_dir)
    }

    /// Reads the bundle. Only one that holds no certificate leads to the folders: they have the same
    /// authorities once more, one in a file.
    pub(super) fn one_source(
        bundle: Option<&Path>,
        folders: &[PathBuf],
    ) -> Vec<CertificateDer<'static>> {
        let sources = bundle.into_iter().map(|file| (Some(file), None));
        let sources = sources.chain(folders.iter().map(|folder| (None, Some(folder.as_path()))));
        let mut read = sources.map(|(file, folder)| load_certs_from_paths(file, folder).certs);
        read.find(|certificates| !certificates.is_empty()).unwrap_or_default()
    }
}

/// Accepts what the platform's verifier accepts, and the given certificates themselves.
#[derive(Debug)]
struct GivenOrTrusted {
    platform: Arc<dyn ServerCertVerifier>,
    given: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for GivenOrTrusted {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.platform.verify_server_cert(certificate, intermediates, name, ocsp_response, now);
        match verified {
            Err(error) if is_authority(&error) && self.given.contains(certificate) => {
                // Validity was checked before the error arose; a test proves it.
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.platform.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.platform.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}

/// Whether the only objection is that the server's certificate is that of an authority.
fn is_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) = error else {
        return false;
    };
    matches!(cause.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use rcgen::{CertificateParams, KeyPair};

    use super::CertificateDer;
    use super::system::one_source;

    /// Writes a certificate into a file, and returns it.
    fn written(file: &Path) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        fs::write(file, crate::testing::pem(certificate.der())).unwrap();
        certificate.der().clone()
    }

    #[test]
    fn authorities_are_read_from_one_source() {
        let folder = tempfile::tempdir().unwrap();
        let [bundle, broken, missing] =
            ["bundle.pem", "broken.pem", "missing.pem"].map(|name| folder.path().join(name));
        let [first, second, empty] = ["1", "2", "0"].map(|name| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        });
        let in_bundle = written(&bundle);
        fs::write(&broken, "no certificate").unwrap();
        let in_first = written(&first.join("a.pem"));
        written(&second.join("b.pem"));

        let folders = [empty.clone(), first, second];
        assert_eq!(one_source(Some(&bundle), &folders), [in_bundle]);
        for without in [None, Some(&*broken), Some(&*missing)] {
            assert_eq!(one_source(without, &folders), std::slice::from_ref(&in_first));
        }
        assert!(one_source(Some(&broken), &[empty]).is_empty());
        assert!(one_source(None, &[]).is_empty());
    }
}
