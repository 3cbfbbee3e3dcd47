//! Invalid values in the provider block and in the environment.

use std::collections::BTreeMap;

use safe_text::Secret;
use terraform_provider_webex::provider::configuration;
use tf_provider::diagnostics::{Diagnostics, Severity};
use tf_provider::object::{Configuration, Object};
use tf_provider::value::Value;

use super::{are, errors};
use crate::support::connectors::basic;
use crate::support::terraform::Terraform;
use crate::support::value_json::exposed;

const ORGANIZATION: &str = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430";

fn secret(text: &str) -> Value {
    Value::from(Secret::from(text))
}

fn text(text: &str) -> Value {
    Value::from(text)
}

/// Configures the provider by a block and an environment. Returns the messages.
fn configured(block: &[(&str, Value)], environment: &[(&str, &str)]) -> Diagnostics {
    let environment = environment.iter().copied().collect::<BTreeMap<_, _>>();
    let lookup = |name: &str| environment.get(name).map(|&value| value.to_owned());
    configuration::read(&configuration_of(block), &lookup, "agent").1
}

fn configuration_of(block: &[(&str, Value)]) -> Configuration {
    let empty = Object::default();
    Configuration::new(block.iter().fold(empty, |all, (name, value)| all.with(name, value.clone())))
}

/// Returns a valid block with one more argument.
fn with(argument: &'static str, value: Value) -> Vec<(&'static str, Value)> {
    let mut block = vec![("access_token", secret("token"))];
    if argument != "base_url" {
        block.push(("region", text("us1")));
    }
    block.retain(|(name, _)| *name != argument);
    block.push((argument, value));
    block
}

/// Invalid values, each as argument, value, and the message.
const VALUES: &[(&str, &str, &str)] = &[
    ("region", "us9", "is not a known region | \"us9\" is not one of us1, eu1"),
    ("base_url", "example.com", "is not a URL | Write a full address such as https://"),
    ("base_url", "http://example.com", "cannot be used | must begin with https://"),
    ("base_url", "https://me:hunter2@a.example", "cannot be used | must not contain a user name"),
    ("base_url", "https://a.example?x=hunter2", "cannot be used | must not have a query"),
    ("base_url", "https:/a.example", "is not a URL | does not begin with https:// and a host"),
    ("base_url", r"https:\\a.example", "is not a URL | does not begin with https:// and a host"),
    ("token_url", "https:a.example", "is not a URL | does not begin with https:// and a host"),
    ("token_url", "http://example.com", "cannot be used | must begin with https://"),
    ("token_url", "tokens", "is not a URL | Write a full address"),
    ("applications_url", "http://example.com", "cannot be used | must begin with https://"),
    (
        "applications_url",
        "https://me:hunter2@a.example",
        "cannot be used | must not contain a user",
    ),
    ("applications_url", "https://a.example?x=hunter2", "cannot be used | must not have a query"),
    ("applications_url", "applications", "is not a URL | Write a full address"),
    ("organization_id", "acme", "cannot be read | is neither a UUID such as"),
    ("request_timeout", "soon", "is not a duration | Write it as \"30s\" or \"2m\"."),
    ("request_timeout", "0s", "is not a duration | Write it as"),
];

#[test]
fn invalid_values_of_block_and_environment_are_refused() {
    for (argument, value, said) in VALUES {
        let (head, words) = said.split_once(" | ").expect("words");
        let block = with(argument, text(value));
        let expected = format!("{argument}: {argument} {head} | {words}");
        are(&configured(&block, &[]), &[&expected], value);
        // Validation finds the same without an environment.
        are(&configuration::validate(&configuration_of(&block)), &[&expected], value);

        let variable = configuration::schema::variable(argument);
        let rest = with(argument, Value::Null);
        let expected = format!("-: {variable} {head} | {words}");
        let messages = configured(&rest, &[(variable, value)]);
        are(&messages, &[&expected], value);
        assert!(!errors(&messages).concat().contains("hunter2"), "{messages:?}");
    }
}

#[test]
fn numbers_and_booleans_out_of_range_are_refused() {
    for (argument, wrong, range) in [
        ("requests_per_minute", [0, -1, 100_001], "from 1 to 100000"),
        ("max_retries", [-1, 21, 1000], "from 0 to 20"),
    ] {
        for number in wrong {
            let expected = format!("{argument}: {argument} is out of range | {range}");
            are(&configured(&with(argument, number.into()), &[]), &[&expected], argument);
        }
        let variable = configuration::schema::variable(argument);
        for given in ["many", "1.5", "-1"] {
            let expected = format!("-: {variable} is out of range | {range}");
            are(
                &configured(&with("region", text("us1")), &[(variable, given)]),
                &[&expected],
                given,
            );
        }
    }
    let expected = "-: WEBEX_CC_PREFLIGHT_CHECKS is neither true nor false | Set it to \"true\" or";
    let environment = [("WEBEX_CC_PREFLIGHT_CHECKS", "yes")];
    are(&configured(&with("region", text("us1")), &environment), &[expected], "yes");
    let path = "connector_path: connector_path cannot be used | must be a path of letters";
    are(&configured(&with("connector_path", text("../x")), &[]), &[path], "../x");
}

#[test]
fn region_and_base_url_exclude_each_other() {
    let both = [("region", text("us1")), ("base_url", text("https://a.example"))];
    let expected = "base_url: base_url and region exclude each other | Keep one of them.";
    are(&configured(&both, &[]), &[expected], "in the block");
    are(&configuration::validate(&configuration_of(&both)), &[expected], "validate");
    let both = [("WEBEX_CC_REGION", "us1"), ("WEBEX_CC_BASE_URL", "https://a.example")];
    let expected =
        "-: WEBEX_CC_BASE_URL and WEBEX_CC_REGION exclude each other | Keep one of them.";
    are(&configured(&[], &both), &[expected], "in the environment");
    // A test against a simulator would otherwise call Webex.
    let block = with("region", text("us1"));
    let environment = [("WEBEX_CC_BASE_URL", "https://a.example")];
    let expected = "region: region and WEBEX_CC_BASE_URL exclude each other | Unset the variable, or \
                    remove region from the provider block.";
    are(&configured(&block, &environment), &[expected], "in both");
    // In the other direction, the block wins without a message.
    let block = with("base_url", text("https://a.example"));
    let environment = [("WEBEX_CC_REGION", "us1")];
    assert_eq!(errors(&configured(&block, &environment)), [""; 0]);
}

/// Where a value comes from decides what to do.
#[test]
fn unseen_characters_in_the_provider_block_and_the_environment_are_refused() {
    let texts = [
        ("region", "us1"),
        ("base_url", "https://a.example"),
        ("organization_id", ORGANIZATION),
        ("client_id", "id"),
        ("client_secret", "hunter2"),
        ("refresh_token", "hunter2"),
        ("service_app_id", "app"),
        ("token_url", "https://a.example"),
        ("applications_url", "https://a.example"),
        ("request_timeout", "30s"),
        ("connector_path", "connector"),
    ];
    for (argument, good) in texts {
        let is_secret = ["client_secret", "refresh_token"].contains(&argument);
        let hidden = |value: &str| if is_secret { secret(value) } else { text(value) };
        for (value, in_block, in_environment) in [
            (format!("{good}\n"), "line break. Use `trimspace(file(", "$(cat FILE)"),
            (
                format!(" {good}"),
                "a space. Remove it, or use `trimspace(…)`",
                "Set the variable without it",
            ),
            (
                format!("{good}\u{200b}"),
                "(U+200B). Type the value again",
                "(U+200B). Type the value again",
            ),
            (format!("\u{feff}{good}"), "(U+FEFF). Use `trimprefix(", "(U+FEFF). Type"),
        ] {
            let block = with(argument, hidden(&value));
            let expected = format!("{argument}: {argument} cannot be used | {in_block}");
            let messages = configured(&block, &[]);
            are(&messages, &[&expected], &value);
            are(&configuration::validate(&configuration_of(&block)), &[&expected], &value);
            let variable = configuration::schema::variable(argument);
            let expected = format!("-: {variable} cannot be used | {in_environment}");
            let from_environment = configured(&with(argument, Value::Null), &[(variable, &value)]);
            are(&from_environment, &[&expected], &value);
            assert!(!format!("{messages:?}{from_environment:?}").contains("hunter2"));
        }
    }
}

/// They are refused on their argument before any request, and not shown.
#[test]
fn tokens_that_no_header_can_carry_are_refused() {
    let long = "x".repeat(100_000);
    let unfit = "contains a line break, a space or another character that no HTTP header can carry. \
                 Copy the token again";
    for (token, words) in [
        ("hunter2hunter2\n", unfit),
        ("hunter2\u{0}hunter2", unfit),
        ("hunter2é", unfit),
        ("hunter2 hunter2", unfit),
        ("\u{feff}hunter2", unfit),
        (&long, "is longer than 8 KiB"),
        ("", "is empty"),
    ] {
        let block = with("access_token", secret(token));
        let expected = format!("access_token: access_token cannot be used | It {words}");
        let messages = configured(&block, &[]);
        are(&messages, &[&expected], words);
        are(&configuration::validate(&configuration_of(&block)), &[&expected], words);
        let rest = with("access_token", Value::Null);
        let expected = format!("-: WEBEX_ACCESS_TOKEN cannot be used | It {words}");
        let from_environment = configured(&rest, &[("WEBEX_ACCESS_TOKEN", token)]);
        are(&from_environment, &[&expected], words);
        let all = format!("{messages:?}{from_environment:?}");
        assert!(!all.contains("hunter2") && all.len() < 10_000, "{all:.500}");
    }
}

#[test]
fn contradictory_or_incomplete_credentials_are_refused() {
    let id = || ("client_id", text("id"));
    let client_secret = || ("client_secret", secret("hunter2"));
    let refresh = || ("refresh_token", secret("hunter2"));
    let access = || ("access_token", secret("token"));
    let app = || ("service_app_id", text("app"));
    let half = "is not enough to get an access token | Set refresh_token (WEBEX_REFRESH_TOKEN), or";
    let cases: &[(&[(&str, Value)], String)] = &[
        (
            &[refresh(), id(), client_secret(), access()],
            "access_token: access_token and refresh_token exclude each other | two ways".to_owned(),
        ),
        (
            &[refresh(), id(), client_secret(), app()],
            "service_app_id: service_app_id and refresh_token exclude each other | two ways"
                .to_owned(),
        ),
        (
            &[refresh(), client_secret()],
            "refresh_token: refresh_token needs client_id | Set client_id in the provider block, or WEBEX_CLIENT_ID.".to_owned(),
        ),
        (
            &[refresh(), id()],
            "refresh_token: refresh_token needs client_secret | Set client_secret in the provider block, or WEBEX_CLIENT_SECRET."
                .to_owned(),
        ),
        (
            &[app(), id(), client_secret()],
            "service_app_id: service_app_id needs access_token | Set access_token in the provider block, or WEBEX_ACCESS_TOKEN."
                .to_owned(),
        ),
        (
            &[app(), access(), client_secret()],
            "service_app_id: service_app_id needs client_id | Set client_id in the provider block, or WEBEX_CLIENT_ID.".to_owned(),
        ),
        (
            &[app(), access(), id()],
            "service_app_id: service_app_id needs client_secret | Set client_secret in the provider block, or WEBEX_CLIENT_SECRET."
                .to_owned(),
        ),
        (&[id()], format!("client_id: client_id {half}")),
        (&[client_secret()], format!("client_secret: client_secret {half}")),
        (&[access(), id()], format!("client_id: client_id {half}")),
        (
            &[refresh(), id(), ("client_secret", secret(""))],
            "client_secret: client_secret cannot be used | must not be empty".to_owned(),
        ),
        (
            &[("refresh_token", secret("")), id(), client_secret()],
            "refresh_token: refresh_token cannot be used | must not be empty".to_owned(),
        ),
    ];
    for (block, expected) in cases {
        let mut block = block.to_vec();
        block.push(("region", text("us1")));
        let messages = configured(&block, &[]);
        are(&messages, &[expected], expected);
        assert!(!format!("{messages:?}").contains("hunter2"));

        // The environment gives the same errors, with the names of the variables.
        let environment = block
            .iter()
            .map(|(name, value)| (configuration::schema::variable(name), shown(value)))
            .filter(|(_, value)| !value.is_empty())
            .collect::<Vec<_>>();
        if environment.len() == block.len() {
            let given = environment.iter().map(|(name, value)| (*name, value.as_str()));
            let messages = errors(&configured(&[], &given.collect::<Vec<_>>()));
            let argument = expected.split(':').next().unwrap_or_default();
            let variable = configuration::schema::variable(argument);
            assert!(messages[0].starts_with(&format!("-: {variable} ")), "{messages:?}");
        }
    }
}

/// Returns a value as an environment holds it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Secret(secret) => exposed(secret),
        _ => String::new(),
    }
}

#[test]
fn unreadable_certificate_authorities_are_refused() {
    let missing = "/nonexistent/ca.pem";
    let expected =
        format!("ca_certificate_file: ca_certificate_file cannot be opened | {missing:?}");
    are(&configured(&with("ca_certificate_file", text(missing)), &[]), &[&expected], "missing");
    let expected =
        "ca_certificate_pem: ca_certificate_pem cannot be used | holds no certificate in PEM";
    are(&configured(&with("ca_certificate_pem", text("x")), &[]), &[expected], "no PEM");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "not a certificate").expect("a file");
    let expected =
        "ca_certificate_file: ca_certificate_file cannot be used | holds no certificate in PEM";
    let file = file.to_string_lossy();
    are(&configured(&with("ca_certificate_file", text(&file)), &[]), &[expected], "no PEM");
    let mut both = with("ca_certificate_pem", text("x"));
    both.push(("ca_certificate_file", text(&file)));
    let expected = "ca_certificate_pem: ca_certificate_pem and ca_certificate_file exclude each other | \
                    Keep one of them.";
    are(&configured(&both, &[]), &[expected], "both");
}

#[test]
fn invalid_user_agent_suffix_is_refused() {
    let block = configuration_of(&with("region", text("us1")));
    let (_, messages) = configuration::read(&block, &|_| None, "agent\nX: y");
    are(&messages, &["-: TF_APPEND_USER_AGENT cannot be used | must be printable ASCII"], "agent");
}

#[test]
fn token_of_another_organization_raises_a_warning() {
    let token = format!("abc_{ORGANIZATION}");
    let other = "00000000-0000-4000-8000-000000000001";
    let mut block = with("access_token", secret(&token));
    block.push(("organization_id", text(other)));
    let messages = configured(&block, &[]);
    let [message] = &messages.iter().collect::<Vec<_>>()[..] else { panic!("{messages:?}") };
    assert_eq!(message.severity(), Severity::Warning);
    assert_eq!(message.summary(), "The access token belongs to another organization");
    assert_eq!(message.attribute().map(ToString::to_string).as_deref(), Some("organization_id"));
    assert!(message.detail().contains("unless you are a partner"));
    assert!(!message.detail().contains("abc"));
}

/// The CLI shows the message and the line.
#[test]
fn cli_shows_the_line_of_the_provider_argument() {
    let terraform = Terraform::offline();
    let secret = "variable \"token\" {\n  default   = \"hunter2\\n\"\n  sensitive = true\n}\n";
    terraform.write(
        "main.tf",
        &format!("{secret}provider \"webex\" {{\n  region       = \"us1\"\n  access_token = var.token\n}}\n"),
    );
    // Terraform validates a provider block without values of variables.
    terraform.write("used.tf", &basic().resource());
    terraform
        .plan()
        .failed()
        .says("Error: access_token cannot be used")
        .says("access_token = var.token")
        .says("use `trimspace(…)`")
        .does_not_say("hunter2");
}
