//! No link leads nowhere, as far as that can be told without a network.

use super::{files, markdown, none};

#[test]
fn links_lead_somewhere() {
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

/// What is wrong with a link.
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

/// The path of `target` as seen from a page; `None` above the root.
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
fn dead_links_are_found() {
    let page = "docs/guides/x.md";
    let text = "# One heading\n";
    for (target, expected) in [
        ("https://example.com", None),
        ("http://example.com", Some("only https:// leads out of the project")),
        ("#one-heading", None),
        ("#another", Some("there is no such heading")),
        ("../../README.md", None),
        ("../README.md", Some("there is no such file")),
        ("../../LICENSE#mpl", Some("only pages have headings")),
    ] {
        assert_eq!(problem(page, text, target), expected, "{target}");
    }
}
