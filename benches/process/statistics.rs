//! Samples, and their medians and extremes.

use std::time::Duration;

use serde::Serialize;

/// Measurements of one quantity, in one unit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sample {
    /// The median.
    pub(crate) median: f64,
    /// The lowest value.
    pub(crate) least: f64,
    /// The highest value.
    pub(crate) most: f64,
    /// The number of measurements.
    pub(crate) count: usize,
}

impl Sample {
    /// Summarizes measurements, of which there is at least one.
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

/// Converts to milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Converts to microseconds.
pub(crate) fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// Converts bytes to mebibytes, the unit of memory.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    count(bytes) / f64::from(1 << 20)
}

/// Converts bytes to megabytes, the unit of file sizes.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    count(bytes) / 1e6
}

/// Converts a count. No count here exceeds 2^52.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(crate) fn count(count: impl TryInto<u64, Error: std::fmt::Debug>) -> f64 {
    count.try_into().unwrap() as f64
}
