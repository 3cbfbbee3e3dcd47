//! Templates of texts and of JSON, with placeholders.
//!
//! `{name}` stands for a value. `{name?}` leaves out the member, the element, the parameter or the
//! header when there is no value. `{{` and `}}` are braces.

use serde_json::{Map, Value};

use super::super::fields::{Credential, FIELDS, Field, FieldContent, Row};

/// The meaning of a placeholder: a value that a request can send. A
/// [`FieldName`](super::FieldName) is a value that a response can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    /// The organization's UUID.
    Organization,
    /// The connector's id.
    Id,
    /// The connector's version as it was read.
    Version,
    /// Whether flows can use the connector, as the profile spells it.
    Active,
    /// The number of a page.
    Page,
    /// The place at which a list goes on.
    Cursor,
    /// An argument of the resource.
    Field(Field),
    /// A credential of the resource.
    Credential(Credential),
}

impl Name {
    /// Returns the name of an argument.
    pub(crate) fn of(row: &Row) -> Self {
        match row.content {
            FieldContent::Text(field, _) | FieldContent::Literal(field) => Self::Field(field),
            FieldContent::Credential(credential) => Self::Credential(credential),
        }
    }

    /// Reads the name of a placeholder.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "organization" => Some(Self::Organization),
            "id" => Some(Self::Id),
            "version" => Some(Self::Version),
            "active" => Some(Self::Active),
            "page" => Some(Self::Page),
            "cursor" => Some(Self::Cursor),
            argument => Some(Self::of(FIELDS.iter().find(|row| row.argument == argument)?)),
        }
    }
}

impl Name {
    /// Returns the name as templates have it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Id => "id",
            Self::Version => "version",
            Self::Active => "active",
            Self::Page => "page",
            Self::Cursor => "cursor",
            Self::Field(field) => Row::of(field).argument,
            Self::Credential(credential) => Row::of_credential(credential).argument,
        }
    }
}

/// A placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placeholder {
    pub(crate) name: Name,
    /// Whether its place is left out when there is no value.
    pub(crate) is_optional: bool,
}

/// A part of a text template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Constant(String),
    Placeholder(Placeholder),
}

/// A text with placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextTemplate(pub(crate) Vec<Piece>);

/// The reason why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateProblem {
    #[error("has a brace without its counterpart; write {{{{ or }}}} for a brace itself")]
    Brace,
    #[error("has the placeholder {{{0}}}, which does not exist")]
    Unknown(String),
}

impl TextTemplate {
    /// Reads a template.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateProblem> {
        let mut pieces = Vec::new();
        let mut constant = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            constant.push_str(before);
            if let Some(after) = brace.strip_prefix("{{") {
                constant.push('{');
                rest = after;
            } else if let Some(after) = brace.strip_prefix("}}") {
                constant.push('}');
                rest = after;
            } else {
                let inner = brace.strip_prefix('{').ok_or(TemplateProblem::Brace)?;
                let (inner, after) = inner.split_once('}').ok_or(TemplateProblem::Brace)?;
                let name = inner.strip_suffix('?').unwrap_or(inner);
                let is_optional = name.len() < inner.len();
                let name =
                    Name::parse(name).ok_or_else(|| TemplateProblem::Unknown(bounded(name)))?;
                if !constant.is_empty() {
                    pieces.push(Piece::Constant(std::mem::take(&mut constant)));
                }
                pieces.push(Piece::Placeholder(Placeholder { name, is_optional }));
                rest = after;
            }
        }
        constant.push_str(rest);
        if !constant.is_empty() {
            pieces.push(Piece::Constant(constant));
        }
        Ok(Self(pieces))
    }

    pub(crate) fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Placeholder(placeholder) => Some(*placeholder),
            Piece::Constant(_) => None,
        })
    }

    /// Returns the template as the document has it, for logs.
    pub(crate) fn shown(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Constant(text) => text.clone(),
            Piece::Placeholder(placeholder) => format!("{{{}}}", placeholder.name.text()),
        };
        self.0.iter().map(piece).collect()
    }

    /// Returns the placeholder, if the template is nothing else.
    pub(crate) fn only(&self) -> Option<Placeholder> {
        match self.0.as_slice() {
            [Piece::Placeholder(placeholder)] => Some(*placeholder),
            _ => None,
        }
    }
}

/// Returns the beginning of a text from a document, for a message.
pub(crate) fn bounded(text: &str) -> String {
    text.chars().take(60).collect::<String>().escape_debug().to_string()
}

/// A JSON value with placeholders in its texts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum JsonTemplate {
    Scalar(Value),
    Text(TextTemplate),
    Array(Vec<JsonTemplate>),
    Object(Vec<(String, JsonTemplate)>),
}

impl JsonTemplate {
    /// Reads a template. `problem` takes the problems with their places below this value.
    pub(crate) fn parse(
        value: &Value,
        place: &str,
        problem: &mut dyn FnMut(String, TemplateProblem),
    ) -> Self {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Scalar(value.clone()),
            Value::String(text) => Self::Text(TextTemplate::parse(text).unwrap_or_else(|found| {
                problem(place.to_owned(), found);
                TextTemplate::default()
            })),
            Value::Array(elements) => {
                let element =
                    |(index, value)| Self::parse(value, &format!("{place}/{index}"), problem);
                Self::Array(elements.iter().enumerate().map(element).collect())
            }
            Value::Object(members) => Self::Object(Self::members(members, place, problem)),
        }
    }

    fn members(
        members: &Map<String, Value>,
        place: &str,
        problem: &mut dyn FnMut(String, TemplateProblem),
    ) -> Vec<(String, Self)> {
        let member = |(name, value): (&String, _)| {
            let place = format!("{place}/{}", escaped(name));
            (name.clone(), Self::parse(value, &place, problem))
        };
        members.iter().map(member).collect()
    }

    /// Calls `visit` for each placeholder.
    pub(crate) fn placeholders(&self, visit: &mut dyn FnMut(Placeholder)) {
        match self {
            Self::Scalar(_) => {}
            Self::Text(text) => text.placeholders().for_each(visit),
            Self::Array(elements) => {
                elements.iter().for_each(|element| element.placeholders(visit));
            }
            Self::Object(members) => {
                members.iter().for_each(|(_, member)| member.placeholders(visit));
            }
        }
    }

    /// Whether a credential is only a part of a text.
    pub(crate) fn has_mixed_credential(&self) -> bool {
        let is_credential = |found: Placeholder| matches!(found.name, Name::Credential(_));
        match self {
            Self::Scalar(_) => false,
            Self::Text(text) => text.only().is_none() && text.placeholders().any(is_credential),
            Self::Array(elements) => elements.iter().any(Self::has_mixed_credential),
            Self::Object(members) => {
                members.iter().any(|(_, member)| member.has_mixed_credential())
            }
        }
    }

    /// Returns the template at a place.
    pub(crate) fn at(&self, tokens: &[String]) -> Option<&Self> {
        let Some((token, rest)) = tokens.split_first() else { return Some(self) };
        match self {
            Self::Scalar(_) | Self::Text(_) => None,
            Self::Array(elements) => elements.get(token.parse::<usize>().ok()?)?.at(rest),
            Self::Object(members) => members.iter().find(|(name, _)| name == token)?.1.at(rest),
        }
    }
}

/// Returns a name as a token of a JSON Pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_constants_and_placeholders() {
        let id = |is_optional| Piece::Placeholder(Placeholder { name: Name::Id, is_optional });
        let constant = |text: &str| Piece::Constant(text.to_owned());
        for (text, pieces) in [
            ("", vec![]),
            ("a", vec![constant("a")]),
            ("{id}", vec![id(false)]),
            ("/x/{id?}/{{y}}", vec![constant("/x/"), id(true), constant("/{y}")]),
            ("{{{id}}}", vec![constant("{"), id(false), constant("}")]),
        ] {
            assert_eq!(TextTemplate::parse(text), Ok(TextTemplate(pieces)), "{text}");
        }
    }

    #[test]
    fn wrong_templates_are_refused() {
        for text in ["{", "}", "a}b", "{id", "{id}}"] {
            assert_eq!(TextTemplate::parse(text), Err(TemplateProblem::Brace), "{text}");
        }
        for name in ["", "Id", "id??", "token", "client_secret_wo"] {
            let found = TextTemplate::parse(&format!("{{{name}}}"));
            assert!(matches!(found, Err(TemplateProblem::Unknown(_))), "{name}: {found:?}");
        }
    }

    #[test]
    fn every_argument_is_a_placeholder() {
        for row in FIELDS {
            assert!(Name::parse(row.argument).is_some(), "{}", row.argument);
        }
    }
}
