//! Advice about API errors.
//!
//! It depends on the error and on the operation: a refusal of a token endpoint
//! concerns other arguments than one of the Contact Center API.

use webex_contact_center::{
    BodyProblem, CallName, CertificateProblem, Deadline, Error, ErrorKind, OauthError, Operation,
    ProfileGap,
};

const TRY_LATER: &str =
    "Try again later. If the problem persists, give Webex support the tracking ids below.";

const SUPPORT: &str = "If the problem persists, give Webex support the tracking ids below.";

const TOKEN_ADDRESS: &str = "Check token_url if it is set: it has to be Webex's token endpoint.";

const SERVICE_APP_ADDRESS: &str =
    "Check applications_url if it is set: it has to be the address of Webex's applications.";

/// The reader of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Somebody who runs Terraform.
    Terraform,
    /// Somebody who runs the command `doctor`. It reads environment variables only, and need not be
    /// recommended.
    Doctor,
}

/// Returns the advice about an error for the command `doctor`.
pub(in crate::provider) fn for_doctor(error: &Error) -> String {
    advice_for(Reader::Doctor, error)
}

/// Returns the advice about an error for a message that already says what to do next.
pub(in crate::provider) fn further_advice(error: &Error) -> String {
    match &error.kind {
        ErrorKind::Timeout(_) | ErrorKind::ConnectionLost | ErrorKind::ServerError => {
            SUPPORT.to_owned()
        }
        ErrorKind::Stopped | ErrorKind::Stale { .. } | ErrorKind::NotFound => String::new(),
        ErrorKind::NameResolution
        | ErrorKind::Connection
        | ErrorKind::Certificate(_)
        | ErrorKind::Tls
        | ErrorKind::NotTls
        | ErrorKind::Redirected { .. }
        | ErrorKind::Unauthorized { .. }
        | ErrorKind::CredentialsRefused { .. }
        | ErrorKind::UnusableToken(_)
        | ErrorKind::Forbidden
        | ErrorKind::NameTaken
        | ErrorKind::Conflict
        | ErrorKind::Referenced(_)
        | ErrorKind::Locked
        | ErrorKind::LockedThoughInactive
        | ErrorKind::ActiveUnchanged
        | ErrorKind::RateLimited { .. }
        | ErrorKind::InvalidRequest
        | ErrorKind::UnexpectedStatus
        | ErrorKind::UnreadableBody(_)
        | ErrorKind::BodyTooLarge { .. }
        | ErrorKind::Paging(_)
        | ErrorKind::DeadlineExceeded
        | ErrorKind::Unsendable
        | ErrorKind::NotInProfile(_)
        | ErrorKind::Defect => advice(error),
    }
}

/// Returns the advice for users about an error: the next step first.
pub(in crate::provider) fn advice(error: &Error) -> String {
    advice_for(Reader::Terraform, error)
}

fn advice_for(reader: Reader, error: &Error) -> String {
    let request = Request::of(error.operation);
    let address = request.address(reader);
    match &error.kind {
        ErrorKind::NameResolution
        | ErrorKind::Connection
        | ErrorKind::Timeout(Deadline::Connect) => {
            return format!("Check the network, HTTPS_PROXY and NO_PROXY, and {address}.");
        }
        // Windows and macOS have many texts for an issuer that they do not trust.
        ErrorKind::Certificate(CertificateProblem::UnknownIssuer | CertificateProblem::Other) => {
            match reader {
                Reader::Terraform => {
                    "If a proxy of your company inspects traffic, set the environment variable \
                     WEBEX_CC_CA_CERTIFICATE_FILE to a file with the certificate of its authority. \
                     If your credentials are in the provider block, you can set \
                     ca_certificate_file there. Otherwise stop here: somebody may intercept the \
                     connection."
                }
                Reader::Doctor => {
                    "If a proxy of your company inspects traffic, set the environment variable \
                     WEBEX_CC_CA_CERTIFICATE_FILE to a file with the certificate of its authority. \
                     Otherwise stop here: somebody may intercept the connection."
                }
            }
        }
        ErrorKind::Certificate(CertificateProblem::NotYetValid | CertificateProblem::Expired) => {
            "Check the clock of this machine. If the clock is right, the operator of the host has \
             to renew the certificate."
        }
        ErrorKind::Certificate(_) | ErrorKind::Tls | ErrorKind::NotTls => {
            return format!(
                "Check the network and any proxy between this machine and the host, and {address}."
            );
        }
        ErrorKind::Timeout(Deadline::FirstByte | Deadline::Total) => match request {
            Request::Read | Request::ReadForFlows | Request::Flow => {
                "Try again. If the problem persists, raise request_timeout in the provider block."
            }
            Request::Write => {
                "Try again. If saving is slow because the third party checks the credentials \
                 slowly, raise request_timeout in the provider block."
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
            "Set access_token (WEBEX_ACCESS_TOKEN) to a new token. A personal token expires after \
             12 hours. For tokens that the provider renews, set client_id, client_secret and \
             refresh_token instead."
        }
        ErrorKind::Unauthorized { refreshable: true } => {
            "Check that the app is authorized for this organization, and that region is the \
             region of this organization."
        }
        ErrorKind::CredentialsRefused { code } => refused(request, *code),
        ErrorKind::UnusableToken(_) if request == Request::ServiceAppToken => SERVICE_APP_ADDRESS,
        ErrorKind::UnusableToken(_) => TOKEN_ADDRESS,
        ErrorKind::Forbidden => forbidden(request),
        ErrorKind::NotFound => match request {
            Request::Read | Request::ReadForFlows | Request::Write | Request::Flow
                if reader == Reader::Doctor =>
            {
                "Check WEBEX_ORGANIZATION_ID, and WEBEX_CC_REGION or WEBEX_CC_BASE_URL. If they \
                 are right, your organization's API may have another path. See the guide \"API \
                 compatibility\"."
            }
            Request::Read | Request::Write => {
                "Check organization_id and region. If they are right, your organization's API may \
                 have another path, which the API profile can set. The provider's command `doctor` \
                 shows which endpoints exist. See the guide \"API compatibility\"."
            }
            Request::ReadForFlows | Request::Flow => {
                "Check organization_id and region. The provider's command `doctor` shows which \
                 endpoints exist. See the guide \"API compatibility\"."
            }
            Request::RefreshedToken => TOKEN_ADDRESS,
            Request::ServiceAppToken => "Check service_app_id, and applications_url if it is set.",
        },
        ErrorKind::NameTaken => "Choose another name, or import the connector that has it.",
        ErrorKind::Stale { .. } => "Run `terraform plan` again to see what changed, then apply.",
        ErrorKind::Conflict if error.operation == Operation::CreateConnector => {
            "Apply again in a minute: another connector may have this name, although the list of \
             connectors does not show it yet. If the problem persists, choose another name."
        }
        ErrorKind::Conflict => {
            "Run `terraform plan` again, and compare the connector with Control Hub."
        }
        ErrorKind::Referenced(_) => {
            "In Flow Designer, remove the connector from the flows that use it, and publish them. \
             Then apply again. To stop managing the connector without deleting it, use a `removed` \
             block."
        }
        ErrorKind::Locked | ErrorKind::LockedThoughInactive | ErrorKind::ActiveUnchanged
            if request == Request::Flow =>
        {
            "Try again later. Somebody edits the flow in Flow Designer. Webex unlocks a flow that \
             nobody edits for 15 minutes."
        }
        ErrorKind::Locked => {
            "Try to deactivate the connector in Control Hub. If Control Hub refuses too, it may \
             show the reason. If it succeeds, apply again. Webex allows edits and deletes of \
             inactive connectors only."
        }
        ErrorKind::LockedThoughInactive => {
            "Try again later. Somebody may be working on the connector in Control Hub, or Webex \
             itself may have locked it."
        }
        ErrorKind::ActiveUnchanged => {
            "Try to activate or deactivate the connector in Control Hub. If Control Hub refuses \
             too, it may show the reason. If it succeeds, apply again. If the problem persists, \
             give Webex support the tracking ids below."
        }
        ErrorKind::RateLimited { .. } => match request {
            Request::Write => {
                "Wait a minute and apply again. Lower requests_per_minute if other programs use \
                 the same client id, or raise the limit in the timeouts block of the resource. \
                 Cisco allows 300 requests per minute for each client id."
            }
            Request::Read | Request::ReadForFlows | Request::Flow => {
                "Wait a minute and try again. Lower requests_per_minute if other programs use the \
                 same client id. Cisco allows 300 requests per minute for each client id."
            }
            Request::RefreshedToken | Request::ServiceAppToken => {
                "Wait a minute and try again. Check whether other programs use the same app."
            }
        },
        ErrorKind::InvalidRequest if request == Request::Flow => {
            "Correct the flow in Flow Designer, and export it again."
        }
        ErrorKind::InvalidRequest => {
            "Correct the argument that Webex names below. If Webex names the credentials, the \
             third party refused them when Webex checked them."
        }
        ErrorKind::NotInProfile(gap) => {
            return format!(
                "Record {} in Control Hub, run the provider's command `learn` on all recordings, \
                 and use the profile that the command writes. See the guide \"API compatibility\".",
                recording(*gap)
            );
        }
        ErrorKind::UnexpectedStatus if !error.allowed_methods.is_empty() => {
            "Record in Control Hub how your organization's API is used, and run the provider's \
             command `learn` on the recording. The API differs from the API profile. See the guide \
             \"API compatibility\"."
        }
        ErrorKind::UnreadableBody(BodyProblem::OtherType) => {
            "Check the id on the connector's page in Control Hub. The provider manages and reads \
             custom connectors only; the data source webex_cc_custom_connectors lists them."
        }
        ErrorKind::UnexpectedStatus
        | ErrorKind::UnreadableBody(_)
        | ErrorKind::BodyTooLarge { .. }
        | ErrorKind::Paging(_) => {
            let who = "a gateway or a proxy may have responded in Webex's place.";
            return match request {
                Request::Read | Request::ReadForFlows | Request::Write | Request::Flow
                    if reader == Reader::Terraform =>
                {
                    format!(
                        "Check {address}: {who} The provider's command `doctor` shows how the \
                     responses differ from the API profile. See the guide \"API compatibility\"."
                    )
                }
                Request::Read
                | Request::ReadForFlows
                | Request::Write
                | Request::Flow
                | Request::RefreshedToken
                | Request::ServiceAppToken => format!("Check {address}: {who}"),
            };
        }
        ErrorKind::Stopped => "Run the same command again: it does what is left.",
        ErrorKind::DeadlineExceeded => return time_used_up(error, request),
        ErrorKind::Defect => match reader {
            Reader::Terraform => {
                "Run the command again with TF_LOG_PROVIDER=TRACE and TF_LOG_PATH=run.log. Report \
                 this message with the lines of run.log that contain \
                 provider.terraform-provider-webex."
            }
            Reader::Doctor => "Run the command again. If it fails again, report this message.",
        },
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
        "Authorize the app again, and store the new refresh token. The configured one has expired \
         (after 90 days without use), was replaced, or was revoked."
    } else {
        "Check client_id, client_secret and refresh_token, and that they belong together. If they \
         do, the refresh token has expired or was replaced: authorize the app again, and store the \
         new one."
    }
}

/// Returns the scope or the role that is most likely missing.
fn forbidden(request: Request) -> &'static str {
    match request {
        Request::Read | Request::ReadForFlows => {
            "Check that the access token has the scope cjp:config_read: a personal token may lack \
             it, and a token does not get scopes that are added to its app later. Check that the \
             token is for the organization in organization_id. If both are right, check the User \
             Profile of the token's user in Control Hub: other objects need its permissions, and \
             connectors may need them, too."
        }
        Request::Write | Request::Flow => {
            "Check that the access token has the scope cjp:config_write, and that its owner is a \
             full administrator, a Contact Center Service administrator or a partner full \
             administrator. A token does not get scopes that are added to its app later."
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
            "Apply again, and raise the limit in the timeouts block of the resource if it was too \
             short."
        }
        Request::Read => {
            "Try again. You can raise the limit in the timeouts block of a resource; data sources \
             and `terraform query` have five minutes."
        }
        Request::ReadForFlows => "Try again later. A data source has five minutes.",
        Request::Flow => "Try again later. The action has ten minutes.",
        Request::RefreshedToken | Request::ServiceAppToken => {
            return "Try again later. The provider waits at most one minute for an access token, or \
                    less if the timeouts block of the resource has a shorter limit."
                .to_owned();
        }
    };
    if error.waited > error.elapsed / 2 {
        return format!(
            "{limit} Most of the time was spent waiting: requests_per_minute limits how many \
             requests are sent, and Webex may have asked the provider to wait."
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
    fn address(self, reader: Reader) -> &'static str {
        match self {
            Self::Read | Self::ReadForFlows | Self::Write | Self::Flow => match reader {
                Reader::Terraform => "region or base_url",
                Reader::Doctor => "WEBEX_CC_REGION or WEBEX_CC_BASE_URL",
            },
            Self::RefreshedToken => "token_url if it is set",
            Self::ServiceAppToken => "applications_url if it is set",
        }
    }
}
