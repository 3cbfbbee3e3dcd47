//! The messages of the action.

use crate::provider::api_errors;
use safe_text::Shown;
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::value::Path;
use webex_contact_center::{Error, ErrorKind, FlowFinding, FlowFindings};

/// The errors and warnings that are shown one by one.
const LISTED: usize = 20;

/// The steps of the action.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Validate,
    Import,
    ValidateDraft,
    Publish,
}

/// Returns the error of a step that could not be carried out.
pub(super) fn failed(step: Step, name: &Shown, error: &Error) -> Diagnostic {
    let unknown = error.outcome_unknown;
    let (verb, truth) = match step {
        Step::Validate => ("validate", "Nothing was imported, and nothing was published."),
        Step::Import if unknown => (
            "import",
            "It is not known whether the flow was imported as a draft. Nothing was published.",
        ),
        Step::Import => ("import", "No draft was made, and nothing was published."),
        Step::ValidateDraft => {
            ("validate the draft of", "The flow was imported as a draft. Nothing was published.")
        }
        Step::Publish if unknown => (
            "publish",
            "The flow was imported as a draft. It is not known whether it was published: Flow \
             Designer shows its versions.",
        ),
        Step::Publish => (
            "publish",
            "The flow was imported as a draft. What was published before is still in use.",
        ),
    };
    let summary = format!("Could not {verb} the flow {name:?}");
    if matches!(step, Step::Import) && error.kind == ErrorKind::Conflict {
        let advice = "Set overwrite = true to give the existing flow a new draft, or give the flow \
                      another name. A flow of this name exists already.";
        let detail = api_errors::detail_advising(error, truth, advice.to_owned());
        return Diagnostic::error(summary, detail).at(Path::attribute("overwrite"));
    }
    api_errors::error(summary, error, truth)
}

/// Returns an error for each thing that the validator refuses.
pub(super) fn invalid(name: &Shown, found: &FlowFindings, draft: Option<&str>) -> Diagnostics {
    let truth = match draft {
        None => "Nothing was imported, and nothing was published.".to_owned(),
        Some(id) => format!("The flow was imported as the draft {id}. Nothing was published."),
    };
    let mut said = found.errors.iter().take(LISTED).map(|finding| {
        let about = finding.activity.as_ref().map(|activity| format!(", activity {activity:?}"));
        let summary = format!("Flow {name:?}{} is not valid", about.unwrap_or_default());
        let detail = format!("Webex says: {}\n\n{truth}", words(finding));
        Diagnostic::error(summary, detail).at(Path::attribute("flow_json"))
    });
    let mut messages: Diagnostics = said.by_ref().collect();
    let more = found.errors.len().saturating_sub(LISTED);
    if more > 0 || found.errors.is_empty() {
        let detail = match more {
            0 => format!("Webex gives no reason. {truth}"),
            more => format!("Webex names {more} more errors. {truth}"),
        };
        messages.push(Diagnostic::error(format!("Flow {name:?} is not valid"), detail));
    }
    messages
}

/// Returns one warning about all warnings and recommendations.
pub(super) fn warnings(name: &Shown, found: &[FlowFinding]) -> Option<Diagnostic> {
    if found.is_empty() {
        return None;
    }
    let lines = found.iter().take(LISTED).map(|finding| match &finding.activity {
        Some(activity) => format!("- activity {activity:?}: {}", words(finding)),
        None => format!("- {}", words(finding)),
    });
    let mut lines = lines.collect::<Vec<_>>();
    if let Some(more) = found.len().checked_sub(LISTED).filter(|more| *more > 0) {
        lines.push(format!("- and {more} more"));
    }
    let summary = format!("Webex has remarks about the flow {name:?}");
    Some(Diagnostic::warning(summary, lines.join("\n")))
}

fn words(finding: &FlowFinding) -> String {
    let code = finding.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    let advice = finding.advice.as_ref().map(|advice| format!(" {advice}")).unwrap_or_default();
    format!("{}{code}{advice}", finding.message)
}
