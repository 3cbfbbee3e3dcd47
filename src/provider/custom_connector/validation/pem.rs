//! Checks of PEM: a certificate, its private key, and keys in arguments that are shown.

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use safe_text::Secret;
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::{Configuration, Object};
use tf_provider::value::{Path, Value};

use super::schema;

/// The label of certificates (RFC 7468, 5).
const CERTIFICATE: &str = "CERTIFICATE";
/// The end of all labels of private keys.
const PRIVATE_KEY: &str = "PRIVATE KEY";

/// Returns an error for each argument that plans show and that holds a private key.
///
/// The errors have no attribute path: Terraform quotes the lines of an attribute, and a heredoc
/// has the key in these lines.
pub(super) fn exposed_keys(object: &Object) -> Diagnostics {
    let attributes = schema::block().attributes.iter();
    let exposed = attributes.filter(|attribute| {
        matches!(object.get(&attribute.name), Value::String(text)
            if labels(text).any(|label| label.contains(PRIVATE_KEY)))
    });
    exposed.map(|attribute| exposed_key(&attribute.name)).collect()
}

fn exposed_key(argument: &str) -> Diagnostic {
    let advice = match argument {
        "certificate" => {
            "Keep only the certificate (-----BEGIN CERTIFICATE----- to -----END \
             CERTIFICATE-----) in it, and set private_key_wo to the key. `openssl x509 -in FILE` \
             prints the certificate of a file that has both."
        }
        _ => "Set private_key_wo to the key, or remove it.",
    };
    let detail = format!(
        "{advice} Replace the key if it was applied or committed before. Plans show this argument, \
         state keeps it, and Webex gets it as text that is not secret."
    );
    Diagnostic::error(format!("{argument} holds a private key"), detail)
}

/// Checks that certificate and key are PEM, and that they belong together.
#[must_use]
pub fn certificate_and_key(configuration: &Configuration) -> Option<Diagnostic> {
    let text = configuration.object().string("certificate").known();
    let text = text.filter(|text| !text.trim().is_empty());
    let certificates = match text.map(parse_certificates).transpose() {
        Ok(certificates) => certificates.unwrap_or_default(),
        Err(hint) => return Some(not_pem("certificate", CERTIFICATE, &hint)),
    };
    let (argument, key) = ["private_key", "private_key_wo"]
        .into_iter()
        .find_map(|form| Some((form, configuration.secret(form).known()?)))?;
    let key = match parse_key(key) {
        Ok(key) => key,
        Err(hint) => return Some(not_pem(argument, PRIVATE_KEY, &hint)),
    };
    let (first, chain) = certificates.split_first()?;
    match matches(first, key.clone_key()) {
        Ok(true) => None,
        Ok(false)
            if chain.iter().any(|other| matches(other, key.clone_key()).is_ok_and(|it| it)) =>
        {
            let detail = format!(
                "Put the certificate of the key first, and those of its authorities after it. \
                 certificate has {} certificates, and {argument} belongs to one that is not the \
                 first.",
                certificates.len()
            );
            let message = Diagnostic::error("The certificates are in the wrong order", detail);
            Some(message.at(Path::attribute("certificate")))
        }
        Ok(false) => Some(
            Diagnostic::error(
                "The private key does not belong to the certificate",
                format!(
                    "Use the pair that was made together. certificate has another public key than \
                     {argument}."
                ),
            )
            .at(Path::attribute(argument)),
        ),
        Err(problem) => Some(problem.at(Path::attribute("certificate"))),
    }
}

/// Returns the certificates of a text, at least one, or a hint about what is wrong.
fn parse_certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let parsed = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
    match parsed {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(hint(text, CERTIFICATE)),
    }
}

fn parse_key(key: &Secret) -> Result<PrivateKeyDer<'static>, String> {
    let pem = key.expose();
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| hint(pem, PRIVATE_KEY))
}

/// Returns the labels of the PEM blocks that begin in a text, in any spelling of their line ends.
/// Messages quote them, so what is not spelled like a label (RFC 7468, 3) may be part of a key.
fn labels(text: &str) -> impl Iterator<Item = &str> {
    text.split("-----BEGIN ").skip(1).filter_map(|rest| {
        let (label, _) = rest.split_once("-----")?;
        let is_label =
            |byte: u8| byte.is_ascii_uppercase() || byte == b' ' || byte.is_ascii_digit();
        (label.len() < 40 && label.bytes().all(is_label)).then_some(label)
    })
}

/// Returns what is wrong with a text that has no usable block with the wanted label, and how to
/// mend it. It quotes labels of PEM blocks, and no other part of the text.
fn hint(text: &str, wanted: &str) -> String {
    let found = labels(text).collect::<Vec<_>>();
    let lines = || text.lines().map(str::trim_end);
    let is_indented = || lines().any(|line| line.trim_start() != line && line.contains("-----"));
    let Some(first) = found.first() else {
        return if text.starts_with("LS0tLS1CRUdJTi") {
            " It is the base64 encoding of PEM: use `base64decode(…)`.".to_owned()
        } else if text.contains("-----BEGIN") || text.contains("-----END") {
            " Its first line is incomplete: copy the whole file again.".to_owned()
        } else {
            " It has no such line; if it should be read from a file, use `file(\"…\")`.".to_owned()
        };
    };
    if first.contains("ENCRYPTED") || text.contains("Proc-Type: 4,ENCRYPTED") {
        " The key seems to be encrypted; Control Hub's form has no field for its passphrase, so it \
         must be given unencrypted."
            .to_owned()
    } else if !found.iter().any(|label| label.ends_with(wanted)) {
        let advice = match *first {
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
                " An authority makes the certificate from this request: use the certificate that \
                 it returned."
            }
            "PUBLIC KEY" | "RSA PUBLIC KEY" if wanted == CERTIFICATE => {
                " Use the certificate that holds this key."
            }
            _ => "",
        };
        format!(" It has a block with the label {first} instead.{advice}")
    } else if found.contains(&"OPENSSH PRIVATE KEY") {
        " It is a key in the format of OpenSSH: `ssh-keygen -p -m PKCS8 -f FILE` converts a copy."
            .to_owned()
    } else if text.contains("\\n") {
        " It has `\\n` as two characters where line breaks belong: use `replace(…, \"\\\\n\", \
         \"\\n\")`."
            .to_owned()
    } else if text.starts_with('\u{feff}') {
        " It begins with an invisible byte order mark: save the file as UTF-8 without it, \
         or use `trimprefix(…, \"\\ufeff\")`."
            .to_owned()
    } else if !text.trim().contains(['\n', '\r']) {
        " It is all on one line: keep the line breaks of the file.".to_owned()
    } else if is_indented() {
        " Its lines begin with spaces: use `file(\"…\")`, or a heredoc with `<<-`.".to_owned()
    } else if !text.contains("-----END ") {
        " Its last line is missing: copy the whole file again.".to_owned()
    } else {
        " The text between these lines cannot be read: copy the whole file again.".to_owned()
    }
}

fn not_pem(argument: &str, label: &str, hint: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{argument} is not PEM"),
        format!(
            "It has to have a block that begins with -----BEGIN {label}----- and ends with \
             -----END {label}-----.{hint}"
        ),
    )
    .at(Path::attribute(argument))
}

/// Whether both hold the same public key. Keys of a kind that cannot be compared here count as a
/// pair: Webex has the last word.
fn matches(
    certificate: &CertificateDer<'_>,
    key: PrivateKeyDer<'static>,
) -> Result<bool, Diagnostic> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let Ok(signing_key) = provider.key_provider.load_private_key(key) else { return Ok(true) };
    let pair = rustls::sign::CertifiedKey::new(vec![certificate.clone().into_owned()], signing_key);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(true)
        }
        Err(rustls::Error::InconsistentKeys(_)) => Ok(false),
        Err(_) => Err(Diagnostic::error(
            "certificate is not an X.509 certificate",
            "Copy the whole file (certificate.pem) again. The PEM block can be read, but it has no \
             certificate.",
        )),
    }
}
