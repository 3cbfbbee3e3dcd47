//! Makes one template of those of several kinds of connectors, where that is exactly the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::form::{Argument, Kind};
use crate::json::{Json, Place};
use crate::slots::{Slot, Slots};

/// The arguments that were typed for each kind.
pub(crate) type TypedByKind = BTreeMap<Kind, BTreeSet<Argument>>;

/// Makes one template; none if a kind would be written differently.
pub(crate) fn merge(by_kind: &BTreeMap<Kind, Slots>, typed: &TypedByKind) -> Option<Slots> {
    let mut order: Vec<Place> = Vec::new();
    let mut longest: Vec<&Slots> = by_kind.values().collect();
    longest.sort_by_key(|slots| std::cmp::Reverse(slots.len()));
    for slots in longest {
        let mut before: Option<usize> = None;
        for (place, _) in slots {
            match order.iter().position(|known| known == place) {
                Some(index) => before = Some(index),
                None => {
                    let index = before.map_or(0, |index| index + 1);
                    order.insert(index, place.clone());
                    before = Some(index);
                }
            }
        }
    }
    let mut merged = Slots::new();
    for place in order {
        let slots = by_kind.iter().map(|(kind, slots)| {
            let own = slots.iter().find(|(known, _)| *known == place).map(|(_, slot)| slot);
            (*kind, own.filter(|slot| !matches!(slot, Slot::Dropped)))
        });
        let slots: BTreeMap<Kind, Option<&Slot>> = slots.collect();
        if slots.values().all(Option::is_none) {
            continue;
        }
        let slot = merge_slot(&slots, typed)?;
        merged.push((place, slot));
    }
    // An object that a kind does not have would be sent empty.
    for (place, _) in &merged {
        for length in 1..place.len() {
            let parent = &place[..length];
            let kept = |slots: &Slots| {
                slots.iter().any(|(known, slot)| {
                    known.starts_with(parent) && !matches!(slot, Slot::Dropped)
                })
            };
            if !by_kind.values().all(kept) {
                return None;
            }
        }
    }
    Some(merged)
}

fn merge_slot(slots: &BTreeMap<Kind, Option<&Slot>>, typed: &TypedByKind) -> Option<Slot> {
    let null = Slot::Constant(Json::Null);
    let is_null = |slot: &Option<&Slot>| *slot == Some(&null);
    let nulls = slots.values().any(is_null);
    let absent = slots.values().any(Option::is_none);
    let present: Vec<(Kind, &Slot)> = slots
        .iter()
        .filter(|(_, slot)| !is_null(slot))
        .filter_map(|(kind, slot)| slot.map(|slot| (*kind, slot)))
        .collect();
    let Some((_, first)) = present.first() else {
        return if absent { None } else { Some(null) };
    };
    let same =
        |test: &dyn Fn(Kind, &Slot) -> bool| present.iter().all(|(kind, slot)| test(*kind, slot));
    match first {
        Slot::Argument(argument, _) => {
            let read_back = |slot: &Slot| matches!(slot, Slot::ReadBack);
            let fits = same(&|_, slot| {
                matches!(slot, Slot::Argument(other, _) if other == argument) || read_back(slot)
            });
            // A kind for which it was typed, and that does not send it, is another request.
            let missing = slots.iter().any(|(kind, slot)| {
                typed.get(kind).is_some_and(|typed| typed.contains(argument))
                    && (slot.is_none() || is_null(slot) || slot.is_some_and(read_back))
            });
            if !fits || missing {
                return None;
            }
            if argument.is_credential() {
                let optional = absent
                    || nulls
                    || present.iter().any(|(_, slot)| matches!(slot, Slot::Argument(_, true)));
                return Some(Slot::Argument(*argument, optional));
            }
            let plain = present.iter().any(|(kind, slot)| {
                matches!(slot, Slot::Argument(_, false)) && !kind.requires(*argument)
            });
            let optional = present.iter().any(|(_, slot)| matches!(slot, Slot::Argument(_, true)));
            match (nulls || plain, absent || optional) {
                (true, true) => None,
                (false, true) => Some(Slot::Argument(*argument, true)),
                (_, false) => Some(Slot::Argument(*argument, false)),
            }
        }
        Slot::GrantType(_) => {
            let fits = same(&|_, slot| matches!(slot, Slot::GrantType(_)));
            let only_basic =
                slots.iter().all(|(kind, slot)| slot.is_some() || *kind == Kind::Basic);
            (fits && only_basic && !(nulls && absent)).then_some(Slot::GrantType(absent))
        }
        Slot::AuthenticationType(_) => {
            let fits = same(&|_, slot| matches!(slot, Slot::AuthenticationType(_)));
            (fits && !absent && !nulls).then_some(Slot::AuthenticationType(false))
        }
        Slot::Version(_) => {
            let optional = present.iter().any(|(_, slot)| matches!(slot, Slot::Version(true)));
            let fits = same(&|_, slot| matches!(slot, Slot::Version(_)));
            (fits && !absent && !nulls).then_some(Slot::Version(optional))
        }
        Slot::ReadBack => {
            // One kind reads back what another one has as an argument.
            if let Some((_, Slot::Argument(argument, _))) =
                present.iter().find(|(_, slot)| matches!(slot, Slot::Argument(..)))
            {
                let typed =
                    |kind: &Kind| typed.get(kind).is_some_and(|typed| typed.contains(argument));
                let fits = present.iter().all(|(kind, slot)| {
                    slot.argument() == Some(*argument)
                        || matches!(slot, Slot::ReadBack) && !typed(kind)
                });
                return (fits && !nulls).then_some(Slot::Argument(*argument, true));
            }
            let fits = same(&|_, slot| matches!(slot, Slot::ReadBack));
            (fits || nulls).then_some(Slot::ReadBack)
        }
        Slot::Id | Slot::Organization | Slot::Active | Slot::Constant(_) | Slot::Text(_) => {
            let fits = same(&|_, slot| slot == *first);
            (fits && !absent && !nulls).then(|| (*first).clone())
        }
        Slot::Dropped => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{TypedByKind, merge};
    use crate::form::{Argument, Kind};
    use crate::json::{Json, member};
    use crate::slots::Slot;

    fn body(members: &[(&str, Slot)]) -> crate::slots::Slots {
        let place = |path: &str| path.split('.').map(member).collect();
        members.iter().map(|(path, slot)| (place(path), slot.clone())).collect()
    }

    #[test]
    fn arguments_that_kinds_do_not_have_are_optional() {
        let merged = merge(
            &[
                (Kind::Basic, body(&[("user", Slot::Argument(Argument::Username, false))])),
                (Kind::Certificate, body(&[("id", Slot::Argument(Argument::ClientId, false))])),
            ]
            .into(),
            &TypedByKind::new(),
        );
        let merged: Vec<Slot> = merged.unwrap().into_iter().map(|(_, slot)| slot).collect();
        assert_eq!(merged.len(), 2);
        assert!(merged.contains(&Slot::Argument(Argument::Username, true)));
        assert!(merged.contains(&Slot::Argument(Argument::ClientId, true)));
    }

    #[test]
    fn different_constants_and_empty_objects_are_not_merged() {
        let of = |text: &str| body(&[("a", Slot::Constant(Json::text(text)))]);
        assert!(
            merge(&[(Kind::Basic, of("1")), (Kind::Password, of("2"))].into(), &TypedByKind::new())
                .is_none()
        );
        let nested = merge(
            &[
                (Kind::Basic, body(&[("auth.user", Slot::Argument(Argument::Username, false))])),
                (Kind::Certificate, body(&[("id", Slot::Argument(Argument::ClientId, false))])),
            ]
            .into(),
            &TypedByKind::new(),
        );
        assert!(nested.is_none());
    }
}
