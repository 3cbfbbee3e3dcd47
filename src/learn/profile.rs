//! Writes a profile of what was found.

use std::collections::{BTreeMap, BTreeSet};

use crate::call::decode;
use crate::calls::Written;
use crate::facts::{Facts, alike};
use crate::form::Argument;
use crate::headers::Headers;
use crate::json::{Json, Place, Step, pointer};
use crate::listing::Listing;
use crate::objects::Seen;
use crate::report::Report;
use crate::resolve::{self, Places, last_name};
use crate::roles::Roles;
use crate::story::Story;
use crate::values::{likeness, likeness_of};

/// The profile that the provider has without a recording.
const BUILT_IN: &str = include_str!("../webex/profile/built_in.json");

/// All that was found, for the profile.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) calls: BTreeMap<&'static str, Json>,
    pub(crate) create: Option<Written>,
    pub(crate) update: Option<Written>,
    pub(crate) facts: Facts,
    pub(crate) places: Places,
    pub(crate) listing: Option<Listing>,
    /// The calls that a profile cannot express.
    pub(crate) left_out: BTreeSet<&'static str>,
    /// The members that mark custom connectors.
    pub(crate) marks: Vec<(Place, Json)>,
    pub(crate) switches: BTreeMap<&'static str, usize>,
    pub(crate) switched: bool,
}

/// Makes a member of an object.
pub(crate) fn text_member(name: &str, text: &str) -> (String, Json) {
    (name.to_owned(), Json::text(text))
}

/// Returns the names of all fields in the order of a profile.
pub(crate) fn field_names() -> Vec<&'static str> {
    let read_only =
        ["id", "organization_id", "version", "active", "created_time", "last_updated_time"];
    read_only.into_iter().chain(Argument::ALL.map(Argument::word)).collect()
}

/// Writes the profile.
pub(crate) fn profile(
    story: &Story,
    origin: &str,
    roles: &Roles,
    parts: &Parts,
    headers: &Headers,
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
    let mut learned = fields_json(story, parts);
    learned.retain(|(name, field)| {
        let is_own = holds_own_step(story, field);
        if is_own {
            report.missing(own_steps(name));
        }
        !is_own
    });
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
    if !parts.marks.is_empty() {
        let marks = parts.marks.iter().map(|(place, value)| (pointer(place), value.clone()));
        members.push(("custom_only".to_owned(), Json::Object(marks.collect())));
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

/// Leaves out the calls that a profile cannot express, because a value of the recording is in their
/// paths or is the name of a member.
pub(crate) fn leave_out_own(story: &Story, parts: &mut Parts, report: &mut Report) {
    parts.calls.retain(|name, call| {
        let path = call.get("path").and_then(Json::as_text).unwrap_or_default();
        let in_path = path.split('/').any(|segment| story.is_own(&decode(segment)));
        if in_path {
            report.missing(format!(
                "{name}: its path has a value of the session or of a connector, which a profile \
                 cannot express."
            ));
        }
        let in_steps = holds_own_step(story, call);
        if in_steps {
            report.missing(own_steps(name));
        }
        if in_path || in_steps {
            parts.left_out.insert(name);
        }
        !in_path && !in_steps
    });
    // A profile has both or none.
    let switches = ["activate", "deactivate"];
    if switches.iter().any(|name| parts.left_out.contains(name)) {
        parts.calls.retain(|name, _| !switches.contains(name));
    }
}

fn own_steps(name: &str) -> String {
    format!("{name}: the responses use ids as names of members, which a profile cannot express.")
}

/// Whether a part of a profile has a member, or a JSON Pointer with a step, that is a value of the
/// recording.
fn holds_own_step(story: &Story, part: &Json) -> bool {
    let mut found = false;
    part.walk(&mut |place, value| {
        let parts = ["response", "overlay", "at"];
        let is_pointer =
            matches!(place.first(), Some(Step::Member(part)) if parts.contains(&part.as_str()));
        let pointer = value.as_text().filter(|_| is_pointer);
        let mut steps = pointer.into_iter().flat_map(|text| text.split('/'));
        found |= story.has_own_step(&place[place.len().saturating_sub(1)..])
            || steps.any(|step| story.is_own(&step.replace("~1", "/").replace("~0", "~")));
        !found
    });
    found
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

/// Returns the members that mark custom connectors.
pub(crate) fn marks(
    story: &Story,
    facts: &Facts,
    create: Option<&Written>,
    listing: Option<&Listing>,
) -> Vec<(Place, Json)> {
    let Some(create) = create else { return Vec::new() };
    let own: Vec<&Json> = listing.iter().flat_map(|listing| &listing.own).collect();
    let others: Vec<&Json> = listing.iter().flat_map(|listing| &listing.others).collect();
    let objects: Vec<&Json> = facts.timeline.iter().map(|seen| &seen.object).collect();
    let mut candidates: BTreeMap<Place, Json> = BTreeMap::new();
    for object in &objects {
        for (place, value) in object.leaves(&|_| false) {
            if let Json::Text(text) = value
                && !text.is_empty()
                && text.len() <= 60
                && !story.is_private(text)
            {
                candidates.entry(place).or_insert_with(|| value.clone());
            }
        }
    }
    let sent: BTreeSet<(Option<String>, String)> = create
        .slots
        .values()
        .flatten()
        .filter_map(|(place, slot)| {
            let text = slot.constant()?.as_text()?;
            Some((last_name(place).map(str::to_owned), text.to_owned()))
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
        if !constant || taken(&place) || story.has_own_step(&place) {
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
            found.push((place, value));
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
        let own = |seen: &&Seen| seen.connector == connector;
        let is_active =
            |seen: &Seen| seen.object.at(place).is_some_and(|value| alike(value, active));
        let before = facts.timeline.iter().filter(own).rev().find(|seen| seen.call < call);
        let after = facts.timeline.iter().filter(own).find(|seen| seen.call >= call);
        // A switch since then may have deactivated it.
        let switched = before.is_some_and(|before| {
            (before.call + 1..call).any(|earlier| {
                story.about[earlier] == Some(connector)
                    && story.has_id[earlier]
                    && story.calls[earlier].method != "GET"
            })
        });
        story.edits(call, connector)
            && before.is_some_and(is_active)
            && after.is_some_and(is_active)
            && !switched
    });
    edited.then_some(false)
}
