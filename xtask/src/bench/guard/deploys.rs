//! Made deploys of half an hour: 50 requests a second of which 1% fail, read each 10 s, in
//! three batches five minutes apart.

use super::super::random::{Random, mixed};
use super::rivals;
use super::trial::{Halt, Halts, Judges, Tally, real, tallied};
use gonogo_core::guard::{BaselineKind, Guard, Judge, Judgement, Past, Sample, Series, Watch};
use gonogo_core::policy::{Policy, Source};
use jiff::Timestamp;

const SECONDS: i64 = 10;
const BEFORE: usize = 360;
const DURING: usize = 180;
const STEPS: [usize; 3] = [0, 30, 60];
const REQUESTS: f64 = 500.0;
const ERRORS: f64 = 0.01;
const WEEK: i64 = 7 * 24 * 3600;
/// A whole minute.
const START: i64 = 1_700_000_040;

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Good,
    /// After each step errors are two to four times as many for one to two minutes, in this
    /// deploy as in the ten before.
    Bump,
    /// Requests double within the half hour, this week as last week.
    Wave,
    /// Errors come in bursts: their variance is three times that of independent ones.
    Bursts,
    /// From one of the steps on, errors are so many times as many.
    Errors(f64),
    BumpThen(f64),
}

pub(super) fn play(kind: Kind, count: u64) -> Judges<Tally> {
    let threads = std::thread::available_parallelism().map_or(1, |cpus| u64::try_from(cpus.get()).unwrap_or(1));
    let halts: Vec<Halts> = std::thread::scope(|scope| {
        let share = |thread: u64| (thread..count).step_by(usize::try_from(threads).unwrap_or(1));
        let running: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || share(thread).map(|seed| one(kind, seed)).collect::<Vec<Halts>>()))
            .collect();
        running.into_iter().flat_map(|thread| thread.join().expect("a trial does not panic")).collect()
    });
    tallied(halts.into_iter())
}

/// Requests and errors of a stretch of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    pub errors: Vec<f64>,
    pub requests: Vec<f64>,
}

impl Traffic {
    pub(super) fn series(&self, from: i64) -> Series {
        let samples = |values: &[f64]| -> Vec<Sample> {
            let at = (0..).map(|nth: i64| Timestamp::from_second(from + nth * SECONDS).unwrap_or_default());
            at.zip(values).map(|(at, value)| Sample { at, value: Some(*value) }).collect()
        };
        Series { samples: samples(&self.errors), trials: samples(&self.requests) }
    }
}

fn one(kind: Kind, seed: u64) -> Halts {
    let mut random = Random::new(mixed(seed + 1));
    let mut past: Vec<Past> =
        (1..=10).map(|back| window(&mut random, kind, BaselineKind::Deploys, START - back * 2 * 24 * 3600)).collect();
    past.push(window(&mut random, kind, BaselineKind::LastWeek, START - WEEK));
    let fault = STEPS[random.below(STEPS.len())];
    let times = match kind {
        Kind::Errors(times) | Kind::BumpThen(times) => times,
        _ => 1.0,
    };
    let ours = stretch(&mut random, kind, true, |bucket| if bucket >= BEFORE + fault { times } else { 1.0 });
    let (before, during) = split(&ours);
    let is_bad = !matches!(kind, Kind::Good | Kind::Bump | Kind::Wave | Kind::Bursts);
    let since = |bucket: usize| {
        let began = if is_bad { fault } else { 0 };
        10.0 * (real(bucket) - real(began))
    };
    Halts {
        guard: guarded(&before, &during, &past, since),
        threshold: Halt::after(rivals::threshold(&before, &during).map(since)),
        horizon: Halt::after(rivals::fixed_horizon(&before, &during).map(since)),
    }
}

fn window(random: &mut Random, kind: Kind, baseline: BaselineKind, start: i64) -> Past {
    let has_deploy = baseline == BaselineKind::Deploys;
    let traffic = stretch(random, kind, has_deploy, |_| 1.0);
    let start_at = Timestamp::from_second(start).unwrap_or_default();
    Past { baseline, start: start_at, series: traffic.series(start - 3600) }
}

/// An hour before and half an hour since.
fn stretch(random: &mut Random, kind: Kind, has_deploy: bool, times: impl Fn(usize) -> f64) -> Traffic {
    let bumps: Vec<(usize, usize, f64)> = match kind {
        Kind::Bump | Kind::BumpThen(_) if has_deploy => STEPS
            .iter()
            .map(|step| (BEFORE + step, BEFORE + step + 6 + random.below(7), 2.0 + 2.0 * random.unit()))
            .collect(),
        _ => Vec::new(),
    };
    let mut traffic = Traffic::default();
    for bucket in 0..BEFORE + DURING {
        let wave = match kind {
            Kind::Wave if bucket >= BEFORE => 1.0 + real(bucket - BEFORE) / real(DURING),
            _ => 1.0,
        };
        let bump = bumps.iter().find(|(from, to, _)| (*from..*to).contains(&bucket)).map_or(1.0, |bump| bump.2);
        let requests = random.normal(REQUESTS * wave).max(0.0);
        let mean = requests * ERRORS * times(bucket) * bump;
        // A gamma of so many exponentials has their scatter: a negative binomial.
        let mean = if let Kind::Bursts = kind { mean * random.gamma(mean / 2.0) } else { mean };
        traffic.errors.push(random.poisson(mean).min(requests));
        traffic.requests.push(requests);
    }
    traffic
}

fn split(traffic: &Traffic) -> (Traffic, Traffic) {
    let part = |values: &[f64], from: usize, to: usize| values[from..to].to_vec();
    let of =
        |from, to| Traffic { errors: part(&traffic.errors, from, to), requests: part(&traffic.requests, from, to) };
    (of(0, BEFORE), of(BEFORE, BEFORE + DURING))
}

/// What the guard does: its policy is the default but for the queries.
fn guarded(before: &Traffic, during: &Traffic, past: &[Past], since: impl Fn(usize) -> f64) -> Halt {
    let start = Timestamp::from_second(START).unwrap_or_default();
    let judge = Judge::new(&guard(), &Watch::default(), 1, start, &before.series(START - 3600), past);
    let instant = |bucket: usize| {
        let seconds = i64::try_from(bucket).unwrap_or(0) * SECONDS;
        Timestamp::from_second(START + seconds).unwrap_or_default()
    };
    let steps = STEPS.map(instant);
    let mut judgement = Judgement::Fine;
    let halted = (1..=DURING).find(|seen| {
        let until = Traffic { errors: during.errors[..*seen].to_vec(), requests: during.requests[..*seen].to_vec() };
        judgement = judge.look(&until.series(START), None, &steps, instant(*seen)).judgement;
        judgement == Judgement::Worse
    });
    Halt { after: halted.map(since), is_asked: halted.is_none() && judgement != Judgement::Fine }
}

fn guard() -> Guard {
    let text = "[deploy.metrics]\ngraphite = 'https://graphite.example.com'\n\
        [[deploy.guards]]\nname = 'errors'\nfrom = 'graphite'\nmeasures = 'rate'\nquery = 'errors'\nof = 'requests'\n";
    let policy = Policy::parse(Source::new("bench", text)).expect("it is a policy");
    policy.sections.deploy.guards[0].clone()
}
