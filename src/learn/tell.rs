//! Writes the report, and what is missing.

use std::collections::BTreeSet;

use crate::call::Call;
use crate::calls::Written;
use crate::form::{Argument, Kind};
use crate::headers::Headers;
use crate::json::{Json, Place, member, pointer};
use crate::listing::Listing;
use crate::profile::Parts;
use crate::report::Report;
use crate::roles::{Group, Roles};
use crate::slots::Omissions;
use crate::story::Story;
use crate::values::is_private;

/// Writes the report, and what is missing.
pub(crate) fn tell(
    story: &Story,
    roles: &Roles,
    parts: &Parts,
    headers: &Headers,
    omitted: &Omissions,
    report: &mut Report,
) {
    tell_calls(story, roles, parts, report);
    tell_activation(parts, report);
    if let Some(listing) = &parts.listing {
        tell_listing(listing, report);
    }
    if parts.facts.id.is_none() {
        report.missing("id: no response shows an id that later requests carry.");
    }
    if !story.doubtful.is_empty() {
        report.missing(
            "id: more than one value of a connector may be its id. Open and edit the connector \
             again, and delete it.",
        );
    }
    if roles.doubtful_create {
        report.missing(
            "create: more than one call sends what was typed before a response shows the \
             connector, and nothing shows which of them creates it. Check the call in the profile.",
        );
    }
    if let Some(create) = &parts.create {
        tell_arguments(story, parts, create, report);
        let missing = Kind::ALL.into_iter().filter(|kind| !create.slots.contains_key(kind));
        let missing = words(missing.map(Kind::word));
        if !missing.is_empty() {
            report.line(format!(
                "The profile cannot create connectors of {missing}, which are not in the recording. \
                 To add a kind, record the creation of a connector of that kind."
            ));
        }
    }
    if roles.other_updates > 0 {
        report.line(
            "More than one call edits connectors. The profile has the one that sends the most.",
        );
    }
    for ((call, place), omission) in
        omitted.iter().filter(|((_, place), _)| !story.has_own_step(place))
    {
        let text =
            format!("{call}: {} is omitted, because {}.", &pointer(place)[1..], omission.reason);
        if omission.is_constant && *call != "references" {
            report.missing(format!("{text} If the call needs it, add it to the profile."));
        } else {
            report.line(text);
        }
    }
    tell_headers(story, roles, headers, report);
    for (name, call) in &parts.calls {
        let path = call.get("path").and_then(Json::as_text).unwrap_or_default();
        if path.split('/').any(|segment| !segment.contains('{') && is_private(segment)) {
            report.line(format!(
                "{name}: check the path before you publish the profile: a fixed part looks like an \
                 id of your organization."
            ));
        }
    }
    for connector in 0..story.typed.len() {
        if !story.about.contains(&Some(connector)) {
            let number = connector + 1;
            report.line(format!("The recording shows nothing of connector {number} of the form."));
        }
    }
    match &story.organization {
        None => report.line("organization: not found in the requests, so none is sent."),
        Some(_) if story.odd_organization() => report.line(
            "organization: the requests do not use its UUID. The provider sends the UUID: check \
             whether Webex accepts it.",
        ),
        Some(_) => {}
    }
}

fn tell_calls(story: &Story, roles: &Roles, parts: &Parts, report: &mut Report) {
    for (name, group, advice) in [
        ("list", &roles.list, "Open the list of connectors after you have created one."),
        ("read", &roles.read, "Open a connector after you have created it."),
        ("create", &roles.create, "Record while you create a connector."),
        ("update", &roles.update, "Edit the connector that you have created."),
        ("delete", &roles.delete, "Delete the connector that you have created."),
    ] {
        let (Some(group), Some(call)) = (group, parts.calls.get(name)) else {
            if !parts.left_out.contains(name) {
                report.missing(format!("{name}: the recording does not show it. {advice}"));
            }
            continue;
        };
        report.call(name, call, group.calls.len());
        let repeated = group.calls.iter().flat_map(|&call| &story.calls[call].repeated);
        for parameter in repeated.filter(|parameter| !story.is_private(parameter)) {
            report.missing(format!(
                "{name}: the parameter {parameter} is sent more than once, which a profile cannot \
                 express."
            ));
        }
        if name == "update" {
            tell_if_match(story, group, call, report);
        }
        if story.calls[group.calls[0]].other_body {
            report.missing(format!("{name}: its body is not JSON, which is not supported."));
        }
    }
    for name in ["activate", "deactivate"] {
        if let Some(call) = parts.calls.get(name) {
            report.call(name, call, parts.switches.get(name).copied().unwrap_or_default());
        }
    }
}

/// A header `If-Match` that is not the version is not in the profile.
fn tell_if_match(story: &Story, update: &Group, call: &Json, report: &mut Report) {
    let is_if_match = |(name, _): &&(String, Json)| name.eq_ignore_ascii_case("if-match");
    let has = |json: Option<&Json>| match json {
        Some(Json::Object(members)) => {
            members.iter().find(is_if_match).is_some_and(|(_, value)| value.as_text() != Some("*"))
        }
        _ => false,
    };
    let sent = update.calls.iter().any(|&call| has(story.calls[call].request.get("headers")));
    if sent && !has(call.get("headers")) {
        report.missing(
            "update: the header If-Match is omitted, because its value is in no member of the \
             responses, which a profile cannot express.",
        );
    }
}

fn tell_activation(parts: &Parts, report: &mut Report) {
    let facts = &parts.facts;
    let by_update = parts.update.as_ref().is_some_and(|update| update.active);
    if by_update && facts.active_by_name {
        report.missing(
            "activation: the recording shows one state only. Deactivate a connector, open it, and \
             activate it again.",
        );
    } else if by_update {
        report.line("activation: the update carries the state.");
    } else if !parts.switched {
        let missing = ["activate", "deactivate"].into_iter();
        let missing: Vec<&str> =
            missing.filter(|name| !parts.switches.contains_key(name)).collect();
        report.missing(format!(
            "activation: {} is not in the recording. Deactivate a connector, open it, and activate \
             it again.",
            missing.join(" and ")
        ));
    }
    if facts.active_by_order {
        report.line(
            "active: the words of the two states do not show which one is active. The first one \
             in the recording is used.",
        );
    }
    if facts.active.is_none() {
        report.missing("active: no response shows the state of a connector.");
    } else if facts.active_by_name {
        report.line("active: known by its name; the recording shows one state only.");
    }
    if facts.version.is_none() {
        report.line("version: no member of the responses changes with each update.");
    }
}

fn tell_listing(listing: &Listing, report: &mut Report) {
    if listing.by_offset {
        report.missing(
            "list: its pages begin at the number of a row (an offset), which a profile cannot \
             express.",
        );
    }
    let paging = match (&listing.paging, listing.paging_seen) {
        (Some(_), true) => "list: paging was seen.",
        (Some(_), false) => {
            "list: one page was recorded, so paging was not seen. Names of members decide how the \
             next page is fetched."
        }
        (None, _) => {
            "list: one page was recorded, and nothing shows how another page could be fetched. \
             Paging was not seen."
        }
    };
    report.line(paging);
    let never = listing.fields.iter().filter(|(_, place)| place.is_none());
    let never = words(never.map(|(name, _)| *name));
    if !never.is_empty() {
        report.line(format!("list: rows do not have {never}."));
    }
}

/// Writes how the calls were authenticated, and what a profile cannot repeat of their headers.
fn tell_headers(story: &Story, roles: &Roles, headers: &Headers, report: &mut Report) {
    let used = [&roles.list, &roles.read, &roles.create, &roles.update].into_iter().flatten();
    let used: BTreeSet<usize> = used.flat_map(|group| group.calls.clone()).collect();
    let any = |test: fn(&Call) -> bool| used.iter().any(|&call| test(&story.calls[call]));
    let [csrf, bearer, cookie] =
        [|call: &Call| call.csrf, |call: &Call| call.bearer, |call: &Call| call.cookie].map(any);
    let authentication = match (csrf, bearer, cookie) {
        (true, false, _) => {
            "The calls carried a CSRF token and no bearer token: an access token may not work."
        }
        (true, true, _) => "The calls also carried a CSRF token, which is not in the profile.",
        (false, false, true) => {
            "The calls were authenticated by a cookie and no bearer token: an access token may not \
             work."
        }
        (false, false, false) => {
            "The recording does not show how the calls were authenticated, because browsers omit \
             that. The provider sends its access token as a bearer token."
        }
        (false, true, _) => "",
    };
    if !authentication.is_empty() {
        report.line(authentication);
    }
    if !headers.refused.is_empty() {
        report.line(format!(
            "Headers that belong to one session are omitted: {}.",
            words(headers.refused.iter().map(String::as_str))
        ));
    }
    if any(|call| call.batched) {
        report.line("One request called several procedures. The profile calls them one by one.");
    }
}

fn tell_arguments(story: &Story, parts: &Parts, create: &Written, report: &mut Report) {
    for argument in Argument::ALL {
        let kinds: Vec<Kind> =
            create.slots.keys().copied().filter(|kind| kind.allows(argument)).collect();
        if argument.is_choice() {
            let choice = if argument == Argument::AuthenticationType {
                &parts.facts.authentication
            } else {
                &parts.facts.grant
            };
            match (&choice.place, kinds.is_empty()) {
                (Some(place), _) if story.has_own_step(place) => {}
                (Some(place), _) => report.field(
                    argument.word(),
                    place,
                    choice.at.as_deref().filter(|at| !story.has_own_step(at)),
                    if choice.by_name { "by its name" } else { "by what differs between kinds" },
                ),
                (None, false) if argument == Argument::AuthenticationType => report.missing(
                    "authentication_type: no member differs between the kinds of connectors. Also \
                     record a connector of another kind.",
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
            if story.has_own_step(place) || at.is_some_and(|at| story.has_own_step(at)) {
                continue;
            }
            report.field(
                argument.word(),
                place,
                at.map(Vec::as_slice),
                if by_name { "the names decide between equal values" } else { "by its value" },
            );
            if argument.is_credential() && place.first() != Some(&member("body")) {
                report.missing(format!(
                    "{}: it is outside of the body, where credentials are not sent.",
                    argument.word()
                ));
            }
        }
        if !lost.is_empty() {
            let kinds = words(lost.iter().map(|kind| kind.word()));
            report.missing(if argument.is_credential() {
                format!(
                    "{}: the typed value is not in the request that creates {kinds}. The page \
                     encrypts or changes it, so the provider cannot send it.",
                    argument.word()
                )
            } else {
                format!(
                    "{}: the typed value is not in the request that creates {kinds}.",
                    argument.word()
                )
            });
        }
    }
}

/// Joins words.
pub(crate) fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
