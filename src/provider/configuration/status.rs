//! The result of reading the provider block and the environment.

use super::schema::variable;
use tf_provider::diagnostics::Diagnostic;
use tf_provider::value::Path;
use webex_contact_center::{Client, OrganizationId};

/// Whether calls can be made.
pub enum ProviderStatus {
    /// Configure has not been called, or has reported errors.
    Unconfigured,
    /// Arguments that every call needs are missing, in the provider block and in the environment:
    /// `access_token`, `region`, or both.
    Missing(Vec<&'static str>),
    /// An argument's value is known only after apply.
    Unknown(&'static str),
    /// Calls can be made.
    Ready(ConfiguredProvider),
}

/// The API client and the defaults of the provider block.
#[derive(Clone)]
pub struct ConfiguredProvider {
    /// The API client.
    pub client: Client,
    /// The organization where a resource names none.
    pub organization: Option<OrganizationId>,
    /// Whether plans warn of conflicts that the API would report on apply.
    pub preflight: bool,
}

impl ConfiguredProvider {
    /// Returns the organization that a resource names, or the provider's.
    ///
    /// # Errors
    ///
    /// When there is neither.
    pub fn organization(
        &self,
        explicit: Option<OrganizationId>,
    ) -> Result<OrganizationId, Diagnostic> {
        explicit.or(self.organization).ok_or_else(|| {
            Diagnostic::error(
                "The organization is not known",
                "Set organization_id here or in the provider block, or WEBEX_ORGANIZATION_ID. \
                 Without it, the provider reads the organization from the end of access_token, and \
                 no token that ends with one is configured. With refresh_token or service_app_id, \
                 organization_id is always needed.",
            )
            .at(Path::attribute("organization_id"))
        })
    }
}

/// Returns the error that arguments are missing, all of them at once.
#[must_use]
pub fn missing(arguments: &[&'static str]) -> Diagnostic {
    let remedies = arguments.iter().map(|argument| remedy(argument)).collect::<Vec<_>>();
    Diagnostic::error(
        format!("The provider's {} missing", listed(arguments)),
        format!(
            "{}\n\nWithout {}, the provider cannot call Webex, and it cannot check a plan.",
            remedies.join("\n\n"),
            if arguments.len() > 1 { "them" } else { "it" }
        ),
    )
}

/// Returns names with their verb: `a is`, `a and b are`.
pub(super) fn listed(names: &[&'static str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
    }
}

/// Returns how to set a missing argument.
pub(super) fn remedy(argument: &str) -> String {
    let more = match argument {
        "region" => ", or base_url (WEBEX_CC_BASE_URL)",
        "access_token" => {
            ". For tokens that the provider renews, set client_id, client_secret and refresh_token \
             instead. For a Service App, set service_app_id, client_id, client_secret and an \
             access_token with the scope spark:applications_token"
        }
        _ => "",
    };
    format!(
        "Set {argument} in the provider block, or {} in the environment{more}.",
        variable(argument)
    )
}
