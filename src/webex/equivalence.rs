//! Semantic equality of the values of a field.
//!
//! One definition serves every decision: whether a write with a lost response took effect, whether
//! Webex stored the values of a request, and whether the configuration differs from the connector
//! (drift).

use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use safe_text::Secret;

/// The way in which two values of a field are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Equivalence {
    /// By characters, in any normal form of Unicode. Blanks at the ends count, so that removing one
    /// is a change.
    Text,
    /// As URLs: letter case of scheme and host, a default port, a slash at the end of the path, and
    /// blanks around the URL do not count. A text that is no URL is compared by characters.
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
                Self::Address => {
                    canonical(left).is_some_and(|left| canonical(right).as_ref() == Some(&left))
                }
                Self::Pem => lines(left).eq(lines(right)),
            }
    }

    /// Whether two fields are equal. An absent field equals an empty one, because Control Hub's
    /// form does not distinguish them.
    #[must_use]
    pub fn are_equivalent_fields(self, left: Option<&str>, right: Option<&str>) -> bool {
        self.is_equivalent(left.unwrap_or_default(), right.unwrap_or_default())
    }
}

/// Whether two private keys in PEM are equal by [`Equivalence::Pem`]. No copy of a key is made.
#[must_use]
pub fn is_same_key(left: &Secret, right: &Secret) -> bool {
    Equivalence::Pem.is_equivalent(left.expose(), right.expose())
}

/// Returns a URL in its canonical form.
fn canonical(text: &str) -> Option<Url> {
    let mut url = Url::parse(text.trim()).ok()?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Some(url)
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
            ("https://A.Example/x/", "https://a.example:443/x", true),
            ("HTTPS://a.example/x/?q=1", " https://a.example/x?q=1", true),
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
            assert!(equivalence.are_equivalent_fields(None, Some("")));
            assert!(!equivalence.are_equivalent_fields(Some("https://a.example"), None));
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
