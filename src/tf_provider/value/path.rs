//! Paths: which part of a value is meant.

use std::fmt;

/// The most characters of one step that are shown: a name or key from a hostile
/// peer could be as long as its message.
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

/// Where in a configuration something is, from the root down.
///
/// It is displayed the way an expression would name it: `tags["a"].ports[0]`.
/// The protocol has no step into an element of a set, so a path ends at the set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// The object as a whole.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// An attribute or block at the top level.
    #[must_use]
    pub fn attribute(name: &str) -> Self {
        Self::root().then(Step::Attribute(name.to_owned()))
    }

    /// The same path and one step more.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// The same path seen from one step further out.
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

    /// Whether the object as a whole is meant.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
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

/// The beginning of a text, and an ellipsis if that is not all of it.
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
    fn a_path_reads_like_an_expression() {
        let path = Path::attribute("tags")
            .then(Step::Key("a \"b\"".to_owned()))
            .then(Step::Attribute("ports".to_owned()))
            .then(Step::Index(0));
        assert_eq!(path.to_string(), r#"tags["a \"b\""].ports[0]"#);
        assert_eq!(Path::root().to_string(), "");
        assert!(Path::root().is_root());
    }

    #[test]
    fn long_and_invisible_names_are_shown_cut_and_escaped() {
        let path = Path::attribute("a\u{1b}[2J").then(Step::Key("é".repeat(1_000)));
        let shown = path.to_string();
        assert!(shown.starts_with(r"a\u{1b}[2J["), "{shown}");
        assert!(shown.ends_with("é\"…]"), "{shown}");
        assert_eq!(shown.chars().filter(|&character| character == 'é').count(), 100);
    }

    #[test]
    fn steps_are_added_at_either_end() {
        let inner =
            Path::attribute("b").within(Step::Index(3)).within(Step::Attribute("a".to_owned()));
        assert_eq!(inner.to_string(), "a[3].b");
    }
}
