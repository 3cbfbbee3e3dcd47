//! The figures, as JSON for programs and as a table for people.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::machine;
use crate::settings::Settings;
use crate::statistics::Sample;

/// One line of the table.
#[derive(Serialize)]
pub(crate) struct Figure {
    /// The name for programs, stable from version to version.
    pub(crate) id: String,
    /// The name for people.
    pub(crate) name: String,
    /// The unit.
    pub(crate) unit: Unit,
    /// The target: an upper limit, or a lower one for figures per second.
    pub(crate) target: Option<f64>,
    /// The measurements of each program, in the order of the programs.
    pub(crate) values: Vec<Option<Sample>>,
    /// The differences of the second program to the first, in pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change: Option<Sample>,
}

/// A unit of measurement.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Microseconds of CPU time.
    CpuMicroseconds,
    /// Mebibytes.
    Mebibytes,
    /// 10^6 bytes, as file sizes are usually given.
    Megabytes,
    /// Calls per second; more is better.
    PerSecond,
    /// A ratio.
    Ratio,
    /// A number of API calls.
    Calls,
    /// 10^3 instructions of the processor.
    Kiloinstructions,
    /// Seconds.
    Seconds,
}

impl Unit {
    fn shown(self, value: f64) -> String {
        match self {
            Self::Milliseconds if value.abs() < 10.0 => format!("{value:.2} ms"),
            Self::Milliseconds => format!("{value:.0} ms"),
            Self::CpuMicroseconds => format!("{value:.0} µs"),
            Self::Mebibytes => format!("{value:.1} MiB"),
            Self::Megabytes => format!("{value:.2} MB"),
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Ratio => format!("{value:.2}"),
            Self::Calls => format!("{value:.0}"),
            Self::Kiloinstructions => format!("{value:.0},000"),
            Self::Seconds => format!("{value:.0} s"),
        }
    }
}

impl Figure {
    /// Returns a figure without measurements.
    pub(crate) fn new(id: &str, name: &str, unit: Unit) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            unit,
            target: None,
            values: Vec::new(),
            change: None,
        }
    }

    /// Sets the target.
    pub(crate) fn target(mut self, target: f64) -> Self {
        self.target = Some(target);
        self
    }

    /// Sets the measurements of each program in turn, so that those of the same
    /// index belong together. A program may have none.
    pub(crate) fn rounds(mut self, rounds: &[Vec<f64>]) -> Self {
        self.values = rounds
            .iter()
            .map(|values| (!values.is_empty()).then(|| Sample::of(values.iter().copied())))
            .collect();
        if let [first, second, ..] = rounds
            && first.len() == second.len()
            && !first.is_empty()
        {
            self.change =
                Some(Sample::of(first.iter().zip(second).map(|(first, second)| first - second)));
        }
        self
    }
}

/// All results.
#[derive(Serialize)]
pub(crate) struct Report {
    date: String,
    commit: String,
    machine: String,
    versions: Vec<String>,
    load_before: String,
    load_after: String,
    /// The names of the programs.
    programs: Vec<String>,
    figures: Vec<Figure>,
    /// The sections, each with the time that it took.
    sections: Vec<String>,
    notes: Vec<String>,
}

impl Report {
    /// Returns a report without figures.
    pub(crate) fn begin(settings: &Settings) -> Self {
        let terraform = std::env::var("TF_CLI").ok().filter(|program| !program.is_empty());
        let terraform = terraform.unwrap_or_else(|| "terraform".to_owned());
        let versions = [
            machine::first_line(&terraform, &["version"]),
            machine::first_line("rustc", &["--version"]),
        ];
        let commit = machine::first_line("git", &["describe", "--always", "--dirty"]);
        let programs = settings.subjects.iter();
        Self {
            date: machine::first_line("date", &["-u", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_default(),
            commit: commit.unwrap_or_else(|| "unknown".to_owned()),
            machine: machine::description(),
            versions: versions.into_iter().flatten().collect(),
            load_before: machine::load(),
            load_after: String::new(),
            programs: programs.map(|subject| subject.name.clone()).collect(),
            figures: Vec::new(),
            sections: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, figure: Figure) {
        if figure.values.iter().any(Option::is_some) {
            self.figures.push(figure);
        }
    }

    /// Adds a remark.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Ends a section, which took this long.
    pub(crate) fn finish_section(&mut self, name: &str, took: Duration) {
        self.sections.push(format!("{name} {}", Unit::Seconds.shown(took.as_secs_f64())));
        self.load_after = machine::load();
    }

    /// Writes the report into a folder.
    pub(crate) fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let json = serde_json::to_string_pretty(self).unwrap();
        fs::write(folder.join("report.json"), json).unwrap();
        fs::write(folder.join("report.md"), self.table()).unwrap();
    }

    /// Returns the report as a table.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{}, commit {}, on {}; {}. Load (1, 5, 15 minutes) {} before, {} after. Sections: {}.\n",
            self.date,
            self.commit,
            self.machine,
            self.versions.join(", "),
            self.load_before,
            self.load_after,
            self.sections.join(", ")
        );
        let compares = self.programs.len() > 1;
        let _ = write!(text, "| figure | target |");
        for program in &self.programs {
            let _ = write!(text, " {program} |");
        }
        let _ = writeln!(text, "{}", if compares { " change, ratio |" } else { "" });
        let columns = self.programs.len() + 2 + usize::from(compares);
        let _ = writeln!(text, "|{}", "---|".repeat(columns));
        for figure in &self.figures {
            let target = figure
                .target
                .map_or_else(String::new, |target| format!("≤ {}", figure.unit.shown(target)));
            let _ = write!(text, "| {} | {target} |", figure.name);
            for value in &figure.values {
                let shown = value
                    .as_ref()
                    .map_or_else(|| "–".to_owned(), |sample| shown(figure.unit, sample));
                let _ = write!(text, " {shown} |");
            }
            if compares {
                let _ = write!(text, " {} |", comparison(figure));
            }
            let _ = writeln!(text);
        }
        for note in &self.notes {
            let _ = write!(text, "\n- {note}");
        }
        text
    }
}

/// Shows the median, and the extremes if there are any.
fn shown(unit: Unit, sample: &Sample) -> String {
    let median = unit.shown(sample.median);
    if sample.count == 1 || sample.least.total_cmp(&sample.most).is_eq() {
        return median;
    }
    format!("**{median}** ({} to {})", unit.shown(sample.least), unit.shown(sample.most))
}

/// Shows the median of the differences between the first two programs, and the
/// ratio of their medians.
fn comparison(figure: &Figure) -> String {
    let [Some(first), Some(second), ..] = figure.values.as_slice() else { return String::new() };
    let ratio = second.median / first.median;
    let ratio = if ratio.is_finite() { format!("×{ratio:.2}") } else { "–".to_owned() };
    match &figure.change {
        Some(change) => format!("{}, {ratio}", figure.unit.shown(change.median)),
        None => ratio,
    }
}
