//! What other times looked like around the same moments: last week, or earlier deploys.

use super::judge::Past;
use super::points::{Points, Sight, sum};
use super::reading::LeftOut;
use super::section::{BaselineKind, Guard, Measure};
use crate::stats::{Side, Stream, dispersion_between, median, quantile};
use jiff::Timestamp;

/// What is known of our level against theirs is drawn to 1 by so many events: a few events
/// tell no ratio.
const DRAWN: f64 = 20.0;
/// Buckets of a past window, at the most.
const MOST_BUCKETS: i64 = 100_000;
/// The share of deploys that may be worse than what is expected of their beginning.
const RARER: f64 = 0.2;
/// Earlier deploys have to be so many before they say how much deploys differ.
const LEAST_DEPLOYS: usize = 3;

#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub kind: BaselineKind,
    windows: Vec<Window>,
    side: Side,
    /// Of all buckets with numbers in one doubling of time since the beginning: how much
    /// more the windows scatter than counts do.
    dispersions: Vec<f64>,
    /// Buckets of a minute, or one.
    unit: i64,
}

#[derive(Clone, Debug)]
struct Window {
    points: Points,
    /// Our level before over its level before.
    scale: f64,
    /// The middle of its values before, where that is over zero.
    middle: Option<f64>,
    end: i64,
}

impl Reference {
    /// `before` buckets of each are compared with ours.
    pub(super) fn of(
        guard: &Guard,
        sight: Sight,
        kind: BaselineKind,
        past: &[Past],
        before: i64,
        own: &Points,
    ) -> Result<Self, LeftOut> {
        let mut wrong = LeftOut::TooFewPoints;
        let windows: Vec<Window> = past
            .iter()
            .filter(|past| past.baseline == kind)
            .filter_map(|past| Window::of(guard, sight, past, before, own).map_err(|why| wrong = why).ok())
            .collect();
        if windows.is_empty() {
            return Err(wrong);
        }
        if kind == BaselineKind::Deploys && windows.len() < LEAST_DEPLOYS {
            return Err(LeftOut::TooFewDeploys);
        }
        let unit = (60 / i64::from(guard.resolution_seconds)).max(1);
        let mut reference = Self { kind, windows, side: sight.side, dispersions: Vec::new(), unit };
        if guard.measures != Measure::Value {
            reference.dispersions = reference.dispersions();
        }
        Ok(reference)
    }

    /// Their events at one moment, and from how much of our exposure these would come.
    pub(super) fn at(&self, bucket: i64) -> Stream {
        sum(self.windows.iter().filter_map(|window| window.scaled(bucket..bucket + 1)))
    }

    /// How much more they scatter around a moment than independent events.
    pub(super) fn dispersion(&self, bucket: i64) -> f64 {
        let last = self.dispersions.last().copied().unwrap_or(1.0);
        self.dispersions.get(self.doubling(bucket)).copied().unwrap_or(last)
    }

    /// The value at a moment relative to that before: of several, one of the worse, so that
    /// what some deploys have at their beginning is expected.
    pub(super) fn shape(&self, bucket: i64) -> Option<f64> {
        let shapes: Vec<f64> =
            self.windows.iter().filter_map(|window| Some(window.points.at(bucket)?.each()? / window.middle?)).collect();
        let share = if self.side == Side::Up { 1.0 - RARER } else { RARER };
        quantile(&shapes, share).filter(|shape| *shape > 0.0)
    }

    /// What a restart does is over soon: the first minute is looked at by itself, then two
    /// together, then four.
    fn doubling(&self, bucket: i64) -> usize {
        let minutes = u64::try_from(bucket / self.unit).unwrap_or(0);
        usize::try_from((minutes + 1).ilog2()).unwrap_or(0)
    }

    fn dispersions(&self) -> Vec<f64> {
        let end = self.windows.iter().map(|window| window.end).max().unwrap_or(0);
        let mut found = Vec::new();
        let mut from = 0;
        while from < end {
            // 0, 1, 3, 7, … minutes.
            let to = from * 2 + self.unit;
            let sums: Vec<(f64, f64)> = self
                .windows
                .iter()
                .filter_map(|window| window.scaled(from..to))
                .map(|stream| (stream.events, stream.exposure))
                .collect();
            found.push(dispersion_between(&sums).unwrap_or(1.0));
            from = to;
        }
        found
    }
}

impl Window {
    fn of(guard: &Guard, sight: Sight, past: &Past, before: i64, own: &Points) -> Result<Self, LeftOut> {
        let seconds = i64::from(guard.resolution_seconds);
        let last = past.series.samples.iter().chain(&past.series.trials).map(|sample| sample.at).max();
        let length = last.map_or(0, |last: Timestamp| (last.as_second() - past.start.as_second()) / seconds + 2);
        let end = length.clamp(0, MOST_BUCKETS);
        let points = Points::of(guard, sight, &past.series, past.start, (-before, end));
        if points.spacing.is_some_and(|apart| apart > seconds) {
            return Err(LeftOut::Coarser);
        }
        let earlier: Vec<f64> = points.present(-before, 0).filter_map(|(_, stream)| stream.each()).collect();
        let least = usize::try_from(super::LEAST_BUCKETS).unwrap_or(usize::MAX);
        // Where gaps are zeros, a time of which the server knows nothing looks like a good one.
        if points.is_empty || earlier.len() < least || points.present(0, end).next().is_none() {
            return Err(LeftOut::TooFewPoints);
        }
        let middle = median(&earlier).filter(|middle| *middle > 0.0);
        if guard.measures == Measure::Value && middle.is_none() {
            return Err(LeftOut::NoLevel);
        }
        let scale = relative(own.sum(-before, 0), points.sum(-before, 0));
        Ok(Self { points, scale, middle, end })
    }

    fn scaled(&self, buckets: std::ops::Range<i64>) -> Option<Stream> {
        let sum = self.points.sum(buckets.start, buckets.end);
        (sum.exposure > 0.0).then(|| Stream { events: sum.events, exposure: sum.exposure / self.scale })
    }
}

fn relative(ours: Stream, theirs: Stream) -> f64 {
    if ours.exposure <= 0.0 || theirs.exposure <= 0.0 {
        return 1.0;
    }
    (ours.events * theirs.exposure / ours.exposure + DRAWN) / (theirs.events + DRAWN)
}
