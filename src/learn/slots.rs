//! Turns requests into templates.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::facts::{Facts, alike};
use crate::form::{Argument, Kind};
use crate::json::{Json, Place, Step, member};
use crate::resolve::{Places, Sample, last_name};
use crate::story::{Story, split_at};
use crate::values::{Encoding, is_mask, is_time, likeness, names_a_private_value};

/// The content of a place in a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Slot {
    /// An argument, and whether it is left out when it has no value.
    Argument(Argument, bool),
    Id,
    Organization,
    Version(bool),
    Active,
    AuthenticationType(bool),
    GrantType(bool),
    Constant(Json),
    /// A text with placeholders in it.
    Text(String),
    /// A value that was read and sent back.
    ReadBack,
    /// A value that is not in the profile.
    Dropped,
}

/// A template: what stands where, in the order of the request.
pub(crate) type Slots = Vec<(Place, Slot)>;

/// Escapes the braces of a constant.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

impl Slot {
    /// Returns the argument that stands there.
    pub(crate) fn argument(&self) -> Option<Argument> {
        if let Self::Argument(argument, _) = self { Some(*argument) } else { None }
    }

    /// Returns the constant that stands there.
    pub(crate) fn constant(&self) -> Option<&Json> {
        if let Self::Constant(value) = self { Some(value) } else { None }
    }

    /// Returns the JSON of a profile.
    pub(crate) fn json(&self) -> Option<Json> {
        let named = |name: &str, optional: bool| {
            Json::text(format!("{{{name}{}}}", if optional { "?" } else { "" }))
        };
        Some(match self {
            Self::Argument(argument, optional) => named(argument.word(), *optional),
            Self::Id => named("id", false),
            Self::Organization => named("organization", false),
            Self::Version(optional) => named("version", *optional),
            Self::Active => named("active", false),
            Self::AuthenticationType(optional) => named("authentication_type", *optional),
            Self::GrantType(optional) => named("grant_type", *optional),
            Self::Constant(value) => escaped_json(value),
            Self::Text(text) => Json::text(text),
            Self::ReadBack | Self::Dropped => return None,
        })
    }
}

fn escaped_json(value: &Json) -> Json {
    match value {
        Json::Text(text) => Json::text(escaped(text)),
        Json::Array(items) => Json::Array(items.iter().map(escaped_json).collect()),
        Json::Object(members) => Json::Object(
            members.iter().map(|(name, value)| (name.clone(), escaped_json(value))).collect(),
        ),
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
    }
}

/// Makes a document of a template; none without any place. It is empty if all members are omitted.
pub(crate) fn document(slots: &[(Place, Slot)], under: &[Step]) -> Option<Json> {
    let mut document: Option<Json> = None;
    // Elements that are left out must not leave a hole.
    let mut indices: BTreeMap<Place, BTreeMap<usize, usize>> = BTreeMap::new();
    for (place, slot) in slots {
        let Some(rest) = place.strip_prefix(under) else { continue };
        if matches!(rest.first(), Some(Step::Member(_))) {
            document.get_or_insert(Json::Object(Vec::new()));
        }
        let Some(json) = slot.json() else { continue };
        let mut moved = Place::new();
        for step in rest {
            match step {
                Step::Index(index) => {
                    let known = indices.entry(moved.clone()).or_default();
                    let next = known.len();
                    let index = *known.entry(*index).or_insert(next);
                    moved.push(Step::Index(index));
                }
                Step::Member(_) => moved.push(step.clone()),
            }
        }
        document.get_or_insert(Json::Object(Vec::new())).put(&moved, json);
    }
    document
}

/// The facts by which requests become templates.
pub(crate) struct Context<'a> {
    pub(crate) story: &'a Story,
    pub(crate) facts: &'a Facts,
    pub(crate) places: &'a Places,
    /// The place of each argument at which a credential may be hidden, from other requests.
    pub(crate) credentials: BTreeMap<Place, Argument>,
    pub(crate) authentication: Option<Place>,
    pub(crate) grant: Option<Place>,
    pub(crate) active: Option<Place>,
    /// The constants in requests to create, at the places of this request.
    pub(crate) created: BTreeMap<Place, Json>,
    /// The members that mark custom connectors. An update cannot change them.
    pub(crate) marks: &'a [(Place, Json)],
    /// Whether it changes a connector that exists.
    pub(crate) updates: bool,
    /// Whether it sends back the whole connector that was read.
    pub(crate) is_overlaid: bool,
    /// The name of the call.
    pub(crate) call: &'static str,
}

/// Why a value is omitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Omission {
    pub(crate) reason: &'static str,
    /// Whether the call may need it.
    pub(crate) is_constant: bool,
}

/// The values that templates omit, by the name of the call.
pub(crate) type Omissions = BTreeMap<(&'static str, Place), Omission>;

/// Makes a template for one kind of connector of its requests.
pub(crate) fn template(
    context: &Context<'_>,
    samples: &[&Sample],
    omitted: &mut Omissions,
) -> Slots {
    let story = context.story;
    let mut order: Vec<Place> = Vec::new();
    let mut values: BTreeMap<Place, Vec<(usize, &Json)>> = BTreeMap::new();
    let mut most: Vec<&&Sample> = samples.iter().collect();
    most.sort_by_key(|sample| std::cmp::Reverse(sample.document.count()));
    for sample in most {
        for (place, value) in sample.document.leaves(&|value| story.values.is_list(value)) {
            // An argument that is an array in one request stays one place in all.
            if !values.contains_key(&place) {
                order.push(place.clone());
            }
            values.entry(place).or_default().push((sample.call, value));
        }
    }
    let arrays: BTreeSet<Place> = samples
        .iter()
        .filter_map(|sample| context.places.get(&sample.kind))
        .flat_map(|own| own.iter())
        .filter(|(_, found)| found.encoding == Encoding::List)
        .map(|(place, _)| place.clone())
        .collect();
    order.retain(|place| {
        !arrays.iter().any(|array| place.len() > array.len() && place.starts_with(array))
    });
    // An object that is empty in one request is not the members that it has in others.
    let places: BTreeSet<Place> = order.iter().cloned().collect();
    order.retain(|place| {
        let after = (Bound::Excluded(place), Bound::Unbounded);
        let next = places.range::<Place, _>(after).next();
        !next.is_some_and(|next| next.starts_with(place))
    });
    let mut slots = Slots::new();
    for place in order {
        let slot = slot(context, samples, &place, &values[&place], omitted);
        slots.push((place, slot));
    }
    slots
}

/// The recorded values at one place, each with the call that has it.
type Values<'a> = [(usize, &'a Json)];

/// Decides what stands at a place of a request. The surest sign comes first: what was typed, then
/// what earlier responses show, and last whether it is the same in all calls.
fn slot(
    context: &Context<'_>,
    samples: &[&Sample],
    place: &Place,
    values: &Values<'_>,
    omitted: &mut Omissions,
) -> Slot {
    let Some(kind) = samples.first().map(|sample| sample.kind) else { return Slot::Dropped };
    let absent = values.len() < samples.len();
    let is_null = |value: &Json| matches!(value, Json::Null);
    if let Some(found) = context.places.get(&kind).and_then(|own| own.get(place)) {
        let null = values.iter().any(|(_, value)| is_null(value));
        return Slot::Argument(
            found.argument,
            optional(context, samples, found.argument, absent, null, kind),
        );
    }
    if let Some(argument) = context.credentials.get(place) {
        // Where a credential can stand, nothing else is ever constant.
        let own = kind.allows(*argument);
        return if own { Slot::Argument(*argument, true) } else { Slot::Dropped };
    }
    let elsewhere = context.places.values().any(|own| own.contains_key(place));
    if elsewhere && values.iter().all(|(_, value)| is_null(value)) {
        return Slot::Constant(Json::Null);
    }
    if values.iter().any(|(_, value)| value.as_text().is_some_and(is_mask)) {
        return masked(context, place, kind);
    }
    if context.authentication.as_ref() == Some(place) {
        return Slot::AuthenticationType(false);
    }
    if context.grant.as_ref() == Some(place) {
        return Slot::GrantType(false);
    }
    if context.active.as_ref() == Some(place) {
        return Slot::Active;
    }
    identifier(context.story, place, values)
        .or_else(|| version(context, place, values, absent))
        .or_else(|| text(context, place, values))
        .unwrap_or_else(|| same_in_all(context, place, values, omitted))
}

/// A masked credential is sent by an update only, if the place tells which one it is.
fn masked(context: &Context<'_>, place: &Place, kind: Kind) -> Slot {
    let hidden = [Argument::ClientSecret, Argument::PrivateKey, Argument::Password];
    let hidden = hidden.into_iter().filter(|argument| kind.allows(*argument));
    let hidden = hidden.max_by_key(|argument| likeness(place, *argument));
    match hidden.filter(|argument| likeness(place, *argument) > 0) {
        Some(argument) if context.updates => Slot::Argument(argument, true),
        Some(_) | None => Slot::Dropped,
    }
}

/// The id of the connector that a call is about, or the organization.
fn identifier(story: &Story, place: &Place, values: &Values<'_>) -> Option<Slot> {
    let every = |test: &dyn Fn(usize, &Json) -> bool| {
        !values.is_empty() && values.iter().all(|(call, value)| test(*call, value))
    };
    let id_of =
        |call: usize| story.about[call].and_then(|connector| story.ids[connector].as_deref());
    let is_id = |id: &str, value: &Json| {
        value.token().as_deref() == Some(id) && !story.is_by_chance(place, id)
    };
    if every(&|call, value| id_of(call).is_some_and(|id| is_id(id, value))) {
        return Some(Slot::Id);
    }
    let organization = story.organization.as_ref()?;
    every(&|_, value| value.as_text() == Some(organization)).then_some(Slot::Organization)
}

/// The version that the last response before a call has, alone or within a header.
fn version(
    context: &Context<'_>,
    place: &Place,
    values: &Values<'_>,
    absent: bool,
) -> Option<Slot> {
    let version = context.facts.version.as_ref().filter(|_| context.updates)?;
    let before = |call: usize| {
        let own = context.facts.timeline.iter().rev();
        let mut own = own
            .filter(|seen| seen.call < call && Some(seen.connector) == context.story.about[call]);
        own.find_map(|seen| seen.object.at(version))
    };
    let same = values
        .iter()
        .all(|(call, value)| before(*call).is_some_and(|version| value.token() == version.token()));
    // A short number may be equal by chance.
    let is_long = |value: &Json| value.token().is_none_or(|token| token.len() >= 3);
    let is_certain = last_name(place) == last_name(version)
        || values.windows(2).any(|two| two[0].1 != two[1].1)
        || values.iter().any(|(_, value)| is_long(value));
    if !values.is_empty() && same && is_certain {
        return Some(Slot::Version(absent));
    }
    if place.first() != Some(&member("headers")) {
        return None;
    }
    let (call, value) = values.first()?;
    let token = before(*call).and_then(Json::token)?;
    let (start, end) = split_at(value.as_text()?, &token)?;
    Some(Slot::Text(format!("{}{{version}}{}", escaped(start), escaped(end))))
}

/// A text that holds an id, the organization or the name.
fn text(context: &Context<'_>, place: &Place, values: &Values<'_>) -> Option<Slot> {
    let story = context.story;
    let names = matches!(context.call, "create" | "update" | "activate" | "deactivate");
    let with_placeholders = |(call, value): &(usize, &Json)| {
        value.as_text().map(|text| with_placeholders(story, *call, place, text, names))
    };
    let first = values.first()?;
    let text = with_placeholders(first)?;
    let is_same = values.iter().all(|other| with_placeholders(other).as_ref() == Some(&text));
    let has_placeholder = first.1.as_text().is_some_and(|plain| escaped(plain) != text);
    if !is_same || !has_placeholder {
        return None;
    }
    let is_path = place.first() == Some(&member("path"));
    let is_private = story.is_of_session(first.1.as_text()?)
        || story.is_private(&around_placeholders(&text))
        || last_name(place).is_some_and(names_a_private_value);
    (is_path || !is_private).then_some(Slot::Text(text))
}

/// A constant, unless the value differs between calls or belongs to the recording.
fn same_in_all(
    context: &Context<'_>,
    place: &Place,
    values: &Values<'_>,
    omitted: &mut Omissions,
) -> Slot {
    let Some((_, first)) = values.first() else { return Slot::Dropped };
    let steady = values.iter().all(|(_, value)| value == first);
    let is_created = steady && context.created.get(place) == Some(first);
    // The page's default of a member that reads show may be changed elsewhere.
    if is_created && !context.is_overlaid {
        return Slot::Constant((*first).clone());
    }
    if context.updates && is_read_back(context, place, values) {
        return Slot::ReadBack;
    }
    if is_created {
        return Slot::Constant((*first).clone());
    }
    let part = match place.first() {
        Some(Step::Member(part)) => part.as_str(),
        Some(Step::Index(_)) | None => "",
    };
    match part {
        "path" => return Slot::Constant((*first).clone()),
        "headers" => return Slot::Dropped,
        _ => {}
    }
    // The server knows a GraphQL query by its hash.
    if steady && place.ends_with(&[member("persistedQuery"), member("sha256Hash")]) {
        return Slot::Constant((*first).clone());
    }
    let has_private_name = last_name(place).is_some_and(names_a_private_value);
    let is_of_the_recording = match first {
        Json::Text(text) => has_private_name || context.story.is_private(text),
        Json::Number(_) => {
            has_private_name || is_time(first) || first.token().is_some_and(|token| token.len() > 6)
        }
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => false,
    };
    let reason = match (steady, is_of_the_recording) {
        (true, false) => return Slot::Constant((*first).clone()),
        (false, _) => "it differs between calls",
        (true, true) => "it looks like an id, a time, a name or a credential of the recording",
    };
    let is_personal = has_private_name
        || is_time(first)
        || first.as_text().is_some_and(|text| {
            let story = context.story;
            text.contains('@') || story.values.is_hidden_in(text) || story.is_of_session(text)
        });
    let is_constant = steady && values.len() > 1 && !is_personal;
    let key = (context.call, place.clone());
    omitted.entry(key).or_insert(Omission { reason, is_constant });
    Slot::Dropped
}

/// Whether an argument without a value is left out.
fn optional(
    context: &Context<'_>,
    samples: &[&Sample],
    argument: Argument,
    absent: bool,
    null: bool,
    kind: Kind,
) -> bool {
    if argument.is_credential() {
        return context.updates || !kind.requires(argument);
    }
    if kind.requires(argument) {
        return false;
    }
    // A connector for which it was not typed shows what an absent value is.
    let shown = samples.iter().any(|sample| {
        context.story.typed[sample.connector].of(argument).iter().any(String::is_empty)
            || context.story.typed[sample.connector].of(argument).is_empty()
    });
    if null {
        false
    } else if absent && shown {
        true
    } else {
        !context.updates
    }
}

/// Whether a value is one that was read before, and neither typed nor constant.
fn is_read_back(context: &Context<'_>, place: &Place, values: &[(usize, &Json)]) -> bool {
    let is_mark = context.marks.iter().any(|(mark, _)| place.ends_with(mark));
    if is_mark || place.first() != Some(&member("body")) {
        return false;
    }
    values.iter().all(|(call, value)| {
        let connector = context.story.about[*call];
        let seen = context.facts.timeline.iter().rev();
        let mut seen = seen.filter(|seen| seen.call < *call && Some(seen.connector) == connector);
        seen.next().is_some_and(|seen| {
            // The member stands in the request where it stands in the object.
            (1..place.len()).any(|start| seen.object.at(&place[start..]) == Some(value))
        })
    })
}

/// Returns a text with placeholders for the ids, the organization, and if `names` is set for the
/// name that stand in it.
pub(crate) fn with_placeholders(
    story: &Story,
    call: usize,
    place: &[Step],
    text: &str,
    names: bool,
) -> String {
    let mut pieces: Vec<(String, bool)> = vec![(text.to_owned(), false)];
    let mut replace = |token: &str, placeholder: &str| {
        let mut next = Vec::new();
        for (piece, fixed) in pieces.drain(..) {
            match split_at(&piece, token) {
                Some((before, after)) if !fixed => {
                    next.push((before.to_owned(), false));
                    next.push((placeholder.to_owned(), true));
                    next.push((after.to_owned(), false));
                }
                _ => next.push((piece, fixed)),
            }
        }
        pieces = next;
    };
    let body = place.first() == Some(&member("body"));
    if let Some(organization) = story.organization.as_deref().filter(|text| text.len() >= 4) {
        replace(organization, "{organization}");
    }
    if let Some(connector) = story.about[call] {
        if let Some(id) = &story.ids[connector]
            && story.holds(place, &Json::text(text), id)
        {
            replace(id, "{id}");
        }
        if names && !body {
            let names = story.typed[connector].of(Argument::Name).iter();
            let mut names: Vec<&String> = names.filter(|name| name.len() >= 4).collect();
            // One name may be the beginning of another one.
            names.sort_by_key(|name| std::cmp::Reverse(name.len()));
            names.into_iter().for_each(|name| replace(name, "{name}"));
        }
    }
    let written =
        pieces.into_iter().map(|(piece, fixed)| if fixed { piece } else { escaped(&piece) });
    written.collect()
}

/// Returns the constant parts of a text with placeholders.
pub(crate) fn around_placeholders(template: &str) -> String {
    // Doubled braces are those of a constant.
    let plain = template.replace("{{", "").replace("}}", "");
    let pieces = plain.split('{').enumerate().map(|(index, piece)| match index {
        0 => piece,
        _ => piece.split_once('}').map_or(piece, |(_, constant)| constant),
    });
    pieces.collect()
}

/// The state that the values at a place in requests show.
#[derive(Default)]
struct StateScore {
    /// The requests after which the object has the value, and those after which it has another one.
    fit: usize,
    misfit: usize,
    /// The requests that change the state, and those that send the state that was read before.
    changed: usize,
    kept: usize,
    values: BTreeSet<String>,
}

/// Finds the place of the state in requests: the value is that of the object after the call.
/// Requests that never change the state only send back what was read.
pub(crate) fn active_place(facts: &Facts, samples: &[Sample]) -> Option<Place> {
    let at = facts.active.as_ref()?;
    let (active, inactive) = facts.active_values.as_ref()?;
    let name = last_name(at);
    let mut scores: BTreeMap<Place, StateScore> = BTreeMap::new();
    for sample in samples {
        let own = || {
            let own = facts.timeline.iter().filter(|seen| seen.connector == sample.connector);
            own.filter_map(|seen| Some((seen.call, seen.object.at(at)?)))
        };
        let after = own().find(|(call, _)| *call >= sample.call).map(|(_, state)| state);
        let before = own().rfind(|(call, _)| *call < sample.call).map(|(_, state)| state);
        for (place, value) in sample.document.leaves(&|_| false) {
            let part = place.first();
            if part != Some(&member("body")) && part != Some(&member("query")) {
                continue;
            }
            if !alike(value, active) && !alike(value, inactive) {
                continue;
            }
            let score = scores.entry(place).or_default();
            match after {
                Some(after) if alike(after, value) => score.fit += 1,
                Some(_) => score.misfit += 1,
                None => {}
            }
            match before {
                Some(before) if alike(before, value) => score.kept += 1,
                Some(_) => score.changed += 1,
                None => {}
            }
            score.values.insert(value.compact().to_lowercase());
        }
    }
    let fitting = scores.into_iter().filter(|(place, score)| {
        let steady = score.kept > 0 && score.changed == 0 && !facts.active_by_name;
        score.misfit == 0
            && !steady
            && (last_name(place) == name || score.fit > 1 && score.values.len() > 1)
    });
    let best = fitting.max_by_key(|(place, score)| {
        (last_name(place) == name, score.values.len(), score.fit, usize::MAX - place.len())
    });
    best.map(|(place, _)| place)
}
