//! The client of a call: its capabilities, and the calls that it lets wait.

/// The capabilities of the client of a call: Terraform or OpenTofu.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCapabilities {
    /// Whether a response may be [`Deferred`].
    pub deferral_allowed: bool,
    /// Whether write-only attributes are kept out of plan and state.
    pub write_only_attributes_allowed: bool,
}

/// The reason why a call cannot be carried out yet.
///
/// A response may say so only if
/// [`deferral_allowed`](ClientCapabilities::deferral_allowed) is set. Terraform then
/// plans the rest, and asks again in the next run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deferred {
    /// A value of the object's configuration is unknown.
    ResourceConfigUnknown,
    /// A value of the provider's configuration is unknown.
    ProviderConfigUnknown,
    /// Something that the object needs does not exist yet.
    AbsentPrerequisite,
}
