//! The provider block: from arguments and environment to an API client.
//!
//! Nothing here makes a call or opens a file that is not named. What is missing
//! is no error yet: planning new connectors needs no client, and the operation
//! that does need one says which argument or variable is missing.

mod credentials;
pub mod schema;
pub mod source;

use std::num::NonZeroU32;
use std::time::Duration;

use url::Url;

use self::credentials::{ListSink, Problem};
use self::source::{Environment, Given, Origin, Source};
use super::provider_data::{Ready, Status};
use super::{organization, timeouts};
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::{Argument, Configuration};
use webex_contact_center::{
    Client, Credentials, OrganizationId, Setting, SettingProblem, Settings, SettingsError,
    TokenProblem,
};

/// The regions of which Cisco documents a host.
pub const REGIONS: [&str; 8] = ["us1", "eu1", "eu2", "anz1", "ca1", "jp1", "sg1", "in1"];

/// Checks what a provider block says by itself.
///
/// What the environment may add is not held against it, so that a pipeline
/// without credentials can validate.
#[must_use]
pub fn validate(block: &Configuration) -> Diagnostics {
    let nothing: Environment<'_> = &|_| None;
    let source = Source::new(block, nothing);
    let mut messages = Diagnostics::new();
    messages.extend(Arguments::read(&source).err().into_iter().flatten());
    if let Err(Problem::Conflict(conflict)) = credentials::find(&source) {
        messages.push(conflict);
    }
    if let Argument::Known(token) = source.secret("access_token")
        && let Err(problem) = TokenProblem::check(&token.value)
    {
        messages.push(cannot_be_used(token.origin, problem.into()));
    }
    messages
}

/// Reads a configuration.
///
/// The answer says whether calls can be made; beside it stand warnings and the
/// errors of arguments that can never work.
#[must_use]
pub fn read(
    block: &Configuration,
    environment: Environment<'_>,
    user_agent: &str,
) -> (Status, Diagnostics) {
    let mut messages = Diagnostics::new();
    let status = resolve(&Source::new(block, environment), user_agent, &mut messages);
    let status = status.unwrap_or_else(|errors| {
        messages.extend(errors);
        Status::Refused
    });
    (status, messages)
}

/// The arguments beside the credentials, each read and checked by itself.
struct Arguments {
    base_url: Argument<Given<Url>>,
    organization: Argument<Given<OrganizationId>>,
    token_url: Argument<Given<Url>>,
    applications_url: Argument<Given<Url>>,
    requests_per_minute: Argument<u32>,
    max_retries: Argument<u32>,
    request_timeout: Argument<Duration>,
    preflight: Argument<bool>,
    connector_path: Argument<Given<String>>,
}

impl Arguments {
    fn read(source: &Source<'_>) -> Result<Self, Diagnostics> {
        Ok(Self {
            base_url: base_url(source)?,
            organization: organization_id(source)?,
            token_url: address(source, "token_url")?,
            applications_url: address(source, "applications_url")?,
            requests_per_minute: source.whole_number("requests_per_minute", 1..=100_000)?,
            max_retries: source.whole_number("max_retries", 0..=20)?,
            request_timeout: request_timeout(source)?,
            preflight: source.truth("preflight_checks")?,
            connector_path: source.text("connector_path"),
        })
    }
}

fn resolve(
    source: &Source<'_>,
    user_agent: &str,
    messages: &mut Diagnostics,
) -> Result<Status, Diagnostics> {
    let arguments = Arguments::read(source)?;
    let credentials = credentials::find(source)?;
    let authorities = certificate_authorities(source)?;
    if let Some(argument) = unknown(source) {
        return Ok(Status::Unknown(argument));
    }
    let credentials = match credentials {
        ListSink::Complete(credentials) => credentials,
        ListSink::Unknown(argument) => return Ok(Status::Unknown(argument)),
        ListSink::Nothing => return Ok(Status::Missing("access_token")),
    };
    let Argument::Known(base_url) = arguments.base_url else {
        return Ok(Status::Missing("region"));
    };

    let organization = default_organization(arguments.organization.known(), &credentials, messages);
    let mut settings = Settings::new(base_url.value, credentials);
    settings.user_agent = user_agent.to_owned();
    let authorities = authorities.known();
    let source_of_authorities = authorities.as_ref().map(|given| given.origin);
    settings.certificate_authorities = authorities.map(|given| given.value);
    if let Argument::Known(given) = arguments.token_url {
        settings.token_url = given.value;
    }
    if let Argument::Known(given) = arguments.applications_url {
        settings.applications_url = given.value;
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
    if let Argument::Known(given) = arguments.connector_path {
        settings.connector_path = given.value;
    }
    let client =
        Client::new(settings).map_err(|error| unusable(&error, source, source_of_authorities))?;
    Ok(Status::Ready(Ready {
        client,
        organization,
        preflight: arguments.preflight.known().unwrap_or(true),
    }))
}

/// An argument whose value is known only after apply. Of those that exclude
/// each other it may be either, and the message has to name the right one. A
/// call can do without knowing whether plans look ahead.
fn unknown(source: &Source<'_>) -> Option<&'static str> {
    let arguments = schema::ENVIRONMENT.iter().map(|(argument, _)| *argument);
    arguments
        .filter(|argument| *argument != "preflight_checks")
        .find(|argument| source.is_unknown(argument))
}

fn base_url(source: &Source<'_>) -> Result<Argument<Given<Url>>, Diagnostics> {
    let region = source.text("region");
    let given = source.text("base_url");
    let (region, given) = match (region, given) {
        (Argument::Unknown, _) | (_, Argument::Unknown) => return Ok(Argument::Unknown),
        (region, given) => (region.known(), given.known()),
    };
    match (region, given) {
        (None, None) => Ok(Argument::Absent),
        (Some(region), Some(given)) if region.origin.is_block() == given.origin.is_block() => {
            Err(given
                .origin
                .error(
                    &format!("and {} exclude each other", region.origin.name()),
                    "A region stands for its address. Keep one of them.",
                )
                .into())
        }
        // The provider block wins over the environment.
        (Some(region), Some(given)) if region.origin.is_block() => {
            drop(given);
            region_url(region)
        }
        (_, Some(given)) => parse_url(given),
        (Some(region), None) => region_url(region),
    }
}

fn region_url(region: Given<String>) -> Result<Argument<Given<Url>>, Diagnostics> {
    let Given { value, origin } = region;
    if !REGIONS.contains(&value.as_str()) {
        let known = REGIONS.join(", ");
        return Err(origin
            .error(
                "is not a known region",
                format!(
                    "{value:?} is not one of {known}. For a host that is not among them, set \
                     base_url instead."
                ),
            )
            .into());
    }
    parse_url(Given { value: format!("https://api.wxcc-{value}.cisco.com"), origin })
}

fn address(
    source: &Source<'_>,
    argument: &'static str,
) -> Result<Argument<Given<Url>>, Diagnostics> {
    match source.text(argument) {
        Argument::Absent => Ok(Argument::Absent),
        Argument::Unknown => Ok(Argument::Unknown),
        Argument::Known(given) => parse_url(given),
    }
}

fn parse_url(given: Given<String>) -> Result<Argument<Given<Url>>, Diagnostics> {
    let Given { value, origin } = given;
    match Url::parse(&value) {
        Ok(value) => match SettingProblem::check_address(&value) {
            Ok(()) => Ok(Argument::Known(Given { value, origin })),
            Err(problem) => Err(cannot_be_used(origin, problem).into()),
        },
        // The text itself is not repeated: it may hold credentials.
        Err(problem) => Err(origin
            .error(
                "is not a URL",
                format!("{problem}. Write a full address such as https://api.example.com."),
            )
            .into()),
    }
}

fn organization_id(source: &Source<'_>) -> Result<Argument<Given<OrganizationId>>, Diagnostics> {
    match source.text("organization_id") {
        Argument::Absent => Ok(Argument::Absent),
        Argument::Unknown => Ok(Argument::Unknown),
        Argument::Known(Given { value, origin }) => match organization::parse(&value) {
            Ok(value) => Ok(Argument::Known(Given { value, origin })),
            Err(problem) => Err(origin.error("cannot be read", problem.detail().to_owned()).into()),
        },
    }
}

fn request_timeout(source: &Source<'_>) -> Result<Argument<Duration>, Diagnostics> {
    match source.text("request_timeout") {
        Argument::Absent => Ok(Argument::Absent),
        Argument::Unknown => Ok(Argument::Unknown),
        Argument::Known(Given { value, origin }) => {
            timeouts::parse(&value).map(Argument::Known).ok_or_else(|| {
                origin
                    .error(
                        "is not a length of time",
                        format!("{value:?} cannot be read. Write it as \"30s\" or \"2m\"."),
                    )
                    .into()
            })
        }
    }
}

fn certificate_authorities(source: &Source<'_>) -> Result<Argument<Given<Vec<u8>>>, Diagnostics> {
    match (source.text("ca_certificate_file"), source.text("ca_certificate_pem")) {
        (Argument::Unknown, _) | (_, Argument::Unknown) => Ok(Argument::Unknown),
        (Argument::Known(file), Argument::Known(pem))
            if file.origin.is_block() == pem.origin.is_block() =>
        {
            Err(pem
                .origin
                .error(
                    &format!("and {} exclude each other", file.origin.name()),
                    "Both give the certificates to trust. Keep one of them.",
                )
                .into())
        }
        (Argument::Known(file), pem) if file.origin.is_block() || pem.is_absent() => {
            let origin = file.origin;
            let content = std::fs::read(&file.value).map_err(|error| {
                origin.error("cannot be opened", format!("{:?}: {error}.", file.value))
            })?;
            Ok(Argument::Known(Given { value: content, origin }))
        }
        (_, Argument::Known(Given { value, origin })) => {
            Ok(Argument::Known(Given { value: value.into_bytes(), origin }))
        }
        (_, Argument::Absent) => Ok(Argument::Absent),
    }
}

/// The explicit organization, or the one that the token names.
fn default_organization(
    explicit: Option<Given<OrganizationId>>,
    credentials: &Credentials,
    messages: &mut Diagnostics,
) -> Option<OrganizationId> {
    let of_token = match credentials {
        Credentials::AccessToken(token) => OrganizationId::from_access_token(token),
        // The token of a Service App belongs to the organization of its
        // developer, not to the one that it is about to manage.
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
    let message = Diagnostic::warning(
        "The access token belongs to another organization",
        format!(
            "{} is {explicit}, and the access token ends with the id of {of_token}. That is right \
             for partners who administer other organizations. Otherwise check which token is used.",
            origin.name()
        ),
    );
    match origin {
        Origin::Block(argument) => message.at(tf_provider::value::Path::attribute(argument)),
        Origin::Environment(_) => message,
    }
}

/// A setting that the client refuses, in the words of the provider block.
fn unusable(
    error: &SettingsError,
    source: &Source<'_>,
    authorities: Option<Origin>,
) -> Diagnostics {
    let argument = match error.setting {
        Setting::BaseUrl => "base_url",
        Setting::TokenUrl => "token_url",
        Setting::ApplicationsUrl => "applications_url",
        Setting::ConnectorPath => "connector_path",
        Setting::CertificateAuthorities => "ca_certificate_pem",
        Setting::UserAgent => "TF_APPEND_USER_AGENT",
        Setting::AccessToken => "access_token",
        Setting::RefreshToken => "refresh_token",
        Setting::ClientId => "client_id",
        Setting::ClientSecret => "client_secret",
        Setting::ApplicationId => "service_app_id",
    };
    if matches!(error.setting, Setting::UserAgent) {
        let detail = format!("It {}.", error.problem);
        return Diagnostic::error("TF_APPEND_USER_AGENT cannot be used", detail).into();
    }
    let origin = match (error.setting, authorities) {
        (Setting::CertificateAuthorities, Some(origin)) => origin,
        _ => source.origin(argument),
    };
    cannot_be_used(origin, error.problem).into()
}

/// What is wrong with a value, without the value.
fn cannot_be_used(origin: Origin, problem: SettingProblem) -> Diagnostic {
    let hint = match problem {
        SettingProblem::Token(_) => {
            " Copy the token again, without line breaks; `trimspace(…)` helps when it is read from \
             a file."
        }
        SettingProblem::UserInfo => {
            " Requests are authorized by a token: see access_token, client_id and refresh_token."
        }
        SettingProblem::NotHttps
        | SettingProblem::NoHost
        | SettingProblem::QueryOrFragment
        | SettingProblem::NotAPath
        | SettingProblem::Empty
        | SettingProblem::NoCertificate
        | SettingProblem::NotPrintable => "",
    };
    origin.error("cannot be used", format!("It {problem}.{hint}"))
}
