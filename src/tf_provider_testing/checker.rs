//! Terraform's checks of a provider's responses.
//!
//! The rules are those of Terraform's own plan and apply checks (package `objchange` and the
//! resource nodes of its core, read at 1.17): a plan may differ from the configuration only in
//! computed attributes, planned values must come back equal, write-only values never come back,
//! nothing is unknown after an apply, and an identity fits its schema. Where Terraform is more
//! lenient (it ignores the identity of an object that it did not ask for), these checks are
//! stricter.
//!
//! Values are read by the schema that the provider sent, not by the one in its source.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "values of all kinds that do not belong somewhere are one case"
)]

use tf_provider::object::Object;
use tf_provider::value::{Type, Value, msgpack};

use crate::plugin_client::proto::tfplugin5::{self as protocol, DynamicValue};
use crate::value_json::exposed;
use protocol::schema::nested_block::NestingMode;

/// The problems of a response, one sentence each.
pub type Problems = Vec<String>;

/// A schema as the provider sent it.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Its version.
    pub version: i64,
    block: Block,
    ty: Type,
}

/// Attributes and nested blocks.
#[derive(Clone, Debug)]
struct Block {
    attributes: Vec<protocol::schema::Attribute>,
    blocks: Vec<Nested>,
}

/// A block within a block.
#[derive(Clone, Debug)]
struct Nested {
    name: String,
    nesting: NestingMode,
    block: Block,
}

impl Shape {
    /// Reads a schema, and checks it as Terraform does when it loads one.
    pub fn of(schema: &protocol::Schema) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let sent = schema.block.as_ref().ok_or_else(|| vec!["a schema without a block".into()])?;
        let block = read_block(sent, "", &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let ty = type_of(&block);
        Ok(Self { version: schema.version, block, ty })
    }

    /// The type of its values. Sensitive strings are plain here.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// Returns the names of the attributes that `wanted` selects.
    pub fn attributes(&self, wanted: impl Fn(&protocol::schema::Attribute) -> bool) -> Vec<&str> {
        let found = self.block.attributes.iter().filter(|attribute| wanted(attribute));
        found.map(|attribute| attribute.name.as_str()).collect()
    }

    /// Returns an object in which nothing is set.
    pub fn empty(&self) -> Value {
        empty(&self.block)
    }

    /// Returns an object in which only these arguments are set.
    pub fn object<V: Into<Value>>(
        &self,
        arguments: impl IntoIterator<Item = (&'static str, V)>,
    ) -> Value {
        let Value::Map(mut entries) = self.empty() else { unreachable!("an object is a map") };
        for (name, value) in arguments {
            assert!(entries.contains_key(name), "the schema has no {name:?}");
            entries.insert(name.to_owned(), value.into());
        }
        Value::Map(entries)
    }

    /// Reads a value that the provider sent: in msgpack, and with exactly the schema's keys at
    /// every depth.
    pub fn decode(&self, sent: Option<&DynamicValue>) -> Result<Value, String> {
        decode(sent, &self.ty)
    }

    /// Encodes a value as Terraform does.
    pub fn encode(&self, value: &Value) -> DynamicValue {
        encode(value, &self.ty)
    }

    /// Returns the state that Terraform proposes: the configuration, with the prior values of unset
    /// computed attributes.
    pub fn proposed_new(&self, prior: &Value, configuration: &Value) -> Value {
        if configuration.is_null() {
            return Value::Null;
        }
        proposed_new(&self.block, prior, configuration)
    }

    /// Returns the problems of a plan.
    pub fn plan_problems(&self, prior: &Value, configuration: &Value, planned: &Value) -> Problems {
        let mut problems = Problems::new();
        plan_valid(&self.block, prior, configuration, planned, "", &mut problems);
        write_only_null(&self.block, planned, "", &mut problems);
        problems
    }

    /// Returns the problems of a successful apply, or of the second plan that Terraform makes for
    /// it.
    pub fn apply_problems(&self, planned: &Value, actual: &Value) -> Problems {
        let mut problems = Problems::new();
        compatible(&self.block, planned, actual, "", &mut problems);
        problems
    }

    /// Returns the problems of a state by itself.
    pub fn state_problems(&self, state: &Value) -> Problems {
        let mut problems = Problems::new();
        write_only_null(&self.block, state, "", &mut problems);
        if !state.is_wholly_known() {
            problems.push("a state holds an unknown value".to_owned());
        }
        problems
    }
}

/// Reads a value of a type that the provider sent.
pub fn decode(sent: Option<&DynamicValue>, ty: &Type) -> Result<Value, String> {
    let sent = sent.ok_or("no value was sent")?;
    if !sent.json.is_empty() {
        return Err("a value was sent as JSON, and msgpack is what Terraform expects".to_owned());
    }
    msgpack::decode(&sent.msgpack, ty).map_err(|error| format!("a value does not fit: {error}"))
}

/// Encodes a value of a type as Terraform does.
pub fn encode(value: &Value, ty: &Type) -> DynamicValue {
    let bytes = msgpack::encode(value, ty).expect("a value of the type");
    DynamicValue { msgpack: bytes.into(), json: Default::default() }
}

/// Returns an object as Terraform holds it, with credentials as strings.
pub fn plain(object: &Object) -> Value {
    fn texts(value: Value) -> Value {
        match value {
            Value::Secret(secret) => Value::from(exposed(&secret)),
            Value::Map(entries) => {
                Value::Map(entries.into_iter().map(|(name, value)| (name, texts(value))).collect())
            }
            Value::List(items) => Value::List(items.into_iter().map(texts).collect()),
            other => other,
        }
    }
    texts(object.clone().into_value())
}

/// Returns the problems of an identity, by its type if the resource has one. `required` forbids an
/// absent or unknown one, which only the plan of a create may have.
pub fn identity_problems(
    identity: Option<&protocol::ResourceIdentityData>,
    ty: Option<&Type>,
    before: Option<&Value>,
    required: bool,
) -> Result<Option<Value>, Problems> {
    let Some(ty) = ty else {
        let problems = identity.map(|_| vec!["an identity that no schema describes".to_owned()]);
        return problems.map_or(Ok(None), Err);
    };
    let Some(identity) = identity else {
        return if required { Err(vec!["no identity came back".to_owned()]) } else { Ok(None) };
    };
    let value = decode(identity.identity_data.as_ref(), ty).map_err(|problem| vec![problem])?;
    let mut problems = Problems::new();
    if required && value.is_null() {
        problems.push("the identity is null".to_owned());
    }
    if required && !value.is_wholly_known() {
        problems.push("the identity is not wholly known".to_owned());
    }
    if before.is_some_and(|before| !before.equals(&value, ty)) {
        problems.push(format!("the identity changed: {before:?}, and now {value:?}"));
    }
    if problems.is_empty() { Ok(Some(value)) } else { Err(problems) }
}

fn read_block(sent: &protocol::schema::Block, at: &str, problems: &mut Problems) -> Block {
    let mut names = std::collections::BTreeSet::new();
    for attribute in &sent.attributes {
        let place = step(at, &attribute.name);
        let mut wrong = |what: &str| problems.push(format!("{place} is {what}"));
        if !names.insert(&attribute.name) {
            wrong("there twice");
        }
        if !(attribute.required || attribute.optional || attribute.computed) {
            wrong("neither required nor optional nor computed");
        }
        if attribute.required && (attribute.optional || attribute.computed) {
            wrong("required and yet optional or computed");
        }
        if attribute.write_only && attribute.computed {
            wrong("write-only and computed");
        }
        if Type::from_json(&attribute.r#type).is_err() {
            wrong("of no type that can be read");
        }
    }
    let mut blocks = Vec::new();
    for nested in &sent.block_types {
        if !names.insert(&nested.type_name) {
            problems.push(format!("{} is there twice", step(at, &nested.type_name)));
        }
        let (Some(block), nesting) = (nested.block.as_ref(), nested.nesting()) else {
            problems.push(format!("{} has no content", step(at, &nested.type_name)));
            continue;
        };
        let block = read_block(block, &step(at, &nested.type_name), problems);
        blocks.push(Nested { name: nested.type_name.clone(), nesting, block });
    }
    Block { attributes: sent.attributes.clone(), blocks }
}

fn type_of(block: &Block) -> Type {
    let attributes = block.attributes.iter().map(|attribute| {
        (attribute.name.clone(), Type::from_json(&attribute.r#type).expect("it was checked"))
    });
    let blocks = block.blocks.iter().map(|nested| {
        let inner = type_of(&nested.block);
        let ty = match nested.nesting {
            NestingMode::Set => Type::Set(Box::new(inner)),
            nesting if repeats(nesting) => Type::List(Box::new(inner)),
            _ => inner,
        };
        (nested.name.clone(), ty)
    });
    Type::Object(attributes.chain(blocks).collect())
}

/// Whether a block is a list or a set; otherwise it is one object.
fn repeats(nesting: NestingMode) -> bool {
    match nesting {
        NestingMode::Single | NestingMode::Group => false,
        NestingMode::List | NestingMode::Set => true,
        NestingMode::Invalid | NestingMode::Map => {
            panic!("no schema here nests like {nesting:?}; teach the checker first")
        }
    }
}

fn empty(block: &Block) -> Value {
    let attributes = block.attributes.iter().map(|attribute| (attribute.name.clone(), Value::Null));
    let blocks = block.blocks.iter().map(|nested| {
        let absent = match nested.nesting {
            NestingMode::Group => empty(&nested.block),
            nesting if repeats(nesting) => Value::List(Vec::new()),
            _ => Value::Null,
        };
        (nested.name.clone(), absent)
    });
    Value::Map(attributes.chain(blocks).collect())
}

fn proposed_new(block: &Block, prior: &Value, configuration: &Value) -> Value {
    // The prior of a new object has nothing set.
    let nothing = empty(block);
    let prior = if prior.is_null() { &nothing } else { prior };
    let attributes = block.attributes.iter().map(|attribute| {
        let configured = of(configuration, &attribute.name);
        let value = if attribute.computed && configured.is_null() {
            of(prior, &attribute.name)
        } else {
            configured
        };
        (attribute.name.clone(), value.clone())
    });
    let blocks = block.blocks.iter().map(|nested| {
        let (configured, prior) = (of(configuration, &nested.name), of(prior, &nested.name));
        let value = match configured {
            Value::Map(_) => proposed_new(&nested.block, prior, configured),
            Value::List(items) if nested.nesting == NestingMode::Set => {
                let mut unused = if let Value::List(prior) = prior {
                    prior.iter().collect()
                } else {
                    Vec::new()
                };
                let merged = items.iter().map(|item| {
                    let prior = take_element(&nested.block, &mut unused, item);
                    proposed_new(&nested.block, prior, item)
                });
                Value::List(merged.collect())
            }
            Value::List(items) => {
                let merged = items.iter().enumerate().map(|(index, item)| match prior {
                    Value::List(prior) if index < prior.len() => {
                        proposed_new(&nested.block, &prior[index], item)
                    }
                    _ => item.clone(),
                });
                Value::List(merged.collect())
            }
            other => other.clone(),
        };
        (nested.name.clone(), value)
    });
    Value::Map(attributes.chain(blocks).collect())
}

fn plan_valid(
    block: &Block,
    prior: &Value,
    configuration: &Value,
    planned: &Value,
    at: &str,
    problems: &mut Problems,
) {
    match (configuration.is_null(), planned.is_null()) {
        (true, true) => return,
        (false, true) => return problems.push(format!("{at}planned to be absent, but configured")),
        (true, false) => return problems.push(format!("{at}planned, but not configured")),
        (false, false) => {}
    }
    for attribute in &block.attributes {
        let name = &attribute.name;
        let ty = Type::from_json(&attribute.r#type).expect("it was checked");
        let [was, wanted, is] = [prior, configuration, planned].map(|object| of(object, name));
        let mut wrong = |what: &str| problems.push(format!("{}: {what}", step(at, name)));
        let keeps_prior = is.equals(was, &ty) && !was.is_null() && !wanted.is_null();
        if is.equals(wanted, &ty) && !attribute.write_only || keeps_prior {
            continue;
        }
        // The check of the whole plan covers write-only values.
        let computes = attribute.computed && (!attribute.optional || wanted.is_null());
        if !attribute.write_only && !computes {
            wrong("planned differently from the configuration");
        }
    }
    for nested in &block.blocks {
        let [was, wanted, is] =
            [prior, configuration, planned].map(|object| of(object, &nested.name));
        let place = step(at, &nested.name);
        match (wanted, is) {
            (Value::Unknown, Value::Unknown) => {}
            (Value::Unknown, _) => problems.push(format!("{place}: known in the plan only")),
            (_, Value::Unknown) => problems.push(format!("{place}: unknown in the plan only")),
            (Value::List(wanted), Value::List(is)) if nested.nesting == NestingMode::Set => {
                let fits = |wanted: &Value, is: &Value| {
                    let mut wrong = Problems::new();
                    plan_valid(&nested.block, &Value::Null, wanted, is, "", &mut wrong);
                    wrong.is_empty()
                };
                if !sets_match(wanted, is, fits) {
                    problems.push(format!("{place}: other elements than configured"));
                }
            }
            (Value::List(wanted), Value::List(is)) if wanted.len() == is.len() => {
                for (index, (wanted, is)) in wanted.iter().zip(is).enumerate() {
                    let was = match was {
                        Value::List(was) => was.get(index).unwrap_or(&Value::Null),
                        _ => &Value::Null,
                    };
                    plan_valid(
                        &nested.block,
                        was,
                        wanted,
                        is,
                        &format!("{place}[{index}]."),
                        problems,
                    );
                }
            }
            (Value::List(_), _) => problems.push(format!("{place}: another number of blocks")),
            _ => plan_valid(&nested.block, was, wanted, is, &format!("{place}."), problems),
        }
    }
}

fn compatible(block: &Block, planned: &Value, actual: &Value, at: &str, problems: &mut Problems) {
    match (planned.is_null(), actual.is_null()) {
        (true, true) => return,
        (true, false) => return problems.push(format!("{at}was absent, but is there now")),
        (false, true) => return problems.push(format!("{at}was there, but is absent now")),
        (false, false) => {}
    }
    for attribute in &block.attributes {
        let name = &attribute.name;
        let ty = Type::from_json(&attribute.r#type).expect("it was checked");
        if !value_compatible(of(planned, name), of(actual, name), &ty) {
            let (was, is) = (of(planned, name), of(actual, name));
            let shown = if attribute.sensitive {
                "a sensitive value".to_owned()
            } else {
                format!("planned {was:?}, and now {is:?}")
            };
            problems.push(format!("{}: {shown}", step(at, name)));
        }
    }
    for nested in &block.blocks {
        let (was, is) = (of(planned, &nested.name), of(actual, &nested.name));
        let place = step(at, &nested.name);
        match (was, is) {
            (Value::Unknown, _) => {}
            (Value::List(was), Value::List(is)) if nested.nesting == NestingMode::Set => {
                let fits = |was: &Value, is: &Value| {
                    let mut wrong = Problems::new();
                    compatible(&nested.block, was, is, "", &mut wrong);
                    wrong.is_empty()
                };
                if !sets_match(was, is, fits) {
                    problems.push(format!("{place}: other elements than planned"));
                }
            }
            (Value::List(was), Value::List(is)) if was.len() == is.len() => {
                for (index, (was, is)) in was.iter().zip(is).enumerate() {
                    compatible(&nested.block, was, is, &format!("{place}[{index}]."), problems);
                }
            }
            (Value::List(_), _) => problems.push(format!("{place}: another number of blocks")),
            _ => compatible(&nested.block, was, is, &format!("{place}."), problems),
        }
    }
}

/// Whether each element of one set has its counterpart in the other.
fn sets_match(one: &[Value], other: &[Value], fits: impl Fn(&Value, &Value) -> bool) -> bool {
    one.len() == other.len()
        && one.iter().all(|one| other.iter().any(|other| fits(one, other)))
        && other.iter().all(|other| one.iter().any(|one| fits(one, other)))
}

/// Takes the prior element of a set that a configured one describes.
fn take_element<'v>(block: &Block, prior: &mut Vec<&'v Value>, configured: &Value) -> &'v Value {
    let is_same = |item: &&Value| {
        block.attributes.iter().all(|attribute| {
            let ty = Type::from_json(&attribute.r#type).expect("it was checked");
            let wanted = of(configured, &attribute.name);
            attribute.computed && wanted.is_null() || of(item, &attribute.name).equals(wanted, &ty)
        })
    };
    let found = prior.iter().position(is_same);
    found.map_or(&Value::Null, |index| prior.remove(index))
}

/// Whether a known value is unchanged. An unknown one may have become anything.
fn value_compatible(planned: &Value, actual: &Value, ty: &Type) -> bool {
    match (planned, actual, ty) {
        (Value::Unknown, _, _) => true,
        (Value::List(was), Value::List(is), Type::List(element)) => {
            was.len() == is.len()
                && was.iter().zip(is).all(|(was, is)| value_compatible(was, is, element))
        }
        (Value::Map(was), Value::Map(is), Type::Map(element)) => {
            was.keys().eq(is.keys())
                && was.iter().all(|(key, was)| value_compatible(was, &is[key], element))
        }
        (Value::Map(was), Value::Map(is), Type::Object(types)) => {
            types.iter().all(|(name, ty)| value_compatible(&was[name], &is[name], ty))
        }
        _ => planned.equals(actual, ty),
    }
}

fn write_only_null(block: &Block, value: &Value, at: &str, problems: &mut Problems) {
    if value.is_null() || matches!(value, Value::Unknown) {
        return;
    }
    for attribute in block.attributes.iter().filter(|attribute| attribute.write_only) {
        if !of(value, &attribute.name).is_null() {
            problems.push(format!("{}: a write-only value came back", step(at, &attribute.name)));
        }
    }
    for nested in &block.blocks {
        let place = step(at, &nested.name);
        match of(value, &nested.name) {
            Value::List(items) => {
                for item in items {
                    write_only_null(&nested.block, item, &format!("{place}[]."), problems);
                }
            }
            inner => write_only_null(&nested.block, inner, &format!("{place}."), problems),
        }
    }
}

/// Returns an attribute of an object; null for anything else.
pub fn of<'v>(object: &'v Value, name: &str) -> &'v Value {
    match object {
        Value::Map(entries) => entries.get(name).unwrap_or(&Value::Null),
        _ => &Value::Null,
    }
}

fn step(at: &str, name: &str) -> String {
    format!("{at}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name` is required, `id` computed, `size` optional with a default,
    /// `secret_wo` write-only; the block `part` may be repeated.
    fn shape() -> Shape {
        let attribute = |name: &str, ty: &str, flags: &str| protocol::schema::Attribute {
            name: name.to_owned(),
            r#type: format!("\"{ty}\"").into_bytes(),
            required: flags.contains('r'),
            optional: flags.contains('o'),
            computed: flags.contains('c'),
            write_only: flags.contains('w'),
            ..Default::default()
        };
        let part = protocol::schema::Block {
            attributes: vec![attribute("color", "string", "o"), attribute("place", "string", "c")],
            ..Default::default()
        };
        let block = protocol::schema::Block {
            attributes: vec![
                attribute("name", "string", "r"),
                attribute("id", "string", "c"),
                attribute("size", "number", "oc"),
                attribute("secret_wo", "string", "ow"),
            ],
            block_types: vec![protocol::schema::NestedBlock {
                type_name: "part".to_owned(),
                block: Some(part),
                nesting: NestingMode::List.into(),
                ..Default::default()
            }],
            ..Default::default()
        };
        Shape::of(&protocol::Schema { version: 0, block: Some(block) }).unwrap()
    }

    fn with(object: &Value, name: &str, value: impl Into<Value>) -> Value {
        let Value::Map(mut entries) = object.clone() else { panic!("an object") };
        entries.insert(name.to_owned(), value.into());
        Value::Map(entries)
    }

    fn part(color: &str, place: Value) -> Value {
        Value::Map([("color".to_owned(), color.into()), ("place".to_owned(), place)].into())
    }

    #[test]
    fn plan_may_set_only_computed_values() {
        let shape = shape();
        let configuration = shape.object([("name", "a"), ("secret_wo", "s")]);
        let configuration =
            with(&configuration, "part", Value::List(vec![part("red", Value::Null)]));
        let proposed = shape.proposed_new(&Value::Null, &configuration);
        assert_eq!(proposed, configuration);
        let good = with(&with(&proposed, "id", Value::Unknown), "secret_wo", Value::Null);
        let good =
            with(&with(&good, "size", 3), "part", Value::List(vec![part("red", Value::Unknown)]));
        assert_eq!(shape.plan_problems(&Value::Null, &configuration, &good), Problems::new());

        let wrong = [
            with(&good, "name", "b"),
            with(&good, "name", Value::Unknown),
            with(&good, "name", Value::Null),
            with(&good, "secret_wo", "s"),
            with(&good, "secret_wo", Value::Unknown),
            with(&good, "part", Value::List(Vec::new())),
            with(&good, "part", Value::Unknown),
            with(&good, "part", Value::List(vec![part("blue", Value::Unknown)])),
            Value::Null,
        ];
        for planned in wrong {
            let problems = shape.plan_problems(&Value::Null, &configuration, &planned);
            assert_eq!(problems.len(), 1, "{planned:?}: {problems:?}");
        }
        assert_eq!(shape.plan_problems(&good, &Value::Null, &Value::Null), Problems::new());
        assert_eq!(shape.plan_problems(&good, &Value::Null, &good).len(), 1);
    }

    #[test]
    fn plan_may_keep_the_prior_value() {
        let shape = shape();
        let configuration = shape.object([("name", "HTTPS://a")]);
        let prior = shape.object([("name", "https://a"), ("id", "1")]);
        let proposed = shape.proposed_new(&prior, &configuration);
        assert_eq!(of(&proposed, "id"), &Value::from("1"), "computed: the prior value");
        for (name, problems) in [("https://a", 0), ("HTTPS://a", 0), ("https://b", 1)] {
            let planned = with(&proposed, "name", name);
            assert_eq!(shape.plan_problems(&prior, &configuration, &planned).len(), problems);
        }
    }

    #[test]
    fn prior_element_of_a_set_is_used_once() {
        let mut shape = shape();
        let nested = &mut shape.block.blocks[0];
        nested.nesting = NestingMode::Set;
        nested.block.attributes[0].computed = true;
        let parts = |parts: [Value; 2]| with(&shape.empty(), "part", Value::List(parts.into()));
        let prior = with(&shape.empty(), "part", Value::List(vec![part("red", "left".into())]));
        let [open, red] = [Value::Null, "red".into()].map(|color| {
            Value::Map([("color".to_owned(), color), ("place".to_owned(), Value::Null)].into())
        });
        let proposed = shape.proposed_new(&prior, &parts([open, red.clone()]));
        assert_eq!(proposed, parts([part("red", "left".into()), red]));
    }

    #[test]
    fn applied_values_must_equal_planned_values() {
        let shape = shape();
        let planned = with(&shape.object([("name", "caf\u{e9}")]), "id", Value::Unknown);
        let planned = with(&planned, "part", Value::List(vec![part("red", Value::Unknown)]));
        let good = with(&with(&planned, "id", "1"), "name", "cafe\u{301}");
        let good = with(&good, "part", Value::List(vec![part("red", "left".into())]));
        assert_eq!(shape.apply_problems(&planned, &good), Problems::new());
        assert_eq!(shape.state_problems(&good), Problems::new());
        for wrong in [
            with(&good, "name", "b"),
            with(&good, "name", Value::Null),
            with(&good, "size", 1),
            with(&good, "part", Value::List(Vec::new())),
            with(&good, "part", Value::List(vec![part("blue", "left".into())])),
            Value::Null,
        ] {
            assert_eq!(shape.apply_problems(&planned, &wrong).len(), 1, "{wrong:?}");
        }
        for wrong in [with(&good, "id", Value::Unknown), with(&good, "secret_wo", "s")] {
            assert_eq!(shape.state_problems(&wrong).len(), 1, "{wrong:?}");
        }
    }

    #[test]
    fn identity_must_be_present_known_and_constant() {
        let ty = Type::Object([("id".to_owned(), Type::String)].into());
        let identity = |value: Value| protocol::ResourceIdentityData {
            identity_data: Some(encode(&Value::Map([("id".to_owned(), value)].into()), &ty)),
        };
        let one = identity_problems(Some(&identity("1".into())), Some(&ty), None, true).unwrap();
        assert!(one.is_some());
        for wrong in [None, Some(identity(Value::Unknown)), Some(identity("2".into()))] {
            let problems = identity_problems(wrong.as_ref(), Some(&ty), one.as_ref(), true);
            assert!(problems.is_err(), "{wrong:?}");
        }
        let unknown = identity_problems(Some(&identity(Value::Unknown)), Some(&ty), None, false);
        assert!(unknown.is_ok(), "in the plan of a creation");
        // A resource without an identity.
        assert_eq!(identity_problems(None, None, None, true), Ok(None));
        assert!(identity_problems(Some(&identity("1".into())), None, None, false).is_err());
    }
}
