//! The recorded calls with what is known about them: which connector they are about, its id, the
//! organization.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::call::Call;
use crate::form::{Argument, Typed};
use crate::json::{Json, Place, Step};
use crate::values::{Hit, TypedValues, is_time_text, is_uuid, likeness_of, name_words};

/// The places of a document at which typed values stand.
pub(crate) type Hits = Vec<(Place, Vec<Hit>)>;

/// The recorded calls of one host, in their order.
pub(crate) struct Story {
    pub(crate) typed: Vec<Typed>,
    pub(crate) values: TypedValues,
    pub(crate) calls: Vec<Call>,
    pub(crate) request_hits: Vec<Hits>,
    pub(crate) response_hits: Vec<Hits>,
    /// The id of each connector of the form.
    pub(crate) ids: Vec<Option<String>>,
    pub(crate) organization: Option<String>,
    /// The connector that each call is about.
    pub(crate) about: Vec<Option<usize>>,
    /// Whether the request of each call holds the id of a connector.
    pub(crate) has_id: Vec<bool>,
}

impl Story {
    pub(crate) fn new(typed: &[Typed], values: TypedValues, calls: Vec<Call>) -> Self {
        let request_hits: Vec<Hits> =
            calls.iter().map(|call| values.hits_in(&call.request)).collect();
        let response_hits: Vec<Hits> = calls
            .iter()
            .map(|call| call.response.as_ref().map(|body| values.hits_in(body)).unwrap_or_default())
            .collect();
        let mut story = Self {
            typed: typed.to_vec(),
            values,
            about: vec![None; calls.len()],
            has_id: vec![false; calls.len()],
            ids: vec![None; typed.len()],
            organization: None,
            calls,
            request_hits,
            response_hits,
        };
        story.find_ids();
        story.find_organization();
        for index in 0..story.calls.len() {
            let known = (0..story.ids.len()).filter(|&connector| story.holds_id(index, connector));
            let known: Vec<usize> = known.collect();
            story.has_id[index] = !known.is_empty();
            story.about[index] = match known.as_slice() {
                [] => story.author(index).map(|(connector, _)| connector),
                // Two connectors may have had one id only if ids are used again.
                several => {
                    let author = story.author(index).map(|(connector, _)| connector);
                    author.filter(|author| several.contains(author)).or(several.first().copied())
                }
            };
        }
        story
    }

    /// Returns the arguments of a connector that the request of a call carries.
    pub(crate) fn carried(&self, call: usize, connector: usize) -> BTreeSet<Argument> {
        let hits = self.request_hits[call].iter().flat_map(|(_, hits)| hits);
        hits.filter(|hit| hit.connector == connector).map(|hit| hit.argument).collect()
    }

    /// Whether a request carries a value that was typed in an edit, and not at creation.
    pub(crate) fn carries_edit(&self, call: usize, connector: usize) -> bool {
        let places = self.request_hits[call].iter();
        let mut own = places.map(|(_, hits)| {
            let own = hits.iter().filter(|hit| hit.connector == connector);
            own.map(|hit| hit.edit).collect::<Vec<_>>()
        });
        own.any(|edits| !edits.is_empty() && edits.iter().all(|edit| *edit > 0))
    }

    /// Whether a request carries a value that was typed in an edit, for the first time.
    pub(crate) fn edits(&self, call: usize, connector: usize) -> bool {
        let latest = |call: usize| {
            let hits = self.request_hits[call].iter().filter_map(|(_, hits)| {
                // A value that was also typed before is no news.
                hits.iter().filter(|hit| hit.connector == connector).map(|hit| hit.edit).min()
            });
            hits.max().unwrap_or_default()
        };
        let own = |earlier: &usize| {
            self.about[*earlier] == Some(connector) && self.calls[*earlier].succeeded()
        };
        let before = (0..call).filter(own).map(latest).max().unwrap_or_default();
        latest(call) > before
    }

    /// Returns the connector whose typed values a request carries, with a score.
    pub(crate) fn author(&self, call: usize) -> Option<(usize, u32)> {
        let mut best: Option<(usize, u32)> = None;
        for connector in 0..self.typed.len() {
            let score = self.carried(call, connector).into_iter().map(|argument| {
                let values = self.typed[connector].of(argument);
                let short = values.iter().all(|value| value.len() < 4);
                match (argument == Argument::Name || argument.is_credential(), short) {
                    (true, false) => 5,
                    (true, true) => 3,
                    (false, false) => 3,
                    (false, true) => 1,
                }
            });
            let score: u32 = score.sum();
            if score > 0 && best.is_none_or(|(_, known)| score > known) {
                best = Some((connector, score));
            }
        }
        best
    }

    /// Whether a call may write typed values.
    fn writes(&self, call: usize) -> Option<usize> {
        if self.calls[call].method == "GET" {
            return None;
        }
        let (connector, score) = self.author(call)?;
        let several = self.carried(call, connector).len() > 1;
        (score >= 5 || several).then_some(connector)
    }

    /// Whether a request holds the id of a connector.
    fn holds_id(&self, call: usize, connector: usize) -> bool {
        let Some(id) = &self.ids[connector] else { return false };
        let mut found = false;
        self.calls[call].request.walk(&mut |place, value| {
            found |= value.is_leaf() && holds(place, value, id);
            !found
        });
        found
    }

    /// Finds the id of each connector: a value of a response that later requests hold, and that no
    /// request held before.
    fn find_ids(&mut self) {
        // Where each value stands in requests: the call, and whether outside of the body.
        let mut uses: HashMap<String, Vec<(usize, bool)>> = HashMap::new();
        for (index, call) in self.calls.iter().enumerate() {
            call.request.walk(&mut |place, value| {
                // Numbers of pages and cursors are no ids, and may be equal to anything.
                if is_paging_name(place) {
                    return false;
                }
                let outside = place.first() != Some(&Step::Member("body".to_owned()));
                if let Some(token) = value.token().filter(|token| token.len() <= 500) {
                    for piece in pieces(&token) {
                        uses.entry(piece).or_default().push((index, outside));
                    }
                    uses.entry(token).or_default().push((index, outside));
                }
                true
            });
        }
        let mut candidates: Vec<BTreeMap<String, u32>> = Vec::new();
        let mut mentioned: Vec<usize> = Vec::new();
        for connector in 0..self.typed.len() {
            let (found, first) = self.id_candidates(connector, &uses);
            candidates.push(found);
            mentioned.push(first);
        }
        let mut taken: HashSet<String> = HashSet::new();
        for connector in 0..self.typed.len() {
            let others = candidates.iter().enumerate().filter(|(other, _)| *other != connector);
            let others: HashSet<&String> = others.flat_map(|(_, all)| all.keys()).collect();
            let own = candidates[connector].iter().filter(|(token, _)| !taken.contains(*token));
            let best = own
                .map(|(token, score)| {
                    let shared = others.contains(token);
                    (!shared, *score, token)
                })
                .max_by(|left, right| (left.0, left.1).cmp(&(right.0, right.1)));
            if let Some((_, _, token)) = best {
                taken.insert(token.clone());
                self.ids[connector] = Some(token.clone());
            }
        }
    }

    /// Returns the values that may be the id of a connector with their scores, and the first call
    /// that is about it.
    fn id_candidates(
        &self,
        connector: usize,
        uses: &HashMap<String, Vec<(usize, bool)>>,
    ) -> (BTreeMap<String, u32>, usize) {
        // The value, and how much its place speaks for it.
        let mut seen: Vec<(String, u32, usize)> = Vec::new();
        let mut first = usize::MAX;
        for (index, call) in self.calls.iter().enumerate() {
            if !call.succeeded() {
                continue;
            }
            let writes = self.writes(index) == Some(connector);
            if writes {
                first = first.min(index);
                if let Some(located) = call.located() {
                    seen.push((located, 4, index));
                }
            }
            let Some(response) = &call.response else { continue };
            let mut bases: Vec<Place> = Vec::new();
            if writes {
                bases.push(Place::new());
            }
            for (place, hits) in &self.response_hits[index] {
                let own = |hit: &Hit| {
                    hit.connector == connector
                        && hit.argument == Argument::Name
                        && self.typed[connector]
                            .of(Argument::Name)
                            .iter()
                            .any(|name| name.len() > 2)
                };
                if hits.iter().any(own) {
                    first = first.min(index);
                    let row = place.iter().rposition(|step| matches!(step, Step::Index(_)));
                    bases.push(place[..row.map_or(0, |row| row + 1)].to_vec());
                    // A name may itself stand in an array of names and values inside of the row.
                    let inner = row.and_then(|row| response.at(&place[..=row]));
                    if let Some(row) = row
                        && inner.is_some_and(|inner| inner.get("value").is_some())
                    {
                        let outer =
                            place[..row].iter().rposition(|step| matches!(step, Step::Index(_)));
                        bases.extend(outer.map(|outer| place[..=outer].to_vec()));
                    }
                }
            }
            bases.sort();
            bases.dedup();
            for base in bases {
                let Some(value) = response.at(&base) else { continue };
                let mut count = 0;
                value.walk(&mut |place, value| {
                    count += 1;
                    if let Some(token) = value.token()
                        && !is_time_text(&token)
                        && !token.is_empty()
                        && token.len() <= 300
                    {
                        let named = likeness_of(&place.to_vec(), &["id", "uuid", "guid"], &["key"]);
                        let bonus = 2 * u32::from(writes) + named.min(12) / 4;
                        seen.push((token, bonus, index));
                    }
                    count < 20_000
                });
            }
        }
        let mut scores: BTreeMap<String, u32> = BTreeMap::new();
        for (token, bonus, seen_at) in seen {
            let Some(used) = uses.get(&token) else { continue };
            let typed = !self.values.hits(&Json::text(&token)).is_empty();
            if typed || used.iter().any(|(call, _)| *call <= first.min(seen_at)) {
                continue;
            }
            let mut calls: BTreeMap<usize, bool> = BTreeMap::new();
            for (call, outside) in used {
                *calls.entry(*call).or_default() |= outside;
            }
            let score: u32 = calls.values().map(|outside| if *outside { 3 } else { 1 }).sum();
            let known = scores.entry(token).or_default();
            *known = (*known).max(score.min(200) + bonus);
        }
        (scores, first)
    }

    /// Finds the organization: a value that stands in nearly all requests, at a place that is named
    /// so, or that responses name so.
    fn find_organization(&mut self) {
        let related: Vec<usize> = (0..self.calls.len())
            .filter(|&index| {
                self.calls[index].succeeded()
                    && (self.writes(index).is_some()
                        || !self.response_hits[index].is_empty()
                        || (0..self.ids.len()).any(|connector| self.holds_id(index, connector)))
            })
            .collect();
        // For each value: the calls, and whether a place is named like an organization.
        let mut found: BTreeMap<String, (BTreeSet<usize>, bool, bool)> = BTreeMap::new();
        for &index in &related {
            let request = &self.calls[index].request;
            request.walk(&mut |place, value| {
                if let Some(text) = value.as_text().filter(|text| (2..=300).contains(&text.len())) {
                    let name = match place.last() {
                        Some(Step::Member(name)) => Some(name.clone()),
                        Some(Step::Index(position)) if *position > 0 => {
                            let mut before = place.to_vec();
                            before.pop();
                            before.push(Step::Index(position - 1));
                            request.at(&before).and_then(Json::as_text).map(str::to_owned)
                        }
                        Some(Step::Index(_)) | None => None,
                    };
                    let named = name.is_some_and(|name| is_organization_name(&name));
                    let entry = found.entry(text.to_owned()).or_default();
                    entry.0.insert(index);
                    entry.1 |= named;
                }
                true
            });
            if let Some(response) = &self.calls[index].response {
                response.walk(&mut |place, value| {
                    if let (Some(Step::Member(name)), Some(text)) = (place.last(), value.as_text())
                        && is_organization_name(name)
                        && let Some(entry) = found.get_mut(text)
                    {
                        entry.2 = true;
                    }
                    true
                });
            }
        }
        let scored = found.into_iter().filter_map(|(text, (calls, named, told))| {
            let known = self.ids.iter().flatten().any(|id| *id == text);
            let typed = !self.values.hits(&Json::text(&text)).is_empty();
            let word = text.bytes().all(|byte| byte.is_ascii_alphabetic());
            let share = calls.len() * 100 / related.len().max(1);
            let enough = match (is_uuid(&text), named || told) {
                (true, true) => true,
                (true, false) => share == 100 && related.len() > 2 && self.ids.len() > 1,
                (false, true) => share >= 50 && !word && text.len() > 3 && !text.contains(' '),
                (false, false) => false,
            };
            let score = share
                + 40 * usize::from(is_uuid(&text))
                + 60 * usize::from(named)
                + 40 * usize::from(told);
            (enough && !known && !typed).then_some((score, text))
        });
        self.organization = scored.max().map(|(_, text)| text);
    }

    /// Whether the organization cannot be sent, because it is no UUID.
    pub(crate) fn odd_organization(&self) -> bool {
        self.organization.as_deref().is_some_and(|organization| !is_uuid(organization))
    }
}

/// Whether a name is that of a place for an organization.
fn is_organization_name(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "org",
        "orgs",
        "orgid",
        "organization",
        "organizations",
        "organisation",
        "organisations",
        "organizationid",
        "tenant",
        "tenants",
        "tenantid",
        "customer",
    ];
    name_words(name).iter().any(|word| WORDS.contains(&word.as_str()))
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

/// Whether a value of a request is an id or holds it.
pub(crate) fn holds(place: &[Step], value: &Json, id: &str) -> bool {
    let Some(token) = value.token() else { return false };
    if token == id {
        return !is_paging_name(place);
    }
    let part = match place.first() {
        Some(Step::Member(part)) => part.as_str(),
        Some(Step::Index(_)) | None => "",
    };
    let long = id.len() >= 8 || part == "path" && id.len() >= 2;
    long && split_at(&token, id).is_some()
}

/// Whether a place is one for a number of rows or of a page.
fn is_paging_name(place: &[Step]) -> bool {
    let Some(Step::Member(name)) = place.last() else { return false };
    name_words(name).iter().any(|word| {
        ["page", "size", "limit", "offset", "batch", "count", "top", "skip", "cursor"]
            .contains(&word.as_str())
    })
}

/// Returns what stands before and after a token within a text, if it stands there as a whole.
pub(crate) fn split_at<'a>(text: &'a str, token: &str) -> Option<(&'a str, &'a str)> {
    if token.is_empty() {
        return None;
    }
    text.match_indices(token).find_map(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + token.len()..]);
        let joins = |character: char| character.is_ascii_alphanumeric();
        let whole = !before.ends_with(joins) && !after.starts_with(joins);
        whole.then_some((before, after))
    })
}
