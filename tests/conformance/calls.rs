//! Every call with valid and invalid values: the response holds messages and is never a gRPC error,
//! except UNIMPLEMENTED for a call that is not served.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use terraform_provider_webex::provider::custom_connector::schema::TYPE_NAME;
use tf_provider::value::{Type, Value, msgpack};
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::{basic, with};
use crate::support::checker::Shape;
use crate::support::plugin_client::proto::tfplugin5::provider_client::ProviderClient;
use crate::support::plugin_client::proto::tfplugin5::{
    self as protocol, ClientCapabilities, Diagnostic, DynamicValue, RawState, ResourceIdentityData,
};
use crate::support::provider;
use crate::support::simulator::unlocked;
use crate::support::terraform_core::{Message, TerraformCore, failed, messages};
use crate::support::value_json::value_json;

/// Declares the calls of the service in its order, each with its subject.
macro_rules! calls {
    ($($call:ident: $about:ident,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(clippy::enum_variant_names, reason = "the names are the protocol's")]
        enum Call {
            $($call,)*
        }

        impl Call {
            const ALL: [Self; 28] = [$(Self::$call,)*];

            fn about(self) -> About {
                match self {
                    $(Self::$call => About::$about,)*
                }
            }
        }
    };
}

calls! {
    GetMetadata: Nothing,
    GetSchema: Nothing,
    PrepareProviderConfig: Provider,
    ValidateResourceTypeConfig: Resource,
    ValidateDataSourceConfig: DataSource,
    UpgradeResourceState: Resource,
    GetResourceIdentitySchemas: Nothing,
    UpgradeResourceIdentity: Resource,
    Configure: Provider,
    ReadResource: Resource,
    PlanResourceChange: Resource,
    ApplyResourceChange: Resource,
    ImportResourceState: Resource,
    MoveResourceState: Resource,
    ReadDataSource: DataSource,
    GenerateResourceConfig: Resource,
    ValidateEphemeralResourceConfig: NotServed,
    OpenEphemeralResource: NotServed,
    RenewEphemeralResource: NotServed,
    CloseEphemeralResource: NotServed,
    ListResource: List,
    ValidateListResourceConfig: List,
    GetFunctions: Nothing,
    CallFunction: Function,
    PlanAction: Action,
    InvokeAction: Action,
    ValidateActionConfig: Action,
    Stop: Nothing,
}

/// The subject of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// None: the request is empty.
    Nothing,
    /// The provider block.
    Provider,
    /// A managed resource.
    Resource,
    /// A data source.
    DataSource,
    /// A list resource.
    List,
    /// A function.
    Function,
    /// An action.
    Action,
    /// Something that the provider does not serve.
    NotServed,
}

impl Call {
    /// Whether the values are the raw JSON of a state file.
    fn takes_raw_json(self) -> bool {
        matches!(
            self,
            Self::UpgradeResourceState | Self::UpgradeResourceIdentity | Self::MoveResourceState
        )
    }

    /// Makes the call with one value wherever it takes one.
    async fn send(
        self,
        client: &mut ProviderClient<Channel>,
        name: &str,
        value: Option<DynamicValue>,
    ) -> Result<Answer, Status> {
        let type_name = name.to_owned();
        let identity = value.clone().map(|data| ResourceIdentityData { identity_data: Some(data) });
        let raw = || {
            value.clone().map(|value| RawState {
                json: value.json.to_vec(),
                flatmap: BTreeMap::new().into_iter().collect(),
            })
        };
        let client_capabilities = Some(ClientCapabilities {
            deferral_allowed: false,
            write_only_attributes_allowed: true,
        });
        macro_rules! unary {
            ($method:ident, $request:expr) => {{
                let answer = client.$method($request).await?.into_inner();
                Ok(Answer::of(format!("{:?}", answer), answer.diagnostics))
            }};
        }
        match self {
            Self::GetMetadata => unary!(get_metadata, protocol::get_metadata::Request {}),
            Self::GetSchema => unary!(get_schema, protocol::get_provider_schema::Request {}),
            Self::GetResourceIdentitySchemas => unary!(
                get_resource_identity_schemas,
                protocol::get_resource_identity_schemas::Request {}
            ),
            Self::GetFunctions => unary!(get_functions, protocol::get_functions::Request {}),
            Self::Stop => {
                let answer = client.stop(protocol::stop::Request {}).await?.into_inner();
                assert_eq!(answer.error, "", "Stop has nothing to complain of");
                Ok(Answer::of(String::new(), Vec::new()))
            }
            Self::PrepareProviderConfig => unary!(
                prepare_provider_config,
                protocol::prepare_provider_config::Request { config: value }
            ),
            Self::Configure => unary!(
                configure,
                protocol::configure::Request {
                    terraform_version: "1.14.0".to_owned(),
                    config: value,
                    client_capabilities,
                }
            ),
            Self::ValidateResourceTypeConfig => unary!(
                validate_resource_type_config,
                protocol::validate_resource_type_config::Request {
                    type_name,
                    config: value,
                    client_capabilities,
                }
            ),
            Self::UpgradeResourceState => unary!(
                upgrade_resource_state,
                protocol::upgrade_resource_state::Request {
                    type_name,
                    version: 0,
                    raw_state: raw()
                }
            ),
            Self::UpgradeResourceIdentity => unary!(
                upgrade_resource_identity,
                protocol::upgrade_resource_identity::Request {
                    type_name,
                    version: 0,
                    raw_identity: raw(),
                }
            ),
            Self::ReadResource => unary!(
                read_resource,
                protocol::read_resource::Request {
                    type_name,
                    current_state: value,
                    client_capabilities,
                    ..Default::default()
                }
            ),
            Self::PlanResourceChange => unary!(
                plan_resource_change,
                protocol::plan_resource_change::Request {
                    type_name,
                    proposed_new_state: value.clone(),
                    config: value,
                    client_capabilities,
                    ..Default::default()
                }
            ),
            Self::ApplyResourceChange => unary!(
                apply_resource_change,
                protocol::apply_resource_change::Request {
                    type_name,
                    planned_state: value.clone(),
                    config: value,
                    ..Default::default()
                }
            ),
            Self::ImportResourceState => unary!(
                import_resource_state,
                protocol::import_resource_state::Request {
                    type_name,
                    id: String::new(),
                    client_capabilities,
                    identity,
                }
            ),
            Self::MoveResourceState => unary!(
                move_resource_state,
                protocol::move_resource_state::Request {
                    source_type_name: "another_thing".to_owned(),
                    source_state: raw(),
                    target_type_name: type_name,
                    ..Default::default()
                }
            ),
            Self::GenerateResourceConfig => unary!(
                generate_resource_config,
                protocol::generate_resource_config::Request { type_name, state: value }
            ),
            Self::ValidateDataSourceConfig => unary!(
                validate_data_source_config,
                protocol::validate_data_source_config::Request { type_name, config: value }
            ),
            Self::ReadDataSource => unary!(
                read_data_source,
                protocol::read_data_source::Request {
                    type_name,
                    config: value,
                    client_capabilities,
                    ..Default::default()
                }
            ),
            Self::ValidateListResourceConfig => unary!(
                validate_list_resource_config,
                protocol::validate_list_resource_config::Request {
                    type_name,
                    config: value.clone(),
                    include_resource_object: value.clone(),
                    limit: value,
                }
            ),
            Self::ListResource => {
                let request = protocol::list_resource::Request {
                    type_name,
                    config: value,
                    include_resource_object: true,
                    limit: 10,
                };
                let events = client.list_resource(request).await?.into_inner();
                let events: Vec<_> = events.try_collect().await?;
                let said = events.iter().flat_map(|event| event.diagnostic.clone()).collect();
                Ok(Answer::of(format!("{events:?}"), said))
            }
            Self::CallFunction => {
                let request = protocol::call_function::Request {
                    name: type_name,
                    arguments: value.into_iter().collect(),
                };
                let answer = client.call_function(request).await?.into_inner();
                assert!(answer.error.is_some() != answer.result.is_some(), "one or the other");
                let text = format!("{:?}", answer.result);
                // A function fails with a text, which these tests read as a message.
                let said = answer.error.map(|error| Diagnostic {
                    severity: protocol::diagnostic::Severity::Error.into(),
                    summary: error.text.clone(),
                    detail: error.text,
                    attribute: None,
                });
                Ok(Answer::of(text, said.into_iter().collect()))
            }
            Self::ValidateEphemeralResourceConfig => unary!(
                validate_ephemeral_resource_config,
                protocol::validate_ephemeral_resource_config::Request { type_name, config: value }
            ),
            Self::OpenEphemeralResource => unary!(
                open_ephemeral_resource,
                protocol::open_ephemeral_resource::Request {
                    type_name,
                    config: value,
                    client_capabilities,
                }
            ),
            Self::RenewEphemeralResource => unary!(
                renew_ephemeral_resource,
                protocol::renew_ephemeral_resource::Request { type_name, private: None }
            ),
            Self::CloseEphemeralResource => unary!(
                close_ephemeral_resource,
                protocol::close_ephemeral_resource::Request { type_name, private: None }
            ),
            Self::PlanAction => unary!(
                plan_action,
                protocol::plan_action::Request {
                    action_type: type_name,
                    config: value,
                    client_capabilities,
                }
            ),
            Self::InvokeAction => {
                let request = protocol::invoke_action::Request {
                    action_type: type_name,
                    config: value,
                    client_capabilities,
                };
                let events = client.invoke_action(request).await?.into_inner();
                let events: Vec<protocol::invoke_action::Event> = events.try_collect().await?;
                let all = format!("{events:?}");
                let said = events.into_iter().filter_map(|event| match event.r#type? {
                    protocol::invoke_action::event::Type::Completed(end) => Some(end.diagnostics),
                    protocol::invoke_action::event::Type::Progress(_) => None,
                });
                Ok(Answer::of(all, said.flatten().collect()))
            }
            Self::ValidateActionConfig => unary!(
                validate_action_config,
                protocol::validate_action_config::Request { type_name, config: value }
            ),
        }
    }
}

/// The parts of a response that all calls have.
#[derive(Debug, PartialEq)]
struct Answer {
    /// The whole response, for comparison.
    all: String,
    /// Its messages.
    messages: Vec<Message>,
}

impl Answer {
    fn of(all: String, said: Vec<Diagnostic>) -> Self {
        Self { all, messages: messages(&said).expect("messages that a user can act upon") }
    }

    fn failed(&self) -> bool {
        failed(&self.messages)
    }
}

/// A process and its schemas.
struct Peer {
    client: ProviderClient<Channel>,
    schemas: protocol::get_provider_schema::Response,
    identity: Type,
}

impl Peer {
    async fn of(core: &mut TerraformCore) -> Self {
        let mut client = core.client().clone();
        let schemas = client.get_schema(protocol::get_provider_schema::Request {}).await;
        let schemas = schemas.expect("the schemas").into_inner();
        Self { client, schemas, identity: core.identity.clone() }
    }

    /// Returns the name of something served that a call can be about, with the type of its values.
    /// `None` if nothing of the kind is served.
    fn known(&self, call: Call) -> Option<(String, Type)> {
        let first = |schemas: &std::collections::HashMap<String, protocol::Schema>| {
            let (name, schema) = schemas.iter().next()?;
            Some((name.clone(), Shape::of(schema).expect("a sound schema").ty().clone()))
        };
        match (call, call.about()) {
            (Call::UpgradeResourceIdentity | Call::ImportResourceState, _) => {
                Some((TYPE_NAME.to_owned(), self.identity.clone()))
            }
            (_, About::Provider) => {
                let shape = Shape::of(self.schemas.provider.as_ref()?).expect("a sound schema");
                Some((String::new(), shape.ty().clone()))
            }
            (_, About::Resource) => first(&self.schemas.resource_schemas),
            (_, About::DataSource) => first(&self.schemas.data_source_schemas),
            (_, About::List) => first(&self.schemas.list_resource_schemas),
            (_, About::Action) => {
                let (name, action) = self.schemas.action_schemas.iter().next()?;
                let shape = Shape::of(action.schema.as_ref()?).expect("a sound schema");
                Some((name.clone(), shape.ty().clone()))
            }
            (_, About::Function) => {
                let one = |function: &protocol::Function| {
                    let [parameter] = function.parameters.as_slice() else { return None };
                    Some(Type::from_json(&parameter.r#type).expect("a sound type"))
                };
                let found = self.schemas.functions.iter();
                found.filter_map(|(name, function)| Some((name.clone(), one(function)?))).next()
            }
            (_, About::Nothing | About::NotServed) => None,
        }
    }

    /// Makes a call. A gRPC error fails the test.
    async fn send(&mut self, call: Call, name: &str, value: Option<DynamicValue>) -> Answer {
        match call.send(&mut self.client, name, value.clone()).await {
            Ok(answer) => answer,
            Err(status) => panic!("{call:?} of {name:?} with {value:?}: {status:?}"),
        }
    }
}

fn by_msgpack(bytes: impl Into<Vec<u8>>) -> DynamicValue {
    DynamicValue { msgpack: bytes.into().into(), json: Default::default() }
}

fn by_json(bytes: impl Into<Vec<u8>>) -> DynamicValue {
    DynamicValue { msgpack: Default::default(), json: bytes.into().into() }
}

/// Returns a value of a type in which everything is null.
fn nothing(ty: &Type) -> Value {
    match ty {
        Type::Object(types) => {
            Value::Map(types.iter().map(|(name, ty)| (name.clone(), absent(ty))).collect())
        }
        Type::Bool
        | Type::Number
        | Type::String
        | Type::Secret
        | Type::Dynamic
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(_)
        | Type::Tuple(_) => Value::from("some text"),
    }
}

/// A repeatable block is an empty list.
fn absent(ty: &Type) -> Value {
    if matches!(ty, Type::List(_)) { Value::List(Vec::new()) } else { Value::Null }
}

/// The table has the order of the service.
#[test]
fn table_lists_every_call_of_the_service() {
    let definition = include_str!("../../proto/tfplugin5.proto");
    let calls = definition.lines().filter_map(|line| line.trim().strip_prefix("rpc "));
    let calls: Vec<_> = calls.map(|call| call.split('(').next().unwrap_or_default()).collect();
    assert_eq!(calls, Call::ALL.map(|call| format!("{call:?}")));
}

#[test]
fn registry_does_not_contradict_itself() {
    assert_eq!(terraform_provider_webex::provider::registry().check(), [""; 0]);
}

#[tokio::test]
async fn unserved_calls_are_unimplemented() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    for call in Call::ALL.into_iter().filter(|call| call.about() == About::NotServed) {
        let refused = call.send(core.client(), TYPE_NAME, None).await.expect_err("not served");
        assert_eq!(refused.code(), Code::Unimplemented, "{call:?}: {refused:?}");
    }
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn unknown_type_is_named_in_the_message() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let mut peer = Peer::of(&mut core).await;
    for call in Call::ALL {
        if matches!(call.about(), About::Nothing | About::Provider | About::NotServed) {
            continue;
        }
        for name in ["webex_cc_nonsense", "", "\u{1b}[2J", "../../etc/passwd"] {
            let answer = peer.send(call, name, None).await;
            assert!(answer.failed(), "{call:?}");
            let named = answer.messages.iter().any(|message| message.text.contains("nonsense"));
            assert!(named || name != "webex_cc_nonsense", "{call:?}: {answer:?}");
        }
    }
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn calls_without_arguments_need_no_configuration() {
    let plugin = provider().start().await;
    let mut client = plugin.provider();
    for call in Call::ALL.into_iter().filter(|call| call.about() == About::Nothing) {
        let answer = call.send(&mut client, "", None).await.expect("an answer");
        assert!(!answer.failed(), "{call:?}: {answer:?}");
    }
    plugin.shutdown().await.assert_tidy();
}

/// The process has not served GetSchema before, and any value may be absent.
#[tokio::test]
async fn absent_values_raise_no_grpc_error_in_a_new_process() {
    let simulator = unlocked();
    let (known, mut core) = TerraformCore::connected(&simulator).await;
    let peer = Peer::of(&mut core).await;
    for call in Call::ALL.into_iter().filter(|call| call.about() != About::NotServed) {
        let plugin = provider().start().await;
        let name = peer.known(call).map(|(name, _)| name).unwrap_or_default();
        for value in [None, Some(DynamicValue::default()), Some(by_msgpack([0xc0]))] {
            let answer = call.send(&mut plugin.provider(), &name, value).await;
            answer.unwrap_or_else(|status| panic!("{call:?}: {status:?}"));
        }
        plugin.shutdown().await.assert_tidy();
    }
    known.shutdown().await.assert_tidy();
    assert!(simulator.journal().is_empty(), "nothing of this is a reason to call anybody");
}

/// Returns values that are malformed or hostile, each with what is wrong with it.
fn hostile(ty: &Type) -> Vec<(&'static str, DynamicValue)> {
    let good = msgpack::encode(&nothing(ty), ty).expect("a value of its type");
    let mut values = vec![
        ("wrong kind", by_msgpack([0xc3])),
        ("wrong arity", by_msgpack([0x92, 0xc0, 0xc0])),
        ("trailing bytes", by_msgpack([good.as_slice(), &[0xc0]].concat())),
        ("reserved byte", by_msgpack([0xc1])),
        ("10,000 levels", by_msgpack([vec![0x91; 10_000], vec![0xc0]].concat())),
        ("10,000 maps", by_msgpack([[0x81, 0xa1, b'a'].repeat(10_000), vec![0xc0]].concat())),
        ("huge list", by_msgpack([0xdd, 0xff, 0xff, 0xff, 0xff])),
        ("huge map", by_msgpack([0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, b'a'])),
        ("huge text", by_msgpack([0xdb, 0xff, 0xff, 0xff, 0xff, b'a'])),
        ("huge extension", by_msgpack([0xc9, 0xff, 0xff, 0xff, 0xff, 0x0c])),
        ("not a number", by_msgpack([0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0])),
        ("broken UTF-8", by_msgpack([0xa2, 0xc3, 0x28])),
        ("broken JSON", by_json("{\"name\": ")),
        ("JSON of 10,000 levels", by_json("[".repeat(10_000))),
        ("JSON of another kind", by_json("[[1, 2], 3.25e9999999]")),
        ("no JSON at all", by_json([0xff, 0xfe, 0x00])),
    ];
    for cut in 1..good.len() {
        values.push(("cut off", by_msgpack(&good[..cut])));
    }
    if let Type::Object(types) = ty {
        let mut more = types.clone();
        more.insert("no_such_argument".to_owned(), Type::String);
        let extra = nothing(&Type::Object(more.clone()));
        let more = Type::Object(more);
        values.push(("extra key", by_msgpack(msgpack::encode(&extra, &more).expect("a value"))));
        values.push(("extra key in JSON", by_json(value_json(&extra).into_bytes())));
        for name in types.keys() {
            let mut fewer = types.clone();
            fewer.remove(name);
            let fewer = Type::Object(fewer);
            let value = msgpack::encode(&nothing(&fewer), &fewer).expect("a value");
            values.push(("missing key", by_msgpack(value)));
        }
        let (first, _) = types.iter().next().expect("an argument");
        let mut twice = good.clone();
        // One entry more than there are arguments: the first one again.
        let count = u16::try_from(types.len() + 1).expect("a small number").to_be_bytes();
        let entries = if good[0] == 0xde { 3 } else { 1 };
        twice.splice(..entries, [0xde, count[0], count[1]]);
        twice.push(0xa0 | u8::try_from(first.len()).expect("a short name"));
        twice.extend(first.as_bytes());
        twice.push(0xc0);
        values.push(("the same key twice", by_msgpack(twice)));
    }
    values
}

#[tokio::test]
async fn hostile_values_raise_error_messages() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let mut peer = Peer::of(&mut core).await;
    let served = Call::ALL.into_iter().filter_map(|call| Some((call, peer.known(call)?)));
    for (call, (name, ty)) in served.collect::<Vec<_>>() {
        let mut sent = 0;
        for (what, value) in hostile(&ty) {
            // An older state file may lack arguments or have others, which the call handles.
            let is_raw = call.takes_raw_json();
            if is_raw && (value.json.is_empty() || what == "extra key in JSON") {
                continue;
            }
            let answer = peer.send(call, &name, Some(value)).await;
            assert!(answer.failed(), "{call:?} took a value with {what}: {answer:?}");
            sent += 1;
        }
        assert!(sent > 3, "{call:?} was tried by {sent} values");
    }
    // The process still serves, and made no request.
    let answer = peer.send(Call::GetMetadata, "", None).await;
    assert!(!answer.failed());
    assert!(simulator.journal().is_empty(), "{:?}", simulator.journal());
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn value_of_24_megabytes_is_read() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let text = "x".repeat(24 << 20);
    let configuration = with(basic("Large"), "scope", text.clone());
    let messages = core.validate(&configuration).await.expect("an answer");
    assert!(messages.iter().all(|message| message.text.len() < 10_000), "a text echoed at length");
    assert!(failed(&messages), "scope does not belong to basic authentication: {messages:?}");
    plugin.shutdown().await.assert_tidy();
}

/// Both encodings hold the same value.
#[tokio::test]
async fn json_and_msgpack_give_the_same_response() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let mut peer = Peer::of(&mut core).await;
    let complete = basic("Twice");
    let incomplete = with(complete.clone(), "username", Value::Null);
    for call in
        [Call::ValidateResourceTypeConfig, Call::PlanResourceChange, Call::GenerateResourceConfig]
    {
        for value in [&complete, &incomplete] {
            let as_json = by_json(value_json(value).into_bytes());
            let as_msgpack = core.shape.encode(value);
            // Each is a run of its own.
            core.configure().await.unwrap();
            let json = peer.send(call, TYPE_NAME, Some(as_json)).await;
            core.configure().await.unwrap();
            let msgpack = peer.send(call, TYPE_NAME, Some(as_msgpack)).await;
            assert_eq!(json.messages, msgpack.messages, "{call:?}");
            assert_eq!(json.all, msgpack.all, "{call:?}");
        }
    }
    plugin.shutdown().await.assert_tidy();
}
