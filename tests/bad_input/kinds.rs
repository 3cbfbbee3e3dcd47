//! The arguments that each kind of connector needs, and those that it may have.

use safe_text::Secret;
use terraform_provider_webex::provider::custom_connector::validation;
use tf_provider::object::Configuration;
use tf_provider::value::Value;

use super::{are, errors, good, validate, with};
use crate::support::pem;

#[test]
fn unknown_literals_are_refused() {
    let wrong = with("basic", "authentication_type", "BASIC");
    let expected = "authentication_type: authentication_type cannot be \"BASIC\" | Use \"basic\" or \
                    \"oauth2\".";
    are(&validate(&wrong), &[expected], "authentication_type");
    let wrong = with("password", "grant_type", "implicit");
    let expected = "grant_type: grant_type cannot be \"implicit\" | Use \"client_credentials\", \
                    \"password\" or \"client_credentials_certificate\".";
    are(&validate(&wrong), &[expected], "grant_type");

    let default = "grant_type: grant_type does not apply | Remove grant_type, or set authentication_type to \"oauth2\". \
                   Only \"oauth2\" has a grant, and this connector has \"basic\", the default.";
    are(&validate(&with("basic", "grant_type", "password")), &[default], "by default");
    let explicit =
        good("basic").with("authentication_type", "basic").with("grant_type", "password");
    let said = "grant_type: grant_type does not apply | and this connector has \"basic\".";
    are(&validate(&Configuration::new(explicit)), &[said], "explicitly");
}

/// The rule table in the words of the requirements: the arguments that each kind needs, and those
/// that it may have. Creating a connector needs its credentials.
const NEEDED: [(&str, &[&str], &[&str]); 4] = [
    ("basic", &["username", "validation_url"], &["password"]),
    ("client_credentials", &["client_id", "token_url"], &["client_secret", "scope"]),
    (
        "password",
        &["client_id", "token_url", "username"],
        &["client_secret", "password", "scope", "validation_url"],
    ),
    (
        "client_credentials_certificate",
        &["client_id", "token_url", "certificate"],
        &["private_key", "scope"],
    ),
];

/// Returns a valid value of an argument that not all kinds have.
fn value_of(argument: &str) -> Value {
    let pair = pem::pair();
    match argument {
        "token_url" | "validation_url" => Value::from("https://example.com"),
        "certificate" => Value::from(pair.certificate),
        "private_key" => Value::from(Secret::new(pair.private_key)),
        "client_secret" | "password" => Value::from(Secret::from("a credential")),
        _ => Value::from("a text"),
    }
}

const CONDITIONAL: [&str; 9] = [
    "client_id",
    "client_secret",
    "token_url",
    "scope",
    "certificate",
    "private_key",
    "username",
    "password",
    "validation_url",
];

#[test]
fn each_kind_accepts_only_its_arguments() {
    for (kind, needed, allowed) in NEEDED {
        let title = match kind {
            "basic" => "authentication_type \"basic\"".to_owned(),
            grant => format!("grant_type \"{grant}\""),
        };
        for argument in needed {
            let expected = format!(
                "{argument}: {argument} is missing | Set it: a connector with {title} needs it."
            );
            let configuration = with(kind, argument, Value::Null);
            assert_eq!(errors(&validate(&configuration)), [""; 0], "an import does without");
            are(&validation::validate_creation(&configuration), &[&expected], kind);
        }
        for argument in CONDITIONAL {
            if needed.contains(&argument) || allowed.contains(&argument) {
                continue;
            }
            let expected = |argument: &str| {
                format!(
                    "{argument}: {argument} does not apply | A connector with {title} has no such \
                     field."
                )
            };
            are(&validate(&with(kind, argument, value_of(argument))), &[&expected(argument)], kind);
            if ["client_secret", "private_key", "password"].contains(&argument) {
                let (write_only, version) =
                    (format!("{argument}_wo"), format!("{argument}_wo_version"));
                let both = good(kind).with(&write_only, value_of(argument)).with(&version, 1);
                let expected = [expected(&write_only), expected(&version)];
                let expected = expected.iter().map(String::as_str).collect::<Vec<_>>();
                are(&validate(&Configuration::new(both)), &expected, kind);
            }
        }
    }
}

/// Without its default, the message would be hard to understand.
#[test]
fn missing_arguments_mention_the_default() {
    let basic = Configuration::new(good("basic").with("username", Value::Null));
    let said = "username: username is missing | (\"basic\" is the default of authentication_type.)";
    are(&validation::validate_creation(&basic), &[said], "basic");
    let grant = Configuration::new(good("client_credentials").with("client_id", Value::Null));
    let said =
        "client_id: client_id is missing | (\"client_credentials\" is the default of grant_type.)";
    are(&validation::validate_creation(&grant), &[said], "client_credentials");
}
