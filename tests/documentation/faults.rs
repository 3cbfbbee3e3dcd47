//! Checks that the tests which `docs/design/faults.md` names exist and run.

use std::collections::BTreeMap;

use super::none;
use crate::support::files;

/// The `cfg` conditions that hold in a test run on Linux.
const HOLDS: [&str; 5] =
    ["test", "unix", "target_os = \"linux\"", "all(test, unix)", "any(test, fuzzing)"];

/// The files of the tests of one name, and whether a run on Linux executes each.
type Found = Vec<(String, bool)>;

/// Finds all tests by name.
fn tests() -> BTreeMap<String, Found> {
    let mut tests = BTreeMap::<_, Found>::new();
    for file in ["src", "tests", "simulator"].iter().flat_map(|folder| files::below(folder, ".rs"))
    {
        let (mut is_test, mut runs, mut module_runs) = (false, true, true);
        for line in files::read(&file).lines().map(str::trim) {
            if line == "#[test]" || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if line.starts_with("#[ignore") {
                runs = false;
            } else if let Some(condition) = line.strip_prefix("#[cfg(") {
                runs &= HOLDS.contains(&condition.strip_suffix(")]").unwrap_or_default());
            } else if !line.starts_with(['#', '/']) {
                if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
                    let name = rest.split('(').next().unwrap().to_owned();
                    tests.entry(name).or_default().push((file.clone(), runs && module_runs));
                }
                if !runs && line.contains("mod ") {
                    assert!(line.ends_with('{'), "{file}: {line} is not for Linux");
                    // The rest of the file does not count as run either.
                    module_runs = false;
                }
                (is_test, runs) = (false, true);
            }
        }
    }
    tests
}

/// Each promise is a point of a list, with the tests as links.
#[test]
fn every_promise_of_security_links_to_tests_that_run() {
    let tests = tests();
    let page = files::read("SECURITY.md");
    let (_, promised) = page.split_once("\n## What is promised\n").unwrap();
    let (promised, _) = promised.split_once("\n## ").unwrap();
    let promises = promised.split("\n- **").skip(1).collect::<Vec<_>>();
    assert!(promises.len() > 5, "{promises:?}");
    let mut findings = Vec::new();
    for promise in promises {
        let title = promise.lines().next().unwrap();
        let links = promise.split('[').skip(1).filter_map(|link| {
            let (name, rest) = link.split_once("](")?;
            Some((name, rest.split_once(')')?.0))
        });
        if links.clone().count() == 0 {
            findings.push(format!("{title}: no test is linked"));
        }
        for (name, file) in links {
            let runs = tests.get(name).into_iter().flatten();
            if !runs.clone().any(|(found, runs)| found == file && *runs) {
                findings.push(format!("{title}: no test {name} runs in {file}"));
            }
        }
    }
    none(findings);
}

#[test]
fn every_fault_names_tests_that_run() {
    let tests = tests();
    let page = files::read("docs/design/faults.md");
    let mut findings = Vec::new();
    for section in page.split("\n### ").skip(1) {
        let fault = section.lines().next().unwrap();
        let names = section.lines().filter_map(|line| line.strip_prefix("- `")?.strip_suffix('`'));
        if names.clone().count() == 0 {
            findings.push(format!("{fault}: no test is named"));
        }
        for name in names {
            match tests.get(name).map_or(&[][..], Vec::as_slice) {
                [] => findings.push(format!("{fault}: there is no test {name}")),
                [(_, true)] => {}
                [(file, false)] => findings.push(format!("{fault}: {name} in {file} is left out")),
                several => findings.push(format!("{fault}: {name} is there twice: {several:?}")),
            }
        }
    }
    none(findings);
}
