//! The generic planner: from what Terraform proposes to what will be.
//!
//! The order of the steps matters. Defaults come before the comparison with
//! the prior state, or a default would look like a change; write-only values go
//! before it, or they would always look like one. Computed values become
//! unknown only when something that reaches the remote object changes, or every
//! second plan would show a difference.

use super::object::{Configuration, Object, Plan, State};
use super::schema::{Block, Requirement, Stability};
use super::value::{Path, Value};

/// A plan in the making, as a resource may still complete it.
#[derive(Debug)]
pub struct Draft<'a> {
    /// What the user wrote.
    pub configuration: &'a Configuration,
    /// What is; `None` when the object is to be created.
    pub prior: Option<&'a State>,
    planned: Object,
    settled: Vec<&'static str>,
}

impl Draft<'_> {
    /// The values planned so far.
    #[must_use]
    pub fn planned(&self) -> &Object {
        &self.planned
    }

    /// Fills in an optional computed argument that the user left out.
    ///
    /// What the user wrote is never overridden: Terraform would reject the plan.
    pub fn settle(&mut self, name: &'static str, value: impl Into<Value>) {
        if self.configuration.object().get(name).is_null() {
            self.planned.set(name, value);
            self.settled.push(name);
        }
    }
}

/// The outcome of planning.
#[derive(Debug)]
pub struct Planned {
    /// What will be.
    pub plan: Plan,
    /// The arguments whose change needs a new object.
    pub requires_replace: Vec<Path>,
    /// Whether the change reaches the remote object.
    pub changes_remote: bool,
}

/// Plans a creation (`prior` is `None`) or an update.
///
/// `proposed` is Terraform's own merge: what the user wrote, and prior values
/// of computed arguments that the user left out. `complete` may then fill in
/// arguments whose default depends on others.
pub fn plan_change(
    block: &Block,
    configuration: &Configuration,
    prior: Option<&State>,
    proposed: Object,
    complete: impl FnOnce(&mut Draft<'_>),
) -> Planned {
    let mut draft = Draft { configuration, prior, planned: proposed, settled: Vec::new() };
    apply_defaults(block, &mut draft);
    draft.planned.forget_write_only(block);
    complete(&mut draft);
    let Draft { mut planned, settled, .. } = draft;

    let changes_remote = prior.is_none_or(|prior| differs(block, prior.object(), &planned));
    let absent = |name: &str| configuration.object().get(name).is_null();
    for attribute in &block.attributes {
        let open = attribute.is_computed()
            && attribute.default.is_none()
            && absent(attribute.name)
            && !settled.contains(&attribute.name);
        if !open {
            continue;
        }
        match (prior, attribute.stability) {
            (None, _) => planned.set(attribute.name, Value::Unknown),
            (Some(_), Stability::Volatile) if changes_remote => {
                planned.set(attribute.name, Value::Unknown);
            }
            (Some(prior), _) => {
                planned.set(attribute.name, prior.object().get(attribute.name).clone());
            }
        }
    }

    let requires_replace = prior.map_or_else(Vec::new, |prior| {
        let replaced = block.attributes.iter().filter(|attribute| {
            attribute.replaces && prior.object().get(attribute.name) != planned.get(attribute.name)
        });
        replaced.map(|attribute| Path::attribute(attribute.name)).collect()
    });
    Planned { plan: Plan::new(planned, block), requires_replace, changes_remote }
}

fn apply_defaults(block: &Block, draft: &mut Draft<'_>) {
    for attribute in &block.attributes {
        if let Some(default) = &attribute.default {
            draft.settle(attribute.name, default.clone());
        }
    }
}

/// Whether an argument or a block that reaches the remote object differs.
fn differs(block: &Block, prior: &Object, planned: &Object) -> bool {
    let attributes = block
        .attributes
        .iter()
        .filter(|attribute| attribute.requirement != Requirement::Computed && !attribute.write_only)
        .any(|attribute| prior.get(attribute.name) != planned.get(attribute.name));
    let blocks = block
        .blocks
        .iter()
        .filter(|nested| !nested.local)
        .any(|nested| prior.get(nested.name) != planned.get(nested.name));
    attributes || blocks
}
