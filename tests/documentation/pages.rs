//! The generated pages.
//!
//! The prose of each object is in a `.md` file next to its code. The first line names the object:
//! `<!-- resource webex_cc_custom_connector -->`. Directives insert the rest: `{{schema}}` the
//! schema, `{{example FILE}}` a file below `examples/`, `{{guides}}` links to all guides. Front
//! matter, title and description come from the schema.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use terraform_provider_webex::provider::configuration::schema::ENVIRONMENT;
use terraform_provider_webex::provider::{NAME, registry};
use tf_provider::function::Signature;
use tf_provider::schema::{Block, IdentitySchema};

use super::{contract, markdown, schema};
use crate::support::files;
use webex_contact_center::{Applies, ConnectorKind, kind_dependent_fields};

/// The folders of generated pages.
pub(super) const FOLDERS: [&str; 5] =
    ["resources", "data-sources", "list-resources", "actions", "functions"];

/// The guides, in reading order.
const GUIDES: [&str; 14] = [
    "getting-started",
    "getting-a-token",
    "ci",
    "write-only-credentials",
    "secrets",
    "brownfield-import",
    "promoting-flows",
    "many-organizations",
    "rate-limits-and-retries",
    "network",
    "troubleshooting",
    "api-compatibility",
    "api-profile",
    "upgrading",
];

/// The heading of the objects in the registry.
const SUBCATEGORY: &str = "Contact Center";

/// A page.
pub(super) struct Page {
    /// Its path below `docs/`.
    pub(super) path: String,
    /// Its text.
    pub(super) text: String,
}

/// The subject of a page.
pub(super) struct Subject {
    /// The kind in the prose: `resource`, `data source`, …
    pub(super) kind: &'static str,
    /// Its full name.
    pub(super) name: String,
    page: String,
    page_title: String,
    title: String,
    subcategory: &'static str,
    description: String,
    pub(super) block: Block,
    pub(super) identity: Option<IdentitySchema>,
    pub(super) signature: Option<Signature>,
}

/// Returns all pages. Fails if a subject has no prose, or prose has no subject.
pub(super) fn all() -> Vec<Page> {
    let mut prose = prose();
    let subjects = subjects();
    let pages = subjects.into_iter().map(|subject| {
        let key = format!("{} {}", subject.kind, subject.name);
        let (file, text) = prose.remove(&key).unwrap_or_else(|| {
            panic!("{key} has no prose: write a .md file beside it that begins with <!-- {key} -->")
        });
        page(&subject, &file, &text)
    });
    let mut pages: Vec<_> = pages.collect();
    pages.push(super::profile::page());
    assert!(prose.is_empty(), "about nothing that is served: {:?}", prose.keys());
    pages
}

/// Returns everything that the provider serves.
pub(super) fn subjects() -> Vec<Subject> {
    let registry = registry();
    let block = registry.provider.schema().block.clone();
    let mut subjects = vec![Subject {
        kind: "provider",
        name: NAME.to_owned(),
        page: "index.md".to_owned(),
        page_title: "Provider: Webex Contact Center".to_owned(),
        title: "Webex Contact Center Provider".to_owned(),
        subcategory: "",
        description: block.description.to_string(),
        block,
        identity: None,
        signature: None,
    }];
    for (name, served) in &registry.resources {
        let identity = served.identity().map(|(schema, _)| schema.clone());
        let block = served.schema().block.clone();
        subjects.push(Subject {
            identity,
            ..subject("resource", "resources", "Resource", name, block)
        });
    }
    for (name, served) in &registry.data_sources {
        let block = served.schema().block.clone();
        subjects.push(subject("data source", "data-sources", "Data Source", name, block));
    }
    for (name, served) in &registry.list_resources {
        let block = served.schema().block.clone();
        subjects.push(subject("list resource", "list-resources", "List Resource", name, block));
    }
    for (name, served) in &registry.actions {
        let block = served.schema().block.clone();
        subjects.push(subject("action", "actions", "Action", name, block));
    }
    for (name, function) in &registry.functions {
        let signature = function.signature();
        let block = Block { description: signature.description.clone(), ..Block::default() };
        subjects.push(Subject {
            page_title: format!("{name} function - {NAME}"),
            title: format!("function: {name}"),
            subcategory: "",
            description: signature.summary.to_string(),
            signature: Some(signature),
            ..subject("function", "functions", "function", name, block)
        });
    }
    subjects
}

fn subject(kind: &'static str, folder: &str, word: &str, name: &str, block: Block) -> Subject {
    let short = name.strip_prefix(NAME).map_or(name, |rest| rest.trim_start_matches('_'));
    Subject {
        kind,
        name: name.to_owned(),
        page: format!("{folder}/{short}.md"),
        page_title: format!("{name} {word} - {NAME}"),
        title: format!("{name} ({word})"),
        subcategory: SUBCATEGORY,
        description: block.description.to_string(),
        block,
        identity: None,
        signature: None,
    }
}

/// Returns the prose of each subject, with its file.
fn prose() -> BTreeMap<String, (String, String)> {
    let mut all = BTreeMap::new();
    for file in files::below("src", ".md") {
        let text = files::read(&file);
        let (first, rest) = text.split_once('\n').unwrap_or_default();
        let key = first.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        let key = key.unwrap_or_else(|| panic!("{file} does not say what it is about"));
        let before = all.insert(key.to_owned(), (file, rest.to_owned()));
        assert!(before.is_none(), "there are two files about {key}");
    }
    all
}

fn page(subject: &Subject, file: &str, prose: &str) -> Page {
    let Subject { page_title, title, subcategory, .. } = subject;
    let summary = first_sentence(&subject.description);
    // The registry's tool for checking documentation refuses an index with the key.
    let subcategory = match subject.kind {
        "provider" => String::new(),
        _ => format!("subcategory: \"{subcategory}\"\n"),
    };
    let text = format!(
        "---\npage_title: \"{page_title}\"\n{subcategory}description: |-\n  \
         {summary}\n---\n\n<!-- Made by `make docs` from the schema and from {file}: edit those. \
         -->\n\n# {title}\n\n{}\n\n{}",
        subject.block.description,
        expand(subject, prose).trim()
    );
    Page { path: subject.page.clone(), text: markdown::filled(&text) }
}

/// Returns the first sentence in plain text.
fn first_sentence(description: &str) -> String {
    let paragraph = description.split("\n\n").next().unwrap_or_default();
    let sentence = paragraph.split_once(". ").map_or(paragraph, |(first, _)| first);
    let plain = sentence.replace(['`', '*'], "").replace('\n', " ");
    format!("{}.", plain.trim_end_matches('.'))
}

/// Replaces the directives.
fn expand(subject: &Subject, prose: &str) -> String {
    let mut text = String::new();
    let mut lines = prose.lines();
    while let Some(line) = lines.next() {
        let Some(directive) = line.strip_prefix("{{") else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let made = if directive == "calls" {
            let uses = lines.by_ref().take_while(|line| *line != "}}").collect::<Vec<_>>();
            contract::table(&uses.join("\n"))
        } else {
            let directive = directive.strip_suffix("}}");
            make(subject, directive.unwrap_or_else(|| panic!("{line:?} is not closed")))
        };
        text.push_str(&made);
    }
    text
}

fn make(subject: &Subject, directive: &str) -> String {
    let signature = || subject.signature.as_ref().unwrap_or_else(|| panic!("no function"));
    match directive.split_once(' ').unwrap_or((directive, "")) {
        ("schema", "") => schema::block(&subject.block),
        ("identity", "") => {
            let identity = subject.identity.as_ref();
            schema::identity(identity.unwrap_or_else(|| panic!("{} has none", subject.name)))
        }
        ("signature", "") => schema::signature(&subject.name, signature()),
        ("parameters", "") => schema::parameters(signature()),
        ("environment", "") => environment(),
        ("kinds", "") => kinds(),
        ("guides", "") => guides(),
        ("example", file) => example(file),
        _ => panic!("{{{{{directive}}}}} is unknown"),
    }
}

/// Returns a table of arguments by kind of connector, from the rule table.
fn kinds() -> String {
    let mut table = "| argument |".to_owned();
    for kind in ConnectorKind::ALL {
        let (authentication, grant) = kind.spelled();
        let grant = grant.map(|grant| format!("<br/>`{grant}`")).unwrap_or_default();
        write!(table, " `{authentication}`{grant} |").unwrap();
    }
    table.push_str("\n|---|");
    table.push_str(&":---:|".repeat(ConnectorKind::ALL.len()));
    for row in kind_dependent_fields() {
        write!(table, "\n| `{}` |", row.argument).unwrap();
        for kind in ConnectorKind::ALL {
            let word = match row.applies_to(kind) {
                Applies::Required => "required",
                Applies::Optional => "optional",
                Applies::Never => "–",
            };
            write!(table, " {word} |").unwrap();
        }
    }
    table.push('\n');
    table
}

/// Returns a link to each guide with its title.
fn guides() -> String {
    let present = files::below("docs/guides", ".md");
    let mut listed = GUIDES.map(|name| format!("docs/guides/{name}.md"));
    listed.sort();
    assert_eq!(listed.as_slice(), present, "GUIDES does not name the guides that there are");
    let lines = GUIDES.map(|name| {
        let text = files::read(&format!("docs/guides/{name}.md"));
        let title = text.lines().find_map(|line| line.strip_prefix("page_title: "));
        let title = title.unwrap_or_else(|| panic!("{name} has no title")).trim_matches('"');
        format!("- [{title}](guides/{name}.md)\n")
    });
    lines.concat()
}

fn environment() -> String {
    let mut table = "| Environment variable | Argument |\n|---|---|\n".to_owned();
    for (argument, variable) in ENVIRONMENT {
        writeln!(table, "| `{variable}` | `{argument}` |").unwrap();
    }
    table
}

fn example(file: &str) -> String {
    let language = match file.rsplit_once('.') {
        Some((_, "tf" | "hcl")) => "terraform",
        Some((_, "sh")) => "shell",
        _ => panic!("{file} is of no kind that a page shows"),
    };
    let text = files::read(&format!("examples/{file}"));
    format!("```{language}\n{}\n```\n", text.trim_end())
}
