//! The diagnostics about writes that did not go as planned.

use std::time::Duration;

use safe_text::Shown;
use tf_provider::diagnostics::Diagnostic;
use tf_provider::value::Path;
use webex_contact_center::{
    Availability, CONNECTOR_LIMIT, Connector, Error, ErrorKind, Operation, OrganizationId,
    RemoteState, WriteError, readable_fields,
};

use super::model::Difference;
use super::naming::import_block;
use crate::provider::api_errors::{
    advice, cause, detail_advising, further_advice, happened, paragraphs, request, seconds, summary,
};

/// Which write it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// A create.
    Create,
    /// An update.
    Update,
}

/// The time without service from which an update warns: shorter ones are the rule. Three requests
/// take less than a second each unless Webex checks the credentials slowly or asks for a pause, and a
/// warning about each update of a connector would not be read.
pub const LONG_OUTAGE: Duration = Duration::from_secs(5);

/// A create that failed.
///
/// A connector of which only the id is known is a warning, not an error:
/// Terraform would replace an object whose creation ended with an error, and
/// the next plan reads and repairs this one.
#[must_use]
pub fn create_failed(failure: &WriteError, name: &str, organization: OrganizationId) -> Diagnostic {
    let name = Shown::new(name);
    let error = &failure.error;
    let failed = summary(format!("Could not create connector {name:?}"), error);
    let unconfirmed =
        summary(format!("Could not confirm that connector {name:?} was created"), error);
    let at_name = Path::attribute("name");
    match (&failure.remote, &failure.name_holder) {
        (RemoteState::OnlyId(id), _) => Diagnostic::warning(
            format!("Connector {name:?} was created, but could not be read back"),
            message(
                "Run `terraform plan`: it reads the connector and shows any difference.".to_owned(),
                format!("State has the connector with the id {id} and its planned values."),
                error,
            ),
        ),
        (RemoteState::Unknown(_), Some(found)) => Diagnostic::error(
            unconfirmed,
            message(
                format!(
                    "If the connector is yours and no other resource has it, add this block and \
                     apply again:\n\n{}",
                    import_block(organization, &found.id)
                ),
                format!(
                    "Organization {organization} has a connector {} with this name. It is not \
                     known who created that connector: this resource, another resource of the same \
                     name, or somebody else. State does not have the connector at this address.",
                    found.id
                ),
                error,
            ),
        )
        .at(at_name),
        (_, Some(rival)) if failure.holder_is_released => Diagnostic::error(
            failed,
            detail_advising(
                error,
                &format!(
                    "Nothing was created. The connector {} still has the name {:?}, and this run \
                     deletes or renames that connector.",
                    rival.id,
                    Shown::new(rival.name())
                ),
                "Apply again after the other change has succeeded. If both resources are the same \
                 connector under two addresses, use a `moved` block, which keeps the connector and \
                 its id."
                    .to_owned(),
            ),
        )
        .at(at_name),
        (_, Some(rival)) => Diagnostic::error(
            failed,
            detail_advising(
                error,
                &format!(
                    "Nothing was created. The connector {} has the name {:?} in organization \
                     {organization}.",
                    rival.id,
                    Shown::new(rival.name())
                ),
                format!(
                    "Choose another name. Or, to manage the existing connector with this resource, \
                     import it by the id {organization}/{}. If the new connector is to replace \
                     that one and the lifecycle block has create_before_destroy, remove \
                     create_before_destroy: two connectors cannot have one name.",
                    rival.id
                ),
            ),
        )
        .at(at_name),
        (RemoteState::Unknown(_), None) if !failure.new_connectors.is_empty() => {
            Diagnostic::error(unconfirmed, maybe_renamed(failure, &name, organization))
        }
        (RemoteState::Unknown(_), None) => Diagnostic::error(
            unconfirmed,
            message(
                "Apply again. If Webex has created the connector, the name is taken, and the \
                 message then says how to import the connector. Nothing is created twice."
                    .to_owned(),
                "It is not known whether Webex created the connector. State does not have it."
                    .to_owned(),
                error,
            ),
        ),
        (RemoteState::Absent, None) if error.outcome_unknown => Diagnostic::error(
            failed,
            message(
                "Apply again. Names are unique, so nothing is created twice.".to_owned(),
                "The response was lost, and no connector has the name.".to_owned(),
                error,
            ),
        ),
        (RemoteState::Absent | RemoteState::Unchanged | RemoteState::Found(_), None) => {
            let advice = advice_about_limit(failure).unwrap_or_else(|| advice(error));
            Diagnostic::error(failed, detail_advising(error, "Nothing was created.", advice))
        }
    }
}

/// Returns the detail about a create after which the organization has new connectors, but none of
/// the name.
fn maybe_renamed(failure: &WriteError, name: &Shown, organization: OrganizationId) -> String {
    let (mut lines, mut blocks) = (String::new(), String::new());
    for connector in &failure.new_connectors {
        let named = Shown::new(connector.name());
        lines.push_str(&format!("\n- {}, {named:?}", connector.id));
        blocks.push_str(&format!("\n\n{}", import_block(organization, &connector.id)));
    }
    message(
        format!(
            "Ask who created these connectors:{lines}\n\nIf it was this run, and somebody has \
             renamed the connector, add its block and apply again:{blocks}\n\nIf not, apply \
             again without a block."
        ),
        format!(
            "It is not known whether Webex created the connector. No connector in organization \
             {organization} has the name {name:?}. The connectors above are new, and no other \
             resource of this run has created them. State does not have the connector."
        ),
        &failure.error,
    )
}

/// Returns the detail of a message whose next step does not follow from the error alone. The advice
/// about the error comes after it.
fn message(next_step: String, truth: String, error: &Error) -> String {
    paragraphs([next_step, truth, cause(error), further_advice(error), request(error)])
}

/// Returns the next step in an organization with as many connectors as Webex allows. The limit has
/// no error of its own: Webex refuses the request as invalid.
fn advice_about_limit(failure: &WriteError) -> Option<String> {
    let count = failure.connectors_in_organization.filter(|count| *count >= CONNECTOR_LIMIT)?;
    Some(format!(
        "The organization has {count} custom connectors, and Webex allows {CONNECTOR_LIMIT}. Delete \
         one that is not used, then apply again. If Webex names an argument below, correct that as \
         well."
    ))
}

/// Returns the summary about a connector that flows cannot use now.
fn inactive(named: &str) -> String {
    format!("Connector {named} is INACTIVE: flows that use it fail")
}

/// Returns the summary about a connector that flows may not be able to use now.
fn maybe_inactive(named: &str) -> String {
    format!("Connector {named} may be INACTIVE: flows that use it then fail")
}

/// Returns how long a connector was inactive that is active again.
fn inactive_time(failure: &WriteError) -> String {
    match failure.inactive_for {
        Some(time) => format!("was inactive for {} and is active again", seconds(time)),
        None => "is active again".to_owned(),
    }
}

/// Returns the causes of a write and of the reactivation after it, which may be one.
fn causes(error: &Error, reason: &Error) -> String {
    if error == reason {
        return cause(error);
    }
    format!("{}\n\nActivating the connector again failed too: {}", cause(error), happened(reason))
}

/// An update that failed. `sent` are the credentials that it was to send.
#[must_use]
pub fn update_failed(failure: &WriteError, named: &str, sent: &[&str]) -> Diagnostic {
    let error = &failure.error;
    let credentials = credentials_after_update(failure, sent);
    match (&failure.availability, &failure.remote) {
        (_, RemoteState::Absent) => update_of_missing(error, named),
        (Availability::Lost(reason), _) => update_left_inactive(error, reason, named, credentials),
        (Availability::Uncertain, RemoteState::Unknown(_) | RemoteState::OnlyId(_)) => {
            update_left_maybe_inactive(error, named, credentials)
        }
        (_, RemoteState::Unknown(_) | RemoteState::OnlyId(_)) => {
            update_unconfirmed(failure, named, credentials)
        }
        (Availability::Unaffected | Availability::Uncertain, RemoteState::Unchanged)
            if is_not_visible_yet(error, Operation::ReadConnector) =>
        {
            let truth = if error.status.is_some() { ONLY_LISTED } else { NOT_VISIBLE };
            let detail = message(TRY_IN_A_MINUTE.to_owned(), truth.to_owned(), error);
            Diagnostic::error(not_yet_visible(named, "update"), detail)
        }
        (_, RemoteState::Unchanged | RemoteState::Found(_)) => {
            update_not_made(failure, named, credentials)
        }
    }
}

/// Returns a sentence about the credentials that Webex may have after a failed update.
fn credentials_after_update(failure: &WriteError, sent: &[&str]) -> &'static str {
    match (failure.credentials_uncertain, sent) {
        (false, _) => "",
        (true, []) => {
            " It is not known whether Webex kept the connector's credentials, and the \
             configuration has none to send. If flows that use the connector fail, enter the \
             credentials in Control Hub or add them to the configuration."
        }
        (true, _) => {
            " It is not known which credentials Webex has now, so the next apply sends those of \
             the configuration again."
        }
    }
}

fn could_not_update(named: &str, error: &Error) -> String {
    summary(format!("Could not update connector {named}"), error)
}

/// Webex does not have the connector any more.
fn update_of_missing(error: &Error, named: &str) -> Diagnostic {
    let detail = detail_advising(
        error,
        "Webex does not have the connector any more. The next plan removes it from state.",
        "Run `terraform plan` again: it plans to create the connector again, with a new id, if \
         the configuration still has it."
            .to_owned(),
    );
    Diagnostic::error(could_not_update(named, error), detail)
}

/// The connector was deactivated, and could not be activated again.
fn update_left_inactive(
    error: &Error,
    reason: &Error,
    named: &str,
    credentials: &str,
) -> Diagnostic {
    let truth = format!(
        "The connector had to be deactivated for the edit, and activating it again failed. State \
         has active = false, so the next apply activates the connector.{credentials}"
    );
    let detail = paragraphs([
        "Run `terraform apply` again, which activates the connector and makes the change. Or \
         activate the connector in Control Hub."
            .to_owned(),
        truth,
        causes(error, reason),
        further_advice(error),
        request(error),
    ]);
    Diagnostic::error(inactive(named), detail)
}

/// The connector may have been deactivated.
fn update_left_maybe_inactive(error: &Error, named: &str, credentials: &str) -> Diagnostic {
    let detail = message(
        "Run `terraform apply` again, which activates the connector and makes the change. Or look \
         at the connector in Control Hub, and activate it there."
            .to_owned(),
        format!(
            "The connector had to be deactivated for the edit, and it is not known whether Webex \
             did that. State has active = false, so the next apply activates the \
             connector.{credentials}"
        ),
        error,
    );
    Diagnostic::error(maybe_inactive(named), detail)
}

/// The edit may have been made.
fn update_unconfirmed(failure: &WriteError, named: &str, credentials: &str) -> Diagnostic {
    let restored = match failure.availability {
        Availability::Restored => format!(
            " The connector had to be deactivated for the edit; it {}.",
            inactive_time(failure)
        ),
        Availability::Unaffected | Availability::Lost(_) | Availability::Uncertain => String::new(),
    };
    let detail = message(
        "Run `terraform plan`: it reads the connector and shows which changes are left.".to_owned(),
        format!("It is not known whether Webex made the change.{restored}{credentials}"),
        &failure.error,
    );
    let unconfirmed = format!("Could not confirm that connector {named} was updated");
    Diagnostic::error(summary(unconfirmed, &failure.error), detail)
}

/// The edit was definitely not made.
fn update_not_made(failure: &WriteError, named: &str, credentials: &str) -> Diagnostic {
    let error = &failure.error;
    let is_stale = matches!(error.kind, ErrorKind::Stale { .. });
    let truth = match (&failure.availability, &failure.remote) {
        (_, RemoteState::Found(_)) if is_stale && error.outcome_unknown => {
            "Webex and state have the connector as the other edit left it. It is not known whether \
             Webex made this change before that edit."
                .to_owned()
        }
        (Availability::Restored, _) if is_stale => format!(
            "Nothing was overwritten. Webex and state have the connector as the other edit left \
             it. The connector had to be deactivated; it {}.",
            inactive_time(failure)
        ),
        (Availability::Restored, _) => format!(
            "The edit was not made. The connector had to be deactivated for it, {}.",
            inactive_time(failure)
        ),
        (_, RemoteState::Found(_)) if is_stale => {
            "Nothing was overwritten. Webex and state have the connector as the other edit left it."
                .to_owned()
        }
        (_, RemoteState::Found(connector)) => {
            format!("The connector is as it was before{}.", still_active(connector))
        }
        (
            _,
            RemoteState::Unchanged
            | RemoteState::Absent
            | RemoteState::OnlyId(_)
            | RemoteState::Unknown(_),
        ) => "Nothing was changed in Webex or in state.".to_owned(),
    };
    let holder = failure.name_holder.as_ref().map(|holder| {
        let name = Shown::new(holder.name());
        format!(" The name {name:?} belongs to the connector {}.", holder.id)
    });
    let truth = format!("{truth}{credentials}{}", holder.unwrap_or_default());
    let detail = detail_advising(error, &truth, advice_after_update(failure));
    let message = Diagnostic::error(could_not_update(named, error), detail);
    if error.kind == ErrorKind::NameTaken { message.at(Path::attribute("name")) } else { message }
}

/// Returns the next step after an update that was not made.
fn advice_after_update(failure: &WriteError) -> String {
    let error = &failure.error;
    if matches!(error.kind, ErrorKind::Referenced(_)) {
        "In Flow Designer, remove the connector from the flows that use it, and publish them. \
         Apply again. Then select the connector in those flows again, and publish them. Webex \
         allows edits of inactive connectors only, and does not deactivate one that is in use."
            .to_owned()
    } else if error.kind == ErrorKind::NameTaken && failure.holder_is_released {
        "Apply again: this run also deletes or renames the other connector. Connectors that swap \
         their names need a third name in between."
            .to_owned()
    } else {
        advice(error)
    }
}

/// Whether the connector was created moments ago, and Webex does not show it to this step yet. Any
/// other 404 comes from Webex, and has a status.
fn is_not_visible_yet(error: &Error, operation: Operation) -> bool {
    let is_ours = error.status.is_none() || error.is_from_api;
    error.kind == ErrorKind::NotFound && error.operation == operation && is_ours
}

fn not_yet_visible(named: &str, verb: &str) -> String {
    format!("Could not {verb} connector {named}: Webex does not show it yet")
}

const TRY_IN_A_MINUTE: &str = "Run the same command again in a minute.";

const ONLY_LISTED: &str = "Nothing was changed in Webex or in state. Webex lists the connector, but \
    does not return it by its id. An update needs the full connector, so that no field is lost. If \
    the problem persists, the path of the call `read` is wrong for your organization: run the \
    provider's command `doctor`, and correct the API profile.";

const NOT_VISIBLE: &str = "Nothing was changed in Webex or in state. The connector was created \
    moments ago, and Webex may show a new connector late.";

/// A delete that failed.
#[must_use]
pub fn delete_failed(failure: &WriteError, named: &str) -> Diagnostic {
    let error = &failure.error;
    let failed = || summary(format!("Could not delete connector {named}"), error);
    let credentials = match failure.availability {
        Availability::Unaffected if !failure.credentials_uncertain => "",
        Availability::Unaffected | Availability::Restored => {
            " It is not known whether Webex kept the connector's credentials, which a delete \
             cannot send. If the configuration still has the connector, the next apply sends them \
             again."
        }
        Availability::Lost(_) | Availability::Uncertain => {
            " It is not known whether Webex kept the connector's credentials, which a delete \
             cannot send. An apply that activates the connector sends them again."
        }
    };
    let truth = match (&failure.availability, &failure.remote) {
        (Availability::Lost(reason), _) => {
            let truth = format!(
                "The connector had to be deactivated before the delete, and activating it again \
                 failed. State has active = false.{credentials}"
            );
            let detail = paragraphs([
                AFTER_DELETE.to_owned(),
                truth,
                causes(error, reason),
                further_advice(error),
                request(error),
            ]);
            return Diagnostic::error(inactive(named), detail);
        }
        (Availability::Uncertain, RemoteState::Unknown(_)) => {
            let truth = format!(
                "It is not known whether Webex deleted or deactivated the connector. State keeps \
                 it, with active = false.{credentials}"
            );
            let detail = message(AFTER_DELETE.to_owned(), truth, error);
            return Diagnostic::error(maybe_inactive(named), detail);
        }
        (_, RemoteState::Unknown(_)) => {
            let detail = message(
                "Run the same command again: it deletes the connector if Webex still has it."
                    .to_owned(),
                format!(
                    "It is not known whether Webex deleted the connector. State keeps it until a \
                     plan does not find it.{credentials}"
                ),
                error,
            );
            let unconfirmed = format!("Could not confirm that connector {named} was deleted");
            return Diagnostic::error(summary(unconfirmed, error), detail);
        }
        (Availability::Restored, _) => format!(
            "The connector was not deleted. It had to be deactivated first, {}.",
            inactive_time(failure)
        ),
        // Only a connector that has to be deactivated for the delete is looked
        // at in this way.
        (_, RemoteState::Found(_)) if error.operation == Operation::ListReferences => {
            "Nothing was changed. Webex wants the connector deactivated before it is deleted, and \
             that would break the flows that use it. Webex did not list those flows. To delete the \
             connector all the same, set active = false, apply, and then delete the connector."
                .to_owned()
        }
        (_, RemoteState::Found(connector)) => {
            let contradiction = if error.kind == ErrorKind::NotFound {
                ": Webex still returns it when it is read"
            } else {
                ""
            };
            format!("The connector was not deleted{}{contradiction}.", still_active(connector))
        }
        (_, RemoteState::Unchanged) if is_not_visible_yet(error, Operation::DeleteConnector) => {
            let detail = message(TRY_IN_A_MINUTE.to_owned(), NOT_VISIBLE.to_owned(), error);
            return Diagnostic::error(not_yet_visible(named, "delete"), detail);
        }
        (_, RemoteState::Absent | RemoteState::Unchanged | RemoteState::OnlyId(_)) => {
            "Nothing was deleted. The connector stays in state.".to_owned()
        }
    };
    let truth = format!("{truth}{credentials}");
    Diagnostic::error(failed(), detail_advising(error, &truth, advice(error)))
}

/// Reassures people who know that a write may have to deactivate a connector.
fn still_active(connector: &Connector) -> &'static str {
    if connector.active == Some(true) { ", and is active" } else { "" }
}

/// The next step for a connector that a failed delete has left inactive. A delete does not see the
/// configuration: the block may still exist (after `terraform destroy`) or not, and then the next
/// apply tries to delete again.
const AFTER_DELETE: &str = "To put the connector back into service, activate it in Control Hub. Or \
    run `terraform apply`, which activates the connector if the configuration still has it, and \
    deletes it if not.";

/// Warns of an update that took a connector out of service for long.
#[must_use]
pub fn long_outage(named: &str, time: Duration) -> Option<Diagnostic> {
    (time > LONG_OUTAGE).then(|| {
        Diagnostic::warning(
            format!("Connector {named} was inactive for {}", seconds(time)),
            "Nothing is left to do: the connector is active again, with its change. Flows that \
             used it in between failed.\n\nWebex allows edits of inactive connectors only, so each \
             edit of an active connector deactivates it first. Apply such changes when flows can \
             do without the connector for a while.",
        )
    })
}

/// A connector that was recognized although the response to its creation was lost.
#[must_use]
pub fn adopted(connector: &Connector, organization: OrganizationId) -> Diagnostic {
    Diagnostic::warning(
        format!(
            "The response to creating connector {:?} was lost or cannot be read",
            Shown::new(connector.name())
        ),
        format!(
            "Nothing is left to do. The connector {} in organization {organization} has the name \
             and the fields that were sent, and was created after the request began. So it is the \
             one that this run created, and state has it. Webex does not return credentials, but \
             they should be the ones that were sent.",
            connector.id
        ),
    )
}

/// Returns an error for each argument that Webex changed or ignored.
#[must_use]
pub fn not_taken(differences: &[Difference], name: &str, write: Write) -> Vec<Diagnostic> {
    let name = Shown::new(name);
    let (message, state): (fn(String, String) -> Diagnostic, _) = match write {
        Write::Create => (
            Diagnostic::warning,
            "The connector was created. State has what was sent, so the next plan shows the \
             difference.",
        ),
        Write::Update => {
            (Diagnostic::error, "The request succeeded, and state has what Webex has.")
        }
    };
    differences
        .iter()
        .map(|difference| {
            let Difference { argument, wanted, got } = difference;
            let summary =
                format!("Webex did not take {argument} of connector {name:?} as it was sent");
            let detail = format!(
                "Write {argument} the way Webex has it, or compare with the connector in Control \
                 Hub.\n\nSent: {wanted}. Webex has: {got}. {state}"
            );
            message(summary, detail).at(Path::attribute(argument))
        })
        .collect()
}

/// Reports that a connector could not be activated or deactivated after a write, where that is a
/// call of its own. After a create this is a warning: Terraform would replace the connector.
#[must_use]
pub fn not_switched(error: &Error, name: &str, active: bool, write: Write) -> Diagnostic {
    let name = Shown::new(name);
    let (diagnostic, made): (fn(String, String) -> Diagnostic, _) = match write {
        Write::Create => (Diagnostic::warning, "created"),
        Write::Update => (Diagnostic::error, "updated with all other changes"),
    };
    let (summary, switching) = if active {
        (format!("Connector {name:?} is INACTIVE: flows cannot use it"), "activating")
    } else {
        (format!("Connector {name:?} is active, although active = false"), "deactivating")
    };
    let truth = format!(
        "The connector was {made}, and {switching} it failed. The next plan shows active as a \
         difference."
    );
    let next_step = "Run `terraform apply` again, or change `active` in Control Hub.";
    let detail = message(next_step.to_owned(), truth, error);
    diagnostic(summary, detail).at(Path::attribute("active"))
}

/// Warns that Webex does not show a connector that was written moments ago.
#[must_use]
pub fn not_visible(named: &str) -> Diagnostic {
    Diagnostic::warning(
        format!("Webex does not show the last change of connector {named} yet"),
        "Run `terraform plan` again in a minute to compare the connector with Webex.\n\nThe \
         connector was written moments ago, and Webex may show a change late. State keeps what was \
         written.",
    )
}

/// Warns that a connector was activated that an earlier run has left deactivated.
#[must_use]
pub fn activated_again(named: &str) -> Diagnostic {
    Diagnostic::warning(
        format!("Connector {named} was activated again"),
        "Nothing is left to do: flows can use the connector again. An earlier run had to \
         deactivate it and could not activate it again, so flows that use it failed.\n\nThe \
         configuration ignores changes of active, so state shows active = true after the next \
         refresh.",
    )
    .at(Path::attribute("active"))
}

/// Warns of words of Webex that the API profile does not know.
#[must_use]
pub fn unrecognized(connector: &Connector) -> Vec<Diagnostic> {
    let fields = readable_fields().filter(|(field, _)| connector.unrecognized.contains_key(field));
    fields
        .map(|(field, row)| {
            let argument = row.argument;
            let literal = connector.fields.get(field).unwrap_or_default();
            Diagnostic::warning(
                format!(
                    "Connector {:?} has a value of {argument} that the API profile does not know",
                    Shown::new(connector.name())
                ),
                format!(
                    "To manage {argument}, add Webex's word {literal:?} to \
                     /fields/{argument}/values of the API profile: see the guide \"API \
                     compatibility\". Until then, state keeps its {argument}, and plans show no \
                     change."
                ),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests;
