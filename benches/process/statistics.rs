//! Samples and what is reported of them.

use std::time::Duration;

use serde::Serialize;

/// Measurements of the same thing, in one unit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sample {
    /// The middle one.
    pub(crate) median: f64,
    /// The lowest.
    pub(crate) least: f64,
    /// The highest.
    pub(crate) most: f64,
    /// How many there were.
    pub(crate) count: usize,
}

impl Sample {
    /// Of at least one measurement.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values = values.into_iter().collect::<Vec<_>>();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.as_slice() {
            [] => panic!("nothing was measured"),
            values if values.len() % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
            values => values[middle],
        };
        Self { median, least: values[0], most: values[values.len() - 1], count: values.len() }
    }
}

/// In milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// In microseconds.
pub(crate) fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// Bytes as mebibytes, in which memory is counted.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    count(bytes) / f64::from(1 << 20)
}

/// Bytes as megabytes, in which files are counted.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    count(bytes) / 1e6
}

/// A count as a measurement. Nothing here counts beyond 2^52.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(crate) fn count(count: impl TryInto<u64, Error: std::fmt::Debug>) -> f64 {
    count.try_into().unwrap() as f64
}
