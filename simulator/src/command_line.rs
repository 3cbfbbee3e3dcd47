//! The flags: one table from which both the help and the parser come.

use std::fmt::Write;
use std::time::Duration;

use webex_cc_simulator::{OmittedSecret, Options, SecretsInAnswers};

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    /// To print the help.
    Help,
    /// To print the version.
    Version,
    /// To serve.
    Serve(Box<Options>),
}

/// A flag that takes a value.
struct Flag {
    name: &'static str,
    value: &'static str,
    help: &'static str,
    set: fn(&mut Options, &str) -> Option<()>,
}

/// All flags that take a value, in the order in which the help shows them.
const FLAGS: &[Flag] = &[
    Flag {
        name: "--listen",
        value: "ADDR",
        help: "address and port to listen on; port 0 takes any free one (127.0.0.1:0)",
        set: |options, value| value.parse().map(|address| options.listen = address).ok(),
    },
    Flag {
        name: "--organization",
        value: "UUID",
        help: "an organization that exists; repeatable (one fixed UUID)",
        set: |options, value| {
            is_uuid(value).then(|| options.organizations.push(value.to_ascii_lowercase()))
        },
    },
    Flag {
        name: "--token",
        value: "T",
        help: "an access token for reading and writing; repeatable (simulator-token_<organization>)",
        set: |options, value| set_text(value, |text| options.tokens.push(text)),
    },
    Flag {
        name: "--read-only-token",
        value: "T",
        help: "an access token for reading only; repeatable (none)",
        set: |options, value| set_text(value, |text| options.read_only_tokens.push(text)),
    },
    Flag {
        name: "--state",
        value: "FILE",
        help: "keep connectors in this file across restarts; it holds their secrets (in memory)",
        set: |options, value| set_text(value, |text| options.state = Some(text.into())),
    },
    Flag {
        name: "--active-lock",
        value: "on|off",
        help: "refuse to edit or delete an active connector (on)",
        set: |options, value| switch(value).map(|on| options.active_lock = on),
    },
    Flag {
        name: "--secrets",
        value: "omit|null|mask|echo",
        help: "how secrets come back in answers (omit)",
        set: |options, value| {
            options.secrets = match value {
                "omit" => SecretsInAnswers::Omit,
                "null" => SecretsInAnswers::Null,
                "mask" => SecretsInAnswers::Mask,
                "echo" => SecretsInAnswers::Echo,
                _ => return None,
            };
            Some(())
        },
    },
    Flag {
        name: "--omitted-secret",
        value: "keep|blank",
        help: "what a replacement without a secret does to the stored one (keep)",
        set: |options, value| {
            options.omitted_secret = match value {
                "keep" => OmittedSecret::Keep,
                "blank" => OmittedSecret::Blank,
                _ => return None,
            };
            Some(())
        },
    },
    Flag {
        name: "--rate-limit",
        value: "N",
        help: "requests per minute before the rest get a 429 (no limit)",
        set: |options, value| value.parse().map(|limit| options.rate_limit = Some(limit)).ok(),
    },
    Flag {
        name: "--latency-ms",
        value: "N",
        help: "hold every answer back for N milliseconds (0)",
        set: |options, value| millis(value).map(|time| options.latency = time),
    },
    Flag {
        name: "--visible-after-ms",
        value: "N",
        help: "hide a created connector from reads for N milliseconds (0)",
        set: |options, value| millis(value).map(|time| options.visible_after = time),
    },
    Flag {
        name: "--page-size-cap",
        value: "N",
        help: "the largest page of a list (100)",
        set: |options, value| {
            value.parse().ok().filter(|cap| *cap > 0).map(|cap| options.page_size_cap = cap)
        },
    },
    Flag {
        name: "--client-id",
        value: "ID",
        help: "the OAuth client that the token endpoints know (simulator-client)",
        set: |options, value| set_text(value, |text| options.authorization.client_id = text),
    },
    Flag {
        name: "--client-secret",
        value: "SECRET",
        help: "its secret (simulator-client-secret)",
        set: |options, value| set_text(value, |text| options.authorization.client_secret = text),
    },
    Flag {
        name: "--refresh-token",
        value: "T",
        help: "its first refresh token (simulator-refresh-token)",
        set: |options, value| set_text(value, |text| options.authorization.refresh_token = text),
    },
    Flag {
        name: "--rotate-refresh-token",
        value: "on|off",
        help: "replace a refresh token by each use (off)",
        set: |options, value| {
            switch(value).map(|on| options.authorization.rotate_refresh_token = on)
        },
    },
    Flag {
        name: "--service-app-id",
        value: "ID",
        help: "the Service App that the token endpoint knows (simulator-service-app)",
        set: |options, value| set_text(value, |text| options.authorization.service_app_id = text),
    },
    Flag {
        name: "--applications-token",
        value: "T",
        help: "the bearer for Service App tokens (simulator-applications-token)",
        set: |options, value| {
            set_text(value, |text| options.authorization.applications_token = text)
        },
    },
    Flag {
        name: "--access-token-seconds",
        value: "N",
        help: "how long an issued access token lives (1209600, which is 14 days)",
        set: |options, value| {
            seconds(value).map(|time| options.authorization.access_token_lifetime = time)
        },
    },
    Flag {
        name: "--refresh-token-seconds",
        value: "N",
        help: "how long an issued refresh token lives (7776000, which is 90 days)",
        set: |options, value| {
            seconds(value).map(|time| options.authorization.refresh_token_lifetime = time)
        },
    },
];

/// Reads the arguments, without the name of the program. The error is for the
/// person who typed them.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options = Options::default();
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--version" | "-V" => return Ok(Command::Version),
            _ => {}
        }
        let (name, attached) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let flag = FLAGS
            .iter()
            .find(|flag| flag.name == name)
            .ok_or_else(|| format!("there is no flag {name}"))?;
        let value = attached
            .or_else(|| arguments.next())
            .ok_or_else(|| format!("{name} needs a value: {name} {}", flag.value))?;
        // The value is not repeated: it may be a credential.
        (flag.set)(&mut options, &value)
            .ok_or_else(|| format!("the value of {name} is not of the form {}", flag.value))?;
    }
    Ok(Command::Serve(Box::new(options)))
}

/// The help.
pub(crate) fn help() -> String {
    let mut text = "\
webex-cc-simulator: an HTTP server that behaves as the connector API of Webex
Contact Center, for tests and demos. It prints `listening on http://…` when it
is ready and ends on SIGINT or SIGTERM.

Usage: webex-cc-simulator [FLAG VALUE]...

Flags, with their defaults in parentheses:
"
    .to_owned();
    for flag in FLAGS {
        let _ = writeln!(text, "  {} {}\n      {}", flag.name, flag.value, flag.help);
    }
    text.push_str("  --help\n      print this help\n  --version\n      print the version\n");
    text
}

fn set_text(value: &str, set: impl FnOnce(String)) -> Option<()> {
    (!value.is_empty()).then(|| set(value.to_owned()))
}

fn switch(value: &str) -> Option<bool> {
    match value {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn millis(value: &str) -> Option<Duration> {
    value.parse().map(Duration::from_millis).ok()
}

fn seconds(value: &str) -> Option<Duration> {
    value.parse().map(Duration::from_secs).ok()
}

fn is_uuid(value: &str) -> bool {
    uuid::Uuid::try_parse(value).is_ok() && value.len() == 36
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Result<Options, String> {
        match parse(arguments.iter().map(|&argument| argument.to_owned()))? {
            Command::Serve(options) => Ok(*options),
            command @ (Command::Help | Command::Version) => Err(format!("{command:?}")),
        }
    }

    #[test]
    fn flags_set_options() {
        let options = options(&[
            "--listen=127.0.0.1:8080",
            "--organization",
            "3F1C9A52-7d4e-4b8a-9c06-5e2d81b7f430",
            "--token",
            "a",
            "--token=b=c",
            "--active-lock",
            "off",
            "--secrets",
            "mask",
            "--omitted-secret",
            "blank",
            "--rate-limit",
            "300",
            "--latency-ms",
            "5",
            "--rotate-refresh-token",
            "on",
            "--access-token-seconds",
            "60",
        ])
        .unwrap();
        assert_eq!(options.listen.port(), 8080);
        assert_eq!(options.organizations, ["3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430"]);
        assert_eq!(options.tokens, ["a", "b=c"]);
        assert!(!options.active_lock);
        assert_eq!(options.secrets, SecretsInAnswers::Mask);
        assert_eq!(options.omitted_secret, OmittedSecret::Blank);
        assert_eq!(options.rate_limit, Some(300));
        assert_eq!(options.latency, Duration::from_millis(5));
        assert!(options.authorization.rotate_refresh_token);
        assert_eq!(options.authorization.access_token_lifetime, Duration::from_secs(60));
    }

    #[test]
    fn what_is_wrong_is_named_and_values_are_not_repeated() {
        for (arguments, expected) in [
            (&["--colour", "red"][..], "there is no flag --colour"),
            (&["serve"], "there is no flag serve"),
            (&["--listen"], "--listen needs a value: --listen ADDR"),
            (&["--listen", "here"], "the value of --listen is not of the form ADDR"),
            (&["--organization", "x"], "the value of --organization is not of the form UUID"),
            (&["--active-lock", "yes"], "the value of --active-lock is not of the form on|off"),
            (&["--page-size-cap", "0"], "the value of --page-size-cap is not of the form N"),
            (&["--token="], "the value of --token is not of the form T"),
        ] {
            assert_eq!(options(arguments).unwrap_err(), expected);
        }
    }

    #[test]
    fn the_readme_lists_every_flag_in_the_same_order() {
        let readme = include_str!("../README.md");
        let listed: Vec<String> = readme
            .lines()
            .filter_map(|line| line.strip_prefix("| `--")?.split_once("` |"))
            .map(|(flag, _)| format!("--{}", flag.replace('\\', "")))
            .collect();
        let flags: Vec<String> =
            FLAGS.iter().map(|flag| format!("{} {}", flag.name, flag.value)).collect();
        assert_eq!(listed, flags);
    }

    #[test]
    fn the_help_names_every_flag() {
        let help = help();
        for flag in FLAGS {
            assert!(help.contains(&format!("  {} {}\n", flag.name, flag.value)), "{}", flag.name);
        }
    }
}
