//! Deviations of the service from the API that a client expects. Each deviation is
//! a flag, and can be changed while the simulator runs.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::words;

/// The deviations of a service from the API that a client expects. By default
/// there are none.
///
/// Fields of connectors have the names of the provider's arguments, for example
/// `resource_domain_url`.
#[derive(Clone, Debug, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behavior {
    /// Field that creates and updates accept without storing it; repeatable. With
    /// `active`, activation responds with 200 and changes nothing.
    #[arg(long = "ignored-field", value_name = "FIELD", value_parser = field)]
    pub ignored_fields: Vec<String>,
    /// Field that the rows of lists omit; repeatable.
    #[arg(long = "short-row-without", value_name = "FIELD", value_parser = field)]
    pub short_rows_without: Vec<String>,
    /// Literal in responses instead of the usual one; repeatable. The words are
    /// `basic`, `oauth2`, `client_credentials`, `password`,
    /// `client_credentials_certificate`, `true` and `false`.
    #[arg(long = "literal", value_name = "WORD=TEXT", value_parser = literal)]
    pub literals: Vec<String>,
    /// Members for every new connector, as a JSON object. They survive an update
    /// that sends them, and a `PATCH`.
    #[arg(long, value_name = "JSON", value_parser = members)]
    pub extra_members: Option<Value>,
    /// Omits empty members of connectors in responses.
    #[arg(long, action = ArgAction::Set, default_value = "off")]
    #[arg(value_parser = switch())]
    pub omit_empty: bool,
    /// Shows the old object to reads for N milliseconds after an update.
    #[arg(long = "update-visible-after-ms", value_name = "N", default_value = "0")]
    pub update_visible_after_ms: u64,
    /// Accepts an update with a stale version or without a version.
    #[arg(long, action = ArgAction::Set, default_value = "off")]
    #[arg(value_parser = switch())]
    pub unchecked_versions: bool,
    /// Refuses to list connectors (403).
    #[arg(long, action = ArgAction::Set, default_value = "off")]
    #[arg(value_parser = switch())]
    pub refused_list: bool,
    /// Method to refuse with a 405; repeatable. `Allow` names the other methods of
    /// the path, and `PATCH` instead of `PUT`.
    #[arg(long = "refused-method", value_name = "METHOD")]
    pub refused_methods: Vec<String>,
}

impl Behavior {
    /// Checks what did not come from a flag.
    pub(crate) fn check(&self) -> Result<(), String> {
        for name in self.ignored_fields.iter().chain(&self.short_rows_without) {
            field(name)?;
        }
        for text in &self.literals {
            literal(text)?;
        }
        match &self.extra_members {
            None | Some(Value::Object(_)) => Ok(()),
            Some(_) => Err("extra_members: must be an object".to_owned()),
        }
    }

    /// Whether a method is refused.
    pub(crate) fn refuses(&self, method: &str) -> bool {
        self.refused_methods.iter().any(|refused| refused.eq_ignore_ascii_case(method))
    }

    /// Returns the names under which ignored fields are stored.
    pub(crate) fn ignored(&self) -> impl Iterator<Item = &'static str> {
        self.ignored_fields.iter().filter_map(|word| words::stored_name(word))
    }

    /// Whether rows leave out the field of a word.
    pub(crate) fn is_short_of(&self, word: &str) -> bool {
        self.short_rows_without.iter().any(|left_out| left_out == word)
    }

    /// Returns the literal that replaces the one of a word.
    pub(crate) fn literal(&self, word: &str) -> Option<Value> {
        self.literals.iter().find_map(|text| {
            let (known, literal) = text.split_once('=')?;
            (known == word).then(|| Value::String(literal.to_owned()))
        })
    }

    /// Returns the fields that can have literals of a word, with the word and the literal that
    /// replaces the usual one.
    pub(crate) fn replaced_literals(&self) -> impl Iterator<Item = (&'static str, &str, Value)> {
        let split = self.literals.iter().filter_map(|text| text.split_once('='));
        split.flat_map(|(word, literal)| {
            let fields: &[&str] = match word {
                "true" | "false" => &["active"],
                _ => &["authentication_type", "grant_type"],
            };
            fields.iter().map(move |field| (*field, word, Value::String(literal.to_owned())))
        })
    }

    /// Returns the members that a new connector gets.
    pub(crate) fn members(&self) -> Map<String, Value> {
        self.extra_members.as_ref().and_then(Value::as_object).cloned().unwrap_or_default()
    }
}

/// Parses `on` and `off`.
pub(crate) fn switch() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["on", "off"]).map(|value| value == "on")
}

fn field(name: &str) -> Result<String, String> {
    match words::stored_name(name) {
        Some(_) => Ok(name.to_owned()),
        None => Err(format!("{name} is not a field of a connector")),
    }
}

fn literal(text: &str) -> Result<String, String> {
    let known =
        |word: &str| words::stored_literal(word).is_some() || ["true", "false"].contains(&word);
    match text.split_once('=') {
        Some((word, _)) if known(word) => Ok(text.to_owned()),
        Some(_) | None => Err(format!("{text} is not WORD=TEXT with a known word")),
    }
}

fn members(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) | Err(_) => Err("must be a JSON object".to_owned()),
    }
}
