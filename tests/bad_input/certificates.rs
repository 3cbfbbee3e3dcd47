//! Certificates and private keys that cannot be used, and keys where a certificate should be.

use safe_text::Secret;
use tf_provider::object::Configuration;
use tf_provider::value::Value;

use super::{are, errors, good, validate, with};
use crate::support::connectors::{Form, resource};
use crate::support::pem;
use crate::support::simulator::locked;
use crate::support::terraform::Terraform;

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
