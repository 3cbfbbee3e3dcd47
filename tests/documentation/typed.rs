//! Types the commands of every page, in order, as a person does.
//!
//! Each page gets a copy of the repository, a home of its own and one shell. Only `cargo` is
//! replaced, by a script that hands out what is built already. A page that does not say how to
//! install the provider finds it installed, and a page that sets no token finds one set: those of a
//! simulator, whose values also go where a page says `NAME=…`.
//!
//! Three comments in a page help, and no reader sees them:
//!
//! - `<!-- by hand: COMMAND -->` does what the text asks of the reader without a command, for
//!   example an edit of a file. `edit ID JSON` edits a connector in Control Hub.
//! - `<!-- save as: FILE -->` before a block saves it, as the text asks.
//! - `<!-- not typed: REASON -->` before a block says why nobody can type it here. The test reports
//!   each such command.
//!
//! Lines of a `console` block that are no commands are compared with the output. A line `…` is any
//! number of lines. With `UPDATE_DOCS` set, the test writes new output into the page where a passage
//! extends to the end of the output.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use webex_cc_simulator::{DEFAULT_ORGANIZATION, Simulator};

use super::none;
use crate::support::connectors::{incidents, made_by_hand};
use crate::support::files::{self, root};
use crate::support::simulator::two_organizations;
use crate::support::system::{is_unix, make_private};
use crate::support::terraform::{Terraform, skipped};

/// The port of the simulator in pages. Each page gets a free one in its place.
const PORT: &str = "8080";

/// Pages below `docs/` and `examples/` for people who work on the provider.
const FOR_DEVELOPERS: [&str; 3] = ["docs/design/", "docs/api/", "examples/minimal_provider/"];

/// What a page names by a placeholder.
const VALUES: [(&str, &str); 9] = [
    ("WEBEX_ORGANIZATION_ID", DEFAULT_ORGANIZATION),
    ("WEBEX_CLIENT_ID", "simulator-client"),
    ("WEBEX_CLIENT_SECRET", "simulator-client-secret"),
    ("WEBEX_REFRESH_TOKEN", "simulator-refresh-token"),
    ("CLIENT_ID", "simulator-client"),
    ("CLIENT_SECRET", "simulator-client-secret"),
    ("REFRESH_TOKEN", "simulator-refresh-token"),
    ("CODE", "a-code"),
    ("TF_VAR_client_secret", "whatever-you-like"),
];

/// Programs that are replaced, each with a script.
const STAND_INS: [(&str, &str); 4] = [
    (
        "cargo",
        r#"case "$1" in
build)
  for folder in target/debug target/release; do
    mkdir -p "$folder"
    ln -sf "$BUILT/terraform-provider-webex" "$BUILT/webex-cc-simulator" "$folder"
  done ;;
run)
  program=terraform-provider-webex
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case "$1" in -p | --package | --bin) program=$2; shift ;; esac
    shift
  done
  [ $# -eq 0 ] || shift
  exec "$BUILT/$program" "$@" ;;
*) echo "not typed: it needs the compiler"; exit 1 ;;
esac"#,
    ),
    ("docker", r#"echo "not typed: it needs a container runtime"; exit 1"#),
    (
        "terraform-provider-webex",
        r#"echo "not typed: nothing puts the program on the PATH, and it needs a recording"; exit 1"#,
    ),
    ("git", r#"echo "not typed: it needs the repository's address"; exit 1"#),
];

/// A part of a page.
#[derive(Debug, PartialEq)]
enum Part {
    /// What the text asks of the reader without a command.
    ByHand(String),
    /// A command, with the output that the page shows.
    Command { line: usize, text: String, shown: Vec<String> },
    /// A command that nobody can type here.
    NotTyped { line: usize, text: String, reason: String },
}

/// Returns the parts of a page.
fn parts(page: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut reason, mut file) = (None::<String>, None::<String>);
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let comment = |name: &str| {
            let text = line.trim().strip_prefix("<!-- ")?.strip_suffix(" -->")?;
            Some(text.strip_prefix(name)?.trim().to_owned())
        };
        if let Some(command) = comment("by hand:") {
            parts.push(Part::ByHand(command));
        } else if let Some(why) = comment("not typed:") {
            reason = Some(why);
        } else if let Some(name) = comment("save as:") {
            file = Some(name);
        } else if line.trim_start().starts_with("```") {
            let language = line.trim_start().trim_start_matches('`');
            let indent = line.len() - line.trim_start().len();
            let inside =
                lines.by_ref().take_while(|(_, line)| !line.trim_start().starts_with("```"));
            let inside = inside.map(|(index, line)| (index + 1, line.get(indent..).unwrap_or("")));
            let inside = inside.collect::<Vec<_>>();
            if let Some(file) = file.take() {
                let text = inside.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
                parts.push(Part::ByHand(format!("cat > {file} <<'END'\n{text}\nEND")));
            }
            let commands = match language {
                "console" if inside.iter().any(|(_, line)| line.starts_with("$ ")) => {
                    commands(&inside)
                }
                "console" => inside.iter().flat_map(|line| script(&[*line])).collect(),
                "sh" | "bash" | "shell" => script(&inside),
                _ => Vec::new(),
            };
            let why = reason.take();
            parts.extend(commands.into_iter().map(|(line, text, shown)| match &why {
                Some(reason) => Part::NotTyped { line, text, reason: reason.clone() },
                None => Part::Command { line, text, shown },
            }));
        } else if !line.trim().is_empty() {
            assert!(reason.is_none() && file.is_none(), "line {}: no block follows", index + 1);
        }
    }
    parts
}

/// A command with its line and the lines below it.
type Typed = (usize, String, Vec<String>);

/// Returns a block without prompts, which is one script.
fn script(lines: &[(usize, &str)]) -> Vec<Typed> {
    let text = lines.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
    let first = lines.first().map_or(0, |(number, _)| *number);
    vec![(first, text, Vec::new())]
}

/// Returns the commands of a block with prompts.
fn commands(lines: &[(usize, &str)]) -> Vec<Typed> {
    let mut commands: Vec<Typed> = Vec::new();
    // The word that ends a here-document.
    let mut until = None::<String>;
    for (number, line) in lines {
        if let Some(command) = line.strip_prefix("$ ").filter(|_| until.is_none()) {
            commands.push((*number, command.to_owned(), Vec::new()));
            until = command.split_once("<<").map(|(_, word)| word.trim().trim_matches('\'').into());
            continue;
        }
        let Some((_, text, shown)) = commands.last_mut() else { continue };
        let continues = until.is_some() || shown.is_empty() && text.ends_with('\\');
        if continues {
            let _ = write!(text, "\n{line}");
        } else {
            shown.push((*line).to_owned());
        }
        if until.as_deref() == Some(line.trim()) {
            until = None;
        }
    }
    commands
}

/// Returns a text without colors, and without the frame that Terraform draws around messages.
fn plain(text: &str) -> String {
    let mut pieces = text.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    // An escape sequence ends with its first letter.
    let rest = pieces.map(|piece| piece.split_once('m').map_or("", |(_, rest)| rest));
    let text = rest.fold(first, |text, piece| text + piece);
    let lines = text.lines().map(|line| line.trim_start_matches(['│', '╷', '╵']).to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the words of a text, with placeholders for what differs from run to run.
fn words(text: &str) -> Vec<String> {
    let placeholder = |word: &str| {
        let bare = word.trim_end_matches(['.', ',', ';', ':']);
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if bare.len() == 36 && bare.split('-').count() == 5 {
            "ID".to_owned()
        } else if bare.len() > 18
            && bare.ends_with('Z')
            && bare[..4].bytes().all(|b| b.is_ascii_digit())
        {
            "TIME".to_owned()
        } else if bare.strip_suffix('s').is_some_and(digits) {
            "SECONDS".to_owned()
        } else if bare.trim_start_matches("http://").starts_with("127.0.0.1") {
            "SIMULATOR".to_owned()
        } else if ["linux_", "darwin_", "freebsd_"].iter().any(|os| bare.starts_with(os)) {
            "PLATFORM".to_owned()
        } else {
            word.to_owned()
        }
    };
    let words = text.split(|c: char| c.is_whitespace() || "\"()[]=,".contains(c));
    words.filter(|word| !word.is_empty()).map(placeholder).collect()
}

/// Returns the first passage of shown output that a command did not print.
fn missing(shown: &[String], output: &str) -> Option<String> {
    let output = words(output);
    let mut rest = output.as_slice();
    for passage in shown.split(|line| line.trim() == "…") {
        let passage = words(&passage.join("\n"));
        if passage.is_empty() {
            continue;
        }
        let found = rest.windows(passage.len()).position(|part| part == passage.as_slice());
        let Some(found) = found else { return Some(passage.join(" ")) };
        rest = &rest[found + passage.len()..];
    }
    None
}

/// Returns the shown lines with the current output, if they extend to the end of the output.
fn updated(shown: &[String], output: &str) -> Option<Vec<String>> {
    let output = output.trim().lines().map(str::trim_end).collect::<Vec<_>>();
    let before = shown.iter().rposition(|line| line.trim() == "…").map_or(0, |place| place + 1);
    let begins = match shown.get(before)?.trim() {
        _ if before == 0 => 0,
        first => output.iter().position(|line| line.trim() == first)?,
    };
    let lines = output[begins..].iter().map(|line| (*line).to_owned());
    Some(shown[..before].iter().cloned().chain(lines).collect())
}

/// Replaces the output that a page shows below a command.
fn update(page: &str, line: usize, command: &str, shown: &[String], lines: &[String]) {
    let text = files::read(page);
    let mut all = text.lines().map(str::to_owned).collect::<Vec<_>>();
    let first = line - 1 + command.lines().count();
    let indent = all[line - 1].len() - all[line - 1].trim_start().len();
    let lines = lines.iter().map(|line| format!("{}{line}", " ".repeat(indent)));
    all.splice(first..first + shown.len(), lines.map(|line| line.trim_end().to_owned()));
    fs::write(root().join(page), all.join("\n") + "\n").unwrap();
}

/// Copies the files of the repository that pages name.
fn copy_to(clone: &Path) {
    let all = ["docs", "examples", "simulator", ".ci", "tests/support", "src/provider"];
    let top = ["Makefile", "Cargo.toml", "Cargo.lock", "README.md", "rust-toolchain.toml"];
    let files = all.iter().flat_map(|folder| files::below(folder, ""));
    for file in files.chain(top.map(str::to_owned)) {
        if file.contains(".tfstate") || file.ends_with(".terraform.lock.hcl") {
            continue;
        }
        let to = clone.join(&file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root().join(&file), to).unwrap();
    }
}

/// What all pages share: the stand-ins, and a mirror with the provider.
struct Machine {
    folder: tempfile::TempDir,
    built: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let built = Path::new(env!("CARGO_BIN_EXE_terraform-provider-webex")).parent().unwrap();
        let machine = Self { built: built.to_owned(), folder };
        let programs = machine.programs();
        fs::create_dir(&programs).unwrap();
        for (name, script) in STAND_INS {
            let file = programs.join(name);
            fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
            make_private(&file);
        }
        if let Ok(cli) = std::env::var("TF_CLI") {
            let file = programs.join("terraform");
            fs::write(&file, format!("#!/bin/sh\nexec '{cli}' \"$@\"\n")).unwrap();
            make_private(&file);
        }
        let mut install = Command::new(root().join(".ci/install"));
        install.arg("--mirror").arg(machine.mirror());
        install.arg("--binary").arg(env!("CARGO_BIN_EXE_terraform-provider-webex"));
        assert!(install.stdout(Stdio::null()).status().unwrap().success(), "installation");
        machine
    }

    fn programs(&self) -> PathBuf {
        self.folder.path().join("programs")
    }

    fn mirror(&self) -> PathBuf {
        self.folder.path().join("mirror")
    }

    /// Types a page. Returns what went wrong.
    fn types(&self, page: &str) -> Vec<String> {
        let text = files::read(page);
        let parts = parts(&text);
        let mut findings = Vec::new();
        let is_typed = |part: &Part| matches!(part, Part::Command { .. });
        for part in &parts {
            if let Part::NotTyped { line, text, reason } = part {
                skipped(&format!("{page}:{line}: {text:?} is not typed: {reason}"));
            }
        }
        if !parts.iter().any(is_typed) {
            return findings;
        }
        let folder = tempfile::tempdir().unwrap();
        let (clone, home) = (folder.path().join("clone"), folder.path().join("home"));
        copy_to(&clone);
        fs::create_dir_all(home.join(".terraform.d")).unwrap();
        #[cfg(unix)]
        if !parts.iter().any(|part| matches!(part, Part::Command { text, .. } if installs(text))) {
            let plugins = home.join(".terraform.d/plugins");
            std::os::unix::fs::symlink(self.mirror(), plugins).unwrap();
        }
        let tenant = two_organizations(true);
        if page.ends_with("brownfield-import.md") {
            made_by_hand(&tenant);
        } else if page.contains("promot") {
            incidents().make_by_hand(&tenant);
        }
        let values = Values::of(&tenant);
        let mut script = format!(
            "exec 2>&1\ntrap \"trap '' TERM; kill 0\" EXIT\nedit() {{ curl -s -o /dev/null -X PUT -d \
             \"$2\" {}/_simulator/organizations/{}/connectors/$1; }}\n",
            tenant.base_url(),
            tenant.organization()
        );
        for (number, part) in parts.iter().enumerate() {
            let command = match part {
                Part::ByHand(command) => command,
                Part::Command { text, .. } => text,
                Part::NotTyped { .. } => continue,
            };
            let command = values.filled_in(command);
            if command.contains('…') {
                findings.push(format!("{page}: {command:?} has a placeholder without a value"));
            }
            let _ = writeln!(script, "printf '\\n@@begin {number}\\n'");
            if command.contains("--listen") {
                let _ = writeln!(
                    script,
                    "{{ {command}\n}} >\"$HOME/listening\" </dev/null &\nfor _ in {{1..200}}; do \
                     grep -q ^listening \"$HOME/listening\" && break; sleep 0.05; done\n\
                     cat \"$HOME/listening\""
                );
            } else {
                let _ = writeln!(script, "{{ {command}\n}} <<< yes");
            }
            let _ = writeln!(script, "printf '\\n@@end {number} %s\\n' $?");
        }
        let output = self.run(&script, &clone, &home, &values, is_prepared(&text));
        let (mut typed, mut before, mut updates) = (0, String::new(), Vec::new());
        for (number, part) in parts.iter().enumerate() {
            let (line, text, shown): (_, &str, &[String]) = match part {
                Part::ByHand(command) => (0, command, &[]),
                Part::Command { line, text, shown } => (*line, text, shown),
                Part::NotTyped { .. } => continue,
            };
            let place = format!("{page}:{line}: {text:?}");
            let Some((said, code)) = output.get(&number) else {
                findings.push(format!("{place} does not return, after\n{before}"));
                break;
            };
            before.clone_from(said);
            if let Some((_, reason)) = said.split_once("not typed: ") {
                skipped(&format!("{place} is not typed: {}", reason.lines().next().unwrap()));
                continue;
            }
            typed += usize::from(is_typed(part));
            let missing = missing(shown, said);
            if code != "0" {
                findings.push(format!("{place} exits with {code}:\n{said}"));
            } else if let Some(passage) = missing {
                let said = said.replace(&values.port, PORT);
                match updated(shown, &said).filter(|_| std::env::var_os("UPDATE_DOCS").is_some()) {
                    Some(lines) => updates.push((line, text, shown, lines)),
                    None => {
                        findings.push(format!("{place} does not print\n{passage}\nbut\n{said}"))
                    }
                }
            }
        }
        // From the end, so that the lines above keep their numbers.
        for (line, command, shown, lines) in updates.iter().rev() {
            update(page, *line, command, shown, lines);
        }
        println!("{page}: typed {typed} commands");
        findings
    }

    /// Runs a script. Returns the output and the exit code of each of its commands.
    fn run(
        &self,
        script: &str,
        clone: &Path,
        home: &Path,
        values: &Values,
        prepared: bool,
    ) -> BTreeMap<usize, (String, String)> {
        let mut shell = Command::new("bash");
        shell.args(["-c", script]).current_dir(clone).stdin(Stdio::null()).env_clear();
        let inherited = |name: &str| std::env::var(name).ok();
        let path = inherited("PATH").unwrap_or_default();
        shell.env("PATH", format!("{}:{path}", self.programs().display()));
        shell.env("HOME", home).env("BUILT", &self.built).env("CHECKPOINT_DISABLE", "1");
        // rustup's own folders are in the home of the person who runs the test.
        let before = inherited("HOME").unwrap_or_default();
        for (name, folder) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
            let value = inherited(name).unwrap_or_else(|| format!("{before}/{folder}"));
            shell.env(name, value);
        }
        if prepared {
            shell.env("WEBEX_CC_BASE_URL", &values.url).env("WEBEX_ACCESS_TOKEN", &values.token);
            shell.env("TF_VAR_client_secret", "whatever-you-like");
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        let output = shell.output().unwrap();
        let output = String::from_utf8_lossy(&output.stdout);
        let mut commands = BTreeMap::new();
        for piece in output.split("\n@@begin ").skip(1) {
            let (number, said) = piece.split_once('\n').unwrap();
            let Some((said, end)) = said.split_once("\n@@end ") else { continue };
            let code = end.split_whitespace().nth(1).unwrap();
            commands.insert(number.parse().unwrap(), (plain(said), code.to_owned()));
        }
        commands
    }
}

/// Whether a command installs the provider where Terraform finds it.
fn installs(command: &str) -> bool {
    command.lines().any(|line| line.trim() == "make install")
}

/// Whether the reader of a page has set a token before.
fn is_prepared(page: &str) -> bool {
    !["WEBEX_ACCESS_TOKEN=", "WEBEX_CLIENT_ID="].iter().any(|variable| page.contains(variable))
}

/// What a person types in the place of an example's value.
struct Values {
    url: String,
    token: String,
    port: String,
}

impl Values {
    fn of(tenant: &Simulator) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self {
            url: tenant.base_url().to_owned(),
            token: tenant.token().to_owned(),
            port: free.to_string(),
        }
    }

    fn filled_in(&self, text: &str) -> String {
        let mut text = text
            .replace(PORT, &self.port)
            .replace("WEBEX_CC_REGION=us1", &format!("WEBEX_CC_BASE_URL={}", self.url))
            .replace("https://webexapis.com", &self.url)
            .replace("WEBEX_ACCESS_TOKEN=…", &format!("WEBEX_ACCESS_TOKEN={}", self.token));
        for (name, value) in VALUES {
            for before in ["", " "] {
                let placeholder = format!("{before}{name}=…");
                if text.starts_with(&placeholder) || !before.is_empty() {
                    text = text.replace(&placeholder, &format!("{before}{name}={value}"));
                }
            }
        }
        text
    }
}

#[test]
fn every_command_of_every_page_can_be_typed() {
    let terraform = Terraform::offline();
    if !is_unix("typing the commands of pages") {
        return;
    }
    if !terraform.is_terraform() {
        skipped("typing the commands of pages, which call terraform");
        return;
    }
    let built = Path::new(env!("CARGO_BIN_EXE_terraform-provider-webex"));
    let needed = ["bash", "curl", "jq", "make"];
    let has = |program: &&str| {
        let version = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    if !needed.iter().all(has) || !built.with_file_name("webex-cc-simulator").exists() {
        skipped(&format!("typing the commands of pages, which needs the simulator and {needed:?}"));
        return;
    }
    let pages = files::pages().into_iter().filter(|page| {
        let is_for_users =
            ["README.md", "docs/", "examples/"].iter().any(|start| page.starts_with(start));
        is_for_users && !FOR_DEVELOPERS.iter().any(|folder| page.starts_with(folder))
    });
    let machine = Machine::new();
    let pages = Mutex::new(pages.collect::<Vec<_>>());
    let findings = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(page) = pages.lock().unwrap().pop() else { break };
                    let found = machine.types(&page);
                    findings.lock().unwrap().extend(found);
                }
            });
        }
    });
    none(findings.into_inner().unwrap());
}

#[test]
fn parts_of_a_page_are_found() {
    let page = "text\n<!-- by hand: touch a -->\n```console\n$ one \\\n  two\nshown\n$ cat <<'END'\na\nEND\n\
                ```\n<!-- save as: f -->\n```json\n{}\n```\n<!-- not typed: why -->\n   ```sh\n   a\n   b\n   ```\n```terraform\n$ no\n```\n";
    let command = |line, text: &str, shown: &[&str]| Part::Command {
        line,
        text: text.to_owned(),
        shown: shown.iter().map(|line| (*line).to_owned()).collect(),
    };
    let not_typed = Part::NotTyped { line: 17, text: "a\nb".to_owned(), reason: "why".to_owned() };
    let expected = [
        Part::ByHand("touch a".to_owned()),
        command(4, "one \\\n  two", &["shown"]),
        command(7, "cat <<'END'\na\nEND", &[]),
        Part::ByHand("cat > f <<'END'\n{}\nEND".to_owned()),
        not_typed,
    ];
    assert_eq!(parts(page), expected);
}

#[test]
fn missing_output_is_detected() {
    let shown = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let output = "a: Creating...\nb [id=4f307a8d-0287-49fd-855b-b3c90ea518a1]\nc after 1s\n";
    for (text, expected) in [
        ("a: Creating...\n…\nc after 0s", None),
        ("b [id=00000000-0287-49fd-855b-b3c90ea518a1]", None),
        ("c\n…\nb", Some("b")),
        ("d", Some("d")),
    ] {
        assert_eq!(missing(&shown(text), output).as_deref(), expected, "{text}");
    }
    let passage = ["…", "b", "old"].map(str::to_owned);
    assert_eq!(
        updated(&passage, "a\nb\nnew\n"),
        Some(["…", "b", "new"].map(str::to_owned).to_vec())
    );
    assert_eq!(updated(&passage, "a\n"), None);
    assert_eq!(plain("│ \u{1b}[1mPlan:\u{1b}[0m 1"), " Plan: 1");
}
