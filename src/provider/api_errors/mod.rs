//! The diagnostics of API errors: the table from kinds of errors to texts.
//!
//! The summary names the operation that failed and the kind of error. The detail
//! begins with the next step of the user. Then come the resulting state of Webex
//! and of Terraform, the cause, and the request for Webex support. Each part has a
//! function that matches all kinds of errors, so that the compiler reports a kind
//! without a text.

mod advice;
#[cfg(test)]
pub(super) mod tests;

use std::time::Duration;

pub(super) use self::advice::{advice, further_advice};
use safe_text::Shown;
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use webex_contact_center::{
    BodyProblem, CertificateProblem, Client, Deadline, Error, ErrorKind, Notice, OauthError,
    Operation, Reference,
};

/// The references that a message lists.
const LISTED: usize = 20;

/// Returns the diagnostic of an API error.
///
/// `failed` names the operation that failed, `truth` the resulting state of
/// Webex and of Terraform.
#[must_use]
pub fn error(failed: impl std::fmt::Display, error: &Error, truth: &str) -> Diagnostic {
    Diagnostic::error(summary(failed, error), detail(error, truth))
}

/// Returns the summary of an error: the operation that failed, and the kind.
#[must_use]
pub(super) fn summary(failed: impl std::fmt::Display, error: &Error) -> String {
    format!("{failed}: {}", error.kind)
}

/// Returns the diagnostic of a notice of the client.
#[must_use]
pub fn notice(notice: &Notice) -> Diagnostic {
    match notice {
        Notice::RefreshTokenReplaced { valid_until } => {
            let until = valid_until.and_then(|time| {
                let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
                let time =
                    time::OffsetDateTime::from_unix_timestamp(i64::try_from(since.as_secs()).ok()?)
                        .ok()?;
                Some(format!(" The new one expires on {}.", time.date()))
            });
            Diagnostic::warning(
                "Webex has replaced the refresh token",
                format!(
                    "Authorize the app again, and store the refresh token that Webex then returns. \
                     Do it before Webex refuses the one in your configuration, which may expire \
                     early.\n\nOnly this process has the new refresh token, and the provider \
                     stores it nowhere.{} Terraform starts several processes for a command, and \
                     each of them begins with the one from your configuration.",
                    until.unwrap_or_default()
                ),
            )
        }
        Notice::ListRefused(error) => list_refused(error),
    }
}

/// Returns the warning that connectors are read one by one.
fn list_refused(error: &Error) -> Diagnostic {
    Diagnostic::warning(
        "Webex refuses the list of connectors",
        detail_advising(
            error,
            "The provider reads the connectors one by one, with one request for each. Without the \
             list, it finds neither names that are taken nor connectors that were deleted in \
             Control Hub.",
            "Check the scope cjp:config_read and organization_id. If your organization has the \
             list at another path, set it in the API profile: see the guide \"API compatibility\"."
                .to_owned(),
        ),
    )
}

/// Returns the notices of a client. Each appears once in a process.
#[must_use]
pub fn notices(client: &Client) -> Diagnostics {
    client.take_notices().iter().map(notice).collect()
}

/// Returns the detail of a diagnostic, a paragraph for each part.
pub(super) fn detail(error: &Error, truth: &str) -> String {
    detail_advising(error, truth, advice(error))
}

/// Returns the same with advice that follows from more than the error.
pub(super) fn detail_advising(error: &Error, truth: &str, advice: String) -> String {
    paragraphs([advice, truth.to_owned(), cause(error), request(error)])
}

/// Returns the text of an error for the command `doctor`: the cause first, because no summary is
/// above it.
pub fn for_doctor(error: &Error) -> String {
    paragraphs([cause(error), advice::for_doctor(error), request(error)])
}

/// Joins the parts of a message that are there.
pub(super) fn paragraphs(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Describes the cause, with Webex's own words.
pub(super) fn cause(error: &Error) -> String {
    let mut cause = happened(error);
    for description in &error.descriptions {
        cause.push_str(&format!("\nWebex says: {description}"));
    }
    cause
}

/// Describes the cause.
pub(super) fn happened(error: &Error) -> String {
    let host = error.host.as_deref().unwrap_or("the host");
    let cause = error.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
    match &error.kind {
        ErrorKind::NameResolution => match &error.cause {
            // It names the host, or the proxy.
            Some(cause) => capitalized(&format!("{cause}.")),
            None => format!("The name of {host} cannot be resolved."),
        },
        ErrorKind::Connection => format!("No connection to {host} could be made{cause}."),
        ErrorKind::Certificate(problem) => {
            let more = match problem {
                CertificateProblem::UnknownIssuer => {
                    " by this machine (a private authority, or self-signed)"
                }
                CertificateProblem::WrongHost
                | CertificateProblem::Expired
                | CertificateProblem::NotYetValid
                | CertificateProblem::Revoked
                | CertificateProblem::Other => "",
            };
            format!("The TLS certificate of {host} was not accepted: {problem}{more}{cause}.")
        }
        ErrorKind::Tls => format!("The TLS handshake with {host} failed{cause}."),
        ErrorKind::NotTls => format!("{host} does not speak TLS on this port."),
        ErrorKind::Timeout(deadline) => format!("{host} was too slow: {deadline}."),
        ErrorKind::ConnectionLost => {
            format!("The connection to {host} was lost before the response was complete.")
        }
        ErrorKind::Redirected { target_host } => {
            let target = target_host.as_deref().unwrap_or("another address");
            format!(
                "{host} redirects to {target}. The provider follows no redirect, because the \
                 access token would go there too."
            )
        }
        ErrorKind::Unauthorized { refreshable: true } => {
            "Webex does not accept the access token, and it does not accept the renewed one \
             either."
                .to_owned()
        }
        ErrorKind::Unauthorized { refreshable: false } => {
            "Webex does not accept the access token: it is wrong, or it has expired.".to_owned()
        }
        ErrorKind::CredentialsRefused { code } => {
            let code = code.map(|code| format!(" ({})", oauth(code))).unwrap_or_default();
            format!("The token endpoint at {host} refuses the credentials{code}.")
        }
        ErrorKind::UnusableToken(problem) => {
            format!("The token endpoint at {host} returned an access token that {problem}.")
        }
        ErrorKind::Forbidden => {
            format!("Webex does not allow the request to {}.", error.operation)
        }
        ErrorKind::NotFound => {
            format!("Webex responds with \"not found\" to the request to {}.", error.operation)
        }
        ErrorKind::NameTaken => {
            "Another connector of the organization has this name already. Names are unique."
                .to_owned()
        }
        ErrorKind::Stale { expected, found } => {
            let versions = match (expected, found) {
                (Some(expected), Some(found)) => {
                    format!(": its version was {expected} and is now {found}")
                }
                (None, _) | (_, None) => String::new(),
            };
            format!("Somebody changed the connector after it was read{versions}.")
        }
        ErrorKind::Conflict => "Webex reports a conflict without its cause.".to_owned(),
        ErrorKind::Referenced(references) => {
            let mut text = "The connector is in use.".to_owned();
            for reference in references.iter().take(LISTED) {
                text.push_str(&format!("\n- {}", referring(reference)));
            }
            if let Some(more) = references.len().checked_sub(LISTED).filter(|more| *more > 0) {
                text.push_str(&format!("\n- and {more} more"));
            }
            if references.is_empty() && !error.referring_kinds.is_empty() {
                let kinds = error.referring_kinds.iter().map(Shown::to_string).collect::<Vec<_>>();
                text.push_str(&format!(" It is used by: {}.", kinds.join(", ")));
            }
            text
        }
        ErrorKind::Locked => {
            format!("Webex refuses to {}: status 423, locked.", error.operation)
        }
        ErrorKind::LockedThoughInactive => format!(
            "Webex refuses to {}: status 423, locked, although the connector is already inactive.",
            error.operation
        ),
        ErrorKind::ActiveUnchanged => {
            let state = if error.operation == Operation::DeactivateConnector {
                "active"
            } else {
                "inactive"
            };
            format!(
                "Webex reported success for the request to {}, but the connector is still {state}.",
                error.operation
            )
        }
        ErrorKind::RateLimited { .. } => {
            "Webex received too many requests from this client.".to_owned()
        }
        ErrorKind::InvalidRequest => "Webex finds the request invalid.".to_owned(),
        ErrorKind::ServerError => format!("{host} had an internal error."),
        ErrorKind::UnexpectedStatus if !error.allowed_methods.is_empty() => {
            let allowed = error.allowed_methods.iter().map(|method| method.as_str());
            let allowed = allowed.collect::<Vec<_>>();
            let method = error.method.as_ref().map_or("this method", |method| method.as_str());
            format!(
                "{host} does not allow {method} at this path; it allows {}.",
                allowed.join(", ")
            )
        }
        ErrorKind::UnexpectedStatus => {
            format!("{host} responded with an unexpected status.")
        }
        ErrorKind::UnreadableBody(BodyProblem::OtherType) => {
            "Webex has a connector with this id, but it is not a custom connector.".to_owned()
        }
        ErrorKind::UnreadableBody(problem) => {
            format!("The response of {host} cannot be read: {problem}.")
        }
        ErrorKind::BodyTooLarge { limit } => {
            format!("The response of {host} is longer than the limit of {} KiB.", limit / 1024)
        }
        ErrorKind::Paging(problem) => {
            format!("The list that {host} returned does not end: {problem}.")
        }
        ErrorKind::Stopped => "Terraform was asked to stop.".to_owned(),
        ErrorKind::DeadlineExceeded => {
            let operation = error.operation;
            format!("The operation's time limit was reached at the request to {operation}.")
        }
        ErrorKind::Unsendable => format!("The request cannot be sent from this machine{cause}."),
        ErrorKind::NotInProfile(gap) => {
            format!("The API profile cannot be used to {}: {gap}.", error.operation)
        }
        ErrorKind::Defect => "A defect in this provider ended the request.".to_owned(),
    }
}

/// Whether Webex cannot have seen the request, so that its tracking id would mislead.
fn has_not_left(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::NameResolution
            | ErrorKind::Connection
            | ErrorKind::Certificate(_)
            | ErrorKind::Tls
            | ErrorKind::NotTls
            | ErrorKind::Timeout(Deadline::Connect)
            | ErrorKind::Unsendable
    )
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

/// Identifies the request for Webex support, and counts the attempts.
pub(super) fn request(error: &Error) -> String {
    let mut facts = Vec::new();
    if let (Some(method), Some(host)) = (error.method.as_ref(), error.host.as_deref()) {
        let status = error.status.map(|status| format!(", status {}", status.as_u16()));
        facts.push(format!("Request: {method} at {host}{}", status.unwrap_or_default()));
    }
    if let Some(id) = error.server_tracking_id.as_deref().filter(|_| !has_not_left(error)) {
        facts.push(format!("Webex tracking id {id}"));
    }
    if let Some(id) =
        error.tracking_id.as_deref().filter(|id| error.server_tracking_id.as_deref() != Some(*id))
        && !has_not_left(error)
    {
        facts.push(format!("sent as tracking id {id}"));
    }
    match error.attempts {
        0 | 1 => {}
        attempts => facts.push(format!(
            "tried {attempts} times in {}, of which {} were waits",
            seconds(error.elapsed),
            seconds(error.waited)
        )),
    }
    if let Some(wait) = error.needed_wait {
        facts.push(format!("another attempt would have needed a wait of {}", seconds(wait)));
    }
    if facts.is_empty() { String::new() } else { format!("{}.", facts.join("; ")) }
}

/// Formats a duration in seconds.
pub(super) fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

fn oauth(code: OauthError) -> &'static str {
    match code {
        OauthError::InvalidClient => "invalid_client",
        OauthError::InvalidGrant => "invalid_grant",
        OauthError::InvalidRequest => "invalid_request",
        OauthError::InvalidScope => "invalid_scope",
        OauthError::UnauthorizedClient => "unauthorized_client",
        OauthError::UnsupportedGrantType => "unsupported_grant_type",
    }
}

/// Names a flow or another object that uses a connector.
fn referring(reference: &Reference) -> String {
    let kind = reference.kind.as_deref().unwrap_or("unknown");
    match (&reference.name, &reference.id) {
        (Some(name), Some(id)) => format!("{kind} {name:?} ({id})"),
        (Some(name), None) => format!("{kind} {name:?}"),
        (None, Some(id)) => format!("{kind} {id}"),
        (None, None) => kind.to_owned(),
    }
}
