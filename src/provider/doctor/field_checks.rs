//! The check of the fields of connectors against the contract.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::report::{Check, Outcome};
use webex_contact_center::probe::{Difference, DifferenceKind, JsonKind, Probe};

/// The name of the check.
pub(super) const NAME: &str = "fields";

/// Compares the connectors of responses with the contract.
pub(super) fn check<'a>(probes: impl Iterator<Item = &'a Probe>) -> Check {
    let mut differences = Vec::<Difference>::new();
    let mut has_connectors = false;
    for probe in probes {
        has_connectors |= !probe.connectors.is_empty();
        for difference in &probe.differences {
            // The same field in the list and by itself is one finding.
            let field = difference.field.trim_start_matches("data").trim_start_matches("[]");
            let field = field.trim_start_matches('.');
            let field = if field.is_empty() { difference.field.as_str() } else { field };
            let difference = Difference { field: field.to_owned(), kind: difference.kind.clone() };
            if !differences.contains(&difference) {
                differences.push(difference);
            }
        }
    }
    if differences.is_empty() && !has_connectors {
        return Check::new(
            NAME,
            Outcome::Skipped,
            "There is no connector whose fields could be seen.",
        );
    }
    if differences.is_empty() {
        return Check::new(NAME, Outcome::Good, "They are as the contract has them.");
    }
    let is_harmless = differences.iter().all(Difference::is_harmless);
    let (outcome, consequence) = if is_harmless {
        (Outcome::Note, "That does no harm.")
    } else {
        (Outcome::Problem, "Plans and updates need what is missing or of another kind.")
    };
    let message =
        format!("They differ from the contract: {} {consequence}", sentences(&differences));
    let facts = differences.iter().map(fact).collect::<Vec<_>>();
    Check::new(NAME, outcome, message).with("differences", facts)
}

/// Describes differences for the owner of the tenant.
pub(super) fn sentences(differences: &[Difference]) -> String {
    let texts = differences.iter().map(|difference| {
        let Difference { field, kind } = difference;
        match kind {
            DifferenceKind::Missing(_) => format!("{field} is missing"),
            DifferenceKind::Unknown(found) => format!("{field} is not known ({})", kinds(found)),
            DifferenceKind::OtherKind(_, found) => format!("{field} is {}", kinds(found)),
            DifferenceKind::SecretShown => format!(
                "{field}, a credential, comes back in the clear (this provider does not read it, \
                 but everybody with cjp:config_read can)"
            ),
            DifferenceKind::SecretMasked => format!("{field}, a credential, comes back masked"),
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
        DifferenceKind::SecretShown => ("credential in the clear", None),
        DifferenceKind::SecretMasked => ("credential masked", None),
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
