//! The object of a connector in the shape that a profile describes, and its
//! fields in the form of the profile.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::bindings::Bindings;
use super::document::{Encoding, Profile};
use super::pointer::Pointer;
use super::template::Template;
use crate::words::{self, Kind};

/// The contents of an object.
#[derive(Debug)]
pub(crate) struct Shape<'a> {
    /// The kind of the connector.
    pub(crate) kind: Kind,
    /// The members that are no fields.
    pub(crate) members: Map<String, Value>,
    /// The fields as they are written, by word.
    pub(crate) fields: Vec<(&'static str, Value)>,
    /// The literal that marks a custom connector, if it differs from the profile.
    pub(crate) connector_type: Option<&'a str>,
}

impl Profile {
    /// Returns an object. `place` returns the place of a field.
    pub(crate) fn object(
        &self,
        shape: Shape<'_>,
        place: impl Fn(&str, Kind) -> Option<Pointer>,
    ) -> Value {
        let mut object = Value::Object(shape.members);
        for (at, value) in &self.custom_only {
            let value = shape.connector_type.map_or_else(|| value.clone(), |other| json!(other));
            at.place(&mut object, value);
        }
        let (empty, fields): (Vec<_>, Vec<_>) =
            shape.fields.into_iter().partition(|(_, value)| value.is_null());
        for (word, value) in fields {
            if let Some(at) = place(word, shape.kind) {
                at.place(&mut object, value);
            }
        }
        // A null for a field of another kind is added to existing objects, and
        // creates none.
        for (word, _) in empty {
            let Some(at) = place(word, shape.kind) else { continue };
            let parent = at.parent().unwrap_or_default();
            let has_parent = parent.get(&object).is_some_and(Value::is_object);
            if at.get(&object).is_none() && (has_parent || shape.kind.has(word)) {
                at.place(&mut object, Value::Null);
            }
        }
        object
    }

    /// Returns how a text is written in a field.
    pub(crate) fn written(&self, word: &str, text: &str) -> Value {
        match self.encoding(word) {
            Encoding::Text => json!(text),
            Encoding::Crlf => json!(text.replace("\r\n", "\n").replace('\n', "\r\n")),
            Encoding::Escaped => json!(text.replace('\n', "\\n")),
            Encoding::Base64 => json!(STANDARD.encode(text)),
            Encoding::List => json!(text.split_whitespace().collect::<Vec<_>>()),
        }
    }

    /// Returns the text that is written in a field. The error says what is wrong.
    pub(crate) fn read_text(&self, word: &str, written: &Value) -> Result<Value, String> {
        let encoding = self.encoding(word);
        match (encoding, written) {
            (_, Value::Null) => Ok(Value::Null),
            (Encoding::List, Value::Array(words)) => words
                .iter()
                .map(|word| word.as_str().filter(|word| !word.contains(char::is_whitespace)))
                .collect::<Option<Vec<_>>>()
                .map(|words| json!(words.join(" ")))
                .ok_or_else(|| format!("{word}: must be an array of words.")),
            (Encoding::List, _) => Err(format!("{word}: must be an array.")),
            (Encoding::Text, Value::String(text)) => Ok(json!(text)),
            (Encoding::Crlf, Value::String(text)) => {
                let lines = text.replace("\r\n", "");
                if lines.contains(['\r', '\n']) {
                    return Err(format!("{word}: a line does not end in CR LF."));
                }
                Ok(json!(text.replace("\r\n", "\n")))
            }
            (Encoding::Escaped, Value::String(text)) => {
                if text.contains(['\r', '\n']) {
                    return Err(format!("{word}: a line break is not escaped."));
                }
                Ok(json!(text.replace("\\n", "\n")))
            }
            (Encoding::Base64, Value::String(text)) => STANDARD
                .decode(text)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .map(Value::String)
                .ok_or_else(|| format!("{word}: must be base64 of a text.")),
            (Encoding::Text | Encoding::Crlf | Encoding::Escaped | Encoding::Base64, _) => {
                Err(format!("{word}: must be a string."))
            }
        }
    }

    fn encoding(&self, word: &str) -> Encoding {
        self.field(word).map(|field| field.encoding).unwrap_or_default()
    }

    /// Returns the kind that the literals of a request name. `Ok(None)` if it
    /// names none.
    pub(crate) fn kind(&self, bindings: &Bindings) -> Result<Option<Kind>, String> {
        let sent = |field: &str| bindings.get(field).filter(|literal| !literal.is_null());
        let Some(literal) = sent("authentication_type") else { return Ok(None) };
        let word = self
            .sent_word("authentication_type", bindings)
            .ok_or_else(|| format!("authentication_type: {literal} is not known."))?;
        let has_grant = sent("grant_type").is_some();
        let grant = self.sent_word("grant_type", bindings);
        let wrong = || "grant_type: does not fit the authentication type.".to_owned();
        match Kind::from_word(word) {
            Some(Kind::Basic) if has_grant && grant != Some("basic") => Err(wrong()),
            Some(kind) => Ok(Some(kind)),
            None if !has_grant => Ok(Some(Kind::ClientCredentials)),
            None => {
                let kind = grant.and_then(Kind::from_word).filter(|kind| *kind != Kind::Basic);
                kind.map(Some).ok_or_else(wrong)
            }
        }
    }

    /// Returns the literals of a kind: of the authentication type and of the
    /// grant, null where the API has none.
    pub(crate) fn literals(&self, kind: Kind) -> [(&'static str, Value); 2] {
        let values = |field: &str| self.field(field).map(|field| &field.values);
        let literal = |field: &str, word: &str| values(field).and_then(|of| of.get(word)).cloned();
        let authentication_type = literal("authentication_type", kind.word())
            .or_else(|| literal("authentication_type", kind.authentication_type()));
        [
            ("authentication_type", authentication_type.unwrap_or(Value::Null)),
            ("grant_type", literal("grant_type", kind.word()).unwrap_or(Value::Null)),
        ]
    }

    /// Returns the constant members of the object that a body holds at `root`,
    /// or else where most fields are as they are read.
    pub(crate) fn constants(&self, body: &Template, root: Option<&Pointer>, kind: Kind) -> Value {
        let whole = Pointer::default();
        let mut constants = Value::Object(Map::new());
        let mut roots: Vec<(Pointer, usize)> = Vec::new();
        body.each_leaf(&whole, &mut |at, leaf| {
            let Template::Place(place) = leaf else { return };
            let Some(inner) = self.place(place.name, kind) else { return };
            let Some(root) = at.without_end(inner) else { return };
            match roots.iter_mut().find(|(known, _)| *known == root) {
                Some((_, count)) => *count += 1,
                None => roots.push((root, 1)),
            }
        });
        let voted = roots.into_iter().max_by_key(|(_, count)| *count).map(|(root, _)| root);
        let Some(root) = root.cloned().or(voted) else { return constants };
        body.each_leaf(&whole, &mut |at, leaf| {
            if let (Template::Constant(value), Some(below)) = (leaf, at.below(&root))
                && !below.is_whole()
            {
                below.place(&mut constants, value.clone());
            }
        });
        constants
    }

    /// Removes the fields, and the members by which a custom connector is known,
    /// from the sent members outside of the template. The error names a credential that
    /// was sent back.
    pub(crate) fn without_fields(&self, mut rest: Value, kind: Kind) -> Result<Value, String> {
        let places = words::FIELDS.iter().filter_map(|(word, _)| {
            self.place(word, kind).map(|at| (at, words::CREDENTIALS.contains(word)))
        });
        let marks = self.custom_only.iter().map(|(at, _)| (at, false));
        for (at, is_credential) in places.chain(marks) {
            let removed = at.remove(&mut rest).unwrap_or(Value::Null);
            if is_credential && !removed.is_null() {
                return Err(format!("{at}: a credential must not be sent back."));
            }
            // An object that contained nothing else is not reported.
            let mut parent = at.parent().filter(|parent| !parent.is_whole());
            while let Some(at) = parent {
                let is_empty = at.get(&rest).and_then(Value::as_object).is_some_and(Map::is_empty);
                parent = if is_empty { at.remove(&mut rest).and(at.parent()) } else { None };
                parent = parent.filter(|parent| !parent.is_whole());
            }
        }
        Ok(rest)
    }
}

/// Returns the place of the first member that another value does not have.
pub(crate) fn stranger(value: &Value, known: &Value, at: &Pointer) -> Option<Pointer> {
    let Value::Object(members) = value else { return None };
    members.iter().find_map(|(name, value)| {
        let at = at.child(name);
        match known.get(name) {
            Some(known) => stranger(value, known, &at),
            None => Some(at),
        }
    })
}

/// Leaves out members that are empty.
pub(crate) fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, without_empty(value)));
            Value::Object(members.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            value
        }
    }
}

/// Whether a value is null, an empty text or an empty array.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}
