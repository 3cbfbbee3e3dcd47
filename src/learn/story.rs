//! The recorded calls with what is known about them: which connector they are about, its id, the
//! organization.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::call::Call;
use crate::form::{Argument, Typed};
use crate::ids::{Ids, Recorded, is_paging_name, may_coincide};
use crate::json::{Json, Place, Step};
use crate::values::{Hit, TypedValues, is_private, is_uuid, name_words};

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
    /// The connectors of which the recording leaves more than one value as their id.
    pub(crate) doubtful: BTreeSet<usize>,
    /// The places of requests at which a value is equal to a short id by chance.
    by_chance: HashSet<Place>,
    pub(crate) organization: Option<String>,
    /// What authenticated the calls.
    credentials: BTreeSet<String>,
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
            doubtful: BTreeSet::new(),
            by_chance: HashSet::new(),
            organization: None,
            credentials: calls.iter().flat_map(|call| call.credentials.iter().cloned()).collect(),
            calls,
            request_hits,
            response_hits,
        };
        let ids = Ids::find(&Recorded {
            typed: &story.typed,
            values: &story.values,
            calls: &story.calls,
            response_hits: &story.response_hits,
            writes: (0..story.calls.len()).map(|call| story.writes(call)).collect(),
        });
        (story.ids, story.doubtful, story.by_chance) = (ids.of, ids.doubtful, ids.by_chance);
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

    /// Whether a text from a request has no place in a profile: it belongs to the session or to a
    /// connector, and is no word of the API.
    pub(crate) fn is_private(&self, text: &str) -> bool {
        is_private(text) || self.values.is_hidden_in(text) || self.is_of_session(text)
    }

    /// Whether a text has what authenticated a call.
    pub(crate) fn is_of_session(&self, text: &str) -> bool {
        let mut credentials = self.credentials.iter().filter(|credential| !credential.is_empty());
        credentials.any(|credential| {
            text == credential || credential.len() >= 8 && text.contains(credential.as_str())
        })
    }

    /// Whether a name of a member or a segment of a path is a value of the recording.
    pub(crate) fn is_own(&self, text: &str) -> bool {
        let ids = self.ids.iter().flatten().filter(|id| !may_coincide(id));
        let names = self.typed.iter().flat_map(|typed| typed.of(Argument::Name));
        let mut names = names.filter(|name| name.len() >= 4);
        ids.chain(&self.organization).any(|id| split_at(text, id).is_some())
            // A short name may be a part of a word of the API.
            || names.any(|name| text == name || name.len() >= 8 && text.contains(name.as_str()))
            || text.len() >= 8 && self.is_of_session(text)
    }

    /// Whether a step to a place is a value of the recording.
    pub(crate) fn has_own_step(&self, place: &[Step]) -> bool {
        place.iter().any(|step| match step {
            Step::Member(name) => self.is_own(name),
            Step::Index(_) => false,
        })
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

    /// Whether a value of a request is an id or holds it.
    pub(crate) fn holds(&self, place: &[Step], value: &Json, id: &str) -> bool {
        let Some(token) = value.token() else { return false };
        if token == id {
            return !is_paging_name(place) && !self.is_by_chance(place, id);
        }
        let part = match place.first() {
            Some(Step::Member(part)) => part.as_str(),
            Some(Step::Index(_)) | None => "",
        };
        let long = id.len() >= 8 || part == "path" && id.len() >= 2;
        long && split_at(&token, id).is_some()
    }

    /// Whether a value at a place of requests is equal to an id by chance.
    pub(crate) fn is_by_chance(&self, place: &[Step], id: &str) -> bool {
        may_coincide(id) && self.by_chance.contains(place)
    }

    /// Whether a request holds the id of a connector.
    fn holds_id(&self, call: usize, connector: usize) -> bool {
        let Some(id) = &self.ids[connector] else { return false };
        let mut found = false;
        self.calls[call].request.walk(&mut |place, value| {
            found |= value.is_leaf() && self.holds(place, value, id);
            !found
        });
        found
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
