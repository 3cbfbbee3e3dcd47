//! Certificates and private keys, new in each test run.

use base64::Engine as _;

/// A certificate and its private key in PEM.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// `-----BEGIN CERTIFICATE-----`
    pub(crate) certificate: String,
    /// `-----BEGIN PRIVATE KEY-----`
    pub(crate) private_key: String,
}

/// Makes a certificate with its key.
pub(crate) fn pair() -> Pair {
    let made = rcgen::generate_simple_self_signed(["connector.example.com".to_owned()])
        .expect("a certificate");
    Pair {
        certificate: pem("CERTIFICATE", made.cert.der()),
        private_key: pem("PRIVATE KEY", made.signing_key.serialized_der()),
    }
}

/// Encodes bytes as RFC 7468 requires, in lines of 64 characters.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>();
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    lines.insert(0, begin.into());
    lines.push(end.into());
    format!("{}\n", lines.join("\n"))
}
