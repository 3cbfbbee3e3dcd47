//! The documentation matches the provider.
//!
//! `docs/` holds two kinds of pages. The pages of the provider, its resources, data sources, list
//! resources, actions and functions are generated: schemas, rules and calls from their tables, prose from
//! the `.md` file next to each object in `src/provider`. The guides are written by hand. The tests
//! compare the committed pages with the generated ones; `make docs` (which sets `UPDATE_DOCS`)
//! writes them, and the output of commands that pages show. The program has no part in it.

mod contract;
mod examples;
mod faults;
mod links;
mod markdown;
mod messages;
mod pages;
mod profile;
mod schema;
mod typed;

use std::collections::BTreeSet;
use std::fs;

use terraform_provider_webex::provider::configuration::schema::{ENVIRONMENT, variable};
use terraform_provider_webex::provider::registry;
use tf_provider::schema::{Attribute, Block, Requirement};

use crate::support::files;

/// Fails the test with all findings.
#[track_caller]
fn none(findings: Vec<String>) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn generated_pages_are_up_to_date() {
    let docs = files::root().join("docs");
    let pages = pages::all();
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut stale = Vec::new();
    for page in &pages {
        let path = docs.join(&page.path);
        // Git on Windows may have changed the line ends.
        let committed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if committed == page.text {
            continue;
        }
        if update {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &page.text).unwrap();
        } else {
            stale.push(format!("docs/{} is stale: run `make docs`", page.path));
        }
    }
    let made = pages.iter().map(|page| format!("docs/{}", page.path)).collect::<BTreeSet<_>>();
    for folder in pages::FOLDERS {
        for file in files::below(&format!("docs/{folder}"), ".md") {
            if made.contains(&file) {
                continue;
            }
            if update {
                fs::remove_file(files::root().join(&file)).unwrap();
            } else {
                stale.push(format!("{file} is about nothing that is served: run `make docs`"));
            }
        }
    }
    none(stale);
}

/// The registry's tool for checking documentation refuses an index with the key.
#[test]
fn index_has_no_subcategory() {
    let index = files::read("docs/index.md");
    let front_matter = index.split("---\n").nth(1).unwrap();
    assert!(front_matter.contains("page_title: ") && !front_matter.contains("subcategory"));
}

#[test]
fn descriptions_are_sentences() {
    let mut findings = Vec::new();
    for subject in pages::subjects() {
        let name = format!("{} {}", subject.kind, subject.name);
        sentences_of_block(&name, &subject.block, &mut findings);
        for attribute in subject.identity.iter().flat_map(|schema| &schema.attributes) {
            let place = format!("identity of {name}.{}", attribute.name);
            sentence(&place, &attribute.description, &mut findings);
        }
        let Some(signature) = &subject.signature else { continue };
        let summary = format!("{}.", signature.summary); // a heading has no full stop
        sentence(&name, &summary, &mut findings);
        for parameter in signature.parameters.iter().chain(&signature.variadic) {
            sentence(&format!("{name}({})", parameter.name), &parameter.description, &mut findings);
        }
    }
    none(findings);
}

fn sentences_of_block(name: &str, block: &Block, findings: &mut Vec<String>) {
    sentence(name, &block.description, findings);
    for attribute in &block.attributes {
        sentence(&format!("{name}.{}", attribute.name), &attribute.description, findings);
    }
    for nested in &block.blocks {
        sentences_of_block(&format!("{name}.{}", nested.name), &nested.block, findings);
    }
}

/// Checks that a text begins and ends like a sentence.
fn sentence(name: &str, text: &str, findings: &mut Vec<String>) {
    let begins = text.starts_with(|first: char| first.is_uppercase() || first == '`');
    if !begins || !text.ends_with('.') || text.contains("  ") {
        findings.push(format!("{name} has no proper sentence: {text:?}"));
    }
}

#[test]
fn every_argument_of_the_provider_names_its_variable() {
    let registry = registry();
    let attributes = &registry.provider.schema().block.attributes;
    let mut findings = Vec::new();
    for attribute in attributes {
        let variable = variable(&attribute.name);
        if variable.is_empty() || !attribute.description.contains(&format!("`{variable}`")) {
            findings.push(format!("{} does not name its variable {variable:?}", attribute.name));
        }
    }
    let names = attributes.iter().map(|attribute| attribute.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names, ENVIRONMENT.map(|(argument, _)| argument), "the two tables differ");
    none(findings);
}

/// Without a version, a write-only argument could never change.
#[test]
fn every_write_only_argument_has_a_version() {
    let registry = registry();
    let mut findings = Vec::new();
    for (name, served) in &registry.resources {
        let block = &served.schema().block;
        let is_write_only = |attribute: &&Attribute| attribute.write_only;
        for attribute in block.attributes.iter().filter(is_write_only) {
            let version = format!("{}_version", attribute.name);
            let found = block.attribute(&version);
            if found.is_none_or(|found| found.requirement != Requirement::Optional) {
                findings.push(format!("{name} has {} and no {version}", attribute.name));
            }
        }
    }
    none(findings);
}
