//! The generic planner, which turns Terraform's proposed state into the planned
//! state.
//!
//! The order of the steps matters. Defaults are applied before the comparison
//! with the prior state, or a default would look like a change. Write-only values
//! are cleared before it, or they would always look like one. Computed values
//! become unknown only if the remote object changes, or every second plan would
//! show a difference.
//!
//! Defaults, computed values and replacements work at the top level of a schema.
//! Inside nested blocks they have no effect.

use super::object::{Configuration, Object, Plan, State};
use super::schema::{Attribute, Block, Requirement};
use super::value::{Path, Value};

/// Builds a plan, and lets a resource modify it.
#[derive(Debug)]
pub struct PlanBuilder<'a> {
    /// The configuration.
    pub configuration: &'a Configuration,
    /// The prior state; `None` for a create.
    pub prior: Option<&'a State>,
    planned: Object,
    /// The computed attributes with a default.
    defaulted: Vec<&'static str>,
    /// The attributes that do not reach the remote object.
    local: Vec<String>,
    forces_update: bool,
}

impl PlanBuilder<'_> {
    /// Returns the values planned so far.
    #[must_use]
    pub fn planned(&self) -> &Object {
        &self.planned
    }

    /// Sets an optional computed attribute that the configuration omits.
    ///
    /// Configured values are never overridden: Terraform would reject the plan.
    pub fn set_default(&mut self, name: &'static str, value: impl Into<Value>) {
        if self.configuration.object().get(name).is_null() {
            self.planned.set(name, value);
            self.defaulted.push(name);
        }
    }

    /// Keeps the prior value of an attribute that is semantically equal to the
    /// configured one, so that the plan shows no difference.
    ///
    /// Has no effect if either value is null: Terraform would reject the plan.
    pub fn use_prior_state(&mut self, name: &'static str) {
        let Some(prior) = self.prior else { return };
        let prior = prior.object().get(name);
        if !prior.is_null() && !self.configuration.object().get(name).is_null() {
            self.planned.set(name, prior.clone());
        }
    }

    /// Marks an attribute as local: a difference changes the state only, and not
    /// the remote object.
    pub fn exclude_from_update(&mut self, name: &str) {
        self.local.push(name.to_owned());
    }

    /// Plans an update of an existing object even if no attribute differs.
    ///
    /// A write-only value is in no state, so only the resource knows whether it
    /// was ever sent.
    pub fn force_update(&mut self) {
        self.forces_update = true;
    }
}

/// A finished plan.
#[derive(Debug)]
pub struct PlannedChange {
    /// The planned state.
    pub plan: Plan,
    /// The changed attributes that require a replacement.
    pub requires_replace: Vec<Path>,
    /// Whether applying the plan changes the remote object.
    pub changes_remote: bool,
}

/// Plans a create (`prior` is `None`) or an update.
///
/// `proposed` is Terraform's own merge of the configuration and the prior values
/// of computed attributes. `modify` changes the plan after defaults are applied.
pub fn plan_change(
    block: &Block,
    configuration: &Configuration,
    prior: Option<&State>,
    proposed: Object,
    modify: impl FnOnce(&mut PlanBuilder<'_>),
) -> PlannedChange {
    let mut builder = PlanBuilder {
        configuration,
        prior,
        planned: proposed,
        defaulted: Vec::new(),
        local: Vec::new(),
        forces_update: false,
    };
    apply_defaults(block, &mut builder);
    builder.planned.clear_write_only(block);
    modify(&mut builder);
    let PlanBuilder { mut planned, defaulted, local, forces_update, .. } = builder;

    let changes_remote =
        prior.is_none_or(|prior| forces_update || differs(block, prior.object(), &planned, &local));
    let absent = |name: &str| configuration.object().get(name).is_null();
    for attribute in &block.attributes {
        let is_open = attribute.is_computed()
            && attribute.default.is_none()
            && absent(attribute.name)
            && !defaulted.contains(&attribute.name);
        if !is_open {
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

fn apply_defaults(block: &Block, builder: &mut PlanBuilder<'_>) {
    for attribute in &block.attributes {
        if let Some(default) = &attribute.default {
            builder.set_default(attribute.name, default.clone());
        }
    }
}

/// Whether an attribute or a block differs that reaches the remote object.
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

/// Whether an attribute's value changes, as Terraform compares values.
fn is_changed(attribute: &Attribute, prior: &Object, planned: &Object) -> bool {
    !prior.get(attribute.name).equals(planned.get(attribute.name), &attribute.ty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::NestedBlock;
    use crate::value::Type;

    /// Returns a block with one attribute of each kind.
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
                Attribute::optional_computed("flavor", Type::String, ""),
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

    /// Returns Terraform's proposal: the configuration over the computed prior values.
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
            ("flavor", text("sweet")),
        ])
    }

    #[test]
    fn create_has_defaults_and_unknown_computed_values() {
        let planned = plan(&object(&[("name", text("a"))]), None);
        let expected = object(&[
            ("id", Value::Unknown),
            ("changed", Value::Unknown),
            ("name", text("a")),
            ("kind", text("plain")),
            ("flavor", Value::Unknown),
        ]);
        assert_eq!(planned.plan.object(), &expected);
        assert_eq!(planned.requires_replace, []);
        assert!(planned.changes_remote);
    }

    #[test]
    fn plan_without_a_change_is_the_prior_state() {
        let planned = plan(&object(&[("name", text("a"))]), Some(&stored()));
        assert_eq!(planned.plan.object(), &stored());
        assert!(!planned.changes_remote);
    }

    #[test]
    fn update_makes_only_volatile_values_unknown() {
        let configuration = object(&[("name", text("b")), ("flavor", text("sour"))]);
        let planned = plan(&configuration, Some(&stored()));
        let expected = object(&[
            ("id", text("1")),
            ("changed", Value::Unknown),
            ("name", text("b")),
            ("kind", text("plain")),
            ("flavor", text("sour")),
        ]);
        assert_eq!(planned.plan.object(), &expected);
        assert_eq!(planned.requires_replace, []);
    }

    #[test]
    fn value_in_another_normal_form_is_no_change() {
        let accented = |name: &str| stored().with("name", name).with("kind", name);
        let planned = plan(&accented("Z\u{fc}rich"), Some(&accented("Zu\u{308}rich")));
        assert!(!planned.changes_remote);
        assert_eq!(planned.requires_replace, []);
    }

    #[test]
    fn change_of_an_immutable_attribute_requires_replace() {
        let configuration = object(&[("name", text("a")), ("kind", text("fancy"))]);
        let planned = plan(&configuration, Some(&stored()));
        assert_eq!(planned.requires_replace, [Path::attribute("kind")]);
        let configuration = object(&[("name", text("a")), ("kind", Value::Unknown)]);
        let planned = plan(&configuration, Some(&stored()));
        assert_eq!(planned.requires_replace, [Path::attribute("kind")]);
    }

    #[test]
    fn write_only_value_is_in_no_plan_and_is_no_change() {
        let secret = Value::Secret(safe_text::Secret::from("hunter2"));
        let configuration = object(&[("name", text("a")), ("secret_wo", secret)]);
        for prior in [None, Some(stored())] {
            let planned = plan(&configuration, prior.as_ref());
            assert_eq!(planned.plan.object().get("secret_wo"), &Value::Null);
            assert_eq!(planned.changes_remote, prior.is_none());
        }
    }

    #[test]
    fn change_of_a_local_block_does_not_change_the_remote() {
        let limit = Value::Map([("create".to_owned(), text("5m"))].into());
        let configuration = object(&[("name", text("a")), ("timeouts", limit.clone())]);
        let planned = plan(&configuration, Some(&stored()));
        assert_eq!(planned.plan.object(), &stored().with("timeouts", limit));
        assert!(!planned.changes_remote);
    }

    #[test]
    fn change_of_a_local_attribute_does_not_change_the_remote() {
        let (block, state) = (block(), State::new(stored(), &block()));
        let configuration = stored().with("flavor", "sour");
        let planned = plan_change(
            &block,
            &Configuration::new(configuration.clone()),
            Some(&state),
            proposed(&configuration, Some(&stored())),
            |builder| builder.exclude_from_update("flavor"),
        );
        assert_eq!(planned.plan.object(), &configuration);
        assert!(!planned.changes_remote);
    }

    #[test]
    fn kept_prior_state_is_no_change() {
        let block = block();
        let keep = |configuration: &Object, prior: Option<&Object>| {
            let state = prior.map(|prior| State::new(prior.clone(), &block));
            let proposed = proposed(configuration, prior);
            let configuration = Configuration::new(configuration.clone());
            plan_change(&block, &configuration, state.as_ref(), proposed, |builder| {
                for name in ["name", "kind", "flavor"] {
                    builder.use_prior_state(name);
                }
            })
        };
        let respelled = object(&[("name", text("A")), ("kind", text("PLAIN"))]);
        let planned = keep(&respelled, Some(&stored()));
        assert_eq!(planned.plan.object(), &stored());
        assert_eq!(planned.requires_replace, []);
        assert!(!planned.changes_remote);

        // Nothing is kept if the prior or the configured value is null.
        assert_eq!(keep(&respelled, None).plan.object().get("kind"), &text("PLAIN"));
        let (tasteless, removed) = (stored().with("flavor", Value::Null), stored());
        let planned = keep(&stored().with("flavor", "sour"), Some(&tasteless));
        assert_eq!(planned.plan.object().get("flavor"), &text("sour"));
        let planned = keep(&removed.with("kind", Value::Null), Some(&stored().with("kind", "x")));
        assert_eq!(planned.plan.object().get("kind"), &text("plain"));
    }

    #[test]
    fn set_default_fills_in_omitted_attributes_only() {
        let block = block();
        for (given, expected) in [(Value::Null, "salty"), (text("sour"), "sour")] {
            let configuration = object(&[("name", text("a")), ("flavor", given)]);
            let planned = plan_change(
                &block,
                &Configuration::new(configuration.clone()),
                None,
                proposed(&configuration, None),
                |builder| builder.set_default("flavor", "salty"),
            );
            assert_eq!(planned.plan.object().get("flavor"), &text(expected));
        }
    }
}
