//! Finds the ids of the connectors.
//!
//! A value may be equal to an id by chance: a version, the number of a page, a code. So a value has
//! to be one that the connector keeps, and it counts only at places of requests that hold it in all
//! calls about this connector.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::call::Call;
use crate::form::{Argument, Typed};
use crate::json::{Json, Place, Step};
use crate::values::{Hit, TypedValues, is_time_text, likeness_of, name_words};

/// The recorded calls, and what is known of them without ids.
pub(crate) struct Recorded<'a> {
    pub(crate) typed: &'a [Typed],
    pub(crate) values: &'a TypedValues,
    pub(crate) calls: &'a [Call],
    pub(crate) response_hits: &'a [Vec<(Place, Vec<Hit>)>],
    /// The connector that each call writes.
    pub(crate) writes: Vec<Option<usize>>,
}

/// The ids that the recording shows.
pub(crate) struct Ids {
    /// The id of each connector.
    pub(crate) of: Vec<Option<String>>,
    /// The connectors of which more than one value may be the id.
    pub(crate) doubtful: BTreeSet<usize>,
    /// The places of requests at which a value is equal to a short id by chance.
    pub(crate) by_chance: HashSet<Place>,
}

impl Ids {
    /// Finds the id of each connector: a value of a response that later requests hold, and that no
    /// request held before.
    pub(crate) fn find(recorded: &Recorded<'_>) -> Self {
        let uses = Uses::find(recorded);
        let connectors = 0..recorded.typed.len();
        let (candidates, firsts): (Vec<_>, Vec<_>) =
            connectors.clone().map(|connector| uses.candidates(connector)).unzip();
        let mut ids = Self { of: Vec::new(), doubtful: BTreeSet::new(), by_chance: HashSet::new() };
        let mut taken: HashSet<&String> = HashSet::new();
        for connector in connectors {
            let others = candidates.iter().enumerate().filter(|(other, _)| *other != connector);
            let others: HashSet<&String> = others.flat_map(|(_, all)| all.keys()).collect();
            let own = candidates[connector].iter().filter(|(token, _)| !taken.contains(token));
            let ranked = own.map(|(token, evidence)| {
                let Evidence { kept, own, score } = *evidence;
                ((kept, own, !others.contains(token), score), token)
            });
            let mut ranked: Vec<_> = ranked.collect();
            ranked.sort();
            let best = ranked.pop();
            if let Some((rank, token)) = best {
                let is_tied = ranked.last().is_some_and(|(other, _)| *other == rank);
                if is_tied || !rank.0 {
                    ids.doubtful.insert(connector);
                }
                taken.insert(token);
            }
            ids.of.push(best.map(|(_, token)| token.clone()));
        }
        ids.by_chance = uses.by_chance(&ids.of, &firsts);
        ids
    }
}

/// Whether another value may easily be equal to a text.
pub(crate) fn may_coincide(token: &str) -> bool {
    token.len() <= 2 || token.len() <= 6 && token.bytes().all(|byte| byte.is_ascii_digit())
}

/// What speaks for a value as the id of a connector: the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Evidence {
    /// Whether the connector always has it where it was seen.
    kept: bool,
    /// Whether no request that writes another connector holds it.
    own: bool,
    /// The number of requests that hold it, and how well its place fits.
    score: u32,
}

/// A value in a request.
struct Use {
    call: usize,
    /// The number of its place.
    place: usize,
    /// Whether it is outside of the body.
    outside: bool,
}

/// The values of all requests.
struct Uses<'a> {
    recorded: &'a Recorded<'a>,
    by_value: HashMap<String, Vec<Use>>,
    places: HashMap<Place, usize>,
    /// The calls that have a value at each place.
    calls: Vec<BTreeSet<usize>>,
}

/// A value of a response that has a connector.
struct Shown {
    value: String,
    /// How much its place speaks for it.
    bonus: u32,
    /// The number of its place; `None` for a header.
    place: Option<usize>,
}

/// The values of all responses that have a connector.
#[derive(Default)]
struct Responses {
    shown: Vec<Shown>,
    /// Places in objects and rows, told apart by the calls that return them.
    places: HashMap<(String, usize, bool, Place), usize>,
    /// The first value at each place, and whether it is the only one.
    kept: Vec<(String, bool)>,
    /// The first call that is about the connector.
    first: usize,
}

impl<'a> Uses<'a> {
    fn find(recorded: &'a Recorded<'a>) -> Self {
        let mut uses =
            Self { recorded, by_value: HashMap::new(), places: HashMap::new(), calls: Vec::new() };
        for (number, call) in recorded.calls.iter().enumerate() {
            call.request.walk(&mut |place, value| {
                // Numbers of pages and cursors are no ids, and may be equal to anything.
                if is_paging_name(place) {
                    return false;
                }
                if let Some(value) = value.token().filter(|value| value.len() <= 500) {
                    uses.add(number, place, value);
                }
                true
            });
        }
        uses
    }

    fn add(&mut self, call: usize, place: &[Step], value: String) {
        let outside = place.first() != Some(&Step::Member("body".to_owned()));
        let next = self.places.len();
        let place = *self.places.entry(place.to_vec()).or_insert(next);
        if place == next {
            self.calls.push(BTreeSet::new());
        }
        self.calls[place].insert(call);
        for value in pieces(&value).into_iter().chain([value]) {
            self.by_value.entry(value).or_default().push(Use { call, place, outside });
        }
    }

    /// Returns the values that may be the id of a connector, and the first call that is about it.
    fn candidates(&self, connector: usize) -> (BTreeMap<String, Evidence>, usize) {
        let responses = self.responses(connector);
        let mut all: BTreeMap<String, Evidence> = BTreeMap::new();
        let first = responses.first;
        for Shown { value, bonus, place } in &responses.shown {
            let Some(used) = self.by_value.get(value) else { continue };
            let typed = !self.recorded.values.hits(&Json::text(value)).is_empty();
            let (early, later): (Vec<&Use>, Vec<&Use>) =
                used.iter().partition(|one| one.call <= first);
            if typed || !early.is_empty() && !may_coincide(value) {
                continue;
            }
            let is_foreign =
                |one: &Use| self.recorded.writes[one.call].is_some_and(|other| other != connector);
            let own = !later.iter().any(|one| is_foreign(one));
            let mut calls: BTreeMap<usize, bool> = BTreeMap::new();
            for one in later {
                let by_chance = may_coincide(value)
                    && (is_foreign(one)
                        || early.iter().any(|early| early.place == one.place)
                        || self.has_other(connector, one.place, value));
                if !by_chance {
                    *calls.entry(one.call).or_default() |= one.outside;
                }
            }
            if calls.is_empty() {
                continue;
            }
            let score: u32 = calls.values().map(|outside| if *outside { 3 } else { 1 }).sum();
            let kept = place.is_none_or(|place| responses.kept[place].1);
            let evidence = Evidence { kept, own, score: score.min(200) + bonus };
            let known = all.entry(value.clone()).or_insert(evidence);
            *known = (*known).max(evidence);
        }
        (all, first)
    }

    /// Whether a request that writes a connector has another value at a place.
    fn has_other(&self, connector: usize, place: usize, value: &str) -> bool {
        self.calls[place].iter().any(|&call| {
            self.recorded.writes[call] == Some(connector)
                && self.recorded.calls[call].succeeded()
                && !self.has(value, call, place)
        })
    }

    /// Returns the values of the responses that have a connector.
    fn responses(&self, connector: usize) -> Responses {
        let mut responses = Responses { first: usize::MAX, ..Responses::default() };
        for (index, call) in self.recorded.calls.iter().enumerate() {
            if !call.succeeded() {
                continue;
            }
            let writes = self.recorded.writes[index] == Some(connector);
            if writes {
                responses.first = responses.first.min(index);
                if let Some(value) = call.located() {
                    responses.shown.push(Shown { value, bonus: 4, place: None });
                }
            }
            let Some(response) = &call.response else { continue };
            let mut bases: Vec<Place> = Vec::new();
            if writes {
                bases.push(Place::new());
            }
            for (place, hits) in &self.recorded.response_hits[index] {
                if hits.iter().any(|hit| self.is_name(connector, hit)) {
                    responses.first = responses.first.min(index);
                    bases.extend(bases_of(response, place));
                }
            }
            bases.sort();
            bases.dedup();
            for base in bases {
                let Some(value) = response.at(&base) else { continue };
                responses.add(&call.method, call.path.len(), &base, value, writes);
            }
        }
        responses
    }

    fn is_name(&self, connector: usize, hit: &Hit) -> bool {
        let names = self.recorded.typed[connector].of(Argument::Name);
        hit.connector == connector
            && hit.argument == Argument::Name
            && names.iter().any(|name| name.len() > 2)
    }

    /// Returns the places of requests that hold other values than the ids of the connectors which
    /// the calls are about.
    fn by_chance(&self, ids: &[Option<String>], firsts: &[usize]) -> HashSet<Place> {
        let short: HashSet<&String> = ids.iter().flatten().filter(|id| may_coincide(id)).collect();
        let used = short.iter().filter_map(|id| self.by_value.get(*id)).flatten();
        let used: HashSet<usize> = used.map(|one| one.place).collect();
        // Nothing can send the id of a connector that does not exist yet.
        let early = ids.iter().zip(firsts).filter_map(|(id, first)| Some((id.as_ref()?, *first)));
        let early = early.filter(|(id, _)| may_coincide(id)).flat_map(|(id, first)| {
            let used = self.by_value.get(id).into_iter().flatten();
            used.filter(move |one| one.call <= first).map(|one| one.place)
        });
        let early: HashSet<usize> = early.collect();
        let mut by_chance = HashSet::new();
        for (place, &number) in self.places.iter().filter(|(_, number)| used.contains(number)) {
            let (mut ids_here, mut others_here) = (0, 0);
            let mut is_other = early.contains(&number);
            for &call in &self.calls[number] {
                if !self.recorded.calls[call].succeeded() {
                    continue;
                }
                let about = match self.recorded.writes[call] {
                    Some(connector) => BTreeSet::from([connector]),
                    None => self.named(call),
                };
                if about.is_empty() {
                    continue;
                }
                let mut own = about.iter().filter_map(|connector| ids[*connector].as_ref());
                let holds = own.any(|id| self.has(id, call, number));
                match self.recorded.writes[call] {
                    _ if holds => ids_here += 1,
                    // Equal values may make it look like a request about another connector.
                    Some(_) => others_here += 1,
                    None => is_other |= short.iter().any(|id| self.has(id, call, number)),
                }
            }
            if is_other || others_here > 0 && others_here >= ids_here {
                by_chance.insert(place.clone());
            }
        }
        by_chance
    }

    /// Whether a call has a value at a place.
    fn has(&self, value: &str, call: usize, place: usize) -> bool {
        let used = self.by_value.get(value);
        used.is_some_and(|used| used.iter().any(|one| one.call == call && one.place == place))
    }

    /// Returns the connectors that the response to a call names.
    fn named(&self, call: usize) -> BTreeSet<usize> {
        let hits = self.recorded.response_hits[call].iter().flat_map(|(_, hits)| hits);
        let own = hits.filter(|hit| self.is_name(hit.connector, hit));
        own.map(|hit| hit.connector).collect()
    }
}

impl Responses {
    /// Adds the values of a connector that a response has at a place.
    fn add(&mut self, method: &str, segments: usize, base: &Place, value: &Json, writes: bool) {
        let mut count = 0;
        value.walk(&mut |place, value| {
            count += 1;
            if let Some(value) = value.token()
                && !is_time_text(&value)
                && !value.is_empty()
                && value.len() <= 300
            {
                let place = place.to_vec();
                let named = likeness_of(&place, &["id", "uuid", "guid"], &["key"]);
                let bonus = 2 * u32::from(writes) + named.min(12) / 4;
                let next = self.kept.len();
                let key = (method.to_owned(), segments, base.is_empty(), place);
                let place = *self.places.entry(key).or_insert(next);
                if place == next {
                    self.kept.push((value.clone(), true));
                } else if self.kept[place].0 != value {
                    self.kept[place].1 = false;
                }
                self.shown.push(Shown { value, bonus, place: Some(place) });
            }
            count < 20_000
        });
    }
}

/// Returns the rows, or else the whole of a response, that have the name at a place.
fn bases_of(response: &Json, name: &Place) -> Vec<Place> {
    let row = name.iter().rposition(|step| matches!(step, Step::Index(_)));
    let mut bases = vec![name[..row.map_or(0, |row| row + 1)].to_vec()];
    // A name may itself stand in an array of names and values inside of the row.
    if let Some(row) = row
        && response.at(&name[..=row]).is_some_and(|inner| inner.get("value").is_some())
    {
        let outer = name[..row].iter().rposition(|step| matches!(step, Step::Index(_)));
        bases.extend(outer.map(|outer| name[..=outer].to_vec()));
    }
    bases
}

/// Whether a place is one for a number of rows or of a page.
pub(crate) fn is_paging_name(place: &[Step]) -> bool {
    let Some(Step::Member(name)) = place.last() else { return false };
    name_words(name).iter().any(|word| {
        ["page", "size", "limit", "offset", "batch", "count", "top", "skip", "cursor"]
            .contains(&word.as_str())
    })
}

/// Returns the pieces of a text that may be an id within it.
fn pieces(text: &str) -> Vec<String> {
    let splits = text.split(|character: char| {
        !(character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '~'))
    });
    let pieces: Vec<String> =
        splits.filter(|piece| !piece.is_empty() && *piece != text).map(str::to_owned).collect();
    if pieces.len() > 20 { Vec::new() } else { pieces }
}
