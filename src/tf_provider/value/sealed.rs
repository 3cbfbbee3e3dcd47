//! A credential that only a configuration reads.

use std::fmt;

use safe_text::Secret;

/// A credential in a value.
///
/// It can be compared and passed on, and not read:
/// [`Configuration::secret_at`](crate::object::Configuration::secret_at) reads that
/// of a configuration. Plans and states have no such method, at no depth.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(Secret);

impl SealedSecret {
    /// Whether two credentials mean the same, such as two spellings of a key.
    ///
    /// `same` is a plain function, which cannot keep what it is shown.
    #[must_use]
    pub fn is_equivalent(&self, other: &Self, same: fn(&Secret, &Secret) -> bool) -> bool {
        same(&self.0, &other.0)
    }

    /// Shows the credential to a redactor, which removes it from texts of a server. It is the only
    /// way in which a credential leaves a plan or a state, and for no other purpose.
    pub fn redact_with(&self, watch: impl FnOnce(&Secret)) {
        watch(&self.0);
    }

    /// Whether the credential is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn open(&self) -> &Secret {
        &self.0
    }
}

impl From<Secret> for SealedSecret {
    fn from(secret: Secret) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
