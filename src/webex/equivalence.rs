//! Semantic equality of the values of a field.
//!
//! One definition serves every decision: whether a write with a lost response took effect, whether
//! Webex stored the values of a request, and whether the configuration differs from the connector
//! (drift).

use super::address::Address;
use safe_text::Secret;
use unicode_normalization::UnicodeNormalization as _;

/// The way in which two values of a field are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Equivalence {
    /// By characters, in any normal form of Unicode. Blanks at the ends count, so that removing one
    /// is a change.
    Text,
    /// As [`Address`]es: letter case of scheme and host, a default port, and the slash of an empty
    /// path do not count. A slash at the end of another path does: a server may answer with and
    /// without it in different ways. A text that is no address is compared by characters.
    Address,
    /// As PEM: line ends, empty lines, and blanks around lines do not count.
    Pem,
}

impl Equivalence {
    /// Whether two values are equal.
    #[must_use]
    pub fn is_equivalent(self, left: &str, right: &str) -> bool {
        left == right
            || match self {
                Self::Text => left.nfc().eq(right.nfc()),
                Self::Address => compare(left, right, |left, right| left == right),
                Self::Pem => lines(left).eq(lines(right)),
            }
    }

    /// Whether Webex may return `stored` for a value that was sent. A slash that Webex has added to
    /// an address or removed from it is no reason to call a write failed.
    #[must_use]
    pub fn is_stored_form(self, sent: &str, stored: &str) -> bool {
        self.is_equivalent(sent, stored)
            || self == Self::Address && compare(sent, stored, Address::differs_in_slashes_only)
    }

    /// Like [`Self::is_stored_form`], for fields. An absent field equals an empty one, because
    /// Control Hub's form does not distinguish them.
    #[must_use]
    pub fn may_be_stored_as(self, sent: Option<&str>, stored: Option<&str>) -> bool {
        self.is_stored_form(sent.unwrap_or_default(), stored.unwrap_or_default())
    }
}

/// Whether two private keys in PEM are equal by [`Equivalence::Pem`]. No copy of a key is made.
#[must_use]
pub fn is_same_key(left: &Secret, right: &Secret) -> bool {
    Equivalence::Pem.is_equivalent(left.expose(), right.expose())
}

/// Compares two addresses. Texts that are none are different.
fn compare(left: &str, right: &str, same: impl Fn(&Address, &Address) -> bool) -> bool {
    let parsed = (Address::parse(left), Address::parse(right));
    matches!(parsed, (Ok(left), Ok(right)) if same(&left, &right))
}

/// Returns the lines that are not blank, trimmed.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Equivalence, is_same_key};
    use safe_text::Secret;

    #[test]
    fn addresses_are_compared_in_canonical_form() {
        for (left, right, same) in [
            ("https://a.example", "https://a.example/", true),
            ("https://A.Example/x/", "https://a.example:443/x/", true),
            ("HTTPS://a.example/x?q=1", "https://a.example/x?q=1", true),
            ("https://a.example?q", "https://a.example/?q", true),
            ("https://Zürich.example", "https://xn--zrich-kva.example/", true),
            // Servers may tell these apart, so a correction has to be sent.
            ("https://a.example/x/", "https://a.example/x", false),
            ("https://a.example//", "https://a.example/", false),
            ("https://a.example/x", "https://a.example/x ", false),
            (r"https:\\a.example/x", "https://a.example/x", false),
            ("https:/a.example/x", "https://a.example/x", false),
            ("https://a.example/a/../x", "https://a.example/x", false),
            ("https://a.example/X", "https://a.example/x", false),
            ("https://a.example/x", "https://a.example/x?q", false),
            ("https://a.example:8443", "https://a.example", false),
            ("https://a.example", "https://b.example", false),
            ("https://a.example", "", false),
            ("no url", "no url", true),
            ("no url", "no url ", false),
        ] {
            assert_eq!(Equivalence::Address.is_equivalent(left, right), same, "{left:?} {right:?}");
            assert_eq!(Equivalence::Address.is_equivalent(right, left), same, "{right:?} {left:?}");
        }
    }

    #[test]
    fn slash_added_or_removed_by_webex_is_the_stored_form() {
        for (sent, stored, may) in [
            ("https://a.example/x", "https://a.example/x/", true),
            ("https://a.example/x/", "https://A.example/x", true),
            ("https://a.example/x", "https://a.example/y", false),
            ("https://a.example/x", "https://b.example/x/", false),
        ] {
            assert_eq!(Equivalence::Address.is_stored_form(sent, stored), may, "{sent} {stored}");
        }
        assert!(!Equivalence::Text.is_stored_form("https://a.example", "https://a.example/"));
    }

    #[test]
    fn pem_is_equal_with_other_line_ends_and_indentation() {
        assert!(Equivalence::Pem.is_equivalent("a\nb\n", "a\r\nb"));
        assert!(Equivalence::Pem.is_equivalent("\n  a\n\n  b\n", "a\nb"));
        assert!(!Equivalence::Pem.is_equivalent("a\nb", "a\nc"));
        assert!(!Equivalence::Pem.is_equivalent("a\nb", "ab"));
        assert!(!Equivalence::Pem.is_equivalent("a\nb", "a"));
        assert!(is_same_key(&Secret::from("a\nb\n"), &Secret::from("a\r\nb")));
        assert!(!is_same_key(&Secret::from("a\nb"), &Secret::from("a\nc")));
    }

    #[test]
    fn texts_are_normalized_and_not_trimmed() {
        assert!(Equivalence::Text.is_equivalent("Zu\u{308}rich", "Z\u{fc}rich"));
        assert!(!Equivalence::Text.is_equivalent("a", "A"));
        assert!(!Equivalence::Text.is_equivalent("a", "a "));
    }

    #[test]
    fn absent_and_empty_fields_are_equal() {
        for equivalence in [Equivalence::Text, Equivalence::Address, Equivalence::Pem] {
            assert!(equivalence.may_be_stored_as(None, Some("")));
            assert!(!equivalence.may_be_stored_as(Some("https://a.example"), None));
        }
    }

    proptest! {
        #[test]
        fn equivalence_of_any_texts_is_reflexive_and_symmetric(left in ".*", right in ".*") {
            for equivalence in [Equivalence::Text, Equivalence::Address, Equivalence::Pem] {
                prop_assert!(equivalence.is_equivalent(&left, &left));
                prop_assert_eq!(equivalence.is_equivalent(&left, &right), equivalence.is_equivalent(&right, &left));
            }
        }
    }
}
