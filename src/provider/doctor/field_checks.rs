//! The differences of documented responses, for the report.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use webex_contact_center::probe::{Difference, DifferenceKind, JsonKind};

/// Describes differences for the owner of the tenant.
pub(super) fn sentences(differences: &[Difference]) -> String {
    let texts = differences.iter().map(|difference| {
        let Difference { field, kind } = difference;
        match kind {
            DifferenceKind::Missing(_) => format!("{field} is missing"),
            DifferenceKind::Unknown(found) => format!("{field} is not known ({})", kinds(found)),
            DifferenceKind::OtherKind(_, found) => format!("{field} is {}", kinds(found)),
        }
    });
    format!("{}.", texts.collect::<Vec<_>>().join("; "))
}

/// Describes a difference without names and ids of connectors.
pub(super) fn fact(difference: &Difference) -> Value {
    let (what, found) = match &difference.kind {
        DifferenceKind::Missing(_) => ("missing", None),
        DifferenceKind::Unknown(found) => ("unknown", Some(found)),
        DifferenceKind::OtherKind(_, found) => ("other kind", Some(found)),
    };
    let mut fact = json!({
        "field": difference.field, "difference": what, "harmless": difference.is_harmless(),
    });
    if let (Some(found), Some(object)) = (found, fact.as_object_mut()) {
        object.insert("kinds".to_owned(), json!(kinds(found)));
    }
    fact
}

fn kinds(kinds: &BTreeSet<JsonKind>) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" or ")
}
