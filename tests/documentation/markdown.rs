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
