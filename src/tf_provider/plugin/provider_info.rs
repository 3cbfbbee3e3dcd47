//! The identity of the provider that a process serves.

/// Describes the provider that a process serves.
#[derive(Clone, Copy, Debug)]
pub struct ProviderInfo {
    /// The local name, such as `cloud`.
    pub name: &'static str,
    /// The version, without a leading `v`.
    pub version: &'static str,
    /// The full address, such as `registry.terraform.io/example/cloud`.
    pub address: &'static str,
    /// The provider's own crates. Their events go into the log, as do those of the
    /// framework. Events of all other crates are dropped.
    ///
    /// Each crate's name, as in the targets of `tracing`, comes with the module
    /// that Terraform shows for it: with `("cloud_client", "client")`, an event
    /// of `cloud_client::http` shows as `provider.client.http`. With an empty
    /// module it shows as `provider.http`.
    pub log_targets: &'static [(&'static str, &'static str)],
}
