//! Instructions of a process, counted by callgrind. They do not depend on other load, so they can
//! have budgets: the file `benches/budgets.json`.

use std::collections::BTreeMap;
use std::path::Path;

use webex_cc_simulator::Simulator;

use crate::machine;
use crate::report::{Figure, Report, Unit};
use crate::session::{Session, runtime, towards};
use crate::settings::Settings;
use crate::statistics::count;
use crate::subject::{Subject, simulator};
use crate::support::plugin_client::Launch;
use crate::support::tls::{HTTP_2, TlsFront};

/// The number of calls by which the instructions of one are counted.
const CALLS: usize = 500;

/// The budgets, in instructions.
const BUDGETS: &str = include_str!("../budgets.json");

/// The ids of the figures, and their names.
const ROWS: [(&str, &str); 4] = [
    ("start", "instructions of a process: start, GetSchema, end"),
    ("plan", "instructions per PlanResourceChange, without changes"),
    ("read", "instructions per ReadResource"),
    ("tls", "instructions of the first API call, by HTTPS beyond HTTP (one authority)"),
];

pub(crate) fn measure(settings: &Settings, report: &mut Report) {
    let counted = settings.subjects.iter().map(|subject| {
        if subject.is_webex() { counts(settings, subject) } else { BTreeMap::new() }
    });
    let counted = counted.collect::<Vec<_>>();
    for (id, name) in ROWS {
        let mut figure = Figure::new(&format!("{id}_instructions"), name, Unit::Kiloinstructions);
        figure.target = budgets().get(id).map(|budget| *budget / 1e3);
        let values = counted.iter().map(|counts| counts.get(id).map(|count| count / 1e3));
        let values = values.map(|value| value.into_iter().collect());
        report.add(figure.rounds(&values.collect::<Vec<Vec<f64>>>()));
    }
}

/// Fails when a figure of our provider is above its budget.
pub(crate) fn check(settings: &Settings, _: &mut Report) {
    let counts = counts(settings, &settings.subjects[0]);
    let mut exceeded = Vec::new();
    for (id, budget) in budgets() {
        let count = counts.get(&*id).expect("valgrind, and a count for each budget");
        println!("{id}: {count:.0} of {budget:.0} instructions ({:.0} %)", count / budget * 100.0);
        if *count > budget {
            exceeded.push(id);
        }
    }
    assert!(exceeded.is_empty(), "above the budget of benches/budgets.json: {exceeded:?}");
}

fn budgets() -> BTreeMap<String, f64> {
    serde_json::from_str(BUDGETS).expect("benches/budgets.json")
}

/// Returns the instructions of each row; none without valgrind.
fn counts(settings: &Settings, subject: &Subject) -> BTreeMap<&'static str, f64> {
    let calls = if settings.quick { 20 } else { CALLS };
    let folder = &settings.folder;
    let of = |name: &str, work: Work| instructions(subject, folder, name, work);
    let each = |kind: &str, work: fn(usize) -> Work| {
        let [few, many] =
            [calls, 2 * calls].map(|calls| of(&format!("{kind}.{calls}"), work(calls)));
        few.zip(many).map(|(few, many)| (many - few) / count(calls))
    };
    let first_call = |name, over_tls| of(name, Work::List { over_tls });
    let tls = first_call("https", true).zip(first_call("http", false));
    let counts = [
        ("start", of("start", Work::Schema)),
        ("plan", each("plan", Work::Plans)),
        ("read", each("read", Work::Reads)),
        ("tls", tls.map(|(https, http)| https - http)),
    ];
    counts.into_iter().filter_map(|(id, count)| Some((id, count?))).collect()
}

/// What a process does.
enum Work {
    /// Responds with its schema.
    Schema,
    /// Plans one object so many times.
    Plans(usize),
    /// Reads one object so many times.
    Reads(usize),
    /// Plans a new object, for which it lists the objects there are.
    List { over_tls: bool },
}

/// Returns all instructions of a process; `None` without valgrind. The output for
/// `callgrind_annotate` stays in the folder.
fn instructions(subject: &Subject, folder: &Path, name: &str, work: Work) -> Option<f64> {
    machine::first_line("valgrind", &["--version"])?;
    let simulator = simulator(1, false);
    std::fs::create_dir_all(folder).unwrap();
    let counted = folder.join(format!("callgrind.{}.{name}.out", subject.name));
    let mut output = std::ffi::OsString::from("--callgrind-out-file=");
    output.push(std::path::absolute(&counted).unwrap());
    let launch = Launch::new("valgrind")
        .argument("--tool=callgrind")
        .argument("--quiet")
        .argument(output)
        .argument(&subject.program)
        .with("PATH", std::env::var_os("PATH").unwrap_or_default());
    runtime().block_on(run(subject, launch, &simulator, work));
    total(&counted)
}

async fn run(subject: &Subject, launch: Launch, simulator: &Simulator, work: Work) {
    let mut launch = towards(launch, simulator);
    let front = TlsFront::start(simulator.address(), HTTP_2);
    let folder = tempfile::tempdir().unwrap();
    if let Work::List { over_tls: true } = work {
        let file = folder.path().join("authority.pem");
        std::fs::write(&file, &front.authority).unwrap();
        launch = launch.with("WEBEX_CC_BASE_URL", &front.url).with("SSL_CERT_FILE", file);
    }
    let mut session = Session::start(subject, launch).await;
    match work {
        Work::Schema => session.schema().await,
        Work::List { .. } => {
            session.configure().await;
            session.plan_creation(0).await;
        }
        Work::Plans(calls) => {
            session.configure().await;
            let stored = session.apply(session.plan_creation(0).await).await;
            for _ in 0..calls {
                session.plan_nothing(&stored).await;
            }
        }
        Work::Reads(calls) => {
            session.configure().await;
            let stored = session.apply(session.plan_creation(0).await).await;
            for _ in 0..calls {
                session.read(&stored).await;
            }
        }
    }
    session.end().await;
}

/// Returns the sum at the end of callgrind's output.
fn total(counted: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(counted).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.trim().parse().ok()
}
