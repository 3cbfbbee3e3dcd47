//! Invisible characters.

/// Whether a character controls the display instead of being shown: control
/// characters, including line breaks and tabs, and Unicode's characters for
/// direction, joining, variation, tags and zero width.
///
/// Such characters can hide lines of a plan, reverse the direction of writing, or
/// make two names look the same. Some of them also belong to emoji and to the
/// spelling of languages: see [`hidden`].
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // The soft hyphen, and the joiner of combining marks.
            '\u{ad}' | '\u{34f}'
            // The Arabic mark of direction.
            | '\u{61c}'
            // Fillers of Hangul, which are blank, and the blank of Braille.
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}'
            // Vowels of Khmer that are not shown, and selectors of Mongolian.
            | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            // Zero-width spaces, joiners, and marks of direction.
            | '\u{200b}'..='\u{200f}'
            // Separators of lines and paragraphs, embeddings and overrides.
            | '\u{2028}'..='\u{202e}'
            // Joiners, invisible operators, and isolates.
            | '\u{2060}'..='\u{206f}'
            // Selectors of variations.
            | '\u{fe00}'..='\u{fe0f}'
            // The byte order mark, elsewhere a zero-width space.
            | '\u{feff}'
            // Marks of annotations, and their neighbors without a meaning.
            | '\u{fff0}'..='\u{fffb}'
            // Controls of shorthand and of music.
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            // Tags, and the other selectors of variations.
            | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Returns the invisible characters of a text with their positions in bytes,
/// without those that belong where they are: joiners and variation selectors
/// within an emoji, and in the scripts whose spelling needs them.
pub fn hidden(text: &str) -> impl Iterator<Item = (usize, char)> {
    // The visible character before, and the one directly before.
    let (mut visible, mut before) = (None, None);
    text.char_indices().filter(move |&(position, character)| {
        let after = text[position + character.len_utf8()..].chars().next();
        let is_hidden = is_invisible(character) && !belongs(character, visible, before, after);
        before = Some(character);
        if !is_invisible(character) {
            visible = before;
        }
        is_hidden
    })
}

/// Whether an invisible character belongs between its neighbors.
fn belongs(
    character: char,
    visible: Option<char>,
    before: Option<char>,
    after: Option<char>,
) -> bool {
    let Some(before) = before else { return false };
    match character {
        '\u{200d}' => {
            let is_emoji_before =
                is_emoji(before) || (before == '\u{fe0f}' && visible.is_some_and(is_emoji));
            (is_emoji_before && after.is_some_and(is_emoji)) || is_joined(before, after)
        }
        '\u{200c}' => is_joined(before, after),
        '\u{fe0e}' => is_emoji(before),
        '\u{fe0f}' => {
            let is_keycap = matches!(before, '#' | '*' | '0'..='9') && after == Some('\u{20e3}');
            is_emoji(before) || is_keycap
        }
        '\u{e0100}'..='\u{e01ef}' => is_ideograph(before),
        _ => false,
    }
}

/// Whether a character is an emoji, or may be shown as one.
fn is_emoji(character: char) -> bool {
    matches!(
        character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
            | '\u{2194}'..='\u{21aa}'
            | '\u{231a}'..='\u{23ff}'
            | '\u{24c2}'
            | '\u{25aa}'..='\u{27bf}'
            | '\u{2934}' | '\u{2935}'
            | '\u{2b05}'..='\u{2b55}'
            | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

/// Whether the characters on both sides are of a script whose letters join.
fn is_joined(before: char, after: Option<char>) -> bool {
    is_joining(before) && after.is_some_and(is_joining)
}

fn is_joining(character: char) -> bool {
    !is_invisible(character)
        && matches!(
            character,
            // Arabic, Syriac and their neighbors.
            '\u{620}'..='\u{8ff}'
            // The scripts of India and Sri Lanka.
            | '\u{900}'..='\u{dff}'
            // Myanmar, Khmer, Mongolian.
            | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        )
}

fn is_ideograph(character: char) -> bool {
    matches!(
        character,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::{hidden, is_invisible};

    #[test]
    fn control_characters_are_invisible_and_others_are_not() {
        let hidden = "\n\r\t\u{0}\u{1b}\u{7f}\u{9b}\u{200b}\u{200d}\u{200e}\u{2028}\u{2029}\u{202e}\
                      \u{2060}\u{2066}\u{2069}\u{feff}\u{ad}\u{61c}\u{34f}\u{115f}\u{180e}\u{fe0f}\
                      \u{e0061}\u{e0041}\u{206f}\u{3164}\u{fffb}";
        assert!(hidden.chars().all(is_invisible));
        let shown = "aZ09 -_.\u{e4}\u{308}\u{a0}\u{2013}\u{2026}\u{5d0}\u{1f600}";
        assert!(!shown.chars().any(is_invisible));
    }

    #[test]
    fn joiners_and_selectors_of_emoji_and_scripts_are_not_hidden() {
        for text in [
            // A family, a flag of a rainbow, a heart, a keycap, a hand with a tone of skin.
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
            "\u{2764}\u{fe0f} and 1\u{fe0f}\u{20e3}",
            "\u{1f44d}\u{1f3fd}",
            // Persian and Hindi.
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{915}\u{94d}\u{200d}\u{937}",
            // A variant of an ideograph.
            "\u{845b}\u{e0100}",
        ] {
            assert_eq!(hidden(text).next(), None, "{text:?}");
        }
        for (text, character) in [
            ("a\u{200d}b", '\u{200d}'),
            ("\u{1f468}\u{200d}", '\u{200d}'),
            ("\u{1f468}\u{200d}\u{200d}\u{1f468}", '\u{200d}'),
            ("a\u{200c}b", '\u{200c}'),
            ("a\u{fe0f}", '\u{fe0f}'),
            ("1\u{fe0f}2", '\u{fe0f}'),
            ("a\u{e0100}", '\u{e0100}'),
            // The flag of a region holds tags, which hold any text.
            ("\u{1f3f4}\u{e0067}\u{e007f}", '\u{e0067}'),
            ("\u{202e}", '\u{202e}'),
            ("a\nb", '\n'),
        ] {
            assert_eq!(hidden(text).next().map(|(_, found)| found), Some(character), "{text:?}");
        }
        assert_eq!(hidden("ab\u{ad}").next(), Some((2, '\u{ad}')));
    }
}
