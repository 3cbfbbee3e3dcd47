//! Learns a profile.

use std::fmt;

use crate::assemble::assemble;
use crate::form::Form;
use crate::har::{Recording, RecordingError};
use crate::json::Json;
use crate::load::{self, LoadError};
use crate::report::Report;
use crate::story::Story;
use crate::values::TypedValues;

/// The result of learning.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The profile, as text for its file.
    pub profile: String,
    /// The report for people.
    pub report: String,
    /// Whether the whole life cycle was learned.
    pub whole: bool,
}

/// Why nothing was learned. The text holds nothing of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnError(String);

impl fmt::Display for LearnError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for LearnError {}

impl From<RecordingError> for LearnError {
    fn from(error: RecordingError) -> Self {
        Self(error.to_string())
    }
}

/// The content of the profile, before it is written.
pub(crate) struct Learned {
    pub(crate) profile: Json,
    pub(crate) report: Report,
    pub(crate) story: Story,
    pub(crate) origin: String,
}

/// Learns the API from what was typed and what was recorded.
///
/// # Errors
/// When a recording cannot be read, or shows nothing of what was typed.
pub fn learn(form: &Form, recordings: &[&dyn Recording]) -> Result<Outcome, LearnError> {
    let learned = learn_all(form, recordings)?;
    Ok(Outcome {
        profile: learned.profile.pretty(),
        whole: learned.report.is_whole(),
        report: learned.report.text(),
    })
}

pub(crate) fn learn_all(form: &Form, recordings: &[&dyn Recording]) -> Result<Learned, LearnError> {
    let values = TypedValues::new(&form.connectors);
    let loaded = load::load(form, &values, recordings).map_err(|error| match error {
        LoadError::Recording(error) => LearnError::from(error),
        LoadError::NothingTyped => LearnError(
            "No request in the recording has the values of the form. Record while you \
             create a connector, and write into the form exactly what you type."
                .to_owned(),
        ),
    })?;
    let mut report = Report::default();
    report.line(format!(
        "{} requests were recorded, {} of them to the API's host.",
        loaded.entries,
        loaded.calls.len() + loaded.left_out
    ));
    if loaded.others > 0 {
        report.line(format!(
            "Requests to {} other hosts also have typed values. The host with the most of them is \
             used.",
            loaded.others
        ));
    }
    if loaded.left_out > 0 {
        report.line(format!(
            "{} requests to the host were too many to be examined.",
            loaded.left_out
        ));
    }
    let origin = loaded.origin.clone();
    let story = Story::new(&form.connectors, values, loaded.calls);
    let profile = assemble(&story, &origin, &mut report).ok_or_else(|| {
        LearnError(
            "The recording shows no call that creates, reads, lists, updates or deletes a \
             connector of the form."
                .to_owned(),
        )
    })?;
    Ok(Learned { profile, report, story, origin })
}
