//! Invalid input: the argument and the words of each message. No test needs Webex, and no unknown
//! value is invalid.

mod connector;
mod files;
mod provider;
mod unconfigured;
mod unknown;

use tf_provider::diagnostics::{Diagnostics, Severity};

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
