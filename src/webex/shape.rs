//! The shape of a JSON response: its fields and their kinds, without values.
//!
//! A tenant's owner can publish a shape. Values are not decoded. Names are kept if they look like
//! names of fields and hold no secret of the call. The keys of an object may be data, such as ids
//! or the names of connectors; such keys are not kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::value::RawValue;

use super::json::{self, Object};
use super::redact::Redactor;

/// The levels of a shape. Documented responses have four.
const DEEPEST: usize = 8;

/// The most fields of a shape.
const MOST_FIELDS: usize = 300;

/// The longest name of a field, in bytes.
const LONGEST_NAME: usize = 60;

/// The most digits in the name of a field. Ids and phone numbers have more.
const MOST_DIGITS: usize = 3;

/// The replacement of names that do not look like names of fields.
const OTHER_NAME: &str = "(other)";

/// The kinds of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A string that repeats an asterisk or a dot, like a masked secret.
    Masked,
    /// An array.
    List,
    /// An object.
    Object,
}

impl JsonKind {
    /// Returns the word for reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::Text => "text",
            Self::Masked => "masked text",
            Self::List => "list",
            Self::Object => "object",
        }
    }
}

impl fmt::Display for JsonKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Fields by path, each with the kinds of its values.
///
/// The path of the root is empty. A member is `.name` below its object, an element `[]` below its
/// list: `data[].id`. The elements of a list share their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape(BTreeMap<String, BTreeSet<JsonKind>>);

impl Shape {
    /// Returns the shape of a body, or `None` when it is no JSON. `names` decides which names are
    /// kept.
    pub(crate) fn of(body: &[u8], names: &NameFilter<'_>) -> Option<Self> {
        let raw = serde_json::from_slice::<&RawValue>(body).ok()?;
        let mut shape = Self::default();
        shape.add(String::new(), raw, DEEPEST, names);
        Some(shape)
    }

    /// Returns the fields with their kinds, in the order of their paths.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &BTreeSet<JsonKind>)> {
        self.0.iter().map(|(path, kinds)| (path.as_str(), kinds))
    }

    /// Returns the kinds of one field, or `None` when there is no such field.
    #[must_use]
    pub fn kinds(&self, path: &str) -> Option<&BTreeSet<JsonKind>> {
        self.0.get(path)
    }

    /// Returns the members of the object at `path`, by name.
    pub fn members<'a>(
        &'a self,
        path: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a BTreeSet<JsonKind>)> {
        self.fields().filter_map(move |(field, kinds)| {
            let rest = field.strip_prefix(path)?;
            let name = if path.is_empty() { rest } else { rest.strip_prefix('.')? };
            let is_member = !name.is_empty() && !name.contains(['.', '[']);
            is_member.then_some((name, kinds))
        })
    }

    fn add(&mut self, path: String, raw: &RawValue, levels: usize, names: &NameFilter<'_>) {
        if self.0.len() >= MOST_FIELDS && !self.0.contains_key(&path) {
            return;
        }
        let kind = kind_of(raw.get());
        self.0.entry(path.clone()).or_default().insert(kind);
        let Some(levels) = levels.checked_sub(1) else { return };
        match kind {
            JsonKind::Object => {
                let Ok(object) = Object::from_raw(raw) else { return };
                // An object of objects only may be a table by ids or names; a record has other
                // fields as well.
                let may_be_table =
                    object.members().all(|(_, member)| kind_of(member.get()) == JsonKind::Object);
                for (name, member) in object.members() {
                    let dot = if path.is_empty() { "" } else { "." };
                    let name = names.shown(name, may_be_table);
                    self.add(format!("{path}{dot}{name}"), member, levels, names);
                }
            }
            JsonKind::List => {
                for element in json::array(raw.get().as_bytes()).into_iter().flatten() {
                    self.add(format!("{path}[]"), element, levels, names);
                }
            }
            JsonKind::Null
            | JsonKind::Boolean
            | JsonKind::Number
            | JsonKind::Text
            | JsonKind::Masked => {}
        }
    }
}

/// Returns the kind of a value by its first character. The value is valid JSON.
fn kind_of(raw: &str) -> JsonKind {
    match raw.as_bytes().first() {
        Some(b'{') => JsonKind::Object,
        Some(b'[') => JsonKind::List,
        Some(b'n') => JsonKind::Null,
        Some(b't' | b'f') => JsonKind::Boolean,
        Some(b'"') => {
            if is_masked(raw) {
                JsonKind::Masked
            } else {
                JsonKind::Text
            }
        }
        _ => JsonKind::Number,
    }
}

/// The marks of masked texts, each with its escapes in JSON.
const MARKS: [&[&str]; 4] =
    [&["*", "\\u002a", "\\u002A"], &["•", "\\u2022"], &["●", "\\u25cf", "\\u25CF"], &["."]];

/// The fewest marks of a masked text. One or two dots may be data, such as a separator.
const FEWEST_MARKS: usize = 3;

/// Whether a value is a text that repeats one mark, like a masked secret. It is not decoded.
pub(crate) fn is_masked(raw: &str) -> bool {
    let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
    inner.is_some_and(|inner| {
        MARKS.iter().any(|spellings| {
            let (mut rest, mut marks) = (inner, 0);
            while let Some(next) = spellings.iter().find_map(|mark| rest.strip_prefix(mark)) {
                (rest, marks) = (next, marks + 1);
            }
            rest.is_empty() && marks >= FEWEST_MARKS
        })
    })
}

/// Decides which names of fields may be shown.
pub(crate) struct NameFilter<'a> {
    /// Whether a name is one of the contract's.
    pub(crate) is_known: fn(&str) -> bool,
    /// Recognizes secrets of the call, which are never shown.
    pub(crate) redactor: &'a Redactor,
}

impl NameFilter<'_> {
    /// Whether a name may be shown that is beside other members.
    pub(crate) fn is_shown(&self, name: &str) -> bool {
        self.shown(name, false) == name
    }

    /// Returns a field's name, or its replacement if it must not be shown.
    fn shown<'a>(&self, name: &'a str, may_be_table: bool) -> &'a str {
        let may_show = (self.is_known)(name) || (is_name(name) && !may_be_table);
        if may_show && self.redactor.clean(name) == name { name } else { OTHER_NAME }
    }
}

/// Whether a text looks like the name of a field, unlike an id.
fn is_name(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    !text.is_empty()
        && text.len() <= LONGEST_NAME
        && digits <= MOST_DIGITS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-$@".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use safe_text::Secret;

    fn names(redactor: &Redactor) -> NameFilter<'_> {
        NameFilter { is_known: |name| ["meta", "data", "links", "error"].contains(&name), redactor }
    }

    fn shape(body: &str) -> Vec<String> {
        let shape = Shape::of(body.as_bytes(), &names(&Redactor::default())).unwrap();
        let line = |(path, kinds): (&str, &BTreeSet<JsonKind>)| {
            let kinds = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join("|");
            format!("{path}: {kinds}")
        };
        shape.fields().map(line).collect()
    }

    #[test]
    fn shape_has_fields_with_their_kinds() {
        let body = r#"{"meta":{"page":0,"links":{}},"data":[{"id":"a","secret":"****"},
            {"id":null,"active":true,"tags":["x",1]}]}"#;
        let expected = [
            ": object",
            "data: list",
            "data[]: object",
            "data[].active: boolean",
            "data[].id: null|text",
            "data[].secret: masked text",
            "data[].tags: list",
            "data[].tags[]: number|text",
            "meta: object",
            "meta.links: object",
            "meta.page: number",
        ];
        assert_eq!(shape(body), expected);
    }

    #[test]
    fn members_belong_to_one_object() {
        let shape =
            Shape::of(br#"{"a":{"b":1,"c":[{"d":2}]},"ab":3}"#, &names(&Redactor::default()));
        let shape = shape.unwrap();
        let names = |path| shape.members(path).map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(""), ["a", "ab"]);
        assert_eq!(names("a"), ["b", "c"]);
        assert_eq!(names("a.c[]"), ["d"]);
        assert_eq!(names("nothing"), Vec::<&str>::new());
    }

    #[test]
    fn names_that_are_no_field_names_are_hidden() {
        let redactor = Redactor::default();
        redactor.watch(&Secret::from("canary-token-1234"));
        let body = r#"{"canary-token-1234":1,"a b":2,"\u001b[2J":3,"name":4}"#;
        let shape = Shape::of(body.as_bytes(), &names(&redactor)).unwrap();
        let names = shape.members("").map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names, [OTHER_NAME, "name"]);
    }

    /// Keys that are data: ids, or names of objects.
    #[test]
    fn keys_of_a_table_by_data_are_hidden() {
        for body in [
            r#"{"8035bad7-e14f-4540-a0a9-1f8f0c1d2e3b":1,"x":1}"#,
            r#"{"Y2lzY29zcGFyazovL3VzL1BFT1BMRS8x":1,"x":1}"#,
            r#"{"44201234567":1,"x":1}"#,
        ] {
            assert_eq!(shape(body), [": object", "(other): number", "x: number"]);
        }
        let by_name = r#"{"data":{"crm":{"id":"1"},"sap":{"id":"2"}},"error":{"key":"x"}}"#;
        let expected = [
            ": object",
            "data: object",
            "data.(other): object",
            "data.(other).id: text",
            "error: object",
            "error.key: text",
        ];
        assert_eq!(shape(by_name), expected);
        assert_eq!(shape(r#"{"crm":{"id":"1"}}"#)[1], "(other): object");
        // Among other fields, an object is a field.
        assert_eq!(shape(r#"{"crm":{"id":"1"},"page":0}"#)[1], "crm: object");
    }

    #[test]
    fn body_without_json_has_no_shape() {
        for body in ["", "<html>", "{\"a\":", "{} {}"] {
            assert_eq!(Shape::of(body.as_bytes(), &names(&Redactor::default())), None, "{body}");
        }
    }

    /// Returns a number as letters, because names have few digits.
    fn letters(number: usize) -> String {
        let digits = number.to_string();
        digits.bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
    }

    #[test]
    fn hostile_bodies_have_bounded_shapes() {
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(shape(&deep).len(), DEEPEST + 1);
        let wide =
            (0..10_000).map(|n| format!("\"f{}\":0", letters(n))).collect::<Vec<_>>().join(",");
        assert!(shape(&format!("{{{wide}}}")).len() <= MOST_FIELDS + 1);
    }

    proptest! {
        #[test]
        fn shape_holds_no_values(value in "[a-z]{12}", number in 100_000_000_u64..) {
            let body = format!(r#"{{"a":"{value}","b":[{{"c":"{value}"}}],"d":{number}}}"#);
            let shape = format!("{:?}", Shape::of(body.as_bytes(), &names(&Redactor::default())));
            prop_assert!(!shape.contains(&value) && !shape.contains(&number.to_string()));
        }
    }
}
