//! The cellar: a string that cannot be shown by accident.
//!
//! Every credential is a [`Secret`] from the byte where it enters the process
//! to the byte where it leaves. There is no `Display`, no `Serialize`, and
//! `Debug` shows a placeholder, so a credential reaches a log line, a
//! diagnostic or a file only by a call of [`Secret::expose`]. Each of those
//! calls is a sink, and the architecture test holds the list of them.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// A credential: client secret, password, private key or token.
///
/// The content is overwritten with zeros when the value is dropped, and two
/// secrets are compared without their content steering the time it takes.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a credential in.
    #[must_use]
    pub fn new(content: String) -> Self {
        // Boxing a string with spare capacity reallocates and would leave the
        // first copy behind in freed memory; an exact copy lets us wipe it.
        let mut content = content;
        if content.capacity() == content.len() {
            return Self(SecretString::from(content));
        }
        let exact = Box::<str>::from(content.as_str());
        zeroize::Zeroize::zeroize(&mut content);
        Self(SecretString::from(exact))
    }

    /// The content, for the one place at which it has to leave.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether there is nothing in it.
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

    /// Does not compile if the type has one of the traits: each of them gives
    /// `Marked` a second meaning, and the compiler cannot tell which is meant.
    macro_rules! has_none_of {
        ($type:ty: $($trait:path),+ $(,)?) => {
            const _: fn() = || {
                trait Marked<A> {
                    fn mark() {}
                }
                impl<T: ?Sized> Marked<()> for T {}
                $({
                    #[allow(dead_code, reason = "it is there for the compiler only")]
                    struct Has;
                    impl<T: ?Sized + $trait> Marked<Has> for T {}
                })+
                let _ = <$type as Marked<_>>::mark;
            };
        };
    }

    // Every way in which the content could leave unseen.
    has_none_of!(
        Secret: Display, LowerHex, Serialize, Error, Deref, AsRef<str>, AsRef<[u8]>, Borrow<str>,
        Into<String>, Into<Vec<u8>>, Copy, std::hash::Hash,
    );

    #[test]
    fn the_content_is_wiped_when_it_is_dropped() {
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
