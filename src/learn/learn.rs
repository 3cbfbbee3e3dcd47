//! Learns a profile.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::calls::{self, Shift, Written};
use crate::choices;
use crate::facts::{Choice, Facts};
use crate::form::{Argument, Form, Kind};
use crate::har::{Recording, RecordingError};
use crate::headers;
use crate::json::{Json, Place, member, pointer};
use crate::listing::{self, Listing};
use crate::load::{self, LoadError};
use crate::report::Report;
use crate::resolve::{self, Places, Sample, last_name};
use crate::roles::{self, Group, Roles};
use crate::slots::{self, Context, Omissions, Slot};
use crate::story::Story;
use crate::values::{TypedValues, likeness, likeness_of};

/// The profile that the provider has without a recording.
const BUILT_IN: &str = include_str!("../webex/profile/built_in.json");

/// What was learned.
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

/// What the profile holds, before it is written.
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
            "No request of the recording carries what the form says was typed. Record while you \
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
            "Requests to {} other hosts carry typed values, too; the one that carries the most was \
             taken.",
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

/// All that was found, for the profile.
#[derive(Default)]
struct Parts {
    calls: BTreeMap<&'static str, Json>,
    create: Option<Written>,
    update: Option<Written>,
    facts: Facts,
    places: Places,
    listing: Option<Listing>,
    switches: BTreeMap<&'static str, usize>,
    switched: bool,
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
        choices::find(&calls::contents(&updated), &update_places)
    } else {
        choices::find(&calls::contents(&created), &create_places)
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
        let constants = constants.filter_map(|(place, slot)| match slot {
            Slot::Constant(value) => Some((moved(place)?, value.clone())),
            _ => None,
        });
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
                    "update: no recorded edit sends {}; taken from where create has them.",
                    words.join(", ")
                ));
            }
            if !kinds.is_empty() {
                report.line(format!(
                    "update: no edit of {} was recorded; composed from create and the recorded \
                     edits.",
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
            report.missing(
                "create: its response does not show the new id. A connector that was created is \
                 found again by its name."
                    .to_owned(),
            );
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
            report
                .line("delete: recognized because nothing follows it. Check the call.".to_owned());
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

fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn text_member(name: &str, text: &str) -> (String, Json) {
    (name.to_owned(), Json::text(text))
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

/// Returns the names of all fields in the order of a profile.
fn field_names() -> Vec<&'static str> {
    let read_only =
        ["id", "organization_id", "version", "active", "created_time", "last_updated_time"];
    read_only.into_iter().chain(Argument::ALL.map(Argument::word)).collect()
}

/// Writes the report, and what is missing.
fn tell(
    story: &Story,
    roles: &Roles,
    parts: &Parts,
    headers: &headers::Headers,
    omitted: &Omissions,
    report: &mut Report,
) {
    let facts = &parts.facts;
    let recorded: BTreeSet<Kind> = match &parts.create {
        Some(create) => create.slots.keys().copied().collect(),
        None => BTreeSet::new(),
    };
    for (name, group) in [
        ("list", &roles.list),
        ("read", &roles.read),
        ("create", &roles.create),
        ("update", &roles.update),
        ("delete", &roles.delete),
    ] {
        match (group, parts.calls.get(name)) {
            (Some(group), Some(call)) => {
                report.call(name, call, group.calls.len());
                let first = &story.calls[group.calls[0]];
                if first.other_body {
                    report
                        .missing(format!("{name}: its body is not JSON, which is not supported."));
                }
            }
            _ => {
                report.missing(format!("{name}: the recording does not show it. {}", advice(name)))
            }
        }
    }
    for name in ["activate", "deactivate"] {
        if let Some(call) = parts.calls.get(name) {
            report.call(name, call, parts.switches.get(name).copied().unwrap_or_default());
        }
    }
    let by_update = parts.update.as_ref().is_some_and(|update| update.active);
    if by_update && facts.active_by_name {
        report.missing(
            "activation: the recording shows one state only. Deactivate a connector, open it, and \
             activate it again."
                .to_owned(),
        );
    } else if by_update {
        report.line("activation: the update carries the state.".to_owned());
    } else if !parts.switched {
        let missing = ["activate", "deactivate"].into_iter();
        let missing: Vec<&str> = missing.filter(|name| !parts.calls.contains_key(name)).collect();
        report.missing(format!(
            "activation: {} is not in the recording. Deactivate a connector, open it, and activate \
             it again.",
            missing.join(" and ")
        ));
    }
    if facts.active_by_order {
        report.line(
            "active: the words of the two states do not tell which one is active; the first one \
             seen was taken."
                .to_owned(),
        );
    }
    if facts.active.is_none() {
        report.missing("active: no response shows the state of a connector.".to_owned());
    } else if facts.active_by_name {
        report.line("active: known by its name; the recording shows one state only.".to_owned());
    }
    if let Some(listing) = &parts.listing {
        match (&listing.paging, listing.paging_seen) {
            (Some(_), true) => report.line("list: paging was seen.".to_owned()),
            (Some(_), false) => report.line(
                "list: one page was recorded. Paging was not seen: how the next page is fetched is \
                 taken from names."
                    .to_owned(),
            ),
            (None, _) => {
                report.line("list: one page was recorded, and nothing tells how there could be \
                             another one. Paging was not seen.".to_owned());
            }
        }
        let never: Vec<&str> = listing
            .fields
            .iter()
            .filter(|(_, place)| place.is_none())
            .map(|(name, _)| *name)
            .collect();
        if !never.is_empty() {
            report.line(format!("list: rows do not have {}.", never.join(", ")));
        }
    }
    if facts.id.is_none() {
        report.missing("id: no response shows an id that later requests carry.".to_owned());
    }
    tell_arguments(story, parts, &recorded, report);
    let missing: Vec<&str> =
        Kind::ALL.into_iter().filter(|kind| !recorded.contains(kind)).map(Kind::word).collect();
    if !missing.is_empty() && parts.create.is_some() {
        report.line(format!(
            "Not recorded, and so refused: connectors of {}. Record the creation of one to add it.",
            missing.join(", ")
        ));
    }
    if roles.other_updates > 0 {
        report.line(
            "More than one call edits connectors; the one that sends the most was taken."
                .to_owned(),
        );
    }
    for omission in omitted {
        report.line(format!("{omission}."));
    }
    let used: BTreeSet<usize> = [&roles.list, &roles.read, &roles.create, &roles.update]
        .into_iter()
        .flatten()
        .flat_map(|group| group.calls.clone())
        .collect();
    let any = |test: &dyn Fn(&crate::call::Call) -> bool| {
        used.iter().any(|&call| test(&story.calls[call]))
    };
    if any(&|call| call.csrf) && !any(&|call| call.bearer) {
        report.line(
            "The calls carried a CSRF token and no bearer token: an access token may not do."
                .to_owned(),
        );
    } else if any(&|call| call.csrf) {
        report.line("The calls also carried a CSRF token, which is not in the profile.".to_owned());
    } else if any(&|call| call.cookie) && !any(&|call| call.bearer) {
        report.line(
            "The calls were authenticated by a cookie and no bearer token: an access token may \
             not do."
                .to_owned(),
        );
    } else if !any(&|call| call.bearer) {
        report.line(
            "The recording does not show how the calls were authenticated; browsers leave that \
             out. The provider sends its access token as a bearer token."
                .to_owned(),
        );
    }
    if !headers.refused.is_empty() {
        report.line(format!(
            "Left out, because they belong to one session: headers {}.",
            words(headers.refused.iter().map(String::as_str))
        ));
    }
    if any(&|call| call.batched) {
        report.line(
            "Several procedures were called in one request; they were taken apart, and are called \
             one by one."
                .to_owned(),
        );
    }
    match &story.organization {
        None => report.line("organization: not found in the requests; none is sent.".to_owned()),
        Some(_) if story.odd_organization() => report.line(
            "organization: the requests name it by something else than its UUID. The provider \
             sends the UUID; check whether Webex takes it."
                .to_owned(),
        ),
        Some(_) => {}
    }
}

fn advice(name: &str) -> &'static str {
    match name {
        "list" => "Open the list of connectors after you have created one.",
        "read" => "Open a connector after you have created it.",
        "create" => "Record while you create a connector.",
        "update" => "Edit the connector that you have created.",
        "delete" => "Delete the connector that you have created.",
        _ => "",
    }
}

fn tell_arguments(story: &Story, parts: &Parts, recorded: &BTreeSet<Kind>, report: &mut Report) {
    for argument in Argument::ALL {
        let kinds: Vec<Kind> =
            recorded.iter().copied().filter(|kind| kind.allows(argument)).collect();
        let Some(create) = &parts.create else { continue };
        if argument.is_choice() {
            let choice = if argument == Argument::AuthenticationType {
                &parts.facts.authentication
            } else {
                &parts.facts.grant
            };
            match (&choice.place, kinds.is_empty()) {
                (Some(place), _) => report.field(
                    argument.word(),
                    place,
                    choice.at.as_deref(),
                    if choice.by_name { "by its name" } else { "by what differs between kinds" },
                ),
                (None, false) if argument == Argument::AuthenticationType => report.missing(
                    "authentication_type: no member tells the kinds of connectors apart. Record a \
                     connector of another kind, too."
                        .to_owned(),
                ),
                (None, _) => {}
            }
            continue;
        }
        let typed = |kind: Kind| {
            story.typed.iter().any(|typed| {
                typed.kind == kind && typed.of(argument).iter().any(|value| !value.is_empty())
            })
        };
        let mut places: BTreeSet<Place> = BTreeSet::new();
        let mut by_name = false;
        for kind in &kinds {
            let own = parts.places.get(kind).into_iter().flatten();
            for (place, found) in own.filter(|(_, found)| found.argument == argument) {
                places.insert(place.clone());
                by_name |= found.by_name;
            }
        }
        let lost: Vec<Kind> = kinds
            .iter()
            .copied()
            .filter(|kind| {
                typed(*kind)
                    && !create.arguments.get(kind).is_some_and(|own| own.contains(&argument))
            })
            .collect();
        for place in &places {
            let at = parts.facts.arguments.get(&argument).and_then(|own| own.values().next());
            report.field(
                argument.word(),
                place,
                at.map(Vec::as_slice),
                if by_name { "the names decide between equal values" } else { "by its value" },
            );
            if argument.is_credential() && place.first() != Some(&member("body")) {
                report.missing(format!(
                    "{}: it stands outside of the body, where credentials are not sent.",
                    argument.word()
                ));
            }
        }
        if !lost.is_empty() {
            let kinds = words(lost.iter().map(|kind| kind.word()));
            report.missing(if argument.is_credential() {
                format!(
                    "{}: what was typed is not in the request that creates {kinds}. The page \
                     encrypts or changes it, so it cannot be managed from outside.",
                    argument.word()
                )
            } else {
                format!(
                    "{}: what was typed is not in the request that creates {kinds}.",
                    argument.word()
                )
            });
        }
    }
}

/// Writes the profile.
fn profile(
    story: &Story,
    origin: &str,
    roles: &Roles,
    parts: &Parts,
    headers: &headers::Headers,
    report: &mut Report,
) -> Json {
    let facts = &parts.facts;
    let mut members = vec![("format".to_owned(), Json::Number(1.into()))];
    let regional = is_regional(origin);
    if !regional {
        members.push(text_member("base_url", origin));
    }
    if !headers.all.is_empty() {
        let all = headers.all.iter().map(|(name, value)| text_member(name, value));
        members.push(("headers".to_owned(), Json::Object(all.collect())));
    }
    let built_in = Json::read(BUILT_IN.as_bytes()).unwrap_or(Json::Null);
    let fits = regional && fits_built_in(parts, &built_in);
    let order =
        ["list", "read", "create", "update", "delete", "activate", "deactivate", "references"];
    let mut calls = Vec::new();
    for name in order {
        let kept = || {
            let known = built_in.get("calls")?.get(name)?.clone();
            fits.then_some(known)
        };
        match parts.calls.get(name) {
            Some(call) => calls.push((name.to_owned(), call.clone())),
            None => {
                if let Some(call) = kept() {
                    report.line(format!("{name}: kept as it was assumed, because the rest fits."));
                    calls.push((name.to_owned(), call));
                }
            }
        }
    }
    members.push(("calls".to_owned(), Json::Object(calls)));
    let mut fields = Vec::new();
    let learned = fields_json(story, parts);
    let same = fits
        && learned.iter().all(|(name, field)| {
            let known = built_in.get("fields").and_then(|fields| fields.get(name));
            known.and_then(|known| known.get("at")) == field.get("at") || field.get("at").is_none()
        });
    for name in field_names() {
        match learned.iter().find(|(known, _)| known == name) {
            Some(field) => fields.push(field.clone()),
            None if same => {
                let known = built_in.get("fields").and_then(|fields| fields.get(name));
                fields.extend(known.map(|known| (name.to_owned(), known.clone())));
            }
            None => {}
        }
    }
    members.push(("fields".to_owned(), Json::Object(fields)));
    let custom = custom_only(parts);
    if !custom.is_empty() {
        members.push(("custom_only".to_owned(), Json::Object(custom)));
    }
    let setting = |value: bool| {
        Json::Object(vec![
            text_member("standing", "learned"),
            ("value".to_owned(), Json::Bool(value)),
        ])
    };
    if let Some(omit) = facts.reads_omit_empty {
        members.push(("reads_omit_empty".to_owned(), setting(omit)));
    }
    if let Some(locked) = locked(story, roles, facts) {
        members.push(("active_is_locked".to_owned(), setting(locked)));
    }
    Json::Object(members)
}

/// Whether a host is that of a region.
fn is_regional(origin: &str) -> bool {
    let host = origin.strip_prefix("https://").unwrap_or_default();
    let region = host.strip_prefix("api.wxcc-").and_then(|rest| rest.strip_suffix(".cisco.com"));
    region.is_some_and(|region| {
        !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Whether all calls that were learned are those of the built-in profile.
fn fits_built_in(parts: &Parts, built_in: &Json) -> bool {
    let same = |name: &&str| {
        let known = built_in.get("calls").and_then(|calls| calls.get(name));
        let learned = parts.calls.get(*name);
        known.zip(learned).is_none_or(|(known, learned)| {
            known.get("path") == learned.get("path") && known.get("method") == learned.get("method")
        })
    };
    let names = ["list", "read", "create", "update", "delete"];
    let any = names.iter().any(|name| parts.calls.contains_key(name));
    let by_call = ["activate", "deactivate"].iter().any(|name| parts.calls.contains_key(name));
    any && !by_call && names.iter().all(same)
}

fn fields_json(story: &Story, parts: &Parts) -> Vec<(String, Json)> {
    let facts = &parts.facts;
    let mut fields: Vec<(String, Json)> = Vec::new();
    let mut add = |name: &str, at: Option<Json>, more: Vec<(String, Json)>| {
        let guessed = name == "active" && facts.active_by_name;
        let standing = if guessed { "inferred" } else { "learned" };
        let mut members = vec![text_member("standing", standing)];
        members.extend(at.map(|at| ("at".to_owned(), at)));
        members.extend(more);
        fields.push((name.to_owned(), Json::Object(members)));
    };
    let at = |place: &Place| Some(Json::text(pointer(place)));
    if let Some(place) = &facts.id {
        let number = facts.id_is_number.then(|| text_member("type", "number"));
        add("id", at(place), number.into_iter().collect());
    }
    for (name, place) in [("organization_id", &facts.organization), ("version", &facts.version)] {
        if let Some(place) = place {
            add(name, at(place), Vec::new());
        }
    }
    if let (Some(place), Some((active, inactive))) = (&facts.active, &facts.active_values) {
        let values = Json::Object(vec![
            ("true".to_owned(), active.clone()),
            ("false".to_owned(), inactive.clone()),
        ]);
        add("active", at(place), vec![("values".to_owned(), values)]);
    }
    for (name, place) in [("created_time", &facts.created), ("last_updated_time", &facts.updated)] {
        if let Some(place) = place {
            add(name, at(place), Vec::new());
        }
    }
    let encodings = resolve::encodings(&parts.places);
    for argument in Argument::ALL {
        if argument.is_choice() {
            let choice = if argument == Argument::AuthenticationType {
                &facts.authentication
            } else {
                &facts.grant
            };
            if choice.place.is_none() && choice.at.is_none() {
                continue;
            }
            let mut literals = choice.literals.clone();
            let order = [
                "basic",
                "oauth2",
                "client_credentials",
                "password",
                "client_credentials_certificate",
            ];
            literals.sort_by_key(|(word, _)| order.iter().position(|known| known == word));
            if !literals.is_empty() {
                let values = vec![("values".to_owned(), Json::Object(literals))];
                add(argument.word(), choice.at.as_ref().and_then(at), values);
            }
            continue;
        }
        let written =
            parts.places.values().any(|own| own.values().any(|found| found.argument == argument));
        let by_kind = facts.arguments.get(&argument).cloned().unwrap_or_default();
        if !written && by_kind.is_empty() {
            continue;
        }
        let place = if by_kind.is_empty() && argument.is_credential() {
            hidden_place(story, parts, argument).and_then(|place| at(&place))
        } else {
            let distinct: BTreeSet<&Place> = by_kind.values().collect();
            match distinct.len() {
                0 => None,
                1 => distinct.first().and_then(|place| at(place)),
                _ => Some(Json::Object(
                    by_kind
                        .iter()
                        .map(|(kind, place)| text_member(kind.word(), &pointer(place)))
                        .collect(),
                )),
            }
        };
        let encoding = encodings.get(&argument).and_then(|encoding| encoding.word());
        let encoding = encoding.map(|word| text_member("encoding", word));
        add(argument.word(), place, encoding.into_iter().collect());
    }
    fields
}

/// Returns the place of a credential that responses hide: where requests have it.
fn hidden_place(story: &Story, parts: &Parts, argument: Argument) -> Option<Place> {
    let requests = parts.places.values().flatten();
    let places = requests.filter(|(_, found)| found.argument == argument);
    for (place, _) in places {
        for start in 1..place.len() {
            let tail = &place[start..];
            let there = parts.facts.timeline.iter().any(|seen| {
                story.typed[seen.connector].kind.allows(argument)
                    && seen
                        .object
                        .at(tail)
                        .is_some_and(|value| matches!(value, Json::Null | Json::Text(_)))
            });
            if there {
                return Some(tail.to_vec());
            }
        }
    }
    None
}

/// Returns the members that only custom connectors have.
fn custom_only(parts: &Parts) -> Vec<(String, Json)> {
    let Some(create) = &parts.create else { return Vec::new() };
    let facts = &parts.facts;
    let own: Vec<&Json> = parts.listing.iter().flat_map(|listing| &listing.own).collect();
    let others: Vec<&Json> = parts.listing.iter().flat_map(|listing| &listing.others).collect();
    let objects: Vec<&Json> = facts.timeline.iter().map(|seen| &seen.object).collect();
    let mut candidates: BTreeMap<Place, Json> = BTreeMap::new();
    for object in &objects {
        for (place, value) in object.leaves(&|_| false) {
            if let Json::Text(text) = value
                && !text.is_empty()
                && text.len() <= 60
                && !crate::values::is_private(text)
            {
                candidates.entry(place).or_insert_with(|| value.clone());
            }
        }
    }
    let sent: BTreeSet<(Option<String>, String)> = create
        .slots
        .values()
        .flatten()
        .filter_map(|(place, slot)| match slot {
            Slot::Constant(Json::Text(text)) => {
                Some((last_name(place).map(str::to_owned), text.clone()))
            }
            _ => None,
        })
        .collect();
    let taken = |place: &Place| {
        facts.places.values().any(|own| own.contains_key(place))
            || [&facts.authentication.at, &facts.grant.at, &facts.active, &facts.id, &facts.version]
                .iter()
                .any(|known| known.as_ref() == Some(place))
    };
    let mut found = Vec::new();
    for (place, value) in candidates {
        let same = |object: &&Json| object.at(&place).is_none_or(|other| *other == value);
        let constant = objects.iter().all(same) && own.iter().all(same);
        if !constant || taken(&place) {
            continue;
        }
        let words = likeness_of(
            &place[place.len().saturating_sub(1)..].to_vec(),
            &["type", "kind", "category", "class", "family", "provider"],
            &[],
        );
        let name = last_name(&place).map(str::to_owned);
        let sent = sent.contains(&(name, value.as_text().unwrap_or_default().to_owned()));
        let differs = others.iter().any(|other| {
            other.at(&place).is_some_and(|other| *other != value && other.as_text().is_some())
        });
        let choice = likeness(&place, Argument::GrantType) >= 12
            || likeness(&place, Argument::AuthenticationType) >= 14;
        if (sent && (differs || words > 0) || differs && words > 0) && !choice {
            found.push((pointer(&place), value));
        }
    }
    found
}

/// Whether an active connector refuses edits, if the recording shows it.
fn locked(story: &Story, roles: &Roles, facts: &Facts) -> Option<bool> {
    if roles.locked {
        return Some(true);
    }
    let (place, (active, _)) = facts.active.as_ref().zip(facts.active_values.as_ref())?;
    let update = roles.update.as_ref()?;
    let edited = update.calls.iter().any(|&call| {
        let Some(connector) = story.about[call] else { return false };
        let own = |seen: &&crate::objects::Seen| seen.connector == connector;
        let state = |seen: &crate::objects::Seen| {
            seen.object.at(place).is_some_and(|value| crate::facts::alike(value, active))
        };
        let before = facts.timeline.iter().filter(own).rev().find(|seen| seen.call < call);
        let switched = (0..call).rev().find(|&earlier| {
            story.about[earlier] == Some(connector)
                && story.has_id[earlier]
                && story.calls[earlier].method != "GET"
                && before.is_some_and(|before| earlier > before.call)
        });
        story.carries_edit(call, connector) && before.is_some_and(state) && switched.is_none()
    });
    edited.then_some(false)
}
