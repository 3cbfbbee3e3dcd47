//! The identity of the provider that a process serves, and its policies.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::lifetime::TIME_FOR_CHANGES;

/// Describes the provider that a process serves.
///
/// ```
/// use std::time::Duration;
/// use tf_provider::ProviderInfo;
///
/// const INFO: ProviderInfo =
///     ProviderInfo::new("cloud", "1.2.0", "registry.terraform.io/example/cloud")
///         .log_targets(&[("terraform_provider_cloud", ""), ("cloud_client", "client")])
///         .time_for_changes(Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
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
    /// How long updates and deletes in flight may run while the process ends.
    pub time_for_changes: Duration,
    /// Builds the runtime of the process.
    pub runtime: fn() -> io::Result<Runtime>,
}

impl ProviderInfo {
    /// Returns a provider that logs only what the framework does, with
    /// [`TIME_FOR_CHANGES`] and one thread.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str, address: &'static str) -> Self {
        Self {
            name,
            version,
            address,
            log_targets: &[],
            time_for_changes: TIME_FOR_CHANGES,
            runtime: one_thread,
        }
    }

    /// Sets the provider's own crates.
    #[must_use]
    pub const fn log_targets(self, crates: &'static [(&'static str, &'static str)]) -> Self {
        Self { log_targets: crates, ..self }
    }

    /// Sets how long changes in flight may run while the process ends.
    #[must_use]
    pub const fn time_for_changes(self, time: Duration) -> Self {
        Self { time_for_changes: time, ..self }
    }

    /// Sets the runtime, such as one with several threads. It needs time and
    /// input and output.
    #[must_use]
    pub const fn runtime(self, build: fn() -> io::Result<Runtime>) -> Self {
        Self { runtime: build, ..self }
    }
}

/// A provider waits for the network nearly all of the time, and each thread would
/// delay the start of the process.
fn one_thread() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

#[cfg(test)]
mod tests {
    use tokio::runtime::RuntimeFlavor;

    use super::*;

    #[test]
    fn runtime_has_one_thread_unless_the_provider_builds_another() {
        let several = || Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let info = ProviderInfo::new("a", "1", "b");
        for (info, expected) in [
            (info, RuntimeFlavor::CurrentThread),
            (info.runtime(several), RuntimeFlavor::MultiThread),
        ] {
            let runtime = (info.runtime)().unwrap();
            assert_eq!(runtime.handle().runtime_flavor(), expected);
        }
    }
}
