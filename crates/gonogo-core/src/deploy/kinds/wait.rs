//! A wait for a condition: that an address answers so, that a build has passed, that a
//! metric is within its bounds.

use super::Does;
use super::http::{Call, Template, address, headers, secrets_of};
use super::table::Place;
use crate::deploy::plan::filled;
use crate::guard::{MetricsKind, MetricsServers};
use crate::ids::Sha;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

const MOST_QUERY: usize = 4000;
const LONGEST_SECONDS: u32 = 24 * 60 * 60;
const OF_URL: &str = "url";
const OF_BUILD: &str = "build";
const OF_METRIC: &str = "metric";

/// It has one of `url`, `build` and `metric`, with what is asked of that.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WaitTable {
    /// Asked by the runner, until it answers as the keys below it say. Variables and
    /// `{secret:NAME}` may stand in it, and in `headers`, as in `http`.
    pub url: Option<String>,
    pub headers: BTreeMap<String, String>,
    /// The answer's status; without it 200.
    pub status: Option<u16>,
    /// Stands in the answer.
    pub contains: Option<String>,
    /// A place in an answer that is JSON, such as `/checks/0/state`.
    pub pointer: Option<String>,
    /// What stands there, as text.
    pub equals: Option<String>,
    /// A commit status or a check run of exactly the commit that is deployed: one that has
    /// failed fails the step.
    pub build: Option<String>,
    /// Who has to have posted it: an app's slug, or a login.
    pub app: Option<String>,
    /// A target of Graphite's or a query of Prometheus' that gives one series.
    pub metric: Option<String>,
    /// Which server of [deploy.metrics] reads it.
    pub from: Option<MetricsKind>,
    /// It is to be less than this.
    pub below: Option<f64>,
    /// It is to be more than this.
    pub above: Option<f64>,
    /// For so long without a gap, from the beginning of the step on; without it, once.
    pub for_seconds: Option<u32>,
    /// The distance of its points; without it 10.
    pub resolution_seconds: Option<u32>,
    /// How often it is looked at; without it, each 5 seconds an address, each 10 seconds
    /// all else.
    pub every_seconds: Option<u32>,
}

/// A build that is waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BuildWait {
    pub build: String,
    pub app: Option<String>,
    /// On which commit.
    pub sha: Sha,
    pub every_seconds: u32,
}

/// A metric that is waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricWait {
    pub query: String,
    pub from: MetricsKind,
    pub below: Option<f64>,
    pub above: Option<f64>,
    pub for_seconds: u32,
    pub resolution_seconds: u32,
    pub every_seconds: u32,
}

impl fmt::Display for BuildWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.app {
            Some(app) => write!(f, "the build {} by {app}", self.build),
            None => write!(f, "the build {}", self.build),
        }
    }
}

impl MetricWait {
    /// `below 5`, `above 1 and below 5`
    pub(super) fn bounds(&self) -> String {
        let above = self.above.map(|above| format!("above {above}"));
        let below = self.below.map(|below| format!("below {below}"));
        above.into_iter().chain(below).collect::<Vec<_>>().join(" and ")
    }
}

impl fmt::Display for MetricWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} is {}", self.query, self.from.word(), self.bounds())?;
        if self.for_seconds > 0 { write!(f, " for {} s", self.for_seconds) } else { Ok(()) }
    }
}

impl WaitTable {
    pub(super) fn validate(&self) -> Result<(), String> {
        let given =
            [(OF_URL, self.url.is_some()), (OF_BUILD, self.build.is_some()), (OF_METRIC, self.metric.is_some())];
        let kinds: Vec<&str> = given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key).collect();
        let kind = match kinds.as_slice() {
            [kind] => *kind,
            [] => return Err("say what for: one of `url`, `build` and `metric`".to_owned()),
            [one, other, ..] => {
                return Err(format!("`{one}` and `{other}` are two conditions: make two steps of them"));
            }
        };
        if let Some((key, of)) = self.foreign(kind) {
            return Err(format!("`{key}` is of a wait for `{of}`, and this one is for `{kind}`: leave it out"));
        }
        if self.every_seconds.is_some_and(|seconds| !(1..=3600).contains(&seconds)) {
            return Err("`every_seconds` is from 1 to 3600".to_owned());
        }
        match kind {
            OF_URL => self.validate_url(),
            OF_BUILD => self.validate_build(),
            _ => self.validate_metric(),
        }
    }

    /// A key that belongs to another kind of condition.
    fn foreign(&self, kind: &str) -> Option<(&'static str, &'static str)> {
        let given = [
            ("headers", OF_URL, !self.headers.is_empty()),
            ("status", OF_URL, self.status.is_some()),
            ("contains", OF_URL, self.contains.is_some()),
            ("pointer", OF_URL, self.pointer.is_some()),
            ("equals", OF_URL, self.equals.is_some()),
            ("app", OF_BUILD, self.app.is_some()),
            ("from", OF_METRIC, self.from.is_some()),
            ("below", OF_METRIC, self.below.is_some()),
            ("above", OF_METRIC, self.above.is_some()),
            ("for_seconds", OF_METRIC, self.for_seconds.is_some()),
            ("resolution_seconds", OF_METRIC, self.resolution_seconds.is_some()),
        ];
        let odd = given.into_iter().find(|(_, of, is_given)| *is_given && *of != kind);
        odd.map(|(key, of, _)| (key, of))
    }

    fn validate_url(&self) -> Result<(), String> {
        address(self.url.as_deref().unwrap_or_default())?;
        headers(&self.headers)?;
        if self.status.is_some_and(|status| !(200..600).contains(&status)) {
            return Err("`status` is one of an answer, such as 200".to_owned());
        }
        if self.contains.as_ref().is_some_and(String::is_empty) {
            return Err("`contains` is empty: leave it out".to_owned());
        }
        for text in self.contains.iter().chain(&self.equals) {
            Template(text).validate()?;
            if Template(text).secrets().next().is_some() {
                return Err("a secret stands in `url` and `headers` alone".to_owned());
            }
        }
        if self.pointer.is_some() != self.equals.is_some() {
            return Err("`pointer` and `equals` belong together: write both, or none".to_owned());
        }
        match &self.pointer {
            Some(pointer) if !pointer.is_empty() && !pointer.starts_with('/') => {
                Err("`pointer` is a place in JSON such as `/checks/0/state`".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn validate_build(&self) -> Result<(), String> {
        let name = self.build.as_deref().unwrap_or_default();
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            return Err("`build` is the name of a commit status or a check run".to_owned());
        }
        if name.starts_with("gonogo/") {
            return Err(format!("`{name}` is ours: it says what gonogo says"));
        }
        Ok(())
    }

    fn validate_metric(&self) -> Result<(), String> {
        let query = self.metric.as_deref().unwrap_or_default();
        if query.trim().is_empty() || query.len() > MOST_QUERY {
            return Err(format!("`metric` is a query of up to {MOST_QUERY} bytes"));
        }
        if self.from.is_none() {
            return Err("`from` says which server reads it: \"graphite\" or \"prometheus\"".to_owned());
        }
        let bounds: Vec<f64> = self.above.into_iter().chain(self.below).collect();
        if bounds.is_empty() || bounds.iter().any(|bound| !bound.is_finite()) {
            return Err("`below` or `above` says what it is to be: write a number, or both".to_owned());
        }
        if self.above.zip(self.below).is_some_and(|(above, below)| above >= below) {
            return Err("nothing is above `above` and below `below`".to_owned());
        }
        if self.for_seconds.is_some_and(|seconds| seconds > LONGEST_SECONDS) {
            return Err(format!("`for_seconds` is {LONGEST_SECONDS} at most"));
        }
        if self.resolution_seconds.is_some_and(|seconds| !(1..=3600).contains(&seconds)) {
            return Err("`resolution_seconds` is from 1 to 3600".to_owned());
        }
        Ok(())
    }

    /// That the policy says where its metric is read.
    pub(in crate::deploy) fn reads(&self, servers: &MetricsServers) -> Result<(), String> {
        match self.from.filter(|from| servers.address(*from).is_none()) {
            Some(from) => {
                let word = from.word();
                Err(format!("nothing says where `wait.metric` is read: write `{word}` into [deploy.metrics]"))
            }
            None => Ok(()),
        }
    }

    pub(super) fn does(&self, place: Place<'_>) -> Does {
        let every_seconds = self.every_seconds.unwrap_or(10);
        if let Some(build) = self.build.clone() {
            return Does::WaitForBuild(BuildWait { build, app: self.app.clone(), sha: place.sha, every_seconds });
        }
        if let (Some(query), Some(from)) = (self.metric.clone(), self.from) {
            return Does::WaitForMetric(MetricWait {
                query,
                from,
                below: self.below,
                above: self.above,
                for_seconds: self.for_seconds.unwrap_or(0),
                resolution_seconds: self.resolution_seconds.unwrap_or(10),
                every_seconds,
            });
        }
        let url = filled(self.url.as_deref().unwrap_or_default(), place.values);
        let status = format!("answers {}", self.status.unwrap_or(200));
        let contains = self.contains.as_ref().map(|text| format!("with `{text}` in it"));
        let equals =
            self.pointer.as_ref().zip(self.equals.as_ref()).map(|(place, text)| format!("with `{text}` at {place}"));
        let wants: Vec<String> = [Some(status), contains, equals].into_iter().flatten().collect();
        Does::WaitForHttp { url, wants: wants.join(", ") }
    }
}

/// The runner's command that waits for an address, for so long.
pub(super) fn call(table: &WaitTable, seconds: u32) -> Call {
    let url = table.url.as_deref().unwrap_or_default();
    let mut argv = vec!["gonogo".to_owned(), "http".to_owned(), "wait".to_owned(), format!("--url={url}")];
    argv.extend(table.headers.iter().map(|(name, value)| format!("--header={name}: {value}")));
    argv.push(format!("--status={}", table.status.unwrap_or(200)));
    argv.extend(table.contains.iter().map(|text| format!("--contains={text}")));
    argv.extend(table.pointer.iter().map(|place| format!("--pointer={place}")));
    argv.extend(table.equals.iter().map(|text| format!("--equals={text}")));
    argv.push(format!("--every-seconds={}", table.every_seconds.unwrap_or(5)));
    argv.push(format!("--within-seconds={seconds}"));
    Call { argv, secrets: secrets_of([url].into_iter().chain(table.headers.values().map(String::as_str))) }
}
