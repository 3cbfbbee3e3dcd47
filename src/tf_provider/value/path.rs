//! Paths to parts of a value.

use std::fmt;

/// The most characters shown of one step. A name or key from a hostile peer may
/// be as long as its message.
const SHOWN: usize = 100;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into an attribute or block of an object.
    Attribute(String),
    /// Into an element of a map.
    Key(String),
    /// Into an element of a list or tuple, counted from 0.
    Index(i64),
}

/// The steps from the root of a value to one of its parts.
///
/// A path is displayed as an expression: `tags["a"].ports[0]`.
/// The protocol has no step into an element of a set, so a path ends at the set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// Returns the path of the whole object.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Returns the path of an attribute or block at the top level.
    #[must_use]
    pub fn attribute(name: &str) -> Self {
        Self::root().name(name)
    }

    /// Appends a step.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// Appends a step into an attribute or block.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.then(Step::Attribute(name.to_owned()))
    }

    /// Appends a step into an element of a list.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.then(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// Prepends a step.
    #[must_use]
    pub fn within(mut self, step: Step) -> Self {
        self.0.insert(0, step);
        self
    }

    /// The steps, outermost first.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the path of an attribute or block of that name in `parent`.
    /// Compares without making that path.
    pub(crate) fn is_in(&self, parent: &Self, name: &str) -> bool {
        matches!(self.0.split_last(), Some((Step::Attribute(last), steps))
            if last == name && steps == parent.0)
    }

    /// Returns the first attribute of a path into an object, and the other steps.
    pub(crate) fn split_first(&self) -> Option<(&str, Self)> {
        match self.0.split_first()? {
            (Step::Attribute(name), rest) => Some((name, Self(rest.to_vec()))),
            (Step::Key(_) | Step::Index(_), _) => None,
        }
    }

    /// Whether this is the path of the whole object.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

/// The path of an attribute or block at the top level.
impl From<&str> for Path {
    fn from(name: &str) -> Self {
        Self::attribute(name)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) => {
                    let dot = if position == 0 { "" } else { "." };
                    let (name, cut) = clip(name);
                    write!(formatter, "{dot}{}{cut}", name.escape_debug())?;
                }
                Step::Key(key) => {
                    let (key, cut) = clip(key);
                    write!(formatter, "[{key:?}{cut}]")?;
                }
                Step::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Returns the beginning of a text, and an ellipsis if it is cut.
fn clip(text: &str) -> (&str, &'static str) {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => (&text[..end], "…"),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, Step};

    #[test]
    fn path_is_displayed_as_an_expression() {
        let path = Path::attribute("tags")
            .then(Step::Key("a \"b\"".to_owned()))
            .then(Step::Attribute("ports".to_owned()))
            .then(Step::Index(0));
        assert_eq!(path.to_string(), r#"tags["a \"b\""].ports[0]"#);
        assert_eq!(Path::root().to_string(), "");
        assert!(Path::root().is_root());
    }

    #[test]
    fn long_names_are_cut_and_invisible_ones_escaped() {
        let path = Path::attribute("a\u{1b}[2J").then(Step::Key("é".repeat(1_000)));
        let shown = path.to_string();
        assert!(shown.starts_with(r"a\u{1b}[2J["), "{shown}");
        assert!(shown.ends_with("é\"…]"), "{shown}");
        assert_eq!(shown.chars().filter(|&character| character == 'é').count(), 100);
    }

    #[test]
    fn steps_are_added_at_both_ends() {
        let inner =
            Path::attribute("b").within(Step::Index(3)).within(Step::Attribute("a".to_owned()));
        assert_eq!(inner.to_string(), "a[3].b");
    }
}
