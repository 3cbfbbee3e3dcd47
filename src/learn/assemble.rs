//! Assembles a profile of the calls that were recorded.

use std::collections::{BTreeMap, BTreeSet};

use crate::calls::{self, Shift, Written};
use crate::choices;
use crate::facts::{Choice, Facts};
use crate::form::Argument;
use crate::headers::{self, Headers};
use crate::json::{Json, Place, member, pointer};
use crate::listing::{self, Listing, Paging};
use crate::profile::{Parts, field_names, leave_out_own, marks, profile, text_member};
use crate::report::Report;
use crate::resolve::{self, Places, Sample, last_name};
use crate::roles::{self, Group, Roles};
use crate::slots::{self, Context, Omissions};
use crate::story::Story;
use crate::tell::{tell, words};
use crate::values::likeness_of;

/// Returns the profile; `None` if the recording shows no call of the life cycle.
pub(crate) fn assemble(story: &Story, origin: &str, report: &mut Report) -> Option<Json> {
    let roles = Roles::find(story);
    let life = [&roles.list, &roles.read, &roles.create, &roles.update, &roles.delete];
    if life.iter().all(|group| group.is_none()) {
        return None;
    }
    let writes = Writes::find(story, &roles);
    let facts = writes.facts(story, &roles);
    let listing =
        roles.list.as_ref().map(|group| listing::find(story, &facts, &group.calls, &roles.rows));
    let mut assembly = Assembly { story, roles: &roles, facts: &facts, omitted: Omissions::new() };
    let create = assembly.create(&writes);
    let marks = marks(story, &facts, create.as_ref(), listing.as_ref());
    let update = assembly.update(&writes, create.as_ref(), &marks, report);
    let others = assembly.others(listing.as_ref().and_then(|listing| listing.paging.as_ref()));
    let by_update = update.as_ref().is_some_and(|update| update.active);
    let switches = if by_update { Switches::new() } else { assembly.switches() };
    let headers = assembly.headers(&switches);

    let mut calls = BTreeMap::new();
    assembly.reads_as_json(&others, listing.as_ref(), &headers, &mut calls);
    if let Some(create) = &create {
        let response = assembly.create_response(others.contains_key("list"), report);
        calls.insert("create", create.json(response, &headers, "create"));
    }
    if let Some(update) = &update {
        let response = assembly.object_in_response(&calls_of(&roles.update));
        calls.insert("update", update.json(response, &headers, "update"));
    }
    if let Some(delete) = others.get("delete") {
        let response = calls::confirmation(story, &calls_of(&roles.delete));
        let response = response.map(|place| object_at(&place));
        calls.insert("delete", delete.json(response, &headers, "delete"));
        if roles.delete_by_order {
            let text = "delete: recognized because no other request follows. Check the call.";
            report.line(text);
        }
    }
    // A profile has both or none.
    let both = switches.len() == 2;
    for (name, (written, recorded)) in switches.iter().filter(|_| both) {
        let response = assembly.object_in_response(recorded);
        calls.insert(name, written.json(response, &headers, name));
    }
    let omitted = assembly.omitted;
    let mut parts = Parts {
        calls,
        switched: by_update || both,
        switches: switches.iter().map(|(name, (_, calls))| (*name, calls.len())).collect(),
        create,
        update,
        facts,
        places: writes.places(),
        listing,
        marks,
        left_out: BTreeSet::new(),
    };
    leave_out_own(story, &mut parts, report);
    tell(story, &roles, &parts, &headers, &omitted, report);
    Some(profile(story, origin, &roles, &parts, &headers, report))
}

/// The recorded creates and updates, and the places of the arguments in them.
struct Writes {
    created: Vec<Sample>,
    updated: Vec<Sample>,
    create_places: Places,
    update_places: Places,
    /// The way from a place in a create to that in an update.
    shift: Option<Shift>,
}

impl Writes {
    fn find(story: &Story, roles: &Roles) -> Self {
        let created = calls::samples(story, &calls_of(&roles.create));
        let updated = calls::samples(story, &calls_of(&roles.update));
        let create_places =
            resolve::resolve(story, &calls::contents(&created), &resolve::Hints::new());
        let hints = resolve::hints(&create_places);
        let update_places = resolve::resolve(story, &calls::contents(&updated), &hints);
        let shift = Shift::between(&create_places, &update_places);
        Self { created, updated, create_places, update_places, shift }
    }

    /// Finds what responses and both kinds of writes show.
    fn facts(&self, story: &Story, roles: &Roles) -> Facts {
        let mut hints = resolve::hints(&self.create_places);
        for (argument, names) in resolve::hints(&self.update_places) {
            hints.entry(argument).or_default().extend(names);
        }
        let mut facts = Facts::find(story, roles, &hints);
        let (samples, places) = if self.created.is_empty() {
            (&self.updated, &self.update_places)
        } else {
            (&self.created, &self.create_places)
        };
        (facts.authentication, facts.grant) =
            choices::find(&calls::contents(samples), places, &story.values);
        facts.place_choices(story);
        facts
    }

    /// Returns the place in an update that corresponds to one in a create.
    fn moved(&self, place: &Place) -> Option<Place> {
        self.shift.as_ref().and_then(|shift| shift.apply(place))
    }

    /// Returns the places in both kinds of writes.
    fn places(self) -> Places {
        let mut places = self.create_places;
        for (kind, own) in self.update_places {
            places.entry(kind).or_default().extend(own);
        }
        places
    }
}

/// The calls that activate or deactivate a connector, with the recorded ones.
type Switches = BTreeMap<&'static str, (Written, Vec<usize>)>;

/// Makes calls of a profile of the recorded ones.
struct Assembly<'a> {
    story: &'a Story,
    roles: &'a Roles,
    facts: &'a Facts,
    omitted: Omissions,
}

impl Assembly<'_> {
    fn create(&mut self, writes: &Writes) -> Option<Written> {
        if writes.created.is_empty() {
            return None;
        }
        let context = Context {
            story: self.story,
            facts: self.facts,
            places: &writes.create_places,
            credentials: credentials(&writes.create_places),
            authentication: self.facts.authentication.place.clone(),
            grant: self.facts.grant.place.clone(),
            active: slots::active_place(self.facts, &writes.created),
            created: BTreeMap::new(),
            marks: &[],
            updates: false,
            is_overlaid: false,
            call: "create",
        };
        Some(calls::write_by_kind(&context, &writes.created, &mut self.omitted))
    }

    /// Returns the update. What no recorded edit shows is taken from the create.
    fn update(
        &mut self,
        writes: &Writes,
        create: Option<&Written>,
        marks: &[(Place, Json)],
        report: &mut Report,
    ) -> Option<Written> {
        if writes.updated.is_empty() {
            return None;
        }
        let mut hidden: BTreeMap<Place, Argument> = credentials(&writes.create_places)
            .into_iter()
            .filter_map(|(place, argument)| Some((writes.moved(&place)?, argument)))
            .collect();
        hidden.extend(credentials(&writes.update_places));
        let constants = create.iter().flat_map(|create| create.slots.values()).flatten();
        let constants = constants
            .filter_map(|(place, slot)| Some((writes.moved(place)?, slot.constant()?.clone())));
        let same = |choice| same_choice(choice, &writes.updated, writes.shift.as_ref());
        let mut context = Context {
            story: self.story,
            facts: self.facts,
            places: &writes.update_places,
            credentials: hidden,
            authentication: same(&self.facts.authentication),
            grant: same(&self.facts.grant),
            active: slots::active_place(self.facts, &writes.updated),
            created: constants.collect(),
            marks,
            updates: true,
            is_overlaid: false,
            call: "update",
        };
        let overlay =
            |written: &Written| calls::overlay(self.story, self.facts, &writes.updated, written);
        let first = calls::write_by_kind(&context, &writes.updated, &mut Omissions::new());
        context.is_overlaid = overlay(&first).is_some();
        let mut written = calls::write_by_kind(&context, &writes.updated, &mut self.omitted);
        written.overlay = overlay(&written);
        calls::leave_out(&mut written);
        if let (Some(create), Some(shift)) = (create, &writes.shift) {
            let (arguments, kinds) = calls::complete(&mut written, create, shift, &|place| {
                calls::is_shown(self.facts, place)
                    && !marks.iter().any(|(mark, _)| place.ends_with(mark))
            });
            if !arguments.is_empty() {
                report.line(format!(
                    "update: no recorded edit sends {}. The profile sends them as the create does.",
                    words(arguments.iter().map(|argument| argument.word()))
                ));
            }
            if !kinds.is_empty() {
                report.line(format!(
                    "update: no edit of {} was recorded. The update is composed from the create \
                     and the recorded edits.",
                    words(kinds.iter().map(|kind| kind.word()))
                ));
            }
        }
        Some(written)
    }

    /// Returns the calls that send no arguments.
    fn others(&mut self, paging: Option<&Paging>) -> BTreeMap<&'static str, Written> {
        let roles = self.roles;
        let all = [
            ("list", &roles.list, false, paging),
            ("read", &roles.read, false, None),
            ("delete", &roles.delete, true, None),
            ("references", &roles.references, false, None),
        ];
        let mut others = BTreeMap::new();
        for (name, group, updates, paging) in all {
            let written = self.without_arguments(name, &calls_of(group), updates, paging);
            others.extend(written.map(|written| (name, written)));
        }
        others
    }

    fn without_arguments(
        &mut self,
        name: &'static str,
        recorded: &[usize],
        updates: bool,
        paging: Option<&Paging>,
    ) -> Option<Written> {
        let samples = all_samples(self.story, recorded);
        if samples.is_empty() {
            return None;
        }
        let context = Context {
            story: self.story,
            facts: self.facts,
            places: &Places::new(),
            credentials: BTreeMap::new(),
            authentication: None,
            grant: None,
            active: None,
            created: BTreeMap::new(),
            marks: &[],
            updates,
            is_overlaid: false,
            call: name,
        };
        Some(calls::write(&context, &samples, paging, &mut self.omitted))
    }

    fn switches(&mut self) -> Switches {
        let mut switches = Switches::new();
        for (name, recorded) in switch_calls(self.story, self.facts, self.roles) {
            if let Some(written) = self.without_arguments(name, &recorded, true, None) {
                switches.insert(name, (written, recorded));
            }
        }
        switches
    }

    fn headers(&self, switches: &Switches) -> Headers {
        let roles = self.roles;
        let mut groups = vec![
            ("list", calls_of(&roles.list)),
            ("read", calls_of(&roles.read)),
            ("create", calls_of(&roles.create)),
            ("update", calls_of(&roles.update)),
            ("delete", calls_of(&roles.delete)),
        ];
        groups.extend(switches.iter().map(|(name, (_, recorded))| (*name, recorded.clone())));
        headers::find(self.story, &groups)
    }

    /// Adds the calls that list, read and find references.
    fn reads_as_json(
        &self,
        others: &BTreeMap<&'static str, Written>,
        listing: Option<&Listing>,
        headers: &Headers,
        calls: &mut BTreeMap<&'static str, Json>,
    ) {
        if let (Some(list), Some(listing)) = (others.get("list"), listing) {
            calls.insert("list", list.json(Some(list_response(listing)), headers, "list"));
        }
        if let Some(read) = others.get("read") {
            let response = self.object_in_response(&calls_of(&self.roles.read));
            let response = response.unwrap_or_else(|| object_at(&self.facts.base));
            calls.insert("read", read.json(Some(response), headers, "read"));
        }
        if let (Some(references), Some(group)) = (others.get("references"), &self.roles.references)
            && let Some(response) = references_response(self.story, group)
        {
            calls.insert("references", references.json(Some(response), headers, "references"));
        }
    }

    /// Returns where responses have the connector.
    fn object_in_response(&self, recorded: &[usize]) -> Option<Json> {
        calls::response(self.story, self.facts, recorded).map(|place| object_at(&place))
    }

    /// Returns where the response of a create has the connector, or at least its id.
    fn create_response(&self, has_list: bool, report: &mut Report) -> Option<Json> {
        let recorded = calls_of(&self.roles.create);
        let response = self.object_in_response(&recorded);
        let response = response.or_else(|| calls::id_response(self.story, &recorded));
        if response.is_none() {
            let text = "create: its response does not show the new id. The provider finds a new \
                        connector by its name.";
            // Without a list, nothing finds it.
            if has_list { report.line(text) } else { report.missing(text) }
        }
        response
    }
}

fn calls_of(group: &Option<Group>) -> Vec<usize> {
    group.as_ref().map(|group| group.calls.clone()).unwrap_or_default()
}

fn object_at(place: &Place) -> Json {
    Json::Object(vec![text_member("object", &pointer(place))])
}

/// Makes samples of calls, those that are about no connector included.
fn all_samples(story: &Story, calls: &[usize]) -> Vec<Sample> {
    let sample = |&call: &usize| {
        let connector = story.about[call].unwrap_or_default();
        Sample {
            call,
            connector,
            kind: story.typed[connector].kind,
            document: story.calls[call].request.clone(),
        }
    };
    calls.iter().map(sample).collect()
}

/// Returns the places at which credentials stand.
fn credentials(places: &Places) -> BTreeMap<Place, Argument> {
    let all = places.values().flatten();
    let own = all.filter(|(_, found)| found.argument.is_credential());
    own.map(|(place, found)| (place.clone(), found.argument)).collect()
}

/// Returns the place of a literal in requests to update, if they have it.
fn same_choice(choice: &Choice, samples: &[Sample], shift: Option<&Shift>) -> Option<Place> {
    let created = choice.place.as_ref()?;
    let fits = |place: &Place| {
        samples.iter().all(|sample| {
            let expected = choice.by_kind.get(&sample.kind);
            match (sample.document.at(place), expected) {
                (Some(value), Some(expected)) => crate::facts::alike(value, expected),
                (None, None | Some(Json::Null)) | (Some(Json::Null), None) => true,
                (Some(_) | None, _) => false,
            }
        })
    };
    let moved = shift.and_then(|shift| shift.apply(created)).into_iter();
    let named = samples.iter().flat_map(|sample| {
        let leaves = sample.document.leaves(&|_| false).into_iter().map(|(place, _)| place);
        leaves.filter(|place| {
            last_name(place) == last_name(created) && place.first() == created.first()
        })
    });
    let present = |place: &Place| samples.iter().any(|s| s.document.at(place).is_some());
    moved.chain(named).find(|place| present(place) && fits(place))
}

fn list_response(listing: &Listing) -> Json {
    let mut members = vec![text_member("rows", &pointer(&listing.rows))];
    if !listing.row.is_empty() {
        members.push(text_member("row", &pointer(&listing.row)));
    }
    if !listing.fields.is_empty() {
        let mut fields = Vec::new();
        for name in field_names() {
            if let Some(place) = listing.fields.get(name) {
                let place = place.as_ref().map_or(Json::Null, |place| Json::text(pointer(place)));
                fields.push((name.to_owned(), place));
            }
        }
        members.push(("fields".to_owned(), Json::Object(fields)));
    }
    members.extend(listing.paging.as_ref().map(|paging| ("next".to_owned(), paging.json())));
    Json::Object(members)
}

fn references_response(story: &Story, group: &Group) -> Option<Json> {
    let (rows, first) = group.calls.iter().find_map(|&call| roles::refers(&story.calls[call]))?;
    let mut fields = vec![text_member("id", "/id"), text_member("name", "/name")];
    for name in ["type", "kind", "entityType", "category"] {
        if first.get(name).and_then(Json::as_text).is_some() {
            fields.push(text_member("type", &format!("/{name}")));
            break;
        }
    }
    let response = story.calls[*group.calls.first()?].response.as_ref()?;
    let mut members = vec![text_member("rows", &pointer(&rows))];
    if response.at_pointer("/meta/links").is_some() {
        let next = Json::Object(vec![text_member("link", "/meta/links/next")]);
        members.push(("next".to_owned(), next));
    }
    members.push(("fields".to_owned(), Json::Object(fields)));
    Some(Json::Object(members))
}

/// Finds the calls that activate and deactivate: by the state after them, or by their names.
fn switch_calls(story: &Story, facts: &Facts, roles: &Roles) -> Vec<(&'static str, Vec<usize>)> {
    let mut found: BTreeMap<&'static str, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
    for group in &roles.switches {
        for &call in &group.calls {
            let words = roles::operation_words(&story.calls[call]);
            let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
            let connector = story.about[call];
            let state =
                |seen: &crate::objects::Seen| seen.object.at(facts.active.as_ref()?).cloned();
            let own = |seen: &&crate::objects::Seen| Some(seen.connector) == connector;
            let after = facts.timeline.iter().filter(own).find(|seen| seen.call >= call);
            let before = facts.timeline.iter().filter(own).rev().find(|seen| seen.call < call);
            let (after, before) = (after.and_then(state), before.and_then(state));
            let switched = after.as_ref().filter(|after| before.as_ref() != Some(*after));
            let by_state =
                facts.active_values.as_ref().zip(switched).and_then(|(values, after)| {
                    if crate::facts::alike(after, &values.0) {
                        Some("activate")
                    } else if crate::facts::alike(after, &values.1) {
                        Some("deactivate")
                    } else {
                        None
                    }
                });
            let by_name = if has(&roles::DEACTIVATE_WORDS) {
                Some("deactivate")
            } else if has(&roles::ACTIVATE_WORDS) {
                Some("activate")
            } else {
                None
            };
            let by_body = || {
                let (active, inactive) = facts.active_values.as_ref()?;
                let mut state = None;
                story.calls[call].request.walk(&mut |place, value| {
                    let part = place.first();
                    let inside = part == Some(&member("body")) || part == Some(&member("query"));
                    let named = likeness_of(
                        &place.to_vec(),
                        &["active", "enabled", "status", "state"],
                        &[],
                    );
                    if inside && named > 0 {
                        if crate::facts::alike(value, active) {
                            state = Some("activate");
                        } else if crate::facts::alike(value, inactive) {
                            state = Some("deactivate");
                        }
                    }
                    true
                });
                state
            };
            if let Some(name) = by_state.or(by_name).or_else(by_body) {
                let shape = roles::shape(story, call);
                found.entry(name).or_default().entry(shape).or_default().push(call);
            }
        }
    }
    let best = found.into_iter().filter_map(|(name, shapes)| {
        shapes.into_values().max_by_key(Vec::len).map(|calls| (name, calls))
    });
    best.collect()
}
