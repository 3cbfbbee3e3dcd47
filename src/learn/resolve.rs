//! Decides which argument stands at which place of several documents.

use std::collections::{BTreeMap, BTreeSet};

use crate::form::{Argument, Kind};
use crate::json::{Json, Place, Step};
use crate::story::Story;
use crate::values::{Encoding, Hit, is_mask, likeness, most};

/// A document about a connector: a request, or an object that was read.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) call: usize,
    pub(crate) connector: usize,
    pub(crate) kind: Kind,
    pub(crate) document: Json,
}

/// An argument at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) argument: Argument,
    pub(crate) encoding: Encoding,
    /// Whether the value alone did not tell, and the names did.
    pub(crate) by_name: bool,
}

/// The arguments by kind and place.
pub(crate) type Places = BTreeMap<Kind, BTreeMap<Place, Found>>;

/// The facts about one place.
struct Candidate {
    arguments: BTreeMap<Argument, Encoding>,
    short: bool,
}

/// The names of members at which arguments stand elsewhere.
pub(crate) type Hints = BTreeMap<Argument, BTreeSet<String>>;

/// Returns the name of the last member on the way to a place.
pub(crate) fn last_name(place: &[Step]) -> Option<&str> {
    place.iter().rev().find_map(|step| match step {
        Step::Member(name) => Some(name.as_str()),
        Step::Index(_) => None,
    })
}

/// Returns the names of members at which arguments stand.
pub(crate) fn hints(places: &Places) -> Hints {
    let mut hints = Hints::new();
    for (place, found) in places.values().flatten() {
        if let Some(name) = last_name(place) {
            hints.entry(found.argument).or_default().insert(name.to_owned());
        }
    }
    hints
}

/// Decides which argument stands at which place.
pub(crate) fn resolve(story: &Story, samples: &[Sample], hints: &Hints) -> Places {
    let kinds: BTreeSet<Kind> = samples.iter().map(|sample| sample.kind).collect();
    let mut candidates: BTreeMap<Kind, BTreeMap<Place, Candidate>> = BTreeMap::new();
    for &kind in &kinds {
        let own: Vec<&Sample> = samples.iter().filter(|sample| sample.kind == kind).collect();
        candidates.insert(kind, candidates_of(story, &own));
    }
    drop_constants(story, samples, &mut candidates);
    // A place usually means the same for all kinds.
    for &kind in &kinds {
        let places: Vec<Place> = candidates[&kind].keys().cloned().collect();
        for place in places {
            let others = kinds.iter().filter(|other| **other != kind);
            let others = others.filter_map(|other| candidates[other].get(&place));
            let others: Vec<BTreeSet<Argument>> =
                others.map(|other| other.arguments.keys().copied().collect()).collect();
            if let Some(own) = candidates.get_mut(&kind).and_then(|own| own.get_mut(&place)) {
                for other in others {
                    if own.arguments.len() > 1
                        && own.arguments.keys().any(|argument| other.contains(argument))
                    {
                        own.arguments.retain(|argument, _| other.contains(argument));
                    }
                }
            }
        }
    }
    let shown = story.response_hits.iter().flatten().filter_map(|(place, _)| last_name(place));
    let shown: BTreeSet<&str> = shown.collect();
    let resolved = candidates.into_iter().map(|(kind, own)| (kind, settle(own, hints, &shown)));
    resolved.collect()
}

/// Drops places at which a constant of the API only looks like what was typed: other kinds have
/// something there that nobody typed, and the argument has another place.
fn drop_constants(
    story: &Story,
    samples: &[Sample],
    candidates: &mut BTreeMap<Kind, BTreeMap<Place, Candidate>>,
) {
    let mut constants: BTreeMap<Place, BTreeSet<Kind>> = BTreeMap::new();
    for sample in samples {
        for (place, value) in sample.document.leaves(&|value| story.values.is_list(value)) {
            let constant = match value {
                Json::Bool(_) | Json::Number(_) => true,
                Json::Text(text) => !text.is_empty() && !is_mask(text),
                Json::Null | Json::Array(_) | Json::Object(_) => false,
            };
            let own = |hits: Vec<Hit>| hits.iter().any(|hit| hit.connector == sample.connector);
            if constant && !own(story.values.hits(value)) {
                constants.entry(place).or_default().insert(sample.kind);
            }
        }
    }
    for (kind, own) in candidates {
        let doubtful = |place: &Place| {
            constants.get(place).is_some_and(|kinds| kinds.iter().any(|other| other != kind))
        };
        let certain: BTreeSet<Argument> = own
            .iter()
            .filter(|(place, _)| !doubtful(place))
            .flat_map(|(_, candidate)| candidate.arguments.keys().copied())
            .collect();
        own.retain(|place, candidate| {
            !doubtful(place) || !candidate.arguments.keys().all(|one| certain.contains(one))
        });
    }
}

fn candidates_of(story: &Story, samples: &[&Sample]) -> BTreeMap<Place, Candidate> {
    let mut leaves: BTreeMap<Place, Vec<(usize, &Json)>> = BTreeMap::new();
    for sample in samples {
        for (place, value) in sample.document.leaves(&|value| story.values.is_list(value)) {
            leaves.entry(place).or_default().push((sample.connector, value));
        }
    }
    let mut candidates = BTreeMap::new();
    for (place, values) in leaves {
        let mut arguments = BTreeMap::new();
        let mut short = true;
        for argument in Argument::ALL.into_iter().filter(|argument| !argument.is_choice()) {
            let mut encodings = Vec::new();
            let mut contradicted = false;
            for &(connector, value) in &values {
                let hits = story.values.hits(value).into_iter();
                let hit = hits
                    .filter(|hit| hit.connector == connector && hit.argument == argument)
                    .max_by_key(|hit| hit.encoding == Encoding::Text);
                let empty = match value {
                    Json::Null => true,
                    Json::Text(text) => text.is_empty() || is_mask(text),
                    Json::Array(items) => items.is_empty(),
                    Json::Object(members) => members.is_empty(),
                    Json::Bool(_) | Json::Number(_) => false,
                };
                match hit {
                    Some(hit) => {
                        encodings.push((hit.encoding, value));
                        short &= value.as_text().is_some_and(|text| text.len() < 5);
                    }
                    None => contradicted |= !empty && !argument.is_credential(),
                }
            }
            if !encodings.is_empty() && !contradicted {
                // A value on several lines shows how lines end.
                let telling = encodings.iter().map(|(encoding, _)| *encoding).max();
                arguments.extend(telling.map(|encoding| (argument, encoding)));
            }
        }
        if !arguments.is_empty() {
            candidates.insert(place, Candidate { arguments, short });
        }
    }
    candidates
}

/// Decides where several arguments have had one value.
/// `shown` are the names at which responses have what was typed, which credentials are not.
fn settle(
    mut candidates: BTreeMap<Place, Candidate>,
    hints: &Hints,
    shown: &BTreeSet<&str>,
) -> BTreeMap<Place, Found> {
    let rank = |place: &Place, argument: Argument| {
        let known = hints.get(&argument).zip(last_name(place));
        let is_shown = last_name(place).is_some_and(|name| shown.contains(name));
        likeness(place, argument)
            + 15 * u32::from(argument.is_credential() != is_shown)
            + 40 * u32::from(known.is_some_and(|(names, name)| names.contains(name)))
    };
    // An argument that has a place of its own does not need the others.
    loop {
        let own: BTreeSet<Argument> = candidates
            .values()
            .filter(|candidate| candidate.arguments.len() == 1)
            .flat_map(|candidate| candidate.arguments.keys().copied())
            .collect();
        let mut changed = false;
        for candidate in candidates.values_mut().filter(|candidate| candidate.arguments.len() > 1) {
            let others = candidate.arguments.keys().filter(|argument| !own.contains(argument));
            let others: BTreeSet<Argument> = others.copied().collect();
            if !others.is_empty() && others.len() < candidate.arguments.len() {
                candidate.arguments.retain(|argument, _| others.contains(argument));
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut settled: BTreeMap<Place, Found> = BTreeMap::new();
    let mut open: Vec<Place> = Vec::new();
    for (place, candidate) in &candidates {
        match candidate.arguments.iter().next() {
            Some((&argument, &encoding)) if candidate.arguments.len() == 1 => {
                settled.insert(place.clone(), Found { argument, encoding, by_name: false });
            }
            _ => open.push(place.clone()),
        }
    }
    // The best pairs first, and each argument once before one twice.
    while !open.is_empty() {
        let placed: BTreeSet<Argument> = settled.values().map(|found| found.argument).collect();
        let pairs = open.iter().enumerate().flat_map(|(index, place)| {
            let arguments = candidates[place].arguments.iter();
            arguments.map(move |(&argument, &encoding)| (index, place, argument, encoding))
        });
        let best = pairs.max_by_key(|(index, place, argument, _)| {
            (!placed.contains(argument), rank(place, *argument), usize::MAX - index)
        });
        let Some((index, place, argument, encoding)) = best else { break };
        settled.insert(place.clone(), Found { argument, encoding, by_name: true });
        open.remove(index);
    }
    // A short value may stand somewhere by chance.
    let arguments: BTreeSet<Argument> = settled.values().map(|found| found.argument).collect();
    for argument in arguments {
        let own = settled.iter().filter(|(_, found)| found.argument == argument);
        let best = own.clone().map(|(place, _)| likeness(place, argument)).max();
        let doubtful = own.filter(|(place, _)| {
            candidates[*place].short
                && likeness(place, argument) == 0
                && best.is_some_and(|best| best > 0)
        });
        for place in doubtful.map(|(place, _)| place.clone()).collect::<Vec<_>>() {
            settled.remove(&place);
        }
    }
    settled
}

/// Returns the one place of each argument by kind: where the names fit best, then the shortest.
pub(crate) fn single(places: &Places, hints: &Hints) -> BTreeMap<Argument, BTreeMap<Kind, Place>> {
    let mut single: BTreeMap<Argument, BTreeMap<Kind, Place>> = BTreeMap::new();
    for (kind, own) in places {
        for (place, found) in own {
            let rank = |place: &Place| {
                let known = hints.get(&found.argument).zip(last_name(place));
                let known = known.is_some_and(|(names, name)| names.contains(name));
                (known, likeness(place, found.argument), usize::MAX - place.len())
            };
            let known = single.entry(found.argument).or_default();
            match known.get(kind) {
                Some(other) if rank(other) >= rank(place) => {}
                _ => drop(known.insert(*kind, place.clone())),
            }
        }
    }
    single
}

/// Returns the encoding of each argument.
pub(crate) fn encodings(places: &Places) -> BTreeMap<Argument, Encoding> {
    let mut all: BTreeMap<Argument, Vec<Encoding>> = BTreeMap::new();
    for found in places.values().flat_map(BTreeMap::values) {
        all.entry(found.argument).or_default().push(found.encoding);
    }
    let encodings = all.into_iter().filter_map(|(argument, mut encodings)| {
        // What is more than plain text was seen in a value that shows it.
        encodings.sort();
        encodings.reverse();
        Some((argument, most(encodings)?))
    });
    encodings.collect()
}
