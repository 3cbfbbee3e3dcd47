//! Invalid arguments of a connector.

use safe_text::Secret;
use terraform_provider_webex::provider::custom_connector::validation;
use tf_provider::object::{Configuration, Object};
use tf_provider::value::Value;

use super::{are, errors};
use crate::support::connectors::{Connector, Credential, Form, all, resource};
use crate::support::pem;
use crate::support::simulator::{locked, unlocked};
use crate::support::terraform::Terraform;

/// Returns a valid connector of a kind.
fn good(kind: &str) -> Object {
    let connector = all().into_iter().find(|connector| connector.kind == kind).expect("a kind");
    connector.object(Form::WriteOnly, 0)
}

fn with(kind: &str, argument: &str, value: impl Into<Value>) -> Configuration {
    Configuration::new(good(kind).with(argument, value))
}

fn validate(configuration: &Configuration) -> super::Diagnostics {
    validation::validate(configuration)
}

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

/// Returns the details of the warnings whose summary begins like this.
fn warnings(messages: &super::Diagnostics, summary: &str) -> Vec<String> {
    let found = messages.iter().filter(|message| message.severity() == super::Severity::Warning);
    let found = found.filter(|message| message.summary().starts_with(summary));
    found.map(|message| message.detail().to_owned()).collect()
}

#[test]
fn private_keys_in_arguments_that_plans_show_are_refused() {
    const KIND: &str = "client_credentials_certificate";
    let pair = pem::pair();
    let (certificate, key) = (&pair.certificate, &pair.private_key);
    let line = key.lines().nth(1).expect("a line of the key");
    let texts = [
        key.clone(),
        format!("{certificate}{key}"),
        format!("{key}{certificate}"),
        key.replace('\n', "\\n"),
        key.replace('\n', "\r\n"),
        key.replace("PRIVATE KEY", "EC PRIVATE KEY"),
        key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
    ];
    let arguments = [
        "name",
        "authentication_type",
        "grant_type",
        "resource_domain_url",
        "client_id",
        "token_url",
        "scope",
        "certificate",
        "username",
        "validation_url",
        "organization_id",
    ];
    for argument in arguments {
        for text in &texts {
            let messages = validate(&with(KIND, argument, text.as_str()));
            // Without a path, because Terraform quotes the lines of an attribute.
            let expected = format!(
                "-: {argument} holds a private key | Plans show this argument, state keeps"
            );
            are(&messages, &[&expected], argument);
            assert!(!format!("{messages:?}").contains(line), "{messages:?}");
        }
    }
    assert_eq!(errors(&validate(&with("basic", "name", "My PRIVATE KEY"))), [""; 0]);
}

/// Neither the error nor the lines that Terraform quotes have the key.
#[test]
fn cli_refuses_a_key_in_the_certificate_without_printing_it() {
    let simulator = locked();
    let terraform = Terraform::with(&simulator);
    let pair = pem::pair();
    let both = format!("{}{}", pair.certificate, pair.private_key);
    terraform.write("both.pem", &both);
    let connector = crate::support::connectors::certificate().hcl(Form::Absent);
    let rest = connector.lines().filter(|line| {
        [
            "name",
            "authentication_type",
            "grant_type",
            "resource_domain_url",
            "client_id",
            "token_url",
        ]
        .iter()
        .any(|argument| line.trim_start().starts_with(argument))
    });
    let rest = rest.collect::<Vec<_>>().join("\n");
    let heredoc = format!("<<EOT\n{both}EOT");
    for certificate in ["file(\"both.pem\")", &heredoc] {
        let arguments = format!(
            "{rest}\n  private_key_wo = file(\"both.pem\")\n  certificate = {certificate}\n"
        );
        terraform.write("main.tf", &resource(&arguments));
        for output in [terraform.validate(), terraform.plan()] {
            let output = output.failed().says("Error: certificate holds a private key");
            for line in pair.private_key.lines() {
                assert!(!output.text().contains(line), "{}", output.stderr);
            }
        }
    }
    assert!(simulator.journal().is_empty(), "nothing was sent");
}

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

/// Calls `check` with each credential of each kind.
fn credentials(check: impl Fn(&Connector, &Credential)) {
    for connector in all() {
        for credential in &connector.credentials {
            check(&connector, credential);
        }
    }
}

#[test]
fn create_requires_credentials() {
    credentials(|connector, credential| {
        let mut without = connector.object(Form::WriteOnly, 0);
        without.set(credential.write_only, Value::Null);
        without.set(credential.version, Value::Null);
        let expected = format!(
            "{}: {} is missing | Set {}, which state does not keep, or {}.",
            credential.write_only, credential.argument, credential.write_only, credential.argument
        );
        let configuration = Configuration::new(without);
        assert_eq!(errors(&validate(&configuration)), [""; 0], "an import does without");
        are(&validation::validate_creation(&configuration), &[&expected], connector.kind);
    });
}

#[test]
fn forms_of_a_credential_exclude_each_other() {
    credentials(|connector, credential| {
        let value = Secret::from(credential.values[0].as_str());
        let both = connector.object(Form::WriteOnly, 0).with(credential.argument, value.clone());
        let (write_only, stateful, version) =
            (credential.write_only, credential.argument, credential.version);
        let expected = format!(
            "{write_only}: {stateful} and {write_only} exclude each other | Keep one of them. \
             {write_only} is safer: state keeps {stateful}, but not {write_only}."
        );
        are(&validate(&Configuration::new(both)), &[&expected], connector.kind);

        let stateful_only = connector.object(Form::Stateful, 0).with(version, 1);
        let expected = format!(
            "{version}: {version} needs {write_only} | Set {write_only}, or remove \
             {version}."
        );
        let stateful_only = Configuration::new(stateful_only);
        let planned = |prior: &Object| validation::validate_versions(&stateful_only, Some(prior));
        are(&validation::validate_versions(&stateful_only, None), &[&expected], connector.kind);
        let before = connector.object(Form::Stateful, 0);
        let raised = format!(
            "{version}: {version} needs {write_only} | Set {write_only}, remove it from ignore_changes \
             if it is there, or leave {version} as it was. A new {version} means that"
        );
        are(&planned(&before.clone().with(version, 2)), &[&raised], connector.kind);
        let same = planned(&before.with(version, 1));
        assert_eq!(same.iter().count(), 0, "there is nothing to send");
        assert_eq!(errors(&validate(&stateful_only)), [""; 0], "a destroy does without");

        if stateful == "private_key" {
            return;
        }
        for (form, other) in [(stateful, write_only), (write_only, stateful)] {
            let empty = connector.object(Form::Absent, 0);
            let empty = empty.with(form, Secret::from("")).with(other, Value::Null);
            let expected = format!(
                "{form}: {form} is empty | The provider never sends an empty credential, which could \
                 only remove the one that Webex has."
            );
            are(&validate(&Configuration::new(empty)), &[&expected], connector.kind);
        }
    });
}

/// JSON carries any string.
#[test]
fn unusual_credentials_are_accepted() {
    let long = "x".repeat(100_000);
    for secret in ["with a line break\n", "\u{0}", "sécret", " ", &long] {
        for argument in ["password", "password_wo"] {
            let object = good("basic")
                .with("password_wo", Value::Null)
                .with("password_wo_version", Value::Null)
                .with(argument, Secret::from(secret));
            let messages = validate(&Configuration::new(object));
            assert_eq!(errors(&messages), [""; 0], "{secret:.20?}");
            let warning = format!("{argument} of connector");
            let warned = warnings(&messages, &warning).len();
            let is_unseen = secret.trim() != secret || secret.contains('\u{0}');
            assert_eq!(warned, usize::from(is_unseen), "{secret:.20?}");
        }
    }
}

#[test]
fn certificate_and_key_must_be_a_pair_in_pem() {
    const KIND: &str = "client_credentials_certificate";
    let other = pem::pair();
    let certificate = |text: &str| validate(&with(KIND, "certificate", text));
    let begins = "certificate: certificate is not PEM | begins with -----BEGIN CERTIFICATE----- and \
                  ends with -----END CERTIFICATE-----";
    are(&certificate("MIIB…"), &[begins], "no PEM");
    let key = "-: certificate holds a private key | Plans show this argument";
    are(&certificate(&other.private_key), &[key], "a key in its place");
    let nothing = pem::pem("CERTIFICATE", b"not a certificate");
    let no_certificate = "certificate: certificate is not an X.509 certificate | Copy the whole file \
                          (certificate.pem) again. The PEM block can be read, but it has no \
                          certificate.";
    are(&certificate(&nothing), &[no_certificate], "something else");

    for form in ["private_key", "private_key_wo"] {
        let key = |text: &str| {
            let object = good(KIND)
                .with("private_key_wo", Value::Null)
                .with("private_key_wo_version", Value::Null)
                .with(form, Secret::from(text));
            validate(&Configuration::new(object))
        };
        let begins = format!("{form}: {form} is not PEM | begins with -----BEGIN PRIVATE KEY-----");
        for text in ["", "hunter2", &other.certificate] {
            let messages = key(text);
            let found = errors(&messages);
            assert!(found.iter().any(|error| error.starts_with(&format!("{form}: {form} is "))));
            assert!(!found.concat().contains("hunter2"), "{found:?}");
        }
        are(&key("hunter2"), &[&begins], "no PEM");
        let encrypted = pem::pem("ENCRYPTED PRIVATE KEY", b"hunter2");
        let hint =
            format!("{form}: {form} is not PEM | The key seems to be encrypted; Control Hub's");
        are(&key(&encrypted), &[&hint], "encrypted");
        let mismatch = format!(
            "{form}: The private key does not belong to the certificate | Use the pair that was \
             made together. certificate has another public key than {form}."
        );
        are(&key(&other.private_key), &[&mismatch], "another key");
    }
}

#[test]
fn pem_errors_name_what_was_found() {
    const KIND: &str = "client_credentials_certificate";
    let pem::Pair { certificate, private_key } = pem::pair();
    let indented = |pem: &str| pem.lines().map(|line| format!("  {line}\n")).collect::<String>();
    let encoded = |pem: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(pem)
    };
    let cases = |pem: &str| {
        [
            (
                pem.replace('\n', "\\n"),
                "It has `\\n` as two characters where line breaks belong: use \
                                       `replace(…, \"\\\\n\", \"\\n\")`.",
            ),
            (format!("\u{feff}{pem}"), "It begins with an invisible byte order mark"),
            (pem.replace('\n', " "), "It is all on one line"),
            (pem.replace('\n', ""), "It is all on one line"),
            (indented(pem), "Its lines begin with spaces"),
            (encoded(pem), "It is the base64 encoding of PEM: use `base64decode(…)`."),
            (pem[..200].to_owned(), "Its last line is missing: copy the whole file again."),
            (pem.replacen("-----BEGIN ", "----BEGIN ", 1), "copy the whole file again"),
            ("hunter2".to_owned(), "It has no such line"),
            (pem.replacen('M', "é", 1), "The text between these lines cannot be read"),
        ]
    };
    for (text, words) in cases(&certificate) {
        let expected = format!("certificate: certificate is not PEM | {words}");
        are(&validate(&with(KIND, "certificate", text.as_str())), &[&expected], &text);
    }
    let label = |label: &str| certificate.replace("CERTIFICATE", label);
    for (text, words) in [
        (label("CERTIFICATE REQUEST"), "label CERTIFICATE REQUEST instead. An authority makes"),
        (label("NEW CERTIFICATE REQUEST"), "use the certificate that it returned."),
        (label("PUBLIC KEY"), "label PUBLIC KEY instead. Use the certificate that holds this key."),
        (label("PKCS7"), "It has a block with the label PKCS7 instead."),
    ] {
        let expected = format!("certificate: certificate is not PEM | {words}");
        are(&validate(&with(KIND, "certificate", text.as_str())), &[&expected], &text);
    }

    let check_key = |text: &str| {
        let object = good(KIND).with("private_key_wo", Secret::from(text));
        validate(&Configuration::new(object))
    };
    for (text, words) in cases(&private_key) {
        let messages = check_key(&text);
        let expected = format!("private_key_wo: private_key_wo is not PEM | {words}");
        are(&messages, &[&expected], words);
        assert!(!format!("{messages:?}").contains("hunter2"), "{messages:?}");
    }
    let openssh = private_key.replace("PRIVATE KEY", "OPENSSH PRIVATE KEY");
    let traditional = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0\n\n\
                       AAAA\n-----END RSA PRIVATE KEY-----\n";
    for (text, words) in [
        (openssh.as_str(), "`ssh-keygen -p -m PKCS8 -f FILE` converts a copy."),
        (traditional, "The key seems to be encrypted"),
        (&certificate, "It has a block with the label CERTIFICATE instead."),
    ] {
        let expected = format!("private_key_wo: private_key_wo is not PEM | {words}");
        are(&check_key(text), &[&expected], words);
    }
    // Instead of a label, there may be part of the key.
    for text in ["-----BEGIN hunter2", "-----BEGIN hunter2-----\nAAAA\n", "-----BEGIN HUNTER2"] {
        let messages = check_key(text);
        assert!(!format!("{messages:?}").to_lowercase().contains("hunter2"), "{messages:?}");
    }
}

/// The first certificate is the one of the key.
#[test]
fn certificate_chain_in_the_wrong_order_is_named() {
    const KIND: &str = "client_credentials_certificate";
    let (pair, authority) = (pem::pair(), pem::pair());
    let check = |certificates: String| {
        let object = good(KIND)
            .with("certificate", certificates)
            .with("private_key_wo", Secret::from(pair.private_key.as_str()));
        validate(&Configuration::new(object))
    };
    let right = format!("{}{}", pair.certificate, authority.certificate);
    assert_eq!(errors(&check(right)), [""; 0]);
    let expected = "certificate: The certificates are in the wrong order | Put the certificate of \
                    the key first, and those of its authorities after it. certificate has 2 \
                    certificates, and private_key_wo belongs to one that is not the first.";
    are(&check(format!("{}{}", authority.certificate, pair.certificate)), &[expected], "order");
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

/// A pipeline that destroys does not have the ephemeral values of one that applies.
#[test]
fn version_without_its_ephemeral_value_does_not_block_destroy() {
    let simulator = unlocked();
    let mut terraform = Terraform::with(&simulator);
    let variable = "variable \"password\" {\n  ephemeral = true\n  default = null\n}\n";
    let arguments = format!(
        "{}\n  password_wo = var.password\n  password_wo_version = 1\n",
        crate::support::connectors::basic().hcl(Form::Absent)
    );
    let raised = arguments.replace("_version = 1", "_version = 2");
    let configuration = format!("{variable}{}", resource(&arguments));
    terraform.write("main.tf", &configuration);
    terraform.set("TF_VAR_password", "hunter2");
    terraform.apply().succeeded();
    terraform.unset("TF_VAR_password");
    terraform.validate().succeeded();
    terraform.plan().succeeded().says("No changes.").does_not_say("password_wo_version needs");
    terraform.write("main.tf", &format!("{variable}{}", resource(&raised)));
    terraform.plan().failed().says("Error: password_wo_version needs password_wo");
    terraform.write("main.tf", &configuration);
    terraform.run(["plan", "-refresh-only", "-no-color"]).succeeded();
    terraform.destroy().succeeded().says("1 destroyed");
}
