//! Times from the start of the process to the handshake line, and to the first
//! response.

use std::time::Instant;

use crate::report::{Figure, Report, Unit};
use crate::session::{Session, launch, runtime};
use crate::settings::Settings;
use crate::statistics::{mebibytes, microseconds, milliseconds};
use crate::subject::Subject;

/// The number of measured starts.
const STARTS: usize = 50;

/// The number of schema requests before the measured one, for each process.
const CALLS_TO_WARM_UP: usize = 10;

/// The name of a figure, its unit, its target and its description.
type Row = (&'static str, &'static str, Unit, Option<f64>, fn(&Start) -> Option<f64>);

const ROWS: [Row; 6] = [
    ("handshake", "exec → handshake line", Unit::Milliseconds, Some(1.8), |start| {
        Some(start.handshake)
    }),
    (
        "first_schema",
        "handshake line → first GetSchema answered, TLS included",
        Unit::Milliseconds,
        Some(2.3),
        |start| Some(start.first),
    ),
    (
        "start_cpu",
        "CPU time of the provider for both",
        Unit::CpuMicroseconds,
        Some(2800.0),
        |start| start.cpu,
    ),
    ("warm_schema", "GetSchema, warm", Unit::Milliseconds, Some(0.5), |start| Some(start.warm)),
    ("end", "Shutdown answered → process gone", Unit::Milliseconds, None, |start| {
        Some(start.end)
    }),
    ("schema_memory", "peak memory after GetSchema", Unit::Mebibytes, None, |start| start.memory),
];

/// The measurements of one process.
struct Start {
    handshake: f64,
    cpu: Option<f64>,
    first: f64,
    warm: f64,
    end: f64,
    memory: Option<f64>,
}

pub(crate) fn measure(settings: &Settings, report: &mut Report) {
    let runtime = runtime();
    let mut starts = settings.subjects.iter().map(|_| Vec::new()).collect::<Vec<_>>();
    // The first start reads the binary from disk, which is another figure.
    for round in 0..=settings.rounds(STARTS) {
        for (subject, starts) in settings.subjects.iter().zip(&mut starts) {
            let start = runtime.block_on(start(subject));
            if round > 0 {
                starts.push(start);
            }
        }
    }
    for (id, name, unit, target, of) in ROWS {
        let mut figure = Figure::new(id, name, unit);
        figure.target = target;
        let of_each = starts.iter().map(|starts| starts.iter().filter_map(of).collect());
        report.add(figure.rounds(&of_each.collect::<Vec<_>>()));
    }
}

async fn start(subject: &Subject) -> Start {
    let session = Session::start(subject, launch(subject)).await;
    let (executed, announced) = (session.plugin.executed, session.plugin.announced);
    session.schema().await;
    let first = announced.elapsed();
    let cpu = session.cpu_time().map(microseconds);
    for _ in 0..CALLS_TO_WARM_UP {
        session.schema().await;
    }
    let called = Instant::now();
    session.schema().await;
    let warm = called.elapsed();
    let memory = session.peak_memory().map(mebibytes);
    let end = session.end().await;
    Start {
        handshake: milliseconds(announced - executed),
        cpu,
        first: milliseconds(first),
        warm: milliseconds(warm),
        end: milliseconds(end),
        memory,
    }
}
