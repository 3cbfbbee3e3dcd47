//! Installation from the source tree, and the files of a release.
//!
//! Other files replace the programs here. The tests check names, layouts, checksums and signatures.
//! The release itself runs `make dist`.

mod workflows;

use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::files::{self, root};
use crate::support::simulator::locked;
use crate::support::source;
use crate::support::system::{self, is_unix};
use crate::support::terraform::{Terraform, skipped};
use crate::support::workspace;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A time that no clock shows by chance.
const MOMENT: &str = "1700000001";

/// Runs a program that has to succeed.
#[track_caller]
fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{text}");
    output
}

/// Returns whether a program is installed that only packaging needs. If not, the output of the test
/// names what it skips.
pub(crate) fn is_installed(program: &str) -> bool {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let found = output.is_ok_and(|output| output.status.success());
    if !found {
        skipped(&format!("a test of packaging: it needs {program}"));
    }
    found
}

fn host() -> String {
    let output = run(Command::new("rustc").arg("-vV"));
    let text = String::from_utf8(output.stdout).unwrap();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("a host").to_owned()
}

/// Returns a top-level block of the text to paste.
fn block(text: &str, name: &str) -> String {
    let start = text.find(&format!("\n{name} {{\n")).expect("the block") + 1;
    let end = start + text[start..].find("\n}\n").expect("the end of the block") + 3;
    text[start..end].to_owned()
}

/// Runs `make install`, and follows its output.
#[test]
fn installed_provider_initializes_and_locks() {
    // Windows may have no bash.
    if !is_unix("installing from the source tree") {
        return;
    }
    let mirror = tempfile::tempdir().unwrap();
    let binary = env!("CARGO_BIN_EXE_terraform-provider-webex");
    let mut install = Command::new(root().join(".ci/install"));
    install.arg("--mirror").arg(mirror.path()).args(["--binary", binary]);
    let printed = String::from_utf8(run(&mut install).stdout).unwrap();

    let simulator = locked();
    let mut terraform = Terraform::with(&simulator);
    terraform.write("versions.tf", &block(&printed, "terraform"));
    terraform.write("terraform.rc", &block(&printed, "provider_installation"));
    let example = files::read("examples/quick-start/main.tf");
    let resource = example.find("provider \"webex\"").unwrap();
    terraform.write("main.tf", &example[resource..]);
    terraform.set("TF_VAR_client_secret", "installed");

    terraform.run(["init", "-no-color"]).succeeded();
    let lock = terraform.read(".terraform.lock.hcl");
    assert!(lock.contains(&format!("version     = \"{VERSION}\"")), "{lock}");
    assert!(lock.contains("\"h1:"), "{lock}");
    terraform.run(["init", "-lockfile=readonly", "-no-color"]).succeeded();
    terraform.apply().succeeded().does_not_say("overrides").says("1 added");
    terraform.plans_nothing();

    // The printed command works in any folder, the guide's after `init`.
    let printed = printed.lines().last().unwrap();
    let guide = files::read("docs/guides/api-compatibility.md");
    let mut lines = guide.lines().filter_map(|line| line.strip_prefix("$ "));
    let find = lines.find(|line| line.starts_with("webex=$(find")).expect("the command");
    let doctor = lines.find(|line| line.ends_with(" doctor")).expect("the command");
    for command in [printed, &format!("{find}\n{doctor}")] {
        let mut shell = Command::new("sh");
        shell.current_dir(terraform.folder());
        shell.args(["-c", command]);
        shell.env("WEBEX_CC_BASE_URL", simulator.base_url());
        shell.env("WEBEX_ACCESS_TOKEN", simulator.token());
        let page = String::from_utf8(run(&mut shell).stdout).unwrap();
        assert!(page.contains("Everything that can be checked without writing works."), "{page}");
    }
}

/// Anyone who can write into the mirror selects the program that gets the credentials.
#[cfg(unix)]
#[test]
fn installation_follows_no_planted_links_and_sets_modes() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let mirror = tempfile::tempdir().unwrap();
    let victim = mirror.path().join("victim");
    fs::write(&victim, "untouched").unwrap();
    let install = |umask: &str, mirror: &Path| {
        let mut shell = Command::new("sh");
        let script = format!("umask {umask} && exec \"$0\" --mirror \"$1\" --binary \"$2\"");
        shell.args(["-c", &script]).arg(root().join(".ci/install")).arg(mirror);
        shell.arg(env!("CARGO_BIN_EXE_terraform-provider-webex")).stdin(Stdio::null());
        shell
    };
    run(&mut install("000", mirror.path()));
    let mut folder = mirror.path().join("registry.terraform.io");
    let mut found = vec![folder.clone()];
    while let Some(Ok(entry)) = fs::read_dir(&folder).ok().and_then(|mut all| all.next()) {
        folder = entry.path();
        found.push(folder.clone());
    }
    assert_eq!(found.len(), 6, "{found:?}");
    for path in &found {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o755, "{path:?}");
    }

    // A link instead of the program is replaced, and not followed.
    let program = found.last().unwrap();
    fs::remove_file(program).unwrap();
    symlink(&victim, program).unwrap();
    symlink(&victim, program.parent().unwrap().join(".new")).unwrap();
    run(&mut install("022", mirror.path()));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
    assert!(fs::symlink_metadata(program).unwrap().is_file());

    // A link instead of a folder is refused.
    let other = tempfile::tempdir().unwrap();
    symlink(mirror.path(), other.path().join("registry.terraform.io")).unwrap();
    let said = refusal(&mut install("022", other.path()));
    assert!(said.contains("is a link"), "{said}");
    let said = refusal(&mut install("022", &other.path().join("a\"b")));
    assert!(said.contains("must not have quotes"), "{said}");
}

/// The folder is emptied.
#[test]
fn release_into_a_folder_of_somebody_else_is_refused() {
    if !is_unix("the script that makes a release") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine");
    fs::write(&file, "keep").unwrap();
    let mut dist = Command::new(root().join(".ci/dist"));
    dist.args(["--target", "no-such-target", "--out"]).arg(folder.path()).stdin(Stdio::null());
    let said = refusal(&mut dist);
    assert!(said.contains("holds files that this script did not make"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "keep");
}

/// Returns a command of the packaging script.
fn package(command: &str) -> Command {
    let mut script = Command::new("python3");
    script.arg(root().join(".ci/package.py")).arg(command).stdin(Stdio::null());
    script
}

/// Runs a command that has to fail. Returns its standard error.
#[track_caller]
fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A release with other files as programs.
struct Release {
    folder: tempfile::TempDir,
}

impl Release {
    fn make(key: Option<(&str, &Path)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let binaries = folder.path().join("binaries");
        fs::create_dir(&binaries).unwrap();
        for program in ["terraform-provider-webex", "webex-cc-simulator"] {
            let path = binaries.join(format!("{program}{EXE_SUFFIX}"));
            fs::write(&path, format!("stands in for {program}\n")).unwrap();
            system::make_private(&path);
        }
        let release = Self { folder };
        let mut platform = release.command("platform");
        run(platform.args(["--target", &host(), "--binaries"]).arg(&binaries));
        let mut finish = release.command("finish");
        if let Some((key, home)) = key {
            finish.env("GPG_KEY", key).env("GNUPGHOME", home);
        }
        run(&mut finish);
        release
    }

    fn command(&self, name: &str) -> Command {
        let mut command = package(name);
        command.arg("--out").arg(self.out());
        command.env("SOURCE_DATE_EPOCH", MOMENT).env_remove("GPG_KEY");
        command
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.out().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Returns checksums and contents as another program sees them.
    fn inspect(&self) -> Value {
        let script = root().join("tests/packaging/inspect.py");
        let output = run(Command::new("python3").arg(script).arg(self.out()));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn platform(&self) -> String {
        let prefix = format!("terraform-provider-webex_{VERSION}_");
        let names = fs::read_dir(self.out()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let zip = names
            .into_iter()
            .find_map(|name| Some(name.strip_prefix(&prefix)?.strip_suffix(".zip")?.to_owned()));
        zip.expect("the zip of the provider")
    }
}

#[test]
fn release_has_the_files_that_the_registry_requires() {
    if !is_installed("python3") {
        return;
    }
    let release = Release::make(None);
    let platform = release.platform();
    assert!(
        ["linux_", "darwin_", "freebsd_", "windows_"].iter().any(|os| platform.starts_with(os))
    );
    let provider = format!("terraform-provider-webex_{VERSION}");
    let zip = format!("{provider}_{platform}.zip");
    let simulator = format!("webex-cc-simulator_{VERSION}_{platform}.zip");
    let materials = format!("{provider}_{platform}.cdx.json");
    let manifest = format!("{provider}_manifest.json");
    let sums = format!("{provider}_SHA256SUMS");
    let notes = format!("{provider}_release_notes.md");

    let files = release.inspect();
    let mut names = files.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut expected =
        [&zip, &simulator, &materials, &manifest, &sums, &notes].map(String::clone).to_vec();
    names.sort();
    expected.sort();
    assert_eq!(names, expected);

    let entries = |zip: &str| {
        let entries = files[zip]["entries"].as_array().unwrap();
        let entries = entries.iter().map(|entry| {
            let text = |field: &str| entry[field].as_str().unwrap().to_owned();
            assert_eq!(text("date"), "2023-11-14T22:13:20", "{zip}");
            (text("name"), text("mode"))
        });
        entries.collect::<BTreeMap<_, _>>()
    };
    let owned = |name: &str, mode: &str| (name.to_owned(), mode.to_owned());
    let license = owned("LICENSE", "100644");
    let program = owned(&format!("terraform-provider-webex_v{VERSION}{EXE_SUFFIX}"), "100755");
    assert_eq!(entries(&zip), BTreeMap::from([license.clone(), program]));
    let program = owned(&format!("webex-cc-simulator{EXE_SUFFIX}"), "100755");
    assert_eq!(entries(&simulator), BTreeMap::from([license, program]));

    let summed = release.read(&sums);
    let summed = summed.lines().map(|line| line.split_once("  ").unwrap());
    let summed = summed.map(|(sum, name)| (name.to_owned(), sum.to_owned()));
    let summed = summed.collect::<BTreeMap<_, _>>();
    let mut covered = vec![zip.clone(), simulator, materials.clone(), manifest.clone()];
    covered.sort();
    assert_eq!(summed.keys().cloned().collect::<Vec<_>>(), covered);
    for (name, sum) in &summed {
        assert_eq!(files[name]["sha256"], sum.as_str(), "{name}");
    }

    let manifest = serde_json::from_str::<Value>(&release.read(&manifest)).unwrap();
    assert_eq!(manifest["version"], 1);
    assert_eq!(manifest["metadata"]["protocol_versions"], serde_json::json!(["5.0"]));

    let materials = serde_json::from_str::<Value>(&release.read(&materials)).unwrap();
    assert_eq!(materials["bomFormat"], "CycloneDX");
    let components = materials["components"].as_array().unwrap();
    let has = |name: &str| components.iter().any(|component| component["name"] == name);
    assert!(has("tonic") && has("rustls"), "what is in the program");
    assert!(!has("proptest") && !has("protox") && !has("webex-cc-simulator"), "what is not");
    for component in components {
        assert!(component["licenses"][0]["expression"].is_string(), "{component}");
        assert_eq!(component["hashes"][0]["content"].as_str().map(str::len), Some(64));
    }

    // Crates of this project are in no registry, by whatever name.
    let parts = materials["metadata"]["component"]["components"].as_array().unwrap();
    let ours = workspace::packages().into_iter().map(|package| package.name).collect::<Vec<_>>();
    assert!(parts.iter().any(|part| part["name"] == "tf_provider"), "{parts:?}");
    for part in parts {
        assert!(ours.iter().any(|name| part["name"] == name.as_str()), "{part}");
        assert!(part["licenses"][0]["expression"].is_string(), "{part}");
        assert!(part.get("purl").is_none() && part.get("hashes").is_none(), "{part}");
    }
    assert!(!ours.iter().any(|name| has(name)), "{components:?}");
}

/// A wrong tag or an unfinished changelog would be published for good.
#[test]
fn release_requires_a_dated_version_and_its_tag() {
    if !is_installed("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let changelog = folder.path().join("CHANGELOG.md");
    let ready = |tag: &str, heading: &str| {
        let text = format!("# Changelog\n\n## [Unreleased]\n\n{heading}\n\n- A change.\n");
        fs::write(&changelog, text).unwrap();
        let mut ready = package("ready");
        ready.args(["--tag", tag, "--changelog"]).arg(&changelog);
        ready
    };
    let (tag, dated) = (format!("v{VERSION}"), format!("## [{VERSION}] - 2026-12-24"));
    run(&mut ready(&tag, &dated));
    let wrong_tag = format!("{tag}-rc.1");
    let said = refusal(&mut ready(&wrong_tag, &dated));
    assert!(said.contains(&format!("The tag is {wrong_tag}")), "{said}");
    for heading in [format!("## [{VERSION}] - unreleased"), format!("## [{VERSION}]")] {
        let said = refusal(&mut ready(&tag, &heading));
        assert!(said.contains(&format!("has no date for {VERSION}")), "{said}");
    }
    let said = refusal(&mut ready(&tag, "## [0.0.9] - 2026-12-24"));
    assert!(said.contains(&format!("has nothing about {VERSION}")), "{said}");
}

/// The programs are started from the zip and have to report their name and version.
#[test]
fn programs_that_do_not_start_are_not_released() {
    if !is_unix("programs that stand in for those of a release") || !is_installed("python3") {
        return;
    }
    let started = |version: &str, schema: &str| {
        let folder = tempfile::tempdir().unwrap();
        let release = Release { folder };
        for program in ["terraform-provider-webex", "webex-cc-simulator"] {
            let script = format!(
                "#!/bin/sh\ncase $1 in\n--version) echo {program} {version} ;;\nschema) \
                 echo '{schema}' ;;\nesac\n"
            );
            fs::write(release.folder.path().join(program), script).unwrap();
        }
        let target = ["--target", &host()];
        run(release.command("platform").args(target).arg("--binaries").arg(release.folder.path()));
        let mut start = release.command("start");
        start.args(target).stdin(Stdio::null());
        let output = start.output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let serving = r#"{"provider_schemas": {"a": {"resource_schemas": {"b": {}}}}}"#;
    let idle = r#"{"provider_schemas": {"a": {"resource_schemas": {}}}}"#;
    assert_eq!(started(VERSION, serving), (true, String::new()));
    let (is_good, said) = started("0.0.9", serving);
    assert!(!is_good && said.contains("calls itself 'terraform-provider-webex 0.0.9"), "{said}");
    let (is_good, said) = started(VERSION, idle);
    assert!(!is_good && said.contains("serves no resource"), "{said}");
    let (is_good, said) = started(VERSION, "Segmentation fault");
    assert!(!is_good && said.contains("JSONDecodeError"), "{said}");
}

#[test]
fn release_is_reproducible() {
    if !is_installed("python3") {
        return;
    }
    assert_eq!(Release::make(None).inspect(), Release::make(None).inspect());
}

/// Terraform computes the same hashes.
#[test]
fn release_notes_have_the_hashes_of_the_lock_file() {
    if !is_installed("python3") {
        return;
    }
    let release = Release::make(None);
    let zip = format!("terraform-provider-webex_{VERSION}_{}.zip", release.platform());
    let terraform = Terraform::offline();
    let mut mirror = String::new();
    for registry in ["registry.terraform.io", "registry.opentofu.org"] {
        let folder = terraform.folder().join("mirror").join(registry);
        let folder = folder.join(source());
        fs::create_dir_all(&folder).unwrap();
        fs::copy(release.out().join(&zip), folder.join(&zip)).unwrap();
        mirror = system::in_configuration(&terraform.folder().join("mirror"));
    }
    let settings =
        format!("provider_installation {{\n  filesystem_mirror {{ path = \"{mirror}\" }}\n}}\n");
    terraform.write("terraform.rc", &settings);
    terraform.run(["init", "-no-color"]).succeeded();
    let lock = terraform.read(".terraform.lock.hcl");
    let notes = release.read(&format!("terraform-provider-webex_{VERSION}_release_notes.md"));
    let hashes = lock.lines().map(str::trim).filter(|line| line.starts_with("\"h1:"));
    let hashes = hashes.collect::<Vec<_>>();
    assert_eq!(hashes.len(), 1, "{lock}");
    assert!(notes.contains(hashes[0]), "{} is not in\n{notes}", hashes[0]);

    let files = release.inspect();
    let zh = format!("\"zh:{}\"", files[&zip]["sha256"].as_str().unwrap());
    assert!(notes.contains(&zh), "{zh} is not in\n{notes}");
}

#[test]
fn release_is_signed_if_there_is_a_key() {
    // The gpg of Git for Windows takes other paths than Windows programs.
    let what = "signing a release, which is done on Linux";
    if !is_unix(what) || !is_installed("python3") || !is_installed("gpg") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    system::make_private(home.path());
    let gpg = |arguments: &[&str]| {
        let mut command = Command::new("gpg");
        run(command.env("GNUPGHOME", home.path()).arg("--batch").args(arguments))
    };
    // The registry accepts RSA and DSA keys.
    let user = "release@example.com";
    gpg(&["--passphrase", "", "--quick-generate-key", user, "rsa2048", "sign", "never"]);
    let release = Release::make(Some((user, home.path())));
    let sums = format!("terraform-provider-webex_{VERSION}_SHA256SUMS");
    let path = |name: &str| release.out().join(name).display().to_string();
    let signature = path(&format!("{sums}.sig"));
    gpg(&["--verify", &signature, &path(&sums)]);
    let content = fs::read(&signature).unwrap();
    assert!(!content.starts_with(b"-----"), "the registry wants a binary signature");
    // gpg has started an agent.
    let mut end = Command::new("gpgconf");
    run(end.env("GNUPGHOME", home.path()).args(["--kill", "all"]));
}

/// cargo may download a toolchain, and runs programs of others.
#[test]
fn key_that_signs_is_in_the_environment_of_no_other_program() {
    if !is_unix("a program that stands in for cargo") || !is_installed("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (cargo, seen) = (folder.path().join("cargo"), folder.path().join("seen"));
    let script =
        format!("#!/bin/sh\nenv >>'{}'\nexec '{}' \"$@\"\n", seen.display(), env!("CARGO"));
    fs::write(&cargo, script).unwrap();
    system::make_private(&cargo);
    let release = Release::make(None);
    let mut finish = release.command("finish");
    finish.env("CARGO", &cargo);
    finish.env("GPG_PASSPHRASE", "hunter2-phrase").env("GPG_PRIVATE_KEY", "hunter2-key");
    run(&mut finish);
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.contains("PATH=") && !seen.contains("hunter2"), "{seen}");
}
