//! Which connectors and names the resources of a configuration use, to notice two that use the same.
//!
//! Terraform does not compare resources with each other. A provider sees all of them in one process,
//! though without their addresses.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use safe_text::Shown;
use tf_provider::diagnostics::Diagnostic;
use tf_provider::value::Path;
use webex_contact_center::{ConnectorId, OrganizationId};

/// Why nothing here is an error: since version 1.13, `terraform test` plans the runs of a file with
/// one Configure.
const TESTS: &str = "In `terraform test`, ignore this warning if two runs plan the same resource.";

/// The connectors and names that the resources of a run use, since Configure.
#[derive(Default)]
pub struct Claims(Mutex<Run>);

#[derive(Default)]
struct Run {
    in_state: HashSet<(OrganizationId, ConnectorId)>,
    planned: HashSet<(OrganizationId, ConnectorId)>,
    names: HashSet<(OrganizationId, String)>,
}

impl Claims {
    /// Forgets a run.
    pub fn clear(&self) {
        *self.run() = Run::default();
    }

    /// Notes a connector that is in state.
    pub fn note_state(&self, organization: OrganizationId, id: &ConnectorId) {
        self.run().in_state.insert((organization, id.clone()));
    }

    /// Whether a connector is in state, as far as this run has read it.
    pub fn is_in_state(&self, organization: OrganizationId, id: &ConnectorId) -> bool {
        self.run().in_state.contains(&(organization, id.clone()))
    }

    /// Notes the plan of a resource that is not replaced, and returns a warning if another one has its
    /// connector or its name.
    ///
    /// Terraform plans a replacement as an update and then as a create. It drops the warnings of the
    /// second plan if the first one did not ask for it, as with `-replace`.
    pub fn plan(
        &self,
        organization: OrganizationId,
        id: Option<&ConnectorId>,
        name: Option<&str>,
    ) -> Option<Diagnostic> {
        let mut run = self.run();
        let is_new_id = id.is_none_or(|id| run.planned.insert((organization, id.clone())));
        let is_new_name = name.is_none_or(|name| run.names.insert((organization, name.to_owned())));
        if let Some(id) = id.filter(|_| !is_new_id) {
            return Some(Diagnostic::warning(
                format!("Two resources manage connector {id}"),
                format!(
                    "Keep one of the resources. To drop the other one, remove its import block, or \
                     run `terraform state rm ADDRESS` if it is in state, and remove it from the \
                     configuration. Two resources with one connector overwrite each other's \
                     changes, and destroying one of them deletes the connector. {TESTS}"
                ),
            ));
        }
        let name = name.filter(|_| !is_new_name)?;
        Some(
            Diagnostic::warning(
                format!("Two connectors are named {:?}", Shown::new(name)),
                format!(
                    "Choose another name, or remove one of the resources. Another resource of this \
                     configuration plans a connector with this name in organization \
                     {organization}. Names are unique in an organization, so Webex refuses one of \
                     the two. {TESTS}"
                ),
            )
            .at(Path::attribute("name")),
        )
    }

    /// Nothing panics while the lock is held, so a poisoned one is intact.
    fn run(&self) -> MutexGuard<'_, Run> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
