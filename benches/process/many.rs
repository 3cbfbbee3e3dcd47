//! Commands of the real CLI with a thousand connectors in a hundred organizations, over HTTPS.
//!
//! Terraform needs most of a minute to create a thousand objects, so all figures come from the same
//! ones, and they are created once.

use crate::cli::{APPLY, PLAN, add_demands};
use crate::machine::Demand;
use crate::network::LIMIT;
use crate::report::{Figure, Report, Unit};
use crate::settings::Settings;
use crate::statistics::count;
use crate::subject::{self, Subject};
use crate::workspace::{Network, Workspace};

/// The number of runs of each plan. Another program may need minutes, and has one.
const ROUNDS: usize = 3;

/// A kind of plan.
#[derive(Clone, Copy)]
enum Kind {
    New,
    Unchanged,
    /// Without changes, and with the limit of requests.
    Limited,
}

/// A workspace of a program, or of `terraform_data`, with its measurements.
struct Measured<'a> {
    subject: Option<&'a Subject>,
    workspace: Workspace,
    /// The times of each kind of plan.
    plans: [Vec<f64>; 3],
    demands: [Option<Demand>; 3],
    /// The numbers of API calls of a plan and of an apply, both without changes.
    calls: [Option<usize>; 2],
}

pub(crate) fn measure(settings: &Settings, report: &mut Report) {
    let connectors = if settings.quick { 20 } else { 1_000 };
    let rounds = settings.rounds(ROUNDS);
    let programs = settings.subjects.iter().map(|subject| Measured::of(subject, connectors));
    let data = Some(Measured::new(None, Workspace::of_data(connectors)));
    let mut all = programs.chain([data]).collect::<Vec<_>>();

    for round in 0..rounds {
        for measured in all.iter_mut().flatten().filter(|measured| measured.has(round)) {
            measured.plan(Kind::New);
        }
    }
    all.iter_mut().flatten().for_each(|measured| measured.create(connectors));
    for round in 0..rounds {
        for measured in all.iter_mut().flatten().filter(|measured| measured.has(round)) {
            measured.plan(Kind::Unchanged);
        }
    }
    all.iter_mut().flatten().for_each(Measured::count_without_changes);
    for measured in all.iter_mut().flatten().filter(|measured| measured.calls_webex()) {
        measured.workspace.limit_requests(LIMIT);
        for round in 0..rounds {
            if measured.has(round) {
                measured.workspace.forget_requests();
                measured.plan(Kind::Limited);
            }
        }
    }
    add(report, &all);
}

impl<'a> Measured<'a> {
    /// Returns the workspace of a program; `None` if there is no configuration for it.
    fn of(subject: &'a Subject, connectors: usize) -> Option<Self> {
        let workspace = match subject.kind {
            subject::Kind::Webex | subject::Kind::Twin => {
                Workspace::over_tls(subject, connectors, &Network::default())
            }
            subject::Kind::Other(_) => Workspace::of(subject, connectors)?,
        };
        Some(Self::new(Some(subject), workspace))
    }

    fn new(subject: Option<&'a Subject>, workspace: Workspace) -> Self {
        Self { subject, workspace, plans: Default::default(), demands: [None; 3], calls: [None; 2] }
    }

    /// Measures a plan.
    fn plan(&mut self, kind: Kind) {
        self.plans[kind as usize].push(self.workspace.run(PLAN));
    }

    /// Whether it is measured in a round.
    fn has(&self, round: usize) -> bool {
        round == 0 || self.subject.is_none_or(Subject::is_webex)
    }

    fn calls_webex(&self) -> bool {
        self.subject.is_some_and(|subject| !matches!(subject.kind, subject::Kind::Other(_)))
    }

    /// Creates all objects, and looks at the processes of a plan before and of the apply.
    fn create(&mut self, connectors: usize) {
        match self.subject {
            Some(subject) => {
                let demands = [PLAN, APPLY].map(|command| self.workspace.demand(subject, command));
                self.demands[..2].copy_from_slice(&demands);
            }
            None => {
                self.workspace.run(APPLY);
            }
        }
        assert_eq!(self.workspace.stored(), connectors);
    }

    /// Looks at the processes of a plan without changes, and counts API calls.
    fn count_without_changes(&mut self) {
        let Some(subject) = self.subject else { return };
        self.demands[2] = self.workspace.demand(subject, PLAN);
        if subject.is_webex() {
            self.calls = [PLAN, APPLY].map(|command| Some(self.workspace.calls(command)));
        }
    }
}

fn add(report: &mut Report, all: &[Option<Measured<'_>>]) {
    let Some((Some(data), programs)) = all.split_last() else { return };
    let of_each = |values: &dyn Fn(&Measured<'_>) -> Vec<f64>| {
        let programs = programs.iter().map(Option::as_ref);
        programs.map(|program| program.map(values).unwrap_or_default()).collect::<Vec<_>>()
    };
    let plans = [
        ("plan_many", "`plan` of 1,000 new ones", Kind::New),
        ("refresh_many", "`plan` of 1,000 without changes", Kind::Unchanged),
    ];
    for (id, name, kind) in plans {
        let name = format!("{name} (connectors in 100 organizations)");
        let ratios = of_each(&|program| {
            let pairs = program.plans[kind as usize].iter().zip(&data.plans[kind as usize]);
            pairs.map(|(time, data)| time / data).collect()
        });
        let figure = Figure::new(id, &format!("{name} ÷ 1,000 `terraform_data`"), Unit::Ratio);
        report.add(figure.target(1.5).rounds(&ratios));
        let figure = Figure::new(&format!("{id}_time"), &format!("… {name}"), Unit::Milliseconds);
        report.add(figure.rounds(&of_each(&|program| program.plans[kind as usize].clone())));
    }
    let name = "HTTPS, 300 requests a minute: `plan` of 1,000 without changes (100 organizations)";
    let figure = Figure::new("limit_refresh_many", name, Unit::Milliseconds);
    report.add(figure.rounds(&of_each(&|program| program.plans[Kind::Limited as usize].clone())));
    let calls = [
        ("calls_refresh_many", "`plan` of 1,000 in 100 organizations without changes"),
        ("calls_nothing_many", "`apply` of 1,000 in 100 organizations without changes"),
    ];
    for (index, (id, name)) in calls.into_iter().enumerate() {
        let figure = Figure::new(id, &format!("API calls: {name}"), Unit::Calls).target(100.0);
        let calls = of_each(&|program| program.calls[index].map(count).into_iter().collect());
        report.add(figure.rounds(&calls));
    }
    let demands = programs.iter().map(|program| program.as_ref().map_or([None; 3], |p| p.demands));
    add_demands(report, 1_000, 40.0, &demands.collect::<Vec<_>>());
    report.note(
        "With 1,000 objects, another program has one round. An apply of 1,000 is not timed with a \
         latency or with the limit: 1,000 requests at 300 a minute take three minutes whoever makes \
         them.",
    );
}
