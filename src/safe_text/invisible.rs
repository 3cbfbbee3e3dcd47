//! Invisible characters.

/// Whether a character controls the display instead of being shown: control
/// characters, including line breaks and tabs, and Unicode's characters for
/// direction, joining and zero width.
///
/// Such characters can hide lines of a plan, reverse the direction of writing, or
/// make two names look the same.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Zero-width spaces, joiners, and marks of direction.
            '\u{200b}'..='\u{200f}'
            // Separators of lines and paragraphs, embeddings and overrides.
            | '\u{2028}'..='\u{202e}'
            // Joiners, invisible operators, and isolates.
            | '\u{2060}'..='\u{2069}'
            // The byte order mark, elsewhere a zero-width space.
            | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::is_invisible;

    #[test]
    fn control_characters_are_invisible_and_others_are_not() {
        let hidden = "\n\r\t\u{0}\u{1b}\u{7f}\u{9b}\u{200b}\u{200d}\u{200e}\u{2028}\u{2029}\u{202e}\
                      \u{2060}\u{2066}\u{2069}\u{feff}";
        assert!(hidden.chars().all(is_invisible));
        let shown = "aZ09 -_.\u{e4}\u{308}\u{a0}\u{2013}\u{2026}\u{5d0}\u{1f600}";
        assert!(!shown.chars().any(is_invisible));
    }
}
