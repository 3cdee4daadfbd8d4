//! One way to get worse against one baseline: the evidence of all that was judged, from
//! each moment on since when it may have got worse.

use super::points::{Points, Sight};
use super::reference::Reference;
use super::section::{BaselineKind, Guard, Measure};
use crate::stats::{Against, Exceedance, Paired, Ratios, Side, Stream, dispersion, ln_sum_exp, median, real};

/// A baseline, ready to be compared with.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub kind: BaselineKind,
    side: Side,
    ground: Ground,
}

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
            Self::Rest(points, _) => points.at(bucket).map(|stream| stream.events).filter(|value| *value > 0.0),
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
        let ground = if guard.measures == Measure::Value {
            ranks(guard, sight.side, own, before, None)?
        } else {
            let sum = own.sum(-before, 0);
            let level = level(sum)?;
            let scattered = scattering(own, before);
            Ground::Before { test: Against::new(sum, ratios(guard, sight.side, level), scattered), level }
        };
        Some(Self { kind: BaselineKind::Before, side: sight.side, ground })
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
        let ground = if guard.measures == Measure::Value {
            ranks(guard, side, own, before, Some(other))?
        } else {
            let theirs = other.stream(0);
            let level = level(own.sum(-before, 0)).or_else(|| level(theirs))?;
            Ground::Beside { ratios: ratios(guard, side, level), other, dispersion: scattering(own, before) }
        };
        Some(Self { kind, side, ground })
    }

    /// Over what was judged, in order: buckets with what was in them. `starts` are places in
    /// it with the logarithms of their weights.
    pub(super) fn found(&self, judged: &[(i64, Stream)], starts: &[(usize, f64)]) -> Found {
        match &self.ground {
            Ground::Before { test, level } => {
                let sums = running(judged.iter().map(|(_, stream)| *stream));
                let all = sums.last().copied().unwrap_or_default();
                let of = |start: usize| {
                    let then = sums.get(start).copied().unwrap_or(all);
                    let (events, exposure) = (all.events - then.events, all.exposure - then.exposure);
                    test.ln_evidence(Stream { events, exposure })
                };
                best(starts, of, |_| Some(*level))
            }
            Ground::Beside { ratios, other, dispersion } => {
                let mut paired = Paired::new(ratios.clone());
                let theirs: Vec<Stream> = judged.iter().map(|(bucket, _)| other.stream(*bucket)).collect();
                for ((bucket, ours), theirs) in judged.iter().zip(&theirs) {
                    paired.add(*ours, *theirs, dispersion.max(other.dispersion(*bucket)));
                }
                best(
                    starts,
                    |start| paired.ln_evidence(start),
                    |start| {
                        let sum = super::points::sum(theirs.iter().skip(start).copied());
                        (sum.exposure > 0.0).then(|| sum.events / sum.exposure)
                    },
                )
            }
            Ground::Ranks { test, other, middle, change } => {
                let shape = |bucket| other.as_ref().map_or(Some(1.0), |other| other.shape(bucket));
                let mut sums = vec![([0.0; 3], 0.0)];
                for (bucket, stream) in judged {
                    let (mut over, mut count) = sums.last().copied().unwrap_or_default();
                    if let Some(shape) = shape(*bucket) {
                        let more = test.over(change.taken_off(stream.events, self.side) / shape);
                        over = std::array::from_fn(|level| over[level] + more[level]);
                        count += 1.0;
                    }
                    sums.push((over, count));
                }
                let (all, count) = sums.last().copied().unwrap_or_default();
                let of = |start: usize| {
                    let (then, before) = sums.get(start).copied().unwrap_or((all, count));
                    test.ln_evidence(std::array::from_fn(|level| all[level] - then[level]), count - before)
                };
                best(starts, of, |start| {
                    let shapes: Vec<f64> = judged.iter().skip(start).filter_map(|(bucket, _)| shape(*bucket)).collect();
                    Some(middle * median(&shapes)?)
                })
            }
        }
    }

    /// The evidence that could be there at the most after so much: where even that proves
    /// nothing, nobody can tell.
    pub(super) fn most_ln_evidence(&self, judged: &[(i64, Stream)]) -> f64 {
        let grown = |stream: &Stream| {
            let level = match &self.ground {
                Ground::Before { level, .. } => *level,
                _ => 1.0,
            };
            match self.side {
                Side::Up => Stream { events: (stream.events + level * stream.exposure + 1.0) * 10.0, ..*stream },
                Side::Down => Stream { events: 0.0, ..*stream },
            }
        };
        match &self.ground {
            Ground::Ranks { test, .. } => test.most_ln_evidence(real(judged.len())),
            Ground::Before { .. } | Ground::Beside { .. } => {
                let grown: Vec<(i64, Stream)> =
                    judged.iter().map(|(bucket, stream)| (*bucket, grown(stream))).collect();
                self.found(&grown, &[(0, 0.0)]).ln_evidence
            }
        }
    }
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

fn ranks(guard: &Guard, side: Side, own: &Points, before: i64, other: Option<Other>) -> Option<Ground> {
    let shape = |bucket| other.as_ref().map_or(Some(1.0), |other| other.shape(bucket));
    let relative: Vec<f64> =
        own.present(-before, 0).filter_map(|(bucket, stream)| Some(stream.events / shape(bucket)?)).collect();
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

fn best(starts: &[(usize, f64)], of: impl Fn(usize) -> f64, expected: impl Fn(usize) -> Option<f64>) -> Found {
    let weighed: Vec<(usize, f64)> = starts.iter().map(|(start, weight)| (*start, weight + of(*start))).collect();
    let ln_evidence = ln_sum_exp(weighed.iter().map(|(_, evidence)| *evidence));
    let start = weighed.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(start, _)| *start);
    Found { ln_evidence, start, expected: expected(start) }
}
