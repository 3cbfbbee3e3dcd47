//! Numbers of API calls per command, from the simulator's journal.
//!
//! A saved plan is applied without a refresh, so `terraform apply plan.out` makes
//! the calls of the operation alone. A create is an exception: Terraform plans it
//! again, and our plan of a create checks whether the name is taken. The calls of
//! a create alone are therefore counted without the CLI.

use crate::report::{Figure, Report, Unit};
use crate::session::{Session, launch, runtime, towards};
use crate::settings::Settings;
use crate::statistics::count;
use crate::subject::{Subject, simulator};
use crate::workspace::Workspace;

const PLAN: &[&str] = &["plan", "-no-color", "-out=plan.out"];
const PLAN_OF_DESTROY: &[&str] = &["plan", "-no-color", "-destroy", "-out=plan.out"];
const REFRESH: &[&str] = &["plan", "-no-color", "-refresh-only"];
const APPLY: &[&str] = &["apply", "-no-color", "-auto-approve"];
const APPLY_PLAN: &[&str] = &["apply", "-no-color", "plan.out"];
const DESTROY: &[&str] = &["destroy", "-no-color", "-auto-approve"];

/// The name of a figure, its description, and its target.
const ROWS: [(&str, &str, Option<f64>); 15] = [
    ("calls_create", "create of 1", Some(1.0)),
    ("calls_create_plan", "… `plan` of it (a look for the name and the limit)", None),
    ("calls_create_saved", "… `apply` of the saved plan, which Terraform plans again", None),
    ("calls_create_command", "… whole `terraform apply`", None),
    ("calls_update", "update of 1, active connectors can be edited", Some(1.0)),
    ("calls_update_plan", "… `plan` of it", None),
    ("calls_update_command", "… whole `terraform apply`", None),
    ("calls_update_locked", "update of 1, active connectors are locked", Some(3.0)),
    ("calls_update_locked_command", "… whole `terraform apply`", None),
    ("calls_delete", "delete of 1, active connectors can be deleted", Some(1.0)),
    ("calls_delete_command", "… whole `terraform destroy`", None),
    ("calls_delete_locked", "delete of 1, active connectors are locked", Some(2.0)),
    ("calls_delete_locked_command", "… whole `terraform destroy`", None),
    ("calls_refresh", "refresh of 10", Some(1.0)),
    ("calls_nothing", "apply of 10 without changes", Some(1.0)),
];

pub(crate) fn measure(settings: &Settings, report: &mut Report) {
    let counted = settings.subjects.iter().map(|subject| {
        if subject.is_webex() { count_calls(subject) } else { [const { None }; ROWS.len()] }
    });
    let counted = counted.collect::<Vec<_>>();
    for (row, (id, name, target)) in ROWS.into_iter().enumerate() {
        let mut figure = Figure::new(id, &format!("API calls: {name}"), Unit::Calls);
        figure.target = target;
        let values = counted.iter().map(|counted| counted[row].map(count).into_iter().collect());
        report.add(figure.rounds(&values.collect::<Vec<Vec<f64>>>()));
    }
    report.note(
        "Where active connectors are locked, 3 writes update and 2 delete. The calls beside them find \
         that out, and keep it safe: a write that is refused (423); a read, so that nobody's edit is \
         overwritten; and before a delete, what refers to the connector, so that none is deactivated \
         in vain.",
    );
}

fn count_calls(subject: &Subject) -> [Option<usize>; ROWS.len()] {
    let open = one(subject, false);
    let locked = one(subject, true);
    let [refresh, nothing] = unchanged(subject, 10);
    [
        runtime().block_on(creation(subject)),
        open.create_plan,
        open.create_saved,
        open.create_command,
        open.update,
        open.update_plan,
        open.update_command,
        locked.update,
        locked.update_command,
        open.delete,
        open.delete_command,
        locked.delete,
        locked.delete_command,
        refresh,
        nothing,
    ]
    .map(Some)
}

/// Counts the calls of one ApplyResourceChange that creates.
async fn creation(subject: &Subject) -> usize {
    let simulator = simulator(1, false);
    let mut session = Session::start(subject, towards(launch(subject), &simulator)).await;
    session.configure().await;
    let planned = session.plan_creation(0).await;
    simulator.clear_journal();
    session.apply(planned).await;
    let calls = simulator.journal().len();
    session.end().await;
    calls
}

/// Counts the calls in the life of one connector.
struct Life {
    create_saved: usize,
    create_plan: usize,
    create_command: usize,
    update: usize,
    update_plan: usize,
    update_command: usize,
    delete: usize,
    delete_command: usize,
}

fn one(subject: &Subject, active_lock: bool) -> Life {
    let workspace = Workspace::of_webex(subject, 1, active_lock);
    let create_command = workspace.calls(APPLY);
    workspace.reset();
    let create_plan = workspace.calls(PLAN);
    let create_saved = workspace.calls(APPLY_PLAN);
    workspace.write("agent2");
    let update_plan = workspace.calls(PLAN);
    let update = workspace.calls(APPLY_PLAN);
    workspace.write("agent3");
    let update_command = workspace.calls(APPLY);
    workspace.run(PLAN_OF_DESTROY);
    let delete = workspace.calls(APPLY_PLAN);
    workspace.run(APPLY);
    let delete_command = workspace.calls(DESTROY);
    Life {
        create_saved,
        create_plan,
        create_command,
        update,
        update_plan,
        update_command,
        delete,
        delete_command,
    }
}

/// Counts the calls of a refresh, and of an apply without changes.
fn unchanged(subject: &Subject, connectors: usize) -> [usize; 2] {
    let workspace = Workspace::of_webex(subject, connectors, true);
    workspace.run(APPLY);
    assert_eq!(workspace.stored(), connectors);
    [workspace.calls(REFRESH), workspace.calls(APPLY)]
}
