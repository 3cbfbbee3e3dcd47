//! The report for people.

use crate::json::{Json, Step, pointer};

/// The findings, and the missing parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    calls: Vec<String>,
    fields: Vec<String>,
    lines: Vec<String>,
    missing: Vec<String>,
}

impl Report {
    /// Adds a line.
    pub(crate) fn line(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.lines.contains(&text) {
            self.lines.push(text);
        }
    }

    /// Adds what is missing.
    pub(crate) fn missing(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.missing.contains(&text) {
            self.missing.push(text);
        }
    }

    /// Adds a call.
    pub(crate) fn call(&mut self, name: &str, call: &Json, count: usize) {
        let text = |member: &str| call.get(member).and_then(Json::as_text).unwrap_or_default();
        let seen = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        self.calls.push(format!("{name:<11} {} {} (seen {seen})", text("method"), text("path")));
    }

    /// Adds a field.
    pub(crate) fn field(&mut self, name: &str, sent: &[Step], read: Option<&[Step]>, how: &str) {
        let read = read.map_or("never read".to_owned(), |at| format!("read at {}", pointer(at)));
        self.fields.push(format!("{name:<20} sent in {}, {read}; {how}", pointer(sent)));
    }

    /// Whether nothing is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }

    /// Returns the report.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut section = |title: &str, lines: &[String]| {
            if !lines.is_empty() {
                text.push_str(title);
                text.push('\n');
                for line in lines {
                    text.push_str("  ");
                    text.push_str(line);
                    text.push('\n');
                }
                text.push('\n');
            }
        };
        section("Calls", &self.calls);
        section("Fields", &self.fields);
        section("Notes", &self.lines);
        section("Missing", &self.missing);
        text.push_str(if self.is_whole() {
            "The whole life cycle was learned.\n"
        } else {
            "Learned in part. The profile keeps the assumed values of missing parts, or refuses \
             them.\n"
        });
        text
    }
}
