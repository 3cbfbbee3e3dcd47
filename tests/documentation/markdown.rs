//! The parts of Markdown that the checks need: code, headings, links.

/// A fenced block of code.
pub(super) struct Code {
    /// The text after the opening fence.
    pub(super) language: String,
    /// The lines between the fences.
    pub(super) lines: Vec<String>,
    /// The line of the opening fence, counted from 1.
    pub(super) line: usize,
}

/// The parsed parts of a page.
#[derive(Default)]
pub(super) struct Page {
    /// The blocks of code.
    pub(super) code: Vec<Code>,
    /// The anchors of headings, as GitHub makes them.
    pub(super) anchors: Vec<String>,
    /// The targets of links with their lines.
    pub(super) links: Vec<(String, usize)>,
}

/// Parses a page.
pub(super) fn parse(text: &str) -> Page {
    let mut page = Page::default();
    let mut open: Option<(Code, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if let Some((code, fence)) = &mut open {
            if trimmed.trim_end() == fence {
                page.code.extend(open.take().map(|(code, _)| code));
            } else {
                code.lines.push(line.to_owned());
            }
            continue;
        }
        let ticks = trimmed.chars().take_while(|character| *character == '`').count();
        if ticks >= 3 {
            let language = trimmed[ticks..].trim().to_owned();
            let code = Code { language, lines: Vec::new(), line: index + 1 };
            open = Some((code, "`".repeat(ticks)));
            continue;
        }
        let prose = without_inline_code(line);
        if let Some(heading) = heading(line) {
            let slug = slug(heading);
            let same = page.anchors.iter().filter(|anchor| **anchor == slug).count();
            page.anchors.push(if same == 0 { slug } else { format!("{slug}-{same}") });
        }
        page.links.extend(links(&prose).into_iter().map(|target| (target, index + 1)));
    }
    assert!(open.is_none(), "a piece of code is not closed");
    page
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    (1..=6).contains(&level).then(|| text.strip_prefix(' ')).flatten()
}

/// Returns the anchor of a heading.
pub(super) fn slug(heading: &str) -> String {
    let text = heading.trim().to_lowercase();
    let kept = text.chars().filter_map(|character| match character {
        ' ' => Some('-'),
        '-' | '_' => Some(character),
        other if other.is_alphanumeric() => Some(other),
        _ => None,
    });
    kept.collect()
}

fn without_inline_code(line: &str) -> String {
    // Every second part is between backticks.
    line.split('`').step_by(2).collect::<Vec<_>>().join("` `")
}

fn links(prose: &str) -> Vec<String> {
    let mut rest = prose;
    let mut found = Vec::new();
    while let Some(start) = rest.find("](") {
        rest = &rest[start + 2..];
        let Some(end) = rest.find(')') else { break };
        found.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    found
}

/// The width of prose.
const WIDTH: usize = 100;

/// Fills the prose of a page. Tables, code, headings, comments and front matter stay as they are.
pub(super) fn filled(text: &str) -> String {
    let mut filled = String::new();
    let mut paragraph: Option<Paragraph> = None;
    // The line that ends what stays as it is.
    let mut until = None::<String>;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let is_kept = until.is_some()
            || trimmed.is_empty()
            || ["#", "|", "<!--", "```", "---"].iter().any(|start| trimmed.starts_with(start));
        if !is_kept {
            let indent = &line[..line.len() - trimmed.len()];
            let mark = mark(trimmed);
            if paragraph.is_none() || !mark.is_empty() {
                filled.extend(paragraph.take().map(Paragraph::lines));
                let hang = if mark.starts_with('~') { 0 } else { mark.len() };
                let rest = format!("{indent}{}", " ".repeat(hang));
                paragraph =
                    Some(Paragraph { first: format!("{indent}{mark}"), rest, words: Vec::new() });
            }
            if let Some(paragraph) = &mut paragraph {
                paragraph.words.extend(unbreakable(&trimmed[mark.len()..]));
            }
            continue;
        }
        filled.extend(paragraph.take().map(Paragraph::lines));
        filled.push_str(line);
        filled.push('\n');
        let fence = trimmed.starts_with("```").then_some("```");
        let opens = fence.or((index == 0 && line == "---").then_some("---"));
        until = match until {
            Some(end) => (trimmed != end).then_some(end),
            None => opens.map(str::to_owned),
        };
    }
    filled.extend(paragraph.map(Paragraph::lines));
    filled
}

/// A paragraph or an item of a list.
struct Paragraph {
    first: String,
    rest: String,
    words: Vec<String>,
}

impl Paragraph {
    fn lines(self) -> String {
        let mut lines = String::new();
        let mut line = self.first;
        let mut is_empty = true;
        for word in self.words {
            if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                lines.push_str(&line);
                lines.push('\n');
                line.clone_from(&self.rest);
                is_empty = true;
            }
            line.push_str(if is_empty { "" } else { " " });
            line.push_str(&word);
            is_empty = false;
        }
        lines + &line + "\n"
    }
}

/// Returns the mark of an item of a list or of a callout, with its space.
fn mark(line: &str) -> &str {
    let Some((mark, _)) = line.split_once(' ') else { return "" };
    let number = mark.strip_suffix('.').unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_mark = ["-", "*", "~>"].contains(&mark) || is_number;
    if is_mark { &line[..=mark.len()] } else { "" }
}

/// Returns the words of a line. A piece of code is one word.
fn unbreakable(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_code = false;
    for character in line.chars() {
        is_code ^= character == '`';
        match words.last_mut() {
            Some(word) if is_code || !character.is_whitespace() => word.push(character),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn prose_is_filled() {
    let long = ["word"; 30].join(" ");
    let page = format!(
        "---\na: {long}\n---\n# {long}\n\n{long}\n- `{long}` x\n1. {long}\n| {long} |\n```\n{long}\n```\n"
    );
    let (twenty, eleven) = (["word"; 20].join(" "), ["word"; 11].join(" "));
    let (nineteen, ten) = (["word"; 19].join(" "), ["word"; 10].join(" "));
    assert_eq!(
        filled(&page),
        format!(
            "---\na: {long}\n---\n# {long}\n\n{twenty}\n{ten}\n- `{long}`\n  x\n1. {nineteen}\n   \
             {eleven}\n| {long} |\n```\n{long}\n```\n"
        )
    );
    assert_eq!(filled(&filled(&page)), filled(&page));
}

#[test]
fn markdown_is_parsed() {
    let page = parse(
        "# A `b` c: D_e!\n[x](y.md#z) and [`a`](<b>) not `[n](o)`\n## Same\n## Same\n\
         ```terraform\na = 1\n# no heading\n```\n",
    );
    assert_eq!(page.anchors, ["a-b-c-d_e", "same", "same-1"]);
    let targets = page.links.iter().map(|(target, line)| (target.as_str(), *line));
    assert_eq!(targets.collect::<Vec<_>>(), [("y.md#z", 2), ("<b>", 2)]);
    assert_eq!(page.code.len(), 1);
    assert_eq!((page.code[0].language.as_str(), page.code[0].line), ("terraform", 5));
    assert_eq!(page.code[0].lines, ["a = 1", "# no heading"]);
}
