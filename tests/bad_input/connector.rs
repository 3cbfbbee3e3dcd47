//! Names, addresses and other texts of a connector that are invalid.

use safe_text::Secret;
use terraform_provider_webex::provider::custom_connector::validation;
use tf_provider::object::{Configuration, Object};
use tf_provider::value::Value;

use super::{are, errors, good, validate, warnings, with};
use crate::support::connectors::{Form, all, resource};
use crate::support::simulator::locked;
use crate::support::terraform::Terraform;

#[test]
fn valid_arguments_raise_no_error() {
    for connector in all() {
        for form in [Form::Stateful, Form::WriteOnly, Form::Absent] {
            let configuration = Configuration::new(connector.object(form, 0));
            assert_eq!(errors(&validate(&configuration)), [""; 0], "{}", connector.kind);
        }
    }
}

#[test]
fn empty_and_invisible_strings_are_refused() {
    let cases: &[(&str, &str, &str, &[&str])] = &[
        (
            "basic",
            "name",
            "",
            &["name: name is empty | Set a name. A connector needs one that is unique"],
        ),
        (
            "basic",
            "name",
            " ",
            &["name: name is empty | Set a name. A connector needs one that is unique"],
        ),
        (
            "basic",
            "username",
            "",
            &[
                "username: username is empty | Set a value. If the argument is not needed, omit it, or set it to null.",
            ],
        ),
        ("password", "client_id", " ", &["client_id: client_id is empty | or set it to null."]),
        ("password", "scope", "", &["scope: scope is empty | or set it to null."]),
        (
            "client_credentials_certificate",
            "certificate",
            "",
            &["certificate: certificate is empty | or set it to null."],
        ),
    ];
    for (title, argument, text, expected) in cases {
        are(&validate(&with(title, argument, *text)), expected, &format!("{argument} = {text:?}"));
    }
}

/// Returns the errors of a name of a connector that is created or renamed.
fn name_errors(name: &str) -> super::Diagnostics {
    validation::validate_name(&with("basic", "name", name)).into_iter().collect()
}

/// An adopted connector keeps its name, so validation says nothing.
#[test]
fn hidden_names_are_refused_for_creates_and_renames() {
    let hidden = "name: The name cannot be used | a line break or another invisible character";
    let around = "name: The name cannot be used | begins or ends with a space";
    for (name, expected) in [
        (" a", around),
        ("a\n", around),
        ("a\nb", hidden),
        ("a\u{1b}[2Kb", hidden),
        ("a\u{0}b", hidden),
        ("a\u{202e}b", hidden),
        ("a\u{200b}b", hidden),
        ("a\u{61c}b", hidden),
        ("a\u{ad}b", hidden),
        ("a\u{fe0f}b", hidden),
        ("a\u{e0041}b", hidden),
    ] {
        are(&name_errors(name), &[expected], name);
        assert_eq!(errors(&validate(&with("basic", "name", name))), [""; 0], "{name:?}");
    }
}

/// Webex decides on names that are unusual but harmless.
#[test]
fn unusual_names_are_accepted() {
    let long = "n".repeat(1000);
    for name in [
        "a/b",
        "a%2fb",
        "..",
        "../../x",
        "Zürich",
        "客户",
        "🙂",
        "👩\u{200d}💻 ❤\u{fe0f}",
        "a \"b\" ${c}",
        &long,
    ] {
        assert_eq!(errors(&name_errors(name)), [""; 0], "{name:?}");
        assert_eq!(errors(&validate(&with("basic", "name", name))), [""; 0], "{name:?}");
    }
}

#[test]
fn host_in_letters_of_several_alphabets_is_a_warning_with_its_ascii_form() {
    for argument in ["resource_domain_url", "token_url", "validation_url"] {
        let warned = |address: &str| {
            let messages = validate(&with("password", argument, address));
            let found = messages.iter().find(|message| message.summary().contains("alphabets"));
            found.map(|message| message.detail().to_owned())
        };
        let detail = warned("https://h\u{430}.example.com/x").expect("a warning");
        assert!(
            detail.contains("If you mean the host xn--h-8sb.example.com, write it like this."),
            "{detail}"
        );
        for plain in [
            "https://ha.example.com/\u{430}",
            "https://xn--h-8sb.example.com",
            "https://b\u{fc}cher.example.com",
            "https://\u{43f}\u{440}.\u{440}\u{444}",
        ] {
            assert_eq!(warned(plain), None, "{plain}");
        }
    }
}

#[test]
fn invalid_urls_are_refused() {
    for argument in ["resource_domain_url", "token_url", "validation_url"] {
        for (text, words) in [
            ("http://example.com", "It does not begin with https://."),
            ("ftp://example.com", "It does not begin with https://."),
            ("example.com/api", "It cannot be read as a URL: relative URL without a base."),
            ("", "It cannot be read as a URL"),
            ("https://", "It cannot be read as a URL: empty host."),
            ("https://me:hunter2@example.com", "It has a user name or a password"),
            ("https://me@example.com", "It has a user name or a password"),
            ("https://example.com/a b", "It has a space or a control character."),
            (
                "https://example.com\n",
                "It has a space or a control character. Use \
                 `trimspace(file(\"…\"))`",
            ),
            (" https://example.com", "It has a space or a control character. Remove it"),
            ("https://example.com/\u{200b}x", "an invisible character (U+200B)"),
            ("https://example.com/\u{202e}x", "an invisible character (U+202E)"),
            ("https:/example.com", "Some programs repair it to https://example.com;"),
            ("https:example.com", "Some programs repair it to https://example.com;"),
            ("https:///example.com", "Some programs repair it to https://example.com;"),
            (r"https:\\example.com", "Some programs repair it to https://example.com;"),
            (r"https://example.com\x", "Some programs repair it to https://example.com;"),
        ] {
            let messages = validate(&with("password", argument, text));
            let expected = format!("{argument}: {argument} cannot be used | {words}");
            are(&messages, &[&expected], text);
            let all = errors(&messages).concat();
            assert!(all.contains("Write a full address such as https://"), "{all}");
            assert!(!all.contains("hunter2"), "{all}");
        }
    }
}

/// Flows append a path to the resource domain, and to no other URL.
#[test]
fn query_and_fragment_of_the_resource_domain_are_refused() {
    for text in ["https://example.com?a=b", "https://example.com/x#y"] {
        let expected = "resource_domain_url: resource_domain_url cannot be used | flows append the \
                        path of their request to it";
        are(&validate(&with("password", "resource_domain_url", text)), &[expected], text);
        for argument in ["token_url", "validation_url"] {
            assert_eq!(errors(&validate(&with("password", argument, text))), [""; 0], "{text}");
        }
    }
}

/// A file has a line end, and a text from a page has characters without width.
#[test]
fn unseen_characters_are_refused_where_they_are_never_meant() {
    let arguments = ["client_id", "username", "scope", "client_secret", "client_secret_wo"];
    for argument in arguments {
        let is_secret = argument.starts_with("client_secret");
        let check = |text: &str| {
            let object = good("password")
                .with("client_secret_wo", Value::Null)
                .with("client_secret_wo_version", Value::Null);
            let value = if is_secret { Secret::from(text).into() } else { Value::from(text) };
            validate(&Configuration::new(object.with(argument, value)))
        };
        for (text, words) in [
            ("hunter2\n", "line break. Use `trimspace(file("),
            ("hunter2\r\n", "line break. Use `trimspace(file("),
            ("\nhunter2", "line break. Use `trimspace(file("),
            (" hunter2", "It begins or ends with a space. Remove it, or use `trimspace(…)`"),
            ("hunter2\u{a0}", "It begins or ends with a space."),
        ] {
            let messages = check(text);
            let expected = format!("{argument}: {argument} cannot be used | {words}");
            are(&messages, &[&expected], &format!("{text:?}"));
            assert!(!format!("{messages:?}").contains("hunter2"), "{messages:?}");
        }
        for (text, words) in [
            ("hunter\u{200b}2", "(U+200B). Type the value again instead of copying it."),
            ("\u{feff}hunter2", "(U+FEFF). Use `trimprefix("),
            ("hunter\n2", "(U+000A). Type the value again"),
        ] {
            let messages = check(text);
            if is_secret {
                assert_eq!(errors(&messages), [""; 0], "{text:?}");
                let warning = format!("{argument} of connector");
                let found = warnings(&messages, &warning);
                assert_eq!(found.len(), 1, "{messages:?}");
                let (what, remedy) = words.split_once(' ').expect("a remedy");
                assert!(found[0].contains(what) && found[0].contains(remedy), "{found:?}");
            } else {
                let expected = format!("{argument}: {argument} cannot be used | {words}");
                are(&messages, &[&expected], &format!("{text:?}"));
            }
        }
        assert_eq!(errors(&check("a b")), [""; 0], "a blank inside may be meant");
    }
}

#[test]
fn invalid_organizations_and_timeouts_are_refused() {
    let unreadable =
        "organization_id: The organization id cannot be read | \"acme\" is neither a UUID";
    are(&validate(&with("basic", "organization_id", "acme")), &[unreadable], "organization_id");
    for operation in ["create", "read", "update", "delete"] {
        for text in ["", "5", "5 m", "-5m", "0s", "25h", "five minutes"] {
            let limits = Object::default().with(operation, text).into_value();
            let expected = format!(
                "timeouts.{operation}: timeouts.{operation} is not a duration | such as \"90s\", \"5m\""
            );
            are(&validate(&with("basic", "timeouts", limits)), &[&expected], text);
        }
    }
}

/// Mistakes do not hide each other.
#[test]
fn all_errors_are_reported_at_once() {
    let object = good("basic")
        .with("name", " ")
        .with("resource_domain_url", "http://example.com")
        .with("scope", "x")
        .with("organization_id", "acme")
        .with("password", Secret::from("hunter2"));
    let found = errors(&validate(&Configuration::new(object)));
    let arguments = found.iter().filter_map(|error| Some(error.split_once(':')?.0));
    let expected = ["name", "resource_domain_url", "scope", "password_wo", "organization_id"];
    assert_eq!(arguments.collect::<Vec<_>>(), expected);
}

/// The CLI shows the message and the line.
#[test]
fn cli_shows_the_line_of_the_argument() {
    let simulator = locked();
    let terraform = Terraform::with(&simulator);
    terraform.write(
        "main.tf",
        &resource(
            r#"
  name                = "Zendesk"
  resource_domain_url = "http://example.com"
  username            = "agent"
  validation_url      = "https://example.com"
  scope               = "x"
  timeouts {
    create = "soon"
  }
"#,
        ),
    );
    terraform
        .validate()
        .failed()
        .says("Error: resource_domain_url cannot be used")
        .says("4: resource_domain_url = \"http://example.com\"")
        .says("Error: scope does not apply")
        .says("7: scope = \"x\"")
        .says("Error: timeouts.create is not a duration")
        .says("9: create = \"soon\"");
    assert!(simulator.journal().is_empty(), "validating makes no call");

    // The plan requires the arguments that a create needs, before any request.
    terraform.write("main.tf", &resource(
        "  name = \"Zendesk\"\n  resource_domain_url = \"https://example.com\"\n  username = \"a\"\n  \
         validation_url = \"https://example.com\"",
    ));
    terraform.validate().succeeded();
    terraform.plan().failed().says("Error: password is missing").says("Set password_wo");
    terraform.write("main.tf", &resource(
        "  name = \"Zendesk\"\n  resource_domain_url = \"https://example.com\"\n  username = \"a\"\n  \
         validation_url = \"https://example.com\"\n  password = \"p\"\n  password_wo_version = 1",
    ));
    terraform.validate().succeeded();
    terraform
        .plan()
        .failed()
        .says("Error: password_wo_version needs password_wo")
        .says("7: password_wo_version = 1");
    assert!(simulator.journal().is_empty(), "nothing was asked of Webex");
}
