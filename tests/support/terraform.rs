//! The real Terraform CLI in a folder of its own, with the provider that was just built.

use std::ops::{Deref, DerefMut};
use std::path::Path;

use tf_provider_testing::cli;
pub(crate) use tf_provider_testing::cli::{Output, skipped};
use webex_cc_simulator::Simulator;

/// A working directory with configuration, state and environment.
pub(crate) struct Terraform(cli::Terraform);

impl Terraform {
    /// Creates a folder with a provider that calls a simulator.
    pub(crate) fn with(simulator: &Simulator) -> Self {
        let mut terraform = Self::offline();
        terraform.set("WEBEX_CC_BASE_URL", simulator.base_url());
        terraform.set("WEBEX_ACCESS_TOKEN", simulator.token());
        terraform
    }

    /// Creates a folder with a configuration and a provider that calls a simulator.
    pub(crate) fn configured(simulator: &Simulator, configuration: &str) -> Self {
        let terraform = Self::with(simulator);
        terraform.write("main.tf", configuration);
        terraform
    }

    /// Creates a folder like [`Self::configured`], and applies the configuration.
    pub(crate) fn applied(simulator: &Simulator, configuration: &str) -> Self {
        let terraform = Self::configured(simulator, configuration);
        terraform.apply().succeeded();
        terraform
    }

    /// Creates a folder with a provider that has neither address nor credentials.
    pub(crate) fn offline() -> Self {
        Self::of(Path::new(env!("CARGO_BIN_EXE_terraform-provider-webex")))
    }

    /// Creates a folder with a build of the provider. The name of the file has to be
    /// `terraform-provider-webex`.
    pub(crate) fn of(binary: &Path) -> Self {
        Self(cli::Terraform::of(binary, super::source(), "WEBEX_"))
    }
}

impl Deref for Terraform {
    type Target = cli::Terraform;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Terraform {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
