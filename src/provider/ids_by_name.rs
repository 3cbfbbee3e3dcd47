//! Maps from names to ids, the result that two data sources share.

use std::collections::BTreeMap;

use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::schema::Attribute;
use tf_provider::value::{Type, Value};

/// The attribute that holds the map.
#[must_use]
pub fn attribute() -> Attribute {
    Attribute::computed(
        "ids",
        Type::Map(Box::new(Type::String)),
        "The connectors' ids by their names, as `provider::webex::rebind_connectors` takes them.",
    )
}

/// The map of pairs of name and id.
///
/// Names are unique in an organization (documented). Should two connectors
/// share one all the same, the map cannot hold both, and a warning says so.
#[must_use]
pub fn map<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> (Value, Diagnostics) {
    let mut ids = BTreeMap::new();
    let mut messages = Diagnostics::new();
    for (name, id) in pairs {
        if ids.insert(name.to_owned(), Value::from(id)).is_some() {
            messages.push(Diagnostic::warning(
                format!("There is more than one connector named {name:?}"),
                format!(
                    "The map ids can hold only one of them, and holds {id}. The list connectors \
                     has all of them. Give each connector a name of its own in Control Hub."
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
    fn a_name_that_stands_for_two_is_told() {
        let (ids, messages) = map([("a", "1"), ("b", "2"), ("a", "3")]);
        let expected = [("a", "3"), ("b", "2")];
        let expected = expected.map(|(name, id)| (name.to_owned(), Value::from(id)));
        assert_eq!(ids, Value::Map(expected.into()));
        let summaries = messages.iter().map(Diagnostic::summary).collect::<Vec<_>>();
        assert_eq!(summaries, ["There is more than one connector named \"a\""]);
        assert!(!messages.has_errors());
    }
}
