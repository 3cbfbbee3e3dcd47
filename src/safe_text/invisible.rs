//! The cellar: characters that nobody sees.
//!
//! They can hide lines of a plan, reverse the direction of writing, or make two
//! names look the same. Names with one are refused, and texts of others are
//! shown without.

/// Whether a character is acted upon instead of shown: control characters, line
/// breaks among them, and what Unicode has for the same purposes.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Widths of nothing, joiners, and marks of direction.
            '\u{200b}'..='\u{200f}'
            // Separators of lines and paragraphs, embeddings and overrides.
            | '\u{2028}'..='\u{202e}'
            // Joiners, invisible operators, and isolates.
            | '\u{2060}'..='\u{2069}'
            // The mark of byte order, which is a space of no width elsewhere.
            | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::is_invisible;

    #[test]
    fn what_is_acted_upon_is_told_from_what_is_shown() {
        let hidden = "\n\r\t\u{0}\u{1b}\u{7f}\u{9b}\u{200b}\u{200d}\u{200e}\u{2028}\u{2029}\u{202e}\
                      \u{2060}\u{2066}\u{2069}\u{feff}";
        assert!(hidden.chars().all(is_invisible));
        let shown = "aZ09 -_.\u{e4}\u{308}\u{a0}\u{2013}\u{2026}\u{5d0}\u{1f600}";
        assert!(!shown.chars().any(is_invisible));
    }
}
