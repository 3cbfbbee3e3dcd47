//! How the simulator behaves: one field per command-line flag, each with the
//! value it has when nobody says otherwise.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The organization that exists when none is named.
pub const DEFAULT_ORGANIZATION: &str = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430";

/// The most custom connectors that one organization may have (documented by
/// Cisco).
pub const CONNECTOR_LIMIT: usize = 10;

/// What a simulator is started with.
///
/// ```
/// use webex_cc_simulator::{Options, SecretsInAnswers};
///
/// let options = Options { secrets: SecretsInAnswers::Mask, ..Options::default() };
/// assert!(options.active_lock);
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0, the default, takes any free port of the
    /// loopback address.
    pub listen: SocketAddr,
    /// The organizations that exist, as UUIDs. Empty means
    /// [`DEFAULT_ORGANIZATION`].
    pub organizations: Vec<String>,
    /// Access tokens that may read and write in every organization. Empty
    /// means `simulator-token_<organization>` for each of them.
    pub tokens: Vec<String>,
    /// Access tokens that may only read: a write with one of them is a 403.
    pub read_only_tokens: Vec<String>,
    /// The file in which connectors survive a restart; without it they live in
    /// memory only. It holds the secrets in the clear.
    pub state: Option<PathBuf>,
    /// Whether an active connector can be neither edited nor deleted (423), as
    /// Control Hub shows it. On by default.
    pub active_lock: bool,
    /// How secrets come back in answers.
    pub secrets: SecretsInAnswers,
    /// What a replacement without a secret does to the stored one.
    pub omitted_secret: OmittedSecret,
    /// How many API requests are processed in a minute before the rest get a
    /// 429; `None` is no limit.
    pub rate_limit: Option<u32>,
    /// How long every answer is held back. The request has taken effect by
    /// then.
    pub latency: Duration,
    /// How long a created connector stays invisible to reads, as in a service
    /// that is consistent only eventually.
    pub visible_after: Duration,
    /// The largest page of a list; a larger `pageSize` is silently cut down to
    /// it. 100 by default, which is assumed.
    pub page_size_cap: usize,
    /// What the two token endpoints accept and grant.
    pub authorization: Authorization,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            organizations: Vec::new(),
            tokens: Vec::new(),
            read_only_tokens: Vec::new(),
            state: None,
            active_lock: true,
            secrets: SecretsInAnswers::Omit,
            omitted_secret: OmittedSecret::Keep,
            rate_limit: None,
            latency: Duration::ZERO,
            visible_after: Duration::ZERO,
            page_size_cap: 100,
            authorization: Authorization::default(),
        }
    }
}

/// The OAuth client that the token endpoints know, and how long their tokens
/// live.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// The client id of the Integration or Service App.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: String,
    /// The refresh token that `POST /v1/access_token` accepts at first; it
    /// grants tokens for the first organization.
    pub refresh_token: String,
    /// Whether each use of a refresh token replaces it by a new one and ends
    /// the old one. When not, the answer repeats the one that was sent.
    pub rotate_refresh_token: bool,
    /// The application that `POST /v1/applications/{id}/token` knows.
    pub service_app_id: String,
    /// The bearer of scope `spark:applications_token` for that call.
    pub applications_token: String,
    /// How long an issued access token is accepted; 14 days, as documented.
    pub access_token_lifetime: Duration,
    /// How long an issued refresh token is accepted; 90 days, as documented.
    pub refresh_token_lifetime: Duration,
}

impl Default for Authorization {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            client_id: "simulator-client".to_owned(),
            client_secret: "simulator-client-secret".to_owned(),
            refresh_token: "simulator-refresh-token".to_owned(),
            rotate_refresh_token: false,
            service_app_id: "simulator-service-app".to_owned(),
            applications_token: "simulator-applications-token".to_owned(),
            access_token_lifetime: Duration::from_secs(14 * DAY),
            refresh_token_lifetime: Duration::from_secs(90 * DAY),
        }
    }
}

/// How `clientSecret`, `password` and `privateKey` come back. Which of these
/// Webex does is unknown, so a client has to live with all four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretsInAnswers {
    /// The keys are absent.
    Omit,
    /// The keys are there and null.
    Null,
    /// A secret that is set is shown as `****`, one that is not as null.
    Mask,
    /// Secrets come back in the clear.
    Echo,
}

/// What a `PUT` that leaves a secret out does to the stored one. Which of the
/// two Webex does is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OmittedSecret {
    /// The stored secret stays.
    Keep,
    /// The stored secret becomes the empty string.
    Blank,
}
