//! Which recorded calls list, read, create, update, delete, activate.

use std::collections::{BTreeMap, BTreeSet};

use crate::call::Call;
use crate::form::Argument;
use crate::json::{Json, Step, member};
use crate::objects::{self, Row, Seen};
use crate::story::{Story, split_at};
use crate::values::name_words;

/// Calls of one shape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) calls: Vec<usize>,
}

/// The calls of the life cycle.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    pub(crate) list: Option<Group>,
    pub(crate) read: Option<Group>,
    pub(crate) create: Option<Group>,
    /// Whether another call may as well be the one that creates.
    pub(crate) doubtful_create: bool,
    pub(crate) update: Option<Group>,
    pub(crate) delete: Option<Group>,
    /// Calls that are about a connector and change something else than what is typed.
    pub(crate) switches: Vec<Group>,
    pub(crate) references: Option<Group>,
    /// Calls that were refused because the connector is active.
    pub(crate) locked: bool,
    /// Other calls that carry typed values of a known connector.
    pub(crate) other_updates: usize,
    pub(crate) rows: Vec<Row>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) delete_by_order: bool,
}

const READ_WORDS: [&str; 11] =
    ["get", "read", "fetch", "find", "view", "detail", "details", "load", "lookup", "by", "show"];
const DELETE_WORDS: [&str; 7] =
    ["delete", "remove", "destroy", "archive", "purge", "drop", "erase"];
pub(crate) const ACTIVATE_WORDS: [&str; 8] =
    ["activate", "enable", "reactivate", "resume", "activation", "on", "start", "unsuspend"];
pub(crate) const DEACTIVATE_WORDS: [&str; 8] =
    ["deactivate", "disable", "suspend", "pause", "deactivation", "off", "stop", "inactivate"];

/// Returns the words of the operation that a call names.
pub(crate) fn operation_words(call: &Call) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(last) = call.path.last() {
        words.extend(name_words(last));
    }
    for (place, value) in call.operation() {
        if place.first() == Some(&member("body")) || place.last() == Some(&member("action")) {
            words.extend(name_words(value.split(['(', '{']).next().unwrap_or_default()));
        }
    }
    words
}

fn has_word(call: &Call, known: &[&str]) -> bool {
    operation_words(call).iter().any(|word| known.contains(&word.as_str()))
}

/// Returns the shape of a call: what is equal for all connectors.
pub(crate) fn shape(story: &Story, index: usize) -> String {
    let call = &story.calls[index];
    let mut shape = call.method.clone();
    let segments = match call.request.get("path") {
        Some(Json::Array(segments)) => segments.as_slice(),
        _ => &[],
    };
    for segment in segments {
        let text = segment.as_text().unwrap_or_default();
        shape.push('/');
        shape.push_str(&general(story, text));
    }
    for (place, value) in call.operation() {
        shape.push_str(&format!(" {}={value}", crate::json::pointer(&place)));
    }
    shape
}

/// Returns a segment with placeholders for ids and the organization.
fn general(story: &Story, segment: &str) -> String {
    let mut text = segment.to_owned();
    let ids = story.ids.iter().flatten().map(|id| (id.as_str(), "{id}"));
    let organization = story.organization.iter().map(|id| (id.as_str(), "{organization}"));
    for (token, placeholder) in organization.chain(ids) {
        if text == token {
            return placeholder.to_owned();
        }
        if token.len() > 1
            && let Some((before, after)) = split_at(&text, token)
        {
            text = format!("{before}{placeholder}{after}");
        }
    }
    text
}

impl Roles {
    pub(crate) fn find(story: &Story) -> Self {
        let mut roles = Self::default();
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        for index in 0..story.calls.len() {
            let call = &story.calls[index];
            let typed = story.about[index]
                .is_some_and(|connector| !story.carried(index, connector).is_empty());
            if call.status == 423 && story.has_id[index] {
                roles.locked = true;
            }
            if !call.succeeded() {
                continue;
            }
            let rows = objects::rows_of(story, index);
            let related = story.has_id[index] || typed || !rows.is_empty();
            roles.rows.extend(rows);
            if !related && call.method != "GET" && call.response.is_none() {
                continue;
            }
            // What a call changes makes it another one: `PATCH` with and without typed values.
            let edits = typed && story.has_id[index] && call.method != "GET";
            let shape = format!("{}{}", shape(story, index), if edits { " edits" } else { "" });
            groups.entry(shape).or_default().calls.push(index);
        }
        for index in 0..story.calls.len() {
            if let Some(connector) = story.about[index]
                && story.calls[index].succeeded()
                && let Some(seen) = objects::object_of(story, index, connector)
            {
                roles.seen.push(seen);
            }
        }
        let groups: Vec<Group> = groups.into_values().collect();
        roles.find_create(story, &groups);
        roles.find_update(story, &groups);
        roles.find_rest(story, &groups);
        roles.find_list(story, &groups);
        roles
    }

    fn find_create(&mut self, story: &Story, groups: &[Group]) {
        let scored = groups.iter().filter_map(|group| {
            let creates = group.calls.iter().filter(|&&index| {
                story.calls[index].method != "GET"
                    && !story.has_id[index]
                    && story.author(index).is_some_and(|(connector, score)| {
                        score >= 5 || story.carried(index, connector).len() > 1
                    })
            });
            let calls: Vec<usize> = creates.copied().collect();
            // Nothing shows a connector before it is created.
            let new = calls.iter().any(|&index| !was_shown(story, index));
            let returned = calls.iter().filter(|&&index| returns_id(story, index)).count();
            let score =
                calls.iter().filter_map(|&index| story.author(index)).map(|(_, s)| s).max()?;
            let named = calls.iter().any(|&index| {
                story.about[index].is_some_and(|connector| {
                    story.carried(index, connector).contains(&Argument::Name)
                })
            });
            Some(((new, returned, named, score, calls.len()), Group { calls }))
        });
        let mut scored: Vec<_> = scored.collect();
        scored.sort_by_key(|(rank, _)| *rank);
        let best = scored.pop();
        self.doubtful_create = best
            .as_ref()
            .is_some_and(|(rank, _)| scored.last().is_some_and(|(other, _)| other == rank));
        self.create = best.map(|(_, group)| group);
        if let Some(group) = &mut self.create
            && group.calls.iter().any(|&index| returns_id(story, index))
        {
            group.calls.retain(|&index| returns_id(story, index));
        }
    }

    fn find_update(&mut self, story: &Story, groups: &[Group]) {
        let scored = groups.iter().filter_map(|group| {
            let updates = group.calls.iter().filter(|&&index| {
                let call = &story.calls[index];
                let Some(connector) = story.about[index] else { return false };
                let carried = story.carried(index, connector);
                let credential = carried.iter().any(|argument| argument.is_credential());
                story.has_id[index]
                    && !["GET", "DELETE"].contains(&call.method.as_str())
                    && !has_word(call, &DELETE_WORDS)
                    && (carried.len() > 1
                        || credential
                        || !carried.is_empty() && story.carries_edit(index, connector))
            });
            let calls: Vec<usize> = updates.copied().collect();
            let most = calls
                .iter()
                .filter_map(|&index| Some(story.carried(index, story.about[index]?).len()));
            let most = most.max()?;
            Some((most, calls.len(), Group { calls }))
        });
        let scored: Vec<_> = scored.collect();
        self.other_updates = scored.len().saturating_sub(1);
        self.update =
            scored.into_iter().max_by_key(|(most, count, _)| (*most, *count)).map(|(.., g)| g);
    }

    fn find_rest(&mut self, story: &Story, groups: &[Group]) {
        let taken: BTreeSet<usize> =
            self.create.iter().chain(&self.update).flat_map(|group| group.calls.clone()).collect();
        let with_id = groups.iter().filter_map(|group| {
            let own = group.calls.iter().copied();
            let calls: Vec<usize> =
                own.filter(|index| story.has_id[*index] && !taken.contains(index)).collect();
            (!calls.is_empty()).then_some(Group { calls })
        });
        let with_id: Vec<Group> = with_id.collect();
        let shows = |group: &Group| {
            group
                .calls
                .iter()
                .filter(|&&call| self.seen.iter().any(|seen| seen.call == call))
                .count()
        };
        let first = |group: &Group| &story.calls[group.calls[0]];
        // Reads: a response that has the connector.
        let reads = with_id.iter().filter(|group| shows(group) > 0);
        let gets = reads.clone().filter(|group| first(group).method == "GET");
        let posts = reads.filter(|group| {
            first(group).method == "POST"
                && has_word(first(group), &READ_WORDS)
                && !has_word(first(group), &DEACTIVATE_WORDS)
        });
        let detail = |group: &&Group| {
            let own = self.seen.iter().filter(|seen| group.calls.contains(&seen.call));
            let most = own.map(|seen| story_arguments(story, seen)).max().unwrap_or_default();
            let words = has_word(first(group), &READ_WORDS);
            (most, words, usize::MAX - first(group).path.len(), shows(group))
        };
        self.read = gets.max_by_key(detail).or_else(|| posts.max_by_key(detail)).cloned();
        let read: BTreeSet<usize> =
            self.read.iter().flat_map(|group| group.calls.clone()).collect();
        let rest: Vec<&Group> = with_id
            .iter()
            .filter(|group| group.calls.iter().all(|call| !read.contains(call)))
            .collect();
        // Deletes: by the method, by the name, or because nothing follows.
        let named = rest.iter().filter(|group| first(group).method == "DELETE");
        let called = rest
            .iter()
            .filter(|group| first(group).method != "GET" && has_word(first(group), &DELETE_WORDS));
        let shortest = |group: &&&Group| (first(group).path.len(), usize::MAX - group.calls.len());
        let delete = named.min_by_key(shortest).or_else(|| called.min_by_key(shortest));
        let delete = delete.copied().or_else(|| {
            let last = rest.iter().copied().filter(|group| {
                first(group).method == "POST"
                    && shows(group) == 0
                    && !has_word(first(group), &ACTIVATE_WORDS)
                    && !has_word(first(group), &DEACTIVATE_WORDS)
                    && group.calls.iter().all(|&index| nothing_follows(story, index))
            });
            let last: Vec<&Group> = last.collect();
            self.delete_by_order = last.len() == 1;
            if last.len() == 1 { last.first().copied() } else { None }
        });
        self.delete = delete.cloned();
        let deleted: BTreeSet<usize> =
            self.delete.iter().flat_map(|group| group.calls.clone()).collect();
        for group in rest {
            if group.calls.iter().any(|call| deleted.contains(call)) {
                continue;
            }
            let call = first(group);
            if call.method == "GET" {
                let rows = group.calls.iter().any(|&index| refers(&story.calls[index]).is_some());
                if rows && self.references.is_none() {
                    self.references = Some(group.clone());
                }
            } else if call.method != "DELETE" {
                self.switches.push(group.clone());
            }
        }
    }

    fn find_list(&mut self, story: &Story, groups: &[Group]) {
        let anchor = self.create.as_ref().or(self.read.as_ref()).or(self.update.as_ref());
        let anchor = anchor.map(|group| story.calls[group.calls[0]].path.clone());
        let scored =
            groups.iter().filter_map(|group| {
                let rows: Vec<&Row> = self
                    .rows
                    .iter()
                    .filter(|row| group.calls.contains(&row.call) && !story.has_id[row.call])
                    .collect();
                let writes = group.calls.iter().any(|call| {
                    self.create.as_ref().is_some_and(|create| create.calls.contains(call))
                });
                if rows.is_empty() || writes {
                    return None;
                }
                let connectors: BTreeSet<usize> = rows.iter().map(|row| row.connector).collect();
                let most = rows.iter().map(|row| row_arguments(story, row)).max()?;
                let path = &story.calls[group.calls[0]].path;
                let near = anchor.as_ref().map_or(0, |anchor| {
                    anchor.iter().filter(|segment| path.contains(segment)).count()
                });
                let calls =
                    group.calls.iter().copied().filter(|&call| {
                        !story.has_id[call] && story.calls[call].response.is_some()
                    });
                let group = Group { calls: calls.collect() };
                Some(((connectors.len(), near, most, group.calls.len()), group))
            });
        let best = scored.max_by_key(|(score, _)| *score);
        self.list = best.map(|(_, group)| group);
        let list = self.list.as_ref().map(|group| group.calls.clone()).unwrap_or_default();
        self.rows.retain(|row| list.contains(&row.call));
    }
}

/// Whether the response to a create has the id.
pub(crate) fn returns_id(story: &Story, index: usize) -> bool {
    let Some(id) = story.about[index].and_then(|connector| story.ids[connector].clone()) else {
        return false;
    };
    let call = &story.calls[index];
    let mut found = call.located().as_deref() == Some(id.as_str());
    if let Some(response) = &call.response {
        response.walk(&mut |_, value| {
            found |= value.token().as_deref() == Some(id.as_str());
            !found
        });
    }
    found
}

/// Whether a response before a call shows the connector that the call is about.
fn was_shown(story: &Story, index: usize) -> bool {
    let Some(connector) = story.about[index] else { return false };
    let Some(id) = story.ids[connector].as_deref() else { return false };
    (0..index).any(|earlier| {
        let names = story.response_hits[earlier].iter().flat_map(|(_, hits)| hits);
        let mut names =
            names.filter(|hit| hit.connector == connector && hit.argument == Argument::Name);
        let mut shows_id = false;
        if let Some(response) = &story.calls[earlier].response
            && names.next().is_some()
        {
            response.walk(&mut |_, value| {
                shows_id |= value.token().as_deref() == Some(id);
                !shows_id
            });
        }
        shows_id
    })
}

/// Whether no later successful request holds the id.
fn nothing_follows(story: &Story, index: usize) -> bool {
    let about = story.about[index];
    let mut later = (index + 1..story.calls.len())
        .filter(|&later| story.has_id[later] && story.about[later] == about);
    !later.any(|later| story.calls[later].succeeded() && story.calls[later].response.is_some())
}

fn story_arguments(story: &Story, seen: &Seen) -> usize {
    arguments(story, seen.connector, &seen.object)
}

fn row_arguments(story: &Story, row: &Row) -> usize {
    arguments(story, row.connector, &row.row)
}

fn arguments(story: &Story, connector: usize, value: &Json) -> usize {
    let hits = story.values.hits_in(value).into_iter().flat_map(|(_, hits)| hits);
    let own = hits.filter(|hit| hit.connector == connector).map(|hit| hit.argument);
    own.collect::<BTreeSet<_>>().len()
}

/// Returns the place of the rows of a response that says what refers to a connector.
pub(crate) fn refers(call: &Call) -> Option<(Vec<Step>, &Json)> {
    let response = call.response.as_ref()?;
    let words = [
        "reference",
        "references",
        "usage",
        "usages",
        "dependencies",
        "dependents",
        "referrers",
        "used",
    ];
    if !call
        .path
        .iter()
        .any(|segment| name_words(segment).iter().any(|word| words.contains(&word.as_str())))
    {
        return None;
    }
    let mut found = None;
    response.walk(&mut |place, value| {
        if found.is_none()
            && let Json::Array(items) = value
            && let Some(first @ Json::Object(_)) = items.first()
            && first.get("id").is_some()
            && first.get("name").is_some()
        {
            found = Some((place.to_vec(), first));
        }
        found.is_none()
    });
    found
}
