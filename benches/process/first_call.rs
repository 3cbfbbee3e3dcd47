//! The CPU time of a process for its first API call: over HTTPS, beyond HTTP.
//!
//! It includes reading the system's certificate authorities, which another thread does.

use std::path::Path;

use crate::report::{Figure, Report, Unit};
use crate::session::{Session, launch, runtime, towards};
use crate::settings::Settings;
use crate::statistics::microseconds;
use crate::subject::{Kind, Subject, simulator};
use crate::support::plugin_client::Launch;
use crate::support::tls::{HTTP_2, TlsFront};
use crate::workspace::with_authorities_of_the_system;

/// The number of processes for each scheme.
const ROUNDS: usize = 20;

pub(crate) fn measure(settings: &Settings, report: &mut Report) {
    let runtime = runtime();
    let mut measured = settings.subjects.iter().map(|_| Vec::new()).collect::<Vec<_>>();
    // The first process reads files from disk, which is another figure.
    for round in 0..=settings.rounds(ROUNDS) {
        for (subject, measured) in settings.subjects.iter().zip(&mut measured) {
            if matches!(subject.kind, Kind::Other(_)) {
                continue;
            }
            let [https, http] =
                [true, false].map(|over_tls| runtime.block_on(cpu(subject, over_tls)));
            if let (Some(https), Some(http), 1..) = (https, http, round) {
                measured.push(https - http);
            }
        }
    }
    let name = "CPU time of a process with one API call: HTTPS, beyond HTTP";
    let figure = Figure::new("https_cpu", name, Unit::CpuMicroseconds);
    report.add(figure.target(1_000.0).rounds(&measured));
}

/// Returns the CPU time of a process that plans a new object, for which it lists the objects there
/// are.
async fn cpu(subject: &Subject, over_tls: bool) -> Option<f64> {
    let simulator = simulator(1, false);
    let front = TlsFront::start(simulator.address(), HTTP_2);
    let folder = tempfile::tempdir().unwrap();
    let mut launch = towards(launch(subject), &simulator);
    if over_tls {
        launch = launch.with("WEBEX_CC_BASE_URL", &front.url);
        launch = trusting(subject, launch, &front, folder.path());
    }
    let mut session = Session::start(subject, launch).await;
    session.configure().await;
    session.plan_creation(0).await;
    let cpu = session.cpu_time().map(microseconds);
    session.end().await;
    cpu
}

/// Lets a process trust the authorities of the system and that of the server, each in its own way.
fn trusting(subject: &Subject, launch: Launch, front: &TlsFront, folder: &Path) -> Launch {
    if subject.is_webex() {
        return launch.with("WEBEX_CC_CA_CERTIFICATE_PEM", &front.authority);
    }
    let file = folder.join("authorities.pem");
    std::fs::write(&file, with_authorities_of_the_system(&front.authority)).unwrap();
    launch.with("SSL_CERT_FILE", file)
}
