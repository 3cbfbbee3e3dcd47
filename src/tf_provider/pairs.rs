//! Pairs the instances of a nested block in two values: by position, and in a set by their
//! values.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::schema::{Block, NestedBlock, Nesting, Requirement};
use super::value::{Path, Value};

/// The values of an object.
pub(crate) type Entries = BTreeMap<String, Value>;

/// Returns a value of an object; null if there is none.
pub(crate) fn get<'v>(entries: Option<&'v Entries>, name: &str) -> &'v Value {
    entries.and_then(|entries| entries.get(name)).unwrap_or(&Value::Null)
}

/// Returns the instances of a block with their paths. A set's elements have none, so the path
/// ends at the set.
pub(crate) fn instances<'v>(
    nested: &NestedBlock,
    value: &'v Value,
    path: &Path,
) -> Vec<(Path, Option<&'v Entries>)> {
    let path = path.clone().name(&nested.name);
    let at = |index| match nested.nesting {
        Nesting::List => path.clone().index(index),
        Nesting::Single | Nesting::Set => path.clone(),
    };
    elements(nested, value).into_iter().enumerate().map(|(index, it)| (at(index), it)).collect()
}

/// Returns the counterpart of each instance of a block in another value. An instance of the other
/// value is the counterpart of one instance at most.
pub(crate) fn counterparts<'v>(
    nested: &NestedBlock,
    value: &Value,
    other: &'v Value,
) -> Vec<Option<&'v Entries>> {
    let (own, others) = (elements(nested, value), elements(nested, other));
    match nested.nesting {
        Nesting::Single | Nesting::List => {
            (0..own.len()).map(|index| others.get(index).copied().flatten()).collect()
        }
        Nesting::Set => {
            let mut alike = Vec::new();
            for (index, one) in own.iter().enumerate() {
                for (position, other) in others.iter().enumerate() {
                    let (Some(one), Some(other)) = (one, other) else { continue };
                    if let Some(equal) = equal_values(&nested.block, one, other) {
                        alike.push((Reverse(equal), index, position));
                    }
                }
            }
            // The most similar first: an element without an optional value may be the same as
            // several others.
            alike.sort_unstable();
            let mut pairs = vec![None; own.len()];
            let mut unused = others;
            for (_, index, position) in alike {
                if let Some(pair @ None) = pairs.get_mut(index) {
                    *pair = unused.get_mut(position).and_then(Option::take);
                }
            }
            pairs
        }
    }
}

/// Returns the instances of a block. A single block that is absent is one instance without values.
fn elements<'v>(nested: &NestedBlock, value: &'v Value) -> Vec<Option<&'v Entries>> {
    let entries = |value: &'v Value| if let Value::Map(map) = value { Some(map) } else { None };
    match (nested.nesting, value) {
        (Nesting::Single, value) => vec![entries(value)],
        (Nesting::List | Nesting::Set, Value::List(items)) => items.iter().map(entries).collect(),
        (Nesting::List | Nesting::Set, _) => Vec::new(),
    }
}

/// Returns the number of equal values of two elements of a set. `None` if they are not the same
/// element: they may differ only in values that the provider may set and that one of them lacks.
fn equal_values(block: &Block, one: &Entries, other: &Entries) -> Option<usize> {
    let mut equal = 0;
    for attribute in &block.attributes {
        let [one, other] = [one, other].map(|entries| get(Some(entries), &attribute.name));
        let is_open = |value: &Value| value.is_null() || value.is_unknown();
        if attribute.requirement == Requirement::Computed {
            continue;
        } else if one.equals(other, &attribute.ty) {
            equal += 1;
        } else if !attribute.is_computed() || !is_open(one) && !is_open(other) {
            return None;
        }
    }
    for nested in &block.blocks {
        let [left, right] = [one, other].map(|entries| get(Some(entries), &nested.name));
        let (items, pairs) = (elements(nested, left), counterparts(nested, left, right));
        if items.len() != elements(nested, right).len() {
            return None;
        }
        for pair in items.into_iter().zip(pairs) {
            equal += match pair {
                (Some(item), Some(pair)) => equal_values(&nested.block, item, pair)?,
                (None, None) => 0,
                (Some(_), None) | (None, Some(_)) => return None,
            };
        }
    }
    Some(equal)
}
