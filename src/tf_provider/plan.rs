//! The generic planner: from what Terraform proposes to what will be.
//!
//! The order of the steps matters. Defaults come before the comparison with
//! the prior state, or a default would look like a change; write-only values go
//! before it, or they would always look like one. Computed values become
//! unknown only when something that reaches the remote object changes, or every
//! second plan would show a difference.

use super::object::{Configuration, Object, Plan, State};
use super::schema::{Attribute, Block, Requirement};
use super::value::{Path, Value};

/// A plan in the making, as a resource may still complete it.
#[derive(Debug)]
pub struct PlanBuilder<'a> {
    /// What the user wrote.
    pub configuration: &'a Configuration,
    /// What is; `None` when the object is to be created.
    pub prior: Option<&'a State>,
    planned: Object,
    settled: Vec<&'static str>,
    local: Vec<String>,
    forces_update: bool,
}

impl PlanBuilder<'_> {
    /// The values planned so far.
    #[must_use]
    pub fn planned(&self) -> &Object {
        &self.planned
    }

    /// Fills in an optional computed argument that the user left out.
    ///
    /// What the user wrote is never overridden: Terraform would reject the plan.
    pub fn set_default(&mut self, name: &'static str, value: impl Into<Value>) {
        if self.configuration.object().get(name).is_null() {
            self.planned.set(name, value);
            self.settled.push(name);
        }
    }

    /// Keeps the prior spelling of an argument whose new one means the same, so
    /// that there is no difference.
    ///
    /// Terraform accepts the prior value in the place of what the user wrote
    /// where neither is null; elsewhere this does nothing.
    pub fn use_prior_state(&mut self, name: &'static str) {
        let Some(prior) = self.prior else { return };
        let prior = prior.object().get(name);
        if !prior.is_null() && !self.configuration.object().get(name).is_null() {
            self.planned.set(name, prior.clone());
        }
    }

    /// Says that a difference of this argument concerns state alone and does
    /// not reach the remote object.
    pub fn exclude_from_update(&mut self, name: &str) {
        self.local.push(name.to_owned());
    }

    /// Plans an update of an existing object although no argument differs.
    ///
    /// This is for what the generic planner cannot see: a write-only value is
    /// in no state, so whether it was ever sent is known to the resource only.
    pub fn force_update(&mut self) {
        self.forces_update = true;
    }
}

/// The outcome of planning.
#[derive(Debug)]
pub struct PlannedChange {
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
    complete: impl FnOnce(&mut PlanBuilder<'_>),
) -> PlannedChange {
    let mut draft = PlanBuilder {
        configuration,
        prior,
        planned: proposed,
        settled: Vec::new(),
        local: Vec::new(),
        forces_update: false,
    };
    apply_defaults(block, &mut draft);
    draft.planned.clear_write_only(block);
    complete(&mut draft);
    let PlanBuilder { mut planned, settled, local, forces_update, .. } = draft;

    let changes_remote =
        prior.is_none_or(|prior| forces_update || differs(block, prior.object(), &planned, &local));
    let absent = |name: &str| configuration.object().get(name).is_null();
    for attribute in &block.attributes {
        let open = attribute.is_computed()
            && attribute.default.is_none()
            && absent(attribute.name)
            && !settled.contains(&attribute.name);
        if !open {
            continue;
        }
        let value = match prior {
            Some(prior) if attribute.use_state_for_unknown || !changes_remote => {
                prior.object().get(attribute.name).clone()
            }
            Some(_) | None => Value::Unknown,
        };
        planned.set(attribute.name, value);
    }

    let requires_replace = prior.map_or_else(Vec::new, |prior| {
        let replaced = block.attributes.iter().filter(|attribute| {
            attribute.requires_replace && is_changed(attribute, prior.object(), &planned)
        });
        replaced.map(|attribute| Path::attribute(attribute.name)).collect()
    });
    PlannedChange { plan: Plan::new(planned, block), requires_replace, changes_remote }
}

fn apply_defaults(block: &Block, draft: &mut PlanBuilder<'_>) {
    for attribute in &block.attributes {
        if let Some(default) = &attribute.default {
            draft.set_default(attribute.name, default.clone());
        }
    }
}

/// Whether an argument or a block that reaches the remote object differs.
fn differs(block: &Block, prior: &Object, planned: &Object, local: &[String]) -> bool {
    let attributes = block
        .attributes
        .iter()
        .filter(|attribute| attribute.requirement != Requirement::Computed && !attribute.write_only)
        .filter(|attribute| !local.iter().any(|name| name == attribute.name))
        .any(|attribute| is_changed(attribute, prior, planned));
    let blocks = block
        .blocks
        .iter()
        .filter(|nested| !nested.local)
        .any(|nested| prior.get(nested.name) != planned.get(nested.name));
    attributes || blocks
}

/// Whether an attribute is to have another value, as Terraform compares them.
fn is_changed(attribute: &Attribute, prior: &Object, planned: &Object) -> bool {
    !prior.get(attribute.name).equals(planned.get(attribute.name), &attribute.ty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::NestedBlock;
    use crate::value::Type;

    /// One attribute of each kind that the planner treats in its own way.
    fn block() -> Block {
        let limits = Block {
            attributes: vec![Attribute::optional("create", Type::String, "")],
            ..Block::default()
        };
        Block {
            attributes: vec![
                Attribute::computed("id", Type::String, "").use_state_for_unknown(),
                Attribute::computed("changed", Type::String, ""),
                Attribute::required("name", Type::String, ""),
                Attribute::optional("kind", Type::String, "")
                    .default_value("plain")
                    .requires_replace(),
                Attribute::optional_computed("flavour", Type::String, ""),
                Attribute::write_only_secret("secret_wo", ""),
            ],
            blocks: vec![NestedBlock::single("timeouts", limits).local()],
            ..Block::default()
        }
    }

    fn object(values: &[(&str, Value)]) -> Object {
        let empty = Object::null(&block());
        values.iter().fold(empty, |object, (name, value)| object.with(name, value.clone()))
    }

    fn text(text: &str) -> Value {
        Value::from(text)
    }

    /// What Terraform proposes: the configuration over the computed prior values.
    fn proposed(configuration: &Object, prior: Option<&Object>) -> Object {
        let mut proposed = configuration.clone();
        for attribute in block().attributes.iter().filter(|attribute| attribute.is_computed()) {
            if let Some(prior) = prior
                && proposed.get(attribute.name).is_null()
            {
                proposed.set(attribute.name, prior.get(attribute.name).clone());
            }
        }
        proposed
    }

    fn plan(configuration: &Object, prior: Option<&Object>) -> PlannedChange {
        let block = block();
        let prior_state = prior.map(|prior| State::new(prior.clone(), &block));
        let proposed = proposed(configuration, prior);
        let configuration = Configuration::new(configuration.clone());
        plan_change(&block, &configuration, prior_state.as_ref(), proposed, |_| {})
    }

    fn stored() -> Object {
        object(&[
            ("id", text("1")),
            ("changed", text("monday")),
            ("name", text("a")),
            ("kind", text("plain")),
            ("flavour", text("sweet")),
        ])
    }

    #[test]
    fn a_creation_has_defaults_and_unknown_computed_values() {
        let planned = plan(&object(&[("name", text("a"))]), None);
        let expected = object(&[
            ("id", Value::Unknown),
            ("changed", Value::Unknown),
            ("name", text("a")),
            ("kind", text("plain")),
            ("flavour", Value::Unknown),
        ]);
        assert_eq!(planned.plan.object(), &expected);
        assert_eq!(planned.requires_replace, []);
        assert!(planned.changes_remote);
    }

    #[test]
    fn without_a_change_the_plan_is_the_prior_state() {
        let planned = plan(&object(&[("name", text("a"))]), Some(&stored()));
        assert_eq!(planned.plan.object(), &stored());
        assert!(!planned.changes_remote);
    }

    #[test]
    fn a_change_makes_volatile_values_unknown_and_keeps_stable_ones() {
        let configuration = object(&[("name", text("b")), ("flavour", text("sour"))]);
        let planned = plan(&configuration, Some(&stored()));
        let expected = object(&[
            ("id", text("1")),
            ("changed", Value::Unknown),
            ("name", text("b")),
            ("kind", text("plain")),
            ("flavour", text("sour")),
        ]);
        assert_eq!(planned.plan.object(), &expected);
        assert_eq!(planned.requires_replace, []);
    }

    #[test]
    fn another_normal_form_is_no_change() {
        let accented = |name: &str| stored().with("name", name).with("kind", name);
        let planned = plan(&accented("Z\u{fc}rich"), Some(&accented("Zu\u{308}rich")));
        assert!(!planned.changes_remote);
        assert_eq!(planned.requires_replace, []);
    }

    #[test]
    fn a_change_of_what_cannot_be_edited_replaces() {
        let configuration = object(&[("name", text("a")), ("kind", text("fancy"))]);
        let planned = plan(&configuration, Some(&stored()));
        assert_eq!(planned.requires_replace, [Path::attribute("kind")]);
        let configuration = object(&[("name", text("a")), ("kind", Value::Unknown)]);
        let planned = plan(&configuration, Some(&stored()));
        assert_eq!(planned.requires_replace, [Path::attribute("kind")]);
    }

    #[test]
    fn a_write_only_value_is_in_no_plan_and_is_no_change() {
        let secret = Value::Secret(safe_text::Secret::from("hunter2"));
        let configuration = object(&[("name", text("a")), ("secret_wo", secret)]);
        for prior in [None, Some(stored())] {
            let planned = plan(&configuration, prior.as_ref());
            assert_eq!(planned.plan.object().get("secret_wo"), &Value::Null);
            assert_eq!(planned.changes_remote, prior.is_none());
        }
    }

    #[test]
    fn a_change_of_a_local_block_reaches_nobody() {
        let limit = Value::Map([("create".to_owned(), text("5m"))].into());
        let configuration = object(&[("name", text("a")), ("timeouts", limit.clone())]);
        let planned = plan(&configuration, Some(&stored()));
        assert_eq!(planned.plan.object(), &stored().with("timeouts", limit));
        assert!(!planned.changes_remote);
    }

    #[test]
    fn a_change_of_a_local_argument_reaches_nobody() {
        let (block, state) = (block(), State::new(stored(), &block()));
        let configuration = stored().with("flavour", "sour");
        let planned = plan_change(
            &block,
            &Configuration::new(configuration.clone()),
            Some(&state),
            proposed(&configuration, Some(&stored())),
            |draft| draft.exclude_from_update("flavour"),
        );
        assert_eq!(planned.plan.object(), &configuration);
        assert!(!planned.changes_remote);
    }

    #[test]
    fn another_spelling_of_the_same_is_no_change() {
        let block = block();
        let keep = |configuration: &Object, prior: Option<&Object>| {
            let state = prior.map(|prior| State::new(prior.clone(), &block));
            let proposed = proposed(configuration, prior);
            let configuration = Configuration::new(configuration.clone());
            plan_change(&block, &configuration, state.as_ref(), proposed, |draft| {
                for name in ["name", "kind", "flavour"] {
                    draft.use_prior_state(name);
                }
            })
        };
        let respelled = object(&[("name", text("A")), ("kind", text("PLAIN"))]);
        let planned = keep(&respelled, Some(&stored()));
        assert_eq!(planned.plan.object(), &stored());
        assert_eq!(planned.requires_replace, []);
        assert!(!planned.changes_remote);

        // There is nothing to keep where nothing was, or where the user has
        // taken it away.
        assert_eq!(keep(&respelled, None).plan.object().get("kind"), &text("PLAIN"));
        let (tasteless, removed) = (stored().with("flavour", Value::Null), stored());
        let planned = keep(&stored().with("flavour", "sour"), Some(&tasteless));
        assert_eq!(planned.plan.object().get("flavour"), &text("sour"));
        let planned = keep(&removed.with("kind", Value::Null), Some(&stored().with("kind", "x")));
        assert_eq!(planned.plan.object().get("kind"), &text("plain"));
    }

    #[test]
    fn completing_fills_in_what_the_user_left_out_and_nothing_else() {
        let block = block();
        for (given, expected) in [(Value::Null, "salty"), (text("sour"), "sour")] {
            let configuration = object(&[("name", text("a")), ("flavour", given)]);
            let planned = plan_change(
                &block,
                &Configuration::new(configuration.clone()),
                None,
                proposed(&configuration, None),
                |draft| draft.set_default("flavour", "salty"),
            );
            assert_eq!(planned.plan.object().get("flavour"), &text(expected));
        }
    }
}
