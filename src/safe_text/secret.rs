//! A credential that is not shown by accident.
//!
//! There is no `Display` and no `Serialize`, and `Debug` shows a placeholder. A
//! credential reaches a log line, a diagnostic or a file only by a call of
//! [`Secret::expose`].

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// A credential: client secret, password, private key or token.
///
/// Dropping it overwrites the content with zeros. Comparing two secrets takes a
/// time that depends on their lengths only.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a credential, and leaves no other copy of it in memory.
    #[must_use]
    pub fn new(content: String) -> Self {
        // Boxing a string with spare capacity reallocates, and would leave the
        // first copy in freed memory. An exact copy is made, and the first wiped.
        let mut content = content;
        if content.capacity() == content.len() {
            return Self(SecretString::from(content));
        }
        let exact = Box::<str>::from(content.as_str());
        zeroize::Zeroize::zeroize(&mut content);
        Self(SecretString::from(exact))
    }

    /// Returns the content.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether the content is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.expose_secret().is_empty()
    }
}

impl From<String> for Secret {
    fn from(content: String) -> Self {
        Self::new(content)
    }
}

impl From<&str> for Secret {
    fn from(content: &str) -> Self {
        Self(SecretString::from(content))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let (left, right) = (self.expose().as_bytes(), other.expose().as_bytes());
        left.ct_eq(right).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Borrow;
    use std::error::Error;
    use std::fmt::{Display, LowerHex};
    use std::ops::Deref;

    use proptest::prelude::*;
    use secrecy::SecretString;
    use serde::Serialize;
    use zeroize::ZeroizeOnDrop;

    use super::Secret;

    /// Does not compile if the type has one of the traits: the call of `mark` would
    /// be ambiguous.
    macro_rules! has_none_of {
        ($type:ty: $($trait:path),+ $(,)?) => {
            const _: fn() = || {
                trait Marked<A> {
                    fn mark() {}
                }
                impl<T: ?Sized> Marked<()> for T {}
                $({
                    #[allow(dead_code, reason = "only the compiler needs it")]
                    struct Has;
                    impl<T: ?Sized + $trait> Marked<Has> for T {}
                })+
                let _ = <$type as Marked<_>>::mark;
            };
        };
    }

    // The traits that would expose the content.
    has_none_of!(
        Secret: Display, LowerHex, Serialize, Error, Deref, AsRef<str>, AsRef<[u8]>, Borrow<str>,
        Into<String>, Into<Vec<u8>>, Copy, std::hash::Hash,
    );

    #[test]
    fn content_is_wiped_on_drop() {
        fn is_wiped<T: ZeroizeOnDrop>(_: &T) {}
        let Secret(content) = Secret::from("hunter2");
        is_wiped::<SecretString>(&content);
    }

    proptest! {
        #[test]
        fn debug_never_shows_the_content(content in ".{1,40}") {
            let shown = format!("{:?}{:#?}", Secret::from(&*content), Secret::new(content.clone()));
            prop_assert_eq!(shown, "Secret(…)".repeat(2));
        }
    }

    #[test]
    fn debug_shows_a_placeholder() {
        let shown = format!("{:?} {:#?}", Secret::from("hunter2"), Some(Secret::from("hunter2")));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn equality_is_by_content() {
        let mut roomy = String::with_capacity(64);
        roomy.push_str("hunter2");
        assert_eq!(Secret::new(roomy), Secret::from("hunter2"));
        assert_ne!(Secret::from("hunter2"), Secret::from("hunter3"));
        assert_ne!(Secret::from("hunter2"), Secret::from("hunter22"));
    }
}
