//! Checks of responses, each in the order in which the calls are made.

use serde_json::{Value, json};

use super::field_checks;
use super::report::{Check, Checks, Outcome};
use crate::provider::api_errors;
use safe_text::Shown;
use webex_contact_center::probe::Probe;
use webex_contact_center::{Connector, Error, ErrorKind, FlowConnector, Operation};

/// The check of the documented endpoint.
pub(super) const FLOW_CONNECTORS: &str = "flow connectors";

/// The check of the list of connectors.
pub(super) const CONNECTOR_LIST: &str = "connector list";

/// The check of one connector.
pub(super) const CONNECTOR: &str = "connector";

/// The check of the response about a connector that does not exist.
pub(super) const ERROR_RESPONSES: &str = "error responses";

/// The limit of names that a check lists.
const LISTED: usize = 20;

/// The advice when an endpoint is not at the assumed path.
const OTHER_PATH: &str = "\
Your organization's API differs from the API profile. Record in Control Hub, with the browser's \
developer tools, how a connector is created, edited and deleted. Run `terraform-provider-webex learn` \
on the recording, and set WEBEX_CC_API_PROFILE to the profile that the command writes. See the guide \
\"API compatibility\".";

/// Checks whether the host responds and accepts the token. Returns none when
/// further calls would fail as well.
pub(super) fn host(checks: &mut Checks<'_>, first: Result<Probe, Error>) -> Option<Probe> {
    const HOST: &str = "host";
    const TOKEN: &str = "access token";
    let probe = match first {
        Ok(probe) => probe,
        Err(error) => {
            let name = match error.operation {
                Operation::RefreshAccessToken | Operation::MakeServiceAppToken => TOKEN,
                Operation::CreateConnector
                | Operation::ReadConnector
                | Operation::ListConnectors
                | Operation::UpdateConnector
                | Operation::DeactivateConnector
                | Operation::ReactivateConnector
                | Operation::DeleteConnector
                | Operation::ListReferences
                | Operation::ListFlowConnectors
                | Operation::ValidateFlow
                | Operation::ImportFlow
                | Operation::ValidateDraft
                | Operation::PublishFlow => HOST,
            };
            checks.push(failure(name, &error));
            return None;
        }
    };
    let is_unauthorized = |error: &&Error| matches!(error.kind, ErrorKind::Unauthorized { .. });
    checks.push(Check::new(HOST, Outcome::Good, format!("{} responds.", probe.host)));
    if let Some(error) = probe.refusal.as_ref().filter(is_unauthorized) {
        checks.push(failure(TOKEN, error));
        return None;
    }
    checks.push(Check::new(TOKEN, Outcome::Good, "Webex accepts it."));
    Some(probe)
}

/// Checks the documented endpoint.
pub(super) fn flow_connectors(probe: &Probe) -> Check {
    let check = match readable(FLOW_CONNECTORS, probe) {
        Err(problem) => problem,
        Ok(()) => {
            let message = format!(
                "Flow Designer offers {}. (This endpoint is documented.)",
                count_and_names(&probe.offered)
            );
            Check::new(FLOW_CONNECTORS, Outcome::Good, message)
        }
    };
    with_facts(check, probe)
}

/// Checks the list of connectors. Returns its response if it can be read.
pub(super) fn connector_list(
    checks: &mut Checks<'_>,
    list: Result<Probe, Error>,
    offered: &[FlowConnector],
) -> Option<Probe> {
    let probe = readable_probe(checks, CONNECTOR_LIST, list, |probe, problem| {
        if probe.status.as_u16() == 404 {
            problem.message = format!("There is no such endpoint (404). {OTHER_PATH}");
        }
    })?;
    let is_unlisted =
        |offer: &&FlowConnector| !listed(&probe).any(|connector| connector.id == offer.id);
    let unlisted = offered.iter().filter(is_unlisted).cloned().collect::<Vec<_>>();
    let rows = listed(&probe).map(|connector| FlowConnector {
        id: connector.id.clone(),
        name: connector.name().to_owned(),
    });
    let rows = rows.collect::<Vec<_>>();
    let unreadable = probe.examined.len() - rows.len();
    let unreadable = match unreadable {
        0 => String::new(),
        number => format!(" Of its rows, {number} cannot be read."),
    };
    let message = format!("It has {}.{unreadable}", count_and_names(&rows));
    let check = if unlisted.is_empty() {
        Check::new(CONNECTOR_LIST, Outcome::Good, message)
    } else {
        let message = format!(
            "{message} Flow Designer also offers {}. That is right if these are not custom \
             connectors.",
            count_and_names(&unlisted)
        );
        Check::new(CONNECTOR_LIST, Outcome::Note, message)
    };
    checks.push(with_facts(check.with("offered_but_not_listed", unlisted.len()), &probe));
    Some(probe)
}

/// Returns the connectors of a list that can be read.
pub(super) fn listed(list: &Probe) -> impl Iterator<Item = &Connector> {
    list.examined.iter().filter_map(|examined| examined.connector.as_ref().ok())
}

/// Checks the response to a read of one connector. Returns it if it can be read.
pub(super) fn connector(checks: &mut Checks<'_>, response: Result<Probe, Error>) -> Option<Probe> {
    readable_probe(checks, CONNECTOR, response, |_, _| {})
}

/// Checks the response about a connector that does not exist, by which the
/// provider notices that a connector was deleted.
pub(super) fn error_answers(response: Result<Probe, Error>) -> Check {
    const NAME: &str = ERROR_RESPONSES;
    let probe = match response {
        Ok(probe) => probe,
        Err(error) => return failure(NAME, &error),
    };
    let status = probe.status.as_u16();
    let consequence = "So a connector that was deleted in Control Hub is an error and stays in \
                       state; remove it with `terraform state rm`.";
    let check = if status != 404 {
        let message = format!(
            "Webex responds with {status} instead of 404 when a connector does not exist. \
             {consequence}"
        );
        Check::new(NAME, Outcome::Problem, message)
    } else if probe.shape.is_none() {
        let kind = probe.media_type.as_deref().unwrap_or("nothing");
        let message = format!(
            "Webex responds with 404 when a connector does not exist, but with {kind} instead of \
             JSON. {consequence}"
        );
        Check::new(NAME, Outcome::Problem, message)
    } else if probe.differences.is_empty() {
        Check::new(NAME, Outcome::Good, "Errors have the documented form.")
    } else {
        let message = format!(
            "Errors do not have the documented form, so messages have fewer details: {}",
            field_checks::sentences(&probe.differences)
        );
        Check::new(NAME, Outcome::Note, message)
    };
    with_facts(check, &probe)
}

/// Returns a response that can be read, or adds the check of the problem, which
/// `amend` may change.
fn readable_probe(
    checks: &mut Checks<'_>,
    name: &'static str,
    response: Result<Probe, Error>,
    amend: impl FnOnce(&Probe, &mut Check),
) -> Option<Probe> {
    let probe = match response {
        Ok(probe) => probe,
        Err(error) => {
            checks.push(failure(name, &error));
            return None;
        }
    };
    if let Err(mut problem) = readable(name, &probe) {
        amend(&probe, &mut problem);
        checks.push(with_facts(problem, &probe));
        return None;
    }
    Some(probe)
}

/// Refuses a response that cannot be read. The error is the check of the problem.
fn readable(name: &'static str, probe: &Probe) -> Result<(), Check> {
    if let Some(error) = &probe.refusal {
        return Err(failure(name, error));
    }
    let Some(problem) = &probe.unreadable else { return Ok(()) };
    let kind = probe.media_type.as_deref().unwrap_or("nothing in particular");
    let message = format!(
        "The response with status {} cannot be read: {problem}. Its media type is {kind}. Check \
         WEBEX_CC_REGION or WEBEX_CC_BASE_URL, the network, and any proxy.",
        probe.status.as_u16()
    );
    Err(Check::new(name, Outcome::Problem, message))
}

/// Returns the check of a call that failed.
fn failure(name: &'static str, error: &Error) -> Check {
    let check = Check::new(name, Outcome::Problem, api_errors::for_doctor(error));
    match error.status {
        Some(status) => check.with("status", status.as_u16()),
        None => check.with("failed_before_a_response", true),
    }
}

/// Adds the facts of a response that are free of names and ids.
fn with_facts(check: Check, probe: &Probe) -> Check {
    let fields = probe.shape.iter().flat_map(|shape| shape.fields()).map(|(path, kinds)| {
        let kinds = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>();
        (path.to_owned(), json!(kinds))
    });
    let differences = probe.differences.iter().map(field_checks::fact).collect::<Vec<_>>();
    check
        .with("status", probe.status.as_u16())
        .with("media_type", probe.media_type.clone())
        .with("connectors", probe.offered.len() + probe.examined.len())
        .with("fields", Value::Object(fields.collect()))
        .with("differences", differences)
}

/// Returns the number of connectors, and their names.
fn count_and_names(connectors: &[FlowConnector]) -> String {
    let names = connectors.iter().take(LISTED);
    let names = names.map(|connector| format!("{:?}", Shown::new(&connector.name)));
    let names = names.collect::<Vec<_>>().join(", ");
    let more = if connectors.len() > LISTED { " and more" } else { "" };
    match connectors.len() {
        0 => "no connector".to_owned(),
        1 => format!("one connector: {names}"),
        number => format!("{number} connectors: {names}{more}"),
    }
}
