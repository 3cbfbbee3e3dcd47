//! The terms that Terraform passes in the environment of a provider.
//!
//! The names and meanings are those of HashiCorp's go-plugin, which Terraform
//! and OpenTofu use to start providers. Reading them is a pure function of a
//! look-up, which can be tested and fuzzed without touching the process.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// The version of the plugin protocol that is spoken.
pub const PROTOCOL_VERSION: u32 = 5;

/// The variable in which Terraform passes the cookie.
pub(super) const COOKIE_NAME: &str = "TF_PLUGIN_MAGIC_COOKIE";

/// Not a secret: it only distinguishes Terraform from a person.
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The terms of the process that started us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The socket to listen on.
    pub listen_on: ListenOn,
    /// The only certificate that a client may show, in DER. Absent when
    /// Terraform runs with `TF_DISABLE_PLUGIN_TLS`: then nothing is encrypted.
    pub client_certificate: Option<CertificateDer<'static>>,
}

/// A kind of local socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketKind {
    /// A socket in the file system.
    Unix,
    /// A port of the loopback address.
    Tcp,
}

impl SocketKind {
    /// Returns the kind that go-plugin uses on this system: Unix sockets, except
    /// on Windows.
    #[must_use]
    pub fn native() -> Self {
        if cfg!(unix) { Self::Unix } else { Self::Tcp }
    }
}

/// The socket to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenOn {
    /// A socket in a new folder.
    Unix,
    /// A port of the loopback address.
    Tcp {
        /// The ports allowed; only 0 (any free port) when the client names none.
        ports: RangeInclusive<u16>,
    },
}

/// The reason why the process cannot serve the one that started it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// A person, or a program other than Terraform, started it.
    #[error("the process was not started by Terraform")]
    NotStartedByTerraform,
    /// Terraform speaks only other versions of the protocol.
    #[error(
        "Terraform offers plugin protocol {offered}, and this provider speaks \
         version {PROTOCOL_VERSION} only; Terraform 0.12 and later, and every OpenTofu, offer it"
    )]
    NoCommonVersion {
        /// The versions offered, separated by commas.
        offered: String,
    },
    /// A variable is not UTF-8.
    #[error("the environment variable {variable} is not valid UTF-8")]
    NotText {
        /// Its name.
        variable: &'static str,
    },
    /// The client's certificate cannot be read. Serving without it would let
    /// anyone in, so the process ends instead.
    #[error("PLUGIN_CLIENT_CERT does not hold exactly one certificate in PEM form")]
    ClientCertificate,
    /// The allowed ports are not a range of TCP ports.
    #[error("PLUGIN_MIN_PORT and PLUGIN_MAX_PORT do not name a range of TCP ports")]
    Ports,
}

impl Handshake {
    /// Reads the terms.
    ///
    /// `look_up` returns the value of an environment variable. An empty value
    /// counts as absent, as in go-plugin.
    ///
    /// # Errors
    /// When the process was not started by Terraform, or cannot meet the terms.
    pub fn from_environment(
        look_up: impl Fn(&'static str) -> Option<OsString>,
        socket: SocketKind,
    ) -> Result<Self, HandshakeError> {
        let text = |variable: &'static str| match look_up(variable).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
            Some(Err(_)) => Err(HandshakeError::NotText { variable }),
        };

        if !is_cookie(look_up(COOKIE_NAME)) {
            return Err(HandshakeError::NotStartedByTerraform);
        }
        check_versions(text("PLUGIN_PROTOCOL_VERSIONS")?.as_deref())?;
        let client_certificate =
            text("PLUGIN_CLIENT_CERT")?.as_deref().map(only_certificate).transpose()?;
        let listen_on = match socket {
            SocketKind::Unix => ListenOn::Unix,
            SocketKind::Tcp => ListenOn::Tcp {
                ports: ports(
                    text("PLUGIN_MIN_PORT")?.as_deref(),
                    text("PLUGIN_MAX_PORT")?.as_deref(),
                )?,
            },
        };
        Ok(Self { listen_on, client_certificate })
    }
}

/// Whether the value of the cookie's variable is the cookie.
pub(super) fn is_cookie(value: Option<OsString>) -> bool {
    value.is_some_and(|value| value == COOKIE)
}

/// Looks for [`PROTOCOL_VERSION`] among those offered.
///
/// A client without a list predates such lists, and is served, as in go-plugin.
/// Entries that are no numbers are skipped, as in go-plugin.
fn check_versions(offered: Option<&str>) -> Result<(), HandshakeError> {
    let Some(offered) = offered else { return Ok(()) };
    let versions: Vec<u32> =
        offered.split(',').filter_map(|version| version.trim().parse().ok()).collect();
    if versions.contains(&PROTOCOL_VERSION) {
        return Ok(());
    }
    let offered = match versions.as_slice() {
        [] => "no version that can be read".to_owned(),
        versions => versions.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
    };
    Err(HandshakeError::NoCommonVersion { offered })
}

/// Reads the client's certificate.
///
/// More than one would be ambiguous. go-plugin sends one.
fn only_certificate(pem: &str) -> Result<CertificateDer<'static>, HandshakeError> {
    let mut certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
    match (certificates.next(), certificates.next()) {
        (Some(Ok(certificate)), None) if !certificate.is_empty() => Ok(certificate),
        _ => Err(HandshakeError::ClientCertificate),
    }
}

/// Reads the range of ports. An absent end counts as 0, as in go-plugin.
fn ports(
    minimum: Option<&str>,
    maximum: Option<&str>,
) -> Result<RangeInclusive<u16>, HandshakeError> {
    let port = |text: Option<&str>| {
        text.map_or(Ok(0), |text| text.trim().parse::<u16>().map_err(|_| HandshakeError::Ports))
    };
    let ports = port(minimum)?..=port(maximum)?;
    if ports.is_empty() { Err(HandshakeError::Ports) } else { Ok(ports) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::ffi::OsString;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::{COOKIE, Handshake, HandshakeError, ListenOn, SocketKind};

    fn pem(content: &[u8]) -> String {
        let body = STANDARD.encode(content);
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    }

    fn read(
        socket: SocketKind,
        variables: &[(&'static str, &str)],
    ) -> Result<Handshake, HandshakeError> {
        let variables: HashMap<_, _> =
            variables.iter().map(|&(name, value)| (name, OsString::from(value))).collect();
        Handshake::from_environment(|name| variables.get(name).cloned(), socket)
    }

    /// The environment of an ordinary start, then `more`, which overrides it.
    fn read_started(more: &[(&'static str, &str)]) -> Result<Handshake, HandshakeError> {
        let mut variables = vec![
            ("TF_PLUGIN_MAGIC_COOKIE", COOKIE),
            ("PLUGIN_PROTOCOL_VERSIONS", "5,6"),
            ("PLUGIN_MIN_PORT", "10000"),
            ("PLUGIN_MAX_PORT", "25000"),
        ];
        variables.extend_from_slice(more);
        read(SocketKind::Unix, &variables)
    }

    #[test]
    fn ordinary_environment_is_read() {
        let certificate = pem(b"any bytes");
        let handshake = read_started(&[("PLUGIN_CLIENT_CERT", &certificate)]).unwrap();
        assert_eq!(handshake.listen_on, ListenOn::Unix);
        assert_eq!(handshake.client_certificate.unwrap().as_ref(), b"any bytes");
    }

    #[test]
    fn environment_without_the_cookie_is_refused() {
        let refused = Err(HandshakeError::NotStartedByTerraform);
        assert_eq!(read(SocketKind::Unix, &[]), refused);
        assert_eq!(read_started(&[("TF_PLUGIN_MAGIC_COOKIE", "")]), refused);
        assert_eq!(read_started(&[("TF_PLUGIN_MAGIC_COOKIE", &COOKIE[1..])]), refused);
    }

    #[test]
    fn protocol_versions_are_a_set_in_any_order() {
        for offered in ["5", "5,6", "6,5", " 6 , 5 ", "x,5", ""] {
            assert!(read_started(&[("PLUGIN_PROTOCOL_VERSIONS", offered)]).is_ok(), "{offered:?}");
        }
        let refusal = |offered| read_started(&[("PLUGIN_PROTOCOL_VERSIONS", offered)]).unwrap_err();
        assert_eq!(refusal("6,4"), HandshakeError::NoCommonVersion { offered: "6, 4".to_owned() });
        assert_eq!(
            refusal("55,\u{1b}[2J"),
            HandshakeError::NoCommonVersion { offered: "55".to_owned() }
        );
        assert!(refusal("five").to_string().contains("no version that can be read"));
    }

    #[test]
    fn unreadable_client_certificate_is_refused() {
        let two = pem(b"one") + &pem(b"two");
        let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        for text in ["certificate", cut, key, &two, &pem(b"")] {
            assert_eq!(
                read_started(&[("PLUGIN_CLIENT_CERT", text)]),
                Err(HandshakeError::ClientCertificate),
                "{text:?}"
            );
        }
        assert_eq!(
            read_started(&[("PLUGIN_CLIENT_CERT", "")]).unwrap().client_certificate,
            None,
            "an empty variable is an absent one"
        );
    }

    #[test]
    fn ports_are_read_for_tcp_only() {
        let read = |minimum, maximum| {
            let variables = [
                ("TF_PLUGIN_MAGIC_COOKIE", COOKIE),
                ("PLUGIN_MIN_PORT", minimum),
                ("PLUGIN_MAX_PORT", maximum),
            ];
            (read(SocketKind::Tcp, &variables), read(SocketKind::Unix, &variables))
        };
        let listen_on = |minimum, maximum| read(minimum, maximum).0.map(|found| found.listen_on);
        assert_eq!(listen_on("10000", "25000"), Ok(ListenOn::Tcp { ports: 10000..=25000 }));
        assert_eq!(listen_on("", ""), Ok(ListenOn::Tcp { ports: 0..=0 }));
        for (minimum, maximum) in [("2", "1"), ("x", "1"), ("1", ""), ("1", "65536"), ("-1", "1")] {
            assert_eq!(listen_on(minimum, maximum), Err(HandshakeError::Ports));
            assert!(read(minimum, maximum).1.is_ok(), "{minimum}..{maximum}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn variable_that_is_not_utf8_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let variable = "PLUGIN_PROTOCOL_VERSIONS";
        let read = Handshake::from_environment(
            |name| match name {
                "TF_PLUGIN_MAGIC_COOKIE" => Some(OsString::from(COOKIE)),
                name if name == variable => Some(OsString::from_vec(vec![b'/', 0xff])),
                _ => None,
            },
            SocketKind::Unix,
        );
        assert_eq!(read, Err(HandshakeError::NotText { variable }));
    }

    proptest! {
        #[test]
        fn any_environment_is_read_or_refused(values in proptest::collection::vec(any::<Option<String>>(), 5)) {
            let names = [
                "TF_PLUGIN_MAGIC_COOKIE", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_CLIENT_CERT",
                "PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT",
            ];
            let mut variables: HashMap<_, _> = names.into_iter().zip(values).collect();
            for cookie in [None, Some(COOKIE.to_owned())] {
                if let Some(cookie) = cookie {
                    variables.insert("TF_PLUGIN_MAGIC_COOKIE", Some(cookie));
                }
                for socket in [SocketKind::Unix, SocketKind::Tcp] {
                    let look_up = |name| variables.get(name).cloned().flatten().map(OsString::from);
                    if let Err(error) = Handshake::from_environment(look_up, socket) {
                        prop_assert!(!error.to_string().chars().any(char::is_control));
                    }
                }
            }
        }
    }
}
