//! What users wait for: commands of the real CLI, beside the same commands with
//! `terraform_data`, which Terraform serves without starting a provider.

use crate::machine;
use crate::report::{Figure, Report, Unit};
use crate::settings::Settings;
use crate::statistics::mebibytes;
use crate::subject::Subject;
use crate::workspace::Workspace;

const PLAN: &[&str] = &["plan", "-no-color"];
const APPLY: &[&str] = &["apply", "-no-color", "-auto-approve"];

/// How often the commands about few connectors are run.
const ROUNDS: usize = 15;

/// How often those about a thousand.
const ROUNDS_OF_MANY: usize = 3;

pub(crate) fn measure(settings: &Settings, report: &mut Report) {
    for connectors in [1, 10] {
        let rounds = settings.rounds(ROUNDS);
        let timing = Timing::of(settings, connectors, rounds);
        let target = (connectors == 1).then_some(60.0);
        let mut add = |command: &str, what: &str, kind: Kind| {
            let name = format!("{what} of {connectors}, minus `terraform_data`");
            let mut figure =
                Figure::new(&format!("{command}_{connectors}"), &name, Unit::Milliseconds);
            figure.target = target.filter(|_| command == "plan");
            report.add(figure.rounds(&timing.compared(kind, |left, right| left - right)));
        };
        add("plan", "`plan`", Kind::Plan);
        add("apply", "`apply`", Kind::Apply);
        add("refresh", "`plan` without changes", Kind::Refresh);
    }
    let many = if settings.quick { 20 } else { 1_000 };
    let timing = Timing::of(settings, many, settings.rounds(ROUNDS_OF_MANY));
    for (id, what, kind) in [
        ("plan_many", "`plan` of 1,000 new connectors in 100 organizations", Kind::Plan),
        ("refresh_many", "`plan` of 1,000 in 100 organizations without changes", Kind::Refresh),
    ] {
        let name = format!("{what} ÷ 1,000 `terraform_data`");
        let figure = Figure::new(id, &name, Unit::Ratio).target(1.5);
        report.add(figure.rounds(&timing.compared(kind, |left, right| left / right)));
        let figure = Figure::new(&format!("{id}_time"), &format!("… {what}"), Unit::Milliseconds);
        report.add(figure.rounds(&timing.rounds(kind)));
    }
    report.note(
        "Commands run against the simulator with `requests_per_minute = 100000`. With the default, \
         300, which is what Cisco allows a client, a hundred lists take 15 s longer.",
    );
}

/// The memory that the same commands take.
pub(crate) fn measure_memory(settings: &Settings, report: &mut Report) {
    memory(settings, report, 10, 12.0);
    memory(settings, report, if settings.quick { 20 } else { 1_000 }, 40.0);
    report.note(
        "Peak memory is `VmHWM` of the provider's processes during the command, looked at every \
         2 ms; the largest of them counts.",
    );
}

/// Which command.
#[derive(Clone, Copy)]
enum Kind {
    /// Everything is to be created.
    Plan,
    /// Everything is created.
    Apply,
    /// Everything is there.
    Refresh,
}

/// How long the commands took in each round: of each program, and then of
/// `terraform_data`.
struct Timing {
    rounds: Vec<[Vec<f64>; 3]>,
}

impl Timing {
    fn of(settings: &Settings, connectors: usize, rounds: usize) -> Self {
        let mut workspaces = settings
            .subjects
            .iter()
            .map(|subject| subject.is_webex().then(|| Workspace::of(subject, connectors, false)))
            .collect::<Vec<_>>();
        workspaces.push(Some(Workspace::of_data(connectors)));
        let mut measured = workspaces.iter().map(|_| Default::default()).collect::<Vec<_>>();
        // What is read from disk for the first time is another figure.
        for round in 0..=rounds {
            for (workspace, measured) in workspaces.iter().zip(&mut measured) {
                let Some(workspace) = workspace else { continue };
                workspace.reset();
                let times = [PLAN, APPLY, PLAN].map(|command| workspace.run(command));
                assert_eq!(workspace.stored(), connectors);
                if round > 0 {
                    let measured: &mut [Vec<f64>; 3] = measured;
                    measured.iter_mut().zip(times).for_each(|(all, time)| all.push(time));
                }
            }
        }
        Self { rounds: measured }
    }

    fn rounds(&self, kind: Kind) -> Vec<Vec<f64>> {
        let programs = &self.rounds[..self.rounds.len() - 1];
        programs.iter().map(|commands| commands[kind as usize].clone()).collect()
    }

    /// Of each program beside `terraform_data` in the same round.
    fn compared(&self, kind: Kind, compare: fn(f64, f64) -> f64) -> Vec<Vec<f64>> {
        let data = &self.rounds[self.rounds.len() - 1][kind as usize];
        let programs = self.rounds(kind).into_iter().map(|times| {
            times.iter().zip(data).map(|(time, data)| compare(*time, *data)).collect()
        });
        programs.collect()
    }
}

fn memory(settings: &Settings, report: &mut Report, connectors: usize, target: f64) {
    let peaks = settings
        .subjects
        .iter()
        .map(|subject| if subject.is_webex() { peaks(subject, connectors) } else { [None; 3] });
    let peaks = peaks.collect::<Vec<_>>();
    let commands = ["`plan` of new ones", "`apply`", "`plan` without changes"];
    for (index, command) in commands.into_iter().enumerate() {
        let name = format!("peak memory of the provider, {command}, {connectors} connectors");
        let id = format!("memory_{}_{connectors}", ["plan", "apply", "refresh"][index]);
        let figure = Figure::new(&id, &name, Unit::Mebibytes).target(target);
        let values = peaks.iter().map(|peaks| peaks[index].map(mebibytes).into_iter().collect());
        report.add(figure.rounds(&values.collect::<Vec<Vec<f64>>>()));
    }
}

fn peaks(subject: &Subject, connectors: usize) -> [Option<u64>; 3] {
    let workspace = Workspace::of(subject, connectors, false);
    [PLAN, APPLY, PLAN].map(|command| {
        machine::peak_memory_of_children(workspace.command(command), &subject.program)
    })
}
