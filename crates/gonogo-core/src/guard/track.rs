//! One way to get worse against one baseline: the evidence of all that was judged, from
//! each moment on since when it may have got worse.

use super::points::{Points, Sight};
use super::reference::Reference;
use super::section::{BaselineKind, Guard, Measure};
use crate::stats::{
    Against, Exceedance, Paired, Ratios, Side, Stream, dispersion, dispersion_beside, ln_mean_exp, ln_sum_exp, median,
    real,
};

/// A baseline, ready to be compared with.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub kind: BaselineKind,
    side: Side,
    /// Tests of the same question; their evidence is averaged. Counts are tested by their
    /// distribution and, where there are enough, by rank: bursts make the first careful.
    grounds: Vec<Ground>,
}

/// Counts of so many a bucket have ranks that tell something.
const RANKED: f64 = 5.0;

#[derive(Clone, Debug)]
enum Ground {
    Before { test: Against, level: f64 },
    Beside { ratios: Ratios, other: Other, dispersion: f64 },
    Ranks { test: Exceedance, other: Option<Other>, middle: f64, change: Change },
}

/// Who ran at the same time, or at the same time of other days.
#[derive(Clone, Debug)]
enum Other {
    Reference(Reference),
    /// With our level over theirs.
    Rest(Points, f64),
}

/// The smallest change of a value that matters.
#[derive(Clone, Copy, Debug)]
struct Change {
    effect: f64,
    least: f64,
}

/// What came out from one moment on.
pub(super) struct Found {
    /// The logarithm of the evidence over all starts.
    pub ln_evidence: f64,
    /// Which start has most of it.
    pub start: usize,
    pub expected: Option<f64>,
}

impl Other {
    fn stream(&self, bucket: i64) -> Stream {
        match self {
            Self::Reference(reference) => reference.at(bucket),
            Self::Rest(points, scale) => points.at(bucket).map_or(Stream::default(), |stream| Stream {
                events: stream.events,
                exposure: stream.exposure / scale,
            }),
        }
    }

    fn dispersion(&self, bucket: i64) -> f64 {
        match self {
            Self::Reference(reference) => reference.dispersion(bucket),
            Self::Rest(..) => 1.0,
        }
    }

    fn shape(&self, bucket: i64) -> Option<f64> {
        match self {
            Self::Reference(reference) => reference.shape(bucket),
            Self::Rest(points, _) => points.at(bucket).and_then(Stream::each).filter(|value| *value > 0.0),
        }
    }
}

impl Change {
    /// A value as it would be had it changed by the smallest change that matters, turned so
    /// that larger is worse.
    fn taken_off(self, value: f64, side: Side) -> f64 {
        let relative = match side {
            Side::Up => value.abs() * self.effect / (1.0 + self.effect),
            Side::Down => value.abs() * self.effect / (1.0 - self.effect),
        };
        let change = relative.max(self.least);
        if side == Side::Up { value - change } else { -(value + change) }
    }
}

impl Track {
    /// Against the `before` buckets before the deploy; none where these are too few.
    pub(super) fn before(guard: &Guard, sight: Sight, own: &Points, before: i64) -> Option<Self> {
        let present: Vec<Stream> = own.present(-before, 0).map(|(_, stream)| stream).collect();
        if present.len() < usize::try_from(super::LEAST_BUCKETS).unwrap_or(usize::MAX) {
            return None;
        }
        let ranks = ranks(guard, sight.side, own, before, None);
        let grounds = if guard.measures == Measure::Value {
            vec![ranks?]
        } else {
            let sum = own.sum(-before, 0);
            let level = level(sum)?;
            let test = Against::new(sum, ratios(guard, sight.side, level), scattering(own, before));
            with_ranks(Ground::Before { test, level }, ranks)
        };
        Some(Self { kind: BaselineKind::Before, side: sight.side, grounds })
    }

    pub(super) fn reference(
        guard: &Guard,
        sight: Sight,
        own: &Points,
        before: i64,
        reference: Reference,
    ) -> Option<Self> {
        let kind = reference.kind;
        let other = Other::Reference(reference);
        Self::beside(guard, sight, own, before, kind, other)
    }

    /// Against hosts that are not deployed to; none where there is too little of both
    /// before.
    pub(super) fn rest(guard: &Guard, sight: Sight, own: &Points, rest: Points, before: i64) -> Option<Self> {
        let both = own.present(-before, 0).filter(|(bucket, _)| rest.at(*bucket).is_some()).count();
        if both < usize::try_from(super::LEAST_BUCKETS).unwrap_or(usize::MAX) {
            return None;
        }
        // As far over ours as chance may have it: two standard deviations of the ratio.
        let (ours, theirs) = (own.sum(-before, 0), rest.sum(-before, 0));
        let ratio = (level(ours)?, level(theirs)?);
        let scatter = scattering(own, before);
        let doubt = 2.0 * (scatter / (ours.events.abs() + 1.0) + scatter / (theirs.events.abs() + 1.0)).sqrt();
        let scale = ratio.0 / ratio.1 * if sight.side == Side::Up { doubt.exp() } else { (-doubt).exp() };
        Self::beside(guard, sight, own, before, BaselineKind::Rest, Other::Rest(rest, scale))
    }

    fn beside(
        guard: &Guard,
        sight: Sight,
        own: &Points,
        before: i64,
        kind: BaselineKind,
        other: Other,
    ) -> Option<Self> {
        let side = sight.side;
        let grounds = if guard.measures == Measure::Value {
            vec![ranks(guard, side, own, before, Some(other))?]
        } else {
            let level = level(own.sum(-before, 0)).or_else(|| level(other.stream(0)))?;
            let both: Vec<(Stream, Stream)> =
                own.present(-before, 0).map(|(bucket, ours)| (ours, other.stream(bucket))).collect();
            let dispersion = dispersion_beside(&both);
            let ranks = ranks(guard, side, own, before, Some(other.clone()));
            with_ranks(Ground::Beside { ratios: ratios(guard, side, level), other, dispersion }, ranks)
        };
        Some(Self { kind, side, grounds })
    }

    /// Over what was judged, in order: buckets with what was in them. `starts` are places in
    /// it with the logarithms of their weights.
    pub(super) fn found(&self, judged: &[(i64, Stream)], starts: &[(usize, f64)]) -> Found {
        let seen: Vec<Seen> = self.grounds.iter().map(|ground| ground.seen(self.side, judged)).collect();
        let evidence = |start: usize| {
            let each: Vec<f64> = seen.iter().map(|seen| seen.ln_evidence(start)).collect();
            ln_mean_exp(each.into_iter())
        };
        let weighed: Vec<(usize, f64)> =
            starts.iter().map(|(start, weight)| (*start, weight + evidence(*start))).collect();
        let ln_evidence = ln_sum_exp(weighed.iter().map(|(_, evidence)| *evidence));
        let start = weighed.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(start, _)| *start);
        Found { ln_evidence, start, expected: seen.first().and_then(|seen| seen.expected(start)) }
    }

    /// The evidence that could be there at the most after so much: where even that proves
    /// nothing, nobody can tell.
    pub(super) fn most_ln_evidence(&self, judged: &[(i64, Stream)]) -> f64 {
        let each: Vec<f64> = self.grounds.iter().map(|ground| ground.most_ln_evidence(self.side, judged)).collect();
        ln_mean_exp(each.into_iter())
    }
}

impl Ground {
    fn seen<'a>(&'a self, side: Side, judged: &[(i64, Stream)]) -> Seen<'a> {
        match self {
            Self::Before { test, level } => {
                Seen::Before { test, level: *level, sums: running(judged.iter().map(|(_, stream)| *stream)) }
            }
            Self::Beside { ratios, other, dispersion } => {
                let mut paired = Paired::new(ratios.clone());
                let theirs: Vec<Stream> = judged.iter().map(|(bucket, _)| other.stream(*bucket)).collect();
                for ((bucket, ours), theirs) in judged.iter().zip(&theirs) {
                    paired.add(*ours, *theirs, dispersion.max(other.dispersion(*bucket)));
                }
                Seen::Beside { paired, theirs }
            }
            Self::Ranks { test, other, middle, change } => {
                let mut sums = vec![([0.0; 3], 0.0)];
                let mut shapes = Vec::new();
                for (bucket, stream) in judged {
                    let (mut over, mut count) = sums.last().copied().unwrap_or_default();
                    let shape = shape(other.as_ref(), *bucket);
                    if let (Some(shape), Some(value)) = (shape, stream.each()) {
                        let more = test.over(change.taken_off(value, side) / shape);
                        over = std::array::from_fn(|level| over[level] + more[level]);
                        count += 1.0;
                    }
                    shapes.push(shape);
                    sums.push((over, count));
                }
                Seen::Ranks { test, sums, middle: *middle, shapes }
            }
        }
    }

    fn most_ln_evidence(&self, side: Side, judged: &[(i64, Stream)]) -> f64 {
        let grown = |stream: &Stream| {
            let level = match self {
                Self::Before { level, .. } => *level,
                _ => 1.0,
            };
            match side {
                Side::Up => Stream { events: (stream.events + level * stream.exposure + 1.0) * 10.0, ..*stream },
                Side::Down => Stream { events: 0.0, ..*stream },
            }
        };
        match self {
            Self::Ranks { test, .. } => test.most_ln_evidence(real(judged.len())),
            Self::Before { .. } | Self::Beside { .. } => {
                let grown: Vec<(i64, Stream)> =
                    judged.iter().map(|(bucket, stream)| (*bucket, grown(stream))).collect();
                self.seen(side, &grown).ln_evidence(0)
            }
        }
    }
}

/// A test that has seen what was judged, summed so that any stretch up to now is quick.
enum Seen<'a> {
    Before { test: &'a Against, level: f64, sums: Vec<Stream> },
    Beside { paired: Paired, theirs: Vec<Stream> },
    Ranks { test: &'a Exceedance, sums: Vec<([f64; 3], f64)>, middle: f64, shapes: Vec<Option<f64>> },
}

impl Seen<'_> {
    /// From one place on.
    fn ln_evidence(&self, start: usize) -> f64 {
        match self {
            Self::Before { test, sums, .. } => {
                let all = sums.last().copied().unwrap_or_default();
                let then = sums.get(start).copied().unwrap_or(all);
                let (events, exposure) = (all.events - then.events, all.exposure - then.exposure);
                test.ln_evidence(Stream { events, exposure })
            }
            Self::Beside { paired, .. } => paired.ln_evidence(start),
            Self::Ranks { test, sums, .. } => {
                let (all, count) = sums.last().copied().unwrap_or_default();
                let (then, before) = sums.get(start).copied().unwrap_or((all, count));
                test.ln_evidence(std::array::from_fn(|level| all[level] - then[level]), count - before)
            }
        }
    }

    /// What the baseline has in place of it.
    fn expected(&self, start: usize) -> Option<f64> {
        match self {
            Self::Before { level, .. } => Some(*level),
            Self::Beside { theirs, .. } => super::points::sum(theirs.iter().skip(start).copied()).each(),
            Self::Ranks { middle, shapes, .. } => {
                let since: Vec<f64> = shapes.iter().skip(start).copied().flatten().collect();
                Some(middle * median(&since)?)
            }
        }
    }
}

/// Without another, all moments are alike.
fn shape(other: Option<&Other>, bucket: i64) -> Option<f64> {
    other.map_or(Some(1.0), |other| other.shape(bucket))
}

fn with_ranks(by_distribution: Ground, ranks: Option<Ground>) -> Vec<Ground> {
    std::iter::once(by_distribution).chain(ranks).collect()
}

/// Events for each exposure; one event more, since none seen is not none.
fn level(sum: Stream) -> Option<f64> {
    (sum.exposure > 0.0).then(|| (sum.events + 1.0) / sum.exposure)
}

fn scattering(own: &Points, before: i64) -> f64 {
    let points: Vec<(f64, f64)> = own.present(-before, 0).map(|(_, stream)| (stream.events, stream.exposure)).collect();
    dispersion(&points)
}

/// The smallest change that matters is both: so much of the baseline, and so much.
fn ratios(guard: &Guard, side: Side, level: f64) -> Ratios {
    let least = guard.least / level;
    Ratios::new(
        side,
        match side {
            Side::Up => (1.0 + guard.effect).max(1.0 + least),
            Side::Down => (1.0 - guard.effect).min(1.0 - least).max(1e-3),
        },
    )
}

/// By rank; none with too few values, or counts too small to have ranks.
fn ranks(guard: &Guard, side: Side, own: &Points, before: i64, other: Option<Other>) -> Option<Ground> {
    let sum = own.sum(-before, 0);
    let moments = real(own.present(-before, 0).count());
    if guard.measures != Measure::Value && sum.events < RANKED * moments {
        return None;
    }
    let relative: Vec<f64> = own
        .present(-before, 0)
        .filter_map(|(bucket, stream)| Some(stream.each()? / shape(other.as_ref(), bucket)?))
        .collect();
    if relative.len() < usize::try_from(super::LEAST_BUCKETS).unwrap_or(usize::MAX) {
        return None;
    }
    let middle = median(&relative)?;
    let turned: Vec<f64> = match side {
        Side::Up => relative,
        Side::Down => relative.into_iter().map(|value| -value).collect(),
    };
    let change = Change { effect: guard.effect, least: guard.least };
    Some(Ground::Ranks { test: Exceedance::new(&turned)?, other, middle, change })
}

/// Sums up to each place, from none on.
fn running(streams: impl Iterator<Item = Stream>) -> Vec<Stream> {
    let mut sums = vec![Stream::default()];
    for stream in streams {
        let last = sums.last().copied().unwrap_or_default();
        sums.push(Stream { events: last.events + stream.events, exposure: last.exposure + stream.exposure });
    }
    sums
}
