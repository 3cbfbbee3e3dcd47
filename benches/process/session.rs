//! A started provider, and calls to it in either version of the protocol.
//!
//! Versions 5 and 6 name some calls differently. The messages used here are the
//! same in both, field by field.

use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use rmp::encode;
use serde_json::{Map, Value};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;
use webex_cc_simulator::Simulator;

use crate::machine;
use crate::subject::{Kind, Subject};
use crate::support::plugin_client::proto::tfplugin5 as protocol;
use crate::support::plugin_client::{Launch, Plugin};

/// Terraform's own limit for messages.
const MESSAGE_LIMIT: usize = 256 << 20;

/// Nil, in msgpack.
const NOTHING: &[u8] = &[0xc0];

/// A started provider.
pub(crate) struct Session<'a> {
    pub(crate) plugin: Plugin,
    subject: &'a Subject,
    /// An object of the resource with all attributes null.
    template: Map<String, Value>,
}

/// An object of the provider, as Terraform stores it.
#[derive(Clone, Default)]
pub(crate) struct Stored {
    pub(crate) configuration: Bytes,
    pub(crate) state: Bytes,
    pub(crate) private: Bytes,
    identity: Option<protocol::ResourceIdentityData>,
}

/// A plan, as Terraform stores it.
#[derive(Clone)]
pub(crate) struct Planned {
    configuration: Bytes,
    prior: Bytes,
    answer: protocol::plan_resource_change::Response,
}

/// Returns the start of a subject, as by Terraform.
pub(crate) fn launch(subject: &Subject) -> Launch {
    let launch = Launch::new(&subject.program);
    if subject.is_webex() { launch } else { launch.somebody_elses() }
}

/// Sends the API calls of our provider to the simulator, at full speed.
pub(crate) fn towards(launch: Launch, simulator: &Simulator) -> Launch {
    launch
        .with("WEBEX_CC_BASE_URL", simulator.base_url())
        .with("WEBEX_ACCESS_TOKEN", simulator.token())
        .with("WEBEX_CC_REQUESTS_PER_MINUTE", "100000")
}

/// Returns a runtime of one thread. The other core is for the provider.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

impl<'a> Session<'a> {
    /// Starts and connects, without any call.
    pub(crate) async fn start(subject: &'a Subject, launch: Launch) -> Self {
        Self { plugin: launch.start().await, subject, template: Map::new() }
    }

    /// Makes the calls that Terraform makes before those about resources.
    pub(crate) async fn configure(&mut self) {
        let provider = match &self.subject.kind {
            Kind::Other(example) => {
                self.schema().await;
                example.provider.clone()
            }
            Kind::Webex | Kind::Twin => {
                let request = protocol::get_provider_schema::Request {};
                let answer: protocol::get_provider_schema::Response =
                    self.call("GetSchema", request).await;
                let schema = &answer.resource_schemas[self.subject.resource().unwrap()];
                self.template = nulls(schema);
                Value::Object(nulls(answer.provider.as_ref().unwrap()))
            }
        };
        let request = protocol::configure::Request {
            terraform_version: "1.11.4".to_owned(),
            config: Some(dynamic(msgpack(&provider))),
            ..Default::default()
        };
        let answer: protocol::configure::Response =
            self.call(self.name_of_configure(), request).await;
        assert_no_errors(&answer.diagnostics);
    }

    /// Requests all schemas, and drops the response.
    pub(crate) async fn schema(&self) {
        let name =
            if self.plugin.announcement.protocol == 5 { "GetSchema" } else { "GetProviderSchema" };
        let request = protocol::get_provider_schema::Request {};
        self.call::<_, ()>(name, request).await;
    }

    fn name_of_configure(&self) -> &'static str {
        if self.plugin.announcement.protocol == 5 { "Configure" } else { "ConfigureProvider" }
    }

    /// Plans the create of the object with this number.
    pub(crate) async fn plan_creation(&self, number: usize) -> Planned {
        let configuration = self.configuration(number);
        let nothing = Bytes::from_static(NOTHING);
        self.plan(configuration.clone(), nothing, configuration, &Stored::default()).await
    }

    /// Plans an existing object without a change.
    pub(crate) async fn plan_nothing(&self, stored: &Stored) -> Planned {
        let Stored { configuration, state, .. } = stored.clone();
        self.plan(configuration, state.clone(), state, stored).await
    }

    async fn plan(
        &self,
        configuration: Bytes,
        prior: Bytes,
        proposed: Bytes,
        stored: &Stored,
    ) -> Planned {
        let request = protocol::plan_resource_change::Request {
            type_name: self.resource(),
            prior_state: Some(dynamic(prior.clone())),
            proposed_new_state: Some(dynamic(proposed)),
            config: Some(dynamic(configuration.clone())),
            prior_private: stored.private.to_vec(),
            prior_identity: stored.identity.clone(),
            ..Default::default()
        };
        let answer: protocol::plan_resource_change::Response =
            self.call("PlanResourceChange", request).await;
        assert_no_errors(&answer.diagnostics);
        Planned { configuration, prior, answer }
    }

    /// Applies a plan.
    pub(crate) async fn apply(&self, planned: Planned) -> Stored {
        let Planned { configuration, prior, answer } = planned;
        let request = protocol::apply_resource_change::Request {
            type_name: self.resource(),
            prior_state: Some(dynamic(prior)),
            planned_state: answer.planned_state,
            config: Some(dynamic(configuration.clone())),
            planned_private: answer.planned_private,
            planned_identity: answer.planned_identity,
            ..Default::default()
        };
        let answer: protocol::apply_resource_change::Response =
            self.call("ApplyResourceChange", request).await;
        assert_no_errors(&answer.diagnostics);
        Stored {
            configuration,
            state: answer.new_state.unwrap_or_default().msgpack,
            private: answer.private.into(),
            identity: answer.new_identity,
        }
    }

    /// Reads an object.
    pub(crate) async fn read(&self, stored: &Stored) {
        let request = protocol::read_resource::Request {
            type_name: self.resource(),
            current_state: Some(dynamic(stored.state.clone())),
            private: stored.private.to_vec(),
            current_identity: stored.identity.clone(),
            ..Default::default()
        };
        let answer: protocol::read_resource::Response = self.call("ReadResource", request).await;
        assert_no_errors(&answer.diagnostics);
        let state = answer.new_state.unwrap_or_default().msgpack;
        assert_ne!(&*state, NOTHING, "the object is there");
    }

    /// Returns the peak of the provider's memory so far, in bytes.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        machine::peak_memory(self.plugin.process())
    }

    /// Returns the provider's CPU time so far.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        machine::cpu_time(self.plugin.process())
    }

    /// Ends the provider, and returns the time that it took.
    pub(crate) async fn end(self) -> Duration {
        self.plugin.shutdown().await.took
    }

    fn resource(&self) -> String {
        self.subject.resource().expect("a resource to call about").to_owned()
    }

    fn configuration(&self, number: usize) -> Bytes {
        let mut object = self.template.clone();
        if let Value::Object(given) = self.subject.configuration(number) {
            object.extend(given);
        }
        msgpack(&Value::Object(object))
    }

    async fn call<Q, A>(&self, name: &str, request: Q) -> A
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let version = self.plugin.announcement.protocol;
        let path = format!("/tfplugin{version}.Provider/{name}").parse::<PathAndQuery>().unwrap();
        let mut client = Grpc::<Channel>::new(self.plugin.channel())
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT);
        client.ready().await.unwrap();
        let request = tonic::Request::new(request);
        let answer = client.unary(request, path, ProstCodec::<Q, A>::default()).await;
        answer.unwrap_or_else(|status| panic!("{name}: {status}")).into_inner()
    }
}

fn assert_no_errors(diagnostics: &[protocol::Diagnostic]) {
    let error = protocol::diagnostic::Severity::Error;
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity() == error);
    assert_eq!(errors.collect::<Vec<_>>(), Vec::<&protocol::Diagnostic>::new());
}

/// Returns an object of the schema with all attributes null.
fn nulls(schema: &protocol::Schema) -> Map<String, Value> {
    use protocol::schema::nested_block::NestingMode;
    let block = schema.block.as_ref().unwrap();
    let attributes = block.attributes.iter().map(|attribute| (attribute.name.clone(), Value::Null));
    let blocks = block.block_types.iter().map(|nested| {
        let is_one = matches!(nested.nesting(), NestingMode::Single | NestingMode::Group);
        (nested.type_name.clone(), if is_one { Value::Null } else { Value::Array(Vec::new()) })
    });
    attributes.chain(blocks).collect()
}

fn dynamic(msgpack: Bytes) -> protocol::DynamicValue {
    protocol::DynamicValue { msgpack, json: Bytes::new() }
}

/// Converts JSON to msgpack as Terraform sends it.
fn msgpack(value: &Value) -> Bytes {
    let mut output = Vec::new();
    write(&mut output, value);
    output.into()
}

fn write(output: &mut Vec<u8>, value: &Value) {
    let length = |length: usize| u32::try_from(length).unwrap();
    match value {
        Value::Null => encode::write_nil(output).unwrap(),
        Value::Bool(flag) => encode::write_bool(output, *flag).unwrap(),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => drop(encode::write_sint(output, integer).unwrap()),
            None => encode::write_f64(output, number.as_f64().unwrap()).unwrap(),
        },
        Value::String(text) => encode::write_str(output, text).unwrap(),
        Value::Array(items) => {
            encode::write_array_len(output, length(items.len())).unwrap();
            items.iter().for_each(|item| write(output, item));
        }
        Value::Object(entries) => {
            encode::write_map_len(output, length(entries.len())).unwrap();
            for (name, value) in entries {
                encode::write_str(output, name).unwrap();
                write(output, value);
            }
        }
    }
}
