//! The check of one connector: what a plan would do to it whose configuration says what Webex has.
//!
//! It uses the mapping and the rules of the resource, so that it finds what a plan would find.

use serde_json::json;

use super::endpoint_checks::CONNECTOR;
use super::report::{Check, Outcome};
use crate::provider::custom_connector::{model, schema, validation};
use tf_provider::diagnostics::Severity;
use tf_provider::object::{Configuration, Object};
use tf_provider::resource::generate_block;
use webex_contact_center::probe::{Examined, Probe};
use webex_contact_center::{
    Applies, BodyProblem, Connector, ConnectorId, Credential, OrganizationId, Row, readable_fields,
};

/// The findings about a connector.
#[derive(Default)]
struct Findings {
    /// The missing needs of a plan or an update.
    problems: Vec<String>,
    /// Findings that need no action.
    notes: Vec<String>,
    /// The findings without names and values.
    facts: Vec<serde_json::Value>,
}

impl Findings {
    fn problem(&mut self, kind: &str, what: &str, text: String) {
        self.facts.push(json!({"finding": kind, "what": what, "harmless": false}));
        self.problems.push(text);
    }

    fn note(&mut self, kind: &str, what: &str, text: String) {
        self.facts.push(json!({"finding": kind, "what": what, "harmless": true}));
        self.notes.push(text);
    }
}

/// Checks the response to a read of a connector. `row` is the connector in the list.
pub(super) fn check(
    id: &ConnectorId,
    organization: OrganizationId,
    probe: &Probe,
    row: Option<&Connector>,
) -> Check {
    let examined = probe.examined.first();
    let found = examined.map(|examined| (examined, examined.connector.as_ref()));
    let Some((examined, Ok(connector))) = found else {
        let message = format!("The connector {id} cannot be read: {}.", BodyProblem::OtherShape);
        return Check::new(CONNECTOR, Outcome::Problem, message);
    };
    if connector.id != *id {
        let message = format!("Asked for {id}, Webex returned another connector.");
        return Check::new(CONNECTOR, Outcome::Problem, message);
    }
    let mut findings = Findings::default();
    literals(connector, &mut findings);
    configuration(connector, organization, &mut findings);
    if let Some(row) = row {
        differences(row, connector, &mut findings);
    }
    not_returned(connector, &mut findings);
    members(examined, &mut findings);
    let name = format!("{:?} ({id})", connector.name());
    let (outcome, message) = if !findings.problems.is_empty() {
        (Outcome::Problem, format!("{name}: {}", findings.problems.join(" ")))
    } else {
        let plan = "a configuration with the values of Webex plans no change.";
        let outcome = if findings.notes.is_empty() { Outcome::Good } else { Outcome::Note };
        (outcome, format!("{name}: {plan}"))
    };
    let notes = findings.notes.iter().map(|note| format!(" {note}")).collect::<String>();
    Check::new(CONNECTOR, outcome, format!("{message}{notes}"))
        .with("status", probe.status.as_u16())
        .with("media_type", probe.media_type.clone())
        .with("findings", findings.facts)
}

/// Finds literals that cannot be spelled in a configuration.
fn literals(connector: &Connector, findings: &mut Findings) {
    for (field, row) in readable_fields() {
        if connector.unrecognized.contains_key(&field) {
            let literal = connector.fields.get(field).unwrap_or_default();
            let text = format!(
                "{} is {literal:?} in Webex, which the API profile does not know. No configuration \
                 can have this value.",
                row.argument
            );
            findings.problem("unknown literal", row.argument, text);
        }
    }
}

/// Finds the errors of a configuration with the values of Webex.
fn configuration(connector: &Connector, organization: OrganizationId, findings: &mut Findings) {
    let nothing = Object::null(schema::block());
    let state = model::state(connector, organization, &nothing, &Default::default());
    let mut object = generate_block(schema::block(), state.object());
    for (field, row) in readable_fields() {
        if connector.unrecognized.contains_key(&field) {
            object.set(row.argument, tf_provider::value::Value::Null);
        }
    }
    let refused = validation::validate(&Configuration::new(object));
    for message in refused.iter().filter(|message| message.severity() == Severity::Error) {
        let text = format!("The provider refuses its configuration: {}.", message.summary());
        findings.problem("refused configuration", "validation", text);
    }
}

/// Finds fields that differ between the list and a read by id.
fn differences(row: &Connector, connector: &Connector, findings: &mut Findings) {
    for (field, entry) in readable_fields() {
        let is_untold = row.not_told.contains(&field) || connector.not_told.contains(&field);
        let (listed, read) = (row.fields.get(field), connector.fields.get(field));
        if !is_untold && !entry.equivalence().may_be_stored_as(listed, read) {
            let text = format!(
                "The list and a read by id differ in {}, so every plan shows a change.",
                entry.argument
            );
            findings.problem("always differs", entry.argument, text);
        }
    }
}

/// Finds fields that a read does not return.
fn not_returned(connector: &Connector, findings: &mut Findings) {
    let kind = connector.fields.kind();
    let untold = readable_fields().filter(|(field, row)| {
        let applies = kind.is_none_or(|kind| row.applies_to(kind) != Applies::Never);
        applies && connector.not_told.contains(field)
    });
    let untold = untold.map(|(_, row)| row.argument).collect::<Vec<_>>();
    if !untold.is_empty() {
        let names = untold.join(", ");
        let text = format!(
            "Webex does not return {names}: the provider cannot see changes in Control Hub."
        );
        findings.note("not returned", &names, text);
    }
    if connector.version.is_none() {
        let text = "It has no version: an update compares the visible fields before it writes.";
        findings.note("not returned", "version", text.to_owned());
    }
    if connector.last_updated_time.is_none() {
        let text = "It has no time of the last change: the provider cannot see that somebody \
                    replaced a credential.";
        findings.note("not returned", "last_updated_time", text.to_owned());
    }
}

/// Finds members that the profile does not know, and credentials.
fn members(examined: &Examined, findings: &mut Findings) {
    if !examined.unknown_members.is_empty() {
        let names = examined.unknown_members.join(", ");
        let text = format!("It has members that the API profile does not know: {names}.");
        findings.note("unknown members", &names, text);
    }
    let argument = |credential: &Credential| Row::of_credential(*credential).argument;
    for name in examined.shown_credentials.iter().map(argument) {
        let text = format!(
            "Webex returns {name} as clear text. This provider does not read it, but everybody \
             with the scope cjp:config_read can."
        );
        findings.note("credential in the clear", name, text);
    }
    for name in examined.masked_credentials.iter().map(argument) {
        findings.note("credential masked", name, format!("Webex returns {name} masked."));
    }
}
