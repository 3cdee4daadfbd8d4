//! The judge: what was before a deploy, and at any time since, what came of it.

use super::points::{Points, Sight, sights, sum};
use super::reading::{Doubt, Judgement, LeftOut, Reading, Remark, Versus};
use super::reference::Reference;
use super::section::{BaselineKind, Guard, Measure, Watch};
use super::series::{Series, floor};
use super::starts::starts;
use super::track::{Found, Track};
use crate::stats::{Stream, ln_mean_exp, median};
use jiff::Timestamp;

/// Fewer judged buckets tell nothing.
const LEAST_JUDGED: usize = 6;
/// From so much evidence on it is likelier that it got worse than that it did not: not
/// proven, and not to be taken for fine.
const LOOKS_WORSE: f64 = 1.0;
/// Without points for so long, there is no data; at least three buckets.
const PATIENCE_SECONDS: i64 = 60;
/// More evidence is not told apart.
const MOST_LN_EVIDENCE: f64 = 100.0;

/// An earlier time that a deploy is compared with: its points from as long before its
/// `start` as [`Watch::before_minutes`] to as long after as the deploy may take.
#[derive(Clone, Debug)]
pub struct Past {
    /// [`BaselineKind::LastWeek`] or [`BaselineKind::Deploys`].
    pub baseline: BaselineKind,
    /// When that deploy began, or a week before this one did.
    pub start: Timestamp,
    pub series: Series,
}

/// One guard at one deploy.
#[derive(Clone, Debug)]
pub struct Judge {
    guard: Guard,
    start: Timestamp,
    before: i64,
    share: f64,
    views: Vec<View>,
    remarks: Vec<Remark>,
    /// Before the deploy there was not one point.
    is_new: bool,
}

#[derive(Clone, Debug)]
struct View {
    sight: Sight,
    own: Points,
    tracks: Vec<Track>,
}

impl Judge {
    /// For a deploy that began at `start`, with what this guard's series was before, and
    /// `guards` guards in all. `past` may have windows that the guard does not ask for.
    pub fn new(guard: &Guard, watch: &Watch, guards: usize, start: Timestamp, before: &Series, past: &[Past]) -> Self {
        let buckets = i64::from(watch.before_minutes) * 60 / i64::from(guard.resolution_seconds);
        let mut remarks = Vec::new();
        let mut views = Vec::new();
        for sight in sights(guard) {
            let own = Points::of(guard, sight, before, start, (-buckets, 0));
            let mut tracks = Vec::new();
            for kind in guard.baselines.iter().copied().filter(|kind| *kind != BaselineKind::Rest) {
                let track = match kind {
                    BaselineKind::Before => Track::before(guard, sight, &own, buckets).ok_or(LeftOut::TooFewPoints),
                    kind => Reference::of(guard, sight, kind, past, buckets, &own).and_then(|reference| {
                        Track::reference(guard, sight, &own, buckets, reference).ok_or(LeftOut::TooFewPoints)
                    }),
                };
                match track {
                    Ok(track) => tracks.push(track),
                    Err(because) => note(&mut remarks, Remark::Without { baseline: kind, because }),
                }
            }
            own.remarks.iter().cloned().for_each(|remark| note(&mut remarks, remark));
            views.push(View { sight, own, tracks });
        }
        let is_new = views.first().is_none_or(|view| view.own.is_empty);
        let share = Guard::share(watch.false_halts, guards);
        Self { guard: guard.clone(), start, before: buckets, share, views, remarks, is_new }
    }

    /// What is to be said at `now`, with the points since the beginning of the bucket in which
    /// the deploy began, those of `rest` from before on where the guard has such, and when the
    /// steps began. Only buckets that
    /// are over count. May be asked at any time and any number of times.
    pub fn look(&self, current: &Series, rest: Option<&Series>, steps: &[Timestamp], now: Timestamp) -> Reading {
        let time = self.time(steps, now);
        let mut reading = self.blank(now);
        let mut seen: Vec<Seen> = Vec::new();
        for view in &self.views {
            let points = Points::of(&self.guard, view.sight, current, self.start, (0, time.end));
            points.remarks.iter().cloned().for_each(|remark| note(&mut reading.remarks, remark));
            reading.no_data_since = reading.no_data_since.or(self.no_data_since(&points, &time));
            seen.push(self.seen(view, &points, rest, &time, &mut reading.remarks));
        }
        self.conclude(&mut reading, &seen, &time);
        reading
    }

    fn blank(&self, now: Timestamp) -> Reading {
        Reading {
            guard: self.guard.name.clone(),
            at: now,
            judgement: Judgement::Fine,
            evidence: 0.0,
            needed: 1.0 / self.share,
            observed: None,
            expected: None,
            since: None,
            no_data_since: None,
            versus: Vec::new(),
            remarks: self.remarks.clone(),
        }
    }

    fn seconds(&self) -> i64 {
        i64::from(self.guard.resolution_seconds)
    }

    fn time(&self, steps: &[Timestamp], now: Timestamp) -> Time {
        let (seconds, settle) = (self.seconds(), i64::from(self.guard.settle_seconds));
        let zero = floor(self.start, seconds);
        let end = (now.as_second() - zero).div_euclid(seconds).max(0);
        let bucket_of = |second: i64| (second - zero).div_euclid(seconds);
        let mut begun: Vec<i64> = steps.iter().filter(|at| **at <= now).map(|at| at.as_second()).collect();
        begun.sort_unstable();
        // A bucket counts again once it begins after the settle time.
        let settles: Vec<(i64, i64)> =
            begun.iter().map(|at| (bucket_of(*at), bucket_of(at + settle + seconds - 1))).collect();
        let is_open = |bucket: &i64| settles.iter().all(|(from, to)| bucket < from || bucket >= to);
        Time { zero, end, open: (0..end).filter(is_open).collect(), steps: settles.iter().map(|step| step.0).collect() }
    }

    fn instant(&self, time: &Time, bucket: i64) -> Timestamp {
        Timestamp::from_second(time.zero + bucket * self.seconds()).unwrap_or(self.start)
    }

    /// Where the points of late are missing, the moment from which on; where most are, the
    /// beginning.
    fn no_data_since(&self, points: &Points, time: &Time) -> Option<Timestamp> {
        let patience = (PATIENCE_SECONDS / self.seconds()).max(3);
        let nothing_ever = self.is_new && points.is_empty && time.end >= patience;
        let last = points.present(0, time.end).map(|(bucket, _)| bucket).last();
        let missing_from = last.map_or(0, |last| last + 1);
        if nothing_ever || time.end - missing_from >= patience {
            let from = if nothing_ever { 0 } else { missing_from };
            return Some(self.instant(time, from));
        }
        let present: Vec<Stream> = time.open.iter().filter_map(|bucket| points.at(*bucket)).collect();
        let is_thin = present.len() * 2 < time.open.len();
        let is_idle = sum(present.iter().copied()).exposure <= 0.0;
        let is_long = i64::try_from(time.open.len()).is_ok_and(|open| open >= patience);
        (is_long && (is_thin || is_idle)).then(|| self.instant(time, 0))
    }

    fn seen(
        &self,
        view: &View,
        points: &Points,
        rest: Option<&Series>,
        time: &Time,
        remarks: &mut Vec<Remark>,
    ) -> Seen {
        let judged: Vec<(i64, Stream)> =
            time.open.iter().filter_map(|bucket| Some((*bucket, points.at(*bucket)?))).collect();
        let steps: Vec<usize> =
            time.steps.iter().map(|step| judged.partition_point(|(bucket, _)| bucket < step)).collect();
        let starts = starts(&steps, judged.len());
        let beside = self.guard.rest.as_ref().and(rest).and_then(|rest| {
            let rest = Points::of(&self.guard, view.sight, rest, self.start, (-self.before, time.end));
            Track::rest(&self.guard, view.sight, &view.own, rest, self.before)
        });
        if self.guard.rest.is_some() && beside.is_none() {
            note(remarks, Remark::Without { baseline: BaselineKind::Rest, because: LeftOut::TooFewPoints });
        }
        let tracks: Vec<&Track> = view.tracks.iter().chain(&beside).collect();
        let proof = (1.0 / self.share).ln();
        let can_tell = tracks.iter().all(|track| track.most_ln_evidence(&judged) >= proof);
        let found = tracks.into_iter().map(|track| (track.kind, track.found(&judged, &starts))).collect();
        Seen { judged, found, can_tell }
    }

    fn conclude(&self, reading: &mut Reading, seen: &[Seen], time: &Time) {
        if seen.iter().all(|seen| seen.found.is_empty()) {
            reading.judgement = Judgement::NoData;
            reading.no_data_since = Some(self.start);
            return;
        }
        let ln_evidence = ln_mean_exp(seen.iter().map(Seen::ln_evidence).collect::<Vec<_>>().into_iter());
        reading.evidence = shown(ln_evidence);
        if let Some(worst) = seen.iter().max_by(|a, b| a.ln_evidence().total_cmp(&b.ln_evidence())) {
            self.describe(reading, worst, time);
        }
        let is_short = seen.iter().any(|seen| seen.judged.len() < LEAST_JUDGED);
        reading.judgement = match reading.no_data_since {
            _ if reading.evidence >= reading.needed => Judgement::Worse,
            Some(_) => Judgement::NoData,
            None if is_short => Judgement::CannotTell(Doubt::TooSoon),
            None if reading.evidence >= LOOKS_WORSE => Judgement::CannotTell(Doubt::LooksWorse),
            None if seen.iter().any(|seen| !seen.can_tell) => Judgement::CannotTell(Doubt::Baseline),
            None => Judgement::Fine,
        };
    }

    fn describe(&self, reading: &mut Reading, worst: &Seen, time: &Time) {
        reading.versus = worst
            .found
            .iter()
            .map(|(baseline, found)| Versus {
                baseline: *baseline,
                evidence: shown(found.ln_evidence),
                expected: found.expected,
            })
            .collect();
        let Some((_, nearest)) = worst.nearest() else { return };
        let since = worst.judged.get(nearest.start..).unwrap_or_default();
        reading.expected = nearest.expected;
        reading.since = since.first().map(|(bucket, _)| self.instant(time, *bucket));
        reading.observed = if self.guard.measures == Measure::Value {
            median(&since.iter().map(|(_, stream)| stream.events).collect::<Vec<_>>())
        } else {
            let sum = sum(since.iter().map(|(_, stream)| *stream));
            (sum.exposure > 0.0).then(|| sum.events / sum.exposure)
        };
    }
}

/// Which buckets are judged.
struct Time {
    /// The second at which bucket 0 begins.
    zero: i64,
    /// The first that is not over.
    end: i64,
    open: Vec<i64>,
    /// In which steps began.
    steps: Vec<i64>,
}

/// What one view came to.
struct Seen {
    judged: Vec<(i64, Stream)>,
    found: Vec<(BaselineKind, Found)>,
    can_tell: bool,
}

impl Seen {
    /// The baseline that it differs from the least: it got worse only where it is worse
    /// than all. The smallest of several e-processes is one if any of their null
    /// hypotheses holds.
    fn nearest(&self) -> Option<&(BaselineKind, Found)> {
        self.found.iter().min_by(|a, b| a.1.ln_evidence.total_cmp(&b.1.ln_evidence))
    }

    fn ln_evidence(&self) -> f64 {
        self.nearest().map_or(f64::NEG_INFINITY, |(_, found)| found.ln_evidence)
    }
}

fn shown(ln_evidence: f64) -> f64 {
    ln_evidence.min(MOST_LN_EVIDENCE).exp()
}

fn note(remarks: &mut Vec<Remark>, remark: Remark) {
    if !remarks.contains(&remark) {
        remarks.push(remark);
    }
}
