//! Commands of the real CLI, compared with the same commands for `terraform_data`,
//! which Terraform serves without starting a provider.

use crate::machine::Demand;
use crate::report::{Figure, Report, Unit};
use crate::settings::Settings;
use crate::statistics::{mebibytes, milliseconds};
use crate::workspace::Workspace;

pub(crate) const PLAN: &[&str] = &["plan", "-no-color"];
pub(crate) const APPLY: &[&str] = &["apply", "-no-color", "-auto-approve"];

/// The number of runs of each command.
const ROUNDS: usize = 15;

pub(crate) fn measure(settings: &Settings, report: &mut Report) {
    for connectors in [1, 10] {
        let rounds = settings.rounds(ROUNDS);
        let timing = Timing::of(settings, connectors, rounds);
        let mut add = |command: &str, what: &str, kind: Kind| {
            let name = format!("{what} of {connectors}, minus `terraform_data`");
            let mut figure =
                Figure::new(&format!("{command}_{connectors}"), &name, Unit::Milliseconds);
            figure.target = match (connectors, command) {
                (1, "plan") => Some(45.0),
                (1, "apply") => Some(65.0),
                _ => None,
            };
            report.add(figure.rounds(&timing.compared(kind, |left, right| left - right)));
        };
        add("plan", "`plan`", Kind::Plan);
        add("apply", "`apply`", Kind::Apply);
        add("refresh", "`plan` without changes", Kind::Refresh);
    }
    report.note(
        "Commands run against the simulator with `requests_per_minute = 100000`. With the default, \
         300, which is what Cisco allows a client, what is more than 300 requests waits for a minute.",
    );
}

/// Measures the provider's memory and CPU time in these commands.
pub(crate) fn measure_provider(settings: &Settings, report: &mut Report) {
    let subjects = settings.subjects.iter();
    let demands = subjects.map(|subject| {
        let Some(workspace) = Workspace::of(subject, 10) else { return [None; 3] };
        [PLAN, APPLY, PLAN].map(|command| workspace.demand(subject, command))
    });
    add_demands(report, 10, 12.0, &demands.collect::<Vec<_>>());
    report.note(
        "The provider's part of a command is looked at every 2 ms: the CPU time of all of its \
         processes together, and of their peaks of memory (`VmHWM`) the largest. The rest of the \
         command's time is Terraform's own: a resource of a provider costs it more than a \
         `terraform_data`, the more so the more attributes it has, and whoever serves it.",
    );
}

/// A command.
#[derive(Clone, Copy)]
enum Kind {
    /// A plan that creates everything.
    Plan,
    /// An apply that creates everything.
    Apply,
    /// A plan without changes.
    Refresh,
}

/// The times of the commands in each round: of each program, and then of
/// `terraform_data`.
struct Timing {
    rounds: Vec<[Vec<f64>; 3]>,
}

impl Timing {
    /// Times all commands. Each round begins with nothing.
    fn of(settings: &Settings, connectors: usize, rounds: usize) -> Self {
        let programs = settings.subjects.iter();
        let programs = programs.map(|subject| Workspace::of(subject, connectors));
        let workspaces = programs.chain([Some(Workspace::of_data(connectors))]).collect::<Vec<_>>();
        let mut timing = Self { rounds: workspaces.iter().map(|_| Default::default()).collect() };
        // The first round reads from disk, which is another figure.
        for round in 0..=rounds {
            for (workspace, measured) in workspaces.iter().zip(&mut timing.rounds) {
                let Some(workspace) = workspace else { continue };
                workspace.reset();
                let times = [PLAN, APPLY, PLAN].map(|command| workspace.run(command));
                assert_eq!(workspace.stored(), connectors);
                if round > 0 {
                    measured.iter_mut().zip(times).for_each(|(all, time)| all.push(time));
                }
            }
        }
        timing
    }

    fn rounds(&self, kind: Kind) -> Vec<Vec<f64>> {
        let programs = &self.rounds[..self.rounds.len() - 1];
        programs.iter().map(|commands| commands[kind as usize].clone()).collect()
    }

    /// The difference of each program to `terraform_data` in the same round.
    fn compared(&self, kind: Kind, compare: fn(f64, f64) -> f64) -> Vec<Vec<f64>> {
        let data = &self.rounds[self.rounds.len() - 1][kind as usize];
        let programs = self.rounds(kind).into_iter().map(|times| {
            times.iter().zip(data).map(|(time, data)| compare(*time, *data)).collect()
        });
        programs.collect()
    }
}

/// Adds the memory and the CPU time of each program in the three commands, with a target for the
/// memory.
pub(crate) fn add_demands(
    report: &mut Report,
    connectors: usize,
    memory: f64,
    demands: &[[Option<Demand>; 3]],
) {
    let commands = [
        ("plan", "`plan` of new ones"),
        ("apply", "`apply`"),
        ("refresh", "`plan` without changes"),
    ];
    for (index, (id, command)) in commands.into_iter().enumerate() {
        let of_each = |value: fn(Demand) -> f64| {
            let values = demands.iter().map(|demands| demands[index].map(value));
            values.map(|value| value.into_iter().collect()).collect::<Vec<Vec<f64>>>()
        };
        let name = format!("peak memory of the provider, {command}, {connectors} connectors");
        let figure = Figure::new(&format!("memory_{id}_{connectors}"), &name, Unit::Mebibytes);
        report.add(figure.target(memory).rounds(&of_each(|demand| mebibytes(demand.memory))));
        let figure =
            Figure::new(&format!("cpu_{id}_{connectors}"), "… CPU time", Unit::Milliseconds);
        report.add(figure.rounds(&of_each(|demand| milliseconds(demand.cpu))));
    }
}
