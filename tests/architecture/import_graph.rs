//! The imports between the files of a crate, read from their tokens.
//!
//! A path counts where it begins with `crate`, `self` or `super`, with a module
//! or with a name that the file imports, in `use` declarations and elsewhere. A
//! re-export counts as an import of the file that defines the name. Code under
//! `cfg(test)` does not count. Modules written in the file of their parent
//! belong to that file.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::tokens::tokens;

/// The names from the root of a crate to a module.
type ModulePath = Vec<String>;

/// The limit of re-exports that are followed from one import.
const REEXPORTS: usize = 8;

/// A module that has a file.
struct Module {
    file: String,
    /// The names that `use` declarations bind, with their paths.
    bindings: BTreeMap<String, Vec<String>>,
    /// The paths of the file, those of `use` declarations included.
    paths: Vec<Vec<String>>,
}

/// The modules of a crate.
pub(super) struct ImportGraph {
    modules: BTreeMap<ModulePath, Module>,
}

impl ImportGraph {
    /// Reads a crate from its first file on. `text_of` returns the text of a
    /// file, if there is one.
    pub(super) fn read(root: &str, text_of: impl Fn(&str) -> Option<String>) -> Self {
        let mut modules = BTreeMap::new();
        let mut pending = vec![(ModulePath::new(), root.to_owned())];
        while let Some((path, file)) = pending.pop() {
            let text = text_of(&file).unwrap_or_else(|| panic!("{file} is missing"));
            let tokens = tokens(&text);
            let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
            for child in tokens.windows(3).filter(|three| three[0] == "mod" && three[2] == ";") {
                let candidates = ["", "/mod"].map(|end| format!("{folder}/{}{end}.rs", child[1]));
                let found = candidates.into_iter().find(|file| text_of(file).is_some());
                let found = found.unwrap_or_else(|| panic!("{file}: no file of {}", child[1]));
                pending.push(([path.as_slice(), &child[1..2]].concat(), found));
            }
            modules.insert(path, Module::new(file, &tokens));
        }
        Self { modules }
    }

    /// Returns the files, without those of tests.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.modules.values().map(|module| module.file.as_str())
    }

    /// Returns the circles, each with the imports that close it. For every file
    /// that is part of a circle, its shortest circle is among them. A module
    /// and a module inside it may import each other.
    pub(super) fn circles(&self) -> Vec<String> {
        let edges: BTreeMap<_, _> =
            self.modules.keys().map(|path| (path, self.imports(path))).collect();
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for start in self.modules.keys() {
            let Some(circle) = shortest_circle(start, &edges) else { continue };
            if !seen.insert(circle.iter().copied().collect::<BTreeSet<_>>()) {
                continue;
            }
            let next = circle.iter().cycle().skip(1);
            let lines = circle.iter().zip(next).map(|(from, to)| {
                let names = edges[from][to].iter().cloned().collect::<Vec<_>>().join(", ");
                format!("  {} uses {names}\n", self.modules[*from].file)
            });
            circles.push(format!("a circle of imports:\n{}", lines.collect::<String>()));
        }
        circles
    }

    /// Returns the modules that a module imports, with the paths as written,
    /// apart from those around it and inside it.
    fn imports(&self, from: &ModulePath) -> BTreeMap<&ModulePath, BTreeSet<String>> {
        let mut imports = BTreeMap::<_, BTreeSet<_>>::new();
        for path in &self.modules[from].paths {
            let Some(to) = self.resolve(from, path, REEXPORTS) else { continue };
            if !to.starts_with(from) && !from.starts_with(to) {
                imports.entry(to).or_default().insert(path.join("::"));
            }
        }
        imports
    }

    /// Returns the module that defines the item of a path; none for an item of
    /// another crate.
    fn resolve(&self, from: &ModulePath, path: &[String], reexports: usize) -> Option<&ModulePath> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" | "super" => (from.clone(), path),
            // A name of another crate is neither a module nor bound.
            name if self.names(from, name) => (from.clone(), path),
            _ => return None,
        };
        while let Some((name, after)) = rest.split_first() {
            if name == "super" {
                at.pop();
            } else if self
                .modules
                .contains_key(&[at.as_slice(), std::slice::from_ref(name)].concat())
            {
                at.push(name.clone());
            } else if let Some(bound) = self.modules[&at].bindings.get(name) {
                let whole = [bound.as_slice(), after].concat();
                return self.resolve(&at, &whole, reexports.checked_sub(1)?);
            } else if name != "self" {
                break;
            }
            rest = after;
        }
        self.modules.get_key_value(&at).map(|(path, _)| path)
    }

    fn names(&self, module: &ModulePath, name: &str) -> bool {
        let child = [module.as_slice(), &[name.to_owned()]].concat();
        self.modules.contains_key(&child) || self.modules[module].bindings.contains_key(name)
    }
}

impl Module {
    fn new(file: String, tokens: &[String]) -> Self {
        let mut module = Self { file, bindings: BTreeMap::new(), paths: Vec::new() };
        let mut at = 0;
        while at < tokens.len() {
            let is_first = at == 0 || !["::", "."].contains(&tokens[at - 1].as_str());
            if tokens[at] == "use" && tokens[at + 1] != "<" {
                at = module.declare(tokens, at + 1, &[]);
            } else if is_first && tokens.get(at + 1).is_some_and(|next| next == "::") {
                let mut path = vec![tokens[at].clone()];
                while tokens[at + 1] == "::" && is_name(&tokens[at + 2]) {
                    path.push(tokens[at + 2].clone());
                    at += 2;
                }
                module.paths.push(path);
                at += 1;
            } else {
                at += 1;
            }
        }
        module
    }

    /// Reads a tree of a `use` declaration and returns where it ends.
    fn declare(&mut self, tokens: &[String], mut at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        loop {
            match tokens[at].as_str() {
                "{" => {
                    while tokens[at] != "}" {
                        at += 1;
                        if tokens[at] != "}" {
                            at = self.declare(tokens, at, &path);
                        }
                    }
                    return at + 1;
                }
                "::" => {}
                "*" => {
                    self.paths.push(path);
                    return at + 1;
                }
                "as" => {
                    self.bindings.insert(tokens[at + 1].clone(), path.clone());
                    self.paths.push(path);
                    return at + 2;
                }
                "self" if !path.is_empty() => {}
                name if is_name(name) => path.push(name.to_owned()),
                _ => {
                    let name = path.last().expect("a name").clone();
                    self.bindings.insert(name, path.clone());
                    self.paths.push(path);
                    return at;
                }
            }
            at += 1;
        }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first == '_' || first.is_alphabetic())
}

/// Returns the shortest way from a module back to itself.
fn shortest_circle<'a>(
    start: &'a ModulePath,
    edges: &BTreeMap<&'a ModulePath, BTreeMap<&'a ModulePath, BTreeSet<String>>>,
) -> Option<Vec<&'a ModulePath>> {
    let mut before = BTreeMap::new();
    let mut pending = VecDeque::from([start]);
    while let Some(at) = pending.pop_front() {
        for &next in edges[at].keys() {
            if next == start {
                let back = std::iter::successors(Some(at), |at| before.get(at).copied());
                let mut circle = back.collect::<Vec<_>>();
                circle.reverse();
                return Some(circle);
            }
            if !before.contains_key(next) {
                before.insert(next, at);
                pending.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let text_of = |name: &str| {
            files.iter().find(|(file, _)| *file == name).map(|(_, text)| (*text).to_owned())
        };
        ImportGraph::read("src/lib.rs", text_of).circles()
    }

    #[test]
    fn circle_is_printed_with_its_imports() {
        let found = circles(&[
            ("src/lib.rs", "mod a; mod b; mod c;"),
            ("src/a.rs", "use crate::b::{Left, Right as Other};"),
            ("src/b.rs", "fn f() -> Vec<super::c::Thing> { matches!(x, super::c::NONE) }"),
            ("src/c.rs", "use super::a; fn f() { a::run() }"),
        ]);
        let expected = "a circle of imports:\n  src/a.rs uses crate::b::Left, crate::b::Right\n  \
                        src/b.rs uses super::c::NONE, super::c::Thing\n  src/c.rs uses a::run, \
                        super::a\n";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn reexport_leads_to_the_file_that_defines_the_name() {
        let found = circles(&[
            ("src/lib.rs", "mod a; mod b; pub use a::Thing as Renamed;"),
            ("src/a.rs", "use crate::b::f; pub struct Thing;"),
            ("src/b.rs", "use crate::Renamed; pub fn f(_: Renamed) {}"),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("src/b.rs uses crate::Renamed\n"), "{found:?}");
    }

    #[test]
    fn module_and_its_child_may_import_each_other() {
        let parent = "pub mod child; use self::child::Inner; pub struct Outer;";
        let child = "use super::Outer; pub struct Inner;";
        let files = [("src/lib.rs", "mod a;"), ("src/a/mod.rs", parent), ("src/a/child.rs", child)];
        assert_eq!(circles(&files), Vec::<String>::new());
    }

    #[test]
    fn tests_comments_and_other_crates_do_not_count() {
        let found = circles(&[
            ("src/lib.rs", "mod a; mod b; #[cfg(any(test, fuzzing))] mod missing;"),
            ("src/a.rs", "use super::b; #[cfg(test)] mod tests;"),
            (
                "src/b.rs",
                "// crate::a::X\nuse other::a; #[cfg(test)] mod tests { use crate::a::X; }",
            ),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}
