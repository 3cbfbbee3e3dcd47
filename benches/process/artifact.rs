//! The size of the binary, and the time of its build.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::report::{Figure, Report, Unit};
use crate::settings::Settings;
use crate::statistics::megabytes;

pub(crate) fn measure(settings: &Settings, report: &mut Report) {
    let programs = settings.subjects.iter().map(|subject| subject.program.as_path());
    let sizes = programs.clone().map(|program| vec![megabytes(program.metadata().unwrap().len())]);
    let zipped = programs.map(|program| zipped(program).into_iter().collect());
    let figure = Figure::new("binary", "binary, stripped", Unit::Megabytes).target(8.0);
    report.add(figure.rounds(&sizes.collect::<Vec<Vec<f64>>>()));
    let figure = Figure::new("zip", "binary, zipped", Unit::Megabytes).target(3.4);
    report.add(figure.rounds(&zipped.collect::<Vec<Vec<f64>>>()));
}

/// Returns the size of the zip file; `None` without the `zip` command.
fn zipped(program: &Path) -> Option<f64> {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("provider.zip");
    let status = Command::new("zip").args(["-9", "-j", "-q"]).arg(&archive).arg(program).status();
    status.ok().filter(std::process::ExitStatus::success)?;
    Some(megabytes(archive.metadata().unwrap().len()))
}

/// Builds into an empty folder. Crates have to be downloaded already.
pub(crate) fn measure_clean_build(settings: &Settings, report: &mut Report) {
    if !settings.clean_build {
        return;
    }
    let folder = tempfile::tempdir_in(&settings.folder).unwrap();
    let started = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--offline", "--bin", "terraform-provider-webex"])
        .env("CARGO_TARGET_DIR", folder.path())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "the clean build");
    let figure = Figure::new("build", "clean release build", Unit::Seconds).target(180.0);
    report.add(figure.rounds(&[vec![started.elapsed().as_secs_f64()]]));
}
