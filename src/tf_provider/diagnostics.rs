//! Errors and warnings for the user.

use super::value::Path;
use safe_text::shown_lines;

/// The result of most calls. `?` turns a [`Diagnostic`] into its error.
pub type Result<T, E = Diagnostics> = std::result::Result<T, E>;

/// The severity of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation continues, and the user should know.
    Warning,
}

/// One message to the user.
///
/// The summary names the failed operation in one line. The detail describes the
/// cause, the current state, and the remedy. Invisible characters other than line
/// breaks and tabs are escaped, because text from elsewhere could use them to hide
/// lines of a plan. Joiners are kept where a script or an emoji needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    severity: Severity,
    summary: String,
    detail: String,
    attribute: Option<Path>,
}

impl Diagnostic {
    /// Returns a message that fails the operation.
    #[must_use]
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Severity::Error, summary.into(), detail.into())
    }

    /// Returns a message that lets the operation continue.
    #[must_use]
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Severity::Warning, summary.into(), detail.into())
    }

    fn new(severity: Severity, summary: String, detail: String) -> Self {
        Self {
            severity,
            summary: shown_lines(&summary),
            detail: shown_lines(&detail),
            attribute: None,
        }
    }

    /// Returns the message with another detail.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: shown_lines(&detail.into()), ..self }
    }

    /// Returns the message with the attribute at fault.
    #[must_use]
    pub fn at(mut self, path: impl Into<Path>) -> Self {
        self.attribute = Some(path.into());
        self
    }

    /// The severity.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The summary.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The detail.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The attribute at fault.
    #[must_use]
    pub fn attribute(&self) -> Option<&Path> {
        self.attribute.as_ref()
    }
}

/// Messages in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Returns no messages.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether one of the messages is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there are no messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the messages.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, more: T) {
        self.0.extend(more);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<T: IntoIterator<Item = Diagnostic>>(messages: T) -> Self {
        Self(messages.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Diagnostic;

    #[test]
    fn invisible_characters_are_escaped() {
        let message =
            Diagnostic::error("a\u{1b}[2J\u{2028}\u{feff}b\r\u{202e}", "one\ntwo\u{7}\u{9b}");
        assert_eq!(message.summary(), r"a\u{1b}[2J\u{2028}\u{feff}b\r\u{202e}");
        assert_eq!(message.detail(), "one\ntwo\\u{7}\\u{9b}");
    }

    #[test]
    fn tabs_and_joiners_that_form_characters_are_kept() {
        // An emoji of three characters, a Persian word, and indented code.
        for text in
            ["\u{1f469}\u{200d}\u{1f4bb}", "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}", "a {\n\tb\n}"]
        {
            assert_eq!(Diagnostic::error(text, text).detail(), text);
        }
        let deceptive = Diagnostic::error("pass\u{200d}word \u{200c}", "\u{e9}\u{200d}\u{200d}x");
        assert_eq!(deceptive.summary(), r"pass\u{200d}word \u{200c}");
        assert_eq!(deceptive.detail(), "\u{e9}\\u{200d}\\u{200d}x");
    }
}
