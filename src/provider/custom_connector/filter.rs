//! The filter of connectors, with the arguments that the data source of all
//! connectors and the list resource share.

use regex_lite::{Regex, RegexBuilder};

use tf_provider::diagnostics::Diagnostic;
use tf_provider::object::Object;
use tf_provider::schema::Attribute;
use tf_provider::value::{Path, Type};
use webex_contact_center::Connector;

const ACTIVE: &str = "active";
const NAME: &str = "name_regex";

/// The memory that an expression may take, in bytes. Matching takes time in proportion to it and to
/// the text, and one thread serves all calls.
const LARGEST_EXPRESSION: usize = 16 << 10;

/// The longest expression, in bytes. Reading one takes a hundred times its size in memory.
const LONGEST_EXPRESSION: usize = 4096;

/// The characters of a name that an expression is tried on.
const LONGEST_NAME: usize = 1000;

/// A filter of connectors.
#[derive(Clone, Debug)]
pub struct Filter {
    active: Option<bool>,
    name: Option<Regex>,
}

/// Returns the arguments.
#[must_use]
pub fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::optional(
            ACTIVE,
            Type::Bool,
            "Only active connectors (`true`), or only deactivated ones (`false`). Default: both.",
        ),
        Attribute::optional(
            NAME,
            Type::String,
            "Only connectors with a name that matches this regular expression, anywhere in the \
             name. The \
             syntax is that of the Rust crate regex-lite, which is close to Terraform's: `^` and \
             `$` match the beginning and the end, and `(?i)` ignores letter case. It has at most \
             4,096 bytes. Only the first 1,000 characters of a name are matched.",
        ),
    ]
}

impl Filter {
    /// Reads the arguments. One that is not known yet accepts every connector.
    ///
    /// # Errors
    ///
    /// A message that points at `name_regex` when it is no regular expression, or too long.
    pub fn read(object: &Object) -> Result<Self, Diagnostic> {
        let unusable = |detail: String| {
            let summary = format!("{NAME} cannot be used as a regular expression");
            Diagnostic::error(summary, detail).at(Path::attribute(NAME))
        };
        let expression = object.string(NAME).known();
        if expression.is_some_and(|expression| expression.len() > LONGEST_EXPRESSION) {
            return Err(unusable(format!(
                "Shorten the expression. It has more than {LONGEST_EXPRESSION} bytes."
            )));
        }
        let compiled =
            |expression| RegexBuilder::new(expression).size_limit(LARGEST_EXPRESSION).build();
        let name = expression.map(compiled).transpose().map_err(|problem| {
            unusable(format!(
                "{problem}. Correct the expression. To match a character such as ( or [ literally, \
                 put a backslash before it; in a quoted Terraform string, write two."
            ))
        })?;
        Ok(Self { active: object.bool(ACTIVE).known(), name })
    }

    /// Whether a connector matches.
    #[must_use]
    pub fn accepts(&self, connector: &Connector) -> bool {
        let name = connector.name();
        let end = name.char_indices().nth(LONGEST_NAME).map_or(name.len(), |(end, _)| end);
        self.active.is_none_or(|active| active == connector.is_active())
            && self.name.as_ref().is_none_or(|expression| expression.is_match(&name[..end]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, LONGEST_EXPRESSION, NAME};
    use crate::provider::custom_connector::model::tests::connector;
    use tf_provider::object::Object;
    use webex_contact_center::Field;

    fn read(expression: &str) -> Option<Filter> {
        Filter::read(&Object::default().with(NAME, expression)).ok()
    }

    #[test]
    fn expressions_of_bounded_size_are_tried_on_bounded_names() {
        for small in ["^(crm|zendesk)-[a-z0-9_]{1,40}-(test|prod)$", r"(?i)\bservice\s?now\b", ""] {
            assert!(read(small).is_some(), "{small}");
        }
        for large in ["(?:a{0,200}){0,200}b$", "(((a{100}){100}){100}){100}", "a{100000}", "("] {
            assert!(read(large).is_none(), "{large}");
        }
        // What is read as blanks takes no memory when it is compiled.
        let long = |length: usize| format!("{:length$}", "(?x)");
        assert!(read(&long(LONGEST_EXPRESSION)).is_some());
        assert!(read(&long(LONGEST_EXPRESSION + 1)).is_none());
        let mut connector = connector();
        connector.fields.set(Field::Name, Some("a".repeat(3 << 20) + "b"));
        assert!(!read("b").unwrap().accepts(&connector));
        assert!(read("^a+$").unwrap().accepts(&connector));
    }
}
