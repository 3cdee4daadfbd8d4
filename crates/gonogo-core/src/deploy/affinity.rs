//! `[deploy.affinity]`: while two versions serve, a balancer keeps everybody at the
//! server that they met. Here is which steps that gives a deploy, and whether it is on;
//! what a balancer is told is gonogo-remote's.

use super::journal::{Direction, Entry};
use super::kinds::Does;
use super::machine::{Far, Story};
use super::plan::{Step, variables_of};
use super::rollout::stands_in;
use super::{HostStands, OnFailure, Plan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const MOST_DRAIN_SECONDS: u32 = 24 * 60 * 60;
const TRIES: u32 = 2;
/// To reach the balancer, also where it is restarted at that moment, and to try the URL.
const TAKES_SECONDS: u32 = 120;

/// Sessions stay at the server that they met while two versions serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Affinity {
    /// A HAProxy that goes by a map.
    pub haproxy: HaproxyTable,
    /// So long it stays on once one version serves again.
    #[serde(default = "a_minute")]
    pub drain_seconds: u32,
    /// Asked once it is on, through the balancer: requests with its cookie have to stay at one
    /// server.
    #[serde(default)]
    pub url: Option<String>,
    /// The cookie by which the balancer knows sessions, for `url`.
    #[serde(default)]
    pub cookie: Option<String>,
}

/// One entry of one map, which the balancer's configuration goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HaproxyTable {
    /// Where each HAProxy is told: the path of its stats socket, or HOST:PORT.
    pub sockets: Vec<String>,
    /// The map's file, written as in haproxy.cfg.
    pub map: String,
    /// Its entry: `on` while two versions serve, and else what it was before.
    pub key: String,
}

/// What a step of ours does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    On,
    Off,
}

/// As far as a deploy's journal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AffinityIs {
    Off,
    On,
    /// It was begun to turn it on, and not seen done.
    Perhaps,
}

fn a_minute() -> u32 {
    60
}

impl Switch {
    const ALL: [Self; 2] = [Self::On, Self::Off];

    /// What its step is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::On => "affinity-on",
            Self::Off => "affinity-off",
        }
    }
}

impl Affinity {
    pub(super) fn validate<'a>(&self, mut steps: impl Iterator<Item = &'a str>) -> Result<(), String> {
        if let Some(name) = steps.find(|name| Switch::ALL.iter().any(|switch| switch.name() == *name)) {
            return Err(format!(
                "the step `{name}`: with [deploy.affinity] there is one of that name: call it otherwise"
            ));
        }
        let HaproxyTable { sockets, map, key } = &self.haproxy;
        let is_place = |socket: &String| {
            let is_word = !socket.chars().any(|c| c.is_whitespace() || c.is_control());
            let port = || socket.rsplit_once(':').filter(|(host, _)| !host.is_empty())?.1.parse::<u16>().ok();
            is_word && (socket.starts_with('/') || port().is_some_and(|port| port > 0))
        };
        if sockets.is_empty() || !sockets.iter().all(is_place) {
            let example = "[\"/run/haproxy/admin.sock\"] or [\"10.0.0.2:9999\"]";
            return Err(format!("`affinity.haproxy.sockets` says where HAProxy is told, such as {example}"));
        }
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | ';' | '<' | '"' | '\'');
        if map.is_empty() || !map.chars().all(is_plain) {
            return Err(
                "`affinity.haproxy.map` is the map's file as haproxy.cfg has it, with no spaces or quotes".to_owned()
            );
        }
        let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
        if key.is_empty() || key.len() > 100 || !key.chars().all(is_key) {
            return Err("`affinity.haproxy.key` is up to 100 letters, digits and any of -_.:/".to_owned());
        }
        if self.drain_seconds > MOST_DRAIN_SECONDS {
            return Err(format!("`affinity.drain_seconds` is {MOST_DRAIN_SECONDS} at most"));
        }
        if self.url.is_some() != self.cookie.is_some() {
            return Err("`affinity.url` and `affinity.cookie` belong together: write both, or none".to_owned());
        }
        if self.url.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            return Err("`affinity.url` begins with https:// or http://".to_owned());
        }
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if self.cookie.as_ref().is_some_and(|name| name.is_empty() || !name.chars().all(is_token)) {
            return Err("`affinity.cookie` is a cookie's name".to_owned());
        }
        Ok(())
    }

    /// It is on before the first step that runs on hosts, else before the first that changes
    /// anything, and put
    /// back last. Where it is on already it stays so: a way back need not know how far the
    /// way forward came.
    pub(super) fn around(&self, mut steps: Vec<Step>, direction: Direction, values: &[(&str, String)]) -> Vec<Step> {
        if steps.is_empty() {
            return steps;
        }
        let changes = |step: &Step| step.does.changes();
        let first = steps.iter().position(|step| step.rollout.is_some()).or_else(|| steps.iter().position(changes));
        let first = first.unwrap_or(0);
        // No way back waits for a balancer that does not answer.
        let on_failure = if direction == Direction::Back { OnFailure::Continue } else { OnFailure::Halt };
        steps.insert(first, Step { on_failure, ..self.step(Switch::On, values) });
        steps.push(self.step(Switch::Off, values));
        steps
    }

    fn step(&self, switch: Switch, values: &[(&str, String)]) -> Step {
        let HaproxyTable { sockets, map, key } = &self.haproxy;
        // The runner has its own program for this name.
        let mut argv = vec!["gonogo".to_owned(), "balancer".to_owned(), switch.name().to_owned()];
        let mut has = |option: &str, value: &str| argv.push(format!("--{option}={value}"));
        for socket in sockets {
            has("haproxy", socket);
        }
        has("map", map);
        has("key", key);
        match (switch, &self.url, &self.cookie) {
            (Switch::Off, ..) => has("after-seconds", &self.drain_seconds.to_string()),
            (Switch::On, Some(url), Some(cookie)) => {
                has("url", url);
                has("cookie", cookie);
            }
            (Switch::On, ..) => {}
        }
        let waits = if switch == Switch::Off { self.drain_seconds } else { 0 };
        Step {
            name: switch.name().to_owned(),
            does: Does::Run,
            argv,
            env: variables_of(&BTreeMap::new(), values),
            secrets: Vec::new(),
            dir: None,
            limit_seconds: TAKES_SECONDS + waits,
            tries: TRIES,
            on_failure: OnFailure::Halt,
            rollout: None,
            on: None,
            affinity: Some(switch),
        }
    }
}

/// Whether two versions may serve although all of a direction's steps are over: a host
/// was left as it is.
pub(super) fn two_versions_serve(plan: &Plan, story: &Story, direction: Direction) -> bool {
    let is_left = |stands: &HostStands| matches!(stands, HostStands::Failed(_) | HostStands::LeftOut(_));
    (0..plan.steps(direction).len()).any(|step| stands_in(plan, story, direction, step).iter().any(is_left))
}

/// Whether a deploy has it on.
pub fn affinity_is(plan: &Plan, journal: &[Entry]) -> AffinityIs {
    let story = Story::of(plan, journal);
    for direction in [Direction::Back, Direction::Forward] {
        let is = |wanted: Switch, far: fn(&Far) -> bool| {
            let of_it = |step: usize| plan.steps(direction).get(step).and_then(|step| step.affinity) == Some(wanted);
            story.has(direction, |step, how| of_it(step) && far(how))
        };
        if is(Switch::Off, |far| matches!(far, Far::Done)) {
            return AffinityIs::Off;
        }
        if is(Switch::On, |far| matches!(far, Far::Done)) {
            return AffinityIs::On;
        }
        if is(Switch::On, |far| !matches!(far, Far::NotStarted)) {
            return AffinityIs::Perhaps;
        }
    }
    AffinityIs::Off
}

#[cfg(test)]
mod tests;
