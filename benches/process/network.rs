//! Commands of the real CLI over HTTPS, as users have it: with a latency, and with Cisco's limit of
//! requests. `terraform_data` makes no calls, and is the part of the time that is Terraform's own.

use std::time::Duration;

use crate::report::{Figure, Report, Unit};
use crate::settings::Settings;
use crate::statistics::count;
use crate::subject::Subject;
use crate::workspace::{Network, Workspace};

const PLAN: &[&str] = &["plan", "-no-color"];
const APPLY: &[&str] = &["apply", "-no-color", "-auto-approve"];
const DESTROY: &[&str] = &["destroy", "-no-color", "-auto-approve"];

/// A life of connectors: their ids in reports, their names, and the commands.
const LIFE: [(&str, &str, &[&str]); 4] = [
    ("plan", "`plan`", PLAN),
    ("apply", "`apply`", APPLY),
    ("refresh", "`plan` without changes", PLAN),
    ("destroy", "`destroy`", DESTROY),
];

/// The limit that Cisco documents, for a minute.
pub(crate) const LIMIT: u32 = 300;

const LATENCY: Duration = Duration::from_millis(150);

/// A network, its id and name, and the numbers of connectors with the numbers of rounds.
type Condition = (&'static str, &'static str, Network, &'static [(usize, usize)]);

const CONDITIONS: [Condition; 3] = [
    (
        "https",
        "HTTPS",
        Network { latency: Duration::ZERO, rate_limit: None },
        &[(1, 10), (10, 10), (100, 3)],
    ),
    (
        "latency",
        "HTTPS, 150 ms a request",
        Network { latency: LATENCY, rate_limit: None },
        &[(1, 5), (10, 5), (100, 2)],
    ),
    (
        "limit",
        "HTTPS, 300 requests a minute",
        Network { latency: Duration::ZERO, rate_limit: Some(LIMIT) },
        &[(10, 3), (100, 3)],
    ),
];

/// The measurements of a life.
struct Life {
    times: [f64; LIFE.len()],
    connections: [usize; LIFE.len()],
}

pub(crate) fn measure(settings: &Settings, report: &mut Report) {
    let subjects = settings.subjects.iter().filter(|subject| subject.resource().is_some());
    let subjects = subjects.collect::<Vec<_>>();
    for (id, name, network, sizes) in CONDITIONS {
        for (connectors, rounds) in sizes {
            if settings.quick && *connectors > 10 {
                continue;
            }
            let mut lives = subjects.iter().map(|_| Vec::new()).collect::<Vec<_>>();
            for _ in 0..settings.rounds(*rounds) {
                for (subject, lives) in subjects.iter().zip(&mut lives) {
                    lives.extend(life(subject, *connectors, &network));
                }
            }
            for (index, (command, what, _)) in LIFE.into_iter().enumerate() {
                let title = format!("{name}: {what} of {connectors}");
                let id = format!("{id}_{command}_{connectors}");
                let of = |value: &dyn Fn(&Life) -> f64| {
                    let values = lives.iter().map(|lives| lives.iter().map(value).collect());
                    values.collect::<Vec<Vec<f64>>>()
                };
                let figure = Figure::new(&id, &title, Unit::Milliseconds);
                report.add(figure.rounds(&of(&|life| life.times[index])));
                let figure =
                    Figure::new(&format!("{id}_connections"), "… TLS connections", Unit::Calls);
                report.add(figure.rounds(&of(&|life| count(life.connections[index]))));
            }
        }
    }
    report.note(
        "Over HTTPS, the server offers HTTP/2 and both providers trust the system's authorities and \
         one more. The first round of each row counts. A command starts the provider more than once, \
         so a `destroy` of any number needs two connections at least.",
    );
}

fn life(subject: &Subject, connectors: usize, network: &Network) -> Option<Life> {
    if matches!(subject.kind, crate::subject::Kind::Other(_)) {
        return None;
    }
    let workspace = Workspace::over_tls(subject, connectors, network);
    let front = workspace.front.as_ref()?;
    let measured = LIFE.map(|(_, _, command)| {
        workspace.forget_requests();
        front.take_connections();
        (workspace.run(command), front.take_connections())
    });
    Some(Life {
        times: measured.map(|(time, _)| time),
        connections: measured.map(|(_, connections)| connections),
    })
}
