//! The filter of connectors, with the arguments that the data source of all
//! connectors and the list resource share.

use regex_lite::Regex;

use tf_provider::diagnostics::Diagnostic;
use tf_provider::object::Object;
use tf_provider::schema::Attribute;
use tf_provider::value::{Path, Type};
use webex_contact_center::Connector;

const ACTIVE: &str = "active";
const NAME: &str = "name_regex";

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
            "Only connectors that are active (`true`) or deactivated (`false`). Both if not set.",
        ),
        Attribute::optional(
            NAME,
            Type::String,
            "Only connectors whose name matches this regular expression, anywhere in the name. The \
             syntax is that of the Rust crate regex-lite, which is close to Terraform's own: `^` \
             and `$` match the beginning and the end, `(?i)` ignores the case of letters.",
        ),
    ]
}

impl Filter {
    /// Reads the arguments. One that is not known yet accepts every connector.
    ///
    /// # Errors
    ///
    /// A message that points at `name_regex` when it is no regular expression.
    pub fn read(object: &Object) -> Result<Self, Diagnostic> {
        let name = object.string(NAME).known().map(Regex::new).transpose();
        let name = name.map_err(|problem| {
            Diagnostic::error(
                format!("{NAME} is not a regular expression"),
                format!(
                    "{problem}. Correct the expression; a backslash before a sign such as ( or [ \
                     takes its meaning away, and is written twice within quotes."
                ),
            )
            .at(Path::attribute(NAME))
        })?;
        Ok(Self { active: object.bool(ACTIVE).known(), name })
    }

    /// Whether a connector matches.
    #[must_use]
    pub fn accepts(&self, connector: &Connector) -> bool {
        self.active.is_none_or(|active| active == connector.is_active())
            && self.name.as_ref().is_none_or(|name| name.is_match(connector.name()))
    }
}
