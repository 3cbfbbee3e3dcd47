//! The result of reading the provider block and the environment.

use tf_provider::diagnostics::Diagnostic;
use tf_provider::value::Path;
use webex_contact_center::{Client, OrganizationId};

/// Whether calls can be made.
pub enum ProviderStatus {
    /// Configure has not been called, or has reported errors.
    Unconfigured,
    /// An argument is missing, in the provider block and in the environment.
    Missing(&'static str),
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
                "It can be read only from an access_token that ends with it, and there is none. \
                 Set organization_id here or in the provider block, or WEBEX_ORGANIZATION_ID. With \
                 refresh_token or service_app_id that is always needed.",
            )
            .at(Path::attribute("organization_id"))
        })
    }
}
