//! The options of a simulator, which are also the flags of the program.

use std::net::SocketAddr;
use std::num::ParseIntError;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, RangedU64ValueParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, ValueEnum};
use serde_json::Value;

use crate::behavior::{Behavior, switch};
use crate::clock::rfc3339;

/// The organization that exists when the options name none.
pub const DEFAULT_ORGANIZATION: &str = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430";

/// The most custom connectors that one organization may have (documented by
/// Cisco).
pub const CONNECTOR_LIMIT: usize = 10;

/// The options with which a simulator starts.
///
/// ```
/// use webex_cc_simulator::{Options, SecretsInAnswers};
///
/// let options = Options { secrets: SecretsInAnswers::Mask, ..Options::default() };
/// assert!(options.active_lock);
/// ```
// Each field is a flag of the program, and its documentation is the flag's help.
#[derive(Clone, Debug, Parser)]
#[command(
    version,
    about = "Simulates the connector API of Webex Contact Center over HTTP, for tests and demos. \
             Prints `listening on http://…` when it is ready. Stop it with Ctrl-C or SIGTERM.",
    long_about = None,
    args_override_self = true,
    // A token may begin with a hyphen.
    mut_args(|flag| flag.allow_hyphen_values(true))
)]
pub struct Options {
    /// Address and port to listen on; port 0 selects any free port.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// UUID of an organization that exists; repeatable.
    #[arg(long = "organization", value_name = "UUID")]
    #[arg(value_parser = uuid, default_value = DEFAULT_ORGANIZATION)]
    pub organizations: Vec<String>,
    /// Access token that may read and write in every organization; repeatable.
    /// Without one, `simulator-token_<organization>` for each organization.
    #[arg(long = "token", value_name = "T", value_parser = text())]
    pub tokens: Vec<String>,
    /// Access token that may only read; repeatable. A write with it gets a 403.
    #[arg(long = "read-only-token", value_name = "T", value_parser = text())]
    pub read_only_tokens: Vec<String>,
    /// File that keeps the connectors across restarts, with their secrets in
    /// plain text. Without it, connectors are in memory only.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// File for a recording of all traffic in a browser's format (HAR 1.2),
    /// written when the program stops. It contains secrets in plain text.
    #[arg(long, value_name = "FILE")]
    pub har: Option<PathBuf>,
    /// Adds the other traffic of a page of Control Hub to the recording: static
    /// files, analytics, preflights, other lists, failed calls.
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "off")]
    pub har_noise: bool,
    /// Form that a scripted browser fills in. Then the program stops.
    #[arg(long, value_name = "FORM", value_parser = json_file)]
    pub play: Option<Value>,
    /// Refuses to edit or delete an active connector (423), as Control Hub does.
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "on")]
    pub active_lock: bool,
    /// Form of secrets in responses.
    #[arg(long, default_value = "omit")]
    pub secrets: SecretsInAnswers,
    /// Effect of a `PUT` without a secret on the stored secret.
    #[arg(long, default_value = "keep")]
    pub omitted_secret: OmittedSecret,
    /// API requests per minute; further requests get a 429. By default there is
    /// no limit.
    #[arg(long, value_name = "N")]
    pub rate_limit: Option<u32>,
    /// Delays every response by N milliseconds, after its request has taken
    /// effect.
    #[arg(long = "latency-ms", value_name = "N", value_parser = milliseconds, default_value = "0")]
    pub latency: Duration,
    /// Hides a created connector from reads for N milliseconds, as an eventually
    /// consistent service does.
    #[arg(long = "visible-after-ms", value_name = "N")]
    #[arg(value_parser = milliseconds, default_value = "0")]
    pub visible_after: Duration,
    /// Largest page of a list (assumed). A larger `pageSize` is reduced without
    /// an error.
    #[arg(long, value_name = "N")]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(1..), default_value = "100")]
    pub page_size_cap: usize,
    /// API profile to serve instead of the assumed API. The simulator does not
    /// start with a profile that it cannot read.
    #[arg(long, value_name = "FILE", value_parser = json_file)]
    pub profile: Option<Value>,
    /// JSON type of versions.
    #[arg(long, default_value = "number")]
    pub version_as: VersionForm,
    /// Form of times.
    #[arg(long, default_value = "milliseconds")]
    pub times_as: TimeForm,
    /// JSON type of the cursors of an API profile.
    #[arg(long, default_value = "text")]
    pub cursor_as: CursorForm,
    /// Makes a new connector active if its create call does not contain the state.
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "on")]
    pub created_active: bool,
    /// Deviations of the service from the API that a client expects.
    #[command(flatten)]
    pub behavior: Behavior,
    /// The settings of the two token endpoints.
    #[command(flatten)]
    pub authorization: Authorization,
}

impl Default for Options {
    /// Returns the options of a command line without flags.
    fn default() -> Self {
        Self::parse_from([""; 0])
    }
}

/// The OAuth client that the token endpoints accept, and the lifetimes of the
/// tokens that they issue.
#[derive(Clone, Debug, Args)]
pub struct Authorization {
    /// Client id of the Integration or Service App.
    #[arg(long, value_name = "ID", value_parser = text(), default_value = "simulator-client")]
    pub client_id: String,
    /// Its client secret.
    #[arg(long, value_name = "SECRET")]
    #[arg(value_parser = text(), default_value = "simulator-client-secret")]
    pub client_secret: String,
    /// Its first refresh token. `POST /v1/access_token` grants tokens of the
    /// first organization for it.
    #[arg(long, value_name = "T", value_parser = text(), default_value = "simulator-refresh-token")]
    pub refresh_token: String,
    /// Replaces a refresh token each time it is used. When off, the response
    /// repeats the refresh token of the request.
    #[arg(long, action = ArgAction::Set, value_parser = switch(), default_value = "off")]
    pub rotate_refresh_token: bool,
    /// The application that `POST /v1/applications/{id}/token` accepts.
    #[arg(long, value_name = "ID", value_parser = text(), default_value = "simulator-service-app")]
    pub service_app_id: String,
    /// The bearer token with scope `spark:applications_token` for that request.
    #[arg(long, value_name = "T")]
    #[arg(value_parser = text(), default_value = "simulator-applications-token")]
    pub applications_token: String,
    /// Lifetime of an issued access token in seconds; by default 14 days, as
    /// documented.
    #[arg(long = "access-token-seconds", value_name = "N")]
    #[arg(value_parser = seconds, default_value = "1209600")]
    pub access_token_lifetime: Duration,
    /// Lifetime of an issued refresh token in seconds; by default 90 days, as
    /// documented.
    #[arg(long = "refresh-token-seconds", value_name = "N")]
    #[arg(value_parser = seconds, default_value = "7776000")]
    pub refresh_token_lifetime: Duration,
}

impl Default for Authorization {
    /// Returns the settings of a command line without flags.
    fn default() -> Self {
        Options::default().authorization
    }
}

/// The form of `clientSecret`, `password` and `privateKey` in responses. Which of
/// these Webex uses is unknown, so a client has to accept all four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SecretsInAnswers {
    /// The keys are absent.
    Omit,
    /// The keys are present and null.
    Null,
    /// A secret that is set is shown as `****`, one that is not as null.
    Mask,
    /// Secrets are shown in the clear.
    Echo,
}

/// The effect of a `PUT` that omits a secret on the stored one. Which of the two
/// Webex has is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OmittedSecret {
    /// The stored secret stays.
    Keep,
    /// The stored secret becomes the empty string.
    Blank,
}

/// The JSON type of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VersionForm {
    /// A number.
    Number,
    /// A text of digits.
    Text,
}

impl VersionForm {
    /// Returns a version, which is stored as a number, in this form.
    pub(crate) fn write(self, version: &Value) -> Value {
        match self {
            Self::Text if version.is_number() => Value::String(version.to_string()),
            Self::Text | Self::Number => version.clone(),
        }
    }
}

/// The form of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimeForm {
    /// A number of milliseconds since 1970.
    Milliseconds,
    /// A text as RFC 3339 has it.
    Rfc3339,
}

impl TimeForm {
    /// Returns a time, which is stored in milliseconds, in this form.
    pub(crate) fn write(self, time: &Value) -> Value {
        match (self, time.as_u64()) {
            (Self::Rfc3339, Some(milliseconds)) => Value::String(rfc3339(milliseconds)),
            (Self::Rfc3339 | Self::Milliseconds, _) => time.clone(),
        }
    }
}

/// The JSON type of cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CursorForm {
    /// A text.
    Text,
    /// A number.
    Number,
    /// An object.
    Object,
}

fn text() -> impl TypedValueParser<Value = String> {
    NonEmptyStringValueParser::new()
}

fn milliseconds(value: &str) -> Result<Duration, ParseIntError> {
    value.parse().map(Duration::from_millis)
}

fn seconds(value: &str) -> Result<Duration, ParseIntError> {
    value.parse().map(Duration::from_secs)
}

fn json_file(path: &str) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| format!("is not JSON: {error}"))
}

fn uuid(value: &str) -> Result<String, &'static str> {
    match uuid::Uuid::try_parse(value) {
        Ok(_) if value.len() == 36 => Ok(value.to_ascii_lowercase()),
        Ok(_) | Err(_) => Err("not a UUID with hyphens"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn options(flags: &str) -> Result<Options, String> {
        let arguments = ["webex-cc-simulator"].into_iter().chain(flags.split(' '));
        Options::try_parse_from(arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_set_options() {
        let options = options(
            "--listen=127.0.0.1:8080 --organization 3F1C9A52-7d4e-4b8a-9c06-5e2d81b7f431 \
             --token -a --token=b=c --active-lock off --secrets mask --omitted-secret blank \
             --rate-limit 1 --rate-limit 300 --latency-ms 5 --rotate-refresh-token on \
             --access-token-seconds 60",
        )
        .unwrap();
        assert_eq!(options.listen.port(), 8080);
        assert_eq!(options.organizations, ["3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f431"]);
        assert_eq!(options.tokens, ["-a", "b=c"]);
        assert!(!options.active_lock);
        assert_eq!(options.secrets, SecretsInAnswers::Mask);
        assert_eq!(options.omitted_secret, OmittedSecret::Blank);
        assert_eq!(options.rate_limit, Some(300));
        assert_eq!(options.latency, Duration::from_millis(5));
        assert!(options.authorization.rotate_refresh_token);
        assert_eq!(options.authorization.access_token_lifetime, Duration::from_secs(60));
    }

    #[test]
    fn errors_name_the_flag_and_the_form_of_its_value() {
        for (flags, expected) in [
            ("--colour magenta", "unexpected argument '--colour' found"),
            ("--colour=magenta", "unexpected argument '--colour' found"),
            ("serve", "unexpected argument 'serve' found"),
            ("--listen", "a value is required for '--listen <ADDR>'"),
            ("--listen here", "'--listen <ADDR>': invalid socket address syntax"),
            ("--organization x", "'--organization <UUID>': not a UUID with hyphens"),
            ("--active-lock yes", "[possible values: on, off]"),
            ("--page-size-cap 0", "'--page-size-cap <N>': 0 is not in 1.."),
            ("--token=", "a value is required for '--token <T>'"),
        ] {
            let error = options(flags).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("magenta"), "{error}");
        }
    }

    #[test]
    fn help_and_readme_list_every_flag() {
        let readme = include_str!("../README.md");
        let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `--")).collect();
        let command = Options::command();
        let help = command.clone().render_long_help().to_string();
        assert_eq!(rows.len(), command.get_arguments().count());
        for (row, flag) in rows.iter().zip(command.get_arguments()) {
            let name = format!("--{} ", flag.get_long().unwrap());
            assert!(help.contains(&name), "{name}");
            let start = format!("| `{name}{}` | ", values(flag).replace('|', "\\|"));
            let start = match flag.get_default_values() {
                [default] => format!("{start}`{}` | ", default.display()),
                _ => start,
            };
            assert!(row.starts_with(&start), "{row}\n{start}");
        }
    }

    fn values(flag: &clap::Arg) -> String {
        let values = flag.get_possible_values();
        if values.is_empty() {
            return flag.get_value_names().unwrap().join("|");
        }
        values.iter().map(|value| value.get_name()).collect::<Vec<_>>().join("|")
    }
}
