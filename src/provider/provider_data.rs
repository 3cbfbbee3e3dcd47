//! The configured provider, shared by everything that makes calls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use super::claims::Claims;
use super::configuration::schema::variable;
use super::configuration::status::{ConfiguredProvider, ProviderStatus, missing};
use tf_provider::diagnostics::Diagnostic;
use webex_contact_center::{ConnectorId, OrganizationId};

/// The provider data, written by Configure and read by everything else.
pub struct ProviderData {
    status: RwLock<ProviderStatus>,
    applying: AtomicBool,
    /// The connectors and names that the resources of this run use.
    pub claims: Claims,
}

impl Default for ProviderData {
    fn default() -> Self {
        Self {
            status: RwLock::new(ProviderStatus::Unconfigured),
            applying: AtomicBool::new(false),
            claims: Claims::default(),
        }
    }
}

impl ProviderData {
    /// Stores the result of a Configure, with which a run begins: in debug mode
    /// one process serves many.
    pub fn set(&self, status: ProviderStatus) {
        self.applying.store(false, Ordering::Relaxed);
        self.claims.clear();
        *self.status.write().unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// Returns the configured provider, with which calls can be made.
    ///
    /// # Errors
    ///
    /// When it is not configured. The message names what is missing.
    pub fn ready(&self) -> Result<ConfiguredProvider, Diagnostic> {
        let status = self.status.read().unwrap_or_else(PoisonError::into_inner);
        match &*status {
            ProviderStatus::Ready(provider) => Ok(provider.clone()),
            ProviderStatus::Missing(arguments) => Err(missing(arguments)),
            ProviderStatus::Unknown(argument) => Err(unknown(argument)),
            ProviderStatus::Unconfigured => Err(Diagnostic::error(
                "The provider is not configured",
                "Correct the provider block. Its own error says what is wrong.",
            )),
        }
    }

    /// Notes that Terraform applies. It plans every change once more while applying: preflight checks
    /// would cost a call and report nothing new.
    pub fn mark_applying(&self) {
        self.applying.store(true, Ordering::Relaxed);
    }

    /// Notes a connector that is in state and is read. Terraform reads before it plans, so an apply is
    /// over: since version 1.13, `terraform test` plans again in a process that has applied.
    pub fn note_read(&self, organization: OrganizationId, id: &ConnectorId) {
        if self.applying.swap(false, Ordering::Relaxed) {
            self.claims.clear();
        }
        self.claims.note_state(organization, id);
    }

    /// Whether Terraform applies.
    #[must_use]
    pub fn is_applying(&self) -> bool {
        self.applying.load(Ordering::Relaxed)
    }

    /// Returns the provider's organization, if it is known without a call.
    #[must_use]
    pub fn organization(&self) -> Option<OrganizationId> {
        self.ready().ok()?.organization
    }
}

fn unknown(argument: &str) -> Diagnostic {
    Diagnostic::error(
        format!("The provider's {argument} is not known yet"),
        format!(
            "Apply the resource that {argument} depends on first (`terraform apply -target=…`). Or \
             remove {argument} from the provider block and set {}. Its value is known only after \
             apply, and this operation needs it now.",
            variable(argument)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `terraform test` plans again in a process that has applied.
    #[test]
    fn read_after_an_apply_begins_another_run() {
        let data = ProviderData::default();
        data.mark_applying();
        assert!(data.is_applying());
        let organization = OrganizationId::parse("3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430").unwrap();
        data.note_read(organization, &ConnectorId::parse("1").unwrap());
        assert!(!data.is_applying());
    }
}
