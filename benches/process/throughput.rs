//! Calls about resources per second, with fifty in flight over one connection, and
//! the cost of one call.
//!
//! The simulator responds at once. It shares the machine with the provider, and so
//! does the client. CPU time is that of the provider alone.

use std::future::Future;
use std::time::Instant;

use futures_util::{StreamExt, stream};
use webex_cc_simulator::Simulator;

use crate::report::{Figure, Report, Unit};
use crate::session::{Session, Stored, launch, runtime, towards};
use crate::settings::Settings;
use crate::statistics::{count, mebibytes, microseconds};
use crate::subject::{Kind, Subject, simulator};
use crate::support::plugin_client::Launch;

/// The number of calls in flight.
const IN_FLIGHT: usize = 50;

/// The number of repetitions.
const ROUNDS: usize = 5;

/// The kinds of calls, in the order of their measurement.
const CALLS: [(&str, &str); 4] = [
    ("plan_new", "PlanResourceChange, new"),
    ("apply", "ApplyResourceChange, create"),
    ("read", "ReadResource"),
    ("plan", "PlanResourceChange, without changes"),
];

/// The measurements of one process.
struct Measured {
    per_second: [f64; CALLS.len()],
    cpu: [Option<f64>; CALLS.len()],
    memory: Option<f64>,
}

pub(crate) fn measure(settings: &Settings, report: &mut Report) {
    let objects = if settings.quick { 50 } else { 1_000 };
    let mut measured = settings.subjects.iter().map(|_| Vec::new()).collect::<Vec<_>>();
    for round in 0..settings.rounds(ROUNDS) {
        for (subject, measured) in settings.subjects.iter().zip(&mut measured) {
            // Another program may need half a minute, and has one round.
            if subject.resource().is_some() && (round == 0 || subject.is_webex()) {
                let simulator = simulator(objects, false);
                measured.push(runtime().block_on(process(subject, &simulator, objects)));
            }
        }
    }
    for (index, (id, name)) in CALLS.into_iter().enumerate() {
        let rounds = measured.iter().map(|measured| {
            measured.iter().map(|measured| measured.per_second[index]).collect::<Vec<_>>()
        });
        let figure = Figure::new(&format!("{id}_per_second"), name, Unit::PerSecond);
        report.add(figure.rounds(&rounds.collect::<Vec<_>>()));
        let rounds = measured.iter().map(|measured| {
            measured.iter().filter_map(|measured| measured.cpu[index]).collect::<Vec<_>>()
        });
        let figure = Figure::new(
            &format!("{id}_cpu"),
            "… CPU time of the provider per call",
            Unit::CpuMicroseconds,
        );
        report.add(figure.rounds(&rounds.collect::<Vec<_>>()));
    }
    let memory = measured
        .iter()
        .map(|measured| measured.iter().filter_map(|measured| measured.memory).collect::<Vec<_>>());
    let name = "peak memory of one process after all of these calls";
    let figure = Figure::new("memory_calls", name, Unit::Mebibytes);
    report.add(figure.rounds(&memory.collect::<Vec<_>>()));
    report.note(format!(
        "Calls per second: {IN_FLIGHT} in flight over one connection, {objects} objects (connectors \
         ten to an organization); client, provider and simulator share the machine."
    ));
}

async fn process(subject: &Subject, simulator: &Simulator, objects: usize) -> Measured {
    let mut session = Session::start(subject, launch_of(subject, simulator)).await;
    session.configure().await;
    let session = &session;

    let (plan_new, plans) = timed(session, objects, |number| session.plan_creation(number)).await;
    let plans = &plans;
    let (apply, stored) =
        timed(session, objects, |number| session.apply(plans[number].clone())).await;
    let stored: &[Stored] = &stored;
    let (read, _) =
        timed(session, objects * 5, |number| session.read(&stored[number % objects])).await;
    let (plan, _) =
        timed(session, objects * 5, |number| session.plan_nothing(&stored[number % objects])).await;

    let memory = session.peak_memory().map(mebibytes);
    let all = [plan_new, apply, read, plan];
    Measured { per_second: all.map(|(rate, _)| rate), cpu: all.map(|(_, cpu)| cpu), memory }
}

/// Makes `calls` calls, and returns their number per second and the CPU time of each
/// in microseconds.
async fn timed<F: Future>(
    session: &Session<'_>,
    calls: usize,
    call: impl Fn(usize) -> F,
) -> ((f64, Option<f64>), Vec<F::Output>) {
    let (started, cpu) = (Instant::now(), session.cpu_time());
    let calling = stream::iter(0..calls).map(call).buffered(IN_FLIGHT);
    let answers = calling.collect::<Vec<_>>().await;
    let took = started.elapsed();
    let cpu = session.cpu_time().zip(cpu).map(|(after, before)| after.saturating_sub(before));
    let rate = count(calls) / took.as_secs_f64();
    ((rate, cpu.map(|cpu| microseconds(cpu) / count(calls))), answers)
}

fn launch_of(subject: &Subject, simulator: &Simulator) -> Launch {
    match subject.kind {
        Kind::Webex | Kind::Twin => towards(launch(subject), simulator),
        Kind::Other(_) => launch(subject),
    }
}
