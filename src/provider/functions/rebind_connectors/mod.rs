//! `rebind_connectors`: promotes an exported flow to another organization.
//!
//! A flow refers to a connector by its UUID, which differs between
//! organizations, so a flow that goes from test to production needs other ids.
//! The function replaces them in the text of the export. Every other byte stays
//! the same.
//!
//! # What counts as a reference
//!
//! A `connectorId` that is not null or empty, in an HTTP activity. Three shapes of
//! activities are known:
//!
//! - **Exports of Flow Designer** (seen): `properties` holds `activityName` (and
//!   mostly `activityId`), which is `http-request` or `http-request-v2`,
//!   `connectorId`, and in newer exports the connector's name as
//!   `connectorId:name`, `connectorId_name` or both.
//! - **Nodes of the second version** (seen): the same `properties`, inside an object
//!   with `activityType`.
//! - **The examples of the API** (documented): `activityName` stands beside `inputs`,
//!   and `inputs` holds `connectorId`, with or without a name.
//!
//! An activity occurs several times, in `process`, in `diagram` and in the flows for
//! events. Therefore every object at any depth is examined. It is of the kind that it
//! names, or else of the kind that the object names whose `inputs` or `properties` it
//! is. Without any kind, it counts as an HTTP activity if it has one of the names, or
//! a property whose name begins with `httpRequest`.
//!
//! # What is passed over
//!
//! - An activity of another kind, such as a virtual assistant: its connector is no
//!   custom connector. The log has a warning.
//! - An object that names no kind and may be an activity of an unknown shape: its id
//!   is exchanged or kept if the map has it, and is an error otherwise. Nothing that
//!   may be a reference stays as it is without a word.
//!
//! # Which id it gets
//!
//! 1. The one that the map has for the connector's name.
//! 2. Otherwise, the one that the map has for the old id. Older exports have no
//!    names, so the map holds `{ "<old id>" = "<new id>" }` for them.
//! 3. Otherwise, without a name, an id that is a value of the map stays, so that
//!    rebinding twice does no harm.
//! 4. Otherwise it is an error, and all of those are reported at once. Only an
//!    activity with `"authenticated": false` may keep an unknown id, because it
//!    does not use it.

mod function;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::ops::Range;

use super::webex_id::parse_uuid;
use json_reader::{Kind, Literal, ReadError, ReadErrorKind, Reader};

pub use function::RebindConnectors;

/// The limit of nested arrays and objects. Exports have about ten levels.
const MAX_DEPTH: usize = 128;

/// The limit of connectors or activities that one message lists.
const LISTED: usize = 20;

/// The characters of a name that a message shows.
const SHOWN: usize = 100;

/// Why a flow cannot be rebound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RebindError {
    /// The flow is not a JSON document.
    #[error(
        "The flow is not JSON: it cannot be read beyond byte {offset}. Give the text of the file \
         that Flow Designer exported, for example by file(\"flow.json\")."
    )]
    NotJson {
        /// The position, counted in bytes from 0.
        offset: usize,
    },
    /// The flow is nested beyond 128 levels.
    #[error(
        "The flow has more than {MAX_DEPTH} levels of lists and objects in each other, which no \
         export has. Export it from Flow Designer again."
    )]
    TooDeep,
    /// An activity contradicts itself.
    #[error(
        "It is not clear which connector the activity {activity} uses: {reason}. Choose the \
         connector again in Flow Designer, and export the flow again."
    )]
    Contradiction {
        /// The activity's name, or else its place in the document.
        activity: String,
        /// The contradiction.
        reason: Contradiction,
    },
    /// A value of the map is not an id.
    #[error(
        "The id that the map has for the connector {} is not a UUID. Use the connector's id as \
         in webex_cc_custom_connector.<name>.id; decode_id finds it in a Webex id.",
        Quoted(.connector)
    )]
    NotAnId {
        /// The key in the map.
        connector: String,
    },
    /// The flow uses connectors that the map does not have.
    #[error("{}", UnknownConnectors(.connectors, .activities, .others))]
    Unknown {
        /// The names of the connectors, sorted.
        connectors: Vec<String>,
        /// The activities that name no connector, sorted, each with the id of
        /// the connector that it uses.
        activities: Vec<(String, String)>,
        /// The objects that may be activities, sorted, each with its id.
        others: Vec<(String, String)>,
    },
}

/// The contradiction in an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// A property is given twice.
    #[error("its property {0} is given twice")]
    GivenTwice(&'static str),
    /// The two properties that hold the connector's name differ.
    #[error("its properties {NAME_COLON} and {NAME_UNDERSCORE} differ")]
    TwoNames,
    /// The connector's id is neither a string nor null.
    #[error("its property {CONNECTOR_ID} is not a text")]
    NotAString,
}

impl RebindError {
    /// Returns the argument at fault, counted from 0: the flow or the map.
    #[must_use]
    pub fn argument(&self) -> usize {
        match self {
            Self::NotJson { .. } | Self::TooDeep | Self::Contradiction { .. } => 0,
            Self::NotAnId { .. } | Self::Unknown { .. } => 1,
        }
    }
}

/// Replaces the ids of the connectors that the HTTP activities of an exported
/// flow use.
///
/// `connectors` maps names to ids, and may map old ids to new ones; see the
/// [module](self) for the rules. Every other byte of the flow stays as it is.
///
/// # Errors
///
/// A [`RebindError`] when the flow cannot be read, or uses connectors that are
/// not in the map.
pub fn rebind_connectors(
    flow_json: &str,
    connectors: &BTreeMap<String, String>,
) -> Result<String, RebindError> {
    let References { found, foreign, .. } = References::in_flow(flow_json)?;
    if !foreign.is_empty() {
        tracing::warn!(
            activities = listed(foreign.iter().cloned()),
            "these activities name connectors and are no HTTP requests, so they were not changed"
        );
    }
    let new_ids = connectors.values().map(String::as_str).collect::<HashSet<_>>();
    let mut changes: Vec<(Range<usize>, &str)> = Vec::new();
    let (mut unknown, mut nameless) = (BTreeSet::new(), BTreeSet::new());
    let mut others = BTreeSet::new();
    for reference in &found {
        match reference.new_id(connectors, &new_ids)? {
            Some(id) if id != reference.id => changes.push((reference.span.clone(), id)),
            Some(_) => {}
            None if reference.unused => {}
            None => match &reference.connector {
                Some(name) => drop(unknown.insert(name.clone())),
                None => {
                    let use_of_id = (reference.activity.clone(), reference.id.clone());
                    let uses = if reference.is_http { &mut nameless } else { &mut others };
                    uses.insert(use_of_id);
                }
            },
        }
    }
    if !unknown.is_empty() || !nameless.is_empty() || !others.is_empty() {
        return Err(RebindError::Unknown {
            connectors: unknown.into_iter().collect(),
            activities: nameless.into_iter().collect(),
            others: others.into_iter().collect(),
        });
    }

    let mut rebound = String::with_capacity(flow_json.len() + changes.len() * UUID_LITERAL);
    let mut copied = 0;
    for (span, id) in changes {
        rebound.push_str(&flow_json[copied..span.start]);
        rebound.push('"');
        rebound.push_str(id);
        rebound.push('"');
        copied = span.end;
    }
    rebound.push_str(&flow_json[copied..]);
    Ok(rebound)
}

const CONNECTOR_ID: &str = "connectorId";
const NAME_COLON: &str = "connectorId:name";
const NAME_UNDERSCORE: &str = "connectorId_name";
/// The members of an activity that hold what is set in it.
const INNER: [&str; 2] = ["inputs", "properties"];
/// The length of a UUID in quotes.
const UUID_LITERAL: usize = 38;

/// An activity's use of a connector.
#[derive(Debug)]
struct Reference {
    activity: String,
    /// The position of the id in the document, quotes included.
    span: Range<usize>,
    id: String,
    connector: Option<String>,
    /// Whether the activity is not authenticated, so that it does not use it.
    unused: bool,
    /// Whether it is known to be an HTTP activity.
    is_http: bool,
}

impl Reference {
    fn new_id<'m>(
        &self,
        connectors: &'m BTreeMap<String, String>,
        new_ids: &HashSet<&'m str>,
    ) -> Result<Option<&'m str>, RebindError> {
        let by_name = self.connector.as_ref().and_then(|name| connectors.get_key_value(name));
        let by_id = || connectors.get_key_value(&self.id);
        if let Some((connector, id)) = by_name.or_else(by_id) {
            if parse_uuid(id).is_none() {
                return Err(RebindError::NotAnId { connector: connector.clone() });
            }
            return Ok(Some(id));
        }
        Ok(new_ids.get(self.id.as_str()).filter(|_| self.connector.is_none()).copied())
    }
}

/// The references found in a document, and the path to the current object.
///
/// No object repeats work that depends on the objects around it: the flow may be
/// anybody's, and one thread serves all calls.
struct References<'a> {
    found: Vec<Reference>,
    /// The activities of other kinds that name connectors.
    foreign: Vec<String>,
    path: Vec<Step<'a>>,
}

/// A step of a path, for activities without a name.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(Literal<'a>),
    Index(usize),
}

impl<'a> References<'a> {
    fn in_flow(flow_json: &'a str) -> Result<Self, RebindError> {
        let mut reader = Reader::new(flow_json.as_bytes(), MAX_DEPTH)?;
        let mut references = Self { found: Vec::new(), foreign: Vec::new(), path: Vec::new() };
        if let Some(properties) = references.visit(&mut reader)? {
            references.add(properties, None)?;
        }
        reader.end()?;
        // The reference of an object is found after those of nested objects.
        references.found.sort_by_key(|reference| reference.span.start);
        Ok(references)
    }

    /// Visits a value. Returns the properties of an object: the object around it may
    /// name its kind.
    fn visit(&mut self, reader: &mut Reader<'a>) -> Result<Option<Properties<'a>>, RebindError> {
        match reader.peek()? {
            Kind::Object => self.visit_object(reader).map(Some),
            Kind::Array => {
                reader.array(|reader, index| {
                    self.path.push(Step::Index(index));
                    if let Some(properties) = self.visit(reader)? {
                        self.add(properties, None)?;
                    }
                    self.path.pop();
                    Ok::<_, RebindError>(())
                })?;
                Ok(None)
            }
            Kind::Null | Kind::Bool | Kind::Number | Kind::String => {
                reader.skip()?;
                Ok(None)
            }
        }
    }

    fn visit_object(&mut self, reader: &mut Reader<'a>) -> Result<Properties<'a>, RebindError> {
        let mut properties = Properties::default();
        let mut inner = Vec::new();
        reader.object(|reader, key| {
            if properties.read(reader, key)? {
                return Ok(());
            }
            self.path.push(Step::Key(key));
            if let Some(nested) = self.visit(reader)? {
                if INNER.iter().any(|name| *name == key.decode()) {
                    inner.push((key, nested));
                } else {
                    self.add(nested, None)?;
                }
            }
            self.path.pop();
            Ok::<_, RebindError>(())
        })?;
        for (key, nested) in inner {
            self.path.push(Step::Key(key));
            self.add(nested, Some(&properties))?;
            self.path.pop();
        }
        Ok(properties)
    }

    /// Adds the reference of the current object, if it has one. `outer` is the object
    /// whose inputs or properties it is.
    fn add(
        &mut self,
        properties: Properties<'a>,
        outer: Option<&Properties<'a>>,
    ) -> Result<(), RebindError> {
        let Some(id) = properties.values[0] else { return Ok(()) };
        let named = properties.kind();
        let kind = named.or(outer.and_then(Properties::kind)).or(properties.likely_kind());
        let name = || text(properties.name()).or_else(|| text(outer?.name()));
        let activity =
            |references: &Self| name().map_or_else(|| references.place(), |name| quoted(&name));
        let is_http = match kind {
            Some(ActivityKind::Http) => true,
            Some(ActivityKind::Other) => {
                if text(Some(id)).is_some() {
                    self.foreign.push(activity(self));
                }
                return Ok(());
            }
            None if text(Some(id)).is_some_and(|id| parse_uuid(&id).is_some()) => false,
            None => return Ok(()),
        };
        let reference = properties.reference(id, is_http, || activity(self))?;
        self.found.extend(reference);
        Ok(())
    }

    /// Returns the path to the current object, as messages name it: the steps that
    /// a message shows, and of their keys no more than it shows.
    fn place(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) => {
                    path.push('/');
                    path.push_str(&key.decode_first(SHOWN));
                }
                Step::Index(index) => path.push_str(&format!("/{index}")),
            }
            // Each step has a character or more.
            if path.len() > SHOWN * char::MAX.len_utf8() {
                break;
            }
        }
        format!("at {}", Quoted(&path))
    }
}

/// The kind of an activity.
#[derive(Clone, Copy)]
enum ActivityKind {
    Http,
    Other,
}

/// The properties of an object that make a reference of an HTTP activity.
#[derive(Default)]
struct Properties<'a> {
    /// The properties in the order of [`Properties::NAMES`].
    values: [Option<Property<'a>>; 8],
    repeated: Option<&'static str>,
    has_http_request: bool,
}

/// The value of a property.
#[derive(Clone, Copy)]
enum Property<'a> {
    Text(Literal<'a>),
    False,
    Null,
    Other,
}

impl<'a> Properties<'a> {
    const NAMES: [&'static str; 8] = [
        CONNECTOR_ID,
        NAME_COLON,
        NAME_UNDERSCORE,
        "activityName",
        "activityId",
        "name",
        "authenticated",
        "activityType",
    ];

    /// Reads a property if it is one of those. Returns false for arrays and
    /// objects, which may contain activities.
    fn read(&mut self, reader: &mut Reader<'a>, key: Literal<'a>) -> Result<bool, ReadError> {
        let key = key.decode();
        self.has_http_request |= key.starts_with("httpRequest");
        let Some(index) = Self::NAMES.iter().position(|name| *name == key) else {
            return Ok(false);
        };
        let (property, read) = match reader.peek()? {
            Kind::String => (Property::Text(reader.string()?), true),
            Kind::Bool => (if reader.bool()? { Property::Other } else { Property::False }, true),
            Kind::Null => (reader.null().map(|()| Property::Null)?, true),
            Kind::Number | Kind::Array | Kind::Object => (Property::Other, false),
        };
        if self.values[index].replace(property).is_some() {
            self.repeated.get_or_insert(Self::NAMES[index]);
        }
        Ok(read)
    }

    fn name(&self) -> Option<Property<'a>> {
        self.values[5]
    }

    /// Returns the kind of activity that the object names.
    fn kind(&self) -> Option<ActivityKind> {
        let [_, _, _, activity_name, activity_id, _, _, activity_type] = self.values;
        let is_http = |kind: &Cow<'_, str>| kind.starts_with("http-request");
        let kinds = [text(activity_name), text(activity_id)];
        if kinds.iter().flatten().any(is_http) || text(activity_type).as_ref().is_some_and(is_http)
        {
            return Some(ActivityKind::Http);
        }
        // The type of an activity may be a word for many kinds.
        kinds.iter().any(Option::is_some).then_some(ActivityKind::Other)
    }

    /// Returns the kind that the other properties of the object let expect.
    fn likely_kind(&self) -> Option<ActivityKind> {
        let [_, colon, underscore, ..] = self.values;
        let has_name = text(colon).is_some() || text(underscore).is_some();
        (self.has_http_request || has_name).then_some(ActivityKind::Http)
    }

    /// Returns the reference to the connector with this id.
    fn reference(
        &self,
        id: Property<'a>,
        is_http: bool,
        activity: impl FnOnce() -> String,
    ) -> Result<Option<Reference>, RebindError> {
        let [_, colon, underscore, _, _, _, authenticated, _] = self.values;
        let (colon, underscore) = (text(colon), text(underscore));
        let reason = match (id, self.repeated) {
            (_, Some(property)) => Contradiction::GivenTwice(property),
            (Property::False | Property::Other, None) => Contradiction::NotAString,
            (Property::Null, None) => return Ok(None),
            (Property::Text(id), None) if id.is_empty() => return Ok(None),
            (Property::Text(_), None)
                if colon.is_some() && underscore.is_some() && colon != underscore =>
            {
                Contradiction::TwoNames
            }
            (Property::Text(id), None) => {
                return Ok(Some(Reference {
                    activity: activity(),
                    span: id.span(),
                    id: id.decode().into_owned(),
                    connector: colon.or(underscore).map(Cow::into_owned),
                    unused: matches!(authenticated, Some(Property::False)),
                    is_http,
                }));
            }
        };
        Err(RebindError::Contradiction { activity: activity(), reason })
    }
}

/// Returns the content of a property, if it is a string and not empty.
fn text(property: Option<Property<'_>>) -> Option<Cow<'_, str>> {
    match property {
        Some(Property::Text(literal)) if !literal.is_empty() => Some(literal.decode()),
        Some(Property::Text(_) | Property::False | Property::Null | Property::Other) | None => None,
    }
}

impl From<ReadError> for RebindError {
    fn from(fault: ReadError) -> Self {
        match fault.kind {
            ReadErrorKind::TooDeep => Self::TooDeep,
            ReadErrorKind::Syntax
            | ReadErrorKind::Truncated
            | ReadErrorKind::Trailing
            | ReadErrorKind::NotUtf8 => Self::NotJson { offset: fault.offset },
        }
    }
}

/// A name in quotes, escaped, and cut if it is longer than any real one.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(formatter, "{:?}…", &self.0[..end]),
            None => write!(formatter, "{:?}", self.0),
        }
    }
}

fn quoted(name: &str) -> String {
    Quoted(name).to_string()
}

/// The text of [`RebindError::Unknown`].
struct UnknownConnectors<'a>(&'a [String], &'a [(String, String)], &'a [(String, String)]);

impl fmt::Display for UnknownConnectors<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(connectors, activities, others) = self;
        let uses = |list: &[(String, String)]| {
            listed(list.iter().map(|(activity, id)| format!("{activity} uses {}", Quoted(id))))
        };
        formatter.write_str("The flow was not changed.")?;
        if !connectors.is_empty() {
            let names = connectors.iter().map(|name| Quoted(name).to_string());
            write!(
                formatter,
                " It uses connectors that the map does not have: {}. Add each of them as \
                 \"name\" = \"its id in the target organization\".",
                listed(names)
            )?;
        }
        if !activities.is_empty() {
            write!(
                formatter,
                " Some activities give the id of their connector without its name, as older \
                 exports do: {}. Add each id as \"old id\" = \"new id\", or export the flow again \
                 from Flow Designer.",
                uses(activities)
            )?;
        }
        if !others.is_empty() {
            write!(
                formatter,
                " It is not clear whether these are HTTP activities: {}. Add each id as \
                 \"old id\" = \"new id\" to exchange its connector, or as \
                 \"old id\" = \"old id\" to keep it.",
                uses(others)
            )?;
        }
        Ok(())
    }
}

/// Lists the first of many things, and how many more there are.
fn listed(things: impl ExactSizeIterator<Item = String>) -> String {
    let more = things.len().saturating_sub(LISTED);
    let mut list = things.take(LISTED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        list.push_str(&format!(" and {more} more"));
    }
    list
}

#[cfg(test)]
mod tests;
