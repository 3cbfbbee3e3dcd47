//! Finds the literals of authentication types and grants: what differs between kinds of connectors
//! without having been typed.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Choice;
use crate::form::{Argument, Kind};
use crate::json::{Json, Place, Step};
use crate::resolve::{Places, Sample};
use crate::values::{TypedValues, is_mask, is_private, likeness, name_words};

/// The value of each kind at a place; none where the place is absent.
type ByKind = BTreeMap<Kind, Option<Json>>;

/// Finds authentication type and grant in documents of several kinds.
pub(crate) fn find(samples: &[Sample], places: &Places, values: &TypedValues) -> (Choice, Choice) {
    let kinds: BTreeSet<Kind> = samples.iter().map(|sample| sample.kind).collect();
    let constants = constants(samples, places, values, &kinds);
    if kinds.len() < 2 {
        return by_name(&constants, &kinds);
    }
    let oauth: Vec<Kind> = kinds.iter().copied().filter(|kind| *kind != Kind::Basic).collect();
    let basic = kinds.contains(&Kind::Basic);
    let value = |by_kind: &ByKind, kind: Kind| by_kind.get(&kind).cloned().flatten();
    let filled = |value: &Option<Json>| {
        value
            .as_ref()
            .is_some_and(|value| !matches!(value, Json::Null) && value.as_text() != Some(""))
    };
    let all_oauth_filled =
        |by_kind: &ByKind| oauth.iter().all(|kind| filled(&value(by_kind, *kind)));
    let distinct = |by_kind: &ByKind| {
        let mut values: Vec<String> = oauth
            .iter()
            .filter_map(|kind| value(by_kind, *kind))
            .map(|value| value.compact().to_lowercase())
            .collect();
        values.sort();
        values.dedup();
        values.len()
    };
    let separates_basic = |by_kind: &ByKind| {
        oauth.iter().all(|kind| value(by_kind, *kind) != value(by_kind, Kind::Basic))
    };
    let mut types: Vec<(&Place, &ByKind)> = Vec::new();
    let mut grants: Vec<(&Place, &ByKind)> = Vec::new();
    let mut one: Vec<(&Place, &ByKind)> = Vec::new();
    for (place, by_kind) in &constants {
        if !all_oauth_filled(by_kind) {
            continue;
        }
        let basic_filled = basic && filled(&value(by_kind, Kind::Basic));
        let every = distinct(by_kind) == oauth.len();
        if basic && basic_filled && separates_basic(by_kind) && distinct(by_kind) == 1 {
            types.push((place, by_kind));
        }
        if every && (oauth.len() > 1 || basic && !basic_filled) {
            grants.push((place, by_kind));
        }
        if every && basic_filled && separates_basic(by_kind) {
            one.push((place, by_kind));
        }
    }
    let best = |list: &[(&Place, &ByKind)], argument: Argument| {
        let rank = |place: &Place, by_kind: &ByKind| {
            let words: u32 =
                by_kind.iter().map(|(kind, value)| fits(*kind, value.as_ref(), argument)).sum();
            (likeness(place, argument) + 4 * words, usize::MAX - place.len())
        };
        let best = list.iter().max_by_key(|(place, by_kind)| rank(place, by_kind));
        best.map(|(place, by_kind)| ((*place).clone(), (*by_kind).clone()))
    };
    let mut grant = best(&grants, Argument::GrantType);
    let mut by_one = false;
    let authentication = if !basic {
        // Only OAuth 2.0 was recorded: its literal is a constant that is known by its name.
        let same: Vec<(&Place, &ByKind)> = constants
            .iter()
            .filter(|(place, by_kind)| {
                all_oauth_filled(by_kind)
                    && distinct(by_kind) == 1
                    && likeness(place, Argument::AuthenticationType) >= 12
            })
            .collect();
        best(&same, Argument::AuthenticationType)
    } else if oauth.len() == 1 {
        // With one grant, both members look alike. The names tell, and an empty one is the grant.
        let mut candidates = types.clone();
        if grant.is_none() {
            let grants: Vec<(&Place, &ByKind)> = candidates
                .iter()
                .filter(|(place, _)| {
                    likeness(place, Argument::GrantType) >= 12
                        && likeness(place, Argument::GrantType)
                            > likeness(place, Argument::AuthenticationType)
                })
                .copied()
                .collect();
            if candidates.len() > 1 {
                grant = best(&grants, Argument::GrantType);
                candidates
                    .retain(|(place, _)| grant.as_ref().is_none_or(|(grant, _)| grant != *place));
            }
        }
        by_one = grant.is_none();
        best(&candidates, Argument::AuthenticationType)
    } else {
        best(&types, Argument::AuthenticationType)
    };
    let authentication = authentication.or_else(|| {
        by_one = basic;
        if basic { best(&one, Argument::AuthenticationType) } else { None }
    });
    if by_one
        && let (Some((one, _)), Some((other, _))) = (&authentication, &grant)
        && one == other
    {
        grant = None;
    }
    let by_one = by_one && grant.is_none();
    let authentication = authentication.map(|(place, by_kind)| {
        let mut literals = Vec::new();
        for (kind, value) in &by_kind {
            let Some(value) = value.clone().filter(|value| *value != Json::Null) else { continue };
            let word = match kind {
                Kind::Basic => "basic",
                Kind::ClientCredentials | Kind::Password | Kind::Certificate if by_one => {
                    kind.word()
                }
                Kind::ClientCredentials | Kind::Password | Kind::Certificate => "oauth2",
            };
            if !literals.iter().any(|(known, _)| known == word) {
                literals.push((word.to_owned(), value));
            }
        }
        choice(place, literals, &by_kind, !basic)
    });
    let grant = grant.map(|(place, by_kind)| {
        let present = by_kind.iter().filter_map(|(kind, value)| {
            let value = value.clone().filter(|value| *value != Json::Null)?;
            Some((kind.word().to_owned(), value))
        });
        choice(place, present.collect(), &by_kind, false)
    });
    (authentication.unwrap_or_default(), grant.unwrap_or_default())
}

fn choice(place: Place, literals: Vec<(String, Json)>, by_kind: &ByKind, by_name: bool) -> Choice {
    let known = by_kind.iter().filter_map(|(kind, value)| Some((*kind, value.clone()?)));
    Choice { place: Some(place), at: None, literals, by_kind: known.collect(), by_name }
}

/// With one kind, all is constant, and only names and words tell.
fn by_name(constants: &BTreeMap<Place, ByKind>, kinds: &BTreeSet<Kind>) -> (Choice, Choice) {
    let Some(&kind) = kinds.first() else { return Default::default() };
    let ranked = |argument: Argument, except: Option<&Place>| {
        let scored = constants.iter().filter_map(|(place, by_kind)| {
            let value = by_kind.get(&kind).cloned().flatten()?;
            let text = value.as_text()?;
            let words = fits(kind, Some(&value), argument);
            let named = likeness(place, argument);
            let custom = name_words(text).iter().any(|word| word == "custom");
            let usable = named > 0 && !text.is_empty() && !custom;
            (usable && except != Some(place)).then_some((named + 6 * words, place, by_kind))
        });
        scored.max_by_key(|(score, ..)| *score)
    };
    let mut grant = None;
    if kind != Kind::Basic {
        grant = ranked(Argument::GrantType, None).filter(|(_, place, by_kind)| {
            let value = by_kind.get(&kind).cloned().flatten();
            likeness(place, Argument::GrantType) >= 10
                || fits(kind, value.as_ref(), Argument::GrantType) > 0
                    && likeness(place, Argument::AuthenticationType) < 10
        });
    }
    let except = grant.as_ref().map(|(_, place, _)| *place);
    let authentication = ranked(Argument::AuthenticationType, except);
    let word = match (kind, &grant) {
        (Kind::Basic, _) => "basic",
        (_, Some(_)) => "oauth2",
        (_, None) => kind.word(),
    };
    let make = |found: Option<(u32, &Place, &ByKind)>, word: &str| {
        found.map(|(_, place, by_kind)| {
            let value = by_kind.get(&kind).cloned().flatten().unwrap_or(Json::Null);
            choice(place.clone(), vec![(word.to_owned(), value)], by_kind, true)
        })
    };
    (make(authentication, word).unwrap_or_default(), make(grant, kind.word()).unwrap_or_default())
}

/// Returns how many words of a literal fit a kind of connector.
fn fits(kind: Kind, value: Option<&Json>, argument: Argument) -> u32 {
    let Some(text) = value.and_then(Json::as_text) else { return 0 };
    let known: &[&str] = match (argument, kind) {
        (Argument::GrantType, Kind::ClientCredentials) => {
            &["client", "credentials", "cc", "secret"]
        }
        (Argument::GrantType, Kind::Password) => &["password", "owner", "ropc", "user"],
        (Argument::GrantType, Kind::Certificate) => {
            &["certificate", "cert", "client", "jwt", "key", "assertion"]
        }
        (_, Kind::Basic) => &["basic", "user"],
        (_, Kind::ClientCredentials | Kind::Password | Kind::Certificate) => {
            &["oauth", "oauth2", "o", "client", "credentials", "password", "certificate"]
        }
    };
    let words = name_words(text);
    u32::from(words.iter().any(|word| {
        known.contains(&word.trim_end_matches(char::is_numeric)) || known.contains(&word.as_str())
    }))
}

/// Returns what is constant for each kind.
fn constants(
    samples: &[Sample],
    places: &Places,
    typed: &TypedValues,
    kinds: &BTreeSet<Kind>,
) -> BTreeMap<Place, ByKind> {
    let mut all: BTreeMap<Place, BTreeMap<Kind, Vec<Json>>> = BTreeMap::new();
    for sample in samples {
        for (place, value) in sample.document.leaves(&|_| false) {
            let outside = matches!(
                place.first(),
                Some(Step::Member(part)) if part == "path" || part == "headers"
            );
            if !outside {
                let own = all.entry(place).or_default().entry(sample.kind).or_default();
                own.push(value.clone());
            }
        }
    }
    let untyped = |value: &Json| {
        value.as_text().is_some_and(|text| !text.is_empty() && !typed.is_part_of(text))
    };
    // A literal may be a word that was also typed elsewhere, beside literals that nobody typed.
    let looks_typed = |value: &Json| {
        let hits = typed.hits(value);
        let word =
            value.as_text().is_some_and(|text| text.bytes().all(|b| b.is_ascii_alphabetic()));
        word && !hits.is_empty() && hits.iter().all(|hit| !hit.argument.is_credential())
    };
    let argument =
        |place: &Place| places.values().any(|own| own.keys().any(|known| place.starts_with(known)));
    let count = |kind: Kind| samples.iter().filter(|sample| sample.kind == kind).count();
    let constant = |(place, by_kind): (Place, BTreeMap<Kind, Vec<Json>>)| {
        let mut found = ByKind::new();
        for &kind in kinds {
            let values = by_kind.get(&kind).map_or(&[][..], Vec::as_slice);
            let value = match values {
                [] => None,
                [first, rest @ ..] => {
                    let same = rest.iter().all(|other| other == first);
                    if !same || values.len() < count(kind) {
                        return None;
                    }
                    let beside = by_kind
                        .iter()
                        .any(|(other, values)| *other != kind && values.iter().all(untyped));
                    let word = first.as_text().is_none_or(|text| {
                        !is_private(text)
                            && !is_mask(text)
                            && (!typed.is_part_of(text) || beside && looks_typed(first))
                            && text.len() <= 80
                    });
                    if !word || matches!(first, Json::Array(_) | Json::Object(_)) {
                        return None;
                    }
                    Some(first.clone())
                }
            };
            found.insert(kind, value);
        }
        (!argument(&place)).then_some((place, found))
    };
    all.into_iter().filter_map(constant).collect()
}
