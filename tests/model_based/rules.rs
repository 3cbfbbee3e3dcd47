//! The invariants of all scenarios.
//!
//! This is the whole model. It lists what must never happen: two connectors of one name, a
//! connector that no message names and no state holds, a secret that is blank or old, a connector
//! that is left inactive without a message, a secret in a place that people read.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::support::terraform_core::{Instance, Message};

/// The connector that the configuration describes.
#[derive(Clone, Debug)]
pub(super) struct DesiredState {
    pub(super) name: &'static str,
    pub(super) oauth: bool,
    pub(super) account: u32,
    pub(super) address: u32,
    pub(super) active: bool,
    pub(super) secret: u32,
}

impl DesiredState {
    /// The secret, which only Webex may hold.
    pub(super) fn secret(&self) -> String {
        format!("canary-secret-{}", self.secret)
    }

    /// The JSON key of the secret.
    pub(super) fn secret_field(&self) -> &'static str {
        if self.oauth { "clientSecret" } else { "password" }
    }

    pub(super) fn account(&self) -> String {
        format!("account-{}", self.account)
    }

    pub(super) fn address(&self) -> String {
        format!("https://example-{}.com/api/", self.address)
    }

    /// The JSON key of the account.
    pub(super) fn account_field(&self) -> &'static str {
        if self.oauth { "scope" } else { "username" }
    }

    /// Returns how a stored connector differs from the configuration.
    fn differences(&self, stored: &Json) -> Vec<String> {
        let wanted = [
            ("name", Json::from(self.name)),
            ("resourceDomain", self.address().into()),
            (self.account_field(), self.account().into()),
            (self.secret_field(), self.secret().into()),
            ("authenticationType", if self.oauth { "OAUTH2" } else { "BASIC" }.into()),
            ("active", self.active.into()),
        ];
        let different = wanted.into_iter().filter(|(field, value)| stored[field] != *value);
        different
            .map(|(field, value)| format!("{field} is {}, not {value}", stored[field]))
            .collect()
    }
}

/// The knowledge of users in addition to the content of Webex.
#[derive(Clone, Debug, Default)]
pub(super) struct Knowledge {
    /// Ids that a message has named, or that users removed from state.
    pub(super) named: BTreeSet<String>,
    /// Ids that no message can name: the provider was killed, or reported that it does not know.
    pub(super) doubtful: BTreeSet<String>,
    /// Ids of the connectors that were inactive before the last command.
    pub(super) inactive: BTreeSet<String>,
}

/// Checks the rules that hold after every command.
pub(super) fn always(
    stored: &[Json],
    instance: Option<&Instance>,
    desired: &DesiredState,
    knowledge: &Knowledge,
    messages: &[Message],
) -> Result<(), String> {
    let names: BTreeSet<_> = stored.iter().map(|connector| connector["name"].to_string()).collect();
    rule(names.len() == stored.len(), || format!("two connectors of one name: {stored:?}"))?;

    let in_state = instance.map(Instance::id);
    for connector in stored {
        let id = connector["id"].as_str().unwrap_or_default();
        let doubtful = knowledge.doubtful.contains(id);
        let known = in_state == Some(id) || knowledge.named.contains(id);
        rule(known || doubtful, || {
            format!("the connector {id} is in no state, and no message has named it")
        })?;
        let secrets = [&connector["password"], &connector["clientSecret"]];
        let secrets: Vec<_> = secrets.into_iter().filter_map(Json::as_str).collect();
        let is_sound = |secret: &&str| secret.starts_with("canary-secret-");
        rule(secrets.len() == 1 && secrets.iter().all(is_sound), || {
            format!("the secret of the connector {id} is {secrets:?}")
        })?;
        if in_state == Some(id) && connector["active"] == false && desired.active {
            let said =
                messages.iter().any(|message| message.text.to_lowercase().contains("inactive"));
            rule(said || knowledge.inactive.contains(id) || doubtful, || {
                "the connector is inactive, and no message reports it".to_owned()
            })?;
        }
    }
    let private = instance.map(|instance| String::from_utf8_lossy(&instance.private).into_owned());
    let seen = format!("{messages:?} {:?} {private:?}", instance.map(|instance| &instance.state));
    rule(!seen.contains("canary-secret"), || format!("a secret was shown: {seen}"))
}

/// Checks the rules that hold after an apply that reported no error.
pub(super) fn applied(
    stored: &[Json],
    instance: Option<&Instance>,
    desired: &DesiredState,
) -> Result<(), String> {
    let instance = instance.ok_or("an apply without errors has left nothing in state")?;
    let connector = stored.iter().find(|connector| connector["id"] == instance.id());
    let connector = connector.ok_or("an apply without errors, and the connector does not exist")?;
    let different = desired.differences(connector);
    rule(different.is_empty(), || format!("an apply without errors, but {}", different.join(", ")))
}

fn rule(holds: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken()) }
}
