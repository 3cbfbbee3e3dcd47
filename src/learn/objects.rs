//! Finds the connector in responses.

use std::collections::BTreeSet;

use crate::form::Argument;
use crate::json::{Json, Place, Step};
use crate::story::Story;

/// A connector as a response has it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) call: usize,
    pub(crate) connector: usize,
    /// The place of the object in the response.
    pub(crate) base: Place,
    pub(crate) object: Json,
}

/// A connector as a row of a list.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) call: usize,
    pub(crate) connector: usize,
    /// The place of the array in the response.
    pub(crate) rows: Place,
    pub(crate) row: Json,
}

/// Returns the connector in the response to a call that is about it.
pub(crate) fn object_of(story: &Story, call: usize, connector: usize) -> Option<Seen> {
    let response = story.calls[call].response.as_ref()?;
    let id = story.ids[connector].as_deref();
    let mut base = Place::new();
    let whole = contents(story, connector, response, id);
    if whole.arguments.is_empty() || !whole.id && id.is_some() {
        return None;
    }
    // Only what names the connector, or more than one of its values, is the connector.
    if !whole.arguments.contains(&Argument::Name) && whole.arguments.len() < 2 {
        return None;
    }
    let mut node = response;
    loop {
        let children: Vec<(Step, &Json)> = match node {
            Json::Array(items) => {
                let numbered = items.iter().enumerate();
                numbered.map(|(index, item)| (Step::Index(index), item)).collect()
            }
            Json::Object(members) => {
                let named = members.iter();
                named.map(|(name, value)| (Step::Member(name.clone()), value)).collect()
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => break,
        };
        let child = children
            .into_iter()
            .find(|(_, child)| !child.is_leaf() && contents(story, connector, child, id) == whole);
        let Some((step, child)) = child else { break };
        base.push(step);
        node = child;
    }
    matches!(node, Json::Object(_)).then(|| Seen { call, connector, base, object: node.clone() })
}

#[derive(PartialEq, Eq)]
struct Contents {
    id: bool,
    arguments: BTreeSet<Argument>,
}

fn contents(story: &Story, connector: usize, value: &Json, id: Option<&str>) -> Contents {
    let mut found = Contents { id: false, arguments: BTreeSet::new() };
    value.walk(&mut |_, value| {
        found.id |= id.is_some() && value.token().as_deref() == id;
        if value.is_leaf() || story.values.is_list(value) {
            let hits = story.values.hits(value).into_iter();
            let own = hits.filter(|hit| hit.connector == connector);
            found.arguments.extend(own.map(|hit| hit.argument));
        }
        true
    });
    found
}

/// Returns the connectors that stand in rows of a response: the id and the name in one element of
/// an array.
pub(crate) fn rows_of(story: &Story, call: usize) -> Vec<Row> {
    let mut found: Vec<Row> = Vec::new();
    let Some(response) = &story.calls[call].response else { return found };
    for (connector, id) in story.ids.iter().enumerate() {
        let Some(id) = id else { continue };
        let mut ids: Vec<Place> = Vec::new();
        response.walk(&mut |place, value| {
            if value.token().as_deref() == Some(id) {
                ids.push(place.to_vec());
            }
            true
        });
        let names = story.response_hits[call].iter().filter(|(_, hits)| {
            hits.iter().any(|hit| hit.connector == connector && hit.argument == Argument::Name)
        });
        let names: Vec<&Place> = names.map(|(place, _)| place).collect();
        // The deepest element that has both.
        let mut best: Option<Place> = None;
        for name in names {
            for id in &ids {
                let common = name.iter().zip(id).take_while(|(left, right)| left == right).count();
                let last = name[..common].iter().rposition(|step| matches!(step, Step::Index(_)));
                if let Some(last) = last
                    && best.as_ref().is_none_or(|best| best.len() < last + 1)
                {
                    best = Some(name[..=last].to_vec());
                }
            }
        }
        if let Some(element) = best
            && let Some(row) = response.at(&element)
        {
            let rows = element[..element.len() - 1].to_vec();
            found.push(Row { call, connector, rows, row: row.clone() });
        }
    }
    found
}
