//! Writes the calls of a profile.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::facts::Facts;
use crate::form::{Argument, Kind};
use crate::headers::Headers;
use crate::json::{Json, Place, Step, member, pointer};
use crate::listing::Paging;
use crate::merge::{TypedByKind, merge};
use crate::resolve::{Places, Sample, last_name};
use crate::slots::{self, Context, Omissions, Slot, Slots};
use crate::story::Story;
use crate::values::{likeness_of, most};

/// The characters of a path segment that need no encoding, placeholders included.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'/')
    .add(b'%')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// A request as it is written for a profile.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<Json>,
    pub(crate) body: Option<Json>,
    pub(crate) body_by_kind: Vec<(Kind, Json)>,
    pub(crate) overlay: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    /// The arguments that each kind writes.
    pub(crate) arguments: BTreeMap<Kind, BTreeSet<Argument>>,
    /// The arguments that were typed for each kind.
    pub(crate) typed: TypedByKind,
    /// Whether members without a value are left out, because no request has null.
    pub(crate) omits: bool,
    /// Whether the state is written.
    pub(crate) active: bool,
    /// The bodies by kind, before they were merged.
    pub(crate) slots: BTreeMap<Kind, Slots>,
}

impl Written {
    /// Returns the call of a profile.
    pub(crate) fn json(&self, response: Option<Json>, headers: &Headers, name: &str) -> Json {
        let mut members = vec![
            ("standing".to_owned(), Json::text("learned")),
            ("method".to_owned(), Json::text(&self.method)),
            ("path".to_owned(), Json::text(&self.path)),
        ];
        members.extend(self.query.clone().map(|query| ("query".to_owned(), query)));
        let own = headers.own.get(name).into_iter().flatten().chain(&self.headers);
        let own: Vec<(String, Json)> =
            own.map(|(name, value)| (name.clone(), Json::text(value))).collect();
        if !own.is_empty() {
            members.push(("headers".to_owned(), Json::Object(own)));
        }
        members.extend(self.body.clone().map(|body| ("body".to_owned(), body)));
        if !self.body_by_kind.is_empty() {
            let by_kind = self.body_by_kind.iter();
            let by_kind = by_kind.map(|(kind, body)| (kind.word().to_owned(), body.clone()));
            members.push(("body_by_kind".to_owned(), Json::Object(by_kind.collect())));
        }
        if let Some(overlay) = &self.overlay {
            members.push(("overlay".to_owned(), Json::text(overlay)));
        }
        members.extend(response.map(|response| ("response".to_owned(), response)));
        Json::Object(members)
    }
}

/// Makes samples of the requests of a group.
pub(crate) fn samples(story: &Story, calls: &[usize]) -> Vec<Sample> {
    let sample = |&call: &usize| {
        let connector = story.about[call]?;
        Some(Sample {
            call,
            connector,
            kind: story.typed[connector].kind,
            document: story.calls[call].request.clone(),
        })
    };
    calls.iter().filter_map(sample).collect()
}

/// Returns samples of queries and bodies only.
pub(crate) fn contents(samples: &[Sample]) -> Vec<Sample> {
    let own = samples.iter().cloned().map(|mut sample| {
        if let Json::Object(members) = &mut sample.document {
            members.retain(|(name, _)| name == "query" || name == "body");
        }
        sample
    });
    own.collect()
}

/// Writes method, path and query, and the body if it is the same for all kinds.
pub(crate) fn write(
    context: &Context<'_>,
    samples: &[Sample],
    paging: Option<&Paging>,
    omitted: &mut Omissions,
) -> Written {
    let mut written = Written::default();
    let Some(first) = samples.first() else { return written };
    let story = context.story;
    let call = &story.calls[first.call];
    written.method.clone_from(&call.method);
    let all: Vec<&Sample> = samples.iter().collect();
    let mut slots = slots::template(context, &all, omitted);
    if let Some((place, name)) = paging.and_then(Paging::parameter) {
        let absent = samples.iter().any(|sample| sample.document.at(place).is_none());
        let placeholder = Slot::Text(format!("{{{name}{}}}", if absent { "?" } else { "" }));
        omitted.remove(&(context.call, place.clone()));
        match slots.iter_mut().find(|(known, _)| known == place) {
            Some((_, slot)) => *slot = placeholder,
            None => slots.push((place.clone(), placeholder)),
        }
    }
    written.path = path(&slots, &call.path);
    // A parameter that is not in every request is not needed.
    let kept: Slots = slots
        .iter()
        .filter(|(place, _)| {
            let query = place.first() == Some(&member("query"));
            let paged = paging.and_then(Paging::parameter).is_some_and(|(known, _)| known == place);
            let always = place.get(..2).is_some_and(|parameter| {
                samples.iter().all(|sample| sample.document.at(parameter).is_some())
            });
            !query || paged || always
        })
        .cloned()
        .collect();
    written.query = query(&kept);
    written.headers = version_header(&slots);
    written.body = body(&kept);
    written.active = slots.iter().any(|(_, slot)| *slot == Slot::Active);
    counted(&mut written);
    written
}

/// JSON-RPC numbers its requests. One number serves all.
fn counted(written: &mut Written) {
    let one = |body: &mut Json| {
        if body.get("jsonrpc").is_some() && body.get("id").is_none() {
            body.set("id", Json::Number(1.into()));
        }
    };
    written.body.iter_mut().for_each(one);
    written.body_by_kind.iter_mut().for_each(|(_, body)| one(body));
}

fn path(slots: &Slots, raw: &[String]) -> String {
    let mut path = String::new();
    for (index, segment) in raw.iter().enumerate() {
        path.push('/');
        let place = [member("path"), Step::Index(index)];
        let slot = slots.iter().find(|(known, _)| *known == place).map(|(_, slot)| slot);
        match slot {
            Some(Slot::Id) => path.push_str("{id}"),
            Some(Slot::Organization) => path.push_str("{organization}"),
            Some(Slot::Version(_)) => path.push_str("{version}"),
            Some(Slot::Text(text)) => {
                path.push_str(&utf8_percent_encode(text, SEGMENT).to_string());
            }
            _ => path.push_str(&slots::escaped(segment)),
        }
    }
    path
}

fn query(slots: &Slots) -> Option<Json> {
    let Json::Object(members) = slots::document(slots, &[member("query")])? else { return None };
    let members = members.into_iter().map(|(name, value)| {
        let scalar = matches!(value, Json::Number(_) | Json::Bool(_));
        let text = if scalar { Json::text(value.compact()) } else { value };
        (name, text)
    });
    let members: Vec<(String, Json)> = members.collect();
    (!members.is_empty()).then_some(Json::Object(members))
}

fn body(slots: &Slots) -> Option<Json> {
    slots::document(slots, &[member("body")])
}

/// Returns the header that carries the version.
fn version_header(slots: &Slots) -> Vec<(String, String)> {
    let own = slots.iter().filter_map(|(place, slot)| {
        if place.first() != Some(&member("headers")) {
            return None;
        }
        let name = last_name(place)?;
        let text = match slot {
            Slot::Version(_) => "{version}",
            Slot::Text(text) => text.as_str(),
            Slot::Argument(..)
            | Slot::Id
            | Slot::Organization
            | Slot::Active
            | Slot::AuthenticationType(_)
            | Slot::GrantType(_)
            | Slot::Constant(_)
            | Slot::ReadBack
            | Slot::Dropped => "",
        };
        text.contains("{version}").then(|| (name.to_owned(), text.to_owned()))
    });
    own.collect()
}

/// Writes a create or an update: bodies by kind, and one body if it is the same.
pub(crate) fn write_by_kind(
    context: &Context<'_>,
    samples: &[Sample],
    omitted: &mut Omissions,
) -> Written {
    let mut all = Omissions::new();
    let mut written = write(context, samples, None, &mut all);
    let in_body = |place: &Place| place.first() == Some(&member("body"));
    all.retain(|(_, place), omission| !in_body(place) || omission.is_constant);
    omitted.extend(all);
    for sample in samples {
        let values = context.story.typed[sample.connector].values.iter();
        let filled = values.filter(|(_, values)| values.iter().any(|value| !value.is_empty()));
        let known = written.typed.entry(sample.kind).or_default();
        known.extend(filled.map(|(argument, _)| *argument));
    }
    let kinds: BTreeSet<Kind> = samples.iter().map(|sample| sample.kind).collect();
    for kind in kinds {
        let own: Vec<&Sample> = samples.iter().filter(|sample| sample.kind == kind).collect();
        let slots = slots::template(context, &own, omitted);
        written.slots.insert(kind, slots);
    }
    finish(&mut written);
    written
}

/// Makes the bodies of what is known by kind.
pub(crate) fn finish(written: &mut Written) {
    written.body = None;
    written.body_by_kind.clear();
    written.arguments.clear();
    let bodies: BTreeMap<Kind, Slots> = written
        .slots
        .iter()
        .map(|(kind, slots)| {
            let own = slots.iter().filter(|(place, _)| place.first() == Some(&member("body")));
            (*kind, own.cloned().collect())
        })
        .collect();
    for (kind, slots) in &written.slots {
        let arguments = slots.iter().filter_map(|(_, slot)| slot.argument());
        written.arguments.insert(*kind, arguments.collect());
        written.active |= slots.iter().any(|(_, slot)| *slot == Slot::Active);
    }
    match merge(&bodies, &written.typed) {
        Some(merged) => written.body = body(&merged),
        None => {
            written.body_by_kind =
                bodies.iter().filter_map(|(kind, slots)| Some((*kind, body(slots)?))).collect();
        }
    }
    counted(written);
}

/// An update that sends everything, and never null, leaves out what is empty.
pub(crate) fn leave_out(update: &mut Written) {
    let slots = update.slots.values().flatten();
    let null = slots.into_iter().any(|(_, slot)| *slot == Slot::Constant(Json::Null));
    if update.overlay.is_some() || update.method == "PATCH" || null {
        return;
    }
    update.omits = true;
    for (kind, slots) in &mut update.slots {
        for (_, slot) in slots {
            if let Slot::Argument(argument, optional) = slot {
                *optional |= !kind.requires(*argument);
            }
        }
    }
    finish(update);
}

/// How places of requests to create become places of requests to update.
#[derive(Clone, Debug)]
pub(crate) struct Shift {
    from: Place,
    to: Place,
}

impl Shift {
    /// Compares the places of arguments.
    pub(crate) fn between(create: &Places, update: &Places) -> Option<Self> {
        let mut shifts = Vec::new();
        for (kind, own) in update {
            for (place, found) in own {
                let sources = create.get(kind).into_iter().chain(create.values());
                let source = sources.flat_map(|own| own.iter()).find(|(other, known)| {
                    known.argument == found.argument && other.last() == place.last()
                });
                let Some((source, _)) = source else { continue };
                let common = source
                    .iter()
                    .rev()
                    .zip(place.iter().rev())
                    .take_while(|(left, right)| left == right)
                    .count();
                let from = source[..source.len() - common].to_vec();
                shifts.push((from, place[..place.len() - common].to_vec()));
            }
        }
        // The deepest part that all have in common.
        let (mut from, mut to) = most(shifts.clone())?;
        if from.is_empty() && to.is_empty() {
            from.push(member("body"));
            to.push(member("body"));
        }
        Some(Self { from, to })
    }

    /// Returns the place in the other request.
    pub(crate) fn apply(&self, place: &[Step]) -> Option<Place> {
        let rest = place.strip_prefix(self.from.as_slice())?;
        Some([self.to.as_slice(), rest].concat())
    }
}

/// Completes an update: arguments that no edit showed, and kinds that were not edited, stand where
/// they stand in requests to create. Constants at places that are read back are no part of it.
/// Returns what was added.
pub(crate) fn complete(
    update: &mut Written,
    create: &Written,
    shift: &Shift,
    is_read_back: &dyn Fn(&Place) -> bool,
) -> (BTreeSet<Argument>, BTreeSet<Kind>) {
    let mut added = (BTreeSet::new(), BTreeSet::new());
    let omits = update.omits;
    let overlaid = update.overlay.is_some();
    let sent: BTreeSet<Argument> = update.arguments.values().flatten().copied().collect();
    let moved = |kind: Kind| -> Option<Slots> {
        let own = create.slots.get(&kind)?.iter();
        let own = own.filter(|(place, _)| place.first() == Some(&member("body")));
        Some(own.filter_map(|(place, slot)| Some((shift.apply(place)?, slot.clone()))).collect())
    };
    let for_update = |slot: &Slot, kind: Kind| match slot.argument() {
        Some(argument) if argument.is_credential() => Slot::Argument(argument, true),
        Some(argument) => Slot::Argument(argument, omits && !kind.requires(argument)),
        None => slot.clone(),
    };
    // Edits that send only what changed do not show everything.
    for (kind, slots) in &mut update.slots {
        for (place, slot) in moved(*kind).unwrap_or_default() {
            let Slot::Argument(argument, _) = slot else { continue };
            let known = slots.iter().any(|(other, known)| {
                matches!(known, Slot::Argument(known, _) if *known == argument)
                    || *other == place && !matches!(known, Slot::Dropped | Slot::ReadBack)
            });
            if !known {
                slots.retain(|(other, _)| *other != place);
                slots.push((place, for_update(&slot, *kind)));
                if !sent.contains(&argument) {
                    added.0.insert(argument);
                }
            }
        }
    }
    // Kinds that were created and never edited.
    let richest = update.slots.iter().max_by_key(|(_, slots)| slots.len());
    let Some((model, model_slots)) = richest.map(|(kind, slots)| (*kind, slots.clone())) else {
        return added;
    };
    let model_created = moved(model).unwrap_or_default();
    let in_model = |place: &Place| model_created.iter().any(|(known, _)| known == place);
    let in_update = |place: &Place| {
        model_slots.iter().any(|(known, slot)| known == place && !matches!(slot, Slot::Dropped))
    };
    for kind in create.slots.keys().copied() {
        if update.slots.contains_key(&kind) {
            continue;
        }
        let own = moved(kind).unwrap_or_default();
        let in_own = |place: &Place| own.iter().any(|(known, _)| known == place);
        let mut slots = Slots::new();
        for (place, slot) in &model_slots {
            let specific = in_model(place) && !in_own(place);
            let argument = matches!(slot, Slot::Argument(argument, _) if !kind.allows(*argument));
            if !specific && !argument {
                slots.push((place.clone(), slot.clone()));
            }
        }
        for (place, slot) in &own {
            let argument = matches!(slot, Slot::Argument(..));
            let left_out = in_model(place) && !in_update(place) && !argument
                || overlaid && slot.constant().is_some() && is_read_back(place);
            if !left_out && !slots.iter().any(|(known, _)| known == place) {
                slots.push((place.clone(), for_update(slot, kind)));
            }
        }
        // What the argument is in the model may be another one here.
        for (place, slot) in &mut slots {
            if let Some((_, created)) = own.iter().find(|(known, _)| known == place)
                && let (Slot::Argument(left, _), Slot::Argument(right, _)) = (&*slot, created)
                && left != right
            {
                *slot = for_update(created, kind);
            }
        }
        update.slots.insert(kind, slots);
        update.typed.insert(kind, create.typed.get(&kind).cloned().unwrap_or_default());
        added.1.insert(kind);
    }
    finish(update);
    added
}

/// Returns the pointer of the object that an update sends back, for what was only read.
pub(crate) fn overlay(
    story: &Story,
    facts: &Facts,
    samples: &[Sample],
    update: &Written,
) -> Option<String> {
    let mut bases = Vec::new();
    for sample in samples {
        let slots = update.slots.get(&sample.kind)?;
        let seen = facts.timeline.iter().rev();
        let mut seen =
            seen.filter(|seen| seen.call < sample.call && seen.connector == sample.connector);
        let Some(seen) = seen.next() else { continue };
        for (place, slot) in slots {
            if !matches!(slot, Slot::ReadBack) {
                continue;
            }
            let Some(value) = sample.document.at(place) else { continue };
            let start =
                (1..place.len()).find(|start| seen.object.at(&place[*start..]) == Some(value));
            bases.extend(start.map(|start| place[..start].to_vec()));
        }
    }
    let _ = story;
    let base = most(bases)?;
    Some(pointer(&base[1..]))
}

/// Whether a connector in a response has the member of a request.
pub(crate) fn is_shown(facts: &Facts, place: &Place) -> bool {
    let starts = 1..place.len();
    let mut seen = facts.timeline.iter();
    seen.any(|seen| starts.clone().any(|start| seen.object.at(&place[start..]).is_some()))
}

/// Returns the `response` of a call whose response has the connector.
pub(crate) fn response(story: &Story, facts: &Facts, calls: &[usize]) -> Option<Place> {
    let found = calls.iter().filter_map(|&call| {
        let body = story.calls[call].response.as_ref()?;
        let connector = story.about[call]?;
        facts.object_in(story, body, connector).map(|(place, _)| place)
    });
    let found: Vec<Place> = found.collect();
    // All responses have to have it.
    (found.len() == calls.len()).then(|| most(found)).flatten()
}

/// Returns the `response` of a create whose response has the id only.
pub(crate) fn id_response(story: &Story, calls: &[usize]) -> Option<Json> {
    let mut places = Vec::new();
    let mut located = false;
    for &call in calls {
        let id = story.about[call].and_then(|connector| story.ids[connector].clone())?;
        if let Some(body) = &story.calls[call].response {
            body.walk(&mut |place, value| {
                if value.token().as_ref() == Some(&id) {
                    places.push(place.to_vec());
                }
                true
            });
        }
        located |= story.calls[call].located().as_ref() == Some(&id);
    }
    let best = places.into_iter().max_by_key(|place| {
        (likeness_of(place, &["id", "uuid"], &["key"]), usize::MAX - place.len())
    });
    let member = match best {
        Some(place) => ("id".to_owned(), Json::text(pointer(&place))),
        None if located => ("id_header".to_owned(), Json::text("Location")),
        None => return None,
    };
    Some(Json::Object(vec![member]))
}

/// Returns the place that confirms a delete, if its responses have a body.
pub(crate) fn confirmation(story: &Story, calls: &[usize]) -> Option<Place> {
    let bodies: Vec<&Json> =
        calls.iter().filter_map(|&call| story.calls[call].response.as_ref()).collect();
    let first = bodies.first().filter(|body| bodies.len() == calls.len() && !body.is_leaf())?;
    let mut place = Place::new();
    let mut node: &Json = first;
    loop {
        let (step, child) = match node {
            Json::Object(members) if members.len() == 1 => {
                let Some((name, value)) = members.first() else { break };
                (member(name), value)
            }
            Json::Array(items) if items.len() == 1 => {
                let Some(value) = items.first() else { break };
                (Step::Index(0), value)
            }
            Json::Null
            | Json::Bool(_)
            | Json::Number(_)
            | Json::Text(_)
            | Json::Array(_)
            | Json::Object(_) => break,
        };
        place.push(step);
        let everywhere = bodies.iter().all(|body| body.at(&place).is_some());
        if !everywhere || matches!(child, Json::Null) {
            place.pop();
            break;
        }
        node = child;
    }
    Some(place)
}
