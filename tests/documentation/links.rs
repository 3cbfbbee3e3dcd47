//! Links of pages, checked without a network.
//!
//! The pages below `docs/` are read in the repository and on registries, which serve only pages. A
//! link works in both if it is the shortest path to a page, with `.md`, which registries remove. A
//! link without `.md`, or by a detour such as `../docs/guides/x.md`, works in one of them. Pages
//! name other files by their path, without a link.

use super::{markdown, none, pages};
use crate::support::files;

#[test]
fn links_have_targets() {
    let mut dead = Vec::new();
    for page in files::pages() {
        let text = files::read(&page);
        for (target, line) in markdown::parse(&text).links {
            if let Some(problem) = problem(&page, &text, &target) {
                dead.push(format!("{page}:{line}: {target}: {problem}"));
            }
        }
    }
    none(dead);
}

/// Returns the problem of a link.
fn problem(page: &str, text: &str, target: &str) -> Option<&'static str> {
    if target.starts_with("https://") {
        return None;
    }
    if target.contains("://") {
        return Some("only https:// leads out of the project");
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let destination = if path.is_empty() { page.to_owned() } else { join(page, path)? };
    if !path.is_empty() && !files::root().join(&destination).exists() {
        return Some("there is no such file");
    }
    if page.starts_with("docs/") && !path.is_empty() {
        if !is_served(&destination) {
            return Some("registries do not serve that: name it by its path, without a link");
        }
        if path != shortest(page, &destination) {
            return Some("registries find a page by the shortest way only");
        }
    }
    if anchor.is_empty() {
        return None;
    }
    if !destination.ends_with(".md") {
        return Some("only pages have headings");
    }
    let other = if path.is_empty() { text.to_owned() } else { files::read(&destination) };
    let anchors = markdown::parse(&other).anchors;
    (!anchors.iter().any(|known| known == anchor)).then_some("there is no such heading")
}

/// Whether registries serve a file as a page of the documentation.
fn is_served(file: &str) -> bool {
    let Some(file) = file.strip_prefix("docs/") else { return false };
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let has_pages = folder == "guides" || pages::FOLDERS.contains(&folder);
    file == "index.md" || has_pages && file.ends_with(".md")
}

/// Returns the shortest path from a page of the documentation to another one.
fn shortest(page: &str, destination: &str) -> String {
    let (from, _) = page.rsplit_once('/').unwrap_or_default();
    let (to, name) = destination.rsplit_once('/').unwrap_or_default();
    if from == to {
        return name.to_owned();
    }
    let up = if from == "docs" { "" } else { "../" };
    format!("{up}{}", destination.trim_start_matches("docs/"))
}

/// Returns the path of `target` as a page links it; `None` above the root.
fn join(page: &str, target: &str) -> Option<String> {
    let mut parts = page.split('/').collect::<Vec<_>>();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn dead_links_are_detected() {
    let text = "# One heading\n";
    for (page, target, expected) in [
        ("README.md", "https://example.com", None),
        ("README.md", "http://example.com", Some("only https:// leads out of the project")),
        ("README.md", "#one-heading", None),
        ("README.md", "#another", Some("there is no such heading")),
        ("README.md", "docs/guides/secrets.md", None),
        ("simulator/README.md", "../README.md", None),
        ("simulator/README.md", "../READYOU.md", Some("there is no such file")),
        ("README.md", "LICENSE#mpl", Some("only pages have headings")),
    ] {
        assert_eq!(problem(page, text, target), expected, "{page}: {target}");
    }
}

#[test]
fn links_that_registries_cannot_follow_are_detected() {
    let not_served = Some("registries do not serve that: name it by its path, without a link");
    let detour = Some("registries find a page by the shortest way only");
    for (page, target, expected) in [
        ("docs/index.md", "guides/secrets.md", None),
        ("docs/index.md", "guides/secrets.md#limits", None),
        ("docs/index.md", "#one-heading", None),
        ("docs/index.md", "guides/secrets", Some("there is no such file")),
        ("docs/index.md", "./guides/secrets.md", detour),
        ("docs/index.md", "../docs/guides/secrets.md", detour),
        ("docs/guides/ci.md", "secrets.md", None),
        ("docs/guides/ci.md", "../guides/secrets.md", detour),
        ("docs/guides/ci.md", "../index.md#schema", None),
        ("docs/guides/ci.md", "../resources/cc_custom_connector.md", None),
        ("docs/guides/ci.md", "../../README.md", not_served),
        ("docs/guides/ci.md", "../../examples/quick-start/main.tf", not_served),
        ("docs/guides/ci.md", "../api/custom-connectors.openapi.yaml", not_served),
        ("docs/functions/decode_id.md", "encode_id.md", None),
    ] {
        assert_eq!(problem(page, "# One heading\n", target), expected, "{page}: {target}");
    }
}
