//! API errors as users read them: the one table from typed kinds to words.
//!
//! Every message says what could not be done (summary), what happened, what is
//! true now in Webex and in state, what to do, and how support finds the
//! request. The words of each part stand in a function of their own, so that a
//! new kind of error is a compiler error here and nowhere else.

#[cfg(test)]
mod tests;
pub mod writes;

use std::time::Duration;

use crate::tf_provider::diagnostics::{Diagnostic, Diagnostics};
use crate::webex::{
    BodyProblem, CertificateProblem, Client, Deadline, Error, ErrorKind, Notice, OauthError,
    Operation, Reference,
};

/// An error in words.
///
/// `summary` says what could not be done, `truth` what is the case now in Webex
/// and in state.
#[must_use]
pub fn error(summary: impl Into<String>, error: &Error, truth: &str) -> Diagnostic {
    Diagnostic::error(summary, detail(error, truth))
}

/// What the client has to tell beside its results.
#[must_use]
pub fn notice(notice: &Notice) -> Diagnostic {
    match notice {
        Notice::RefreshTokenReplaced { valid_until } => {
            let until = valid_until.and_then(|time| {
                let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
                let time =
                    time::OffsetDateTime::from_unix_timestamp(i64::try_from(since.as_secs()).ok()?)
                        .ok()?;
                Some(format!(" The new one is valid until {}.", time.date()))
            });
            Diagnostic::warning(
                "Webex has replaced the refresh token",
                format!(
                    "The new refresh token is used for the rest of this run, and it is stored \
                     nowhere.{} The one in your configuration may end before its date: authorize \
                     the app again and store a fresh one in time.",
                    until.unwrap_or_default()
                ),
            )
        }
    }
}

/// Everything that a client has to tell, each thing once in a run.
#[must_use]
pub fn notices(client: &Client) -> Diagnostics {
    client.take_notices().iter().map(notice).collect()
}

/// The parts of a detail, a paragraph each.
fn detail(error: &Error, truth: &str) -> String {
    let mut happened = happened(error);
    for description in error.descriptions() {
        happened.push_str(&format!("\nWebex says: {description}"));
    }
    let parts = [happened, truth.to_owned(), advice(error), request(error)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// What happened.
fn happened(error: &Error) -> String {
    let host = error.host().unwrap_or("the host");
    let cause = error.cause().map(|cause| format!(" ({cause})")).unwrap_or_default();
    match error.kind() {
        ErrorKind::NameResolution => format!("The name {host} cannot be resolved{cause}."),
        ErrorKind::Connection => format!("No connection to {host} could be made{cause}."),
        ErrorKind::Certificate(problem) => {
            format!(
                "The TLS certificate of {host} was not accepted: {}{cause}.",
                certificate(*problem)
            )
        }
        ErrorKind::Tls => format!("The TLS handshake with {host} failed{cause}."),
        ErrorKind::NotTls => format!("{host} does not speak TLS on this port."),
        ErrorKind::Timeout(deadline) => format!("{host} was too slow: {}.", timeout(*deadline)),
        ErrorKind::ConnectionLost => {
            format!("The connection to {host} ended before its answer was complete.")
        }
        ErrorKind::Redirected { target_host } => {
            let target = target_host.as_deref().unwrap_or("another address");
            format!(
                "{host} redirects to {target}. Redirects are not followed, because the access \
                 token would go there too."
            )
        }
        ErrorKind::Unauthorized { refreshable: true } => {
            "Webex does not accept the access token, and a renewed one neither.".to_owned()
        }
        ErrorKind::Unauthorized { refreshable: false } => {
            "Webex does not accept the access token: it is wrong, or it has expired.".to_owned()
        }
        ErrorKind::CredentialsRefused { code } => {
            let code = code.map(|code| format!(" ({})", oauth(code))).unwrap_or_default();
            format!("The token endpoint at {host} refuses the credentials{code}.")
        }
        ErrorKind::UnusableToken(problem) => {
            format!("The token endpoint at {host} gave an access token that {problem}.")
        }
        ErrorKind::Forbidden => {
            format!("Webex does not allow the request to {}.", error.operation())
        }
        ErrorKind::NotFound => {
            format!("Webex found nothing there when asked to {}.", error.operation())
        }
        ErrorKind::NameTaken => {
            "Another connector of the organization has this name already; names are unique."
                .to_owned()
        }
        ErrorKind::Stale { expected, found } => {
            let versions = match (expected, found) {
                (Some(expected), Some(found)) => {
                    format!(": its version was {expected}, and is now {found}")
                }
                (None, _) | (_, None) => String::new(),
            };
            format!("Somebody changed the connector after it was read{versions}.")
        }
        ErrorKind::Conflict => "Webex reports a conflict and does not say with what.".to_owned(),
        ErrorKind::Referenced(references) => {
            let mut text = "The connector is in use.".to_owned();
            for reference in references {
                text.push_str(&format!("\n- {}", referring(reference)));
            }
            if references.is_empty() && !error.referring_kinds().is_empty() {
                text.push_str(&format!(
                    " It is referred to by: {}.",
                    error.referring_kinds().join(", ")
                ));
            }
            text
        }
        ErrorKind::Locked => {
            format!("Webex refuses to {}, because it is locked.", error.operation())
        }
        ErrorKind::LockedThoughInactive => format!(
            "Webex refuses to {}, because it is locked, although it is not active.",
            error.operation()
        ),
        ErrorKind::RateLimited { .. } => {
            "Webex received too many requests from this client.".to_owned()
        }
        ErrorKind::InvalidRequest => "Webex finds the request invalid.".to_owned(),
        ErrorKind::ServerError => format!("{host} had an internal error."),
        ErrorKind::UnexpectedStatus => {
            format!("{host} answered with a status that is not expected.")
        }
        ErrorKind::UnreadableBody(BodyProblem::OtherType) => {
            "Webex has a connector with this id, but it is not a custom connector.".to_owned()
        }
        ErrorKind::UnreadableBody(problem) => {
            format!("The answer of {host} cannot be read: {}.", body(*problem))
        }
        ErrorKind::BodyTooLarge { limit } => {
            format!("The answer of {host} is longer than {} KiB and was not read on.", limit / 1024)
        }
        ErrorKind::Paging(problem) => {
            format!("The list that {host} answered does not end: {problem}.")
        }
        ErrorKind::Stopped => "Terraform was asked to stop.".to_owned(),
        ErrorKind::DeadlineExceeded => "The time for this operation was used up.".to_owned(),
        ErrorKind::Unsendable => format!("The request cannot be sent from this machine{cause}."),
        ErrorKind::Defect => "A defect in this provider ended the request.".to_owned(),
    }
}

/// What to do.
fn advice(error: &Error) -> String {
    match error.kind() {
        ErrorKind::NameResolution
        | ErrorKind::Connection
        | ErrorKind::Timeout(Deadline::Connect) => {
            "Check region or base_url, the network, and HTTPS_PROXY and NO_PROXY."
        }
        // Windows and macOS have many words for an issuer that they do not trust.
        ErrorKind::Certificate(CertificateProblem::UnknownIssuer | CertificateProblem::Other) => {
            "If a proxy of your company inspects traffic, give its certificate by \
             ca_certificate_file. Otherwise do not go on: somebody may be listening."
        }
        ErrorKind::Certificate(CertificateProblem::NotYetValid | CertificateProblem::Expired) => {
            "Check the clock of this machine. If it is right, the host has to renew its \
             certificate."
        }
        ErrorKind::Certificate(_) | ErrorKind::Tls | ErrorKind::NotTls => {
            "Check region or base_url, and what stands between this machine and the host."
        }
        ErrorKind::Timeout(Deadline::FirstByte | Deadline::Total) => {
            "Try again. If saving is slow because the third party is slow to check the \
             credentials, raise request_timeout in the provider block."
        }
        ErrorKind::Timeout(Deadline::Idle) | ErrorKind::ConnectionLost | ErrorKind::ServerError => {
            "Try again later. If it stays, give Webex support the tracking id."
        }
        ErrorKind::Redirected { .. } => "Check region or base_url, and any proxy in between.",
        ErrorKind::Unauthorized { refreshable: false } => {
            "Give a fresh access_token (WEBEX_ACCESS_TOKEN). A personal token lives 12 hours and \
             cannot be renewed; client_id, client_secret and refresh_token can."
        }
        ErrorKind::Unauthorized { refreshable: true } => {
            "Check that the app is authorized for this organization and that region is the \
             organization's own."
        }
        ErrorKind::CredentialsRefused { code: Some(OauthError::InvalidGrant) } => {
            "The refresh token has ended (after 90 days without use) or was revoked. Authorize the \
             app again and store the new one."
        }
        ErrorKind::CredentialsRefused { .. } => {
            "Check client_id, client_secret and refresh_token (or service_app_id and \
             access_token), and that they belong together."
        }
        ErrorKind::UnusableToken(_) => "Check token_url: it should be Webex's token endpoint.",
        ErrorKind::Forbidden => return forbidden(error.operation()),
        ErrorKind::NotFound => {
            "Check organization_id and region. If only this endpoint is missing, your tenant may \
             serve it at another path: see connector_path, and run `terraform-provider-webex \
             doctor`."
        }
        ErrorKind::NameTaken => "Choose another name, or import the connector that has it.",
        ErrorKind::Stale { .. } => {
            "Nothing was overwritten. Run `terraform plan` again to see what changed, then apply."
        }
        ErrorKind::Conflict => "Run `terraform plan` again, and compare with Control Hub.",
        ErrorKind::Referenced(_) => {
            "Take the connector out of these flows in Flow Designer and publish them, then apply \
             again. To stop managing the connector without deleting it, use a `removed` block."
        }
        ErrorKind::Locked => {
            "Webex lets only deactivated connectors be edited or deleted. Deactivate it in Control \
             Hub, which may say why that is refused here, and apply again."
        }
        ErrorKind::LockedThoughInactive => {
            "Look at the connector in Control Hub: somebody may be working on it, or Webex itself \
             may hold it. Try again later."
        }
        ErrorKind::RateLimited { .. } => {
            "Cisco allows 300 requests a minute for each client id. Wait a minute, lower \
             requests_per_minute if other programs use the same client, or raise the timeouts."
        }
        ErrorKind::InvalidRequest => {
            "Correct the argument that Webex names. If it names the credentials, they were refused \
             by the third party against which Webex checked them."
        }
        ErrorKind::UnreadableBody(BodyProblem::OtherType) => {
            "Only custom connectors can be managed or read. Check the id on the connector's page in \
             Control Hub; the data source webex_cc_custom_connectors lists those that can."
        }
        ErrorKind::UnexpectedStatus
        | ErrorKind::UnreadableBody(_)
        | ErrorKind::BodyTooLarge { .. }
        | ErrorKind::Paging(_) => {
            "Check region or base_url: a gateway or a proxy may have answered in Webex's place. \
             `terraform-provider-webex doctor` shows how the answers differ from what is expected."
        }
        ErrorKind::Stopped => "",
        ErrorKind::DeadlineExceeded => {
            "Raise the limit in the timeouts block of the resource if this was not enough."
        }
        ErrorKind::Unsendable => "Check ca_certificate_file and the certificates of this machine.",
        ErrorKind::Defect => {
            "Try again, and please report this message; the log (TF_LOG=ERROR) has the place."
        }
    }
    .to_owned()
}

/// The scope or the role that is most likely missing.
fn forbidden(operation: Operation) -> String {
    let writes = match operation {
        Operation::ReadConnector
        | Operation::ListConnectors
        | Operation::ListReferences
        | Operation::ListFlowConnectors => false,
        Operation::CreateConnector
        | Operation::UpdateConnector
        | Operation::DeactivateConnector
        | Operation::ReactivateConnector
        | Operation::DeleteConnector => true,
        Operation::RefreshAccessToken | Operation::MakeServiceAppToken => {
            return "The token that requests tokens for a Service App needs the scope \
                    spark:applications_token, and the Service App must be authorized by the target \
                    organization."
                .to_owned();
        }
    };
    if writes {
        "The access token most likely lacks the scope cjp:config_write, or its owner the role of a \
         full administrator or Contact Center service administrator. Scopes that were added to an \
         app later are not on tokens issued before."
    } else {
        "The access token most likely lacks the scope cjp:config_read, or belongs to another \
         organization than organization_id."
    }
    .to_owned()
}

/// How the request can be found, and how much was tried.
fn request(error: &Error) -> String {
    let mut facts = Vec::new();
    if let (Some(method), Some(host)) = (error.method(), error.host()) {
        let status = error.status().map(|status| format!(", status {}", status.as_u16()));
        facts.push(format!("Request: {method} at {host}{}", status.unwrap_or_default()));
    }
    if let Some(id) = error.server_tracking_id() {
        facts.push(format!("Webex tracking id {id}"));
    }
    if let Some(id) = error.tracking_id().filter(|id| error.server_tracking_id() != Some(*id)) {
        facts.push(format!("tracking id {id}"));
    }
    match error.attempts() {
        0 | 1 => {}
        attempts => facts.push(format!(
            "tried {attempts} times in {}, {} of them waiting",
            seconds(error.elapsed()),
            seconds(error.waited())
        )),
    }
    if let Some(wait) = error.needed_wait() {
        facts.push(format!("another attempt would have had to wait {}", seconds(wait)));
    }
    if facts.is_empty() { String::new() } else { format!("{}.", facts.join("; ")) }
}

fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

fn certificate(problem: CertificateProblem) -> &'static str {
    match problem {
        CertificateProblem::WrongHost => "it is for another host",
        CertificateProblem::Expired => "it has expired",
        CertificateProblem::NotYetValid => "it is not valid yet",
        CertificateProblem::UnknownIssuer => "nobody whom this machine trusts vouches for it",
        CertificateProblem::Revoked => "it was revoked",
        CertificateProblem::Other => "it cannot be verified",
    }
}

fn timeout(deadline: Deadline) -> String {
    deadline.to_string()
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

fn body(problem: BodyProblem) -> String {
    problem.to_string()
}

/// How messages name a flow that uses a connector.
fn referring(reference: &Reference) -> String {
    let kind = reference.kind.as_deref().unwrap_or("unknown");
    match (&reference.name, &reference.id) {
        (Some(name), Some(id)) => format!("{kind} {name:?} ({id})"),
        (Some(name), None) => format!("{kind} {name:?}"),
        (None, Some(id)) => format!("{kind} {id}"),
        (None, None) => kind.to_owned(),
    }
}
