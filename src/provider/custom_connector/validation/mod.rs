//! Checks that need no call: each points at its argument and says what to do.
//!
//! Values may be unknown while validating and planning; what is unknown is
//! never held against the user.

mod pem;

use super::credentials::{CREDENTIALS, CredentialArguments};
use super::schema;
use crate::provider::unseen::Unseen;
use crate::provider::{organization, timeouts};
use safe_text::{Shown, hidden};
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::{Argument, Configuration, Object};
use tf_provider::value::{Path, Value};
use url::Url;
use webex_contact_center::{
    Address, AddressProblem, Applies, BASIC, CLIENT_CREDENTIALS, ConnectorKind, Credential,
    Equivalence, FieldContent, OAUTH2, Row, kind_dependent_fields, readable_fields,
};

pub use pem::certificate_and_key;

/// Checks a configuration.
#[must_use]
pub fn validate(configuration: &Configuration) -> Diagnostics {
    let object = configuration.object();
    // Messages of other checks quote values.
    let exposed = pem::exposed_keys(object);
    if exposed.has_errors() {
        return exposed;
    }
    let mut messages = Diagnostics::new();
    messages.extend(texts().filter_map(|argument| not_empty(object, argument)));
    messages.extend(addresses().filter_map(|argument| address(object, argument)));
    messages.extend(addresses().filter_map(|argument| mixed_host(object, argument)));
    messages.extend(plain_texts().filter_map(|argument| unseen(object, argument)));
    messages.extend(kind(object));
    messages.extend(secrets(configuration));
    messages.extend(certificate_and_key(configuration));
    messages.extend(organization_id(object));
    messages.extend(timeouts::validate(object));
    messages.extend(unseen_in_credentials(configuration));
    messages
}

/// The arguments that hold addresses.
fn addresses() -> impl Iterator<Item = &'static str> {
    arguments(|content| matches!(content, FieldContent::Text(_, Equivalence::Address)))
}

/// The arguments that hold any other text. They must not be empty: leaving an
/// argument out is how to unset it.
fn texts() -> impl Iterator<Item = &'static str> {
    arguments(|content| {
        matches!(content, FieldContent::Text(_, Equivalence::Text | Equivalence::Pem))
    })
}

/// The arguments that hold a text in one line, apart from the name.
fn plain_texts() -> impl Iterator<Item = &'static str> {
    let texts = arguments(|content| matches!(content, FieldContent::Text(_, Equivalence::Text)));
    texts.filter(|argument| *argument != "name")
}

fn arguments(holds: fn(&FieldContent) -> bool) -> impl Iterator<Item = &'static str> {
    readable_fields().filter(move |(_, row)| holds(&row.content)).map(|(_, row)| row.argument)
}

/// Checks what must be there when a connector is created: its credentials, and the arguments that
/// its kind needs.
///
/// An imported connector keeps the credentials that Webex has, and it may lack what Control Hub's
/// form does not mark as mandatory, so this cannot be a rule of the schema.
#[must_use]
pub fn validate_creation(configuration: &Configuration) -> Diagnostics {
    let object = configuration.object();
    let Some(kind) = known_kind(object) else { return Diagnostics::new() };
    let needed = kind_dependent_fields().filter(|row| row.applies_to(kind) == Applies::Required);
    let missing = needed.filter_map(|row| match credential(row) {
        Some(arguments) if arguments.is_configured(configuration) => None,
        Some(arguments) => Some(missing_credential(arguments, kind)),
        None if !object.get(row.argument).is_null() => None,
        None => Some(missing_argument(object, row.argument, kind)),
    });
    missing.collect()
}

fn missing_credential(arguments: &CredentialArguments, kind: ConnectorKind) -> Diagnostic {
    let CredentialArguments { stateful, write_only, .. } = arguments;
    Diagnostic::error(
        format!("{stateful} is missing"),
        format!(
            "Set {write_only}, which state does not keep, or {stateful}. A connector with {} \
             cannot be created without it. Only an imported connector can omit it.",
            kind.title()
        ),
    )
    .at(Path::attribute(write_only))
}

fn missing_argument(object: &Object, argument: &str, kind: ConnectorKind) -> Diagnostic {
    Diagnostic::error(
        format!("{argument} is missing"),
        format!(
            "Set it: a connector with {} needs it.{} Only an imported connector can omit it.",
            kind.title(),
            default_note(object, kind)
        ),
    )
    .at(Path::attribute(argument))
}

/// Checks the versions of write-only credentials in a plan that creates or updates.
///
/// A destroy needs no ephemeral value, but Terraform validates for it, and plans an update first
/// with the values that it has. Nor does a plan have a value that is in `ignore_changes`. So a
/// version that has not changed is no mistake: there is nothing to send.
#[must_use]
pub fn validate_versions(configuration: &Configuration, prior: Option<&Object>) -> Diagnostics {
    let object = configuration.object();
    let lacking =
        CREDENTIALS.iter().filter(|CredentialArguments { write_only, version, .. }| {
            let is_set = !matches!(object.get(version), Value::Null | Value::Unknown);
            let is_same = prior.is_some_and(|prior| prior.get(version) == object.get(version));
            is_set && !is_same && object.get(write_only).is_null()
        });
    let messages = lacking.map(|CredentialArguments { write_only, version, .. }| {
        let remedy = match prior {
            None => format!("Set {write_only}, or remove {version}."),
            Some(_) => format!(
                "Set {write_only}, remove it from ignore_changes if it is there, or leave \
                 {version} as it was."
            ),
        };
        Diagnostic::error(
            format!("{version} needs {write_only}"),
            format!(
                "{remedy} A new {version} means that {write_only} is sent again, and {write_only} \
                 is not set."
            ),
        )
        .at(Path::attribute(version))
    });
    messages.collect()
}

/// Returns the arguments that the kind of connector needs when it is created, and that an update
/// would take away. What Webex does then is unknown.
#[must_use]
pub fn removed_arguments(configuration: &Configuration, prior: &Object) -> Vec<&'static str> {
    let object = configuration.object();
    let Some(kind) = known_kind(object) else { return Vec::new() };
    kind_dependent_fields()
        .filter(|row| row.applies_to(kind) == Applies::Required && credential(row).is_none())
        .map(|row| row.argument)
        .filter(|argument| object.get(argument).is_null() && !prior.get(argument).is_null())
        .collect()
}

/// The credentials that the kind of connector requires and that the
/// configuration gives in neither form. None as long as the kind is not known.
#[must_use]
pub fn missing_credentials(configuration: &Configuration) -> Vec<CredentialArguments> {
    let Some(kind) = known_kind(configuration.object()) else { return Vec::new() };
    kind_dependent_fields()
        .filter(|row| row.applies_to(kind) == Applies::Required)
        .filter_map(credential)
        .filter(|arguments| !arguments.is_configured(configuration))
        .copied()
        .collect()
}

/// Returns the arguments of a row that is a credential.
fn credential(row: &Row) -> Option<&'static CredentialArguments> {
    match row.content {
        FieldContent::Credential(credential) => Some(CredentialArguments::of(credential)),
        FieldContent::Text(..) | FieldContent::Literal(..) => None,
    }
}

/// The kind that a configuration describes, once it is known.
#[must_use]
pub fn known_kind(object: &Object) -> Option<ConnectorKind> {
    let authentication_type = match object.string("authentication_type") {
        Argument::Known(literal) => literal,
        Argument::Absent => BASIC,
        Argument::Unknown => return None,
    };
    match object.string("grant_type") {
        Argument::Known(literal) => ConnectorKind::of(authentication_type, Some(literal)),
        Argument::Absent => ConnectorKind::of(authentication_type, None),
        Argument::Unknown if authentication_type == BASIC => Some(ConnectorKind::Basic),
        Argument::Unknown => None,
    }
}

/// Checks the name of a connector that is created or renamed. One that is
/// adopted keeps the name that it has.
#[must_use]
pub fn validate_name(configuration: &Configuration) -> Option<Diagnostic> {
    let object = configuration.object();
    let name = object.string("name").known().filter(|name| !name.trim().is_empty())?;
    let problem = if name.trim() != name {
        "It begins or ends with a space, which Control Hub does not show."
    } else if hidden(name).next().is_some() {
        "It has a line break or another invisible character. Such characters can hide lines of a \
         plan, and make two names look the same."
    } else {
        return None;
    };
    let detail = format!("{problem} Remove it from the name.");
    Some(Diagnostic::error("The name cannot be used", detail).at(Path::attribute("name")))
}

fn not_empty(object: &Object, argument: &str) -> Option<Diagnostic> {
    let text = object.string(argument).known()?;
    let advice = match argument {
        "name" => "Set a name. A connector needs one that is unique in its organization.",
        _ => "Set a value. If the argument is not needed, omit it, or set it to null.",
    };
    text.trim().is_empty().then(|| {
        Diagnostic::error(format!("{argument} is empty"), advice).at(Path::attribute(argument))
    })
}

fn address(object: &Object, argument: &str) -> Option<Diagnostic> {
    let text = object.string(argument).known()?;
    let problem = match Address::parse(text) {
        Err(AddressProblem::NotAUrl(error)) => format!("It cannot be read as a URL: {error}."),
        Err(AddressProblem::NotHttps) => "It does not begin with https://.".to_owned(),
        Err(AddressProblem::UserInfo) => {
            "It has a user name or a password, which plans would show and state would keep. Use \
             the arguments for credentials instead."
                .to_owned()
        }
        Err(AddressProblem::Blank) => match Unseen::find(text) {
            Some(unseen @ (Unseen::LineEndAround | Unseen::BlankAround)) => {
                format!("It has a space or a control character. {}", unseen.remedy())
            }
            Some(Unseen::Invisible(_)) | None => {
                "It has a space or a control character.".to_owned()
            }
        },
        Err(AddressProblem::Invisible(character)) => {
            let unseen = Unseen::Invisible(character);
            format!("{} {}", unseen.sentence(), unseen.remedy())
        }
        Err(AddressProblem::Repaired(origin)) => format!(
            "It does not begin with https:// and a host. Some programs repair it to {origin}; \
             others refuse it or call another host."
        ),
        Ok(address) if argument == FLOWS_APPEND_TO && address.has_query_or_fragment() => {
            "It has a query or a fragment (? or #), and flows append the path of their request to \
             it. Set queries in the flow's HTTP Request activity."
                .to_owned()
        }
        Ok(_) => return None,
    };
    let detail = format!("{problem} Write a full address such as https://api.example.com/v2/.");
    Some(
        Diagnostic::error(format!("{argument} cannot be used"), detail)
            .at(Path::attribute(argument)),
    )
}

/// Warns of a host with letters of several alphabets: in most typefaces, the `а`
/// of Russian cannot be told from the `a` of English, and people review plans.
fn mixed_host(object: &Object, argument: &str) -> Option<Diagnostic> {
    let text = object.string(argument).known()?;
    Address::parse(text).ok()?;
    let url = Url::parse(text).ok()?;
    let (_, after) = text.split_once("//")?;
    let written = after.split(['/', '?', '#']).next()?;
    // Letters up to U+024F, and those of Vietnamese, are Latin.
    let is_latin = |letter: char| matches!(letter, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    let letters = || written.chars().filter(|character| character.is_alphabetic());
    let is_mixed = letters().any(is_latin) && !letters().all(is_latin);
    is_mixed.then(|| {
        Diagnostic::warning(
            format!(
                "{argument}{} has a host in letters of several alphabets",
                of_connector(object)
            ),
            format!(
                "If you mean the host {}, write it like this. Some letters of different alphabets \
                 look the same.",
                url.host_str().unwrap_or_default()
            ),
        )
        .at(Path::attribute(argument))
    })
}

/// The address to which flows append a path.
const FLOWS_APPEND_TO: &str = "resource_domain_url";

/// Refuses blanks and line ends around a text, and invisible characters in it.
fn unseen(object: &Object, argument: &str) -> Option<Diagnostic> {
    let text = object.string(argument).known().filter(|text| !text.trim().is_empty())?;
    Unseen::find(text).map(|unseen| cannot_be_used(argument, unseen))
}

fn cannot_be_used(argument: &str, unseen: Unseen) -> Diagnostic {
    let detail = format!("{} {}", unseen.sentence(), unseen.remedy());
    Diagnostic::error(format!("{argument} cannot be used"), detail).at(Path::attribute(argument))
}

/// Checks the ends of client secrets and passwords.
///
/// Authorization servers generate client secrets, and none has blanks around it. A person may
/// choose such a password, or invisible characters.
fn unseen_in_credentials(configuration: &Configuration) -> Diagnostics {
    let forms = CREDENTIALS.iter().filter(|row| row.credential != Credential::PrivateKey);
    let forms = forms.flat_map(|row| [(row, row.stateful), (row, row.write_only)]);
    let messages = forms.filter_map(|(row, form)| {
        let unseen = Unseen::find_in(configuration.secret(form).known()?)?;
        let is_around = !matches!(unseen, Unseen::Invisible(_));
        Some(match is_around && row.credential == Credential::ClientSecret {
            true => cannot_be_used(form, unseen),
            false => sent_as_it_is(configuration.object(), form, unseen),
        })
    });
    messages.collect()
}

/// Warns without an attribute path: Terraform quotes the line of an attribute, and every plan of a
/// configuration with a literal password would print it.
fn sent_as_it_is(object: &Object, argument: &str, unseen: Unseen) -> Diagnostic {
    let detail = format!(
        "If you do not mean this character, change the credential. {} {} The provider sends it to \
         Webex unchanged.",
        unseen.sentence(),
        unseen.remedy()
    );
    let connector = of_connector(object);
    Diagnostic::warning(format!("{argument}{connector} has an invisible character"), detail)
}

/// Names the connector in a summary, if its name is known.
fn of_connector(object: &Object) -> String {
    let name = object.string("name").known();
    name.map(|name| format!(" of connector {:?}", Shown::new(name))).unwrap_or_default()
}

/// The rule table, applied to what is known.
fn kind(object: &Object) -> Diagnostics {
    let mut messages = Diagnostics::new();
    let authentication_type = object.string("authentication_type");
    if let Argument::Known(literal) = authentication_type
        && literal != BASIC
        && literal != OAUTH2
    {
        messages.push(literal_error("authentication_type", literal, &[BASIC, OAUTH2]));
        return messages;
    }
    let grants = ConnectorKind::ALL.map(|kind| kind.spelled().1);
    let grants = grants.into_iter().flatten().collect::<Vec<_>>();
    if let Argument::Known(literal) = object.string("grant_type") {
        if !grants.contains(&literal) {
            messages.push(literal_error("grant_type", literal, &grants));
            return messages;
        }
        let basic = match authentication_type {
            Argument::Known(literal) => literal == BASIC,
            Argument::Absent => true,
            Argument::Unknown => false,
        };
        if basic {
            let detail = format!(
                "Remove grant_type, or set authentication_type to \"{OAUTH2}\". Only \"{OAUTH2}\" \
                 has a grant, and this connector has \"{BASIC}\"{}.",
                if authentication_type.is_absent() { ", the default" } else { "" }
            );
            messages.push(
                Diagnostic::error("grant_type does not apply", detail)
                    .at(Path::attribute("grant_type")),
            );
            return messages;
        }
    }
    if let Some(kind) = known_kind(object) {
        messages.extend(kind_dependent_fields().flat_map(|row| against(object, row, kind)));
    }
    messages
}

fn literal_error(argument: &str, literal: &str, allowed: &[&str]) -> Diagnostic {
    let mut listed = String::new();
    for (place, text) in allowed.iter().enumerate() {
        let before = match place {
            0 => "",
            _ if place + 1 == allowed.len() => " or ",
            _ => ", ",
        };
        listed.push_str(&format!("{before}{text:?}"));
    }
    Diagnostic::error(format!("{argument} cannot be {literal:?}"), format!("Use {listed}."))
        .at(Path::attribute(argument))
}

/// Returns the errors of one row of the table in a configuration.
fn against(object: &Object, row: &Row, kind: ConnectorKind) -> Vec<Diagnostic> {
    let argument = row.argument;
    let credential = credential(row);
    let forms = credential.map_or_else(|| vec![argument], |arguments| arguments.names().to_vec());
    match row.applies_to(kind) {
        // What is required is required when a connector is created, not before.
        Applies::Required | Applies::Optional => Vec::new(),
        Applies::Never => forms
            .iter()
            .filter(|form| {
                let value = object.get(form);
                !value.is_null() && !matches!(value, Value::Unknown)
            })
            .map(|form| {
                Diagnostic::error(
                    format!("{form} does not apply"),
                    format!(
                        "Remove the argument, or choose another kind of connector. A connector \
                         with {} has no such field.{}",
                        kind.title(),
                        default_note(object, kind)
                    ),
                )
                .at(Path::attribute(form))
            })
            .collect(),
    }
}

/// Reminds of a default that the user may not have thought of.
fn default_note(object: &Object, kind: ConnectorKind) -> String {
    let absent = |argument: &str| object.get(argument).is_null();
    if kind == ConnectorKind::Basic && absent("authentication_type") {
        format!(" (\"{BASIC}\" is the default of authentication_type.)")
    } else if kind == ConnectorKind::ClientCredentials && absent("grant_type") {
        format!(" (\"{CLIENT_CREDENTIALS}\" is the default of grant_type.)")
    } else {
        String::new()
    }
}

/// The three forms of each credential against each other.
fn secrets(configuration: &Configuration) -> Diagnostics {
    let object = configuration.object();
    let mut messages = Diagnostics::new();
    for CredentialArguments { stateful, write_only, .. } in CREDENTIALS {
        // What is unknown may turn out to be null.
        let is_set = |name: &str| !matches!(object.get(name), Value::Null | Value::Unknown);
        for form in [stateful, write_only] {
            if let Argument::Known(content) = configuration.secret(form)
                && content.is_empty()
            {
                let detail = "Set a value, or omit the argument to keep what Webex has. The \
                              provider never sends an empty credential, which could only remove \
                              the one that Webex has.";
                messages.push(
                    Diagnostic::error(format!("{form} is empty"), detail).at(Path::attribute(form)),
                );
            }
        }
        if is_set(stateful) && is_set(write_only) {
            let detail = format!(
                "Keep one of them. {write_only} is safer: state keeps {stateful}, but not \
                 {write_only}."
            );
            messages.push(
                Diagnostic::error(
                    format!("{stateful} and {write_only} exclude each other"),
                    detail,
                )
                .at(Path::attribute(write_only)),
            );
        }
    }
    messages
}

fn organization_id(object: &Object) -> Option<Diagnostic> {
    let text = object.string("organization_id").known()?;
    organization::parse(text).err().map(|problem| problem.at(Path::attribute("organization_id")))
}
