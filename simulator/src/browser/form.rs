//! The form with the values that a person types.

use serde_json::Value;

use crate::words::{self, Kind};

/// The typed values of one connector.
#[derive(Debug)]
pub(super) struct Form {
    /// The kind.
    pub(super) kind: Kind,
    /// The typed values of each field: at the creation, then in each edit.
    texts: Vec<(&'static str, Vec<String>)>,
}

impl Form {
    /// Reads the forms. The error names the connector and the key.
    pub(super) fn parse(forms: &Value) -> Result<Vec<Self>, String> {
        let forms = forms.as_array().ok_or("the form must be an array of objects")?;
        let form =
            |(index, form)| Self::parse_one(form).map_err(|error| format!("/{index}{error}"));
        forms.iter().enumerate().map(form).collect()
    }

    fn parse_one(form: &Value) -> Result<Self, String> {
        let form = form.as_object().ok_or(": must be an object")?;
        let mut authentication_type = "basic".to_owned();
        let mut grant_type = "client_credentials".to_owned();
        let mut texts = Vec::new();
        for (key, value) in form {
            let typed = typed(value).ok_or_else(|| format!("/{key}: must be a text or texts"))?;
            let word = words::TEXTS.into_iter().find(|word| word == key);
            match (key.as_str(), word) {
                ("authentication_type", _) => authentication_type = typed[0].clone(),
                ("grant_type", _) => grant_type = typed[0].clone(),
                (_, Some(word)) => texts.push((word, typed)),
                (_, None) => return Err(format!("/{key}: is not a field of the form")),
            }
        }
        let kind = match authentication_type.as_str() {
            "basic" => Some(Kind::Basic),
            "oauth2" => Kind::from_word(&grant_type).filter(|kind| *kind != Kind::Basic),
            _ => None,
        };
        let kind = kind.ok_or("/authentication_type: is not one of the form")?;
        Ok(Self { kind, texts })
    }

    /// Returns the name after an edit; 0 is the creation.
    pub(super) fn name(&self, edit: usize) -> &str {
        let named = self.texts.iter().find(|(word, _)| *word == "name");
        named.and_then(|(_, typed)| typed.get(edit).or(typed.last())).map_or("", String::as_str)
    }

    /// Returns how many times the connector is edited. It is saved once even if
    /// nothing new is typed.
    pub(super) fn edits(&self) -> usize {
        let lengths = self.texts.iter().map(|(_, typed)| typed.len() - 1);
        lengths.max().unwrap_or_default().max(1)
    }

    /// Returns the contents of the fields at an edit. The page shows no secrets, so
    /// a field has a secret only if the person types it in this edit.
    pub(super) fn texts(&self, edit: usize) -> impl Iterator<Item = (&'static str, &str)> {
        self.texts.iter().filter_map(move |(word, typed)| {
            let text = match typed.get(edit) {
                Some(text) => text,
                None if words::CREDENTIALS.contains(word) => return None,
                None => typed.last()?,
            };
            Some((*word, text.as_str()))
        })
    }
}

fn typed(value: &Value) -> Option<Vec<String>> {
    let one = value.as_str().map(|text| vec![text.to_owned()]);
    let texts = one.or_else(|| {
        let texts = value.as_array()?.iter();
        texts.map(|text| text.as_str().map(str::to_owned)).collect()
    });
    texts.filter(|texts| !texts.is_empty())
}
