//! The promises of the framework at every depth of a schema, and for every
//! response of a resource.
#![expect(clippy::wildcard_enum_match_arm, reason = "a path leads through lists and maps only")]

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tonic::Request;

use super::{request, sent_as, server};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::object::{Argument, Identity, Object, PrivateState, State};
use crate::protocol::tfplugin5 as protocol;
use crate::protocol::tfplugin5::provider_server::Provider as _;
use crate::provider::{Provider, Registry};
use crate::raw_state::RawState;
use crate::resource::{
    ApplyResponse, CreateRequest, DeleteRequest, ReadRequest, ReadResponse, Resource, UpdateRequest,
};
use crate::schema::{Attribute, Block, IdentityAttribute, IdentitySchema, NestedBlock, Schema};
use crate::value::{Type, Value, json, msgpack};
use safe_text::Secret;

/// Returns attributes of all kinds, for each depth.
fn attributes() -> [Attribute; 6] {
    [
        Attribute::optional("name", Type::String, "A name."),
        Attribute::optional("mode", Type::String, "A mode.").default_value("plain"),
        Attribute::optional("region", Type::String, "A region.").requires_replace(),
        Attribute::computed("id", Type::String, "An id.").use_state_for_unknown(),
        Attribute::computed("revision", Type::Number, "A revision."),
        Attribute::write_only_secret("token_wo", "A credential.").stored_alternative("name"),
    ]
}

fn nested_schema() -> Schema {
    let rule = Block::new(attributes()).blocks([NestedBlock::single("leaf", attributes())]);
    let attributes = [
        Attribute::computed("id", Type::String, "Its id.").use_state_for_unknown(),
        Attribute::optional("name", Type::String, "A name."),
        Attribute::optional("tokens", Type::List(Box::new(Type::Secret)), "Credentials."),
        Attribute::optional("anything", Type::Dynamic, "Anything.")
            .default_value(Value::Dynamic(Box::new((Type::String, "def".into())))),
        Attribute::write_only_secret("token_wo", "A credential."),
    ];
    Schema::new(Block::new(attributes).blocks([NestedBlock::list("rule", rule)]))
}

fn identity() -> IdentitySchema {
    let name = IdentityAttribute::required("name", Type::String, "Its name.");
    IdentitySchema::new([name]).version(1)
}

/// A resource whose responses a test decides.
#[derive(Default)]
pub(super) struct Scripted {
    pub(super) apply: Option<ApplyResponse>,
    pub(super) read: Option<ReadResponse>,
    /// The name of the span in which the resource was read.
    pub(super) span: Arc<OnceLock<&'static str>>,
}

#[async_trait]
impl Resource for Scripted {
    fn schema(&self) -> Schema {
        nested_schema()
    }
    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity())
    }
    async fn read(&self, _request: ReadRequest) -> Result<ReadResponse, Diagnostics> {
        if let Some(span) = tracing::Span::current().metadata() {
            self.span.set(span.name()).unwrap();
        }
        Ok(self.read.clone().unwrap())
    }
    async fn create(&self, _request: CreateRequest) -> Result<ApplyResponse, Diagnostics> {
        self.apply.clone().ok_or_else(refusal)
    }
    async fn update(&self, _request: UpdateRequest) -> Result<ApplyResponse, Diagnostics> {
        self.apply.clone().ok_or_else(refusal)
    }
    async fn delete(&self, _request: DeleteRequest) -> Result<ApplyResponse, Diagnostics> {
        self.apply.clone().ok_or_else(refusal)
    }
    fn upgrade_identity(&self, identity: RawState<'_>) -> Result<Identity, Diagnostics> {
        let name = identity.attribute("title", Type::String)?;
        Ok(Identity::new(Object::default().with("name", name)))
    }
}

fn refusal() -> Diagnostics {
    Diagnostic::error("Refused", "It was refused.").into()
}

struct Nothing;

#[async_trait]
impl Provider for Nothing {}

pub(super) fn registry(resource: Scripted) -> Registry {
    Registry::new(Nothing).resource("thing", resource)
}

fn value_type() -> Type {
    nested_schema().value_type()
}

/// Returns an object of a type, null but for these attributes.
fn object<const N: usize>(ty: &Type, attributes: [(&str, Value); N]) -> Value {
    let Type::Object(types) = ty else { panic!("an object") };
    let mut entries = BTreeMap::from_iter(types.iter().map(|(name, ty)| {
        let absent = if let Type::List(_) = ty { Value::List(Vec::new()) } else { Value::Null };
        (name.clone(), if name == "tokens" { Value::Null } else { absent })
    }));
    for (name, value) in attributes {
        assert!(entries.insert(name.to_owned(), value).is_some(), "there is no {name:?}");
    }
    Value::Map(entries)
}

pub(super) fn thing<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    object(&value_type(), attributes)
}

fn rule<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    let Type::Object(types) = value_type() else { panic!("an object") };
    let Type::List(element) = &types["rule"] else { panic!("a list") };
    object(element, attributes)
}

fn leaf<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    let Type::Object(types) = value_type() else { panic!("an object") };
    let Type::List(element) = &types["rule"] else { panic!("a list") };
    let Type::Object(types) = element.as_ref() else { panic!("an object") };
    object(&types["leaf"], attributes)
}

fn rules<const N: usize>(rules: [Value; N]) -> Value {
    Value::List(rules.into())
}

pub(super) fn sent(value: &Value) -> Option<protocol::DynamicValue> {
    Some(sent_as(value, &value_type()))
}

pub(super) fn received(value: Option<&protocol::DynamicValue>) -> Value {
    msgpack::decode(&value.expect("a value").msgpack, &value_type()).unwrap()
}

pub(super) fn named(name: &str) -> Option<protocol::ResourceIdentityData> {
    let value = Value::Map([("name".to_owned(), name.into())].into());
    let data = sent_as(&value, &identity().value_type());
    Some(protocol::ResourceIdentityData { identity_data: Some(data) })
}

fn state(value: Value) -> State {
    let Value::Map(entries) = value else { panic!("an object") };
    State::new(Object::from_entries(entries))
}

/// Returns a part of a value.
fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, step| match value {
        Value::Map(entries) => &entries[*step],
        Value::List(items) => &items[step.parse::<usize>().unwrap()],
        other => panic!("{step} of {other:?}"),
    })
}

async fn planned(
    prior: &Value,
    proposed: &Value,
    config: &Value,
) -> protocol::plan_resource_change::Response {
    let request = request(protocol::plan_resource_change::Request {
        type_name: "thing".to_owned(),
        prior_state: sent(prior),
        proposed_new_state: sent(proposed),
        config: sent(config),
        ..Default::default()
    });
    let server = server(registry(Scripted::default()));
    let planned = server.plan_resource_change(request).await.unwrap().into_inner();
    assert_eq!(planned.diagnostics, []);
    planned
}

async fn applied(
    prior: &Value,
    response: impl Into<Option<ApplyResponse>>,
    identity: Option<protocol::ResourceIdentityData>,
) -> protocol::apply_resource_change::Response {
    let request = request(protocol::apply_resource_change::Request {
        type_name: "thing".to_owned(),
        prior_state: sent(prior),
        planned_state: sent(&thing([])),
        config: sent(&thing([])),
        planned_private: b"planned".to_vec(),
        planned_identity: identity,
        ..Default::default()
    });
    let server = server(registry(Scripted { apply: response.into(), ..Scripted::default() }));
    server.apply_resource_change(request).await.unwrap().into_inner()
}

pub(super) async fn refreshed(
    response: ReadResponse,
    identity: Option<protocol::ResourceIdentityData>,
) -> protocol::read_resource::Response {
    let request = request(protocol::read_resource::Request {
        type_name: "thing".to_owned(),
        current_state: sent(&thing([("name", "a".into())])),
        private: b"stored".to_vec(),
        current_identity: identity,
        ..Default::default()
    });
    let server = server(registry(Scripted { read: Some(response), ..Scripted::default() }));
    server.read_resource(request).await.unwrap().into_inner()
}

fn result(value: Value) -> ApplyResponse {
    ApplyResponse {
        identity: Some(Identity::new(Object::default().with("name", "a"))),
        ..ApplyResponse::new(state(value))
    }
}

#[tokio::test]
async fn list_of_secrets_is_sensitive() {
    let server = server(registry(Scripted::default()));
    let schemas = server
        .get_schema(Request::new(protocol::get_provider_schema::Request {}))
        .await
        .unwrap()
        .into_inner();
    let block = schemas.resource_schemas["thing"].block.clone().unwrap();
    let sensitive = block.attributes.iter().filter(|attribute| attribute.sensitive);
    let sensitive: Vec<_> = sensitive.map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(sensitive, ["tokens", "token_wo"]);
}

#[tokio::test]
async fn create_that_does_not_fit_its_schema_keeps_what_fits() {
    let rules = rules([rule([("name", 7.into()), ("mode", "plain".into())])]);
    let created = thing([("id", "42".into()), ("name", "a".into()), ("rule", rules)]);
    let mut response = result(created);
    let mut object = response.state.unwrap().into_object();
    object.set("idd", "42");
    response.state = Some(State::new(object));
    response.private = PrivateState::encode(&"remembered");
    response.diagnostics = Diagnostic::warning("Created 42", "It is there.").into();

    let applied = applied(&Value::Null, response, None).await;
    let kept = received(applied.new_state.as_ref());
    assert_eq!(at(&kept, &["id"]), &Value::from("42"));
    assert_eq!(at(&kept, &["rule", "0", "mode"]), &Value::from("plain"));
    assert_eq!(at(&kept, &["rule", "0", "name"]), &Value::Null);
    assert_eq!(applied.private, b"\"remembered\"");
    assert_eq!(applied.new_identity, named("a"));
    let summaries: Vec<_> = applied.diagnostics.iter().map(|said| said.summary.as_str()).collect();
    assert_eq!(summaries.len(), 2, "{summaries:?}");
    assert_eq!(summaries[0], "Created 42");
    let detail = &applied.diagnostics[1].detail;
    assert!(detail.contains("idd") && detail.contains("rule[0].name"), "{detail}");
    assert_eq!(applied.diagnostics[1].severity(), protocol::diagnostic::Severity::Error);
}

#[tokio::test]
async fn identity_that_does_not_fit_does_not_lose_the_object() {
    let mut response = result(thing([("id", "42".into())]));
    response.identity = Some(Identity::new(Object::default().with("id", "42")));
    let applied = applied(&Value::Null, response, None).await;
    assert_eq!(at(&received(applied.new_state.as_ref()), &["id"]), &Value::from("42"));
    assert_eq!(applied.diagnostics.len(), 1, "{:?}", applied.diagnostics);
}

#[tokio::test]
async fn nested_blocks_are_planned_as_the_top_level() {
    let nested = || {
        rules([
            rule([("name", "r1".into()), ("leaf", leaf([("mode", "fancy".into())]))]),
            rule([("name", "r2".into())]),
        ])
    };
    let config = thing([("name", "a".into()), ("rule", nested())]);
    let plan = planned(&Value::Null, &config, &config).await;
    let plan = received(plan.planned_state.as_ref());
    for path in [&["rule", "0"][..], &["rule", "1"]] {
        let rule = at(&plan, path);
        assert_eq!(at(rule, &["mode"]), &Value::from("plain"));
        assert_eq!(at(rule, &["id"]), &Value::Unknown);
        assert_eq!(at(rule, &["revision"]), &Value::Unknown);
    }
    assert_eq!(at(&plan, &["rule", "0", "leaf", "mode"]), &Value::from("fancy"));
    assert_eq!(at(&plan, &["rule", "0", "leaf", "id"]), &Value::Unknown);
    assert_eq!(at(&plan, &["rule", "1", "leaf"]), &Value::Null);
}

/// Returns an object with one rule and a leaf, as it is stored.
fn stored() -> Value {
    let known = |id: &str| {
        [
            ("mode", "plain".into()),
            ("id", id.into()),
            ("revision", 1.into()),
            ("region", "eu".into()),
        ]
    };
    let mut inner = rule(known("r"));
    if let Value::Map(entries) = &mut inner {
        entries.insert("leaf".to_owned(), leaf(known("l")));
    }
    let anything = Value::Dynamic(Box::new((Type::String, "def".into())));
    thing([
        ("id", "1".into()),
        ("name", "a".into()),
        ("anything", anything),
        ("rule", rules([inner])),
    ])
}

#[tokio::test]
async fn nested_change_keeps_stable_values_and_requires_replacement() {
    let leaf_of = |region: &str| leaf([("region", region.into())]);
    let config = |region: &str| {
        let rule = rule([("region", "eu".into()), ("leaf", leaf_of(region))]);
        thing([("name", "a".into()), ("rule", rules([rule]))])
    };
    // Terraform merges computed values of the prior state into the proposal.
    let proposed = |region: &str| {
        let mut proposed = stored();
        let Value::Map(entries) = &mut proposed else { panic!() };
        let Some(Value::List(items)) = entries.get_mut("rule") else { panic!() };
        let Value::Map(rule) = &mut items[0] else { panic!() };
        let Some(Value::Map(leaf)) = rule.get_mut("leaf") else { panic!() };
        leaf.insert("region".to_owned(), region.into());
        proposed
    };
    let same = planned(&stored(), &proposed("eu"), &config("eu")).await;
    assert_eq!(received(same.planned_state.as_ref()), stored(), "nothing changes");
    assert_eq!(same.requires_replace, []);

    let moved = planned(&stored(), &proposed("us"), &config("us")).await;
    let plan = received(moved.planned_state.as_ref());
    assert_eq!(at(&plan, &["rule", "0", "leaf", "id"]), &Value::from("l"));
    assert_eq!(at(&plan, &["rule", "0", "leaf", "revision"]), &Value::Unknown);
    let paths: Vec<_> = moved.requires_replace.iter().map(|path| path.steps.len()).collect();
    assert_eq!(paths, [4], "rule[0].leaf.region: {:?}", moved.requires_replace);
}

#[tokio::test]
async fn generated_configuration_has_nested_blocks() {
    let server = server(registry(Scripted::default()));
    let generated = server
        .generate_resource_config(request(protocol::generate_resource_config::Request {
            type_name: "thing".to_owned(),
            state: sent(&stored()),
        }))
        .await
        .unwrap()
        .into_inner();
    let config = received(generated.config.as_ref());
    assert_eq!(at(&config, &["rule", "0", "region"]), &Value::from("eu"));
    assert_eq!(at(&config, &["rule", "0", "leaf", "region"]), &Value::from("eu"));
    assert_eq!(at(&config, &["rule", "0", "leaf", "id"]), &Value::Null, "computed");
    assert_eq!(at(&config, &["rule", "0", "leaf", "mode"]), &Value::Null, "a default");
}

#[tokio::test]
async fn identity_in_another_normal_form_is_the_same() {
    let response = ReadResponse {
        identity: Some(Identity::new(Object::default().with("name", "Zu\u{308}rich"))),
        ..kept()
    };
    let read = refreshed(response, named("Z\u{fc}rich")).await;
    assert_eq!(read.diagnostics, []);
}

pub(super) fn kept() -> ReadResponse {
    ReadResponse::new(state(thing([("name", "a".into())])))
}

#[tokio::test]
async fn identity_and_private_state_are_kept_unless_changed() {
    let read = refreshed(kept(), named("a")).await;
    assert_eq!((read.private.as_slice(), read.new_identity), (&b"stored"[..], named("a")));
    assert_eq!(read.diagnostics, []);

    let response = ApplyResponse { identity: None, ..result(thing([("name", "b".into())])) };
    let updated = applied(&thing([("name", "a".into())]), response, named("a")).await;
    assert_eq!((updated.private.as_slice(), updated.new_identity), (&b"planned"[..], named("a")));
    assert_eq!(updated.diagnostics, []);
}

/// Without an identity in the response, the attributes of the same names are it.
#[tokio::test]
async fn missing_identity_is_that_of_the_state() {
    let response = ApplyResponse { identity: None, ..result(thing([("name", "b".into())])) };
    let created = applied(&Value::Null, response, None).await;
    assert_eq!((created.diagnostics.as_slice(), created.new_identity), (&[][..], named("b")));
    let read = refreshed(kept(), None).await;
    assert_eq!((read.diagnostics.as_slice(), read.new_identity), (&[][..], named("a")));
    // The stored one stays, even if the state has another.
    let read = refreshed(kept(), named("z")).await;
    assert_eq!((read.diagnostics.as_slice(), read.new_identity), (&[][..], named("z")));
}

#[tokio::test]
async fn missing_identity_is_reported() {
    let response = ApplyResponse { identity: None, ..result(thing([("id", "1".into())])) };
    let created = applied(&Value::Null, response.clone(), None).await;
    assert!(created.diagnostics[0].summary.contains("identity"), "{:?}", created.diagnostics);
    assert!(!received(created.new_state.as_ref()).is_null());
    let nameless = ReadResponse::new(state(thing([("id", "1".into())])));
    let read = refreshed(nameless, None).await;
    assert!(read.diagnostics[0].summary.contains("identity"), "{:?}", read.diagnostics);
    assert_eq!(read.diagnostics[0].severity(), protocol::diagnostic::Severity::Warning);

    // A client that stored no identity does not get one by an update.
    let updated = applied(&thing([("id", "1".into())]), response, None).await;
    assert_eq!(updated.diagnostics, []);
}

/// A call that returns only messages has changed nothing.
#[tokio::test]
async fn refused_change_keeps_what_was_there() {
    let created = applied(&Value::Null, None, None).await;
    assert_eq!(created.diagnostics[0].summary, "Refused");
    assert!(received(created.new_state.as_ref()).is_null());
    let prior = thing([("name", "a".into())]);
    let updated = applied(&prior, None, named("a")).await;
    assert_eq!(updated.diagnostics[0].summary, "Refused");
    assert_eq!(received(updated.new_state.as_ref()), prior);
    assert_eq!((updated.private.as_slice(), updated.new_identity), (&b"planned"[..], named("a")));
}

#[test]
fn value_of_many_small_parts_is_decoded() {
    let entries = (0..10).map(|index| (format!("attribute_{index}"), Value::from("short")));
    let element: BTreeMap<String, Value> = entries.collect();
    let ty = Type::List(Box::new(Type::Object(
        element.keys().map(|name| (name.clone(), Type::String)).collect(),
    )));
    let list = Value::List(vec![Value::Map(element); 60_000]);
    let message = msgpack::encode(&list, &ty).unwrap();
    assert!(msgpack::decode(&message, &ty).is_ok());
    let text = crate::value::arbitrary::json_text(&list);
    assert!(json::decode_state(text.as_bytes(), &ty).is_ok());
}

#[tokio::test]
async fn typed_null_of_a_dynamic_attribute_is_null() {
    let null = Value::Dynamic(Box::new((Type::String, Value::Null)));
    assert!(null.is_null());
    let config = thing([("anything", null)]);
    let plan = planned(&Value::Null, &config, &config).await;
    let plan = received(plan.planned_state.as_ref());
    let expected = Value::Dynamic(Box::new((Type::String, "def".into())));
    assert_eq!(at(&plan, &["anything"]), &expected, "the default");

    let unknown = Value::Dynamic(Box::new((Type::String, Value::Unknown)));
    assert_eq!(Object::default().with("d", unknown).string("d"), Argument::Unknown);
    let known = Value::Dynamic(Box::new((Type::String, "x".into())));
    assert_eq!(Object::default().with("d", known).string("d"), Argument::Known("x"));
}

#[tokio::test]
async fn nested_write_only_argument_is_refused_by_an_old_terraform() {
    let secret = || Value::from(Secret::from("hunter2"));
    let leaf = leaf([("token_wo", secret())]);
    let config = thing([("rule", rules([rule([("leaf", leaf)])]))]);
    let server = server(registry(Scripted::default()));
    let validated = server
        .validate_resource_type_config(request(protocol::validate_resource_type_config::Request {
            type_name: "thing".to_owned(),
            config: sent(&config),
            client_capabilities: None,
        }))
        .await
        .unwrap()
        .into_inner();
    let [refused] = validated.diagnostics.as_slice() else { panic!("{validated:?}") };
    assert!(refused.summary.contains("Terraform 1.11"), "{refused:?}");
    assert_eq!(refused.attribute.as_ref().unwrap().steps.len(), 4);
}

#[tokio::test]
async fn stored_null_of_a_new_attribute_is_planned_as_unknown() {
    let anything = || Value::Dynamic(Box::new((Type::String, "def".into())));
    let prior = thing([("name", "a".into()), ("anything", anything())]);
    let changed = thing([("name", "b".into()), ("anything", anything())]);
    let plan = planned(&prior, &changed, &thing([("name", "b".into())])).await;
    assert_eq!(at(&received(plan.planned_state.as_ref()), &["id"]), &Value::Unknown);
    // Without a change there is no apply that could set it.
    let plan = planned(&prior, &prior, &thing([("name", "a".into())])).await;
    assert_eq!(at(&received(plan.planned_state.as_ref()), &["id"]), &Value::Null);
}

#[tokio::test]
async fn upgraded_list_block_is_empty_and_not_null() {
    let server = server(registry(Scripted::default()));
    let raw = protocol::RawState { json: br#"{"name":"a"}"#.to_vec(), flatmap: [].into() };
    let upgraded = server
        .upgrade_resource_state(request(protocol::upgrade_resource_state::Request {
            type_name: "thing".to_owned(),
            version: 0,
            raw_state: Some(raw),
        }))
        .await
        .unwrap()
        .into_inner();
    let state = received(upgraded.upgraded_state.as_ref());
    assert_eq!(at(&state, &["rule"]), &Value::List(Vec::new()));
}

async fn upgraded_identity(
    version: i64,
    json: &[u8],
) -> protocol::upgrade_resource_identity::Response {
    let server = server(registry(Scripted::default()));
    let raw = protocol::RawState { json: json.to_vec(), flatmap: [].into() };
    let request = request(protocol::upgrade_resource_identity::Request {
        type_name: "thing".to_owned(),
        version,
        raw_identity: Some(raw),
    });
    server.upgrade_resource_identity(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn only_identity_of_an_older_version_is_converted() {
    for (version, json) in [(0, br#"{"title":"a"}"#.as_slice()), (1, br#"{"name":"a"}"#)] {
        let upgraded = upgraded_identity(version, json).await;
        assert_eq!(
            (upgraded.diagnostics.as_slice(), upgraded.upgraded_identity),
            (&[][..], named("a"))
        );
    }
}

#[tokio::test]
async fn advice_about_an_unreadable_identity_can_be_followed() {
    let upgraded = upgraded_identity(0, b"7").await;
    let detail = &upgraded.diagnostics[0].detail;
    assert!(detail.contains("terraform state rm") && detail.contains("import"), "{detail}");
}

#[tokio::test]
async fn state_is_cleared_by_the_schema_that_is_served() {
    let leaked = thing([("id", "1".into()), ("token_wo", Value::from(Secret::from("hunter2")))]);
    let Value::Map(entries) = leaked else { panic!("an object") };
    let state = State::new(Object::from_entries(entries));
    let response = ApplyResponse { state: Some(state), ..result(thing([])) };
    let applied = applied(&Value::Null, response, None).await;
    assert_eq!(at(&received(applied.new_state.as_ref()), &["token_wo"]), &Value::Null);
}

#[tokio::test]
async fn moves_are_announced_only_by_a_provider_that_has_one() {
    let server = server(registry(Scripted::default()));
    let metadata = server
        .get_metadata(request(protocol::get_metadata::Request {}))
        .await
        .unwrap()
        .into_inner();
    let capabilities = metadata.server_capabilities.unwrap();
    assert!(!capabilities.move_resource_state && capabilities.plan_destroy);
}
