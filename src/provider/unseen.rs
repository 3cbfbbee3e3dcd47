//! Characters that nobody sees: blanks and line ends around a text, and invisible characters in it.
//!
//! They are usually there by accident: `file("secret.txt")` has the line end of the file, and a
//! text that is copied from a page has zero-width characters.

use safe_text::{Secret, hidden};

/// A character that nobody sees, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// A line end at the beginning or at the end.
    LineEndAround,
    /// Another blank at the beginning or at the end.
    BlankAround,
    /// A control character, or one that has no width or changes the direction of writing.
    Invisible(char),
}

impl Unseen {
    /// Returns the first problem of a text, those at its ends first.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let inner = text.trim();
        let begins = &text[..text.len() - text.trim_start().len()];
        let around = [begins, &text[text.trim_end().len()..]];
        if around.iter().any(|blanks| blanks.contains(['\n', '\r'])) {
            Some(Self::LineEndAround)
        } else if inner != text {
            Some(Self::BlankAround)
        } else {
            hidden(text).next().map(|(_, character)| Self::Invisible(character))
        }
    }

    /// Returns the first problem of a credential, like [`Self::find`].
    #[must_use]
    pub fn find_in(secret: &Secret) -> Option<Self> {
        Self::find(secret.expose())
    }

    /// Returns a sentence that says what was found, without the text.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::LineEndAround => "It begins or ends with a line break.".to_owned(),
            Self::BlankAround => "It begins or ends with a space.".to_owned(),
            Self::Invisible(character) => {
                format!("It has an invisible character (U+{:04X}).", u32::from(character))
            }
        }
    }

    /// Returns what to do about it in a configuration.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::LineEndAround => {
                "Use `trimspace(file(\"…\"))` or `chomp(…)` where the value is read from a file: a \
                 file ends with a line break."
            }
            Self::BlankAround => "Remove it, or use `trimspace(…)` where the value is read.",
            Self::Invisible('\u{feff}') => {
                "Use `trimprefix(…, \"\\ufeff\")`, or save the file without its byte order mark."
            }
            Self::Invisible(_) => "Type the value again instead of copying it.",
        }
    }

    /// Returns what to do about it in an environment variable.
    #[must_use]
    pub fn remedy_in_environment(self) -> &'static str {
        match self {
            Self::LineEndAround | Self::BlankAround => {
                "Set the variable without it. In a shell, `\"$(cat FILE)\"` omits the line break \
                 of the file."
            }
            Self::Invisible(_) => "Type the value again instead of copying it.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Unseen;

    #[test]
    fn unseen_characters_are_found_by_their_place() {
        for (text, expected) in [
            ("abc", None),
            ("a b", None),
            ("Zürich 客户 🙂", None),
            ("", None),
            ("abc\n", Some(Unseen::LineEndAround)),
            ("abc \r\n ", Some(Unseen::LineEndAround)),
            ("\nabc", Some(Unseen::LineEndAround)),
            (" abc", Some(Unseen::BlankAround)),
            ("abc\t", Some(Unseen::BlankAround)),
            ("abc\u{a0}", Some(Unseen::BlankAround)),
            ("   ", Some(Unseen::BlankAround)),
            ("a\nb", Some(Unseen::Invisible('\n'))),
            ("a\u{200b}b", Some(Unseen::Invisible('\u{200b}'))),
            ("\u{feff}abc", Some(Unseen::Invisible('\u{feff}'))),
            ("abc\u{202e}", Some(Unseen::Invisible('\u{202e}'))),
        ] {
            assert_eq!(Unseen::find(text), expected, "{text:?}");
        }
    }
}
