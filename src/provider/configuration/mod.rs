//! The provider block: makes an API client of arguments and environment.
//!
//! Nothing here makes a call or opens a file that is not named. A missing
//! argument is a status of its own: it is an error for Terraform, and a finding
//! for `doctor`.

mod credentials;
pub mod destinations;
pub mod file;
pub mod profile;
pub mod schema;
pub mod source;
pub mod status;

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use url::Url;

use self::credentials::{CredentialsProblem, GivenCredentials};
use self::destinations::AllowedHosts;
use self::source::{Environment, Given, Origin, Source, convert};
use self::status::{ConfiguredProvider, ProviderStatus, remedy};
use super::unseen::Unseen;
use super::{organization, timeouts};
use safe_text::Shown;
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::{Argument, Configuration};
use webex_contact_center::{
    Address, AddressProblem, Client, Credentials, OrganizationId, Profile, Proxy, Setting,
    SettingProblem, Settings, SettingsError, TokenProblem, is_loopback,
};

/// The regions of which Cisco documents a host.
pub const REGIONS: [&str; 8] = ["us1", "eu1", "eu2", "anz1", "ca1", "jp1", "sg1", "in1"];

/// Checks the provider block without the environment, so that a pipeline without
/// credentials can validate.
#[must_use]
pub fn validate(block: &Configuration) -> Diagnostics {
    let nothing: Environment<'_> = &|_| None;
    let source = Source::new(block, nothing);
    let mut messages = unseen(&source);
    if messages.has_errors() {
        return messages;
    }
    messages.extend(Arguments::read(&source).err());
    if let Err(CredentialsProblem::Conflict(conflict)) = credentials::find(&source) {
        messages.push(conflict);
    }
    if let Argument::Known(token) = source.secret("access_token")
        && let Err(problem) = TokenProblem::check(&token.value)
    {
        messages.push(cannot_be_used(token.origin, problem.into()));
    }
    messages
}

/// Reads the provider block and the environment.
///
/// Returns whether calls can be made, with warnings and with the errors of
/// arguments that can never work. Opens the files that they name, which may take
/// any time.
#[must_use]
pub fn read(
    block: &Configuration,
    environment: Environment<'_>,
    user_agent: &str,
) -> (ProviderStatus, Diagnostics) {
    let source = Source::new(block, environment);
    let mut messages = unseen(&source);
    if messages.has_errors() {
        return (ProviderStatus::Unconfigured, messages);
    }
    let status = status(&source, user_agent, &mut messages);
    let status = status.unwrap_or_else(|error| {
        messages.push(error);
        ProviderStatus::Unconfigured
    });
    (status, messages)
}

/// The arguments apart from credentials and certificates, each checked by itself.
struct Arguments {
    base_url: Argument<Given<Url>>,
    organization: Argument<Given<OrganizationId>>,
    token_url: Argument<Given<Url>>,
    applications_url: Argument<Given<Url>>,
    requests_per_minute: Argument<u32>,
    max_retries: Argument<u32>,
    request_timeout: Argument<Duration>,
    preflight: Argument<bool>,
    profile: Argument<Given<Profile>>,
}

impl Arguments {
    fn read(source: &Source<'_>) -> Result<Self, Diagnostic> {
        Ok(Self {
            base_url: base_url(source)?,
            organization: organization_id(source)?,
            token_url: convert(source.string("token_url"), parse_url)?,
            applications_url: convert(source.string("applications_url"), parse_url)?,
            requests_per_minute: source.integer("requests_per_minute", 1..=100_000)?,
            max_retries: source.integer("max_retries", 0..=20)?,
            request_timeout: request_timeout(source)?,
            preflight: source.boolean("preflight_checks")?,
            profile: profile::read(source)?,
        })
    }
}

fn status(
    source: &Source<'_>,
    user_agent: &str,
    messages: &mut Diagnostics,
) -> Result<ProviderStatus, Diagnostic> {
    let mut arguments = Arguments::read(source)?;
    let is_overridden = matches!(source.string("base_url"), Argument::Known(_));
    // Where the profile sends credentials, unless base_url overrides it.
    let of_profile = match &arguments.profile {
        Argument::Known(given) if !is_overridden => {
            let url = given.value.base_url().cloned();
            url.map(|value| Given { value, origin: given.origin })
        }
        Argument::Known(_) | Argument::Absent | Argument::Unknown => None,
    };
    if arguments.base_url.is_absent()
        && let Some(url) = &of_profile
    {
        arguments.base_url = Argument::Known(url.clone());
    }
    let lacks_region = arguments.base_url.is_absent();
    let credentials = match credentials::find(source) {
        Err(CredentialsProblem::Incomplete(problem)) if lacks_region => {
            let detail =
                format!("{} The region is missing, too. {}", problem.detail(), remedy("region"));
            return Err(problem.with_detail(detail));
        }
        found => found?,
    };
    let authorities = certificate_authorities(source)?;
    let lacks_credentials = matches!(credentials, GivenCredentials::Absent);
    let lacks = [(lacks_credentials, "access_token"), (lacks_region, "region")];
    let missing = lacks.into_iter().filter_map(|(lacks, argument)| lacks.then_some(argument));
    let missing = missing.collect::<Vec<_>>();
    if !missing.is_empty() {
        return Ok(ProviderStatus::Missing(missing));
    }
    if let Some(argument) = unknown(source) {
        return Ok(ProviderStatus::Unknown(argument));
    }
    let (credentials, origins, base_url) = match (credentials, arguments.base_url) {
        (GivenCredentials::Complete(credentials, origins), Argument::Known(url)) => {
            (credentials, origins, url)
        }
        (GivenCredentials::Unknown(argument), _) => return Ok(ProviderStatus::Unknown(argument)),
        (GivenCredentials::Complete(..) | GivenCredentials::Absent, _) => {
            return Ok(ProviderStatus::Unknown("base_url"));
        }
    };
    let (token_url, applications_url) =
        (arguments.token_url.known(), arguments.applications_url.known());
    // Only the addresses that these credentials are sent to.
    let asked = match &credentials {
        Credentials::AccessToken(_) => None,
        Credentials::RefreshToken { .. } => token_url.as_ref(),
        Credentials::ServiceApp { .. } => applications_url.as_ref(),
    };
    let allowed = AllowedHosts::read(source.environment())?;
    let called = || std::iter::once(&base_url).chain(asked).chain(&of_profile);
    for address in called() {
        destinations::check(address, &origins, &allowed)?;
    }
    if let Argument::Known(given) = &authorities {
        destinations::check_authority(given.origin, &origins, called())?;
    }
    let needs_proxy = called().any(|address| !is_loopback(&address.value));

    let organization = default_organization(arguments.organization.known(), &credentials, messages);
    let mut settings = Settings::new(base_url.value, credentials);
    settings.user_agent = user_agent.to_owned();
    if needs_proxy {
        settings.proxy = proxy(source.environment())?;
    }
    let authorities = authorities.known();
    let authorities_origin = authorities.as_ref().map(|given| given.origin);
    settings.certificate_authorities = authorities.map(|given| given.value);
    if let Some(url) = token_url {
        settings.token_url = url.value;
    }
    if let Some(url) = applications_url {
        settings.applications_url = url.value;
    }
    if let Some(number) = arguments.requests_per_minute.known().and_then(NonZeroU32::new) {
        settings.requests_per_minute = number;
    }
    if let Argument::Known(number) = arguments.max_retries {
        settings.max_retries = number;
    }
    if let Argument::Known(duration) = arguments.request_timeout {
        settings.set_request_timeout(duration);
    }
    let mut profile_origin = None;
    if let Argument::Known(given) = arguments.profile {
        profile_origin = Some(given.origin);
        settings.profile = if is_overridden { given.value.without_base_url() } else { given.value };
    }
    let client = Client::new(settings).map_err(|error| {
        let is_of_profile = error.setting == Setting::ProfileBaseUrl;
        let origin = if is_of_profile { profile_origin } else { authorities_origin };
        unusable(&error, source, origin)
    })?;
    Ok(ProviderStatus::Ready(ConfiguredProvider {
        client,
        organization,
        preflight: arguments.preflight.known().unwrap_or(true),
    }))
}

/// Reads the proxy of the environment. The library would ignore an address that it cannot read, an
/// empty variable with another in lower case, and all variables if `REQUEST_METHOD` is set. It would
/// send requests past the proxy.
fn proxy(environment: Environment<'_>) -> Result<Option<Proxy>, Diagnostic> {
    let first =
        |names: &[&'static str]| names.iter().find_map(|name| Some((*name, environment(name)?)));
    let addresses = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let Some((name, address)) = first(&addresses) else { return Ok(None) };
    let exceptions = first(&["NO_PROXY", "no_proxy"]).map(|(_, hosts)| hosts).unwrap_or_default();
    Proxy::parse(&address, &exceptions).map(Some).ok_or_else(|| {
        Diagnostic::error(
            format!("{name} cannot be used"),
            "Write http://HOST:PORT, or unset the variable. The value is not the address of a \
             proxy, so requests would bypass the proxy. In a user name or a password, \
             percent-encode all characters other than letters and digits.",
        )
    })
}

/// Returns an argument whose value is known only after apply. Of those that
/// exclude each other it may be either, and the message has to name the right
/// one. A call does not depend on the preflight checks.
fn unknown(source: &Source<'_>) -> Option<&'static str> {
    let arguments = schema::ENVIRONMENT.iter().map(|(argument, _)| *argument);
    arguments
        .filter(|argument| *argument != "preflight_checks")
        .find(|argument| source.is_unknown(argument))
}

/// Finds blanks, line ends and invisible characters, which are never meant here. The access token
/// has a check of its own.
fn unseen(source: &Source<'_>) -> Diagnostics {
    const TEXTS: [&str; 9] = [
        "region",
        "base_url",
        "organization_id",
        "client_id",
        "service_app_id",
        "token_url",
        "applications_url",
        "request_timeout",
        "connector_path",
    ];
    let texts = TEXTS.into_iter().filter_map(|argument| {
        let given = source.string(argument).known()?;
        let found = Unseen::find(&given.value).filter(|_| !given.value.trim().is_empty())?;
        Some(hidden(given.origin, found))
    });
    let secrets = ["client_secret", "refresh_token"].into_iter().filter_map(|argument| {
        let given = source.secret(argument).known()?;
        Some(hidden(given.origin, Unseen::find_in(&given.value)?))
    });
    texts.chain(secrets).collect()
}

fn hidden(origin: Origin, found: Unseen) -> Diagnostic {
    let remedy = match origin.is_block() {
        true => found.remedy(),
        false => found.remedy_in_environment(),
    };
    origin.error("cannot be used", format!("{} {remedy}", found.sentence()))
}

fn base_url(source: &Source<'_>) -> Result<Argument<Given<Url>>, Diagnostic> {
    let (region, url) = (source.string("region").known(), source.string("base_url").known());
    if let (Some(region), Some(url)) = (region, url)
        && region.origin.is_block()
        && !url.origin.is_block()
    {
        let detail = "Unset the variable, or remove region from the provider block. The provider \
                      block would take precedence, so a test against a simulator would call Webex.";
        return Err(region.origin.excluded_by(url.origin, detail));
    }
    let detail = "Keep one of them. A region is a name for its address.";
    convert(source.one_of("region", "base_url", detail)?, |given| match given.origin.argument() {
        "region" => region_url(given),
        _ => parse_url(given),
    })
}

fn region_url(region: Given<String>) -> Result<Given<Url>, Diagnostic> {
    let Given { value, origin } = region;
    if !REGIONS.contains(&value.as_str()) {
        let known = REGIONS.join(", ");
        let lower = value.to_lowercase();
        let hint = match REGIONS.contains(&lower.as_str()) {
            true => format!("Write {lower:?}."),
            false => "For another host, set base_url (WEBEX_CC_BASE_URL) instead.".to_owned(),
        };
        let detail = format!("{hint} {value:?} is not one of {known}.");
        return Err(origin.error("is not a known region", detail));
    }
    parse_url(Given { value: format!("https://api.wxcc-{value}.cisco.com"), origin })
}

fn parse_url(given: Given<String>) -> Result<Given<Url>, Diagnostic> {
    let Given { value, origin } = given;
    // The text itself is not repeated: it may hold credentials.
    let url = Url::parse(&value).map_err(|problem| {
        let detail = format!("{problem}. Write a full address such as https://api.example.com.");
        origin.error("is not a URL", detail)
    })?;
    SettingProblem::check_address(&url).map_err(|problem| cannot_be_used(origin, problem))?;
    if let Err(AddressProblem::Repaired(_)) = Address::parse(&value) {
        let detail = "Write a full address such as https://api.example.com. This one does not \
                      begin with https:// and a host.";
        return Err(origin.error("is not a URL", detail));
    }
    Ok(Given { value: url, origin })
}

fn organization_id(source: &Source<'_>) -> Result<Argument<Given<OrganizationId>>, Diagnostic> {
    convert(source.string("organization_id"), |Given { value, origin }| {
        organization::parse(&value)
            .map(|value| Given { value, origin })
            .map_err(|problem| origin.error("cannot be read", problem.detail()))
    })
}

fn request_timeout(source: &Source<'_>) -> Result<Argument<Duration>, Diagnostic> {
    convert(source.string("request_timeout"), |Given { value, origin }| {
        timeouts::parse(&value).ok_or_else(|| {
            let detail = format!("Write it as \"30s\" or \"2m\". {value:?} cannot be read.");
            origin.error("is not a duration", detail)
        })
    })
}

fn certificate_authorities(source: &Source<'_>) -> Result<Argument<Given<Vec<u8>>>, Diagnostic> {
    let detail = "Keep one of them. Both set the certificates to trust.";
    let given = source.one_of("ca_certificate_file", "ca_certificate_pem", detail)?;
    convert(given, |Given { value, origin }| {
        let value = match origin.argument() {
            "ca_certificate_file" => file::read(Path::new(&value)).map_err(|problem| {
                origin.error("cannot be opened", format!("{:?}: {problem}.", Shown::new(&value)))
            })?,
            _ => value.into_bytes(),
        };
        Ok(Given { value, origin })
    })
}

/// Returns the explicit organization, or the one that the token names.
fn default_organization(
    explicit: Option<Given<OrganizationId>>,
    credentials: &Credentials,
    messages: &mut Diagnostics,
) -> Option<OrganizationId> {
    let of_token = match credentials {
        Credentials::AccessToken(token) => OrganizationId::from_access_token(token),
        // The token of a Service App belongs to the organization of its
        // developer, not to the one that it manages.
        Credentials::RefreshToken { .. } | Credentials::ServiceApp { .. } => None,
    };
    let Some(explicit) = explicit else { return of_token };
    if let Some(of_token) = of_token
        && of_token != explicit.value
    {
        messages.push(disagreement(explicit.origin, explicit.value, of_token));
    }
    Some(explicit.value)
}

fn disagreement(origin: Origin, explicit: OrganizationId, of_token: OrganizationId) -> Diagnostic {
    origin.at(Diagnostic::warning(
        "The access token belongs to another organization",
        format!(
            "Check which token is used, unless you are a partner who administers other \
             organizations. {} is {explicit}, and the access token contains the organization id \
             {of_token}.",
            origin.name()
        ),
    ))
}

/// Returns the error of a setting that the client refuses, with the name of its
/// argument.
fn unusable(error: &SettingsError, source: &Source<'_>, given_at: Option<Origin>) -> Diagnostic {
    let argument = match error.setting {
        Setting::BaseUrl => "base_url",
        Setting::TokenUrl => "token_url",
        Setting::ApplicationsUrl => "applications_url",
        Setting::ProfileBaseUrl => "api_profile",
        Setting::CertificateAuthorities => "ca_certificate_pem",
        Setting::UserAgent => {
            let detail = format!("It {}.", error.problem);
            return Diagnostic::error("TF_APPEND_USER_AGENT cannot be used", detail);
        }
        Setting::AccessToken => "access_token",
        Setting::RefreshToken => "refresh_token",
        Setting::ClientId => "client_id",
        Setting::ClientSecret => "client_secret",
        Setting::ApplicationId => "service_app_id",
    };
    let origin = match (error.setting, given_at) {
        (Setting::CertificateAuthorities | Setting::ProfileBaseUrl, Some(origin)) => origin,
        _ => source.origin(argument),
    };
    cannot_be_used(origin, error.problem)
}

/// Returns the error of a value, without the value.
fn cannot_be_used(origin: Origin, problem: SettingProblem) -> Diagnostic {
    let hint = match problem {
        SettingProblem::Token(TokenProblem::Bearer) => " Remove that word and the space after it.",
        SettingProblem::Token(
            TokenProblem::Empty | TokenProblem::NotPrintable | TokenProblem::TooLong,
        ) => {
            " Copy the token again, without line breaks. If it is read from a file, use \
             `trimspace(…)`."
        }
        SettingProblem::UserInfo => {
            " Requests are authorized by a token: see access_token, client_id and refresh_token."
        }
        SettingProblem::NotHttps
        | SettingProblem::NoHost
        | SettingProblem::QueryOrFragment
        | SettingProblem::Empty
        | SettingProblem::NoCertificate
        | SettingProblem::NotPrintable => "",
    };
    origin.error("cannot be used", format!("It {problem}.{hint}"))
}
