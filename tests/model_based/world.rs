//! The program, a simulator, and the state between the commands.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tf_provider::value::Value;
use webex_cc_simulator::{Behavior, CONNECTOR_LIMIT, Options, Simulator};

use super::block::{Block, credential_arguments};
use super::faults::{Intrusion, LATENCY, Person, disturb};
use super::rules::{self, Done, Knowledge, Overtaking, id, with_id};
use super::scenario::{Address, Argument, Change, Fault, Ignored, Moment, Scenario, Step};
use crate::support::checker::of;
use crate::support::plugin_client::Plugin;
use crate::support::simulator;
use crate::support::terraform_core::{Action, Instance, Message, Plan, TerraformCore, failed};

/// The names that connectors may have.
const NAMES: [&str; 4] = ["Sun", "Moon", "Earth", "Mars"];

/// How many applies without a fault may be needed until the state is the desired one. Each follows
/// the advice of the one before.
const APPLIES_TO_CONVERGE: usize = 3;

/// How late reads show a write.
const LAG: Duration = Duration::from_millis(600);

/// The messages about creates of which the provider does not know the result.
const IN_DOUBT: &str = "It is not known whether Webex created the connector";

/// Runs a scenario. The error is the rule that it breaks.
pub(super) async fn run(scenario: &Scenario) -> Result<(), String> {
    let mut world = World::new(scenario).await;
    for (index, step) in scenario.steps.iter().enumerate() {
        let outcome = world.step(step).await;
        outcome.map_err(|rule| format!("after step {}: {rule}", index + 1))?;
    }
    world.converge().await.map_err(|rule| format!("at the end: {rule}"))?;
    world.replace_process().await
}

/// A resource of the configuration, and the one in state.
struct Resource {
    block: Block,
    is_configured: bool,
    instance: Option<Instance>,
}

impl Resource {
    fn block(&self) -> Option<&Block> {
        Some(&self.block).filter(|_| self.is_configured)
    }
}

/// What a command wants of the resources.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Apply,
    Destroy,
}

struct World {
    simulator: Simulator,
    plugin: Plugin,
    core: TerraformCore,
    resources: [Resource; 2],
    knowledge: Knowledge,
    /// The deviations of Webex in all commands.
    behavior: Behavior,
    /// The number of the next secret.
    next_secret: u32,
}

impl World {
    async fn new(scenario: &Scenario) -> Self {
        let has_person = |step: &Step| {
            matches!(step, Step::Apply { fault, .. } | Step::Destroy { fault, .. }
                if fault.has_person())
        };
        let lag = if scenario.lag { LAG } else { Duration::ZERO };
        let behavior = Behavior {
            update_visible_after_ms: u64::try_from(lag.as_millis()).unwrap(),
            ..Behavior::default()
        };
        let simulator = simulator::start(Options {
            active_lock: scenario.lock,
            secrets: scenario.secrets.option(),
            visible_after: lag,
            behavior: behavior.clone(),
            latency: if scenario.steps.iter().any(has_person) { LATENCY } else { Duration::ZERO },
            ..Options::default()
        });
        let (plugin, core) = start(&simulator).await;
        let resource = |index: usize| {
            let (kind, is_stateful) = scenario.blocks[index];
            let block = Block::new(NAMES[index], u32::try_from(index).unwrap());
            let block = Block { kind, is_stateful, ..block };
            Resource { block, is_configured: index == 0, instance: None }
        };
        let resources = [resource(0), resource(1)];
        let knowledge = Knowledge::default();
        let mut world =
            Self { simulator, plugin, core, resources, knowledge, behavior, next_secret: 2 };
        if scenario.crowd {
            for number in 1..CONNECTOR_LIMIT {
                let name = json!(format!("Other {number}"));
                world.create_by_hand(Address::First, name);
            }
        }
        world
    }

    fn resource(&mut self, address: Address) -> &mut Resource {
        let [first, second] = &mut self.resources;
        match address {
            Address::First => first,
            Address::Second => second,
        }
    }

    fn block(&mut self, address: Address) -> &mut Block {
        &mut self.resource(address).block
    }

    fn instances(&self) -> [Option<&Instance>; 2] {
        self.resources.each_ref().map(|resource| resource.instance.as_ref())
    }

    fn stored(&self) -> Vec<Json> {
        simulator::all_stored(&self.simulator)
    }

    /// Returns the connector in state as Webex has it.
    fn managed(&mut self, address: Address) -> Option<Json> {
        let id = self.resource(address).instance.as_ref()?.id().to_owned();
        self.simulator.stored(self.simulator.organization(), &id)
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Apply { changes, begins, fault } => {
                for change in changes {
                    self.change(*change);
                }
                self.command(Goal::Apply, *begins, fault).await?;
            }
            Step::Destroy { begins, fault } => {
                self.command(Goal::Destroy, *begins, fault).await?;
            }
            Step::EditByHand(address, argument) => {
                if let Some(connector) = self.managed(*address) {
                    self.person().edit(&connector, *argument);
                }
            }
            Step::SwitchByHand(address) => {
                if let Some(connector) = self.managed(*address) {
                    self.switch_by_hand(&connector);
                }
            }
            Step::DeleteByHand(address) => {
                if let Some(connector) = self.managed(*address) {
                    self.delete_by_hand(id(&connector));
                }
            }
            Step::CreateByHand(address) => {
                let name = json!(self.block(*address).name);
                let stored = self.stored();
                let is_taken = stored.iter().any(|connector| connector["name"] == name);
                if !is_taken && stored.len() < CONNECTOR_LIMIT {
                    self.create_by_hand(*address, name);
                }
            }
            Step::Taint(address) => {
                if let Some(instance) = &mut self.resource(*address).instance {
                    instance.tainted = true;
                }
            }
            Step::Forget(address) => {
                let theirs = self.managed(*address);
                self.resource(*address).instance = None;
                self.knowledge.others.extend(theirs.map(|theirs| (id(&theirs).to_owned(), theirs)));
                self.pause();
            }
            Step::Import(address) => {
                let is_free =
                    |id: &str| !self.instances().iter().flatten().any(|known| known.id() == id);
                let stored = self.stored();
                let found = stored.iter().map(id).find(|id| is_free(id)).map(str::to_owned);
                if let (None, Some(id)) = (&self.resource(*address).instance, found) {
                    self.import(*address, &id).await?;
                }
            }
        }
        Ok(())
    }

    /// Edits the configuration.
    fn change(&mut self, change: Change) {
        match change {
            Change::Edit(address, Argument::Secret) => {
                self.next_secret += 1;
                self.block(address).secret = self.next_secret;
            }
            Change::Edit(address, Argument::Account) => self.block(address).account += 2,
            Change::Edit(address, Argument::Domain) => self.block(address).domain += 2,
            Change::Edit(address, Argument::Name) => {
                self.block(address).name = self.free_name();
            }
            Change::Switch(address) => {
                let block = self.block(address);
                block.active = !block.active;
            }
            Change::Reauthenticate(address, kind) => self.block(address).kind = kind,
            Change::Store(address) => {
                let block = self.block(address);
                block.is_stateful = !block.is_stateful;
            }
            Change::AddOrRemove(address) => {
                let resource = self.resource(address);
                resource.is_configured = !resource.is_configured;
            }
            Change::Ignore(address, Ignored::Secret) => {
                let block = self.block(address);
                block.ignores_secret = !block.ignores_secret;
            }
            Change::Ignore(address, Ignored::Active) => {
                let block = self.block(address);
                block.ignores_active = !block.ignores_active;
            }
            Change::SwapNames => {
                let [first, second] = &mut self.resources;
                std::mem::swap(&mut first.block.name, &mut second.block.name);
            }
            Change::TakeName(address) => {
                let other = address.other();
                let taken = self.block(other).name;
                self.block(other).name = self.free_name();
                self.block(address).name = taken;
            }
            Change::SwapAddresses => {
                let [first, second] = &mut self.resources;
                std::mem::swap(&mut first.block, &mut second.block);
                std::mem::swap(&mut first.is_configured, &mut second.is_configured);
            }
        }
    }

    /// Returns a name that no block has.
    fn free_name(&self) -> &'static str {
        let is_free = |name: &&str| self.resources.iter().all(|known| known.block.name != *name);
        NAMES.into_iter().find(is_free).unwrap()
    }

    /// Runs `terraform apply` or `terraform destroy`, and checks the rules.
    async fn command(
        &mut self,
        goal: Goal,
        begins: Address,
        fault: &Fault,
    ) -> Result<[Done; 2], String> {
        let before = self.stored();
        self.simulator.faults(fault.scripts());
        if matches!(fault, Fault::Lag) {
            let late = Behavior { update_visible_after_ms: 60_000, ..Behavior::default() };
            self.simulator.behave(late);
        }
        let ended = self.refresh_plan_apply(goal, begins, fault).await;
        self.simulator.faults([]);
        let (done, overtaking) = ended?;
        let checked = self.check(goal, fault, &before, &done, overtaking.as_ref()).await;
        checked.map_err(|rule| {
            let said = done.iter().map(|done| done.messages().collect::<Vec<_>>());
            format!("{rule}\n   messages: {:#?}", said.collect::<Vec<_>>())
        })?;
        if matches!(fault, Fault::Lag) {
            self.simulator.behave(self.behavior.clone());
            self.pause();
        }
        Ok(done)
    }

    /// Checks the rules after a command.
    async fn check(
        &mut self,
        goal: Goal,
        fault: &Fault,
        before: &[Json],
        done: &[Done; 2],
        overtaking: Option<&Overtaking>,
    ) -> Result<(), String> {
        let after = self.stored();
        let is_killed = matches!(fault, Fault::Kill);
        self.learn(before, &after, done, is_killed);
        let instances = self.instances();
        rules::nothing_is_doubled(&after, instances)?;
        rules::nothing_is_orphaned(&after, instances, &self.knowledge)?;
        rules::secrets_are_sound(&after)?;
        rules::secrets_are_hidden(done, instances, &self.plugin.stderr())?;
        rules::edits_of_others_survive(before, &after, done, overtaking, &self.knowledge.others)?;

        for (address, done) in Address::ALL.into_iter().zip(done) {
            let resource = self.resource(address);
            let block = resource.block().filter(|_| goal == Goal::Apply).cloned();
            let instance = resource.instance.clone();
            rules::errors_help(done, resource.block())?;
            if !is_killed {
                rules::inactivity_is_reported(before, &after, block.as_ref(), done)?;
            }
            if done.is_success() {
                let next = self.next_plan(address, block.as_ref()).await?;
                let (instance, block, next) = (instance.as_ref(), block.as_ref(), next.as_ref());
                rules::foreign_secrets_are_told(&after, instance, block, next)?;
                let is_overtaken =
                    overtaking.is_some_and(|edit| instance.is_none_or(|own| own.id() == edit.id));
                if !is_overtaken {
                    let knowledge = &self.knowledge;
                    rules::success_is_true(before, &after, instance, block, done, knowledge, next)?;
                }
            }
            self.expect(address, block.as_ref(), done, &after);
        }
        Ok(())
    }

    /// Notes what people can read in the messages of a command.
    fn learn(&mut self, before: &[Json], after: &[Json], done: &[Done; 2], is_killed: bool) {
        let messages = done.iter().flat_map(Done::messages).collect::<Vec<_>>();
        let says = |words: &str| messages.iter().any(|message| message.text.contains(words));
        let knowledge = &mut self.knowledge;
        knowledge.named.extend(after.iter().map(id).filter(|id| says(id)).map(str::to_owned));
        if is_killed || says(IN_DOUBT) {
            let new = after.iter().map(id).filter(|id| with_id(before, id).is_none());
            knowledge.doubtful.extend(new.map(str::to_owned));
        }
        if is_killed {
            // Nobody can know what a killed provider has deactivated.
            knowledge.active.retain(|id, active| {
                with_id(after, id).is_some_and(|connector| connector["active"] == *active)
            });
        }
    }

    /// Notes whether a connector is to be active after a command.
    fn expect(&mut self, address: Address, block: Option<&Block>, done: &Done, after: &[Json]) {
        let Some(block) = block else { return };
        let instance = self.resource(address).instance.as_ref();
        let Some(id) = instance.map(|instance| instance.id().to_owned()) else { return };
        let is_new = done.before.as_ref().is_none_or(|before| before.id() != id);
        let active = &mut self.knowledge.active;
        if done.is_success() && (is_new || !block.ignores_active) {
            active.insert(id, block.active);
        } else if with_id(after, &id).is_none()
            || !block.ignores_active && active.get(&id) != Some(&block.active)
        {
            active.remove(&id);
        }
    }

    /// Refreshes, plans and applies.
    async fn refresh_plan_apply(
        &mut self,
        goal: Goal,
        begins: Address,
        fault: &Fault,
    ) -> Result<([Done; 2], Option<Overtaking>), String> {
        self.core.configure().await?;
        let mut all = [Done::default(), Done::default()];
        for (address, done) in Address::ALL.into_iter().zip(&mut all) {
            (done.before, done.planning) = self.refresh(address).await?;
        }
        if all.iter().any(|done| failed(&done.planning)) {
            return Ok((all, None));
        }
        for (address, done) in Address::ALL.into_iter().zip(&mut all) {
            let configuration = self.configuration(address, goal);
            if configuration.is_null() && done.before.is_none() {
                continue;
            }
            let plan = self.core(address).plan(done.before.as_ref(), &configuration).await?;
            done.planning.extend(plan.messages.clone());
            done.rotates = done.before.as_ref().is_some_and(|before| {
                let is_other = |name| of(&before.state, name) != of(&plan.planned, name);
                plan.action == Action::Update && credential_arguments().any(is_other)
            });
            done.plan = Some(plan);
        }
        if all.iter().any(|done| failed(&done.planning)) {
            return Ok((all, None));
        }
        let mut overtaking = None;
        if let Fault::Overtaken { moment: Moment::Planned(address), argument } = fault
            && let Some(connector) = self.managed(*address)
        {
            let edit = self.person().edit(&connector, *argument);
            // A delete and a replacement delete whatever is there.
            let [first, second] = &all;
            let done = if *address == Address::First { first } else { second };
            let survives = done.action() == Action::Update;
            overtaking = Some(Overtaking { survives, ..edit });
        }
        self.core.configure().await?;
        self.simulator.clear_journal();
        let unwritten = self.stored();
        // State holds what was read from here on.
        for (resource, done) in self.resources.iter_mut().zip(&all) {
            resource.instance.clone_from(&done.before);
        }
        let [first, second] =
            Address::ALL.map(|address| (self.core(address), self.configuration(address, goal)));
        let blocks = self.resources.each_ref().map(|resource| resource.block.clone());
        let (applied, during) = {
            let wait = |address| async move {
                if begins != address {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            let [first_done, second_done] = &all;
            let apply = async {
                tokio::join!(
                    async {
                        wait(Address::First).await;
                        apply(first.0, &first.1, first_done).await
                    },
                    async {
                        wait(Address::Second).await;
                        apply(second.0, &second.1, second_done).await
                    },
                )
            };
            tokio::pin!(apply);
            let person = Person { simulator: &self.simulator, next_secret: &mut self.next_secret };
            tokio::select! {
                biased;
                applied = &mut apply => (applied, None),
                intrusion = disturb(person, &mut self.plugin, &unwritten, &blocks, fault) => {
                    let during = match intrusion {
                        Intrusion::None => None,
                        Intrusion::Edit(edit) => Some(edit),
                        Intrusion::Connector(theirs) => {
                            self.knowledge.others.insert(id(&theirs).to_owned(), theirs);
                            None
                        }
                    };
                    (apply.await, during)
                }
            }
        };
        let is_killed = matches!(fault, Fault::Kill);
        for ((resource, done), applied) in
            self.resources.iter_mut().zip(&mut all).zip([applied.0, applied.1])
        {
            match applied {
                Ok((instance, messages)) => {
                    resource.instance = instance;
                    done.applying = messages;
                    done.is_applied = true;
                }
                // A killed provider leaves a broken connection.
                Err(_) if is_killed => {}
                Err(broken) => return Err(broken),
            }
        }
        if matches!(fault, Fault::Stop | Fault::Kill) {
            if is_killed {
                self.plugin.kill();
                (self.plugin, self.core) = start(&self.simulator).await;
            } else {
                self.replace_process().await?;
            }
        }
        if is_killed {
            // A connector that was created moments ago does not count as deleted. People need longer.
            self.simulator.advance_clock(Duration::from_secs(10 * 60));
        }
        Ok((all, overtaking.or(during)))
    }

    /// Refreshes the instance at an address.
    async fn refresh(
        &mut self,
        address: Address,
    ) -> Result<(Option<Instance>, Vec<Message>), String> {
        let Some(before) = self.resource(address).instance.clone() else {
            return Ok((None, Vec::new()));
        };
        let (read, said) = self.core(address).refresh(&before).await?;
        if read.is_none() && self.managed(address).is_some() {
            return Err(format!("a refresh loses {}, which exists: {said:#?}", before.id()));
        }
        Ok((read, said))
    }

    /// Returns the next plan of an address, with the messages of its refresh.
    async fn next_plan(
        &mut self,
        address: Address,
        block: Option<&Block>,
    ) -> Result<Option<Plan>, String> {
        if block.is_none() {
            return Ok(None);
        }
        self.core.configure().await?;
        let (read, mut said) = self.refresh(address).await?;
        let Some(read) = read else { return Ok(None) };
        let configuration = self.configuration(address, Goal::Apply);
        let mut plan = self.core(address).plan(Some(&read), &configuration).await?;
        said.append(&mut plan.messages);
        plan.messages = said;
        Ok(Some(plan))
    }

    /// Applies without faults, following the advice of the messages, until the state is the desired
    /// one. Then destroys.
    async fn converge(&mut self) -> Result<(), String> {
        let mut last = Vec::new();
        for _ in 0..APPLIES_TO_CONVERGE {
            let done = self.command(Goal::Apply, Address::First, &Fault::None).await?;
            if done.iter().all(Done::is_success) {
                let done = self.command(Goal::Destroy, Address::First, &Fault::None).await?;
                return rules::destroy_empties(&done);
            }
            last.clear();
            for (address, done) in Address::ALL.into_iter().zip(&done) {
                let errors = done.messages().filter(|message| message.is_error).cloned();
                let errors = errors.collect::<Vec<_>>();
                self.follow_advice(address, &errors).await?;
                last.extend(errors);
            }
        }
        rules::it_converges(APPLIES_TO_CONVERGE, &last)
    }

    /// Does what the errors at an address advise.
    async fn follow_advice(&mut self, address: Address, errors: &[Message]) -> Result<(), String> {
        let says = |words: &str| errors.iter().any(|message| message.text.contains(words));
        if says("need a third name in between") {
            self.block(address).name = self.free_name();
            return Ok(());
        }
        let stored = self.stored();
        if says("Webex allows 10") {
            let other = stored.iter().map(id).find(|id| self.knowledge.others.contains_key(*id));
            if let Some(id) = other {
                self.delete_by_hand(id);
            }
        }
        let is_managed =
            |id: &str| self.instances().iter().flatten().any(|instance| instance.id() == id);
        let name = self.resources.each_ref().map(|resource| resource.block.name);
        let name = if address == Address::First { name[0] } else { name[1] };
        let rival = stored.iter().find(|connector| connector["name"] == name);
        let rival = rival.map(id).filter(|id| says(id) && !is_managed(id)).map(str::to_owned);
        match (rival, &self.resource(address).instance) {
            (Some(rival), None) => self.import(address, &rival).await?,
            (Some(rival), Some(_)) => self.delete_by_hand(&rival),
            (None, _) => {}
        }
        Ok(())
    }

    async fn import(&mut self, address: Address, id: &str) -> Result<(), String> {
        self.core.configure().await?;
        let (imported, said) = self.core(address).import(id).await?;
        if failed(&said) || imported.is_none() {
            return Err(format!("{id} exists and cannot be imported: {said:?}"));
        }
        self.knowledge.others.remove(id);
        let active = self
            .stored()
            .iter()
            .find(|found| rules::id(found) == id)
            .map(|found| found["active"] == true);
        self.knowledge.active.extend(active.map(|active| (id.to_owned(), active)));
        self.resource(address).instance = imported;
        Ok(())
    }

    /// Ends the process as Terraform does, and starts another. Nothing is left of it.
    async fn replace_process(&mut self) -> Result<(), String> {
        let (plugin, core) = start(&self.simulator).await;
        self.core = core;
        let ended = std::mem::replace(&mut self.plugin, plugin).shutdown().await;
        ended.assert_tidy();
        rules::secrets_are_hidden(&[], [None, None], &ended.stderr)
    }

    /// Returns Terraform's core for the resource at an address.
    fn core(&mut self, address: Address) -> TerraformCore {
        let mut core = self.core.clone();
        core.ignore_changes.extend(self.block(address).ignored());
        core
    }

    /// Returns the configuration of an address, which is null where there is no resource.
    fn configuration(&mut self, address: Address, goal: Goal) -> Value {
        let resource = self.resource(address);
        if goal == Goal::Destroy || !resource.is_configured {
            return Value::Null;
        }
        let arguments = resource.block.arguments();
        self.core.shape.object(arguments)
    }

    fn person(&mut self) -> Person<'_> {
        Person { simulator: &self.simulator, next_secret: &mut self.next_secret }
    }

    fn switch_by_hand(&mut self, connector: &Json) {
        let active = connector["active"] == false;
        let id = id(connector).to_owned();
        self.simulator.store(self.simulator.organization(), &id, json!({"active": active}));
        let expected = &mut self.knowledge.active;
        if expected.get(&id) == Some(&!active) {
            expected.insert(id, active);
        } else {
            // The provider has left it inactive, and does not know yet of this.
            expected.remove(&id);
        }
    }

    fn delete_by_hand(&mut self, id: &str) {
        simulator::delete_by_hand(&self.simulator, id);
        self.knowledge.others.remove(id);
    }

    /// Creates a connector with the arguments of an address and another secret.
    fn create_by_hand(&mut self, address: Address, name: Json) {
        let block = self.block(address).clone();
        let theirs = self.person().create(&block, name);
        self.knowledge.others.insert(id(&theirs).to_owned(), theirs);
        self.pause();
    }

    /// Lets some time pass, so that what was written is old.
    fn pause(&self) {
        self.simulator.advance_clock(Duration::from_secs(61));
    }
}

/// Applies the plan of one address.
async fn apply(
    mut core: TerraformCore,
    configuration: &Value,
    done: &Done,
) -> Result<(Option<Instance>, Vec<Message>), String> {
    match &done.plan {
        Some(plan) => core.apply(done.before.as_ref(), configuration, plan).await,
        None => Ok((None, Vec::new())),
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
