//! What Terraform does between its command line and a provider: it validates,
//! proposes, plans, applies, reads and imports one resource, and keeps its
//! state. A test that needs no command line sees each answer here as it came.

use terraform_provider_webex::provider::custom_connector::schema::{TYPE_NAME, schema};
use terraform_provider_webex::tf_provider::object::Object;
use terraform_provider_webex::tf_provider::schema::Schema;
use terraform_provider_webex::tf_provider::value::{Type, Value, msgpack};
use tonic::transport::Channel;
use webex_cc_simulator::Simulator;

use super::plugin_client::proto::tfplugin5::provider_client::ProviderClient;
use super::plugin_client::proto::tfplugin5::{
    self as proto, ClientCapabilities, Diagnostic, DynamicValue,
};
use super::plugin_client::{Launch, Plugin};

/// A started and configured provider, and the schema of its connector.
pub(crate) struct Core {
    plugin: Plugin,
    schema: Schema,
    value_type: Type,
}

/// A connector as Terraform keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Its values; `None` when there is none.
    pub(crate) state: Option<Object>,
    /// What the provider remembers beside them.
    pub(crate) private: Vec<u8>,
}

/// A plan as the provider answered it.
#[derive(Debug)]
pub(crate) struct Planned {
    /// What will be.
    pub(crate) state: Option<Object>,
    /// Whether anything is to be done.
    pub(crate) changes: bool,
    /// What the provider said.
    pub(crate) messages: Vec<Message>,
    wire: Option<DynamicValue>,
    private: Vec<u8>,
}

/// A diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Whether it ends the operation.
    pub(crate) is_error: bool,
    /// The first line.
    pub(crate) summary: String,
    /// The rest.
    pub(crate) detail: String,
    /// The argument that it points at, such as `timeouts.create`.
    pub(crate) argument: String,
}

impl From<Diagnostic> for Message {
    fn from(diagnostic: Diagnostic) -> Self {
        use proto::attribute_path::step::Selector;
        let is_error = diagnostic.severity() == proto::diagnostic::Severity::Error;
        let steps = diagnostic.attribute.into_iter().flat_map(|path| path.steps);
        let steps = steps.filter_map(|step| match step.selector? {
            Selector::AttributeName(name) | Selector::ElementKeyString(name) => Some(name),
            Selector::ElementKeyInt(index) => Some(index.to_string()),
        });
        let argument = steps.collect::<Vec<_>>().join(".");
        Self { is_error, summary: diagnostic.summary, detail: diagnostic.detail, argument }
    }
}

fn messages(diagnostics: Vec<Diagnostic>) -> Vec<Message> {
    diagnostics.into_iter().map(Message::from).collect()
}

/// Fails the test if one of them is an error.
#[track_caller]
fn no_errors(messages: &[Message]) {
    assert!(!messages.iter().any(|message| message.is_error), "{messages:#?}");
}

/// A Terraform of today.
pub(crate) const TODAY: Option<ClientCapabilities> =
    Some(ClientCapabilities { deferral_allowed: false, write_only_attributes_allowed: true });

impl Held {
    /// No connector yet.
    pub(crate) fn nothing() -> Self {
        Self { state: None, private: Vec::new() }
    }

    /// A text of its state.
    pub(crate) fn text(&self, argument: &str) -> String {
        let state = self.state.as_ref().expect("a connector in state");
        state.string(argument).known().unwrap_or_default().to_owned()
    }

    /// A value of its state.
    pub(crate) fn value(&self, argument: &str) -> Value {
        self.state.as_ref().expect("a connector in state").get(argument).clone()
    }
}

/// A configuration with nothing in it.
pub(crate) fn empty() -> Object {
    Object::null(&schema().block)
}

impl Core {
    /// A provider that calls a simulator.
    pub(crate) async fn with(simulator: &Simulator) -> Self {
        let environment = [
            ("WEBEX_CC_BASE_URL", simulator.base_url()),
            ("WEBEX_ACCESS_TOKEN", simulator.token()),
        ];
        let (core, messages) = Self::start(&environment).await;
        assert_eq!(messages, []);
        core
    }

    /// A provider with this environment and an empty provider block, and what
    /// it said when it was configured.
    pub(crate) async fn start(environment: &[(&str, &str)]) -> (Self, Vec<Message>) {
        let program = env!("CARGO_BIN_EXE_terraform-provider-webex");
        // The limit of Webex would slow the tests down.
        let launch = Launch::new(program)
            .with("TF_LOG", "TRACE")
            .with("WEBEX_CC_REQUESTS_PER_MINUTE", "100000");
        let launch =
            environment.iter().fold(launch, |launch, (name, value)| launch.with(name, value));
        let plugin = launch.start().await;
        let schema = schema();
        let value_type = schema.value_type();
        let core = Self { plugin, schema, value_type };
        let request = proto::configure::Request {
            terraform_version: "1.11.4".to_owned(),
            config: Some(DynamicValue { msgpack: vec![0xc0].into(), json: Default::default() }),
            ..Default::default()
        };
        let answer = core.calls().configure(request).await.expect("an answer").into_inner();
        (core, messages(answer.diagnostics))
    }

    /// The protocol's calls themselves.
    pub(crate) fn calls(&self) -> ProviderClient<Channel> {
        self.plugin.provider()
    }

    /// The lines of the provider's standard error so far.
    pub(crate) fn log(&self) -> String {
        self.plugin.stderr().join("\n")
    }

    /// Writes an object as Terraform sends it.
    pub(crate) fn encode(&self, object: Option<&Object>) -> DynamicValue {
        let value = object.map_or(Value::Null, |object| object.clone().into_value());
        let bytes = msgpack::encode(&value, &self.value_type).expect("a value of the schema");
        DynamicValue { msgpack: bytes.into(), json: Default::default() }
    }

    /// Reads an object that the provider sent.
    pub(crate) fn decode(&self, value: Option<&DynamicValue>) -> Option<Object> {
        let value = value.expect("a value");
        let value = msgpack::decode(&value.msgpack, &self.value_type).expect("a value");
        Object::from_value(value, &self.schema.block)
    }

    /// `ValidateResourceTypeConfig`.
    pub(crate) async fn validate(
        &self,
        configuration: &Object,
        client_capabilities: Option<ClientCapabilities>,
    ) -> Vec<Message> {
        let request = proto::validate_resource_type_config::Request {
            type_name: TYPE_NAME.to_owned(),
            config: Some(self.encode(Some(configuration))),
            client_capabilities,
        };
        let answer = self.calls().validate_resource_type_config(request).await;
        messages(answer.expect("an answer").into_inner().diagnostics)
    }

    /// `PlanResourceChange`; without a configuration, of a deletion.
    pub(crate) async fn plan(&self, held: &Held, configuration: Option<&Object>) -> Planned {
        let proposed = configuration.map(|configuration| self.proposed(held, configuration));
        let request = proto::plan_resource_change::Request {
            type_name: TYPE_NAME.to_owned(),
            prior_state: Some(self.encode(held.state.as_ref())),
            proposed_new_state: Some(self.encode(proposed.as_ref())),
            config: Some(self.encode(configuration)),
            prior_private: held.private.clone(),
            client_capabilities: TODAY,
            ..Default::default()
        };
        let answer = self.calls().plan_resource_change(request).await;
        let answer = answer.expect("an answer").into_inner();
        let messages = messages(answer.diagnostics);
        let failed = messages.iter().any(|message| message.is_error);
        let state = if failed { None } else { self.decode(answer.planned_state.as_ref()) };
        Planned {
            changes: state != held.state,
            state,
            messages,
            wire: answer.planned_state,
            private: answer.planned_private,
        }
    }

    /// Terraform's own merge: what is configured, and of computed arguments
    /// that are not, what was there before.
    fn proposed(&self, held: &Held, configuration: &Object) -> Object {
        let mut proposed = configuration.clone();
        let computed = self.schema.block.attributes.iter().filter(|a| a.is_computed());
        for attribute in computed.filter(|a| configuration.get(a.name).is_null()) {
            if let Some(prior) = &held.state {
                proposed.set(attribute.name, prior.get(attribute.name).clone());
            }
        }
        proposed
    }

    /// Plans, and applies the plan if there is anything to do. Answers the
    /// messages of both.
    pub(crate) async fn apply(
        &self,
        held: &mut Held,
        configuration: Option<&Object>,
    ) -> Vec<Message> {
        let planned = self.plan(held, configuration).await;
        let mut said = planned.messages;
        if said.iter().any(|message| message.is_error) || !planned.changes {
            return said;
        }
        let request = proto::apply_resource_change::Request {
            type_name: TYPE_NAME.to_owned(),
            prior_state: Some(self.encode(held.state.as_ref())),
            planned_state: planned.wire,
            config: Some(self.encode(configuration)),
            planned_private: planned.private,
            ..Default::default()
        };
        let answer = self.calls().apply_resource_change(request).await;
        let answer = answer.expect("an answer").into_inner();
        held.state = self.decode(answer.new_state.as_ref());
        held.private = answer.private;
        said.extend(messages(answer.diagnostics));
        said
    }

    /// As [`apply`](Self::apply), which must succeed; a refresh follows, and
    /// after it the plan must be empty.
    pub(crate) async fn settles(&self, held: &mut Held, configuration: &Object) -> Vec<Message> {
        let said = self.apply(held, Some(configuration)).await;
        no_errors(&said);
        self.refresh(held).await;
        let next = self.plan(held, Some(configuration)).await;
        assert!(!next.changes, "the next plan is not empty: {next:#?}\nafter {held:#?}");
        said
    }

    /// `ReadResource`, which must succeed.
    pub(crate) async fn refresh(&self, held: &mut Held) {
        let request = proto::read_resource::Request {
            type_name: TYPE_NAME.to_owned(),
            current_state: Some(self.encode(held.state.as_ref())),
            private: held.private.clone(),
            client_capabilities: TODAY,
            ..Default::default()
        };
        let answer = self.calls().read_resource(request).await.expect("an answer").into_inner();
        no_errors(&messages(answer.diagnostics));
        held.state = self.decode(answer.new_state.as_ref());
        held.private = answer.private;
    }

    /// `ImportResourceState` by id, and the reading that follows; both must
    /// succeed.
    pub(crate) async fn import(&self, id: &str) -> Held {
        let request = proto::import_resource_state::Request {
            type_name: TYPE_NAME.to_owned(),
            id: id.to_owned(),
            client_capabilities: TODAY,
            ..Default::default()
        };
        let answer = self.calls().import_resource_state(request).await;
        let answer = answer.expect("an answer").into_inner();
        no_errors(&messages(answer.diagnostics));
        let [imported] = &answer.imported_resources[..] else { panic!("one object") };
        let state = self.decode(imported.state.as_ref());
        let mut held = Held { state, private: imported.private.clone() };
        self.refresh(&mut held).await;
        held
    }
}
