//! `[[deploy.guards]]`, `[deploy.watch]` and `[deploy.metrics]`: what is watched while a
//! service is deployed, and where it is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const MOST_GUARDS: usize = 20;
const MOST_QUERY: usize = 4000;

/// Where metrics are read. Tokens come from the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsServers {
    /// Such as `https://graphite.example.com`.
    pub graphite: Option<String>,
    /// Such as `https://prometheus.example.com`.
    pub prometheus: Option<String>,
}

/// How guards watch a deploy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Watch {
    /// How long before the deploy its own baseline begins.
    pub before_minutes: u32,
    /// How long guards go on after the last step.
    pub after_minutes: u32,
    /// Which share of good deploys all guards together may halt: over 0, up to 0.2.
    pub false_halts: f64,
    /// So long a deploy holds where a guard has no data before people are told, and as
    /// long again before it is halted.
    pub no_data_minutes: u32,
    /// So long guards watch a batch of hosts, once it has settled, before the next one
    /// begins.
    pub batch_seconds: u32,
    /// What follows once it is proven that production got worse.
    pub on_worse: OnWorse,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnWorse {
    /// Nothing more, until a person says so.
    #[default]
    Halt,
    /// The policy's steps back, unless the deploy changes the database.
    RollBack,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            before_minutes: 60,
            after_minutes: 10,
            false_halts: 0.01,
            no_data_minutes: 3,
            batch_seconds: 60,
            on_worse: OnWorse::Halt,
        }
    }
}

/// A metric with its question: did it get worse?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    pub from: MetricsKind,
    pub measures: Measure,
    /// A target of Graphite's or a query of Prometheus' that gives one series: events of
    /// each bucket, or values.
    pub query: String,
    /// What the events of a rate are of, such as all requests.
    #[serde(default)]
    pub of: Option<String>,
    /// The same as `query` of the hosts that are not deployed to, at the same time.
    #[serde(default)]
    pub rest: Option<String>,
    /// The same as `of` of those hosts.
    #[serde(default)]
    pub rest_of: Option<String>,
    #[serde(default)]
    pub direction: Direction,
    /// The smallest change that matters, relative to the baseline: 0.5 is half as much
    /// again, or half of it gone. Smaller ones never halt.
    #[serde(default = "half")]
    pub effect: f64,
    /// It has to be as much as this as well: events a bucket, a part of the trials (0.01),
    /// or the value's unit.
    #[serde(default)]
    pub least: f64,
    /// The length of a bucket: the distance of the metric's points, or a multiple.
    #[serde(default = "ten")]
    pub resolution_seconds: u32,
    /// So long after each step, nothing is judged.
    #[serde(default = "thirty")]
    pub settle_seconds: u32,
    /// What a bucket without a point is.
    #[serde(default)]
    pub gaps: Gaps,
    /// A deploy is worse only where it is worse than each of these that has data.
    #[serde(default = "all")]
    pub baselines: Vec<BaselineKind>,
    #[serde(default)]
    pub mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MetricsKind {
    Graphite,
    Prometheus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Events a bucket.
    Count,
    /// Events of trials.
    Rate,
    /// Anything else, such as milliseconds.
    Value,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// More is worse.
    #[default]
    Up,
    /// Less is worse.
    Down,
    Both,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gaps {
    /// Nothing is known of it.
    #[default]
    Missing,
    /// Nothing happened: for counters that say nothing where there is nothing to count.
    Zero,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaselineKind {
    /// The minutes before the deploy.
    Before,
    /// The same hours a week ago.
    LastWeek,
    /// The same minutes of the last ten good deploys.
    Deploys,
    /// The hosts that are not deployed to, at the same time: with `rest`, always.
    Rest,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    #[default]
    Halt,
    /// It says what it would have done, and does nothing.
    Observe,
}

fn half() -> f64 {
    0.5
}

fn ten() -> u32 {
    10
}

fn thirty() -> u32 {
    30
}

fn all() -> Vec<BaselineKind> {
    vec![BaselineKind::Before, BaselineKind::LastWeek, BaselineKind::Deploys]
}

impl MetricsKind {
    pub const ALL: [Self; 2] = [Self::Graphite, Self::Prometheus];

    /// As a policy says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Graphite => "graphite",
            Self::Prometheus => "prometheus",
        }
    }
}

impl MetricsServers {
    pub fn address(&self, kind: MetricsKind) -> Option<&str> {
        match kind {
            MetricsKind::Graphite => self.graphite.as_deref(),
            MetricsKind::Prometheus => self.prometheus.as_deref(),
        }
    }

    pub fn validate(&self) -> Result<(), String> {
        for kind in MetricsKind::ALL {
            let word = kind.word();
            let is_wrong = |address: &str| {
                let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
                rest.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#', '@', ' ']))
            };
            if self.address(kind).is_some_and(is_wrong) {
                return Err(format!(
                    "`metrics.{word}` is an address such as https://{word}.example.com: no user, no query"
                ));
            }
        }
        Ok(())
    }
}

impl Watch {
    pub fn validate(&self) -> Result<(), String> {
        if !(10..=7 * 24 * 60).contains(&self.before_minutes) {
            return Err("`watch.before_minutes` is from 10 to 10080".to_owned());
        }
        if self.after_minutes > 24 * 60 {
            return Err("`watch.after_minutes` is up to 1440".to_owned());
        }
        if !(self.false_halts > 0.0 && self.false_halts <= 0.2) {
            return Err("`watch.false_halts` is a share such as 0.01: over 0, up to 0.2".to_owned());
        }
        if !(1..=60).contains(&self.no_data_minutes) {
            return Err("`watch.no_data_minutes` is from 1 to 60".to_owned());
        }
        if self.batch_seconds > 3600 {
            return Err("`watch.batch_seconds` is up to 3600".to_owned());
        }
        Ok(())
    }
}

/// All guards of a policy, and where they are read.
pub fn validate(guards: &[Guard], servers: &MetricsServers, watch: &Watch) -> Result<(), String> {
    servers.validate()?;
    watch.validate()?;
    if guards.len() > MOST_GUARDS {
        return Err(format!("there are {} guards: {MOST_GUARDS} are the most", guards.len()));
    }
    let mut names = BTreeSet::new();
    for guard in guards {
        guard.validate(servers, watch).map_err(|said| format!("the guard `{}`: {said}", guard.name))?;
        if !names.insert(&guard.name) {
            return Err(format!("there are two guards `{}`: name them apart", guard.name));
        }
    }
    Ok(())
}

impl Guard {
    /// What it reads, in one line: series of guards that read the same may be compared.
    pub fn reads(&self) -> String {
        let of = self.of.as_deref().map(|of| format!(" of {of}")).unwrap_or_default();
        format!("{} {:?} {}{of} each {} s", self.from.word(), self.measures, self.query, self.resolution_seconds)
    }

    /// The share of good deploys that this one may halt, where all of so many together may
    /// halt no more than `all` (Bonferroni).
    pub fn share(all: f64, guards: usize) -> f64 {
        all / crate::stats::real(guards.max(1))
    }

    fn validate(&self, servers: &MetricsServers, watch: &Watch) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || self.name.len() > 40 || !self.name.chars().all(is_plain) {
            return Err("its name is up to 40 lower-case letters, digits and hyphens".to_owned());
        }
        let word = self.from.word();
        if servers.address(self.from).is_none() {
            return Err(format!("nothing says where it is read: write `{word}` into [deploy.metrics]"));
        }
        let queries = [Some(&self.query), self.of.as_ref(), self.rest.as_ref(), self.rest_of.as_ref()];
        if queries.into_iter().flatten().any(|query| query.trim().is_empty() || query.len() > MOST_QUERY) {
            return Err(format!("a query has from 1 to {MOST_QUERY} characters"));
        }
        let is_rate = self.measures == Measure::Rate;
        if is_rate != self.of.is_some() {
            return Err("a rate has `of`, what its events are of, and nothing else has".to_owned());
        }
        if self.rest_of.is_some() != (is_rate && self.rest.is_some()) {
            return Err("a rate with `rest` has `rest_of` too, and nothing else has".to_owned());
        }
        self.validate_change()?;
        let resolution = self.resolution_seconds;
        if !(1..=3600).contains(&resolution) {
            return Err("`resolution_seconds` is from 1 to 3600".to_owned());
        }
        if self.settle_seconds > 3600 {
            return Err("`settle_seconds` is up to 3600".to_owned());
        }
        if watch.before_minutes * 60 < resolution * super::LEAST_BUCKETS {
            let minutes = (resolution * super::LEAST_BUCKETS).div_ceil(60);
            return Err(format!(
                "with `resolution_seconds = {resolution}`, `watch.before_minutes` is at least {minutes}: {} buckets are the fewest that tell anything",
                super::LEAST_BUCKETS
            ));
        }
        if self.gaps == Gaps::Zero && self.measures == Measure::Value {
            return Err("a value that is not there is not zero: `gaps = \"zero\"` is for counts and rates".to_owned());
        }
        if self.baselines.is_empty() && self.rest.is_none() {
            return Err("`baselines` names nothing to compare with".to_owned());
        }
        if self.baselines.contains(&BaselineKind::Rest) && self.rest.is_none() {
            return Err("`baselines` has \"rest\", and there is no `rest`".to_owned());
        }
        Ok(())
    }

    fn validate_change(&self) -> Result<(), String> {
        let falls = self.direction != Direction::Up && self.measures != Measure::Rate;
        if !(self.effect >= 0.0 && self.effect <= 1000.0) {
            return Err("`effect` is a share of the baseline, from 0, such as 0.5".to_owned());
        }
        if falls && self.effect >= 1.0 {
            return Err("nothing falls by all of it: `effect` is under 1 where less is worse".to_owned());
        }
        if !(self.least >= 0.0 && self.least.is_finite()) {
            return Err("`least` is from 0".to_owned());
        }
        if self.effect == 0.0 && self.least == 0.0 {
            return Err("with `effect = 0`, say what is the `least` that matters: else any change halts".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::{Policy, Source};

    const PLACE: &str = "[deploy.metrics]\ngraphite = 'https://graphite.example.com'\n";

    fn refused(text: &str) -> String {
        Policy::parse(Source::new("gonogo.toml", text)).unwrap_err().to_string()
    }

    #[test]
    fn a_guard_that_could_not_judge_is_refused() {
        let guard =
            |more: &str| format!("{PLACE}[[deploy.guards]]\nname = 'errors'\nfrom = 'graphite'\nquery = 'a.b'\n{more}");
        for (more, expected) in [
            ("measures = 'rate'", "a rate has `of`"),
            ("measures = 'count'\nof = 'x'", "a rate has `of`"),
            ("measures = 'rate'\nof = 'x'\nrest = 'y'", "has `rest_of` too"),
            ("measures = 'count'\neffect = 0", "say what is the `least`"),
            ("measures = 'count'\neffect = nan", "`effect` is a share"),
            ("measures = 'count'\ndirection = 'down'\neffect = 1", "nothing falls by all of it"),
            ("measures = 'count'\nresolution_seconds = 300", "`watch.before_minutes` is at least 100"),
            ("measures = 'value'\ngaps = 'zero'", "is not zero"),
            ("measures = 'count'\nbaselines = []", "nothing to compare with"),
            ("measures = 'count'\nbaselines = ['rest']", "there is no `rest`"),
            ("measures = 'kount'", "did you mean `count`?"),
            ("measures = 'count'\nefect = 1", "did you mean `effect`?"),
        ] {
            let said = refused(&guard(more));
            assert!(said.contains(expected), "{more}: {said}");
        }
        let two = format!("{}{}", guard("measures = 'count'\n"), &guard("measures = 'count'")[PLACE.len()..]);
        assert!(refused(&two).contains("two guards `errors`"));
        let nowhere = guard("measures = 'count'").replace("graphite = 'https", "prometheus = 'https");
        assert!(refused(&nowhere).contains("write `graphite` into [deploy.metrics]"));
        assert!(refused("[deploy.metrics]\ngraphite = 'graphite.example.com'").contains("is an address"));
        assert!(refused("[deploy.watch]\nfalse_halts = 0").contains("over 0, up to 0.2"));
    }

    #[test]
    fn a_mistake_is_shown_where_it_is() {
        let text = format!("{PLACE}[[deploy.guards]]\nname = 'a'\nmeasures = 'kount'\n");
        assert!(refused(&text).starts_with("gonogo.toml:5:12: unknown variant `kount`"), "{}", refused(&text));
    }
}
