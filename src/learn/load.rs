//! Reads the calls of the API out of recordings: a first pass finds its host, a second one keeps
//! its calls.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::call::Call;
use crate::form::{Argument, Form};
use crate::har::{self, Recording, RecordingError};
use crate::values::{TypedValues, time_of};

/// The most values of calls that hold something typed, and of others on the same host.
const MAX_RELATED: usize = 1_500_000;
const MAX_OTHERS: usize = 500_000;
/// The most calls of either sort.
const MAX_CALLS: usize = 2_000;

/// The content of the recordings.
pub(crate) struct Loaded {
    pub(crate) origin: String,
    pub(crate) calls: Vec<Call>,
    pub(crate) entries: usize,
    /// Calls of the host that were not kept, because there were too many.
    pub(crate) left_out: usize,
    /// Other hosts to which requests carried typed values.
    pub(crate) others: usize,
}

/// Why nothing was read.
pub(crate) enum LoadError {
    Recording(RecordingError),
    /// No request carries anything that was typed.
    NothingTyped,
}

/// Reads the calls of the host whose requests carry what was typed.
pub(crate) fn load(
    form: &Form,
    values: &TypedValues,
    recordings: &[&dyn Recording],
) -> Result<Loaded, LoadError> {
    // For each host: the most that one request carries, and how many carry something.
    let mut hosts: BTreeMap<String, (u32, usize)> = BTreeMap::new();
    let mut entries = 0;
    for recording in recordings {
        har::each_entry(*recording, &mut |json| {
            entries += 1;
            for call in Call::of(har::entry(&json)?) {
                let score = score(form, values, &call);
                if score > 0 {
                    let known = hosts.entry(call.origin).or_default();
                    known.0 = known.0.max(score);
                    known.1 += 1;
                }
            }
            Ok(())
        })
        .map_err(LoadError::Recording)?;
    }
    let best = hosts.iter().max_by_key(|(_, score)| **score);
    let Some((origin, _)) = best else { return Err(LoadError::NothingTyped) };
    let mut loaded = Loaded {
        origin: origin.clone(),
        calls: Vec::new(),
        entries,
        left_out: 0,
        others: hosts.len() - 1,
    };
    let mut related = (0, 0);
    let mut others = (0, 0);
    let mut known: HashSet<u64> = HashSet::new();
    for recording in recordings {
        let mut own: Vec<Call> = Vec::new();
        har::each_entry(*recording, &mut |json| {
            let entry = har::entry(&json)?;
            let identity = identity(&entry);
            let calls = Call::of(entry).into_iter().filter(|call| call.origin == loaded.origin);
            let calls: Vec<Call> = calls.collect();
            // Two recordings may overlap, because a browser keeps its log.
            let is_new = |identity| known.len() >= 2 * MAX_CALLS || known.insert(identity);
            if !calls.is_empty() && !identity.is_none_or(is_new) {
                return Ok(());
            }
            for call in calls {
                let typed = !values.hits_in(&call.request).is_empty()
                    || call.response.as_ref().is_some_and(|body| !values.hits_in(body).is_empty());
                let (budget, values) =
                    if typed { (&mut related, MAX_RELATED) } else { (&mut others, MAX_OTHERS) };
                budget.0 += 1;
                budget.1 += call.weight();
                if budget.0 <= MAX_CALLS && budget.1 <= values {
                    own.push(call);
                } else if typed {
                    return Err(
                        "has too many calls with typed values. Record one connector at a time."
                            .to_owned(),
                    );
                } else {
                    loaded.left_out += 1;
                }
            }
            Ok(())
        })
        .map_err(LoadError::Recording)?;
        in_order(&mut own);
        loaded.calls.extend(own);
    }
    Ok(loaded)
}

/// Returns what two entries of one call have in common.
fn identity(entry: &har::Entry) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    (&entry.method, &entry.url, &entry.body, &entry.started).hash(&mut hasher);
    (entry.status, &entry.content).hash(&mut hasher);
    (!entry.started.is_empty()).then(|| hasher.finish())
}

/// Puts calls in the order in which they were made, if all times can be read.
fn in_order(calls: &mut [Call]) {
    if calls.iter().all(|call| time_of(&call.started).is_some()) {
        calls.sort_by_key(|call| time_of(&call.started));
    }
}

/// Returns how much of one connector a request carries.
fn score(form: &Form, values: &TypedValues, call: &Call) -> u32 {
    let hits = values.hits_in(&call.request);
    let mut best = 0;
    for connector in 0..form.connectors.len() {
        let mut arguments: Vec<Argument> = hits
            .iter()
            .flat_map(|(_, hits)| hits)
            .filter(|hit| hit.connector == connector)
            .map(|hit| hit.argument)
            .collect();
        arguments.sort();
        arguments.dedup();
        let score = arguments.iter().map(|argument| {
            let long = form.connectors[connector].of(*argument).iter().any(|text| text.len() > 3);
            let weight =
                if argument.is_credential() || *argument == Argument::Name { 4 } else { 2 };
            if long { weight } else { 1 }
        });
        let writes = u32::from(call.method != "GET") + 1;
        best = best.max(score.sum::<u32>() * writes);
    }
    best
}
