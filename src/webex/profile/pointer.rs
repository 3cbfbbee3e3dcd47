//! JSON Pointers (RFC 6901), and the search for many of them in one pass.

use serde_json::value::RawValue;

use super::super::json::{self, Object};

/// The most tokens of a pointer, and the levels of a response that are searched.
pub(super) const DEEPEST: usize = 32;

/// A JSON Pointer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pointer(Vec<String>);

impl Pointer {
    /// Reads a pointer: empty, or `/` before each of at most [`DEEPEST`] tokens.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Vec::new()));
        }
        let unescaped = |token: &str| {
            let rest = token.replace("~0", "").replace("~1", "");
            (!rest.contains('~')).then(|| token.replace("~1", "/").replace("~0", "~"))
        };
        let tokens = text.strip_prefix('/')?.split('/');
        let tokens = tokens.map(unescaped).take(DEEPEST + 1).collect::<Option<Vec<_>>>()?;
        (tokens.len() <= DEEPEST).then_some(Self(tokens))
    }

    /// Whether it points to the whole document.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the place is in an element of the outermost array.
    pub(crate) fn is_nested_in_array(&self) -> bool {
        self.0.first().is_some_and(|token| token.parse::<usize>().is_ok())
    }

    /// Whether the pointer leads to these names, in any letter case.
    pub(crate) fn is_at(&self, names: &[impl AsRef<str>]) -> bool {
        self.0.len() == names.len() && self.begins_with(names)
    }

    /// Whether the pointer leads to a place below these names.
    pub(crate) fn is_below(&self, names: &[impl AsRef<str>]) -> bool {
        self.0.len() > names.len() && self.begins_with(names)
    }

    fn begins_with(&self, names: &[impl AsRef<str>]) -> bool {
        let mut pairs = self.0.iter().zip(names);
        pairs.all(|(token, name)| token.eq_ignore_ascii_case(name.as_ref()))
    }

    pub(crate) fn tokens(&self) -> &[String] {
        &self.0
    }

    /// Returns the value at this place, also when it is null.
    pub(crate) fn find<'a>(&self, document: &'a RawValue) -> Option<&'a RawValue> {
        self.0.iter().try_fold(document, |raw, token| child(raw, token))
    }
}

/// Returns a member of an object, or an element of an array.
fn child<'a>(raw: &'a RawValue, token: &str) -> Option<&'a RawValue> {
    if json::is_array(raw.get().as_bytes()) {
        let index = token.parse::<usize>().ok()?;
        return json::array(raw.get().as_bytes()).ok()?.get(index).copied();
    }
    Object::from_raw(raw).ok()?.member(token)
}

/// A set of pointers. One pass over a document finds the values of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    root: Node,
    count: usize,
}

/// The pointers that begin with the same tokens.
#[derive(Clone, Debug, Default)]
struct Node {
    slot: Option<usize>,
    children: Vec<(String, Node)>,
}

/// The place of a pointer in [`Places`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(usize);

/// The values of a document at all places.
pub(crate) struct Found<'a>(Vec<Option<&'a RawValue>>);

impl Places {
    /// Adds a pointer. An equal one keeps its slot.
    pub(crate) fn add(&mut self, pointer: &Pointer) -> Slot {
        let mut node = &mut self.root;
        for token in &pointer.0 {
            let index = node.children.iter().position(|(name, _)| name == token);
            let index = index.unwrap_or_else(|| {
                node.children.push((token.clone(), Node::default()));
                node.children.len() - 1
            });
            node = &mut node.children[index].1;
        }
        let count = &mut self.count;
        Slot(*node.slot.get_or_insert_with(|| {
            *count += 1;
            *count - 1
        }))
    }

    /// Finds the values. Each object is read once.
    pub(crate) fn find<'a>(&self, document: &'a RawValue) -> Found<'a> {
        let mut found = vec![None; self.count];
        self.root.find(document, &mut found);
        Found(found)
    }
}

impl Node {
    fn find<'a>(&self, raw: &'a RawValue, found: &mut [Option<&'a RawValue>]) {
        if let Some(slot) = self.slot {
            found[slot] = Some(raw);
        }
        if self.children.is_empty() {
            return;
        }
        if json::is_array(raw.get().as_bytes()) {
            for (token, node) in &self.children {
                if let Some(element) = child(raw, token) {
                    node.find(element, found);
                }
            }
        } else if let Ok(object) = Object::from_raw(raw) {
            for (token, node) in &self.children {
                if let Some(member) = object.member(token) {
                    node.find(member, found);
                }
            }
        }
    }
}

impl<'a> Found<'a> {
    /// Returns the value of a place, also when it is null.
    pub(crate) fn get(&self, slot: Slot) -> Option<&'a RawValue> {
        self.0[slot.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn pointers_follow_rfc_6901() {
        let document = raw(r#"{"a/b":{"m~n":[1,{"":null}]}}"#);
        for (pointer, expected) in [
            ("", Some(r#"{"a/b":{"m~n":[1,{"":null}]}}"#)),
            ("/a~1b/m~0n/0", Some("1")),
            ("/a~1b/m~0n/1/", Some("null")),
            ("/a~1b/m~0n/2", None),
            ("/a~1b/x", None),
        ] {
            let pointer = Pointer::parse(pointer).unwrap();
            assert_eq!(pointer.find(document).map(RawValue::get), expected);
        }
        for wrong in ["a", "/~2", "/a~", &"/a".repeat(DEEPEST + 1)] {
            assert_eq!(Pointer::parse(wrong), None, "{wrong}");
        }
        assert!(Pointer::parse(&"/a".repeat(DEEPEST)).is_some());
    }

    #[test]
    fn places_find_what_each_pointer_finds() {
        let document = raw(r#"{"a":{"b":1,"C":2},"list":[{"x":null}]}"#);
        let pointers = ["", "/a", "/a/b", "/a/c", "/a/d", "/list/0/x", "/a/b"];
        let pointers = pointers.map(|pointer| Pointer::parse(pointer).unwrap());
        let mut places = Places::default();
        let slots = pointers.clone().map(|pointer| places.add(&pointer));
        assert_eq!(slots[2], slots[6]);
        let found = places.find(document);
        for (pointer, slot) in pointers.iter().zip(slots) {
            let expected = pointer.find(document).map(RawValue::get);
            assert_eq!(found.get(slot).map(RawValue::get), expected);
        }
    }
}
