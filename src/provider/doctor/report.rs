//! The report of the doctor in two forms: a page for the owner of the tenant, and
//! JSON for anybody.
//!
//! The page may name connectors and organizations. The JSON may not: it holds
//! only facts, which are numbers, statuses, and names of fields and variables.

use serde_json::{Map, Value, json};

use crate::provider::VERSION;

/// The limit of characters in a line of the page.
const WIDTH: usize = 88;

/// The indentation of the messages of the page.
const INDENT: &str = "                             ";

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Good,
    /// Not as expected, but it does no harm.
    Note,
    /// A part does not work.
    Problem,
    /// It could not be checked.
    Skipped,
}

impl Outcome {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Problem => "problem",
            Self::Skipped => "skipped",
        }
    }
}

/// A check with its outcome.
#[derive(Clone, Debug)]
pub struct Check {
    /// The subject of the check.
    pub name: &'static str,
    /// The outcome.
    pub outcome: Outcome,
    /// The finding and the advice, for the owner of the tenant.
    pub message: String,
    /// The facts, for anybody.
    pub facts: Map<String, Value>,
}

impl Check {
    /// Returns a check without facts.
    #[must_use]
    pub fn new(name: &'static str, outcome: Outcome, message: impl Into<String>) -> Self {
        Self { name, outcome, message: message.into(), facts: Map::new() }
    }

    /// Returns the check with one more fact.
    #[must_use]
    pub fn with(mut self, name: &str, fact: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), fact.into());
        self
    }
}

/// The checks so far. Each is reported as soon as it is known.
pub struct Checks<'a> {
    found: Vec<Check>,
    report: &'a mut dyn FnMut(&Check),
}

impl<'a> Checks<'a> {
    /// Returns no checks yet.
    pub fn new(report: &'a mut dyn FnMut(&Check)) -> Self {
        Self { found: Vec::new(), report }
    }

    /// Adds a check.
    pub fn push(&mut self, check: Check) {
        (self.report)(&check);
        self.found.push(check);
    }

    /// Returns the checks in their order.
    #[must_use]
    pub fn found(&self) -> &[Check] {
        &self.found
    }

    /// Returns the checks in their order.
    #[must_use]
    pub fn into_found(self) -> Vec<Check> {
        self.found
    }
}

/// The conclusion of all checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No endpoint could be called.
    Unreachable,
    /// Only the endpoint that Cisco documents works.
    OnlyDocumented,
    /// No endpoint works.
    Nothing,
    /// The connector endpoints work, but the one that Cisco documents does not.
    WithoutFlows,
    /// The connector endpoints respond, but not as this provider needs.
    Differs,
    /// Everything that can be checked without writing works.
    Works,
}

impl Verdict {
    /// Returns the word for it in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::OnlyDocumented => "only_documented",
            Self::Nothing => "nothing",
            Self::WithoutFlows => "without_flows",
            Self::Differs => "differs",
            Self::Works => "works",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "No call reached this organization. Follow the advice next to the problem, and run \
                 this command again."
            }
            Self::OnlyDocumented => {
                "In this organization, only the data source webex_cc_flow_connectors works. Follow \
                 the advice next to each problem before you use anything else of this provider."
            }
            Self::Nothing => {
                "This provider does not work in this organization. Follow the advice next to \
                 each problem, and run this command again."
            }
            Self::WithoutFlows => {
                "The connector endpoints work as far as can be checked without writing. The data \
                 source webex_cc_flow_connectors does not work. If you need it, follow the advice \
                 next to the problem."
            }
            Self::Differs => {
                "Do not apply anything to this organization yet: its Contact Center responds \
                 differently from what this provider needs. Please report this. This command with \
                 --json prints what an issue needs, without names, ids or credentials."
            }
            Self::Works => {
                "Everything that can be checked without writing works. Begin with a connector \
                 that no flow uses. Please also report that it works: this command with --json \
                 prints what an issue needs, without names, ids or credentials."
            }
        }
    }
}

/// The report of an examination.
#[derive(Clone, Debug)]
pub struct Report {
    /// The checks in their order.
    pub checks: Vec<Check>,
    /// Their conclusion.
    pub verdict: Verdict,
}

impl Report {
    /// Whether nothing needs to be done.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.verdict == Verdict::Works
            && self.checks.iter().all(|check| check.outcome != Outcome::Problem)
    }

    /// Returns the page for the owner of the tenant.
    #[must_use]
    pub fn page(&self) -> String {
        let lines = self.checks.iter().map(line).collect::<String>();
        format!("{}{lines}{}", head(), self.conclusion())
    }

    /// Returns the last paragraph of the page.
    #[must_use]
    pub fn conclusion(&self) -> String {
        format!("\n{}\n", wrapped(self.verdict.message(), ""))
    }

    /// Returns the JSON for anybody.
    #[must_use]
    pub fn json(&self) -> String {
        let checks = self.checks.iter().map(|check| {
            let mut object = check.facts.clone();
            object.insert("check".to_owned(), json!(check.name));
            object.insert("outcome".to_owned(), json!(check.outcome.word()));
            Value::Object(object)
        });
        let report = json!({
            "provider_version": VERSION,
            "verdict": self.verdict.word(),
            "checks": checks.collect::<Vec<_>>(),
        });
        format!("{report:#}\n")
    }
}

/// Returns the first paragraph of the page.
#[must_use]
pub fn head() -> String {
    format!("terraform-provider-webex {VERSION}: nothing is written to Webex\n\n")
}

/// Returns the lines of a check on the page.
#[must_use]
pub fn line(check: &Check) -> String {
    let head = format!("{:<9} {:<17}  ", check.outcome.word(), check.name);
    debug_assert_eq!(head.len(), INDENT.len(), "{head:?}");
    format!("{head}{}\n", wrapped(&check.message, INDENT))
}

/// Wraps a text into lines. All but the first are indented.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = Vec::new();
    for paragraph in text.lines().filter(|line| !line.is_empty()) {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let width = indent.len() + line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && width > WIDTH {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines.join(&format!("\n{indent}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_has_messages_and_json_has_facts_only() {
        let long = "word ".repeat(30);
        let check = Check::new("connector list", Outcome::Note, format!("\"crm\"\n\n{long}"));
        let report = Report { checks: vec![check.with("rows", 1)], verdict: Verdict::Works };
        let page = report.page();
        assert!(page.contains("note      connector list     \"crm\"\n"), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
        let json: Value = serde_json::from_str(&report.json()).unwrap();
        let expected = json!([{"check": "connector list", "outcome": "note", "rows": 1}]);
        assert_eq!(json["checks"], expected);
        assert!(!report.json().contains("crm"));
    }

    #[test]
    fn report_with_a_problem_is_not_good() {
        let good = Check::new("host", Outcome::Good, "");
        let bad = Check::new("host", Outcome::Problem, "");
        let report = |checks, verdict| Report { checks, verdict };
        assert!(report(vec![good.clone()], Verdict::Works).is_good());
        assert!(!report(vec![good.clone(), bad], Verdict::Works).is_good());
        assert!(!report(vec![good], Verdict::Differs).is_good());
    }
}
