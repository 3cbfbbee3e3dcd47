//! The words that text for people does not use. The list is the table of `docs/design/style.md`.
//!
//! The text is compared word by word, without regard to case, line breaks, quotes and markup, so
//! that quoting a banned word does not hide it.

use super::{none, pages};
use crate::architecture::tokens::tokens;
use crate::support::files;

/// The page of style. Only the first columns of its tables may name banned words.
const PAGE: &str = "docs/design/style.md";

/// The most characters in a line of prose.
const WIDTH: usize = 100;

/// A banned sequence of words, and the words to use instead.
struct Banned {
    words: Vec<String>,
    instead: String,
}

/// Reads the list.
fn banned() -> Vec<Banned> {
    let page = files::read(PAGE);
    let (_, table) = page.split_once("\n| Not | Write |\n|---|---|\n").expect("the table");
    let (table, _) = table.split_once("\n\n").expect("the end of the table");
    let mut banned = Vec::new();
    for row in table.lines() {
        let mut columns = row.split('|').map(str::trim).skip(1);
        let (not, instead) = (columns.next().unwrap(), columns.next().unwrap());
        for pattern in not.split('`').skip(1).step_by(2) {
            let words = words(pattern).into_iter().map(|(word, _)| word).collect();
            banned.push(Banned { words, instead: instead.to_owned() });
        }
    }
    assert!(banned.len() > 40, "the table is elsewhere now");
    banned
}

/// Returns the words of a text in lower case, with their lines, and the ends of sentences.
fn words(text: &str) -> Vec<(String, usize)> {
    let mut words = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut word = String::new();
        for sign in line.chars().chain([' ']) {
            if sign.is_alphanumeric() || sign == '_' || sign == '\'' {
                word.extend(sign.to_lowercase());
                continue;
            }
            // Apostrophes and underscores at the ends of a word are quotes and markup.
            let bare = word.trim_matches(['\'', '_']);
            if !bare.is_empty() {
                words.push((bare.to_owned(), index + 1));
            }
            word.clear();
            if ['.', ';', '?', '!'].contains(&sign) {
                words.push((sign.to_string(), index + 1));
            }
        }
    }
    words
}

/// Returns the banned words of a text, as messages.
fn findings(place: &str, text: &str, banned: &[Banned]) -> Vec<String> {
    let words = words(text);
    let mut findings = Vec::new();
    for Banned { words: pattern, instead } in banned {
        for part in words.windows(pattern.len()) {
            if part.iter().map(|(word, _)| word).eq(pattern) {
                let line = part[0].1;
                findings.push(format!("{place}:{line}: {:?}: {instead}", pattern.join(" ")));
            }
        }
    }
    findings
}

/// Returns all texts for people, with their files.
fn texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let mut prose = files::pages();
    prose.extend(["src", "tests"].iter().flat_map(|folder| files::below(folder, ".md")));
    prose.extend(files::below(".github/ISSUE_TEMPLATE", ".yml"));
    prose.extend([".snap", ".snap.new"].iter().flat_map(|end| files::below("src", end)));
    for file in prose {
        let text = files::read(&file);
        texts.push((file, text));
    }
    // Comments, the descriptions of variables, and the output of scripts.
    let scripts = [
        ("examples", [".tf", ".hcl", ".sh", ".yml"].as_slice()),
        (".ci", &[""]),
        (".github/workflows", &[".yml"]),
        ("docs", &[".yaml", ".py"]),
    ];
    let mut files = vec!["Makefile".to_owned()];
    for (folder, endings) in scripts {
        files.extend(endings.iter().flat_map(|ending| files::below(folder, ending)));
    }
    for file in files {
        let text = files::read(&file);
        texts.push((file, text));
    }
    for folder in ["src", "simulator/src", "examples"] {
        for file in files::below(folder, ".rs") {
            if !file.ends_with("tests.rs") && !file.contains("/tests/") {
                // The comments of options are the help texts of the simulator.
                let with_comments = !file.starts_with("src/");
                let text = literals(&files::read(&file), with_comments);
                texts.push((file, text));
            }
        }
    }
    assert!(texts.len() > 200, "the texts are elsewhere now");
    texts
}

/// Returns a page in which rows of tables keep their last column only.
fn last_columns(text: &str) -> String {
    let lines = text.lines().map(|line| match line.strip_suffix('|') {
        Some(row) => row.rsplit('|').next().unwrap_or_default(),
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the string literals of a source file, one per line, with spaces in them. A literal
/// without a space is a name and no text.
fn literals(text: &str, with_comments: bool) -> String {
    let tokens = tokens(text);
    let mut literals = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let is_comment = index > 1 && tokens[index - 2] == "doc";
        let is_text = token.starts_with(['"', 'r']) && token.ends_with(['"', '#']);
        if is_text && token.contains(' ') && (with_comments || !is_comment) {
            // The escapes of line breaks and of quotes.
            let text = token.replace("\\n", " ").replace(['\\', '\n'], " ");
            literals.push(text);
        }
    }
    literals.join(" . \n")
}

#[test]
fn banned_words_are_not_used() {
    let banned = banned();
    let found = texts().into_iter().flat_map(|(file, text)| {
        let text = if file == PAGE { last_columns(&text) } else { text };
        findings(&file, &text, &banned)
    });
    none(found.collect());
}

#[test]
fn prose_is_filled_to_100_columns() {
    let generated = pages::all().into_iter().map(|page| format!("docs/{}", page.path));
    let generated = generated.collect::<Vec<_>>();
    let mut long = Vec::new();
    for (file, text) in texts() {
        if !file.ends_with(".md") || generated.contains(&file) {
            continue;
        }
        let mut is_code = false;
        for (index, line) in text.lines().enumerate() {
            is_code ^= line.trim_start().starts_with("```");
            let is_free = is_code || line.starts_with('|') || line.contains("](");
            if !is_free && line.chars().count() > WIDTH {
                long.push(format!("{file}:{}: {} columns", index + 1, line.chars().count()));
            }
        }
    }
    none(long);
}

#[test]
fn banned_words_are_found_in_every_dress() {
    let banned = banned();
    for (text, expected) in [
        ("Webex responds.", 0),
        ("Webex `answers` it.", 1),
        ("a \"whose\" in quotes, and 'anew' too", 2),
        ("> part of\n> **it**", 1),
        ("instead of. It", 0),
        ("{\"answer\": {\"status\": 503}}", 1),
        ("It comes to\n   its _end_", 1),
        ("webex_answers_null", 0),
    ] {
        assert_eq!(findings("x", text, &banned).len(), expected, "{text:?}");
    }
    let source = "/// It stands there.\nfn f() { g(\"Webex \\\n   answers.\"); h(\"answer\"); }\n\
                  #[cfg(test)]\nmod tests { fn x() { y(\"whoever it is\") } }";
    assert_eq!(findings("x", &literals(source, false), &banned).len(), 1);
    assert_eq!(findings("x", &literals(source, true), &banned).len(), 2);
    assert_eq!(last_columns("| `anew` | again |\nprose"), " again \nprose");
}
