//! Files of the project, by their paths from the root, with `/`.

use std::fs;
use std::path::PathBuf;

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// Reads a file, with the line ends of the repository.
pub(crate) fn read(path: &str) -> String {
    let text = fs::read_to_string(root().join(path));
    text.unwrap_or_else(|error| panic!("{path}: {error}")).replace("\r\n", "\n")
}

/// Returns the files below a folder with names that end with `ending`, sorted.
pub(crate) fn below(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        // A missing folder is empty.
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != ".terraform" && name != "target" {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                let below = path.strip_prefix(root()).unwrap();
                found.push(below.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// Returns all pages in Markdown: those at the root, and those in folders.
pub(crate) fn pages() -> Vec<String> {
    let mut pages = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".md"))
        .collect::<Vec<_>>();
    for folder in ["docs", "examples", "simulator", "fuzz", "benches", ".github"] {
        pages.extend(below(folder, ".md"));
    }
    pages.sort();
    pages
}
