//! Texts from elsewhere, in a form that can be shown.

use std::fmt;
use std::ops::Deref;

use super::invisible::hidden;

/// The characters of a text that are shown.
const LONGEST: usize = 300;

/// A text from elsewhere (a name, an id, a message of a server) as it can be shown
/// in a terminal: one line of at most 300 characters, in which everything invisible
/// is written as an escape such as `\u{202e}` or `\n`.
///
/// `Display` shows it as it is, and `Debug` in quotes, with its own quotes and
/// backslashes escaped, so that nothing in it can end the quotation.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shown {
    /// The beginning of the text.
    text: String,
    shown: String,
}

impl Shown {
    /// Takes a text from elsewhere.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let end = text.char_indices().nth(LONGEST).map(|(end, _)| end);
        let mut text = text[..end.unwrap_or(text.len())].to_owned();
        if end.is_some() {
            text.push('…');
        }
        Self { shown: escaped(&text, &[]), text }
    }
}

impl Deref for Shown {
    type Target = str;

    /// Returns the text as it is shown.
    fn deref(&self) -> &str {
        &self.shown
    }
}

impl PartialEq<&str> for Shown {
    fn eq(&self, other: &&str) -> bool {
        self.shown == *other
    }
}

/// Returns a text of our own, which may hold names from elsewhere: its line breaks
/// and tabs stay, and every other invisible character is written as an escape.
#[must_use]
pub fn shown_lines(text: &str) -> String {
    escaped(text, &['\n', '\t'])
}

fn escaped(text: &str, kept: &[char]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = 0;
    for (position, character) in hidden(text).filter(|(_, character)| !kept.contains(character)) {
        shown.push_str(&text[rest..position]);
        match character {
            '\n' | '\r' | '\t' => shown.extend(character.escape_default()),
            _ => shown.extend(character.escape_unicode()),
        }
        rest = position + character.len_utf8();
    }
    shown.push_str(&text[rest..]);
    shown
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.shown)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = self.text.replace('\\', r"\\").replace('"', "\\\"");
        write!(formatter, "\"{}\"", escaped(&quoted, &[]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST, Shown, shown_lines};
    use crate::{hidden, is_invisible};

    #[test]
    fn invisible_characters_are_shown_as_escapes() {
        for (text, shown) in [
            ("plain ä 客户 \u{1f642}", "plain ä 客户 \u{1f642}"),
            ("a\nError: b\r\tc", r"a\nError: b\r\tc"),
            ("\u{1b}[2J", r"\u{1b}[2J"),
            ("a\u{202e}b\u{61c}\u{ad}", r"a\u{202e}b\u{61c}\u{ad}"),
            ("\u{e0041}", r"\u{e0041}"),
            ("\u{2764}\u{fe0f}", "\u{2764}\u{fe0f}"),
        ] {
            assert_eq!(Shown::new(text).to_string(), shown);
        }
        assert_eq!(format!("{:?}", Shown::new("a \"b\"\n\\")), r#""a \"b\"\n\\""#);
        assert_eq!(shown_lines("two\n\tlines\u{202e}"), "two\n\tlines\\u{202e}");
    }

    #[test]
    fn long_text_is_cut() {
        let shown = Shown::new(&"ä".repeat(LONGEST + 1));
        assert_eq!(*shown, format!("{}…", "ä".repeat(LONGEST)));
        let whole = "ä".repeat(LONGEST);
        assert_eq!(*Shown::new(&whole), whole);
    }

    /// Any character, and often one that controls the display: texts of proptest have none.
    fn characters() -> impl Strategy<Value = char> {
        let controls =
            "\n\r\t\u{1b}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{202e}\u{2028}\u{fe0f}\u{e0041}";
        prop_oneof![
            any::<char>(),
            prop::sample::select(controls.chars().collect::<Vec<_>>()),
            Just('\u{1f468}'),
        ]
    }

    proptest! {
        #[test]
        fn shown_text_is_one_line_without_controls(
            text in prop::collection::vec(characters(), 0..40).prop_map(String::from_iter),
        ) {
            let shown = Shown::new(&text);
            prop_assert!(!shown.chars().any(char::is_control));
            prop_assert_eq!(hidden(&shown).next(), None);
            for character in ['\u{202e}', '\u{200b}', '\u{61c}', '\u{2028}'] {
                prop_assert!(is_invisible(character) && !shown.contains(character));
            }
        }
    }
}
