//! The hosts that credentials of the environment may be sent to.
//!
//! The author of a configuration, or of a module in it, chooses addresses. The person
//! who starts Terraform chooses the credentials in its environment. An address of the
//! configuration gets credentials of the environment only if it leads to Cisco, to
//! this machine, or to a host that the environment allows. In the same way, a
//! certificate authority of the configuration is not trusted with credentials of the
//! environment.

use url::{Host, Url};

use super::schema::variable;
use super::source::{Environment, Given, Origin};
use tf_provider::diagnostics::Diagnostic;
use webex_contact_center::is_loopback;

/// The variable with the names of further hosts. No argument of the provider
/// block has this meaning, because a configuration must not allow its own hosts.
pub const ALLOWED_HOSTS: &str = "WEBEX_CC_ALLOWED_HOSTS";

/// The domains of Cisco. Each includes the names below it.
pub const CISCO: [&str; 5] =
    ["cisco.com", "webex.com", "webexapis.com", "ciscoccservice.com", "wbx2.com"];

/// The hosts that the environment allows.
#[derive(Debug, Default)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// Reads [`ALLOWED_HOSTS`]: exact names of hosts, with commas between them.
    ///
    /// # Errors
    ///
    /// When an entry is no name of a host. It would allow nothing.
    pub fn read(environment: Environment<'_>) -> Result<Self, Diagnostic> {
        let text = environment(ALLOWED_HOSTS).unwrap_or_default();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(host).collect::<Option<_>>().map(Self).ok_or_else(|| {
            Diagnostic::error(
                format!("{ALLOWED_HOSTS} cannot be used"),
                "Write exact names of hosts with commas between them, such as \
                 proxy.example.com,webex.example.com: without https://, ports, paths and \
                 wildcards.",
            )
        })
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|allowed| allowed == name)
    }
}

/// Returns the name of a host as URLs have it: in lower case, in ASCII.
fn host(entry: &str) -> Option<String> {
    let host = Host::parse(entry).ok()?;
    let is_name = match &host {
        Host::Domain(name) => !name.contains('*') && !name.is_empty(),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    };
    is_name.then(|| host.to_string())
}

/// Checks that an address may get credentials, each given by where it comes from.
///
/// An address of the environment may get any, and so may a credential of the
/// configuration go anywhere: each of them, together with the other, has one author.
///
/// # Errors
///
/// When the address is the configuration's, a credential is the environment's, and
/// the host is neither Cisco's nor this machine nor allowed. The error points at
/// the argument with the address.
pub fn check(
    address: &Given<Url>,
    credentials: &[Origin],
    allowed: &AllowedHosts,
) -> Result<(), Diagnostic> {
    let origin = address.origin;
    let sent = credentials.iter().filter(|origin| !origin.is_block());
    let sent = sent.map(|origin| origin.name()).collect::<Vec<_>>();
    if !origin.is_block() || sent.is_empty() || is_trusted(&address.value, allowed) {
        return Ok(());
    }
    let host = address.value.host_str().unwrap_or_default();
    let port = address.value.port().map(|port| format!(":{port}")).unwrap_or_default();
    let argument = origin.name();
    Err(origin.error(
        "would send credentials of the environment to a host that is not allowed",
        format!(
            "If the credentials are meant for this host, set the environment variable \
             {ALLOWED_HOSTS}={host}. Otherwise remove {argument}, or set the credentials in the \
             provider block, too. {argument} is set in the configuration and leads to \
             {host}{port}, which is not a host of Cisco. The credentials come from environment \
             variables ({}).",
            sent.join(", "),
        ),
    ))
}

/// Checks that connections with credentials may trust further certificate authorities.
///
/// The owner of an authority's key can read what is sent, from the right place in the network. One
/// of the environment may be trusted with any credential, and one of the configuration with those of
/// the configuration.
///
/// # Errors
///
/// When the authority is the configuration's, a credential is the environment's, and an address is
/// not this machine's. The error points at the argument with the authority.
pub fn check_authority<'a>(
    authority: Origin,
    credentials: &[Origin],
    mut addresses: impl Iterator<Item = &'a Given<Url>>,
) -> Result<(), Diagnostic> {
    let sent = credentials.iter().filter(|origin| !origin.is_block());
    let sent = sent.map(|origin| origin.name()).collect::<Vec<_>>();
    if !authority.is_block()
        || sent.is_empty()
        || addresses.all(|address| is_loopback(&address.value))
    {
        return Ok(());
    }
    let argument = authority.name();
    let variable = variable(authority.argument());
    Err(authority.error(
        "cannot be used with credentials of the environment",
        format!(
            "Set the environment variable {variable} instead of {argument}, or set the credentials \
             in the provider block, too. The owner of this authority's key can read what is \
             sent to Webex, and a configuration does not choose who reads credentials of the \
             environment ({}).",
            sent.join(", "),
        ),
    ))
}

fn is_trusted(url: &Url, allowed: &AllowedHosts) -> bool {
    let Some(host) = url.host_str() else { return false };
    let is_cisco = CISCO.iter().any(|domain| {
        let below = host.strip_suffix(domain);
        below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    is_cisco || is_loopback(url) || allowed.has(host)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{AllowedHosts, check, check_authority};
    use crate::provider::configuration::source::{Given, Origin};

    const TOKEN: Origin = Origin::Environment("access_token");

    fn allowed(hosts: &'static str) -> AllowedHosts {
        AllowedHosts::read(&move |_| Some(hosts.to_owned())).unwrap()
    }

    fn may_get(url: &str, hosts: &'static str) -> bool {
        let value = Url::parse(url).unwrap();
        let address = Given { value, origin: Origin::Block("base_url") };
        check(&address, &[TOKEN], &allowed(hosts)).is_ok()
    }

    #[test]
    fn credentials_of_the_environment_go_to_cisco_this_machine_and_allowed_hosts_only() {
        for url in [
            "https://api.wxcc-us1.cisco.com",
            "https://CISCO.com",
            "https://webexapis.com/v1",
            "https://x.webex.com:8443",
            "https://api.ciscoccservice.com",
            "https://a.wbx2.com",
            "http://127.0.0.1:1",
            "http://[::1]:1",
            "http://localhost:1",
        ] {
            assert!(may_get(url, ""), "{url}");
        }
        for url in [
            "https://a.example",
            "https://notcisco.com",
            "https://cisco.com.a.example",
            "https://webexapis.com.",
            "https://a.example/cisco.com",
            "https://10.0.0.1",
            "https://сisco.com",
        ] {
            assert!(!may_get(url, ""), "{url}");
        }
        let hosts = "Proxy.Example.com, 10.0.0.1,bücher.example";
        assert!(may_get("https://proxy.example.com:8443/x", hosts));
        assert!(may_get("https://10.0.0.1", hosts));
        assert!(may_get("https://xn--bcher-kva.example", hosts));
        assert!(!may_get("https://a.proxy.example.com", hosts));
        assert!(!may_get("https://example.com", hosts));
    }

    #[test]
    fn only_a_mixture_of_configuration_and_environment_is_checked() {
        let value = Url::parse("https://a.example").unwrap();
        for (address, credential, is_right) in [
            (Origin::Block("token_url"), Origin::Environment("client_secret"), false),
            (Origin::Block("token_url"), Origin::Block("client_secret"), true),
            (Origin::Environment("token_url"), Origin::Environment("client_secret"), true),
            (Origin::Environment("token_url"), Origin::Block("client_secret"), true),
        ] {
            let address = Given { value: value.clone(), origin: address };
            let checked = check(&address, &[credential], &AllowedHosts::default());
            assert_eq!(checked.is_ok(), is_right, "{address:?} {credential:?}");
        }
    }

    #[test]
    fn authority_of_the_configuration_is_not_trusted_with_credentials_of_the_environment() {
        const BLOCK: Origin = Origin::Block("ca_certificate_pem");
        for (authority, credentials, url, is_right) in [
            (BLOCK, &[TOKEN][..], "https://api.wxcc-us1.cisco.com", false),
            (BLOCK, &[Origin::Block("client_id"), TOKEN], "https://a.example", false),
            (BLOCK, &[TOKEN], "https://127.0.0.1:1", true),
            (BLOCK, &[Origin::Block("access_token")], "https://a.example", true),
            (Origin::Environment("ca_certificate_file"), &[TOKEN], "https://a.example", true),
        ] {
            let value = Url::parse(url).unwrap();
            let address = Given { value, origin: Origin::Environment("base_url") };
            let checked = check_authority(authority, credentials, [&address].into_iter());
            assert_eq!(checked.is_ok(), is_right, "{authority:?} {credentials:?} {url}");
        }
    }

    #[test]
    fn allowed_hosts_that_would_allow_nothing_are_refused() {
        for hosts in ["*.example.com", "https://a.example", "a.example:443", "a b", "a/b", ",*"] {
            assert!(AllowedHosts::read(&move |_| Some(hosts.to_owned())).is_err(), "{hosts}");
        }
        assert!(!allowed(" , ").has(""));
    }
}
