//! Facts about connectors in responses: the place of each field, and its literals.

use std::collections::{BTreeMap, BTreeSet};

use crate::form::{Argument, Kind};
use crate::json::{Json, Place};
use crate::objects::Seen;
use crate::resolve::{self, Hints, Places, Sample, last_name};
use crate::roles::Roles;
use crate::story::Story;
use crate::values::{is_private, is_time, likeness, likeness_of, most, name_words};

/// A literal by the word of the form.
pub(crate) type Literals = Vec<(String, Json)>;

/// The facts about the connector's object.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The place of the object in the responses of the read, or elsewhere if there is no read.
    pub(crate) base: Place,
    /// Whether objects were read at all.
    pub(crate) read: bool,
    pub(crate) arguments: BTreeMap<Argument, BTreeMap<Kind, Place>>,
    pub(crate) places: Places,
    pub(crate) id: Option<Place>,
    pub(crate) id_is_number: bool,
    pub(crate) organization: Option<Place>,
    pub(crate) version: Option<Place>,
    pub(crate) active: Option<Place>,
    pub(crate) active_values: Option<(Json, Json)>,
    pub(crate) active_by_name: bool,
    pub(crate) active_by_order: bool,
    pub(crate) created: Option<Place>,
    pub(crate) updated: Option<Place>,
    pub(crate) authentication: Choice,
    pub(crate) grant: Choice,
    pub(crate) reads_omit_empty: Option<bool>,
    /// All connectors in responses that have the same form, in the order of the calls.
    pub(crate) timeline: Vec<Seen>,
}

/// A field that is one of a few words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    /// The place in requests to create, from the request on.
    pub(crate) place: Option<Place>,
    /// The place in the object that is read.
    pub(crate) at: Option<Place>,
    pub(crate) literals: Literals,
    pub(crate) by_kind: BTreeMap<Kind, Json>,
    pub(crate) by_name: bool,
}

impl Facts {
    /// Reads what stands in responses. `hints` are the names in requests.
    pub(crate) fn find(story: &Story, roles: &Roles, hints: &Hints) -> Self {
        let mut facts = Self::default();
        let group = |group: &Option<crate::roles::Group>| {
            let calls = group.as_ref().map(|group| group.calls.clone()).unwrap_or_default();
            let own = roles.seen.iter().filter(|seen| calls.contains(&seen.call));
            own.cloned().collect::<Vec<Seen>>()
        };
        let sources = [group(&roles.read), group(&roles.update), group(&roles.create)];
        let mut source = sources.into_iter().find(|seen| !seen.is_empty()).unwrap_or_default();
        facts.read = !source.is_empty();
        if source.is_empty() {
            // Rows have to do.
            source = roles
                .rows
                .iter()
                .map(|row| Seen {
                    call: row.call,
                    connector: row.connector,
                    base: Place::new(),
                    object: row.row.clone(),
                })
                .collect();
        } else {
            facts.base = common_base(&source);
            for seen in &mut source {
                if let Some(response) = &story.calls[seen.call].response
                    && let Some(object) = response.at(&facts.base)
                {
                    seen.object = object.clone();
                    seen.base.clone_from(&facts.base);
                }
            }
        }
        let samples: Vec<Sample> = source
            .iter()
            .map(|seen| Sample {
                call: seen.call,
                connector: seen.connector,
                kind: story.typed[seen.connector].kind,
                document: seen.object.clone(),
            })
            .collect();
        facts.places = resolve::resolve(story, &samples, hints);
        facts.arguments = resolve::single(&facts.places, hints);
        facts.find_id(story, &source);
        facts.timeline = facts.all_seen(story, roles);
        facts.find_organization(story);
        facts.find_active(story, roles);
        facts.find_version(story, roles);
        facts.find_times();
        facts.find_omissions(story, &source);
        facts
    }

    /// Whether an argument stands at a place.
    fn is_argument(&self, place: &Place) -> bool {
        self.places.values().any(|own| own.contains_key(place))
    }

    fn find_id(&mut self, story: &Story, source: &[Seen]) {
        let mut places: Vec<(Place, bool)> = Vec::new();
        for seen in source {
            let id = story.ids[seen.connector].as_deref();
            seen.object.walk(&mut |place, value| {
                if id.is_some() && value.token().as_deref() == id {
                    places.push((place.to_vec(), matches!(value, Json::Number(_))));
                }
                true
            });
        }
        let objects = |wanted: &(Place, bool)| places.iter().filter(|own| *own == wanted).count();
        let best = places.iter().max_by_key(|found| {
            let (place, _) = found;
            // A value of some objects is equal to their id by chance.
            let named = likeness_of(place, &["id", "uuid"], &["key"]);
            (objects(found), named, usize::MAX - place.len())
        });
        if let Some((place, number)) = best {
            self.id = Some(place.clone());
            self.id_is_number = *number;
        }
    }

    /// Returns the object in a document that has the fields at their places.
    pub(crate) fn object_in(
        &self,
        story: &Story,
        document: &Json,
        connector: usize,
    ) -> Option<(Place, Json)> {
        let id_place = self.id.as_ref()?;
        let id = story.ids[connector].as_deref()?;
        let kind = story.typed[connector].kind;
        let own = self.arguments.iter().filter_map(|(argument, by_kind)| {
            Some((*argument, by_kind.get(&kind).or(by_kind.values().next())?))
        });
        let own: Vec<(Argument, &Place)> = own.collect();
        let mut best: Option<(usize, Place, Json)> = None;
        document.walk(&mut |place, value| {
            if matches!(value, Json::Object(_))
                && value.at(id_place).and_then(Json::token).as_deref() == Some(id)
            {
                let fits = own.iter().filter(|(argument, at)| {
                    value.at(at).is_some_and(|value| {
                        story
                            .values
                            .hits(value)
                            .iter()
                            .any(|hit| hit.connector == connector && hit.argument == *argument)
                    })
                });
                let fits = fits.count();
                if best.as_ref().is_none_or(|(most, ..)| fits > *most) {
                    best = Some((fits, place.to_vec(), value.clone()));
                }
            }
            true
        });
        best.filter(|(fits, ..)| *fits > 0).map(|(_, place, object)| (place, object))
    }

    fn all_seen(&self, story: &Story, roles: &Roles) -> Vec<Seen> {
        let mut all = Vec::new();
        for call in 0..story.calls.len() {
            let (Some(connector), Some(response)) =
                (story.about[call], &story.calls[call].response)
            else {
                continue;
            };
            if story.calls[call].succeeded()
                && let Some((base, object)) = self.object_in(story, response, connector)
            {
                all.push(Seen { call, connector, base, object });
            }
        }
        for row in &roles.rows {
            if let Some((base, object)) = self.object_in(story, &row.row, row.connector) {
                all.push(Seen { call: row.call, connector: row.connector, base, object });
            }
        }
        all.sort_by_key(|seen| seen.call);
        all
    }

    fn find_organization(&mut self, story: &Story) {
        let Some(organization) = &story.organization else { return };
        let mut places = Vec::new();
        for seen in &self.timeline {
            seen.object.walk(&mut |place, value| {
                if value.as_text() == Some(organization) {
                    places.push(place.to_vec());
                }
                true
            });
        }
        self.organization = places.into_iter().max_by_key(|place| {
            let words = ["organization", "org", "tenant", "organisation"];
            (likeness_of(place, &words, &["id"]), usize::MAX - place.len())
        });
    }

    /// Returns the values that each connector has had at each place, in their order, with the call
    /// that showed them.
    fn histories(&self) -> BTreeMap<Place, BTreeMap<usize, Vec<(usize, Json)>>> {
        let mut all: BTreeMap<Place, BTreeMap<usize, Vec<(usize, Json)>>> = BTreeMap::new();
        for seen in &self.timeline {
            for (place, value) in seen.object.leaves(&|_| false) {
                if matches!(value, Json::Bool(_) | Json::Number(_) | Json::Text(_)) {
                    let own = all.entry(place).or_default().entry(seen.connector).or_default();
                    own.push((seen.call, value.clone()));
                }
            }
        }
        all
    }

    fn find_active(&mut self, story: &Story, roles: &Roles) {
        const STRONG: [&str; 9] = [
            "active",
            "enabled",
            "status",
            "state",
            "activated",
            "disabled",
            "inactive",
            "enable",
            "suspended",
        ];
        const WEAK: [&str; 4] = ["is", "mode", "lifecycle", "activation"];
        let switches: BTreeSet<usize> =
            roles.switches.iter().flat_map(|group| group.calls.clone()).collect();
        let mut best: Option<(u32, Place, Vec<Json>, bool)> = None;
        for (place, by_connector) in self.histories() {
            if self.is_argument(&place) || self.id.as_ref() == Some(&place) {
                continue;
            }
            let named = likeness_of(&place, &STRONG, &WEAK);
            let mut values: Vec<Json> = Vec::new();
            let mut flips = 0;
            let mut returns = 0;
            let mut switched = 0;
            for (connector, history) in &by_connector {
                for (_, value) in history {
                    if !values.contains(value) {
                        values.push(value.clone());
                    }
                }
                for two in history.windows(2).filter(|two| two[0].1 != two[1].1) {
                    flips += 1;
                    let between = (two[0].0 + 1..=two[1].0).any(|call| {
                        switches.contains(&call) && story.about[call] == Some(*connector)
                    });
                    switched += u32::from(between);
                }
                let changes: Vec<&Json> = history.iter().map(|(_, value)| value).collect();
                let mut distinct = changes.clone();
                distinct.dedup();
                returns += u32::from(distinct.len() > 2);
            }
            let usable = values.iter().all(|value| match value {
                Json::Bool(_) => true,
                // A number that returns is no version and no time.
                Json::Number(_) => (named > 0 || returns > 0) && !is_time(value),
                Json::Text(text) => {
                    !is_private(text)
                        && !is_time(value)
                        && (named > 0 || !text.bytes().any(|byte| byte.is_ascii_digit()))
                        && !text.contains(' ')
                }
                Json::Null | Json::Array(_) | Json::Object(_) => false,
            });
            let bool = values.iter().all(|value| matches!(value, Json::Bool(_)));
            if !usable || values.len() > 2 {
                continue;
            }
            let evident = flips > 0 && (bool || named > 0 || returns > 0 || switched > 0);
            let by_name = named >= 12 && bool;
            if !evident && !by_name {
                continue;
            }
            let score = named
                + 10 * u32::from(bool)
                + 8 * returns.min(2)
                + 6 * switched.min(2)
                + 100 * u32::from(evident);
            if best.as_ref().is_none_or(|(known, ..)| score > *known) {
                best = Some((score, place, values, !evident));
            }
        }
        let Some((_, place, values, by_name)) = best else { return };
        let inverted = last_name(&place).is_some_and(|name| {
            name_words(name).iter().any(|word| {
                ["disabled", "inactive", "suspended", "paused", "deactivated"]
                    .contains(&word.as_str())
            })
        });
        let (active, inactive) = match values.as_slice() {
            values if values.iter().all(|value| matches!(value, Json::Bool(_))) => {
                (Json::Bool(!inverted), Json::Bool(inverted))
            }
            [first, second] => {
                let (one, other) = (is_negative(first, second), is_negative(second, first));
                self.active_by_order = one == other;
                let swap = one && !other;
                let pair = if swap { (second, first) } else { (first, second) };
                (pair.0.clone(), pair.1.clone())
            }
            _ => return,
        };
        self.active = Some(place);
        self.active_values = Some((active, inactive));
        self.active_by_name = by_name;
    }

    fn find_version(&mut self, story: &Story, roles: &Roles) {
        let updates = roles.update.as_ref().map(|group| group.calls.clone()).unwrap_or_default();
        let mut best: Option<(u32, Place)> = None;
        for (place, by_connector) in self.histories() {
            if self.is_argument(&place)
                || self.id.as_ref() == Some(&place)
                || self.active.as_ref() == Some(&place)
                || self.organization.as_ref() == Some(&place)
            {
                continue;
            }
            let named = likeness_of(
                &place,
                &["version", "revision", "rev", "etag", "generation"],
                &["number", "lock", "seq"],
            );
            let mut changes = 0;
            let mut steady = true;
            let mut sent = 0;
            for (connector, history) in &by_connector {
                let mut values: Vec<&Json> = history.iter().map(|(_, value)| value).collect();
                steady &= values.iter().all(|value| !matches!(value, Json::Bool(_)));
                values.dedup();
                changes += values.len() - 1;
                // A late response may show an earlier version again, so a clear name is enough.
                let distinct: Vec<String> =
                    values.iter().filter_map(|value| value.token()).collect();
                steady &=
                    named >= 12 || distinct.iter().collect::<BTreeSet<_>>().len() == distinct.len();
                for &update in updates.iter().filter(|&&call| story.about[call] == Some(*connector))
                {
                    let before = history.iter().rev().find(|(call, _)| *call < update);
                    let Some((_, value)) = before else { continue };
                    let name = last_name(&place);
                    story.calls[update].request.walk(&mut |at, leaf| {
                        let same = value == leaf && last_name(at) == name;
                        let header = at.first() == Some(&crate::json::member("headers"))
                            && holds_version(leaf, value);
                        sent += u32::from(same || header);
                        true
                    });
                }
            }
            let time = by_connector.values().flatten().any(|(_, value)| is_time(value));
            if !steady || time && named < 12 {
                continue;
            }
            let evident = changes > 0 && sent > 0;
            if named < 12 && !evident {
                continue;
            }
            let score = named + 5 * sent.min(4) + 10 * u32::from(changes > 0);
            if best.as_ref().is_none_or(|(known, _)| score > *known) {
                best = Some((score, place));
            }
        }
        self.version = best.map(|(_, place)| place);
    }

    fn find_times(&mut self) {
        let mut created: Option<(u32, Place)> = None;
        let mut updated: Option<(u32, Place)> = None;
        for (place, by_connector) in self.histories() {
            if !by_connector.values().flatten().all(|(_, value)| is_time(value)) {
                continue;
            }
            let weak = ["time", "date", "at", "on", "timestamp"];
            let one = likeness_of(&place, &["created", "creation", "create"], &weak);
            let other = likeness_of(
                &place,
                &["updated", "modified", "modification", "changed", "update", "edited", "change"],
                &weak,
            );
            let better = |known: &Option<(u32, Place)>, score: u32| {
                score >= 10 && known.as_ref().is_none_or(|(best, _)| score > *best)
            };
            if one > other && better(&created, one) {
                created = Some((one, place));
            } else if other > one && better(&updated, other) {
                updated = Some((other, place));
            }
        }
        self.created = created.map(|(_, place)| place);
        self.updated = updated.map(|(_, place)| place);
    }

    /// Finds out whether reads leave out what is empty.
    fn find_omissions(&mut self, story: &Story, source: &[Seen]) {
        for (argument, by_kind) in &self.arguments {
            for seen in source {
                let typed = &story.typed[seen.connector];
                let empty = typed.of(*argument).iter().all(String::is_empty);
                // Where it stands for all other kinds, it stands for this one.
                let distinct: BTreeSet<&Place> = by_kind.values().collect();
                let common = distinct.first().copied().filter(|_| distinct.len() == 1);
                let Some(place) = by_kind.get(&typed.kind).or(common) else { continue };
                let allowed = typed.kind.allows(*argument) && !argument.is_credential();
                if !empty || !allowed || !self.read {
                    continue;
                }
                match seen.object.at(place) {
                    Some(_) => {
                        self.reads_omit_empty = Some(false);
                        return;
                    }
                    None => self.reads_omit_empty = Some(true),
                }
            }
        }
    }

    /// Finds where reads have the literals of requests.
    pub(crate) fn place_choices(&mut self, story: &Story) {
        let mut choices =
            [std::mem::take(&mut self.authentication), std::mem::take(&mut self.grant)];
        for (index, choice) in choices.iter_mut().enumerate() {
            let argument =
                if index == 0 { Argument::AuthenticationType } else { Argument::GrantType };
            let name = choice.place.as_deref().and_then(last_name).map(str::to_owned);
            let mut scores: BTreeMap<Place, usize> = BTreeMap::new();
            let mut wrong: BTreeSet<Place> = BTreeSet::new();
            for seen in &self.timeline {
                let kind = story.typed[seen.connector].kind;
                let expected = choice.by_kind.get(&kind);
                for (place, value) in seen.object.leaves(&|_| false) {
                    match expected {
                        Some(expected) if *expected != Json::Null => {
                            if alike(expected, value) {
                                *scores.entry(place).or_default() += 1;
                            } else {
                                wrong.insert(place);
                            }
                        }
                        _ => {
                            if !matches!(value, Json::Null) {
                                wrong.insert(place);
                            }
                        }
                    }
                }
            }
            let fitting = scores
                .into_iter()
                .filter(|(place, _)| !wrong.contains(place) && !self.is_argument(place));
            choice.at = fitting
                .max_by_key(|(place, count)| {
                    let same = name.is_some() && last_name(place) == name.as_deref();
                    (same, likeness(place, argument), *count)
                })
                .map(|(place, _)| place);
        }
        let [authentication, grant] = choices;
        self.authentication = authentication;
        self.grant = grant;
    }
}

/// Whether two literals are equal but for the case of letters.
pub(crate) fn alike(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Text(left), Json::Text(right)) => left.eq_ignore_ascii_case(right),
        _ => left == right,
    }
}

/// Whether a header carries a version, quoted or not.
fn holds_version(header: &Json, version: &Json) -> bool {
    let (Some(header), Some(version)) = (header.as_text(), version.token()) else { return false };
    header.trim_start_matches("W/").trim_matches('"') == version
}

/// Whether a literal means that a connector is not active. Letters at its start negate it only if
/// the rest is the other literal: `INSTALLED` is no negation of `REMOVED`.
fn is_negative(value: &Json, other: &Json) -> bool {
    let (Some(text), Some(other)) = (value.token(), other.token()) else { return false };
    let (text, other) = (text.to_lowercase(), other.to_lowercase());
    let is_other = |rest: &str| {
        let common = rest.bytes().zip(other.bytes()).take_while(|(left, right)| left == right);
        common.count() >= 4 || rest == other || other.strip_prefix("en") == Some(rest)
    };
    let rest = text.strip_prefix("not").map(|rest| rest.trim_start_matches(['_', '-']));
    let starts = ["in", "de", "dis", "un"].iter().filter_map(|start| text.strip_prefix(start));
    let negates = starts.chain(rest).any(is_other);
    let words = [
        "off",
        "inactive",
        "deactivated",
        "disabled",
        "retired",
        "removed",
        "suspended",
        "paused",
        "stopped",
        "no",
        "n",
        "false",
        "0",
        "draft",
        "passive",
        "sleeping",
        "locked",
        "idle",
        "standby",
    ];
    negates || words.contains(&text.as_str())
}

/// Returns the place that all objects have in common.
fn common_base(seen: &[Seen]) -> Place {
    let mut base = most(seen.iter().map(|seen| seen.base.clone())).unwrap_or_default();
    for other in seen {
        let common = base.iter().zip(&other.base).take_while(|(left, right)| left == right).count();
        base.truncate(common);
    }
    base
}
