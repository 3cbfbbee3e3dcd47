//! The data sources that read many connectors, with their shared attributes and
//! response.

pub mod custom_connectors;
pub mod flow_connectors;

use std::collections::BTreeMap;

use safe_text::Shown;
use tf_provider::data_source::DataSourceResponse;
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::Object;
use tf_provider::schema::Attribute;
use tf_provider::value::{Type, Value};
use webex_contact_center::OrganizationId;

/// A connector of a list.
struct Row {
    name: String,
    id: String,
    /// The connector as an element of the attribute `connectors`.
    value: Value,
}

/// Returns the argument `organization_id`.
fn organization_attribute() -> Attribute {
    Attribute::optional_computed(
        "organization_id",
        Type::String,
        "The organization to read, as a UUID or in the base64 form of the Webex \
         APIs. Default: the provider's organization.",
    )
}

/// Returns the attribute `ids`.
fn ids_attribute() -> Attribute {
    Attribute::computed(
        "ids",
        Type::Map(Box::new(Type::String)),
        "The connectors' ids by name, for `provider::webex::rebind_connectors`.",
    )
}

/// Returns the response of a data source with the connectors sorted by name.
fn response(
    arguments: &Object,
    organization: OrganizationId,
    mut rows: Vec<Row>,
) -> DataSourceResponse {
    rows.sort_by(|left, right| (&left.name, &left.id).cmp(&(&right.name, &right.id)));
    let (ids, diagnostics) = ids_by_name(&rows);
    let connectors = Value::List(rows.into_iter().map(|row| row.value).collect());
    let mut state = arguments.clone().with("connectors", connectors).with("ids", ids);
    if arguments.get("organization_id").is_null() {
        state.set("organization_id", organization.to_string());
    }
    DataSourceResponse { diagnostics, ..DataSourceResponse::new(state) }
}

/// Returns the map from names to ids.
///
/// Names are unique in an organization (documented). If two connectors share a
/// name nevertheless, the map cannot hold both, and a warning names it.
fn ids_by_name(rows: &[Row]) -> (Value, Diagnostics) {
    let mut ids = BTreeMap::new();
    let mut messages = Diagnostics::new();
    for Row { name, id, .. } in rows {
        if ids.insert(name.clone(), Value::from(id.as_str())).is_some() {
            messages.push(Diagnostic::warning(
                format!("There is more than one connector named {:?}", Shown::new(name)),
                format!(
                    "Give each connector a different name in Control Hub. The map ids can have \
                     only one of them, and has {id}. The list connectors has all of them."
                ),
            ));
        }
    }
    (Value::Map(ids), messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_two_connectors_is_warned_of() {
        let rows = [("a", "1"), ("b", "2"), ("a", "3")];
        let rows = rows.map(|(name, id)| Row {
            name: name.to_owned(),
            id: id.to_owned(),
            value: Value::Null,
        });
        let (ids, messages) = ids_by_name(&rows);
        let expected = [("a", "3"), ("b", "2")];
        let expected = expected.map(|(name, id)| (name.to_owned(), Value::from(id)));
        assert_eq!(ids, Value::Map(expected.into()));
        let summaries = messages.iter().map(Diagnostic::summary).collect::<Vec<_>>();
        assert_eq!(summaries, ["There is more than one connector named \"a\""]);
        assert!(!messages.has_errors());
    }
}
