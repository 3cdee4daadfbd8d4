//! Public series with faults put into them: those of numenta/NAB (MIT), five minutes a
//! point, where nothing is labelled as an anomaly. Nothing of the guard is tuned to them.

use super::super::bars::{Bar, Limit, Measured};
use super::rivals;
use super::trial::{Halt, Halts, Judges, Tally, real, tallied};
use super::{Limits, rows};
use anyhow::Context;
use gonogo_core::guard::{BaselineKind, Guard, Judge, Judgement, Past, Sample, Series, Watch};
use gonogo_core::policy::{Policy, Source};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, civil};
use serde_json::Value;
use std::path::Path;

/// By their names: how many there are of something, or any other value.
const COUNTS: [&str; 2] = ["elb_request_count_8c0756.csv", "Twitter_volume_AMZN.csv"];
const VALUES: [&str; 4] = [
    "ec2_network_in_257a54.csv",
    "ec2_request_latency_system_failure.csv",
    "grok_asg_anomaly.csv",
    "rds_cpu_utilization_cc0c53.csv",
];
const SECONDS: i64 = 300;
/// As many points as a made deploy has: 360 before, 180 since.
const BEFORE: SignedDuration = SignedDuration::from_hours(30);
const DURING: SignedDuration = SignedDuration::from_hours(15);
const BETWEEN: SignedDuration = SignedDuration::from_hours(3);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const BETWEEN_DEPLOYS: SignedDuration = SignedDuration::from_hours(24);

struct Public {
    is_count: bool,
    points: Vec<Sample>,
    anomalies: Vec<(Timestamp, Timestamp)>,
}

pub(super) fn measure(folder: &Path) -> anyhow::Result<Vec<Bar>> {
    let all = read(folder)?;
    let mut bars = Vec::new();
    for (what, times, limit) in [
        ("clean stretches halted", 1.0, Limit::AtMost(1.0)),
        ("fivefold values found", 5.0, Limit::AtLeast(95.0)),
        ("doubled values found", 2.0, Limit::AtLeast(80.0)),
    ] {
        let tally = tally(&all, times);
        let limits = Limits { halted: Some(limit), median: None };
        bars.extend(rows(what, "numenta/NAB, six series, 180 points each", &tally, limits));
        let how = format!("{} of {}; numenta/NAB", tally.guard.asked(), tally.guard.deploys());
        let measured = Measured::Figure { figure: tally.guard.percent_asked(), unit: "%", how };
        let ends = what.replace("halted", "that end with a question").replace("found", "that end with a question");
        bars.push(Bar { what: ends, measured, limit: None });
        for one in &all {
            let Judges { guard, .. } = self::tally([one], times);
            let how = format!("{} of {}; numenta/NAB", guard.halted(), guard.deploys());
            let measured = Measured::Figure { figure: guard.percent(), unit: "%", how };
            bars.push(Bar { what: format!("{what}, {}", one.0), measured, limit: None });
        }
    }
    Ok(bars)
}

fn read(folder: &Path) -> anyhow::Result<Vec<(String, Public)>> {
    let text = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("{} could not be read", path.display()))
    };
    let windows: Value = serde_json::from_str(&text("windows.json")?).context("windows.json")?;
    let names = COUNTS.iter().map(|name| (*name, true)).chain(VALUES.iter().map(|name| (*name, false)));
    names
        .map(|(name, is_count)| {
            let points = text(name)?.lines().skip(1).map(point).collect::<anyhow::Result<_>>().context(name)?;
            let labelled = windows[name].as_array().with_context(|| format!("windows.json has no {name}"))?;
            let anomalies = labelled.iter().map(|pair| Ok((time(&pair[0])?, time(&pair[1])?)));
            let anomalies = anomalies.collect::<anyhow::Result<_>>().context("windows.json")?;
            Ok((name.to_owned(), Public { is_count, points, anomalies }))
        })
        .collect()
}

fn point(line: &str) -> anyhow::Result<Sample> {
    let (at, value) = line.split_once(',').with_context(|| format!("`{line}` is no time and value"))?;
    Ok(Sample { at: instant(at)?, value: Some(value.trim().parse().context(line.to_owned())?) })
}

fn time(value: &Value) -> anyhow::Result<Timestamp> {
    instant(value.as_str().context("no text")?)
}

fn instant(text: &str) -> anyhow::Result<Timestamp> {
    Ok(Offset::UTC.to_timestamp(text.trim().parse::<civil::DateTime>()?)?)
}

fn tally<'a>(all: impl IntoIterator<Item = &'a (String, Public)>, times: f64) -> Judges<Tally> {
    tallied(all.into_iter().flat_map(|(_, public)| public.deploys(times)))
}

impl Public {
    /// A deploy every three hours, as if it began there, wherever all of its points
    /// are clean.
    fn deploys(&self, times: f64) -> Vec<Halts> {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return Vec::new() };
        let mut halts = Vec::new();
        let mut start = first.at + BEFORE;
        while start + DURING <= last.at {
            if self.is_clean(start) {
                halts.push(self.deploy(start, times));
            }
            start += BETWEEN;
        }
        halts
    }

    fn is_clean(&self, start: Timestamp) -> bool {
        let (from, to) = (start - BEFORE, start + DURING);
        self.anomalies.iter().all(|(begin, end)| *end < from || *begin > to)
    }

    fn part(&self, from: Timestamp, to: Timestamp, times: f64) -> Vec<Sample> {
        let inside = self.points.iter().filter(|sample| sample.at >= from && sample.at < to);
        inside.map(|sample| Sample { value: sample.value.map(|value| value * times), ..*sample }).collect()
    }

    fn past(&self, baseline: BaselineKind, start: Timestamp) -> Option<Past> {
        let is_there = self.points.first().is_some_and(|first| first.at <= start - BEFORE);
        let samples = self.part(start - BEFORE, start + DURING, 1.0);
        (is_there && self.is_clean(start)).then(|| Past {
            baseline,
            start,
            series: Series { samples, trials: Vec::new() },
        })
    }

    fn deploy(&self, start: Timestamp, times: f64) -> Halts {
        let mut past: Vec<Past> = self.past(BaselineKind::LastWeek, start - WEEK).into_iter().collect();
        past.extend((1..=10).filter_map(|nth| self.past(BaselineKind::Deploys, start - BETWEEN_DEPLOYS * nth)));
        let before = self.part(start - BEFORE, start, 1.0);
        let during = self.part(start, start + DURING, times);
        let guard = guard(self.is_count);
        let watch = Watch { before_minutes: 30 * 60, ..Watch::default() };
        let series = |samples: &[Sample]| Series { samples: samples.to_vec(), trials: Vec::new() };
        let judge = Judge::new(&guard, &watch, 1, start, &series(&before), &past);
        let mut judgement = Judgement::Fine;
        let halts = (1..=during.len()).find(|seen| {
            let now = during[*seen - 1].at + SignedDuration::from_secs(SECONDS);
            judgement = judge.look(&series(&during[..*seen]), None, &[start], now).judgement;
            judgement == Judgement::Worse
        });
        let is_asked = halts.is_none() && judgement != Judgement::Fine;
        let values = |samples: &[Sample]| -> Vec<f64> { samples.iter().filter_map(|sample| sample.value).collect() };
        let (before, during) = (values(&before), values(&during));
        let seconds = |seen: usize| 300.0 * real(seen);
        Halts {
            guard: Halt { after: halts.map(seconds), is_asked },
            threshold: Halt::after(rivals::threshold_of_values(&before, &during).map(seconds)),
            horizon: Halt::after(rivals::fixed_horizon_of_values(&before, &during).map(seconds)),
        }
    }
}

fn guard(is_count: bool) -> Guard {
    let measures = if is_count { "count" } else { "value" };
    let text = format!(
        "[deploy.metrics]\ngraphite = 'https://graphite.example.com'\n[deploy.watch]\nbefore_minutes = 1800\n\
         [[deploy.guards]]\nname = 'series'\nfrom = 'graphite'\nmeasures = '{measures}'\nquery = 'series'\n\
         resolution_seconds = {SECONDS}\nsettle_seconds = 0\n"
    );
    let policy = Policy::parse(Source::new("bench", text)).expect("it is a policy");
    policy.sections.deploy.guards[0].clone()
}
