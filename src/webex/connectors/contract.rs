//! The responses of the contract, and their differences from a tenant's responses.
//!
//! The form's fields come from the [table of fields](super::super::fields), all others are here.
//! Tests compare them with the fields that [`wire`](super::wire) reads.

use std::collections::BTreeSet;

use super::super::fields::{FIELDS, Field, FieldContent, Row};
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
    /// It holds a credential, and should be absent.
    Secret,
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
const TEXT_OR_NULL: &[JsonKind] = &[JsonKind::Text, JsonKind::Null];
const NUMBER: &[JsonKind] = &[JsonKind::Number];
const SECRET: &[JsonKind] = &[JsonKind::Text, JsonKind::Masked, JsonKind::Null];

/// The fields of every connector apart from those of the form (assumed). Every object of the
/// Configuration APIs may have the last one (documented).
const ENTITY: [ContractField; 9] = [
    field("id", TEXT, Requirement::Required),
    field("active", &[JsonKind::Boolean], Requirement::Required),
    field("organizationId", TEXT, Requirement::Optional),
    field("version", NUMBER, Requirement::Expected),
    field("connectorType", TEXT, Requirement::Optional),
    field("systemDefault", &[JsonKind::Boolean], Requirement::Optional),
    field("createdTime", NUMBER, Requirement::Optional),
    field("lastUpdatedTime", NUMBER, Requirement::Expected),
    field("links", &[JsonKind::List], Requirement::Optional),
];

/// Returns the fields of a connector.
fn connector() -> Vec<ContractField> {
    ENTITY.into_iter().chain(FIELDS.iter().map(form_field)).collect()
}

/// Returns a field of the form.
fn form_field(row: &Row) -> ContractField {
    match row.content {
        FieldContent::Credential(_) => field(row.json, SECRET, Requirement::Secret),
        FieldContent::Text(Field::Name, _) => field(row.json, TEXT, Requirement::Required),
        _ if row.is_always_required() => field(row.json, TEXT, Requirement::Expected),
        FieldContent::Text(..) | FieldContent::Literal(..) => {
            field(row.json, TEXT_OR_NULL, Requirement::Optional)
        }
    }
}

/// A page of a list (documented for other objects).
const PAGE: [ContractField; 2] = [
    field("meta", &[JsonKind::Object], Requirement::Expected),
    field("data", &[JsonKind::List], Requirement::Required),
];

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

/// Whether any response of the contract has a field of this name.
pub(super) fn has(name: &str) -> bool {
    let tables: [&[ContractField]; 7] =
        [&ENTITY, &PAGE, &CHOICES, &CHOICE, &ERROR, &ERROR_DETAIL, &ERROR_MESSAGE];
    FIELDS.iter().any(|row| row.json == name)
        || tables.into_iter().flatten().any(|field| field.name == name)
}

/// A response that the contract describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContractResponse {
    FlowConnectors,
    ConnectorPage,
    Connector,
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
    /// The response has a credential in the clear.
    SecretShown,
    /// The response has a masked credential.
    SecretMasked,
}

impl Difference {
    /// Whether the provider works regardless of the difference.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        match &self.kind {
            DifferenceKind::Missing(requirement) | DifferenceKind::OtherKind(requirement, _) => {
                matches!(requirement, Requirement::Optional | Requirement::Secret)
            }
            DifferenceKind::Unknown(_)
            | DifferenceKind::SecretMasked
            | DifferenceKind::SecretShown => true,
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
        // Older servers return a bare list (documented).
        ContractResponse::ConnectorPage
            if shape.kinds("").is_some_and(|kinds| kinds.contains(&JsonKind::List)) =>
        {
            compare(shape, "[]", &connector(), &mut found);
        }
        ContractResponse::ConnectorPage => {
            compare(shape, "", &PAGE, &mut found);
            compare(shape, "data[]", &connector(), &mut found);
        }
        ContractResponse::Connector => {
            compare(shape, "", &connector(), &mut found);
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
            (None, Requirement::Optional | Requirement::Secret) => None,
            (Some((_, kinds)), Requirement::Secret) if kinds.contains(&JsonKind::Text) => {
                Some(DifferenceKind::SecretShown)
            }
            (Some((_, kinds)), Requirement::Secret) if kinds.contains(&JsonKind::Masked) => {
                Some(DifferenceKind::SecretMasked)
            }
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
    use crate::connectors::wire;
    use crate::testing::{content, object, with};

    fn differ(expected: ContractResponse, body: &Value) -> Vec<Difference> {
        let names = NameFilter { is_known: has, redactor: &Redactor::default() };
        let shape = Shape::of(body.to_string().as_bytes(), &names).unwrap();
        differences(expected, &shape)
    }

    fn difference(field: &str, kind: DifferenceKind) -> Difference {
        Difference { field: field.to_owned(), kind }
    }

    /// Returns a connector without credentials.
    fn plain() -> Value {
        let mut plain = object(1, 1);
        plain.as_object_mut().unwrap().remove("clientSecret");
        plain
    }

    #[test]
    fn contract_has_every_field_that_is_written() {
        let body = wire::create(&content()).unwrap();
        let sent: Value = serde_json::from_slice(&body.bytes()).unwrap();
        for name in sent.as_object().unwrap().keys() {
            assert!(connector().iter().any(|field| field.name == name), "{name}");
        }
    }

    #[test]
    fn contract_has_every_field_that_is_read() {
        for name in object(1, 1).as_object().unwrap().keys() {
            assert!(connector().iter().any(|field| field.name == name), "{name}");
        }
    }

    #[test]
    fn reading_fails_without_required_fields_only() {
        let whole = plain();
        for field in connector() {
            let mut body = whole.clone();
            body.as_object_mut().unwrap().remove(field.name);
            let is_read = wire::connector(body.to_string().as_bytes()).is_ok();
            assert_eq!(is_read, field.requirement != Requirement::Required, "{}", field.name);
        }
    }

    #[test]
    fn responses_by_the_contract_have_no_differences() {
        assert_eq!(differ(ContractResponse::Connector, &plain()), []);
        let page = json!({"meta": {}, "data": [plain()]});
        assert_eq!(differ(ContractResponse::ConnectorPage, &page), []);
        assert_eq!(differ(ContractResponse::ConnectorPage, &json!([plain()])), []);
        assert_eq!(differ(ContractResponse::ConnectorPage, &json!({"meta": {}, "data": []})), []);
        let choices = json!({"count": 1, "choices": [{"name": "a", "value": "b"}]});
        assert_eq!(differ(ContractResponse::FlowConnectors, &choices), []);
        let error = json!({"trackingId": "x", "error": {"message": [{"description": "y"}]}});
        assert_eq!(differ(ContractResponse::Error, &error), []);
    }

    #[test]
    fn differences_name_their_fields() {
        let mut body = with(plain(), &json!({"shiny": [1], "active": "yes", "scope": 7}));
        body.as_object_mut().unwrap().remove("version");
        let found = differ(ContractResponse::ConnectorPage, &json!({"meta": {}, "data": [body]}));
        let kinds = |kind| BTreeSet::from([kind]);
        assert_eq!(
            found,
            [
                difference(
                    "data[].active",
                    DifferenceKind::OtherKind(Requirement::Required, kinds(JsonKind::Text))
                ),
                difference("data[].version", DifferenceKind::Missing(Requirement::Expected)),
                difference(
                    "data[].scope",
                    DifferenceKind::OtherKind(Requirement::Optional, kinds(JsonKind::Number))
                ),
                difference("data[].shiny", DifferenceKind::Unknown(kinds(JsonKind::List))),
            ]
        );
        let harmless = found.iter().map(Difference::is_harmless).collect::<Vec<_>>();
        assert_eq!(harmless, [false, false, true, true]);
    }

    #[test]
    fn credentials_in_a_response_are_differences() {
        let body = json!({"clientSecret": "****", "password": "in the clear", "privateKey": null});
        let found = differ(ContractResponse::Connector, &with(plain(), &body));
        let masked = difference("clientSecret", DifferenceKind::SecretMasked);
        let shown = difference("password", DifferenceKind::SecretShown);
        assert_eq!(found, [masked, shown]);
    }

    #[test]
    fn error_of_another_shape_has_differences() {
        let spring = json!({"timestamp": 1, "status": 404, "error": "Not Found", "path": "/x"});
        let fields = differ(ContractResponse::Error, &spring);
        let fields = fields.iter().map(|found| found.field.as_str()).collect::<Vec<_>>();
        assert_eq!(fields, ["trackingId", "error", "path", "status", "timestamp"]);
    }
}
