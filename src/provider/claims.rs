//! Which connectors and names the resources of a configuration use, to notice two that use the same.
//!
//! Terraform does not compare resources with each other. A provider sees all of them in one process,
//! though without their addresses.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use safe_text::Shown;
use tf_provider::diagnostics::Diagnostic;
use tf_provider::value::Path;
use webex_contact_center::{ConnectorId, OrganizationId};

/// Why a connector belongs to one resource.
const TWO_OWNERS: &str = "Two resources of one connector overwrite each other's changes, and \
                          destroying one deletes the connector of both.";

/// What the resources of a run use, since Configure.
#[derive(Default)]
pub struct Claims(Mutex<Run>);

#[derive(Default)]
struct Run {
    /// The connectors that are in state or imported.
    managed: HashSet<(OrganizationId, ConnectorId)>,
    planned: HashSet<(OrganizationId, ConnectorId)>,
    names: HashMap<(OrganizationId, String), usize>,
}

impl Claims {
    /// Forgets a run.
    pub fn clear(&self) {
        *self.run() = Run::default();
    }

    /// Notes a connector that is in state.
    pub fn note_state(&self, organization: OrganizationId, id: &ConnectorId) {
        self.run().managed.insert((organization, id.clone()));
    }

    /// Whether a connector is in state or imported, as far as this run has read it.
    pub fn is_managed(&self, organization: OrganizationId, id: &ConnectorId) -> bool {
        self.run().managed.contains(&(organization, id.clone()))
    }

    /// Notes an import.
    ///
    /// # Errors
    ///
    /// When another resource has the connector already.
    pub fn import(&self, organization: OrganizationId, id: &ConnectorId) -> Result<(), Diagnostic> {
        if self.run().managed.insert((organization, id.clone())) {
            return Ok(());
        }
        Err(Diagnostic::error(
            managed_twice(id),
            format!(
                "{TWO_OWNERS} Remove one of the imports, or the only one if the connector is in \
                 state already. This import changed nothing."
            ),
        ))
    }

    /// Notes the plan of a resource that is not replaced, and returns a warning if another one has its
    /// connector or its name. It is no error, because a program other than Terraform may plan a
    /// resource twice.
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
        let is_again = id.is_some_and(|id| !run.planned.insert((organization, id.clone())));
        let same_name = name.map_or(0, |name| {
            let count = run.names.entry((organization, name.to_owned())).or_default();
            *count += 1;
            *count - 1
        });
        if let Some(id) = id.filter(|_| is_again) {
            return Some(Diagnostic::warning(
                managed_twice(id),
                format!(
                    "{TWO_OWNERS} Remove one with `terraform state rm ADDRESS`, and from the \
                     configuration."
                ),
            ));
        }
        let name = name.filter(|_| same_name > 0)?;
        Some(
            Diagnostic::warning(
                format!("Two connectors are named {:?}", Shown::new(name)),
                format!(
                    "Another resource of this configuration plans a connector with this name in \
                     organization {organization}. Names are unique in an organization, so Webex \
                     refuses one of the two. Choose another name, or remove one of the resources."
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

fn managed_twice(id: &ConnectorId) -> String {
    format!("Two resources manage connector {id}")
}
