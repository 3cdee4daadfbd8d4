//! What a guard would have done at deploys that were: the judge over recorded history,
//! shown no more at any moment than there was then.

use super::advice::{Advice, advise};
use super::judge::{Judge, Past};
use super::picture::Drawn;
use super::reading::{Judgement, Reading};
use super::section::{BaselineKind, Guard, Mode, Watch};
use super::series::{Sample, Series};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// So many good deploys before are compared with.
const MOST_DEPLOYS: usize = 10;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// When a deploy's steps began, the first one first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moments {
    pub steps: Vec<Timestamp>,
    /// Whether later ones are compared with it.
    pub is_good: bool,
}

/// What a guard would have done at one deploy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replayed {
    pub steps: Vec<Timestamp>,
    /// When the watch would have ended.
    pub until: Timestamp,
    /// What came of it.
    pub advice: Advice,
    /// When.
    pub at: Timestamp,
    /// The reading then.
    pub reading: Reading,
    /// Whether it would have held the deploy for want of data before.
    pub held: bool,
}

impl Replayed {
    /// What stands in its picture; `title` is a sentence on what came of it.
    pub fn drawn(&self, title: &str) -> Drawn {
        let end = match self.advice {
            Advice::Halt => Some("halt"),
            Advice::Ask => Some("ask"),
            Advice::GoOn | Advice::Hold | Advice::HoldAndSay => None,
        };
        Drawn {
            start: self.steps.first().copied().unwrap_or(self.at),
            until: self.until,
            marks: self.steps.iter().enumerate().map(|(nth, at)| (*at, format!("step {}", nth + 1))).collect(),
            end: end.map(|word| (self.at, word)),
            title: title.to_owned(),
        }
    }
}

impl Moments {
    /// None without a step.
    pub fn of(mut steps: Vec<Timestamp>, is_good: bool) -> Option<Self> {
        steps.sort_unstable();
        steps.dedup();
        (!steps.is_empty()).then_some(Self { steps, is_good })
    }

    pub fn start(&self) -> Timestamp {
        self.steps.first().copied().unwrap_or_default()
    }

    /// When the watch ends.
    pub fn until(&self, watch: &Watch) -> Timestamp {
        let last = self.steps.last().copied().unwrap_or_default();
        last + SignedDuration::from_mins(watch.after_minutes.into())
    }
}

/// One guard of `guards` over deploys; what came of them, in the order of time.
pub fn replay(
    guard: &Guard,
    watch: &Watch,
    guards: usize,
    series: &Series,
    rest: Option<&Series>,
    deploys: &[Moments],
) -> Vec<Replayed> {
    let mut ordered: Vec<&Moments> = deploys.iter().collect();
    ordered.sort_by_key(|moments| moments.start());
    let (series, rest) = (in_order(series), rest.map(in_order));
    let of = |nth: usize| {
        let past = past(watch, &series, ordered[nth], &ordered[..nth]);
        one(guard, watch, guards, &series, rest.as_ref(), ordered[nth], &past)
    };
    (0..ordered.len()).map(of).collect()
}

fn in_order(series: &Series) -> Series {
    let ordered = |samples: &[Sample]| {
        let mut samples = samples.to_vec();
        samples.sort_by_key(|sample| sample.at);
        samples
    };
    Series { samples: ordered(&series.samples), trials: ordered(&series.trials) }
}

/// A part of a series in order.
fn part(series: &Series, from: Timestamp, to: Timestamp) -> Series {
    let cut = |samples: &[Sample]| {
        let first = samples.partition_point(|sample| sample.at < from);
        let end = samples.partition_point(|sample| sample.at < to);
        samples.get(first..end).unwrap_or_default().to_vec()
    };
    Series { samples: cut(&series.samples), trials: cut(&series.trials) }
}

fn past(watch: &Watch, series: &Series, moments: &Moments, before: &[&Moments]) -> Vec<Past> {
    let (earlier, long) = (earlier(watch), moments.until(watch).duration_since(moments.start()));
    let window =
        |baseline, start: Timestamp| Past { baseline, start, series: part(series, start - earlier, start + long) };
    let good = before.iter().rev().filter(|deploy| deploy.is_good);
    let starts = good.map(|deploy| deploy.start());
    // One that was still watched is not known to be good.
    let over = starts.filter(|start| *start + long <= moments.start()).take(MOST_DEPLOYS);
    let mut past: Vec<Past> = over.map(|start| window(BaselineKind::Deploys, start)).collect();
    past.push(window(BaselineKind::LastWeek, moments.start() - WEEK));
    past
}

fn earlier(watch: &Watch) -> SignedDuration {
    SignedDuration::from_mins(watch.before_minutes.into())
}

fn one(
    guard: &Guard,
    watch: &Watch,
    guards: usize,
    series: &Series,
    rest: Option<&Series>,
    moments: &Moments,
    past: &[Past],
) -> Replayed {
    let (start, until) = (moments.start(), moments.until(watch));
    let from = start - earlier(watch);
    let judge = Judge::new(guard, watch, guards, start, &part(series, from, start), past);
    let every = SignedDuration::from_secs(guard.resolution_seconds.into());
    let (mut now, mut held) = (start, false);
    loop {
        now = (now + every).min(until);
        let is_over = now >= until;
        let rest = rest.map(|rest| part(rest, from, now));
        // The bucket in which it began begins before it.
        let current = part(series, start - every, now);
        let reading = judge.look(&current, rest.as_ref(), &moments.steps, now);
        let advice = advise(Mode::Halt, watch, &reading, is_over);
        held |= reading.judgement == Judgement::NoData;
        if is_over || advice == Advice::Halt {
            return Replayed { steps: moments.steps.clone(), until, advice, at: now, reading, held };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Made, at, guard, series};
    use super::*;

    #[test]
    fn it_halts_where_errors_rose_and_not_where_a_restart_always_bumps() {
        let mut made = Made::new(11);
        let mut counts = Vec::new();
        let deploys: Vec<Moments> = (1..=12)
            .map(|day| {
                let start = day * 4 * 3600;
                Moments::of(vec![at(start), at(start + 300)], true).unwrap()
            })
            .collect();
        for bucket in 0..12 * 4 * 360 + 360 {
            let since = bucket % (4 * 360);
            let is_bump = bucket >= 4 * 360 && since < 6;
            let is_bad = bucket / (4 * 360) == 12 && since >= 30;
            counts.push(made.poisson(if is_bad {
                40.0
            } else if is_bump {
                20.0
            } else {
                5.0
            }));
        }
        let guard = guard("measures = 'count'\nsettle_seconds = 0");
        let series = series(0, 10, &counts);
        let replayed = replay(&guard, &Watch::default(), 1, &series, None, &deploys);
        let halts: Vec<bool> = replayed.iter().map(|deploy| deploy.advice == Advice::Halt).collect();
        // Nothing is known of restarts until there were three.
        let expected: Vec<bool> = (0..12).map(|nth| nth < 3 || nth == 11).collect();
        assert_eq!(halts, expected);
        let last = &replayed[11];
        let found = last.at.duration_since(last.steps[1]).as_secs();
        assert!((0..=60).contains(&found) && !last.held, "{found}");
        let bad: Vec<Moments> = deploys.iter().map(|deploy| Moments { is_good: false, ..deploy.clone() }).collect();
        let compared = replay(&guard, &Watch::default(), 1, &series, None, &bad);
        assert!(compared.iter().all(|deploy| deploy.advice == Advice::Halt), "nothing good to compare with");
    }

    #[test]
    fn a_series_that_ends_halts_in_time() {
        let guard = guard("measures = 'count'");
        let series = series(-3600, 10, &[5.0; 390]);
        let deploy = [Moments::of(vec![at(0)], true).unwrap()];
        let watch = Watch { after_minutes: 20, ..Watch::default() };
        let replayed = replay(&guard, &watch, 1, &series, None, &deploy);
        assert_eq!((replayed[0].advice, replayed[0].held), (Advice::Halt, true));
        assert_eq!(replayed[0].at, at(300 + 360));
        assert_eq!(Moments::of(Vec::new(), true), None);
    }
}
