//! Finds rows and pages of lists.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::facts::{Facts, alike};
use crate::form::Argument;
use crate::json::{Json, Place, Step, member, pointer};
use crate::objects::Row;
use crate::resolve::last_name;
use crate::story::Story;
use crate::values::{likeness_of, most, name_words};

/// The form of a list.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) rows: Place,
    pub(crate) row: Place,
    /// Other places of fields in rows; none where rows do not have the field.
    pub(crate) fields: BTreeMap<&'static str, Option<Place>>,
    pub(crate) paging: Option<Paging>,
    /// Whether more than one page was seen.
    pub(crate) paging_seen: bool,
    /// Whether the request of another page has the number of its first row.
    pub(crate) by_offset: bool,
    /// The places of all rows, own and others.
    pub(crate) others: Vec<Json>,
    pub(crate) own: Vec<Json>,
}

/// How the next page is found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Paging {
    Link(Place),
    /// The place in the response, and that in the request.
    Cursor(Place, Place),
    /// The number of the first page, the place in the request, and the number of rows or pages.
    Page(u64, Place, Option<(&'static str, Place)>),
}

impl Paging {
    /// Returns the place of the request that is written anew for each page.
    pub(crate) fn parameter(&self) -> Option<(&Place, &'static str)> {
        match self {
            Self::Link(_) => None,
            Self::Cursor(_, place) => Some((place, "cursor")),
            Self::Page(_, place, _) => Some((place, "page")),
        }
    }

    /// Returns the JSON of a profile.
    pub(crate) fn json(&self) -> Json {
        let object = |members: Vec<(&str, Json)>| {
            Json::Object(members.into_iter().map(|(name, v)| (name.to_owned(), v)).collect())
        };
        match self {
            Self::Link(place) => object(vec![("link", Json::text(pointer(place)))]),
            Self::Cursor(place, _) => object(vec![("cursor", Json::text(pointer(place)))]),
            Self::Page(first, _, total) => {
                let mut members = vec![("page", Json::Number((*first).into()))];
                if let Some((name, place)) = total {
                    members.push((name, Json::text(pointer(place))));
                }
                object(members)
            }
        }
    }
}

/// Finds rows and pages in the calls of a list.
pub(crate) fn find(story: &Story, facts: &Facts, calls: &[usize], rows: &[Row]) -> Listing {
    let mut listing = Listing {
        rows: most(rows.iter().map(|row| row.rows.clone())).unwrap_or_default(),
        ..Listing::default()
    };
    let found = rows.iter().filter_map(|row| facts.object_in(story, &row.row, row.connector));
    listing.row = most(found.map(|(place, _)| place)).unwrap_or_default();
    let mut ids = BTreeSet::new();
    for row in rows {
        if let Some(object) = row.row.at(&listing.row) {
            listing.own.push(object.clone());
        }
        ids.extend(story.ids[row.connector].clone());
    }
    for &call in calls {
        let response = story.calls[call].response.as_ref();
        let Some(Json::Array(items)) = response.and_then(|body| body.at(&listing.rows)) else {
            continue;
        };
        for item in items {
            let Some(object) = item.at(&listing.row) else { continue };
            let is_id = |value: &Json| value.token().is_some_and(|token| ids.contains(&token));
            let at = facts.id.as_ref().and_then(|place| object.at(place));
            let own = at.map_or_else(
                || {
                    let mut own = false;
                    item.walk(&mut |_, value| {
                        own |= is_id(value);
                        !own
                    });
                    own
                },
                is_id,
            );
            if !own {
                listing.others.push(object.clone());
            }
        }
    }
    find_fields(story, facts, rows, &mut listing);
    find_paging(story, facts, calls, &mut listing);
    listing
}

/// Compares the rows with the object that is read.
fn find_fields(story: &Story, facts: &Facts, rows: &[Row], listing: &mut Listing) {
    let objects: Vec<(usize, &Json)> =
        rows.iter().filter_map(|row| Some((row.connector, row.row.at(&listing.row)?))).collect();
    if objects.is_empty() {
        return;
    }
    // Another field with the same value is not this one.
    let taken: BTreeSet<&Place> = facts.arguments.values().flat_map(BTreeMap::values).collect();
    let check = |at: &dyn Fn(usize) -> Option<Place>, fits: &dyn Fn(usize, &Json) -> bool| {
        // None: as in the object. Some(None): never. Some(Some): elsewhere.
        let mut elsewhere: Vec<Place> = Vec::new();
        let mut missing = false;
        let mut asked = false;
        for (connector, object) in &objects {
            let Some(place) = at(*connector) else { continue };
            asked = true;
            if object.at(&place).is_some_and(|value| fits(*connector, value)) {
                return None;
            }
            if object.at(&place).is_some() {
                continue;
            }
            let mut places: Vec<Place> = Vec::new();
            for (other, value) in object.leaves(&|value| story.values.is_list(value)) {
                if fits(*connector, value) && !taken.contains(&other) {
                    places.push(other);
                }
            }
            let named = places.iter().find(|other| last_name(other) == last_name(&place));
            match named.or_else(|| if places.len() == 1 { places.first() } else { None }) {
                Some(found) => elsewhere.push(found.clone()),
                None => missing = true,
            }
        }
        match (asked, most(elsewhere)) {
            (false, _) => None,
            (true, Some(place)) => Some(Some(place)),
            (true, None) => missing.then_some(None),
        }
    };
    for (argument, by_kind) in &facts.arguments {
        if argument.is_credential() {
            continue;
        }
        let at = |connector: usize| {
            let typed = &story.typed[connector];
            let filled = typed.of(*argument).iter().any(|value| !value.is_empty());
            by_kind.get(&typed.kind).filter(|_| filled).cloned()
        };
        let fits = |connector: usize, value: &Json| {
            let hits = story.values.hits(value);
            hits.iter().any(|hit| hit.connector == connector && hit.argument == *argument)
        };
        if let Some(other) = check(&at, &fits) {
            listing.fields.insert(argument.word(), other);
        }
    }
    for (argument, choice) in
        [(Argument::AuthenticationType, &facts.authentication), (Argument::GrantType, &facts.grant)]
    {
        let literal = |connector: usize| choice.by_kind.get(&story.typed[connector].kind);
        let at = |connector: usize| {
            literal(connector).filter(|value| **value != Json::Null).and(choice.at.clone())
        };
        let fits = |connector: usize, value: &Json| {
            literal(connector).is_some_and(|literal| alike(literal, value))
        };
        if let Some(other) = check(&at, &fits) {
            listing.fields.insert(argument.word(), other);
        }
    }
    let id = |_: usize| facts.id.clone();
    let is_id = |connector: usize, value: &Json| value.token() == story.ids[connector];
    if let Some(other) = check(&id, &is_id) {
        listing.fields.insert("id", other);
    }
    let rest = [
        ("organization_id", &facts.organization),
        ("version", &facts.version),
        ("active", &facts.active),
        ("created_time", &facts.created),
        ("last_updated_time", &facts.updated),
    ];
    for (name, place) in rest {
        let Some(place) = place else { continue };
        let there = objects.iter().any(|(_, object)| object.at(place).is_some());
        if there {
            continue;
        }
        let mut elsewhere = Vec::new();
        for (_, object) in &objects {
            for (other, value) in object.leaves(&|_| false) {
                if last_name(&other) == last_name(place) && !matches!(value, Json::Null) {
                    elsewhere.push(other);
                }
            }
        }
        listing.fields.insert(name, most(elsewhere));
    }
}

/// Finds how the next page is fetched: by value over several pages, or by names on one.
fn find_paging(story: &Story, facts: &Facts, calls: &[usize], listing: &mut Listing) {
    let parts = [member("query"), member("body")];
    let leaves = |call: usize| {
        let request = &story.calls[call].request;
        let all = request.leaves(&|_| false);
        let own = all
            .into_iter()
            .filter(|(place, _)| place.first().is_some_and(|part| parts.contains(part)));
        own.map(|(place, value)| (place, value.clone())).collect::<BTreeMap<Place, Json>>()
    };
    let outside = |place: &[Step]| !place.starts_with(&listing.rows);
    let ids = |call: usize| row_ids(story, facts, call, listing);
    // A value of one page that the request of the next one has.
    for (index, &call) in calls.iter().enumerate() {
        let before = leaves(call);
        for &next in calls.iter().skip(index + 1).take(5) {
            let after = leaves(next);
            let changed: Vec<(&Place, &Json)> =
                after.iter().filter(|(place, value)| before.get(*place) != Some(*value)).collect();
            if changed.is_empty() {
                continue;
            }
            let Some(response) = &story.calls[call].response else { continue };
            // Lists that show a row twice are no pages of one list.
            let (first, second) = (ids(call), ids(next));
            let are_pages = !first.is_empty() && !second.is_empty() && first.is_disjoint(&second);
            let found = continued(story, response, (call, next), &changed, &listing.rows);
            let found = found.filter(|found| are_pages || matches!(found, Paging::Link(_)));
            if let Some(paging) = found {
                listing.paging = Some(paging);
                listing.paging_seen = true;
                return;
            }
            let counted = changed.iter().find(|(place, value)| {
                let old = before.get(*place).and_then(number);
                let step = number(value).zip(old).is_some_and(|(new, old)| new == old + 1);
                step && (is_page_name(place) || are_pages && first.len() > 1)
            });
            if let Some((place, _)) = counted {
                let first =
                    calls.iter().filter_map(|&call| leaves(call).get(*place).and_then(number));
                let first = first.min().unwrap_or_default().min(1);
                let total = total(response, listing);
                listing.paging = Some(Paging::Page(first, (*place).clone(), total));
                listing.paging_seen = true;
                return;
            }
        }
    }
    let is_offset = |call: usize, next: usize| {
        let (before, rows, others) = (leaves(call), ids(call), ids(next));
        let are_pages = !rows.is_empty() && !others.is_empty() && rows.is_disjoint(&others);
        are_pages
            && leaves(next).iter().any(|(place, value)| {
                let old = before.get(place).and_then(number).unwrap_or_default();
                let step = number(value).and_then(|new| new.checked_sub(old));
                step == u64::try_from(rows.len()).ok()
            })
    };
    let by_offset = calls.windows(2).any(|two| is_offset(two[0], two[1]));
    let Some(response) = calls.iter().rev().find_map(|&call| story.calls[call].response.as_ref())
    else {
        return;
    };
    let Some(&last) = calls.last() else { return };
    let request = leaves(last);
    // A link to the next page, beside links to others.
    let mut link = None;
    response.walk(&mut |place, value| {
        if let Json::Object(members) = value
            && outside(place)
        {
            let has = |name: &str| {
                members.iter().any(|(key, value)| {
                    key == name
                        && (value.as_text().and_then(query_of).is_some()
                            || value.get("href").is_some())
                })
            };
            let next = members.iter().find(|(key, _)| {
                matches!(key.as_str(), "next" | "nextLink" | "next_link" | "nextUrl")
            });
            let shown = next.is_some_and(|(_, value)| value.as_text().and_then(query_of).is_some());
            let beside = has("self") || has("first") || has("last");
            if link.is_none() && (shown || beside) {
                let mut at = place.to_vec();
                at.push(member(next.map_or("next", |(key, _)| key)));
                let nested = members.iter().any(|(_, value)| value.get("href").is_some());
                if nested {
                    at.push(member("href"));
                }
                link = Some(at);
            }
        }
        true
    });
    if let Some(link) = link {
        listing.paging = Some(Paging::Link(link));
        return;
    }
    // A cursor in the response, and a parameter for it.
    let cursor_words = ["cursor", "after", "continuation", "next", "marker", "token"];
    let mut cursor: Option<(u32, Place)> = None;
    response.walk(&mut |place, value| {
        let scalar = matches!(value, Json::Null | Json::Text(_) | Json::Number(_));
        if scalar && outside(place) && !place.is_empty() {
            let named = likeness_of(
                &place[place.len() - 1..].to_vec(),
                &["cursor", "continuation", "marker"],
                &["next", "token", "end", "page", "after"],
            );
            let next = last_name(place).is_some_and(|name| {
                let words = name_words(name);
                words.iter().any(|word| word == "next" || word == "end")
                    || words.iter().any(|word| word.contains("cursor") || word == "continuation")
            });
            if named >= 4 && next && cursor.as_ref().is_none_or(|(known, _)| named > *known) {
                cursor = Some((named, place.to_vec()));
            }
        }
        true
    });
    if let Some((_, at)) = cursor {
        let parameter = request.iter().find(|(place, value)| {
            let is_of_session = value.as_text().is_some_and(|text| story.is_of_session(text));
            !is_of_session
                && last_name(place).is_some_and(|name| {
                    let words = name_words(name);
                    words.iter().any(|word| cursor_words.contains(&word.as_str()))
                })
        });
        if let Some((parameter, _)) = parameter {
            listing.paging = Some(Paging::Cursor(at, parameter.clone()));
            return;
        }
    }
    let page = request.iter().find(|(place, value)| {
        is_page_name(place) && number(value).is_some_and(|number| number <= 1)
    });
    if let Some((place, value)) = page {
        let first = number(value).unwrap_or_default();
        let total = total(response, listing);
        listing.paging = Some(Paging::Page(first, place.clone(), total));
        return;
    }
    listing.by_offset = by_offset;
}

/// Returns what identifies the rows of a response.
fn row_ids(story: &Story, facts: &Facts, call: usize, listing: &Listing) -> BTreeSet<String> {
    let response = story.calls[call].response.as_ref();
    let Some(Json::Array(items)) = response.and_then(|body| body.at(&listing.rows)) else {
        return BTreeSet::new();
    };
    let place = listing.fields.get("id").cloned().flatten().or(facts.id.clone());
    let id = |item: &Json| item.at(&listing.row)?.at(place.as_ref()?)?.token();
    items.iter().map(|item| id(item).unwrap_or_else(|| item.compact())).collect()
}

/// Whether the name of a place is that of a number of rows.
fn is_size_name(place: &[Step]) -> bool {
    last_name(place).is_some_and(|name| {
        let words = name_words(name);
        words.iter().any(|word| ["limit", "size", "count", "total", "per"].contains(&word.as_str()))
    })
}

/// Finds what the request of the next page has of the response before it: a link, or a cursor.
/// A short value may be equal by chance, so the names decide between several.
fn continued(
    story: &Story,
    response: &Json,
    (call, next): (usize, usize),
    changed: &[(&Place, &Json)],
    rows: &[Step],
) -> Option<Paging> {
    let mut link = None;
    let mut cursor: Option<(u32, Place, Place)> = None;
    let (before, after) = (&story.calls[call].request, &story.calls[next].request);
    // Whole objects can be cursors, too.
    let mut parameters: Vec<(Place, &Json)> = Vec::new();
    after.walk(&mut |place, value| {
        let part = place.first();
        let sent = part == Some(&member("query")) || part == Some(&member("body"));
        if sent && place.len() > 1 && before.at(place) != Some(value) {
            parameters.push((place.to_vec(), value));
        }
        true
    });
    let is_cursor = |value: &Json| match value {
        Json::Null | Json::Bool(_) => false,
        Json::Number(_) => true,
        Json::Text(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(members) => !members.is_empty(),
    };
    let words = ["cursor", "continuation", "marker", "next", "after"];
    let weak = ["token", "offset", "end", "start", "from", "position", "bookmark"];
    response.walk(&mut |place, value| {
        if place.starts_with(rows) && !rows.is_empty() {
            return false;
        }
        let leads = value.as_text().and_then(query_of).is_some_and(|query| {
            changed.iter().all(|(place, other)| {
                let name = last_name(place).unwrap_or_default();
                other.token().is_some_and(|other| query.get(name) == Some(&other))
            })
        });
        if leads && link.is_none() {
            link = Some(Paging::Link(place.to_vec()));
        }
        for (parameter, other) in parameters.iter().filter(|_| is_cursor(value)) {
            let same = value == *other || value.token().is_some_and(|t| other.token() == Some(t));
            if !same || is_page_name(parameter) || is_size_name(place) || is_size_name(parameter) {
                continue;
            }
            let last = |place: &[Step]| place[place.len().saturating_sub(1)..].to_vec();
            let named = likeness_of(&last(place), &words, &weak)
                + likeness_of(&last(parameter), &words, &weak);
            // Without a name, only what no person reads can be a cursor.
            let is_opaque = value.as_text().is_none_or(|text| {
                text.len() >= 8 && text.bytes().any(|byte| byte.is_ascii_digit())
            }) && !matches!(value, Json::Number(_));
            let better = cursor.as_ref().is_none_or(|(known, ..)| named > *known);
            if better && (is_opaque || named > 0) {
                cursor = Some((named, place.to_vec(), parameter.clone()));
            }
        }
        true
    });
    link.or(cursor.map(|(_, place, parameter)| Paging::Cursor(place, parameter)))
}

fn number(value: &Json) -> Option<u64> {
    value.token()?.parse().ok()
}

/// Whether a parameter is the number of a page.
fn is_page_name(place: &Place) -> bool {
    last_name(place).is_some_and(|name| {
        let words = name_words(name);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        matches!(
            words.as_slice(),
            ["page"] | ["page", "number" | "index" | "no" | "num"] | ["current", "page"] | ["p"]
        )
    })
}

/// Returns the place of the number of all rows or pages.
fn total(response: &Json, listing: &Listing) -> Option<(&'static str, Place)> {
    let mut found: Option<(&'static str, Place)> = None;
    response.walk(&mut |place, value| {
        if matches!(value, Json::Number(_))
            && (listing.rows.is_empty() || !place.starts_with(&listing.rows))
            && let Some(name) = last_name(place)
        {
            let words = name_words(name);
            let has = |known: &str| words.iter().any(|word| word == known);
            if has("pages") || has("page") && has("count") {
                found = Some(("pages", place.to_vec()));
            } else if found.is_none() && (has("total") || has("records")) && !has("size") {
                found = Some(("total", place.to_vec()));
            }
        }
        true
    });
    found
}

/// Returns the parameters of a URL or of a path with a query.
fn query_of(text: &str) -> Option<BTreeMap<String, String>> {
    if !text.contains('?') || text.contains(' ') {
        return None;
    }
    let base = Url::parse("https://base.invalid/").ok()?;
    let url = base.join(text).ok()?;
    Some(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
}
