//! A guard's series as moments that can be compared: one a bucket.

use super::reading::Remark;
use super::section::{Direction, Gaps, Guard, Measure};
use super::series::{Buckets, Fold, Series};
use crate::stats::{Side, Stream};
use jiff::Timestamp;

/// One way in which a metric can get worse: a guard of both directions looks twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    /// Of a rate, the trials that are no events are counted: that fewer succeed is seen in
    /// those that fail.
    pub failures: bool,
    pub side: Side,
}

pub(super) fn sights(guard: &Guard) -> Vec<Sight> {
    let up = Sight { failures: false, side: Side::Up };
    let down = match guard.measures {
        Measure::Rate => Sight { failures: true, side: Side::Up },
        Measure::Count | Measure::Value => Sight { failures: false, side: Side::Down },
    };
    match guard.direction {
        Direction::Up => vec![up],
        Direction::Down => vec![down],
        Direction::Both => vec![up, down],
    }
}

/// Of a value, `events` is the value and `exposure` is 1.
#[derive(Clone, Debug)]
pub(super) struct Points {
    first: i64,
    moments: Vec<Option<Stream>>,
    pub remarks: Vec<Remark>,
    /// No point at all was there, gaps or not.
    pub is_empty: bool,
    pub spacing: Option<i64>,
}

impl Points {
    pub(super) fn of(guard: &Guard, sight: Sight, series: &Series, start: Timestamp, range: (i64, i64)) -> Self {
        let seconds = i64::from(guard.resolution_seconds);
        let fold = if guard.measures == Measure::Value { Fold::Mean } else { Fold::Sum };
        let buckets = Buckets::of(&series.samples, start, seconds, range, fold);
        let trials =
            (guard.measures == Measure::Rate).then(|| Buckets::of(&series.trials, start, seconds, range, Fold::Sum));
        let mut more_than_all = 0;
        let moment = |bucket: i64| {
            let found = buckets.at(bucket).or((guard.gaps == Gaps::Zero).then_some(0.0));
            let Some(trials) = &trials else {
                return Some(Stream { events: found?, exposure: 1.0 });
            };
            let (events, exposure) = (found?, trials.at(bucket)?);
            if events > exposure {
                more_than_all += 1;
                return None;
            }
            Some(Stream { events: if sight.failures { exposure - events } else { events }, exposure })
        };
        let moments: Vec<Option<Stream>> = (range.0..range.1).map(moment).collect();
        let of_trials = trials.as_ref().map(|trials| trials.dropped).unwrap_or_default();
        let no_numbers = buckets.dropped.no_numbers + of_trials.no_numbers;
        let negative = buckets.dropped.negative + of_trials.negative;
        let mut remarks = Vec::new();
        if no_numbers + negative > 0 {
            remarks.push(Remark::Dropped { no_numbers, negative });
        }
        if more_than_all > 0 {
            remarks.push(Remark::MoreThanAll { buckets: more_than_all });
        }
        // Where gaps are zeros, what was never counted has no series: trials prove that it was.
        let is_empty = match (&trials, guard.gaps) {
            (Some(trials), Gaps::Zero) => trials.is_empty(),
            _ => buckets.is_empty(),
        };
        // Where gaps are zeros, points are far apart for that.
        let spacing = match (&trials, guard.gaps) {
            (Some(trials), _) => trials.spacing,
            (None, Gaps::Missing) => buckets.spacing,
            (None, Gaps::Zero) => None,
        };
        if let Some(apart) = spacing.filter(|apart| *apart > seconds) {
            remarks.push(Remark::Spacing { seconds: apart });
        }
        Self { first: range.0, moments, remarks, is_empty, spacing }
    }

    pub(super) fn at(&self, bucket: i64) -> Option<Stream> {
        *self.moments.get(usize::try_from(bucket - self.first).ok()?)?
    }

    /// Those of buckets from `from` up to, not including, `to`, that are there.
    pub(super) fn present(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, Stream)> + '_ {
        (from..to).filter_map(|bucket| Some((bucket, self.at(bucket)?)))
    }

    pub(super) fn sum(&self, from: i64, to: i64) -> Stream {
        sum(self.present(from, to).map(|(_, stream)| stream))
    }
}

pub(super) fn sum(streams: impl Iterator<Item = Stream>) -> Stream {
    streams.fold(Stream::default(), |sum, stream| Stream {
        events: sum.events + stream.events,
        exposure: sum.exposure + stream.exposure,
    })
}
