//! The packages of the workspace, as Cargo lists them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// A package of the workspace.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub name: String,
    pub manifest_path: PathBuf,
    pub targets: Vec<Target>,
    pub dependencies: Vec<Dependency>,
}

/// A dependency of a package, for any system.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub name: String,
    /// `build` or `dev`. None for the others.
    pub kind: Option<String>,
}

/// A program, a library, a test or a benchmark of a package.
#[derive(Deserialize)]
pub(crate) struct Target {
    pub kind: Vec<String>,
    pub src_path: PathBuf,
}

impl Package {
    /// The folder of the manifest.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().expect("a folder")
    }

    /// The files at which the library and the programs of the package begin.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Path> {
        let is_shipped =
            |target: &&Target| target.kind.iter().any(|kind| kind == "lib" || kind == "bin");
        self.targets.iter().filter(is_shipped).map(|target| target.src_path.as_path())
    }
}

/// Returns all packages of the workspace.
pub(crate) fn packages() -> Vec<Package> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--no-deps", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("the metadata");
    metadata.packages
}
