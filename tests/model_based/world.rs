//! The program, a simulator, and the state between the commands.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tf_provider::value::Value;
use webex_cc_simulator::{Options, Simulator};

use super::rules::{self, DesiredState, Knowledge};
use super::scenario::{Argument, Change, Fault, Scenario, Step};
use crate::support::plugin_client::Plugin;
use crate::support::plugin_client::proto::tfplugin5::stop;
use crate::support::simulator;
use crate::support::terraform_core::{Action, Instance, Message, TerraformCore, failed};

/// The names that the connector may have.
const NAMES: [&str; 2] = ["Sun", "Moon"];

/// How many applies without a fault may be needed until the state is the desired one. The second
/// follows the advice of the first.
const APPLIES_TO_CONVERGE: usize = 3;

/// Runs a scenario. The error is the rule that it breaks.
pub(super) async fn run(scenario: &Scenario) -> Result<(), String> {
    let mut world = World::new(scenario).await?;
    for (index, step) in scenario.steps.iter().enumerate() {
        let outcome = world.step(step).await;
        outcome.map_err(|rule| format!("after step {}: {rule}", index + 1))?;
    }
    world.converge().await.map_err(|rule| format!("at the end: {rule}"))?;
    world.plugin.shutdown().await.assert_tidy();
    Ok(())
}

struct World {
    simulator: Simulator,
    plugin: Plugin,
    core: TerraformCore,
    desired: DesiredState,
    instance: Option<Instance>,
    knowledge: Knowledge,
}

impl World {
    async fn new(scenario: &Scenario) -> Result<Self, String> {
        let options = Options {
            active_lock: scenario.lock,
            secrets: scenario.secrets.option(),
            ..Options::default()
        };
        let simulator = simulator::start(options);
        let (plugin, core) = start(&simulator).await;
        let desired = DesiredState {
            name: NAMES[0],
            oauth: false,
            account: 0,
            address: 0,
            active: true,
            secret: 0,
        };
        let knowledge = Knowledge::default();
        Ok(Self { simulator, plugin, core, desired, instance: None, knowledge })
    }

    /// Replaces the process that was stopped or killed.
    async fn restart(&mut self) -> Result<(), String> {
        let (plugin, core) = start(&self.simulator).await;
        self.core = core;
        self.plugin = plugin;
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Apply { changes, fault } => {
                for change in changes {
                    self.change(*change);
                }
                self.command(&self.configuration(), fault).await.map(drop)
            }
            Step::Destroy(fault) => self.command(&Value::Null, fault).await.map(drop),
            Step::Drift(argument) => {
                self.by_hand(*argument);
                Ok(())
            }
            Step::SwitchByHand => {
                if let Some(connector) = self.managed() {
                    let active = json!({"active": connector["active"] == false});
                    let id = text(&connector, "id");
                    self.simulator.store(self.simulator.organization(), &id, active);
                }
                Ok(())
            }
            Step::DeleteByHand => {
                if let Some(connector) = self.managed() {
                    let id = text(&connector, "id");
                    simulator::delete_by_hand(&self.simulator, &id);
                }
                Ok(())
            }
            Step::Taint => {
                if let Some(instance) = &mut self.instance {
                    instance.tainted = true;
                }
                Ok(())
            }
            Step::Forget => {
                if let Some(forgotten) = self.instance.take() {
                    self.knowledge.named.insert(forgotten.id().to_owned());
                }
                Ok(())
            }
            Step::Import => match (&self.instance, self.stored().first()) {
                (None, Some(connector)) => self.import(&text(connector, "id")).await,
                _ => Ok(()),
            },
        }
    }

    /// Edits the configuration.
    fn change(&mut self, change: Change) {
        let desired = &mut self.desired;
        match change {
            Change::Rotate => desired.secret += 1,
            Change::Edit(Argument::Account) => desired.account += 1,
            Change::Edit(Argument::Address) => desired.address += 1,
            Change::Edit(Argument::Name) => {
                desired.name = if desired.name == NAMES[0] { NAMES[1] } else { NAMES[0] };
            }
            Change::Switch => desired.active = !desired.active,
            Change::Reauthenticate => desired.oauth = !desired.oauth,
        }
    }

    /// Runs `terraform apply` or `terraform destroy`, and checks the rules. Returns the messages,
    /// and whether the command finished.
    async fn command(
        &mut self,
        configuration: &Value,
        fault: &Fault,
    ) -> Result<(Vec<Message>, bool), String> {
        let stored = self.stored();
        let inactive = stored.iter().filter(|connector| connector["active"] == false);
        self.knowledge.inactive = inactive.map(|connector| text(connector, "id")).collect();
        self.simulator.faults(fault.scripts());
        let outcome = self.refresh_plan_apply(configuration, fault).await;
        self.simulator.faults([]);
        let (messages, finished) = outcome?;
        for message in &messages {
            let stored = self.stored();
            let named = stored.iter().map(|connector| text(connector, "id"));
            let named = named.filter(|id| message.text.contains(id.as_str()));
            self.knowledge.named.extend(named.collect::<Vec<_>>());
        }
        let unknown = "It is not known whether it was created";
        let in_doubt = matches!(fault, Fault::Kill)
            || messages.iter().any(|message| message.text.contains(unknown));
        if in_doubt {
            let ids =
                self.stored().iter().map(|connector| text(connector, "id")).collect::<Vec<_>>();
            self.knowledge.doubtful.extend(ids);
        }
        let stored = self.stored();
        let instance = self.instance.as_ref();
        rules::always(&stored, instance, &self.desired, &self.knowledge, &messages)
            .map_err(|rule| format!("{rule}\n   messages: {messages:#?}"))?;

        let is_overtaken = matches!(fault, Fault::Meanwhile);
        if finished && !is_overtaken && !failed(&messages) {
            if configuration.is_null() {
                if let Some(instance) = instance {
                    return Err(format!("a destroy without errors has left {instance:?}"));
                }
            } else {
                rules::applied(&stored, instance, &self.desired)
                    .map_err(|rule| format!("{rule}\n   messages: {messages:#?}"))?;
                self.plans_nothing(configuration).await?;
                let id = self.instance.as_ref().map_or("", Instance::id);
                self.knowledge.doubtful.remove(id);
            }
        }
        Ok((messages, finished))
    }

    /// Refreshes, plans and applies.
    async fn refresh_plan_apply(
        &mut self,
        configuration: &Value,
        fault: &Fault,
    ) -> Result<(Vec<Message>, bool), String> {
        self.core.configure().await?;
        let mut messages = Vec::new();
        let mut instance = self.instance.clone();
        if let Some(before) = &instance {
            let (read, said) = self.core.refresh(before).await?;
            messages.extend(said);
            if failed(&messages) {
                return Ok((messages, true));
            }
            instance = read;
        }
        let plan = self.core.plan(instance.as_ref(), configuration).await?;
        messages.extend(plan.messages.clone());
        if failed(&messages) {
            return Ok((messages, true));
        }
        let edited = matches!(fault, Fault::Meanwhile).then(|| self.by_hand(Argument::Account));
        self.core.configure().await?;
        self.simulator.clear_journal();
        // State holds what was read from here on.
        self.instance.clone_from(&instance);
        let applied = {
            let apply = self.core.apply(instance.as_ref(), configuration, &plan);
            tokio::pin!(apply);
            tokio::select! {
                biased;
                applied = &mut apply => Some(applied?),
                () = disturb(&self.simulator, &mut self.plugin, fault) => {
                    let applied = apply.await;
                    // A killed provider leaves a broken connection.
                    if matches!(fault, Fault::Kill) { applied.ok() } else { Some(applied?) }
                }
            }
        };
        let finished = applied.is_some();
        if let Some((after, said)) = applied {
            if plan.action == Action::Update && edited.flatten().is_some() && !failed(&said) {
                return Err("an edit after the plan was overwritten".to_owned());
            }
            self.instance = after;
            messages.extend(said);
        }
        if matches!(fault, Fault::Stop | Fault::Kill) {
            self.restart().await?;
        }
        if matches!(fault, Fault::Kill) {
            // A connector that was written moments ago does not count as deleted. People need longer.
            self.simulator.advance_clock(Duration::from_secs(10 * 60));
        }
        Ok((messages, finished))
    }

    /// Applies without faults until the state is the desired one, and destroys.
    async fn converge(&mut self) -> Result<(), String> {
        let configuration = self.configuration();
        let mut last = Vec::new();
        for _ in 0..APPLIES_TO_CONVERGE {
            let (messages, _) = self.command(&configuration, &Fault::None).await?;
            if !failed(&messages) {
                let stored = self.stored();
                let namesake = |connector: &&Json| connector["name"] == self.desired.name;
                let namesakes = stored.iter().filter(namesake).count();
                if namesakes != 1 {
                    return Err(format!(
                        "{namesakes} connectors are named {:?}",
                        self.desired.name
                    ));
                }
                let (messages, _) = self.command(&Value::Null, &Fault::None).await?;
                return if failed(&messages) {
                    Err(format!("it cannot be destroyed: {messages:#?}"))
                } else {
                    Ok(())
                };
            }
            // The message names the connector that has the name, and how to import it.
            let stored = self.stored();
            let rival = stored.iter().find(|connector| {
                let id = text(connector, "id");
                let managed = self.instance.as_ref().map(Instance::id);
                connector["name"] == self.desired.name
                    && managed != Some(id.as_str())
                    && messages.iter().any(|message| message.text.contains(&id))
            });
            match (rival, &self.instance) {
                (Some(rival), None) => self.import(&text(rival, "id")).await?,
                (Some(rival), Some(_)) => {
                    let id = text(rival, "id");
                    simulator::delete_by_hand(&self.simulator, &id);
                }
                (None, _) => {}
            }
            last = messages;
        }
        Err(format!("{APPLIES_TO_CONVERGE} applies without faults do not converge: {last:#?}"))
    }

    async fn import(&mut self, id: &str) -> Result<(), String> {
        self.core.configure().await?;
        let (imported, said) = self.core.import(id).await?;
        if failed(&said) || imported.is_none() {
            return Err(format!("{id} exists and cannot be imported: {said:?}"));
        }
        self.instance = imported;
        Ok(())
    }

    async fn plans_nothing(&mut self, configuration: &Value) -> Result<(), String> {
        self.core.configure().await?;
        let instance = self.instance.as_ref().ok_or("nothing is in state")?;
        let (read, said) = self.core.refresh(instance).await?;
        let plan = self.core.plan(read.as_ref(), configuration).await?;
        if plan.action == Action::Nothing && !failed(&plan.messages) {
            Ok(())
        } else {
            Err(format!("the second plan is not empty: {plan:?}, {said:?}"))
        }
    }

    /// Returns the configuration.
    fn configuration(&self) -> Value {
        let desired = &self.desired;
        let shape = &self.core.shape;
        let secret = desired.secret();
        let version = i64::from(desired.secret);
        let common = [
            ("name", Value::from(desired.name)),
            ("resource_domain_url", desired.address().into()),
            ("active", desired.active.into()),
        ];
        let other = if desired.oauth {
            vec![
                ("authentication_type", "oauth2".into()),
                ("client_id", "client".into()),
                ("token_url", "https://login.example.com/token".into()),
                ("scope", desired.account().into()),
                ("client_secret_wo", secret.into()),
                ("client_secret_wo_version", version.into()),
            ]
        } else {
            vec![
                ("username", desired.account().into()),
                ("validation_url", "https://example.com/check".into()),
                ("password_wo", secret.into()),
                ("password_wo_version", version.into()),
            ]
        };
        shape.object(common.into_iter().chain(other))
    }

    fn stored(&self) -> Vec<Json> {
        simulator::all_stored(&self.simulator)
    }

    /// Returns the connector in state as Webex has it.
    fn managed(&self) -> Option<Json> {
        let id = self.instance.as_ref()?.id();
        self.simulator.stored(self.simulator.organization(), id)
    }

    /// Edits the connector in state as if in Control Hub. The new name is never taken.
    fn by_hand(&mut self, argument: Argument) -> Option<()> {
        let connector = self.managed()?;
        let oauth = connector["authenticationType"] == "OAUTH2";
        let fields = match argument {
            Argument::Account if oauth => json!({"scope": "by hand"}),
            Argument::Account => json!({"username": "by hand"}),
            Argument::Address => json!({"resourceDomain": "https://by-hand.example.com"}),
            Argument::Name => json!({"name": format!("By hand {}", text(&connector, "id"))}),
        };
        let id = text(&connector, "id");
        self.simulator.store(self.simulator.organization(), &id, fields);
        Some(())
    }
}

async fn start(simulator: &Simulator) -> (Plugin, TerraformCore) {
    TerraformCore::running(&[
        ("WEBEX_CC_BASE_URL", simulator.base_url()),
        ("WEBEX_ACCESS_TOKEN", simulator.token()),
        ("WEBEX_CC_MAX_RETRIES", "2"),
    ])
    .await
}

/// Waits until a write is in flight, and disturbs it.
async fn disturb(simulator: &Simulator, plugin: &mut Plugin, fault: &Fault) {
    if !matches!(fault, Fault::Stop | Fault::Kill) {
        return std::future::pending().await;
    }
    while !simulator.journal().iter().any(|request| request.method != "GET") {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    if matches!(fault, Fault::Stop) {
        let stopped = plugin.provider().stop(stop::Request {}).await;
        stopped.expect("Stop is always answered");
    } else {
        plugin.kill();
    }
}

fn text(connector: &Json, field: &str) -> String {
    connector[field].as_str().unwrap_or_default().to_owned()
}
