//! The settings of a client, and their checks without a network.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use http::HeaderValue;
use thiserror::Error;
use url::{Host, Url};

use super::error::TokenProblem;
use super::profile::Profile;
use safe_text::Secret;

/// The token endpoint of Webex (documented).
pub const TOKEN_URL: &str = "https://webexapis.com/v1/access_token";

/// The applications endpoint of Webex, which makes tokens for Service Apps (documented).
pub const APPLICATIONS_URL: &str = "https://webexapis.com/v1/applications";

/// The default of [`Settings::request_timeout`].
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The settings of a client.
///
/// [`Settings::new`] sets the defaults.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The URL of the Contact Center APIs, for example `https://api.wxcc-us1.cisco.com`. A path is
    /// kept as a prefix.
    pub base_url: Url,
    /// The URL that refreshes access tokens. Default: [`TOKEN_URL`].
    pub token_url: Url,
    /// The URL that makes tokens for Service Apps. Default: [`APPLICATIONS_URL`].
    pub applications_url: Url,
    /// The API profile. Default: the built-in one.
    pub profile: Profile,
    /// The credentials of the client.
    pub credentials: Credentials,
    /// The most requests a minute to the Contact Center APIs. Default: 300, which is Webex's limit
    /// per client id (documented).
    pub requests_per_minute: NonZeroU32,
    /// The most retries of a request. Default: 5.
    pub max_retries: u32,
    /// The longest time of one attempt. Default: 60 seconds. [`Settings::set_request_timeout`]
    /// changes it together with the deadlines.
    pub request_timeout: Duration,
    /// The deadlines within an attempt. Default: those for 60 seconds.
    pub deadlines: Deadlines,
    /// The longest time until a write is visible in reads. Default: 8 seconds (assumed; Webex
    /// documents no bound).
    pub visibility_timeout: Duration,
    /// Certificates of authorities to trust in addition to the platform's, in PEM.
    pub certificate_authorities: Option<Vec<u8>>,
    /// The proxy. Default: that of the system's settings.
    pub proxy: Option<Proxy>,
    /// The `User-Agent` header.
    pub user_agent: String,
}

/// The deadlines within one attempt. Each has an error of its own, see
/// [`Deadline`](super::Deadline).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// The time for name resolution, TCP, proxy and TLS together: 10 seconds of 60.
    pub connect: Duration,
    /// The time between connecting and the header of the response: 45 seconds of 60, because saving
    /// a connector validates its credentials at a third party.
    pub first_byte: Duration,
    /// The time between two parts of the response's body: 15 seconds.
    pub idle: Duration,
}

impl Deadlines {
    /// Returns the deadlines for a request timeout.
    ///
    /// Connecting gets 10 seconds, at most half of the timeout. The body keeps 5 seconds, at most a
    /// twelfth of the timeout. The rest is for the wait for the response, which a slow third party
    /// prolongs. All three pass before the request timeout does, so that the error names the exact
    /// one.
    #[must_use]
    pub fn within(request_timeout: Duration) -> Self {
        let connect = Duration::from_secs(10).min(request_timeout / 2);
        let body = Duration::from_secs(5).min(request_timeout / 12);
        Self {
            connect,
            first_byte: request_timeout.saturating_sub(connect + body),
            idle: Duration::from_secs(15),
        }
    }
}

/// The credentials of the client.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An access token without renewal.
    AccessToken(Secret),
    /// An Integration or a Service App with a refresh token. The client renews its access tokens.
    RefreshToken {
        /// The client id of the app. Not a secret.
        client_id: String,
        /// The client secret of the app.
        client_secret: Secret,
        /// The refresh token. Webex may replace it, see
        /// [`Client::take_notices`](super::Client::take_notices).
        refresh_token: Secret,
    },
    /// A Service App, with a token for each target organization. One configuration can manage
    /// several customers.
    ServiceApp {
        /// The application id of the Service App.
        application_id: String,
        /// The client id. Not a secret.
        client_id: String,
        /// The client secret.
        client_secret: Secret,
        /// A token of scope `spark:applications_token`.
        access_token: Secret,
    },
}

impl Credentials {
    /// Returns every secret of them.
    pub(crate) fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::AccessToken(token) => vec![token],
            Self::RefreshToken { client_secret, refresh_token, .. } => {
                vec![client_secret, refresh_token]
            }
            Self::ServiceApp { client_secret, access_token, .. } => {
                vec![client_secret, access_token]
            }
        }
    }
}

/// A setting that cannot work, found without the network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{setting}: {problem}")]
pub struct SettingsError {
    /// The setting.
    pub setting: Setting,
    /// The problem.
    pub problem: SettingProblem,
}

/// The settings that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// [`Settings::base_url`].
    BaseUrl,
    /// [`Settings::token_url`].
    TokenUrl,
    /// [`Settings::applications_url`].
    ApplicationsUrl,
    /// The base URL of [`Settings::profile`].
    ProfileBaseUrl,
    /// [`Settings::certificate_authorities`].
    CertificateAuthorities,
    /// [`Settings::user_agent`].
    UserAgent,
    /// The access token of any kind of [`Credentials`].
    AccessToken,
    /// The refresh token.
    RefreshToken,
    /// The client id.
    ClientId,
    /// The client secret.
    ClientSecret,
    /// The application id of the Service App.
    ApplicationId,
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::BaseUrl => "base URL",
            Self::TokenUrl => "token URL",
            Self::ApplicationsUrl => "applications URL",
            Self::ProfileBaseUrl => "base URL of the API profile",
            Self::CertificateAuthorities => "certificate authorities",
            Self::UserAgent => "user agent",
            Self::AccessToken => "access token",
            Self::RefreshToken => "refresh token",
            Self::ClientId => "client id",
            Self::ClientSecret => "client secret",
            Self::ApplicationId => "application id",
        })
    }
}

/// The problem of a setting. It never holds the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SettingProblem {
    /// Plain HTTP to a host that is no loopback address would expose the token.
    #[error("must begin with https:// (http:// is possible for a loopback address only)")]
    NotHttps,
    /// The URL has no host.
    #[error("has no host")]
    NoHost,
    /// The URL has a user name or a password, which logs would show.
    #[error("must not contain a user name or a password")]
    UserInfo,
    /// The URL has a query or a fragment, which requests would not keep.
    #[error("must not have a query or a fragment")]
    QueryOrFragment,
    /// The value is empty.
    #[error("must not be empty")]
    Empty,
    /// No header can carry the token.
    #[error(transparent)]
    Token(#[from] TokenProblem),
    /// The PEM has no readable certificate.
    #[error("holds no certificate in PEM form that can be read")]
    NoCertificate,
    /// The value has characters that no header can carry.
    #[error("must be printable ASCII")]
    NotPrintable,
}

impl Settings {
    /// Creates settings with every default.
    #[must_use]
    pub fn new(base_url: Url, credentials: Credentials) -> Self {
        Self {
            base_url,
            token_url: well_known(TOKEN_URL),
            applications_url: well_known(APPLICATIONS_URL),
            profile: Profile::built_in(),
            credentials,
            requests_per_minute: NonZeroU32::MIN.saturating_add(299),
            max_retries: 5,
            request_timeout: REQUEST_TIMEOUT,
            deadlines: Deadlines::within(REQUEST_TIMEOUT),
            visibility_timeout: Duration::from_secs(8),
            certificate_authorities: None,
            proxy: None,
            user_agent: concat!("terraform-provider-webex/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Sets the request timeout and the deadlines within it.
    pub fn set_request_timeout(&mut self, request_timeout: Duration) {
        self.request_timeout = request_timeout;
        self.deadlines = Deadlines::within(request_timeout);
    }

    /// Checks the settings without the network.
    ///
    /// # Errors
    /// Fails with the first setting that cannot work.
    pub fn check(&self) -> Result<(), SettingsError> {
        for (setting, url) in [
            (Setting::BaseUrl, &self.base_url),
            (Setting::TokenUrl, &self.token_url),
            (Setting::ApplicationsUrl, &self.applications_url),
        ] {
            SettingProblem::check_address(url)
                .map_err(|problem| SettingsError { setting, problem })?;
        }
        if let Some(url) = self.profile.base_url() {
            let setting = Setting::ProfileBaseUrl;
            SettingProblem::check_address(url)
                .map_err(|problem| SettingsError { setting, problem })?;
        }
        self.user_agent_header()?;
        if let Some(pem) = &self.certificate_authorities
            && reqwest::Certificate::from_pem_bundle(pem).map_or(true, |found| found.is_empty())
        {
            return wrong(Setting::CertificateAuthorities, SettingProblem::NoCertificate);
        }
        check_credentials(&self.credentials)
    }

    /// Returns the value of the `User-Agent` header.
    pub(crate) fn user_agent_header(&self) -> Result<HeaderValue, SettingsError> {
        let header = HeaderValue::from_str(&self.user_agent).ok();
        header.filter(|header| !header.is_empty()).ok_or(SettingsError {
            setting: Setting::UserAgent,
            problem: SettingProblem::NotPrintable,
        })
    }
}

fn wrong(setting: Setting, problem: SettingProblem) -> Result<(), SettingsError> {
    Err(SettingsError { setting, problem })
}

impl SettingProblem {
    /// Checks a URL of an API without the network.
    ///
    /// # Errors
    /// The problem.
    pub fn check_address(url: &Url) -> Result<(), Self> {
        if url.host_str().is_none_or(str::is_empty) {
            Err(Self::NoHost)
        } else if !url.username().is_empty() || url.password().is_some() {
            Err(Self::UserInfo)
        } else if url.query().is_some() || url.fragment().is_some() {
            Err(Self::QueryOrFragment)
        } else if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)) {
            Ok(())
        } else {
            Err(Self::NotHttps)
        }
    }
}

fn check_credentials(credentials: &Credentials) -> Result<(), SettingsError> {
    let token = |setting, secret: &Secret| {
        TokenProblem::check(secret)
            .map_err(|problem| SettingsError { setting, problem: SettingProblem::Token(problem) })
    };
    let filled = |setting, empty: bool| {
        if empty { wrong(setting, SettingProblem::Empty) } else { Ok(()) }
    };
    match credentials {
        Credentials::AccessToken(access_token) => token(Setting::AccessToken, access_token),
        Credentials::RefreshToken { client_id, client_secret, refresh_token } => {
            filled(Setting::ClientId, client_id.is_empty())?;
            filled(Setting::ClientSecret, client_secret.is_empty())?;
            filled(Setting::RefreshToken, refresh_token.is_empty())
        }
        Credentials::ServiceApp { application_id, client_id, client_secret, access_token } => {
            filled(Setting::ApplicationId, !is_encodable_segment(application_id))?;
            filled(Setting::ClientId, client_id.is_empty())?;
            filled(Setting::ClientSecret, client_secret.is_empty())?;
            token(Setting::AccessToken, access_token)
        }
    }
}

/// Whether requests to a URL stay on this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A proxy for the requests to other machines.
#[derive(Clone)]
pub struct Proxy(reqwest::Proxy);

impl Proxy {
    /// Reads the address of a proxy, possibly with a user name and a password, as `HTTPS_PROXY` has
    /// it. `exceptions` are the hosts to call without it, as in `NO_PROXY`.
    ///
    /// Returns `None` for any other text: the HTTP library would ignore a part of it.
    #[must_use]
    pub fn parse(address: &str, exceptions: &str) -> Option<Self> {
        let uri = address.parse::<http::Uri>().ok()?;
        let is_known = matches!(
            uri.scheme_str(),
            None | Some("http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h")
        );
        let authority = uri.authority()?;
        // A slash in a password would end the authority, and the user name would be the host.
        let is_authority_only = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let place = authority.as_str().rsplit('@').next()?;
        let has_good_port = place == authority.host() || authority.port_u16().is_some();
        if !is_known || authority.host().is_empty() || !is_authority_only || !has_good_port {
            return None;
        }
        let exceptions = reqwest::NoProxy::from_string(exceptions);
        Some(Self(reqwest::Proxy::all(address).ok()?.no_proxy(exceptions)))
    }

    pub(crate) fn of_library(&self) -> reqwest::Proxy {
        self.0.clone()
    }
}

impl fmt::Debug for Proxy {
    /// Shows no address: it may have a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proxy")
    }
}

/// Whether a path segment is neither empty nor relative.
fn is_encodable_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..")
}

#[expect(clippy::expect_used, reason = "both constants are parsed in a test")]
fn well_known(url: &str) -> Url {
    Url::parse(url).expect("a constant URL")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings(base_url: &str) -> Settings {
        Settings::new(
            Url::parse(base_url).unwrap(),
            Credentials::AccessToken(Secret::from("token")),
        )
    }

    fn problem(settings: &Settings) -> (Setting, SettingProblem) {
        let error = settings.check().unwrap_err();
        (error.setting, error.problem)
    }

    #[test]
    fn default_settings_are_the_documented_ones() {
        let settings = settings("https://api.wxcc-us1.cisco.com");
        assert_eq!(settings.token_url.as_str(), TOKEN_URL);
        assert_eq!(settings.applications_url.as_str(), APPLICATIONS_URL);
        assert_eq!(settings.requests_per_minute.get(), 300);
        assert_eq!(settings.check(), Ok(()));
        let seconds = Duration::from_secs;
        assert_eq!(settings.request_timeout, seconds(60));
        let deadlines =
            Deadlines { connect: seconds(10), first_byte: seconds(45), idle: seconds(15) };
        assert_eq!(settings.deadlines, deadlines);
    }

    proptest! {
        #[test]
        fn request_timeout_bounds_its_deadlines(milliseconds in 1_u64..86_400_000) {
            let mut settings = settings("https://a.b");
            let all = Duration::from_millis(milliseconds);
            settings.set_request_timeout(all);
            let Deadlines { connect, first_byte, .. } = settings.deadlines;
            prop_assert_eq!(settings.request_timeout, all);
            // A deadline has its own error only if it passes first.
            prop_assert!(connect < all && connect + first_byte < all);
            prop_assert!(connect + first_byte >= all * 11 / 12);
        }
    }

    #[test]
    fn plain_http_is_for_loopback_addresses_only() {
        for url in ["http://127.0.0.1:8080", "http://[::1]:1", "http://localhost:9", "https://a.b"]
        {
            assert_eq!(settings(url).check(), Ok(()), "{url}");
        }
        for url in ["http://api.wxcc-us1.cisco.com", "http://localhost.example.com", "ftp://a.b"] {
            assert_eq!(problem(&settings(url)), (Setting::BaseUrl, SettingProblem::NotHttps));
        }
        let mut tokens = settings("https://a.b");
        tokens.token_url = Url::parse("http://webexapis.com/v1/access_token").unwrap();
        assert_eq!(problem(&tokens), (Setting::TokenUrl, SettingProblem::NotHttps));
    }

    #[test]
    fn url_with_user_query_or_fragment_is_refused() {
        for (url, expected) in [
            ("https://user:hunter2@a.b", SettingProblem::UserInfo),
            ("https://a.b?x=1", SettingProblem::QueryOrFragment),
            ("https://a.b#x", SettingProblem::QueryOrFragment),
        ] {
            let error = settings(url).check().unwrap_err();
            assert_eq!(error.problem, expected);
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn address_of_a_proxy_is_read_in_full() {
        for good in ["http://u:p@proxy.example.com:3128", "proxy:3128", "https://[::1]:1", "proxy"]
        {
            assert!(Proxy::parse(good, "").is_some(), "{good}");
        }
        for bad in [
            "http://u:p@[bad",
            "http://u:p w@proxy",
            "ftp://proxy",
            "/proxy",
            "http://",
            ":",
            "http://proxy:99999",
            "http://user:2024/hunter2@proxy:3128",
            "http://user/x@proxy:3128",
            "http://user?x@proxy:3128",
        ] {
            assert!(Proxy::parse(bad, "").is_none(), "{bad}");
        }
        let shown = format!("{:?}", Proxy::parse("http://user:hunter2@proxy:3128", "").unwrap());
        assert!(!shown.contains("user") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn configured_token_unfit_for_a_header_is_refused_and_hidden() {
        for token in ["hunter2\n", "hunter2\u{0}", "hünter2", "hunter2 x", ""] {
            let settings = Settings::new(
                Url::parse("https://a.b").unwrap(),
                Credentials::AccessToken(Secret::from(token)),
            );
            let error = settings.check().unwrap_err();
            assert_eq!(error.setting, Setting::AccessToken);
            assert!(!format!("{error} {error:?} {settings:?}").contains("nter2"));
        }
    }

    #[test]
    fn client_secret_may_have_any_characters() {
        let settings = Settings::new(
            Url::parse("https://a.b").unwrap(),
            Credentials::RefreshToken {
                client_id: "id".to_owned(),
                client_secret: Secret::from("with\nnewline ü"),
                refresh_token: Secret::new("x".repeat(100_000)),
            },
        );
        assert_eq!(settings.check(), Ok(()));
    }

    proptest! {
        #[test]
        fn debug_of_settings_shows_no_secret(secret in "[A-Z]{3}[!-~]{5,30}") {
            let one = || Secret::from(&*secret);
            let ways = [
                Credentials::AccessToken(one()),
                Credentials::RefreshToken {
                    client_id: "id".to_owned(),
                    client_secret: one(),
                    refresh_token: one(),
                },
                Credentials::ServiceApp {
                    application_id: "app".to_owned(),
                    client_id: "id".to_owned(),
                    client_secret: one(),
                    access_token: one(),
                },
            ];
            for credentials in ways {
                let settings = Settings::new(Url::parse("https://a.b").unwrap(), credentials);
                let shown = format!("{settings:?} {settings:#?}");
                prop_assert!(!shown.contains(&secret), "{shown}");
            }
        }
    }

    #[test]
    fn certificate_authorities_without_a_certificate_are_refused() {
        let mut settings = settings("https://a.b");
        settings.certificate_authorities = Some(b"not a certificate".to_vec());
        assert_eq!(
            problem(&settings),
            (Setting::CertificateAuthorities, SettingProblem::NoCertificate)
        );
    }
}
