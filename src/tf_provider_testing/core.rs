//! The calls and checks of Terraform's core for one type of resource.
//!
//! [`TerraformCore`] calls one provider process. An [`Instance`] is what the state file holds. An
//! `Err` names a rule that the provider breaks: Terraform would reject the response, or could not
//! show it. [`Message`]s are what a user reads.

use std::collections::{BTreeMap, BTreeSet};

use tf_provider::value::{Path, Step, Type, Value};
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::checker::{self, Problems, Shape, of};
use crate::plugin_client::proto::tfplugin5::provider_client::ProviderClient;
use crate::plugin_client::proto::tfplugin5::{
    self as protocol, ClientCapabilities, Diagnostic, RawState,
};
use crate::value_json::value_json;
use protocol::diagnostic::Severity;

/// The outcome of a check. The error is the broken rule.
pub type Checked<T> = Result<T, String>;

/// The capabilities of Terraform 1.11 and later.
const CAPABILITIES: Option<ClientCapabilities> =
    Some(ClientCapabilities { deferral_allowed: false, write_only_attributes_allowed: true });

/// A message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whether it is an error; otherwise it is a warning.
    pub is_error: bool,
    /// Summary and detail.
    pub text: String,
    /// The path of the argument, joined by dots.
    pub at: Option<String>,
}

impl Message {
    /// The first line.
    pub fn summary(&self) -> &str {
        self.text.split_once('\n').map_or(&self.text, |(summary, _)| summary)
    }

    /// The lines after the first.
    pub fn detail(&self) -> &str {
        self.text.split_once('\n').map_or("", |(_, detail)| detail)
    }
}

/// Whether one of the messages is an error.
pub fn failed(messages: &[Message]) -> bool {
    messages.iter().any(|message| message.is_error)
}

/// An object in the state file.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Its attributes.
    pub state: Value,
    /// Its private state.
    pub private: Vec<u8>,
    /// Its identity.
    pub identity: Option<Value>,
    /// Whether it is tainted: its create failed, or the user said so.
    pub tainted: bool,
}

impl Instance {
    /// Its id.
    pub fn id(&self) -> &str {
        let Value::String(id) = of(&self.state, "id") else {
            panic!("no id in state: {:?}", self.state)
        };
        id
    }
}

/// The action of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Change nothing.
    Nothing,
    /// Create the object.
    Create,
    /// Update the object in place.
    Update,
    /// Delete the object and create another one.
    Replace,
    /// Delete the object.
    Delete,
}

/// A plan that passed all checks.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its action.
    pub action: Action,
    /// The planned object.
    pub planned: Value,
    /// Its messages.
    pub messages: Vec<Message>,
    private: Vec<u8>,
    identity: Option<protocol::ResourceIdentityData>,
}

/// Terraform's core for one type of resource, connected to one process. A clone uses the same
/// process, for example for another resource.
#[derive(Clone)]
pub struct TerraformCore {
    pub(crate) client: ProviderClient<Channel>,
    pub(crate) type_name: String,
    configure: protocol::configure::Request,
    /// The resource's schema.
    pub shape: Shape,
    /// The type of its identity, if the type of resource has one.
    pub identity: Option<Type>,
    /// The arguments of `ignore_changes`.
    pub ignore_changes: BTreeSet<&'static str>,
}

impl TerraformCore {
    /// Reads the schemas, and configures the provider, which must raise no message. A null
    /// configuration has no argument set.
    pub async fn start(
        mut client: ProviderClient<Channel>,
        type_name: &str,
        configuration: Value,
    ) -> Checked<Self> {
        let schemas = client.get_schema(protocol::get_provider_schema::Request {}).await;
        let schemas = answer("GetSchema", schemas)?;
        checked("the provider's schema", messages(&schemas.diagnostics).map(drop))?;
        let capabilities = schemas.server_capabilities.ok_or("no capabilities were announced")?;
        if !capabilities.plan_destroy {
            return Err("destroys would not be planned".to_owned());
        }
        let of_provider = schemas.provider.as_ref().ok_or("there is no provider schema")?;
        let of_provider = Shape::of(of_provider).map_err(|wrong| wrong.join("; "))?;
        let schema = schemas.resource_schemas.get(type_name).ok_or("the type is not served")?;
        let shape = Shape::of(schema).map_err(|wrong| wrong.join("; "))?;

        let request = protocol::get_resource_identity_schemas::Request {};
        let identities = client.get_resource_identity_schemas(request).await;
        let identities = answer("GetResourceIdentitySchemas", identities)?.identity_schemas;
        let identity = identities.get(type_name).map(|identity| {
            let attributes = identity.identity_attributes.iter().map(|attribute| {
                let ty = Type::from_json(&attribute.r#type).map_err(|error| error.to_string())?;
                Ok((attribute.name.clone(), ty))
            });
            attributes.collect::<Checked<BTreeMap<_, _>>>().map(Type::Object)
        });
        let identity = identity.transpose()?;

        let configuration =
            if configuration.is_null() { of_provider.empty() } else { configuration };
        let config = Some(of_provider.encode(&configuration));
        let request = protocol::prepare_provider_config::Request { config: config.clone() };
        let prepared = client.prepare_provider_config(request).await;
        let prepared = answer("PrepareProviderConfig", prepared)?;
        no_errors(&messages(&prepared.diagnostics)?)?;
        let configure = protocol::configure::Request {
            terraform_version: "1.14.0".to_owned(),
            config,
            client_capabilities: CAPABILITIES,
        };
        let type_name = type_name.to_owned();
        let ignore_changes = BTreeSet::new();
        let mut core = Self { client, type_name, configure, shape, identity, ignore_changes };
        let said = core.configure().await?;
        if said.is_empty() { Ok(core) } else { Err(format!("configuring says {said:#?}")) }
    }

    /// Configures the provider again, which forgets everything, as for the next command.
    pub async fn configure(&mut self) -> Checked<Vec<Message>> {
        let configured = answer("Configure", self.client.configure(self.configure.clone()).await)?;
        let said = messages(&configured.diagnostics)?;
        no_errors(&said)?;
        Ok(said)
    }

    /// Validates a configuration.
    pub async fn validate(&mut self, configuration: &Value) -> Checked<Vec<Message>> {
        self.validate_as(configuration, CAPABILITIES).await
    }

    /// Validates a configuration with other capabilities.
    pub async fn validate_as(
        &mut self,
        configuration: &Value,
        client_capabilities: Option<ClientCapabilities>,
    ) -> Checked<Vec<Message>> {
        let request = protocol::validate_resource_type_config::Request {
            type_name: self.type_name.clone(),
            config: Some(self.shape.encode(configuration)),
            client_capabilities,
        };
        let answered = self.client.validate_resource_type_config(request).await;
        messages(&answer("ValidateResourceTypeConfig", answered)?.diagnostics)
    }

    /// Upgrades and reads the state, as at the start of every plan. `None` means that the object is
    /// gone.
    pub async fn refresh(
        &mut self,
        instance: &Instance,
    ) -> Checked<(Option<Instance>, Vec<Message>)> {
        let json = value_json(&instance.state).into_bytes();
        let request = protocol::upgrade_resource_state::Request {
            type_name: self.type_name.clone(),
            version: self.shape.version,
            raw_state: Some(RawState { json, flatmap: Default::default() }),
        };
        let upgraded = self.client.upgrade_resource_state(request).await;
        let upgraded = answer("UpgradeResourceState", upgraded)?;
        no_errors(&messages(&upgraded.diagnostics)?)?;
        let state = self.shape.decode(upgraded.upgraded_state.as_ref())?;
        let unchanged = state.equals(&instance.state, self.shape.ty());
        checked("the upgraded state", unchanged.then_some(()).ok_or("it is another".to_owned()))?;

        let request = protocol::read_resource::Request {
            type_name: self.type_name.clone(),
            current_state: upgraded.upgraded_state,
            private: instance.private.clone(),
            provider_meta: None,
            client_capabilities: CAPABILITIES,
            current_identity: self.sent_identity(instance.identity.as_ref()),
        };
        let read = answer("ReadResource", self.client.read_resource(request).await)?;
        let said = messages(&read.diagnostics)?;
        if read.deferred.is_some() {
            return Err("a read was deferred, which was not allowed".to_owned());
        }
        let state = self.shape.decode(read.new_state.as_ref())?;
        broken("the state that was read", self.shape.state_problems(&state))?;
        if failed(&said) {
            // Terraform keeps the state, and so must the response.
            let same = state.equals(&instance.state, self.shape.ty());
            let kept = same.then_some(()).ok_or("it is not what was known before".to_owned());
            checked("the state of a read that failed", kept)?;
            return Ok((Some(instance.clone()), said));
        }
        if state.is_null() {
            return Ok((None, said));
        }
        let before = instance.identity.as_ref();
        let identity = self.identity(read.new_identity.as_ref(), before, "a read")?;
        let tainted = instance.tainted;
        Ok((Some(Instance { state, private: read.private, identity, tainted }), said))
    }

    /// Plans the change to a configuration. A null configuration is a destroy.
    pub async fn plan(
        &mut self,
        instance: Option<&Instance>,
        configuration: &Value,
    ) -> Checked<Plan> {
        let nothing = Value::Null;
        let tainted = instance.is_some_and(|instance| instance.tainted);
        let prior = instance.map_or(&nothing, |instance| &instance.state);
        let private = instance.map(|instance| instance.private.clone()).unwrap_or_default();
        let identity = instance.and_then(|instance| instance.identity.clone());
        if configuration.is_null() {
            let (plan, _) = self.plan_call(prior, configuration, private, identity).await?;
            let action = if prior.is_null() { Action::Nothing } else { Action::Delete };
            return Ok(Plan { action, ..plan });
        }
        if !tainted {
            let (plan, replaces) =
                self.plan_call(prior, configuration, private.clone(), identity.clone()).await?;
            let action = if prior.is_null() {
                Action::Create
            } else if failed(&plan.messages) || plan.planned.equals(prior, self.shape.ty()) {
                Action::Nothing
            } else if replaces.iter().any(|path| prior.at(path) != plan.planned.at(path)) {
                Action::Replace
            } else {
                Action::Update
            };
            if action != Action::Replace {
                if action == Action::Nothing && !failed(&plan.messages) && !replaces.is_empty() {
                    return Err(format!("a plan without changes replaces by {replaces:?}"));
                }
                return Ok(Plan { action, ..plan });
            }
            // Terraform plans a replacement once more, as a create.
            let (mut again, _) =
                self.plan_call(&nothing, configuration, plan.private.clone(), identity).await?;
            again.messages.splice(0..0, plan.messages);
            return Ok(Plan { action: Action::Replace, ..again });
        }
        // Terraform hides a tainted object, so the provider plans a create.
        let (plan, _) = self.plan_call(&nothing, configuration, Vec::new(), None).await?;
        Ok(Plan { action: Action::Replace, ..plan })
    }

    async fn plan_call(
        &mut self,
        prior: &Value,
        configuration: &Value,
        private: Vec<u8>,
        identity: Option<Value>,
    ) -> Checked<(Plan, Vec<Path>)> {
        let configuration = &self.without_ignored(prior, configuration);
        let request = protocol::plan_resource_change::Request {
            type_name: self.type_name.clone(),
            prior_state: Some(self.shape.encode(prior)),
            proposed_new_state: Some(
                self.shape.encode(&self.shape.proposed_new(prior, configuration)),
            ),
            config: Some(self.shape.encode(configuration)),
            prior_private: private,
            provider_meta: None,
            client_capabilities: CAPABILITIES,
            prior_identity: self.sent_identity(identity.as_ref()),
        };
        let planned = self.client.plan_resource_change(request).await;
        let answered = answer("PlanResourceChange", planned)?;
        let said = messages(&answered.diagnostics)?;
        if answered.legacy_type_system {
            return Err("the plan asks for the leniency of the old SDK".to_owned());
        }
        if answered.deferred.is_some() {
            return Err("a plan was deferred, which was not allowed".to_owned());
        }
        let mut replaces = Vec::new();
        for path in &answered.requires_replace {
            replaces.push(value_path(path).ok_or("a path without a step")?);
        }
        if failed(&said) {
            // Terraform ignores the rest.
            let plan = Plan {
                action: Action::Nothing,
                planned: prior.clone(),
                messages: said,
                private: Vec::new(),
                identity: None,
            };
            return Ok((plan, replaces));
        }
        let planned = self.shape.decode(answered.planned_state.as_ref())?;
        if let Some(path) =
            replaces.iter().find(|path| prior.at(path).or(planned.at(path)).is_none())
        {
            return Err(format!("a replacement is required by {path}, which does not exist"));
        }
        broken("the plan", self.shape.plan_problems(prior, configuration, &planned))?;
        let before = identity.as_ref().filter(|_| replaces.is_empty() && !prior.is_null());
        checker::identity_problems(
            answered.planned_identity.as_ref(),
            self.identity.as_ref(),
            before,
            before.is_some(),
        )
        .map_err(|wrong| format!("the identity of a plan: {}", wrong.join("; ")))?;
        let plan = Plan {
            action: Action::Nothing,
            planned,
            messages: said,
            private: answered.planned_private,
            identity: answered.planned_identity,
        };
        Ok((plan, replaces))
    }

    /// Returns the configuration of a plan: ignored arguments have the prior values. A create uses
    /// the whole configuration, and so does an apply.
    fn without_ignored(&self, prior: &Value, configuration: &Value) -> Value {
        let mut planned = configuration.clone();
        if let (Value::Map(arguments), Value::Map(before)) = (&mut planned, prior) {
            for name in &self.ignore_changes {
                arguments.insert((*name).to_owned(), before[*name].clone());
            }
        }
        planned
    }

    /// Validates, plans and applies, and then refreshes and plans again. Fails on any error, on a
    /// message of the second refresh, and on a second plan that is not empty. Returns the instance
    /// and the first plan, with the messages of plan and apply.
    pub async fn settle(
        &mut self,
        before: Option<&Instance>,
        configuration: &Value,
    ) -> Checked<(Instance, Plan)> {
        no_errors(&self.validate(configuration).await?)?;
        let mut plan = self.plan(before, configuration).await?;
        let (after, said) = self.apply(before, configuration, &plan).await?;
        plan.messages.extend(said);
        no_errors(&plan.messages)?;
        let after = after.ok_or("an apply without errors has left nothing")?;
        self.configure().await?;
        let (read, said) = self.refresh(&after).await?;
        if !said.is_empty() {
            return Err(format!("a read of what was just applied says {said:#?}"));
        }
        let read = read.ok_or("what was just applied is gone")?;
        let next = self.plan(Some(&read), configuration).await?;
        no_errors(&next.messages)?;
        if next.action != Action::Nothing {
            return Err(format!("the next plan is not empty: {next:#?}\nafter {read:#?}"));
        }
        Ok((read, plan))
    }

    /// Applies a plan of `instance` as Terraform does: it plans again, and compares the second plan
    /// with the first.
    pub async fn apply(
        &mut self,
        instance: Option<&Instance>,
        configuration: &Value,
        plan: &Plan,
    ) -> Checked<(Option<Instance>, Vec<Message>)> {
        match plan.action {
            Action::Nothing => Ok((instance.cloned(), Vec::new())),
            Action::Create => self.replan_and_apply(None, configuration, plan).await,
            Action::Update => self.replan_and_apply(instance, configuration, plan).await,
            Action::Delete => self.delete(instance, plan).await,
            Action::Replace => {
                let (left, mut said) = self.delete(instance, plan).await?;
                if failed(&said) || left.is_some() {
                    return Ok((left, said));
                }
                let (made, more) = self.replan_and_apply(None, configuration, plan).await?;
                said.extend(more);
                Ok((made, said))
            }
        }
    }

    async fn delete(
        &mut self,
        instance: Option<&Instance>,
        plan: &Plan,
    ) -> Checked<(Option<Instance>, Vec<Message>)> {
        let Some(instance) = instance else { return Ok((None, Vec::new())) };
        // Terraform sends no identity with the deletion that is a part of a replacement.
        let identity = instance.identity.as_ref().filter(|_| plan.action == Action::Delete);
        let plan = Plan {
            planned: Value::Null,
            action: Action::Delete,
            messages: Vec::new(),
            private: plan.private.clone(),
            identity: self.sent_identity(identity),
        };
        self.apply_call(Some(instance), &Value::Null, &plan).await
    }

    async fn replan_and_apply(
        &mut self,
        instance: Option<&Instance>,
        configuration: &Value,
        plan: &Plan,
    ) -> Checked<(Option<Instance>, Vec<Message>)> {
        let nothing = Value::Null;
        let prior = instance.map_or(&nothing, |instance| &instance.state);
        // The second plan of a replacement has neither prior state nor private state.
        let private = instance.map(|instance| instance.private.clone()).unwrap_or_default();
        let identity = instance.and_then(|instance| instance.identity.clone());
        let (again, _) = self.plan_call(prior, configuration, private, identity).await?;
        if failed(&again.messages) {
            return Ok((instance.cloned(), again.messages));
        }
        let problems = self.shape.apply_problems(&plan.planned, &again.planned);
        broken("the second plan, held against the first", problems)?;
        self.apply_call(instance, configuration, &again).await
    }

    async fn apply_call(
        &mut self,
        instance: Option<&Instance>,
        configuration: &Value,
        plan: &Plan,
    ) -> Checked<(Option<Instance>, Vec<Message>)> {
        let nothing = Value::Null;
        let prior = instance.map_or(&nothing, |instance| &instance.state);
        let request = protocol::apply_resource_change::Request {
            type_name: self.type_name.clone(),
            prior_state: Some(self.shape.encode(prior)),
            planned_state: Some(self.shape.encode(&plan.planned)),
            config: Some(self.shape.encode(configuration)),
            planned_private: plan.private.clone(),
            provider_meta: None,
            planned_identity: plan.identity.clone(),
        };
        let applied = self.client.apply_resource_change(request).await;
        let answered = answer("ApplyResourceChange", applied)?;
        let said = messages(&answered.diagnostics)?;
        if answered.legacy_type_system {
            return Err("the apply asks for the leniency of the old SDK".to_owned());
        }
        let state = self.shape.decode(answered.new_state.as_ref())?;
        broken("the state after an apply", self.shape.state_problems(&state))?;
        if !failed(&said) {
            let problems = self.shape.apply_problems(&plan.planned, &state);
            broken("the result of an apply", problems)?;
        }
        if state.is_null() {
            // After an error, Terraform keeps the state.
            let kept = failed(&said).then(|| instance.cloned()).flatten();
            return Ok((kept, said));
        }
        let before = instance.and_then(|instance| instance.identity.as_ref());
        let identity = self.identity(answered.new_identity.as_ref(), before, "an apply")?;
        let tainted = match instance {
            None => failed(&said),
            Some(instance) => instance.tainted && failed(&said),
        };
        Ok((Some(Instance { state, private: answered.private, identity, tainted }), said))
    }

    /// Imports an object by id, and reads it.
    pub async fn import(&mut self, id: &str) -> Checked<(Option<Instance>, Vec<Message>)> {
        self.import_by(id, None).await
    }

    /// Imports an object by identity, with an empty id. Since Terraform 1.12.
    pub async fn import_identity(
        &mut self,
        identity: &Value,
    ) -> Checked<(Option<Instance>, Vec<Message>)> {
        let identity = self.sent_identity(Some(identity));
        self.import_by("", identity).await
    }

    async fn import_by(
        &mut self,
        id: &str,
        identity: Option<protocol::ResourceIdentityData>,
    ) -> Checked<(Option<Instance>, Vec<Message>)> {
        let request = protocol::import_resource_state::Request {
            type_name: self.type_name.clone(),
            id: id.to_owned(),
            client_capabilities: CAPABILITIES,
            identity,
        };
        let imported = self.client.import_resource_state(request).await;
        let imported = answer("ImportResourceState", imported)?;
        let mut said = messages(&imported.diagnostics)?;
        if failed(&said) {
            return Ok((None, said));
        }
        let [object] = imported.imported_resources.as_slice() else {
            return Err("an import is of exactly one object".to_owned());
        };
        if object.type_name != self.type_name {
            return Err(format!("the import is of a {:?}", object.type_name));
        }
        let state = self.shape.decode(object.state.as_ref())?;
        broken("the imported state", self.shape.state_problems(&state))?;
        let identity = self.identity(object.identity.as_ref(), None, "an import")?;
        let private = object.private.clone();
        let imported = Instance { state, private, identity, tainted: false };
        let (read, more) = self.refresh(&imported).await?;
        said.extend(more);
        if failed(&said) {
            return Ok((None, said));
        }
        Ok((read, said))
    }

    /// Generates the configuration of an instance, as after an import. Since Terraform 1.14.
    pub async fn generate(&mut self, instance: &Instance) -> Checked<Value> {
        let request = protocol::generate_resource_config::Request {
            type_name: self.type_name.clone(),
            state: Some(self.shape.encode(&instance.state)),
        };
        let generated = self.client.generate_resource_config(request).await;
        let generated = answer("GenerateResourceConfig", generated)?;
        no_errors(&messages(&generated.diagnostics)?)?;
        let configuration = self.shape.decode(generated.config.as_ref())?;
        broken("the generated configuration", self.shape.state_problems(&configuration))?;
        Ok(configuration)
    }

    /// The connection, for other calls.
    pub fn client(&mut self) -> &mut ProviderClient<Channel> {
        &mut self.client
    }

    fn sent_identity(&self, identity: Option<&Value>) -> Option<protocol::ResourceIdentityData> {
        let (identity, ty) = identity.zip(self.identity.as_ref())?;
        let identity_data = Some(checker::encode(identity, ty));
        Some(protocol::ResourceIdentityData { identity_data })
    }

    fn identity(
        &self,
        sent: Option<&protocol::ResourceIdentityData>,
        before: Option<&Value>,
        after: &str,
    ) -> Checked<Option<Value>> {
        checker::identity_problems(sent, self.identity.as_ref(), before, true)
            .map_err(|wrong| format!("the identity after {after}: {}", wrong.join("; ")))
    }
}

/// Returns the response, or names the gRPC error, for which Terraform loses objects.
pub fn answer<T>(call: &str, outcome: Result<Response<T>, Status>) -> Checked<T> {
    outcome
        .map(Response::into_inner)
        .map_err(|status| format!("{call} returned a gRPC error: {status:?}"))
}

/// Reads messages, each of which must have a severity, a summary and a detail.
pub fn messages(sent: &[Diagnostic]) -> Checked<Vec<Message>> {
    sent.iter().map(message).collect()
}

fn message(sent: &Diagnostic) -> Checked<Message> {
    let text = format!("{}\n{}", sent.summary, sent.detail);
    let is_error = match sent.severity() {
        Severity::Error => true,
        Severity::Warning => false,
        Severity::Invalid => return Err(format!("a message of no severity: {text}")),
    };
    if sent.summary.is_empty() || sent.detail.is_empty() {
        return Err(format!("a message that says too little: {text:?}"));
    }
    if text.chars().any(|character| character.is_control() && character != '\n') {
        return Err(format!("a message with control characters: {text:?}"));
    }
    Ok(Message { is_error, text, at: sent.attribute.as_ref().map(path_text) })
}

fn path_text(path: &protocol::AttributePath) -> String {
    use protocol::attribute_path::step::Selector;
    let steps = path.steps.iter().map(|step| match &step.selector {
        Some(Selector::AttributeName(name) | Selector::ElementKeyString(name)) => name.clone(),
        Some(Selector::ElementKeyInt(index)) => index.to_string(),
        None => "?".to_owned(),
    });
    steps.collect::<Vec<_>>().join(".")
}

/// Returns a path into a value; `None` if a step is missing.
fn value_path(path: &protocol::AttributePath) -> Option<Path> {
    use protocol::attribute_path::step::Selector;
    path.steps.iter().try_fold(Path::root(), |all, step| {
        Some(all.then(match step.selector.as_ref()? {
            Selector::AttributeName(name) => Step::Attribute(name.clone()),
            Selector::ElementKeyString(key) => Step::Key(key.clone()),
            Selector::ElementKeyInt(index) => Step::Index(*index),
        }))
    })
}

fn no_errors(messages: &[Message]) -> Checked<()> {
    match messages.iter().find(|message| message.is_error) {
        None => Ok(()),
        Some(error) => Err(format!("an error where none belongs: {}", error.text)),
    }
}

fn broken(what: &str, problems: Problems) -> Checked<()> {
    if problems.is_empty() { Ok(()) } else { Err(format!("{what}: {}", problems.join("; "))) }
}

fn checked<T>(what: &str, outcome: Checked<T>) -> Checked<T> {
    outcome.map_err(|problem| format!("{what}: {problem}"))
}
