//! The output by which a started process publishes its address.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls_pki_types::CertificateDer;

use super::handshake::PROTOCOL_VERSION;
use super::listener::Address;

/// The version of go-plugin's own contract.
const CORE_PROTOCOL_VERSION: u32 = 1;

/// Returns the one line that Terraform reads from the provider's standard output.
///
/// Six fields: go-plugin's version, the protocol's version, network, address,
/// `grpc`, and our certificate in base64 without padding (empty without TLS).
/// go-plugin allows a seventh only to a client that asks for multiplexing, which
/// Terraform never does.
pub(super) fn handshake_line(
    address: &Address,
    certificate: Option<&CertificateDer<'_>>,
) -> String {
    let certificate = certificate.map_or_else(String::new, |der| STANDARD_NO_PAD.encode(der));
    let Address { network, place } = address;
    format!("{CORE_PROTOCOL_VERSION}|{PROTOCOL_VERSION}|{network}|{place}|grpc|{certificate}\n")
}

/// The shell in a person's terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    /// The shell of a Unix system.
    Posix,
    /// The shell of Windows.
    PowerShell,
}

impl Shell {
    /// Returns the usual shell of this system.
    pub(super) fn native() -> Self {
        if cfg!(windows) { Self::PowerShell } else { Self::Posix }
    }

    /// Returns the line that sets an environment variable.
    fn set(self, variable: &str, value: &str) -> String {
        match self {
            // A quote inside single quotes ends them, is escaped, and begins new ones.
            Self::Posix => format!("export {variable}='{}'", value.replace('\'', r"'\''")),
            // A quote inside single quotes is doubled.
            Self::PowerShell => format!("$env:{variable} = '{}'", value.replace('\'', "''")),
        }
    }
}

/// Returns the instructions for a person who starts the provider in debug mode.
///
/// `provider` is the provider's full address, such as
/// `registry.terraform.io/example/cloud`; `process` is our process id.
pub(super) fn debug_instructions(
    provider: &str,
    address: &Address,
    process: u32,
    shell: Shell,
) -> String {
    let reattach = serde_json::json!({
        provider: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL_VERSION,
            "Pid": process,
            "Test": true,
            "Addr": { "Network": address.network, "String": address.place },
        }
    });
    let line = shell.set("TF_REATTACH_PROVIDERS", &reattach.to_string());

    let mut text = String::new();
    let _ = writeln!(text, "The provider runs in debug mode, without encryption.");
    let _ = writeln!(text, "To let Terraform use this process, set in the shell where it runs:\n");
    let _ = writeln!(text, "    {line}\n");
    let _ = writeln!(text, "Press Ctrl-C to stop it.");
    text
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::CertificateDer;

    use super::{Shell, debug_instructions, handshake_line};
    use crate::plugin::listener::Address;

    fn address(place: &str) -> Address {
        Address { network: "unix", place: place.to_owned() }
    }

    #[test]
    fn handshake_line_has_six_fields() {
        let certificate = CertificateDer::from(vec![0xff]);
        assert_eq!(
            handshake_line(&address("/tmp/plugin1/socket"), Some(&certificate)),
            "1|5|unix|/tmp/plugin1/socket|grpc|/w\n",
            "without padding: {certificate:?}"
        );
        assert_eq!(handshake_line(&address("/s"), None), "1|5|unix|/s|grpc|\n");
    }

    #[test]
    fn debug_instructions_can_be_pasted_into_a_shell() {
        let rows = [
            (Shell::Posix, "export TF_REATTACH_PROVIDERS='", r"'\''"),
            (Shell::PowerShell, "$env:TF_REATTACH_PROVIDERS = '", "''"),
        ];
        for (shell, beginning, quote) in rows {
            let address = address("/it's/here");
            let text = debug_instructions("registry.terraform.io/a/b", &address, 7, shell);
            let (_, line) = text.split_once(beginning).unwrap();
            let (quoted, _) = line.split_once("'\n").unwrap();
            assert!(quoted.contains(&format!("/it{quote}s/here")), "{quoted}");
            let value: serde_json::Value =
                serde_json::from_str(&quoted.replace(quote, "'")).unwrap();
            assert_eq!(
                value,
                serde_json::json!({"registry.terraform.io/a/b": {
                    "Protocol": "grpc",
                    "ProtocolVersion": 5,
                    "Pid": 7,
                    "Test": true,
                    "Addr": {"Network": "unix", "String": "/it's/here"},
                }})
            );
        }
    }
}
