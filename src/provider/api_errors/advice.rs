//! Advice about API errors.
//!
//! It depends on the error and on the operation: a refusal of a token endpoint
//! concerns other arguments than one of the Contact Center API.

use webex_contact_center::{
    BodyProblem, CallName, CertificateProblem, Deadline, Error, ErrorKind, OauthError, Operation,
    ProfileGap,
};

const TRY_LATER: &str = "Try again later. If it stays, give Webex support the tracking id.";

const TOKEN_ADDRESS: &str = "Check token_url if it is set: it should be Webex's token endpoint.";

const SERVICE_APP_ADDRESS: &str =
    "Check applications_url if it is set: it should be the address of Webex's applications.";

/// Returns the advice for users about an error.
pub(super) fn advice(error: &Error) -> String {
    let request = Request::of(error.operation);
    let address = request.address();
    match &error.kind {
        ErrorKind::NameResolution
        | ErrorKind::Connection
        | ErrorKind::Timeout(Deadline::Connect) => {
            return format!("Check the network, HTTPS_PROXY and NO_PROXY, and {address}.");
        }
        // Windows and macOS have many texts for an issuer that they do not trust.
        ErrorKind::Certificate(CertificateProblem::UnknownIssuer | CertificateProblem::Other) => {
            "If a proxy of your company inspects traffic, give its certificate by \
             ca_certificate_file. Otherwise do not go on: somebody may be listening."
        }
        ErrorKind::Certificate(CertificateProblem::NotYetValid | CertificateProblem::Expired) => {
            "Check the clock of this machine. If it is right, the host has to renew its \
             certificate."
        }
        ErrorKind::Certificate(_) | ErrorKind::Tls | ErrorKind::NotTls => {
            return format!("Check what stands between this machine and the host, and {address}.");
        }
        ErrorKind::Timeout(Deadline::FirstByte | Deadline::Total) => match request {
            Request::Read | Request::ReadForFlows | Request::Flow => {
                "Try again. If Webex is always so slow, raise request_timeout in the provider \
                 block."
            }
            Request::Write => {
                "Try again. If saving is slow because the third party is slow to check the \
                 credentials, raise request_timeout in the provider block."
            }
            Request::RefreshedToken | Request::ServiceAppToken => TRY_LATER,
        },
        ErrorKind::Timeout(Deadline::Idle) | ErrorKind::ConnectionLost | ErrorKind::ServerError => {
            TRY_LATER
        }
        ErrorKind::Redirected { .. } => {
            return format!("Check any proxy in between, and {address}.");
        }
        ErrorKind::Unauthorized { refreshable: false } => {
            "Give a fresh access_token (WEBEX_ACCESS_TOKEN). A personal token lives 12 hours and \
             cannot be renewed. To have tokens renewed, set client_id, client_secret and \
             refresh_token instead."
        }
        ErrorKind::Unauthorized { refreshable: true } => {
            "Check that the app is authorized for this organization and that region is the \
             organization's own."
        }
        ErrorKind::CredentialsRefused { code } => refused(request, *code),
        ErrorKind::UnusableToken(_) if request == Request::ServiceAppToken => SERVICE_APP_ADDRESS,
        ErrorKind::UnusableToken(_) => TOKEN_ADDRESS,
        ErrorKind::Forbidden => forbidden(request),
        ErrorKind::NotFound => match request {
            Request::Read | Request::Write => {
                "Check organization_id and region. If only this endpoint is missing, your \
                 organization's Contact Center may serve it at another path: the API profile can \
                 say so. The provider's command `doctor` shows what is there. The guide \"API \
                 compatibility\" says how to use both."
            }
            Request::ReadForFlows | Request::Flow => {
                "Check organization_id and region. The provider's command `doctor` shows what else \
                 is there; its guide \"API compatibility\" says how to run it."
            }
            Request::RefreshedToken => TOKEN_ADDRESS,
            Request::ServiceAppToken => "Check service_app_id, and applications_url if it is set.",
        },
        ErrorKind::NameTaken => "Choose another name, or import the connector that has it.",
        ErrorKind::Stale { .. } => {
            "Nothing was overwritten. Run `terraform plan` again to see what changed, then apply."
        }
        ErrorKind::Conflict => "Run `terraform plan` again, and compare with Control Hub.",
        ErrorKind::Referenced(_) => {
            "Take the connector out of the flows that use it in Flow Designer and publish them, \
             then apply again. To stop managing the connector without deleting it, use a `removed` \
             block."
        }
        ErrorKind::Locked | ErrorKind::LockedThoughInactive | ErrorKind::ActiveUnchanged
            if request == Request::Flow =>
        {
            "Somebody edits the flow in Flow Designer. Webex unlocks a flow that nobody edits for 15 \
             minutes. Try again later."
        }
        ErrorKind::Locked => {
            "Webex lets only deactivated connectors be edited or deleted. Deactivate it in Control \
             Hub, which may say why that is refused here, and apply again."
        }
        ErrorKind::LockedThoughInactive => {
            "Look at the connector in Control Hub: somebody may be working on it, or Webex itself \
             may hold it. Try again later."
        }
        ErrorKind::ActiveUnchanged => {
            "Change this in Control Hub, which may say why it is refused here, and apply again. If \
             the problem persists, give Webex support the tracking id."
        }
        ErrorKind::RateLimited { .. } => match request {
            Request::Write => {
                "Cisco allows 300 requests a minute for each client id. Wait a minute, lower \
                 requests_per_minute if other programs use the same client, or raise the limit in \
                 the timeouts block of the resource."
            }
            Request::Read | Request::ReadForFlows | Request::Flow => {
                "Cisco allows 300 requests a minute for each client id. Wait a minute, or lower \
                 requests_per_minute if other programs use the same client."
            }
            Request::RefreshedToken | Request::ServiceAppToken => {
                "Wait a minute and try again, and check whether other programs use the same app."
            }
        },
        ErrorKind::InvalidRequest if request == Request::Flow => {
            "Correct the flow in Flow Designer, and export it again."
        }
        ErrorKind::InvalidRequest => {
            "Correct the argument that Webex names. If it names the credentials, they were refused \
             by the third party against which Webex checked them."
        }
        ErrorKind::NotInProfile(gap) => {
            return format!(
                "Record {} in Control Hub, run the program's command `learn` on all recordings, \
                 and use the profile that it writes. The guide \"API compatibility\" says how.",
                recording(*gap)
            );
        }
        ErrorKind::UnexpectedStatus if !error.allowed_methods.is_empty() => {
            "So this organization's API is another one than the API profile describes. Record in \
             Control Hub how it is used, and run the program's command `learn` on the recording: \
             the guide \"API compatibility\" says how."
        }
        ErrorKind::UnreadableBody(BodyProblem::OtherType) => {
            "Only custom connectors can be managed or read. Check the id on the connector's page \
             in Control Hub; the data source webex_cc_custom_connectors lists those that can."
        }
        ErrorKind::UnexpectedStatus
        | ErrorKind::UnreadableBody(_)
        | ErrorKind::BodyTooLarge { .. }
        | ErrorKind::Paging(_) => {
            let who = "a gateway or a proxy may have answered in Webex's place.";
            return match request {
                Request::Read | Request::ReadForFlows | Request::Write | Request::Flow => format!(
                    "Check {address}: {who} The provider's command `doctor` shows how the answers \
                     differ from what is expected; its guide \"API compatibility\" says how to run \
                     it."
                ),
                Request::RefreshedToken | Request::ServiceAppToken => {
                    format!("Check {address}: {who}")
                }
            };
        }
        ErrorKind::Stopped => "Run the command again to do the rest.",
        ErrorKind::DeadlineExceeded => return time_used_up(error, request),
        ErrorKind::Defect => {
            "Try again, and please report this message; the log (TF_LOG=ERROR) has the place."
        }
        ErrorKind::Unsendable => {
            "Check ca_certificate_file or ca_certificate_pem, and the certificates of this machine."
        }
    }
    .to_owned()
}

/// Names what a recording has to show so that a profile has what it lacks.
fn recording(gap: ProfileGap) -> String {
    match gap {
        ProfileGap::Call(name) => match name {
            CallName::List => "the list of connectors",
            CallName::Read => "the page of a connector",
            CallName::Create => "creating a connector",
            CallName::Update => "editing a connector",
            CallName::Delete => "deleting a connector",
            CallName::Activate | CallName::Deactivate => {
                "deactivating a connector and activating it again"
            }
            CallName::References => "the list of what uses a connector",
        }
        .to_owned(),
        ProfileGap::Kind(kind) => format!("creating and editing a connector with {}", kind.title()),
        ProfileGap::UnknownKind => "creating and editing a connector of this kind".to_owned(),
        ProfileGap::Argument(argument) => format!("creating a connector that has a {argument}"),
        ProfileGap::Activation => "deactivating a connector and activating it again".to_owned(),
    }
}

/// Returns the advice about refused credentials.
fn refused(request: Request, code: Option<OauthError>) -> &'static str {
    if request == Request::ServiceAppToken {
        "Check service_app_id, client_id, client_secret and access_token. That access token needs \
         the scope spark:applications_token, and an administrator of the organization must have \
         authorized the Service App in Control Hub."
    } else if code == Some(OauthError::InvalidGrant) {
        "The refresh token has ended (after 90 days without use), was replaced or was revoked. \
         Authorize the app again and store the new one."
    } else {
        "Check client_id, client_secret and refresh_token, and that they belong together. If they \
         do, the refresh token has ended or was replaced: authorize the app again and store the \
         new one."
    }
}

/// Returns the scope or the role that is most likely missing.
fn forbidden(request: Request) -> &'static str {
    match request {
        Request::Read | Request::ReadForFlows => {
            "The access token most likely lacks the scope cjp:config_read, or belongs to another \
             organization than organization_id."
        }
        Request::Write | Request::Flow => {
            "The access token most likely lacks the scope cjp:config_write, or its owner the role \
             of a full administrator or Contact Center service administrator. Scopes that were \
             added to an app later are not on tokens issued before."
        }
        // A 403 of a token endpoint concerns the credentials.
        Request::RefreshedToken | Request::ServiceAppToken => refused(request, None),
    }
}

/// The kinds of operations between which advice differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// A read of the Contact Center API.
    Read,
    /// The connectors that Flow Designer offers, whose path is documented.
    ReadForFlows,
    /// A write of the Contact Center API.
    Write,
    /// A call about a flow, whose path is documented.
    Flow,
    /// An access token for a refresh token.
    RefreshedToken,
    /// An access token of a Service App for one organization.
    ServiceAppToken,
}

/// Returns the place to raise the deadline of an operation, and the cause of most
/// of the delay.
fn time_used_up(error: &Error, request: Request) -> String {
    let limit = match request {
        Request::Write => {
            "Raise the limit in the timeouts block of the resource if this was not enough."
        }
        Request::Read => {
            "Of a resource, the limit can be raised in its timeouts block; data sources and \
             `terraform query` have five minutes."
        }
        Request::ReadForFlows => "Try again later. A data source has five minutes.",
        Request::Flow => "Try again later. The action has ten minutes.",
        Request::RefreshedToken | Request::ServiceAppToken => {
            return "Try again later. An access token is waited for a minute, or as long as the \
                    timeouts block of the resource says if that is less."
                .to_owned();
        }
    };
    if error.waited > error.elapsed / 2 {
        return format!(
            "Most of this time was spent waiting for a turn: requests_per_minute limits how many \
             requests are sent, and Webex may have asked to wait. {limit}"
        );
    }
    limit.to_owned()
}

impl Request {
    fn of(operation: Operation) -> Self {
        match operation {
            Operation::ReadConnector | Operation::ListConnectors | Operation::ListReferences => {
                Self::Read
            }
            Operation::ListFlowConnectors => Self::ReadForFlows,
            Operation::ValidateFlow
            | Operation::ImportFlow
            | Operation::ValidateDraft
            | Operation::PublishFlow => Self::Flow,
            Operation::CreateConnector
            | Operation::UpdateConnector
            | Operation::DeactivateConnector
            | Operation::ReactivateConnector
            | Operation::DeleteConnector => Self::Write,
            Operation::RefreshAccessToken => Self::RefreshedToken,
            Operation::MakeServiceAppToken => Self::ServiceAppToken,
        }
    }

    /// Returns the arguments that give the address. A region or an address of the
    /// API is always given, the others are optional.
    fn address(self) -> &'static str {
        match self {
            Self::Read | Self::ReadForFlows | Self::Write | Self::Flow => "region or base_url",
            Self::RefreshedToken => "token_url if it is set",
            Self::ServiceAppToken => "applications_url if it is set",
        }
    }
}
