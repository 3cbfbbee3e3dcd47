//! Learns a profile.

use std::collections::BTreeMap;
use std::fmt;

use crate::calls::{self, Shift, Written};
use crate::choices;
use crate::facts::{Choice, Facts};
use crate::form::{Argument, Form};
use crate::har::{Recording, RecordingError};
use crate::headers;
use crate::json::{Json, Place, member, pointer};
use crate::listing::{self, Listing};
use crate::load::{self, LoadError};
use crate::profile::{Parts, field_names, profile, text_member};
use crate::report::Report;
use crate::resolve::{self, Places, Sample, last_name};
use crate::roles::{self, Group, Roles};
use crate::slots::{self, Context, Omissions};
use crate::story::Story;
use crate::tell::{tell, words};
use crate::values::{TypedValues, likeness_of};

/// The result of learning.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The profile, as text for its file.
    pub profile: String,
    /// The report for people.
    pub report: String,
    /// Whether the whole life cycle was learned.
    pub whole: bool,
}

/// Why nothing was learned. The text holds nothing of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnError(String);

impl fmt::Display for LearnError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for LearnError {}

impl From<RecordingError> for LearnError {
    fn from(error: RecordingError) -> Self {
        Self(error.to_string())
    }
}

/// The content of the profile, before it is written.
pub(crate) struct Learned {
    pub(crate) profile: Json,
    pub(crate) report: Report,
    pub(crate) story: Story,
    pub(crate) origin: String,
}

/// Learns the API from what was typed and what was recorded.
///
/// # Errors
/// When a recording cannot be read, or shows nothing of what was typed.
pub fn learn(form: &Form, recordings: &[&dyn Recording]) -> Result<Outcome, LearnError> {
    let learned = learn_all(form, recordings)?;
    Ok(Outcome {
        profile: learned.profile.pretty(),
        whole: learned.report.is_whole(),
        report: learned.report.text(),
    })
}

pub(crate) fn learn_all(form: &Form, recordings: &[&dyn Recording]) -> Result<Learned, LearnError> {
    let values = TypedValues::new(&form.connectors);
    let loaded = load::load(form, &values, recordings).map_err(|error| match error {
        LoadError::Recording(error) => LearnError::from(error),
        LoadError::NothingTyped => LearnError(
            "No request in the recording has the values of the form. Record while you \
             create a connector, and write into the form exactly what you type."
                .to_owned(),
        ),
    })?;
    let mut report = Report::default();
    report.line(format!(
        "{} requests were recorded, {} of them to the API's host.",
        loaded.entries,
        loaded.calls.len() + loaded.left_out
    ));
    if loaded.others > 0 {
        report.line(format!(
            "Requests to {} other hosts also have typed values. The host with the most of them is \
             used.",
            loaded.others
        ));
    }
    if loaded.left_out > 0 {
        report.line(format!(
            "{} requests to the host were too many to be examined.",
            loaded.left_out
        ));
    }
    let origin = loaded.origin.clone();
    let story = Story::new(&form.connectors, values, loaded.calls);
    let profile = assemble(&story, &origin, &mut report).ok_or_else(|| {
        LearnError(
            "The recording shows no call that creates, reads, lists, updates or deletes a \
             connector of the form."
                .to_owned(),
        )
    })?;
    Ok(Learned { profile, report, story, origin })
}

fn assemble(story: &Story, origin: &str, report: &mut Report) -> Option<Json> {
    let roles = Roles::find(story);
    if [&roles.list, &roles.read, &roles.create, &roles.update, &roles.delete]
        .iter()
        .all(|group| group.is_none())
    {
        return None;
    }
    let of =
        |group: &Option<Group>| group.as_ref().map(|group| group.calls.clone()).unwrap_or_default();
    let created = calls::samples(story, &of(&roles.create));
    let updated = calls::samples(story, &of(&roles.update));
    let create_places = resolve::resolve(story, &calls::contents(&created), &resolve::Hints::new());
    let create_hints = resolve::hints(&create_places);
    let update_places = resolve::resolve(story, &calls::contents(&updated), &create_hints);
    let mut hints = create_hints;
    for (argument, names) in resolve::hints(&update_places) {
        hints.entry(argument).or_default().extend(names);
    }
    let mut facts = Facts::find(story, &roles, &hints);
    let shift = Shift::between(&create_places, &update_places);
    let (authentication, grant) = if created.is_empty() {
        choices::find(&calls::contents(&updated), &update_places, &story.values)
    } else {
        choices::find(&calls::contents(&created), &create_places, &story.values)
    };
    facts.authentication = authentication;
    facts.grant = grant;
    facts.place_choices(story);

    let mut omitted = Omissions::new();
    let mut parts = Parts::default();
    let session: Vec<(&'static str, Vec<usize>)> = vec![
        ("list", of(&roles.list)),
        ("read", of(&roles.read)),
        ("create", of(&roles.create)),
        ("update", of(&roles.update)),
        ("delete", of(&roles.delete)),
    ];

    // Create.
    let mut create = None;
    if !created.is_empty() {
        let context = Context {
            story,
            facts: &facts,
            places: &create_places,
            credentials: credentials(&create_places),
            authentication: facts.authentication.place.clone(),
            grant: facts.grant.place.clone(),
            active: slots::active_place(&facts, &created),
            created: BTreeMap::new(),
            updates: false,
        };
        create = Some(calls::write_by_kind(&context, &created, &mut omitted));
    }
    // Update.
    let mut update = None;
    if !updated.is_empty() {
        let moved = |place: &Place| shift.as_ref().and_then(|shift| shift.apply(place));
        let mut hidden: BTreeMap<Place, Argument> = credentials(&create_places)
            .into_iter()
            .filter_map(|(place, argument)| Some((moved(&place)?, argument)))
            .collect();
        hidden.extend(credentials(&update_places));
        let constants = create.iter().flat_map(|create| create.slots.values()).flatten();
        let constants =
            constants.filter_map(|(place, slot)| Some((moved(place)?, slot.constant()?.clone())));
        let context = Context {
            story,
            facts: &facts,
            places: &update_places,
            credentials: hidden,
            authentication: same_choice(&facts.authentication, &updated, shift.as_ref()),
            grant: same_choice(&facts.grant, &updated, shift.as_ref()),
            active: slots::active_place(&facts, &updated),
            created: constants.collect(),
            updates: true,
        };
        let mut written = calls::write_by_kind(&context, &updated, &mut omitted);
        written.overlay = calls::overlay(story, &facts, &updated, &written);
        calls::leave_out(&mut written);
        if let (Some(create), Some(shift)) = (&create, &shift) {
            let (arguments, kinds) = calls::complete(&mut written, create, shift);
            if !arguments.is_empty() {
                let words: Vec<&str> = arguments.iter().map(|argument| argument.word()).collect();
                report.line(format!(
                    "update: no recorded edit sends {}. The profile sends them as the create does.",
                    words.join(", ")
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
        update = Some(written);
    }

    // The rest of the calls.
    let listing =
        roles.list.as_ref().map(|group| listing::find(story, &facts, &group.calls, &roles.rows));
    let simple = |group: &Option<Group>, omitted: &mut Omissions, updates: bool, paging| {
        let calls = of(group);
        let samples = all_samples(story, &calls);
        if samples.is_empty() {
            return None;
        }
        let none = Places::new();
        let context = Context {
            story,
            facts: &facts,
            places: &none,
            credentials: BTreeMap::new(),
            authentication: None,
            grant: None,
            active: None,
            created: BTreeMap::new(),
            updates,
        };
        Some(calls::write(&context, &samples, paging, omitted))
    };
    let paging = listing.as_ref().and_then(|listing| listing.paging.as_ref());
    let list = simple(&roles.list, &mut omitted, false, paging);
    let read = simple(&roles.read, &mut omitted, false, None);
    let delete = simple(&roles.delete, &mut omitted, true, None);
    let references = simple(&roles.references, &mut omitted, false, None);

    // Activation.
    let mut switches: BTreeMap<&'static str, (Written, Vec<usize>)> = BTreeMap::new();
    let by_update = update.as_ref().is_some_and(|update| update.active);
    if !by_update {
        for (name, calls) in switch_calls(story, &facts, &roles) {
            let group = Some(Group { calls: calls.clone() });
            if let Some(written) = simple(&group, &mut omitted, true, None) {
                switches.insert(name, (written, calls));
            }
        }
    }
    let switched = switches.iter().map(|(name, (_, calls))| (*name, calls.len())).collect();
    parts.switches = switched;
    parts.switched =
        by_update || switches.contains_key("activate") && switches.contains_key("deactivate");

    let mut groups = session;
    for (name, (_, calls)) in &switches {
        groups.push((name, calls.clone()));
    }
    let headers = headers::find(story, &groups);

    // The calls as JSON.
    let object = |place: &Place| Json::Object(vec![text_member("object", &pointer(place))]);
    if let (Some(list), Some(listing)) = (&list, &listing) {
        parts.calls.insert("list", list.json(Some(list_response(listing)), &headers, "list"));
    }
    if let Some(read) = &read {
        let place = calls::response(story, &facts, &of(&roles.read));
        let place = place.unwrap_or_else(|| facts.base.clone());
        parts.calls.insert("read", read.json(Some(object(&place)), &headers, "read"));
    }
    if let Some(create) = &create {
        let calls = of(&roles.create);
        let response = calls::response(story, &facts, &calls).map(|place| object(&place));
        let response = response.or_else(|| calls::id_response(story, &calls));
        if response.is_none() {
            let text = "create: its response does not show the new id. The provider finds a new \
                        connector by its name."
                .to_owned();
            // Without a list, nothing finds it.
            if list.is_some() { report.line(text) } else { report.missing(text) }
        }
        parts.calls.insert("create", create.json(response, &headers, "create"));
    }
    if let Some(update) = &update {
        let response = calls::response(story, &facts, &of(&roles.update));
        let response = response.map(|place| object(&place));
        parts.calls.insert("update", update.json(response, &headers, "update"));
    }
    if let Some(delete) = &delete {
        let response = calls::confirmation(story, &of(&roles.delete)).map(|place| object(&place));
        parts.calls.insert("delete", delete.json(response, &headers, "delete"));
        if roles.delete_by_order {
            report.line(
                "delete: recognized because no other request follows. Check the call.".to_owned(),
            );
        }
    }
    for (name, (written, calls)) in &switches {
        let response = calls::response(story, &facts, calls).map(|place| object(&place));
        parts.calls.insert(name, written.json(response, &headers, name));
    }
    if let (Some(references), Some(group)) = (&references, &roles.references)
        && let Some(response) = references_response(story, group)
    {
        parts.calls.insert("references", references.json(Some(response), &headers, "references"));
    }
    parts.create = create;
    parts.update = update;
    parts.facts = facts;
    parts.places = create_places;
    for (kind, own) in update_places {
        parts.places.entry(kind).or_default().extend(own);
    }
    parts.listing = listing;
    tell(story, &roles, &parts, &headers, &omitted, report);
    Some(profile(story, origin, &roles, &parts, &headers, report))
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
