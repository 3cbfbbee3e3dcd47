//! The diagnostics about writes that did not go as planned.

use safe_text::Shown;
use tf_provider::diagnostics::Diagnostic;
use tf_provider::value::Path;
use webex_contact_center::{
    Availability, Connector, Error, ErrorKind, Operation, OrganizationId, RemoteState, WriteError,
    readable_fields,
};

use super::model::Difference;
use super::naming::import_block;
use crate::provider::api_errors::{self, detail, detail_advising, happened};

/// Which write it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// A create.
    Create,
    /// An update.
    Update,
}

/// A create that failed.
///
/// A connector of which only the id is known is a warning, not an error:
/// Terraform would replace an object whose creation ended with an error, and
/// the next plan reads and repairs this one.
#[must_use]
pub fn create_failed(failure: &WriteError, name: &str, organization: OrganizationId) -> Diagnostic {
    let name = Shown::new(name);
    let summary = format!("Could not create connector {name:?}");
    let error = &failure.error;
    let at_name =
        |truth: &str| api_errors::error(summary.clone(), error, truth).at(Path::attribute("name"));
    match (&failure.remote, &failure.name_holder) {
        (RemoteState::OnlyId(id), _) => Diagnostic::warning(
            format!("Connector {name:?} was created, but could not be read back"),
            detail(
                error,
                &format!(
                    "It has the id {id}, and state has it as it was planned. The next plan reads it \
                     and shows any difference."
                ),
            ),
        ),
        (RemoteState::Unknown(_), Some(found)) => at_name(&format!(
            "A connector {} with this name exists in organization {organization}, and it cannot be \
             told whether this resource created it, another one of the same name, or somebody else. It is not in state at this address. If it is yours, \
             and no other resource has it, add this block and apply again:\n\n{}",
            found.id,
            import_block(organization, &found.id)
        )),
        (_, Some(rival)) if failure.holder_is_released => Diagnostic::error(
            summary,
            detail_advising(
                error,
                &format!(
                    "Nothing was created. The connector {} has the name {:?} still, and this run \
                     deletes or renames that connector, too.",
                    rival.id,
                    Shown::new(rival.name())
                ),
                "Apply again after that has succeeded. If both are the same connector under \
                 another address, a `moved` block keeps it, with its id."
                    .to_owned(),
            ),
        )
        .at(Path::attribute("name")),
        (_, Some(rival)) => at_name(&format!(
            "Nothing was created. The connector {} has the name {:?} in organization \
             {organization}.\n\nIf this connector is to replace that one, remove \
             create_before_destroy from the lifecycle block: the new one needs the name of the old \
             one. If not, and to manage that one instead, add this block:\n\n{}",
            rival.id,
            Shown::new(rival.name()),
            import_block(organization, &rival.id)
        )),
        (RemoteState::Unknown(_), None) => api_errors::error(
            summary,
            error,
            "It is not known whether it was created, and it is not in state. Apply again: if it \
             exists, its name is taken, and the message then says how to import it. Nothing can be \
             created twice.",
        ),
        (RemoteState::Absent, None) if error.outcome_unknown => api_errors::error(
            summary,
            error,
            "The answer was lost, and no connector has the name. It is safe to apply again: names \
             are unique, so nothing can be created twice.",
        ),
        (RemoteState::Absent | RemoteState::Unchanged | RemoteState::Found(_), None) => {
            let truth = format!("Nothing was created.{}", limit_note(failure));
            api_errors::error(summary, error, &truth)
        }
    }
}

/// The limit of connectors, which has no error of its own.
fn limit_note(failure: &WriteError) -> String {
    match failure.connectors_in_organization {
        Some(count) if count >= 10 => format!(
            " The organization has {count} custom connectors, and Webex allows 10: delete one that \
             is not used."
        ),
        _ => String::new(),
    }
}

/// An update that failed. `sent` are the credentials that it was to send.
#[must_use]
pub fn update_failed(failure: &WriteError, named: &str, sent: &[&str]) -> Diagnostic {
    let summary = format!("Could not update connector {named}");
    let is_stale = matches!(failure.error.kind, ErrorKind::Stale { .. });
    let truth = match (&failure.availability, &failure.remote) {
        (_, RemoteState::Absent) => "The connector does not exist any more. The next plan removes \
                                     it from state."
            .to_owned(),
        (Availability::Lost(reason), _) => format!(
            "{} State says active = false, so that the next apply activates it. Apply again soon, \
             or reactivate it in Control Hub.",
            left_deactivated("edit", reason)
        ),
        (availability, RemoteState::Unknown(_) | RemoteState::OnlyId(_)) => {
            let may_be_inactive = match availability {
                Availability::Uncertain => {
                    " It may be inactive, because it had to be deactivated for the edit; flows \
                     that use it fail meanwhile. State says active = false, so that the next \
                     apply activates it."
                }
                Availability::Unaffected | Availability::Restored | Availability::Lost(_) => "",
            };
            format!(
                "It is not known whether the change was made. The next plan reads the connector \
                 and shows what is left to do.{may_be_inactive}"
            )
        }
        (Availability::Restored, _) if is_stale => {
            "It had to be deactivated meanwhile, and is active again as that edit left it; state \
             says so."
                .to_owned()
        }
        (Availability::Restored, _) => {
            "The edit was not made. The connector had to be deactivated for it, and is active \
             again."
                .to_owned()
        }
        (_, RemoteState::Unchanged) => {
            "Nothing was changed; state is what it was before.".to_owned()
        }
        (_, RemoteState::Found(_)) if is_stale => {
            "The connector is as that edit left it, and state says so.".to_owned()
        }
        (_, RemoteState::Found(connector)) => {
            format!("The connector is as it was before{}.", still_active(connector))
        }
    };
    let rival = failure.name_holder.as_ref().map(|rival| {
        let released = if failure.holder_is_released {
            " This run deletes or renames that one, too: apply again after that has succeeded. \
             Connectors that swap their names need another name in between."
        } else {
            ""
        };
        format!(
            " The name {:?} belongs to the connector {}.{released}",
            Shown::new(rival.name()),
            rival.id
        )
    });
    let credentials = match (failure.credentials_uncertain, sent) {
        (false, _) => "",
        (true, []) => {
            " Whether Webex has kept its credentials cannot be seen, and the configuration holds \
             none to send again: if flows that use the connector fail, enter them in Control Hub \
             or in the configuration."
        }
        (true, _) => {
            " Which credentials Webex has now cannot be seen, so the next plan sends those of the \
             configuration again."
        }
    };
    let truth = format!("{truth}{credentials}{}", rival.unwrap_or_default());
    if failure.remote == RemoteState::Absent {
        let advice =
            "Run `terraform plan` again: it shows that the connector is created anew, with \
                      a new id, as long as the configuration has it."
                .to_owned();
        return Diagnostic::error(summary, detail_advising(&failure.error, &truth, advice));
    }
    if matches!(failure.error.kind, ErrorKind::Referenced(_)) {
        let advice = "Webex wants the connector deactivated for the edit, and does not deactivate \
                      one that is in use. Take it out of the flows that use it in Flow Designer, \
                      publish them, apply again, and put it back."
            .to_owned();
        return Diagnostic::error(summary, detail_advising(&failure.error, &truth, advice));
    }
    let message = api_errors::error(summary.clone(), &failure.error, &truth);
    if failure.error.kind == ErrorKind::NameTaken {
        if failure.holder_is_released {
            let detail = detail_advising(&failure.error, &truth, String::new());
            return Diagnostic::error(summary, detail).at(Path::attribute("name"));
        }
        return message.at(Path::attribute("name"));
    }
    message
}

/// A delete that failed.
#[must_use]
pub fn delete_failed(failure: &WriteError, named: &str) -> Diagnostic {
    let summary = format!("Could not delete connector {named}");
    let truth = match (&failure.availability, &failure.remote) {
        (Availability::Lost(reason), _) => {
            format!("{} {AFTER_DELETE}", left_deactivated("delete", reason))
        }
        (availability, RemoteState::Unknown(_)) => {
            let may_be_inactive = match availability {
                Availability::Uncertain => format!(
                    " It may be inactive, because it had to be deactivated first; flows that use \
                     it fail meanwhile. {AFTER_DELETE}"
                ),
                Availability::Unaffected | Availability::Restored | Availability::Lost(_) => {
                    String::new()
                }
            };
            format!(
                "It is not known whether it was deleted. It stays in state; the next plan looks \
                 for it.{may_be_inactive}"
            )
        }
        (Availability::Restored, _) => {
            "The connector is still there. It had to be deactivated first, and is active again."
                .to_owned()
        }
        // Only a connector that has to be deactivated for the delete is looked
        // at in this way.
        (_, RemoteState::Found(_)) if failure.error.operation == Operation::ListReferences => {
            "Nothing was changed. Webex wants the connector deactivated before it is deleted, and \
             that would break the flows that use it; which ones do could not be found out. To \
             delete it all the same, set active = false, apply, and delete it then."
                .to_owned()
        }
        (_, RemoteState::Found(connector)) => {
            let contradiction = if failure.error.kind == ErrorKind::NotFound {
                ": Webex still shows it when it is read"
            } else {
                ""
            };
            format!("The connector is still there{}{contradiction}.", still_active(connector))
        }
        (_, RemoteState::Unchanged) if failure.error.kind == ErrorKind::NotFound => {
            "It was written moments ago, and Webex does not show it yet. Nothing was deleted. The \
             connector stays in state. Run the command again in a minute."
                .to_owned()
        }
        (_, RemoteState::Absent | RemoteState::Unchanged | RemoteState::OnlyId(_)) => {
            "Nothing was deleted. The connector stays in state.".to_owned()
        }
    };
    let credentials = match failure.availability {
        Availability::Unaffected if !failure.credentials_uncertain => "",
        Availability::Unaffected | Availability::Restored => {
            " Whether Webex has kept its credentials cannot be seen, because a delete does not \
             know them. If the configuration still has the connector, the next plan sends them \
             again."
        }
        Availability::Lost(_) | Availability::Uncertain => {
            " Whether Webex has kept its credentials cannot be seen, because a delete does not \
             know them; an apply that activates it sends them again."
        }
    };
    api_errors::error(summary, &failure.error, &format!("{truth}{credentials}"))
}

/// Reassures people who know that a write may have to deactivate a connector.
fn still_active(connector: &Connector) -> &'static str {
    if connector.active == Some(true) { ", and active" } else { "" }
}

/// The advice for a connector that a failed delete has left inactive. A delete
/// does not see the configuration: the block may still exist (after `terraform
/// destroy`) or not, and then the next apply tries to delete again.
const AFTER_DELETE: &str = "State says active = false. If the configuration still has the \
    connector, the next `terraform apply` activates it; if not, it deletes it. To put it back \
    into service now, reactivate it in Control Hub.";

fn left_deactivated(step: &str, reason: &Error) -> String {
    format!(
        "THE CONNECTOR IS INACTIVE, and flows that use it fail. It had to be deactivated for the \
         {step}, and activating it again failed: {}",
        happened(reason)
    )
}

/// A connector that was recognized although the answer to its creation was lost.
#[must_use]
pub fn adopted(connector: &Connector, organization: OrganizationId) -> Diagnostic {
    Diagnostic::warning(
        format!(
            "The answer to creating connector {:?} was lost or cannot be read",
            Shown::new(connector.name())
        ),
        format!(
            "The connector {} in organization {organization} has this name and these fields and was \
             created since the request began, so it is the one that this run has created, and it \
             is in state now. Its credentials are not read back; they should be the ones that \
             were sent.",
            connector.id
        ),
    )
}

/// Returns an error for each argument that Webex changed or ignored.
#[must_use]
pub fn not_taken(differences: &[Difference], write: Write) -> Vec<Diagnostic> {
    let (message, state): (fn(String, String) -> Diagnostic, _) = match write {
        Write::Create => (
            Diagnostic::warning,
            "The connector was created. State holds what was sent, so the next plan shows the \
             difference.",
        ),
        Write::Update => {
            (Diagnostic::error, "The request itself succeeded, and state holds what Webex has.")
        }
    };
    differences
        .iter()
        .map(|difference| {
            let Difference { argument, wanted, got } = difference;
            let summary = format!("Webex did not take {argument} as it was sent");
            let detail = format!(
                "Sent: {wanted}. What Webex has now: {got}. {state} Write {argument} the way Webex \
                 has it, or compare with the connector in Control Hub."
            );
            message(summary, detail).at(Path::attribute(argument))
        })
        .collect()
}

/// Warns that a new connector could not be activated or deactivated, where that is a call of its
/// own.
#[must_use]
pub fn not_switched(error: &Error, name: &str, active: bool) -> Diagnostic {
    let (summary, truth) = if active {
        (
            format!("Connector {name:?} is INACTIVE: flows cannot use it"),
            "The connector was created, and activating it failed. The next plan shows active as a \
             difference, and applying it tries again.",
        )
    } else {
        (
            format!("Connector {name:?} is active, although active = false"),
            "The connector was created, and deactivating it failed. The next plan shows active as a \
             difference, and applying it tries again.",
        )
    };
    Diagnostic::warning(summary, detail(error, truth)).at(Path::attribute("active"))
}

/// Warns that Webex does not show a connector that was written moments ago.
#[must_use]
pub fn not_visible(named: &str) -> Diagnostic {
    Diagnostic::warning(
        format!("Webex does not show the last change of connector {named} yet"),
        "It was written moments ago, and Webex may show a change late. State keeps what was written. \
         Run `terraform plan` again in a minute to compare it with Webex.",
    )
}

/// Warns that a connector was activated that an earlier run has left deactivated.
#[must_use]
pub fn activated_again(named: &str) -> Diagnostic {
    Diagnostic::warning(
        format!("Connector {named} was activated again"),
        "An earlier run had to deactivate it and could not activate it again, so flows that use it \
         failed. Flows can use it now. The configuration ignores changes of active, so state shows \
         active = true after the next refresh.",
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
                    connector.name()
                ),
                format!(
                    "Webex calls it {literal:?}. State keeps the {argument} that it has, and plans no \
                     change for this. To manage it, add the word to /fields/{argument}/values of the \
                     API profile: the guide \"API compatibility\" says how."
                ),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests;
