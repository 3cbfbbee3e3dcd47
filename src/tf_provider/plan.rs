//! The generic planner, which turns Terraform's proposed state into the planned
//! state, at every depth of nested blocks.
//!
//! The order of the steps matters. Defaults are applied before the comparison
//! with the prior state, or a default would look like a change. Write-only values
//! are cleared before it, or they would always look like one. Computed values
//! become unknown only if the remote object changes, or every second plan would
//! show a difference.
//!
//! A block is compared with the prior block at the same position; in a set, with
//! the one that has the same configured values.

use super::object::{Configuration, Object, Plan, State, instances_mut};
use super::pairs::{Entries, counterparts, get, instances};
use super::schema::{Attribute, Block, Nesting, Requirement};
use super::value::{Path, Value};

/// Builds a plan, and lets a resource modify it.
#[derive(Debug)]
pub struct PlanBuilder<'a> {
    /// The configuration.
    pub configuration: &'a Configuration,
    /// The prior state; `None` for a create.
    pub prior: Option<&'a State>,
    planned: Object,
    /// The computed attributes that the resource has planned.
    settled: Vec<Path>,
    /// The attributes that do not reach the remote object.
    local: Vec<Path>,
    /// The attributes that require a replacement in this plan.
    replacing: Vec<Path>,
    /// The attributes that require no replacement while their values are unknown.
    awaited: Vec<Path>,
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
    pub fn set_default(&mut self, path: impl Into<Path>, value: impl Into<Value>) {
        let path = path.into();
        if self.configuration.object().at(&path).is_none_or(Value::is_null) {
            self.planned.set_at(&path, value);
            self.settled.push(path);
        }
    }

    /// Keeps the prior value of an attribute that is semantically equal to the
    /// configured one, so that the plan shows no difference.
    ///
    /// Has no effect if either value is null: Terraform would reject the plan.
    pub fn use_prior_state(&mut self, path: impl Into<Path>) {
        let path = path.into();
        let Some(prior) = self.prior.and_then(|prior| prior.object().at(&path)) else { return };
        let is_configured =
            self.configuration.object().at(&path).is_some_and(|value| !value.is_null());
        if !prior.is_null() && is_configured {
            self.planned.set_at(&path, prior.clone());
        }
    }

    /// Marks an attribute as local: a difference changes the state only, and not
    /// the remote object.
    pub fn exclude_from_update(&mut self, path: impl Into<Path>) {
        self.local.push(path.into());
    }

    /// Plans a replacement if the attribute changes, such as on a condition that
    /// the schema cannot express.
    pub fn require_replace(&mut self, path: impl Into<Path>) {
        self.replacing.push(path.into());
    }

    /// Plans no replacement for an attribute whose value is known only after apply, as it may turn
    /// out to be the prior one. If it does not, Terraform stops the apply before it changes the
    /// object ("Provider produced inconsistent final plan"), and the next plan replaces it.
    pub fn keep_while_unknown(&mut self, path: impl Into<Path>) {
        self.awaited.push(path.into());
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
    mut proposed: Object,
    modify: impl FnOnce(&mut PlanBuilder<'_>),
) -> PlannedChange {
    apply_defaults(block, configuration.object().entries(), proposed.entries_mut());
    proposed.clear_write_only(block);
    let mut builder = PlanBuilder {
        configuration,
        prior,
        planned: proposed,
        settled: Vec::new(),
        local: Vec::new(),
        replacing: Vec::new(),
        awaited: Vec::new(),
        forces_update: false,
    };
    modify(&mut builder);
    let PlanBuilder { mut planned, settled, local, replacing, awaited, forces_update, .. } =
        builder;

    let before = prior.map(|prior| prior.object().entries());
    let changes_remote = before.is_none_or(|before| {
        forces_update
            || differs(block, Some(before), Some(planned.entries()), &Path::root(), &local)
    });
    let filling = Filling { changes_remote, settled: &settled };
    let wanted = Some(configuration.object().entries());
    filling.fill(block, wanted, before, planned.entries_mut(), &Path::root());

    let mut requires_replace = Vec::new();
    if let Some(before) = before {
        let walk = Replacements { settled: &settled, replacing: &replacing, awaited: &awaited };
        let after = Some(planned.entries());
        walk.collect(block, wanted, Some(before), after, &Path::root(), &mut requires_replace);
    }
    // `modify` may have set one.
    planned.clear_write_only(block);
    PlannedChange { plan: Plan::new(planned), requires_replace, changes_remote }
}

/// Sets the defaults of attributes that the configuration omits.
fn apply_defaults(block: &Block, wanted: &Entries, planned: &mut Entries) {
    for attribute in &block.attributes {
        if let Some(default) = &attribute.default
            && get(Some(wanted), &attribute.name).is_null()
        {
            planned.insert(attribute.name.to_string(), default.clone());
        }
    }
    for nested in &block.blocks {
        let configured = get(Some(wanted), &nested.name);
        let Some(value) = planned.get_mut(nested.name.as_ref()) else { continue };
        let wanted = counterparts(nested, value, configured);
        for (instance, wanted) in instances_mut(value).zip(wanted) {
            if let Some(wanted) = wanted {
                apply_defaults(&nested.block, wanted, instance);
            }
        }
    }
}

/// Whether an attribute or a block differs that reaches the remote object.
fn differs(
    block: &Block,
    before: Option<&Entries>,
    after: Option<&Entries>,
    path: &Path,
    local: &[Path],
) -> bool {
    if before.is_some() != after.is_some() {
        return true;
    }
    let is_local = |name: &str| local.iter().any(|local| local.is_in(path, name));
    let attributes = block
        .attributes
        .iter()
        .filter(|attribute| attribute.requirement != Requirement::Computed && !attribute.write_only)
        .any(|attribute| is_changed(attribute, before, after) && !is_local(&attribute.name));
    attributes
        || block.blocks.iter().filter(|nested| !nested.local).any(|nested| {
            let (was, is) = (get(before, &nested.name), get(after, &nested.name));
            if is_local(&nested.name) {
                return false;
            }
            if was.is_unknown() || is.is_unknown() {
                return was.is_unknown() != is.is_unknown();
            }
            let (old, new) = (instances(nested, was, path), instances(nested, is, path));
            old.len() != new.len()
                || new.iter().zip(counterparts(nested, is, was)).any(
                    |((path, instance), before)| {
                        differs(&nested.block, before, *instance, path, local)
                    },
                )
        })
}

/// Fills in computed values.
struct Filling<'a> {
    changes_remote: bool,
    settled: &'a [Path],
}

impl Filling<'_> {
    fn fill(
        &self,
        block: &Block,
        wanted: Option<&Entries>,
        before: Option<&Entries>,
        planned: &mut Entries,
        path: &Path,
    ) {
        for attribute in &block.attributes {
            if !is_open(attribute, wanted, path, self.settled) {
                continue;
            }
            let stored = get(before, &attribute.name);
            let is_kept = before.is_some()
                && (!self.changes_remote || attribute.use_state_for_unknown && !stored.is_null());
            let value = if is_kept { stored.clone() } else { Value::Unknown };
            planned.insert(attribute.name.to_string(), value);
        }
        for nested in &block.blocks {
            let (configured, stored) = (get(wanted, &nested.name), get(before, &nested.name));
            let Some(value) = planned.get_mut(nested.name.as_ref()) else { continue };
            let at = path.clone().name(&nested.name);
            let wanted = counterparts(nested, value, configured);
            let before = counterparts(nested, value, stored);
            let pairs = wanted.into_iter().zip(before);
            for (index, (instance, (wanted, before))) in instances_mut(value).zip(pairs).enumerate()
            {
                let at = match nested.nesting {
                    Nesting::List => at.clone().index(index),
                    Nesting::Single | Nesting::Set => at.clone(),
                };
                self.fill(&nested.block, wanted, before, instance, &at);
            }
        }
    }
}

/// Collects the changed attributes that require a replacement.
struct Replacements<'a> {
    settled: &'a [Path],
    replacing: &'a [Path],
    awaited: &'a [Path],
}

impl Replacements<'_> {
    fn collect(
        &self,
        block: &Block,
        wanted: Option<&Entries>,
        before: Option<&Entries>,
        after: Option<&Entries>,
        path: &Path,
        found: &mut Vec<Path>,
    ) {
        for attribute in &block.attributes {
            let name = attribute.name.as_ref();
            let is_one_of = |paths: &[Path]| paths.iter().any(|at| at.is_in(path, name));
            if !attribute.requires_replace && !is_one_of(self.replacing) {
                continue;
            }
            // What the provider decides during the apply is no wish for another object.
            let is_wished = !is_open(attribute, wanted, path, self.settled) || after.is_none();
            let is_awaited = is_one_of(self.awaited)
                && after.is_some_and(|after| after.get(name) == Some(&Value::Unknown));
            if is_wished && !is_awaited && is_changed(attribute, before, after) {
                found.push(path.clone().name(name));
            }
        }
        for nested in &block.blocks {
            let [configured, was, is] =
                [wanted, before, after].map(|entries| get(entries, &nested.name));
            let mut inner = Vec::new();
            let (wanted, before) =
                (counterparts(nested, is, configured), counterparts(nested, is, was));
            let new = instances(nested, is, path).into_iter();
            for (((at, instance), wanted), before) in new.zip(wanted).zip(before) {
                self.collect(&nested.block, wanted, before, instance, &at, &mut inner);
            }
            let old = instances(nested, was, path).into_iter();
            for ((at, instance), after) in old.zip(counterparts(nested, was, is)) {
                if after.is_none() {
                    self.collect(&nested.block, None, instance, None, &at, &mut inner);
                }
            }
            match nested.nesting {
                Nesting::Single | Nesting::List => found.extend(inner),
                // The protocol has no path into an element of a set.
                Nesting::Set if inner.is_empty() => {}
                Nesting::Set => found.push(path.clone().name(&nested.name)),
            }
        }
    }
}

/// Whether the provider decides an attribute during the apply.
fn is_open(attribute: &Attribute, wanted: Option<&Entries>, path: &Path, settled: &[Path]) -> bool {
    attribute.is_computed()
        && attribute.default.is_none()
        && get(wanted, &attribute.name).is_null()
        && !settled.iter().any(|settled| settled.is_in(path, &attribute.name))
}

/// Whether an attribute's value changes, as Terraform compares values.
fn is_changed(attribute: &Attribute, before: Option<&Entries>, after: Option<&Entries>) -> bool {
    !get(before, &attribute.name).equals(get(after, &attribute.name), &attribute.ty)
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
                && proposed.get(&attribute.name).is_null()
            {
                proposed.set(&attribute.name, prior.get(&attribute.name).clone());
            }
        }
        proposed
    }

    fn plan(configuration: &Object, prior: Option<&Object>) -> PlannedChange {
        let block = block();
        let prior_state = prior.map(|prior| State::new(prior.clone()));
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
    fn unknown_value_requires_replace_unless_it_may_turn_out_the_same() {
        let block = block();
        let prior = State::new(stored());
        for (kind, is_kept) in [(Value::Unknown, true), (text("fancy"), false)] {
            let configuration = object(&[("name", text("a")), ("kind", kind)]);
            let proposed = proposed(&configuration, Some(&stored()));
            let configuration = Configuration::new(configuration);
            let keep = |plan: &mut PlanBuilder<'_>| plan.keep_while_unknown("kind");
            let planned = plan_change(&block, &configuration, Some(&prior), proposed, keep);
            assert_eq!(planned.requires_replace.is_empty(), is_kept);
        }
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
        let secret = Value::from(safe_text::Secret::from("hunter2"));
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
        let (block, state) = (block(), State::new(stored()));
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
            let state = prior.map(|prior| State::new(prior.clone()));
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

    /// A resource modifies attributes of nested blocks by their paths.
    #[test]
    fn nested_attributes_are_modified_by_path() {
        let attributes = vec![
            Attribute::optional("name", Type::String, ""),
            Attribute::optional_computed("kind", Type::String, ""),
        ];
        let rule = Block { attributes, ..Block::default() };
        let block = Block { blocks: vec![NestedBlock::list("rule", rule)], ..Block::default() };
        let rules = |rules: &[(&str, Option<&str>)]| {
            let rules = rules.iter().map(|(name, kind)| {
                Object::default()
                    .with("name", *name)
                    .with("kind", kind.map(str::to_owned))
                    .into_value()
            });
            Object::default().with("rule", Value::List(rules.collect()))
        };
        let prior = State::new(rules(&[("a", Some("x")), ("b", Some("y"))]));
        let configuration = Configuration::new(rules(&[("A", None), ("c", None)]));
        let proposed = rules(&[("A", Some("x")), ("c", Some("y"))]);
        let path = |index: usize, name: &str| Path::attribute("rule").index(index).name(name);
        let change = |modify: &dyn Fn(&mut PlanBuilder<'_>)| {
            plan_change(&block, &configuration, Some(&prior), proposed.clone(), modify)
        };
        let planned = change(&|plan| {
            plan.use_prior_state(path(0, "name"));
            plan.set_default(path(1, "kind"), "z");
            plan.require_replace(path(0, "name"));
            plan.require_replace(path(1, "name"));
        });
        assert_eq!(planned.plan.object().at(&path(0, "name")), Some(&text("a")));
        assert_eq!(planned.plan.object().at(&path(0, "kind")), Some(&Value::Unknown));
        assert_eq!(planned.plan.object().at(&path(1, "kind")), Some(&text("z")));
        assert_eq!(planned.requires_replace, [path(1, "name")], "the other one is kept");
        // Nothing else reaches the remote object.
        let planned = change(&|plan| {
            for name in ["name", "kind"] {
                plan.exclude_from_update(path(0, name));
                plan.exclude_from_update(path(1, name));
            }
        });
        assert!(!planned.changes_remote);
        assert_eq!(planned.plan.object().at(&path(1, "kind")), Some(&text("y")));
    }

    /// A value that the provider decides during the apply requires no replacement.
    #[test]
    fn unknown_computed_value_requires_no_replacement() {
        let block = Block {
            attributes: vec![
                Attribute::required("name", Type::String, ""),
                Attribute::optional_computed("zone", Type::String, "").requires_replace(),
            ],
            ..Block::default()
        };
        let object =
            |name: &str, zone: Value| Object::default().with("name", name).with("zone", zone);
        let prior = State::new(object("a", text("eu")));
        let configuration = object("b", Value::Null);
        let planned = plan_change(
            &block,
            &Configuration::new(configuration),
            Some(&prior),
            object("b", text("eu")),
            |_| {},
        );
        assert_eq!(planned.plan.object().get("zone"), &Value::Unknown);
        assert_eq!(planned.requires_replace, []);
    }
}
