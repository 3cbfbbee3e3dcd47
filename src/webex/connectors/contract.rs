//! The documented responses, and their differences from a tenant's responses.
//!
//! Responses with connectors are not documented: the [API profile](super::super::profile) describes
//! them.

use std::collections::BTreeSet;

use super::super::shape::{JsonKind, Shape};

/// The degree to which the client needs a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Without it the response cannot be read.
    Required,
    /// Without it a promise of the provider does not hold.
    Expected,
    /// It may be missing.
    Optional,
}

/// A field of a response.
#[derive(Clone, Copy, Debug)]
struct ContractField {
    name: &'static str,
    kinds: &'static [JsonKind],
    requirement: Requirement,
}

const fn field(
    name: &'static str,
    kinds: &'static [JsonKind],
    requirement: Requirement,
) -> ContractField {
    ContractField { name, kinds, requirement }
}

const TEXT: &[JsonKind] = &[JsonKind::Text];
const NUMBER: &[JsonKind] = &[JsonKind::Number];

/// The connectors that Flow Designer offers (documented).
const CHOICES: [ContractField; 7] = [
    field("choices", &[JsonKind::List], Requirement::Required),
    field("count", NUMBER, Requirement::Optional),
    field("source", TEXT, Requirement::Optional),
    field("isSearchEnabled", &[JsonKind::Boolean], Requirement::Optional),
    field("resolvedInput", TEXT, Requirement::Optional),
    field("activity", TEXT, Requirement::Optional),
    field("input", TEXT, Requirement::Optional),
];

/// One connector that Flow Designer offers (documented).
const CHOICE: [ContractField; 2] =
    [field("name", TEXT, Requirement::Required), field("value", TEXT, Requirement::Required)];

/// An error (documented for other objects).
const ERROR: [ContractField; 2] = [
    field("trackingId", TEXT, Requirement::Expected),
    field("error", &[JsonKind::Object], Requirement::Expected),
];

/// The member `error` of an error.
const ERROR_DETAIL: [ContractField; 4] = [
    field("key", TEXT, Requirement::Optional),
    field("reason", TEXT, Requirement::Optional),
    field("message", &[JsonKind::List], Requirement::Expected),
    field("referencedEntities", &[JsonKind::List], Requirement::Optional),
];

/// One message of an error.
const ERROR_MESSAGE: [ContractField; 1] = [field("description", TEXT, Requirement::Expected)];

/// Whether a documented response has a field of this name.
pub(super) fn has(name: &str) -> bool {
    let tables: [&[ContractField]; 5] = [&CHOICES, &CHOICE, &ERROR, &ERROR_DETAIL, &ERROR_MESSAGE];
    tables.into_iter().flatten().any(|field| field.name == name)
}

/// A response that Cisco documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContractResponse {
    FlowConnectors,
    Error,
}

/// A difference between a response and the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The path of the field, such as `data[].name`.
    pub field: String,
    /// The kind of difference.
    pub kind: DifferenceKind,
}

/// The kind of difference in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The contract has the field, the response does not.
    Missing(Requirement),
    /// The response has the field, the contract does not. This is harmless.
    Unknown(BTreeSet<JsonKind>),
    /// The field's values are of other kinds than in the contract.
    OtherKind(Requirement, BTreeSet<JsonKind>),
}

impl Difference {
    /// Whether the provider works regardless of the difference.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        match &self.kind {
            DifferenceKind::Missing(requirement) | DifferenceKind::OtherKind(requirement, _) => {
                *requirement == Requirement::Optional
            }
            DifferenceKind::Unknown(_) => true,
        }
    }
}

/// Returns the differences between a response and the contract.
pub(super) fn differences(expected: ContractResponse, shape: &Shape) -> Vec<Difference> {
    let mut found = Vec::new();
    match expected {
        ContractResponse::FlowConnectors => {
            compare(shape, "", &CHOICES, &mut found);
            compare(shape, "choices[]", &CHOICE, &mut found);
        }
        ContractResponse::Error => {
            compare(shape, "", &ERROR, &mut found);
            compare(shape, "error", &ERROR_DETAIL, &mut found);
            compare(shape, "error.message[]", &ERROR_MESSAGE, &mut found);
        }
    }
    found
}

/// Compares the object at `path` with its fields. An empty list has no objects to compare.
fn compare(shape: &Shape, path: &str, fields: &[ContractField], found: &mut Vec<Difference>) {
    if !shape.kinds(path).is_some_and(|kinds| kinds.contains(&JsonKind::Object)) {
        return;
    }
    let full = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    // Keys are read in any letter case, see `json`.
    let is = |name: &str, field: &ContractField| name.eq_ignore_ascii_case(field.name);
    for field in fields {
        let seen = shape.members(path).find(|(name, _)| is(name, field));
        let kind = match (seen, field.requirement) {
            (None, Requirement::Required | Requirement::Expected) => {
                Some(DifferenceKind::Missing(field.requirement))
            }
            (None, Requirement::Optional) => None,
            (Some((_, kinds)), requirement) => {
                let other = kinds.iter().filter(|kind| !field.kinds.contains(kind));
                let other = other.copied().collect::<BTreeSet<_>>();
                (!other.is_empty()).then_some(DifferenceKind::OtherKind(requirement, other))
            }
        };
        found.extend(kind.map(|kind| Difference { field: full(field.name), kind }));
    }
    let unknown =
        shape.members(path).filter(|(name, _)| !fields.iter().any(|field| is(name, field)));
    found.extend(unknown.map(|(name, kinds)| Difference {
        field: full(name),
        kind: DifferenceKind::Unknown(kinds.clone()),
    }));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::redact::Redactor;
    use super::super::super::shape::NameFilter;
    use super::*;

    fn differ(expected: ContractResponse, body: &Value) -> Vec<Difference> {
        let names = NameFilter { is_known: has, redactor: &Redactor::default() };
        let shape = Shape::of(body.to_string().as_bytes(), &names).unwrap();
        differences(expected, &shape)
    }

    #[test]
    fn responses_by_the_contract_have_no_differences() {
        let choices = json!({"count": 1, "choices": [{"name": "a", "value": "b"}]});
        assert_eq!(differ(ContractResponse::FlowConnectors, &choices), []);
        let error = json!({"trackingId": "x", "error": {"message": [{"description": "y"}]}});
        assert_eq!(differ(ContractResponse::Error, &error), []);
    }

    #[test]
    fn differences_name_their_fields() {
        let body = json!({"count": "1", "choices": [{"name": 7, "shiny": [1]}]});
        let found = differ(ContractResponse::FlowConnectors, &body);
        let kinds = |kind| BTreeSet::from([kind]);
        let other = |requirement, kind| DifferenceKind::OtherKind(requirement, kinds(kind));
        let expected = [
            ("count", other(Requirement::Optional, JsonKind::Text)),
            ("choices[].name", other(Requirement::Required, JsonKind::Number)),
            ("choices[].value", DifferenceKind::Missing(Requirement::Required)),
            ("choices[].shiny", DifferenceKind::Unknown(kinds(JsonKind::List))),
        ];
        let expected = expected.map(|(field, kind)| Difference { field: field.to_owned(), kind });
        assert_eq!(found, expected);
        let harmless = found.iter().map(Difference::is_harmless).collect::<Vec<_>>();
        assert_eq!(harmless, [true, false, false, true]);
    }

    #[test]
    fn error_of_another_shape_has_differences() {
        let spring = json!({"timestamp": 1, "status": 404, "error": "Not Found", "path": "/x"});
        let fields = differ(ContractResponse::Error, &spring);
        let fields = fields.iter().map(|found| found.field.as_str()).collect::<Vec<_>>();
        assert_eq!(fields, ["trackingId", "error", "path", "status", "timestamp"]);
    }
}
