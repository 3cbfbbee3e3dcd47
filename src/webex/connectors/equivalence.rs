//! When two spellings of a field mean the same.
//!
//! There is one notion of it, for everybody who has to tell: whether a create
//! or an update whose answer was lost took effect, whether Webex took what it
//! was sent, and whether a configuration differs from what there is.

use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use safe_text::Secret;

/// When two spellings of a text mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Equivalence {
    /// The same characters, in whichever normal form of Unicode. Blanks at the
    /// ends count: they may be a mistake that somebody corrects.
    Text,
    /// The same address: letter case of scheme and host, a default port, a
    /// slash at the end of the path, and blanks around it do not count. A text
    /// that is no address is compared letter by letter.
    Address,
    /// The same PEM: line ends, empty lines, and blanks around lines do not
    /// count.
    Pem,
}

impl Equivalence {
    /// Whether both mean the same.
    #[must_use]
    pub fn holds(self, left: &str, right: &str) -> bool {
        left == right
            || match self {
                Self::Text => left.nfc().eq(right.nfc()),
                Self::Address => {
                    place(left).is_some_and(|left| place(right).as_ref() == Some(&left))
                }
                Self::Pem => lines(left).eq(lines(right)),
            }
    }

    /// The same of fields that may be absent. Absent and empty mean the same to
    /// a form.
    #[must_use]
    pub fn is_equivalent_field(self, left: Option<&str>, right: Option<&str>) -> bool {
        self.holds(left.unwrap_or_default(), right.unwrap_or_default())
    }
}

/// Whether two private keys in PEM are the same by [`Equivalence::Pem`], which
/// leaves no copy of either behind.
#[must_use]
pub fn is_same_key(left: &Secret, right: &Secret) -> bool {
    Equivalence::Pem.holds(left.expose(), right.expose())
}

/// An address in its canonical spelling.
fn place(text: &str) -> Option<Url> {
    let mut url = Url::parse(text.trim()).ok()?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Some(url)
}

/// What counts of a text in PEM.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Equivalence, is_same_key};
    use safe_text::Secret;

    #[test]
    fn addresses_are_compared_by_place() {
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
            assert_eq!(Equivalence::Address.holds(left, right), same, "{left:?} {right:?}");
            assert_eq!(Equivalence::Address.holds(right, left), same, "{right:?} {left:?}");
        }
    }

    #[test]
    fn pem_is_the_same_whatever_its_line_ends_and_indentation() {
        assert!(Equivalence::Pem.holds("a\nb\n", "a\r\nb"));
        assert!(Equivalence::Pem.holds("\n  a\n\n  b\n", "a\nb"));
        assert!(!Equivalence::Pem.holds("a\nb", "a\nc"));
        assert!(!Equivalence::Pem.holds("a\nb", "ab"));
        assert!(!Equivalence::Pem.holds("a\nb", "a"));
        assert!(is_same_key(&Secret::from("a\nb\n"), &Secret::from("a\r\nb")));
        assert!(!is_same_key(&Secret::from("a\nb"), &Secret::from("a\nc")));
    }

    #[test]
    fn texts_are_compared_after_normalization_and_with_their_ends() {
        assert!(Equivalence::Text.holds("Zu\u{308}rich", "Z\u{fc}rich"));
        assert!(!Equivalence::Text.holds("a", "A"));
        assert!(!Equivalence::Text.holds("a", "a "));
    }

    #[test]
    fn absent_and_empty_are_the_same() {
        for equivalence in [Equivalence::Text, Equivalence::Address, Equivalence::Pem] {
            assert!(equivalence.is_equivalent_field(None, Some("")));
            assert!(!equivalence.is_equivalent_field(Some("https://a.example"), None));
        }
    }

    proptest! {
        #[test]
        fn whatever_the_texts_are_it_tells(left in ".*", right in ".*") {
            for equivalence in [Equivalence::Text, Equivalence::Address, Equivalence::Pem] {
                prop_assert!(equivalence.holds(&left, &left));
                prop_assert_eq!(equivalence.holds(&left, &right), equivalence.holds(&right, &left));
            }
        }
    }
}
