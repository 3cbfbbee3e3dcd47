//! Snapshots of the texts of all API errors.

use std::fmt::Write as _;
use std::time::Duration;

use super::*;
use tf_provider::diagnostics::Severity;
use webex_contact_center::{
    CallName, ConnectorKind, Deadline, ErrorDetails, Operation, PagingProblem, ProfileGap,
    TokenProblem,
};

/// Returns all kinds of errors, some of them with several contents.
fn kinds() -> Vec<ErrorKind> {
    vec![
        ErrorKind::NameResolution,
        ErrorKind::Connection,
        ErrorKind::Certificate(CertificateProblem::WrongHost),
        ErrorKind::Certificate(CertificateProblem::Expired),
        ErrorKind::Certificate(CertificateProblem::NotYetValid),
        ErrorKind::Certificate(CertificateProblem::UnknownIssuer),
        ErrorKind::Certificate(CertificateProblem::Revoked),
        ErrorKind::Certificate(CertificateProblem::Other),
        ErrorKind::Tls,
        ErrorKind::NotTls,
        ErrorKind::Timeout(Deadline::Connect),
        ErrorKind::Timeout(Deadline::FirstByte),
        ErrorKind::Timeout(Deadline::Idle),
        ErrorKind::Timeout(Deadline::Total),
        ErrorKind::ConnectionLost,
        ErrorKind::Redirected { target_host: Some("sso.example.com".to_owned()) },
        ErrorKind::Redirected { target_host: None },
        ErrorKind::Unauthorized { refreshable: true },
        ErrorKind::Unauthorized { refreshable: false },
        ErrorKind::CredentialsRefused { code: Some(OauthError::InvalidGrant) },
        ErrorKind::CredentialsRefused { code: None },
        ErrorKind::UnusableToken(TokenProblem::Empty),
        ErrorKind::Forbidden,
        ErrorKind::NotFound,
        ErrorKind::NameTaken,
        ErrorKind::Stale { expected: Some(3.into()), found: Some(4.into()) },
        ErrorKind::Stale { expected: None, found: None },
        ErrorKind::Conflict,
        ErrorKind::Referenced(vec![Reference {
            id: Some(Shown::new("f-1")),
            name: Some(Shown::new("Order status")),
            kind: Some(Shown::new("flow")),
        }]),
        ErrorKind::Locked,
        ErrorKind::LockedThoughInactive,
        ErrorKind::ActiveUnchanged,
        ErrorKind::RateLimited { retry_after: Some(Duration::from_secs(60)) },
        ErrorKind::InvalidRequest,
        ErrorKind::ServerError,
        ErrorKind::UnexpectedStatus,
        ErrorKind::UnreadableBody(BodyProblem::NotJson),
        ErrorKind::UnreadableBody(BodyProblem::Missing("id")),
        ErrorKind::UnreadableBody(BodyProblem::OtherType),
        ErrorKind::BodyTooLarge { limit: 4 << 20 },
        ErrorKind::Paging(PagingProblem::Loop),
        ErrorKind::Stopped,
        ErrorKind::DeadlineExceeded,
        ErrorKind::Unsendable,
        ErrorKind::NotInProfile(ProfileGap::Kind(ConnectorKind::Certificate)),
        ErrorKind::Defect,
    ]
}

/// Returns the heading of a kind. The compiler demands one for a new kind, and
/// the snapshot its text.
fn heading(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NameResolution => "name resolution",
        ErrorKind::Connection => "connection",
        ErrorKind::Certificate(_) => "certificate",
        ErrorKind::Tls => "tls",
        ErrorKind::NotTls => "not tls",
        ErrorKind::Timeout(_) => "timeout",
        ErrorKind::ConnectionLost => "connection lost",
        ErrorKind::Redirected { .. } => "redirected",
        ErrorKind::Unauthorized { .. } => "unauthorized",
        ErrorKind::CredentialsRefused { .. } => "credentials refused",
        ErrorKind::UnusableToken(_) => "unusable token",
        ErrorKind::Forbidden => "forbidden",
        ErrorKind::NotFound => "not found",
        ErrorKind::NameTaken => "name taken",
        ErrorKind::Stale { .. } => "stale",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Referenced(_) => "referenced",
        ErrorKind::Locked => "locked",
        ErrorKind::LockedThoughInactive => "locked though inactive",
        ErrorKind::ActiveUnchanged => "active unchanged",
        ErrorKind::RateLimited { .. } => "rate limited",
        ErrorKind::InvalidRequest => "invalid request",
        ErrorKind::ServerError => "server error",
        ErrorKind::UnexpectedStatus => "unexpected status",
        ErrorKind::UnreadableBody(_) => "unreadable body",
        ErrorKind::BodyTooLarge { .. } => "body too large",
        ErrorKind::Paging(_) => "paging",
        ErrorKind::Stopped => "stopped",
        ErrorKind::DeadlineExceeded => "deadline exceeded",
        ErrorKind::Unsendable => "unsendable",
        ErrorKind::NotInProfile(_) => "not in profile",
        ErrorKind::Defect => "defect",
    }
}

/// Returns an error with all details.
pub(in crate::provider) fn for_tests(operation: Operation, kind: ErrorKind) -> Error {
    Error::from(details(operation, kind))
}

fn details(operation: Operation, kind: ErrorKind) -> ErrorDetails {
    ErrorDetails {
        method: Some(http::Method::GET),
        host: Some("api.wxcc-us1.cisco.com".to_owned()),
        status: http::StatusCode::from_u16(418).ok(),
        tracking_id: Some("TERRAFORMWEBEX_1".to_owned()),
        server_tracking_id: Some(Shown::new("ccconfig_1")),
        attempts: 3,
        elapsed: Duration::from_secs(75),
        waited: Duration::from_millis(6500),
        descriptions: vec![Shown::new("name: must not be that")],
        ..ErrorDetails::new(operation, kind)
    }
}

/// Formats a message as Terraform shows it, without the frame.
pub(in crate::provider) fn shown(message: &Diagnostic) -> String {
    let severity = match message.severity() {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
    };
    let place = message.attribute().map(|path| format!(" [at {path}]")).unwrap_or_default();
    format!("{severity}: {}{place}\n\n{}\n", message.summary(), message.detail())
}

#[test]
fn message_has_all_parts() {
    let problem = for_tests(Operation::ReadConnector, ErrorKind::InvalidRequest);
    let message = error("Could not read connector \"CRM\"", &problem, "Nothing was changed.");
    insta::assert_snapshot!(shown(&message));
}

/// Returns cause and advice of each kind. The rest of a message is the same for
/// all.
fn page(operation: Operation, kinds: &[ErrorKind]) -> String {
    let mut page = String::new();
    for kind in kinds {
        let problem = for_tests(operation, kind.clone());
        let (happened, advice) = (happened(&problem), advice(&problem));
        let _ = write!(page, "=== {} ===\n{happened}\n{advice}\n\n", heading(kind));
    }
    page
}

#[test]
fn texts_of_all_kinds() {
    insta::assert_snapshot!(page(Operation::ReadConnector, &kinds()));
}

#[test]
fn waits_of_the_rate_limiter_are_explained() {
    let error = for_tests(Operation::UpdateConnector, ErrorKind::DeadlineExceeded);
    assert!(!advice(&error).contains("requests_per_minute"));
    let waited = Duration::from_secs(60);
    let advice = advice(&Error::from(ErrorDetails { waited, ..(*error).clone() }));
    assert!(
        advice.contains("requests_per_minute") && advice.contains("timeouts block"),
        "{advice}"
    );
}

/// Only texts that differ from those of reading a connector.
#[test]
fn texts_that_differ_by_operation() {
    let all = kinds();
    let of_reading = |kind: &ErrorKind| page(Operation::ReadConnector, std::slice::from_ref(kind));
    let mut pages = String::new();
    for operation in [
        Operation::ListFlowConnectors,
        Operation::UpdateConnector,
        Operation::ImportFlow,
        Operation::RefreshAccessToken,
        Operation::MakeServiceAppToken,
    ] {
        let differs = |kind: &&ErrorKind| page(operation, &[(*kind).clone()]) != of_reading(kind);
        let differing = all.iter().filter(differs).cloned().collect::<Vec<_>>();
        let _ = write!(pages, "##### To {operation}\n\n{}", page(operation, &differing));
    }
    insta::assert_snapshot!(pages);
}

#[test]
fn missing_permissions_are_named_for_each_operation() {
    let operations = [
        Operation::ReadConnector,
        Operation::ListConnectors,
        Operation::ListReferences,
        Operation::ListFlowConnectors,
        Operation::ValidateFlow,
        Operation::ImportFlow,
        Operation::ValidateDraft,
        Operation::PublishFlow,
        Operation::CreateConnector,
        Operation::UpdateConnector,
        Operation::DeactivateConnector,
        Operation::ReactivateConnector,
        Operation::DeleteConnector,
        Operation::RefreshAccessToken,
        Operation::MakeServiceAppToken,
    ];
    for operation in operations {
        let advice = advice(&for_tests(operation, ErrorKind::Forbidden));
        let scope = match operation {
            Operation::ReadConnector
            | Operation::ListConnectors
            | Operation::ListReferences
            | Operation::ListFlowConnectors => "cjp:config_read",
            Operation::CreateConnector
            | Operation::UpdateConnector
            | Operation::DeactivateConnector
            | Operation::ReactivateConnector
            | Operation::DeleteConnector
            | Operation::ValidateFlow
            | Operation::ImportFlow
            | Operation::ValidateDraft
            | Operation::PublishFlow => "cjp:config_write",
            Operation::RefreshAccessToken => "refresh_token",
            Operation::MakeServiceAppToken => "spark:applications_token",
        };
        assert!(advice.contains(scope), "{operation:?}: {advice}");
    }
}

#[test]
fn gap_of_a_profile_names_the_recording_that_fills_it() {
    for (operation, gap, words) in [
        (Operation::DeleteConnector, ProfileGap::Call(CallName::Delete), "deleting a connector"),
        (
            Operation::CreateConnector,
            ProfileGap::Argument("scope"),
            "creating a connector that has a scope",
        ),
        (
            Operation::ReactivateConnector,
            ProfileGap::Activation,
            "deactivating a connector and activating it again",
        ),
    ] {
        let error = for_tests(operation, ErrorKind::NotInProfile(gap));
        let text = detail(&error, "");
        assert!(text.contains(words), "{text}");
        assert!(text.contains(&format!("cannot be used to {operation}")), "{text}");
    }
}

#[test]
fn texts_of_all_notices() {
    let mut page = String::new();
    let notices = [
        Notice::RefreshTokenReplaced { valid_until: None },
        Notice::RefreshTokenReplaced {
            valid_until: Some(std::time::UNIX_EPOCH + Duration::from_secs(1_800_000_000)),
        },
    ];
    for one in notices {
        let _ = write!(page, "=== notice ===\n{}\n", shown(&notice(&one)));
    }
    insta::assert_snapshot!(page);
}
