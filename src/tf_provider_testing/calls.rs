//! Every call of the protocol with valid and invalid values: each response holds messages, and no
//! call returns a gRPC error, except UNIMPLEMENTED for a kind of which nothing is served.
//!
//! [`Matrix`] takes the calls, the names and the types from the schemas of the provider under test.

use std::collections::{BTreeMap, HashMap};

use futures_util::TryStreamExt as _;
use tf_provider::value::{Type, Value, msgpack};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::checker::Shape;
use crate::core::{Message, TerraformCore, failed, messages};
use crate::plugin_client::Launch;
use crate::plugin_client::proto::tfplugin5::provider_client::ProviderClient;
use crate::plugin_client::proto::tfplugin5::{
    self as protocol, ClientCapabilities, Diagnostic, DynamicValue, RawState, ResourceIdentityData,
};
use crate::value_json::value_json;

/// A provider process and its schemas, to make every call.
pub struct Matrix {
    client: ProviderClient<Channel>,
    schemas: protocol::get_provider_schema::Response,
    type_name: String,
    identity: Option<Type>,
}

impl Matrix {
    /// Reads the schemas of the process that `core` is connected to. Calls about a resource are
    /// about that of `core`.
    pub async fn of(core: &TerraformCore) -> Self {
        let mut client = core.client.clone();
        let schemas = client.get_schema(protocol::get_provider_schema::Request {}).await;
        let schemas = schemas.expect("the schemas").into_inner();
        Self { client, schemas, type_name: core.type_name.clone(), identity: core.identity.clone() }
    }

    /// Whether the provider serves the kind of a call. Only some kinds have calls that are
    /// UNIMPLEMENTED without objects; the other calls return messages.
    fn is_served(&self, call: Call) -> bool {
        match call.about() {
            About::List => !self.schemas.list_resource_schemas.is_empty(),
            About::Ephemeral => !self.schemas.ephemeral_resource_schemas.is_empty(),
            About::Action => !self.schemas.action_schemas.is_empty(),
            About::Nothing
            | About::Provider
            | About::Resource
            | About::DataSource
            | About::Function => true,
        }
    }

    fn served(&self) -> impl Iterator<Item = Call> {
        Call::ALL.into_iter().filter(|call| self.is_served(*call))
    }

    /// Returns the name of something served that a call can be about, with the type of its values.
    /// `None` if nothing of the kind is served, or if the call takes no value.
    fn known(&self, call: Call) -> Option<(String, Type)> {
        let type_of =
            |schema: &protocol::Schema| Shape::of(schema).expect("a sound schema").ty().clone();
        let first = |schemas: &HashMap<String, protocol::Schema>| {
            let (name, schema) = schemas.iter().min_by_key(|(name, _)| *name)?;
            Some((name.clone(), type_of(schema)))
        };
        match (call, call.about()) {
            (Call::UpgradeResourceIdentity | Call::ImportResourceState, _) => {
                Some((self.type_name.clone(), self.identity.clone()?))
            }
            (_, About::Provider) => Some((String::new(), type_of(self.schemas.provider.as_ref()?))),
            (_, About::Resource) => {
                let schema = self.schemas.resource_schemas.get(&self.type_name)?;
                Some((self.type_name.clone(), type_of(schema)))
            }
            (_, About::DataSource) => first(&self.schemas.data_source_schemas),
            (_, About::List) => first(&self.schemas.list_resource_schemas),
            (_, About::Ephemeral) => first(&self.schemas.ephemeral_resource_schemas),
            (_, About::Action) => {
                let actions = self.schemas.action_schemas.iter();
                let (name, action) = actions.min_by_key(|(name, _)| *name)?;
                Some((name.clone(), type_of(action.schema.as_ref()?)))
            }
            (_, About::Function) => {
                let one = |function: &protocol::Function| {
                    let [parameter] = function.parameters.as_slice() else { return None };
                    Some(Type::from_json(&parameter.r#type).expect("a sound type"))
                };
                let functions = self.schemas.functions.iter();
                let found = functions.filter_map(|(name, it)| Some((name.clone(), one(it)?)));
                found.min_by_key(|(name, _)| name.clone())
            }
            (_, About::Nothing) => None,
        }
        .filter(|_| call.takes_a_value())
    }

    /// Makes a call. A gRPC error fails the test.
    async fn send(&mut self, call: Call, name: &str, value: Option<DynamicValue>) -> Outcome {
        match call.send(&mut self.client, name, value.clone()).await {
            Ok(outcome) => outcome,
            Err(status) => panic!("{call:?} of {name:?} with {value:?}: {status:?}"),
        }
    }

    /// Checks that calls about kinds of which nothing is served are UNIMPLEMENTED.
    pub async fn unserved_calls_are_unimplemented(&mut self) {
        for call in Call::ALL {
            if self.is_served(call) {
                continue;
            }
            let refused = call.send(&mut self.client, &self.type_name, None).await;
            let refused = refused.expect_err("not served");
            assert_eq!(refused.code(), Code::Unimplemented, "{call:?}: {refused:?}");
        }
    }

    /// Checks that a type that is not served is an error that names it.
    pub async fn unknown_types_are_named(&mut self) {
        for call in self.served().collect::<Vec<_>>() {
            if matches!(call.about(), About::Nothing | About::Provider) {
                continue;
            }
            for name in ["some_nonsense", "", "\u{1b}[2J", "../../etc/passwd"] {
                let outcome = self.send(call, name, None).await;
                assert!(outcome.failed(), "{call:?}");
                let named =
                    outcome.messages.iter().any(|message| message.text.contains("nonsense"));
                assert!(named || name != "some_nonsense", "{call:?}: {outcome:?}");
            }
        }
    }

    /// Checks that calls without arguments succeed in a process that is not configured.
    pub async fn calls_without_arguments_succeed(launch: Launch) {
        let plugin = launch.start().await;
        let mut client = plugin.provider();
        for call in Call::ALL.into_iter().filter(|call| call.about() == About::Nothing) {
            let outcome = call.send(&mut client, "", None).await.expect("a response");
            assert!(!outcome.failed(), "{call:?}: {outcome:?}");
        }
        plugin.shutdown().await.assert_tidy();
    }

    /// Checks that an absent, an empty and a null value raise no gRPC error, each call in a new
    /// process that has not served GetSchema.
    pub async fn absent_values_raise_no_grpc_error(&self, launch: impl Fn() -> Launch) {
        for call in self.served() {
            let plugin = launch().start().await;
            let name = self.known(call).map(|(name, _)| name).unwrap_or_default();
            for value in [None, Some(DynamicValue::default()), Some(by_msgpack([0xc0]))] {
                let outcome = call.send(&mut plugin.provider(), &name, value).await;
                outcome.unwrap_or_else(|status| panic!("{call:?}: {status:?}"));
            }
            plugin.shutdown().await.assert_tidy();
        }
    }

    /// Checks that malformed and hostile values are errors, and that the process still serves.
    pub async fn hostile_values_raise_errors(&mut self) {
        let served = self.served().filter_map(|call| Some((call, self.known(call)?)));
        for (call, (name, ty)) in served.collect::<Vec<_>>() {
            let mut sent = 0;
            for (what, value) in hostile(&ty) {
                // An older state file may lack arguments or have others, which the call handles.
                let is_raw = call.takes_raw_json();
                if is_raw && (value.json.is_empty() || what == "extra key in JSON") {
                    continue;
                }
                let outcome = self.send(call, &name, Some(value)).await;
                assert!(outcome.failed(), "{call:?} took a value with {what}: {outcome:?}");
                sent += 1;
            }
            assert!(sent > 3, "{call:?} was tried by {sent} values");
        }
        let outcome = self.send(Call::GetMetadata, "", None).await;
        assert!(!outcome.failed());
    }

    /// Checks that JSON and msgpack hold the same value: responses about these configurations of
    /// the resource are the same.
    pub async fn encodings_agree(&mut self, core: &mut TerraformCore, values: &[Value]) {
        let name = self.type_name.clone();
        for call in [
            Call::ValidateResourceTypeConfig,
            Call::PlanResourceChange,
            Call::GenerateResourceConfig,
        ] {
            for value in values {
                let as_json = by_json(value_json(value).into_bytes());
                let as_msgpack = core.shape.encode(value);
                // Each is a run of its own.
                core.configure().await.expect("a configured provider");
                let json = self.send(call, &name, Some(as_json)).await;
                core.configure().await.expect("a configured provider");
                let msgpack = self.send(call, &name, Some(as_msgpack)).await;
                assert_eq!(json.messages, msgpack.messages, "{call:?}");
                assert_eq!(json.all, msgpack.all, "{call:?}");
            }
        }
    }
}

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
    ValidateEphemeralResourceConfig: Ephemeral,
    OpenEphemeralResource: Ephemeral,
    RenewEphemeralResource: Ephemeral,
    CloseEphemeralResource: Ephemeral,
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
    /// An ephemeral resource.
    Ephemeral,
}

impl Call {
    /// Whether the values are the raw JSON of a state file.
    fn takes_raw_json(self) -> bool {
        matches!(
            self,
            Self::UpgradeResourceState | Self::UpgradeResourceIdentity | Self::MoveResourceState
        )
    }

    /// Whether the request has a value by a schema.
    fn takes_a_value(self) -> bool {
        !matches!(self, Self::RenewEphemeralResource | Self::CloseEphemeralResource)
    }

    /// Makes the call with one value wherever it takes one.
    async fn send(
        self,
        client: &mut ProviderClient<Channel>,
        name: &str,
        value: Option<DynamicValue>,
    ) -> Result<Outcome, Status> {
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
                let outcome = client.$method($request).await?.into_inner();
                Ok(Outcome::of(format!("{:?}", outcome), outcome.diagnostics))
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
                let outcome = client.stop(protocol::stop::Request {}).await?.into_inner();
                assert_eq!(outcome.error, "", "Stop has nothing to complain of");
                Ok(Outcome::of(String::new(), Vec::new()))
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
                Ok(Outcome::of(format!("{events:?}"), said))
            }
            Self::CallFunction => {
                let request = protocol::call_function::Request {
                    name: type_name,
                    arguments: value.into_iter().collect(),
                };
                let outcome = client.call_function(request).await?.into_inner();
                assert!(outcome.error.is_some() != outcome.result.is_some(), "one or the other");
                let text = format!("{:?}", outcome.result);
                // A function fails with a text, which these tests read as a message.
                let said = outcome.error.map(|error| Diagnostic {
                    severity: protocol::diagnostic::Severity::Error.into(),
                    summary: error.text.clone(),
                    detail: error.text,
                    attribute: None,
                });
                Ok(Outcome::of(text, said.into_iter().collect()))
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
                Ok(Outcome::of(all, said.flatten().collect()))
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
struct Outcome {
    /// The whole response, for comparison.
    all: String,
    /// Its messages.
    messages: Vec<Message>,
}

impl Outcome {
    fn of(all: String, said: Vec<Diagnostic>) -> Self {
        Self { all, messages: messages(&said).expect("messages that a user can act upon") }
    }

    fn failed(&self) -> bool {
        failed(&self.messages)
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
        let Some((first, _)) = types.iter().next() else { return values };
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

#[cfg(test)]
mod tests {
    use super::Call;

    /// The table has the order of the service.
    #[test]
    fn table_lists_every_call_of_the_service() {
        let definition = include_str!("../../proto/tfplugin5.proto");
        let calls = definition.lines().filter_map(|line| line.trim().strip_prefix("rpc "));
        let calls: Vec<_> = calls.map(|call| call.split('(').next().unwrap_or_default()).collect();
        assert_eq!(calls, Call::ALL.map(|call| format!("{call:?}")));
    }
}
