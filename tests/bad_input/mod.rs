//! Invalid input: the argument and the words of each message. No test needs Webex, and no unknown
//! value is invalid.

mod certificates;
mod connector;
mod credentials;
mod files;
mod kinds;
mod provider;
mod unconfigured;
mod unknown;

use terraform_provider_webex::provider::custom_connector::validation;
use tf_provider::diagnostics::{Diagnostics, Severity};
use tf_provider::object::{Configuration, Object};
use tf_provider::value::Value;

use crate::support::connectors::{Form, all};

/// Returns the errors of a check, each as `argument: summary | detail`, with a dash for no
/// argument.
fn errors(messages: &Diagnostics) -> Vec<String> {
    let errors = messages.iter().filter(|message| message.severity() == Severity::Error);
    let shown = errors.map(|message| {
        let argument = message.attribute().map_or("-".to_owned(), ToString::to_string);
        format!("{argument}: {} | {}", message.summary(), message.detail())
    });
    shown.collect()
}

/// Fails the test unless there are exactly these errors. The part before the bar is the beginning
/// of an error, the part after it is in its detail.
#[track_caller]
fn are(messages: &Diagnostics, expected: &[&str], title: &str) {
    let found = errors(messages);
    assert_eq!(found.len(), expected.len(), "{title}: {found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        let (head, words) = expected.split_once(" | ").expect("words to look for");
        let (found_head, detail) = found.split_once(" | ").expect("a detail");
        assert_eq!(found_head, head, "{title}");
        assert!(detail.contains(words), "{title}: {words:?} is not in {detail:?}");
    }
}

/// Returns a valid connector of a kind.
fn good(kind: &str) -> Object {
    let connector = all().into_iter().find(|connector| connector.kind == kind).expect("a kind");
    connector.object(Form::WriteOnly, 0)
}

/// Returns a connector of a kind with another value of an argument.
fn with(kind: &str, argument: &str, value: impl Into<Value>) -> Configuration {
    Configuration::new(good(kind).with(argument, value))
}

fn validate(configuration: &Configuration) -> Diagnostics {
    validation::validate(configuration)
}

/// Returns the details of the warnings whose summary begins like this.
fn warnings(messages: &Diagnostics, summary: &str) -> Vec<String> {
    let found = messages.iter().filter(|message| message.severity() == Severity::Warning);
    let found = found.filter(|message| message.summary().starts_with(summary));
    found.map(|message| message.detail().to_owned()).collect()
}
