//! What a metrics server said, made into buckets that can be compared. What servers say
//! has gaps, repeats, infinities and points of a bucket that is not over: each is dealt
//! with here, and counted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One point: the value of the time from `at` on. None where the server says that it has
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub at: Timestamp,
    pub value: Option<f64>,
}

/// What one guard reads of one stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Counts, events or values.
    pub samples: Vec<Sample>,
    /// What the events of a rate are of; empty otherwise.
    pub trials: Vec<Sample>,
}

/// How points of one bucket become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    Sum,
    Mean,
}

/// Points that were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    /// NaN and infinities.
    pub no_numbers: usize,
    /// Counts under zero, such as of a counter that began anew.
    pub negative: usize,
}

/// Buckets of one length, numbered from the one in which a deploy began; before it they
/// have negative numbers.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    first: i64,
    values: Vec<Option<f64>>,
    pub dropped: Dropped,
    /// The usual distance of points in seconds, where there are two.
    pub spacing: Option<i64>,
}

/// The second at which the bucket of a moment begins.
pub(super) fn floor(at: Timestamp, seconds: i64) -> i64 {
    at.as_second().div_euclid(seconds) * seconds
}

impl Buckets {
    /// Of the buckets `from` up to, not including, `to`. A later point of the same second
    /// replaces the earlier: servers send them again when they know better. Their order
    /// does not matter.
    pub(super) fn of(samples: &[Sample], start: Timestamp, seconds: i64, (from, to): (i64, i64), fold: Fold) -> Self {
        let zero = floor(start, seconds);
        let mut dropped = Dropped::default();
        let mut points: BTreeMap<i64, f64> = BTreeMap::new();
        let mut times: Vec<i64> = Vec::new();
        for sample in samples {
            let at = sample.at.as_second();
            let bucket = (at - zero).div_euclid(seconds);
            if bucket < from || bucket >= to {
                continue;
            }
            times.push(at);
            match sample.value {
                None => {}
                Some(value) if !value.is_finite() => dropped.no_numbers += 1,
                Some(value) if value < 0.0 && fold == Fold::Sum => dropped.negative += 1,
                Some(value) => {
                    points.insert(at, value);
                }
            }
        }
        let length = usize::try_from(to - from).unwrap_or(0);
        let mut sums = vec![(0.0, 0.0); length];
        for (at, value) in points {
            let bucket = (at - zero).div_euclid(seconds) - from;
            if let Some(sum) = usize::try_from(bucket).ok().and_then(|bucket| sums.get_mut(bucket)) {
                *sum = (sum.0 + value, sum.1 + 1.0);
            }
        }
        let folded = |(sum, count): (f64, f64)| match fold {
            _ if count == 0.0 => None,
            Fold::Sum => Some(sum),
            Fold::Mean => Some(sum / count),
        };
        Self { first: from, values: sums.into_iter().map(folded).collect(), dropped, spacing: spacing(times) }
    }

    pub(super) fn at(&self, bucket: i64) -> Option<f64> {
        *self.values.get(usize::try_from(bucket - self.first).ok()?)?
    }

    /// Whether there is any point at all.
    pub(super) fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }
}

/// The median of the distances, which a gap does not move.
fn spacing(mut times: Vec<i64>) -> Option<i64> {
    times.sort_unstable();
    times.dedup();
    let mut distances: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    distances.sort_unstable();
    distances.get(distances.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(second: i64, value: f64) -> Sample {
        Sample { at: Timestamp::from_second(second).unwrap(), value: Some(value) }
    }

    #[test]
    fn repeats_disorder_gaps_and_what_is_no_number_are_dealt_with() {
        let start = Timestamp::from_second(1005).unwrap();
        let nothing = Sample { at: Timestamp::from_second(1030).unwrap(), value: None };
        let samples = [
            sample(1025, 4.0),
            sample(1000, 1.0),
            sample(990, 7.0),
            sample(1000, 2.0),
            sample(1005, 1.0),
            nothing,
            sample(1040, f64::NAN),
            sample(1041, f64::INFINITY),
            sample(1050, -3.0),
            sample(1060, 9.0),
        ];
        let sums = Buckets::of(&samples, start, 10, (-1, 6), Fold::Sum);
        let seen: Vec<Option<f64>> = (-2..7).map(|bucket| sums.at(bucket)).collect();
        assert_eq!(seen, [None, Some(7.0), Some(3.0), None, Some(4.0), None, None, None, None]);
        assert_eq!(sums.dropped, Dropped { no_numbers: 2, negative: 1 });
        let means = Buckets::of(&samples, start, 10, (-1, 6), Fold::Mean);
        assert_eq!((means.at(0), means.at(5)), (Some(1.5), Some(-3.0)), "a value may be under zero");
    }

    #[test]
    fn points_far_apart_are_known_by_their_distance() {
        let start = Timestamp::from_second(0).unwrap();
        let minutes: Vec<Sample> = [0, 60, 120, 180, 600, 660].map(|second| sample(second, 1.0)).to_vec();
        assert_eq!(Buckets::of(&minutes, start, 10, (0, 100), Fold::Sum).spacing, Some(60));
        assert_eq!(Buckets::of(&minutes[..1], start, 10, (0, 100), Fold::Sum).spacing, None);
    }
}
