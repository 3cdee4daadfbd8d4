//! The judge's promises, and what a peer's judge gets wrong.

use super::*;
use jiff::Timestamp;

mod peers;
mod promises;

/// A whole minute.
pub(super) const START: i64 = 1_700_000_040;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

/// A guard of one key a line, read as a policy is.
pub(super) fn guard(keys: &str) -> Guard {
    let text = format!(
        "[deploy.metrics]\ngraphite = 'https://graphite.example.com'\n[[deploy.guards]]\nname = 'g'\nfrom = 'graphite'\nquery = 'q'\n{keys}"
    );
    let policy = crate::policy::Policy::parse(crate::policy::Source::new("gonogo.toml", text)).unwrap();
    policy.sections.deploy.guards[0].clone()
}

/// Values that are `seconds` apart, the first at `from`; none where it is NaN.
pub(super) fn series(from: i64, seconds: i64, values: &[f64]) -> Series {
    let samples = values.iter().enumerate().map(|(nth, value)| {
        let nth = i64::try_from(nth).unwrap();
        Sample { at: at(from + nth * seconds), value: Some(*value).filter(|value| !value.is_nan()) }
    });
    Series { samples: samples.collect(), trials: Vec::new() }
}

/// `before` up to the deploy, then `after`, looked at once all of it is there.
pub(super) fn judged(guard: &Guard, before: &[f64], after: &[f64]) -> Reading {
    let seconds = i64::from(guard.resolution_seconds);
    let length = |values: &[f64]| i64::try_from(values.len()).unwrap() * seconds;
    let watch = Watch { before_minutes: 4 * 60, ..Watch::default() };
    let earlier = series(-length(before), seconds, before);
    let judge = Judge::new(guard, &watch, 1, at(0), &earlier, &[]);
    judge.look(&series(0, seconds, after), None, &[at(0)], at(length(after)))
}

pub(super) fn repeated(values: &[f64], times: usize) -> Vec<f64> {
    values.iter().copied().cycle().take(values.len() * times).collect()
}

/// Poisson counts, the same in every run.
pub(super) struct Made(u64);

impl Made {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    /// Over 0, under 1.
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (f64::from(u32::try_from(self.0 >> 33).unwrap()) + 0.5) / f64::from(1_u32 << 31)
    }

    /// By the waiting times between events.
    pub(super) fn poisson(&mut self, mean: f64) -> f64 {
        let (mut events, mut waited) = (0.0, -self.uniform().ln());
        while waited < mean {
            events += 1.0;
            waited -= self.uniform().ln();
        }
        events
    }

    pub(super) fn shuffled(&mut self, values: &[f64]) -> Vec<f64> {
        let mut drawn: Vec<(f64, f64)> = values.iter().map(|value| (self.uniform(), *value)).collect();
        drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
        drawn.into_iter().map(|(_, value)| value).collect()
    }

    pub(super) fn counts(&mut self, mean: f64, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.poisson(mean)).collect()
    }
}
