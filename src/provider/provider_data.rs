//! What the provider block has led to, shared by everything that makes calls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use super::configuration::schema::variable;
use tf_provider::diagnostics::Diagnostic;
use tf_provider::value::Path;
use webex_contact_center::{Client, OrganizationId};

/// Whether calls can be made.
pub enum Status {
    /// Configure has not come yet.
    Unconfigured,
    /// Configure found errors and told them.
    Refused,
    /// An argument is missing, in the provider block and in the environment.
    Missing(&'static str),
    /// An argument's value is known only after apply.
    Unknown(&'static str),
    /// Calls can be made.
    Ready(Ready),
}

/// What is needed for calls.
#[derive(Clone)]
pub struct Ready {
    /// The API client.
    pub client: Client,
    /// The organization where a resource names none.
    pub organization: Option<OrganizationId>,
    /// Whether plans look for trouble ahead.
    pub preflight: bool,
}

impl Ready {
    /// The organization that a resource names, or the provider's.
    ///
    /// # Errors
    ///
    /// When neither is there.
    pub fn organization(
        &self,
        explicit: Option<OrganizationId>,
    ) -> Result<OrganizationId, Diagnostic> {
        explicit.or(self.organization).ok_or_else(|| {
            Diagnostic::error(
                "The organization is not known",
                "It can be read only from an access_token that ends with it, and there is none. Set \
                 organization_id here or in the provider block, or WEBEX_ORGANIZATION_ID. With \
                 refresh_token or service_app_id that is always needed.",
            )
            .at(Path::attribute("organization_id"))
        })
    }
}

/// The shared place. It is written by Configure and read by everything else.
pub struct ProviderData {
    status: RwLock<Status>,
    applying: AtomicBool,
}

impl Default for ProviderData {
    fn default() -> Self {
        Self { status: RwLock::new(Status::Unconfigured), applying: AtomicBool::new(false) }
    }
}

impl ProviderData {
    /// Takes the outcome of a Configure, with which a run begins: in debug mode
    /// one process serves many.
    pub fn set(&self, status: Status) {
        self.applying.store(false, Ordering::Relaxed);
        *self.status.write().unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// What is needed for calls.
    ///
    /// # Errors
    ///
    /// Names what is missing.
    pub fn ready(&self) -> Result<Ready, Diagnostic> {
        let status = self.status.read().unwrap_or_else(PoisonError::into_inner);
        match &*status {
            Status::Ready(ready) => Ok(ready.clone()),
            Status::Missing(argument) => Err(missing(argument)),
            Status::Unknown(argument) => Err(Diagnostic::error(
                format!("The provider's {argument} is not known yet"),
                format!(
                    "Its value will be known only after apply, and this operation needs it now. \
                     Apply what {argument} depends on first (`terraform apply -target=…`), or \
                     remove it from the provider block and set {}.",
                    variable(argument)
                ),
            )),
            Status::Unconfigured | Status::Refused => Err(Diagnostic::error(
                "The provider is not configured",
                "The provider block could not be used; its own error says why.",
            )),
        }
    }

    /// Notes that this process applies a plan. Terraform plans every change once
    /// more while applying, in another process than the first time; looking
    /// ahead then would cost a call and tell the user nothing new.
    pub fn apply(&self) {
        self.applying.store(true, Ordering::Relaxed);
    }

    /// Whether this process has begun to apply a plan.
    #[must_use]
    pub fn is_applying(&self) -> bool {
        self.applying.load(Ordering::Relaxed)
    }

    /// The provider's organization, as far as it is known without a call.
    #[must_use]
    pub fn organization(&self) -> Option<OrganizationId> {
        self.ready().ok()?.organization
    }
}

fn missing(argument: &str) -> Diagnostic {
    let (what, more) = match argument {
        "region" => ("region", ", or base_url (WEBEX_CC_BASE_URL)"),
        _ => (
            "access_token",
            ". For tokens that are renewed, set client_id, client_secret and refresh_token \
             instead; for a Service App, set service_app_id, client_id, client_secret and an \
             access_token of scope spark:applications_token",
        ),
    };
    Diagnostic::error(
        format!("The provider's {what} is missing"),
        format!(
            "This operation calls Webex. Set {what} in the provider block, or {} in the \
             environment{more}.",
            variable(what)
        ),
    )
}
