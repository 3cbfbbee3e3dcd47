//! The contract with Webex as pages show it: the calls, and how much is known about each.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::files;

const DOCUMENT: &str = "docs/api/custom-connectors.openapi.yaml";

/// A call.
pub(super) struct Operation {
    /// Its name in the contract.
    pub(super) id: String,
    /// The method, in capitals.
    pub(super) method: String,
    /// The path, with its parameters in braces.
    pub(super) path: String,
    /// How reliable the knowledge about it is.
    pub(super) standing: String,
}

impl Operation {
    /// Whether a request is this call. Names in braces stand for one segment.
    pub(super) fn is(&self, method: &str, path: &str) -> bool {
        let (mine, sent) = (self.path.split('/'), path.split('/'));
        let same_length = mine.clone().count() == sent.clone().count();
        let fits = |(mine, sent): (&str, &str)| mine.starts_with('{') || mine == sent;
        self.method == method && same_length && mine.zip(sent).all(fits)
    }

    /// Returns the scope that a token needs for it, documented for all Configuration APIs.
    fn scope(&self) -> &'static str {
        if self.method == "GET" { "cjp:config_read" } else { "cjp:config_write" }
    }
}

/// Returns all calls of the contract.
pub(super) fn operations() -> Vec<Operation> {
    let document: Value = serde_yaml_ng::from_str(&files::read(DOCUMENT)).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let (Some(id), Some(standing)) =
                (operation["operationId"].as_str(), operation["x-standing"].as_str())
            else {
                continue;
            };
            operations.push(Operation {
                id: id.to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                standing: standing.to_owned(),
            });
        }
    }
    assert!(operations.len() > 5, "{DOCUMENT} has no operations");
    operations
}

/// Returns a table of the calls of an object. Each line of `uses` is `<occasion>: <names of
/// calls>`.
pub(super) fn table(uses: &str) -> String {
    let operations = operations();
    let mut table = "| When | Call | Scope | Standing |\n|---|---|---|---|\n".to_owned();
    for line in uses.lines() {
        let (occasion, ids) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?}"));
        let mut occasion = occasion.trim();
        for id in ids.split_whitespace() {
            let operation = operations.iter().find(|operation| operation.id == id);
            let operation = operation.unwrap_or_else(|| panic!("{DOCUMENT} has no {id}"));
            let Operation { method, path, standing, .. } = operation;
            let scope = operation.scope();
            writeln!(table, "| {occasion} | `{method} {path}` | `{scope}` | {standing} |").unwrap();
            occasion = "";
        }
    }
    table
}
