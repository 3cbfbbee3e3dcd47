//! Compiles the protocol definitions with a compiler written in Rust, so that
//! nobody who builds the provider has to install `protoc`.
//!
//! It is the build script of two packages: the framework, which serves the
//! protocol, and the provider, with tests that act as Terraform.

use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let proto = definitions_folder()?;
    println!("cargo:rerun-if-changed={}", proto.display());
    let definitions = protox::compile(["tfplugin5.proto", "go_plugin.proto"], [proto])?;
    tonic_prost_build::configure()
        .build_transport(false)
        // Values can be megabytes: the decoder shares the received buffer.
        .bytes(".tfplugin5.DynamicValue")
        .compile_fds(definitions)?;
    Ok(())
}

/// Finds `proto/` at the top of the repository, above the package that is built.
#[allow(clippy::disallowed_methods, reason = "Cargo passes the folder in the environment")]
fn definitions_folder() -> Result<PathBuf, Box<dyn Error>> {
    let package = std::env::var("CARGO_MANIFEST_DIR")?;
    let mut folders = Path::new(&package).ancestors().map(|folder| folder.join("proto"));
    Ok(folders
        .find(|folder| folder.is_dir())
        .ok_or("there is no folder proto/ above the package")?)
}
