//! The guides quote messages exactly, so that a search for a message finds its guide.

use super::none;
use crate::support::files;

/// The guides that quote messages: in headings, at the beginning of a list item, and in the first
/// column of tables with the header `the message says`.
const GUIDES: [&str; 2] = ["docs/guides/troubleshooting.md", "docs/guides/network.md"];

/// The header of a table of messages.
const TABLE: &str = "| the message says |";

#[test]
fn messages_in_guides_exist_in_the_provider() {
    let said = said();
    let mut findings = Vec::new();
    for guide in GUIDES {
        let named = named(&files::read(guide));
        assert!(named.len() > 3, "{guide} names no messages");
        for (line, message) in named {
            if !said.iter().any(|said| says(said, &message)) {
                findings.push(format!("{guide}:{line}: nothing says {message:?}"));
            }
        }
    }
    none(findings);
}

/// Returns all texts of the provider, one per line: the snapshots, and the sources for the others.
fn said() -> Vec<String> {
    let reviewed = files::below("src/provider", ".snap");
    let sources = files::below("src/provider", ".rs");
    let sources = sources.into_iter().filter(|file| !file.ends_with("tests.rs"));
    let mut lines = Vec::new();
    for file in reviewed.into_iter().chain(sources) {
        let text = files::read(&file);
        // A string continues after a backslash and an indent.
        let pieces = text.split("\\\n").enumerate();
        let pieces =
            pieces.map(|(index, piece)| if index == 0 { piece } else { piece.trim_start() });
        lines.extend(pieces.collect::<String>().lines().map(str::to_owned));
    }
    assert!(lines.len() > 1000, "the texts are elsewhere now");
    lines
}

/// Whether a line has the parts of a message in their order. `…` stands for a variable part.
fn says(line: &str, message: &str) -> bool {
    let mut rest = line;
    message.split('…').all(|part| {
        let found = rest.split_once(part.trim());
        rest = found.map_or("", |(_, after)| after);
        found.is_some()
    })
}

/// Returns the messages that a guide quotes, with their lines.
fn named(guide: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    let mut in_table = false;
    for (index, line) in guide.lines().enumerate() {
        in_table = line.starts_with(TABLE) || in_table && line.starts_with('|');
        let begins_with_one = line.starts_with("### `") || line.starts_with("- `");
        let first_column = line.split('|').nth(1).filter(|_| in_table);
        // The text between two messages is prose, unless it is one of these joints.
        let pieces = first_column.unwrap_or(line).split('`').collect::<Vec<_>>();
        if !begins_with_one && first_column.is_none() {
            continue;
        }
        for (number, piece) in pieces.iter().enumerate().skip(1).step_by(2) {
            named.push((index + 1, (*piece).to_owned()));
            let joins = pieces.get(number + 1).is_some_and(|words| [" or ", ", "].contains(words));
            if !joins {
                break;
            }
        }
    }
    named
}

#[test]
fn missing_message_is_detected() {
    let guide = "## `prose`\n### `Could not … it`\n- `One` or `another` with `prose`\n\
                 | the message says | x |\n|---|---|\n| `a`, `b` | `c` |\n\n| `d` | x |\n";
    let lines = named(guide).into_iter().map(|(line, message)| format!("{line} {message}"));
    assert_eq!(lines.collect::<Vec<_>>(), ["2 Could not … it", "3 One", "3 another", "6 a", "6 b"]);
    for (message, expected) in [
        ("Could not read connector …", true),
        ("Could … connector …", true),
        ("connector … Could", false),
        ("Could not write connector …", false),
    ] {
        assert_eq!(says("Error: Could not read connector \"CRM\"", message), expected, "{message}");
    }
}
