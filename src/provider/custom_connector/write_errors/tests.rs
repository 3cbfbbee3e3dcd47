//! Every message about a failed write, on one page for reviewers.

use std::fmt::Write as _;

use webex_contact_center::{BodyProblem, ConnectorId, ErrorDetails};

use super::*;
use crate::provider::api_errors::tests::{for_tests, shown};
use crate::provider::custom_connector::model::tests::{connector, organization};

const NAMED: &str = "\"Help desk\" (6e1f…)";

fn found() -> RemoteState {
    RemoteState::Found(Box::new(connector()))
}

/// A failure with these properties and no others.
fn failure(error: Error, remote: RemoteState, availability: Availability) -> WriteError {
    WriteError {
        credentials_uncertain: availability != Availability::Unaffected,
        error,
        remote,
        inactive_for: (availability == Availability::Restored)
            .then(|| std::time::Duration::from_millis(1340)),
        availability,
        name_holder: None,
        new_connectors: Vec::new(),
        holder_is_released: false,
        connectors_in_organization: None,
    }
}

#[test]
fn texts_of_all_write_outcomes() {
    use Availability::{Lost, Restored, Unaffected, Uncertain};
    use RemoteState::{Absent, OnlyId, Unchanged, Unknown};
    let server_error = |operation| for_tests(operation, ErrorKind::ServerError);
    let id = ConnectorId::parse("6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10").unwrap();
    let holder = || Some(Box::new(connector()));
    let mut page = String::new();

    let lost = ErrorKind::ConnectionLost;
    let creates = [
        (Absent, ErrorKind::InvalidRequest, None),
        (Absent, lost.clone(), None),
        (Absent, ErrorKind::NameTaken, holder()),
        (Unchanged, ErrorKind::NameTaken, holder()),
        (Absent, ErrorKind::Conflict, None),
        (Unknown(None), lost, holder()),
        (OnlyId(id), ErrorKind::UnreadableBody(BodyProblem::NotJson), None),
        (Unknown(None), ErrorKind::Stopped, None),
    ];
    for (remote, kind, name_holder) in creates {
        let outcome_unknown = kind == ErrorKind::ConnectionLost;
        let count = (kind == ErrorKind::InvalidRequest).then_some(10);
        let error = for_tests(Operation::CreateConnector, kind);
        let error = Error::from(ErrorDetails { outcome_unknown, ..(*error).clone() });
        let failure = WriteError {
            name_holder,
            holder_is_released: remote == Unchanged,
            connectors_in_organization: count,
            ..failure(error, remote, Unaffected)
        };
        let message = create_failed(&failure, "Help desk", organization());
        let _ = write!(page, "=== create ===\n{}\n", shown(&message));
    }
    let error = for_tests(Operation::CreateConnector, ErrorKind::ConnectionLost);
    let maybe_renamed = WriteError {
        new_connectors: vec![connector()],
        ..failure(error, Unknown(None), Unaffected)
    };
    let message = create_failed(&maybe_renamed, "CRM", organization());
    let _ = write!(page, "=== create, maybe renamed ===\n{}\n", shown(&message));

    let reason = || server_error(Operation::ReactivateConnector);
    let stale = ErrorKind::Stale { expected: Some(3.into()), found: Some(4.into()) };
    let password = &["password"][..];
    let updates = [
        ("", ErrorKind::ServerError, Unchanged, Unaffected, password),
        ("", ErrorKind::NameTaken, Unchanged, Unaffected, password),
        ("", ErrorKind::ServerError, found(), Unaffected, password),
        ("", ErrorKind::ServerError, found(), Restored, password),
        ("", ErrorKind::ServerError, found(), Lost(reason()), password),
        ("", ErrorKind::NotFound, Absent, Unaffected, password),
        ("", ErrorKind::ServerError, Unknown(None), Unaffected, password),
        ("", ErrorKind::ServerError, Unknown(None), Uncertain, password),
        (", stale", stale.clone(), found(), Unaffected, password),
        (", stale", stale, found(), Restored, password),
        (", without credentials", ErrorKind::InvalidRequest, found(), Restored, &[]),
        (", name to be freed", ErrorKind::NameTaken, found(), Unaffected, password),
        (", in use", ErrorKind::Referenced(Vec::new()), found(), Unaffected, password),
        (", not deactivated", ErrorKind::ActiveUnchanged, found(), Unaffected, password),
    ];
    for (title, kind, remote, availability, sent) in updates {
        let name_holder = if kind == ErrorKind::NameTaken { holder() } else { None };
        let is_unknown = matches!(remote, Unknown(_));
        let is_ignored = kind == ErrorKind::ActiveUnchanged;
        let is_deactivation = is_ignored || matches!(kind, ErrorKind::Referenced(_));
        let operation = if is_deactivation {
            Operation::DeactivateConnector
        } else {
            Operation::UpdateConnector
        };
        let failure = failure(for_tests(operation, kind), remote, availability);
        let credentials_uncertain = failure.credentials_uncertain || is_unknown || is_ignored;
        let holder_is_released = title == ", name to be freed";
        let failure =
            WriteError { name_holder, holder_is_released, credentials_uncertain, ..failure };
        let message = update_failed(&failure, NAMED, sent);
        let _ = write!(page, "=== update{title} ===\n{}\n", shown(&message));
    }

    let stale = ErrorKind::Stale { expected: Some(3.into()), found: Some(5.into()) };
    let error = for_tests(Operation::UpdateConnector, stale);
    let error = Error::from(ErrorDetails { outcome_unknown: true, ..(*error).clone() });
    let unknown = WriteError { credentials_uncertain: true, ..failure(error, found(), Unaffected) };
    let message = update_failed(&unknown, NAMED, password);
    let _ = write!(page, "=== update, stale, unknown ===\n{}\n", shown(&message));

    let failed = || server_error(Operation::DeleteConnector);
    let deletes = [
        ("", failed(), Unchanged, Unaffected),
        ("", failed(), found(), Unaffected),
        ("", failed(), found(), Restored),
        ("", failed(), found(), Lost(reason())),
        ("", failed(), Unknown(None), Unaffected),
        ("", failed(), Unknown(None), Uncertain),
        (
            ", references unknown",
            for_tests(Operation::ListReferences, ErrorKind::Forbidden),
            found(),
            Unaffected,
        ),
        (
            ", not visible yet",
            Error::new(Operation::DeleteConnector, ErrorKind::NotFound),
            Unchanged,
            Unaffected,
        ),
        (
            ", 404 of a gateway",
            for_tests(Operation::DeleteConnector, ErrorKind::NotFound),
            Unchanged,
            Unaffected,
        ),
        (
            ", in use",
            for_tests(Operation::DeleteConnector, ErrorKind::Referenced(Vec::new())),
            Unchanged,
            Unaffected,
        ),
        (
            ", 404 although it is there",
            for_tests(Operation::DeleteConnector, ErrorKind::NotFound),
            found(),
            Unaffected,
        ),
        (
            ", not deactivated",
            for_tests(Operation::DeactivateConnector, ErrorKind::ActiveUnchanged),
            found(),
            Unaffected,
        ),
    ];
    for (title, error, remote, availability) in deletes {
        let is_ignored = error.kind == ErrorKind::ActiveUnchanged;
        let failure = failure(error, remote, availability);
        let credentials_uncertain = failure.credentials_uncertain || is_ignored;
        let message = delete_failed(&WriteError { credentials_uncertain, ..failure }, NAMED);
        let _ = write!(page, "=== delete{title} ===\n{}\n", shown(&message));
    }

    let not_found = Error::new(Operation::ReadConnector, ErrorKind::NotFound);
    let message = update_failed(&failure(not_found, Unchanged, Unaffected), NAMED, password);
    let _ = write!(page, "=== update, not visible yet ===\n{}\n", shown(&message));
    let listed = for_tests(Operation::ReadConnector, ErrorKind::NotFound);
    let listed = Error::from(ErrorDetails { is_from_api: true, ..(*listed).clone() });
    let message = update_failed(&failure(listed, Unchanged, Unaffected), NAMED, password);
    let _ = write!(page, "=== update, only listed ===\n{}\n", shown(&message));
    for (write, active) in [(Write::Create, true), (Write::Update, false)] {
        let error = for_tests(Operation::DeactivateConnector, ErrorKind::Forbidden);
        let message = not_switched(&error, "Help desk", active, write);
        let _ = write!(page, "=== not switched ===\n{}\n", shown(&message));
    }
    let outage = long_outage(NAMED, std::time::Duration::from_millis(7240)).unwrap();
    let _ = write!(page, "=== update, long outage ===\n{}\n", shown(&outage));
    assert_eq!(long_outage(NAMED, LONG_OUTAGE), None);
    let _ = write!(page, "=== adopted ===\n{}\n", shown(&adopted(&connector(), organization())));
    let difference = Difference {
        argument: "username",
        wanted: "\"agent2\"".to_owned(),
        got: "\"agent\"".to_owned(),
    };
    for write in [Write::Create, Write::Update] {
        for message in not_taken(std::slice::from_ref(&difference), "Help desk", write) {
            let _ = write!(page, "=== not taken ===\n{}\n", shown(&message));
        }
    }
    insta::assert_snapshot!(page);
}
