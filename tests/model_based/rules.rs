//! The invariants of all scenarios.
//!
//! This is the whole model: what the configuration asks for, what people know in addition to that,
//! and the rules. Each rule reads what Webex stores and what Terraform has in state, never what the
//! provider claims about them. Messages count only as what people were told.
//!
//! Two rules have no function here. [`TerraformCore`] returns an error where Terraform would report
//! a crash or an inconsistent result, and `World::replace_process` fails when a process that ended
//! has left anything behind.
//!
//! [`TerraformCore`]: crate::support::terraform_core::TerraformCore

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value as Json;
use tf_provider::value::Value;

use super::block::{Block, CREDENTIALS, has_secret, is_by_hand, is_secret, secrets};
use crate::support::checker::of;
use crate::support::terraform_core::{Action, Instance, Message, Plan, failed};

/// What people know in addition to the content of Webex.
#[derive(Clone, Debug, Default)]
pub(super) struct Knowledge {
    /// Ids that a message has named.
    pub(super) named: BTreeSet<String>,
    /// Ids that no message can name: the provider was killed, or reported that it does not know.
    pub(super) doubtful: BTreeSet<String>,
    /// The connectors of others, by id. Terraform must leave them as they are.
    pub(super) others: BTreeMap<String, Json>,
    /// Whether a connector is to be active, by its id: what somebody has said last.
    pub(super) active: BTreeMap<String, bool>,
}

/// What a command did at one address.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// The plan, if there was one.
    pub(super) plan: Option<Plan>,
    /// Whether the plan has another credential, or another version of it.
    pub(super) rotates: bool,
    /// The instance before the apply.
    pub(super) before: Option<Instance>,
    /// The messages of refresh and plan.
    pub(super) planning: Vec<Message>,
    /// The messages of the apply.
    pub(super) applying: Vec<Message>,
    /// Whether the apply came to its end.
    pub(super) is_applied: bool,
}

impl Done {
    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.planning.iter().chain(&self.applying)
    }

    pub(super) fn action(&self) -> Action {
        self.plan.as_ref().map_or(Action::Nothing, |plan| plan.action)
    }

    /// Whether Terraform reports that the address is as configured.
    pub(super) fn is_success(&self) -> bool {
        self.is_applied && !failed(&self.planning) && !failed(&self.applying)
    }

    fn keeps_connector(&self) -> bool {
        matches!(self.action(), Action::Nothing | Action::Update)
    }
}

/// An edit by somebody else while a command ran.
#[derive(Clone, Debug)]
pub(super) struct Overtaking {
    pub(super) id: String,
    pub(super) fields: Vec<(&'static str, Json)>,
    /// Whether the command may not overwrite it: its plan is no delete.
    pub(super) survives: bool,
}

/// Nothing exists twice: no two connectors have one name, and no connector is at two addresses.
pub(super) fn nothing_is_doubled(
    stored: &[Json],
    instances: [Option<&Instance>; 2],
) -> Result<(), String> {
    let names: BTreeSet<_> = stored.iter().map(|connector| connector["name"].to_string()).collect();
    rule(names.len() == stored.len(), || format!("two connectors of one name: {stored:#?}"))?;
    let [first, second] = instances.map(|instance| instance.map(Instance::id));
    rule(first.is_none() || first != second, || format!("{first:?} is at two addresses"))
}

/// Applies without faults reach what the configuration asks for, if people do in between what the
/// messages advise.
pub(super) fn it_converges(rounds: usize, last: &[Message]) -> Result<(), String> {
    rule(false, || format!("{rounds} applies without faults do not converge: {last:#?}"))
}

/// Nothing is lost: a connector that nobody else has made is in state, or a message has named it.
pub(super) fn nothing_is_orphaned(
    stored: &[Json],
    instances: [Option<&Instance>; 2],
    knowledge: &Knowledge,
) -> Result<(), String> {
    for id in stored.iter().map(id) {
        let is_in_state = instances.iter().flatten().any(|instance| instance.id() == id);
        let is_known = knowledge.others.contains_key(id)
            || knowledge.named.contains(id)
            || knowledge.doubtful.contains(id);
        rule(is_in_state || is_known, || {
            format!("the connector {id} is in no state, and no message has named it")
        })?;
    }
    Ok(())
}

/// A connector that a command leaves inactive was to be inactive, or a message says so.
pub(super) fn inactivity_is_reported(
    before: &[Json],
    after: &[Json],
    block: Option<&Block>,
    done: &Done,
) -> Result<(), String> {
    let Some(instance) = &done.before else { return Ok(()) };
    let was_active = with_id(before, instance.id()).is_some_and(|old| old["active"] == true);
    let is_inactive = with_id(after, instance.id()).is_some_and(|now| now["active"] == false);
    let is_wanted = block.is_some_and(|block| !block.ignores_active && !block.active);
    let is_said = done.messages().any(|message| message.text.to_lowercase().contains("inactive"));
    rule(!was_active || !is_inactive || is_wanted || is_said, || {
        format!("the connector {} is inactive, and no message reports it", instance.id())
    })
}

/// A secret is in Webex only: in no message, private state or log, and in no plan or state outside
/// of the sensitive arguments for it.
pub(super) fn secrets_are_hidden(
    done: &[Done],
    instances: [Option<&Instance>; 2],
    log: &[String],
) -> Result<(), String> {
    let mut seen = String::new();
    for done in done {
        let plan = done.plan.iter().cloned().map(|mut plan| {
            plan.planned = without_credentials(plan.planned);
            plan
        });
        let plan: Vec<Plan> = plan.collect();
        let _ = write!(seen, "{plan:?} {:?} {:?}", done.planning, done.applying);
    }
    for instance in
        done.iter().filter_map(|done| done.before.as_ref()).chain(instances.into_iter().flatten())
    {
        let state = without_credentials(instance.state.clone());
        let private = String::from_utf8_lossy(&instance.private);
        let _ = write!(seen, "{state:?} {private} {:?}", instance.identity);
    }
    rule(!has_secret(&seen), || format!("a secret was shown: {seen}"))?;
    let line = log.iter().find(|line| has_secret(line));
    rule(line.is_none(), || format!("a secret was logged: {line:?}"))
}

/// A command without errors has done what the configuration asks for: Webex has it, with the secret,
/// and the next plan is empty. What the configuration ignores is as it was.
pub(super) fn success_is_true(
    before: &[Json],
    after: &[Json],
    instance: Option<&Instance>,
    block: Option<&Block>,
    done: &Done,
    knowledge: &Knowledge,
    next: Option<&Plan>,
) -> Result<(), String> {
    let Some(block) = block else {
        let id = done.before.as_ref().map_or("", Instance::id);
        return rule(instance.is_none() && with_id(after, id).is_none(), || {
            format!("a delete without errors has left {id}: {instance:?}")
        });
    };
    let instance = instance.ok_or("an apply without errors has left nothing in state")?;
    let found = with_id(after, instance.id());
    let found = found.ok_or("an apply without errors, and the connector does not exist")?;
    let mut wanted = block.visible();
    let old = with_id(before, instance.id()).filter(|_| done.keeps_connector());
    if let Some(old) = old.filter(|_| block.ignores_secret) {
        wanted.retain(|(field, _)| *field != "certificate");
        if old["certificate"].is_string() {
            wanted.push(("certificate", old["certificate"].clone()));
        }
    }
    for (argument, field, secret) in block.secrets() {
        let now = found[field].as_str().unwrap_or_default();
        let kept = if let Value::String(kept) = of(&instance.state, argument) {
            Some(kept.as_str())
        } else {
            None
        };
        let secret = match old.map(|old| old[field].as_str().unwrap_or_default()) {
            // Every update sends what state has.
            Some(old) if block.ignores_secret && now != old => kept.unwrap_or(old),
            Some(old) if block.ignores_secret => old,
            // Another rule asks for a message about it.
            Some(old) if is_by_hand(old) && now == old => old,
            Some(_) | None => &secret,
        };
        wanted.push((field, secret.into()));
    }
    if !block.ignores_active || old.is_none() {
        wanted.push(("active", block.active.into()));
    } else if block.active && knowledge.active.get(instance.id()) == Some(&true) {
        wanted.push(("active", true.into()));
    }
    let different = wanted.into_iter().filter(|(field, value)| found[field] != *value);
    let different = different
        .map(|(field, value)| format!("{field} is {}, not {value}", found[field]))
        .collect::<Vec<_>>();
    rule(different.is_empty(), || {
        format!("an apply without errors, but {}", different.join(", "))
    })?;
    let next = next.ok_or("an apply without errors, and the next refresh loses it")?;
    rule(next.action == Action::Nothing && !failed(&next.messages), || {
        format!("the next plan is not empty: {next:#?}")
    })
}

/// What somebody else has done is not overwritten unseen, and not hidden.
///
/// A command overwrites a secret from Control Hub only if its plan says so or has another version of
/// the secret, and never an edit after the plan.
pub(super) fn edits_of_others_survive(
    before: &[Json],
    after: &[Json],
    done: &[Done],
    overtaking: Option<&Overtaking>,
    others: &BTreeMap<String, Json>,
) -> Result<(), String> {
    for (id, theirs) in others {
        let now = with_id(after, id);
        rule(now == Some(theirs), || format!("{theirs:#} of somebody else has become {now:#?}"))?;
    }
    for done in done {
        let Some(id) = done.before.as_ref().map(Instance::id) else { continue };
        let (Some(old), Some(now)) = (with_id(before, id), with_id(after, id)) else { continue };
        let is_overwritten = |(field, secret): (&'static str, &str)| {
            is_by_hand(secret) && now[field] != *secret && now[field].is_string()
        };
        if secrets(old).any(is_overwritten) && !done.rotates {
            let is_said = ["will be overwritten", "for the first time", "to Webex again"]
                .into_iter()
                .any(|words| says(&done.planning, id, words));
            rule(is_said || overtaking.is_some(), || {
                format!("a secret of {id} was overwritten that somebody else has entered")
            })?;
        }
    }
    let Some(Overtaking { id, fields, survives: true }) = overtaking else { return Ok(()) };
    let Some(now) = with_id(after, id) else { return Ok(()) };
    for (field, value) in fields {
        rule(now[field] == *value, || {
            format!("{field} of {id} was overwritten: {}, not {value} of somebody else", now[field])
        })?;
    }
    Ok(())
}

/// What somebody else has entered and Webex does not return is told by each plan that keeps it, as
/// long as the configuration has a secret.
pub(super) fn foreign_secrets_are_told(
    after: &[Json],
    instance: Option<&Instance>,
    block: Option<&Block>,
    next: Option<&Plan>,
) -> Result<(), String> {
    let (Some(instance), Some(block), Some(next)) = (instance, block, next) else { return Ok(()) };
    let id = instance.id();
    let is_theirs =
        with_id(after, id).is_some_and(|now| secrets(now).any(|(_, secret)| is_by_hand(secret)));
    let is_told = next.action != Action::Nothing
        || failed(&next.messages)
        || says(&next.messages, id, "Somebody else has saved");
    rule(!is_theirs || block.ignores_secret || is_told, || {
        format!("somebody else has entered a secret of {id}, and no plan tells: {next:#?}")
    })
}

/// A destroy without faults succeeds, and leaves only what others have made or what a message named.
pub(super) fn destroy_empties(done: &[Done]) -> Result<(), String> {
    let errors = done.iter().flat_map(Done::messages).filter(|message| message.is_error);
    let errors = errors.collect::<Vec<_>>();
    rule(errors.is_empty(), || format!("it cannot be destroyed: {errors:#?}"))
}

/// An error names the connector, has sentences, and shows no page and no insides of the program.
pub(super) fn errors_help(done: &Done, block: Option<&Block>) -> Result<(), String> {
    for message in done.messages().filter(|message| message.is_error) {
        let names = [block.map(|block| block.name), done.before.as_ref().map(Instance::id)];
        let is_named = names.into_iter().flatten().any(|name| message.text.contains(name));
        let insides = ["<html", "Some(", "None,", "bug in the provider", "panicked"];
        let shows = insides.into_iter().find(|insides| message.text.contains(insides));
        let ends = message.detail().trim_end();
        let is_complete = ends.matches(". ").count() + ends.matches('\n').count() > 0;
        rule(is_named && shows.is_none() && is_complete, || {
            format!("an error that does not help: {message:#?}")
        })?;
    }
    Ok(())
}

/// All secrets are those that somebody entered: none is blank.
pub(super) fn secrets_are_sound(stored: &[Json]) -> Result<(), String> {
    let unsound =
        stored.iter().find(|connector| !secrets(connector).all(|(_, secret)| is_secret(secret)));
    rule(unsound.is_none(), || format!("a secret is blank: {unsound:#?}"))
}

/// Returns the id of a stored connector.
pub(super) fn id(connector: &Json) -> &str {
    connector["id"].as_str().unwrap_or_default()
}

/// Returns the stored connector with an id.
pub(super) fn with_id<'a>(stored: &'a [Json], wanted: &str) -> Option<&'a Json> {
    stored.iter().find(|connector| id(connector) == wanted)
}

/// Returns an object without the arguments that keep credentials in state.
fn without_credentials(object: Value) -> Value {
    let Value::Map(mut arguments) = object else { return object };
    arguments.retain(|argument, _| !CREDENTIALS.contains(&argument.as_str()));
    Value::Map(arguments)
}

fn says(messages: &[Message], id: &str, words: &str) -> bool {
    messages.iter().any(|message| message.text.contains(id) && message.text.contains(words))
}

fn rule(holds: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken()) }
}
